"""Running Luigi tasks: `build` calls luigi.build, alike in a notebook, in a script and in a terminal.

It adds what Luigi leaves to its caller: a progress bar in place of the log, the reason of each failure, processes that
start alike on every system, a worker process that dies without a word, and a clear error for a missing scheduler. What
it changes for that in this process it puts back.
"""

import gc
import json
import logging
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import luigi
import luigi.interface
import luigi.rpc
import luigi.worker
from luigi.execution_summary import LuigiStatusCode
from luigi.setup_logging import InterfaceLogging
from tqdm import tqdm

from enronlib import UserError
from enronlib.corpus import printable
from enronlib.processes import (
    default_start_method,
    default_workers,
    get_ready,
    interrupt_held_back,
    main_module_hidden,
    start_worker,
    starting_by,
)

PRELOADED = ("enronlib.workflow", "enronlib.parquet")  # what the processes of the workflow need
PATIENCE = 60  # times a second apart that a central scheduler is asked again for tasks that it holds back


@dataclass(frozen=True)
class Outcome:
    """How a run went: whether all was done, Luigi's summary, and for each task that failed, or its mailbox, why."""

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
    """Run a task after all that it requires, and tell how it went.

    `workers` is the number of processes (default: one a core, 8 at most); one runs everything in this process.
    `start_method` is how they start: "spawn" (the default on Windows), "forkserver" (elsewhere) or "fork".
    `scheduler_url` names a central scheduler to use, `verbose` shows Luigi's log on stderr, `progress` a progress bar
    if stderr is a terminal or a notebook.

    Raises UserError for a number of workers below 1, when nothing answers at `scheduler_url`, and for a task defined in
    a notebook, which other processes cannot import.
    """
    workers = default_workers() if workers is None else workers
    start_method = start_method or default_start_method()
    if workers < 1:
        raise UserError(f"cannot work with {workers} workers: one or more are needed")
    main = sys.modules["__main__"]
    if type(task).__module__ == "__main__" and not hasattr(main, "__file__") and workers > 1 and start_method != "fork":
        raise UserError(f"{task.task_family} is defined in a notebook: write it to a module or run it with workers=1")
    if scheduler_url:
        find_scheduler(scheduler_url)
    get_ready(*PRELOADED, workers=workers, start_method=start_method)

    factory = WorkerFactory(verbose=verbose, progress=progress)
    where = {"scheduler_url": scheduler_url} if scheduler_url else {"local_scheduler": True}
    with starting_by(start_method), luigi_log(shown=verbose):
        for _ in range(PATIENCE):
            try:
                result = luigi.build(
                    [task], worker_scheduler_factory=factory, detailed_summary=True, workers=workers, **where
                )
            except luigi.rpc.RPCError as error:
                raise UserError(
                    f"the scheduler at {scheduler_url} no longer answers: start it and run again"
                ) from error
            failures = result.worker.failures
            # A central scheduler holds back what another run is at, and for 10 seconds what it has seen done before.
            if failures or not scheduler_url or task.complete():
                break
            time.sleep(1)
    if scheduler_url:
        succeeded = task.complete()  # what another run did, or undid, counts as well
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
    """Luigi's worker, which schedules the tasks and starts a process for each, with a progress bar and `failures`."""

    def __init__(self, scheduler: Any, worker_processes: int, *, verbose: bool, progress: bool) -> None:
        """Take Luigi's scheduler and the number of processes; the rest as in `build`."""
        super().__init__(
            scheduler,
            worker_id=f"enronlib-{uuid.uuid4().hex}",  # Luigi's own would name the host and the user
            worker_processes=worker_processes,
            check_complete_on_run=True,  # a task that wrote nothing has failed
            no_install_shutdown_handler=True,
            send_failure_email=False,
            wait_interval=0.2,  # seconds between looks for processes that died
            task_process_context=f"{__name__}.{'aloud' if verbose else 'silently'}",
        )
        self.host = ""
        self.failures: dict[str, str] = {}
        self._status: dict[str, str] = {}
        self._bar = tqdm(disable=True)
        self._bar_shown = progress and sys.stderr is not None and (sys.stderr.isatty() or in_notebook())

    def run(self) -> bool:
        """Run what was scheduled; return whether all of it succeeded."""
        with tqdm(total=0, unit="task", disable=not self._bar_shown) as self._bar:
            self._show_progress()
            return bool(super().run())

    def __exit__(self, *error: object) -> None:
        """Stop what still runs and wait for its end, so that an interrupt leaves no process behind."""
        super().__exit__(*error)
        for process in self._running_tasks.values():
            if process.pid:
                process.join()

    def _generate_worker_info(self) -> list[tuple[str, Any]]:
        return [("workers", self.worker_processes)]

    def _add_task(self, *args: Any, **kwargs: Any) -> None:
        super()._add_task(*args, **kwargs)
        name = name_of(self._scheduled_tasks[kwargs["task_id"]])
        self._status[kwargs["task_id"]] = kwargs["status"]
        if kwargs["status"] == "FAILED":
            self.failures[name] = last_line(json.loads(kwargs["expl"]))
        elif kwargs["status"] == "DONE":
            self.failures.pop(name, None)
        self._show_progress()

    def _announce_scheduling_failure(self, task: luigi.Task, expl: str) -> None:
        super()._announce_scheduling_failure(task, expl)
        self.failures[name_of(task)] = last_line(expl)

    def _show_progress(self) -> None:
        self._bar.total = len(self._status)
        self._bar.update(sum(status in ("DONE", "FAILED") for status in self._status.values()) - self._bar.n)

    def _run_task(self, task_id: str) -> None:
        if self.worker_processes > 1 and type(self._scheduled_tasks[task_id]).__module__ != "__main__":
            with main_module_hidden(), interrupt_held_back():
                super()._run_task(task_id)
        else:
            super()._run_task(task_id)

    def _purge_children(self) -> None:
        """Take a process that ended without a result as failed; Luigi would wait for ever for one that ended with 0."""
        ended = [process for process in self._running_tasks.values() if process.exitcode is not None]
        if self._task_result_queue.empty():  # all that a process sends is there before it ends
            for process in ended:
                reason = f"its process ended without a result, with exit status {process.exitcode}"
                self._task_result_queue.put((process.task.task_id, "FAILED", reason, [], []))
        super()._purge_children()


class WorkerFactory(luigi.interface._WorkerSchedulerFactory):
    """What luigi.build makes its worker with."""

    def __init__(self, **options: Any) -> None:
        """Take the options of Worker."""
        self.options = options

    def create_worker(self, scheduler: Any, worker_processes: int, assistant: bool = False) -> Worker:
        """Return a Worker."""
        return Worker(scheduler, worker_processes, **self.options)


def in_notebook() -> bool:
    """Tell whether IPython is at work, whose stderr is no terminal but shows a progress bar all the same."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def name_of(task: luigi.Task) -> str:
    """Return the name of the task's mailbox, or of the task if it has none."""
    mailbox = getattr(task, "mailbox_directory", None)
    return Path(mailbox).name if mailbox else str(task.task_family)


def last_line(error: object) -> str:
    """Return the last line of a traceback, which tells what went wrong."""
    return str(error).strip().split("\n")[-1].removeprefix("enronlib.UserError: ")


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


@contextmanager
def silently(process: Any, *, shown: bool = False) -> Iterator[None]:
    """Run a task without Luigi's log, which has a traceback for each failure."""
    if process.use_multiprocessing:
        start_worker()
        gc.freeze()  # all that this process was born with stays: no use in looking through it for garbage
    with luigi_log(shown=shown):
        yield


aloud = partial(silently, shown=True)
