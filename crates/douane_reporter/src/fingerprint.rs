//! What stays the same of a finding while the code around it changes.

use std::collections::HashMap;

use douane_base::{Diagnostic, subject};

use crate::{Report, Sources};

/// A fingerprint of each finding, 32 hexadecimal digits: of its rule, its module and the text that it is about, not of
/// where that stands. Findings that agree in all of these are counted.
pub(crate) fn fingerprints(report: &Report<'_>) -> Vec<String> {
    fingerprints_of(report.files, report.diagnostics.iter())
}

/// The same for any findings.
pub(crate) fn fingerprints_of<'d>(
    files: &dyn Sources,
    diagnostics: impl Iterator<Item = &'d Diagnostic>,
) -> Vec<String> {
    let mut counts: HashMap<u128, u32> = HashMap::new();
    let fingerprint = |diagnostic: &Diagnostic| {
        let source = files.file(diagnostic.primary.file);
        let path = source.display_path();
        let module = files.module(diagnostic.primary.file).unwrap_or(&path);
        let subject = subject(source.text(), diagnostic.primary.range);
        let mut hash = Fnv::new();
        [diagnostic.rule, module, &subject].iter().for_each(|part| hash.add(part));
        let count = counts.entry(hash.0).or_insert(0);
        *count += 1;
        if *count > 1 {
            hash.add(&count.to_string());
        }
        format!("{:032x}", hash.0)
    };
    diagnostics.map(fingerprint).collect()
}

/// The 128-bit FNV-1a hash of texts; no hash of the standard library is the same in every version.
struct Fnv(u128);

impl Fnv {
    fn new() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }

    /// Adds a text and the end of it.
    fn add(&mut self, text: &str) {
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(PRIME);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        Summary,
        sample::{Files, error},
    };

    fn of(text: &str, subjects: &[&str]) -> Vec<String> {
        let files = Files::new(&[("a.py", text)]);
        let diagnostics: Vec<_> = subjects.iter().map(|subject| error(0, files.find(0, subject), "")).collect();
        let summary = Summary {
            files: 1,
            modules: 1,
            only_fixed: false,
            fixed: 0,
            known: 0,
            outside: 0,
            elapsed: Duration::ZERO,
        };
        fingerprints(&Report { diagnostics: &diagnostics, files: &files, known: &[], rules: &[], summary, prefix: "" })
    }

    #[test]
    fn lines_above_and_other_findings_make_no_difference() {
        let before = of("import os\nimport re\n", &["os", "re"]);
        assert_eq!(before[0].len(), 32);
        assert_ne!(before[0], before[1]);
        assert_eq!(of("# one\n\nimport sys\nimport re\n", &["re"]), before[1..]);
        assert_eq!(of("import  os\n", &["os"]), before[..1]);
    }

    #[test]
    fn what_looks_the_same_is_told_apart() {
        let twice = of("import os\n", &["os", "os", "os"]);
        assert!(twice[0] != twice[1] && twice[1] != twice[2] && twice[0] != twice[2]);
        assert_eq!(twice[0], of("import os\n", &["os"])[0]);
    }

    #[test]
    fn the_hash_is_that_of_its_authors() {
        let mut hash = Fnv::new();
        assert_eq!(hash.0, 144_066_263_297_769_815_596_495_629_667_062_367_629);
        "foobar".bytes().for_each(|byte| {
            hash.0 = (hash.0 ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        });
        assert_eq!(format!("{:032x}", hash.0), "343e1662793c64bf6f0d3597ba446f18");
    }
}
