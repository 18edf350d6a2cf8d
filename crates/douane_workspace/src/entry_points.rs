//! The objects that a distribution's metadata names: the functions of its commands and its plugins.
//!
//! See the [entry points specification](https://packaging.python.org/en/latest/specifications/entry-points/).

use std::path::Path;

use crate::files::read_text;

/// The object references (`package.module:name`) of `pyproject.toml` and `setup.cfg`. `setup.py` is Python: its strings are read
/// with it.
pub(crate) fn entry_points(folder: &Path, pyproject: Option<&toml::Table>) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(pyproject) = pyproject {
        let project = pyproject.get("project");
        let poetry = pyproject.get("tool").and_then(|tool| tool.get("poetry"));
        let tables = [
            project.and_then(|project| project.get("scripts")),
            project.and_then(|project| project.get("gui-scripts")),
            project.and_then(|project| project.get("entry-points")),
            poetry.and_then(|poetry| poetry.get("scripts")),
            poetry.and_then(|poetry| poetry.get("plugins")),
        ];
        tables.into_iter().flatten().for_each(|table| references_in(table, &mut found));
    }
    let file = folder.join("setup.cfg");
    if file.is_file()
        && let Ok(text) = read_text(&file)
    {
        found.extend(text.lines().filter_map(|line| reference(line.split_once('=')?.1)));
    }
    found
}

fn references_in(value: &toml::Value, found: &mut Vec<String>) {
    match value {
        toml::Value::String(text) => found.extend(reference(text)),
        toml::Value::Table(table) => table.iter().for_each(|(_, value)| references_in(value, found)),
        _ => {}
    }
}

/// `package.module:name`, without the extras that may follow in brackets.
fn reference(text: &str) -> Option<String> {
    let text = text.split('[').next()?.trim();
    let (module, object) = text.split_once(':')?;
    let is_dotted = |path: &str| {
        path.split('.')
            .all(|part| !part.is_empty() && part.chars().all(|letter| letter.is_alphanumeric() || letter == '_'))
    };
    (is_dotted(module.trim()) && is_dotted(object.trim())).then(|| format!("{}:{}", module.trim(), object.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_plugins_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let cfg = "[options.entry_points]\nconsole_scripts =\n    old = pkg.old:main [extra]\n    url = http://x:80/\n";
        std::fs::write(folder.path().join("setup.cfg"), cfg).expect("written");
        let pyproject: toml::Table = "[project.scripts]\ntool = \"pkg.cli:main\"\n[project.entry-points.\"my.plugins\"]\n\
            one = \"pkg.plugins:One.make\"\nwhole = \"pkg.plugins\"\n[tool.poetry.scripts]\nother = \"pkg.other : run\"\n"
            .parse()
            .expect("valid TOML");
        let found = entry_points(folder.path(), Some(&pyproject));
        assert_eq!(found, ["pkg.cli:main", "pkg.plugins:One.make", "pkg.other:run", "pkg.old:main"]);
    }
}
