//! `douane cost --static`: what targets load as far as their code tells. Nothing is run.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use douane_cost::{Cost, Doubtful, Estimate, Load, LoadFacts, Measured, ModuleIndex, Modules, Site};
use douane_probe::{Code, Target};
use douane_workspace::{Estimator, Request, Workspace, interpreters_on_path};
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{
    cache_folder,
    text::{Paint, as_tree, counted, milliseconds, shortened, signed_bytes},
};
use crate::{
    arguments::{CostArguments, CostFormat, CostSort},
    outcome::{Outcome, refused, written},
    terminal::{self, Color},
};

pub(super) fn run(arguments: &CostArguments, color: Color) -> Outcome {
    let (mut estimator, targets) = match prepared(arguments) {
        Ok(prepared) => prepared,
        Err(outcome) => return outcome,
    };
    let mut all = Vec::new();
    for wanted in targets {
        if let Some(folder) = &wanted.folder {
            estimator.look_first_in(folder);
        }
        let modules = estimator.modules(std::slice::from_ref(&wanted.facts));
        let estimate = Estimate::new(&modules, &wanted.facts, estimator.minor(), Doubtful::Taken);
        all.push((wanted.name, estimate, modules));
    }
    estimator.save();
    let estimated: Vec<Estimated<'_>> =
        all.iter().map(|(name, estimate, modules)| Estimated::new(name, estimate, modules)).collect();
    let mut output = io::BufWriter::new(io::stdout().lock());
    let result = match arguments.measuring.output_format {
        CostFormat::Json => write_json(&estimated, &estimator, &mut output),
        CostFormat::Text => {
            let paint = Paint(color.is_on(&io::stdout()));
            estimated.iter().try_for_each(|estimated| estimated.write(arguments, &estimator, paint, &mut output))
        }
    };
    let fails = estimated.iter().any(|estimated| !estimated.not_found().is_empty());
    written(result.and_then(|()| output.flush()), if fails { Outcome::Findings } else { Outcome::Clean })
}

/// A target, with what its own code loads.
struct Wanted {
    name: String,
    facts: LoadFacts,
    /// Where its imports are looked for first; none for the whole project.
    folder: Option<PathBuf>,
}

fn prepared(arguments: &CostArguments) -> Result<(Estimator, Vec<Wanted>), Outcome> {
    let told = |message: String| {
        terminal::error(&message);
        Outcome::Refused
    };
    let folder = env::current_dir().map_err(|error| told(format!("there is no working folder: {error}")))?;
    let targets = arguments.targets.iter().map(|name| Target::parse(name, arguments.measuring.main));
    let targets = targets.collect::<Result<Vec<Target>, String>>().map_err(told)?;
    let request = Request {
        working_folder: folder.clone(),
        paths: targets.iter().filter_map(|target| file_of(target, &folder)).collect(),
        python: arguments.measuring.python.clone(),
        virtual_env: env::var_os("VIRTUAL_ENV"),
        cache: cache_folder().ok(),
        ..Request::default()
    };
    let open = |request: Request| Workspace::open(request).map(|workspace| workspace.estimator());
    let mut estimator = open(request.clone()).map_err(|failure| refused(failure, false))?;
    // Without an environment the interpreter that would run the code says where the standard library is.
    if !estimator.has_standard_library() {
        let others = interpreters_on_path().into_iter().filter_map(|python| {
            let other = open(Request { python: Some(python), ..request.clone() }).ok()?;
            other.has_standard_library().then_some(other)
        });
        estimator = { others }.next().unwrap_or(estimator);
    }
    if targets.is_empty() {
        let facts = whole_project(&estimator);
        return Ok((estimator, vec![Wanted { name: "the whole project".to_owned(), facts, folder: None }]));
    }
    let mut found = Vec::new();
    for target in targets {
        let code = match (&target.code, file_of(&target, &folder)) {
            (Code::Statement(text), None) => text.clone().into_bytes(),
            (Code::Statement(text), Some(file)) => match estimator.module_of(&file) {
                Some(module) => format!("import {module}").into_bytes(),
                None => text.clone().into_bytes(),
            },
            (Code::Script { path, .. }, _) => {
                fs::read(path).map_err(|error| told(format!("`{}`: {error}", path.display())))?
            }
        };
        let facts = estimator.facts_of(&code).map_err(|error| told(format!("`{}`: {error}", target.name)))?;
        let folder = target.folder.unwrap_or_else(|| folder.clone());
        found.push(Wanted { name: target.name, facts, folder: Some(folder) });
    }
    Ok((estimator, found))
}

