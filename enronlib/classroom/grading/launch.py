"""Set the limits of a submission's kernel, watch it, and start it as usual.

python -m enronlib.classroom.grading.launch '{"memory": …, "file": …, "processes": …, "watch": […]}' -f connection.json
"""

import contextlib
import json
import os
import random
import sys
from typing import Any

__all__ = ["load_ipython_extension", "main", "set_limits"]

FASTER = ["--InteractiveShell.xmode=Minimal", "--HistoryManager.enabled=False"]  # nobody reads tracebacks or history


def set_limits(memory: int, file: int, processes: int) -> None:
    """Limit this process and its children: bytes of memory, bytes per file, number of processes.

    Does nothing on Windows, which has no such limits; macOS accepts them and enforces few.
    """
    try:
        import resource  # not on Windows
    except ImportError:
        return
    limits = {"RLIMIT_AS": memory, "RLIMIT_FSIZE": file, "RLIMIT_NPROC": _tasks_now() + processes, "RLIMIT_CORE": 0}
    for name, wanted in limits.items():
        with contextlib.suppress(AttributeError, OSError, ValueError):  # unknown here; the supervisor watches anyway
            what = getattr(resource, name)
            _, most = resource.getrlimit(what)
            value = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
            resource.setrlimit(what, (value, value))


def main() -> None:
    """Set the limits and watch the names given as first argument, and become a kernel."""
    options = json.loads(sys.argv.pop(1))
    names = set(options.pop("watch"))
    set_limits(**options)
    if os.getppid() <= 1:  # in a process namespace, where ipykernel would conclude that its parent has died
        os.environ.pop("JPY_PARENT_PID", None)
    # Nobody debugs here, and loading the debugger is 40 % of a kernel's start.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    from ipykernel.kernelapp import launch_new_instance

    from enronlib.classroom.grading import watch

    watch.install(names)
    from enronlib.classroom.grading import attestation  # noqa: F401  remembers the built-ins as they are now

    launch_new_instance([*sys.argv[1:], *FASTER, f"--InteractiveShellApp.extra_extensions={__spec__.name}"])


def load_ipython_extension(shell: Any) -> None:
    """Prepare the kernel: `exit()` ends the cell and not the kernel, and `random` gives the same marks every time.

    It is seeded before each cell, as the kernel itself uses it now and then.
    """
    from enronlib.classroom.grading.attestation import remember

    remember(shell)
    shell.user_ns.update(exit=sys.exit, quit=sys.exit)
    shell.events.register("pre_run_cell", lambda _: random.seed(0))


def _tasks_now() -> int:
    """Return the number of tasks on this system: the limit on Linux counts all those of a user."""
    try:
        with open("/proc/loadavg", encoding="ascii") as file:  # noqa: PTH123  before anything is imported
            return int(file.read().split()[3].partition("/")[2])
    except (OSError, ValueError, IndexError):
        return 5000


if __name__ == "__main__":
    main()
