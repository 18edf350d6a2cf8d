//! Text from the checked code, made harmless: no control character of a source line, a name or a path may reach the
//! terminal, where it would move the cursor, hide text or reverse it.
//!
//! Two ways: in source lines one visible character stands for each, so that the carets below stay aligned; elsewhere
//! an escape as Python writes it says which character it is.

use std::{borrow::Cow, fmt::Write};

/// The character that stands for another one in a source line; most stand for themselves, and so does the tab, which
/// is expanded later.
pub(crate) fn visible(character: char) -> char {
    match character {
        '\t' => '\t',
        // The Unicode block of control pictures has one for each of the first 32, in the same order.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7f' => '␡',
        _ if is_hostile(character) => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

/// The text as one line without control characters; they are written `\n`, `\x1b` or `\u202e`.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        push_escaped(character, &mut line);
    }
    Cow::Owned(line)
}

fn push_escaped(character: char, line: &mut String) {
    // Writing to a `String` does not fail.
    let _ = match character {
        '\n' => line.write_str("\\n"),
        '\r' => line.write_str("\\r"),
        '\t' => line.write_str("\\t"),
        '\0'..='\u{ff}' if is_hostile(character) => write!(line, "\\x{:02x}", u32::from(character)),
        _ if is_hostile(character) => write!(line, "\\u{:04x}", u32::from(character)),
        _ => line.write_char(character),
    };
}

/// True for what a terminal obeys instead of showing it: control characters, line and paragraph separators, and the
/// controls of writing direction that can make code read otherwise than it runs (CVE-2021-42574).
fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_one_line() {
        assert_eq!(escaped("a\nb\r\tc\x1b[31m\u{9b}\u{202e}é"), r"a\nb\r\tc\x1b[31m\x9b\u202eé");
        assert!(matches!(escaped("`é𐐀` and a \\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn source_lines_keep_their_width() {
        let shown: String = "\ta\0\x0c\x1b\x7f\u{9b}\u{202e}é".chars().map(visible).collect();
        assert_eq!(shown, "\ta␀␌␛␡\u{fffd}\u{fffd}é");
    }
}
