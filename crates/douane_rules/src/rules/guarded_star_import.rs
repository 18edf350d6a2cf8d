//! `guarded-star-import`

use douane_base::{Applicability, Change, ChangeKind, Fix};
use douane_graph::{AllEntry, Exports, Lookup, ModuleId};
use douane_parser::Import;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, FileRule, Project, Reporter,
    rule::declare_rule,
    wording::{is_identifier, written_import},
};

declare_rule! {
    /// Checks for star imports from a module whose `__all__` names something that it does not have.
    ///
    /// ## Why is this bad?
    ///
    /// The import raises AttributeError. Some modules do that on purpose, to keep stars away.
    ///
    /// ## Example
    ///
    /// ```py settings.py
    /// __all__ = ["Never use from settings import *"]
    ///
    /// DEBUG = True
    /// ```
    ///
    /// ```py main.py
    /// from settings import *  # error: [guarded-star-import] "`Never use from settings import *`"
    ///
    /// print(DEBUG)
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py settings.py
    /// __all__ = ["Never use from settings import *"]
    ///
    /// DEBUG = True
    /// ```
    ///
    /// ```py main.py
    /// from settings import DEBUG
    ///
    /// print(DEBUG)
    /// ```
    GUARDED_STAR_IMPORT: File = GuardedStarImport, name: "guarded-star-import", aliases: [], default: Error, fix: Unsafe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct GuardedStarImport {}

impl FileRule for GuardedStarImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let graph = file.graph();
        for (_, import, source) in graph.stars(file.module, file.facts) {
            let Some(source) = source else { continue };
            let Some(entry) = missing_entry(file.project, source) else { continue };
            let (name, module) = (graph.name(entry.name), graph.module_name(source));
            let message = format!(
                "`{}` raises AttributeError: `{module}` has no attribute `{name}`",
                written_import(file.facts, import)
            );
            let help = if is_identifier(name) {
                format!("define `{name}` in `{module}` or take it out of its `__all__`; or import by name")
            } else {
                "the entry is there to keep stars away: import the names that are used, or the module itself".to_owned()
            };
            let diagnostic = report.at(file.facts.statement(import).range, message);
            diagnostic.help(help);
            diagnostic.fix = by_name(file, import, source).or_else(|| without_entry(file.project, source, entry));
            if let Some(other) = graph.module(source).file {
                diagnostic.label(other, entry.range, "the entry of `__all__`");
            }
        }
    }
}

/// The import of the names that the file uses and the module has.
fn by_name(file: &Checked<'_>, import: &Import, source: ModuleId) -> Option<Fix> {
    let (graph, facts) = (file.graph(), file.facts);
    let mut names: Vec<&str> = facts
        .references
        .iter()
        .filter(|reference| reference.resolved.is_none())
        .map(|reference| facts.name(reference.name))
        .filter(|name| !file.project.is_builtin(name))
        .filter(|name| matches!(graph.lookup(source, name), Lookup::Found(entry) if entry.is_certain))
        .collect();
    names.sort_unstable();
    names.dedup();
    let kind = ChangeKind::SetNames(facts.statement(import).place(), names.iter().map(|name| (*name).into()).collect());
    (!names.is_empty()).then(|| Fix {
        title: "Write the names that are used".to_owned(),
        applicability: Applicability::Unsafe,
        changes: vec![Change { file: file.id, kind }],
    })
}

/// Taking the entry out lets the star in: whether it is a guard or a slip is for a person to say.
fn without_entry(project: &Project<'_>, source: ModuleId, entry: AllEntry) -> Option<Fix> {
    let (file, _) = project.module_facts(source).filter(|_| entry.is_literal)?;
    Some(Fix {
        title: format!("Take `{}` out of `__all__`", project.graph.name(entry.name)),
        applicability: Applicability::DisplayOnly,
        changes: vec![Change { file, kind: ChangeKind::RemoveElement(entry.range) }],
    })
}

/// The first entry of a module's `__all__` that it surely does not have: a star from it raises AttributeError.
pub(super) fn missing_entry(project: &Project<'_>, source: ModuleId) -> Option<AllEntry> {
    let graph = project.graph;
    if !matches!(graph.exports(source), Exports::All(_)) {
        return None;
    }
    let is_missing =
        |entry: &&AllEntry| entry.is_certain && graph.lookup(source, graph.name(entry.name)) == Lookup::Missing;
    let entry = graph.all_entries(source).iter().find(is_missing)?;
    // Bound on another platform or for type checkers: it is not a guard, and not sure to fail.
    let (_, facts) = project.module_facts(source)?;
    (!super::undefined_in_all::perhaps_bound(facts).contains(graph.name(entry.name))).then_some(*entry)
}
