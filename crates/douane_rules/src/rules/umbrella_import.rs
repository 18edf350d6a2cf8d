//! `umbrella-import`

use std::collections::{BTreeMap, BTreeSet};

use douane_base::{Applicability, Change, ChangeKind, Fix, TextRange};
use douane_cost::Cost;
use douane_graph::{Definition, EntrySource, Lookup, ModuleGraph, ModuleId, ModuleKind, NameId, Object, Origin};
use douane_parser::{BindingKind, FileFacts, Import, ImportId, Target, Usage, When};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, Project, ProjectRule, Reporter,
    programs::described,
    rule::declare_rule,
    wording::{counted, module_as_seen_from, written_import},
};

declare_rule! {
    /// Checks for imports of a module that loads many others, where the few that define what is used would do.
    ///
    /// ## Why is this bad?
    ///
    /// The whole lot is loaded for a handful of names: `from PyQt5 import Qt` loads every module of Qt, tens of MiB, where
    /// an application of buttons needs three of them.
    ///
    /// The rule counts what is loaded, parents and all. It is silent where the narrower import would save nothing,
    /// because the package's own `__init__` or another import of the file loads the rest anyway, and where one of the
    /// uses can't be traced to its definition.
    ///
    /// ## Example
    ///
    /// ```py shop/everything.py
    /// from shop.customers import *
    /// from shop.invoices import *
    /// from shop.orders import *
    /// from shop.prices import *
    /// from shop.stock import *
    /// ```
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/customers.py
    /// class Customer: ...
    /// ```
    ///
    /// ```py shop/invoices.py
    /// class Invoice: ...
    /// ```
    ///
    /// ```py shop/orders.py
    /// class Order: ...
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    /// ```
    ///
    /// ```py shop/stock.py
    /// class Item: ...
    /// ```
    ///
    /// ```py main.py
    /// from shop import everything  # error: [umbrella-import] "`net` in `shop.prices`"
    ///
    /// print(everything.net(3))
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py main.py
    /// from shop.prices import net
    ///
    /// print(net(3))
    /// ```
    ///
    /// ## Options
    ///
    /// ### `min-saved`
    ///
    /// How many modules the narrower import must not load. 3 by default.
    ///
    /// ```toml
    /// min-saved = 100
    /// ```
    ///
    /// ```py main.py
    /// from shop import everything
    ///
    /// print(everything.net(3))
    /// ```
    ///
    /// ```py shop/__init__.py
    /// ```
    ///
    /// ```py shop/everything.py
    /// from shop.prices import *
    /// ```
    ///
    /// ```py shop/prices.py
    /// def net(price): ...
    /// ```
    UMBRELLA_IMPORT: Project = UmbrellaImport, name: "umbrella-import", aliases: [], default: Warning, fix: Safe
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct UmbrellaImport {
    min_saved: usize,
}

impl Default for UmbrellaImport {
    fn default() -> Self {
        Self { min_saved: 3 }
    }
}

/// An import that may be too wide.
struct Candidate<'p> {
    file: Checked<'p>,
    umbrella: ModuleId,
    range: TextRange,
    written: String,
    imports: Vec<ImportId>,
    uses: Vec<Use<'p>>,
}

/// A name that is used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Use<'p> {
    name: &'p str,
    /// The name after `as`.
    alias: Option<&'p str>,
    /// The module to import it from instead.
    module: ModuleId,
}

impl Use<'_> {
    fn written(&self) -> String {
        match self.alias.filter(|alias| *alias != self.name) {
            Some(alias) => format!("{} as {alias}", self.name),
            None => self.name.to_owned(),
        }
    }
}

