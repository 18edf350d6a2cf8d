//! Jupyter notebooks, format 4: the code of their cells as one module, and the notebook with other code in them.
//!
//! A notebook runs from top to bottom as one program, so that its cells, each with a line break behind it, are one source text.
//! What is written back are the strings of the cells that changed; every other byte of the file stays as it is.
//! See the [format](https://nbformat.readthedocs.io/en/latest/format_description.html).

use std::{borrow::Cow, ops::Range};

use douane_base::{Cell, Edit, LineIndex, TextRange};
use serde::Deserialize;
use serde_json::{error::Category, value::RawValue};

use crate::{Decoded, facts::SyntaxError};

/// A notebook that was read.
#[derive(Clone, Debug, Default)]
pub struct Notebook {
    text: String,
    cells: Vec<CodeCell>,
    /// The cells that hold another language.
    foreign: String,
    /// What is wrong with the file.
    problem: Option<String>,
}

/// A cell whose code is Python.
#[derive(Clone, Debug)]
struct CodeCell {
    cell: Cell,
    /// Its place in the text, without the line break behind it where that is not its own.
    range: Range<usize>,
    /// Its place in the file.
    stored: Range<usize>,
}

#[derive(Deserialize)]
struct Document<'d> {
    #[serde(default, borrow)]
    cells: Vec<StoredCell<'d>>,
    #[serde(default)]
    metadata: Metadata,
    nbformat: Option<u32>,
}

#[derive(Deserialize)]
struct StoredCell<'d> {
    #[serde(borrow)]
    cell_type: Cow<'d, str>,
    #[serde(borrow)]
    source: Option<&'d RawValue>,
    #[serde(default)]
    metadata: CellMetadata,
}

#[derive(Default, Deserialize)]
struct CellMetadata {
    #[serde(default)]
    vscode: Option<VsCode>,
}

#[derive(Default, Deserialize)]
struct VsCode {
    #[serde(default, rename = "languageId")]
    language: Option<String>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    kernelspec: Option<Kernel>,
    #[serde(default)]
    language_info: Option<Language>,
}

#[derive(Deserialize)]
struct Kernel {
    language: Option<String>,
}

#[derive(Deserialize)]
struct Language {
    name: Option<String>,
}

/// The cell magics whose cells hold Python that runs among the names of the notebook.
const PYTHON_MAGICS: [&str; 6] = ["capture", "prun", "python", "python3", "time", "timeit"];

impl Notebook {
    /// Reads the bytes of a notebook. What is none has no code.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let failed = |problem: String| Self { problem: Some(problem), ..Self::default() };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return failed(format!("the byte at offset {} is no UTF-8", error.valid_up_to())),
        };
        if text.trim().is_empty() {
            return Self::default();
        }
        let document: Document<'_> = match serde_json::from_str(text) {
            Ok(document) => document,
            Err(error) => return failed(format!("this is no notebook: {error}")),
        };
        match document.nbformat {
            Some(4..) => {}
            Some(version) => {
                return failed(format!("notebooks of format {version} are not read, only those of format 4"));
            }
            None => return failed("this is no notebook: it has no `nbformat`".to_owned()),
        }
        let Metadata { kernelspec, language_info } = &document.metadata;
        let named = language_info.as_ref().and_then(|language| language.name.as_deref());
        let language = named.or_else(|| kernelspec.as_ref()?.language.as_deref());
        if language.is_some_and(|language| !is_python(language)) {
            return Self::default();
        }
        let file_lines = LineIndex::new(text);
        let mut notebook = Self::default();
        for (number, cell) in (1..).zip(&document.cells) {
            let Some(source) = cell.source.filter(|_| holds_python(cell)) else { continue };
            if let Err(problem) = notebook.add(number, source.get(), offset_in(text, source.get()), &file_lines) {
                // What the other cells mean without this one is not known.
                return failed(format!("cell {number} can't be read: {problem}"));
            }
        }
        notebook
    }

    fn add(&mut self, number: u32, stored: &str, at: usize, file_lines: &LineIndex) -> Result<(), &'static str> {
        let pieces = pieces(stored)?;
        let code: String = pieces.iter().map(|piece| &*piece.text).collect();
        let has_other_language = code
            .trim_start()
            .strip_prefix("%%")
            .and_then(|rest| rest.split(|letter: char| letter.is_whitespace()).next())
            .is_some_and(|magic| !PYTHON_MAGICS.contains(&magic));
        if has_other_language {
            self.foreign.push_str(&code);
            self.foreign.push('\n');
            return Ok(());
        }
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let first_line = count(1 + self.text.matches('\n').count());
        let stored_line = |piece: &Piece<'_>| file_lines.line(count(at + piece.range.start));
        let lines = pieces.iter().flat_map(|piece| {
            let lines = piece.text.matches('\n').count() + usize::from(!piece.text.ends_with('\n'));
            std::iter::repeat_n(stored_line(piece), lines.max(1))
        });
        let cell = Cell { number, first_line, file_lines: lines.collect() };
        let start = self.text.len();
        self.text.push_str(&code);
        self.cells.push(CodeCell { cell, range: start..self.text.len(), stored: at..at + stored.len() });
        if !code.ends_with('\n') {
            self.text.push('\n');
        }
        Ok(())
    }

    /// The code of all cells, and what is wrong with the file.
    #[must_use]
    pub fn decoded(&self) -> Decoded {
        let error = self.problem.clone().map(|message| SyntaxError { message, range: TextRange::empty(0) });
        Decoded { text: self.text.clone(), error, foreign: self.foreign.clone() }
    }

    /// The cells with code, in order.
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        self.cells.iter().map(|cell| cell.cell.clone()).collect()
    }

    /// The bytes of the notebook after edits of its text, in order, which must be those that it was read from. `None` if an
    /// edit goes from one cell into another.
    #[must_use]
    pub fn edited(&self, before: &[u8], edits: &[Edit]) -> Option<Vec<u8>> {
        let mut new = Vec::with_capacity(before.len());
        let mut done = 0;
        let mut edits = edits.iter().peekable();
        for cell in &self.cells {
            let mut code = String::new();
            let mut at = cell.range.start;
            let mut is_changed = false;
            // The line break behind a cell is none of its own.
            let next = self.text.get(cell.range.end..)?.starts_with('\n') as usize + cell.range.end;
            while let Some(edit) = edits.next_if(|edit| (edit.range.start() as usize) < next) {
                let (start, end) = (edit.range.start() as usize, edit.range.end() as usize);
                if end > next {
                    return None;
                }
                let end = end.min(cell.range.end);
                code.push_str(self.text.get(at..start.min(end))?);
                code.push_str(&edit.text);
                (at, is_changed) = (end.max(at), true);
            }
            if is_changed {
                code.push_str(self.text.get(at..cell.range.end)?);
                let stored = std::str::from_utf8(before.get(cell.stored.clone())?).ok()?;
                new.extend_from_slice(before.get(done..cell.stored.start)?);
                new.extend_from_slice(stored_as(stored, &code)?.as_bytes());
                done = cell.stored.end;
            }
        }
        new.extend_from_slice(before.get(done..)?);
        edits.next().is_none().then_some(new)
    }
}

