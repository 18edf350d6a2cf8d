//! What `douane check` finds in the projects below `fixtures/`, each run from inside.

mod project;

use std::{fs, path::PathBuf};

use project::{repository, run_in};

/// The folders below `fixtures/`.
fn fixtures() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join("fixtures")).expect("the fixtures can be listed");
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn each_project_gives_the_expected_output() {
    let mut failures = String::new();
    for folder in fixtures() {
        let expected = fs::read_to_string(folder.join("expected.txt")).expect("each fixture says what is expected");
        let run = run_in(&folder, &["check", "--output-format", "concise", "--quiet"]);
        assert_eq!(run.errors, "");
        assert_eq!(run.code, Some(i32::from(!expected.is_empty())));
        for line in difference(&expected, &run.output) {
            failures.push_str(&format!("{}: {line}\n", folder.display()));
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

/// The lines that only one of the texts has.
fn difference(expected: &str, found: &str) -> Vec<String> {
    let (expected, found): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let missing = expected.iter().filter(|line| !found.contains(line)).map(|line| format!("missing: {line}"));
    let surplus = found.iter().filter(|line| !expected.contains(line)).map(|line| format!("not expected: {line}"));
    let mut lines: Vec<String> = missing.chain(surplus).collect();
    if lines.is_empty() && expected != found {
        lines.push("the order differs".to_owned());
    }
    lines
}

/// The run that README shows: it has a finding of nearly every rule.
#[test]
fn the_reference_configuration_finds_a_variety() {
    let run = run_in(&repository(), &["check", "fixtures", "--statistics"]);
    assert_eq!(run.errors, "");
    assert_eq!(run.code, Some(1));
    let found: Vec<&str> = run.output.lines().filter_map(|line| line.rsplit('\t').next()).collect();
    let silent: Vec<&str> =
        douane_rules::RULES.iter().map(|rule| rule.name).filter(|name| !found.contains(name)).collect();
    assert_eq!(
        silent,
        [
            "heavy-import",
            "import-budget",
            "import-from-definition",
            "lazy-candidate",
            "prefer-module-import",
            "private-import",
            "unreadable-file",
            "untracked-import",
            "unused-export",
            "unused-setting"
        ]
    );
}

#[test]
fn paths_are_relative_to_the_working_folder() {
    let above = run_in(&repository(), &["check", "fixtures/notes", "--output-format", "concise", "--quiet"]);
    assert!(above.output.lines().all(|line| line.starts_with("fixtures/notes/")), "{}", above.output);
    let beside =
        run_in(&repository().join("fixtures/stars"), &["check", "../notes", "--output-format", "concise", "--quiet"]);
    assert!(beside.output.lines().all(|line| line.starts_with("../notes/")), "{}", beside.output);
}

#[test]
fn the_output_does_not_depend_on_the_number_of_threads() {
    for format in ["full", "concise", "json"] {
        let with = |threads: &str| {
            let run = run_in(&repository(), &["check", "fixtures", "-q", "--output-format", format, "-j", threads]);
            assert_eq!(run.code, Some(1));
            without_time(&run.output)
        };
        let alone = with("1");
        assert_eq!(alone, with("8"), "{format}");
        assert_eq!(alone, with("3"), "{format}");
    }
}

/// The time that a run took is the one thing that differs.
fn without_time(json: &str) -> String {
    match json.split_once("\"elapsed_ms\":") {
        Some((before, after)) => format!("{before}{}", after.trim_start_matches(|digit: char| digit.is_ascii_digit())),
        None => json.to_owned(),
    }
}
