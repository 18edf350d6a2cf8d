#!/usr/bin/env python3
"""Writes a made-up Python code base of a given size and shape, the same for the same arguments.

    benches/generate_modules.py OUT --modules 10000 --shape chains
    benches/generate_modules.py OUT --modules 10000 --shape circles --ring 0     one ring over everything
    benches/generate_modules.py OUT --modules 500 --shape mixed --seed 7

Shapes:

* `chains`: each module stars the one before and adds three names, so that the last of a chain exports them all.
  `--chain` is how many modules a chain has; 0 makes one chain over everything.
* `circles`: rings of modules, each of which stars the next. `--ring` is how many; 0 makes one ring over everything.
* `stars`: packages whose `__init__` stars all its modules, some of which have an `__all__`, and consumers that star the
  package and use some of the names.
* `mixed`: a fifth of each, and for the rest nested application packages that import by name from one another and from
  the others, with `__all__`, aliases, unused names, imports in functions and for type checkers only.

`--modules` counts files, `__init__.py` too, and is kept exactly. Folders hold at most a thousand modules. Everything
can be imported by CPython, except that long chains exceed its recursion limit.

OUT must be absent, or have been written by this script: with the same arguments it is left as it is, with others it
is replaced. Nothing is downloaded.
"""

import argparse
import collections
import json
import pathlib
import random
import shutil
import sys

SHAPES = ("chains", "circles", "stars", "mixed")
FOLDER_SIZE = 1000
# Hidden, so that no linter sees it.
MARK = ".generated.json"

# What a file holds; its path is relative to the code base and ends in `.py`.
File = collections.namedtuple("File", "path text")
# What other packages may import by name: a module, and some of the names it defines.
Offer = collections.namedtuple("Offer", "module names")


