#!/usr/bin/env python3
"""Runs `douane check` on every awkward input there is, and asserts that it ends well and loses nothing else.

    scripts/bad_input.py
    scripts/bad_input.py --only 'nested*' --formats concise,full,json
    scripts/bad_input.py --list

Each case is made in a folder of its own below a temporary one: files that can't be read, are no files or name nothing,
odd encodings, deep nesting, huge lines, lists and files, broken configuration, files that vanish, a closed pipe. Beside
it lies a normal module, `sibling.py`, with `from os import *`.

A case is good if douane ends by itself within 20 seconds and 4 GiB of address space, with an exit code that is allowed
for the case, without a panic, and if the finding `star-import` of `sibling.py` is still reported. The exit codes meant
are 0 for nothing found, 1 for findings, 2 for what keeps douane from checking. Since the sibling has a finding, most
cases must end with 1.

Printed: a table of case, format, exit code, seconds, peak memory and verdict, with the reasons of the bad ones. The
exit code is 1 if any verdict is bad. Nothing is downloaded; up to 1 GiB of temporary files, removed case by case. As
root, which can read everything, the unreadable files are checked as `nobody`.
"""

import argparse
import collections
import contextlib
import fnmatch
import json
import os
import pathlib
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent

SECONDS = 20
MEMORY = 4 << 30
# Of one stream: a finding that shows a line of 10 MB must not be repeated for each name on it.
OUTPUT = 1 << 30

SIBLING = "from os import *\n"
FINDING = "star-import"
NOBODY = 65534

# Starts a command with limits and says how it ended: kept small, since a child's peak is never below its parent's size.
LAUNCHER = r"""
import json, os, resource, signal, sys, time
options = json.loads(sys.argv[1])
command = sys.argv[2:]
begin = time.monotonic()
child = os.fork()
if child == 0:
    try:
        os.setsid()
        os.chdir(options["folder"])
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (options["memory"], options["memory"]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (options["output_limit"], options["output_limit"]))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        mode = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        if options["output"]:
            os.dup2(os.open(options["output"], mode, 0o666), 1)
        os.dup2(os.open(options["errors"], mode, 0o666), 2)
        # Python ignores both, and what is ignored stays so.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        if options["user"]:
            os.setgroups([])
            os.setgid(options["user"])
            os.setuid(options["user"])
        os.execv(command[0], command)
    finally:
        os._exit(127)
if not options["output"]:
    os.close(1)
is_late = False
def stop(number, frame):
    global is_late
    is_late = True
    try:
        os.killpg(child, signal.SIGKILL)
    except OSError:
        os.kill(child, signal.SIGKILL)
signal.signal(signal.SIGALRM, stop)
signal.alarm(options["seconds"])
_, status, usage = os.wait4(child, 0)
signal.alarm(0)
try:
    os.killpg(child, signal.SIGKILL)
except OSError:
    pass
ended = {
    "seconds": time.monotonic() - begin,
    "peak": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    "code": -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
    "is_late": is_late,
}
with open(options["ended"], "w") as file:
    json.dump(ended, file)
"""

# How a run ended, and the files with what it printed.
Run = collections.namedtuple("Run", "code seconds peak is_late output errors")


class Skipped(Exception):
    """The case can't be made here; why."""


class Case:
    """One awkward input, made by `make(folder)`.

    `also` names further files whose stars must be reported, `mention` what the output must name if douane gives up, and
    `user` the one to run it as.
    """

    def __init__(
        self, name, make, arguments=(".",), codes=(1,), also=(), mention=None, run=None, user=0, has_sibling=True
    ):
        self.name = name
        self.make = make
        self.arguments = arguments
        self.codes = codes
        self.also = also
        self.mention = mention
        self.run = run
        self.user = user
        self.has_sibling = has_sibling


CASES = []


def awkward(name, **options):
    """Registers a function that makes the input."""

    def register(make):
        CASES.append(Case(name, make, **options))
        return make

    return register


def source(name, text, file="bad.py", **options):
    """Registers a case that is a single file: text, bytes, or a function that makes one of them."""

    def make(folder):
        content = text() if callable(text) else text
        (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())

    CASES.append(Case(name, make, **options))


def configuration(name, file, content, **options):
    """Registers a case that is a broken configuration. Giving up is right, but not without a word."""

    def make(folder):
        (folder / file).write_bytes(content() if callable(content) else content)

    CASES.append(Case(name, make, codes=(1, 2), mention=file, **options))


# Files that are no files, and names.


@awkward("nothing awkward")
def _(folder):
    pass


@awkward("unreadable file", codes=(1, 2), user=NOBODY)
def _(folder):
    (folder / "bad.py").write_text("from sys import *\n")
    (folder / "bad.py").chmod(0)


@awkward("unreadable folder", codes=(1, 2), user=NOBODY)
def _(folder):
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").write_text("")
    (folder / "package").chmod(0)


@awkward("folder called x.py", also=["inner.py"])
def _(folder):
    (folder / "x.py").mkdir()
    (folder / "x.py" / "inner.py").write_text("from sys import *\n")


@awkward("FIFO called x.py", codes=(1, 2))
def _(folder):
    os.mkfifo(folder / "x.py")


@awkward("FIFO called x.py, named", arguments=("x.py", "sibling.py"), codes=(1, 2))
def _(folder):
    os.mkfifo(folder / "x.py")


def make_socket(folder):
    before = os.getcwd()
    # The path of a socket is at most about a hundred bytes.
    os.chdir(folder)
    try:
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
            server.bind("x.py")
    finally:
        os.chdir(before)


CASES.append(Case("socket called x.py", make_socket, codes=(1, 2)))
CASES.append(Case("socket called x.py, named", make_socket, arguments=("x.py", "sibling.py"), codes=(1, 2)))

