//! The pipeline: discover, read, parse, link, check.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use douane_base::{Cell, Diagnostic, FileId, ModuleName, SourceFile, TextRange};
use douane_cost::Installed;
use douane_graph::{ModuleGraph, ModuleKind, ModuleSource, Origin, Program, StandardLibrary, link, relink};
use douane_parser::{FileFacts, Notebook, ParseOptions, SourceKind, Target, parse};
use douane_rules::{Absence, LoadBudget, Prepared, Project, Settings, UnusedSettings, check};
use globset::GlobSet;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    budgets::Budget,
    entry_points::entry_points,
    estimator::Surroundings,
    external::{External, Foreign, Loader},
    files::{Candidate, Walked, python_files, read_bytes, read_regular_file, relative_to, special_file},
    left_out::{self, LeftOut},
    project::Workspace,
    source_roots::{ModuleLocation, expanded, module_of, source_roots},
};

/// A program, read and linked.
pub struct Analysis {
    /// By [`FileId`]: the program's files in the order of their paths, then those of installed packages.
    paths: Vec<PathBuf>,
    facts: Vec<FileFacts>,
    graph: ModuleGraph,
    /// What the rules share, once it was made.
    prepared: Option<Prepared>,
    /// The program's compiled modules.
    binaries: Vec<PathBuf>,
    /// All modules that were linked.
    modules: Vec<ModuleSource>,
    /// The modules of the program itself, as they are called for their places alone.
    places: Modules,
    /// The folders that were taken for namespaces, sorted.
    namespaces: Vec<PathBuf>,
    /// The modules that are there but no part of the program, which come behind its own.
    left_out: Vec<ModuleSource>,
    /// The modules of installed packages, which come last; their files are numbered from the first one that is not the program's own.
    external: Vec<ModuleSource>,
    /// The program's own files, by path relative to the project.
    own: Vec<(FileId, String)>,
    /// The files that findings are wanted of; `None` means all of the program's own.
    reported: Option<FxHashSet<FileId>>,
    unreadable: Vec<(FileId, String)>,
    /// The texts of files whose content is not the disk's.
    overlaid: FxHashMap<FileId, Shown>,
    /// The modules that git has otherwise than the disk.
    absent: FxHashMap<ModuleName, Absence>,
    unused_settings: Option<UnusedSettings>,
    entry_points: Vec<String>,
    budgets: Vec<LoadBudget>,
    pub(crate) surroundings: Surroundings,
    working_folder: PathBuf,
    /// The project's.
    folder: PathBuf,
}

/// How far an analysis is, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The program's files are looked for.
    Discover,
    /// So many files are read, of so many.
    Read(usize, usize),
    /// The modules are linked.
    Link,
}

impl Workspace {
    /// Reads and links the program. The progress is told from several threads.
    #[must_use]
    pub fn analyse(&self, progress: &(dyn Fn(Stage) + Sync)) -> Analysis {
        self.analyse_again(Kept::default(), progress)
    }

    /// Links the program, and reads what was not kept of it.
    pub(crate) fn analyse_again(&self, kept: Kept, progress: &(dyn Fn(Stage) + Sync)) -> Analysis {
        let Kept { walked, own: kept_files, external: kept_external, unknown } = kept;
        let Walked { files: candidates, binaries } = walked.unwrap_or_else(|| {
            progress(Stage::Discover);
            self.candidates()
        });
        let options = self.parse_options();
        let mut paths: Vec<PathBuf> = candidates.iter().map(|candidate| candidate.path.clone()).collect();
        let ((mut facts, problems), places) = rayon::join(
            || self.read_all(&candidates, kept_files, &options, progress),
            || self.modules(&paths, &binaries, &[]),
        );
        progress(Stage::Link);
        let problems = (0..).map(FileId).zip(problems);
        let unreadable = problems.filter_map(|(file, problem)| Some((file, problem?))).collect();
        let namespaces = self.namespaces(&places, &facts);
        let relative: Vec<String> = paths.par_iter().map(|path| slashed(&relative_to(path, &self.folder))).collect();
        let own: Vec<(FileId, String)> = (0..).map(FileId).zip(relative).collect();
        let mut modules = match namespaces.as_slice() {
            [] => places.sources.clone(),
            namespaces => self.modules(&paths, &binaries, namespaces).sources,
        };
        let reported = self.reported(&paths);
        let overlaid = self.overlaid(&paths);
        let absent_files = self.absent_files(&paths);
        let mut absent = self.absent(&paths, &absent_files);
        let external = self.external(&modules, &facts, &|path| kept_external.get(path));
        let is_before = !unknown.is_empty();
        let search = self.left_out(&places, (&modules, &external.modules), &paths, &absent_files).with_unknown(unknown);
        let left_out =
            left_out::sources(&each(&modules, &facts, &|module, facts| search.asked_by(facts, module)), &modules);
        for folder in self.removed_submodules().filter(|_| !is_before) {
            let search = LeftOut::with_unknown(search.clone(), vec![folder.clone()]);
            let gone = each(&modules, &facts, &|module, facts| search.unknown_asked_by(facts, module));
            absent.extend(
                gone.into_iter().map(|module| (module, Absence::Deleted(slashed(&relative_to(folder, &self.folder))))),
            );
        }
        modules.extend(left_out.iter().cloned());
        let next_file = u32::try_from(paths.len()).unwrap_or(u32::MAX);
        modules.extend(external.modules.iter().map(|module| numbered_from(module, next_file)));
        for file in external.files {
            paths.push(file.path);
            facts.push(file.facts.into_owned());
        }
        let program = self.program(modules, &facts);
        let graph = link(&program);
        let modules = program.modules;
        let analysis = Analysis {
            paths,
            facts,
            graph,
            prepared: None,
            binaries,
            modules,
            places,
            namespaces,
            left_out,
            external: external.modules,
            own,
            reported,
            unreadable,
            overlaid,
            absent,
            unused_settings: None,
            entry_points: Vec::new(),
            budgets: self.configuration.budgets.iter().filter_map(Budget::of_loads).collect(),
            surroundings: self.surroundings(),
            working_folder: self.request.working_folder.clone(),
            folder: self.folder.clone(),
        };
        self.with_metadata(analysis)
    }

