//! The pages of the rules, and the site that shows them.

mod project;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use douane_base::SITE;
use douane_rules::RULES;
use project::{Project, repository};

/// The files of a folder, by name.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let file = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("a text"))
    };
    entries.map(|entry| file(entry.expect("an entry").path())).collect()
}

fn write_pages(project: &Project) -> PathBuf {
    let run = project.run(&["explain", "--all", "--to", "pages"]);
    assert_eq!((run.code, run.output.as_str(), run.errors.as_str()), (Some(0), "", ""));
    project.path("pages")
}

#[test]
fn the_pages_of_the_rules_are_up_to_date() {
    let made = files(&write_pages(&Project::new(&[])));
    assert_eq!(made.len(), RULES.len() + 1, "a page a rule, and the index");
    let there = files(&repository().join("docs/rules"));
    let differ = |name: &&String| made.get(*name) != there.get(*name);
    let stale: Vec<&String> = made.keys().chain(there.keys()).filter(differ).collect();
    assert!(stale.is_empty(), "{stale:?}: run `cargo run -- explain --all --to docs/rules`");
}

#[test]
fn nothing_that_the_tests_expect_is_on_a_page() {
    for (name, text) in files(&write_pages(&Project::new(&[]))) {
        assert!(!text.contains("# error: ["), "{name}");
        assert_eq!(text.matches("```").count() % 2, 0, "{name}");
    }
}

#[test]
fn only_what_has_changed_is_written_and_only_what_is_ours_is_removed() {
    let project = Project::new(&[]);
    let folder = write_pages(&project);
    let of_a_rule_that_is_gone = fs::read_to_string(folder.join("star-import.md")).expect("a page");
    project.write("pages/gone.md", of_a_rule_that_is_gone);
    project.write("pages/own.md", "# Own\n");
    project.write("pages/self-import.md", "stale");
    let old = SystemTime::UNIX_EPOCH;
    let page = fs::File::options().write(true).open(folder.join("star-import.md")).expect("a page");
    page.set_modified(old).expect("times can be set");
    write_pages(&project);
    let left = files(&folder);
    assert!(!left.contains_key("gone.md"));
    assert_eq!(left["own.md"], "# Own\n");
    assert!(left["self-import.md"].contains("# self-import"));
    assert_eq!(page.metadata().and_then(|data| data.modified()).expect("a time"), old);
}

#[test]
fn pages_are_written_of_all_rules_and_into_a_folder() {
    let project = Project::new(&[("file", "")]);
    let run = project.run(&["explain", "star-import", "--to", "pages"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    let run = project.run(&["explain", "--all", "--to", "file"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.errors.contains("`file` can't be written"), "{}", run.errors);
}

#[test]
fn the_site_is_where_findings_link_to_and_shows_every_rule() {
    let text = fs::read_to_string(repository().join("mkdocs.yml")).expect("mkdocs.yml");
    assert!(text.contains(&format!("site_url: {SITE}\n")), "mkdocs.yml and the findings name the same site");
    let named: Vec<&str> =
        text.lines().filter_map(|line| line.trim().strip_prefix("- rules/")?.strip_suffix(".md")).collect();
    let expected: Vec<&str> = ["index"].into_iter().chain(RULES.iter().map(|rule| rule.name)).collect();
    assert_eq!(named, expected, "the rules in the navigation of mkdocs.yml");
}
