//! The facts of one file: all that is kept of it once the syntax tree is dropped.
//!
//! Everything here is owned, numbered and serializable. Names are [`Symbol`]s of the file's own table; places are
//! byte ranges. Lists are in the order in which Python evaluates the code, so that "before" means a smaller index.

use std::ops::Range;

use douane_base::{Block, ImportPlace, TextRange};
use serde::{Deserialize, Serialize};

use crate::{
    branches::{Branch, BranchId, Branches, Guard},
    dunder_all::AllOperation,
    interest::NameFilter,
    names::{Names, Symbol},
    suppressions::Suppression,
};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in the list that the number counts.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id! {
    /// The number of a [`Scope`] in its file.
    ScopeId
}
id! {
    /// The number of a [`Binding`] in its file.
    BindingId
}
id! {
    /// The number of a [`Reference`] in its file.
    ReferenceId
}
id! {
    /// The number of an [`Import`] in its file.
    ImportId
}
id! {
    /// The number of a [`Statement`] in its file.
    StatementId
}

impl ScopeId {
    /// The module's own scope, which every file has.
    pub const MODULE: Self = Self(0);
}

/// What is known of one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// The names that the other facts number.
    pub names: Names,
    /// The scopes, outer before inner; the first is the module.
    pub scopes: Vec<Scope>,
    /// The arms of `if`, `try`, `match` and loops that code stands in.
    pub branches: Branches,
    /// The bindings and unbindings of names, in the order of evaluation. A local name of a function or comprehension
    /// is left out unless some import of the file binds the same name.
    pub bindings: Vec<Binding>,
    /// The bindings by scope and name, each group in order of evaluation; see [`FileFacts::bindings_of`].
    pub bindings_by_name: Vec<BindingId>,
    /// The uses of names that are bound in the module's scope, by an import, or nowhere in the file.
    pub references: Vec<Reference>,
    /// The attributes behind the references, one run after the other.
    pub attributes: Vec<Attribute>,
    /// One entry a name of each import statement.
    pub imports: Vec<Import>,
    /// The import statements.
    pub statements: Vec<Statement>,
    /// The imports from `__future__` that stand too late for Python.
    pub late_futures: Vec<StatementId>,
    /// What is done to `__all__`, in the order of evaluation.
    pub all_operations: Vec<AllOperation>,
    /// The names of the module that are bound to a constant, by binding.
    pub constants: Vec<(BindingId, Constant)>,
    /// The bindings to what something imported stands for, `Context = codec.Context`, or a builtin: `bytes = bytes`.
    pub aliases: Vec<BindingId>,
    /// What the code does to namespaces and modules beyond binding names.
    pub effects: Vec<Effect>,
    /// The first thing that loading the module does to anything but the module itself.
    pub load_effect: Option<LoadEffect>,
    /// The calls that import a module by its name.
    pub modules_by_name: Vec<ModuleByName>,
    /// The strings that may be paths of modules or of names in them, `"package.module.name"`, each once.
    pub paths_in_strings: Vec<Symbol>,
    /// The names at the ends of paths that are put together where something is looked up or replaced, as in
    /// `mock.patch(f"{MODULE}.name")`, each once.
    pub names_in_computed_paths: Vec<Symbol>,
    /// The names that code binds or uses, whether there are facts about them or not.
    pub all_names: NameFilter,
    /// Names in comments that hold types (PEP 484).
    pub type_comment_names: Vec<Symbol>,
    /// The imported names that examples in docstrings use (`doctest`), sorted.
    pub example_names: Vec<Symbol>,
    /// The comments that silence findings.
    pub suppressions: Vec<Suppression>,
    /// What the parser could not read.
    pub syntax_errors: Vec<SyntaxError>,
    /// What the module is, as far as its own text tells.
    pub traits: ModuleTraits,
}

