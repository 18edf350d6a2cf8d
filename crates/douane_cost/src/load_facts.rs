//! What of a file says what loading it loads: little enough to be kept on disk.

use douane_parser::{
    AllItem, Arm, Binding, BindingKind, BranchId, EffectKind, FileFacts, Guard, ModuleKey, ScopeId, ScopeKind, Symbol,
    SysModulesChange, Target, Truth, When,
};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// What one file loads when it is loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadFacts {
    /// The imports that run then, in the order of evaluation; one a name.
    pub imports: Vec<LoadImport>,
    /// The arms of `try` statements that these stand in.
    pub(crate) arms: Vec<TryArm>,
    /// The names that a package surely binds itself, sorted: an import of one of them looks for no submodule.
    pub(crate) bound: Vec<Box<str>>,
    /// The names that the module may bind, sorted; none where it may bind any.
    pub(crate) names: Option<Vec<Box<str>>>,
    /// The names that `__all__` spells.
    pub(crate) exported: Vec<Box<str>>,
    /// The names that its code puts into `sys.modules`.
    pub injected: Vec<Box<str>>,
    /// Submodules may exist that no file shows.
    pub(crate) is_open: bool,
}

/// One name of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadImport {
    /// What is imported.
    pub target: LoadTarget,
    /// The number of the statement in its file.
    pub statement: u32,
    /// Its line, from 1; 0 where that is not known.
    pub line: u32,
    /// The innermost arm of a `try` around it.
    pub(crate) arm: Option<u32>,
    /// No condition that can't be decided stands around it.
    pub(crate) is_sure: bool,
    /// It stands in a function that seems to be called while the module is loaded.
    pub(crate) is_in_function: bool,
}

/// What an import names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadTarget {
    /// `import module`
    Module(Box<str>),
    /// `from ..module import name`; no module in `from . import name`.
    From(u32, Option<Box<str>>, Box<str>),
    /// `from ..module import *`
    Star(u32, Option<Box<str>>),
}

/// One arm of a `try` statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TryArm {
    /// The arm around it.
    pub(crate) parent: Option<u32>,
    /// The number of its statement.
    pub(crate) fork: u32,
    pub(crate) kind: ArmKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ArmKind {
    /// The body; true if a handler catches ImportError.
    Body(bool),
    Handler,
    Else,
    Finally,
}

impl LoadTarget {
    /// The module that the statement names, as seen from a module of that name.
    #[must_use]
    pub fn base(&self, importer: &str, is_package: bool) -> Option<String> {
        match self {
            Self::Module(module) => Some(module.to_string()),
            Self::From(level, module, _) | Self::Star(level, module) => {
                absolute(importer, is_package, *level, module.as_deref())
            }
        }
    }
}

