//! Which rules the codes of other tools mean.

use douane_rules::{RULES, Rule, rules_named};

/// Whose codes are read: a letter alone or with few digits means other codes in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// ruff's and flake8's, where the beginning of a code stands for all that begin so.
    Flake8,
    /// pylint's, where a letter stands for a category.
    Pylint,
}

/// The rules that a code means: whole, or as the beginning of codes.
pub(crate) fn rules_of(code: &str, dialect: Dialect) -> Vec<&'static Rule> {
    let exact = rules_named(code);
    let is_prefix = code.starts_with(|letter: char| letter.is_ascii_uppercase())
        && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !exact.is_empty() || !is_prefix {
        return exact;
    }
    let begins = |alias: &&str| {
        is_of_pylint(alias) == (dialect == Dialect::Pylint)
            && alias.strip_prefix(code).is_some_and(|rest| {
                // ruff has the rules of pylint by their categories: `PLC`, `PLE`.
                let rest = if code == "PL" { &rest[1..] } else { rest };
                rest.bytes().all(|byte| byte.is_ascii_digit())
            })
    };
    RULES.iter().copied().filter(|rule| rule.aliases.iter().any(begins)).collect()
}

/// The rules that pylint has messages for.
pub(crate) fn rules_of_pylint() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().filter(|rule| rule.aliases.iter().any(|alias| is_of_pylint(alias)))
}

/// A number of pylint's: a letter and four digits.
fn is_of_pylint(alias: &str) -> bool {
    let [letter, digits @ ..] = alias.as_bytes() else { return false };
    letter.is_ascii_uppercase() && digits.len() == 4 && digits.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(code: &str, dialect: Dialect) -> Vec<&'static str> {
        rules_of(code, dialect).iter().map(|rule| rule.name).collect()
    }

    #[test]
    fn codes_mean_rules() {
        let of_flake8 = |code| names(code, Dialect::Flake8);
        assert_eq!(of_flake8("F403"), ["star-import"]);
        assert_eq!(of_flake8("star-import"), ["star-import"]);
        assert!(of_flake8("F40").contains(&"star-import") && of_flake8("F40").contains(&"unused-import"));
        assert!(of_flake8("F").contains(&"star-import"));
        assert_eq!(of_flake8("PL"), ["private-import", "self-import"]);
        assert_eq!(of_flake8("E501"), [""; 0]);
        assert_eq!(of_flake8(""), [""; 0]);
        assert_eq!(names("W0401", Dialect::Pylint), ["star-import"]);
    }

    #[test]
    fn a_letter_is_that_of_its_tool() {
        // pycodestyle's warnings are not pylint's, and its fatal messages are not those of pyflakes.
        assert_eq!(names("W", Dialect::Flake8), [""; 0]);
        assert!(names("W", Dialect::Pylint).contains(&"star-import"));
        assert!(!names("F", Dialect::Pylint).contains(&"star-import"));
    }
}
