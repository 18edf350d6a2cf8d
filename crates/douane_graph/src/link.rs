//! The phases of linking, one after the other.

use douane_base::{FileId, ModuleName, Platform};
use douane_parser::{
    AllItem, BindingKind, Effect, EffectKind, FileFacts, Import, ImportId, ScopeId, Target, Truth, When,
};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    events::{Event, EventKind, Outcome, Surroundings, events, outcome_of},
    module::{Edge, ModuleId, ModuleKind, Origin},
    name_table::NameTable,
    namespace::Patch,
    queries::ModuleGraph,
    reachability::reached,
    resolve::{ModuleTable, Resolution, compiled_away, own_names, taken_name},
    standard_library::StandardLibrary,
    stars::{Inputs, namespaces},
};

/// A module as it was found on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleSource {
    /// Its absolute name.
    pub name: ModuleName,
    /// What it is made of.
    pub kind: ModuleKind,
    /// Whose it is.
    pub origin: Origin,
    /// Its source file, if it has one that was read.
    pub file: Option<FileId>,
    /// Its stub, if it has one that was read.
    pub stub: Option<FileId>,
    /// The modules that a compiled module is known to load.
    pub loads: Vec<ModuleName>,
}

/// Everything that is linked.
pub struct Program<'f> {
    /// The modules, first-party ones first; of two with one name the first is what Python finds.
    pub modules: Vec<ModuleSource>,
    /// The facts by [`FileId`].
    pub facts: &'f [FileFacts],
    /// The standard library of the target version.
    pub standard_library: StandardLibrary,
    /// A Python environment is known, so that a module that was not found does not exist.
    pub environment_is_known: bool,
    /// The system that the program runs on.
    pub platform: Platform,
    /// Facts of an empty file.
    pub nothing: FileFacts,
}

impl<'f> Program<'f> {
    /// A program of these modules.
    #[must_use]
    pub fn new(
        modules: Vec<ModuleSource>,
        facts: &'f [FileFacts],
        standard_library: StandardLibrary,
        environment_is_known: bool,
    ) -> Self {
        let (platform, nothing) = (Platform::host(), FileFacts::default());
        Self { modules, facts, standard_library, environment_is_known, platform, nothing }
    }

    /// The same program on another system.
    #[must_use]
    pub fn on(self, platform: Platform) -> Self {
        Self { platform, ..self }
    }

    pub(crate) fn facts(&self, file: FileId) -> &FileFacts {
        self.facts.get(file.0 as usize).unwrap_or(&self.nothing)
    }
}

/// Links the facts of all modules.
#[must_use]
pub fn link(program: &Program<'_>) -> ModuleGraph {
    let mut table = ModuleTable::new(program);
    table.add_standard_modules(program);
    let (names, (resolutions, events, edges)) = rayon::join(
        || NameTable::new(program, &table),
        || {
            let resolutions = resolve_imports(program, &table);
            let events = module_events(program, &table, &resolutions);
            let edges = edges(program, &table, &resolutions, &events);
            (resolutions, events, edges)
        },
    );
    let loads = Loads::new(table.modules.len(), &edges);
    let loaded_children = loaded_children(&table, &loads, program, &resolutions, &events);
    let patches = patches(&table, &names, program, &resolutions, &loads);
    let opened = opened(&table, program, &resolutions);
    let inputs = Inputs {
        program,
        table: &table,
        names: &names,
        events: &events,
        resolutions: &resolutions,
        loaded_children: &loaded_children,
        patches: &patches,
        opened: &opened,
    };
    let (needed, namespaces) = namespaces(&inputs);
    let steps = Steps { events, needed, loads, loaded_children, patches, opened };
    ModuleGraph::new(program, table, names, namespaces, resolutions, edges, steps)
}

