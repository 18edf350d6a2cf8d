//! Which names each module has, and what a star brings: the events of all modules, played through.
//!
//! Modules are taken in the order of their stars, so that what a star brings is known before it is needed; modules
//! whose stars run in a circle share what they bring each other.

use douane_base::TextRange;
use douane_parser::{
    AllAction, AllItem, AllOperation, BindingId, BindingKind, EffectKind, FileFacts, ImportId, ScopeId, Symbol, Target,
};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    components::components,
    events::{Event, EventKind},
    link::Program,
    making::Making,
    module::{Module, ModuleId, ModuleKind, Origin},
    name_table::{NameId, NameTable},
    namespace::{AllEntry, Entry, EntrySource, Exported, Exports, Inherited, Namespace, Patch, Unknown},
    resolve::{ModuleTable, Resolution, compiled_away, taken_name},
};

/// What the making of the namespaces reads.
pub(crate) struct Inputs<'p> {
    pub(crate) program: &'p Program<'p>,
    pub(crate) table: &'p ModuleTable,
    pub(crate) names: &'p NameTable,
    /// By module: what its top level does. Empty for modules without a file.
    pub(crate) events: &'p [Vec<Event>],
    /// By module: what each import of its file resolves to.
    pub(crate) resolutions: &'p [Vec<Resolution>],
    /// By module: the submodules that are loaded with it.
    pub(crate) loaded_children: &'p FxHashMap<ModuleId, Vec<ModuleId>>,
    /// By module: the names that others give it.
    pub(crate) patches: &'p FxHashMap<ModuleId, Vec<Patch>>,
    /// The modules that others may give any name.
    pub(crate) opened: &'p FxHashMap<ModuleId, ModuleId>,
}

/// For each module those whose names it needs, and its names.
pub(crate) fn namespaces(inputs: &Inputs<'_>) -> (Vec<Vec<u32>>, Vec<Namespace>) {
    let count = inputs.table.modules.len();
    let sources: Vec<Vec<u32>> = (0..count).into_par_iter().map(|at| needed(inputs, at)).collect();
    // Most modules need no other's names.
    let alone = |at: usize| {
        let mut maker = Maker::new(inputs);
        if is_standard(inputs, at) {
            maker.standard(at)
        } else if sources[at].is_empty() {
            maker.make(at, Stars::Followed)
        } else {
            Namespace::new()
        }
    };
    let mut maker = Maker::new(inputs);
    maker.made = (0..count).into_par_iter().map(alone).collect();
    for component in components(count, |at| &sources[at]) {
        let first = component[0] as usize;
        if component.len() > 1 || !sources[first].is_empty() {
            maker.component(&component, &sources);
        }
    }
    let made = maker.made;
    (sources, made)
}

/// Makes the names of some modules anew, and of those that need them. Told are the names of all modules before and the
/// modules to begin with; returned are the names that were replaced, by module.
pub(crate) fn remake(
    inputs: &Inputs<'_>,
    needed: &[Vec<u32>],
    made: Vec<Namespace>,
    first: &FxHashSet<ModuleId>,
) -> (Vec<Namespace>, Vec<(ModuleId, Namespace)>) {
    let mut stale = vec![false; made.len()];
    first.iter().for_each(|module| stale[module.index()] = true);
    let mut maker = Maker::new(inputs);
    maker.made = made;
    let mut replaced = Vec::new();
    for component in components(stale.len(), |at| &needed[at]) {
        let needs_stale = |at: usize| stale[at] || needed[at].iter().any(|source| stale[*source as usize]);
        if !component.iter().any(|member| needs_stale(*member as usize)) {
            continue;
        }
        for member in &component {
            stale[*member as usize] = true;
            // What the table of the standard library says stays true.
            if !is_standard(inputs, *member as usize) {
                let before = std::mem::replace(&mut maker.made[*member as usize], Namespace::new());
                replaced.push((ModuleId(*member), before));
            }
        }
        if component.len() > 1 || !is_standard(inputs, component[0] as usize) {
            maker.component(&component, needed);
        }
    }
    (maker.made, replaced)
}

