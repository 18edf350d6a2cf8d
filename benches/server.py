#!/usr/bin/env python3
"""Measures the language server through the protocol, on a large tree.

    benches/server.py                            home-assistant, about 6,700 files and 32 MB
    benches/server.py TREE --file FILE

Measured are: the time from the start of the process to the findings of a file that is opened at once; then, for each of
`--edits` keystrokes in it, the time from the change to fresh findings of that file (median, 95th percentile, largest);
and the memory of the server before and after. Three kinds of edits take turns: in a function, of an import, and of a
name that other modules take. Some follow each other at once, others after a pause such as people make, in which the server
looks at the files that are not open.

The exit code is 1 if the first findings take longer than 1 s, a keystroke at the 95th percentile longer than 50 ms, or
the memory exceeds 400 MiB or grows by more than a tenth after the first hundred edits.
"""

import argparse
import pathlib
import statistics
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "scripts"))

from cold import homeassistant  # noqa: E402
from lsp_client import Client  # noqa: E402

DOUANE = REPOSITORY / "target" / "release" / "douane"
# Seconds between two keystrokes.
PAUSES = [0, 0.12, 0.2, 0.35]
FIRST_LIMIT, KEYSTROKE_LIMIT, MEMORY_LIMIT = 1.0, 0.050, 400 << 20


def resident(process: int) -> int:
    """Bytes of memory that the process holds."""
    for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) << 10
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=pathlib.Path)
    parser.add_argument("--file", default="homeassistant/core.py")
    parser.add_argument("--edits", type=int, default=1000)
    arguments = parser.parse_args()
    tree = (arguments.tree or homeassistant()).resolve()
    text = (tree / arguments.file).read_text()
    started = time.monotonic()
    client = Client([DOUANE, "server"], tree)
    client.open(arguments.file, text)
    client.pull(arguments.file)
    first = time.monotonic() - started
    memory = [resident(client.server.pid)]
    end = {"line": text.count("\n") + 5, "character": 0}
    start = {"line": 0, "character": 0}
    kinds = {
        "in a function": (end, ["\ndef typed():\n    return 1\n", "\n# typed\n", ""]),
        "of an import": (start, ["import json\n", "from os import *\n", ""]),
        "of a name": (end, ["\nTyped = 1\n", "\n__all__ = [\"Typed\"]\n", ""]),
    }
    times = {kind: [] for kind in kinds}
    times_after = {pause: [] for pause in PAUSES}
    for number in range(arguments.edits):
        kind = list(kinds)[number // 3 % 3]
        at, texts = kinds[kind]
        typed = texts[number % 3]
        whole = typed + text if at is start else text + typed
        pause = PAUSES[number // 9 % len(PAUSES)]
        time.sleep(pause)
        before = time.monotonic()
        client.change(arguments.file, [{"text": whole}])
        client.pull(arguments.file)
        times[kind].append(time.monotonic() - before)
        times_after[pause].append(times[kind][-1])
        if number % 100 == 99:
            memory.append(resident(client.server.pid))
    client.end()
    every = sorted(sum(times.values(), []))
    late = every[int(len(every) * 0.95)]
    print(f"{tree.name}: first findings after {first:.2f} s")
    named = [*times.items(), *((f"after {pause} s", measured) for pause, measured in times_after.items())]
    for kind, measured in named:
        if not measured:
            continue
        print(f"  edit {kind}: median {statistics.median(measured) * 1000:.1f} ms, largest {max(measured) * 1000:.1f} ms")
    print(f"  all {len(every)} edits: median {statistics.median(every) * 1000:.1f} ms, 95 % below {late * 1000:.1f} ms")
    print("  memory: " + ", ".join(f"{bytes >> 20}" for bytes in memory) + " MiB")
    grows = max(memory) > 1.1 * memory[min(1, len(memory) - 1)]
    sys.exit(first > FIRST_LIMIT or late > KEYSTROKE_LIMIT or max(memory) > MEMORY_LIMIT or grows)


if __name__ == "__main__":
    main()
