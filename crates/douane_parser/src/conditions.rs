//! What can be told of a condition from its text, the target version and the platform.
//!
//! The tests that type checkers decide are decided here too: `sys.version_info`, `sys.platform`, `os.name`,
//! `TYPE_CHECKING` and constants (typing specification, "Version and platform checks").

use douane_base::{Platform, PythonVersion};
use ruff_python_ast::{BoolOp, CmpOp, Expr, Number, UnaryOp};

use crate::branches::{Guard, Truth};

/// The Python that conditions are decided for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decider {
    pub(crate) version: PythonVersion,
    pub(crate) platform: Platform,
}

impl Decider {
    /// What the condition tests, and whether it holds when the module is imported.
    pub(crate) fn decide(self, test: &Expr) -> (Guard, Truth) {
        self.decide_nested(test, 0)
    }

    fn decide_nested(self, test: &Expr, depth: u8) -> (Guard, Truth) {
        // No condition that anybody wrote nests deeper; what does is not worth a stack.
        const DEEPEST: u8 = 20;
        if depth > DEEPEST {
            return (Guard::Condition, Truth::Unknown);
        }
        match test {
            Expr::BooleanLiteral(literal) => (Guard::Condition, literal.value.into()),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(value) => (Guard::Condition, (value.as_u64() != Some(0)).into()),
                _ => (Guard::Condition, Truth::Unknown),
            },
            Expr::UnaryOp(not) if not.op == UnaryOp::Not => {
                let (guard, truth) = self.decide_nested(&not.operand, depth + 1);
                (guard, truth.not())
            }
            Expr::BoolOp(all) => {
                let mut decided = all.values.iter().map(|value| self.decide_nested(value, depth + 1));
                let (mut guard, mut truth) = decided.next().unwrap_or((Guard::Condition, Truth::Unknown));
                for (next_guard, next_truth) in decided {
                    if guard == Guard::Condition || next_guard == Guard::TypeChecking {
                        guard = next_guard;
                    }
                    truth = match all.op {
                        BoolOp::And => truth.and(next_truth),
                        BoolOp::Or => truth.or(next_truth),
                    };
                }
                (guard, truth)
            }
            Expr::Name(name) if name.id.as_str() == "TYPE_CHECKING" => (Guard::TypeChecking, Truth::False),
            Expr::Attribute(attribute) if attribute.attr.as_str() == "TYPE_CHECKING" => {
                (Guard::TypeChecking, Truth::False)
            }
            Expr::Name(name) if name.id.as_str() == "__debug__" => (Guard::Condition, Truth::True),
            Expr::Name(name) => (named_guard(name.id.as_str()), Truth::Unknown),
            Expr::Attribute(attribute) => (named_guard(attribute.attr.as_str()), Truth::Unknown),
            Expr::Compare(compare) => match (&*compare.left, &*compare.ops, &*compare.comparators) {
                (left, [op], [right]) => self.compare(left, *op, right),
                _ => (Guard::Condition, Truth::Unknown),
            },
            Expr::Call(call) => self.platform_prefix(&call.func, &call.arguments.args),
            _ => (Guard::Condition, Truth::Unknown),
        }
    }

    fn compare(self, left: &Expr, op: CmpOp, right: &Expr) -> (Guard, Truth) {
        if let Some(part) = version_part(left) {
            return (Guard::Version, self.compare_version(part, op, right));
        }
        if let Some(part) = version_part(right) {
            return (Guard::Version, mirrored(op).map_or(Truth::Unknown, |op| self.compare_version(part, op, left)));
        }
        if is_name(left, "__name__") && string(right) == Some("__main__") {
            return (Guard::Main, equality(op, false));
        }
        let actual = if is_attribute(left, "sys", "platform") {
            self.platform.sys_platform()
        } else if is_attribute(left, "os", "name") {
            self.platform.os_name()
        } else {
            let platform = matches!(left, Expr::Name(name) if is_platform_name(name.id.as_str()))
                || matches!(left, Expr::Call(call) if is_attribute(&call.func, "platform", "system"));
            return (if platform { Guard::Platform } else { Guard::Condition }, Truth::Unknown);
        };
        let truth = match (actual, op, string(right)) {
            (Some(actual), CmpOp::Eq | CmpOp::NotEq, Some(expected)) => equality(op, actual == expected),
            (Some(actual), CmpOp::In | CmpOp::NotIn, _) => strings(right).map_or(Truth::Unknown, |expected| {
                let found = expected.contains(&actual);
                Truth::from(found == (op == CmpOp::In))
            }),
            _ => Truth::Unknown,
        };
        (Guard::Platform, truth)
    }

    fn compare_version(self, part: VersionPart, op: CmpOp, expected: &Expr) -> Truth {
        let minor = u64::from(self.version.minor());
        let ordering = match part {
            VersionPart::Major => integer(expected).map(|expected| 3.cmp(&expected)),
            VersionPart::Minor => integer(expected).map(|expected| minor.cmp(&expected)),
            VersionPart::Whole => integers(expected).and_then(|expected| match expected[..] {
                [major] => Some(3.cmp(&major).then(std::cmp::Ordering::Greater)),
                [major, expected_minor] => {
                    Some(3.cmp(&major).then(minor.cmp(&expected_minor)).then(std::cmp::Ordering::Greater))
                }
                // The patch number is not known, so that only another minor version decides.
                [major, expected_minor, ..] => {
                    let ordering = 3.cmp(&major).then(minor.cmp(&expected_minor));
                    ordering.is_ne().then_some(ordering)
                }
                [] => None,
            }),
            VersionPart::Prefix(length) => integers(expected).and_then(|expected| {
                let actual = [3, minor];
                (length <= 2).then(|| actual[..length].cmp(&expected[..]))
            }),
        };
        let Some(ordering) = ordering else { return Truth::Unknown };
        match op {
            CmpOp::Lt => ordering.is_lt().into(),
            CmpOp::LtE => ordering.is_le().into(),
            CmpOp::Gt => ordering.is_gt().into(),
            CmpOp::GtE => ordering.is_ge().into(),
            CmpOp::Eq => ordering.is_eq().into(),
            CmpOp::NotEq => ordering.is_ne().into(),
            _ => Truth::Unknown,
        }
    }

    /// `sys.platform.startswith("win")`.
    fn platform_prefix(self, function: &Expr, arguments: &[Expr]) -> (Guard, Truth) {
        let Expr::Attribute(method) = function else { return (Guard::Condition, Truth::Unknown) };
        if method.attr.as_str() != "startswith" || !is_attribute(&method.value, "sys", "platform") {
            return (Guard::Condition, Truth::Unknown);
        }
        let truth = match (self.platform.sys_platform(), arguments) {
            (Some(actual), [prefix]) => {
                string(prefix).map_or(Truth::Unknown, |prefix| actual.starts_with(prefix).into())
            }
            _ => Truth::Unknown,
        };
        (Guard::Platform, truth)
    }
}

