#!/usr/bin/env python3
"""Packs the extension for Visual Studio Code: type check, bundle, target/vscode/douane-VERSION.vsix.

    scripts/vscode_extension.py [--bundled DOUANE --target PLATFORM]

With `--bundled`, the extension comes with that program, and is for the one PLATFORM that it was built for, such as `linux-x64`.
It needs Node.js 20 or newer; what npm installs goes below target/vscode.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "editors" / "vscode"
LAB = ROOT / "target" / "vscode"


def pack(bundled: pathlib.Path | None = None, target: str | None = None) -> pathlib.Path:
    """The packed extension."""
    version = json.loads((SOURCE / "package.json").read_text())["version"]
    if version != tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]:
        sys.exit("the versions in editors/vscode/package.json and Cargo.toml differ")
    build = LAB / "build"
    lock = (SOURCE / "package-lock.json").read_bytes()
    installed = build / "package-lock.json"
    if not (build / "node_modules").exists() or installed.read_bytes() != lock:
        build.mkdir(parents=True, exist_ok=True)
        for name in ["package.json", "package-lock.json"]:
            shutil.copy(SOURCE / name, build)
        npm(build, "ci", "--no-audit", "--no-fund")
    for leftover in ["src", "bundled", "dist"]:
        shutil.rmtree(build / leftover, ignore_errors=True)
    shutil.copytree(SOURCE, build, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules", "dist"))
    name = "-".join(["douane", *([target] if target else []), version])
    package = LAB / f"{name}.vsix"
    command = ["--no-dependencies"]
    if bundled:
        program = build / "bundled" / "bin" / ("douane.exe" if bundled.suffix == ".exe" else "douane")
        program.parent.mkdir(parents=True)
        shutil.copy(bundled, program)
    if target:
        command += ["--target", target]
    vsce(build, package, *command)
    return package


def vsce(folder: pathlib.Path, package: pathlib.Path, *options: str) -> None:
    """Packs a folder with what is installed for the extension."""
    program = LAB / "build" / "node_modules" / ".bin" / "vsce"
    run([program, "package", "--allow-missing-repository", "--out", package, *options], folder)


def npm(folder: pathlib.Path, *arguments: str) -> None:
    run(["npm", *arguments], folder)


def run(command: list, folder: pathlib.Path) -> None:
    """Runs a command that is only worth reading when it fails."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(ended.stdout + ended.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundled", type=pathlib.Path)
    parser.add_argument("--target")
    arguments = parser.parse_args()
    if bool(arguments.bundled) != bool(arguments.target):
        parser.error("a program is for a platform: --bundled and --target go together")
    if not shutil.which("npm"):
        print("`npm` is missing: install Node.js 20 or newer", file=sys.stderr)
        sys.exit(2)
    package = pack(arguments.bundled, arguments.target)
    print(f"{package.relative_to(ROOT)}: {package.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
