//! Strongly connected components, without recursion.

/// Puts nodes that reach each other into one component. The components come in reverse topological order: each one
/// after all those that it points to. Tarjan's algorithm with a stack of its own, linear in nodes and edges.
pub fn components<'e>(count: usize, successors: impl Fn(usize) -> &'e [u32]) -> Vec<Vec<u32>> {
    const UNSEEN: u32 = u32::MAX;
    let mut order = vec![UNSEEN; count];
    let mut lowest = vec![0u32; count];
    let mut on_stack = vec![false; count];
    let mut stack: Vec<u32> = Vec::new();
    let mut found = Vec::new();
    let mut next = 0u32;
    let mut calls: Vec<(u32, usize)> = Vec::new();
    for root in 0..u32::try_from(count).unwrap_or(u32::MAX) {
        if order[root as usize] != UNSEEN {
            continue;
        }
        calls.push((root, 0));
        while let Some((node, edge)) = calls.pop() {
            let at = node as usize;
            if edge == 0 {
                order[at] = next;
                lowest[at] = next;
                next += 1;
                stack.push(node);
                on_stack[at] = true;
            }
            if let Some(&successor) = successors(at).get(edge) {
                calls.push((node, edge + 1));
                let to = successor as usize;
                if order[to] == UNSEEN {
                    calls.push((successor, 0));
                } else if on_stack[to] {
                    lowest[at] = lowest[at].min(order[to]);
                }
                continue;
            }
            if lowest[at] == order[at] {
                let start = stack.iter().rposition(|member| *member == node).unwrap_or(0);
                let component: Vec<u32> = stack.drain(start..).collect();
                for member in &component {
                    on_stack[*member as usize] = false;
                }
                found.push(component);
            }
            if let Some((caller, _)) = calls.last() {
                let caller = *caller as usize;
                lowest[caller] = lowest[caller].min(lowest[at]);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_one_component_and_targets_come_first() {
        let edges: [&[u32]; 5] = [&[1], &[2], &[0, 3], &[], &[4, 3]];
        let mut found = components(5, |node| edges[node]);
        for component in &mut found {
            component.sort_unstable();
        }
        assert_eq!(found, [vec![3], vec![0, 1, 2], vec![4]]);
    }

    #[test]
    fn a_chain_of_a_million_needs_no_stack() {
        let edges: Vec<Vec<u32>> = (1..=1_000_000).map(|to| if to < 1_000_000 { vec![to] } else { vec![] }).collect();
        assert_eq!(components(edges.len(), |node| &edges[node]).len(), 1_000_000);
    }
}
