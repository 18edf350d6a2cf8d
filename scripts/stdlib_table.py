#!/usr/bin/env python3
"""Writes the table of the Python standard library that `src/stdlib.rs` embeds.

    stdlib_table.py --typeshed 3.8=OLD --typeshed 3.9=LATER --typeshed 3.10=NEW -o data/stdlib.txt
        python3.8 ... python3.15

In: one interpreter for each version (a Linux build, as complete as there is: a module that the build lacks is known
from the stubs only) and the `stdlib` folder of one or more typesheds. Typeshed forgets a version when it loses support,
so each folder serves the versions from its own number up to the next folder's; without a number it serves all. PyPI's
`mypy` carries one (`mypy/typeshed/stdlib`): 1.16.0 still knows 3.8, 1.19.0 still 3.9, 2.4.1 knows 3.10 to 3.15.
Out: the table, and on standard error what could not be imported.

Nothing of the machine gets into the table but the interpreters' version numbers: no path, no site-packages, no `.pth`.

How it is known:

* Every module is imported in a process of its own, forked from an interpreter that has done no more than start
  (`-I -S`, and then what `site` adds to `builtins`). With site-packages, `.pth` files import half the library
  beforehand and put setuptools' `distutils` in Python's place, and `distutils.command.check` binds what `docutils` has.
* Attributes are what the module holds after that plain import, and what its `__dir__` and `__all__` promise and
  `getattr` keeps (`concurrent.futures.ProcessPoolExecutor`).
* A star is run, in a fresh namespace; what it raises is not interpreted.
* The stubs add what Linux does not have: every branch of a test of `sys.platform` counts.

The format, for people and for `git diff`. One block per module, sorted by name:

    # python 3.8.18 3.9.18 ... 3.15.2     the interpreters asked; their minor numbers are the versions of the table
    graphlib s9-                          a module, and marks
     * CycleError TopologicalSorter       names, sorted
     - _NODE_DONE _NODE_OUT _NodeInfo __all__
     -11- GenericAlias

A mark is one character, and its versions follow at once (`--11` is the mark `-` until 3.11). Versions are minor numbers:
`9-` from 3.9 on, `-11` until 3.11, `9-11`, `9`, and several with commas. Without versions a kind holds in all versions
of the table, and everything else in all versions in which the module exists. So a name that was always there costs its
own bytes, and a new Python changes only the lines of what it changed. A module exists in the versions of its kinds.

    p s e t   kind: package, source, extension or builtin, stub (only type checkers find it, as `_typeshed`)
    o         opaque: whatever is below this package is not listed (`test`, `idlelib`)
    ?         the contents are not known: not importable here, or better not imported (`antigravity`, `json.__main__`)
    x         the star is not known: it raised

    *         an attribute after a plain import, and a star binds it
    -         an attribute, but a star does not bind it
    +         a star binds it, but a plain import does not: a submodule, which the star imports
    !         not here, but it exists elsewhere: another platform, another build, another patch release, or once
              something was called (`curses.LINES`, `sys.ps1`)
    ~         exists for type checkers only (a `TypeVar`, a protocol of the stub)

What every module has (`__name__`, `__spec__`, ...) is left out: see `EVERYWHERE`.
"""

import argparse
import ast
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

EVERYWHERE = {
    "__name__", "__doc__", "__loader__", "__spec__", "__package__", "__file__", "__path__", "__cached__",
    "__builtins__",
    # Made by annotations and by warnings, not by the author.
    "__annotations__", "__annotate__", "__conditional_annotations__", "__warningregistry__",
}  # fmt: skip

# Belongs to the build or to whoever packaged it, not to Python.
FOREIGN = re.compile(r"_sysconfigdata\w*|_sysconfig_vars\w*|sitecustomize|usercustomize|_distutils_system_mod")

# Packages of Python's own tests and demonstrations: large, changing with each patch, often not installed.
OPAQUE = re.compile(r"test|idlelib|turtledemo|[\w.]+\.tests?|ensurepip\._bundled")
OPAQUE_ALWAYS = ("test", "idlelib", "turtledemo")

