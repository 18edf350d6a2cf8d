//! Who takes which name from which module.

use std::cmp::Ordering;

use douane_parser::{BindingKind, Context, FileFacts, ImportId, Reference, ScopeId, Symbol, Target, Usage};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    module::{ModuleId, Origin},
    name_table::NameId,
    namespace::Exports,
    queries::{ModuleGraph, Object},
};

/// One use of a module's name by another module of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Taken {
    /// The name.
    pub name: NameId,
    /// Who takes it.
    pub by: ModuleId,
}

/// The names that the program's modules take from each module: by `from` imports, as attributes, and through stars, and by the
/// paths in strings that `mock.patch` and the like are given. What a module takes through another that only passes it on by a star is taken from both.
///
/// All lists are sorted, and hold who does it.
pub struct Takes {
    /// By the module that is taken from.
    taken: Vec<(ModuleId, Taken)>,
    /// What is taken through stars, and what entry points name.
    passed_on: Vec<(ModuleId, Taken)>,
    /// Modules that are handed on as values.
    escaped: Vec<Used>,
    /// Modules that are used through their package without an import of them in the file.
    relied_on: Vec<Used>,
    /// Names that somebody sets from outside, or whose paths stand in strings, as for `mock.patch`.
    replaced: Vec<(ModuleId, NameId, ModuleId)>,
    /// Names that somebody looks up or replaces in a module whose name is computed.
    anywhere: Vec<(NameId, ModuleId)>,
}

impl Takes {
    /// Reads the takes off the facts, by [`douane_base::FileId`], that a graph was made of. The entry points are what is
    /// taken from outside the program, as `package.module:name`.
    #[must_use]
    pub fn new(graph: &ModuleGraph, facts: &[FileFacts], entry_points: &[String]) -> Self {
        let (taken, passed_on, escaped, relied_on, replaced, anywhere) = Default::default();
        let nothing = Self { taken, passed_on, escaped, relied_on, replaced, anywhere };
        nothing.again(graph, facts, entry_points, &vec![true; graph.modules().len()])
    }

    /// The same for a graph that was linked again: what the affected modules do is read anew, see
    /// [`Changes::affected`](crate::Changes::affected).
    #[must_use]
    pub fn again(self, graph: &ModuleGraph, facts: &[FileFacts], entry_points: &[String], affected: &[bool]) -> Self {
        let Self { mut taken, mut escaped, mut relied_on, mut replaced, mut anywhere, .. } = self;
        let stays = |by: ModuleId| !affected[by.index()];
        taken.retain(|(_, taken)| stays(taken.by));
        escaped.retain(|(_, by)| stays(*by));
        relied_on.retain(|(_, by)| stays(*by));
        replaced.retain(|(_, _, by)| stays(*by));
        anywhere.retain(|(_, by)| stays(*by));

        let modules: Vec<ModuleId> = graph.ids().filter(|module| affected[module.index()]).collect();
        let tops: FxHashSet<&str> = graph.modules().iter().map(|module| module.name.top_level()).collect();
        let takers: Vec<Taker<'_>> = modules.par_iter().filter_map(|by| Taker::new(graph, facts, *by, &tops)).collect();
        let own = takers.par_iter().filter(|taker| graph.module(taker.by).origin == Origin::FirstParty);
        taken.par_extend(own.flat_map_iter(Taker::taken));
        let (new_escaped, new_relied_on): (Vec<_>, Vec<_>) = takers.par_iter().map(Taker::modules_used).unzip();
        escaped.extend(new_escaped.into_iter().flatten());
        relied_on.extend(new_relied_on.into_iter().flatten());
        replaced.par_extend(takers.par_iter().flat_map_iter(Taker::replaced));
        anywhere.extend(takers.iter().flat_map(Taker::anywhere));
        let taken = sorted(taken);
        let passed_on = sorted(passed_on(graph, entry_points, &taken, &takers));
        Self {
            taken,
            passed_on,
            escaped: sorted(escaped),
            relied_on: sorted(relied_on),
            replaced: sorted(replaced),
            anywhere: sorted(anywhere),
        }
    }

    /// True if the program handles the module as a value, so that any of its names may be taken by a computed name.
    #[must_use]
    pub fn escapes(&self, module: ModuleId) -> bool {
        begins_with(&self.escaped, |(escaped, _)| escaped.cmp(&module))
    }

    /// True if somebody may give the name of the module another value.
    #[must_use]
    pub fn may_be_replaced(&self, module: ModuleId, name: NameId) -> bool {
        self.escapes(module)
            || self.is_looked_up(name)
            || begins_with(&self.replaced, |(of, replaced, _)| (*of, *replaced).cmp(&(module, name)))
    }

