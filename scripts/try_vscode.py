#!/usr/bin/env python3
"""Lets Visual Studio Code talk to the language server, through the extension: findings, a quick fix, and findings that another
buffer changes.

    scripts/try_vscode.py [--douane DOUANE]

The extension is packed and installed in code-server, which is VS Code for the browser and comes from npm; headless Chromium opens
a project there. The Problems panel has to show what it should, the quick fix is chosen with Ctrl+. as a user does, and the server
has to stop, and another one to start, by command, when the settings change, and when an environment is selected in the Python
extension, which a small one of the same name stands for. A screenshot is left at target/editors/vscode.png. Exits with 1 if a step
does not happen within half a minute.

Needs Node.js 20, a compiler for the native parts of code-server, and Debian's chromium; what npm and pip install goes below
target/editors.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv

from editor_trial import LAB, ROOT, Trial, needed, parser
from vscode_extension import npm, pack, vsce

CODE_SERVER = "4.100.3"
PATIENCE = 30
FLAGS = ["no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"]
SETTINGS = {
    "workbench.startupEditor": "none",
    "telemetry.telemetryLevel": "off",
    "files.autoSave": "off",
    "git.enabled": False,
    "window.restoreWindows": "none",
}


def prepare() -> None:
    """Runs the script again in an environment that has Playwright."""
    for program, package in [("chromium", "chromium"), ("npm", "nodejs npm"), ("c++", "g++ make")]:
        needed(program, package)
    python = LAB / "playwright" / "bin" / "python"
    if not python.exists():
        venv.create(LAB / "playwright", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "playwright"], check=True)
    if pathlib.Path(sys.executable).absolute() != python.absolute():
        os.execv(python, [str(python), *sys.argv])


def code_server() -> pathlib.Path:
    """Where code-server starts. Its own installation would fetch ripgrep and build what only terminals and proxies need."""
    home = LAB / "code-server"
    package = home / "node_modules" / "code-server"
    done = home / CODE_SERVER
    if not done.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts"]
        npm(home, "install", *quiet, "--prefix", ".", f"code-server@{CODE_SERVER}")
        npm(home, "rebuild", "argon2", "--build-from-source")
        code = package / "lib" / "vscode"
        npm(code, "install", *quiet, "--omit=dev")
        npm(code, "rebuild", "@vscode/spdlog", "native-watchdog")
        (code / "node_modules.asar").symlink_to("node_modules")
        done.touch()
    return package / "out" / "node" / "entry.js"


class VSCode:
    """VS Code in a browser's page, and the server that it comes from."""

    def __init__(self, trial: Trial, entry: pathlib.Path, extensions: list[pathlib.Path]):
        self.trial = trial
        settings = trial.folder / "data" / "User" / "settings.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(SETTINGS))
        config = trial.folder / "config.yaml"
        config.write_text("auth: none\n")
        command = ["node", entry, "--config", config, "--user-data-dir", trial.folder / "data", "--extensions-dir", trial.folder / "extensions"]
        for extension in extensions:
            subprocess.run([*command, "--install-extension", extension], check=True, stdout=subprocess.DEVNULL)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        # Started from a shell, it takes that one's PATH.
        environment = {**trial.environment, "VSCODE_CLI": "1"}
        options = ["--bind-addr", f"127.0.0.1:{port}", "--disable-telemetry", "--disable-update-check"]
        log = (trial.folder / "code-server.log").open("w")
        self.process = subprocess.Popen([*command, *options], env=environment, stdout=log, stderr=log, start_new_session=True)
        self.address = f"http://127.0.0.1:{port}/?folder={trial.project}"
        until("code-server serves", lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)

    def open(self, page) -> None:
        self.page = page
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(self.address)
        page.get_by_text("Yes, I trust the authors").click()
        page.keyboard.press("Control+Shift+M")

    def edit(self, file: str) -> None:
        """Opens a file, with the cursor at its start."""
        self.page.locator(f".explorer-folders-view .monaco-list-row[aria-label^='{file}']").dblclick()
        self.page.locator(f".tab.active[data-resource-name='{file}']").wait_for()
        self.page.locator(".editor-instance .view-lines").first.click()
        self.page.keyboard.press("Control+Home")

    def problems(self) -> dict[str, list[str]]:
        """What the Problems panel shows: by file, the rule, the line and the column."""
        found: dict[str, list[str]] = {}
        file = ""
        for row in self.page.locator(".markers-panel .monaco-list-row").all_inner_texts():
            finding = re.search(r"douane\s+(?:(\S+)\s+)?\[Ln (\d+), Col (\d+)\]", row)
            if finding:
                # What is wrong with a configuration is found by no rule.
                found.setdefault(file, []).append(f"{finding[1] or 'mistake'} {finding[2]}:{finding[3]}")
            else:
                file = row.split()[0] if row.split() else ""
        return found

    def first_line(self) -> str:
        return self.page.locator(".editor-instance .view-line").first.inner_text().replace("\xa0", " ")

    def quick_fix(self, title: str) -> None:
        """Takes the action that is proposed first."""
        self.page.keyboard.press("Control+.")
        self.page.locator(".action-widget .monaco-list-row.focused", has_text=title).wait_for()
        self.page.keyboard.press("Enter")

    def set(self, settings: dict) -> None:
        """Sets what the folder is set to."""
        file = self.trial.project / ".vscode" / "settings.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(settings))

    def command(self, name: str) -> None:
        self.page.keyboard.press("F1")
        self.page.keyboard.type(name)
        self.page.locator(".quick-input-list .monaco-list-row", has_text=name).first.click()

    def end(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(PATIENCE)


def until(what: str, check) -> None:
    end = time.monotonic() + PATIENCE
    while not check():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.05)
    print(f"ok {what}", flush=True)