    /// Links the program again after some of its files changed and none came or went. What the rules share is made as
    /// well, from what they shared before.
    pub(crate) fn analyse_changed(
        &self,
        mut analysis: Analysis,
        changed: Vec<(FileId, ReadFile)>,
        progress: &(dyn Fn(Stage) + Sync),
    ) -> Analysis {
        let mut before: Vec<(FileId, FileFacts)> = Vec::with_capacity(changed.len());
        for (file, ReadFile { facts, problem }) in changed {
            before.push((file, std::mem::replace(&mut analysis.facts[file.0 as usize], facts)));
            analysis.unreadable.retain(|(other, _)| *other != file);
            analysis.unreadable.extend(problem.map(|problem| (file, problem)));
        }
        analysis.unreadable.sort_unstable();
        if !self.has_same_modules(&analysis, &before) {
            let mut analysis = self.analyse_again(analysis.keep(true), progress);
            analysis.prepare(None);
            return analysis;
        }
        let Analysis { facts, graph, modules, prepared, .. } = analysis;
        let program = self.program(modules, &facts);
        let graph = relink(&program, graph, &before);
        let modules = program.modules;
        let analysis = Analysis { facts, graph, modules, prepared: None, ..analysis };
        let mut analysis = self.with_metadata(analysis);
        analysis.prepare(prepared);
        analysis
    }

    /// The modules of an analysis are still those that its files ask for; these were the facts of the files that changed since.
    fn has_same_modules(&self, analysis: &Analysis, before: &[(FileId, FileFacts)]) -> bool {
        let is_same = |(file, before): &(FileId, FileFacts)| {
            let now = &analysis.facts[file.0 as usize];
            imported(before).eq(imported(now)) && before.all_operations == now.all_operations
        };
        before.iter().all(is_same)
            || (self.has_same_installed(analysis, before) && self.has_same_left_out(analysis, before))
    }

    fn has_same_installed(&self, analysis: &Analysis, before: &[(FileId, FileFacts)]) -> bool {
        let Analysis { paths, facts, places, namespaces, external, own, .. } = analysis;
        let (own_facts, external_facts) = facts.split_at(own.len());
        if self.namespaces(places, own_facts) != *namespaces {
            return false;
        }
        let foreign = Foreign::new(analysis.own_modules(), self.standard_library());
        let asks_for_others = |(file, facts): &(FileId, FileFacts)| {
            foreign.asked_by(facts) != foreign.asked_by(&own_facts[file.0 as usize])
        };
        if !before.iter().any(asks_for_others) {
            return true;
        }
        let external_paths = &paths[own.len()..facts.len()];
        let known: FxHashMap<&Path, &FileFacts> =
            external_paths.iter().map(PathBuf::as_path).zip(external_facts).collect();
        let now = self.external(analysis.own_modules(), own_facts, &|path| known.get(path).copied());
        now.modules == *external && now.files.iter().map(|file| &file.path).eq(external_paths)
    }

    fn has_same_left_out(&self, analysis: &Analysis, before: &[(FileId, FileFacts)]) -> bool {
        let absent = self.absent_files(analysis.own_paths_sorted());
        let search = self.left_out_of(analysis, &absent);
        before.iter().all(|(file, before)| {
            let mut own = analysis.own_modules().iter();
            let module = own.find(|module| module.file == Some(*file) || module.stub == Some(*file));
            module.is_none_or(|module| {
                search.asked_by(before, module) == search.asked_by(&analysis.facts[file.0 as usize], module)
            })
        })
    }

    /// On disk are still the modules that are no part of the program.
    pub(crate) fn leaves_out_as_before(&self, analysis: &Analysis) -> bool {
        let absent = self.absent_files(analysis.own_paths_sorted());
        let (search, own) = (self.left_out_of(analysis, &absent), analysis.own_modules());
        let found = each(own, &analysis.facts, &|module, facts| search.asked_by(facts, module));
        left_out::sources(&found, own) == analysis.left_out
    }

    fn left_out_of<'p>(&self, analysis: &'p Analysis, absent: &'p FxHashMap<PathBuf, Absence>) -> LeftOut<'p> {
        let known = (analysis.own_modules(), analysis.external.as_slice());
        self.left_out(&analysis.places, known, analysis.own_paths_sorted(), absent)
    }

