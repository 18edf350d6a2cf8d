//! Which module an import statement names.
//!
//! The rules are those of the import system (language reference, section 5; PEP 328 for relative imports).

use std::collections::BTreeMap;

use douane_base::{FileId, ModuleName};
use douane_parser::{
    Attribute, Binding, BindingKind, EffectKind, FileFacts, Import, ImportId, Reference, ScopeId, Symbol, Target,
};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    link::Program,
    module::{Module, ModuleId, ModuleKind, Origin},
    namespace::Unknown,
    standard_library::Kind,
};

/// What the module part of an import names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// A module.
    Module(ModuleId),
    /// No module of that name exists; the nearest package above that does.
    Missing(Option<ModuleId>),
    /// A relative import with more dots than there are packages.
    BeyondTop,
    /// It may exist: nobody can tell.
    Unknown(Unknown),
}

impl Resolution {
    /// The module, if there is one.
    #[must_use]
    pub fn module(self) -> Option<ModuleId> {
        match self {
            Self::Module(module) => Some(module),
            _ => None,
        }
    }
}

/// The modules by name, and the search.
pub(crate) struct ModuleTable {
    pub(crate) modules: Vec<Module>,
    by_name: FxHashMap<Box<str>, ModuleId>,
    /// Second views of modules that have a source file too.
    typing_views: FxHashMap<Box<str>, ModuleId>,
    /// By [`FileId`].
    module_of_file: Vec<Option<ModuleId>>,
}

impl ModuleTable {
    pub(crate) fn new(program: &Program<'_>) -> Self {
        let mut table = Self {
            modules: Vec::with_capacity(program.modules.len()),
            by_name: FxHashMap::default(),
            typing_views: FxHashMap::default(),
            module_of_file: vec![None; program.facts.len()],
        };
        for source in &program.modules {
            let id = table.push(Module {
                name: source.name.clone(),
                kind: source.kind,
                origin: source.origin,
                file: source.file.or(source.stub),
                is_stub: source.file.is_none() && source.stub.is_some(),
                is_typing_view: false,
                parent: None,
            });
            // Of two files for one module name, the first on the search path is the one that Python finds.
            table.by_name.entry(source.name.as_str().into()).or_insert(id);
            if let (Some(_), Some(stub)) = (source.file, source.stub) {
                let view = table.push(Module {
                    name: source.name.clone(),
                    kind: source.kind,
                    origin: source.origin,
                    file: Some(stub),
                    is_stub: true,
                    is_typing_view: true,
                    parent: None,
                });
                table.typing_views.entry(source.name.as_str().into()).or_insert(view);
            }
        }
        for at in 0..table.modules.len() {
            let parent = table.modules[at].name.parent();
            table.modules[at].parent = parent.and_then(|parent| table.by_name.get(parent.as_str()).copied());
        }
        table
    }

    fn push(&mut self, module: Module) -> ModuleId {
        let id = ModuleId(u32::try_from(self.modules.len()).unwrap_or(u32::MAX));
        if let Some(file) = module.file {
            self.module_of_file[file.0 as usize] = Some(id);
        }
        self.modules.push(module);
        id
    }

    pub(crate) fn find(&self, name: &str) -> Option<ModuleId> {
        self.by_name.get(name).copied()
    }

    /// The first parts of the names of all modules.
    pub(crate) fn top_levels(&self) -> FxHashSet<&str> {
        self.modules.iter().map(|module| module.name.top_level()).collect()
    }

