//! What git knows of a project: which files a commit will hold, with which contents, and what it changes.
//!
//! The command `git` is asked, as hooks have it at hand and it knows every setting of the repository. Nothing is written
//! but blobs that are there already, and no lock is taken.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{ChildStdout, Command, Stdio},
    thread,
};

use globset::GlobSet;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    baseline::BASELINE,
    files::{is_python, plain, python_files, read_bytes, read_text, utf8},
    project::normalized,
};

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
    /// The top of the repository. What lies outside of it is as it is on disk.
    top: PathBuf,
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
    /// The folders of other repositories of which it takes another commit, adds one or removes it. What they held is unknown.
    pub(crate) submodules: Vec<PathBuf>,
    /// The Python files that are neither in it nor ignored.
    pub(crate) untracked: FxHashSet<PathBuf>,
}

impl Snapshot {
    /// A file of that path belongs to it.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        self.files.contains(path)
            || !path.starts_with(&self.top)
            || self.submodules.iter().any(|folder| path.starts_with(folder))
    }

    /// All files that it is known to hold.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter()
    }

    /// The text of a file; nothing where there is none.
    pub(crate) fn text(&self, path: &Path) -> Option<Result<String, String>> {
        match self.content(path) {
            Some(bytes) => Some(utf8(bytes.to_vec())),
            None => path.symlink_metadata().is_ok().then(|| read_text(path)),
        }
    }

    /// The content of a file that is another one on disk.
    pub(crate) fn content(&self, path: &Path) -> Option<&[u8]> {
        self.contents.get(path).map(Vec::as_slice)
    }

    /// These contents, by path.
    pub(crate) fn contents(&self) -> impl Iterator<Item = (&PathBuf, &[u8])> {
        self.contents.iter().map(|(path, content)| (path, content.as_slice()))
    }

    /// Lets links have the contents of the files that they lead to, where git has their targets; these are returned.
    fn follow(&mut self, links: &FxHashSet<PathBuf>) -> Vec<(PathBuf, PathBuf)> {
        let mut found = Vec::new();
        for link in links {
            let staged = self.contents.remove(link);
            let is_other = staged.is_some();
            let target = staged.map(|target| os_string(&target)).or_else(|| Some(fs::read_link(link).ok()?.into()));
            let Some(target) = target else { continue };
            let target = normalized(&link.parent().unwrap_or(link).join(target));
            let on_disk = || if is_other { read_bytes(&target).ok() } else { None };
            let content = self.contents.get(&target).cloned().or_else(on_disk);
            self.contents.extend(content.map(|content| (link.clone(), content)));
            found.push((link.clone(), target));
        }
        found
    }
}

/// A repository, with the folder that git is started in.
struct Repository {
    folder: PathBuf,
    /// Where the folder lies below the top, as git spells it; with a `/` at the end.
    prefix: Vec<u8>,
    top: PathBuf,
    /// Git is not told where the repository lies, but finds it.
    is_found: bool,
}

