#!/usr/bin/env python3
"""Moves modules and packages at random with the edits of the language server, and imports every module before and after.

    scripts/random_moves.py [--moves 50] [--seed 1] [--show] FOLDER

FOLDER holds packages as `pip install --target FOLDER` puts them there. Each move is made in a fresh copy: a module or a package
gets another name or another place, sometimes two at once. Then each module that could be imported must be importable by its new
name, with the same names in it, and `douane check` must find no missing module or name that it had not found before. Says what
differs, and exits with 1 if anything does: what is left are names of modules in strings, which do not follow.
"""

import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lsp_client import Client  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOUANE = ROOT / "target" / "release" / "douane"
LAB = ROOT / "target" / "random-moves"
# Each module is imported in a process of its own, forked from one that has imported nothing.
IMPORT_ALL = """
import json, os, sys
sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
for name in json.load(open(sys.argv[2])):
    sys.stdout.flush()
    child = os.fork()
    if not child:
        out = os.dup(1)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        try:
            __import__(name)
            said = sorted(key for key in vars(sys.modules[name]) if not key.startswith("__"))
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(out, (json.dumps([name, said]) + "\\n").encode())
        os._exit(0)
    os.waitpid(child, 0)
"""


def modules(folder: pathlib.Path) -> dict:
    """The names of the modules, by path."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = list(path.relative_to(folder).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        if parts and all(part.isidentifier() for part in parts):
            found[str(path.relative_to(folder))] = ".".join(parts)
    return found


def imported(folder: pathlib.Path, names: list) -> dict:
    wanted = LAB / "names.json"
    wanted.write_text(json.dumps(names))
    command = [sys.executable, "-S", "-c", IMPORT_ALL, str(folder), str(wanted)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(map(json.loads, lines))


def missing(folder: pathlib.Path) -> list:
    command = [DOUANE, "check", "--output-format", "json", "--select", "E0401,E0611", "."]
    found = json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout)
    found = found if isinstance(found, list) else found["diagnostics"]
    return sorted(finding["message"] for finding in found)


def new_place(chance: random.Random, folder: pathlib.Path, path: str) -> str:
    """Another place for a module, or for the package whose `__init__` it is."""
    packages = sorted(str(init.parent.relative_to(folder)) for init in folder.rglob("__init__.py"))
    name = chance.choice(["zz_moved", "zz_other", "json2"])
    parent = pathlib.PurePath(path).parent
    kind = chance.random()
    suffix = pathlib.PurePath(path).suffix
    if kind < 0.5:
        return str(parent / (name + suffix))
    top = path.split("/")[0]
    # In another distribution it would as a rule import itself.
    here = [package for package in packages if package.split("/")[0] == top and not package.startswith(path)]
    target = pathlib.PurePath(chance.choice(here)) if here and kind < 0.9 else pathlib.PurePath()
    stays = chance.random() < 0.5 and not (folder / target / pathlib.PurePath(path).name).exists()
    return str(target / (pathlib.PurePath(path).name if stays else name + suffix))


def apply(folder: pathlib.Path, client: Client, edit: dict) -> int:
    count = 0
    for change in edit["documentChanges"]:
        path = folder / change["textDocument"]["uri"].removeprefix(client.uri("") + "/")
        lines = path.read_bytes().split(b"\n")
        for one in sorted(change["edits"], key=lambda one: tuple(one["range"]["start"].values()), reverse=True):
            start, end = one["range"]["start"], one["range"]["end"]
            new = lines[start["line"]][:start["character"]] + one["newText"].encode()
            new += lines[end["line"]][end["character"]:]
            lines[start["line"]:end["line"] + 1] = new.split(b"\n")
            count += 1
        path.write_bytes(b"\n".join(lines))
    return count


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--moves", type=int, default=50)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--show", action="store_true", help="show the edits of what differs")
    options = arguments.parse_args()
    subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "douane"], cwd=ROOT, check=True)
    shutil.rmtree(LAB, ignore_errors=True)
    original = LAB / "original"
    shutil.copytree(options.folder, original, ignore=shutil.ignore_patterns("__pycache__", "*.dist-info", "bin"))
    (original / "lint.toml").write_text("")
    before = modules(original)
    said_before = imported(original, list(before.values()))
    missing_before = missing(original)
    print(f"{len(before)} modules, {sum(isinstance(said, list) for said in said_before.values())} can be imported")
    different = edits = 0
    for number in range(options.moves):
        chance = random.Random(f"{options.seed}/{number}")
        folder = LAB / "copy"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(original, folder)
        moves = {}
        for path in chance.sample(sorted(before), chance.choice([1, 1, 1, 2])):
            if pathlib.PurePath(path).name == "__init__.py" and chance.random() < 0.9:
                path = str(pathlib.PurePath(path).parent)
            place = new_place(chance, folder, path)
            overlaps = any(path.startswith(other) or other.startswith(path) or place == to for other, to in moves.items())
            if not (folder / place).exists() and not overlaps:
                moves[path] = place
        if not moves:
            continue
        client = Client([DOUANE, "server"], folder)
        first = min(before)
        client.open(first, (folder / first).read_text())
        client.pull(first)
        files = [{"oldUri": client.uri(old), "newUri": client.uri(new)} for old, new in moves.items()]
        edit = client.ask("workspace/willRenameFiles", {"files": files})
        client.end()
        made = apply(folder, client, edit) if edit else 0
        edits += made
        for old, new in moves.items():
            (folder / new).parent.mkdir(parents=True, exist_ok=True)
            (folder / old).rename(folder / new)
        after = {}
        for path, name in before.items():
            for old, new in moves.items():
                if path == old or path.startswith(old + "/"):
                    parts = list(pathlib.PurePath(new + path[len(old):]).with_suffix("").parts)
                    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            after[path] = name
        said_after = imported(folder, list(after.values()))
        differences = []
        for path, name in before.items():
            was, now = said_before[name], said_after.get(after[path], "nothing")
            if isinstance(was, list) and was != now:
                told = now if isinstance(now, str) else f"-{sorted(set(was) - set(now))} +{sorted(set(now) - set(was))}"
                # A submodule is a name of its package, and goes or comes with it.
                gone = {old.rsplit("/", 1)[-1].removesuffix(".py") for old in moves}
                come = {new.rsplit("/", 1)[-1].removesuffix(".py") for new in moves.values()}
                if not isinstance(now, list) or set(was) ^ set(now) - gone - come - {name.split(".")[0]}:
                    if not isinstance(now, list) or (set(was) - set(now)) - gone - come:
                        differences.append(f"    {after[path]}: {told}")
        new_missing = [message for message in missing(folder) if message not in missing_before]
        differences += [f"    {message}" for message in new_missing]
        if differences:
            different += 1
            print(f"{number}: {moves}, {made} edits")
            print("\n".join(differences[:6]))
            if options.show:
                print(subprocess.run(["diff", "-ru", original, folder], capture_output=True, text=True).stdout)
    print(f"{options.moves} moves, {edits} edits: {different} of them left something different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