    /// The search for modules that are no part of the program.
    fn left_out<'p>(
        &self,
        places: &Modules,
        known: (&'p [ModuleSource], &'p [ModuleSource]),
        files: &'p [PathBuf],
        absent: &'p FxHashMap<PathBuf, Absence>,
    ) -> LeftOut<'p> {
        let mut roots = self.search_path();
        roots.extend(places.presumed_roots.keys().cloned());
        LeftOut::new(known, self.standard_library(), roots, files, absent)
    }

    /// The declared source roots and the project's folder.
    fn search_path(&self) -> Vec<PathBuf> {
        source_roots(&self.folder, self.configuration.source_roots.as_deref(), self.pyproject.as_ref())
    }

    fn program<'f>(&self, modules: Vec<ModuleSource>, facts: &'f [FileFacts]) -> Program<'f> {
        Program::new(modules, facts, self.standard_library(), self.environment.is_some())
            .on(self.configuration.platform)
    }

    /// The installed modules that the program has to do with; files whose facts are known are not read.
    fn external<'k>(
        &self,
        own_modules: &[ModuleSource],
        facts: &[FileFacts],
        known: &(dyn Fn(&Path) -> Option<&'k FileFacts> + Sync),
    ) -> External<'k> {
        let Some(environment) = &self.environment else { return External::default() };
        let options = self.parse_options();
        let read = |path: &Path| match known(path) {
            Some(facts) => Some(Cow::Borrowed(facts)),
            None => Some(Cow::Owned(facts_of(path, read_bytes(path).ok()?, &options))),
        };
        let foreign = Foreign::new(own_modules, self.standard_library());
        Loader::new(environment, &foreign, &read).load(facts)
    }

    fn standard_library(&self) -> StandardLibrary {
        StandardLibrary::new(self.target_version().minor())
    }

    /// The folders that are taken for namespaces, sorted.
    fn namespaces(&self, places: &Modules, facts: &[FileFacts]) -> Vec<PathBuf> {
        let mut found = self.imported_namespaces(places, facts);
        found.extend(self.hiding_packages(places));
        found.sort_unstable();
        found
    }

    /// With what the project says about itself now: its settings that have nothing to work on, and its entry points.
    fn with_metadata(&self, mut analysis: Analysis) -> Analysis {
        // Behind the files comes the configuration, where something is wrong in it.
        analysis.paths.truncate(analysis.facts.len());
        analysis.unused_settings = self.unused_settings(&analysis.own, &analysis.graph).map(|(path, settings)| {
            let file = FileId(u32::try_from(analysis.paths.len()).unwrap_or(u32::MAX));
            let relative = slashed(&relative_to(&path, &self.folder));
            analysis.paths.push(path);
            UnusedSettings { file, path: relative, settings }
        });
        if !self.request.isolated {
            analysis.entry_points = entry_points(&self.folder, self.pyproject.as_ref());
        }
        analysis
    }

    /// What the facts of all files depend on.
    pub(crate) fn parse_options(&self) -> ParseOptions {
        ParseOptions { version: self.target_version(), platform: self.configuration.platform, kind: SourceKind::Module }
    }

    /// The program's files and the named ones, in the order of their paths.
    pub(crate) fn candidates(&self) -> Walked {
        let mut found = Vec::new();
        let mut binaries = Vec::new();
        for folder in &self.searched {
            if folder.is_dir() {
                let mut walked = python_files(folder, &self.folder, &self.configuration.exclude);
                found.append(&mut walked.files);
                binaries.append(&mut walked.binaries);
            }
        }
        for path in &self.named {
            let is_found = self.searched.iter().any(|folder| path == folder && folder.is_dir());
            if is_found || Some(path) == self.overlay_path().as_ref() {
                continue;
            }
            if path.is_dir() {
                // Named, it is looked at even where the project leaves it out.
                let is_left_out = self.configuration.exclude.is_match(relative_to(path, &self.folder));
                let exclude = if is_left_out { &GlobSet::empty() } else { &self.configuration.exclude };
                found.append(&mut python_files(path, &self.folder, exclude).files);
            } else {
                found.push(Candidate { path: path.clone(), problem: special_file(path) });
            }
        }
        found.extend(self.overlay_path().map(|path| Candidate { path, problem: None }));
        found.par_sort_unstable();
        found.dedup_by(|one, other| one.path == other.path);
        let walked = Walked { files: found, binaries };
        match &self.staged {
            Some(staged) => self.as_in(&staged.after, walked),
            None => walked,
        }
    }

    /// The settings that have nothing to work on; not asked for where only some files are wanted.
    fn unused_settings(
        &self,
        own: &[(FileId, String)],
        graph: &ModuleGraph,
    ) -> Option<(PathBuf, Vec<(TextRange, String)>)> {
        let configuration = &self.configuration;
        let file = configuration.file.as_ref()?;
        if !self.named.is_empty() && !self.named.iter().any(|named| file.starts_with(named)) {
            return None;
        }
        let range = |span: &Range<usize>| {
            let offset = |at| u32::try_from(at).unwrap_or(u32::MAX);
            TextRange::new(offset(span.start), offset(span.end))
        };
        let roots = configuration.source_roots.iter().flatten().zip(&configuration.source_root_spans);
        let wrong = roots.filter_map(|(root, span)| {
            let folders: Vec<PathBuf> =
                expanded(&self.folder, root).into_iter().filter(|folder| folder.is_dir()).collect();
            if folders.iter().any(|folder| folder.starts_with(&self.folder)) {
                return None;
            }
            let root = root.display();
            let problem = match folders.is_empty() {
                true => format!("there is no folder `{root}`"),
                false => format!("`{root}` lies outside of the project, and what is in it is not read"),
            };
            Some((range(span), problem))
        });
        let globs = configuration.override_globs.iter();
        let unfit = globs.filter(|(glob, _, _)| !own.iter().any(|(_, path)| glob.is_match(path)));
        let unfit = unfit.map(|(_, span, text)| (range(span), format!("no file fits `{text}`")));
        let own_packages: FxHashSet<&str> = (own.iter())
            .filter_map(|(file, _)| graph.module_name(graph.module_of_file(*file)?).split('.').next())
            .collect();
        // What lies outside of these may be a script, a statement or something installed.
        let misnamed = configuration.budgets.iter().filter(|Budget { target, .. }| {
            let is_ours = target.split('.').next().is_some_and(|package| own_packages.contains(package));
            is_ours && graph.find(target).is_none() && !self.folder.join(target).exists()
        });
        let misnamed = misnamed.map(|budget| (range(&budget.span), format!("there is no module `{}`", budget.target)));
        let unused: Vec<(TextRange, String)> = wrong.chain(unfit).chain(misnamed).collect();
        (!unused.is_empty()).then(|| (file.clone(), unused))
    }

    fn overlay_path(&self) -> Option<PathBuf> {
        self.request.overlay.as_ref().and(self.named.last().cloned())
    }

    /// The texts of files whose content is not the disk's.
    fn overlaid(&self, paths: &[PathBuf]) -> FxHashMap<FileId, Shown> {
        let staged = self.staged.iter().flat_map(|staged| staged.after.contents().map(|(path, _)| path));
        let text = |path: &PathBuf| {
            let at = paths.binary_search(path).ok()?;
            Some((FileId(u32::try_from(at).ok()?), Shown::of(path, self.content(path)?.to_vec())))
        };
        self.overlay_path().iter().chain(staged).filter_map(text).collect()
    }

    fn read_all(
        &self,
        candidates: &[Candidate],
        mut kept: FxHashMap<PathBuf, ReadFile>,
        options: &ParseOptions,
        progress: &(dyn Fn(Stage) + Sync),
    ) -> (Vec<FileFacts>, Vec<Option<String>>) {
        let kept: Vec<Option<ReadFile>> = candidates.iter().map(|candidate| kept.remove(&candidate.path)).collect();
        let total = kept.iter().filter(|kept| kept.is_none()).count();
        let done = AtomicUsize::new(0);
        let read = |(candidate, kept): (_, Option<ReadFile>)| {
            let ReadFile { facts, problem } = kept.unwrap_or_else(|| {
                let read = self.read(candidate, options);
                progress(Stage::Read(done.fetch_add(1, Ordering::Relaxed) + 1, total));
                read
            });
            (facts, problem)
        };
        candidates.par_iter().zip(kept).map(read).unzip()
    }

    fn read(&self, candidate: &Candidate, options: &ParseOptions) -> ReadFile {
        let path = &candidate.path;
        let bytes = match (self.content(path), &candidate.problem) {
            (Some(bytes), _) => Ok(bytes.to_vec()),
            (None, Some(problem)) => Err(problem.clone()),
            (None, None) => read_regular_file(path),
        };
        match bytes {
            Ok(bytes) => ReadFile { facts: facts_of(path, bytes, options), problem: None },
            Err(problem) => ReadFile::unreadable(problem),
        }
    }

    fn reported(&self, paths: &[PathBuf]) -> Option<FxHashSet<FileId>> {
        let is_all = |named: &PathBuf| self.searched.iter().all(|searched| searched.starts_with(named));
        if self.named.is_empty() || self.named.iter().any(is_all) {
            return None;
        }
        let is_named = |path: &PathBuf| self.named.iter().any(|named| path.starts_with(named));
        Some((0..).map(FileId).zip(paths).filter(|(_, path)| is_named(path)).map(|(id, _)| id).collect())
    }

    /// The names of the modules that files are; the given folders are namespaces.
    pub(crate) fn module_names(&self, paths: &[PathBuf], namespaces: &[PathBuf]) -> FxHashMap<PathBuf, ModuleName> {
        let modules = self.modules(paths, &[], namespaces).sources;
        let named = |module: ModuleSource| {
            let files = [module.file, module.stub].into_iter().flatten();
            files.map(|file| (paths[file.0 as usize].clone(), module.name.clone())).collect::<Vec<_>>()
        };
        modules.into_iter().flat_map(named).collect()
    }

    /// A file that no import can name is a module all the same. Its dots become hyphens, which no identifier has.
    fn unimportable(&self, path: &Path) -> ModuleLocation {
        let relative = slashed(&relative_to(path, &self.folder));
        let parts = relative.split('/').filter(|part| !part.is_empty()).map(|part| part.replace('.', "-"));
        let name = ModuleName::new(&parts.collect::<Vec<_>>().join("."));
        let fallback = || ModuleName::new("-").expect("one part that is not empty");
        ModuleLocation { name: name.unwrap_or_else(fallback), is_package: false, root: self.folder.clone() }
    }

    /// The folders without `__init__` that the code imports by name, as `ns` in `from ns.package import name`: namespace
    /// packages (PEP 420), where their place alone would make them source roots.
    fn imported_namespaces(&self, modules: &Modules, facts: &[FileFacts]) -> Vec<PathBuf> {
        if modules.presumed_roots.is_empty() {
            return Vec::new();
        }
        let mut imported: FxHashSet<&str> = FxHashSet::default();
        for facts in facts {
            let absolute = facts.imports.iter().filter_map(|import| match import.target.module() {
                (0, Some(module)) => Some(facts.name(module)),
                _ => None,
            });
            let with_parents =
                |module| std::iter::successors(Some(module), |name: &&str| Some(name.rsplit_once('.')?.0));
            imported.extend(absolute.flat_map(with_parents));
        }
        // Who imports `json` hardly means a package of that name in some folder.
        let is_alone = |name: &str| imported.contains(name) && !self.hides(modules, name);
        let is_namespace = |(root, packages): (&PathBuf, &FxHashSet<String>)| {
            let name = slashed(&relative_to(root, &self.folder)).replace('/', ".");
            let within = packages.iter().filter(|package| imported.contains(format!("{name}.{package}").as_str()));
            within.count() > packages.iter().filter(|package| is_alone(package)).count()
        };
        let roots = modules.presumed_roots.iter();
        roots.filter(|(root, packages)| is_namespace((root, packages))).map(|(root, _)| root.clone()).collect()
    }

    /// The packages that would hide a standard module, another of the program's, or a library that it depends on, if the folder
    /// around them were a source root: nobody said that it is one.
    fn hiding_packages(&self, modules: &Modules) -> Vec<PathBuf> {
        let below = |(root, packages): (&PathBuf, &FxHashSet<String>)| {
            let hiding = packages.iter().filter(|package| self.hides(modules, package));
            hiding.map(|package| root.join(package)).collect::<Vec<_>>()
        };
        modules.presumed_roots.iter().flat_map(below).collect()
    }

    fn hides(&self, modules: &Modules, package: &str) -> bool {
        let standard_library = StandardLibrary::new(self.target_version().minor());
        standard_library.module(package).is_some()
            || modules.declared.contains(package)
            || self.dependencies.contains(&package.to_lowercase())
    }

    /// The modules that the program's files are, with the folders that hold them. The files below the given folders are
    /// named from the project's folder.
    pub(crate) fn modules(&self, paths: &[PathBuf], binaries: &[PathBuf], namespaces: &[PathBuf]) -> Modules {
        let roots = self.search_path();
        let declared: Vec<PathBuf> = roots.iter().chain([&self.folder]).cloned().collect();
        let roots_of = |path: &Path| {
            if namespaces.iter().any(|namespace| path.starts_with(namespace)) { &declared } else { &roots }
        };
        let mut presumed_roots: FxHashMap<PathBuf, FxHashSet<String>> = FxHashMap::default();
        let mut declared_names: FxHashSet<String> = FxHashSet::default();
        let packages: FxHashSet<&Path> = paths
            .iter()
            .filter(|path| path.file_stem().is_some_and(|stem| stem == "__init__"))
            .filter_map(|path| path.parent())
            .collect();
        let is_package = |folder: &Path| packages.contains(folder);
        let mut modules: Vec<ModuleSource> = Vec::with_capacity(paths.len());
        // One module may have a source file and a stub; of two source files each is a module, and the first is found.
        let mut sources: FxHashMap<(PathBuf, ModuleName), usize> = FxHashMap::default();
        let mut folders: FxHashSet<ModuleName> = FxHashSet::default();
        for (id, path) in (0..).map(FileId).zip(paths) {
            let importable = || module_of(path, roots_of(path), &is_package);
            let is_notebook = SourceKind::of(path) == SourceKind::Notebook;
            let location = if is_notebook { None } else { importable() };
            let location = location.unwrap_or_else(|| self.unimportable(path));
            if location.root == self.folder || roots.contains(&location.root) {
                if !location.name.as_str().contains('.') {
                    declared_names.insert(location.name.as_str().to_owned());
                }
            } else if location.is_package {
                let packages = presumed_roots.entry(location.root.clone()).or_default();
                packages.insert(location.name.top_level().to_owned());
            }
            let is_stub = SourceKind::of(path) == SourceKind::Stub;
            folders.extend(std::iter::successors(location.name.parent(), ModuleName::parent));
            let key = (path.with_extension(""), location.name.clone());
            let at = *sources.entry(key).or_insert_with(|| {
                let kind = if location.is_package { ModuleKind::Package } else { ModuleKind::Source };
                modules.push(module(location.name, kind));
                modules.len() - 1
            });
            if is_stub {
                modules[at].stub = Some(id);
            } else {
                modules[at].file = Some(id);
            }
        }
        for binary in binaries {
            // `_speedups.cpython-313-x86_64-linux-gnu.so` is the module `_speedups`; beside a source file it goes first.
            let Some(stem) = binary.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next())
            else {
                continue;
            };
            let path = binary.with_file_name(format!("{stem}.py"));
            let Some(location) = module_of(&path, roots_of(&path), &is_package) else { continue };
            let at = *sources.entry((path.with_extension(""), location.name.clone())).or_insert_with(|| {
                folders.extend(std::iter::successors(location.name.parent(), ModuleName::parent));
                let kind = if location.is_package { ModuleKind::Package } else { ModuleKind::Extension };
                modules.push(module(location.name, kind));
                modules.len() - 1
            });
            // A compiled `__init__` is a package all the same.
            if !location.is_package {
                modules[at].kind = ModuleKind::Extension;
            }
        }
        let named: FxHashSet<&ModuleName> = modules.iter().map(|module| &module.name).collect();
        let mut namespaces: Vec<ModuleName> = folders.into_iter().filter(|folder| !named.contains(folder)).collect();
        namespaces.sort_unstable();
        modules.extend(namespaces.into_iter().map(|name| module(name, ModuleKind::Namespace)));
        Modules { sources: modules, presumed_roots, declared: declared_names }
    }
}

