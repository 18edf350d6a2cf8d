//! What `--fix` writes, character by character, and what it leaves alone.

mod project;

use std::fs;

use project::Project;

/// The text of `main.py` after the fixes of a rule, in a project with some more files.
fn mended(rule: &str, flags: &[&str], text: &str, others: &[(&str, &str)]) -> String {
    let project = Project::new(others);
    project.write("main.py", text);
    let mut arguments = vec!["check", "--fix-only", "--quiet", "--select", rule];
    arguments.extend(flags);
    let run = project.run(&arguments);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), ""), "{text}");
    let once = fs::read_to_string(project.path("main.py")).expect("it is there");
    project.run(&arguments);
    let twice = fs::read_to_string(project.path("main.py")).expect("it is there");
    assert_eq!(once, twice, "a second run changes nothing");
    once
}

fn without_unused(text: &str) -> String {
    mended("unused-import", &[], text, &[])
}

#[test]
fn a_statement_goes_with_its_last_name() {
    assert_eq!(without_unused("import os\nimport sys\n\nprint(sys)\n"), "import sys\n\nprint(sys)\n");
    assert_eq!(without_unused("import os  # for later\nx = 1\n"), "x = 1\n");
    assert_eq!(without_unused("import os, sys\n"), "");
    assert_eq!(without_unused("from os import (\n    path,\n    sep,\n)\nx = 1\n"), "x = 1\n");
    assert_eq!(without_unused("import os, \\\n    sys\nx = 1\n"), "x = 1\n");
    assert_eq!(without_unused("import os"), "");
    assert_eq!(without_unused("import os; import sys  # both\nx = 1\n"), "x = 1\n");
    assert_eq!(without_unused("x = 1; import os; import sys  # both\n"), "x = 1  # both\n");
    assert_eq!(without_unused("import os; x = 1; import sys  # both\n"), "x = 1  # both\n");
    // A form feed parts the pages of a text.
    assert_eq!(without_unused("x = 1\n\x0cimport os\ny = 1\n"), "x = 1\n\x0cy = 1\n");
    // Blank lines stay as they are, except where a block would begin with them.
    assert_eq!(without_unused("x = 1\n\nimport os\n\ny = 2\n"), "x = 1\n\n\ny = 2\n");
    assert_eq!(without_unused("def f():\n    import os\n\n    return 1\n"), "def f():\n    return 1\n");
}

#[test]
fn names_leave_a_statement() {
    let kept = |head: &str, names: &str| without_unused(&format!("{head} {names}\n\nprint(sep)\n"));
    let rest = |statement: &str| format!("{statement}\n\nprint(sep)\n");
    assert_eq!(kept("from os import", "path, sep, linesep"), rest("from os import sep"));
    assert_eq!(kept("from os import", "path as p, sep"), rest("from os import sep"));
    assert_eq!(kept("from os import", "(path, sep,)"), rest("from os import (sep,)"));
    assert_eq!(kept("from os import", "(sep, path)"), rest("from os import (sep)"));
    assert_eq!(kept("from os import", "path, \\\n    sep"), rest("from os import sep"));
    assert_eq!(kept("from os import", "sep, \\\n    path"), rest("from os import sep"));
    assert_eq!(
        kept(
            "from os import",
            "(\n    path,  # the module\n    # what parts it\n    sep,  # a letter\n    linesep,\n)"
        ),
        rest("from os import (\n    # what parts it\n    sep,  # a letter\n)")
    );
    assert_eq!(kept("from os import", "(path, linesep,\n                sep, name)"), rest("from os import (sep)"));
    assert_eq!(kept("from os import", "(sep, path,\n                linesep)"), rest("from os import (sep)"));
}

#[test]
fn statements_that_share_a_line_keep_it() {
    assert_eq!(without_unused("import os; import sys; print(sys)\n"), "import sys; print(sys)\n");
    assert_eq!(without_unused("x = 1; import os\n"), "x = 1\n");
    assert_eq!(without_unused("x = 1; import os  # why\n"), "x = 1  # why\n");
    assert_eq!(without_unused("x = 1; import os; y = 2\n"), "x = 1; y = 2\n");
    assert_eq!(without_unused("import os;\nx = 1\n"), "x = 1\n");
    assert_eq!(without_unused("import os; import sys\nx = 1\n"), "x = 1\n");
}

