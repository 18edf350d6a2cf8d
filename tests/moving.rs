//! Moves files as an editor does, with the server's edits, and runs the program before and after.

mod client;
mod project;

use std::{fs, process::Command};

use client::{Client, Options};
use project::Project;
use serde_json::{Value, json};

/// Makes the edits of a workspace edit in the files of a project; columns are taken for bytes.
fn make(project: &Project, client: &Client, edit: &Value) {
    let root = client.uri("");
    for change in edit["documentChanges"].as_array().expect("changes of documents") {
        let uri = change["textDocument"]["uri"].as_str().expect("a URI");
        let path = uri.strip_prefix(&root).expect("a file of the project");
        let mut lines: Vec<String> =
            fs::read_to_string(project.path(path)).expect("it is there").split('\n').map(str::to_owned).collect();
        let mut edits: Vec<Value> = change["edits"].as_array().expect("a list of edits").clone();
        edits.sort_by_key(|edit| {
            (edit["range"]["start"]["line"].as_u64(), edit["range"]["start"]["character"].as_u64())
        });
        for edit in edits.into_iter().rev() {
            let part = |end: &str, key: &str| {
                usize::try_from(edit["range"][end][key].as_u64().expect("a number")).expect("a small number")
            };
            let (first, last) = (part("start", "line"), part("end", "line"));
            let before = lines[first][..part("start", "character")].to_owned();
            let after = lines[last][part("end", "character")..].to_owned();
            let new = format!("{before}{}{after}", edit["newText"].as_str().expect("a text"));
            lines.splice(first..=last, new.split('\n').map(str::to_owned));
        }
        project.write(path, lines.join("\n"));
    }
}