/// An entry of git's list of differences.
struct Difference {
    path: PathBuf,
    before: Option<String>,
    /// It was a link.
    is_link: bool,
    /// It is another repository, or was one.
    is_submodule: bool,
    /// A merge left it for somebody to decide.
    is_unmerged: bool,
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
        let mut links = FxHashSet::default();
        let listed = repository.git(["ls-files", "-z", "-v", "--stage", "--full-name", ":/"])?;
        for entry in listed.split(|byte| *byte == 0) {
            // `H 100644 <blob> 0`, a tab, and the path.
            let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else { continue };
            let path = repository.file(&entry[tab + 1..]);
            let head = String::from_utf8_lossy(&entry[..tab]);
            let mut fields = head.split(' ');
            let (tag, mode, blob) = (fields.next(), fields.next(), fields.next());
            if mode == Some("160000") {
                submodules.push(path);
                continue;
            }
            // A sparse checkout leaves it out (`S`), or git is to take it for unchanged (a small letter): whatever is on disk.
            let is_skipped = tag.is_some_and(|tag| tag == "S" || tag.starts_with(|tag: char| tag.is_ascii_lowercase()));
            if let (true, Some(blob)) = (is_skipped, blob) {
                skipped.push((path.clone(), blob.to_owned()));
            }
            if mode == Some("120000") && path.starts_with(folder) && is_python(&path) {
                links.insert(path.clone());
            }
            files.insert(path);
        }
        let mut unstaged = repository.differences(&["diff-files"])?;
        // What a merge left open has no content yet but the one on disk.
        let unmerged = unstaged.iter().filter(|difference| difference.is_unmerged);
        let unmerged: FxHashSet<PathBuf> = unmerged.map(|difference| difference.path.clone()).collect();
        unstaged.retain(|difference| !unmerged.contains(&difference.path));
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
        let blobs: FxHashMap<&Path, &str> = staged.collect();
        let mut contents = repository.contents(blobs.iter().map(|(path, blob)| (*path, *blob)))?;
        // Git goes by times too, and lists what was only written anew; and a filter may have it otherwise on disk.
        contents.retain(|path, content| read_bytes(path).ok().as_ref() != Some(content));
        let on_disk = repository.blobs_on_disk(contents.keys());
        contents.retain(|path, _| on_disk.get(path).map(String::as_str) != blobs.get(&**path).copied());
        let mut after = Snapshot { top: repository.top.clone(), files, submodules, contents };

        let submodules = changes.iter().filter(|difference| difference.is_submodule);
        let submodules: Vec<PathBuf> = submodules.map(|difference| difference.path.clone()).collect();
        let mut before = after.clone();
        before.submodules.retain(|folder| !submodules.contains(folder));
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
        let targets = after.follow(&links);
        for difference in &changes {
            match difference.is_link && is_read(&difference.path) {
                true => links.insert(difference.path.clone()),
                false => links.remove(&difference.path),
            };
        }
        before.follow(&links);
        let mut changed: FxHashSet<PathBuf> = changes.into_iter().map(|difference| difference.path).collect();
        let through = targets.into_iter().filter(|(_, target)| changed.contains(target)).map(|(link, _)| link);
        let through: Vec<PathBuf> = through.collect();
        changed.extend(through);
        let others = repository.git(["ls-files", "-z", "--others", "--exclude-standard", "--full-name", ":/"])?;
        let others = others.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        // Of another repository git lists the folder only.
        let others = others.flat_map(|path| match path.strip_suffix(b"/") {
            Some(path) => python_files_in(&repository.file(path), folder),
            None => vec![repository.file(path)],
        });
        let others = others.filter(|path| is_python(path));
        let announced = unstaged.into_iter().filter(|difference| difference.before.is_none());
        let untracked = others.chain(announced.map(|difference| difference.path)).collect();
        Ok(Self { after, before, changed, submodules, untracked })
    }
}

impl Staged {
    /// The change touches a file.
    pub(crate) fn changes(&self, path: &Path) -> bool {
        self.changed.contains(path) || self.submodules.iter().any(|folder| path.starts_with(folder))
    }

    /// The folders of other repositories that it takes away.
    pub(crate) fn removed_submodules(&self) -> impl Iterator<Item = &PathBuf> {
        self.submodules.iter().filter(|folder| !self.after.submodules.contains(folder))
    }

    /// The configuration in a file is another one than before, or there is none any more.
    pub(crate) fn changes_configuration(&self, file: &Path) -> bool {
        let table = |text: Option<String>| {
            let mut table: toml::Table = text?.parse().ok()?;
            match file.file_name().is_some_and(|name| name == "pyproject.toml") {
                true => table.remove("tool")?.as_table_mut()?.remove("douane")?.as_table().cloned(),
                false => Some(table),
            }
        };
        let before = || self.before.content(file).and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        self.changed.contains(file) && table(before()) != table(self.after.text(file).and_then(Result::ok))
    }
}