impl ProjectRule for UmbrellaImport {
    fn check(&self, project: &Project<'_>, report: &mut Reporter<'_>) {
        let facades = Facades::new(project);
        let mut candidates: Vec<Candidate<'_>> =
            project.checked().flat_map_iter(|file| facades.candidates(file)).collect();
        if candidates.is_empty() || (project.is_given_up)() {
            return;
        }
        let mut saved_by: FxHashMap<(ModuleId, Vec<ModuleId>), Vec<ModuleId>> = FxHashMap::default();
        let mut questions = Vec::with_capacity(candidates.len());
        candidates.retain(|candidate| {
            let narrow = narrow_modules(candidate);
            let key = (candidate.umbrella, narrow.clone());
            let saved = saved_by.entry(key).or_insert_with(|| difference(project, candidate.umbrella, &narrow));
            if saved.len() < self.min_saved {
                return false;
            }
            // What the file's other imports load is not saved.
            let module = candidate.file.module;
            let saved = saved.iter().copied().filter(|saved| *saved != module).collect();
            questions.push((loaded_otherwise(candidate), saved));
            true
        });
        let not_saved = project.loads().loaded_among(&questions);
        for ((candidate, (_, saved)), not_saved) in candidates.iter().zip(&questions).zip(not_saved) {
            let saved: Vec<ModuleId> = saved.iter().copied().filter(|saved| !not_saved.contains(saved)).collect();
            if saved.len() >= self.min_saved {
                candidate.report(&saved, report);
            }
        }
    }
}

