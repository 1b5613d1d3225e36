"""Exercises of lesson 08: read a mailbox that may be damaged, a task for it, all mailboxes, and what would run."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Never

import luigi
import pyarrow.parquet as pq
from luigi.task import flatten

from enronlib.classroom.answer import Answer, NotYet
from enronlib.classroom.exercise import Edits, Wrong, lesson
from enronlib.classroom.luigi_tasks import (
    crash,
    make_task,
    new_folder,
    output_path,
    run_task,
    stand_in,
)
from enronlib.classroom.mail import Mail
from enronlib.corpus import message_files
from enronlib.messages import FIELDS, read_email
from enronlib.parquet import write_parquet

exercise = lesson("08_luigi_workflow")

MAIL, OUT = Path("mail"), Path("processed")
Emails = list[dict[str, Any]]


@contextmanager
def _two_mailboxes(mail: Mail) -> Iterator[list[Path]]:
    """Yield copies of two unseen mailboxes in a new folder."""
    with new_folder():
        yield [Path(shutil.copytree(mailbox, MAIL / mailbox.name)) for mailbox in mail.mailboxes[:2]]


def _empty_a_file(mailbox: Path) -> str:
    """Empty the second message file of a mailbox and return its path below the maildir."""
    damaged = message_files(mailbox)[1]
    damaged.write_bytes(b"")
    return damaged.relative_to(MAIL).as_posix()


def _emails(mailbox: Path) -> Emails:
    return [read_email(path, mailbox.parent) for path in message_files(mailbox)]


READ = "read_mailbox(self.mailbox_directory)"
RUN = """with self.output().temporary_path() as path:
            write_parquet(read_mailbox(self.mailbox_directory), Path(path))
