//! Which names of a file the facts are about, read off its statements before the walk.
//!
//! An import can have to do with the names that imports bind and, where a star may bring anything, with every name.
//! Most names of most files are neither: the walk passes them over at once instead of writing them down first.

use ruff_python_ast::{ExceptHandler, Stmt};
use serde::{Deserialize, Serialize};

use crate::names::{NameCollector, Symbol};

/// The names that the walk writes down wherever they stand.
#[derive(Default)]
pub(crate) struct Interest {
    /// The symbols below are names that some import binds.
    imported: usize,
    /// The symbols below are those, or functions of the module.
    known: usize,
    has_star: bool,
    /// Which of some traits of names occur among the names of interest: most other names lack them.
    traits: NameFilter,
    /// The traits of all names that code binds or uses, of interest or not.
    pub(crate) seen: NameFilter,
}

/// A set of names that may hold more than was put into it, never less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameFilter([u64; 16]);

impl NameFilter {
    /// False for names that are surely not in the set.
    #[must_use]
    pub fn may_hold(&self, name: &str) -> bool {
        let (word, bit) = trait_of(name);
        self.0[word] & bit != 0
    }

    fn add(&mut self, name: &str) {
        let (word, bit) = trait_of(name);
        self.0[word] |= bit;
    }
}

impl Interest {
    /// Gives the names that imports bind the first symbols, and the module's functions the next.
    pub(crate) fn read(body: &[Stmt], names: &mut NameCollector) -> Self {
        let mut functions = Vec::new();
        let mut has_star = false;
        let mut bodies = vec![(body, true)];
        while let Some((body, is_module)) = bodies.pop() {
            let mut enter = |body, is_module| bodies.push((body, is_module));
            for statement in body {
                match statement {
                    Stmt::Import(import) => {
                        for alias in &import.names {
                            match &alias.asname {
                                Some(name) => names.intern(name.as_str()),
                                None => names.intern(top_level(alias.name.as_str())),
                            };
                        }
                    }
                    Stmt::ImportFrom(import) => {
                        for alias in &import.names {
                            match alias.asname.as_ref().unwrap_or(&alias.name).as_str() {
                                "*" => has_star = true,
                                name => drop(names.intern(name)),
                            }
                        }
                    }
                    Stmt::FunctionDef(function) => {
                        if is_module {
                            functions.push(function.name.as_str());
                        }
                        enter(&*function.body, false);
                    }
                    Stmt::ClassDef(class) => enter(&*class.body, false),
                    Stmt::If(test) => {
                        enter(&*test.body, is_module);
                        test.elif_else_clauses.iter().for_each(|clause| enter(&*clause.body, is_module));
                    }
                    Stmt::Try(attempt) => {
                        enter(&*attempt.body, is_module);
                        for ExceptHandler::ExceptHandler(handler) in &attempt.handlers {
                            enter(&*handler.body, is_module);
                        }
                        enter(&*attempt.orelse, is_module);
                        enter(&*attempt.finalbody, is_module);
                    }
                    Stmt::With(with) => enter(&*with.body, is_module),
                    Stmt::For(each) => {
                        enter(&*each.body, is_module);
                        enter(&*each.orelse, is_module);
                    }
                    Stmt::While(each) => {
                        enter(&*each.body, is_module);
                        enter(&*each.orelse, is_module);
                    }
                    Stmt::Match(matched) => matched.cases.iter().for_each(|case| enter(&*case.body, is_module)),
                    _ => {}
                }
            }
        }
        let imported = names.len();
        let mut traits = NameFilter::default();
        names.iter().for_each(|name| traits.add(name));
        for function in functions {
            names.intern(function);
        }
        Self { imported, known: names.len(), has_star, traits, seen: NameFilter::default() }
    }

    /// True if some import of the file binds the name.
    pub(crate) fn is_imported(&self, name: Symbol) -> bool {
        name.index() < self.imported
    }

    /// True if a star may bring names.
    pub(crate) fn has_star(&self) -> bool {
        self.has_star
    }

    /// True if some import binds the name, or a function of the module has it.
    pub(crate) fn is_imported_or_function(&self, name: Symbol) -> bool {
        name.index() < self.known
    }

    /// The symbol of a name whose uses are written down.
    pub(crate) fn used(&mut self, name: &str, names: &mut NameCollector) -> Option<Symbol> {
        let (word, bit) = trait_of(name);
        self.seen.0[word] |= bit;
        if self.has_star {
            return Some(names.intern(name));
        }
        if self.traits.0[word] & bit == 0 {
            return None;
        }
        names.find(name).filter(|name| self.is_imported(*name))
    }
}

/// A number below 1024 that names may share, as a word and a bit of it.
fn trait_of(name: &str) -> (usize, u64) {
    let bytes = name.as_bytes();
    let at = |place: usize| bytes.get(place).copied().map_or(0, usize::from);
    let last = bytes.len().saturating_sub(1);
    let number = at(0) * 31 + at(last) * 7 + at(last / 2) * 131 + bytes.len();
    (number / 64 % 16, 1 << (number % 64))
}

/// The name that `import a.b` binds (language reference, section 7.11).
pub(crate) fn top_level(module: &str) -> &str {
    module.split('.').next().unwrap_or(module)
}
