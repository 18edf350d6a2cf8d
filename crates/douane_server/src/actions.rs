//! What can be done about findings: their fixes, a comment that silences them, and all safe fixes of a file at once.

use std::{collections::BTreeMap, path::Path};

use douane_base::{Applicability, Diagnostic, Edit, FileId, LineIndex, TextRange};
use douane_fixer::{Accepted, edits};
use douane_parser::{Import, ImportId};
use douane_workspace::{Analysis, KnownImport, LiveProgram};
use lsp_types::{CodeActionParams, Range};
use serde_json::{Value, json};

use crate::{
    client::Client,
    documents::Documents,
    findings::{Texts, shown, uri_in},
    folder::Folder,
    measuring,
    navigation::module_of,
};

/// The kind of the action that makes all safe fixes of a file.
pub(crate) const FIX_ALL: &str = "source.fixAll.douane";

/// Rules whose fixes take away what may have been typed a moment ago and will be used in the next.
const TAKE_AWAY: [&str; 3] = ["unused-import", "unused-star", "redefined-import"];

/// The actions for a range of a file, or for all of it.
pub(crate) fn actions(
    folder: &mut Folder,
    client: &Client,
    documents: &Documents,
    path: &Path,
    params: &CodeActionParams,
) -> Vec<Value> {
    let diagnostics = folder.program.diagnostics_of(&[path]);
    let Some(analysis) = folder.program.analysis() else { return Vec::new() };
    let Some(file) = analysis.file_at(path) else { return Vec::new() };
    // To ask for nothing in particular is to ask for everything.
    let only = params.context.only.as_ref().filter(|kinds| !kinds.is_empty());
    let only: Option<Vec<String>> = only.map(|kinds| kinds.iter().map(|kind| String::from(kind.clone())).collect());
    // Who asks for `source` wants `source.fixAll.douane` too.
    let wants = |kind: &str| match &only {
        None => true,
        Some(only) => only.iter().any(|wanted| {
            kind == wanted || wanted.is_empty() || kind.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
        }),
    };
    let mut offer = Offer::new(&folder.program, analysis, client, documents);
    let mut found = Vec::new();
    if wants("quickfix") {
        let source = offer.texts.file(file);
        let asked = client.encoding.text_range(source.text(), source.lines(), params.range);
        let lines = source.lines().clone();
        let touches = |diagnostic: &&Diagnostic| touches(diagnostic.primary.range, asked, &lines);
        for diagnostic in diagnostics.iter().filter(touches) {
            found.extend(offer.quick_fix(diagnostic));
            found.extend(offer.ignore(diagnostic));
        }
    }
    if wants(FIX_ALL) {
        // An import is written before the code that uses it: what was typed since the buffer was opened stays.
        let is_known =
            |import: &KnownImport| documents.get(path).is_none_or(|document| document.known_imports.contains(import));
        let new: Vec<TextRange> =
            (folder.program.imports_of(file)).filter(|(import, _)| !is_known(import)).map(|(_, range)| range).collect();
        let is_new = |diagnostic: &Diagnostic| {
            TAKE_AWAY.contains(&diagnostic.rule)
                && new.iter().any(|import| import.cover(diagnostic.primary.range) == *import)
        };
        found.extend(offer.fix_all(file, diagnostics.iter().filter(|diagnostic| !is_new(diagnostic))));
    }
    if only.is_none() && client.executes_commands {
        found.extend(offer.measurement(file, params.range, &folder.root));
    }
    found
}

/// The finding is on a line that is asked for.
fn touches(range: TextRange, asked: TextRange, lines: &LineIndex) -> bool {
    lines.line(range.start()) <= lines.line(asked.end()) && lines.line(asked.start()) <= lines.line(range.end())
}

/// What is offered in one program.
pub(crate) struct Offer<'a> {
    program: &'a LiveProgram,
    analysis: &'a Analysis,
    client: &'a Client,
    documents: &'a Documents,
    texts: Texts<'a>,
}

impl<'a> Offer<'a> {
    pub(crate) fn new(
        program: &'a LiveProgram,
        analysis: &'a Analysis,
        client: &'a Client,
        documents: &'a Documents,
    ) -> Self {
        Self { program, analysis, client, documents, texts: Texts::new(analysis) }
    }
}

