//! Many runs, made into figures.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Conditions, Figure, Problem, Target,
    process::{Begin, Done, Mode, Row, Run, run},
    statistics::difference,
};

/// What a module is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file of Python.
    Source,
    /// A shared library.
    Extension,
    /// Part of the interpreter.
    Builtin,
    /// Part of the interpreter, as bytecode.
    Frozen,
    /// A package without a file.
    Namespace,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Extension => "extension",
            Self::Builtin => "builtin",
            Self::Frozen => "frozen",
            Self::Namespace => "namespace",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Source, Self::Extension, Self::Builtin, Self::Frozen, Self::Namespace];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One module that a target loads; bytes are of private memory, times are of the wall clock without collections.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// Its name.
    pub module: String,
    /// What it is made of; none where that was not seen.
    pub kind: Option<Kind>,
    /// Its file.
    pub path: Option<String>,
    /// The module whose code imports it.
    pub importer: Option<String>,
    /// The file of that code.
    pub file: Option<String>,
    /// The line of the import.
    pub line: u32,
    /// The function that the import stands in, `<module>` outside of any.
    pub function: Option<String>,
    /// The load that it is part of, as a position in the list.
    pub parent: Option<usize>,
    /// Memory that it takes itself.
    pub self_private_bytes: i64,
    /// Memory that it takes with all that it loads.
    pub private_bytes: i64,
    /// Time that it takes itself.
    pub self_ns: i64,
    /// Time that it takes with all that it loads.
    pub ns: i64,
    /// The exception that its import ended with.
    pub error: Option<String>,
    /// It was loaded here, and is in `sys.modules` at the end. (The package around a module may load it first.)
    pub is_loaded: bool,
}

/// What a target costs.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What was measured.
    pub target: Target,
    /// The Python of the interpreter, such as `3.13.0`.
    pub version: String,
    /// The interpreter, in its own words.
    pub executable: String,
    /// Memory could be read on this platform.
    pub has_memory: bool,
    /// How many modules are loaded.
    pub modules: usize,
    /// Private memory in bytes: what no other process can share.
    pub private_bytes: Figure,
    /// Resident memory in bytes: with what is mapped from files, which others may share and the kernel may drop.
    pub mapped_bytes: Figure,
    /// Processor time in nanoseconds.
    pub cpu_ns: Figure,
    /// Wall time in nanoseconds.
    pub wall_ns: Figure,
    /// The part of it that went into collecting garbage.
    pub gc_ns: Figure,
    /// Every load, in the order in which they began.
    pub loaded: Vec<Loaded>,
    /// Modules that appeared without an import.
    pub injected: Vec<String>,
    /// Modules that only some of the runs loaded.
    pub varying: Vec<String>,
    /// Why the figures are not those of a whole run.
    pub problem: Option<Problem>,
    /// Where it was then: the modules that were being loaded, outermost first, each with who imports it.
    pub stopped_in: Vec<String>,
    /// Threads that were running at the end, the main one included.
    pub threads: u32,
    samples: Samples,
}

/// The figures of each run.
#[derive(Clone, Debug, Default)]
struct Samples {
    private: Vec<i64>,
    mapped: Vec<i64>,
    cpu: Vec<i64>,
}

/// The sizes of files, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeBytes {
    /// Of Python sources.
    pub source: u64,
    /// Of shared libraries.
    pub extension: u64,
}

impl Measured {
    /// The modules that are loaded by imports.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.loaded.iter().filter(|load| load.is_loaded).map(|load| load.module.as_str())
    }

    /// How large the files of the modules are.
    #[must_use]
    pub fn code_bytes(&self) -> CodeBytes {
        let mut sum = CodeBytes::default();
        for load in self.loaded.iter().filter(|load| load.is_loaded) {
            let size = || load.path.as_ref().and_then(|path| std::fs::metadata(path).ok()).map_or(0, |file| file.len());
            match load.kind {
                Some(Kind::Source) => sum.source += size(),
                Some(Kind::Extension) => sum.extension += size(),
                _ => {}
            }
        }
        sum
    }
}

/// What one target saves against another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saving {
    /// Modules that are not loaded any more.
    pub modules: i64,
    /// Bytes, with the interval that they lie in with 95 % confidence.
    pub private_bytes: Figure,
    /// The same for resident memory.
    pub mapped_bytes: Figure,
    /// Nanoseconds of the processor.
    pub cpu_ns: Figure,
    /// Whether there is any difference that the measurement can tell from none.
    pub is_measurable: bool,
}

