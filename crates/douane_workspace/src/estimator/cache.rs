//! The facts of files, kept on disk from one run to the next.

use std::{
    fs,
    hash::{Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use douane_cost::LoadFacts;
use rustc_hash::{FxHashMap, FxHasher};
use serde::{Deserialize, Serialize};

/// What tells whether a file is still the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// Nanoseconds since 1970.
    modified: u64,
    pub(crate) bytes: u64,
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Self { modified: u64::try_from(modified.as_nanos()).ok()?, bytes: metadata.len() })
    }
}

/// What was known before this run, and what it adds. A file that can't be read, or that another version has written, is as
/// good as none.
pub(super) struct Cache {
    file: Option<PathBuf>,
    known: FxHashMap<PathBuf, (Stamp, LoadFacts)>,
    is_changed: bool,
}

/// What the file begins with: facts of other versions are of no use.
const HEADER: &str = concat!("douane ", env!("CARGO_PKG_VERSION"), " load facts 3\n");

impl Cache {
    pub(super) fn open(folder: Option<&Path>, key: &str) -> Self {
        let mut hasher = FxHasher::default();
        key.hash(&mut hasher);
        let file = folder.map(|folder| folder.join("loads").join(format!("{:016x}.bin", hasher.finish())));
        let bytes = file.as_ref().and_then(|file| fs::read(file).ok()).unwrap_or_default();
        let content = bytes.strip_prefix(HEADER.as_bytes());
        let known = content.and_then(|content| postcard::from_bytes(content).ok()).unwrap_or_default();
        Self { file, known, is_changed: false }
    }

    pub(super) fn get(&self, path: &Path, stamp: Stamp) -> Option<LoadFacts> {
        self.known.get(path).filter(|(known, _)| *known == stamp).map(|(_, facts)| facts.clone())
    }

    pub(super) fn add(&mut self, path: PathBuf, stamp: Stamp, facts: LoadFacts) {
        if self.file.is_some() {
            self.known.insert(path, (stamp, facts));
            self.is_changed = true;
        }
    }

    /// Replaces the file as a whole, so that runs side by side don't see half of it.
    pub(super) fn save(&self) {
        let Some(file) = self.file.as_ref().filter(|_| self.is_changed) else { return };
        let (Some(folder), Ok(content)) = (file.parent(), postcard::to_stdvec(&self.known)) else { return };
        let written =
            fs::create_dir_all(folder).and_then(|()| tempfile::NamedTempFile::new_in(folder)).and_then(|mut part| {
                part.write_all(HEADER.as_bytes())?;
                part.write_all(&content)?;
                part.persist(file).map_err(|error| error.error)
            });
        // It is a cache: what can't be kept is read again.
        drop(written);
    }
}
