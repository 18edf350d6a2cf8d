//! Walks the imports of a program as an interpreter would.
//!
//! A module is run when it is first imported, after its parents, and once; its imports are then taken in their order
//! (language reference, section 5). An import of what is not there fails, and with it all modules up to the `try` that
//! catches that, whose handlers run then; where none does the module is taken to be somewhere else. Of a condition that can't be decided all arms are taken, but in functions none. `from package import name` loads a
//! submodule only where the package has no such name (section 7.11).
//!
//! Imports through importlib, and what compiled code loads without naming it, are not seen.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    dominators::Dominators,
    load_facts::{ArmKind, LoadFacts, LoadImport, LoadTarget},
    modules::{LoadedKind, LoadedModule, Measured, ModuleIndex, Modules},
    startup::is_there_at_startup,
};

/// Deep chains of imports are followed on a stack of their own.
const RED_ZONE: usize = 64 * 1024;
const NEW_STACK: usize = 4 * 1024 * 1024;

/// What a program loads.
pub struct Estimate {
    /// The loads in their order, the target's own code left out.
    pub loads: Vec<Load>,
    /// The modules that are not there although nothing provides for that, each with the first import of it: they are not
    /// installed here, and what they would load is not known.
    pub missing: Vec<(String, Site)>,
    states: Vec<State>,
    dominators: Dominators,
}

/// One load of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// The module.
    pub module: ModuleIndex,
    /// The load that it is part of, as a position in the list.
    pub parent: Option<usize>,
    /// The import that starts it.
    pub site: Site,
    /// It is there in the end; otherwise something that it imports is not there.
    pub is_loaded: bool,
}

/// An import statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    /// The module that it stands in; none for the target's own code.
    pub importer: Option<ModuleIndex>,
    /// The number of the statement there.
    pub statement: u32,
}

/// A sum over modules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many there are.
    pub modules: usize,
    /// The sizes of their Python files, in bytes.
    pub source_bytes: u64,
    /// The sizes of their shared libraries, in bytes.
    pub extension_bytes: u64,
    /// What those of them that were measured take.
    pub measured: Measured,
    /// How many these are.
    pub measured_modules: usize,
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.modules += other.modules;
        self.source_bytes += other.source_bytes;
        self.extension_bytes += other.extension_bytes;
        self.measured.private_bytes += other.measured.private_bytes;
        self.measured.ns += other.measured.ns;
        self.measured_modules += other.measured_modules;
    }
}

impl Modules {
    /// The line of an import, from 1; none where that is not known.
    #[must_use]
    pub fn line(&self, site: Site) -> Option<u32> {
        let facts = &self.get(site.importer?).facts;
        let import = facts.imports.iter().find(|import| import.statement == site.statement)?;
        (import.line > 0).then_some(import.line)
    }

    /// What a module costs by itself.
    #[must_use]
    pub fn cost(&self, module: ModuleIndex) -> Cost {
        let LoadedModule { kind, bytes, measured, .. } = self.get(module);
        let of = |wanted| if *kind == wanted { *bytes } else { 0 };
        Cost {
            modules: 1,
            source_bytes: of(LoadedKind::Source),
            extension_bytes: of(LoadedKind::Extension),
            measured: measured.unwrap_or_default(),
            measured_modules: usize::from(measured.is_some()),
        }
    }
}

impl Cost {
    /// Source and shared libraries.
    #[must_use]
    pub fn code_bytes(self) -> u64 {
        self.source_bytes + self.extension_bytes
    }
}

/// What becomes of imports of which nobody can tell whether they run: those below conditions that can't be decided, and
/// those in functions that seem to be called while a module is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubtful {
    /// They are followed.
    Taken,
    /// They are left out, so that what is told is surely loaded.
    LeftOut,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unseen,
    /// The interpreter has it before the program begins.
    There,
    Loading,
    Loaded,
    Failed,
}

/// A statement imports a module, whether that is loaded already or not.
struct Edge {
    site: Site,
    imported: ModuleIndex,
}

impl Estimate {
    /// What the code of a target loads: a statement, or a script. The version is that of the interpreter.
    #[must_use]
    pub fn new(modules: &Modules, target: &LoadFacts, minor: u8, doubtful: Doubtful) -> Self {
        let startup = |at: u32| {
            let is_there = is_there_at_startup(&modules.get(ModuleIndex(at)).name, minor);
            if is_there { State::There } else { State::Unseen }
        };
        let mut walk = Walk {
            modules,
            states: (0..u32::try_from(modules.len()).unwrap_or(u32::MAX)).map(startup).collect(),
            loads: Vec::new(),
            around: None,
            edges: Vec::new(),
            missing: Vec::new(),
            doubtful,
            minor,
            catching: 0,
        };
        walk.run(None, target);
        let Walk { states, loads, edges, missing, .. } = walk;
        // What a module has loaded before it failed stays.
        let ran = |at: ModuleIndex| matches!(states[at.0 as usize], State::Loaded | State::Failed);
        let kept = edges.iter().filter(|edge| ran(edge.imported) && edge.site.importer.is_none_or(ran));
        let dominators = Dominators::new(modules.len(), kept.map(|edge| (edge.site, edge.imported)));
        Self { loads, missing, states, dominators }
    }

