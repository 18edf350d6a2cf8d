//! The content of a file with edits in it, in the form that the file has.

use std::path::Path;

use douane_base::Edit;
use douane_fixer::apply;
use douane_parser::{Notebook, SourceKind, encode};

/// The bytes of a file after edits of its text.
///
/// # Errors
///
/// Why they can't be made.
pub(crate) fn rewritten(path: &Path, before: &[u8], text: &str, edits: &[Edit]) -> Result<Vec<u8>, String> {
    match SourceKind::of(path) {
        SourceKind::Notebook => Notebook::read(before)
            .edited(before, edits)
            .ok_or_else(|| "it would go from one cell into another".to_owned()),
        _ => encode(&apply(text, edits), before).ok_or_else(|| "its encoding can't be written".to_owned()),
    }
}
