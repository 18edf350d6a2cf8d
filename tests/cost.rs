//! `douane cost` measures, or says cleanly why it can't, and leaves nothing running.

mod project;

use std::{collections::BTreeSet, env, fs, path::PathBuf, process::Command};

use project::Project;
use serde_json::Value;

/// The figures of one target in a project of some files.
fn cost(files: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, Value) {
    let project = Project::new(files);
    let mut all = vec!["cost", "--output-format", "json", "--runs", "2"];
    all.extend(arguments);
    let run = project.run(&all);
    let document = serde_json::from_str(&run.output).unwrap_or_else(|_| panic!("{}{}", run.output, run.errors));
    (run.code, document)
}

fn target(files: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, Value) {
    let (code, document) = cost(files, arguments);
    (code, document["targets"][0].clone())
}

fn modules(target: &Value) -> BTreeSet<&str> {
    let loads = target["loaded"].as_array().expect("a list");
    let there = loads.iter().filter(|load| load["in_sys_modules"] == true);
    there.map(|load| load["module"].as_str().expect("a name")).collect()
}

fn load<'v>(target: &'v Value, module: &str) -> &'v Value {
    let loads = target["loaded"].as_array().expect("a list");
    loads.iter().find(|load| load["module"] == module).unwrap_or_else(|| panic!("{module} in {target}"))
}

