"""Servers that a lesson runs for the length of a cell. They listen to this machine alone, at a free port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from enronlib import UserError, workflow
from enronlib.workflow.runner import find_scheduler

__all__ = ["central_scheduler", "smtp_server"]

CONFIG = Path(workflow.__file__).with_name("luigid.cfg").resolve()
PATIENCE = 60  # seconds


@contextmanager
def central_scheduler(folder: Path) -> Iterator[str]:
    """Run Luigi's central scheduler as `make luigid` does, with its history in `folder/history.db`; yield its URL.

    Raises UserError if it does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    luigid = ["-c", "from luigi.cmdline import luigid; luigid()", "--address", "127.0.0.1", "--port", str(port)]
    environment = os.environ | {"LUIGI_CONFIG_PATH": str(CONFIG)}
    with subprocess.Popen(
        [sys.executable, *luigid], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + PATIENCE
            while server.poll() is None and time.monotonic() < deadline:
                with suppress(UserError):
                    find_scheduler(url)
                    break
                time.sleep(0.1)
            find_scheduler(url)
            yield url
        finally:
            server.terminate()


@contextmanager
def smtp_server(folder: Path) -> Iterator[int]:
    """Run a mail server that delivers every message to a file in `folder/new`; yield its port."""
    from aiosmtpd.controller import Controller  # only one lesson needs it
    from aiosmtpd.handlers import Mailbox

    server = Controller(Mailbox(folder), "127.0.0.1", _free_port())
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
