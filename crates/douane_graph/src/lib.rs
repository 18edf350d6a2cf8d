//! The facts of all modules to one immutable [`ModuleGraph`].
//!
//! Linking has four phases, each over all modules and none of them quadratic:
//! 1. `resolve`: which module each import statement names;
//! 2. `events`: per module, what its top level does to its names, in order, with the branches that can't run left out;
//! 3. `stars`: which names each module has in the end and what a star brings, through chains and circles of stars;
//! 4. the edges, indexed both ways.
//!
//! What can't be known is [`Unknown`], with the reason. Nothing here reads files; rules ask the graph questions and
//! never walk it themselves.

mod components;
mod events;
mod link;
mod making;
mod module;
mod name_table;
mod namespace;
mod queries;
mod reachability;
mod relink;
mod resolve;
mod standard_library;
mod stars;
mod takes;

pub use components::components;
pub use link::{ModuleSource, Program, link};
pub use module::{Edge, Module, ModuleId, ModuleKind, Origin};
pub use name_table::NameId;
pub use namespace::{AllEntry, Entry, EntrySource, Exported, Exports, Unknown};
pub use queries::{Definition, Lookup, ModuleGraph, Object};
pub use reachability::reached;
pub use relink::{Changes, relink};
pub use resolve::Resolution;
pub use standard_library::{Kind as StandardKind, StandardLibrary, StandardModule};
pub use takes::{Taken, Takes};
