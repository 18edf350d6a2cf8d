//! What fixes change, as a unified diff.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use douane_workspace::ChangedFile;
use similar::{ChangeTag, TextDiff};

/// The colours of git.
const STRONG: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const CYAN: &str = "36";

/// Writes the differences of all files. A line ends with a line feed alone, as `git apply` and `patch` see it; a carriage
/// return is a part of its line.
pub(crate) fn write(changed: &[ChangedFile], colours: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let mut line = |colour: &str, text: &str| {
        if colours && !colour.is_empty() {
            writeln!(out, "\u{1b}[{colour}m{text}\u{1b}[0m")
        } else {
            writeln!(out, "{text}")
        }
    };
    for file in changed {
        let before: Vec<&str> = file.before.split_inclusive('\n').collect();
        let after: Vec<&str> = file.after.split_inclusive('\n').collect();
        let lines = TextDiff::from_slices(&before, &after);
        line(STRONG, &format!("--- {}", named("a", &file.path)))?;
        line(STRONG, &format!("+++ {}", named("b", &file.path)))?;
        for hunk in lines.unified_diff().iter_hunks() {
            line(CYAN, &hunk.header().to_string())?;
            for change in hunk.iter_changes() {
                let colour = match change.tag() {
                    ChangeTag::Equal => "",
                    ChangeTag::Delete => RED,
                    ChangeTag::Insert => GREEN,
                };
                let text = change.value();
                line(colour, &format!("{}{}", change.tag(), text.strip_suffix('\n').unwrap_or(text)))?;
                if !text.ends_with('\n') {
                    line("", "\\ No newline at end of file")?;
                }
            }
        }
    }
    out.flush()
}

/// A path as git names it: below `a` or `b`, as `git apply` and `patch -p1` expect, in quotes where it holds what could be taken
/// for something else, and with a tab behind it where it holds blanks.
fn named(side: &str, path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() };
    // What lies elsewhere has no place in the tree that the patch is for.
    let is_inside = !path.is_absolute() && !path.starts_with("..");
    let whole = if is_inside { format!("{side}/{text}") } else { text };
    let is_plain = |byte: u8| (b' '..0x7f).contains(&byte) && byte != b'"' && byte != b'\\';
    if whole.bytes().all(is_plain) {
        return if whole.contains(' ') { whole + "\t" } else { whole };
    }
    let quoted = whole.bytes().map(|byte| match byte {
        b'\t' => "\\t".to_owned(),
        b'\n' => "\\n".to_owned(),
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        byte if is_plain(byte) => char::from(byte).to_string(),
        byte => format!("\\{byte:03o}"),
    });
    format!("\"{}\"", quoted.collect::<String>())
}
