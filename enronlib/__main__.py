"""The command line: python -m enronlib, or enronlib once installed."""

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from enronlib import UserError, __version__
from enronlib.classroom.grading.cli import add_commands as add_grading
from enronlib.classroom.grading.cli import positive
from enronlib.corpus import find_maildir, mailboxes
from enronlib.events.cli import add_commands as add_events
from enronlib.learning import find_backend
from enronlib.processes import ended_like_interrupts, get_ready, interrupts_deferred

RESULTS = ("results/words", "results/count.txt", "results/top_words.png", "results/distinctive_words.png")
LEARNED = ("results/author_model.keras", "results/author_report.json", "results/author_confusion.png")
ENGINE_OPTIONS = {
    "luigi": ("--scheduler-url", "--verbose", "--learn"),
    "dask": ("--scheduler",),
    "spark": ("--master",),
}
DESCRIPTION = "Batch processing on the Enron mail: parse the messages, count their words, draw charts."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 some mailbox failed, 2 an error that the user can fix."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # old names may hold characters that the terminal lacks
    options = make_parser().parse_args(arguments)
    try:
        with ended_like_interrupts():
            status = int(options.command(options))
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except UserError as error:
        print(f"enronlib: {error}", file=sys.stderr)
    except BrokenPipeError:  # the reader has gone, as in  enronlib run | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more on exit
        return 1
    except OSError as error:
        thing = Path(error.filename).name if isinstance(error.filename, str) else "a file"
        print(f"enronlib: {error.strerror or error}: {thing}", file=sys.stderr)
    except KeyboardInterrupt as stopped:
        kept = str(stopped) or "finished results are kept; the next run continues from there"
        print(f"enronlib: stopped; {kept}", file=sys.stderr)
        return 130
    return 2


def run(options: argparse.Namespace) -> int:
    """Parse every mailbox, count the words and draw the charts, on the chosen engine."""
    for engine, names in ENGINE_OPTIONS.items():
        for name in names:
            if engine != options.engine and getattr(options, name[2:].replace("-", "_")):
                instead = f"leave out --engine {options.engine}" if engine == "luigi" else f"add --engine {engine}"
                raise UserError(f"{name} works only with {engine.capitalize()}: leave it out, or {instead}")
    if options.engine == "luigi":
        return _run_on_luigi(options)

    cluster = options.master or options.scheduler
    if cluster and options.workers:
        raise UserError("--workers works only on one machine: leave it out; a cluster uses the workers that it has")
    from enronlib.engines import run_engine  # slow to import, and --help must not wait

    mail = run_engine(
        options.engine,
        options.maildir,
        options.out,
        workers=options.workers,
        cluster=cluster,
        top=options.top,
        keep_furniture=options.keep_furniture,
    )
    _say_mail(options.maildir, len(mail.mailboxes))
    return _say_where(options.out, "processed", *RESULTS)


def _run_on_luigi(options: argparse.Namespace) -> int:
    # The fork server imports what the workers need while this process imports its own modules.
    get_ready("enronlib.workflow", "enronlib.parquet", workers=options.workers)
    if options.learn:
        find_backend()  # raises now, not after the counting, if Keras is not installed
    maildir, out = find_maildir(options.maildir), Path(options.out)
    _say_mail(options.maildir, len(mailboxes(maildir)))

    with interrupts_deferred():  # an import that is interrupted in C code may raise, or hide, anything
        from enronlib.workflow import run_workflow  # slow to import, and --help must not wait

    log: dict[str, Any] = {"scheduler_url": options.scheduler_url, "verbose": options.verbose}
    result = run_workflow(
        maildir,
        out,
        workers=options.workers,
        top=options.top,
        keep_furniture=options.keep_furniture,
        **log,
    )
    if result.succeeded and options.learn:
        from enronlib.learning.tasks import run_learning

        print(result.summary, flush=True)
        result = run_learning(maildir, out, **log)
    print(result.summary)
    for task, error in result.failures.items():
        print(f"failed: {task}: {error}", file=sys.stderr)
    if not result.succeeded:
        print(
            "Finished results are kept, the others are missing or old. Fix the cause and run again.",
            file=sys.stderr,
        )
        return 1
    if options.learn:
        _say_how_often_right(Path(options.out, LEARNED[1]))
    return _say_where(options.out, "processed", *RESULTS, *(LEARNED if options.learn else ()))


