"""How worker processes start and stop: the same on every system, from a notebook, a script and a terminal.

This module imports nothing costly, so that the command line can start the fork server before its own imports.
"""

import gc
import multiprocessing
import multiprocessing.util
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

from enronlib import UserError

__all__ = [
    "WorkerProcess",
    "default_start_method",
    "default_workers",
    "ended_like_interrupts",
    "environment",
    "get_ready",
    "imports_deferred",
    "in_notebook",
    "interrupts_deferred",
    "interrupts_going_to",
    "main_module_hidden",
    "start_fork_server",
    "start_worker",
    "starting_by",
]

_starting = threading.RLock()  # the start method and the main module are those of all threads

SCRATCH = "enronlib-run-"  # how the names of temporary folders begin that hold the sockets of a run


def default_workers() -> int:
    """Return a good number of worker processes for this machine: one per core, at most 8."""
    return min(8, os.cpu_count() or 1)


def default_start_method() -> str:
    """Return how processes start by default: "forkserver", or "spawn" on Windows, which cannot fork.

    "fork" is not the default: it copies the locks of a notebook's threads but not the threads, and may hang.
    """
    return "spawn" if os.name == "nt" else "forkserver"


def in_notebook() -> bool:
    """Return whether IPython runs this process, as in a notebook, which shows charts and progress bars."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


# Starting


def get_ready(*modules: str, workers: int | None = None, start_method: str | None = None) -> None:
    """Start the fork server, which imports these modules, if processes will be started by one.

    Raises UserError if it cannot be started.
    """
    check_temporary_folder()
    if (workers or default_workers()) > 1 and (start_method or default_start_method()) == "forkserver":
        start_fork_server(*modules)


def start_fork_server(*modules: str) -> None:
    """Start the fork server; it imports these modules, once for all processes, while this process continues.

    A fork server that already runs is left as it is. Raises UserError if its socket cannot be created.
    """
    from multiprocessing import forkserver  # not on Windows

    forkserver.set_forkserver_preload(list(modules))
    use_scratch_folder()
    # The server must not fix the start method, import files of the current folder, or react to Ctrl-C.
    with starting_by("forkserver"), environment(PYTHONSAFEPATH="1"), interrupts_going_to(signal.SIG_IGN):
        try:
            forkserver.ensure_running()
        except OSError as error:
            raise UserError(
                f"cannot start worker processes: set TMPDIR to a folder with a short name ({error})"
            ) from None


@cache
def use_scratch_folder() -> None:
    """Have multiprocessing put its sockets into a temporary folder that a later run can tell from one in use.

    A process that is killed leaves its folder behind, without its lock; such folders are removed here.
    """
    import fcntl  # not on Windows, where there is no fork server either

    for left in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*"):
        with suppress(OSError):  # in use, or somebody else's
            folder = os.open(left, os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left)
            finally:
                os.close(folder)
    while True:
        scratch = tempfile.mkdtemp(prefix=SCRATCH)
        with suppress(FileNotFoundError):  # until it is locked, another run may take it for one left behind
            fcntl.flock(os.open(scratch, os.O_RDONLY), fcntl.LOCK_EX)  # open, and locked, until the process ends
        if Path(scratch).is_dir():
            break
    multiprocessing.util.Finalize(None, shutil.rmtree, (scratch,), {"ignore_errors": True}, exitpriority=-200)
    multiprocessing.current_process()._config["tempdir"] = scratch  # type: ignore[attr-defined]


def check_temporary_folder() -> None:
    """Raise UserError if there is no writable folder for temporary files."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise UserError("no folder for temporary files is writable: free some space, or set TMPDIR") from None


class DeferredModule(ModuleType):
    """A stand-in for a module, which imports it when something in it is first used."""

    def __getattr__(self, name: str) -> Any:
        """Return what has that name in the module itself."""
        return getattr(import_module(self.__name__), name)


@contextmanager
def imports_deferred(*modules: str) -> Iterator[None]:
    """Inside the block, have an import of one of these modules wait until the importer first uses it."""
    deferred = {name: DeferredModule(name) for name in modules if name not in sys.modules and find_spec(name)}
    sys.modules.update(deferred)
    try:
        yield
    finally:
        for name in deferred:
            del sys.modules[name]


