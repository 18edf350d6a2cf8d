//! Offsets to lines and columns: a file, an offset in it, out comes the position that every format prints.
//!
//! [`LineIndex::position`](douane_base::LineIndex::position) counts columns from the start of the line, which on a
//! minified file of one line and thousands of diagnostics is quadratic. Here the columns of a long line are counted
//! once, and remembered every few thousand bytes.

use std::{cell::RefCell, collections::HashMap, ops::Range};

use douane_base::{Cell, FileId, LineColumn, SourceFile, TextRange};

use crate::Sources;

/// The distance in bytes between two remembered columns of a long line; shorter lines are counted every time.
const STRIDE: usize = 4096;

/// Where the diagnostics of one report are.
pub(crate) struct Positions<'r> {
    files: &'r dyn Sources,
    long_lines: RefCell<HashMap<(FileId, u32), Vec<Checkpoint>>>,
}

impl<'r> Positions<'r> {
    /// The positions in some files.
    pub(crate) fn new(files: &'r dyn Sources) -> Self {
        Self { files, long_lines: RefCell::default() }
    }

    /// The file of that number.
    pub(crate) fn file(&self, file: FileId) -> &'r SourceFile {
        self.files.file(file)
    }

    /// The file as people read of it: a place in a notebook is one in a cell.
    pub(crate) fn shown_path(&self, file: FileId, offset: usize) -> String {
        let source = self.files.file(file);
        match self.cell(file, offset) {
            Some(cell) => format!("{}:cell {}", source.display_path(), cell.number),
            None => source.display_path(),
        }
    }

    /// The cell that an offset is in, where the file is a notebook.
    pub(crate) fn cell(&self, file: FileId, offset: usize) -> Option<&'r Cell> {
        let source = self.files.file(file);
        source.cell(source.lines().line(count_u32(offset)))
    }

    /// Where a range begins and ends in the file as it is stored. In a notebook the code stands in strings, so that there are
    /// no columns in it.
    pub(crate) fn stored(&self, file: FileId, range: Range<usize>) -> (LineColumn, LineColumn) {
        let position = |offset: usize| match self.cell(file, offset) {
            Some(cell) => {
                let line = self.files.file(file).lines().line(count_u32(offset)) - cell.first_line;
                let line = cell.file_lines.get(line as usize).or(cell.file_lines.last()).copied().unwrap_or(1);
                LineColumn { line, column: 1, utf16_column: 1 }
            }
            None => self.position(file, offset),
        };
        (position(range.start), position(range.end))
    }

    /// The position of an offset that lies inside the file and on the edge of a character, as [`inside`] makes them. In a
    /// notebook lines are those of the cell.
    pub(crate) fn position(&self, file: FileId, offset: usize) -> LineColumn {
        let position = self.position_in_text(file, offset);
        let lines_before = self.cell(file, offset).map_or(0, |cell| cell.first_line - 1);
        LineColumn { line: position.line - lines_before, ..position }
    }

    fn position_in_text(&self, file: FileId, offset: usize) -> LineColumn {
        let source = self.files.file(file);
        let offset_u32 = count_u32(offset);
        let line = source.lines().line(offset_u32);
        let line_start = source.lines().line_start(line) as usize;
        if offset.saturating_sub(line_start) <= STRIDE {
            return source.lines().position(source.text(), offset_u32);
        }
        let mut long_lines = self.long_lines.borrow_mut();
        let checkpoints =
            long_lines.entry((file, line)).or_insert_with(|| checkpoints(source.text(), line_range(source, line)));
        let at = checkpoints.partition_point(|checkpoint| checkpoint.offset <= offset);
        let nearest = checkpoints[..at].last().copied().unwrap_or(Checkpoint::at_line_start(line_start));
        let exact = nearest.advance(source.text().get(nearest.offset..offset).unwrap_or_default());
        LineColumn { line, column: count_u32(1 + exact.column), utf16_column: count_u32(1 + exact.utf16_column) }
    }
}

/// A range as it lies in the text: its ends moved back into a text that has become shorter, and outwards to the edges
/// of the characters that it cuts.
pub(crate) fn inside(text: &str, range: TextRange) -> Range<usize> {
    let start = text.floor_char_boundary(range.start() as usize);
    let end = text.ceil_char_boundary(range.end() as usize);
    start..end.max(start)
}

/// The range of a line, counted from 1, without the characters that end it.
pub(crate) fn line_range(source: &SourceFile, line: u32) -> Range<usize> {
    let lines = source.lines();
    let start = lines.line_start(line) as usize;
    let end = if line < lines.line_count() { lines.line_start(line + 1) as usize } else { source.text().len() };
    let content = source.text().get(start..end).unwrap_or_default().trim_end_matches(['\r', '\n']);
    start..start + content.len()
}

/// An offset in a long line, and how many characters lie before it.
#[derive(Clone, Copy)]
struct Checkpoint {
    offset: usize,
    column: usize,
    utf16_column: usize,
}

impl Checkpoint {
    fn at_line_start(offset: usize) -> Self {
        Self { offset, column: 0, utf16_column: 0 }
    }

    fn advance(self, text: &str) -> Self {
        Self {
            offset: self.offset + text.len(),
            column: self.column + text.chars().count(),
            utf16_column: self.utf16_column + text.chars().map(char::len_utf16).sum::<usize>(),
        }
    }
}

/// The checkpoints of a line, the first one a stride after its start.
fn checkpoints(text: &str, line: Range<usize>) -> Vec<Checkpoint> {
    let mut checkpoints = Vec::with_capacity(line.len() / STRIDE);
    let mut last = Checkpoint::at_line_start(line.start);
    while last.offset + STRIDE < line.end {
        let next = text.floor_char_boundary(last.offset + STRIDE);
        last = last.advance(text.get(last.offset..next).unwrap_or_default());
        checkpoints.push(last);
    }
    checkpoints
}

/// Files of 4 GiB and more are refused before they get here.
pub(crate) fn count_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Files;

    #[test]
    fn a_long_line_has_the_columns_of_a_short_one() {
        let line = "é𐐀ab".repeat(3 * STRIDE);
        let files = Files::new(&[("long.py", &format!("\n{line}\nx"))]);
        let positions = Positions::new(&files);
        let source = files.file(FileId(0));
        for offset in (1..source.text().len()).step_by(8 * 512).chain([1 + line.len(), 2 + line.len()]) {
            let expected = source.lines().position(source.text(), count_u32(offset));
            assert_eq!(positions.position(FileId(0), offset), expected, "{offset}");
        }
        assert_eq!(
            positions.position(FileId(0), 1 + line.len()),
            LineColumn { line: 2, column: 12 * 4096 + 1, utf16_column: 15 * 4096 + 1 }
        );
    }

    #[test]
    fn ranges_are_moved_into_the_text() {
        let text = "aé𐐀";
        assert_eq!(inside(text, TextRange::new(2, 4)), 1..7);
        assert_eq!(inside(text, TextRange::empty(2)), 1..3);
        assert_eq!(inside(text, TextRange::new(3, 99)), 3..7);
        assert_eq!(inside(text, TextRange::new(50, 99)), 7..7);
        assert_eq!(inside("", TextRange::new(50, 99)), 0..0);
    }

    #[test]
    fn a_line_is_without_its_end() {
        let files = Files::new(&[("a.py", "a\r\n\r\rbc\n")]);
        let lines: Vec<Range<usize>> = (1..=5).map(|line| line_range(files.file(FileId(0)), line)).collect();
        assert_eq!(lines, [0..1, 3..3, 4..4, 5..7, 8..8]);
    }
}
