//! The format `rdjson` of [reviewdog](https://github.com/reviewdog/reviewdog): columns count bytes of UTF-8 from 1, and ends
//! are exclusive.

use std::io::{self, Write};

use douane_base::{FileId, LineColumn, SITE, Severity, TextRange, rule_page};
use douane_fixer::edits_of;
use serde::Serialize;

use crate::{
    Report,
    position::{Positions, count_u32, inside},
};

#[derive(Serialize)]
struct Document<'d> {
    source: Source,
    severity: &'static str,
    diagnostics: Vec<Finding<'d>>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    url: &'static str,
}

#[derive(Serialize)]
struct Finding<'d> {
    message: &'d str,
    severity: &'static str,
    location: Location,
    code: Code<'d>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion>,
}

#[derive(Serialize)]
struct Code<'d> {
    value: &'d str,
    url: String,
}

#[derive(Serialize)]
struct Location {
    path: String,
    range: Range,
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Suggestion {
    range: Range,
    text: String,
}

/// Writes the object and the end of its line.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report.files);
    let severity = |severity: Severity| match severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
    };
    let finding = |diagnostic: &'_ douane_base::Diagnostic| {
        let file = diagnostic.primary.file;
        let fix = diagnostic.fix.as_ref();
        let edits = fix.and_then(|fix| edits_of(fix, |file| positions.file(file).text())).unwrap_or_default();
        // A suggestion has no path of its own: it is made in the file of the finding.
        let is_here = edits.iter().all(|edit| edit.file == file) && !positions.file(file).is_notebook();
        let suggestions = edits.into_iter().filter(|_| is_here);
        (
            Location {
                path: positions.file(file).display_path(),
                range: range(&positions, file, diagnostic.primary.range),
            },
            suggestions
                .map(|edit| Suggestion { range: range(&positions, file, edit.range), text: edit.text })
                .collect::<Vec<Suggestion>>(),
        )
    };
    let diagnostics = report.diagnostics.iter().map(|diagnostic| {
        let (location, suggestions) = finding(diagnostic);
        Finding {
            message: &diagnostic.message,
            severity: severity(diagnostic.severity),
            location,
            code: Code { value: diagnostic.rule, url: rule_page(diagnostic.rule) },
            suggestions,
        }
    });
    let has_errors = report.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let document = Document {
        source: Source { name: "douane", url: SITE },
        severity: severity(if has_errors { Severity::Error } else { Severity::Warning }),
        diagnostics: diagnostics.collect(),
    };
    serde_json::to_writer(&mut *out, &document)?;
    writeln!(out)
}

fn range(positions: &Positions<'_>, file: FileId, range: TextRange) -> Range {
    let source = positions.file(file);
    if source.is_notebook() {
        let (start, end) = positions.stored(file, inside(source.text(), range));
        let position = |at: LineColumn| Position { line: at.line, column: at.column };
        return Range { start: position(start), end: position(end) };
    }
    let position = |offset: usize| {
        let offset = count_u32(offset);
        let line = source.lines().line(offset);
        Position { line, column: 1 + offset - source.lines().line_start(line) }
    };
    let range = inside(source.text(), range);
    Range { start: position(range.start), end: position(range.end) }
}

#[cfg(test)]
mod tests {
    use crate::{
        Format, Options,
        sample::{Files, error, written},
    };

    #[test]
    fn columns_are_bytes() {
        let files = Files::new(&[("a.py", "x = \"é𐐀\"; import os\n")]);
        let found = [error(0, files.find(0, "os"), "`os` is unused")];
        assert_eq!(
            written(&files, &found, Format::Rdjson, Options::default()),
            "{\"source\":{\"name\":\"douane\",\"url\":\"https://douane.readthedocs.io/\"},\"severity\":\"ERROR\",\"diagnostics\":[{\"message\":\"`os` is unused\",\
             \"severity\":\"ERROR\",\"location\":{\"path\":\"a.py\",\"range\":{\"start\":{\"line\":1,\"column\":22},\
             \"end\":{\"line\":1,\"column\":24}}},\"code\":{\"value\":\"some-rule\",\
             \"url\":\"https://douane.readthedocs.io/rules/some-rule/\"}}]}\n"
        );
    }
}
