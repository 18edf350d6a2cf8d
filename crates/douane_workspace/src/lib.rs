//! The engine that the command line and the server share, and the home of file I/O.
//!
//! A [`Request`] says what the user named; [`Workspace::open`] finds the project and its configuration; and
//! [`Workspace::analyse`] runs the pipeline: discover, read and parse in parallel, link, and on request check. Files
//! change, vanish and lie: whatever can't be read becomes a diagnostic, and the rest is analysed.

mod analysis;
mod baseline;
mod binary;
mod budgets;
mod configuration;
mod dependencies;
mod entry_points;
mod environment;
mod estimator;
mod external;
mod files;
mod finder;
mod fixing;
mod following;
mod git;
mod identity;
mod ignoring;
mod interpreter;
mod left_out;
mod live;
mod measurements;
mod moving;
mod project;
mod rewriting;
mod schema;
mod scope;
mod source_roots;
mod transaction;
mod writing;

pub use analysis::{Analysis, Stage};
pub use baseline::{BASELINE, Baseline, Sifted};
pub use budgets::Budget;
pub use configuration::{Configuration, ConfigurationError, configuration_problem};
pub use estimator::Estimator;
pub use fixing::{ChangedFile, FixOptions, Fixed};
pub use git::Change;
pub use ignoring::Ignored;
pub use interpreter::{find_interpreter, interpreters_on_path};
pub use live::{KnownImport, LiveProgram};
pub use measurements::{Measurement, Measurements};
pub use project::{Failure, Overlay, Request, Workspace};
pub use schema::configuration_schema;
pub use scope::Wanted;
pub use writing::write_file;