class Line:
    """The modules of one chain or ring inside its package, in folders of at most a thousand."""

    def __init__(self, package, budget):
        self.package = package
        # The package's own `__init__`, and the consumer.
        self.length = budget - 2
        while self.length > FOLDER_SIZE and self.length + 2 + self.folders() > budget:
            self.length -= 1

    def folders(self):
        return -(-self.length // FOLDER_SIZE) if self.length > FOLDER_SIZE else 0

    def path(self, index):
        return f"{self.package}/{self._below(index, '/')}.py"

    def module(self, index):
        return f"{self.package}.{self._below(index, '.')}"

    def _below(self, index, separator):
        name = f"module_{index:06}"
        return f"part_{index // FOLDER_SIZE:03}{separator}{name}" if self.folders() else name

    def relative(self, importer, imported):
        """The imported module as the importer writes it."""
        if importer // FOLDER_SIZE == imported // FOLDER_SIZE or not self.folders():
            return f".module_{imported:06}"
        return f"..{self._below(imported, '.')}"

    def packages(self):
        yield File(f"{self.package}/__init__.py", f'"""The package `{self.package}`."""\n')
        for folder in range(self.folders()):
            yield File(f"{self.package}/part_{folder:03}/__init__.py", "")

    def consumer(self, star, names):
        """A module that stars one of them and uses names."""
        text = f"from {star} import *\n\n\ndef total():\n    return {' + '.join(names)}\n"
        return File(f"{self.package}/consumer.py", text)


def definitions(prefix, index):
    """Three names of a module, and the text that defines them."""
    names = [f"{prefix}_{kind}_{index}" for kind in ("LIMIT", "make", "Item")]
    limit, make, item = names
    text = (
        f"{limit} = {index}\n\n\n"
        f"def {make}(count={limit}):\n    return [{limit}] * count\n\n\n"
        f"class {item}:\n    size = {limit}\n"
    )
    return names, text


def chain(package, budget, chance, offers):
    """Modules of which each stars the one before."""
    line = Line(package, budget)
    yield from line.packages()
    for index in range(line.length):
        names, text = definitions(package, index)
        star = f"from {line.relative(index, index - 1)} import *\n\n" if index else ""
        yield File(line.path(index), star + text)
        offers.append(Offer(line.module(index), names))
    used = sorted(chance.sample(range(line.length), min(4, line.length)))
    yield line.consumer(line.module(line.length - 1), [f"{package}_LIMIT_{index}" for index in used])


def ring(package, budget, chance, offers):
    """Modules of which each stars the next, the last the first."""
    line = Line(package, budget)
    yield from line.packages()
    for index in range(line.length):
        names, text = definitions(package, index)
        yield File(line.path(index), text + f"\n\nfrom {line.relative(index, (index + 1) % line.length)} import *\n")
        offers.append(Offer(line.module(index), names))
    used = sorted(chance.sample(range(line.length), min(4, line.length)))
    yield line.consumer(line.module(0), [f"{package}_LIMIT_{index}" for index in used])


def star_package(package, budget, chance, offers):
    """A package whose `__init__` stars its modules, and modules that star the package."""
    consumers = max(1, budget // 5)
    modules = budget - consumers - 2
    yield File(f"{package}/__init__.py", f'"""The package `{package}`."""\n')
    stars = "".join(f"from .module_{index:03} import *\n" for index in range(modules))
    yield File(f"{package}/api/__init__.py", stars)
    exported = []
    for index in range(modules):
        names, text = definitions(package, index)
        kind = chance.randrange(6)
        if kind == 0:
            names = names[:2]
            text = f"__all__ = [{', '.join(map(repr, names))}]\n\n{text}"
        elif kind == 1:
            text = f"__all__ = [{names[0]!r}]\n\n{text}\n\n__all__ += {names[1:]!r}\n"
        yield File(f"{package}/api/module_{index:03}.py", text)
        exported += names
        offers.append(Offer(f"{package}.api.module_{index:03}", names))
    for index in range(consumers):
        used = chance.sample(exported, min(6, len(exported)))
        uses = "".join(f"    {name},\n" for name in used)
        text = f"from .api import *\n\n{package}_USED_{index} = [\n{uses}]\n"
        yield File(f"{package}/consumer_{index:03}.py", text)


def application(package, budget, chance, offers):
    """Nested packages that import by name, from what was made before."""
    parts = ("models", "views", "services")
    yield File(f"{package}/__init__.py", f'"""The package `{package}`."""\n')
    for part in parts:
        yield File(f"{package}/{part}/__init__.py", "")
    made = []
    for index in range(budget - 1 - len(parts)):
        part = parts[index % len(parts)]
        name = f"module_{index:03}"
        names, text = definitions(package, index)
        path = f"{package}/{part}/{name}.py"
        yield File(path, imports(chance, offers, made) + text + uses(chance, made))
        made.append(Offer(f"{package}.{part}.{name}", names))
    offers += made


def imports(chance, offers, made):
    """The head of an application's module: it imports from the same application as often as from elsewhere."""
    lines, used, listed = ["import os", "import typing"], ["os.sep"], []
    for _ in range(chance.randint(1, 5)):
        offer = chance.choice(made if made and chance.randrange(2) else offers)
        name = chance.choice(offer.names)
        kind = chance.randrange(8)
        if kind < 4:
            lines.append(f"from {offer.module} import {', '.join(offer.names)}")
            used.append(name)
            listed.append(name)
        elif kind == 4:
            lines.append(f"from {offer.module} import {name} as renamed_{len(lines)}")
            used.append(f"renamed_{len(lines) - 1}")
        elif kind == 5:
            lines.append(f"import {offer.module}")
            used.append(f"{offer.module}.{name}")
        elif kind == 6:
            lines.append(f"import {offer.module} as unused_{len(lines)}")
        else:
            lines += ["if typing.TYPE_CHECKING:", f"    from {offer.module} import {name}"]
    if listed and chance.randrange(3) == 0:
        lines += ["", f"__all__ = {listed!r}"]
    return "\n".join(lines) + f"\n\nUSED = [{', '.join(used)}]\n\n"


def uses(chance, made):
    """The end of an application's module: sometimes an import inside a function."""
    if not made or chance.randrange(4):
        return ""
    offer = chance.choice(made)
    return f"\n\ndef later():\n    from {offer.module} import {offer.names[0]}\n\n    return {offer.names[0]}\n"


def packages(make, prefix, budget, size, chance, offers):
    """As many packages of `size` files as the budget allows, the last one larger; 0 makes a single one."""
    count = max(1, budget // size) if size else 1
    for number in range(count):
        share = size if number < count - 1 else budget - size * (count - 1)
        yield from make(f"{prefix}_{number:04}", share, chance, offers)


def files(shape, budget, options, chance, offers):
    """All files of a shape. May be a few less than the budget."""
    chain_size = options.chain + 2 if options.chain else 0
    ring_size = options.ring + 2 if options.ring else 0
    if shape == "chains":
        yield from packages(chain, "chain", budget, chain_size, chance, offers)
    elif shape == "circles":
        yield from packages(ring, "ring", budget, ring_size, chance, offers)
    elif shape == "stars":
        yield from packages(star_package, "stars", budget, 25, chance, offers)
    else:
        fifth = budget // 5
        for part in ("chains", "circles", "stars"):
            yield from files(part, fifth, options, chance, offers)
        yield from packages(application, "application", budget - 3 * fifth, 40, chance, offers)


def write(folder, options):
    """Writes the code base into a folder that is not there yet."""
    count = 0
    # A seed of text is hashed by `random` itself, the same in every Python and every run.
    chance = random.Random(f"{options.shape} {options.modules} {options.seed}")
    known = set()
    for file in files(options.shape, options.modules, options, chance, []):
        path = folder / file.path
        if path.parent not in known:
            path.parent.mkdir(parents=True, exist_ok=True)
            known.add(path.parent)
        path.write_text(file.text, encoding="utf-8")
        count += 1
    for number in range(count, options.modules):
        (folder / f"single_{number:06}.py").write_text(f"NUMBER = {number}\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="Write a made-up code base.")
    parser.add_argument("out", type=pathlib.Path, metavar="OUT")
    parser.add_argument("--modules", type=int, required=True, metavar="N", help="how many files, at least 100")
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--chain", type=int, default=200, metavar="N", help="modules in a chain, 0 for all")
    parser.add_argument("--ring", type=int, default=50, metavar="N", help="modules in a ring, 0 for all")
    options = parser.parse_args()
    if options.modules < 100 or options.chain < 0 or options.ring < 0:
        parser.error("at least 100 modules, and no negative lengths")

    mark = {name: value for name, value in vars(options).items() if name != "out"}
    # A change of this script changes what it writes.
    mark["format"] = 1
    if options.out.exists():
        try:
            known = json.loads((options.out / MARK).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            sys.exit(f"{options.out} was not written by this script")
        if known == mark:
            return
        shutil.rmtree(options.out)

    unfinished = options.out.with_name(options.out.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    write(unfinished, options)
    (unfinished / MARK).write_text(json.dumps(mark) + "\n", encoding="utf-8")
    unfinished.rename(options.out)


if __name__ == "__main__":
    main()
