#!/usr/bin/env python3
"""Applies the safe fixes to whole packages and asks CPython whether anything broke.

    scripts/nothing_breaks.py [--tests] [django==5.2 sqlalchemy==2.1.0b1 sympy==1.14 stdlib ...]

Each package is downloaded into a virtual environment below target/nothing-breaks and copied; the copy is fixed by
`douane check --fix` (safe fixes only). Then every module is imported in a process of its own, before and after, and two
things are compared:

- every module that could be imported still can;
- every name that a module of the program takes from another one, by `from m import name`, by `module.name` or through a
  star, is still there and is the same object.

A second `--fix` must change nothing. `stdlib` is the standard library of the Python that runs this script. With
`--tests` sympy's own tests of core, solvers and printing are run before and after (this takes half an hour). Exits with 1 if
anything broke.
"""

import argparse
import ast
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import symtable
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "nothing-breaks"
DOUANE = ROOT / "target" / "release" / "douane"
PACKAGES = ["django==5.2", "sqlalchemy>=2.1.0b1,<2.2", "sympy==1.14", "stdlib"]
# What a package uses where it is installed: what a star from it brings is known only then.
WITH = {"sympy": ["antlr4-python3-runtime==4.11.*"]}
# What does more than define names when it is imported.
LOUD = re.compile(r"(^|\.)(__main__|antigravity|this|idlelib\.idle|test\.(regrtest|autotest|crashers.*|libregrtest.*))$")

# Runs in the interpreter whose modules are looked at: forks, so that each module is imported into a fresh process.
PROBE = r"""
import importlib, json, os, select, signal, sys

def described(value):
    kind = type(value)
    if kind in (int, float, str, bytes, bool, type(None), complex):
        return [kind.__name__, repr(value)[:200]]
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    owner = getattr(value, "__module__", None)
    return [kind.__module__ + "." + kind.__qualname__, owner if isinstance(owner, str) else None, name if isinstance(name, str) else None]

def look(module, names):
    try:
        found = importlib.import_module(module)
    except BaseException as error:
        return {"error": type(error).__name__ + ": " + str(error)[:300]}
    result = {}
    for name in names:
        try:
            result[name] = described(getattr(found, name))
        except BaseException:
            # `from package import module` loads what is no attribute yet.
            try:
                result[name] = ["module", importlib.import_module(module + "." + name).__name__]
            except BaseException as error:
                result[name] = None
    return {"names": result}

out = os.dup(1)
for line in sys.stdin:
    module, names = json.loads(line)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        signal.alarm(60)
        sys.argv = [module]
        answer = json.dumps(look(module, names)).encode()
        while answer:
            answer = answer[os.write(writer, answer):]
        os._exit(0)
    os.close(writer)
    parts = []
    while part := os.read(reader, 65536):
        parts.append(part)
    os.close(reader)
    os.waitpid(child, 0)
    os.write(out, json.dumps([module, json.loads(b"".join(parts) or b'{"error": "no answer"}')]).encode() + b"\n")
"""


