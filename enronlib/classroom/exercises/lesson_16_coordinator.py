"""Exercises of lesson 16: assign, expire, accept, and a coordinator's table against workers that die."""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from pathlib import Path
from typing import Any

from enronlib.classroom.answer import Answer, NotYet
from enronlib.classroom.cluster import Machine, Recorded, Row, done_in, simulate, times_done
from enronlib.classroom.exercise import Edits, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.classroom.surroundings import silence
from enronlib.mapreduce import map_reduce
from enronlib.messages import plain_text
from enronlib.words import tokens

exercise = lesson("16_workers_that_die")


def _rows(*rows: Row) -> dict[int, Row]:
    return dict(enumerate(map(copy, rows)))


def _shown(rows: dict[int, Row]) -> dict[int, tuple[str, Any, float]]:
    """Return the rows as built-ins; a task that waits or is done has neither worker nor time."""
    return {
        task: (row.state, row.worker, row.since) if row.state == "running" else (row.state, None, 0)
        for task, row in rows.items()
    }


def _call(answer: Answer, what: str, rows: dict[int, Row], *inputs: Any) -> tuple[Answer, dict[int, Any]]:
    """Call the student's function for these rows; return its result, and the rows as they are afterwards."""
    result = answer.on(what)(rows, *inputs)
    rows = deepcopy(rows)
    with silence():
        answer.value(rows, *inputs)
    return result, _shown(rows)


RUNNING, DONE, WAITING = Row("running", "bo", 2), Row("done", "ann", 0), Row("waiting")
FIRST = "hand out the first task that is waiting"
RETURNED = 'row.state, row.worker, row.since = "running", worker, now'


@exercise(
    "coordinator.assign",
    title="Who gets which task?",
    points=2,
    hints=(
        "Go through `rows.items()` in order. What makes a task a candidate? Which three things change in its row? "
        "And what do you return then?",
        '`for task, row in rows.items():` and `if row.state == "waiting":`. Inside, set `row.state`, `row.worker` and '
        "`row.since`, and return the task at once. What does the function return after the loop?",
    ),
    wrong=[
        Wrong("hands out what runs", Edits(('== "waiting"', '!= "done"')), FIRST),
        Wrong("hands out the last", Edits(("rows.items()", "reversed(rows.items())")), FIRST),
        Wrong("forgets the state", Edits((RETURNED, "row.worker, row.since = worker, now")), "becomes running"),
        Wrong("forgets the worker", Edits((RETURNED, 'row.state, row.since = "running", now')), "of this worker"),
        Wrong("forgets the time", Edits((RETURNED, 'row.state, row.worker = "running", worker')), "since `now`"),
        Wrong("returns the row", Edits(("return task", "return row")), "the number of the task"),
        Wrong("returns 0 for nothing", Edits(("return None", "return 0")), "None when nothing is waiting"),
        Wrong(
            "takes the first task for nothing", Edits(("return task", "return task or None")), "the number of the task"
        ),
        Wrong("hands out all", Edits(("            return task\n    return None", "    return 0")), FIRST),
    ],
)
def assign(answer: Answer, mail: Mail) -> str:
    """The lesson's table, one where task 0 waits, one where nothing waits, and an empty one."""
    cases: list[tuple[str, dict[int, Row], int | None]] = [
        ("the table of the lesson", _rows(DONE, RUNNING, WAITING, WAITING), 2),
        ("a table of three waiting tasks", _rows(WAITING, WAITING, WAITING), 0),
        ("a table without a waiting task", _rows(DONE, RUNNING), None),
        ("an empty table", {}, None),
    ]
    for what, rows, task in cases:
        given, after = _call(answer, what, rows, "cy", 5)
        if task is None:
            given.expect(given.plain is None, "return None when nothing is waiting")
        else:
            given.expect(isinstance(given.value, int), "return the number of the task")
            given.expect(given.plain == task, FIRST)
        expected = _shown(rows)
        for number, (state, worker, since) in after.items():
            if number != task:
                if (state, worker, since) != expected[number]:
                    raise NotYet(f"for {what}, the row of task {number} changed as well: {FIRST}, and no other.")
            elif state != "running":
                raise NotYet(f"for {what}, the state of task {task} is {state!r}: it becomes running.")
            elif worker != "cy":
                raise NotYet(f"for {what}, task {task} runs at {worker!r}: it must be that of this worker, `worker`.")
            elif since != 5:
                raise NotYet(f"for {what}, task {task} runs since {since!r}: it must be since `now`.")
    return "You hand each waiting task to one worker, in order, and note who has it since when."


