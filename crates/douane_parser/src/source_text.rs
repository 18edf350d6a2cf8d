//! Bytes of a file to text, as Python reads them.
//!
//! A byte order mark or a coding cookie in the first two lines names the encoding, else it is UTF-8 (PEP 263; language
//! reference, section 2.1.4). What can't be decoded is replaced, so that the rest of the file is still read, and the
//! error is a syntax error, as it is in Python.

use std::borrow::Cow;

use douane_base::TextRange;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::facts::SyntaxError;

/// The text of a file and what was wrong with its bytes. A byte order mark is not part of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// The text.
    pub text: String,
    /// Why Python would refuse the bytes.
    pub error: Option<SyntaxError>,
    /// What is not Python, and may use the names of the text all the same: the cells of other languages in a notebook.
    pub foreign: String,
}

/// Decodes the bytes of a Python file.
#[must_use]
pub fn decode(bytes: Vec<u8>) -> Decoded {
    let has_mark = bytes.starts_with(b"\xef\xbb\xbf");
    let start = if has_mark { 3 } else { 0 };
    let cookie = cookie(&bytes[start..]);
    let is_utf8 = cookie.as_ref().is_none_or(|cookie| is_utf8_name(&cookie.name));
    if is_utf8 {
        return decode_utf8(bytes, start);
    }
    let Some(cookie) = cookie else { return decode_utf8(bytes, start) };
    if has_mark {
        let message = format!("encoding problem: `{}` with a UTF-8 byte order mark", cookie.name);
        let Decoded { text, .. } = decode_utf8(bytes, start);
        return Decoded { text, error: Some(SyntaxError { message, range: cookie.range }), ..Decoded::default() };
    }
    match python_encoding(&cookie.name) {
        PythonEncoding::Known(encoding) => {
            let (text, malformed) = encoding.decode_without_bom_handling(&bytes);
            let error = malformed.then(|| SyntaxError {
                message: format!("some bytes are no `{}`, which the coding cookie names", cookie.name),
                range: cookie.range,
            });
            Decoded { text: text.into_owned(), error, ..Decoded::default() }
        }
        PythonEncoding::Ascii => {
            let error = bytes.iter().position(|byte| !byte.is_ascii()).map(|at| SyntaxError {
                message: format!(
                    "a byte that is no ASCII at offset {at}, though the coding cookie names `{}`",
                    cookie.name
                ),
                range: cookie.range,
            });
            Decoded { text: String::from_utf8_lossy(&bytes).into_owned(), error, ..Decoded::default() }
        }
        // An 8-bit superset of ASCII that only Python's codecs know: what imports are made of reads right all the same.
        PythonEncoding::Other => Decoded {
            text: WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned(),
            error: None,
            ..Decoded::default()
        },
        PythonEncoding::Unknown => {
            let message = format!("unknown encoding: `{}`", cookie.name);
            Decoded {
                text: String::from_utf8_lossy(&bytes).into_owned(),
                error: Some(SyntaxError { message, range: cookie.range }),
                ..Decoded::default()
            }
        }
    }
}

/// The bytes of a text that stands in the place of others: in their encoding and with their byte order mark. `None` if
/// they could not be read without loss, or if the encoding has no such characters.
#[must_use]
pub fn encode(text: &str, before: &[u8]) -> Option<Vec<u8>> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let start = if before.starts_with(MARK) { MARK.len() } else { 0 };
    let cookie = cookie(&before[start..]);
    if cookie.as_ref().is_none_or(|cookie| is_utf8_name(&cookie.name)) {
        std::str::from_utf8(before).ok()?;
        return Some([&before[..start], text.as_bytes()].concat());
    }
    let encoding = match python_encoding(&cookie?.name) {
        PythonEncoding::Known(encoding) => encoding,
        PythonEncoding::Ascii => return (before.is_ascii() && text.is_ascii()).then(|| text.as_bytes().to_vec()),
        PythonEncoding::Other | PythonEncoding::Unknown => {
            return (before.is_ascii() && text.is_ascii()).then(|| text.as_bytes().to_vec());
        }
    };
    let encoded = |text: &str| {
        let (bytes, _, has_unmappable) = encoding.encode(text);
        (!has_unmappable).then(|| bytes.into_owned())
    };
    let original = decode(before.to_vec());
    (original.error.is_none() && encoded(&original.text)? == before).then(|| encoded(text))?
}

fn decode_utf8(mut bytes: Vec<u8>, start: usize) -> Decoded {
    bytes.drain(..start);
    match String::from_utf8(bytes) {
        Ok(text) => Decoded { text, error: None, ..Decoded::default() },
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text: Cow<'_, str> = String::from_utf8_lossy(error.as_bytes());
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            let message = format!("the byte at offset {at} is no UTF-8, and no coding cookie names another encoding");
            Decoded {
                text: text.into_owned(),
                // The byte was replaced by a character of three.
                error: Some(SyntaxError { message, range: TextRange::new(at, at.saturating_add(3)) }),
                ..Decoded::default()
            }
        }
    }
}

struct Cookie {
    name: String,
    range: TextRange,
}

/// The cookie of PEP 263: `^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)` in line one, or in line two if line one
/// holds no code.
fn cookie(bytes: &[u8]) -> Option<Cookie> {
    let mut start = 0;
    for _ in 0..2 {
        let rest = &bytes[start..];
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let line = &rest[..end];
        let content = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c'));
        match content {
            Some(at) if line[at] == b'#' => {
                if let Some(found) = cookie_in(&line[at..], start + at) {
                    return Some(found);
                }
            }
            Some(_) => return None,
            None => {}
        }
        let newline = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        start += end + newline;
        if start >= bytes.len() {
            return None;
        }
    }
    None
}