    /// The modules that are loaded, in the order in which they began to be.
    pub fn loaded(&self) -> impl Iterator<Item = ModuleIndex> {
        self.loads.iter().filter(|load| load.is_loaded).map(|load| load.module)
    }

    /// True if the program loads the module.
    #[must_use]
    pub fn loads(&self, module: ModuleIndex) -> bool {
        self.states[module.0 as usize] == State::Loaded
    }

    /// All of it.
    #[must_use]
    pub fn total(&self, modules: &Modules) -> Cost {
        let mut sum = Cost::default();
        self.loaded().for_each(|module| sum += modules.cost(module));
        sum
    }

    /// What would no longer be loaded without the statement: the modules that every way from the target leads to through
    /// it.
    #[must_use]
    pub fn only_through(&self, site: Site) -> Vec<ModuleIndex> {
        let mut found = self.dominators.below_site(site);
        found.retain(|module| self.loads(*module));
        found
    }

    /// The sums of [`Estimate::only_through`], for all statements.
    #[must_use]
    pub fn exclusive(&self, modules: &Modules) -> FxHashMap<Site, Cost> {
        self.dominators.sums(|module| if self.loads(module) { modules.cost(module) } else { Cost::default() })
    }

    /// How the module comes to be loaded: the first imports that lead to it, from the target's own on.
    #[must_use]
    pub fn chain(&self, module: ModuleIndex) -> Vec<(Site, ModuleIndex)> {
        let mut links = Vec::new();
        let mut at = self.loads.iter().find(|load| load.module == module);
        while let Some(load) = at {
            links.push((load.site, load.module));
            at = load.site.importer.and_then(|importer| self.loads.iter().find(|load| load.module == importer));
        }
        links.reverse();
        links
    }
}

struct Walk<'m> {
    modules: &'m Modules,
    states: Vec<State>,
    loads: Vec<Load>,
    /// The load whose code runs.
    around: Option<usize>,
    edges: Vec<Edge>,
    missing: Vec<(String, Site)>,
    doubtful: Doubtful,
    minor: u8,
    /// How many of the imports that are under way stand in a `try` that would catch a failure.
    catching: usize,
}

/// An import of what is not there, by its name.
struct NotFound(String);

