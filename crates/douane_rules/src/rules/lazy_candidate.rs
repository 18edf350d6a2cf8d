//! `lazy-candidate`

use douane_base::{Applicability, Change, ChangeKind, Fix, TextRange};
use douane_cost::Cost;
use douane_graph::{Exports, Origin};
use douane_parser::{
    Arm, BindingKind, Context, Import, ImportId, LoadEffect, LoadEffectKind, Reference, ScopeId, ScopeKind,
    StatementId, Symbol, Target, When,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Checked, Project, ProjectRule, Reporter,
    programs::{Limit, Running, described, written_statement},
    rule::declare_rule,
};

declare_rule! {
    /// Checks for imports that make a program load much when it starts, although only functions and annotations use what
    /// they bind.
    ///
    /// ## Why is this bad?
    ///
    /// Runs that never call these functions pay for what they don't use. An import in the function, or a lazy one
    /// ([PEP 810](https://peps.python.org/pep-0810/), Python 3.15), is paid for when it is needed.
    ///
    /// Only what no other import of the program loads anyway is counted. Nothing is said where other modules take the name
    /// from here or `__all__` lists it, where loading what is imported does something that the program's own code shows,
    /// where the module calls something while it is loaded, which may be what uses the name, and in modules that programs
    /// begin with, whose functions run each time.
    ///
    /// ## Fix
    ///
    /// Where `target-version` is 3.15 or newer the fix makes the import lazy. It is unsafe: an error in what is loaded
    /// then comes with the first use. For older versions nothing is changed.
    ///
    /// ## Example
    ///
    /// ```toml
    /// modules = 2
    /// entry-points = ["app"]
    /// ```
    ///
    /// ```py app.py
    /// import tables  # error: [lazy-candidate] "only functions use `import tables`, which alone loads 3 modules ("
    ///
    ///
    /// def report(rows):
    ///     return tables.made(rows)
    /// ```
    ///
    /// ```py site-packages/tables/__init__.py
    /// from tables import cells, colours
    /// ```
    ///
    /// ```py site-packages/tables/cells.py
    /// ```
    ///
    /// ```py site-packages/tables/colours.py
    /// ```
    ///
    /// Use instead:
    ///
    /// ```py app.py
    /// lazy import tables
    ///
    ///
    /// def report(rows):
    ///     return tables.made(rows)
    /// ```
    ///
    /// ## Options
    ///
    /// ### `entry-points`
    ///
    /// The modules that programs begin with, as for [`heavy-import`](heavy-import.md).
    ///
    /// ### `modules`, `mib`, `private-mib`, `ms`
    ///
    /// From how many modules on an import is reported (20), or from how many MiB of source and extension modules on (1).
    /// Where `douane cost --save` measured modules, from how many MiB of private memory on (1), or milliseconds (5).
    ///
    /// ```toml
    /// modules = 3
    /// entry-points = ["app"]
    /// ```
    ///
    /// ```py app.py
    /// import tables
    ///
    ///
    /// def report(rows):
    ///     return tables.made(rows)
    /// ```
    ///
    /// ```py site-packages/tables/__init__.py
    /// from tables import cells, colours
    /// ```
    ///
    /// ```py site-packages/tables/cells.py
    /// ```
    ///
    /// ```py site-packages/tables/colours.py
    /// ```
    LAZY_CANDIDATE: Project = LazyCandidate, name: "lazy-candidate", aliases: [], default: Off, fix: Unsafe
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct LazyCandidate {
    entry_points: Vec<String>,
    modules: usize,
    mib: f64,
    private_mib: f64,
    ms: f64,
}

impl Default for LazyCandidate {
    fn default() -> Self {
        Self { entry_points: Vec::new(), modules: 20, mib: 1.0, private_mib: 1.0, ms: 5.0 }
    }
}

impl ProjectRule for LazyCandidate {
    fn check(&self, project: &Project<'_>, report: &mut Reporter<'_>) {
        let Self { modules, mib, private_mib, ms, .. } = *self;
        let limit = Limit { modules, mib, private_mib, ms };
        let programs = Running::all(project, &self.entry_points);
        for (id, _) in project.files.iter().filter(|_| !programs.is_empty()) {
            let Some(module) = project.graph.module_of_file(*id) else { continue };
            let file = Checked { id: *id, module, facts: project.facts(*id), project };
            if runs_its_functions(&file) {
                continue;
            }
            let mut last: Option<StatementId> = None;
            for import in (0..).map(ImportId).take(file.facts.imports.len()) {
                let statement = file.facts.import(import).statement;
                if last.replace(statement) == Some(statement) {
                    continue;
                }
                let dearest = dearest(&programs, &file, statement).filter(|(_, cost)| limit.is_passed(*cost));
                if let Some((entry, cost)) = dearest
                    && can_wait(&file, statement)
                {
                    found(&file, import, entry, cost, report);
                }
            }
        }
    }
}

/// The module may call its functions when it is loaded, or a program begins with them.
fn runs_its_functions(file: &Checked<'_>) -> bool {
    let name = file.module_name();
    let is_started = |path: &String| path.split_once(':').is_some_and(|(module, _)| module == name);
    let calls = |effect: &LoadEffect| matches!(effect.kind, LoadEffectKind::Call | LoadEffectKind::Decorator);
    file.facts.traits.has_main_block
        || file.facts.load_effect.as_ref().is_some_and(calls)
        || file.facts.scopes.iter().any(|scope| scope.runs_on_load)
        || file.project.entry_points.iter().any(is_started)
}

/// The program that the statement costs most, and how much.
fn dearest<'r>(programs: &'r [Running<'_>], file: &Checked<'_>, statement: StatementId) -> Option<(&'r str, Cost)> {
    let costs = programs.iter().filter_map(|running| {
        let cost = running.exclusive.get(&running.site_of(file, statement)?)?;
        Some((running.entry.as_str(), *cost))
    });
    costs.max_by_key(|(_, cost)| (cost.modules, cost.code_bytes()))
}

/// Nothing would miss what the statement binds, or loads, before a function is called.
fn can_wait(file: &Checked<'_>, statement: StatementId) -> bool {
    let facts = file.facts;
    let mut names = (0..).map(ImportId).zip(&facts.imports).filter(|(_, import)| import.statement == statement);
    names.all(|(id, import)| name_can_wait(file, id, import))
}

fn name_can_wait(file: &Checked<'_>, id: ImportId, import: &Import) -> bool {
    let (graph, facts) = (file.graph(), file.facts);
    let is_plain = import.when == When::Load
        && import.scope == ScopeId::MODULE
        && !matches!(import.target, Target::Star { .. })
        && facts.branches.ancestors(import.branch).all(|branch| matches!(branch.arm, Arm::Choice(_)));
    let Some(binding) = import.binding.map(|binding| facts.binding(binding)).filter(|_| is_plain) else { return false };
    if binding.kind != BindingKind::Import(id) || facts.bindings_of(ScopeId::MODULE, binding.name).count() != 1 {
        return false;
    }
    let source = graph.resolution(file.module, id).module();
    let does_nothing = source.is_none_or(|source| {
        graph.module(source).origin != Origin::FirstParty || file.project.traces().of(source).is_none()
    });
    does_nothing && !is_wanted(file, binding.name) && is_used_later(file, binding.name)
}

/// Other modules take the name from here, or may.
fn is_wanted(file: &Checked<'_>, name: Symbol) -> bool {
    let (graph, takes) = (file.graph(), file.project.takes());
    let Some(name) = graph.symbol_id(file.module, name) else { return true };
    let is_exported = match graph.exports(file.module) {
        Exports::All(names) => names.iter().any(|exported| exported.name == name),
        Exports::Public => graph.module(file.module).is_package(),
        Exports::Unknown(_) => true,
    };
    is_exported || takes.is_taken(file.module, name) || takes.escapes(file.module)
}

/// The name is used, and not while the module is loaded.
fn is_used_later(file: &Checked<'_>, name: Symbol) -> bool {
    let facts = file.facts;
    let is_use = |reference: &&Reference| reference.name == name && reference.resolved == Some(ScopeId::MODULE);
    let mut uses = facts.references.iter().filter(is_use).peekable();
    // Dataclasses and their like read the annotations of a class when it is made.
    let is_field = |reference: &Reference| facts.scope(reference.scope).kind == ScopeKind::Class;
    let waits = |reference: &Reference| match reference.context {
        Context::DeferredAnnotation | Context::StringAnnotation => !is_field(reference),
        Context::Runtime | Context::Annotation => facts.is_deferred(reference.scope),
    };
    uses.peek().is_some() && uses.all(waits) && !facts.traits.reads_namespace
}

fn found(file: &Checked<'_>, import: ImportId, entry: &str, cost: Cost, report: &mut Reporter<'_>) {
    /// The first version with lazy imports.
    const LAZY: u8 = 15;
    let facts = file.facts;
    let place = facts.statement(facts.import(import)).place();
    let written = written_statement(facts, import);
    let names = facts.imports.iter().filter(|other| other.statement == facts.import(import).statement);
    let names: Vec<Symbol> = names.filter_map(|name| Some(facts.binding(name.binding?).name)).collect();
    let runs = |reference: &Reference| {
        reference.context == Context::Runtime
            && reference.resolved == Some(ScopeId::MODULE)
            && names.contains(&reference.name)
    };
    let is_typing = !facts.references.iter().any(runs);
    let (user, advice) = if is_typing {
        ("annotations", "import it under `if TYPE_CHECKING:`")
    } else {
        ("functions", "import it in the functions that use it")
    };
    let message = format!("only {user} use `{written}`, which alone loads {} when `{entry}` starts", described(cost));
    let has_lazy = file.graph().standard_library().minor() >= LAZY;
    let diagnostic = report.in_file(file.id, place.range, message);
    if !has_lazy {
        diagnostic.help(advice);
        return;
    }
    diagnostic.help(format!("make it lazy, or {advice}"));
    // Python allows `lazy` at the top of the module only, and in no part of a `try`.
    if place.block.number == 0 {
        let start = TextRange::empty(place.range.start());
        diagnostic.fix = Some(Fix {
            title: format!("Make `{written}` lazy"),
            applicability: Applicability::Unsafe,
            changes: vec![Change { file: file.id, kind: ChangeKind::Replace(start, "lazy ".to_owned()) }],
        });
    }
}