/// The file that a target names.
fn file_of(target: &Target, folder: &Path) -> Option<PathBuf> {
    let path = folder.join(&target.name);
    path.is_file().then_some(path)
}

/// Imports of all modules of the project that have names to import them by.
fn whole_project(estimator: &Estimator) -> LoadFacts {
    let is_identifier = |part: &str| {
        let is_word = part.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        is_word && part.starts_with(|first: char| !first.is_ascii_digit())
    };
    let mut names: Vec<&str> = estimator.own_modules().map(|name| name.as_str()).collect();
    names.retain(|name| name.split('.').all(is_identifier));
    names.sort_unstable();
    LoadFacts::importing(names.into_iter())
}

/// What a target loads, with the sums that are shown.
struct Estimated<'e> {
    name: &'e str,
    modules: &'e Modules,
    estimate: &'e Estimate,
    /// By load: what it begins, with itself.
    sums: Vec<Cost>,
    /// By import: what it alone is responsible for.
    exclusive: FxHashMap<Site, Cost>,
}

impl<'e> Estimated<'e> {
    fn new(name: &'e str, estimate: &'e Estimate, modules: &'e Modules) -> Self {
        let mut sums: Vec<Cost> = estimate
            .loads
            .iter()
            .map(|load| if load.is_loaded { modules.cost(load.module) } else { Cost::default() })
            .collect();
        for (at, load) in estimate.loads.iter().enumerate().rev() {
            if let Some(parent) = load.parent {
                let own = sums[at];
                sums[parent] += own;
            }
        }
        let exclusive = estimate.exclusive(modules);
        Self { name, modules, estimate, sums, exclusive }
    }

    /// The modules that an import of the target itself names and that are not there.
    fn not_found(&self) -> Vec<&str> {
        let own = self.estimate.missing.iter().filter(|(_, site)| site.importer.is_none());
        own.map(|(name, _)| name.as_str()).collect()
    }

    fn write(
        &self,
        arguments: &CostArguments,
        estimator: &Estimator,
        paint: Paint,
        output: &mut impl Write,
    ) -> io::Result<()> {
        let total = self.estimate.total(self.modules);
        writeln!(output, "{}", paint.bold(self.name))?;
        for name in self.not_found() {
            writeln!(output, "  there is no module `{name}`")?;
        }
        let shown = [total.source_bytes, total.extension_bytes].map(bytes);
        writeln!(
            output,
            "  at least {}   {} of source   {} of extension modules",
            counted(i64::try_from(total.modules).unwrap_or(i64::MAX), "module"),
            shown[0],
            shown[1]
        )?;
        let note = "estimated, nothing was run; what is imported through importlib, or by extension modules that don't spell the names, is not in it";
        writeln!(output, "  {}", paint.dim(note))?;
        if !estimator.has_standard_library() {
            writeln!(output, "  the files of the standard library were not found: what its modules load is not in it")?;
        }
        if total.measured_modules > 0 {
            let measured = total.measured;
            writeln!(
                output,
                "  {} and {} by what was measured of {} of them",
                signed_bytes(measured.private_bytes),
                milliseconds(measured.ns),
                total.measured_modules
            )?;
        }
        let missing = self.estimate.missing.iter().filter(|(_, site)| site.importer.is_some());
        let missing: Vec<&str> = missing.map(|(name, _)| name.as_str()).collect();
        if !missing.is_empty() {
            writeln!(output, "  not installed, so not in it: {}", missing.join(", "))?;
        }
        writeln!(output)?;
        if arguments.targets.is_empty() { self.heaviest(paint, output) } else { self.tree(arguments, paint, output) }
    }

