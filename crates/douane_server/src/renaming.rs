//! `workspace/willRenameFiles`: the imports of what is moved name it where it will be.

use std::path::PathBuf;

use lsp_types::{FileRename, RenameFilesParams};
use serde_json::Value;

use crate::{actions::Offer, client::Client, documents::Documents, folder::Folder, uri::path_of};

/// The edit of the workspace, null if nothing has to change.
pub(crate) fn edit(folders: &[Folder], client: &Client, documents: &Documents, params: &RenameFilesParams) -> Value {
    let paths = |file: &FileRename| Some((path_of(&file.old_uri)?, path_of(&file.new_uri)?));
    let moves: Vec<(PathBuf, PathBuf)> = params.files.iter().filter_map(paths).collect();
    for folder in folders.iter().filter(|folder| moves.iter().any(|(from, _)| folder.holds(from))) {
        let Some(analysis) = folder.program.analysis() else { continue };
        let edits = folder.program.workspace().edits_of_moves(analysis, &moves);
        if !edits.is_empty() {
            return Offer::new(&folder.program, analysis, client, documents).workspace_edit(&edits);
        }
    }
    Value::Null
}
