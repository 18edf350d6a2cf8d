//! Adopting douane in a code base that has findings: comments that silence them, and the baseline.

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
    assert!(
        written.contains(r#"{"file":"main.py","rule":"unused-import","scope":"","subject":"os","count":1}"#),
        "{written}"
    );
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

#[test]
fn a_baseline_knows_where_a_name_comes_from_and_what_is_around_it() {
    let project = Project::new(&[
        ("main.py", "def a():\n    from m import gone\n    gone\n\n\ndef b():\n    from n import gone\n    gone\n"),
        ("m.py", ""),
        ("n.py", "gone = 1\n"),
    ]);
    assert_eq!(project.run(&["baseline", "write"]).code, Some(0));
    project.write("m.py", "gone = 1\n");
    project.write("n.py", "");
    let broken = "main.py:7:19: error[missing-name] `n` has no `gone`";
    assert_eq!(project.findings(&[]), [broken]);
    // The same import in another function is another one.
    project.write("m.py", "");
    project.write("n.py", "gone = 1\n");
    assert_eq!(project.findings(&[]), [""; 0]);
    project.write("main.py", "class C:\n    def a(self):\n        from m import gone\n        gone\n");
    assert_eq!(project.findings(&[]), ["main.py:3:23: error[missing-name] `m` has no `gone`"]);
}

#[test]
fn an_old_baseline_is_written_anew() {
    let old = r#"{"version": 1, "findings": [{"module":"main","rule":"unused-import","subject":"os","count":1}]}"#;
    let project = Project::new(&[("main.py", "import os\n"), ("douane-baseline.json", old)]);
    for command in [["check", "-q"], ["baseline", "update"]] {
        let run = project.run(&command);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(
            run.errors.contains("is of version 1, which knew less of each finding; `douane baseline write`"),
            "{run:?}"
        );
    }
    assert_eq!(project.run(&["baseline", "write"]).code, Some(0));
    assert_eq!(project.findings(&[]), [""; 0]);
}

/// The fingerprints that a format has, in the order of the findings.
fn fingerprints(project: &Project, folder: &str, format: &str) -> Vec<String> {
    let run = project::run_in(&project.path(folder), &["check", "--output-format", format]);
    assert_eq!(run.errors, "", "{run:?}");
    let report: serde_json::Value = serde_json::from_str(&run.output).expect("it is JSON");
    let (list, place) = match format {
        "json" => (&report["diagnostics"], "/fingerprint"),
        "gitlab" => (&report, "/fingerprint"),
        _ => (&report["runs"][0]["results"], "/partialFingerprints/douaneFingerprint~1v2"),
    };
    let found = list.as_array().expect("a list").iter().map(|finding| finding.pointer(place));
    found.map(|print| print.and_then(|print| print.as_str()).expect("each has one").to_owned()).collect()
}

#[test]
fn all_formats_know_a_finding_by_the_same_fingerprint() {
    let quiet = "[rules]\nstar-import = \"off\"\nimport-shadows-builtin = \"off\"\n";
    let project = Project::new(&[("main.py", "from math import *\nsin\nnowhere\nnowhere\n"), ("lint.toml", quiet)]);
    let of = |format| fingerprints(&project, "", format);
    let two = of("json");
    assert!(two.len() == 2 && two[0].len() == 32 && two[0] != two[1], "{two:?}");
    assert_eq!((of("gitlab"), of("sarif")), (two.clone(), two.clone()));
    // What the baseline knows is counted all the same.
    project.write("main.py", "from math import *\nsin\nnowhere\n");
    assert_eq!(project.run(&["baseline", "write"]).code, Some(0));
    project.write("main.py", "from math import *\nsin\nnowhere\nnowhere\n");
    assert_eq!((of("gitlab"), of("json"), of("sarif")), (two[1..].to_vec(), two[1..].to_vec(), two));
}

#[test]
fn a_fingerprint_rests_on_neither_lines_nor_other_findings() {
    let project = Project::new(&[("main.py", "import os\n\n\ndef f():\n    import os\n")]);
    let before = fingerprints(&project, "", "json");
    assert_eq!(before.len(), 2);
    project.write("main.py", "import re\n\n\ndef f():\n    y = 1\n    import  os\n    return y\n");
    let after = fingerprints(&project, "", "json");
    assert_eq!(after[1..], before[1..]);
    assert!(!before.contains(&after[0]));

    // A module and its stub are two files.
    let project = Project::new(&[("m.py", "from .n import x\n"), ("m.pyi", "from .n import x\n")]);
    let both = fingerprints(&project, "", "json");
    let different: std::collections::HashSet<&String> = both.iter().collect();
    assert!(both.len() > 2 && different.len() == both.len(), "{both:?}");
    std::fs::remove_file(project.path("m.py")).expect("it can be removed");
    let stub = fingerprints(&project, "", "json");
    assert!(stub.iter().all(|print| both.contains(print)), "{both:?} {stub:?}");
}

#[test]
fn a_fingerprint_is_the_same_in_every_working_folder() {
    let unused = "[[overrides]]\npaths = [\"gone\"]\nrules = { star-import = \"off\" }\n";
    let project = Project::new(&[("lint.toml", unused), ("app/main.py", "import os\n")]);
    assert_eq!(project.run(&["baseline", "write"]).code, Some(0));
    let below = project::run_in(&project.path("app"), &["check", "..", "--output-format", "concise", "-q"]);
    assert_eq!((below.code, below.output.as_str()), (Some(0), ""));
    std::fs::remove_file(project.path("douane-baseline.json")).expect("it can be removed");
    assert_eq!(fingerprints(&project, "", "json"), fingerprints(&project, "app", "json"));
}
