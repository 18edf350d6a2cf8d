//! Walks the syntax tree of one file, once, and writes down its facts.
//!
//! Names are bound and used here as the language reference says (section 4.2, "Naming and binding"; 6.2.4 for
//! comprehensions; 8.4 for `except`; PEP 572 for `:=`; PEP 695 for type parameters). Which scope a use means is
//! decided afterwards, in `resolve`, when all bindings are known.

mod effects;
mod expressions;
mod imports;
mod known;
mod load_effects;
mod mentions;
mod statements;

use douane_base::{Block, TextRange};
use memchr::memmem;
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;
use rustc_hash::{FxHashMap, FxHashSet};

use self::effects::{is_own_all, is_own_module};
use crate::{
    ParseOptions, SourceKind,
    branches::{Arm, BranchId, Branches, Guard, Question, Test, Truth},
    conditions::Decider,
    dunder_all::{AllOperation, NamedLists, dotted},
    facts::{
        Attribute, Binding, BindingId, BindingKind, Constant, Context, Effect, EffectKind, Import, LoadEffect,
        ModuleByName, ModuleTraits, Reference, ReferenceId, Scope, ScopeId, ScopeKind, Statement, StatementId, Usage,
    },
    interest::Interest,
    names::{NameCollector, Symbol},
    text_range,
};

/// What `global` and `nonlocal` make of a name in a scope.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declaration {
    Global,
    Nonlocal,
}

/// Everything that the walk found, before names are resolved. Its lists grow long and are used again for the next file.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) names: NameCollector,
    pub(crate) interest: Interest,
    /// In a file with stars: the names that functions and comprehensions bind for themselves.
    pub(crate) locals: FxHashSet<(ScopeId, Symbol)>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) branches: Branches,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) references: Vec<Reference>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) imports: Vec<Import>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) late_futures: Vec<StatementId>,
    pub(crate) all_operations: Vec<AllOperation>,
    pub(crate) constants: Vec<(BindingId, Constant)>,
    pub(crate) aliases: Vec<BindingId>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) load_effect: Option<LoadEffect>,
    pub(crate) type_comment_names: Vec<Symbol>,
    pub(crate) example_names: Vec<Symbol>,
    pub(crate) modules_by_name: Vec<ModuleByName>,
    pub(crate) paths_in_strings: Vec<Symbol>,
    pub(crate) names_in_computed_paths: Vec<Symbol>,
    /// The functions that are called by their bare name, each with the scope that calls.
    pub(crate) calls: Vec<(ScopeId, Symbol)>,
    pub(crate) declarations: FxHashMap<(ScopeId, Symbol), Declaration>,
    pub(crate) traits: ModuleTraits,
    /// How deep the tree is; whoever drops it needs a stack for that.
    pub(crate) depth: usize,
}

impl Collected {
    /// Empties the lists.
    pub(crate) fn clear(&mut self) {
        self.names.clear();
        self.interest = Interest::default();
        self.locals.clear();
        self.scopes.clear();
        self.branches.clear();
        self.bindings.clear();
        self.references.clear();
        self.attributes.clear();
        self.imports.clear();
        self.statements.clear();
        self.late_futures.clear();
        self.all_operations.clear();
        self.constants.clear();
        self.aliases.clear();
        self.effects.clear();
        self.load_effect = None;
        self.type_comment_names.clear();
        self.example_names.clear();
        self.modules_by_name.clear();
        self.paths_in_strings.clear();
        self.names_in_computed_paths.clear();
        self.calls.clear();
        self.declarations.clear();
        self.traits = ModuleTraits::default();
        self.depth = 0;
    }
}

/// Walks a file, given lists that are empty.
pub(crate) fn collect<'a>(source: &'a str, body: &'a [Stmt], options: &ParseOptions, lists: Collected) -> Collected {
    let mut collector = Collector::new(source, body, options, lists);
    collector.body(body);
    collector.finish()
}

/// A loop variable that goes over strings, with their places between the quotes.
struct SpeltOut {
    variable: String,
    strings: Vec<TextRange>,
}

