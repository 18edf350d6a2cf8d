//! The format `sarif`: [SARIF 2.1.0](https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), with what GitHub's code
//! scanning asks for on top.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use douane_base::{Diagnostic, Edit, FileId, SITE, Severity, TextRange, rule_page};
use douane_fixer::edits_of;
use serde_json::{Value, json};

use crate::{
    Report, RuleText,
    position::{Positions, count_u32, inside},
};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What paths are relative to.
const ROOT: &str = "%SRCROOT%";

/// Writes the document and the end of its line.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let positions = Positions::new(report.files);
    let numbers: HashMap<&str, usize> =
        report.rules.iter().enumerate().map(|(number, rule)| (rule.name, number)).collect();
    let mut lines: HashMap<FileId, Vec<String>> = HashMap::new();
    // What a baseline knows is there too, so that its alerts don't come and go.
    let mut found: Vec<(&Diagnostic, bool)> = report.diagnostics.iter().map(|diagnostic| (diagnostic, false)).collect();
    found.extend(report.known.iter().map(|diagnostic| (diagnostic, true)));
    found.sort_by(|(one, _), (other, _)| one.sort_key().cmp(&other.sort_key()));
    let result = |(diagnostic, is_known): (&Diagnostic, bool)| {
        let (file, range) = (diagnostic.primary.file, diagnostic.primary.range);
        let source = positions.file(file);
        let hashes = lines.entry(file).or_insert_with(|| line_hashes(source.text_as_utf8()));
        let line = source.lines().line(count_u32(inside(source.text(), range).start));
        // The lines of a notebook's file are others than those of its code.
        let hash = hashes.get(line as usize - 1).filter(|_| !source.is_notebook());
        let mut result = json!({
            "ruleId": diagnostic.rule,
            "level": diagnostic.severity.as_str(),
            "message": {"text": message(diagnostic)},
            "locations": [{"physicalLocation": place(report, &positions, file, range)}],
            "partialFingerprints": {},
        });
        if let Some(fingerprint) = diagnostic.fingerprint {
            result["partialFingerprints"]["douaneFingerprint/v2"] = json!(fingerprint.to_string());
        }
        if let Some(hash) = hash {
            result["partialFingerprints"]["primaryLocationLineHash"] = json!(hash);
        }
        if is_known {
            let justification = "The baseline of the project knows it.";
            result["suppressions"] = json!([{"kind": "external", "justification": justification}]);
        }
        if let Some(number) = numbers.get(diagnostic.rule) {
            result["ruleIndex"] = json!(number);
        }
        if !diagnostic.related.is_empty() {
            let related = diagnostic.related.iter().enumerate().map(|(at, label)| {
                let text = if label.message.is_empty() { "see here" } else { &label.message };
                json!({"id": at, "message": {"text": text}, "physicalLocation": place(report, &positions, label.file, label.range)})
            });
            result["relatedLocations"] = related.collect();
        }
        if !diagnostic.chain.is_empty() {
            let steps = diagnostic.chain.iter().map(|label| {
                json!({"location": {
                    "message": {"text": label.message},
                    "physicalLocation": place(report, &positions, label.file, label.range),
                }})
            });
            result["codeFlows"] = json!([{"threadFlows": [{"locations": steps.collect::<Vec<Value>>()}]}]);
        }
        let fix = diagnostic.fix.as_ref();
        let edits = fix.and_then(|fix| Some((fix, edits_of(fix, |file| positions.file(file).text())?)));
        let is_stored = |edits: &[Edit]| !edits.iter().any(|edit| positions.file(edit.file).is_notebook());
        if let Some((fix, edits)) = edits.filter(|(_, edits)| is_stored(edits)) {
            result["fixes"] =
                json!([{"description": {"text": fix.title}, "artifactChanges": changes(report, &positions, &edits)}]);
        }
        result
    };
    let results: Vec<Value> = found.into_iter().map(result).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "douane",
                "informationUri": SITE,
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": report.rules.iter().map(rule).collect::<Vec<Value>>(),
            }},
            "automationDetails": {"id": "douane/"},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {ROOT: {"description": {"text": "The top of what was checked out, or else the folder that douane was started in."}}},
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// With the help, for there is no other place for it.
fn message(diagnostic: &Diagnostic) -> String {
    let end = if diagnostic.message.ends_with(['.', '!', '?']) { "" } else { "." };
    match &diagnostic.help {
        Some(help) => format!("{}{end} Help: {help}.", diagnostic.message),
        None => format!("{}{end}", diagnostic.message),
    }
}

fn rule(rule: &RuleText<'_>) -> Value {
    const LONGEST: usize = 1024;
    let cut = |text: &str| text.chars().take(LONGEST).collect::<String>();
    let level = match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json!({
        "id": rule.name,
        "name": pascal(rule.name),
        "shortDescription": {"text": cut(rule.summary)},
        "fullDescription": {"text": cut(&why(rule))},
        "help": {"text": rule.page, "markdown": rule.page},
        "helpUri": rule_page(rule.name),
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["imports"], "precision": "very-high", "problem.severity": level},
    })
}

