//! What a rule says: where, what, why, and how to mend it.

use serde::{Deserialize, Serialize};

use crate::{FileId, Fingerprint, TextRange};

/// The site with the pages of the rules; `mkdocs.yml` names it too.
pub const SITE: &str = "https://douane.readthedocs.io/";

/// The address of a rule's page.
#[must_use]
pub fn rule_page(rule: &str) -> String {
    format!("{SITE}rules/{rule}/")
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The code is likely to work, but not for long or not as it reads.
    Warning,
    /// The code fails, or will.
    Error,
}

impl Severity {
    /// The lower-case word that every format prints.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a file, with a few words on what is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// The file.
    pub file: FileId,
    /// The place in it.
    pub range: TextRange,
    /// What is there; may be empty for the primary label, whose text is the diagnostic's message.
    pub message: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// The rule's kebab-case name.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a final full stop; true on its own.
    pub message: String,
    /// Where.
    pub primary: Label,
    /// Other places that explain it, in other files too.
    pub related: Vec<Label>,
    /// The import statements that lead to what was found, in the order in which a program runs them; empty unless there are
    /// several.
    pub chain: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
    /// A change that mends it.
    pub fix: Option<Fix>,
    /// What stays the same of it while the code around it changes; known once all findings are.
    pub fingerprint: Option<Fingerprint>,
}

impl Diagnostic {
    /// Says what to do.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Shows another place that explains the finding.
    pub fn label(&mut self, file: FileId, range: TextRange, message: impl Into<String>) -> &mut Self {
        self.related.push(Label { file, range, message: message.into() });
        self
    }

    /// All places that the finding names, its own first.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        std::iter::once(&self.primary).chain(&self.related).chain(&self.chain)
    }

    /// The order of every output: by file, then place, then rule, then message.
    #[must_use]
    pub fn sort_key(&self) -> (FileId, TextRange, &'static str, &str) {
        (self.primary.file, self.primary.range, self.rule, &self.message)
    }
}

/// How far a fix may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// Shown, never applied: a person has to decide.
    DisplayOnly,
    /// Applied on request: it may change what the program does.
    Unsafe,
    /// Applied by default: no module of the project loses a name and no run changes.
    Safe,
}

/// A set of changes, perhaps in several files, that are applied together or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fix {
    /// What the fix does, as an action: "Replace the star by the names it is used for".
    pub title: String,
    /// How far it may be trusted.
    pub applicability: Applicability,
    /// What changes; no two of them overlap.
    pub changes: Vec<Change>,
}

/// What is to change in one file, said without its text: how comments, commas and line breaks are kept is decided where
/// the text is at hand. So the changes of several fixes to one statement can be made at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// The file.
    pub file: FileId,
    /// What changes in it.
    pub kind: ChangeKind,
}

/// The kinds of [`Change`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// A range is replaced by a text.
    Replace(TextRange, String),
    /// A name, with its alias, is taken out of an import statement; with the last one the statement goes.
    RemoveImport(ImportPlace, TextRange),
    /// All names of a `from` statement, such as its star, are replaced by others, each with its alias: `"f as g"`.
    SetNames(ImportPlace, Vec<String>),
    /// An import statement is replaced by others: `"from m import f"`.
    SetStatements(ImportPlace, Vec<String>),
    /// An import statement is added behind another one.
    AddImport(ImportPlace, String),
    /// An element, such as a string of `__all__`, is taken out of the list or tuple around it.
    RemoveElement(TextRange),
    /// A comment, or part of it, goes, and with it the blanks before it.
    RemoveComment(TextRange),
}

/// Where an import statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ImportPlace {
    /// From `import`, `from` or `lazy` to the last character of the last name or the closing parenthesis.
    pub range: TextRange,
    /// The block of statements that it belongs to.
    pub block: Block,
}

/// A block of statements of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Block {
    /// Its number; 0 is the module, the only block that may be left empty.
    pub number: u32,
    /// How many statements it has.
    pub statements: u32,
}

/// The replacement of one range of one file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    /// The file.
    pub file: FileId,
    /// What is replaced; empty for an insertion.
    pub range: TextRange,
    /// What stands there afterwards; empty for a deletion.
    pub text: String,
}
