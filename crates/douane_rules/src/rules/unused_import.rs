//! `unused-import`

use douane_base::{Applicability, Change, ChangeKind, Fix};
use douane_graph::{Edge, Exports, Lookup, ModuleId, ModuleKind, Object, Origin, Unknown};
use douane_parser::{
    AllItem, Arm, Binding, BindingKind, FileFacts, Guard, Import, ImportId, ScopeId, ScopeKind, Symbol, Target, When,
};
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, ModulePattern, Project, ProjectRule, Reporter,
    rebindings::{live_before, names},
    rule::declare_rule,
    star_uses::{is_collected, may_be_asked_for, runs_tests},
    traces::{Reason, loaded_before},
    wording::{written_import, written_module},
};

declare_rule! {
    /// Checks for imported names that nobody uses: not the file itself, and no other module of the program.
    ///
    /// ## Why is this bad?
    ///
    /// It costs the time and memory to load the module, and readers wonder what it is for.
    ///
    /// A name counts as used if the file uses it, in annotations and strings that hold types as well, if `__all__` names
    /// it, if any other module takes it from this one, by name, as an attribute or through a star, and if it is written
    /// as `import x as x` or `from m import x as x`, the sign that it is passed on.
    ///
    /// What the `__init__` of a package imports is what it offers to code outside the program, and so is what it has from other
    /// modules by `from .module import *`, unless these have an `__all__`. Of such imports the program can't tell whether
    /// somebody needs them: the fix is unsafe there.
    ///
    /// Some modules are imported for what that does: they register something, patch something, or subclass a class that
    /// keeps note of it. The help says so, and the fix is unsafe then.
    ///
    /// ## Example
    ///
    /// ```py prices.py
    /// import decimal
    /// import math  # error: [unused-import] "`import math` is never used"
    /// from os.path import exists, join  # error: [unused-import] "`from os.path import exists`"
    ///
    /// PATH = join("data", "prices")
    /// ```
    ///
    /// ```py main.py
    /// from prices import PATH, decimal
    ///
    /// print(PATH, decimal.Decimal(1))
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py prices.py
    /// import decimal
    /// from os.path import join
    ///
    /// PATH = join("data", "prices")
    /// ```
    ///
    /// ```py main.py
    /// from prices import PATH, decimal
    ///
    /// print(PATH, decimal.Decimal(1))
    /// ```
    ///
    /// ## Options
    ///
    /// ### `public-api`
    ///
    /// Packages whose `__init__` offers what it imports to code outside the program, with everything below them.
    ///
    /// ```toml
    /// public-api = ["shop"]
    /// ```
    ///
    /// ```py shop/__init__.py
    /// from .prices import net
    /// ```
    ///
    /// ```py shop/prices.py
    /// import math  # error: [unused-import]
    ///
    ///
    /// def net(price): ...
    /// ```
    UNUSED_IMPORT: Project = UnusedImport, name: "unused-import", aliases: ["F401", "W0611"], default: Warning, fix: Safe
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct UnusedImport {
    public_api: Vec<ModulePattern>,
}

/// The imports of a file that nobody uses.
struct Unused<'p> {
    file: Checked<'p>,
    imports: Vec<ImportId>,
}

/// Whether an import can go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Removal {
    /// Nobody will notice.
    Safe,
    /// Somebody may notice.
    Unsafe,
    /// Loading the module is not nothing: the module that makes it so, and why.
    Felt(ModuleId, Reason),
}

impl ProjectRule for UnusedImport {
    fn check(&self, project: &Project<'_>, report: &mut Reporter<'_>) {
        let found: Vec<Unused<'_>> = project
            .checked()
            .filter_map(|file| {
                let imports = self.unused(&file);
                (!imports.is_empty()).then_some(Unused { file, imports })
            })
            .collect();
        let mut removals: Vec<Vec<Removal>> = found.iter().map(Unused::removals).collect();
        settle_what_is_loaded_anyway(project, &found, &mut removals);
        for (unused, removals) in found.iter().zip(removals) {
            for (id, removal) in unused.imports.iter().zip(removals) {
                unused.report(*id, removal, report);
            }
        }
    }
}