impl LoadFacts {
    /// The statements `import a`, `import b` and so on.
    #[must_use]
    pub fn importing<'m>(modules: impl Iterator<Item = &'m str>) -> Self {
        Self::of_binary(modules.map(Into::into), Vec::new())
    }

    /// Takes the imports that run on load out of the facts of a file; the text gives them their lines.
    #[must_use]
    pub fn new(facts: &FileFacts, text: &str, is_package: bool) -> Self {
        let mut found = Self::default();
        let mut places = Places { facts, arms: &mut found.arms, numbers: FxHashMap::default() };
        let mut lines = Lines { text, offset: 0, line: 1 };
        for import in facts.imports.iter().filter(|import| import.when == When::Load) {
            let Some(Place { arm, is_sure, is_in_function }) = places.of(import.branch, import.scope) else { continue };
            let module = |module: Option<Symbol>| module.map(|module| facts.name(module).into());
            let target = match import.target {
                Target::Module(module) => LoadTarget::Module(facts.name(module).into()),
                Target::From { level, module: from, name } => {
                    LoadTarget::From(level, module(from), facts.name(name).into())
                }
                Target::Star { level, module: from } => LoadTarget::Star(level, module(from)),
            };
            let line = lines.of(facts.statement(import).range.start());
            let statement = import.statement.0;
            found.imports.push(LoadImport { target, statement, line, arm, is_sure, is_in_function });
        }
        // Each is a statement of its own, behind those that are imports.
        let calls = (u32::try_from(facts.statements.len()).unwrap_or(u32::MAX)..).zip(&facts.modules_by_name);
        for (statement, call) in calls.filter(|(_, call)| call.scope == ScopeId::MODULE) {
            let name = facts.name(call.name);
            if name.starts_with('.') {
                continue;
            }
            let Some(Place { arm, is_in_function, .. }) = places.of(call.branch, call.scope) else { continue };
            let target = LoadTarget::Module(name.into());
            let line = lines.of(call.range.start());
            // Whose `import_module` it is, is not looked into.
            found.imports.push(LoadImport { target, statement, line, arm, is_sure: false, is_in_function });
        }
        if is_package {
            found.bound = bound_names(facts);
        }
        let is_any = facts.stars().next().is_some()
            || facts.traits.has_getattr
            || facts.traits.is_broken
            || facts
                .effects
                .iter()
                .any(|effect| matches!(effect.kind, EffectKind::NamespaceWrite | EffectKind::ReplacesItself(_)));
        found.names = (!is_any).then(|| possible_names(facts));
        let operations = facts.all_operations.iter();
        let running = operations.filter(|operation| facts.branches.truth(operation.branch) != Truth::False);
        let strings = running.flat_map(|operation| &operation.items);
        found.exported = strings
            .filter_map(|item| match item {
                AllItem::Name(export) => Some(facts.name(export.name).into()),
                _ => None,
            })
            .collect();
        let injected = facts.effects.iter().filter_map(|effect| match effect.kind {
            EffectKind::SysModules { change: SysModulesChange::Set, key: ModuleKey::Literal(name), .. } => {
                let runs = facts.branches.truth(effect.branch) != Truth::False && effect.scope == ScopeId::MODULE;
                runs.then(|| facts.name(name).into())
            }
            _ => None,
        });
        found.injected = injected.collect();
        let traits = &facts.traits;
        found.is_open = traits.has_getattr || traits.touches_path || traits.installs_importer || traits.takes_itself;
        found
    }

    /// What a compiled file loads and puts into `sys.modules`, as far as it spells that.
    #[must_use]
    pub fn of_binary(names: impl Iterator<Item = Box<str>>, injected: Vec<Box<str>>) -> Self {
        let mut found = Self { injected, is_open: true, ..Self::default() };
        found.add_binary(names);
        found
    }

    /// Adds what compiled code imports, each as a statement of its own.
    pub fn add_binary(&mut self, names: impl Iterator<Item = Box<str>>) {
        let first = self.imports.iter().map(|import| import.statement + 1).max().unwrap_or(0);
        let import = |(statement, name)| LoadImport {
            target: LoadTarget::Module(name),
            statement,
            line: 0,
            arm: None,
            is_sure: false,
            is_in_function: false,
        };
        self.imports.extend((first..).zip(names).map(import));
    }

    /// The modules that the imports may name, as seen from a module of that name.
    pub fn wanted<'f>(&'f self, importer: &'f str, is_package: bool) -> impl Iterator<Item = String> + 'f {
        self.imports.iter().flat_map(move |import| {
            let base = import.target.base(importer, is_package);
            let below = match (&import.target, &base) {
                (LoadTarget::From(_, _, name), Some(base)) => Some(format!("{base}.{name}")),
                _ => None,
            };
            base.into_iter().chain(below)
        })
    }

    /// The submodules that a star from the package of that name may load.
    pub fn exported_below<'f>(&'f self, package: &'f str) -> impl Iterator<Item = String> + 'f {
        self.exported.iter().map(move |name| format!("{package}.{name}"))
    }

    /// The module may have that name.
    pub(crate) fn may_have(&self, name: &str) -> bool {
        let is_there = |names: &Vec<Box<str>>| names.binary_search_by(|known| (**known).cmp(name)).is_ok();
        name.starts_with("__") || self.names.as_ref().is_none_or(is_there)
    }

    pub(crate) fn binds(&self, name: &str) -> bool {
        self.bound.binary_search_by(|bound| (**bound).cmp(name)).is_ok()
    }
}