/// What is found in each file of the modules.
fn each(
    modules: &[ModuleSource],
    facts: &[FileFacts],
    find: &(dyn Fn(&ModuleSource, &FileFacts) -> BTreeSet<ModuleName> + Sync),
) -> BTreeSet<ModuleName> {
    let of_module = |module: &ModuleSource| {
        let files = [module.file, module.stub].into_iter().flatten();
        files.flat_map(|file| find(module, &facts[file.0 as usize])).collect::<Vec<_>>()
    };
    modules.par_iter().flat_map_iter(of_module).collect()
}

/// What an analysis read, for the next one to use.
#[derive(Default)]
pub(crate) struct Kept {
    /// The files of the program, unless some may have come or gone.
    pub(crate) walked: Option<Walked>,
    /// By path; what is missing is read.
    pub(crate) own: FxHashMap<PathBuf, ReadFile>,
    /// Those of installed packages, by path.
    pub(crate) external: FxHashMap<PathBuf, FileFacts>,
    /// Folders that may hold any module.
    pub(crate) unknown: Vec<PathBuf>,
}

/// A file of the program.
pub(crate) struct ReadFile {
    pub(crate) facts: FileFacts,
    /// Why it could not be read.
    pub(crate) problem: Option<String>,
}

impl ReadFile {
    /// Nothing is known of a file that can't be read.
    pub(crate) fn unreadable(problem: String) -> Self {
        let mut facts = FileFacts::default();
        facts.traits.is_broken = true;
        Self { facts, problem: Some(problem) }
    }
}

