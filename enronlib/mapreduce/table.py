"""The coordinator's table: which task waits, which runs where and since when, which is done. No process is needed here.

After sections 3.1, 3.3 and 3.6 of Dean and Ghemawat, "MapReduce", OSDI 2004.
"""

import math
import statistics
from collections import deque
from collections.abc import Hashable

__all__ = ["TaskTable"]


class TaskTable:
    """The state of every task: waiting, running (at one worker or more) or done.

    Tasks are numbers, workers are anything hashable, and times are seconds of a clock that never goes back.
    """

    def __init__(self, deadline: float = 60.0) -> None:
        """Make an empty table. A task may be handed out again `deadline` seconds after it was handed out."""
        self.deadline = deadline
        self.waiting: deque[int] = deque()
        self.running: dict[int, dict[Hashable, float]] = {}  # task -> worker -> when the worker got it, in seconds
        self.durations: list[float] = []  # of the tasks that are done, in seconds

    def add(self, task: int) -> None:
        """Add a task, which waits for a worker."""
        self.waiting.append(task)

    def assign(self, worker: Hashable, now: float) -> int | None:
        """Return the task that a free worker is to do, or None if there is nothing to do at the moment."""
        task = self.waiting.popleft() if self.waiting else self.straggler(now)
        if task is not None:
            self.running.setdefault(task, {})[worker] = now
        return task

    def straggler(self, now: float) -> int | None:
        """Return a task that its only worker has had for over twice the usual time: a second worker may be faster."""
        patience = 2 * statistics.median(self.durations) if self.durations else math.inf
        for task, workers in self.running.items():
            if len(workers) == 1 and now - max(workers.values()) > patience:
                return task
        return None

    def accept(self, task: int, worker: Hashable, now: float) -> bool:
        """Record that a worker has done a task; return whether it was the first, so that its result counts."""
        workers = self.running.pop(task, None)
        if workers is None:
            return False
        self.durations.append(now - workers.get(worker, now))
        if task in self.waiting:  # it had been put back
            self.waiting.remove(task)
        return True

    def lost(self, worker: Hashable) -> None:
        """Put back what a worker was doing when it died, unless another worker is doing it, too."""
        for task, workers in self.running.items():
            if workers.pop(worker, None) is not None and not workers:
                self.put_back(task)

    def expire(self, now: float) -> list[int]:
        """Put back the tasks that were last handed out more than `deadline` seconds ago; return them."""
        overdue = [task for task, got in self.running.items() if got and now - max(got.values()) > self.deadline]
        return [task for task in overdue if self.put_back(task)]

    def put_back(self, task: int) -> bool:
        """Let a running task wait again, before all others; return whether it did not wait already."""
        if task in self.waiting:
            return False
        self.waiting.appendleft(task)
        return True