fn cookie_in(comment: &[u8], offset: usize) -> Option<Cookie> {
    let word = b"coding";
    let mut from = 0;
    while let Some(found) = comment[from..].windows(word.len()).position(|window| window == word) {
        let mut at = from + found + word.len();
        from = at;
        if !matches!(comment.get(at), Some(b':' | b'=')) {
            continue;
        }
        at += 1;
        while matches!(comment.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let name: Vec<u8> = comment[at..].iter().take_while(is_name).copied().collect();
        if !name.is_empty() {
            let start = u32::try_from(offset + at).unwrap_or(u32::MAX);
            let end = start + u32::try_from(name.len()).unwrap_or(0);
            return Some(Cookie {
                name: String::from_utf8_lossy(&name).into_owned(),
                range: TextRange::new(start, end),
            });
        }
    }
    None
}

fn normalized(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.', ' '], "-")
}

fn is_utf8_name(name: &str) -> bool {
    let name = normalized(name);
    name == "utf-8" || name.starts_with("utf-8-") || matches!(name.as_str(), "utf8" | "u8" | "utf" | "cp65001")
}

enum PythonEncoding {
    Known(&'static Encoding),
    Ascii,
    Other,
    Unknown,
}

/// The encodings of Python's `encodings.aliases`, as far as source files can be written in them.
fn python_encoding(name: &str) -> PythonEncoding {
    let name = normalized(name);
    if matches!(name.as_str(), "ascii" | "us-ascii" | "646") {
        return PythonEncoding::Ascii;
    }
    let web_name = match name.as_str() {
        "latin-1" | "iso-latin-1" | "latin" | "l1" | "8859" | "cp819" | "iso8859-1" => "iso-8859-1",
        "latin-2" | "l2" => "iso-8859-2",
        "latin-9" | "l9" => "iso-8859-15",
        "eucjp" | "ujis" => "euc-jp",
        "euckr" | "cp949" | "uhc" => "euc-kr",
        "sjis" | "s-jis" | "shiftjis" | "cp932" | "ms932" => "shift_jis",
        "cp936" | "ms936" => "gbk",
        "cp950" => "big5",
        "mac-roman" | "macroman" => "macintosh",
        "mac-cyrillic" => "x-mac-cyrillic",
        other => other,
    };
    if let Some(number) = web_name.strip_prefix("cp125").or_else(|| web_name.strip_prefix("windows-125"))
        && let Some(encoding) = Encoding::for_label(format!("windows-125{number}").as_bytes())
    {
        return PythonEncoding::Known(encoding);
    }
    match Encoding::for_label(web_name.as_bytes()) {
        // UTF-16 is no superset of ASCII: Python refuses it too.
        Some(encoding) if encoding == UTF_8 || encoding.name().starts_with("UTF-16") => PythonEncoding::Unknown,
        Some(encoding) => PythonEncoding::Known(encoding),
        None => match Encoding::for_label(web_name.replace('-', "_").as_bytes()) {
            Some(encoding) => PythonEncoding::Known(encoding),
            None if is_other_python_codec(&name) => PythonEncoding::Other,
            None => PythonEncoding::Unknown,
        },
    }
}

fn is_other_python_codec(name: &str) -> bool {
    let digits = |prefix: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.parse::<u16>().is_ok());
    digits("cp")
        || digits("iso8859-")
        || name.starts_with("mac-")
        || name.starts_with("iso2022-")
        || matches!(
            name,
            "big5hkscs"
                | "euc-jis-2004"
                | "euc-jisx0213"
                | "shift-jis-2004"
                | "shift-jisx0213"
                | "johab"
                | "hz"
                | "hp-roman8"
                | "koi8-t"
                | "kz1048"
                | "ptcp154"
                | "palmos"
                | "tis-620"
                | "gb2312"
                | "charmap"
                | "raw-unicode-escape"
                | "unicode-escape"
                | "mbcs"
                | "oem"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_in_the_first_two_lines_count() {
        let latin = b"#!/usr/bin/python\n# -*- coding: latin-1 -*-\nx = '\xe9'\n".to_vec();
        assert_eq!(decode(latin).text, "#!/usr/bin/python\n# -*- coding: latin-1 -*-\nx = 'é'\n");
        let third = b"#\n#\n# coding: latin-1\nx = '\xe9'\n".to_vec();
        assert!(decode(third).error.is_some());
        let after_code = b"x = 1\n# coding: latin-1\ny = '\xe9'\n".to_vec();
        assert!(decode(after_code).error.is_some());
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        let decoded = decode(b"\xef\xbb\xbfimport os\n".to_vec());
        assert_eq!((decoded.text.as_str(), decoded.error), ("import os\n", None));
        assert!(decode(b"\xef\xbb\xbf# coding: latin-1\n".to_vec()).error.is_some());
    }

    #[test]
    fn a_wrong_cookie_is_an_error_and_the_text_is_kept() {
        let decoded = decode(b"# coding: no-such-thing\nimport os\n".to_vec());
        assert!(decoded.error.expect("an error").message.contains("no-such-thing"));
        assert!(decoded.text.contains("import os"));
    }
}
