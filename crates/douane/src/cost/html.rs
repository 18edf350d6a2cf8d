//! Costs as one page that needs nothing else: an icicle of who loads what, with a search.

use std::{io, path::Path};

use douane_probe::{Conditions, Measured};
use douane_workspace::write_file;

const PAGE: &str = include_str!("page.html");

/// Writes the page.
pub(super) fn write(path: &Path, measured: &[Measured], conditions: &Conditions) -> io::Result<()> {
    let mut data = Vec::new();
    super::json::write(measured, None, conditions, &mut data)?;
    // The only letter that can end a script is written as JSON may write it.
    let data = String::from_utf8_lossy(&data).replace('<', "\\u003c");
    let page = PAGE.replacen("DATA", &data, 1);
    write_file(path, page.as_bytes())
}