/// What linking finds out on the way, kept for [`relink`](crate::relink).
pub(crate) struct Steps {
    /// By module: what its top level does.
    pub(crate) events: Vec<Vec<Event>>,
    /// By module: those whose names it needs.
    pub(crate) needed: Vec<Vec<u32>>,
    pub(crate) loads: Loads,
    pub(crate) loaded_children: FxHashMap<ModuleId, Vec<ModuleId>>,
    pub(crate) patches: FxHashMap<ModuleId, Vec<Patch>>,
    pub(crate) opened: FxHashMap<ModuleId, ModuleId>,
}

fn resolve_imports(program: &Program<'_>, table: &ModuleTable) -> Vec<Vec<Resolution>> {
    (0..table.modules.len()).into_par_iter().map(|at| resolutions_of(program, table, at)).collect()
}

/// What the imports of a module name.
pub(crate) fn resolutions_of(program: &Program<'_>, table: &ModuleTable, at: usize) -> Vec<Resolution> {
    let module = ModuleId(u32::try_from(at).unwrap_or(u32::MAX));
    let Some(file) = table.modules[at].file else { return Vec::new() };
    let facts = program.facts(file);
    let mut of_file: Vec<Resolution> = Vec::with_capacity(facts.imports.len());
    for (number, import) in facts.imports.iter().enumerate() {
        // The names of one `from` statement share the module.
        let same = number.checked_sub(1).filter(|before| {
            let before = &facts.imports[*before];
            before.statement == import.statement && matches!(import.target, Target::From { .. })
        });
        let resolution = match same {
            Some(before) => of_file[before],
            None => table.resolve(program, module, facts, import),
        };
        of_file.push(resolution);
    }
    of_file
}

fn module_events(program: &Program<'_>, table: &ModuleTable, resolutions: &[Vec<Resolution>]) -> Vec<Vec<Event>> {
    (0..resolutions.len()).into_par_iter().map(|at| events_of(program, table, at, &resolutions[at])).collect()
}

/// What the top level of a module does, from what its imports name.
pub(crate) fn events_of(
    program: &Program<'_>,
    table: &ModuleTable,
    at: usize,
    resolutions: &[Resolution],
) -> Vec<Event> {
    let module = &table.modules[at];
    let Some(file) = module.file else { return Vec::new() };
    let facts = program.facts(file);
    let outcome = |id: ImportId, import: &Import| {
        let resolution = resolutions[id.index()];
        match resolution {
            Resolution::Module(found) => name_outcome(program, table, found, taken_name(facts, import)),
            _ => outcome_of(resolution),
        }
    };
    let has_attribute = |id: ImportId, path: &str| {
        table
            .imported_module(resolutions, facts, id)
            .map_or(Truth::Unknown, |found| has_attribute(program, table, found, path))
    };
    let surroundings = Surroundings { module: module.name.as_str(), outcome: &outcome, has_attribute: &has_attribute };
    events(facts, module.is_stub, &surroundings)
}

/// The modules that only Python on Windows has.
const WINDOWS_MODULES: [&str; 9] =
    ["_msi", "_overlapped", "_winapi", "_wmi", "msilib", "msvcrt", "nt", "winreg", "winsound"];

/// Whether a module of the standard library can be imported here and has the name, if one is taken from it; of other
/// modules that is known only later.
fn name_outcome(program: &Program<'_>, table: &ModuleTable, module: ModuleId, name: Option<&str>) -> Outcome {
    let module = table.module(module);
    if module.origin != Origin::Standard {
        return Outcome::Succeeds;
    }
    let Some(known) = program.standard_library.module(module.name.as_str()) else { return Outcome::Unknown };
    let Some(attributes) = &known.attributes else {
        let is_foreign = WINDOWS_MODULES.contains(&module.name.as_str())
            && matches!(program.platform, Platform::Linux | Platform::Darwin);
        return if is_foreign { Outcome::Fails } else { Outcome::Unknown };
    };
    let Some(name) = name else { return Outcome::Succeeds };
    let is_submodule = || program.standard_library.contains(&format!("{}.{name}", module.name));
    if attributes.contains(&name) || is_submodule() {
        Outcome::Succeeds
    } else if known.has_getattr {
        Outcome::Unknown
    } else {
        Outcome::Fails
    }
}

