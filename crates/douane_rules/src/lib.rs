//! The rule engine: facts and graph in, sorted diagnostics out.
//!
//! A rule is one file below `rules/`: its page, its options, its check and its tests; [`RULES`] lists them all. Rules
//! never see a syntax tree, a file system or a clock. The engine runs them in parallel over the files, decides
//! severities in one place, and silences what a comment in the code asks to be silenced.

mod engine;
#[cfg(any(test, feature = "harness"))]
pub mod harness;
mod page;
mod patterns;
mod programs;
mod project;
mod rebindings;
mod reporter;
mod rule;
mod rules;
mod settings;
mod star_uses;
mod traces;
mod wording;

pub use engine::{SYNTAX_ERROR, check};
pub use page::{ExampleFile, Part};
pub use patterns::ModulePattern;
pub use project::{Absence, Checked, LoadBudget, Prepared, Project, UnusedSettings};
pub use reporter::Reporter;
pub use rule::{FileRule, Level, ProjectRule, Rule, find_rule, rules_named};
pub use rules::RULES;
pub use settings::{
    InUse, Override, RuleSettings, Selection, Settings, SettingsError, folder_glob, nearest_rule, rule_settings,
};