# `antigravity` opens a browser and a `__main__` runs its program; the others serve Python's own tests, and differ from
# build to build.
NOT_IMPORTED = re.compile(r"antigravity|([\w.]+\.)?__main__|_test\w+|_ctypes_test|_xxtestfuzz|xx\w+")

# In typeshed's `stdlib`, but no part of it.
NOT_STANDARD = {"typing_extensions", "mypy_extensions"}
# Described by typeshed as modules, importable nowhere: their stubs say so in comments only.
STUBS_ONLY = re.compile(
    r"_typeshed(\..*)?|sys\._monitoring|sys\.__jit|_dummy_threading|distutils\.command\.bdist_packager"
)
# Written in a stub for type checkers, without a mark that says so.
NAMES_OF_STUBS = {"builtins.ellipsis", "typing.type_check_only"}

KINDS = ("p", "s", "e", "t")
NAME_MARKS = ("*", "-", "+", "!", "~")

# What runs inside the interpreter asked. Kept to what 3.8 knows, and to modules that are loaded at start anyway, since
# every child inherits them.
PROBE = r'''
import sys, os, site, _imp, _signal
# What a usual start leaves behind; the rest of `site` looks for packages that are not Python's.
site.setquit(); site.setcopyright(); site.sethelper(); sys._home = None

def stem(entry):
    name, dot, suffix = entry.partition(".")
    is_compiled = suffix == "so" or suffix.startswith(("cpython-", "abi3")) and suffix.endswith(".so")
    if name.isidentifier() and (suffix == "py" or is_compiled):
        return name, "s" if suffix == "py" else "e"
    return None, None

def walk(folder, prefix, found):
    for entry in sorted(os.listdir(folder)):
        path = folder + "/" + entry
        if entry.isidentifier() and os.path.exists(path + "/__init__.py"):
            found[prefix + entry] = "p"
            walk(path, prefix + entry + ".", found)
        elif os.path.isfile(path):
            name, kind = stem(entry)
            if name and name != "__init__":
                found.setdefault(prefix + name, kind)

def listing():
    found = {}
    for folder in sys.path:
        if os.path.isdir(folder):
            walk(folder, "", found)
    for name in sys.builtin_module_names:
        found[name] = "e"
    for name in ("_frozen_importlib", "_frozen_importlib_external", "__hello__", "__phello__", "__phello__.spam"):
        if _imp.is_frozen(name):
            found.setdefault(name, "s")
    found["__main__"] = "s"
    return {
        "version": sys.version_info[:3],
        "found": found,
        "named": sorted(getattr(sys, "stdlib_module_names", ())),
    }

def kind_of(name):
    module = sys.modules[name]
    if hasattr(module, "__path__"):
        return "p"
    file, spec = getattr(module, "__file__", None), getattr(module, "__spec__", None)
    if file:
        return "s" if file.endswith((".py", ".pyc")) else "e"
    if spec:
        return "s" if spec.origin == "frozen" else "e"
    # Made by its parent and put into `sys.modules`: `pyexpat.errors`, `typing.io`.
    parent = name.rpartition(".")[0]
    return kind_of(parent) if parent in sys.modules else "e"

def attributes_of(module):
    names = set(vars(module))
    promised = set(dir(module)).union(getattr(module, "__all__", ()))
    names.update(name for name in promised - names if hasattr(module, name))
    if not isinstance(module, type(sys)):
        names -= set(dir(type("Nothing", (), {})))
    if hasattr(type(module), "__getattr__"):
        names.add("__getattr__")
    return sorted(name for name in names if name.isidentifier())

def describe(name):
    __import__(name)
    module = sys.modules[name]
    answer = {
        "kind": kind_of(name),
        "attributes": attributes_of(module),
        "below": sorted(key for key, value in sys.modules.items() if key.startswith(name + ".") and value is not None),
        "star": None,
    }
    space = {}
    try:
        exec("from " + name + " import *", space)
    except Exception as error:
        answer["raised"] = repr(error)
    else:
        answer["star"] = sorted(set(space) - {"__builtins__"})
    return answer

def ask(name):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nothing, descriptor)
            _signal.alarm(10)
            try:
                answer = describe(name)
            except BaseException as error:
                answer = {"error": type(error).__name__ + ": " + str(error)}
            with open(writing, "wb") as pipe:
                pipe.write(ascii(answer).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        answer = pipe.read().decode()
    os.waitpid(child, 0)
    return answer or "{'error': 'died, or took too long'}"

if sys.argv[1] == "list":
    print(ascii(listing()))
else:
    for name in sys.stdin.read().split():
        print(name, ask(name), flush=True)
'''


