//! Costs as one page that needs nothing else: an icicle of who loads what, with a search.

use std::{fs, io, path::Path};

use douane_probe::{Conditions, Measured};

const PAGE: &str = include_str!("page.html");

/// Writes the page; a file that is there is replaced whole or not at all.
pub(super) fn write(path: &Path, measured: &[Measured], conditions: &Conditions) -> io::Result<()> {
    let mut data = Vec::new();
    super::json::write(measured, None, conditions, &mut data)?;
    // The only letter that can end a script is written as JSON may write it.
    let data = String::from_utf8_lossy(&data).replace('<', "\\u003c");
    let page = PAGE.replacen("DATA", &data, 1);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    fs::write(&part, page)?;
    fs::rename(&part, path).inspect_err(|_| drop(fs::remove_file(&part)))
}
