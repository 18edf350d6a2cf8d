//! Small Python programs for tests: made up, written down as text, run, and linked.
//!
//! A [`Program`] is a list of modules, a module a list of [`Step`]s, the few things that code can do to a module's
//! names. [`Program::text`] writes a module as Python, in one of several spellings that all mean the same;
//! [`evaluator`] runs a program as the language reference says; [`generator`] makes them up; [`link_texts`] hands texts
//! to douane.
//!
//! Deliberately not here: a Python to compare with, and what douane can't know by design.

#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod evaluator;
pub(crate) mod generator;

use std::fmt;

use douane_base::{FileId, ModuleName, Platform, PythonVersion};
use douane_graph::{ModuleGraph, ModuleKind, ModuleSource, Origin, Program as Linked, StandardLibrary, link};
use douane_parser::{FileFacts, ParseOptions, SourceKind, parse};

/// The modules of a program; the package of each is among them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) modules: Vec<Module>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Module {
    /// The absolute name.
    pub(crate) name: String,
    /// The module is an `__init__.py`.
    pub(crate) is_package: bool,
    pub(crate) steps: Vec<Spelled>,
}

/// A step, and which of its spellings stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spelled {
    pub(crate) step: Step,
    pub(crate) spelling: u8,
}

/// What code does to the names of its module. Modules are given by their absolute name and need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The name gets a value that is no module.
    Bind(String),
    /// `del name`.
    Delete(String),
    /// `import module`, `import module as alias`.
    Import { module: String, alias: Option<String> },
    /// `from module import name`, `from module import name as alias`.
    From { module: String, name: String, alias: Option<String> },
    /// `from module import *`.
    Star { module: String },
    /// The import, or if it raises ImportError, a value for the name that it binds.
    Attempt { module: String, name: String },
    /// `__all__ = …`.
    SetAll(Vec<Part>),
    /// `__all__ += …`.
    ExtendAll(Vec<Part>),
    /// `__all__.remove(name)`.
    RemoveAll(String),
}

/// A part of a sum of lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `["a", "b"]`.
    Names(Vec<String>),
    /// `a.b.__all__`, given as `a.b`.
    AllOf(String),
    /// `[name for name in dir() if not name.startswith("_")]`.
    PublicNames,
}

impl Program {
    pub(crate) fn module(&self, name: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.name == name)
    }

    /// The files of all modules, by path.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        self.modules.iter().map(|module| (module.path(), module.text())).collect()
    }
}

impl Module {
    pub(crate) fn path(&self) -> String {
        let path = self.name.replace('.', "/");
        if self.is_package { format!("{path}/__init__.py") } else { format!("{path}.py") }
    }

    pub(crate) fn text(&self) -> String {
        self.steps.iter().map(|spelled| self.spell(&spelled.step, spelled.spelling) + "\n").collect()
    }

    fn spell(&self, step: &Step, spelling: u8) -> String {
        let is_relative = spelling % 2 == 1;
        match step {
            Step::Bind(name) => spell_binding(name, spelling),
            Step::Delete(name) => {
                spell_one_of(&["del NAME", "del (NAME)", "del [NAME]"], spelling).replace("NAME", name)
            }
            Step::Import { module, alias: None } => format!("import {module}"),
            Step::Import { module, alias: Some(alias) } => format!("import {module} as {alias}"),
            Step::From { module, name, alias } => {
                let module = if is_relative { self.relative(module) } else { module.clone() };
                match alias {
                    Some(alias) => format!("from {module} import {name} as {alias}"),
                    None => format!("from {module} import {name}"),
                }
            }
            Step::Star { module } => {
                let module = if is_relative { self.relative(module) } else { module.clone() };
                format!("from {module} import *")
            }
            Step::Attempt { module, name } => {
                format!("try:\n    from {module} import {name}\nexcept ImportError:\n    {name} = None")
            }
            Step::SetAll(parts) => format!("__all__ = {}", spell_sum(parts, spelling)),
            Step::ExtendAll(parts) => {
                let patterns: &[&str] = match &parts[..] {
                    [Part::Names(names)] if names.len() == 1 => {
                        &["__all__ += SUM", "__all__.extend(SUM)", "__all__.append(ITEM)", "__all__.insert(0, ITEM)"]
                    }
                    _ => &["__all__ += SUM", "__all__.extend(SUM)"],
                };
                let item = match &parts[..] {
                    [Part::Names(names)] => names.first().map(|name| format!("{name:?}")),
                    _ => None,
                };
                spell_one_of(patterns, spelling)
                    .replace("SUM", &spell_sum(parts, spelling))
                    .replace("ITEM", &item.unwrap_or_default())
            }
            Step::RemoveAll(name) => format!("__all__.remove({name:?})"),
        }
    }

    /// A module as seen from here, with dots where both are below one top-level package.
    fn relative(&self, module: &str) -> String {
        let mut dots = ".".to_owned();
        let mut base = if self.is_package { Some(self.name.as_str()) } else { parent(&self.name) };
        while let Some(package) = base {
            match module.strip_prefix(package) {
                Some("") => return dots,
                Some(rest) if rest.starts_with('.') => return dots + &rest[1..],
                _ => {}
            }
            dots.push('.');
            base = parent(package);
        }
        module.to_owned()
    }
}

