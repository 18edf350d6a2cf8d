//! Diagnostics to text: a [`Report`] goes in, bytes in one [`Format`] come out of a writer.
//!
//! One file per format. What they share: `position` turns offsets into lines and columns, `escape` keeps control
//! characters of the checked code away from the terminal, `excerpt` cuts out the source lines that are shown, and
//! `summary` writes the closing line. Not here: files, the terminal and whether it has colours, and the order of the
//! diagnostics; those are the caller's. Nothing fails but the writer: a range that does not fit its file, because the
//! file has changed, is moved into it.

mod concise;
mod escape;
mod excerpt;
mod full;
mod gitlab;
mod grouped;
mod json;
mod junit;
mod lines;
mod place;
mod position;
mod rdjson;
#[cfg(test)]
mod sample;
mod sarif;
mod statistics;
mod summary;

use std::{
    fmt,
    io::{self, BufWriter, Write},
    str::FromStr,
    time::Duration,
};

use douane_base::{Applicability, Diagnostic, FileId, Severity, SourceFile};

pub use escape::escaped;
pub use statistics::write_statistics;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Every diagnostic with the source lines it is about: for people.
    #[default]
    Full,
    /// One line a diagnostic: for people in a hurry and for `grep`.
    Concise,
    /// The findings of each file below its name.
    Grouped,
    /// One JSON object, described in `docs/json.md`: for programs.
    Json,
    /// The findings of that object, each as a line.
    JsonLines,
    /// What code scanning reads, SARIF 2.1.0.
    Sarif,
    /// Annotations on GitHub.
    Github,
    /// A Code Quality report of GitLab.
    Gitlab,
    /// Test results, one case a finding.
    Junit,
    /// What reviewdog reads.
    Rdjson,
    /// Annotations of Azure Pipelines.
    Azure,
    /// The lines that pylint writes.
    Pylint,
}

impl Format {
    /// Every format, in the order in which the command line names them.
    pub const ALL: [Self; 12] = [
        Self::Full,
        Self::Concise,
        Self::Grouped,
        Self::Json,
        Self::JsonLines,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Rdjson,
        Self::Azure,
        Self::Pylint,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Concise => "concise",
            Self::Grouped => "grouped",
            Self::Json => "json",
            Self::JsonLines => "json-lines",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Rdjson => "rdjson",
            Self::Azure => "azure",
            Self::Pylint => "pylint",
        }
    }

    /// Findings are told apart by their fingerprints in it.
    #[must_use]
    pub fn has_fingerprints(self) -> bool {
        matches!(self, Self::Json | Self::JsonLines | Self::Sarif | Self::Gitlab | Self::Junit)
    }

    /// People read it: it may have a closing line.
    fn is_for_people(self) -> bool {
        matches!(self, Self::Full | Self::Concise | Self::Grouped)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(|format| format!("`{format}`")).join(", ");
            format!("expected one of {known}, found `{text}`")
        })
    }
}

/// The files that diagnostics point into.
pub trait Sources {
    /// The file of that number, its path as it is to be shown.
    fn file(&self, file: FileId) -> &SourceFile;

    /// The dotted name of the module that the file is, if it is one.
    fn module(&self, file: FileId) -> Option<&str>;
}

/// What is written.
#[derive(Clone, Copy)]
pub struct Report<'r> {
    /// The findings, in the order in which they are to be shown.
    pub diagnostics: &'r [Diagnostic],
    /// The files they point into.
    pub files: &'r dyn Sources,
    /// Findings that a baseline knows, which only formats with a word for them show.
    pub known: &'r [Diagnostic],
    /// The rules that may have found something, for the formats that describe them.
    pub rules: &'r [RuleText<'r>],
    /// What was looked at.
    pub summary: Summary,
    /// Where the folder that paths are relative to lies in what a service has checked out: empty, or ending with `/`. The formats
    /// of such services name files from there.
    pub prefix: &'r str,
}

impl Report<'_> {
    /// A path as a service knows it.
    pub(crate) fn in_checkout(&self, path: String) -> String {
        let is_inside = !path.starts_with("../") && !std::path::Path::new(&path).is_absolute();
        if is_inside && !self.prefix.is_empty() { format!("{}{path}", self.prefix) } else { path }
    }
}

/// A rule as reports describe it.
#[derive(Clone, Debug)]
pub struct RuleText<'r> {
    /// Its name.
    pub name: &'r str,
    /// The first sentence of its page.
    pub summary: &'r str,
    /// Its page, in Markdown.
    pub page: String,
    /// How serious its findings are unless the user says otherwise.
    pub severity: Severity,
}

/// What a run looked at. How many errors and warnings it found is counted from the diagnostics, so that the two cannot
/// disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The files that were checked.
    pub files: usize,
    /// How many of them are modules.
    pub modules: usize,
    /// What is left was not asked for.
    pub only_fixed: bool,
    /// The commit that was looked at changes nothing.
    pub nothing_staged: bool,
    /// The fixes that were made before, as far as they could be; what is left of them is not to be had.
    pub tried: Option<Applicability>,
    /// How many problems were mended before what is left was looked at.
    pub fixed: usize,
    /// How many problems were found that a baseline knows.
    pub known: usize,
    /// How many problems the change that was looked at has nothing to do with.
    pub outside: usize,
    /// How long it took.
    pub elapsed: Duration,
}

/// How much of a report is written. The machine formats have neither colours nor a closing line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Colour the text with ANSI escapes.
    pub colours: bool,
    /// Leave out the closing line.
    pub quiet: bool,
}

/// Writes a report. The writer need not be buffered.
///
/// # Errors
///
/// Only those of the writer.
pub fn write(report: &Report<'_>, format: Format, options: Options, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    match format {
        Format::Full => full::write(report, options.colours, &mut out)?,
        Format::Concise => concise::write(report, options.colours, &mut out)?,
        Format::Grouped => grouped::write(report, &mut out)?,
        Format::Json => json::write(report, &mut out)?,
        Format::JsonLines => json::write_lines(report, &mut out)?,
        Format::Sarif => sarif::write(report, &mut out)?,
        Format::Github => lines::write_github(report, &mut out)?,
        Format::Gitlab => gitlab::write(report, &mut out)?,
        Format::Junit => junit::write(report, &mut out)?,
        Format::Rdjson => rdjson::write(report, &mut out)?,
        Format::Azure => lines::write_azure(report, &mut out)?,
        Format::Pylint => lines::write_pylint(report, &mut out)?,
    }
    if format.is_for_people() && !options.quiet {
        summary::write(report, &mut out)?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_reads_what_it_shows() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "xml".parse::<Format>().expect_err("there is no such format");
        assert!(error.starts_with("expected one of `full`, `concise`, ") && error.ends_with("found `xml`"), "{error}");
    }
}
