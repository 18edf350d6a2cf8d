//! The command line: exit codes, what is selected, what is printed where.

mod project;

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use project::{Project, douane, run};

/// A module, and one that takes a star from it.
fn shop() -> Project {
    Project::new(&[
        ("shop/__init__.py", ""),
        ("shop/prices.py", "__all__ = [\"net\"]\n\n\ndef net(price): ...\ndef gross(price): ...\n"),
        ("shop/orders.py", "from shop.prices import *\n\nnet(3)\ngross(3)\n"),
    ])
}

const STAR: &str =
    "shop/orders.py:1:1: warning[star-import] `from shop.prices import *` brings 1 name, of which this file uses 1";
const UNDEFINED: &str = "shop/orders.py:4:1: error[undefined-name-behind-star] `gross` is not defined: `shop.prices` has it, but it is not in its `__all__`";

#[test]
fn nothing_found_is_0_and_findings_are_1() {
    let project = shop();
    let clean = project.run(&["check", "--only-given", "shop/prices.py"]);
    assert_eq!((clean.code, clean.errors.as_str()), (Some(0), ""));
    assert!(clean.output.starts_with("No problems found in 1 file (1 module) in "), "{}", clean.output);

    let found = project.run(&["check"]);
    assert_eq!((found.code, found.errors.as_str()), (Some(1), ""));
    assert!(found.output.contains("Found 1 error and 1 warning in 1 of 3 files (3 modules) in "), "{}", found.output);
}

