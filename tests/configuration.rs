//! `lint.toml` and `[tool.douane]`: what is found, what it does, and where its mistakes are shown.

mod project;

use project::{Project, douane, run};

const STAR: &str = "from math import *\n\nprint(pi)\n";

fn star(path: &str) -> String {
    format!("{path}:1:1: warning[star-import] `from math import *` brings 62 names, of which this file uses 1")
}

/// Only stars are looked at, so that there is one finding a file.
const ONLY_STARS: &str = "import-shadows-builtin = \"off\"\n";

fn with(settings: &str) -> String {
    format!("[project]\ntarget-version = \"3.13\"\n[rules]\n{ONLY_STARS}{settings}")
}

#[test]
fn the_nearest_file_above_the_first_path_counts() {
    let project = Project::new(&[
        ("lint.toml", &with("star-import = \"error\"")),
        ("outer.py", STAR),
        ("inner/lint.toml", &with("")),
        ("inner/main.py", STAR),
        ("inner/deep/main.py", STAR),
    ]);
    let error = |path: &str| star(path).replace("warning", "error");
    assert_eq!(project.findings(&["inner/main.py"]), [star("inner/main.py")]);
    assert_eq!(project.findings(&["inner/deep"]), [star("inner/deep/main.py")]);
    assert_eq!(project.findings(&[]), [error("inner/deep/main.py"), error("inner/main.py"), error("outer.py")]);
    assert_eq!(project.findings(&["outer.py", "inner/main.py"]), [error("inner/main.py"), error("outer.py")]);
    assert_eq!(project.findings(&["--config", "inner/lint.toml", "outer.py"]), [star("outer.py")]);
}

#[test]
fn pyproject_may_hold_the_settings() {
    let project = Project::new(&[
        (
            "app/pyproject.toml",
            "[tool.douane.rules]\nimport-shadows-builtin = \"off\"\nstar-import = \"error\"\n[tool.douane.project]\ntarget-version = \"3.13\"\n",
        ),
        ("app/main.py", STAR),
        ("other/pyproject.toml", "[tool.ruff]\nline-length = 1\n"),
        ("other/main.py", STAR),
        ("lint.toml", &with("")),
    ]);
    assert_eq!(project.findings(&["app"]), [star("app/main.py").replace("warning", "error")]);
    // One that does not mention douane does not hide the settings above it.
    assert_eq!(project.findings(&["other"]), [star("other/main.py")]);
}

#[test]
fn the_target_version_comes_from_the_packaging() {
    let project = Project::new(&[
        ("lint.toml", ""),
        ("main.py", "from math import *\n\ncbrt(8)\n"),
        ("pyproject.toml", "[project]\nname = \"app\"\nrequires-python = \">=3.10\"\n"),
    ]);
    // `math.cbrt` came with Python 3.11.
    let undefined = "main.py:3:1: error[undefined-name-behind-star] `cbrt` is not defined: the star import of this file does not bring it";
    let select = ["--select", "undefined-name-behind-star"];
    assert_eq!(project.findings(&select), [undefined]);
    assert_eq!(project.findings(&[&select[..], &["--target-version", "3.11"]].concat()), [""; 0]);
    project.write("lint.toml", "[project]\ntarget-version = \"3.11\"\n");
    assert_eq!(project.findings(&select), [""; 0]);
}

#[test]
fn the_target_version_is_that_of_the_environment_where_nobody_names_one() {
    let project = Project::new(&[
        ("main.py", "from math import *\n\ncbrt(8)\n"),
        (".venv/pyvenv.cfg", "version = 3.10.4\n"),
        (".venv/lib/python3.10/site-packages/made.py", ""),
    ]);
    let version = |flags: &[&str]| {
        let shown = project.run(&[&["check", "--show-settings"][..], flags].concat()).output;
        let table: toml::Table = shown.parse().expect("TOML");
        table["project"]["target-version"].as_str().expect("a version").to_owned()
    };
    assert_eq!(version(&[]), "3.10");
    assert_eq!(project.findings(&["--select", "undefined-name-behind-star"]).len(), 1, "`math.cbrt` came with 3.11");
    project.write("pyproject.toml", "[project]\nname = \"app\"\nrequires-python = \">=3.9\"\n");
    assert_eq!(version(&[]), "3.9");
    assert_eq!(version(&["--target-version", "3.12"]), "3.12");
}

#[test]
fn the_platform_decides_branches() {
    let main = "from sockets import *\n\nlisten()\n";
    let sockets = "import sys\n\n__all__ = []\n\nif sys.platform == \"win32\":\n    __all__ += [\"listen\"]\n\n    def listen(): ...\n";
    let project = Project::new(&[("main.py", main), ("sockets.py", sockets)]);
    let findings = |platform: &str| {
        project.write("lint.toml", format!("[project]\nplatform = \"{platform}\"\n"));
        project.findings(&["--select", "undefined-name-behind-star"]).len()
    };
    assert_eq!(findings("linux"), 1);
    assert_eq!(findings("darwin"), 1);
    assert_eq!(findings("win32"), 0);
    assert_eq!(findings("all"), 0);
}

