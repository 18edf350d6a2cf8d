//! What modules were measured to cost, kept on disk by the files that they are.
//!
//! A file belongs to one environment, and changes with the version of what is installed: its path and its stamp say for
//! which interpreter and which version a figure holds.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::estimator::Stamp;

/// What one module was measured to take by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    stamp: Stamp,
    /// Private memory, in bytes.
    pub private_bytes: i64,
    /// Time, in nanoseconds.
    pub ns: i64,
    /// The modules that a compiled one imports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<String>,
}

/// The measurements of all modules.
#[derive(Default)]
pub struct Measurements {
    file: Option<PathBuf>,
    known: BTreeMap<PathBuf, Measurement>,
}

impl Measurements {
    /// Those that are kept in a folder. A file that can't be read is as good as none.
    #[must_use]
    pub fn open(folder: Option<&Path>) -> Self {
        let file = folder.map(|folder| folder.join("measured.json"));
        let bytes = file.as_ref().and_then(|file| fs::read(file).ok()).unwrap_or_default();
        Self { file, known: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    /// Notes what a file costs.
    pub fn note(&mut self, path: &Path, private_bytes: i64, ns: i64, imports: Vec<String>) {
        if let Some(stamp) = Stamp::of(path) {
            self.known.insert(path.to_owned(), Measurement { stamp, private_bytes, ns, imports });
        }
    }

    /// What the file costs, if it is still the one that was measured.
    pub(crate) fn get(&self, path: &Path) -> Option<&Measurement> {
        self.known.get(path).filter(|known| Stamp::of(path) == Some(known.stamp))
    }

    /// Writes them; files that are gone are forgotten.
    ///
    /// # Errors
    ///
    /// One line that says why they can't be kept.
    pub fn save(&mut self) -> Result<(), String> {
        let Some(file) = &self.file else { return Err("there is no folder to keep measurements in".to_owned()) };
        self.known.retain(|path, _| path.is_file());
        let folder = file.parent().unwrap_or(file);
        let content = serde_json::to_vec(&self.known).unwrap_or_default();
        let written =
            fs::create_dir_all(folder).and_then(|()| tempfile::NamedTempFile::new_in(folder)).and_then(|mut part| {
                part.write_all(&content)?;
                part.persist(file).map_err(|error| error.error)
            });
        written.map(drop).map_err(|error| format!("`{}` can't be written: {error}", file.display()))
    }
}
