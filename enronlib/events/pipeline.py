"""The whole pipeline in one command: broker, mail server, traffic, stream job and queries, with a live table."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.live import Live
from rich.table import Table

from enronlib import UserError
from enronlib.events import broker, queries, services, topic
from enronlib.events.replay import Request, day_of_traffic, paced, send_over_http

__all__ = ["run_pipeline"]

PATIENCE = 180  # seconds until the mail server must answer
COUNT = queries.QUERIES["events per type"]


@dataclass
class Box:
    """One box of the pipeline: its process, how many events it has handled, and how fast it does."""

    name: str
    process: psutil.Process | None = None
    events: int = 0
    history: list[tuple[float, int]] = field(default_factory=list)

    def note(self, events: int) -> None:
        """Note how many events it has handled by now."""
        self.events = events
        self.history = [*self.history, (time.monotonic(), events)][-10:]

    def per_second(self) -> float:
        """Return the events per second in the last few looks."""
        (first, before), (last, after) = self.history[0], self.history[-1]
        return (after - before) / (last - first) if last > first else 0.0

    def megabytes(self) -> float:
        """Return the memory of its process and of those that it started, in MB; 0 if it has none of its own."""
        try:
            family = [self.process, *self.process.children(recursive=True)] if self.process else []
            return sum(float(each.memory_info().rss) for each in family) / 1e6
        except psutil.Error:
            return 0.0


class Traffic(threading.Thread):
    """Sends requests to the mail server, in a thread."""

    def __init__(self, address: str, requests: Iterable[Request]) -> None:
        """Take where the mail server is, and what to send; `start` begins."""
        super().__init__(daemon=True)
        self.answered, self.error = 0, ""
        self._address, self._requests = address, requests

    def run(self) -> None:
        """Send, and count what is answered."""
        try:
            for _ in send_over_http(self._address, self._requests):
                self.answered += 1
        except UserError as error:
            self.error = str(error)


def run_pipeline(
    folder: Path,
    maildir: Path | None = None,
    *,
    kafka: str | None = None,
    count: int = 2000,
    speed: float | None = None,
) -> None:
    """Send `count` requests through the whole pipeline until every event is a row; then print answers to queries.

    All that it starts ends with it, also when it is interrupted. `kafka` is a broker to use; otherwise the one of
    `folder` is started. The topic keeps the events of earlier runs, and `folder` their rows. Raises UserError if a
    part of the pipeline cannot be started or ends early.
    """
    traffic = day_of_traffic(maildir, count)
    folder, console = folder.resolve(), Console()
    console.print("starting the broker, the mail server and the stream job", highlight=False)
    with ExitStack() as ending:
        boxes = {name: Box(name) for name in ("traffic", "mail server", "broker", "stream job")}
        if not kafka:
            if not broker.find(folder / "kafka"):
                ending.callback(broker.stop, folder / "kafka")
            service = broker.start(folder / "kafka")
            kafka, boxes["broker"].process = service.address, service.process()
        topic.create_topic(kafka)
        job = ending.enter_context(_running("job", folder, kafka, str(folder / "tables"), "--every", "1"))
        port = services.free_port()
        server = ending.enter_context(_running("api", folder, kafka, str(port)))
        boxes["stream job"].process, boxes["mail server"].process = job, server
        sender = Traffic(f"http://127.0.0.1:{port}", paced(traffic, speed))
        _wait_for_port(port, server)
        sender.start()

        with Live(console=console, auto_refresh=False) as live:
            while not boxes["stream job"].events == boxes["broker"].events >= sender.answered == len(traffic):
                for name, process in (("job", job), ("api", server)):
                    if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                        raise UserError(f"the {name} has ended: see {name}.log in {folder.name}")
                if sender.error:
                    raise UserError(sender.error)
                boxes["traffic"].note(sender.answered)
                boxes["mail server"].note(sender.answered)
                boxes["broker"].note(sum(topic.end_offsets(kafka).values()))
                boxes["stream job"].note(sum(row[1] for row in queries.ask(folder / "tables", COUNT)))
                live.update(_table(boxes), refresh=True)
                time.sleep(0.5)
    for title, sql in queries.QUERIES.items():
        console.print()
        console.print(_answer(title, folder / "tables", sql))


@contextmanager
def _running(module: str, folder: Path, *arguments: str) -> Iterator[psutil.Process]:
    """Run a module of this package in a process, whose output goes to `<module>.log`; end it, and what it started."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{module}.log").open("wb") as log:
        process = psutil.Popen(
            [sys.executable, "-m", f"enronlib.events.{module}", *arguments, "--attached"],
            stdin=subprocess.PIPE,  # it closes with this process, even if that is killed
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        family = [process, *process.children(recursive=True)] if process.poll() is None else []
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.terminate()
        for member in psutil.wait_procs(family, timeout=20)[1]:
            member.kill()


def _wait_for_port(port: int, server: psutil.Process) -> None:
    deadline = time.monotonic() + PATIENCE
    while server.is_running() and time.monotonic() < deadline:
        if services.listens(port):
            return
        time.sleep(0.1)
    raise UserError("the mail server did not start: see api.log")


def _table(boxes: dict[str, Box]) -> Table:
    table = Table("", "events", "per second", "MB", title="one day of mail")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, box in boxes.items():
        table.add_row(name, f"{box.events:,}", f"{box.per_second():,.0f}", f"{box.megabytes():,.0f}")
    table.add_row("waiting for the job", f"{boxes['broker'].events - boxes['stream job'].events:,}", "", "")
    return table


def _answer(title: str, tables: Path, sql: str) -> Table:
    with queries.connect(tables) as connection:
        result = connection.execute(sql)
        table = Table(*(column[0] for column in result.description or ()), title=title)
        for row in result.fetchall():
            table.add_row(*map(str, row))
    return table
