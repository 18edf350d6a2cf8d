//! `heavy-import`

use douane_base::Label;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Project, ProjectRule, Reporter,
    programs::{Limit, OwnSite, Running, described},
    rule::declare_rule,
    wording::listed,
};

declare_rule! {
    /// Checks for imports that alone make a program load a lot: without this one statement, all that would not be loaded.
    ///
    /// ## Why is this bad?
    ///
    /// Each start of the program pays for it in time and memory, whether the run needs what is imported or not. What other
    /// imports of the program load as well is not counted, for to be rid of one import would save nothing of that.
    ///
    /// This is an estimate from the code alone, of installed packages and the standard library too; imports below conditions
    /// that can't be decided and in functions are left out.
    /// [`douane cost`](../cost.md) measures.
    ///
    /// ## Example
    ///
    /// ```toml
    /// modules = 2
    /// entry-points = ["app.cli"]
    /// ```
    ///
    /// ```py app/__init__.py
    /// ```
    ///
    /// ```py app/cli.py
    /// from app import report
    ///
    /// print(report)
    /// ```
    ///
    /// ```py app/report.py
    /// import tables  # error: [heavy-import] "only `import tables` loads 4 modules ("
    ///
    ///
    /// def report(rows):
    ///     return tables.made(rows)
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
    ///
    /// ## Options
    ///
    /// ### `entry-points`
    ///
    /// The modules that programs begin with. Without it those that `[project.scripts]` and the like name, and the
    /// `__main__` modules of packages.
    ///
    /// ### `modules`, `mib`, `private-mib`, `ms`
    ///
    /// From how many modules on an import is reported (100), or from how many MiB of source and extension modules on (10).
    /// Where `douane cost --save` measured modules, from how many MiB of private memory on (10), or milliseconds (100).
    ///
    /// ```toml
    /// modules = 4
    /// entry-points = ["app.cli"]
    /// ```
    ///
    /// ```py app/__init__.py
    /// ```
    ///
    /// ```py app/cli.py
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
    HEAVY_IMPORT: Project = HeavyImport, name: "heavy-import", aliases: [], default: Off
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct HeavyImport {
    entry_points: Vec<String>,
    modules: usize,
    mib: f64,
    private_mib: f64,
    ms: f64,
}

impl Default for HeavyImport {
    fn default() -> Self {
        Self { entry_points: Vec::new(), modules: 100, mib: 10.0, private_mib: 10.0, ms: 100.0 }
    }
}

impl ProjectRule for HeavyImport {
    fn check(&self, project: &Project<'_>, report: &mut Reporter<'_>) {
        let Self { modules, mib, private_mib, ms, .. } = *self;
        let limit = Limit { modules, mib, private_mib, ms };
        let mut found: Vec<(OwnSite, String, Vec<Label>)> = Vec::new();
        for running in Running::all(project, &self.entry_points) {
            let sites = running.own_sites(project);
            let heavy = sites.iter().copied().filter(|own| limit.is_passed(own.cost)).collect();
            let heavy = running.innermost(heavy).into_iter();
            found.extend(heavy.map(|own| (own, running.entry.clone(), running.chain(project, &sites, &own))));
        }
        // The dearest of the programs that a statement belongs to stands for all.
        found.sort_by_key(|(own, ..)| (own.file, own.import, std::cmp::Reverse(own.cost.modules)));
        for same in found.chunk_by(|(one, ..), (other, ..)| (one.file, one.import) == (other.file, other.import)) {
            let [(own, _, chain), ..] = same else { continue };
            let entries: Vec<&str> = same.iter().map(|(_, entry, _)| entry.as_str()).collect();
            let message = format!(
                "only `{}` loads {} when {} {}",
                own.written(project),
                described(own.cost),
                listed(&entries),
                if entries.len() == 1 { "starts" } else { "start" }
            );
            let diagnostic = report.in_file(own.file, own.range(project), message);
            diagnostic.chain = chain.clone();
            diagnostic.help("import it in the functions that need it, or import a part of it that loads less");
        }
    }
}
