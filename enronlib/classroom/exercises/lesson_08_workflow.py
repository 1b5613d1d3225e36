"""Exercises of lesson 08: reading a mailbox that may be broken, a task for it, all mailboxes, and what will run."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Never
from unittest.mock import patch

from enronlib.classroom.answer import Answer, NotYet, a_kind
from enronlib.classroom.exercise import Wrong, changed, lesson
from enronlib.classroom.mail import Mail
from enronlib.corpus import message_files
from enronlib.messages import FIELDS, read_email

exercise = lesson("08_luigi_workflow")

MAIL, OUT = Path("mail"), Path("processed")
Emails = list[dict[str, Any]]


@contextmanager
def _two_mailboxes(mail: Mail) -> Iterator[list[Path]]:
    """Give copies of two unseen mailboxes, in a folder of their own, so that paths in verdicts are short."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        yield [Path(shutil.copytree(mailbox, MAIL / mailbox.name)) for mailbox in mail.mailboxes[:2]]


def _break(mailbox: Path) -> str:
    """Empty the second message file of a mailbox and return its place below the maildir."""
    broken = message_files(mailbox)[1]
    broken.write_bytes(b"")
    return broken.relative_to(MAIL).as_posix()


def _emails(mailbox: Path) -> Emails:
    return [read_email(path, mailbox.parent) for path in message_files(mailbox)]


def _reader(refuse: Callable[[dict[str, Any], Path], object]) -> Callable[[Path], Emails]:
    """Return a reader of mailboxes that calls `refuse` for each email, and leaves it out if that returns true."""

    def emails_of(mailbox: Path) -> Emails:
        paths = message_files(mailbox)
        emails = [read_email(path, mailbox.parent) for path in paths]
        return [email for email, path in zip(emails, paths, strict=True) if not refuse(email, path)]

    return emails_of


def _raise(kind: type[Exception], text: str) -> Never:
    raise kind(text)


def _place(path: Path) -> str:
    return "/".join(path.parts[-3:])


def _returns_the_error(mailbox: Path) -> Any:
    empty = [email for email in _emails(mailbox) if not email["original_msg"]]
    return ValueError("a file is empty") if empty else _emails(mailbox)


@exercise(
    "workflow.read",
    title="A mailbox with an empty file",
    points=2,
    stars=1,
    hints=(
        'Go through `message_files(mailbox)` and read each file as before. Which field of the email is `""` when the '
        "file was empty, and only then? A message without a body is not an empty file.",
        'If `email["original_msg"]` is empty, `raise ValueError(f"{path} is empty")`. Otherwise append the email to '
        "the list, and return the list at the end.",
    ),
    wrong=[
        Wrong("says nothing", _emails, "was read as if nothing were wrong"),
        Wrong("leaves the empty one out", _reader(lambda e, _: not e["original_msg"]), "was read as if nothing"),
        Wrong(
            "does not say which",
            _reader(lambda e, _: not e["original_msg"] and _raise(ValueError, "empty file")),
            "must name the file",
        ),
        Wrong(
            "does not say in which folder",
            _reader(lambda e, path: not e["original_msg"] and _raise(ValueError, f"{path.name} is empty")),
            "must name the file with its folder",
        ),
        Wrong(
            "names the folder only",
            _reader(lambda e, path: not e["original_msg"] and _raise(ValueError, f"a file of {path.parent} is empty")),
            "must name the file with its folder",
        ),
        Wrong("returns the error", _returns_the_error, "it returned a ValueError: use `raise`"),
        Wrong(
            "raises another error",
            _reader(lambda e, path: not e["original_msg"] and _raise(KeyError, _place(path))),
            "a ValueError is asked for",
        ),
        Wrong(
            "takes an empty body for an empty file",
            _reader(lambda e, path: not e["payload"] and _raise(ValueError, _place(path))),
            "raised ValueError",
        ),
        Wrong("returns the files", message_files, "the emails are asked for"),
        Wrong("reads the inbox only", lambda mailbox: _emails(mailbox / "inbox"), "every message of the mailbox"),
        Wrong("knows only the example", lambda mailbox: [], "every message of the mailbox"),
    ],
)
def read(answer: Answer, mail: Mail) -> str:
    """Whole mailboxes, one with a message without a body; then one with an empty file."""
    with _two_mailboxes(mail) as mailboxes:
        small = Path(MAIL, "quill-a")
        for name, text in {
            "inbox/2_": "Subject: Gas\n\n",
            "inbox/10_": "Subject: Oil\n\nCall me.\n",
            "3_": "To: x",
        }.items():
            path = small / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for mailbox, what in ((small, "a mailbox with a message without a body"), (mailboxes[0], "an unseen mailbox")):
            got = answer.on(what)(mailbox).is_a(list)
            got.expect(all(type(email) is dict for email in got.plain), "the emails are asked for, as dicts")
            every = "every message of the mailbox is asked for, in the order of message_files"
            ids = [email.get("original_msg") for email in got.plain]
            got.expect(ids == [email["original_msg"] for email in _emails(mailbox)], every)
            got.equals(_emails(mailbox), "take what read_email(path, mailbox.parent) returns")
        place = _break(mailboxes[1])
        error = _error_of(answer.value, mailboxes[1])
        if error is None:
            raise NotYet(f"a mailbox in which {place} is empty was read as if nothing were wrong.", hint=2)
        if not isinstance(error, ValueError):
            raise NotYet(f"for an empty file it raised {error!r}; a ValueError is asked for.", hint=2)
        if not all(re.search(rf"(?<!\w){re.escape(part)}(?!\w)", str(error)) for part in place.split("/")[-2:]):
            raise NotYet(f"the error says {str(error)!r}; it must name the file with its folder.", hint=2)
    return "You read every message, kept those without a body, and refused an empty file by its name."


