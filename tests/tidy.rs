//! What no compiler checks: the layering of the crates, one list of rules, complete documentation and configuration.

mod project;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use douane_rules::{RULES, Rule, rule_settings};
use project::{douane, repository, run};
use toml::{Table, de::DeTable};

/// Which crates a crate may use.
const LAYERS: [(&str, &[&str]); 11] = [
    ("douane_base", &[]),
    ("douane_parser", &["douane_base"]),
    ("douane_graph", &["douane_base", "douane_parser"]),
    ("douane_cost", &["douane_base", "douane_parser", "douane_graph"]),
    ("douane_probe", &[]),
    ("douane_fixer", &["douane_base"]),
    ("douane_rules", &["douane_base", "douane_parser", "douane_graph", "douane_cost", "douane_fixer"]),
    ("douane_reporter", &["douane_base", "douane_fixer"]),
    (
        "douane_workspace",
        &["douane_base", "douane_parser", "douane_graph", "douane_cost", "douane_fixer", "douane_rules"],
    ),
    (
        "douane_server",
        &[
            "douane_base",
            "douane_parser",
            "douane_graph",
            "douane_cost",
            "douane_fixer",
            "douane_rules",
            "douane_workspace",
        ],
    ),
    (
        "douane",
        &[
            "douane_base",
            "douane_parser",
            "douane_graph",
            "douane_cost",
            "douane_probe",
            "douane_fixer",
            "douane_rules",
            "douane_reporter",
            "douane_workspace",
            "douane_server",
        ],
    ),
];

/// Rules whose findings no Python text could show.
const WITHOUT_EXAMPLE: [&str; 2] = ["unreadable-file", "unused-setting"];

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The entries of a folder, by name.
fn entries(path: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// The files of a kind in a folder and below it.
fn files(path: &str, kind: &str) -> Vec<PathBuf> {
    entries(path)
        .into_iter()
        .flat_map(|entry| {
            let relative =
                entry.strip_prefix(repository()).expect("a path in the repository").to_string_lossy().into_owned();
            if entry.is_dir() { files(&relative, kind) } else { vec![entry] }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == kind))
        .collect()
}

fn manifest(crate_name: &str) -> Table {
    let text = read(&format!("crates/{crate_name}/Cargo.toml"));
    text.parse().unwrap_or_else(|error| panic!("{crate_name}: {error}"))
}

fn crates() -> Vec<String> {
    entries("crates").iter().map(|path| name(path)).collect()
}

#[test]
fn crates_use_only_crates_above_them() {
    for crate_name in crates() {
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == crate_name) else {
            panic!("`{crate_name}` has no place among the layers")
        };
        let manifest = manifest(&crate_name);
        assert_eq!(manifest["package"]["name"].as_str(), Some(crate_name.as_str()), "a crate is named as its folder");
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let used = manifest.get(section).and_then(toml::Value::as_table).into_iter().flat_map(Table::keys);
            for used in used.filter(|used| used.starts_with("douane")) {
                assert!(allowed.contains(&used.as_str()), "`{crate_name}` may not use `{used}`");
            }
        }
    }
}

#[test]
fn one_crate_knows_the_parser() {
    for crate_name in crates().iter().filter(|name| *name != "douane_parser") {
        let manifest = manifest(crate_name);
        let dependencies =
            manifest.get("dependencies").and_then(toml::Value::as_table).into_iter().flat_map(Table::keys);
        let parsers: Vec<&String> =
            dependencies.filter(|name| name.starts_with("ruff_") || name.starts_with("rustpython")).collect();
        assert!(parsers.is_empty(), "`{crate_name}` uses {parsers:?}");
    }
}

#[test]
fn crates_take_the_lints_of_the_workspace() {
    for crate_name in crates() {
        assert_eq!(manifest(&crate_name)["lints"]["workspace"].as_bool(), Some(true), "{crate_name}");
    }
}

#[test]
fn each_source_file_says_what_it_is() {
    for path in files("crates", "rs").into_iter().chain(files("tests", "rs")) {
        let text = fs::read_to_string(&path).expect("a source file");
        assert!(text.starts_with("//!"), "{} starts without a header", path.display());
    }
}

#[test]
fn each_test_file_is_run() {
    let manifest = manifest("douane");
    let tests = manifest["test"].as_array().expect("a list of tests");
    let wired: BTreeSet<&str> = tests.iter().filter_map(|test| test["path"].as_str()).collect();
    let written: Vec<String> = entries("tests")
        .iter()
        .map(|path| name(path))
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "rs"))
        .map(|name| format!("../../tests/{name}"))
        .collect();
    assert_eq!(wired, written.iter().map(String::as_str).collect());
}

