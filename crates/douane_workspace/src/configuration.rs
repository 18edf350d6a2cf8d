//! Reads `lint.toml`, or `[tool.douane]` of `pyproject.toml`.
//!
//! The configuration is a source file: each mistake is a diagnostic with a place in it, and all of them are reported.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use crate::budgets::{Budget, budgets};
use douane_base::{Platform, PythonVersion};
use douane_rules::{RuleSettings, SettingsError, folder_glob, rule_settings};
use globset::{Glob, GlobSet, GlobSetBuilder};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A project's configuration; the defaults need no file.
pub struct Configuration {
    /// The file that it was read from.
    pub file: Option<PathBuf>,
    /// The file's text.
    pub text: String,
    /// `[project] src`.
    pub source_roots: Option<Vec<PathBuf>>,
    /// Their places.
    pub source_root_spans: Vec<Range<usize>>,
    /// The target version that somebody names: `[project] target-version`, else the lower bound of `requires-python`.
    pub version: Option<PythonVersion>,
    /// `[project] platform`; without it that of the machine.
    pub platform: Platform,
    /// `[project] python`, relative to the file's folder, with its place.
    pub python: Option<(PathBuf, Range<usize>)>,
    /// `exclude`.
    pub exclude: GlobSet,
    /// The same as it is written.
    pub excluded: Vec<String>,
    /// `[rules]` and `[[overrides]]`.
    pub rules: RuleSettings,
    /// The globs of each override with their places, to report those that match nothing.
    pub override_globs: Vec<(globset::GlobMatcher, Range<usize>, String)>,
    /// `[[cost.budgets]]`.
    pub budgets: Vec<Budget>,
}

/// A configuration that can't be used.
#[derive(Debug)]
pub struct ConfigurationError {
    /// The file.
    pub file: PathBuf,
    /// Its text; empty where it could not be read.
    pub text: String,
    /// What is wrong in it, each with its place.
    pub errors: Vec<SettingsError>,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            file: None,
            text: String::new(),
            source_roots: None,
            source_root_spans: Vec::new(),
            version: None,
            platform: Platform::host(),
            python: None,
            exclude: GlobSet::empty(),
            excluded: Vec::new(),
            rules: RuleSettings::default(),
            override_globs: Vec::new(),
            budgets: Vec::new(),
        }
    }
}

impl Configuration {
    /// The defaults, with the version that `requires-python` asks for.
    pub(crate) fn without_file(pyproject: Option<&toml::Table>) -> Self {
        Self { version: pyproject.and_then(required_version), ..Self::default() }
    }

    /// Leaves other files out of the program than the file says.
    pub(crate) fn set_excluded(&mut self, excluded: Vec<String>) -> Result<(), String> {
        let mut set = GlobSetBuilder::new();
        for text in &excluded {
            set.add(folder_glob(text).map_err(|error| format!("`{text}`: {}", error.kind()))?);
        }
        (self.exclude, self.excluded) = (set.build().unwrap_or_default(), excluded);
        Ok(())
    }
}

/// Reads the configuration of a file with that text, and the version from the `pyproject.toml` beside it.
pub(crate) fn read(
    file: &Path,
    text: Result<String, String>,
    pyproject: Option<&toml::Table>,
) -> Result<Configuration, ConfigurationError> {
    let fail = |text: &str, errors: Vec<SettingsError>| ConfigurationError {
        file: file.to_owned(),
        text: text.to_owned(),
        errors,
    };
    let text = text.map_err(|message| fail("", vec![SettingsError { message, span: 0..0 }]))?;
    let document = DeTable::parse(&text).map_err(|error| {
        let message = error.message().to_owned();
        fail(&text, vec![SettingsError { message, span: error.span().unwrap_or(0..0) }])
    })?;
    let is_pyproject = file.file_name().is_some_and(|name| name == "pyproject.toml");
    let table = if is_pyproject { tool_table(document.get_ref()) } else { Some(document.get_ref()) };
    let mut reader = Reader { errors: Vec::new() };
    let configuration = reader.configuration(file, &text, table, pyproject);
    reader.errors.sort_by_key(|error| error.span.start);
    if reader.errors.is_empty() { Ok(configuration) } else { Err(fail(&text, reader.errors)) }
}