def steps(code: VSCode) -> None:
    trial, page = code.trial, code.page
    # The second file is not open, nor is any other.
    until("findings of files that are not open", lambda: code.problems() == {"a.py": ["unused-import 1:8"], "wide.py": ["unused-import 1:19"]})
    code.edit("a.py")
    until("findings", lambda: code.problems().get("a.py") == ["unused-import 1:8"])
    code.quick_fix("Remove")
    until("quick fix", lambda: code.first_line() == "from b import x")
    until("no findings", lambda: "a.py" not in code.problems())
    code.edit("b.py")
    page.keyboard.press("Delete")
    page.keyboard.type("y")
    until("findings in the other buffer", lambda: code.problems().get("a.py") == ["missing-name 1:15"])
    code.edit("wide.py")
    page.screenshot(path=LAB / "vscode.png")
    page.keyboard.press("End")
    code.quick_fix("Remove")
    until("quick fix behind wide characters", lambda: code.first_line() == 'x = "é𐐀"')

    code.edit("lint.toml")
    page.keyboard.type('[rules]\nmissing-al = "off"')
    until("a mistake in the configuration", lambda: code.problems().get("lint.toml") == ["mistake 2:1"])
    page.keyboard.press("Home")
    for _ in "missing-al":
        page.keyboard.press("ArrowRight")
    page.keyboard.type("l")
    until("no mistake any more", lambda: "lint.toml" not in code.problems())

    code.command("douane: Restart server")
    until("stopped to start again", lambda: trial.codes() == ["0"])
    until("findings of buffers after the restart", lambda: code.problems() == {"a.py": ["missing-name 1:15"]})
    # Each environment has a program of its own, which goes before the one on the PATH.
    environments = [trial.folder / "venv", trial.folder / "other"]
    for environment in environments:
        program = environment / "bin" / "douane"
        program.parent.mkdir(parents=True)
        program.write_text(trial.program.read_text() + f'touch "{environment}/was-used"\n')
        program.chmod(0o755)
    used = lambda: [environment.name for environment in environments if (environment / "was-used").exists()]
    code.set({"python.defaultInterpreterPath": "${workspaceFolder}/../venv/bin/python"})
    until("stopped for the interpreter in the settings", lambda: trial.codes() == ["0"] * 2)
    until("findings of its program", lambda: code.problems() == {"a.py": ["missing-name 1:15"]})
    code.command("Python: Select the other environment")
    until("stopped for the selected environment", lambda: trial.codes() == ["0"] * 3 and used() == ["venv"])
    until("findings of its program", lambda: code.problems() == {"a.py": ["missing-name 1:15"]})
    code.set({"douane.enable": False})
    until("stopped for good", lambda: trial.codes() == ["0"] * 4 and used() == ["venv", "other"])
    until("no findings any more", lambda: code.problems() == {})


def main() -> None:
    arguments = parser(__doc__).parse_args()
    prepare()
    from playwright.sync_api import Error, sync_playwright

    trial = Trial("vscode", arguments.douane)
    extension, python = pack(), trial.folder / "python.vsix"
    vsce(ROOT / "scripts" / "editors" / "python-extension", python, "--skip-license")
    code = VSCode(trial, code_server(), [python, extension])
    is_good = False
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[f"--{flag}" for flag in FLAGS])
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            try:
                code.open(page)
                steps(code)
                is_good = True
            except (TimeoutError, Error) as error:
                print(f"TIMEOUT {error}; problems: {code.problems()}")
                page.screenshot(path=LAB / "vscode-failed.png")
            browser.close()
    finally:
        code.end()
    sys.exit(0 if is_good and trial.ended_well() else 1)


if __name__ == "__main__":
    main()