impl UnusedImport {
    fn unused(&self, file: &Checked<'_>) -> Vec<ImportId> {
        let (graph, facts) = (file.graph(), file.facts);
        let is_public = file.is_offered() && self.public_api.iter().any(|pattern| pattern.matches(file.module_name()));
        if facts.imports.is_empty() || facts.traits.is_broken {
            return Vec::new();
        }
        let uses = Uses::of(facts);
        let is_open = facts.traits.all_escapes
            || facts.traits.reads_namespace
            || (graph.has_all(file.module)
                && matches!(graph.exports(file.module), Exports::Unknown(Unknown::DynamicAll)));
        // The stub of a package says what the package offers.
        let declares_package =
            graph.module(file.module).is_stub && graph.module(file.module).kind == ModuleKind::Package;
        let mut found = Vec::new();
        for group in names(facts) {
            let Some(first) = group.first().map(|first| facts.binding(*first)) else { continue };
            if uses.contains(first.scope, first.name) || !may_be_unused(facts, first.scope) {
                continue;
            }
            let is_of_module = first.scope == ScopeId::MODULE;
            if is_of_module && (is_public || is_open || declares_package) {
                continue;
            }
            let imports = || {
                let bindings = group.iter().enumerate().map(|(at, id)| (at, facts.binding(*id)));
                bindings.filter_map(|(at, binding)| match binding.kind {
                    BindingKind::Import(import) => Some((at, binding, import)),
                    _ => None,
                })
            };
            if imports().next().is_none() || (is_of_module && is_wanted(file, first.name)) {
                continue;
            }
            let is_replaced = |at: usize, binding: &Binding| {
                let mut later = (at + 1..group.len())
                    .filter_map(|later| live_before(facts, &group[..later], facts.binding(group[later])));
                later.any(|replaced| std::ptr::eq(replaced, binding))
            };
            found.extend(
                imports()
                    .filter(|(at, binding, import)| !is_kept(file, *import) && !is_replaced(*at, binding))
                    .map(|(_, _, import)| import),
            );
        }
        if !found.is_empty() {
            let reached = modules_reached(file);
            found.retain(|import| !object_module(file, *import).is_some_and(|module| reached.contains(&module)));
            found.retain(|import| !is_spelt_out(facts, *import));
        }
        found.sort_unstable();
        found
    }
}

/// The names of a file that are used.
struct Uses {
    /// Those of the module's scope, by symbol.
    in_module: Vec<bool>,
    elsewhere: FxHashSet<(ScopeId, Symbol)>,
}

impl Uses {
    fn of(facts: &FileFacts) -> Self {
        let mut uses = Self { in_module: vec![false; facts.names.len()], elsewhere: FxHashSet::default() };
        for reference in &facts.references {
            match reference.resolved {
                Some(ScopeId::MODULE) => uses.in_module[reference.name.index()] = true,
                Some(scope) => drop(uses.elsewhere.insert((scope, reference.name))),
                None => {}
            }
        }
        for name in &facts.type_comment_names {
            uses.in_module[name.index()] = true;
        }
        uses
    }

    fn contains(&self, scope: ScopeId, name: Symbol) -> bool {
        match scope {
            ScopeId::MODULE => self.in_module[name.index()],
            _ => self.elsewhere.contains(&(scope, name)),
        }
    }
}

/// What a class body imports is an attribute of the class, and `locals()` gives all names of a function.
fn may_be_unused(facts: &FileFacts, scope: ScopeId) -> bool {
    match facts.scope(scope).kind {
        ScopeKind::Module => true,
        ScopeKind::Function => !facts.scope(scope).reads_locals,
        _ => false,
    }
}