#[test]
fn excluded_files_are_not_there() {
    let project = Project::new(&[
        ("main.py", STAR),
        ("build/made.py", STAR),
        ("app/build/made.py", STAR),
        ("app/made_up.py", STAR),
    ]);
    let findings = |exclude: &str| {
        project.write("lint.toml", format!("exclude = {exclude}\n{}", with("")));
        let paths: Vec<String> =
            project.findings(&[]).iter().filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect();
        paths.join(" ")
    };
    assert_eq!(findings("[]"), "app/build/made.py app/made_up.py build/made.py main.py");
    assert_eq!(findings("[\"build\"]"), "app/made_up.py main.py");
    assert_eq!(findings("[\"/build\"]"), "app/build/made.py app/made_up.py main.py");
    assert_eq!(findings("[\"app/build/\"]"), "app/made_up.py build/made.py main.py");
    assert_eq!(findings("[\"made*.py\"]"), "main.py");
    assert_eq!(findings("[\"**/build/*.py\"]"), "app/made_up.py main.py");
}

#[test]
fn what_is_named_is_looked_at_even_if_it_is_excluded() {
    let project = Project::new(&[("main.py", STAR), ("build/made.py", STAR)]);
    project.write("lint.toml", format!("exclude = [\"build\"]\n{}", with("")));
    assert_eq!(project.findings(&[]), [star("main.py")]);
    assert_eq!(project.findings(&["build/made.py"]), [star("build/made.py")]);
    assert_eq!(project.findings(&["build"]), [star("build/made.py")]);
}

#[test]
fn ignored_and_foreign_folders_are_left_out() {
    let project = Project::new(&[
        ("main.py", STAR),
        (".gitignore", "generated\n"),
        ("generated/made.py", STAR),
        (".hidden/made.py", STAR),
        ("node_modules/made.py", STAR),
        ("environment/pyvenv.cfg", "version = 3.12\n"),
        ("environment/lib/python3.12/site-packages/made.py", STAR),
    ]);
    project.write("lint.toml", with(""));
    assert_eq!(project.findings(&[]), [star("main.py")]);
}

#[test]
fn what_is_left_out_is_there_all_the_same() {
    let project = Project::new(&[
        ("pkg/__init__.py", "__all__ = [\"version\"]\n"),
        ("pkg/version.py", "x = 1\n"),
        (
            "pkg/use.py",
            "import pkg.version\nfrom pkg import version\n\nfrom .version import x\n\nprint(pkg, version, x)\n",
        ),
        ("lib/mod.py", "x = 1\n"),
        ("lib/deep/mod.py", "x = 1\n"),
        ("app/made/__init__.py", ""),
        ("app/made/code.py", ""),
        ("tests/helper.py", "x = 1\n"),
        ("tests/test_a.py", "import helper\n\nprint(helper.x)\n"),
        ("site/lib/python3.12/site-packages/requests.py", ""),
        (".gitignore", "version.py\nlib/\nhelper.py\nsite\n"),
        ("top.py", "import lib.mod\nfrom lib.deep import mod\nfrom made import code\n\nprint(lib, mod, code)\n"),
        ("app/main.py", "from made.code import x\n\nprint(x)\n"),
        ("gone.py", "import lib.gone\nfrom pkg import gone\nfrom pkg.gone import x\n\nprint(lib, gone, x)\n"),
    ]);
    project.write("lint.toml", "exclude = [\"app/made\"]\n[project]\nsrc = [\".\", \"app\"]\n");
    assert_eq!(
        project.findings(&["--python", "site"]),
        [
            "gone.py:2:17: error[missing-name] `pkg` has no `gone`",
            "gone.py:3:6: error[unresolved-import] there is no module `pkg.gone`"
        ]
    );
    let known = project.run(&["module", "pkg.version"]);
    assert!(known.output.contains("a star brings: unknown, because it was not read"), "{known:?}");
}

#[cfg(unix)]
#[test]
fn modules_in_a_folder_that_a_link_leads_to_are_there() {
    let project = Project::new(&[
        ("real/__init__.py", ""),
        ("real/mod.py", "x = 1\n"),
        ("top.py", "import linked.mod\nfrom linked import mod\n\nprint(linked, mod)\n"),
        ("site/lib/python3.12/site-packages/requests.py", ""),
    ]);
    std::os::unix::fs::symlink("real", project.path("linked")).expect("a link");
    assert_eq!(project.findings(&["--python", "site"]), [""; 0]);
    std::fs::remove_file(project.path("linked")).expect("it can go");
    assert_eq!(
        project.findings(&["--python", "site"]),
        ["top.py:1:8: warning[unresolved-import] `linked` is not installed"]
    );
}

