#!/usr/bin/env python3
"""Compares what douane says a star brings with what CPython binds.

    scripts/compare_stars.py                        django 5.2, sqlalchemy 2.1 and the standard library
    scripts/compare_stars.py stdlib sympy==1.14.0   any requirement of pip's
    scripts/compare_stars.py --python python3.12 --json stdlib

For each code base its packages are copied to a folder, and `douane module --all FOLDER --output-format json` says what
each module exports. Then `from NAME import *` is run for every module into an empty namespace, in a process of its own
that has done no more than start with `site`. A module that can't be imported is not compared; neither is one that
douane says is unknown, but those are counted. Modules of Django that can't be imported plainly are tried again after
`settings.configure()` and `django.setup()`; since those load modules beforehand, they are reported apart.

Reported: how many modules there are, can be imported, were compared, are equal; every difference, the unknown ones by
reason, and why modules could not be imported. The exit code is 1 if for any code base less than 99.5 % of the compared
are equal, or 3 % or more of the importable are unknown (or not listed by douane at all).

Downloaded, once, below `target/compare`: the requirements and what they depend on, each into a virtual environment of
its own (`pip install`). What is imported is run: this is for code that is trusted.
"""

import argparse
import ast
import collections
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
USUAL = ("django==5.2", "sqlalchemy>=2.1.0b1", "stdlib")

EQUAL_LIMIT = 0.995
UNKNOWN_LIMIT = 0.03

# Python's own tests and demonstrations, what belongs to the build, and what is not of the library.
NOT_OF_LIBRARY = {
    "test", "tests", "idlelib", "idle_test", "turtledemo", "site-packages", "lib-dynload", "_bundled", "__pycache__",
}  # fmt: skip

# A `__main__` runs its program, and `antigravity` opens a browser.
NOT_IMPORTED = re.compile(r"antigravity|([\w.]+\.)?__main__")

# What runs inside the interpreter asked. Kept to modules that `site` loads anyway, since every child inherits them.
PROBE = r"""
import sys, os, _signal
# A name such as `0001_initial` can be imported, but not written.
STAR = compile("from placeholder import *", "<star>", "exec")
exec(sys.argv[1])

def star(name):
    space = {}
    names = tuple(name if part == "placeholder" else part for part in STAR.co_names)
    exec(STAR.replace(co_names=names), space)
    space.pop("__builtins__", None)
    return {"names": sorted(space)}

def ask(name, file):
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nothing, descriptor)
            _signal.alarm(60)
            try:
                answer = star(name)
            except BaseException as error:
                answer = {"error": type(error).__name__, "message": str(error), "module": getattr(error, "name", None)}
            with open(file, "w", encoding="ascii") as output:
                output.write(ascii(answer))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    try:
        os.killpg(child, _signal.SIGKILL)
    except OSError:
        pass
    try:
        with open(file, encoding="ascii") as answer:
            return answer.read()
    except OSError:
        return ""
    finally:
        if os.path.exists(file):
            os.remove(file)

for name in sys.stdin.read().split("\n"):
    if name:
        answer = ask(name, os.path.join(sys.argv[2], "answer-%d" % os.getpid()))
        print(ascii((name, answer or "{'error': 'died or took too long', 'message': ''}")), flush=True)
"""

DJANGO_SETUP = """
import django
from django.conf import settings
applications = ["admin", "admindocs", "auth", "contenttypes", "flatpages", "humanize", "messages", "redirects"]
applications += ["sessions", "sitemaps", "sites", "staticfiles", "syndication"]
settings.configure(
    INSTALLED_APPS=["django.contrib." + application for application in applications],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", ROOT_URLCONF="", SECRET_KEY="none", SITE_ID=1,
)
django.setup()
"""

# The files of an installed distribution, as its record has them.
RECORD = """
import importlib.metadata, json, sys
distribution = importlib.metadata.distribution(sys.argv[1])
files = [path for path in distribution.files or () if path.suffix in (".py", ".pyi", ".so")]
print(json.dumps({"version": distribution.version, "files": [[str(path), str(path.locate())] for path in files]}))
"""