/// Whether a module of the standard library has an attribute. A project that is the standard library itself knows its
/// modules from the table just as well.
fn has_attribute(program: &Program<'_>, table: &ModuleTable, module: ModuleId, path: &str) -> Truth {
    let whole = format!("{}.{path}", table.module(module).name);
    let Some((owner, attribute)) = whole.rsplit_once('.') else { return Truth::Unknown };
    let Some(known) = program.standard_library.module(owner) else { return Truth::Unknown };
    let Some(attributes) = known.attributes else { return Truth::Unknown };
    if attributes.contains(&attribute) {
        Truth::True
    } else if known.has_getattr || table.module(module).origin != Origin::Standard {
        Truth::Unknown
    } else {
        Truth::False
    }
}

/// The edges, by importer and in the order of its file.
fn edges(
    program: &Program<'_>,
    table: &ModuleTable,
    resolutions: &[Vec<Resolution>],
    events: &[Vec<Event>],
) -> Vec<Edge> {
    let own_names = own_names(program, table);
    let has_own = |package: ModuleId, name: &str| own_names[package.index()].contains(name);
    let of_module = |at: usize| edges_of(program, table, at, &resolutions[at], &events[at], &has_own);
    let mut found: Vec<Edge> = (0..resolutions.len()).into_par_iter().flat_map_iter(of_module).collect();
    for source in &program.modules {
        let Some(importer) = table.find(source.name.as_str()) else { continue };
        for name in &source.loads {
            let mut loaded = table.find(name.as_str());
            let mut is_implicit = false;
            while let Some(imported) = loaded.filter(|loaded| *loaded != importer) {
                let (import, when, guard, truth) = (None, When::Load, None, Truth::True);
                found.push(Edge { importer, imported, import, when, guard, truth, is_implicit });
                is_implicit = true;
                loaded = table.module(imported).parent;
            }
        }
    }
    found.sort_by_key(|edge| (edge.importer, edge.import, edge.is_implicit));
    found
}

/// The edges of the imports of a module's file. Told is which names each package has of its own.
pub(crate) fn edges_of(
    program: &Program<'_>,
    table: &ModuleTable,
    at: usize,
    resolutions: &[Resolution],
    events: &[Event],
    has_own: &dyn Fn(ModuleId, &str) -> bool,
) -> Vec<Edge> {
    let mut found = Vec::new();
    let importer = ModuleId(u32::try_from(at).unwrap_or(u32::MAX));
    let Some(file) = table.modules[at].file else { return found };
    let facts = program.facts(file);
    let mut runs = vec![false; facts.imports.len()];
    for event in events {
        if let EventKind::Import(import) | EventKind::Star(import) = event.kind {
            runs[import.index()] = true;
        }
    }
    let is_typing_view = table.modules[at].is_typing_view;
    let is_compiled = table.modules[at].kind == ModuleKind::Extension;
    let away = if is_compiled { compiled_away(facts) } else { FxHashSet::default() };
    let mut before = None;
    for ((id, import), resolution) in (0..).map(ImportId).zip(&facts.imports).zip(resolutions) {
        if import.binding.is_some_and(|binding| away.contains(&facts.binding(binding).name)) {
            continue;
        }
        let (target, nearest) = match resolution {
            Resolution::Module(module) => (Some(*module), None),
            Resolution::Missing(nearest) => (None, *nearest),
            _ => continue,
        };
        let when = if is_typing_view { When::TypeChecking } else { import.when };
        let decided = facts.branches.truth(import.branch);
        let truth = if import.when == When::Load && !runs[id.index()] { Truth::False } else { decided };
        let edge = |imported, is_implicit| Edge {
            importer,
            imported,
            import: Some(id),
            when,
            guard: facts.guard(import),
            truth,
            is_implicit,
        };
        // The names of one `from` statement share the module, and what comes with it.
        let is_same = before.replace((import.statement, target, nearest)) == Some((import.statement, target, nearest));
        if let Some(module) = target {
            if !is_same {
                found.push(edge(module, false));
            }
            // `from package import name` loads the submodule `name`, unless the package has that name already.
            let has_it = |name: &&str| match module == importer {
                true => binds_before(facts, import),
                false => has_own(module, name),
            };
            let taken = taken_name(facts, import).filter(|name| !has_it(name));
            if let Some(child) = taken.and_then(|name| table.child(module, name)) {
                found.push(edge(child, false));
            }
            // A star loads the submodules that `__all__` names.
            if matches!(import.target, Target::Star { .. }) && table.module(module).kind == ModuleKind::Package {
                let listed = table.module(module).file.into_iter();
                let listed = listed.flat_map(|file| listed_submodules(program.facts(file), table, module));
                let listed = listed.filter(|(name, _)| !has_own(module, name));
                found.extend(listed.map(|(_, child)| edge(child, false)));
            }
        }
        if is_same {
            continue;
        }
        // `import a.b` also runs `a/__init__.py`, so the parents are loaded even though nobody names them.
        let mut parent = match target {
            Some(module) => table.module(module).parent,
            None => nearest,
        };
        while let Some(package) = parent {
            found.push(edge(package, true));
            parent = table.module(package).parent;
        }
    }
    // `from . import a` in an `__init__` names the package itself.
    found.retain(|edge| edge.importer != edge.imported);
    found.sort_by_key(|edge| (edge.import, edge.is_implicit));
    found
}

