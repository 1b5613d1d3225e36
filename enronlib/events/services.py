"""Servers that outlive the command that started them: start, find again, stop. All listen on this machine alone."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from enronlib import UserError
from enronlib.files import write_bytes

__all__ = ["Service", "end_with_stdin", "find", "free_port", "launch", "listens", "port_for", "stop"]

PATIENCE = 180  # seconds until a server must answer, or must have ended


@dataclass(frozen=True)
class Service:
    """A server that was started: its process, when that began (seconds since 1970), and its port."""

    pid: int
    began: float
    port: int

    @property
    def address(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.port}"

    def process(self) -> psutil.Process | None:
        """Return the process, None if it has ended; its pid may belong to another one by now."""
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.began) < 1 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


def launch(
    name: str,
    folder: Path,
    command: Sequence[str],
    port: int,
    is_ready: Callable[[Service], bool],
    *,
    environment: Mapping[str, str] | None = None,
) -> Service:
    """Start a server in `folder`, where its output goes to `<name>.log`; return it once it is ready.

    Raises UserError if it ends before, or is not ready in time.
    """
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,  # Ctrl-C in this terminal does not reach it
        )  # fmt: skip
    try:
        service = Service(process.pid, psutil.Process(process.pid).create_time(), port)
        write_bytes(folder / f"{name}.json", json.dumps(asdict(service)).encode())
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            if is_ready(service):
                return service
            time.sleep(0.2)
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.kill()
    process.wait()
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise UserError(f"{name} did not start: {lines[-1] if lines else 'it does not answer'}")


def find(name: str, folder: Path) -> Service | None:
    """Return the server of this name that was started in `folder`, None if it does not run."""
    service = last(name, folder)
    return service if service and service.process() else None


def last(name: str, folder: Path) -> Service | None:
    """Return the server of this name that was last started in `folder`, which may have ended."""
    with suppress(OSError, ValueError, TypeError):
        return Service(**json.loads((folder / f"{name}.json").read_bytes()))
    return None


def stop(name: str, folder: Path) -> bool:
    """End the server of this name that was started in `folder`; return whether one ran."""
    service = find(name, folder)
    process = service and service.process()
    if not process:
        return False
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(PATIENCE)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE)
    return True


def end_with_stdin() -> None:
    """Have this process end when its standard input does: at the latest when the process at the other end dies."""

    def wait() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def listens(port: int) -> bool:
    """Return whether something on this machine accepts connections at this port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_for(name: str, folder: Path) -> int:
    """Return the port that this server had the last time, so that its clients find it again; another if it is taken."""
    before = last(name, folder)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that ended a moment ago do not count
        with suppress(OSError):
            if before:
                probe.bind(("127.0.0.1", before.port))
                return before.port
    return free_port()
