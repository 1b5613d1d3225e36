"""A small cluster for the lesson on workers that die: who does which task when, simulated or recorded.

    Machine     a simulated worker: how fast it is, when it dies, when it says nothing for a while
    simulate    plays a coordinator's table against machines, second by second, without any process
    Recorded    a table of a real run that keeps a history
    timeline    draws a history

A table has the methods of `enronlib.mapreduce.table.TaskTable`.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from enronlib.mapreduce.table import TaskTable

__all__ = ["Event", "Machine", "Recorded", "Row", "Rows", "done_in", "simulate", "spans", "timeline", "times_done"]


class Event(NamedTuple):
    """What happened at a second: a task was "given" to a worker, "done", or "refused"; or a worker "died"."""

    second: float
    what: str
    worker: str
    task: int | None


@dataclass
class Row:
    """A row of a table of tasks: "waiting", "running" or "done"; who has the task, and since which second."""

    state: str = "waiting"
    worker: str | None = None
    since: float = 0


class Rows(TaskTable):
    """A table made of separate functions on a dict of rows, task -> Row: what is not given does nothing."""

    def __init__(
        self,
        assign: Callable[..., int | None],
        expire: Callable[..., list[int]] | None = None,
        accept: Callable[..., bool] | None = None,
        deadline: float = 10,
    ) -> None:
        """Keep the functions `assign(rows, worker, now)`, `expire(rows, now, deadline)` and `accept(rows, task)`."""
        self.rows: dict[int, Row] = {}
        self.functions = assign, expire, accept
        self.deadline = deadline

    def add(self, task: int) -> None:
        """Add a row."""
        self.rows[task] = Row()

    def assign(self, worker: Hashable, now: float) -> int | None:
        """Call the function `assign`."""
        return self.functions[0](self.rows, worker, now)

    def expire(self, now: float) -> list[int]:
        """Call the function `expire`, if there is one."""
        return self.functions[1](self.rows, now, self.deadline) if self.functions[1] else []

    def accept(self, task: int, worker: Hashable, now: float) -> bool:
        """Call the function `accept`; without one, every result is accepted."""
        if self.functions[2]:
            return self.functions[2](self.rows, task)
        self.rows[task].state = "done"
        return True

    def lost(self, worker: Hashable) -> None:
        """Do nothing: nobody says that a worker died."""


@dataclass(frozen=True)
class Machine:
    """A simulated worker: it takes `pace` seconds for a task, and dies at the second `dies`.

    `silent` is a second and a number of seconds: for that long it does nothing and reports nothing.
    """

    name: str
    pace: int = 3
    dies: int | None = None
    silent: tuple[int, int] = (0, 0)

    def is_silent(self, now: int) -> bool:
        """Return whether nothing is heard of the machine."""
        start, length = self.silent
        return start <= now < start + length


def simulate(table: Any, tasks: int, machines: Iterable[Machine], seconds: int = 100) -> list[Event]:
    """Let machines do the tasks 0 to `tasks` - 1 as the table says, for `seconds` at most; return what happened.

    Raises ValueError if the table hands out a task that it was not given, or that is done.
    """
    for task in range(tasks):
        table.add(task)
    alive, history, done = list(machines), list[Event](), set[int]()
    work: dict[str, tuple[int, int]] = {}  # machine -> its task, and the seconds of work that are left
    for now in range(seconds):
        for machine in list(alive):
            name = machine.name
            if machine.dies == now:
                alive.remove(machine)
                history.append(Event(now, "died", name, work.pop(name, (None, 0))[0]))
                table.lost(name)
            elif name in work and not machine.is_silent(now):
                task, left = work[name]
                work[name] = task, left - 1
                if left == 1:
                    del work[name]
                    accepted = table.accept(task, name, now)
                    history.append(Event(now, "done" if accepted else "refused", name, task))
                    done.add(task)
        table.expire(now)
        if len(done) == tasks:
            break
        for machine in alive:
            if machine.name not in work and not machine.is_silent(now):
                given = table.assign(machine.name, now)
                if given is not None:
                    must_be_open(given, tasks, done)
                    work[machine.name] = given, machine.pace
                    history.append(Event(now, "given", machine.name, given))
    return history


def must_be_open(task: Any, tasks: int, done: set[int]) -> None:
    """Raise ValueError if a table must not hand out this task."""
    if task not in range(tasks):
        raise ValueError(f"assign returned {task!r}, which is none of the tasks 0 to {tasks - 1}")
    if task in done:
        raise ValueError(f"assign handed out task {task}, which is done")


def done_in(history: Sequence[Event], tasks: int) -> float | None:
    """Return the second at which the last of the tasks was done, or None if one was never done."""
    done = {event.task: event.second for event in reversed(history) if event.what == "done"}
    return max(done.values()) if len(done) == tasks else None


class Recorded(TaskTable):
    """A table of a real run: it does what another table says and keeps a history, in seconds since it was made."""

    def __init__(self, table: Any, patience: float = 60) -> None:
        """Wrap a table. If no task is done for `patience` seconds, `expire` raises TimeoutError."""
        self.table, self.patience = table, patience
        self.history: list[Event] = []
        self.names: dict[Hashable, str] = {}
        self.tasks = 0
        self.done: set[int] = set()
        self.start = self.progress = time.monotonic()

    def note(self, what: str, worker: Hashable, task: int | None) -> None:
        """Add an event. Workers are named in the order in which they appear."""
        name = self.names.setdefault(worker, f"worker {len(self.names) + 1}")
        self.history.append(Event(time.monotonic() - self.start, what, name, task))

    def add(self, task: int) -> None:
        """Add a task. Tasks are numbered from 0."""
        self.tasks = task + 1
        self.table.add(task)

    def assign(self, worker: Hashable, now: float) -> int | None:
        """Return what the table says. Raises ValueError if that task is not open."""
        task: int | None = self.table.assign(worker, now)
        if task is not None:
            must_be_open(task, self.tasks, self.done)
            self.note("given", worker, task)
        return task

    def accept(self, task: int, worker: Hashable, now: float) -> bool:
        """Return what the table says."""
        accepted: bool = self.table.accept(task, worker, now)
        self.note("done" if accepted else "refused", worker, task)
        self.done.add(task)
        self.progress = time.monotonic()
        return accepted

    def lost(self, worker: Hashable) -> None:
        """Pass it on."""
        self.note("died", worker, None)
        self.table.lost(worker)

    def expire(self, now: float) -> list[int]:
        """Return what the table says. Raises TimeoutError if nothing gets done."""
        if time.monotonic() - self.progress > self.patience and len(self.done) < self.tasks:
            raise TimeoutError(f"no task was done for {self.patience:g} seconds")
        return self.table.expire(now) or []


class Span(NamedTuple):
    """The time a worker had a task, and how it ended: an event's "what", or None if it has not ended."""

    worker: str
    task: int | None
    begin: float
    end: float
    what: str | None


