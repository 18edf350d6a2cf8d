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
mod json;
mod position;
#[cfg(test)]
mod sample;
mod statistics;
mod summary;

use std::{
    fmt,
    io::{self, BufWriter, Write},
    str::FromStr,
    time::Duration,
};

use douane_base::{Diagnostic, FileId, SourceFile};

pub use statistics::write_statistics;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Every diagnostic with the source lines it is about: for people.
    #[default]
    Full,
    /// One line a diagnostic: for people in a hurry and for `grep`.
    Concise,
    /// One JSON object, described in `docs/json.md`: for programs.
    Json,
}

impl Format {
    /// Every format, in the order in which the command line names them.
    pub const ALL: [Self; 3] = [Self::Full, Self::Concise, Self::Json];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Concise => "concise",
            Self::Json => "json",
        }
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
    /// What was looked at.
    pub summary: Summary,
}

/// What a run looked at. How many errors and warnings it found is counted from the diagnostics, so that the two cannot
/// disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The files that were checked.
    pub files: usize,
    /// How many of them are modules.
    pub modules: usize,
    /// How many problems were mended before what is left was looked at.
    pub fixed: usize,
    /// How many problems were found that a baseline knows.
    pub known: usize,
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
        Format::Json => json::write(report, &mut out)?,
    }
    if format != Format::Json && !options.quiet {
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
        assert_eq!("xml".parse::<Format>(), Err("expected one of `full`, `concise`, `json`, found `xml`".to_owned()));
    }
}