def run_probe(interpreter, order, text=""):
    """The answer of the probe `order`, run by `interpreter` as bare as it starts."""
    command = [interpreter, "-I", "-S", "-B", "-W", "ignore", "-c", PROBE, order]
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout


def ask(interpreter, names):
    """What `interpreter` says of each module."""
    lines = run_probe(interpreter, "ask", "\n".join(sorted(names))).splitlines()
    return {name: ast.literal_eval(answer) for name, _, answer in (line.partition(" ") for line in lines)}


class Module:
    """One module in one version. `attributes` and `star` are None where they are not known."""

    def __init__(self, kind):
        self.kind = kind
        self.is_opaque = False
        self.attributes = None
        self.star = None
        self.elsewhere = set()
        self.typing_only = set()

    def names(self):
        """Each mark with the names that have it; no name has two marks."""
        attributes, star = self.attributes or set(), self.star or set()
        return {
            "*": attributes & star,
            "-": attributes - star,
            "+": star - attributes,
            "!": self.elsewhere,
            "~": self.typing_only,
        }

    def marks(self):
        """The marks of the module itself."""
        yield self.kind
        if self.is_opaque:
            yield "o"
        if self.attributes is None:
            yield "?"
        elif self.star is None:
            yield "x"


class Version:
    """The standard library of one interpreter, as the interpreter tells it."""

    def __init__(self, interpreter):
        listing = ast.literal_eval(run_probe(interpreter, "list"))
        self.python = listing["version"]
        self.minor = self.python[1]
        self.named = set(listing["named"])
        self.notes = []
        self.modules = {}

        found = {name: kind for name, kind in listing["found"].items() if not FOREIGN.fullmatch(name)}
        opaque = {name for name in found if OPAQUE.fullmatch(name) and found[name] == "p"} | set(OPAQUE_ALWAYS)
        for name in opaque:
            self.modules[name] = Module("p")
            self.modules[name].is_opaque = True
        found = {
            name: kind
            for name, kind in found.items()
            if name not in opaque and not any(name.startswith(package + ".") for package in opaque)
        }
        for name, kind in found.items():
            self.modules[name] = Module(kind)

        asked = {name for name in found if not NOT_IMPORTED.fullmatch(name)}
        answers = ask(interpreter, asked)
        # `os.path` and `pyexpat.errors` have no file: their parent makes them when it is imported.
        made = {name for answer in answers.values() for name in answer.get("below", ())} - set(self.modules)
        made = {name for name in made if not any(name.startswith(package + ".") for package in opaque)}
        answers.update(ask(interpreter, made))
        for name, answer in sorted(answers.items()):
            self._note(name, answer)
        # Other platforms' modules: named by this Python, not in this build. Source is installed everywhere, so what is
        # missing is compiled; the stubs know better where it is a package.
        self.missing = self.named - set(self.modules)
        for name in self.missing:
            self.modules[name] = Module("e")

    def _note(self, name, answer):
        if "error" in answer:
            self.notes.append(f"{name}: {answer['error']}")
            return
        if "raised" in answer:
            self.notes.append(f"from {name} import *: {answer['raised']}")
        module = self.modules.setdefault(name, Module(answer["kind"]))
        module.kind = answer["kind"]
        module.attributes = set(answer["attributes"]) - EVERYWHERE
        module.star = None if answer["star"] is None else set(answer["star"]) - EVERYWHERE

    def add_platform_modules(self, later):
        """Before 3.10 Python did not name its modules: what `later` names and has not, there was before."""
        self.missing = later.missing - set(self.modules)
        for name in self.missing:
            self.modules[name] = Module("e")


