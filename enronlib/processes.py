"""How worker processes start: alike on every system, from a notebook, a script and a terminal.

This module imports nothing costly, so that the command line can have the fork server get ready beside its own imports.
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

PRELOADED = ("enronlib.workflow", "enronlib.parquet")  # what the processes of the workflow find ready


def default_workers() -> int:
    """Return the number of processes that do well here: one a core, 8 at most."""
    return min(8, os.cpu_count() or 1)


def default_start_method() -> str:
    """Return how processes start unless told otherwise: "forkserver", or "spawn" on Windows, which knows no fork.

    Fork is no default: it copies the locks of a notebook's threads but not the threads, and may wait for ever.
    """
    return "spawn" if os.name == "nt" else "forkserver"


def get_ready(workers: int | None = None, start_method: str | None = None) -> None:
    """Start the fork server, if the workflow's processes are going to start by one."""
    if (workers or default_workers()) > 1 and (start_method or default_start_method()) == "forkserver":
        start_fork_server(*PRELOADED)


def start_fork_server(*modules: str) -> None:
    """Have the fork server load these modules, once for all processes, while this one goes on.

    Where it runs already it stays as it is.
    """
    from multiprocessing import forkserver  # noqa: PLC0415  not on Windows

    forkserver.set_forkserver_preload(list(modules))
    with starting_by("forkserver"):  # or it would settle the method for good
        forkserver.ensure_running()


@contextmanager
def starting_by(method: str) -> Iterator[None]:
    """Let new processes start by this method within the block."""
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(method, force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(before, force=True)


@contextmanager
def main_module_hidden() -> Iterator[None]:
    """Keep a process started within the block from importing the caller's script.

    None of our tasks is defined there, and a script that lacks `if __name__ == "__main__":` would run all over again.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
