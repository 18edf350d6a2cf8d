//! `douane init`: a first lint.toml, with what the settings of other tools say about imports.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::{self, Write},
    path::Path,
};

use configparser::ini::Ini;
use douane_base::PythonVersion;
use douane_rules::{Level, RULES, Rule, find_rule};
use toml::{Table, Value};

use crate::{
    explain::level_name,
    outcome::{Outcome, replace_file, written},
    terminal,
};

/// What is taken over.
#[derive(Debug, Default, PartialEq, Eq)]
struct Taken {
    source_roots: Vec<String>,
    version: Option<String>,
    exclude: BTreeSet<String>,
    levels: BTreeMap<&'static str, Level>,
    /// Rules that are off for some files.
    overrides: BTreeMap<String, BTreeSet<&'static str>>,
    /// What was understood of each file, and what was not.
    notes: Vec<String>,
}

pub(crate) fn run() -> Outcome {
    let folder = match env::current_dir() {
        Ok(folder) => folder,
        Err(error) => return refused(&format!("there is no working folder: {error}")),
    };
    let file = folder.join("lint.toml");
    if file.symlink_metadata().is_ok() {
        return refused("there is a lint.toml already");
    }
    let pyproject = match read_toml(&folder.join("pyproject.toml")) {
        Ok(pyproject) => pyproject.unwrap_or_default(),
        Err(message) => return refused(&message),
    };
    let tool = |name: &str| pyproject.get("tool").and_then(|tools| tools.get(name)).and_then(Value::as_table);
    if tool("douane").is_some() {
        return refused("pyproject.toml has a `[tool.douane]` already");
    }
    let mut taken = Taken::default();
    let ruff = ["ruff.toml", ".ruff.toml"].into_iter().map(|name| (name, read_toml(&folder.join(name))));
    for (name, table) in ruff {
        match table {
            Ok(Some(table)) => taken.take_ruff(name, &table),
            Ok(None) => {}
            Err(message) => return refused(&message),
        }
    }
    if let Some(table) = tool("ruff") {
        taken.take_ruff("[tool.ruff]", table);
    }
    if let Some(table) = tool("isort") {
        taken.take_isort(table);
    }
    for name in [".pylintrc", "pylintrc"] {
        if let Ok(text) = fs::read_to_string(folder.join(name)) {
            taken.take_pylint(name, &text);
        }
    }
    let has_version = pyproject.get("project").is_some_and(|project| project.get("requires-python").is_some());
    let text = taken.text(has_version);
    if let Err(error) = replace_file(&file, text.as_bytes()) {
        return refused(&format!("lint.toml can't be written: {error}"));
    }
    written(taken.report(&mut io::stdout().lock()), Outcome::Clean)
}

fn refused(message: &str) -> Outcome {
    terminal::error(message);
    Outcome::Refused
}

fn read_toml(path: &Path) -> Result<Option<Table>, String> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(None) };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    text.parse().map(Some).map_err(|error: toml::de::Error| format!("{name} is no valid TOML: {}", error.message()))
}

/// The strings of a list, or of a string with commas.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) => listed(text),
        _ => Vec::new(),
    }
}

fn listed(text: &str) -> Vec<String> {
    text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The rules that a code of ruff's or pylint's means: whole, or as the beginning of codes.
fn rules_of(code: &str) -> Vec<&'static Rule> {
    let exact: Vec<&Rule> =
        RULES.iter().copied().filter(|rule| rule.name == code || rule.aliases.contains(&code)).collect();
    let is_prefix = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !exact.is_empty() || !is_prefix {
        return exact;
    }
    let begins = |alias: &&&str| {
        let number = alias.strip_prefix(code);
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
            || (code.ends_with(|letter: char| letter.is_ascii_digit()) && alias.starts_with(code))
    };
    RULES.iter().copied().filter(|rule| rule.aliases.iter().any(|alias| begins(&alias))).collect()
}