impl Candidate<'_> {
    /// How many modules these are, and how large, where that was looked up.
    fn cost(&self, saved: &[ModuleId]) -> String {
        let count = counted(saved.len(), "module");
        let Some(installed) = self.file.project.installed else { return count };
        let mut sum = Cost::default();
        let names = saved.iter().map(|module| self.file.graph().module_name(*module));
        names.filter_map(|name| installed.modules.find(name)).for_each(|at| sum += installed.modules.cost(at));
        if sum.modules == saved.len() { described(sum) } else { count }
    }

    fn report(&self, saved: &[ModuleId], report: &mut Reporter<'_>) {
        const MOST: usize = 5;
        let graph = self.file.graph();
        let uses: Vec<String> = self
            .uses
            .iter()
            .take(MOST)
            .map(|used| format!("`{}` in `{}`", used.name, graph.module_name(used.module)))
            .collect();
        let more = self.uses.len().saturating_sub(MOST);
        let more = if more == 0 { String::new() } else { format!(" and {}", counted(more, "other name")) };
        let message = format!(
            "`{}` loads at least {} more than what is used needs: {}{more}",
            self.written,
            self.cost(saved),
            uses.join(", ")
        );
        let mut by_module: FxHashMap<ModuleId, Vec<String>> = FxHashMap::default();
        for used in &self.uses {
            by_module.entry(used.module).or_default().push(used.written());
        }
        let mut imports: Vec<String> = by_module
            .iter()
            .map(|(module, names)| {
                let shown = &names[..names.len().min(MOST)];
                let more = if names.len() > MOST { ", …" } else { "" };
                format!("`from {} import {}{more}`", graph.module_name(*module), shown.join(", "))
            })
            .collect();
        imports.sort_unstable();
        let diagnostic = report.in_file(self.file.id, self.range, message);
        diagnostic.help(format!("write {}", imports.join(" and ")));
        diagnostic.fix = self.fix();
    }

    /// The narrower imports, and the uses as they read then; none where a name would collide with another.
    fn fix(&self) -> Option<Fix> {
        let (graph, facts) = (self.file.graph(), self.file.facts);
        let imports: Vec<&Import> = self.imports.iter().map(|id| facts.import(*id)).collect();
        let first = imports.first()?;
        let is_relative = first.target.module().0 > 0;
        let spelling = |module: ModuleId| module_as_seen_from(graph, self.file.module, module, is_relative);
        let is_whole = matches!(graph.imported_object(self.file.module, facts, self.imports[0]), Object::Module(module) if module == self.umbrella);
        let mut changes: Vec<ChangeKind> = Vec::new();
        let written: Vec<String> = if is_whole {
            let bound = graph.symbol_id(self.file.module, facts.binding(first.binding?).name)?;
            if self.file.project.takes().is_taken(self.file.module, bound) {
                return None;
            }
            let form = self.form()?;
            changes.extend(self.rewritten_uses(form)?);
            match form {
                Form::Names => grouped(self.uses.iter().map(|used| (spelling(used.module), used.name.to_owned()))),
                Form::Modules => {
                    let packages = self.uses.iter().map(|used| graph.module(used.module));
                    grouped(packages.map(|module| {
                        let package = module.parent.map(&spelling);
                        (package.unwrap_or_default(), module.name.last().to_owned())
                    }))
                }
            }
        } else {
            let names = imports.iter().map(|import| {
                let Target::From { name, .. } = import.target else { return None };
                let name = facts.name(name);
                let alias = import.alias.map(|alias| facts.name(alias));
                let used = self.uses.iter().find(|used| used.name == name && used.alias == alias)?;
                Some((spelling(used.module), used.written()))
            });
            grouped(names.collect::<Option<Vec<_>>>()?.into_iter())
        };
        let place = facts.statement(first).place();
        let is_all = facts.imports.iter().filter(|import| import.statement == first.statement).count() == imports.len();
        if is_all {
            changes.push(ChangeKind::SetStatements(place, written.clone()));
        } else {
            changes.extend(imports.iter().map(|import| ChangeKind::RemoveImport(place, import.range)));
            changes.extend(written.iter().map(|written| ChangeKind::AddImport(place, written.clone())));
        }
        let is_felt = self.is_felt() || facts.branches.ancestors(first.branch).next().is_some();
        let file = self.file.id;
        Some(Fix {
            title: format!("Write `{}`", written.join("; ")),
            applicability: if is_felt { Applicability::Unsafe } else { Applicability::Safe },
            changes: changes.into_iter().map(|kind| Change { file, kind }).collect(),
        })
    }

    /// Somebody may notice: what is not loaded any more does something, others set the names of the umbrella, or the modules
    /// work only in the order in which it loads them.
    fn is_felt(&self) -> bool {
        let (graph, project) = (self.file.graph(), self.file.project);
        let package = graph.module(self.umbrella).name.top_level();
        let narrow: Vec<ModuleId> = self.uses.iter().map(|used| used.module).collect();
        let kept = project.loads().loaded_with(&narrow);
        let dropped = project.loads().loaded_with(&[self.umbrella]);
        let mut dropped = dropped.into_iter().filter(|module| kept.binary_search(module).is_err());
        let is_fixed = |used: &Use<'_>| {
            let Some(name) = graph.name_id(used.name) else { return false };
            let is_definition = match graph.definition(project.facts, used.module, name) {
                Definition::Binding(module, binding) => {
                    let facts = project.module_facts(module).map(|(_, facts)| facts);
                    facts.is_some_and(|facts| facts.binding(binding).kind.is_definition())
                }
                _ => false,
            };
            let takes = project.takes();
            let is_replaced = takes.may_be_replaced(self.umbrella, name) || takes.may_be_replaced(used.module, name);
            is_definition && !is_replaced
        };
        dropped.any(|module| project.traces().is_active(module))
            || !self.uses.iter().all(is_fixed)
            || project.takes().relied_on().any(|module| graph.module(module).name.is_within(package))
            || narrow.iter().any(|module| project.traces().is_in_circle(*module))
    }

    /// The form in which no name collides with one of the file.
    fn form(&self) -> Option<Form> {
        let (graph, facts) = (self.file.graph(), self.file.facts);
        let is_free = |name: &str| !facts.all_names.may_hold(name) && !self.file.project.is_builtin(name);
        let last = |used: &Use<'_>| graph.module(used.module).name.last().to_owned();
        let modules: FxHashSet<ModuleId> = self.uses.iter().map(|used| used.module).collect();
        let names: FxHashSet<String> = self.uses.iter().map(last).collect();
        let has_packages = modules.iter().all(|module| graph.module(*module).parent.is_some());
        if self.uses.iter().all(|used| is_free(used.name)) {
            Some(Form::Names)
        } else if has_packages && modules.len() == names.len() && names.iter().all(|name| is_free(name)) {
            Some(Form::Modules)
        } else {
            None
        }
    }

    fn rewritten_uses(&self, form: Form) -> Option<Vec<ChangeKind>> {
        let (graph, facts) = (self.file.graph(), self.file.facts);
        let uses = facts.references.iter().filter(|reference| facts.import_behind(reference) == Some(self.imports[0]));
        uses.map(|reference| {
            let attribute = facts.chain(reference).first()?;
            let name = facts.name(attribute.name);
            let is_replaced = facts.chain(reference).len() == 1
                && matches!(reference.usage, Usage::StoreAttribute | Usage::DeleteAttribute);
            let used = self.uses.iter().find(|used| used.name == name).filter(|_| !is_replaced)?;
            let written = match form {
                Form::Names => name.to_owned(),
                Form::Modules => format!("{}.{name}", graph.module(used.module).name.last()),
            };
            Some(ChangeKind::Replace(reference.range.cover(attribute.range), written))
        })
        .collect()
    }
}

