#!/usr/bin/env python3
"""Measures `douane cost --static` on a whole project of some 6,700 files with what it needs installed.

    benches/estimate.py                          home-assistant
    benches/estimate.py TREE --python ENVIRONMENT

Runs without anything kept on disk, and with what the run before has kept, alternately. The exit code is 1 if the median of
the former is above 1.5 s, or that of the latter above 0.3 s.

Downloaded, once, below `target/bench`: the wheel of homeassistant and, into a virtual environment, the packages that it
requires, with sqlalchemy, numpy and pandas, which parts of it use.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

from cold import FOLDER, REPOSITORY, homeassistant, verdict
from measure import Failure, largest, mebibytes, measure, median, warm_up

COLD_LIMIT, WARM_LIMIT = 1.5, 0.3
MORE = ["sqlalchemy", "numpy", "pandas", "pillow", "zeroconf", "paho-mqtt"]


def environment(tree):
    """What the tree's metadata requires, in versions that there are wheels of."""
    folder = FOLDER / "homeassistant-environment"
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    (metadata,) = tree.glob("*.dist-info/METADATA")
    wanted = re.findall(r"^Requires-Dist: ([A-Za-z0-9._-]+)", metadata.read_text(), re.M)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    for name in [*wanted, *MORE]:
        # Not each of them has a wheel for each Python.
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--only-binary=:all:", name], check=False)
    (folder / "complete").touch()
    return python


def main():
    parser = argparse.ArgumentParser(description="Measure the static estimate of a whole project.")
    parser.add_argument("tree", nargs="?", type=pathlib.Path, help="the project (default: home-assistant)")
    parser.add_argument("--python", type=pathlib.Path, help="its environment")
    parser.add_argument("--douane", type=pathlib.Path, default=REPOSITORY / "target" / "release" / "douane")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    tree = (options.tree or homeassistant()).resolve()
    python = (options.python or environment(tree)).absolute()
    cache = FOLDER / "estimate-cache"
    os.environ["XDG_CACHE_HOME"] = str(cache)
    command = [str(options.douane.resolve()), "cost", "--static", "--python", str(python)]
    os.chdir(tree)
    if options.tree is None:
        # A project of its own, whatever lies above it.
        (tree / "lint.toml").touch()
    cold, warm = [], []
    try:
        lines = warm_up(command)
        for _ in range(options.runs):
            shutil.rmtree(cache, ignore_errors=True)
            cold.append(measure(command))
            warm.append(measure(command))
    except Failure as failure:
        sys.exit(str(failure))
    answer = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False).stdout
    print(f"{tree.name}:{re.search(r' at least .* modules', answer).group()}, {lines} lines of output")
    print(f"\n{options.runs} runs each   median s      cpu s   peak MiB")
    for name, runs in [("cold", cold), ("kept", warm)]:
        print(f"{name:<12} {median(runs, 'wall'):>10.3f} {median(runs, 'processor'):>10.3f} {mebibytes(largest(runs, 'peak')):>10.1f}")
    print()
    verdicts = [
        verdict(f"cold {median(cold, 'wall'):.2f} s, at most {COLD_LIMIT} s", median(cold, "wall") <= COLD_LIMIT),
        verdict(f"with what was kept {median(warm, 'wall'):.2f} s, at most {WARM_LIMIT} s", median(warm, "wall") <= WARM_LIMIT),
    ]
    sys.exit(0 if all(verdicts) else 1)


if __name__ == "__main__":
    main()