/// Yes-or-no facts of a module as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleTraits {
    /// The module defines `__getattr__` (PEP 562): a missing attribute proves nothing.
    pub has_getattr: bool,
    /// `__all__` is handed to code that may change it, or changed by a function: its entries are not all that it gets.
    pub all_escapes: bool,
    /// The code looks at its own namespace: `globals()`, `eval(…)`; it may use names that it does not spell.
    pub reads_namespace: bool,
    /// The code loads modules whose names it computes.
    pub computes_imports: bool,
    /// The code takes itself out of `sys.modules`, as a value that may be asked for any name.
    pub takes_itself: bool,
    /// The code sets attributes of modules that others name to it, `setattr(sys.modules[cls.__module__], …)`, or that
    /// call it, `sys._getframe(1).f_globals[name] = …`, or it puts something in their place: `sys.modules[name] = …`.
    pub sets_names_of_others: bool,
    /// The code mentions `__path__`: the package's modules may lie elsewhere.
    pub touches_path: bool,
    /// The code changes how modules are found, `sys.meta_path`: its package may have any submodule.
    pub installs_importer: bool,
    /// The file has an `if __name__ == "__main__":` block.
    pub has_main_block: bool,
    /// The file is a Jupyter notebook, which nothing imports.
    pub is_notebook: bool,
    /// The parser had to skip something: what is missing here may stand in the file all the same.
    pub is_broken: bool,
}

/// A value that conditions are decided with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Constant {
    /// `True`, or something that is surely as good as true.
    True,
    /// `False`, or something that is surely as good as false.
    False,
    /// `None`.
    None,
}

/// A region of code with names of its own (language reference, section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// What kind of code it is.
    pub kind: ScopeKind,
    /// The scope around it; the module is its own parent.
    pub parent: ScopeId,
    /// The name of a function or class.
    pub name: Option<Symbol>,
    /// Where it stands.
    pub range: TextRange,
    /// A function that the module calls while it is loaded, so that its body runs then.
    pub runs_on_load: bool,
    /// The code asks for its own names, by `locals()` and the like: it may use names that it does not spell.
    pub reads_locals: bool,
}

/// The kinds of [`Scope`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeKind {
    /// The file's top level.
    Module,
    /// A class body: run at once, invisible to the functions in it.
    Class,
    /// A function body: run when called.
    Function,
    /// A lambda: run when called.
    Lambda,
    /// A comprehension or generator expression; the first iterable belongs to the scope around it.
    Comprehension,
    /// The type parameters of a generic function, class or alias (PEP 695).
    TypeParameters,
}

/// A name gets, or loses, a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The name.
    pub name: Symbol,
    /// The scope that the name belongs to, `global` and `nonlocal` taken into account.
    pub scope: ScopeId,
    /// The scope whose code does it; another than `scope` only after `global`, `nonlocal`, or for `:=` in a
    /// comprehension.
    pub site: ScopeId,
    /// The branch that the code stands in.
    pub branch: BranchId,
    /// The name's place.
    pub range: TextRange,
    /// By what.
    pub kind: BindingKind,
}

/// The kinds of [`Binding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BindingKind {
    /// An import statement.
    Import(ImportId),
    /// `x = …`, or a target inside a tuple or list.
    Assignment,
    /// `x: int` without a value: nothing is bound at run time, but stubs declare names so.
    Annotation,
    /// `x += …`.
    AugmentedAssignment,
    /// `def`; true under `@overload`, whose definitions replace each other on purpose.
    Function(bool),
    /// `class`.
    Class,
    /// A parameter of a function or lambda.
    Parameter,
    /// The target of a `for` loop or a comprehension.
    LoopTarget,
    /// `with … as x`.
    WithTarget,
    /// `except … as x`.
    ExceptTarget,
    /// A capture of a `match` pattern.
    MatchCapture,
    /// `x := …`.
    NamedExpression,
    /// A type parameter (PEP 695).
    TypeParameter,
    /// `type x = …`.
    TypeAlias,
    /// `del x`: the name is unbound.
    Deletion,
    /// The end of `except … as x`, where Python unbinds `x`.
    HandlerEnd,
}

impl BindingKind {
    /// `def` or `class`.
    #[must_use]
    pub fn is_definition(self) -> bool {
        matches!(self, Self::Function(_) | Self::Class)
    }