#[test]
fn the_modules_are_those_that_python_gains() {
    let target = target(&[], &["xml.dom.minidom"]).1;
    let code = "import sys; before = set(sys.modules); import xml.dom.minidom; print(*(set(sys.modules) - before))";
    let output = Command::new("python3").args(["-c", code]).output().expect("python3 can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut found = modules(&target);
    found.extend(target["injected"].as_array().expect("a list").iter().filter_map(Value::as_str));
    assert_eq!(found, text.split_whitespace().collect());
    assert_eq!(target["modules"], found.len());
    let loads = target["loaded"].as_array().expect("a list").iter().filter(|load| load["in_sys_modules"] == true);
    assert_eq!(loads.count() + target["injected"].as_array().expect("a list").len(), found.len(), "each once");
    assert_eq!(target["problem"], Value::Null);
}

/// The interpreters that are at hand: those of `$PATH` by their versions, and those that pyenv has installed.
fn interpreters() -> Vec<PathBuf> {
    let versions = 8..=15;
    let folders: Vec<PathBuf> = env::var_os("PATH").iter().flat_map(env::split_paths).collect();
    let named = versions.flat_map(|minor| folders.iter().map(move |folder| folder.join(format!("python3.{minor}"))));
    let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv")));
    let installed = pyenv.and_then(|pyenv| fs::read_dir(pyenv.join("versions")).ok());
    let installed = installed.into_iter().flatten().flatten().map(|entry| entry.path().join("bin/python"));
    named.filter(|path| !path.components().any(|part| part.as_os_str() == "shims")).chain(installed).collect()
}

#[test]
fn every_interpreter_at_hand_is_measured() {
    let code = "import sys; print(sys.version_info >= (3, 8)); before = set(sys.modules); import http.client; print(*(set(sys.modules) - before))";
    for python in interpreters() {
        let Ok(output) = Command::new(&python).args(["-c", code]).output() else { continue };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let Some(modules_then) = text.strip_prefix("True\n").filter(|_| output.status.success()) else { continue };
        let target = target(&[], &["http.client", "--python", python.to_str().expect("a plain path")]).1;
        let mut found = modules(&target);
        found.extend(target["injected"].as_array().expect("a list").iter().filter_map(Value::as_str));
        assert_eq!(found, modules_then.split_whitespace().collect(), "{}", python.display());
    }
}

#[test]
fn each_load_has_its_culprit_and_its_share() {
    let files = [
        ("app/__init__.py", ""),
        ("app/cli.py", "from app import data\n\n\ndef late():\n    import app.rest\n\n\nlate()\n"),
        ("app/data.py", "BIG = [bytearray(1) * 4_000_000]\n"),
        ("app/rest.py", "import no_such_module_at_all_1\n"),
    ];
    let failing = target(&files, &["app.cli"]).1;
    assert!(failing["problem"].as_str().expect("a problem").contains("no_such_module_at_all_1"));
    assert_eq!(load(&failing, "no_such_module_at_all_1")["error"], "ModuleNotFoundError");
    let rest = load(&failing, "app.rest");
    assert_eq!((&rest["importer"], &rest["line"], &rest["function"]), (&"app.cli".into(), &5.into(), &"late".into()));
    assert_eq!(modules(&failing), BTreeSet::from(["app", "app.data"]));

    let (code, whole) = target(&files, &["app/data.py"]);
    assert_eq!(code, Some(0));
    let data = load(&whole, "app.data");
    assert_eq!(data["kind"], "source");
    if cfg!(target_os = "linux") {
        let bytes = data["self_private_bytes"].as_i64().expect("a number");
        assert!((3_900_000..4_300_000).contains(&bytes), "{bytes}");
        let total = whole["private_bytes"]["median"].as_i64().expect("a number");
        let parts: i64 = whole["loaded"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|load| load["self_private_bytes"].as_i64())
            .sum();
        assert!((total - parts).abs() * 50 < total, "{total} {parts}");
    }
}

#[test]
fn prints_and_noise_of_the_target_do_not_mix_in() {
    let text = "import os, sys\nprint('{\"done\": true}')\nos.write(1, b'{\"start\": 1}')\nsys.stderr.write('x' * 100000)\nimport colorsys\n";
    let (code, target) = target(&[("noisy.py", text)], &["noisy"]);
    assert_eq!((code, &target["problem"]), (Some(0), &Value::Null));
    assert!(modules(&target).contains("colorsys"));
}

#[test]
fn what_ends_a_run_early_is_told() {
    let problem = |text: &str, arguments: &[&str]| {
        let mut all = vec!["outer"];
        all.extend(arguments);
        let (code, target) = target(&[("bad.py", text), ("outer.py", "x = 1\nimport bad\n")], &all);
        assert_eq!(code, Some(1), "{text}");
        (target["problem"].as_str().expect("a problem").to_owned(), target["stopped_in"].to_string())
    };
    assert!(problem("raise ValueError('no é')\n", &[]).0.contains("ValueError: no é"));
    assert!(problem("import sys\nsys.exit(3)\n", &[]).0.contains("SystemExit: 3"));
    let (how, place) = problem("import os\nos._exit(7)\n", &[]);
    assert!(
        how.contains("exit code 7") && place.contains("`bad`, imported by `outer`") && place.contains("outer.py:2"),
        "{how} {place}"
    );
    let (how, place) = problem("import os\nos.abort()\n", &[]);
    assert!(how.contains("SIGABRT") && place.contains("bad"), "{how} {place}");
    let (how, place) = problem("while True: pass\n", &["--timeout", "1"]);
    assert!(how.contains("longer than 1 s") && place.contains("bad"), "{how} {place}");
    let (how, place) = problem(
        "import time\nkept = []\nwhile True:\n    kept.append(b'x' * 10_000_000)\n    time.sleep(0.01)\n",
        &["--memory-limit", "200"],
    );
    if cfg!(target_os = "linux") {
        assert!(how.contains("more than 200 MiB") && place.contains("bad"), "{how} {place}");
    }
    assert!(problem("import outer.nothing\n", &[]).0.contains("outer"));
}

#[test]
fn odd_modules_are_measured() {
    let files = [
        ("swaps.py", "import sys, types\nsys.modules[__name__] = types.SimpleNamespace(a=1)\n"),
        ("injects.py", "import sys, types\nsys.modules['by_hand'] = types.ModuleType('by_hand')\n"),
        ("one.py", "import two\nx = 1\n"),
        ("two.py", "import one\ny = 1\n"),
        (
            "threads.py",
            "import threading\ndef work():\n    import colorsys\n    while True: pass\nthreading.Thread(target=work).start()\nimport time\nwhile 'colorsys' not in __import__('sys').modules: time.sleep(0.01)\n",
        ),
        ("optional.py", "try:\n    import no_such_module_at_all_2\nexcept ImportError:\n    import colorsys\n"),
        (
            "proxy.py",
            "import sys\nclass P:\n    def __getattr__(self, name): raise RuntimeError(name)\nsys.modules[__name__] = P()\n",
        ),
    ];
    for name in ["swaps", "one", "threads", "optional", "proxy"] {
        let (code, target) = target(&files, &[name]);
        assert_eq!((code, &target["problem"]), (Some(0), &Value::Null), "{name}");
        assert!(modules(&target).contains(name));
    }
    assert_eq!(target(&files, &["injects"]).1["injected"], serde_json::json!(["by_hand"]));
    assert_eq!(modules(&target(&files, &["one"]).1), BTreeSet::from(["one", "two"]));
    let optional = target(&files, &["optional"]).1;
    assert_eq!(load(&optional, "no_such_module_at_all_2")["error"], "ModuleNotFoundError");
    assert!(!modules(&optional).contains("no_such_module_at_all_2"));
}

#[cfg(unix)]
#[test]
fn nothing_is_left_running() {
    let mark = format!("douane-test-{}", std::process::id());
    let text = format!(
        "import os, subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', {mark:?}])\nif os.fork() == 0:\n    import colorsys\n    while True: pass\n"
    );
    let (code, target) = target(&[("spawns.py", &text)], &["spawns"]);
    assert_eq!((code, &target["problem"]), (Some(0), &Value::Null));
    assert!(!modules(&target).contains("colorsys"), "what a copy of the process loads is not counted");
    let running = || {
        let output = Command::new("ps").args(["-eo", "args"]).output().expect("ps can be started");
        String::from_utf8_lossy(&output.stdout).lines().any(|line| line.contains(&mark))
    };
    let gone = (0..50).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        !running()
    });
    assert!(gone, "a process is left");
}

