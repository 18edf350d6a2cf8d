#!/usr/bin/env python3
"""Measures how `douane check` grows: 10,000 modules beside 100,000 of the same shape.

    benches/scaling.py
    benches/scaling.py --shapes one-chain one-ring --sizes 1000 10000
    benches/scaling.py --douane PATH --douane-args=--isolated --runs 5

The code bases are made by `generate_modules.py` below `target/bench/generated`, once, and used again. For each shape
the two sizes are checked alternately, three times each after a warm-up, with the output thrown away. Printed: median and
smallest wall time, processor time and peak memory, and the ratio of the medians. The exit code is 1 if ten times as
many modules take more than twelve times as long, for any shape, or if a run fails.

Shapes are those of `generate_modules.py`, and `one-chain` and `one-ring`, in which every module stars another in a
single line or circle, so that what they export together grows as the square of their number. Nothing is downloaded.
"""

import argparse
import pathlib
import shlex
import subprocess
import sys

from measure import Failure, in_turns, largest, mebibytes, median, smallest, warm_up

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / "target" / "bench" / "generated"

SHAPES = {
    "chains": ["--shape", "chains"],
    "circles": ["--shape", "circles"],
    "stars": ["--shape", "stars"],
    "mixed": ["--shape", "mixed"],
    "one-chain": ["--shape", "chains", "--chain", "0"],
    "one-ring": ["--shape", "circles", "--ring", "0"],
}
USUAL = ("chains", "circles", "stars", "mixed")

# For ten times as many modules.
LIMIT = 12


def generated(shape, modules):
    """The folder of a code base."""
    folder = FOLDER / f"{shape}-{modules}"
    script = pathlib.Path(__file__).with_name("generate_modules.py")
    command = [sys.executable, str(script), str(folder), "--modules", str(modules), *SHAPES[shape]]
    subprocess.run(command, check=True)
    return folder


def main():
    parser = argparse.ArgumentParser(description="Measure how the time of a check grows.")
    parser.add_argument("--douane", type=pathlib.Path, default=REPOSITORY / "target" / "release" / "douane")
    parser.add_argument("--douane-args", type=shlex.split, default=[], metavar="ARGS", help="such as --isolated")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=USUAL, metavar="SHAPE", help=", ".join(SHAPES))
    parser.add_argument("--sizes", nargs=2, type=int, default=(10_000, 100_000), metavar=("SMALL", "LARGE"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--timeout", type=int, default=600, metavar="SECONDS", help="for one run")
    options = parser.parse_args()

    small, large = options.sizes
    limit = LIMIT * (large / small) / 10
    is_met = True
    print(f"{'shape':<10} {'modules':>8} {'median s':>9} {'min s':>9} {'cpu s':>9} {'peak MiB':>9} {'lines':>9}  ratio")
    for shape in options.shapes:
        try:
            trees = [generated(shape, modules) for modules in options.sizes]
            commands = [[str(options.douane), "check", *options.douane_args, str(tree)] for tree in trees]
            lines = [warm_up(command, options.timeout) for command in commands]
            results = in_turns(commands, options.runs, options.timeout)
        except Failure as failure:
            print(f"{shape:<10} FAIL {failure}")
            is_met = False
            continue
        ratio = median(results[1], "wall") / median(results[0], "wall")
        is_met = is_met and ratio <= limit
        endings = ("", f"  {ratio:.2f} {'ok' if ratio <= limit else 'FAIL'}, at most {limit:g}")
        for modules, measurements, count, ending in zip(options.sizes, results, lines, endings):
            figures = (
                f"{median(measurements, 'wall'):>9.3f}",
                f"{smallest(measurements, 'wall'):>9.3f}",
                f"{median(measurements, 'processor'):>9.3f}",
                f"{mebibytes(largest(measurements, 'peak')):>9.1f}",
            )
            print(f"{shape:<10} {modules:>8} {' '.join(figures)} {count:>9}{ending}", flush=True)
    sys.exit(0 if is_met else 1)


if __name__ == "__main__":
    main()
