//! What an import loads: the modules that Python runs when it runs one. Nothing is run to find out.
//!
//! Two answers for two askers. A [`LoadGraph`] is read off the linked program, and says at once which modules load which;
//! rules ask it about many modules. An [`Estimate`] walks the imports as an interpreter would, in their order, through
//! `try` and `except ImportError`, and through the standard library and installed packages; it says what one program
//! loads, who is the first to load each module, and what each import alone is responsible for.
//!
//! Read `load_facts` for what is kept of a file, `modules` for the files of a program, `estimate` for the walk, and
//! `dominators` for who is responsible.

mod dominators;
mod estimate;
mod load_facts;
mod load_graph;
mod modules;
mod startup;

pub use estimate::{Cost, Doubtful, Estimate, Load, Site};
pub use load_facts::{LoadFacts, LoadImport, LoadTarget};
pub use load_graph::LoadGraph;
pub use modules::{Installed, LoadedKind, LoadedModule, Measured, ModuleIndex, Modules};
