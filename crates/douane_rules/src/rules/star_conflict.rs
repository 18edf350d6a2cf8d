//! `star-conflict`

use douane_base::{Fix, TextRange};
use douane_graph::{Definition, ModuleId, NameId};
use douane_parser::{BindingKind, BranchId, Import, ImportId, ScopeId, Truth, Usage};
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, FileRule, Reporter,
    rule::declare_rule,
    star_uses::{StarUses, star_fix},
    wording::{counted, listed, written_import},
};

declare_rule! {
    /// Checks for stars that silently replace a name: one that another star brought, one that the file bound itself, or
    /// a builtin that the file has used.
    ///
    /// ## Why is this bad?
    ///
    /// Which of the two a name means depends on the order of the lines, and nothing at the place of use tells.
    ///
    /// Names that are the same object either way are no conflict; nor is a star that is meant to replace a default, in
    /// `try` or under a condition.
    ///
    /// ## Example
    ///
    /// ```py
    /// pi = 3.2
    ///
    /// from math import *  # error: [star-conflict] "rebinds `pi`"
    ///
    /// print(cos(0))
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py
    /// pi = 3.2
    ///
    /// from math import cos
    ///
    /// print(cos(0))
    /// ```
    ///
    /// Two stars may bring one name:
    ///
    /// ```py
    /// from math import *
    /// from cmath import *  # error: [star-conflict] "that `from math import *` brought"
    /// ```
    STAR_CONFLICT: File = StarConflict, name: "star-conflict", aliases: ["F811", "redefined-while-unused"], default: Warning, fix: Safe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct StarConflict {}

/// Who bound a name last.
#[derive(Clone, Copy)]
enum Owner {
    Star(ImportId, ModuleId),
    Binding(usize),
}

impl FileRule for StarConflict {
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>) {
        let graph = file.graph();
        let facts = file.facts;
        let mut taken: FxHashSet<ModuleId> = FxHashSet::default();
        let last = graph.stars(file.module, facts).map(|(id, ..)| id).last();
        let mut owners: FxHashMap<NameId, Owner> = FxHashMap::default();
        let mut next_binding = 0;
        for (id, import, source) in graph.stars(file.module, facts) {
            // What the file itself bound in the meantime.
            while next_binding < import.position as usize {
                let binding = &facts.bindings[next_binding];
                if let (ScopeId::MODULE, Some(name)) = (binding.scope, graph.name_id(facts.name(binding.name))) {
                    if binding.kind.unbinds() {
                        owners.remove(&name);
                    } else if binding.kind != BindingKind::Annotation && binding.site == ScopeId::MODULE {
                        owners.insert(name, Owner::Binding(next_binding));
                    }
                }
                next_binding += 1;
            }
            let Some(source) = source else { continue };
            if facts.branches.truth(import.branch) == Truth::False {
                continue;
            }
            let conflicts = Conflicts::find(file, import, source, &owners);
            let fix =
                if conflicts.is_empty() { None } else { star_fix(file, id, source, &StarUses::of(file, id, source)) };
            conflicts.report(file, import, fix.as_ref(), report);
            // The same star once more owns what it owned before; what the last one owns nobody asks.
            if Some(id) != last && (taken.insert(source) || !conflicts.is_empty()) {
                let names = graph.star_names(source).unwrap_or_default();
                owners.extend(names.into_iter().map(|name| (name, Owner::Star(id, source))));
            }
        }
    }
}

