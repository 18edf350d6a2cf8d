//! `import-budget`

use douane_base::TextRange;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    LoadBudget, Project, ProjectRule, Reporter,
    programs::{OwnSite, Running, described, size},
    rule::declare_rule,
    wording::counted,
};

declare_rule! {
    /// Checks for programs that load more than `[[cost.budgets]]` allows.
    ///
    /// ## Why is this bad?
    ///
    /// Start-up time and memory grow by one import at a time, and nobody sees which. A budget makes the import that
    /// passes it show.
    ///
    /// `modules` is how many modules the target may load, `code` how large their source files and extension modules may be.
    /// Both are estimated from the code alone, of installed packages and the standard library too. Imports below conditions
    /// that can't be decided and in functions are left out, so that what is found to be too much is too much. Where no Python
    /// environment is known, what installed and standard modules load is left out too, and a warning says so. [`douane cost check`](../cost.md) measures the same
    /// budgets, those of memory and time too.
    ///
    /// The finding stands at the import of the target that brings most; the imports of the project behind which the
    /// largest parts lie are named with it, and the chain of imports that leads to the first.
    ///
    /// ## Example
    ///
    /// ```toml
    /// [[cost.budgets]]
    /// target = "app.cli"
    /// modules = 5
    /// ```
    ///
    /// ```py app/__init__.py
    /// ```
    ///
    /// ```py app/cli.py
    /// from app import report  # error: [import-budget] "`app.cli` loads 7 modules, 5 are allowed"
    ///
    /// print(report)
    /// ```
    ///
    /// ```py app/report.py
    /// import tables
    ///
    /// print(tables)
    /// ```
    ///
    /// ```py site-packages/tables/__init__.py
    /// from tables import cells, colours, fonts
    /// ```
    ///
    /// ```py site-packages/tables/cells.py
    /// ```
    ///
    /// ```py site-packages/tables/colours.py
    /// ```
    ///
    /// ```py site-packages/tables/fonts.py
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py app/report.py
    /// def report(rows):
    ///     import tables
    ///
    ///     return tables.made(rows)
    /// ```
    IMPORT_BUDGET: Project = ImportBudget, name: "import-budget", aliases: [], default: Error
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ImportBudget {}

impl ProjectRule for ImportBudget {
    fn check(&self, project: &Project<'_>, report: &mut Reporter<'_>) {
        for budget in project.budgets {
            // What is no module of the program is for `douane cost check`.
            if let Some(running) = Running::new(project, &budget.target) {
                check_budget(project, budget, &running, report);
            }
        }
    }
}

fn check_budget(project: &Project<'_>, budget: &LoadBudget, running: &Running<'_>, report: &mut Reporter<'_>) {
    let graph = project.graph;
    let module = graph.find(&budget.target).map(|module| graph.module(module));
    let Some(file) = module.and_then(|module| module.file).filter(|file| project.is_own(*file)) else { return };
    let total = running.estimate.total(&running.installed.modules);
    let mut passed = Vec::new();
    if let Some(allowed) = budget.modules.filter(|allowed| total.modules > *allowed) {
        passed.push(format!("loads {}, {allowed} are allowed", counted(total.modules, "module")));
    }
    if let Some(allowed) = budget.code.filter(|allowed| total.code_bytes() > *allowed) {
        let [code, allowed] = [total.code_bytes(), allowed].map(size);
        passed.push(format!("loads {code} of code, {allowed} are allowed"));
    }
    if passed.is_empty() {
        return;
    }
    let sites = running.own_sites(project);
    let weight = |own: &&OwnSite| (own.cost.modules, own.cost.code_bytes());
    let largest = sites.iter().filter(|own| own.file == file).max_by_key(weight);
    let range = largest.map_or(TextRange::empty(0), |own| own.range(project));
    let message = format!("`{}` {}", budget.target, passed.join(", and "));
    let diagnostic = report.in_file(file, range, message);
    diagnostic.help("import in functions what not every run needs; `douane cost --static` shows who loads what");
    const NAMED: usize = 3;
    let mut parts = running.innermost(sites.iter().copied().filter(|own| own.cost.modules > 1).collect());
    parts.sort_by_key(|own| std::cmp::Reverse(weight(&own)));
    for own in parts.iter().take(NAMED) {
        let message = format!("only `{}` loads {}", own.written(project), described(own.cost));
        diagnostic.label(own.file, own.range(project), message);
    }
    diagnostic.chain = parts.first().map(|own| running.chain(project, &sites, own)).unwrap_or_default();
}
