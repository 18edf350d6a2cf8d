//! Decides which scope each name means, and puts the facts together.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    branches::{BranchId, Branches},
    collector::{Collected, Declaration},
    facts::{Binding, BindingId, EffectKind, FileFacts, Scope, ScopeId, ScopeKind, When},
    names::Symbol,
};

/// Facts without the comments and the errors, which are read elsewhere.
pub(crate) fn resolve(found: &mut Collected) -> FileFacts {
    settle_nonlocals(found);
    mark_functions_that_run_on_load(found);
    let mut bound = std::mem::take(&mut found.locals);
    bound.reserve(found.bindings.len());
    bound.extend(found.bindings.iter().map(|binding| (binding.scope, binding.name)));
    let lookup = Lookup { scopes: &found.scopes, declarations: &found.declarations, bound: &bound };
    for reference in &mut found.references {
        reference.resolved = lookup.scope_of(reference.scope, reference.name);
    }
    look_past_class_bodies(found);
    keep_effects(found);
    let branches = keep_branches(found);
    finish(found, branches)
}

/// A class body that uses a name before it binds it gets the module's (language reference, section 4.2.2): as in
/// `name = name`.
fn look_past_class_bodies(found: &mut Collected) {
    let Collected { references, bindings, scopes, interest, .. } = found;
    let is_own = |scope: ScopeId| scopes[scope.index()].kind == ScopeKind::Class;
    let mut first: Option<FxHashMap<(ScopeId, Symbol), u32>> = None;
    for reference in references.iter_mut().filter(|reference| reference.resolved == Some(reference.scope)) {
        // Of other names not all bindings are written down.
        if !is_own(reference.scope) || !interest.is_imported(reference.name) {
            continue;
        }
        let first = first.get_or_insert_with(|| {
            let mut first = FxHashMap::default();
            for (at, binding) in (0..).zip(bindings.iter()).filter(|(_, binding)| {
                binding.scope == ScopeId::MODULE || scopes[binding.scope.index()].kind == ScopeKind::Class
            }) {
                first.entry((binding.scope, binding.name)).or_insert(at);
            }
            first
        });
        if first.get(&(reference.scope, reference.name)).is_none_or(|at| *at >= reference.position) {
            reference.resolved = first.contains_key(&(ScopeId::MODULE, reference.name)).then_some(ScopeId::MODULE);
        }
    }
}

/// A `nonlocal` name belongs to the nearest function around that binds it (language reference, section 7.13).
fn settle_nonlocals(found: &mut Collected) {
    if !found.declarations.values().any(|declaration| *declaration == Declaration::Nonlocal) {
        return;
    }
    let (scopes, declarations) = (&found.scopes, &found.declarations);
    let is_nonlocal =
        |binding: &Binding| declarations.get(&(binding.scope, binding.name)) == Some(&Declaration::Nonlocal);
    let owners: FxHashSet<(ScopeId, Symbol)> = found
        .bindings
        .iter()
        .filter(|binding| !is_nonlocal(binding))
        .map(|binding| (binding.scope, binding.name))
        .collect();
    for binding in found.bindings.iter_mut().filter(|binding| is_nonlocal(binding)) {
        let mut at = scopes[binding.scope.index()].parent;
        while at != ScopeId::MODULE {
            if scopes[at.index()].kind != ScopeKind::Class && owners.contains(&(at, binding.name)) {
                binding.scope = at;
                break;
            }
            at = scopes[at.index()].parent;
        }
    }
}

/// Functions of the module that its own top level calls, or that such functions call, run while it is loaded.
fn mark_functions_that_run_on_load(found: &mut Collected) {
    let mut functions: FxHashMap<Symbol, Vec<ScopeId>> = FxHashMap::default();
    for (id, scope) in (0..).map(ScopeId).zip(&found.scopes) {
        if let (ScopeKind::Function, ScopeId::MODULE, Some(name)) = (scope.kind, scope.parent, scope.name) {
            functions.entry(name).or_default().push(id);
        }
    }
    let mut calls: FxHashMap<Option<ScopeId>, Vec<Symbol>> = FxHashMap::default();
    for (scope, name) in found.calls.iter().filter(|(_, name)| functions.contains_key(name)) {
        calls.entry(function_around(&found.scopes, *scope)).or_default().push(*name);
    }
    let mut callers = vec![None];
    while let Some(caller) = callers.pop() {
        for name in calls.get(&caller).into_iter().flatten() {
            for function in &functions[name] {
                let scope = &mut found.scopes[function.index()];
                if !std::mem::replace(&mut scope.runs_on_load, true) {
                    callers.push(Some(*function));
                }
            }
        }
    }
    let scopes = &found.scopes;
    for import in found.imports.iter_mut().filter(|import| import.when == When::Call) {
        if function_around(scopes, import.scope).is_none_or(|function| scopes[function.index()].runs_on_load) {
            import.when = When::Load;
        }
    }
}

