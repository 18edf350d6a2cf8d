//! The lines of one file that one diagnostic shows: a file and ranges in it go in, a short text and the same ranges in
//! that text come out.
//!
//! Only these lines are ever drawn, so that the cost of a diagnostic does not depend on the size of its file. Lines in
//! the middle of a long range are left out, a long line is cut to windows around the ends of its ranges, and control
//! characters are made visible.

use std::{collections::BTreeMap, ops::Range};

use codespan_reporting::files::{Error, Files, Location};
use douane_base::{LineColumn, SourceFile};

use crate::{
    escape::{escaped, visible},
    position::{count_u32, line_range},
};

/// Lines of up to this many bytes are shown whole.
const WHOLE_LINE: usize = 240;
/// How many bytes of a longer line are shown before an end of a range.
const BEFORE: usize = 40;
/// How many bytes of a longer line are shown after an end of a range.
const AFTER: usize = 80;
/// How many lines are shown after the first line of a range of several lines, as codespan draws them.
pub(crate) const LINES_AFTER_START: usize = 3;
/// How many lines are shown before the last line of a range of several lines, as codespan draws them.
pub(crate) const LINES_BEFORE_END: usize = 1;
/// What stands for a part of a line that is left out.
const ELLIPSIS: char = '…';
/// The least distance between two line indexes at which codespan draws a break instead of the line between them.
const JUMP: usize = 3;

/// A few lines of one file.
pub(crate) struct Excerpt {
    path: String,
    text: String,
    lines: Vec<Line>,
    /// Where in the file the ranges start, by where they start in `text`.
    starts: Vec<(usize, LineColumn)>,
}

/// A line of an excerpt.
struct Line {
    /// The number by which codespan knows the line. Neighbours in the file have neighbouring numbers; where lines are
    /// left out, a jump of [`JUMP`] makes codespan draw the break.
    index: usize,
    /// The line's number in the file, or in the cell of a notebook, from 1.
    number: usize,
    /// The line's place in the file, without its end.
    source: Range<usize>,
    /// The line's place in the excerpt's text.
    shown: Range<usize>,
    parts: Vec<Part>,
}

/// A part of a line of the file that is shown, and where.
struct Part {
    source: Range<usize>,
    shown_start: usize,
}

impl Excerpt {
    /// The lines around some ranges, which must lie inside the file, and the ranges in the excerpt.
    pub(crate) fn new(
        source: &SourceFile,
        path: &str,
        ranges: &[(Range<usize>, LineColumn)],
    ) -> (Self, Vec<Range<usize>>) {
        let text = source.text();
        let marked: Vec<Range<usize>> = ranges.iter().map(|(range, _)| without_line_end(text, range)).collect();
        let mut excerpt = Self { path: escaped(path).into_owned(), text: String::new(), lines: vec![], starts: vec![] };
        for (number, centres) in shown_lines(source, &marked) {
            excerpt.push_line(source, number, &centres);
        }
        let shown: Vec<Range<usize>> =
            marked.iter().map(|range| excerpt.shown(text, range.start)..excerpt.shown(text, range.end)).collect();
        excerpt.starts = shown.iter().zip(ranges).map(|(shown, (_, position))| (shown.start, *position)).collect();
        (excerpt, shown)
    }

    /// Adds a line, cut to windows around the offsets in `centres` if it is long.
    fn push_line(&mut self, source: &SourceFile, number: u32, centres: &[usize]) {
        let line = line_range(source, number);
        let lines_before = source.cell(number).map_or(0, |cell| cell.first_line - 1);
        let number = (number - lines_before) as usize;
        let index = self.lines.last().map_or(0, |last| last.index + number.saturating_sub(last.number).min(JUMP));
        let shown_start = self.text.len();
        let mut parts: Vec<Part> = Vec::new();
        let mut end = line.start;
        for window in windows(source.text(), &line, centres) {
            if window.start > end {
                self.text.push(ELLIPSIS);
            }
            parts.push(Part { source: window.clone(), shown_start: self.text.len() });
            end = window.end;
            self.text.extend(source.text().get(window).unwrap_or_default().chars().map(visible));
        }
        if end < line.end {
            self.text.push(ELLIPSIS);
        }
        self.lines.push(Line { index, number, source: line, shown: shown_start..self.text.len(), parts });
        // Keeps the end of a line apart from the start of the next one, so that an offset belongs to one line only.
        self.text.push('\n');
    }

    /// Where in the excerpt an offset of the file is; for one that is left out, the end of the ellipsis for it.
    fn shown(&self, text: &str, offset: usize) -> usize {
        let after = self.lines.partition_point(|line| line.source.start <= offset);
        let Some(line) = self.lines[..after].last() else { return 0 };
        let offset = offset.min(line.source.end);
        let after = line.parts.partition_point(|part| part.source.start <= offset);
        let Some(part) = line.parts[..after].last() else { return line.shown.start };
        let before = text.get(part.source.start..offset.min(part.source.end)).unwrap_or_default();
        let ellipsis = if offset > part.source.end { ELLIPSIS.len_utf8() } else { 0 };
        part.shown_start + before.chars().map(|character| visible(character).len_utf8()).sum::<usize>() + ellipsis
    }
}

/// A range without the line ends at its end: a statement with its line end is a range of one line, not of two.
fn without_line_end(text: &str, range: &Range<usize>) -> Range<usize> {
    let covered = text.get(range.clone()).unwrap_or_default();
    range.start..range.start + covered.trim_end_matches(['\r', '\n']).len()
}

