//! Modules that are there without being a part of the program: `.gitignore` or `exclude` names them, or they lie behind a link
//! to a folder. Python finds them, so that an import of one fails for nothing that is known; what is in them is not known.
//!
//! In: the modules of the program, and what its files ask for. Out: the names of those that are found on disk and nowhere
//! else. Folders are looked at only where an import would otherwise name nothing.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use douane_base::ModuleName;
use douane_graph::{ModuleKind, ModuleSource, Origin, StandardLibrary};
use douane_parser::{AllItem, FileFacts, Import};
use douane_rules::Absence;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    external::targets,
    finder::{Finder, Found, FoundKind},
};

/// The search for such modules.
#[derive(Clone)]
pub(crate) struct LeftOut<'p> {
    known: FxHashMap<&'p str, ModuleKind>,
    /// The top-level names of what is installed.
    installed: FxHashSet<&'p str>,
    standard_library: StandardLibrary,
    roots: Vec<PathBuf>,
    finder: Arc<Finder>,
    /// Folders that may hold any module.
    unknown: Vec<PathBuf>,
    files: &'p [PathBuf],
    absent: &'p FxHashMap<PathBuf, Absence>,
}

impl<'p> LeftOut<'p> {
    /// A search in the source roots. The modules of the program and the installed ones are known, as are the program's files,
    /// which are sorted, and those that are not to be there.
    pub(crate) fn new(
        (own, installed): (&'p [ModuleSource], &'p [ModuleSource]),
        standard_library: StandardLibrary,
        roots: Vec<PathBuf>,
        files: &'p [PathBuf],
        absent: &'p FxHashMap<PathBuf, Absence>,
    ) -> Self {
        Self {
            known: own.iter().map(|module| (module.name.as_str(), module.kind)).collect(),
            installed: installed.iter().map(|module| module.name.top_level()).collect(),
            standard_library,
            finder: Arc::new(Finder::in_folders(roots.clone(), None)),
            roots,
            unknown: Vec::new(),
            files,
            absent,
        }
    }

    /// The same search, where folders may hold any module.
    pub(crate) fn with_unknown(self, unknown: Vec<PathBuf>) -> Self {
        Self { unknown, ..self }
    }

    /// The modules of which a file's imports speak, and the `__all__` of a package.
    pub(crate) fn asked_by(&self, facts: &FileFacts, module: &ModuleSource) -> BTreeSet<ModuleName> {
        self.names_in(facts, module).iter().filter_map(|name| self.find(name)).collect()
    }

    /// Those of them that lie in a folder that may hold any module, and that are nowhere.
    pub(crate) fn unknown_asked_by(&self, facts: &FileFacts, module: &ModuleSource) -> BTreeSet<ModuleName> {
        let is_unknown = |name: &ModuleName| self.may_be_unknown(name) && self.find(name).is_some();
        self.names_in(facts, module).into_iter().filter(is_unknown).collect()
    }

    /// The outermost module on the way to a name that is left out.
    fn find(&self, name: &ModuleName) -> Option<ModuleName> {
        if self.known.contains_key(name.as_str()) || self.is_of_others(name.top_level()) {
            return None;
        }
        // Most names are of things in modules, which have nothing below them.
        let above = name.as_str().rsplit_once('.').and_then(|(above, _)| self.known.get(above));
        if above.is_some_and(|kind| !matches!(kind, ModuleKind::Package | ModuleKind::Namespace)) {
            return None;
        }
        let mut way: Vec<ModuleName> = std::iter::successors(Some(name.clone()), ModuleName::parent).collect();
        while let Some(module) = way.pop() {
            match self.known.get(module.as_str()) {
                Some(ModuleKind::Package | ModuleKind::Namespace) => continue,
                Some(_) => return None,
                None => {}
            }
            if self.may_be_unknown(&module) {
                return Some(module);
            }
            match self.finder.find(&module) {
                // A folder is one only for what is in it.
                Some(Found { kind: FoundKind::Namespace, .. }) => {}
                Some(Found { source, stub, binary, .. }) => {
                    let is_known = |file| self.files.binary_search(&file).is_ok() || self.absent.contains_key(&file);
                    return (![source, stub, binary].into_iter().flatten().any(is_known)).then_some(module);
                }
                None if self.may_be_unknown(name) => {}
                None => return None,
            }
        }
        None
    }

    /// Most absolute imports can't be of such a module: they name one of others, or what is in a module of the program.
    fn is_settled(&self, facts: &FileFacts, import: &Import) -> bool {
        let (0, Some(module)) = import.target.module() else { return false };
        let module = facts.name(module);
        match self.known.get(module) {
            Some(kind) => !matches!(kind, ModuleKind::Package | ModuleKind::Namespace),
            None => self.is_of_others(module.split('.').next().unwrap_or(module)),
        }
    }

    fn is_of_others(&self, top_level: &str) -> bool {
        (self.installed.contains(top_level) || self.standard_library.contains(top_level))
            && !self.known.contains_key(top_level)
    }

    /// The names that a file's imports may name modules by, and the entries of a package's `__all__`, which may be submodules.
    fn names_in(&self, facts: &FileFacts, module: &ModuleSource) -> Vec<ModuleName> {
        let is_package = module.kind == ModuleKind::Package;
        let unsettled = facts.imports.iter().filter(|import| !self.is_settled(facts, import));
        let mut asked: Vec<ModuleName> =
            unsettled.flat_map(|import| targets(facts, import, Some((&module.name, is_package)))).collect();
        // A script's own folder is the first entry of `sys.path`.
        let is_plain = |folder: &ModuleName| self.known.get(folder.as_str()) == Some(&ModuleKind::Namespace);
        if let Some(folder) = module.name.parent().filter(is_plain) {
            let absolute = facts.imports.iter().filter(|import| import.target.module().0 == 0);
            let named = absolute.flat_map(|import| targets(facts, import, None));
            asked.extend(named.filter_map(|name| folder.join(name.as_str())));
        }
        if is_package {
            let items = facts.all_operations.iter().flat_map(|operation| &operation.items);
            let entries = items.filter_map(|item| match item {
                AllItem::Name(export) => module.name.join(facts.name(export.name)),
                _ => None,
            });
            asked.extend(entries);
        }
        asked
    }

    /// The module lies in a folder that may hold any.
    fn may_be_unknown(&self, module: &ModuleName) -> bool {
        let place = |root: &PathBuf| root.join(module.parts().collect::<PathBuf>());
        !self.unknown.is_empty()
            && self.roots.iter().map(place).any(|place| self.unknown.iter().any(|folder| place.starts_with(folder)))
    }
}

/// What is linked of such modules: nothing is known but that they are there, and the folders around them.
pub(crate) fn sources(left_out: &BTreeSet<ModuleName>, own: &[ModuleSource]) -> Vec<ModuleSource> {
    let known: FxHashSet<&ModuleName> = own.iter().map(|module| &module.name).collect();
    let source = |name: ModuleName, kind| ModuleSource {
        name,
        kind,
        origin: Origin::FirstParty,
        file: None,
        stub: None,
        loads: Vec::new(),
    };
    let above = left_out.iter().flat_map(|name| std::iter::successors(name.parent(), ModuleName::parent));
    let folders: BTreeSet<ModuleName> = above.filter(|name| !known.contains(name)).collect();
    let modules = left_out.iter().cloned().map(|name| source(name, ModuleKind::Source));
    modules.chain(folders.into_iter().map(|name| source(name, ModuleKind::Namespace))).collect()
}