/// The submodules that a package's `__all__` spells.
pub(crate) fn listed_submodules<'f>(
    facts: &'f FileFacts,
    table: &ModuleTable,
    package: ModuleId,
) -> impl Iterator<Item = (&'f str, ModuleId)> {
    let items = facts.all_operations.iter().flat_map(|operation| &operation.items);
    items.filter_map(move |item| match item {
        AllItem::Name(export) => {
            let name = facts.name(export.name);
            table.child(package, name).map(|child| (name, child))
        }
        _ => None,
    })
}

/// The file binds the name that an import takes before the import runs.
fn binds_before(facts: &FileFacts, import: &Import) -> bool {
    let Target::From { name, .. } = import.target else { return false };
    let before = facts.bindings_of(ScopeId::MODULE, name).take_while(|binding| binding.0 < import.position);
    before.map(|binding| facts.binding(binding).kind).any(|kind| !matches!(kind, BindingKind::Import(_)))
}

/// Which modules each module loads when it is loaded; sorted.
pub(crate) struct Loads {
    starts: Vec<usize>,
    targets: Vec<u32>,
}

impl Loads {
    pub(crate) fn new(count: usize, edges: &[Edge]) -> Self {
        let mut starts = Vec::with_capacity(count + 1);
        let mut targets: Vec<u32> = Vec::new();
        for of_module in edges.chunk_by(|one, other| one.importer == other.importer) {
            starts.resize(of_module[0].importer.index() + 1, targets.len());
            targets.append(&mut Self::of_edges(of_module));
        }
        starts.resize(count + 1, targets.len());
        Self { starts, targets }
    }

    /// What a module of these edges loads.
    pub(crate) fn of_edges(edges: &[Edge]) -> Vec<u32> {
        let mut loaded: Vec<u32> = edges.iter().filter(|edge| edge.is_loaded()).map(|edge| edge.imported.0).collect();
        loaded.sort_unstable();
        loaded.dedup();
        loaded
    }

    pub(crate) fn successors(&self, module: usize) -> &[u32] {
        &self.targets[self.starts[module]..self.starts[module + 1]]
    }