fn is_python(language: &str) -> bool {
    matches!(language.to_lowercase().as_str(), "python" | "python3" | "ipython")
}

fn holds_python(cell: &StoredCell<'_>) -> bool {
    let language = cell.metadata.vscode.as_ref().and_then(|vscode| vscode.language.as_deref());
    cell.cell_type == "code" && language.is_none_or(is_python)
}

/// Where a part of a text begins in it.
fn offset_in(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

/// A string of a cell's source.
struct Piece<'s> {
    text: String,
    /// The string as it is stored, with its quotes.
    stored: &'s str,
    /// Its place in the source.
    range: Range<usize>,
}

/// The strings that a source is made of: one, or a list with one for each line.
fn pieces(stored: &str) -> Result<Vec<Piece<'_>>, &'static str> {
    let unread = |error: serde_json::Error| match error.classify() {
        // The file as a whole is valid: all that can be wrong with a string is what its escapes mean.
        Category::Syntax => "its source holds half of a surrogate pair, which is no character",
        _ => "its source is neither a string nor a list of strings",
    };
    let parts: Vec<&RawValue> = match stored.starts_with('[') {
        true => serde_json::from_str(stored).map_err(unread)?,
        false => vec![serde_json::from_str(stored).map_err(unread)?],
    };
    let piece = |part: &RawValue| {
        let at = offset_in(stored, part.get());
        let range = at..at + part.get().len();
        Ok(Piece { text: serde_json::from_str(part.get()).map_err(unread)?, stored: &stored[range.clone()], range })
    };
    parts.into_iter().map(piece).collect()
}

/// Code as it is stored in the place of another source: in the same form, with the lines that were there as they were.
fn stored_as(before: &str, code: &str) -> Option<String> {
    let string = |text: &str| serde_json::to_string(text).ok();
    if !before.starts_with('[') {
        return string(code);
    }
    let known = pieces(before).ok()?;
    let lines: Vec<&str> = code.split_inclusive('\n').collect();
    // The last line of a cell has no line break.
    let lines: Vec<&str> = match lines.split_last() {
        Some((last, _)) if !known.last().is_some_and(|piece| piece.text.ends_with('\n')) => {
            let count = lines.len();
            let trimmed = last.strip_suffix('\n').unwrap_or(last);
            lines.into_iter().take(count - 1).chain([trimmed]).collect()
        }
        _ => lines,
    };
    let lines = lines.into_iter().filter(|line| !line.is_empty());
    let stored = lines.map(|line| match known.iter().find(|piece| piece.text == line) {
        Some(piece) => Some(piece.stored.to_owned()),
        None => string(line),
    });
    let stored: Vec<String> = stored.collect::<Option<_>>()?;
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return string(code) };
    if stored.is_empty() {
        return Some("[]".to_owned());
    }
    let (open, close) = (&before[1..first.range.start], &before[last.range.end..before.len() - 1]);
    Some(format!("[{open}{}{close}]", stored.join(&format!(",{open}"))))
}