#[test]
fn overrides_give_some_files_other_levels() {
    let project = Project::new(&[("main.py", STAR), ("tests/test_main.py", STAR), ("tests/deep/test_deep.py", STAR)]);
    let levels = |settings: &str| {
        project.write("lint.toml", with(settings));
        let level = |line: &String| {
            Some(format!("{}={}", line.split_once(':')?.0, line.split(": ").nth(1)?.split_once('[')?.0))
        };
        project.findings(&[]).iter().filter_map(level).collect::<Vec<_>>().join(" ")
    };
    let off = "[[overrides]]\npaths = [\"tests\"]\nrules = { star-import = \"off\" }\n";
    assert_eq!(levels(off), "main.py=warning");
    let error = "[[overrides]]\npaths = [\"tests/*.py\"]\nrules = { star-import = \"error\" }\n";
    assert_eq!(levels(error), "main.py=warning tests/deep/test_deep.py=warning tests/test_main.py=error");
    // The last one counts.
    assert_eq!(levels(&format!("{off}{error}")), "main.py=warning tests/test_main.py=error");
}

#[test]
fn an_override_turns_a_rule_on_that_is_off_elsewhere() {
    let project = Project::new(&[("main.py", STAR), ("app/views.py", STAR)]);
    let override_ = "[[overrides]]\npaths = [\"app\"]\nrules = { star-import = \"error\" }\n";
    project.write("lint.toml", with(&format!("star-import = \"off\"\n{override_}")));
    assert_eq!(project.findings(&[]), [star("app/views.py").replace("warning", "error")]);
    assert_eq!(project.findings(&["--ignore", "star-import"]), [""; 0]);
}

#[test]
fn the_paths_of_overrides_are_read_as_those_of_exclude() {
    let project = Project::new(&[("main.py", STAR), ("app/main.py", STAR), ("app/tests/main.py", STAR)]);
    let findings = |path: &str| {
        let override_ = format!("[[overrides]]\npaths = [\"{path}\"]\nrules = {{ star-import = \"off\" }}\n");
        project.write("lint.toml", with(&override_));
        let paths: Vec<String> =
            project.findings(&[]).iter().filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect();
        paths.join(" ")
    };
    assert_eq!(findings("app/tests"), "app/main.py main.py");
    assert_eq!(findings("main.py"), "");
    assert_eq!(findings("/main.py"), "app/main.py app/tests/main.py");
    assert_eq!(findings("tests"), "app/main.py main.py");
}

#[test]
fn settings_that_have_nothing_to_work_on_are_reported() {
    let project = Project::new(&[("main.py", STAR), ("app/views.py", STAR)]);
    let settings =
        "[project]\nsrc = [\".\", \"lib\"]\n[rules]\nstar-import = \"off\"\nimport-shadows-builtin = \"off\"\n";
    let override_ = "[[overrides]]\npaths = [\"app\", \"test\"]\nrules = { star-import = \"off\" }\n";
    project.write("lint.toml", format!("{settings}{override_}"));
    let unused = [
        "lint.toml:2:13: warning[unused-setting] there is no folder `lib`",
        "lint.toml:7:17: warning[unused-setting] no file fits `test`",
    ];
    assert_eq!(project.findings(&[]), unused);
    assert_eq!(project.findings(&["."]), unused);
    assert_eq!(project.findings(&["app"]), [""; 0]);
    assert_eq!(project.findings(&["--ignore", "unused-setting"]), [""; 0]);
}

#[test]
fn source_roots_outside_of_the_project_are_reported_and_hold_what_is_not_known() {
    let outer = Project::new(&[
        ("shared/sums.py", "x = 1\n"),
        ("project/main.py", "from sums import x, y\n\nprint(x, y)\n"),
        ("project/packages/one/src/app.py", ""),
        ("project/site/lib/python3.12/site-packages/requests.py", ""),
    ]);
    outer.write(
        "project/lint.toml",
        "exclude = [\"site\"]\n[project]\nsrc = [\"../shared\", \"packages/*/src\", \"other/*\"]\n",
    );
    let arguments = ["check", "--quiet", "--output-format", "concise", "--python", "site"];
    assert_eq!(
        project::run_in(&outer.path("project"), &arguments).output,
        "lint.toml:3:8: warning[unused-setting] `../shared` lies outside of the project, and what is in it is not read\n\
         lint.toml:3:39: warning[unused-setting] there is no folder `other/*`\n"
    );
}

#[test]
fn budgets_for_modules_that_are_not_there_are_reported() {
    let project = Project::new(&[("app/__init__.py", ""), ("app/cli.py", ""), ("app/scripts/run.py", "")]);
    // A script, a statement and installed packages are no modules of the program, and none of its business here.
    let targets = ["app.cli", "app.clii", "app/scripts/run.py", "import app.clii", "pandas", "cli.py"];
    let budget = |target: &&str| format!("[[cost.budgets]]\ntarget = \"{target}\"\nmodules = 9\n");
    project.write("lint.toml", targets.iter().map(budget).collect::<String>());
    assert_eq!(project.findings(&[]), ["lint.toml:4:1: warning[unused-setting] there is no module `app.clii`"]);
}