/// `__all__` names it, or another module takes it from here.
fn is_wanted(file: &Checked<'_>, symbol: Symbol) -> bool {
    let graph = file.graph();
    let Some(name) = graph.symbol_id(file.module, symbol) else { return true };
    let is_exported = match graph.exports(file.module) {
        Exports::All(names) => names.binary_search_by_key(&name, |exported| exported.name).is_ok(),
        Exports::Public | Exports::Unknown(_) => false,
    };
    // Also where type checkers alone see the list.
    let is_listed = || {
        let items = file.facts.all_operations.iter().flat_map(|operation| &operation.items);
        items
            .filter_map(|item| match item {
                AllItem::Name(export) => Some(export.name),
                _ => None,
            })
            .any(|listed| listed == symbol)
    };
    is_exported || file.project.takes().is_taken(file.module, name) || is_listed()
}

/// The modules that uses of names go through: `import multiprocessing.connection` is what `mp.connection.wait` needs, with
/// `mp` from `import multiprocessing as mp`.
fn modules_reached(file: &Checked<'_>) -> FxHashSet<ModuleId> {
    let (graph, facts) = (file.graph(), file.facts);
    let chains = facts.references.iter().filter(|reference| !facts.chain(reference).is_empty());
    let mut found = FxHashSet::default();
    for reference in chains {
        let Some(import) = facts.import_behind(reference) else { continue };
        let steps = graph.steps(file.module, facts, import, reference);
        found.extend(steps.filter_map(|(module, name)| graph.submodule(module, graph.name(name))));
    }
    found
}

/// `import foo.bar` is what `f.bar` needs, with `f` from `import foo as f`, whether anybody knows `foo` or not.
fn is_spelt_out(facts: &FileFacts, import: ImportId) -> bool {
    let import = facts.import(import);
    let Target::Module(module) = import.target else { return false };
    let parts: Vec<&str> = facts.name(module).split('.').collect();
    if parts.len() < 2 || import.alias.is_some() {
        return false;
    }
    facts.references.iter().filter(|reference| !facts.chain(reference).is_empty()).any(|reference| {
        let Some(behind) = facts.import_behind(reference).map(|id| facts.import(id)) else { return false };
        let Target::Module(named) = behind.target else { return false };
        let root = facts.name(named).split('.').take(if behind.alias.is_some() { usize::MAX } else { 1 });
        let spelt = root.chain(facts.chain(reference).iter().map(|attribute| facts.name(attribute.name)));
        spelt.take(parts.len()).eq(parts.iter().copied())
    })
}

/// The module that an import names, where it names one.
fn object_module(file: &Checked<'_>, id: ImportId) -> Option<ModuleId> {
    let (graph, facts) = (file.graph(), file.facts);
    match (facts.import(id).target, graph.imported_object(file.module, facts, id)) {
        (Target::From { .. }, Object::Module(submodule)) => Some(submodule),
        (Target::Module(_), _) => graph.resolution(file.module, id).module(),
        _ => None,
    }
}

/// The import is there for another reason than to be used by name.
fn is_kept(file: &Checked<'_>, import: ImportId) -> bool {
    let facts = file.facts;
    let import = facts.import(import);
    let is_future = import.target.module() == (0, facts.names.find("__future__"));
    let name = import.binding.map(|binding| facts.name(facts.binding(binding).name));
    // `__doc__` and the like are read by name.
    let is_special = name.is_some_and(|name| name.starts_with("__") && name.ends_with("__"));
    is_future || is_special || facts.is_passed_on(import) || is_fixture(file, import)
}

/// pytest hands fixtures to tests by the name of the parameter; `conftest.py` may import them for a whole folder.
fn is_fixture(file: &Checked<'_>, import: &Import) -> bool {
    let (Target::From { .. }, Some(binding)) = (import.target, import.binding) else { return false };
    let name = file.facts.binding(binding).name;
    let module = file.graph().module(file.module).name.last();
    let is_parameter = |binding: &Binding| binding.name == name && binding.kind == BindingKind::Parameter;
    module == "conftest"
        || ((module.starts_with("test") || module.ends_with("_test")) && file.facts.bindings.iter().any(is_parameter))
}

