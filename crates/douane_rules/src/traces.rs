//! What loading a module leaves behind besides the module itself: whether an import can go without anybody noticing.

use std::sync::Arc;

use douane_base::{FileId, TextRange};
use douane_graph::{Changes, Edge, Lookup, ModuleGraph, ModuleId, ModuleKind, NameId, Origin, Resolution, components};
use douane_parser::{
    BindingKind, FileFacts, Guard, ImportId, LoadEffect, LoadEffectKind, ScopeId, Target, Truth, When,
};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{Checked, Project, wording::written_import};

/// For each module, why loading it is not nothing.
pub(crate) struct Traces {
    /// The nearest module with an effect of its own that is loaded with it.
    nearest: Vec<Option<ModuleId>>,
    reasons: Vec<Option<Reason>>,
    /// The reasons that lie in the module's own code.
    own_reasons: Vec<Option<Reason>>,
    everywhere: Everywhere,
    /// For each module the number of its circle, 0 for none.
    circles: Arc<[u32]>,
    /// The modules whose stars may replace submodules of packages.
    replacing: Vec<bool>,
    /// The same for circles in which one load starts the next.
    load_circles: Arc<[u32]>,
}

/// Why loading a module matters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Its code does something besides binding names.
    Effect(FileId, LoadEffect),
    /// It imports what is not known, or not there.
    Doubt(FileId, ImportId),
    /// Other versions or platforms don't have it: to import it tells where the program runs.
    NotEverywhere,
    /// What it does is not known.
    Unknown,
    /// Modules that import each other work only if they are loaded in the right order.
    Circle,
    /// Other code uses it without an import of its own.
    ReliedOn,
    /// It is known for what it does when it is imported.
    Known,
}

/// Modules of the standard library that are imported for what that does.
const EFFECTIVE: [&str; 7] = ["__main__", "antigravity", "readline", "rlcompleter", "site", "sitecustomize", "this"];

/// The modules whose names may stand for something else in a graph that was linked again.
pub(crate) struct Affected<'g> {
    pub(crate) changes: &'g Changes,
    /// By module.
    pub(crate) modules: Vec<bool>,
}

impl Affected<'_> {
    /// Whether the imports of the module may fail is to be asked again.
    fn in_doubt(&self, graph: &ModuleGraph, module: ModuleId) -> bool {
        self.modules[module.index()] || self.changes.opens_source_of(graph, module)
    }
}

