//! What comes of trying to unload a module.

use serde::Deserialize;

use crate::{Conditions, Figure, Problem, process::execute};

const PROGRAM: &str = include_str!("unload.py");

/// What an attempt to be rid of a module does; bytes are of private memory, above what was in use before.
#[derive(Clone, Debug)]
pub struct Unloading {
    /// The Python of the interpreter.
    pub version: String,
    /// After the import.
    pub imported: Figure,
    /// After `del module`.
    pub deleted: Figure,
    /// After it and its submodules were deleted from `sys.modules`, and garbage was collected.
    pub removed: Figure,
    /// After it was imported again.
    pub again: Figure,
    /// It was in `sys.modules` all the same after `del module`.
    pub stays: bool,
    /// How many entries of `sys.modules` were deleted.
    pub entries: usize,
    /// The classes of the module that are the same objects after the second import.
    pub same: Vec<String>,
    /// Those that are others: instances from before are no instances of them.
    pub other: Vec<String>,
    /// What the second import raised; empty for nothing.
    pub failure: String,
}

#[derive(Deserialize)]
struct Line {
    version: String,
    steps: [i64; 4],
    kept: bool,
    removed: usize,
    same: Vec<String>,
    other: Vec<String>,
    failure: String,
}

/// Imports a module, deletes it in all ways, and imports it again, in as many processes as there are to be runs.
///
/// # Errors
///
/// Why a run gave no answer.
pub fn unload(module: &str, conditions: &Conditions) -> Result<Unloading, Problem> {
    let words = [module.into(), conditions.processor().into()];
    let mut lines: Vec<Line> = Vec::new();
    for _ in 0..=conditions.runs {
        let mut told = None;
        let ending = execute(PROGRAM, &words, conditions, &mut |line| {
            told = told.take().or_else(|| serde_json::from_str(line).ok());
            told.is_some()
        })?;
        match told {
            Some(line) => lines.push(line),
            None => return Err(Problem::Raised(ending.last_words())),
        }
    }
    // The first one has filled the cache of bytecode.
    let measured = lines.get(1..).filter(|rest| !rest.is_empty()).unwrap_or(&lines);
    let step = |at: usize| Figure::of(measured.iter().map(|line: &Line| line.steps[at]));
    let (imported, deleted, removed, again) = (step(0), step(1), step(2), step(3));
    let Some(last) = lines.pop() else { return Err(Problem::NoStart(String::new())) };
    Ok(Unloading {
        version: last.version,
        imported,
        deleted,
        removed,
        again,
        stays: last.kept,
        entries: last.removed,
        same: last.same,
        other: last.other,
        failure: last.failure,
    })
}