#[test]
fn folders_of_packages_are_namespaces_where_the_code_says_so() {
    let passes_on = "from .prices import net\n";
    let prices = "def net(price): ...\n";
    for (import, name) in [("from ns.shop import net\n", "ns.shop"), ("from shop import net\n", "shop")] {
        let files = [("ns/shop/__init__.py", passes_on), ("ns/shop/prices.py", prices), ("main.py", import)];
        let project = Project::new(&files);
        let message = format!("the package `{name}` has no `__all__` and passes on `net`");
        let expected = [format!("ns/shop/__init__.py:1:1: warning[missing-all] {message}")];
        assert_eq!(project.findings(&["--select", "missing-all", "."]), expected);
    }
}

#[test]
fn a_package_in_a_namespace_may_be_called_as_a_standard_module() {
    let main = "import json\nfrom functools import partial\n\nfrom ns.functools import once\nfrom ns.json import dump_all\n\nonce(partial(json.dumps, dump_all))\n";
    let own = [("ns/functools/__init__.py", "def once(f): ...\n"), ("ns/json/__init__.py", "def dump_all(): ...\n")];
    let project = Project::new(&[own[0], own[1], ("main.py", main)]);
    assert_eq!(project.findings(&["--select", "missing-name,unresolved-import", "."]), [""; 0]);
}

#[test]
fn packages_in_folders_that_nobody_declared_hide_nothing() {
    let below = ["backend/copy", "backend/app", "backend/text"];
    let mut files: Vec<(String, &str)> = below.iter().map(|package| (format!("{package}/__init__.py"), "")).collect();
    files.push((
        "backend/app/views.py".to_owned(),
        "from app.models import Model\nfrom text import wrap\nfrom copy import copied\n\nprint(Model, wrap, copied)\n",
    ));
    files.push(("backend/app/models.py".to_owned(), "class Model: ...\n"));
    files.push(("app/__init__.py".to_owned(), "def run(): ...\n"));
    files.push(("main.py".to_owned(), "from copy import deepcopy\n\nfrom app import run\n\nprint(deepcopy, run)\n"));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let project = Project::new(&files);
    // Of `text` there is one, so that it is the one that is meant.
    let expected = ["backend/app/views.py:2:18: error[missing-name] `text` has no `wrap`"];
    assert_eq!(project.findings(&["--select", "missing-name,unresolved-import", "."]), expected);
}

#[test]
fn packaging_that_cannot_be_read_is_warned_of() {
    let project = Project::new(&[("lint.toml", &with("")), ("main.py", STAR)]);
    for (text, reason) in [(&b"name = \"\xe9\""[..], "no UTF-8"), (b"[project\n", "no valid TOML")] {
        std::fs::write(project.path("pyproject.toml"), text).expect("the folder is there");
        let run = project.run(&["check"]);
        assert_eq!(run.code, Some(1));
        assert!(run.errors.contains("pyproject.toml is passed over") && run.errors.contains(reason), "{}", run.errors);
    }
}

