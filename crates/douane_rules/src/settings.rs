//! Which rules run, how seriously, and with which options.

use std::{collections::BTreeMap, ops::Range};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use crate::{
    Level, Rule,
    rule::{Check, Options, rules_named},
    rules::RULES,
};

/// The rules with their checks, levels and exceptions.
pub struct Settings {
    pub(crate) rules: Vec<Configured>,
    overrides: Vec<Override>,
    /// Comments in the code silence nothing.
    pub(crate) ignores_comments: bool,
}

pub(crate) struct Configured {
    pub(crate) rule: &'static Rule,
    pub(crate) check: Check,
    level: Level,
    /// The configuration or the command line chose the level.
    is_chosen: bool,
    /// The command line turned it off, whatever the configuration says.
    is_deselected: bool,
    /// The options that the configuration sets.
    options: toml::Table,
}

/// A rule as it is in use; some files may have other levels.
pub struct InUse {
    /// The rule.
    pub rule: &'static Rule,
    /// How seriously it is taken.
    pub level: Level,
    /// Somebody chose the level, be it the default one.
    pub is_chosen: bool,
    /// All of its options.
    pub options: toml::Table,
}

/// Other levels for some files.
#[derive(Clone, Debug)]
pub struct Override {
    /// The files, by their path relative to the project folder.
    pub paths: GlobSet,
    /// The same as it is written.
    pub globs: Vec<String>,
    /// The levels there.
    pub levels: FxHashMap<&'static str, Level>,
}

/// What the command line selects; it goes over the configuration.
#[derive(Clone, Default)]
pub struct Selection {
    /// Only these rules run, if there are any.
    pub select: Vec<&'static Rule>,
    /// These run besides those that run anyway.
    pub extend_select: Vec<&'static Rule>,
    /// These do not.
    pub ignore: Vec<&'static Rule>,
    /// Other levels for some files, over those of the configuration.
    pub overrides: Vec<Override>,
}

impl Override {
    /// Rules that are off in the files of a pattern.
    pub fn ignoring(glob: &str, rules: &[&'static Rule]) -> Result<Self, String> {
        let compiled = folder_glob(glob).and_then(|glob| GlobSetBuilder::new().add(glob).build());
        let paths = compiled.map_err(|error| format!("`{glob}`: {}", error.kind()))?;
        let levels = rules.iter().map(|rule| (rule.name, Level::Off)).collect();
        Ok(Self { paths, globs: vec![glob.to_owned()], levels })
    }
}

/// Something in the configuration that can't be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// What.
    pub message: String,
    /// Where, in bytes of the configuration's text.
    pub span: Range<usize>,
}

/// The `[rules]` table and the `[[overrides]]` of a configuration.
#[derive(Default)]
pub struct RuleSettings {
    levels: FxHashMap<&'static str, Level>,
    checks: FxHashMap<&'static str, Check>,
    options: FxHashMap<&'static str, toml::Table>,
    overrides: Vec<Override>,
}

/// Reads the `[rules]` table and the `[[overrides]]` of a configuration. All mistakes are reported, not just the first.
pub fn rule_settings(
    rules: Option<&Spanned<DeValue<'_>>>,
    overrides: Option<&Spanned<DeValue<'_>>>,
) -> Result<RuleSettings, Vec<SettingsError>> {
    let mut errors = Vec::new();
    let mut settings = RuleSettings::default();
    if let Some(rules) = rules {
        match rules.get_ref().as_table() {
            Some(table) => read_rules(table, &mut settings, &mut errors),
            None => errors.push(expected("a table of rules", rules)),
        }
    }
    if let Some(overrides) = overrides {
        match overrides.get_ref().as_array() {
            Some(list) => {
                for entry in list.iter() {
                    match read_override(entry) {
                        Ok(entry) => settings.overrides.push(entry),
                        Err(mut found) => errors.append(&mut found),
                    }
                }
            }
            None => errors.push(expected("`[[overrides]]`, an array of tables", overrides)),
        }
    }
    if errors.is_empty() { Ok(settings) } else { Err(errors) }
}

