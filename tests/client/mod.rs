//! An editor that speaks the language server protocol over pipes, as far as the tests need one.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::project::{Project, douane};

/// What the editor says it can do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// It asks for findings; else they have to be pushed.
    pub(crate) pulls: bool,
    /// It can't be told to ask for findings again.
    pub(crate) never_asks_again: bool,
    /// It tells of no change on disk but those that it makes itself.
    pub(crate) watches_nothing: bool,
    /// It has opened no folder.
    pub(crate) has_no_folder: bool,
    /// It has opened these folders of the project, not the project itself.
    pub(crate) folders: &'static [&'static str],
    /// The initialization options.
    pub(crate) settings: Value,
    /// The encodings that it offers.
    pub(crate) encodings: Value,
    /// The process to end with.
    pub(crate) process: Option<u32>,
}

/// An editor with its server.
pub(crate) struct Client {
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What came and was not asked for yet.
    unread: Vec<Value>,
    root: String,
    next_id: u64,
    versions: BTreeMap<String, i64>,
    texts: BTreeMap<String, String>,
    /// What the server can do.
    pub(crate) capabilities: Value,
}

const PATIENCE: Duration = Duration::from_secs(30);

/// A position of the protocol.
pub(crate) fn at(line: u32, character: u32) -> Value {
    json!({ "line": line, "character": character })
}

impl Client {
    /// Starts a server for a project, in the way that editors do.
    pub(crate) fn start(project: &Project, options: &Options) -> Self {
        let folder = project.path("");
        let mut command = douane(&folder);
        command.args(["server", "--stdio"]).stdin(Stdio::piped()).stderr(Stdio::inherit());
        let mut server = command.spawn().expect("the server can be started");
        let output = server.stdout.take().expect("standard output is a pipe");
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut client = Self {
            input: server.stdin.take(),
            server,
            messages,
            unread: Vec::new(),
            root: format!("file://{}", folder.display().to_string().trim_end_matches('/')),
            next_id: 0,
            versions: BTreeMap::new(),
            texts: BTreeMap::new(),
            capabilities: Value::Null,
        };
        let mut documents = json!({
            "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
            "publishDiagnostics": { "relatedInformation": true },
        });
        if options.pulls {
            documents["diagnostic"] = json!({});
        }
        let capabilities = json!({
            "general": { "positionEncodings": options.encodings },
            "textDocument": documents,
            "workspace": {
                "workspaceEdit": { "documentChanges": true },
                "executeCommand": {},
                "diagnostics": { "refreshSupport": !options.never_asks_again },
                "didChangeWatchedFiles": { "dynamicRegistration": !options.watches_nothing },
            },
        });
        let folders: Vec<Value> =
            options.folders.iter().map(|folder| json!({ "uri": client.uri(folder), "name": folder })).collect();
        let params = json!({
            "processId": options.process,
            "workspaceFolders": if options.folders.is_empty() { Value::Null } else { json!(folders) },
            "rootUri": if options.has_no_folder { Value::Null } else { json!(client.root) },
            "capabilities": capabilities,
            "initializationOptions": options.settings,
        });
        client.capabilities = client.ask("initialize", params)["capabilities"].clone();
        client.tell("initialized", json!({}));
        client
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }

    /// Opens a file of the project with the text that it has.
    pub(crate) fn open(&mut self, path: &str) {
        let file = format!("{}/{path}", self.root.trim_start_matches("file://"));
        let text = std::fs::read_to_string(file).expect("the file can be read");
        self.open_with(path, &text);
    }

