//! Findings as the protocol shows them.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
};

use douane_base::{Applicability, Diagnostic, Edit, FileId, Fix, Label, Severity, SourceFile, rule_page};
use douane_fixer::edits_of;
use douane_workspace::Analysis;
use lsp_types::{
    Code, CodeDescription, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location, Range, Uri,
};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHasher};
use serde_json::{Value, json};

use crate::{client::Client, documents::Documents, folder::Folder, uri::uri_of};

/// Rules whose findings name something that could as well not be there: editors show it faded.
const UNNECESSARY: [&str; 6] =
    ["unused-import", "unused-star", "duplicate-import", "redefined-import", "unused-suppression", "unused-export"];

/// So many findings of one file are shown, far more than editors do: a hundred thousand syntax errors of one line would take
/// minutes.
const MOST_IN_A_FILE: usize = 10_000;

/// The findings of one file, ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report {
    pub(crate) items: Vec<lsp_types::Diagnostic>,
    /// The same for the same findings.
    pub(crate) id: String,
}

impl Report {
    pub(crate) fn new(items: Vec<lsp_types::Diagnostic>) -> Self {
        let mut hasher = FxHasher::default();
        serde_json::to_string(&items).unwrap_or_default().hash(&mut hasher);
        Self { items, id: format!("{:016x}", hasher.finish()) }
    }

    pub(crate) fn empty() -> Self {
        Self::new(Vec::new())
    }

    /// Of the findings as many as may still be shown.
    pub(crate) fn cut(mut self, left: &mut usize) -> Self {
        if self.items.len() > *left {
            self.items.truncate(*left);
            self = Self::new(self.items);
        }
        *left -= self.items.len();
        self
    }
}

/// The positions in the files of an analysis, whose texts are read when they are asked for.
pub(crate) struct Texts<'a> {
    analysis: &'a Analysis,
    files: FxHashMap<FileId, SourceFile>,
}

impl<'a> Texts<'a> {
    pub(crate) fn new(analysis: &'a Analysis) -> Self {
        Self { analysis, files: FxHashMap::default() }
    }

    pub(crate) fn file(&mut self, file: FileId) -> &SourceFile {
        self.files.entry(file).or_insert_with(|| self.analysis.source_file(file))
    }

    /// The edits of a fix; `None` if it can't be made, or not in the program's own files alone.
    pub(crate) fn edits_of(&mut self, fix: &Fix) -> Option<Vec<Edit>> {
        for change in &fix.changes {
            if !self.analysis.reported_files().any(|(file, _)| *file == change.file) {
                return None;
            }
            self.file(change.file);
        }
        edits_of(fix, |file| self.files.get(&file).map_or("", SourceFile::text))
    }

    pub(crate) fn range(&mut self, client: &Client, file: FileId, range: douane_base::TextRange) -> Range {
        let source = self.file(file);
        client.encoding.range(source.text(), source.lines(), range)
    }
}

/// The URI of a file, as the client spells it where it is open.
pub(crate) fn uri_in(documents: &Documents, path: &Path) -> Uri {
    documents.get(path).map_or_else(|| uri_of(path), |document| document.uri.clone())
}

/// Findings of a folder by file, with what is wrong with its configuration; `None` if it was given up.
pub(crate) fn reports(
    folder: &Folder,
    diagnostics: &[Diagnostic],
    client: &Client,
    documents: &Documents,
    is_given_up: &(dyn Fn() -> bool + Sync),
) -> Option<BTreeMap<PathBuf, Report>> {
    /// So many files share what they read of others.
    const FILES: usize = 16;
    let mut found: BTreeMap<PathBuf, Report> = BTreeMap::new();
    if let Some(analysis) = folder.program.analysis() {
        let by_file: Vec<&[Diagnostic]> = (diagnostics.chunk_by(|one, other| one.primary.file == other.primary.file))
            // A cell of a notebook is a document of its own, which has no place in a file.
            .filter(|of_file| !analysis.is_notebook(of_file[0].primary.file))
            .collect();
        let of_files = |files: &[&[Diagnostic]]| {
            let mut texts = Texts::new(analysis);
            let report = |of_file: &&[Diagnostic]| {
                let items = of_file.iter().take(MOST_IN_A_FILE);
                let items = items.map(|diagnostic| shown(diagnostic, &mut texts, client, documents)).collect();
                (analysis.full_path(of_file[0].primary.file).to_owned(), Report::new(items))
            };
            (!is_given_up()).then(|| files.iter().map(report).collect::<Vec<_>>())
        };
        let of_files: Option<Vec<_>> = by_file.par_chunks(FILES).map(of_files).collect();
        found.extend(of_files?.into_iter().flatten());
    }
    if let Some(problem) = &folder.problem {
        let report = found.entry(problem.file.clone()).or_insert_with(Report::empty);
        let items = std::mem::take(&mut report.items);
        *report = Report::new(items.into_iter().chain(configuration_problems(problem, client)).collect());
    }
    Some(found)
}