OVERDUE = 'if row.state == "running" and now - row.since > deadline'


@exercise(
    "coordinator.expire",
    title="The deadline is over",
    points=2,
    hints=(
        "Which rows can be overdue: those that wait, run or are done? For how many seconds has such a task been out?",
        "`now - row.since > deadline` says that a task is overdue. Collect the numbers of such running tasks in a "
        'list, set their `state` to "waiting", and return the list.',
    ),
    wrong=[
        Wrong("is early", Edits(("> deadline", ">= deadline")), "exactly at the deadline"),
        Wrong("looks at all rows", Edits(('row.state == "running" and ', "")), "only running tasks"),
        Wrong("forgets to change the rows", Edits(('rows[task].state = "waiting"', "pass")), "wait again"),
        Wrong("returns nothing", Edits(("return overdue", "return None")), "is a `return` missing"),
        Wrong("stops at the first", Edits(("return overdue", "return overdue[:1]")), "all tasks that are overdue"),
        Wrong("looks at the time only", Edits(("now - row.since > deadline", "now > deadline")), "only after it"),
        Wrong("marks them done", Edits(('rows[task].state = "waiting"', 'rows[task].state = "done"')), "wait again"),
    ],
)
def expire(answer: Answer, mail: Mail) -> str:
    """Before, at and after the deadline; two overdue tasks among others; an old task that is done."""
    mixed = _rows(
        Row("done", "ann", 0), Row("running", "bo", 2), Row("running", "cy", 60), Row("running", "di", 30), WAITING
    )
    cases: list[tuple[str, dict[int, Row], int, list[int]]] = [
        ("a task exactly at the deadline", _rows(RUNNING), 12, []),
        ("a task one second over the deadline", _rows(RUNNING), 13, [0]),
        ("five tasks at second 65", mixed, 65, [1, 3]),
        ("an empty table", {}, 65, []),
    ]
    for what, rows, now, overdue in cases:
        got, after = _call(answer, what, rows, now, 10)
        got.is_a(list)
        known = all(isinstance(task, int) and task in rows for task in got.plain)
        got.expect(known, "return the numbers of the tasks")
        running = all(rows[task].state == "running" for task in got.plain)
        got.expect(running, "only running tasks can be overdue")
        if not overdue:
            got.expect(got.plain == [], "a task is not overdue exactly at the deadline, only after it")
        got.expect(sorted(got.plain) == overdue, "return all tasks that are overdue, and no others")
        expected = _shown(rows) | dict.fromkeys(overdue, ("waiting", None, 0))
        for task in rows:
            if after[task] != expected[task]:
                raise NotYet(
                    f"for {what}, the state of task {task} is {after[task][0]!r} afterwards: what is overdue must wait "
                    "again, and everything else stay as it was."
                )
    return "You let every overdue task wait again, and nothing else: neither what is done nor what has just begun."


