//! What loading a module does besides binding its names: calls, decorators, subclasses, patches. Of each file the first is
//! kept, which is enough to know that to import it is not nothing.

use ruff_python_ast::{self as ast, Arguments, Decorator, Expr};
use ruff_text_size::Ranged;

use super::{Collector, root_name};
use crate::{
    branches::Truth,
    dunder_all::dotted,
    facts::{Context, LoadEffect, LoadEffectKind, Usage},
    text_range,
};

/// Functions and classes of Python and its standard library that change nothing but what they are given.
const PURE: [&str; 143] = [
    "ABC",
    "ABCMeta",
    "BytesIO",
    "CDLL",
    "ChainMap",
    "Condition",
    "ContextVar",
    "Counter",
    "Decimal",
    "Enum",
    "Event",
    "Flag",
    "ForwardRef",
    "Fraction",
    "IntEnum",
    "IntFlag",
    "Lock",
    "MappingProxyType",
    "NamedTuple",
    "NewType",
    "OrderedDict",
    "ParamSpec",
    "Path",
    "PurePath",
    "RLock",
    "Semaphore",
    "SimpleNamespace",
    "StringIO",
    "Struct",
    "TypeAliasType",
    "TypeVar",
    "TypeVarTuple",
    "TypedDict",
    "UUID",
    "WeakKeyDictionary",
    "WeakSet",
    "WeakValueDictionary",
    "abs",
    "abspath",
    "abstractmethod",
    "all",
    "any",
    "ascii",
    "asynccontextmanager",
    "attrgetter",
    "auto",
    "basename",
    "bin",
    "bool",
    "bytearray",
    "bytes",
    "cache",
    "cached_property",
    "calcsize",
    "callable",
    "cast",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "contextmanager",
    "count",
    "cycle",
    "dataclass",
    "dataclass_transform",
    "date",
    "datetime",
    "defaultdict",
    "deprecated",
    "deque",
    "dict",
    "dirname",
    "divmod",
    "encode",
    "enumerate",
    "exists",
    "expanduser",
    "field",
    "filter",
    "final",
    "float",
    "format",
    "frozenset",
    "getLogger",
    "getattr",
    "getenv",
    "hasattr",
    "hash",
    "hex",
    "id",
    "int",
    "isfile",
    "isinstance",
    "issubclass",
    "itemgetter",
    "iter",
    "join",
    "len",
    "list",
    "local",
    "lru_cache",
    "maketrans",
    "map",
    "max",
    "memoryview",
    "methodcaller",
    "min",
    "namedtuple",
    "no_type_check",
    "object",
    "oct",
    "ord",
    "overload",
    "override",
    "partial",
    "property",
    "python_implementation",
    "range",
    "realpath",
    "repeat",
    "repr",
    "reversed",
    "round",
    "runtime_checkable",
    "set",
    "singledispatch",
    "slice",
    "sorted",
    "splitext",
    "staticmethod",
    "str",
    "sum",
    "super",
    "system",
    "time",
    "timedelta",
    "timezone",
    "total_ordering",
    "tuple",
    "type",
    "unique",
    "wraps",
    "zip",
];
/// Methods that only read what they are called on.
const READERS: [&str; 23] = [
    "copy",
    "decode",
    "encode",
    "endswith",
    "find",
    "format",
    "get",
    "index",
    "items",
    "join",
    "keys",
    "lower",
    "lstrip",
    "match",
    "replace",
    "rstrip",
    "search",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "upper",
    "values",
];
/// Methods that change what they are called on, which is nobody else's where the file makes it.
const CHANGERS: [&str; 10] =
    ["add", "append", "discard", "extend", "insert", "pop", "remove", "setdefault", "sort", "update"];
/// Base classes that keep no note of their subclasses.
const PLAIN_BASES: [&str; 41] = [
    "ABC",
    "AbstractContextManager",
    "Enum",
    "Flag",
    "Generic",
    "HTMLParser",
    "IntEnum",
    "IntFlag",
    "JSONDecoder",
    "JSONEncoder",
    "Mapping",
    "MutableMapping",
    "MutableSequence",
    "MutableSet",
    "NamedTuple",
    "OrderedDict",
    "Protocol",
    "ReprEnum",
    "Sequence",
    "Set",
    "StrEnum",
    "TestCase",
    "Thread",
    "TypedDict",
    "UserDict",
    "UserList",
    "UserString",
    "bool",
    "bytearray",
    "bytes",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "object",
    "property",
    "set",
    "str",
    "tuple",
    "type",
];

