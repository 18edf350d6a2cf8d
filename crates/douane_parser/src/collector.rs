//! Walks the syntax tree of one file, once, and writes down its facts.
//!
//! Names are bound and used here as the language reference says (section 4.2, "Naming and binding"; 6.2.4 for
//! comprehensions; 8.4 for `except`; PEP 572 for `:=`; PEP 695 for type parameters). Which scope a use means is
//! decided afterwards, in `resolve`, when all bindings are known.

use douane_base::TextRange;
use ruff_python_ast::{
    self as ast, Alias, Comprehension, Decorator, ExceptHandler, Expr, ExprContext, Parameters, Pattern, Stmt,
    TypeParams, visitor,
};
use ruff_text_size::Ranged;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    ParseOptions,
    branches::{Arm, BranchId, Branches, Guard, Question, Test, Truth},
    conditions::{Decider, is_attribute},
    dunder_all::{AllAction, AllItem, AllOperation, AllReader, NamedLists, dotted},
    facts::{
        Attribute, Binding, BindingId, BindingKind, Constant, Context, Effect, EffectKind, Import, ImportId, ModuleKey,
        ModuleTraits, Reference, ReferenceId, Scope, ScopeId, ScopeKind, Statement, StatementId, SysModulesChange,
        Target, Usage, When,
    },
    interest::{Interest, top_level},
    names::{NameCollector, Symbol},
    text_range,
};

/// What `global` and `nonlocal` make of a name in a scope.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declaration {
    Global,
    Nonlocal,
}

/// Everything that the walk found, before names are resolved.
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
    pub(crate) all_operations: Vec<AllOperation>,
    pub(crate) constants: Vec<(BindingId, Constant)>,
    pub(crate) aliases: Vec<BindingId>,
    pub(crate) effects: Vec<Effect>,
    /// The functions that are called by their bare name, each with the scope that calls.
    pub(crate) calls: Vec<(ScopeId, Symbol)>,
    pub(crate) declarations: FxHashMap<(ScopeId, Symbol), Declaration>,
    pub(crate) traits: ModuleTraits,
    /// How deep the tree is; whoever drops it needs a stack for that.
    pub(crate) depth: usize,
}

pub(crate) fn collect<'a>(source: &'a str, body: &'a [Stmt], options: &ParseOptions) -> Collected {
    let mut collector = Collector::new(source, body, options);
    collector.body(body);
    collector.finish()
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
    /// Nesting of the node that is visited, which bounds the stack that dropping the tree takes.
    depth: usize,
    /// The calls of `globals()`, with where they stand, and those of them whose result is only looked at.
    namespaces: Vec<Effect>,
    looked_at: FxHashSet<TextRange>,
    /// `sys.modules[__name__]` and the like were seen, and `setattr` on something that is no `self`.
    takes_own_module: Option<TextRange>,
    sets_attributes: bool,
}

/// The stack is looked at once in so many levels; each level needs less than a kilobyte or so.
const LEVELS_BETWEEN_CHECKS: usize = 32;
const RED_ZONE: usize = 256 * 1024;
const NEW_STACK: usize = 4 * 1024 * 1024;

impl<'a> Collector<'a> {
    fn new(source: &'a str, body: &[Stmt], options: &ParseOptions) -> Self {
        let mut names = NameCollector::default();
        let interest = Interest::read(body, &mut names);
        let module = Scope {
            kind: ScopeKind::Module,
            parent: ScopeId::MODULE,
            name: None,
            range: TextRange::new(0, u32::try_from(source.len()).unwrap_or(u32::MAX)),
            runs_on_load: false,
        };
        Self {
            source,
            decider: Decider { version: options.version, platform: options.platform },
            defers_annotations: options.is_stub || options.version.minor() >= 14,
            found: Collected {
                names,
                interest,
                locals: FxHashSet::default(),
                scopes: vec![module],
                branches: Branches::default(),
                bindings: Vec::new(),
                references: Vec::new(),
                attributes: Vec::new(),
                imports: Vec::new(),
                statements: Vec::new(),
                all_operations: Vec::new(),
                constants: Vec::new(),
                aliases: Vec::new(),
                effects: Vec::new(),
                calls: Vec::new(),
                declarations: FxHashMap::default(),
                traits: ModuleTraits::default(),
                depth: 0,
            },
            lists: NamedLists::default(),
            scope: ScopeId::MODULE,
            branch: BranchId::ROOT,
            context: Context::Runtime,
            depth: 0,
            namespaces: Vec::new(),
            looked_at: FxHashSet::default(),
            takes_own_module: None,
            sets_attributes: false,
        }
    }

