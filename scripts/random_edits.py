#!/usr/bin/env python3
"""Edits a program at random through the language server, and compares its findings with those of a fresh `douane check`.

    scripts/random_edits.py [--edits 10000] [--seed 1] [FOLDER]

FOLDER is copied first; without one, some packages of the standard library of this Python are, a few modules with stubs. An
edit inserts, deletes or doubles a piece of a line, pastes an import or a star, splits a token, replaces a whole file, renames or
deletes a file, or closes and opens a buffer. After each hundred all buffers are saved, and what the server says of every file
has to be what `douane check` finds, and what it says of the open ones first, before it looked at the others, has to be the
same. Exits with 1 if they ever differ, or if the server ends or answers with an internal error.
"""

import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys
import sysconfig
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lsp_client import Client  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOUANE = ROOT / "target" / "release" / "douane"
LAB = ROOT / "target" / "random-edits"
PACKAGES = ["email", "asyncio", "unittest", "xml", "logging", "concurrent", "importlib", "json", "collections"]
PASTED = [
    "import os\n", "import sys, json\n", "from os import *\n", "from . import *\n", "from .{module} import *\n",
    "from {package} import {module}\n", "import {package}.{module}\n", "import {package}.{module} as x\n",
    "__all__ = ['x']\n", "x = 1\n", "def f():\n    from {package}.{module} import *\n", "del os\n", "'é𐐀'; import re\n",
    "try:\n    import {module}\nexcept ImportError:\n    pass\n", "# douane: ignore\n", "if x:\n", "(\n", "\"\"\"\n", "\\\n",
    "from . import {module}\n", "from .{module} import x\n", "from {package} import {module} as x\n", "x.y.z()\n",
    "import {package}.{module}\n{package}.{module}.x = 1\n", "__all__ += ['y']\n", "import xml.dom.minidom, timeit\n",
    "from .{module} import __all__ as names\n__all__ = names\n", "__all__ = [name for name in dir() if name[0] != '_']\n",
    "class C:\n    from {package}.{module} import x\n", "def __getattr__(name):\n    pass\n", "__path__ = []\n",
    "import {module}\nsetattr({module}, 'x', 1)\n", "import sys\nsys.modules[__name__] = {module}\n",
    "mock.patch('{package}.{module}.x')\n", "globals()['x'] = 1\n", "del sys.modules['{module}']\n", "def x(): pass\n",
]


