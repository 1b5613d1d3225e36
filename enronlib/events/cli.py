"""The command `events`: up, down, status and run."""

import argparse
from collections.abc import Callable
from pathlib import Path

from enronlib.events import require_libraries

__all__ = ["add_commands"]

SERVICES = {"thrift": "Thrift Server", "presto": "Presto", "kafka": "Kafka"}


def add_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", positive: Callable[[str], int]
) -> None:
    """Add the command to the command line of `python -m enronlib`; `positive` reads a number of at least 1."""
    events = commands.add_parser(
        "events",
        help="mail that keeps coming: Flask, Kafka, Spark, SQL (extra: events)",
        description="Mail that keeps coming: a mail server logs events, Kafka keeps them, Spark writes tables of them.",
    )
    actions = events.add_subparsers(title="what to do", metavar="ACTION", required=True)
    about = {
        "up": ("start a Kafka broker, and SQL servers on request", _up),
        "down": ("stop what `up` started; the events stay", _down),
        "status": ("show what runs, the topics and the tables", _status),
        "run": ("run the whole pipeline, with a live table; Ctrl-C ends all of it", _run),
    }
    for name, (text, function) in about.items():
        action = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        folder = Path("out/events")
        action.add_argument(
            "--dir", type=Path, default=folder, metavar="DIR", help="where all is (default: out/events)"
        )
        if name != "down":
            action.add_argument("--kafka", metavar="HOST:PORT", help="use this broker, start none")
        if name == "up":
            action.add_argument("--thrift", action="store_true", help="also start Spark's Thrift Server (SQL)")
            action.add_argument("--presto", action="store_true", help="also start Presto (SQL)")
        if name == "run":
            what = "the mail to send (default: the built-in sample)"
            action.add_argument("maildir", nargs="?", type=Path, metavar="MAILDIR", help=what)
            action.add_argument("--events", type=positive, default=2000, metavar="N", help="how many (default: 2000)")
            what = "seconds of the day per second (default: as fast as possible)"
            action.add_argument("--speed", type=positive, metavar="S", help=what)
        action.set_defaults(command=function)


def _up(options: argparse.Namespace) -> int:
    require_libraries()
    from enronlib.events import broker, presto, thrift, topic

    address = options.kafka or broker.start(options.dir / "kafka").address
    topic.create_topic(address)
    print(f"Kafka: {address}, topic {topic.TOPIC}", flush=True)
    if options.thrift:
        server = thrift.start(options.dir / "thrift", options.dir / "tables")
        print(f"Thrift Server: jdbc:hive2://{server.address}/default", flush=True)
    if options.presto:
        if not presto.home().exists():
            print(f"Presto: fetching {presto.SIZE}, once", flush=True)
        print(f"Presto: http://{presto.start(options.dir / 'presto', options.dir / 'tables').address}")
    return 0


def _down(options: argparse.Namespace) -> int:
    require_libraries()
    from enronlib.events import services

    for name, title in SERVICES.items():
        stopped = services.stop(name, options.dir / name)
        print(f"{title}: {'stopped' if stopped else 'does not run'}", flush=True)
    return 0


def _status(options: argparse.Namespace) -> int:
    require_libraries()
    from enronlib.events import queries, services, topic

    found = {name: services.find(name, options.dir / name) for name in SERVICES}
    addresses = {name: service.address for name, service in found.items() if service}
    if options.kafka:
        addresses["kafka"] = options.kafka
    for name, title in SERVICES.items():
        print(f"{title}: {addresses.get(name, 'does not run')}")
    if "kafka" in addresses:
        for name, records in topic.topic_sizes(addresses["kafka"]).items():
            print(f"topic {name}: {records:,} events")
    for table, rows in queries.ask(options.dir / "tables", queries.QUERIES["events per type"]):
        print(f"table {table}: {rows:,} rows")
    return 0


def _run(options: argparse.Namespace) -> int:
    require_libraries()
    from enronlib.events.pipeline import run_pipeline

    run_pipeline(options.dir, options.maildir, kafka=options.kafka, count=options.events, speed=options.speed)
    return 0
