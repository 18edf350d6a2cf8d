//! How often each rule found something: diagnostics in, one line or one JSON object a rule out, the most frequent first.

use std::{
    collections::HashMap,
    io::{self, BufWriter, Write},
};

use douane_base::{Diagnostic, Severity};
use serde::Serialize;

use crate::Format;

/// The findings of one rule. A rule that is an error in one file and a warning in another has two.
#[derive(Serialize)]
struct Count {
    count: usize,
    severity: Severity,
    rule: &'static str,
}

/// Writes how often each rule found something, instead of the diagnostics: a line `count TAB severity TAB rule` each,
/// or an array of objects with these keys for [`Format::Json`], or these objects for [`Format::JsonLines`]. Nothing found gives no line, or an empty array.
///
/// # Errors
///
/// Only those of the writer.
pub fn write_statistics(diagnostics: &[Diagnostic], format: Format, out: &mut dyn Write) -> io::Result<()> {
    let counts = counts(diagnostics);
    let mut out = BufWriter::new(out);
    match format {
        Format::Json => {
            serde_json::to_writer(&mut out, &counts)?;
            writeln!(out)?;
        }
        Format::JsonLines => {
            for count in counts {
                serde_json::to_writer(&mut out, &count)?;
                writeln!(out)?;
            }
        }
        // The formats of services have no counts.
        _ => {
            for Count { count, severity, rule } in counts {
                writeln!(out, "{count}\t{}\t{rule}", severity.as_str())?;
            }
        }
    }
    out.flush()
}

/// The counts in the order of the output: the most frequent first, then by name, then errors before warnings.
fn counts(diagnostics: &[Diagnostic]) -> Vec<Count> {
    let mut by_rule: HashMap<(&'static str, Severity), usize> = HashMap::new();
    for diagnostic in diagnostics {
        *by_rule.entry((diagnostic.rule, diagnostic.severity)).or_default() += 1;
    }
    let mut counts: Vec<Count> =
        by_rule.into_iter().map(|((rule, severity), count)| Count { count, severity, rule }).collect();
    counts.sort_unstable_by(|a, b| b.count.cmp(&a.count).then(a.rule.cmp(b.rule)).then(b.severity.cmp(&a.severity)));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{error, range};

    fn statistics(format: Format) -> String {
        let found = |rule, severity| Diagnostic { rule, severity, ..error(0, range(0, 6), "a problem") };
        let diagnostics = [
            found("unused-import", Severity::Warning),
            found("star-import", Severity::Warning),
            found("unused-import", Severity::Error),
            found("missing-name", Severity::Error),
            found("star-import", Severity::Warning),
        ];
        let mut out = Vec::new();
        write_statistics(&diagnostics, format, &mut out).expect("memory can be written to");
        String::from_utf8(out).expect("statistics are UTF-8")
    }

    #[test]
    fn lines_are_ordered_by_count_then_name_then_severity() {
        let expected =
            "2\twarning\tstar-import\n1\terror\tmissing-name\n1\terror\tunused-import\n1\twarning\tunused-import\n";
        assert_eq!(statistics(Format::Full), expected);
        assert_eq!(statistics(Format::Concise), expected);
    }

    #[test]
    fn json_is_an_array_of_the_same() {
        assert_eq!(
            statistics(Format::Json),
            concat!(
                r#"[{"count":2,"severity":"warning","rule":"star-import"},"#,
                r#"{"count":1,"severity":"error","rule":"missing-name"},"#,
                r#"{"count":1,"severity":"error","rule":"unused-import"},"#,
                r#"{"count":1,"severity":"warning","rule":"unused-import"}]"#,
                "\n"
            )
        );
        let mut out = Vec::new();
        write_statistics(&[], Format::Json, &mut out).expect("memory can be written to");
        assert_eq!(out, b"[]\n");
    }
}
