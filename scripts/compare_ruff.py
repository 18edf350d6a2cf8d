#!/usr/bin/env python3
"""Compares douane with ruff and pyflakes about imports on whole packages, and puts every difference into a class.

    scripts/compare_ruff.py [--peer ruff|pyflakes] TREE... [--verbose]

Compared are unused imports (F401), redefined ones (F811), names that may come from a star (F405), entries of `__all__` that are
not defined (F822), and late imports from `__future__` (F404): by file and line. The classes are told without douane, from the syntax of the files:

    taken elsewhere     another module takes the name from this one
    listed              `__all__` of the file names it, perhaps in a branch
    public package      a package's `__init__` passes it on through a star, or the star itself is at stake
    type comment        a comment such as `# type: List[int]` uses it
    dynamic             the file looks at its own namespace, or computes `__all__`
    fixture             pytest hands it to a test by its name
    passed on           `from m import x as x`, which says that others are to take it
    stub                the stub of a package, whose imports may be what it offers
    special             `__doc__` and the like, which are read by name
    silenced            a comment of another linter silences it
    not the last        ruff looks at the last binding of a name only; here an import is one of several
    other scope         a parameter or local name hides the import, which is no redefinition
    not an import       what is redefined is no import
    conditional         under a condition, or in `try`
    resolved star       what a star brings, or does not, is known
    foreign star        the star is one of a module outside the tree
    package             ruff leaves the `__all__` of packages alone
    submodule           `import a.b` is what a use of `a.b` needs, or nobody uses `a.b`
    used in between     the import was used before its name was taken over
    string              a string that holds a type is read in another scope

What fits none is printed as `?`. Exits with 1 if there is any. ruff and pyflakes are installed below target/compare-ruff.
"""

import argparse
import ast
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "compare-ruff"
DOUANE = ROOT / "target" / "release" / "douane"
CODES = {
    "F401": {"unused-import", "unused-star"},
    "F811": {"redefined-import", "duplicate-import", "import-shadows-name", "name-shadows-import", "star-conflict"},
    "F405": {"undefined-name-behind-star"},
    "F822": {"undefined-in-all"},
    "F404": {"late-future-import"},
}

sys.path.insert(0, str(ROOT / "scripts"))
from nothing_breaks import modules_of, takes  # noqa: E402


def tools() -> pathlib.Path:
    if not (LAB / "bin" / "ruff").exists():
        venv.create(LAB, with_pip=True)
        subprocess.run([LAB / "bin" / "python", "-m", "pip", "install", "-q", "ruff==0.17.*", "pyflakes"], check=True)
    return LAB / "bin"


def said_by_ruff(tree: pathlib.Path) -> dict[str, dict[tuple[str, int], list[str]]]:
    command = [tools() / "ruff", "check", "--isolated", "--no-cache", "--select", ",".join(CODES), "--output-format", "json", str(tree)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    said = {code: collections.defaultdict(list) for code in CODES}
    for finding in found:
        if finding["code"] in CODES:
            said[finding["code"]][os.path.realpath(finding["filename"]), finding["location"]["row"]].append(finding["message"])
    return said


# Runs in the environment that has pyflakes.
PYFLAKES = r"""
import ast, json, sys
from pyflakes import checker

CODES = {"UnusedImport": "F401", "RedefinedWhileUnused": "F811", "ImportStarUsage": "F405", "UndefinedExport": "F822", "LateFutureImport": "F404"}
for path in sys.stdin.read().split("\0"):
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
        messages = checker.Checker(tree, filename=path).messages
    except (SyntaxError, ValueError, RecursionError):
        continue
    for message in messages:
        kind = type(message).__name__
        if kind in CODES:
            name, *rest = message.message_args or ("",)
            told = f" from line {rest[0]}" if kind == "RedefinedWhileUnused" else ""
            print(json.dumps([CODES[kind], path, message.lineno, f"`{name}` {kind}{told}"]))
"""


def said_by_pyflakes(tree: pathlib.Path) -> dict[str, dict[tuple[str, int], list[str]]]:
    paths = "\0".join(os.path.realpath(path) for path in sorted(tree.rglob("*.py")))
    run = subprocess.run([tools() / "python", "-W", "ignore", "-c", PYFLAKES], input=paths, capture_output=True, text=True, check=True)
    said = {code: collections.defaultdict(list) for code in CODES}
    for line in run.stdout.splitlines():
        code, path, number, message = json.loads(line)
        said[code][path, number].append(message)
    return said


def said_by_douane(tree: pathlib.Path) -> dict[str, dict[tuple[str, int], list[str]]]:
    rules = sorted(set().union(*CODES.values()))
    command = [DOUANE, "check", "--isolated", "--select", ",".join(rules), "--output-format", "json", str(tree)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    said = {code: collections.defaultdict(list) for code in CODES}
    for finding in found["diagnostics"]:
        for code, names in CODES.items():
            if finding["rule"] in names:
                place = os.path.realpath(finding["path"]), finding["range"]["start"]["line"]
                said[code][place].append(f"{finding['rule']}: {finding['message']}")
    return said


def by_statement(said: dict[tuple[str, int], list[str]]) -> dict[tuple[str, int], list[str]]:
    """The same by the first line of the statement around, which is where pyflakes reports."""
    result = collections.defaultdict(list)
    starts: dict[str, dict[int, int]] = {}
    for (path, line), messages in said.items():
        if path not in starts:
            starts[path] = {}
            try:
                nodes = ast.walk(ast.parse(pathlib.Path(path).read_bytes()))
            except (SyntaxError, ValueError):
                nodes = iter(())
            for node in nodes:
                if isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign, ast.AugAssign)):
                    starts[path] |= dict.fromkeys(range(node.lineno, node.end_lineno + 1), node.lineno)
        result[path, starts[path].get(line, line)] += messages
    return result