/// The numbers of the lines that are shown, from 1, each with the offsets that must be visible in it.
fn shown_lines(source: &SourceFile, ranges: &[Range<usize>]) -> BTreeMap<u32, Vec<usize>> {
    let line = |offset: usize| source.lines().line(count_u32(offset));
    let line_start = |line: u32| source.lines().line_start(line) as usize;
    let mut shown: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for range in ranges {
        let (first, last) = (line(range.start), line(range.end));
        shown.entry(first).or_default().push(range.start);
        if first == last {
            continue;
        }
        shown.entry(last).or_default().push(range.end);
        let after_start = (first + 1..last).take(LINES_AFTER_START);
        let before_end = (first + 1..last).rev().take(LINES_BEFORE_END);
        for between in after_start.chain(before_end) {
            shown.entry(between).or_default().push(line_start(between));
        }
    }
    // A break in place of a single line would save nothing: codespan draws that line.
    let numbers: Vec<u32> = shown.keys().copied().collect();
    for pair in numbers.windows(2).filter(|pair| pair[1] - pair[0] == 2) {
        shown.insert(pair[0] + 1, vec![line_start(pair[0] + 1)]);
    }
    shown
}

/// The parts of a line that are shown, in order and apart from each other; at least one.
fn windows(text: &str, line: &Range<usize>, centres: &[usize]) -> Vec<Range<usize>> {
    if line.len() <= WHOLE_LINE {
        return vec![line.clone()];
    }
    let mut centres: Vec<usize> = centres.iter().map(|centre| (*centre).clamp(line.start, line.end)).collect();
    centres.sort_unstable();
    let mut windows: Vec<Range<usize>> = Vec::new();
    for centre in centres {
        let start = text.floor_char_boundary(centre.saturating_sub(BEFORE).max(line.start));
        let end = text.floor_char_boundary((centre + AFTER).min(line.end));
        match windows.last_mut() {
            Some(last) if start <= last.end => last.end = end.max(last.end),
            _ => windows.push(start..end),
        }
    }
    windows
}

/// The excerpts of one diagnostic, one a file, as codespan asks for them: by their place in the list.
pub(crate) struct Excerpts(pub(crate) Vec<Excerpt>);

impl Excerpts {
    fn excerpt(&self, file: usize) -> Result<&Excerpt, Error> {
        self.0.get(file).ok_or(Error::FileMissing)
    }

    /// The last line that starts before something; every excerpt has a line that starts at 0.
    fn line(&self, file: usize, is_before: impl Fn(&Line) -> bool) -> Result<&Line, Error> {
        let lines = &self.excerpt(file)?.lines;
        let after = lines.partition_point(is_before);
        lines[..after].last().ok_or(Error::LineTooLarge { given: 0, max: 0 })
    }
}

impl<'f> Files<'f> for Excerpts {
    type FileId = usize;
    type Name = &'f str;
    type Source = &'f str;

    fn name(&'f self, file: usize) -> Result<&'f str, Error> {
        Ok(&self.excerpt(file)?.path)
    }

    fn source(&'f self, file: usize) -> Result<&'f str, Error> {
        Ok(&self.excerpt(file)?.text)
    }

    fn line_index(&'f self, file: usize, offset: usize) -> Result<usize, Error> {
        Ok(self.line(file, |line| line.shown.start <= offset)?.index)
    }

    fn line_number(&'f self, file: usize, index: usize) -> Result<usize, Error> {
        Ok(self.line(file, |line| line.index <= index)?.number)
    }

    fn location(&'f self, file: usize, offset: usize) -> Result<Location, Error> {
        let starts = &self.excerpt(file)?.starts;
        let start = starts.iter().find(|(start, _)| *start == offset);
        let (_, position) = start.ok_or(Error::IndexTooLarge { given: offset, max: 0 })?;
        Ok(Location { line_number: position.line as usize, column_number: position.column as usize })
    }

    fn line_range(&'f self, file: usize, index: usize) -> Result<Range<usize>, Error> {
        let line = self.line(file, |line| line.index <= index)?;
        // A line that is left out is asked for, but not drawn.
        Ok(if line.index == index { line.shown.clone() } else { line.shown.end..line.shown.end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, range: Range<usize>) -> (String, Range<usize>) {
        let source = SourceFile::new("a.py".into(), text.to_owned());
        let (excerpt, shown) =
            Excerpt::new(&source, "a.py", &[(range, LineColumn { line: 1, column: 1, utf16_column: 1 })]);
        (excerpt.text, shown[0].clone())
    }

    #[test]
    fn a_range_keeps_its_text() {
        let (text, range) = excerpt("import a\nimport\x0cé\nimport c\n", 15..18);
        assert_eq!(text, "import␌é\n");
        assert_eq!(&text[range], "␌é");
    }

    #[test]
    fn a_long_line_is_cut_around_the_start() {
        let line = format!("{}import os{}", "é;".repeat(3_000), ";x".repeat(3_000));
        let (text, range) = excerpt(&line, 9_000..9_009);
        // 40 bytes before the start, of which the first belongs to a cut pair, and 80 bytes after it.
        assert_eq!(text, format!("…;{}import os{};…\n", "é;".repeat(13), ";x".repeat(35)));
        assert_eq!(&text[range], "import os");
    }

    #[test]
    fn a_range_beyond_the_window_ends_with_the_ellipsis() {
        let (text, range) = excerpt(&"x".repeat(1_000), 0..900);
        assert_eq!(text, format!("{}…\n", "x".repeat(AFTER)));
        assert_eq!(range, 0..AFTER + ELLIPSIS.len_utf8());
    }

    #[test]
    fn the_middle_of_a_long_range_is_left_out() {
        let source: String = (1..=1_000).map(|number| format!("line {number}\n")).collect();
        let (text, range) = excerpt(&source, 0..source.len());
        assert_eq!(text, "line 1\nline 2\nline 3\nline 4\nline 999\nline 1000\n");
        assert_eq!(range, 0..text.len() - 1);
    }
}