/// What is wrong with the text of a configuration, which need not be saved.
#[must_use]
pub fn configuration_problem(file: &Path, text: &str) -> Option<ConfigurationError> {
    read(file, Ok(text.to_owned()), None).err()
}

fn tool_table<'t>(document: &'t DeTable<'t>) -> Option<&'t DeTable<'t>> {
    document.get("tool")?.get_ref().as_table()?.get("douane")?.get_ref().as_table()
}

struct Reader {
    errors: Vec<SettingsError>,
}

impl Reader {
    fn configuration(
        &mut self,
        file: &Path,
        text: &str,
        table: Option<&DeTable<'_>>,
        pyproject: Option<&toml::Table>,
    ) -> Configuration {
        let mut found =
            Configuration { file: Some(file.to_owned()), text: text.to_owned(), ..Configuration::default() };
        found.version = pyproject.and_then(required_version);
        let Some(table) = table else { return found };
        for (key, value) in table.iter() {
            match &**key.get_ref() {
                "project" => self.project(value, &mut found),
                "exclude" => (found.exclude, found.excluded) = self.exclude(value),
                "rules" => {}
                "overrides" => found.override_globs = self.override_globs(value),
                "cost" => match budgets(value) {
                    Ok(budgets) => found.budgets = budgets,
                    Err(error) => self.errors.push(error),
                },
                other => self.unknown(other, &["project", "exclude", "rules", "overrides", "cost"], key.span()),
            }
        }
        match rule_settings(table.get("rules"), table.get("overrides")) {
            Ok(rules) => found.rules = rules,
            Err(mut errors) => self.errors.append(&mut errors),
        }
        found
    }

    fn project(&mut self, value: &Spanned<DeValue<'_>>, found: &mut Configuration) {
        let Some(table) = value.get_ref().as_table() else { return self.expected("a table", value) };
        for (key, value) in table.iter() {
            match &**key.get_ref() {
                "src" => {
                    let roots = self.strings(value).into_iter().map(|(text, span)| (PathBuf::from(text), span));
                    let (roots, spans) = roots.unzip();
                    (found.source_roots, found.source_root_spans) = (Some(roots), spans);
                }
                "target-version" => match self.string(value).map(|text| text.parse()) {
                    Some(Ok(version)) => found.version = Some(version),
                    Some(Err(message)) => self.errors.push(SettingsError { message, span: value.span() }),
                    None => {}
                },
                "platform" => match self.string(value).as_deref() {
                    Some("linux") => found.platform = Platform::Linux,
                    Some("darwin") => found.platform = Platform::Darwin,
                    Some("win32") => found.platform = Platform::Win32,
                    Some("all") => found.platform = Platform::All,
                    Some(_) => self.expected("`\"linux\"`, `\"darwin\"`, `\"win32\"` or `\"all\"`", value),
                    None => {}
                },
                "python" => found.python = self.string(value).map(|path| (PathBuf::from(path), value.span())),
                other => self.unknown(other, &["src", "target-version", "platform", "python"], key.span()),
            }
        }
    }

    fn exclude(&mut self, value: &Spanned<DeValue<'_>>) -> (GlobSet, Vec<String>) {
        let mut set = GlobSetBuilder::new();
        let mut texts = Vec::new();
        for (text, span) in self.strings(value) {
            if let Some(glob) = self.glob(&text, span) {
                set.add(glob);
                texts.push(text);
            }
        }
        (set.build().unwrap_or_default(), texts)
    }

