//! Linking again after edits, against linking from the start: the graphs, and who takes what, are the same.
//!
//! The programs are a few modules whose lines are made up, of all that lets one module depend on another: stars, lists of
//! exports, submodules, names that are set from outside, modules that replace themselves, broken files. An edit inserts a
//! line or takes one away. What is compared is all that the graph answers, in words: the numbers of names may differ.

mod programs;

use std::fmt::Write;

use douane_base::{FileId, ModuleName, Platform, PythonVersion};
use douane_graph::{
    Definition, Entry, EntrySource, Exports, ModuleGraph, ModuleId, ModuleKind, ModuleSource, NameId, Origin, Program,
    Resolution, StandardLibrary, Takes, link, relink,
};
use douane_parser::{FileFacts, ImportId, ParseOptions, SourceKind, parse};
use programs::generator::check;
use proptest::{prelude::*, test_runner::TestCaseError};

const VERSION: PythonVersion = PythonVersion::new(13);

/// The modules by name, and whether each is a package. `plain` is a folder without an `__init__`.
const MODULES: [(&str, bool); 9] = [
    ("a", false),
    ("b", false),
    ("pkg", true),
    ("pkg.m", false),
    ("pkg.n", false),
    ("pkg.sub", true),
    ("pkg.sub.m", false),
    ("plain.x", false),
    ("json", true),
];

/// `MODULE` stands for a module, `LAST` for the last part of its name, `NAME` for a name.
const LINES: [&str; 48] = [
    "NAME = 1",
    "_NAME = 1",
    "LAST = 1",
    "from pkg import LAST",
    "del NAME",
    "def NAME(): return 1",
    "class NAME: NAME = 1",
    "NAME = MODULE",
    "import MODULE",
    "import MODULE as NAME",
    "import MODULE.NAME",
    "from MODULE import NAME",
    "from MODULE import NAME as LAST",
    "from MODULE import _NAME",
    "from MODULE import *",
    "from . import LAST",
    "from .LAST import NAME",
    "from .LAST import *",
    "from .. import NAME",
    "__all__ = ['NAME', 'LAST']",
    "__all__ = ['NAME'] + MODULE.__all__",
    "__all__ += ['_NAME']",
    "__all__ = [name for name in dir() if not name.startswith('_')]",
    "__all__ = make()",
    "from MODULE import __all__ as names\n__all__ = names",
    "MODULE.NAME = 1",
    "import MODULE\nMODULE.NAME = 1",
    "import MODULE\nsetattr(MODULE, 'NAME', 1)",
    "import MODULE\nMODULE.NAME()",
    "import MODULE\nMODULE.LAST.NAME()",
    "import sys\nsys.modules['MODULE'].NAME = 1",
    "import sys\nsys.modules[__name__] = NAME",
    "import MODULE as other, sys\nsys.modules[__name__] = other",
    "def __getattr__(name): return 1",
    "globals()['NAME'] = 1",
    "mock.patch('MODULE.NAME')",
    "mock.patch(f'{MODULE}.NAME')",
    "importlib.import_module('MODULE')",
    "try:\n    from MODULE import NAME\nexcept ImportError:\n    NAME = None",
    "try:\n    import _winapi\nexcept ImportError:\n    NAME = 1",
    "if NAME:\n    from MODULE import LAST",
    "def f():\n    import MODULE\n    return MODULE.NAME",
    "from json import NAME, tool",
    "import os.path, xml.dom",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from MODULE import NAME",
    "__path__ = []",
    "(",
    "print(NAME, MODULE)",
];
const NAMES: [&str; 8] = ["x", "y", "z", "m", "sub", "path", "loads", "dom"];

#[derive(Clone, Debug)]
struct Edit {
    module: usize,
    at: usize,
    /// A line to insert; without one, a line goes.
    line: Option<String>,
}

