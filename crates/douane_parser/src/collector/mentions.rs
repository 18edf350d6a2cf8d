//! Names that are used where no code stands: in types that are written as comments or strings, and in examples.

use super::Collector;
use crate::facts::{Context, Usage};

impl Collector<'_> {
    /// Notes the names in a string that holds a type but can't be read as one.
    pub(super) fn mentioned_names(&mut self, range: douane_base::TextRange) {
        for word in words(range.slice(self.source)) {
            if let Some(name) = self.used(word) {
                let attributes = self.found.attributes.len();
                self.in_context(Context::StringAnnotation, |this| {
                    this.reference(name, range, attributes, Usage::Read);
                });
            }
        }
    }

    /// Notes the names that the examples of docstrings use: `doctest` runs them among the names of the module.
    pub(super) fn note_examples(&mut self) {
        let source = self.source;
        for at in memchr::memmem::find_iter(source.as_bytes(), b">>> ") {
            let example = source[at..].lines();
            let go_on =
                example.enumerate().take_while(|(number, line)| *number == 0 || line.trim_start().starts_with("... "));
            for word in go_on.flat_map(|(_, line)| words(line)) {
                if let Some(name) = self.found.names.find(word).filter(|name| self.found.interest.is_imported(*name)) {
                    self.found.example_names.push(name);
                }
            }
        }
    }

    /// Notes the names in comments such as `# type: List[int]`.
    pub(super) fn note_type_comments(&mut self) {
        let source = self.source;
        for at in memchr::memmem::find_iter(source.as_bytes(), b"# type:") {
            let comment = source[at..].lines().next().unwrap_or_default();
            for word in words(comment) {
                if let Some(name) = self.found.names.find(word).filter(|name| self.found.interest.is_imported(*name)) {
                    self.found.type_comment_names.push(name);
                }
            }
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}
