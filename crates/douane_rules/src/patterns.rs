//! Patterns that match module names.

use douane_base::ModuleName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `tkinter` matches the module and everything below it; `*` stands for any part, or for a piece of one: `test_*`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct ModulePattern(Vec<String>);

impl TryFrom<String> for ModulePattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match ModuleName::new(&text) {
            Some(name) => Ok(Self(name.parts().map(str::to_owned).collect())),
            None => Err(format!("`{text}` is no pattern of a module name")),
        }
    }
}

impl From<ModulePattern> for String {
    fn from(pattern: ModulePattern) -> Self {
        pattern.0.join(".")
    }
}

impl ModulePattern {
    /// True if the module, or a package that holds it, fits the pattern.
    #[must_use]
    pub fn matches(&self, module: &str) -> bool {
        let mut parts = module.split('.');
        self.0.iter().all(|pattern| parts.next().is_some_and(|part| part_matches(pattern, part)))
    }
}

fn part_matches(pattern: &str, part: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == part };
    let Some(mut tail) = part.strip_prefix(start) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return tail.ends_with(piece);
        }
        match tail.find(piece) {
            Some(at) => tail = &tail[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_what_is_below() {
        let pattern = |text: &str| ModulePattern::try_from(text.to_owned()).expect("a pattern");
        assert!(pattern("tkinter").matches("tkinter.constants"));
        assert!(!pattern("tkinter").matches("tkinters"));
        assert!(pattern("*.migrations").matches("app.migrations.first"));
        assert!(pattern("app.test_*").matches("app.test_views"));
        assert!(pattern("a*c*e").matches("abcde"));
        assert!(!pattern("a*c*e").matches("abde"));
        assert!(ModulePattern::try_from("a..b".to_owned()).is_err());
    }
}