/// The modules of the program's files.
pub(crate) struct Modules {
    pub(crate) sources: Vec<ModuleSource>,
    /// Folders that nobody declared to be source roots, with the packages right below them.
    presumed_roots: FxHashMap<PathBuf, FxHashSet<String>>,
    /// The modules and packages right below the project's folder and the declared source roots.
    declared: FxHashSet<String>,
}

impl Modules {
    /// Folders that nobody declared to be source roots.
    pub(crate) fn presumed_roots(&self) -> impl Iterator<Item = &PathBuf> {
        self.presumed_roots.keys()
    }
}

fn module(name: ModuleName, kind: ModuleKind) -> ModuleSource {
    ModuleSource { name, kind, origin: Origin::FirstParty, file: None, stub: None, loads: Vec::new() }
}

/// The module with its files counted on from a number.
fn numbered_from(module: &ModuleSource, first: u32) -> ModuleSource {
    let from = |file: Option<FileId>| file.map(|file| FileId(first + file.0));
    ModuleSource { file: from(module.file), stub: from(module.stub), ..module.clone() }
}

/// The modules and names that the imports of a file spell.
fn imported(facts: &FileFacts) -> impl Iterator<Item = (u32, Option<&str>, Option<&str>)> {
    facts.imports.iter().map(|import| {
        let (level, module) = import.target.module();
        let name = match import.target {
            Target::From { name, .. } => Some(facts.name(name)),
            Target::Module(_) | Target::Star { .. } => None,
        };
        (level, module.map(|module| facts.name(module)), name)
    })
}

