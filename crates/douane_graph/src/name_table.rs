//! The names of all modules' top levels, each stored once, so that names of different files compare as numbers.

use rustc_hash::FxHashMap;

/// A name in the table of its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub(crate) u32);

#[derive(Default)]
pub(crate) struct NameTable {
    ids: FxHashMap<Box<str>, NameId>,
    texts: Vec<Box<str>>,
}

impl NameTable {
    pub(crate) fn intern(&mut self, name: &str) -> NameId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = NameId(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.ids.insert(name.into(), id);
        self.texts.push(name.into());
        id
    }

    pub(crate) fn find(&self, name: &str) -> Option<NameId> {
        self.ids.get(name).copied()
    }

    pub(crate) fn text(&self, id: NameId) -> &str {
        &self.texts[id.0 as usize]
    }

    /// True for the names that a star without `__all__` brings (language reference, section 7.11).
    pub(crate) fn is_public(&self, id: NameId) -> bool {
        !self.text(id).starts_with('_')
    }
}
