//! `[cost]`: what targets may cost.

use std::{ops::Range, time::Duration};

use douane_rules::{LoadBudget, SettingsError};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeValue, ValueDeserializer},
};

/// What one target may cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// What is measured, as `douane cost` takes it.
    pub target: String,
    /// Its place in the configuration.
    pub span: Range<usize>,
    /// How many modules it may load.
    pub modules: Option<usize>,
    /// How large the files of these may be, in bytes.
    pub code: Option<u64>,
    /// How much private memory it may take, in bytes.
    pub private: Option<u64>,
    /// How much time of the processor it may take.
    pub cpu: Option<Duration>,
    /// By which share memory may pass its limit.
    pub private_tolerance: f64,
    /// By which share processor time may pass its limit.
    pub cpu_tolerance: f64,
    /// Modules that it must not load, with all that is below them.
    pub forbid: Vec<String>,
}

/// What a configuration may say of costs.
pub(crate) fn schema(generator: &mut SchemaGenerator) -> Schema {
    Table::json_schema(generator)
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Table {
    #[schemars(with = "Vec<Entry>")]
    budgets: Vec<Spanned<Entry>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Entry {
    target: String,
    modules: Option<usize>,
    code: Option<Size>,
    private: Option<Size>,
    cpu: Option<Time>,
    #[serde(default)]
    tolerance: Tolerance,
    #[serde(default)]
    forbid: Vec<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Tolerance {
    private: Option<Share>,
    cpu: Option<Share>,
}

/// `12MiB`
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", extend("pattern" = r"^\s*(\d+\.?\d*|\.\d+)\s*(B|KiB|MiB|GiB)\s*$"))]
struct Size(u64);

/// `250ms`
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", extend("pattern" = r"^\s*(\d+\.?\d*|\.\d+)\s*(ms|s)\s*$"))]
struct Time(Duration);

/// `1%`
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", extend("pattern" = r"^\s*(\d+\.?\d*|\.\d+)\s*%\s*$"))]
struct Share(f64);

/// A number and its unit, of units and what they stand for.
fn quantity(text: &str, units: &[(&str, f64)], example: &str) -> Result<f64, String> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim());
    let factor = units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    match (number.parse::<f64>(), factor) {
        (Ok(number), Some(factor)) => Ok(number * factor),
        _ => {
            let names: Vec<String> = units.iter().map(|(name, _)| format!("`{name}`")).collect();
            Err(format!("expected a number and one of {}, such as `{example}`", names.join(", ")))
        }
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        const UNITS: [(&str, f64); 4] = [("B", 1.0), ("KiB", 1024.0), ("MiB", 1_048_576.0), ("GiB", 1_073_741_824.0)];
        quantity(&text, &UNITS, "12MiB").map(|bytes| Self(bytes as u64))
    }
}

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        quantity(&text, &[("ms", 0.001), ("s", 1.0)], "250ms").map(|seconds| Self(Duration::from_secs_f64(seconds)))
    }
}

impl TryFrom<String> for Share {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        quantity(&text, &[("%", 0.01)], "5%").map(Self)
    }
}

impl Budget {
    /// As a configuration says it, `[[cost.budgets]]`.
    #[must_use]
    pub fn to_toml(&self) -> toml::Table {
        let figure = |figure: f64, unit: &str| toml::Value::from(format!("{}{unit}", (figure * 1e6).round() / 1e6));
        let bytes = |bytes: u64| toml::Value::from(format!("{bytes}B"));
        let modules = self.modules.and_then(|modules| i64::try_from(modules).ok());
        let tolerance = toml::Table::from_iter([
            ("private".to_owned(), figure(self.private_tolerance * 100.0, "%")),
            ("cpu".to_owned(), figure(self.cpu_tolerance * 100.0, "%")),
        ]);
        let entries = [
            ("target", Some(self.target.as_str().into())),
            ("modules", modules.map(toml::Value::from)),
            ("code", self.code.map(bytes)),
            ("private", self.private.map(bytes)),
            ("cpu", self.cpu.map(|cpu| figure(cpu.as_secs_f64() * 1000.0, "ms"))),
            ("tolerance", Some(tolerance.into())),
            ("forbid", Some(self.forbid.clone().into())),
        ];
        entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }

    /// What can be told of it without running anything.
    pub(crate) fn of_loads(&self) -> Option<LoadBudget> {
        let (target, modules, code) = (self.target.clone(), self.modules, self.code);
        (modules.is_some() || code.is_some()).then_some(LoadBudget { target, modules, code })
    }
}

/// Reads `[cost]`.
pub(crate) fn budgets(value: &Spanned<DeValue<'_>>) -> Result<Vec<Budget>, SettingsError> {
    /// Memory repeats to a few thousandths; processor time does not.
    const PRIVATE: f64 = 0.01;
    const CPU: f64 = 0.0;
    let table = Table::deserialize(ValueDeserializer::from(value.clone())).map_err(|error| SettingsError {
        message: error.message().to_owned(),
        span: error.span().unwrap_or_else(|| value.span()),
    })?;
    let budget = |entry: Spanned<Entry>| {
        let span = entry.span();
        let Entry { target, modules, code, private, cpu, tolerance, forbid } = entry.into_inner();
        Budget {
            target,
            span,
            modules,
            code: code.map(|size| size.0),
            private: private.map(|size| size.0),
            cpu: cpu.map(|time| time.0),
            private_tolerance: tolerance.private.map_or(PRIVATE, |share| share.0),
            cpu_tolerance: tolerance.cpu.map_or(CPU, |share| share.0),
            forbid,
        }
    };
    Ok(table.budgets.into_iter().map(budget).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        let size = |text: &str| Size::try_from(text.to_owned()).map(|size| size.0);
        assert_eq!(size("12MiB"), Ok(12 << 20));
        assert_eq!(size("1.5 KiB"), Ok(1536));
        assert!(size("12").is_err() && size("MiB").is_err() && size("12 MB").is_err());
        let time = |text: &str| Time::try_from(text.to_owned()).map(|time| time.0);
        assert_eq!(time("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(time("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(Share::try_from("25%".to_owned()).map(|share| share.0), Ok(0.25));
    }
}
