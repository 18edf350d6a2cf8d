//! The format `grouped`: the findings of each file below its name.

use std::io::{self, Write};

use crate::{
    Report,
    escape::escaped,
    position::{Positions, inside},
};

/// Writes all findings, with an empty line behind those of each file.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report.files);
    let mut last: Option<String> = None;
    for diagnostic in report.diagnostics {
        let file = diagnostic.primary.file;
        let offset = inside(positions.file(file).text(), diagnostic.primary.range).start;
        let (path, start) = (positions.shown_path(file, offset), positions.position(file, offset));
        if last.as_ref() != Some(&path) {
            if last.is_some() {
                writeln!(out)?;
            }
            writeln!(out, "{}:", escaped(&path))?;
            last = Some(path);
        }
        let place = format!("{}:{}", start.line, start.column);
        let (severity, rule) = (diagnostic.severity.as_str(), diagnostic.rule);
        writeln!(out, "  {place:<8} {severity}[{rule}] {}", escaped(&diagnostic.message))?;
    }
    if last.is_some() {
        writeln!(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{
        Format, Options,
        sample::{Files, error, written},
    };

    #[test]
    fn each_file_is_named_once() {
        let files = Files::new(&[("a.py", "import os, re\n"), ("b.py", "\nimport sys\n")]);
        let found = [
            error(0, files.find(0, "os"), "`os` is unused"),
            error(0, files.find(0, "re"), "`re` is unused"),
            error(1, files.find(1, "sys"), "`sys` is unused"),
        ];
        let quiet = Options { colours: false, quiet: true };
        assert_eq!(
            written(&files, &found, Format::Grouped, quiet),
            "a.py:\n  1:8      error[some-rule] `os` is unused\n  1:12     error[some-rule] `re` is unused\n\n\
             b.py:\n  2:8      error[some-rule] `sys` is unused\n\n"
        );
        assert_eq!(written(&files, &[], Format::Grouped, quiet), "");
    }
}
