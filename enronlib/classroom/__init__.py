"""The teaching machinery: exercises that answer back, and the tools that make, hand out and collect lessons.

A lesson needs these names only:

    from enronlib.classroom import check, hint, load, predict, progress, workspace
"""

from enronlib.classroom.folders import load, workspace
from enronlib.classroom.session import check, hint, predict, progress

__all__ = ["check", "hint", "load", "predict", "progress", "workspace"]
