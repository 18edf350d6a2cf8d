//! What rules look at.

use std::sync::{Arc, OnceLock};

use douane_base::{FileId, ModuleName, TextRange};
use douane_cost::{Installed, LoadGraph};
use douane_graph::{Definition, Lookup, ModuleGraph, ModuleId, ModuleKind, Object, Takes};
use douane_parser::{Effect, EffectKind, FileFacts, Import, ImportId, Target};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    traces::{Affected, Traces},
    wording::written_module,
};

/// The whole program, linked.
pub struct Project<'p> {
    /// The facts by [`FileId`], those of third-party files included.
    pub facts: &'p [FileFacts],
    /// All modules.
    pub graph: &'p ModuleGraph,
    /// The program's own files, with their path relative to the project folder (`/` separated), sorted.
    pub files: &'p [(FileId, String)],
    /// Those of them that findings are wanted of, sorted as well.
    pub reported: &'p [(FileId, String)],
    /// Nobody waits for the findings any more.
    pub is_given_up: &'p (dyn Fn() -> bool + Sync),
    /// Files that could not be read, with the reason.
    pub unreadable: &'p [(FileId, String)],
    /// What the metadata of the distribution names, as `package.module:name`.
    pub entry_points: &'p [String],
    /// All that the programs may load; looked up only where a rule that runs asks for it.
    pub installed: Option<&'p Installed>,
    /// What programs may load at most.
    pub budgets: &'p [LoadBudget],
    /// The modules that a commit lacks although they are on disk, or takes away.
    pub absent: &'p FxHashMap<ModuleName, Absence>,
    /// The settings that have nothing to work on, in the file of the configuration.
    pub unused_settings: Option<&'p UnusedSettings>,
    builtins: OnceLock<FxHashSet<&'static str>>,
    takes: OnceLock<Arc<Takes>>,
    loads: OnceLock<Arc<LoadGraph>>,
    certain_loads: OnceLock<Arc<LoadGraph>>,
    traces: OnceLock<Arc<Traces>>,
    injected: OnceLock<FxHashSet<Box<str>>>,
    offered: OnceLock<FxHashSet<ModuleId>>,
    computes_imports: OnceLock<bool>,
    changes_sys_modules: OnceLock<bool>,
}

impl<'p> Project<'p> {
    /// A project of these parts.
    #[must_use]
    pub fn new(facts: &'p [FileFacts], graph: &'p ModuleGraph, files: &'p [(FileId, String)]) -> Self {
        Self {
            facts,
            graph,
            files,
            reported: files,
            is_given_up: &|| false,
            unreadable: &[],
            entry_points: &[],
            installed: None,
            budgets: &[],
            absent: NOTHING_ABSENT.get_or_init(FxHashMap::default),
            unused_settings: None,
            builtins: OnceLock::new(),
            takes: OnceLock::new(),
            loads: OnceLock::new(),
            certain_loads: OnceLock::new(),
            traces: OnceLock::new(),
            injected: OnceLock::new(),
            offered: OnceLock::new(),
            computes_imports: OnceLock::new(),
            changes_sys_modules: OnceLock::new(),
        }
    }