    pub(crate) fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.index()]
    }

    pub(crate) fn module_of_file(&self, file: FileId) -> Option<ModuleId> {
        self.module_of_file.get(file.0 as usize).copied().flatten()
    }

    /// The submodule of a package. (`os`, which is none, has `os.path`.)
    pub(crate) fn child(&self, package: ModuleId, name: &str) -> Option<ModuleId> {
        let package = self.module(package);
        if !package.is_package() && package.origin != Origin::Standard {
            return None;
        }
        let package = package.name.as_str();
        let mut full = String::with_capacity(package.len() + 1 + name.len());
        full.push_str(package);
        full.push('.');
        full.push_str(name);
        self.find(&full)
    }

    /// Adds the modules of the standard library that the program names and does not hide, and those below them. They are
    /// numbered by name, whoever names them.
    pub(crate) fn add_standard_modules(&mut self, program: &Program<'_>) {
        let library = program.standard_library;
        let top_level: FxHashSet<&str> = library.top_level_names().collect();
        let of_file = |file: FileId| standard_names(program.facts(file), &top_level);
        let files = self.modules.par_iter().filter_map(|module| module.file);
        let mut waiting: Vec<String> = files.flat_map_iter(of_file).collect::<FxHashSet<_>>().into_iter().collect();
        let mut found: BTreeMap<String, ModuleKind> = BTreeMap::new();
        while let Some(name) = waiting.pop() {
            if self.find(&name).is_some() || found.contains_key(&name) {
                continue;
            }
            let Some(known) = library.module(&name) else { continue };
            let kind = match known.kind {
                Kind::Package => ModuleKind::Package,
                Kind::Source | Kind::Stub | Kind::Unlisted => ModuleKind::Source,
                Kind::Extension => ModuleKind::Extension,
            };
            waiting.extend(name.rsplit_once('.').map(|(parent, _)| parent.to_owned()));
            // What lies below a package can be used through it, though nobody names it in an import.
            if kind == ModuleKind::Package {
                waiting.extend(library.submodules(&name).map(|child| format!("{name}.{child}")));
            }
            found.insert(name, kind);
        }
        for (name, kind) in found {
            let Some(name) = ModuleName::new(&name) else { continue };
            let parent = name.parent().and_then(|parent| self.find(parent.as_str()));
            let id = self.push(Module {
                name: name.clone(),
                kind,
                origin: Origin::Standard,
                file: None,
                is_stub: false,
                is_typing_view: false,
                parent,
            });
            self.by_name.insert(name.as_str().into(), id);
        }
    }

    /// The standard modules stay the same ones if a file has other facts.
    pub(crate) fn has_same_standard_modules(&self, program: &Program<'_>, before: &FileFacts, now: &FileFacts) -> bool {
        let library = program.standard_library;
        let top_level: FxHashSet<&str> = library.top_level_names().collect();
        let (before, now) = (standard_names(before, &top_level), standard_names(now, &top_level));
        let is_known = |name: &&String| self.find(name).is_some() || library.module(name).is_none();
        let is_standard =
            |name: &&String| self.find(name).is_some_and(|module| self.module(module).origin == Origin::Standard);
        let lost: FxHashSet<&str> = before.difference(&now).filter(is_standard).map(String::as_str).collect();
        let is_named_elsewhere = |name: &&str| {
            let files = self.modules.iter().filter_map(|module| module.file);
            files.map(|file| program.facts(file)).any(|facts| names_standard(facts, name))
        };
        now.difference(&before).all(|name| is_known(&name)) && lost.iter().all(is_named_elsewhere)
    }

    /// A module and the packages that hold it, all of which run when it is imported.
    pub(crate) fn with_parents(&self, module: ModuleId) -> Vec<u32> {
        std::iter::successors(Some(module), |module| self.module(*module).parent).map(|module| module.0).collect()
    }

    /// The module that a reference and some of its attributes name, by imports of modules alone.
    pub(crate) fn module_behind(
        &self,
        resolutions: &[Resolution],
        facts: &FileFacts,
        reference: &Reference,
        path: &[Attribute],
    ) -> Option<ModuleId> {
        let mut at = self.imported_module(resolutions, facts, facts.import_behind(reference)?)?;
        for attribute in path {
            at = self.child(at, facts.name(attribute.name))?;
        }
        Some(at)
    }

    /// The module that the name of an import stands for, if it is one.
    pub(crate) fn imported_module(
        &self,
        resolutions: &[Resolution],
        facts: &FileFacts,
        import: ImportId,
    ) -> Option<ModuleId> {
        let resolved = resolutions[import.index()].module()?;
        match (facts.import(import).target, facts.import(import).alias) {
            (Target::Module(_), Some(_)) => Some(resolved),
            (Target::Module(written), None) => self.bound(resolved, facts.name(written)),
            (Target::From { name, .. }, _) => self.child(resolved, facts.name(name)),
            (Target::Star { .. }, _) => None,
        }
    }

    /// The module that `import a.b` binds, given the one that it names: that of the first part. A script's `import a` may name
    /// a module that has a longer name, since it lies beside.
    pub(crate) fn bound(&self, named: ModuleId, written: &str) -> Option<ModuleId> {
        let dots = written.matches('.').count();
        std::iter::successors(Some(named), |module| self.module(*module).parent).nth(dots)
    }

    /// Resolves the module part of an import.
    pub(crate) fn resolve(
        &self,
        program: &Program<'_>,
        importer: ModuleId,
        facts: &FileFacts,
        import: &Import,
    ) -> Resolution {
        let (level, module) = import.target.module();
        let module = module.map_or("", |module| facts.name(module));
        let resolution = if level == 0 {
            self.absolute(program, importer, module)
        } else {
            match self.base_of(importer, level) {
                None => Resolution::BeyondTop,
                Some(base) if module.is_empty() => self.by_name(program, base.as_str()),
                Some(base) => match base.join(module) {
                    Some(name) => self.by_name(program, name.as_str()),
                    None => Resolution::Unknown(Unknown::SyntaxError),
                },
            }
        };
        self.in_view_of(importer, resolution)
    }

    /// A stub sees the stubs of other modules.
    fn in_view_of(&self, importer: ModuleId, resolution: Resolution) -> Resolution {
        let Resolution::Module(found) = resolution else { return resolution };
        if !self.module(importer).is_stub {
            return resolution;
        }
        let view = self.typing_views.get(self.module(found).name.as_str());
        Resolution::Module(view.copied().unwrap_or(found))
    }

    /// The package that so many dots lead to.
    fn base_of(&self, importer: ModuleId, level: u32) -> Option<ModuleName> {
        let module = self.module(importer);
        let mut base = if module.kind == ModuleKind::Package { module.name.clone() } else { module.name.parent()? };
        for _ in 1..level {
            base = base.parent()?;
        }
        Some(base)
    }

    fn absolute(&self, program: &Program<'_>, importer: ModuleId, name: &str) -> Resolution {
        let resolution = self.by_name(program, name);
        if let Resolution::Module(found) = resolution {
            return if self.is_hidden(importer, name, found) {
                Resolution::Unknown(Unknown::SeveralPlaces)
            } else {
                resolution
            };
        }
        // A script's own folder is the first entry of `sys.path`.
        let folder = self.module(importer).parent.filter(|parent| self.module(*parent).kind == ModuleKind::Namespace);
        if let Some(folder) = folder
            && let Some(sibling) = self.module(folder).name.join(name)
            && let Some(found) = self.find(sibling.as_str())
        {
            // `from titlecase import titlecase` in a plugin of that name means the library that it makes use of.
            let is_itself = found == importer;
            return if is_itself { Resolution::Unknown(Unknown::SeveralPlaces) } else { Resolution::Module(found) };
        }
        let is_elsewhere =
            matches!(resolution, Resolution::Missing(_)) && self.package_beside(importer, name).is_some();
        if is_elsewhere { Resolution::Unknown(Unknown::SeveralPlaces) } else { resolution }
    }

    /// The importer lies in a folder that has a package of that name too: it depends on `sys.path` which one it gets.
    fn is_hidden(&self, importer: ModuleId, name: &str, found: ModuleId) -> bool {
        let beside = self.package_beside(importer, name);
        beside.is_some_and(|package| !self.with_parents(found).contains(&package.0))
    }

    /// The package of that name in the innermost folder around the importer that is no package itself.
    fn package_beside(&self, importer: ModuleId, name: &str) -> Option<ModuleId> {
        let mut above = std::iter::successors(self.module(importer).parent, |module| self.module(*module).parent);
        let folder = above.find(|module| self.module(*module).kind == ModuleKind::Namespace)?;
        let top = name.split('.').next().unwrap_or(name);
        let package = self.find(self.module(folder).name.join(top)?.as_str())?;
        (self.module(package).kind == ModuleKind::Package).then_some(package)
    }

    fn by_name(&self, program: &Program<'_>, name: &str) -> Resolution {
        if let Some(found) = self.find(name) {
            return Resolution::Module(found);
        }
        let mut nearest = None;
        let mut above = name;
        while let Some((parent, _)) = above.rsplit_once('.') {
            above = parent;
            nearest = self.find(parent);
            if nearest.is_some() {
                break;
            }
        }
        let Some(package) = nearest else {
            return if program.environment_is_known {
                Resolution::Missing(None)
            } else {
                Resolution::Unknown(Unknown::NoEnvironment)
            };
        };
        let module = self.module(package);
        match (module.origin, module.kind) {
            // Another portion of the package may lie anywhere, and compiled packages make modules of their own.
            (_, ModuleKind::Namespace | ModuleKind::Extension) => Resolution::Unknown(Unknown::OpenPackage),
            (Origin::Standard, _) => {
                let known = program.standard_library.module(module.name.as_str());
                if known.is_some_and(|known| known.attributes.is_some()) {
                    Resolution::Missing(nearest)
                } else {
                    Resolution::Unknown(Unknown::OpenPackage)
                }
            }
            _ if self.extends_path(program, package) => Resolution::Unknown(Unknown::OpenPackage),
            _ => Resolution::Missing(nearest),
        }
    }

    fn extends_path(&self, program: &Program<'_>, package: ModuleId) -> bool {
        self.module(package).file.is_none_or(|file| extends_path(program.facts(file)))
    }
}

