#!/usr/bin/env python3
"""Runs the cases of pyflakes' own test suite about imports through douane, and compares the verdicts.

    scripts/compare_pyflakes.py [--verbose]

The suite is taken from pyflakes' sdist, downloaded below target/pyflakes. Its tests call `self.flakes(code, *messages)`;
here that call writes the code down, with what pyflakes is expected to say about unused imports, redefinitions of imports,
`__all__`, and names and imports of stars. Every case becomes a module, all are checked in one run, and for each of these
kinds the question is whether douane reports something of the kind or not. Cases that pyflakes itself skips are left out.
Exits with 1 below 95 % agreement.
"""

import argparse
import collections
import importlib
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "pyflakes"
DOUANE = ROOT / "target" / "release" / "douane"
LIMIT = 0.95

KINDS = {
    "UnusedImport": {"unused-import", "unused-star"},
    "RedefinedWhileUnused": {"redefined-import", "duplicate-import", "import-shadows-name", "name-shadows-import"},
    "ImportShadowedByLoopVar": {"redefined-import", "name-shadows-import"},
    "ImportStarUsed": {"star-import"},
    "ImportStarNotPermitted": {"nested-star-import"},
    "UndefinedExport": {"undefined-in-all"},
    "LateFutureImport": {"late-future-import"},
}

# Where douane says something else on purpose, by the test's name.
OTHER_SCOPE = "a name of another scope hides the import: reported, by name-shadows-import, where a mix-up is likely"
UNKNOWN = "what the star brings is not known, since there is no such module"
EXPLAINED = {
    "test_futureImportStar": "a star all the same",
    "test_importStar": UNKNOWN,
    "test_importStar_relative": UNKNOWN,
    "test_importStarNotExported": UNKNOWN,
    "test_ignored_when_not_directly_assigned": "an `__all__` that is built in such a way is not known",
    "test_redefinedButUsedLater": OTHER_SCOPE,
    "test_redefinedInNestedFunction": OTHER_SCOPE,
    "test_redefinedInNestedFunctionTwice": OTHER_SCOPE,
    "test_shadowedByLambda": OTHER_SCOPE,
    "test_shadowedByParameter": OTHER_SCOPE,
    "test_redefinedByGenExp": OTHER_SCOPE,
    "test_redefinedByExcept": "the handler may never run: the import is reported as unused instead",
    "test_redefinedTryElse": "the import in `try` tells whether the module is there",
    "test_redefinedUnderscoreImportation": "`_` is the name for what nobody wants",
}


def suite() -> pathlib.Path:
    if not LAB.exists():
        LAB.mkdir(parents=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(LAB), "pyflakes==3.4.0"]
        subprocess.run(command, check=True)
        with tarfile.open(next(LAB.glob("*.tar.gz"))) as archive:
            archive.extractall(LAB, filter="data")
    return next(path for path in LAB.iterdir() if path.is_dir() and path.name != "cases")


def collect(folder: pathlib.Path) -> list[tuple[str, str, collections.Counter]]:
    sys.path.insert(0, str(folder))
    harness = importlib.import_module("pyflakes.test.harness")
    found: list[tuple[str, str, collections.Counter]] = []

    def flakes(self, code, *expected, **_):
        names = collections.Counter(message.__name__ for message in expected)
        found.append((self.id().rsplit(".", 1)[1], textwrap.dedent(code), names))

    harness.TestCase.flakes = flakes
    loader = unittest.TestLoader()
    for name in ("test_imports", "test_other", "test_undefined_names"):
        for test in loader.loadTestsFromName(f"pyflakes.test.{name}"):
            test.run(unittest.TestResult()) if isinstance(test, unittest.TestCase) else [case.run(unittest.TestResult()) for case in test]
    return found


def is_about_import(code: str) -> bool:
    return "import" in code


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verbose", action="store_true", help="print the code of the cases that differ")
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    cases = [case for case in collect(suite()) if is_about_import(case[1])]
    folder = LAB / "cases"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, (_, code, _) in enumerate(cases):
        (folder / f"case_{number}.py").write_text(code)
    rules = sorted(set().union(*KINDS.values()))
    run = subprocess.run([DOUANE, "check", "--isolated", "--select", ",".join(rules), "--output-format", "json", str(folder)], capture_output=True, text=True, check=False)
    said: dict[int, set[str]] = collections.defaultdict(set)
    for finding in json.loads(run.stdout)["diagnostics"]:
        said[int(pathlib.Path(finding["path"]).stem.removeprefix("case_"))].add(finding["rule"])
    asked = agreed = explained = 0
    for number, (name, code, expected) in enumerate(cases):
        for kind, names in KINDS.items():
            wanted = expected[kind] > 0
            got = bool(said[number] & names)
            if kind == "ImportShadowedByLoopVar" and not wanted:
                continue
            if kind == "RedefinedWhileUnused" and expected["ImportShadowedByLoopVar"]:
                continue
            asked += 1
            if wanted == got:
                agreed += 1
                continue
            reason = EXPLAINED.get(name)
            explained += reason is not None
            print(f"{name}: {kind}: pyflakes {'reports' if wanted else 'is silent'}, douane {sorted(said[number] & names) or 'is silent'}{': ' + reason if reason else ''}")
            if arguments.verbose:
                print(textwrap.indent(code.strip(), "    | "))
    print(f"{len(cases)} cases, {asked} questions, {agreed} the same = {agreed / asked:.2%}; {asked - agreed - explained} not explained")
    sys.exit(0 if agreed / asked >= LIMIT else 1)


if __name__ == "__main__":
    main()
