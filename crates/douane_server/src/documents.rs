//! The buffers that are open in the editor.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use douane_base::LineIndex;
use douane_workspace::KnownImport;
use lsp_types::{TextDocumentContentChangeEvent, Uri};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{encoding::Encoding, uri::path_of};

/// A buffer.
pub(crate) struct Document {
    /// As the client spells it.
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) text: Arc<str>,
    /// The imports that were there when it was opened, and always since: those that were not just typed.
    pub(crate) known_imports: FxHashSet<KnownImport>,
}

/// The open buffers, by the path of their file.
#[derive(Default)]
pub(crate) struct Documents {
    by_path: FxHashMap<PathBuf, Document>,
    /// The paths of files that the editor knows by other ones, through links.
    linked: FxHashMap<PathBuf, PathBuf>,
}

impl Documents {
    /// The path of the file that a buffer stands for.
    pub(crate) fn path_of(&self, uri: &Uri) -> Option<PathBuf> {
        let path = path_of(uri)?;
        Some(self.linked.get(&path).cloned().unwrap_or(path))
    }

    /// Takes a buffer in; the file is looked for in these folders.
    pub(crate) fn open(&mut self, roots: &[PathBuf], uri: Uri, version: i32, text: String) -> Option<PathBuf> {
        let named = path_of(&uri)?;
        let path = match linked(roots, &named) {
            Some(path) => {
                self.linked.insert(named, path.clone());
                path
            }
            None => named,
        };
        let document = Document { uri, version, text: text.into(), known_imports: FxHashSet::default() };
        self.by_path.insert(path.clone(), document);
        Some(path)
    }

    /// Makes the changes one after the other, each in the text that the one before left.
    pub(crate) fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> Option<(PathBuf, Arc<str>)> {
        let path = self.path_of(uri)?;
        let document = self.by_path.get_mut(&path)?;
        let mut text = document.text.to_string();
        for change in changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let lines = LineIndex::new(&text);
                    let range = encoding.text_range(&text, &lines, part.range);
                    text.replace_range(range.start() as usize..range.end() as usize, &part.text);
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => text = whole.text,
            }
        }
        document.text = text.into();
        document.version = version;
        Some((path, Arc::clone(&document.text)))
    }

    pub(crate) fn close(&mut self, uri: &Uri) -> Option<PathBuf> {
        let path = self.path_of(uri)?;
        self.linked.retain(|_, target| *target != path);
        self.by_path.remove(&path).map(|_| path)
    }

    pub(crate) fn get(&self, path: &Path) -> Option<&Document> {
        self.by_path.get(path)
    }

    pub(crate) fn get_mut(&mut self, path: &Path) -> Option<&mut Document> {
        self.by_path.get_mut(path)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&Path, &mut Document)> {
        self.by_path.iter_mut().map(|(path, document)| (path.as_path(), document))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Path, &Document)> {
        self.by_path.iter().map(|(path, document)| (path.as_path(), document))
    }
}

/// The path in one of the folders that leads to the same file, where the named one is in none of them.
fn linked(roots: &[PathBuf], named: &Path) -> Option<PathBuf> {
    if roots.iter().any(|root| named.starts_with(root)) {
        return None;
    }
    // The file itself may be new.
    let real = named.parent()?.canonicalize().ok()?.join(named.file_name()?);
    let within = |root: &PathBuf| Some(root.join(real.strip_prefix(root.canonicalize().ok()?).ok()?));
    roots.iter().find_map(within)
}
