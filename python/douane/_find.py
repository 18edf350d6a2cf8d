import os
import sys
import sysconfig

__all__ = ["find_douane"]


def find_douane() -> str:
    """The path of the program that was installed with this package.

    Raises FileNotFoundError if it is in none of the places where installers put programs.
    """
    name = "douane" + (sysconfig.get_config_var("EXE") or "")
    folders = [sysconfig.get_path("scripts")]
    user = "nt_user" if os.name == "nt" else "posix_user"
    if user in sysconfig.get_scheme_names():
        folders.append(sysconfig.get_path("scripts", scheme=user))
    # `pip install --target` puts programs beside the packages, and `--prefix` beside `lib/python3.x/site-packages`.
    programs, depth = ("Scripts", 2) if os.name == "nt" else ("bin", 3)
    packages = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    prefix = os.path.join(packages, *[os.pardir] * depth)
    folders += [os.path.join(packages, programs), os.path.normpath(os.path.join(prefix, programs))]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"there is no {name} in {', '.join(folders)}")
