//! The format `gitlab`: a [Code Quality report](https://docs.gitlab.com/ci/testing/code_quality/).

use std::io::{self, Write};

use douane_base::{LineColumn, Severity};
use serde::Serialize;

use crate::{
    Report,
    place::{Place, places},
};

#[derive(Serialize)]
struct Issue<'d> {
    check_name: &'d str,
    description: String,
    severity: &'static str,
    fingerprint: Option<String>,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    positions: Positions,
}

#[derive(Serialize)]
struct Positions {
    begin: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

/// Writes the array and the end of its line. GitLab does not show the name of a check, so the description begins with it.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let position = |at: LineColumn| Position { line: at.line, column: at.column };
    let issue = |Place { diagnostic, path, start, end, .. }| Issue {
        check_name: diagnostic.rule,
        description: format!("{}: {}", diagnostic.rule, diagnostic.message),
        severity: match diagnostic.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
        },
        fingerprint: diagnostic.fingerprint.map(|fingerprint| fingerprint.to_string()),
        location: Location {
            path: report.in_checkout(path),
            positions: Positions { begin: position(start), end: position(end) },
        },
    };
    let issues: Vec<Issue<'_>> = places(report).map(issue).collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}