#[test]
fn each_rule_file_is_registered() {
    let files: BTreeSet<String> = entries("crates/douane_rules/src/rules")
        .iter()
        .map(|path| name(path).trim_end_matches(".rs").replace('_', "-"))
        .filter(|name| name != "mod")
        .collect();
    let registered: BTreeSet<String> = RULES.iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(files, registered, "a rule is one file of its name, and one line of the list");
    assert!(RULES.is_sorted_by_key(|rule| rule.name), "the list of rules is sorted");
}

#[test]
fn each_page_has_its_parts() {
    for rule in RULES {
        let page: Vec<&str> = rule.documentation.lines().map(str::trim).collect();
        assert!(rule.summary().starts_with("Checks for "), "`{}` does not say what it checks for", rule.name);
        assert!(page.contains(&"## Why is this bad?"), "`{}` does not say why", rule.name);
        let has_example = page.contains(&"## Example") && page.contains(&"Use instead:");
        assert!(has_example || WITHOUT_EXAMPLE.contains(&rule.name), "`{}` has no example", rule.name);
        let documented: BTreeSet<String> =
            page.iter().filter_map(|line| line.strip_prefix("### ")).flat_map(quoted).collect();
        assert_eq!(documented, options(rule), "the options on the page of `{}`", rule.name);
    }
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The options that a rule takes, told by what it says to one that it does not take.
fn options(rule: &Rule) -> BTreeSet<String> {
    let text = format!("[rules.{}]\nno-such-option = 1\n", rule.name);
    let document = DeTable::parse(&text).expect("valid TOML");
    let Err(errors) = rule_settings(document.get_ref().get("rules"), None) else {
        panic!("`{}` takes any option", rule.name)
    };
    let known = errors[0].message.split_once("expected").map_or("", |(_, known)| known);
    quoted(known).into_iter().collect()
}

#[test]
fn the_reference_configuration_is_complete() {
    let text = read("lint.toml");
    let configuration: Table = text.parse().expect("valid TOML");
    let keys = |table: &Table| table.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&configuration), ["cost", "exclude", "overrides", "project", "rules"]);
    let budget = configuration["cost"]["budgets"][0].as_table().expect("a table");
    assert_eq!(keys(budget), ["code", "cpu", "forbid", "modules", "private", "target", "tolerance"]);
    assert_eq!(
        keys(configuration["project"].as_table().expect("a table")),
        ["platform", "python", "src", "target-version"]
    );
    let rules = configuration["rules"].as_table().expect("a table");
    let named: Vec<&str> = rules.keys().map(String::as_str).collect();
    assert_eq!(named, RULES.iter().map(|rule| rule.name).collect::<Vec<_>>());
    for rule in RULES {
        let mut expected = options(rule);
        let written: BTreeSet<String> = match &rules[rule.name] {
            toml::Value::Table(table) => {
                expected.insert("severity".to_owned());
                table.keys().cloned().collect()
            }
            _ => BTreeSet::new(),
        };
        assert_eq!(written, expected, "the options of `{}`", rule.name);
    }
    assert_eq!(rules["missing-all"]["scope"].as_str(), Some("public"));
    each_key_has_a_comment(&text);
}

/// A comment stands above each key, or above the table that the first key of a rule opens.
fn each_key_has_a_comment(text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let is_key = line.contains(" = ") && !line.starts_with('#');
        let explains_itself =
            line.starts_with("severity") || line.starts_with("rules = ") || line.starts_with("paths = ");
        if is_key && !explains_itself {
            assert!(lines[at - 1].starts_with('#'), "lint.toml:{}: no comment above `{line}`", at + 1);
        }
        if line.starts_with("[rules.") || line.starts_with("[[") {
            assert!(lines[at - 1].starts_with('#'), "lint.toml:{}: no comment above `{line}`", at + 1);
        }
    }
}

#[test]
fn the_documentation_names_every_key_and_every_rule() {
    let page = read("docs/configuration.md");
    for rule in RULES {
        assert!(page.contains(&format!("`{}`", rule.name)), "docs/configuration.md does not name `{}`", rule.name);
        for option in options(rule) {
            assert!(
                page.contains(&format!("`{option}`")),
                "docs/configuration.md does not name `{option}` of `{}`",
                rule.name
            );
        }
    }
    for key in [
        "src",
        "target-version",
        "platform",
        "python",
        "exclude",
        "[[overrides]]",
        "paths",
        "severity",
        "[[cost.budgets]]",
    ] {
        assert!(page.contains(&format!("`{key}`")), "docs/configuration.md does not name `{key}`");
    }
}

