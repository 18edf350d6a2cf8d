//! Lists of elements between commas: the names of an import statement, the strings of a list or tuple.

use douane_base::TextRange;

use crate::{
    Edits,
    statements::{end_of_line, start_of_line},
};

/// Elements and the commas behind them.
pub(crate) struct List {
    pub(crate) elements: Vec<Element>,
    /// Lines may end anywhere in it.
    is_bracketed: bool,
    /// A tuple, whose only element needs its comma.
    is_tuple: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Element {
    pub(crate) range: TextRange,
    /// One past the comma behind it.
    comma: Option<u32>,
}

impl Element {
    /// One past the element and its comma.
    fn end(self) -> u32 {
        self.comma.unwrap_or(self.range.end())
    }
}

/// A piece of Python text, as far as lists are made of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Comma,
    Open(u8),
    Close,
    Comment,
    /// Anything else, a string as a whole.
    Other,
}

impl List {
    /// The names of an import statement.
    pub(crate) fn of_import(text: &str, statement: TextRange) -> Option<Self> {
        let mut words = Words { text, at: statement.start(), end: statement.end() };
        let mut word = words.next()?;
        if word == "lazy" {
            word = words.next()?;
        }
        if word == "from" {
            while words.next()? != "import" {}
        }
        let inside = TextRange::new(words.at, statement.end());
        let mut pieces: Vec<_> = pieces(text, inside).collect();
        let open = pieces.iter().position(|(piece, _)| *piece == Piece::Open(b'('));
        if let Some(open) = open {
            pieces.drain(..=open);
            pieces.retain(|(piece, _)| *piece != Piece::Close);
        }
        Some(Self { elements: elements(&pieces), is_bracketed: open.is_some(), is_tuple: false })
    }

    /// Takes elements out. What is left of a line that held others keeps its breaks and comments.
    pub(crate) fn take_out(&self, edits: &mut Edits<'_>, leaves: impl Fn(TextRange) -> bool) {
        let text = edits.text;
        let elements = &self.elements;
        let left: Vec<&Element> = elements.iter().filter(|element| !leaves(element.range)).collect();
        match (left.as_slice(), elements.first(), elements.last()) {
            ([], Some(first), Some(last)) => {
                return edits.delete(TextRange::new(first.range.start(), last.end()));
            }
            ([only], Some(first), Some(last)) if self.is_tuple && elements.len() > 1 => {
                let range = TextRange::new(first.range.start(), last.end());
                return edits.replace(range, format!("{},", only.range.slice(text)));
            }
            _ => {}
        }
        let mut at = 0;
        while at < elements.len() {
            let run = elements[at..].iter().take_while(|element| leaves(element.range)).count();
            if run > 0 {
                self.take_run_out(edits, at, at + run);
            }
            at += run.max(1);
        }
    }

    fn take_run_out(&self, edits: &mut Edits<'_>, from: usize, to: usize) {
        let text = edits.text;
        let run = &self.elements[from..to];
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
        let (start, end) = (first.range.start(), last.end());
        if self.is_bracketed && run.iter().all(|element| has_own_lines(text, *element)) {
            for element in run {
                let start = start_of_line(text, element.range.start());
                edits.delete(TextRange::new(start, past_newline(text, end_of_line(text, element.end()))));
            }
            return;
        }
        let previous = from.checked_sub(1).map(|at| self.elements[at]);
        let is_broken = |from: u32, to: u32| TextRange::new(from, to).slice(text).contains(['\n', '\r']);
        let has_comment =
            |from: u32, to: u32| pieces(text, TextRange::new(from, to)).any(|(piece, _)| piece == Piece::Comment);
        let range = match (previous, self.elements.get(to)) {
            (Some(previous), Some(next)) if self.is_bracketed && is_broken(end, next.range.start()) => {
                // The last of its line: the line break stays.
                let from = if is_broken(previous.end(), start) { start } else { previous.end() };
                TextRange::new(from, end)
            }
            (_, Some(next)) if has_comment(end, next.range.start()) => TextRange::new(start, end),
            (_, Some(next)) => TextRange::new(start, next.range.start()),
            (Some(previous), None) if has_comment(previous.end(), start) => TextRange::new(start, end),
            (Some(previous), None) => match last.comma {
                Some(comma) => TextRange::new(previous.end(), comma),
                None => TextRange::new(previous.range.end(), end),
            },
            (None, None) => TextRange::new(start, end),
        };
        edits.delete(range);
    }
}

/// The list, tuple or set around an element, and where its bracket stands; none for the arguments of a call.
pub(crate) fn bracketed(text: &str, element: TextRange) -> Option<(u32, List)> {
    // From the line on which the statement may start: the first before the element that is not indented.
    let start = statement_start(text, element.start());
    let mut open: Vec<(u8, u32, usize)> = Vec::new();
    let mut found: Vec<(Piece, TextRange)> = Vec::new();
    for (piece, range) in pieces(text, TextRange::new(start, u32::try_from(text.len()).ok()?)) {
        match piece {
            Piece::Open(bracket) => open.push((bracket, range.start(), found.len())),
            Piece::Close => {
                let (bracket, start, opened) = open.pop()?;
                if range.start() >= element.end() {
                    if start > element.start() || (bracket == b'(' && is_behind_word(text, start)) {
                        return None;
                    }
                    let (elements, is_tuple) = (elements(&found[opened + 1..]), bracket == b'(');
                    let list = List { elements, is_bracketed: true, is_tuple };
                    return list.elements.iter().any(|known| known.range == element).then_some((start, list));
                }
            }
            _ => {}
        }
        found.push((piece, range));
    }
    None
}