def name_in(message: str) -> str:
    quoted = re.findall(r"`([^`]*)`", message)
    name = quoted[0] if quoted else ""
    return re.split(r"\s+as\s+|\.", name)[-1].split()[-1] if name.strip() else ""


def taken_otherwise(path: str, names: set[str], modules: dict[str, pathlib.Path], taken: dict[str, set[str]]) -> bool:
    """Whether a module that takes a star from this one mentions a name, or a string spells it with the module's name."""
    own = {module for module, other in modules.items() if os.path.realpath(other) == path}
    texts = {module: other.read_text(errors="replace") for module, other in modules.items()}
    named = re.compile(rf"['\"]({'|'.join(map(re.escape, own))})[.:]({'|'.join(map(re.escape, names))})\b")
    used = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")
    if any(named.search(text) for text in texts.values()):
        return True
    # Stars of modules that have stars of it hand the names on.
    reached, found = set(), own
    while found:
        reached |= found
        ends = "|".join({re.escape(part) for module in found for part in (module, module.split(".")[-1])})
        star = re.compile(rf"from\s+[\w.]*\b({ends})\s+import\s+\*|from\s+\.+\s+import\s+\*")
        found = {module for module, text in texts.items() if module not in reached and star.search(text)}
        if any(used.search(texts[module]) or names & taken.get(os.path.realpath(modules[module]), set()) for module in found):
            return True
    return False


def class_of_star(text: str, name: str, modules: dict[str, pathlib.Path]) -> str:
    """Whether some star of the text is one of a module that has such a name, or of none that is at hand."""
    stars = re.findall(r"from\s+(\S+)\s+import\s+\*", text)
    ends = {star.lstrip(".") for star in stars}
    parts = {part for end in ends for part in end.split(".")}
    bound = re.compile(rf"(def|class|import|as|,|\(|^)\s*{re.escape(name)}\b|\b{re.escape(name)}\s*[=,:]|['\"]{re.escape(name)}['\"]", re.M)
    seen: set[str] = set()
    if name in parts or any(part in sys.stdlib_module_names for part in parts):
        return "resolved star"
    asked = [module for module in modules if any(module == end or module.endswith("." + end) or not end for end in ends)]
    if not asked:
        return "foreign star"
    while asked:
        module = asked.pop()
        if module in seen:
            continue
        seen.add(module)
        source = modules[module].read_text(errors="replace")
        if bound.search(source) or re.search(r"globals\(\)|setattr|exec\(", source):
            return "resolved star"
        further = {star.lstrip(".") for star in re.findall(r"from\s+(\S+)\s+import\s+\*", source)}
        asked += [module for module in modules if any(module == end or module.endswith("." + end) for end in further if end)]
        if any(end.split(".")[0] in sys.stdlib_module_names for end in further):
            return "resolved star"
    return "?"


