//! Reads installed packages, as far as something asks what they export.
//!
//! Asked for are the modules that the program names, what those take stars and `__all__` from, and, where the program
//! uses a module that mostly passes on what others define, all that such a module loads. Of every other module that is
//! named only its existence is looked up.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use douane_base::{FileId, ModuleName};
use douane_graph::{ModuleKind, ModuleSource, Origin, StandardLibrary};
use douane_parser::{AllItem, BindingKind, FileFacts, Import, ScopeId, Target, When};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    binary::module_names_in,
    environment::Environment,
    files::read_bytes,
    finder::{Finder, Found, FoundKind},
};

/// A file of an installed package that was read.
pub(crate) struct ExternalFile<'k> {
    pub(crate) path: PathBuf,
    pub(crate) facts: Cow<'k, FileFacts>,
}

/// The installed modules that the program has to do with.
#[derive(Default)]
pub(crate) struct External<'k> {
    /// Their files are numbered by the position in the list of files.
    pub(crate) modules: Vec<ModuleSource>,
    pub(crate) files: Vec<ExternalFile<'k>>,
}

/// Tells what may be installed: what is neither of the program itself nor of the standard library.
pub(crate) struct Foreign<'p> {
    own_packages: FxHashSet<&'p str>,
    standard_library: StandardLibrary,
}

impl<'p> Foreign<'p> {
    pub(crate) fn new(own_modules: &'p [ModuleSource], standard_library: StandardLibrary) -> Self {
        Self { own_packages: own_modules.iter().map(|module| module.name.top_level()).collect(), standard_library }
    }

    fn holds(&self, top_level: &str) -> bool {
        !self.own_packages.contains(top_level) && !self.standard_library.contains(top_level)
    }

    /// The imports of a file of the program that may be of installed packages.
    fn imports<'f>(&self, facts: &'f FileFacts) -> impl Iterator<Item = &'f Import> {
        facts.imports.iter().filter(|import| match import.target.module() {
            (0, Some(module)) => self.holds(facts.name(module).split('.').next().unwrap_or_default()),
            _ => false,
        })
    }

    /// What a file of the program asks of installed packages: all that [`Loader::load`] wants to know of it.
    pub(crate) fn asked_by(&self, facts: &FileFacts) -> FxHashSet<(bool, ModuleName)> {
        let of = |import: &Import| {
            let is_whole = matches!(import.target, Target::Module(_));
            targets(facts, import, None).into_iter().map(move |module| (is_whole, module))
        };
        self.imports(facts).flat_map(of).collect()
    }
}

pub(crate) struct Loader<'l, 'k> {
    finder: Finder,
    foreign: &'l Foreign<'l>,
    read: &'l ReadFacts<'l, 'k>,
    known: FxHashMap<ModuleName, Option<Known>>,
    external: External<'k>,
    /// The module that each file is of.
    modules_of_files: Vec<ModuleName>,
}

/// Reads a file; nothing where it can't be read.
type ReadFacts<'l, 'k> = dyn Fn(&Path) -> Option<Cow<'k, FileFacts>> + Sync + 'l;

struct Known {
    /// Position in [`External::modules`].
    module: usize,
    found: Found,
    is_read: bool,
}

impl<'l, 'k> Loader<'l, 'k> {
    pub(crate) fn new(environment: &Environment, foreign: &'l Foreign<'l>, read: &'l ReadFacts<'l, 'k>) -> Self {
        Self {
            finder: Finder::new(environment),
            foreign,
            read,
            known: FxHashMap::default(),
            external: External::default(),
            modules_of_files: Vec::new(),
        }
    }