    /// The facts of a file.
    #[must_use]
    pub fn facts(&self, file: FileId) -> &'p FileFacts {
        &self.facts[file.0 as usize]
    }

    /// The file is the program's own.
    pub(crate) fn is_own(&self, file: FileId) -> bool {
        self.path(file).is_some()
    }

    /// The path of one of the program's own files, relative to the project folder.
    pub(crate) fn path(&self, file: FileId) -> Option<&'p str> {
        let at = self.files.binary_search_by_key(&file, |(file, _)| *file).ok()?;
        Some(&self.files[at].1)
    }

    /// The modules that findings are wanted of, in the order of their files, for as long as anybody waits for them.
    pub(crate) fn checked(&self) -> impl ParallelIterator<Item = Checked<'_>> {
        let files = self.reported.par_iter().take_any_while(|_| !(self.is_given_up)());
        files.filter_map(|(file, _)| {
            let module = self.graph.module_of_file(*file)?;
            Some(Checked { id: *file, module, facts: self.facts(*file), project: self })
        })
    }

    /// The facts of a module that has a file.
    #[must_use]
    pub fn module_facts(&self, module: ModuleId) -> Option<(FileId, &'p FileFacts)> {
        let file = self.graph.module(module).file?;
        self.facts.get(file.0 as usize).map(|facts| (file, facts))
    }

    /// Makes what is made on request and in parallel. To wait for it on a thread of the pool could be for ever: the thread
    /// may meanwhile take up other work that asks for the same.
    pub(crate) fn prepare(&self) {
        let _ = self.traces();
    }

    /// Takes over what was prepared for the same program.
    #[must_use]
    pub fn prepared(self, prepared: &Prepared) -> Self {
        Self {
            takes: Arc::clone(&prepared.takes).into(),
            loads: Arc::clone(&prepared.loads).into(),
            certain_loads: Arc::clone(&prepared.certain_loads).into(),
            traces: Arc::clone(&prepared.traces).into(),
            ..self
        }
    }

    /// Who takes which name from which module.
    #[must_use]
    pub fn takes(&self) -> &Takes {
        self.takes.get_or_init(|| Takes::new(self.graph, self.facts, self.entry_points).into())
    }

    /// What it means to load a module.
    #[must_use]
    pub(crate) fn traces(&self) -> &Traces {
        self.traces.get_or_init(|| Traces::new(self, None).into())
    }

    /// True for names that some module of the program adds to the builtins: `builtins._ = …`.
    #[must_use]
    pub fn is_injected_builtin(&self, name: &str) -> bool {
        let injected = self.injected.get_or_init(|| {
            let stores = |(facts, effect): (&'p FileFacts, &'p Effect)| match effect.kind {
                EffectKind::AttributeStore(reference) => Some((facts, facts.reference(reference))),
                _ => None,
            };
            let effects = self.facts.iter().flat_map(|facts| facts.effects.iter().map(move |effect| (facts, effect)));
            effects
                .filter_map(stores)
                .filter(|(facts, reference)| matches!(facts.name(reference.name), "builtins" | "__builtins__"))
                .filter_map(|(facts, reference)| {
                    facts.chain(reference).first().map(|first| facts.name(first.name).into())
                })
                .collect()
        });
        injected.contains(name)
    }

    /// The packages of the program, and the modules whose public names they have through stars, from one module to the next:
    /// code outside takes from there.
    fn offered(&self) -> &FxHashSet<ModuleId> {
        self.offered.get_or_init(|| {
            let graph = self.graph;
            let own = self.files.iter().filter_map(|(file, _)| graph.module_of_file(*file));
            let mut found: FxHashSet<ModuleId> = FxHashSet::default();
            let mut next: Vec<ModuleId> =
                own.filter(|module| graph.module(*module).kind == ModuleKind::Package).collect();
            while let Some(module) = next.pop() {
                if found.insert(module)
                    && let Some((_, facts)) = self.module_facts(module)
                {
                    next.extend(graph.stars(module, facts).filter_map(|(_, _, source)| source));
                }
            }
            found
        })
    }

    /// Some code of the program loads modules whose names it computes.
    #[must_use]
    pub(crate) fn computes_imports(&self) -> bool {
        let any = || self.files.iter().any(|(file, _)| self.facts(*file).traits.computes_imports);
        *self.computes_imports.get_or_init(any)
    }

    /// Some code takes modules out of `sys.modules` or puts others in: what is imported then is another object.
    #[must_use]
    pub(crate) fn changes_sys_modules(&self) -> bool {
        let is_change = |effect: &Effect| matches!(effect.kind, EffectKind::SysModules { .. });
        *self.changes_sys_modules.get_or_init(|| self.facts.iter().any(|facts| facts.effects.iter().any(is_change)))
    }

    /// What may be loaded with what.
    #[must_use]
    pub fn loads(&self) -> &LoadGraph {
        self.loads.get_or_init(|| LoadGraph::possible(self.graph).into())
    }

    /// What is surely loaded with what.
    #[must_use]
    pub fn certain_loads(&self) -> &LoadGraph {
        self.certain_loads.get_or_init(|| LoadGraph::certain(self.graph).into())
    }

    /// The names that Python offers everywhere in the target version.
    #[must_use]
    pub fn is_builtin(&self, name: &str) -> bool {
        self.builtins().contains(name)
    }

    /// All of these names.
    #[must_use]
    pub fn builtins(&self) -> &FxHashSet<&'static str> {
        self.builtins.get_or_init(|| {
            let module = self.graph.standard_library().module("builtins");
            module
                .into_iter()
                .flat_map(|module| module.attributes.into_iter().flatten().chain(module.elsewhere))
                .collect()
        })
    }
}

