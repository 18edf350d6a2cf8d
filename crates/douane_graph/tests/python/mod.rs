//! The `python3` on the path, asked what a star brings.

#![allow(dead_code, reason = "each test uses a part")]

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

/// What `from module import *` binds in an empty namespace, or the error it raises.
pub(crate) type Star = Result<BTreeSet<String>, String>;

/// The version of an interpreter: `3.11.7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) minor: u8,
    pub(crate) patch: u8,
}

/// The version of `python3`.
///
/// # Panics
/// Panics if there is none: the tests of stars are tests against it.
pub(crate) fn version() -> Version {
    let text = run("import sys; print(*sys.version_info[1:3])", &[], "");
    let mut numbers = text.split_whitespace().filter_map(|number| number.parse().ok());
    let mut next = || numbers.next().expect("a version has three numbers");
    Version { minor: next(), patch: next() }
}

/// Asks for the stars of modules, each in a process of its own that has imported nothing else. The modules are looked
/// for in the folder first, if one is given.
pub(crate) fn stars(folder: Option<&Path>, modules: &[&str]) -> BTreeMap<String, Star> {
    let folder = folder.map_or("", |folder| folder.to_str().expect("the path of a temporary folder is UTF-8"));
    let output = run(PROGRAM, &[folder], &modules.join("\n"));
    let answers: BTreeMap<String, Value> = serde_json::from_str(&output).expect("the program prints JSON");
    answers.into_iter().map(|(module, answer)| (module, star(&answer))).collect()
}

fn star(answer: &Value) -> Star {
    match answer {
        Value::Array(names) => Ok(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        other => Err(other.as_str().unwrap_or("no answer").to_owned()),
    }
}

/// Reads the modules from the input, one a line. Without `os.fork` each gets an interpreter.
const PROGRAM: &str = r#"
import json, os, sys

def star(name):
    space = {}
    try:
        exec("from " + name + " import *", space)
    except BaseException as error:
        return type(error).__name__ + ": " + str(error)
    return sorted(set(space) - {"__builtins__"})

def forked(name):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        # What a module prints when it is imported is nothing to us.
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        with os.fdopen(writer, "w") as output:
            json.dump(star(name), output)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text or "null")

def started(name):
    import subprocess
    command = [sys.executable, "-I", "-S", "-B", "-W", "ignore", "-c", PROGRAM, FOLDER, name]
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return json.loads(output.splitlines()[-1]) if output else None

FOLDER = sys.argv[1]
if FOLDER:
    sys.path.insert(0, FOLDER)
if sys.argv[2:]:
    print(json.dumps(star(sys.argv[2])))
else:
    PROGRAM = sys.stdin.readline()
    PROGRAM = json.loads(PROGRAM)
    ask = forked if hasattr(os, "fork") else started
    print(json.dumps({name: ask(name) for name in sys.stdin.read().split()}))
"#;

/// Runs a program with arguments and input, without site-packages, whose `.pth` files may import anything.
fn run(program: &str, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new("python3");
    command.args(["-I", "-S", "-B", "-W", "ignore", "-c", program]).args(arguments);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the tests need `python3` on the path");
    let mut pipe = child.stdin.take().expect("the input is a pipe");
    // For interpreters that it starts itself, the program gets its own text as the first line.
    writeln!(pipe, "{}\n{input}", Value::from(program)).expect("the program reads its input");
    drop(pipe);
    let output = child.wait_with_output().expect("`python3` ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`python3` failed:\n{errors}");
    String::from_utf8(output.stdout).expect("`python3` prints UTF-8")
}
