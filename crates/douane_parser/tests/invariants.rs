//! Whatever the text, parsing does not panic and gives sound facts.
//!
//! In: awkward snippets, garbage made of Python's words, and files of the standard library of the `python3` on the
//! path, cut off and with bytes changed. What "sound" means stands in `checked/mod.rs`, which the fuzz targets use as
//! well.

mod checked;

use std::{fs, path::PathBuf, process::Command};

use checked::{Sound, check_bytes, check_text};
use douane_base::{PythonVersion, TextRange};
use douane_parser::SourceKind;
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner},
};

#[test]
fn awkward_snippets_give_sound_facts() {
    let mut failures = Vec::new();
    for snippet in SNIPPETS.iter().map(|snippet| snippet.as_bytes()).chain(BYTES.iter().copied()) {
        // Every beginning of it, too.
        let first = (0..=snippet.len()).find_map(|end| Some((end, check_bytes(&snippet[..end]).err()?)));
        failures
            .extend(first.map(|(end, problem)| format!("{problem}: {:?}", String::from_utf8_lossy(&snippet[..end]))));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn deep_nesting_gives_sound_facts() {
    const DEPTH: usize = 3_000;
    let mut texts = Vec::new();
    for (open, close) in
        [("(", ")"), ("[", "]"), ("f(", ")"), ("not ", ""), ("lambda: ", ""), ("a.", "a"), ("-", "1"), ("{0:", "}")]
    {
        texts.push(format!("{}x{}\nimport a\n", open.repeat(DEPTH), close.repeat(DEPTH)));
        texts.push(open.repeat(DEPTH));
    }
    let blocks: String = (0..90).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
    texts.push(format!("{blocks}{}import a\n", " ".repeat(90)));
    texts.push(format!("__all__ = {}[]\n", "['a'] + ".repeat(DEPTH)));
    texts.push(format!("if x: pass\n{}", "elif x: import a\n".repeat(DEPTH)));
    for text in &texts {
        assert_eq!(check_text(text, PythonVersion::NEWEST, SourceKind::Module), Ok(()), "{}", &text[..20]);
    }
}

#[test]
fn garbage_made_of_words_gives_sound_facts() {
    let words = proptest::collection::vec(prop_oneof![8 => select(WORDS), 1 => Just("\n"), 1 => Just("\n    ")], 0..60);
    let spaced = (words, any::<bool>()).prop_map(|(words, is_spaced)| words.join(if is_spaced { " " } else { "" }));
    check(600, spaced, |text| check_bytes(text.as_bytes()));
}

#[test]
fn any_bytes_give_sound_facts() {
    check(300, proptest::collection::vec(any::<u8>(), 0..200), |bytes| check_bytes(&bytes));
    check(300, ".{0,100}", |text| check_bytes(text.as_bytes()));
}

#[test]
fn changed_files_of_the_standard_library_give_sound_facts() {
    let files: Vec<Vec<u8>> =
        standard_files().into_iter().map(|path| fs::read(path).expect("a file can be read")).collect();
    let edit = (
        any::<usize>(),
        prop_oneof![select(WORDS).prop_map(|word| word.as_bytes().to_vec()), any::<u8>().prop_map(|byte| vec![byte])],
    );
    let changed = (any::<usize>(), any::<usize>(), any::<usize>(), proptest::collection::vec(edit, 0..6));
    check(150, changed, |(file, start, end, edits)| {
        const LONGEST: usize = 4_000;
        let file = &files[file % files.len()];
        let start = start % (file.len() + 1);
        let mut bytes = file[start..].to_vec();
        bytes.truncate(end % LONGEST);
        for (at, new) in edits {
            let at = at % (bytes.len() + 1);
            let over = (at + 1).min(bytes.len());
            bytes.splice(at..over, new);
        }
        check_bytes(&bytes)
    });
}

#[test]
fn whole_files_of_the_standard_library_give_sound_facts() {
    for path in standard_files().iter().step_by(4) {
        let sound = check_bytes(&fs::read(path).expect("a file can be read"));
        assert_eq!(sound, Ok(()), "{}", path.display());
    }
}

/// Runs a test on made-up values. `DOUANE_TEST_SEED` draws others, `DOUANE_TEST_CASES` so many.
///
/// # Panics
/// Panics if something does not hold of one, with the smallest such value.
fn check<S: Strategy>(cases: u32, values: S, test: impl Fn(S::Value) -> Sound) {
    let number = |variable: &str| std::env::var(variable).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("DOUANE_TEST_SEED").unwrap_or(0);
    let cases = number("DOUANE_TEST_CASES").and_then(|cases| u32::try_from(cases).ok()).unwrap_or(cases);
    let config = Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(seed), ..Config::default() };
    match TestRunner::new(config).run(&values, |value| test(value).map_err(TestCaseError::fail)) {
        Ok(()) => {}
        Err(TestError::Fail(reason, value)) => panic!("DOUANE_TEST_SEED={seed}: {reason}\n{value:?}"),
        Err(TestError::Abort(reason)) => panic!("DOUANE_TEST_SEED={seed}: {reason}"),
    }
}

/// Files of the standard library of `python3`, from its top folder.
fn standard_files() -> Vec<PathBuf> {
    const LARGEST: u64 = 20_000;
    let output =
        Command::new("python3").args(["-I", "-c", "import sysconfig; print(sysconfig.get_paths()['stdlib'])"]).output();
    let output = output.expect("the tests need `python3` on the path");
    let folder = String::from_utf8(output.stdout).expect("the path of the standard library is UTF-8");
    let entries = fs::read_dir(folder.trim()).expect("the standard library is a folder");
    let is_small = |path: &PathBuf| fs::metadata(path).is_ok_and(|metadata| metadata.len() < LARGEST);
    let is_python = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "py");
    let mut found: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| is_python(path) && is_small(path)).collect();
    found.sort();
    assert!(found.len() > 20, "the standard library has only {} small files", found.len());
    found
}

