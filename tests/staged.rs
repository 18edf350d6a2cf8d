//! What a commit brings about: `--staged`, `--since`, and files that are given by name. Where there is no git, the tests of it
//! have nothing to run and say so.

mod project;

use std::process::{Command, Stdio};

use project::{Project, Run};

/// A project in a repository whose first commit holds these files; none where there is no git.
fn repository(files: &[(&str, &str)]) -> Option<Project> {
    if Command::new("git").arg("--version").stdout(Stdio::null()).status().is_err() {
        return None;
    }
    let project = Project::new(files);
    git(&project, &["init", "-q", "-b", "main"]);
    commit(&project);
    Some(project)
}

fn git(project: &Project, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "core.autocrlf=false"]);
    command.args(arguments).current_dir(project.path("")).stdout(Stdio::null());
    for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        command.env_remove(name);
    }
    assert!(command.status().expect("git can be started").success(), "git {arguments:?}");
}

fn commit(project: &Project) {
    git(project, &["add", "-A"]);
    git(project, &["commit", "-q", "-m", "all"]);
}

fn staged(project: &Project) -> Vec<String> {
    project.findings(&["--staged"])
}

fn summary(project: &Project, arguments: &[&str]) -> Run {
    project.run(&[&["check", "--output-format", "concise"], arguments].concat())
}

const SHOP: &[(&str, &str)] = &[
    ("prices.py", "__all__ = [\"net\"]\n\n\ndef net(): ...\n"),
    ("orders.py", "from prices import net\n\nnet()\n"),
    ("old.py", "__all__ = []\nimport os\nfrom json import *\n"),
];

