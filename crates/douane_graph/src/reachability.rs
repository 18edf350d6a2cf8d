//! Which nodes are reached from which, for many questions at once.

use crate::components::components;

/// For each question, given as nodes to start from and nodes that are watched: which of the latter are reached from
/// the former over the edges.
///
/// All questions are answered together, 64 at a time, by passing a word of bits along the condensed graph: a search
/// per question would be quadratic in a program of many packages that reach each other.
pub fn reached<'e>(
    count: usize,
    successors: impl Fn(usize) -> &'e [u32] + Copy,
    questions: &[(Vec<u32>, Vec<u32>)],
) -> Vec<Vec<u32>> {
    if questions.is_empty() {
        return Vec::new();
    }
    let groups = components(count, successors);
    let mut group_of = vec![0u32; count];
    for (number, members) in (0u32..).zip(&groups) {
        for member in members {
            group_of[*member as usize] = number;
        }
    }
    let mut answers = Vec::with_capacity(questions.len());
    let mut bits = vec![0u64; groups.len()];
    for block in questions.chunks(64) {
        bits.fill(0);
        for (bit, (starts, _)) in block.iter().enumerate() {
            for start in starts {
                bits[group_of[*start as usize] as usize] |= 1 << bit;
            }
        }
        // Importers come after what they import, so that the way back visits each importer first.
        for number in (0..groups.len()).rev() {
            let here = bits[number];
            if here == 0 {
                continue;
            }
            for member in &groups[number] {
                for successor in successors(*member as usize) {
                    bits[group_of[*successor as usize] as usize] |= here;
                }
            }
        }
        for (bit, (_, watched)) in block.iter().enumerate() {
            let is_reached = |node: &&u32| bits[group_of[**node as usize] as usize] & (1 << bit) != 0;
            answers.push(watched.iter().filter(is_reached).copied().collect());
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_reached_is_answered() {
        let edges: [&[u32]; 5] = [&[1], &[2], &[1], &[4], &[]];
        let answers = reached(5, |node| edges[node], &[(vec![0], vec![1, 2, 4]), (vec![3], vec![0, 4])]);
        assert_eq!(answers, [vec![1, 2], vec![4]]);
    }
}