/// Words that mean something to the parser or to the facts.
const WORDS: &[&str] = &[
    "import",
    "from",
    "as",
    "*",
    ".",
    "..",
    "...",
    ",",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    "=",
    ":=",
    "+=",
    "->",
    "@",
    ";",
    "\\",
    "if",
    "elif",
    "else",
    "try",
    "except",
    "except*",
    "finally",
    "for",
    "while",
    "with",
    "match",
    "case",
    "def",
    "class",
    "async",
    "await",
    "lambda",
    "global",
    "nonlocal",
    "del",
    "return",
    "yield",
    "raise",
    "pass",
    "break",
    "type",
    "lazy",
    "in",
    "is",
    "not",
    "and",
    "or",
    "None",
    "True",
    "a",
    "b",
    "a.b",
    "__all__",
    "__name__",
    "__getattr__",
    "_",
    "é",
    "ﬁ",
    "𝒳",
    "__all__ = ['a', 'b']",
    "__all__ += a.__all__",
    "__all__.extend(['a'])",
    "__all__.remove('a')",
    "del __all__",
    "from a import *",
    "from . import b",
    "import a.b as c",
    "from .a import (b, c as d)",
    "import a",
    "globals()",
    "sys.modules",
    "sys.modules[__name__]",
    "sys.version_info",
    "(3, 8)",
    "TYPE_CHECKING",
    "hasattr",
    "'x'",
    "\"",
    "'",
    "'''",
    "f'{",
    "}'",
    "f'''",
    "t'",
    "rb'",
    "\"a.b\"",
    "x: 'a.b' = 1",
    "0",
    "1.5e3",
    "0xg",
    "1_",
    "$",
    "?",
    "!",
    "`",
    "# noqa",
    "# noqa: F401, F403",
    "# douane: ignore[star-import] why",
    "# pylint: disable=W0401",
    "# ruff: noqa",
    "#",
    "\n",
    "\n\t",
    "\n    ",
    "\n        ",
    "\r",
    "\r\n",
    "\x0c",
    "\0",
    "\u{feff}",
    "\u{2028}",
    "\u{3000}",
    "\t",
    "%",
    "!ls",
];