    fn finish(mut self) -> Collected {
        if let (Some(range), true) = (self.takes_own_module, self.sets_attributes) {
            self.effect(EffectKind::NamespaceWrite, range);
        }
        // Whoever keeps the namespace under another name may write to it.
        let Self { namespaces, looked_at, found, .. } = &mut self;
        found.effects.extend(namespaces.drain(..).filter(|call| !looked_at.contains(&call.range)));
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

    // Scopes and branches

    fn in_scope(&mut self, kind: ScopeKind, name: Option<Symbol>, range: TextRange, step: impl FnOnce(&mut Self)) {
        let outer = self.scope;
        let inner = ScopeId(count(self.found.scopes.len()));
        self.found.scopes.push(Scope { kind, parent: outer, name, range, runs_on_load: false });
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

    // Bindings, references, effects

    /// Writes a binding down if it is one of the module, or of a name that some import binds.
    fn bind(&mut self, name: &str, range: TextRange, kind: BindingKind) {
        self.found.traits.touches_path |= name == "__path__";
        let scope = match kind {
            // PEP 572: the target belongs to the scope around the comprehension.
            BindingKind::NamedExpression => self.outside_comprehensions(),
            _ => self.scope,
        };
        let mut symbol = self.found.names.find(name);
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
            self.look_at(root);
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
            let name = self.found.names.intern(attribute.attr.as_str());
            self.found.attributes.push(Attribute { name, range: text_range(attribute.attr.range()) });
            at = &attribute.value;
        }
        self.found.attributes[start..].reverse();
        Some(self.reference(symbol, text_range(name.range()), start, usage))
    }

    // Statements

    fn body(&mut self, body: &'a [Stmt]) {
        for statement in body {
            let is_only = body.len() == 1;
            self.nested(|this| this.statement(statement, is_only));
        }
    }

    fn statement(&mut self, statement: &'a Stmt, is_only: bool) {
        if self.in_module_scope() {
            self.lists.note(statement);
        }
        match statement {
            Stmt::Import(import) => self.import(import, is_only),
            Stmt::ImportFrom(import) => self.import_from(import, is_only),
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::If(test) => self.if_statement(test),
            Stmt::Try(attempt) => self.try_statement(attempt),
            Stmt::With(with) => self.with_statement(with),
            Stmt::For(each) => self.for_statement(each),
            Stmt::While(each) => self.while_statement(each),
            Stmt::Match(matched) => self.match_statement(matched),
            Stmt::Assign(assign) => self.assign(assign),
            Stmt::AugAssign(assign) => self.augmented_assign(assign),
            Stmt::AnnAssign(assign) => self.annotated_assign(assign),
            Stmt::Delete(delete) => self.delete(delete),
            Stmt::TypeAlias(alias) => self.type_alias(alias),
            Stmt::Global(global) => self.declare(&global.names, Declaration::Global),
            Stmt::Nonlocal(nonlocal) => self.declare(&nonlocal.names, Declaration::Nonlocal),
            Stmt::Expr(expression) => self.expression_statement(&expression.value),
            Stmt::Return(returned) => {
                if let Some(value) = &returned.value {
                    self.expression(value);
                }
                self.found.branches.terminate(self.branch);
            }
            Stmt::Raise(raised) => {
                for expression in [&raised.exc, &raised.cause].into_iter().flatten() {
                    self.expression(expression);
                }
                self.found.branches.terminate(self.branch);
                let position = self.position();
                self.found.branches.interrupt(self.branch, position);
            }
            Stmt::Break(_) | Stmt::Continue(_) => self.found.branches.terminate(self.branch),
            Stmt::Assert(assertion) => {
                self.expression(&assertion.test);
                if let Some(message) = &assertion.msg {
                    self.expression(message);
                }
            }
            Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    fn import(&mut self, import: &ast::StmtImport, is_only: bool) {
        let range = text_range(import.range());
        let statement = self.import_statement(range, TextRange::empty(range.start()), is_only);
        for alias in &import.names {
            let module = alias.name.as_str();
            let target = Target::Module(self.found.names.intern(module));
            // `import a.b` binds `a`; `import a.b as c` binds `c` (language reference, section 7.11).
            let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            let bound = if alias.asname.is_some() { bound } else { top_level(bound) };
            self.imported_name(statement, target, alias, bound, import.is_lazy);
        }
    }

    fn import_from(&mut self, import: &ast::StmtImportFrom, is_only: bool) {
        let range = text_range(import.range());
        let module_range = self.module_range(import);
        let statement = self.import_statement(range, module_range, is_only);
        let level = import.level;
        let module = import.module.as_ref().map(|module| self.found.names.intern(module.as_str()));
        if level == 0 && import.module.as_ref().is_some_and(|module| module.as_str() == "__future__") {
            self.defers_annotations |= import.names.iter().any(|alias| alias.name.as_str() == "annotations");
        }
        for alias in &import.names {
            let name = alias.name.as_str();
            if name == "*" {
                let target = Target::Star { level, module };
                self.push_import(statement, target, alias, None, import.is_lazy);
                continue;
            }
            let target = Target::From { level, module, name: self.found.names.intern(name) };
            let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            if bound == "__all__" && self.in_module_scope() {
                let items = vec![AllItem::AllOf(Vec::new())];
                self.all_operation(AllAction::Set, items, text_range(alias.range()));
            }
            self.imported_name(statement, target, alias, bound, import.is_lazy);
        }
    }

    fn import_statement(&mut self, range: TextRange, module_range: TextRange, is_only_statement: bool) -> StatementId {
        let id = StatementId(count(self.found.statements.len()));
        let stands_alone = self.stands_alone(range);
        self.found.statements.push(Statement { range, module_range, stands_alone, is_only_statement });
        id
    }

    /// The dots and the module name between `from` and `import`.
    fn module_range(&self, import: &ast::StmtImportFrom) -> TextRange {
        let statement = text_range(import.range());
        match &import.module {
            Some(module) => {
                let module = text_range(module.range());
                let before = TextRange::new(statement.start(), module.start()).slice(self.source);
                let dots = before.find('.').map_or(module.start(), |at| statement.start() + count(at));
                TextRange::new(dots, module.end())
            }
            None => {
                let text = statement.slice(self.source);
                let start = text.find('.').unwrap_or(0);
                let end = text.find("import").unwrap_or(start);
                let dots = text.get(start..end).unwrap_or_default().trim_end();
                let start = statement.start() + count(start);
                TextRange::new(start, start + count(dots.len()))
            }
        }
    }

    fn stands_alone(&self, range: TextRange) -> bool {
        let (before, after) = (range.start() as usize, range.end() as usize);
        // Only as far as the next thing that is no blank: a line may hold a million statements.
        const BLANKS: [char; 3] = [' ', '\t', '\x0c'];
        let before = self.source.get(..before).unwrap_or_default().trim_end_matches(BLANKS);
        let after = self.source.get(after..).unwrap_or_default().trim_start_matches(BLANKS);
        let ends_line = |text: &str| text.is_empty() || text.starts_with(['\n', '\r', '#']);
        (before.is_empty() || before.ends_with(['\n', '\r'])) && ends_line(after)
    }

    fn imported_name(&mut self, statement: StatementId, target: Target, alias: &Alias, bound: &str, is_lazy: bool) {
        let name = alias.asname.as_ref().unwrap_or(&alias.name);
        let mut range = text_range(name.range());
        if alias.asname.is_none() {
            // Of `import a.b` only `a` is bound; its length is that of the text, which Python normalizes (PEP 3131).
            let text = range.slice(self.source);
            let first = text.split('.').next().unwrap_or(text).trim_end_matches([' ', '\t', '\x0c', '\\', '\r', '\n']);
            range = TextRange::new(range.start(), range.start() + count(first.len()));
        }
        let import = ImportId(count(self.found.imports.len()));
        self.push_import(statement, target, alias, Some(BindingId(self.position())), is_lazy);
        self.bind(bound, range, BindingKind::Import(import));
    }

    fn push_import(
        &mut self,
        statement: StatementId,
        target: Target,
        alias: &Alias,
        binding: Option<BindingId>,
        is_lazy: bool,
    ) {
        let when = if self.found.branches.is_type_checking(self.branch) {
            When::TypeChecking
        } else if self.is_deferred() {
            When::Call
        } else if is_lazy {
            When::Lazy
        } else {
            When::Load
        };
        let import = Import {
            statement,
            target,
            alias: alias.asname.as_ref().map(|name| self.found.names.intern(name.as_str())),
            binding,
            scope: self.scope,
            branch: self.branch,
            range: text_range(alias.range()),
            position: self.position(),
            when,
        };
        self.found.imports.push(import);
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

    fn function(&mut self, function: &'a ast::StmtFunctionDef) {
        self.decorators(&function.decorator_list);
        let name = function.name.as_str();
        let symbol = self.found.names.intern(name);
        let range = text_range(function.range());
        self.default_values(&function.parameters);
        let type_parameters = self.with_type_parameters(function.type_params.as_deref(), range, |this| {
            this.parameter_annotations(&function.parameters);
            if let Some(returns) = &function.returns {
                this.annotation(returns);
            }
        });
        let is_overload = function
            .decorator_list
            .iter()
            .any(|decorator| dotted(&decorator.expression).is_some_and(|parts| parts.last() == Some(&"overload")));
        self.bind(name, text_range(function.name.range()), BindingKind::Function(is_overload));
        let fork = self.found.branches.fork();
        self.again_in(type_parameters.unwrap_or(self.scope), |this| {
            this.in_scope(ScopeKind::Function, Some(symbol), range, |this| {
                this.in_branch(fork, Arm::Function, None, Truth::True, |this| {
                    this.bind_parameters(&function.parameters);
                    this.in_context(Context::Runtime, |this| this.body(&function.body));
                });
            });
        });
    }

    fn class(&mut self, class: &'a ast::StmtClassDef) {
        self.decorators(&class.decorator_list);
        let name = class.name.as_str();
        let symbol = self.found.names.intern(name);
        let range = text_range(class.range());
        self.with_type_parameters(class.type_params.as_deref(), range, |this| {
            if let Some(arguments) = &class.arguments {
                visitor::walk_arguments(this, arguments);
            }
            this.in_scope(ScopeKind::Class, Some(symbol), range, |this| this.body(&class.body));
        });
        self.bind(name, text_range(class.name.range()), BindingKind::Class);
    }

    fn decorators(&mut self, decorators: &[Decorator]) {
        for decorator in decorators {
            self.expression(&decorator.expression);
            if let Expr::Name(name) = &decorator.expression {
                self.note_call(name.id.as_str());
            }
            // `enum.global_enum` puts the members into the module.
            if self.in_module_scope()
                && dotted(&decorator.expression).is_some_and(|parts| parts.last() == Some(&"global_enum"))
            {
                self.effect(EffectKind::NamespaceWrite, text_range(decorator.range()));
            }
            // A decorator without a call, such as `@registry.register`, calls the function all the same.
            if self.in_module_scope() {
                self.effect(EffectKind::Call, text_range(decorator.range()));
            }
        }
    }

    /// Binds the type parameters in a scope of their own and visits what is evaluated there. Returns that scope, if there
    /// are any, for a function body that sees them too.
    fn with_type_parameters(
        &mut self,
        parameters: Option<&TypeParams>,
        range: TextRange,
        step: impl FnOnce(&mut Self),
    ) -> Option<ScopeId> {
        let Some(parameters) = parameters else {
            step(self);
            return None;
        };
        let scope = ScopeId(count(self.found.scopes.len()));
        self.in_scope(ScopeKind::TypeParameters, None, range, |this| {
            for parameter in &parameters.type_params {
                let name = parameter.name();
                this.bind(name.as_str(), text_range(name.range()), BindingKind::TypeParameter);
                this.in_context(Context::DeferredAnnotation, |this| {
                    for expression in [type_bound(parameter), parameter.default()].into_iter().flatten() {
                        this.expression(expression);
                    }
                });
            }
            step(this);
        });
        Some(scope)
    }

    /// Enters a scope once more.
    fn again_in(&mut self, scope: ScopeId, step: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.scope, scope);
        step(self);
        self.scope = outer;
    }

    fn default_values(&mut self, parameters: &Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.expression(default);
            }
        }
    }

    fn parameter_annotations(&mut self, parameters: &Parameters) {
        for parameter in parameters.iter() {
            if let Some(annotation) = parameter.annotation() {
                self.annotation(annotation);
            }
        }
    }

    fn bind_parameters(&mut self, parameters: &Parameters) {
        for parameter in parameters.iter() {
            let name = parameter.name();
            self.bind(name.as_str(), text_range(name.range()), BindingKind::Parameter);
        }
    }

    fn annotation(&mut self, annotation: &Expr) {
        let context = if self.defers_annotations { Context::DeferredAnnotation } else { Context::Annotation };
        self.in_context(context, |this| this.expression(annotation));
    }

    fn if_statement(&mut self, test: &'a ast::StmtIf) {
        let fork = self.found.branches.fork();
        self.expression(&test.test);
        let (guard, truth) = self.decider.decide(&test.test);
        if guard == Guard::Main && self.in_module_scope() {
            self.found.traits.has_main_block = true;
        }
        let asked = self.test(&test.test);
        self.in_branch(fork, Arm::Choice(0), Some(guard), truth, |this| {
            this.found.branches.set_test(this.branch, asked);
            this.body(&test.body);
        });
        let mut before = truth;
        let mut last_guard = guard;
        for (arm, clause) in (1..).zip(&test.elif_else_clauses) {
            let mut own = Truth::True;
            if let Some(test) = &clause.test {
                self.expression(test);
                (last_guard, own) = self.decider.decide(test);
            }
            let truth = own.and(before.not());
            // A plain `else` runs if the answer is the other one.
            let negated = asked.filter(|_| arm == 1 && clause.test.is_none());
            let negated = negated.map(|test| Test { is_negated: !test.is_negated, ..test });
            self.in_branch(fork, Arm::Choice(arm), Some(last_guard), truth, |this| {
                this.found.branches.set_test(this.branch, negated);
                this.body(&clause.body);
            });
            before = before.or(own);
        }
    }

    fn try_statement(&mut self, attempt: &'a ast::StmtTry) {
        let fork = self.found.branches.fork();
        let catches = attempt
            .handlers
            .iter()
            .any(|ExceptHandler::ExceptHandler(handler)| handler.type_.as_deref().is_none_or(catches_import_error));
        let guard = if catches { Guard::ImportError } else { Guard::Condition };
        let body_guard = (!attempt.handlers.is_empty()).then_some(guard);
        self.in_branch(fork, Arm::Try, body_guard, Truth::True, |this| this.body(&attempt.body));
        for (arm, ExceptHandler::ExceptHandler(handler)) in (0..).zip(&attempt.handlers) {
            self.in_branch(fork, Arm::Handler(arm), Some(guard), Truth::Unknown, |this| {
                if let Some(caught) = &handler.type_ {
                    this.expression(caught);
                }
                if let Some(name) = &handler.name {
                    this.bind(name.as_str(), text_range(name.range()), BindingKind::ExceptTarget);
                }
                this.body(&handler.body);
                if let Some(name) = &handler.name {
                    let end = TextRange::empty(text_range(handler.range()).end());
                    this.bind(name.as_str(), end, BindingKind::HandlerEnd);
                }
            });
        }
        if !attempt.orelse.is_empty() {
            self.in_branch(fork, Arm::TryElse, body_guard, Truth::True, |this| this.body(&attempt.orelse));
        }
        if !attempt.finalbody.is_empty() {
            self.in_branch(fork, Arm::Finally, None, Truth::True, |this| this.body(&attempt.finalbody));
        }
    }

    fn with_statement(&mut self, with: &'a ast::StmtWith) {
        let mut suppresses = None;
        for item in &with.items {
            self.expression(&item.context_expr);
            if let Some(target) = &item.optional_vars {
                self.bind_target(target, BindingKind::WithTarget);
            }
            suppresses = suppresses.or_else(|| suppressed_guard(&item.context_expr));
        }
        match suppresses {
            Some(guard) => {
                let fork = self.found.branches.fork();
                self.in_branch(fork, Arm::Try, Some(guard), Truth::True, |this| this.body(&with.body));
            }
            None => self.body(&with.body),
        }
    }

    fn for_statement(&mut self, each: &'a ast::StmtFor) {
        self.look_at(&each.iter);
        self.expression(&each.iter);
        let fork = self.found.branches.fork();
        self.bind_target(&each.target, BindingKind::LoopTarget);
        self.in_branch(fork, Arm::Loop, Some(Guard::Condition), Truth::Unknown, |this| this.body(&each.body));
        if !each.orelse.is_empty() {
            self.in_branch(fork, Arm::LoopElse, Some(Guard::Condition), Truth::Unknown, |this| this.body(&each.orelse));
        }
    }

    fn while_statement(&mut self, each: &'a ast::StmtWhile) {
        self.expression(&each.test);
        let (guard, truth) = self.decider.decide(&each.test);
        let fork = self.found.branches.fork();
        self.in_branch(fork, Arm::Loop, Some(guard), truth, |this| this.body(&each.body));
        if !each.orelse.is_empty() {
            self.in_branch(fork, Arm::LoopElse, Some(guard), Truth::Unknown, |this| this.body(&each.orelse));
        }
    }

    fn match_statement(&mut self, matched: &'a ast::StmtMatch) {
        self.expression(&matched.subject);
        let fork = self.found.branches.fork();
        for (arm, case) in (0..).zip(&matched.cases) {
            self.in_branch(fork, Arm::Choice(arm), Some(Guard::Condition), Truth::Unknown, |this| {
                this.pattern(&case.pattern);
                if let Some(guard) = &case.guard {
                    this.expression(guard);
                }
                this.body(&case.body);
            });
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        let captured = match pattern {
            Pattern::MatchAs(capture) => capture.name.as_ref(),
            Pattern::MatchStar(star) => star.name.as_ref(),
            Pattern::MatchMapping(mapping) => mapping.rest.as_ref(),
            _ => None,
        };
        self.nested(|this| visitor::walk_pattern(this, pattern));
        if let Some(name) = captured {
            self.bind(name.as_str(), text_range(name.range()), BindingKind::MatchCapture);
        }
    }

    fn assign(&mut self, assign: &'a ast::StmtAssign) {
        self.expression(&assign.value);
        self.found.traits.all_escapes |= is_own_all(&assign.value);
        for target in &assign.targets {
            let before = self.position();
            self.bind_target(target, BindingKind::Assignment);
            if matches!(target, Expr::Name(_)) && self.position() > before {
                self.note_value(BindingId(before), &assign.value);
            }
            self.subscript_assignment(target, &assign.value);
            if self.in_module_scope() && is_dunder_all(target) {
                self.set_all(&assign.value, AllAction::Set, text_range(assign.range()));
            } else if self.in_module_scope() && mentions_dunder_all(target) {
                // `__all__[:] = …`, `a, __all__ = …`
                self.all_operation(AllAction::Set, vec![AllItem::Unknown], text_range(assign.range()));
            }
        }
    }

    /// Notes that a binding is one to a constant, or to what something imported stands for.
    fn note_value(&mut self, binding: BindingId, value: &Expr) {
        let root = root_name(value).and_then(|root| self.found.names.find(root));
        if root.is_some_and(|root| self.found.interest.is_imported(root)) {
            self.found.aliases.push(binding);
        }
        let constant = match value {
            Expr::NoneLiteral(_) => Constant::None,
            Expr::BooleanLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::Compare(_)
            | Expr::BoolOp(_)
            | Expr::UnaryOp(_) => match self.decider.decide(value).1 {
                Truth::True => Constant::True,
                Truth::False => Constant::False,
                Truth::Unknown => return,
            },
            _ => return,
        };
        self.found.constants.push((binding, constant));
    }

    fn augmented_assign(&mut self, assign: &'a ast::StmtAugAssign) {
        self.expression(&assign.value);
        match &*assign.target {
            Expr::Name(name) => {
                let range = text_range(name.range());
                self.bare_reference(name, Usage::Read);
                self.bind(name.id.as_str(), range, BindingKind::AugmentedAssignment);
            }
            other => self.bind_target(other, BindingKind::AugmentedAssignment),
        }
        if self.in_module_scope() && is_dunder_all(&assign.target) {
            if assign.op == ast::Operator::Add {
                self.set_all(&assign.value, AllAction::Extend, text_range(assign.range()));
            } else {
                self.all_operation(AllAction::Set, vec![AllItem::Unknown], text_range(assign.range()));
            }
        }
    }

    fn annotated_assign(&mut self, assign: &'a ast::StmtAnnAssign) {
        // The annotation of a local variable is never evaluated (language reference, section 7.2.2).
        if self.is_deferred() {
            self.in_context(Context::DeferredAnnotation, |this| this.expression(&assign.annotation));
        } else {
            self.annotation(&assign.annotation);
        }
        if let Some(value) = &assign.value {
            // `Alias: TypeAlias = "Name"` holds a type in a string.
            let is_alias = dotted(&assign.annotation).is_some_and(|parts| parts.last() == Some(&"TypeAlias"));
            if is_alias {
                self.annotation(value);
            } else {
                self.expression(value);
            }
        }
        let kind = if assign.value.is_some() { BindingKind::Assignment } else { BindingKind::Annotation };
        let before = self.position();
        self.bind_target(&assign.target, kind);
        if let (Expr::Name(_), Some(value)) = (&*assign.target, &assign.value)
            && self.position() > before
        {
            self.note_value(BindingId(before), value);
        }
        if self.in_module_scope()
            && is_dunder_all(&assign.target)
            && let Some(value) = &assign.value
        {
            self.set_all(value, AllAction::Set, text_range(assign.range()));
        }
    }

    fn delete(&mut self, delete: &'a ast::StmtDelete) {
        for target in &delete.targets {
            self.delete_target(target);
            if self.in_module_scope() && is_dunder_all(target) {
                self.all_operation(AllAction::Delete, Vec::new(), text_range(delete.range()));
            } else if self.in_module_scope() && mentions_dunder_all(target) {
                self.all_operation(AllAction::Set, vec![AllItem::Unknown], text_range(delete.range()));
            }
        }
    }

    fn delete_target(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                let range = text_range(name.range());
                self.bare_reference(name, Usage::Delete);
                self.bind(name.id.as_str(), range, BindingKind::Deletion);
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|target| self.nested(|this| this.delete_target(target))),
            Expr::List(list) => list.elts.iter().for_each(|target| self.nested(|this| this.delete_target(target))),
            Expr::Attribute(_) => {
                self.chain(target, Usage::DeleteAttribute);
            }
            Expr::Subscript(subscript) => {
                self.look_at(&subscript.value);
                let owner = self.visited_chain(&subscript.value);
                self.expression(&subscript.slice);
                let range = text_range(subscript.range());
                if self.is_own_namespace(&subscript.value) {
                    self.effect(EffectKind::NamespaceWrite, range);
                } else if let Some(modules) = owner
                    && is_sys_modules(&subscript.value)
                {
                    let key = self.module_key(&subscript.slice);
                    self.effect(EffectKind::SysModules { change: SysModulesChange::Delete, modules, key }, range);
                }
            }
            other => self.expression(other),
        }
    }

