//! The nodes and edges of the graph.

use douane_base::{FileId, ModuleName};
use douane_parser::{Guard, ImportId, Truth, When};

/// The number of a [`Module`] in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

impl ModuleId {
    /// The position in [`ModuleGraph::modules`](crate::ModuleGraph::modules).
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A module of the program, of an installed package or of the standard library.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its absolute name.
    pub name: ModuleName,
    /// What it is made of.
    pub kind: ModuleKind,
    /// Whose it is.
    pub origin: Origin,
    /// The file that its facts come from; none for a namespace package, the standard library's table, or an
    /// extension module without a stub.
    pub file: Option<FileId>,
    /// The file is a stub, so that names in it are declared rather than bound.
    pub is_stub: bool,
    /// A second view of a module that also has a source file: only type checkers and other stubs see it.
    pub is_typing_view: bool,
    /// The package that holds it, where that is part of the graph.
    pub parent: Option<ModuleId>,
}

impl Module {
    /// True if the module can hold others.
    #[must_use]
    pub fn is_package(&self) -> bool {
        matches!(self.kind, ModuleKind::Package | ModuleKind::Namespace)
    }
}

/// What a module is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModuleKind {
    /// A `.py` or `.pyi` file.
    Source,
    /// A folder with `__init__.py` or `__init__.pyi`.
    Package,
    /// A folder without `__init__.py` (PEP 420).
    Namespace,
    /// Compiled code.
    Extension,
}

impl ModuleKind {
    /// The word that the machine formats use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "module",
            Self::Package => "package",
            Self::Namespace => "namespace-package",
            Self::Extension => "extension",
        }
    }
}

/// Whose a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The program's that is checked.
    FirstParty,
    /// An installed package's.
    ThirdParty,
    /// The standard library's.
    Standard,
}

/// One module imports another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who imports.
    pub importer: ModuleId,
    /// What is imported.
    pub imported: ModuleId,
    /// The import of the importer's file; none for what an extension module's binary names.
    pub import: Option<ImportId>,
    /// When it runs.
    pub when: When,
    /// What guards it.
    pub guard: Option<Guard>,
    /// Whether it runs when the importer is loaded, as far as conditions can be decided.
    pub truth: Truth,
    /// Nobody names the imported package: Python loads it as a parent of what is named.
    pub is_implicit: bool,
}

impl Edge {
    /// True if loading the importer may load the imported module too.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.when == When::Load && self.truth != Truth::False
    }
}
