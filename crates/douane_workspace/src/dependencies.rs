//! What a project says that it depends on: the names of distributions, in `pyproject.toml` and in requirements files.

use std::{fs, path::Path};

use rustc_hash::FxHashSet;
use toml::{Table, Value};

use crate::files::read_text;

/// The names, with `_` for whatever stands between their parts, as modules would be called.
pub(crate) fn dependencies(folder: &Path, pyproject: Option<&Table>) -> FxHashSet<String> {
    let mut found: FxHashSet<String> = FxHashSet::default();
    let mut add = |requirement: &str| found.extend(name_of(requirement));
    if let Some(pyproject) = pyproject {
        let project = pyproject.get("project");
        let lists = [project.and_then(|project| project.get("dependencies"))];
        let groups =
            [project.and_then(|project| project.get("optional-dependencies")), pyproject.get("dependency-groups")];
        let grouped = groups.into_iter().flatten().filter_map(Value::as_table).flat_map(Table::values);
        let lists = lists.into_iter().flatten().chain(grouped).filter_map(Value::as_array).flatten();
        lists.filter_map(Value::as_str).for_each(&mut add);
        let poetry = pyproject.get("tool").and_then(|tools| tools.get("poetry"));
        let poetry = poetry.and_then(|poetry| poetry.get("dependencies")).and_then(Value::as_table);
        poetry.into_iter().flat_map(Table::keys).for_each(|name| add(name));
    }
    for file in requirements_files(folder) {
        read_text(&file).unwrap_or_default().lines().for_each(&mut add);
    }
    found
}

/// `requirements*.txt`, and what is in folders of that name.
fn requirements_files(folder: &Path) -> Vec<std::path::PathBuf> {
    const DEEPEST: usize = 3;
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let is_wanted = depth > 0 || name.starts_with("requirements");
            if is_wanted && path.is_dir() && depth < DEEPEST {
                folders.push((path, depth + 1));
            } else if is_wanted && name.ends_with(".txt") {
                found.push(path);
            }
        }
    }
    found
}

/// The name that a requirement begins with (PEP 508).
fn name_of(requirement: &str) -> Option<String> {
    let requirement = requirement.trim_start();
    let end = requirement.find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')));
    let name = &requirement[..end.unwrap_or(requirement.len())];
    let begins_well = name.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    begins_well.then(|| name.to_lowercase().replace(['-', '.'], "_"))
}
