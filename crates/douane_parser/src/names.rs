//! The names of one file, each stored once.

use rustc_hash::FxHashMap;
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
        let at = symbol.0 as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.text[start as usize..self.ends[at] as usize]
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
    symbols: FxHashMap<Box<str>, Symbol>,
    order: Vec<Box<str>>,
}

impl Interner {
    pub(crate) fn intern(&mut self, name: &str) -> Symbol {
        if let Some(symbol) = self.symbols.get(name) {
            return *symbol;
        }
        let symbol = Symbol(u32::try_from(self.order.len()).unwrap_or(u32::MAX));
        self.symbols.insert(name.into(), symbol);
        self.order.push(name.into());
        symbol
    }

    pub(crate) fn text(&self, symbol: Symbol) -> &str {
        &self.order[symbol.index()]
    }

    pub(crate) fn finish(self) -> Names {
        let mut text = String::with_capacity(self.order.iter().map(|name| name.len()).sum());
        let mut ends = Vec::with_capacity(self.order.len());
        for name in &self.order {
            text.push_str(name);
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        Names { text: text.into(), ends: ends.into() }
    }
}