impl Traces {
    /// Of a graph that was linked again, what may not have changed is taken from the traces before.
    pub(crate) fn new(project: &Project<'_>, before: Option<(&Self, &Affected<'_>)>) -> Self {
        let graph = project.graph;
        let modules: Vec<ModuleId> = graph.ids().collect();
        let is_affected = |module: &ModuleId| before.is_none_or(|(_, affected)| affected.in_doubt(graph, *module));
        let affected: Vec<ModuleId> = modules.iter().copied().filter(is_affected).collect();
        let mut everywhere = before.map_or_else(Everywhere::default, |(before, _)| before.everywhere.clone());
        for (module, name) in standard_names(project, &affected) {
            let ask = || graph.standard_library().has_everywhere(graph.module_name(module), graph.name(name));
            everywhere.entry((module, name)).or_insert_with(ask);
        }
        let found: Vec<Option<Reason>> =
            affected.par_iter().map(|module| own_reason(project, *module, &everywhere)).collect();
        let mut own_reasons =
            before.map_or_else(|| vec![None; modules.len()], |(before, _)| before.own_reasons.clone());
        affected.iter().zip(found).for_each(|(module, reason)| own_reasons[module.index()] = reason);
        let circles = || match before {
            Some((before, affected)) if affected.changes.has_same_loads() => {
                (Arc::clone(&before.circles), Arc::clone(&before.load_circles))
            }
            _ => {
                let (direct, starting) = rayon::join(
                    || modules_in_circles(graph, |edge| !edge.is_implicit),
                    || modules_in_circles(graph, |edge| may_start_load(project, edge)),
                );
                (direct.into(), starting.into())
            }
        };
        let ((circles, load_circles), _) = rayon::join(circles, || (project.takes(), project.loads()));
        let mut reasons = own_reasons.clone();
        let in_circle = |at: usize| circles[at] != 0 || load_circles[at] != 0;
        for (_, reason) in reasons.iter_mut().enumerate().filter(|(at, _)| in_circle(*at)) {
            reason.get_or_insert(Reason::Circle);
        }
        for module in project.takes().relied_on() {
            reasons[module.index()].get_or_insert(Reason::ReliedOn);
        }
        // Whoever has a package as a value can ask it for any of its modules.
        for module in graph.ids() {
            if graph.module(module).parent.is_some_and(|package| project.takes().escapes(package)) {
                reasons[module.index()].get_or_insert(Reason::ReliedOn);
            }
        }
        let marked: Vec<bool> = reasons.iter().map(Option::is_some).collect();
        Self {
            nearest: project.loads().nearest(&marked),
            reasons,
            own_reasons,
            everywhere,
            circles,
            load_circles,
            replacing: replacing(project, &modules),
        }
    }

    /// A star of the module may bring submodules of a package, once somebody has loaded them, that are called as submodules of
    /// a package which has stars itself, and take their places there.
    pub(crate) fn may_replace_submodules(&self, source: ModuleId) -> bool {
        self.replacing[source.index()]
    }

    /// The names are there whenever the file takes a star from the module, even where that module is still being loaded
    /// because one of its own imports leads to the file.
    pub(crate) fn come_in_time(&self, file: &Checked<'_>, source: ModuleId, names: &[&str]) -> bool {
        let circle = self.load_circles[source.index()];
        if circle == 0 || circle != self.load_circles[file.module.index()] {
            return true;
        }
        let Some((_, facts)) = file.project.module_facts(source) else { return false };
        let leads_here =
            |edge: &&Edge| may_start_load(file.project, edge) && self.load_circles[edge.imported.index()] == circle;
        let imports = file.graph().imports_of(source).iter().filter(leads_here).map(|edge| edge.import);
        let Some(imports) = imports.collect::<Option<Vec<ImportId>>>() else { return false };
        let first = imports.into_iter().map(|import| facts.import(import).position).min().unwrap_or(0);
        names.iter().all(|name| {
            let Some(name) = facts.names.find(name) else { return false };
            let mut before = facts.bindings_of(ScopeId::MODULE, name).filter(|binding| binding.0 < first).peekable();
            before.peek().is_some()
                && before.map(|binding| facts.binding(binding)).all(|binding| {
                    let is_sure = facts.branches.truth(binding.branch) == Truth::True
                        && facts.branches.ancestors(binding.branch).next().is_none();
                    let is_value = !binding.kind.unbinds() && binding.kind != BindingKind::Annotation;
                    is_sure && is_value && binding.site == ScopeId::MODULE
                })
        })
    }

    /// The two modules import each other: what one takes from the other has to be there already.
    pub(crate) fn share_circle(&self, one: ModuleId, other: ModuleId) -> bool {
        let circle = self.circles[one.index()];
        circle != 0 && circle == self.circles[other.index()]
    }

    /// The module's own code does something when it is loaded, as far as that can be seen.
    pub(crate) fn is_active(&self, module: ModuleId) -> bool {
        matches!(self.reasons[module.index()], Some(Reason::Effect(..) | Reason::Doubt(..)))
    }

    /// The module is one of those that import each other.
    pub(crate) fn is_in_circle(&self, module: ModuleId) -> bool {
        self.circles[module.index()] != 0 || self.load_circles[module.index()] != 0
    }

    /// The module that makes it matter whether a module is loaded, and why.
    pub(crate) fn of(&self, module: ModuleId) -> Option<(ModuleId, Reason)> {
        let culprit = self.nearest[module.index()]?;
        Some((culprit, self.reasons[culprit.index()]?))
    }
}

impl Reason {
    /// In words that go on after the name of the culprit.
    pub(crate) fn described(self, project: &Project<'_>) -> String {
        match self {
            Self::Effect(file, effect) => {
                let what = project.facts(file).name(effect.what);
                match (effect.kind, what) {
                    (LoadEffectKind::Call | LoadEffectKind::Decorator, "") => "calls something".to_owned(),
                    (LoadEffectKind::Call, what) => format!("calls `{what}()`"),
                    (LoadEffectKind::Decorator, what) => format!("decorates with `@{what}`"),
                    (LoadEffectKind::Subclass, what) => format!("subclasses `{what}`"),
                    (LoadEffectKind::Patch, "") => "changes something".to_owned(),
                    (LoadEffectKind::Patch, what) => format!("changes `{what}`"),
                    (LoadEffectKind::Operator, "") => "applies operators to something imported".to_owned(),
                    (LoadEffectKind::Operator, what) => format!("applies operators to `{what}`"),
                    (LoadEffectKind::Raise, _) => "may refuse to be loaded".to_owned(),
                }
            }
            Self::Doubt(file, import) => {
                let facts = project.facts(file);
                format!("may fail or do anything with `{}`", written_import(facts, facts.import(import)))
            }
            Self::NotEverywhere => "is not there in every version and on every platform".to_owned(),
            Self::Unknown => "may do anything".to_owned(),
            Self::Circle => "is part of an import cycle".to_owned(),
            Self::ReliedOn => "is used elsewhere without an import".to_owned(),
            Self::Known => "is imported for what that does".to_owned(),
        }
    }