fn python_files_in(folder: &Path, project: &Path) -> Vec<PathBuf> {
    let files = python_files(folder, project, &GlobSet::empty()).files;
    files.into_iter().map(|candidate| candidate.path).collect()
}

/// The files that may hold a configuration as they are staged: those in a folder and in the ones above it. Nothing where git
/// can't be asked.
pub(crate) fn staged_configurations(working_folder: &Path, folder: &Path) -> FxHashMap<PathBuf, Vec<u8>> {
    let read = || {
        let repository = Repository::open(working_folder, folder)?;
        let named = ["lint.toml", "pyproject.toml"].map(|name| format!(":(top,glob)**/{name}"));
        let command = ["ls-files", "-z", "--stage", "--full-name", "--"].map(str::to_owned);
        let listed = repository.git(command.into_iter().chain(named))?;
        let entries = listed.split(|byte| *byte == 0).filter_map(|entry| {
            let (head, path) = entry.split_at_checked(entry.iter().position(|byte| *byte == b'\t')?)?;
            let (path, head) = (repository.file(&path[1..]), String::from_utf8_lossy(head).into_owned());
            let is_above = path.parent().is_some_and(|parent| folder.starts_with(parent));
            (is_above && head.starts_with("10")).then(|| Some((path, head.split(' ').nth(1)?.to_owned())))?
        });
        let entries: Vec<(PathBuf, String)> = entries.collect();
        repository.contents(entries.iter().map(|(path, blob)| (&**path, &**blob)))
    };
    read().unwrap_or_default()
}

/// Other files are not looked at, however large they are.
fn is_text_of_project(path: &Path) -> bool {
    is_python(path)
        || path.extension().is_some_and(|extension| extension == "toml")
        || path.file_name().is_some_and(|name| name == BASELINE)
}

impl Repository {
    fn open(working_folder: &Path, folder: &Path) -> Result<Self, String> {
        // A hook is told about its repository, with paths that may be relative to where it is started. And a project may
        // hold several repositories, or lie in none itself.
        let is_told = ["GIT_DIR", "GIT_INDEX_FILE"].iter().any(|name| is_set(name));
        let is_here = is_told || working_folder.starts_with(folder);
        let folder = if is_here { working_folder } else { folder }.to_owned();
        let mut repository = Self { top: folder.clone(), prefix: Vec::new(), folder, is_found: false };
        // Told where the repository lies, git takes the folder that it is started in for the top of the files, as it is for
        // a hook in a linked worktree that goes to a folder below.
        if is_set("GIT_DIR") && !is_set("GIT_WORK_TREE") {
            let told = repository.git(["rev-parse", "--absolute-git-dir"])?;
            repository.is_found = true;
            repository.is_found = repository.git(["rev-parse", "--absolute-git-dir"]).is_ok_and(|found| found == told);
        }
        let prefix = repository.git(["rev-parse", "--show-prefix"])?;
        repository.prefix = prefix.strip_suffix(b"\n").unwrap_or(&prefix).to_vec();
        let depth = repository.prefix.iter().filter(|byte| **byte == b'/').count();
        repository.top = normalized(&repository.folder.join("../".repeat(depth)));
        Ok(repository)
    }

