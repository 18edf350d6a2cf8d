//! Taking douane up in a code base that has findings: comments that silence them, and the baseline.

mod project;

use std::fs;

use project::Project;

fn text(project: &Project, path: &str) -> String {
    fs::read_to_string(project.path(path)).expect("it is there")
}

#[test]
fn comments_are_written_where_something_is_found() {
    let project = Project::new(&[
        (
            "main.py",
            "#!/usr/bin/env python3\nimport os, sys\nfrom os import (\n    path,\n    sep,  # a letter\n)\n\ns = '''\n'''; import re\n",
        ),
        ("lib.py", "def f(): ...\n"),
        ("user.py", "from lib import *\n\nf()\n"),
    ]);
    let run = project.run(&["check", "--add-ignore=of old", "--ignore", "F403"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.errors, "note: silenced 6 of 6 findings\n");
    assert_eq!(
        text(&project, "main.py"),
        "#!/usr/bin/env python3\n\
         import os, sys  # douane: ignore[unused-import] of old\n\
         from os import (\n    path,\n    sep,  # a letter\n)  # douane: ignore[unused-import] of old\n\n\
         s = '''\n'''; import re  # douane: ignore[unused-import] of old\n"
    );
    assert_eq!(text(&project, "lib.py"), "# douane: file-ignore[missing-all] of old\ndef f(): ...\n");
    // What is silenced on a line is added to.
    let run = project.run(&["check", "--add-ignore"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), "note: silenced 1 of 1 findings\n"));
    project.write("both.py", "from math import *  # douane: ignore[star-import] see above\n");
    assert_eq!(project.run(&["check", "-q", "--add-ignore"]).code, Some(0));
    assert_eq!(
        text(&project, "both.py"),
        "from math import *  # douane: ignore[star-import, import-shadows-builtin] see above\n"
    );
}

#[test]
fn what_stands_behind_add_ignore_is_a_path() {
    let project = Project::new(&[("src/main.py", "import os\n"), ("other.py", "import os\n")]);
    let run = project.run(&["check", "--add-ignore", "src"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), "note: silenced 1 of 1 findings\n"), "{run:?}");
    assert_eq!(text(&project, "src/main.py"), "import os  # douane: ignore[unused-import]\n");
    assert_eq!(text(&project, "other.py"), "import os\n");
}

#[test]
fn a_comment_that_would_break_the_code_is_not_written() {
    let source = "x = 1 + \\\n    2; import os; y = \\\n    3\n";
    let project = Project::new(&[("main.py", source)]);
    let run = project.run(&["check", "--add-ignore"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.errors.contains("can't write comments into main.py"), "{run:?}");
    assert_eq!(text(&project, "main.py"), source);
}

#[test]
fn a_baseline_lets_new_findings_count() {
    let project = Project::new(&[("main.py", "import os\n"), ("other.py", "import os\n")]);
    assert_eq!(project.run(&["baseline", "update"]).code, Some(2));
    let run = project.run(&["baseline", "write"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), "note: douane-baseline.json holds 2 findings\n"));
    let written = text(&project, "douane-baseline.json");
    assert!(written.contains(r#"{"module":"main","rule":"unused-import","subject":"os","count":1}"#), "{written}");
    let run = project.run(&["check"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), ""));
    assert!(run.output.ends_with("The baseline knows 2 more.\n"), "{}", run.output);
    assert_eq!(project.findings(&["--no-baseline"]).len(), 2);

    // Moved lines are the same finding; one more of the same kind is a new one.
    project.write("main.py", "x = 1\n\nimport os\nimport sys\n");
    assert_eq!(project.findings(&[]), ["main.py:4:8: warning[unused-import] `import sys` is never used"]);

    // What nobody finds any more is told, and taken out on request.
    project.write("other.py", "");
    let run = project.run(&["check"]);
    assert!(run.errors.contains("1 entry of douane-baseline.json fits nothing any more"), "{}", run.errors);
    assert_eq!(project.run(&["check", "main.py"]).errors, "");
    assert_eq!(project.run(&["baseline", "prune"]).errors, "note: douane-baseline.json holds 1 finding\n");
    assert_eq!(project.findings(&[]).len(), 1);
    assert_eq!(project.run(&["baseline", "update"]).code, Some(0));
    assert_eq!(project.findings(&[]), [""; 0]);

    project.write("douane-baseline.json", "{}");
    let run = project.run(&["check"]);
    assert_eq!(run.code, Some(2));
    assert!(run.errors.contains("douane-baseline.json is no baseline"), "{}", run.errors);
}

#[test]
fn what_the_baseline_knows_is_suppressed_in_sarif() {
    let project = Project::new(&[("a.py", "import os\n")]);
    assert_eq!(project.run(&["baseline", "write"]).code, Some(0));
    project.write("a.py", "import re\nimport os\n");
    let run = project.run(&["check", "-q", "--output-format", "sarif"]);
    let report: serde_json::Value = serde_json::from_str(&run.output).expect("it is JSON");
    let results = report["runs"][0]["results"].as_array().expect("there are results");
    let shown: Vec<(&str, bool)> = results
        .iter()
        .map(|result| (result["message"]["text"].as_str().unwrap_or_default(), result.get("suppressions").is_some()))
        .collect();
    let removed = "is never used. Help: remove it.";
    assert_eq!(shown, [(&*format!("`import re` {removed}"), false), (&*format!("`import os` {removed}"), true)]);
    assert_eq!(project.findings(&[]).len(), 1);
}