    fn override_globs(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<(globset::GlobMatcher, Range<usize>, String)> {
        let entries = value.get_ref().as_array().into_iter().flat_map(|list| list.iter());
        let paths = entries.filter_map(|entry| entry.get_ref().as_table()?.get("paths")?.get_ref().as_array());
        let mut found = Vec::new();
        for path in paths.flat_map(|paths| paths.iter()) {
            if let Some(text) = path.get_ref().as_str()
                && let Ok(glob) = folder_glob(text)
            {
                found.push((glob.compile_matcher(), path.span(), text.to_owned()));
            }
        }
        found
    }

    fn glob(&mut self, text: &str, span: Range<usize>) -> Option<Glob> {
        folder_glob(text)
            .map_err(|error| self.errors.push(SettingsError { message: error.kind().to_string(), span }))
            .ok()
    }

    fn string(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.expected("a string", value);
        }
        text
    }

    fn strings(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<(String, Range<usize>)> {
        let Some(list) = value.get_ref().as_array() else {
            self.expected("a list of strings", value);
            return Vec::new();
        };
        list.iter().filter_map(|value| Some((self.string(value)?, value.span()))).collect()
    }

    fn expected(&mut self, what: &str, value: &Spanned<DeValue<'_>>) {
        self.errors.push(SettingsError { message: format!("expected {what}"), span: value.span() });
    }

    fn unknown(&mut self, key: &str, known: &[&str], span: Range<usize>) {
        let known: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
        let message = format!("unknown key `{key}`, expected one of {}", known.join(", "));
        self.errors.push(SettingsError { message, span });
    }
}

/// The lower bound of `requires-python` (PEP 621), or of poetry's `python` dependency.
fn required_version(pyproject: &toml::Table) -> Option<PythonVersion> {
    let poetry = || pyproject.get("tool")?.get("poetry")?.get("dependencies")?.get("python")?.as_str();
    let text = pyproject.get("project").and_then(|project| project.get("requires-python")?.as_str()).or_else(poetry)?;
    let minor = |text: &str| -> Option<u8> { text.trim().strip_prefix("3.")?.split('.').next()?.parse().ok() };
    let bounds = text.split([',', '|']).filter_map(|clause| {
        let clause = clause.trim();
        let operator = clause.len() - clause.trim_start_matches(['>', '=', '~', '^', '<', '!']).len();
        let (operator, version) = clause.split_at(operator);
        match operator {
            ">=" | "~=" | "==" | "^" | "~" | "===" => minor(version),
            ">" => minor(version).map(|minor| if version.trim().matches('.').count() >= 2 { minor } else { minor + 1 }),
            _ => None,
        }
    });
    let lowest = bounds.max()?;
    Some(PythonVersion::new(lowest).clamp(PythonVersion::OLDEST, PythonVersion::NEWEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version_of(text: &str) -> Option<u8> {
        let table: toml::Table = format!("[project]\nrequires-python = \"{text}\"").parse().expect("valid TOML");
        required_version(&table).map(PythonVersion::minor)
    }

    #[test]
    fn the_lower_bound_is_the_target() {
        assert_eq!(version_of(">=3.9"), Some(9));
        assert_eq!(version_of(">=3.9,<4"), Some(9));
        assert_eq!(version_of(">3.8"), Some(9));
        assert_eq!(version_of("~=3.11.2"), Some(11));
        assert_eq!(version_of("<4"), None);
        assert_eq!(version_of(">=2.7, >=3.6"), Some(7));
    }

    #[test]
    fn a_folder_stands_for_what_is_below() {
        let matches =
            |pattern: &str, path: &str| folder_glob(pattern).expect("a glob").compile_matcher().is_match(path);
        assert!(matches("tests", "pkg/tests/test_a.py"));
        assert!(matches("/tests", "tests/test_a.py"));
        assert!(!matches("/tests", "pkg/tests/test_a.py"));
        assert!(matches("pkg/*.py", "pkg/a.py"));
        assert!(!matches("pkg/*.py", "pkg/sub/a.py"));
    }
}
