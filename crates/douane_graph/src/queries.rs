//! The linked graph, and the questions that rules ask it.

use douane_base::FileId;
use douane_parser::{BindingId, BindingKind, FileFacts, Import, ImportId, Reference, ScopeId, Symbol, Target};
use rustc_hash::FxHashSet;

use crate::{
    link::{Program, Steps},
    module::{Edge, Module, ModuleId, ModuleKind},
    name_table::{NameId, NameTable},
    namespace::{AllEntry, Entry, EntrySource, Exports, Namespace, Unknown},
    relink::Changes,
    resolve::{ModuleTable, Resolution},
    standard_library::{IMPLICIT_NAMES, StandardLibrary},
};

/// All modules, what they import and what names they have. Immutable.
pub struct ModuleGraph {
    pub(crate) table: ModuleTable,
    pub(crate) names: NameTable,
    pub(crate) namespaces: Vec<Namespace>,
    pub(crate) resolutions: Vec<Vec<Resolution>>,
    /// By importer.
    pub(crate) edges: Vec<Edge>,
    pub(crate) edge_starts: Vec<usize>,
    /// Positions in `edges`, by imported module.
    importers: Vec<u32>,
    importer_starts: Vec<usize>,
    standard_library: StandardLibrary,
    environment_is_known: bool,
    pub(crate) steps: Steps,
    pub(crate) changes: Option<Changes>,
}

/// What a name of a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The module has it.
    Found(Entry),
    /// It is a submodule, which `from package import name` loads.
    Submodule(ModuleId),
    /// The module does not have it.
    Missing,
    /// It may have it.
    Unknown(Unknown),
}

/// Where a name comes from in the end, past all modules that only pass it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Definition {
    /// A binding that is no import.
    Binding(ModuleId, BindingId),
    /// A module.
    Module(ModuleId),
    /// A name of the standard library's table.
    Standard(ModuleId, NameId),
    /// It can't be told.
    Unknown,
}

impl Definition {
    /// The name is defined in that module.
    fn is_of(self, module: ModuleId) -> bool {
        matches!(self, Self::Binding(of, _) | Self::Standard(of, _) if of == module)
    }
}

/// What an imported name, with the attributes behind it, stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// A module, named by so many of the attributes.
    Module(ModuleId),
    /// A name of a module.
    Name(ModuleId, NameId),
    /// It can't be told.
    Unknown,
}

impl ModuleGraph {
    pub(crate) fn new(
        program: &Program<'_>,
        table: ModuleTable,
        names: NameTable,
        namespaces: Vec<Namespace>,
        resolutions: Vec<Vec<Resolution>>,
        edges: Vec<Edge>,
        steps: Steps,
    ) -> Self {
        let count = table.modules.len();
        let edge_starts = starts(count, edges.iter().map(|edge| edge.importer));
        let importer_starts = starts(count, edges.iter().map(|edge| edge.imported));
        let mut free = importer_starts.clone();
        let mut importers = vec![0; edges.len()];
        for (number, edge) in (0..).zip(&edges) {
            let place = &mut free[edge.imported.index()];
            importers[*place] = number;
            *place += 1;
        }
        Self {
            table,
            names,
            namespaces,
            resolutions,
            edges,
            edge_starts,
            importers,
            importer_starts,
            standard_library: program.standard_library,
            environment_is_known: program.environment_is_known,
            steps,
            changes: None,
        }
    }

    /// All modules; a [`ModuleId`] is a position here.
    #[must_use]
    pub fn modules(&self) -> &[Module] {
        &self.table.modules
    }

    /// The numbers of all modules.
    pub fn ids(&self) -> impl Iterator<Item = ModuleId> + use<> {
        (0..u32::try_from(self.table.modules.len()).unwrap_or(u32::MAX)).map(ModuleId)
    }

    /// A module by its number.
    #[must_use]
    pub fn module(&self, module: ModuleId) -> &Module {
        self.table.module(module)
    }

    /// The dotted name of a module.
    #[must_use]
    pub fn module_name(&self, module: ModuleId) -> &str {
        self.table.module(module).name.as_str()
    }

