//! Files that are no files, bytes that are no text, and code that no person wrote. Each ends in a finding or in one line
//! about what is wrong, and the file beside it is checked all the same.

mod project;

use std::fmt::Write as _;

use project::{Project, Run};

const SIBLING: &str = "from math import *\n\nprint(pi)\n";
const SIBLING_FINDING: &str = "sibling.py:1:1: warning[star-import]";

/// A project in which one file is in order.
fn with_sibling(files: &[(&str, &str)]) -> Project {
    let project = Project::new(files);
    project.write("sibling.py", SIBLING);
    project
}

fn check(project: &Project, arguments: &[&str]) -> Run {
    let run = project.run(&[&["check", "--output-format", "concise"], arguments].concat());
    assert_eq!(run.errors, "", "{run:?}");
    run
}

/// Checks the project, and that the sibling is not lost. The other lines are returned.
fn others(project: &Project) -> Vec<String> {
    let run = check(project, &["--ignore", "import-shadows-builtin", "--quiet"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let (sibling, others): (Vec<&str>, Vec<&str>) =
        run.output.lines().partition(|line| line.starts_with(SIBLING_FINDING));
    assert_eq!(sibling.len(), 1, "{run:?}");
    others.into_iter().map(str::to_owned).collect()
}

fn others_of(text: impl AsRef<[u8]>) -> Vec<String> {
    let project = with_sibling(&[]);
    project.write("awkward.py", text);
    others(&project)
}

#[cfg(unix)]
mod unix {
    use std::{
        ffi::OsStr,
        fs,
        os::unix::{ffi::OsStrExt, fs::symlink, net::UnixListener},
        process::Command,
    };

    use super::*;

    #[test]
    fn what_is_no_file_is_reported() {
        let project = with_sibling(&[]);
        let made = Command::new("mkfifo").arg(project.path("pipe.py")).status().expect("mkfifo can be run");
        assert!(made.success());
        let _socket = UnixListener::bind(project.path("socket.py")).expect("a socket");
        symlink("/dev/zero", project.path("device.py")).expect("a link");
        symlink("nowhere.py", project.path("dangling.py")).expect("a link");
        symlink("circle.py", project.path("circle.py")).expect("a link");
        let irregular = "error[unreadable-file] can't read the file: it is no regular file";
        let mut expected = vec![
            "circle.py:1:1: error[unreadable-file] can't read the file: Too many levels of symbolic links".to_owned(),
            "dangling.py:1:1: error[unreadable-file] can't read the file: No such file or directory".to_owned(),
            format!("device.py:1:1: {irregular}"),
            format!("pipe.py:1:1: {irregular}"),
            format!("socket.py:1:1: {irregular}"),
        ];
        assert_eq!(
            others(&project).iter().filter(|line| line.contains("unreadable-file")).cloned().collect::<Vec<_>>(),
            expected
        );
        // Named, they are reported too.
        for line in expected.drain(..) {
            let path = line.split_once(':').expect("a path").0.to_owned();
            let run = check(&project, &["--quiet", "--select", "unreadable-file", &path]);
            assert_eq!(run.output, format!("{line}\n"));
        }
    }

    #[test]
    fn a_folder_with_the_name_of_a_file_is_a_folder() {
        let project = with_sibling(&[]);
        fs::create_dir(project.path("folder.py")).expect("a folder");
        assert_eq!(others(&project), [""; 0]);
    }

    #[test]
    fn folders_that_link_in_circles_are_walked_once() {
        let project = with_sibling(&[("package/__init__.py", ""), ("package/module.py", "")]);
        symlink("..", project.path("package/above")).expect("a link");
        symlink(".", project.path("package/itself")).expect("a link");
        symlink("package", project.path("other")).expect("a link");
        assert_eq!(others(&project), [""; 0]);
        assert!(check(&project, &[]).output.contains("of 3 files"));
    }

    #[test]
    fn names_that_are_no_unicode_are_shown_as_far_as_they_are() {
        let project = with_sibling(&[]);
        let path = project.path("").join(OsStr::from_bytes(b"caf\xe9.py"));
        fs::write(path, SIBLING).expect("a file");
        let lines = others(&project);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("caf\u{fffd}.py:1:1: warning[star-import]"), "{lines:?}");
    }
}

/// No import can name such a file, but Python runs it, as a script or by `runpy`.
#[test]
fn files_whose_names_are_no_names_of_modules() {
    for path in ["two.dots.py", "a-b.py", "1.py", "class.py", "with space.py", "some.folder/main.py"] {
        let project = with_sibling(&[(path, SIBLING)]);
        let lines = others(&project);
        assert_eq!(lines.len(), 1, "{path}: {lines:?}");
        assert!(lines[0].starts_with(&format!("{path}:1:1: warning[star-import]")), "{lines:?}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    let syntax_error = |text: &[u8]| -> Vec<String> {
        others_of(text).into_iter().filter(|line| line.contains("[syntax-error]")).collect()
    };
    assert_eq!(
        syntax_error(b"x = '\xff'\nfrom math import *\n"),
        [
            "awkward.py:1:6: error[syntax-error] the byte at offset 5 is no UTF-8, and no coding cookie names another encoding"
        ]
    );
    assert_eq!(
        syntax_error(b"# coding: klingon\n"),
        ["awkward.py:1:11: error[syntax-error] unknown encoding: `klingon`"]
    );
    assert!(!syntax_error(b"\xef\xbb\xbf# coding: latin-1\n").is_empty());
    let null = syntax_error(b"x = 1\0\nfrom math import *\n");
    assert!(null.iter().any(|line| line.contains("source code cannot contain null bytes")), "{null:?}");
    // Random bytes, the same in every run.
    let noise: Vec<u8> = (0..20_000u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert!(!syntax_error(&noise).is_empty());
}

#[test]
fn a_finding_behind_the_broken_bytes_is_made() {
    let lines = others_of(b"x = '\xff'\nfrom math import *\n");
    assert!(lines.iter().any(|line| line.starts_with("awkward.py:2:1: warning[star-import]")), "{lines:?}");
}

#[test]
fn empty_files_and_odd_line_ends() {
    assert_eq!(others_of(""), [""; 0]);
    assert_eq!(others_of("\u{feff}"), [""; 0]);
    assert_eq!(others_of("\n\r\n\r\u{c}\n"), [""; 0]);
    assert_eq!(others_of("import os"), ["awkward.py:1:8: warning[unused-import] `import os` is never used"]);
    let lines = others_of("\r\rfrom os import *\rgetcwd()\r");
    assert!(lines[0].starts_with("awkward.py:3:1: warning[star-import]"), "{lines:?}");
}

/// Ten thousand levels of everything that can be nested. Whether Python takes them or not, the run ends well.
#[test]
fn nesting_as_deep_as_no_person_writes() {
    const DEPTH: usize = 10_000;
    let nested =
        |open: &str, middle: &str, close: &str| format!("x = {}{middle}{}\n", open.repeat(DEPTH), close.repeat(DEPTH));
    let chained = |first: &str, next: &str| format!("x = {first}{}\n", next.repeat(DEPTH));
    let texts = [
        ("parentheses", nested("(", "1", ")")),
        ("lists", nested("[", "", "]")),
        ("dictionaries", nested("{1: ", "1", "}")),
        ("calls", nested("f(", "", ")")),
        ("lambdas", nested("lambda: ", "1", "")),
        ("subscripts", nested("a[", "0", "]")),
        ("unary operators", nested("-", "1", "")),
        ("negations", nested("not ", "a", "")),
        ("stars", format!("f({}a)\n", "*".repeat(DEPTH))),
        ("awaits", format!("async def f():\n    x = {}a\n", "await ".repeat(DEPTH))),
        ("ternaries", nested("a if b else ", "c", "")),
        ("comprehensions", nested("[", "a", " for a in b]")),
        ("f-strings", nested("f'{", "1", "}'")),
        ("attributes", chained("a", ".a")),
        ("calls of calls", chained("f", "()")),
        ("additions", chained("1", " + 1")),
        ("powers", chained("1", " ** 1")),
        ("comparisons", chained("1", " < 1")),
        ("conjunctions", chained("a", " and a")),
        ("strings", chained("''", " ''")),
        ("assignments", format!("{}1\n", "a = ".repeat(DEPTH))),
        ("unclosed", "(".repeat(DEPTH)),
        ("closed", ")".repeat(DEPTH)),
        ("blocks", (0..DEPTH / 100).fold(String::new(), |text, level| text + &" ".repeat(level) + "if a:\n")),
        ("branches", format!("if a: pass\n{}", "elif a: pass\n".repeat(DEPTH))),
        ("dots", format!("from {} import a\n", ".".repeat(DEPTH))),
        ("long module", format!("import {}\n", vec!["a"; DEPTH].join("."))),
    ];
    let project = with_sibling(&[]);
    for (name, text) in texts {
        project.write("awkward.py", text);
        let lines = others(&project);
        assert!(lines.iter().all(|line| line.starts_with("awkward.py:")), "{name}: {lines:?}");
    }
}

/// Large lists take time that grows with their length and no faster.
#[test]
fn lists_as_long_as_no_person_writes() {
    const LENGTH: usize = 50_000;
    let mut all = "__all__ = [".to_owned();
    for number in 0..LENGTH {
        let _ = write!(all, "\"name_{number}\", ");
    }
    all.push_str("]\n");
    let project = with_sibling(&[("names.py", &all), ("taker.py", "from names import *\n")]);
    let run = check(&project, &["--quiet", "--select", "undefined-in-all,guarded-star-import", "--statistics"]);
    assert_eq!(run.output, format!("{LENGTH}\terror\tundefined-in-all\n1\terror\tguarded-star-import\n"));

    let imports: Vec<String> = (0..LENGTH).map(|number| format!("name_{number}")).collect();
    let imports = format!("from names import {}\n", imports.join(", "));
    let statements = "import os; ".repeat(LENGTH) + "\n";
    let names: String = (0..LENGTH).fold(String::new(), |mut text, number| {
        let _ = write!(text, "x{number} = 1; ");
        text
    });
    for text in [
        imports,
        statements,
        names + "\n",
        format!("# {}\n", "x".repeat(4_000_000)),
        format!("x = '{}'\n", "x".repeat(4_000_000)),
    ] {
        project.write("awkward.py", text);
        sibling_is_found(&project);
    }
}

fn sibling_is_found(project: &Project) {
    let run = check(project, &["--select", "star-import", "--quiet"]);
    let output = &run.output[..run.output.len().min(2_000)];
    assert!(output.starts_with(SIBLING_FINDING) && output.lines().count() == 1, "{output}");
}

#[test]
fn a_star_from_itself_and_a_circle_of_packages_end() {
    let project = with_sibling(&[
        ("own.py", "from own import *\n"),
        ("package/__init__.py", "from package.first import *\n"),
        ("package/first.py", "from package.second import *\nfrom package import *\n"),
        ("package/second.py", "from package.first import *\nfrom . import *\n__all__ = [\"second\"]\n"),
    ]);
    assert!(!others(&project).is_empty());
}

#[test]
fn a_module_in_two_places_is_one_of_them() {
    let project = with_sibling(&[
        ("lint.toml", "[project]\nsrc = [\"one\", \"two\"]\n"),
        ("one/shared.py", "__all__ = [\"first\"]\nfirst = 1\n"),
        ("two/shared.py", "__all__ = [\"second\"]\nsecond = 2\n"),
        ("two/main.py", "from shared import *\n\nfirst, second\n"),
    ]);
    let lines = others(&project);
    assert!(lines.contains(&"two/main.py:3:8: error[undefined-name-behind-star] `second` is not defined: the star import of this file does not bring it".to_owned()), "{lines:?}");
}
