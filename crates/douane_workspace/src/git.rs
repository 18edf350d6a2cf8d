//! What git knows of a project: which files a commit will hold, with which contents, and what it changes.
//!
//! The command `git` is asked, as hooks have it at hand and it knows every setting of the repository. Nothing is written
//! but blobs that are there already, and no lock is taken.

use std::{
    ffi::{OsStr, OsString},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::files::{is_python, plain, read_text, utf8};

/// Which change of the program is looked at; its end is always what is staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// What the next commit changes.
    Staged,
    /// What changed since the branch left a revision, with what is staged.
    Since(String),
}

/// The files of a tree of git, as they differ from those on disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// All that it holds; absolute.
    files: FxHashSet<PathBuf>,
    /// The folders of other repositories, whose files git does not list.
    submodules: Vec<PathBuf>,
    /// The contents that differ from those on disk.
    contents: FxHashMap<PathBuf, Vec<u8>>,
}

/// What the next commit will hold, and how that came to be.
pub(crate) struct Staged {
    /// The program with the change.
    pub(crate) after: Snapshot,
    /// The program without it.
    pub(crate) before: Snapshot,
    /// The files that it changes, adds or deletes.
    pub(crate) changed: FxHashSet<PathBuf>,
    /// The Python files that are neither in it nor ignored.
    pub(crate) untracked: FxHashSet<PathBuf>,
}

impl Snapshot {
    /// A file of that path belongs to it.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        self.files.contains(path) || self.submodules.iter().any(|folder| path.starts_with(folder))
    }

    /// The content of a file that is another one on disk.
    pub(crate) fn content(&self, path: &Path) -> Option<&[u8]> {
        self.contents.get(path).map(Vec::as_slice)
    }

    /// These contents, by path.
    pub(crate) fn contents(&self) -> impl Iterator<Item = (&PathBuf, &[u8])> {
        self.contents.iter().map(|(path, content)| (path, content.as_slice()))
    }
}

/// A repository, with the folder that git is started in.
struct Repository {
    folder: PathBuf,
    top: PathBuf,
}

/// An entry of git's list of differences.
struct Difference {
    path: PathBuf,
    before: Option<String>,
    after: Option<String>,
}

impl Staged {
    /// Asks git about the project in a folder.
    ///
    /// # Errors
    ///
    /// A line for the user: there is no git, no repository, or no such revision.
    pub(crate) fn read(working_folder: &Path, folder: &Path, change: &Change) -> Result<Self, String> {
        let repository = Repository::open(working_folder, folder)?;
        let mut files = FxHashSet::default();
        let mut submodules = Vec::new();
        let mut skipped = Vec::new();
        let listed = repository.git(["ls-files", "-z", "-t", "--stage", "--full-name", ":/"])?;
        for entry in listed.split(|byte| *byte == 0) {
            // `H 100644 <blob> 0`, a tab, and the path.
            let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else { continue };
            let path = repository.top.join(os_string(&entry[tab + 1..]));
            let head = String::from_utf8_lossy(&entry[..tab]);
            let mut fields = head.split(' ');
            let (tag, mode, blob) = (fields.next(), fields.next(), fields.next());
            if mode == Some("160000") {
                submodules.push(path);
                continue;
            }
            // A sparse checkout leaves it out.
            if let (Some("S"), Some(blob)) = (tag, blob) {
                skipped.push((path.clone(), blob.to_owned()));
            }
            files.insert(path);
        }
        let unstaged = repository.differences(&["diff-files"])?;
        // What `git add --intent-to-add` announced is no part of the commit.
        for difference in unstaged.iter().filter(|difference| difference.before.is_none()) {
            files.remove(&difference.path);
        }
        let base = repository.base(change)?;
        let changes = repository.differences(&["diff-index", "--cached", "--no-renames", &base])?;

        let is_read = |path: &Path| path.starts_with(folder) && is_text_of_project(path);
        let staged = unstaged.iter().filter(|difference| files.contains(&difference.path) && is_read(&difference.path));
        let staged: Vec<(&Path, &str)> =
            staged.filter_map(|difference| Some((&*difference.path, difference.before.as_deref()?))).collect();
        let skipped = skipped.iter().filter(|(path, _)| is_read(path));
        let staged = staged.into_iter().chain(skipped.map(|(path, blob)| (&**path, &**blob)));
        let after = Snapshot { contents: repository.contents(staged)?, files, submodules };

        let mut before = after.clone();
        for difference in &changes {
            before.contents.remove(&difference.path);
            match difference.before {
                Some(_) => before.files.insert(difference.path.clone()),
                None => before.files.remove(&difference.path),
            };
        }
        let old = changes.iter().filter(|difference| is_read(&difference.path));
        let old = old.filter_map(|difference| Some((&*difference.path, difference.before.as_deref()?)));
        before.contents.extend(repository.contents(old)?);
        let changed = changes.into_iter().map(|difference| difference.path).collect();
        let others = repository.git([
            "ls-files",
            "-z",
            "--others",
            "--exclude-standard",
            "--full-name",
            ":/*.py",
            ":/*.pyi",
            ":/*.ipynb",
        ])?;
        let others = others.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        let others = others.map(|path| repository.top.join(os_string(path)));
        let announced = unstaged.into_iter().filter(|difference| difference.before.is_none());
        let untracked = others.chain(announced.map(|difference| difference.path)).collect();
        Ok(Self { after, before, changed, untracked })
    }
}

impl Staged {
    /// The text of a file as it will be committed.
    pub(crate) fn text(&self, path: &Path) -> Result<String, String> {
        match self.after.content(path) {
            Some(bytes) => utf8(bytes.to_vec()),
            None => read_text(path),
        }
    }

