//! Which Python it is, with which packages: figures of one environment mean nothing in another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Conditions, Problem, process::execute};

const PROGRAM: &str = r#"
import json, os, platform, sys
from importlib.metadata import distributions
found = {}
for each in distributions():
    name = each.metadata["Name"]
    if name:
        found.setdefault(name.lower().replace("_", "-"), each.version)
libc = " ".join(platform.libc_ver())
channel = os.dup(1)
os.dup2(2, 1)
about = {"python": platform.python_version(), "implementation": platform.python_implementation(), "build": sys.version,
         "platform": sys.platform + "-" + platform.machine(), "libc": libc, "distributions": found}
os.write(channel, json.dumps(about).encode() + b"\n")
"#;

/// What figures depend on besides the code that is measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Identity {
    /// The version, such as `3.13.0`.
    pub python: String,
    /// `CPython`, `PyPy`.
    pub implementation: String,
    /// How it was built: what `sys.version` says.
    pub build: String,
    /// The operating system and the processor.
    pub platform: String,
    /// The C library.
    pub libc: String,
    /// The versions of the installed distributions, by name.
    pub distributions: BTreeMap<String, String>,
}

/// Asks an interpreter who it is. This runs none of the user's code but what `.pth` files start.
///
/// # Errors
///
/// Why it gave no answer.
pub fn identity(conditions: &Conditions) -> Result<Identity, Problem> {
    let mut told = None;
    let ending = execute(PROGRAM, &[], conditions, &mut |line| {
        told = told.take().or_else(|| serde_json::from_str(line).ok());
        told.is_some()
    })?;
    told.ok_or_else(|| Problem::NoStart(ending.last_words()))
}

impl Identity {
    /// Why memory measured there can't be compared with memory measured here; none if it can.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        for (what, one, two) in [
            ("Python", &self.python, &other.python),
            ("the implementation", &self.implementation, &other.implementation),
            ("the build of Python", &self.build, &other.build),
            ("the platform", &self.platform, &other.platform),
            ("the C library", &self.libc, &other.libc),
        ] {
            if one != two {
                return Some(format!("{what} is `{two}`, it was `{one}`"));
            }
        }
        let changed = self.distributions.iter().find(|(name, version)| other.distributions.get(*name) != Some(version));
        if let Some((name, version)) = changed {
            return Some(match other.distributions.get(name) {
                Some(now) => format!("`{name}` is {now}, it was {version}"),
                None => format!("`{name}` {version} is not installed"),
            });
        }
        let new = other.distributions.keys().find(|name| !self.distributions.contains_key(*name))?;
        Some(format!("`{new}` was not installed"))
    }
}