/// A bracket there opens the arguments of a call.
fn is_behind_word(text: &str, at: u32) -> bool {
    let before = text.get(..at as usize).unwrap_or_default().trim_end();
    before.ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ')' | ']'))
}

fn statement_start(text: &str, before: u32) -> u32 {
    let mut at = start_of_line(text, before);
    while at > 0 && text[at as usize..].starts_with([' ', '\t', ']', ')', '\'', '"', '#', '\n', '\r']) {
        at = start_of_line(text, at - 1);
    }
    at
}

fn elements(pieces: &[(Piece, TextRange)]) -> Vec<Element> {
    let mut found: Vec<Element> = Vec::new();
    let mut is_open = false;
    let mut depth = 0usize;
    for (piece, range) in pieces {
        match piece {
            Piece::Open(_) => depth += 1,
            Piece::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        match piece {
            Piece::Comma if depth == 0 => {
                if let Some(last) = found.last_mut().filter(|_| is_open) {
                    last.comma = Some(range.end());
                }
                is_open = false;
            }
            Piece::Comment => {}
            _ if is_open => {
                if let Some(last) = found.last_mut() {
                    last.range = last.range.cover(*range);
                }
            }
            _ => {
                found.push(Element { range: *range, comma: None });
                is_open = true;
            }
        }
    }
    found
}

/// The element stands on lines of its own, but for its comma and comment.
fn has_own_lines(text: &str, element: Element) -> bool {
    let before = TextRange::new(start_of_line(text, element.range.start()), element.range.start()).slice(text);
    let after = TextRange::new(element.end(), end_of_line(text, element.end())).slice(text).trim();
    before.trim().is_empty() && (after.is_empty() || after.starts_with('#'))
}

pub(crate) fn past_newline(text: &str, end: u32) -> u32 {
    let rest = text.get(end as usize..).unwrap_or_default();
    end + if rest.starts_with("\r\n") { 2 } else { u32::from(rest.starts_with(['\n', '\r'])) }
}

/// Cuts a text into pieces, blanks left out.
fn pieces(text: &str, within: TextRange) -> impl Iterator<Item = (Piece, TextRange)> {
    /// What ends a word.
    const ENDS: [char; 11] = [',', '(', '[', '{', ')', ']', '}', '#', '"', '\'', '\\'];
    let mut at = within.start();
    std::iter::from_fn(move || {
        loop {
            let rest = TextRange::new(at, within.end()).slice(text);
            let (piece, length) = match rest.chars().next()? {
                ',' => (Piece::Comma, 1),
                '(' | '[' | '{' => (Piece::Open(rest.as_bytes()[0]), 1),
                ')' | ']' | '}' => (Piece::Close, 1),
                '#' => (Piece::Comment, rest.find(['\n', '\r']).unwrap_or(rest.len())),
                '"' | '\'' => (Piece::Other, string_length(rest)),
                // A backslash joins lines.
                blank if blank.is_whitespace() || blank == '\\' => {
                    at += u32::try_from(blank.len_utf8()).ok()?;
                    continue;
                }
                _ => {
                    let ends = |letter: char| letter.is_whitespace() || ENDS.contains(&letter);
                    (Piece::Other, rest.find(ends).unwrap_or(rest.len()))
                }
            };
            let range = TextRange::new(at, at + u32::try_from(length).ok()?);
            at = range.end();
            return Some((piece, range));
        }
    })
}

/// The length of the string that a text begins with.
fn string_length(text: &str) -> usize {
    let quote = &text[..1];
    let triple = quote.repeat(3);
    let (delimiter, is_long) = if text.starts_with(&triple) { (triple.as_str(), true) } else { (quote, false) };
    let mut at = delimiter.len();
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(delimiter) {
            return at + delimiter.len();
        }
        let step = if rest.starts_with('\\') { 2 } else { rest.chars().next().map_or(1, char::len_utf8) };
        if !is_long && rest.starts_with(['\n', '\r']) {
            return at;
        }
        at += step;
        while at < text.len() && !text.is_char_boundary(at) {
            at += 1;
        }
    }
    text.len()
}

/// The words of a statement up to its names.
struct Words<'t> {
    text: &'t str,
    at: u32,
    end: u32,
}

impl<'t> Words<'t> {
    fn next(&mut self) -> Option<&'t str> {
        let rest = TextRange::new(self.at, self.end).slice(self.text);
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let start = rest.find(is_word)?;
        let length = rest[start..].find(|letter: char| !is_word(letter)).unwrap_or(rest.len() - start);
        self.at += u32::try_from(start + length).ok()?;
        Some(&rest[start..start + length])
    }
}