    /// Most packages import all their modules themselves, which a look at their own edges tells; the others are searched
    /// for together.
    fn reached(&self, questions: &[(Vec<u32>, Vec<u32>)]) -> Vec<Vec<u32>> {
        let is_plain = |(starts, watched): &(Vec<u32>, Vec<u32>)| {
            let imports =
                |node| starts.iter().any(|start| self.successors(*start as usize).binary_search(node).is_ok());
            watched.iter().all(imports)
        };
        let (plain, searched): (Vec<usize>, Vec<usize>) =
            (0..questions.len()).partition(|at| is_plain(&questions[*at]));
        let asked: Vec<(Vec<u32>, Vec<u32>)> = searched.iter().map(|at| questions[*at].clone()).collect();
        let found = reached(self.starts.len() - 1, |module| self.successors(module), &asked);
        let mut answers = vec![Vec::new(); questions.len()];
        for at in plain {
            answers[at].clone_from(&questions[at].1);
        }
        for (at, answer) in searched.into_iter().zip(found) {
            answers[at] = answer;
        }
        answers
    }
}

/// The names that other modules give to a module while they are loaded: `module.name = value`. Surely given are those
/// that come from what the module's own load, or its packages', loads.
pub(crate) fn patches(
    table: &ModuleTable,
    names: &NameTable,
    program: &Program<'_>,
    resolutions: &[Vec<Resolution>],
    loads: &Loads,
) -> FxHashMap<ModuleId, Vec<Patch>> {
    let mut found: FxHashMap<ModuleId, Vec<Patch>> = FxHashMap::default();
    for (at, module) in (0u32..).map(ModuleId).zip(&table.modules) {
        let Some(file) = module.file.filter(|_| !module.is_stub) else { continue };
        let facts = program.facts(file);
        for effect in &facts.effects {
            let EffectKind::AttributeStore(reference) = effect.kind else { continue };
            let Some((last, path)) = facts.chain(facts.reference(reference)).split_last() else { continue };
            if facts.branches.truth(effect.branch) != Truth::True {
                continue;
            }
            let patched = table.module_behind(&resolutions[at.index()], facts, facts.reference(reference), path);
            if let Some(patched) = patched.filter(|patched| *patched != at) {
                let name = names.of(file, last.name);
                found.entry(patched).or_default().push(Patch { name, by: at, is_certain: false });
            }
        }
    }
    let questions: Vec<(Vec<u32>, Vec<u32>)> = found
        .iter()
        .map(|(patched, patches)| (table.with_parents(*patched), patches.iter().map(|patch| patch.by.0).collect()))
        .collect();
    for ((_, patches), loaded) in found.iter_mut().zip(loads.reached(&questions)) {
        for patch in patches {
            patch.is_certain = loaded.contains(&patch.by.0);
        }
    }
    found
}

/// The modules whose functions set names of other modules, and the packages that such a function may be taken from.
struct Setters<'f> {
    modules: FxHashSet<ModuleId>,
    facades: FxHashMap<ModuleId, Facade<'f>>,
    /// The packages right around those modules and packages.
    parents: FxHashSet<ModuleId>,
}

/// A package that imports something from a module below it that sets names of others.
struct Facade<'f> {
    by: ModuleId,
    /// The names that the package binds, and whether that module may be behind each.
    names: FxHashMap<&'f str, bool>,
    /// It may have names from there that it does not spell.
    is_open: bool,
}

impl Setters<'_> {
    /// The module that sets names, if an import from `source` may take such a function. Few imports are from near such a
    /// module, so that only few submodules are looked for.
    fn behind(
        &self,
        source: ModuleId,
        name: Option<&str>,
        submodule: impl FnOnce() -> Option<ModuleId>,
    ) -> Option<ModuleId> {
        if self.modules.contains(&source) {
            return Some(source);
        }
        if !self.facades.contains_key(&source) && !self.parents.contains(&source) {
            return None;
        }
        let submodule = submodule();
        let of_submodule = || {
            let submodule = submodule?;
            self.modules.get(&submodule).copied().or_else(|| Some(self.facades.get(&submodule)?.by))
        };
        let of_package = || {
            let facade = self.facades.get(&source)?;
            let gives = name.is_none_or(|name| match facade.names.get(name) {
                Some(gives) => *gives,
                None => submodule.is_none() && facade.is_open,
            });
            gives.then_some(facade.by)
        };
        of_submodule().or_else(of_package)
    }
}

