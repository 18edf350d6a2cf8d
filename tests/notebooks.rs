//! Jupyter notebooks: findings by cell, and fixes that leave outputs and metadata alone.

mod project;

use project::Project;
use serde_json::{Value, json};

/// A notebook of these sources, with outputs and metadata in a form that no writer of JSON would keep.
fn notebook(cells: &[&str]) -> String {
    let cell = |source: &&str| {
        let lines: Vec<String> =
            source.split_inclusive('\n').map(|line| format!("    {}", Value::from(line))).collect();
        format!(
            "  {{\n   \"cell_type\": \"code\", \"execution_count\": 1,\n   \"metadata\": {{\"z\": 1e-05, \"a\": [ ]}},\n   \
             \"outputs\": [{{\"text\": \"\\u00e9\\/\", \"n\": 1.0E2}}],\n   \"source\": [\n{}\n   ]\n  }}",
            lines.join(",\n")
        )
    };
    let cells: Vec<String> = cells.iter().map(cell).collect();
    format!(
        "{{\n \"cells\": [\n  {{\"cell_type\": \"markdown\", \"metadata\": {{}}, \"source\": [\"# é\"]}},\n{}\n ],\n \
         \"metadata\": {{\"language_info\": {{\"name\": \"python\"}}}},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}}\n",
        cells.join(",\n")
    )
}

fn analysis() -> Project {
    Project::new(&[
        ("prices.py", "__all__ = [\"net\"]\n\n\ndef net(): ...\n"),
        (
            "work.ipynb",
            &notebook(&[
                "%matplotlib inline\nx = \"é𐐀\"; import os\nimport re, json",
                "import sys\nfrom prices import gross\n",
                "gross()\nre.compile(\"\")\ndisplay(x)",
                "!echo {json.dumps(x)}",
            ]),
        ),
    ])
}

#[test]
fn findings_are_in_cells() {
    let project = analysis();
    assert_eq!(
        project.findings(&[]),
        [
            "work.ipynb:cell 2:2:18: warning[unused-import] `import os` is never used",
            "work.ipynb:cell 3:1:8: warning[unused-import] `import sys` is never used",
            "work.ipynb:cell 3:2:20: error[missing-name] `prices` has no `gross`",
        ]
    );
    let run = project.run(&["check", "-q", "--select", "missing-name"]);
    assert!(run.output.contains("┌─ work.ipynb:cell 3:2:20\n"), "{}", run.output);
    assert!(run.output.contains("\n2 │ from prices import gross\n"), "{}", run.output);
    let run = project.run(&["check", "-q", "--select", "missing-name", "--output-format", "json"]);
    let report: Value = serde_json::from_str(&run.output).expect("it is JSON");
    let found = &report["diagnostics"][0];
    assert_eq!((&found["path"], &found["range"]["cell"]), (&json!("work.ipynb"), &json!(3)));
    assert_eq!((&found["module"], &report["summary"]["modules"]), (&Value::Null, &json!(1)));
    assert_eq!((&found["range"]["start"]["line"], &found["range"]["start"]["column"]), (&json!(2), &json!(20)));
    // Services show the line of the file.
    let run = project.run(&["check", "-q", "--select", "missing-name", "--output-format", "github"]);
    let text = std::fs::read_to_string(project.path("work.ipynb")).expect("it is there");
    let line = 1 + text.lines().position(|line| line.contains("import gross")).expect("it is there");
    assert!(run.output.contains(&format!("file=work.ipynb,line={line},")), "{}", run.output);
}

#[test]
fn fixes_change_nothing_but_the_code() {
    let project = analysis();
    let before = std::fs::read_to_string(project.path("work.ipynb")).expect("it is there");
    let run = project.run(&["check", "--fix", "-q", "--output-format", "concise"]);
    assert_eq!(run.output, "work.ipynb:cell 3:1:20: error[missing-name] `prices` has no `gross`\n", "{run:?}");
    let after = std::fs::read_to_string(project.path("work.ipynb")).expect("it is there");
    let expected = before
        .replace("    \"x = \\\"é𐐀\\\"; import os\\n\"", "    \"x = \\\"é𐐀\\\"\\n\"")
        .replace("    \"import sys\\n\",\n", "");
    assert_eq!(after, expected);
    assert_eq!(project.run(&["check", "--fix", "--diff", "-q"]).output, "");
}

#[test]
fn comments_silence_in_cells() {
    let project = analysis();
    let run = project.run(&["check", "--add-ignore=old", "-q"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let text = std::fs::read_to_string(project.path("work.ipynb")).expect("it is there");
    assert!(text.contains("import gross  # douane: ignore[missing-name] old\\n\""), "{text}");
    assert_eq!(project.findings(&[]), [""; 0]);
}

#[test]
fn a_cell_that_is_no_text_is_a_problem() {
    let whole = notebook(&["import os", "x = 'HALF'"]).replace("HALF", "\\ud800");
    let project = Project::new(&[("a.ipynb", &whole)]);
    let expected = "a.ipynb:1:1: error[syntax-error] cell 3 can't be read: its source holds half of a surrogate pair, \
                    which is no character";
    assert_eq!(project.findings(&[]), [expected]);
    assert_eq!(project.run(&["check", "--fix", "-q"]).code, Some(1));
    assert_eq!(project.run(&["check", "--add-ignore", "-q"]).code, Some(1));
    assert_eq!(std::fs::read_to_string(project.path("a.ipynb")).expect("it is there"), whole);
}

#[test]
fn magics_may_bind_and_use_names() {
    let uses = |cells: &[&str]| {
        let project = Project::new(&[("a.ipynb", &notebook(cells))]);
        project.findings(&["--ignore", "star-import"])
    };
    assert_eq!(uses(&["import re", "%timeit re.compile('')"]), [""; 0]);
    assert_eq!(uses(&["from json import *\nloads('')", "%run other.py", "from_other()"]), [""; 0]);
    assert_eq!(uses(&["from json import *\nloads('')", "from_other()"]).len(), 1);
    assert_eq!(uses(&["%%bash\nimport os", "import re\nre.A"]), [""; 0]);
    assert_eq!(uses(&["import re\nre?\nOut[1], _1, _"]), [""; 0]);
    let project = Project::new(&[("a.ipynb", "{\"cells\": 3"), ("b.ipynb", "")]);
    let found = project.findings(&[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("a.ipynb:1:1: error[syntax-error] this is no notebook: "), "{found:?}");
}

#[test]
fn cells_of_other_languages_may_use_names() {
    let cells = ["import os\nimport re\nimport sys\nprint(sys)", "%%bash -s {os.getpid()}\necho $1"];
    let project = Project::new(&[("a.ipynb", &notebook(&cells))]);
    let found = project.findings(&[]);
    assert_eq!(found.len(), 2, "{found:?}");
    project.run(&["check", "--fix", "-q"]);
    let text = std::fs::read_to_string(project.path("a.ipynb")).expect("it is there");
    assert!(text.contains("import os") && !text.contains("import re"), "{text}");
}