#[cfg(test)]
mod tests {
    use douane_base::FileId;

    use super::*;

    const FILE: &str = r##"{
 "cells": [
  {
   "cell_type": "markdown",
   "metadata": {},
   "source": ["# é\n", "import this"]
  },
  {
   "cell_type": "code",
   "execution_count": 1,
   "metadata": {},
   "outputs": [{"data": 1e-05, "text": "\u00e9"}],
   "source": [
    "import os\n",
    "x = '\u00e9'"
   ]
  },
  {"cell_type": "code", "metadata": {"vscode": {"languageId": "sql"}}, "source": "select 1"},
  {"cell_type": "code", "metadata": {}, "source": "%%bash\nls"},
  {"cell_type": "code", "metadata": {}, "source": "%%time\nimport re\n"},
  {"cell_type": "code", "metadata": {}, "source": []},
  {"cell_type": "code", "metadata": {}, "source": ["import sys"]}
 ],
 "metadata": {"kernelspec": {"language": "python"}},
 "nbformat": 4,
 "nbformat_minor": 5
}
"##;

    fn edit(notebook: &Notebook, found: &str, text: &str) -> Edit {
        let start = notebook.text.find(found).expect("it is there");
        let offset = |at: usize| u32::try_from(at).expect("a small text");
        Edit {
            file: FileId(0),
            range: TextRange::new(offset(start), offset(start + found.len())),
            text: text.to_owned(),
        }
    }

    #[test]
    fn the_cells_with_python_are_one_text() {
        let notebook = Notebook::read(FILE.as_bytes());
        assert_eq!(notebook.text, "import os\nx = 'é'\n%%time\nimport re\n\nimport sys\n");
        let cells: Vec<(u32, u32)> =
            notebook.cells.iter().map(|cell| (cell.cell.number, cell.cell.first_line)).collect();
        assert_eq!(cells, [(2, 1), (5, 3), (6, 5), (7, 6)]);
        assert_eq!(notebook.cells[0].cell.file_lines, [14, 15]);
        assert_eq!(notebook.cells[1].cell.file_lines, [20, 20]);
    }

    #[test]
    fn only_what_is_edited_changes() {
        let notebook = Notebook::read(FILE.as_bytes());
        let edits = [
            edit(&notebook, "import os\n", ""),
            edit(&notebook, "import re", "import json  # \"é\""),
            edit(&notebook, "import sys\n", ""),
        ];
        let new = String::from_utf8(notebook.edited(FILE.as_bytes(), &edits).expect("they fit")).expect("UTF-8");
        let expected = FILE
            .replace("    \"import os\\n\",\n", "")
            .replace("%%time\\nimport re\\n", "%%time\\nimport json  # \\\"é\\\"\\n")
            .replace("[\"import sys\"]", "[]");
        assert_eq!(new, expected);
        // New lines are stored like those around them, and the last one has no line break.
        let more = [edit(&notebook, "x = 'é'", "x = 1\ny = 2\n")];
        let new = String::from_utf8(notebook.edited(FILE.as_bytes(), &more).expect("they fit")).expect("UTF-8");
        assert_eq!(new, FILE.replace("\"x = '\\u00e9'\"", "\"x = 1\\n\",\n    \"y = 2\""));
        assert!(notebook.edited(FILE.as_bytes(), &[edit(&notebook, "'é'\n%%time", "")]).is_none());
    }

    #[test]
    fn what_is_no_notebook_says_so() {
        let problem = |text: &str| Notebook::read(text.as_bytes()).problem.unwrap_or_default();
        assert!(problem("{").starts_with("this is no notebook: EOF"), "{}", problem("{"));
        assert_eq!(problem("{}"), "this is no notebook: it has no `nbformat`");
        assert_eq!(problem("{\"nbformat\": 3}"), "notebooks of format 3 are not read, only those of format 4");
        assert_eq!(problem(""), "");
        assert!(Notebook::read(b"\xff").problem.is_some());
        let half = "cell 2 can't be read: its source holds half of a surrogate pair, which is no character";
        assert_eq!(problem(&FILE.replace("u00e9'\"", "ud800'\"")), half);
        assert_eq!(problem(&FILE.replace("u00e9'\"", "udc00'\"")), half);
        assert_eq!(problem(&FILE.replace("u00e9'\"", "ud83d\\ude00'\"")), "");
        // Nobody runs what stands elsewhere.
        assert_eq!(problem(&FILE.replace("# é", "\\ud800").replace("select 1", "\\ud800")), "");
        let no_text = "cell 7 can't be read: its source is neither a string nor a list of strings";
        assert_eq!(problem(&FILE.replace("[\"import sys\"]", "[1]")), no_text);
        assert_eq!(problem(&FILE.replace("[\"import sys\"]", "{}")), no_text);
        assert_eq!(problem(&FILE.replace("[\"import sys\"]", "null")), "");
        let r = FILE.replace("\"language\": \"python\"", "\"language\": \"R\"");
        assert_eq!(Notebook::read(r.as_bytes()).text, "");
    }
}
