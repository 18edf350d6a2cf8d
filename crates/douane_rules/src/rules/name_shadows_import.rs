//! `name-shadows-import`

use douane_parser::{
    Binding, BindingId, BindingKind, FileFacts, ImportId, Reference, ScopeId, ScopeKind, Symbol, Usage,
};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::import_shadows_name::{live_before, same_name};
use crate::{Checked, FileRule, Reporter, rule::declare_rule, wording::written_import};

declare_rule! {
    /// Checks for assignments, definitions, parameters and loop variables that take over the name of an import.
    ///
    /// ## Why is this bad?
    ///
    /// In the same scope the import is gone from that line on; functions that use the name get the new object. Where the
    /// import was used before, code above and below the line means different things by one name, and the finding is an
    /// error; where it was never used, the import is just useless.
    ///
    /// In a function the name of an import of the module is hidden, which is reported only if the rest of the file uses
    /// the import. Wrapping an import (`json = patched(json)`) is deliberate and not reported, nor are alternatives:
    /// `try` and `except ImportError`, or another object under a condition.
    ///
    /// ## Example
    ///
    /// ```py
    /// from math import pi, tau
    /// from time import time
    ///
    /// pi = 3  # error: [name-shadows-import] "was never used"
    ///
    /// start = time()
    /// time = 5  # error: [name-shadows-import] "was used before"
    ///
    ///
    /// def turns(tau):  # error: [name-shadows-import] "hides the import"
    ///     return tau
    ///
    ///
    /// def angle():
    ///     return tau
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// from math import tau
    /// from time import time
    ///
    /// pi = 3
    ///
    /// start = time()
    /// elapsed = 5
    ///
    ///
    /// def turns(count):
    ///     return count * tau
    ///
    ///
    /// def angle():
    ///     return tau
    /// ```
    NAME_SHADOWS_IMPORT: File = NameShadowsImport, name: "name-shadows-import", aliases: ["F811", "F402", "W0621", "redefined-outer-name"], default: Warning
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NameShadowsImport {}

impl FileRule for NameShadowsImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        // The code of a stub never runs.
        if file.graph().module(file.module).is_stub {
            return;
        }
        in_same_scope(file, report);
        in_inner_scopes(file, report);
    }
}

fn in_same_scope(file: &Checked<'_>, report: &mut Reporter<'_>) {
    let facts = file.facts;
    let uses = Uses::new(facts);
    for group in facts.bindings_by_name.chunk_by(|one, other| same_name(facts, *one, *other)) {
        for (at, id) in group.iter().enumerate() {
            let binding = facts.binding(*id);
            if !takes_over(binding.kind) || is_throwaway(facts, binding) {
                continue;
            }
            let Some(earlier) = live_before(facts, &group[..at], binding) else { continue };
            let BindingKind::Import(import) = earlier.kind else { continue };
            if uses.in_own_value(*id, binding) {
                continue;
            }
            let name = facts.name(binding.name);
            let written = written_import(facts, facts.import(import));
            let what = described(binding.kind);
            let used = uses.before(facts, import, *id, binding);
            let diagnostic = if used {
                report.error_at(binding.range, format!("{what} replaces the import `{name}`, which was used before"))
            } else {
                report.at(binding.range, format!("{what} replaces the import `{name}`, which was never used before"))
            };
            diagnostic.label(file.id, earlier.range, "imported here");
            diagnostic.help(if used {
                format!("give it another name: `{name}` meant `{written}` up to here")
            } else {
                format!("remove `{written}`, or give one of the two another name")
            });
        }
    }
}

/// `_` is the name for what nobody wants, also where it is imported as a function of gettext.
fn is_throwaway(facts: &FileFacts, binding: &Binding) -> bool {
    facts.name(binding.name) == "_"
}

fn takes_over(kind: BindingKind) -> bool {
    match kind {
        BindingKind::Import(_) | BindingKind::Annotation | BindingKind::Parameter | BindingKind::TypeParameter => false,
        // Each overload replaces the one before on purpose, and `x += …` uses what it replaces.
        BindingKind::Function(is_overload) => !is_overload,
        BindingKind::AugmentedAssignment => false,
        other => !other.unbinds(),
    }
}

fn described(kind: BindingKind) -> &'static str {
    match kind {
        BindingKind::Function(_) => "the function",
        BindingKind::Class => "the class",
        BindingKind::Parameter => "the parameter",
        BindingKind::LoopTarget => "the loop variable",
        BindingKind::WithTarget => "the `with` target",
        BindingKind::ExceptTarget => "the `except` target",
        BindingKind::MatchCapture => "the pattern",
        _ => "the assignment",
    }
}

/// The uses of names, to be asked about by name.
struct Uses<'f> {
    by_name: FxHashMap<(ScopeId, Symbol), Vec<&'f Reference>>,
}

