//! `workspace/willRenameFiles`: the imports of what is moved name it where it will be.

use std::path::{Path, PathBuf};

use lsp_types::{FileRename, RenameFilesParams};
use serde_json::Value;

use crate::{actions::Offer, client::Client, documents::Documents, folder::Folder, uri::path_of};

/// The edit of the workspace, null if nothing has to change. Of nested folders, the inner one knows its files, and the outer one
/// all others that import from there.
pub(crate) fn edit(folders: &[Folder], client: &Client, documents: &Documents, params: &RenameFilesParams) -> Value {
    let paths = |file: &FileRename| Some((path_of(&file.old_uri)?, path_of(&file.new_uri)?));
    let moves: Vec<(PathBuf, PathBuf)> = params.files.iter().filter_map(paths).collect();
    let mut whole = Value::Null;
    for folder in folders {
        let own: Vec<(PathBuf, PathBuf)> = moves.iter().filter(|(from, _)| folder.holds(from)).cloned().collect();
        let Some(analysis) = folder.program.analysis().filter(|_| !own.is_empty()) else { continue };
        let is_within = |path: &Path| {
            let mut inner = folders.iter().filter(|inner| inner.root != folder.root && folder.holds(&inner.root));
            !inner.any(|inner| inner.holds(path))
        };
        let mut edits = folder.program.workspace().edits_of_moves(analysis, &own);
        edits.retain(|edit| is_within(analysis.full_path(edit.file)));
        if !edits.is_empty() {
            join(&mut whole, Offer::new(&folder.program, analysis, client, documents).workspace_edit(&edits));
        }
    }
    whole
}

/// Edits of one program behind those of another; no file is of both.
fn join(whole: &mut Value, part: Value) {
    for (key, changes) in part.as_object().into_iter().flatten() {
        match (&mut whole[key], changes) {
            (Value::Array(whole), Value::Array(changes)) => whole.extend(changes.iter().cloned()),
            (Value::Object(whole), Value::Object(changes)) => whole.extend(changes.clone()),
            (none, changes) => *none = changes.clone(),
        }
    }
}