#[test]
fn what_keeps_douane_from_checking_is_2_and_says_why() {
    let project = shop();
    let refused: [(&[&str], &str); 22] = [
        (&["check", "nowhere.py"], "nowhere.py: No such file or directory"),
        (&["check", "shop", "nowhere"], "nowhere: No such file or directory"),
        (&["check", "--no-such-option"], "unexpected argument '--no-such-option'"),
        (&["check", "--select", "star-imprt"], "unknown rule `star-imprt`; did you mean `star-import`?"),
        (&["check", "--config", "rules.F403 = 'off'"], "`--config` takes a file"),
        (&["check", "--per-file-ignores", "F403"], "expected a pattern and a rule"),
        (&["check", "--exclude", "[a"], "`[a`: unclosed character class"),
        (&["check", "--extension", "py:ipynb"], "unexpected argument '--extension' found\n\nFor more"),
        (&["check", "--slect", "F403"], "a similar argument exists: '--select'"),
        (&["man", "chek"], "there is no subcommand `chek`"),
        (&["check", "--ignore", "X123"], "unknown rule `X123`"),
        (&["check", "--config", "nowhere.toml"], "can't read the file"),
        (&["check", "--config", "lint.toml", "--isolated"], "cannot be used with '--isolated'"),
        (&["check", "--python", "nowhere"], "does not exist"),
        (&["check", "--python", "shop"], "is no Python environment"),
        (&["check", "--output-format", "xml"], "possible values: full, concise, grouped, json"),
        (&["check", "-j", "0"], "invalid value '0'"),
        (&["check", "--target-version", "2.7"], "expected a version from"),
        (&["check", "--stdin-filename", "shop/new.py"], "`--stdin-filename` needs `-` among the paths"),
        (&["check", "-", "shop"], "`-` can't be mixed with other paths"),
        (&["explain", "star-imprt"], "did you mean `star-import`?"),
        (&["module", "shop.stock"], "no module `shop.stock`"),
    ];
    for (arguments, reason) in refused {
        let run = project.run(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert_eq!(run.output, "", "{arguments:?}");
        assert!(run.errors.contains(reason), "{arguments:?}: {}", run.errors);
    }
}

#[test]
fn the_paths_say_what_is_reported_and_not_what_is_analysed() {
    let project = shop();
    assert_eq!(project.findings(&["shop/orders.py"]), [STAR, UNDEFINED]);
    assert_eq!(project.findings(&["shop"]), [STAR, UNDEFINED]);
    // That `gross` is hidden is what the named file brings about in another.
    assert_eq!(project.findings(&["shop/prices.py"]), [UNDEFINED]);
    assert_eq!(project.findings(&["shop/prices.py", "--only-given"]), [""; 0]);
    assert_eq!(project.findings(&["./shop/../shop/orders.py", "shop/orders.py"]), [STAR, UNDEFINED]);

    project.write("shop/prices.py", "def net(price): ...\n");
    let missing = "shop/prices.py:1:1: warning[missing-all] `shop.prices` has no `__all__`, and `shop.orders` takes a star from it";
    assert_eq!(project.findings(&["shop/prices.py", "--only-given"]), [missing]);
}

#[test]
fn a_file_without_a_project_keeps_its_package() {
    let project = shop();
    assert_eq!(project.findings(&["--isolated", "shop/orders.py"]), [STAR, UNDEFINED]);
    project.write("lint.toml", "[rules]\nstar-import = \"off\"\n");
    assert_eq!(project.findings(&["shop/orders.py"]), [UNDEFINED]);
    assert_eq!(project.findings(&["--isolated", "shop/orders.py"]), [STAR, UNDEFINED]);
}

#[test]
fn rules_are_selected_and_ignored_by_name_and_by_code() {
    let project = shop();
    assert_eq!(project.findings(&["--select", "star-import"]), [STAR]);
    assert_eq!(project.findings(&["--select", "F403"]), [STAR]);
    assert_eq!(project.findings(&["--select", "wildcard-import,F405"]), [STAR, UNDEFINED]);
    assert_eq!(project.findings(&["--ignore", "star-import"]), [UNDEFINED]);
    assert_eq!(project.findings(&["--ignore", "star-import,undefined-name-behind-star"]), [""; 0]);
    assert_eq!(project.findings(&["--select", "all", "--ignore", "W0401"]), [UNDEFINED]);
    // A rule that is off by default runs when it is asked for.
    project.write("shop/stock.py", "from shop.prices import net\n");
    let by_name = "shop/stock.py:1:25: warning[prefer-module-import] `from shop.prices import net` loads the whole of `shop.prices` all the same";
    assert_eq!(project.findings(&["--select", "pedantic"]), [by_name]);
    assert_eq!(project.findings(&["--ignore", "unused-import", "shop/stock.py"]), [""; 0]);
}

#[test]
fn the_beginning_of_codes_selects_all_of_them() {
    let project = shop();
    assert_eq!(project.findings(&["--select", "F"]), [STAR, UNDEFINED]);
    assert_eq!(project.findings(&["--select", "F403,E"]), [STAR]);
    assert_eq!(project.findings(&["--select", "F4"]), [STAR, UNDEFINED]);
    assert_eq!(project.findings(&["--select", "undefined-local-with-import-star"]), [STAR]);
    assert_eq!(project.findings(&["--select", "ALL", "--extend-ignore", "F40"]), [""; 0]);
    assert_eq!(project.run(&["rule", "redefined-while-unused"]).code, Some(0));
}

#[test]
fn files_are_left_out_as_the_command_line_says() {
    let project = shop();
    project.write("made/a.py", "import os\n");
    let made = "made/a.py:1:8: warning[unused-import] `import os` is never used";
    assert_eq!(project.findings(&[]), [made, STAR, UNDEFINED]);
    assert_eq!(project.findings(&["--exclude", "made,gone"]), [STAR, UNDEFINED]);
    assert_eq!(project.findings(&["--per-file-ignores", "made:F401,shop/*.py:F405"]), [STAR]);
    project.write("lint.toml", "exclude = [\"shop\"]\n");
    assert_eq!(project.findings(&["--extend-exclude", "made"]), [""; 0]);
    assert_eq!(project.findings(&["--exclude", "made", "--select", "F403"]), [STAR]);
    // What is given by name is looked at, unless it is not to be.
    assert_eq!(project.findings(&["--extend-exclude", "made", "made/a.py"]), [made]);
    let run = project.run(&["check", "--extend-exclude", "made", "--force-exclude", "made/a.py"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), "warning: all of the given paths are excluded\n"));
    let arguments =
        ["check", "--exclude", "made", "--force-exclude", "--fix", "-q", "--stdin-filename", "made/a.py", "-"];
    assert_eq!(project.run_with_input(&arguments, "import re\n").output, "import re\n");
}

