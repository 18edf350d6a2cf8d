//! The findings that a project has come to terms with, in a file, so that only new ones count.
//!
//! A finding is known by its [`Identity`], which survives moved lines. Of several that look the same, as many are known as
//! there were.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use douane_base::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::{
    Analysis, Workspace,
    files::plain,
    identity::{Identity, identities},
    writing::write_file,
};

/// The file's name, in the folder of the project.
pub const BASELINE: &str = "douane-baseline.json";

/// The first one told findings apart by the module and the text alone.
const VERSION: u32 = 2;

/// Findings that are known, and how many of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeMap<Identity, usize>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    identity: Identity,
    count: usize,
}

/// What every version of the file says first.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    findings: Vec<Entry>,
}

/// The findings of a run, told apart by a baseline.
pub struct Sifted {
    /// Those that are not in it.
    pub new: Vec<Diagnostic>,
    /// Those that are.
    pub known: Vec<Diagnostic>,
    /// The entries that no finding fits any more.
    pub stale: usize,
}

impl Baseline {
    /// Reads a file; `None` if there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, String> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("can't read {}: {}", path.display(), plain(&error))),
        };
        Self::parse(path, &text).map(Some)
    }

    /// What the text of a file means.
    fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let broken = |error| format!("{} is no baseline: {error}", path.display());
        let Version { version } = serde_json::from_str(text).map_err(broken)?;
        match version {
            VERSION => {}
            0..VERSION => {
                return Err(format!(
                    "{} is of version {version}, which knew less of each finding; `douane baseline write` makes it anew",
                    path.display()
                ));
            }
            _ => return Err(format!("{} was written by a newer douane", path.display())),
        }
        let file: File = serde_json::from_str(text).map_err(broken)?;
        let known = file.findings.into_iter().map(|Entry { identity, count }| (identity, count));
        Ok(Self { known: known.collect() })
    }

    /// Writes the file: sorted, one finding a line, so that it can be merged.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let mut text = format!("{{\n  \"version\": {VERSION},\n  \"findings\": [");
        for (at, (identity, count)) in self.known.iter().enumerate() {
            let entry = Entry { identity: identity.clone(), count: *count };
            let entry = serde_json::to_string(&entry).unwrap_or_default();
            text.push_str(if at == 0 { "\n    " } else { ",\n    " });
            text.push_str(&entry);
        }
        text.push_str(if self.known.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
        write_file(path, text.as_bytes()).map_err(|error| format!("can't write {}: {}", path.display(), plain(&error)))
    }

    /// The findings of a run.
    #[must_use]
    pub fn of(analysis: &Analysis, diagnostics: &[Diagnostic]) -> Self {
        let mut known = BTreeMap::new();
        for identity in identities(analysis, diagnostics.iter()) {
            *known.entry(identity).or_insert(0) += 1;
        }
        Self { known }
    }

    /// What of both is in this one and in another.
    #[must_use]
    pub fn shared(&self, other: &Self) -> Self {
        let shared = self.known.iter().filter_map(|(key, count)| {
            let there = other.known.get(key)?;
            Some((key.clone(), *count.min(there)))
        });
        Self { known: shared.collect() }
    }

    /// How many findings it holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.known.values().sum()
    }

    /// Tells new findings from known ones.
    #[must_use]
    pub fn sift(&self, analysis: &Analysis, diagnostics: Vec<Diagnostic>) -> Sifted {
        let mut left = self.known.clone();
        let identities = identities(analysis, diagnostics.iter());
        let is_new = |identity: &Identity| match left.get_mut(identity) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        };
        let flags: Vec<bool> = identities.iter().map(is_new).collect();
        let flagged = diagnostics.into_iter().zip(flags);
        let (new, known): (Vec<_>, Vec<_>) = flagged.partition(|(_, is_new)| *is_new);
        let diagnostics =
            |flagged: Vec<(Diagnostic, bool)>| flagged.into_iter().map(|(diagnostic, _)| diagnostic).collect();
        let (new, known) = (diagnostics(new), diagnostics(known));
        Sifted { known, stale: left.values().filter(|count| **count > 0).count(), new }
    }
}

impl Workspace {
    /// Where the project's baseline is, or would be; none for a run without a project.
    #[must_use]
    pub fn baseline_path(&self) -> Option<PathBuf> {
        (!self.request.isolated).then(|| self.folder.join(BASELINE))
    }

    /// The project's baseline; where a commit is looked at, the one that it will hold.
    pub fn baseline(&self) -> Result<Option<Baseline>, String> {
        let Some(path) = self.baseline_path() else { return Ok(None) };
        match self.content(&path) {
            Some(bytes) => Baseline::parse(&path, &String::from_utf8_lossy(bytes)).map(Some),
            None => Baseline::read(&path),
        }
    }

    /// True if findings are wanted of all files, so that what nobody finds is not there.
    #[must_use]
    pub fn looks_at_everything(&self) -> bool {
        self.named.is_empty() && self.staged.is_none()
    }
}