impl Taken {
    fn take_ruff(&mut self, name: &str, table: &Table) {
        let mut understood: BTreeSet<String> = BTreeSet::new();
        let lint = table.get("lint").and_then(Value::as_table);
        // Older files have the keys of `lint` one level higher.
        let find = |key: &str| lint.and_then(|lint| lint.get(key)).or_else(|| table.get(key)).cloned();
        if let Some(version) = table.get("target-version").and_then(Value::as_str) {
            let version = version.trim_start_matches("py").replacen('3', "3.", 1);
            if version.parse::<PythonVersion>().is_ok() {
                self.version = Some(version);
                understood.insert("target-version".to_owned());
            }
        }
        if let Some(roots) = table.get("src") {
            self.source_roots = strings(roots);
            understood.insert("src".to_owned());
        }
        for key in ["exclude", "extend-exclude"] {
            if let Some(paths) = table.get(key) {
                self.exclude.extend(strings(paths));
                understood.insert(key.to_owned());
            }
        }
        let codes = |key: &str| find(key).as_ref().map(strings).unwrap_or_default();
        for key in ["select", "extend-select"] {
            for rule in codes(key).iter().filter(|code| code.len() > 1).flat_map(|code| rules_of(code)) {
                if rule.default == Level::Off {
                    self.levels.insert(rule.name, Level::Warning);
                }
                understood.insert(key.to_owned());
            }
        }
        for key in ["ignore", "extend-ignore"] {
            for rule in codes(key).iter().flat_map(|code| rules_of(code)) {
                self.levels.insert(rule.name, Level::Off);
                understood.insert(key.to_owned());
            }
        }
        for key in ["per-file-ignores", "extend-per-file-ignores"] {
            let files = find(key);
            for (glob, codes) in files.as_ref().and_then(Value::as_table).into_iter().flatten() {
                let rules: BTreeSet<&str> =
                    strings(codes).iter().flat_map(|code| rules_of(code)).map(|rule| rule.name).collect();
                if !rules.is_empty() && !glob.starts_with('!') {
                    self.overrides.entry(glob.clone()).or_default().extend(rules);
                    understood.insert(key.to_owned());
                }
            }
        }
        let nested = lint.into_iter().flatten().map(|(key, _)| (format!("lint.{key}"), key));
        let plain = table.iter().filter(|(key, _)| *key != "lint").map(|(key, _)| (key.clone(), key));
        let left = nested.chain(plain).filter(|(_, key)| !understood.contains(*key)).map(|(shown, _)| shown);
        self.note(name, &understood, left.collect());
    }

    fn take_isort(&mut self, table: &Table) {
        let mut understood: BTreeSet<String> = BTreeSet::new();
        if let Some(roots) = table.get("src_paths") {
            self.source_roots = strings(roots);
            understood.insert("src_paths".to_owned());
        }
        for key in ["skip", "extend_skip", "skip_glob", "extend_skip_glob"] {
            if let Some(paths) = table.get(key) {
                self.exclude.extend(strings(paths));
                understood.insert(key.to_owned());
            }
        }
        let left = table.keys().filter(|key| !understood.contains(*key)).cloned().collect();
        self.note("[tool.isort]", &understood, left);
    }

    fn take_pylint(&mut self, name: &str, text: &str) {
        let mut ini = Ini::new_cs();
        ini.set_multiline(true);
        let Ok(sections) = ini.read(text.to_owned()) else {
            self.notes.push(format!("{name} can't be read, and is left out"));
            return;
        };
        let mut understood: BTreeSet<String> = BTreeSet::new();
        let mut left: Vec<String> = Vec::new();
        for (key, value) in sections.into_values().flatten() {
            let values = listed(&value.unwrap_or_default());
            match key.as_str() {
                "ignore" | "ignore-paths" if !values.is_empty() => {
                    // Patterns of paths are regular expressions.
                    let is_plain = |path: &String| !path.contains(['^', '$', '*', '\\', '(']);
                    self.exclude.extend(values.into_iter().filter(is_plain));
                }
                "py-version" if values.iter().all(|value| value.parse::<PythonVersion>().is_ok()) => {
                    self.version = values.into_iter().next().or(self.version.take());
                }
                "source-roots" if !values.is_empty() => self.source_roots = values,
                "disable" => {
                    let rules = values.iter().flat_map(|code| rules_of(code));
                    self.levels.extend(rules.map(|rule| (rule.name, Level::Off)));
                }
                _ => {
                    left.push(key);
                    continue;
                }
            }
            understood.insert(key);
        }
        left.sort_unstable();
        self.note(name, &understood, left);
    }