"""
OPEN = f"write_parquet({READ}, Path(self.output().path))\n"
IMPORTS = "import luigi\n"
ANY_FILE = "(read_email(path, self.mailbox_directory.parent) for path in message_files(self.mailbox_directory))"
OWN_FILE = "each mailbox needs its own file, with its name, in the processed directory"
ROWS = "one row per message was expected, in corpus order"


@exercise(
    "workflow.mailbox",
    title="One task per mailbox",
    points=4,
    stars=2,
    hints=(
        "The output is a `LocalTarget` whose path is made of both parameters. For `run`, look at the end of "
        "the text above: a target gives you a path to write to, which becomes the file only if all went well.",
        "`run` takes two lines: a `with` block that gets a path from the target, and in it `write_parquet`. What it "
        "writes are the emails of `self.mailbox_directory`; which function yields them?",
    ),
    wrong=[
        Wrong("has one file for all", Edits(("{self.mailbox_directory.name}", "mail")), OWN_FILE),
        Wrong("uses another suffix", Edits(('}.parquet"', '}.pq"')), OWN_FILE),
        Wrong("forgets the directory", Edits(("self.processed_directory / ", "")), OWN_FILE),
        Wrong(
            "writes a table of text",
            Edits((f"write_parquet({READ}, Path(path))", f'Path(path).write_text(str(list({READ})), "utf-8")')),
            "is not a Parquet file",
        ),
        Wrong("writes no rows", Edits((READ, "[]")), ROWS),
        Wrong("sorts the rows", Edits((READ, f'sorted({READ}, key=lambda e: e["Message-ID"])')), ROWS),
        Wrong(
            "reads an empty file like any other",
            Edits(
                (READ, ANY_FILE),
                (
                    IMPORTS,
                    f"{IMPORTS}from enronlib.corpus import message_files\nfrom enronlib.messages import read_email\n",
                ),
            ),
            "the task must fail; read_mailbox",
        ),
        Wrong(
            "writes to the path itself",
            Edits((RUN, f"self.processed_directory.mkdir(parents=True, exist_ok=True)\n        {OPEN}")),
            "half a file was left",
        ),
        Wrong(
            "writes into a folder that does not exist",
            Edits((RUN, OPEN)),
            "write through the target, which also makes the folder",
        ),
        Wrong(
            "swallows the error",
            Edits(
                (RUN, f"with suppress(Exception), {RUN[5:]}"),
                (IMPORTS, f"from contextlib import suppress\n{IMPORTS}"),
            ),
            "swallowed the error",
        ),
        Wrong("writes nothing", Edits((RUN, f"list({READ})\n")), "its output is not there"),
    ],
)
def mailbox(answer: Answer, mail: Mail) -> str:
    """Unseen mailboxes into one new folder; then one with an empty file, and an error while it writes."""

    def task_of(mailbox: Path, processed: Path) -> Answer:
        names = {"mailbox_directory": mailbox, "processed_directory": processed}
        return make_task(answer, "ProcessMailbox", "a mailbox", **names)

    with _two_mailboxes(mail) as mailboxes:
        for each in mailboxes:
            task = task_of(each, OUT)
            path = output_path(task)
            Answer(path.as_posix(), "the path of the output is").equals(f"processed/{each.name}.parquet", OWN_FILE)
            run_task(task)
            ids = [email["Message-ID"] for email in _emails(each)]
            Answer(_message_ids(path), f"the Message-IDs in {path.name} are").equals(ids, ROWS)
        with stand_in(write_parquet, answer.value, side_effect=_fill_the_disk) as cause:
            crash(task_of(mailboxes[0], Path("full")), "the disk is full", cause)
        place = _empty_a_file(mailboxes[1])
        advice = "read_mailbox raises an error for it: let it out of run()"
        crash(task_of(mailboxes[1], Path("damaged")), f"{place} is empty", advice=advice)
    return "Your task makes a whole file or none, and it does not overlook an empty message file."


def _message_ids(path: Path) -> list[Any]:
    """Return the Message-IDs of a Parquet file that must have the 20 columns."""
    try:
        table = pq.read_table(path)
    except Exception:
        raise NotYet(f"{path.as_posix()} is not a Parquet file: write_parquet makes one.", hint=2) from None
    Answer(table.column_names, "the columns of the output are").equals(list(FIELDS), "the 20 fields were expected")
    date = Answer(str(table.schema.field("Date").type), "the type of Date is")
    date.expect("tz=UTC" in date.plain, "times in UTC were expected: write_parquet makes them")
    return list(table["Message-ID"].to_pylist())


def _fill_the_disk(emails: object, path: Any) -> Never:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(b"PAR1")
    raise OSError("the disk is full")


LIST = "[ProcessMailbox(mailbox, self.processed_directory) for mailbox in mailboxes(self.emails_directory)]"


@exercise(
    "workflow.wrapper",
    title="All mailboxes",
    points=2,
    stars=2,
    hints=(
        "`requires` may return a list. You need one `ProcessMailbox` for each item of "
        "`mailboxes(self.emails_directory)`. Which of your own parameters do you pass on to it?",
        "Start with an empty list, and for each `mailbox` append `ProcessMailbox(mailbox, …)`. Or in one line: "
        "`[… for mailbox in mailboxes(self.emails_directory)]`.",
    ),
    wrong=[
        Wrong("returns one task", Edits((LIST, f"{LIST}[0]")), "needs all of them"),
        Wrong("returns the folders", Edits((LIST, "mailboxes(self.emails_directory)")), "ProcessMailbox tasks"),
        Wrong(
            "takes every entry for a mailbox",
            Edits(("mailboxes(self.emails_directory)", "self.emails_directory.iterdir()")),
            "is not a mailbox",
        ),
        Wrong("leaves the last one out", Edits((LIST, f"{LIST}[:-1]")), "needs all of them"),
        Wrong(
            "passes the wrong directory on",
            Edits(("(mailbox, self.processed_directory)", "(mailbox, self.emails_directory)")),
            "pass your own on",
        ),
        Wrong("passes names on", Edits(("(mailbox, self", "(mailbox.name, self")), "the folder itself"),
        Wrong(
            "has one task for the whole maildir",
            Edits((LIST, "ProcessMailbox(self.emails_directory, self.processed_directory)")),
            "one for each mailbox in it",
        ),
        Wrong("returns nothing", Edits((f"return {LIST}", f"x = {LIST}")), "is a `return` missing"),
        Wrong("is no wrapper", Edits(("luigi.WrapperTask", "luigi.Task")), "keep it a WrapperTask"),
    ],
)
def wrapper(answer: Answer, mail: Mail) -> str:
    """What is required for a folder with a stray file and a hidden folder in it, then for unseen mail."""
    with _two_mailboxes(mail) as mailboxes:
        Path(MAIL, ".hidden").mkdir()
        Path(MAIL, "read_me.txt").touch()
        for maildir, expected in ((MAIL, mailboxes), (mail.maildir, mail.mailboxes)):
            make = answer.member("ProcessEnronEmails").on("a maildir")
            task = make(emails_directory=maildir, processed_directory=OUT).is_a(luigi.Task)
            if not isinstance(task.value, luigi.WrapperTask):
                raise NotYet("ProcessEnronEmails has no output: keep it a WrapperTask.")
            required = task.member("requires")()
            if required.value is None:
                required.fail("is a `return` missing?")
            found = flatten(required.value)
            if not all(type(each).__name__ == "ProcessMailbox" and isinstance(each, luigi.Task) for each in found):
                raise NotYet("requires() returns something else than ProcessMailbox tasks.")
            directories = {Path(each.mailbox_directory).resolve() for each in found}
            if maildir.resolve() in directories:
                raise NotYet("requires() has a task for the whole maildir: make one for each mailbox in it.")
            for directory in directories:
                if directory.parent != maildir.resolve():
                    raise NotYet(f"{directory.name} is not a folder in the maildir: pass the folder itself on.")
                if directory.name not in [mailbox.name for mailbox in expected]:
                    raise NotYet(f"{directory.name} is not a mailbox: use mailboxes().", hint=2)
            if len(directories) < len(expected):
                raise NotYet(
                    f"requires() has tasks for {len(directories)} of {len(expected)} mailboxes; it needs all of them."
                )
            for each in found:
                processed = Answer(Path(each.processed_directory), "the processed_directory of a ProcessMailbox is")
                processed.equals(OUT, "pass your own on")
    return "You required every mailbox, each in its own task, and nothing else."


class _Case(NamedTuple):
    what: str
    requires: Mapping[str, Sequence[str]]
    done: str
    wanted: str
    to_run: str


CHAIN = {"a": "", "b": "a", "c": "b"}
DIAMOND = {"a": "", "b": "a", "c": "a", "d": "bc"}
DETOUR = {"a": "", "b": "a", "d": "ab"}
CASES = (
    _Case("a task that is complete", {"a": ""}, "a", "a", ""),
    _Case("a task that is not complete and requires nothing", {"a": ""}, "", "a", "a"),
    _Case("c, which requires b, which requires a, none of them complete", CHAIN, "", "c", "abc"),
    _Case("c, which requires b, which requires a, of which only a is complete", CHAIN, "a", "c", "bc"),
    _Case("c, which requires b, which requires a, of which only b is complete", CHAIN, "b", "c", "c"),
    _Case("c, which requires b, which requires a, of which only c is complete", CHAIN, "c", "c", ""),
    _Case("d, which requires b and c, which both require a, of which none is complete", DIAMOND, "", "d", "abcd"),
    _Case("d, which requires b and c, which both require a, of which only b is complete", DIAMOND, "b", "d", "acd"),
    _Case("d, which requires a and b, of which b requires a, none of them complete", DETOUR, "", "d", "abd"),
)


def _task_of(case: _Case) -> Any:
    """Return the task that a case is about. requires() gives one task alone, several as a dict: deps() lists both."""

    class Stage(luigi.Task):  # type: ignore[misc]
        name = luigi.Parameter()

        def requires(self) -> Any:
            steps = {name: Stage(name) for name in case.requires[self.name]}
            return next(iter(steps.values())) if len(steps) == 1 else steps

        def complete(self) -> bool:
            return self.name in case.done

    return Stage(case.wanted)


def _breadth_first_from_the_end(task: Any) -> list[Any]:
    tasks = [] if task.complete() else [task]
    for each in tasks:
        tasks += [required for required in each.deps() if not required.complete() and required not in tasks]
    return tasks[::-1]


STOP = "    if task.complete():\n        return []\n"
NOT_NEEDED = "a complete task does not run, nor do the tasks that only it requires"
FORGOTTEN = "a task that has to run is missing"
ORDER = "requirements come first"


@exercise(
    "workflow.plan",
    title="What would run?",
    points=3,
    stars=3,
    hints=(
        "A function may call itself. What is the plan of a task that is complete? And of one that is not: first the "
        "plans of its requirements, then the task itself. What if two of them require the same task?",
        "`if task.complete(): return []`. Otherwise start with an empty list; for each `required` in `task.deps()`, go "
        "through `plan(required)` and append what is not in your list yet. Append `task` last.",
    ),
    wrong=[
        Wrong("lists every task", Edits((STOP, "")), NOT_NEEDED),
        Wrong(
            "looks behind what is complete",
            Edits((STOP, ""), ("[*planned, task]", "planned if task.complete() else [*planned, task]")),
            NOT_NEEDED,
        ),
        Wrong("lists a task twice", Edits((" if each not in planned", "")), "each task runs once"),
        Wrong("begins at the end", Edits(("[*planned, task]", "[task, *planned]")), ORDER),
        Wrong("goes back step by step, then reverses", _breadth_first_from_the_end, ORDER),
        Wrong("forgets the task itself", Edits(("[*planned, task]", "planned")), FORGOTTEN),
        Wrong(
            "looks one step back only",
            lambda task: [] if task.complete() else [*(d for d in task.deps() if not d.complete()), task],
            FORGOTTEN,
        ),
        Wrong("returns names", Edits(("[*planned, task]", "[*planned, task.name]")), "return the tasks themselves"),
        Wrong("returns the number", lambda task: 1, "a list was expected"),
        Wrong("returns a set", lambda task: {task}, "a list was expected"),
        Wrong("knows only the example", lambda task: [*task.deps(), task], NOT_NEEDED),
    ],
)
def plan(answer: Answer, mail: Mail) -> str:
    """Small graphs: single tasks, chains and diamonds, with different tasks complete."""
    for case in CASES:
        planned = answer.on(case.what)(_task_of(case)).is_a(list)
        if not all(isinstance(each, luigi.Task) for each in planned.value):
            planned.fail("return the tasks themselves")
        names = "".join(each.name for each in planned.value)
        got = Answer(names, f"for {case.what}, the names of the tasks in your plan are")
        got.expect(set(names) <= set(case.to_run), NOT_NEEDED)
        got.expect(set(case.to_run) <= set(names), FORGOTTEN)
        got.expect(len(names) == len(case.to_run), "each task runs once", hint=2)
        in_order = all(names.find(required) < names.index(name) for name in names for required in case.requires[name])
        got.expect(in_order, ORDER, hint=2)
    return "Your plan has every task that will run, each once, in an order that works."
