//! `nested-star-import`

use douane_parser::{ScopeId, ScopeKind, Target};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Checked, FileRule, Reporter, rule::declare_rule, wording::written_import};

declare_rule! {
    /// Checks for a star import inside a function or a class.
    ///
    /// ## Why is this bad?
    ///
    /// Python refuses the whole file with a SyntaxError (language reference, section 7.11: "The wild card form of import
    /// is only allowed at the module level").
    ///
    /// ## Example
    ///
    /// ```py
    /// def area(radius):
    ///     from math import *  # error: [nested-star-import] "import * only allowed at module level"
    ///
    ///     return pi * radius**2
    ///
    ///
    /// class Shapes:
    ///     from math import *  # error: [nested-star-import] "in the class `Shapes`"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// def area(radius):
    ///     from math import pi
    ///
    ///     return pi * radius**2
    /// ```
    NESTED_STAR_IMPORT: File = NestedStarImport, name: "nested-star-import", aliases: ["F406", "undefined-local-with-nested-import-star-usage"], default: Error
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct NestedStarImport {}

impl FileRule for NestedStarImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let facts = file.facts;
        for import in &facts.imports {
            if !matches!(import.target, Target::Star { .. }) || import.scope == ScopeId::MODULE {
                continue;
            }
            let scope = facts.scope(import.scope);
            let kind = if scope.kind == ScopeKind::Class { "class" } else { "function" };
            let place = scope.name.map_or(kind.to_owned(), |name| format!("{kind} `{}`", facts.name(name)));
            let message =
                format!("`{}` in the {place}: import * only allowed at module level", written_import(facts, import));
            report
                .at(facts.statement(import).range, message)
                .help("move it to the top of the file, or import the names that are used");
        }
    }
}