#[test]
fn a_block_that_would_be_empty_gets_a_pass() {
    assert_eq!(without_unused("if 1:\n    import os\n"), "if 1:\n    pass\n");
    assert_eq!(without_unused("if 1:\n    import os\n    import sys\nx = 1\n"), "if 1:\n    pass\nx = 1\n");
    assert_eq!(without_unused("if 1: import os\n"), "if 1: pass\n");
    assert_eq!(without_unused("if 1: import os; import sys\n"), "if 1: pass\n");
    assert_eq!(without_unused("def f():\n\timport os, sys\n"), "def f():\n\tpass\n");
}

#[test]
fn line_ends_and_encodings_stay() {
    assert_eq!(without_unused("import os\r\nimport sys\r\nprint(sys)\r\n"), "import sys\r\nprint(sys)\r\n");
    let wide = "from string import *\r\nprint(ascii_letters, ascii_lowercase, ascii_uppercase, capwords, digits, hexdigits)\r\n";
    let star = mended("star-import", &[], wide, &[]);
    assert!(star.starts_with("from string import (\r\n    ascii_letters,\r\n"), "{star:?}");
    assert_eq!(star.matches('\n').count(), star.matches("\r\n").count(), "{star:?}");

    let project = Project::new(&[]);
    let fix = ["check", "--fix-only", "--quiet"];
    project.write("marked.py", b"\xef\xbb\xbfimport os\nx = '\xc3\xa9'\n");
    project.write("latin.py", b"# coding: latin-1\nimport os\nx = '\xe9'\n");
    project.write("broken.py", b"import os\nx = '\xe9'\n");
    assert_eq!(project.run(&fix).code, Some(0));
    let bytes = |name: &str| fs::read(project.path(name)).expect("it is there");
    assert_eq!(bytes("marked.py"), b"\xef\xbb\xbfx = '\xc3\xa9'\n");
    assert_eq!(bytes("latin.py"), b"# coding: latin-1\nx = '\xe9'\n");
    assert_eq!(bytes("broken.py"), b"import os\nx = '\xe9'\n");
}

#[test]
fn what_another_module_takes_stays() {
    let others = [("other.py", "from main import os\nimport main\n\nprint(os, main.sys)\n")];
    let text = "import json\nimport os\nimport sys\n\nX = 1\n";
    assert_eq!(mended("unused-import", &[], text, &others), "import os\nimport sys\n\nX = 1\n");
    // What goes in one file may leave something unused in another.
    let project = Project::new(&[
        ("a.py", "import os\n\nX = 1\n"),
        ("b.py", "from a import os\n\nY = 1\n"),
        ("main.py", "import b\n\nprint(b.Y)\n"),
    ]);
    assert_eq!(project.run(&["check", "--fix", "--select", "unused-import"]).code, Some(0));
    assert_eq!(fs::read_to_string(project.path("a.py")).expect("it is there"), "\nX = 1\n");
}

#[test]
fn what_has_effects_needs_to_be_asked_for() {
    let others = [("plugins.py", "import registry\n\nregistry.add(1)\n"), ("registry.py", "def add(x): ...\n")];
    let text = "import plugins\n\nX = 1\n";
    assert_eq!(mended("unused-import", &[], text, &others), text);
    assert_eq!(mended("unused-import", &["--unsafe-fixes"], text, &others), "\nX = 1\n");
    // In `try` the import asks a question.
    let asked = "try:\n    import json\nexcept ImportError:\n    raise SystemExit\n";
    assert_eq!(mended("unused-import", &[], asked, &[]), asked);
}

#[test]
fn a_star_becomes_the_names_that_somebody_wants() {
    let others = [
        ("shapes.py", "class Circle: ...\nclass Square: ...\ndef area(shape): ...\nPI = 3\n"),
        ("other.py", "from main import Square\n\nprint(Square)\n"),
    ];
    let text = "from shapes import *  # all of them\n\n\ndef f(x: \"Circle\"):\n    return area(x) * PI\n";
    let expected = "from shapes import PI, Circle, Square, area  # all of them\n\n\ndef f(x: \"Circle\"):\n    return area(x) * PI\n";
    assert_eq!(mended("star-import", &[], text, &others), expected);
    // In the order that the file keeps elsewhere.
    let text = "from os import environ, PathLike, sep\nfrom shapes import *\n\nprint(environ, sep, PathLike, Circle, PI, area)\n";
    let star = mended("star-import", &[], text, &others);
    assert!(star.contains("from shapes import area, Circle, PI, Square\n"), "{star}");
    // The comment that silenced the star goes with it.
    let silenced = "from math import *  # noqa: F403\nprint(pi)\n";
    assert_eq!(mended("star-import", &[], silenced, &[]), silenced);
    let ignoring = mended("star-import", &["--ignore-noqa"], silenced, &[]);
    assert_eq!(ignoring, "from math import pi\nprint(pi)\n");
}

