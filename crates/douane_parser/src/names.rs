//! The names of one file, each stored once.

use std::hash::BuildHasher;

use hashbrown::hash_table::{Entry, HashTable};
use rustc_hash::FxBuildHasher;
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
        slice(&self.text, &self.ends, symbol)
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
pub(crate) struct Interner {
    symbols: HashTable<Symbol>,
    text: String,
    ends: Vec<u32>,
}

impl Interner {
    pub(crate) fn intern(&mut self, name: &str) -> Symbol {
        let Self { symbols, text, ends } = self;
        let found = symbols.entry(
            hash(name),
            |symbol| slice(text, ends, *symbol) == name,
            |symbol| hash(slice(text, ends, *symbol)),
        );
        match found {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(free) => {
                let symbol = Symbol(u32::try_from(ends.len()).unwrap_or(u32::MAX));
                free.insert(symbol);
                text.push_str(name);
                ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
                symbol
            }
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<Symbol> {
        self.symbols.find(hash(name), |symbol| self.text(*symbol) == name).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn text(&self, symbol: Symbol) -> &str {
        slice(&self.text, &self.ends, symbol)
    }

    pub(crate) fn finish(self) -> Names {
        Names { text: self.text.into(), ends: self.ends.into() }
    }
}

fn hash(name: &str) -> u64 {
    FxBuildHasher.hash_one(name)
}

fn slice<'t>(text: &'t str, ends: &[u32], symbol: Symbol) -> &'t str {
    let at = symbol.index();
    let start = if at == 0 { 0 } else { ends[at - 1] };
    &text[start as usize..ends[at] as usize]
}