def statement_at(text: str, line: int) -> str:
    """The lines of the import or assignment that a line is part of."""
    try:
        nodes = ast.walk(ast.parse(text))
    except (SyntaxError, ValueError):
        nodes = iter(())
    kinds = (ast.Import, ast.ImportFrom, ast.Assign, ast.AugAssign, ast.AnnAssign)
    for node in nodes:
        if isinstance(node, kinds) and node.lineno <= line <= node.end_lineno:
            return "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])
    return ""


def class_of_missing(code: str, path: str, line: int, message: str, taken: dict[str, set[str]], modules: dict[str, pathlib.Path]) -> str:
    """Why douane does not say what its peer says."""
    text = pathlib.Path(path).read_text(errors="replace")
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    name = name_in(message)
    if name == "*":
        return "resolved star"
    statement = statement_at(text, line)
    if re.search(r"noqa", statement, re.I) or re.search(r"^#\s*(flake8|ruff):\s*noqa\s*$", text, re.M):
        return "silenced"
    if re.search(rf"\b{re.escape(name)}\s+as\s+{re.escape(name)}\b", statement):
        return "passed on"
    top = re.findall(r"`([^`]*)`", message)[0].lstrip(".").split(".")[0] if "`" in message else ""
    if code == "F811":
        if re.search(rf"(def\s+\w+|lambda)\b.*\b{re.escape(name)}\b", here) and not re.match(rf"\s*(async\s+)?def\s+{re.escape(name)}\b", here):
            return "other scope"
        first = re.search(r"from line (\d+)", message)
        original = lines[int(first[1]) - 1] if first else ""
        block = "\n".join(lines[max(0, int(first[1]) - 30) : int(first[1])]) if first else ""
        if "import" not in original and not re.search(r"import\s*\([^)]*$", block):
            return "not an import"
        if first and re.match(r"\s", original) and re.search(r"\b(try|if|else|except)\b.*:\s*(#.*)?$", block, re.M):
            return "conditional"
        if re.match(r"\s", here) or re.search(r"\bdef\b", here):
            return "other scope"
        return "?"
    if code == "F822":
        return "dynamic" if re.search(r"globals\(\)|setattr|__getattr__|import \*|exec\(", text) else "?"
    if code == "F405":
        return class_of_star(text, name, modules)
    if code != "F401":
        return "?"
    alias = re.search(rf"\b{re.escape(name)}\s+as\s+(\w+)", here)
    if {name, top, alias[1] if alias else name} & taken.get(path, set()):
        return "taken elsewhere"
    if taken_otherwise(path, {name, top}, modules, taken):
        return "taken elsewhere"
    if path.endswith("__init__.pyi"):
        return "stub"
    if "." in message.split("`")[1] and re.search(rf"^\s*import\s+\w+\.\w+", here):
        return "submodule"
    if name.startswith("__") and name.endswith("__"):
        return "special"
    if re.search(r"pylint:\s*(disable|skip)|flake8:|noqa|NOQA", here) or re.search(r"^#\s*(pylint:\s*(disable=.*unused|skip-file)|flake8|ruff:)", text, re.M):
        return "silenced"
    if re.search(rf"#\s*type:.*\b{re.escape(name)}\b", text):
        return "type comment"
    if re.search(r"\b(globals|eval|exec|vars|locals|dir)\s*\(", text):
        return "dynamic"
    lists = re.findall(r"__all__[^=\n]*=.*?[\])]", text, re.S)
    if any(re.search(rf"['\"]({re.escape(name)}|{re.escape(top)})['\"]", entry) for entry in lists):
        return "listed"
    if re.search(r"__all__\s*(\+?=|\.)\s*[^\[(\s]|__all__\s*=.*(\+|for |\*)", text):
        return "dynamic"
    if pathlib.Path(path).name == "conftest.py" or (pathlib.Path(path).name.startswith("test") and re.search(rf"def\s+\w+\([^)]*\b{re.escape(name)}\b", text)):
        return "fixture"
    if re.search(rf"['\"][^'\"\n]*\b{re.escape(name)}\b[^'\"\n]*['\"]", text):
        return "string"
    return "?"


