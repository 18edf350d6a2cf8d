//! Looks up and reads all that a program may load, the standard library and installed packages included, for the estimate of
//! what its imports cost. No interpreter is started.
//!
//! Files are found in rounds, each in parallel: what the imports of one round name is looked up in the next. Of each file
//! only its [`LoadFacts`] are kept, on disk too where there is a folder for that.

mod cache;

use std::{
    fs,
    path::{Path, PathBuf},
};

use douane_base::{ModuleName, Platform, PythonVersion};
use douane_cost::{Installed, LoadFacts, LoadTarget, LoadedKind, LoadedModule, Measured, Modules};
use douane_graph::{ModuleKind, Origin, StandardLibrary};
use douane_parser::{ParseOptions, SourceKind, decode, parse};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use self::cache::Cache;
pub(crate) use self::cache::Stamp;
use crate::{
    analysis::Analysis,
    binary::{module_names_in, modules_of_cython},
    environment::{Editables, Environment, standard_library_folders},
    files::read_bytes,
    finder::{Finder, Found, FoundKind},
    measurements::Measurements,
    project::Workspace,
};

/// Finds what programs load.
pub struct Estimator {
    finder: Finder,
    /// The folder that is searched before everything else.
    first: Option<Finder>,
    own: FxHashMap<ModuleName, Own>,
    standard_library: StandardLibrary,
    options: ParseOptions,
    cache: Cache,
    measurements: Measurements,
    has_standard_files: bool,
}

/// A module of the project.
struct Own {
    kind: ModuleKind,
    path: Option<PathBuf>,
    /// What is known of it already.
    facts: Option<LoadFacts>,
}

/// One module that was looked up.
struct Read {
    module: LoadedModule,
    /// What is to be kept on disk.
    fresh: Vec<(PathBuf, Stamp, LoadFacts)>,
}

impl Workspace {
    /// An estimator for the project and its environment, which reads the project's files itself.
    #[must_use]
    pub fn estimator(&self) -> Estimator {
        let walked = self.candidates();
        let paths: Vec<PathBuf> = walked.files.into_iter().map(|candidate| candidate.path).collect();
        let sources = self.modules(&paths, &walked.binaries, &[]).sources;
        let own = sources.into_iter().map(|source| {
            let path = source.file.and_then(|file| paths.get(file.0 as usize)).cloned();
            (source.name, Own { kind: source.kind, path, facts: None })
        });
        Estimator::new(&self.surroundings(), own.collect())
    }

    /// What an estimate depends on besides the code.
    pub(crate) fn surroundings(&self) -> Surroundings {
        Surroundings {
            folder: self.folder.clone(),
            environment: self.environment.clone(),
            version: self.target_version(),
            platform: self.configuration.platform,
            cache: self.request.cache.clone(),
        }
    }
}

/// What an estimate depends on besides the code.
pub(crate) struct Surroundings {
    folder: PathBuf,
    environment: Option<Environment>,
    version: PythonVersion,
    platform: Platform,
    cache: Option<PathBuf>,
}

impl Analysis {
    /// All that the program may load, for the rules that ask what that costs.
    pub(crate) fn installed(&self) -> Installed {
        let (graph, facts) = (self.graph(), self.facts());
        let own = graph.ids().map(|id| graph.module(id)).filter(|module| module.origin == Origin::FirstParty);
        let own = own.map(|module| {
            let path = module.file.map(|file| self.full_path(file).to_owned());
            let facts = module.file.and_then(|file| facts.get(file.0 as usize));
            let facts = facts.map(|facts| LoadFacts::new(facts, "", module.is_package()));
            (module.name.clone(), Own { kind: module.kind, path, facts })
        });
        let mut estimator = Estimator::new(&self.surroundings, own.collect());
        let all = LoadFacts::importing(estimator.own_modules().map(ModuleName::as_str));
        let modules = estimator.modules(&[all]);
        estimator.save();
        Installed { modules, minor: estimator.minor() }
    }
}

impl Estimator {
    fn new(surroundings: &Surroundings, own: FxHashMap<ModuleName, Own>) -> Self {
        let Surroundings { folder, environment, version, platform, cache } = surroundings;
        let nothing = || Environment {
            root: folder.clone(),
            search_path: Vec::new(),
            version: None,
            editables: Editables::default(),
        };
        let mut environment = environment.clone().unwrap_or_else(nothing);
        let version = environment.version.unwrap_or(*version).clamp(PythonVersion::OLDEST, PythonVersion::NEWEST);
        let key = format!("{:?}", (folder, &environment.root, version.minor(), platform));
        let standard = standard_library_folders(&environment);
        let has_standard_files = !standard.is_empty();
        environment.search_path.splice(0..0, standard);
        Self {
            finder: Finder::new(&environment),
            first: None,
            own,
            standard_library: StandardLibrary::new(version.minor()),
            options: ParseOptions { version, platform: *platform, kind: SourceKind::Module },
            cache: Cache::open(cache.as_deref(), &key),
            measurements: Measurements::open(cache.as_deref()),
            has_standard_files,
        }
    }

