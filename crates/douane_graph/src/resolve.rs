//! Which module an import statement names.
//!
//! The rules are those of the import system (language reference, section 5; PEP 328 for relative imports).

use douane_base::{FileId, ModuleName};
use douane_parser::{Attribute, BindingKind, EffectKind, FileFacts, Import, ImportId, Reference, ScopeId, Target};
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
    pub(crate) module_of_file: FxHashMap<FileId, ModuleId>,
    packages: FxHashMap<ModuleId, PackageTraits>,
}

/// What the search asks of a package's own file, read once.
struct PackageTraits {
    /// Its submodules may lie elsewhere: it touches its `__path__` or replaces itself, or was not read.
    extends_path: bool,
    /// The names that its code binds by other means than imports.
    own_names: FxHashSet<Box<str>>,
}

impl ModuleTable {
    pub(crate) fn new(program: &Program<'_>) -> Self {
        let mut table = Self {
            modules: Vec::with_capacity(program.modules.len()),
            by_name: FxHashMap::default(),
            typing_views: FxHashMap::default(),
            module_of_file: FxHashMap::default(),
            packages: FxHashMap::default(),
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
            self.module_of_file.insert(file, id);
        }
        self.modules.push(module);
        id
    }

    pub(crate) fn find(&self, name: &str) -> Option<ModuleId> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.index()]
    }

    /// The submodule of a package, in the view of the importer.
    pub(crate) fn child(&mut self, program: &Program<'_>, package: ModuleId, name: &str) -> Option<ModuleId> {
        let package = self.module(package);
        if !package.is_package() && package.origin != Origin::Standard {
            return None;
        }
        let is_standard = package.origin == Origin::Standard;
        let name = format!("{}.{name}", package.name);
        if is_standard { self.find_or_add(program, &name) } else { self.find(&name) }
    }

    /// A module by name; a module of the standard library enters the graph when it is first asked for.
    pub(crate) fn find_or_add(&mut self, program: &Program<'_>, name: &str) -> Option<ModuleId> {
        if let Some(found) = self.find(name) {
            return Some(found);
        }
        let kind = match program.standard_library.module(name)?.kind {
            Kind::Package => ModuleKind::Package,
            Kind::Source | Kind::Stub | Kind::Unlisted => ModuleKind::Source,
            Kind::Extension => ModuleKind::Extension,
        };
        let name = ModuleName::new(name)?;
        let parent = name.parent().and_then(|parent| self.find_or_add(program, parent.as_str()));
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
        Some(id)
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
            at = self.find(&format!("{}.{}", self.module(at).name, facts.name(attribute.name)))?;
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
            (Target::Module(module), None) => self.find(facts.name(module).split('.').next()?),
            (Target::From { name, .. }, _) => self.find(&format!("{}.{}", self.module(resolved).name, facts.name(name))),
            (Target::Star { .. }, _) => None,
        }
    }

    /// Resolves the module part of an import.
    pub(crate) fn resolve(
        &mut self,
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

    fn absolute(&mut self, program: &Program<'_>, importer: ModuleId, name: &str) -> Resolution {
        let resolution = self.by_name(program, name);
        if matches!(resolution, Resolution::Module(_)) {
            return resolution;
        }
        // A script's own folder is the first entry of `sys.path`.
        let folder = self.module(importer).parent.filter(|parent| self.module(*parent).kind == ModuleKind::Namespace);
        if let Some(folder) = folder
            && let Some(sibling) = self.module(folder).name.join(name)
            && let Some(found) = self.find(sibling.as_str())
        {
            return Resolution::Module(found);
        }
        resolution
    }

    fn by_name(&mut self, program: &Program<'_>, name: &str) -> Resolution {
        if let Some(found) = self.find_or_add(program, name) {
            return Resolution::Module(found);
        }
        let mut nearest = None;
        let mut above = name;
        while let Some((parent, _)) = above.rsplit_once('.') {
            above = parent;
            nearest = self.find_or_add(program, parent);
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

    fn extends_path(&mut self, program: &Program<'_>, package: ModuleId) -> bool {
        self.package_traits(program, package).extends_path
    }

    /// True if the package binds the name itself, by something else than an import.
    pub(crate) fn binds_other(&mut self, program: &Program<'_>, package: ModuleId, name: &str) -> bool {
        self.package_traits(program, package).own_names.contains(name)
    }

    fn package_traits(&mut self, program: &Program<'_>, package: ModuleId) -> &PackageTraits {
        let file = self.module(package).file;
        self.packages.entry(package).or_insert_with(|| match file {
            Some(file) => package_traits(program.facts(file)),
            None => PackageTraits { extends_path: true, own_names: FxHashSet::default() },
        })
    }
}

fn package_traits(facts: &FileFacts) -> PackageTraits {
    let replaces_itself = facts.effects.iter().any(|effect| matches!(effect.kind, EffectKind::ReplacesItself(_)));
    let own_names = facts
        .bindings
        .iter()
        .filter(|binding| binding.scope == ScopeId::MODULE && !matches!(binding.kind, BindingKind::Import(_)))
        .map(|binding| facts.name(binding.name).into())
        .collect();
    PackageTraits {
        extends_path: facts.traits.is_broken || replaces_itself || facts.traits.touches_path,
        own_names,
    }
}

/// The name that a `from` import takes.
pub(crate) fn taken_name<'f>(facts: &'f FileFacts, import: &Import) -> Option<&'f str> {
    match import.target {
        Target::From { name, .. } => Some(facts.name(name)),
        _ => None,
    }
}