#[derive(Default)]
struct Conflicts<'c> {
    /// By the earlier star, in the order of the file.
    with_stars: Vec<(ImportId, Vec<&'c str>)>,
    /// By position in the bindings.
    with_bindings: Vec<(usize, &'c str)>,
    /// Builtins with a use before the star.
    with_builtins: Vec<(TextRange, &'c str)>,
}

impl<'c> Conflicts<'c> {
    fn find(file: &Checked<'c>, import: &Import, source: ModuleId, owners: &FxHashMap<NameId, Owner>) -> Self {
        let graph = file.graph();
        let mut with_stars: FxHashMap<ImportId, Vec<&str>> = FxHashMap::default();
        let mut with_bindings = Vec::new();
        for (name, owner) in owners.iter().filter(|(name, _)| graph.star_brings_id(source, **name) == Some(true)) {
            let earlier = match owner {
                Owner::Star(star, _) => file.facts.import(*star).branch,
                Owner::Binding(binding) => file.facts.bindings[*binding].branch,
            };
            if !replaces(file, earlier, import.branch) || same_object(file, *owner, source, *name) {
                continue;
            }
            match owner {
                Owner::Star(star, _) => with_stars.entry(*star).or_default().push(graph.name(*name)),
                Owner::Binding(binding) => with_bindings.push((*binding, graph.name(*name))),
            }
        }
        let mut with_stars: Vec<_> = with_stars.into_iter().collect();
        with_stars.sort_unstable();
        with_stars.iter_mut().for_each(|(_, names)| names.sort_unstable());
        with_bindings.sort_unstable();
        Self { with_stars, with_bindings, with_builtins: used_builtins(file, import, source) }
    }

    fn is_empty(&self) -> bool {
        self.with_stars.is_empty() && self.with_bindings.is_empty()
    }

    fn report(&self, file: &Checked<'_>, import: &Import, fix: Option<&Fix>, report: &mut Reporter<'_>) {
        const MOST_LABELS: usize = 5;
        let facts = file.facts;
        let written = written_import(facts, import);
        let statement = facts.statement(import).range;
        for (star, names) in &self.with_stars {
            let earlier = facts.import(*star);
            let earlier_written = written_import(facts, earlier);
            let count = if names.len() == 1 { String::new() } else { format!("{}, ", counted(names.len(), "name")) };
            let message = format!("`{written}` rebinds {count}{}, that `{earlier_written}` brought", listed(names));
            let message = message.replacen(", that", " that", usize::from(names.len() == 1));
            let diagnostic = report.at(statement, message);
            diagnostic.label(file.id, facts.statement(earlier).range, "brought here first");
            diagnostic.help("import the names that are used one by one, so that each has one source");
            diagnostic.fix = fix.cloned();
        }
        if !self.with_bindings.is_empty() {
            let names: Vec<&str> = self.with_bindings.iter().map(|(_, name)| *name).collect();
            let message = format!("`{written}` rebinds {}, bound in this file before", listed(&names));
            let diagnostic = report.at(statement, message);
            for (binding, name) in self.with_bindings.iter().take(MOST_LABELS) {
                diagnostic.label(file.id, facts.bindings[*binding].range, format!("`{name}` is bound here"));
            }
            diagnostic.help("import the names that are used one by one, or rename the file's own");
            diagnostic.fix = fix.cloned();
        }
        if !self.with_builtins.is_empty() {
            let names: Vec<&str> = self.with_builtins.iter().map(|(_, name)| *name).collect();
            let what = if names.len() == 1 { "the builtin" } else { "the builtins" };
            let diagnostic = report
                .at(statement, format!("`{written}` replaces {what} {}, used in this file before", listed(&names)));
            for (range, name) in self.with_builtins.iter().take(MOST_LABELS) {
                diagnostic.label(file.id, *range, format!("here `{name}` is the builtin"));
            }
            diagnostic.help("import the names that are used one by one");
            diagnostic.fix = fix.cloned();
        }
    }
}

/// The star surely runs after, and on top of, the earlier binding.
fn replaces(file: &Checked<'_>, earlier: BranchId, star: BranchId) -> bool {
    let branches = &file.facts.branches;
    branches.truth(earlier) != Truth::False
        && !branches.are_alternatives(earlier, star)
        && !branches.is_conditional(earlier, star)
}

/// Both bind the name to one object, or that can't be ruled out.
fn same_object(file: &Checked<'_>, owner: Owner, source: ModuleId, name: NameId) -> bool {
    let (graph, facts) = (file.graph(), file.project.facts);
    let brought = graph.definition(facts, source, name);
    let earlier = match owner {
        Owner::Star(_, earlier) => graph.definition(facts, earlier, name),
        Owner::Binding(at) => {
            let binding = douane_parser::BindingId(u32::try_from(at).unwrap_or(u32::MAX));
            match file.facts.bindings[at].kind {
                BindingKind::Import(import) => file.definition(import),
                _ if file.facts.is_alias(binding) => Definition::Unknown,
                _ => Definition::Binding(file.module, binding),
            }
        }
    };
    match (brought, earlier) {
        // Whatever the star brings, it is not what this file makes itself.
        (Definition::Unknown, Definition::Binding(module, _)) if module == file.module => false,
        (Definition::Unknown, _) | (_, Definition::Unknown) => true,
        // The table of the standard library does not tell which module defines a name that several pass on.
        (Definition::Standard(one, _), Definition::Standard(other, _)) => {
            one == other || is_shared(file, one, other, name)
        }
        (Definition::Standard(..), Definition::Module(_)) | (Definition::Module(_), Definition::Standard(..)) => true,
        _ => brought == earlier,
    }
}

/// Two modules of the standard library may share an object: `os.path` and `posixpath`, `typing` and `collections.abc`.
/// They surely don't where each lists the name in its `__all__` or is compiled.
fn is_shared(file: &Checked<'_>, one: ModuleId, other: ModuleId, name: NameId) -> bool {
    let graph = file.graph();
    let defines = |module: ModuleId| {
        let extension = graph.module(module).kind == douane_graph::ModuleKind::Extension;
        extension || (graph.has_all(module) && graph.star_brings(module, graph.name(name)) == Some(true))
    };
    let related = |text: &str, other: &str| {
        text.split('.').next().map(|top| top.trim_start_matches('_'))
            == other.split('.').next().map(|top| top.trim_start_matches('_'))
    };
    !(defines(one) && defines(other)) || related(graph.module_name(one), graph.module_name(other))
}

/// Builtins that the star replaces after the file has used them, each with its first use.
fn used_builtins<'c>(file: &Checked<'c>, import: &Import, source: ModuleId) -> Vec<(TextRange, &'c str)> {
    let graph = file.graph();
    if graph.module_name(source) == "builtins" || file.facts.branches.is_conditional(BranchId::ROOT, import.branch) {
        return Vec::new();
    }
    let builtins: FxHashSet<&str> =
        file.project.builtins().iter().copied().filter(|name| graph.star_brings(source, name) == Some(true)).collect();
    if builtins.is_empty() {
        return Vec::new();
    }
    let statement = file.facts.statement(import).range;
    let mut seen = FxHashSet::default();
    file.facts
        .references
        .iter()
        .filter(|reference| reference.resolved.is_none() && reference.usage != Usage::Delete)
        .filter(|reference| reference.range.end() <= statement.start() && !file.facts.is_deferred(reference.scope))
        .map(|reference| (reference.range, file.facts.name(reference.name)))
        .filter(|(_, name)| builtins.contains(name) && seen.insert(*name))
        .collect()
}