/// The names that the module surely has when it is loaded.
fn bound_names(facts: &FileFacts) -> Vec<Box<str>> {
    let runs = |binding: &Binding| {
        let mut around = facts.branches.ancestors(binding.branch);
        around.all(|branch| branch.truth == Truth::True)
    };
    let mut is_bound: FxHashMap<Symbol, bool> = FxHashMap::default();
    for binding in facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE && runs(binding)) {
        is_bound.insert(binding.name, is_value(binding.kind));
    }
    sorted_names(facts, is_bound.into_iter().filter(|(_, is_bound)| *is_bound).map(|(name, _)| name))
}

/// The names that it may have.
fn possible_names(facts: &FileFacts) -> Vec<Box<str>> {
    let bindings = facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE && is_value(binding.kind));
    let runs = |binding: &&Binding| facts.branches.truth(binding.branch) != Truth::False;
    sorted_names(facts, bindings.filter(runs).map(|binding| binding.name))
}

fn is_value(kind: BindingKind) -> bool {
    !kind.unbinds() && kind != BindingKind::Annotation
}

fn sorted_names(facts: &FileFacts, names: impl Iterator<Item = Symbol>) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> = names.map(|name| facts.name(name).into()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The module that an import names, whose dots count from a module of that name.
fn absolute(importer: &str, is_package: bool, level: u32, module: Option<&str>) -> Option<String> {
    if level == 0 {
        return module.map(str::to_owned);
    }
    let mut base = importer;
    for _ in usize::from(is_package)..level as usize {
        base = base.rsplit_once('.')?.0;
    }
    Some(module.map_or_else(|| base.to_owned(), |module| format!("{base}.{module}")))
}

/// Counts lines; cheap where the offsets rise.
/// The fields of a [`LoadImport`] that its place decides.
struct Place {
    arm: Option<u32>,
    is_sure: bool,
    is_in_function: bool,
}

struct Places<'f> {
    facts: &'f FileFacts,
    arms: &'f mut Vec<TryArm>,
    /// The numbers of the arms that are written down.
    numbers: FxHashMap<BranchId, u32>,
}

impl Places<'_> {
    /// What decides whether code there runs; none where it does not.
    fn of(&mut self, branch: BranchId, scope: ScopeId) -> Option<Place> {
        let facts = self.facts;
        let around: Vec<BranchId> = facts.branches.ancestor_ids(branch).collect();
        let is_handler = |arm: Arm| matches!(arm, Arm::Handler(_));
        let truths = || around.iter().map(|branch| facts.branches.get(*branch)).filter(|it| !is_handler(it.arm));
        if truths().any(|branch| branch.truth == Truth::False) {
            return None;
        }
        let is_sure = truths().all(|branch| branch.truth == Truth::True);
        // What a function does depends on what it is called with: there nothing that can't be decided is taken.
        let is_in_function = facts.scope(scope).kind == ScopeKind::Function;
        if !is_sure && is_in_function {
            return None;
        }
        let mut arm = None;
        for id in around.iter().rev() {
            let branch = facts.branches.get(*id);
            let kind = match branch.arm {
                Arm::Try => ArmKind::Body(branch.guard == Some(Guard::ImportError)),
                Arm::Handler(_) => ArmKind::Handler,
                Arm::TryElse => ArmKind::Else,
                Arm::Finally => ArmKind::Finally,
                _ => continue,
            };
            let number = *self.numbers.entry(*id).or_insert_with(|| {
                self.arms.push(TryArm { parent: arm, fork: branch.fork, kind });
                u32::try_from(self.arms.len() - 1).unwrap_or(u32::MAX)
            });
            arm = Some(number);
        }
        Some(Place { arm, is_sure, is_in_function })
    }
}

struct Lines<'t> {
    text: &'t str,
    offset: usize,
    line: u32,
}

impl Lines<'_> {
    fn of(&mut self, offset: u32) -> u32 {
        let offset = (offset as usize).min(self.text.len());
        if offset < self.offset {
            (self.offset, self.line) = (0, 1);
        }
        let breaks = self.text.as_bytes()[self.offset..offset].iter().filter(|byte| **byte == b'\n').count();
        self.line += u32::try_from(breaks).unwrap_or(0);
        self.offset = offset;
        self.line
    }
}