    /// True where the name has no value afterwards.
    #[must_use]
    pub fn unbinds(self) -> bool {
        matches!(self, Self::Deletion | Self::HandlerEnd)
    }
}

/// A name is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The name.
    pub name: Symbol,
    /// The scope that the use stands in.
    pub scope: ScopeId,
    /// The scope that binds the name as seen from there; `None`: no scope of this file does, so it is a builtin, comes
    /// with a star, or is undefined.
    pub resolved: Option<ScopeId>,
    /// The branch that the use stands in.
    pub branch: BranchId,
    /// The name's place, without the attributes.
    pub range: TextRange,
    /// The attributes behind the name, as positions in [`FileFacts::attributes`].
    pub attributes: Range<u32>,
    /// How many entries of [`FileFacts::bindings`] came before it.
    pub position: u32,
    /// How the name is used.
    pub context: Context,
    /// What is done with the last attribute, or with the name where it has none.
    pub usage: Usage,
}

/// How a reference is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Context {
    /// When the code around it runs.
    Runtime,
    /// An annotation that Python evaluates when it defines the function or variable.
    Annotation,
    /// An annotation that is evaluated only on request (PEP 563, PEP 649).
    DeferredAnnotation,
    /// A name in a string that stands where a type is expected.
    StringAnnotation,
}

/// What is done with the object that a reference names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// It is read.
    Read,
    /// It is called.
    Call,
    /// `name.attribute = …`.
    StoreAttribute,
    /// `del name.attribute`.
    DeleteAttribute,
    /// `del name`.
    Delete,
}

/// One `.name` behind a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// The attribute's name.
    pub name: Symbol,
    /// Its place, without the dot.
    pub range: TextRange,
}

/// One name of an import statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The statement it belongs to.
    pub statement: StatementId,
    /// What is imported.
    pub target: Target,
    /// The name after `as`.
    pub alias: Option<Symbol>,
    /// The binding it makes; a star makes none of its own.
    pub binding: Option<BindingId>,
    /// The scope it stands in.
    pub scope: ScopeId,
    /// The branch it stands in.
    pub branch: BranchId,
    /// The place of this name, with its alias; for a star the place of `*`.
    pub range: TextRange,
    /// How many entries of [`FileFacts::bindings`] came before it.
    pub position: u32,
    /// When it runs.
    pub when: When,
}

/// What an import names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// `import module`.
    Module(Symbol),
    /// `from .module import name`; no module in `from . import name`.
    From {
        /// The number of leading dots.
        level: u32,
        /// The module after the dots.
        module: Option<Symbol>,
        /// The name taken from it.
        name: Symbol,
    },
    /// `from .module import *`.
    Star {
        /// The number of leading dots.
        level: u32,
        /// The module after the dots.
        module: Option<Symbol>,
    },
}

impl Target {
    /// The dots and the module that the statement names.
    #[must_use]
    pub fn module(self) -> (u32, Option<Symbol>) {
        match self {
            Self::Module(module) => (0, Some(module)),
            Self::From { level, module, .. } | Self::Star { level, module } => (level, module),
        }
    }
}

/// When an import runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// While the module is loaded.
    Load,
    /// When the function around it is called.
    Call,
    /// At the first use of the name (PEP 810).
    Lazy,
    /// Never at run time: only type checkers see it.
    TypeChecking,
}

impl When {
    /// The word that the machine formats use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Call => "call",
            Self::Lazy => "lazy",
            Self::TypeChecking => "type-checking",
        }
    }
}

/// One import statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// From `import`, `from` or `lazy` to the last character of the last name or the closing parenthesis.
    pub range: TextRange,
    /// The place of the module behind `from`, dots included; empty for `import`.
    pub module_range: TextRange,
    /// The block that it belongs to.
    pub block: Block,
}

impl Statement {
    /// Where it stands, for changes of it.
    #[must_use]
    pub fn place(&self) -> ImportPlace {
        ImportPlace { range: self.range, block: self.block }
    }
}