impl Walk<'_> {
    /// Runs the imports of a file; false if one fails and nothing catches that.
    fn run(&mut self, importer: Option<ModuleIndex>, facts: &LoadFacts) -> bool {
        // The `try` statements whose bodies failed, and those inside of them that the failure passed through.
        let (mut failed, mut passed): (FxHashSet<u32>, FxHashSet<u32>) = Default::default();
        for import in &facts.imports {
            let arms = || {
                std::iter::successors(import.arm, |arm| facts.arms[*arm as usize].parent)
                    .map(|arm| &facts.arms[arm as usize])
            };
            let skipped = arms().find_map(|arm| match arm.kind {
                ArmKind::Body(_) | ArmKind::Else => failed.contains(&arm.fork).then_some(true),
                ArmKind::Handler => (!failed.contains(&arm.fork)).then_some(true),
                ArmKind::Finally => passed.contains(&arm.fork).then_some(false),
            });
            let is_doubtful = !import.is_sure || import.is_in_function;
            let is_left_out = self.doubtful == Doubtful::LeftOut && is_doubtful && importer.is_some();
            if is_left_out && !self.is_compiled(importer) || skipped == Some(true) {
                continue;
            }
            let catching = arms().find(|arm| arm.kind == ArmKind::Body(true));
            self.catching += usize::from(catching.is_some());
            let result = self.import(importer, import);
            self.catching -= usize::from(catching.is_some());
            if result.is_ok() {
                continue;
            }
            match catching {
                Some(catching) => {
                    passed.extend(arms().map(|arm| arm.fork).take_while(|fork| *fork != catching.fork));
                    failed.insert(catching.fork);
                }
                None if import.is_sure => return false,
                None => {}
            }
        }
        true
    }

    fn import(&mut self, importer: Option<ModuleIndex>, import: &LoadImport) -> Result<(), NotFound> {
        let site = Site { importer, statement: import.statement };
        let (name, is_package) =
            importer.map_or(("", false), |at| (&*self.modules.get(at).name, self.modules.get(at).is_package));
        let Some(base) = import.target.base(name, is_package) else {
            // Beyond the top-level package.
            return if self.catching > 0 { Err(NotFound(String::new())) } else { Ok(()) };
        };
        let result = self.load(site, &base).and_then(|()| match &import.target {
            LoadTarget::Module(_) => Ok(()),
            LoadTarget::From(_, _, name) => self.load_submodule(site, &base, name),
            LoadTarget::Star(..) => {
                let Some(package) = self.modules.find(&base) else { return Ok(()) };
                let modules = self.modules;
                for name in &modules.get(package).facts.exported {
                    // A missing one is an AttributeError, not an ImportError.
                    let _ = self.load_submodule(site, &base, name);
                }
                Ok(())
            }
        });
        match result {
            // If nothing would catch that, the program runs only where the module is.
            Err(NotFound(name)) if self.catching == 0 => {
                if import.is_sure && !self.missing.iter().any(|(missing, _)| *missing == name) {
                    self.missing.push((name, site));
                }
                Ok(())
            }
            result => result,
        }
    }

    /// The imports are names in a binary.
    fn is_compiled(&self, importer: Option<ModuleIndex>) -> bool {
        importer.is_some_and(|importer| self.modules.get(importer).kind == LoadedKind::Extension)
    }

    /// The submodule that a name taken from a package may be.
    fn load_submodule(&mut self, site: Site, package: &str, name: &str) -> Result<(), NotFound> {
        let Some(at) = self.modules.find(package) else { return Ok(()) };
        let module = self.modules.get(at);
        let is_run = self.states[at.0 as usize] == State::Loaded;
        let whole = format!("{package}.{name}");
        let is_there = self.modules.find(&whole).is_some_and(|at| self.states[at.0 as usize] == State::Loaded);
        if !is_there && is_run && module.facts.binds(name) {
            return Ok(());
        }
        if self.modules.find(&whole).is_some() {
            return self.load(site, &whole);
        }
        let is_known = module.kind == LoadedKind::Source && is_run && module.path.is_some() && !module.facts.is_open;
        let is_asked = self.catching > 0 || site.importer.is_none();
        if is_known && is_asked && !module.facts.may_have(name) { Err(NotFound(whole)) } else { Ok(()) }
    }

    /// Loads a module after its parents.
    fn load(&mut self, site: Site, name: &str) -> Result<(), NotFound> {
        let mut parent: Option<ModuleIndex> = None;
        for end in name.match_indices('.').map(|(at, _)| at).chain([name.len()]) {
            let Some(module) = self.modules.find(&name[..end]) else {
                // What makes its submodules itself may have this one.
                let is_open = is_there_at_startup(&name[..end], self.minor)
                    || parent.is_some_and(|parent| {
                        let parent = self.modules.get(parent);
                        parent.facts.is_open || parent.kind == LoadedKind::Builtin
                    });
                return if is_open { Ok(()) } else { Err(NotFound(name[..end].to_owned())) };
            };
            parent = Some(module);
            if site.importer != Some(module) {
                self.edges.push(Edge { site, imported: module });
            }
            match self.states[module.0 as usize] {
                State::Unseen => self.execute(site, module)?,
                State::There | State::Loading | State::Loaded => {}
                State::Failed => return Err(NotFound(name[..end].to_owned())),
            }
        }
        Ok(())
    }

    /// Code puts something into `sys.modules`.
    fn inject(&mut self, importer: ModuleIndex, name: &str) {
        let site = Site { importer: Some(importer), statement: u32::MAX };
        let Some(module) = self.modules.find(name) else { return };
        if std::mem::replace(&mut self.states[module.0 as usize], State::Loaded) == State::Unseen {
            self.loads.push(Load { module, parent: self.around, site, is_loaded: true });
        }
        self.edges.push(Edge { site, imported: module });
    }

    fn execute(&mut self, site: Site, module: ModuleIndex) -> Result<(), NotFound> {
        let at = self.loads.len();
        self.loads.push(Load { module, parent: self.around, site, is_loaded: true });
        self.states[module.0 as usize] = State::Loading;
        let outer = self.around.replace(at);
        let modules = self.modules;
        let is_run = stacker::maybe_grow(RED_ZONE, NEW_STACK, || self.run(Some(module), &modules.get(module).facts));
        if is_run {
            modules.get(module).facts.injected.iter().for_each(|name| self.inject(module, name));
        }
        self.around = outer;
        self.loads[at].is_loaded = is_run;
        self.states[module.0 as usize] = if is_run { State::Loaded } else { State::Failed };
        if is_run { Ok(()) } else { Err(NotFound(modules.get(module).name.to_string())) }
    }
}