#[test]
fn a_name_saves_nothing_and_a_narrower_module_does() {
    let files = [
        ("wide.py", "import narrow, big\n"),
        ("narrow.py", "x = 1\n"),
        ("big.py", "kept = bytearray(1) * 5_000_000\n"),
    ];
    let compare = |first: &str, second: &str| {
        let (code, document) = cost(&files, &["compare", first, second]);
        assert_eq!(code, Some(0));
        document["comparison"].clone()
    };
    assert_eq!(compare("import math", "from math import cos")["measurable"], false);
    let saving = compare("wide", "narrow");
    assert_eq!((&saving["measurable"], &saving["modules"]), (&true.into(), &2.into()));
    if cfg!(target_os = "linux") {
        assert!(saving["private_bytes"]["low"].as_i64() > Some(4_900_000), "{saving}");
    }
}

#[test]
fn wrong_targets_are_refused() {
    let project = Project::new(&[]);
    for (arguments, told) in [
        (vec!["cost", "no/such/file.py"], "is no file, no module and no statement"),
        (vec!["cost", "json", "--python", "no/such/python"], "no interpreter"),
        (vec!["cost"], "required"),
    ] {
        let run = project.run(&arguments);
        assert_eq!(run.code, Some(2));
        assert!(run.errors.contains(told), "{}", run.errors);
    }
    let run = project.run(&["cost", "import import", "--runs", "1"]);
    assert_eq!(run.code, Some(1));
    assert!(run.output.contains("SyntaxError"), "{}", run.output);
}