#[test]
fn a_commit_is_answerable_for_its_files_and_for_what_they_break() {
    let Some(project) = repository(SHOP) else { return };
    let run = summary(&project, &["--staged"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.output.contains("\n2 further findings outside this change.\n"), "{run:?}");
    project.write("prices.py", "__all__ = [\"gross\"]\n\n\ndef gross(): ...\n");
    assert_eq!(staged(&project), [""; 0], "what is not staged is no part of the commit");
    git(&project, &["add", "prices.py"]);
    assert_eq!(staged(&project), ["orders.py:1:20: error[missing-name] `prices` has no `net`"]);
    let run = summary(&project, &["--staged"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.output.contains("\n2 further findings outside this change.\n"), "{run:?}");
    // Edits that are not staged neither mend nor break.
    project.write("orders.py", "from prices import gross\n\ngross()\n");
    project.write("prices.py", "(\n");
    assert_eq!(staged(&project), ["orders.py:1:20: error[missing-name] `prices` has no `net`"]);
}

#[test]
fn a_commit_that_only_deletes_or_renames_breaks_importers() {
    let Some(project) = repository(SHOP) else { return };
    let broken = ["orders.py:1:6: error[unresolved-import] there is no module `prices` any more"];
    git(&project, &["rm", "-q", "prices.py"]);
    assert_eq!(staged(&project), broken);
    git(&project, &["reset", "-q", "--hard"]);
    git(&project, &["mv", "prices.py", "costs.py"]);
    assert_eq!(staged(&project), broken);
    // The module is still there, in another shape.
    git(&project, &["reset", "-q", "--hard"]);
    std::fs::create_dir(project.path("prices")).expect("it can be made");
    git(&project, &["mv", "prices.py", "prices/__init__.py"]);
    assert_eq!(staged(&project), [""; 0]);
    // A submodule, and one that another star brought.
    let Some(project) = repository(&[
        ("shop/__init__.py", ""),
        ("shop/prices.py", "__all__ = []\n"),
        ("orders.py", "from shop import prices\nimport shop.prices as p\n\nprint(prices, p)\n"),
    ]) else {
        return;
    };
    git(&project, &["rm", "-q", "shop/prices.py"]);
    assert_eq!(
        staged(&project),
        [
            "orders.py:1:18: error[unresolved-import] there is no module `shop.prices` any more",
            "orders.py:2:8: error[unresolved-import] there is no module `shop.prices` any more",
        ]
    );
}

#[test]
fn what_comes_through_several_files_is_brought_about_too() {
    let Some(project) = repository(&[
        ("base.py", "__all__ = [\"a\", \"b\"]\na = b = 1\n"),
        ("middle.py", "from base import *  # douane: ignore[star-import]\n"),
        ("top.py", "from middle import a\n\nprint(a)\n"),
    ]) else {
        return;
    };
    project.write("base.py", "__all__ = [\"b\"]\nb = 1\n");
    git(&project, &["add", "base.py"]);
    let found = staged(&project);
    assert!(found.contains(&"top.py:1:20: error[missing-name] `middle` has no `a`".to_owned()), "{found:?}");
}

#[test]
fn modules_that_git_does_not_track_are_missed_elsewhere() {
    let Some(project) = repository(SHOP) else { return };
    project.write("local.py", "x = 1\n");
    project.write("random.py", "x = 1\n");
    project.write("made.py", "x = 1\n");
    project.write(".gitignore", "made.py\n");
    project.write("orders.py", "import random\n\nimport local\nfrom made import x\n\nprint(local, random, x)\n");
    git(&project, &["add", "orders.py", ".gitignore"]);
    let expected = ["orders.py:3:8: error[untracked-import] `local` is not in git: `local.py` is not tracked"];
    assert_eq!(staged(&project), expected);
    git(&project, &["add", "--intent-to-add", "local.py"]);
    assert_eq!(staged(&project), expected);
    git(&project, &["add", "local.py"]);
    assert_eq!(staged(&project).iter().filter(|line| line.contains("untracked")).count(), 0);
}

#[test]
fn the_configuration_is_that_of_the_commit() {
    let Some(project) = repository(SHOP) else { return };
    project.write("lint.toml", "[rules]\nstar-import = \"off\"\nunused-import = \"off\"\nunused-star = \"off\"\n");
    assert_eq!(staged(&project), [""; 0]);
    // A change of the rules concerns every file.
    project.write("lint.toml", "[rules]\nunused-star = \"off\"\n");
    git(&project, &["add", "lint.toml"]);
    project.write("lint.toml", "[nonsense]\n");
    assert_eq!(staged(&project).len(), 2, "{:?}", staged(&project));
}

#[test]
fn what_the_packaging_said_before_counts_before() {
    let old = "[project]\nname = \"x\"\nrequires-python = \">=3.11\"\n";
    let Some(project) = repository(&[
        ("pyproject.toml", old),
        ("v.py", "import sys\n\nif sys.version_info < (3, 10):\n    from prices import gone\n\n    print(gone)\n"),
        ("prices.py", "__all__ = [\"net\"]\nnet = 1\n"),
        ("use.py", "from prices import never\n\nprint(never)\n"),
        ("code/tools/made.py", "x = 1\n"),
        ("top.py", "from code.tools.made import y\n\nprint(y)\n"),
    ]) else {
        return;
    };
    project.write("pyproject.toml", old.replace("3.11", "3.8"));
    git(&project, &["add", "pyproject.toml"]);
    assert_eq!(staged(&project), ["v.py:4:24: error[missing-name] `prices` has no `gone`"]);
    project.write("pyproject.toml", format!("{old}dependencies = [\"requests\"]\n"));
    git(&project, &["add", "pyproject.toml"]);
    assert_eq!(staged(&project), [""; 0]);
    project.write("pyproject.toml", format!("{old}[tool.setuptools.package-dir]\n\"\" = \"code\"\n"));
    git(&project, &["add", "pyproject.toml"]);
    assert_eq!(staged(&project), [""; 0]);
    git(&project, &["rm", "-q", "-f", "pyproject.toml"]);
    assert_eq!(staged(&project), [""; 0]);
}

#[test]
fn a_configuration_counts_as_it_is_staged_where_it_is_gone_from_the_disk() {
    let off = "[rules]\nstar-import = \"off\"\nunused-star = \"off\"\nunused-import = \"off\"\nmissing-all = \"off\"\n";
    let Some(project) = repository(&[("lint.toml", off), ("a.py", "from json import *\n\nprint(loads)\n")]) else {
        return;
    };
    project.write("a.py", "from json import *\n\nprint(dumps)\n");
    git(&project, &["add", "a.py"]);
    std::fs::remove_file(project.path("lint.toml")).expect("it can go");
    assert_eq!(staged(&project), [""; 0]);
    assert_eq!(project.findings(&["--staged", "a.py"]), [""; 0]);
    git(&project, &["checkout", "lint.toml"]);
    let tool = off.replace("[rules]", "[tool.douane.rules]");
    project.write("pyproject.toml", tool);
    git(&project, &["add", "pyproject.toml"]);
    git(&project, &["rm", "-q", "lint.toml"]);
    commit(&project);
    project.write("a.py", "from json import *\n\nprint(loads)\n");
    git(&project, &["add", "a.py"]);
    project.write("pyproject.toml", "");
    assert_eq!(staged(&project), [""; 0]);
    std::fs::remove_file(project.path("pyproject.toml")).expect("it can go");
    assert_eq!(staged(&project), [""; 0]);
}

#[test]
fn what_a_submodule_brings_is_brought_about_by_its_change() {
    let Some(library) = repository(&[("__init__.py", ""), ("mod.py", "x = y = 1\n"), ("more.py", "z = 1\n")]) else {
        return;
    };
    let Some(project) = repository(&[
        ("top.py", "from part.mod import x\nfrom part.more import z\n\nprint(x, z)\n"),
        ("old.py", "from top import never\n\nprint(never)\n"),
    ]) else {
        return;
    };
    let from = library.path("").display().to_string();
    git(&project, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &from, "part"]);
    assert_eq!(staged(&project), [""; 0]);
    commit(&project);
    library.write("mod.py", "y = 1\n");
    git(&library, &["rm", "-q", "more.py"]);
    commit(&library);
    git(&project, &["-C", "part", "pull", "-q"]);
    assert_eq!(staged(&project), [""; 0], "the commit takes the old one still");
    git(&project, &["add", "part"]);
    assert_eq!(
        staged(&project),
        [
            "top.py:1:22: error[missing-name] `part.mod` has no `x`",
            "top.py:2:6: error[unresolved-import] there is no module `part.more`"
        ]
    );
    git(&project, &["reset", "-q", "--hard"]);
    git(&project, &["rm", "-q", "-f", "part"]);
    assert_eq!(
        staged(&project),
        [
            "top.py:1:6: error[unresolved-import] there is no module `part.mod` any more",
            "top.py:2:6: error[unresolved-import] there is no module `part.more` any more"
        ]
    );
}

#[test]
fn modules_in_a_repository_that_git_does_not_track_are_missed() {
    let Some(project) = repository(SHOP) else { return };
    project.write("nested/mod.py", "x = 1\n");
    for arguments in [&["init", "-q", "nested"][..], &["-C", "nested", "add", "-A"]] {
        git(&project, arguments);
    }
    git(&project, &["-C", "nested", "commit", "-q", "-m", "all"]);
    project.write("orders.py", "from nested.mod import x\n\nprint(x)\n");
    git(&project, &["add", "orders.py"]);
    let expected =
        ["orders.py:1:6: error[untracked-import] `nested.mod` is not in git: `nested/mod.py` is not tracked"];
    assert_eq!(staged(&project), expected);
}

#[test]
fn what_only_a_filter_of_git_changes_is_no_edit() {
    let Some(project) = repository(&[("a.py", "import os\nimport re\n\nprint(os)\n")]) else { return };
    git(&project, &["config", "core.autocrlf", "true"]);
    project.write(".gitattributes", "*.py text\n");
    project.write("a.py", "import os\r\nimport re\r\n\r\nprint(os, 1)\r\n");
    let add = ["-c", "core.autocrlf=true", "add", "a.py", ".gitattributes"];
    git(&project, &add);
    // What was only written anew is looked at by git, with its filters.
    project.write("a.py", "import os\r\nimport re\r\n\r\nprint(os, 1)\r\n");
    let run = summary(&project, &["--staged", "--fix"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(
        std::fs::read_to_string(project.path("a.py")).ok().as_deref(),
        Some("import os\r\n\r\nprint(os, 1)\r\n")
    );
}

#[test]
fn a_branch_is_compared_with_where_it_left() {
    let Some(project) = repository(SHOP) else { return };
    git(&project, &["checkout", "-q", "-b", "work"]);
    project.write("prices.py", "__all__ = [\"gross\"]\n\n\ndef gross(): ...\n");
    commit(&project);
    git(&project, &["checkout", "-q", "main"]);
    project.write("later.py", "__all__ = []\nimport re\n");
    commit(&project);
    git(&project, &["checkout", "-q", "work"]);
    assert_eq!(staged(&project), [""; 0]);
    assert_eq!(project.findings(&["--since", "main"]), ["orders.py:1:20: error[missing-name] `prices` has no `net`"]);
    let run = summary(&project, &["--since", "nothing"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(2), "error: git knows no revision `nothing`\n"));
}

#[test]
fn fixes_stay_within_the_commit_and_leave_other_edits_alone() {
    let Some(project) = repository(SHOP) else { return };
    project.write("orders.py", "import re\nfrom prices import net\n\nnet()\n");
    git(&project, &["add", "orders.py"]);
    let fix = ["check", "--staged", "--fix", "--exit-non-zero-on-fix", "-q"];
    assert_eq!(project.run(&fix).code, Some(1));
    let text = |path: &str| std::fs::read_to_string(project.path(path)).expect("it is there");
    assert_eq!(text("orders.py"), SHOP[1].1);
    assert_eq!(text("old.py"), SHOP[2].1, "it is no part of the commit");
    // An edit that is not staged would be lost.
    project.write("orders.py", "import re\nfrom prices import net\n\nnet()\nnet()\n");
    let run = project.run(&fix);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(run.errors, "error: can't fix orders.py: it has changes that are not staged\n");
    assert_eq!(text("orders.py"), "import re\nfrom prices import net\n\nnet()\nnet()\n");
}

#[test]
fn the_first_commit_a_subfolder_and_no_repository() {
    let Some(project) = repository(&[]) else { return };
    let first = Project::new(&[("a.py", "import os\n")]);
    git(&first, &["init", "-q"]);
    git(&first, &["add", "-A"]);
    assert_eq!(first.findings(&["--staged", "--select", "unused-import"]).len(), 1);
    // A project below the top of its repository.
    project.write("part/lint.toml", "");
    project.write("part/a.py", "__all__ = []\nimport os\n");
    project.write("other.py", "__all__ = []\nimport os\n");
    git(&project, &["add", "-A"]);
    let run = project::run_in(&project.path("part"), &["check", "--staged", "-q", "--output-format", "concise"]);
    assert_eq!(run.output, "a.py:2:8: warning[unused-import] `import os` is never used\n", "{run:?}");
    let alone = Project::new(&[("a.py", "")]);
    let run = alone.run(&["check", "--staged"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.errors.starts_with("error: git can't tell what changed: not a git repository"), "{run:?}");
}

#[test]
fn a_file_that_is_named_answers_for_what_it_breaks() {
    let project = Project::new(&[
        ("prices.py", "__all__ = []\n"),
        ("orders.py", "from prices import net\nimport os\n\nnet()\n"),
        ("others.py", "from prices import *\n"),
    ]);
    assert_eq!(project.findings(&["prices.py"]), ["orders.py:1:20: error[missing-name] `prices` has no `net`"]);
    assert_eq!(project.findings(&["prices.py", "--only-given"]), [""; 0]);
    let own = project.findings(&["orders.py", "--only-given"]);
    assert_eq!(own.len(), 2, "{own:?}");
}

#[test]
fn a_file_that_is_named_answers_for_what_stars_bring_on() {
    let project = Project::new(&[
        ("base.py", "__all__ = [\"b\"]\nb = 1\n"),
        ("mid.py", "from base import *\n"),
        ("last.py", "from mid import *\n"),
        ("top.py", "from last import a\n\nprint(a)\n"),
        ("other.py", "from top import never\n\nprint(never)\n"),
    ]);
    assert_eq!(project.findings(&["base.py"]), ["top.py:1:18: error[missing-name] `last` has no `a`"]);
}

#[test]
fn a_run_over_commits_that_were_made_looks_at_these() {
    let Some(project) = repository(SHOP) else { return };
    assert!(summary(&project, &["--staged"]).output.starts_with("Nothing is staged.\n"));
    project.write("prices.py", "__all__ = [\"gross\"]\n\n\ndef gross(): ...\n");
    commit(&project);
    let run = summary(&project, &["--staged"]);
    assert_eq!((run.code, &*run.output), (Some(0), "Nothing is staged.\n3 further findings outside this change.\n"));
    let mut command = project::douane(&project.path(""));
    command.args(["check", "--staged", "--quiet", "--output-format", "concise"]).env("PRE_COMMIT_FROM_REF", "HEAD~");
    let run = project::run(&mut command);
    assert_eq!(run.output, "orders.py:1:20: error[missing-name] `prices` has no `net`\n", "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_file_and_a_link_to_it_are_mended_once() {
    let project = Project::new(&[("orders.py", "import re\nimport os\n\nprint(os)\n")]);
    std::os::unix::fs::symlink("orders.py", project.path("link.py")).expect("a link");
    let run = summary(&project, &["--fix"]);
    assert_eq!((run.code, &*run.errors), (Some(0), ""), "{run:?}");
    assert_eq!(std::fs::read_to_string(project.path("orders.py")).ok().as_deref(), Some("import os\n\nprint(os)\n"));
    assert!(project.path("link.py").is_symlink());
}

#[test]
fn what_git_is_told_by_those_who_start_it_changes_nothing() {
    let Some(project) = repository(SHOP) else { return };
    let run = |folder: &str, variables: &[(&str, &str)]| {
        let mut command = project::douane(&project.path(folder));
        command.args(["check", "--staged", "-q", "--output-format", "concise"]).envs(variables.iter().copied());
        project::run(&mut command)
    };
    git(&project, &["rm", "-q", "prices.py"]);
    // Magit sets it for all that it starts, hooks included.
    let broken = "orders.py:1:6: error[unresolved-import] there is no module `prices` any more\n";
    assert_eq!(run("", &[("GIT_LITERAL_PATHSPECS", "1")]).output, broken);
    // A hook in a linked worktree is told the repository, which then seems to lie where it is started.
    project.write("part/a.py", "x = 1\n");
    let repository = project.path(".git").display().to_string();
    let told = [("GIT_DIR", repository.as_str())];
    assert_eq!(run("", &told).output, broken);
    assert_eq!(run("part", &told).output, format!("../{broken}"));
}

#[test]
fn a_merge_with_conflicts_is_as_on_disk() {
    let Some(project) = repository(SHOP) else { return };
    git(&project, &["checkout", "-q", "-b", "work"]);
    project.write("prices.py", "__all__ = [\"gross\"]\n");
    commit(&project);
    git(&project, &["checkout", "-q", "main"]);
    project.write("prices.py", "__all__ = [\"net\", \"tax\"]\nnet = tax = 1\n");
    commit(&project);
    let merge = ["merge", "-q", "work"];
    let mut command = Command::new("git");
    command.args(["-c", "user.name=n", "-c", "user.email=n@example.org"]).args(merge);
    command.current_dir(project.path("")).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(!command.status().expect("git can be started").success(), "there is a conflict");
    let found = staged(&project);
    assert!(found.iter().any(|line| line.starts_with("prices.py:1:1: error[syntax-error]")), "{found:?}");
    assert!(!found.iter().any(|line| line.contains("any more")), "{found:?}");
}

#[test]
fn files_that_git_looks_at_in_other_ways_are_those_of_the_commit() {
    let Some(project) = repository(SHOP) else { return };
    // Edits that git is told to pass over.
    git(&project, &["update-index", "--assume-unchanged", "prices.py"]);
    project.write("prices.py", "__all__ = []\n");
    project.write("orders.py", "from prices import net\n\nnet(1)\n");
    git(&project, &["add", "orders.py"]);
    assert_eq!(staged(&project), [""; 0]);
    // A folder in the place of a file.
    std::fs::remove_file(project.path("prices.py")).expect("it can go");
    project.write("prices.py/data.txt", "");
    project.write("orders.py", "from prices import gross\n\ngross()\n");
    git(&project, &["add", "orders.py"]);
    assert_eq!(staged(&project), ["orders.py:1:20: error[missing-name] `prices` has no `gross`"]);
    // One that `.gitignore` names, and that is committed all the same.
    project.write(".gitignore", "made.py\n");
    project.write("made.py", "x = 1\n");
    project.write("orders.py", "import made\n\nprint(made)\n");
    git(&project, &["add", "-f", "orders.py", "made.py", ".gitignore"]);
    assert_eq!(staged(&project), [""; 0]);
}

#[test]
fn packages_come_and_go_with_what_is_in_them() {
    let Some(project) = repository(&[
        ("shop/__init__.py", "NAME = 1\n"),
        ("shop/prices.py", "net = 1\n"),
        ("space/prices.py", "net = 1\n"),
        ("a.py", "import shop\nfrom shop import NAME\nfrom shop import prices\n\nprint(shop, NAME, prices)\n"),
        ("b.py", "from space import prices\n\nprint(prices)\n"),
    ]) else {
        return;
    };
    // Without `__init__` a package still has its modules.
    git(&project, &["rm", "-q", "shop/__init__.py", "space/prices.py"]);
    assert_eq!(
        staged(&project),
        [
            "a.py:2:6: error[unresolved-import] there is no module `shop` any more",
            "b.py:1:19: error[unresolved-import] there is no module `space.prices` any more",
        ]
    );
    git(&project, &["reset", "-q", "--hard"]);
    git(&project, &["rm", "-q", "-r", "--cached", "space"]);
    let expected =
        ["b.py:1:19: error[untracked-import] `space.prices` is not in git: `space/prices.py` is not tracked"];
    assert_eq!(staged(&project), expected);
}

#[test]
fn what_is_not_walked_is_not_missed() {
    let Some(project) = repository(SHOP) else { return };
    project.write("env/pyvenv.cfg", "");
    project.write("env/lib/python3.12/site-packages/requests/__init__.py", "");
    project.write("node_modules/gyp/__init__.py", "");
    project.write(".tools/tool/__init__.py", "");
    project.write("local.py", "x = 1\n");
    project.write(
        "orders.py",
        "from typing import TYPE_CHECKING\n\nimport requests, gyp, tool\n\nif TYPE_CHECKING:\n    import local\n\n\n\
         def f(x: \"local.x\"): return requests, gyp, tool\n",
    );
    git(&project, &["add", "orders.py"]);
    let expected = ["orders.py:6:12: error[untracked-import] `local` is not in git: `local.py` is not tracked"];
    assert_eq!(staged(&project), expected);
}

#[test]
fn what_is_ignored_is_part_of_the_commit_where_git_has_it_and_unknown_where_not() {
    let Some(project) = repository(&[
        ("pkg/__init__.py", ""),
        ("pkg/kept.py", "x = 1\n"),
        ("pkg/made.py", "x = 1\n"),
        ("pkg/use.py", "from pkg.kept import x\nfrom pkg.made import y\n\nprint(x, y)\n"),
        (".gitignore", "made.py\n"),
    ]) else {
        return;
    };
    project.write("pkg/kept.py", "z = 1\n");
    git(&project, &["add", "pkg/kept.py"]);
    let broken = ["pkg/use.py:1:22: error[missing-name] `pkg.kept` has no `x`"];
    assert_eq!(staged(&project), broken);
    project.write(".gitignore", "made.py\nkept.py\n");
    assert_eq!(staged(&project), broken, "an edit that is not staged leaves nothing out");
    git(&project, &["add", ".gitignore"]);
    assert_eq!(staged(&project), broken, "git has what was added before it was ignored");
    assert_eq!(project.findings(&[]), [""; 0]);
}

#[test]
fn a_project_may_lie_around_its_repositories() {
    let Some(project) = repository(&[]) else { return };
    std::fs::remove_dir_all(project.path(".git")).expect("it can go");
    project.write("shared.py", "x = 1\n");
    project.write("part/orders.py", "from shared import x, y\n\nprint(x, y)\n");
    for arguments in [&["init", "-q", "part"][..], &["-C", "part", "add", "-A"]] {
        git(&project, arguments);
    }
    let run = project::run_in(&project.path("part"), &["check", "--staged", "-q", "--output-format", "concise"]);
    assert_eq!(run.output, "orders.py:1:23: error[missing-name] `shared` has no `y`\n", "{run:?}");
}

#[test]
fn the_baseline_and_a_configuration_that_goes_are_those_of_the_commit() {
    let Some(project) = repository(SHOP) else { return };
    assert_eq!(project.run(&["baseline", "write"]).code, Some(0));
    git(&project, &["add", "-A"]);
    assert_eq!(staged(&project), [""; 0], "the baseline is new, and knows everything");
    commit(&project);
    project.write("prices.py", "__all__ = [\"net\"]\n\n\ndef net(price): ...\n");
    git(&project, &["add", "prices.py"]);
    let run = summary(&project, &["--staged"]);
    assert!(!run.output.contains("outside this change"), "what the baseline knows is none of them: {run:?}");
    assert_eq!(run.errors, "", "what lies outside of the change is not stale");
    project.write("orders.py", "import re\nfrom prices import net\n\nnet()\n");
    git(&project, &["add", "orders.py"]);
    assert_eq!(project.run(&["baseline", "write"]).code, Some(0));
    assert_eq!(staged(&project), ["orders.py:1:8: warning[unused-import] `import re` is never used"]);
    git(&project, &["reset", "-q", "--hard"]);
    git(&project, &["rm", "-q", "douane-baseline.json"]);
    assert_eq!(staged(&project).len(), 2, "nothing is known any more");
    project.write("lint.toml", "[rules]\nstar-import = \"off\"\nunused-import = \"off\"\nunused-star = \"off\"\n");
    commit(&project);
    assert_eq!(staged(&project), [""; 0]);
    git(&project, &["rm", "-q", "lint.toml"]);
    assert_eq!(staged(&project).len(), 2, "{:?}", staged(&project));
}

#[test]
fn a_file_that_was_only_written_anew_is_mended() {
    let Some(project) = repository(SHOP) else { return };
    project.write("orders.py", "import re\nfrom prices import net\n\nnet()\n");
    git(&project, &["add", "orders.py"]);
    let file = std::fs::File::options().write(true).open(project.path("orders.py")).expect("it is there");
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("it can be set");
    let run = project.run(&["check", "--staged", "--fix", "-q"]);
    assert_eq!((run.code, run.errors.as_str()), (Some(0), ""), "{run:?}");
}

#[test]
fn git_is_missed_by_its_name() {
    let Some(project) = repository(SHOP) else { return };
    let run = project::run(project::douane(&project.path("")).args(["check", "--staged"]).env("PATH", ""));
    assert_eq!((run.code, run.errors.as_str()), (Some(2), "error: git can't be run: there is no `git` in $PATH\n"));
}

#[cfg(unix)]
#[test]
fn links_hold_what_the_commit_has_in_the_files_behind_them() {
    let Some(project) = repository(&[
        ("prices.py", "__all__ = [\"net\"]\nnet = 1\n"),
        ("others.py", "__all__ = [\"tax\"]\ntax = 1\n"),
        ("orders.py", "from linked import net\n\nprint(net)\n"),
    ]) else {
        return;
    };
    let link = |target: &str| {
        let _ = std::fs::remove_file(project.path("linked.py"));
        std::os::unix::fs::symlink(target, project.path("linked.py")).expect("it can be made");
    };
    let broken = ["orders.py:1:20: error[missing-name] `linked` has no `net`"];
    link("prices.py");
    commit(&project);
    // Neither what it leads to is staged, nor what that holds.
    link("others.py");
    assert_eq!(summary(&project, &["--staged"]).output.lines().count(), 1);
    git(&project, &["add", "linked.py"]);
    assert_eq!(staged(&project), broken);
    git(&project, &["reset", "-q", "--hard"]);
    project.write("prices.py", "__all__ = []\n");
    assert_eq!(summary(&project, &["--staged"]).output.lines().count(), 1);
    git(&project, &["add", "prices.py"]);
    assert_eq!(staged(&project), broken);
    // A project that is named through a link.
    project.write("part/lint.toml", "");
    project.write("part/a.py", "__all__ = []\nimport os\n");
    git(&project, &["add", "part"]);
    let elsewhere = Project::new(&[]);
    std::os::unix::fs::symlink(project.path("part"), elsewhere.path("link")).expect("it can be made");
    assert_eq!(
        elsewhere.findings(&["--staged", "link"]),
        ["link/a.py:2:8: warning[unused-import] `import os` is never used"]
    );
}