impl Unused<'_> {
    fn removals(&self) -> Vec<Removal> {
        self.imports.iter().map(|import| self.removal(*import)).collect()
    }

    fn removal(&self, id: ImportId) -> Removal {
        let (file, facts) = (&self.file, self.file.facts);
        let import = facts.import(id);
        if import.when == When::TypeChecking {
            return Removal::Safe;
        }
        let is_attempt = facts.branches.ancestors(import.branch).any(|branch| branch.arm == Arm::Try);
        let is_offered = import.scope == ScopeId::MODULE && file.is_offered();
        let hands_itself_on = import.scope == ScopeId::MODULE && facts.traits.takes_itself;
        let is_in_example = import
            .binding
            .is_some_and(|binding| facts.example_names.binary_search(&facts.binding(binding).name).is_ok());
        if is_attempt
            || is_offered
            || hands_itself_on
            || is_in_example
            || self.may_be_collected(import)
            || self.may_be_plugin(id)
            || self.may_do_more(id)
            || (import.scope == ScopeId::MODULE && file.project.takes().escapes(file.module))
        {
            return Removal::Unsafe;
        }
        let Some(loaded) = self.loaded(id) else { return Removal::Unsafe };
        if object_module(file, id).is_none() && self.leaves_others(id) {
            return Removal::Safe;
        }
        match file.project.traces().of(loaded) {
            Some((culprit, reason)) => Removal::Felt(culprit, reason),
            None => Removal::Safe,
        }
    }

    /// Test runners collect what the modules of tests have.
    fn may_be_collected(&self, import: &Import) -> bool {
        const SPECIAL: [&str; 7] = [
            "asyncSetUp",
            "load_tests",
            "pytest_plugins",
            "setUpModule",
            "setup_module",
            "tearDownModule",
            "teardown_module",
        ];
        let (file, facts) = (&self.file, self.file.facts);
        let Target::From { name, .. } = import.target else { return false };
        let name = facts.name(import.alias.unwrap_or(name));
        let is_collected = is_collected(file) || runs_tests(file);
        is_collected
            && import.scope == ScopeId::MODULE
            && (name.starts_with(|first: char| first.is_uppercase())
                || name.starts_with("test")
                || SPECIAL.contains(&name))
    }

    /// Nobody imports the module, and it takes names of the program, or some code computes the names of modules that it loads.
    fn may_be_plugin(&self, id: ImportId) -> bool {
        let (file, graph) = (&self.file, self.file.graph());
        let import = file.facts.import(id);
        let is_own = || {
            let source = graph.resolution(file.module, id).module();
            source.is_some_and(|source| graph.module(source).origin == Origin::FirstParty)
        };
        import.scope == ScopeId::MODULE
            && may_be_asked_for(file)
            && (file.project.computes_imports() || (matches!(import.target, Target::From { .. }) && is_own()))
    }

    /// The module may have no such name, so that the import ends the program, or at least what it stands in; or it makes
    /// the name on request, which may be to do anything.
    fn may_do_more(&self, id: ImportId) -> bool {
        let (graph, module) = (self.file.graph(), self.file.module);
        let Target::From { name, .. } = self.file.facts.import(id).target else { return false };
        let (Some(source), Some(name)) = (graph.resolution(module, id).module(), graph.symbol_id(module, name)) else {
            return false;
        };
        if graph.module(source).origin == Origin::Standard {
            let library = graph.standard_library();
            return graph.submodule(source, graph.name(name)).is_none()
                && !library.has_everywhere(graph.module_name(source), graph.name(name));
        }
        matches!(graph.lookup_id(source, name), Lookup::Missing | Lookup::Unknown(_))
    }

    /// The module that the import loads.
    fn loaded(&self, id: ImportId) -> Option<ModuleId> {
        object_module(&self.file, id).or_else(|| self.file.graph().resolution(self.file.module, id).module())
    }

    /// The statement imports other names, which stay.
    fn leaves_others(&self, id: ImportId) -> bool {
        let imports = &self.file.facts.imports;
        let statement = imports[id.index()].statement;
        let of_statement = (0..).map(ImportId).zip(imports).filter(|(_, import)| import.statement == statement);
        of_statement.map(|(other, _)| other).any(|other| self.imports.binary_search(&other).is_err())
    }

    fn report(&self, id: ImportId, removal: Removal, report: &mut Reporter<'_>) {
        let (file, facts) = (&self.file, self.file.facts);
        let import = facts.import(id);
        let written = written_import(facts, import);
        let is_attempt = facts.guard(import) == Some(Guard::ImportError);
        let graph = file.graph();
        let is_offered = file.is_offered() && import.scope == ScopeId::MODULE;
        let message = if is_offered {
            format!("`{written}` is not used here, and no module takes it from `{}`", file.module_name())
        } else if is_attempt {
            format!("`{written}` is never used: it only tells whether that can be imported")
        } else {
            format!("`{written}` is never used")
        };
        let module = match import.target {
            Target::Module(module) => facts.name(module).to_owned(),
            _ => written_module(facts, import),
        };
        let diagnostic = report.in_file(file.id, import.range, message);
        match removal {
            Removal::Felt(culprit, reason) if !is_attempt => {
                let culprit = graph.module_name(culprit);
                let described = reason.described(file.project);
                diagnostic.help(format!(
                    "to load `{module}` is not nothing: `{culprit}` {described}; remove the import, or say why it stays: `# douane: ignore[unused-import] reason`"
                ));
                if let Some((place, range)) = reason.place(file.project) {
                    diagnostic.label(place, range, "this runs when it is loaded");
                }
            }
            _ if is_attempt && !is_offered => {
                diagnostic.help(format!(
                    "`importlib.util.find_spec(\"{module}\")` tells whether it is there, and loads nothing"
                ));
            }
            _ if is_offered => {
                diagnostic.help("remove it; or, if it is meant for others, name it in `__all__`, write it with `as` and its own name, or set `public-api`");
            }
            _ => {
                diagnostic.help("remove it");
            }
        }
        let place = facts.statement(import).place();
        diagnostic.fix = Some(Fix {
            title: format!("Remove `{written}`"),
            applicability: if removal == Removal::Safe { Applicability::Safe } else { Applicability::Unsafe },
            changes: vec![Change { file: file.id, kind: ChangeKind::RemoveImport(place, import.range) }],
        });
    }
}