for device in ("zero", "null", "random"):

    def make_device(folder, device=device):
        (folder / "y.py").symlink_to(f"/dev/{device}")

    CASES.append(Case(f"link to /dev/{device}", make_device, codes=(1, 2)))
    CASES.append(Case(f"link to /dev/{device}, named", make_device, arguments=("y.py", "sibling.py"), codes=(1, 2)))


@awkward("link to itself", codes=(1, 2))
def _(folder):
    (folder / "loop.py").symlink_to("loop.py")
    (folder / "first.py").symlink_to("second.py")
    (folder / "second.py").symlink_to("first.py")


# Named, such a link is a path that does not exist.
@awkward("link to itself, named", arguments=("loop.py", "sibling.py"), codes=(1, 2), has_sibling=False)
def _(folder):
    (folder / "loop.py").symlink_to("loop.py")


@awkward("link to nothing", codes=(1, 2))
def _(folder):
    (folder / "gone.py").symlink_to("nowhere.py")


@awkward("link to the folder above", codes=(1, 2))
def _(folder):
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").write_text("from .loop.package import *\n")
    (folder / "package" / "loop").symlink_to("..", target_is_directory=True)


@awkward("links of folders in a circle", codes=(1, 2))
def _(folder):
    for name, other in (("first", "second"), ("second", "first")):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("")
        (folder / name / "to_other").symlink_to(f"../{other}", target_is_directory=True)


@awkward("path that is not UTF-8", codes=(1, 2))
def _(folder):
    base = os.fsencode(folder)
    try:
        os.mkdir(base + b"/p\xe9")
    except OSError as error:
        raise Skipped("the file system refuses such names") from error
    for path in (b"/caf\xe9.py", b"/p\xe9/__init__.py", b"/p\xe9/module.py", b"/\xff\xfe.py", b"/sib\xe9\nling.py"):
        with open(base + path, "w", encoding="ascii") as file:
            file.write("from sys import *\n")


@awkward("path that is not UTF-8, named", arguments=(b"caf\xe9.py", "sibling.py"), codes=(1, 2))
def _(folder):
    try:
        with open(os.fsencode(folder) + b"/caf\xe9.py", "w", encoding="ascii") as file:
            file.write("from sys import *\n")
    except OSError as error:
        raise Skipped("the file system refuses such names") from error


ODD_NAMES = ("a-b.py", "1.py", "é.py", "class.py", "a b.py", "a.b.py", "None.py", "％.py", "x" * 240 + ".py")


@awkward("odd names", also=ODD_NAMES)
def _(folder):
    for name in ODD_NAMES + (".py", "new\nline.py", "quote'\".py", "\x1b[31mred.py", "-.py", "__init__.py", "*.py"):
        (folder / name).write_text("from sys import *\n")


@awkward("both module and package", also=["both.py", "__init__.py"])
def _(folder):
    (folder / "both").mkdir()
    (folder / "both" / "__init__.py").write_text("from both import *\n")
    (folder / "both.py").write_text("from both import *\n")


@awkward("modules named as the standard library's")
def _(folder):
    for name in ("os", "sys", "builtins", "typing", "__future__", "__main__", "_typeshed", "importlib"):
        (folder / f"{name}.py").write_text("from os import *\nfrom builtins import *\nimport os, sys, typing\n")


@awkward("folders nested 1,000 deep")
def _(folder):
    path = folder
    for _ in range(1_000):
        path = path / "a"
        path.mkdir()
        (path / "__init__.py").write_text("from .a import *\n")


@awkward("path that does not exist", arguments=("missing.py",), codes=(2,), has_sibling=False)
def _(folder):
    pass


@awkward(
    "path that does not exist, and one that does", arguments=("missing", "sibling.py"), codes=(2,), has_sibling=False
)
def _(folder):
    pass


@awkward("empty path", arguments=("", "sibling.py"), codes=(1, 2), has_sibling=False)
def _(folder):
    pass


@awkward("same path many times", arguments=("sibling.py", ".", "./sibling.py", "../input/sibling.py") * 50)
def _(folder):
    pass


@awkward("path outside of the folder", arguments=("..",))
def _(folder):
    pass


# Text and its encoding.

