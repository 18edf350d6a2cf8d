#!/usr/bin/env python3
"""Compares what `douane cost` measures with CPython's own word.

    scripts/cost_accuracy.py [--runs 15] PYTHON...

Each PYTHON is an interpreter that has numpy, pandas, sqlalchemy, django and matplotlib. For each of them and each target:

- the modules in the tree and those that appeared without an import are the difference of `sys.modules`, all of it;
- the figures of single modules sum up to the total within 1 %, for private memory and for time;
- the time of the whole is within 3 % of what `-X importtime` says: medians of runs that take turns. What the same import
  takes without any tool is measured between them and printed with both: each has a cost of its own;
- private memory varies by less than 1 % over ten measurements.

Exits with 1 if anything is off. Run it on a machine that does nothing else.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOUANE = ROOT / "target" / "release" / "douane"
TARGETS = ["numpy", "pandas", "sqlalchemy", "django.db.models", "matplotlib.pyplot"]
CACHE = ROOT / "target" / "cost-accuracy"
# What douane sets, so that both look at the same.
QUIET = {
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "QT_QPA_PLATFORM": "offscreen",
    "PYTHONPYCACHEPREFIX": str(CACHE / "douane" / "bytecode"),
    "XDG_CACHE_HOME": str(CACHE),
    "PATH": os.environ["PATH"],
    "HOME": os.environ.get("HOME", "/"),
}


def measured(python: str, target: str, runs: int) -> dict:
    command = [DOUANE, "cost", target, "--python", python, "--runs", str(runs), "--output-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=QUIET, cwd="/")
    return json.loads(done.stdout)["targets"][0]


def in_sys_modules(python: str, target: str) -> set[str]:
    code = f"import sys; before = set(sys.modules); import {target}; print(*sorted(set(sys.modules) - before))"
    return set(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, env=QUIET, cwd="/").stdout.split())


def told_by(python: str, *arguments: str) -> str:
    """What the interpreter writes to standard error, on the processor that douane measures on."""
    command = ["taskset", "-c", str(max(os.sched_getaffinity(0))), python, *arguments]
    # A file: whoever writes a line for each module into a pipe waits for its reader to wake up.
    with tempfile.TemporaryFile("w+") as told:
        subprocess.run(command, stderr=told, stdout=subprocess.DEVNULL, check=True, env=QUIET, cwd="/")
        told.seek(0)
        return told.read()


def without_tools(python: str, target: str) -> int:
    """Nanoseconds of the import, as a clock before and behind it says."""
    code = f"import sys, time; begun = time.perf_counter_ns(); import {target}; sys.stderr.write('\\n%d' % (time.perf_counter_ns() - begun))"
    return int(told_by(python, "-c", code).split()[-1])


def by_importtime(python: str, target: str) -> int:
    """Nanoseconds of the whole import."""
    told = told_by(python, "-X", "importtime", "-c", f"import {target}")
    tops = re.findall(rf"^import time:\s+\d+ \|\s+(\d+) \| {re.escape(target)}$", told, re.M)
    # `import a.b` is one line, with `a` inside of it.
    return int(tops[-1]) * 1000


def whole(found: dict) -> int:
    return sum(load["ns"] for load in found["loaded"] if load["parent"] is None) + found["gc_ns"]["median"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("pythons", nargs="+")
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    is_good = True

    def judge(is_right: bool, text: str) -> None:
        nonlocal is_good
        is_good &= is_right
        print(f"    {'ok ' if is_right else 'OFF'} {text}", flush=True)

    for python in arguments.pythons:
        version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.strip()
        print(version)
        for target in TARGETS:
            print(f"  {target}")
            found = measured(python, target, 5)
            ours = {load["module"] for load in found["loaded"] if load["in_sys_modules"]} | set(found["injected"])
            theirs = in_sys_modules(python, target)
            judge(ours == theirs, f"{len(ours)} modules; only here: {sorted(ours - theirs)}; only there: {sorted(theirs - ours)}")
            total = found["private_bytes"]["median"]
            summed = sum(load["self_private_bytes"] for load in found["loaded"])
            judge(abs(summed - total) <= 0.01 * total, f"private memory {total / 2**20:.2f} MiB, summed up {summed / 2**20:.2f}: {summed / total - 1:+.2%}")
            time = found["wall_ns"]["median"]
            parts = sum(load["self_ns"] for load in found["loaded"]) + found["gc_ns"]["median"]
            judge(abs(parts - time) <= 0.01 * time, f"time {time / 1e6:.1f} ms, summed up {parts / 1e6:.1f}: {parts / time - 1:+.2%}")
            turns = [(whole(measured(python, target, 1)), by_importtime(python, target), without_tools(python, target)) for _ in range(arguments.runs)]
            ours_ns, theirs_ns, plain_ns = (statistics.median(turn[side] for turn in turns) for side in range(3))
            plain = f"without a tool {plain_ns / 1e6:.1f} (importtime {theirs_ns / plain_ns - 1:+.2%}, here {ours_ns / plain_ns - 1:+.2%})"
            judge(abs(ours_ns / theirs_ns - 1) <= 0.03, f"importtime {theirs_ns / 1e6:.1f} ms, here {ours_ns / 1e6:.1f}: {ours_ns / theirs_ns - 1:+.2%}; {plain}")
        memory = [measured(python, TARGETS[0], 5)["private_bytes"]["median"] for _ in range(10)]
        spread = (max(memory) - min(memory)) / statistics.median(memory)
        judge(spread < 0.01, f"private memory of {TARGETS[0]} over ten measurements varies by {spread:.2%}")
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