    fn note(&mut self, name: &str, understood: &BTreeSet<String>, left: Vec<String>) {
        let list = |keys: &mut dyn Iterator<Item = &String>| keys.cloned().collect::<Vec<_>>().join(", ");
        if !understood.is_empty() {
            self.notes.push(format!("taken over from {name}: {}", list(&mut understood.iter())));
        }
        if !left.is_empty() {
            self.notes.push(format!("left out of {name}: {}", list(&mut left.iter())));
        }
    }

    /// The file, with comments on what may be changed.
    fn text(&self, has_version: bool) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        let list =
            |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| quoted(text)).collect::<Vec<_>>().join(", ");
        let mut lines = vec!["# What douane checks here. `douane explain --all` lists the rules.".to_owned()];
        if !self.exclude.is_empty() {
            lines.push(format!("exclude = [{}]", list(&mut self.exclude.iter())));
        }
        lines.extend([String::new(), "[project]".to_owned()]);
        match self.source_roots.as_slice() {
            [] => lines.push(
                "# src = [\"src\"]  # the folders on `sys.path`; found without this key in most projects".to_owned(),
            ),
            roots => lines.push(format!("src = [{}]", list(&mut roots.iter()))),
        }
        match &self.version {
            Some(version) => lines.push(format!("target-version = {}", quoted(version))),
            None if has_version => lines.push("# The Python to run on is that of `requires-python`.".to_owned()),
            None => lines.push("# target-version = \"3.10\"  # the oldest Python to run on".to_owned()),
        }
        lines.extend([String::new(), "[rules]".to_owned()]);
        for (rule, level) in &self.levels {
            lines.push(format!("{rule} = {}", quoted(level_name(*level))));
        }
        for (rule, why) in [
            ("unused-export", "what nobody takes"),
            ("private-import", "private names of other packages"),
            ("lazy-candidate", "what slows the start down"),
        ] {
            if !self.levels.contains_key(rule) && find_rule(rule).is_some() {
                lines.push(format!("# {rule} = \"warning\"  # off by default: {why}"));
            }
        }
        for (glob, rules) in &self.overrides {
            let off: Vec<String> = rules.iter().map(|rule| format!("{rule} = \"off\"")).collect();
            lines.extend([String::new(), "[[overrides]]".to_owned(), format!("paths = [{}]", quoted(glob))]);
            lines.push(format!("rules = {{ {} }}", off.join(", ")));
        }
        lines.join("\n") + "\n"
    }

    fn report(&self, output: &mut impl Write) -> io::Result<()> {
        writeln!(output, "Wrote lint.toml.")?;
        self.notes.iter().try_for_each(|note| writeln!(output, "  {note}"))?;
        writeln!(
            output,
            "Next: `douane check`, and `douane baseline write` if there is more than you want to mend today."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(code: &str) -> Vec<&'static str> {
        rules_of(code).iter().map(|rule| rule.name).collect()
    }

    #[test]
    fn codes_mean_rules() {
        assert_eq!(names("F403"), ["star-import"]);
        assert_eq!(names("star-import"), ["star-import"]);
        assert!(names("F40").contains(&"star-import") && names("F40").contains(&"unused-import"));
        assert!(names("F").contains(&"star-import"));
        assert_eq!(names("E501"), [""; 0]);
        assert_eq!(names(""), [""; 0]);
    }
}