/// The modules that may get names which nobody can spell, because other code sets attributes of them, or decorates what they
/// define and then looks them up by their name; with the module that does it, of several the first.
pub(crate) fn opened(
    table: &ModuleTable,
    program: &Program<'_>,
    resolutions: &[Vec<Resolution>],
) -> FxHashMap<ModuleId, ModuleId> {
    let facts_of = |module: ModuleId| Some(program.facts(table.module(module).file?));
    // `from . import module` names the package, and takes the module.
    let taken = |package: ModuleId, facts: &FileFacts, import: &Import| {
        let name = taken_name(facts, import)?;
        table.find(table.module(package).name.join(name)?.as_str())
    };
    let taken_from = |module: ModuleId, setters: &Setters<'_>| {
        let facts = facts_of(module)?;
        facts.imports.iter().zip(&resolutions[module.index()]).find_map(|(import, found)| {
            let source = found.module()?;
            setters.behind(source, taken_name(facts, import), || taken(source, facts, import))
        })
    };
    let all = || (0u32..).map(ModuleId).zip(&table.modules).map(|(at, _)| at);
    let does = |module: &ModuleId| facts_of(*module).is_some_and(|facts| facts.traits.sets_names_of_others);
    let parent = |module: &ModuleId| table.module(*module).parent;
    let modules: FxHashSet<ModuleId> = all().filter(does).collect();
    // What does it may be taken from the package around it.
    let packages: FxHashSet<ModuleId> = modules.iter().filter_map(parent).collect();
    let mut setters = Setters { modules, facades: FxHashMap::default(), parents: packages.clone() };
    let facade = |package: &ModuleId| {
        let by = taken_from(*package, &setters)?;
        let facts = facts_of(*package)?;
        let resolutions = &resolutions[package.index()];
        let is_setter = |id: ImportId| {
            let import = facts.import(id);
            let source = resolutions[id.index()].module()?;
            let submodule = taken(source, facts, import);
            // The package takes its own submodules from itself.
            let source = Some(source).filter(|source| source != package || submodule.is_none());
            Some(
                source == Some(*package)
                    || [source, submodule].into_iter().flatten().any(|it| setters.modules.contains(&it)),
            )
        };
        let is_setter = |id: ImportId| is_setter(id).unwrap_or(false);
        let mut names: FxHashMap<&str, bool> = FxHashMap::default();
        for binding in facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE) {
            let gives = match binding.kind {
                BindingKind::Import(import) => is_setter(import),
                _ => true,
            };
            *names.entry(facts.name(binding.name)).or_default() |= gives;
        }
        let stars = (0..).map(ImportId).zip(&facts.imports);
        let mut stars = stars.filter(|(_, import)| matches!(import.target, Target::Star { .. }));
        let writes =
            |effect: &Effect| matches!(effect.kind, EffectKind::NamespaceWrite | EffectKind::ReplacesItself(_));
        let is_open =
            facts.traits.has_getattr || facts.effects.iter().any(writes) || stars.any(|(import, _)| is_setter(import));
        Some((*package, Facade { by, names, is_open }))
    };
    let facades: FxHashMap<ModuleId, Facade<'_>> =
        packages.iter().filter(|package| !setters.modules.contains(package)).filter_map(facade).collect();
    setters.parents.extend(facades.keys().filter_map(parent));
    setters.facades = facades;
    let of_module = |at: ModuleId| {
        let mut found: Vec<(ModuleId, ModuleId)> = Vec::new();
        let Some(facts) = facts_of(at) else { return found };
        let resolutions = &resolutions[at.index()];
        found.extend(
            facts
                .effects
                .iter()
                .filter_map(|effect| match effect.kind {
                    EffectKind::SetAttribute(owner) => {
                        let owner = facts.reference(owner);
                        table.module_behind(resolutions, facts, owner, facts.chain(owner))
                    }
                    EffectKind::TakesModule(name) => table.find(facts.name(name)),
                    _ => None,
                })
                .map(|opened| (opened, at)),
        );
        if facts.traits.installs_importer {
            found.extend(table.module(at).parent.map(|opened| (opened, at)));
        }
        if facts.traits.sets_names_of_others {
            let named = facts.paths_in_strings.iter().filter_map(|path| table.find(facts.name(*path)));
            found.extend(named.map(|opened| (opened, at)));
        }
        if facts.load_effect.is_some() && !setters.modules.is_empty() {
            found.extend(taken_from(at, &setters).map(|by| (at, by)));
        }
        found
    };
    let all: Vec<ModuleId> = all().collect();
    let found: Vec<(ModuleId, ModuleId)> = all.into_par_iter().flat_map_iter(of_module).collect();
    let mut opened: FxHashMap<ModuleId, ModuleId> = FxHashMap::default();
    for (module, by) in found {
        opened.entry(module).and_modify(|known| *known = by.min(*known)).or_insert(by);
    }
    opened
}

