//! Runs the examples of the pages below `tests/markdown/`.

mod project;

use std::{fs, path::Path};

use project::repository;

#[test]
fn every_example_holds() {
    let folder = repository().join("tests/markdown");
    let mut failures = Vec::new();
    for page in pages(&folder) {
        let name = page.strip_prefix(&folder).expect("a page below the folder").display().to_string();
        let text = fs::read_to_string(&page).expect("a page in UTF-8");
        // All pages are run, so that one failure does not hide another.
        if let Err(failure) = std::panic::catch_unwind(|| douane_rules::harness::check_markdown(&name, &text)) {
            let message = failure.downcast_ref::<String>().map_or("the harness panicked", String::as_str);
            failures.push(message.to_owned());
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The pages in a folder and below it, in order.
fn pages(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the pages can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.append(&mut pages(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}
