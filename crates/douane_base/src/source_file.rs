//! The files that diagnostics point into.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::LineIndex;

/// The number of a file in one run. Files are numbered in the order of their paths, so that comparing numbers is
/// comparing paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// A file's path and text as they are shown to the user.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: PathBuf,
    text: String,
    lines: LineIndex,
}

impl SourceFile {
    /// A file of that path and text. The text may be empty for a file that could not be read.
    #[must_use]
    pub fn new(path: PathBuf, text: String) -> Self {
        let lines = LineIndex::new(&text);
        Self { path, text, lines }
    }

    /// The path as the user would write it: relative to the working folder where that is possible.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path with `/` between its parts and with replacement characters for what is no Unicode.
    #[must_use]
    pub fn display_path(&self) -> String {
        let path = self.path.to_string_lossy();
        if std::path::MAIN_SEPARATOR == '/' { path.into_owned() } else { path.replace(std::path::MAIN_SEPARATOR, "/") }
    }

    /// The decoded text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the lines start.
    #[must_use]
    pub fn lines(&self) -> &LineIndex {
        &self.lines
    }
}