#[test]
fn names_that_a_file_has_already_are_not_imported_again() {
    let others = [
        ("p/__init__.py", "from p.api import redos\n"),
        ("p/api.py", "from collections import defaultdict\nclass C: ...\ndef redos(): ...\n"),
        ("q.py", "def redos(): ...\n"),
        ("app.py", "import main\n"),
    ];
    let uses = "print(C, redos, defaultdict)\n";
    let head = "from collections import defaultdict\nfrom p import redos\n";
    let text = format!("{head}from p.api import *\n{uses}");
    assert_eq!(mended("star-import", &[], &text, &others), format!("{head}from p.api import C\n{uses}"));
    // Another one of that name is replaced, and so is what may be another one by then.
    for between in ["from q import redos\n", "redos = 1\n", "from q import *\n"] {
        let text = format!("{head}{between}from p.api import *\n{uses}");
        let star = mended("star-import", &["--unsafe-fixes"], &text, &others);
        assert!(star.contains("from p.api import C, redos\n"), "{star}");
    }
    let set = [&others[..], &[("s.py", "import p.api\np.api.redos = 1\n")]].concat();
    let text = format!("{head}import s\nfrom p.api import *\n{uses}");
    let star = mended("star-import", &["--unsafe-fixes"], &text, &set);
    assert!(star.contains("from p.api import C, redos\n"), "{star}");
}

#[test]
fn a_submodule_that_stars_pass_round_is_one_and_the_same() {
    let others = [
        ("p/__init__.py", "from p.api import *\n"),
        ("p/api.py", "from p import tools\nC = 1\n"),
        ("p/tools.py", ""),
        ("app.py", "import main\n"),
    ];
    let text = "from p import tools\nfrom p.api import *\nprint(C, tools)\n";
    let expected = "from p import tools\nfrom p.api import C\nprint(C, tools)\n";
    assert_eq!(mended("star-import", &["--unsafe-fixes"], text, &others), expected);
}