    /// Where it can be seen.
    pub(crate) fn place(self, project: &Project<'_>) -> Option<(FileId, TextRange)> {
        match self {
            Self::Doubt(file, import) => Some((file, project.facts(file).import(import).range)),
            Self::Effect(file, effect) => Some((file, effect.range)),
            _ => None,
        }
    }
}

/// The names that modules take from those of the standard library.
fn standard_names(project: &Project<'_>, modules: &[ModuleId]) -> Vec<(ModuleId, NameId)> {
    let graph = project.graph;
    let taken = modules.par_iter().flat_map_iter(|module| {
        let facts = project.module_facts(*module).map(|(_, facts)| facts);
        let imports = facts.into_iter().flat_map(|facts| (0..).map(ImportId).zip(&facts.imports));
        imports.filter_map(|(number, import)| {
            let Target::From { name, .. } = import.target else { return None };
            let source = graph.resolution(*module, number).module()?;
            let is_standard = graph.module(source).origin == Origin::Standard;
            is_standard.then(|| graph.symbol_id(*module, name)).flatten().map(|name| (source, name))
        })
    });
    taken.collect()
}

/// Names that modules of the standard library have, or have not, in every version and on every platform.
type Everywhere = FxHashMap<(ModuleId, NameId), bool>;

fn own_reason(project: &Project<'_>, id: ModuleId, everywhere: &Everywhere) -> Option<Reason> {
    let module = project.graph.module(id);
    match (module.origin, module.kind) {
        (Origin::Standard, _) if EFFECTIVE.contains(&module.name.as_str()) => Some(Reason::Known),
        (Origin::Standard, _) => {
            let is_everywhere = project.graph.standard_library().is_everywhere(module.name.as_str());
            (!is_everywhere).then_some(Reason::NotEverywhere)
        }
        (_, ModuleKind::Namespace) => None,
        (_, ModuleKind::Extension) => Some(Reason::Unknown),
        _ => match project.module_facts(id) {
            None => Some(Reason::Unknown),
            Some((_, facts)) if facts.traits.is_broken || module.is_stub => Some(Reason::Unknown),
            Some((file, facts)) => {
                let effect = facts.load_effect.map(|effect| Reason::Effect(file, effect));
                effect.or_else(|| doubtful_import(project, id, file, facts, everywhere))
            }
        },
    }
}

/// An import that may fail, or load what nobody knows.
fn doubtful_import(
    project: &Project<'_>,
    id: ModuleId,
    file: FileId,
    facts: &FileFacts,
    everywhere: &Everywhere,
) -> Option<Reason> {
    let graph = project.graph;
    let mut imports = (0..).map(ImportId).zip(&facts.imports).filter(|(_, import)| import.when == When::Load);
    let (import, _) = imports.find(|(number, import)| {
        let is_caught = || facts.guard(import) == Some(Guard::ImportError);
        let resolution = graph.resolution(id, *number);
        if facts.branches.truth(import.branch) == Truth::False {
            // Another version may run it.
            return resolution.module().is_some_and(|module| graph.module(module).origin != Origin::Standard);
        }
        match (resolution, import.target) {
            (Resolution::Module(source), Target::From { name, .. }) => {
                let symbol = graph.symbol_id(id, name);
                let lookup = || symbol.map(|name| graph.lookup_id(source, name));
                let is_standard = graph.module(source).origin == Origin::Standard;
                match lookup() {
                    Some(Lookup::Missing) => !is_caught(),
                    Some(Lookup::Unknown(_)) if is_standard => !is_caught(),
                    Some(_) if is_standard => {
                        let is_rare = |name| everywhere.get(&(source, name)) == Some(&false);
                        symbol.is_some_and(is_rare) && !is_caught()
                    }
                    Some(Lookup::Unknown(_)) => graph.module(source).file.is_some(),
                    _ => false,
                }
            }
            (Resolution::Module(_), _) => false,
            (Resolution::Missing(_) | Resolution::BeyondTop, _) => !is_caught(),
            (Resolution::Unknown(_), _) => true,
        }
    })?;
    Some(Reason::Doubt(file, import))
}

