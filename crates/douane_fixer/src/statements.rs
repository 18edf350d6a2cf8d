//! Whole statements: how they share lines with others, and what is left where they go.

use std::collections::BTreeMap;

use douane_base::{Edit, ImportPlace, TextRange};

use crate::{Edits, elements::past_newline};

pub(crate) fn start_of_line(text: &str, offset: u32) -> u32 {
    let before = text.get(..offset as usize).unwrap_or_default();
    before.rfind(['\n', '\r']).map_or(0, |at| u32::try_from(at + 1).unwrap_or(u32::MAX))
}

pub(crate) fn end_of_line(text: &str, offset: u32) -> u32 {
    let rest = text.get(offset as usize..).unwrap_or_default();
    offset + u32::try_from(rest.find(['\n', '\r']).unwrap_or(rest.len())).unwrap_or(u32::MAX)
}

/// What stands on the lines of a statement before and behind it.
fn around(text: &str, statement: TextRange) -> (&str, &str) {
    let before = TextRange::new(start_of_line(text, statement.start()), statement.start()).slice(text);
    let after = TextRange::new(statement.end(), end_of_line(text, statement.end())).slice(text);
    (before, after)
}

fn is_blank_or_comment(text: &str) -> bool {
    let text = text.trim_start();
    text.is_empty() || text.starts_with('#')
}

/// The statement has its lines for itself.
fn stands_alone(text: &str, statement: TextRange) -> bool {
    let (before, after) = around(text, statement);
    before.trim().is_empty() && is_blank_or_comment(after)
}

/// What parts a statement from one that is put behind it: a line break and its indentation, or a semicolon where it shares
/// its line.
pub(crate) fn separator(text: &str, statement: TextRange) -> String {
    if !stands_alone(text, statement) {
        return "; ".to_owned();
    }
    format!("{}{}", newline(text), around(text, statement).0)
}

/// The line break of a text.
pub(crate) fn newline(text: &str) -> &'static str {
    match text.find(['\n', '\r']) {
        Some(at) if text[at..].starts_with("\r\n") => "\r\n",
        Some(at) if text[at..].starts_with('\r') => "\r",
        _ => "\n",
    }
}

/// The range with the blanks before it on its line.
pub(crate) fn with_blanks_before(text: &str, range: TextRange) -> TextRange {
    let before = text.get(..range.start() as usize).unwrap_or_default();
    let start = before.trim_end_matches([' ', '\t']).len();
    TextRange::new(u32::try_from(start).unwrap_or(u32::MAX), range.end())
}

/// A deletion that leaves nothing but blanks of a line takes the line; one that is followed by nothing takes the blanks
/// before it.
pub(crate) fn without_blank_line(text: &str, edit: &Edit) -> TextRange {
    let (before, after) = around(text, edit.range);
    let takes_newline = edit.range.slice(text).ends_with(['\n', '\r']);
    if !edit.text.is_empty() || edit.range.is_empty() || takes_newline || !after.trim().is_empty() {
        return edit.range;
    }
    if before.trim().is_empty() {
        let start = start_of_line(text, edit.range.start());
        return TextRange::new(start, past_newline(text, end_of_line(text, edit.range.end())));
    }
    with_blanks_before(text, edit.range)
}

/// Removes statements; a block that loses all of its statements gets a `pass`.
pub(crate) fn remove(places: &[ImportPlace], edits: &mut Edits<'_>) {
    let mut removed: BTreeMap<u32, u32> = BTreeMap::new();
    for place in places {
        *removed.entry(place.block.number).or_default() += 1;
    }
    let mut emptied: Vec<u32> = Vec::new();
    let mut others: Vec<TextRange> = Vec::new();
    for place in places {
        let block = place.block;
        let is_emptied = block.number != 0 && removed.get(&block.number) >= Some(&block.statements);
        if is_emptied && !emptied.contains(&block.number) {
            emptied.push(block.number);
            edits.replace(place.range, "pass".to_owned());
        } else if !is_emptied {
            others.push(place.range);
        } else {
            remove_one(place.range, edits);
        }
    }
    others.sort_unstable();
    // Neighbours on a line go as one.
    let mut runs: Vec<TextRange> = Vec::new();
    for range in others {
        match runs.last_mut() {
            Some(run) if is_gap(TextRange::new(run.end(), range.start()).slice(edits.text)) => {
                *run = TextRange::new(run.start(), range.end());
            }
            _ => runs.push(range),
        }
    }
    runs.into_iter().for_each(|run| remove_one(run, edits));
}

/// Nothing but what parts statements of a line.
fn is_gap(text: &str) -> bool {
    text.contains(';') && text.trim_matches([' ', '\t', ';']).is_empty()
}

/// A string that comes first in its block is its docstring.
fn would_leave_docstring(text: &str, start: u32, end: u32) -> bool {
    let code = |line: &&str| !is_blank_or_comment(line);
    let before = text.get(..start as usize).unwrap_or_default();
    let is_first = before.lines().rev().find(code).is_none_or(|line| line.trim_end().ends_with(':'));
    let after = text.get(end as usize..).unwrap_or_default();
    let next = after.lines().find(code).unwrap_or_default().trim_start();
    is_first && next.trim_start_matches(['r', 'R', 'u', 'U']).starts_with(['"', '\''])
}

/// One past the blank lines that follow, where what is removed was the first of its block.
fn past_gap(text: &str, start: u32, end: u32) -> u32 {
    let before = text.get(..start as usize).unwrap_or_default().trim_end();
    let mut end = end;
    while before.ends_with(':') && (end as usize) < text.len() {
        let line = end_of_line(text, end);
        if !TextRange::new(end, line).slice(text).trim().is_empty() {
            break;
        }
        end = past_newline(text, line);
    }
    end
}

fn remove_one(statement: TextRange, edits: &mut Edits<'_>) {
    let text = edits.text;
    let (before_all, after) = around(text, statement);
    let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
    if let Some(rest) = after.trim_start().strip_prefix(';').filter(|rest| !is_blank_or_comment(rest)) {
        let next = end_of_line(text, statement.end()) - length(rest.trim_start());
        return edits.delete(TextRange::new(statement.start(), next));
    }
    let end = match after.trim_start().strip_prefix(';') {
        Some(rest) => end_of_line(text, statement.end()) - length(rest),
        None => statement.end(),
    };
    let before = before_all.trim();
    if before.is_empty() {
        // A form feed parts the pages of a text.
        let start = match before_all.rfind('\x0c') {
            Some(at) => start_of_line(text, statement.start()) + length(&before_all[..=at]),
            None => start_of_line(text, statement.start()),
        };
        if would_leave_docstring(text, start, past_newline(text, end_of_line(text, end))) {
            return edits.replace(statement, "pass".to_owned());
        }
        edits.delete(TextRange::new(start, past_gap(text, start, past_newline(text, end_of_line(text, end)))));
    } else if before.ends_with(';') {
        let semicolon = start_of_line(text, statement.start()) + length(before_all.trim_end()) - 1;
        edits.delete(TextRange::new(semicolon, end));
    } else {
        edits.replace(statement, "pass".to_owned());
    }
}
