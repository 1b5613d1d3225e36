"""Run tasks one after the other here, or several at once in worker processes: same results, same errors."""

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

from enronlib.processes import default_start_method, start_worker

Task = Callable[[int, Any], Any]  # number of the part, from 0, and the part -> result
RunTasks = Callable[[Task, Iterable[Any]], Iterator[Any]]  # task and parts -> a result for each part, in order


@contextmanager
def task_runner(workers: int, start_method: str | None = None) -> Iterator[RunTasks]:
    """Give a function `run_tasks(task, parts)` that yields `task(number, part)` for each part, in order.

    With one worker tasks run in this process. With more they run in so many processes, started by `start_method`
    ("spawn", "forkserver" or "fork"; the first on Windows and the second elsewhere if None). Tasks may be lambdas and
    functions of a notebook. Raises what a task raises, and BrokenProcessPool when a worker dies.
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
            "A worker process died. Did a task end it, was there too little memory, or does the script that was started"
            ' lack `if __name__ == "__main__":`? With workers=1 the task runs here.'
        )
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def run_here(task: Task, parts: Iterable[Any]) -> Iterator[Any]:
    """Run the tasks in this process."""
    for number, part in enumerate(parts):
        yield task(number, part)


def run_in_workers(pool: ProcessPoolExecutor, ahead: int, task: Task, parts: Iterable[Any]) -> Iterator[Any]:
    """Run the tasks in the processes of a pool, at most `ahead` at a time, so that parts are taken when needed."""
    under_way: deque[Future[bytes]] = deque()
    for number, part in enumerate(parts):
        under_way.append(pool.submit(run_packed, cloudpickle.dumps((task, number, part))))
        if len(under_way) == ahead:
            yield unpack(under_way.popleft())
    while under_way:
        yield unpack(under_way.popleft())


def run_packed(packed: bytes) -> bytes:
    """In a worker: run a task and pack its result, or its error with the traceback, which cannot travel otherwise."""
    task, number, part = cloudpickle.loads(packed)
    try:
        packed = cloudpickle.dumps((task(number, part), None))
    except Exception as error:
        error.add_note("in a worker process:\n" + "".join(traceback.format_tb(error.__traceback__)))
        try:
            packed = cloudpickle.dumps((None, error))
            cloudpickle.loads(packed)
        except Exception:  # an error of a class that cannot be made again from its message
            plain = RuntimeError(f"{type(error).__name__}: {error}")
            plain.__notes__ = error.__notes__
            packed = cloudpickle.dumps((None, plain))
    return packed


def unpack(future: Future[bytes]) -> Any:
    """Return the result of a task, or raise its error."""
    result, error = cloudpickle.loads(future.result())
    if error is not None:
        raise error
    return result
