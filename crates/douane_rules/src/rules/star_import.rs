//! `star-import`

use douane_graph::Exports;
use douane_parser::{FileFacts, Import, Reference, ScopeId};
use rustc_hash::FxHashSet;
use serde::Deserialize;

use crate::{
    Checked, FileRule, ModulePattern, Reporter,
    rule::declare_rule,
    wording::{counted, explicit_import, listed, written_import},
};

declare_rule! {
    /// Checks for `from module import *` at module level.
    ///
    /// ## Why is this bad?
    ///
    /// A star hides where names come from. Whoever reads the file, and every tool that looks at one file at a time, has
    /// to guess; and a name that the other module gains tomorrow may silently replace one of yours.
    ///
    /// The message counts the names that the star really brings: those in the other module's `__all__`, or, without
    /// one, all of its names that do not start with an underscore, through further stars as well.
    ///
    /// ## Example
    ///
    /// ```py shapes.py
    /// from math import *  # error: [star-import] "of which this file uses 2"
    ///
    /// print(cos(pi))
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py shapes.py
    /// from math import cos, pi
    ///
    /// print(cos(pi))
    /// ```
    ///
    /// ## Options
    ///
    /// ### `allow`
    ///
    /// Modules whose star is accepted, with everything below them. `*` stands for any part of a name.
    ///
    /// ```toml
    /// allow = ["tkinter"]
    /// ```
    ///
    /// ```py
    /// from tkinter import *
    /// from tkinter.constants import *
    /// ```
    ///
    /// ### `allow-in-init`
    ///
    /// A package's `__init__.py` may take a star from the package's own modules to pass their names on. On by default.
    ///
    /// ```py shop/__init__.py
    /// from .prices import *
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    /// ```
    ///
    /// With `false` it may not:
    ///
    /// ```toml
    /// allow-in-init = false
    /// ```
    ///
    /// ```py shop/__init__.py
    /// from .prices import *  # error: [star-import] "`from .prices import *` brings 1 name"
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    /// ```
    STAR_IMPORT: File = StarImport, name: "star-import", aliases: ["F403", "W0401", "wildcard-import"], default: Warning
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct StarImport {
    allow: Vec<ModulePattern>,
    allow_in_init: bool,
}

impl Default for StarImport {
    fn default() -> Self {
        Self { allow: Vec::new(), allow_in_init: true }
    }
}

impl FileRule for StarImport {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let graph = file.graph();
        for (_, import, source) in graph.stars(file.module, file.facts) {
            let name = match source {
                Some(source) => graph.module_name(source).to_owned(),
                None => crate::wording::written_module(file.facts, import),
            };
            // A star from the package itself loads the submodules that its `__all__` names; without one it does nothing.
            let is_own = source == Some(file.module) && !graph.has_all(file.module);
            let raises =
                source.is_some_and(|source| super::guarded_star_import::missing_entry(file.project, source).is_some());
            if raises
                || self.allow.iter().any(|pattern| pattern.matches(&name))
                || (!is_own && self.passes_on(file, import, &name))
            {
                continue;
            }
            let statement = file.facts.statement(import).range;
            let written = written_import(file.facts, import);
            let known = source.and_then(|source| graph.star_names(source).map(|names| (source, names)));
            let Some((source, names)) = known else {
                report
                    .at(statement, format!("`{written}` brings names that can't be known"))
                    .help("import the names that are used one by one, or the module itself");
                continue;
            };
            let used = names_used_through(file, import, source);
            let brought = counted(names.len(), "name");
            if used.is_empty() {
                let texts: Vec<&str> = names.iter().map(|name| graph.name(*name)).collect();
                let help = if texts.is_empty() {
                    "a star from a module without public names binds nothing".to_owned()
                } else {
                    format!("it brings {}; import what other modules need from here by name", listed(&texts))
                };
                report.at(statement, format!("`{written}` brings {brought}, of which this file uses none")).help(help);
            } else {
                let help = format!("write `{}`", explicit_import(file.facts, import, &used));
                report
                    .at(statement, format!("`{written}` brings {brought}, of which this file uses {}", used.len()))
                    .help(help);
            }
        }
    }
}

impl StarImport {
    /// An `__init__` passes the names of its own package on.
    fn passes_on(&self, file: &Checked<'_>, import: &Import, source: &str) -> bool {
        let module = file.graph().module(file.module);
        self.allow_in_init
            && module.kind == douane_graph::ModuleKind::Package
            && (import.target.module().0 == 1
                || douane_base::ModuleName::new(source).is_some_and(|name| name.is_within(module.name.as_str())))
    }
}

/// The star replaces what the file bound before, and the use comes after it.
fn is_rebound(facts: &FileFacts, star: &Import, reference: &Reference) -> bool {
    let is_after = reference.range.start() > star.range.start();
    reference.resolved == Some(ScopeId::MODULE)
        && is_after
        && facts.bindings_of(ScopeId::MODULE, reference.name).all(|binding| binding.0 < star.position)
}

/// The names that this file uses and the star brings: names that nothing in the file binds, entries of its `__all__`
/// included. Sorted.
fn names_used_through<'c>(file: &Checked<'c>, import: &Import, source: douane_graph::ModuleId) -> Vec<&'c str> {
    let graph = file.graph();
    let facts: &'c FileFacts = file.facts;
    let mut seen = FxHashSet::default();
    let mut used: Vec<&str> = facts
        .references
        .iter()
        .filter(|reference| reference.resolved.is_none() || is_rebound(facts, import, reference))
        .filter(|reference| seen.insert(reference.name))
        .map(|reference| facts.name(reference.name))
        .filter(|name| graph.star_brings(source, name) == Some(true))
        .collect();
    if matches!(graph.exports(file.module), Exports::All(_)) {
        let is_bound = |name: &str| {
            graph
                .name_id(name)
                .and_then(|id| graph.entry(file.module, id))
                .is_some_and(|entry| entry.module == file.module)
        };
        let entries = graph.all_entries(file.module).iter().map(|entry| graph.name(entry.name));
        used.extend(entries.filter(|name| !is_bound(name) && graph.star_brings(source, name) == Some(true)));
    }
    used.sort_unstable();
    used.dedup();
    used
}
