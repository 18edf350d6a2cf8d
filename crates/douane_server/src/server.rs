//! The loop: messages in, the program brought up to date, answers out.

mod diagnostics;
mod progress;

use std::{
    any::Any,
    collections::{BTreeMap, VecDeque},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crossbeam_channel::RecvTimeoutError;
use douane_workspace::Request as ProgramRequest;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    CodeActionParams, DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, InlayHintParams,
    TextDocumentPositionParams, Uri,
};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::progress::Progress;
use crate::{
    actions,
    client::Client,
    documents::Documents,
    findings::Report,
    folder::Folder,
    hints,
    measuring::{self, Measure},
    navigation::{Asked, Question, about_rule_in},
    options::{Options, SECTION, over},
    parent, renaming,
    transport::{Connection, Incoming, Unreadable},
    uri::path_of,
};

/// Longer than between two keystrokes of one who types on.
const PAUSE: Duration = Duration::from_millis(100);

/// How a session came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The client said `shutdown`, then `exit`.
    AsAgreed,
    /// It said `exit` alone, or went away.
    Abruptly,
}

/// Serves the client at standard input and output, with what the command line says about every program.
pub fn serve(settings: ProgramRequest, parent_process: Option<i32>, measure: Measure) -> io::Result<Ended> {
    let connection = Connection::stdio()?;
    let ended = match initialized(&connection) {
        Some((id, params)) => {
            let client = Client::new(&params);
            if let Some(process) = parent_process.or(client.process_id) {
                parent::end_with(process);
            }
            let mut server = Server::new(&connection, client, settings, measure);
            let capabilities = capabilities(&server.client);
            let information = json!({ "name": "douane", "version": env!("CARGO_PKG_VERSION") });
            server.answer(id, json!({ "capabilities": capabilities, "serverInfo": information }));
            server.run()
        }
        None => Ended::Abruptly,
    };
    connection.finish();
    Ok(ended)
}

/// The request that begins the session; none where the client leaves before.
fn initialized(connection: &Connection) -> Option<(RequestId, Value)> {
    loop {
        match connection.receiver.recv().ok()? {
            Ok(Message::Request(request)) if request.method == "initialize" => {
                return Some((request.id, request.params));
            }
            Ok(Message::Request(Request { id, .. })) => {
                let message = "the server is not initialized yet".to_owned();
                let refusal = Response::new_err(id, ErrorCode::ServerNotInitialized as i32, message);
                connection.sender.send(refusal.into()).ok()?;
            }
            Ok(Message::Notification(note)) if note.method == "exit" => return None,
            Ok(_) | Err(_) => {}
        }
    }
}

fn capabilities(client: &Client) -> Value {
    let python = json!({ "scheme": "file", "pattern": { "glob": "**/*.{py,pyi}", "matches": "file" } });
    let folders = json!({ "scheme": "file", "pattern": { "glob": "**", "matches": "folder" } });
    let mut found = json!({
        "positionEncoding": client.encoding.kind(),
        "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
        "definitionProvider": true,
        "referencesProvider": true,
        "hoverProvider": true,
        "inlayHintProvider": true,
        "executeCommandProvider": { "commands": [measuring::COMMAND] },
        "workspace": {
            "workspaceFolders": { "supported": true, "changeNotifications": true },
            "fileOperations": {
                "willRename": { "filters": [python, folders] },
                "didRename": { "filters": [python, folders] },
                "didDelete": { "filters": [python, folders] },
            },
        },
    });
    if client.knows_code_actions {
        found["codeActionProvider"] =
            json!({ "codeActionKinds": ["quickfix", actions::FIX_ALL], "resolveProvider": true });
    }
    if client.pulls {
        found["diagnosticProvider"] =
            json!({ "identifier": "douane", "interFileDependencies": true, "workspaceDiagnostics": true });
    }
    found
}

/// What the client has of the findings: by file, its own spelling of the URI, and which ones.
type Known = FxHashMap<PathBuf, (Uri, String)>;