@exercise(
    "coordinator.accept",
    title="Done twice is done once",
    points=2,
    hints=(
        "There are three states. For two of them the result is the first one, so it counts. Which is the third?",
        'If `rows[task].state` is "done", return `False`. Otherwise set it to "done" and return `True`.',
    ),
    wrong=[
        Wrong("accepts everything", Edits(('if rows[task].state == "done"', "if False")), "a second time"),
        Wrong("refuses what waits", Edits(('== "done"', '!= "running"')), "is as good as any"),
        Wrong("forgets the state", Edits(('    rows[task].state = "done"\n', "")), "becomes done"),
        Wrong(
            "is upside down", Edits(("return False", "return 1 == 1"), ("    return True", "    return False")), "first"
        ),
        Wrong("returns nothing", Edits(("    return True", "    return None")), "is a `return` missing"),
        Wrong("forgets the task", Edits(('    rows[task].state = "done"\n', "    del rows[task]\n")), "keep the row"),
    ],
)
def accept(answer: Answer, mail: Mail) -> str:
    """A running, a waiting and a done task."""
    rows = _rows(DONE, RUNNING, WAITING)
    for task, what, first in (
        (1, "a running task", True),
        (2, "a task that is waiting again", True),
        (0, "a task that is done already", False),
    ):
        got, after = _call(answer, what, rows, task)
        got.is_a(bool)
        if first and what.endswith("again"):
            got.expect(got.plain, "its result is as good as any: accept it")
        elif first:
            got.expect(got.plain, "accept the first result")
        else:
            got.expect(not got.plain, "refuse a result that comes a second time")
        if task not in after:
            raise NotYet(f"for {what}, its row is gone afterwards: keep the row, for results that come late.")
        if after[task][0] != "done":
            raise NotYet(f"for {what}, its state is {after[task][0]!r} afterwards: it becomes done.")
    return "You accept the first result of a task, even a late one, and refuse all others."


# The whole table

DEADLINE, PATIENCE, NEVER_MIND = 10, 6, 1000  # seconds
Fleet = list[Machine]


def _play(
    answer: Answer, what: str, tasks: int, fleet: Fleet, *, deadline: int = DEADLINE, patience: int = PATIENCE
) -> list[Any]:
    """Play the student's table for 200 seconds, and require that all tasks get done."""

    def your_table() -> list[Any]:
        return simulate(answer.value(deadline, patience), tasks, fleet, 200)

    your_table.__name__ = "TaskTable"
    history = Answer(your_table).on(what)().value
    if done_in(history, tasks) is None:
        done = len({event.task for event in history if event.what == "done"})
        raise NotYet(f"{what}: after 200 seconds only {done} of {tasks} tasks are done, and the job never ends.")
    return list(history)


def _simulated(answer: Answer) -> None:
    """Simulated machines: all well, one dies, one is silent, one comes back late, one is slow, all but one die."""
    well = [Machine("ann"), Machine("bo"), Machine("cy", pace=5)]
    history = _play(answer, "when nothing fails", 12, well)
    if set(times_done(history).values()) != {1}:
        raise NotYet("when nothing fails, a task was done more than once: hand a task out again only for a reason.")
    second = done_in(history, 12)
    if second is not None and second > 30:
        raise NotYet("when nothing fails, workers were idle while tasks waited.")
    history = _play(answer, "when a worker dies with a task", 12, [Machine("ann"), Machine("bo", dies=5)])
    again = next(event.second for event in history if event.what == "given" and event.second >= 5 and event.task == 3)
    if again > 7:
        raise NotYet("when a worker dies with a task: `lost` must let that task wait again at once.")
    last = [Machine("ann"), Machine("bo"), Machine("cy", pace=7, dies=5)]
    _play(answer, "when a worker dies with the last task", 3, last)
    _play(answer, "when a worker dies without a task", 1, [Machine("ann", pace=8), Machine("bo", dies=3)])
    silent = [Machine("ann"), Machine("bo", silent=(4, 1000))]
    _play(answer, "when a worker is silent for ever", 12, silent, patience=NEVER_MIND)
    late = [Machine("ann"), Machine("bo"), Machine("di", silent=(4, 20))]
    history = _play(answer, "when a worker comes back late", 20, late)
    if "refused" not in {event.what for event in history}:
        raise NotYet("when a worker comes back late, its result was accepted a second time: refuse it.")
    if max(Counter(event.task for event in history if event.what == "done").values()) > 1:
        raise NotYet("when a worker comes back late, a task was accepted twice.")
    slow = [Machine("ann"), Machine("bo"), Machine("cy", pace=90)]
    history = _play(answer, "when one worker is very slow", 12, slow, deadline=NEVER_MIND)
    second = done_in(history, 12)
    if second is not None and second > 40:
        raise NotYet("when one worker is very slow, the others wait for it: `assign` hands out no backup copy.", hint=2)
    slow = [Machine(name, pace=30) for name in ("ann", "bo", "cy", "di", "ed", "flo")]
    history = _play(answer, "when all workers are slow", 2, slow, deadline=NEVER_MIND)
    if max(Counter(event.task for event in history if event.what == "given").values()) > 2:
        raise NotYet("when all workers are slow, a task gets more than one backup copy.", hint=2)
    _play(answer, "when all but one die", 12, [Machine("ann"), *(Machine(f"m{n}", dies=n) for n in range(1, 9))])


