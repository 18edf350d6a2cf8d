//! What code does to namespaces and modules beyond binding names: `globals()`, `sys.modules`, `reload`, and an
//! `__all__` that leaves the hands of the module.

use douane_base::TextRange;
use ruff_python_ast::{self as ast, Expr, InterpolatedStringElement};
use ruff_text_size::Ranged;

use super::{Collector, expressions::plain_string, is_dunder_all, root_name};
use crate::{
    branches::Truth,
    conditions::is_attribute,
    dunder_all::dotted,
    facts::{
        Binding, BindingKind, Effect, EffectKind, ModuleByName, ModuleKey, ReferenceId, ScopeId, SysModulesChange,
        Usage,
    },
    text_range,
};

impl Collector<'_> {
    /// `__all__.append` is a step in its building where it is a statement of the module; elsewhere nobody can tell when
    /// it is called, and with what.
    pub(super) fn note_all_method(&mut self, method: &str, usage: Usage) {
        const READERS: [&str; 4] = ["copy", "count", "index", "__contains__"];
        let is_step = usage == Usage::Call && self.in_module_scope();
        self.found.traits.all_escapes |= !is_step && !READERS.contains(&method);
    }

    /// Notes that the list is handed to a function that may change it, or gets a second name.
    pub(super) fn note_all_handed_over(&mut self, call: &ast::ExprCall) {
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

    /// `globals()[…] = …` and `sys.modules[…] = …`.
    pub(super) fn subscript_assignment(&mut self, target: &Expr, value: &Expr) {
        let Expr::Subscript(subscript) = target else { return };
        self.note_patch(target);
        self.found.traits.sets_names_of_others |= self.is_namespace_of_caller(&subscript.value);
        let range = text_range(subscript.range());
        if self.is_own_namespace(&subscript.value) {
            self.write_namespace(&subscript.slice, BindingKind::Assignment, range);
            return;
        }
        if !is_sys_modules(&subscript.value) {
            return;
        }
        let key = self.module_key(&subscript.slice);
        // In a function `__name__` may be a variable of its own.
        self.found.traits.sets_names_of_others |= match key {
            ModuleKey::Own => self.is_deferred(),
            ModuleKey::Literal(_) => false,
            ModuleKey::Reference(_) | ModuleKey::Unknown => true,
        };
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
    pub(super) fn module_key(&mut self, key: &Expr) -> ModuleKey {
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

    /// A string such as `"package.module.name"` may be the path of something that other code looks up or replaces.
    pub(super) fn note_path(&mut self, text: &str) {
        const LONGEST: usize = 120;
        if text.len() > LONGEST {
            return;
        }
        // `command = package.module:function` of setup.py
        let text = text.rsplit_once('=').map_or(text, |(_, path)| path.trim());
        let is_identifier = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || byte == b':';
        let bytes = text.as_bytes();
        let is_path = bytes.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
            && bytes.iter().all(|byte| is_identifier(*byte))
            && bytes.iter().any(|byte| matches!(byte, b'.' | b':'));
        if is_path {
            let path = self.found.names.intern(text);
            self.found.paths_in_strings.push(path);
        }
    }

    /// The paths that a call of the `mock.patch` family puts together: `patch(f"{MODULE}.name")`,
    /// `patch.multiple(MODULE, name=…)`. What stands before the names is not known.
    fn note_computed_path(&mut self, call: &ast::ExprCall, last: Option<&str>) {
        match (last, &*call.arguments.args) {
            (Some("patch" | "setattr" | "delattr" | "import_string" | "resolve_name"), [path, ..]) => {
                let end = end_of_computed(path).filter(|end| end.starts_with('.'));
                end.into_iter().flat_map(|end| end.split('.')).for_each(|name| self.note_name_anywhere(name));
            }
            (Some("multiple"), _) => {
                let names = call.arguments.keywords.iter().filter_map(|keyword| keyword.arg.as_ref());
                names.for_each(|name| self.note_name_anywhere(name.as_str()));
            }
            _ => {}
        }
    }

    fn note_name_anywhere(&mut self, name: &str) {
        if !name.is_empty() {
            let name = self.found.names.intern(name);
            self.found.names_in_computed_paths.push(name);
        }
    }

    /// `sys.modules["name"]`, `sys.modules.get("name")`, `"name" in sys.modules`: the module is wanted, if it is loaded.
    fn note_module_asked_for(&mut self, modules: &Expr, key: Option<&Expr>) {
        if let (true, Some(Expr::StringLiteral(name))) = (is_sys_modules(modules), key) {
            let name = self.found.names.intern(name.value.to_str());
            self.found.paths_in_strings.push(name);
        }
    }

    /// Notes that nothing but a look is taken at the namespace or module, if that is what the expression is.
    pub(super) fn look_at(&mut self, expression: &Expr) {
        if self.is_own_namespace(expression) || key_of_module(expression).is_some() {
            self.looked_at.insert(text_range(expression.range()));
        }
    }

    /// Notes the uses of `globals()` that only look: `globals()[name]`, `globals().get(…)`, `name in globals()`,
    /// `sorted(globals())`, and those of `sys.modules["name"]`. Those that write are effects of their own.
    pub(super) fn look_below(&mut self, expression: &Expr) {
        match expression {
            Expr::Subscript(subscript) => {
                self.look_at(&subscript.value);
                self.note_module_asked_for(&subscript.value, Some(&subscript.slice));
                self.note_module_taken(expression);
            }
            // `"%(name)s" % vars()`
            Expr::BinOp(operation) => self.look_at(&operation.right),
            Expr::Compare(compare) => {
                for expression in &compare.comparators {
                    self.look_at(expression);
                    self.note_module_asked_for(expression, Some(&compare.left));
                }
            }
            Expr::Call(call) => {
                if let Expr::Attribute(method) = &*call.func {
                    self.note_module_asked_for(&method.value, call.arguments.args.first());
                }
                const READERS: [&str; 15] = [
                    "eval",
                    "getattr",
                    "hasattr",
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
                if matches!(&*call.func, Expr::Name(name) if READERS.contains(&name.id.as_str())) {
                    call.arguments.args.iter().for_each(|argument| self.look_at(argument));
                }
                // `f(**globals())` hands over a copy.
                let copies = call.arguments.keywords.iter().filter(|keyword| keyword.arg.is_none());
                copies.for_each(|keyword| self.look_at(&keyword.value));
            }
            _ => {}
        }
    }

    /// Notes that the code gets hold of a namespace or module: unless it only looks, somebody may write to it.
    pub(super) fn hand_out(&mut self, kind: EffectKind, range: TextRange) {
        if !self.is_in_getattr() {
            let (scope, branch, position) = (self.scope, self.branch, self.position());
            self.handed_out.push(Effect { kind, scope, branch, range, position });
        }
    }

    /// Notes that the code gets hold of a module by its name.
    fn note_module_taken(&mut self, expression: &Expr) {
        match key_of_module(expression) {
            Some(Expr::StringLiteral(name)) => {
                let module = self.found.names.intern(name.value.to_str());
                self.hand_out(EffectKind::TakesModule(module), text_range(expression.range()));
            }
            Some(key) if !is_dunder_name(key) => self.takes_modules = true,
            _ => {}
        }
    }

    /// `prepare(sys.modules[__name__])`: whoever gets the module may give it names.
    fn note_module_handed_over(&mut self, call: &ast::ExprCall) {
        const READERS: [&str; 9] =
            ["getattr", "hasattr", "setattr", "dir", "vars", "id", "getmembers", "testmod", "loadTestsFromModule"];
        let function = match &*call.func {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(method) => method.attr.as_str(),
            _ => "",
        };
        let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
        if !READERS.contains(&function) && call.arguments.args.iter().chain(values).any(is_own_module) {
            self.effect(EffectKind::NamespaceWrite, text_range(call.range()));
        }
    }

    /// Notes a call of a function by its bare name.
    pub(super) fn note_call(&mut self, name: &str) {
        self.found.traits.reads_namespace |= matches!(name, "globals" | "eval" | "exec");
        self.found.scopes[self.scope.index()].reads_locals |=
            matches!(name, "locals" | "vars" | "dir" | "eval" | "exec");
        let name = self.found.names.find(name).filter(|name| self.found.interest.is_imported_or_function(*name));
        if let Some(name) = name
            && self.found.branches.truth(self.branch) != Truth::False
        {
            self.found.calls.push((self.scope, name));
        }
    }

    pub(super) fn call_effects(&mut self, call: &ast::ExprCall, last: Option<&str>, function: Option<ReferenceId>) {
        let range = text_range(call.range());
        let arguments = &*call.arguments.args;
        self.note_computed_path(call, last);
        self.note_module_handed_over(call);
        match (&*call.func, arguments) {
            (Expr::Attribute(method), [key, ..])
                if method.attr.as_str() == "pop" && self.is_own_namespace(&method.value) =>
            {
                self.write_namespace(key, BindingKind::Deletion, range);
            }
            _ if self.writes_namespace(call, last) => self.effect(EffectKind::NamespaceWrite, range),
            _ => {}
        }
        self.found.traits.sets_names_of_others |= match (last, &*call.func, arguments) {
            (Some("exec"), _, [_, namespace, ..]) => self.is_namespace_of_caller(namespace),
            (Some("update" | "setdefault" | "__setitem__"), Expr::Attribute(method), _) => {
                self.is_namespace_of_caller(&method.value)
            }
            _ => false,
        };
        match (last, arguments) {
            (Some("setattr"), [owner, ..]) if !matches!(owner, Expr::Name(name) if matches!(name.id.as_str(), "self" | "cls")) =>
            {
                self.sets_attributes = true;
                self.note_set_attribute(owner);
            }
            (Some("import_module" | "__import__"), [Expr::StringLiteral(name), ..]) => {
                let name = self.found.names.intern(name.value.to_str());
                let (scope, branch) = (self.scope, self.branch);
                self.found.modules_by_name.push(ModuleByName { name, scope, branch, range });
            }
            (Some("import_module" | "__import__"), [name, ..]) if is_dunder_name(name) => {
                self.takes_own_module = self.takes_own_module.or(Some(range));
            }
            (Some("import_module" | "__import__" | "run_path" | "run_module" | "spec_from_file_location"), _) => {
                self.found.traits.computes_imports = true;
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

    /// `setattr` on something imported, or on a module that is looked up by the name that something else gives.
    fn note_set_attribute(&mut self, owner: &Expr) {
        if let Expr::Subscript(subscript) = owner {
            let is_others = !is_dunder_name(&subscript.slice) && !subscript.slice.is_string_literal_expr();
            self.found.traits.sets_names_of_others |= is_sys_modules(&subscript.value) && is_others;
        }
        // What is called so is one, and nobody here knows which.
        self.found.traits.sets_names_of_others |=
            matches!(owner, Expr::Name(name) if matches!(name.id.as_str(), "module" | "mod"));
        let Some(root) = root_name(owner) else { return };
        if self.found.names.find(root).is_some_and(|name| self.found.interest.is_imported(name))
            && let Some(owner_reference) = self.chain(owner, Usage::Read)
        {
            self.effect(EffectKind::SetAttribute(owner_reference), text_range(owner.range()));
        }
    }

    /// `globals()`, at module level `vars()` and `locals()` as well, and the `__dict__` of the own module.
    pub(super) fn is_own_namespace(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Attribute(attribute) if attribute.attr.as_str() == "__dict__" => is_own_module(&attribute.value),
            Expr::Call(call) => self.calls_for_namespace(call),
            _ => false,
        }
    }

    pub(super) fn calls_for_namespace(&self, call: &ast::ExprCall) -> bool {
        let Expr::Name(function) = &*call.func else { return false };
        match (function.id.as_str(), &*call.arguments.args) {
            ("globals", []) => true,
            ("vars" | "locals", []) => self.in_module_scope(),
            // `vars(sys.modules[__name__])`
            ("vars", [module]) => is_own_module(module),
            _ => false,
        }
    }

    /// `caller = sys._getframe(1).f_globals`: what is written there are names of whoever calls.
    pub(super) fn note_namespace_of_caller(&mut self, target: &Expr, value: &Expr) {
        if let Expr::Name(name) = target
            && self.is_namespace_of_caller(value)
        {
            self.callers_namespaces.insert(name.id.to_string());
        }
    }

    fn is_namespace_of_caller(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Attribute(attribute) => attribute.attr.as_str() == "f_globals",
            Expr::Name(name) => self.callers_namespaces.contains(name.id.as_str()),
            Expr::BoolOp(either) => either.values.iter().any(|value| self.is_namespace_of_caller(value)),
            Expr::If(either) => {
                self.is_namespace_of_caller(&either.body) || self.is_namespace_of_caller(&either.orelse)
            }
            _ => false,
        }
    }

    /// `globals()[key] = …` and the like: the names that the key stands for, where it is spelt out, change.
    pub(super) fn write_namespace(&mut self, key: &Expr, kind: BindingKind, range: TextRange) {
        let strings: Vec<TextRange> = match key {
            Expr::Name(variable) => {
                let mut loops = self.spelt_out.iter().rev();
                let known = loops.find(|known| known.variable == variable.id.as_str());
                known.map(|known| known.strings.clone()).unwrap_or_default()
            }
            key => plain_string(self.source, key).into_iter().collect(),
        };
        if strings.is_empty() || self.is_in_getattr() {
            self.effect(EffectKind::NamespaceWrite, range);
            return;
        }
        for range in strings {
            let name = self.found.names.intern(range.slice(self.source));
            let (scope, site, branch) = (ScopeId::MODULE, self.scope, self.branch);
            self.found.bindings.push(Binding { name, scope, site, branch, range, kind });
        }
    }

    /// True for calls after which the module may have any name.
    pub(super) fn writes_namespace(&self, call: &ast::ExprCall, last: Option<&str>) -> bool {
        let arguments = &*call.arguments.args;
        if let Expr::Attribute(method) = &*call.func
            && self.is_own_namespace(&method.value)
        {
            return matches!(method.attr.as_str(), "update" | "setdefault" | "__setitem__" | "popitem" | "clear");
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

/// `__all__`, or `sys.modules[__name__].__all__`.
pub(super) fn is_own_all(expression: &Expr) -> bool {
    match expression {
        Expr::Attribute(attribute) => attribute.attr.as_str() == "__all__" && is_own_module(&attribute.value),
        other => is_dunder_all(other),
    }
}

/// The text at the end of a string that is put together: `f"{x}.name"`, `x + ".name"`.
fn end_of_computed(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::FString(string) => match string.value.elements().last()? {
            InterpolatedStringElement::Literal(end) => Some(&end.value),
            InterpolatedStringElement::Interpolation(_) => None,
        },
        Expr::BinOp(sum) => sum.right.as_string_literal_expr().map(|end| end.value.to_str()),
        _ => None,
    }
}

pub(super) fn is_dunder_name(expression: &Expr) -> bool {
    matches!(expression, Expr::Name(name) if name.id.as_str() == "__name__")
}

/// The key of a module that is looked up: `sys.modules[key]`.
fn key_of_module(expression: &Expr) -> Option<&Expr> {
    match expression {
        Expr::Subscript(subscript) if subscript.ctx.is_load() && is_sys_modules(&subscript.value) => {
            Some(&subscript.slice)
        }
        _ => None,
    }
}

/// `sys.modules[__name__]`
pub(super) fn is_own_module(expression: &Expr) -> bool {
    matches!(expression, Expr::Subscript(subscript)
        if is_sys_modules(&subscript.value) && is_dunder_name(&subscript.slice))
}

/// `sys.modules`, or `modules` alone; whether that is the real one is for the reader of the effect to ask.
pub(super) fn is_sys_modules(expression: &Expr) -> bool {
    is_attribute(expression, "sys", "modules")
        || matches!(expression, Expr::Attribute(attribute) if attribute.attr.as_str() == "modules" && dotted(expression).is_some())
        || matches!(expression, Expr::Name(name) if name.id.as_str() == "modules")
}
