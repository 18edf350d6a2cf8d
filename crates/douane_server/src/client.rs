//! What the client can do, and what it asked for when it started the server.

use std::path::PathBuf;

use lsp_types::{PositionEncodingKind, Uri};
use serde_json::Value;

use crate::{encoding::Encoding, options::Options, uri::path_of};

/// The answers that depend on the client. What a client does not say it can do, it can't.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) encoding: Encoding,
    /// It asks for diagnostics itself, and does so again when it is told to: those of a file change with other files. To any
    /// other client, such as Neovim before 0.12, they are pushed.
    pub(crate) pulls: bool,
    pub(crate) shows_related: bool,
    pub(crate) shows_progress: bool,
    pub(crate) watches_files: bool,
    pub(crate) versions_edits: bool,
    pub(crate) knows_code_actions: bool,
    /// It can be asked for its configuration, and told to ask for hints again.
    pub(crate) has_configuration: bool,
    pub(crate) registers_configuration: bool,
    pub(crate) refreshes_hints: bool,
    pub(crate) executes_commands: bool,
    /// The options that it gave at the start, and those that count now.
    pub(crate) first_options: Value,
    pub(crate) options: Options,
    pub(crate) process_id: Option<i32>,
    pub(crate) folders: Vec<PathBuf>,
}

impl Client {
    /// Reads the parameters of `initialize` leniently: what is missing or misshapen is as good as not there.
    pub(crate) fn new(params: &Value) -> Self {
        let is = |pointer: &str| params.pointer(pointer).and_then(Value::as_bool).unwrap_or(false);
        let has = |pointer: &str| params.pointer(pointer).is_some_and(|value| !value.is_null());
        let offered = params.pointer("/capabilities/general/positionEncodings").cloned();
        let offered: Option<Vec<PositionEncodingKind>> =
            offered.and_then(|offered| serde_json::from_value(offered).ok());
        Self {
            encoding: Encoding::negotiated(offered.as_deref()),
            pulls: has("/capabilities/textDocument/diagnostic")
                && is("/capabilities/workspace/diagnostics/refreshSupport"),
            shows_related: is("/capabilities/textDocument/publishDiagnostics/relatedInformation")
                || is("/capabilities/textDocument/diagnostic/relatedInformation"),
            shows_progress: is("/capabilities/window/workDoneProgress"),
            watches_files: is("/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration"),
            versions_edits: is("/capabilities/workspace/workspaceEdit/documentChanges"),
            knows_code_actions: has("/capabilities/textDocument/codeAction/codeActionLiteralSupport"),
            has_configuration: is("/capabilities/workspace/configuration"),
            registers_configuration: is("/capabilities/workspace/didChangeConfiguration/dynamicRegistration"),
            executes_commands: has("/capabilities/workspace/executeCommand"),
            refreshes_hints: is("/capabilities/workspace/inlayHint/refreshSupport"),
            options: Options::read(params.get("initializationOptions").unwrap_or(&Value::Null)),
            first_options: params.get("initializationOptions").cloned().unwrap_or_default(),
            process_id: params.get("processId").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok()),
            folders: folders(params),
        }
    }
}

/// The folders that are open: `workspaceFolders`, else `rootUri`, else `rootPath`; none for a file on its own.
fn folders(params: &Value) -> Vec<PathBuf> {
    let uri = |value: &Value| path_of(&Uri(value.as_str()?.to_owned()));
    let folders = params.get("workspaceFolders").and_then(Value::as_array).into_iter().flatten();
    let folders: Vec<PathBuf> = folders.filter_map(|folder| uri(folder.get("uri")?)).collect();
    if !folders.is_empty() {
        return folders;
    }
    let root = params.get("rootUri").and_then(uri);
    root.or_else(|| params.get("rootPath").and_then(Value::as_str).map(PathBuf::from)).into_iter().collect()
}
