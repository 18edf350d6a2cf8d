//! Linking once more after some files got other facts, as at each keystroke in an editor.
//!
//! Linking is a function of all facts, and so is this: the graph is what [`link`] would make of them, but for the numbers of
//! names and the names that nobody spells any more, which no question depends on. What is taken over from the graph
//! before, and what each part depends on besides the facts of the module's own file:
//!
//! | part | depends on |
//! |---|---|
//! | the modules | the list of sources, and which standard modules the files name |
//! | what the imports of a module name | the modules; which packages may have parts elsewhere |
//! | its events | what its imports name; the standard library |
//! | its edges | its events; of the packages that it imports: their own names that submodules have too, and the submodules that their `__all__` lists |
//! | what is loaded with packages | the edges; the stars, and which packages have no `__all__` |
//! | what others do to it | what the imports of all modules name |
//! | its names | its events, what is loaded with it, what others do to it, and the names of the modules that its stars and its `__all__` need |
//!
//! Whatever of this changed is made anew for the modules that it touches; where the modules themselves may be others, all is
//! linked from the start. [`Changes`] says what may be different then, for what is derived from the graph.

use douane_base::FileId;
use douane_parser::{FileFacts, Target, Truth};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    link::{
        Loads, Program, Steps, asked_about, edges_of, events_of, link, listed_submodules, loaded_children, opened,
        patches, resolutions_of,
    },
    module::{Edge, ModuleId, ModuleKind},
    name_table::NameId,
    namespace::{EntrySource, Namespace, Unknown},
    queries::ModuleGraph,
    resolve::{ModuleTable, Resolution, extends_path, own_names_of},
    stars::{Inputs, needed, remake},
};

/// What may be different in a graph that was linked again, from the one before.
pub struct Changes {
    /// The modules whose facts are others, or what their imports name.
    modules: FxHashSet<ModuleId>,
    /// The names that some module has and had not, or the other way round, or that stand for another submodule.
    names: FxHashSet<NameId>,
    /// The modules that may have any name and could not, or the other way round.
    opened: FxHashSet<ModuleId>,
    has_same_loads: bool,
}

impl Changes {
    /// By module: whether a name that its code spells, with the attributes behind it, may stand for something else. Of a
    /// module without stars, that depends on which names the modules have that it goes through, and nobody can ask for a
    /// name without spelling it.
    #[must_use]
    pub fn affected(&self, graph: &ModuleGraph, facts: &[FileFacts]) -> Vec<bool> {
        let mut is_changed = vec![false; graph.names.count()];
        self.names.iter().for_each(|name| is_changed[name.index()] = true);
        let is_affected = |module: ModuleId| {
            let Some(file) = graph.module(module).file else { return self.modules.contains(&module) };
            let spells_changed = || graph.names.of_all(file).iter().any(|name| is_changed[name.index()]);
            self.modules.contains(&module)
                || facts.get(file.0 as usize).is_some_and(|facts| facts.stars().next().is_some())
                || (!self.names.is_empty() && spells_changed())
        };
        let modules: Vec<ModuleId> = graph.ids().collect();
        modules.into_par_iter().map(is_affected).collect()
    }

    /// The module imports from one of which it is known now, or not any more, that it has no further names.
    #[must_use]
    pub fn opens_source_of(&self, graph: &ModuleGraph, module: ModuleId) -> bool {
        let mut sources = graph.resolutions[module.index()].iter().filter_map(|resolution| resolution.module());
        !self.opened.is_empty() && sources.any(|source| self.opened.contains(&source))
    }

    /// All modules load the same modules as before, in the same way.
    #[must_use]
    pub fn has_same_loads(&self) -> bool {
        self.has_same_loads
    }
}

