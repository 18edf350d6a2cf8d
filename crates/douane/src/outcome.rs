//! How a run ends.

use std::{io, process::ExitCode};

use douane_base::{Diagnostic, FileId, Label, Severity, SourceFile, TextRange};
use douane_reporter::{Format, Options, Report, Sources, Summary};
use douane_workspace::{ConfigurationError, Failure};

use crate::terminal;

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Clean,
    Findings,
    /// Wrong usage or configuration; the message is printed.
    Refused,
    /// Somebody interrupted it.
    Interrupted,
    InternalError,
}

impl Outcome {
    pub(crate) fn exit_code(self) -> ExitCode {
        match self {
            Self::Clean => ExitCode::SUCCESS,
            Self::Findings => ExitCode::from(1),
            Self::Refused => ExitCode::from(2),
            // What shells report of a program that SIGINT ends.
            Self::Interrupted => ExitCode::from(130),
            Self::InternalError => {
                terminal::error("internal error: this is a bug in douane; please report it with the lines above");
                ExitCode::from(2)
            }
        }
    }
}

/// The outcome of a run whose output was written. A reader that has seen enough, such as `head`, is no error.
pub(crate) fn written(result: io::Result<()>, outcome: Outcome) -> Outcome {
    match result {
        Ok(()) => outcome,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => outcome,
        Err(error) => {
            terminal::error(&format!("can't write the output: {error}"));
            Outcome::Refused
        }
    }
}

/// Says why nothing can be analysed.
pub(crate) fn refused(failure: Failure, colours: bool) -> Outcome {
    match failure {
        Failure::Message(message) => terminal::error(&message),
        Failure::Configuration(error) => show_configuration_errors(&error, colours),
    }
    Outcome::Refused
}

fn show_configuration_errors(error: &ConfigurationError, colours: bool) {
    if error.text.is_empty() {
        // There are no lines to show.
        for mistake in &error.errors {
            terminal::error(&format!("{}: {}", error.file.display(), mistake.message));
        }
        return;
    }
    struct OneFile(SourceFile);
    impl Sources for OneFile {
        fn file(&self, _: FileId) -> &SourceFile {
            &self.0
        }
        fn module(&self, _: FileId) -> Option<&str> {
            None
        }
    }
    let working_folder = std::env::current_dir().unwrap_or_default();
    let path = error.file.strip_prefix(&working_folder).unwrap_or(&error.file);
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let diagnostics: Vec<Diagnostic> = error
        .errors
        .iter()
        .map(|mistake| Diagnostic {
            rule: "configuration",
            severity: Severity::Error,
            message: mistake.message.clone(),
            primary: Label {
                file: FileId(0),
                range: TextRange::new(offset(mistake.span.start), offset(mistake.span.end)),
                message: String::new(),
            },
            related: Vec::new(),
            chain: Vec::new(),
            help: None,
            fix: None,
            fingerprint: None,
        })
        .collect();
    let summary = Summary::default();
    let files = OneFile(SourceFile::new(path.to_owned(), error.text.clone()));
    let report = Report { diagnostics: &diagnostics, files: &files, known: &[], rules: &[], summary, prefix: "" };
    let options = Options { colours, quiet: true };
    // There is nowhere left to report that standard error is closed.
    let _ = douane_reporter::write(&report, Format::Full, options, &mut io::stderr().lock());
    terminal::error("the configuration can't be used");
}