#[test]
fn a_star_stays_as_long_as_a_name_behind_it_is_undefined() {
    let text = "from math import *\nfrom string import *\n\nprint(sqrt(2), cosinus(2), digits)\n";
    assert_eq!(mended("star-import", &[], text, &[]), text);
    let unsafely = mended("star-import", &["--unsafe-fixes"], text, &[]);
    assert_eq!(unsafely, "from math import sqrt\nfrom string import digits\n\nprint(sqrt(2), cosinus(2), digits)\n");
    let project = Project::new(&[("main.py", text)]);
    let run = project.run(&["check", "--fix"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.output.contains("unsafe fix: Write the names that are used, though `cosinus` is not defined"),
        "{}",
        run.output
    );
}

#[test]
fn a_star_whose_module_does_something_goes_on_request_only() {
    let others = [("p/__init__.py", ""), ("p/util.py", "print('hello')\nX = 1\n")];
    let text = "from p.util import *\n\n\ndef f(): ...\n\n\nif __name__ == '__main__':\n    f()\n";
    for rule in ["star-import", "unused-star"] {
        assert_eq!(mended(rule, &[], text, &others), text);
        assert_eq!(mended(rule, &["--unsafe-fixes"], text, &others), text.split_once("*\n").expect("a star").1);
    }
}

#[test]
fn an_import_that_a_test_expects_to_fail_stays() {
    for manager in [
        "self.assertRaises(ImportError)",
        "unittest.TestCase().assertRaisesRegex(ModuleNotFoundError, 'string')",
        "pytest.raises(ImportError)",
        "raises((ImportError, AttributeError))",
        "pytest.raises(Exception)",
        "pytest.warns(DeprecationWarning)",
    ] {
        let text = format!("def test_it(self):\n    with {manager}:\n        import string\n");
        assert_eq!(without_unused(&text), text);
    }
}

#[test]
fn an_umbrella_is_folded_up() {
    let others = [
        ("qt/__init__.py", ""),
        ("qt/Qt.py", "from qt.core import *\nfrom qt.gui import *\nfrom qt.net import *\nfrom qt.sql import *\n"),
        ("qt/core.py", "class QObject: ...\n"),
        ("qt/gui.py", "class QWidget: ...\n"),
        ("qt/net.py", "class QSocket: ...\n"),
        ("qt/sql.py", "class QQuery: ...\n"),
    ];
    let mend = |text: &str| mended("umbrella-import", &[], text, &others);
    assert_eq!(
        mend("from qt import Qt\n\n\nclass Window(Qt.QWidget):\n    item = Qt . QWidget()\n"),
        "from qt.gui import QWidget\n\n\nclass Window(QWidget):\n    item = QWidget()\n"
    );
    // A name that the file uses for something else: the module form.
    assert_eq!(
        mend("from qt import Qt\n\n\ndef make(QWidget=None):\n    return QWidget or Qt.QWidget()\n"),
        "from qt import gui\n\n\ndef make(QWidget=None):\n    return QWidget or gui.QWidget()\n"
    );
    assert_eq!(mend("from qt.Qt import QWidget as W\n\nW()\n"), "from qt.gui import QWidget as W\n\nW()\n");
    let escaping = "from qt import Qt\n\nprint(Qt, Qt.QWidget)\n";
    assert_eq!(mend(escaping), escaping);
}

#[test]
fn entries_leave_the_list() {
    let mend = |text: &str| mended("duplicate-in-all,undefined-in-all", &["--unsafe-fixes"], text, &[]);
    assert_eq!(mend("__all__ = [\"a\", \"b\", \"a\"]\na = b = 1\n"), "__all__ = [\"a\", \"b\"]\na = b = 1\n");
    assert_eq!(mend("__all__ = (\"a\", \"b\")\na = 1\n"), "__all__ = (\"a\",)\na = 1\n");
    assert_eq!(
        mend("__all__ = [\n    \"a\",  # one\n    \"b\",  # two\n    'c',\n]\na = c = 1\n"),
        "__all__ = [\n    \"a\",  # one\n    'c',\n]\na = c = 1\n"
    );
    // Where no list is written out there is nothing to take it from.
    let appended = "__all__ = [\"a\"]\n__all__.append(\"b\")\na = 1\n";
    assert_eq!(mend(appended), appended);
}

#[test]
fn a_difference_is_printed_and_nothing_written() {
    let project = Project::new(&[("main.py", "import os\n\nprint(1)\n")]);
    let run = project.run(&["check", "--diff"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(1), ""));
    assert_eq!(run.output, "--- a/main.py\n+++ b/main.py\n@@ -1,3 +1,2 @@\n-import os\n \n print(1)\n");
    assert_eq!(fs::read_to_string(project.path("main.py")).expect("it is there"), "import os\n\nprint(1)\n");
    let run = project.run(&["check", "--fix"]);
    assert_eq!(run.code, Some(0));
    assert!(run.output.starts_with("Fixed 1 problem.\nNo problems found"), "{}", run.output);
    let run = project.run(&["check", "--diff"]);
    assert_eq!((run.code, run.output.as_str()), (Some(0), ""));
    assert_eq!(project.run(&["check", "--fix", "--exit-non-zero-on-fix"]).code, Some(0));
    project.write("main.py", "import os\n");
    assert_eq!(project.run(&["check", "--fix", "--exit-non-zero-on-fix"]).code, Some(1));
}

#[test]
fn a_difference_has_the_lines_of_git() {
    let before = "import os\rx = 1\r\nimport re\ry = 2\n\nimport sys\rz = 3\r";
    let project = Project::new(&[("main.py", before)]);
    let run = project.run(&["check", "--diff"]);
    let expected = "--- a/main.py\n+++ b/main.py\n@@ -1,4 +1,4 @@\n-import os\rx = 1\r\n-import re\ry = 2\n+x = 1\r\n+y = 2\n \n\
                    -import sys\rz = 3\r\n\\ No newline at end of file\n+z = 3\r\n\\ No newline at end of file\n";
    assert_eq!((run.code, run.output.as_str()), (Some(1), expected));
    project.write("mend.diff", &run.output);
    let mut git = std::process::Command::new("git");
    git.current_dir(project.path("")).args(["apply", "--whitespace=nowarn", "mend.diff"]);
    assert!(git.status().expect("git can be started").success());
    assert_eq!(fs::read_to_string(project.path("main.py")).expect("it is there"), "x = 1\r\ny = 2\n\nz = 3\r");
}

#[test]
#[cfg(unix)]
fn a_difference_names_files_as_git_does() {
    use std::{fs::File, process::Command};
    let names = ["a b/é c.py", "plain.py", "quo\"te\\.py", "\u{1b}[2J.py"];
    for tool in ["git", "patch"] {
        let project = Project::new(&names.map(|name| (name, "import os\nx = 1\n")));
        let run = project.run(&["check", "--diff"]);
        assert_eq!(run.errors, "");
        assert!(run.output.contains("--- \"a/a b/\\303\\251 c.py\"\n+++ \"b/a b/"), "{}", run.output);
        assert!(!run.output.contains('\u{1b}'), "{}", run.output);
        project.write("mend.diff", &run.output);
        let mut command = Command::new(tool);
        command.current_dir(project.path(""));
        match tool {
            "git" => command.args(["apply", "mend.diff"]),
            _ => command.args(["-p1", "-s"]).stdin(File::open(project.path("mend.diff")).expect("it is there")),
        };
        assert!(command.status().expect("it can be started").success(), "{tool}");
        for name in names {
            assert_eq!(fs::read_to_string(project.path(name)).expect("it is there"), "x = 1\n", "{tool}: {name}");
        }
    }
    let project = Project::new(&[("a b.py", "import os\n")]);
    assert!(project.run(&["check", "--diff"]).output.starts_with("--- a/a b.py\t\n+++ b/a b.py\t\n@@"));
}

#[test]
fn standard_input_comes_out_mended() {
    let project = Project::new(&[("main.py", "import os\n")]);
    let run =
        project.run_with_input(&["check", "--fix", "-q", "--stdin-filename", "main.py", "-"], "import sys\nx = 1\n");
    assert_eq!((run.code, run.output.as_str()), (Some(0), "x = 1\n"), "{}", run.errors);
    assert_eq!(fs::read_to_string(project.path("main.py")).expect("it is there"), "import os\n");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn permissions_and_links_stay() {
        let project = Project::new(&[("real/target.py", "import os\nx = 1\n")]);
        symlink(project.path("real/target.py"), project.path("link.py")).expect("a link");
        fs::set_permissions(project.path("real/target.py"), fs::Permissions::from_mode(0o751)).expect("set");
        assert_eq!(project.run(&["check", "--fix-only", "link.py"]).code, Some(0));
        assert!(fs::symlink_metadata(project.path("link.py")).expect("it is there").is_symlink());
        assert_eq!(fs::read_to_string(project.path("real/target.py")).expect("it is there"), "x = 1\n");
        let mode = fs::metadata(project.path("real/target.py")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o751);
    }

    #[test]
    fn a_read_only_file_is_an_error_and_stays() {
        let project = Project::new(&[("main.py", "import os\n"), ("other.py", "import os\n")]);
        fs::set_permissions(project.path("main.py"), fs::Permissions::from_mode(0o444)).expect("set");
        let run = project.run(&["check", "--fix"]);
        assert_eq!(run.code, Some(2));
        assert!(run.errors.contains("main.py: the file is read-only"), "{}", run.errors);
        assert!(!run.output.contains("mends"), "what was tried is not advised: {}", run.output);
        assert_eq!(fs::read_to_string(project.path("main.py")).expect("it is there"), "import os\n");
        assert_eq!(fs::read_to_string(project.path("other.py")).expect("it is there"), "");
    }
}

#[test]
fn who_only_mends_is_told_nothing_of_what_is_left() {
    let project =
        Project::new(&[("a.py", "__all__ = []\nimport os\n"), ("b.py", "__all__ = []\nfrom json import *\n")]);
    let run = project.run(&["check", "--fix-only", "--select", "unused-import,star-import"]);
    assert_eq!((run.code, run.output.as_str()), (Some(0), "Fixed 1 problem.\n"));
}

#[test]
fn what_a_package_offers_through_stars_stays() {
    let api =
        "import sys\nfrom shop.goods import Cart\nfrom shop.rates import *\n\nVERSION = sys.version\nRATE = NORMAL\n";
    let files = [
        ("shop/__init__.py", "from shop.api import *\n"),
        ("shop/api.py", api),
        ("shop/goods.py", "class Cart: ...\n"),
        ("shop/rates.py", "import re\n\nNORMAL = 19\nREDUCED = 7\n_PATTERN = re.compile(\"\")\n"),
        ("shop/inner.py", "from shop.rates import *\n\nRATES = [NORMAL]\n"),
        ("main.py", "import shop\nfrom shop import inner\n\nprint(shop.VERSION, shop.RATE, inner.RATES)\n"),
    ];
    let project = Project::new(&files);
    project.run(&["check", "--fix"]);
    let read = |path: &str| fs::read_to_string(project.path(path)).expect("it is there");
    assert_eq!(read("shop/api.py"), api);
    // Nobody has the names of this one through a star.
    assert_eq!(read("shop/inner.py"), "from shop.rates import NORMAL\n\nRATES = [NORMAL]\n");
    project.write("shop/api.py", format!("{api}\n__all__ = [\"VERSION\", \"RATE\"]\n"));
    project.run(&["check", "--fix"]);
    let listed = "import sys\nfrom shop.rates import NORMAL\n\nVERSION = sys.version\nRATE = NORMAL\n";
    assert_eq!(read("shop/api.py"), format!("{listed}\n__all__ = [\"VERSION\", \"RATE\"]\n"));
}