#[derive(Clone, Copy)]
enum VersionPart {
    Whole,
    Major,
    Minor,
    Prefix(usize),
}

fn version_part(expression: &Expr) -> Option<VersionPart> {
    match expression {
        Expr::Attribute(attribute) if is_attribute(&attribute.value, "sys", "version_info") => {
            match attribute.attr.as_str() {
                "major" => Some(VersionPart::Major),
                "minor" => Some(VersionPart::Minor),
                _ => None,
            }
        }
        Expr::Subscript(subscript) if is_attribute(&subscript.value, "sys", "version_info") => {
            match &*subscript.slice {
                Expr::Slice(slice) if slice.lower.is_none() && slice.step.is_none() => {
                    let length = slice.upper.as_deref().and_then(integer)?;
                    usize::try_from(length).ok().map(VersionPart::Prefix)
                }
                index => match integer(index) {
                    Some(0) => Some(VersionPart::Major),
                    Some(1) => Some(VersionPart::Minor),
                    _ => None,
                },
            }
        }
        other => {
            (is_attribute(other, "sys", "version_info") || is_name(other, "version_info")).then_some(VersionPart::Whole)
        }
    }
}

/// A constant that many code bases compute once from a version or platform test.
fn named_guard(name: &str) -> Guard {
    if is_platform_name(name) {
        Guard::Platform
    } else if matches!(name, "PY2" | "PY3" | "PYPY" | "PY34" | "PY35" | "PY36" | "PY37" | "PY38" | "PY39" | "PY310") {
        Guard::Version
    } else {
        Guard::Condition
    }
}

fn is_platform_name(name: &str) -> bool {
    matches!(
        name,
        "WINDOWS"
            | "IS_WINDOWS"
            | "_WINDOWS"
            | "MACOS"
            | "IS_MACOS"
            | "OSX"
            | "LINUX"
            | "IS_LINUX"
            | "WIN"
            | "WIN32"
            | "_mswindows"
    )
}

fn mirrored(op: CmpOp) -> Option<CmpOp> {
    match op {
        CmpOp::Lt => Some(CmpOp::Gt),
        CmpOp::LtE => Some(CmpOp::GtE),
        CmpOp::Gt => Some(CmpOp::Lt),
        CmpOp::GtE => Some(CmpOp::LtE),
        CmpOp::Eq | CmpOp::NotEq => Some(op),
        _ => None,
    }
}

fn equality(op: CmpOp, equal: bool) -> Truth {
    match op {
        CmpOp::Eq | CmpOp::Is => equal.into(),
        CmpOp::NotEq | CmpOp::IsNot => (!equal).into(),
        _ => Truth::Unknown,
    }
}

fn is_name(expression: &Expr, name: &str) -> bool {
    matches!(expression, Expr::Name(found) if found.id.as_str() == name)
}

pub(crate) fn is_attribute(expression: &Expr, root: &str, attribute: &str) -> bool {
    matches!(expression, Expr::Attribute(found) if found.attr.as_str() == attribute && is_name(&found.value, root))
}

fn string(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::StringLiteral(literal) => Some(literal.value.to_str()),
        _ => None,
    }
}

fn elements(expression: &Expr) -> Option<&[Expr]> {
    match expression {
        Expr::Tuple(tuple) => Some(&tuple.elts),
        Expr::List(list) => Some(&list.elts),
        Expr::Set(set) => Some(&set.elts),
        _ => None,
    }
}

fn strings(expression: &Expr) -> Option<Vec<&str>> {
    elements(expression)?.iter().map(string).collect()
}

fn integer(expression: &Expr) -> Option<u64> {
    match expression {
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(value) => value.as_u64(),
            _ => None,
        },
        _ => None,
    }
}

fn integers(expression: &Expr) -> Option<Vec<u64>> {
    elements(expression)?.iter().map(integer).collect()
}