fn line() -> impl Strategy<Value = String> {
    (0..LINES.len(), 0..MODULES.len(), 0..NAMES.len()).prop_map(|(line, module, name)| {
        let module = MODULES[module].0;
        let last = module.rsplit('.').next().unwrap_or(module);
        LINES[line].replace("MODULE", module).replace("LAST", last).replace("NAME", NAMES[name])
    })
}

fn edit() -> impl Strategy<Value = Edit> {
    (0..MODULES.len(), 0..12_usize, prop::option::weighted(0.6, line())).prop_map(|(module, at, line)| Edit {
        module,
        at,
        line,
    })
}

#[test]
fn to_link_again_is_to_link() {
    let texts = prop::collection::vec(prop::collection::vec(line(), 0..6), MODULES.len());
    let edits = prop::collection::vec(prop::collection::vec(edit(), 1..3), 1..12);
    check(120, (texts, edits), |(texts, edits)| compare(texts, edits));
}

#[test]
fn who_imports_a_submodule_is_touched_by_a_name_that_hides_it() {
    let mut texts = vec![Vec::new(); MODULES.len()];
    texts[0] = vec!["from pkg import m".to_owned(), "from pkg import *".to_owned()];
    let in_package = |line: &str| vec![Edit { module: 2, at: 0, line: Some(line.to_owned()) }];
    compare(texts, vec![in_package("m = 1"), in_package("__all__ = ['n']")]).expect("the graphs are the same");
}

/// Makes edits, some at a time, and compares after each time.
fn compare(mut texts: Vec<Vec<String>>, edits: Vec<Vec<Edit>>) -> Result<(), TestCaseError> {
    let mut facts: Vec<FileFacts> = texts.iter().map(|lines| facts_of(lines)).collect();
    let mut graph = link(&program(&facts));
    let mut takes = Takes::new(&graph, &facts, &[]);
    for edits in edits {
        let mut changed: Vec<(FileId, FileFacts)> = Vec::new();
        for Edit { module, at, line } in edits {
            let lines = &mut texts[module];
            match line {
                Some(line) => lines.insert(at.min(lines.len()), line),
                None if at < lines.len() => drop(lines.remove(at)),
                None => continue,
            }
            let file = FileId(u32::try_from(module).expect("few modules"));
            let before = std::mem::replace(&mut facts[module], facts_of(lines));
            if changed.iter().all(|(known, _)| *known != file) {
                changed.push((file, before));
            }
        }
        let program = program(&facts);
        graph = relink(&program, graph, &changed);
        takes = match graph.changes() {
            Some(changes) => takes.again(&graph, &facts, &[], &changes.affected(&graph, &facts)),
            None => Takes::new(&graph, &facts, &[]),
        };
        let fresh = link(&program);
        let fresh_takes = Takes::new(&fresh, &facts, &[]);
        let (again, fresh) = (described(&graph, &facts, &takes), described(&fresh, &facts, &fresh_takes));
        let difference = again.lines().zip(fresh.lines()).find(|(again, fresh)| again != fresh);
        prop_assert!(again == fresh, "{difference:#?}\n{texts:?}");
    }
    Ok(())
}

fn facts_of(lines: &[String]) -> FileFacts {
    parse(
        &(lines.join("\n") + "\n"),
        &ParseOptions { version: VERSION, platform: Platform::Linux, kind: SourceKind::Module },
    )
}

fn program(facts: &[FileFacts]) -> Program<'_> {
    let source = |name: &str, kind: ModuleKind, file: Option<FileId>| ModuleSource {
        name: ModuleName::new(name).expect("no part of the name is empty"),
        kind,
        origin: Origin::FirstParty,
        file,
        stub: None,
        loads: Vec::new(),
    };
    let mut modules: Vec<ModuleSource> = (0..)
        .zip(MODULES)
        .map(|(file, (name, is_package))| {
            let kind = if is_package { ModuleKind::Package } else { ModuleKind::Source };
            source(name, kind, Some(FileId(file)))
        })
        .collect();
    modules.push(source("plain", ModuleKind::Namespace, None));
    Program::new(modules, facts, StandardLibrary::new(VERSION.minor()), true).on(Platform::Linux)
}

