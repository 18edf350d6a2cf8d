//! What the client is told of findings: first those of the open documents, the others when nobody types.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use lsp_server::{ErrorCode, RequestId};
use lsp_types::{DocumentDiagnosticParams, WorkspaceDiagnosticParams};
use serde_json::{Value, json};

use super::{Known, Server, bug, request_id};
use crate::{
    findings::{Report, reports, uri_in},
    uri::path_of,
};

impl Server<'_> {
    /// Tells the client the findings of the open documents, which it waits for while somebody types.
    pub(super) fn show_open(&mut self) {
        let paths: Vec<PathBuf> = self.documents.iter().map(|(path, _)| path.to_owned()).collect();
        let mut found: BTreeMap<PathBuf, Report> = BTreeMap::new();
        let roots = self.roots();
        for folder in &mut self.folders {
            let own: Vec<&Path> = paths.iter().map(PathBuf::as_path).filter(|path| folder.holds(path)).collect();
            let diagnostics = match catch_unwind(AssertUnwindSafe(|| folder.program.diagnostics_of(&own))) {
                Ok(diagnostics) => diagnostics,
                Err(panic) => return self.log(1, &bug(&*panic)),
            };
            let reports = reports(folder, &diagnostics, &self.client, &self.documents, &|| false);
            for (path, report) in reports.into_iter().flatten() {
                if is_innermost(&roots, &folder.root, &path) {
                    found.insert(path, report);
                }
            }
        }
        let of_documents = paths.into_iter().map(|path| {
            let report = found.remove(&path).unwrap_or_else(Report::empty);
            (path, report)
        });
        self.show(of_documents.collect());
    }

    /// Tells the client the findings of all other files too. If it may be given up, that is done as soon as there is another
    /// message to take in; the next time begins anew.
    pub(super) fn complete(&mut self, may_give_up: bool) {
        if !self.owes_findings {
            return;
        }
        // If this fails, the next change asks for it again.
        self.owes_findings = false;
        let receiver = &self.connection.receiver;
        let is_given_up = || may_give_up && !receiver.is_empty();
        let mut found: BTreeMap<PathBuf, Report> = BTreeMap::new();
        let mut left = self.client.options.most_unopened;
        let roots = self.roots();
        for folder in &mut self.folders {
            let completed = catch_unwind(AssertUnwindSafe(|| {
                folder.program.complete(&is_given_up);
                let diagnostics = folder.program.diagnostics()?;
                reports(folder, diagnostics, &self.client, &self.documents, &is_given_up)
            }));
            let reports = match completed {
                Ok(Some(reports)) => reports,
                Ok(None) => {
                    self.owes_findings = true;
                    return;
                }
                Err(panic) => return self.log(1, &bug(&*panic)),
            };
            for (path, report) in reports {
                if !is_innermost(&roots, &folder.root, &path) {
                    continue;
                }
                let is_open = self.documents.get(&path).is_some();
                let report = if is_open { report } else { report.cut(&mut left) };
                found.insert(path, report);
            }
        }
        let gone: Vec<PathBuf> = self.sent.keys().filter(|path| !found.contains_key(*path)).cloned().collect();
        found.extend(gone.into_iter().map(|path| (path, Report::empty())));
        self.show(found);
        self.opened.clear();
        self.answer_waiting();
    }

    /// Sends the findings of these files as far as the client has others.
    pub(super) fn show(&mut self, reports: BTreeMap<PathBuf, Report>) {
        let mut changed = Vec::new();
        for (path, report) in reports {
            let is_empty = report.items.is_empty();
            let is_told_again = self.opened.remove(&path) && !self.client.pulls && !is_empty;
            if self.sent.get(&path).map_or(is_empty, |sent| *sent == report) && !is_told_again {
                continue;
            }
            if is_empty {
                self.sent.remove(&path);
            } else {
                self.sent.insert(path.clone(), report.clone());
            }
            changed.push((path, report));
        }
        if self.client.pulls {
            if !changed.is_empty() {
                self.answer_waiting();
                self.ask("workspace/diagnostic/refresh", Value::Null);
            }
            return;
        }
        for (path, report) in changed {
            let version = self.documents.get(&path).map(|document| document.version);
            let uri = uri_in(&self.documents, &path);
            let mut params = json!({ "uri": uri, "diagnostics": report.items });
            if let Some(version) = version {
                params["version"] = version.into();
            }
            self.tell("textDocument/publishDiagnostics", params);
        }
    }

    pub(super) fn document_diagnostics(&mut self, id: RequestId, params: DocumentDiagnosticParams) {
        let path = self.documents.path_of(&params.text_document.uri);
        if path.as_ref().is_some_and(|path| self.documents.get(path).is_none()) {
            self.complete(false);
        }
        let report = path.and_then(|path| self.sent.get(&path).cloned()).unwrap_or_else(Report::empty);
        let answer = if params.previous_result_id.as_ref() == Some(&report.id) {
            json!({ "kind": "unchanged", "resultId": report.id })
        } else {
            json!({ "kind": "full", "resultId": report.id, "items": report.items })
        };
        self.answer(id, answer);
    }

    /// The answer waits until all files were looked at, and until there is something to tell.
    pub(super) fn workspace_diagnostics(&mut self, id: RequestId, params: WorkspaceDiagnosticParams) {
        self.release();
        // Clients escape more in a URI or less than the server does.
        let known = params.previous_result_ids.into_iter();
        let known = known.filter_map(|known| Some((path_of(&known.uri)?, (known.uri, known.value)))).collect();
        self.waiting = Some((id, known));
        self.answer_waiting();
    }

    /// The findings of the files for which the client has others.
    pub(super) fn news(&self, known: &Known) -> Vec<Value> {
        let mut items = Vec::new();
        for (path, report) in &self.sent {
            if known.get(path).is_none_or(|(_, id)| *id != report.id) {
                let uri = uri_in(&self.documents, path);
                let version = self.documents.get(path).map(|document| document.version);
                items.push(json!({
                    "kind": "full", "uri": uri, "version": version, "resultId": report.id, "items": report.items,
                }));
            }
        }
        let nothing = Report::empty();
        for (path, (uri, id)) in known {
            if !self.sent.contains_key(path) && *id != nothing.id {
                items.push(json!({ "kind": "full", "uri": uri, "version": null, "resultId": nothing.id, "items": [] }));
            }
        }
        items
    }

    pub(super) fn answer_waiting(&mut self) {
        let Some((id, known)) = self.waiting.take_if(|_| !self.owes_findings) else { return };
        let items = self.news(&known);
        if items.is_empty() && !known.is_empty() {
            self.waiting = Some((id, known));
        } else {
            self.answer(id, json!({ "items": items }));
        }
    }

    /// Answers the request that waits with what there is.
    pub(super) fn release(&mut self) {
        if let Some((id, known)) = self.waiting.take() {
            self.answer(id, json!({ "items": self.news(&known) }));
        }
    }

    /// What waits is given up. What was asked for and is answered already is no longer worth remembering.
    pub(super) fn cancel(&mut self, params: &Value) {
        let Some(cancelled) = params.get("id").and_then(request_id) else { return };
        self.refused.remove(&cancelled);
        if let Some((id, _)) = self.waiting.take_if(|(id, _)| *id == cancelled) {
            self.fail(id, ErrorCode::RequestCanceled, "cancelled");
        }
    }
}

/// Of nested folders, the inner one knows its project.
fn is_innermost(roots: &[PathBuf], root: &Path, path: &Path) -> bool {
    let depth = |root: &Path| root.as_os_str().len();
    !roots.iter().any(|other| path.starts_with(other) && depth(other) > depth(root))
}
