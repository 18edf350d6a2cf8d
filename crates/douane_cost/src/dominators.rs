//! Which import is alone responsible for which modules.
//!
//! The modules and the import statements of a program are the nodes of a flow graph: from the target to its statements,
//! from a statement to the modules that it imports, from a module to its statements. A statement is alone responsible for
//! the modules that it dominates: every way from the target to them leads through it.

use rustc_hash::FxHashMap;

use crate::{Cost, ModuleIndex, Site};

/// The dominator tree of a program.
pub(crate) struct Dominators {
    /// The modules come first, then the statements.
    modules: usize,
    root: u32,
    sites: FxHashMap<Site, u32>,
    /// The nodes directly below each node in the tree, one after the other.
    children: Vec<u32>,
    starts: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Dominators {
    pub(crate) fn new(modules: usize, edges: impl Iterator<Item = (Site, ModuleIndex)>) -> Self {
        let mut sites: FxHashMap<Site, u32> = FxHashMap::default();
        let first_site = u32::try_from(modules).unwrap_or(NONE);
        let mut links: Vec<(u32, u32)> = Vec::new();
        for (site, imported) in edges {
            let next = first_site + u32::try_from(sites.len()).unwrap_or(0);
            let node = *sites.entry(site).or_insert(next);
            links.push((node, imported.0));
        }
        let root = first_site + u32::try_from(sites.len()).unwrap_or(0);
        links.extend(sites.iter().map(|(site, node)| (site.importer.map_or(root, |importer| importer.0), *node)));
        let parents = immediate_dominators(root as usize + 1, root, &mut links);
        let tree: Vec<(u32, u32)> =
            (0..).zip(&parents).filter(|(_, parent)| **parent != NONE).map(|(node, parent)| (*parent, node)).collect();
        let (starts, children) = adjacency(parents.len(), tree);
        Self { modules, root, sites, children, starts }
    }

    /// For each statement the sum over the modules that only it leads to.
    pub(crate) fn sums(&self, cost: impl Fn(ModuleIndex) -> Cost) -> FxHashMap<Site, Cost> {
        let mut sums: Vec<Cost> = vec![Cost::default(); self.starts.len() - 1];
        // Parents first.
        let mut order: Vec<u32> = Vec::with_capacity(sums.len());
        order.push(self.root);
        let mut next = 0;
        while let Some(node) = order.get(next).copied() {
            order.extend_from_slice(self.children(node));
            next += 1;
        }
        for node in order.into_iter().rev() {
            let at = node as usize;
            if at < self.modules {
                sums[at] += cost(ModuleIndex(node));
            }
            for child in self.children(node) {
                let below = sums[*child as usize];
                sums[at] += below;
            }
        }
        self.sites.iter().map(|(site, node)| (*site, sums[*node as usize])).collect()
    }

    fn children(&self, node: u32) -> &[u32] {
        let at = node as usize;
        &self.children[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// The modules that only the statement leads to.
    pub(crate) fn below_site(&self, site: Site) -> Vec<ModuleIndex> {
        let mut found = Vec::new();
        let mut stack: Vec<u32> = self.sites.get(&site).copied().into_iter().collect();
        while let Some(node) = stack.pop() {
            if (node as usize) < self.modules {
                found.push(ModuleIndex(node));
            }
            stack.extend_from_slice(self.children(node));
        }
        found.sort_unstable();
        found
    }
}

/// The targets of each node's links, one node after the other, and where those of each begin.
fn adjacency(count: usize, mut links: Vec<(u32, u32)>) -> (Vec<u32>, Vec<u32>) {
    links.sort_unstable();
    links.dedup();
    let mut starts = vec![0; count + 1];
    links.iter().for_each(|(from, _)| starts[*from as usize + 1] += 1);
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    (starts, links.into_iter().map(|(_, to)| to).collect())
}

/// The nearest node that every way from the root to a node leads through; [`NONE`] for the root and what it does not
/// reach. By iteration in reverse postorder, as Cooper, Harvey and Kennedy describe it ("A Simple, Fast Dominance
/// Algorithm", 2001).
fn immediate_dominators(count: usize, root: u32, links: &mut [(u32, u32)]) -> Vec<u32> {
    let (starts, targets) = adjacency(count, links.to_vec());
    let reversed = links.iter().map(|(from, to)| (*to, *from)).collect();
    let (before_starts, before) = adjacency(count, reversed);
    // The number of each node in postorder.
    let mut number = vec![NONE; count];
    let mut order: Vec<u32> = Vec::new();
    let mut is_seen = vec![false; count];
    let mut stack = vec![(root, starts[root as usize])];
    is_seen[root as usize] = true;
    while let Some((node, next)) = stack.last_mut() {
        if *next == starts[*node as usize + 1] {
            number[*node as usize] = u32::try_from(order.len()).unwrap_or(NONE);
            order.push(*node);
            stack.pop();
            continue;
        }
        let target = targets[*next as usize];
        *next += 1;
        if !std::mem::replace(&mut is_seen[target as usize], true) {
            stack.push((target, starts[target as usize]));
        }
    }
    let mut dominator = vec![NONE; count];
    dominator[root as usize] = root;
    let mut changes = true;
    while changes {
        changes = false;
        for node in order.iter().rev().filter(|node| **node != root) {
            let sources = &before[before_starts[*node as usize] as usize..before_starts[*node as usize + 1] as usize];
            let known = sources.iter().filter(|source| dominator[**source as usize] != NONE);
            let nearest = known.copied().reduce(|one, other| common(one, other, &dominator, &number));
            let nearest = nearest.unwrap_or(NONE);
            if dominator[*node as usize] != nearest {
                dominator[*node as usize] = nearest;
                changes = true;
            }
        }
    }
    dominator[root as usize] = NONE;
    dominator
}

/// The nearest node that dominates both.
fn common(one: u32, other: u32, dominator: &[u32], number: &[u32]) -> u32 {
    let (mut one, mut other) = (one, other);
    while one != other {
        while number[one as usize] < number[other as usize] {
            one = dominator[one as usize];
        }
        while number[other as usize] < number[one as usize] {
            other = dominator[other as usize];
        }
    }
    one
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MODULES: usize = 9;

    /// A statement and what it imports; no importer is the target.
    type Statement = (Option<u32>, Vec<u32>);

    fn statements() -> impl Strategy<Value = Vec<Statement>> {
        let modules = 0..u32::try_from(MODULES).unwrap_or(0);
        let statement = (prop::option::weighted(0.8, modules.clone()), prop::collection::vec(modules, 1..3));
        prop::collection::vec(statement, 1..24)
    }

    fn site(number: usize, importer: Option<u32>) -> Site {
        Site { importer: importer.map(ModuleIndex), statement: u32::try_from(number).unwrap_or(0) }
    }

    /// What is reached from the target without one of the statements.
    fn reached(statements: &[Statement], without: Option<usize>) -> Vec<ModuleIndex> {
        let mut found: Vec<u32> = Vec::new();
        let mut importers = vec![None];
        while let Some(importer) = importers.pop() {
            for (at, (from, imported)) in statements.iter().enumerate() {
                if *from == importer && Some(at) != without {
                    for module in imported {
                        if !found.contains(module) {
                            found.push(*module);
                            importers.push(Some(*module));
                        }
                    }
                }
            }
        }
        found.sort_unstable();
        found.into_iter().map(ModuleIndex).collect()
    }

    proptest! {
        #[test]
        fn a_statement_answers_for_what_is_not_reached_without_it(statements in statements()) {
            let all = reached(&statements, None);
            let edges = statements.iter().enumerate().flat_map(|(number, (importer, imported))| {
                imported.iter().map(move |module| (site(number, *importer), ModuleIndex(*module)))
            });
            let runs = |site: &Site| site.importer.is_none_or(|importer| all.contains(&importer));
            let dominators = Dominators::new(MODULES, edges.filter(|(site, _)| runs(site)));
            let sums = dominators.sums(|module| Cost {
                modules: 1,
                source_bytes: u64::from(module.0),
                ..Cost::default()
            });
            for (number, (importer, _)) in statements.iter().enumerate() {
                let site = site(number, *importer);
                if !runs(&site) {
                    continue;
                }
                let rest = reached(&statements, Some(number));
                let expected: Vec<ModuleIndex> = all.iter().copied().filter(|module| !rest.contains(module)).collect();
                prop_assert_eq!(dominators.below_site(site), expected.clone());
                let bytes: u64 = expected.iter().map(|module| u64::from(module.0)).sum();
                prop_assert_eq!((sums[&site].modules, sums[&site].source_bytes), (expected.len(), bytes));
            }
        }
    }
}
