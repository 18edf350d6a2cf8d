//! `douane cost check`: budgets and the lock file.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use douane_probe::{Identity, Loaded, Measured, identity};
use douane_workspace::{Budget, Request, Workspace, write_file};
use serde::{Deserialize, Serialize};

use super::{
    Stop, figures,
    text::{counted, place, signed_bytes},
};
use crate::{
    arguments::MeasuringArguments,
    outcome::{Outcome, refused, written},
    terminal::{self, Color},
};

/// How many contributors are shown.
const SHOWN: usize = 5;

/// The files that figures are kept in.
pub(super) struct Locks<'l> {
    pub(super) update: Option<&'l Path>,
    pub(super) against: Option<&'l Path>,
}

/// What was measured once, and where.
#[derive(Serialize, Deserialize)]
struct Lock {
    version: u32,
    environment: Identity,
    targets: BTreeMap<String, Locked>,
}

#[derive(Serialize, Deserialize)]
struct Locked {
    modules: BTreeSet<String>,
    private_bytes: i64,
    source_bytes: u64,
    extension_bytes: u64,
}

pub(super) fn run(config: Option<PathBuf>, locks: &Locks<'_>, measuring: &MeasuringArguments, color: Color) -> Outcome {
    let request = Request {
        working_folder: env::current_dir().unwrap_or_default(),
        configuration: config,
        python: measuring.python.clone(),
        virtual_env: env::var_os("VIRTUAL_ENV"),
        ..Request::default()
    };
    let workspace = match Workspace::open(request) {
        Ok(workspace) => workspace,
        Err(failure) => return refused(failure, color.is_on(&io::stderr())),
    };
    let budgets = &workspace.configuration().budgets;
    if budgets.is_empty() {
        terminal::error("no budgets are set: `[[cost.budgets]]` in lint.toml says what targets may cost");
        return Outcome::Refused;
    }
    let lock = match locks.against.map(read_lock).transpose() {
        Ok(lock) => lock,
        Err(message) => {
            terminal::error(&message);
            return Outcome::Refused;
        }
    };
    match checked(budgets, lock.as_ref(), locks.update, measuring) {
        Ok(outcome) => outcome,
        Err(stop) => stop.told(),
    }
}

fn checked(
    budgets: &[Budget],
    lock: Option<&Lock>,
    update: Option<&Path>,
    measuring: &MeasuringArguments,
) -> Result<Outcome, Stop> {
    let named: Vec<String> = budgets.iter().map(|budget| budget.target.clone()).collect();
    let (conditions, measured) = figures(measuring, &named)?;
    let environment = if lock.is_some() || update.is_some() { identity(&conditions)? } else { Identity::default() };
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut fails = false;
    let mut result = Ok(());
    for (budget, measured) in budgets.iter().zip(&measured) {
        let mut verdicts = Vec::new();
        if let Some(problem) = &measured.problem {
            verdicts.push(Verdict::plain(problem.to_string()));
        } else {
            verdicts.extend(exceeded(budget, measured));
            if let Some(lock) = lock {
                verdicts.extend(grown(lock, &environment, budget, measured));
            }
        }
        fails |= verdicts.iter().any(|verdict| verdict.fails);
        result = result.and_then(|()| write(budget, measured, &verdicts, &mut output));
    }
    result = result.and_then(|()| output.flush());
    if let Some(path) = update {
        let complete = measured.iter().filter(|measured| measured.problem.is_none());
        let targets = complete.map(|measured| (measured.target.name.clone(), locked(measured))).collect();
        write_lock(path, &Lock { version: 1, environment, targets })?;
    }
    Ok(written(result, if fails { Outcome::Findings } else { Outcome::Clean }))
}

/// What is said of a target, with the loads that show it.
struct Verdict {
    fails: bool,
    message: String,
    details: Vec<String>,
}

impl Verdict {
    fn plain(message: String) -> Self {
        Self { fails: true, message, details: Vec::new() }
    }

    fn note(message: String) -> Self {
        Self { fails: false, message, details: Vec::new() }
    }
}

