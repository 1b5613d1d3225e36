"""Run tasks one after another in this process, or several at once in worker processes: same results, same errors.

The standard library's pool, not loky's: there, workers outlive Ctrl-C and a killed parent, and start half as fast.
"""

import multiprocessing
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any

import cloudpickle

from enronlib.processes import default_start_method, main_module_hidden, start_worker

__all__ = ["RunTasks", "Task", "run_packed", "task_runner", "unpack"]

Task = Callable[[int, Any], Any]  # number of the part, from 0, and the part -> result
RunTasks = Callable[[Task, Iterable[Any]], Iterator[Any]]  # task and parts -> one result per part, in order


@contextmanager
def task_runner(workers: int, start_method: str | None = None) -> Iterator[RunTasks]:
    """Provide a function `run_tasks(task, parts)` that yields `task(number, part)` for each part, in order.

    With one worker, tasks run in this process. With more, they run in worker processes, started by `start_method`
    ("spawn", "forkserver" or "fork"; None means "spawn" on Windows, "forkserver" elsewhere). Tasks may be lambdas and
    functions defined in a notebook. Raises what a task raises, and BrokenProcessPool if a worker dies.
    """
    if workers == 1:
        yield run_here
        return
    context = multiprocessing.get_context(start_method or default_start_method())
    pool = ProcessPoolExecutor(workers, context, initializer=start_worker)
    try:
        yield partial(run_in_workers, pool, 2 * workers)
    except BrokenProcessPool as error:
        error.add_note(
            "A worker process died: a task ended it, or memory ran out. To find out, use workers=1, which runs the"
            " tasks in this process."
        )
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def run_here(task: Task, parts: Iterable[Any]) -> Iterator[Any]:
    """Run the tasks in this process."""
    for number, part in enumerate(parts):
        yield task(number, part)


def run_in_workers(pool: ProcessPoolExecutor, ahead: int, task: Task, parts: Iterable[Any]) -> Iterator[Any]:
    """Run the tasks in the processes of a pool, at most `ahead` at a time, so that parts are read only when needed."""
    pending: deque[Future[bytes]] = deque()
    for number, part in enumerate(parts):
        packed = cloudpickle.dumps((task, number, part))
        with main_module_hidden():  # submitting may start a worker
            pending.append(pool.submit(run_packed, packed))
        if len(pending) == ahead:
            yield unpack(pending.popleft().result())
    while pending:
        yield unpack(pending.popleft().result())


def run_packed(packed: bytes) -> bytes:
    """In a worker process: run a task; pack its result or its error, with the traceback as a note (pickle drops it)."""
    task, number, part = cloudpickle.loads(packed)
    try:
        packed = cloudpickle.dumps((task(number, part), None))
    except Exception as error:
        error.add_note("in a worker process:\n" + "".join(traceback.format_tb(error.__traceback__)))
        try:
            packed = cloudpickle.dumps((None, error))
            cloudpickle.loads(packed)
        except Exception:  # the class of the error cannot be pickled
            plain = RuntimeError(f"{type(error).__name__}: {error}")
            plain.__notes__ = error.__notes__
            packed = cloudpickle.dumps((None, plain))
    return packed


def unpack(packed: bytes) -> Any:
    """Return the result of a task, or raise its error."""
    result, error = cloudpickle.loads(packed)
    if error is not None:
        raise error
    return result