/// The facts of a file of that path and content.
pub(crate) fn facts_of(path: &Path, bytes: Vec<u8>, options: &ParseOptions) -> FileFacts {
    let kind = SourceKind::of(path);
    let decoded = kind.decode(bytes);
    let mut facts = parse(&decoded.text, &ParseOptions { kind, ..*options });
    if let Some(error) = decoded.error {
        facts.traits.is_broken = true;
        facts.syntax_errors.insert(0, error);
    }
    // `%%bash -s {os.getpid()}` uses `os`, as the example in a text may.
    let words = decoded.foreign.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
    facts.example_names.extend(words.filter_map(|word| facts.names.find(word)));
    facts.example_names.sort_unstable();
    facts.example_names.dedup();
    facts
}

/// The text of a file, and the cells that it is made of.
#[derive(Clone)]
struct Shown {
    text: Arc<str>,
    cells: Vec<Cell>,
    /// The bytes as UTF-8, where that is another text.
    as_utf8: Option<String>,
}

impl Shown {
    fn of(path: &Path, bytes: Vec<u8>) -> Self {
        match SourceKind::of(path) {
            SourceKind::Notebook => {
                let notebook = Notebook::read(&bytes);
                Self { text: notebook.decoded().text.into(), cells: notebook.cells(), as_utf8: None }
            }
            kind => {
                let as_utf8 = (!bytes.is_ascii()).then(|| String::from_utf8_lossy(&bytes).into_owned());
                let text: Arc<str> = kind.decode(bytes).text.into();
                let as_utf8 = as_utf8.filter(|as_utf8| **as_utf8 != *text);
                Self { text, cells: Vec::new(), as_utf8 }
            }
        }
    }
}