/// The paragraph of the page that says why.
fn why(rule: &RuleText<'_>) -> String {
    let (_, rest) = rule.page.split_once("## Why is this bad?").unwrap_or(("", rule.summary));
    let paragraph = rest.trim().split("\n\n").next().unwrap_or_default();
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `StarImport` for `star-import`.
fn pascal(name: &str) -> String {
    let part = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    name.split('-').map(part).collect()
}

fn place(report: &Report<'_>, positions: &Positions<'_>, file: FileId, range: TextRange) -> Value {
    json!({"artifactLocation": artifact(report, positions, file), "region": region(positions, file, range)})
}

fn artifact(report: &Report<'_>, positions: &Positions<'_>, file: FileId) -> Value {
    json!({"uri": encoded(&report.in_checkout(positions.file(file).display_path())), "uriBaseId": ROOT})
}

fn region(positions: &Positions<'_>, file: FileId, range: TextRange) -> Value {
    let range = inside(positions.file(file).text(), range);
    let (start, end) = positions.stored(file, range);
    json!({"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column})
}

fn changes(report: &Report<'_>, positions: &Positions<'_>, edits: &[Edit]) -> Vec<Value> {
    let change = |edits: &[Edit]| {
        let file = edits.first()?.file;
        let replacement = |edit: &Edit| {
            json!({
                "deletedRegion": region(positions, file, edit.range),
                "insertedContent": {"text": edit.text},
            })
        };
        let replacements: Vec<Value> = edits.iter().map(replacement).collect();
        Some(json!({"artifactLocation": artifact(report, positions, file), "replacements": replacements}))
    };
    edits.chunk_by(|one, other| one.file == other.file).filter_map(change).collect()
}

/// The path as a relative reference (RFC 3986).
fn encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte as char),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// For each line the fingerprint that GitHub knows alerts by: a rolling hash over the hundred characters from the start of
/// the line on, in UTF-16 and without blanks, and how many lines before it have the same.
fn line_hashes(text: &str) -> Vec<String> {
    const BLOCK: usize = 100;
    const BASE: u64 = 37;
    const END: u64 = 0xffff;
    // The characters that count; a line break of two is one.
    let mut units: Vec<u64> = Vec::with_capacity(text.len() + BLOCK);
    let mut starts: Vec<usize> = Vec::new();
    let (mut is_start, mut after_return) = (true, false);
    for unit in text.encode_utf16().map(u64::from).chain([END]) {
        let is_second = std::mem::replace(&mut after_return, unit == u64::from(b'\r')) && unit == u64::from(b'\n');
        if is_second || unit == u64::from(b' ') || unit == u64::from(b'\t') {
            continue;
        }
        let unit = if unit == u64::from(b'\r') { u64::from(b'\n') } else { unit };
        if std::mem::replace(&mut is_start, unit == u64::from(b'\n')) {
            starts.push(units.len());
        }
        units.push(unit);
    }
    let mut counts: HashMap<u64, u32> = HashMap::new();
    let mut hash_of = |start: usize| {
        let block = (start..start + BLOCK).map(|at| units.get(at).copied().unwrap_or(0));
        let hash = block.fold(0u64, |hash, unit| hash.wrapping_mul(BASE).wrapping_add(unit));
        let count = counts.entry(hash).or_insert(0);
        *count += 1;
        format!("{hash:x}:{count}")
    };
    starts.into_iter().map(&mut hash_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Format, Options,
        sample::{Files, error, label, written},
    };

    #[test]
    fn lines_have_the_hashes_of_their_content() {
        // The values are those of the action that uploads SARIF files to GitHub.
        assert_eq!(line_hashes(""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(
            line_hashes(" a\nb\n  \t\tc\n d"),
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]
        );
        assert_eq!(line_hashes("a\r\nb\rc\n"), line_hashes("a\nb\nc\n"));
        // It keeps a byte order mark.
        assert_ne!(line_hashes("\u{feff}a"), line_hashes("a"));
    }

    #[test]
    fn what_looks_the_same_is_counted() {
        let hashes = line_hashes(&"x = 1\n".repeat(60));
        assert!(hashes[0].ends_with(":1") && hashes[1].ends_with(":2"), "{hashes:?}");
    }

    #[test]
    fn results_have_all_that_is_asked_for() {
        let files = Files::new(&[("app/ä b.py", "x = \"é𐐀\"; import os\n"), ("other.py", "y = 1\n")]);
        let mut found = error(0, files.find(0, "os"), "`os` is unused");
        found.related.push(label(1, files.find(1, "y"), "taken here"));
        let text = written(&files, &[found], Format::Sarif, Options::default());
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let result = &document["runs"][0]["results"][0];
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "app/%C3%A4%20b.py");
        assert_eq!(place["region"], json!({"startLine": 1, "startColumn": 18, "endLine": 1, "endColumn": 20}));
        assert_eq!(result["relatedLocations"][0]["message"]["text"], "taken here");
        assert_eq!(result["ruleIndex"], 0);
        let rule = &document["runs"][0]["tool"]["driver"]["rules"][0];
        assert_eq!(rule["name"], "SomeRule");
        assert_eq!(rule["helpUri"], rule_page("some-rule"));
    }
}