    /// A module by its absolute name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<ModuleId> {
        self.table.find(name)
    }

    /// The module that a file is.
    #[must_use]
    pub fn module_of_file(&self, file: FileId) -> Option<ModuleId> {
        self.table.module_of_file(file)
    }

    /// The standard library of the target version.
    #[must_use]
    pub fn standard_library(&self) -> &StandardLibrary {
        &self.standard_library
    }

    /// What may be different from the graph before, where this one was linked again; nothing is known where it was linked
    /// from the start.
    #[must_use]
    pub fn changes(&self) -> Option<&Changes> {
        self.changes.as_ref()
    }

    /// A Python environment is known, so that third-party modules resolve or are missing.
    #[must_use]
    pub fn environment_is_known(&self) -> bool {
        self.environment_is_known
    }

    /// The text of a name.
    #[must_use]
    pub fn name(&self, name: NameId) -> &str {
        self.names.text(name)
    }

    /// The number of a name that a module's file spells.
    #[must_use]
    pub fn symbol_id(&self, module: ModuleId, symbol: Symbol) -> Option<NameId> {
        self.module(module).file.map(|file| self.names.of(file, symbol))
    }

    /// The number of a name, if any module has it.
    #[must_use]
    pub fn name_id(&self, name: &str) -> Option<NameId> {
        self.names.find(name)
    }

    /// What the module part of an import names.
    #[must_use]
    pub fn resolution(&self, importer: ModuleId, import: ImportId) -> Resolution {
        self.resolutions[importer.index()].get(import.index()).copied().unwrap_or(Resolution::Unknown(Unknown::NotRead))
    }

    /// What `from module import *` binds, and why that can't be told.
    #[must_use]
    pub fn exports(&self, module: ModuleId) -> &Exports {
        &self.namespaces[module.index()].exports
    }

    /// Why something about a module can't be known, in the words of a sentence behind "because".
    #[must_use]
    pub fn reason(&self, facts: &[FileFacts], module: ModuleId, reason: Unknown) -> String {
        let text = match reason {
            Unknown::DynamicAll => "its `__all__` is computed",
            Unknown::NamespaceWrite => "it writes to its own namespace",
            Unknown::WrittenBy(by) => return format!("it may get names from `{}`", self.module_name(by)),
            Unknown::ReplacesItself => "it replaces itself in `sys.modules`",
            Unknown::Getattr => "it has a `__getattr__`",
            Unknown::UnresolvedStar(import) => {
                let facts = self.module(module).file.and_then(|file| facts.get(file.0 as usize));
                let star = facts.map_or(String::new(), |facts| {
                    let import = facts.imports.get(import.index());
                    let (level, module) = import.map_or((0, None), |import| import.target.module());
                    format!("{}{}", ".".repeat(level as usize), module.map_or("", |module| facts.name(module)))
                });
                return format!("it takes a star from `{star}`, and what that brings is not known");
            }
            Unknown::Extension => "it is compiled code without a stub",
            Unknown::SyntaxError => "its file has syntax errors",
            Unknown::NoEnvironment => "no Python environment is known",
            Unknown::OpenPackage => "parts of the package may lie elsewhere",
            Unknown::SeveralPlaces => "several folders have a module of that name",
            Unknown::NotRead => "it was not read",
        };
        text.to_owned()
    }

    /// True if the module has an `__all__`.
    #[must_use]
    pub fn has_all(&self, module: ModuleId) -> bool {
        self.namespaces[module.index()].has_all
    }

    /// The entries of `__all__` that the module's own file spells, in order, repetitions included.
    #[must_use]
    pub fn all_entries(&self, module: ModuleId) -> &[AllEntry] {
        &self.namespaces[module.index()].all
    }

    /// Why the module may have names that nobody sees.
    #[must_use]
    pub fn open(&self, module: ModuleId) -> Option<Unknown> {
        self.namespaces[module.index()].open
    }

    /// The names that a star from the module binds, sorted; `None` if that can't be told.
    #[must_use]
    pub fn star_names(&self, module: ModuleId) -> Option<Vec<NameId>> {
        let mut names = match self.exports(module) {
            Exports::All(names) => names.iter().filter(|name| name.is_certain).map(|name| name.name).collect(),
            Exports::Public => self.certain_public_names(module),
            Exports::Unknown(_) => return None,
        };
        names.sort_unstable_by(|one, other| self.name(*one).cmp(self.name(*other)));
        names.dedup();
        Some(names)
    }

    /// The names that a star from the module may bind, in no order; `None` if that can't be told.
    pub(crate) fn possible_star_names(&self, module: ModuleId) -> Option<Vec<NameId>> {
        match self.exports(module) {
            Exports::All(names) => Some(names.iter().map(|exported| exported.name).collect()),
            Exports::Public => {
                let names = self.namespaces[module.index()].names().map(|(name, _)| name);
                Some(names.filter(|name| self.names.is_public(*name)).collect())
            }
            Exports::Unknown(_) => None,
        }
    }

    /// How many names a star from the module binds: surely, and at most. `None` if that can't be told.
    #[must_use]
    pub fn star_counts(&self, module: ModuleId) -> Option<(usize, usize)> {
        match self.exports(module) {
            Exports::All(names) => Some((names.iter().filter(|name| name.is_certain).count(), names.len())),
            Exports::Public => Some(self.namespaces[module.index()].public_counts(&self.names)),
            Exports::Unknown(_) => None,
        }
    }

    fn certain_public_names(&self, module: ModuleId) -> Vec<NameId> {
        self.namespaces[module.index()]
            .names()
            .filter(|(name, entry)| entry.is_certain && self.names.is_public(*name))
            .map(|(name, _)| name)
            .collect()
    }

    /// True, false, or `None` for "can't be told": whether a star from the module binds the name.
    #[must_use]
    pub fn star_brings(&self, module: ModuleId, name: &str) -> Option<bool> {
        match self.names.find(name) {
            Some(name) => self.star_brings_id(module, name),
            None => matches!(self.exports(module), Exports::All(_) | Exports::Public).then_some(false),
        }
    }

    /// The same, for a name that has a number.
    #[must_use]
    pub fn star_brings_id(&self, module: ModuleId, name: NameId) -> Option<bool> {
        let namespace = &self.namespaces[module.index()];
        match &namespace.exports {
            Exports::All(names) => match names.binary_search_by_key(&name, |exported| exported.name) {
                Ok(at) => names[at].is_certain.then_some(true),
                Err(_) => Some(false),
            },
            Exports::Public => match namespace.get(name).filter(|_| self.names.is_public(name)) {
                Some(entry) => entry.is_certain.then_some(true),
                None => Some(false),
            },
            Exports::Unknown(_) => None,
        }
    }

    /// Those of some stars of a file that a name comes with: those that surely bring it, or else those that may. Not,
    /// where the file has the same thing from an explicit import, from a star of the module that defines it or else an
    /// earlier star, and not where a later star replaces it. Facts by file.
    #[must_use]
    pub fn providers(
        &self,
        facts: &[FileFacts],
        by: ModuleId,
        stars: &[(ImportId, ModuleId)],
        name: NameId,
    ) -> Vec<(ImportId, ModuleId)> {
        let that = |wanted: Option<bool>| {
            let brings = move |(_, source): &&(ImportId, ModuleId)| self.star_brings_id(*source, name) == wanted;
            stars.iter().filter(brings).copied().collect::<Vec<_>>()
        };
        let certain = that(Some(true));
        if certain.is_empty() {
            return that(None);
        }
        let certain: Vec<_> = certain.into_iter().map(|star| (star, self.definition(facts, star.1, name))).collect();
        let own = self.entry(by, name).filter(|entry| entry.module == by);
        let own = own.map_or(Definition::Unknown, |_| self.definition(facts, by, name));
        let is_same = |one: Definition, other: Definition| one == other && one != Definition::Unknown;
        let file = self.module(by).file.and_then(|file| facts.get(file.0 as usize));
        let are_alternatives = |one: ImportId, other: ImportId| {
            file.is_some_and(|file| file.branches.are_alternatives(file.import(one).branch, file.import(other).branch))
        };
        let is_replaced = |(star, source): (ImportId, ModuleId), definition: Definition| {
            certain.iter().filter(|((_, other), _)| *other != source).any(
                |((other, other_source), other_definition)| match is_same(definition, *other_definition) {
                    // Of those that bring the same the one that defines it, or else the first.
                    true => {
                        let rank = |star: ImportId, source: ModuleId| (!definition.is_of(source), star);
                        rank(*other, *other_source) < rank(star, source)
                    }
                    false => *other > star && !are_alternatives(star, *other),
                },
            )
        };
        let provides = |(star, definition): &&((ImportId, ModuleId), Definition)| {
            !is_same(*definition, own) && !is_replaced(*star, *definition)
        };
        certain.iter().filter(provides).map(|(star, _)| *star).collect()
    }

    /// How a name is bound that a star from the module brings.
    #[must_use]
    pub fn entry(&self, module: ModuleId, name: NameId) -> Option<Entry> {
        self.namespaces[module.index()].get(name)
    }

    /// What a name of a module is.
    #[must_use]
    pub fn lookup(&self, module: ModuleId, name: &str) -> Lookup {
        match self.names.find(name) {
            Some(name) => self.lookup_id(module, name),
            None => self.unbound(module, name),
        }
    }

    /// The same, for a name that has a number.
    #[must_use]
    pub fn lookup_id(&self, module: ModuleId, name: NameId) -> Lookup {
        match self.namespaces[module.index()].get(name) {
            Some(Entry { source: EntrySource::Submodule(submodule), .. }) => Lookup::Submodule(submodule),
            Some(entry) => Lookup::Found(entry),
            None => self.unbound(module, self.name(name)),
        }
    }

    /// What a name is that the code of the module does not bind.
    fn unbound(&self, module: ModuleId, name: &str) -> Lookup {
        if let Some(submodule) = self.submodule(module, name) {
            return Lookup::Submodule(submodule);
        }
        if is_module_attribute(name) {
            return Lookup::Unknown(Unknown::OpenPackage);
        }
        match (self.open(module), self.module(module).kind) {
            (Some(reason), _) => Lookup::Unknown(reason),
            (None, ModuleKind::Namespace) => Lookup::Unknown(Unknown::OpenPackage),
            // A stub may leave names out that the compiled module has.
            (None, _) if self.module(module).is_stub => Lookup::Unknown(Unknown::Extension),
            (None, _) => Lookup::Missing,
        }
    }

    /// The names that a module may have, submodules included, in no order.
    #[must_use]
    pub fn names_of(&self, module: ModuleId) -> Vec<&str> {
        let own = self.namespaces[module.index()].names().map(|(name, _)| self.name(name));
        let submodules = self.modules().iter().filter(|other| other.parent == Some(module));
        own.chain(submodules.map(|submodule| submodule.name.last())).collect()
    }

    /// The submodule of that name.
    #[must_use]
    pub fn submodule(&self, package: ModuleId, name: &str) -> Option<ModuleId> {
        self.table.child(package, name).filter(|_| self.module(package).is_package())
    }

    /// The definition of a name of a module, past everything that only passes it on.
    #[must_use]
    pub fn definition(&self, facts: &[FileFacts], module: ModuleId, name: NameId) -> Definition {
        self.origin(facts, module, name).unwrap_or(Definition::Unknown)
    }

    /// True if a name of a module is in the end nothing but another name for something that has one, as `bytes = bytes`
    /// is for the builtin.
    #[must_use]
    pub fn is_alias(&self, facts: &[FileFacts], module: ModuleId, name: NameId) -> bool {
        self.origin(facts, module, name).is_none()
    }

    /// The definition of a name, or nothing where it is an alias.
    fn origin(&self, facts: &[FileFacts], module: ModuleId, name: NameId) -> Option<Definition> {
        let mut seen = FxHashSet::default();
        let (mut module, mut name) = (module, name);
        loop {
            if !seen.insert((module, name)) {
                return Some(self.passed_in_a_circle(&seen));
            }
            let entry = match self.lookup_id(module, name) {
                Lookup::Found(entry) => entry,
                Lookup::Submodule(submodule) => return Some(Definition::Module(submodule)),
                Lookup::Missing | Lookup::Unknown(_) => return Some(Definition::Unknown),
            };
            match entry.source {
                EntrySource::Standard => return Some(Definition::Standard(entry.module, name)),
                EntrySource::Submodule(submodule) => return Some(Definition::Module(submodule)),
                EntrySource::Patched => return Some(Definition::Unknown),
                EntrySource::Exported if entry.module == module => return Some(Definition::Unknown),
                EntrySource::Exported => module = entry.module,
                EntrySource::Binding(binding) => {
                    let Some(file) = self.module(entry.module).file else { return Some(Definition::Unknown) };
                    let Some(facts) = facts.get(file.0 as usize) else { return Some(Definition::Unknown) };
                    if facts.is_alias(binding) {
                        return None;
                    }
                    let BindingKind::Import(import) = facts.binding(binding).kind else {
                        return Some(Definition::Binding(entry.module, binding));
                    };
                    match self.imported_object(entry.module, facts, import) {
                        Object::Module(module) => return Some(Definition::Module(module)),
                        Object::Name(next, next_name) => (module, name) = (next, next_name),
                        Object::Unknown => return Some(Definition::Unknown),
                    }
                }
            }
        }
    }

    /// What modules have that take a name from each other: the submodule of that name, which the first of them loaded.
    fn passed_in_a_circle(&self, takers: &FxHashSet<(ModuleId, NameId)>) -> Definition {
        let mut submodules = takers.iter().filter_map(|(module, name)| self.submodule(*module, self.name(*name)));
        match (submodules.next(), submodules.next()) {
            (Some(submodule), None) => Definition::Module(submodule),
            _ => Definition::Unknown,
        }
    }

    /// What the name that an import binds stands for.
    #[must_use]
    pub fn imported_object(&self, importer: ModuleId, facts: &FileFacts, import: ImportId) -> Object {
        let Some(module) = self.resolution(importer, import).module() else { return Object::Unknown };
        match (facts.import(import).target, facts.import(import).alias) {
            (Target::Module(_), Some(_)) => Object::Module(module),
            (Target::Module(written), None) => {
                self.table.bound(module, facts.name(written)).map_or(Object::Unknown, Object::Module)
            }
            (Target::From { name, .. }, _) => {
                self.symbol_id(importer, name).map_or(Object::Unknown, |name| self.attribute(module, name))
            }
            (Target::Star { .. }, _) => Object::Unknown,
        }
    }

    fn attribute(&self, module: ModuleId, name: NameId) -> Object {
        match self.lookup_id(module, name) {
            Lookup::Submodule(submodule) => Object::Module(submodule),
            Lookup::Found(_) => Object::Name(module, name),
            Lookup::Missing | Lookup::Unknown(_) => Object::Unknown,
        }
    }

    /// What a reference stands for, and how many of the attributes behind it were needed to tell.
    #[must_use]
    pub fn object(&self, importer: ModuleId, facts: &FileFacts, reference: &Reference) -> (Object, usize) {
        let Some(import) = facts.import_behind(reference) else { return (Object::Unknown, 0) };
        let mut object = self.imported_object(importer, facts, import);
        for (used, attribute) in facts.chain(reference).iter().enumerate() {
            let Object::Module(module) = object else { return (object, used) };
            let name = self.symbol_id(importer, attribute.name);
            object = name.map_or(Object::Unknown, |name| self.attribute(module, name));
        }
        (object, facts.chain(reference).len())
    }

    /// The names of modules that a reference takes on its way, given one of the imports behind it: `pkg.mod.f` takes `mod`
    /// from `pkg` and `f` from `pkg.mod`.
    pub fn steps<'g>(
        &'g self,
        importer: ModuleId,
        facts: &'g FileFacts,
        import: ImportId,
        reference: &Reference,
    ) -> impl Iterator<Item = (ModuleId, NameId)> + use<'g> {
        let mut object = self.imported_object(importer, facts, import);
        let mut attributes = facts.chain(reference).iter();
        std::iter::from_fn(move || {
            let Object::Module(module) = object else { return None };
            let name = self.symbol_id(importer, attributes.next()?.name)?;
            object = self.attribute(module, name);
            (object != Object::Unknown).then_some((module, name))
        })
    }

    /// The submodules that a reference goes through although nothing makes their package load them: neither an import of
    /// the file nor the package's own code. Each with the position of its attribute.
    #[must_use]
    pub fn unimported(&self, importer: ModuleId, facts: &FileFacts, reference: &Reference) -> Vec<(ModuleId, usize)> {
        let Some(import) = facts.import_behind(reference) else { return Vec::new() };
        let steps = self.steps(importer, facts, import, reference).enumerate();
        let submodules = steps.filter_map(|(at, (module, name))| match self.namespaces[module.index()].get(name) {
            None => self.submodule(module, self.name(name)).map(|submodule| (submodule, at)),
            Some(_) => None,
        });
        let is_imported = |submodule: ModuleId| {
            let name = self.module_name(submodule);
            let imports = &self.resolutions[importer.index()];
            let named = |(at, found): (usize, &Resolution)| match found.module() {
                Some(found) if self.module(found).name.is_within(name) => true,
                Some(found) => match facts.imports.get(at).map(|import| import.target) {
                    Some(Target::From { name, .. }) => self.submodule(found, facts.name(name)) == Some(submodule),
                    _ => false,
                },
                None => false,
            };
            imports.iter().enumerate().any(named) || self.module(importer).name.is_within(name)
        };
        submodules.filter(|(submodule, _)| !is_imported(*submodule)).collect()
    }

    /// True if a reference, with all its attributes, is that name of that module: `sys.modules` of `sys.modules.pop`.
    #[must_use]
    pub fn is_name(
        &self,
        importer: ModuleId,
        facts: &FileFacts,
        reference: &Reference,
        module: &str,
        name: &str,
    ) -> bool {
        match self.object(importer, facts, reference) {
            (Object::Name(found, found_name), _) => self.module_name(found) == module && self.name(found_name) == name,
            _ => false,
        }
    }

    /// The edges of a module's own imports, in the order of its file.
    #[must_use]
    pub fn imports_of(&self, module: ModuleId) -> &[Edge] {
        &self.edges[self.edge_starts[module.index()]..self.edge_starts[module.index() + 1]]
    }

    /// The edges of the imports of a module, in the order of the importers.
    pub fn importers_of(&self, module: ModuleId) -> impl Iterator<Item = &Edge> {
        self.importers[self.importer_starts[module.index()]..self.importer_starts[module.index() + 1]]
            .iter()
            .map(|edge| &self.edges[*edge as usize])
    }

    /// All edges, by importer.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The star imports of a file, with the modules they take from.
    pub fn stars<'g>(
        &'g self,
        importer: ModuleId,
        facts: &'g FileFacts,
    ) -> impl Iterator<Item = (ImportId, &'g Import, Option<ModuleId>)> + 'g {
        (0..)
            .map(ImportId)
            .zip(&facts.imports)
            .filter(|(_, import)| matches!(import.target, Target::Star { .. }) && import.scope == ScopeId::MODULE)
            .map(move |(id, import)| (id, import, self.resolution(importer, id).module()))
    }

    /// The modules that names of some modules may come from: they themselves, and all whose stars lead to them.
    #[must_use]
    pub fn with_star_sources(&self, facts: &[FileFacts], modules: &[ModuleId]) -> FxHashSet<ModuleId> {
        let mut found: FxHashSet<ModuleId> = FxHashSet::default();
        let mut waiting = modules.to_vec();
        while let Some(module) = waiting.pop() {
            if !found.insert(module) {
                continue;
            }
            let facts = self.module(module).file.and_then(|file| facts.get(file.0 as usize));
            let stars = facts.into_iter().flat_map(|facts| self.stars(module, facts));
            waiting.extend(stars.filter_map(|(_, _, source)| source));
        }
        found
    }

    /// True if the file itself binds a name at module level by something else than an import of that name.
    #[must_use]
    pub fn binds_itself(&self, facts: &FileFacts, name: &str) -> bool {
        let bindings = facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE);
        let mut own = bindings.filter(|binding| !matches!(binding.kind, BindingKind::Import(_)));
        own.any(|binding| facts.name(binding.name) == name)
    }

    /// True if the file itself binds the name at module level.
    #[must_use]
    pub fn binds(&self, facts: &FileFacts, name: Symbol) -> bool {
        facts.bindings_of(ScopeId::MODULE, name).next().is_some()
    }
}

/// Attributes that every module has (language reference, section 3.2.9).
fn is_module_attribute(name: &str) -> bool {
    IMPLICIT_NAMES.contains(&name) || name == "__dict__" || name == "__class__"
}

fn starts(count: usize, owners: impl Iterator<Item = ModuleId>) -> Vec<usize> {
    let mut starts = vec![0; count + 1];
    for owner in owners {
        starts[owner.index() + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    starts
}