#[test]
fn each_mistake_is_shown_where_it_stands() {
    let mistakes = [
        ("[rules]\nstar-imprt = \"off\"\n", "2:1", "unknown rule `star-imprt`; did you mean `star-import`?"),
        ("[rules]\nstar-import = \"of\"\n", "2:15", "expected `\"off\"`, `\"warning\"` or `\"error\"`"),
        ("[rules.star-import]\nalow = []\n", "2:1", "unknown field `alow`, expected `allow` or `allow-in-init`"),
        ("[rules.star-import]\nallow = [\"a..b\"]\n", "2:9", "`a..b` is no pattern of a module name"),
        ("[rules.star-import]\nseverity = \"fatal\"\n", "2:12", "expected `\"off\"`, `\"warning\"` or `\"error\"`"),
        ("[rules.umbrella-import]\nmin-saved = \"3\"\n", "2:13", "invalid type: string \"3\""),
        ("[rules.missing-all]\nscope = \"some\"\n", "2:9", "unknown variant `some`"),
        ("exclud = []\n", "1:1", "unknown key `exclud`"),
        ("exclude = [\"[\"]\n", "1:12", "unclosed character class"),
        ("exclude = \"build\"\n", "1:11", "expected a list of strings"),
        ("[project]\nsource = []\n", "2:1", "unknown key `source`"),
        ("[project]\ntarget-version = \"2.7\"\n", "2:18", "expected a version from"),
        ("[project]\nplatform = \"amiga\"\n", "2:12", "expected `\"linux\"`"),
        ("[[overrides]]\nrules = { star-import = \"off\" }\n", "1:1", "an override needs `paths`"),
        ("[[overrides]]\npaths = [\"a\"]\nrules = { bogus = \"off\" }\n", "3:11", "unknown rule `bogus`"),
        ("[rules\n", "1:7", "unclosed table"),
        ("rules = 3\n", "1:9", "expected a table of rules"),
    ];
    for (text, place, message) in mistakes {
        let project = Project::new(&[("lint.toml", text), ("main.py", STAR)]);
        let run = project.run(&["check"]);
        assert_eq!(run.code, Some(2), "{text}: {run:?}");
        assert_eq!(run.output, "", "{text}");
        assert!(run.errors.contains(&format!("lint.toml:{place}\n")), "{text}: {}", run.errors);
        assert!(run.errors.contains(message), "{text}: {}", run.errors);
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let text = "exclud = []\n\n[project]\nsource = []\n\n[rules]\nbogus = \"off\"\nstar-import = \"of\"\n";
    let run = Project::new(&[("lint.toml", text)]).run(&["check"]);
    assert_eq!(run.code, Some(2));
    assert_eq!(run.errors.matches("error[configuration]").count(), 4, "{}", run.errors);
    let lines: Vec<&str> = run.errors.lines().filter_map(|line| line.split("lint.toml:").nth(1)).collect();
    assert_eq!(lines, ["1:1", "4:1", "7:1", "8:15"]);
}

#[test]
fn an_environment_that_is_not_there_is_shown_where_it_is_named() {
    let project = Project::new(&[("lint.toml", "[project]\npython = \"nowhere\"\n"), ("main.py", STAR)]);
    let run = project.run(&["check"]);
    assert_eq!(run.code, Some(2));
    assert!(run.errors.contains("nowhere` does not exist"), "{}", run.errors);
    assert!(run.errors.contains("lint.toml:2:10\n"), "{}", run.errors);
}

#[test]
fn the_environment_is_found_or_named() {
    let packages = "lib/python3.12/site-packages";
    let project = Project::new(&[("main.py", "from vendored import *\n\nlimit()\nlimits()\n")]);
    let make = |folder: &str| {
        project.write(&format!("{folder}/pyvenv.cfg"), "version = 3.12\n");
        project.write(&format!("{folder}/{packages}/vendored.py"), "def limit(): ...\n");
    };
    let undefined = "main.py:4:1: error[undefined-name-behind-star] `limits` is not defined: the star import of this file does not bring it";
    let select = ["--select", "undefined-name-behind-star"];
    let with = |more: &[&str]| project.findings(&[&select[..], more].concat());
    // Without an environment nobody knows what the star brings.
    assert_eq!(with(&[]), [""; 0]);
    make("elsewhere");
    assert_eq!(with(&[]), [""; 0]);
    assert_eq!(with(&["--python", "elsewhere"]), [undefined]);
    // A command, as a shell would find it.
    project.write("elsewhere/bin/python-of-elsewhere", "");
    let mut command = douane(&project.path(""));
    command.args(["check", "--python", "python-of-elsewhere"]).args(select).env("PATH", project.path("elsewhere/bin"));
    assert_eq!(run(&mut command).code, Some(1));
    project.write("lint.toml", "[project]\npython = \"elsewhere\"\n");
    assert_eq!(with(&[]), [undefined]);
    project.write("lint.toml", "");
    make(".venv");
    assert_eq!(with(&[]), [undefined]);
}

#[test]
fn comments_silence_findings() {
    let project = Project::new(&[]);
    project.write("lint.toml", with(""));
    let findings = |text: &str| {
        project.write("main.py", text);
        let rules = project.findings(&[]);
        let rule = |line: &String| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned());
        rules.iter().filter_map(rule).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(findings("from math import *\n"), "star-import");
    assert_eq!(findings("from math import *  # douane: ignore[star-import] of the notes\n"), "");
    assert_eq!(findings("from math import *  # noqa\n"), "");
    assert_eq!(findings("from math import *  # ruff: ignore[undefined-local-with-import-star]\n"), "");
    assert_eq!(findings("from math import *  # ruff: ignore[redefined-while-unused]\n"), "star-import");
    assert_eq!(findings("from math import *  # noqa: F401\n"), "star-import");
    assert_eq!(findings("from math import pi  # douane: ignore[star-import]\npi\n"), "unused-suppression");
    assert_eq!(findings("from math import pi  # noqa: F403\npi\n"), "");
}

#[test]
fn the_schema_in_the_documentation_is_current() {
    let run = Project::new(&[]).run(&["schema"]);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lint.schema.json");
    let known = std::fs::read_to_string(file).expect("it is there").replace("\r\n", "\n");
    assert!(run.output == known, "`douane schema > docs/lint.schema.json` brings it up to date");
    // What it says of a rule is what a configuration may say.
    let schema: serde_json::Value = serde_json::from_str(&run.output).expect("it is JSON");
    let of = |place: &str| schema.pointer(&format!("/properties/{place}")).expect("it is there");
    assert_eq!(of("overrides/items/required").to_string(), "[\"paths\"]");
    for text in ["[rules]\nF403 = \"warn\"\n", "[[overrides]]\npaths = [\"a.py\"]\n"] {
        let project = Project::new(&[("lint.toml", text), ("a.py", "")]);
        assert_eq!(project.run(&["check"]).code, Some(0), "{text}");
    }
    for rules in [of("rules"), of("overrides/items/properties/rules")] {
        let aliases = rules["patternProperties"].as_object().and_then(|aliases| aliases.keys().next());
        assert!(aliases.is_some_and(|aliases| aliases.contains("|F403|")), "{rules}");
        assert_eq!(rules["additionalProperties"], false);
    }
    let versions = of("project/properties/target-version/enum").as_array().expect("a list");
    for version in versions.iter().filter_map(|version| version.as_str()) {
        let text = format!("[project]\ntarget-version = \"{version}\"\n");
        assert_eq!(Project::new(&[("lint.toml", &text)]).run(&["check"]).code, Some(0), "{version}");
    }
    assert!(versions.iter().all(|version| version != "3.6" && version != "3.99"));
    assert!(of("cost/properties/budgets/items/properties/code/pattern").is_string());
    assert_eq!(of("rules/properties/star-import/anyOf/1/properties/allow/default").to_string(), "[]");
    let rules = schema["properties"]["rules"]["properties"].as_object().expect("there are rules");
    for (rule, schema) in rules {
        for level in ["\"off\"", "\"warning\"", "\"error\"", "false"] {
            let project = Project::new(&[("lint.toml", &format!("[rules]\n{rule} = {level}\n"))]);
            assert_eq!(project.run(&["check"]).code, Some(0), "{rule} = {level}");
        }
        let options = schema["anyOf"][1]["properties"].as_object().expect("there is one at least");
        for (option, schema) in options {
            let value = match (schema["type"].as_str(), &schema["enum"][0]) {
                (Some("array"), _) => "[]".to_owned(),
                (Some("integer"), _) => "3".to_owned(),
                (Some("number"), _) => "3.5".to_owned(),
                (Some("boolean"), _) => "true".to_owned(),
                (_, value) => value.to_string(),
            };
            let text = format!("[rules.{rule}]\n{option} = {value}\n");
            let run = Project::new(&[("lint.toml", &text), ("a.py", "")]).run(&["check"]);
            assert_eq!(run.code, Some(0), "{text}{}", run.errors);
        }
    }
}

#[test]
fn the_settings_that_are_shown_are_those_in_use() {
    let text = "exclude = [\"made\"]\n\n[project]\ntarget-version = \"3.9\"\nplatform = \"win32\"\n\n[rules]\nstar-import = \"error\"\n";
    let project =
        Project::new(&[("lint.toml", text), ("a.py", ""), ("made/b.py", ""), ("c/d.py", ""), ("e.ipynb", "")]);
    let shown = project.run(&["check", "--show-settings", "--select", "F403,F401"]);
    assert_eq!((shown.code, shown.errors.as_str()), (Some(0), ""));
    let table: toml::Table = shown.output.parse().expect("it is TOML");
    assert_eq!(table["exclude"].to_string(), "[\"made\"]");
    assert_eq!(table["project"]["target-version"].as_str(), Some("3.9"));
    assert_eq!(table["rules"]["star-import"]["severity"].as_str(), Some("error"));
    assert_eq!(table["rules"]["missing-all"]["severity"].as_str(), Some("off"));
    // It is a configuration itself.
    project.write("lint.toml", &shown.output);
    assert_eq!(project.run(&["check", "--show-settings"]).output, shown.output);
    // Everything that may be set is shown, and read back as the same.
    let everything = std::fs::read_to_string(project::repository().join("lint.toml")).expect("it is there");
    let environment = "python = \"fixtures/qt_application/environment\"\n";
    let everything = everything.replace(environment, "");
    project.write("lint.toml", &everything);
    let shown = project.run(&["check", "--show-settings"]);
    assert_eq!(shown.code, Some(0), "{}", shown.errors);
    let (table, original): (toml::Table, toml::Table) =
        (shown.output.parse().expect("it is TOML"), everything.parse().expect("it is TOML"));
    for (rule, options) in original["rules"].as_table().expect("a table") {
        for (option, value) in options.as_table().into_iter().flatten() {
            assert_eq!(table["rules"][rule].get(option), Some(value), "{rule}: {option}");
        }
    }
    assert_eq!(table["overrides"], original["overrides"]);
    let count = |table: &toml::Table| table["cost"]["budgets"].as_array().map(Vec::len);
    assert_eq!(count(&table), count(&original));
    project.write("lint.toml", &shown.output);
    assert_eq!(project.run(&["check", "--show-settings"]).output, shown.output);
    project.write("lint.toml", text);
    assert_eq!(project.run(&["check", "--show-files"]).output, "a.py\nc/d.py\ne.ipynb\n");
    assert_eq!(project.run(&["check", "--show-files", "c"]).output, "c/d.py\n");
}

#[test]
fn a_first_configuration_takes_over_what_others_say() {
    let bare = Project::new(&[("a.py", "import os\n")]);
    assert_eq!(bare.run(&["init"]).errors, "error: there is a lint.toml already\n");
    std::fs::remove_file(bare.path("lint.toml")).expect("it can be removed");
    let run = bare.run(&["init"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), ""));
    assert_eq!(bare.findings(&[]), ["a.py:1:8: warning[unused-import] `import os` is never used"]);

    let project = Project::new(&[
        (
            "pyproject.toml",
            "[tool.ruff]\nline-length = 100\ntarget-version = \"py310\"\nsrc = [\"lib\"]\nextend-exclude = [\"made\"]\n\n\
             [tool.ruff.lint]\nselect = [\"F\", \"I\"]\nignore = [\"F403\", \"E501\"]\n\n\
             [tool.ruff.lint.per-file-ignores]\n\"__init__.py\" = [\"F401\"]\n\"tests/*\" = [\"S101\"]\n\n\
             [tool.isort]\nprofile = \"black\"\nskip = [\"old\"]\n",
        ),
        (
            ".pylintrc",
            "[MAIN]\nignore=vendor,\n    CVS\n\n[MESSAGES CONTROL]\ndisable=import-error,\n        missing-docstring\n",
        ),
        ("lib/__init__.py", ""),
        ("made/a.py", "import os\n"),
        ("vendor/b.py", "import os\n"),
        ("user.py", "import made.a\nfrom vendor import b\n\nprint(made.a, b)\n"),
    ]);
    std::fs::remove_file(project.path("lint.toml")).expect("it can be removed");
    let run = project.run(&["init"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), ""));
    for said in [
        "  taken over from [tool.ruff]: extend-exclude, ignore, per-file-ignores, src, target-version\n",
        "  left out of [tool.ruff]: line-length, lint.select\n",
        "  left out of [tool.isort]: profile, skip\n",
        "  taken over from .pylintrc: disable, ignore\n",
    ] {
        assert!(run.output.contains(said), "{said}{}", run.output);
    }
    let shown = project.run(&["check", "--show-settings"]);
    assert_eq!(shown.errors, "");
    let settings: toml::Table = shown.output.parse().expect("it is TOML");
    // What others pass over is imported all the same.
    assert_eq!(settings["exclude"].to_string(), "[]");
    assert_eq!(settings["overrides"][0]["paths"].to_string(), "[\"made\", \"vendor\"]");
    assert_eq!(project.findings(&["--extend-select", "unresolved-import"]), [""; 0]);
    assert_eq!(settings["project"]["target-version"].as_str(), Some("3.10"));
    assert_eq!(settings["rules"]["star-import"]["severity"].as_str(), Some("off"));
    assert_eq!(settings["rules"]["unresolved-import"]["severity"].as_str(), Some("off"));
    assert_eq!(settings["overrides"].as_array().map(Vec::len), Some(2), "{}", shown.output);
}

