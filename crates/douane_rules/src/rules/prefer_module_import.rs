//! `prefer-module-import`

use douane_graph::Definition;
use douane_parser::{BindingKind, Target, Usage};
use rustc_hash::FxHashSet;
use serde::Deserialize;

use super::import_shadows_name::definition;
use crate::{Checked, FileRule, ModulePattern, Reporter, rule::declare_rule, wording::written_import};

declare_rule! {
    /// Checks for functions that are imported by name, where the house style is to import the module.
    ///
    /// ## Why is this bad?
    ///
    /// It is a matter of style, and off by default: `time.sleep` says where `sleep` comes from, follows a patched or
    /// reloaded module, and can't collide. To import one function saves nothing: the whole module is loaded all the
    /// same.
    ///
    /// ## Example
    ///
    /// ```py prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop.py
    /// from prices import net  # error: [prefer-module-import] "loads the whole of `prices`"
    ///
    /// net(3)
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop.py
    /// import prices
    ///
    /// prices.net(3)
    /// ```
    ///
    /// ## Options
    ///
    /// ### `allow`
    ///
    /// Modules whose functions may be imported by name.
    ///
    /// ```toml
    /// allow = ["prices"]
    /// ```
    ///
    /// ```py prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop.py
    /// from prices import net
    /// ```
    PREFER_MODULE_IMPORT: File = PreferModuleImport, name: "prefer-module-import", aliases: ["ICN003"], default: Off
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PreferModuleImport {
    allow: Vec<ModulePattern>,
}

impl FileRule for PreferModuleImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let (graph, facts) = (file.graph(), file.facts);
        let called: FxHashSet<_> = facts
            .references
            .iter()
            .filter(|reference| reference.usage == Usage::Call && facts.chain(reference).is_empty())
            .map(|reference| reference.name)
            .collect();
        for binding in &facts.bindings {
            let BindingKind::Import(id) = binding.kind else { continue };
            let import = facts.import(id);
            let (Target::From { name, .. }, Some(source)) = (import.target, graph.resolution(file.module, id).module())
            else {
                continue;
            };
            let source_name = graph.module_name(source);
            let is_function = match definition(file, id) {
                Definition::Binding(module, binding) => file
                    .project
                    .module_facts(module)
                    .is_some_and(|(_, facts)| matches!(facts.binding(binding).kind, BindingKind::Function(_))),
                // The table knows names, not kinds: what is called and is no class by its name.
                Definition::Standard(..) => {
                    called.contains(&binding.name) && facts.name(name).starts_with(|first: char| first.is_lowercase())
                }
                Definition::Module(_) | Definition::Unknown => false,
            };
            if !is_function || self.allow.iter().any(|pattern| pattern.matches(source_name)) {
                continue;
            }
            let name = facts.name(name);
            report
                .at(
                    import.range,
                    format!("`{}` loads the whole of `{source_name}` all the same", written_import(facts, import)),
                )
                .help(format!(
                    "import the module and write `{}.{name}`",
                    source_name.rsplit('.').next().unwrap_or(source_name)
                ));
        }
    }
}
