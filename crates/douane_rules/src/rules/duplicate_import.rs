//! `duplicate-import`

use std::ops::Range;

use douane_base::{Applicability, Change, ChangeKind, Fix};

use douane_parser::{
    Binding, BindingId, BindingKind, BranchId, EffectKind, FileFacts, Import, ImportId, ScopeId, ScopeKind, Target,
    When,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, FileRule, Reporter,
    rebindings::{Rebinding, rebindings},
    rule::declare_rule,
};

declare_rule! {
    /// Checks for imports of something that the scope has imported already.
    ///
    /// ## Why is this bad?
    ///
    /// The second import does nothing. In a function it does nothing either where the module imports the same, apart from
    /// taking time at each call. (Where nobody else uses the module's import, that one is a case for `unused-import`.)
    ///
    /// What is imported again only under a condition, or in a function while the module has it for type checkers only, is
    /// left alone; so are `import a.b` beside `import a.c`, and files that take modules out of `sys.modules`.
    ///
    /// ## Example
    ///
    /// ```py
    /// import os
    /// import sys
    /// import os  # error: [duplicate-import] "`os` is already imported"
    ///
    /// print(sys.version)
    ///
    ///
    /// def home():
    ///     import sys  # error: [duplicate-import] "the module already imports `sys`"
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
    /// print(sys.version)
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
    DUPLICATE_IMPORT: File = DuplicateImport, name: "duplicate-import", aliases: ["reimported", "W0404"], default: Warning, fix: Safe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct DuplicateImport {}

impl FileRule for DuplicateImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let facts = file.facts;
        // What was taken out of `sys.modules` is loaded once more.
        if facts.effects.iter().any(|effect| matches!(effect.kind, EffectKind::SysModules { .. })) {
            return;
        }
        for Rebinding { id, binding, earlier } in rebindings(facts) {
            let Some(import) = facts.import_of(binding) else { continue };
            let Some(first) = facts.import_of(earlier) else { continue };
            // Whoever gets to the second has passed the first.
            let is_passed = earlier.branch == binding.branch
                || earlier.branch == BranchId::ROOT
                || facts.branches.ancestor_ids(binding.branch).any(|branch| branch == earlier.branch);
            if is_passed
                && is_same(first, import)
                && !is_replaced(file, binding, first.range.end()..import.range.start())
            {
                let name = match (import.target, import.alias) {
                    (Target::Module(module), None) => facts.name(module),
                    _ => facts.name(binding.name),
                };
                let diagnostic = report.at(import.range, format!("`{name}` is already imported"));
                diagnostic.label(file.id, earlier.range, "imported here first").help("remove one of the two");
                let is_same = is_fixed(file, id) || is_still(file, first, import);
                let applicability = safe_if(is_same && !facts.traits.reads_namespace);
                diagnostic.fix = Some(removal(file, import, "Remove the second import", applicability));
            }
        }
        for binding in facts.bindings.iter().filter(|binding| is_in_function(facts, binding)) {
            let BindingKind::Import(id) = binding.kind else { continue };
            if let Some(outer) = imported_by_module(facts, binding, id)
                && !is_replaced(file, binding, outer.range.end()..u32::MAX)
            {
                let name = facts.name(binding.name);
                let diagnostic = report.at(facts.import(id).range, format!("the module already imports `{name}`"));
                diagnostic.label(file.id, outer.range, "imported here for the whole file");
                diagnostic.help("remove the import in the function");
                // A function that stands above the module's import may be called before that.
                let is_above = outer.range.start() < facts.scope(binding.scope).range.start();
                let is_same_object = outer_id(facts, outer).is_some_and(|outer| is_fixed(file, outer));
                // Others may set the module's name to something else.
                let takes = file.project.takes();
                let symbol = file.graph().symbol_id(file.module, binding.name);
                let is_own = symbol.is_some_and(|name| !takes.is_taken(file.module, name));
                let is_safe = is_above && is_same_object && is_own && !takes.escapes(file.module);
                let applicability = safe_if(is_safe && !facts.traits.reads_namespace);
                diagnostic.fix =
                    Some(removal(file, facts.import(id), "Remove the import in the function", applicability));
            }
        }
    }
}

fn safe_if(is_safe: bool) -> Applicability {
    if is_safe { Applicability::Safe } else { Applicability::Unsafe }
}

fn outer_id(facts: &FileFacts, outer: &Binding) -> Option<BindingId> {
    facts.bindings_of(outer.scope, outer.name).next()
}

/// To read it again gives the same, whoever has run in between: nobody sets the name, or another module in the place of it.
fn is_fixed(file: &Checked<'_>, binding: BindingId) -> bool {
    let BindingKind::Import(import) = file.facts.binding(binding).kind else { return false };
    let is_module = matches!(file.facts.import(import).target, Target::Module(_));
    is_module && !file.project.changes_sys_modules()
}

/// Nothing runs between two imports of a block that could change what the second one reads.
fn is_still(file: &Checked<'_>, first: &Import, second: &Import) -> bool {
    let facts = file.facts;
    let between = first.range.end()..second.range.start();
    let mut references = facts.references.iter().filter(|reference| between.contains(&reference.range.start()));
    let mut imports = (0..).map(ImportId).zip(&facts.imports);
    let may_change = |(id, import): (ImportId, &Import)| {
        let loaded = file.graph().resolution(file.module, id).module();
        between.contains(&import.range.start())
            && loaded.is_none_or(|module| file.project.traces().of(module).is_some())
    };
    references.all(|reference| facts.is_deferred(reference.scope))
        && (first.statement == second.statement || !imports.any(may_change))
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
    // Else the module's import is the one that nobody needs.
    let is_used = facts
        .references
        .iter()
        .any(|reference| reference.resolved == Some(ScopeId::MODULE) && reference.name == binding.name);
    let hides = |scope: ScopeId| {
        facts.scope(scope).kind == ScopeKind::Function && facts.bindings_of(scope, binding.name).next().is_some()
    };
    let around = std::iter::successors(Some(facts.scope(binding.scope).parent), |scope| {
        (*scope != ScopeId::MODULE).then(|| facts.scope(*scope).parent)
    });
    if !is_used || facts.scope(binding.scope).reads_locals || around.into_iter().any(hides) {
        return None;
    }
    let is_plain = first.when == When::Load && facts.branches.ancestors(outer.branch).next().is_none();
    let is_alone = facts.bindings_of(binding.scope, binding.name).all(|other: BindingId| {
        matches!(facts.binding(other).kind, BindingKind::Import(other) if is_same(facts.import(other), import))
    });
    let is_seen_by_all = outer.site == ScopeId::MODULE && first.target == import.target && first.alias == import.alias;
    (is_plain && is_alone && is_seen_by_all && import.when == When::Call).then_some(outer)
}
