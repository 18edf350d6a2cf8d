//! `missing-name`

use douane_base::{FileId, TextRange};
use douane_graph::{Lookup, ModuleId, Origin, StandardLibrary};
use douane_parser::{Guard, ImportId, ScopeId, Target, Truth, When};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{undefined_in_all::perhaps_bound, unresolved_import::is_generated};
use crate::{
    Checked, FileRule, Reporter,
    rule::declare_rule,
    wording::{near_misses, or_listed},
};

declare_rule! {
    /// Checks for `from m import name` where `m` has no such name, and no such submodule.
    ///
    /// ## Why is this bad?
    ///
    /// The import raises ImportError, perhaps only in the branch or function that nobody tried.
    ///
    /// The rule is silent where a name may be there all the same: the module has a `__getattr__`, writes to its own
    /// namespace, takes a star from somewhere unknown, is compiled code, or binds the name under a condition. It is
    /// silent in `try` with `except ImportError`, below `with pytest.raises(ImportError)` and in stubs, too.
    ///
    /// ## Example
    ///
    /// ```py prices.py
    /// def net_price(price): ...
    /// ```
    ///
    /// ```py main.py
    /// from prices import net_prize  # error: [missing-name] "`prices` has no `net_prize`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py prices.py
    /// def net_price(price): ...
    /// ```
    ///
    /// ```py main.py
    /// from prices import net_price
    /// ```
    ///
    /// What may be there is not reported:
    ///
    /// ```py prices.py
    /// def __getattr__(name): ...
    /// ```
    ///
    /// ```py main.py
    /// from prices import net_price
    ///
    /// try:
    ///     from os import plock
    /// except ImportError:
    ///     plock = None
    /// ```
    ///
    /// nor is a private name of a package, which may be a compiled module:
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py main.py
    /// from shop import _speedups
    /// ```
    MISSING_NAME: File = MissingName, name: "missing-name", aliases: ["E0611", "no-name-in-module"], default: Error
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct MissingName {}

impl FileRule for MissingName {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let (graph, facts) = (file.graph(), file.facts);
        // The code of a stub never runs.
        if graph.module(file.module).is_stub {
            return;
        }
        for (id, import) in (0..).map(ImportId).zip(&facts.imports) {
            let Target::From { name, .. } = import.target else { continue };
            let Some(source) = graph.resolution(file.module, id).module() else { continue };
            let Some(number) = graph.symbol_id(file.module, name) else { continue };
            if source == file.module || graph.lookup_id(source, number) != Lookup::Missing {
                continue;
            }
            let is_attempt = facts.guard(import) == Some(Guard::ImportError);
            let never_runs = import.when == When::TypeChecking || facts.branches.truth(import.branch) == Truth::False;
            let name = facts.name(name);
            if is_attempt || never_runs || may_have(file, source, name) || file.absent(id).is_some() {
                continue;
            }
            let module = graph.module_name(source);
            let known: Vec<&str> = graph.names_of(source);
            let near = near_misses(name, known);
            let diagnostic = report.at(import.range, format!("`{module}` has no `{name}`"));
            if !near.is_empty() {
                diagnostic.help(format!("did you mean {}?", or_listed(&near)));
            }
            if let Some((other, range)) = near.first().and_then(|near| place_of(file, source, near)) {
                diagnostic.label(other, range, format!("`{}` is here", near[0]));
            }
        }
    }
}

/// Where a module of the program binds a name.
fn place_of(file: &Checked<'_>, module: ModuleId, name: &str) -> Option<(FileId, TextRange)> {
    let (other, facts) = file.project.module_facts(module).filter(|(other, _)| file.project.is_own(*other))?;
    let binding = facts.bindings_of(ScopeId::MODULE, facts.names.find(name)?).last()?;
    Some((other, facts.binding(binding).range))
}

/// The module has the name in another version of Python, or where its code takes another branch.
fn may_have(file: &Checked<'_>, module: ModuleId, name: &str) -> bool {
    let graph = file.graph();
    if graph.module(module).origin == Origin::Standard {
        return StandardLibrary::versions().any(|library| {
            library.module(graph.module_name(module)).is_some_and(|known| {
                known.attributes.into_iter().flatten().chain(known.elsewhere).any(|attribute| attribute == name)
            })
        });
    }
    let Some((_, facts)) = file.project.module_facts(module) else { return true };
    if graph.module(module).is_package() && is_generated(name) {
        return true;
    }
    let standard = |source: &ModuleId| graph.module(*source).origin == Origin::Standard;
    let mut stars = graph.stars(module, facts).filter_map(|(_, _, source)| source).filter(standard);
    perhaps_bound(facts).contains(name) || stars.any(|source| may_have(file, source, name))
}
