//! Which of the findings are wanted: those of the named files and of a change, with what these bring about elsewhere.

use std::path::{Path, PathBuf};

use douane_base::{Diagnostic, FileId, ModuleName, Severity, TextRange};
use douane_graph::{ModuleId, Object};
use douane_parser::ImportId;
use douane_rules::{Absence, Settings};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Analysis, Baseline, Workspace,
    analysis::{Kept, ReadFile, facts_of},
    files::{Candidate, FOLDER, Walked, is_foreign_folder, is_python, read_bytes, relative_to, special_file},
    git::{Change, Snapshot, Staged},
};

/// The findings of a run.
#[derive(Default)]
pub struct Wanted {
    /// Those that are asked for, sorted.
    pub diagnostics: Vec<Diagnostic>,
    /// The others, that the change has nothing to do with.
    pub outside: Vec<Diagnostic>,
}

impl Workspace {
    /// Of all that is found in a program what is asked for: of named files and folders what lies in them, and what a named
    /// file brings about elsewhere; of a change what lies in its files, what points to them, and what was not there before.
    #[must_use]
    pub fn wanted(&self, analysis: &Analysis, settings: &Settings, found: Vec<Diagnostic>) -> Wanted {
        let mut found = found;
        let given: FxHashSet<FileId> = match self.request.only_given {
            true => FxHashSet::default(),
            false => {
                let files = self.named.iter().filter(|path| !self.is_input(path));
                files.filter_map(|path| analysis.file_at(path)).collect()
            }
        };
        let configuration = analysis.configuration_file();
        found.retain(|diagnostic| {
            let file = diagnostic.primary.file;
            analysis.is_reported(file) || Some(file) == configuration || analysis.touches(diagnostic, &given)
        });
        let Some(staged) = &self.staged else { return Wanted { diagnostics: found, outside: Vec::new() } };
        if self.changes_configuration(staged) {
            return Wanted { diagnostics: found, outside: Vec::new() };
        }
        let changed = analysis.own_files().filter(|(_, path)| staged.changes(path)).map(|(file, _)| file).collect();
        let (mut diagnostics, rest): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|diagnostic| analysis.touches(diagnostic, &changed));
        if rest.is_empty() {
            return Wanted { diagnostics, outside: Vec::new() };
        }
        let sifted = self.findings_before(staged, analysis, settings).sift(analysis, rest);
        diagnostics.extend(sifted.new);
        diagnostics.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
        Wanted { diagnostics, outside: sifted.known }
    }

    /// The next commit is looked at, and changes nothing.
    #[must_use]
    pub fn nothing_is_staged(&self) -> bool {
        self.request.change == Some(Change::Staged)
            && self.staged.as_ref().is_some_and(|staged| staged.changed.is_empty())
    }

    /// What is reported of a file that did not change may be another thing than before: by the configuration, one that is gone,
    /// or the baseline.
    fn changes_configuration(&self, staged: &Staged) -> bool {
        let used = self.configuration.file.clone();
        let deleted = ["lint.toml", "pyproject.toml"].map(|name| self.folder.join(name));
        let deleted = deleted.into_iter().filter(|file| self.request.configuration.is_none() && !file.exists());
        used.into_iter().chain(deleted).any(|file| staged.changes_configuration(&file))
            || self.baseline_path().is_some_and(|path| staged.changed.contains(&path))
    }

    /// What was found before a change.
    fn findings_before(&self, staged: &Staged, after: &Analysis, settings: &Settings) -> Baseline {
        let packaged = self.packaged_as_before(staged);
        let project = packaged.as_ref().unwrap_or(self);
        let options = project.parse_options();
        let has_same_options = options == self.parse_options();
        let files = after.own_paths().map(|path| Candidate { path: path.to_owned(), problem: None }).collect();
        let walked = project.as_in(&staged.before, Walked { files, binaries: after.binaries().to_vec() });
        let read = |candidate: &Candidate| {
            let path = &candidate.path;
            let is_changed = staged.changed.contains(path);
            if let Some(file) = after.file_at(path).filter(|_| !is_changed && has_same_options) {
                let problem = after.problem_of(file).map(str::to_owned);
                return (path.clone(), ReadFile { facts: after.facts()[file.0 as usize].clone(), problem });
            }
            let content = if is_changed { staged.before.content(path) } else { self.content(path) };
            let bytes = content.map_or_else(|| read_bytes(path), |bytes| Ok(bytes.to_vec()));
            let read = bytes.map(|bytes| ReadFile { facts: facts_of(path, bytes, &options), problem: None });
            (path.clone(), read.unwrap_or_else(ReadFile::unreadable))
        };
        let own = walked.files.par_iter().map(read).collect();
        let external = after.external_files().filter(|_| has_same_options);
        let external = external.map(|(path, facts)| (path.clone(), facts.clone())).collect();
        let kept = Kept { walked: Some(walked), own, external, unknown: staged.submodules.clone() };
        let mut before = project.analyse_again(kept, &|_| ());
        before.show_contents(staged.before.contents());
        Baseline::of(&before, &before.check(settings))
    }

    /// The program's files as git has them: those that it lists, whatever is ignored, and of those that it does not list the ones
    /// of other repositories.
    pub(crate) fn as_in(&self, snapshot: &Snapshot, walked: Walked) -> Walked {
        let Walked { mut files, binaries } = walked;
        files.retain(|candidate| snapshot.holds(&candidate.path));
        let known: FxHashSet<&PathBuf> = files.iter().map(|candidate| &candidate.path).collect();
        let listed = snapshot.files().filter(|path| is_python(path) && !known.contains(path));
        let listed = self.in_view(listed).into_iter().map(|path| {
            let problem = if snapshot.content(path).is_some() { None } else { special_file(path) };
            Candidate { path: path.clone(), problem }
        });
        let listed: Vec<Candidate> = listed.filter(|candidate| candidate.problem.as_deref() != Some(FOLDER)).collect();
        files.extend(listed);
        files.sort_unstable();
        Walked { files, binaries }
    }

    /// The files that are on disk but not in git, and those that the change takes away.
    pub(crate) fn absent_files(&self, present: &[PathBuf]) -> FxHashMap<PathBuf, Absence> {
        let Some(staged) = &self.staged else { return FxHashMap::default() };
        let relative = |path: &Path| relative_to(path, &self.folder).display().to_string();
        let is_absent = |path: &PathBuf| present.binary_search(path).is_err();
        let is_deleted = |path: &&PathBuf| is_python(path) && !staged.after.holds(path) && is_absent(path);
        let deleted = self.in_view(staged.changed.iter().filter(is_deleted)).into_iter();
        let deleted = deleted.map(|path| (path.clone(), Absence::Deleted(relative(path))));
        let untracked = self.in_view(staged.untracked.iter()).into_iter().filter(|path| is_absent(path));
        let untracked = untracked.map(|path| (path.clone(), Absence::Untracked(relative(path))));
        deleted.chain(untracked).collect()
    }

    /// The folders of other repositories that the change takes away.
    pub(crate) fn removed_submodules(&self) -> impl Iterator<Item = &PathBuf> {
        self.staged.iter().flat_map(|staged| staged.removed_submodules())
    }

    /// The modules of which such files are the only ones.
    pub(crate) fn absent(
        &self,
        present: &[PathBuf],
        absent: &FxHashMap<PathBuf, Absence>,
    ) -> FxHashMap<ModuleName, Absence> {
        if absent.is_empty() {
            return FxHashMap::default();
        }
        let mut all: Vec<PathBuf> = present.iter().chain(absent.keys()).cloned().collect();
        all.sort_unstable();
        let names = self.module_names(&all, &[]);
        let known: FxHashSet<&ModuleName> = present.iter().filter_map(|path| names.get(path)).collect();
        let gone = absent.iter().filter_map(|(path, absence)| Some((names.get(path)?, absence)));
        gone.filter(|(name, _)| !known.contains(name)).map(|(name, absence)| (name.clone(), absence.clone())).collect()
    }

    /// Those of the paths that a walk through the program would come by.
    fn in_view<'p>(&self, paths: impl Iterator<Item = &'p PathBuf>) -> FxHashSet<&'p PathBuf> {
        let searched: FxHashSet<&PathBuf> = paths.filter(|path| self.searches(path)).collect();
        let below = |path: &&Path| path.starts_with(&self.folder) && *path != self.folder;
        let folders: FxHashSet<&Path> = searched.iter().flat_map(|path| path.ancestors().take_while(below)).collect();
        let is_closed = |path: &&Path| {
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) || is_foreign_folder(path)
        };
        let closed: FxHashSet<&Path> = folders.into_iter().filter(is_closed).collect();
        let is_open = |path: &&PathBuf| !path.ancestors().any(|folder| closed.contains(folder));
        searched.into_iter().filter(is_open).collect()
    }
}

