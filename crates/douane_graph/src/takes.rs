//! Who takes which name from which module.

use douane_parser::{BindingKind, Context, FileFacts, ImportId, Reference, ScopeId, Target, Usage};
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

/// The names that the program's modules take from each module: by `from` imports, as attributes, and through stars. What
/// a module takes through another that only passes it on by a star is taken from both.
pub struct Takes {
    /// Sorted by the module that is taken from.
    taken: Vec<(ModuleId, Taken)>,
    /// Modules that are handed on as values, sorted.
    escaped: Vec<ModuleId>,
    /// Modules that are used through their package without an import of them in the file, sorted.
    relied_on: Vec<ModuleId>,
}

impl Takes {
    /// Reads the takes off the facts, by [`douane_base::FileId`], that a graph was made of.
    #[must_use]
    pub fn new(graph: &ModuleGraph, facts: &[FileFacts]) -> Self {
        let modules: Vec<ModuleId> = graph.ids().collect();
        let takers: Vec<Option<Taker<'_>>> = modules.par_iter().map(|by| Taker::new(graph, facts, *by)).collect();
        let own = takers.par_iter().flatten().filter(|taker| graph.module(taker.by).origin == Origin::FirstParty);
        let mut taken: Vec<(ModuleId, Taken)> = own.flat_map_iter(Taker::taken).collect();
        // What a module does not bind itself it has from its stars.
        let mut known: FxHashMap<(ModuleId, NameId), Vec<ModuleId>> = FxHashMap::default();
        let mut passed_on = |(source, take): &(ModuleId, Taken), new: &mut Vec<(ModuleId, Taken)>| {
            let Some(taker) = takers[source.index()].as_ref().filter(|taker| !taker.stars.is_empty()) else { return };
            let stars = known.entry((*source, take.name)).or_insert_with(|| {
                let is_own = graph.entry(*source, take.name).is_some_and(|entry| entry.module == *source);
                if is_own { Vec::new() } else { taker.stars_that_bring(take.name).collect() }
            });
            new.extend(stars.iter().map(|star| (*star, *take)));
        };
        let mut seen: FxHashSet<(ModuleId, Taken)> = FxHashSet::default();
        let mut new = Vec::new();
        taken.iter().for_each(|take| passed_on(take, &mut new));
        while let Some(take) = new.pop() {
            if seen.insert(take) {
                passed_on(&take, &mut new);
            }
        }
        taken.extend(seen);
        taken.par_sort_unstable();
        taken.dedup();
        let sorted = |mut modules: Vec<ModuleId>| {
            modules.par_sort_unstable();
            modules.dedup();
            modules
        };
        let escaped = sorted(takers.par_iter().flatten().flat_map_iter(Taker::escaped).collect());
        let relied_on = sorted(takers.par_iter().flatten().flat_map_iter(Taker::relied_on).collect());
        Self { taken, escaped, relied_on }
    }

    /// True if the program handles the module as a value, so that any of its names may be taken by a computed name.
    #[must_use]
    pub fn escapes(&self, module: ModuleId) -> bool {
        self.escaped.binary_search(&module).is_ok()
    }

    /// The modules that some code uses through their package although its file does not import them: whoever loads
    /// them can't stop doing so.
    #[must_use]
    pub fn relied_on(&self) -> &[ModuleId] {
        &self.relied_on
    }

    /// True if some module of the program takes the name from the module.
    #[must_use]
    pub fn is_taken(&self, module: ModuleId, name: NameId) -> bool {
        let at = self.taken.partition_point(|(source, taken)| (*source, taken.name) < (module, name));
        self.taken.get(at).is_some_and(|(source, taken)| (*source, taken.name) == (module, name))
    }

    /// The names that are taken from a module, sorted by number.
    pub fn from(&self, module: ModuleId) -> impl Iterator<Item = Taken> {
        let start = self.taken.partition_point(|(source, _)| *source < module);
        self.taken[start..].iter().take_while(move |(source, _)| *source == module).map(|(_, taken)| *taken)
    }
}

/// A module that takes names.
struct Taker<'g> {
    graph: &'g ModuleGraph,
    all_facts: &'g [FileFacts],
    facts: &'g FileFacts,
    by: ModuleId,
    stars: Vec<(ImportId, ModuleId)>,
    /// Where there are many stars: those that may bring each name. The stars that may bring anything stand in `open`.
    by_name: FxHashMap<NameId, Vec<(ImportId, ModuleId)>>,
    open: Vec<(ImportId, ModuleId)>,
}

/// More stars than that are not tried one after the other for each name.
const MANY_STARS: usize = 8;

impl<'g> Taker<'g> {
    fn new(graph: &'g ModuleGraph, all_facts: &'g [FileFacts], by: ModuleId) -> Option<Self> {
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
        Some(Self { graph, all_facts, facts, by, stars, by_name, open })
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
            for import in self.imports_behind(reference) {
                found.extend(graph.steps(by, facts, import, reference));
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
        found.sort_unstable();
        found.dedup();
        let others = found.into_iter().filter(|(source, _)| *source != by);
        others.map(|(source, name)| (source, Taken { name, by })).collect()
    }

    fn escaped(&self) -> Vec<ModuleId> {
        let is_value = |reference: &&Reference| reference.usage == Usage::Read && reference.context == Context::Runtime;
        let (graph, facts) = (self.graph, self.facts);
        let objects = facts.references.iter().filter(is_value).map(|reference| {
            let (object, used) = graph.object(self.by, facts, reference);
            (object, used == facts.chain(reference).len())
        });
        let modules = objects.filter_map(|(object, is_whole)| match object {
            Object::Module(module) if is_whole => Some(module),
            _ => None,
        });
        modules.collect()
    }

    fn relied_on(&self) -> Vec<ModuleId> {
        let chains = self.facts.references.iter().filter(|reference| !self.facts.chain(reference).is_empty());
        chains
            .flat_map(|reference| self.graph.unimported(self.by, self.facts, reference))
            .map(|(module, _)| module)
            .collect()
    }

    /// The imports that may give a name that is used with attributes behind it: several after `try` and `except ImportError`.
    fn imports_behind(&self, reference: &Reference) -> impl Iterator<Item = ImportId> {
        let scope = reference.resolved.filter(|_| !self.facts.chain(reference).is_empty());
        let bindings = scope.into_iter().flat_map(|scope| self.facts.bindings_of(scope, reference.name));
        bindings.filter_map(|binding| match self.facts.binding(binding).kind {
            BindingKind::Import(import) => Some(import),
            _ => None,
        })
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
