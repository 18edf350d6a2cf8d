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
    as_utf8: Option<String>,
    lines: LineIndex,
    /// In order; empty for what is no notebook.
    cells: Vec<Cell>,
}

/// A code cell of a Jupyter notebook. The code of all of them, one after the other, is the text of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its number among all cells of the notebook, from 1.
    pub number: u32,
    /// The line of the text that it begins with, from 1.
    pub first_line: u32,
    /// For each of its lines, the line of the notebook's file that it stands in, from 1.
    pub file_lines: Vec<u32>,
}

impl SourceFile {
    /// A file of that path and text. The text may be empty for a file that could not be read.
    #[must_use]
    pub fn new(path: PathBuf, text: String) -> Self {
        let lines = LineIndex::new(&text);
        Self { path, text, as_utf8: None, lines, cells: Vec::new() }
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

    /// The text as it looks to whoever takes the file for UTF-8 and keeps a byte order mark.
    #[must_use]
    pub fn text_as_utf8(&self) -> &str {
        self.as_utf8.as_ref().unwrap_or(&self.text)
    }

    /// The same file, which looks otherwise to whoever takes it for UTF-8.
    #[must_use]
    pub fn with_text_as_utf8(self, as_utf8: Option<String>) -> Self {
        Self { as_utf8, ..self }
    }

    /// Where the lines start.
    #[must_use]
    pub fn lines(&self) -> &LineIndex {
        &self.lines
    }

    /// The same file as a notebook of these cells, in order.
    #[must_use]
    pub fn with_cells(self, cells: Vec<Cell>) -> Self {
        Self { cells, ..self }
    }

    /// The text is the code of a notebook's cells.
    #[must_use]
    pub fn is_notebook(&self) -> bool {
        !self.cells.is_empty()
    }

    /// The cell of a notebook that a line of the text is in.
    #[must_use]
    pub fn cell(&self, line: u32) -> Option<&Cell> {
        let at = self.cells.partition_point(|cell| cell.first_line <= line);
        self.cells.get(at.checked_sub(1)?)
    }
}