/// Links a program again that has the same modules as before. `changed` are the files with other facts, with those that the
/// graph was made of; the facts of all other files must be the same.
#[must_use]
pub fn relink(program: &Program<'_>, before: ModuleGraph, changed: &[(FileId, FileFacts)]) -> ModuleGraph {
    let renewed = changed.iter().filter_map(|(file, before_of_file)| {
        Some(Renewed { module: before.module_of_file(*file)?, before: before_of_file, now: program.facts(*file) })
    });
    let renewed: Vec<Renewed<'_>> = renewed.collect();
    let keeps_modules = renewed.iter().all(|Renewed { module, before: facts, now }| {
        // What a compiled module loads is read off its binary as well.
        before.module(*module).kind != ModuleKind::Extension
            && before.table.has_same_standard_modules(program, facts, now)
    });
    if !keeps_modules || before.names.is_worn() {
        return link(program);
    }
    let ModuleGraph { table, mut names, namespaces, mut resolutions, edges, edge_starts, steps, .. } = before;
    let Steps { mut events, needed: mut needed_names, mut loads, loaded_children: mut children, .. } = steps;
    let (patches_before, opened_before) = (steps.patches, steps.opened);
    for (file, _) in changed {
        names.replace(*file, program.facts(*file), &table);
    }

    let modules = touched(&table, &renewed, &resolutions);
    let mut sorted: Vec<ModuleId> = modules.iter().copied().collect();
    sorted.sort_unstable();
    let has_own = |package: ModuleId, name: &str| {
        let file = table.module(package).file.filter(|_| table.module(package).kind == ModuleKind::Package);
        file.is_some_and(|file| own_names_of(program.facts(file)).any(|own| own == name))
    };
    let of_module = |module: &ModuleId| {
        let resolutions = resolutions_of(program, &table, module.index());
        let events = events_of(program, &table, module.index(), &resolutions);
        let edges = edges_of(program, &table, module.index(), &resolutions, &events, &has_own);
        (*module, resolutions, events, edges)
    };
    let made: Vec<_> = sorted.par_iter().map(of_module).collect();
    let (mut has_same_loads, mut asks_the_same) = (true, true);
    let mut new_edges: Vec<(ModuleId, Vec<Edge>)> = Vec::with_capacity(made.len());
    for (module, new_resolutions, new_events, of_module) in made {
        let at = module.index();
        let Some(now) = table.module(module).file.map(|file| program.facts(file)) else { continue };
        let was = renewed.iter().find(|renewed| renewed.module == module).map_or(now, |renewed| renewed.before);
        let edges_before = &edges[edge_starts[at]..edge_starts[at + 1]];
        has_same_loads &= loading(was, edges_before).eq(loading(now, &of_module));
        asks_the_same &= asked_about(&table, was, at, &resolutions[at], &events[at])
            == asked_about(&table, now, at, &new_resolutions, &new_events);
        resolutions[at] = new_resolutions;
        events[at] = new_events;
        new_edges.push((module, of_module));
    }
    let edges = spliced(&edges, &edge_starts, &new_edges);

    let mut stale = modules.clone();
    if !has_same_loads {
        loads = Loads::new(table.modules.len(), &edges);
    }
    if !has_same_loads || !asks_the_same {
        let now = loaded_children(&table, &loads, program, &resolutions, &events);
        stale.extend(differing(&children, &now));
        children = now;
    }
    let patches = patches(&table, &names, program, &resolutions, &loads);
    stale.extend(differing(&patches_before, &patches));
    let opened = opened(&table, program, &resolutions);
    let differs = |module: &&ModuleId| opened.get(module) != opened_before.get(module);
    stale.extend(opened.keys().chain(opened_before.keys()).filter(differs));
    let inputs = Inputs {
        program,
        table: &table,
        names: &names,
        events: &events,
        resolutions: &resolutions,
        loaded_children: &children,
        patches: &patches,
        opened: &opened,
    };
    for module in sorted {
        needed_names[module.index()] = needed(&inputs, module.index());
    }
    let (namespaces, replaced) = remake(&inputs, &needed_names, namespaces, &stale);

    let mut changes = Changes { modules, names: FxHashSet::default(), opened: FxHashSet::default(), has_same_loads };
    for (module, before) in &replaced {
        let now = &namespaces[module.index()];
        changes.names.extend(differing_names(before, now));
        if before.open.is_some() != now.open.is_some() {
            changes.opened.insert(*module);
        }
    }
    let steps = Steps { events, needed: needed_names, loads, loaded_children: children, patches, opened };
    let mut graph = ModuleGraph::new(program, table, names, namespaces, resolutions, edges, steps);
    graph.changes = Some(changes);
    graph
}

