//! `duplicate-in-all`

use douane_base::{Applicability, Change, ChangeKind, Fix};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Checked, FileRule, Reporter, rule::declare_rule};

declare_rule! {
    /// Checks for names that are listed twice in `__all__`.
    ///
    /// ## Why is this bad?
    ///
    /// The second one does nothing; often another name was meant.
    ///
    /// ## Example
    ///
    /// ```py
    /// __all__ = ["net", "gross", "net"]  # error: [duplicate-in-all] "`net` is listed twice"
    ///
    ///
    /// def net(price): ...
    /// def gross(price): ...
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// __all__ = ["net", "gross"]
    ///
    ///
    /// def net(price): ...
    /// def gross(price): ...
    /// ```
    DUPLICATE_IN_ALL: File = DuplicateInAll, name: "duplicate-in-all", aliases: ["RUF068", "duplicate-entry-in-dunder-all"], default: Warning, fix: Safe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct DuplicateInAll {}

impl FileRule for DuplicateInAll {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let graph = file.graph();
        let mut first = FxHashMap::default();
        // Entries in branches may be alternatives.
        let entries = graph.all_entries(file.module).iter().filter(|entry| entry.is_certain && entry.is_literal);
        for entry in entries {
            let Some(before) = first.insert(entry.name, entry.range) else { continue };
            if before == entry.range {
                continue;
            }
            let name = graph.name(entry.name);
            let diagnostic = report.at(entry.range, format!("`{name}` is listed twice in `__all__`"));
            diagnostic.label(file.id, before, "first here").help("remove one of the two");
            diagnostic.fix = Some(Fix {
                title: "Remove the second".to_owned(),
                applicability: Applicability::Safe,
                changes: vec![Change { file: file.id, kind: ChangeKind::RemoveElement(entry.range) }],
            });
        }
    }
}
