//! Where findings are, as the machine formats say it.

use douane_base::{Diagnostic, LineColumn};

use crate::{
    Report,
    position::{Positions, inside},
};

/// A finding and its place.
pub(crate) struct Place<'r> {
    pub(crate) diagnostic: &'r Diagnostic,
    /// With `/`, relative where the report's paths are.
    pub(crate) path: String,
    /// In the file as it is stored.
    pub(crate) start: LineColumn,
    /// Behind the last character.
    pub(crate) end: LineColumn,
}

/// The places of all findings, in their order.
pub(crate) fn places<'r>(report: &'r Report<'r>) -> impl Iterator<Item = Place<'r>> {
    let positions = Positions::new(report.files);
    report.diagnostics.iter().map(move |diagnostic| {
        let file = diagnostic.primary.file;
        let source = positions.file(file);
        let range = inside(source.text(), diagnostic.primary.range);
        let (start, end) = positions.stored(file, range);
        Place { diagnostic, path: source.display_path(), start, end }
    })
}
