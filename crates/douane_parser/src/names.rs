//! The names of one file, each stored once.

use douane_base::{Interner, text_at};
use serde::{Deserialize, Serialize};

/// A name of the file it was found in; of no meaning in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Symbol(u32);

/// The table behind the [`Symbol`]s of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Names {
    /// The text of a name.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        text_at(&self.text, &self.ends, symbol.0)
    }

    /// Every name with its symbol.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, &str)> {
        (0u32..).zip(self.ends.iter()).map(|(at, _)| (Symbol(at), self.text(Symbol(at))))
    }

    /// The number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True for a file without names.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The symbol of a name, if the file has it. Linear: ask once, not in a loop.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Symbol> {
        self.iter().find(|(_, text)| *text == name).map(|(symbol, _)| symbol)
    }
}

impl Symbol {
    /// The position in the table.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Collects names while a file is read.
#[derive(Default)]
pub(crate) struct NameCollector(Interner);

impl NameCollector {
    pub(crate) fn intern(&mut self, name: &str) -> Symbol {
        Symbol(self.0.intern(name))
    }

    pub(crate) fn find(&self, name: &str) -> Option<Symbol> {
        self.0.find(name).map(Symbol)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..u32::try_from(self.0.len()).unwrap_or(u32::MAX)).map(|number| self.0.text(number))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn text(&self, symbol: Symbol) -> &str {
        self.0.text(symbol.0)
    }

    pub(crate) fn names(&self) -> Names {
        let (text, ends) = self.0.texts();
        Names { text, ends }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
