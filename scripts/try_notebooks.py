#!/usr/bin/env python3
"""Checks and mends real notebooks, and compares with ruff and with Python's own reader of JSON.

    scripts/try_notebooks.py

The notebooks are those in the source distributions of seaborn, xarray, nbconvert and lifelines; ruff comes from PyPI into a
virtual environment below target/notebooks.

- `unused-import` and `star-import` are found in the same cells and lines as ruff's F401 and F403;
- `--fix --unsafe-fixes` changes no byte of a file outside of the sources of cells, and nothing in files without findings;
- what it leaves is a notebook that ruff reads, with nothing to mend.

Exits with 1 if anything is not so.
"""

import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "notebooks"
DOUANE = ROOT / "target" / "release" / "douane"
RUFF = LAB / "venv" / "bin" / "ruff"
SOURCES = {"seaborn": "0.13.2", "xarray": "2026.9.0", "nbconvert": "7.9.2", "lifelines": "0.9.4"}
RULES = {"unused-import": "F401", "star-import": "F403"}


def prepare() -> pathlib.Path:
    """The folder with the notebooks, as they were published."""
    if not RUFF.exists():
        venv.create(LAB / "venv", with_pip=True)
        subprocess.run([LAB / "venv" / "bin" / "python", "-m", "pip", "install", "-q", "ruff"], check=True)
    published = LAB / "published"
    if not published.exists():
        published.mkdir(parents=True)
        for package, version in SOURCES.items():
            with urllib.request.urlopen(f"https://pypi.org/simple/{package}/") as page:
                urls = re.findall(r'href="([^"#]+)', page.read().decode())
            url = next(url for url in urls if url.endswith(f"-{version}.tar.gz"))
            with urllib.request.urlopen(url) as archive, tarfile.open(fileobj=io.BytesIO(archive.read())) as files:
                for member in files:
                    if member.name.endswith(".ipynb") and member.isfile():
                        (published / member.name.replace("/", "_")).write_bytes(files.extractfile(member).read())
        (published / "lint.toml").write_text("")
    return published


def findings(command: list, folder: pathlib.Path, pattern: str) -> set[tuple[str, ...]]:
    output = subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout
    return {match.groups() for match in map(re.compile(pattern).match, output.splitlines()) if match}


def without_code(path: pathlib.Path) -> dict:
    notebook = json.loads(path.read_bytes())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] = None
    return notebook


def main() -> None:
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    published = prepare()
    check = [DOUANE, "check", "--output-format", "concise", "--select", ",".join(RULES)]
    ours = findings(check, published, r"(.*?):cell (\d+):(\d+):\d+: \w+\[(unused-import|star-import)\]")
    ours = {(*place, RULES[rule]) for *place, rule in ours}
    select = ["--isolated", "--select", ",".join(RULES.values()), "--output-format", "concise", "."]
    theirs = findings([RUFF, "check", *select], published, r"(.*?):cell (\d+):(\d+):\d+: (F401|F403)")
    print(f"{len(list(published.glob('*.ipynb')))} notebooks: {len(ours & theirs)} findings are ruff's too")
    for place in sorted(ours ^ theirs):
        print(f"WRONG {'only douane' if place in ours else 'only ruff'}: {place}")

    mended = LAB / "mended"
    shutil.rmtree(mended, ignore_errors=True)
    shutil.copytree(published, mended)
    subprocess.run([*check, "--fix", "--unsafe-fixes", "-q"], cwd=mended, capture_output=True)
    changed = wrong = 0
    for path in sorted(published.glob("*.ipynb")):
        new = mended / path.name
        if path.read_bytes() == new.read_bytes():
            continue
        changed += 1
        lines = set(path.read_text().splitlines())
        strange = [line for line in new.read_text().splitlines() if line not in lines and not line.lstrip().startswith('"')]
        if without_code(path) != without_code(new) or strange:
            wrong += 1
            print(f"WRONG {path.name}: more than code has changed: {strange[:3]}")
    left = subprocess.run([RUFF, "check", *select], cwd=mended, capture_output=True, text=True)
    is_read = "error" not in left.stderr.lower()
    again = subprocess.run([*check, "--fix", "--unsafe-fixes", "--diff"], cwd=mended, capture_output=True, text=True)
    print(f"{changed} mended; again: {len(again.stdout)} bytes of differences; ruff reads them: {is_read}")
    sys.exit(bool(ours ^ theirs or wrong or again.stdout or not is_read or not changed))


if __name__ == "__main__":
    main()
