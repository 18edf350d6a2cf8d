//! A program that is kept up to date while somebody works on it: in an editor, or with `--watch`.
//!
//! Buffers stand for files, and what changes is told. [`LiveProgram::update`] makes the facts of what changed anew and links
//! the program again; where the new facts are the old ones, nothing is to be done. Findings are looked for when they are asked
//! for, in some files or in all.

use std::{
    path::{Component, Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use douane_base::{Diagnostic, Edit, FileId, TextRange};
use douane_fixer::apply;
use douane_parser::{FileFacts, Import, Symbol, Target, parse};
use douane_rules::{Selection, Settings};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Analysis, Baseline, Failure, Request, Stage, Workspace,
    analysis::{Kept, ReadFile, facts_of},
    files::{Candidate, Walked, is_python, read_bytes},
    ignoring::{NEVER, comments},
};

/// A program, its findings, and what happened to it since.
pub struct LiveProgram {
    workspace: Workspace,
    settings: Settings,
    buffers: FxHashMap<PathBuf, Arc<str>>,
    analysed: Option<Box<Analysed>>,
    /// Files whose content may be another one.
    touched: FxHashSet<PathBuf>,
    /// Files may have come or gone.
    is_moved: bool,
    /// Installed packages may be others.
    is_installed_anew: bool,
    /// The findings may be others, though the program is the same.
    is_unchecked: bool,
    /// When the files were looked at last.
    looked: SystemTime,
}

/// What an import says, wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KnownImport {
    level: u32,
    module: Option<Box<str>>,
    name: Option<Box<str>>,
    alias: Option<Box<str>>,
}

impl KnownImport {
    fn of(facts: &FileFacts, import: &Import) -> Self {
        let text = |symbol: Option<Symbol>| symbol.map(|symbol| facts.name(symbol).into());
        let (level, module) = import.target.module();
        let name = match import.target {
            Target::From { name, .. } => Some(name),
            Target::Module(_) | Target::Star { .. } => None,
        };
        Self { level, module: text(module), name: text(name), alias: text(import.alias) }
    }
}

struct Analysed {
    analysis: Analysis,
    /// The findings of files that were asked about; what is asked for once is not looked for again.
    of_files: FxHashMap<FileId, Vec<Diagnostic>>,
    /// The findings of all files, once they are looked for.
    diagnostics: Option<Vec<Diagnostic>>,
}

impl From<Analysis> for Analysed {
    fn from(analysis: Analysis) -> Self {
        Self { analysis, of_files: FxHashMap::default(), diagnostics: None }
    }
}

impl LiveProgram {
    /// Finds the project of a folder; nothing is read but its configuration.
    pub fn open(request: Request) -> Result<Self, Failure> {
        Self::open_with(request, &Selection::default())
    }

    /// The same with a selection of rules, which goes over the configuration.
    pub fn open_with(request: Request, selection: &Selection) -> Result<Self, Failure> {
        let mut workspace = Workspace::open(request)?;
        let settings = Settings::new(workspace.take_rules(), selection);
        Ok(Self {
            workspace,
            settings,
            buffers: FxHashMap::default(),
            analysed: None,
            touched: FxHashSet::default(),
            is_moved: false,
            is_installed_anew: false,
            is_unchecked: false,
            looked: SystemTime::now(),
        })
    }

    /// Takes over what another program has read and what is open, where only the configuration differs.
    pub fn succeed(&mut self, before: Self) {
        self.touched.extend(before.buffers.keys().cloned());
        self.buffers = before.buffers;
    }

    /// The project.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The program as it was at the last update; none before the first.
    #[must_use]
    pub fn analysis(&self) -> Option<&Analysis> {
        self.analysed.as_ref().map(|analysed| &analysed.analysis)
    }

    /// The findings of some files, given by path, as the program was at the last update. The other files are not looked at.
    pub fn diagnostics_of(&mut self, paths: &[&Path]) -> Vec<Diagnostic> {
        let Some(mut analysed) = self.analysed.take() else { return Vec::new() };
        let Analysed { analysis, of_files, diagnostics } = &mut *analysed;
        let files: FxHashSet<FileId> = paths.iter().filter_map(|path| analysis.file_at(path)).collect();
        let found = match diagnostics {
            Some(all) => all.iter().filter(|diagnostic| files.contains(&diagnostic.primary.file)).cloned().collect(),
            None => {
                let missing = files.iter().filter(|file| !of_files.contains_key(file)).copied().collect();
                for (file, found) in self.check_files(analysis, &missing) {
                    of_files.insert(file, found);
                }
                files.iter().filter_map(|file| of_files.get(file)).flatten().cloned().collect()
            }
        };
        self.analysed = Some(analysed);
        found
    }

