//! `unused-export`

use douane_base::TextRange;
use douane_graph::{Exports, ModuleKind};
use douane_parser::{ScopeId, Truth};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Checked, FileRule, ModulePattern, Reporter, rule::declare_rule, wording::is_public};

declare_rule! {
    /// Checks for what a module offers and no other module of the program takes: entries of `__all__`, or, without one,
    /// functions and classes with a public name.
    ///
    /// ## Why is this bad?
    ///
    /// It may be dead code; at the least it could be private.
    ///
    /// Only the project knows what it offers to others. So the rule is off by default, and says nothing until `public`
    /// tells it. What tests, scripts and frameworks look up by name is not seen.
    ///
    /// ## Example
    ///
    /// ```toml
    /// public = ["shop.api"]
    /// ```
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/api.py
    /// from shop.prices import net
    ///
    ///
    /// def total(prices):
    ///     return sum(net(price) for price in prices)
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    ///
    ///
    /// def gross(price): ...  # error: [unused-export] "no module takes `gross` from `shop.prices`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ## Options
    ///
    /// ### `public`
    ///
    /// The modules that are meant for code outside the program, with everything below them. `*` stands for any part of a
    /// name.
    ///
    /// ```toml
    /// public = ["shop"]
    /// ```
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/prices.py
    /// def gross(price): ...
    /// ```
    UNUSED_EXPORT: File = UnusedExport, name: "unused-export", aliases: [], default: Off
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UnusedExport {
    public: Vec<ModulePattern>,
}

impl FileRule for UnusedExport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let (graph, facts) = (file.graph(), file.facts);
        let module = graph.module(file.module);
        let name = module.name.as_str();
        let is_test = !is_public(module.name.last()) && !module.name.last().starts_with('_');
        let is_known = !matches!(graph.exports(file.module), Exports::Unknown(_)) && !facts.traits.is_broken;
        if self.public.is_empty()
            || self.public.iter().any(|pattern| pattern.matches(name))
            || is_test
            || module.name.last() == "__main__"
            || (module.kind == ModuleKind::Package && !graph.has_all(file.module))
            || !is_known
            || facts.traits.has_main_block
            || file.project.takes().escapes(file.module)
        {
            return;
        }
        let takes = file.project.takes();
        let mut unused = |range: TextRange, exported: &str| {
            report
                .at(range, format!("no module takes `{exported}` from `{name}`"))
                .help(format!("remove it, give it a private name, or name `{name}` in `public`"));
        };
        if graph.has_all(file.module) {
            let entries = graph.all_entries(file.module).iter();
            for entry in entries.filter(|entry| entry.is_literal && !takes.is_taken(file.module, entry.name)) {
                unused(entry.range, graph.name(entry.name));
            }
            return;
        }
        for binding in facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE) {
            let exported = facts.name(binding.name);
            let Some(number) = graph.symbol_id(file.module, binding.name) else { continue };
            if binding.kind.is_definition()
                && !exported.starts_with('_')
                && facts.branches.truth(binding.branch) == Truth::True
                && !takes.is_taken(file.module, number)
            {
                unused(binding.range, exported);
            }
        }
    }
}
