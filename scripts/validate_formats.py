#!/usr/bin/env python3
"""Validates the machine formats of `douane check` with tools and schemas that are not douane's own.

    scripts/validate_formats.py

Into a virtual environment below target/validate-formats go xmlschema, junitparser and, for its copy of Jenkins'
junit-10.xsd, the source distribution of pytest. Findings with difficult texts and a clean run are written in each format:

- junit is valid by that schema, and junitparser reads as many failures as there are findings;
- gitlab has unique fingerprints, which stay the same when lines are inserted above;
- github, azure and pylint have one line a finding, whatever is in it;
- sarif has neither errors nor warnings by the rules of Microsoft's sarif-multitool and by GitHub's, which come with it from
  npm; without npm this is left out, and said to be;
- rdjson has columns that count bytes, and its suggestions give what `--fix` gives;
- every lint.toml here is valid by the schema that `douane schema` prints, and one with a misspelt rule is not.

Exits with 1 if anything is not.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "validate-formats"
DOUANE = ROOT / "target" / "release" / "douane"
MAIN = 'x = "é𐐀"; import os\nimport re, json\nfrom colorsys import (\n    hls_to_rgb as conversion,\n)\nprint(re)\n'

READ_JUNIT = """
import pathlib, sys, xmlschema, junitparser
schema = xmlschema.XMLSchema(sys.argv[1])
for path in sys.argv[2:]:
    schema.validate(path)
    report = junitparser.JUnitXml.fromfile(path)
    print(path, report.tests, report.failures)
"""


def prepare() -> tuple[pathlib.Path, pathlib.Path]:
    """A Python with the validators, and Jenkins' schema."""
    python = LAB / "venv" / "bin" / "python"
    if not (LAB / "venv" / "bin" / "check-jsonschema").exists():
        venv.create(LAB / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "xmlschema", "junitparser", "check-jsonschema"], check=True)
    schema = LAB / "junit-10.xsd"
    if not schema.exists():
        subprocess.run([python, "-m", "pip", "download", "-q", "--no-deps", "--no-binary=:all:", "--dest", LAB, "pytest"], check=True)
        (archive,) = LAB.glob("pytest-*.tar.gz")
        with tarfile.open(archive) as files:
            (member,) = [member for member in files.getmembers() if member.name.endswith("/junit-10.xsd")]
            schema.write_bytes(files.extractfile(member).read())
    return python, schema


def sarif_problems(path: pathlib.Path) -> list[str] | None:
    """What the validator has against a file, notes aside; none where it can't be had."""
    package = LAB / "node_modules" / "@microsoft" / "sarif-multitool-linux"
    if not package.exists():
        if shutil.which("npm") is None:
            return None
        command = ["npm", "install", "--prefix", LAB, "--no-audit", "--no-fund", "--silent", "@microsoft/sarif-multitool-linux"]
        subprocess.run(command, check=True)
    tool = package / "Sarif.Multitool"
    tool.chmod(0o755)
    result = LAB / "validated.sarif"
    command = [tool, "validate", path, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "-o", result, "--log", "ForceOverwrite"]
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    runs = json.loads(result.read_text(encoding="utf-8-sig"))["runs"]
    return [f"{found['ruleId']}: {found['message']}" for run in runs for found in run.get("results", [])]


def run(folder: pathlib.Path, *arguments: str) -> str:
    return subprocess.run([DOUANE, "check", "--quiet", *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8").stdout


def applied(text: str, suggestions: list[dict]) -> str:
    """The text with the suggestions of rdjson made, the last one first."""
    lines = text.encode().splitlines(keepends=True)

    def offset(position: dict) -> int:
        return sum(len(line) for line in lines[: position["line"] - 1]) + position["column"] - 1

    result = text.encode()
    for suggestion in sorted(suggestions, key=lambda each: -offset(each["range"]["start"])):
        start, end = (offset(suggestion["range"][side]) for side in ("start", "end"))
        result = result[:start] + suggestion["text"].encode() + result[end:]
    return result.decode()


def main() -> None:
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    LAB.mkdir(parents=True, exist_ok=True)
    python, schema = prepare()
    folder = LAB / "project"
    folder.mkdir(exist_ok=True)
    (folder / "lint.toml").write_text("")
    main_file = folder / "main.py"
    problems = []

    def expect(is_right: bool, what: str) -> None:
        print(f"{'ok  ' if is_right else 'FAIL'}  {what}")
        problems.extend([] if is_right else [what])

    main_file.write_text(MAIN)
    found = json.loads(run(folder, "--output-format", "json"))["diagnostics"]
    (LAB / "found.xml").write_text(run(folder, "--output-format", "junit"))
    gitlab = json.loads(run(folder, "--output-format", "gitlab"))
    rdjson = json.loads(run(folder, "--output-format", "rdjson"))
    for name in ("github", "azure", "pylint"):
        lines = run(folder, "--output-format", name).splitlines()
        expect(len(lines) == len(found), f"{name}: a line a finding")
    main_file.write_text("# above\n\n" + MAIN)
    moved = json.loads(run(folder, "--output-format", "gitlab"))
    prints = [issue["fingerprint"] for issue in gitlab]
    expect(len(set(prints)) == len(prints) == len(found), "gitlab: every fingerprint once")
    expect([issue["fingerprint"] for issue in moved] == prints, "gitlab: the same fingerprints below new lines")
    expect(rdjson["diagnostics"][0]["location"]["range"]["start"] == {"line": 1, "column": 22}, "rdjson: columns are bytes")
    main_file.write_text(MAIN)
    suggestions = [suggestion for each in rdjson["diagnostics"] for suggestion in each.get("suggestions", [])]
    subprocess.run([DOUANE, "check", "--fix-only", "--unsafe-fixes", "--quiet"], cwd=folder, check=True)
    expect(applied(MAIN, suggestions) == main_file.read_text(), "rdjson: the suggestions are the fixes")
    subprocess.run([DOUANE, "check", "fixtures", "--quiet", "-o", f"sarif:{LAB / 'found.sarif'}"], cwd=ROOT, capture_output=True)
    against = sarif_problems(LAB / "found.sarif")
    if against is None:
        print("      sarif: left out, for there is no npm")
    else:
        expect(not against, f"sarif: nothing against {len(json.loads((LAB / 'found.sarif').read_text())['runs'][0]['results'])} results{against[:3] or ''}")
    (LAB / "schema.json").write_text(subprocess.run([DOUANE, "schema"], capture_output=True, text=True, check=True).stdout)
    (LAB / "wrong.toml").write_text('[rules]\nstar-imprt = "off"\n')
    checker = [python.parent / "check-jsonschema", "--schemafile", LAB / "schema.json"]
    own = [ROOT / "lint.toml", *(ROOT / "fixtures").glob("*/lint.toml")]
    expect(subprocess.run([*checker, *own]).returncode == 0, "schema: the configurations here are valid")
    expect(subprocess.run([*checker, LAB / "wrong.toml"], capture_output=True).returncode == 1, "schema: a misspelt rule is not")
    main_file.write_text("print(1)\n")
    (LAB / "clean.xml").write_text(run(folder, "--output-format", "junit"))
    answer = subprocess.run([python, "-c", READ_JUNIT, schema, LAB / "found.xml", LAB / "clean.xml"], capture_output=True, text=True)
    expect(answer.returncode == 0, f"junit: valid by Jenkins' schema{answer.stderr[-500:]}")
    counts = [line.split()[1:] for line in answer.stdout.splitlines()]
    expect(counts == [[str(len(found)), str(len(found))], ["1", "0"]], "junit: as many failures as findings, and one case where it is clean")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
