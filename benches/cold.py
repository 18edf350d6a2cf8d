#!/usr/bin/env python3
"""Measures `douane check` beside `ruff check` on one tree, both without a cache.

    benches/cold.py                              home-assistant, about 6,700 files and 32 MB
    benches/cold.py TREE --runs 15
    benches/cold.py --douane-args=--isolated --ruff PATH

Both run alternately (A B A B ...) after one warm-up each, with their output thrown away; ruff checks only what douane
checks too (F401, F403, F405, F811, F822). Exit codes 0 and 1 are a success of either.

Printed: median and smallest wall time, processor time and peak memory of both, and the ratio of the medians. The exit
code is 1 if that ratio is above 0.8, or douane's peak above 250 MiB, or if douane lists so few modules that it can't
have looked at the tree.

Downloaded, once, below `target/bench`: the wheel of homeassistant 2024.3.3 (`pip download`) unless a tree is given, and
ruff into a virtual environment (`pip install`) unless one is given.
"""

import argparse
import os
import pathlib
import platform
import re
import shlex
import subprocess
import sys

from measure import Failure, in_turns, largest, mebibytes, median, smallest, warm_up

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / "target" / "bench"
RUFF_ARGUMENTS = ("check", "--isolated", "--no-cache", "--select", "F401,F403,F405,F811,F822")

RATIO_LIMIT = 0.8
PEAK_LIMIT = 250 << 20


def homeassistant():
    """The unpacked wheel, which is a project of its own: the configuration of this repository is not that of the tree."""
    tree = FOLDER / "homeassistant-2024.3.3"
    if tree.is_dir():
        (tree / "lint.toml").touch()
        return tree
    wheels = FOLDER / "wheels"
    # The wheel is for later versions than the one that may run this script.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", "3.12", "--dest", str(wheels), "homeassistant==2024.3.3"]
    subprocess.run(command, check=True)
    (wheel,) = wheels.glob("homeassistant-2024.3.3-*.whl")
    unfinished = FOLDER / "homeassistant.unfinished"
    # A process of its own, as for all that is large: see `measure.py`.
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(unfinished)], check=True)
    (unfinished / "lint.toml").touch()
    unfinished.rename(tree)
    return tree


def ruff(requirement):
    """The path of a ruff from PyPI."""
    environment = FOLDER / requirement.replace("=", "-")
    path = environment / "bin" / "ruff"
    if not path.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        subprocess.run([environment / "bin" / "python", "-m", "pip", "install", "--quiet", requirement], check=True)
    return path


def size(tree):
    """How many Python files a tree has, and their bytes."""
    count, total = 0, 0
    for folder, _, names in os.walk(tree):
        for name in names:
            if name.endswith((".py", ".pyi")):
                count += 1
                total += os.path.getsize(os.path.join(folder, name))
    return count, total


def version(program):
    answer = subprocess.run([program, "--version"], stdout=subprocess.PIPE, encoding="utf-8", check=False)
    return answer.stdout.strip() or "version unknown"


def listed(douane, tree):
    """How many modules of the tree douane lists: a tool that skips the files is fast too."""
    command = [str(douane), "module", "--all", str(tree), "--output-format", "json"]
    answer = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    return len(re.findall(rb'"exports"\s*:', answer.stdout))


def verdict(text, is_met):
    print(f"{'ok  ' if is_met else 'FAIL'}  {text}")
    return is_met


def main():
    parser = argparse.ArgumentParser(description="Measure douane beside ruff on one tree.")
    parser.add_argument("tree", nargs="?", type=pathlib.Path, help="what to check (default: home-assistant)")
    parser.add_argument("--douane", type=pathlib.Path, default=REPOSITORY / "target" / "release" / "douane")
    parser.add_argument("--douane-args", type=shlex.split, default=[], metavar="ARGS", help="such as --isolated")
    parser.add_argument("--ruff", type=pathlib.Path, help="a ruff (default: from PyPI)")
    parser.add_argument("--ruff-version", metavar="VERSION", help="the version to take from PyPI (default: newest)")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()

    FOLDER.mkdir(parents=True, exist_ok=True)
    tree = options.tree or homeassistant()
    ruff_path = options.ruff or ruff("ruff" + (f"=={options.ruff_version}" if options.ruff_version else ""))
    commands = {
        "douane": [str(options.douane), "check", *options.douane_args, str(tree)],
        "ruff": [str(ruff_path), *RUFF_ARGUMENTS, str(tree)],
    }
    try:
        lines = {name: warm_up(command) for name, command in commands.items()}
        results = dict(zip(commands, in_turns(list(commands.values()), options.runs)))
    except Failure as failure:
        sys.exit(str(failure))

    count, total = size(tree)
    print(f"{tree.name}: {count:,} files, {total / 1e6:.1f} MB; {os.cpu_count()} processors, {platform.machine()}")
    for name, command in commands.items():
        print(f"{name}: {version(command[0])}, {lines[name]:,} lines of output")
    print(f"\n{options.runs} runs each   median s      min s      cpu s   peak MiB")
    for name, measurements in results.items():
        figures = (
            f"{median(measurements, 'wall'):>10.3f}",
            f"{smallest(measurements, 'wall'):>10.3f}",
            f"{median(measurements, 'processor'):>10.3f}",
            f"{mebibytes(largest(measurements, 'peak')):>10.1f}",
        )
        print(f"{name:<12} {' '.join(figures)}")
    print()

    ratio = median(results["douane"], "wall") / median(results["ruff"], "wall")
    peak = largest(results["douane"], "peak")
    modules = listed(options.douane, tree)
    verdicts = [
        verdict(f"ratio of the medians {ratio:.2f}, at most {RATIO_LIMIT}", ratio <= RATIO_LIMIT),
        verdict(f"douane's peak {mebibytes(peak):.0f} MiB, at most {PEAK_LIMIT >> 20}", peak <= PEAK_LIMIT),
        verdict(f"douane knows {modules:,} modules in {count:,} files", modules >= 0.95 * count),
    ]
    sys.exit(0 if all(verdicts) else 1)


if __name__ == "__main__":
    main()