    fn check_files(
        &self,
        analysis: &Analysis,
        files: &FxHashSet<FileId>,
    ) -> impl Iterator<Item = (FileId, Vec<Diagnostic>)> {
        let mut found: FxHashMap<FileId, Vec<Diagnostic>> = files.iter().map(|file| (*file, Vec::new())).collect();
        if !files.is_empty() {
            // The baseline knows findings by module, and a module may have several files.
            let diagnostics = self.sifted(analysis, |has_baseline| match has_baseline {
                true => analysis.check_files(&self.settings, &analysis.with_same_module(files)),
                false => analysis.check_files(&self.settings, files),
            });
            for diagnostic in diagnostics {
                found.entry(diagnostic.primary.file).and_modify(|found| found.push(diagnostic));
            }
        }
        found.into_iter()
    }

    /// Looks for the findings of all files, if that is still to be done. False if it was given up.
    pub fn complete(&mut self, is_given_up: &(dyn Fn() -> bool + Sync)) -> bool {
        let Some(mut analysed) = self.analysed.take_if(|analysed| analysed.diagnostics.is_none()) else { return true };
        let analysis = &analysed.analysis;
        let was_given_up = AtomicBool::new(false);
        let is_given_up = || {
            if is_given_up() {
                was_given_up.store(true, Ordering::Relaxed);
            }
            was_given_up.load(Ordering::Relaxed)
        };
        let diagnostics = self.sifted(analysis, |_| analysis.check_unless(&self.settings, &is_given_up));
        let is_complete = !was_given_up.load(Ordering::Relaxed);
        analysed.diagnostics = is_complete.then_some(diagnostics);
        self.analysed = Some(analysed);
        is_complete
    }

    /// The findings of all files, once they are [complete](Self::complete).
    #[must_use]
    pub fn diagnostics(&self) -> Option<&[Diagnostic]> {
        self.analysed.as_ref()?.diagnostics.as_deref()
    }

    /// Those of them that the request asks for.
    #[must_use]
    pub fn wanted(&self) -> Vec<Diagnostic> {
        let (Some(analysis), Some(found)) = (self.analysis(), self.diagnostics()) else { return Vec::new() };
        self.workspace.wanted(analysis, &self.settings, found.to_vec()).diagnostics
    }

    /// Lets a text stand for the content of a file.
    pub fn set_buffer(&mut self, path: &Path, text: Arc<str>) {
        if !is_python(path) {
            return;
        }
        let is_new = self.buffers.insert(path.to_owned(), text).is_none();
        self.is_moved |= is_new && !self.is_known(path);
        self.touched.insert(path.to_owned());
    }

    /// The file on disk counts again.
    pub fn drop_buffer(&mut self, path: &Path) {
        if self.buffers.remove(path).is_some() {
            self.touch(path);
        }
    }

    /// The file may have changed on disk, come or gone.
    pub fn touch(&mut self, path: &Path) {
        if self.buffers.contains_key(path) {
            return;
        }
        if self.is_installed(path) {
            self.is_installed_anew = true;
            self.touched.insert(path.to_owned());
        } else if self.is_left_out(path) {
            // Such as what git writes.
        } else if is_python(path) {
            self.is_moved |= path.is_file() != self.is_known(path);
            self.touched.insert(path.to_owned());
        } else if path.is_dir() || !path.is_file() {
            // A folder came, or went with all that was in it.
            let leaves_out = || self.analysis().is_some_and(Analysis::leaves_modules_out);
            self.is_moved |= path.is_dir() || self.holds(path) || (path.extension().is_none() && leaves_out());
        }
    }

    fn is_installed(&self, path: &Path) -> bool {
        let environment = self.workspace.environment.as_ref();
        environment.is_some_and(|environment| environment.search_path.iter().any(|folder| path.starts_with(folder)))
            && !self.is_known(path)
    }

