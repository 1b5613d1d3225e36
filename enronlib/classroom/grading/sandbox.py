"""A cage for one submission: what its kernel sees, how much it may use, and that nothing of it is left over.

On Linux the kernel runs in namespaces of its own (bubblewrap, or `unshare` of util-linux; neither needs root): no
network, no other processes, and of the files only Python, this package and a fresh folder. Everywhere else, and where
the system forbids namespaces, it is a plain process with limits; `Walls.missing` says what that leaves open.
"""

import contextlib
import multiprocessing
import os
import secrets
import shlex
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Event, Lock
from typing import Any

import psutil

import enronlib
from enronlib.classroom.grading import CELL_SECONDS
from enronlib.files import cache_folder
from enronlib.processes import default_start_method, main_module_hidden

TOKEN = "ENRONLIB_SUBMISSION"  # in the environment of all that a submission starts, to find it again
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/run/current-system")
SETTINGS = [  # what programs need of /etc; nothing in it is secret
    *("alternatives", "fonts", "group", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias"),
    *("localtime", "mime.types", "nsswitch.conf", "passwd", "static", "timezone"),
]
PYTHON_ITSELF = os.path.abspath(sys.executable)  # noqa: PTH100  no link is followed, and no cage knows `../venv`
DEVICES = ["null", "zero", "full", "random", "urandom"]

PYTHON = {
    "PYTHONUSERBASE": site.getuserbase(),
    "PYTHONUTF8": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}

POLL = 0.5  # seconds between looks at what a submission uses

_starting = Lock()  # threads that start processes at a time would hide the main module from each other

OPEN = (
    "Nothing kept the submissions from the network, from the files of your account (other submissions, the solutions) "
    "or from the grading process itself. Where you do not know the students, grade on Linux, or on an account or in a "
    "container made for it."
)


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Sizes in bytes, times in seconds."""

    cell: float = CELL_SECONDS
    submission: float = 600
    memory: int = 4_000_000_000
    """Of one process as address space, and of all of them together as resident memory."""
    file: int = 500_000_000
    processes: int = 256
    free_disk: int = 500_000_000
    free_memory: int = 300_000_000
    """When less than this is left on the machine, what the submission started is ended."""


@dataclass(frozen=True)
class Walls:
    """A way to keep a kernel in: `kind` is bwrap, unshare or plain."""

    kind: str
    program: str = ""

    @property
    def interrupt(self) -> str:
        """How a kernel behind these walls is interrupted: bwrap itself would die of the signal."""
        return "message" if self.kind == "bwrap" else "signal"

    @property
    def missing(self) -> str:
        """What is not protected, in words for the instructor; empty if all is."""
        return OPEN if self.kind == "plain" else ""

    def command(self, command: Sequence[str], folder: Path, hidden: Iterable[Path] = ()) -> list[str]:
        """Return the command that runs `command` in here. It may write to `folder` only, and sees none of `hidden`."""
        if self.kind == "plain":
            return list(command)
        shown = visible()
        covered = [path for path in map(Path.resolve, hidden) if any(path.is_relative_to(each) for each in shown)]
        make = self._bwrap if self.kind == "bwrap" else self._unshare
        return make(list(command), folder.resolve(), shown, [path for path in covered if path.is_dir()])

    def _bwrap(self, command: list[str], folder: Path, shown: list[Path], hidden: list[Path]) -> list[str]:
        arguments = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL"]
        arguments += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        for path in shown:
            kind = ["--symlink", str(path.readlink())] if path.is_symlink() else ["--ro-bind", str(path)]
            arguments += [*kind, str(path)]
        for path in hidden:
            arguments += ["--tmpfs", str(path)]
        return [self.program, *arguments, "--bind", str(folder), str(folder), "--", *command]

    def _unshare(self, command: list[str], folder: Path, shown: list[Path], hidden: list[Path]) -> list[str]:
        namespaces = ["--user", "--map-root-user", "--mount", "--net", "--pid", "--ipc", "--uts"]
        script = root_of_bind_mounts(folder, shown, hidden)
        return [self.program, *namespaces, "--fork", "--kill-child", "--", "/bin/sh", "-c", script, "sh", *command]


def root_of_bind_mounts(folder: Path, shown: Sequence[Path], hidden: Sequence[Path]) -> str:
    """Return a script that makes a root of its own and runs its arguments there, as bwrap does without bwrap.

    The second user namespace, made last, has no power over the mounts of the first: they cannot be undone.
    """
    small = [path for path in shown if path.is_symlink() or path.is_relative_to("/etc")]
    mounted = [path for path in shown if path not in small]
    devices = [Path("/dev") / name for name in DEVICES]
    lines = [
        "set -e",
        f'cwd="$PWD"; root={shlex.quote(str(folder))}/.root',
        'mkdir -p "$root"; mount -t tmpfs -o mode=755,size=500m tmpfs "$root"',
        f"mkdir -p {_inside('/dev/pts', '/dev/shm', '/tmp', '/proc', '/.old', *mounted, folder)}",
        f"chmod 1777 {_inside('/dev/shm', '/tmp')}",
        f"touch {_inside(*devices)}",
        f'cp -a --parents {shlex.join(map(str, small))} "$root" 2>/dev/null || true',
    ]
    for path in [*devices, *mounted, folder]:
        lines.append(f"mount --bind {shlex.quote(str(path))} {_inside(path)}")
    for path in mounted:
        lines.append(f"mount -o remount,bind,ro,nosuid {_inside(path)}")
    lines += [f"mount -t tmpfs tmpfs {_inside(path)}" for path in hidden]
    lines += [
        f"mount -t devpts -o newinstance,ptmxmode=0666 devpts {_inside('/dev/pts')}",
        f"ln -s pts/ptmx {_inside('/dev/ptmx')}; ln -s /proc/self/fd {_inside('/dev/fd')}",
        f"mount -t proc proc {_inside('/proc')}",
        'cd "$root"; pivot_root . .old; umount -l /.old; cd "$cwd"',
        f'exec unshare --user --map-user={os.geteuid()} --map-group={os.getegid()} -- "$@"',
    ]
    return "\n".join(lines)


def _inside(*paths: Path | str) -> str:
    """Return places in the new root, for the shell."""
    return " ".join(f'"$root"{shlex.quote(str(path))}' for path in paths)


@cache
def walls(kinds: tuple[str, ...] = ("bwrap", "unshare")) -> Walls:
    """Return the best walls this system has, tried out with a real Python."""
    for kind in kinds if sys.platform == "linux" else ():
        program = shutil.which(kind)
        if program is None:
            continue
        found = Walls(kind, program)
        with tempfile.TemporaryDirectory(prefix="enronlib-") as folder:
            command = found.command([PYTHON_ITSELF, "-c", "import enronlib, socket"], Path(folder))
            try:
                done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
            except (OSError, subprocess.TimeoutExpired):
                continue
        if done.returncode == 0:
            return found
    return Walls("plain")


def visible() -> list[Path]:
    """Return the files and folders a caged kernel may read: the system's programs, Python, this package, its sample."""
    wanted = [Path(path) for path in SYSTEM]
    wanted += [Path("/etc") / name for name in SETTINGS]
    wanted += [Path(sys.prefix), Path(sys.base_prefix), Path(PYTHON_ITSELF).resolve().parent.parent]
    wanted += [Path(site.getusersitepackages()), Path(enronlib.__file__).parent, cache_folder()]
    found: list[Path] = []
    for path in wanted:
        exists = path.is_symlink() or path.exists()
        if exists and not any(path.is_relative_to(each) and not each.is_symlink() for each in found):
            found.append(path)
    return found


def clean_environment(home: Path, token: str, extra: Mapping[str, str] = {}) -> dict[str, str]:
    """Return the environment a submission gets: nothing of the instructor's but where programs are."""
    kept = ("PATH", "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return environment | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "TMPDIR": str(home),
        "TEMP": str(home),
        "TMP": str(home),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "IPYTHONDIR": str(home / "ipython"),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        TOKEN: token,
        **PYTHON,
        **extra,
    }


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
    """Do `task(*arguments)` in a process, see to the limits of what it starts; return what ended it early, or nothing.

    Too much memory or too many processes end what the grading process started, not itself: it sees a dead kernel and
    goes on. After `seconds`, or when `stop` is set, it is ended, too. When this returns, whatever the submission
    started is gone.
    """
    token = secrets.token_hex(16)
    environment = clean_environment(home, token, extra)
    context: Any = multiprocessing.get_context(default_start_method())
    process = context.Process(target=begin, args=(home, environment, log, task, arguments))
    with _starting, main_module_hidden():
        _start(process)
    try:
        return _watch(process, home, limits, time.monotonic() + seconds, stop)
    finally:
        process.join()
        _kill(_marked(token))


def _start(process: Any) -> None:
    try:
        process.start()
    except (EOFError, ConnectionError):  # the fork server ended just now; there is a new one at the next start
        time.sleep(1)
        process.start()


def _watch(process: Any, home: Path, limits: Limits, end: float, stop: Event | None) -> str:
    """See to the limits until the process has ended; return what ended it early. What it started ends with it.

    Whether it lives the system is asked: `multiprocessing` takes it for dead when the fork server is.
    """
    try:
        worker = psutil.Process(process.pid)
    except psutil.NoSuchProcess:
        return ""
    reason = ""
    try:
        while _lives(worker):
            started = _below(worker)
            if (excess := _excess(worker, started, limits, home)) and not reason:
                reason = excess
            if excess:
                _kill(started)
            if time.monotonic() > end or (stop and stop.is_set()):
                return f"the submission took longer than {limits.submission:.0f} seconds"
            if process.is_alive():
                process.join(POLL)
            else:
                psutil.wait_procs([worker], POLL)
    finally:
        _kill([worker, *_below(worker)])
    return reason


def begin(home: Path, environment: dict[str, str], log: Path, task: Callable[..., object], arguments: Any) -> None:
    """In a new process: keep nothing of the one that started it but the modules it has loaded, and do the task."""
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C is for the instructor's process, which then ends this one
    signal.signal(signal.SIGINT, signal.default_int_handler)  # or kernels would not hear it: the fork server does not
    os.environ.clear()
    os.environ.update(environment)
    here, kit = Path.cwd(), str(Path(enronlib.__file__).parents[1])
    elsewhere = [path for path in sys.path if Path(path).is_absolute() and Path(path).resolve() != here]
    sys.path[:] = [*elsewhere, *([] if kit in elsewhere else [kit])]  # no pdb.py of a student's, there or at home
    os.chdir(home)
    with Path(os.devnull).open("rb") as nothing, log.open("ab") as out:
        for stream, file in enumerate((nothing, out, out)):
            os.dup2(file.fileno(), stream)
    task(*arguments)


def _excess(worker: psutil.Process, started: Sequence[psutil.Process], limits: Limits, home: Path) -> str:
    memory = 0
    for each in (worker, *started):
        with contextlib.suppress(psutil.Error):
            memory += each.memory_info().rss
    if memory > limits.memory:
        return f"it used more than {limits.memory / 1e9:.1f} GB of memory"
    if len(started) > limits.processes:
        return f"it started more than {limits.processes} processes"
    if shutil.disk_usage(home).free < limits.free_disk:
        return "it filled the disk"
    if psutil.virtual_memory().available < limits.free_memory:
        return "this machine ran out of memory"
    return ""


def _lives(worker: psutil.Process) -> bool:
    try:
        return worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _below(worker: psutil.Process) -> list[psutil.Process]:
    try:
        return worker.children(recursive=True)
    except psutil.Error:
        return []


def _marked(token: str) -> list[psutil.Process]:
    """Return the processes that have the token in their environment: also those that left their group and parent."""
    found = []
    for each in psutil.process_iter():
        try:
            if each.environ().get(TOKEN) == token:
                found.append(each)
        except (psutil.Error, OSError):
            continue
    return found


def _kill(processes: Iterable[psutil.Process]) -> None:
    """End these processes for good."""
    processes = list(processes)
    for each in processes:
        try:
            each.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(processes, timeout=5)
