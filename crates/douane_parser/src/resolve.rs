//! Decides which scope each name means, and drops what nobody outside a function can ask about.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    collector::{Collected, Declaration},
    dunder_all::AllItem,
    facts::{
        Attribute, Binding, BindingId, BindingKind, EffectKind, FileFacts, ModuleKey, Reference, ReferenceId, Scope,
        ScopeId, ScopeKind, Target, When,
    },
    names::Symbol,
};

/// Facts without the comments and the errors, which are read elsewhere.
pub(crate) fn resolve(mut found: Collected) -> FileFacts {
    settle_nonlocals(&mut found);
    mark_functions_that_run_on_load(&mut found);
    let bound: FxHashSet<(ScopeId, Symbol)> =
        found.bindings.iter().map(|binding| (binding.scope, binding.name)).collect();
    let lookup = Lookup { scopes: &found.scopes, declarations: &found.declarations, bound: &bound };
    for reference in &mut found.references {
        reference.resolved = lookup.scope_of(reference.scope, reference.name);
    }
    prune(found)
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

/// Keeps what an import can have to do with: names of the module, names that some import binds, and, where a star may
/// bring anything, names that the file itself does not bind.
fn prune(found: Collected) -> FileFacts {
    let Collected { scopes, bindings, references, attributes, mut imports, mut all_operations, mut effects, .. } =
        found;
    let imported: FxHashSet<Symbol> = bindings
        .iter()
        .filter(|binding| matches!(binding.kind, BindingKind::Import(_)))
        .map(|binding| binding.name)
        .collect();
    let has_star = imports.iter().any(|import| matches!(import.target, Target::Star { .. }));

    let mut positions = Vec::with_capacity(bindings.len() + 1);
    let mut kept_bindings = Vec::new();
    for binding in bindings {
        positions.push(count(kept_bindings.len()));
        if binding.scope == ScopeId::MODULE || imported.contains(&binding.name) {
            kept_bindings.push(binding);
        }
    }
    positions.push(count(kept_bindings.len()));
    let position = |old: u32| positions[old as usize];

    // Attributes of what was imported matter, and only while the module is loaded.
    effects.retain(|effect| match effect.kind {
        EffectKind::AttributeStore(reference) => {
            imported.contains(&references[reference.index()].name)
                && function_around(&scopes, effect.scope).is_none_or(|function| scopes[function.index()].runs_on_load)
        }
        _ => true,
    });
    let named_by_effects: FxHashSet<ReferenceId> =
        effects.iter().flat_map(|effect| effect_references(&effect.kind)).collect();
    let mut kept_references = Vec::new();
    let mut kept_attributes: Vec<Attribute> = Vec::new();
    let mut new_ids = FxHashMap::default();
    for (old, reference) in (0..).map(ReferenceId).zip(references) {
        let is_imported = imported.contains(&reference.name);
        let may_be_star = has_star && matches!(reference.resolved, None | Some(ScopeId::MODULE));
        let is_named = named_by_effects.contains(&old);
        if !is_imported && !may_be_star && !is_named {
            continue;
        }
        if is_named {
            new_ids.insert(old, ReferenceId(count(kept_references.len())));
        }
        let start = count(kept_attributes.len());
        let chain = reference.attributes.start as usize..reference.attributes.end as usize;
        kept_attributes.extend_from_slice(&attributes[chain]);
        kept_references.push(Reference {
            attributes: start..count(kept_attributes.len()),
            position: position(reference.position),
            ..reference
        });
    }

    for import in &mut imports {
        import.position = position(import.position);
        import.binding = import.binding.map(|binding| BindingId(position(binding.0)));
    }
    let is_kept = |binding: BindingId| positions[binding.index()] != positions[binding.index() + 1];
    let constants = found
        .constants
        .into_iter()
        .filter(|(binding, _)| is_kept(*binding))
        .map(|(binding, constant)| (BindingId(position(binding.0)), constant))
        .collect();
    let aliases = found
        .aliases
        .into_iter()
        .filter(|(binding, root)| imported.contains(root) && is_kept(*binding))
        .map(|(binding, _)| BindingId(position(binding.0)))
        .collect();
    for operation in &mut all_operations {
        operation.position = position(operation.position);
    }
    for effect in &mut effects {
        effect.position = position(effect.position);
        renumber(&mut effect.kind, &new_ids);
    }
    let mut scopes = scopes;
    let mut branches = found.branches;
    let used = kept_bindings
        .iter()
        .map(|binding| binding.branch)
        .chain(kept_references.iter().map(|reference| reference.branch))
        .chain(imports.iter().map(|import| import.branch))
        .chain(all_operations.iter().map(|operation| operation.branch))
        .chain(effects.iter().map(|effect| effect.branch));
    let branch_numbers = branches.keep(used);
    let mut renaming = found.interner.finish();
    let mut rename = |symbol: &mut Symbol| renaming.rename(symbol);
    branches.rename(&mut rename);
    scopes.iter_mut().filter_map(|scope| scope.name.as_mut()).for_each(&mut rename);
    for binding in &mut kept_bindings {
        rename(&mut binding.name);
        binding.branch = branch_numbers[binding.branch.0 as usize];
    }
    for reference in &mut kept_references {
        rename(&mut reference.name);
        reference.branch = branch_numbers[reference.branch.0 as usize];
    }
    kept_attributes.iter_mut().for_each(|attribute| rename(&mut attribute.name));
    for import in &mut imports {
        rename_target(&mut import.target, &mut rename);
        import.alias.iter_mut().for_each(&mut rename);
        import.branch = branch_numbers[import.branch.0 as usize];
    }
    for operation in &mut all_operations {
        operation.items.iter_mut().for_each(|item| rename_item(item, &mut rename));
        operation.branch = branch_numbers[operation.branch.0 as usize];
    }
    for effect in &mut effects {
        rename_effect(&mut effect.kind, &mut rename);
        effect.branch = branch_numbers[effect.branch.0 as usize];
    }
    scopes.shrink_to_fit();
    kept_bindings.shrink_to_fit();
    kept_references.shrink_to_fit();
    kept_attributes.shrink_to_fit();
    imports.shrink_to_fit();
    effects.shrink_to_fit();
    let mut statements = found.statements;
    statements.shrink_to_fit();
    FileFacts {
        names: renaming.names(),
        scopes,
        branches,
        bindings_by_name: by_name(&kept_bindings),
        bindings: kept_bindings,
        references: kept_references,
        attributes: kept_attributes,
        imports,
        statements,
        all_operations,
        constants,
        aliases,
        effects,
        suppressions: Vec::new(),
        syntax_errors: Vec::new(),
        traits: found.traits,
    }
}

fn rename_target(target: &mut Target, rename: &mut impl FnMut(&mut Symbol)) {
    match target {
        Target::Module(module) => rename(module),
        Target::From { module, name, .. } => {
            module.iter_mut().for_each(&mut *rename);
            rename(name);
        }
        Target::Star { module, .. } => module.iter_mut().for_each(rename),
    }
}

fn rename_item(item: &mut AllItem, rename: &mut impl FnMut(&mut Symbol)) {
    match item {
        AllItem::Name(export) => rename(&mut export.name),
        AllItem::AllOf(chain) => chain.iter_mut().for_each(rename),
        AllItem::Variable(name) => rename(name),
        AllItem::PublicNames(wanted) => wanted.except.iter_mut().for_each(rename),
        AllItem::Unknown => {}
    }
}

fn rename_effect(effect: &mut EffectKind, rename: &mut impl FnMut(&mut Symbol)) {
    match effect {
        EffectKind::SysModules { key: ModuleKey::Literal(name), .. }
        | EffectKind::Reload { module: ModuleKey::Literal(name), .. }
        | EffectKind::ReplacesItself(Some(name)) => rename(name),
        _ => {}
    }
}

fn by_name(bindings: &[Binding]) -> Vec<BindingId> {
    let mut sorted: Vec<BindingId> = (0..count(bindings.len())).map(BindingId).collect();
    sorted.sort_by_key(|id| (bindings[id.index()].scope, bindings[id.index()].name, *id));
    sorted
}

fn effect_references(effect: &EffectKind) -> Vec<ReferenceId> {
    let of_key = |key: &ModuleKey| match key {
        ModuleKey::Reference(reference) => Some(*reference),
        _ => None,
    };
    match effect {
        EffectKind::SysModules { modules, key, .. } => [Some(*modules), of_key(key)].into_iter().flatten().collect(),
        EffectKind::Reload { function, module } => [Some(*function), of_key(module)].into_iter().flatten().collect(),
        EffectKind::AttributeStore(reference) => vec![*reference],
        EffectKind::NamespaceWrite | EffectKind::ReplacesItself(_) | EffectKind::Call => Vec::new(),
    }
}

fn renumber(effect: &mut EffectKind, new_ids: &FxHashMap<ReferenceId, ReferenceId>) {
    let change = |reference: &mut ReferenceId| {
        if let Some(new) = new_ids.get(reference) {
            *reference = *new;
        }
    };
    let change_key = |key: &mut ModuleKey| {
        if let ModuleKey::Reference(reference) = key {
            change(reference);
        }
    };
    match effect {
        EffectKind::SysModules { modules, key, .. } => {
            change(modules);
            change_key(key);
        }
        EffectKind::Reload { function, module } => {
            change(function);
            change_key(module);
        }
        EffectKind::AttributeStore(reference) => change(reference),
        EffectKind::NamespaceWrite | EffectKind::ReplacesItself(_) | EffectKind::Call => {}
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
