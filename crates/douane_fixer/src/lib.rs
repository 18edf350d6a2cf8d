//! The changes of fixes, turned into edits of text.
//!
//! Rules say *what* changes: a name leaves an import statement, a star becomes names. Here, where the text is at hand, it is
//! decided how: which commas, blanks and line breaks go with a name, where a `pass` has to stand, how a long list is wrapped.
//! All changes of a file are made together, so that several names can leave one statement at once. Pure: text in,
//! edits out.

mod elements;
mod layout;
mod merge;
mod statements;

use std::collections::BTreeMap;

use douane_base::{ChangeKind, Edit, FileId, Fix, ImportPlace, TextRange};

pub use merge::Accepted;

use crate::{
    elements::{List, bracketed},
    layout::Layout,
};

/// The edits of one file that make the changes, in order and without overlap; `None` if one of them can't be made in that
/// text.
#[must_use]
pub fn edits(file: FileId, text: &str, changes: &[&ChangeKind]) -> Option<Vec<Edit>> {
    let mut edits = Edits { text, made: Vec::new() };
    let mut leaving: BTreeMap<ImportPlace, Vec<TextRange>> = BTreeMap::new();
    let mut elements: Vec<TextRange> = Vec::new();
    let layout = Layout::new(text);
    for change in changes {
        match change {
            ChangeKind::Replace(range, with) => edits.replace(*range, with.clone()),
            ChangeKind::RemoveImport(place, name) => leaving.entry(*place).or_default().push(*name),
            ChangeKind::SetNames(place, names) => {
                let list = List::of_import(text, place.range)?;
                let (first, last) = (list.elements.first()?, list.elements.last()?);
                let range = TextRange::new(first.range.start(), last.range.end());
                edits.replace(range, layout.names(place.range, range.start(), names));
            }
            ChangeKind::SetStatements(place, written) => {
                let separator = statements::separator(text, place.range);
                let written: Vec<String> =
                    written.iter().map(|statement| layout.statement(place.range, statement)).collect();
                edits.replace(place.range, written.join(&separator));
            }
            ChangeKind::AddImport(place, written) => {
                let separator = statements::separator(text, place.range);
                let newline = statements::newline(text);
                let written = layout.statement(place.range, written).replace('\n', newline);
                let (at, written) = match separator.as_str() {
                    "; " => (place.range.end(), format!("; {written}")),
                    // Behind the comment that belongs to the statement.
                    _ => (statements::end_of_line(text, place.range.end()), format!("{separator}{written}")),
                };
                edits.replace(TextRange::empty(at), written);
            }
            ChangeKind::RemoveElement(element) => elements.push(*element),
            ChangeKind::RemoveComment(range) => {
                edits.replace(statements::with_blanks_before(text, *range), String::new())
            }
        }
    }
    remove_imports(&leaving, &mut edits)?;
    remove_elements(elements, &mut edits)?;
    edits.merged(file)
}

/// The edits of one fix alone, given the text of each file; `None` if it can't be made.
#[must_use]
pub fn edits_of<'t>(fix: &Fix, text: impl Fn(FileId) -> &'t str) -> Option<Vec<Edit>> {
    let mut by_file: BTreeMap<FileId, Vec<&ChangeKind>> = BTreeMap::new();
    for change in &fix.changes {
        by_file.entry(change.file).or_default().push(&change.kind);
    }
    let edits: Option<Vec<Vec<Edit>>> =
        by_file.iter().map(|(file, changes)| edits(*file, text(*file), changes)).collect();
    edits.map(|edits| edits.concat())
}

/// The text with the edits made; they are in order and do not overlap.
#[must_use]
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        result.push_str(TextRange::new(at, edit.range.start()).slice(text));
        result.push_str(&edit.text);
        at = edit.range.end();
    }
    result.push_str(text.get(at as usize..).unwrap_or_default());
    result
}

/// The edits of one text while they are collected.
struct Edits<'t> {
    text: &'t str,
    made: Vec<(TextRange, String)>,
}

impl Edits<'_> {
    fn replace(&mut self, range: TextRange, with: String) {
        self.made.push((range, with));
    }

    fn delete(&mut self, range: TextRange) {
        self.replace(range, String::new());
    }

    /// Sorted; deletions that overlap or touch become one. `None` if other edits overlap.
    fn merged(mut self, file: FileId) -> Option<Vec<Edit>> {
        self.made.sort();
        self.made.dedup();
        let mut merged: Vec<Edit> = Vec::with_capacity(self.made.len());
        for (range, text) in self.made {
            if let Some(last) = merged.last_mut()
                && range.start() < last.range.end()
            {
                if !last.text.is_empty() || !text.is_empty() {
                    return None;
                }
                last.range = last.range.cover(range);
                continue;
            }
            merged.push(Edit { file, range, text });
        }
        for edit in &mut merged {
            edit.range = statements::without_blank_line(self.text, edit);
        }
        Some(merged)
    }
}

fn remove_imports(leaving: &BTreeMap<ImportPlace, Vec<TextRange>>, edits: &mut Edits<'_>) -> Option<()> {
    let mut whole: Vec<ImportPlace> = Vec::new();
    for (place, names) in leaving {
        let list = List::of_import(edits.text, place.range)?;
        let leaves = |range: TextRange| names.contains(&range);
        if list.elements.iter().all(|element| leaves(element.range)) {
            whole.push(*place);
        } else if names.iter().all(|name| list.elements.iter().any(|element| element.range == *name)) {
            list.take_out(edits, leaves);
        } else {
            return None;
        }
    }
    statements::remove(&whole, edits);
    Some(())
}

fn remove_elements(mut elements: Vec<TextRange>, edits: &mut Edits<'_>) -> Option<()> {
    elements.sort_unstable();
    let mut lists: BTreeMap<u32, List> = BTreeMap::new();
    for element in &elements {
        let (start, list) = bracketed(edits.text, *element)?;
        lists.insert(start, list);
    }
    for list in lists.values() {
        list.take_out(edits, |range| elements.binary_search(&range).is_ok());
    }
    Some(())
}