/// The package touches its `__path__` or replaces itself: its submodules may lie elsewhere.
pub(crate) fn extends_path(facts: &FileFacts) -> bool {
    facts.traits.is_broken
        || facts.traits.touches_path
        || facts.traits.installs_importer
        || facts.effects.iter().any(|effect| matches!(effect.kind, EffectKind::ReplacesItself(_)))
}

/// What the imports of a file may name in the standard library: modules, and names of modules that may be submodules.
fn standard_names(facts: &FileFacts, top_level: &FxHashSet<&str>) -> FxHashSet<String> {
    let mut named: FxHashSet<String> = FxHashSet::default();
    for import in &facts.imports {
        let (0, Some(module)) = import.target.module() else { continue };
        let module = facts.name(module);
        if !top_level.contains(module.split('.').next().unwrap_or(module)) {
            continue;
        }
        named.extend(taken_name(facts, import).map(|name| format!("{module}.{name}")));
        named.insert(module.to_owned());
    }
    named
}

/// The imports of a file name a module of the standard library.
fn names_standard(facts: &FileFacts, name: &str) -> bool {
    facts.imports.iter().any(|import| {
        let (0, Some(module)) = import.target.module() else { return false };
        let module = facts.name(module);
        let taken = || Some(taken_name(facts, import)? == name.strip_prefix(module)?.strip_prefix('.')?);
        module == name || taken() == Some(true)
    })
}

