"""Running Luigi tasks: `build` calls luigi.build, in the same way from a notebook, a script and a terminal.

It adds what Luigi leaves to its caller: a progress bar instead of the log, the reason of each failure, processes that
run many tasks and start the same way on every system, a report when one of them dies, and a clear error if there is no
scheduler. What it changes in this process for that, it restores.
"""

import json
import logging
import multiprocessing
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import wait
from pathlib import Path
from queue import Empty
from typing import Any

import luigi
import luigi.interface
import luigi.rpc
import luigi.worker
from luigi.execution_summary import LuigiStatusCode
from luigi.scheduler import Scheduler
from luigi.setup_logging import InterfaceLogging
from tqdm import tqdm

from enronlib import UserError
from enronlib.corpus import printable
from enronlib.processes import (
    WorkerProcess,
    default_start_method,
    default_workers,
    get_ready,
    in_notebook,
    starting_by,
)

__all__ = ["PRELOADED", "Outcome", "build", "find_scheduler", "in_notebook", "name_of"]

PRELOADED = ("enronlib.workflow", "enronlib.parquet")  # what the processes of the workflow need
STATUSES = {-9: "-9 (perhaps out of memory)", 255: "unknown", None: "unknown"}  # 255: its fork server is dead, too
SCHEDULER_RETRIES = 60  # one per second, for tasks that a central scheduler holds back


Result = tuple[Any, ...]  # task id, status, explanation, missing requirements, new requirements


@dataclass(frozen=True)
class Outcome:
    """How a run went: whether everything succeeded, Luigi's summary, and why each mailbox or task failed."""

    succeeded: bool
    summary: str
    failures: dict[str, str]


def build(
    task: luigi.Task,
    *,
    workers: int | None = None,
    scheduler_url: str | None = None,
    start_method: str | None = None,
    verbose: bool = False,
    progress: bool = True,
) -> Outcome:
    """Run a task after everything that it requires, and return how it went.

    `workers` is the number of processes (default: one per core, at most 8); with one, everything runs in this process.
    `start_method` is how they start: "spawn" (the default on Windows), "forkserver" (elsewhere) or "fork".
    `scheduler_url` names a central scheduler to use, `verbose` shows Luigi's log on stderr, `progress` a progress bar
    if stderr is a terminal or a notebook.

    Raises UserError if `workers` is below 1, if nothing answers at `scheduler_url`, if no process can be started, and
    if the task is defined in a notebook, from which other processes cannot import it.
    """
    workers = default_workers() if workers is None else workers
    start_method = start_method or default_start_method()
    if workers < 1:
        raise UserError(f"cannot work with {workers} workers: one or more are needed")
    main = sys.modules["__main__"]
    if is_in_main(task) and not hasattr(main, "__file__") and workers > 1 and start_method != "fork":
        raise UserError(f"{task.task_family} is defined in a notebook: write it to a module or run it with workers=1")
    if scheduler_url:
        find_scheduler(scheduler_url)
    get_ready(*PRELOADED, workers=workers, start_method=start_method)

    factory = WorkerFactory(start_method=start_method, verbose=verbose, progress=progress)
    where = {"scheduler_url": scheduler_url} if scheduler_url else {"local_scheduler": True}
    with starting_by(start_method), luigi_log(shown=verbose):
        for _ in range(SCHEDULER_RETRIES):
            try:
                result = luigi.build(
                    [task], worker_scheduler_factory=factory, detailed_summary=True, workers=workers, **where
                )
            except luigi.rpc.RPCError as error:
                raise UserError(
                    f"the scheduler at {scheduler_url} no longer answers: start it and run again"
                ) from error
            failures = result.worker.failures
            # A central scheduler holds back tasks that another run is doing, and for 10 seconds those it saw done.
            if failures or not scheduler_url or task.complete():
                break
            time.sleep(1)
    if scheduler_url:
        succeeded = task.complete()  # another run may have done, or undone, some of it
    else:
        succeeded = result.status in (LuigiStatusCode.SUCCESS, LuigiStatusCode.SUCCESS_WITH_RETRY)
    return Outcome(
        succeeded=succeeded,
        summary=printable(result.summary_text.strip()),
        failures={printable(name): printable(error) for name, error in failures.items()},
    )


def find_scheduler(url: str) -> None:
    """Raise UserError unless a central scheduler answers at `url`. Luigi itself would try for a minute."""
    import requests  # only needed here

    try:
        requests.get(f"{url.rstrip('/')}/api/is_paused", timeout=5).json()["response"]
    except (requests.RequestException, LookupError, TypeError):
        raise UserError(f"no scheduler answers at {url}: start one with `luigid --address 127.0.0.1`") from None


