//! What the settings of other tools say about imports, in douane's terms.

use std::collections::{BTreeMap, BTreeSet};

use douane_base::PythonVersion;
use douane_rules::{Level, folder_glob, rules_named};
use toml::{Table, Value};

use crate::codes::{Dialect, rules_of, rules_of_pylint};

/// What is taken over.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) source_roots: Vec<String>,
    pub(super) version: Option<String>,
    /// The files that other tools pass over.
    pub(super) unchecked: BTreeSet<String>,
    pub(super) levels: BTreeMap<&'static str, Level>,
    /// Rules that are off for some files.
    pub(super) overrides: BTreeMap<String, BTreeSet<&'static str>>,
    /// What was understood of each file, and what was not.
    pub(super) notes: Vec<String>,
}

/// The strings of a list, or of a string with commas.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) => listed(text, |letter| matches!(letter, ',' | '\n')),
        _ => Vec::new(),
    }
}

/// The parts of a text, without those that are empty or a comment.
fn listed(text: &str, is_separator: fn(char) -> bool) -> Vec<String> {
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
    let parts = lines.filter(|line| !line.starts_with(['#', ';'])).flat_map(|line| line.split(is_separator));
    parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

impl Taken {
    pub(super) fn take_ruff(&mut self, name: &str, table: &Table) {
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
                self.exclude_all(name, key, strings(paths), &mut understood);
            }
        }
        let codes = |key: &str| find(key).as_ref().map(strings).unwrap_or_default();
        for key in ["select", "extend-select"] {
            self.select(key, &codes(key), &mut understood);
        }
        for key in ["ignore", "extend-ignore"] {
            self.ignore(key, &codes(key), &mut understood);
        }
        for key in ["per-file-ignores", "extend-per-file-ignores"] {
            let files = find(key);
            for (glob, codes) in files.as_ref().and_then(Value::as_table).into_iter().flatten() {
                self.ignore_in(name, key, glob, &strings(codes), &mut understood);
            }
        }
        let nested = lint.into_iter().flatten().map(|(key, _)| (format!("lint.{key}"), key));
        let plain = table.iter().filter(|(key, _)| *key != "lint").map(|(key, _)| (key.clone(), key));
        let left = nested.chain(plain).filter(|(_, key)| !understood.contains(*key)).map(|(shown, _)| shown);
        self.note(name, &understood, left.collect());
    }

    pub(super) fn take_isort(&mut self, name: &str, table: &Table) {
        let mut understood: BTreeSet<String> = BTreeSet::new();
        if let Some(roots) = table.get("src_paths") {
            self.source_roots = strings(roots);
            understood.insert("src_paths".to_owned());
        }
        let left = table.keys().filter(|key| !understood.contains(*key)).cloned().collect();
        self.note(name, &understood, left);
    }

    pub(super) fn take_flake8(&mut self, name: &str, table: &Table) {
        let mut understood: BTreeSet<String> = BTreeSet::new();
        let mut left: Vec<String> = Vec::new();
        for (written, value) in table {
            let key = written.replace('_', "-");
            let text = value.as_str().unwrap_or_default();
            let values = listed(text, |letter| letter == ',' || letter.is_whitespace());
            match key.as_str() {
                "exclude" | "extend-exclude" => {
                    self.exclude_all(name, &key, values.iter().map(|path| any_depth(path)).collect(), &mut understood);
                }
                "select" | "extend-select" => self.select(&key, &values, &mut understood),
                "ignore" | "extend-ignore" => self.ignore(&key, &values, &mut understood),
                "per-file-ignores" => {
                    for (glob, codes) in ignores_of_files(text) {
                        self.ignore_in(name, &key, &glob, &codes, &mut understood);
                    }
                }
                _ => {}
            }
            if !understood.contains(&key) {
                left.push(key);
            }
        }
        self.note(name, &understood, left);
    }

    pub(super) fn take_pylint(&mut self, name: &str, table: &Table) {
        // `[tool.pylint.main]`
        let nested = table.values().filter_map(Value::as_table).flatten();
        let keys = nested.chain(table).filter(|(_, value)| !value.is_table());
        let settings: BTreeMap<String, Vec<String>> =
            keys.map(|(key, value)| (key.replace('_', "-"), strings(value))).collect();
        let mut understood: BTreeSet<String> = BTreeSet::new();
        let mut left: Vec<String> = Vec::new();
        let is_enabled = |name: &str| {
            let codes = settings.get("enable").into_iter().flatten();
            codes.flat_map(|code| rules_of(code, Dialect::Pylint)).any(|rule| rule.name == name)
        };
        for (key, values) in &settings {
            match key.as_str() {
                "ignore" | "ignore-paths" if !values.is_empty() => {
                    // Patterns of paths are regular expressions.
                    let is_plain = |path: &&String| !path.contains(['^', '$', '*', '\\', '(']);
                    let plain: Vec<String> = values.iter().filter(is_plain).cloned().collect();
                    if plain.is_empty() {
                        left.push(key.clone());
                    } else {
                        self.exclude_all(name, key, plain, &mut understood);
                    }
                    continue;
                }
                "py-version"
                    if !values.is_empty() && values.iter().all(|value| value.parse::<PythonVersion>().is_ok()) =>
                {
                    self.version = values.first().cloned();
                }
                "source-roots" if !values.is_empty() => self.source_roots.clone_from(values),
                "disable" if values.iter().any(|code| code == "all") => {
                    let disabled = rules_of_pylint().filter(|rule| !is_enabled(rule.name));
                    self.levels.extend(disabled.map(|rule| (rule.name, Level::Off)));
                }
                "disable" => {
                    let rules = values.iter().flat_map(|code| rules_of(code, Dialect::Pylint));
                    self.levels.extend(rules.map(|rule| (rule.name, Level::Off)));
                }
                "enable" => {
                    let rules = values.iter().flat_map(|code| rules_of(code, Dialect::Pylint));
                    let enabled: Vec<_> = rules.filter(|rule| rule.default == Level::Off).collect();
                    self.levels.extend(enabled.iter().map(|rule| (rule.name, Level::Warning)));
                }
                _ => {
                    left.push(key.clone());
                    continue;
                }
            }
            understood.insert(key.clone());
        }
        self.note(name, &understood, left);
    }

    /// Rules that are off by default are wanted.
    fn select(&mut self, key: &str, codes: &[String], understood: &mut BTreeSet<String>) {
        // A letter alone stands for a whole tool, and not for its rules about imports in particular.
        for code in codes.iter().filter(|code| code.len() > 1) {
            // The beginning of codes is no word for one of them, which the tool itself may have off.
            let named = rules_named(code).into_iter().filter(|rule| rule.default == Level::Off);
            self.levels.extend(named.map(|rule| (rule.name, Level::Warning)));
            if !rules_of(code, Dialect::Flake8).is_empty() {
                understood.insert(key.to_owned());
            }
        }
    }

    fn ignore(&mut self, key: &str, codes: &[String], understood: &mut BTreeSet<String>) {
        for rule in codes.iter().flat_map(|code| rules_of(code, Dialect::Flake8)) {
            self.levels.insert(rule.name, Level::Off);
            understood.insert(key.to_owned());
        }
    }

    /// Rules are off in some files.
    fn ignore_in(&mut self, name: &str, key: &str, glob: &str, codes: &[String], understood: &mut BTreeSet<String>) {
        let rules: BTreeSet<&str> =
            codes.iter().flat_map(|code| rules_of(code, Dialect::Flake8)).map(|rule| rule.name).collect();
        if rules.is_empty() {
            return;
        }
        if glob.starts_with('!') {
            self.notes.push(format!("left out of {name}: {key} of `{glob}`, for all files but some"));
        } else if self.is_glob(name, key, glob) {
            self.overrides.entry(glob.to_owned()).or_default().extend(rules);
            understood.insert(key.to_owned());
        }
    }

    /// Files are not checked. They are part of the program all the same: others may import them.
    fn exclude_all(&mut self, name: &str, key: &str, paths: Vec<String>, understood: &mut BTreeSet<String>) {
        for path in paths {
            if self.is_glob(name, key, &path) {
                self.unchecked.insert(path);
                understood.insert(key.to_owned());
            }
        }
    }

    fn is_glob(&mut self, name: &str, key: &str, glob: &str) -> bool {
        let error = folder_glob(glob).err();
        let notes = error.iter().map(|error| format!("left out of {name}: {key} of `{glob}`: {}", error.kind()));
        self.notes.extend(notes);
        error.is_none()
    }

    fn note(&mut self, name: &str, understood: &BTreeSet<String>, mut left: Vec<String>) {
        /// Files that a tool wrote itself spell out every setting.
        const MOST: usize = 12;
        left.sort_unstable();
        let understood: Vec<&str> = understood.iter().map(String::as_str).collect();
        if !understood.is_empty() {
            self.notes.push(format!("taken over from {name}: {}", understood.join(", ")));
        }
        let more = left.len().saturating_sub(MOST);
        left.truncate(MOST);
        match more {
            0 if left.is_empty() => {}
            0 => self.notes.push(format!("left out of {name}: {}", left.join(", "))),
            more => self.notes.push(format!("left out of {name}: {} and {more} more", left.join(", "))),
        }
    }
}

/// A pattern of flake8's, where `*` does not stop at a `/`: `*/migrations/*`.
fn any_depth(pattern: &str) -> String {
    let parts = pattern.split('/').map(|part| if part == "*" { "**" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The patterns of flake8's `per-file-ignores` with the codes of each: `path, path: CODE, CODE`.
fn ignores_of_files(text: &str) -> Vec<(String, Vec<String>)> {
    let is_code = |token: &str| {
        let digits = token.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
        digits.len() < token.len() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut paths: Vec<String> = Vec::new();
    let mut follow_codes = false;
    let text = text.replace(':', " : ");
    for token in listed(&text, |letter| letter == ',' || letter.is_whitespace()) {
        if token == ":" {
            follow_codes = true;
        } else if follow_codes && is_code(&token) {
            found.extend(paths.iter().map(|path| (path.clone(), vec![token.clone()])));
        } else {
            if std::mem::take(&mut follow_codes) {
                paths.clear();
            }
            paths.push(token);
        }
    }
    found
}
