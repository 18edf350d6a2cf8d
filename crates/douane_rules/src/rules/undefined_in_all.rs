//! `undefined-in-all`

use std::cell::OnceCell;

use douane_base::{Applicability, Change, ChangeKind, Fix};
use douane_graph::{Lookup, ModuleKind};
use douane_parser::{FileFacts, ScopeId, Truth};
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Checked, FileRule, Reporter, rule::declare_rule, wording::is_identifier};

declare_rule! {
    /// Checks for entries of `__all__` that the module does not have.
    ///
    /// ## Why is this bad?
    ///
    /// `from module import *` raises AttributeError, and so does whoever believes the list.
    ///
    /// Names that come with stars count, and so do submodules, which a star imports. Where a module makes names that
    /// nobody sees, by `__getattr__`, `globals()` or a star from a module that is not known, the rule is silent; so it
    /// is on whole sentences, which are there to keep stars away.
    ///
    /// ## Example
    ///
    /// ```py
    /// __all__ = ["parse", "prase"]  # error: [undefined-in-all] "`prase`"
    ///
    ///
    /// def parse(text): ...
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// __all__ = ["parse"]
    ///
    ///
    /// def parse(text): ...
    /// ```
    UNDEFINED_IN_ALL: File = UndefinedInAll, name: "undefined-in-all", aliases: ["F822", "undefined-export", "E0603", "undefined-all-variable"], default: Error, fix: Unsafe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UndefinedInAll {}

impl FileRule for UndefinedInAll {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let graph = file.graph();
        let module = graph.module_name(file.module);
        let perhaps_bound = OnceCell::new();
        for entry in graph.all_entries(file.module) {
            let name = graph.name(entry.name);
            if !entry.is_certain
                || !entry.is_literal
                || !is_identifier(name)
                || graph.lookup(file.module, name) != Lookup::Missing
                || perhaps_bound.get_or_init(|| self::perhaps_bound(file.facts)).contains(name)
            {
                continue;
            }
            let what = if graph.module(file.module).kind == ModuleKind::Package {
                "nor has the package a submodule of that name"
            } else {
                "so that `import *` raises AttributeError"
            };
            let message = format!("`{module}` does not bind `{name}`, which its `__all__` names, {what}");
            let diagnostic = report.at(entry.range, message);
            diagnostic.help("define the name or take it out of the list");
            // A star that raises today works then: perhaps the name is to be defined instead.
            diagnostic.fix = Some(Fix {
                title: format!("Take `{name}` out of `__all__`"),
                applicability: Applicability::Unsafe,
                changes: vec![Change { file: file.id, kind: ChangeKind::RemoveElement(entry.range) }],
            });
        }
    }
}

/// The names that the file binds somewhere that is not sure to run: on another platform, say.
pub(super) fn perhaps_bound(facts: &FileFacts) -> FxHashSet<&str> {
    facts
        .bindings
        .iter()
        .filter(|binding| binding.scope == ScopeId::MODULE && !binding.kind.unbinds())
        .filter(|binding| facts.branches.truth(binding.branch) != Truth::True || binding.site != ScopeId::MODULE)
        .map(|binding| facts.name(binding.name))
        .collect()
}
