"""Run a student's Luigi task inside a check."""

import json
import re
from pathlib import Path

import luigi
from luigi.scheduler import Scheduler
from luigi.task import flatten
from luigi.worker import Worker

from enronlib.classroom.answer import Answer, NotAttempted, NotYet, not_written, sentence


def run_task(task: Answer, *, hint: int | None = 1) -> luigi.Task:
    """Run the task, and what it requires, in this process, and return it.

    Raises NotAttempted when a task's run() is not written yet, NotYet when a task fails, cannot be scheduled, is not
    complete after its run, or says that it is while there is no output. Nothing is logged, and the lesson's own
    `luigi.build` is not affected.
    """
    task.is_a(luigi.Task)
    task.member("requires")()  # a stub in these two would stop Luigi before it could say where
    task.member("output")()
    scheduler = Scheduler()
    with Worker(scheduler=scheduler, worker_processes=1) as worker:
        scheduled = worker.add(task.value)
        worker.run()
    for task_id, failed in scheduler.task_list("FAILED", "").items():
        trace = json.loads(scheduler.fetch_error(task_id)["error"])
        target = task.value.output() if task_id == task.value.task_id else None
        _fail(failed["display_name"].partition("(")[0], trace, target, hint)
    if not scheduled:
        raise NotYet("Luigi could not schedule the task: look at requires(), output() and complete().", hint)
    name = type(task.value).__name__
    if not task.value.output():
        raise NotYet(f"{name} has no output(): Luigi could not know that it is done.", hint)
    if not task.value.complete():
        raise NotYet(f"{name} ran, but its output is not there: run() must write what output() names.", hint)
    if not all(target.exists() for target in flatten(task.value.output())):
        raise NotYet(f"{name}.complete() says True before there is a file, so Luigi does not run the task.", hint)
    return task.value


def crash(task: Answer) -> None:
    """Run a task that cannot write all of its output; raise NotYet if it fails and leaves a file behind."""
    try:
        run_task(task)
    except NotYet:
        if Path(task.value.output().path).exists():
            raise NotYet("after an error in run(), half a file was left: write through the target.", hint=2) from None


def _fail(name: str, trace: str, target: object, hint: int | None) -> None:
    """Tell what a failed task's traceback tells: where it ends, and with what. `target` is what it should make."""
    error = trace.strip().splitlines()[-1]
    if error.startswith("FileNotFoundError") and isinstance(target, luigi.LocalTarget):
        path = Path(target.path)
        if path.name in error and not path.parent.exists():
            raise NotYet(f"{name} failed with {error}; write through the target, which also makes the folder.", hint)
    if not error.startswith("NotImplementedError"):
        raise NotYet(sentence(f"{name} failed with {error}"), hint)
    unwritten = re.findall(r"(?m), in (\w+)$", trace)[-1]
    if unwritten == "run":
        raise NotAttempted
    raise NotYet(not_written(f"{name}.run()", unwritten), None)