fn read_rules(table: &DeTable<'_>, settings: &mut RuleSettings, errors: &mut Vec<SettingsError>) {
    for (key, value) in table.iter() {
        // A peer's code may stand for several rules; options are those of one.
        let named = rules_named(key.get_ref());
        let Some(rule) = named.first() else {
            errors.push(unknown_rule(key.get_ref(), key.span()));
            continue;
        };
        let DeValue::Table(options) = value.get_ref() else {
            match level(value) {
                Ok(level) => settings.levels.extend(named.iter().map(|rule| (rule.name, level))),
                Err(error) => errors.push(error),
            }
            continue;
        };
        let mut options = options.clone();
        if let Some((_, severity)) = options.remove_entry("severity") {
            match level(&severity) {
                Ok(level) => drop(settings.levels.insert(rule.name, level)),
                Err(error) => errors.push(error),
            }
        }
        let options = || ValueDeserializer::from(Spanned::new(value.span(), DeValue::Table(options.clone())));
        match (rule.load)(Some(options())) {
            Ok(check) => {
                settings.checks.insert(rule.name, check);
                settings.options.insert(rule.name, toml::Table::deserialize(options()).unwrap_or_default());
            }
            Err(error) => errors.push(SettingsError {
                message: format!("in the options of `{}`: {}", rule.name, error.message()),
                span: error.span().unwrap_or(value.span()),
            }),
        }
    }
}

/// What an override calls all rules.
const ALL: &str = "all";

fn read_override(entry: &Spanned<DeValue<'_>>) -> Result<Override, Vec<SettingsError>> {
    let Some(table) = entry.get_ref().as_table() else { return Err(vec![expected("a table", entry)]) };
    let mut errors = Vec::new();
    let mut paths = GlobSetBuilder::new();
    let mut globs = Vec::new();
    let mut levels = FxHashMap::default();
    for (key, value) in table.iter() {
        match (&**key.get_ref(), value.get_ref()) {
            ("paths", DeValue::Array(patterns)) => {
                for glob in patterns.iter() {
                    match path_glob(glob) {
                        Ok(found) => {
                            paths.add(found);
                            globs.extend(glob.get_ref().as_str().map(str::to_owned));
                        }
                        Err(error) => errors.push(error),
                    }
                }
            }
            ("rules", DeValue::Table(rules)) => {
                // What is said of one rule goes over what is said of all.
                let mut rules: Vec<_> = rules.iter().collect();
                rules.sort_by_key(|(name, _)| name.get_ref() != ALL);
                for (name, value) in rules {
                    let named = if name.get_ref() == ALL { RULES.to_vec() } else { rules_named(name.get_ref()) };
                    match level(value) {
                        _ if named.is_empty() => errors.push(unknown_rule(name.get_ref(), name.span())),
                        Ok(level) => levels.extend(named.iter().map(|rule| (rule.name, level))),
                        Err(error) => errors.push(error),
                    }
                }
            }
            ("paths", _) => errors.push(expected("a list of paths", value)),
            ("rules", _) => errors.push(expected("a table of rules", value)),
            (other, _) => errors.push(SettingsError {
                message: format!("unknown key `{other}`, expected `paths` or `rules`"),
                span: key.span(),
            }),
        }
    }
    if table.get("paths").is_none() {
        errors.push(SettingsError { message: "an override needs `paths`".to_owned(), span: entry.span() });
    }
    let paths =
        paths.build().map_err(|error| vec![SettingsError { message: error.to_string(), span: entry.span() }])?;
    if errors.is_empty() { Ok(Override { paths, globs, levels }) } else { Err(errors) }
}

/// A path of the configuration: a glob, or a folder that stands for everything below it. Without a `/` it is meant at
/// any depth, as in `.gitignore`.
pub fn folder_glob(text: &str) -> Result<Glob, globset::Error> {
    let text = text.trim_end_matches('/');
    let text = text.strip_prefix("./").unwrap_or(text);
    let pattern = match text.strip_prefix('/') {
        Some(anchored) => format!("{{{anchored},{anchored}/**}}"),
        None if text.contains('/') => format!("{{{text},{text}/**}}"),
        None => format!("{{{text},{text}/**,**/{text},**/{text}/**}}"),
    };
    GlobBuilder::new(&pattern).literal_separator(true).build()
}

fn path_glob(value: &Spanned<DeValue<'_>>) -> Result<Glob, SettingsError> {
    let Some(text) = value.get_ref().as_str() else { return Err(expected("a path", value)) };
    folder_glob(text).map_err(|error| SettingsError { message: error.kind().to_string(), span: value.span() })
}

fn level(value: &Spanned<DeValue<'_>>) -> Result<Level, SettingsError> {
    match value.get_ref() {
        DeValue::String(text) => match &**text {
            "off" => Ok(Level::Off),
            "warning" | "warn" => Ok(Level::Warning),
            "error" => Ok(Level::Error),
            _ => Err(expected("`\"off\"`, `\"warning\"` or `\"error\"`", value)),
        },
        DeValue::Boolean(false) => Ok(Level::Off),
        _ => Err(expected("`\"off\"`, `\"warning\"` or `\"error\"`", value)),
    }
}

fn expected(what: &str, value: &Spanned<DeValue<'_>>) -> SettingsError {
    SettingsError { message: format!("expected {what}"), span: value.span() }
}