    /// The file of a path that git lists. The folder may be a link, so that what lies above it does not lead to what is in it.
    fn file(&self, path: &[u8]) -> PathBuf {
        match path.strip_prefix(&*self.prefix) {
            Some(path) => self.folder.join(os_string(path)),
            None => self.top.join(os_string(path)),
        }
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
            let mode = parts.next();
            let is_submodule = [mode, parts.clone().next()].contains(&Some("160000"));
            let is_link = mode == Some("120000");
            let is_file = mode.is_some_and(|mode| mode.starts_with("10"));
            let before = parts.nth(1).filter(|_| is_file || is_link).map(str::to_owned);
            let is_unmerged = parts.nth(1) == Some("U");
            found.push(Difference { path: self.file(path), before, is_link, is_submodule, is_unmerged });
        }
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
        let names: String = files.iter().map(|(_, blob)| format!("{blob}\n")).collect();
        let read = self.told(["cat-file", "--batch"], names.into_bytes(), |mut output| {
            let mut found = FxHashMap::default();
            for (path, _) in &files {
                let mut head = String::new();
                output.read_line(&mut head)?;
                let length = head.trim_end().rsplit(' ').next().and_then(|length| length.parse::<usize>().ok());
                // `<name> missing`, or nothing at all: a partial clone without its server.
                let Some(length) = length else { return Ok(Err(path.display().to_string())) };
                let mut content = vec![0; length + 1];
                output.read_exact(&mut content)?;
                content.pop();
                found.insert((*path).to_owned(), content);
            }
            Ok(Ok(found))
        })?;
        read.map_err(|path| format!("git has not got the content of {path}"))
    }

    /// The names that git would have for files as they are on disk, as far as it can tell.
    fn blobs_on_disk<'f>(&self, files: impl Iterator<Item = &'f PathBuf>) -> FxHashMap<PathBuf, String> {
        let below_top = |path: &'f PathBuf| Some((path, path.strip_prefix(&self.top).ok()?.to_str()?));
        let files = files.filter(|path| path.is_file()).filter_map(below_top);
        let files: Vec<(&PathBuf, &str)> = files.filter(|(_, below)| !below.contains('\n')).collect();
        if files.is_empty() {
            return FxHashMap::default();
        }
        let paths: String = files.iter().map(|(_, below)| format!("{below}\n")).collect();
        let blobs = self.told(["hash-object", "--stdin-paths"], paths.into_bytes(), |output| {
            output.lines().collect::<std::io::Result<Vec<String>>>()
        });
        files.iter().map(|(path, _)| (*path).clone()).zip(blobs.unwrap_or_default()).collect()
    }

    /// What a command answers that is told something.
    fn told<T>(
        &self,
        command: [&str; 2],
        told: Vec<u8>,
        read: impl FnOnce(BufReader<ChildStdout>) -> std::io::Result<T>,
    ) -> Result<T, String> {
        let mut child = self.command(command).stdin(Stdio::piped()).spawn().map_err(|error| failed(&error))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(mut input), Some(output)) = (input, output) else { return Err("git can't be talked to".to_owned()) };
        let read = thread::scope(|scope| {
            // git answers while it still reads, so that neither may wait for the other.
            let writer = scope.spawn(move || input.write_all(&told));
            let read = read(BufReader::new(output))?;
            writer.join().unwrap_or(Ok(()))?;
            Ok(read)
        });
        child.wait().map_err(|error| failed(&error))?;
        read.map_err(|error: std::io::Error| failed(&error))
    }

    fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(&self.folder).env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
        // A client may have asked for paths to be read otherwise, which goes for its own command.
        for kind in ["LITERAL", "GLOB", "NOGLOB", "ICASE"] {
            command.env_remove(format!("GIT_{kind}_PATHSPECS"));
        }
        if self.is_found {
            command.env_remove("GIT_DIR");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn git(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Vec<u8>, String> {
        let output = self.command(arguments).output().map_err(|error| failed(&error))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        // Warnings may come first, and what to do about it after.
        let fatal = said.find("fatal: ").map_or(&*said, |at| &said[at + "fatal: ".len()..]);
        let lines: Vec<&str> = fatal.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let said = if lines.is_empty() { "it says nothing".to_owned() } else { lines.join(" ") };
        Err(format!("git can't tell what changed: {said}"))
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some()
}

fn failed(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "git can't be run: there is no `git` in $PATH".to_owned(),
        _ => format!("git can't be run: {}", plain(error)),
    }
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
