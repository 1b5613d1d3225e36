"""How fast the kit is and how much memory it needs: tables in Markdown, for a maildir or a sample.

    python tests/benchmarks/bench.py [MAILDIR] [--only engines|mailboxes|reading|growth|sizes] [--rounds N] [--full]
                                     [--samples DIR]

The mail is MAILDIR, or $ENRON_REAL_MAIL, or the built-in sample. Nothing here passes or fails by its time, but all ways
of counting must give the same counts, or the exit status is 1. `--only sizes` measures four engines on samples of 1,000
to 517,401 messages, and updates the figures that lesson 13 draws; `--samples` keeps the samples for the next time.
"""

import argparse
import itertools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from contenders import CONTENDERS, CORES, files

from enronlib import corpus
from enronlib.messages import read_email
from enronlib.sample import write_sample

HERE = Path(__file__).parent
NAMES = {
    "loop": "bare loop, parse and count",
    "workflow": "whole workflow: fields, counts, charts",
    "workflow_without_chart": "workflow up to the count",
    "own_engine": "the kit's MapReduce engine",
    "dask": "the same as the workflow, on Dask",
    "pyspark": "the same as the workflow, on Spark",
    "dask_counts": "Dask bag, counts only",
    "spark_counts": "Spark RDD, counts only",
    "mrjob": "mrjob, inline: one process",
    "loop_with_policy_default": "bare loop, policy.default",
}
EXTRAS = {
    "dask": "dask",
    "dask_counts": "dask",
    "spark_counts": "pyspark",
    "pyspark": "pyspark",
    "mrjob": "mrjob",
}  # what each one needs
ONCE = ("loop_with_policy_default",)  # too slow for several rounds
SIZES = (2_000, 20_000, 200_000)
WHOLE_CORPUS = 517_401
ENGINES = {
    "own_engine": "our engine",
    "workflow_without_chart": "Luigi",
    "dask_counts": "Dask",
    "spark_counts": "Spark",
}
ENGINE_SIZES = (1_000, 10_000, 100_000, WHOLE_CORPUS)
ENGINE_TIMES = HERE.parents[1] / "enronlib" / "classroom" / "engine_times.json"


class Measured(NamedTuple):
    """One run of one contender."""

    seconds: float  # of the whole process, its start and its imports included
    cpu_seconds: float  # of all its processes together, which other work on the computer hardly changes
    megabytes: float  # most resident memory of any one of its processes; both are looked at 20 times a second
    counts: bytes  # the file it wrote


