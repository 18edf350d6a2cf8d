//! Statements: what they bind, in which branch, and in what order Python evaluates their parts.

use douane_base::{Block, TextRange};
use ruff_python_ast::{self as ast, Decorator, ExceptHandler, Expr, Parameters, Pattern, Stmt, TypeParams, visitor};
use ruff_text_size::Ranged;

use super::{
    Collector, Declaration, count,
    effects::{is_own_all, is_sys_modules},
    expressions::spelt_out,
    is_dunder_all, root_name,
};
use crate::{
    branches::{Arm, Guard, Test, Truth},
    dunder_all::{AllAction, AllItem, AllOperation, AllReader, Export, dotted},
    facts::{BindingId, BindingKind, Constant, Context, EffectKind, ScopeId, ScopeKind, SysModulesChange, Usage},
    text_range,
};

impl<'a> Collector<'a> {
    pub(super) fn body(&mut self, body: &'a [Stmt]) {
        let block = Block { number: self.blocks, statements: count(body.len()) };
        self.blocks += 1;
        let outer = std::mem::replace(&mut self.block, block);
        for statement in body {
            self.nested(|this| this.statement(statement));
        }
        self.block = outer;
    }

    pub(super) fn statement(&mut self, statement: &'a Stmt) {
        if self.in_module_scope() {
            self.lists.note(statement);
        }
        self.is_beginning &= may_stand_before_future(statement);
        match statement {
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
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
                    self.note_refusal(expression);
                    self.expression(expression);
                }
                self.found.branches.terminate(self.branch);
                let position = self.position();
                self.found.branches.interrupt(self.branch, position);
            }
            Stmt::Break(_) | Stmt::Continue(_) => self.found.branches.terminate(self.branch),
            Stmt::Assert(assertion) => {
                self.note_refusal(&assertion.test);
                self.expression(&assertion.test);
                if let Some(message) = &assertion.msg {
                    self.expression(message);
                }
            }
            Stmt::Pass(_) => {}
            Stmt::IpyEscapeCommand(command) => self.command(command.kind, &command.value, text_range(command.range())),
        }
    }

    pub(super) fn function(&mut self, function: &'a ast::StmtFunctionDef) {
        self.decorators(&function.decorator_list);
        let name = function.name.as_str();
        self.has_init_subclass |= name == "__init_subclass__";
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

    pub(super) fn class(&mut self, class: &'a ast::StmtClassDef) {
        self.decorators(&class.decorator_list);
        let name = class.name.as_str();
        let symbol = self.found.names.intern(name);
        let range = text_range(class.range());
        self.with_type_parameters(class.type_params.as_deref(), range, |this| {
            if let Some(arguments) = &class.arguments {
                this.note_subclass(arguments, &class.body);
                visitor::walk_arguments(this, arguments);
            }
            this.in_scope(ScopeKind::Class, Some(symbol), range, |this| this.body(&class.body));
        });
        self.bind(name, text_range(class.name.range()), BindingKind::Class);
    }

    pub(super) fn decorators(&mut self, decorators: &[Decorator]) {
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
            self.note_decorator(decorator);
        }
    }

    /// Binds the type parameters in a scope of their own and visits what is evaluated there. Returns that scope, if there
    /// are any, for a function body that sees them too.
    pub(super) fn with_type_parameters(
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
    pub(super) fn again_in(&mut self, scope: ScopeId, step: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.scope, scope);
        step(self);
        self.scope = outer;
    }

    pub(super) fn default_values(&mut self, parameters: &Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.expression(default);
            }
        }
    }

    pub(super) fn parameter_annotations(&mut self, parameters: &Parameters) {
        for parameter in parameters.iter() {
            if let Some(annotation) = parameter.annotation() {
                self.annotation(annotation);
            }
        }
    }

    pub(super) fn bind_parameters(&mut self, parameters: &Parameters) {
        for parameter in parameters.iter() {
            let name = parameter.name();
            self.bind(name.as_str(), text_range(name.range()), BindingKind::Parameter);
        }
    }

    pub(super) fn annotation(&mut self, annotation: &Expr) {
        let context = if self.defers_annotations { Context::DeferredAnnotation } else { Context::Annotation };
        self.in_context(context, |this| this.expression(annotation));
    }

    pub(super) fn if_statement(&mut self, test: &'a ast::StmtIf) {
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

    pub(super) fn try_statement(&mut self, attempt: &'a ast::StmtTry) {
        let fork = self.found.branches.fork();
        let catches = attempt
            .handlers
            .iter()
            .any(|ExceptHandler::ExceptHandler(handler)| handler.type_.as_deref().is_none_or(catches_import_error));
        let guard = if catches { Guard::ImportError } else { Guard::Condition };
        let body_guard = (!attempt.handlers.is_empty()).then_some(guard);
        self.in_branch(fork, Arm::Try, body_guard, Truth::True, |this| this.body(&attempt.body));
        let mut reaches_caught = Truth::True;
        for (arm, ExceptHandler::ExceptHandler(handler)) in (0..).zip(&attempt.handlers) {
            self.in_branch(fork, Arm::Handler(arm), Some(guard), Truth::Unknown, |this| {
                if let Some(caught) = &handler.type_ {
                    let inner = this.found.branches.fork();
                    this.in_branch(inner, Arm::Caught, None, reaches_caught, |this| this.expression(caught));
                    // What would go wrong here may be caught there.
                    if catches_import_error(caught) {
                        reaches_caught = Truth::Unknown;
                    }
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

    pub(super) fn with_statement(&mut self, with: &'a ast::StmtWith) {
        let mut catches = None;
        for item in &with.items {
            self.expression(&item.context_expr);
            self.note_entered(&item.context_expr);
            if let Some(target) = &item.optional_vars {
                self.note_shared(target, &item.context_expr);
                self.bind_target(target, BindingKind::WithTarget);
            }
            catches = catches.or_else(|| catching_guard(&item.context_expr));
        }
        match catches {
            Some(guard) => {
                let fork = self.found.branches.fork();
                self.in_branch(fork, Arm::Try, Some(guard), Truth::True, |this| this.body(&with.body));
            }
            None => self.body(&with.body),
        }
    }

    pub(super) fn for_statement(&mut self, each: &'a ast::StmtFor) {
        self.look_at(&each.iter);
        self.expression(&each.iter);
        let fork = self.found.branches.fork();
        self.note_shared(&each.target, &each.iter);
        self.bind_target(&each.target, BindingKind::LoopTarget);
        let outer = self.spelt_out.len();
        self.spelt_out.extend(spelt_out(self.source, &each.target, &each.iter));
        self.in_branch(fork, Arm::Loop, Some(Guard::Condition), Truth::Unknown, |this| this.body(&each.body));
        self.spelt_out.truncate(outer);
        if !each.orelse.is_empty() {
            self.in_branch(fork, Arm::LoopElse, Some(Guard::Condition), Truth::Unknown, |this| this.body(&each.orelse));
        }
    }

    pub(super) fn while_statement(&mut self, each: &'a ast::StmtWhile) {
        self.expression(&each.test);
        let (guard, truth) = self.decider.decide(&each.test);
        let fork = self.found.branches.fork();
        self.in_branch(fork, Arm::Loop, Some(guard), truth, |this| this.body(&each.body));
        if !each.orelse.is_empty() {
            self.in_branch(fork, Arm::LoopElse, Some(guard), Truth::Unknown, |this| this.body(&each.orelse));
        }
    }

    pub(super) fn match_statement(&mut self, matched: &'a ast::StmtMatch) {
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

    pub(super) fn pattern(&mut self, pattern: &Pattern) {
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

    pub(super) fn assign(&mut self, assign: &'a ast::StmtAssign) {
        self.expression(&assign.value);
        self.found.traits.all_escapes |= is_own_all(&assign.value);
        for target in &assign.targets {
            let before = self.position();
            self.note_shared(target, &assign.value);
            self.note_namespace_of_caller(target, &assign.value);
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
    pub(super) fn note_value(&mut self, binding: BindingId, value: &Expr) {
        let root = root_name(value).and_then(|root| self.found.names.find(root));
        // `bytes = bytes` gives the builtin to those who import the name from here.
        let own = self.found.bindings[binding.index()].name;
        if root.is_some_and(|root| self.found.interest.is_imported(root) || root == own) {
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

    pub(super) fn augmented_assign(&mut self, assign: &'a ast::StmtAugAssign) {
        self.expression(&assign.value);
        match &*assign.target {
            Expr::Name(name) => {
                let range = text_range(name.range());
                self.note_patch(&assign.target);
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

    pub(super) fn annotated_assign(&mut self, assign: &'a ast::StmtAnnAssign) {
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
            self.note_shared(&assign.target, value);
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

    pub(super) fn delete(&mut self, delete: &'a ast::StmtDelete) {
        for target in &delete.targets {
            self.delete_target(target);
            if self.in_module_scope() && is_dunder_all(target) {
                self.all_operation(AllAction::Delete, Vec::new(), text_range(delete.range()));
            } else if self.in_module_scope() && mentions_dunder_all(target) {
                self.all_operation(AllAction::Set, vec![AllItem::Unknown], text_range(delete.range()));
            }
        }
    }

    pub(super) fn delete_target(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                let range = text_range(name.range());
                self.bare_reference(name, Usage::Delete);
                self.bind(name.id.as_str(), range, BindingKind::Deletion);
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|target| self.nested(|this| this.delete_target(target))),
            Expr::List(list) => list.elts.iter().for_each(|target| self.nested(|this| this.delete_target(target))),
            Expr::Attribute(_) => {
                self.note_patch(target);
                self.chain(target, Usage::DeleteAttribute);
            }
            Expr::Subscript(subscript) => {
                self.look_at(&subscript.value);
                self.note_patch(target);
                let owner = self.visited_chain(&subscript.value);
                self.expression(&subscript.slice);
                let range = text_range(subscript.range());
                if self.is_own_namespace(&subscript.value) {
                    self.write_namespace(&subscript.slice, BindingKind::Deletion, range);
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

    pub(super) fn type_alias(&mut self, alias: &'a ast::StmtTypeAlias) {
        let range = text_range(alias.range());
        self.with_type_parameters(alias.type_params.as_deref(), range, |this| {
            this.in_context(Context::DeferredAnnotation, |this| this.expression(&alias.value));
        });
        self.bind_target(&alias.name, BindingKind::TypeAlias);
    }

    pub(super) fn declare(&mut self, names: &[ast::Identifier], declaration: Declaration) {
        for name in names {
            let symbol = self.found.names.intern(name.as_str());
            self.found.declarations.insert((self.scope, symbol), declaration);
        }
    }

    pub(super) fn expression_statement(&mut self, value: &'a Expr) {
        self.expression(value);
        let Expr::Call(call) = value else { return };
        if ends_the_program(&call.func) {
            self.found.branches.terminate(self.branch);
        }
        if !self.in_module_scope() {
            return;
        }
        let range = text_range(call.range());
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

    pub(super) fn set_all(&mut self, value: &'a Expr, action: AllAction, range: TextRange) {
        let items = AllReader { names: &mut self.found.names, lists: &self.lists }.items(value);
        self.all_operation(action, items, range);
    }

    pub(super) fn one_export(&mut self, item: &'a Expr, action: AllAction, range: TextRange) {
        let items = match item {
            Expr::StringLiteral(literal) => vec![AllItem::Name(Export {
                name: self.found.names.intern(literal.value.to_str()),
                range: text_range(literal.range()),
            })],
            _ => vec![AllItem::Unknown],
        };
        self.all_operation(action, items, range);
    }

    pub(super) fn all_operation(&mut self, action: AllAction, items: Vec<AllItem>, range: TextRange) {
        let (branch, position) = (self.branch, self.position());
        self.found.all_operations.push(AllOperation { action, items, range, branch, position });
    }
}

/// Language reference, section 7.11.1.
fn may_stand_before_future(statement: &Stmt) -> bool {
    match statement {
        Stmt::ImportFrom(import) => is_future(import),
        Stmt::Expr(expression) => expression.value.is_literal_expr(),
        _ => false,
    }
}

pub(super) fn is_future(import: &ast::StmtImportFrom) -> bool {
    import.level == 0 && import.module.as_ref().is_some_and(|module| module.as_str() == "__future__")
}

pub(super) fn type_bound(parameter: &ast::TypeParam) -> Option<&Expr> {
    match parameter {
        ast::TypeParam::TypeVar(variable) => variable.bound.as_deref(),
        ast::TypeParam::ParamSpec(_) | ast::TypeParam::TypeVarTuple(_) => None,
    }
}

pub(super) fn mentions_dunder_all(target: &Expr) -> bool {
    match target {
        Expr::Tuple(tuple) => tuple.elts.iter().any(is_dunder_all),
        Expr::Subscript(subscript) => is_dunder_all(&subscript.value),
        _ => false,
    }
}

pub(super) fn ends_the_program(function: &Expr) -> bool {
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

pub(super) fn catches_import_error(caught: &Expr) -> bool {
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

/// The guard of what stands below a context manager that catches what goes wrong: `suppress(ImportError)` is a `try` whose
/// handler does nothing. What stands below `pytest.raises(…)` is there to fail, and below `pytest.warns(…)` to be run.
pub(super) fn catching_guard(manager: &Expr) -> Option<Guard> {
    let Expr::Call(call) = manager else { return None };
    let called = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return None,
    };
    match called {
        "suppress" if !call.arguments.args.iter().any(catches_import_error) => Some(Guard::Condition),
        "suppress" | "raises" | "assertRaises" | "assertRaisesRegex" => Some(Guard::ImportError),
        "warns" | "deprecated_call" | "assertWarns" | "assertWarnsRegex" => Some(Guard::Condition),
        _ => None,
    }
}
