//! The `python3` on the path, asked what a star brings.

#![allow(dead_code, reason = "each test uses a part")]

use std::{
    collections::BTreeSet,
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
    let text = run("import sys; print(*sys.version_info[1:3])", "");
    let mut numbers = text.split_whitespace().filter_map(|number| number.parse().ok());
    let mut next = || numbers.next().expect("a version has three numbers");
    Version { minor: next(), patch: next() }
}

/// Asks for the stars of modules, each in a process of its own that has imported nothing else. A module is looked for
/// in its folder first, and an empty folder is none.
pub(crate) fn stars(modules: &[(&Path, &str)]) -> Vec<Star> {
    let questions: Vec<(&str, &str)> = modules
        .iter()
        .map(|(folder, module)| (folder.to_str().expect("the path of a temporary folder is UTF-8"), *module))
        .collect();
    let questions = serde_json::to_string(&questions).expect("text is written as JSON");
    let output = run(PROGRAM, &questions);
    let answers: Vec<Value> = serde_json::from_str(&output).expect("the program prints JSON");
    assert_eq!(answers.len(), modules.len(), "an answer for each question");
    answers.iter().map(star).collect()
}

fn star(answer: &Value) -> Star {
    match answer {
        Value::Array(names) => Ok(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        other => Err(other.as_str().unwrap_or("no answer").to_owned()),
    }
}

/// Reads its own text and pairs of a folder and a module. Without `os.fork` each module gets an interpreter.
const PROGRAM: &str = r#"
import json, os, sys

def star(folder, name):
    if folder:
        sys.path.insert(0, folder)
    space = {}
    try:
        exec("from " + name + " import *", space)
    except BaseException as error:
        return type(error).__name__ + ": " + str(error)
    return sorted(set(space) - {"__builtins__"})

def begin(*question):
    if not hasattr(os, "fork"):
        import subprocess
        command = [sys.executable, "-I", "-S", "-B", "-W", "ignore", "-c", program, *question]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return child.communicate()[0].splitlines()[-1:]
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        # What a module prints when it is imported is nothing to us.
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        with os.fdopen(writer, "w") as output:
            json.dump(star(*question), output)
        os._exit(0)
    os.close(writer)
    return child, reader

def end(child, reader):
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text

if sys.argv[1:]:
    print(json.dumps(star(*sys.argv[1:])))
else:
    program = json.loads(sys.stdin.readline())
    questions = json.load(sys.stdin)
    answers = []
    while questions:
        begun = [begin(*question) for question in questions[:8]]
        answers += [json.loads((end(*one) if len(one) == 2 else "".join(one)) or "null") for one in begun]
        del questions[:8]
    print(json.dumps(answers))
"#;

/// Runs a program with an input, without site-packages, whose `.pth` files may import anything.
fn run(program: &str, input: &str) -> String {
    let mut command = Command::new("python3");
    command.args(["-I", "-S", "-B", "-W", "ignore", "-c", program]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the tests need `python3` on the path");
    let mut pipe = child.stdin.take().expect("the input is a pipe");
    // For interpreters that it starts itself, the program gets its own text as the first line.
    writeln!(pipe, "{}\n{input}", Value::from(program)).unwrap_or_default();
    drop(pipe);
    let output = child.wait_with_output().expect("`python3` ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`python3` failed:\n{errors}");
    String::from_utf8(output.stdout).expect("`python3` prints UTF-8")
}