    fn type_alias(&mut self, alias: &'a ast::StmtTypeAlias) {
        let range = text_range(alias.range());
        self.with_type_parameters(alias.type_params.as_deref(), range, |this| {
            this.in_context(Context::DeferredAnnotation, |this| this.expression(&alias.value));
        });
        self.bind_target(&alias.name, BindingKind::TypeAlias);
    }

    fn declare(&mut self, names: &[ast::Identifier], declaration: Declaration) {
        for name in names {
            let symbol = self.found.names.intern(name.as_str());
            self.found.declarations.insert((self.scope, symbol), declaration);
        }
    }

    fn expression_statement(&mut self, value: &'a Expr) {
        self.expression(value);
        let Expr::Call(call) = value else { return };
        if ends_the_program(&call.func) {
            self.found.branches.terminate(self.branch);
        }
        if !self.in_module_scope() {
            return;
        }
        let range = text_range(call.range());
        self.effect(EffectKind::Call, range);
        let Expr::Attribute(method) = &*call.func else { return };
        if !is_dunder_all(&method.value) {
            return;
        }
        match (method.attr.as_str(), &*call.arguments.args) {
            ("extend", [items]) => self.set_all(items, AllAction::Extend, range),
            ("append", [item]) => self.one_export(item, AllAction::Extend, range),
            ("insert", [_, item]) => self.one_export(item, AllAction::Extend, range),
            ("remove", [item]) => self.one_export(item, AllAction::Remove, range),
            ("sort" | "reverse", _) => {}
            _ => self.all_operation(AllAction::Set, vec![AllItem::Unknown], range),
        }
    }

