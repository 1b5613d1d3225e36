"""The teaching machinery: exercises that answer back, and the tools that make, hand out and collect lessons.

A lesson needs these names only:

    from enronlib.classroom import check, hint, load, predict, progress, workspace
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enronlib.classroom.folders import load, workspace
    from enronlib.classroom.session import check, hint, predict, progress

__all__ = ["check", "hint", "load", "predict", "progress", "workspace"]


def __getattr__(name: str) -> Any:
    """Return one of these names, imported when asked for: every command and every pytest loads this package."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "folders" if name in ("load", "workspace") else "session"
    return getattr(import_module(f"{__name__}.{home}"), name)