fn unknown_rule(name: &str, span: Range<usize>) -> SettingsError {
    let hint = nearest_rule(name).map_or(String::new(), |rule| format!("; did you mean `{rule}`?"));
    SettingsError { message: format!("unknown rule `{name}`{hint}"), span }
}

/// The rule whose name is nearly the given one.
#[must_use]
pub fn nearest_rule(name: &str) -> Option<&'static str> {
    const MOST_SLIPS: usize = 3;
    let nearest = RULES.iter().map(|rule| rule.name).min_by_key(|rule| distance(rule, name));
    nearest.filter(|rule| distance(rule, name) <= MOST_SLIPS)
}

/// The number of letters to change, add or drop between two words.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other_letter) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(letter != other_letter);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

impl Settings {
    /// The settings of a configuration, with the command line's selection on top.
    #[must_use]
    pub fn new(mut configured: RuleSettings, selection: &Selection) -> Self {
        let mut rules = Vec::with_capacity(RULES.len());
        for rule in RULES.iter().copied() {
            let chosen = configured.levels.get(rule.name).copied();
            let mut level = chosen.unwrap_or(rule.default);
            let names = |rules: &[&'static Rule]| rules.iter().any(|named| named.name == rule.name);
            if !selection.select.is_empty() {
                level = match (names(&selection.select), level) {
                    (true, Level::Off) => Level::Warning,
                    (true, level) => level,
                    (false, _) => Level::Off,
                };
            }
            if names(&selection.extend_select) && level == Level::Off {
                level = Level::Warning;
            }
            if names(&selection.ignore) {
                level = Level::Off;
            }
            let is_selected = names(&selection.select) || names(&selection.extend_select);
            let is_deselected = names(&selection.ignore) || (!selection.select.is_empty() && !is_selected);
            let check = configured.checks.remove(rule.name).or_else(|| load_default(rule, None));
            if let Some(check) = check {
                let options = configured.options.remove(rule.name).unwrap_or_default();
                let is_chosen = chosen.is_some();
                rules.push(Configured { rule, check, level, is_chosen, is_deselected, options });
            }
        }
        let mut overrides = configured.overrides;
        overrides.extend(selection.overrides.iter().cloned());
        Self { rules, overrides, ignores_comments: false }
    }

    /// The same; if so, comments in the code silence nothing.
    #[must_use]
    pub fn ignoring_comments(self, ignores_comments: bool) -> Self {
        Self { ignores_comments, ..self }
    }

    /// The rules as they are in use, by name.
    pub fn in_use(&self) -> impl Iterator<Item = InUse> {
        self.rules.iter().map(|configured| {
            let rule = configured.rule;
            let mut options = rule.default_options();
            options.extend(configured.options.clone());
            let is_chosen = configured.is_chosen || configured.level != rule.default;
            InUse { rule, level: configured.level, is_chosen, options }
        })
    }

    /// The patterns of files that have levels of their own, with these, by the rules' names.
    pub fn levels_of_files(&self) -> impl Iterator<Item = (&[String], BTreeMap<&'static str, Level>)> {
        let is_open = |rule: &&str| self.rules.iter().any(|known| known.rule.name == *rule && !known.is_deselected);
        self.overrides.iter().map(move |entry| {
            let levels = entry.levels.iter().filter(|(rule, _)| is_open(rule));
            (&*entry.globs, levels.map(|(rule, level)| (*rule, *level)).collect())
        })
    }

    /// The level of a rule in a file, and whether the user chose it.
    pub(crate) fn level(&self, configured: &Configured, path: &str) -> (Level, bool) {
        let overriding = self.overrides.iter().rev().filter(|entry| entry.paths.is_match(path));
        let level = overriding.filter_map(|entry| entry.levels.get(configured.rule.name)).next();
        match level {
            Some(level) if !configured.is_deselected => (*level, true),
            _ => (configured.level, configured.is_chosen),
        }
    }

    /// True for a rule that is off, and that no override turns on.
    pub(crate) fn is_off_everywhere(&self, configured: &Configured) -> bool {
        let mut levels = self.overrides.iter().filter_map(|entry| entry.levels.get(configured.rule.name));
        configured.level == Level::Off && (configured.is_deselected || levels.all(|level| *level == Level::Off))
    }

    /// True if a rule runs in any file that asks what programs load, where there are budgets or not.
    #[must_use]
    pub fn want_costs(&self, has_budgets: bool) -> bool {
        let asks = |configured: &Configured| match configured.rule.name {
            "heavy-import" | "lazy-candidate" => true,
            "import-budget" => has_budgets,
            _ => false,
        };
        self.rules.iter().any(|configured| asks(configured) && !self.is_off_everywhere(configured))
    }
}

/// Every rule loads without options.
fn load_default(rule: &Rule, options: Options<'_>) -> Option<Check> {
    (rule.load)(options).ok()
}
