//! The line that closes a report for people: how much was found, where, and in how much.

use std::{
    collections::HashSet,
    io::{self, Write},
    time::Duration,
};

use douane_base::{Applicability, Diagnostic, Severity};

use crate::Report;

/// How many of the diagnostics are of a severity.
pub(crate) fn count(diagnostics: &[Diagnostic], severity: Severity) -> usize {
    diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
}

/// Writes the closing line.
pub(crate) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary;
    if summary.fixed > 0 {
        writeln!(out, "Fixed {}.", counted(summary.fixed, "problem"))?;
    }
    if summary.only_fixed {
        return Ok(());
    }
    found(report, out)?;
    if summary.known > 0 {
        writeln!(out, "The baseline knows {} more.", summary.known)?;
    }
    if summary.outside > 0 {
        writeln!(out, "{} outside this change.", counted(summary.outside, "further finding"))?;
    }
    fixable(report.diagnostics, summary.tried, out)
}

/// What was found in how many files.
fn found(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary;
    let checked = format!(
        "{} ({}) in {}",
        counted(summary.files, "file"),
        counted(summary.modules, "module"),
        seconds(summary.elapsed)
    );
    let found: Vec<String> = [Severity::Error, Severity::Warning]
        .into_iter()
        .map(|severity| (count(report.diagnostics, severity), severity.as_str()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| counted(count, word))
        .collect();
    if found.is_empty() && summary.nothing_staged {
        return writeln!(out, "Nothing is staged.");
    }
    if found.is_empty() {
        return writeln!(out, "No problems found in {checked}.");
    }
    let files: HashSet<_> = report.diagnostics.iter().map(|diagnostic| diagnostic.primary.file).collect();
    let found = found.join(" and ");
    if files.len() > summary.files {
        // The configuration may have problems too, and need not be among the files that were checked.
        return writeln!(out, "Found {found} in {}, checked {checked}.", counted(files.len(), "file"));
    }
    writeln!(out, "Found {found} in {} of {checked}.", files.len())
}

/// How much of it is fixable, if anything, by more than was tried.
fn fixable(diagnostics: &[Diagnostic], tried: Option<Applicability>, out: &mut dyn Write) -> io::Result<()> {
    let count = |applicability: Applicability| {
        if tried.is_some_and(|tried| applicability >= tried) {
            return 0;
        }
        let fixes = diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref());
        fixes.filter(|fix| fix.applicability == applicability).count()
    };
    match (count(Applicability::Safe), count(Applicability::Unsafe)) {
        (0, 0) => Ok(()),
        (safe, 0) => writeln!(out, "{safe} fixable with `--fix`."),
        (0, more) => writeln!(out, "{more} fixable with `--fix --unsafe-fixes`."),
        (safe, more) => writeln!(out, "{safe} fixable with `--fix`, {more} more with `--unsafe-fixes`."),
    }
}

fn counted(count: usize, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {word}{plural}")
}

/// Two decimals, and a third where two would say nothing.
fn seconds(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if seconds < 0.01 { format!("{seconds:.3}s") } else { format!("{seconds:.2}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Summary,
        sample::{Files, error, range},
    };

    fn closing(files: usize, modules: usize, elapsed: u64, diagnostics: &[Diagnostic]) -> String {
        let sources = Files::new(&[("a.py", "import a\n"), ("b.py", "import b\n")]);
        let summary = Summary { files, modules, elapsed: Duration::from_micros(elapsed), ..Summary::default() };
        let mut out = Vec::new();
        write(&Report { diagnostics, files: &sources, known: &[], rules: &[], summary, prefix: "" }, &mut out)
            .expect("memory can be written to");
        String::from_utf8(out).expect("the line is UTF-8")
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        let error = |file| error(file, range(0, 6), "a problem");
        let warning = |file| Diagnostic { severity: Severity::Warning, ..error(file) };
        assert_eq!(closing(120, 118, 41_900, &[]), "No problems found in 120 files (118 modules) in 0.04s.\n");
        assert_eq!(closing(1, 1, 4_200, &[]), "No problems found in 1 file (1 module) in 0.004s.\n");
        assert_eq!(closing(0, 0, 0, &[]), "No problems found in 0 files (0 modules) in 0.000s.\n");
        assert_eq!(closing(1, 0, 1_500_000, &[error(0)]), "Found 1 error in 1 of 1 file (0 modules) in 1.50s.\n");
        assert_eq!(
            closing(120, 118, 41_900, &[error(0), error(0), error(1), warning(1), warning(1)]),
            "Found 3 errors and 2 warnings in 2 of 120 files (118 modules) in 0.04s.\n"
        );
        assert_eq!(closing(120, 1, 41_900, &[warning(1)]), "Found 1 warning in 1 of 120 files (1 module) in 0.04s.\n");
        assert_eq!(
            closing(1, 1, 41_900, &[error(0), error(1)]),
            "Found 2 errors in 2 files, checked 1 file (1 module) in 0.04s.\n"
        );
    }
}