    // `__all__`

    fn set_all(&mut self, value: &'a Expr, action: AllAction, range: TextRange) {
        let items = AllReader { names: &mut self.found.names, lists: &self.lists }.items(value);
        self.all_operation(action, items, range);
    }

    fn one_export(&mut self, item: &'a Expr, action: AllAction, range: TextRange) {
        let items = match item {
            Expr::StringLiteral(literal) => vec![AllItem::Name(crate::dunder_all::Export {
                name: self.found.names.intern(literal.value.to_str()),
                range: text_range(literal.range()),
            })],
            _ => vec![AllItem::Unknown],
        };
        self.all_operation(action, items, range);
    }

    fn all_operation(&mut self, action: AllAction, items: Vec<AllItem>, range: TextRange) {
        let (branch, position) = (self.branch, self.position());
        self.found.all_operations.push(AllOperation { action, items, range, branch, position });
    }

    /// `__all__.append` is a step in its building where it is a statement of the module; elsewhere nobody can tell when
    /// it is called, and with what.
    fn note_all_method(&mut self, method: &str, usage: Usage) {
        const READERS: [&str; 4] = ["copy", "count", "index", "__contains__"];
        let is_step = usage == Usage::Call && self.in_module_scope();
        self.found.traits.all_escapes |= !is_step && !READERS.contains(&method);
    }

