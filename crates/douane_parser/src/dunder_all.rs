//! What a module does to `__all__`.
//!
//! `__all__` is a list that code builds; the facts keep the building steps, and the graph, which knows the other
//! modules, carries them out (language reference, section 7.11: "The public names defined by a module").

use douane_base::TextRange;
use ruff_python_ast::{BoolOp, CmpOp, Comprehension, Expr, ExprCall, ExprListComp, Operator, Stmt, UnaryOp};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{
    branches::BranchId,
    names::{NameCollector, Symbol},
    text_range,
};

/// One step in the building of `__all__`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllOperation {
    /// What happens to the list.
    pub action: AllAction,
    /// The entries it happens with.
    pub items: Vec<AllItem>,
    /// The whole statement or expression.
    pub range: TextRange,
    /// The branch it stands in.
    pub branch: BranchId,
    /// How many entries of the facts' bindings came before it.
    pub position: u32,
}

/// What happens to `__all__`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AllAction {
    /// It becomes exactly the items.
    Set,
    /// The items are added.
    Extend,
    /// The items are taken out.
    Remove,
    /// `del __all__`.
    Delete,
}

/// An entry, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AllItem {
    /// A string.
    Name(Export),
    /// `a.b.__all__`: the names before the last dot; or, without any, an `__all__` that was imported itself.
    AllOf(Vec<Symbol>),
    /// A name that an `__all__` was imported as: `from m import __all__ as names`.
    Variable(Symbol),
    /// `[name for name in dir() if not name.startswith("_")]`: every public name bound so far.
    PublicNames(PublicNames),
    /// An expression that says nothing.
    Unknown,
}

/// Which of the public names bound so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicNames {
    /// `not isinstance(value, ModuleType)`: without modules.
    pub without_modules: bool,
    /// `name not in {…}`: without these.
    pub except: Vec<Symbol>,
}

/// An entry of `__all__`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// The name that the string spells.
    pub name: Symbol,
    /// The string's place, quotes included.
    pub range: TextRange,
}

/// Module-level lists of strings under other names, which `__all__` is sometimes put together from.
#[derive(Default)]
pub(crate) struct NamedLists<'a> {
    lists: FxHashMap<&'a str, Option<&'a Expr>>,
}

impl<'a> NamedLists<'a> {
    /// Notes `name = […]`; a second binding, or anything that may change the list, makes it unknown.
    pub(crate) fn note(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    if let Expr::Name(name) = target {
                        let literal =
                            matches!(&*assign.value, Expr::List(_) | Expr::Tuple(_)).then_some(&*assign.value);
                        let known = self.lists.insert(name.id.as_str(), literal);
                        if known.is_some() {
                            self.lists.insert(name.id.as_str(), None);
                        }
                    }
                }
            }
            Stmt::AugAssign(assign) => {
                if let Expr::Name(name) = &*assign.target {
                    self.lists.insert(name.id.as_str(), None);
                }
            }
            Stmt::Expr(expression) => {
                if let Expr::Call(call) = &*expression.value
                    && let Expr::Attribute(method) = &*call.func
                    && let Expr::Name(name) = &*method.value
                {
                    self.lists.insert(name.id.as_str(), None);
                }
            }
            _ => {}
        }
    }

    fn find(&self, name: &str) -> Option<&'a Expr> {
        self.lists.get(name).copied().flatten()
    }
}

/// Reads the entries that an expression gives.
pub(crate) struct AllReader<'r, 'a> {
    pub(crate) names: &'r mut NameCollector,
    pub(crate) lists: &'r NamedLists<'a>,
}

