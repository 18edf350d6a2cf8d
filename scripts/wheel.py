#!/usr/bin/env python3
"""Builds the wheel and the source distribution into target/wheels, and tries both.

    scripts/wheel.py            the wheel, for manylinux2014 where this is Linux, and the source distribution
    scripts/wheel.py --sdist    installs from the source distribution too, which compiles everything once more

maturin, zig, twine and check-wheel-contents come from PyPI into a virtual environment below target/wheel. The wheel is installed
into another one, where `python -m douane` has to run. Only wheels for this machine are built. Exits with 1 if anything fails.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "wheel"
OUT = ROOT / "target" / "wheels"
TOOLS = ["maturin>=1.9,<2", "ziglang", "twine", "check-wheel-contents"]


def run(*command: object, **options: object) -> None:
    subprocess.run([str(part) for part in command], check=True, **options)


def tried(name: str, package: pathlib.Path) -> None:
    """Installs a package into an environment of its own, and runs it."""
    home = LAB / name
    shutil.rmtree(home, ignore_errors=True)
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", package)
    run(python, "-m", "douane", "--version")
    run(python, "-c", "import douane, subprocess; subprocess.run([douane.find_douane(), '--version'], check=True)")


def main() -> None:
    tools = LAB / "tools" / "bin"
    if not (tools / "check-wheel-contents").exists():
        venv.create(LAB / "tools", with_pip=True)
        run(tools / "python", "-m", "pip", "install", "-q", *TOOLS)
    shutil.rmtree(OUT, ignore_errors=True)
    # maturin looks for zig in the environment that is active.
    environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    portable = ["--zig", "--compatibility", "manylinux2014"] if sys.platform == "linux" else []
    run("maturin", "build", "--release", "-q", *portable, "-o", OUT, cwd=ROOT, env=environment)
    run("maturin", "sdist", "-o", OUT, cwd=ROOT, env=environment)
    wheel, = OUT.glob("*.whl")
    source, = OUT.glob("*.tar.gz")
    run(tools / "twine", "check", wheel, source)
    run(tools / "check-wheel-contents", wheel)
    tried("installed", wheel)
    if "--sdist" in sys.argv[1:]:
        tried("compiled", source)
    print(f"{wheel.name}: {wheel.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"failed: {' '.join(error.cmd)}")
