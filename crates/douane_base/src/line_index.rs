//! Offsets to lines and columns, for the edges of the program only.

use serde::Serialize;

/// A position as people and protocols count it: the line and the column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: u32,
    /// The column in Unicode code points, from 1.
    pub column: u32,
    /// The column in UTF-16 code units, from 1: what editors count by default.
    pub utf16_column: u32,
}

/// The offsets at which the lines of a text start. Lines end with `\n`, `\r\n` or a lone `\r`, as Python's do
/// (language reference, section 2.1.2); a form feed ends none.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// Then columns are told without a look at the line.
    is_ascii: bool,
}

impl LineIndex {
    /// Reads the line starts of a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for offset in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[offset] == b'\n' || bytes.get(offset + 1) != Some(&b'\n') {
                starts.push(offset_u32(offset + 1));
            }
        }
        Self { starts, is_ascii: text.is_ascii() }
    }

    /// The number of lines; an empty text has one.
    #[must_use]
    pub fn line_count(&self) -> u32 {
        offset_u32(self.starts.len())
    }

    /// The line, from 1, that holds an offset.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        offset_u32(self.starts.partition_point(|start| *start <= offset)).max(1)
    }

    /// The offset at which a line, counted from 1, starts; the last line's start for a line beyond the end.
    #[must_use]
    pub fn line_start(&self, line: u32) -> u32 {
        let at = (line.max(1) as usize - 1).min(self.starts.len() - 1);
        self.starts[at]
    }

    /// Line and column of an offset. An offset beyond the text, or inside a character, is moved back to the nearest
    /// valid one, because the file may have changed since it was read.
    #[must_use]
    pub fn position(&self, text: &str, offset: u32) -> LineColumn {
        let mut end = (offset as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let line = self.line(offset_u32(end));
        let start = (self.line_start(line) as usize).min(end);
        if self.is_ascii {
            let column = 1 + offset_u32(end - start);
            return LineColumn { line, column, utf16_column: column };
        }
        let before = text.get(start..end).unwrap_or_default();
        LineColumn {
            line,
            column: 1 + offset_u32(before.chars().count()),
            utf16_column: 1 + offset_u32(before.chars().map(char::len_utf16).sum()),
        }
    }
}

/// Positions of ascending offsets. Each is counted on from the one before, so that a million of them on one line take
/// one walk along it.
pub struct Positions<'t> {
    text: &'t str,
    lines: &'t LineIndex,
    last: Option<(u32, LineColumn)>,
}

impl<'t> Positions<'t> {
    /// Positions in a text, with where its lines start.
    #[must_use]
    pub fn new(text: &'t str, lines: &'t LineIndex) -> Self {
        Self { text, lines, last: None }
    }

    /// Line and column of an offset.
    pub fn at(&mut self, offset: u32) -> LineColumn {
        let position = match self.last {
            Some((before, known)) if before <= offset && self.lines.line(offset) == known.line => {
                match self.text.get(before as usize..offset as usize) {
                    Some(between) => LineColumn {
                        line: known.line,
                        column: known.column + offset_u32(between.chars().count()),
                        utf16_column: known.utf16_column + offset_u32(between.chars().map(char::len_utf16).sum()),
                    },
                    None => self.lines.position(self.text, offset),
                }
            }
            _ => self.lines.position(self.text, offset),
        };
        self.last = Some((offset, position));
        position
    }
}

/// Files of 4 GiB and more are refused before they get here.
fn offset_u32(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_code_points_and_utf16_units() {
        let text = "x = \"é𐐀\"; import os\r\nimport sys\rimport re\n";
        let index = LineIndex::new(text);
        let os = u32::try_from(text.find("os").expect("it is there")).expect("a short text");
        assert_eq!(index.position(text, os), LineColumn { line: 1, column: 18, utf16_column: 19 });
        let re = u32::try_from(text.find("re").expect("it is there")).expect("a short text");
        assert_eq!(index.position(text, re), LineColumn { line: 3, column: 8, utf16_column: 8 });
    }

    #[test]
    fn positions_counted_on_are_those_counted_anew() {
        let text = "é𐐀 a\nb𐐀c\n";
        let index = LineIndex::new(text);
        let mut positions = Positions::new(text, &index);
        for (offset, _) in text.char_indices() {
            let offset = offset_u32(offset);
            assert_eq!(positions.at(offset), index.position(text, offset));
        }
    }

    #[test]
    fn offsets_outside_the_text_stay_inside() {
        let text = "é";
        let index = LineIndex::new(text);
        assert_eq!(index.position(text, 1).column, 1);
        assert_eq!(index.position(text, 99).column, 2);
    }
}