#[test]
fn a_first_configuration_reads_ruff_as_ruff_does() {
    // One file counts, the hidden one first; the beginning of codes turns nothing on that is off.
    let (project, said) = taken_over(&[
        (".ruff.toml", "[lint]\nselect = [\"ICN\", \"PL\", \"F4\"]\nignore = [\"undefined-local-with-import-star\"]\n"),
        ("ruff.toml", "[lint]\nignore = [\"F401\"]\n"),
        ("pyproject.toml", "[tool.ruff.lint]\nignore = [\"F811\"]\n"),
    ]);
    assert!(said.contains("taken over from .ruff.toml: ignore, select\n"), "{said}");
    assert!(!said.contains("from ruff.toml") && !said.contains("[tool.ruff]"), "{said}");
    let table: toml::Table = std::fs::read_to_string(project.path("lint.toml")).expect("there").parse().expect("TOML");
    assert_eq!(table["rules"].to_string(), "{ star-import = \"off\" }");
    let (project, _) = taken_over(&[("ruff.toml", "[lint]\nselect = [\"PLC2701\"]\n")]);
    let table: toml::Table = std::fs::read_to_string(project.path("lint.toml")).expect("there").parse().expect("TOML");
    assert_eq!(table["rules"].to_string(), "{ private-import = \"warning\" }");
}