struct Collector<'a> {
    source: &'a str,
    decider: Decider,
    /// Annotations are not evaluated: `from __future__ import annotations`, Python 3.14, or a stub.
    defers_annotations: bool,
    found: Collected,
    lists: NamedLists<'a>,
    scope: ScopeId,
    branch: BranchId,
    context: Context,
    /// The file has conditions for pytest, which evaluates those that are strings among the names of the module.
    evaluates_strings: bool,
    /// The block that is walked, and how many there are so far.
    block: Block,
    blocks: u32,
    /// Nothing but the docstring and imports from `__future__` was seen.
    is_beginning: bool,
    /// Nesting of the node that is visited, which bounds the stack that dropping the tree takes.
    depth: usize,
    /// The uses of `globals()` and `sys.modules["name"]`, and those of them whose result is only looked at.
    handed_out: Vec<Effect>,
    looked_at: FxHashSet<TextRange>,
    /// The loop variables around the node that go over strings, with these.
    spelt_out: Vec<SpeltOut>,
    /// `sys.modules[__name__]` and the like were seen, and `setattr` on something that is no `self`.
    takes_own_module: Option<TextRange>,
    sets_attributes: bool,
    /// `sys.modules[…]` was seen with a key that is computed.
    takes_modules: bool,
    /// Names of the namespaces of frames: `globs = sys._getframe(1).f_globals`.
    callers_namespaces: FxHashSet<String>,
    /// Names that the load of the module gives to what other modules may see as well.
    shared_names: FxHashSet<String>,
    /// Names of Python's own functions and classes that the module gives another meaning.
    own_pure_names: FxHashSet<String>,
    /// Some class of the file acts when it gets a subclass.
    has_init_subclass: bool,
}

/// The stack is looked at once in so many levels; each level needs less than a kilobyte or so.
const LEVELS_BETWEEN_CHECKS: usize = 32;
const RED_ZONE: usize = 256 * 1024;
const NEW_STACK: usize = 4 * 1024 * 1024;

impl<'a> Collector<'a> {
    fn new(source: &'a str, body: &[Stmt], options: &ParseOptions, mut found: Collected) -> Self {
        found.interest = Interest::read(body, &mut found.names);
        found.scopes.push(Scope {
            kind: ScopeKind::Module,
            parent: ScopeId::MODULE,
            name: None,
            range: TextRange::new(0, u32::try_from(source.len()).unwrap_or(u32::MAX)),
            runs_on_load: false,
            reads_locals: false,
        });
        Self {
            source,
            decider: Decider { version: options.version, platform: options.platform },
            defers_annotations: options.kind == SourceKind::Stub || options.version.minor() >= 14,
            found,
            lists: NamedLists::default(),
            scope: ScopeId::MODULE,
            branch: BranchId::ROOT,
            context: Context::Runtime,
            evaluates_strings: ["skipif", "xfail"]
                .iter()
                .any(|word| memmem::find(source.as_bytes(), word.as_bytes()).is_some()),
            block: Block::default(),
            blocks: 0,
            is_beginning: true,
            depth: 0,
            handed_out: Vec::new(),
            looked_at: FxHashSet::default(),
            spelt_out: Vec::new(),
            takes_own_module: None,
            sets_attributes: false,
            takes_modules: false,
            callers_namespaces: FxHashSet::default(),
            shared_names: FxHashSet::default(),
            own_pure_names: FxHashSet::default(),
            has_init_subclass: false,
        }
    }

    fn finish(mut self) -> Collected {
        self.note_type_comments();
        self.note_examples();
        self.found.traits.takes_itself = self.takes_own_module.is_some();
        self.found.traits.sets_names_of_others |= self.takes_modules && self.sets_attributes;
        if let (Some(range), true) = (self.takes_own_module, self.sets_attributes) {
            self.effect(EffectKind::NamespaceWrite, range);
        }
        // Whoever keeps the namespace under another name may write to it.
        let Self { handed_out, looked_at, found, .. } = &mut self;
        found.effects.extend(handed_out.drain(..).filter(|call| !looked_at.contains(&call.range)));
        self.found
    }

    /// Runs a step one level deeper in the tree, on a new stack where the present one runs out.
    fn nested<R>(&mut self, step: impl FnOnce(&mut Self) -> R) -> R {
        self.depth += 1;
        self.found.depth = self.found.depth.max(self.depth);
        let result = if self.depth.is_multiple_of(LEVELS_BETWEEN_CHECKS) {
            stacker::maybe_grow(RED_ZONE, NEW_STACK, || step(self))
        } else {
            step(self)
        };
        self.depth -= 1;
        result
    }

    fn position(&self) -> u32 {
        count(self.found.bindings.len())
    }

    fn in_module_scope(&self) -> bool {
        self.scope == ScopeId::MODULE
    }

