//! `star-import`

use douane_graph::{Exports, ModuleId, Resolution};
use douane_parser::{Import, ImportId};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, FileRule, ModulePattern, Reporter,
    rule::declare_rule,
    star_uses::{StarUses, star_fix},
    wording::{counted, explicit_import, is_public, listed, written_import},
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
    STAR_IMPORT: File = StarImport, name: "star-import", aliases: ["F403", "undefined-local-with-import-star", "W0401", "wildcard-import"], default: Warning, fix: Safe
}

#[derive(Deserialize, JsonSchema)]
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
        // In a stub a star is the way to say that all names are passed on (typing specification, "Stub files").
        if graph.module(file.module).is_stub {
            return;
        }
        for (id, import, source) in graph.stars(file.module, file.facts) {
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
            let known = source.and_then(|source| Some((source, graph.star_counts(source)?)));
            let Some((source, (brought, most))) = known else {
                let why = why_unknown(file, id, source);
                report
                    .at(statement, format!("`{written}` brings names that can't be known: {why}"))
                    .help("import the names that are used one by one, or the module itself");
                continue;
            };
            let used = StarUses::of(file, id, source);
            let at_least = if most > brought { "at least " } else { "" };
            let names = format!("{at_least}{}", counted(brought, "name"));
            let message = match used.described(file) {
                Some(used) => format!("`{written}` brings {names}, of which {used}"),
                None => format!("`{written}` brings {names}"),
            };
            let diagnostic = report.at(statement, message);
            diagnostic.help(help(file, import, source, &used));
            diagnostic.fix = star_fix(file, id, source, &used);
        }
    }
}

fn help(file: &Checked<'_>, import: &Import, source: ModuleId, used: &StarUses<'_>) -> String {
    let graph = file.graph();
    let most = graph.star_counts(source).map_or(0, |(_, most)| most);
    let wanted = used.all();
    if most == 0 {
        return "a star from a module without public names binds nothing".to_owned();
    }
    if wanted.is_empty() {
        /// To sort the names of thousands for five of them is no good for a chain of stars.
        const MANY: usize = 1000;
        let names = if most > MANY { Vec::new() } else { graph.star_names(source).unwrap_or_default() };
        let names: Vec<&str> = names.into_iter().map(|name| graph.name(name)).collect();
        let brought = if names.is_empty() { String::new() } else { format!("it brings {}; ", listed(&names)) };
        return format!("{brought}import what other modules need from here by name");
    }
    // `from _bisect import *` is how a module takes over what its compiled half makes.
    let is_half = !graph.has_all(file.module)
        && graph.module(source).name.last().starts_with('_')
        && is_public(file.module_name());
    let rest = match (file.facts.traits.reads_namespace, is_half) {
        (true, _) => ", and what the file looks up in its namespace",
        (false, true) => ", and what else is meant for others",
        (false, false) => "",
    };
    format!("write `{}`{rest}", explicit_import(file.facts, import, &wanted))
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

fn why_unknown(file: &Checked<'_>, star: ImportId, source: Option<ModuleId>) -> String {
    let graph = file.graph();
    let facts = file.project.facts;
    match (source.map(|source| (source, graph.exports(source))), graph.resolution(file.module, star)) {
        (Some((source, Exports::Unknown(reason))), _) => graph.reason(facts, source, *reason),
        (_, Resolution::Unknown(reason)) => graph.reason(facts, file.module, reason),
        (_, Resolution::Missing(_)) => "no such module was found".to_owned(),
        (_, Resolution::BeyondTop) => "it has more dots than there are packages".to_owned(),
        (_, Resolution::Module(_)) => "its names depend on how it is run".to_owned(),
    }
}
