#!/usr/bin/env python3
"""Lets Emacs talk to the language server with eglot: attach, findings, a quick fix, and findings that another buffer changes.

    scripts/try_emacs.py [--douane DOUANE]

Emacs is configured as docs/editors.md says; Debian's is 28, with eglot as a package of its own. Exits with 1 if a step does not
happen within ten seconds.
"""

import subprocess
import sys

from editor_trial import ROOT, Trial, needed, parser


def main() -> None:
    arguments = parser(__doc__).parse_args()
    emacs = needed("emacs", "emacs-nox elpa-eglot")
    if subprocess.run([emacs, "-q", "--batch", "--eval", "(require 'eglot)"], capture_output=True).returncode:
        print("eglot is missing: apt-get install elpa-eglot", file=sys.stderr)
        sys.exit(2)
    trial = Trial("emacs", arguments.douane)
    # The root that eglot names is that of the repository.
    subprocess.run(["git", "init", "-q", trial.project], check=True)
    steps = ROOT / "scripts" / "editors" / "eglot.el"
    # Debian's site file says where its packages are, so that it is read.
    trial.run([emacs, "-q", "--batch", "-l", trial.documented("elisp"), "-l", steps])


if __name__ == "__main__":
    main()
