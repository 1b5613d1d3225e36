"""Run one submission in a process of its own, enforce its limits, and leave nothing of it running."""

import contextlib
import multiprocessing
import os
import secrets
import shutil
import signal
import site
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import Any

import psutil

import enronlib
from enronlib.classroom.grading import CELL_SECONDS
from enronlib.processes import default_start_method, main_module_hidden, start_worker

__all__ = ["Limits", "supervise"]

TOKEN = "ENRONLIB_SUBMISSION"  # set in the environment of everything a submission starts, to find it again
KEPT = ("PATH", "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS", "LD_LIBRARY_PATH")
FIXED = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTHONUSERBASE": site.getuserbase(),
    "PYTHONUTF8": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
POLL = 0.5  # seconds between checks of the limits

_starting = Lock()  # threads that start processes at the same time would hide the main module from each other


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Sizes in bytes, times in seconds."""

    cell: float = CELL_SECONDS
    submission: float = 600
    memory: int = 4_000_000_000
    """Address space of each process, and resident memory of all of them together."""
    file: int = 500_000_000
    processes: int = 256
    free_disk: int = 500_000_000
    free_memory: int = 300_000_000
    """When the machine has less than this left, what the submission started is ended."""


def supervise(
    task: Callable[..., object],
    arguments: tuple[Any, ...],
    home: Path,
    limits: Limits,
    seconds: float,
    *,
    log: Path,
    extra: Mapping[str, str] = {},
    stop: Event | None = None,
) -> str:
    """Run `task(*arguments)` in a process and enforce the limits; return what ended it early, or nothing.

    Too much memory or too many processes end what the process started, but not itself: it sees a dead kernel and
    continues. After `seconds`, or when `stop` is set, it is ended as well. On return nothing it started is running.
    If the calling process is killed, the process ends itself, and its kernels end with it.
    """
    token = secrets.token_hex(16)
    environment = clean_environment(home, token, extra)
    context: Any = multiprocessing.get_context(default_start_method())
    process = context.Process(target=run_task, args=(home, environment, log, task, arguments))
    with _starting, main_module_hidden():
        start_process(process)
    try:
        return _watch(process, home, limits, time.monotonic() + seconds, stop)
    finally:
        process.join()
        _kill(_with_token(token))


def clean_environment(home: Path, token: str, extra: Mapping[str, str] = {}) -> dict[str, str]:
    """Return the environment of a submission: nothing of the instructor's except where programs are."""
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        **dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(home)),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "IPYTHONDIR": str(home / "ipython"),
        TOKEN: token,
        **FIXED,
        **extra,
    }


def start_process(process: Any) -> None:
    """Start a process, again if the fork server has just ended: a second start gets a new one."""
    try:
        process.start()
    except (EOFError, ConnectionError, FileNotFoundError):
        time.sleep(1)
        process.start()


def run_task(home: Path, environment: dict[str, str], log: Path, task: Callable[..., object], arguments: Any) -> None:
    """In a new process: keep nothing of the one that started it except loaded modules, and run the task."""
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C is for the instructor's process, which then ends this one
    start_worker()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the fork server ignores it, but kernels must not
    os.environ.clear()
    os.environ.update(environment)
    here, kit = Path.cwd(), str(Path(enronlib.__file__).parents[1])
    elsewhere = [path for path in sys.path if Path(path).is_absolute() and Path(path).resolve() != here]
    sys.path[:] = [*elsewhere, *([] if kit in elsewhere else [kit])]  # a student's pdb.py must not be imported
    os.chdir(home)
    with Path(os.devnull).open("rb") as nothing, log.open("ab") as out:
        for stream, file in enumerate((nothing, out, out)):
            os.dup2(file.fileno(), stream)
    task(*arguments)


def _watch(process: Any, home: Path, limits: Limits, end: float, stop: Event | None) -> str:
    """Enforce the limits until the process ends, then end what it started; return what ended it early.

    `multiprocessing` considers it dead when the fork server is, so the system is asked.
    """
    reason = ""
    with contextlib.suppress(psutil.NoSuchProcess):
        worker = psutil.Process(process.pid)
        try:
            while worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
                started = worker.children(recursive=True)
                if excess := _excess([worker, *started], limits, home):
                    reason = reason or excess
                    _kill(started)
                if time.monotonic() > end or (stop and stop.is_set()):
                    return f"the submission took longer than {limits.submission:.0f} seconds"
                psutil.wait_procs([worker], POLL)
        finally:
            _kill([*worker.children(recursive=True), worker])
    return reason


def _excess(processes: Sequence[psutil.Process], limits: Limits, home: Path) -> str:
    memory = 0
    for each in processes:
        with contextlib.suppress(psutil.Error):
            memory += each.memory_info().rss
    reasons = {
        f"the submission used more than {limits.memory / 1e9:.1f} GB of memory": memory > limits.memory,
        f"the submission started more than {limits.processes} processes": len(processes) - 1 > limits.processes,
        "the submission filled the disk": shutil.disk_usage(home).free < limits.free_disk,
        "this machine ran out of memory": psutil.virtual_memory().available < limits.free_memory,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _with_token(token: str) -> list[psutil.Process]:
    """Return the processes with this token in their environment, even if they left their group and parent."""
    found = []
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if each.environ().get(TOKEN) == token:
                found.append(each)
    return found


def _kill(processes: Iterable[psutil.Process]) -> None:
    processes = list(processes)
    for each in processes:
        with contextlib.suppress(psutil.Error):
            each.kill()
    psutil.wait_procs(processes, timeout=5)