/// The package of a module.
pub(crate) fn parent(module: &str) -> Option<&str> {
    module.rsplit_once('.').map(|(parent, _)| parent)
}

/// The last part of a module's name.
pub(crate) fn last(module: &str) -> &str {
    module.rsplit_once('.').map_or(module, |(_, last)| last)
}

/// A module's packages, the nearest first.
pub(crate) fn ancestors(module: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(module), |module| parent(module))
}

fn spell_binding(name: &str, spelling: u8) -> String {
    const FORMS: &[&str] = &[
        "NAME = 1",
        "def NAME(): local = 1",
        "class NAME: attribute = 1",
        "NAME: int = 1",
        "for NAME in [1]: pass",
        "if True:\n    NAME = 1\nelse:\n    other = 1",
        "try:\n    NAME = 1\nfinally:\n    pass",
        "if (NAME := 1): pass",
        "[NAME := element for element in [1]]",
        "import sys as NAME",
        "import os.path as NAME",
        "from os import path as NAME",
        "with open(__file__) as NAME: pass",
        "while True:\n    NAME = 1\n    break",
        "if __name__ == '__main__':\n    other = 1\nelse:\n    NAME = 1",
        "try:\n    pass\nexcept ImportError:\n    other = 1\nelse:\n    NAME = 1",
        "NAME = 0; NAME += 1",
        "(NAME, NAME), [*NAME] = (1, 2), [3]",
        "async def NAME(): local = 1",
        "@staticmethod\ndef NAME(local): pass",
        "try:\n    import no_such_module\nexcept ImportError:\n    NAME = 1",
        "NAME: int; NAME = 1",
        "NAME = [element for element in [1]]",
    ];
    spell_one_of(FORMS, spelling).replace("NAME", name)
}

fn spell_sum(parts: &[Part], spelling: u8) -> String {
    let lists: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Part::Names(names) if spelling % 5 == 3 && !names.is_empty() => format!("{:?}.split()", names.join(" ")),
            Part::Names(names) => format!("{names:?}"),
            Part::AllOf(module) => format!("{module}.__all__"),
            Part::PublicNames => "[name for name in dir() if not name.startswith(\"_\")]".to_owned(),
        })
        .collect();
    match spelling % 3 {
        0 => lists.join(" + "),
        // A new list, where the sum of one would be the list itself.
        1 if lists.len() > 1 => {
            format!("[{}]", lists.iter().map(|list| format!("*{list}")).collect::<Vec<_>>().join(", "))
        }
        _ if lists.len() > 1 => format!("list({})", lists.join(" + ")),
        _ => lists.join(" + "),
    }
}

fn spell_one_of<'f>(forms: &[&'f str], spelling: u8) -> &'f str {
    forms[usize::from(spelling) % forms.len()]
}

impl fmt::Debug for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for module in &self.modules {
            writeln!(formatter, "\n# {}", module.path())?;
            formatter.write_str(&module.text())?;
        }
        Ok(())
    }
}

/// Links files given by path and text; a folder without an `__init__.py` is a namespace package.
pub(crate) fn link_texts(files: &[(String, String)], version: PythonVersion) -> ModuleGraph {
    let options = ParseOptions { version, platform: Platform::host(), kind: SourceKind::Module };
    let facts: Vec<FileFacts> = files.iter().map(|(_, text)| parse(text, &options)).collect();
    let mut modules: Vec<ModuleSource> = Vec::new();
    for (number, (path, _)) in (0..).zip(files) {
        let stem = path.strip_suffix(".py").expect("a path ends with `.py`");
        let (name, kind) = match stem.strip_suffix("/__init__") {
            Some(folder) => (folder.replace('/', "."), ModuleKind::Package),
            None => (stem.replace('/', "."), ModuleKind::Source),
        };
        modules.push(source(&name, kind, Some(FileId(number))));
    }
    let folders: Vec<String> = modules
        .iter()
        .flat_map(|module| ancestors(module.name.as_str()).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    for folder in folders {
        if !modules.iter().any(|module| module.name.as_str() == folder) {
            modules.push(source(&folder, ModuleKind::Namespace, None));
        }
    }
    link(&Linked::new(modules, &facts, StandardLibrary::new(version.minor()), true))
}

fn source(name: &str, kind: ModuleKind, file: Option<FileId>) -> ModuleSource {
    let name = ModuleName::new(name).expect("no part of the name is empty");
    ModuleSource { name, kind, origin: Origin::FirstParty, file, stub: None, loads: Vec::new() }
}

/// What douane says that a star from a module brings, sorted; `None` for "can't be told".
pub(crate) fn star_names(graph: &ModuleGraph, module: &str) -> Option<Vec<String>> {
    let module = graph.find(module).unwrap_or_else(|| panic!("`{module}` is not in the graph"));
    graph.star_names(module).map(|names| names.into_iter().map(|name| graph.name(name).to_owned()).collect())
}
