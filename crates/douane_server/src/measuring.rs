//! The action "measure this import", the only thing here that runs code, and only when somebody chooses it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crossbeam_channel::Sender;
use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};

/// The command that editors send back.
pub(crate) const COMMAND: &str = "douane.measure";

/// Measures in a folder what a module costs, keeps it, and says it in a sentence; or says why not.
pub type Measure = fn(&Path, &str) -> Result<String, String>;

/// The action for a module that a file of a folder imports.
pub(crate) fn action(folder: &Path, module: &str) -> Value {
    let title = format!("Measure what `{module}` loads: this runs it");
    let command = json!({ "title": title, "command": COMMAND, "arguments": [folder, module] });
    json!({ "title": title, "command": command })
}

/// What was asked to be measured.
pub(crate) fn asked(arguments: &Value) -> Option<(PathBuf, String)> {
    let text = |at: usize| arguments.get(at).and_then(Value::as_str);
    Some((text(0)?.into(), text(1)?.to_owned()))
}

/// Measures on a thread of its own, and tells the client at the end.
pub(crate) fn start(
    measure: Measure,
    (folder, module): (PathBuf, String),
    client: Sender<Message>,
    refreshes_hints: bool,
    is_new: Arc<AtomicBool>,
) {
    thread::spawn(move || {
        let (kind, message) = match measure(&folder, &module) {
            Ok(said) => (3, said),
            Err(problem) => (1, format!("`{module}` can't be measured: {problem}")),
        };
        is_new.store(true, Ordering::Relaxed);
        let shown = json!({ "type": kind, "message": message });
        // A client that is gone has no use for it.
        let _ = client.send(Notification::new("window/showMessage".to_owned(), shown).into());
        if refreshes_hints {
            let id = RequestId::from(format!("douane-measured-{module}"));
            let _ = client.send(Request::new(id, "workspace/inlayHint/refresh".to_owned(), Value::Null).into());
        }
    });
}
