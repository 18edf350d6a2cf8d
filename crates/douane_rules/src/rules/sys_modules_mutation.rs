//! `sys-modules-mutation`

use douane_graph::{ModuleId, Object};
use douane_parser::{Arm, Effect, EffectKind, FileFacts, ModuleKey, ScopeId, SysModulesChange};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, FileRule, Reporter,
    rule::declare_rule,
    wording::{counted, listed},
};

declare_rule! {
    /// Checks for code that takes modules out of `sys.modules`.
    ///
    /// ## Why is this bad?
    ///
    /// The next import runs the module again and makes a second one, with classes of its own. Whoever imported the first
    /// keeps it, so that `isinstance` and `except` start to fail between the two. `sys.modules[name] = None` makes every
    /// later import of that name fail.
    ///
    /// ## Example
    ///
    /// ```py settings.py
    /// DEBUG = True
    /// ```
    ///
    /// ```py app.py
    /// import settings
    /// ```
    ///
    /// ```py main.py
    /// import sys
    ///
    /// import app
    ///
    /// del sys.modules["settings"]  # error: [sys-modules-mutation] "1 module of this program keeps the old one"
    /// sys.modules.pop("json", None)  # error: [sys-modules-mutation]
    /// sys.modules["xml"] = None  # error: [sys-modules-mutation] "ModuleNotFoundError"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py settings.py
    /// DEBUG = True
    ///
    ///
    /// def reset(): ...
    /// ```
    ///
    /// ```py main.py
    /// import settings
    ///
    /// settings.reset()
    /// ```
    SYS_MODULES_MUTATION: File = SysModulesMutation, name: "sys-modules-mutation", aliases: [], default: Warning
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct SysModulesMutation {}

impl FileRule for SysModulesMutation {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        const MOST_LABELS: usize = 5;
        let facts = file.facts;
        for effect in &facts.effects {
            let EffectKind::SysModules { change, modules, key } = &effect.kind else { continue };
            if *change == SysModulesChange::Set || is_tidy(facts, effect, *change) {
                continue;
            }
            if !file.graph().is_name(file.module, facts, facts.reference(*modules), "sys", "modules") {
                continue;
            }
            let module = module_of_key(file, key);
            let name = key_name(file, key, module);
            // A name that somebody made up for a module that nobody else can import.
            if module.is_none() && name.as_deref().is_some_and(|name| name.starts_with("__")) {
                continue;
            }
            let holders = module.map_or(Vec::new(), |module| holders(file, module));
            let message = message(*change, name.as_deref(), holders.len());
            let diagnostic = report.at(effect.range, message);
            diagnostic.help(help(*change, name.as_deref()));
            for (holder, import) in holders.iter().take(MOST_LABELS) {
                if let Some((other, facts)) = file.project.module_facts(*holder) {
                    let holder = file.graph().module_name(*holder);
                    diagnostic.label(other, facts.import(*import).range, format!("`{holder}` holds the module"));
                }
            }
            if holders.len() > MOST_LABELS {
                let rest: Vec<&str> =
                    holders[MOST_LABELS..].iter().map(|(holder, _)| file.graph().module_name(*holder)).collect();
                let help = format!("{}; it is also held by {}", help(*change, name.as_deref()), listed(&rest));
                diagnostic.help(help);
            }
        }
    }
}

/// The code takes back what it did, as loaders and context managers do: it puts the old module back in the same
/// function, removes one that failed to load, or ends a `with`.
fn is_tidy(facts: &FileFacts, effect: &Effect, change: SysModulesChange) -> bool {
    if !matches!(change, SysModulesChange::Delete | SysModulesChange::Pop) {
        return false;
    }
    let is_restored = facts.effects.iter().any(|other| {
        other.scope == effect.scope
            && effect.scope != ScopeId::MODULE
            && matches!(other.kind, EffectKind::SysModules { change: SysModulesChange::Set, .. })
    });
    let fails = facts
        .branches
        .ancestors(effect.branch)
        .any(|branch| matches!(branch.arm, Arm::Handler(_)) && branch.terminates);
    let name = facts.scope(effect.scope).name.map_or("", |name| facts.name(name));
    is_restored || fails || matches!(name, "__exit__" | "__aexit__")
}

fn message(change: SysModulesChange, name: Option<&str>, holders: usize) -> String {
    let module = name.map_or("a module".to_owned(), |name| format!("`{name}`"));
    let kept = if holders == 0 {
        "whoever imported it keeps the old one".to_owned()
    } else if holders == 1 {
        "1 module of this program keeps the old one".to_owned()
    } else {
        format!("{} of this program keep the old one", counted(holders, "module"))
    };
    match change {
        SysModulesChange::Delete | SysModulesChange::Pop => {
            format!("taking {module} out of `sys.modules` makes the next import load a second one; {kept}")
        }
        SysModulesChange::Clear => {
            "emptying `sys.modules` makes every later import load a second module; those that are loaded stay in use"
                .to_owned()
        }
        SysModulesChange::SetNone | SysModulesChange::Set => {
            format!("`None` in `sys.modules` makes the next import of {module} raise ModuleNotFoundError; {kept}")
        }
    }
}

fn help(change: SysModulesChange, name: Option<&str>) -> String {
    match (change, name) {
        (SysModulesChange::SetNone, _) => {
            "to test for a missing module, patch the entry and restore it afterwards".to_owned()
        }
        (_, Some(name)) if name.contains('.') => {
            format!(
                "give the module a function that resets its state; note that the parent package keeps its attribute, so that `from … import` returns the old `{name}`"
            )
        }
        _ => "give the module a function that resets its state, or use a new process".to_owned(),
    }
}

pub(super) fn module_of_key(file: &Checked<'_>, key: &ModuleKey) -> Option<ModuleId> {
    match key {
        ModuleKey::Literal(name) => file.graph().find(file.facts.name(*name)),
        ModuleKey::Own => Some(file.module),
        ModuleKey::Reference(reference) => {
            match file.graph().object(file.module, file.facts, file.facts.reference(*reference)) {
                (Object::Module(module), used) if used == file.facts.chain(file.facts.reference(*reference)).len() => {
                    Some(module)
                }
                _ => None,
            }
        }
        ModuleKey::Unknown => None,
    }
}

fn key_name(file: &Checked<'_>, key: &ModuleKey, module: Option<ModuleId>) -> Option<String> {
    match key {
        ModuleKey::Literal(name) => Some(file.facts.name(*name).to_owned()),
        _ => module.map(|module| file.graph().module_name(module).to_owned()),
    }
}

/// The modules of the program that import the module on load, each with its first import of it.
fn holders(file: &Checked<'_>, module: ModuleId) -> Vec<(ModuleId, douane_parser::ImportId)> {
    let graph = file.graph();
    let mut found: Vec<(ModuleId, douane_parser::ImportId)> = graph
        .importers_of(module)
        .filter(|edge| edge.is_loaded() && !edge.is_implicit && edge.importer != module)
        .filter(|edge| graph.module(edge.importer).origin == douane_graph::Origin::FirstParty)
        .filter_map(|edge| Some((edge.importer, edge.import?)))
        .collect();
    found.dedup_by_key(|(importer, _)| *importer);
    found
}