class Editor:
    """The buffers and the files, as the client and the disk know them."""

    def __init__(self, folder: pathlib.Path, seed: int):
        self.folder, self.random = folder, random.Random(seed)
        self.client = Client([DOUANE, "server", "--stdio"], folder, encoding="utf-32", options={"findingsOfUnopenedFiles": 1_000_000})
        self.buffers: dict[str, str] = {}

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*.py*") if path.suffix in (".py", ".pyi"))

    def buffer(self) -> str:
        """A buffer, which may have to be opened."""
        if len(self.buffers) < 5 or self.random.random() < 0.02:
            path = self.random.choice(self.files())
            if path not in self.buffers:
                self.buffers[path] = (self.folder / path).read_bytes().decode("utf-8", "replace")
                self.client.open(path, self.buffers[path])
            return path
        return self.random.choice(sorted(self.buffers))

    def edit(self) -> None:
        choice = self.random.random()
        if choice < 0.01:
            return self.rename()
        if choice < 0.02:
            return self.delete()
        if choice < 0.04 and self.buffers:
            return self.close(self.random.choice(sorted(self.buffers)))
        path = self.buffer()
        text = self.buffers[path]
        if choice < 0.05:
            donor = (self.folder / self.random.choice(self.files())).read_bytes().decode("utf-8", "replace")
            self.buffers[path] = donor
            return self.client.change(path, [{"text": donor}])
        lines = text.split("\n")
        line = self.random.randrange(len(lines))
        column = self.random.randint(0, len(lines[line]))
        end = min(len(lines[line]), column + self.random.randint(0, 12))
        if choice < 0.35:
            parts = self.random.choice(self.files()).rsplit(".", 1)[0].split("/")
            package = parts[0] if len(parts) > 1 else "json"
            new = self.random.choice(PASTED).replace("{package}", package).replace("{module}", parts[-1])
            column = end = 0
        elif choice < 0.6:
            new = ""
        elif choice < 0.8:
            new, end = self.random.choice([" ", "\n", ".", ",", "(", ")", "x", "_", "*", "'", "#", ":", "é", "𐐀"]), column
        else:
            new = lines[line][column:end] * 2
        changed = lines[line][:column] + new + lines[line][end:]
        self.buffers[path] = "\n".join([*lines[:line], changed, *lines[line + 1 :]])
        place = {"start": {"line": line, "character": column}, "end": {"line": line, "character": end}}
        self.client.change(path, [{"range": place, "text": new}])

    def close(self, path: str) -> None:
        if self.random.random() < 0.5:
            self.save(path)
        del self.buffers[path]
        self.client.close(path)

    def save(self, path: str) -> None:
        is_new = not (self.folder / path).exists()
        (self.folder / path).write_bytes(self.buffers[path].encode())
        self.client.touched([(path, 1 if is_new else 2)])
        self.client.tell("textDocument/didSave", {"textDocument": {"uri": self.client.uri(path)}})

    def rename(self) -> None:
        path = self.random.choice(self.files())
        if path in self.buffers:
            self.close(path)
        new = str(pathlib.PurePath(path).with_name(f"renamed_{self.random.randrange(50)}.py"))
        if new in self.buffers or (self.folder / new).exists():
            return
        (self.folder / path).rename(self.folder / new)
        self.client.touched([(path, 3), (new, 1)])

    def delete(self) -> None:
        files = self.files()
        path = self.random.choice(files)
        if len(files) < 60 or path in self.buffers:
            return
        (self.folder / path).unlink()
        self.client.touched([(path, 3)])

    def differences(self) -> tuple[set, set, int]:
        """What only the server says, what only the check does, and how many both."""
        for path in sorted(self.buffers):
            self.save(path)
        # What is found in an open file alone, before the others are looked at.
        alone = {self.client.uri(path): self.client.pull(path)["items"] for path in sorted(self.buffers)}
        shown = set()
        for item in self.client.pull_all():
            if alone.pop(item["uri"], item["items"]) != item["items"]:
                shown.add((item["uri"], (), "alone", "other findings than with all files"))
            path = urllib.parse.unquote(item["uri"].removeprefix(self.folder.as_uri()).lstrip("/"))
            for found in item["items"]:
                start, end = found["range"]["start"], found["range"]["end"]
                place = (start["line"] + 1, start["character"] + 1, end["line"] + 1, end["character"] + 1)
                shown.add((path, place, found["code"], found["message"].split("\nhelp: ")[0]))
        shown |= {(uri, (), "alone", "findings that are none with all files") for uri, items in alone.items() if items}
        command = [DOUANE, "check", "--output-format", "json", "."]
        told = subprocess.run(command, capture_output=True, text=True, cwd=self.folder).stdout
        fresh = set()
        for found in json.loads(told)["diagnostics"]:
            start, end = found["range"]["start"], found["range"]["end"]
            place = (start["line"], start["column"], end["line"], end["column"])
            fresh.add((found["path"], place, found["rule"], found["message"]))
        return shown - fresh, fresh - shown, len(shown & fresh)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    shutil.rmtree(LAB, ignore_errors=True)
    if arguments.folder:
        shutil.copytree(arguments.folder, LAB, ignore=shutil.ignore_patterns("__pycache__", ".git", ".gitignore"))
    else:
        for package in PACKAGES:
            source = pathlib.Path(sysconfig.get_paths()["stdlib"]) / package
            shutil.copytree(source, LAB / f"own_{package}", ignore=shutil.ignore_patterns("__pycache__"))
        for path in sorted(LAB.rglob("*.py"))[::9]:
            shutil.copy(path, path.with_suffix(".pyi"))
    (LAB / "lint.toml").write_text("")
    editor = Editor(LAB, arguments.seed)
    wrong = 0
    for number in range(1, arguments.edits + 1):
        editor.edit()
        if number % 100 == 0:
            only_server, only_check, both = editor.differences()
            wrong += len(only_server) + len(only_check)
            if only_server or only_check or number % 1000 == 0:
                print(f"after {number} edits: {both} findings the same, {len(only_server)} only the server's, {len(only_check)} only the check's", flush=True)
            for kind, findings in (("server", only_server), ("check", only_check)):
                for finding in sorted(findings)[:3]:
                    print(f"    only {kind}: {finding}")
            if wrong > 200:
                sys.exit("too many differences")
    code = editor.client.end()
    errors = [note for note in editor.client.unread if "internal error" in json.dumps(note)]
    errors.extend([] if code == 0 else [f"exit code {code}"])
    print(f"{arguments.edits} edits: {wrong} differences, {len(errors)} internal errors")
    sys.exit(1 if wrong or errors else 0)


if __name__ == "__main__":
    main()