/// A finding as the protocol shows it.
pub(crate) fn shown(
    diagnostic: &Diagnostic,
    texts: &mut Texts<'_>,
    client: &Client,
    documents: &Documents,
) -> lsp_types::Diagnostic {
    let message = match &diagnostic.help {
        Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let related =
        diagnostic.related.iter().chain(&diagnostic.chain).map(|label| related(label, texts, client, documents));
    let related: Vec<DiagnosticRelatedInformation> = if client.shows_related { related.collect() } else { Vec::new() };
    let is_unnecessary = UNNECESSARY.contains(&diagnostic.rule);
    lsp_types::Diagnostic {
        range: texts.range(client, diagnostic.primary.file, diagnostic.primary.range),
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::Error,
            Severity::Warning => DiagnosticSeverity::Warning,
        }),
        code: Some(Code::String(diagnostic.rule.to_owned())),
        code_description: Some(CodeDescription { href: Uri(rule_page(diagnostic.rule)) }),
        source: Some("douane".to_owned()),
        message: message.into(),
        tags: is_unnecessary.then(|| vec![DiagnosticTag::Unnecessary]),
        related_information: (!related.is_empty()).then_some(related),
        data: diagnostic.fix.as_ref().and_then(|fix| fix_data(fix, texts, client, documents)),
    }
}

/// A fix as a finding carries it: its title, how far it may be trusted, and its edits by document. `None` where a person has to
/// decide.
fn fix_data(fix: &Fix, texts: &mut Texts<'_>, client: &Client, documents: &Documents) -> Option<Value> {
    if fix.applicability == Applicability::DisplayOnly {
        return None;
    }
    let edits = texts.edits_of(fix)?;
    let mut changes: serde_json::Map<String, Value> = serde_json::Map::new();
    for edits in edits.chunk_by(|one, other| one.file == other.file) {
        let uri = uri_in(documents, texts.analysis.full_path(edits.first()?.file));
        let edits = edits.iter().map(|edit| {
            let range = texts.range(client, edit.file, edit.range);
            json!({ "range": range, "newText": edit.text })
        });
        changes.insert(uri.as_ref().to_owned(), edits.collect());
    }
    Some(json!({ "fix": { "title": fix.title, "applicability": fix.applicability, "changes": changes } }))
}

fn related(
    label: &Label,
    texts: &mut Texts<'_>,
    client: &Client,
    documents: &Documents,
) -> DiagnosticRelatedInformation {
    let uri = uri_in(documents, texts.analysis.full_path(label.file));
    let range = texts.range(client, label.file, label.range);
    DiagnosticRelatedInformation { location: Location { uri, range }, message: label.message.clone() }
}

fn configuration_problems(
    problem: &douane_workspace::ConfigurationError,
    client: &Client,
) -> Vec<lsp_types::Diagnostic> {
    let lines = douane_base::LineIndex::new(&problem.text);
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let range = |span: &std::ops::Range<usize>| {
        let range = douane_base::TextRange::new(offset(span.start), offset(span.end.max(span.start)));
        client.encoding.range(&problem.text, &lines, range)
    };
    let shown = problem.errors.iter().map(|error| lsp_types::Diagnostic {
        range: range(&error.span),
        severity: Some(DiagnosticSeverity::Error),
        code: None,
        code_description: None,
        source: Some("douane".to_owned()),
        message: error.message.clone().into(),
        tags: None,
        related_information: None,
        data: None,
    });
    shown.collect()
}