#[test]
fn what_is_mended_may_be_chosen() {
    let project = Project::new(&[("main.py", "import os\nfrom math import *\n\nprint(pi)\n")]);
    let mended = |arguments: &[&str]| {
        project.write("main.py", "import os\nfrom math import *\n\nprint(pi)\n");
        let run = project.run(&[&["check", "--fix-only"], arguments].concat());
        (std::fs::read_to_string(project.path("main.py")).expect("it is there"), run.errors)
    };
    assert_eq!(mended(&["--fixable", "F403"]).0, "import os\nfrom math import pi\n\nprint(pi)\n");
    assert_eq!(mended(&["--unfixable", "F403"]).0, "from math import *\n\nprint(pi)\n");
    assert_eq!(mended(&["--show-fixes"]).1, "note: fixed 1 of star-import, 1 of unused-import\n");
    assert_eq!(mended(&["--no-fix-only"]).0, "import os\nfrom math import *\n\nprint(pi)\n");
    let silent = project.run(&["check", "--silent", "--no-cache"]);
    assert_eq!((silent.code, silent.output.as_str(), silent.errors.as_str()), (Some(1), "", ""));
}

#[test]
fn arguments_may_stand_in_a_file() {
    let project = shop();
    project.write("arguments.txt", "check\n--select\nF403\n--output-format=concise\n-q\n");
    assert_eq!(project.run(&["@arguments.txt"]).output, format!("{STAR}\n"));
    let run = project.run(&["check", "@nowhere.txt"]);
    assert!(run.code == Some(2) && run.errors.contains("`nowhere.txt` can't be read"), "{run:?}");
    assert_eq!(project.run(&["version"]).output, format!("douane {}\n", env!("CARGO_PKG_VERSION")));
    let json = project.run(&["version", "--output-format", "json"]).output;
    assert_eq!(json, format!("{{\"version\":\"{}\"}}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_selection_goes_over_the_configuration() {
    let project = shop();
    project.write("lint.toml", "[rules]\nstar-import = \"off\"\nundefined-name-behind-star = \"warning\"\n");
    let warning = UNDEFINED.replace("error[", "warning[");
    assert_eq!(project.findings(&[]), [warning.as_str()]);
    assert_eq!(project.findings(&["--select", "star-import"]), [STAR]);
    assert_eq!(project.findings(&["--select", "F405"]), [warning.as_str()]);
}

#[test]
fn exit_zero_prints_the_findings_and_is_0() {
    let run = shop().run(&["check", "--exit-zero", "-q", "--output-format", "concise"]);
    assert_eq!(run.code, Some(0));
    assert_eq!(run.output, format!("{STAR}\n{UNDEFINED}\n"));
    assert_eq!(shop().run(&["check", "--exit-zero", "nowhere.py"]).code, Some(2));
}

#[test]
fn quiet_leaves_the_summary_out() {
    let project = shop();
    let quiet = project.run(&["check", "--quiet", "--output-format", "concise"]);
    assert_eq!(quiet.output, format!("{STAR}\n{UNDEFINED}\n"));
    let clean = project.run(&["check", "--quiet", "--only-given", "shop/prices.py"]);
    assert_eq!((clean.code, clean.output.as_str()), (Some(0), ""));
}

#[test]
fn statistics_count_by_rule() {
    let project = shop();
    project.write("shop/stock.py", "from shop.prices import *\n");
    let run = project.run(&["check", "--statistics"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.output, "2\twarning\tstar-import\n1\terror\tundefined-name-behind-star\n");
    let json = project.run(&["check", "--statistics", "--output-format", "json"]);
    assert_eq!(
        json.output,
        "[{\"count\":2,\"severity\":\"warning\",\"rule\":\"star-import\"},\
         {\"count\":1,\"severity\":\"error\",\"rule\":\"undefined-name-behind-star\"}]\n"
    );
}

#[test]
fn standard_input_stands_for_a_file() {
    let project = shop();
    let check = |name: &str, text: &str| {
        let arguments = ["check", "-q", "--output-format", "concise", "--stdin-filename", name, "-"];
        let run = project.run_with_input(&arguments, text);
        assert_eq!(run.errors, "");
        run.output
    };
    // The text of an editor's buffer, in place of what is on the disk.
    assert_eq!(check("shop/orders.py", "from shop.prices import net\n\nnet(1)\n"), "");
    let taken = "shop/orders.py:2:1: warning[star-import] `from shop.prices import *` brings 1 name, of which this file uses none\n";
    assert_eq!(check("shop/orders.py", "\nfrom shop.prices import *\n"), taken);
    // A file that is not there yet belongs to its package all the same.
    let relative =
        "shop/new.py:1:1: warning[star-import] `from .prices import *` brings 1 name, of which this file uses 1\n";
    assert_eq!(check("shop/new.py", "from .prices import *\nnet(1)\n"), relative);
    // Without a name it is a file of the working folder.
    let run =
        project.run_with_input(&["check", "-q", "--output-format", "concise", "-"], "from shop.prices import *\n");
    let unnamed =
        "stdin.py:1:1: warning[star-import] `from shop.prices import *` brings 1 name, of which this file uses none\n";
    assert_eq!((run.code, run.output.as_str()), (Some(1), unnamed));
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let project = shop();
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = douane(&project.path(""));
        command.arg("check").args(arguments).envs(variables.iter().copied());
        run(&mut command).output.contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&["--color", "always"], &[]));
    assert!(coloured(&["--color=always"], &[("NO_COLOR", "1")]));
    assert!(coloured(&[], &[("FORCE_COLOR", "1")]));
    assert!(!coloured(&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
    assert!(coloured(&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "")]));
    assert!(!coloured(&["--color", "never"], &[("FORCE_COLOR", "1")]));
    // Messages about the arguments too.
    let refused = |color: &str| project.run(&["check", "--nope", color]).errors.contains('\u{1b}');
    assert_eq!((refused("--color=always"), refused("--color=never")), (true, false));
    assert!(!coloured(&["--color", "always", "--output-format", "json"], &[]));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let project = Project::new(&[]);
    for number in 0..2_000 {
        project.write(&format!("module_{number}.py"), "from math import *\n");
    }
    for format in ["concise", "json", "full"] {
        let mut command = douane(&project.path(""));
        let mut child = command.args(["check", "--output-format", format]).spawn().expect("douane can be started");
        let mut output = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        let mut first = Vec::new();
        output.read_until(b'\n', &mut first).expect("a first line");
        drop(output);
        let ended = child.wait_with_output().expect("the run ends");
        assert_eq!(ended.status.code(), Some(1), "{format}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{format}");
    }
}

#[test]
fn a_closed_error_stream_is_no_crash() {
    let project = shop();
    let mut command = douane(&project.path(""));
    let mut child =
        command.args(["check", "nowhere.py"]).stderr(Stdio::piped()).spawn().expect("douane can be started");
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("the run ends").code(), Some(2));
}

