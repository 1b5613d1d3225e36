"""The event pipeline: events per second through each box, seconds from an event to its row, and memory.

    python tests/benchmarks/bench_events.py [EVENTS]

Each box is measured alone, so that it has the machine to itself; the last rows are of all of them together.
"""

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil

from enronlib.events import broker, job, queries, topic
from enronlib.events.mailserver import MailServer, MemoryLog
from enronlib.events.producer import KafkaLog
from enronlib.events.replay import day_of_traffic, send_over_http, send_to
from enronlib.events.services import Service, free_port, listens
from enronlib.events.store import MailStore


def main() -> None:
    """Measure, and print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kafka = broker.start(folder / "kafka")
        try:
            boxes(kafka.address, folder, count)
            everything(kafka, folder)
        finally:
            broker.stop(folder / "kafka")


def boxes(address: str, folder: Path, count: int) -> None:
    """Measure each box alone: the same events go from one to the next."""
    traffic = day_of_traffic(count=count)
    memory = MemoryLog()
    per_second("mail server, without HTTP and Kafka", count, lambda: send_to(MailServer(MailStore(), memory), traffic))

    topic.create_topic(address, "alone")

    def produce() -> None:
        with KafkaLog(address, "alone", wait=False) as log:
            for key, value in memory.records:
                log.append(key, value)

    per_second("producer and broker", count, produce)
    per_second("reading the topic", count, lambda: sum(1 for _ in topic.read_records(address, "alone")))
    spark = job.start_spark()
    per_second("stream job, first run", count, lambda: job.stream(spark, address, folder / "first", "alone"))
    per_second("stream job, again", count, lambda: job.stream(spark, address, folder / "again", "alone"))
    spark.stop()
    seconds = timed(lambda: queries.ask(folder / "again", queries.QUERIES["most searched"]))
    print(f"{'DuckDB, one query':38}{1000 * seconds:10,.0f} ms")


def everything(kafka: Service, folder: Path) -> None:
    """Run all boxes at once, each in a process of its own."""
    topic.create_topic(kafka.address)
    port, tables = free_port(), folder / "tables"
    with (
        running("enronlib.events.api", kafka.address, str(port)) as server,
        running("enronlib.events.job", kafka.address, str(tables), "--every", "1") as stream_job,
    ):
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: listens(port))
        requests = day_of_traffic(count=2000)
        sender = threading.Thread(target=lambda: list(send_over_http(url, requests[:50])))
        sender.start()
        wait_for(lambda: has(50, tables))  # all are awake
        per_second("HTTP to a confirmed event, one client", 1450, lambda: list(send_over_http(url, requests[50:1500])))
        wait_for(lambda: has(1500, tables))
        delays = []
        for number, request in enumerate(requests[1500:1510], 1501):
            list(send_over_http(url, [request]))
            delays.append(timed(partial(wait_for, partial(has, number, tables))))
        print(f"{'from event to row, median of 10':38}{statistics.median(delays):10.1f} s")
        for title, process in (("broker", kafka.process()), ("mail server", server), ("stream job", stream_job)):
            assert process
            family = [process, *process.children(recursive=True)]
            print(f"{title:38}{sum(each.memory_info().rss for each in family) / 1e6:10,.0f} MB")


@contextmanager
def running(module: str, *arguments: str) -> Iterator[psutil.Process]:
    """Run a module in a process, and kill it: Python first, which would print that it lost its Java."""
    process = psutil.Popen([sys.executable, "-m", module, *arguments], stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        for member in [process, *process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        process.wait(60)


def has(number: int, tables: Path) -> bool:
    """Return whether the tables have this many rows together."""
    return number == sum(int(row[1]) for row in queries.ask(tables, queries.QUERIES["events per type"]))


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something holds, five minutes at most."""
    deadline = time.monotonic() + 300
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the pipeline does not get there")
        time.sleep(0.05)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def per_second(title: str, count: int, work: Callable[[], object]) -> None:
    """Do the work, and print how many events per second that was."""
    print(f"{title:38}{count / timed(work):10,.0f} a second", flush=True)


if __name__ == "__main__":
    main()
