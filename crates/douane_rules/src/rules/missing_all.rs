//! `missing-all`

use std::collections::BTreeSet;

use douane_base::{Applicability, Change, ChangeKind, FileId, Fix, TextRange};
use douane_graph::{Lookup, ModuleGraph, ModuleId, ModuleKind, Unknown};
use douane_parser::{BindingKind, FileFacts, Import, ScopeId, Symbol, Target, When};
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ModulePattern, Project, ProjectRule, Reporter,
    rule::declare_rule,
    wording::{counted, is_public, listed},
};

declare_rule! {
    /// Checks for modules without `__all__` where it matters.
    ///
    /// ## Why is this bad?
    ///
    /// Where others take a star from a module, each of its names without an underscore leaks into them: its imports, its
    /// loop variables, and whatever is added tomorrow. In a package's `__init__.py` that passes names on, `__all__` says
    /// which imports are meant for others.
    ///
    /// ## Example
    ///
    /// ```py prices.py
    /// # error: [missing-all] "takes a star from it"
    /// import os
    ///
    ///
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop.py
    /// from prices import *
    ///
    /// net(3)
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py prices.py
    /// import os
    ///
    /// __all__ = ["net"]
    ///
    ///
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop.py
    /// from prices import *
    ///
    /// net(3)
    /// ```
    ///
    /// An `__init__.py` that passes names on:
    ///
    /// ```py shop/__init__.py
    /// # error: [missing-all] "passes on `net`"
    /// from shop.prices import net
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ## Options
    ///
    /// ### `scope`
    ///
    /// With `"public"` every public module that defines public names needs `__all__`: no test, no script that only has an
    /// `if __name__ == "__main__":` block, and no part of its name starts with an underscore. The default is `"taken"`.
    ///
    /// ```toml
    /// scope = "public"
    /// ```
    ///
    /// ```py prices.py
    /// # error: [missing-all] "defines 1 public name"
    /// def net(price): ...
    /// ```
    ///
    /// ```py _rates.py
    /// def vat(): ...
    /// ```
    ///
    /// ### `include` and `exclude`
    ///
    /// Patterns of module names. With `include` only those modules are looked at; those of `exclude` never are.
    ///
    /// ```toml
    /// scope = "public"
    /// include = ["api"]
    /// exclude = ["api.internal"]
    /// ```
    ///
    /// ```py api/prices.py
    /// # error: [missing-all]
    /// def net(price): ...
    /// ```
    ///
    /// ```py api/internal.py
    /// def vat(): ...
    /// ```
    ///
    /// ```py other.py
    /// def vat(): ...
    /// ```
    MISSING_ALL: Project = MissingAll, name: "missing-all", aliases: ["DALL000"], default: Warning, fix: Unsafe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct MissingAll {
    scope: Scope,
    include: Vec<ModulePattern>,
    exclude: Vec<ModulePattern>,
}

#[derive(Default, Deserialize, Serialize, PartialEq, Eq, Clone, Copy, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Scope {
    #[default]
    Taken,
    Public,
}

impl ProjectRule for MissingAll {
    fn check(&self, project: &Project<'_>, report: &mut Reporter<'_>) {
        let graph = project.graph;
        let stars = star_takers(project);
        for (file, _) in project.reported {
            let Some(module) = graph.module_of_file(*file) else { continue };
            let node = graph.module(module);
            let facts = project.facts(*file);
            let name = graph.module_name(module);
            if graph.has_all(module)
                || !facts.all_operations.is_empty()
                || node.is_stub
                || facts.traits.is_broken
                || graph.open(module) == Some(Unknown::ReplacesItself)
                || !self.looks_at(name)
            {
                continue;
            }
            let start = TextRange::empty(0);
            if let Some((taker, import)) = stars.get(&module) {
                let Some((other, other_facts)) = project.module_facts(*taker) else { continue };
                let taker = graph.module_name(*taker);
                let message = format!("`{name}` has no `__all__`, and `{taker}` takes a star from it");
                let diagnostic = report.in_file(*file, start, message);
                diagnostic.label(other, other_facts.statement(other_facts.import(*import)).range, "the star");
                diagnostic.help(help(project, module));
                diagnostic.fix = fix(project, *file, module, &[]);
            } else if let Some(passed) = passed_on(graph, module, facts).filter(|_| is_public(name)) {
                let message = format!("the package `{name}` has no `__all__` and passes on {}", listed(&passed));
                let diagnostic = report.in_file(*file, start, message);
                diagnostic.help(help(project, module));
                diagnostic.fix = fix(project, *file, module, &passed);
            } else if self.scope == Scope::Public && is_public(name) && !is_script(graph, module, facts) {
                let count = defined_names(facts).len();
                if count > 0 {
                    let message = format!("`{name}` has no `__all__` and defines {}", counted(count, "public name"));
                    let diagnostic = report.in_file(*file, start, message);
                    diagnostic.help(help(project, module));
                    diagnostic.fix = fix(project, *file, module, &[]);
                }
            }
        }
    }
}

impl MissingAll {
    fn looks_at(&self, module: &str) -> bool {
        let included = self.include.is_empty() || self.include.iter().any(|pattern| pattern.matches(module));
        included && !self.exclude.iter().any(|pattern| pattern.matches(module))
    }
}

/// For each module, the first star import of another module that takes from it.
fn star_takers(project: &Project<'_>) -> FxHashMap<ModuleId, (ModuleId, douane_parser::ImportId)> {
    let graph = project.graph;
    let mut found = FxHashMap::default();
    for (file, _) in project.files {
        let Some(taker) = graph.module_of_file(*file) else { continue };
        for (id, import, source) in graph.stars(taker, project.facts(*file)) {
            if let Some(source) = source.filter(|source| *source != taker && import.when == When::Load) {
                found.entry(source).or_insert((taker, id));
            }
        }
    }
    found
}