struct Server<'c> {
    connection: &'c Connection,
    client: Client,
    settings: ProgramRequest,
    documents: Documents,
    folders: Vec<Folder>,
    /// The findings as the client knows them: what was pushed, or would be the answer.
    sent: BTreeMap<PathBuf, Report>,
    /// Files whose buffers came or went since: some clients, such as eglot, forget then what they were told of the file.
    opened: FxHashSet<PathBuf>,
    /// A folder was closed, and with it goes what was found there.
    is_folder_gone: bool,
    /// A request for the findings of all files, that is answered when they change.
    waiting: Option<(RequestId, Known)>,
    /// The findings of files that are not open may be others than the client knows.
    owes_findings: bool,
    is_shut_down: bool,
    next_id: i32,
    /// The request for the configuration that is not answered yet.
    asked_configuration: Option<RequestId>,
    measure: Measure,
    /// Something was measured since costs were told last.
    is_measured: Arc<AtomicBool>,
    /// What was taken in and is not done yet.
    queue: VecDeque<Incoming>,
    /// Requests in it that the client took back.
    refused: FxHashSet<RequestId>,
}

impl<'c> Server<'c> {
    fn new(connection: &'c Connection, client: Client, settings: ProgramRequest, measure: Measure) -> Self {
        Self {
            connection,
            client,
            settings,
            documents: Documents::default(),
            folders: Vec::new(),
            sent: BTreeMap::new(),
            opened: FxHashSet::default(),
            is_folder_gone: false,
            waiting: None,
            owes_findings: true,
            is_shut_down: false,
            next_id: 0,
            asked_configuration: None,
            measure,
            is_measured: Arc::default(),
            queue: VecDeque::new(),
            refused: FxHashSet::default(),
        }
    }

    /// Opens the folders; what is in them is read by the first update.
    fn start(&mut self) {
        if self.client.watches_files {
            let watchers = json!({ "watchers": [{ "globPattern": "**" }] });
            let registration = json!({ "id": "douane-files", "method": "workspace/didChangeWatchedFiles", "registerOptions": watchers });
            self.ask("client/registerCapability", json!({ "registrations": [registration] }));
        }
        if self.client.registers_configuration {
            let section = json!({ "section": SECTION });
            let registration = json!({ "id": "douane-settings", "method": "workspace/didChangeConfiguration", "registerOptions": section });
            self.ask("client/registerCapability", json!({ "registrations": [registration] }));
        }
        for root in self.client.folders.clone() {
            self.open_folder(root);
        }
    }

    fn run(&mut self) -> Ended {
        loop {
            self.take_in(self.connection.receiver.try_recv().ok());
            let Some(message) = self.queue.pop_front() else {
                if !self.wait() {
                    return Ended::Abruptly;
                }
                continue;
            };
            match message {
                Ok(Message::Notification(note)) if note.method == "exit" => {
                    return if self.is_shut_down { Ended::AsAgreed } else { Ended::Abruptly };
                }
                Ok(Message::Notification(note)) => self.guarded(None, |server| server.note(note)),
                Ok(Message::Request(request)) => {
                    let id = request.id.clone();
                    self.guarded(Some(id), |server| server.request(request));
                }
                Ok(Message::Response(response)) => self.guarded(None, |server| server.answered(response)),
                Err(Unreadable { id: Some(id), problem }) => self.fail(id, ErrorCode::InvalidRequest, &problem),
                Err(Unreadable { id: None, problem }) => {
                    self.log(1, &format!("a message that can't be read: {problem}"));
                }
            }
        }
    }

    /// Nothing is to be done but what nobody asked for: then the program is brought up to date, so that findings are there as
    /// soon as the client asks, and all other files are looked at while people pause. False if the client is gone.
    fn wait(&mut self) -> bool {
        self.settle();
        let receiver = &self.connection.receiver;
        let received = match self.owes_findings {
            true => receiver.recv_timeout(PAUSE),
            false => receiver.recv().map_err(RecvTimeoutError::from),
        };
        match received {
            Err(RecvTimeoutError::Timeout) => self.complete(true),
            Err(RecvTimeoutError::Disconnected) => return false,
            Ok(message) => self.take_in(Some(message)),
        }
        true
    }

    /// Takes in a message, and all that wait behind it: a burst costs one update.
    fn take_in(&mut self, first: Option<Incoming>) {
        let waiting = first.into_iter().chain(self.connection.receiver.try_iter());
        for message in waiting {
            self.refused.extend(message.as_ref().ok().and_then(refused));
            self.queue.push_back(message);
        }
    }