/// The submodules that come with each package whose star brings whatever it has: those that its own load loads.
pub(crate) fn loaded_children(
    table: &ModuleTable,
    loads: &Loads,
    program: &Program<'_>,
    resolutions: &[Vec<Resolution>],
    events: &[Vec<Event>],
) -> FxHashMap<ModuleId, Vec<ModuleId>> {
    let mut children: FxHashMap<ModuleId, Vec<u32>> = FxHashMap::default();
    for (at, module) in (0u32..).zip(&table.modules) {
        if let Some(parent) = module.parent.filter(|_| !module.is_typing_view) {
            children.entry(parent).or_default().push(at);
        }
    }
    let of_module = |at: usize| {
        let facts = table.modules[at].file.map(|file| program.facts(file));
        facts.map_or(Vec::new(), |facts| asked_about(table, facts, at, &resolutions[at], &events[at]))
    };
    let mut asked: Vec<ModuleId> = (0..resolutions.len()).into_par_iter().flat_map_iter(of_module).collect();
    asked.sort_unstable();
    asked.dedup();
    let questions: Vec<(Vec<u32>, Vec<u32>)> = asked
        .iter()
        .filter(|module| table.module(**module).kind == ModuleKind::Package)
        .filter_map(|module| children.get(module).map(|children| (table.with_parents(*module), children.clone())))
        .collect();

    let answers = loads.reached(&questions);
    questions
        .iter()
        .zip(answers)
        .filter_map(|((starts, _), loaded)| {
            Some((ModuleId(*starts.first()?), loaded.into_iter().map(ModuleId).collect()))
        })
        .collect()
}

/// The packages whose loaded submodules count because of a module: those that its stars take from, and itself.
pub(crate) fn asked_about(
    table: &ModuleTable,
    facts: &FileFacts,
    at: usize,
    resolutions: &[Resolution],
    events: &[Event],
) -> Vec<ModuleId> {
    let module = &table.modules[at];
    let mut asked = Vec::new();
    let lists_own_names = facts
        .all_operations
        .iter()
        .any(|operation| operation.items.iter().any(|item| matches!(item, AllItem::PublicNames(_))));
    let is_open_package = module.kind == ModuleKind::Package && (facts.all_operations.is_empty() || lists_own_names);
    // A program's own packages are asked about by name as well; others only by the stars that take from them.
    if is_open_package && module.origin == Origin::FirstParty {
        asked.push(ModuleId(u32::try_from(at).unwrap_or(u32::MAX)));
    }
    for event in events {
        if let EventKind::Star(import) = event.kind {
            asked.extend(resolutions[import.index()].module());
        }
    }
    asked
}