    /// Notes that the list is handed to a function that may change it, or gets a second name.
    fn note_all_handed_over(&mut self, call: &ast::ExprCall) {
        let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
        if call.arguments.args.iter().chain(keywords).any(is_own_all) {
            const READERS: [&str; 13] = [
                "all",
                "any",
                "enumerate",
                "frozenset",
                "iter",
                "len",
                "list",
                "map",
                "filter",
                "print",
                "set",
                "sorted",
                "tuple",
            ];
            let reads = matches!(&*call.func, Expr::Name(name) if READERS.contains(&name.id.as_str()))
                || matches!(&*call.func, Expr::Attribute(method) if is_dunder_all(&method.value));
            self.found.traits.all_escapes |= !reads;
        }
    }

    // Targets

    fn bind_target(&mut self, target: &Expr, kind: BindingKind) {
        match target {
            Expr::Name(name) => {
                self.bind(name.id.as_str(), text_range(name.range()), kind);
            }
            Expr::Tuple(tuple) => {
                tuple.elts.iter().for_each(|target| self.nested(|this| this.bind_target(target, kind)))
            }
            Expr::List(list) => list.elts.iter().for_each(|target| self.nested(|this| this.bind_target(target, kind))),
            Expr::Starred(starred) => self.nested(|this| this.bind_target(&starred.value, kind)),
            Expr::Attribute(attribute) => {
                let stored = self.chain(target, Usage::StoreAttribute);
                if is_own_module(&attribute.value) {
                    if attribute.attr.as_str() == "__class__" {
                        self.found.traits.has_getattr = true;
                    } else {
                        self.effect(EffectKind::NamespaceWrite, text_range(attribute.range()));
                    }
                }
                if let Some(reference) = stored {
                    self.effect(EffectKind::AttributeStore(reference), text_range(attribute.range()));
                }
            }
            other => self.expression(other),
        }
    }

