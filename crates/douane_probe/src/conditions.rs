//! What is run, and in which surroundings.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Something whose cost is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How people call it.
    pub name: String,
    /// What is run.
    pub code: Code,
    /// Where its absolute imports begin; none: where the interpreter is started.
    pub folder: Option<PathBuf>,
}

/// What is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// A statement, such as `from PyQt5 import Qt`.
    Statement(String),
    /// A file that is run like a script. Only where it `is_main` its `__name__` is `"__main__"`.
    Script {
        /// The file.
        path: PathBuf,
        /// Whether the part below `if __name__ == "__main__":` is to run.
        is_main: bool,
    },
}

impl Target {
    /// A module (`pandas`), a statement (`from pandas import DataFrame`), or a file: one of a package is imported, any other
    /// is run like a script.
    ///
    /// # Errors
    ///
    /// One line that says why it is none of these.
    pub fn parse(text: &str, is_main: bool) -> Result<Self, String> {
        let text = text.trim();
        let is_dotted = text.split('.').all(|part| {
            part.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
                && part.starts_with(|first: char| !first.is_ascii_digit())
        });
        let name = text.to_owned();
        if Path::new(text).is_file() {
            let path = std::path::absolute(text).map_err(|error| format!("`{text}` can't be found: {error}"))?;
            return Ok(Self::of_file(name, &path, is_main));
        }
        if is_dotted {
            return Ok(Self { name, code: Code::Statement(format!("import {text}")), folder: None });
        }
        if !text.contains(' ') {
            return Err(format!("`{text}` is no file, no module and no statement"));
        }
        Ok(Self { name, code: Code::Statement(text.to_owned()), folder: None })
    }

    fn of_file(name: String, path: &Path, is_main: bool) -> Self {
        let packages = path.ancestors().skip(1).take_while(|folder| folder.join("__init__.py").is_file());
        let root = packages.last().filter(|_| !is_main).and_then(Path::parent);
        let module = root.and_then(|root| {
            let parts = path.strip_prefix(root).ok()?.with_extension("");
            let parts: Vec<&str> = parts.iter().filter_map(std::ffi::OsStr::to_str).collect();
            Some(parts.strip_suffix(&["__init__"]).unwrap_or(&parts).join("."))
        });
        match module {
            Some(module) => {
                Self { name, code: Code::Statement(format!("import {module}")), folder: root.map(Path::to_owned) }
            }
            None => {
                let folder = path.parent().map(Path::to_owned);
                Self { name, code: Code::Script { path: path.to_owned(), is_main }, folder }
            }
        }
    }

    pub(crate) fn nothing() -> Self {
        Self { name: String::new(), code: Code::Statement("pass".to_owned()), folder: None }
    }

    /// The kind and the text or path, in the probe's words.
    pub(crate) fn words(&self) -> (&'static str, String) {
        match &self.code {
            Code::Statement(statement) => ("statement", statement.clone()),
            Code::Script { path, is_main } => (if *is_main { "main" } else { "script" }, path.display().to_string()),
        }
    }
}

/// The surroundings of the runs.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// The interpreter.
    pub python: PathBuf,
    /// The folder that it is started in.
    pub folder: PathBuf,
    /// Where bytecode is kept, so that nothing is written into the user's folders and compiling is not measured; none: it
    /// is compiled anew in each run.
    pub bytecode: Option<PathBuf>,
    /// The environment is left as it is.
    pub is_raw: bool,
    /// How long one run may take.
    pub timeout: Duration,
    /// How much memory one run may take, resident, in bytes.
    pub memory: u64,
    /// How many runs of each target are measured, after one to warm up.
    pub runs: usize,
}

/// What is set, and why: one thread makes the same work each time, windows are drawn into memory.
const QUIET: [(&str, &str); 8] = [
    ("PYTHONHASHSEED", "0"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("OMP_NUM_THREADS", "1"),
    ("MKL_NUM_THREADS", "1"),
    ("NUMEXPR_NUM_THREADS", "1"),
    ("VECLIB_MAXIMUM_THREADS", "1"),
    ("MPLBACKEND", "Agg"),
    ("QT_QPA_PLATFORM", "offscreen"),
];

impl Conditions {
    /// The conditions in words, for reports.
    #[must_use]
    pub fn described(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.is_raw {
            told.push("the environment as it is".to_owned());
        } else {
            told.extend(QUIET.iter().map(|(name, value)| format!("{name}={value}")));
            told.push("one processor".to_owned());
        }
        told.push(if self.bytecode.is_some() { "bytecode from a cache" } else { "no bytecode" }.to_owned());
        told
    }

    pub(crate) fn apply(&self, command: &mut Command) {
        if !self.is_raw {
            command.envs(QUIET);
        }
        match &self.bytecode {
            Some(folder) => {
                command.env("PYTHONPYCACHEPREFIX", folder).env_remove("PYTHONDONTWRITEBYTECODE");
            }
            // A folder that never holds anything.
            None => {
                command.env("PYTHONPYCACHEPREFIX", std::env::temp_dir().join("douane-no-bytecode"));
                command.env("PYTHONDONTWRITEBYTECODE", "1");
            }
        }
        command.env_remove("PYTHONSTARTUP").env_remove("PYTHONPROFILEIMPORTTIME");
    }

    /// The processor that the runs stay on, the last one: the first is where most interrupts are handled.
    pub(crate) fn processor(&self) -> String {
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if self.is_raw || count < 2 { "-".to_owned() } else { (count - 1).to_string() }
    }
}