STAR = "from sys import *\n"
source("NUL byte", b"import os\x00\nfrom sys import *\nx = '\x00'\n")
source("NUL bytes only", b"\x00" * 100_000)
source("cookie that is wrong", "# coding: nonsense-8\n" + STAR)
source("cookie that is not true", b"# coding: ascii\n" + "é = 1\n".encode() + STAR.encode())
source("cookie of two bytes a character", "# coding: utf-16\n" + STAR)
source("cookie of no text", "# coding: base64\n" + STAR)
source("latin-1 with cookie", b"# -*- coding: latin-1 -*-\nx = '\xe9'\n" + STAR.encode(), also=["bad.py"])
source("cookie in line 2", b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'\n" + STAR.encode())
source("invalid UTF-8", b"import os\nx = '\xff\xfe\xc3\x28'\n" + STAR.encode())
source("surrogates and overlong UTF-8", b"x = '\xed\xa0\x80 \xc0\xaf \xf8\x88\x80\x80\x80'\n" + STAR.encode())
source("UTF-8 cut short", STAR.encode() + b"x = '\xe2\x82")
source("BOM", b"\xef\xbb\xbf" + STAR.encode(), also=["bad.py"])
source("BOM and a cookie against it", b"\xef\xbb\xbf# coding: latin-1\nx = '\xc3\xa9'\n" + STAR.encode())
source("BOM and nothing", b"\xef\xbb\xbf")
source("BOM twice, and inside", b"\xef\xbb\xbf\xef\xbb\xbfimport os\n\xef\xbb\xbf" + STAR.encode())
source("UTF-16", STAR.encode("utf-16"))
source("UTF-32", STAR.encode("utf-32"))
source("empty file", b"")
source("one line end", b"\n")
source("no line end", b"from sys import *", also=["bad.py"])
source("CRLF", b"import os\r\n" + STAR.encode().replace(b"\n", b"\r\n") * 3, also=["bad.py"])
source("CR", b"import os\r" + STAR.encode().replace(b"\n", b"\r") * 3, also=["bad.py"])
source("CR, LF and CRLF", b"import os\r\r\nimport sys\n\rfrom sys import *\r\n", also=["bad.py"])
source("form feeds", b"\x0cimport os\n\x0c\n" + STAR.encode() + b"if x:\n \x0c from sys import *\n", also=["bad.py"])
source("other line separators", "x = 'a\u2028b\u2029c\x85d\x0b'\n" + STAR, also=["bad.py"])
source("names that are not ASCII", "import os as ﬁ, sys as 𝕩, re as ª\nfrom é import ß as ẞ\nfi, x, a\n" + STAR)
source("text from right to left", "x = '\u202e\u2066'  # \u202e from os import *\n" + STAR)
source("tabs and spaces", "if x:\n\tfrom os import *\n        from sys import *\n    \timport re\n")
source("no text: random bytes", lambda: random.Random(1).randbytes(1_000_000))
source("no text: random words", lambda: random_words(2))


def random_words(seed):
    """Words of the language in no order."""
    words = (
        'from import * ( ) [ ] { } : , . = += as if else def class lambda match case x __all__ \' " """ f\' # noqa \\'
    )
    words = words.split() + ["\n", "\n    ", "\n\t"]
    return " ".join(random.Random(seed).choices(words, k=300_000))


# Nesting. Each gives the source of a nest of the given depth.


def nest(before, inside, after):
    return lambda depth: before * depth + inside + after * depth + "\n"


def chain(first, rest):
    return lambda depth: first + rest * depth + "\n"


def match(before, inside, after):
    return lambda depth: f"match x:\n    case {before * depth}{inside}{after * depth}:\n        pass\n"


NESTS = {
    "parentheses": nest("(", "x", ")"),
    "empty parentheses": nest("(", "", ")"),
    "tuples": nest("(", "x", ",)"),
    "brackets": nest("[", "x", "]"),
    "braces": nest("{", "x", "}"),
    "dictionaries": nest("{x: ", "x", "}"),
    "dictionary keys": nest("{", "x", ": x}"),
    "attributes": chain("x", ".x"),
    "attributes of an import": lambda depth: "import os\nos" + ".path" * depth + "\n",
    "calls": chain("f", "()"),
    "calls in calls": nest("f(", "x", ")"),
    "calls in keywords": nest("f(x=", "x", ")"),
    "method calls": chain("f", ".x()"),
    "subscripts": chain("x", "[0]"),
    "subscripts in subscripts": nest("x[", "x", "]"),
    "slices": nest("x[:", "x", "]"),
    "minus": nest("-", "x", ""),
    "tilde": nest("~", "x", ""),
    "not": nest("not ", "x", ""),
    "await": lambda depth: "async def f():\n    " + "await (" * depth + "x" + ")" * depth + "\n",
    "yield": lambda depth: "def f():\n    " + "(yield " * depth + "x" + ")" * depth + "\n",
    "stars": nest("[*", "x", "]"),
    "sums": chain("x", " + x"),
    "sums to the right": nest("x + (", "x", ")"),
    "powers": chain("x", " ** x"),
    "comparisons": chain("x", " < x"),
    "and": chain("x", " and x"),
    "and, or": chain("x", " and x or x"),
    "and to the right": nest("x and (", "x", ")"),
    "ternaries": nest("x if x else ", "x", ""),
    "ternaries as conditions": nest("x if (", "x", ") else x"),
    "walruses": nest("(x := ", "x", ")"),
    "lambdas": nest("lambda: ", "x", ""),
    "lambdas as defaults": nest("lambda x=", "x", ": x"),
    "list comprehensions": nest("[", "x", " for x in x]"),
    "comprehensions as iterables": nest("[x for x in ", "x", "]"),
    "comprehensions as conditions": nest("{x for x in x if ", "x", "}"),
    "generators": nest("(", "x", " for x in x)"),
    "dictionary comprehensions": nest("{x: ", "x", " for x in x}"),
    "loops in a comprehension": lambda depth: "[x" + " for x in x" * depth + "]\n",
    "conditions in a comprehension": lambda depth: "[x for x in x" + " if x" * depth + "]\n",
    "strings side by side": chain("x = 'x'", " 'x'"),
    "f-strings side by side": chain("x = f'{x}'", " f'{x}'"),
    "assignments": nest("x = ", "x", ""),
    "targets in brackets": lambda depth: "[" * depth + "x" + "]" * depth + " = x\n",
    "targets in parentheses": lambda depth: "(" * depth + "x" + ",)" * depth + " = x\n",
    "targets of for": lambda depth: "for " + "[" * depth + "x" + "]" * depth + " in x: pass\n",
    "targets of with": lambda depth: "with x as " + "[" * depth + "x" + "]" * depth + ": pass\n",
    "targets of del": lambda depth: "del " + "[" * depth + "x" + "]" * depth + "\n",
    "targets with stars": lambda depth: "*[" * depth + "x" + "]" * depth + ", = x\n",
    "augmented targets": lambda depth: "x" + ".x" * depth + " += 1\n",
    "patterns in brackets": match("[", "x", "]"),
    "patterns in parentheses": match("(", "x", ")"),
    "patterns of classes": match("C(", "x", ")"),
    "patterns of mappings": match("{1: ", "x", "}"),
    "patterns with or": match("1 | ", "2", ""),
    "patterns with as": match("(", "x", " as x)"),
    "patterns with dots": match("x.", "x", ""),
    "annotations": lambda depth: "x: " + "List[" * depth + "x" + "]" * depth + "\n",
    "annotations as strings": lambda depth: "x: '" + "List[" * depth + "x" + "]" * depth + "'\n",
    "annotations as strings, unions": lambda depth: "def f(x: 'int" + " | int" * depth + "'): ...\n",
    "annotations as strings, open": lambda depth: "x: '" + "List[(" * depth + "'\n",
    "cast to a string": lambda depth: "import typing\ntyping.cast('" + "List[" * depth + "x" + "]" * depth + "', x)\n",
    "type parameters": lambda depth: "type X[T: " + "(" * depth + "int" + ")" * depth + "] = T\n",
    "decorators": lambda depth: "@" + "f(" * depth + "x" + ")" * depth + "\ndef f(): pass\n",
    "many decorators": lambda depth: "@f\n" * depth + "def f(): pass\n",
    "bases": lambda depth: "class C(" + "f(" * depth + "x" + ")" * depth + "): pass\n",
    "conditions of platform": lambda depth: "import sys\nif sys.platform == 'x'"
    + " and sys.version_info > (3,)" * depth + ":\n    from re import *\n",
    "conditions of type checking": lambda depth: "from typing import TYPE_CHECKING\nif " + "not " * depth
    + "TYPE_CHECKING:\n    from re import *\n",
    "conditions in parentheses": lambda depth: "from typing import TYPE_CHECKING\nif " + "(" * depth
    + "TYPE_CHECKING" + ")" * depth + ":\n    from re import *\n",
    "__all__ in parentheses": lambda depth: "__all__ = " + "(" * depth + "['x']" + ")" * depth + "\n",
    "__all__ as a sum": lambda depth: "__all__ = ['x']" + " + ['y']" * depth + "\n",
    "__all__ as a sum to the right": lambda depth: "__all__ = " + "['x'] + (" * depth + "[]" + ")" * depth + "\n",
    "__all__ as stars": lambda depth: "__all__ = " + "[*" * depth + "[]" + "]" * depth + "\n",
    "__all__ as comprehensions": lambda depth: "__all__ = " + "[x for x in " * depth + "x" + "]" * depth + "\n",
    "__all__ as conditions": lambda depth: "__all__ = " + "['x'] if x else " * depth + "[]\n",
    "import of calls": lambda depth: "import importlib\n"
    + "importlib.import_module(" * depth + "'x'" + ")" * depth + "\n",
    "opened only": lambda depth: "(" * depth + "\n",
    "opened only, of all kinds": lambda depth: "([{" * (depth // 3) + "\n",
    "closed only": lambda depth: ")]}" * (depth // 3) + "\n",
    "opened and closed crosswise": lambda depth: "([" * (depth // 2) + ")]" * (depth // 2) + "\n",
    "continued lines": lambda depth: "x = 1" + " + \\\n1" * depth + "\n",
    "backslashes only": lambda depth: "\\\n" * depth,
    "elif": lambda depth: "if x:\n    pass\n" + "elif x:\n    import os\n" * depth,
    "except": lambda depth: "try:\n    import os\n" + "except x:\n    import os\n" * depth,
    "case": lambda depth: "match x:\n" + "    case 1:\n        import os\n" * depth,
    "with items": lambda depth: "with " + "x as y, " * depth + "x: pass\n",
    "parameters": lambda depth: "def f(" + ", ".join(f"x{i}=x" for i in range(depth)) + "): pass\n",
    "dots of a relative import": lambda depth: f"from {'.' * depth} import *\nfrom {'.' * depth}x import y\n",
}  # fmt: skip

for depth in (10_000, 100_000):
    for title, make in NESTS.items():
        source(f"nested {depth:,}: {title}", lambda make=make, depth=depth: make(depth) + STAR)


source("nested 200: f-strings", lambda: 'f"{' * 200 + "x" + '}"' * 200 + "\n" + STAR)
source("nested 10,000: f-strings", lambda: 'f"{' * 10_000 + "x" + '}"' * 10_000 + "\n" + STAR)
source("nested 200: f-strings, open", lambda: 'f"{' * 200 + "\n" + STAR)
source("nested 100,000: f-strings, open", lambda: 'f"{' * 100_000 + "\n" + STAR)
source("nested 200: f-string formats", lambda: 'f"' + "{x:" * 200 + "}" * 200 + '"\n' + STAR)
source("nested 10,000: f-string formats", lambda: 'f"' + "{x:" * 10_000 + "}" * 10_000 + '"\n' + STAR)
source("nested 200: t-strings", lambda: 't"{' * 200 + "x" + '}"' * 200 + "\n" + STAR)


def nested_annotations():
    """A string in a string in a string: each level doubles the backslashes, so that few levels are long."""
    text = "int"
    for _ in range(16):
        text = repr(f"List[{text}]")
    return f"x: {text}\n{STAR}"


source("nested 16: annotations as strings of strings", nested_annotations)


def blocks(head, depth, end="pass"):
    """Blocks of one space more each."""
    return "".join(" " * level + head + "\n" for level in range(depth)) + " " * depth + end + "\n"


BLOCKS = {
    "if": "if x:",
    "while": "while x:",
    "for": "for x in x:",
    "with": "with x:",
    "def": "def f():",
    "async def": "async def f():",
    "class": "class C:",
    "if TYPE_CHECKING": "if TYPE_CHECKING:",
}
for title, head in BLOCKS.items():
    source(f"blocks 2,000: {title}", lambda head=head: blocks(head, 2_000, "from re import *") + STAR)
source(
    "blocks 2,000: try",
    lambda: (
        blocks("try:", 2_000, "import re")
        + "".join(" " * level + "except ImportError: import os\n" for level in reversed(range(2_000)))
        + STAR
    ),
)
source(
    "blocks 2,000: else",
    lambda: (
        "".join(f"{' ' * level}if x: import os\n{' ' * level}else:\n" for level in range(2_000))
        + " " * 2_000
        + "import os\n"
        + STAR
    ),
)
source(
    "blocks 2,000: match",
    lambda: (
        "".join(f"{' ' * (2 * level)}match x:\n{' ' * (2 * level + 1)}case x:\n" for level in range(1_000))
        + " " * 2_000
        + "import os\n"
        + STAR
    ),
)
source("blocks 2,000: nothing inside", lambda: blocks("if x:", 2_000, "") + STAR)
source("indentation of 10 MB", lambda: "if x:\n" + " " * 10_000_000 + "from re import *\n" + STAR)

# Size.

MEGABYTES = 10_000_000
source("10 MB line: string", lambda: f"x = '{'a' * MEGABYTES}'\n{STAR}", also=["bad.py"])
source("10 MB line: string and a star on it", lambda: f"x = '{'a' * MEGABYTES}'; {STAR}", also=["bad.py"])
source("10 MB line: docstring", lambda: f'"""{"a" * MEGABYTES}"""\n{STAR}', also=["bad.py"])
source("10 MB line: string that is open", lambda: f"{STAR}x = '{'a' * MEGABYTES}\n")
source("10 MB line: text that is open", lambda: f"{STAR}x = '''{'a ' * (MEGABYTES // 2)}\n")
source("10 MB line: comment", lambda: f"{STAR}# {'a' * MEGABYTES}\n", also=["bad.py"])
source("10 MB line: name", lambda: f"{STAR}{'a' * MEGABYTES} = 1\n", also=["bad.py"])
source("10 MB line: number", lambda: f"{STAR}x = {'1' * MEGABYTES}\n", also=["bad.py"])
source("10 MB line: list", lambda: f"x = [{'1, ' * (MEGABYTES // 3)}]\n{STAR}", also=["bad.py"])
source("10 MB line: list of names", lambda: f"x = [{'name, ' * (MEGABYTES // 6)}]\n{STAR}", also=["bad.py"])
source("10 MB line: sum", lambda: f"x = 1{' + 1' * (MEGABYTES // 4)}\n{STAR}", also=["bad.py"])
source("10 MB line: module", lambda: f"import {'a' * MEGABYTES}\n{STAR}", also=["bad.py"])
source("10 MB of line ends", lambda: "\n" * MEGABYTES + STAR, also=["bad.py"])
source("10 MB of suppressions", lambda: f"{STAR}x = 1  # noqa: {'F401,' * (MEGABYTES // 5)}\n")
source("10 MB of open suppressions", lambda: f"{STAR}x = 1  # douane: ignore[{'star-import, ' * (MEGABYTES // 13)}\n")
source("300,000 lines with suppressions", lambda: "import os  # noqa: F401\nx = 1  # douane: ignore[x] y\n" * 150_000)


def numbered(count, quote=False):
    """Names, separated by commas."""
    return ", ".join(f"'n{number}'" if quote else f"n{number}" for number in range(count))


source("500,000 names in __all__", lambda: STAR + f"__all__ = [{numbered(500_000, quote=True)}]\n")
source("500,000 times one name in __all__", lambda: STAR + "__all__ = [" + "'path', " * 500_000 + "]\n")
source(
    "500,000 additions to __all__",
    lambda: f"{STAR}__all__ = []\n" + "".join(f"__all__ += ['n{i}']\n" for i in range(500_000)),
)
source("500,000 names from one module", lambda: f"{STAR}from x import {numbered(500_000)}\n")
source("500,000 names from one known module", lambda: f"{STAR}from os import {numbered(500_000)}\n")
source("500,000 modules in one import", lambda: f"{STAR}import {numbered(500_000)}\n")
source("500,000 names unknown", lambda: STAR + "".join(f"n{i}\n" for i in range(500_000)))
source("1,000,000 statements on one line", lambda: STAR + "x=1;" * 1_000_000 + "\n")
source("100,000 imports on one line", lambda: STAR + "import os;" * 100_000 + "\n")
source("10,000 stars on one line", lambda: "from os import *;" * 10_000 + "\n")
source("100,000 parts of an import", lambda: f"{STAR}import {'.'.join(['a'] * 100_000)}\n")
source("100,000 parts of a star", lambda: f"{STAR}from {'.'.join(['a'] * 100_000)} import *\n")
source("100,000 parts of an import that begin well", lambda: f"{STAR}import os{'.path' * 100_000}\n")
source(
    "50,000 functions", lambda: STAR + "".join(f"def f{i}():\n    import os\n    return os\n" for i in range(50_000))
)
source(
    "50,000 functions that star", lambda: STAR + "".join(f"def f{i}():\n    from os import *\n" for i in range(50_000))
)
source("50,000 classes", lambda: STAR + "".join(f"class C{i}:\n    import os\n    x = os\n" for i in range(50_000)))
source("50,000 stars of one module", lambda: "from os import *\n" * 50_000, also=["bad.py"])
source("50,000 stars of unknown modules", lambda: "".join(f"from m{i} import *\n" for i in range(50_000)) + "x\n")
source("10,000 bindings of one name", lambda: STAR + "".join(f"import m{i} as x\n" for i in range(10_000)))
source("10,000 bindings, each used", lambda: STAR + "".join(f"import m{i} as x\nx\n" for i in range(10_000)))
source(
    "10,000 bindings under conditions",
    lambda: STAR + "".join(f"if y:\n    import m{i} as x\n" for i in range(10_000)) + "x\n",
)
source(
    "10,000 bindings in try",
    lambda: STAR + "try:\n    import m as x\nexcept ImportError:\n    import n as x\n" * 5_000 + "x\n",
)
source("10,000 times the same import", lambda: STAR + "import os\n" * 10_000 + "os\n")
source("10,000 times the same import in nested functions", lambda: STAR + blocks("def f():", 1_000, "import os") * 10)
source("100,000 global statements", lambda: STAR + "def f():\n" + "    global x\n    import x\n" * 50_000)
source("1,000,000 references of an import", lambda: STAR + "import os\n" + "os.path\n" * 1_000_000)


@awkward("one name from 2,000 stars")
def _(folder):
    (folder / "package").mkdir()
    for number in range(2_000):
        (folder / "package" / f"m{number}.py").write_text(f"same = {number}\n")
    stars = "".join(f"from .m{number} import *\n" for number in range(2_000))
    (folder / "package" / "__init__.py").write_text(stars)
    for number in range(20):
        (folder / f"consumer{number}.py").write_text("from package import *\n\nprint(same)\n")


# Stars and `__all__` in circles.


@awkward("star of itself", also=["itself.py", "__init__.py"])
def _(folder):
    (folder / "itself.py").write_text("from itself import *\nx = 1\nx\n")
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").write_text("from . import *\nfrom package import *\nfrom .package import *\n")


@awkward("name imported from itself")
def _(folder):
    (folder / "itself.py").write_text("from itself import x, itself\nimport itself\n__all__ = itself.__all__ + ['x']\n")
    (folder / "first.py").write_text("from second import x\n")
    (folder / "second.py").write_text("from first import x\n")
    (folder / "consumer.py").write_text("from first import *\nfrom second import x as y\nx, y\n")


@awkward("__all__ in a circle", also=["first.py", "second.py", "consumer.py"])
def _(folder):
    for name, other in (("first", "second"), ("second", "first")):
        head = f"import {other}\nfrom {other} import *\n__all__ = ['{name}_name']\n__all__ += {other}.__all__\n"
        (folder / f"{name}.py").write_text(f"{head}{name}_name = 1\n")
    (folder / "consumer.py").write_text("from first import *\nprint(first_name, second_name)\n")


@awkward("__all__ of itself")
def _(folder):
    (folder / "itself.py").write_text("import itself\n__all__ = __all__ + itself.__all__\n__all__ += __all__\n")
    (folder / "consumer.py").write_text("from itself import *\nprint(x)\n")


@awkward("__all__ doubled 64 times")
def _(folder):
    (folder / "doubled.py").write_text("__all__ = ['a', 'b']\n" + "__all__ += __all__\n" * 64)
    (folder / "consumer.py").write_text("from doubled import *\nprint(a)\n")


@awkward("__all__ added from the last module, 40 times twice")
def _(folder):
    (folder / "m0.py").write_text("__all__ = ['a', 'b']\na = b = 1\n")
    for number in range(1, 41):
        last = f"m{number - 1}"
        (folder / f"m{number}.py").write_text(
            f"from {last} import *\nimport {last}\n__all__ = {last}.__all__ + {last}.__all__\n"
        )
    (folder / "consumer.py").write_text("from m40 import *\nprint(a)\n")


@awkward("names that double along 40 stars")
def _(folder):
    (folder / "m0.py").write_text("a = 1\n")
    for number in range(1, 41):
        (folder / f"m{number}.py").write_text(f"from m{number - 1} import *\nfrom m{max(0, number - 2)} import *\n")
    (folder / "consumer.py").write_text("from m40 import *\nprint(a, missing)\n")


@awkward("20,000 stars in a chain")
def _(folder):
    for number in range(20_000):
        star = f"from .m{number - 1} import *\n" if number else ""
        write_in_package(folder / "package", f"m{number}", f"{star}n{number} = 1\n")
    (folder / "consumer.py").write_text("from package.m19999 import *\nprint(n0, n19999)\n")


@awkward("5,000 stars in a circle")
def _(folder):
    for number in range(5_000):
        write_in_package(folder / "package", f"m{number}", f"from .m{(number + 1) % 5_000} import *\nn{number} = 1\n")
    (folder / "consumer.py").write_text("from package.m0 import *\nprint(n0, n4999)\n")


@awkward("20,000 names handed on in a chain")
def _(folder):
    for number in range(20_000):
        text = f"from .m{number - 1} import x\n" if number else "x = 1\n"
        write_in_package(folder / "package", f"m{number}", text)
    (folder / "consumer.py").write_text("from package.m19999 import x\nprint(x)\n")


@awkward("300 modules that all star each other")
def _(folder):
    for number in range(300):
        stars = "".join(f"from .m{other} import *\n" for other in range(300) if other != number)
        write_in_package(folder / "package", f"m{number}", f"{stars}n{number} = 1\n")


def write_in_package(package, name, text):
    if not package.exists():
        package.mkdir()
        (package / "__init__.py").write_text("")
    (package / f"{name}.py").write_text(text)


# Configuration.


@awkward("lint.toml is a folder", codes=(1, 2))
def _(folder):
    (folder / "lint.toml").mkdir()


@awkward("lint.toml is a FIFO", codes=(1, 2))
def _(folder):
    os.mkfifo(folder / "lint.toml")


@awkward("lint.toml is a link to /dev/zero", codes=(1, 2))
def _(folder):
    (folder / "lint.toml").symlink_to("/dev/zero")


@awkward("lint.toml is a link to itself", codes=(1, 2))
def _(folder):
    (folder / "lint.toml").symlink_to("lint.toml")


@awkward("lint.toml is unreadable", codes=(1, 2), mention="lint.toml", user=NOBODY)
def _(folder):
    (folder / "lint.toml").write_text("")
    (folder / "lint.toml").chmod(0)


@awkward("lint.toml is empty")
def _(folder):
    (folder / "lint.toml").write_text("")


@awkward("pyproject.toml is a folder", codes=(1, 2))
def _(folder):
    (folder / "pyproject.toml").mkdir()


configuration("lint.toml is no TOML", "lint.toml", b"this is = = not [TOML\n")
configuration("lint.toml is not UTF-8", "lint.toml", b"x = '\xff\xfe'\n")
configuration("lint.toml has a BOM and NUL", "lint.toml", b"\xef\xbb\xbfx = '\x00'\n")
configuration(
    "lint.toml has unknown keys", "lint.toml", b"no-such-key = 1\n[no-such-table]\nx = 1\n[rules.nothing]\nx = 1\n"
)
configuration("lint.toml has wrong types", "lint.toml", b"rules = 3\n")
configuration("lint.toml has two of a key", "lint.toml", b"[rules.star-import]\n[rules.star-import]\n")
configuration("lint.toml is 1 MB of garbage", "lint.toml", lambda: random.Random(3).randbytes(1 << 20))
configuration("lint.toml is 1 MB of brackets", "lint.toml", lambda: b"x = " + b"[" * (1 << 20))
configuration("lint.toml is 1 MB of tables", "lint.toml", lambda: b"x = " + b"{x = " * (1 << 18))
configuration("lint.toml has 100,000 parts of a key", "lint.toml", lambda: b".".join([b"a"] * 100_000) + b" = 1\n")
configuration("pyproject.toml is broken", "pyproject.toml", b"[tool.douane]\nx = = 1\n")
configuration("pyproject.toml is not UTF-8", "pyproject.toml", b"[tool.douane]\nx = '\xff'\n")
configuration("pyproject.toml has unknown keys", "pyproject.toml", b"[tool.douane]\nno-such-key = 1\n")


@awkward("pyproject.toml has another type for tool", codes=(1, 2))
def _(folder):
    (folder / "pyproject.toml").write_text("tool = 3\n")


@awkward(".gitignore is not UTF-8")
def _(folder):
    (folder / ".gitignore").write_bytes(b"\xff\xfe\n[z-a]\n{a,\n**/**/***\n")


# While it runs.


def run_while_vanishing(case, douane, folder, form, options):
    """Starts, and removes files at once; again with ever longer delays, until nothing was left to remove."""
    worst = None
    for delay in (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4):
        make_many(folder)
        paths = sorted((folder / "package").glob("*.py"))
        random.Random(delay).shuffle(paths)

        def remove(delay=delay, paths=paths):
            time.sleep(delay)
            for number, path in enumerate(paths):
                if number % 3 == 1:
                    # Shorter than it was when its size was asked.
                    path.write_text("")
                else:
                    path.unlink()

        thread = threading.Thread(target=remove)
        thread.start()
        run = run_plainly(case, douane, folder, form, options)
        thread.join()
        if worst is None or faults(case, run, form):
            worst = run
        if faults(case, run, form):
            break
    return worst


def make_many(folder):
    shutil.rmtree(folder / "package", ignore_errors=True)
    for number in range(5_000):
        text = f"from .m{(number * 7) % 5_000} import *\nimport os\n" + f"x{number} = 1\n" * 100
        write_in_package(folder / "package", f"m{number}", text)


CASES.append(Case("files vanish", lambda folder: None, codes=(1, 2), run=run_while_vanishing))


def run_with_closed_pipe(case, douane, folder, form, options):
    """Reads one line of the output and closes the pipe, as `head -1` does."""
    reading, writing = os.pipe()
    launcher, paths = launch(case, douane, folder, form, options, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        pipe.readline()
    launcher.wait()
    return ended(paths)


def make_much_output(folder):
    (folder / "bad.py").write_text("from os import *\n" * 20_000)


# Ending by the signal of a closed pipe is what most tools do.
CASES.append(
    Case(
        "output closed after one line",
        make_much_output,
        codes=(0, 1, 2, -signal.SIGPIPE),
        run=run_with_closed_pipe,
        has_sibling=False,
    )
)


def run_on_full_disk(case, douane, folder, form, options):
    return run_plainly(case, douane, folder, form, options, output="/dev/full")


if os.path.exists("/dev/full"):
    CASES.append(Case("output on a full disk", make_much_output, codes=(1, 2), run=run_on_full_disk, has_sibling=False))


# Running.


def launch(case, douane, folder, form, options, output):
    """Starts douane in the folder; `output` is a path, or the descriptor of a pipe."""
    place = folder.parent
    paths = {name: str(place / name) for name in ("output", "errors", "ended")}
    settings = {
        "folder": str(folder),
        "seconds": options.seconds,
        "memory": options.memory << 20,
        "output_limit": OUTPUT,
        "user": case.user if os.geteuid() == 0 else 0,
        **paths,
    }
    is_pipe = isinstance(output, int)
    settings["output"] = None if is_pipe else output or paths["output"]
    command = [sys.executable, "-I", "-S", "-c", LAUNCHER, json.dumps(settings), str(douane), "check"]
    command += ["--output-format", form, *options.douane_args, *case.arguments]
    launcher = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output if is_pipe else subprocess.DEVNULL)
    return launcher, paths


def run_plainly(case, douane, folder, form, options, output=None):
    launcher, paths = launch(case, douane, folder, form, options, output)
    launcher.wait()
    return ended(paths)


def ended(paths):
    with open(paths["ended"], encoding="utf-8") as file:
        end = json.load(file)
    return Run(end["code"], end["seconds"], end["peak"], end["is_late"], paths["output"], paths["errors"])


def reported(run, form, names):
    """Which of the named files have the finding in the output."""
    if not os.path.exists(run.output):
        return set()
    if form == "json":
        with open(run.output, encoding="utf-8", errors="replace") as file:
            try:
                return reported_in_json(json.load(file), names)
            except ValueError:
                return set()
    found, since = set(), 99
    with open(run.output, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            # `full` names the rule first and the place some lines below, `concise` both in one.
            since = 0 if FINDING in line else since + 1
            if since <= 3:
                found.update(name for name in names if f"{name}:" in line)
    return found


def reported_in_json(value, names):
    found = set()
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if FINDING in [item for item in value.values() if isinstance(item, str)]:
                text = json.dumps(value, ensure_ascii=False)
                found.update(name for name in names if f"{name}" in text)
            else:
                waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return found


def contains(path, texts):
    """Whether a file has any of the texts."""
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8", errors="replace") as lines:
        return any(text in line for line in lines for text in texts)


def first_lines(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return " | ".join(file.read(600).strip().splitlines()[:4])


def faults(case, run, form):
    """What is wrong with a run, in words."""
    found = []
    if run.is_late:
        found.append("did not end in time")
    elif run.code < 0 and run.code not in case.codes:
        found.append(f"killed by {signal.Signals(-run.code).name}")
    elif run.code not in case.codes:
        found.append(f"exit code {run.code}, not {' or '.join(str(code) for code in case.codes)}")
    if contains(run.errors, ["panicked", "overflowed its stack"]) or contains(run.output, ["panicked at"]):
        found.append("panicked")
    if run.is_late or run.code < 0:
        return found
    if case.mention and not (contains(run.errors, [case.mention]) or contains(run.output, [case.mention])):
        found.append(f"not a word of {case.mention}")
    # Broken configuration may keep it from checking at all; then it must say something.
    is_given_up = run.code == 2 and (case.mention or not case.has_sibling or ".toml" in case.name)
    if run.code == 2 and not first_lines(run.errors) and not first_lines(run.output):
        found.append("gave up without a word")
    if not is_given_up:
        names = [*case.also] + (["sibling.py"] if case.has_sibling else [])
        lost = sorted(set(names) - reported(run, form, names))
        if lost:
            found.append(f"{FINDING} not reported in {', '.join(name[:20] for name in lost)}")
    return found


def remove(folder):
    """Removes whatever a case has made; nests are too deep for `shutil`."""
    subprocess.run(["chmod", "-R", "u+rwX", str(folder)], stderr=subprocess.DEVNULL, check=False)
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def check(case, douane, place, options):
    """Runs a case in each format, prints a line for each, and returns how many were bad."""
    # Whatever a case makes outside of its input, it doesn't make beside another's.
    place.mkdir()
    folder = place / "input"
    folder.mkdir()
    folder.chmod(0o755)
    place.chmod(0o777)
    bad = 0
    try:
        case.make(folder)
        if case.user and os.geteuid() == 0 and not is_runnable_as_nobody(douane, place):
            raise Skipped("root reads everything, and `nobody` can't run this douane")
        (folder / "sibling.py").write_text(SIBLING)
        for form in options.formats:
            for name in ("output", "errors", "ended"):
                with contextlib.suppress(FileNotFoundError):
                    (place / name).unlink()
            run = (case.run or run_plainly)(case, douane, folder, form, options)
            found = faults(case, run, form)
            bad += bool(found)
            verdict = "bad" if found else "good"
            code = signal.Signals(-run.code).name if run.code < 0 else run.code
            row(case.name, form, code, f"{run.seconds:.2f}", f"{run.peak / (1 << 20):.0f}", verdict)
            for fault in found:
                print(f"    {fault}")
            if found and first_lines(run.errors):
                print(f"    errors: {first_lines(run.errors)[:300]}")
    except Skipped as reason:
        row(case.name, "", "", "", "", f"skipped: {reason}")
    finally:
        if not options.keep:
            remove(place)
    return bad


def is_runnable_as_nobody(douane, place):
    """Whether `nobody` gets at the program and the input."""

    def become():
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    try:
        command = [str(douane), "--version"]
        subprocess.run(command, preexec_fn=become, cwd=place, capture_output=True, check=True)
        return True
    except (OSError, subprocess.SubprocessError):
        return False


def row(name, form, code, seconds, peak, verdict):
    print(f"{name:<62} {form:<8} {code!s:>7} {seconds:>8} {peak:>8}  {verdict}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Run douane on every awkward input.")
    parser.add_argument("--douane", type=pathlib.Path, default=REPOSITORY / "target" / "release" / "douane")
    parser.add_argument("--douane-args", type=shlex.split, default=[], metavar="ARGS")
    parser.add_argument("--only", action="append", metavar="PATTERN", help="names of cases, such as 'nested*lambda*'")
    parser.add_argument("--formats", type=lambda text: text.split(","), default=["concise", "full"])
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--memory", type=int, default=MEMORY >> 20, metavar="MIB", help="of address space")
    parser.add_argument("--folder", type=pathlib.Path, help="where the inputs go (default: a temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave the inputs and outputs")
    parser.add_argument("--list", action="store_true", help="only print the names of the cases")
    options = parser.parse_args()

    chosen = [case for case in CASES if not options.only or any(fnmatch.fnmatch(case.name, p) for p in options.only)]
    if options.list:
        print("\n".join(case.name for case in chosen))
        return
    if not options.douane.exists():
        parser.error(f"{options.douane} does not exist")

    place = pathlib.Path(tempfile.mkdtemp(prefix="douane-bad-input-", dir=options.folder))
    place.chmod(0o755)
    bad = 0
    try:
        # A copy, which also `nobody` may run.
        douane = place / "douane"
        shutil.copy(options.douane, douane)
        douane.chmod(0o755)
        row("case", "format", "exit", "seconds", "peak MB", "verdict")
        for number, case in enumerate(chosen):
            bad += check(case, douane, place / f"{number:03}", options)
    finally:
        if options.keep:
            print(f"left in {place}")
        else:
            remove(place)
    print(f"{len(chosen)} cases, {bad} bad runs")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