    /// The modules that some code uses through their package although its file does not import them: whoever loads
    /// them can't stop doing so.
    pub fn relied_on(&self) -> impl Iterator<Item = ModuleId> {
        self.relied_on.iter().map(|(module, _)| *module)
    }

    /// The modules whose code uses others in that way.
    pub fn relying(&self) -> FxHashSet<ModuleId> {
        self.relied_on.iter().map(|(_, by)| *by).collect()
    }

    /// True if some module of the program takes the name from the module.
    #[must_use]
    pub fn is_taken(&self, module: ModuleId, name: NameId) -> bool {
        let is_it = |(source, taken): &(ModuleId, Taken)| (*source, taken.name).cmp(&(module, name));
        begins_with(&self.taken, is_it) || begins_with(&self.passed_on, is_it) || self.is_looked_up(name)
    }

    /// The names that are taken from a module, in no order.
    pub fn from(&self, module: ModuleId) -> impl Iterator<Item = Taken> {
        [&self.taken, &self.passed_on].into_iter().flat_map(move |list| {
            let start = list.partition_point(|(source, _)| *source < module);
            list[start..].iter().take_while(move |(source, _)| *source == module).map(|(_, taken)| *taken)
        })
    }

    /// The name stands at the end of a path that is computed.
    fn is_looked_up(&self, name: NameId) -> bool {
        begins_with(&self.anywhere, |(looked_up, _)| looked_up.cmp(&name))
    }
}

/// True if a sorted list has an entry of that key.
fn begins_with<T>(list: &[T], key: impl Fn(&T) -> Ordering) -> bool {
    list.binary_search_by(key).is_ok()
}

/// What is taken from modules that have it from their stars is taken from where these lead, too.
fn passed_on(
    graph: &ModuleGraph,
    entry_points: &[String],
    taken: &[(ModuleId, Taken)],
    takers: &[Taker<'_>],
) -> Vec<(ModuleId, Taken)> {
    let with_stars: FxHashMap<ModuleId, &Taker<'_>> =
        takers.iter().filter(|taker| !taker.stars.is_empty()).map(|taker| (taker.by, taker)).collect();
    let mut known: FxHashMap<(ModuleId, NameId), Vec<ModuleId>> = FxHashMap::default();
    let mut through = |(source, take): (ModuleId, Taken), new: &mut Vec<(ModuleId, Taken)>| {
        let Some(taker) = with_stars.get(&source) else { return };
        let stars = known.entry((source, take.name)).or_insert_with(|| {
            let is_own = graph.entry(source, take.name).is_some_and(|entry| entry.module == source);
            if is_own { Vec::new() } else { taker.stars_that_bring(take.name).collect() }
        });
        new.extend(stars.iter().map(|star| (*star, take)));
    };
    let named = entry_points.iter().filter_map(|path| spelt_name(graph, path));
    let named = named.map(|(module, name)| (module, Taken { name, by: module }));
    let mut new: Vec<(ModuleId, Taken)> = named.collect();
    for source in with_stars.keys() {
        let start = taken.partition_point(|(from, _)| from < source);
        taken[start..].iter().take_while(|(from, _)| from == source).for_each(|take| through(*take, &mut new));
    }
    let mut seen: FxHashSet<(ModuleId, Taken)> = FxHashSet::default();
    while let Some(take) = new.pop() {
        if seen.insert(take) {
            through(take, &mut new);
        }
    }
    seen.into_iter().collect()
}

/// The longest module that a path begins with, and what follows its name.
fn module_in<'p>(graph: &ModuleGraph, path: &'p str) -> Option<(ModuleId, Option<&'p str>)> {
    let ends = path.match_indices(['.', ':']).map(|(at, _)| at).chain([path.len()]);
    let modules = ends.map_while(|end| Some((graph.find(&path[..end])?, path.get(end + 1..))));
    modules.last()
}

/// The module and the name in it that a path such as `package.module.name` or `package.module:name` spells.
fn spelt_name(graph: &ModuleGraph, path: &str) -> Option<(ModuleId, NameId)> {
    let (module, rest) = module_in(graph, path)?;
    Some((module, name_in(graph, rest?)?))
}

/// The first name of what follows a module in such a path.
fn name_in(graph: &ModuleGraph, rest: &str) -> Option<NameId> {
    graph.name_id(rest.split(['.', ':']).next()?)
}

/// Most of the list is sorted, if it is that of another graph with a few entries behind it.
fn sorted<T: Ord + Send>(mut list: Vec<T>) -> Vec<T> {
    list.par_sort();
    list.dedup();
    list
}

/// The imports of a file by the names that they bind.
struct Imports {
    /// Those of the module's scope, by symbol: a position in `list`.
    of_module: Vec<u32>,
    /// Sorted by scope and name.
    list: Vec<(ScopeId, Symbol, ImportId)>,
    /// What each import binds its name to.
    objects: Vec<Object>,
}

