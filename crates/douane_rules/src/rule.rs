//! What a rule is.

use douane_base::Applicability;
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use crate::{Checked, Project, Reporter, rules::RULES};

/// A rule as the list knows it: its name, its page, and how to make its check from its options.
pub struct Rule {
    /// The kebab-case name.
    pub name: &'static str,
    /// Codes and names that other tools have for the same thing; comments that name them silence this rule too.
    pub aliases: &'static [&'static str],
    /// The level without configuration.
    pub default: Level,
    /// How far the best of its fixes may be trusted; none if it has no fix.
    pub fix: Option<Applicability>,
    /// The page, in Markdown.
    pub documentation: &'static str,
    pub(crate) load: fn(Options<'_>) -> Result<Check, toml::de::Error>,
    pub(crate) schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

/// The options of a rule as they stand in the configuration; none where it says nothing.
pub(crate) type Options<'o> = Option<toml::de::ValueDeserializer<'o>>;

/// How seriously a rule is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It does not run.
    Off,
    /// Its findings are warnings.
    #[serde(alias = "warn")]
    Warning,
    /// Its findings are errors.
    Error,
}

impl Level {
    /// The word that a configuration has for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// What a configuration may say for a level.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        json!({"enum": ["off", "warning", "warn", "error", false]})
    }
}

/// A rule's check with its options.
pub(crate) enum Check {
    File(Box<dyn FileRule>),
    Project(Box<dyn ProjectRule>),
    /// The engine itself makes the findings.
    Engine,
}

/// A rule that looks at one file at a time, with the graph at hand.
pub trait FileRule: Send + Sync {
    /// Reports what is wrong in one file.
    fn check(&self, file: &Checked<'_>, report: &mut Reporter<'_>);
}

/// A rule that looks at the whole program at once.
pub trait ProjectRule: Send + Sync {
    /// Reports what is wrong in the [reported](Project::reported) files. What is found in one of them must not depend on
    /// which others are among them.
    fn check(&self, project: &Project<'_>, report: &mut Reporter<'_>);
}

/// Reads a rule's options into the rule itself; unknown keys are errors.
pub(crate) fn options<R: DeserializeOwned + Default>(options: Options<'_>) -> Result<R, toml::de::Error> {
    options.map_or_else(|| Ok(R::default()), R::deserialize)
}

/// The rule of that name, or of which it is an alias.
#[must_use]
pub fn find_rule(name: &str) -> Option<&'static Rule> {
    let by_name = RULES.iter().find(|rule| rule.name == name);
    by_name.or_else(|| RULES.iter().find(|rule| rule.aliases.contains(&name))).copied()
}

/// All rules that a name or an alias stands for: several may share a peer's code.
#[must_use]
pub fn rules_named(name: &str) -> Vec<&'static Rule> {
    match RULES.iter().find(|rule| rule.name == name) {
        Some(rule) => vec![rule],
        None => RULES.iter().copied().filter(|rule| rule.aliases.contains(&name)).collect(),
    }
}

impl Rule {
    /// What a configuration may say of its options.
    fn options_schema(&self) -> serde_json::Value {
        let generator =
            schemars::generate::SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
        (self.schema)(&mut generator.into_generator()).to_value()
    }

    /// Its options as they are where a configuration says nothing.
    #[must_use]
    pub fn default_options(&self) -> toml::Table {
        let schema = self.options_schema();
        let properties = schema.get("properties").and_then(serde_json::Value::as_object);
        let default = |(option, schema): (&String, &serde_json::Value)| {
            Some((option.clone(), toml::Value::try_from(schema.get("default")?).ok()?))
        };
        properties.into_iter().flatten().filter_map(default).collect()
    }

    /// What a configuration may say of the rule: its level, or a table of that and its options.
    #[must_use]
    pub fn schema(&self) -> serde_json::Value {
        let level = Level::schema();
        let mut options = self.options_schema();
        if let Some(options) = options.as_object_mut() {
            options.remove("title");
            options.remove("description");
            let properties = options.entry("properties").or_insert_with(|| json!({}));
            properties["severity"] = level.clone();
            options.insert("type".to_owned(), json!("object"));
            options.insert("additionalProperties".to_owned(), json!(false));
        }
        let summary = self.summary().split_whitespace().collect::<Vec<_>>().join(" ");
        json!({"description": summary, "anyOf": [level, options]})
    }

    /// The first sentence of the page.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        let text = self.documentation.trim_start();
        text.split("\n\n").next().unwrap_or(text).trim()
    }
}

/// Declares a rule in its own file: the doc comment becomes its page, and its examples a test.
///
/// The kind is `File`, `Project`, or `Engine` for findings that the engine itself makes; `Engine without examples` where
/// no Python text could show them.
macro_rules! declare_rule {
    ($(#[doc = $line:literal])* $constant:ident: Engine, name: $name:literal, aliases: [$($alias:literal),*], default: $level:ident) => {
        declare_rule!($(#[doc = $line])* $constant: Engine without examples, name: $name, aliases: [$($alias),*], default: $level);
        declare_rule!(test $constant);
    };
    ($(#[doc = $line:literal])* $constant:ident: Engine without examples, name: $name:literal, aliases: [$($alias:literal),*], default: $level:ident) => {
        declare_rule!(@ [$($line),*] $constant, $name, [$($alias),*], $level, None, crate::rule::NoOptions, |options| {
            crate::rule::options::<crate::rule::NoOptions>(options).map(|_| crate::rule::Check::Engine)
        });
    };
    ($(#[doc = $line:literal])* $constant:ident: $kind:ident = $rule:ty, name: $name:literal, aliases: [$($alias:literal),*], default: $level:ident) => {
        declare_rule!($kind = $rule, [$($line),*] $constant, $name, [$($alias),*], $level, None);
    };
    ($(#[doc = $line:literal])* $constant:ident: $kind:ident = $rule:ty, name: $name:literal, aliases: [$($alias:literal),*], default: $level:ident, fix: $fix:ident) => {
        declare_rule!($kind = $rule, [$($line),*] $constant, $name, [$($alias),*], $level, Some(douane_base::Applicability::$fix));
    };
    ($kind:ident = $rule:ty, [$($line:literal),*] $constant:ident, $name:literal, [$($alias:literal),*], $level:ident, $fix:expr) => {
        declare_rule!(@ [$($line),*] $constant, $name, [$($alias),*], $level, $fix, $rule, |options| {
            crate::rule::options::<$rule>(options).map(|rule| crate::rule::Check::$kind(Box::new(rule)))
        });
        declare_rule!(test $constant);
    };
    (test $constant:ident) => {
        #[cfg(test)]
        #[test]
        fn documentation() {
            crate::harness::check_page(&$constant);
        }
    };
    (@ [$($line:literal),*] $constant:ident, $name:literal, [$($alias:literal),*], $level:ident, $fix:expr, $options:ty, $load:expr) => {
        $(#[doc = $line])*
        pub(crate) static $constant: crate::Rule = crate::Rule {
            name: $name,
            aliases: &[$($alias),*],
            default: crate::Level::$level,
            fix: $fix,
            documentation: concat!($($line, "\n"),*),
            load: $load,
            schema: |generator| <$options as schemars::JsonSchema>::json_schema(generator),
        };
    };
}
pub(crate) use declare_rule;

/// For rules without options.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NoOptions {}
