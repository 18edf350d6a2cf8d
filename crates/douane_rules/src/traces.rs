//! What loading a module leaves behind besides the module itself: whether an import can go without anybody noticing.

use douane_base::{FileId, TextRange};
use douane_graph::{Edge, ModuleGraph, ModuleId, ModuleKind, Origin, components};
use douane_parser::{LoadEffect, LoadEffectKind};

use crate::Project;

/// For each module, why loading it is not nothing.
pub(crate) struct Traces {
    /// The nearest module with an effect of its own that is loaded with it.
    nearest: Vec<Option<ModuleId>>,
    reasons: Vec<Option<Reason>>,
    /// For each module the number of its circle, 0 for none.
    circles: Vec<u32>,
}

/// Why loading a module matters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Its code does something besides binding names.
    Effect(FileId, LoadEffect),
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

impl Traces {
    pub(crate) fn new(project: &Project<'_>) -> Self {
        let graph = project.graph;
        let mut reasons: Vec<Option<Reason>> = graph.ids().map(|module| own_reason(project, module)).collect();
        let (circles, _) = rayon::join(|| modules_in_circles(graph), || (project.takes(), project.loads()));
        for (reason, _) in reasons.iter_mut().zip(&circles).filter(|(_, circle)| **circle != 0) {
            reason.get_or_insert(Reason::Circle);
        }
        for module in project.takes().relied_on() {
            reasons[module.index()].get_or_insert(Reason::ReliedOn);
        }
        let marked: Vec<bool> = reasons.iter().map(Option::is_some).collect();
        Self { nearest: project.loads().nearest(&marked), reasons, circles }
    }

    /// The two modules import each other: what one takes from the other has to be there already.
    pub(crate) fn share_circle(&self, one: ModuleId, other: ModuleId) -> bool {
        let circle = self.circles[one.index()];
        circle != 0 && circle == self.circles[other.index()]
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
                    (LoadEffectKind::Patch, what) => format!("changes `{what}`"),
                    (LoadEffectKind::Raise, _) => "may refuse to be loaded".to_owned(),
                }
            }
            Self::Unknown => "may do anything".to_owned(),
            Self::Circle => "is part of an import cycle".to_owned(),
            Self::ReliedOn => "is used elsewhere without an import".to_owned(),
            Self::Known => "is imported for what that does".to_owned(),
        }
    }

    /// Where it can be seen.
    pub(crate) fn place(self) -> Option<(FileId, TextRange)> {
        match self {
            Self::Effect(file, effect) => Some((file, effect.range)),
            _ => None,
        }
    }
}

fn own_reason(project: &Project<'_>, id: ModuleId) -> Option<Reason> {
    let module = project.graph.module(id);
    match (module.origin, module.kind) {
        (Origin::Standard, _) => EFFECTIVE.contains(&module.name.as_str()).then_some(Reason::Known),
        (_, ModuleKind::Namespace) => None,
        (_, ModuleKind::Extension) => Some(Reason::Unknown),
        _ => match project.module_facts(id) {
            None => Some(Reason::Unknown),
            Some((_, facts)) if facts.traits.is_broken || module.is_stub => Some(Reason::Unknown),
            Some((file, facts)) => facts.load_effect.map(|effect| Reason::Effect(file, effect)),
        },
    }
}

/// The circles of modules that import each other while they are loaded, by module and counted from 1.
fn modules_in_circles(graph: &ModuleGraph) -> Vec<u32> {
    let counts = |edge: &&Edge| edge.is_loaded() && !edge.is_implicit && edge.imported != edge.importer;
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
        edge.is_loaded() && edge.truth == douane_parser::Truth::True && starts(edge).is_some_and(|start| start < offset)
    });
    parents.chain(above.map(|edge| edge.imported)).collect()
}