def _say_how_often_right(report: Path) -> None:
    found = json.loads(report.read_bytes())
    print(f"Who wrote it? Right in the test of {_count(found['messages']['test'], 'message', 'messages')}:")
    for name, result in found["guesses"].items():
        low, high = result["interval"]
        print(f"  {name.replace('_', ' '):12} {result['accuracy']:.0%} (95 % sure: {low:.0%} to {high:.0%})")


def _say_mail(maildir: str | None, number: int) -> None:
    maildir = maildir or os.environ.get("ENRON_MAILDIR")
    name = _shown(maildir) if maildir else "the built-in sample"
    print(f"mail: {name}, {_count(number, 'mailbox', 'mailboxes')}", flush=True)


def _say_where(out: str, *results: str) -> int:
    for result in results:
        print(f"{_shown(out)}/{result}")
    return 0


def pack(options: argparse.Namespace) -> int:
    """Pack raw messages into a few large Parquet files."""
    from enronlib.engines.packing import pack

    packed = pack(options.maildir, options.out)
    boxes = _count(len(packed), "mailbox", "mailboxes")
    print(f"{_count(sum(packed.values()), 'message', 'messages')} of {boxes}: {_shown(options.out)}")
    return 0


def sample(options: argparse.Namespace) -> int:
    """Write invented mail in the format of the corpus."""
    from enronlib.sample import write_sample

    maildir = write_sample(options.folder, options.messages, options.seed, progress=sys.stderr.isatty())
    print(
        f"{options.messages} messages in {_count(len(mailboxes(maildir)), 'mailbox', 'mailboxes')}: {_shown(maildir)}"
    )
    return 0


def download(options: argparse.Namespace) -> int:
    """Download the real corpus, or some of its mailboxes."""
    from enronlib.download import URL, download_corpus

    maildir = download_corpus(options.folder, first=options.first, mailboxes=options.mailboxes, url=options.url or URL)
    print(f"{_count(len(mailboxes(maildir)), 'mailbox', 'mailboxes')}: {_shown(maildir)}")
    return 0


def start(options: argparse.Namespace) -> int:
    """Copy the lessons into a student's folder."""
    from enronlib.classroom.handout import copy_lessons

    try:
        copied, kept = copy_lessons(options.folder)
    except OSError as error:
        raise UserError(f"cannot write to {options.folder}: {error.strerror}") from error
    if kept:
        print(f"{_count(len(kept), 'file', 'files')} already there, left unchanged.")
    print(f"{_count(len(copied), 'file', 'files')} copied. Change to that folder and run: python -m jupyter lab")
    return 0


def build(options: argparse.Namespace) -> int:
    """Build the notebooks from the lessons' sources, or check them."""
    try:  # jupytext, nbclient and the linters are for authors only
        from enronlib.classroom.authoring.build import build_lessons
        from enronlib.classroom.authoring.check import check_lessons
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is not installed: python -m pip install 'enronlib[test]'") from error

    if options.check:
        problems = 0
        for problem in check_lessons(Path.cwd(), options.lessons):
            print(problem, flush=True)
            problems += 1
        print(_count(problems, "problem", "problems"))
        return int(problems > 0)
    changed = build_lessons(Path.cwd(), options.lessons, execute=options.execute)
    print("\n".join(path.relative_to(Path.cwd()).as_posix() for path in changed) or "all up to date")
    return 0


