//! Positions as the client counts them. This is the only place that knows UTF-16.

use douane_base::{LineIndex, TextRange};
use lsp_types::{Position, PositionEncodingKind, Range};

/// What a column counts (`PositionEncodingKind` of the protocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Encoding {
    /// The best that the client offers; who offers nothing counts UTF-16.
    pub(crate) fn negotiated(offered: Option<&[PositionEncodingKind]>) -> Self {
        let offers = |kind: PositionEncodingKind| offered.is_some_and(|offered| offered.contains(&kind));
        if offers(PositionEncodingKind::UTF8) {
            Self::Utf8
        } else if offers(PositionEncodingKind::UTF32) {
            Self::Utf32
        } else {
            Self::Utf16
        }
    }

    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    /// The position of an offset.
    pub(crate) fn position(self, text: &str, lines: &LineIndex, offset: u32) -> Position {
        let offset = offset.min(length(text));
        let line = lines.line(offset);
        let character = match self {
            Self::Utf8 => offset.saturating_sub(lines.line_start(line)),
            Self::Utf16 => lines.position(text, offset).utf16_column - 1,
            Self::Utf32 => lines.position(text, offset).column - 1,
        };
        Position { line: line - 1, character }
    }

    pub(crate) fn range(self, text: &str, lines: &LineIndex, range: TextRange) -> Range {
        Range { start: self.position(text, lines, range.start()), end: self.position(text, lines, range.end()) }
    }

    /// The offset of a position. One behind the end of a line is that end, one inside a character its start.
    pub(crate) fn offset(self, text: &str, lines: &LineIndex, position: Position) -> u32 {
        if position.line >= lines.line_count() {
            return length(text);
        }
        let start = lines.line_start(position.line + 1) as usize;
        let line = text[start..].split(['\n', '\r']).next().unwrap_or_default();
        let mut left = position.character as usize;
        let mut offset = start;
        for character in line.chars() {
            let width = match self {
                Self::Utf8 => character.len_utf8(),
                Self::Utf16 => character.len_utf16(),
                Self::Utf32 => 1,
            };
            if left < width {
                break;
            }
            left -= width;
            offset += character.len_utf8();
        }
        u32::try_from(offset).unwrap_or(u32::MAX)
    }

    /// The text between two positions.
    pub(crate) fn text_range(self, text: &str, lines: &LineIndex, range: Range) -> TextRange {
        let start = self.offset(text, lines, range.start);
        TextRange::new(start, self.offset(text, lines, range.end).max(start))
    }
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "x = \"é𐐀\"; import os\r\ny\n";

    #[test]
    fn columns_are_counted_as_agreed() {
        let lines = LineIndex::new(TEXT);
        let offset = u32::try_from(TEXT.find("os").unwrap()).unwrap();
        for (encoding, character) in [(Encoding::Utf32, 17), (Encoding::Utf8, 21), (Encoding::Utf16, 18)] {
            let position = encoding.position(TEXT, &lines, offset);
            assert_eq!(position, Position { line: 0, character }, "{encoding:?}");
            assert_eq!(encoding.offset(TEXT, &lines, position), offset, "{encoding:?}");
        }
    }

    #[test]
    fn positions_outside_are_moved_inside() {
        let lines = LineIndex::new(TEXT);
        let at = |encoding: Encoding, line, character| encoding.offset(TEXT, &lines, Position { line, character });
        let end_of_first = u32::try_from(TEXT.find('\r').unwrap()).unwrap();
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            assert_eq!(at(encoding, 0, 1000), end_of_first);
            assert_eq!(at(encoding, 1000, 0), length(TEXT));
            assert_eq!(at(encoding, 2, 5), length(TEXT));
        }
        // Between the halves of a surrogate pair, and inside a character of two bytes.
        assert_eq!(at(Encoding::Utf16, 0, 7), u32::try_from(TEXT.find('𐐀').unwrap()).unwrap());
        assert_eq!(at(Encoding::Utf8, 0, 6), u32::try_from(TEXT.find('é').unwrap()).unwrap());
    }
}
