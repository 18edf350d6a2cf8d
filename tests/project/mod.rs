//! A small project in a temporary folder, and runs of the binary in it.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    ffi::OsStr,
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A folder of files that goes away with the value.
pub(crate) struct Project {
    folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; `None` if a signal ended the run.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) output: String,
    /// Standard error.
    pub(crate) errors: String,
}

impl Project {
    /// A folder with these files, each a path and its text. Without a `lint.toml` it gets an empty one, so that what
    /// lies above the temporary folder has no say.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let project = Self { folder: TempDir::new().expect("a temporary folder") };
        project.write("lint.toml", "");
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a path in the project")).expect("folders can be made");
        fs::write(path, bytes).expect("files can be written");
    }

    /// The absolute path of a file in the project.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Runs douane in the project's folder.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Run {
        run_in(self.folder.path(), arguments)
    }

    /// Runs douane in the project's folder with text on its standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = douane(self.folder.path());
        command.args(arguments).stdin(Stdio::piped());
        let mut child = command.spawn().expect("douane can be started");
        let mut pipe = child.stdin.take().expect("standard input is a pipe");
        let input = input.to_owned();
        // A run that refuses its arguments reads nothing, and its input is then a closed pipe.
        let writer = thread::spawn(move || drop(pipe.write_all(input.as_bytes())));
        let run = finish(child);
        writer.join().expect("the writer ends");
        run
    }

    /// What `douane check` finds in the project: the lines of the format `concise`, without the summary.
    pub(crate) fn findings(&self, arguments: &[&str]) -> Vec<String> {
        let mut all = vec!["check", "--output-format", "concise", "--quiet"];
        all.extend(arguments);
        let run = self.run(&all);
        assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
        assert_eq!(run.errors, "", "{run:?}");
        run.output.lines().map(str::to_owned).collect()
    }
}

/// Runs douane in a folder.
pub(crate) fn run_in<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Run {
    run(douane(folder).args(arguments))
}

/// The command, with nothing of the surroundings that would change what it prints.
pub(crate) fn douane(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_douane"));
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // What is kept between runs stays away from the user's own.
    command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    for variable in
        ["VIRTUAL_ENV", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "PRE_COMMIT_FROM_REF"]
    {
        command.env_remove(variable);
    }
    command
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Run {
    finish(command.spawn().expect("douane can be started"))
}

/// Waits for a run. One that takes a minute hangs.
fn finish(mut child: Child) -> Run {
    const PATIENCE: Duration = Duration::from_secs(60);
    let output = child.stdout.take().map(read_all);
    let errors = child.stderr.take().map(read_all);
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the run can be waited for") {
            break status;
        }
        if started.elapsed() > PATIENCE {
            // It may have ended in the meantime; the test fails either way.
            let _ = child.kill();
            panic!("the run hangs");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let text = |reader: Option<thread::JoinHandle<Vec<u8>>>| {
        let bytes = reader.map(|reader| reader.join().expect("the reader ends")).unwrap_or_default();
        String::from_utf8(bytes).expect("the output is UTF-8")
    };
    Run { code: status.code(), output: text(output), errors: text(errors) }
}

fn read_all(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("the output can be read");
        bytes
    })
}

/// The top of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in `crates`").to_owned()
}
