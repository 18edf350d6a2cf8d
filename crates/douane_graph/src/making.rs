//! One module's names while its events are played through.

use douane_parser::{AllAction, BranchId, FileFacts};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    events::Event,
    name_table::NameId,
    namespace::{AllEntry, Entry, Exported, Exports, Inherited, Namespace, Unknown},
};

/// `__all__` as far as it is built.
pub(crate) struct AllState {
    pub(crate) entries: Vec<AllEntry>,
    pub(crate) is_known: bool,
}

/// A namespace in the making.
pub(crate) struct Making<'f> {
    facts: &'f FileFacts,
    pub(crate) namespace: Namespace,
    pub(crate) all: Option<AllState>,
    /// Names that were surely taken away; one that comes back is in the namespace again.
    pub(crate) deleted: FxHashSet<NameId>,
}

impl<'f> Making<'f> {
    pub(crate) fn new(facts: &'f FileFacts) -> Self {
        Self { facts, namespace: Namespace::new(), all: None, deleted: FxHashSet::default() }
    }

    pub(crate) fn open(&mut self, reason: Unknown) {
        self.namespace.open.get_or_insert(reason);
    }

    pub(crate) fn bind(&mut self, name: NameId, mut entry: Entry) {
        if let Some(known) = self.namespace.get(name) {
            // Bound before, or in the other arm of the same statement: either way the name is there.
            let alternatives = known.module == entry.module
                && self.facts.branches.are_alternatives(BranchId(known.branch), BranchId(entry.branch));
            entry.is_certain |= known.is_certain || alternatives;
        }
        self.namespace.own.insert(name, entry);
    }

    pub(crate) fn unbind(&mut self, name: NameId, is_certain: bool) {
        if is_certain {
            self.deleted.insert(name);
            self.namespace.own.remove(&name);
            self.namespace.inherited.remove(name);
        } else if let Some(entry) = self.namespace.own.get_mut(&name) {
            entry.is_certain = false;
        }
    }

    pub(crate) fn inherit(&mut self, name: NameId, entry: Entry) {
        // A star under a condition may replace a name, but does not take it away.
        if !entry.is_certain && self.namespace.get(name).is_some() {
            return;
        }
        self.namespace.own.remove(&name);
        self.namespace.inherited.insert(name, entry);
    }

    /// A private name, which only an `__all__` brings, and no further star without one.
    pub(crate) fn inherit_private(&mut self, name: NameId, entry: Entry) {
        if entry.is_certain || self.namespace.get(name).is_none() {
            self.namespace.own.insert(name, entry);
        }
    }

    pub(crate) fn inherit_all(&mut self, view: Inherited, is_certain: bool) {
        if !is_certain {
            for (name, entry) in view.entries.iter() {
                self.inherit(*name, Entry { is_certain: false, ..*entry });
            }
            return;
        }
        self.namespace.own.retain(|name, _| !view.entries.contains_key(name));
        let mine = &mut self.namespace.inherited;
        if view.entries.size() > mine.entries.size() {
            // The names of the later star win, so that only what it lacks is added.
            let mut merged = view;
            for (name, entry) in mine.entries.iter() {
                if !merged.entries.contains_key(name) {
                    merged.insert(*name, *entry);
                }
            }
            *mine = merged;
        } else {
            for (name, entry) in view.entries.iter() {
                mine.insert(*name, *entry);
            }
        }
    }

    pub(crate) fn all_step(&mut self, action: AllAction, entries: Vec<AllEntry>, is_known: bool, event: &Event) {
        /// `__all__ += __all__`, over and over, is no list that anybody reads.
        const MOST: usize = 2_000_000;
        let length = entries.len() + self.all.as_ref().map_or(0, |all| all.entries.len());
        if length > MOST {
            self.all = Some(AllState { entries: Vec::new(), is_known: false });
            return;
        }
        match action {
            AllAction::Set => {
                // `if windows: __all__ = […]` over a list that is there leaves both possible.
                let keeps = !event.is_certain && self.all.is_some();
                if let (true, Some(all)) = (keeps, &mut self.all) {
                    all.entries.extend(entries);
                    all.is_known &= is_known;
                } else {
                    self.all = Some(AllState { entries, is_known });
                }
            }
            AllAction::Extend => match &mut self.all {
                Some(all) => {
                    all.entries.extend(entries);
                    all.is_known &= is_known;
                }
                None => self.all = Some(AllState { entries, is_known: false }),
            },
            AllAction::Remove => {
                if let Some(all) = &mut self.all {
                    for entry in entries {
                        // `list.remove` takes the first one.
                        let first = all.entries.iter().position(|known| known.name == entry.name);
                        if let Some(first) = first {
                            all.entries.remove(first);
                        }
                    }
                    all.is_known &= is_known;
                }
            }
            AllAction::Delete => self.all = None,
        }
    }

    pub(crate) fn finish(mut self) -> Namespace {
        self.namespace.exports = match (&self.all, self.namespace.open) {
            (Some(all), _) if all.is_known && !self.facts.traits.all_escapes => {
                let mut at: FxHashMap<NameId, usize> = FxHashMap::default();
                let mut exported: Vec<Exported> = Vec::with_capacity(all.entries.len());
                for entry in &all.entries {
                    let known = *at.entry(entry.name).or_insert(exported.len());
                    match exported.get_mut(known) {
                        Some(known) => known.is_certain |= entry.is_certain,
                        None => exported.push(Exported { name: entry.name, is_certain: entry.is_certain }),
                    }
                }
                exported.sort_unstable_by_key(|exported| exported.name);
                Exports::All(exported)
            }
            (Some(_), _) => Exports::Unknown(Unknown::DynamicAll),
            (None, Some(reason)) => Exports::Unknown(reason),
            (None, None) => Exports::Public,
        };
        if self.namespace.open == Some(Unknown::ReplacesItself) {
            self.namespace.exports = Exports::Unknown(Unknown::ReplacesItself);
        }
        self.namespace.has_all = self.all.is_some();
        self.namespace.all = self.all.map(|all| all.entries).unwrap_or_default();
        self.namespace
    }
}