/// The modules whose stars may bring submodules of packages that take the places of others.
fn replacing(project: &Project<'_>, modules: &[ModuleId]) -> Vec<bool> {
    let graph = project.graph;
    // By the module that is taken from.
    let mut stars: FxHashMap<ModuleId, Vec<ModuleId>> = FxHashMap::default();
    let sources = |module: &ModuleId| {
        let (taker, facts) = (*module, project.module_facts(*module).map(|(_, facts)| facts));
        let stars = facts.into_iter().flat_map(move |facts| graph.stars(taker, facts));
        stars.filter_map(move |(_, _, source)| Some((source?, taker)))
    };
    let found: Vec<(ModuleId, ModuleId)> = modules.par_iter().flat_map_iter(sources).collect();
    found.into_iter().for_each(|(source, taker)| stars.entry(source).or_default().push(taker));
    let is_open = |package: ModuleId| graph.module(package).is_package() && !graph.has_all(package);
    let sources: FxHashSet<ModuleId> = stars.keys().copied().filter(|source| is_open(*source)).collect();
    let takers: FxHashSet<ModuleId> =
        stars.values().flatten().copied().filter(|taker| graph.module(*taker).is_package()).collect();
    let submodules_of = |packages: &FxHashSet<ModuleId>| {
        let of_package =
            |module: &&ModuleId| graph.module(**module).parent.is_some_and(|parent| packages.contains(&parent));
        let found: Vec<ModuleId> = modules.iter().filter(of_package).copied().collect();
        found
    };
    let replaced: FxHashSet<&str> =
        submodules_of(&takers).into_iter().map(|module| graph.module(module).name.last()).collect();
    let brought =
        submodules_of(&sources).into_iter().filter(|module| replaced.contains(graph.module(*module).name.last()));
    let mut found = vec![false; modules.len()];
    let mut stack: Vec<ModuleId> = brought.filter_map(|module| graph.module(module).parent).collect();
    while let Some(module) = stack.pop() {
        if !std::mem::replace(&mut found[module.index()], true) {
            stack.extend(stars.get(&module).into_iter().flatten());
        }
    }
    found
}

/// The import may be what starts the load of a module; the packages around the importer were begun before it. Stars from these
/// count all the same.
fn may_start_load(project: &Project<'_>, edge: &Edge) -> bool {
    let (importer, imported) = (edge.importer, edge.imported);
    let is_around = project.graph.module(importer).name.is_within(project.graph.module_name(imported));
    let is_star = || {
        let facts = project.module_facts(importer).map(|(_, facts)| facts);
        let import = facts.zip(edge.import).map(|(facts, import)| facts.import(import));
        import.is_some_and(|import| matches!(import.target, Target::Star { .. })) && !edge.is_implicit
    };
    !is_around || is_star()
}

/// The circles of modules that import each other while they are loaded, by module and counted from 1.
fn modules_in_circles(graph: &ModuleGraph, is_edge: impl Fn(&Edge) -> bool) -> Vec<u32> {
    let counts = |edge: &&Edge| edge.is_loaded() && edge.imported != edge.importer && is_edge(edge);
    let mut starts = vec![0];
    let mut targets: Vec<u32> = Vec::new();
    for module in graph.ids() {
        targets.extend(graph.imports_of(module).iter().filter(counts).map(|edge| edge.imported.0));
        starts.push(targets.len());
    }
    let circles = components(starts.len() - 1, |module| &targets[starts[module]..starts[module + 1]]);
    let mut numbers = vec![0; starts.len() - 1];
    for (number, circle) in (1..).zip(circles.into_iter().filter(|circle| circle.len() > 1)) {
        circle.into_iter().for_each(|module| numbers[module as usize] = number);
    }
    numbers
}

/// The modules that are surely loaded before an import of a file runs: the packages around it, and what imports above
/// it name.
pub(crate) fn loaded_before(
    graph: &ModuleGraph,
    file: ModuleId,
    offset: u32,
    starts: impl Fn(&Edge) -> Option<u32>,
) -> Vec<ModuleId> {
    let parents = std::iter::successors(graph.module(file).parent, |module| graph.module(*module).parent);
    let above = graph.imports_of(file).iter().filter(|edge| {
        edge.is_loaded() && edge.truth == Truth::True && starts(edge).is_some_and(|start| start < offset)
    });
    parents.chain(above.map(|edge| edge.imported)).collect()
}