    /// Searches a folder before everything else, as Python does with that of the script.
    pub fn look_first_in(&mut self, folder: &Path) {
        self.first = Some(Finder::in_folders(vec![folder.to_owned()], Some(self.options.version)));
    }

    /// The minor version of the Python that the estimate is for.
    #[must_use]
    pub fn minor(&self) -> u8 {
        self.options.version.minor()
    }

    /// The files of the standard library were found. Without them its modules are known by name only.
    #[must_use]
    pub fn has_standard_library(&self) -> bool {
        self.has_standard_files
    }

    /// The names of the project's own modules.
    pub fn own_modules(&self) -> impl Iterator<Item = &ModuleName> {
        self.own.keys()
    }

    /// The name of the project's module that a file is.
    #[must_use]
    pub fn module_of(&self, file: &Path) -> Option<&ModuleName> {
        self.own.iter().find(|(_, own)| own.path.as_deref() == Some(file)).map(|(name, _)| name)
    }

    /// What a piece of code loads, such as one import statement.
    ///
    /// # Errors
    ///
    /// One line that says why it is no Python.
    pub fn facts_of(&self, code: &[u8]) -> Result<LoadFacts, String> {
        let decoded = decode(code.to_vec());
        if let Some(error) = decoded.error {
            return Err(error.message);
        }
        let text = decoded.text.as_str();
        let facts = parse(text, &self.options);
        match facts.syntax_errors.first() {
            Some(error) => Err(error.message.clone()),
            None => Ok(LoadFacts::new(&facts, text, false)),
        }
    }

    /// All modules that code with these facts may load.
    pub fn modules(&mut self, targets: &[LoadFacts]) -> Modules {
        let mut modules = Modules::default();
        let mut seen: FxHashSet<String> = FxHashSet::default();
        let mut starred: FxHashSet<String> = FxHashSet::default();
        let mut injected: FxHashSet<ModuleName> = FxHashSet::default();
        let mut wanted: Vec<String> = targets.iter().flat_map(|facts| facts.wanted("", false)).collect();
        targets.iter().for_each(|facts| starred.extend(starred_by(facts, "", false)));
        while !wanted.is_empty() {
            let mut names: Vec<ModuleName> = Vec::new();
            for name in wanted.drain(..) {
                for end in name.match_indices('.').map(|(at, _)| at).chain([name.len()]) {
                    if !seen.contains(&name[..end]) {
                        seen.insert(name[..end].to_owned());
                        names.extend(ModuleName::new(&name[..end]));
                    }
                }
            }
            names.sort_unstable();
            let read: Vec<Option<Read>> = names.par_iter().map(|name| self.read(name)).collect();
            for Read { module, fresh } in read.into_iter().flatten() {
                fresh.into_iter().for_each(|(path, stamp, facts)| self.cache.add(path, stamp, facts));
                wanted.extend(module.facts.wanted(&module.name, module.is_package));
                starred.extend(starred_by(&module.facts, &module.name, module.is_package));
                wanted.extend(module.facts.injected.iter().map(|name| name.to_string()));
                injected.extend(module.facts.injected.iter().filter_map(|name| ModuleName::new(name)));
                modules.insert(module);
            }
            // What a star loads is known only when both ends are.
            let ready: Vec<String> = starred.iter().filter(|base| modules.find(base).is_some()).cloned().collect();
            for base in ready {
                starred.remove(&base);
                let package = modules.find(&base).map(|at| modules.get(at)).filter(|module| module.is_package);
                wanted.extend(package.into_iter().flat_map(|module| module.facts.exported_below(&module.name)));
            }
        }
        for name in injected {
            if modules.find(name.as_str()).is_none() {
                modules.insert(bare(&name, LoadedKind::Injected).module);
            }
        }
        modules
    }

    /// Writes what was read to the disk; that it can't be is no reason to fail.
    pub fn save(&self) {
        self.cache.save();
    }

    /// The module, with what was measured of it.
    fn read(&self, name: &ModuleName) -> Option<Read> {
        let mut read = self.unmeasured(name)?;
        let measured = read.module.path.as_ref().and_then(|path| self.measurements.get(path));
        if let Some(measured) = measured {
            read.module.measured = Some(Measured { private_bytes: measured.private_bytes, ns: measured.ns });
            let imports = measured.imports.iter().map(|name| name.as_str().into());
            read.module.facts.add_binary(imports);
        }
        Some(read)
    }

    fn unmeasured(&self, name: &ModuleName) -> Option<Read> {
        let found = self.first.as_ref().and_then(|first| first.find_loaded(name));
        if let Some(found) = found.filter(|found| found.kind != FoundKind::Namespace) {
            return Some(self.installed(name, &found));
        }
        let is_standard = self.standard_library.contains(name.top_level());
        let own = || self.own.get(name).filter(|own| own.kind != ModuleKind::Namespace);
        if let (false, Some(own)) = (is_standard, own()) {
            return Some(self.own_module(name, own));
        }
        if let Some(found) = self.finder.find_loaded(name) {
            return Some(self.installed(name, &found));
        }
        if is_standard {
            let module = self.standard_library.module(name.as_str())?;
            let is_there = module.attributes.is_some() || self.options.platform != Platform::Linux;
            return is_there.then(|| bare(name, LoadedKind::Builtin));
        }
        let is_folder = self.first.as_ref().is_some_and(|first| first.find_loaded(name).is_some());
        (is_folder || self.own.contains_key(name)).then(|| bare(name, LoadedKind::Namespace))
    }

