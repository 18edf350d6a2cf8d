//! What fixes change, as a unified diff.

use std::io::{self, BufWriter, Write};

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
        let path = file.path.display();
        let before: Vec<&str> = file.before.split_inclusive('\n').collect();
        let after: Vec<&str> = file.after.split_inclusive('\n').collect();
        let lines = TextDiff::from_slices(&before, &after);
        line(STRONG, &format!("--- {path}"))?;
        line(STRONG, &format!("+++ {path}"))?;
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
