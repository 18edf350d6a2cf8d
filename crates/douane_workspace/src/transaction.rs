//! Files that change together: all of them or none, also when the process is killed in between.
//!
//! New texts are first written beside their files. One file is then renamed into its place, which is atomic. For several, a
//! journal that lists the renames is put into the project's folder before the first and taken away after the last; whoever
//! opens the project next and finds one finishes what it lists.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::files::plain;

/// The journal's name, in the folder of the project.
const JOURNAL: &str = ".douane-fix.journal";

/// The new content of a file.
pub(crate) struct NewContent<'c> {
    pub(crate) path: &'c Path,
    /// What the file holds now; it is not touched if it holds something else.
    pub(crate) before: &'c [u8],
    pub(crate) after: &'c [u8],
}

/// Writes all of the contents, or none and the reason, which names the file.
pub(crate) fn write_together(folder: &Path, contents: &[NewContent<'_>]) -> Result<(), String> {
    let mut staged: Vec<(NamedTempFile, PathBuf)> = Vec::with_capacity(contents.len());
    for content in contents {
        let named = |error: io::Error| format!("can't write {}: {}", content.path.display(), plain(&error));
        // A link stays, and its target changes.
        let target = fs::canonicalize(content.path).map_err(named)?;
        staged.push((stage(&target, content).map_err(named)?, target));
    }
    let is_one = staged.len() == 1;
    let journal = if is_one { None } else { Some(Journal::write(folder, &staged)?) };
    for (file, target) in staged {
        // From the journal on nothing is taken back: a rename in one folder fails only if somebody takes the folder away.
        file.persist(&target).map_err(|error| format!("can't write {}: {}", target.display(), plain(&error.error)))?;
    }
    journal.map_or(Ok(()), Journal::remove)
}

/// Why a file should not be written, if that is plain.
pub(crate) fn refusal(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path);
    let is_read_only = metadata.is_ok_and(|metadata| metadata.permissions().readonly());
    is_read_only.then(|| format!("can't write {}: the file is read-only", path.display()))
}

fn stage(target: &Path, content: &NewContent<'_>) -> io::Result<NamedTempFile> {
    if fs::read(target)? != content.before {
        return Err(io::Error::other("it changed in the meantime"));
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".douane-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(content.after)?;
    file.as_file().set_permissions(fs::metadata(target)?.permissions())?;
    file.as_file().sync_data()?;
    Ok(file)
}

struct Journal(PathBuf);

impl Journal {
    /// Lists the renames, one path a line, the new file before its target. Paths with line breaks are refused.
    fn write(folder: &Path, staged: &[(NamedTempFile, PathBuf)]) -> Result<Self, String> {
        let path = folder.join(JOURNAL);
        let failed = |reason: &str| format!("can't write {}: {reason}", path.display());
        let mut text = String::new();
        for (file, target) in staged {
            for path in [file.path(), target] {
                let line = path.to_str().filter(|line| !line.contains('\n'));
                text.push_str(line.ok_or_else(|| failed("a path is no text of one line"))?);
                text.push('\n');
            }
        }
        let write = || -> io::Result<NamedTempFile> {
            let mut file = tempfile::Builder::new().prefix(".douane-").suffix(".tmp").tempfile_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_data()?;
            Ok(file)
        };
        let file = write().map_err(|error| failed(&plain(&error)))?;
        // It is there as a whole or not at all; another one means that another fix is under way.
        file.persist_noclobber(&path).map_err(|error| failed(&plain(&error.error)))?;
        Ok(Self(path))
    }

    fn remove(self) -> Result<(), String> {
        fs::remove_file(&self.0).map_err(|error| format!("can't remove {}: {}", self.0.display(), plain(&error)))
    }
}

/// Finishes what an interrupted run began; the files that it changed.
pub(crate) fn finish_interrupted(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let journal = folder.join(JOURNAL);
    let text = match fs::read_to_string(&journal) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("can't read {}: {}", journal.display(), plain(&error))),
    };
    let mut changed = Vec::new();
    let mut lines = text.lines();
    while let (Some(new), Some(target)) = (lines.next(), lines.next()) {
        match fs::rename(new, target) {
            Ok(()) => changed.push(PathBuf::from(target)),
            // This one was done.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("can't finish an interrupted fix of {target}: {}", plain(&error))),
        }
    }
    Journal(journal).remove()?;
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn all_files_change_or_none() {
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.py"), "old a").expect("written");
        fs::write(path("b.py"), "another b").expect("written");
        let (a, b) = (path("a.py"), path("b.py"));
        let content = |path, before, after| NewContent { path, before, after };
        let contents = [content(&*a, b"old a", b"new a"), content(&*b, b"old b", b"new b")];
        let error = write_together(folder.path(), &contents).expect_err("b.py holds something else");
        assert!(error.contains("b.py") && error.contains("changed in the meantime"), "{error}");
        assert_eq!(fs::read(&a).expect("a.py"), b"old a");
        assert_eq!(names(folder.path()), ["a.py", "b.py"]);

        let contents = [content(&*a, b"old a", b"new a"), content(&*b, b"another b", b"new b")];
        write_together(folder.path(), &contents).expect("both are written");
        assert_eq!((fs::read(&a).expect("a.py"), fs::read(&b).expect("b.py")), (b"new a".to_vec(), b"new b".to_vec()));
        assert_eq!(names(folder.path()), ["a.py", "b.py"]);
    }

    #[test]
    fn what_was_interrupted_is_finished() {
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.py"), "new a").expect("written");
        fs::write(path("b.py"), "old b").expect("written");
        fs::write(path(".b.tmp"), "new b").expect("written");
        let lines = ["gone.tmp", "a.py", ".b.tmp", "b.py"].map(|name| path(name).to_string_lossy().into_owned());
        fs::write(path(JOURNAL), lines.join("\n") + "\n").expect("written");
        assert_eq!(finish_interrupted(folder.path()), Ok(vec![path("b.py")]));
        assert_eq!(fs::read(path("b.py")).expect("b.py"), b"new b");
        assert_eq!(names(folder.path()), ["a.py", "b.py"]);
        assert_eq!(finish_interrupted(folder.path()), Ok(Vec::new()));
    }
}