    fn tree(&self, arguments: &CostArguments, paint: Paint, output: &mut impl Write) -> io::Result<()> {
        let loads = &self.estimate.loads;
        let (roots, children) = as_tree(loads.iter().map(|load| load.parent));
        let sorted = |list: &[usize]| {
            let mut list = list.to_vec();
            if arguments.sort != CostSort::Order {
                list.sort_by_key(|at| std::cmp::Reverse((self.sums[*at].modules, self.sums[*at].code_bytes())));
            }
            list
        };
        let least = self.estimate.total(self.modules).modules as f64 * arguments.min / 100.0;
        let has_measured = self.estimate.total(self.modules).measured_modules > 0;
        let measured = if has_measured { format!(" {:>10} {:>9}", "private", "time") } else { String::new() };
        writeln!(output, "  {:>7} {:>10}{measured} {:>7} {:>10}  module", "modules", "code", "only", "code")?;
        let mut stack: Vec<(usize, usize)> = sorted(&roots).into_iter().rev().map(|at| (at, 0)).collect();
        let (mut hidden, mut shown) = (0, 0);
        while let Some((at, depth)) = stack.pop() {
            let (load, sum) = (&loads[at], self.sums[at]);
            if depth >= arguments.depth || (sum.modules as f64) < least {
                hidden += sum.modules;
                continue;
            }
            shown += 1;
            stack.extend(sorted(&children[at]).into_iter().rev().map(|child| (child, depth + 1)));
            let only = self.only(load.site);
            let mut place = self.place(load.site);
            if !load.is_loaded {
                place.push_str("  [fails: something that it imports is not there]");
            }
            let measured = if has_measured {
                format!(" {:>10} {:>9}", signed_bytes(sum.measured.private_bytes), milliseconds(sum.measured.ns))
            } else {
                String::new()
            };
            writeln!(
                output,
                "  {:>7} {:>10}{measured} {:>7} {:>10}  {}{}{}",
                sum.modules,
                bytes(sum.code_bytes()),
                only.modules,
                bytes(only.code_bytes()),
                "  ".repeat(depth),
                self.modules.get(load.module).name,
                paint.dim(&place)
            )?;
        }
        if hidden > 0 {
            let more = counted(i64::try_from(hidden).unwrap_or(i64::MAX), "more module");
            writeln!(output, "  {more}; `--depth` and `--min` show more of them")?;
        }
        if shown > 0 {
            writeln!(output, "  {}", paint.dim("only: what nothing but this import loads"))?;
        }
        writeln!(output)
    }

    /// The imports that alone are responsible for most, where no single target is asked about.
    fn heaviest(&self, paint: Paint, output: &mut impl Write) -> io::Result<()> {
        const SHOWN: usize = 20;
        let mut sites: Vec<(Site, Cost, ModuleIndex)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for load in self.estimate.loads.iter().filter(|load| load.site.importer.is_some()) {
            if seen.insert(load.site) {
                sites.push((load.site, self.only(load.site), load.module));
            }
        }
        sites.sort_by_key(|(site, cost, _)| (std::cmp::Reverse((cost.modules, cost.code_bytes())), *site));
        writeln!(output, "  {:>7} {:>10}  the imports without which least would be loaded", "modules", "code")?;
        for (site, cost, module) in sites.iter().take(SHOWN) {
            writeln!(
                output,
                "  {:>7} {:>10}  {}{}",
                cost.modules,
                bytes(cost.code_bytes()),
                self.modules.get(*module).name,
                paint.dim(&self.place(*site))
            )?;
        }
        writeln!(output)
    }

    /// What nothing but the import loads; nothing where it fails.
    fn only(&self, site: Site) -> Cost {
        self.exclusive.get(&site).copied().unwrap_or_default()
    }