def _error_of(function: Callable[[Path], Any], mailbox: Path) -> Exception | None:
    """Return the error that a function raises for a mailbox, if it does. Raises NotYet if it returns an error."""
    try:
        result = function(mailbox)
        if isinstance(result, Iterator):
            list(result)
    except Exception as error:
        return error
    if isinstance(result, Exception):
        raise NotYet(f"for an empty file it returned {a_kind(type(result))}: use `raise`, not `return`.", hint=2)
    return None


PROCESS = """
from pathlib import Path
import luigi
from enronlib.corpus import message_files
from enronlib.messages import read_email
from enronlib.parquet import read_mailbox, write_parquet

class ProcessMailbox(luigi.Task):
    mailbox_directory = luigi.PathParameter()
    processed_directory = luigi.PathParameter()

    def output(self):
        return luigi.LocalTarget(self.processed_directory / f"{self.mailbox_directory.name}.parquet")

    def run(self):
        with self.output().temporary_path() as path:
            write_parquet(read_mailbox(self.mailbox_directory), Path(path))
"""
READ = "read_mailbox(self.mailbox_directory)"
RUN = """        with self.output().temporary_path() as path:
            write_parquet(read_mailbox(self.mailbox_directory), Path(path))
"""
PLAIN = """        self.processed_directory.mkdir(parents=True, exist_ok=True)
        write_parquet(list(read_mailbox(self.mailbox_directory)), Path(self.output().path))
"""
ANY_FILE = "(read_email(path, self.mailbox_directory.parent) for path in message_files(self.mailbox_directory))"
OWN_FILE = "each mailbox has a file of its own, with its name, in the processed directory"
ROWS = "one row per message is asked for, in corpus order"


