//! The JSON schema of `lint.toml`, for editors that complete and check it.

use douane_base::PythonVersion;
use douane_rules::{Level, RULES};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::budgets;

/// The schema, in draft 7, which editors of TOML read.
#[must_use]
pub fn configuration_schema() -> Value {
    let rules: Map<String, Value> = RULES.iter().map(|rule| (rule.name.to_owned(), rule.schema())).collect();
    // Editors complete douane's own names, and accept those of others.
    let mut aliases: Vec<&str> = RULES.iter().flat_map(|rule| rule.aliases).copied().collect();
    aliases.sort_unstable();
    aliases.dedup();
    let aliases = format!("^({})$", aliases.join("|"));
    let of_alias = json!({"anyOf": [Level::schema(), {"type": "object"}]});
    let rules = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": rules,
        "patternProperties": {aliases.clone(): of_alias},
    });
    let names = RULES.iter().map(|rule| rule.name).chain(["all"]);
    let levels: Map<String, Value> = names.map(|name| (name.to_owned(), Level::schema())).collect();
    let levels = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": levels,
        "patternProperties": {aliases: Level::schema()},
    });
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let costs = budgets::schema(&mut settings.into_generator()).to_value();
    let described = |description: &str, mut schema: Value| {
        schema["description"] = json!(description);
        schema
    };
    let strings = || json!({"type": "array", "items": {"type": "string"}});
    let minors = || PythonVersion::OLDEST.minor()..=PythonVersion::NEWEST.minor();
    let versions: Vec<String> = minors().map(|minor| format!("3.{minor}")).collect();
    let versions: Vec<String> = versions.into_iter().chain(minors().map(|minor| format!("py3{minor}"))).collect();
    let project = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "src": described("The folders that stand on `sys.path`, with `*` for any folder.", strings()),
            "target-version": {
                "description": "The oldest Python that the code has to run on.",
                "enum": versions,
            },
            "platform": {
                "description": "The system that tests of `sys.platform` are decided for.",
                "enum": ["linux", "darwin", "win32", "all"],
            },
            "python": {
                "description": "The environment with the installed packages: its folder, or an interpreter in it.",
                "type": "string",
            },
        },
    });
    let overrides = json!({
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["paths"],
            "properties": {
                "paths": strings(),
                "rules": levels,
            },
        },
    });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "lint.toml of douane",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "exclude": described("Files and folders that are no part of the program.", strings()),
            "project": described("What the program is.", project),
            "rules": described("How serious each rule is, and its options.", rules),
            "overrides": described("Other levels for some files; the last entry that names a rule counts.", overrides),
            "cost": described("What targets may cost.", costs),
        },
    })
}
