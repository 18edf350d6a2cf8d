//! The modules that a program may load, with what is known of each.

use std::path::PathBuf;

use rustc_hash::FxHashMap;

use crate::LoadFacts;

/// The number of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleIndex(pub u32);

/// What a module is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadedKind {
    /// A file of Python.
    Source,
    /// A shared library.
    Extension,
    /// Part of the interpreter.
    Builtin,
    /// A package without a file.
    Namespace,
    /// Something that other code puts into `sys.modules`.
    Injected,
}

impl LoadedKind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Extension => "extension",
            Self::Builtin => "builtin",
            Self::Namespace => "namespace",
            Self::Injected => "injected",
        }
    }
}

/// What loading a module was measured to take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Private memory, in bytes.
    pub private_bytes: i64,
    /// Time, in nanoseconds.
    pub ns: i64,
}

/// A module that may be loaded.
#[derive(Clone, Debug)]
pub struct LoadedModule {
    /// Its dotted name.
    pub name: Box<str>,
    /// What it is made of.
    pub kind: LoadedKind,
    /// Whether its file is that of a package.
    pub is_package: bool,
    /// The file that Python loads.
    pub path: Option<PathBuf>,
    /// The size of that, in bytes.
    pub bytes: u64,
    /// What it was measured to take by itself, where somebody did so.
    pub measured: Option<Measured>,
    /// What it loads.
    pub facts: LoadFacts,
}

/// All that the programs of a project may load.
pub struct Installed {
    /// The modules.
    pub modules: Modules,
    /// The minor version of the Python that loads them.
    pub minor: u8,
}

/// Modules by name. Whoever fills it looks their files up.
#[derive(Default)]
pub struct Modules {
    list: Vec<LoadedModule>,
    by_name: FxHashMap<Box<str>, ModuleIndex>,
}

impl Modules {
    /// Adds a module, or replaces the one of that name.
    pub fn insert(&mut self, module: LoadedModule) {
        match self.by_name.get(&module.name) {
            Some(at) => self.list[at.0 as usize] = module,
            None => {
                let at = ModuleIndex(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
                self.by_name.insert(module.name.clone(), at);
                self.list.push(module);
            }
        }
    }

    /// The module of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<ModuleIndex> {
        self.by_name.get(name).copied()
    }

    /// A module.
    #[must_use]
    pub fn get(&self, at: ModuleIndex) -> &LoadedModule {
        &self.list[at.0 as usize]
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
