//! Expressions: the names they use and, as targets, bind.

use douane_base::TextRange;
use ruff_python_ast::{self as ast, Comprehension, Expr, ExprContext, Pattern, visitor};
use ruff_text_size::Ranged;

use super::{
    Collector, NEW_STACK, RED_ZONE, SpeltOut,
    effects::{is_dunder_name, is_own_module, is_sys_modules},
};
use crate::{
    branches::{Arm, Truth},
    dunder_all::dotted,
    facts::{BindingKind, Context, EffectKind, ReferenceId, ScopeKind, Usage},
    text_range,
};

impl Collector<'_> {
    pub(super) fn bind_target(&mut self, target: &Expr, kind: BindingKind) {
        match target {
            Expr::Name(name) => {
                self.bind(name.id.as_str(), text_range(name.range()), kind);
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                for target in elts {
                    // `(globals()[name], …) = …`
                    if let Expr::Subscript(subscript) = target
                        && self.is_own_namespace(&subscript.value)
                    {
                        self.write_namespace(&subscript.slice, kind, text_range(subscript.range()));
                    }
                    self.nested(|this| this.bind_target(target, kind));
                }
            }
            Expr::Starred(starred) => self.nested(|this| this.bind_target(&starred.value, kind)),
            Expr::Attribute(attribute) => {
                self.note_patch(target);
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
            other => {
                self.note_patch(other);
                self.expression(other);
            }
        }
    }

    pub(super) fn visited_chain(&mut self, expression: &Expr) -> Option<ReferenceId> {
        match expression {
            Expr::Name(_) | Expr::Attribute(_) => self.chain(expression, Usage::Read),
            other => {
                self.expression(other);
                None
            }
        }
    }

    pub(super) fn expression(&mut self, expression: &Expr) {
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
                self.note_shared(&named.target, &named.value);
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
            Expr::StringLiteral(literal) => {
                self.note_path(literal.value.to_str());
                if self.evaluates_strings {
                    self.mentioned_names(text_range(literal.range()));
                }
            }
            Expr::IpyEscapeCommand(command) => self.command(command.kind, &command.value, text_range(command.range())),
            other => {
                self.note_operators(other);
                self.nested(|this| visitor::walk_expr(this, other));
            }
        }
    }

    pub(super) fn lambda(&mut self, lambda: &ast::ExprLambda) {
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

    pub(super) fn comprehension(&mut self, generators: &[Comprehension], elements: &[&Expr], range: TextRange) {
        let Some((first, rest)) = generators.split_first() else { return };
        generators.iter().for_each(|generator| self.look_at(&generator.iter));
        self.nested(|this| this.expression(&first.iter));
        let outer = self.spelt_out.len();
        self.spelt_out.extend(spelt_out(self.source, &first.target, &first.iter));
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
        self.spelt_out.truncate(outer);
    }

    pub(super) fn generator(&mut self, generator: &Comprehension) {
        self.note_shared(&generator.target, &generator.iter);
        self.bind_target(&generator.target, BindingKind::LoopTarget);
        for test in &generator.ifs {
            self.nested(|this| this.expression(test));
        }
    }

    pub(super) fn subscript(&mut self, subscript: &ast::ExprSubscript) {
        self.expression(&subscript.value);
        self.note_operand(&subscript.value);
        if is_sys_modules(&subscript.value) && is_dunder_name(&subscript.slice) {
            self.takes_own_module = self.takes_own_module.or(Some(text_range(subscript.range())));
        }
        let base = dotted(&subscript.value).and_then(|parts| parts.last().copied());
        if self.context == Context::Runtime {
            // `Callback = Optional["Event"]`
            match base.filter(|base| is_generic(base)) {
                Some(_) => self.in_context(Context::Annotation, |this| this.expression(&subscript.slice)),
                None => self.expression(&subscript.slice),
            }
            return;
        }
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

    pub(super) fn string_annotation(&mut self, literal: &ast::ExprStringLiteral) {
        let Some(string) = literal.as_single_part_string() else {
            return self.mentioned_names(text_range(literal.range()));
        };
        let text = text_range(string.range()).slice(self.source);
        // An escape or a prefix shifts the offsets; type checkers refuse most of these strings too.
        let plain = !text.contains('\\') && text.starts_with(['"', '\'']);
        let parsed = plain.then(|| ruff_python_parser::parse_string_annotation(self.source, string));
        let Some(Ok(parsed)) = parsed else { return self.mentioned_names(text_range(string.range())) };
        self.in_context(Context::StringAnnotation, |this| {
            this.nested(|this| this.expression(parsed.expr()));
        });
        stacker::maybe_grow(RED_ZONE, NEW_STACK, || drop(parsed));
    }

    pub(super) fn call(&mut self, call: &ast::ExprCall) {
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
        self.found.traits.reads_namespace |= match last {
            Some("globals") => true,
            // Of the module itself.
            Some("vars" | "locals" | "dir") => arguments.is_empty() && !self.is_deferred(),
            _ => false,
        };
        match last {
            // `TypedDict("Price", {"net": "Decimal"})`
            Some("TypedDict" | "NamedTuple" | "ForwardRef") => {
                self.in_context(Context::Annotation, |this| visitor::walk_arguments(this, arguments));
            }
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
        self.note_load_call(call);
        self.call_effects(call, last, function);
        if self.calls_for_namespace(call) {
            self.hand_out(EffectKind::NamespaceWrite, text_range(call.range()));
        }
    }
}

/// The generic types whose arguments may be strings that name types.
fn is_generic(name: &str) -> bool {
    const GENERICS: [&str; 43] = [
        "AsyncContextManager",
        "AsyncGenerator",
        "AsyncIterable",
        "AsyncIterator",
        "Awaitable",
        "Callable",
        "ClassVar",
        "Collection",
        "ContextManager",
        "Coroutine",
        "DefaultDict",
        "Deque",
        "Dict",
        "Final",
        "FrozenSet",
        "Generator",
        "Generic",
        "Iterable",
        "Iterator",
        "KeysView",
        "List",
        "Mapping",
        "MutableMapping",
        "MutableSequence",
        "MutableSet",
        "NotRequired",
        "Optional",
        "Protocol",
        "Required",
        "Sequence",
        "Set",
        "Tuple",
        "Type",
        "TypeGuard",
        "Union",
        "Unpack",
        "ValuesView",
        "dict",
        "frozenset",
        "list",
        "set",
        "tuple",
        "type",
    ];
    // Sorted.
    GENERICS.binary_search(&name).is_ok()
}

/// `name in ("a", "b")`: the variable, and the strings that it goes over.
pub(super) fn spelt_out(source: &str, variable: &Expr, iterable: &Expr) -> Option<SpeltOut> {
    let Expr::Name(variable) = variable else { return None };
    let (Expr::Tuple(ast::ExprTuple { elts, .. })
    | Expr::List(ast::ExprList { elts, .. })
    | Expr::Set(ast::ExprSet { elts, .. })) = iterable
    else {
        return None;
    };
    let strings = elts.iter().map(|element| plain_string(source, element)).collect::<Option<_>>()?;
    Some(SpeltOut { variable: variable.id.to_string(), strings })
}

/// The place of a string between its quotes, if it is written as it reads.
pub(super) fn plain_string(source: &str, expression: &Expr) -> Option<TextRange> {
    let Expr::StringLiteral(literal) = expression else { return None };
    let range = text_range(literal.as_single_part_string()?.content_range());
    (range.slice(source) == literal.value.to_str()).then_some(range)
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
