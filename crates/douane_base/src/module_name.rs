//! Absolute, dotted module names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An absolute, dotted module name such as `xml.dom.minidom`. Never empty; no part is empty.
///
/// The parts need not be identifiers: `django.conf.locale.is` is a module that `importlib` imports although no
/// `import` statement can name it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModuleName(Box<str>);

impl ModuleName {
    /// The module of that name, or `None` if a part would be empty.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let valid = name.split('.').all(|part| !part.is_empty());
        valid.then(|| Self(name.into()))
    }

    /// The whole dotted name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts from the top-level package down.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// The top-level package or module: `xml` of `xml.dom.minidom`.
    #[must_use]
    pub fn top_level(&self) -> &str {
        self.0.split('.').next().unwrap_or(&self.0)
    }

    /// The last part: `minidom` of `xml.dom.minidom`.
    #[must_use]
    pub fn last(&self) -> &str {
        self.0.rsplit('.').next().unwrap_or(&self.0)
    }

    /// The package that holds the module; `None` for a top-level one.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('.').map(|(parent, _)| Self(parent.into()))
    }

    /// The submodule `name`, itself perhaps dotted, of this package; `None` if a part of it would be empty.
    #[must_use]
    pub fn join(&self, name: &str) -> Option<Self> {
        Self::new(&format!("{}.{name}", self.0))
    }

    /// True for the module itself and everything below it.
    #[must_use]
    pub fn is_within(&self, package: &str) -> bool {
        // Most modules are not within most packages, and the lengths alone tell that nearly always.
        let ends_there = matches!(self.0.as_bytes().get(package.len()), None | Some(b'.'));
        ends_there && self.0.starts_with(package)
    }
}

impl fmt::Display for ModuleName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for ModuleName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`", self.0)
    }
}

impl std::borrow::Borrow<str> for ModuleName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_empty_part() {
        assert!(ModuleName::new("a.b").is_some());
        for invalid in ["", ".", "a.", ".a", "a..b"] {
            assert!(ModuleName::new(invalid).is_none(), "{invalid:?}");
        }
    }

    #[test]
    fn within_compares_whole_parts() {
        let name = ModuleName::new("app.core.db").expect("a valid name");
        assert!(name.is_within("app.core"));
        assert!(name.is_within("app.core.db"));
        assert!(!name.is_within("app.co"));
    }
}