static NOTHING_ABSENT: OnceLock<FxHashMap<ModuleName, Absence>> = OnceLock::new();

/// Why a module is not there once a change is committed. The path is relative to the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Its file is on disk, but git does not track it.
    Untracked(String),
    /// The change deletes its file, or moves it away.
    Deleted(String),
}

impl Absence {
    /// The package stays, as a folder without `__init__`.
    fn is_deleted_init(&self) -> bool {
        let Self::Deleted(path) = self else { return false };
        path.rsplit(['/', '\\']).next().is_some_and(|name| name.starts_with("__init__."))
    }
}

/// What rules share, made from the facts and the graph of a program. It can be kept for the next check of the same program,
/// or be brought up to date where the graph was linked again.
pub struct Prepared {
    takes: Arc<Takes>,
    loads: Arc<LoadGraph>,
    certain_loads: Arc<LoadGraph>,
    traces: Arc<Traces>,
}

impl Prepared {
    /// What a project shares. If it was made for the graph before, only what may have changed since is made anew.
    #[must_use]
    pub fn new(project: &Project<'_>, before: Option<Self>) -> Self {
        let graph = project.graph;
        if let (Some(before), Some(changes)) = (before, graph.changes()) {
            let Self { takes, loads, certain_loads, traces } = before;
            if changes.has_same_loads() {
                let _ = (project.loads.set(loads), project.certain_loads.set(certain_loads));
            } else {
                rayon::join(|| project.loads(), || project.certain_loads());
            }
            let affected = Affected { changes, modules: changes.affected(graph, project.facts) };
            let takes = Arc::into_inner(takes);
            let takes = takes.map(|takes| takes.again(graph, project.facts, project.entry_points, &affected.modules));
            if let Some(takes) = takes {
                let _ = project.takes.set(takes.into());
            }
            let traces = Traces::new(project, Some((&traces, &affected)));
            let _ = project.traces.set(traces.into());
        }
        project.prepare();
        let _ = project.certain_loads();
        let made = "what is shared was made";
        Self {
            takes: Arc::clone(project.takes.get().expect(made)),
            loads: Arc::clone(project.loads.get().expect(made)),
            certain_loads: Arc::clone(project.certain_loads.get().expect(made)),
            traces: Arc::clone(project.traces.get().expect(made)),
        }
    }
}

/// What one program may load at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBudget {
    /// The module that it begins with.
    pub target: String,
    /// How many modules.
    pub modules: Option<usize>,
    /// How many bytes of source and extension modules.
    pub code: Option<u64>,
}

/// Settings that have nothing to work on.
pub struct UnusedSettings {
    /// The file of the configuration.
    pub file: FileId,
    /// Its path relative to the project folder.
    pub path: String,
    /// The settings, each with what is wrong about it.
    pub settings: Vec<(TextRange, String)>,
}

/// One file of a project.
#[derive(Clone, Copy)]
pub struct Checked<'c> {
    /// The file.
    pub id: FileId,
    /// The module that it is.
    pub module: ModuleId,
    /// Its facts.
    pub facts: &'c FileFacts,
    /// The program around it.
    pub project: &'c Project<'c>,
}