/// What `main.py` prints.
fn printed(project: &Project) -> String {
    let mut python = Command::new("python3");
    python.args(["-B", "main.py"]).current_dir(project.path(""));
    let output = python.output().expect("Python can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn asked(client: &mut Client, moves: &[(&str, &str)]) -> Value {
    let uris = moves.iter().map(|(from, to)| json!({ "oldUri": client.uri(from), "newUri": client.uri(to) }));
    let files = json!({ "files": uris.collect::<Vec<_>>() });
    client.ask("workspace/willRenameFiles", files)
}

/// A program is moved: it prints what it printed before, and nothing is missing. Returns it.
fn moved(files: &[(&str, &str)], moves: &[(&str, &str)]) -> Project {
    let project = Project::new(files);
    let before = printed(&project);
    let mut client = Client::start(&project, &Options::default());
    client.open("main.py");
    let edit = asked(&mut client, moves);
    if !edit.is_null() {
        make(&project, &client, &edit);
    }
    for (from, to) in moves {
        let to = project.path(to);
        fs::create_dir_all(to.parent().expect("a path in the project")).expect("folders can be made");
        fs::rename(project.path(from), to).expect("it can be moved");
    }
    assert_eq!(printed(&project), before, "{moves:?}");
    client.end();
    assert_eq!(project.findings(&["--select", "E0401,E0611"]), [""; 0], "{moves:?}");
    project
}

/// The same, for the text of `main.py` that comes of it.
fn main_after(files: &[(&str, &str)], moves: &[(&str, &str)]) -> String {
    fs::read_to_string(moved(files, moves).path("main.py")).expect("it is there")
}

#[test]
fn imports_follow_their_modules() {
    let main = "import shop.prices\nimport shop.prices as p\nfrom shop import prices, orders\nfrom shop.prices import net\nfrom shop.prices import *\n\n\ndef later():\n    import shop.prices\n    return shop.prices.net()\n\n\nprint(shop.prices.net(), p.net(), prices.net(), net(), orders.total(), later())\n";
    let files = [
        ("main.py", main),
        ("shop/__init__.py", "from . import prices\nfrom .prices import net\n"),
        (
            "shop/orders.py",
            "from . import prices\nfrom .prices import net\n\n\ndef total():\n    return net() + prices.net()\n",
        ),
        ("shop/prices.py", "from .sums import one\n\n\ndef net():\n    return one\n"),
        ("shop/sums.py", "one = 1\n"),
    ];
    for (from, to) in [
        ("shop/prices.py", "shop/costs.py"),
        ("shop/prices.py", "shop/deep/prices.py"),
        ("shop/sums.py", "numbers_of_all.py"),
        ("shop", "store"),
        ("shop/sums.py", "shop/inner/numbers.py"),
        ("shop/__init__.py", "shop/all.py"),
    ] {
        let files: Vec<_> =
            files.into_iter().chain([("shop/deep/__init__.py", ""), ("shop/inner/__init__.py", "")]).collect();
        moved(&files, &[(from, to)]);
    }
    let project = Project::new(&files);
    let mut client = Client::start(&project, &Options::default());
    // Nobody imports the first; no import can name the others.
    for (from, to) in [
        ("main.py", "start.py"),
        ("shop/prices.py", "shop/class.py"),
        ("shop/prices.py", "shop/a.py.bak"),
        ("shop", "2shop"),
    ] {
        assert_eq!(asked(&mut client, &[(from, to)]), Value::Null, "{to}");
    }
    client.end();
}

const PACKAGE: [(&str, &str); 5] = [
    ("p/__init__.py", "version = 1\n"),
    ("p/a.py", "f = 'a'\n"),
    ("p/b.py", "f = 'b'\n"),
    ("p/sub/__init__.py", ""),
    ("p/sub/o.py", "n = 'o'\n"),
];

fn with_package(main: &str) -> Vec<(&str, &str)> {
    PACKAGE.into_iter().chain([("main.py", main)]).collect()
}

#[test]
fn a_statement_whose_modules_part_is_parted() {
    let main = "from p import a, b, version\n\nprint(a.f, b.f, version)\n";
    let after = main_after(&with_package(main), &[("p/a.py", "p/c.py"), ("p/b.py", "p/d.py")]);
    assert_eq!(after, "from p import c as a, d as b, version\n\nprint(a.f, b.f, version)\n");
    let after = main_after(&with_package(main), &[("p/a.py", "q.py"), ("p/b.py", "p/sub/b.py")]);
    assert_eq!(after, "from p import version\nfrom p.sub import b\nimport q as a\n\nprint(a.f, b.f, version)\n");
    let after = main_after(&with_package(main), &[("p/__init__.py", "p/all.py")]);
    assert_eq!(after, "from p import a, b\nfrom p.all import version\n\nprint(a.f, b.f, version)\n");
    let main = "from p import (\n    a,  # one\n    b as b,  # two\n)\n\nprint(a.f, b.f)\n";
    let after = main_after(&with_package(main), &[("p/a.py", "p/c.py"), ("p/b.py", "p/d.py")]);
    assert_eq!(after, "from p import (\n    c as a,  # one\n    d as b,  # two\n)\n\nprint(a.f, b.f)\n");
    let after = main_after(&with_package(main), &[("p/a.py", "a.py"), ("p/b.py", "b.py")]);
    assert_eq!(after, "import a\nimport b as b\n\nprint(a.f, b.f)\n");
}

#[test]
fn a_name_that_is_taken_is_not_taken_again() {
    let files = |main: &'static str| [("a.py", "x = 1\n"), ("main.py", main)];
    for (main, expected) in [
        ("import a\n\nprint(a.x)\n", "import b\n\nprint(b.x)\n"),
        ("import a\n\nb = 2\nprint(a.x, b)\n", "import b as a\n\nb = 2\nprint(a.x, b)\n"),
        ("import a\n\nprint([a.x + b for b in (1, 2)])\n", "import b as a\n\nprint([a.x + b for b in (1, 2)])\n"),
        (
            "try:\n    import a\nexcept ImportError:\n    a = None\n\nprint(a.x)\n",
            "try:\n    import b as a\nexcept ImportError:\n    a = None\n\nprint(a.x)\n",
        ),
        ("import a\n\nprint(vars()['a'].x, a.x)\n", "import b as a\n\nprint(vars()['a'].x, a.x)\n"),
        ("import a as c\n\nb = 2\nprint(c.x, b)\n", "import b as c\n\nb = 2\nprint(c.x, b)\n"),
    ] {
        assert_eq!(main_after(&files(main), &[("a.py", "b.py")]), expected);
    }
    // Others have the name from here.
    for (main, expected) in [
        ("from m import *\n\nprint(a.x)\n", "from m import *\n\nprint(a.x)\n"),
        ("import m\n\nprint(m.a.x)\n", "import m\n\nprint(m.a.x)\n"),
        ("from m import a\n\nprint(a.x)\n", "from m import a\n\nprint(a.x)\n"),
    ] {
        let files = [("a.py", "x = 1\n"), ("m.py", "import a\n\ny = a.x\n"), ("main.py", main)];
        let project = moved(&files, &[("a.py", "b.py")]);
        assert_eq!(fs::read_to_string(project.path("main.py")).expect("it is there"), expected);
        assert_eq!(fs::read_to_string(project.path("m.py")).expect("it is there"), "import b as a\n\ny = a.x\n");
    }
}

#[test]
fn code_that_spells_a_module_follows() {
    for (main, from, to, expected) in [
        (
            "import p.sub.o\nfrom p import sub\n\nprint(sub.o.n, p.sub.o.n)\n",
            "p/sub/o.py",
            "p/sub/q.py",
            "import p.sub.q\nfrom p import sub\n\nprint(sub.q.n, p.sub.q.n)\n",
        ),
        (
            "import p.sub.o\nfrom p import sub\n\nprint(sub.o.n)\n",
            "p/sub",
            "p/other",
            "import p.other.o\nfrom p import other as sub\n\nprint(sub.o.n)\n",
        ),
        ("import p.a\n\nprint(p.a.f, p.version)\n", "p", "q", "import q.a\n\nprint(q.a.f, q.version)\n"),
        ("import p.a\n\nprint(p.a.f, p.version)\n", "p/a.py", "q.py", "import q\nimport p\n\nprint(q.f, p.version)\n"),
        (
            "import p.a\nimport p.b\n\nprint(p.a.f, p.b.f, p.version)\n",
            "p/a.py",
            "q.py",
            "import q\nimport p.b\n\nprint(q.f, p.b.f, p.version)\n",
        ),
        (
            "import p.sub.o as o\nimport p as r\n\nprint(o.n, r.sub.o.n, r.version)\n",
            "p/sub/o.py",
            "p/o.py",
            "import p.o as o\nimport p as r\n\nprint(o.n, r.o.n, r.version)\n",
        ),
        (
            "def f():\n    import p.a\n    return p.a.f\n\n\nprint(f())\n",
            "p/a.py",
            "p/sub/a.py",
            "def f():\n    import p.sub.a\n    return p.sub.a.f\n\n\nprint(f())\n",
        ),
    ] {
        assert_eq!(main_after(&with_package(main), &[(from, to)]), expected, "{from} to {to}");
    }
}

#[test]
fn what_is_moved_keeps_what_it_imports() {
    let files = [
        ("main.py", "import p.m\n\nprint(p.m.x, p.m.y)\n"),
        ("p/__init__.py", "from .a import x\n"),
        ("p/a.py", "x = 1\n"),
        ("p/m.py", "from . import a, x as z\nfrom .a import x\n\ny = a.x + z\n"),
        ("p/sub/__init__.py", ""),
    ];
    for (from, to, expected) in [
        ("p/m.py", "p/sub/m.py", "from .. import a, x as z\nfrom ..a import x\n\ny = a.x + z\n"),
        ("p/m.py", "m.py", "from p import a, x as z\nfrom p.a import x\n\ny = a.x + z\n"),
        ("p/m.py", "p/m/__init__.py", "from .. import a, x as z\nfrom ..a import x\n\ny = a.x + z\n"),
    ] {
        let project = moved(&files, &[(from, to)]);
        assert_eq!(fs::read_to_string(project.path(to)).expect("it is there"), expected);
    }
    let project = moved(&files, &[("p/__init__.py", "p/b.py")]);
    assert_eq!(fs::read_to_string(project.path("p/b.py")).expect("it is there"), "from .a import x\n");
    let m = fs::read_to_string(project.path("p/m.py")).expect("it is there");
    assert_eq!(m, "from . import a\nfrom .b import x as z\nfrom .a import x\n\ny = a.x + z\n");
}

#[test]
fn an_import_finds_its_module_where_it_found_it_before() {
    // A script's own folder is searched first, and its modules are imported by their mere names.
    let main = "import subprocess\nimport sys\n\nran = subprocess.run([sys.executable, \"-B\", \"tests/test_a.py\"], capture_output=True, check=True)\nprint(ran.stdout)\n";
    let test = "import util\nimport util as u\nfrom util import x\nimport kit.parts\nfrom kit import parts\n\nprint(util.x, u.x, x, kit.parts.y, parts.y)\n";
    let files = [
        ("main.py", main),
        ("pyproject.toml", "[project]\nname = \"pkg\"\n"),
        ("src/pkg/__init__.py", ""),
        ("tests/test_a.py", test),
        ("tests/util.py", "x = 1\n"),
        ("tests/kit/parts.py", "y = 2\n"),
    ];
    for (from, to, changes) in [
        ("tests/util.py", "tests/helpers.py", &[("util", "helpers")][..]),
        ("tests/util.py", "tests/kit/util.py", &[("util", "kit.util")]),
        ("tests/kit", "tests/tool", &[("kit", "tool")]),
        (
            "tests/kit/parts.py",
            "tests/kit/bits.py",
            &[("kit.parts", "kit.bits"), ("kit import parts", "kit import bits as parts")],
        ),
    ] {
        let project = moved(&files, &[(from, to)]);
        let after = fs::read_to_string(project.path("tests/test_a.py")).expect("it is there");
        let expected = changes.iter().fold(test.to_owned(), |test, (old, new)| test.replace(old, new));
        assert_eq!(after, expected, "{to}");
    }
}

#[test]
fn a_folder_is_no_source_root_for_what_is_moved_into_it() {
    let main = "import pkg.a\nfrom pkg import b\n\nprint(pkg.a.x, b.y)\n";
    let files = [
        ("main.py", main),
        ("pkg/__init__.py", ""),
        ("pkg/a.py", "x = 1\n"),
        ("pkg/b.py", "from pkg.a import x as y\n"),
        ("vendor/note.txt", ""),
    ];
    let after = main_after(&files, &[("pkg", "vendor/pkg2")]);
    assert_eq!(after, "import vendor.pkg2.a\nfrom vendor.pkg2 import b\n\nprint(vendor.pkg2.a.x, b.y)\n");
}

#[test]
fn a_script_that_leaves_what_it_imports_stays_as_it_is() {
    let script = "import util\n\nprint(util.x)\n";
    let files = [
        ("main.py", "print(1)\n"),
        ("pyproject.toml", "[project]\nname = \"pkg\"\n"),
        ("src/pkg/__init__.py", ""),
        ("tests/script.py", script),
        ("tests/util.py", "x = 1\n"),
    ];
    let project = moved(&files, &[("tests/script.py", "tests/unit/script.py")]);
    assert_eq!(fs::read_to_string(project.path("tests/unit/script.py")).expect("it is there"), script);
}