/// What surely was loaded before the import runs is not loaded by it.
fn settle_what_is_loaded_anyway(project: &Project<'_>, found: &[Unused<'_>], removals: &mut [Vec<Removal>]) {
    let graph = project.graph;
    // Somebody takes modules out of `sys.modules`: the next import loads them once more.
    let loads_again = project.changes_sys_modules();
    let mut asked: Vec<(usize, usize)> = Vec::new();
    let mut questions: Vec<(Vec<ModuleId>, Vec<ModuleId>)> = Vec::new();
    for (at, unused) in found.iter().enumerate() {
        let facts = unused.file.facts;
        for (number, id) in unused.imports.iter().enumerate() {
            let Removal::Felt(..) = removals[at][number] else { continue };
            if loads_again && facts.import(*id).when == When::Call {
                continue;
            }
            let start = facts.statement(facts.import(*id)).range.start();
            let stays = |edge: &Edge| {
                let import = edge.import.filter(|import| unused.imports.binary_search(import).is_err())?;
                Some(facts.import(import).range.start())
            };
            let loaded = loaded_before(graph, unused.file.module, start, stays);
            let Some(wanted) = unused.loaded(*id) else { continue };
            asked.push((at, number));
            questions.push((loaded, vec![wanted]));
        }
    }
    if questions.is_empty() {
        return;
    }
    let answers = project.certain_loads().loaded_among(&questions);
    for ((at, number), loaded) in asked.into_iter().zip(answers) {
        if !loaded.is_empty() {
            removals[at][number] = Removal::Safe;
        }
    }
}