/// The names that each package binds itself, by something else than an import.
pub(crate) fn own_names<'f>(program: &'f Program<'_>, table: &ModuleTable) -> Vec<FxHashSet<&'f str>> {
    let of_module = |module: &Module| match module.file.filter(|_| module.kind == ModuleKind::Package) {
        Some(file) => own_names_of(program.facts(file)).collect(),
        None => FxHashSet::default(),
    };
    table.modules.par_iter().map(of_module).collect()
}

/// The names that a file binds by something else than an import.
pub(crate) fn own_names_of(facts: &FileFacts) -> impl Iterator<Item = &str> {
    let is_own =
        |binding: &&Binding| binding.scope == ScopeId::MODULE && !matches!(binding.kind, BindingKind::Import(_));
    facts.bindings.iter().filter(is_own).map(|binding| facts.name(binding.name))
}

/// The names of a compiled module's source that its binary does not have: Cython compiles its own module, what comes from
/// its `cimports` (with the fallbacks under the same names) and `__future__` away.
pub(crate) fn compiled_away(facts: &FileFacts) -> FxHashSet<Symbol> {
    let is_away = |binding: &&Binding| {
        let Some(import) = facts.import_of(binding) else { return false };
        let module = import.target.module().1.map_or("", |module| facts.name(module));
        matches!(module.split('.').next(), Some("cython" | "__future__")) || facts.name(binding.name) == "cython"
    };
    facts.bindings.iter().filter(is_away).map(|binding| binding.name).collect()
}

/// The name that a `from` import takes.
pub(crate) fn taken_name<'f>(facts: &'f FileFacts, import: &Import) -> Option<&'f str> {
    match import.target {
        Target::From { name, .. } => Some(facts.name(name)),
        _ => None,
    }
}