/// A call such as `import_module("a.b")`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleByName {
    /// The module, as the call spells it.
    pub name: Symbol,
    /// The scope whose code calls.
    pub scope: ScopeId,
    /// The branch that the call stands in.
    pub branch: BranchId,
    /// The call.
    pub range: TextRange,
}

/// Something that the code does to a namespace or a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// What is done.
    pub kind: EffectKind,
    /// The scope whose code does it.
    pub scope: ScopeId,
    /// The branch that the code stands in.
    pub branch: BranchId,
    /// The place.
    pub range: TextRange,
    /// How many entries of [`FileFacts::bindings`] came before it.
    pub position: u32,
}

/// The kinds of [`Effect`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectKind {
    /// `globals()[…] = …`, `vars().update(…)`, `exec(…)`, `setattr` on the own module: the module may get any name.
    NamespaceWrite,
    /// `sys.modules[__name__] = …`: importers get another object than this module, the one of that name if it is one.
    ReplacesItself(Option<Symbol>),
    /// An entry of `sys.modules` is changed.
    SysModules {
        /// What is done to it.
        change: SysModulesChange,
        /// The use of `sys` or of an imported `modules` that it goes through.
        modules: ReferenceId,
        /// The key, where the change has one.
        key: ModuleKey,
    },
    /// `importlib.reload(module)`.
    Reload {
        /// The use of the function.
        function: ReferenceId,
        /// The module that is reloaded.
        module: ModuleKey,
    },
    /// `name.attribute = …` while the module is loaded.
    AttributeStore(ReferenceId),
    /// `setattr(name.attribute, …)`: what is named, which may be a module, gets an attribute.
    SetAttribute(ReferenceId),
    /// `sys.modules["name"]` is kept or handed on: the module may get any name.
    TakesModule(Symbol),
}

/// Something that loading a module does besides binding its names, so that to import it is not nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadEffect {
    /// What is done.
    pub kind: LoadEffectKind,
    /// The function, base class or object that it is done with or to, dotted.
    pub what: Symbol,
    /// The place.
    pub range: TextRange,
}

/// The kinds of [`LoadEffect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadEffectKind {
    /// A function is called that may do anything.
    Call,
    /// A decorator is called.
    Decorator,
    /// An imported class, which may keep note of it, gets a subclass.
    Subclass,
    /// An attribute or item of something imported is set or deleted.
    Patch,
    /// An operator of something imported is applied, which may do anything.
    Operator,
    /// It may refuse to be loaded: `raise`, `assert`.
    Raise,
}

/// The ways in which code changes `sys.modules`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SysModulesChange {
    /// `del sys.modules[key]`.
    Delete,
    /// `sys.modules.pop(key)`.
    Pop,
    /// `sys.modules.clear()`.
    Clear,
    /// `sys.modules[key] = None`.
    SetNone,
    /// `sys.modules[key] = module`.
    Set,
}

/// Which module an expression names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModuleKey {
    /// A string.
    Literal(Symbol),
    /// `__name__`: the module itself.
    Own,
    /// `module`, `package.module` or `module.__name__` (without the last part).
    Reference(ReferenceId),
    /// Anything else.
    Unknown,
}

/// Something that is no Python.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntaxError {
    /// What is wrong, in the parser's words.
    pub message: String,
    /// Where.
    pub range: TextRange,
}

impl FileFacts {
    /// The text of a name.
    #[must_use]
    pub fn name(&self, symbol: Symbol) -> &str {
        self.names.text(symbol)
    }

    /// A scope by its number.
    #[must_use]
    pub fn scope(&self, scope: ScopeId) -> &Scope {
        &self.scopes[scope.index()]
    }

    /// A branch by its number.
    #[must_use]
    pub fn branch(&self, branch: BranchId) -> &Branch {
        self.branches.get(branch)
    }

    /// True if the binding gives another name to an object that has one.
    #[must_use]
    pub fn is_alias(&self, binding: BindingId) -> bool {
        self.aliases.binary_search(&binding).is_ok()
    }

    /// A binding by its number.
    #[must_use]
    pub fn binding(&self, binding: BindingId) -> &Binding {
        &self.bindings[binding.index()]
    }

