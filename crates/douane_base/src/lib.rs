//! The vocabulary that every other crate of douane speaks.
//!
//! Plain values only: no parsing, no files, no rules. Positions are byte offsets ([`TextRange`]); lines and columns
//! exist only in [`LineIndex`], which the reporters and the language server ask.

mod diagnostic;
mod fingerprint;
mod interner;
mod line_index;
mod module_name;
mod source_file;
mod text_range;
mod version;

pub use diagnostic::{
    Applicability, Block, Change, ChangeKind, Diagnostic, Edit, Fix, ImportPlace, Label, SITE, Severity, rule_page,
};
pub use fingerprint::Fingerprint;
pub use interner::{Interner, text_at};
pub use line_index::{LineColumn, LineIndex, Positions};
pub use module_name::ModuleName;
pub use source_file::{Cell, FileId, SourceFile};
pub use text_range::TextRange;
pub use version::{Platform, PythonVersion};