    fn in_scope(&mut self, kind: ScopeKind, name: Option<Symbol>, range: TextRange, step: impl FnOnce(&mut Self)) {
        let outer = self.scope;
        let inner = ScopeId(count(self.found.scopes.len()));
        self.found.scopes.push(Scope { kind, parent: outer, name, range, runs_on_load: false, reads_locals: false });
        self.scope = inner;
        step(self);
        self.scope = outer;
    }

    fn in_branch(&mut self, fork: u32, arm: Arm, guard: Option<Guard>, truth: Truth, step: impl FnOnce(&mut Self)) {
        let outer = self.branch;
        self.branch = self.found.branches.push(outer, fork, arm, guard, truth);
        step(self);
        self.branch = outer;
    }

    /// The question about a name of the module that a condition asks.
    fn test(&mut self, condition: &Expr) -> Option<Test> {
        if self.is_deferred() {
            return None;
        }
        let (condition, is_negated) = match condition {
            Expr::UnaryOp(not) if not.op == ast::UnaryOp::Not => (&*not.operand, true),
            other => (other, false),
        };
        let question = match condition {
            Expr::Name(name) => Question::IsTrue(self.found.names.intern(name.id.as_str())),
            Expr::Compare(compare) => match (&*compare.left, &*compare.ops, &*compare.comparators) {
                (Expr::Name(name), [op], [Expr::NoneLiteral(_)]) => {
                    let question = Question::IsNone(self.found.names.intern(name.id.as_str()));
                    return match op {
                        ast::CmpOp::Is | ast::CmpOp::Eq => Some(Test { question, is_negated }),
                        ast::CmpOp::IsNot | ast::CmpOp::NotEq => Some(Test { question, is_negated: !is_negated }),
                        _ => None,
                    };
                }
                _ => return None,
            },
            Expr::Call(call) => match (&*call.func, &*call.arguments.args) {
                (Expr::Name(function), [owner, Expr::StringLiteral(attribute)])
                    if function.id.as_str() == "hasattr" =>
                {
                    let mut path = dotted(owner)?;
                    path.push(attribute.value.to_str());
                    let (root, rest) = path.split_first()?;
                    let root = self.found.names.intern(root);
                    Question::HasAttribute(root, self.found.names.intern(&rest.join(".")))
                }
                _ => return None,
            },
            _ => return None,
        };
        Some(Test { question, is_negated })
    }