def _one_by_one(email: dict[str, Any]) -> Iterator[tuple[str, int]]:
    return iter(Counter(tokens(plain_text(email))).items())


def _index(email: dict[str, Any]) -> list[tuple[str, str]]:
    return [(word, email["username"]) for word in sorted(set(tokens(plain_text(email))))]


def _add(key: str, values: Iterator[int]) -> int:
    return sum(values)


def _places(key: str, values: Iterator[str]) -> list[str]:
    return sorted(set(values))


def _fatal(mapper: Callable[[Any], Any], graves: Path, every: int) -> Callable[[Any], Any]:
    """Return the mapper, which ends its process at every so many-th message, once for each."""

    def fatal_mapper(email: dict[str, Any]) -> Any:
        grave = graves / str(len(email["original_msg"]))
        if len(email["original_msg"]) % every == 0 and not grave.exists():
            grave.touch()
            os._exit(1)
        return mapper(email)

    return fatal_mapper


def _slow_once(mapper: Callable[[Any], Any], graves: Path) -> Callable[[Any], Any]:
    """Return the mapper, which takes two seconds longer for the first message that anybody maps."""

    def slow_mapper(email: dict[str, Any]) -> Any:
        try:
            (graves / "slow").touch(exist_ok=False)
        except FileExistsError:
            time.sleep(0.02)
        else:
            time.sleep(2)
        return mapper(email)

    return slow_mapper


def _one(record: int) -> list[tuple[int, int]]:
    return [(record, 1)]