    /// `globals()[…] = …` and `sys.modules[…] = …`.
    fn subscript_assignment(&mut self, target: &Expr, value: &Expr) {
        let Expr::Subscript(subscript) = target else { return };
        let range = text_range(subscript.range());
        if self.is_own_namespace(&subscript.value) {
            self.effect(EffectKind::NamespaceWrite, range);
            return;
        }
        if !is_sys_modules(&subscript.value) {
            return;
        }
        let key = self.module_key(&subscript.slice);
        if key != ModuleKey::Own {
            if let Some(modules) = self.chain(&subscript.value, Usage::Read) {
                let is_none = matches!(value, Expr::NoneLiteral(_));
                let change = if is_none { SysModulesChange::SetNone } else { SysModulesChange::Set };
                self.effect(EffectKind::SysModules { change, modules, key }, range);
            }
        } else {
            let replacement = match value {
                Expr::Name(name) => Some(self.found.names.intern(name.id.as_str())),
                _ => None,
            };
            self.effect(EffectKind::ReplacesItself(replacement), range);
        }
    }

    /// The module that a key of `sys.modules` or an argument of `reload` names.
    fn module_key(&mut self, key: &Expr) -> ModuleKey {
        match key {
            Expr::StringLiteral(literal) => ModuleKey::Literal(self.found.names.intern(literal.value.to_str())),
            Expr::Name(name) if name.id.as_str() == "__name__" => ModuleKey::Own,
            Expr::Attribute(attribute) if attribute.attr.as_str() == "__name__" => self.module_key(&attribute.value),
            Expr::Name(_) | Expr::Attribute(_) if dotted(key).is_some() => {
                self.chain(key, Usage::Read).map_or(ModuleKey::Unknown, ModuleKey::Reference)
            }
            // `sys.modules["name"]`
            Expr::Subscript(subscript) if is_sys_modules(&subscript.value) => self.module_key(&subscript.slice),
            _ => ModuleKey::Unknown,
        }
    }

    // Expressions

    fn visited_chain(&mut self, expression: &Expr) -> Option<ReferenceId> {
        match expression {
            Expr::Name(_) | Expr::Attribute(_) => self.chain(expression, Usage::Read),
            other => {
                self.expression(other);
                None
            }
        }
    }

    fn expression(&mut self, expression: &Expr) {
        self.look_below(expression);
        match expression {
            Expr::Name(name) => match name.ctx {
                ExprContext::Store => {
                    self.bind_target(expression, BindingKind::Assignment);
                }
                _ => {
                    self.bare_reference(name, Usage::Read);
                }
            },
            Expr::Attribute(_) => {
                self.chain(expression, Usage::Read);
            }
            Expr::Call(call) => self.nested(|this| this.call(call)),
            Expr::Named(named) => {
                self.nested(|this| this.expression(&named.value));
                self.bind_target(&named.target, BindingKind::NamedExpression);
            }
            Expr::Lambda(lambda) => self.nested(|this| this.lambda(lambda)),
            Expr::ListComp(ast::ExprListComp { generators, elt, .. })
            | Expr::SetComp(ast::ExprSetComp { generators, elt, .. })
            | Expr::Generator(ast::ExprGenerator { generators, elt, .. }) => {
                self.comprehension(generators, &[elt], text_range(expression.range()));
            }
            Expr::DictComp(each) => {
                let elements: Vec<&Expr> = each.key.as_deref().into_iter().chain([&*each.value]).collect();
                self.comprehension(&each.generators, &elements, text_range(each.range()));
            }
            Expr::Subscript(subscript) => self.nested(|this| this.subscript(subscript)),
            Expr::StringLiteral(literal) if self.context != Context::Runtime => self.string_annotation(literal),
            other => self.nested(|this| visitor::walk_expr(this, other)),
        }
    }

    fn lambda(&mut self, lambda: &ast::ExprLambda) {
        if let Some(parameters) = &lambda.parameters {
            self.default_values(parameters);
        }
        let fork = self.found.branches.fork();
        self.in_scope(ScopeKind::Lambda, None, text_range(lambda.range()), |this| {
            this.in_branch(fork, Arm::Function, None, Truth::True, |this| {
                if let Some(parameters) = &lambda.parameters {
                    this.bind_parameters(parameters);
                }
                this.nested(|this| this.expression(&lambda.body));
            });
        });
    }

    fn comprehension(&mut self, generators: &[Comprehension], elements: &[&Expr], range: TextRange) {
        let Some((first, rest)) = generators.split_first() else { return };
        generators.iter().for_each(|generator| self.look_at(&generator.iter));
        self.nested(|this| this.expression(&first.iter));
        self.in_scope(ScopeKind::Comprehension, None, range, |this| {
            this.generator(first);
            for generator in rest {
                this.nested(|this| this.expression(&generator.iter));
                this.generator(generator);
            }
            for element in elements {
                this.nested(|this| this.expression(element));
            }
        });
    }

