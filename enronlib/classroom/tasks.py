"""Run a student's Luigi task inside a check."""

import json
from typing import Any

import luigi
from luigi.scheduler import Scheduler
from luigi.worker import Worker

from enronlib.classroom.answer import Answer, NotAttempted, NotYet


def run_task(task: Answer, *, hint: int | None = 1) -> luigi.Task:
    """Run the task, and what it requires, in this process, and return it.

    Raises NotAttempted when a task raises NotImplementedError, NotYet when a task fails, cannot be scheduled, or is
    not complete after its run. Nothing is logged, and the lesson's own `luigi.build` is not affected.
    """
    task.is_a(luigi.Task)
    task.member("requires")()  # a stub in these two would stop Luigi before it could say where
    task.member("output")()
    scheduler = Scheduler()
    with Worker(scheduler=scheduler, worker_processes=1) as worker:
        scheduled = worker.add(task.value)
        worker.run()
    for task_id, failed in scheduler.task_list("FAILED", "").items():
        _fail(failed["display_name"], _last_line(scheduler, task_id), hint)
    if not scheduled:
        raise NotYet("Luigi could not schedule the task: look at requires(), output() and complete().", hint)
    name = type(task.value).__name__
    if not task.value.output():
        raise NotYet(f"{name} has no output(): Luigi could not know that it is done.", hint)
    if not task.value.complete():
        raise NotYet(f"{name} ran, but its output is not there: run() must write what output() names.", hint)
    return task.value


def _last_line(scheduler: Any, task_id: str) -> str:
    """Return the last line of the traceback of a failed task."""
    return str(json.loads(scheduler.fetch_error(task_id)["error"]).strip().splitlines()[-1])


def _fail(name: str, error: str, hint: int | None) -> None:
    if error.startswith("NotImplementedError"):
        raise NotAttempted
    raise NotYet(f"{name} failed with {error}", hint)