#[test]
fn a_file_that_is_no_text_is_said_to_be_left_out() {
    let project = Project::new(&[("a.py", "")]);
    std::fs::remove_file(project.path("lint.toml")).expect("it can be removed");
    project.write("setup.cfg", b"[flake8]\n# \xe9\nignore = F401\n");
    let run = project.run(&["init"]);
    assert!(run.output.contains("  left out: setup.cfg, which can't be read: it is no UTF-8\n"), "{run:?}");
}

/// A project with a package, tests and these files, after `douane init`.
fn taken_over(files: &[(&str, &str)]) -> (Project, String) {
    let mut all = vec![
        ("shop/__init__.py", "from math import *\n"),
        ("shop/base.py", "import os\n"),
        ("tests/test_base.py", "import os\n"),
    ];
    all.extend(files);
    let project = Project::new(&all);
    std::fs::remove_file(project.path("lint.toml")).expect("it can be removed");
    let run = project.run(&["init"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), ""), "{run:?}");
    let findings = project.findings(&[]);
    assert!(!findings.iter().any(|finding| finding.contains("lint.toml")), "{findings:?}");
    (project, run.output)
}

#[test]
fn a_first_configuration_takes_over_what_setup_cfg_says() {
    let (project, said) = taken_over(&[
        ("shop/old/a.py", "import os\n"),
        (
            "setup.cfg",
            "[metadata]\nname = shop\n\n[flake8]\nmax-line-length = 100\nignore = E203, W, F403\nexclude = .git,*/old/*\nper-file-ignores =\n    \
         # for users\n    shop/__init__.py, tests/*: F401, F403\n    gone/*: F401\n    {: F401\n    shop/base.py:E501\n\n\
         [isort]\nskip = __init__.py,made\nsrc_paths = shop,nowhere\n\n\
         [pylint.MESSAGES CONTROL]\ndisable = import-error\n\n[pylint.FORMAT]\nmax-line-length = 100\n",
        ),
    ]);
    let expected = "Wrote lint.toml.\n  \
        taken over from [isort] of setup.cfg: src_paths\n  \
        left out of [isort] of setup.cfg: skip\n  \
        left out of [flake8] of setup.cfg: per-file-ignores of `{`: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)\n  \
        taken over from [flake8] of setup.cfg: exclude, ignore, per-file-ignores\n  \
        left out of [flake8] of setup.cfg: max-line-length\n  \
        taken over from setup.cfg: disable\n  \
        left out of setup.cfg: max-line-length\n  \
        `shop` is a package: the source folder is `.`\n  \
        left out: the source folder `nowhere`, which is no folder\n  \
        left out: what is ignored in `gone/*`, which fits no file\n";
    assert!(said.starts_with(expected), "{said}");
    let written = std::fs::read_to_string(project.path("lint.toml")).expect("it is there");
    let table: toml::Table = written.parse().expect("it is TOML");
    assert_eq!(table.get("exclude"), None);
    assert_eq!(table["project"]["src"].to_string(), "[\".\"]");
    assert_eq!(table["rules"]["star-import"].as_str(), Some("off"));
    assert_eq!(table["rules"]["unresolved-import"].as_str(), Some("off"));
    let overrides = table["overrides"].as_array().expect("a list");
    assert_eq!(overrides.len(), 3, "{written}");
    assert_eq!(overrides[0]["paths"].to_string(), "[\"**/old/**\"]");
    assert_eq!(overrides[0]["rules"].to_string(), "{ all = \"off\" }");
    assert_eq!(overrides[2]["paths"].to_string(), "[\"tests/*\"]");
    assert_eq!(overrides[2]["rules"]["star-import"].as_str(), Some("off"));
    assert_eq!(
        project.findings(&["--select", "unused-import"]),
        ["shop/base.py:1:8: warning[unused-import] `import os` is never used"]
    );
}

