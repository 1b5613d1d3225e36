"""How worker processes start: alike on every system, from a notebook, a script and a terminal.

This module imports nothing costly, so that the command line can have the fork server get ready beside its own imports.
"""

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from enronlib import UserError


def default_workers() -> int:
    """Return the number of processes that do well here: one a core, 8 at most."""
    return min(8, os.cpu_count() or 1)


def default_start_method() -> str:
    """Return how processes start unless told otherwise: "forkserver", or "spawn" on Windows, which knows no fork.

    Fork is no default: it copies the locks of a notebook's threads but not the threads, and may wait for ever.
    """
    return "spawn" if os.name == "nt" else "forkserver"


def get_ready(*modules: str, workers: int | None = None, start_method: str | None = None) -> None:
    """Start the fork server with these modules loaded, if processes will be started by one.

    Raises UserError if it cannot be started.
    """
    check_temporary_folder()
    if (workers or default_workers()) > 1 and (start_method or default_start_method()) == "forkserver":
        start_fork_server(*modules)


def start_fork_server(*modules: str) -> None:
    """Have the fork server load these modules, once for all processes, while this one goes on.

    Where it runs already it stays as it is. Raises UserError when its socket has no place.
    """
    from multiprocessing import forkserver  # not on Windows

    forkserver.set_forkserver_preload(list(modules))
    # It shall not settle the start method for good, nor import what lies in this folder, nor hear Ctrl-C.
    with starting_by("forkserver"), environment(PYTHONSAFEPATH="1"), interrupts_going_to(signal.SIG_IGN):
        try:
            forkserver.ensure_running()
        except OSError as error:
            raise UserError(
                f"cannot start worker processes: set TMPDIR to a folder with a short name ({error})"
            ) from None


def check_temporary_folder() -> None:
    """Raise UserError when there is no folder for temporary files, which everything here needs."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise UserError("no folder for temporary files can be written to: make room, or set TMPDIR") from None


def start_worker() -> None:
    """In a worker: end at an interrupt, at once and in silence, and end when the parent is killed."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """Wait for the end of the parent process, then end this one."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextmanager
def environment(**changes: str | None) -> Iterator[None]:
    """Have these environment variables within the block; None means without."""
    before = {name: os.environ.get(name) for name in changes}
    set_environment(changes)
    try:
        yield
    finally:
        set_environment(before)


def set_environment(changes: Mapping[str, str | None]) -> None:
    """Set environment variables, or with None take them away."""
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def interrupts_going_to(handler: Any) -> Iterator[None]:
    """Let `handler` have what Ctrl-C sends within the block. Only the main thread can; in another nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        if before is not None:  # a handler of another program's making cannot be put back
            signal.signal(signal.SIGINT, before)


@contextmanager
def interrupt_held_back() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block, in which a process starts: half a start leaves one that fails."""
    came: list[int] = []
    with interrupts_going_to(lambda number, _: came.append(number)):
        yield
    if came:
        signal.raise_signal(signal.SIGINT)


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
