#!/usr/bin/env python3
"""Commits through the hooks of this repository, with pre-commit and with prek.

    scripts/try_hooks.py

Both come from PyPI into a virtual environment below target/hooks. The hooks are installed from a clone of the last commit here,
as a user's would be, which builds the wheel; needed are git, Rust and the registries. Then a project is committed to:

- what is good passes; what is bad fails, and so do a commit that only deletes a module and one that only renames it, where
  others import it;
- edits that are not staged neither help nor harm;
- an import of a module that git does not track fails;
- `douane-fix` mends, fails that commit, and lets the next one pass;
- what a range of commits breaks is found with `--from-ref` and `--to-ref`;
- `douane-all` looks at everything, in one process however many files there are.

Exits with 1 if a commit goes another way.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "hooks"
BIN = LAB / "venv" / "bin"
FILES = {
    "lint.toml": "",
    "prices.py": '__all__ = ["net"]\n\n\ndef net(): ...\n',
    "orders.py": "from prices import net\n\nnet()\n",
    "old.py": "__all__ = []\nimport os\n",
}
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))},
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    "PRE_COMMIT_HOME": str(LAB / "pre-commit"),
    "PREK_HOME": str(LAB / "prek"),
    # What is compiled is kept for the other runner.
    "CARGO_TARGET_DIR": str(LAB / "cargo"),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "n",
    "GIT_AUTHOR_EMAIL": "n@example.org",
    "GIT_COMMITTER_NAME": "n",
    "GIT_COMMITTER_EMAIL": "n@example.org",
}


class Repository:
    """A project with hooks."""

    def __init__(self, runner: str, hook: str) -> None:
        self.folder = LAB / "projects" / f"{runner}-{hook}"
        self.runner = runner
        self.failures = 0
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.git("init", "-q")
        for name, text in FILES.items():
            self.write(name, text)
        revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
        hooks = f"repos:\n- repo: {LAB / 'clone'}\n  rev: {revision.stdout.strip()}\n  hooks: [{{ id: {hook} }}]\n"
        self.write(".pre-commit-config.yaml", hooks)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "first")
        subprocess.run([BIN / runner, "install"], cwd=self.folder, env=ENVIRONMENT, check=True, capture_output=True)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def git(self, *arguments: str) -> subprocess.CompletedProcess:
        command = ["git", "-c", "core.autocrlf=false", *arguments]
        return subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True)

    def tell(self, what: str, is_good: bool, output: str) -> None:
        print(f"{'ok' if is_good else 'WRONG'} {self.runner}: {what}")
        if not is_good:
            print(output)
            self.failures += 1

    def commit(self, what: str, passes: bool, says: str = "") -> None:
        """Commits what is staged; one that passes is taken back, so that each begins with the same."""
        before = self.git("rev-parse", "HEAD").stdout
        run = self.git("commit", "-m", what)
        output = run.stdout + run.stderr
        self.tell(what, (run.returncode == 0) == passes and says in output, output)
        if passes:
            self.git("reset", "-q", "--hard", before.strip())
        else:
            self.git("reset", "-q", "--hard")
        self.git("clean", "-q", "-f")


def prepare() -> None:
    if not (BIN / "prek").exists():
        venv.create(LAB / "venv", with_pip=True)
        subprocess.run([BIN / "python", "-m", "pip", "install", "-q", "pre-commit", "prek"], check=True)
    shutil.rmtree(LAB / "clone", ignore_errors=True)
    subprocess.run(["git", "clone", "-q", ROOT, LAB / "clone"], check=True)


def check(runner: str) -> int:
    project = Repository(runner, "douane")
    project.write("orders.py", "from prices import net\n\nprint(net())\n")
    project.git("add", "-A")
    project.commit("a good commit passes", True)

    project.write("orders.py", "from prices import gross\n\ngross()\n")
    project.git("add", "-A")
    project.commit("a bad commit fails", False, "`prices` has no `gross`")

    project.git("rm", "-q", "prices.py")
    project.commit("a commit that only deletes fails", False, "there is no module `prices` any more")

    project.git("mv", "prices.py", "costs.py")
    project.commit("a commit that only renames fails", False, "there is no module `prices` any more")

    project.write("prices.py", "__all__ = []\n")
    project.git("add", "-A")
    project.write("prices.py", FILES["prices.py"])
    project.commit("what is not staged does not help", False, "`prices` has no `net`")

    project.write("new.py", "__all__ = []\n")
    project.git("add", "-A")
    project.write("prices.py", "__all__ = []\n")
    project.commit("what is not staged does no harm", True)

    project.write("local.py", "x = 1\n")
    project.write("orders.py", "from local import x\n\nprint(x)\n")
    project.git("add", "orders.py")
    project.commit("an import of what git does not track fails", False, "`local` is not in git")

    before = project.git("rev-parse", "HEAD").stdout.strip()
    project.write("orders.py", "from prices import gross\n\ngross()\n")
    project.git("commit", "-q", "-a", "--no-verify", "-m", "bad")
    command = [BIN / runner, "run", "douane", "--from-ref", before, "--to-ref", "HEAD"]
    run = subprocess.run(command, cwd=project.folder, env=ENVIRONMENT, capture_output=True, text=True)
    is_good = run.returncode == 1 and "`prices` has no `gross`" in run.stdout
    project.tell("commits that were made are checked by their range", is_good, run.stdout + run.stderr)

    fixing = Repository(runner, "douane-fix")
    fixing.write("orders.py", "import re\nfrom prices import net\n\nprint(net())\n")
    fixing.git("add", "-A")
    run = fixing.git("commit", "-m", "mended")
    mended = "from prices import net\n\nprint(net())\n"
    is_good = run.returncode != 0 and fixing.read("orders.py") == mended and fixing.read("old.py") == FILES["old.py"]
    fixing.tell("the fixing hook mends, and fails that commit", is_good, run.stdout + run.stderr)
    fixing.git("add", "-A")
    fixing.commit("the mended commit passes", True)

    whole = Repository(runner, "douane-all")
    for number in range(3000):
        whole.write(f"module_with_a_long_name_{number}.py", "__all__ = []\n")
    whole.git("add", "-A")
    run = subprocess.run([BIN / runner, "run", "douane-all", "--hook-stage", "manual", "--all-files"], cwd=whole.folder, env=ENVIRONMENT, capture_output=True, text=True)
    is_good = run.returncode == 1 and run.stdout.count("Found 1 warning in 1 of 3003 files") == 1
    whole.tell("the hook for all looks at everything once", is_good, run.stdout + run.stderr)
    return project.failures + fixing.failures + whole.failures


def main() -> None:
    prepare()
    sys.exit(1 if sum(check(runner) for runner in ["pre-commit", "prek"]) else 0)


if __name__ == "__main__":
    main()