class WorkerProcess:
    """A process that makes one function call after another.

    When it dies, its connection closes, so that the parent notices at once.
    """

    def __init__(self, start_method: str, *, hide_main: bool = True) -> None:
        """Start the process. `hide_main` keeps it from importing the caller's script.

        Raises UserError if no process can be started.
        """
        context: Any = multiprocessing.get_context(start_method)
        for last_try in (False, True):
            self.connection, theirs = context.Pipe()
            self._process = context.Process(target=make_calls, args=(theirs,))
            try:
                with main_module_hidden(hide_main), interrupts_deferred():
                    self._process.start()
                return
            except (OSError, EOFError) as error:
                if last_try:  # the first time, the fork server may just have been killed: the next start revives it
                    reason = error.strerror if isinstance(error, OSError) else "it ended at once"
                    raise UserError(
                        f"cannot start a worker process ({reason}): free some memory, or run with one worker"
                    ) from error
            finally:
                theirs.close()

    def call(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Have the process call the function. Raises OSError if it is dead."""
        self.connection.send((function, arguments))

    def result(self) -> Any:
        """Wait for what the function returned. Raises EOFError or OSError if the process died."""
        return self.connection.recv()

    def end(self, *, at_once: bool = False) -> int | None:
        """End the process, after its current call or at once; return its exit status, None if it is not known."""
        if at_once:
            self._process.kill()
        with suppress(OSError):  # it may be dead
            self.connection.send(None)
        self.connection.close()
        self._process.join(10)
        return self._process.exitcode  # type: ignore[no-any-return]


def make_calls(connection: Connection) -> None:
    """In a worker process: make the calls that come, until None comes.

    A closed connection would not be noticed where a forked process holds a copy of its other end.
    """
    start_worker()
    gc.freeze()  # what the process inherits stays: searching it for garbage would be wasted time
    with suppress(EOFError, ConnectionError):  # the parent was killed
        while call := connection.recv():
            function, arguments = call
            connection.send(function(*arguments))


def start_worker() -> None:
    """In a worker process: end silently on Ctrl-C, and when the parent process is killed."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """Wait for the end of the parent process, if `multiprocessing` started this one, then end this one."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


@contextmanager
def starting_by(method: str) -> Iterator[None]:
    """Make this the start method of new processes inside the block, which one thread enters at a time."""
    with _starting:
        before = multiprocessing.get_start_method(allow_none=True)
        multiprocessing.set_start_method(method, force=True)
        try:
            yield
        finally:
            multiprocessing.set_start_method(before, force=True)


@contextmanager
def main_module_hidden(hidden: bool = True) -> Iterator[None]:
    """Keep a process that starts inside the block from importing the caller's script.

    Nothing of ours is defined there, and a script without `if __name__ == "__main__":` would run all over again.
    """
    main = sys.modules["__main__"]
    if hidden:
        sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


# Interrupts and environment


@contextmanager
def interrupts_going_to(handler: Any) -> Iterator[None]:
    """Handle Ctrl-C with `handler` inside the block. Only the main thread can; in other threads nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        if before is not None:  # None: a handler that was not installed from Python cannot be restored
            signal.signal(signal.SIGINT, before)


@contextmanager
def ended_like_interrupts() -> Iterator[None]:
    """Inside the block, have SIGTERM and SIGHUP raise KeyboardInterrupt as Ctrl-C does, so that all is cleaned up."""
    signals = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, signal.default_int_handler) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Defer Ctrl-C to the end of the block, which starts a process or imports modules and must not stop halfway."""
    came: list[int] = []
    with interrupts_going_to(lambda number, _: came.append(number)):
        yield
    if came:
        signal.raise_signal(signal.SIGINT)


@contextmanager
def environment(**changes: str | None) -> Iterator[None]:
    """Set environment variables inside the block; None unsets one."""
    before = {name: os.environ.get(name) for name in changes}
    set_environment(changes)
    try:
        yield
    finally:
        set_environment(before)


def set_environment(changes: Mapping[str, str | None]) -> None:
    """Set environment variables; None unsets one."""
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
