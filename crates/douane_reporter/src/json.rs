//! The format `json`: one object with all diagnostics and the summary, as `docs/json.md` describes it.
//!
//! Every diagnostic is made and written in its turn; the whole is never held in memory. A change of what is here is a
//! change of a public format: a new key is an addition, anything else needs a new [`VERSION`].

use std::io::{self, Write};

use douane_base::{Applicability, Diagnostic, Edit, FileId, Fix, Label, LineColumn, Severity, TextRange, rule_page};
use douane_fixer::edits_of;
use serde::{Serialize, Serializer};

use crate::{
    Report,
    position::{Positions, count_u32, inside},
    summary::count,
};

/// The version of the format.
const VERSION: u32 = 1;

/// Writes the object and the end of its line.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report.files);
    let object = JsonReport {
        version: VERSION,
        diagnostics: Stream {
            items: report.diagnostics,
            to_json: |diagnostic| json_diagnostic(diagnostic, report, &positions),
        },
        summary: JsonSummary {
            files: report.summary.files,
            modules: report.summary.modules,
            errors: count(report.diagnostics, Severity::Error),
            warnings: count(report.diagnostics, Severity::Warning),
            elapsed_ms: u64::try_from(report.summary.elapsed.as_millis()).unwrap_or(u64::MAX),
        },
    };
    serde_json::to_writer(&mut *out, &object)?;
    writeln!(out)
}

/// Writes each finding as an object on a line of its own.
pub(crate) fn write_lines(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report.files);
    for diagnostic in report.diagnostics {
        serde_json::to_writer(&mut *out, &json_diagnostic(diagnostic, report, &positions))?;
        writeln!(out)?;
    }
    Ok(())
}

#[derive(Serialize)]
struct JsonReport<D> {
    version: u32,
    diagnostics: D,
    summary: JsonSummary,
}

#[derive(Serialize)]
struct JsonDiagnostic<'d> {
    rule: &'d str,
    url: String,
    severity: Severity,
    message: &'d str,
    help: Option<&'d str>,
    path: String,
    module: Option<&'d str>,
    range: JsonRange,
    related: Vec<JsonLabel<'d>>,
    chain: Vec<JsonLabel<'d>>,
    fix: Option<JsonFix<'d>>,
    fingerprint: Option<String>,
}

#[derive(Serialize)]
struct JsonRange {
    /// Of a notebook, whose lines are counted in each cell.
    cell: Option<u32>,
    start: JsonPosition,
    end: JsonPosition,
}

#[derive(Serialize)]
struct JsonPosition {
    #[serde(flatten)]
    position: LineColumn,
    offset: u32,
}

#[derive(Serialize)]
struct JsonLabel<'d> {
    path: String,
    range: JsonRange,
    message: &'d str,
}

#[derive(Serialize)]
struct JsonFix<'d> {
    applicability: Applicability,
    title: &'d str,
    edits: Vec<JsonEdit>,
}

#[derive(Serialize)]
struct JsonEdit {
    path: String,
    range: JsonRange,
    text: String,
}

#[derive(Serialize)]
struct JsonSummary {
    files: usize,
    modules: usize,
    errors: usize,
    warnings: usize,
    elapsed_ms: u64,
}

/// A list whose elements are made while it is written.
struct Stream<'d, T, F> {
    items: &'d [T],
    to_json: F,
}

impl<'d, T, J: Serialize, F: Fn(&'d T) -> J> Serialize for Stream<'d, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.items.iter().map(&self.to_json))
    }
}

fn json_diagnostic<'d>(
    diagnostic: &'d Diagnostic,
    report: &Report<'d>,
    positions: &Positions<'_>,
) -> JsonDiagnostic<'d> {
    let Label { file, range, .. } = diagnostic.primary;
    JsonDiagnostic {
        rule: diagnostic.rule,
        url: rule_page(diagnostic.rule),
        severity: diagnostic.severity,
        message: &diagnostic.message,
        help: diagnostic.help.as_deref(),
        path: positions.file(file).display_path(),
        module: report.files.module(file),
        range: json_range(file, range, positions),
        related: diagnostic.related.iter().map(|label| json_label(label, positions)).collect(),
        chain: diagnostic.chain.iter().map(|label| json_label(label, positions)).collect(),
        fix: diagnostic.fix.as_ref().and_then(|fix| json_fix(fix, positions)),
        fingerprint: diagnostic.fingerprint.map(|fingerprint| fingerprint.to_string()),
    }
}

fn json_label<'d>(label: &'d Label, positions: &Positions<'_>) -> JsonLabel<'d> {
    JsonLabel {
        path: positions.file(label.file).display_path(),
        range: json_range(label.file, label.range, positions),
        message: &label.message,
    }
}

fn json_fix<'d>(fix: &'d Fix, positions: &Positions<'_>) -> Option<JsonFix<'d>> {
    let json_edit = |edit: Edit| JsonEdit {
        path: positions.file(edit.file).display_path(),
        range: json_range(edit.file, edit.range, positions),
        text: edit.text,
    };
    let edits = edits_of(fix, |file| positions.file(file).text())?;
    Some(JsonFix {
        applicability: fix.applicability,
        title: &fix.title,
        edits: edits.into_iter().map(json_edit).collect(),
    })
}

