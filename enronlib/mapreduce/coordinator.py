"""Tasks that survive their workers: a coordinator hands each task out again when its worker dies or is late.

A worker asks for a task, reads it from a file, writes its result to a file, and asks again. The module is for teaching,
on one machine: the coordinator is the calling process, and all ends with it. After Dean and Ghemawat, section 3.3.
"""

import multiprocessing
import secrets
import socket
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import count, islice
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, answer_challenge, deliver_challenge, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import cloudpickle

from enronlib.files import write_bytes
from enronlib.mapreduce.pool import RunTasks, Task, run_packed, unpack
from enronlib.mapreduce.table import TaskTable
from enronlib.processes import default_start_method, main_module_hidden, start_worker

__all__ = ["Coordinator"]

GIVE_UP = 20  # workers that die one after another, while no task is finished
TICK = 0.05  # seconds between two looks at the clock


def work(address: tuple[str, int], key: bytes, folder: Path) -> None:
    """In a worker process: do one task after another, until the coordinator hangs up."""
    start_worker()
    with suppress(EOFError, ConnectionError), Client(address, authkey=key) as coordinator:
        while True:
            task = coordinator.recv()
            with suppress(FileNotFoundError):  # another worker has done it in the meantime
                write_bytes(folder / f"result-{task}", run_packed((folder / f"task-{task}").read_bytes()))
            coordinator.send(task)


class Coordinator:
    """A context manager like `pool.task_runner`, in which a worker that dies costs only time.

    A task may run more than once, even twice at the same time: the files it writes must appear whole, by renaming. A
    message is one number, so no worker, however slow, blocks the coordinator by reading or writing half of it.
    """

    def __init__(self, workers: int, start_method: str | None = None, table: TaskTable | None = None) -> None:
        """Open the socket; workers start with the first task. `table` (by default a new one) decides who does what."""
        self.wanted, self.most = workers, 2 * workers
        self.table = table or TaskTable()
        self.context: Any = multiprocessing.get_context(start_method or default_start_method())
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.key = secrets.token_bytes()
        self.scratch = TemporaryDirectory(prefix="mapreduce-", ignore_cleanup_errors=True)
        self.folder = Path(self.scratch.name)
        self.processes: dict[Any, Any] = {}  # by sentinel, which shows that a process has ended
        self.workers: set[Connection] = set()
        self.free: set[Connection] = set()  # those without a task
        self.numbers = count()
        self.done: set[int] = set()
        self.deaths = 0  # since a task was last done

    def __enter__(self) -> RunTasks:
        """Return the function `run_tasks`."""
        return self.run_tasks

    def run_tasks(self, task: Task, parts: Iterable[Any]) -> Iterator[Any]:
        """Yield `task(number, part)` for each part, in order; parts are read only when they are needed.

        Raises what a task raises, and BrokenProcessPool if workers only die.
        """
        numbered = enumerate(parts)
        under_way: deque[int] = deque()
        while True:
            for number, part in islice(numbered, self.most - len(under_way)):
                under_way.append(next(self.numbers))
                (self.folder / f"task-{under_way[-1]}").write_bytes(cloudpickle.dumps((task, number, part)))
                self.table.add(under_way[-1])
            if not under_way:
                return
            first = under_way.popleft()
            while first not in self.done:
                self.step()
            yield unpack((self.folder / f"result-{first}").read_bytes())

    def step(self) -> None:
        """Start workers where some are missing, wait a moment for news, and hand out what can be done."""
        while len(self.processes) < self.wanted:
            process = self.context.Process(target=work, args=(self.socket.getsockname(), self.key, self.folder))
            with main_module_hidden():
                process.start()
            self.processes[process.sentinel] = process
        for news in wait([self.socket, *self.workers, *self.processes], TICK):
            if news is self.socket:
                self.welcome()
            elif isinstance(news, Connection):
                self.listen(news)
            else:
                self.processes.pop(news).join()
                self.deaths += 1
        if self.deaths >= GIVE_UP:
            raise BrokenProcessPool(f"{self.deaths} workers died one after another: does a task end its process?")
        if self.table.expire(monotonic()):  # a worker may be stuck: one more takes its place
            self.wanted = min(self.wanted + 1, self.most)
        for worker in list(self.free):
            if (task := self.table.assign(worker, monotonic())) is not None:
                self.free.discard(worker)
                with suppress(OSError):  # it died: that will be the next news
                    worker.send(task)

    def welcome(self) -> None:
        """Let a worker in, if it knows the key."""
        worker = Connection(self.socket.accept()[0].detach())
        with suppress(EOFError, OSError, AuthenticationError):  # it died, or is none of ours
            deliver_challenge(worker, self.key)
            answer_challenge(worker, self.key)
            self.workers.add(worker)
            self.free.add(worker)

    def listen(self, worker: Connection) -> None:
        """Hear which task a worker has done, or that it died."""
        try:
            task = worker.recv()
        except (EOFError, OSError):
            self.workers.discard(worker)
            self.free.discard(worker)
            self.table.lost(worker)
            worker.close()
            return
        self.free.add(worker)
        if self.table.accept(task, worker, monotonic()):
            self.done.add(task)
            self.deaths = 0
            (self.folder / f"task-{task}").unlink()

    def __exit__(self, *error: object) -> None:
        """End all workers, also those that still do a task that another one has done."""
        for process in self.processes.values():
            process.kill()
            process.join()
        for worker in self.workers:
            worker.close()
        self.socket.close()
        self.scratch.cleanup()