/// The names of the module are those of the standard library's table.
fn is_standard(inputs: &Inputs<'_>, at: usize) -> bool {
    let module = &inputs.table.modules[at];
    module.origin == Origin::Standard && module.file.is_none()
}

/// The modules whose exports must be known before the names of a module can be made.
pub(crate) fn needed(inputs: &Inputs<'_>, at: usize) -> Vec<u32> {
    Maker::new(inputs).needed(at)
}

struct Maker<'p> {
    inputs: &'p Inputs<'p>,
    names: &'p NameTable,
    made: Vec<Namespace>,
    /// What a star from a module without `__all__` brings, kept for the next star.
    views: FxHashMap<ModuleId, Inherited>,
}

impl<'p> Maker<'p> {
    fn new(inputs: &'p Inputs<'p>) -> Self {
        Self { inputs, names: inputs.names, made: Vec::new(), views: FxHashMap::default() }
    }
}

impl Maker<'_> {
    /// The modules whose exports must be known first.
    fn needed(&self, at: usize) -> Vec<u32> {
        let Some(facts) = self.facts(at) else { return Vec::new() };
        let importer = ModuleId(u32::try_from(at).unwrap_or(u32::MAX));
        let mut found = Vec::new();
        for event in &self.inputs.events[at] {
            match event.kind {
                EventKind::Star(import) => found.extend(self.inputs.resolutions[at][import.index()].module()),
                EventKind::All(operation) => {
                    let operation = &facts.all_operations[operation];
                    found.extend(operation.items.iter().filter_map(|item| match item {
                        AllItem::AllOf(chain) => self.module_of_chain(importer, facts, operation, chain),
                        AllItem::Variable(name) => self.source_of_list(importer, facts, operation, *name),
                        _ => None,
                    }));
                }
                EventKind::ReplacesItself(effect) => found.extend(self.replacement(importer, facts, effect)),
                _ => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|module| module.0).collect()
    }

    fn facts(&self, at: usize) -> Option<&FileFacts> {
        self.inputs.table.modules[at].file.map(|file| self.inputs.program.facts(file))
    }

    /// The names of a module of the standard library, from the table.
    fn standard(&mut self, at: usize) -> Namespace {
        let module = ModuleId(u32::try_from(at).unwrap_or(u32::MAX));
        let name = self.inputs.table.modules[at].name.as_str();
        let Some(known) = self.inputs.program.standard_library.module(name) else {
            return Namespace::unknown(Unknown::NotRead);
        };
        let Some(attributes) = &known.attributes else { return Namespace::unknown(Unknown::NotRead) };
        let mut namespace = Namespace::new();
        let mut add = |texts: &[&str], is_certain| {
            for text in texts {
                let name = self.names.known(text);
                namespace.own.entry(name).or_insert(Entry {
                    module,
                    source: EntrySource::Standard,
                    is_certain,
                    branch: 0,
                });
            }
        };
        add(attributes, true);
        add(&known.elsewhere, false);
        if known.has_getattr {
            namespace.open = Some(Unknown::Getattr);
        }
        namespace.has_all = known.has_all;
        namespace.exports = match &known.star {
            Some(star) => {
                let mut exported: Vec<Exported> =
                    star.iter().map(|name| Exported { name: self.names.known(name), is_certain: true }).collect();
                exported.sort_unstable_by_key(|exported| exported.name);
                Exports::All(exported)
            }
            None => Exports::Unknown(Unknown::NotRead),
        };
        namespace
    }

    /// Makes the namespace of a module whose stars come from finished modules.
    fn make(&mut self, at: usize, stars: Stars) -> Namespace {
        let Module { kind, is_stub, file, .. } = self.inputs.table.modules[at];
        let Some(file) = file else {
            return match kind {
                ModuleKind::Extension => Namespace::unknown(Unknown::Extension),
                ModuleKind::Namespace => Namespace::new(),
                _ => Namespace::unknown(Unknown::NotRead),
            };
        };
        let facts = self.inputs.program.facts(file);
        let module = ModuleId(u32::try_from(at).unwrap_or(u32::MAX));
        let is_compiled = kind == ModuleKind::Extension;
        let compiled_away = if is_compiled { compiled_away(facts) } else { FxHashSet::default() };
        let mut replacement = None;
        let mut making = Making::new(facts);
        if facts.traits.is_broken {
            making.namespace.open = Some(Unknown::SyntaxError);
        }
        let mut loaded: FxHashSet<ModuleId> = FxHashSet::default();
        for event in &self.inputs.events[at] {
            match event.kind {
                EventKind::Bind(binding) => {
                    let bound = facts.binding(binding);
                    if (is_stub && !declares(facts, binding)) || compiled_away.contains(&bound.name) {
                        continue;
                    }
                    let name = self.names.of(file, bound.name);
                    let source = match self.own_submodule(module, facts, binding) {
                        Some(submodule) => EntrySource::Submodule(submodule),
                        None => EntrySource::Binding(binding),
                    };
                    // What a function does when somebody calls it is no alternative to anything.
                    let is_deferred = bound.site != bound.scope && facts.is_deferred(bound.site);
                    let branch = if is_deferred { 0 } else { event.branch.0 };
                    making.bind(name, Entry { module, source, is_certain: event.is_certain, branch });
                }
                EventKind::Unbind(binding) => {
                    let name = self.names.of(file, facts.binding(binding).name);
                    // `except … as e` unbinds at the end of the handler what only the handler bound.
                    let own_handler = facts.binding(binding).kind == BindingKind::HandlerEnd
                        && making.namespace.own.get(&name).is_some_and(|entry| entry.branch == event.branch.0);
                    making.unbind(name, event.is_certain || own_handler);
                }
                EventKind::Import(import) => {
                    self.bind_submodule(module, facts, import, event, &mut loaded, &mut making)
                }
                EventKind::Star(import) => {
                    self.bind_submodule(module, facts, import, event, &mut loaded, &mut making);
                    match self.inputs.resolutions[at][import.index()].module() {
                        Some(_) if stars == Stars::Ignored => {}
                        Some(source) => self.star(source, import, event.is_certain, &mut making),
                        None => making.open(Unknown::UnresolvedStar(import)),
                    }
                }
                EventKind::All(operation) => {
                    self.all_step(module, facts, &facts.all_operations[operation], event, &mut making)
                }
                EventKind::NamespaceWrite => making.open(Unknown::NamespaceWrite),
                EventKind::ReplacesItself(effect) => {
                    replacement = self.replacement(module, facts, effect).filter(|_| event.is_certain);
                    if replacement.is_none() {
                        making.open(Unknown::ReplacesItself);
                    }
                }
            }
        }
        for patch in self.inputs.patches.get(&module).into_iter().flatten() {
            let name = patch.name;
            let known = making.namespace.get(name);
            if known.is_none_or(|known| !known.is_certain && patch.is_certain) {
                making.bind(
                    name,
                    Entry { module, source: EntrySource::Patched, is_certain: patch.is_certain, branch: 0 },
                );
            }
        }
        for child in self.inputs.loaded_children.get(&module).into_iter().flatten() {
            let name = self.names.known(self.inputs.table.module(*child).name.last());
            if making.namespace.get(name).is_none() && !making.deleted.contains(&name) {
                let source = EntrySource::Submodule(*child);
                making.bind(name, Entry { module, source, is_certain: true, branch: 0 });
            }
        }
        let mut made = match replacement {
            Some(other) => self.made[other.index()].clone(),
            None => making.finish(),
        };
        if let Some(by) = self.inputs.opened.get(&ModuleId(u32::try_from(at).unwrap_or(u32::MAX))) {
            made.open.get_or_insert(Unknown::WrittenBy(*by));
            if made.exports == Exports::Public {
                made.exports = Exports::Unknown(Unknown::WrittenBy(*by));
            }
        }
        if facts.traits.installs_importer {
            made.open.get_or_insert(Unknown::OpenPackage);
        }
        if facts.traits.has_getattr {
            made.open.get_or_insert(Unknown::Getattr);
        }
        made
    }

    /// `from . import name` in an `__init__` binds the submodule, unless the package has the name already.
    fn own_submodule(&self, module: ModuleId, facts: &FileFacts, binding: BindingId) -> Option<ModuleId> {
        let BindingKind::Import(id) = facts.binding(binding).kind else { return None };
        let name = taken_name(facts, facts.import(id))?;
        let table = self.inputs.table;
        let is_own = table.module(module).is_package()
            && self.inputs.resolutions[module.index()][id.index()].module() == Some(module);
        let binds_before = || {
            let mut before =
                facts.bindings_of(ScopeId::MODULE, facts.binding(binding).name).take_while(|other| *other < binding);
            before.any(|other| !matches!(facts.binding(other).kind, BindingKind::Import(_)))
        };
        let found = Some(module).filter(|_| is_own).and_then(|module| table.child(module, name))?;
        (!binds_before()).then_some(found)
    }

    /// Importing a submodule binds it in its package: `from .a import b` in an `__init__` binds `a` as well.
    fn bind_submodule(
        &mut self,
        module: ModuleId,
        facts: &FileFacts,
        import: ImportId,
        event: &Event,
        loaded: &mut FxHashSet<ModuleId>,
        making: &mut Making<'_>,
    ) {
        let table = self.inputs.table;
        if !table.module(module).is_package()
            || table.module(module).is_stub
            || facts.import(import).when != douane_parser::When::Load
        {
            return;
        }
        let Some(target) = self.inputs.resolutions[module.index()][import.index()].module() else { return };
        let mut named = target;
        if let Some(name) = taken_name(facts, facts.import(import))
            && target == module
        {
            let Some(child) = table.child(module, name) else { return };
            // The package's own name wins: then no submodule is loaded.
            if self.names.find(name).is_some_and(|name| making.namespace.get(name).is_some()) {
                return;
            }
            named = child;
        }
        let mut child = named;
        while let Some(parent) = table.module(child).parent {
            if parent == module {
                if loaded.insert(child) {
                    let name = self.names.known(table.module(child).name.last());
                    let source = EntrySource::Submodule(child);
                    making.bind(name, Entry { module, source, is_certain: event.is_certain, branch: event.branch.0 });
                }
                return;
            }
            child = parent;
        }
    }

    fn star(&mut self, source: ModuleId, import: ImportId, is_certain: bool, making: &mut Making<'_>) {
        let exports = self.made[source.index()].exports.clone();
        match exports {
            Exports::All(exported) => {
                for exported in exported {
                    let is_certain = is_certain && exported.is_certain;
                    let entry = Entry { module: source, source: EntrySource::Exported, is_certain, branch: 0 };
                    if self.names.is_public(exported.name) {
                        making.inherit(exported.name, entry);
                    } else {
                        making.inherit_private(exported.name, entry);
                    }
                }
            }
            Exports::Public => {
                let view = self.public_view(source);
                making.inherit_all(view, is_certain);
            }
            Exports::Unknown(_) => {
                let view = self.public_view(source);
                making.inherit_all(view, is_certain);
                making.open(Unknown::UnresolvedStar(import));
            }
        }
    }

    /// What a star from a module without `__all__` brings.
    fn public_view(&mut self, module: ModuleId) -> Inherited {
        if let Some(view) = self.views.get(&module) {
            return view.clone();
        }
        let namespace = &self.made[module.index()];
        let mut view = namespace.inherited.clone();
        for (name, entry) in &namespace.own {
            if self.names.is_public(*name) {
                view.insert(*name, *entry);
            } else {
                view.remove(*name);
            }
        }
        self.views.insert(module, view.clone());
        view
    }

    fn all_step(
        &mut self,
        module: ModuleId,
        facts: &FileFacts,
        operation: &AllOperation,
        event: &Event,
        making: &mut Making<'_>,
    ) {
        if operation.action == AllAction::Delete {
            making.all = None;
            return;
        }
        let mut entries = Vec::with_capacity(operation.items.len());
        let mut is_known = true;
        for item in &operation.items {
            match item {
                AllItem::Name(export) => entries.push(AllEntry {
                    name: self.names.known(facts.name(export.name)),
                    range: export.range,
                    is_certain: event.is_certain,
                    is_literal: true,
                }),
                AllItem::AllOf(chain) if chain.is_empty() && imported_all(facts, operation).is_none() => {
                    // `__all__ = __all__ + […]`
                    match &making.all {
                        Some(all) => entries.extend(all.entries.iter().copied()),
                        None => is_known = false,
                    }
                }
                AllItem::AllOf(chain) => {
                    let source = self.module_of_chain(module, facts, operation, chain);
                    is_known &= self.extend_by_list(source, operation.range, event, &mut entries);
                }
                AllItem::Variable(name) => {
                    let source = self.source_of_list(module, facts, operation, *name);
                    is_known &= self.extend_by_list(source, operation.range, event, &mut entries);
                }
                AllItem::PublicNames(wanted) => {
                    let mut bound: Vec<(NameId, Entry)> = making.namespace.names().collect();
                    let except: FxHashSet<NameId> =
                        wanted.except.iter().map(|name| self.names.known(facts.name(*name))).collect();
                    bound.retain(|(name, _)| self.names.is_public(*name) && !except.contains(name));
                    if wanted.without_modules {
                        bound.retain(|(_, entry)| !self.is_module(*entry));
                    }
                    bound.sort_unstable_by_key(|(name, _)| self.names.text(*name));
                    entries.extend(bound.into_iter().map(|(name, entry)| AllEntry {
                        name,
                        range: operation.range,
                        is_certain: event.is_certain && entry.is_certain,
                        is_literal: false,
                    }));
                    is_known &= making.namespace.open.is_none();
                }
                AllItem::Unknown => is_known = false,
            }
        }
        making.all_step(operation.action, entries, is_known, event);
    }

    /// Adds another module's `__all__`; false if that is not known.
    fn extend_by_list(
        &self,
        source: Option<ModuleId>,
        range: TextRange,
        event: &Event,
        entries: &mut Vec<AllEntry>,
    ) -> bool {
        let Some(namespace) = source.map(|source| &self.made[source.index()]) else { return false };
        let (Exports::All(exported), true) = (&namespace.exports, namespace.has_all) else { return false };
        let mut exported: Vec<&Exported> = exported.iter().collect();
        exported.sort_unstable_by_key(|exported| self.names.text(exported.name));
        entries.extend(exported.into_iter().map(|exported| AllEntry {
            name: exported.name,
            range,
            is_certain: event.is_certain && exported.is_certain,
            is_literal: false,
        }));
        true
    }

    /// The module whose `__all__` was imported under a name: `from m import __all__ as names`.
    fn source_of_list(
        &self,
        module: ModuleId,
        facts: &FileFacts,
        operation: &AllOperation,
        name: Symbol,
    ) -> Option<ModuleId> {
        let import = import_before(facts, operation, name)?;
        let names_list = taken_name(facts, facts.import(import)) == Some("__all__");
        self.inputs.resolutions[module.index()][import.index()].module().filter(|_| names_list)
    }

    /// The module that replaces a module in `sys.modules`.
    fn replacement(&self, module: ModuleId, facts: &FileFacts, effect: usize) -> Option<ModuleId> {
        let EffectKind::ReplacesItself(Some(name)) = facts.effects[effect].kind else { return None };
        let import =
            facts.bindings_of(ScopeId::MODULE, name).find_map(|binding| match facts.binding(binding).kind {
                BindingKind::Import(import) => Some(import),
                _ => None,
            })?;
        let found = self.inputs.table.imported_module(&self.inputs.resolutions[module.index()], facts, import);
        found.filter(|found| *found != module)
    }

    /// The entry surely stands for a module.
    fn is_module(&self, entry: Entry) -> bool {
        match entry.source {
            EntrySource::Submodule(_) => true,
            EntrySource::Binding(binding) => {
                let Some(facts) = self.facts(entry.module.index()) else { return false };
                let BindingKind::Import(import) = facts.binding(binding).kind else { return false };
                let resolutions = &self.inputs.resolutions[entry.module.index()];
                self.inputs.table.imported_module(resolutions, facts, import).is_some()
                    || matches!(facts.import(import).target, Target::Module(_))
            }
            EntrySource::Exported | EntrySource::Patched | EntrySource::Standard => false,
        }
    }

    /// The module `a.b` of `a.b.__all__`, or the one that an imported `__all__` comes from.
    fn module_of_chain(
        &self,
        module: ModuleId,
        facts: &FileFacts,
        operation: &AllOperation,
        chain: &[Symbol],
    ) -> Option<ModuleId> {
        let table = self.inputs.table;
        let resolutions = &self.inputs.resolutions[module.index()];
        let Some((root, rest)) = chain.split_first() else {
            return resolutions[imported_all(facts, operation)?.index()].module();
        };
        let root_name = facts.name(*root);
        let mut at = match import_before(facts, operation, *root) {
            Some(import) => table.imported_module(resolutions, facts, import)?,
            None => table.child(module, root_name)?,
        };
        for part in rest {
            at = table.child(at, facts.name(*part))?;
        }
        Some(at)
    }

    /// Makes modules that need each other, or one, from those that are finished.
    fn component(&mut self, component: &[u32], sources: &[Vec<u32>]) {
        let first = component[0] as usize;
        if component.len() > 1 || sources[first].contains(&component[0]) {
            self.circle(component);
        } else {
            self.made[first] = self.make(first, Stars::Followed);
        }
    }

    /// Makes modules whose stars run in a circle: what one of them brings, all of them get.
    fn circle(&mut self, component: &[u32]) {
        // Few modules take a round for each, so that names travel all the way around, past every `__all__`.
        const FEW: usize = 16;
        if component.len() <= FEW {
            for _ in 0..=component.len() {
                for member in component.iter().rev() {
                    self.made[*member as usize] = self.make(*member as usize, Stars::Followed);
                    self.views.remove(&ModuleId(*member));
                }
            }
            return;
        }
        // For many that would be quadratic: there the union of what comes from outside and of what each binds is
        // shared by all.
        let mut shared = Making::new(&self.inputs.program.nothing);
        let members: FxHashSet<u32> = component.iter().copied().collect();
        let mut outside: Vec<(ModuleId, ImportId)> = Vec::new();
        for member in component {
            for event in &self.inputs.events[*member as usize] {
                if let EventKind::Star(import) = event.kind
                    && let Some(source) = self.inputs.resolutions[*member as usize][import.index()].module()
                    && !members.contains(&source.0)
                {
                    outside.push((source, import));
                }
            }
        }
        outside.sort_unstable_by_key(|(source, _)| *source);
        outside.dedup_by_key(|(source, _)| *source);
        for (source, import) in outside {
            self.star(source, import, true, &mut shared);
        }
        for member in component {
            self.made[*member as usize] = self.make(*member as usize, Stars::Ignored);
            self.star(ModuleId(*member), ImportId(0), true, &mut shared);
            self.views.remove(&ModuleId(*member));
        }
        for member in component {
            let namespace = &mut self.made[*member as usize];
            namespace.inherited = shared.namespace.inherited.clone();
            if let Some(reason) = shared.namespace.open {
                namespace.open.get_or_insert(reason);
                if namespace.exports == Exports::Public {
                    namespace.exports = Exports::Unknown(reason);
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stars {
    Followed,
    Ignored,
}

/// The import that a name comes from where `__all__` is touched.
fn import_before(facts: &FileFacts, operation: &AllOperation, name: Symbol) -> Option<ImportId> {
    let before = facts.bindings_of(ScopeId::MODULE, name).take_while(|binding| binding.0 < operation.position);
    match facts.binding(before.last()?).kind {
        BindingKind::Import(import) => Some(import),
        _ => None,
    }
}

/// The `from … import __all__` that an operation stands for.
fn imported_all(facts: &FileFacts, operation: &AllOperation) -> Option<ImportId> {
    let found = facts.imports.iter().position(|import| import.range == operation.range)?;
    Some(ImportId(u32::try_from(found).ok()?))
}

/// In a stub an import is private unless it is written as `import x as x` or `from m import x as x` (typing
/// specification, "Stub files", "Imports").
fn declares(facts: &FileFacts, binding: BindingId) -> bool {
    let binding = facts.binding(binding);
    let Some(import) = facts.import_of(binding) else { return true };
    facts.is_passed_on(import)
}
