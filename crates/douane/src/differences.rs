//! What fixes change, as a unified diff.

use std::io::{self, BufWriter, Write};

use douane_workspace::ChangedFile;
use similar::TextDiff;

/// Writes the differences of all files.
pub(crate) fn write(changed: &[ChangedFile], colours: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for file in changed {
        let path = file.path.to_string_lossy();
        let lines = TextDiff::from_lines(&file.before, &file.after);
        let diff = lines.unified_diff().header(&path, &path).to_string();
        for line in diff.split_inclusive('\n') {
            match colour(line).filter(|_| colours) {
                Some(colour) => {
                    let text = line.trim_end_matches('\n');
                    write!(out, "\u{1b}[{colour}m{text}\u{1b}[0m{}", &line[text.len()..])?;
                }
                None => out.write_all(line.as_bytes())?,
            }
        }
    }
    out.flush()
}

/// The colour of a line, as git has it.
fn colour(line: &str) -> Option<&'static str> {
    match line.as_bytes() {
        [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => Some("1"),
        [b'-', ..] => Some("31"),
        [b'+', ..] => Some("32"),
        [b'@', ..] => Some("36"),
        _ => None,
    }
}
