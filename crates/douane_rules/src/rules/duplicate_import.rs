//! `duplicate-import`

use std::ops::Range;

use douane_base::{Applicability, Change, ChangeKind, Fix};

use douane_parser::{
    Binding, BindingId, BindingKind, EffectKind, FileFacts, Import, ImportId, ScopeId, ScopeKind, When,
};
use serde::Deserialize;

use super::import_shadows_name::{live_before, same_name};
use crate::{Checked, FileRule, Reporter, rule::declare_rule, wording::written_import};

declare_rule! {
    /// Checks for imports of something that the scope has imported already.
    ///
    /// ## Why is this bad?
    ///
    /// The second import does nothing. In a function it does nothing either where the module imports the same, apart from
    /// taking time at each call.
    ///
    /// What is imported again only under a condition, or in a function while the module has it for type checkers only, is
    /// left alone; so are `import a.b` beside `import a.c`, and files that take modules out of `sys.modules`.
    ///
    /// ## Example
    ///
    /// ```py
    /// import os
    /// import sys
    /// import os  # error: [duplicate-import] "`import os` stands here already"
    ///
    ///
    /// def home():
    ///     import sys  # error: [duplicate-import] "the module imports `sys` already"
    ///
    ///     return os.getcwd(), sys.argv
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// import os
    /// import sys
    ///
    ///
    /// def home():
    ///     return os.getcwd(), sys.argv
    /// ```
    ///
    /// These are no duplicates:
    ///
    /// ```py
    /// from typing import TYPE_CHECKING
    /// import os.path
    /// import os
    /// import xml.dom
    /// import xml.sax
    ///
    /// try:
    ///     import json
    /// except ImportError:
    ///     import json
    ///
    /// if TYPE_CHECKING:
    ///     import decimal
    ///
    ///
    /// def price() -> "decimal.Decimal":
    ///     import decimal
    ///
    ///     return decimal.Decimal(1)
    /// ```
    DUPLICATE_IMPORT: File = DuplicateImport, name: "duplicate-import", aliases: ["reimported", "W0404"], default: Warning
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DuplicateImport {}

impl FileRule for DuplicateImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let facts = file.facts;
        // What was taken out of `sys.modules` is loaded once more.
        if facts.effects.iter().any(|effect| matches!(effect.kind, EffectKind::SysModules { .. })) {
            return;
        }
        for group in facts.bindings_by_name.chunk_by(|one, other| same_name(facts, *one, *other)) {
            for (at, id) in group.iter().enumerate() {
                let binding = facts.binding(*id);
                let Some(import) = facts.import_of(binding) else { continue };
                let Some(earlier) = live_before(facts, &group[..at], binding) else { continue };
                let Some(first) = facts.import_of(earlier) else { continue };
                if is_same(first, import) && !is_replaced(file, binding, first.range.end()..import.range.start()) {
                    let written = written_import(facts, import);
                    let diagnostic = report.at(import.range, format!("`{written}` stands here already"));
                    diagnostic.label(file.id, earlier.range, "imported here first").help("remove one of the two");
                    diagnostic.fix = Some(removal(file, import, "Remove the second import", Applicability::Safe));
                }
            }
        }
        for binding in facts.bindings.iter().filter(|binding| is_in_function(facts, binding)) {
            let BindingKind::Import(id) = binding.kind else { continue };
            if let Some(outer) = imported_by_module(facts, binding, id)
                && !is_replaced(file, binding, outer.range.end()..u32::MAX)
            {
                let name = facts.name(binding.name);
                let diagnostic = report.at(facts.import(id).range, format!("the module imports `{name}` already"));
                diagnostic.label(file.id, outer.range, "imported here for the whole file");
                diagnostic.help("remove the import in the function");
                // A function that is called while the module is loaded may run before the module's import.
                let is_late = facts.scope(binding.scope).runs_on_load;
                let applicability = if is_late { Applicability::Unsafe } else { Applicability::Safe };
                diagnostic.fix =
                    Some(removal(file, facts.import(id), "Remove the import in the function", applicability));
            }
        }
    }
}

fn removal(file: &Checked<'_>, import: &Import, title: &str, applicability: Applicability) -> Fix {
    let kind = ChangeKind::RemoveImport(file.facts.statement(import).place(), import.range);
    Fix { title: title.to_owned(), applicability, changes: vec![Change { file: file.id, kind }] }
}

/// A star that stands between such offsets may bring something else under the name.
fn is_replaced(file: &Checked<'_>, binding: &Binding, between: Range<u32>) -> bool {
    let (graph, name) = (file.graph(), file.facts.name(binding.name));
    let mut stars = graph.stars(file.module, file.facts).filter(|(_, star, _)| between.contains(&star.range.start()));
    stars.any(|(_, _, source)| source.is_none_or(|source| graph.star_brings(source, name) != Some(false)))
}

/// The statements do the same.
fn is_same(first: &Import, second: &Import) -> bool {
    first.target == second.target && first.alias == second.alias && first.when == second.when
}

fn is_in_function(facts: &FileFacts, binding: &Binding) -> bool {
    binding.scope == binding.site && facts.scope(binding.scope).kind == ScopeKind::Function
}

/// The import of the module that gives functions the same, for sure and for good; and nothing else in the function binds
/// the name.
fn imported_by_module<'f>(facts: &'f FileFacts, binding: &Binding, id: ImportId) -> Option<&'f Binding> {
    let mut of_module = facts.bindings_of(ScopeId::MODULE, binding.name);
    let (outer, none) = (facts.binding(of_module.next()?), of_module.next());
    let import = facts.import(id);
    let first = facts.import_of(outer).filter(|_| none.is_none())?;
    let is_plain = first.when == When::Load && facts.branches.ancestors(outer.branch).next().is_none();
    let is_alone = facts.bindings_of(binding.scope, binding.name).all(|other: BindingId| {
        matches!(facts.binding(other).kind, BindingKind::Import(other) if is_same(facts.import(other), import))
    });
    let is_seen_by_all = outer.site == ScopeId::MODULE && first.target == import.target && first.alias == import.alias;
    (is_plain && is_alone && is_seen_by_all && import.when == When::Call).then_some(outer)
}
