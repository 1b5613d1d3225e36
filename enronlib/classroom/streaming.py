"""What lesson 15 works with: a day of events, a place to save results, and processes that are killed."""

import json
import os
import random
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime, time, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from enronlib import UserError
from enronlib.events import require_libraries
from enronlib.events.mailserver import MailServer, MemoryLog
from enronlib.events.replay import DAY, day_of_traffic, send_to
from enronlib.events.schema import Event, decode
from enronlib.events.store import MailStore
from enronlib.files import write_bytes
from enronlib.mapreduce.pool import task_runner

if TYPE_CHECKING:  # importing it takes seconds, and not everybody has it
    from pyspark.sql import SparkSession

__all__ = [
    "MIDNIGHT", "Store", "day_of_events", "die", "hour_of", "in_a_process", "kill_job", "missing_tools", "start_spark",
    "time_of",
]  # fmt: skip

MIDNIGHT = datetime.combine(DAY, time())
"""When the day of `day_of_events` begins, in UTC."""

OFFLINE = {f"{name}@enron.example" for name in ("dot.tanglewick", "gus.brambleby", "marguerite.quillfeather")}
OFFLINE_FROM, OFFLINE_TO = MIDNIGHT + timedelta(hours=9), MIDNIGHT + timedelta(hours=12)


def day_of_events(maildir: Path | None = None) -> list[tuple[datetime, Event]]:
    """Return the events that the mail server logs on one day, each with its time of arrival, in order of arrival.

    The mail is that of `maildir` (default: the sample). Events arrive up to five minutes late. Three users are offline
    for three hours; their events arrive afterwards. All times are UTC, without a time zone.
    """
    log = MemoryLog()
    send_to(MailServer(MailStore(), log), day_of_traffic(maildir))
    dice = random.Random(15)
    arrivals = []
    for number, (_, value) in enumerate(log.records):
        event = decode(value) | {"id": f"event-{number}"}  # the same in every run
        sent = time_of(event)
        if event["username"] in OFFLINE and OFFLINE_FROM <= sent < OFFLINE_TO:
            sent = OFFLINE_TO
        arrivals.append((sent + timedelta(seconds=dice.randrange(300)), event))
    return sorted(arrivals, key=lambda arrival: arrival[0])


def time_of(event: Event) -> datetime:
    """Return the time at which an event happened, in UTC, without a time zone."""
    return datetime.fromisoformat(event["time"].removesuffix("Z"))


def hour_of(event: Event) -> datetime:
    """Return the beginning of the hour in which an event happened."""
    return time_of(event).replace(minute=0, second=0, microsecond=0)


class Store:
    """A file that holds one value. A save replaces it, whole or not at all."""

    def __init__(self, path: Path) -> None:
        """Name the file, which need not exist yet."""
        self.path = path

    def load(self) -> Any:
        """Return the value that was saved last, or None if there is none."""
        return json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else None

    def save(self, value: Any) -> None:
        """Save a value that JSON can represent."""
        write_bytes(self.path, json.dumps(value).encode())


def die() -> None:
    """Kill the process that calls this, without any cleanup."""
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has no SIGKILL


def in_a_process(function: Callable[..., Any], *inputs: Any) -> bool:
    """Call the function in a process of its own; return whether it lived to the end of the call."""
    try:
        with task_runner(workers=2) as run_tasks:
            list(run_tasks(lambda number, part: function(*inputs) and None, [None]))
    except BrokenProcessPool:
        return False
    return True


def missing_tools() -> str:
    """Return what is missing here for Kafka and Spark, and how to get it; empty if they can run.

    Fetches Kafka and Spark's connector to it the first time.
    """
    try:
        require_libraries()
        from enronlib.events import jars

        jars.fetch("kafka")
        jars.fetch("spark-kafka")
    except UserError as error:
        return str(error)
    return ""


def start_spark(log: Path) -> "SparkSession":
    """Return the Spark session of the job. What its Java prints goes to the file `log`."""
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)  # at its import
    from enronlib.events import job

    errors = os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)  # Java inherits it
    try:
        return job.start_spark()
    finally:
        os.dup2(errors, 2)
        os.close(errors)


def kill_job(address: str, tables: Path, per_batch: int, log: Path) -> bool:
    """Run the Spark job in a process of its own, and kill it in its second batch; return whether it was killed.

    Where the machine is slow, it is killed before, after 40 seconds. What it prints goes to the file `log`.
    """
    plans = tables / "_checkpoint" / "offsets"
    enough = len(list(plans.glob("[0-9]*"))) + 2
    give_up = monotonic() + 40
    command = [sys.executable, "-m", "enronlib.events.job", address, str(tables), "--per-batch", str(per_batch)]
    with log.open("ab") as file, subprocess.Popen(command, start_new_session=True, stderr=file) as process:
        while process.poll() is None and len(list(plans.glob("[0-9]*"))) < enough and monotonic() < give_up:
            sleep(0.05)
        killed = process.poll() is None
        if killed and hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)  # Java, too
        elif killed:
            process.kill()
    return killed