impl<'a> AllReader<'_, 'a> {
    pub(crate) fn items(&mut self, expression: &'a Expr) -> Vec<AllItem> {
        let mut items = Vec::new();
        self.read(expression, 0, &mut items);
        items
    }

    fn read(&mut self, expression: &'a Expr, depth: u8, items: &mut Vec<AllItem>) {
        // Long sums are read in a loop; what nests deeper than any real list is not worth a stack.
        const DEEPEST: u8 = 50;
        if depth > DEEPEST {
            items.push(AllItem::Unknown);
            return;
        }
        match expression {
            Expr::List(list) => self.elements(&list.elts, depth, items),
            Expr::Tuple(tuple) => self.elements(&tuple.elts, depth, items),
            Expr::Set(set) => self.elements(&set.elts, depth, items),
            Expr::BinOp(first) if first.op == Operator::Add => {
                let mut operands = vec![&*first.right];
                let mut left = &*first.left;
                while let Expr::BinOp(sum) = left
                    && sum.op == Operator::Add
                {
                    operands.push(&sum.right);
                    left = &sum.left;
                }
                operands.push(left);
                for operand in operands.into_iter().rev() {
                    self.read(operand, depth + 1, items);
                }
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "__all__" => {
                let chain =
                    dotted(&attribute.value).map(|parts| parts.iter().map(|part| self.names.intern(part)).collect());
                items.push(chain.map_or(AllItem::Unknown, AllItem::AllOf));
            }
            Expr::Name(name) if name.id.as_str() == "__all__" => items.push(AllItem::AllOf(Vec::new())),
            Expr::Name(name) => match self.lists.find(name.id.as_str()) {
                Some(list) => self.read(list, depth + 1, items),
                None => items.push(AllItem::Variable(self.names.intern(name.id.as_str()))),
            },
            Expr::Call(call) => self.call(call, depth, items),
            Expr::ListComp(comprehension) => {
                let selected = self.selected_names(comprehension);
                items.push(selected.map_or(AllItem::Unknown, AllItem::PublicNames));
            }
            _ => items.push(AllItem::Unknown),
        }
    }

    fn elements(&mut self, elements: &'a [Expr], depth: u8, items: &mut Vec<AllItem>) {
        for element in elements {
            match element {
                Expr::StringLiteral(literal) => items.push(AllItem::Name(Export {
                    name: self.names.intern(literal.value.to_str()),
                    range: text_range(literal.range()),
                })),
                Expr::Starred(starred) => self.read(&starred.value, depth + 1, items),
                _ => items.push(AllItem::Unknown),
            }
        }
    }

    /// `list(…)`, `tuple(…)`, `sorted(…)`, `set(…)` keep the entries of their argument.
    fn call(&mut self, call: &'a ExprCall, depth: u8, items: &mut Vec<AllItem>) {
        let function = match &*call.func {
            Expr::Name(name) => name.id.as_str(),
            // `"a b c".split()`
            Expr::Attribute(method) if method.attr.as_str() == "split" && call.arguments.is_empty() => {
                match &*method.value {
                    Expr::StringLiteral(literal) => {
                        let range = text_range(literal.range());
                        let words = literal.value.to_str().split_whitespace();
                        items.extend(words.map(|word| AllItem::Name(Export { name: self.names.intern(word), range })));
                    }
                    _ => items.push(AllItem::Unknown),
                }
                return;
            }
            _ => "",
        };
        match (function, &*call.arguments.args) {
            ("list" | "tuple" | "sorted" | "set" | "frozenset", [argument]) => self.read(argument, depth + 1, items),
            ("list" | "tuple" | "set", []) if call.arguments.keywords.is_empty() => {}
            ("filter", [test, names]) if is_public_test(test) && is_own_dir(names) => {
                items.push(AllItem::PublicNames(PublicNames::default()));
            }
            _ => items.push(AllItem::Unknown),
        }
    }
}

impl AllReader<'_, '_> {
    /// `[name for name in dir() if not name.startswith("_")]`, or over `globals().items()`, with conditions that leave
    /// out modules or some names.
    fn selected_names(&mut self, comprehension: &ExprListComp) -> Option<PublicNames> {
        let [Comprehension { target, iter, ifs, is_async: false, .. }] = &comprehension.generators[..] else {
            return None;
        };
        let (name, value) = match target {
            Expr::Name(name) if is_own_dir(iter) => (name.id.as_str(), None),
            Expr::Tuple(pair) if is_own_items(iter) => match &pair.elts[..] {
                [Expr::Name(name), Expr::Name(value)] => (name.id.as_str(), Some(value.id.as_str())),
                _ => return None,
            },
            _ => return None,
        };
        if !is_name(&comprehension.elt, name) {
            return None;
        }
        let mut selected = PublicNames::default();
        let mut is_public = false;
        for test in ifs.iter().flat_map(conjuncts) {
            if negates_underscore_test(test, name) {
                is_public = true;
            } else if value.is_some_and(|value| negates_module_test(test, value)) {
                selected.without_modules = true;
            } else {
                let except = excepted_names(test, name)?;
                selected.except.extend(except.into_iter().map(|name| self.names.intern(name)));
            }
        }
        is_public.then_some(selected)
    }
}

fn is_name(expression: &Expr, name: &str) -> bool {
    matches!(expression, Expr::Name(found) if found.id.as_str() == name)
}

fn conjuncts(test: &Expr) -> Vec<&Expr> {
    match test {
        Expr::BoolOp(all) if all.op == BoolOp::And => all.values.iter().collect(),
        // `not (a or b)`
        other => vec![other],
    }
}