fn exceeded(budget: &Budget, measured: &Measured) -> Vec<Verdict> {
    let mut found = Vec::new();
    let mut exceeds = |message: String, weight: fn(&Measured, usize) -> i64, shown: fn(i64) -> String| {
        found.push(Verdict { fails: true, message, details: contributors(measured, weight, shown) });
    };
    if let Some(limit) = budget.modules.filter(|limit| measured.modules > *limit) {
        let message = format!("loads {} modules, {limit} are allowed", measured.modules);
        exceeds(message, count_of, |count| counted(count, "module"));
    }
    let code = measured.code_bytes();
    let size = code.source + code.extension;
    if let Some(limit) = budget.code.filter(|limit| size > *limit) {
        let message = format!("loads {} of code, {} are allowed", bytes(size), bytes(limit));
        exceeds(message, count_of, |count| counted(count, "module"));
    }
    let private = measured.private_bytes.median;
    if let Some(limit) =
        budget.private.filter(|limit| private as f64 > *limit as f64 * (1.0 + budget.private_tolerance))
    {
        let message = format!("takes {} of private memory, {} are allowed", signed_bytes(private), bytes(limit));
        exceeds(message, |measured, at| measured.loaded[at].private_bytes, signed_bytes);
    }
    // Time is exceeded only where no run was within the limit.
    let cpu = measured.cpu_ns;
    if let Some(limit) =
        budget.cpu.filter(|limit| cpu.low as f64 > limit.as_nanos() as f64 * (1.0 + budget.cpu_tolerance))
    {
        let message = format!(
            "takes {:.0} ms of the processor ({:.0} to {:.0}), {} ms are allowed",
            cpu.median as f64 / 1e6,
            cpu.low as f64 / 1e6,
            cpu.high as f64 / 1e6,
            limit.as_millis()
        );
        exceeds(message, |measured, at| measured.loaded[at].ns, |ns| format!("{:.1} ms", ns as f64 / 1e6));
    }
    for forbidden in &budget.forbid {
        let is_it = |name: &str| {
            name == forbidden || name.strip_prefix(forbidden.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        let found_at = measured.loaded.iter().position(|load| load.is_loaded && is_it(&load.module));
        if let Some(at) = found_at {
            let message = format!("loads `{forbidden}`, which is forbidden");
            found.push(Verdict { fails: true, message, details: chain(measured, at) });
        } else if measured.injected.iter().any(|name| is_it(name)) {
            found.push(Verdict::plain(format!("loads `{forbidden}`, which is forbidden")));
        }
    }
    found
}

/// Modules that are loaded with a load, itself included.
fn count_of(measured: &Measured, of: usize) -> i64 {
    let mut is_inside = vec![false; measured.loaded.len()];
    let mut count = 0;
    for (at, load) in measured.loaded.iter().enumerate().skip(of) {
        is_inside[at] = at == of || load.parent.is_some_and(|parent| is_inside[parent]);
        count += i64::from(is_inside[at] && load.is_loaded);
    }
    count
}

/// The largest of the loads that lead from one top-level package to another.
fn contributors(measured: &Measured, weight: fn(&Measured, usize) -> i64, shown: fn(i64) -> String) -> Vec<String> {
    let loads = &measured.loaded;
    let top = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let is_border = |load: &Loaded| load.importer.as_deref().is_none_or(|importer| top(importer) != top(&load.module));
    let borders = loads.iter().enumerate().filter(|(_, load)| is_border(load) && load.parent.is_some());
    let mut found: Vec<(i64, usize)> = borders.map(|(at, _)| (weight(measured, at), at)).collect();
    found.sort_unstable_by_key(|(weight, at)| (std::cmp::Reverse(*weight), *at));
    let told =
        |(weight, at): (i64, usize)| format!("{} with `{}`{}", shown(weight), loads[at].module, place(&loads[at]));
    found.into_iter().take(SHOWN).map(told).collect()
}

/// Who loads a module, from the target on.
fn chain(measured: &Measured, at: usize) -> Vec<String> {
    let loads = &measured.loaded;
    let mut steps: Vec<usize> = std::iter::successors(Some(at), |at| loads[*at].parent).collect();
    steps.reverse();
    steps.into_iter().map(|at| format!("`{}`{}", loads[at].module, place(&loads[at]))).collect()
}

fn grown(lock: &Lock, environment: &Identity, budget: &Budget, measured: &Measured) -> Vec<Verdict> {
    let Some(before) = lock.targets.get(&budget.target) else {
        return vec![Verdict::plain("the lock file does not know it; `--update` writes it anew".to_owned())];
    };
    let now = names(measured);
    let mut found = Vec::new();
    let added: Vec<&String> = now.difference(&before.modules).collect();
    let removed: Vec<&String> = before.modules.difference(&now).collect();
    if !added.is_empty() || !removed.is_empty() {
        let message = format!(
            "loads {} modules, {} before: {} new, {} gone",
            now.len(),
            before.modules.len(),
            added.len(),
            removed.len()
        );
        let culprit = |name: &&String| {
            let load = measured.loaded.iter().find(|load| load.is_loaded && load.module == **name);
            format!("+ {name}{}", load.map(place).unwrap_or_default())
        };
        let details = added.iter().map(culprit).chain(removed.iter().map(|name| format!("- {name}"))).collect();
        found.push(Verdict { fails: now.len() > before.modules.len(), message, details });
    }
    if let Some(difference) = lock.environment.difference(environment) {
        found.push(Verdict::note(format!("memory is not compared with the lock file: {difference}")));
    } else {
        let (private, limit) =
            (measured.private_bytes.median, before.private_bytes as f64 * (1.0 + budget.private_tolerance));
        if private as f64 > limit {
            found.push(Verdict {
                fails: true,
                message: format!(
                    "takes {} of private memory, {} before",
                    signed_bytes(private),
                    signed_bytes(before.private_bytes)
                ),
                details: contributors(measured, |measured, at| measured.loaded[at].private_bytes, signed_bytes),
            });
        }
    }
    found
}

fn names(measured: &Measured) -> BTreeSet<String> {
    measured.names().map(str::to_owned).chain(measured.injected.iter().cloned()).collect()
}

fn locked(measured: &Measured) -> Locked {
    let code = measured.code_bytes();
    Locked {
        modules: names(measured),
        private_bytes: measured.private_bytes.median,
        source_bytes: code.source,
        extension_bytes: code.extension,
    }
}

fn write(budget: &Budget, measured: &Measured, verdicts: &[Verdict], output: &mut impl Write) -> io::Result<()> {
    let is_good = verdicts.iter().all(|verdict| !verdict.fails);
    writeln!(
        output,
        "{}: {}, {} private, {:.0} ms CPU{}",
        budget.target,
        counted(i64::try_from(measured.modules).unwrap_or(i64::MAX), "module"),
        signed_bytes(measured.private_bytes.median),
        measured.cpu_ns.median as f64 / 1e6,
        if is_good { "; within its budget" } else { "" }
    )?;
    for Verdict { message, details, .. } in verdicts {
        writeln!(output, "  {message}")?;
        for detail in details {
            writeln!(output, "    {detail}")?;
        }
    }
    Ok(())
}

fn read_lock(path: &Path) -> Result<Lock, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("`{}` can't be read: {error}", path.display()))?;
    let lock: Lock = serde_json::from_str(&text)
        .map_err(|error| format!("`{}` is no lock file of `douane cost check --update`: {error}", path.display()))?;
    if lock.version == 1 { Ok(lock) } else { Err(format!("`{}` was written by a newer douane", path.display())) }
}

fn write_lock(path: &Path, lock: &Lock) -> Result<(), String> {
    let mut text = serde_json::to_string_pretty(lock).map_err(|error| error.to_string())?;
    text.push('\n');
    write_file(path, text.as_bytes()).map_err(|error| format!("`{}` can't be written: {error}", path.display()))
}

fn bytes(count: u64) -> String {
    signed_bytes(i64::try_from(count).unwrap_or(i64::MAX))
}