    fn generator(&mut self, generator: &Comprehension) {
        self.bind_target(&generator.target, BindingKind::LoopTarget);
        for test in &generator.ifs {
            self.nested(|this| this.expression(test));
        }
    }

    fn subscript(&mut self, subscript: &ast::ExprSubscript) {
        self.expression(&subscript.value);
        if is_sys_modules(&subscript.value) && is_dunder_name(&subscript.slice) {
            self.takes_own_module = self.takes_own_module.or(Some(text_range(subscript.range())));
        }
        if self.context == Context::Runtime {
            self.expression(&subscript.slice);
            return;
        }
        let base = dotted(&subscript.value).and_then(|parts| parts.last().copied());
        match (base, &*subscript.slice) {
            // The strings of `Literal` are values, and so is all but the first argument of `Annotated`.
            (Some("Literal"), slice) => self.in_context(Context::Runtime, |this| this.expression(slice)),
            (Some("Annotated"), Expr::Tuple(arguments)) => {
                let Some((first, rest)) = arguments.elts.split_first() else { return };
                self.expression(first);
                self.in_context(Context::Runtime, |this| rest.iter().for_each(|argument| this.expression(argument)));
            }
            (_, slice) => self.expression(slice),
        }
    }

    fn string_annotation(&mut self, literal: &ast::ExprStringLiteral) {
        let Some(string) = literal.as_single_part_string() else { return };
        let text = text_range(string.range()).slice(self.source);
        // An escape or a prefix shifts the offsets; type checkers refuse most of these strings too.
        if text.contains('\\') || !text.starts_with(['"', '\'']) {
            return;
        }
        let Ok(parsed) = ruff_python_parser::parse_string_annotation(self.source, string) else { return };
        self.in_context(Context::StringAnnotation, |this| {
            this.nested(|this| this.expression(parsed.expr()));
        });
        stacker::maybe_grow(RED_ZONE, NEW_STACK, || drop(parsed));
    }

    fn call(&mut self, call: &ast::ExprCall) {
        let function = match &*call.func {
            Expr::Name(_) | Expr::Attribute(_) => self.chain(&call.func, Usage::Call),
            other => {
                self.nested(|this| this.expression(other));
                None
            }
        };
        let last = match &*call.func {
            Expr::Name(name) => {
                self.note_call(name.id.as_str());
                Some(name.id.as_str())
            }
            Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
            _ => None,
        };
        let arguments = &call.arguments;
        match last {
            // `cast("Type", value)`; `TypeVar("T", "Bound")`
            Some("cast") if arguments.args.len() == 2 => {
                self.annotation(&arguments.args[0]);
                self.expression(&arguments.args[1]);
            }
            Some("TypeVar" | "NewType") if !arguments.args.is_empty() => {
                self.expression(&arguments.args[0]);
                arguments.args[1..].iter().for_each(|argument| self.annotation(argument));
                for keyword in &arguments.keywords {
                    match keyword.arg.as_ref().map(ast::Identifier::as_str) {
                        Some("bound" | "default") => self.annotation(&keyword.value),
                        _ => self.expression(&keyword.value),
                    }
                }
            }
            _ if self.context != Context::Runtime => {
                self.in_context(Context::Runtime, |this| visitor::walk_arguments(this, arguments));
            }
            _ => visitor::walk_arguments(self, arguments),
        }
        self.note_all_handed_over(call);
        self.call_effects(call, last, function);
        if is_globals_call_to(&call.func) && !self.is_in_getattr() {
            self.namespaces.push(Effect {
                kind: EffectKind::NamespaceWrite,
                scope: self.scope,
                branch: self.branch,
                range: text_range(call.range()),
                position: self.position(),
            });
        }
    }

    /// Notes that nothing but a look is taken at the namespace, if that is what the expression is.
    fn look_at(&mut self, expression: &Expr) {
        if is_globals_call(expression) {
            self.looked_at.insert(text_range(expression.range()));
        }
    }

    /// Notes the uses of `globals()` that only look: `globals()[name]`, `globals().get(…)`, `name in globals()`,
    /// `sorted(globals())`. Those that write are effects of their own.
    fn look_below(&mut self, expression: &Expr) {
        match expression {
            Expr::Subscript(subscript) => self.look_at(&subscript.value),
            Expr::Compare(compare) => compare.comparators.iter().for_each(|expression| self.look_at(expression)),
            Expr::Call(call) => {
                const READERS: [&str; 13] = [
                    "eval",
                    "len",
                    "sorted",
                    "list",
                    "tuple",
                    "set",
                    "dict",
                    "print",
                    "iter",
                    "id",
                    "vars",
                    "__import__",
                    "isinstance",
                ];
                let namespaces = call.arguments.args.iter().filter(|argument| is_globals_call(argument));
                for namespace in namespaces {
                    if matches!(&*call.func, Expr::Name(name) if READERS.contains(&name.id.as_str())) {
                        self.look_at(namespace);
                    }
                }
                // `f(**globals())` hands over a copy.
                let copies = call.arguments.keywords.iter().filter(|keyword| keyword.arg.is_none());
                copies.for_each(|keyword| self.look_at(&keyword.value));
            }
            _ => {}
        }
    }

    fn note_call(&mut self, name: &str) {
        let name = self.found.names.find(name).filter(|name| self.found.interest.is_imported_or_function(*name));
        if let Some(name) = name
            && self.found.branches.truth(self.branch) != Truth::False
        {
            self.found.calls.push((self.scope, name));
        }
    }

