#!/usr/bin/env python3
"""Checks that `douane check` prints the same bytes however it is run.

    scripts/same_output.py TREE
    scripts/same_output.py TREE --copies 5 --repeat 5 --formats json

TREE is copied several times, each time under the same name but with its files and folders made in another order, so
that folders list their entries in another order where the file system keeps to it; how often `os.listdir` really
differs is reported. Each copy is checked with `-j 1`, `-j 2` and `-j 8`, several times, in the formats `full`,
`concise` and `json`. Standard output, standard error and the exit code must be the same each time, apart from the time
in the summary (`elapsed_ms`, and `in 1.2s` within the last lines).

The exit code is 1 if any run differs, or fails. Nothing is downloaded. The copies go to `/dev/shm`, if it exists and
has room, since a file system in memory lists its entries in the order of their making, otherwise to
`target/same-output`; they are removed at the end.
"""

import argparse
import os
import pathlib
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
FORMATS = ("full", "concise", "json")
JOBS = (1, 2, 8)

ELAPSED = re.compile(rb'"elapsed_ms"\s*:\s*[\d.]+')
# Only of the summary: source shown in a diagnostic may look like a time.
TIME = re.compile(rb"\bin \d+(\.\d+)?\s?(ns|us|\xc2\xb5s|ms|s)\b")
SUMMARY_LINES = 5


def place_for(tree, copies):
    """The folder for the copies: in memory if they fit."""
    in_memory = pathlib.Path("/dev/shm")
    if os.access(in_memory, os.W_OK):
        # A file takes up whole pages, a folder one.
        needed = sum(
            4096 + sum(os.lstat(os.path.join(folder, name)).st_size + 4096 for name in names)
            for folder, _, names in os.walk(tree)
        )
        if needed * copies < shutil.disk_usage(in_memory).free:
            return in_memory
    return REPOSITORY / "target" / "same-output"


def copy(source, target, chance):
    """Copies a tree, the entries of each folder in a random order. Links and special files are left out."""
    target.mkdir()
    entries = sorted(os.scandir(source), key=lambda entry: entry.name)
    if chance:
        chance.shuffle(entries)
    for entry in entries:
        path = target / entry.name
        if entry.is_dir(follow_symlinks=False):
            copy(entry.path, path, chance)
        elif entry.is_file(follow_symlinks=False):
            shutil.copyfile(entry.path, path)


def folders_in_other_order(first, second):
    """In how many folders two copies list their entries differently, and how many have several."""
    different, several = 0, 0
    for folder, _, _ in os.walk(first):
        other = os.path.join(second, os.path.relpath(folder, first))
        entries = os.listdir(folder)
        several += len(entries) > 1
        different += entries != os.listdir(other)
    return different, several


def without_time(output):
    """The output with the time of the summary masked."""
    lines = ELAPSED.sub(b'"elapsed_ms": TIME', output).splitlines(keepends=True)
    return b"".join(lines[:-SUMMARY_LINES] + [TIME.sub(b"in TIME", line) for line in lines[-SUMMARY_LINES:]])


def run(command, folder):
    """Exit code, standard output and standard error, without what may differ."""
    answer = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return answer.returncode, without_time(answer.stdout), without_time(answer.stderr)


def first_difference(expected, found):
    """Where two outcomes part, in words."""
    if expected[0] != found[0]:
        return f"exit code {found[0]}, not {expected[0]}"
    for title, *outputs in zip(("output", "errors"), expected[1:], found[1:]):
        both = [output.splitlines() for output in outputs]
        for number in range(max(map(len, both))):
            pair = [lines[number] if number < len(lines) else b"(nothing)" for lines in both]
            if pair[0] != pair[1]:
                # Long lines, as of JSON, part somewhere inside.
                begin = max(0, len(os.path.commonprefix(pair)) - 60)
                texts = [text[begin : begin + 200].decode(errors="replace") for text in pair]
                return f"{title}, line {number + 1}:\n    wanted {texts[0]}\n    found  {texts[1]}"
    return "line ends"


def make_copies(tree, folder, options):
    """Copies of the tree, the first in sorted order, and a report on how they differ."""
    copies = []
    for number in range(options.copies + 1):
        (folder / f"copy-{number}").mkdir()
        target = folder / f"copy-{number}" / "tree"
        copy(tree, target, random.Random(f"{options.seed} {number}") if number else None)
        copies.append(target.parent)
    for number, other in enumerate(copies[1:], 1):
        different, several = folders_in_other_order(copies[0], other)
        note = "" if different else ": this file system hides the order, try another with --folder"
        print(f"copy {number}: another order in {different} of {several} folders{note}", flush=True)
    return copies


def compare(copies, options):
    """Whether all runs agree."""
    is_same = True
    for form in options.formats:
        runs = 0
        expected = None
        differences = []
        for copied in copies:
            for jobs in JOBS:
                for _ in range(options.repeat):
                    command = [str(options.douane.resolve()), "check", "tree", "--output-format", form, "-j", str(jobs)]
                    found = run(command + options.douane_args, copied)
                    if expected is None:
                        expected = found
                    runs += 1
                    title = f"{copied.name}, -j {jobs}"
                    if found[0] not in (0, 1):
                        differences.append(f"{title}: exit code {found[0]}: {found[2].decode(errors='replace')[:500]}")
                    elif found != expected:
                        differences.append(f"{title}: {first_difference(expected, found)}")
                    if os.fsencode(copied.parent) in found[1]:
                        differences.append(f"{title}: the output names an absolute path, so that copies can't agree")
        print(
            f"{form}: {runs} runs, {len(expected[1]):,} bytes, {'the same' if not differences else 'FAIL'}", flush=True
        )
        for difference in differences[: options.show]:
            print(f"  {difference}")
        if len(differences) > options.show:
            print(f"  ... {len(differences) - options.show} more")
        is_same = is_same and not differences
    return is_same


def main():
    parser = argparse.ArgumentParser(description="Check that douane's output is always the same.")
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("--douane", type=pathlib.Path, default=REPOSITORY / "target" / "release" / "douane")
    parser.add_argument("--douane-args", type=shlex.split, default=[], metavar="ARGS", help="such as --isolated")
    parser.add_argument("--formats", type=lambda text: text.split(","), default=FORMATS)
    parser.add_argument("--copies", type=int, default=2, metavar="N", help="in shuffled order, besides the sorted one")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="runs of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=5, metavar="N", help="how many differences to show")
    parser.add_argument("--folder", type=pathlib.Path, help="where the copies go")
    options = parser.parse_args()
    if not options.tree.is_dir():
        parser.error(f"{options.tree} is not a folder")
    if not options.douane.exists():
        parser.error(f"{options.douane} does not exist")

    place = options.folder or place_for(options.tree, options.copies + 1)
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="douane-", dir=place) as folder:
        is_same = compare(make_copies(options.tree, pathlib.Path(folder), options), options)
    sys.exit(0 if is_same else 1)


if __name__ == "__main__":
    main()