    fn own_module(&self, name: &ModuleName, own: &Own) -> Read {
        match (&own.path, &own.facts) {
            (Some(path), Some(facts)) => {
                let module = LoadedModule {
                    name: name.as_str().into(),
                    kind: LoadedKind::Source,
                    is_package: own.kind == ModuleKind::Package,
                    path: Some(path.clone()),
                    bytes: fs::metadata(path).map_or(0, |file| file.len()),
                    measured: None,
                    facts: facts.clone(),
                };
                Read { module, fresh: Vec::new() }
            }
            (Some(path), None) => self.source(name, path, own.kind == ModuleKind::Package),
            (None, _) if own.kind == ModuleKind::Extension => bare(name, LoadedKind::Extension),
            (None, _) => bare(name, LoadedKind::Source),
        }
    }

    fn installed(&self, name: &ModuleName, found: &Found) -> Read {
        let is_package = found.kind == FoundKind::Package;
        match (&found.binary, &found.source) {
            // Compiled from the file beside it, it imports what that does.
            (Some(binary), Some(source)) => {
                let own = self.source(name, source, is_package);
                let mut read =
                    self.kept(binary, |bytes| LoadFacts::of_binary(std::iter::empty(), modules_of_cython(&bytes)));
                read.fresh.extend(own.fresh);
                let injected = std::mem::take(&mut read.module.facts.injected);
                read.module.facts = own.module.facts;
                read.module.facts.injected.extend(injected);
                read.module =
                    LoadedModule { name: own.module.name, kind: LoadedKind::Extension, is_package, ..read.module };
                read
            }
            (Some(binary), None) => {
                let mut read = self.kept(binary, |bytes| {
                    let loaded = module_names_in(&bytes).into_iter().filter_map(|named| loaded_by_binary(name, named));
                    LoadFacts::of_binary(loaded.map(|named| named.as_str().into()), modules_of_cython(&bytes))
                });
                read.module =
                    LoadedModule { name: name.as_str().into(), kind: LoadedKind::Extension, is_package, ..read.module };
                read
            }
            (None, Some(source)) => self.source(name, source, is_package),
            (None, None) if found.kind == FoundKind::Namespace => bare(name, LoadedKind::Namespace),
            (None, None) => bare(name, LoadedKind::Source),
        }
    }

    fn source(&self, name: &ModuleName, path: &Path, is_package: bool) -> Read {
        let mut read = self.kept(path, |bytes| {
            let text = decode(bytes).text;
            LoadFacts::new(&parse(&text, &self.options), &text, is_package)
        });
        read.module = LoadedModule { name: name.as_str().into(), is_package, ..read.module };
        read
    }

    /// The facts of a file: those that were kept, if it is still the same.
    fn kept(&self, path: &Path, facts: impl FnOnce(Vec<u8>) -> LoadFacts) -> Read {
        let stamp = Stamp::of(path);
        let bytes = stamp.map_or(0, |stamp| stamp.bytes);
        let known = stamp.and_then(|stamp| self.cache.get(path, stamp));
        let is_fresh = known.is_none();
        let facts = known.unwrap_or_else(|| read_bytes(path).map(facts).unwrap_or_default());
        let fresh = stamp.filter(|_| is_fresh).map(|stamp| (path.to_owned(), stamp, facts.clone()));
        let module = LoadedModule {
            name: "".into(),
            kind: LoadedKind::Source,
            is_package: false,
            path: Some(path.to_owned()),
            bytes,
            measured: None,
            facts,
        };
        Read { module, fresh: fresh.into_iter().collect() }
    }
}

/// The module that a compiled one loads, if a name in it is that of one. What it names outside its own distribution says
/// nothing about what it loads, but for the capsules that C code takes its interfaces from: `datetime.datetime_CAPI`.
fn loaded_by_binary(name: &ModuleName, named: ModuleName) -> Option<ModuleName> {
    if named.last().ends_with("_CAPI") || named.last().ends_with("_C_API") {
        return named.parent();
    }
    (named.top_level() == name.top_level() && named != *name).then_some(named)
}

/// A module of no file.
fn bare(name: &ModuleName, kind: LoadedKind) -> Read {
    let is_package = kind == LoadedKind::Namespace;
    let module = LoadedModule {
        name: name.as_str().into(),
        kind,
        is_package,
        path: None,
        bytes: 0,
        measured: None,
        facts: LoadFacts::default(),
    };
    Read { module, fresh: Vec::new() }
}

/// The modules that a file takes stars from.
fn starred_by<'f>(facts: &'f LoadFacts, importer: &'f str, is_package: bool) -> impl Iterator<Item = String> + 'f {
    let stars = facts.imports.iter().filter(|import| matches!(import.target, LoadTarget::Star(..)));
    stars.filter_map(move |import| import.target.base(importer, is_package))
}
