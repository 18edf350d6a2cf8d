//! How names are put into sentences.

use douane_graph::{ModuleGraph, ModuleId};
use douane_parser::{FileFacts, Import, Target};

/// `` `a` ``, `` `a` and `b` ``, `` `a`, `b` and 3 more ``.
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    listed_up_to(names, 5)
}

/// The same, with so many names spelt out at most.
pub(crate) fn listed_up_to<S: AsRef<str>>(names: &[S], most: usize) -> String {
    let quoted = |name: &S| format!("`{}`", name.as_ref());
    match names {
        [] => String::new(),
        [only] => quoted(only),
        _ if names.len() <= most => {
            let (last, rest) = names.split_last().expect("more than one name");
            format!("{} and {}", rest.iter().map(quoted).collect::<Vec<_>>().join(", "), quoted(last))
        }
        _ => {
            let shown: Vec<String> = names[..most].iter().map(quoted).collect();
            format!("{} and {} more", shown.join(", "), names.len() - most)
        }
    }
}

/// `1 name`, `2 names`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The module as the statement writes it: `..pkg.mod`.
pub(crate) fn written_module(facts: &FileFacts, import: &Import) -> String {
    let (level, module) = import.target.module();
    format!("{}{}", ".".repeat(level as usize), module.map_or("", |module| facts.name(module)))
}

/// The import as its own statement: `from m import f as g`.
pub(crate) fn written_import(facts: &FileFacts, import: &Import) -> String {
    let alias = import.alias.map_or(String::new(), |alias| format!(" as {}", facts.name(alias)));
    match import.target {
        Target::Module(module) => format!("import {}{alias}", facts.name(module)),
        Target::From { name, .. } => {
            format!("from {} import {}{alias}", written_module(facts, import), facts.name(name))
        }
        Target::Star { .. } => format!("from {} import *", written_module(facts, import)),
    }
}

/// The module that an explicit import of the star's module would name: as written, so that relative stays relative.
pub(crate) fn explicit_import(facts: &FileFacts, import: &Import, names: &[&str]) -> String {
    const MOST: usize = 8;
    let more = if names.len() > MOST { ", …" } else { "" };
    let shown = &names[..names.len().min(MOST)];
    format!("from {} import {}{more}", written_module(facts, import), shown.join(", "))
}

/// True if Python could write the name in an import.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    let starts = letters.next().is_some_and(|first| first == '_' || first.is_alphabetic());
    starts && letters.all(|letter| letter == '_' || letter.is_alphanumeric())
}

/// True for modules that others are meant to import: no part of the name is private, and none says that it is a test.
pub(crate) fn is_public(module: &str) -> bool {
    !module.split('.').any(|part| {
        part.starts_with('_')
            || matches!(part, "test" | "tests" | "testing" | "conftest" | "setup" | "docs" | "examples")
            || part.starts_with("test_")
            || part.ends_with("_test")
    })
}

/// The names that are written almost like another, the nearest first.
pub(crate) fn near_misses<'n>(name: &str, known: Vec<&'n str>) -> Vec<&'n str> {
    const MOST: usize = 3;
    const LIKENESS: f32 = 0.7;
    similar::get_close_matches(name, &known, MOST, LIKENESS)
}

/// `` `a` ``, `` `a` or `b` ``, `` `a`, `b` or `c` ``.
pub(crate) fn or_listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// A module as a `from` statement of another one names it: by its absolute name, or, if that is wanted and the two share a
/// package, relative to that.
pub(crate) fn module_as_seen_from(
    graph: &ModuleGraph,
    importer: ModuleId,
    module: ModuleId,
    is_relative: bool,
) -> String {
    let absolute = graph.module_name(module);
    let own = graph.module(importer);
    let start = if own.is_package() { Some(importer) } else { own.parent };
    let packages = std::iter::successors(start, |package| graph.module(*package).parent);
    for (dots, package) in (1..).zip(packages).filter(|_| is_relative) {
        let name = graph.module_name(package);
        if graph.module(module).name.is_within(name) {
            let rest = absolute[name.len()..].trim_start_matches('.');
            return format!("{}{rest}", ".".repeat(dots));
        }
    }
    absolute.to_owned()
}