#[test]
fn each_rule_is_explained() {
    let project = Project::new(&[]);
    let list = project.run(&["explain", "--all"]);
    assert_eq!(list.code, Some(0));
    assert_eq!(list.output.lines().count(), douane_rules::RULES.len());
    for (rule, line) in douane_rules::RULES.iter().zip(list.output.lines()) {
        assert!(line.starts_with(rule.name), "{line}");
        assert!(!line.contains("Checks for") && !line.ends_with('.'), "{line}");
        assert_eq!(line.matches('`').count() % 2, 0, "a summary is cut inside a name: {line}");
        let page = project.run(&["explain", rule.name]);
        assert_eq!(page.code, Some(0));
        assert!(page.output.starts_with(rule.name) && page.output.contains("Why is this bad?"), "{}", page.output);
        for alias in rule.aliases {
            assert_eq!(project.run(&["explain", alias]).code, Some(0), "{alias}");
        }
    }
}

#[test]
fn a_folder_without_python_is_said_to_have_none() {
    let project = Project::new(&[("notes/read_me.txt", "")]);
    let run = project.run(&["check", "notes"]);
    assert_eq!(run.code, Some(0));
    assert_eq!(run.errors, "warning: no Python files found under the given paths\n");
}

#[test]
fn completions_are_printed_for_each_shell() {
    let project = Project::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = project.run(&["completions", shell]);
        assert_eq!(run.code, Some(0));
        assert!(run.output.contains("douane"), "{shell}");
    }
}