impl Offer<'_> {
    fn quick_fix(&mut self, diagnostic: &Diagnostic) -> Option<Value> {
        let fix = diagnostic.fix.as_ref().filter(|fix| fix.applicability != Applicability::DisplayOnly)?;
        let edits = self.texts.edits_of(fix)?;
        let is_safe = fix.applicability == Applicability::Safe;
        let title = if is_safe { fix.title.clone() } else { format!("{} (unsafe)", fix.title) };
        Some(json!({
            "title": title,
            "kind": "quickfix",
            "diagnostics": [self.shown(diagnostic)],
            "isPreferred": is_safe,
            "edit": self.workspace_edit(&edits),
        }))
    }

    fn shown(&mut self, diagnostic: &Diagnostic) -> lsp_types::Diagnostic {
        shown(diagnostic, &mut self.texts, self.client, self.documents)
    }

    fn ignore(&mut self, diagnostic: &Diagnostic) -> Option<Value> {
        let source = self.texts.file(diagnostic.primary.file);
        let edits = self.program.ignoring_comment(source.text(), diagnostic)?;
        Some(json!({
            "title": format!("Ignore `{}` here", diagnostic.rule),
            "kind": "quickfix",
            "diagnostics": [self.shown(diagnostic)],
            "isPreferred": false,
            "edit": self.workspace_edit(&edits),
        }))
    }

    /// The first import in a range may be measured.
    fn measurement(&mut self, file: FileId, asked: Range, root: &Path) -> Option<Value> {
        let (graph, facts) = (self.analysis.graph(), &self.analysis.facts()[file.0 as usize]);
        let own = graph.module_of_file(file)?;
        let source = self.texts.file(file);
        let asked = self.client.encoding.text_range(source.text(), source.lines(), asked);
        let lines = source.lines().clone();
        let is_asked = |import: &Import| touches(facts.statement(import).range, asked, &lines);
        let (id, _) = (0..).map(ImportId).zip(&facts.imports).find(|(_, import)| is_asked(import))?;
        let module = module_of(graph, facts, own, id)?;
        Some(measuring::action(root, graph.module_name(module)))
    }

    /// The safe fixes of one file that can be made together.
    fn fix_all<'d>(&mut self, file: FileId, diagnostics: impl Iterator<Item = &'d Diagnostic>) -> Option<Value> {
        let text = self.texts.file(file).text().to_owned();
        let mut accepted = Accepted::default();
        for diagnostic in diagnostics {
            let Some(fix) = &diagnostic.fix else { continue };
            let is_of_file = fix.changes.iter().all(|change| change.file == file);
            if fix.applicability == Applicability::Safe && is_of_file {
                accepted.accept(fix);
            }
        }
        let edits: Vec<Edit> =
            accepted.files().filter_map(|(file, changes)| edits(file, &text, &changes)).flatten().collect();
        if edits.is_empty() {
            return None;
        }
        Some(json!({
            "title": "Make all safe fixes of douane",
            "kind": FIX_ALL,
            "edit": self.workspace_edit(&edits),
        }))
    }

    pub(crate) fn workspace_edit(&mut self, edits: &[Edit]) -> Value {
        let mut by_file: BTreeMap<FileId, Vec<Value>> = BTreeMap::new();
        for edit in edits {
            let range = self.texts.range(self.client, edit.file, edit.range);
            by_file.entry(edit.file).or_default().push(json!({ "range": range, "newText": edit.text }));
        }
        let files = by_file.into_iter().map(|(file, edits)| {
            let path = self.analysis.full_path(file);
            let version = self.documents.get(path).map(|document| document.version);
            (uri_in(self.documents, path), version, edits)
        });
        if self.client.versions_edits {
            let changes: Vec<Value> = files
                .map(|(uri, version, edits)| json!({ "textDocument": { "uri": uri, "version": version }, "edits": edits }))
                .collect();
            json!({ "documentChanges": changes })
        } else {
            let changes: serde_json::Map<String, Value> =
                files.map(|(uri, _, edits)| (uri.as_ref().to_owned(), json!(edits))).collect();
            json!({ "changes": changes })
        }
    }
}