    fn call_effects(&mut self, call: &ast::ExprCall, last: Option<&str>, function: Option<ReferenceId>) {
        let range = text_range(call.range());
        let arguments = &*call.arguments.args;
        if self.writes_namespace(call, last) {
            self.effect(EffectKind::NamespaceWrite, range);
        }
        match (last, arguments) {
            (Some("setattr"), [owner, ..]) if !matches!(owner, Expr::Name(name) if matches!(name.id.as_str(), "self" | "cls")) =>
            {
                self.sets_attributes = true;
            }
            (Some("import_module" | "__import__"), [name, ..]) if is_dunder_name(name) => {
                self.takes_own_module = self.takes_own_module.or(Some(range));
            }
            _ => {}
        }
        let Some(function) = function else { return };
        let is_modules = || match &*call.func {
            Expr::Attribute(method) => is_sys_modules(&method.value),
            _ => false,
        };
        match (last, arguments) {
            (Some("pop"), [key, ..]) if is_modules() => {
                let key = self.module_key(key);
                self.effect(EffectKind::SysModules { change: SysModulesChange::Pop, modules: function, key }, range);
            }
            (Some("clear"), []) if is_modules() => {
                let (change, key) = (SysModulesChange::Clear, ModuleKey::Unknown);
                self.effect(EffectKind::SysModules { change, modules: function, key }, range);
            }
            (Some("reload"), [module]) => {
                let module = self.module_key(module);
                self.effect(EffectKind::Reload { function, module }, range);
            }
            _ => {}
        }
    }

    /// `globals()`, at module level `vars()` and `locals()` as well, and the `__dict__` of the own module.
    fn is_own_namespace(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Call(call) if call.arguments.is_empty() => match &*call.func {
                Expr::Name(name) if matches!(name.id.as_str(), "vars" | "locals") => self.in_module_scope(),
                Expr::Name(name) => name.id.as_str() == "globals",
                _ => false,
            },
            Expr::Attribute(attribute) if attribute.attr.as_str() == "__dict__" => is_own_module(&attribute.value),
            // `vars(sys.modules[__name__])`
            Expr::Call(call) => {
                matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "vars")
                    && matches!(&*call.arguments.args, [module] if is_own_module(module))
            }
            _ => false,
        }
    }

    /// True for calls after which the module may have any name.
    fn writes_namespace(&self, call: &ast::ExprCall, last: Option<&str>) -> bool {
        let arguments = &*call.arguments.args;
        if let Expr::Attribute(method) = &*call.func
            && self.is_own_namespace(&method.value)
        {
            return matches!(method.attr.as_str(), "update" | "setdefault" | "__setitem__" | "pop" | "clear");
        }
        let is_bare = matches!(&*call.func, Expr::Name(_));
        match last {
            Some("exec") if is_bare => match arguments {
                [_] => !self.is_deferred() && self.in_module_scope(),
                [_, namespace, ..] => self.is_own_namespace(namespace),
                [] => false,
            },
            Some("setattr") if is_bare => arguments.first().is_some_and(is_own_module),
            // `Enum._convert_` writes the members into the module that it is told the name of.
            Some("_convert_" | "_convert") => arguments.iter().any(is_dunder_name),
            _ => false,
        }
    }
}

impl<'b> visitor::Visitor<'b> for Collector<'_> {
    fn visit_expr(&mut self, expression: &'b Expr) {
        self.expression(expression);
    }

    fn visit_annotation(&mut self, annotation: &'b Expr) {
        self.annotation(annotation);
    }

    fn visit_pattern(&mut self, pattern: &'b Pattern) {
        self.pattern(pattern);
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

fn type_bound(parameter: &ast::TypeParam) -> Option<&Expr> {
    match parameter {
        ast::TypeParam::TypeVar(variable) => variable.bound.as_deref(),
        ast::TypeParam::ParamSpec(_) | ast::TypeParam::TypeVarTuple(_) => None,
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn is_dunder_all(expression: &Expr) -> bool {
    matches!(expression, Expr::Name(name) if name.id.as_str() == "__all__")
}

/// `__all__`, or `sys.modules[__name__].__all__`.
fn is_own_all(expression: &Expr) -> bool {
    match expression {
        Expr::Attribute(attribute) => attribute.attr.as_str() == "__all__" && is_own_module(&attribute.value),
        other => is_dunder_all(other),
    }
}

fn is_dunder_name(expression: &Expr) -> bool {
    matches!(expression, Expr::Name(name) if name.id.as_str() == "__name__")
}

fn mentions_dunder_all(target: &Expr) -> bool {
    match target {
        Expr::Tuple(tuple) => tuple.elts.iter().any(is_dunder_all),
        Expr::Subscript(subscript) => is_dunder_all(&subscript.value),
        _ => false,
    }
}

fn is_globals_call(expression: &Expr) -> bool {
    matches!(expression, Expr::Call(call) if is_globals_call_to(&call.func))
}

fn is_globals_call_to(function: &Expr) -> bool {
    matches!(function, Expr::Name(name) if name.id.as_str() == "globals")
}

/// `sys.modules[__name__]`
fn is_own_module(expression: &Expr) -> bool {
    matches!(expression, Expr::Subscript(subscript)
        if is_sys_modules(&subscript.value) && is_dunder_name(&subscript.slice))
}

/// `sys.modules`, or `modules` alone; whether that is the real one is for the reader of the effect to ask.
fn is_sys_modules(expression: &Expr) -> bool {
    is_attribute(expression, "sys", "modules")
        || matches!(expression, Expr::Attribute(attribute) if attribute.attr.as_str() == "modules" && dotted(expression).is_some())
        || matches!(expression, Expr::Name(name) if name.id.as_str() == "modules")
}

fn ends_the_program(function: &Expr) -> bool {
    matches!(
        dotted(function).as_deref(),
        Some(
            ["exit" | "quit"]
                | ["sys", "exit"]
                | ["os", "_exit"]
                | ["pytest", "skip" | "exit"]
                | [.., "fail" | "skipTest"]
        )
    )
}

fn catches_import_error(caught: &Expr) -> bool {
    match caught {
        Expr::Tuple(tuple) => tuple.elts.iter().any(catches_import_error),
        other => dotted(other).is_some_and(|parts| {
            matches!(
                parts.last(),
                Some(
                    &("ImportError"
                        | "ModuleNotFoundError"
                        | "Exception"
                        | "BaseException"
                        | "AttributeError"
                        | "OSError")
                )
            )
        }),
    }
}

/// `suppress(ImportError)` is a `try` whose handler does nothing.
fn suppressed_guard(manager: &Expr) -> Option<Guard> {
    let Expr::Call(call) = manager else { return None };
    let suppresses = dotted(&call.func).is_some_and(|parts| parts.last() == Some(&"suppress"));
    suppresses.then(|| {
        if call.arguments.args.iter().any(catches_import_error) { Guard::ImportError } else { Guard::Condition }
    })
}
