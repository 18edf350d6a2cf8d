//! The table of the standard library, against the `python3` on the path.
//!
//! For well-known modules, what a star binds in a fresh interpreter is compared with the table. How strictly depends on
//! the interpreter:
//!
//! - a release that the table was made from: exactly;
//! - a newer patch release of the same minor version: Python may have added names, so that all of the table's must be
//!   bound;
//! - an older one: it may lack some, so that all that are bound must be in the table;
//! - another minor version: nothing can be compared, and the test says so.
//!
//! The table's stars are those of Linux; elsewhere the modules whose names depend on the platform are left out.
//! `scripts/stdlib_table.py` makes the table, and compares all of it.

mod python;

use std::{collections::BTreeSet, path::Path};

use douane_graph::StandardLibrary;
use python::{Version, stars, version};

const TABLE: &str = include_str!("../data/stdlib.txt");

/// Modules that every build of Python has, with the same names on every platform.
const EVERYWHERE: &[&str] = &[
    "abc",
    "argparse",
    "ast",
    "base64",
    "bisect",
    "calendar",
    "cmath",
    "collections",
    "collections.abc",
    "concurrent.futures",
    "configparser",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "dis",
    "email",
    "email.message",
    "enum",
    "fractions",
    "functools",
    "heapq",
    "html",
    "importlib",
    "importlib.abc",
    "inspect",
    "io",
    "itertools",
    "json",
    "json.decoder",
    "keyword",
    "logging",
    "logging.handlers",
    "math",
    "numbers",
    "operator",
    "pathlib",
    "pickle",
    "pprint",
    "queue",
    "random",
    "re",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "threading",
    "timeit",
    "token",
    "tokenize",
    "traceback",
    "types",
    "typing",
    "unittest",
    "unittest.mock",
    "urllib.parse",
    "uuid",
    "warnings",
    "weakref",
    "xml.dom",
    "xml.dom.minidom",
    "xml.etree.ElementTree",
    "zipfile",
];

/// Modules whose names depend on the platform, though not on the C library and the kernel that the interpreter was
/// built for, as those of `os` and `socket` do.
const ON_LINUX: &[&str] = &["asyncio", "os.path", "posixpath", "pwd", "subprocess"];

/// What the table leaves out, since the import machinery makes it; a few modules list it in `__all__`.
const IMPLICIT_NAMES: &[&str] = &["__doc__", "__file__", "__name__", "__package__"];

#[derive(Clone, Copy, Debug)]
enum Claim {
    Exactly,
    AtLeast,
    AtMost,
}

#[test]
fn a_star_of_a_standard_module_brings_what_the_table_says() {
    let python = version();
    let Some(claim) = claim(TABLE, python) else {
        assert_ne!(
            StandardLibrary::new(python.minor).minor(),
            python.minor,
            "the table names the releases it is made from"
        );
        return;
    };
    let library = StandardLibrary::new(python.minor);
    let on_linux = if cfg!(target_os = "linux") { ON_LINUX } else { &[] };
    let modules: Vec<&str> = EVERYWHERE.iter().chain(on_linux).copied().collect();
    let questions: Vec<(&Path, &str)> = modules.iter().map(|module| (Path::new(""), *module)).collect();
    let mut differences = Vec::new();
    for (module, bound) in modules.iter().zip(stars(&questions)) {
        let known = library.module(module).and_then(|module| module.star);
        let known = known.unwrap_or_else(|| panic!("the table does not know the star of `{module}`"));
        let known: BTreeSet<String> = known.into_iter().map(str::to_owned).collect();
        match bound {
            Ok(mut bound) => {
                bound.retain(|name| !IMPLICIT_NAMES.contains(&name.as_str()));
                differences.extend(difference(module, claim, &known, &bound));
            }
            Err(error) => differences.push(format!("`{module}` can't be imported: {error}")),
        }
    }
    assert!(differences.is_empty(), "Python 3.{}.{}: {}", python.minor, python.patch, differences.join("\n"));
}

#[test]
fn the_claim_depends_on_the_release() {
    let table = "# python 3.8.18 3.11.7 3.12.1\nabc s\n";
    let claim = |minor, patch| claim(table, Version { minor, patch }).map(|claim| format!("{claim:?}"));
    assert_eq!(claim(11, 7).as_deref(), Some("Exactly"));
    assert_eq!(claim(11, 9).as_deref(), Some("AtLeast"));
    assert_eq!(claim(12, 0).as_deref(), Some("AtMost"));
    assert_eq!(claim(13, 0), None);
}

#[test]
fn a_difference_would_be_noticed() {
    let names = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<String>>();
    let differs = |claim, table, bound| difference("m", claim, &names(table), &names(bound)).is_some();
    assert!(!differs(Claim::Exactly, "a b", "b a"));
    assert!(differs(Claim::Exactly, "a b", "a") && differs(Claim::Exactly, "a", "a b"));
    assert!(differs(Claim::AtLeast, "a b", "a") && !differs(Claim::AtLeast, "a", "a b"));
    assert!(!differs(Claim::AtMost, "a b", "a") && differs(Claim::AtMost, "a", "a b"));
}

/// What can be claimed of an interpreter; `None` if the table has no release of its minor version.
fn claim(table: &str, python: Version) -> Option<Claim> {
    let releases = table.lines().next()?.split(' ');
    let minor = format!("3.{}.", python.minor);
    let known: u8 = releases.filter_map(|release| release.strip_prefix(&minor)).find_map(|patch| patch.parse().ok())?;
    Some(match python.patch.cmp(&known) {
        std::cmp::Ordering::Equal => Claim::Exactly,
        std::cmp::Ordering::Greater => Claim::AtLeast,
        std::cmp::Ordering::Less => Claim::AtMost,
    })
}

fn difference(module: &str, claim: Claim, table: &BTreeSet<String>, bound: &BTreeSet<String>) -> Option<String> {
    let only =
        |these: &BTreeSet<String>, those: &BTreeSet<String>| these.difference(those).cloned().collect::<Vec<_>>();
    let (lacking, unlisted) = (only(table, bound), only(bound, table));
    let is_wrong = match claim {
        Claim::Exactly => !lacking.is_empty() || !unlisted.is_empty(),
        Claim::AtLeast => !lacking.is_empty(),
        Claim::AtMost => !unlisted.is_empty(),
    };
    is_wrong.then(|| format!("`{module}`: only the table has {lacking:?}, only Python has {unlisted:?}"))
}