def _shown(path: str | Path) -> str:
    """Return the path to print: a relative one as typed, of an absolute one the last part, which reveals no folders."""
    return Path(path).name if Path(path).is_absolute() else str(path)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="enronlib", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"enronlib {__version__}")
    commands = parser.add_subparsers(
        title="commands",
        metavar="COMMAND",
        required=True,
        parser_class=partial(argparse.ArgumentParser, allow_abbrev=False),  # type: ignore[call-overload]
    )

    command = commands.add_parser(
        "run",
        help="parse every mailbox, count the words, draw charts",
        description="Parse every mailbox, count the words, draw charts; do only what is missing or out of date.",
    )
    add = command.add_argument
    add(
        "maildir",
        nargs="?",
        metavar="MAILDIR",
        help="the folder that holds the mailboxes (default: $ENRON_MAILDIR, otherwise the built-in sample)",
    )
    add("--out", default="out", metavar="DIR", help="folder for the results (default: out)")
    add("--workers", type=positive, metavar="N", help="worker processes (default: one per core, at most 8)")
    add("--top", type=positive, default=20, metavar="N", help="words in the chart of top words (default: 20)")
    add(
        "--keep-furniture",
        action="store_true",
        help='also draw mail furniture, such as "subject" and "www", which is always counted',
    )
    add(
        "--engine",
        choices=("luigi", "dask", "spark"),
        default="luigi",
        help="what runs the job (default: luigi); dask and spark start over at every run",
    )
    add("--master", metavar="M", help="the Spark cluster, for example spark://host:7077 (default: this machine)")
    add(
        "--scheduler",
        metavar="ADDRESS",
        help="the Dask cluster, for example tcp://host:8786 (default: this machine)",
    )
    add("--learn", action="store_true", help="also train a network to tell who wrote a message (extra: learn)")
    add("--scheduler-url", metavar="URL", help="use a running luigid, for example http://127.0.0.1:8082")
    add("--verbose", action="store_true", help="show Luigi's log, which contains your user and host names")
    command.set_defaults(command=run)

    add_events(commands, positive)

    command = commands.add_parser(
        "pack",
        help="pack raw messages into a few large Parquet files, for dask and spark",
        description="Pack raw messages into a few large Parquet files, which run --engine dask and spark read faster. "
        "A run that was stopped continues where it was.",
    )
    add = command.add_argument
    add("maildir", metavar="MAILDIR", help="the folder that holds the mailboxes")
    add("out", metavar="OUT", help="a folder, or an address such as s3://bucket/mail (extra: s3)")
    command.set_defaults(command=pack)

    command = commands.add_parser(
        "sample",
        help="write invented mail in the format of the corpus",
        description="Write invented mail in the format of the Enron corpus, and the true word counts beside it.",
    )
    add = command.add_argument
    add("folder", type=Path, metavar="DIR", help="a new folder; the mail is written to DIR/maildir")
    add("--messages", type=positive, default=2000, metavar="N", help="number of messages (default: 2000)")
    add("--seed", type=int, default=2001, metavar="S", help="the same seed gives the same mail (default: 2001)")
    command.set_defaults(command=sample)

    command = commands.add_parser(
        "download",
        help="download the real corpus (443 MB), or some of its mailboxes",
        description="Download the real corpus from Carnegie Mellon University (443 MB), or only some of its mailboxes.",
    )
    add = command.add_argument
    add("folder", nargs="?", type=Path, default=Path("enron"), metavar="DIR", help="where it goes (default: enron)")
    part = command.add_mutually_exclusive_group()
    part.add_argument("--first", type=positive, metavar="N", help="only the first N mailboxes of the archive")
    part.add_argument("--mailboxes", metavar="A,B", help="only these mailboxes, for example zipper-a,gay-r")
    add("--url", metavar="URL", help="another copy of the archive, for example on your local network")
    command.set_defaults(command=download)

    command = commands.add_parser(
        "start",
        help="copy the lessons into a working folder",
        description="Copy the lessons into a working folder. Files that exist there are your work and are not changed.",
    )
    command.add_argument("folder", type=Path, metavar="DIR", help="a new folder, or one with an earlier copy")
    command.set_defaults(command=start)

    command = commands.add_parser(
        "build",
        help="for authors: build the notebooks from the lessons' sources",
        description="Build notebooks/solutions/*.ipynb (solved) and notebooks/*.ipynb (the students' copies) from "
        "notebooks/source/*.md. Run it in the project folder.",
    )
    command.add_argument(
        "lessons", nargs="*", metavar="LESSON", help="for example 02 or 02_parse_one_email (default: all)"
    )
    what = command.add_mutually_exclusive_group()
    what.add_argument("--execute", action="store_true", help="run the solved lessons and store their outputs")
    what.add_argument("--check", action="store_true", help="change nothing; list everything that is wrong")
    command.set_defaults(command=build)

    add_grading(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