    /// What files with these facts have to do with.
    pub(crate) fn load(mut self, program: &[FileFacts]) -> External<'k> {
        let foreign = self.foreign;
        let named_by = |facts: &FileFacts| -> Vec<ModuleName> {
            foreign.imports(facts).flat_map(|import| targets(facts, import, None)).collect()
        };
        let mut named: Vec<ModuleName> = program.par_iter().flat_map_iter(named_by).collect();
        named.sort_unstable();
        named.dedup();
        self.read_with_stars(&named);
        let umbrellas: Vec<ModuleName> = named.iter().filter(|name| self.passes_on(name)).cloned().collect();
        if !umbrellas.is_empty() && self.program_uses(program, &umbrellas) {
            self.read_closure(umbrellas);
        }
        self.external
    }

    /// Reads modules, and in rounds the modules that they take stars or `__all__` from.
    fn read_with_stars(&mut self, names: &[ModuleName]) {
        let mut wanted = names.to_vec();
        while !wanted.is_empty() {
            let read = self.read(&wanted);
            wanted = read.iter().flat_map(|file| self.star_sources(*file)).collect();
            wanted.sort_unstable();
            wanted.dedup();
        }
    }

    /// Reads everything that the modules load.
    fn read_closure(&mut self, names: Vec<ModuleName>) {
        let mut seen: FxHashSet<ModuleName> = FxHashSet::default();
        let mut wanted = names;
        while !wanted.is_empty() {
            wanted.retain(|name| seen.insert(name.clone()));
            self.read(&wanted);
            let mut next: Vec<ModuleName> = Vec::new();
            for name in &wanted {
                next.extend(self.loaded_by(name));
            }
            next.sort_unstable();
            next.dedup();
            wanted = next;
        }
    }

    /// Looks a module up, with its parents. `None`: not installed, or not of an installed package at all.
    fn find(&mut self, name: &ModuleName) -> Option<&Known> {
        if !self.known.contains_key(name) {
            if let Some(parent) = name.parent() {
                self.find(&parent);
            }
            let found = if self.foreign.holds(name.top_level()) { self.finder.find(name) } else { None };
            let known = found.map(|found| {
                let kind = match found.kind {
                    FoundKind::Source => ModuleKind::Source,
                    FoundKind::Package => ModuleKind::Package,
                    FoundKind::Namespace => ModuleKind::Namespace,
                    FoundKind::Extension => ModuleKind::Extension,
                };
                self.external.modules.push(ModuleSource {
                    name: name.clone(),
                    kind,
                    origin: Origin::ThirdParty,
                    file: None,
                    stub: None,
                    loads: Vec::new(),
                });
                Known { module: self.external.modules.len() - 1, found, is_read: false }
            });
            self.known.insert(name.clone(), known);
        }
        self.known.get(name).and_then(Option::as_ref)
    }

    /// Reads the files of modules that were not read yet, with their parents; returns the positions of the files.
    fn read(&mut self, names: &[ModuleName]) -> Vec<usize> {
        let mut jobs: Vec<(ModuleName, usize, Found)> = Vec::new();
        for name in names {
            let mut at = Some(name.clone());
            while let Some(name) = at {
                self.find(&name);
                let Some(Some(known)) = self.known.get_mut(&name) else { break };
                if !std::mem::replace(&mut known.is_read, true) {
                    jobs.push((name.clone(), known.module, known.found.clone()));
                }
                at = name.parent();
            }
        }
        let read_facts = self.read;
        let read: Vec<_> = jobs
            .into_par_iter()
            .map(|(name, module, Found { source, stub, binary, .. })| {
                let file = |path: Option<PathBuf>| {
                    let path = path?;
                    let facts = read_facts(&path)?;
                    Some(ExternalFile { path, facts })
                };
                let loads = binary.and_then(|path| read_bytes(&path).ok()).map(|bytes| module_names_in(&bytes));
                (name.clone(), module, file(source), file(stub), loads.unwrap_or_default())
            })
            .collect();
        let mut files = Vec::new();
        for (name, module, source, stub, loads) in read {
            for (file, is_stub) in [(source, false), (stub, true)] {
                let Some(file) = file else { continue };
                let id = FileId(u32::try_from(self.external.files.len()).unwrap_or(u32::MAX));
                let slot = &mut self.external.modules[module];
                if is_stub {
                    slot.stub = Some(id);
                } else {
                    slot.file = Some(id);
                }
                files.push(self.external.files.len());
                self.external.files.push(file);
                self.modules_of_files.push(name.clone());
            }
            // What a binary names outside its own distribution says nothing about what it loads.
            let loads: Vec<ModuleName> = loads
                .into_iter()
                .filter(|loaded| *loaded != name && loaded.top_level() == name.top_level())
                .filter(|loaded| self.find(loaded).is_some())
                .collect();
            self.external.modules[module].loads = loads;
        }
        for file in &files {
            for target in self.targets(*file, |_| true) {
                self.find(&target);
            }
        }
        files
    }

    fn star_sources(&self, file: usize) -> Vec<ModuleName> {
        let facts = &self.external.files[file].facts;
        let lists: FxHashSet<&str> = facts
            .all_operations
            .iter()
            .flat_map(|operation| &operation.items)
            .filter_map(|item| match item {
                AllItem::AllOf(chain) => chain.first().map(|first| facts.name(*first)),
                _ => None,
            })
            .collect();
        self.targets(file, |import| match import.target {
            Target::Star { .. } => import.scope == ScopeId::MODULE,
            Target::From { name, .. } => facts.name(name) == "__all__" || lists.contains(facts.name(name)),
            Target::Module(module) => lists.contains(facts.name(module).rsplit('.').next().unwrap_or_default()),
        })
    }

    fn loaded_by(&self, name: &ModuleName) -> Vec<ModuleName> {
        let Some(Some(known)) = self.known.get(name) else { return Vec::new() };
        let module = &self.external.modules[known.module];
        let mut found = module.loads.clone();
        if let Some(file) = module.file {
            found.extend(self.targets(file.0 as usize, |import| import.when == When::Load));
        }
        found
    }

    /// The modules that imports of a file may name: the target, and for `from a import b` also `a.b`.
    fn targets(&self, file: usize, is_wanted: impl Fn(&Import) -> bool) -> Vec<ModuleName> {
        let ExternalFile { facts, path } = &self.external.files[file];
        let module = &self.modules_of_files[file];
        let is_package = path.file_stem().is_some_and(|stem| stem == "__init__");
        let mut found = Vec::new();
        for import in facts.imports.iter().filter(|import| is_wanted(import)) {
            found.extend(targets(facts, import, Some((module, is_package))));
        }
        found
    }

    /// The module defines little of what it offers: it takes it from others, or it is compiled and names others.
    fn passes_on(&self, name: &ModuleName) -> bool {
        let Some(Some(known)) = self.known.get(name) else { return false };
        let module = &self.external.modules[known.module];
        if module.kind == ModuleKind::Extension {
            return module.stub.is_none() && module.loads.len() > 2;
        }
        let Some(facts) = self.facts(name) else { return false };
        facts.stars().next().is_some() || facts.imports.iter().filter(|import| import.when == When::Load).count() >= 3
    }

    fn facts(&self, name: &ModuleName) -> Option<&FileFacts> {
        let known = self.known.get(name)?.as_ref()?;
        let file = self.external.modules[known.module].file?;
        self.external.files.get(file.0 as usize).map(|file| &*file.facts)
    }

    /// The program takes a name from one of the modules that the module itself has from elsewhere.
    fn program_uses(&self, program: &[FileFacts], umbrellas: &[ModuleName]) -> bool {
        let umbrellas: FxHashSet<&ModuleName> = umbrellas.iter().collect();
        let uses = |facts: &FileFacts, import: &Import| match import.target {
            Target::From { level: 0, module: Some(module), name } => {
                let Some(module) = ModuleName::new(facts.name(module)) else { return false };
                let whole = module.join(facts.name(name));
                whole.is_some_and(|whole| umbrellas.contains(&whole))
                    || (umbrellas.contains(&module) && !self.defines(&module, facts.name(name)))
            }
            Target::Module(module) => ModuleName::new(facts.name(module))
                .is_some_and(|module| umbrellas.contains(&module) && !self.is_package(&module)),
            _ => false,
        };
        program.par_iter().any(|facts| self.foreign.imports(facts).any(|import| uses(facts, import)))
    }

    fn is_package(&self, name: &ModuleName) -> bool {
        let known = self.known.get(name).and_then(Option::as_ref);
        known.is_some_and(|known| known.found.kind == FoundKind::Package)
    }

    fn defines(&self, module: &ModuleName, name: &str) -> bool {
        let Some(facts) = self.facts(module) else { return false };
        self.is_package(module)
            || facts.bindings.iter().any(|binding| {
                binding.scope == ScopeId::MODULE
                    && !matches!(binding.kind, BindingKind::Import(_))
                    && facts.name(binding.name) == name
            })
    }
}

/// The modules that an import may name, where the module that it stands in is known.
pub(crate) fn targets(facts: &FileFacts, import: &Import, importer: Option<(&ModuleName, bool)>) -> Vec<ModuleName> {
    let (level, module) = import.target.module();
    let module = module.map(|module| facts.name(module));
    let base = if level == 0 {
        module.and_then(ModuleName::new)
    } else {
        importer.and_then(|(name, is_package)| {
            let mut base = if is_package { name.clone() } else { name.parent()? };
            for _ in 1..level {
                base = base.parent()?;
            }
            module.map_or_else(|| Some(base.clone()), |module| base.join(module))
        })
    };
    let Some(base) = base else { return Vec::new() };
    match import.target {
        Target::From { name, .. } => base.join(facts.name(name)).into_iter().chain([base]).collect(),
        _ => vec![base],
    }
}
