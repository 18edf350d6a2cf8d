//! How far the first reading of a folder is.

use std::sync::atomic::{AtomicUsize, Ordering};

use douane_workspace::Stage;
use lsp_server::Notification;
use serde_json::json;

use super::Server;
use crate::{folder::Folder, transport::Connection};

/// Tells the client how far the reading of a folder is; nothing for the small updates afterwards.
pub(super) struct Progress<'c> {
    connection: &'c Connection,
    token: Option<String>,
    percent: AtomicUsize,
}

impl<'c> Progress<'c> {
    pub(super) fn new(server: &mut Server<'c>, folder: &Folder) -> Self {
        let is_first = folder.program.analysis().is_none();
        let token = (server.client.shows_progress && is_first).then(|| format!("douane {}", folder.root.display()));
        if let Some(token) = &token {
            server.ask("window/workDoneProgress/create", json!({ "token": token }));
            let name = folder.root.file_name().unwrap_or_default().to_string_lossy();
            let begin = json!({ "kind": "begin", "title": format!("douane reads {name}"), "percentage": 0 });
            server.tell("$/progress", json!({ "token": token, "value": begin }));
        }
        Self { connection: server.connection, token, percent: AtomicUsize::new(0) }
    }

    pub(super) fn note(&self, stage: Stage) {
        const STEP: usize = 10;
        let (Some(token), Stage::Read(done, total)) = (&self.token, stage) else { return };
        let percent = done * 100 / total.max(1) / STEP * STEP;
        if self.percent.fetch_max(percent, Ordering::Relaxed) < percent {
            let report = json!({ "kind": "report", "percentage": percent });
            let note = Notification::new("$/progress".to_owned(), json!({ "token": token, "value": report }));
            let _ = self.connection.sender.send(note.into());
        }
    }

    pub(super) fn end(&self) {
        if let Some(token) = &self.token {
            let value = json!({ "kind": "end" });
            let note = Notification::new("$/progress".to_owned(), json!({ "token": token, "value": value }));
            let _ = self.connection.sender.send(note.into());
        }
    }
}
