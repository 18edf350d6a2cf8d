//! What an import costs, measured: an interpreter is started for each run, executes one target below a probe that takes
//! note of every module that is loaded, and tells its figures.
//!
//! Unlike everything else in the project this runs the user's code; nothing calls it but the command that says so. Read
//! `process` for one run, `measured` for what many runs are made into, and `probe.py` for what happens inside;
//! `unload` is an experiment of its own.

mod conditions;
mod identity;
mod measured;
mod process;
mod statistics;
mod unload;

pub use conditions::{Code, Conditions, Target};
pub use identity::{Identity, identity};
pub use measured::{CodeBytes, Kind, Loaded, Measured, Saving, measure, saving};
pub use process::Problem;
pub use statistics::Figure;
pub use unload::{Unloading, unload};
