"""Start the kernel of a submission: limits first, then the kernel as ever.

python -m enronlib.classroom.grading.launch '{"memory": …, "file": …, "processes": …}' -f connection.json
"""

import contextlib
import json
import os
import random
import sys
from typing import Any

CHEAPER = ["--InteractiveShell.xmode=Minimal", "--HistoryManager.enabled=False"]  # nobody reads tracebacks or history


def limit(memory: int, file: int, processes: int) -> None:
    """Bound this process and what it starts: bytes of memory, bytes of a file, number of processes.

    Does nothing where the system has no such limits (Windows); macOS knows the names and enforces few.
    """
    try:
        import resource  # not on Windows
    except ImportError:
        return
    limits = {"RLIMIT_AS": memory, "RLIMIT_FSIZE": file, "RLIMIT_NPROC": _tasks_now() + processes, "RLIMIT_CORE": 0}
    for name, wanted in limits.items():
        what = getattr(resource, name, None)
        if what is None:
            continue
        _, most = resource.getrlimit(what)
        value = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        with contextlib.suppress(OSError, ValueError):  # not on every system; the supervisor watches all the same
            resource.setrlimit(what, (value, value))


def main() -> None:
    """Set the limits given as first argument and become a kernel."""
    limit(**json.loads(sys.argv.pop(1)))
    if os.getppid() <= 1:  # in a process namespace, where ipykernel would take its parent for dead
        os.environ.pop("JPY_PARENT_PID", None)
    # Nobody debugs here, and loading the debugger is 40 % of a kernel's start.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    from ipykernel.kernelapp import launch_new_instance

    from enronlib.classroom.grading import witness  # noqa: F401  remembers the built-ins as they are now

    launch_new_instance([*sys.argv[1:], *CHEAPER, f"--InteractiveShellApp.extra_extensions={__spec__.name}"])


def load_ipython_extension(shell: Any) -> None:
    """Have every cell begin with the same dice: an answer that rolls them gets the same marks every time.

    Once at the start is not enough: the kernel itself rolls them, now and then once more.
    """
    shell.events.register("pre_run_cell", lambda _: random.seed(0))


def _tasks_now() -> int:
    """Return the number of tasks on this system: on Linux the limit counts all those of a user."""
    try:
        with open("/proc/loadavg", encoding="ascii") as file:  # noqa: PTH123  before anything is imported
            return int(file.read().split()[3].partition("/")[2])
    except (OSError, ValueError, IndexError):
        return 5000


if __name__ == "__main__":
    main()
