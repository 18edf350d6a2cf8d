//! The format `concise`: one line a diagnostic, `path:line:column: severity[rule] message`, columns in code points from
//! 1. Whatever the path or the message holds, it stays one line.

use std::io::{self, Write};

use codespan_reporting::term::termcolor::{Buffer, Color, ColorSpec, WriteColor};
use douane_base::{Diagnostic, Severity};

use crate::{
    Report,
    escape::escaped,
    position::{Positions, inside},
};

/// Writes all diagnostics.
pub(crate) fn write(report: &Report<'_>, colours: bool, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report.files);
    let mut buffer = if colours { Buffer::ansi() } else { Buffer::no_color() };
    for diagnostic in report.diagnostics {
        buffer.clear();
        write_line(diagnostic, &positions, &mut buffer)?;
        out.write_all(buffer.as_slice())?;
    }
    Ok(())
}

/// Writes one diagnostic and the end of its line.
pub(crate) fn write_line(
    diagnostic: &Diagnostic,
    positions: &Positions<'_>,
    out: &mut dyn WriteColor,
) -> io::Result<()> {
    let file = diagnostic.primary.file;
    let source = positions.file(file);
    let start = inside(source.text(), diagnostic.primary.range).start;
    let position = positions.position(file, start);
    write!(out, "{}:{}:{}: ", escaped(&positions.shown_path(file, start)), position.line, position.column)?;
    out.set_color(ColorSpec::new().set_fg(Some(colour(diagnostic.severity))).set_bold(true))?;
    write!(out, "{}[{}]", diagnostic.severity.as_str(), diagnostic.rule)?;
    out.reset()?;
    writeln!(out, " {}", escaped(&diagnostic.message))
}

/// The colours that `full` has too.
fn colour(severity: Severity) -> Color {
    match severity {
        Severity::Error => Color::Red,
        Severity::Warning => Color::Yellow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Format, Options,
        sample::{Files, error, range, written},
    };

    #[test]
    fn a_line_a_diagnostic_then_the_summary() {
        let files = Files::new(&[("a.py", "x = \"é𐐀\"; import os\n"), ("b.py", "import re\rimport sys")]);
        let diagnostics = [
            error(0, files.find(0, "os"), "`os` is unused"),
            Diagnostic { severity: Severity::Warning, ..error(1, files.find(1, "sys"), "`sys` is unused") },
            error(1, range(100, 200), "the file has changed"),
        ];
        assert_eq!(
            written(&files, &diagnostics, Format::Concise, Options::default()),
            "a.py:1:18: error[some-rule] `os` is unused\n\
             b.py:2:8: warning[some-rule] `sys` is unused\n\
             b.py:2:11: error[some-rule] the file has changed\n\
             Found 2 errors and 1 warning in 2 of 120 files (118 modules) in 0.04s.\n"
        );
    }

    #[test]
    fn every_diagnostic_is_one_line() {
        let files = Files::new(&[("new\nline\x1b[2J.py", "")]);
        let diagnostics = [error(0, range(0, 0), "a\r\nb\u{2028}c\td")];
        let quiet = Options { colours: false, quiet: true };
        assert_eq!(
            written(&files, &diagnostics, Format::Concise, quiet),
            "new\\nline\\x1b[2J.py:1:1: error[some-rule] a\\r\\nb\\u2028c\\td\n"
        );
    }

    #[test]
    fn colours_mark_the_severity() {
        let files = Files::new(&[("a.py", "import os\n")]);
        let options = Options { colours: true, quiet: true };
        assert_eq!(
            written(&files, &[error(0, range(7, 9), "`os` is unused")], Format::Concise, options),
            "a.py:1:8: \x1b[0m\x1b[1m\x1b[31merror[some-rule]\x1b[0m `os` is unused\n"
        );
    }
}
