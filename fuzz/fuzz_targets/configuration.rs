//! Any bytes as a `lint.toml`: reading the rules' settings does not panic, and every mistake lies within the text.

#![no_main]

use douane_rules::{Selection, Settings, rule_settings};
use libfuzzer_sys::fuzz_target;
use toml::de::DeTable;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(table) = DeTable::parse(text) else { return };
    match rule_settings(table.get_ref().get("rules"), table.get_ref().get("overrides")) {
        Ok(settings) => drop(Settings::new(settings, &Selection::default())),
        Err(errors) => {
            assert!(!errors.is_empty(), "a failure names a mistake");
            for error in errors {
                assert!(
                    text.get(error.span.clone()).is_some(),
                    "{:?} is no part of the text: {}",
                    error.span,
                    error.message
                );
                assert!(!error.message.is_empty(), "a mistake says something");
            }
        }
    }
});