impl Analysis {
    /// The finding lies in one of the files, or has to do with what is in one.
    fn touches(&self, diagnostic: &Diagnostic, files: &FxHashSet<FileId>) -> bool {
        if files.is_empty() {
            return false;
        }
        // That a star is a star is nothing that the module behind it brings about; that it fails is.
        diagnostic.labels().any(|label| files.contains(&label.file))
            || (diagnostic.severity == Severity::Error
                && self
                    .modules_at(diagnostic.primary.file, diagnostic.primary.range)
                    .iter()
                    .any(|module| self.graph().module(*module).file.is_some_and(|file| files.contains(&file))))
    }

    /// The modules that the code in a place takes something from, through whatever stars.
    fn modules_at(&self, file: FileId, range: TextRange) -> FxHashSet<ModuleId> {
        let (graph, facts) = (self.graph(), self.facts().get(file.0 as usize));
        let (Some(facts), Some(by)) = (facts, graph.module_of_file(file)) else { return FxHashSet::default() };
        let overlaps = |other: TextRange| other.start() <= range.end() && range.start() <= other.end();
        let imports =
            (0..).map(ImportId).zip(&facts.imports).filter(|(_, import)| overlaps(facts.statement(import).range));
        let mut found: Vec<ModuleId> = imports.filter_map(|(id, _)| graph.resolution(by, id).module()).collect();
        for reference in facts.references.iter().filter(|reference| overlaps(reference.range)) {
            match graph.object(by, facts, reference).0 {
                Object::Module(module) | Object::Name(module, _) => found.push(module),
                Object::Unknown => {}
            }
            if reference.resolved.is_none() {
                found.extend(graph.stars(by, facts).filter_map(|(_, _, source)| source));
            }
        }
        graph.with_star_sources(self.facts(), &found)
    }
}