@exercise(
    "workflow.mailbox",
    title="One task per mailbox",
    points=4,
    stars=2,
    hints=(
        "The output is a `LocalTarget` whose path is made of both parameters. For `run`, look at the end of "
        "the text above: a target gives a path to write to, which becomes the file only if all went well.",
        "`run` takes two lines: `with self.output().temporary_path() as path:` and in it "
        "`write_parquet(…, Path(path))`. What is written is `read_mailbox(self.mailbox_directory)`.",
    ),
    wrong=[
        Wrong("has one file for all", changed(PROCESS, ("{self.mailbox_directory.name}", "mail")), OWN_FILE),
        Wrong("names it otherwise", changed(PROCESS, ("}.parquet", "}.pq")), OWN_FILE),
        Wrong("forgets the directory", changed(PROCESS, ("self.processed_directory / ", "")), OWN_FILE),
        Wrong(
            "writes a table of text",
            changed(
                PROCESS, (f"write_parquet({READ}, Path(path))", f'Path(path).write_text(str(list({READ})), "utf-8")')
            ),
            "is no Parquet file",
        ),
        Wrong("writes no rows", changed(PROCESS, (READ, "[]")), ROWS),
        Wrong("sorts the rows", changed(PROCESS, (READ, f'sorted({READ}, key=lambda e: e["Message-ID"])')), ROWS),
        Wrong("reads an empty file like any other", changed(PROCESS, (READ, ANY_FILE)), "must fail"),
        Wrong("writes to the path itself", changed(PROCESS, (RUN, PLAIN)), "when it crashed while it wrote, half"),
        Wrong(
            "writes into a folder that is not there",
            changed(
                PROCESS,
                (RUN, PLAIN.replace("        self.processed_directory.mkdir(parents=True, exist_ok=True)\n", "")),
            ),
            "write through the target, which also makes the folder",
        ),
        Wrong("hands a text on", changed(PROCESS, ("Path(path)", "path")), "failed with AttributeError"),
        Wrong("writes nothing", changed(PROCESS, (RUN, f"        list({READ})\n")), "its output is not there"),
    ],
)
def mailbox(answer: Answer, mail: Mail) -> str:
    """Unseen mailboxes into one new folder; then one with an empty file, and a crash in the middle of writing."""
    from enronlib.classroom.luigi_tasks import run_task  # noqa: PLC0415  imports luigi

    with _two_mailboxes(mail) as mailboxes:
        for each in mailboxes:
            task = _process_mailbox(answer, each, OUT)
            path = Path(task.value.output().path)
            Answer(path.as_posix(), "the path of the output is").equals(f"processed/{each.name}.parquet", OWN_FILE)
            run_task(task)
            ids = [email["Message-ID"] for email in _emails(each)]
            Answer(_message_ids(path), f"the Message-IDs in {path.name} are").equals(ids, ROWS)
        _leaves_nothing(
            _process_mailbox(answer, mailboxes[0], Path("crashed")), "it crashed while it wrote", answer.value, _crash
        )
        place = _break(mailboxes[1])
        broken = _process_mailbox(answer, mailboxes[1], Path("broken"))
        if _leaves_nothing(broken, f"it came upon {place}, an empty file"):
            raise NotYet(f"the task is complete, though {place} is an empty file: it must fail.", hint=2)
    return "Your task makes a whole file or none, and an empty message file does not pass unseen."


def _process_mailbox(answer: Answer, mailbox: Path, processed: Path) -> Answer:
    """Make the student's task and call what Luigi will call, so that a method not written yet is found first."""
    import luigi  # noqa: PLC0415  costly, and most lessons do without

    make = answer.member("ProcessMailbox").on("a mailbox")
    task = make(mailbox_directory=mailbox, processed_directory=processed).is_a(luigi.Task)
    task.member("output")().is_a(luigi.LocalTarget)
    return task


def _message_ids(path: Path) -> list[Any]:
    """Return the Message-IDs of a Parquet file that must have the 20 columns."""
    import pyarrow.parquet as pq  # noqa: PLC0415  only needed here

    try:
        table = pq.read_table(path)
    except Exception:
        raise NotYet(f"{path.as_posix()} is no Parquet file: write_parquet makes one.", hint=2) from None
    Answer(table.column_names, "the columns of the output are").equals(list(FIELDS), "the 20 fields are asked for")
    date = Answer(str(table.schema.field("Date").type), "the type of Date is")
    date.expect("tz=UTC" in date.plain, "moments in UTC are asked for: write_parquet makes them")
    return list(table["Message-ID"].to_pylist())


def _crash(emails: object, path: Any) -> Never:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(b"PAR1")
    raise OSError("the disk is full")


def _leaves_nothing(task: Answer, when: str, module: Any = None, write: Callable[..., Never] | None = None) -> bool:
    """Run a task that should fail, and return whether it succeeds; raise NotYet if it fails and leaves a file."""
    from enronlib.classroom.luigi_tasks import run_task  # noqa: PLC0415  imports luigi

    try:
        if write:
            with patch.object(module, "write_parquet", write, create=True):
                run_task(task)
        else:
            run_task(task)
    except NotYet:
        if Path(task.value.output().path).exists():
            raise NotYet(f"when {when}, half a file was left: write to a temporary path.", hint=2) from None
        return False
    return True


