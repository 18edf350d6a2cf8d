//! `unused-suppression`

use douane_parser::{Codes, Suppression};

use crate::{Reporter, find_rule, rule::declare_rule};

declare_rule! {
    /// Checks for douane's own comments that silence nothing.
    ///
    /// ## Why is this bad?
    ///
    /// The finding is gone, or the name is misspelt; either way the comment says something that is not so. Comments for
    /// other tools (`# noqa`, `# ruff: ignore[…]`, `# pylint: disable=…`) are honoured but never reported: they may serve
    /// those tools.
    ///
    /// ## Example
    ///
    /// ```py
    /// from math import pi  # douane: ignore[star-import]  # error: [unused-suppression] "nothing to silence"
    /// from math import tau  # douane: ignore[star-imprt]  # error: [unused-suppression] "no rule is called `star-imprt`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// from math import pi
    /// from math import tau
    /// ```
    UNUSED_SUPPRESSION: Engine, name: "unused-suppression", aliases: ["RUF100", "unused-noqa", "useless-suppression"], default: Warning
}

/// Reports the codes of a comment that silenced nothing although their rule is on.
pub(crate) fn report(
    suppression: &Suppression,
    is_used: impl Fn(usize) -> bool,
    is_on: impl Fn(&str) -> bool,
    reporter: &mut Reporter<'_>,
) {
    let Codes::Listed(codes) = &suppression.codes else { return };
    for (at, code) in codes.iter().enumerate() {
        let Some(rule) = find_rule(&code.text) else {
            reporter.at(code.range, format!("no rule is called `{}`", code.text)).help("correct or remove the comment");
            continue;
        };
        if !is_used(at) && is_on(rule.name) {
            reporter.at(code.range, format!("`{}` has nothing to silence here", rule.name)).help("remove the comment");
        }
    }
}