/// How names are written after the fix.
#[derive(Clone, Copy)]
enum Form {
    /// `QApplication`
    Names,
    /// `QtWidgets.QApplication`
    Modules,
}

/// One statement a module.
fn grouped(names: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let mut by_module: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, name) in names {
        by_module.entry(module).or_default().insert(name);
    }
    let joined = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    by_module.into_iter().map(|(module, names)| format!("from {module} import {}", joined(names))).collect()
}

/// Modules that load many others and define little of what they offer.
struct Facades<'p> {
    project: &'p Project<'p>,
    wide: FxHashSet<ModuleId>,
    /// The last parts of their names, to look no further at most imports.
    last_parts: FxHashSet<&'p str>,
}

impl<'p> Facades<'p> {
    fn new(project: &'p Project<'p>) -> Self {
        /// A module that imports fewer is no umbrella.
        const FEWEST: usize = 3;
        let graph = project.graph;
        let is_wide = |module: &ModuleId| {
            if graph.module(*module).origin == Origin::Standard {
                return false;
            }
            let edges = graph.imports_of(*module).iter().filter(|edge| edge.is_loaded() && !edge.is_implicit);
            let mut imported: Vec<ModuleId> = edges.map(|edge| edge.imported).collect();
            imported.sort_unstable();
            imported.dedup();
            // A facade of one star passes on what a wide module brings.
            imported.len() >= FEWEST || passes_on_star(project, *module)
        };
        let modules: Vec<ModuleId> = graph.ids().collect();
        let wide: Vec<ModuleId> = modules.into_par_iter().filter(is_wide).collect();
        let wide: FxHashSet<ModuleId> = wide.into_iter().collect();
        let last_parts = wide.iter().map(|module| graph.module(*module).name.last()).collect();
        Self { project, wide, last_parts }
    }