def class_of_added(peer: str, code: str, path: str, line: int, message: str) -> str:
    """Why its peer does not say what douane says."""
    if peer == "pyflakes" and path.endswith(".pyi"):
        return "stub"
    text = pathlib.Path(path).read_text(errors="replace")
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    name = name_in(message)
    if re.search(r"noqa|NOQA", here):
        return "silenced"
    if code == "F811":
        if "hides" in message or "the module imports" in message:
            return "other scope"
        if message.startswith("star-conflict"):
            return "resolved star"
        if "replaces" in message and "used before" in message:
            return "used in between"
        return "conditional" if re.match(r"\s", here) else "not the last"
    if message.startswith("unused-star"):
        return "resolved star"
    bound = len(re.findall(rf"(import|as|,|\(|^)\s*{re.escape(name)}\s*(,|\)|$|#)|^\s*{re.escape(name)}\s*=|def {re.escape(name)}\b|class {re.escape(name)}\b", text, re.M))
    if code == "F401" and bound > 1:
        return "not the last"
    if code == "F401" and ("only tells" in message or re.match(r"\s", here)):
        return "conditional"
    if code == "F401" and re.search(r"import\s+\w+\.\w+", here):
        return "submodule"
    if code == "F822":
        return "package" if pathlib.Path(path).name == "__init__.py" else "resolved star" if re.search(r"import \*", text) else "?"
    return "?"


# Differences about more than the file itself, about what is asked, or about comments.
BEYOND_ONE_FILE = {"taken elsewhere", "resolved star", "foreign star", "package", "silenced", "other scope", "not an import", "dynamic", "listed", "stub", "passed on", "type comment"}


def imported_names(paths: list[pathlib.Path]) -> int:
    count = 0
    for path in paths:
        try:
            nodes = ast.walk(ast.parse(path.read_bytes()))
        except (SyntaxError, ValueError):
            continue
        count += sum(len(node.names) for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)))
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+", type=pathlib.Path)
    parser.add_argument("--peer", choices=["ruff", "pyflakes"], default="ruff")
    parser.add_argument("--verbose", action="store_true", help="print every difference, not only those without a class")
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    said_by = {"ruff": said_by_ruff, "pyflakes": said_by_pyflakes}
    unexplained = differing = imported = 0
    for tree in arguments.trees:
        base = tree if not (tree / "__init__.py").exists() else tree.parent
        modules = modules_of(base)
        # Stubs take names, too.
        stubs = {f"{name}-stub": path.with_suffix(".pyi") for name, path in modules.items() if path.with_suffix(".pyi").exists()}
        alone = {".".join(path.relative_to(base).with_suffix("").parts) + "-stub": path for path in base.rglob("*.pyi")}
        modules |= stubs | alone
        taken = {os.path.realpath(modules[name]): names for name, names in takes(modules).items()}
        imported += imported_names(list(modules.values()))
        peer, douane = said_by[arguments.peer](tree), said_by_douane(tree)
        if arguments.peer == "pyflakes":
            douane = {code: by_statement(said) for code, said in douane.items()}
        for code in CODES:
            classes: collections.Counter = collections.Counter()
            both = 0
            for place in sorted({*peer[code], *douane[code]}):
                theirs, ours = peer[code].get(place, []), douane[code].get(place, [])
                both += min(len(theirs), len(ours))
                if len(theirs) > len(ours):
                    # Of one line those first that both name.
                    theirs = sorted(theirs, key=lambda message: not any(re.search(rf"\b{re.escape(name_in(message))}\b", other) for other in ours))
                for message in theirs[len(ours) :]:
                    kind = class_of_missing(code, *place, message, taken, modules)
                    classes["-" + kind] += 1
                    if kind == "?" or arguments.verbose:
                        print(f"  - {kind}: {place[0]}:{place[1]}: {message}")
                for message in ours[len(theirs) :]:
                    kind = class_of_added(arguments.peer, code, *place, message)
                    classes["+" + kind] += 1
                    if kind == "?" or arguments.verbose:
                        print(f"  + {kind}: {place[0]}:{place[1]}: {message}")
            unexplained += classes["-?"] + classes["+?"]
            differing += sum(count for kind, count in classes.items() if kind[1:] not in BEYOND_ONE_FILE)
            listed = ", ".join(f"{kind} {count}" for kind, count in sorted(classes.items()))
            counts = f"{arguments.peer} {sum(map(len, peer[code].values()))}, douane {sum(map(len, douane[code].values()))}, both {both}"
            print(f"{tree.name} {code}: {counts}{'; ' if listed else ''}{listed}")
    print(f"Of {imported} imported names the two judge {differing} differently by the file alone: {1 - differing / max(imported, 1):.3%} agree; {unexplained} without a class")
    sys.exit(1 if unexplained else 0)


if __name__ == "__main__":
    main()