    /// A bug must not end the session: it is told, and the next message is taken.
    fn guarded(&mut self, id: Option<RequestId>, step: impl FnOnce(&mut Self)) {
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| step(self))) else { return };
        let message = bug(&*panic);
        match id {
            Some(id) => self.send(Response::new_err(id, ErrorCode::InternalError as i32, message)),
            None => self.log(1, &message),
        }
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        if self.refused.remove(&id) {
            return self.fail(id, ErrorCode::RequestCanceled, "cancelled");
        }
        if self.is_shut_down {
            return self.fail(id, ErrorCode::InvalidRequest, "the server is shut down");
        }
        match method.as_str() {
            "shutdown" => {
                self.is_shut_down = true;
                self.release();
                self.answer(id, Value::Null);
            }
            "textDocument/diagnostic" => self.with(id, params, Self::document_diagnostics),
            "workspace/diagnostic" => self.with(id, params, Self::workspace_diagnostics),
            "textDocument/definition" => self.with(id, params, |server, id, params| {
                server.ask_about(id, &params, Question::Definition);
            }),
            "textDocument/references" => self.with(id, params, |server, id, params| {
                server.ask_about(id, &params, Question::References);
            }),
            "textDocument/hover" => self.with(id, params, |server, id, params| {
                server.ask_about(id, &params, Question::Hover);
            }),
            "textDocument/codeAction" => self.with(id, params, Self::code_actions),
            "textDocument/inlayHint" => self.with(id, params, Self::hints),
            "workspace/executeCommand" => self.execute(id, &params),
            "workspace/willRenameFiles" => self.with(id, params, |server, id, params| {
                let edit = renaming::edit(&server.folders, &server.client, &server.documents, &params);
                server.answer(id, edit);
            }),
            // The edits were part of the action.
            "codeAction/resolve" => self.answer(id, params),
            _ => self.fail(id, ErrorCode::MethodNotFound, &format!("`{method}` is not known")),
        }
    }

    fn with<P: DeserializeOwned>(&mut self, id: RequestId, params: Value, handle: fn(&mut Self, RequestId, P)) {
        match serde_json::from_value(params) {
            Ok(params) => {
                self.settle();
                handle(self, id, params);
            }
            Err(error) => self.fail(id, ErrorCode::InvalidParams, &error.to_string()),
        }
    }

    fn note(&mut self, note: Notification) {
        let Notification { method, params } = note;
        match method.as_str() {
            "initialized" => self.start(),
            "textDocument/didOpen" => self.told(params, Self::did_open),
            "textDocument/didChange" => self.told(params, Self::did_change),
            "textDocument/didClose" => self.told(params, Self::did_close),
            "textDocument/didSave" => self.told(params, Self::did_save),
            "workspace/didChangeWatchedFiles" => self.told(params, Self::did_change_files),
            "workspace/didChangeWorkspaceFolders" => self.told(params, Self::did_change_folders),
            "workspace/didChangeConfiguration" => self.did_change_configuration(&params),
            "workspace/didRenameFiles" | "workspace/didDeleteFiles" => self.did_move_files(&params),
            "$/cancelRequest" => self.cancel(&params),
            _ => {}
        }
    }

    fn told<P: DeserializeOwned>(&mut self, params: Value, handle: fn(&mut Self, P)) {
        match serde_json::from_value(params) {
            Ok(params) => handle(self, params),
            Err(error) => self.log(2, &format!("a notification that can't be read: {error}")),
        }
    }

    fn did_open(&mut self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let opened = self.documents.open(&self.roots(), document.uri, document.version, document.text);
        let Some(path) = opened else { return };
        self.owes_findings = true;
        if !self.folders.iter().any(|folder| folder.holds(&path)) && self.client.folders.is_empty() {
            self.open_folder(project_of(&path));
        }
        self.know_imports(&path);
        self.show_buffer(&path);
        self.opened.insert(path);
    }

    /// The imports that a buffer has when it is opened were not just typed.
    fn know_imports(&mut self, path: &Path) {
        let Some(folder) = self.folders.iter().find(|folder| folder.holds(path)) else { return };
        if let Some(document) = self.documents.get_mut(path) {
            document.known_imports = folder.program.imports_of_text(&document.text);
        }
    }

    /// Those that are gone are new where they are typed again.
    fn forget_imports(&mut self) {
        for (path, document) in self.documents.iter_mut() {
            let Some(folder) = self.folders.iter().find(|folder| folder.holds(path)) else { continue };
            let Some(file) = folder.program.analysis().and_then(|analysis| analysis.file_at(path)) else { continue };
            let imports: FxHashSet<_> = folder.program.imports_of(file).map(|(import, _)| import).collect();
            document.known_imports.retain(|import| imports.contains(import));
        }
    }

    fn did_change(&mut self, params: DidChangeTextDocumentParams) {
        let (document, version) = (params.text_document.text_document_identifier, params.text_document.version);
        let changed = self.documents.change(&document.uri, version, params.content_changes, self.client.encoding);
        if let Some((path, _)) = changed {
            self.show_buffer(&path);
        }
    }

    fn did_close(&mut self, params: DidCloseTextDocumentParams) {
        let Some(path) = self.documents.close(&params.text_document.uri) else { return };
        self.each_around(&path, |folder| folder.program.drop_buffer(&path));
        if Folder::is_configuration(&path) {
            // What was not saved is gone.
            self.touch(std::slice::from_ref(&path));
        }
        // A file without a project goes with its buffer.
        let count = self.folders.len();
        self.folders.retain(|folder| folder.root != path);
        self.is_folder_gone |= self.folders.len() < count;
        self.opened.insert(path);
    }

    /// Clients that watch no files tell at least of those that they write themselves.
    fn did_save(&mut self, params: DidSaveTextDocumentParams) {
        let Some(path) = self.documents.path_of(&params.text_document.uri) else { return };
        self.touch(&[path]);
        if !self.client.watches_files {
            let problems: Vec<String> =
                self.folders.iter_mut().filter_map(|folder| folder.look_for_changes().err()).collect();
            problems.iter().for_each(|message| self.log(1, message));
        }
    }

    fn did_change_files(&mut self, params: DidChangeWatchedFilesParams) {
        let paths: Vec<PathBuf> = params.changes.iter().filter_map(|change| path_of(&change.uri)).collect();
        self.touch(&paths);
    }

    fn did_move_files(&mut self, params: &Value) {
        let files = params.get("files").and_then(Value::as_array).into_iter().flatten();
        let uris = files.flat_map(|file| ["uri", "oldUri", "newUri"].map(|key| file.get(key).and_then(Value::as_str)));
        let paths: Vec<PathBuf> = uris.flatten().filter_map(|uri| path_of(&uri.into())).collect();
        self.touch(&paths);
    }

    /// Clients send their settings along, or have to be asked for them.
    fn did_change_configuration(&mut self, params: &Value) {
        match params.get("settings").and_then(|settings| settings.get(SECTION)) {
            Some(settings) => self.choose(settings),
            None if self.client.has_configuration => {
                self.ask("workspace/configuration", json!({ "items": [{ "section": SECTION }] }));
                self.asked_configuration = Some(RequestId::from(format!("douane-{}", self.next_id)));
            }
            None => {}
        }
    }

    /// Of the answers to requests of the server only that about the configuration says anything.
    fn answered(&mut self, response: Response) {
        if self.asked_configuration.as_ref() != Some(&response.id) {
            return;
        }
        self.asked_configuration = None;
        if let Some(settings) = response.response_result.as_ref().ok().and_then(|sections| sections.get(0)) {
            self.choose(settings);
        }
    }

    fn choose(&mut self, settings: &Value) {
        let options = Options::read(&over(&self.client.first_options, settings));
        let before = std::mem::replace(&mut self.client.options, options);
        let now = self.client.options.clone();
        if before == now {
            return;
        }
        if (&before.python, &before.configuration) != (&now.python, &now.configuration) {
            for folder in std::mem::take(&mut self.folders) {
                self.open_folder(folder.root);
            }
        }
        self.owes_findings |= before.most_unopened != now.most_unopened;
        if before.hints != now.hints && self.client.refreshes_hints {
            self.ask("workspace/inlayHint/refresh", Value::Null);
        }
    }

    fn did_change_folders(&mut self, params: DidChangeWorkspaceFoldersParams) {
        self.owes_findings = true;
        for gone in &params.event.removed {
            let root = path_of(&gone.uri);
            self.folders.retain(|folder| Some(&folder.root) != root.as_ref());
            self.is_folder_gone = true;
            self.client.folders.retain(|folder| Some(folder) != root.as_ref());
        }
        for new in &params.event.added {
            let Some(root) = path_of(&new.uri) else { continue };
            self.client.folders.push(root.clone());
            self.open_folder(root);
        }
    }

    fn open_folder(&mut self, root: PathBuf) {
        if self.folders.iter().any(|folder| folder.root == root) {
            return;
        }
        let options = &self.client.options;
        let opened = Folder::open(root.clone(), &self.settings, options).or_else(|message| {
            // A choice that can't be followed is passed over, so that it can be mended.
            self.show_message(&message);
            Folder::open(root, &self.settings, &options.without_project())
        });
        match opened {
            Ok(mut folder) => {
                folder.take_buffers(&self.documents);
                self.folders.push(folder);
            }
            Err(message) => self.log(1, &message),
        }
    }

    fn show_buffer(&mut self, path: &Path) {
        let Some(text) = self.documents.get(path).map(|document| document.text.clone()) else { return };
        if Folder::is_configuration(path) {
            return self.folders.iter_mut().for_each(|folder| folder.judge(path, &text));
        }
        self.each_around(path, |folder| folder.program.set_buffer(path, text.clone()));
    }

    fn touch(&mut self, paths: &[PathBuf]) {
        let mut problems = Vec::new();
        for folder in &mut self.folders {
            for path in paths {
                if folder.holds(path) || Folder::is_configuration(path) {
                    folder.touch(path);
                }
            }
            problems.extend(folder.reopen_if_configured_anew().err());
        }
        problems.iter().for_each(|message| self.log(1, message));
    }

    fn each_around(&mut self, path: &Path, mut step: impl FnMut(&mut Folder)) {
        self.folders.iter_mut().filter(|folder| folder.holds(path)).for_each(&mut step);
    }

    /// Brings the programs up to date, and tells the client of what is new.
    fn settle(&mut self) {
        let mut folders = std::mem::take(&mut self.folders);
        if self.is_measured.swap(false, Ordering::Relaxed) {
            folders.iter_mut().for_each(|folder| folder.costs.forget());
        }
        let mut is_changed = false;
        for folder in &mut folders {
            let progress = Progress::new(self, folder);
            let updated = catch_unwind(AssertUnwindSafe(|| folder.update(&|stage| progress.note(stage))));
            progress.end();
            match updated {
                Ok(updated) => is_changed |= updated,
                Err(panic) => self.log(1, &bug(&*panic)),
            }
        }
        self.folders = folders;
        if is_changed {
            self.forget_imports();
        }
        let is_configured_anew = self.folders.iter_mut().any(|folder| std::mem::take(&mut folder.is_configured_anew));
        let is_folder_gone = std::mem::take(&mut self.is_folder_gone);
        self.owes_findings |= is_changed || is_configured_anew || is_folder_gone || !self.opened.is_empty();
        if self.owes_findings {
            self.show_open();
        }
    }

    fn code_actions(&mut self, id: RequestId, params: CodeActionParams) {
        let path = self.documents.path_of(&params.text_document.uri);
        let root = path.as_ref().and_then(|path| self.folder_of(path)).map(|folder| folder.root.clone());
        let folder = self.folders.iter_mut().find(|folder| Some(&folder.root) == root.as_ref());
        let found = match (folder, &path) {
            (Some(folder), Some(path)) if self.client.knows_code_actions => {
                actions::actions(folder, &self.client, &self.documents, path, &params)
            }
            _ => Vec::new(),
        };
        self.answer(id, json!(found));
    }

    fn execute(&mut self, id: RequestId, params: &Value) {
        let is_known = params.get("command").and_then(Value::as_str) == Some(measuring::COMMAND);
        let asked = params.get("arguments").and_then(measuring::asked);
        // Only in the folders that are open.
        let asked = asked.filter(|(root, _)| is_known && self.folders.iter().any(|folder| folder.root == *root));
        let Some(asked) = asked else { return self.fail(id, ErrorCode::InvalidParams, "there is no such command") };
        let (sender, is_new) = (self.connection.sender.clone(), Arc::clone(&self.is_measured));
        measuring::start(self.measure, asked, sender, self.client.refreshes_hints, is_new);
        self.answer(id, Value::Null);
    }

    fn hints(&mut self, id: RequestId, params: InlayHintParams) {
        let path = self.documents.path_of(&params.text_document.uri);
        let folder = path.as_ref().and_then(|path| self.folder_of(path));
        let found = match (folder, &path, self.client.options.hints) {
            (Some(folder), Some(path), Some(limits)) => {
                hints::hints(folder, &self.client, path, params.range, limits).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        self.answer(id, json!(found));
    }

    fn roots(&self) -> Vec<PathBuf> {
        self.folders.iter().map(|folder| folder.root.clone()).collect()
    }

    /// The innermost of the folders that hold a file.
    fn folder_of(&self, path: &Path) -> Option<&Folder> {
        let around = self.folders.iter().filter(|folder| folder.holds(path));
        around.max_by_key(|folder| folder.root.as_os_str().len())
    }

    fn ask_about(&self, id: RequestId, params: &TextDocumentPositionParams, question: Question) {
        let path = self.documents.path_of(&params.text_document.uri);
        if let Some(path) = path.as_ref().filter(|path| Folder::is_configuration(path)) {
            let document = self.documents.get(path).filter(|_| question == Question::Hover);
            let about = document.map(|document| about_rule_in(&document.text, &self.client, params.position));
            return self.answer(id, about.unwrap_or_default());
        }
        let asked = path.as_ref().and_then(|path| {
            let folder = self.folder_of(path)?;
            Asked::new(folder, &self.client, &self.documents, path, params.position)
        });
        self.answer(id, asked.map_or(Value::Null, |mut asked| asked.answer(question)));
    }

    fn answer(&self, id: RequestId, result: Value) {
        self.send(Response::new_ok(id, result));
    }

    fn fail(&self, id: RequestId, code: ErrorCode, message: &str) {
        self.send(Response::new_err(id, code as i32, message.to_owned()));
    }

    fn ask(&mut self, method: &str, params: Value) {
        self.next_id += 1;
        let id = RequestId::from(format!("douane-{}", self.next_id));
        self.send(Request::new(id, method.to_owned(), params));
    }

    fn tell(&self, method: &str, params: Value) {
        self.send(Notification::new(method.to_owned(), params));
    }

    /// A warning that the user sees.
    fn show_message(&self, message: &str) {
        self.tell("window/showMessage", json!({ "type": 2, "message": format!("douane: {message}") }));
    }

    /// A line in the client's log: 1 is an error, 2 a warning.
    fn log(&self, kind: u32, message: &str) {
        self.tell("window/logMessage", json!({ "type": kind, "message": message }));
    }

    /// A client that is gone is noticed when it is asked for the next message.
    fn send(&self, message: impl Into<Message>) {
        let _ = self.connection.sender.send(message.into());
    }
}

/// The request that a message takes back.
fn refused(message: &Message) -> Option<RequestId> {
    match message {
        Message::Notification(note) if note.method == "$/cancelRequest" => request_id(note.params.get("id")?),
        _ => None,
    }
}

fn request_id(value: &Value) -> Option<RequestId> {
    serde_json::from_value(value.clone()).ok()
}

/// What is told of a panic.
fn bug(panic: &(dyn Any + Send)) -> String {
    format!("internal error, which is a bug in douane: {}", words_of(panic))
}

/// The words of a panic.
fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
}

/// The project around a file that was opened without a folder. Without one it is the file alone: the folder around it may be
/// anything, such as somebody's home.
fn project_of(path: &Path) -> PathBuf {
    let is_project =
        |folder: &&Path| ["lint.toml", "pyproject.toml", ".git"].iter().any(|marker| folder.join(marker).exists());
    path.ancestors().skip(1).find(is_project).unwrap_or(path).to_owned()
}
