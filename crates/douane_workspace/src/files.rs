//! Which Python files there are, and what is in them.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use globset::GlobSet;
use ignore::{WalkBuilder, WalkState};
use rayon::prelude::*;

/// A file of the program, or what has the name of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    pub(crate) path: PathBuf,
    /// Why it can't be read, if that is plain already.
    pub(crate) problem: Option<String>,
}

/// What a walk found, sorted.
#[derive(Default)]
pub(crate) struct Walked {
    pub(crate) files: Vec<Candidate>,
    /// Compiled modules.
    pub(crate) binaries: Vec<PathBuf>,
}

/// The Python files and compiled modules below a folder. Hidden folders, virtual environments and what `.gitignore` names are left
/// out, as are the excluded paths (relative to the project folder).
pub(crate) fn python_files(folder: &Path, project: &Path, exclude: &GlobSet) -> Walked {
    let (sender, receiver) = std::sync::mpsc::channel();
    let is_kept = {
        let (folder, project, exclude) = (folder.to_owned(), project.to_owned(), exclude.clone());
        move |path: &Path, is_folder: bool| {
            let relative = path.strip_prefix(&project).unwrap_or(path);
            let is_excluded = path != folder && exclude.is_match(relative);
            let is_foreign = is_folder && path != folder && is_foreign_folder(path);
            !is_excluded && !is_foreign
        }
    };
    let walker = WalkBuilder::new(folder)
        .require_git(false)
        .threads(rayon::current_num_threads())
        .filter_entry(move |entry| is_kept(entry.path(), entry.file_type().is_some_and(|kind| kind.is_dir())))
        .build_parallel();
    walker.run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            let candidate = match entry {
                Ok(entry) => match entry.file_type() {
                    Some(kind) if is_python(entry.path()) && !kind.is_dir() => {
                        let problem = if kind.is_file() { None } else { special_file(entry.path()) };
                        // A link to a folder is no file; nor is it followed, so that circles do no harm.
                        (problem.as_deref() != Some(FOLDER))
                            .then(|| Step::File(Candidate { path: entry.into_path(), problem }))
                    }
                    Some(kind) if is_binary(entry.path()) && !kind.is_dir() => Some(Step::Binary(entry.into_path())),
                    _ => None,
                },
                Err(error) => unreadable_folder(&error).map(Step::File),
            };
            if let Some(candidate) = candidate {
                // The receiver lives until the walk is over.
                let _ = sender.send(candidate);
            }
            WalkState::Continue
        })
    });
    drop(sender);
    let mut found = Walked::default();
    for step in receiver {
        match step {
            Step::File(candidate) => found.files.push(candidate),
            Step::Binary(path) => found.binaries.push(path),
        }
    }
    found.files.par_sort_unstable();
    found.files.dedup();
    found.binaries.sort_unstable();
    found
}

enum Step {
    File(Candidate),
    Binary(PathBuf),
}

fn is_binary(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "so" || extension == "pyd")
}

/// What is wrong with a folder that has the name of a file.
pub(crate) const FOLDER: &str = "it is a folder";

pub(crate) fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["py", "pyi", "ipynb"].iter().any(|known| extension == *known))
}

/// Folders that hold other people's code: virtual environments and packages of npm.
pub(crate) fn is_foreign_folder(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name == "node_modules" || name == "__pycache__" || path.join("pyvenv.cfg").is_file()
}

/// What a path is if it is no file that can be read.
pub(crate) fn special_file(path: &Path) -> Option<String> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => None,
        Ok(metadata) if metadata.is_dir() => Some(FOLDER.to_owned()),
        Ok(_) => Some("it is no regular file".to_owned()),
        Err(error) => Some(plain(&error)),
    }
}

/// A folder that can't be listed: its files are missed, so it is reported rather than passed over.
fn unreadable_folder(error: &ignore::Error) -> Option<Candidate> {
    match error {
        ignore::Error::WithPath { path, err } => {
            let problem = err.io_error().map(plain)?;
            Some(Candidate { path: path.clone(), problem: Some(problem) })
        }
        ignore::Error::WithDepth { err, .. } => unreadable_folder(err),
        _ => None,
    }
}

/// The reason without the number that the operating system gives it.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// The bytes of a regular file.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    if let Some(problem) = special_file(path) {
        return Err(problem);
    }
    read_regular_file(path)
}

/// The bytes of what was seen to be a regular file.
pub(crate) fn read_regular_file(path: &Path) -> Result<Vec<u8>, String> {
    let mut file = File::open(path).map_err(|error| plain(&error))?;
    let length = file.metadata().map_err(|error| plain(&error))?.len();
    if length > douane_parser::LARGEST_FILE {
        return Err("it is larger than 4 GiB".to_owned());
    }
    // One call where the file is as long as it says; the others are those that change meanwhile, or live in `/proc`.
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let read = file.read(&mut bytes).map_err(|error| plain(&error))?;
    if read == 0 || read < bytes.len() {
        bytes.truncate(read);
        file.read_to_end(&mut bytes).map_err(|error| plain(&error))?;
    }
    Ok(bytes)
}

/// The text of a UTF-8 file.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    utf8(read_bytes(path).map_err(|reason| format!("can't read the file: {reason}"))?)
}

/// The text that bytes are, which have to be UTF-8.
pub(crate) fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        format!("the file is no UTF-8: the byte at offset {} is wrong", error.utf8_error().valid_up_to())
    })
}

/// A path relative to a folder, with `..` where that is needed; the path itself where the two have nothing in common.
pub(crate) fn relative_to(path: &Path, folder: &Path) -> PathBuf {
    let mut folders = folder.components().peekable();
    let mut parts = path.components().peekable();
    let mut shared = 0;
    while let (Some(one), Some(other)) = (folders.peek(), parts.peek()) {
        if one != other {
            break;
        }
        shared += 1;
        folders.next();
        parts.next();
    }
    if shared <= 1 {
        return path.to_owned();
    }
    let mut relative: PathBuf = folders.map(|_| "..").collect();
    relative.extend(parts);
    if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative }
}