impl Collector<'_> {
    /// The code runs while the module is loaded, and nothing was found in it yet.
    fn looks_for_load_effect(&self) -> bool {
        self.found.load_effect.is_none()
            && self.context == Context::Runtime
            && self.found.branches.truth(self.branch) != Truth::False
            && !self.is_deferred()
    }

    fn load_effect(&mut self, kind: LoadEffectKind, what: &Expr) {
        let spelt = dotted(what).map_or_else(String::new, |parts| parts.join("."));
        let what_name = self.found.names.intern(&spelt);
        self.found.load_effect = Some(LoadEffect { kind, what: what_name, range: text_range(what.range()) });
    }

    fn is_imported(&self, expression: &Expr) -> bool {
        let Some(root) = root_name(expression) else { return false };
        root == "__builtins__"
            || self.found.interest.has_star()
            || self.found.names.find(root).is_some_and(|name| self.found.interest.is_imported(name))
    }

    pub(super) fn note_load_call(&mut self, call: &ast::ExprCall) {
        if self.looks_for_load_effect() && !self.is_pure_function(&call.func) {
            self.load_effect(LoadEffectKind::Call, &call.func);
        }
    }

    fn is_pure_function(&self, function: &Expr) -> bool {
        let last = match function {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(method) => method.attr.as_str(),
            _ => return false,
        };
        let is_exception = last.ends_with("Error") || last.ends_with("Exception") || last.ends_with("Warning");
        if is_one_of(&PURE, last) || is_exception {
            return true;
        }
        let Expr::Attribute(method) = function else { return false };
        // `os.environ.get`, `"".join`, `_names.append`
        is_one_of(&READERS, last) || (is_one_of(&CHANGERS, last) && !self.is_imported(&method.value))
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
        let (function, is_called) = match &decorator.expression {
            Expr::Call(call) => (&*call.func, true),
            other => (other, false),
        };
        // `@property` and `@name.setter` of a class.
        let is_accessor = matches!(function, Expr::Attribute(method)
            if matches!(method.attr.as_str(), "setter" | "getter" | "deleter") && !self.is_imported(&method.value));
        if !is_called && !is_accessor && !self.is_pure_function(function) {
            self.load_effect(LoadEffectKind::Decorator, function);
        }
    }

    pub(super) fn note_subclass(&mut self, arguments: &Arguments) {
        if !self.looks_for_load_effect() {
            return;
        }
        let metaclass = arguments.keywords.iter().filter(|keyword| keyword.arg.as_deref() == Some("metaclass"));
        let bases = arguments.args.iter().chain(metaclass.map(|keyword| &keyword.value));
        let is_plain = |base: &Expr| {
            let base = match base {
                Expr::Subscript(subscript) => &*subscript.value,
                other => other,
            };
            // What the file itself defines was looked at where it stands.
            let Some(last) = dotted(base).and_then(|parts| parts.last().copied()) else { return true };
            is_one_of(&PLAIN_BASES, last)
                || is_one_of(&PURE, last)
                || last.ends_with("Error")
                || last.ends_with("Exception")
                || last.ends_with("Warning")
                || !self.is_imported(base)
        };
        if let Some(base) = bases.into_iter().find(|base| !is_plain(base)) {
            let base = match base {
                Expr::Subscript(subscript) => &*subscript.value,
                other => other,
            };
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
        if self.looks_for_load_effect() && self.is_imported(owner) {
            self.load_effect(LoadEffectKind::Patch, owner);
        }
    }

    /// Notes the names in a string that holds a type but can't be read as one.
    pub(super) fn mentioned_names(&mut self, range: douane_base::TextRange) {
        for word in words(range.slice(self.source)) {
            if let Some(name) = self.used(word) {
                let attributes = self.found.attributes.len();
                self.in_context(Context::StringAnnotation, |this| {
                    this.reference(name, range, attributes, Usage::Read);
                });
            }
        }
    }

    /// Notes the names in comments such as `# type: List[int]`.
    pub(super) fn note_type_comments(&mut self) {
        let source = self.source;
        for at in memchr::memmem::find_iter(source.as_bytes(), b"# type:") {
            let comment = source[at..].lines().next().unwrap_or_default();
            for word in words(comment) {
                if let Some(name) = self.found.names.find(word).filter(|name| self.found.interest.is_imported(*name)) {
                    self.found.type_comment_names.push(name);
                }
            }
        }
    }
}

/// The list is sorted.
fn is_one_of(list: &[&str], name: &str) -> bool {
    list.binary_search(&name).is_ok()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for list in [&PURE[..], &READERS, &CHANGERS, &PLAIN_BASES] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }
}
