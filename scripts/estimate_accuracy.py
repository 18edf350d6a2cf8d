#!/usr/bin/env python3
"""Compares what `douane cost --static` says that a module loads with what CPython loads.

    scripts/estimate_accuracy.py [--show] PYTHON [MODULE...]

PYTHON is an interpreter that has the modules: numpy, pandas, sqlalchemy, django.db.models and matplotlib.pyplot unless others
are named. For each module precision (how much of what is estimated is really loaded) and recall (how much of what is
loaded is estimated) are printed, and with `--show` the modules that make the difference.

Exits with 1 where precision is below 95 %, or recall below 97 % (90 % for pandas, whose compiled modules don't spell what
they import).
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOUANE = ROOT / "target" / "release" / "douane"
MODULES = ["numpy", "pandas", "sqlalchemy", "django.db.models", "matplotlib.pyplot"]
PRECISION = 0.95
RECALL = {"pandas": 0.90}
USUAL_RECALL = 0.97


def estimated(python: str, module: str, folder: str) -> set[str]:
    command = [DOUANE, "cost", "--static", module, "--python", python, "--output-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env={**os.environ, "XDG_CACHE_HOME": folder})
    return {load["module"] for load in json.loads(done.stdout)["targets"][0]["loaded"] if load["is_loaded"]}


def loaded(python: str, module: str, folder: str) -> set[str]:
    code = f"import sys; before = set(sys.modules); import {module}; print(*sorted(set(sys.modules) - before))"
    environment = {**os.environ, "MPLBACKEND": "Agg", "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=folder)
    return set(done.stdout.split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print the modules that make the difference")
    parser.add_argument("python", type=os.path.abspath)
    parser.add_argument("modules", nargs="*", default=MODULES)
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    is_good = True
    with tempfile.TemporaryDirectory() as folder:
        for module in arguments.modules:
            guess, truth = estimated(arguments.python, module, folder), loaded(arguments.python, module, folder)
            both = len(guess & truth)
            precision, recall = both / max(len(guess), 1), both / max(len(truth), 1)
            is_right = precision >= PRECISION and recall >= RECALL.get(module, USUAL_RECALL)
            is_good &= is_right
            print(f"{module}: {len(truth)} modules, {len(guess)} estimated; precision {precision:.1%}, recall {recall:.1%}{'' if is_right else '  TOO LOW'}")
            if arguments.show:
                print("  not loaded:", " ".join(sorted(guess - truth)))
                print("  missed:", " ".join(sorted(truth - guess)))
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
