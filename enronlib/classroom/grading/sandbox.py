"""A sandbox for the kernels of a submission: what they can see of the machine.

On Linux a kernel runs in its own namespaces (bubblewrap, or `unshare` of util-linux; neither needs root): no network,
no other processes, and of the files only Python, this package and an empty folder. Elsewhere, and where the system
forbids namespaces, it is an ordinary process with limits; `Sandbox.missing` says what that leaves open.
"""

import os
import shlex
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import enronlib
from enronlib.files import cache_folder

__all__ = ["PYTHON_ITSELF", "Sandbox", "detect_sandbox", "visible"]

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/run/current-system")
SETTINGS = [  # what programs need of /etc; nothing in it is secret
    *("alternatives", "fonts", "group", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias"),
    *("localtime", "mime.types", "nsswitch.conf", "passwd", "static", "timezone"),
]
PYTHON_ITSELF = os.path.abspath(sys.executable)  # noqa: PTH100  links are kept, and no sandbox knows `../venv`
# Turn on the loopback interface, which is off in a new network namespace (ioctl SIOCSIFFLAGS, flag IFF_UP).
LOOPBACK_UP = "import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 1))"
DEVICES = ["null", "zero", "full", "random", "urandom"]
# Run a program that the system kills when its parent dies; do not run it if the parent died before this was set.
WITH_PARENT = ["setpriv", "--pdeathsig", "KILL", "--", "/bin/sh", "-c"]
WITH_PARENT += ['[ "$PPID" = "${JPY_PARENT_PID-$PPID}" ] && exec "$@"', "sh"]
OPEN = (
    "The submissions had access to the network, to the files of your account (other submissions, the solutions) and to "
    "the grading process. To grade people you do not know, use Linux, or a container or account made for it."
)


@dataclass(frozen=True)
class Sandbox:
    """A way to confine a kernel: `kind` is bwrap, unshare or plain."""

    kind: str
    program: str = ""

    @property
    def interrupt(self) -> str:
        """How to interrupt a kernel in here: a signal would end bwrap itself."""
        return "message" if self.kind == "bwrap" else "signal"

    @property
    def missing(self) -> str:
        """What is not protected, in words for the instructor; empty if everything is."""
        return OPEN if self.kind == "plain" else ""

    def command(self, command: Sequence[str], folder: Path, hidden: Iterable[Path] = ()) -> list[str]:
        """Return the command that runs `command` in here. It can write only to `folder`, and sees none of `hidden`."""
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
        script = _new_root(folder, shown, hidden)
        unshare = [self.program, *namespaces, "--fork", "--kill-child", "--", "/bin/sh", "-c", script, "sh"]
        return [*WITH_PARENT, *unshare, *command]


def _new_root(folder: Path, shown: Sequence[Path], hidden: Sequence[Path]) -> str:
    """Return a script that makes its own root of bind mounts and runs its arguments there, as bwrap does.

    The second user namespace, made last, has no power over the mounts of the first: they cannot be undone.
    """

    def inside(*paths: Path | str) -> str:
        return " ".join(f'"$root"{shlex.quote(str(path))}' for path in paths)

    small = [path for path in shown if path.is_symlink() or path.is_relative_to("/etc")]
    mounted = [path for path in shown if path not in small]
    devices = [Path("/dev") / name for name in DEVICES]
    lines = [
        "set -e",
        f"{shlex.quote(PYTHON_ITSELF)} -ISc {shlex.quote(LOOPBACK_UP)} || true",
        f'cwd="$PWD"; root={shlex.quote(str(folder))}/.root',
        'mkdir -p "$root"; mount -t tmpfs -o mode=755,size=500m tmpfs "$root"',
        f"mkdir -p {inside('/dev/pts', '/dev/shm', '/tmp', '/proc', '/.old', *mounted, folder)}",
        f"chmod 1777 {inside('/dev/shm', '/tmp')}",
        f"touch {inside(*devices)}",
        f'cp -a --parents {shlex.join(map(str, small))} "$root" 2>/dev/null || true',
        *(f"mount --bind {shlex.quote(str(path))} {inside(path)}" for path in [*devices, *mounted, folder]),
        *(f"mount -o remount,bind,ro,nosuid {inside(path)}" for path in mounted),
        *(f"mount -t tmpfs tmpfs {inside(path)}" for path in hidden),
        f"mount -t devpts -o newinstance,ptmxmode=0666 devpts {inside('/dev/pts')}",
        f"ln -s pts/ptmx {inside('/dev/ptmx')}; ln -s /proc/self/fd {inside('/dev/fd')}",
        f"mount -t proc proc {inside('/proc')}",
        'cd "$root"; pivot_root . .old; umount -l /.old; cd "$cwd"',
        f'exec unshare --user --map-user={os.geteuid()} --map-group={os.getegid()} -- "$@"',
    ]
    return "\n".join(lines)


@cache
def detect_sandbox(kinds: tuple[str, ...] = ("bwrap", "unshare")) -> Sandbox:
    """Return the best sandbox of this system, tried out with a real Python."""
    for kind in kinds if sys.platform == "linux" else ():
        program = shutil.which(kind)
        if program is None:
            continue
        found = Sandbox(kind, program)
        with tempfile.TemporaryDirectory(prefix="enronlib-") as folder:
            command = found.command([PYTHON_ITSELF, "-c", "import enronlib, socket"], Path(folder))
            try:
                done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
            except (OSError, subprocess.TimeoutExpired):
                continue
        if done.returncode == 0:
            return found
    return Sandbox("plain")


def visible() -> list[Path]:
    """Return what a kernel in the sandbox may read: the system's programs, Python, this package and its cache."""
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
