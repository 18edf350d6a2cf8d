import os
import subprocess
import sys

from ._find import find_douane

if __name__ == "__main__":
    try:
        command = [find_douane(), *sys.argv[1:]]
    except FileNotFoundError as error:
        print(f"douane: {error}; was it installed without its program?", file=sys.stderr)
        sys.exit(2)
    if os.name == "nt":
        # Windows has no `exec`: a new process would run beside the one that the shell waits for.
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)
