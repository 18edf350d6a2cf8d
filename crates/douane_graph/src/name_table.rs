//! The names of all modules' top levels, each stored once, so that names of different files compare as numbers.

use douane_base::{FileId, Interner};
use douane_parser::{FileFacts, Symbol};

use crate::{link::Program, module::Origin, resolve::ModuleTable};

/// A name in the table of its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub(crate) u32);

#[derive(Default)]
pub(crate) struct NameTable {
    names: Interner,
    /// By file: the numbers of its symbols.
    files: Vec<Box<[NameId]>>,
}

impl NameTable {
    /// Every name that the facts and the standard library spell.
    pub(crate) fn new(program: &Program<'_>, table: &ModuleTable) -> Self {
        let mut names = Self::default();
        let of_file = |facts: &FileFacts| facts.names.iter().map(|(_, name)| names.intern(name)).collect();
        names.files = program.facts.iter().map(of_file).collect();
        for module in &table.modules {
            names.intern(module.name.last());
            if module.origin != Origin::Standard {
                continue;
            }
            let Some(known) = program.standard_library.module(module.name.as_str()) else { continue };
            let listed = [known.attributes.as_deref(), Some(&*known.elsewhere), known.star.as_deref()];
            for name in listed.into_iter().flatten().flatten() {
                names.intern(name);
            }
        }
        names
    }

    fn intern(&mut self, name: &str) -> NameId {
        NameId(self.names.intern(name))
    }

    /// The number of a file's symbol.
    pub(crate) fn of(&self, file: FileId, symbol: Symbol) -> NameId {
        self.files[file.0 as usize][symbol.index()]
    }

    pub(crate) fn find(&self, name: &str) -> Option<NameId> {
        self.names.find(name).map(NameId)
    }

    /// The number of a name that is surely there: one that a file, a module or the standard library has.
    pub(crate) fn known(&self, name: &str) -> NameId {
        self.find(name).expect("all names of modules are in the table")
    }

    pub(crate) fn text(&self, id: NameId) -> &str {
        self.names.text(id.0)
    }

    /// True for the names that a star without `__all__` brings (language reference, section 7.11).
    pub(crate) fn is_public(&self, id: NameId) -> bool {
        !self.text(id).starts_with('_')
    }
}
