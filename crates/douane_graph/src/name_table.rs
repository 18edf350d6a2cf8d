//! The names of all modules' top levels, each stored once, so that names of different files compare as numbers.

use douane_base::{FileId, Interner};
use douane_parser::{FileFacts, Symbol};
use rustc_hash::FxHashSet;

use crate::{link::Program, module::Origin, resolve::ModuleTable};

/// A name in the table of its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub(crate) u32);

impl NameId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Default)]
pub(crate) struct NameTable {
    names: Interner,
    /// By file: the numbers of its symbols.
    files: Vec<Box<[NameId]>>,
    /// How many names there were before files got other facts.
    first: usize,
}

impl NameTable {
    /// Every name that the facts and the standard library spell.
    pub(crate) fn new(program: &Program<'_>, table: &ModuleTable) -> Self {
        let mut names = Self::default();
        let tops = table.top_levels();
        names.files = program.facts.iter().map(|facts| names.of_file(facts, &tops)).collect();
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
        names.first = names.names.len();
        names
    }

    /// Adds what a file spells now. The names that it spelled before stay, with their numbers.
    pub(crate) fn replace(&mut self, file: FileId, facts: &FileFacts, table: &ModuleTable) {
        self.files[file.0 as usize] = self.of_file(facts, &table.top_levels());
    }

    /// Most names are of no use any more.
    pub(crate) fn is_worn(&self) -> bool {
        const FEW: usize = 10_000;
        self.names.len() > 2 * self.first + FEW
    }

    fn of_file(&mut self, facts: &FileFacts, tops: &FxHashSet<&str>) -> Box<[NameId]> {
        // A name may stand nowhere but in the paths that lead to it.
        for path in facts.paths_in_strings.iter().map(|path| facts.name(*path)) {
            let mut parts = path.split(['.', ':']);
            if parts.next().is_some_and(|top| tops.contains(top)) {
                for part in parts {
                    self.intern(part);
                }
            }
        }
        facts.names.iter().map(|(_, name)| self.intern(name)).collect()
    }

    fn intern(&mut self, name: &str) -> NameId {
        NameId(self.names.intern(name))
    }

    /// The names that a file spells, by symbol.
    pub(crate) fn of_all(&self, file: FileId) -> &[NameId] {
        &self.files[file.0 as usize]
    }

    /// One more than the largest number.
    pub(crate) fn count(&self) -> usize {
        self.names.len()
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