#[test]
fn severities_decide_what_is_shown_and_how_it_ends() {
    let project = shop();
    assert_eq!(project.findings(&["--min-severity", "error"]), [UNDEFINED]);
    assert_eq!(project.findings(&["--min-severity", "warning"]), [STAR, UNDEFINED]);
    let code = |arguments: &[&str]| project.run(&[&["check", "-q"], arguments].concat()).code;
    assert_eq!(code(&["--exit-zero-on-warning"]), Some(1));
    assert_eq!(code(&["--exit-zero-on-warning", "--select", "star-import"]), Some(0));
    assert_eq!(code(&["--exit-zero-on-warning", "--error-on-warning", "--select", "star-import"]), Some(1));
    assert_eq!(code(&["--min-severity", "error", "--select", "star-import"]), Some(0));
}

#[test]
fn the_manual_names_every_option() {
    let project = Project::new(&[]);
    let page = project.run(&["man"]).output.replace("\\-", "-");
    let help = project.run(&["check", "--help"]).output;
    let options = help.split_whitespace().filter(|word| word.starts_with("--")).map(|word| word.trim_end_matches(','));
    // `--add-ignore[=<REASON>]`
    let options = options.map(|option| option.split('[').next().unwrap_or(option));
    let missing: Vec<&str> = options.filter(|option| !page.contains(option.trim_matches('`'))).collect();
    assert_eq!(missing, [""; 0]);
    let page = project.run(&["man", "cost", "compare"]);
    assert!(page.code == Some(0) && page.output.contains(".TH douane-cost-compare 1"), "{}", page.output);
    assert!(project.run(&["--help"]).output.contains("\n  man "));
}

#[test]
fn a_watched_program_is_checked_again() {
    use std::io::{BufRead, BufReader};
    let project = shop();
    let mut child = douane(&project.path(""))
        .args(["check", "--watch", "--output-format", "concise", "--select", "F405"])
        .spawn()
        .expect("douane can be started");
    let mut lines = BufReader::new(child.stdout.take().expect("standard output is a pipe")).lines();
    let mut next = || lines.next().expect("it goes on").expect("it is UTF-8");
    assert_eq!(next(), UNDEFINED);
    assert!(next().starts_with("Found 1 error in 1 of 3 files"));
    // `watching for changes` stands on standard error, after the first run.
    let mut notes = BufReader::new(child.stderr.take().expect("standard error is a pipe")).lines();
    assert_eq!(notes.next().expect("there is a line").expect("it is UTF-8"), "note: watching for changes");
    project.write("shop/prices.py", "def net(price): ...\ndef gross(price): ...\n");
    let mut found = vec![next()];
    while !found.last().is_some_and(|line| line.starts_with("No problems found")) {
        found.push(next());
    }
    project.write("lint.toml", "[nonsense]\n");
    project.write("shop/orders.py", "from shop.prices import *\n\nother()\n");
    while !found.last().is_some_and(|line| line.contains("`other` is not defined")) {
        found.push(next());
    }
    child.kill().expect("it can be ended");
    child.wait().expect("it ends");
}

#[cfg(unix)]
#[test]
fn the_package_finds_its_program_below_another_prefix() {
    use std::{fs, os::unix::fs::PermissionsExt, process::Command};

    let project = Project::new(&[("bin/douane", "#!/bin/sh\necho ran \"$@\"\n")]);
    let packages = "lib/python3.12/site-packages";
    let python = project::repository().join("python/douane");
    for name in ["__init__.py", "__main__.py", "_find.py"] {
        project
            .write(&format!("{packages}/douane/{name}"), fs::read(python.join(name)).expect("a part of the package"));
    }
    let program = project.path("bin/douane");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it can be run");
    let python = |arguments: &[&str]| {
        let mut command = Command::new("python3");
        command.args(["-B", "-m", "douane"]).args(arguments).env("PYTHONPATH", project.path(packages));
        command.output().expect("Python can be started")
    };
    assert_eq!(python(&["check", "."]).stdout, b"ran check .\n");
    fs::remove_file(program).expect("it can go");
    let missed = python(&[]);
    let errors = String::from_utf8_lossy(&missed.stderr);
    assert_eq!(missed.status.code(), Some(2), "{errors}");
    assert!(errors.starts_with("douane: there is no douane in ") && errors.lines().count() == 1, "{errors}");
}
