//! Texts, each stored once and known by a number.

use std::hash::BuildHasher;

use hashbrown::hash_table::{Entry, HashTable};
use rustc_hash::FxBuildHasher;

/// Gives each text that it is shown a number, counted from 0 in the order of first sight.
#[derive(Default)]
pub struct Interner {
    numbers: HashTable<u32>,
    texts: Texts,
}

/// The texts behind the numbers.
#[derive(Default)]
struct Texts {
    text: String,
    ends: Vec<u32>,
}

impl Texts {
    fn get(&self, number: u32) -> &str {
        text_at(&self.text, &self.ends, number)
    }
}

impl Interner {
    /// The number of a text, a new one if it was not seen before.
    pub fn intern(&mut self, text: &str) -> u32 {
        let Self { numbers, texts } = self;
        match numbers.entry(hash(text), |number| texts.get(*number) == text, |number| hash(texts.get(*number))) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(free) => {
                let number = u32::try_from(texts.ends.len()).unwrap_or(u32::MAX);
                free.insert(number);
                texts.text.push_str(text);
                texts.ends.push(u32::try_from(texts.text.len()).unwrap_or(u32::MAX));
                number
            }
        }
    }

    /// The number of a text, if it was seen.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<u32> {
        self.numbers.find(hash(text), |number| self.texts.get(*number) == text).copied()
    }

    /// The text of a number.
    #[must_use]
    pub fn text(&self, number: u32) -> &str {
        self.texts.get(number)
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.ends.len()
    }

    /// True before the first text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.ends.is_empty()
    }

    /// All texts, one behind the other, and where each ends; see [`text_at`].
    #[must_use]
    pub fn texts(&self) -> (Box<str>, Box<[u32]>) {
        (self.texts.text.as_str().into(), self.texts.ends.as_slice().into())
    }

    /// Forgets everything but the memory that it took.
    pub fn clear(&mut self) {
        self.numbers.clear();
        self.texts.text.clear();
        self.texts.ends.clear();
    }
}

/// The text of a number, among texts that stand one behind the other.
#[must_use]
pub fn text_at<'t>(text: &'t str, ends: &[u32], number: u32) -> &'t str {
    let at = number as usize;
    let start = if at == 0 { 0 } else { ends[at - 1] };
    &text[start as usize..ends[at] as usize]
}

fn hash(text: &str) -> u64 {
    FxBuildHasher.hash_one(text)
}
