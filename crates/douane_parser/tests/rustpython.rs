//! Two parsers see the same imports.
//!
//! In: files of the standard library of the `python3` on the path, and snippets. Each is read by `rustpython-parser`
//! and by this crate. Out: for every file that both accept, the same imports in the same order: target, level, name,
//! alias and place. Files that `rustpython-parser` rejects say nothing and are left out; that few enough are left out
//! is part of the test.
//!
//! Deliberately not here: what the two parsers make of code that is no Python.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use douane_base::{LineIndex, Platform, PythonVersion, TextRange};
use douane_parser::{FileFacts, ParseOptions, SourceKind, Target, decode, parse};
use rustpython_parser::{Parse, ast};

/// How many files of the standard library are compared.
const SAMPLE: usize = 400;
/// `rustpython-parser` is not built optimised here, so that a large file takes as long as fifty usual ones.
const LARGEST: u64 = 30 * 1024;

#[test]
fn both_parsers_see_the_same_imports_in_the_standard_library() {
    let files = sample(python_files(&standard_library()));
    let (mut compared, mut imports, mut differences) = (0, 0, Vec::new());
    for file in &files {
        let decoded = decode(fs::read(file).expect("a file of the standard library can be read"));
        if decoded.error.is_some() {
            continue;
        }
        match compare(&decoded.text) {
            Comparison::Rejected => {}
            Comparison::Same(count) => (compared, imports) = (compared + 1, imports + count),
            Comparison::Different(what) => differences.push(format!("{}: {what}", file.display())),
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(compared * 10 > files.len() * 9, "only {compared} of {} files are accepted by both", files.len());
    assert!(imports > compared, "{imports} imports in {compared} files are too few to be a comparison");
}

#[test]
fn both_parsers_see_the_same_imports_in_snippets() {
    for snippet in SNIPPETS {
        match compare(snippet) {
            Comparison::Same(0) => panic!("no import was seen in\n{snippet}"),
            Comparison::Same(_) => {}
            Comparison::Rejected => panic!("one of the parsers rejects\n{snippet}"),
            Comparison::Different(what) => panic!("{what}\nin\n{snippet}"),
        }
    }
}

#[test]
fn a_difference_would_be_noticed() {
    let text = "import a\nfrom .b import c as d\n";
    let (mut ours, theirs) = (our_imports(text).expect("valid code"), their_imports(text).expect("valid code"));
    assert_eq!(difference(text, &ours, &theirs), None);
    ours[1].level = 2;
    let found = difference(text, &ours, &theirs).expect("the levels differ");
    assert!(found.contains("line 2") && found.contains("level: 2") && found.contains("level: 1"), "{found}");
    ours.pop();
    assert!(difference(text, &ours, &theirs).is_some(), "an import that one of them lacks");
}

const SNIPPETS: &[&str] = &[
    "import os\n",
    "import os, sys as system, xml.dom.minidom\n",
    "import xml.dom.minidom as minidom\n",
    "from os import path\n",
    "from os import path as p, sep as s\n",
    "from os import (path, sep,)\n",
    "from os import (\n    path,  # a comment\n    # another\n    sep as s,\n)\n",
    "from os.path import *\n",
    "from . import a\n",
    "from .. import a as b\n",
    "from ... import a\n",
    "from .... import a\n",
    "from ...... import a\n",
    "from . a import b\n",
    "from . . import b\n",
    "from .\\\n  . \\\n import b\n",
    "from .a.b import *\n",
    "from...a import(b)\n",
    "import a; import b; from c import d\n",
    "import a . b . c\n",
    "import a.\\\nb as c\n",
    "import a\\\n , b\n",
    "if True: import a\nelse: import b\n",
    "if x:\n    import a\nelif y:\n    import b\nelif z:\n    import c\nelse:\n    import d\n",
    "try:\n    import a\nexcept ImportError:\n    import b\nelse:\n    import c\nfinally:\n    import d\n",
    "try:\n    import a\nexcept* ImportError as error:\n    import b\n",
    "for x in y:\n    import a\nelse:\n    import b\n",
    "while x:\n    import a\nelse:\n    import b\n",
    "with x as y, z:\n    import a\n",
    "with (x as y, z as w):\n    import a\n",
    "match x:\n    case 1:\n        import a\n    case [y, *z] if y:\n        import b\n    case _:\n        import c\n",
    "def f():\n    import a\n    def g():\n        from b import c\n    return g\n",
    "async def f():\n    import a\n    async for x in y:\n        import b\n    else:\n        import c\n    async with x:\n        import d\n",
    "class C:\n    import a\n    def f(self):\n        from . import b\n    class D:\n        import c\n",
    "@decorator(lambda: 1)\ndef f(x=[y for y in z]) -> int:\n    import a\n",
    "@decorator\nclass C(Base, metaclass=Meta):\n    import a\n",
    "def f[T](x: T) -> T:\n    import a\n",
    "class C[T: int]:\n    import a\n",
    "from __future__ import annotations\nimport a\n",
    "'''A page.\n\nimport not_this\n'''\nimport a\n",
    "x = 'from a import b'\nimport c  # import d\n",
    "print(f'{x!r:>{width}}')\nimport a\n",
    "import é\n",
    "x = 'äöü'; import a\n",
    "# ☃ 𝒳\nfrom ä.ö import ü as ß\n",
    "\x0cimport a\n",
    "if x:\n\timport a\n\tif y:\n\t\timport b\n",
    "import a\r\nfrom b import (\r\n    c,\r\n    d,\r\n)\r\nimport e\r\n",
    "import a",
    "\n\n\nimport a",
    "lambda: (yield)\nimport a\n",
    "from match import case\nimport type\nfrom _ import match as type\n",
    "type = 1\nmatch = 2\nimport a\n",
    "type X = int\nimport a\n",
];

#[derive(Clone, Debug, PartialEq, Eq)]
struct Import {
    /// The module behind `import` or `from`, without dots.
    module: Option<String>,
    /// The number of dots; none at all for `import`.
    level: u32,
    /// The name behind `from … import`.
    name: Option<String>,
    alias: Option<String>,
    /// The name with its alias.
    range: TextRange,
}

enum Comparison {
    /// One of the parsers does not accept the text.
    Rejected,
    /// So many imports.
    Same(usize),
    Different(String),
}

fn compare(text: &str) -> Comparison {
    let (Some(ours), Some(theirs)) = (our_imports(text), their_imports(text)) else { return Comparison::Rejected };
    difference(text, &ours, &theirs).map_or(Comparison::Same(ours.len()), Comparison::Different)
}

fn difference(text: &str, ours: &[Import], theirs: &[Import]) -> Option<String> {
    let at = (0..ours.len().max(theirs.len())).find(|at| ours.get(*at) != theirs.get(*at))?;
    let lines = LineIndex::new(text);
    let shown = |import: Option<&Import>| match import {
        Some(import) => format!("line {}: {import:?}", lines.line(import.range.start())),
        None => "no import".to_owned(),
    };
    Some(format!("import {at} differs\n  douane:     {}\n  rustpython: {}", shown(ours.get(at)), shown(theirs.get(at))))
}

fn our_imports(text: &str) -> Option<Vec<Import>> {
    let options = ParseOptions { version: PythonVersion::NEWEST, platform: Platform::All, kind: SourceKind::Module };
    let facts = parse(text, &options);
    facts.syntax_errors.is_empty().then(|| facts.imports.iter().map(|import| our_import(&facts, import)).collect())
}

fn our_import(facts: &FileFacts, import: &douane_parser::Import) -> Import {
    let text = |symbol| facts.name(symbol).to_owned();
    let (level, module) = import.target.module();
    let name = match import.target {
        Target::Module(_) => None,
        Target::From { name, .. } => Some(text(name)),
        Target::Star { .. } => Some("*".to_owned()),
    };
    Import { module: module.map(text), level, name, alias: import.alias.map(text), range: import.range }
}

fn their_imports(text: &str) -> Option<Vec<Import>> {
    let body = ast::Suite::parse(text, "<text>").ok()?;
    let mut found = Vec::new();
    walk(&body, &mut found);
    Some(found)
}

/// Imports are statements, so that statements are all that needs a visit.
fn walk(body: &[ast::Stmt], found: &mut Vec<Import>) {
    for statement in body {
        match statement {
            ast::Stmt::Import(import) => found.extend(import.names.iter().map(|alias| Import {
                module: Some(alias.name.to_string()),
                level: 0,
                name: None,
                alias: alias.asname.as_ref().map(ToString::to_string),
                range: text_range(alias.range),
            })),
            ast::Stmt::ImportFrom(import) => found.extend(import.names.iter().map(|alias| Import {
                module: import.module.as_ref().map(ToString::to_string),
                level: import.level.map_or(0, |level| level.to_u32()),
                name: Some(alias.name.to_string()),
                alias: alias.asname.as_ref().map(ToString::to_string),
                range: text_range(alias.range),
            })),
            ast::Stmt::FunctionDef(function) => walk(&function.body, found),
            ast::Stmt::AsyncFunctionDef(function) => walk(&function.body, found),
            ast::Stmt::ClassDef(class) => walk(&class.body, found),
            ast::Stmt::For(each) => [&each.body, &each.orelse].into_iter().for_each(|body| walk(body, found)),
            ast::Stmt::AsyncFor(each) => [&each.body, &each.orelse].into_iter().for_each(|body| walk(body, found)),
            ast::Stmt::While(each) => [&each.body, &each.orelse].into_iter().for_each(|body| walk(body, found)),
            ast::Stmt::If(test) => [&test.body, &test.orelse].into_iter().for_each(|body| walk(body, found)),
            ast::Stmt::With(with) => walk(&with.body, found),
            ast::Stmt::AsyncWith(with) => walk(&with.body, found),
            ast::Stmt::Match(matched) => matched.cases.iter().for_each(|case| walk(&case.body, found)),
            ast::Stmt::Try(attempt) => {
                walk_attempt(&attempt.body, &attempt.handlers, &attempt.orelse, &attempt.finalbody, found);
            }
            ast::Stmt::TryStar(attempt) => {
                walk_attempt(&attempt.body, &attempt.handlers, &attempt.orelse, &attempt.finalbody, found);
            }
            _ => {}
        }
    }
}

fn walk_attempt(
    body: &[ast::Stmt],
    handlers: &[ast::ExceptHandler],
    otherwise: &[ast::Stmt],
    last: &[ast::Stmt],
    found: &mut Vec<Import>,
) {
    walk(body, found);
    for ast::ExceptHandler::ExceptHandler(handler) in handlers {
        walk(&handler.body, found);
    }
    walk(otherwise, found);
    walk(last, found);
}

fn text_range(range: ast::text_size::TextRange) -> TextRange {
    TextRange::new(range.start().into(), range.end().into())
}

/// The folder of the standard library of the `python3` on the path.
fn standard_library() -> PathBuf {
    let program = "import sysconfig; print(sysconfig.get_paths()['stdlib'])";
    let output = Command::new("python3").args(["-I", "-c", program]).output();
    let output = output.expect("the tests need `python3` on the path");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`python3` can't tell where its standard library is: {errors}");
    let text = String::from_utf8(output.stdout).expect("the path of the standard library is UTF-8");
    PathBuf::from(text.trim())
}

/// The Python files of a folder of a size that is read here, sorted.
fn python_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, Ok(metadata)) = (entry.path(), entry.metadata()) else { continue };
            if metadata.is_dir() && entry.file_name() != "site-packages" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py") && metadata.len() <= LARGEST {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Files from all over a sorted list.
fn sample(files: Vec<PathBuf>) -> Vec<PathBuf> {
    assert!(files.len() > SAMPLE / 4, "the standard library has only {} files of Python", files.len());
    let step = files.len().div_ceil(SAMPLE);
    files.into_iter().step_by(step).collect()
}
