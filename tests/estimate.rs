//! `douane cost --static` and the rules over what programs load. CPython says what is true.

mod project;

use std::{collections::BTreeSet, process::Command};

use project::Project;
use serde_json::Value;

/// Programs whose `main` loads what only a close look at its imports tells.
const PROGRAMS: [(&str, &[(&str, &str)]); 23] = [
    (
        "a fallback is loaded where what it stands for is missing",
        &[
            ("main.py", "try:\n    import gone_1\nexcept ImportError:\n    import fallback\nelse:\n    import extra\n"),
            ("fallback.py", ""),
            ("extra.py", ""),
        ],
    ),
    (
        "a fallback is not loaded where nothing is missing",
        &[
            ("main.py", "try:\n    import fast\nexcept ImportError:\n    import slow\nelse:\n    import extra\n"),
            ("fast.py", ""),
            ("slow.py", ""),
            ("extra.py", ""),
        ],
    ),
    (
        "what fails inside is caught outside",
        &[
            ("main.py", "try:\n    import a\n    import never\nexcept ImportError:\n    import fallback\n"),
            ("a.py", "import b\nimport gone_1\nimport late\n"),
            ("b.py", ""),
            ("late.py", ""),
            ("never.py", ""),
            ("fallback.py", ""),
        ],
    ),
    (
        "suppress ends the block",
        &[
            (
                "main.py",
                "import contextlib\nwith contextlib.suppress(ImportError):\n    import gone_1\n    import never\nimport last\n",
            ),
            ("never.py", ""),
            ("last.py", ""),
        ],
    ),
    (
        "an attribute comes before a submodule",
        &[
            ("main.py", "from pkg import sub, other\n"),
            ("pkg/__init__.py", "def sub(): ...\n"),
            ("pkg/sub.py", ""),
            ("pkg/other.py", ""),
        ],
    ),
    (
        "a star loads the submodules that __all__ names",
        &[
            ("main.py", "from pkg import *\n"),
            ("pkg/__init__.py", "__all__ = ['one', 'value']\nvalue = 1\n"),
            ("pkg/one.py", ""),
            ("pkg/two.py", ""),
        ],
    ),
    (
        "relative imports and parents",
        &[
            ("main.py", "import pkg.deep.leaf\n"),
            ("pkg/__init__.py", "from . import helper\n"),
            ("pkg/helper.py", "from .deep import up\n"),
            ("pkg/deep/__init__.py", ""),
            ("pkg/deep/up.py", "from .. import base\nfrom ..base import VALUE\n"),
            ("pkg/deep/leaf.py", ""),
            ("pkg/base.py", "VALUE = 1\n"),
        ],
    ),
    (
        "calls that name a module",
        &[
            (
                "main.py",
                "import importlib\nimportlib.import_module('pkg.one')\ntry:\n    __import__('gone_1')\nexcept ImportError:\n    importlib.import_module('two')\ndef later():\n    __import__('three')\n",
            ),
            ("pkg/__init__.py", ""),
            ("pkg/one.py", ""),
            ("two.py", ""),
            ("three.py", ""),
        ],
    ),
    (
        "circles end",
        &[("main.py", "import a\n"), ("a.py", "import b\n"), ("b.py", "import a\nimport c\n"), ("c.py", "import b\n")],
    ),
    (
        "functions that run on load, and those that do not",
        &[
            (
                "main.py",
                "def now():\n    import one\ndef later():\n    import two\nclass C:\n    import three\nnow()\n",
            ),
            ("one.py", ""),
            ("two.py", ""),
            ("three.py", ""),
        ],
    ),
    (
        "what only type checkers see",
        &[
            (
                "main.py",
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import types_only\nelse:\n    import real\n",
            ),
            ("types_only.py", ""),
            ("real.py", ""),
        ],
    ),
    (
        "versions and platforms",
        &[
            (
                "main.py",
                "import sys\nif sys.version_info < (3,):\n    import two\nelse:\n    import three\nif sys.platform == 'plan9':\n    import plan\n",
            ),
            ("two.py", ""),
            ("three.py", ""),
            ("plan.py", ""),
        ],
    ),
    (
        "namespace packages",
        &[
            ("main.py", "import space.one\nfrom space.inner import two\n"),
            ("space/one.py", ""),
            ("space/inner/two.py", ""),
        ],
    ),
    (
        "a module that code puts into sys.modules",
        &[
            ("main.py", "import maker\nimport maker.made\n"),
            ("maker.py", "import sys, types\nsys.modules['maker.made'] = types.ModuleType('maker.made')\n"),
        ],
    ),
    (
        "finally always runs",
        &[
            (
                "main.py",
                "try:\n    try:\n        import gone_1\n    finally:\n        import last\nexcept ImportError:\n    pass\n",
            ),
            ("last.py", ""),
        ],
    ),
    (
        "a handler inside a handler",
        &[
            (
                "main.py",
                "try:\n    import gone_1\nexcept ImportError:\n    try:\n        import gone_2\n    except ImportError:\n        import third\n",
            ),
            ("third.py", ""),
        ],
    ),
    (
        "the condition that imports what is missing does not run",
        &[
            ("main.py", "import os\nif os.environ.get('NO_SUCH_VARIABLE_1'):\n    import gone_1\nimport last\n"),
            ("last.py", ""),
        ],
    ),
    (
        "a name that only type checkers bind hides no submodule",
        &[
            ("main.py", "from pkg import heavy, gone\n"),
            (
                "pkg/__init__.py",
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import heavy\ngone = 1\ndel gone\n",
            ),
            ("pkg/heavy.py", ""),
            ("pkg/gone.py", ""),
        ],
    ),
    (
        "a relative import without a package fails",
        &[
            ("main.py", "try:\n    from .helper import x\nexcept ImportError:\n    from helper import x\n"),
            ("helper.py", "x = 1\n"),
        ],
    ),
    (
        "a name that is not there fails",
        &[
            ("main.py", "try:\n    from compat import newer\nexcept ImportError:\n    from fallback import newer\n"),
            ("compat.py", "older = 1\n"),
            ("fallback.py", "newer = 1\n"),
        ],
    ),
    (
        "a name that may come from a star is there",
        &[
            ("main.py", "try:\n    from compat import newer\nexcept ImportError:\n    from fallback import newer\n"),
            ("compat.py", "from base import *\n"),
            ("base.py", "newer = 1\n"),
            ("fallback.py", "newer = 1\n"),
        ],
    ),
    (
        "modules beside the script go before those of the standard library",
        &[("main.py", "import calendar\n"), ("calendar.py", "import colours\n"), ("colours.py", "")],
    ),
    (
        "__main__ is always there",
        &[("main.py", "try:\n    import __main__\nexcept ImportError:\n    import other\n"), ("other.py", "")],
    ),
];

