//! Files and diagnostics for the tests of the formats.

use std::time::Duration;

use douane_base::{Diagnostic, FileId, Fingerprint, Label, Severity, SourceFile, TextRange};

use crate::{Format, Options, Report, RuleText, Sources, Summary, write};

/// Files in memory; `app/db.py` is the module `app.db`, what does not end with `.py` is no module.
pub(crate) struct Files(Vec<(SourceFile, Option<String>)>);

impl Files {
    /// Files of these paths and texts, numbered from 0.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| {
            let module = path.strip_suffix(".py").map(|path| path.replace('/', "."));
            (SourceFile::new(path.into(), (*text).to_owned()), module)
        };
        Self(files.iter().map(file).collect())
    }

    /// The place of the first occurrence of some words in a file.
    pub(crate) fn find(&self, file: u32, words: &str) -> TextRange {
        let start = self.file(FileId(file)).text().find(words).expect("the words are in the file");
        range(start, start + words.len())
    }
}

impl Sources for Files {
    fn file(&self, file: FileId) -> &SourceFile {
        &self.0[file.0 as usize].0
    }

    fn module(&self, file: FileId) -> Option<&str> {
        self.0[file.0 as usize].1.as_deref()
    }
}

/// A range of bytes.
pub(crate) fn range(start: usize, end: usize) -> TextRange {
    let offset = |offset: usize| u32::try_from(offset).expect("a short text");
    TextRange::new(offset(start), offset(end))
}

/// An error with nothing but a place and a message.
pub(crate) fn error(file: u32, range: TextRange, message: &str) -> Diagnostic {
    Diagnostic {
        rule: "some-rule",
        severity: Severity::Error,
        message: message.to_owned(),
        primary: Label { file: FileId(file), range, message: String::new() },
        related: Vec::new(),
        chain: Vec::new(),
        help: None,
        fix: None,
        fingerprint: Some(Fingerprint::of(&[message])),
    }
}

/// A label that says something.
pub(crate) fn label(file: u32, range: TextRange, message: &str) -> Label {
    Label { file: FileId(file), range, message: message.to_owned() }
}

/// What a format writes, of a run that looked at 120 files in 0.04 s.
pub(crate) fn written(files: &Files, diagnostics: &[Diagnostic], format: Format, options: Options) -> String {
    let summary = Summary { files: 120, modules: 118, elapsed: Duration::from_micros(41_900), ..Summary::default() };
    let mut out = Vec::new();
    let page = "Checks for something.\n\n## Why is this bad?\n\nIt is.".to_owned();
    let rule = RuleText { name: "some-rule", summary: "Checks for something.", page, severity: Severity::Error };
    write(&Report { diagnostics, files, known: &[], rules: &[rule], summary, prefix: "" }, format, options, &mut out)
        .expect("memory can be written to");
    String::from_utf8(out).expect("every format is UTF-8")
}