class CodeBase:
    """A copy of a package, and the Python that can import the original."""

    def __init__(self, title, folder, python):
        self.title = title
        self.tree = folder / "tree"
        self.work = folder / "work"
        self.python = python
        self.setup = None

    @classmethod
    def of_library(cls, folder, python):
        environment = make_environment(folder / "environment", python, None)
        question = "import os, sys; print(os.path.dirname(os.__file__)); print(sys.version.split()[0])"
        library, version = run_text([environment, "-I", "-c", question]).splitlines()
        base = cls(f"the standard library of {version}", folder, environment)
        base.copy([(entry.name, entry) for entry in pathlib.Path(library).iterdir()])
        return base

    @classmethod
    def of_requirement(cls, folder, python, requirement):
        environment = make_environment(folder / "environment", python, requirement)
        name = re.match(r"[\w.-]+", requirement).group()
        record = json.loads(run_text([environment, "-I", "-c", RECORD, name]))
        entries = {}
        for path, location in record["files"]:
            first, *rest = pathlib.PurePath(path).parts
            if first.isidentifier() or not rest:
                entries[first] = pathlib.Path(location).parents[len(rest) - 1] if rest else pathlib.Path(location)
        base = cls(f"{name} {record['version']}", folder, environment)
        base.copy(entries.items())
        if name.lower() == "django":
            base.setup = DJANGO_SETUP
        return base

    def copy(self, entries):
        """Copies Python's files of the named entries, and no link."""
        shutil.rmtree(self.tree, ignore_errors=True)
        self.tree.mkdir(parents=True)
        self.work.mkdir(exist_ok=True)

        def left_out(folder, names):
            is_kept = {name for name in names if name.endswith((".py", ".pyi", ".so"))}
            folders = {name for name in names if os.path.isdir(os.path.join(folder, name))}
            return set(names) - is_kept - folders | (NOT_OF_LIBRARY & folders if self.is_library() else {"__pycache__"})

        for name, path in sorted(entries):
            if path.is_dir() and name.isidentifier() and name not in left_out(str(path.parent), [name]):
                shutil.copytree(path, self.tree / name, ignore=left_out)
            elif path.is_file() and path.suffix in (".py", ".pyi", ".so"):
                shutil.copy(path, self.tree / name)
        # A folder without any Python file is no package, but CPython would take it for one.
        for folder, _, _ in sorted(os.walk(self.tree), reverse=True):
            if not os.listdir(folder):
                os.rmdir(folder)

    def is_library(self):
        return self.title.startswith("the standard library")

    def modules(self):
        """The names of the modules that have source."""
        for path in self.tree.rglob("*.py"):
            parts = path.relative_to(self.tree).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if name:
                yield name

    def stars(self, names, setup, jobs):
        """What CPython answers for each module: `names`, or an `error`."""
        names = sorted(names)
        servers = []
        for number in range(jobs):
            command = [self.python, "-I", "-B", "-c", PROBE, setup, str(self.work)]
            server = subprocess.Popen(
                command, cwd=self.work, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
            )
            # All names at once, and closed: a probe reads everything before it answers.
            server.stdin.write("\n".join(names[number::jobs]))
            server.stdin.close()
            servers.append(server)
        answers = {}
        for server in servers:
            for line in server.stdout:
                name, answer = ast.literal_eval(line)
                answers[name] = ast.literal_eval(answer)
            if server.wait():
                sys.exit(f"the probe of {self.title} failed")
        return answers