    /// The file lies in a folder in which no files are looked for.
    fn is_left_out(&self, path: &Path) -> bool {
        let is_left_out = |part: Component<'_>| {
            let name = part.as_os_str();
            name.as_encoded_bytes().starts_with(b".") || name == "node_modules" || name == "__pycache__"
        };
        path.strip_prefix(&self.workspace.folder).is_ok_and(|inside| inside.components().any(is_left_out))
    }

    /// Files may be left out now that were not, or the other way round.
    pub fn search_again(&mut self) {
        self.is_moved = true;
    }

    /// What says which findings count has changed.
    pub fn check_again(&mut self) {
        self.is_unchecked = true;
    }

    /// Looks itself which files changed on disk, where nobody tells.
    pub fn look_for_changes(&mut self) {
        /// Clocks of file systems are coarse, and some are those of other machines.
        const DOUBT: Duration = Duration::from_secs(5);
        let since = self.looked.checked_sub(DOUBT).unwrap_or(SystemTime::UNIX_EPOCH);
        self.looked = SystemTime::now();
        let is_recent = |path: &&Path| changed_at(path).is_some_and(|changed| changed >= since);
        if let Some(analysis) = self.analysis() {
            let files: Vec<&Path> =
                analysis.own_paths().chain(analysis.external_files().map(|(path, _)| path.as_path())).collect();
            let recent: Vec<PathBuf> = files.into_par_iter().filter(is_recent).map(Path::to_owned).collect();
            recent.iter().for_each(|path| self.touch(path));
        }
        let mut installed = self.workspace.environment.iter().flat_map(|environment| &environment.search_path);
        self.is_installed_anew |= installed.any(|folder| is_recent(&folder.as_path()));
        self.is_moved = true;
    }

    fn is_known(&self, path: &Path) -> bool {
        self.analysis().is_some_and(|analysis| analysis.file_at(path).is_some())
    }

    fn holds(&self, folder: &Path) -> bool {
        self.analysis().is_some_and(|analysis| analysis.has_files_in(folder))
    }

    /// Nothing happened since the last update.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.analysed.is_some()
            && self.touched.is_empty()
            && !self.is_moved
            && !self.is_installed_anew
            && !self.is_unchecked
    }

    /// Brings the program up to date; false if all is as it was. Its findings are looked for when they are asked for.
    pub fn update(&mut self, progress: &(dyn Fn(Stage) + Sync)) -> bool {
        let is_unchecked = std::mem::take(&mut self.is_unchecked);
        let touched: Vec<PathBuf> = std::mem::take(&mut self.touched).into_iter().collect();
        let is_moved = std::mem::take(&mut self.is_moved);
        let is_installed_anew = std::mem::take(&mut self.is_installed_anew);
        let mut analysis = match self.analysed.take() {
            None => self.read_again(Kept::default(), progress),
            Some(mut before) => {
                let vanished = |path: &PathBuf| !self.buffers.contains_key(path) && !path.exists();
                let is_moved = is_moved || touched.iter().any(vanished);
                let walked = is_moved.then(|| self.walked());
                // What was told of may have come to nothing.
                let is_same = |walked: &Walked| {
                    before.analysis.is_of(walked) && self.workspace.leaves_out_as_before(&before.analysis)
                };
                let moved = walked.filter(|walked| !is_same(walked));
                let changed = self.changed(&before.analysis, &touched);
                if moved.is_some() || is_installed_anew {
                    let mut kept = before.analysis.keep(moved.is_none());
                    kept.walked = moved.or(kept.walked);
                    touched.iter().for_each(|path| drop(kept.external.remove(path)));
                    kept.own.extend(changed.into_iter().map(|(path, _, read)| (path, read)));
                    self.read_again(kept, progress)
                } else if !changed.is_empty() {
                    let changed = changed.into_iter().map(|(_, file, read)| (file, read)).collect();
                    self.workspace.analyse_changed(before.analysis, changed, progress)
                } else if is_unchecked {
                    before.analysis
                } else {
                    // Where the text behind the last fact changed, the findings are the same, but not what is around them.
                    before.analysis.show_buffers(&self.buffers);
                    self.analysed = Some(before);
                    return false;
                }
            }
        };
        analysis.show_buffers(&self.buffers);
        self.analysed = Some(Box::new(analysis.into()));
        true
    }

    fn read_again(&self, kept: Kept, progress: &(dyn Fn(Stage) + Sync)) -> Analysis {
        let mut analysis = self.workspace.analyse_again(self.with_files(kept), progress);
        analysis.prepare(None);
        analysis
    }

    /// The files whose facts are others now.
    fn changed(&self, before: &Analysis, touched: &[PathBuf]) -> Vec<(PathBuf, FileId, ReadFile)> {
        let changed = touched.par_iter().filter_map(|path| {
            let known = before.file_at(path)?;
            let read = self.read(path);
            let is_same =
                read.facts == before.facts()[known.0 as usize] && read.problem.as_deref() == before.problem_of(known);
            (!is_same).then(|| (path.clone(), known, read))
        });
        changed.collect()
    }

    /// Which files there are, with those that only an editor knows.
    fn walked(&self) -> Walked {
        let mut walked = self.workspace.candidates();
        for path in self.buffers.keys() {
            if let Err(at) = walked.files.binary_search_by(|candidate| candidate.path.cmp(path)) {
                let is_new = !path.exists() && self.workspace.searches(path);
                if is_new && is_python(path) {
                    walked.files.insert(at, Candidate { path: path.clone(), problem: None });
                }
            }
        }
        walked
    }

    /// With the files that there are, and the buffers read.
    fn with_files(&self, mut kept: Kept) -> Kept {
        let walked = kept.walked.take().unwrap_or_else(|| self.walked());
        let missing = walked
            .files
            .par_iter()
            .filter(|candidate| self.buffers.contains_key(&candidate.path) && !kept.own.contains_key(&candidate.path));
        let read: Vec<_> = missing.map(|candidate| (candidate.path.clone(), self.read(&candidate.path))).collect();
        kept.own.extend(read);
        kept.walked = Some(walked);
        kept
    }

    /// The imports of a text.
    #[must_use]
    pub fn imports_of_text(&self, text: &str) -> FxHashSet<KnownImport> {
        let facts = parse(text, &self.workspace.parse_options());
        facts.imports.iter().map(|import| KnownImport::of(&facts, import)).collect()
    }

    /// The imports of a file as it was at the last update, each with its place.
    pub fn imports_of(&self, file: FileId) -> impl Iterator<Item = (KnownImport, TextRange)> {
        let facts = self.analysis().and_then(|analysis| analysis.facts().get(file.0 as usize));
        facts
            .into_iter()
            .flat_map(|facts| facts.imports.iter().map(|import| (KnownImport::of(facts, import), import.range)))
    }

    /// The insertion of a comment that silences one finding; none where there is no place for it.
    #[must_use]
    pub fn ignoring_comment(&self, text: &str, diagnostic: &Diagnostic) -> Option<Vec<Edit>> {
        let (analysis, file) = (self.analysis()?, diagnostic.primary.file);
        let facts = analysis.facts().get(file.0 as usize).filter(|_| !NEVER.contains(&diagnostic.rule))?;
        let edits = comments(file, text, facts, &[diagnostic], "");
        // In a string or behind a backslash it would be no comment.
        let errors = |text: &str| parse(text, &self.workspace.parse_options()).syntax_errors.len();
        (errors(&apply(text, &edits)) <= errors(text)).then_some(edits)
    }

    fn read(&self, path: &Path) -> ReadFile {
        let options = self.workspace.parse_options();
        if let Some(text) = self.buffers.get(path) {
            return ReadFile { facts: facts_of(path, text.as_bytes().to_vec(), &options), problem: None };
        }
        match read_bytes(path) {
            Ok(bytes) => ReadFile { facts: facts_of(path, bytes, &options), problem: None },
            Err(problem) => ReadFile::unreadable(problem),
        }
    }

    /// Findings without what the project's baseline knows; it is told whether there is one. One that can't be read knows
    /// nothing.
    fn sifted(&self, analysis: &Analysis, find: impl FnOnce(bool) -> Vec<Diagnostic>) -> Vec<Diagnostic> {
        let baseline = self.workspace.baseline_path().and_then(|path| Baseline::read(&path).ok().flatten());
        let diagnostics = find(baseline.is_some());
        match baseline {
            Some(baseline) => baseline.sift(analysis, diagnostics).new,
            None => diagnostics,
        }
    }
}

/// When the file last changed: its content, its name or its place, as far as the system tells. A file that is moved over another
/// one brings an older content.
fn changed_at(path: &Path) -> Option<SystemTime> {
    let metadata = path.metadata().ok()?;
    let modified = metadata.modified().ok();
    #[cfg(unix)]
    let changed = {
        use std::os::unix::fs::MetadataExt;
        let seconds = u64::try_from(metadata.ctime()).ok();
        seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    };
    #[cfg(not(unix))]
    let changed = None;
    modified.max(changed)
}
