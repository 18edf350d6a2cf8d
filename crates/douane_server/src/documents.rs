//! The buffers that are open in the editor.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use douane_base::LineIndex;
use lsp_types::{TextDocumentContentChangeEvent, Uri};
use rustc_hash::FxHashMap;

use crate::{encoding::Encoding, uri::path_of};

/// A buffer.
pub(crate) struct Document {
    /// As the client spells it.
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) text: Arc<str>,
    /// The text when it was opened: what is in it was not just typed.
    pub(crate) opened: Arc<str>,
}

/// The open buffers, by the path of their file.
#[derive(Default)]
pub(crate) struct Documents {
    by_path: FxHashMap<PathBuf, Document>,
}

impl Documents {
    /// The path of the file that the buffer stands for.
    pub(crate) fn open(&mut self, uri: Uri, version: i32, text: String) -> Option<PathBuf> {
        let path = path_of(&uri)?;
        let text: Arc<str> = text.into();
        self.by_path.insert(path.clone(), Document { uri, version, opened: Arc::clone(&text), text });
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
        let path = path_of(uri)?;
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
        let path = path_of(uri)?;
        self.by_path.remove(&path).map(|_| path)
    }

    pub(crate) fn get(&self, path: &Path) -> Option<&Document> {
        self.by_path.get(path)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Path, &Document)> {
        self.by_path.iter().map(|(path, document)| (path.as_path(), document))
    }
}