class StubName:
    """How a stub has a name: `is_gated` if only a test of the platform leads to it."""

    def __init__(self, is_gated, is_typing):
        self.is_gated = is_gated
        self.is_typing = is_typing


class Stubs:
    """A typeshed folder, asked for the names of a module in a version."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.ranges = dict(self._ranges())
        self.files = {}
        for path in sorted(self.folder.rglob("*.pyi")):
            parts = path.relative_to(self.folder).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            self.files[".".join(parts[:-1] if is_package else parts)] = path
        self.trees = {}
        self.answers = {}

    def _ranges(self):
        for line in (self.folder / "VERSIONS").read_text(encoding="utf-8").splitlines():
            name, colon, versions = line.partition("#")[0].partition(":")
            if colon:
                first, _, last = versions.strip().partition("-")
                yield name, (int(first.split(".")[1]), int(last.split(".")[1]) if last else 99)

    def is_package(self, name):
        return self.files[name].name == "__init__.pyi"

    def modules(self, minor):
        """The modules that exist in a version: a submodule without an entry lives as long as its parent."""
        for name in self.files:
            if name.partition(".")[0] in NOT_STANDARD:
                continue
            parts = name.split(".")
            ranges = [self.ranges.get(".".join(parts[: end + 1])) for end in range(len(parts))]
            if all(first <= minor <= last for first, last in filter(None, ranges)):
                yield name

    def names(self, module, minor):
        """What the stub of a module exports in a version: `{name: StubName}`, and what its star takes."""
        key = (module, minor)
        if key not in self.answers:
            # Stubs import each other in circles; what is not finished yet counts as empty.
            self.answers[key] = ({}, set())
            if module in self.files:
                self.answers[key] = self._read(module, minor)
        return self.answers[key]

    def _read(self, module, minor):
        if module not in self.trees:
            self.trees[module] = ast.parse(self.files[module].read_text(encoding="utf-8"))
        scope = StubScope(self, module, minor)
        scope.block(self.trees[module].body, is_gated=False)
        return scope.exports()


class StubScope:
    """The names of one stub in one version."""

    def __init__(self, stubs, module, minor):
        self.stubs, self.module, self.minor = stubs, module, minor
        self.found = {}
        # Imported without `as`: exported only if `__all__` says so.
        self.imported = {}
        self.listed = None

    def exports(self):
        for name in self.listed or ():
            if name in self.imported:
                self.found.setdefault(name, self.imported[name])
        star = self.listed
        if star is None:
            star = {name for name in self.found if not name.startswith("_")}
        return self.found, star

    def block(self, statements, is_gated):
        for statement in statements:
            self.statement(statement, is_gated)

    def statement(self, node, is_gated):
        if isinstance(node, ast.If):
            holds = self.test(node.test)
            if holds is not False:
                self.block(node.body, is_gated or holds is None)
            if holds is not True:
                self.block(node.orelse, is_gated or holds is None)
        elif isinstance(node, ast.Try):
            for part in (node.body, node.orelse, node.finalbody, *(handler.body for handler in node.handlers)):
                self.block(part, is_gated)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.add(node.name, is_gated, is_typing=self.is_check_only(node))
        elif isinstance(node, ast.ClassDef):
            is_protocol = node.name.startswith("_") and any(
                base_name(base) in ("Protocol", "TypedDict") for base in node.bases
            )
            self.add(node.name, is_gated, is_typing=is_protocol or self.is_check_only(node))
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    is_variable = isinstance(node.value, ast.Call) and base_name(node.value.func) in (
                        "TypeVar", "ParamSpec", "TypeVarTuple",
                    )  # fmt: skip
                    self.add(target.id, is_gated, is_typing=is_variable)
                    if target.id == "__all__":
                        self.listed = set()
                        self.extend_listed(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            self.add(node.target.id, is_gated, is_typing=base_name(node.annotation) == "TypeAlias")
            if node.target.id == "__all__" and node.value:
                self.listed = set()
                self.extend_listed(node.value)
        elif isinstance(node, ast.AugAssign) and base_name(node.target) == "__all__":
            self.extend_listed(node.value)
        elif type(node).__name__ == "TypeAlias":
            self.add(node.name.id, is_gated, is_typing=True)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                self.bind(alias.asname or alias.name.partition(".")[0], alias.asname == alias.name, is_gated)
        elif isinstance(node, ast.ImportFrom):
            self.import_from(node, is_gated)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            self.change_list(node.value)

    def import_from(self, node, is_gated):
        source = self.resolve(node)
        for alias in node.names:
            if alias.name == "*":
                names, star = self.stubs.names(source, self.minor)
                for name in star & set(names):
                    self.add(name, is_gated or names[name].is_gated, names[name].is_typing)
                continue
            if alias.name == "__all__" and alias.asname in (None, "__all__"):
                self.add("__all__", is_gated, is_typing=False)
                self.listed = (self.listed or set()) | self.stubs.names(source, self.minor)[1]
                continue
            self.bind(alias.asname or alias.name, alias.asname == alias.name, is_gated)

    def resolve(self, node):
        if not node.level:
            return node.module
        parts = self.module.split(".")
        climb = node.level - (1 if self.stubs.is_package(self.module) else 0)
        base = parts[: len(parts) - climb]
        return ".".join(base + ([node.module] if node.module else []))

    def bind(self, name, is_reexport, is_gated):
        if is_reexport:
            self.add(name, is_gated, is_typing=False)
        else:
            self.imported[name] = StubName(is_gated, False)

    def add(self, name, is_gated, is_typing):
        known = self.found.setdefault(name, StubName(is_gated, is_typing))
        known.is_gated = known.is_gated and is_gated
        known.is_typing = known.is_typing and is_typing

    def extend_listed(self, value):
        """`__all__ = value` or `__all__ += value`."""
        self.listed = self.listed or set()
        if isinstance(value, (ast.List, ast.Tuple)):
            self.listed.update(element.value for element in value.elts)
        elif isinstance(value, ast.BinOp):
            self.extend_listed(value.left)
            self.extend_listed(value.right)
        elif isinstance(value, ast.Attribute) and value.attr == "__all__":
            module = ast.unparse(value.value)
            package = self.module if self.stubs.is_package(self.module) else self.module.rpartition(".")[0]
            source = f"{package}.{module}" if f"{package}.{module}" in self.stubs.files else module
            self.listed |= self.stubs.names(source, self.minor)[1]

    def change_list(self, call):
        function = call.func
        if not (isinstance(function, ast.Attribute) and base_name(function.value) == "__all__"):
            return
        if function.attr == "remove":
            self.listed.discard(call.args[0].value)
        elif function.attr == "append":
            self.listed.add(call.args[0].value)
        else:
            self.extend_listed(call.args[0])

    def is_check_only(self, node):
        return any(base_name(decorator) == "type_check_only" for decorator in node.decorator_list)

    def test(self, node):
        """Whether a test holds: None where the platform decides."""
        if isinstance(node, ast.BoolOp):
            values = [self.test(value) for value in node.values]
            decisive = isinstance(node.op, ast.Or)
            if decisive in values:
                return decisive
            return None if None in values else not decisive
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            value = self.test(node.operand)
            return None if value is None else not value
        if base_name(node) == "TYPE_CHECKING":
            return True
        if isinstance(node, ast.Compare) and ast.unparse(node.left) == "sys.version_info":
            # Stubs follow the newest patch release.
            version, wanted = (3, self.minor, 99), ast.literal_eval(node.comparators[0])
            return version >= wanted if isinstance(node.ops[0], ast.GtE) else version < wanted
        return None


def base_name(node):
    """The last name of `a.b.c`, `c[...]` and `c(...)`."""
    if isinstance(node, ast.Subscript):
        return base_name(node.value)
    if isinstance(node, ast.Call):
        return base_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def add_stubs(version, stubs):
    """Adds to a version what typeshed knows beyond this Linux."""
    for name in stubs.modules(version.minor):
        names, _ = stubs.names(name, version.minor)
        is_stub = bool(STUBS_ONLY.fullmatch(name))
        if name not in version.modules:
            if not is_stub:
                version.notes.append(f"{name}: in the stubs only")
            version.modules[name] = Module("t" if is_stub else "s" if "." in name else "e")
            version.missing.add(name)
        module = version.modules[name]
        if name in version.missing and stubs.is_package(name) and not is_stub:
            module.kind = "p"
        if module.is_opaque:
            continue
        for member, how in names.items():
            if member in EVERYWHERE or member in (module.attributes or ()) or member in (module.star or ()):
                continue
            if f"{name}.{member}" in version.modules:
                continue
            if member == "__getattr__" and module.attributes is not None:
                # The stub is not complete; the module itself makes no names.
                continue
            is_private = member.startswith("_") and not member.endswith("__")
            # A private name that this Linux lacks though no platform was asked for is the stub's own.
            is_own = is_private and not how.is_gated and module.attributes is not None
            if is_stub or how.is_typing or is_own or f"{name}.{member}" in NAMES_OF_STUBS:
                module.typing_only.add(member)
            else:
                module.elsewhere.add(member)


class Span:
    """Writes sets of versions as the table does."""

    def __init__(self, minors):
        self.minors = minors

    def text(self, versions, default):
        if versions == default:
            return ""
        runs = []
        for minor in sorted(versions):
            if runs and runs[-1][1] == minor - 1:
                runs[-1][1] = minor
            else:
                runs.append([minor, minor])
        return ",".join(self.run(*run) for run in runs)

    def run(self, first, last):
        if last == self.minors[-1]:
            return f"{first}-"
        if first == self.minors[0]:
            return f"-{last}"
        return str(first) if first == last else f"{first}-{last}"


def table(versions):
    """The text of the table."""
    minors = [version.minor for version in versions]
    span, everything = Span(minors), frozenset(minors)
    lines = ["# python " + " ".join(".".join(map(str, version.python)) for version in versions)]
    for name in sorted({name for version in versions for name in version.modules}):
        present = {version.minor: version.modules[name] for version in versions if name in version.modules}
        marks, names = collections.defaultdict(set), collections.defaultdict(set)
        for minor, module in present.items():
            for mark in module.marks():
                marks[mark].add(minor)
            for mark, members in module.names().items():
                for member in members:
                    names[mark, member].add(minor)
        header = [name]
        for mark in sorted(marks, key="pseto?x".index):
            header.append(mark + span.text(marks[mark], everything if mark in KINDS else set(present)))
        lines.append(" ".join(header))

        groups = collections.defaultdict(list)
        for (mark, member), where in names.items():
            groups[mark, tuple(sorted(where))].append(member)
        for mark, where in sorted(groups, key=lambda group: (NAME_MARKS.index(group[0]), -len(group[1]), group[1])):
            members = sorted(groups[mark, where])
            lines.append(f" {mark}{span.text(set(where), set(present))} {' '.join(members)}")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Write the table of the Python standard library.")
    parser.add_argument("interpreters", nargs="+", help="one for each version, Linux builds")
    parser.add_argument("--typeshed", action="append", default=[], metavar="[3.N=]DIR", help="serves 3.N and later")
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path)
    options = parser.parse_args()

    typesheds = {}
    for option in options.typeshed:
        number, _, folder = option.rpartition("=")
        typesheds[int(number.partition(".")[2] or 0)] = Stubs(folder)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        versions = sorted(pool.map(Version, options.interpreters), key=lambda version: version.minor)
    minors = [version.minor for version in versions]
    if minors != list(range(minors[0], minors[-1] + 1)):
        sys.exit(f"one interpreter for each version without gaps, not {minors}")

    for version, later in reversed(list(zip(versions, versions[1:]))):
        if not version.named:
            version.add_platform_modules(later)
    for version in versions:
        serving = [number for number in typesheds if number <= version.minor]
        if serving:
            add_stubs(version, typesheds[max(serving)])
        for note in version.notes:
            print(f"3.{version.minor}: {note}", file=sys.stderr)

    options.output.write_text(table(versions), encoding="utf-8")


if __name__ == "__main__":
    main()