def spans(history: Sequence[Event], now: float) -> list[Span]:
    """Return who had which task from when to when, in order; what has not ended goes on until `now`."""
    found = []
    for number, event in enumerate(history):
        if event.what == "given":
            end = next((each for each in history[number + 1 :] if each.worker == event.worker), None)
            what, second = (end.what, end.second) if end else (None, now)
            found.append(Span(event.worker, event.task, event.second, second, what))
    return found


def timeline(history: Sequence[Event], title: str) -> Any:
    """Draw who did which task when, one row per worker; return the matplotlib figure.

    Blue tasks count. Gray ones were done in vain, or were never finished. A cross marks the death of a worker.
    """
    import matplotlib.pyplot as plt

    from enronlib.charts import BLUE, GREY, VERMILLION, style

    style()
    names = list(dict.fromkeys(event.worker for event in history))
    end = max(event.second for event in history)
    figure, ax = plt.subplots(figsize=(9, 1.4 + 0.5 * len(names)))
    for span in spans(history, end):
        row, seconds = names.index(span.worker), span.end - span.begin
        color = BLUE if span.what == "done" else GREY
        ax.barh(row, seconds, left=span.begin, color=color, edgecolor="white", height=0.7)
        if seconds > end / 40:
            ax.text(span.begin + seconds / 2, row, str(span.task), color="white", ha="center", va="center")
    for event in history:
        if event.what == "died":
            row = names.index(event.worker)
            ax.plot(event.second, row, "X", color=VERMILLION, markersize=12, clip_on=False, zorder=3)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set(title=title, xlabel="seconds", xlim=(0, end))
    return figure


def times_done(history: Iterable[Event]) -> Counter[int | None]:
    """Return how often each task was done, in vain or not."""
    return Counter(event.task for event in history if event.what in ("done", "refused"))