ALL = """
import luigi
from enronlib.corpus import mailboxes

class ProcessMailbox(luigi.Task):
    mailbox_directory = luigi.PathParameter()
    processed_directory = luigi.PathParameter()

    def output(self):
        return luigi.LocalTarget(self.processed_directory / f"{self.mailbox_directory.name}.parquet")

class ProcessEnronEmails(luigi.WrapperTask):
    emails_directory = luigi.PathParameter()
    processed_directory = luigi.PathParameter()

    def requires(self):
        return [ProcessMailbox(mailbox, self.processed_directory) for mailbox in mailboxes(self.emails_directory)]
"""
LIST = "[ProcessMailbox(mailbox, self.processed_directory) for mailbox in mailboxes(self.emails_directory)]"


@exercise(
    "workflow.wrapper",
    title="All mailboxes",
    points=2,
    stars=2,
    hints=(
        "`requires` may return a list. You need one `ProcessMailbox` for each item of "
        "`mailboxes(self.emails_directory)`; which of your own parameters do you hand on to it?",
        "Begin with an empty list, and for each `mailbox` append `ProcessMailbox(mailbox, …)`. Or in one line: "
        "`[… for mailbox in mailboxes(self.emails_directory)]`.",
    ),
    wrong=[
        Wrong("returns one task", changed(ALL, (LIST, f"{LIST}[0]")), "none may be missing"),
        Wrong("returns the folders", changed(ALL, (LIST, "mailboxes(self.emails_directory)")), "ProcessMailbox tasks"),
        Wrong(
            "takes every entry for a mailbox",
            changed(ALL, ("in mailboxes(self.emails_directory)", "in self.emails_directory.iterdir()")),
            "is no mailbox",
        ),
        Wrong(
            "leaves the last one out",
            changed(ALL, ("mailboxes(self.emails_directory)]", "mailboxes(self.emails_directory)[:-1]]")),
            "none may be missing",
        ),
        Wrong(
            "hands the wrong directory on",
            changed(ALL, ("(mailbox, self.processed_directory)", "(mailbox, self.emails_directory)")),
            "hand your own on",
        ),
        Wrong("hands names on", changed(ALL, ("(mailbox, self", "(mailbox.name, self")), "the folder itself"),
        Wrong("returns nothing", changed(ALL, (f"return {LIST}", f"x = {LIST}")), "is a `return` missing"),
        Wrong("is no wrapper", changed(ALL, ("luigi.WrapperTask", "luigi.Task")), "leave it a WrapperTask"),
    ],
)
def wrapper(answer: Answer, mail: Mail) -> str:
    """What is required for a folder with a stray file and a hidden folder in it, then for unseen mail."""
    import luigi  # noqa: PLC0415  costly, and most lessons do without
    from luigi.task import flatten  # noqa: PLC0415

    with _two_mailboxes(mail) as mailboxes:
        Path(MAIL, ".hidden").mkdir()
        Path(MAIL, "read_me.txt").touch()
        for maildir, expected in ((MAIL, mailboxes), (mail.maildir, mail.mailboxes)):
            make = answer.member("ProcessEnronEmails").on("a maildir")
            task = make(emails_directory=maildir, processed_directory=OUT).is_a(luigi.Task)
            if not isinstance(task.value, luigi.WrapperTask):
                raise NotYet("ProcessEnronEmails has no output of its own: leave it a WrapperTask.")
            required = task.member("requires")()
            if required.value is None:
                required.fail("is a `return` missing?")
            found = flatten(required.value)
            if not all(type(each).__name__ == "ProcessMailbox" and isinstance(each, luigi.Task) for each in found):
                raise NotYet("requires() returns something else; ProcessMailbox tasks are asked for.")
            directories = [Path(each.mailbox_directory) for each in found]
            for directory in directories:
                if directory.parent != maildir:
                    raise NotYet(f"the mailbox_directory {directory.name} has no folder: hand the folder itself on.")
                if directory not in expected:
                    raise NotYet(f"{directory.name} is no mailbox: use mailboxes().", hint=2)
            if set(directories) != set(expected):
                covered = f"{len(set(directories))} of {len(expected)} mailboxes"
                raise NotYet(f"requires() has tasks for {covered}; none may be missing.")
            for each in found:
                Answer(Path(each.processed_directory), "the processed_directory of a ProcessMailbox is").equals(
                    OUT, "hand your own on"
                )
    return "You asked for every mailbox, each in a task of its own, and for nothing else."


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
    """Return the task that a case is about. One requirement comes alone, several as a dict: deps() lists them."""
    import luigi  # noqa: PLC0415  costly, and most lessons do without

    class Step(luigi.Task):  # type: ignore[misc]
        name = luigi.Parameter()

        def requires(self) -> Any:
            steps = {name: Step(name) for name in case.requires[self.name]}
            return next(iter(steps.values())) if len(steps) == 1 else steps

        def complete(self) -> bool:
            return self.name in case.done

    return Step(case.wanted)


