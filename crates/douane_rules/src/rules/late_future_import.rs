//! `late-future-import`

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Checked, FileRule, Reporter, rule::declare_rule};

declare_rule! {
    /// Checks for `from __future__ import …` below other code.
    ///
    /// ## Why is this bad?
    ///
    /// Python refuses the file: "from __future__ imports must occur at the beginning of the file". Only the docstring,
    /// comments and other imports from `__future__` may stand before.
    ///
    /// ## Example
    ///
    /// ```py
    /// """A docstring."""
    ///
    /// import os
    /// from __future__ import annotations  # error: [late-future-import] "must occur at the beginning"
    ///
    ///
    /// def load():
    ///     from __future__ import division  # error: [late-future-import]
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// """A docstring."""
    ///
    /// # A comment.
    /// from __future__ import division
    /// from __future__ import annotations
    ///
    /// import os
    /// ```
    LATE_FUTURE_IMPORT: File = LateFutureImport, name: "late-future-import", aliases: ["misplaced-future", "F404", "W0410"], default: Error
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct LateFutureImport {}

impl FileRule for LateFutureImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        // Where the parser skipped something, nobody knows what stands above.
        let late = file.facts.late_futures.iter().filter(|_| !file.facts.traits.is_broken);
        for statement in late {
            report
                .at(
                    file.facts.statements[statement.index()].range,
                    "`from __future__` imports must occur at the beginning of the file",
                )
                .help("move it up: above everything but the docstring and comments");
        }
    }
}
