//! The names of a module: how each is bound, what `__all__` lists, what a star brings.
//!
//! The names that come through stars are kept in persistent maps: a chain of modules that each pass on all names of the
//! one before shares one map and adds to it.

use douane_base::TextRange;
use douane_parser::{BindingId, ImportId};
use rpds::HashTrieMapSync;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::{
    module::ModuleId,
    name_table::{NameId, NameTable},
};

/// Why something can't be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unknown {
    /// `__all__` is computed.
    DynamicAll,
    /// `globals()`, `vars()`, `exec` or `setattr` writes to the module's own names.
    NamespaceWrite,
    /// Another module may write to its names: one that sets attributes of it, or of whatever module it is told of.
    WrittenBy(ModuleId),
    /// The module replaces itself in `sys.modules`.
    ReplacesItself,
    /// The module has a `__getattr__`.
    Getattr,
    /// It takes a star from a module that is not known.
    UnresolvedStar(ImportId),
    /// Compiled code without a stub.
    Extension,
    /// The file has syntax errors.
    SyntaxError,
    /// No Python environment is known.
    NoEnvironment,
    /// A package whose parts may lie anywhere.
    OpenPackage,
    /// Several folders have a module of that name, and which is searched first is not known.
    SeveralPlaces,
    /// The file was not read: nothing asked for it, or it could not be.
    NotRead,
}

/// A name of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The module whose own code binds it; another than the asked one where it came with a star.
    pub module: ModuleId,
    /// How it is bound there.
    pub source: EntrySource,
    /// It surely is there once the module is loaded.
    pub is_certain: bool,
    /// The position among the branches, to tell alternatives.
    pub(crate) branch: u32,
}

/// How a name is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntrySource {
    /// By a binding of the module's file.
    Binding(BindingId),
    /// It is a submodule that the package's own load loads.
    Submodule(ModuleId),
    /// It is an entry of the module's `__all__`, whatever that is bound to.
    Exported,
    /// Another module sets it: `module.name = value`.
    Patched,
    /// The standard library's table has it.
    Standard,
}

/// What `from module import *` binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exports {
    /// Exactly the entries of `__all__`, sorted by number.
    All(Vec<Exported>),
    /// Without `__all__`: every name that does not start with an underscore.
    Public,
    /// That can't be told.
    Unknown(Unknown),
}

/// A name that `__all__` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The name.
    pub name: NameId,
    /// It is surely part of the list: no condition that can't be decided puts it there.
    pub is_certain: bool,
}

/// A name that another module gives to a module.
#[derive(PartialEq, Eq)]
pub(crate) struct Patch {
    pub(crate) name: NameId,
    pub(crate) by: ModuleId,
    pub(crate) is_certain: bool,
}

/// An entry of a module's own `__all__`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllEntry {
    /// The name.
    pub name: NameId,
    /// The string, in the module's file.
    pub range: TextRange,
    /// It is surely part of the list.
    pub is_certain: bool,
    /// The file spells it; else it comes with another module's `__all__` or is computed, and the range is that of the
    /// statement.
    pub is_literal: bool,
}

/// Names that came with stars, shared with the modules that they came from and went to.
#[derive(Clone)]
pub(crate) struct Inherited {
    pub(crate) entries: HashTrieMapSync<NameId, Entry, FxBuildHasher>,
    /// How many of the entries are certain.
    certain: usize,
}

impl Inherited {
    pub(crate) fn new() -> Self {
        Self { entries: HashTrieMapSync::new_with_hasher_and_ptr_kind(FxBuildHasher), certain: 0 }
    }

    pub(crate) fn insert(&mut self, name: NameId, entry: Entry) {
        self.remove(name);
        self.certain += usize::from(entry.is_certain);
        self.entries.insert_mut(name, entry);
    }

    pub(crate) fn remove(&mut self, name: NameId) {
        if let Some(known) = self.entries.get(&name) {
            self.certain -= usize::from(known.is_certain);
            self.entries.remove_mut(&name);
        }
    }
}

/// The names of one module.
#[derive(Clone)]
pub(crate) struct Namespace {
    /// Bound by the module's own code, or private.
    pub(crate) own: FxHashMap<NameId, Entry>,
    /// Public names that stars brought, and that are not bound again.
    pub(crate) inherited: Inherited,
    /// What a star from it binds.
    pub(crate) exports: Exports,
    /// The entries of a static `__all__` that the file itself spells.
    pub(crate) all: Vec<AllEntry>,
    /// There is an `__all__`.
    pub(crate) has_all: bool,
    /// Why it may have more names than these.
    pub(crate) open: Option<Unknown>,
}

impl Namespace {
    pub(crate) fn new() -> Self {
        Self {
            own: FxHashMap::default(),
            inherited: Inherited::new(),
            exports: Exports::Public,
            all: Vec::new(),
            has_all: false,
            open: None,
        }
    }

    pub(crate) fn unknown(reason: Unknown) -> Self {
        Self { exports: Exports::Unknown(reason), open: Some(reason), ..Self::new() }
    }

    pub(crate) fn get(&self, name: NameId) -> Option<Entry> {
        self.own.get(&name).or_else(|| self.inherited.entries.get(&name)).copied()
    }

    /// How many names a star brings that takes all public names: surely, and at most. Private names don't come with
    /// stars, except through an `__all__` that spells them.
    pub(crate) fn public_counts(&self, names: &NameTable) -> (usize, usize) {
        let (mut certain, mut all) = (self.inherited.certain, self.inherited.entries.size());
        for (name, entry) in &self.own {
            if let Some(hidden) = self.inherited.entries.get(name) {
                certain -= usize::from(hidden.is_certain);
                all -= 1;
            }
            let is_public = names.is_public(*name);
            certain += usize::from(is_public && entry.is_certain);
            all += usize::from(is_public);
        }
        (certain, all)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = (NameId, Entry)> {
        let inherited = self.inherited.entries.iter().filter(|(name, _)| !self.own.contains_key(name));
        self.own.iter().chain(inherited).map(|(name, entry)| (*name, *entry))
    }
}