def _plan(task: Any) -> list[Any]:
    if task.complete():
        return []
    planned: list[Any] = []
    for required in task.deps():
        planned += [each for each in _plan(required) if each not in planned]
    return [*planned, task]


def _plan_with_doubles(task: Any) -> list[Any]:
    return [] if task.complete() else [*(each for dep in task.deps() for each in _plan_with_doubles(dep)), task]


def _breadth_first_from_the_end(task: Any) -> list[Any]:
    tasks = [] if task.complete() else [task]
    for each in tasks:
        tasks += [required for required in each.deps() if not required.complete() and required not in tasks]
    return tasks[::-1]


def _all_tasks(task: Any) -> list[Any]:
    return [*(each for dep in task.deps() for each in _all_tasks(dep)), task]


@exercise(
    "workflow.plan",
    title="What would run?",
    points=3,
    stars=3,
    hints=(
        "A function may call itself. What is the plan of a task that is complete? And of one that is not: first the "
        "plans of what it requires, then the task itself. What if two of them require the same?",
        "`if task.complete(): return []`. Otherwise begin with an empty list; for each `required` in `task.deps()`, go "
        "through `plan(required)` and append what is not in your list yet. Append `task` last.",
    ),
    wrong=[
        Wrong("lists every task", _all_tasks, "a complete task does not run"),
        Wrong(
            "goes back behind what is complete",
            lambda task: [each for each in _all_tasks(task) if not each.complete()],
            "does not run, nor what only",
        ),
        Wrong("lists a task twice", _plan_with_doubles, "each task runs once"),
        Wrong("begins at the end", lambda task: _plan(task)[::-1], "what is required comes first"),
        Wrong("goes back step by step, then reverses", _breadth_first_from_the_end, "what is required comes first"),
        Wrong("forgets the task itself", lambda task: _plan(task)[:-1], "something that has to run is not in it"),
        Wrong(
            "looks one step back only",
            lambda task: [] if task.complete() else [*(d for d in task.deps() if not d.complete()), task],
            "something that has to run is not in it",
        ),
        Wrong("returns names", lambda task: [each.name for each in _plan(task)], "tasks are asked for"),
        Wrong("returns the number", lambda task: len(_plan(task)), "a list was expected"),
        Wrong("returns a set", lambda task: set(_plan(task)), "a list was expected"),
        Wrong("knows only the example", lambda task: [*task.deps(), task], "a complete task does not run"),
    ],
)
def plan(answer: Answer, mail: Mail) -> str:
    """Small graphs: single tasks, chains and diamonds, with different tasks complete."""
    import luigi  # noqa: PLC0415  costly, and most lessons do without

    for case in CASES:
        planned = answer.on(case.what)(_task_of(case)).is_a(list)
        if not all(isinstance(each, luigi.Task) for each in planned.value):
            planned.fail("the tasks are asked for, not something of them")
        names = "".join(each.name for each in planned.value)
        got = Answer(names, f"for {case.what}, the names of the tasks in your plan are")
        got.expect(set(names) <= set(case.to_run), "a complete task does not run, nor what only that one requires")
        got.expect(set(case.to_run) <= set(names), "something that has to run is not in it")
        got.expect(len(names) == len(case.to_run), "each task runs once", hint=2)
        in_order = all(names.find(required) < names.index(name) for name in names for required in case.requires[name])
        got.expect(in_order, "what is required comes first", hint=2)
    return "Your plan has every task that will run, each once, in an order that works."