    fn rows(&self) -> Vec<LoadRow<'_>> {
        let row = |(load, sum): (&Load, &Cost)| {
            let module = self.modules.get(load.module);
            let only = self.only(load.site);
            LoadRow {
                module: &module.name,
                kind: module.kind.as_str(),
                path: module.path.as_deref(),
                importer: load.site.importer.map(|importer| &*self.modules.get(importer).name),
                line: self.modules.line(load.site),
                parent: load.parent,
                modules: sum.modules,
                code_bytes: sum.code_bytes(),
                measured: MeasuredRow::of(sum),
                only: self.estimate.only_through(load.site).iter().map(|at| &*self.modules.get(*at).name).collect(),
                only_code_bytes: only.code_bytes(),
                is_loaded: load.is_loaded,
            }
        };
        self.estimate.loads.iter().zip(&self.sums).map(row).collect()
    }

    /// Where an import stands: `  matplotlib/figure.py:17`.
    fn place(&self, site: Site) -> String {
        let path = site.importer.and_then(|importer| self.modules.get(importer).path.as_deref());
        match path.and_then(Path::to_str).zip(self.modules.line(site)) {
            Some((path, line)) => format!("  {}:{line}", shortened(path)),
            None => String::new(),
        }
    }
}

fn bytes(count: u64) -> String {
    signed_bytes(i64::try_from(count).unwrap_or(i64::MAX))
}

#[derive(Serialize)]
struct Document<'e> {
    version: u32,
    /// Nothing was run: all figures are lower bounds.
    estimated: bool,
    python: Python,
    targets: Vec<Row<'e>>,
}

#[derive(Serialize)]
struct Python {
    version: String,
    standard_library: bool,
}

#[derive(Serialize)]
struct Row<'e> {
    target: &'e str,
    modules: usize,
    source_bytes: u64,
    extension_bytes: u64,
    measured: Option<MeasuredRow>,
    /// What is imported and not installed.
    missing: Vec<&'e str>,
    loaded: Vec<LoadRow<'e>>,
}

/// What earlier measurements say, as far as there are any.
#[derive(Serialize)]
struct MeasuredRow {
    /// How many of the modules.
    modules: usize,
    private_bytes: i64,
    ns: i64,
}

impl MeasuredRow {
    fn of(cost: &Cost) -> Option<Self> {
        let Measured { private_bytes, ns } = cost.measured;
        (cost.measured_modules > 0).then_some(Self { modules: cost.measured_modules, private_bytes, ns })
    }
}

#[derive(Serialize)]
struct LoadRow<'e> {
    module: &'e str,
    kind: &'static str,
    path: Option<&'e Path>,
    importer: Option<&'e str>,
    line: Option<u32>,
    /// A position in the list.
    parent: Option<usize>,
    /// With what it is the first to load.
    modules: usize,
    code_bytes: u64,
    measured: Option<MeasuredRow>,
    /// What nothing but the import loads.
    only: Vec<&'e str>,
    only_code_bytes: u64,
    is_loaded: bool,
}

fn write_json(estimated: &[Estimated<'_>], estimator: &Estimator, output: &mut impl Write) -> io::Result<()> {
    let rows = estimated.iter().map(|estimated| {
        let total = estimated.estimate.total(estimated.modules);
        Row {
            target: estimated.name,
            modules: total.modules,
            source_bytes: total.source_bytes,
            extension_bytes: total.extension_bytes,
            measured: MeasuredRow::of(&total),
            missing: estimated.estimate.missing.iter().map(|(name, _)| name.as_str()).collect(),
            loaded: estimated.rows(),
        }
    });
    let document = Document {
        version: 1,
        estimated: true,
        python: Python {
            version: format!("3.{}", estimator.minor()),
            standard_library: estimator.has_standard_library(),
        },
        targets: rows.collect(),
    };
    serde_json::to_writer_pretty(&mut *output, &document)?;
    writeln!(output)
}