impl Imports {
    const NONE: u32 = u32::MAX;

    fn new(graph: &ModuleGraph, by: ModuleId, facts: &FileFacts) -> Self {
        let objects = (0..).map(ImportId).zip(&facts.imports).map(|(id, _)| graph.imported_object(by, facts, id));
        let objects: Vec<Object> = objects.collect();
        let mut list: Vec<(ScopeId, Symbol, ImportId)> = (0..)
            .map(ImportId)
            .zip(&facts.imports)
            .filter_map(|(id, import)| {
                let binding = facts.bindings.get(import.binding?.index())?;
                (binding.kind == BindingKind::Import(id)).then_some((binding.scope, binding.name, id))
            })
            .collect();
        list.sort_unstable();
        let mut of_module = vec![Self::NONE; facts.names.len()];
        for (at, (_, name, _)) in (0u32..).zip(&list).filter(|(_, (scope, ..))| *scope == ScopeId::MODULE) {
            let first = &mut of_module[name.index()];
            *first = (*first).min(at);
        }
        Self { of_module, list, objects }
    }

    /// The imports that may give a name that is used: several after `try` and `except ImportError`.
    fn of(&self, reference: &Reference) -> impl Iterator<Item = ImportId> {
        let start = match reference.resolved {
            None => self.list.len(),
            Some(ScopeId::MODULE) => match self.of_module[reference.name.index()] {
                Self::NONE => self.list.len(),
                at => at as usize,
            },
            Some(scope) => self.list.partition_point(|(of, name, _)| (*of, *name) < (scope, reference.name)),
        };
        let key = reference.resolved.map(|scope| (scope, reference.name));
        let same = move |(scope, name, _): &&(ScopeId, Symbol, ImportId)| Some((*scope, *name)) == key;
        self.list[start..].iter().take_while(same).map(|(_, _, import)| *import)
    }

    fn object(&self, import: ImportId) -> Object {
        self.objects[import.index()]
    }
}

/// A module that takes names.
struct Taker<'g> {
    imports: Imports,
    graph: &'g ModuleGraph,
    all_facts: &'g [FileFacts],
    facts: &'g FileFacts,
    by: ModuleId,
    stars: Vec<(ImportId, ModuleId)>,
    /// The modules that strings of the file name, each with what follows its name.
    looked_up: Vec<(ModuleId, Option<&'g str>)>,
    /// Where there are many stars: those that may bring each name. The stars that may bring anything stand in `open`.
    by_name: FxHashMap<NameId, Vec<(ImportId, ModuleId)>>,
    open: Vec<(ImportId, ModuleId)>,
}

/// A module, and who uses it.
type Used = (ModuleId, ModuleId);

/// More stars than that are not tried one after the other for each name.
const MANY_STARS: usize = 8;

impl<'g> Taker<'g> {
    fn new(graph: &'g ModuleGraph, all_facts: &'g [FileFacts], by: ModuleId, tops: &FxHashSet<&str>) -> Option<Self> {
        let facts = all_facts.get(graph.module(by).file?.0 as usize)?;
        let stars: Vec<(ImportId, ModuleId)> =
            graph.stars(by, facts).filter_map(|(star, _, source)| Some((star, source?))).collect();
        let mut by_name: FxHashMap<NameId, Vec<(ImportId, ModuleId)>> = FxHashMap::default();
        let mut open = Vec::new();
        for star in stars.iter().filter(|_| stars.len() > MANY_STARS) {
            match graph.possible_star_names(star.1) {
                Some(names) => names.into_iter().for_each(|name| by_name.entry(name).or_default().push(*star)),
                None => open.push(*star),
            }
        }
        let imports = Imports::new(graph, by, facts);
        let paths = facts.paths_in_strings.iter().map(|path| facts.name(*path));
        // Most strings with dots name nothing of the program.
        let known = paths.filter(|path| path.split(['.', ':']).next().is_some_and(|top| tops.contains(top)));
        let looked_up = known.filter_map(|path| module_in(graph, path)).collect();
        Some(Self { imports, graph, all_facts, facts, by, stars, looked_up, by_name, open })
    }

