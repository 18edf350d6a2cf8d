//! `redefined-import`

use douane_base::{Applicability, Change, ChangeKind, Fix};
use douane_parser::{BindingKind, Guard};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, FileRule, Reporter,
    rebindings::{Rebinding, Uses, rebindings, replaces},
    rule::declare_rule,
    wording::written_import,
};

declare_rule! {
    /// Checks for imports whose name is bound again before anybody used it.
    ///
    /// ## Why is this bad?
    ///
    /// The import does nothing but load the module, and one of the two lines is likely to be a mistake.
    ///
    /// Alternatives are no redefinition: `try` and `except ImportError`, the arms of an `if`, another object under a
    /// condition. The same import twice is a case for `duplicate-import`.
    ///
    /// ## Example
    ///
    /// ```py
    /// from math import pi
    /// from time import time
    /// from datetime import time  # error: [redefined-import] "`time`"
    ///
    /// pi = 3  # error: [redefined-import] "`pi`"
    /// print(pi, time())
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// from datetime import time
    ///
    /// pi = 3
    /// print(pi, time())
    /// ```
    REDEFINED_IMPORT: File = RedefinedImport, name: "redefined-import", aliases: ["F811", "redefined-while-unused", "W0404", "reimported", "W0416", "shadowed-import", "E0102", "function-redefined"], default: Warning, fix: Unsafe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct RedefinedImport {}

impl FileRule for RedefinedImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let facts = file.facts;
        // The code of a stub never runs.
        if file.graph().module(file.module).is_stub {
            return;
        }
        let mut uses = None;
        for Rebinding { id, binding, earlier } in rebindings(facts) {
            let BindingKind::Import(import) = earlier.kind else { continue };
            // In a `try` it tells whether the module can be imported.
            if facts.guard(facts.import(import)) == Some(Guard::ImportError) {
                continue;
            }
            let uses = uses.get_or_insert_with(|| Uses::new(facts));
            if !replaces(file, uses, id, binding, import) || uses.before(facts, import, id, binding) {
                continue;
            }
            let name = facts.name(binding.name);
            let written = written_import(facts, facts.import(import));
            let range = facts.import_of(binding).map_or(binding.range, |import| import.range);
            let diagnostic = report.at(range, format!("`{name}` is bound again before the import of it was used"));
            diagnostic.label(file.id, earlier.range, format!("`{name}` is imported here"));
            diagnostic.help(format!("remove `{written}`, or give one of the two another name"));
            // Perhaps it is the second that should not be there.
            let place = facts.statement(facts.import(import)).place();
            diagnostic.fix = Some(Fix {
                title: format!("Remove `{written}`"),
                applicability: Applicability::Unsafe,
                changes: vec![Change {
                    file: file.id,
                    kind: ChangeKind::RemoveImport(place, facts.import(import).range),
                }],
            });
        }
    }
}