/// `globals().items()` or `vars().items()`.
fn is_own_items(expression: &Expr) -> bool {
    let Expr::Call(call) = expression else { return false };
    match &*call.func {
        Expr::Attribute(method) => {
            method.attr.as_str() == "items" && call.arguments.is_empty() && is_own_dir(&method.value)
        }
        Expr::Name(list) => list.id.as_str() == "list" && call.arguments.args.first().is_some_and(is_own_items),
        _ => false,
    }
}

/// `not isinstance(value, types.ModuleType)`, `not inspect.ismodule(value)`
fn negates_module_test(test: &Expr, value: &str) -> bool {
    let Expr::UnaryOp(not) = test else { return false };
    let Expr::Call(call) = &*not.operand else { return false };
    let function = dotted(&call.func).and_then(|parts| parts.last().copied());
    not.op == UnaryOp::Not
        && match (function, &*call.arguments.args) {
            (Some("ismodule"), [tested]) => is_name(tested, value),
            (Some("isinstance"), [tested, kind]) => {
                is_name(tested, value) && dotted(kind).and_then(|parts| parts.last().copied()) == Some("ModuleType")
            }
            _ => false,
        }
}

/// The strings of `name not in {"a", "b"}`, or of `name != "a"`.
fn excepted_names<'e>(test: &'e Expr, name: &str) -> Option<Vec<&'e str>> {
    let Expr::Compare(compare) = test else { return None };
    let text = |expression: &'e Expr| match expression {
        Expr::StringLiteral(text) => Some(text.value.to_str()),
        _ => None,
    };
    if !is_name(&compare.left, name) {
        return None;
    }
    match (&*compare.ops, &*compare.comparators) {
        ([CmpOp::NotIn], [Expr::Set(set)]) => set.elts.iter().map(text).collect(),
        ([CmpOp::NotIn], [Expr::List(list)]) => list.elts.iter().map(text).collect(),
        ([CmpOp::NotIn], [Expr::Tuple(tuple)]) => tuple.elts.iter().map(text).collect(),
        ([CmpOp::NotEq], [one]) => Some(vec![text(one)?]),
        _ => None,
    }
}

/// The parts of `a.b.c`; `None` for anything else.
pub(crate) fn dotted(expression: &Expr) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut at = expression;
    loop {
        match at {
            Expr::Attribute(attribute) => {
                parts.push(attribute.attr.as_str());
                at = &attribute.value;
            }
            Expr::Name(name) => {
                parts.push(name.id.as_str());
                parts.reverse();
                return Some(parts);
            }
            _ => return None,
        }
    }
}

/// `dir()`, `globals()`, `globals().keys()` or `vars()`.
fn is_own_dir(expression: &Expr) -> bool {
    let Expr::Call(call) = expression else { return false };
    if !call.arguments.is_empty() {
        // `list(globals())`, `sorted(dir())`
        return matches!(&*call.func, Expr::Name(name) if matches!(name.id.as_str(), "list" | "sorted" | "tuple" | "set"))
            && call.arguments.args.first().is_some_and(is_own_dir);
    }
    match &*call.func {
        Expr::Name(name) => matches!(name.id.as_str(), "dir" | "globals" | "vars" | "locals"),
        Expr::Attribute(method) => method.attr.as_str() == "keys" && is_own_dir(&method.value),
        _ => false,
    }
}

/// `lambda name: not name.startswith("_")`
fn is_public_test(test: &Expr) -> bool {
    let Expr::Lambda(lambda) = test else { return false };
    let Some(parameters) = &lambda.parameters else { return false };
    let Some(parameter) = parameters.args.first() else { return false };
    negates_underscore_test(&lambda.body, parameter.parameter.name.as_str())
}

/// `not name.startswith("_")`, `name[0] != "_"`
fn negates_underscore_test(test: &Expr, name: &str) -> bool {
    let is_it = |expression: &Expr| matches!(expression, Expr::Name(found) if found.id.as_str() == name);
    let is_underscore =
        |expression: &Expr| matches!(expression, Expr::StringLiteral(text) if text.value.to_str() == "_");
    match test {
        Expr::UnaryOp(not) if not.op == UnaryOp::Not => match &*not.operand {
            Expr::Call(call) => {
                matches!(&*call.func, Expr::Attribute(method) if method.attr.as_str() == "startswith" && is_it(&method.value))
                    && matches!(&*call.arguments.args, [prefix] if is_underscore(prefix))
            }
            _ => false,
        },
        Expr::Compare(compare) => {
            matches!(&*compare.ops, [CmpOp::NotEq])
                && matches!(&*compare.left, Expr::Subscript(subscript) if is_it(&subscript.value))
                && matches!(&*compare.comparators, [right] if is_underscore(right))
        }
        _ => false,
    }
}