/// Measures targets, in turns: what changes on the machine meanwhile then changes for all of them.
///
/// # Errors
///
/// Where no interpreter can be started, or somebody interrupts. What goes wrong in a target is part of its figures.
pub fn measure(
    targets: &[Target],
    conditions: &Conditions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vec<Measured>, Problem> {
    let nothing = Target::nothing();
    let all: Vec<&Target> = std::iter::once(&nothing).chain(targets).collect();
    let total = all.len() * (conditions.runs + 1);
    let mut count = 0;
    let mut step = |target: &Target, mode: Mode| {
        let run = run(target, mode, conditions);
        count += 1;
        progress(count, total);
        match run.problem {
            Some(problem @ (Problem::NoInterpreter(..) | Problem::NoStart(_) | Problem::Interrupted)) => Err(problem),
            _ => Ok(run),
        }
    };
    let warm: Vec<Run> = all.iter().map(|target| step(target, Mode::Stream)).collect::<Result<_, _>>()?;
    let mut runs: Vec<Vec<Run>> = all.iter().map(|_| Vec::new()).collect();
    for _ in 0..conditions.runs {
        for (at, target) in all.iter().enumerate() {
            // What hangs, crashes or eats memory once does so again.
            if matches!(warm[at].problem, None | Some(Problem::Raised(_))) {
                runs[at].push(step(target, Mode::Buffer)?);
            }
        }
    }
    let mut bare = Bare::default();
    if let Some(runs) = runs.first() {
        bare = Bare::of(runs);
    }
    let warm = warm.into_iter().skip(1);
    let rest = targets.iter().zip(warm).zip(runs.into_iter().skip(1));
    Ok(rest.map(|((target, warm), runs)| measured(target, warm, &runs, &bare)).collect())
}

/// What the narrower of two targets saves.
#[must_use]
pub fn saving(wide: &Measured, narrow: &Measured) -> Saving {
    let of = |figure: fn(&Samples) -> &Vec<i64>| difference(figure(&wide.samples), figure(&narrow.samples));
    let modules = i64::try_from(wide.modules).unwrap_or(0) - i64::try_from(narrow.modules).unwrap_or(0);
    let (private_bytes, mapped_bytes, cpu_ns) = (of(|of| &of.private), of(|of| &of.mapped), of(|of| &of.cpu));
    // Below that, memory differs by where the interpreter's arenas happen to begin.
    const GRAIN: i64 = 64 * 1024;
    let is_clear = |figure: &Figure| figure.low > GRAIN || figure.high < -GRAIN;
    let is_measurable = modules != 0 || is_clear(&private_bytes);
    Saving { modules, private_bytes, mapped_bytes, cpu_ns, is_measurable }
}

/// What a run costs that executes nothing.
#[derive(Default)]
struct Bare {
    private: i64,
    mapped: i64,
    cpu: i64,
    wall: i64,
}

impl Bare {
    fn of(runs: &[Run]) -> Self {
        let median =
            |figure: fn(&Done) -> i64| Figure::of(runs.iter().filter_map(|run| run.done.as_ref()).map(figure)).median;
        Self {
            private: median(|done| done.private),
            mapped: median(|done| done.mapped),
            cpu: median(|done| done.cpu_ns),
            wall: median(|done| done.wall_ns),
        }
    }
}

fn measured(target: &Target, warm: Run, runs: &[Run], bare: &Bare) -> Measured {
    let dones: Vec<&Done> = runs.iter().filter_map(|run| run.done.as_ref()).collect();
    let list = |figure: &dyn Fn(&Done) -> i64| dones.iter().map(|done| figure(done)).collect::<Vec<i64>>();
    let samples = Samples {
        private: list(&|done| done.private - bare.private),
        mapped: list(&|done| done.mapped - bare.mapped),
        cpu: list(&|done| done.cpu_ns - bare.cpu),
    };
    let problem = runs.iter().find_map(|run| run.problem.clone()).or_else(|| warm.problem.clone());
    let sets: Vec<FxHashSet<&str>> = dones.iter().map(|done| done.new.iter().map(String::as_str).collect()).collect();
    let mut varying: Vec<String> = sets
        .iter()
        .flatten()
        .filter(|name| sets.iter().any(|set| !set.contains(**name)))
        .map(|name| (*name).to_owned())
        .collect();
    varying.sort_unstable();
    varying.dedup();
    let loaded = loads(runs);
    let seen: FxHashSet<&str> = loaded.iter().filter(|load| load.is_loaded).map(|load| load.module.as_str()).collect();
    let new = dones.first().map(|done| done.new.as_slice()).unwrap_or_default();
    let injected = new.iter().filter(|name| !seen.contains(name.as_str())).cloned().collect();
    let mut counts: Vec<usize> = dones.iter().map(|done| done.new.len()).collect();
    counts.sort_unstable();
    let start = runs.iter().chain([&warm]).find_map(|run| run.start.as_ref());
    Measured {
        target: target.clone(),
        version: start.map(|start| start.version.clone()).unwrap_or_default(),
        executable: start.map(|start| start.executable.clone()).unwrap_or_default(),
        has_memory: start.is_some_and(|start| start.memory),
        modules: counts.get(counts.len() / 2).copied().unwrap_or(0),
        private_bytes: Figure::of(samples.private.iter().copied()),
        mapped_bytes: Figure::of(samples.mapped.iter().copied()),
        cpu_ns: Figure::of(samples.cpu.iter().copied()),
        wall_ns: Figure::of(list(&|done| done.wall_ns - bare.wall)),
        gc_ns: Figure::of(list(&|done| done.gc_ns)),
        stopped_in: if dones.is_empty() { warm.open.iter().map(told).collect() } else { Vec::new() },
        loaded,
        injected,
        varying,
        problem,
        threads: dones.iter().map(|done| done.threads).max().unwrap_or(1),
        samples,
    }
}

fn told(open: &Begin) -> String {
    match (&open.importer, &open.file) {
        (Some(importer), Some(file)) => format!("`{}`, imported by `{importer}` ({file}:{})", open.module, open.line),
        _ => format!("`{}`", open.module),
    }
}

/// The figures of one load in one run.
struct Own {
    pages: i64,
    ns: i64,
}

/// The loads of the first run, with the medians of what each took over all runs.
fn loads(runs: &[Run]) -> Vec<Loaded> {
    let Some(first) = runs.iter().find(|run| run.done.is_some()) else { return Vec::new() };
    let page = first.start.as_ref().map_or(1, |start| start.page);
    let mut own: FxHashMap<(&str, usize), Vec<Own>> = FxHashMap::default();
    for run in runs {
        for (key, row) in numbered(&run.rows) {
            own.entry(key)
                .or_default()
                .push(Own { pages: row.pages - row.inside_pages, ns: (row.ns - row.inside_ns - row.gc_ns).max(0) });
        }
    }
    // The median of a sum is more than the sum of the medians, for what disturbs a run disturbs another module each time.
    let whole = Figure::of(runs.iter().map(|run| run.rows.iter().map(self_ns_of).sum())).median;
    let summed: i64 = own.values().map(|own| Figure::of(own.iter().map(|own| own.ns)).median).sum();
    let scale = if summed > 0 { whole as f64 / summed as f64 } else { 1.0 };
    let positions: FxHashMap<i64, usize> = first.rows.iter().enumerate().map(|(at, row)| (row.row, at)).collect();
    let mut loaded: Vec<Loaded> = numbered(&first.rows)
        .map(|(key, row)| {
            let own = &own[&key];
            let self_private_bytes = Figure::of(own.iter().map(|own| own.pages * page)).median;
            let self_ns = (Figure::of(own.iter().map(|own| own.ns)).median as f64 * scale).round() as i64;
            Loaded {
                module: row.module.clone(),
                kind: row.kind.as_deref().and_then(Kind::parse),
                path: row.path.clone().filter(|path| path.contains(['/', '\\'])),
                importer: row.importer.clone(),
                file: row.file.clone(),
                line: row.line,
                function: row.function.clone(),
                parent: positions.get(&row.parent).copied(),
                self_private_bytes,
                private_bytes: self_private_bytes,
                self_ns,
                ns: self_ns,
                error: row.error.clone(),
                is_loaded: row.loaded,
            }
        })
        .collect();
    // A load comes after the one that it is part of.
    for at in (0..loaded.len()).rev() {
        let (private, ns) = (loaded[at].private_bytes, loaded[at].ns);
        if let Some(parent) = loaded[at].parent.filter(|parent| *parent < at) {
            loaded[parent].private_bytes += private;
            loaded[parent].ns += ns;
        }
    }
    loaded
}

fn self_ns_of(row: &Row) -> i64 {
    (row.ns - row.inside_ns - row.gc_ns).max(0)
}

/// The rows, each with its module and how often that was tried before.
fn numbered(rows: &[Row]) -> impl Iterator<Item = ((&str, usize), &Row)> {
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    rows.iter().map(move |row| {
        let count = counts.entry(row.module.as_str()).or_default();
        *count += 1;
        ((row.module.as_str(), *count), row)
    })
}
