//! What `check`, `module` and `graph` print, character by character.

mod project;

use project::{Project, Run};
use serde_json::{Value, json};

/// A shop whose prices hide a function behind their `__all__`.
fn shop() -> Project {
    Project::new(&[
        ("shop/__init__.py", ""),
        ("shop/prices.py", "import json\n\n\ndef net(price): ...\n"),
        ("shop/orders.py", "from shop.prices import *\n\nname = \"é𐐀\"; total(3)\n"),
    ])
}

fn parsed(run: &Run) -> Value {
    assert_eq!(run.errors, "");
    assert!(run.output.ends_with('\n') && run.output.lines().count() == 1, "{}", run.output);
    serde_json::from_str(&run.output).expect("the output is JSON")
}

fn position(line: u32, column: u32, utf16_column: u32, offset: u32) -> Value {
    json!({"line": line, "column": column, "utf16_column": utf16_column, "offset": offset})
}

#[test]
fn full_shows_the_lines_and_the_place_in_the_other_file() {
    let run = shop().run(&["check", "--quiet", "--ignore", "F401"]);
    assert_eq!(run.code, Some(1));
    let expected = "\
error[undefined-name-behind-star]: `total` is not defined: the star import of this file does not bring it
  ┌─ shop/orders.py:3:14
  │
3 │ name = \"é𐐀\"; total(3)
  │              ^^^^^
  │
  = help: import it, or correct the name

warning[missing-all]: `shop.prices` has no `__all__`, and `shop.orders` takes a star from it
  ┌─ shop/prices.py:1:1
  │
1 │ import json
  │ ^
  │
  ┌─ shop/orders.py:1:1
  │
1 │ from shop.prices import *
  │ ------------------------- the star
  │
  = help: add `__all__` with the names that are meant for others; today no module of the program takes any
  = unsafe fix: Add `__all__`

";
    let star = "\
warning[star-import]: `from shop.prices import *` brings 2 names, of which this file uses none
  ┌─ shop/orders.py:1:1
  │
1 │ from shop.prices import *
  │ ^^^^^^^^^^^^^^^^^^^^^^^^^
  │
  = help: it brings `json` and `net`; import what other modules need from here by name
  = unsafe fix: Remove `from shop.prices import *`

";
    assert_eq!(run.output, format!("{star}{expected}"));
}

