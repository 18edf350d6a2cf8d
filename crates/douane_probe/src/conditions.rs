//! What is run, and in which surroundings.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Something whose cost is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
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
    /// `pandas`, `import pandas`, `from pandas import DataFrame` or the path of a script.
    #[must_use]
    pub fn parse(text: &str, is_main: bool) -> Self {
        let text = text.trim();
        let is_dotted = text.split('.').all(|part| {
            part.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
                && part.starts_with(|first: char| !first.is_ascii_digit())
        });
        if Path::new(text).is_file() {
            Self::Script { path: text.into(), is_main }
        } else if is_dotted {
            Self::Statement(format!("import {text}"))
        } else {
            Self::Statement(text.to_owned())
        }
    }

    /// How people call it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Statement(statement) => statement.clone(),
            Self::Script { path, .. } => path.display().to_string(),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Statement(_) => "statement",
            Self::Script { is_main: false, .. } => "script",
            Self::Script { is_main: true, .. } => "main",
        }
    }

    /// Where its absolute imports begin: the script's folder, or the folder in which the interpreter is started.
    pub(crate) fn folder(&self) -> PathBuf {
        match self {
            Self::Statement(_) => PathBuf::new(),
            Self::Script { path, .. } => path.parent().map(Path::to_owned).unwrap_or_default(),
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