    fn candidates(&self, file: Checked<'p>) -> Vec<Candidate<'p>> {
        let (graph, facts) = (file.graph(), file.facts);
        let mut whole: FxHashMap<ImportId, ModuleId> = FxHashMap::default();
        let mut by_name: FxHashMap<(douane_parser::StatementId, ModuleId), Vec<ImportId>> = FxHashMap::default();
        for (id, import) in (0..).map(ImportId).zip(&facts.imports) {
            if import.when != When::Load || import.binding.is_none() {
                continue;
            }
            let source = graph.resolution(file.module, id).module();
            let may_name_one = match import.target {
                Target::From { name, .. } => self.last_parts.contains(facts.name(name)),
                _ => true,
            };
            if !may_name_one && !source.is_some_and(|source| self.wide.contains(&source)) {
                continue;
            }
            match graph.imported_object(file.module, facts, id) {
                Object::Module(module) if self.wide.contains(&module) && names_whole(facts, id) => {
                    whole.insert(id, module);
                }
                _ => {
                    let source = source.filter(|source| self.wide.contains(source));
                    if let (Some(source), Target::From { .. }) = (source, import.target) {
                        by_name.entry((import.statement, source)).or_default().push(id);
                    }
                }
            }
        }
        let mut found = self.of_modules(file, &whole);
        for ((statement, umbrella), imports) in by_name {
            let range = facts.statements[statement.index()].range;
            let uses: Option<Vec<Use<'_>>> = imports
                .iter()
                .map(|id| {
                    let Target::From { name, .. } = facts.import(*id).target else { return None };
                    let module = self.definer(umbrella, graph.symbol_id(file.module, name)?)?;
                    let alias = facts.import(*id).alias.map(|alias| facts.name(alias));
                    Some(Use { name: facts.name(name), alias, module })
                })
                .collect();
            let first = facts.import(imports[0]);
            let written = match imports.len() {
                1 => written_import(facts, first),
                _ => format!("from {} import …", crate::wording::written_module(facts, first)),
            };
            found.extend(uses.and_then(|uses| self.candidate(file, umbrella, range, written, imports.clone(), uses)));
        }
        found.sort_by_key(|candidate| candidate.range);
        found
    }

    /// Imports that bind a module, with the attributes that are used of it.
    fn of_modules(&self, file: Checked<'p>, whole: &FxHashMap<ImportId, ModuleId>) -> Vec<Candidate<'p>> {
        if whole.is_empty() {
            return Vec::new();
        }
        let facts = file.facts;
        let mut uses: FxHashMap<ImportId, Option<Vec<Use<'_>>>> = FxHashMap::default();
        for reference in &facts.references {
            let Some(import) = facts.import_behind(reference) else { continue };
            let Some(umbrella) = whole.get(&import) else { continue };
            let known = uses.entry(import).or_insert_with(|| Some(Vec::new()));
            let used = facts.chain(reference).first().and_then(|attribute| {
                let module = self.definer(*umbrella, file.graph().symbol_id(file.module, attribute.name)?)?;
                Some(Use { name: facts.name(attribute.name), alias: None, module })
            });
            match (known.as_mut(), used) {
                (Some(known), Some(used)) => known.push(used),
                // Passed on as a whole, or a name that nobody can trace.
                _ => *known = None,
            }
        }
        uses.into_iter()
            .filter_map(|(import, uses)| {
                let range = facts.import(import).range;
                let written = written_import(facts, facts.import(import));
                self.candidate(file, whole[&import], range, written, vec![import], uses?)
            })
            .collect()
    }

    fn candidate(
        &self,
        file: Checked<'p>,
        umbrella: ModuleId,
        range: TextRange,
        written: String,
        imports: Vec<ImportId>,
        mut uses: Vec<Use<'p>>,
    ) -> Option<Candidate<'p>> {
        /// What uses more modules than that is served well by the umbrella.
        const FEW: usize = 5;
        let graph = self.project.graph;
        for used in &mut uses {
            used.module = self.outermost(file.module, umbrella, *used);
        }
        uses.sort_unstable();
        uses.dedup();
        let modules: FxHashSet<ModuleId> = uses.iter().map(|used| used.module).collect();
        // A package runs before its modules: to name one of them saves nothing.
        let saves_nothing = modules
            .iter()
            .any(|module| *module == umbrella || graph.module(*module).name.is_within(graph.module_name(umbrella)));
        let is_own_package = graph.module(file.module).name.is_within(graph.module_name(umbrella));
        if uses.is_empty() || modules.len() > FEW || saves_nothing || is_own_package {
            return None;
        }
        Some(Candidate { file, umbrella, range, written, imports, uses })
    }

    /// The outermost package of the module that offers the same: it is loaded before the module anyway. (Not one that the
    /// importing file is part of, which may be half loaded only.)
    fn outermost(&self, importer: ModuleId, umbrella: ModuleId, used: Use<'_>) -> ModuleId {
        let graph = self.project.graph;
        let Some(name) = graph.name_id(used.name) else { return used.module };
        let defined = |module| graph.definition(self.project.facts, module, name);
        let own = defined(used.module);
        let offers = |package: &ModuleId| {
            *package != umbrella
                && !graph.module(importer).name.is_within(graph.module_name(*package))
                && graph.entry(*package, name).is_some_and(|entry| entry.is_certain)
                && own != Definition::Unknown
                && defined(*package) == own
        };
        let packages = std::iter::successors(graph.module(used.module).parent, |module| graph.module(*module).parent);
        packages.filter(offers).last().unwrap_or(used.module)
    }

    /// The module to import a name from instead: where it is defined, or, if that is private, the last public module on
    /// the way there.
    fn definer(&self, umbrella: ModuleId, name: NameId) -> Option<ModuleId> {
        let graph = self.project.graph;
        if graph.module(umbrella).kind == ModuleKind::Extension {
            return extension_definer(graph, umbrella, graph.name(name));
        }
        let mut best = None;
        let (mut module, mut name) = (umbrella, name);
        let mut seen = FxHashSet::default();
        while seen.insert((module, name)) {
            let Lookup::Found(entry) = graph.lookup_id(module, name) else { return None };
            if module != umbrella && !is_private(graph.module_name(module)) {
                best = Some(module);
            }
            match entry.source {
                EntrySource::Standard | EntrySource::Patched | EntrySource::Submodule(_) => return None,
                EntrySource::Exported if entry.module == module => return None,
                EntrySource::Exported => module = entry.module,
                EntrySource::Binding(binding) => {
                    let (_, facts) = self.project.module_facts(entry.module)?;
                    if entry.module != umbrella && !is_private(graph.module_name(entry.module)) {
                        best = Some(entry.module);
                    }
                    let BindingKind::Import(import) = facts.binding(binding).kind else { return best };
                    match graph.imported_object(entry.module, facts, import) {
                        Object::Name(next, next_name) => {
                            // Under another name it would have to be imported `as` that.
                            if next_name != name {
                                return best;
                            }
                            (module, name) = (next, next_name);
                        }
                        Object::Module(_) => return None,
                        Object::Unknown => return extension_source(graph, entry.module, facts, import).or(best),
                    }
                }
            }
        }
        None
    }
}

/// A name that a compiled module without a stub passes on comes from one of the modules that it loads.
fn extension_definer(graph: &ModuleGraph, umbrella: ModuleId, name: &str) -> Option<ModuleId> {
    let loaded = graph.imports_of(umbrella).iter().filter(|edge| edge.import.is_none() && !edge.is_implicit);
    let defines = |module: &ModuleId| match graph.lookup(*module, name) {
        Lookup::Found(entry) => entry.module == *module,
        _ => false,
    };
    loaded.map(|edge| edge.imported).find(defines)
}

/// The compiled module that an import takes an unknown name from.
fn extension_source(graph: &ModuleGraph, importer: ModuleId, facts: &FileFacts, import: ImportId) -> Option<ModuleId> {
    let source = graph.resolution(importer, import).module()?;
    let Target::From { name, .. } = facts.import(import).target else { return None };
    (graph.module(source).kind == ModuleKind::Extension).then(|| extension_definer(graph, source, facts.name(name)))?
}

fn is_private(module: &str) -> bool {
    module.split('.').any(|part| part.starts_with('_'))
}

/// The binding stands for the module that the statement names, not for the package above it.
fn names_whole(facts: &FileFacts, import: ImportId) -> bool {
    let import = facts.import(import);
    match import.target {
        Target::Module(module) => import.alias.is_some() || !facts.name(module).contains('.'),
        Target::From { .. } => true,
        Target::Star { .. } => false,
    }
}

fn passes_on_star(project: &Project<'_>, module: ModuleId) -> bool {
    project.module_facts(module).is_some_and(|(_, facts)| facts.stars().next().is_some())
}

fn narrow_modules(candidate: &Candidate<'_>) -> Vec<ModuleId> {
    let mut modules: Vec<ModuleId> = candidate.uses.iter().map(|used| used.module).collect();
    modules.sort_unstable();
    modules.dedup();
    modules
}

/// The modules that the umbrella surely loads and the narrow ones surely don't, the standard library's left out: most
/// programs load those anyway.
fn difference(project: &Project<'_>, umbrella: ModuleId, narrow: &[ModuleId]) -> Vec<ModuleId> {
    let needed: FxHashSet<ModuleId> = project.loads().loaded_with(narrow).into_iter().collect();
    let loaded = project.certain_loads().loaded_with(&[umbrella]);
    let counts =
        |module: &ModuleId| !needed.contains(module) && project.graph.module(*module).origin != Origin::Standard;
    loaded.into_iter().filter(counts).collect()
}

/// What the file loads without the import: its other imports and its own packages.
fn loaded_otherwise(candidate: &Candidate<'_>) -> Vec<ModuleId> {
    let graph = candidate.file.graph();
    let module = candidate.file.module;
    let others = graph
        .imports_of(module)
        .iter()
        .filter(|edge| edge.is_loaded() && edge.import.is_none_or(|import| !candidate.imports.contains(&import)));
    let mut loaded: Vec<ModuleId> = others.map(|edge| edge.imported).collect();
    loaded.extend(graph.module(module).parent);
    loaded.extend(narrow_modules(candidate));
    loaded
}