const SNIPPETS: &[&str] = &[
    "",
    "\n",
    "\\",
    "\0",
    "\u{feff}",
    "import",
    "import a.",
    "import .a",
    "import a as",
    "import a, , b",
    "import (a, b)",
    "import a as b.c",
    "import *",
    "from",
    "from import a",
    "from a",
    "from a import",
    "from a import (",
    "from a import (b",
    "from a import (b, *)",
    "from a import ()",
    "from a import *, b",
    "from a import b.c",
    "from a import b as",
    "from . import",
    "from .",
    "from ...",
    "from .a. import b",
    "from a..b import c",
    "from a import b,",
    "from é.ö import ü as 𝒳, ß\n__all__ = ['ü', \"\\u00fc\"]",
    "def f():\n    from a import *\n",
    "class C:\n    from a import *\n    def f(self): return x\n",
    "if x:\nimport a\n",
    "if x:\n        import a\n    import b\n  import c\n",
    "try:\n    import a\nimport b\n",
    "x = (\nimport a\n",
    "x = '''\nimport a\n",
    "x = f'{import a}'\n",
    "f\"{x!r:{y}}\" f'{",
    "import a # noqa: é,F401,F403 x",
    "import a  # noqa: F401 # douane: ignore[unused-import, star-import] é # pylint: disable=all",
    "# douane: ignore[",
    "# douane: ignore[]\nimport a",
    "# ruff: noqa: é\n",
    "#noqa:\u{3000}F401",
    "__all__ = [",
    "__all__ = ['a' 'b', u'c', b'd', f'e', *f, 'ﬁ']",
    "__all__ += __all__ + a.__all__ + a.b().__all__",
    "__all__ = ''.split()\n__all__.append()\n__all__.extend()\n__all__.remove(1)\n__all__.pop()",
    "__all__: list = []; __all__[0:1] = ['a']; (__all__, x) = 1, 2; del __all__[0]",
    "import sys; sys.modules[__name__] = x; sys.modules.pop('a'); del sys.modules['é']; sys.modules[x.y.__name__] = None",
    "import importlib; importlib.reload(a.b); reload(sys.modules['a'])",
    "globals()['a'] = 1; globals().update(b=2); vars()['c'] = 3; exec('x')",
    "def f():\n    global a, a\n    import a\n    def g():\n        nonlocal b\n        import b as a\n",
    "global x\nnonlocal y\nimport x, y\n",
    "def f[T: 'a.b' = int](x: 'T[\"c\"]' = lambda: y) -> 'é':\n    import a\n    return a.b.c\n",
    "class C[T](metaclass=a.b): x: 'a.b'; y: \"\"\"a\"\"\"; z: r'a'; w: 'a' 'b'; v: '\\x61'\n",
    "type X[T] = a.b\ntype = type\n",
    "match x:\n    case {'a': a, **b} | [a, *b] if c: import a\n    case C(a=b) as c: import b\n    case",
    "with suppress(ImportError), (a as b): import c\n",
    "try: import a\nexcept* (ImportError, a.b) as e: import b\nelse: import c\nfinally: import d\n",
    "[a := b for b in c if (d := e) for f in (g := h)]\n",
    "lazy import a\nlazy from b import c\nimport lazy\nlazy = 1\n",
    "from __future__ import annotations, braces\nx: a.b\n",
    "@a.b\n@c()\nasync def f(): await (x for x in a)\n",
    "print 'x'\nimport a\n",
    "import a; import b\r\nfrom c import d\r\rimport e",
    "if 1:\n\timport a\n        import b\n",
    "import\\\na\\\n.b",
    "from\\\n.\\\n.a\\\nimport\\\nb",
    "!ls\n%time import a\n?x\n",
    "import a\n$\nimport b\n?\nimport c",
    "\u{2028}import a\u{2028}import b",
    "x = '\u{d7ff}\u{10ffff}'; import a",
];

const BYTES: &[&[u8]] = &[
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xef\xbb\xbf\xef\xbb\xbfimport a",
    b"import a\n\xe9\xe9\nimport b",
    b"# coding: latin-1\nimport \xe9\n",
    b"# \xe9 coding: latin-1\nimport \xe9\n",
    b"# \xe9\xe9\xe9 coding: no-such-encoding \xe9\n",
    b"# \xe9 coding: ascii\nimport \xe9\n",
    b"\xef\xbb\xbf# \xe9 coding: latin-1\n",
    b"# coding: utf-16\n\xff\xfe",
    b"# coding: shift_jis\nx = '\x83\x5c'\nimport a\n",
    b"# \x83\x5c coding: shift_jis\n\x83\n",
    b"# coding: iso2022_jp\n# \x1b$B\n",
    b"# coding: \n# coding=cp037\n",
    b"\x0c \t# vim: set fileencoding=utf8 :\nimport a",
];

#[test]
fn what_does_not_hold_would_be_noticed() {
    let checks = |bytes: &[u8], end: usize| {
        checked::check_range(&String::from_utf8_lossy(bytes), TextRange::new(0, end as u32), "it")
    };
    assert_eq!(checks(b"ab", 2), Ok(()));
    assert!(checks(b"ab", 3).is_err(), "beyond the end");
    assert!(checks("é".as_bytes(), 1).is_err(), "inside of a character");
}