/// The function that code of a scope belongs to; `None` for code that runs with the module itself.
fn function_around(scopes: &[Scope], scope: ScopeId) -> Option<ScopeId> {
    let mut at = scope;
    while at != ScopeId::MODULE {
        if matches!(scopes[at.index()].kind, ScopeKind::Function | ScopeKind::Lambda) {
            return Some(at);
        }
        at = scopes[at.index()].parent;
    }
    None
}

struct Lookup<'f> {
    scopes: &'f [Scope],
    declarations: &'f FxHashMap<(ScopeId, Symbol), Declaration>,
    bound: &'f FxHashSet<(ScopeId, Symbol)>,
}

impl Lookup<'_> {
    fn scope_of(&self, scope: ScopeId, name: Symbol) -> Option<ScopeId> {
        let module = || self.bound.contains(&(ScopeId::MODULE, name)).then_some(ScopeId::MODULE);
        let mut at = scope;
        let mut sees_class = true;
        loop {
            if at == ScopeId::MODULE {
                return module();
            }
            let kind = self.scopes[at.index()].kind;
            if kind != ScopeKind::Class || sees_class {
                match self.declarations.get(&(at, name)) {
                    Some(Declaration::Global) => return module(),
                    Some(Declaration::Nonlocal) => {}
                    None if self.bound.contains(&(at, name)) => return Some(at),
                    None => {}
                }
            }
            // Names of a class body are seen by the body itself and by its type parameters, not by its functions.
            sees_class = kind == ScopeKind::TypeParameters;
            at = self.scopes[at.index()].parent;
        }
    }
}

/// Attributes of what was imported matter, and only while the module is loaded.
fn keep_effects(found: &mut Collected) {
    let Collected { effects, references, scopes, interest, .. } = found;
    effects.retain(|effect| match effect.kind {
        EffectKind::AttributeStore(reference) => {
            interest.is_imported(references[reference.index()].name)
                && function_around(scopes, effect.scope).is_none_or(|function| scopes[function.index()].runs_on_load)
        }
        _ => true,
    });
}

/// The branches that some fact stands in.
fn keep_branches(found: &mut Collected) -> Branches {
    let mut is_used = vec![false; found.branches.iter().len()];
    each_branch(found, |branch| is_used[branch.index()] = true);
    let (kept, numbers) = found.branches.kept(is_used);
    each_branch(found, |branch| *branch = numbers[branch.index()]);
    kept
}

/// Shows the branch of every fact.
fn each_branch(found: &mut Collected, mut show: impl FnMut(&mut BranchId)) {
    found.bindings.iter_mut().for_each(|binding| show(&mut binding.branch));
    found.references.iter_mut().for_each(|reference| show(&mut reference.branch));
    found.imports.iter_mut().for_each(|import| show(&mut import.branch));
    found.all_operations.iter_mut().for_each(|operation| show(&mut operation.branch));
    found.effects.iter_mut().for_each(|effect| show(&mut effect.branch));
}

/// Moves what was found into lists of just the right size.
fn finish(found: &mut Collected, branches: Branches) -> FileFacts {
    let bindings: Vec<Binding> = found.bindings.drain(..).collect();
    FileFacts {
        names: found.names.names(),
        scopes: found.scopes.drain(..).collect(),
        branches,
        bindings_by_name: by_name(&bindings),
        bindings,
        references: found.references.drain(..).collect(),
        attributes: found.attributes.drain(..).collect(),
        imports: found.imports.drain(..).collect(),
        statements: found.statements.drain(..).collect(),
        late_futures: found.late_futures.drain(..).collect(),
        all_operations: found.all_operations.drain(..).collect(),
        constants: found.constants.drain(..).collect(),
        aliases: found.aliases.drain(..).collect(),
        effects: found.effects.drain(..).collect(),
        load_effect: found.load_effect,
        modules_by_name: found.modules_by_name.drain(..).collect(),
        paths_in_strings: distinct(&mut found.paths_in_strings),
        names_in_computed_paths: distinct(&mut found.names_in_computed_paths),
        all_names: found.interest.seen,
        example_names: distinct(&mut found.example_names),
        type_comment_names: found.type_comment_names.drain(..).collect(),
        suppressions: Vec::new(),
        syntax_errors: Vec::new(),
        traits: found.traits,
    }
}

fn distinct(names: &mut Vec<Symbol>) -> Vec<Symbol> {
    names.sort_unstable();
    names.dedup();
    names.as_slice().into()
}

fn by_name(bindings: &[Binding]) -> Vec<BindingId> {
    let mut sorted: Vec<BindingId> = (0..count(bindings.len())).map(BindingId).collect();
    sorted.sort_unstable_by_key(|id| (bindings[id.index()].scope, bindings[id.index()].name, *id));
    sorted
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
