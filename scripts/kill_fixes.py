#!/usr/bin/env python3
"""Kills `douane check --fix` at random moments and looks at what is left.

    scripts/kill_fixes.py [--runs 200] [--files 400]

A project of many files is made, in each of which an import has to go and a star to be written out; every other file takes
names through the one before, so that the fixes depend on each other. Each run works on a fresh copy, is killed (SIGKILL)
at a random moment, and then every file must be one that some round of an unhindered run wrote, or the old one: never cut
off, never something else; and every name that a file takes from another must still be there. A further `--fix` must end
where the unhindered run ended, with nothing left over.
"""

import argparse
import ast
import pathlib
import random
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "kill"
DOUANE = ROOT / "target" / "release" / "douane"


def make(folder: pathlib.Path, count: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "lint.toml").write_text("")
    for number in range(count):
        takes = f"from m{number - 1} import helper{number - 1}, json\n" if number % 2 else "import json\n"
        text = (
            f'"""Module {number}."""\nimport os, sys\n{takes}from math import *\n\n\n'
            f"def helper{number}(x):\n    return cos(x) + len(sys.argv){f' + helper{number - 1}(x)' if number % 2 else ''}\n"
        )
        (folder / f"m{number}.py").write_text(text + "# " + "x" * 5000 + "\n")


def contents(folder: pathlib.Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.glob("*.py"))}


def fix(folder: pathlib.Path) -> subprocess.Popen:
    return subprocess.Popen([DOUANE, "check", "--fix-only", "-q"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def defined(text: str) -> set[str]:
    names = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def is_whole(files: dict[str, str]) -> bool:
    """Every name that a file takes from another is there."""
    known = {name.removesuffix(".py"): defined(text) for name, text in files.items()}
    for text in files.values():
        for node in ast.parse(text).body:
            if isinstance(node, ast.ImportFrom) and node.module in known:
                if not {alias.name for alias in node.names} <= known[node.module]:
                    return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--files", type=int, default=400)
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    source, copy = LAB / "source", LAB / "copy"
    make(source, arguments.files)
    old = contents(source)
    allowed: dict[str, set[str]] = {name: {text} for name, text in old.items()}
    # What the rounds write, seen often enough by looking while one runs.
    durations = []
    for _ in range(5):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy)
        started = time.monotonic()
        process = fix(copy)
        while process.poll() is None:
            for name, text in contents(copy).items():
                allowed[name].add(text)
        durations.append(time.monotonic() - started)
    new = contents(copy)
    for name, text in new.items():
        allowed[name].add(text)
    shutil.rmtree(copy)
    shutil.copytree(source, copy)
    started = time.monotonic()
    fix(copy).wait()
    duration = time.monotonic() - started
    bad, partial = [], 0
    for run in range(arguments.runs):
        shutil.rmtree(copy)
        shutil.copytree(source, copy)
        process = fix(copy)
        time.sleep(random.random() * duration)
        process.kill()
        process.wait()
        found = contents(copy)
        states = {(found[name] != old[name]) for name in old}
        partial += len(states) == 2
        if set(found) != set(old):
            bad.append((run, "files are missing"))
        elif wrong := [name for name in old if found[name] not in allowed[name]]:
            bad.append((run, f"{wrong[0]} is something else"))
        elif not is_whole(found):
            bad.append((run, "a name that is taken is gone"))
        subprocess.run([DOUANE, "check", "--fix-only", "-q"], cwd=copy, check=False)
        if contents(copy) != new:
            bad.append((run, "a further run does not end where it should"))
    print(f"{arguments.runs} runs killed within {duration:.2f} s, {partial} of them between the first and the last file; {len(bad)} bad")
    for run, problem in bad[:20]:
        print(f"  run {run}: {problem}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