#[test]
fn a_guard_is_shown_with_the_entry_that_makes_it_one() {
    let project = Project::new(&[
        ("settings.py", "DEBUG = True\n\n__all__ = [\"Never use from settings import *\"]\n"),
        ("main.py", "from settings import *\n"),
    ]);
    let run = project.run(&["check", "--quiet", "--select", "guarded-star-import"]);
    let expected = "\
error[guarded-star-import]: `from settings import *` raises AttributeError: `settings` has no attribute `Never use from settings import *`
  ┌─ main.py:1:1
  │
1 │ from settings import *
  │ ^^^^^^^^^^^^^^^^^^^^^^
  │
  ┌─ settings.py:3:12
  │
3 │ __all__ = [\"Never use from settings import *\"]
  │            ---------------------------------- the entry of `__all__`
  │
  = help: the entry is there to keep stars away: import the names that are used, or the module itself
  = suggestion: Take `Never use from settings import *` out of `__all__`

";
    assert_eq!(run.output, expected);
}

#[test]
fn concise_is_one_line_a_finding() {
    let run = shop().run(&["check", "--output-format", "concise", "--ignore", "F401"]);
    let mut lines: Vec<&str> = run.output.lines().collect();
    assert_eq!(lines.pop(), Some("2 fixable with `--fix --unsafe-fixes`."));
    let summary = lines.pop().expect("a summary");
    assert!(summary.starts_with("Found 1 error and 2 warnings in 2 of 3 files (3 modules) in "), "{summary}");
    assert_eq!(
        lines,
        [
            "shop/orders.py:1:1: warning[star-import] `from shop.prices import *` brings 2 names, of which this file uses none",
            "shop/orders.py:3:14: error[undefined-name-behind-star] `total` is not defined: the star import of this file does not bring it",
            "shop/prices.py:1:1: warning[missing-all] `shop.prices` has no `__all__`, and `shop.orders` takes a star from it",
        ]
    );
}

#[test]
fn json_is_one_object() {
    let run = shop().run(&["check", "--output-format", "json", "--ignore", "F401"]);
    assert_eq!(run.code, Some(1));
    let mut found = parsed(&run);
    let elapsed = found["summary"]["elapsed_ms"].take();
    assert!(elapsed.is_u64(), "{elapsed}");
    for finding in found["diagnostics"].as_array_mut().expect("a list") {
        assert_eq!(finding["fingerprint"].take().as_str().map(str::len), Some(32));
    }
    let star = json!({"cell": null, "start": position(1, 1, 1, 0), "end": position(1, 26, 26, 25)});
    let expected = json!({
        "version": 1,
        "diagnostics": [
            {
                "rule": "star-import",
                "url": "https://douane.readthedocs.io/rules/star-import/",
                "severity": "warning",
                "message": "`from shop.prices import *` brings 2 names, of which this file uses none",
                "help": "it brings `json` and `net`; import what other modules need from here by name",
                "path": "shop/orders.py",
                "module": "shop.orders",
                "range": star,
                "related": [],
                "chain": [],
                "fix": {
                    "applicability": "unsafe",
                    "title": "Remove `from shop.prices import *`",
                    "edits": [{
                        "path": "shop/orders.py",
                        "range": {"cell": null, "start": position(1, 1, 1, 0), "end": position(2, 1, 1, 26)},
                        "text": "",
                    }],
                },
                "fingerprint": null,
            },
            {
                "rule": "undefined-name-behind-star",
                "url": "https://douane.readthedocs.io/rules/undefined-name-behind-star/",
                "severity": "error",
                "message": "`total` is not defined: the star import of this file does not bring it",
                "help": "import it, or correct the name",
                "path": "shop/orders.py",
                "module": "shop.orders",
                "range": {"cell": null, "start": position(3, 14, 15, 44), "end": position(3, 19, 20, 49)},
                "related": [],
                "chain": [],
                "fix": null,
                "fingerprint": null,
            },
            {
                "rule": "missing-all",
                "url": "https://douane.readthedocs.io/rules/missing-all/",
                "severity": "warning",
                "message": "`shop.prices` has no `__all__`, and `shop.orders` takes a star from it",
                "help": "add `__all__` with the names that are meant for others; today no module of the program takes any",
                "path": "shop/prices.py",
                "module": "shop.prices",
                "range": {"cell": null, "start": position(1, 1, 1, 0), "end": position(1, 1, 1, 0)},
                "related": [{"path": "shop/orders.py", "range": star, "message": "the star"}],
                "chain": [],
                "fix": {
                    "applicability": "unsafe",
                    "title": "Add `__all__`",
                    "edits": [{
                        "path": "shop/prices.py",
                        "range": {"cell": null, "start": position(1, 12, 12, 11), "end": position(1, 12, 12, 11)},
                        "text": "\n\n__all__ = [\"net\"]",
                    }],
                },
                "fingerprint": null,
            },
        ],
        "summary": {"files": 3, "modules": 3, "errors": 1, "warnings": 2, "elapsed_ms": null},
    });
    assert_eq!(found, expected);
}

#[test]
fn json_of_nothing_is_the_same_object() {
    let project = Project::new(&[("main.py", "")]);
    let run = project.run(&["check", "--output-format", "json"]);
    assert_eq!(run.code, Some(0));
    let found = parsed(&run);
    assert_eq!(found["diagnostics"], json!([]));
    assert_eq!(found["summary"]["files"], json!(1));
}

/// A package with each kind of import and of resolution.
fn kinds() -> Project {
    Project::new(&[
        (
            "app/__init__.py",
            "import os.path as path\nfrom . import views\nfrom .views import render as show\n\n__all__ = [\"views\", \"show\"]\n",
        ),
        (
            "app/views.py",
            "from typing import TYPE_CHECKING\n\ntry:\n    import simplejson\nexcept ImportError:\n    simplejson = None\n\nif TYPE_CHECKING:\n    from app import models\n\n\ndef render():\n    import json\n    from app.models import nothing\n    from ...beyond import top\n",
        ),
        ("app/models.py", "globals().update(model=1)\n"),
        ("lib/python3.12/site-packages/nothing.py", ""),
    ])
}

#[test]
fn module_tells_what_is_known() {
    let project = kinds();
    let run = project.run(&["module", "app", "app/views.py", "app.models", "--output-format", "json"]);
    assert_eq!(run.code, Some(0));
    let import = |target: &str,
                  name: Value,
                  alias: Value,
                  level: u32,
                  place: (u32, u32),
                  when: &str,
                  guard: Value,
                  resolution: Value| {
        json!({
            "target": target, "name": name, "alias": alias, "level": level, "line": place.0, "column": place.1,
            "when": when, "guard": guard, "resolution": resolution,
        })
    };
    let none = Value::Null;
    let expected = json!({"modules": [
        {
            "name": "app",
            "path": "app/__init__.py",
            "kind": "package",
            "exports": {"known": true, "names": ["show", "views"], "source": "__all__"},
            "imports": [
                import("os.path", none.clone(), json!("path"), 0, (1, 8), "load", none.clone(), json!({"kind": "module", "module": "os.path"})),
                import(".", json!("views"), none.clone(), 1, (2, 15), "load", none.clone(), json!({"kind": "module", "module": "app.views"})),
                import(".views", json!("render"), json!("show"), 1, (3, 20), "load", none.clone(), json!({"kind": "attribute", "module": "app.views"})),
            ],
            "imported_by": ["app.views"],
        },
        {
            "name": "app.views",
            "path": "app/views.py",
            "kind": "module",
            "exports": {"known": true, "names": ["TYPE_CHECKING", "render", "simplejson"], "source": "public-names"},
            "imports": [
                import("typing", json!("TYPE_CHECKING"), none.clone(), 0, (1, 20), "load", none.clone(), json!({"kind": "attribute", "module": "typing"})),
                import("simplejson", none.clone(), none.clone(), 0, (4, 12), "load", json!("import-error"), json!({"kind": "unknown", "module": null})),
                import("app", json!("models"), none.clone(), 0, (9, 21), "type-checking", json!("type-checking"), json!({"kind": "module", "module": "app.models"})),
                import("json", none.clone(), none.clone(), 0, (13, 12), "call", none.clone(), json!({"kind": "module", "module": "json"})),
                import("app.models", json!("nothing"), none.clone(), 0, (14, 28), "call", none.clone(), json!({"kind": "unknown", "module": "app.models"})),
                import("...beyond", json!("top"), none.clone(), 3, (15, 27), "call", none.clone(), json!({"kind": "beyond-top-level", "module": null})),
            ],
            "imported_by": ["app"],
        },
        {
            "name": "app.models",
            "path": "app/models.py",
            "kind": "module",
            "exports": {"known": false, "reason": "it writes to its own namespace"},
            "imports": [],
            "imported_by": ["app.views"],
        },
    ]});
    assert_eq!(parsed(&run), expected);
}

#[test]
fn module_prints_all_modules_or_those_below_a_path() {
    let project = kinds();
    let names = |arguments: &[&str]| {
        let run = project.run(&[&["module", "--output-format", "json"], arguments].concat());
        let modules = parsed(&run)["modules"].as_array().cloned().expect("a list");
        modules.iter().filter_map(|module| Some(module["name"].as_str()?.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(names(&["--all", "app"]), ["app", "app.models", "app.views"]);
    assert_eq!(names(&["app.views"]), ["app.views"]);
    assert_eq!(names(&["json"]), ["json"]);
    assert!(names(&["--all"]).contains(&"app.models".to_owned()));
}

#[test]
fn module_is_readable_without_a_format() {
    let run = kinds().run(&["module", "app"]);
    let expected = "\
app (package, app/__init__.py)
  a star brings 2 (from its `__all__`):
    show, views
  imports:
    1:8 os.path as path → module os.path (on load)
    2:15 . import views → module app.views (on load)
    3:20 .views import render as show → attribute app.views (on load)
  imported by: app.views
";
    assert_eq!(run.output, expected);
}

#[test]
fn graph_is_modules_and_edges() {
    let project = kinds();
    let edge = |importer: &str, imported: &str, line: u32, when: &str, guard: Value, implicit: bool| json!({"importer": importer, "imported": imported, "line": line, "when": when, "guard": guard, "implicit": implicit});
    let none = Value::Null;
    let expected = json!({
        "modules": ["app", "app.models", "app.views"],
        "edges": [
            edge("app", "app.views", 2, "load", none.clone(), false),
            edge("app", "app.views", 3, "load", none.clone(), false),
            edge("app.views", "app", 9, "type-checking", json!("type-checking"), false),
            edge("app.views", "app", 14, "call", none.clone(), true),
            edge("app.views", "app.models", 9, "type-checking", json!("type-checking"), false),
            edge("app.views", "app.models", 14, "call", none.clone(), false),
        ],
    });
    assert_eq!(parsed(&project.run(&["graph", "app"])), expected);
    assert_eq!(parsed(&project.run(&["graph", "app", "--output-format", "json"])), expected);

    let external = parsed(&project.run(&["graph", "app", "--external"]));
    assert_eq!(external["modules"], json!(["app", "app.models", "app.views", "json", "os", "typing"]));
}

#[test]
fn graph_is_drawn() {
    let project = Project::new(&[
        ("main.py", "import views\n\n\ndef later():\n    import models\n"),
        ("views.py", "import models\n"),
        ("models.py", ""),
    ]);
    let dot = "\
digraph imports {
    node [shape=box];
    \"main\";
    \"models\";
    \"views\";
    \"main\" -> \"models\" [style=dashed];
    \"main\" -> \"views\";
    \"views\" -> \"models\";
}
";
    assert_eq!(project.run(&["graph", "--output-format", "dot"]).output, dot);
    let mermaid = "\
flowchart LR
    m0[\"main\"]
    m1[\"models\"]
    m2[\"views\"]
    m0 -.-> m1
    m0 --> m2
    m2 --> m1
";
    assert_eq!(project.run(&["graph", "--output-format", "mermaid"]).output, mermaid);
}

/// What others wrote goes to the terminal, so that it must not be able to steer it.
#[test]
fn control_characters_are_escaped() {
    let project =
        Project::new(&[("main.py", "from math import *\n\n'\u{1b}[2J'; nowhere\n__all__ = ['\u{1b}[31m']\n")]);
    if cfg!(unix) {
        project.write("\u{1b}[2J.py", "import os\n");
    }
    assert!(!project.run(&["check", "--show-files"]).output.contains('\u{1b}'));
    for format in ["full", "concise", "grouped", "json", "sarif", "github", "gitlab", "azure", "pylint"] {
        let run = project.run(&["check", "--output-format", format]);
        assert!(!run.output.contains('\u{1b}'), "{format}: {}", run.output);
    }
}

#[test]
fn one_run_writes_several_formats() {
    let project = Project::new(&[("main.py", "import os, re\n\nprint(re)\n")]);
    let run =
        project.run(&["check", "-o", "gitlab:quality.json", "-o", "concise:found.txt", "-o", "plain.txt", "--quiet"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(1), ""));
    assert!(run.output.contains("warning[unused-import]"));
    let text = |path: &str| std::fs::read_to_string(project.path(path)).expect("it is written");
    let issues: serde_json::Value = serde_json::from_str(&text("quality.json")).expect("JSON");
    let issue = &issues[0];
    assert_eq!(issue["check_name"], "unused-import");
    assert_eq!(issue["location"]["path"], "main.py");
    assert_eq!(issue["location"]["positions"]["begin"], serde_json::json!({"line": 1, "column": 8}));
    assert_eq!(issue["severity"], "minor");
    assert_eq!(issue["fingerprint"].as_str().map(str::len), Some(32));
    assert!(text("found.txt").starts_with("main.py:1:8: warning[unused-import] `import os` is never used\n"));
    // Without a format of its own a file is written as the terminal is.
    assert!(text("plain.txt").starts_with("warning[unused-import]: `import os` is never used\n"));
    let refused = project.run(&["check", "-o", "json:no/such/folder.json"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.errors.contains("can't be written"), "{}", refused.errors);
}

#[test]
#[cfg(unix)]
fn what_a_report_is_written_to_stays_what_it_is() {
    use std::os::unix::fs::symlink;
    let project = Project::new(&[("main.py", "import os\n"), ("kept.json", "")]);
    symlink("kept.json", project.path("link.json")).expect("a link");
    assert!(std::process::Command::new("mkfifo").arg(project.path("pipe")).status().expect("it runs").success());
    let pipe = project.path("pipe");
    let reader = std::thread::spawn(move || std::fs::read_to_string(pipe).expect("it is read"));
    let run = project.run(&["check", "-q", "-o", "json:link.json", "-o", "json:pipe", "-o", "concise:/dev/stdout"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(1), ""));
    assert!(
        run.output.starts_with("main.py:1:8: warning[unused-import] `import os` is never used\n"),
        "{}",
        run.output
    );
    assert!(run.output.contains("warning[unused-import]: "), "{}", run.output);
    let written = std::fs::read_to_string(project.path("kept.json")).expect("it is there");
    assert!(project.path("link.json").is_symlink() && written.contains("unused-import"));
    assert!(reader.join().expect("it ends").contains("unused-import"));
}

#[test]
fn a_report_is_written_beside_statistics_and_refused_where_there_is_none() {
    let project = Project::new(&[("main.py", "import os\n")]);
    let run = project.run(&["check", "--statistics", "-o", "concise:found.txt"]);
    assert_eq!((run.code, run.output.as_str()), (Some(1), "1\twarning\tunused-import\n"));
    let written = std::fs::read_to_string(project.path("found.txt")).expect("it is there");
    assert!(written.starts_with("main.py:1:8: "), "{written}");
    for other in ["--diff", "--show-files", "--show-settings"] {
        let run = project.run(&["check", other, "-o", "json:r.json"]);
        assert!(run.code == Some(2) && run.errors.contains("cannot be used with"), "{other}: {run:?}");
    }
}

#[test]
fn a_format_that_is_none_is_no_part_of_a_name() {
    let project = Project::new(&[("main.py", "")]);
    for (named, reason) in [
        ("sarf:x.sarif", "there is no format `sarf`; did you mean `sarif`? (a file of that name is `./sarf:x.sarif`)"),
        ("SARIF:x.sarif", "did you mean `sarif`?"),
        ("json:", "there is no file behind `json:`"),
    ] {
        let run = project.run(&["check", "-o", named]);
        assert!(run.code == Some(2) && run.errors.contains(reason), "{run:?}");
    }
    assert_eq!(project.run(&["check", "-o", "./sarf:x.sarif"]).code, Some(0));
    assert!(project.path("sarf:x.sarif").is_file());
}

#[test]
fn json_lines_are_those_of_json() {
    let project = Project::new(&[("main.py", "import os, re\n")]);
    let document: serde_json::Value =
        serde_json::from_str(&project.run(&["check", "--output-format", "json"]).output).expect("JSON");
    let lines = project.run(&["check", "--output-format", "json-lines"]).output;
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert_eq!(document["diagnostics"], serde_json::Value::Array(lines));
}

#[test]
fn services_are_told_paths_from_the_top_of_their_checkout() {
    let project = Project::new(&[("app/lint.toml", ""), ("app/a b.py", "import os\n")]);
    let run = |format: &str, top: &str| {
        let mut command = project::douane(&project.path("app"));
        command.args(["check", "-q", "--output-format", format]).env("GITHUB_WORKSPACE", project.path(top));
        project::run(&mut command).output
    };
    assert!(run("github", "").contains("file=app/a b.py,line=1,"), "{}", run("github", ""));
    assert!(run("github", "app").contains("file=a b.py,line=1,"), "{}", run("github", "app"));
    assert!(run("github", "elsewhere").contains("file=a b.py,line=1,"));
    let sarif: Value = serde_json::from_str(&run("sarif", "")).expect("it is JSON");
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "app/a%20b.py");
    assert!(run("concise", "").starts_with("a b.py:1:8: "));
}

/// The hash that GitHub's action makes is of the file as UTF-8, a byte order mark included.
#[test]
fn lines_are_hashed_as_they_are_stored() {
    let project = Project::new(&[("plain.py", "import os\n")]);
    project.write("marked.py", b"\xef\xbb\xbfimport os\n");
    project.write("latin.py", b"# coding: latin-1\nimport os  # \xe9\n");
    project.write("replaced.py", "# coding: utf-8\nimport os  # \u{fffd}\n");
    let run = project.run(&["check", "-q", "--output-format", "sarif"]);
    let report: Value = serde_json::from_str(&run.output).expect("it is JSON");
    let hash = |name: &str| {
        let results = report["runs"][0]["results"].as_array().expect("a list");
        let place = "/locations/0/physicalLocation/artifactLocation/uri";
        let found = results.iter().find(|result| result.pointer(place).is_some_and(|uri| uri == name));
        found.map(|result| result["partialFingerprints"]["primaryLocationLineHash"].clone()).expect("a result")
    };
    // As codeql-action has it, of the texts "\u{feff}import os\n" and "import os\n".
    assert_eq!(
        (hash("marked.py").as_str(), hash("plain.py").as_str()),
        (Some("5aa1a8e55c93c499:1"), Some("cb30a0d6d5e2b68e:1"))
    );
    assert_eq!(hash("latin.py"), hash("replaced.py"));
}