    fn in_context(&mut self, context: Context, step: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.context, context);
        step(self);
        self.context = outer;
    }

    /// Writes a binding down if it is one of the module, or of a name that some import binds.
    fn bind(&mut self, name: &str, range: TextRange, kind: BindingKind) {
        self.found.traits.touches_path |= name == "__path__";
        let scope = match kind {
            // PEP 572: the target belongs to the scope around the comprehension.
            BindingKind::NamedExpression => self.outside_comprehensions(),
            _ => self.scope,
        };
        let used = self.found.interest.used(name, &mut self.found.names);
        let mut symbol = if scope == ScopeId::MODULE || !self.found.declarations.is_empty() {
            self.found.names.find(name)
        } else {
            used
        };
        let declared = symbol.and_then(|symbol| self.found.declarations.get(&(scope, symbol)));
        let owner = if declared == Some(&Declaration::Global) { ScopeId::MODULE } else { scope };
        if owner == ScopeId::MODULE || self.found.interest.has_star() {
            symbol = Some(self.found.names.intern(name));
        }
        let Some(symbol) = symbol else { return };
        if owner != ScopeId::MODULE && !self.found.interest.is_imported(symbol) {
            if self.found.interest.has_star() {
                self.found.locals.insert((owner, symbol));
            }
            return;
        }
        // After `global __all__`.
        self.found.traits.all_escapes |= owner == ScopeId::MODULE && name == "__all__" && !self.in_module_scope();
        // A function, or a class whose call is one.
        self.found.traits.has_getattr |= owner == ScopeId::MODULE && name == "__getattr__" && !kind.unbinds();
        if owner == ScopeId::MODULE && !matches!(kind, BindingKind::Import(_)) {
            self.note_own_name(name);
        }
        self.found.bindings.push(Binding {
            name: symbol,
            scope: owner,
            site: self.scope,
            branch: self.branch,
            range,
            kind,
        });
    }

    fn outside_comprehensions(&self) -> ScopeId {
        let mut at = self.scope;
        while self.found.scopes[at.index()].kind == ScopeKind::Comprehension {
            at = self.found.scopes[at.index()].parent;
        }
        at
    }

    /// Records a use of a name, with the attributes from a position in their list on.
    fn reference(&mut self, name: Symbol, range: TextRange, attributes: usize, usage: Usage) -> ReferenceId {
        let start = count(attributes);
        let id = ReferenceId(count(self.found.references.len()));
        let reference = Reference {
            name,
            scope: self.scope,
            resolved: None,
            branch: self.branch,
            range,
            attributes: start..count(self.found.attributes.len()),
            position: self.position(),
            context: self.context,
            usage,
        };
        self.found.references.push(reference);
        id
    }

    /// The symbol of a name that is used, if it is one that uses are written down of.
    fn used(&mut self, name: &str) -> Option<Symbol> {
        self.found.traits.touches_path |= name == "__path__";
        self.found.interest.used(name, &mut self.found.names)
    }

    fn bare_reference(&mut self, name: &ast::ExprName, usage: Usage) {
        self.found.traits.reads_namespace |= name.id.as_str() == "globals";
        if let Some(symbol) = self.used(name.id.as_str()) {
            self.reference(symbol, text_range(name.range()), self.found.attributes.len(), usage);
        }
    }

    fn effect(&mut self, kind: EffectKind, range: TextRange) {
        // `__getattr__` keeps what it makes: the names are there on demand either way.
        if kind == EffectKind::NamespaceWrite && self.is_in_getattr() {
            return;
        }
        self.found.effects.push(Effect {
            kind,
            scope: self.scope,
            branch: self.branch,
            range,
            position: self.position(),
        });
    }

    fn is_in_getattr(&self) -> bool {
        let scope = &self.found.scopes[self.scope.index()];
        scope.kind == ScopeKind::Function
            && scope.parent == ScopeId::MODULE
            && scope.name.is_some_and(|name| matches!(self.found.names.text(name), "__getattr__" | "__dir__"))
    }

    /// Records `name.attribute.attribute` as one reference, if the name is one that uses are written down of; visits what stands before the dots if it is no name.
    fn chain(&mut self, expression: &Expr, usage: Usage) -> Option<ReferenceId> {
        let mut root = expression;
        while let Expr::Attribute(attribute) = root {
            root = &attribute.value;
        }
        let Expr::Name(name) = root else {
            if let Expr::Attribute(method) = expression {
                self.found.traits.all_escapes |= is_own_module(root) && is_own_all(&method.value);
            }
            // What a method of it writes is an effect of its own.
            if matches!(usage, Usage::Read | Usage::Call) {
                self.look_at(root);
            }
            self.nested(|this| this.expression(root));
            return None;
        };
        if name.id.as_str() == "__all__"
            && let Expr::Attribute(method) = expression
        {
            self.note_all_method(method.attr.as_str(), usage);
        }
        let symbol = self.used(name.id.as_str())?;
        let start = self.found.attributes.len();
        let mut at = expression;
        while let Expr::Attribute(attribute) = at {
            self.found.traits.installs_importer |= matches!(attribute.attr.as_str(), "meta_path" | "path_hooks");
            let name = self.found.names.intern(attribute.attr.as_str());
            self.found.attributes.push(Attribute { name, range: text_range(attribute.attr.range()) });
            at = &attribute.value;
        }
        self.found.attributes[start..].reverse();
        // `(name).attribute` is a use of the name's value: name and attribute are no one piece of text.
        let name_end = text_range(name.range()).end();
        if let Some(first) = self.found.attributes.get(start)
            && TextRange::new(name_end, first.range.start()).slice(self.source).contains(')')
        {
            self.found.attributes.truncate(start);
            return Some(self.reference(symbol, text_range(name.range()), start, Usage::Read));
        }
        Some(self.reference(symbol, text_range(name.range()), start, usage))
    }

    fn is_deferred(&self) -> bool {
        let mut at = self.scope;
        loop {
            let scope = &self.found.scopes[at.index()];
            match scope.kind {
                ScopeKind::Function | ScopeKind::Lambda => return true,
                ScopeKind::Module => return false,
                _ => at = scope.parent,
            }
        }
    }
}

/// The name that `name.attribute.attribute` begins with.
fn root_name(expression: &Expr) -> Option<&str> {
    let mut at = expression;
    while let Expr::Attribute(attribute) = at {
        at = &attribute.value;
    }
    match at {
        Expr::Name(name) => Some(name.id.as_str()),
        _ => None,
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn is_dunder_all(expression: &Expr) -> bool {
    matches!(expression, Expr::Name(name) if name.id.as_str() == "__all__")
}