    /// The configuration in a file is another one than before.
    pub(crate) fn changes_configuration(&self, file: &Path) -> bool {
        let table = |text: Option<String>| {
            let mut table: toml::Table = text?.parse().ok()?;
            match file.file_name().is_some_and(|name| name == "pyproject.toml") {
                true => table.remove("tool")?.as_table_mut()?.remove("douane")?.as_table().cloned(),
                false => Some(table),
            }
        };
        let before = || self.before.content(file).and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        self.changed.contains(file) && table(before()) != table(self.text(file).ok())
    }
}

/// Other files are not looked at, however large they are.
fn is_text_of_project(path: &Path) -> bool {
    is_python(path) || path.extension().is_some_and(|extension| extension == "toml")
}

impl Repository {
    fn open(working_folder: &Path, folder: &Path) -> Result<Self, String> {
        // A hook is told about its repository, with paths that may be relative to where it is started.
        let is_told = ["GIT_DIR", "GIT_INDEX_FILE"].iter().any(|name| std::env::var_os(name).is_some());
        let folder = if is_told { working_folder } else { folder }.to_owned();
        let mut repository = Self { top: folder.clone(), folder };
        let up = repository.git(["rev-parse", "--show-cdup"])?;
        let up = os_string(up.trim_ascii_end());
        repository.top = crate::project::normalized(&repository.folder.join(up));
        Ok(repository)
    }

    /// The tree that the change begins with.
    fn base(&self, change: &Change) -> Result<String, String> {
        let line = |bytes: Vec<u8>| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
        match change {
            Change::Staged if self.git(["rev-parse", "--verify", "--quiet", "HEAD"]).is_ok() => Ok("HEAD".to_owned()),
            // Before the first commit: the tree without files.
            Change::Staged => self.git(["hash-object", "-t", "tree", "--stdin"]).map(line),
            Change::Since(revision) => {
                let commit = format!("{revision}^{{commit}}");
                let commit = self.git(["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]);
                let commit = line(commit.map_err(|_| format!("git knows no revision `{revision}`"))?);
                self.git(["merge-base", &commit, "HEAD"]).map(line).map_err(|_| {
                    format!("`{revision}` and HEAD have no commit in common; a shallow clone may have to be deepened")
                })
            }
        }
    }

    fn differences(&self, command: &[&str]) -> Result<Vec<Difference>, String> {
        let (name, rest) = command.split_first().unwrap_or((&"diff-files", &[]));
        let arguments = [*name, "-z", "--raw", "--no-abbrev"].into_iter().chain(rest.iter().copied());
        let output = self.git(arguments.chain(["--"]))?;
        let mut fields = output.split(|byte| *byte == 0);
        let mut found = Vec::new();
        // `:100644 100644 <before> <after> M`, then the path.
        while let (Some(head), Some(path)) = (fields.next().filter(|head| !head.is_empty()), fields.next()) {
            let head = String::from_utf8_lossy(head).into_owned();
            let mut parts = head.trim_start_matches(':').split(' ');
            let (before_mode, after_mode) = (parts.next(), parts.next());
            let blob = |mode: Option<&str>, blob: Option<&str>| {
                let is_file = mode.is_some_and(|mode| mode.starts_with("10") || mode.starts_with("12"));
                blob.filter(|_| is_file).map(str::to_owned)
            };
            let (before, after) = (blob(before_mode, parts.next()), blob(after_mode, parts.next()));
            found.push(Difference { path: self.top.join(os_string(path)), before, after });
        }
        // A path in conflict comes twice; what is on disk stands for it.
        let is_unmerged = |difference: &Difference| difference.before.is_none() && difference.after.is_none();
        found.retain(|difference| !is_unmerged(difference));
        Ok(found)
    }

    /// The contents of files, by the names that git has for them.
    fn contents<'f>(
        &self,
        files: impl Iterator<Item = (&'f Path, &'f str)>,
    ) -> Result<FxHashMap<PathBuf, Vec<u8>>, String> {
        let files: Vec<(&Path, &str)> = files.collect();
        if files.is_empty() {
            return Ok(FxHashMap::default());
        }
        let mut child =
            self.command(["cat-file", "--batch"]).stdin(Stdio::piped()).spawn().map_err(|error| failed(&error))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(mut input), Some(output)) = (input, output) else { return Err("git can't be talked to".to_owned()) };
        let names: String = files.iter().map(|(_, blob)| format!("{blob}\n")).collect();
        let read = thread::scope(|scope| {
            // git answers while it still reads, so that neither may wait for the other.
            let writer = scope.spawn(move || input.write_all(names.as_bytes()));
            let mut output = BufReader::new(output);
            let mut found = FxHashMap::default();
            for (path, _) in &files {
                let mut head = String::new();
                output.read_line(&mut head)?;
                let length = head.trim_end().rsplit(' ').next().and_then(|length| length.parse::<usize>().ok());
                // `<name> missing`: a partial clone without its server.
                let Some(length) = length else { continue };
                let mut content = vec![0; length + 1];
                output.read_exact(&mut content)?;
                content.pop();
                found.insert((*path).to_owned(), content);
            }
            writer.join().unwrap_or(Ok(()))?;
            Ok(found)
        });
        let read = read.map_err(|error: std::io::Error| failed(&error))?;
        child.wait().map_err(|error| failed(&error))?;
        Ok(read)
    }

    fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(&self.folder).env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn git(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Vec<u8>, String> {
        let output = self.command(arguments).output().map_err(|error| failed(&error))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let said = said.lines().next().unwrap_or("it says nothing");
        Err(format!("git can't tell what changed: {}", said.trim_start_matches("fatal: ")))
    }
}

fn failed(error: &std::io::Error) -> String {
    format!("git can't be run: {}", plain(error))
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