def modules_of(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = list(path.relative_to(folder).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        name = ".".join(parts)
        if parts and all(part.isidentifier() for part in parts) and not LOUD.search(name) and parts[0] != "site-packages":
            found[name] = path
    return found


def takes(modules: dict[str, pathlib.Path]) -> dict[str, set[str]]:
    """The names that the modules take from each other, by module: read off the syntax, without douane."""
    taken: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        aliases: dict[str, str] = {}
        stars: list[str] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                source = ".".join([*base, *(node.module.split(".") if node.module else [])])
                for alias in node.names:
                    if alias.name == "*":
                        stars.append(source)
                    elif source in taken:
                        taken[source].add(alias.name)
                        aliases[alias.asname or alias.name] = f"{source}.{alias.name}"
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    aliases[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
        used = globals_of(path) - bound_by(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute):
                continue
            chain = [node.attr]
            value = node.value
            while isinstance(value, ast.Attribute):
                chain.append(value.attr)
                value = value.value
            if isinstance(value, ast.Name) and value.id in aliases:
                parts = [*aliases[value.id].split("."), *reversed(chain)]
                source = ".".join(parts[:-1])
                if source in taken:
                    taken[source].add(parts[-1])
        # What a star brings, of whichever star it is, is looked up where it is used.
        if stars:
            taken[name] |= used
    return taken


def bound_by(tree: ast.Module) -> set[str]:
    """The names that a file binds itself: a star brings them in vain."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found.add(node.target.id)
    return found


def globals_of(path: pathlib.Path) -> set[str]:
    """The names that the code of a file looks up in the module."""
    found: set[str] = set()
    tables = [symtable.symtable(path.read_bytes().decode("utf-8", "replace").replace("\0", ""), str(path), "exec")]
    while tables:
        table = tables.pop()
        is_module = table.get_type() == "module"
        found |= {name.get_name() for name in table.get_symbols() if name.is_referenced() and (is_module or name.is_global())}
        tables += table.get_children()
    return found


def look(python: pathlib.Path, folder: pathlib.Path | None, wanted: dict[str, set[str]], flags: list[str], cache: pathlib.Path) -> dict[str, dict]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        # Compiled once, not for every module anew.
        "PYTHONPYCACHEPREFIX": str(cache),
        "PYTHONHASHSEED": "0",
        "DISPLAY": "",
    }
    if folder:
        environment["PYTHONPATH"] = str(folder)
    halves = [sorted(wanted)[at::2] for at in range(2)]

    def run(names: list[str]) -> dict[str, dict]:
        lines = "".join(json.dumps([name, sorted(wanted[name])]) + "\n" for name in names)
        done = subprocess.run([python, *flags, "-c", PROBE], input=lines, capture_output=True, text=True, env=environment, cwd="/")
        return dict(json.loads(line) for line in done.stdout.splitlines())

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return {name: found for half in pool.map(run, halves) for name, found in half.items()}


def douane(folder: pathlib.Path, python: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess:
    # The copy of the standard library is no environment.
    environment = ["--python", str(python)] if "venv" in python.parts else []
    command = [DOUANE, "check", "--isolated", *environment, *arguments, str(folder)]
    return subprocess.run(command, capture_output=True, text=True)


def plain(value: object) -> str:
    """A value without the paths and process numbers in it."""
    return re.sub(r"nothing-breaks/\w+/(before|after)|@test_\d+_tmp", "", json.dumps(value))


def stars_in(modules: dict[str, pathlib.Path]) -> int:
    star = re.compile(rb"^[ \t]*from\s+\S+\s+import\s*\*", re.M)
    return sum(len(star.findall(path.read_bytes())) for path in modules.values())


def prepare(package: str) -> tuple[pathlib.Path, pathlib.Path, pathlib.Path, pathlib.Path, list[str]]:
    """The interpreters and the folders, before and after."""
    name = re.split(r"[=<>]", package)[0]
    home = LAB / name
    if package == "stdlib":
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        pythons = []
        for state in ("before", "after"):
            target = home / state
            if target.exists():
                shutil.rmtree(target)
            (target / "bin").mkdir(parents=True)
            shutil.copy2(pathlib.Path(sys.base_prefix) / "bin" / version, target / "bin" / version)
            ignored = shutil.ignore_patterns("__pycache__", "site-packages")
            shutil.copytree(pathlib.Path(sys.base_prefix) / "lib" / version, target / "lib" / version, ignore=ignored, symlinks=True)
            for library in (pathlib.Path(sys.base_prefix) / "lib").glob("libpython*.so*"):
                shutil.copy2(library, target / "lib" / library.name)
            pythons.append(target / "bin" / version)
        return pythons[0], pythons[1], home / "before" / "lib" / version, home / "after" / "lib" / version, ["-S"]
    if not (home / "venv").exists():
        venv.create(home / "venv", with_pip=True)
    python = home / "venv" / "bin" / "python"
    if not (home / "before").exists():
        subprocess.run([python, "-m", "pip", "install", "-q", "--pre", "--target", str(home / "all"), package, *WITH.get(name.lower(), [])], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "pytest", "hypothesis", "mpmath"], check=True)
        (home / "before").mkdir()
        top = name.lower()
        for entry in (home / "all").iterdir():
            if entry.name == top:
                shutil.move(str(entry), str(home / "before" / top))
        others = home / "others"
        shutil.rmtree(others, ignore_errors=True)
        (home / "all").rename(others)
    shutil.rmtree(home / "after", ignore_errors=True)
    shutil.copytree(home / "before", home / "after", ignore=shutil.ignore_patterns("__pycache__"))
    for site in (home / "venv" / "lib").glob("python*/site-packages"):
        (site / "others.pth").write_text(str(home / "others") + "\n")
    return python, python, home / "before", home / "after", []


def compare(package: str, tests: bool) -> bool:
    before_python, after_python, before, after, flags = prepare(package)
    fixed = douane(after, after_python, "--fix")
    again = douane(after, after_python, "--fix")
    changed = subprocess.run(["diff", "-rq", "-x", "__pycache__", before, after], capture_output=True, text=True).stdout
    counts = subprocess.run(["diff", "-r", "-U0", before, after], capture_output=True, text=True).stdout
    lines = sum(line[0] in "+-" and not line.startswith(("+++", "---")) for line in counts.splitlines() if line)
    first = next((line for line in fixed.stdout.splitlines() if line.startswith("Fixed")), "Fixed nothing.")
    second = next((line for line in again.stdout.splitlines() if line.startswith("Fixed")), "nothing more")
    difference = douane(after, after_python, "--diff").stdout
    modules = modules_of(before)
    wanted = takes(modules)
    is_stdlib = package == "stdlib"
    one = look(before_python, None if is_stdlib else before, wanted, flags, before.parent / "cache-before")
    other = look(after_python, None if is_stdlib else after, wanted, flags, after.parent / "cache-after")
    broken = [name for name in one if "names" in one[name] and "names" not in other.get(name, {})]
    lost, compared = [], 0
    for name, found in one.items():
        for taken, value in found.get("names", {}).items():
            if value is None or name in broken:
                continue
            compared += 1
            now = other[name]["names"].get(taken)
            if plain(now) != plain(value):
                lost.append((name, taken, value, now))
    imported = sum("names" in found for found in one.values())
    print(f"{package}: {first} Second run: {second}; --diff then: {len(difference)} bytes.")
    print(f"  {len(changed.splitlines())} files, {lines} lines changed; stars {stars_in(modules)} -> {stars_in(modules_of(after))}")
    print(f"  {imported} of {len(modules)} modules can be imported before; {len(broken)} of them no longer")
    for name in broken:
        print(f"    {name}: {other.get(name, {}).get('error')}")
    print(f"  {compared} taken names compared, {len(lost)} missing or another object")
    for name, taken, value, now in lost[:40]:
        print(f"    {name}.{taken}: {value} -> {now}")
    problems = [line for line in fixed.stderr.splitlines() if line.startswith("error")]
    for line in problems:
        print(f"    {line}")
    is_good = not broken and not lost and not difference and second == "nothing more" and not problems
    if tests and package.startswith("sympy"):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda folder: sympy_tests(before_python, folder), (before, after))
        print(f"  tests before: {first[0]}\n  tests after:  {second[0]}")
        for failed in sorted({*first[1], *second[1]}):
            print(f"    {'both' if failed in first[1] and failed in second[1] else 'ONE'}: {failed}")
        is_good &= first == second
    return is_good


def sympy_tests(python: pathlib.Path, folder: pathlib.Path) -> tuple[str, list[str]]:
    """The last line of the test run, and what failed. As with sympy's own runner, tests marked as slow or too slow are left out."""
    targets = [str(folder / "sympy" / part) for part in ("core", "solvers", "printing")]
    command = [python, "-m", "pytest", "-q", "-m", "not slow and not tooslow", "-p", "no:cacheprovider", "--rootdir", str(folder), *targets]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONHASHSEED": "0", "PYTHONPYCACHEPREFIX": str(folder.parent / "cache-tests")}
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    lines = run.stdout.strip().splitlines()
    failed = sorted(re.sub(r" - .*", "", line).replace(str(folder), "") for line in lines if line.startswith(("FAILED", "ERROR")))
    return re.sub(r" in [\d.]+s.*|, \d+ warnings?", "", lines[-1]), failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", default=PACKAGES, help="what pip calls them, or `stdlib`")
    parser.add_argument("--tests", action="store_true", help="run sympy's tests before and after")
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    LAB.mkdir(parents=True, exist_ok=True)
    results = [compare(package, arguments.tests) for package in arguments.packages]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