#[test]
fn what_only_enables_some_of_pylint_is_taken_over() {
    let (project, said) = taken_over(&[("pylintrc", "[MAIN]\nenable=W0401,\n  unused-import\n\n[X]\ndisable=all\n")]);
    assert!(said.contains("  taken over from pylintrc: disable, enable\n"), "{said}");
    let table: toml::Table = std::fs::read_to_string(project.path("lint.toml")).expect("there").parse().expect("TOML");
    let level = |rule: &str| table["rules"].get(rule).and_then(toml::Value::as_str);
    assert_eq!((level("star-import"), level("unused-import")), (None, None));
    assert_eq!((level("unresolved-import"), level("redefined-import")), (Some("off"), Some("off")));
    // What pylint has no message for is none of its settings' business.
    assert_eq!(level("missing-all"), None);

    let (_, said) = taken_over(&[
        (".pylintrc", "[MAIN]\ndisable=unused-import\n"),
        ("pyproject.toml", "[tool.pylint.\"messages control\"]\ndisable = [\"wildcard-import\"]\n"),
        ("tox.ini", "[pylint]\ndisable = wildcard-import\n"),
        (".isort.cfg", "[settings]\nsrc_paths=.\n"),
    ]);
    assert!(said.contains("from .pylintrc: disable") && said.contains("[settings] of .isort.cfg: src_paths"), "{said}");
    assert!(!said.contains("pyproject") && !said.contains("tox"), "{said}");
    let (project, said) =
        taken_over(&[("pyproject.toml", "[tool.pylint.\"messages control\"]\ndisable = [\"wildcard-import\"]\n")]);
    assert!(said.contains("from [tool.pylint]: disable"), "{said}");
    let findings = project.findings(&[]);
    assert!(!findings.iter().any(|finding| finding.contains("star-import")), "{findings:?}");
}

#[test]
fn a_folder_with_the_name_of_a_dependency_is_not_taken_for_it() {
    let project = Project::new(&[
        ("requirements/extras.txt", "# models\npydantic>=2; python_version > '3.8'\n"),
        ("pyproject.toml", "[project]\nname = \"app\"\ndependencies = [\"attrs[dev] >= 20\"]\n"),
        ("examples/pydantic/__init__.py", ""),
        ("examples/attrs/__init__.py", ""),
        ("examples/own/__init__.py", ""),
        (
            "tests/test_models.py",
            "from pydantic import BaseModel\nfrom attrs import define\nfrom own import nothing\n\nprint(BaseModel, define, nothing)\n",
        ),
    ]);
    assert_eq!(project.findings(&[]), ["tests/test_models.py:3:17: error[missing-name] `own` has no `nothing`"]);
}
