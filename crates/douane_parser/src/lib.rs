//! Python source text to [`FileFacts`]: text in, a plain value out.
//!
//! Three steps: `decode` turns bytes into text, the parser turns text into a syntax tree, the collector walks the tree
//! once and writes down scopes, bindings, references and imports; the tree is dropped here. This is the only crate that
//! knows the parser's types. Nothing here reads files, and nothing fails: broken input gives the facts of what could be
//! read, and the errors.

mod branches;
mod collector;
mod conditions;
mod dunder_all;
mod facts;
mod interest;
mod names;
mod notebook;
mod resolve;
mod source_text;
mod suppressions;

pub use branches::{Arm, Branch, BranchId, Branches, Guard, Question, Test, Truth};
pub use dunder_all::{AllAction, AllItem, AllOperation, Export, PublicNames};
pub use facts::{
    Attribute, Binding, BindingId, BindingKind, Constant, Context, Effect, EffectKind, FileFacts, Import, ImportId,
    LoadEffect, LoadEffectKind, ModuleByName, ModuleKey, ModuleTraits, Reference, ReferenceId, Scope, ScopeId,
    ScopeKind, Statement, StatementId, SyntaxError, SysModulesChange, Target, Usage, When,
};
pub use interest::NameFilter;
pub use names::{Names, Symbol};
pub use notebook::Notebook;
pub use source_text::{Decoded, decode, encode};
pub use suppressions::{Code, Codes, Dialect, Suppression};

use std::{cell::RefCell, ffi::OsStr, path::Path};

use collector::Collected;
use douane_base::{Platform, PythonVersion, TextRange};
use ruff_python_ast::{PySourceType, PythonVersion as ParserVersion};
use ruff_python_parser::{AsMode, ParseOptions as ParserOptions};
use ruff_text_size::Ranged;

/// What the facts depend on besides the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseOptions {
    /// The Python that the code is written for.
    pub version: PythonVersion,
    /// The system that platform tests are decided for.
    pub platform: Platform,
    /// What kind of file it is.
    pub kind: SourceKind,
}

/// What a file of Python is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// A module or script.
    #[default]
    Module,
    /// A stub (`.pyi`): it says what a module has and is never run.
    Stub,
    /// The code of a Jupyter notebook, where IPython's commands may stand among the statements.
    Notebook,
}

impl SourceKind {
    /// The kind that a path says, by its extension.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        match path.extension().and_then(OsStr::to_str) {
            Some("pyi") => Self::Stub,
            Some("ipynb") => Self::Notebook,
            _ => Self::Module,
        }
    }

    /// The text that the bytes of such a file hold.
    #[must_use]
    pub fn decode(self, bytes: Vec<u8>) -> Decoded {
        match self {
            Self::Notebook => Notebook::read(&bytes).decoded(),
            Self::Module | Self::Stub => decode(bytes),
        }
    }
}

thread_local! {
    /// The lists of the walk, empty: to grow them anew for each file takes longer than to walk it.
    static LISTS: RefCell<Collected> = RefCell::default();
}

/// The largest file, in bytes, whose lists are used again.
const LARGEST_KEPT: usize = 1 << 20;

/// The largest file that is read, in bytes; positions are kept in 32 bits.
pub const LARGEST_FILE: u64 = u32::MAX as u64 - 16;

/// Facts of what could be read, and the syntax errors met on the way. Never fails.
#[must_use]
pub fn parse(text: &str, options: &ParseOptions) -> FileFacts {
    let version = ParserVersion { major: 3, minor: options.version.minor() };
    let source_type = match options.kind {
        SourceKind::Module => PySourceType::Python,
        SourceKind::Stub => PySourceType::Stub,
        SourceKind::Notebook => PySourceType::Ipynb,
    };
    let parser_options = ParserOptions::from(source_type.as_mode()).with_target_version(version);
    let parsed = ruff_python_parser::parse_unchecked(text, parser_options);
    let Some(parsed) = parsed.try_into_module() else { return FileFacts::default() };

    let mut collected = collector::collect(text, parsed.suite(), options, LISTS.take());
    let depth = collected.depth;
    let mut facts = resolve::resolve(&mut collected);
    collected.clear();
    // Lists that a monstrous file made long are not kept.
    if text.len() <= LARGEST_KEPT {
        LISTS.set(collected);
    }
    facts.suppressions = suppressions::read(text, parsed.tokens(), &facts.statements);
    let errors = parsed
        .errors()
        .iter()
        .map(|error| SyntaxError { message: error.error.to_string(), range: text_range(error.location) });
    facts.syntax_errors.extend(errors);
    facts.traits.is_broken = !facts.syntax_errors.is_empty();
    facts.traits.is_notebook = options.kind == SourceKind::Notebook;
    if options.kind != SourceKind::Stub {
        let unsupported = parsed.unsupported_syntax_errors().iter();
        facts.syntax_errors.extend(
            unsupported.map(|error| SyntaxError { message: error.to_string(), range: text_range(error.range()) }),
        );
    }
    if let Some(at) = memchr::memchr(0, text.as_bytes()) {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let message = "source code cannot contain null bytes".to_owned();
        facts.syntax_errors.push(SyntaxError { message, range: TextRange::new(at, at + 1) });
    }
    drop_tree(parsed, depth);
    facts
}

/// Dropping a tree takes a stack as deep as the tree.
fn drop_tree<T>(tree: T, depth: usize) {
    const STACK_A_LEVEL: usize = 512;
    const SHALLOW: usize = 500;
    if depth > SHALLOW {
        stacker::grow(depth.saturating_mul(STACK_A_LEVEL), || drop(tree));
    }
}

fn text_range(range: ruff_text_size::TextRange) -> TextRange {
    TextRange::new(range.start().into(), range.end().into())
}