    /// An import by its number.
    #[must_use]
    pub fn import(&self, import: ImportId) -> &Import {
        &self.imports[import.index()]
    }

    /// A reference by its number.
    #[must_use]
    pub fn reference(&self, reference: ReferenceId) -> &Reference {
        &self.references[reference.index()]
    }

    /// The statement of an import.
    #[must_use]
    pub fn statement(&self, import: &Import) -> &Statement {
        &self.statements[import.statement.index()]
    }

    /// The attributes behind a reference.
    #[must_use]
    pub fn chain(&self, reference: &Reference) -> &[Attribute] {
        &self.attributes[reference.attributes.start as usize..reference.attributes.end as usize]
    }

    /// The bindings of a name in a scope, in the order of evaluation.
    pub fn bindings_of(&self, scope: ScopeId, name: Symbol) -> impl Iterator<Item = BindingId> {
        let key = |binding: &BindingId| {
            let binding = self.binding(*binding);
            (binding.scope, binding.name)
        };
        let start = self.bindings_by_name.partition_point(|binding| key(binding) < (scope, name));
        self.bindings_by_name[start..].iter().copied().take_while(move |binding| key(binding) == (scope, name))
    }

    /// The import that a reference goes through, if the name is bound by nothing else than imports of that one module:
    /// after `import a.b` and `import a.c` any of the two.
    #[must_use]
    pub fn import_behind(&self, reference: &Reference) -> Option<ImportId> {
        let mut found: Option<ImportId> = None;
        for binding in self.bindings_of(reference.resolved?, reference.name) {
            match (self.binding(binding).kind, found) {
                (BindingKind::Import(import), None) => found = Some(import),
                (BindingKind::Import(import), Some(first)) if self.same_object(import, first) => {}
                (BindingKind::Deletion, _) => {}
                _ => return None,
            }
        }
        found
    }

    /// True if two imports bind one name to one object, as far as the text tells.
    #[must_use]
    pub fn same_object(&self, first: ImportId, second: ImportId) -> bool {
        let (first, second) = (self.import(first), self.import(second));
        match (first.target, second.target) {
            (Target::Module(one), Target::Module(other)) if first.alias.is_none() && second.alias.is_none() => {
                let top = |module| self.name(module).split('.').next();
                top(one) == top(other)
            }
            (one, other) => one == other,
        }
    }

    /// True if code of that scope runs only when something calls it; the functions that the module calls while it is
    /// loaded do not count.
    #[must_use]
    pub fn is_deferred(&self, scope: ScopeId) -> bool {
        let mut at = scope;
        loop {
            let scope = self.scope(at);
            match scope.kind {
                ScopeKind::Function if scope.runs_on_load => at = scope.parent,
                ScopeKind::Function | ScopeKind::Lambda => return true,
                ScopeKind::Module => return false,
                ScopeKind::Class | ScopeKind::Comprehension | ScopeKind::TypeParameters => at = scope.parent,
            }
        }
    }

    /// What guards an import: the innermost branch around it that says so.
    #[must_use]
    pub fn guard(&self, import: &Import) -> Option<Guard> {
        self.branches.guard(import.branch)
    }

    /// The star imports at module level, the only ones that Python accepts.
    pub fn stars(&self) -> impl Iterator<Item = &Import> {
        self.imports
            .iter()
            .filter(|import| matches!(import.target, Target::Star { .. }) && import.scope == ScopeId::MODULE)
    }

    /// The import is written with an alias that changes nothing, `import x as x` or `from m import x as x`: the sign that
    /// the name is passed on (typing specification, "Import conventions").
    #[must_use]
    pub fn is_passed_on(&self, import: &Import) -> bool {
        let name = match import.target {
            Target::Module(name) | Target::From { name, .. } => name,
            Target::Star { .. } => return false,
        };
        import.alias == Some(name)
    }

    /// The import that a binding belongs to.
    #[must_use]
    pub fn import_of(&self, binding: &Binding) -> Option<&Import> {
        match binding.kind {
            BindingKind::Import(import) => Some(self.import(import)),
            _ => None,
        }
    }
}
