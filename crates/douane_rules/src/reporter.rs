//! Where rules put what they find.

use douane_base::{Diagnostic, FileId, Label, Severity, TextRange};

use crate::{Level, Rule};

/// Takes the findings of one rule. The rule says what and where; severity and code are stamped here.
pub struct Reporter<'r> {
    rule: &'static Rule,
    file: FileId,
    level: &'r dyn Fn(FileId) -> (Level, bool),
    found: Vec<Diagnostic>,
}

impl<'r> Reporter<'r> {
    /// A reporter for a rule; `level` tells the rule's level in a file, and whether the user chose it.
    pub(crate) fn new(rule: &'static Rule, file: FileId, level: &'r dyn Fn(FileId) -> (Level, bool)) -> Self {
        Self { rule, file, level, found: Vec::new() }
    }

    /// Reports a finding in the file that is checked.
    pub fn at(&mut self, range: TextRange, message: impl Into<String>) -> &mut Diagnostic {
        self.in_file(self.file, range, message)
    }

    /// Reports a finding that is an error unless the user said how serious the rule is.
    pub fn error_at(&mut self, range: TextRange, message: impl Into<String>) -> &mut Diagnostic {
        let (level, is_chosen) = (self.level)(self.file);
        let diagnostic = self.at(range, message);
        if level != Level::Off && !is_chosen {
            diagnostic.severity = Severity::Error;
        }
        diagnostic
    }

    /// Reports a finding in any file.
    pub fn in_file(&mut self, file: FileId, range: TextRange, message: impl Into<String>) -> &mut Diagnostic {
        let severity = match (self.level)(file).0 {
            Level::Error => Severity::Error,
            Level::Warning | Level::Off => Severity::Warning,
        };
        self.found.push(Diagnostic {
            rule: self.rule.name,
            severity,
            message: message.into(),
            primary: Label { file, range, message: String::new() },
            related: Vec::new(),
            chain: Vec::new(),
            help: None,
            fix: None,
            fingerprint: None,
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// The findings in files where the rule is not off.
    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        let Self { mut found, level, .. } = self;
        found.retain(|diagnostic| level(diagnostic.primary.file).0 != Level::Off);
        found
    }
}
