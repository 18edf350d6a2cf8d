"""What trying out any editor takes: a project to open, a program to start, and the configuration that docs/editors.md gives."""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "editors"
# Columns of the last file differ by what is counted: 21 bytes, 18 units of UTF-16 or 17 characters stand before the name.
FILES = {
    "lint.toml": "",
    "a.py": "import os\nfrom b import x\n\nprint(x)\n",
    "b.py": "x = 1\n",
    "wide.py": 'x = "é𐐀"; import os\n',
}


def parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--douane", type=pathlib.Path, help="the program to start; the one of this repository is built without it")
    return parser


def needed(program: str, package: str) -> str:
    """Where a program is that has to be installed by hand."""
    found = shutil.which(program)
    if not found:
        print(f"`{program}` is missing: apt-get install {package}", file=sys.stderr)
        sys.exit(2)
    return found


class Trial:
    """A fresh project, and a `douane` for the PATH that notes how the program ended."""

    def __init__(self, name: str, douane: pathlib.Path | None):
        if douane is None:
            subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
            douane = ROOT / "target" / "release" / "douane"
        self.folder = LAB / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.project = self.folder / "project"
        self.project.mkdir(parents=True)
        for file, text in FILES.items():
            (self.project / file).write_text(text)
        self.ended = self.folder / "ended"
        self.program = self.folder / "bin" / "douane"
        self.program.parent.mkdir()
        self.program.write_text(f'#!/bin/sh\n"{douane.resolve()}" "$@"\necho $? >> "{self.ended}"\n')
        self.program.chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{self.program.parent}{os.pathsep}{os.environ['PATH']}"}

    def documented(self, language: str, which: int = 0) -> pathlib.Path:
        """A piece of configuration in docs/editors.md, as a file."""
        page = (ROOT / "docs" / "editors.md").read_text()
        file = self.folder / f"documented.{language}"
        file.write_text(re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[which])
        return file

    def run(self, command: list) -> None:
        """Runs an editor that goes through all steps on its own, and exits with 1 if it does not come to the last one."""
        run = subprocess.run(command, cwd=self.project, env=self.environment, timeout=120, capture_output=True, text=True)
        output = run.stdout + run.stderr
        print(output.strip())
        sys.exit(0 if run.returncode == 0 and "ok stopped" in output and self.ended_well() else 1)

    def codes(self) -> list[str]:
        """The exit codes of the servers that were started and ended."""
        return self.ended.read_text().split() if self.ended.exists() else []

    def ended_well(self) -> bool:
        """Each server that was started was told to stop, and did."""
        codes = self.codes()
        print(f"exit codes of the server: {' '.join(codes) or 'none'}")
        return bool(codes) and set(codes) == {"0"}