/// All that a graph answers, with names and modules in words.
fn described(graph: &ModuleGraph, facts: &[FileFacts], takes: &Takes) -> String {
    let mut text = String::new();
    // Nobody asks for a name that no file spells.
    let is_spelt = |name: &&&str| facts.iter().any(|facts| facts.names.find(name).is_some());
    let names: Vec<NameId> = NAMES.iter().filter(is_spelt).filter_map(|name| graph.name_id(name)).collect();
    let module_name = |module: ModuleId| graph.module_name(module);
    let entry = |entry: Entry| {
        let source = match entry.source {
            EntrySource::Submodule(submodule) => format!("submodule {}", module_name(submodule)),
            source => format!("{source:?}"),
        };
        format!("{source} of {} certain {}", module_name(entry.module), entry.is_certain)
    };
    for module in graph.ids() {
        let node = graph.module(module);
        writeln!(text, "{} {:?} {:?}", node.name, node.kind, node.origin).expect("a string takes all");
        if let Some(file) = node.file {
            let imports = &facts[file.0 as usize].imports;
            let resolutions = (0..).map(ImportId).take(imports.len()).map(|import| graph.resolution(module, import));
            let resolutions: Vec<Resolution> = resolutions.collect();
            writeln!(text, "  imports {resolutions:?}").expect("a string takes all");
        }
        let importers: Vec<ModuleId> = graph.importers_of(module).map(|edge| edge.importer).collect();
        writeln!(text, "  edges {:?} from {importers:?}", graph.imports_of(module)).expect("a string takes all");
        let exports = match graph.exports(module) {
            Exports::All(exported) => {
                let mut names: Vec<(&str, bool)> =
                    exported.iter().map(|exported| (graph.name(exported.name), exported.is_certain)).collect();
                names.sort_unstable();
                format!("{names:?}")
            }
            exports => format!("{exports:?}"),
        };
        let entries: Vec<_> = graph
            .all_entries(module)
            .iter()
            .map(|entry| (graph.name(entry.name), entry.range, entry.is_certain, entry.is_literal))
            .collect();
        let (open, has_all, counts) = (graph.open(module), graph.has_all(module), graph.star_counts(module));
        writeln!(text, "  exports {exports} {entries:?} {has_all} {open:?} {counts:?}").expect("a string takes all");
        let mut own: Vec<&str> = graph.names_of(module);
        own.sort_unstable();
        for name in own {
            let found = graph.name_id(name).and_then(|name| graph.entry(module, name)).map(entry);
            let number = graph.name_id(name).expect("the names of modules have numbers");
            let definition = graph.definition(facts, module, number);
            let definition = match definition {
                Definition::Standard(module, _) => format!("standard {}", module_name(module)),
                definition => format!("{definition:?}"),
            };
            writeln!(text, "  {name}: {found:?} is {definition}").expect("a string takes all");
        }
        let mut taken: Vec<(&str, ModuleId)> =
            takes.from(module).map(|taken| (graph.name(taken.name), taken.by)).collect();
        taken.sort_unstable();
        taken.dedup();
        writeln!(text, "  taken {taken:?}, escapes {}", takes.escapes(module)).expect("a string takes all");
        let asked = |is_so: &dyn Fn(NameId) -> bool| -> Vec<&str> {
            names.iter().filter(|name| is_so(**name)).map(|name| graph.name(*name)).collect()
        };
        let is_taken = asked(&|name| takes.is_taken(module, name));
        let may_be_replaced = asked(&|name| takes.may_be_replaced(module, name));
        writeln!(text, "  taken {is_taken:?} replaced {may_be_replaced:?}").expect("a string takes all");
    }
    let mut relied_on: Vec<ModuleId> = takes.relied_on().collect();
    relied_on.sort_unstable();
    let mut relying: Vec<ModuleId> = takes.relying().into_iter().collect();
    relying.sort_unstable();
    writeln!(text, "relied on {relied_on:?} by {relying:?}").expect("a string takes all");
    text
}
