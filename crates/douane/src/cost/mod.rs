//! `douane cost`: the only command that runs the user's code.

mod check;
mod estimated;
mod html;
mod json;
mod text;
mod unloading;

use std::{
    env,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use douane_probe::{Conditions, Kind, Measured, Problem, Target, measure, saving};
use douane_workspace::{Measurements, find_interpreter};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    arguments::{CostAction, CostArguments, CostFormat, MeasuringArguments},
    outcome::{Outcome, written},
    terminal::{self, Color},
};

pub(crate) fn run(arguments: &CostArguments, color: Color) -> Outcome {
    if arguments.is_static && arguments.action.is_some() {
        terminal::error("`--static` estimates targets; `compare`, `unload` and `check` measure, which runs code");
        return Outcome::Refused;
    }
    let measuring = &arguments.measuring;
    if let Some(CostAction::Unload { module }) = &arguments.action {
        return unloading::run(module, measuring);
    }
    if let Some(CostAction::Check { config, update, against }) = &arguments.action {
        let locks = check::Locks { update: update.as_deref(), against: against.as_deref() };
        return check::run(config.clone(), &locks, measuring, color);
    }
    if arguments.is_static {
        return estimated::run(arguments, color);
    }
    let named = match &arguments.action {
        Some(CostAction::Unload { .. } | CostAction::Check { .. }) => Vec::new(),
        None => arguments.targets.clone(),
        Some(CostAction::Compare { first, second }) => vec![first.clone(), second.clone()],
    };
    let (conditions, measured) = match figures(measuring, &named) {
        Ok(figures) => figures,
        Err(stop) => return stop.told(),
    };
    if arguments.save
        && let Err(message) = keep(&measured)
    {
        terminal::error(&message);
        return Outcome::Refused;
    }
    let comparison = match (&arguments.action, measured.as_slice()) {
        (Some(CostAction::Compare { .. }), [wide, narrow]) => Some(saving(wide, narrow)),
        _ => None,
    };
    let mut output = io::BufWriter::new(io::stdout().lock());
    let result = match (measuring.output_format, &comparison) {
        (CostFormat::Json, _) => json::write(&measured, comparison.as_ref(), &conditions, &mut output),
        (CostFormat::Text, Some(saving)) => text::write_comparison(&measured, saving, &mut output),
        (CostFormat::Text, None) => {
            let shown = text::Shown { sort: arguments.sort, depth: arguments.depth, share: arguments.min / 100.0 };
            let paint = text::Paint(color.is_on(&io::stdout()));
            measured.iter().try_for_each(|measured| text::write(measured, &shown, &conditions, paint, &mut output))
        }
    };
    if let Some(path) = &measuring.html
        && let Err(error) = html::write(path, &measured, &conditions)
    {
        terminal::error(&format!("`{}` can't be written: {error}", path.display()));
        return Outcome::Refused;
    }
    let fails = measured.iter().any(|measured| measured.problem.is_some());
    written(result.and_then(|()| output.flush()), if fails { Outcome::Findings } else { Outcome::Clean })
}

/// Keeps what the modules took by themselves, and what compiled ones import.
fn keep(measured: &[Measured]) -> Result<(), String> {
    let mut kept = Measurements::open(Some(&cache_folder()?));
    for measured in measured.iter().filter(|measured| measured.problem.is_none()) {
        for (at, load) in measured.loaded.iter().enumerate().filter(|(_, load)| load.is_loaded) {
            let Some(path) = &load.path else { continue };
            let is_compiled = load.kind == Some(Kind::Extension);
            let inside = measured.loaded.iter().filter(|inside| is_compiled && inside.parent == Some(at));
            let imports = inside.map(|inside| inside.module.clone()).collect();
            kept.note(Path::new(path), load.self_private_bytes, load.self_ns, imports);
        }
    }
    kept.save()
}

fn figures(arguments: &MeasuringArguments, named: &[String]) -> Result<(Conditions, Vec<Measured>), Stop> {
    let targets = named.iter().map(|name| Target::parse(name, arguments.main)).collect::<Result<Vec<_>, _>>()?;
    let conditions = conditions(arguments)?;
    let bar = io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("Measuring {wide_bar} {pos}/{len}");
        ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    });
    let mut progress = |done: usize, total: usize| {
        if let Some(bar) = &bar {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        }
    };
    let measured = measure(&targets, &conditions, &mut progress);
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    Ok((conditions, measured?))
}

/// Why there are no figures.
enum Stop {
    Usage(String),
    Problem(Problem),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Usage(message)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Stop {
    fn told(&self) -> Outcome {
        match self {
            Self::Usage(message) => terminal::error(message),
            Self::Problem(problem) => terminal::error(&problem.to_string()),
        }
        match self {
            Self::Problem(Problem::Interrupted) => Outcome::Interrupted,
            _ => Outcome::Refused,
        }
    }
}

fn conditions(arguments: &MeasuringArguments) -> Result<Conditions, String> {
    let folder = env::current_dir().map_err(|error| format!("there is no working folder: {error}"))?;
    let virtual_env = env::var_os("VIRTUAL_ENV");
    let python = find_interpreter(arguments.python.as_deref(), virtual_env.as_deref(), &folder)?;
    let timeout = Duration::try_from_secs_f64(arguments.timeout)
        .map_err(|_| format!("`--timeout {}` is no number of seconds", arguments.timeout))?;
    Ok(Conditions {
        python,
        folder,
        bytecode: if arguments.cold { None } else { Some(cache_folder()?.join("bytecode")) },
        is_raw: arguments.raw_env,
        timeout,
        memory: arguments.memory_limit << 20,
        runs: usize::from(arguments.runs),
    })
}

/// Where douane keeps what it can make anew: `$XDG_CACHE_HOME`, `~/.cache`, or what the platform has for that.
pub(crate) fn cache_folder() -> Result<PathBuf, String> {
    let of = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = match env::consts::OS {
        "windows" => of("LOCALAPPDATA"),
        "macos" => of("HOME").map(|home| home.join("Library/Caches")),
        _ => of("XDG_CACHE_HOME").or_else(|| of("HOME").map(|home| home.join(".cache"))),
    };
    folder.map(|folder| folder.join("douane")).ok_or_else(|| "there is no home folder to keep bytecode in".to_owned())
}
