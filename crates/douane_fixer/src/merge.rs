//! Which fixes can be made together.

use std::collections::BTreeMap;

use douane_base::{Change, ChangeKind, FileId, Fix, TextRange};

/// The changes that are made together, by file.
#[derive(Default)]
pub struct Accepted {
    changes: BTreeMap<FileId, BTreeMap<TextRange, Vec<ChangeKind>>>,
}

impl Accepted {
    /// Takes a fix in if none of its changes gets in the way of one that is there already.
    pub fn accept(&mut self, fix: &Fix) -> bool {
        let fits = fix.changes.iter().all(|change| self.fits(change));
        if fits {
            for change in &fix.changes {
                let changes = self.changes.entry(change.file).or_default().entry(touched(&change.kind)).or_default();
                if !changes.contains(&change.kind) {
                    changes.push(change.kind.clone());
                }
            }
        }
        fits
    }

    fn fits(&self, change: &Change) -> bool {
        let Some(changes) = self.changes.get(&change.file) else { return true };
        let range = touched(&change.kind);
        let gets_in_the_way = |known: &ChangeKind| match (known, &change.kind) {
            (ChangeKind::RemoveImport(one, _), ChangeKind::RemoveImport(other, _)) => one != other,
            (one, other) => one != other,
        };
        // No two of the ranges overlap, unless they are the same: so only the neighbours matter.
        let before = changes.range(..=range).next_back();
        let after = changes.range(range..).next();
        before
            .into_iter()
            .chain(after)
            .all(|(known, there)| !overlap(*known, range) || (*known == range && !there.iter().any(gets_in_the_way)))
    }

    /// The files that change, with their changes.
    pub fn files(&self) -> impl Iterator<Item = (FileId, Vec<&ChangeKind>)> {
        self.changes.iter().map(|(file, changes)| (*file, changes.values().flatten().collect()))
    }

    /// True if nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// The range that a change is about.
fn touched(change: &ChangeKind) -> TextRange {
    match change {
        ChangeKind::Replace(range, _) | ChangeKind::RemoveElement(range) | ChangeKind::RemoveComment(range) => *range,
        ChangeKind::RemoveImport(place, _)
        | ChangeKind::SetNames(place, _)
        | ChangeKind::SetStatements(place, _)
        | ChangeKind::AddImport(place, _) => place.range,
    }
}

fn overlap(one: TextRange, other: TextRange) -> bool {
    one == other || (one.start() < other.end() && other.start() < one.end())
}