impl<'c> Checked<'c> {
    /// The program's graph.
    #[must_use]
    pub fn graph(&self) -> &'c ModuleGraph {
        self.project.graph
    }

    /// The module's dotted name.
    #[must_use]
    pub fn module_name(&self) -> &'c str {
        self.project.graph.module_name(self.module)
    }

    /// The module offers its public names to code outside of the program: it is the `__init__` of a package, or such a one has
    /// them by a star. A list of exports says which these are.
    pub(crate) fn is_offered(&self) -> bool {
        let is_package = self.graph().module(self.module).kind == ModuleKind::Package;
        is_package || (!self.graph().has_all(self.module) && self.project.offered().contains(&self.module))
    }

    /// What an import of the file stands for in the end.
    pub(crate) fn definition(&self, import: ImportId) -> Definition {
        let graph = self.graph();
        match graph.imported_object(self.module, self.facts, import) {
            Object::Module(module) => Definition::Module(module),
            Object::Name(module, name) => graph.definition(self.project.facts, module, name),
            Object::Unknown => Definition::Unknown,
        }
    }

    /// Python offers the name everywhere in the file, or IPython does in a notebook.
    pub(crate) fn is_builtin(&self, name: &str) -> bool {
        /// What IPython puts among the names of a user, besides the numbered ones.
        const IPYTHON: [&str; 14] = [
            "In",
            "Out",
            "_",
            "__",
            "___",
            "_dh",
            "_exit_code",
            "_i",
            "_ih",
            "_ii",
            "_iii",
            "_oh",
            "display",
            "get_ipython",
        ];
        let is_history = || {
            let number = name.strip_prefix("_i").or_else(|| name.strip_prefix('_'));
            number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
        };
        self.project.is_builtin(name) || (self.facts.traits.is_notebook && (IPYTHON.contains(&name) || is_history()))
    }

    /// The absolute name of the module that an import names; none beyond the top-level package.
    pub(crate) fn absolute_module(&self, import: &Import) -> Option<String> {
        let graph = self.graph();
        let (level, module) = import.target.module();
        if level == 0 {
            return Some(written_module(self.facts, import));
        }
        let own = graph.module(self.module);
        let start = if own.is_package() { Some(self.module) } else { own.parent };
        let base = std::iter::successors(start, |module| graph.module(*module).parent).nth(level as usize - 1)?;
        let base = graph.module_name(base);
        Some(module.map_or_else(|| base.to_owned(), |module| format!("{base}.{}", self.facts.name(module))))
    }

    /// The module that an import needs and that won't be there once a change is committed.
    pub(crate) fn absent(&self, id: ImportId) -> Option<(String, &'c Absence)> {
        if self.project.absent.is_empty() {
            return None;
        }
        let (graph, import) = (self.graph(), self.facts.import(id));
        let module = self.absolute_module(import)?;
        let absence = |name: &str| ModuleName::new(name).and_then(|name| self.project.absent.get(&name));
        let source = graph.resolution(self.module, id).module();
        let taken = match import.target {
            Target::From { name, .. } => Some(self.facts.name(name)),
            _ => None,
        };
        let is_missing = |source, name| matches!(graph.lookup(source, name), Lookup::Missing | Lookup::Unknown(_));
        // What another file stands in for is there; a folder without `__init__` is for nothing, but for the modules in it
        // where the `__init__` went.
        let serves = |source, absence: &Absence| {
            graph.module(source).kind != ModuleKind::Namespace
                || (absence.is_deleted_init()
                    && match import.target {
                        Target::Module(_) => true,
                        Target::From { .. } => taken.is_some_and(|name| !is_missing(source, name)),
                        Target::Star { .. } => false,
                    })
        };
        let is_gone = |absence: &&Absence| source.is_none_or(|source| !serves(source, absence));
        if let Some(absence) = absence(&module).filter(is_gone) {
            return Some((module, absence));
        }
        // A folder without `__init__` is no module any more once nothing is in it.
        let submodule = format!("{module}.{}", taken?);
        let is_sought = source.is_none_or(|source| taken.is_some_and(|name| is_missing(source, name)));
        absence(&submodule).filter(|_| is_sought).map(|absence| (submodule, absence))
    }
}
