//! `unresolved-import`

use douane_base::TextRange;
use douane_graph::{ModuleId, Origin, Resolution, StandardLibrary};
use douane_parser::{Arm, Import, ImportId, Truth, When};
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Absence, Checked, FileRule, ModulePattern, Reporter,
    rule::declare_rule,
    wording::{near_misses, or_listed},
};

declare_rule! {
    /// Checks for imports of modules that exist nowhere.
    ///
    /// ## Why is this bad?
    ///
    /// The import raises ModuleNotFoundError. For modules of the program itself that is an error; for third-party ones,
    /// which are looked for only where a Python environment is known, a warning, once a package and file.
    ///
    /// Imports in `try` are silent, and so are those that don't run, and modules that are made when the program is built:
    /// those with a private name, which may be compiled, and `*_pb2`.
    ///
    /// ## Example
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/prices.py
    /// ```
    ///
    /// ```py shop/orders.py
    /// from shop import prices
    /// from shop.price import net  # error: [unresolved-import] "there is no module `shop.price`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop/orders.py
    /// from shop import prices
    /// from shop.prices import net
    /// ```
    ///
    /// ## Options
    ///
    /// ### `allow`
    ///
    /// Modules that need not be there, with everything below them. `*` stands for any part of a name.
    ///
    /// ```toml
    /// allow = ["shop.generated"]
    /// ```
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/orders.py
    /// from shop.generated.prices import net
    /// ```
    UNRESOLVED_IMPORT: File = UnresolvedImport, name: "unresolved-import", aliases: ["E0401", "import-error"], default: Warning
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UnresolvedImport {
    allow: Vec<ModulePattern>,
}

impl FileRule for UnresolvedImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let (graph, facts) = (file.graph(), file.facts);
        let mut reported: FxHashSet<&str> = FxHashSet::default();
        let mut seen: FxHashSet<(u32, String)> = FxHashSet::default();
        for (id, import) in (0..).map(ImportId).zip(&facts.imports) {
            if let Some((module, absence)) = file.absent(id) {
                if matches!(absence, Absence::Deleted(_)) && !self.is_passed_over(file, import, &module) {
                    let range = place(file, import, &module);
                    report.error_at(range, format!("there is no module `{module}` any more"));
                }
                continue;
            }
            let Resolution::Missing(nearest) = graph.resolution(file.module, id) else { continue };
            // A module that makes names on demand makes a `__path__`, too.
            if nearest.is_some_and(|nearest| graph.open(nearest).is_some()) {
                continue;
            }
            let Some(module) = file.absolute_module(import) else { continue };
            if self.is_passed_over(file, import, &module)
                || is_generated(&module)
                || is_of_other_version(&module)
                || !seen.insert((import.statement.0, module.clone()))
            {
                continue;
            }
            let is_own = is_first_party(file, &module, nearest);
            let range = place(file, import, &module);
            if is_own {
                let message = format!("there is no module `{module}`");
                let diagnostic = report.error_at(range, message);
                let parent = module.rsplit_once('.').map_or("", |(parent, _)| parent);
                let siblings = graph.modules().iter().map(|module| module.name.as_str());
                let siblings: Vec<&str> = siblings
                    .filter(|sibling| sibling.rsplit_once('.').map_or("", |(parent, _)| parent) == parent)
                    .collect();
                let near = near_misses(&module, siblings);
                if !near.is_empty() {
                    diagnostic.help(format!("did you mean {}?", or_listed(&near)));
                }
            } else if import.when != When::TypeChecking && reported.insert(top_of(file, import)) {
                let package = missing_package(&module, nearest.map(|nearest| graph.module_name(nearest)));
                report.at(range, format!("`{package}` is not installed")).help(
                    "install it in the environment that is used; if it need not be there, import it in `try` with `except ImportError`",
                );
            }
        }
    }
}

impl UnresolvedImport {
    fn is_passed_over(&self, file: &Checked<'_>, import: &Import, module: &str) -> bool {
        is_guarded(file, import) || self.allow.iter().any(|pattern| pattern.matches(module))
    }
}

/// The first part of a module's name that was not found: `eventlet` of `eventlet.green.os`.
fn missing_package<'m>(module: &'m str, nearest: Option<&str>) -> &'m str {
    let found = nearest.map_or(0, |nearest| nearest.len() + 1);
    let end = module.get(found..).and_then(|rest| rest.find('.')).map_or(module.len(), |dot| found + dot);
    &module[..end]
}

/// Where an import names a module: behind `from`, or among the names.
pub(super) fn place(file: &Checked<'_>, import: &Import, module: &str) -> TextRange {
    let range = file.facts.statement(import).module_range;
    let is_name = range.is_empty() || file.absolute_module(import).as_deref() != Some(module);
    if is_name { import.range } else { range }
}

fn top_of<'f>(file: &Checked<'f>, import: &Import) -> &'f str {
    let module = import.target.module().1.map_or("", |module| file.facts.name(module));
    module.split('.').next().unwrap_or(module)
}

/// The import may fail on purpose, or never runs.
pub(super) fn is_guarded(file: &Checked<'_>, import: &Import) -> bool {
    let branches = &file.facts.branches;
    let may_fail = |arm: Arm| matches!(arm, Arm::Try | Arm::Handler(_));
    branches.truth(import.branch) == Truth::False && import.when != When::TypeChecking
        || branches.ancestors(import.branch).any(|branch| may_fail(branch.arm) && branch.guard.is_some())
}

/// Modules that only a build makes.
pub(super) fn is_generated(module: &str) -> bool {
    let last = module.rsplit('.').next().unwrap_or(module);
    module.split('.').any(|part| part.starts_with('_')) || last.ends_with("_pb2") || last.ends_with("_pb2_grpc")
}

/// The standard library of another version of Python has it.
fn is_of_other_version(module: &str) -> bool {
    StandardLibrary::versions().any(|library| library.contains(module))
}

fn is_first_party(file: &Checked<'_>, module: &str, nearest: Option<ModuleId>) -> bool {
    let graph = file.graph();
    match nearest {
        Some(nearest) => graph.module(nearest).origin == Origin::FirstParty,
        None => {
            let top = module.split('.').next().unwrap_or(module);
            graph.find(top).is_some_and(|top| graph.module(top).origin == Origin::FirstParty)
        }
    }
}
