#!/usr/bin/env python3
"""Takes imports out of real applications and compares what is then no longer loaded with what `douane cost --static` said.

    scripts/estimate_removals.py [--count 10] [--seed 1] [--show] [DISTRIBUTION:MODULE...]

Each distribution (poetry and sphinx unless others are named) is installed into a virtual environment below
target/estimate-removals. Of the import statements that run when MODULE is imported, some are drawn at random among those
that alone are responsible for at least one module, as the estimate says. Each is replaced in its file by placeholders for the
names that it binds, MODULE is imported by CPython again, and the modules that are gone are compared with the estimate.
A statement without which the application can't be imported is passed over, and another one drawn.

What the estimate does not know to be loaded at all is no matter of this comparison; scripts/estimate_accuracy.py tells how
much that is. Exits with 1 where the two differ.
"""

import argparse
import ast
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "estimate-removals"
DOUANE = ROOT / "target" / "release" / "douane"
APPLICATIONS = ["poetry:poetry.console.application", "sphinx:sphinx.cmd.build"]

# Stands for whatever an import would have bound.
PLACEHOLDER = """
class Meta(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder
    def __getitem__(cls, key): return cls
    def __or__(cls, other): return cls
    def __ror__(cls, other): return cls
    def __iter__(cls): return iter(())
    def __contains__(cls, value): return False
    def __lt__(cls, other): return False
    def __ge__(cls, other): return True
    __le__, __gt__ = __lt__, __ge__

class Placeholder(metaclass=Meta):
    def __init__(self, *arguments, **keywords): pass
    def __call__(self, *arguments, **keywords): return arguments[0] if arguments else self
    def __init_subclass__(cls, **keywords): pass
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder
    def __getitem__(self, key): return self
    def __iter__(self): return iter(())
    def __mro_entries__(self, bases): return (Placeholder,)
"""


def estimated(python: pathlib.Path, module: str) -> dict:
    command = [DOUANE, "cost", "--static", module, "--python", python, "--output-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=LAB / "empty", env={**os.environ, "XDG_CACHE_HOME": str(LAB)})
    return json.loads(done.stdout)["targets"][0]


def loaded(python: pathlib.Path, module: str, folder: str) -> set[str] | None:
    code = f"import sys; import {module}; print(*sorted(sys.modules))"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": folder, "PYTHONPYCACHEPREFIX": folder}
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, env=environment, cwd=LAB / "empty")
    return set(done.stdout.split()) - {"placeholder"} if done.returncode == 0 else None


def without(text: str, line: int) -> str | None:
    """The text with placeholders instead of the import statement of that line."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno == line and node.names[0].name != "*":
            lines = text.splitlines(keepends=True)
            if lines[line - 1][: node.col_offset].strip() or lines[node.end_lineno - 1][node.end_col_offset :].strip(" \n").startswith(";"):
                return None
            names = [name.asname or name.name.split(".")[0] for name in node.names]
            blank = " " * node.col_offset
            bound = f"{blank}import placeholder; {' = '.join(names)} = placeholder.Placeholder\n"
            return "".join([*lines[: line - 1], bound, *lines[node.end_lineno :]])
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10, help="imports to take out of each application")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print each import")
    parser.add_argument("applications", nargs="*", default=APPLICATIONS)
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q"], cwd=ROOT, check=True)
    (LAB / "empty").mkdir(parents=True, exist_ok=True)
    python = LAB / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(LAB / "venv", with_pip=True)
    distributions = [application.split(":")[0] for application in arguments.applications]
    subprocess.run([python, "-m", "pip", "install", "-q", *distributions], check=True)
    is_good = True
    for application in arguments.applications:
        module = application.split(":")[1]
        choice = random.Random(arguments.seed)
        estimate = estimated(python, module)
        rows = estimate["loaded"]
        known = {row["module"] for row in rows if row["is_loaded"]}
        paths = {row["module"]: row["path"] for row in rows}
        sites = {(row["importer"], row["line"]): row["only"] for row in rows if row["line"] and row["only"]}
        sites = {site: only for site, only in sites.items() if "site-packages" in (paths.get(site[0]) or "")}
        drawn = sorted(sites)
        choice.shuffle(drawn)
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "placeholder.py").write_text(PLACEHOLDER)
            before = loaded(python, module, folder)
            agreed = differed = passed_over = 0
            for importer, line in drawn:
                if agreed + differed == arguments.count:
                    break
                path = pathlib.Path(paths[importer])
                text = path.read_text()
                changed = without(text, line) if path.suffix == ".py" else None
                if changed is None:
                    continue
                try:
                    path.write_text(changed)
                    after = loaded(python, module, folder)
                finally:
                    path.write_text(text)
                if after is None:
                    passed_over += 1
                    continue
                gone, said = (before - after) & known, set(sites[importer, line]) & before
                agreed, differed = agreed + (gone == said), differed + (gone != said)
                if arguments.show or gone != said:
                    print(f"  {importer}:{line}: {len(said)} said, {len(gone)} gone{'' if gone == said else '  DIFFERS'}")
                for name, more in [("said, not gone", said - gone), ("gone, not said", gone - said)]:
                    if more:
                        print(f"    {name}: {' '.join(sorted(more))}")
            is_good &= differed == 0
            print(f"{module}: {agreed} of {agreed + differed} imports agree, of {len(drawn)} to draw from; {passed_over} could not be taken out")
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
