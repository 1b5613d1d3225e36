"""Run a student's Luigi tasks inside a check: in a temporary folder, in this process, without a log."""

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch

import luigi
from luigi.scheduler import Scheduler
from luigi.task import flatten
from luigi.worker import Worker

from enronlib.classroom.answer import Answer, NotAttempted, NotYet, not_written, sentence

__all__ = [
    "UNWRITABLE",
    "crash",
    "make_task",
    "new_folder",
    "output_path",
    "replaces_output",
    "run_task",
    "stand_in",
    "write_message",
]

UNWRITABLE = ["pipeline", "\ud800"]  # UTF-8 has no form of the second word: an error in the middle of the output


class TaskFailed(NotYet):
    """The run() of a task raised an error."""


@contextmanager
def new_folder() -> Iterator[None]:
    """Make a new folder the current one: paths in verdicts are short, and the student's files are safe."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        yield


def write_message(path: Path, body: str) -> None:
    """Write a small message file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"Subject: Gas\n\n{body}", encoding="utf-8", newline="\n")


def make_task(answer: Answer, name: str, what: str, **parameters: Any) -> Answer:
    """Create the student's task and call what Luigi will call, so that an unwritten method is found first."""
    task = answer.member(name).on(what)(**parameters).is_a(luigi.Task)
    task.member("output")().is_a(luigi.LocalTarget)
    task.member("requires")()
    task.member("complete")()
    return task


def output_path(task: Answer) -> Path:
    """Return the path of a task's output, which is one local target."""
    return Path(task.value.output().path)


def run_task(task: Answer, *, hint: int | None = 1) -> luigi.Task:
    """Run the task, and what it requires, in this process, and return it.

    Raises NotAttempted if the run() of a task is not written yet, TaskFailed if it raises an error, and NotYet if the
    task cannot be scheduled, is not complete after its run, or claims to be complete without an output. Nothing is
    logged, and the lesson's own `luigi.build` is not affected.
    """
    task.is_a(luigi.Task)
    task.member("requires")()  # an unwritten method would stop Luigi before it could say which one it is
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
        advice = "look at requires(), output() and complete(). Does each return what Luigi needs?"
        raise NotYet(f"Luigi could not schedule the task: {advice}", hint)
    name = type(task.value).__name__
    if not task.value.output():
        raise NotYet(f"{name} has no output(): Luigi could not know that it is done.", hint)
    if not task.member("complete")().value:
        raise NotYet(f"{name} ran, but its output is not there: run() must write what output() names.", hint)
    if not all(target.exists() for target in flatten(task.value.output())):
        raise NotYet(f"{name}.complete() says True before there is a file, so Luigi does not run the task.", hint)
    return task.value


def crash(
    task: Answer, when: str, cause: Mock | None = None, advice: str = "run() swallowed the error: do not catch it"
) -> None:
    """Run a task that meets an error. Raises NotYet unless it fails and leaves no output.

    `when` and `advice` are for the verdict. A run() that never calls `cause`, where one is given, need not fail.
    """
    try:
        run_task(task)
    except TaskFailed:
        if output_path(task).exists():
            message = f"when {when}, half a file was left: write through the target, which keeps only whole files."
            raise NotYet(message, hint=2) from None
        return
    except NotYet:
        cause = None  # the error was caught, and the output is missing
    if cause is None or cause.called:
        raise NotYet(f"when {when}, the task must fail; {advice}.", hint=2)


def replaces_output(task: Answer) -> None:
    """Run a complete task once more; raise NotYet if it writes into the old file instead of replacing it.

    Anyone who opens a file that is written in place may see half of it, and so does the next run after a crash.
    """
    path = output_path(task)
    path.write_text("old", encoding="utf-8")
    file = path.stat().st_ino
    with suppress(NotYet):  # a task may refuse to overwrite its output
        task.member("run")()
    if path.exists() and path.stat().st_ino == file and path.read_bytes() != b"old":
        raise NotYet("run() writes straight to the path of its output: write through the target.", hint=2)


@contextmanager
def stand_in(original: Callable[..., Any], module: Any, **options: Any) -> Iterator[Mock]:
    """Replace a function with Mock(**options), where it is defined and wherever the student's module has it."""
    mock = Mock(**options)
    with ExitStack() as stack:
        for owner in (sys.modules[original.__module__], module):
            for name in [name for name, value in vars(owner).items() if value is original]:
                stack.enter_context(patch.object(owner, name, mock))
        yield mock


def _fail(name: str, trace: str, target: object, hint: int | None) -> None:
    """Raise the verdict for a failed task: the last line of its traceback, or what is not written yet."""
    error = trace.strip().splitlines()[-1]
    if error.startswith("FileNotFoundError") and isinstance(target, luigi.LocalTarget):
        path = Path(target.path)
        if path.name in error and not path.parent.exists():
            advice = "write through the target, which also makes the folder"
            raise TaskFailed(f"{name} failed with {error}; {advice}.", hint)
    if not error.startswith("NotImplementedError"):
        raise TaskFailed(sentence(f"{name} failed with {error}"), hint)
    unwritten = re.findall(r"(?m), in (\w+)$", trace)[-1]
    if unwritten == "run":
        raise NotAttempted
    raise NotYet(not_written(f"{name}.run()", unwritten), None)