class Worker(luigi.worker.Worker):
    """Luigi's worker, which schedules the tasks, with a progress bar, `failures` and long-lived processes.

    Luigi's own starts a process for each task, which costs more than the work on a small mailbox.
    """

    def __init__(
        self, scheduler: Any, worker_processes: int, *, start_method: str, verbose: bool, progress: bool
    ) -> None:
        """Take Luigi's scheduler and the number of processes; the rest as in `build`."""
        with no_queue():
            super().__init__(
                scheduler,
                worker_id=f"enronlib-{uuid.uuid4().hex}",  # Luigi's own would name the host and the user
                worker_processes=worker_processes,
                check_complete_on_run=True,  # a task that wrote nothing has failed
                no_install_shutdown_handler=True,
                send_failure_email=False,
                wait_interval=0.2,  # seconds between looks for tasks that take too long
            )
        self.host = ""
        self.failures: dict[str, str] = {}
        self._processes = TaskProcesses(start_method, verbose)
        self._task_result_queue: Any = self._processes
        self._ended: dict[str, bool] = {}  # by task id
        self._bar = ProgressBar(disable=True)
        self._bar_shown = progress and sys.stderr is not None and (sys.stderr.isatty() or in_notebook())

    def run(self) -> bool:
        """Run what was scheduled; return whether all of it succeeded."""
        self._processes.hide_main = not any(is_in_main(task) for task in self._scheduled_tasks.values())
        with ProgressBar(total=0, unit="task", disable=not self._bar_shown) as self._bar:
            self._show_progress()
            return bool(super().run())

    def _generate_worker_info(self) -> list[tuple[str, Any]]:
        return [("workers", self.worker_processes)]

    def _add_task(self, *args: Any, **kwargs: Any) -> None:
        super()._add_task(*args, **kwargs)
        name = name_of(self._scheduled_tasks[kwargs["task_id"]])
        self._ended[kwargs["task_id"]] = kwargs["status"] in ("DONE", "FAILED")
        if kwargs["status"] == "FAILED":
            self.failures[name] = last_line(json.loads(kwargs["expl"]))
        elif kwargs["status"] == "DONE":
            self.failures.pop(name, None)
        self._show_progress()

    def _announce_scheduling_failure(self, task: luigi.Task, expl: str) -> None:
        super()._announce_scheduling_failure(task, expl)
        self.failures[name_of(task)] = last_line(expl)

    def _show_progress(self) -> None:
        self._bar.total = len(self._ended)
        if not self._bar.disable:
            self._bar.update(sum(self._ended.values()) - self._bar.n)

    def _create_task_process(self, task: luigi.Task) -> luigi.worker.TaskProcess:
        process = super()._create_task_process(task)
        return PooledTask(process, self._processes) if process.use_multiprocessing else process


class ProgressBar(tqdm):  # type: ignore[type-arg]
    """A progress bar for one process. The lock that tqdm makes for several would need the resource tracker."""

    _lock = threading.RLock()


class PooledTask:
    """A task that one of the processes runs. Luigi's worker takes it for a process."""

    use_multiprocessing = True
    exitcode = None  # Luigi need not look for dead processes: TaskProcesses reports them

    def __init__(self, process: luigi.worker.TaskProcess, processes: "TaskProcesses") -> None:
        """Take the process that Luigi would start, and the processes to use instead."""
        self.task = process.task
        self.worker_timeout, self.timeout_time = process.worker_timeout, process.timeout_time
        remote = process.status_reporter._scheduler
        self._how = {
            "worker_id": process.worker_id,
            "scheduler": None if isinstance(remote, Scheduler) else remote,  # a local one would be pickled whole
            "check_unfulfilled_deps": process.check_unfulfilled_deps,
            "check_complete_on_run": process.check_complete_on_run,
        }
        self._processes = processes

    def start(self) -> None:
        """Hand the task to a process."""
        self._processes.start(self.task, self._how)

    def is_alive(self) -> bool:
        """Return whether a process is running the task."""
        return self._processes.is_running(self.task)

    def terminate(self) -> None:
        """End the process that runs the task."""
        self._processes.terminate(self.task)


