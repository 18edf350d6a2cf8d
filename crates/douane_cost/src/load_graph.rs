//! Which modules load which, read off the linked program.
//!
//! The edges that run on load, parents included. Branches that can't be decided are all taken, or none of them, so that a
//! difference can be told that holds either way. What compiled modules or `importlib` load on top is not seen, except
//! for the modules that an extension's binary names.

use std::collections::VecDeque;

use douane_graph::{Edge, ModuleGraph, ModuleId, reached};
use douane_parser::Truth;

/// The edges of the graph that run when a module is loaded.
pub struct LoadGraph {
    starts: Vec<usize>,
    targets: Vec<u32>,
}

impl LoadGraph {
    /// The edges that may run when a module is loaded.
    #[must_use]
    pub fn possible(graph: &ModuleGraph) -> Self {
        Self::new(graph, Edge::is_loaded)
    }

    /// The edges that surely run when a module is loaded.
    #[must_use]
    pub fn certain(graph: &ModuleGraph) -> Self {
        Self::new(graph, |edge| edge.is_loaded() && edge.truth == Truth::True)
    }

    fn new(graph: &ModuleGraph, runs: fn(&Edge) -> bool) -> Self {
        let mut starts = Vec::with_capacity(graph.modules().len() + 1);
        let mut targets = Vec::new();
        starts.push(0);
        for module in graph.ids() {
            let from = targets.len();
            targets.extend(graph.imports_of(module).iter().filter(|edge| runs(edge)).map(|edge| edge.imported.0));
            // A module runs after its parents, whoever imports it.
            targets.extend(graph.module(module).parent.map(|parent| parent.0));
            targets[from..].sort_unstable();
            let mut kept = from;
            for at in from..targets.len() {
                if at == from || targets[at] != targets[at - 1] {
                    targets.swap(kept, at);
                    kept += 1;
                }
            }
            targets.truncate(kept);
            starts.push(targets.len());
        }
        Self { starts, targets }
    }

    fn successors(&self, module: usize) -> &[u32] {
        &self.targets[self.starts[module]..self.starts[module + 1]]
    }

    /// For each module the nearest of the marked ones that is loaded with it, the module itself first.
    #[must_use]
    pub fn nearest(&self, marked: &[bool]) -> Vec<Option<ModuleId>> {
        let count = self.starts.len() - 1;
        let (importer_starts, importers) = self.reversed();
        let mut nearest: Vec<Option<ModuleId>> = vec![None; count];
        let mut queue: VecDeque<u32> = VecDeque::new();
        for (number, _) in (0u32..).zip(marked).filter(|(_, is_marked)| **is_marked) {
            nearest[number as usize] = Some(ModuleId(number));
            queue.push_back(number);
        }
        while let Some(module) = queue.pop_front() {
            for importer in &importers[importer_starts[module as usize]..importer_starts[module as usize + 1]] {
                if nearest[*importer as usize].is_none() {
                    nearest[*importer as usize] = nearest[module as usize];
                    queue.push_back(*importer);
                }
            }
        }
        nearest
    }

    /// The importers of each module, one after the other, and where those of each begin.
    fn reversed(&self) -> (Vec<usize>, Vec<u32>) {
        let count = self.starts.len() - 1;
        let mut starts = vec![0; count + 1];
        self.targets.iter().for_each(|target| starts[*target as usize + 1] += 1);
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut free = starts.clone();
        let mut importers = vec![0; self.targets.len()];
        for (module, number) in (0..count).zip(0u32..) {
            for target in self.successors(module) {
                let place = &mut free[*target as usize];
                importers[*place] = number;
                *place += 1;
            }
        }
        (starts, importers)
    }

    /// All modules that are loaded with the given ones, these included, sorted.
    #[must_use]
    pub fn loaded_with(&self, modules: &[ModuleId]) -> Vec<ModuleId> {
        let mut seen = vec![false; self.starts.len() - 1];
        let mut found = Vec::new();
        let mut stack: Vec<u32> = modules.iter().map(|module| module.0).collect();
        while let Some(module) = stack.pop() {
            if std::mem::replace(&mut seen[module as usize], true) {
                continue;
            }
            found.push(ModuleId(module));
            stack.extend_from_slice(self.successors(module as usize));
        }
        found.sort_unstable();
        found
    }

    /// For each question, given as modules that are loaded and modules that are asked about: which of the latter are
    /// loaded with the former. All questions are answered together, 64 for the price of one.
    #[must_use]
    pub fn loaded_among(&self, questions: &[(Vec<ModuleId>, Vec<ModuleId>)]) -> Vec<Vec<ModuleId>> {
        let raw: Vec<(Vec<u32>, Vec<u32>)> = questions
            .iter()
            .map(|(loaded, asked)| (loaded.iter().map(|id| id.0).collect(), asked.iter().map(|id| id.0).collect()))
            .collect();
        let answers = reached(self.starts.len() - 1, |module| self.successors(module), &raw);
        answers.into_iter().map(|modules| modules.into_iter().map(ModuleId).collect()).collect()
    }
}
