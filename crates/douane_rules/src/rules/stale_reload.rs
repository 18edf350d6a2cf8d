//! `stale-reload`

use douane_graph::{Definition, ModuleId, ModuleKind, Origin};
use douane_parser::{EffectKind, ImportId, Target, When};
use schemars::JsonSchema;
use serde::Deserialize;

use super::sys_modules_mutation::module_of_key;
use crate::{
    Checked, FileRule, Reporter,
    rule::declare_rule,
    wording::{counted, listed},
};

declare_rule! {
    /// Checks for `importlib.reload(module)` where names were taken from the module before.
    ///
    /// ## Why is this bad?
    ///
    /// `reload` runs the module again in the same namespace. Names that were taken with `from module import name` are
    /// not touched: they stay the old functions and classes, next to the new ones.
    ///
    /// ## Example
    ///
    /// ```py plugin.py
    /// def run(): ...
    /// ```
    ///
    /// ```py worker.py
    /// from plugin import run
    /// ```
    ///
    /// ```py main.py
    /// import importlib
    ///
    /// import plugin
    ///
    /// importlib.reload(plugin)  # error: [stale-reload] "`run` in `worker`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py plugin.py
    /// def run(): ...
    /// ```
    ///
    /// ```py worker.py
    /// import plugin
    /// ```
    ///
    /// ```py main.py
    /// import importlib
    ///
    /// import plugin
    ///
    /// importlib.reload(plugin)
    /// ```
    STALE_RELOAD: File = StaleReload, name: "stale-reload", aliases: [], default: Warning
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct StaleReload {}

impl FileRule for StaleReload {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        const MOST_LABELS: usize = 5;
        let facts = file.facts;
        for effect in &facts.effects {
            let EffectKind::Reload { function, module } = &effect.kind else { continue };
            let function = facts.reference(*function);
            let is_reload = ["importlib", "imp"]
                .iter()
                .any(|library| file.graph().is_name(file.module, facts, function, library, "reload"));
            let Some(module) = module_of_key(file, module).filter(|_| is_reload) else { continue };
            let stale = stale_names(file, module);
            // Compiled modules keep their objects.
            if stale.is_empty() || file.graph().module(module).kind == ModuleKind::Extension {
                continue;
            }
            let graph = file.graph();
            let shown: Vec<String> = stale
                .iter()
                .map(|stale| format!("`{}` in `{}`", stale.name, graph.module_name(stale.holder)))
                .collect();
            let (first, rest) = shown.split_at(shown.len().min(3));
            let more =
                if rest.is_empty() { String::new() } else { format!(" and {}", counted(rest.len(), "other name")) };
            let name = graph.module_name(module);
            let diagnostic = report.at(
                effect.range,
                format!(
                    "after reloading `{name}` the names taken from it stay the old objects: {}{more}",
                    first.join(", ")
                ),
            );
            for stale in stale.iter().take(MOST_LABELS) {
                if let Some((other, facts)) = file.project.module_facts(stale.holder) {
                    diagnostic.label(
                        other,
                        facts.import(stale.import).range,
                        format!("keeps the old `{}`", stale.name),
                    );
                }
            }
            let mut holders: Vec<&str> = stale.iter().map(|stale| graph.module_name(stale.holder)).collect();
            holders.dedup();
            let example = stale[0].name;
            diagnostic.help(format!(
                "write `import {name}` in {} and use the names through it: `{name}.{example}`",
                listed(&holders)
            ));
        }
    }
}

struct Stale<'c> {
    name: &'c str,
    holder: ModuleId,
    import: ImportId,
}

/// The names that modules of the program took from the module when they were loaded, as far as the module itself makes
/// them: what it only passes on from other modules is the same object after the reload.
fn stale_names<'c>(file: &Checked<'c>, module: ModuleId) -> Vec<Stale<'c>> {
    let graph = file.graph();
    let is_own = |holder: &ModuleId| *holder != module && graph.module(*holder).origin == Origin::FirstParty;
    let edges = graph.importers_of(module).filter(|edge| edge.is_loaded() && !edge.is_implicit);
    let mut holders: Vec<ModuleId> = edges.map(|edge| edge.importer).filter(is_own).collect();
    holders.dedup();
    let is_made_by_it = |name: &str| {
        let definition = graph.name_id(name).map(|name| graph.definition(file.project.facts, module, name));
        match definition {
            Some(Definition::Binding(maker, _) | Definition::Standard(maker, _)) => maker == module,
            _ => false,
        }
    };
    let mut found = Vec::new();
    for holder in holders {
        let Some((_, facts)) = file.project.module_facts(holder) else { continue };
        for (id, import) in (0..).map(ImportId).zip(&facts.imports) {
            let Target::From { name, .. } = import.target else { continue };
            let name = facts.name(name);
            let is_taken = import.when == When::Load && graph.resolution(holder, id).module() == Some(module);
            if is_taken && is_made_by_it(name) {
                found.push(Stale { name, holder, import: id });
            }
        }
    }
    found
}