class TaskProcesses:
    """Processes that run one Luigi task after another. Luigi's worker takes them for the queue of results."""

    def __init__(self, start_method: str, verbose: bool) -> None:
        """Start nothing yet: a process starts when a task finds none idle."""
        self.hide_main = True
        self._start_method = start_method
        self._verbose = verbose
        self._idle: list[WorkerProcess] = []
        self._busy: dict[str, WorkerProcess] = {}  # by task id
        self._results: deque[Result] = deque()

    def start(self, task: luigi.Task, how: dict[str, Any]) -> None:
        """Have an idle process run the task, or a new one if there is none."""
        while True:
            process = self._idle.pop() if self._idle else WorkerProcess(self._start_method, hide_main=self.hide_main)
            try:
                process.call(run_task, task, how, self._verbose)
            except OSError:  # it died while it was idle
                process.end(at_once=True)
            else:
                self._busy[task.task_id] = process
                return

    def is_running(self, task: luigi.Task) -> bool:
        """Return whether a process is running the task."""
        return task.task_id in self._busy

    def terminate(self, task: luigi.Task) -> None:
        """Kill the process that runs the task."""
        self._busy.pop(task.task_id).end(at_once=True)

    def get(self, timeout: float) -> Result:
        """Return the next result; raise queue.Empty if there is none within `timeout` seconds."""
        if not self._results:
            task_of = {process.connection: task_id for task_id, process in self._busy.items()}
            for connection in wait(list(task_of), timeout):
                self._collect(task_of[connection])
        if not self._results:
            raise Empty
        return self._results.popleft()

    def put(self, result: Result) -> None:
        """Add a result that did not come from a process."""
        self._results.append(result)

    def close(self) -> None:
        """End all processes; a task that still runs is stopped."""
        for process in self._busy.values():
            process.end(at_once=True)
        for process in self._idle:
            process.end()

    def _collect(self, task_id: str) -> None:
        process = self._busy.pop(task_id)
        try:
            self._results.append(process.result())
            self._idle.append(process)
        except (EOFError, OSError):
            status = process.end(at_once=True)
            reason = f"its process ended without a result, with exit status {STATUSES.get(status, status)}"
            self._results.append((task_id, "FAILED", reason, [], []))


def run_task(task: luigi.Task, how: dict[str, Any], verbose: bool) -> Result:
    """In a worker process: run the task as Luigi does, and return what Luigi's worker wants to know."""
    results = luigi.worker.DequeQueue()
    scheduler, worker_id = how.pop("scheduler") or local_scheduler(), how.pop("worker_id")
    reporter = luigi.worker.TaskStatusReporter(scheduler, task.task_id, worker_id, None)
    with luigi_log(shown=verbose):  # Luigi's log has a traceback for each failure
        luigi.worker.TaskProcess(task, worker_id, results, reporter, use_multiprocessing=True, **how).run()
    return results.pop()  # type: ignore[no-any-return]


@cache
def local_scheduler() -> Scheduler:
    """Return a scheduler that nobody asks, for tasks that report their progress to one."""
    return Scheduler()


class LocalScheduler(Scheduler):
    """Luigi's scheduler without what only several workers need, which costs a look at every task for each task."""

    def count_pending(self, worker: str) -> dict[str, Any]:
        """Return no counts: only a worker that waits for the tasks of others asks for them."""
        state = self._state.get_worker(worker).state
        counts = dict.fromkeys(("n_pending_tasks", "n_unique_pending", "n_pending_last_scheduled"), 0)
        return {**counts, "worker_state": state, "running_tasks": []}


@contextmanager
def no_queue() -> Iterator[None]:
    """Create no queue for processes inside the block: it needs a folder /dev/shm, and our workers do without it."""
    before = multiprocessing.Queue
    multiprocessing.Queue = luigi.worker.DequeQueue  # type: ignore[misc]
    try:
        yield
    finally:
        multiprocessing.Queue = before  # type: ignore[misc]


class WorkerFactory(luigi.interface._WorkerSchedulerFactory):
    """What luigi.build makes its worker with."""

    def __init__(self, **options: Any) -> None:
        """Take the options of Worker."""
        self.options = options

    def create_local_scheduler(self) -> Scheduler:
        """Return a scheduler for this process alone."""
        return LocalScheduler(prune_on_get_work=False, record_task_history=False)

    def create_worker(self, scheduler: Any, worker_processes: int, assistant: bool = False) -> Worker:
        """Return our worker instead of Luigi's."""
        return Worker(scheduler, worker_processes, **self.options)


def is_in_main(task: luigi.Task) -> bool:
    """Return whether the task is defined in the script that was started, or in a notebook."""
    return bool(type(task).__module__ == "__main__")


def name_of(task: luigi.Task) -> str:
    """Return the name of the task's mailbox, or of the task if it has none."""
    mailbox = getattr(task, "mailbox_directory", None)
    return Path(mailbox).name if mailbox else str(task.task_family)


def last_line(error: object) -> str:
    """Return the last line of a traceback, which says what went wrong."""
    text = str(error).split("\nENVIRONMENT: ")[0]  # with which Luigi ends the error of an external program
    return text.strip().split("\n")[-1].removeprefix("enronlib.UserError: ").removeprefix("STDERR: ")


@contextmanager
def luigi_log(*, shown: bool) -> Iterator[None]:
    """Show Luigi's log on stderr within the block, or keep it silent."""
    loggers = [logging.getLogger(name) for name in ("luigi", "luigi-interface")]
    before = [(logger.handlers, logger.level, logger.propagate) for logger in loggers]
    configured = InterfaceLogging._configured
    InterfaceLogging._configured = True
    handler = logging.StreamHandler() if shown else logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    for logger in loggers:
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        InterfaceLogging._configured = configured
        for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