fn estimated(project: &Project, arguments: &[&str]) -> Value {
    let mut all = vec!["cost", "--static", "--output-format", "json"];
    all.extend(arguments);
    let run = project.run(&all);
    let document: Value = serde_json::from_str(&run.output).unwrap_or_else(|_| panic!("{}{}", run.output, run.errors));
    document["targets"][0].clone()
}

fn loaded(target: &Value) -> impl Iterator<Item = &Value> {
    target["loaded"].as_array().expect("a list").iter().filter(|load| load["is_loaded"] == true)
}

fn names(list: &Value) -> BTreeSet<&str> {
    list.as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

#[test]
fn cpython_loads_the_same() {
    let mut wrong = Vec::new();
    for (what, files) in PROGRAMS {
        let project = Project::new(files);
        let code = "import sys; before = set(sys.modules); import main; print(*(set(sys.modules) - before))";
        let python = Command::new("python3").args(["-B", "-c", code]).current_dir(project.path("")).output();
        let python = python.expect("python3 can be started");
        assert!(python.status.success(), "{what}: {}", String::from_utf8_lossy(&python.stderr));
        let text = String::from_utf8_lossy(&python.stdout).into_owned();
        let own: Vec<String> =
            files.iter().map(|(path, _)| path.split(['/', '.']).next().unwrap_or("").to_owned()).collect();
        let is_own = |name: &&str| own.iter().any(|own| name.split('.').next() == Some(own));
        let truth: BTreeSet<&str> = text.split_whitespace().filter(is_own).collect();
        let target = estimated(&project, &["main"]);
        let guess: BTreeSet<&str> = loaded(&target).filter_map(|load| load["module"].as_str()).filter(is_own).collect();
        if guess != truth {
            wrong.push(format!("{what}: {guess:?} instead of {truth:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_import_answers_for_what_nothing_else_loads() {
    let project = Project::new(&[
        ("main.py", "import left\nimport right\n"),
        ("left.py", "import shared\nimport only_left\n"),
        ("right.py", "import shared\nimport only_right\n"),
        ("shared.py", "import below\n"),
        ("below.py", ""),
        ("only_left.py", ""),
        ("only_right.py", ""),
    ]);
    let target = estimated(&project, &["main"]);
    let only = |module: &str, line: u32| {
        let load = loaded(&target).find(|load| load["module"] == module).expect("it is loaded");
        assert_eq!(load["line"], line, "{load}");
        names(&load["only"])
    };
    assert_eq!(only("left", 1), BTreeSet::from(["left", "only_left"]));
    assert_eq!(only("right", 2), BTreeSet::from(["right", "only_right"]));
    assert_eq!(only("shared", 1), BTreeSet::new());
    assert_eq!(only("below", 1), BTreeSet::from(["below"]));
    assert_eq!(target["modules"], 7);
}

#[test]
fn what_a_failing_module_has_loaded_stays() {
    let project = Project::new(&[
        ("main.py", "try:\n    import optional\nexcept ImportError:\n    pass\nimport other\n"),
        ("optional.py", "import heavy\nimport gone_1\n"),
        ("other.py", "import heavy\n"),
        ("heavy.py", ""),
    ]);
    let target = estimated(&project, &["main"]);
    let other = loaded(&target).find(|load| load["module"] == "other").expect("it is loaded");
    assert_eq!(names(&other["only"]), BTreeSet::from(["other"]));
}

#[test]
fn scripts_see_what_lies_beside_them() {
    let project = Project::new(&[
        ("tools/run.py", "# coding: latin-1\nimport helper\n"),
        ("tools/helper.py", "import more\n"),
        ("tools/more.py", ""),
        ("helper.py", ""),
    ]);
    let target = estimated(&project, &["tools/run.py"]);
    let found: BTreeSet<&str> = loaded(&target).filter_map(|load| load["module"].as_str()).collect();
    assert_eq!(found, BTreeSet::from(["helper", "more"]));
}

#[test]
fn nothing_is_run() {
    let files = [
        ("eff.py", "open('ran.txt', 'w').close()\n"),
        ("lint.toml", "[[cost.budgets]]\ntarget = \"eff\"\nmodules = 1\n"),
    ];
    let project = Project::new(&files);
    for arguments in [&["unload", "eff"][..], &["check"], &["compare", "eff", "eff"]] {
        let run = project.run(&[&["cost", "--static"], arguments].concat());
        assert_eq!(run.code, Some(2), "{}", run.output);
        assert!(run.errors.contains("`--static` estimates"), "{}", run.errors);
    }
    project.run(&["cost", "--static", "eff"]);
    project.run(&["check"]);
    assert!(!project.path("ran.txt").exists());
}

#[test]
fn rules_count_what_is_surely_loaded() {
    let files = [
        ("lint.toml", "[[cost.budgets]]\ntarget = \"app\"\nmodules = 2\n"),
        (
            "app.py",
            "import os\ntry:\n    import gone_1\n    HAS = True\nexcept ImportError:\n    HAS = False\nif HAS:\n    import one, two, three\n\n\ndef setup():\n    import four, five\n\n\nif os.environ:\n    setup()\n",
        ),
        ("one.py", ""),
        ("two.py", ""),
        ("three.py", ""),
        ("four.py", ""),
        ("five.py", ""),
    ];
    let project = Project::new(&files);
    assert_eq!(project.findings(&["--select", "import-budget"]), Vec::<String>::new());
}

#[test]
fn lazy_imports_wait_for_calls() {
    let dear = [("dear.py", "import below\n\n\nclass Thing:\n    pass\n"), ("below.py", "")];
    let options = "[rules.lazy-candidate]\nseverity = \"warning\"\nmodules = 1\nentry-points = [\"app\"]\n";
    let cases = [
        (
            "a class that is made on load",
            "import dear\n\n\nclass C:\n    def __init__(self):\n        dear.Thing()\n\n\nX = C()\n",
            false,
        ),
        (
            "functions that are handed on",
            "import dear\n\n\ndef f(x):\n    return dear.Thing\n\n\nX = list(map(f, [1]))\n",
            false,
        ),
        (
            "a script",
            "import dear\n\n\ndef main():\n    dear.Thing()\n\n\nif __name__ == '__main__':\n    main()\n",
            false,
        ),
        ("a field", "from __future__ import annotations\n\nimport dear\n\n\nclass C:\n    field: dear.Thing\n", false),
        ("an annotation", "from __future__ import annotations\n\nimport dear\n\n\ndef f(x: dear.Thing): ...\n", true),
        ("a function", "import dear\n\n\ndef f():\n    dear.Thing()\n", true),
    ];
    for (what, text, expected) in cases {
        let project = Project::new(&[dear[0], dear[1], ("lint.toml", options), ("app.py", text)]);
        let found = project.findings(&["--select", "lazy-candidate", "--target-version", "3.13"]);
        assert_eq!(!found.is_empty(), expected, "{what}: {found:?}");
    }
}

#[test]
fn the_tree_tells_who_loads_what() {
    let project = Project::new(&[
        ("app/__init__.py", ""),
        ("app/cli.py", "import sys\n\nfrom app import data\nimport nowhere_1\n"),
        ("app/data.py", "VALUE = 1\n"),
    ]);
    let run = project.run(&["cost", "--static", "app/cli.py"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), ""));
    assert!(run.output.contains("at least 3 modules"), "{}", run.output);
    assert!(run.output.contains("not installed, so not in it: nowhere_1"), "{}", run.output);
    assert!(run.output.contains("app.data  app/cli.py:3"), "{}", run.output);
    let run = project.run(&["cost", "--static"]);
    assert!(run.output.contains("the whole project"), "{}", run.output);
    let run = project.run(&["cost", "--static", "app.gone"]);
    assert_eq!(run.code, Some(1));
    assert!(run.output.contains("there is no module `app.gone`"), "{}", run.output);
    let run = project.run(&["cost", "--static", "import ("]);
    assert_eq!(run.code, Some(2), "{}", run.output);
}

#[test]
fn what_was_kept_is_used_until_a_file_changes() {
    let project = Project::new(&[("main.py", "import one\n"), ("one.py", ""), ("two.py", "")]);
    let modules = |project: &Project| -> Vec<String> {
        let target = estimated(project, &["main"]);
        loaded(&target).map(|load| load["module"].as_str().unwrap_or("").to_owned()).collect()
    };
    assert_eq!(modules(&project), ["main", "one"]);
    assert_eq!(modules(&project), ["main", "one"]);
    project.write("one.py", "import two\n");
    assert_eq!(modules(&project), ["main", "one", "two"]);
}

#[test]
fn a_budget_is_checked_without_running_anything() {
    let files = [
        ("lint.toml", "[[cost.budgets]]\ntarget = \"app.cli\"\nmodules = 3\ncode = \"1KiB\"\n"),
        ("app/__init__.py", ""),
        ("app/cli.py", "import app.one\n\nprint(app.one)\nraise SystemExit('it runs')\n"),
        ("app/one.py", "import app.two\n\nprint(app.two)\n"),
        ("app/two.py", "TEXT = 1\n"),
    ];
    let project = Project::new(&files);
    let run = project.run(&["check", "--select", "import-budget"]);
    assert!(run.errors.starts_with("warning: no Python environment is known: budgets count"), "{}", run.errors);
    let findings = project.findings(&["--select", "import-budget"]);
    assert_eq!(findings, ["app/cli.py:1:1: error[import-budget] `app.cli` loads 4 modules, 3 are allowed"]);
    project.write("lint.toml", "[[cost.budgets]]\ntarget = \"app.cli\"\nmodules = 4\n");
    assert_eq!(project.findings(&["--select", "import-budget"]), Vec::<String>::new());
}

#[test]
fn findings_tell_how_a_program_comes_to_them() {
    let project = Project::new(&[
        (
            "lint.toml",
            "[[cost.budgets]]\ntarget = \"app.cli\"\nmodules = 3\n[rules.heavy-import]\nmodules = 2\nentry-points = [\"app.cli\"]\n",
        ),
        ("app/__init__.py", ""),
        ("app/cli.py", "from app import middle\n\nprint(middle)\n"),
        ("app/middle.py", "\nfrom app import report\n\nprint(report)\n"),
        ("app/report.py", "import a, b, c\n\nprint(a, b, c)\n"),
        ("a.py", ""),
        ("b.py", ""),
        ("c.py", ""),
    ]);
    for (rule, message) in [
        ("import-budget", "`app.cli` loads 7 modules, 3 are allowed"),
        ("heavy-import", "only `import a, …` loads 3 modules (0 B of code) when `app.cli` starts"),
    ] {
        let arguments = ["check", "--select", rule, "-o", "json:out.json", "-o", "sarif:out.sarif"];
        let run = project.run(&arguments);
        let told = "= chain: app/cli.py:1: `from app import middle`\n           app/middle.py:2: `from app import report`\n           app/report.py:1: `import a, …`\n";
        assert!(run.output.contains(message) && run.output.contains(told), "{}", run.output);
        let read = |path: &str| -> Value {
            serde_json::from_slice(&std::fs::read(project.path(path)).expect("it is there")).expect("JSON")
        };
        let (json, sarif) = (read("out.json"), read("out.sarif"));
        let steps: Vec<_> = json["diagnostics"][0]["chain"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|step| (step["path"].clone(), step["range"]["start"]["line"].clone()))
            .collect();
        let expected = [("app/cli.py", 1), ("app/middle.py", 2), ("app/report.py", 1)];
        assert_eq!(steps, expected.map(|(path, line)| (Value::from(path), Value::from(line))));
        let flow = &sarif["runs"][0]["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"];
        let steps: Vec<_> = flow
            .as_array()
            .expect("a list")
            .iter()
            .map(|step| &step["location"]["physicalLocation"])
            .map(|place| (place["artifactLocation"]["uri"].clone(), place["region"]["startLine"].clone()))
            .collect();
        assert_eq!(steps, expected.map(|(path, line)| (Value::from(path), Value::from(line))));
    }
    // The start of the chain may have brought it about.
    assert_eq!(project.findings(&["--select", "heavy-import", "app/cli.py"]).len(), 1);
    assert_eq!(project.findings(&["--select", "heavy-import", "a.py"]).len(), 0);
}

#[test]
fn lazy_imports_are_written_where_python_has_them() {
    let files = [
        ("lint.toml", "[rules.lazy-candidate]\nseverity = \"warning\"\nmodules = 1\nentry-points = [\"app\"]\n"),
        ("app.py", "import dear  # why\n\n\ndef run():\n    return dear.value()\n"),
        ("dear.py", "import below\n\n\ndef value():\n    return below\n"),
        ("below.py", ""),
    ];
    let project = Project::new(&files);
    let fix = ["check", "--select", "lazy-candidate", "--fix-only", "--unsafe-fixes", "--quiet"];
    let text = |project: &Project| std::fs::read_to_string(project.path("app.py")).expect("it is there");
    let run = project.run(&[&fix[..], &["--target-version", "3.14"]].concat());
    assert_eq!((run.code, text(&project)), (Some(0), files[1].1.to_owned()), "{}", run.errors);
    project.run(&[&fix[..], &["--target-version", "3.15"]].concat());
    assert_eq!(text(&project), files[1].1.replace("import dear", "lazy import dear"));
    let again = project.findings(&["--select", "lazy-candidate", "--target-version", "3.15"]);
    assert_eq!(again, Vec::<String>::new());
}

#[test]
fn what_was_measured_calibrates_the_estimate() {
    let files = [("main.py", "import big\n"), ("big.py", "DATA = [bytearray(1) * 4_000_000]\n")];
    let project = Project::new(&files);
    assert_eq!(estimated(&project, &["main"])["measured"], Value::Null);
    let run = project.run(&["cost", "--save", "--runs", "1", "main"]);
    assert_eq!(run.code, Some(0), "{}", run.errors);
    let target = estimated(&project, &["main"]);
    assert_eq!(target["measured"]["modules"], 2);
    let big = loaded(&target).find(|load| load["module"] == "big").expect("it is loaded");
    if cfg!(target_os = "linux") {
        assert!(big["measured"]["private_bytes"].as_i64().expect("a number") > 3_000_000, "{big}");
    }
    // Another file is another thing.
    project.write("big.py", "DATA = []\n");
    assert_eq!(estimated(&project, &["main"])["measured"]["modules"], 1);
}