    pub(crate) fn open_with(&mut self, path: &str, text: &str) {
        self.versions.insert(path.to_owned(), 1);
        self.texts.insert(path.to_owned(), text.to_owned());
        let document = json!({ "uri": self.uri(path), "languageId": "python", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub(crate) fn close(&mut self, path: &str) {
        self.texts.remove(path);
        self.tell("textDocument/didClose", json!({ "textDocument": { "uri": self.uri(path) } }));
    }

    /// Gives a buffer another text.
    pub(crate) fn replace(&mut self, path: &str, text: &str) {
        self.change(path, &json!([{ "text": text }]));
        self.texts.insert(path.to_owned(), text.to_owned());
    }

    /// Changes a buffer.
    pub(crate) fn change(&mut self, path: &str, changes: &Value) {
        let version = self.versions.get_mut(path).expect("the buffer is open");
        *version += 1;
        let document = json!({ "uri": format!("{}/{path}", self.root), "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// Tells that a buffer was written to its file.
    pub(crate) fn saved(&mut self, path: &str) {
        self.tell("textDocument/didSave", json!({ "textDocument": { "uri": self.uri(path) } }));
    }

    /// Tells that a file was created (1), changed (2) or deleted (3).
    pub(crate) fn changed_on_disk(&mut self, path: &str, kind: u32) {
        let changes = json!([{ "uri": self.uri(path), "type": kind }]);
        self.tell("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
    }

    /// The findings that were pushed for a file next; for a buffer, since it was opened.
    pub(crate) fn pushed(&mut self, path: &str) -> Value {
        let uri = self.uri(path);
        let is_open = self.texts.contains_key(path);
        let message = self.wait(|message| {
            let params = &message["params"];
            message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == uri.as_str()
                && params["version"].is_number() == is_open
        });
        message["params"]["diagnostics"].clone()
    }

    /// The actions for a line.
    pub(crate) fn actions(&mut self, path: &str, line: u32, only: &[&str]) -> Vec<Value> {
        let mut context = json!({ "diagnostics": [] });
        if !only.is_empty() {
            context["only"] = json!(only);
        }
        let range = json!({ "start": at(line, 0), "end": at(line, 0) });
        let params = json!({ "textDocument": { "uri": self.uri(path) }, "range": range, "context": context });
        self.ask("textDocument/codeAction", params).as_array().cloned().unwrap_or_default()
    }

    /// A buffer's text with the edits of an action. Columns are taken for bytes.
    pub(crate) fn text_after(&self, path: &str, action: &Value) -> String {
        let text = &self.texts[path];
        let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let offset = |position: &Value| {
            let part = |key: &str| usize::try_from(position[key].as_u64().expect("a number")).expect("a small number");
            starts[part("line")] + part("character")
        };
        let mut edits: Vec<(usize, usize, &str)> = Vec::new();
        for change in action["edit"]["documentChanges"].as_array().expect("changes of documents") {
            assert_eq!(change["textDocument"]["uri"], self.uri(path));
            for edit in change["edits"].as_array().expect("a list of edits") {
                let range = &edit["range"];
                let new = edit["newText"].as_str().expect("a text");
                edits.push((offset(&range["start"]), offset(&range["end"]), new));
            }
        }
        edits.sort_unstable();
        let mut result = text.clone();
        for (start, end, new) in edits.into_iter().rev() {
            result.replace_range(start..end, new);
        }
        result
    }

    /// Sends a request; the number of it.
    pub(crate) fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.next_id += 1;
        let mut message = json!({ "jsonrpc": "2.0", "id": self.next_id, "method": method });
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message);
        self.next_id
    }

    /// The result of a request.
    pub(crate) fn answer_to(&mut self, id: u64) -> Value {
        let message = self.wait(|message| message["id"] == id && message.get("method").is_none());
        assert!(message.get("error").is_none(), "{message}");
        message["result"].clone()
    }

    /// The number of the error that a request was answered with.
    pub(crate) fn error_of(&mut self, id: u64) -> i64 {
        let message = self.wait(|message| message["id"] == id && message.get("method").is_none());
        message["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {message}"))
    }

    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer_to(id)
    }

    pub(crate) fn tell(&mut self, method: &str, params: Value) {
        let mut message = json!({ "jsonrpc": "2.0", "method": method });
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message);
    }

    pub(crate) fn wait_for_request(&mut self, method: &str) {
        self.wait_for(method);
    }

    pub(crate) fn wait_for(&mut self, method: &str) -> Value {
        self.wait(|message| message["method"] == method)
    }

    /// Shuts the server down as the protocol asks.
    pub(crate) fn end(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        assert_eq!(self.exit_code(), Some(0));
    }

    pub(crate) fn hang_up(&mut self) {
        self.input = None;
    }

    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        self.exit_code_within(PATIENCE)
    }

    pub(crate) fn exit_code_within(&mut self, patience: Duration) -> Option<i32> {
        let started = Instant::now();
        while started.elapsed() < patience {
            if let Some(status) = self.server.try_wait().expect("the server can be waited for") {
                return status.code();
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("the server goes on");
    }

    fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string());
    }

    /// Sends what need not be a message.
    pub(crate) fn send_text(&mut self, text: &str) {
        let input = self.input.as_mut().expect("the server listens");
        // A server that ended is noticed by whoever waits for its answer.
        let _ = write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).and_then(|()| input.flush());
    }

    /// The next message of that kind. Requests of the server are answered on the way.
    fn wait(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.unread.iter().position(&is_wanted) {
            return self.unread.remove(at);
        }
        let started = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(started.elapsed());
            let message = match self.messages.recv_timeout(left) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => panic!("no such message; there were {:#?}", self.unread),
                Err(RecvTimeoutError::Disconnected) => panic!("the server ended; there were {:#?}", self.unread),
            };
            if message.get("method").is_some()
                && let Some(id) = message.get("id")
            {
                let answer = json!({ "jsonrpc": "2.0", "id": id, "result": null });
                self.send(&answer);
            }
            if is_wanted(&message) {
                return message;
            }
            self.unread.push(message);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