impl<'f> Uses<'f> {
    fn new(facts: &'f FileFacts) -> Self {
        let mut by_name: FxHashMap<(ScopeId, Symbol), Vec<&Reference>> = FxHashMap::default();
        for reference in &facts.references {
            if let Some(scope) = reference.resolved {
                by_name.entry((scope, reference.name)).or_default().push(reference);
            }
        }
        Self { by_name }
    }

    fn of(&self, binding: &Binding) -> &[&'f Reference] {
        self.by_name.get(&(binding.scope, binding.name)).map_or(&[], Vec::as_slice)
    }

    /// The value that is bound is made from the import itself.
    fn in_own_value(&self, id: BindingId, binding: &Binding) -> bool {
        let uses = self.of(binding);
        // References are in the order of evaluation, so that those right before the binding form a run.
        let end = uses.partition_point(|reference| reference.position <= id.0);
        uses[..end]
            .iter()
            .rev()
            .take_while(|reference| reference.position == id.0)
            .any(|reference| reference.usage != Usage::Delete && is_same_statement(reference, binding))
    }

    /// Code that runs between the import and the binding uses the import.
    fn before(&self, facts: &FileFacts, import: ImportId, id: BindingId, binding: &Binding) -> bool {
        let start = facts.import(import).position;
        let uses = self.of(binding);
        let from = uses.partition_point(|reference| reference.position <= start);
        uses[from..]
            .iter()
            .take_while(|reference| reference.position <= id.0)
            .any(|reference| !facts.is_deferred(reference.scope) || facts.is_deferred(binding.site))
    }
}

/// A value stands behind its target; decorators and what `with` opens stand before, a few lines at most.
fn is_same_statement(reference: &Reference, binding: &Binding) -> bool {
    const FEW_LINES: u32 = 200;
    let (reference, target) = (reference.range.start(), binding.range.start());
    match binding.kind {
        BindingKind::Function(_) | BindingKind::Class | BindingKind::WithTarget => {
            target.abs_diff(reference) < FEW_LINES
        }
        _ => reference > target,
    }
}

fn in_inner_scopes(file: &Checked<'_>, report: &mut Reporter<'_>) {
    let facts = file.facts;
    let mut imported: FxHashMap<Symbol, Option<&Binding>> = FxHashMap::default();
    for binding in facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE) {
        let is_import = matches!(binding.kind, BindingKind::Import(_));
        // Only a name that is nothing but an import is hidden for sure.
        let slot = imported.entry(binding.name).or_insert(is_import.then_some(binding));
        if !is_import {
            *slot = None;
        }
    }
    let mut users: FxHashMap<Symbol, Vec<&Reference>> = FxHashMap::default();
    for reference in facts.references.iter().filter(|reference| reference.resolved == Some(ScopeId::MODULE)) {
        if imported.get(&reference.name).is_some_and(Option::is_some) {
            users.entry(reference.name).or_default().push(reference);
        }
    }
    let mut seen: FxHashSet<(ScopeId, Symbol)> = FxHashSet::default();
    let locally_imported: FxHashSet<(ScopeId, Symbol)> = facts
        .bindings
        .iter()
        .filter(|binding| matches!(binding.kind, BindingKind::Import(_)))
        .map(|binding| (binding.scope, binding.name))
        .collect();
    for binding in &facts.bindings {
        let Some(Some(import)) = imported.get(&binding.name) else { continue };
        let kind_counts = takes_over(binding.kind) || binding.kind == BindingKind::Parameter;
        if binding.scope == ScopeId::MODULE
            || facts.scope(binding.scope).kind != ScopeKind::Function
            || !kind_counts
            || is_throwaway(facts, binding)
            || locally_imported.contains(&(binding.scope, binding.name))
            || !seen.insert((binding.scope, binding.name))
        {
            continue;
        }
        let users = users.get(&binding.name).map_or(&[][..], Vec::as_slice);
        if is_early_binding(users, binding) || !users.iter().any(|user| is_outside(facts, user.scope, binding.scope)) {
            continue;
        }
        let name = facts.name(binding.name);
        let place = facts
            .scope(binding.scope)
            .name
            .map_or("this function".to_owned(), |name| format!("`{}`", facts.name(name)));
        report
            .at(binding.range, format!("{} `{name}` hides the import `{name}` in {place}", described(binding.kind)))
            .label(file.id, import.range, "imported here, and used elsewhere in the file")
            .help("give it another name");
    }
}

/// `def f(json=json)` takes the import as a default on purpose.
fn is_early_binding(users: &[&Reference], binding: &Binding) -> bool {
    const EQUALS_SIGN: u32 = 3;
    binding.kind == BindingKind::Parameter
        && users.iter().any(|user| {
            user.range.start() >= binding.range.end() && user.range.start() - binding.range.end() <= EQUALS_SIGN
        })
}

fn is_outside(facts: &FileFacts, scope: ScopeId, function: ScopeId) -> bool {
    let mut at = scope;
    while at != ScopeId::MODULE {
        if at == function {
            return false;
        }
        at = facts.scope(at).parent;
    }
    true
}
