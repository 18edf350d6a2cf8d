"""The program `douane` as a Python package: `python -m douane` runs it, `find_douane()` says where it is."""

from ._find import find_douane

__all__ = ["find_douane"]
