"""The graph of a Luigi workflow: which task requires which, and how far each is.

A task is done if it is complete. Whether another one is running or has failed is known from the runs of this process,
that is, of `luigi.build` with its local scheduler: call `record_runs` before them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from graphlib import TopologicalSorter
from pathlib import Path
from textwrap import TextWrapper
from typing import Any

import luigi
from luigi.metrics import NoMetricsCollector

__all__ = ["Group", "State", "TaskGraph", "record_runs"]

MOST_NAMES = 14  # tasks of a group in one state; of more that are done or waiting, the text names a few
FEW_NAMES = 5
LONGEST_NAME = 24  # characters
WRAPPED = TextWrapper(width=100, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)


class State(StrEnum):
    """How far a task is."""

    DONE = "done"
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"

    @property
    def sign(self) -> str:
        """One character, so that nobody needs to see colors."""
        return {"done": "✔", "running": "▶", "waiting": "○", "failed": "✘"}[self]


@dataclass(frozen=True)
class Group:
    """The tasks of one family that are equally many steps (`level`) from the start of the workflow."""

    family: str
    level: int
    tasks: tuple[luigi.Task, ...]


class TaskGraph:
    """A task and all that it requires, in groups, with the state of each task as of the last `refresh`.

    What a task only requires while it runs (dynamic requirements) is not part of the graph.
    """

    def __init__(self, task: luigi.Task) -> None:
        """Ask every task what it requires and whether it is complete. Raises what the tasks raise."""
        self.requirements: dict[luigi.Task, list[luigi.Task]] = {}
        found = [task]
        for each in found:  # the list grows
            if each not in self.requirements:
                self.requirements[each] = each.deps()
                found += self.requirements[each]
        self.groups = _groups(self.requirements)
        self.names = {task: name for group in self.groups for task, name in _names(group).items()}
        self.refresh()

    def refresh(self) -> None:
        """Look at the tasks again."""
        self.states = {task: State.DONE if task.complete() else _state_in_runs(task) for task in self.requirements}

    def follow(self) -> None:
        """Take over what the runs of this process have reported, without a look at the tasks."""
        self.states |= {task: _reported[task.task_id] for task in self.requirements if task.task_id in _reported}

    def count(self, *tasks: luigi.Task) -> str:
        """Return how many of these tasks, or of all, are in each state: "11 done, 1 failed"."""
        numbers = Counter(self.states[task] for task in tasks or self.requirements)
        return ", ".join(f"{numbers[state]} {state}" for state in State if numbers[state])

    def __str__(self) -> str:
        """Count the tasks of each group by state and name them: all that failed or run, else a few."""
        total = len(self.requirements)
        lines = [f"{total} task{'s' * (total != 1)}: {self.count()}"]
        for group in self.groups:
            lines.append(f"{group.family}: {self.count(*group.tasks)}")
            if len(group.tasks) > 1:
                for state in (State.FAILED, State.RUNNING, State.DONE, State.WAITING):
                    lines += self._named(state, [task for task in group.tasks if self.states[task] is state])
        return "\n".join(lines)

    def _named(self, state: State, tasks: list[luigi.Task]) -> list[str]:
        folds = state in (State.DONE, State.WAITING) and len(tasks) > MOST_NAMES
        named = tasks[:FEW_NAMES] if folds else tasks
        names = ", ".join(self.names[task] for task in named)
        more = f" and {len(tasks) - FEW_NAMES} more" if folds else ""
        return WRAPPED.wrap(f"{state.sign} {names}{more}") if tasks else []


def _groups(requirements: dict[luigi.Task, list[luigi.Task]]) -> list[Group]:
    levels: dict[luigi.Task, int] = {}
    for task in TopologicalSorter(requirements).static_order():
        levels[task] = 1 + max((levels[required] for required in requirements[task]), default=-1)
    members = defaultdict(list)
    for task in requirements:
        members[levels[task], task.task_family].append(task)
    return [Group(family, level, tuple(tasks)) for (level, family), tasks in sorted(members.items(), key=_by_level)]


def _by_level(item: tuple[tuple[int, str], Any]) -> int:
    return item[0][0]


def _names(group: Group) -> dict[luigi.Task, str]:
    """Name each task by those of its parameters that differ within the group."""
    parameters = [name for name, parameter in group.tasks[0].get_params() if parameter.significant]
    values = {name: [_short(getattr(task, name)) for task in group.tasks] for name in parameters}
    differing = [column for column in values.values() if len(set(column)) > 1]
    if not differing:
        return dict.fromkeys(group.tasks, group.family)
    rows = (", ".join(row)[:LONGEST_NAME] for row in zip(*differing, strict=True))
    return dict(zip(group.tasks, rows, strict=True))


def _short(value: Any) -> str:
    """Return a parameter's value, without the folders above a file."""
    return Path(value).name if isinstance(value, Path | str) and str(value) else str(value)


_reported: dict[str, State] = {}  # by task id
_listeners: list[Callable[[], None]] = []


class Recorder(NoMetricsCollector):  # type: ignore[misc]
    """What Luigi's scheduler calls when a task starts and ends: the place that it offers for collecting metrics."""

    def handle_task_started(self, task: Any) -> None:
        """Record that the task is running."""
        _report(task, State.RUNNING)

    def handle_task_failed(self, task: Any) -> None:
        """Record that it failed."""
        _report(task, State.FAILED)

    def handle_task_done(self, task: Any) -> None:
        """Record that it is done."""
        _report(task, State.DONE)


def record_runs(listener: Callable[[], None] | None = None) -> None:
    """Record from now on what the runs of this process do; call `listener`, the only one, after each change.

    A setting of the user's own for Luigi's metrics stays as it is, and nothing is recorded.
    """
    _listeners[:] = [listener] if listener else []
    settings = luigi.configuration.get_config()
    if settings.get("scheduler", "metrics_collector", None) is None:
        settings.set("scheduler", "metrics_collector", "custom")
        settings.set("scheduler", "metrics_custom_import", f"{__name__}.{Recorder.__name__}")


def _report(task: Any, state: State) -> None:
    _reported[task.id] = state
    for listener in _listeners:
        listener()


def _state_in_runs(task: luigi.Task) -> State:
    """Return whether a task that is not complete failed in the last run; no run is under way when this is asked."""
    return State.FAILED if _reported.get(task.task_id) is State.FAILED else State.WAITING