/// The path with `/` between its parts on every system.
pub(crate) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

impl Analysis {
    /// The linked program.
    #[must_use]
    pub fn graph(&self) -> &ModuleGraph {
        &self.graph
    }

    /// The facts by [`FileId`].
    #[must_use]
    pub fn facts(&self) -> &[FileFacts] {
        &self.facts
    }

    /// The program's own files that findings are wanted of, with their paths relative to the project.
    pub fn reported_files(&self) -> impl Iterator<Item = &(FileId, String)> {
        self.own.iter().filter(|(file, _)| self.is_reported(*file))
    }

    pub(crate) fn is_reported(&self, file: FileId) -> bool {
        self.reported.as_ref().is_none_or(|reported| reported.contains(&file))
    }

    /// The number of the configuration, where something is wrong in it.
    pub(crate) fn configuration_file(&self) -> Option<FileId> {
        self.unused_settings.as_ref().map(|unused| unused.file)
    }

    /// A file's path as the user would write it.
    #[must_use]
    pub fn path(&self, file: FileId) -> PathBuf {
        self.shown(&self.paths[file.0 as usize])
    }

    /// The project's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path as the user would write it.
    pub(crate) fn shown(&self, path: &Path) -> PathBuf {
        relative_to(path, &self.working_folder)
    }

    /// Takes the analysis apart, for the next one.
    pub(crate) fn keep(self, has_same_files: bool) -> Kept {
        let Self { mut paths, mut facts, binaries, own, unreadable, .. } = self;
        // Behind the files comes the configuration, where something is wrong in it.
        paths.truncate(facts.len());
        let external = paths.split_off(own.len()).into_iter().zip(facts.split_off(own.len())).collect();
        let walked = has_same_files.then(|| Walked {
            files: paths.iter().map(|path| Candidate { path: path.clone(), problem: None }).collect(),
            binaries,
        });
        let mut problems: FxHashMap<u32, String> =
            unreadable.into_iter().map(|(file, problem)| (file.0, problem)).collect();
        let read = (0..).zip(paths).zip(facts);
        let read = read.map(|((at, path), facts)| (path, ReadFile { facts, problem: problems.remove(&at) })).collect();
        Kept { walked, own: read, external, unknown: Vec::new() }
    }

    /// The number of one of the program's own files.
    #[must_use]
    pub fn file_at(&self, path: &Path) -> Option<FileId> {
        let at = self.own_paths_sorted().binary_search_by(|known| known.as_path().cmp(path)).ok()?;
        u32::try_from(at).ok().map(FileId)
    }

    fn own_paths_sorted(&self) -> &[PathBuf] {
        &self.paths[..self.own.len()]
    }

    /// Modules are there that are no part of the program.
    pub(crate) fn leaves_modules_out(&self) -> bool {
        !self.left_out.is_empty()
    }

    /// The program's own files with their paths.
    pub(crate) fn own_files(&self) -> impl Iterator<Item = (FileId, &Path)> {
        (0..).map(FileId).zip(self.own_paths())
    }

    /// The paths of the program's own files.
    pub(crate) fn own_paths(&self) -> impl Iterator<Item = &Path> {
        self.own_paths_sorted().iter().map(PathBuf::as_path)
    }

    /// Some of the program's own files lie in a folder.
    pub(crate) fn has_files_in(&self, folder: &Path) -> bool {
        let own = &self.paths[..self.own.len()];
        let at = own.partition_point(|path| path.as_path() < folder);
        own.get(at).is_some_and(|path| path.starts_with(folder))
    }

    /// The files are those that a walk found.
    pub(crate) fn is_of(&self, walked: &Walked) -> bool {
        self.own_paths().eq(walked.files.iter().map(|candidate| candidate.path.as_path()))
            && self.binaries == walked.binaries
    }

    /// The folders that are taken for namespaces.
    pub(crate) fn namespaces(&self) -> &[PathBuf] {
        &self.namespaces
    }

    /// The folders that nobody declared to be source roots and that packages lie in.
    pub(crate) fn presumed_roots(&self) -> impl Iterator<Item = &PathBuf> {
        self.places.presumed_roots().filter(|root| !self.namespaces.contains(root))
    }

    /// The modules of the program itself.
    fn own_modules(&self) -> &[ModuleSource] {
        &self.modules[..self.modules.len() - self.left_out.len() - self.external.len()]
    }

    /// The program's compiled modules.
    pub(crate) fn binaries(&self) -> &[PathBuf] {
        &self.binaries
    }