def make_environment(folder, python, requirement):
    """The Python of a virtual environment with a requirement in it, made unless it is there."""
    interpreter = folder / "bin" / "python"
    mark = folder / "made-for.txt"
    wanted = f"{run_text([python, '-c', 'import sys; print(sys.version)'])}{requirement}"
    if not mark.exists() or mark.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", *([] if requirement else ["--without-pip"]), str(folder)], check=True)
        if requirement:
            command = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
            subprocess.run(command, stdout=sys.stderr, check=True)
        mark.write_text(wanted, encoding="utf-8")
    return str(interpreter)


def run_text(command):
    return subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout


def default_python():
    """Python 3.13 if there is one, from pyenv or from the path, where pyenv leaves commands that don't run."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    candidates = sorted(map(str, pyenv.glob("versions/3.13*/bin/python3.13")))
    candidates += [found for found in [shutil.which("python3.13")] if found]
    nothing = subprocess.DEVNULL
    works = (path for path in candidates if not subprocess.call([path, "-c", ""], stdout=nothing, stderr=nothing))
    return next(works, sys.executable)


def ask_douane(base, douane, arguments):
    """What douane says of each module."""
    arguments = [argument.replace("{python}", base.python) for argument in arguments]
    minor = run_text([base.python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).strip()
    command = [str(douane.resolve()), "module", "--all", str(base.tree), "--output-format", "json", "--isolated"]
    command += ["--target-version", minor, "--python", base.python, *arguments]
    try:
        answer = subprocess.run(command, cwd=base.work, stdout=subprocess.PIPE, check=False)
    except OSError as error:
        sys.exit(f"{douane}: {error.strerror}")
    try:
        return {module["name"]: module for module in json.loads(answer.stdout)["modules"]}
    except (ValueError, KeyError, TypeError) as error:
        sys.exit(f"{' '.join(command)}: exit code {answer.returncode}, not the expected JSON ({error!r})")


def reason_of(failure):
    """Why a module could not be imported, with what varies left out."""
    error, message = failure["error"], failure["message"]
    if error == "ModuleNotFoundError" and failure["module"]:
        return f"{error}: {failure['module']}"
    # The first sentence: paths and values follow.
    sentence = re.split(r" \(|[.,:;] |\n", message.strip(), maxsplit=1)[0][:80].rstrip(" .:")
    return f"{error}: {sentence}" if sentence else error


def compare(said, bound):
    """The outcome of the modules that CPython could import."""
    equal, different, unknown = [], [], {}
    for name, names in sorted(bound.items()):
        exports = said[name]["exports"] if name in said else {"known": False, "reason": "not listed by douane"}
        if not exports["known"]:
            unknown[name] = exports["reason"]
            continue
        missing, extra = sorted(set(names) - set(exports["names"])), sorted(set(exports["names"]) - set(names))
        if missing or extra:
            source = exports.get("source")
            different.append({"module": name, "source": source, "missing": missing, "extra": extra})
        else:
            equal.append(name)
    compared = len(equal) + len(different)
    return {
        "importable": len(bound),
        "compared": compared,
        "equal": len(equal),
        "equal_share": len(equal) / compared if compared else 0.0,
        "unknown_share": len(unknown) / len(bound) if bound else 0.0,
        "differences": different,
        "unknown": unknown,
    }


def examine(base, options):
    """Everything that is reported of a code base."""
    said = ask_douane(base, options.douane, options.douane_args)
    names = set(base.modules())
    # Namespace packages, and what has no source; but not what douane knows of other code.
    tops = {name.partition(".")[0] for name in names}
    names |= {name for name in said if said[name]["exports"]["known"] and name.partition(".")[0] in tops}
    not_tried = {"error": "not tried", "message": "importing it runs a program"}
    failures = {name: not_tried for name in names if NOT_IMPORTED.fullmatch(name)}
    answers = base.stars(names - set(failures), "", options.jobs)
    bound = {name: answer["names"] for name, answer in answers.items() if "names" in answer}
    failed = {name: answer for name, answer in answers.items() if "error" in answer}
    result = {"code_base": base.title, "modules": len(names), **compare(said, bound)}
    if base.setup and failed:
        answers = base.stars(failed, base.setup, options.jobs)
        bound = {name: answer["names"] for name, answer in answers.items() if "names" in answer}
        failed = {name: answer for name, answer in answers.items() if "error" in answer}
        result["with_set_up"] = compare(said, bound)
    failures.update(failed)
    result["not_importable"] = {name: reason_of(failure) for name, failure in sorted(failures.items())}
    result["is_met"] = bool(
        result["compared"] and result["equal_share"] >= EQUAL_LIMIT and result["unknown_share"] < UNKNOWN_LIMIT
    )
    return result


def by_reason(reasons):
    """Each reason with its modules, the most frequent first."""
    groups = collections.defaultdict(list)
    for name, reason in reasons.items():
        groups[reason].append(name)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def some(names, limit):
    rest = len(names) - limit
    return " ".join(names[:limit]) + (f" ... {rest} more" if rest > 0 else "")


def print_outcome(outcome, options):
    """The figures and the modules behind them."""
    print(f"  importable  {outcome['importable']:>6}")
    print(f"  compared    {outcome['compared']:>6}")
    print(f"  equal       {outcome['equal']:>6}  {outcome['equal_share']:.2%} of the compared")
    print(f"  different   {len(outcome['differences']):>6}")
    print(f"  unknown     {len(outcome['unknown']):>6}  {outcome['unknown_share']:.2%} of the importable")
    for difference in outcome["differences"][: options.show]:
        print(f"    {difference['module']} ({difference['source']})")
        for kind in ("missing", "extra"):
            if difference[kind]:
                print(f"      {kind} {len(difference[kind])}: {some(difference[kind], options.names)}")
    if len(outcome["differences"]) > options.show:
        print(f"    ... {len(outcome['differences']) - options.show} more")
    for reason, names in by_reason(outcome["unknown"]):
        print(f"    unknown, {len(names)}: {reason}: {some(names, options.names)}")


def print_result(result, options):
    print(f"{result['code_base']}: {'ok' if result['is_met'] else 'FAIL'}")
    print(f"  modules     {result['modules']:>6}")
    print_outcome(result, options)
    for reason, names in by_reason(result["not_importable"]):
        print(f"    not importable, {len(names)}: {reason}: {some(names, 3)}")
    if "with_set_up" in result:
        print("  with set-up, not counted above")
        print_outcome(result["with_set_up"], options)
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description="Compare what douane says a star brings with what CPython binds.")
    parser.add_argument("code_bases", nargs="*", default=USUAL, metavar="CODE_BASE", help="a requirement, or `stdlib`")
    parser.add_argument("--douane", type=pathlib.Path, default=REPOSITORY / "target" / "release" / "douane")
    parser.add_argument(
        "--douane-args", type=shlex.split, default=[], metavar="ARGS", help="{python} is the environment's Python"
    )
    parser.add_argument("--python", help="whose stars to take (default: 3.13 if found)")
    parser.add_argument("--folder", type=pathlib.Path, default=REPOSITORY / "target" / "compare")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--show", type=int, default=100, metavar="N", help="how many differences to show")
    parser.add_argument("--names", type=int, default=20, metavar="N", help="how many names to show of each")
    parser.add_argument("--json", action="store_true", help="everything, for machines")
    options = parser.parse_args()

    options.python = options.python or default_python()
    results = []
    for requirement in options.code_bases:
        folder = options.folder.resolve() / re.sub(r"[^\w.]+", "-", requirement)
        folder.mkdir(parents=True, exist_ok=True)
        if requirement == "stdlib":
            base = CodeBase.of_library(folder, options.python)
        else:
            base = CodeBase.of_requirement(folder, options.python, requirement)
        result = examine(base, options)
        results.append(result)
        if not options.json:
            print_result(result, options)
    if options.json:
        json.dump(results, sys.stdout, indent=1)
        print()
    sys.exit(0 if all(result["is_met"] for result in results) else 1)


if __name__ == "__main__":
    main()