def _meeting(graves: Path, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which waits until it has been called for 0 and for 1: two tasks must run side by side."""

    def meet(key: int, *values: Any) -> Any:
        (graves / f"{function.__name__}-{key}").touch()
        while len(list(graves.glob(f"{function.__name__}-*"))) < 2:
            time.sleep(0.01)
        return function(key, *values)

    return meet


Job = tuple[Callable[..., Any], Callable[..., Any]]  # mapper and reducer


def _real(
    answer: Answer, what: str, records: list[Any], job: Job, plain: Job, *, deadline: float = 60, **options: Any
) -> Recorded:
    """Run a job in real processes with the student's table, and require the results of the plain job in this one."""
    tables: list[Recorded] = []

    def your_table() -> list[Any]:
        tables.append(Recorded(answer.value(deadline, deadline / 2), patience=30))
        return list(map_reduce(records, *job, workers=2, survive=tables[0], **options))

    your_table.__name__ = "TaskTable"
    results = Answer(your_table).on(what)().value
    if results != list(map_reduce(records, *plain)):
        raise NotYet(f"{what}: the results are not those of a run in one process.")
    return tables[0]


def _processes(answer: Answer, mail: Mail) -> None:
    """Real processes: tasks side by side, nothing fails, random deaths, a worker that comes back late."""
    emails = mail.emails[:80]
    count, index = (_one_by_one, _add), (_index, _places)
    with tempfile.TemporaryDirectory() as folder:
        side = _meeting(Path(folder), _one), _meeting(Path(folder), _add)
        by_key: dict[str, Any] = {"split_size": 1, "partitions": 2, "partitioner": lambda key, partitions: key}
        _real(answer, "tasks that run side by side", [0, 1], side, (_one, _add), **by_key)
    table = _real(answer, "a word count in which nothing fails", emails, count, count, split_size=10)
    if set(times_done(table.history).values()) != {1}:
        raise NotYet("a word count in which nothing fails: a task was done more than once.")
    for what, job in (("a word count", count), ("an index of words", index)):
        with tempfile.TemporaryDirectory() as folder:
            fatal = _fatal(job[0], Path(folder), 31), job[1]
            _real(answer, f"{what} in which workers die", emails, fatal, job, split_size=10)
    with tempfile.TemporaryDirectory() as folder:
        slow = _slow_once(_one_by_one, Path(folder)), _add
        _real(answer, "a word count in which a worker comes back late", emails, slow, count, split_size=10, deadline=1)


NEVER = "the job never ends"
FRESH = "self.copied.discard(task)\n"
IS_OVERDUE = 'row.state == "running" and now - row.since > self.deadline'
ITS_OWN = 'if row.state == "running" and row.worker == worker'
COPY = 'row.state == "running" and now - row.since > self.patience and task not in self.copied'


@exercise(
    "coordinator.table",
    title="The table of a coordinator",
    points=5,
    stars=3,
    hints=(
        "Begin with your three functions, as methods, and let `assign` return `None` when nothing is waiting. Then "
        "`lost`: which rows does the death of a worker concern? Run the check; its message names the first situation "
        "that goes wrong.",
        "A backup copy: when nothing waits, look for a row that is running, for which `now - row.since > "
        "self.patience`, and whose task is not in `self.copied`. Add it to `self.copied`, and hand it out as you do "
        "with a waiting one. When a task waits again, its copy is gone, too.",
    ),
    wrong=[
        Wrong("never expires", Edits((IS_OVERDUE, "False")), NEVER),
        Wrong("ignores deaths", Edits((ITS_OWN, "if False")), "wait again at once"),
        Wrong("accepts twice", Edits(('if self.rows[task].state == "done"', "if False")), "refuse it"),
        Wrong("makes no copies", Edits((COPY, "False")), "no backup copy"),
        Wrong("copies at once", Edits((" and now - row.since > self.patience", "")), "more than once"),
        Wrong("copies a copy", Edits((" and task not in self.copied", "")), "more than one backup copy"),
        Wrong("puts back what is done", Edits((ITS_OWN, "if row.worker == worker")), "which is done"),
        Wrong("expires what is done", Edits((IS_OVERDUE, "now - row.since > self.deadline")), "which is done"),
        Wrong("hands out nothing", Edits(('if row.state == "waiting"', "if False")), NEVER),
        Wrong(
            "hands a task to everybody",
            Edits(('= "running", worker, now', '= "waiting", worker, now')),
            "more than once",
        ),
        Wrong("refuses everything", Edits(("return True", "return False")), NEVER),
        Wrong("has no time", Edits(("worker, now\n", "worker, 0\n")), "more than once"),
    ],
)
def table(answer: Answer, mail: Mail) -> str:
    """Simulated machines, then real processes: the kinds of tests of MIT 6.5840's first lab, on mail."""
    made = answer.on("a deadline of 10 and a patience of 6 seconds")(DEADLINE, PATIENCE)
    for name, inputs in (
        ("add", (0,)),
        ("assign", ("ann", 0)),
        ("expire", (1,)),
        ("accept", (0, "ann", 2)),
        ("lost", ("ann",)),
    ):
        made.member(name)(*inputs)  # so that a method which is not written yet is found first
    _simulated(answer)
    _processes(answer, mail)
    return (
        "Your table survives dead, silent, late and slow workers, simulated and real, and does nothing twice when "
        "nothing fails."
    )