    /// Why a file could not be read.
    pub(crate) fn problem_of(&self, file: FileId) -> Option<&str> {
        let at = self.unreadable.binary_search_by_key(&file, |(file, _)| *file).ok()?;
        Some(&self.unreadable[at].1)
    }

    /// The files of installed packages that were read, with their facts.
    pub(crate) fn external_files(&self) -> impl Iterator<Item = (&PathBuf, &FileFacts)> {
        self.paths.iter().zip(&self.facts).skip(self.own.len())
    }

    /// Lets texts stand for the contents of files.
    pub(crate) fn show_buffers(&mut self, buffers: &FxHashMap<PathBuf, Arc<str>>) {
        let shown = |path: &Path, text: &Arc<str>| match SourceKind::of(path) {
            SourceKind::Notebook => Shown::of(path, text.as_bytes().to_vec()),
            _ => Shown { text: Arc::clone(text), cells: Vec::new(), as_utf8: None },
        };
        let of_file = |(path, text): (&PathBuf, &Arc<str>)| Some((self.file_at(path)?, shown(path, text)));
        self.overlaid = buffers.iter().filter_map(of_file).collect();
    }

    /// Lets contents stand for those of files.
    pub(crate) fn show_contents<'c>(&mut self, contents: impl Iterator<Item = (&'c PathBuf, &'c [u8])>) {
        let of_file = |(path, bytes): (&PathBuf, &[u8])| Some((self.file_at(path)?, Shown::of(path, bytes.to_vec())));
        self.overlaid = contents.filter_map(of_file).collect();
    }

    /// These files, with the others that are files of modules of the same names.
    pub(crate) fn with_same_module(&self, files: &FxHashSet<FileId>) -> FxHashSet<FileId> {
        let name_of = |file: FileId| Some(self.graph.module_name(self.graph.module_of_file(file)?));
        let names: FxHashSet<&str> = files.iter().filter_map(|file| name_of(*file)).collect();
        let is_one = |file: &FileId| files.contains(file) || name_of(*file).is_some_and(|name| names.contains(name));
        self.own.iter().map(|(file, _)| *file).filter(is_one).collect()
    }

    /// Where a file is.
    #[must_use]
    pub fn full_path(&self, file: FileId) -> &Path {
        &self.paths[file.0 as usize]
    }

    /// The file is a Jupyter notebook.
    #[must_use]
    pub fn is_notebook(&self, file: FileId) -> bool {
        SourceKind::of(self.full_path(file)) == SourceKind::Notebook
    }

    /// The file is the program's own.
    pub(crate) fn is_own(&self, file: FileId) -> bool {
        (file.0 as usize) < self.own.len()
    }

    /// Runs the rules over the whole program; [`Workspace::wanted`] chooses among what they find.
    #[must_use]
    pub fn check(&self, settings: &Settings) -> Vec<Diagnostic> {
        self.check_unless(settings, &|| false)
    }

    /// The same, not complete if it is given up.
    pub(crate) fn check_unless(&self, settings: &Settings, is_given_up: &(dyn Fn() -> bool + Sync)) -> Vec<Diagnostic> {
        let installed = self.installed_for(settings);
        let mut project = self.project();
        project.installed = installed.as_ref();
        project.is_given_up = is_given_up;
        project.unused_settings = self.unused_settings.as_ref();
        check(&project, settings)
    }

    /// The findings in some of the wanted files. They are the same as those among the findings of all.
    pub(crate) fn check_files(&self, settings: &Settings, files: &FxHashSet<FileId>) -> Vec<Diagnostic> {
        let reported: Vec<(FileId, String)> =
            self.reported_files().filter(|(file, _)| files.contains(file)).cloned().collect();
        let installed = self.installed_for(settings);
        let mut project = self.project();
        project.installed = installed.as_ref();
        project.reported = &reported;
        check(&project, settings)
    }

    /// Makes what the rules share, so that several checks can make use of it; from what they shared before the last
    /// change, if that is known.
    pub(crate) fn prepare(&mut self, before: Option<Prepared>) {
        self.prepared = Some(Prepared::new(&self.project(), before));
    }

    pub(crate) fn project(&self) -> Project<'_> {
        let mut project = Project::new(&self.facts, &self.graph, &self.own);
        project.unreadable = &self.unreadable;
        project.entry_points = &self.entry_points;
        project.budgets = &self.budgets;
        project.absent = &self.absent;
        match &self.prepared {
            Some(prepared) => project.prepared(prepared),
            None => project,
        }
    }

    fn installed_for(&self, settings: &Settings) -> Option<Installed> {
        settings.want_costs(!self.budgets.is_empty()).then(|| self.installed())
    }

    /// Reads a file again, to show it. What vanished in the meantime is empty.
    #[must_use]
    pub fn source_file(&self, file: FileId) -> SourceFile {
        let path = &self.paths[file.0 as usize];
        let shown = self.overlaid.get(&file).cloned();
        let Shown { text, cells, as_utf8 } =
            shown.unwrap_or_else(|| Shown::of(path, read_bytes(path).unwrap_or_default()));
        SourceFile::new(self.path(file), text.to_string()).with_cells(cells).with_text_as_utf8(as_utf8)
    }
}