    fn taken(&self) -> Vec<(ModuleId, Taken)> {
        let (graph, facts, by) = (self.graph, self.facts, self.by);
        let mut found: Vec<(ModuleId, NameId)> = Vec::new();
        for (id, import) in (0..).map(ImportId).zip(&facts.imports) {
            if let (Target::From { name, .. }, Some(source)) = (import.target, graph.resolution(by, id).module()) {
                found.extend(graph.symbol_id(by, name).map(|name| (source, name)));
            }
        }
        for reference in &facts.references {
            if !facts.chain(reference).is_empty() {
                for import in self.imports.of(reference) {
                    if matches!(self.imports.object(import), Object::Module(_)) {
                        found.extend(graph.steps(by, facts, import, reference));
                    }
                }
            }
            if !self.stars.is_empty() && self.may_come_with_star(reference) {
                let name = graph.symbol_id(by, reference.name);
                found.extend(
                    name.into_iter().flat_map(|name| self.stars_that_bring(name).map(move |star| (star, name))),
                );
            }
        }
        // What `__all__` names and a star brings is passed on.
        if let (Exports::All(exported), false) = (graph.exports(by), self.stars.is_empty()) {
            let inherited = exported
                .iter()
                .map(|exported| exported.name)
                .filter(|name| graph.entry(by, *name).is_none_or(|entry| entry.module != by));
            found.extend(inherited.flat_map(|name| self.stars_that_bring(name).map(move |star| (star, name))));
        }
        found.extend(self.spelt());
        found.sort_unstable();
        found.dedup();
        let others = found.into_iter().filter(|(source, _)| *source != by);
        others.map(|(source, name)| (source, Taken { name, by })).collect()
    }

    /// The names of modules that strings spell.
    fn spelt(&self) -> impl Iterator<Item = (ModuleId, NameId)> {
        self.looked_up.iter().filter_map(|(module, rest)| Some((*module, name_in(self.graph, (*rest)?)?)))
    }

    /// The names that the module sets in others, or whose paths it spells.
    fn replaced(&self) -> Vec<(ModuleId, NameId, ModuleId)> {
        let is_store =
            |reference: &&Reference| matches!(reference.usage, Usage::StoreAttribute | Usage::DeleteAttribute);
        let stores = self.facts.references.iter().filter(is_store).filter_map(|reference| {
            let import = self.imports.of(reference).next()?;
            self.graph.steps(self.by, self.facts, import, reference).last()
        });
        stores.chain(self.spelt()).map(|(module, name)| (module, name, self.by)).collect()
    }

    /// The names at the ends of paths that the file computes.
    fn anywhere(&self) -> impl Iterator<Item = (NameId, ModuleId)> {
        let names = self.facts.names_in_computed_paths.iter();
        names.filter_map(|name| Some((self.graph.symbol_id(self.by, *name)?, self.by)))
    }

    /// The modules that uses of names hand on as values, and those that they go through without an import.
    fn modules_used(&self) -> (Vec<Used>, Vec<Used>) {
        let (mut escaped, mut relied_on) = (Vec::new(), Vec::new());
        let (graph, facts) = (self.graph, self.facts);
        let named = facts.modules_by_name.iter().filter_map(|called| graph.find(facts.name(called.name)));
        escaped.extend(named.map(|module| (module, self.by)));
        let looked_up = self.looked_up.iter().filter(|(_, rest)| rest.is_none());
        relied_on.extend(looked_up.map(|(module, _)| (*module, self.by)));
        for reference in facts.references.iter().filter(|reference| reference.resolved.is_none()) {
            let stars =
                self.stars.iter().filter_map(|(_, source)| graph.submodule(*source, facts.name(reference.name)));
            relied_on.extend(stars.map(|submodule| (submodule, self.by)));
        }
        for reference in &facts.references {
            let Some(import) = self.imports.of(reference).next() else { continue };
            let Object::Module(_) = self.imports.object(import) else { continue };
            if reference.usage == Usage::Read && reference.context == Context::Runtime {
                let (object, used) = graph.object(self.by, facts, reference);
                if let (Object::Module(module), true) = (object, used == facts.chain(reference).len()) {
                    escaped.push((module, self.by));
                }
            }
            if !facts.chain(reference).is_empty() {
                let unimported = graph.unimported(self.by, facts, reference);
                relied_on.extend(unimported.into_iter().map(|(module, _)| (module, self.by)));
            }
        }
        (escaped, relied_on)
    }

    /// Nothing in the file binds the name, or what does comes before a star.
    fn may_come_with_star(&self, reference: &Reference) -> bool {
        match reference.resolved {
            None => true,
            Some(ScopeId::MODULE) => {
                let star = self.facts.stars().map(|star| star.position).max().unwrap_or(0);
                self.facts.bindings_of(ScopeId::MODULE, reference.name).all(|binding| binding.0 < star)
            }
            Some(_) => false,
        }
    }

    fn stars_that_bring(&self, name: NameId) -> impl Iterator<Item = ModuleId> {
        let few;
        let stars = if self.stars.len() > MANY_STARS {
            few = [self.by_name.get(&name).map_or(&[][..], Vec::as_slice), &self.open].concat();
            &few
        } else {
            &self.stars
        };
        self.graph.providers(self.all_facts, self.by, stars, name).into_iter().map(|(_, source)| source)
    }
}