fn json_range(file: FileId, range: TextRange, positions: &Positions<'_>) -> JsonRange {
    let range = inside(positions.file(file).text(), range);
    let json_position = |offset| JsonPosition { position: positions.position(file, offset), offset: count_u32(offset) };
    let cell = positions.cell(file, range.start).map(|cell| cell.number);
    JsonRange { cell, start: json_position(range.start), end: json_position(range.end) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Format, Options,
        sample::{Files, error, label, range, written},
    };
    use douane_base::{Change, ChangeKind, Fingerprint};
    use serde_json::{Value, json};

    fn json(files: &Files, diagnostics: &[Diagnostic]) -> String {
        written(files, diagnostics, Format::Json, Options { colours: true, quiet: false })
    }

    fn files() -> Files {
        Files::new(&[("app/db.py", "x = \"é𐐀\"; import os\n"), ("lint.toml", "a = 1\r\nallow = [\"os\"]\r\n")])
    }

    fn diagnostic(files: &Files) -> Diagnostic {
        let os = files.find(0, "os");
        Diagnostic {
            severity: Severity::Warning,
            related: vec![label(1, files.find(1, "\"os\""), "only\nhere")],
            help: Some("remove it".to_owned()),
            fix: Some(Fix {
                title: "Remove the import".to_owned(),
                applicability: Applicability::DisplayOnly,
                changes: vec![Change {
                    file: FileId(1),
                    kind: ChangeKind::Replace(TextRange::empty(9), "é\u{1b}".to_owned()),
                }],
            }),
            ..error(0, os, "`os` is unused")
        }
    }

    #[test]
    fn keys_have_their_order() {
        let files = files();
        let bare = error(1, range(0, 1), "a problem");
        assert_eq!(
            json(&files, &[diagnostic(&files), bare]),
            concat!(
                r#"{"version":1,"diagnostics":["#,
                r#"{"rule":"some-rule","url":"https://douane.readthedocs.io/rules/some-rule/","severity":"warning","message":"`os` is unused","help":"remove it","#,
                r#""path":"app/db.py","module":"app.db","#,
                r#""range":{"cell":null,"start":{"line":1,"column":18,"utf16_column":19,"offset":21},"#,
                r#""end":{"line":1,"column":20,"utf16_column":21,"offset":23}},"#,
                r#""related":[{"path":"lint.toml","#,
                r#""range":{"cell":null,"start":{"line":2,"column":10,"utf16_column":10,"offset":16},"#,
                r#""end":{"line":2,"column":14,"utf16_column":14,"offset":20}},"message":"only\nhere"}],"#,
                r#""chain":[],"fix":{"applicability":"display-only","title":"Remove the import","edits":[{"path":"lint.toml","#,
                r#""range":{"cell":null,"start":{"line":2,"column":3,"utf16_column":3,"offset":9},"#,
                r#""end":{"line":2,"column":3,"utf16_column":3,"offset":9}},"text":"é\u001b"}]},"fingerprint":"FIRST"},"#,
                r#"{"rule":"some-rule","url":"https://douane.readthedocs.io/rules/some-rule/","severity":"error","message":"a problem","help":null,"#,
                r#""path":"lint.toml","module":null,"#,
                r#""range":{"cell":null,"start":{"line":1,"column":1,"utf16_column":1,"offset":0},"#,
                r#""end":{"line":1,"column":2,"utf16_column":2,"offset":1}},"related":[],"chain":[],"fix":null,"fingerprint":"SECOND"}],"#,
                r#""summary":{"files":120,"modules":118,"errors":1,"warnings":1,"elapsed_ms":41}}"#,
                "\n"
            )
            .replace("FIRST", &Fingerprint::of(&["`os` is unused"]).to_string())
            .replace("SECOND", &Fingerprint::of(&["a problem"]).to_string())
        );
    }

    #[test]
    fn it_reads_back() {
        let files = files();
        let mut diagnostic = diagnostic(&files);
        diagnostic.message = "quotes \" and \\ and \u{7f} and \u{2028}".to_owned();
        let value: Value = serde_json::from_str(&json(&files, std::slice::from_ref(&diagnostic))).expect("it is JSON");
        let read = &value["diagnostics"][0];
        assert_eq!(read["message"], json!(diagnostic.message));
        assert_eq!(read["related"][0]["message"], json!("only\nhere"));
        assert_eq!(read["fix"]["edits"][0]["text"], json!("é\u{1b}"));
        // What the range covers can be taken from the text by its offsets.
        let offset = |end: &str| usize::try_from(read["range"][end]["offset"].as_u64().expect("a number"));
        let text = crate::Sources::file(&files, FileId(0)).text();
        assert_eq!(&text[offset("start").expect("small")..offset("end").expect("small")], "os");
        assert_eq!(value["summary"]["warnings"], json!(1));
    }

    #[test]
    fn nothing_found_is_an_object_too() {
        let value: Value = serde_json::from_str(&json(&Files::new(&[]), &[])).expect("it is JSON");
        assert_eq!(
            value,
            json!({
                "version": 1,
                "diagnostics": [],
                "summary": {"files": 120, "modules": 118, "errors": 0, "warnings": 0, "elapsed_ms": 41}
            })
        );
    }

    #[test]
    fn ranges_that_do_not_fit_the_file_are_moved_into_it() {
        let files = Files::new(&[("a.py", "é\n𐐀")]);
        let diagnostics = [error(0, range(1, 5), "inside characters"), error(0, range(50, 60), "beyond the end")];
        let value: Value = serde_json::from_str(&json(&files, &diagnostics)).expect("it is JSON");
        let end = json!({"line": 2, "column": 2, "utf16_column": 3, "offset": 7});
        let start = json!({"line": 1, "column": 1, "utf16_column": 1, "offset": 0});
        assert_eq!(value["diagnostics"][0]["range"], json!({"cell": null, "start": start, "end": end}));
        assert_eq!(value["diagnostics"][1]["range"], json!({"cell": null, "start": end, "end": end}));
    }
}
