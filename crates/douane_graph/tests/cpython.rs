//! What douane says that a star brings, against the `python3` on the path.
//!
//! In: made-up programs, see `programs/generator.rs`, and cases written by hand, one for each thing that code does to
//! `__all__` or to the names of a module. Each is written to a temporary folder; a Python process then runs
//! `from MODULE import *` for every module in a child of its own, and douane links the same texts. What is compared:
//!
//! 1. Any program, also those that raise: the evaluator that `naive.rs` trusts, exactly, whichever module comes
//!    first.
//! 2. Programs without circles, and cases: douane's answer, exactly; "it can't be told" is no answer.
//! 3. Programs with circles: douane's answer holds at least Python's.
//! 4. Cases in which douane knowingly differs: that it still does.

mod programs;
mod python;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use douane_base::PythonVersion;
use proptest::test_runner::TestCaseError;
use tempfile::TempDir;

use programs::{
    Program, evaluator,
    generator::{acyclic_program, any_program, check, program_with_circles},
    link_texts, star_names,
};
use python::{Star, stars, version};

#[test]
fn the_evaluator_does_what_python_does() {
    let raised = std::cell::Cell::new(0);
    check(24, any_program(), |program| {
        let stars = python_stars(&program)?;
        raised.set(raised.get() + stars.values().filter(|star| star.is_err()).count());
        Ok(())
    });
    assert!(raised.get() > 20, "only {} imports raised", raised.get());
}

#[test]
fn without_circles_a_star_brings_exactly_what_python_says() {
    check(12, acyclic_program(), |program| {
        let linked = linked_stars(&program.files(), python_version());
        for (module, found) in python_stars(&program)? {
            if found.as_ref().ok() != linked[&module].as_ref() {
                return Err(differs(&module, &found, linked[&module].as_ref()));
            }
        }
        Ok(())
    });
}

#[test]
fn with_circles_a_star_brings_at_least_what_python_says() {
    check(12, program_with_circles(), |program| {
        let linked = linked_stars(&program.files(), python_version());
        for (module, found) in python_stars(&program)? {
            let (Ok(names), Some(said)) = (&found, &linked[&module]) else {
                return Err(differs(&module, &found, linked[&module].as_ref()));
            };
            if !said.is_superset(names) {
                return Err(differs(&module, &found, Some(said)));
            }
        }
        Ok(())
    });
}

#[test]
fn cases_written_by_hand_bring_what_python_says() {
    let cases = cases(include_str!("python/cases.md"));
    let failures: Vec<String> = disagreements(&cases).into_values().flatten().collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn where_douane_differs_from_python_it_does_so_knowingly() {
    let cases = cases(include_str!("python/differences.md"));
    let differ = disagreements(&cases);
    let agree: Vec<&str> =
        cases.iter().map(|case| case.title.as_str()).filter(|title| !differ.contains_key(title)).collect();
    assert!(agree.is_empty(), "these agree now, and belong in `cases.md`: {agree:?}");
}

fn differs(module: &str, python: &Star, linked: Option<&BTreeSet<String>>) -> TestCaseError {
    TestCaseError::fail(format!("a star from `{module}`: Python says {python:?}, douane {linked:?}"))
}

fn python_version() -> PythonVersion {
    static MINOR: std::sync::OnceLock<u8> = std::sync::OnceLock::new();
    PythonVersion::new(*MINOR.get_or_init(|| version().minor))
}

/// What Python says, if the evaluator says the same.
fn python_stars(program: &Program) -> Result<BTreeMap<String, Star>, TestCaseError> {
    let folder = folder_of(&program.files());
    let questions: Vec<(&Path, &str)> =
        program.modules.iter().map(|module| (folder.path(), module.name.as_str())).collect();
    let mut found = BTreeMap::new();
    for (module, star) in program.modules.iter().zip(stars(&questions)) {
        let expected = evaluator::star(program, &module.name);
        if expected.as_ref().ok() != star.as_ref().ok() {
            let message = format!("a star from `{}`: Python says {star:?}, the evaluator {expected:?}", module.name);
            return Err(TestCaseError::fail(message));
        }
        found.insert(module.name.clone(), star);
    }
    Ok(found)
}

fn folder_of(files: &[(String, String)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (path, text) in files {
        let path = folder.path().join(path);
        let parent = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(parent).and_then(|()| fs::write(&path, text)).expect("a temporary folder can be written to");
    }
    folder
}

fn linked_stars(files: &[(String, String)], version: PythonVersion) -> BTreeMap<String, Option<BTreeSet<String>>> {
    let graph = link_texts(files, version);
    let names = |module: &str| star_names(&graph, module).map(|names| names.into_iter().collect());
    graph.ids().map(|module| graph.module_name(module)).map(|module| (module.to_owned(), names(module))).collect()
}

/// A case of a page: a heading, and the files below it.
///
/// A Python block without a path is `main.py`, and `main` is the module whose star is asked for, with what it brings
/// spelled behind `# star:` on the page as well, so that the page says what happens.
struct Case {
    title: String,
    files: Vec<(String, String)>,
    /// Behind `# star:`, with the module in front unless it is `main`.
    claims: Vec<(String, BTreeSet<String>)>,
}

/// How douane disagrees with the cases of a page, each by its heading.
///
/// # Panics
/// Panics if Python disagrees with the page.
fn disagreements(cases: &[Case]) -> BTreeMap<&str, Vec<String>> {
    let folders: Vec<TempDir> = cases.iter().map(|case| folder_of(&case.files)).collect();
    let claims: Vec<(&Case, &TempDir, &str, &BTreeSet<String>)> = cases
        .iter()
        .zip(&folders)
        .flat_map(|(case, folder)| {
            case.claims.iter().map(move |(module, names)| (case, folder, module.as_str(), names))
        })
        .collect();
    let questions: Vec<(&Path, &str)> = claims.iter().map(|(_, folder, module, _)| (folder.path(), *module)).collect();
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ((case, _, module, names), python) in claims.iter().zip(stars(&questions)) {
        assert_eq!(python.as_ref(), Ok(*names), "`{}`: the star of `{module}` in Python", case.title);
        let linked = linked_stars(&case.files, python_version());
        let said = linked[*module].as_ref();
        if said != Some(names) {
            let message = format!("`{}`: the star of `{module}` brings {names:?}, douane says {said:?}", case.title);
            found.entry(&case.title).or_default().push(message);
        }
    }
    found
}

/// Cuts a page into cases.
fn cases(page: &str) -> Vec<Case> {
    let mut found: Vec<Case> = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            found.push(Case { title: title.to_owned(), files: Vec::new(), claims: Vec::new() });
        }
        let (Some(info), Some(case)) = (line.strip_prefix("```py"), found.last_mut()) else { continue };
        let path = if info.trim().is_empty() { "main.py" } else { info.trim() };
        let minor = python_version().minor();
        let versions = |line: &str| line.replace("MINOR", &minor.to_string()).replace("NEXT", &(minor + 1).to_string());
        let body: Vec<String> = lines.by_ref().take_while(|line| !line.starts_with("```")).map(versions).collect();
        let module = path.trim_end_matches(".py").trim_end_matches("/__init__").replace('/', ".");
        for line in &body {
            if let Some(claim) = line.strip_prefix("# star:") {
                case.claims.push((module.clone(), claim.split_whitespace().map(str::to_owned).collect()));
            }
        }
        case.files.push((path.to_owned(), body.join("\n") + "\n"));
    }
    assert!(!found.is_empty() && found.iter().all(|case| !case.claims.is_empty()), "every case claims something");
    found
}