/// The names that a package takes from its own modules to offer them, not to use them itself. Those that are marked as
/// meant for others (`from m import x as x`) need no `__all__`, and neither do submodules.
fn passed_on<'f>(graph: &ModuleGraph, module: ModuleId, facts: &'f FileFacts) -> Option<Vec<&'f str>> {
    if graph.module(module).kind != ModuleKind::Package {
        return None;
    }
    let package = graph.module_name(module);
    let mut names: Vec<&str> = Vec::new();
    let used: FxHashSet<Symbol> = facts.references.iter().map(|reference| reference.name).collect();
    for binding in
        facts.bindings.iter().filter(|binding| binding.scope == ScopeId::MODULE && binding.site == ScopeId::MODULE)
    {
        let BindingKind::Import(id) = binding.kind else { continue };
        let import = facts.import(id);
        let Target::From { name, .. } = import.target else { continue };
        let is_own =
            graph.resolution(module, id).module().is_some_and(|source| graph.module(source).name.is_within(package));
        let bound = facts.name(binding.name);
        if graph.submodule(module, bound).is_some() {
            continue;
        }
        let is_marked = import.alias == Some(name);
        if is_own && import.when == When::Load && !bound.starts_with('_') && !used.contains(&binding.name) && !is_marked
        {
            names.push(bound);
        }
    }
    names.sort_unstable();
    names.dedup();
    (!names.is_empty()).then_some(names)
}

/// It is there to be run: it has a `__main__` block and nobody imports it.
fn is_script(graph: &ModuleGraph, module: ModuleId, facts: &FileFacts) -> bool {
    facts.traits.has_main_block && graph.importers_of(module).next().is_none()
}

/// The public names that the file itself makes.
fn defined_names(facts: &FileFacts) -> FxHashSet<&str> {
    facts
        .bindings
        .iter()
        .filter(|binding| binding.scope == ScopeId::MODULE && binding.site == ScopeId::MODULE)
        .filter(|binding| {
            matches!(
                binding.kind,
                BindingKind::Function(_) | BindingKind::Class | BindingKind::Assignment | BindingKind::TypeAlias
            )
        })
        .map(|binding| facts.name(binding.name))
        .filter(|name| !name.starts_with('_'))
        .collect()
}

/// A list of the names that others take, of those that are passed on, and of the public definitions: below the imports, or
/// else at the end.
fn fix(project: &Project<'_>, file: FileId, module: ModuleId, passed: &[&str]) -> Option<Fix> {
    const WIDTH: usize = 88;
    let facts = project.facts(file);
    let mut names: BTreeSet<&str> = defined_names(facts).into_iter().chain(passed.iter().copied()).collect();
    names.extend(taken_names(project, module));
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let line = format!("__all__ = [{}]", quoted.join(", "));
    let written = match line.len() > WIDTH {
        true => format!("__all__ = [\n    {},\n]", quoted.join(",\n    ")),
        false => line,
    };
    let of_module =
        |import: &&Import| import.scope == ScopeId::MODULE && facts.branches.ancestors(import.branch).next().is_none();
    let kind = match facts.imports.iter().rfind(of_module) {
        Some(import) => ChangeKind::AddImport(facts.statement(import).place(), format!("\n{written}")),
        None => {
            let end = facts.scopes.first()?.range.end();
            ChangeKind::Replace(TextRange::empty(end), format!("\n{written}\n"))
        }
    };
    (!names.is_empty()).then(|| Fix {
        title: "Add `__all__`".to_owned(),
        applicability: Applicability::Unsafe,
        changes: vec![Change { file, kind }],
    })
}

/// The names that others take from a module, as far as it may have them. Private names are no star's business, and a submodule
/// is imported as such.
fn taken_names<'p>(project: &'p Project<'_>, module: ModuleId) -> impl Iterator<Item = &'p str> {
    let graph = project.graph;
    let taken = project.takes().from(module).map(|taken| graph.name(taken.name));
    let is_private = |name: &str| name.is_empty() || name.starts_with('_');
    taken.filter(move |name| {
        !is_private(name) && graph.submodule(module, name).is_none() && graph.lookup(module, name) != Lookup::Missing
    })
}

fn help(project: &Project<'_>, module: ModuleId) -> String {
    let graph = project.graph;
    let reads_namespace = |taker: ModuleId| {
        let facts = project.module_facts(taker).map(|(_, facts)| facts);
        facts.is_some_and(|facts| {
            facts.traits.reads_namespace && graph.stars(taker, facts).any(|(_, _, source)| source == Some(module))
        })
    };
    let mut takers = graph.importers_of(module).map(|edge| edge.importer);
    let at_least = if takers.any(reads_namespace) { "at least " } else { "" };
    let mut taken: Vec<&str> = taken_names(project, module).collect();
    taken.sort_unstable();
    taken.dedup();
    match taken.len() {
        0 if at_least.is_empty() => {
            "add `__all__` with the names that are meant for others; today no module of the program takes any"
                .to_owned()
        }
        0 => "add `__all__` with the names that are meant for others".to_owned(),
        1 => format!(
            "add `__all__` with the names that are meant for others; today they take {at_least}{}",
            listed(&taken)
        ),
        count => format!(
            "add `__all__` with the names that are meant for others; today they take {at_least}{count}: {}",
            listed(&taken)
        ),
    }
}
