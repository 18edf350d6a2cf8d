//! The language server: the engine of `check`, kept up to date while files are edited.
//!
//! One thread takes messages in their order. All that are waiting are taken in before anything is analysed, so that a burst of
//! changes costs one analysis; the analysis itself uses all processors. Answers are made from the program as it is at that
//! moment, never from a half-updated one. The open documents are checked first, all other files when nobody types. The code
//! under analysis is not run, unless somebody asks for an import to be measured, and no file is written.
//!
//! The protocol is version 3.17 of <https://microsoft.github.io/language-server-protocol/>, with pull diagnostics.

mod actions;
mod client;
mod costs;
mod documents;
mod encoding;
mod findings;
mod folder;
mod hints;
mod measuring;
mod navigation;
mod options;
mod parent;
mod renaming;
mod server;
mod transport;
mod uri;

pub use measuring::Measure;
pub use server::{Ended, serve};