#[test]
fn each_fixture_is_a_project_with_an_expected_output() {
    for folder in entries("fixtures").iter().filter(|path| path.is_dir()) {
        for file in ["lint.toml", "expected.txt"] {
            assert!(folder.join(file).is_file(), "{} has no {file}", folder.display());
        }
    }
}

#[test]
fn the_commands_of_the_readme_are_those_that_are_run() {
    let readme = read("README.md");
    let block =
        readme.split("```").skip(1).step_by(2).find(|block| block.contains("cargo run")).expect("a block of commands");
    let commands: Vec<&str> = block.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(commands, ["cargo run --release -- check fixtures", "cargo test --workspace"]);
    let checks = read(".ci/run");
    assert_eq!(checks.lines().last(), Some(commands[1]));
    for command in ["cargo fmt --all --check", "cargo clippy --workspace --all-targets -- -D warnings"] {
        assert!(checks.lines().any(|line| line == command), ".ci/run does not run `{command}`");
    }
}

/// The output that README and the site's first page show is what a run prints.
#[test]
fn the_examples_of_the_first_pages_are_true() {
    let run = project::run_in(&repository(), &["check", "fixtures", "--quiet"]);
    for page in ["README.md", "docs/index.md"].map(read) {
        let shown =
            page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example of the output");
        for finding in shown.split("\n\n").map(str::trim_end).filter(|finding| !finding.is_empty()) {
            assert!(run.output.contains(finding), "no run prints this:\n{finding}");
        }
    }
}

#[test]
fn the_links_of_the_documentation_lead_somewhere() {
    let mut pages: BTreeMap<PathBuf, String> = BTreeMap::new();
    let top = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(|page| repository().join(page));
    for page in top.into_iter().chain(files("docs", "md")) {
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        pages.insert(page, text);
    }
    for (page, text) in &pages {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            let target = page.parent().expect("a folder").join(file);
            assert!(target.exists(), "{}: the link `{link}` leads nowhere", page.display());
        }
    }
}

/// What `--help` prints of a command: its subcommands, and its flags with two hyphens.
fn commands_and_flags(command: &[&str]) -> (Vec<String>, Vec<String>) {
    let help = run(douane(&repository()).args(command).arg("--help")).output;
    let listed = help.split_once("\nCommands:\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap_or(rest));
    let name = |line: &str| {
        line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?.split(' ').next().map(str::to_owned)
    };
    let commands = listed.lines().filter_map(name).filter(|name| name != "help").collect();
    let of_flags = help.lines().filter(|line| line.trim_start().starts_with('-'));
    let words = of_flags.flat_map(|line| line.split([' ', '[', '=']));
    (commands, words.filter(|word| word.starts_with("--")).map(str::to_owned).collect())
}

#[test]
fn the_command_line_is_documented() {
    let page = fs::read_to_string(repository().join("docs/command-line.md")).expect("the page");
    let (own, shared): (Vec<&str>, Vec<&str>) =
        page.split("\n## ").partition(|section| section.starts_with("`douane "));
    let section = |command: &str| own.iter().find(|section| section.starts_with(&format!("`douane {command}`")));
    let (commands, everywhere) = commands_and_flags(&[]);
    assert!(commands.len() > 5 && everywhere.contains(&"--color".to_owned()), "{commands:?} {everywhere:?}");
    let mut missing = Vec::new();
    for command in &commands {
        let Some(section) = section(command) else {
            missing.push(command.clone());
            continue;
        };
        let (actions, mut flags) = commands_and_flags(&[command]);
        for action in &actions {
            flags.extend(commands_and_flags(&[command, action]).1);
        }
        let is_named = |flag: &String| {
            let written = [format!("`{flag}`"), format!("`{flag} "), format!("`{flag}[")];
            [section].into_iter().chain(&shared).any(|text| written.iter().any(|written| text.contains(written)))
        };
        missing.extend(flags.iter().filter(|flag| !is_named(flag)).map(|flag| format!("{command} {flag}")));
        missing.extend(actions.iter().filter(|action| !section.contains(&format!("{command} {action}"))).cloned());
    }
    assert!(missing.is_empty(), "docs/command-line.md does not name {missing:?}");
}