class FailedError(Exception):
    """A contender ended with an error; the message is what it said."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure speed and memory.")
    parser.add_argument("maildir", nargs="?", default=os.environ.get("ENRON_REAL_MAIL"))
    parser.add_argument("--only", choices=["engines", "mailboxes", "reading", "growth", "sizes"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--full", action="store_true", help=f"let the samples grow to {WHOLE_CORPUS:,} messages")
    parser.add_argument("--samples", type=Path, help="where the samples of --only sizes are kept")
    given = parser.parse_args()
    maildir = corpus.find_maildir(given.maildir).resolve()
    print(f"Python {platform.python_version()}, {platform.system()}, {psutil.cpu_count()} cores, {CORES} used\n")
    agree = True
    if given.only in (None, "engines"):
        agree = compare_engines(maildir, given.rounds)
    if given.only in (None, "mailboxes"):
        agree &= measure_mailboxes(maildir, given.rounds)
    if given.only in (None, "reading"):
        measure_reading(maildir, given.rounds)
    if given.only in (None, "growth"):
        measure_growth([*SIZES, WHOLE_CORPUS] if given.full else SIZES)
    if given.only == "sizes":  # takes a quarter of an hour, so it is not part of the whole
        with tempfile.TemporaryDirectory() as folder:
            agree = measure_sizes(given.samples or Path(folder))
    return 0 if agree else 1


def measure_sizes(samples: Path) -> bool:
    """Run each engine once on samples of growing size and write the seconds; return whether all counts were equal.

    They are compared with each other and with those of the bare loop.
    """
    about = f"seconds from a cold start to the counts, {CORES} cores, sample mail (bench.py --only sizes)"
    versions = {"Luigi": version("luigi"), "Dask": version("dask"), "Spark": version("pyspark")}
    seconds: dict[str, list[float]] = {title: [] for title in ENGINES.values()}
    measured: dict[str, Any] = {"about": about, "versions": versions, "messages": [], "seconds": seconds}
    for messages in ENGINE_SIZES:
        maildir = write_sample(samples / str(messages), messages)
        runs = {title: measure(name, maildir) for name, title in ENGINES.items()}
        for title, run in runs.items():
            seconds[title].append(round(run.seconds, 1))
            used = f"CPU {run.cpu_seconds:.1f} s, largest process {run.megabytes:.0f} MB"
            print(f"{messages:,} messages, {title}: {run.seconds:.1f} s, {used}", flush=True)
        if {run.counts for run in runs.values()} != {measure("loop", maildir).counts}:
            print("THE COUNTS DIFFER: these times mean nothing.")
            return False
        measured["messages"] = ENGINE_SIZES[: len(seconds["Spark"])]
        ENGINE_TIMES.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8", newline="\n")
    return True


def measure_mailboxes(maildir: Path, rounds: int) -> bool:
    """Print how the cost grows with the number of mailboxes; return whether all counts were equal."""
    agree = True
    paths = [Path(file) for file in files(maildir)]
    with tempfile.TemporaryDirectory(dir=maildir.parent if os.access(maildir.parent, os.W_OK) else None) as folder:
        many, large = Path(folder, "many"), Path(folder, "large")
        for number, each in zip(range(200), itertools.cycle(sorted({path.parent for path in paths})), strict=False):
            copy_mail([path for path in each.iterdir() if path.is_file()], many / f"box{number:03}")
        repeated = list(itertools.islice(itertools.cycle(paths), 60_000))
        for number in range(150):
            copy_mail(repeated[number::150], large / f"box{number:03}")
        for title, mail in (
            ("as it is", maildir),
            ("each folder a mailbox, 200 of them", many),
            ("150 mailboxes", large),
        ):
            agree &= compare_engines(mail, rounds, title, ("loop", "workflow", "dask"))
        rows = []
        for boxes in (150, 1_500, 5_000):
            mail = Path(folder, f"boxes{boxes}")
            for number in range(boxes):
                copy_mail([paths[number % len(paths)]], mail / f"box{number:04}")
            with tempfile.TemporaryDirectory() as out:
                first, again = (measure("workflow_again", mail, Path(out)) for _ in range(2))
            figures = (first.seconds, measure("luigi_alone", mail).seconds, again.seconds)
            rows.append((f"{boxes:,}", *(f"{figure:.1f}" for figure in figures), f"{first.megabytes:.0f}"))
    print("## Mailboxes of one message each: one run, and one that finds everything done\n")
    print_table(["mailboxes", "seconds", "plain Luigi, tasks that do nothing", "again", "MB, largest process"], rows)
    return agree


def copy_mail(paths: Sequence[Path], mailbox: Path) -> None:
    """Write the messages as a mailbox: as links where the disk allows it."""
    (mailbox / "inbox").mkdir(parents=True)
    for number, path in enumerate(paths, start=1):
        target = mailbox / "inbox" / f"{number}."
        try:
            os.link(path, target)
        except OSError:
            shutil.copy(path, target)


def compare_engines(maildir: Path, rounds: int, title: str = "", names: Sequence[str] = tuple(CONTENDERS)) -> bool:
    """Print a table of some contenders; return whether those that ran gave equal counts."""
    title = f"{len(files(maildir)):,} messages{title and ', ' + title}, median of {rounds} rounds"
    print(f"## The same count in several ways: {title}\n", flush=True)
    runs: dict[str, list[Measured]] = {name: [] for name in names}
    missing: dict[str, str] = {}
    for turn in range(rounds):
        for name in [*names[turn % len(names) :], *names[: turn % len(names)]]:
            if name in missing or (runs[name] and name in ONCE):
                continue
            try:
                runs[name].append(measure(name, maildir))
            except FailedError as error:
                if name not in EXTRAS:
                    raise
                missing[name] = str(error).splitlines()[-1].partition(": ")[2]
    names = [name for name in names if name not in missing]
    seconds = {name: statistics.median(run.seconds for run in runs[name]) for name in names}
    rows = [
        (
            NAMES[name] + (f" ({version(EXTRAS[name])})" if name in EXTRAS else ""),
            f"{seconds[name]:.1f}",
            f"{min(run.seconds for run in runs[name]):.1f}–{max(run.seconds for run in runs[name]):.1f}",
            f"{seconds[name] / seconds['loop']:.2f}",
            f"{statistics.median(run.cpu_seconds for run in runs[name]):.1f}",
            f"{max(run.megabytes for run in runs[name]):.0f}",
        )
        for name in names
    ]
    print_table(["", "seconds", "from–to", "× bare loop", "CPU seconds", "MB, largest process"], rows)
    for name, reason in missing.items():
        print(f"Left out: {NAMES[name]} ({reason})\n")
    agree = len({run.counts for name in names for run in runs[name]}) == 1
    print("All counts are equal.\n" if agree else "THE COUNTS DIFFER: these times mean nothing.\n")
    return agree


def measure(name: str, maildir: Path, kept: Path | None = None) -> Measured:
    """Run a contender in a separate process, in a new folder or in one that is kept."""
    with tempfile.TemporaryDirectory() as new:
        folder = str(kept or new)
        command = [sys.executable, "contenders.py", name, str(maildir), folder]
        with Path(new, "stderr.txt").open("w+", encoding="utf-8") as errors:
            start = time.perf_counter()
            process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.DEVNULL, stderr=errors)
            cpu_seconds, peak = watch(process)
            seconds = time.perf_counter() - start
            if process.returncode:
                errors.seek(0)
                raise FailedError(errors.read().strip())
        return Measured(seconds, cpu_seconds, peak / 1e6, Path(folder, "count.txt").read_bytes())


def watch(process: subprocess.Popen[bytes]) -> tuple[float, int]:
    """Wait for the end of a process; return what it and all below it used: CPU seconds, most bytes of any one."""
    cpu_seconds: dict[psutil.Process, float] = {}
    peak = 0
    while True:
        try:
            parent = psutil.Process(process.pid)
            for one in [parent, *parent.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess), one.oneshot():
                    times = one.cpu_times()
                    cpu_seconds[one] = times.user + times.system
                    peak = max(peak, one.memory_info().rss)
            process.wait(timeout=0.05)
            return sum(cpu_seconds.values()), peak
        except subprocess.TimeoutExpired:
            continue


def measure_reading(maildir: Path, rounds: int) -> None:
    """Print how many messages a second one process reads, from files that the system has in memory already."""
    paths = [Path(file) for file in files(maildir)]
    ways: dict[str, Callable[[Path], object]] = {"read the bytes": Path.read_bytes, "read_email": read_email}
    for path in paths:
        path.read_bytes()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, read in ways.items():
            start = time.perf_counter()
            for path in paths:
                read(path)
            seconds[name].append(time.perf_counter() - start)
    median = {name: statistics.median(times) for name, times in seconds.items()}
    rows = [
        (name, f"{len(paths) / median[name]:,.0f}", f"{median[name] / median['read the bytes']:.1f}") for name in ways
    ]
    print(f"## Reading on one core: {len(paths):,} messages, median of {rounds} rounds\n")
    print_table(["", "messages a second", "× reading bytes"], rows)


def measure_growth(sizes: Sequence[int]) -> None:
    """Print time and memory of the whole workflow for samples of growing size."""
    print("## The whole workflow as the mail grows: one run a sample\n")
    rows = []
    for messages in sizes:
        with tempfile.TemporaryDirectory() as folder:
            run = measure("workflow", write_sample(Path(folder, "sample"), messages))
        cpu_microseconds = 1e6 * run.cpu_seconds / messages
        rows.append((f"{messages:,}", f"{run.seconds:.1f}", f"{cpu_microseconds:,.0f}", f"{run.megabytes:.0f}"))
    print_table(["messages", "seconds", "CPU µs a message", "MB, largest process"], rows)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *others = [
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join([first, *others])} |"

    rule = "|" + "|".join("-" * (width + 1) + (":" if place else "-") for place, width in enumerate(widths)) + "|"
    print("\n".join([line(head), rule, *map(line, rows)]) + "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