/// A module whose file has other facts.
struct Renewed<'f> {
    module: ModuleId,
    before: &'f FileFacts,
    now: &'f FileFacts,
}

/// The modules whose facts are others, and those whose imports may name or load something else because of these.
fn touched(table: &ModuleTable, renewed: &[Renewed<'_>], resolutions: &[Vec<Resolution>]) -> FxHashSet<ModuleId> {
    let mut found: FxHashSet<ModuleId> = renewed.iter().map(|renewed| renewed.module).collect();
    let mut add = |is_touched: &dyn Fn(Resolution) -> bool| {
        let modules = (0..).map(ModuleId).zip(resolutions);
        found.extend(modules.filter(|(_, found)| found.iter().any(|found| is_touched(*found))).map(|(at, _)| at));
    };
    for Renewed { module: package, before, now } in renewed {
        if extends_path(before) != extends_path(now) {
            add(&|resolution| match resolution {
                Resolution::Missing(nearest) => nearest == Some(*package),
                Resolution::Unknown(reason) => matches!(reason, Unknown::OpenPackage | Unknown::SeveralPlaces),
                Resolution::Module(_) | Resolution::BeyondTop => false,
            });
        }
        let is_package = table.module(*package).kind == ModuleKind::Package;
        let hidden = |facts| -> FxHashSet<&str> {
            own_names_of(facts).filter(|name| table.child(*package, name).is_some()).collect()
        };
        let lists_the_same = || listed_submodules(before, table, *package).eq(listed_submodules(now, table, *package));
        if is_package && (hidden(before) != hidden(now) || !lists_the_same()) {
            add(&|resolution| resolution == Resolution::Module(*package));
        }
    }
    found
}

/// The edges of a file that run when it is loaded, as far as it matters who loads whom in which way.
fn loading<'e>(facts: &'e FileFacts, edges: &'e [Edge]) -> impl Iterator<Item = (ModuleId, Truth, bool, bool)> + 'e {
    edges.iter().filter(|edge| edge.is_loaded()).map(|edge| {
        let is_star = edge.import.is_some_and(|import| matches!(facts.import(import).target, Target::Star { .. }));
        (edge.imported, edge.truth, edge.is_implicit, is_star)
    })
}

/// The edges with those of some modules replaced, which are sorted.
fn spliced(edges: &[Edge], starts: &[usize], new: &[(ModuleId, Vec<Edge>)]) -> Vec<Edge> {
    let mut spliced = Vec::with_capacity(edges.len() + new.iter().map(|(_, edges)| edges.len()).sum::<usize>());
    let mut from = 0;
    for (module, of_module) in new {
        spliced.extend_from_slice(&edges[from..starts[module.index()]]);
        spliced.extend_from_slice(of_module);
        from = starts[module.index() + 1];
    }
    spliced.extend_from_slice(&edges[from..]);
    spliced
}

/// The modules for which two maps hold different lists.
fn differing<T: PartialEq>(one: &FxHashMap<ModuleId, Vec<T>>, other: &FxHashMap<ModuleId, Vec<T>>) -> Vec<ModuleId> {
    one.keys().chain(other.keys()).filter(|module| one.get(module) != other.get(module)).copied().collect()
}

/// The names that one of two namespaces has alone, and those that are another submodule in it.
fn differing_names(one: &Namespace, other: &Namespace) -> Vec<NameId> {
    let shape = |namespace: &Namespace, name| {
        namespace.get(name).map(|entry| match entry.source {
            EntrySource::Submodule(submodule) => Some(submodule),
            _ => None,
        })
    };
    let names = one.names().chain(other.names()).map(|(name, _)| name);
    names.filter(|name| shape(one, *name) != shape(other, *name)).collect()
}
