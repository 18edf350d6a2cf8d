//! What the user of the editor chose: initialization options, and later changes of the configuration.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::costs::Limits;

/// The section of the editor's configuration.
pub(crate) const SECTION: &str = "douane";

/// No list of findings is read to a longer end.
const MOST_UNOPENED: usize = 5_000;

/// The choices. What is missing or misshapen is the default.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// So many findings of files that are not open are shown.
    pub(crate) most_unopened: usize,
    /// From where on imports get a hint with what they cost.
    pub(crate) hints: Option<Limits>,
    /// The environment whose packages are imported.
    pub(crate) python: Option<PathBuf>,
    /// A configuration to use instead of the one that is found.
    pub(crate) configuration: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Hints {
    enable: bool,
    modules: Option<usize>,
    mib: Option<f64>,
}

/// Settings of a client over those that it gave at the start: some send nothing, or only what changed.
pub(crate) fn over(start: &Value, settings: &Value) -> Value {
    let mut merged = start.as_object().cloned().unwrap_or_default();
    let settings = settings.as_object().into_iter().flatten();
    merged.extend(settings.filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), value.clone())));
    Value::Object(merged)
}

impl Options {
    /// Without what says where the program is.
    pub(crate) fn without_project(&self) -> Self {
        Self { python: None, configuration: None, ..self.clone() }
    }

    /// Reads an object such as `{ "importHints": { "enable": true, "modules": 20 }, "python": ".venv" }`.
    pub(crate) fn read(value: &Value) -> Self {
        let path =
            |key: &str| value.get(key).and_then(Value::as_str).filter(|path| !path.is_empty()).map(PathBuf::from);
        let most = value.get("findingsOfUnopenedFiles").and_then(Value::as_u64);
        let hints = value.get("importHints").cloned().unwrap_or_default();
        let hints: Hints = serde_json::from_value(hints).unwrap_or_default();
        let least = Limits::default();
        Self {
            most_unopened: most.map_or(MOST_UNOPENED, |most| usize::try_from(most).unwrap_or(usize::MAX)),
            hints: hints.enable.then(|| Limits {
                modules: hints.modules.unwrap_or(least.modules),
                mib: hints.mib.unwrap_or(least.mib),
            }),
            python: path("python"),
            configuration: path("configuration"),
        }
    }
}
