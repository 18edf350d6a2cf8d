#!/usr/bin/env python3
"""Lets CPython judge the findings of missing-name and undefined-in-all.

    scripts/judge_names.py [--python PYTHON] FOLDER...

FOLDER holds packages, such as a `site-packages`; PYTHON (this one, unless another is named) imports from it. For each finding
a fresh interpreter tries what douane says must fail: `from m import name` has to raise ImportError although `m` can be
imported; and of a module whose `__all__` is said to name something missing, `from m import *` has to raise AttributeError.
Findings about modules that can't be imported at all are counted apart. Exits with 1 if a finding is false. What is imported
is run: this is for code that is trusted.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOUANE = ROOT / "target" / "release" / "douane"

JUDGE = """
import importlib, sys
rule, module, name = sys.argv[1:]
try:
    found = importlib.import_module(module)
except BaseException as error:
    print("not importable:", type(error).__name__)
    raise SystemExit
if rule == "missing-name":
    try:
        exec(f"from {module} import {name}")
    except ImportError:
        print("true")
    else:
        print("false: it is there")
elif name not in getattr(found, "__all__", ()):
    print("false: `__all__` does not name it")
else:
    try:
        exec(f"from {module} import *")
    except AttributeError as error:
        print("true")
    else:
        print("false: it is there" if hasattr(found, name) else "true")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    python = shutil.which(arguments.python) or sys.exit(f"{arguments.python}: no such interpreter")
    python = str(pathlib.Path(python).absolute())
    wrong = 0
    for folder in arguments.folders:
        # A copy: virtual environments tell git, and with it douane, to ignore all that is in them.
        copy = ROOT / "target" / "judged"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy, ignore=lambda _, names: [name for name in names if name in ("__pycache__", ".gitignore")])
        command = [DOUANE, "check", "--isolated", "--ignore-noqa", "--select", "missing-name,undefined-in-all", "--output-format", "json", str(copy)]
        told = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
        found, files = told["diagnostics"], told["summary"]["files"]
        if files == 0:
            sys.exit(f"{folder}: no Python files")
        verdicts: dict[str, int] = {}
        for finding in found:
            names = re.findall(r"`([^`]*)`", finding["message"])
            module, name = names[0], names[1]
            run = [python, "-c", JUDGE, finding["rule"], module, name]
            done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=120, cwd="/", env={"PYTHONPATH": str(folder.resolve()), "PATH": "/usr/bin:/bin"})
            verdict = (done.stdout.strip().splitlines() or ["no answer"])[-1]
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
            if verdict.startswith("false"):
                wrong += 1
                print(f"  {finding['path']}:{finding['range']['start']['line']}: {finding['message']}: {verdict}")
        print(f"{folder}: {files} files, {len(found)} findings; {', '.join(f'{kind} {count}' for kind, count in sorted(verdicts.items())) or 'none'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
