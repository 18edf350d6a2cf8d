//! What loading a module does besides binding its names: calls, decorators, subclasses, patches. Of each file the first is
//! kept, which is enough to know that to import it is not nothing.

use ruff_python_ast::{self as ast, Arguments, Decorator, Expr, Stmt};
use ruff_text_size::Ranged;

use super::{
    Collector,
    known::{BUILTINS, CHANGERS, OF_STRINGS, PLAIN_BASES, PURE, PYTHON, READERS, is_one_of},
    root_name,
};
use crate::{
    dunder_all::dotted,
    facts::{Context, LoadEffect, LoadEffectKind, ScopeKind},
    interest::top_level,
    text_range,
};

/// How deep an expression is looked into for what it may share with other modules; what goes deeper may.
const DEEPEST: usize = 30;

impl Collector<'_> {
    /// The code runs while the module is loaded, and nothing was found in it yet.
    fn looks_for_load_effect(&self) -> bool {
        self.context == Context::Runtime && self.is_evaluated()
    }

    /// The same, in annotations that may be evaluated as well.
    fn is_evaluated(&self) -> bool {
        self.found.load_effect.is_none()
            // Whether annotations are evaluated depends on the version that runs, and so do some branches.
            && self.context != Context::StringAnnotation
            && !self.found.branches.is_type_checking(self.branch)
            && !self.is_deferred()
    }

    fn load_effect(&mut self, kind: LoadEffectKind, what: &Expr) {
        let spelt = dotted(what).map_or_else(String::new, |parts| parts.join("."));
        let what_name = self.found.names.intern(&spelt);
        self.found.load_effect = Some(LoadEffect { kind, what: what_name, range: text_range(what.range()) });
    }

    fn is_imported(&self, name: &str) -> bool {
        self.found.names.find(name).is_some_and(|name| self.found.interest.is_imported(name))
    }

    /// `re.IGNORECASE`, `partial`: the name is imported, and from one of [`PYTHON`].
    fn is_of_python(&self, expression: &Expr) -> bool {
        let Some(name) = root_name(expression).and_then(|root| self.found.names.find(root)) else { return false };
        let mut imports = self
            .found
            .imports
            .iter()
            .filter(|import| {
                let binding = import.binding.and_then(|binding| self.found.bindings.get(binding.index()));
                binding.is_some_and(|binding| binding.name == name)
            })
            .peekable();
        imports.peek().is_some()
            && imports.all(|import| {
                let (level, module) = import.target.module();
                let module = module.map_or("", |module| self.found.names.text(module));
                level == 0 && is_one_of(&PYTHON, top_level(module))
            })
    }

    /// What the expression gives may be an object that other modules see as well.
    fn may_be_shared(&self, expression: &Expr) -> bool {
        self.may_be_shared_at(expression, 0)
    }

    fn may_be_shared_at(&self, expression: &Expr, depth: usize) -> bool {
        let below = |expression: &Expr| self.may_be_shared_at(expression, depth + 1);
        if depth > DEEPEST {
            return true;
        }
        match expression {
            Expr::Name(name) => {
                let name = name.id.as_str();
                name == "__builtins__"
                    || self.found.interest.has_star()
                    || self.is_imported(name)
                    || self.shared_names.contains(name)
            }
            Expr::Attribute(attribute) => below(&attribute.value),
            Expr::Subscript(subscript) => below(&subscript.value),
            Expr::Starred(starred) => below(&starred.value),
            Expr::Named(named) => below(&named.value),
            Expr::BoolOp(choice) => choice.values.iter().any(below),
            Expr::If(choice) => below(&choice.body) || below(&choice.orelse),
            Expr::Tuple(ast::ExprTuple { elts, .. })
            | Expr::List(ast::ExprList { elts, .. })
            | Expr::Set(ast::ExprSet { elts, .. }) => elts.iter().any(below),
            Expr::Dict(dict) => dict.items.iter().any(|item| below(&item.value)),
            Expr::ListComp(ast::ExprListComp { generators, .. })
            | Expr::SetComp(ast::ExprSetComp { generators, .. })
            | Expr::Generator(ast::ExprGenerator { generators, .. })
            | Expr::DictComp(ast::ExprDictComp { generators, .. }) => {
                generators.iter().any(|generator| below(&generator.iter))
            }
            Expr::Call(call) => {
                let is_method = match &*call.func {
                    Expr::Attribute(method) if is_one_of(&OF_STRINGS, method.attr.as_str()) => false,
                    // Loggers are known by name.
                    function if last_name(function) == "getLogger" => true,
                    Expr::Attribute(method) => !self.is_pure_name(&call.func) && below(&method.value),
                    _ => false,
                };
                is_method || call.arguments.iter_source_order().any(|argument| below(argument.value()))
            }
            _ => false,
        }
    }

    /// `target = value`, `for target in value`: the names get what others may see.
    pub(super) fn note_shared(&mut self, target: &Expr, value: &Expr) {
        if self.looks_for_load_effect() && self.may_be_shared(value) {
            self.share(target);
        }
    }

    fn share(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                self.shared_names.insert(name.id.to_string());
                // `Class.name`
                let scope = &self.found.scopes[self.scope.index()];
                if let (ScopeKind::Class, Some(class)) = (scope.kind, scope.name) {
                    self.shared_names.insert(self.found.names.text(class).to_owned());
                }
            }
            // What holds it gives it away.
            Expr::Attribute(_) | Expr::Subscript(_) => {
                if let Some(root) = root_name(innermost(target)) {
                    self.shared_names.insert(root.to_owned());
                }
            }
            Expr::Starred(starred) => self.nested(|this| this.share(&starred.value)),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter().for_each(|target| self.nested(|this| this.share(target)));
            }
            _ => {}
        }
    }

    pub(super) fn note_load_call(&mut self, call: &ast::ExprCall) {
        if self.is_evaluated() && !self.is_pure_call(call) {
            self.load_effect(LoadEffectKind::Call, &call.func);
        }
    }

    fn is_pure_call(&self, call: &ast::ExprCall) -> bool {
        // `str`, `itemgetter(0)`
        let is_harmless = |given: &Expr| match given {
            Expr::Call(call) => self.is_pure_name(&call.func),
            Expr::Name(name) => self.is_builtin(name.id.as_str()),
            Expr::Attribute(_) => self.is_of_python(given),
            given => given.is_none_literal_expr(),
        };
        let arguments = &call.arguments;
        if self.is_pure_name(&call.func) {
            let last = last_name(&call.func);
            let makes_class = last == "type" && arguments.args.len() == 3;
            // `int(os.environ["PORT"])`
            let may_fail = matches!(last, "int" | "float" | "Decimal" | "Fraction" | "UUID")
                && arguments.args.iter().any(|argument| self.may_be_shared(argument));
            let key = arguments.keywords.iter().find(|keyword| keyword.arg.as_deref() == Some("key"));
            let called = match last {
                "map" | "filter" => arguments.args.first(),
                "max" | "min" | "sorted" => key.map(|key| &key.value),
                _ => None,
            };
            let calls = called.is_some_and(|called| !is_harmless(called));
            return !makes_class && !calls && !may_fail;
        }
        let Expr::Attribute(method) = &*call.func else { return false };
        let (name, is_shared) = (method.attr.as_str(), self.may_be_shared(&method.value));
        // `"".join`, `os.environ.get`, `_names.append`
        method.value.is_string_literal_expr()
            || is_one_of(&OF_STRINGS, name)
            || (is_one_of(&READERS, name) && (!is_shared || self.is_of_python(&method.value)))
            || (is_one_of(&CHANGERS, name) && !is_shared && !self.is_method_of_type(method))
    }

    /// `list.append`, which is given what it changes.
    fn is_method_of_type(&self, method: &ast::ExprAttribute) -> bool {
        matches!(&*method.value, Expr::Name(name) if self.is_builtin(name.id.as_str()))
    }

    /// The name is one of Python's own, which nothing in the file replaces.
    fn is_builtin(&self, name: &str) -> bool {
        (is_one_of(&BUILTINS, name) || is_exception(name))
            && !self.is_imported(name)
            && !self.own_pure_names.contains(name)
            && !(is_exception(name) && self.found.interest.has_star())
    }

    /// The function or class is one of Python and its standard library that changes nothing but what it is given.
    fn is_pure_name(&self, function: &Expr) -> bool {
        let last = last_name(function);
        let is_pure = is_one_of(&PURE, last) || is_exception(last);
        match function {
            Expr::Name(_) => self.is_builtin(last) || (is_pure && self.is_of_python(function)),
            Expr::Attribute(method) => {
                let is_system = matches!(dotted(function).as_deref(), Some(["platform", "system"]));
                (is_pure || is_system) && (self.is_of_python(function) || !self.may_be_shared(&method.value))
            }
            _ => false,
        }
    }

    /// The module gives one of these names another meaning.
    pub(super) fn note_own_name(&mut self, name: &str) {
        if self.found.load_effect.is_none() && (is_one_of(&BUILTINS, name) || is_exception(name)) {
            self.own_pure_names.insert(name.to_owned());
        }
    }

    /// `one >> other`: operators of what others made may do anything, apart from those that calculate with a literal.
    pub(super) fn note_operators(&mut self, expression: &Expr) {
        let is_plain = |operand: &Expr| operand.is_literal_expr() || operand.is_f_string_expr();
        match expression {
            Expr::BinOp(operation) if !is_plain(&operation.left) && !is_plain(&operation.right) => {
                self.note_operand(&operation.left);
                self.note_operand(&operation.right);
            }
            Expr::Compare(compare) if !compare.comparators.iter().any(is_plain) => {
                let is_overloaded = |operator: &ast::CmpOp| !matches!(operator, ast::CmpOp::Is | ast::CmpOp::IsNot);
                if compare.ops.iter().any(is_overloaded) {
                    self.note_operand(&compare.left);
                    compare.comparators.iter().for_each(|operand| self.note_operand(operand));
                }
            }
            Expr::UnaryOp(operation) if operation.op != ast::UnaryOp::Not => self.note_operand(&operation.operand),
            _ => {}
        }
    }

    pub(super) fn note_operand(&mut self, operand: &Expr) {
        let root = innermost(operand);
        if self.looks_for_load_effect()
            && root_name(root).is_some()
            && self.may_be_shared(root)
            && (!self.is_of_python(root) || is_of_the_run(root))
        {
            self.load_effect(LoadEffectKind::Operator, operand);
        }
    }

    /// `with imported.lock:`
    pub(super) fn note_entered(&mut self, manager: &Expr) {
        if self.looks_for_load_effect() && !manager.is_call_expr() && self.may_be_shared(manager) {
            self.load_effect(LoadEffectKind::Call, manager);
        }
    }

    /// `raise` and `assert`.
    pub(super) fn note_refusal(&mut self, what: &Expr) {
        if self.looks_for_load_effect() {
            self.load_effect(LoadEffectKind::Raise, what);
        }
    }

    pub(super) fn note_decorator(&mut self, decorator: &Decorator) {
        if !self.looks_for_load_effect() {
            return;
        }
        let function = match &decorator.expression {
            Expr::Call(call) => &*call.func,
            other => other,
        };
        // `@property` and `@name.setter` of a class.
        let is_accessor = matches!(function, Expr::Attribute(method)
            if matches!(method.attr.as_str(), "setter" | "getter" | "deleter") && !self.may_be_shared(&method.value));
        if !is_accessor && !self.is_pure_name(function) {
            self.load_effect(LoadEffectKind::Decorator, function);
        }
    }

    pub(super) fn note_subclass(&mut self, arguments: &Arguments, body: &[Stmt]) {
        if !self.looks_for_load_effect() {
            return;
        }
        let mut metaclass = arguments.keywords.iter().filter(|keyword| keyword.arg.as_deref() == Some("metaclass"));
        let is_surprising = |metaclass: &&ast::Keyword| {
            let value = &metaclass.value;
            let is_known = matches!(last_name(value), "ABCMeta" | "EnumMeta") && self.is_of_python(value);
            !is_known && !self.is_builtin(last_name(value))
        };
        if let Some(metaclass) = metaclass.find(is_surprising) {
            return self.load_effect(LoadEffectKind::Subclass, &metaclass.value);
        }
        let bases = arguments.args.iter().map(innermost);
        let is_plain = |base: &Expr| {
            let last = last_name(base);
            // What the file itself defines was looked at where it stands.
            let is_known = is_one_of(&PLAIN_BASES, last) || is_one_of(&PURE, last) || is_exception(last);
            let is_own = !self.may_be_shared(base) && !self.has_init_subclass;
            is_own || self.is_builtin(last) || (is_known && self.is_of_python(base))
        };
        let bases: Vec<&Expr> = bases.collect();
        // Members are made when the class is.
        let is_constructor = |statement: &Stmt| matches!(statement, Stmt::FunctionDef(method) if matches!(method.name.as_str(), "__init__" | "__new__"));
        let is_enum = |base: &&&Expr| last_name(base).ends_with("Enum") || last_name(base).ends_with("Flag");
        if let (Some(base), true) = (bases.iter().find(is_enum), body.iter().any(is_constructor)) {
            return self.load_effect(LoadEffectKind::Call, base);
        }
        if let Some(base) = bases.into_iter().find(|base| !is_plain(base)) {
            self.load_effect(LoadEffectKind::Subclass, base);
        }
    }

    /// `imported.attribute = …`, `imported[…] = …`, `del imported.attribute`.
    pub(super) fn note_patch(&mut self, target: &Expr) {
        let owner = match target {
            Expr::Attribute(attribute) => &*attribute.value,
            Expr::Subscript(subscript) => &*subscript.value,
            // `imported += …`
            Expr::Name(_) => target,
            _ => return,
        };
        if self.looks_for_load_effect() && self.may_be_shared(owner) {
            self.load_effect(LoadEffectKind::Patch, owner);
        }
    }
}

/// `os.environ` and `sys.argv`, which need not have what is asked of them.
fn is_of_the_run(expression: &Expr) -> bool {
    matches!(last_name(expression), "environ" | "argv")
}

/// What stands before the brackets: `Generic` of `Generic[T]`.
fn innermost(expression: &Expr) -> &Expr {
    let mut at = expression;
    while let Expr::Subscript(subscript) = at {
        at = &subscript.value;
    }
    at
}

fn last_name(expression: &Expr) -> &str {
    match expression {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => "",
    }
}

fn is_exception(name: &str) -> bool {
    name.ends_with("Error") || name.ends_with("Exception") || name.ends_with("Warning")
}