#[cfg(target_os = "linux")]
#[test]
fn deleting_a_module_unloads_nothing() {
    let project = Project::new(&[("mine.py", "class Own: ...\nkept = bytearray(1) * 3_000_000\n")]);
    let run = project.run(&["cost", "unload", "mine", "--runs", "2", "--output-format", "json"]);
    let document: Value = serde_json::from_str(&run.output).expect("JSON");
    assert_eq!((&document["stays"], &document["entries"]), (&true.into(), &1.into()));
    assert_eq!(document["other_classes"], serde_json::json!(["Own"]));
    let bytes = |step: &str| document[step][0].as_i64().expect("a number");
    assert!(bytes("imported_bytes") > 2_900_000 && bytes("deleted_bytes") > 2_900_000, "{document}");
    // Nobody holds this one: the memory of its large object goes with it.
    assert!(bytes("removed_bytes") < 1_000_000, "{document}");
    let run = project.run(&["cost", "unload", "no_such_module_at_all_3"]);
    assert_eq!(run.code, Some(2));
    assert!(run.errors.contains("ModuleNotFoundError"), "{}", run.errors);
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing_running() {
    use std::{process::Stdio, thread, time::Duration};
    let project = Project::new(&[("hangs.py", "import time\ntime.sleep(601.5)\n")]);
    let mut douane = Command::new(env!("CARGO_BIN_EXE_douane"))
        .args(["cost", "import hangs # douane-interrupted"])
        .current_dir(project.path(""))
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stderr(Stdio::piped())
        .spawn()
        .expect("douane can be started");
    let running = || {
        let output = Command::new("ps").args(["-eo", "args"]).output().expect("ps can be started");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().any(|line| line.contains("# douane-interrupted") && !line.contains("cost"))
    };
    let waits = |wanted: bool| {
        (0..200).any(|_| {
            thread::sleep(Duration::from_millis(50));
            running() == wanted
        })
    };
    assert!(waits(true), "the run begins");
    let sent = Command::new("kill").args(["-INT", &douane.id().to_string()]).status().expect("kill can be started");
    assert!(sent.success());
    assert_eq!(douane.wait().expect("it ends").code(), Some(130));
    assert!(waits(false), "a process is left");
}

#[test]
fn the_page_holds_the_figures_and_no_end_of_a_script() {
    let project = Project::new(&[("odd.py", "raise ValueError('</script>')\n")]);
    let run = project.run(&["cost", "odd", "json", "--runs", "1", "--html", "cost.html"]);
    assert_eq!(run.code, Some(1));
    let page = std::fs::read_to_string(project.path("cost.html")).expect("it is there");
    let (_, rest) = page.split_once("<script id=\"data\" type=\"application/json\">").expect("the data begins");
    let (data, _) = rest.split_once("</script>").expect("the data ends");
    let document: Value = serde_json::from_str(data).expect("JSON");
    assert!(document["targets"][0]["problem"].as_str().expect("a problem").contains("</script>"));
    assert_eq!(document["targets"][1]["target"], "json");
    let refused = project.run(&["cost", "json", "--runs", "1", "--html", "no/such/folder/cost.html"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.errors.contains("can't be written"), "{}", refused.errors);
}

const APP: [(&str, &str); 5] = [
    ("app/__init__.py", ""),
    ("app/cli.py", "from app import report\n"),
    ("app/report.py", "import heavy\n"),
    ("heavy/__init__.py", "import heavy.part\nkept = bytearray(1) * 6_000_000\n"),
    ("heavy/part.py", ""),
];

/// What `cost check` says of an application with a budget.
fn checked(project: &Project, budget: &str, arguments: &[&str]) -> (Option<i32>, String) {
    project.write("lint.toml", format!("[[cost.budgets]]\ntarget = \"app.cli\"\n{budget}"));
    let mut all = vec!["cost", "check", "--runs", "2"];
    all.extend(arguments);
    let run = project.run(&all);
    (run.code, run.output + &run.errors)
}

#[test]
fn budgets_fail_with_their_culprits() {
    let project = Project::new(&APP);
    let check = |budget: &str| checked(&project, budget, &[]);
    let (code, said) = check("modules = 5\ncode = \"1MiB\"\ncpu = \"50s\"\nforbid = [\"heav\", \"heavy.parts\"]\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("app.cli: 5 modules") && said.contains("within its budget"), "{said}");

    let (code, said) = check("modules = 4\n");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("loads 5 modules, 4 are allowed"), "{said}");
    assert!(said.contains("2 modules with `heavy`") && said.contains("app/report.py:1"), "{said}");

    let (code, said) = check("forbid = [\"heavy\"]\n");
    assert_eq!(code, Some(1), "{said}");
    let steps = ["loads `heavy`, which is forbidden", "`app.cli`", "`app.report`", "app/cli.py:1", "app/report.py:1"];
    let places: Vec<usize> =
        steps.iter().map(|step| said.find(step).unwrap_or_else(|| panic!("{step} in {said}"))).collect();
    assert!(places.is_sorted(), "{said}");

    assert_eq!(check("cpu = \"0.000001ms\"\n").0, Some(1));
    assert_eq!(check("code = \"1B\"\n").0, Some(1));
    if cfg!(target_os = "linux") {
        assert_eq!(check("private = \"7MiB\"\n").0, Some(0));
        let (code, said) = check("private = \"5MiB\"\n");
        assert!(code == Some(1) && said.contains("of private memory, 5.00 MiB are allowed"), "{said}");
        assert_eq!(check("private = \"5MiB\"\ntolerance = { private = \"40%\" }\n").0, Some(0));
    }
    for (wrong, told) in [
        ("modules = \"many\"\n", "invalid type"),
        ("private = \"5 megs\"\n", "such as `12MiB`"),
        ("cpu = \"5\"\n", "such as `250ms`"),
        ("moduls = 5\n", "moduls"),
    ] {
        let (code, said) = check(wrong);
        assert!(code == Some(2) && said.contains(told) && said.contains("lint.toml:3"), "{wrong} {said}");
    }
    project.write("lint.toml", "");
    let run = project.run(&["cost", "check"]);
    assert!(run.code == Some(2) && run.errors.contains("no budgets are set"), "{}", run.errors);
}

#[test]
fn the_lock_file_tells_what_grew() {
    let project = Project::new(&APP);
    let check = |arguments: &[&str]| checked(&project, "", arguments);
    assert_eq!(check(&["--update"]).0, Some(0));
    let lock = std::fs::read_to_string(project.path("cost.lock")).expect("it is there");
    let (code, said) = check(&["--against", "cost.lock"]);
    assert!(code == Some(0) && said.contains("within its budget"), "{said}");

    project.write("app/report.py", "import heavy, app.extra\n");
    project.write("app/extra.py", "");
    let (code, said) = check(&["--against", "cost.lock"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("loads 6 modules, 5 before: 1 new, 0 gone")
            && said.contains("+ app.extra")
            && said.contains("app/report.py:1"),
        "{said}"
    );

    project.write("app/report.py", "");
    let (code, said) = check(&["--against", "cost.lock"]);
    assert!(code == Some(0) && said.contains("- heavy.part"), "{said}");

    let mut other: Value = serde_json::from_str(&lock).expect("JSON");
    other["environment"]["python"] = "3.1.4".into();
    other["targets"]["app.cli"]["private_bytes"] = 1.into();
    project.write("old.lock", other.to_string());
    let (code, said) = check(&["--against", "old.lock"]);
    assert!(code == Some(0) && said.contains("memory is not compared") && said.contains("3.1.4"), "{said}");

    for (path, told) in [("missing.lock", "can't be read"), ("lint.toml", "is no lock file")] {
        let (code, said) = check(&["--against", path]);
        assert!(code == Some(2) && said.contains(told), "{said}");
    }
}
