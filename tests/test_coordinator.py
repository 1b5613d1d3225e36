"""A coordinator loses workers, never work. Real processes are killed, stopped and slowed down here."""

import multiprocessing
import os
import random
import signal
import socket
import threading
import time
from collections import Counter
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Client
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enronlib.corpus import mailboxes, message_files
from enronlib.mapreduce import map_reduce
from enronlib.mapreduce.coordinator import Coordinator
from enronlib.mapreduce.table import TaskTable
from enronlib.messages import plain_text, read_email
from enronlib.words import tokens

METHODS = [m for m in ("forkserver", "spawn", "fork") if m in multiprocessing.get_all_start_methods()]
posix = pytest.mark.skipif(os.name == "nt", reason="Windows cannot stop a process")


# The table alone


def test_tasks_are_handed_out_in_order_each_once():
    table = TaskTable()
    for task in range(3):
        table.add(task)
    assert [table.assign("ann", 0), table.assign("bo", 0), table.assign("cy", 0), table.assign("di", 0)] == [
        0,
        1,
        2,
        None,
    ]


def test_the_task_of_a_dead_worker_waits_again():
    table = TaskTable()
    table.add(7)
    table.assign("ann", 0)
    table.lost("ann")
    assert table.assign("bo", 1) == 7


def test_a_dead_worker_without_a_task_changes_nothing():
    table = TaskTable()
    table.add(7)
    table.lost("ann")
    assert [table.assign("bo", 0), table.assign("cy", 0)] == [7, None]


def test_a_task_whose_copy_still_runs_does_not_wait_again():
    table = TaskTable(deadline=10)
    table.add(7)
    table.assign("ann", 0)
    table.expire(11)
    table.assign("bo", 11)
    table.lost("ann")
    assert table.assign("cy", 12) is None


def test_a_task_is_handed_out_again_after_the_deadline_and_not_before():
    table = TaskTable(deadline=10)
    table.add(7)
    table.assign("ann", 100)
    assert (table.expire(110), table.assign("bo", 110)) == ([], None)
    assert (table.expire(110.1), table.expire(110.2), table.assign("bo", 111)) == ([7], [], 7)
    assert (table.expire(120), table.expire(121.1)) == ([], [7])  # counted from the last time it was handed out


def test_only_the_first_result_of_a_task_counts():
    table = TaskTable(deadline=10)
    table.add(7)
    table.assign("ann", 0)
    table.expire(11)
    table.assign("bo", 11)
    assert (table.accept(7, "ann", 12), table.accept(7, "bo", 13)) == (True, False)


def test_a_task_that_is_done_while_it_waits_for_the_second_time_is_not_handed_out():
    table = TaskTable(deadline=10)
    table.add(7)
    table.assign("ann", 0)
    table.expire(11)
    assert table.accept(7, "ann", 12)
    assert table.assign("bo", 13) is None


def test_a_straggler_gets_one_second_worker_once_nothing_else_is_to_do():
    table = TaskTable()
    for task in range(3):
        table.add(task)
    table.assign("ann", 0)
    table.assign("bo", 0)
    table.accept(1, "bo", 10)  # so a task usually takes 10 seconds
    assert table.assign("bo", 10) == 2
    assert table.accept(2, "bo", 20)
    assert table.assign("bo", 20) is None
    assert table.assign("bo", 20.1) == 0
    assert table.assign("cy", 90) is None


@settings(deadline=None)
@given(st.data())
def test_whoever_dies_or_is_late_every_task_is_accepted_exactly_once(data):
    table, tasks = TaskTable(deadline=5), data.draw(st.integers(1, 6))
    for number in range(tasks):
        table.add(number)
    accepted: list[int] = []
    busy: dict[int, int | None] = dict.fromkeys(range(4))  # worker -> its task; its number grows when it dies
    now = 0.0
    for _ in range(60):
        now += data.draw(st.floats(0, 3))
        table.expire(now)
        worker = data.draw(st.sampled_from(sorted(busy)))
        task: int | None = busy[worker]
        if task is None:
            busy[worker] = table.assign(worker, now)
        elif data.draw(st.booleans()) and len(accepted) < tasks and data.draw(st.booleans()):
            table.lost(worker)
            del busy[worker]
            busy[max(busy, default=0) + 10] = None
        else:
            accepted += [task] if table.accept(task, worker, now) else []
            busy[worker] = None
    for worker in list(busy):  # from here on, all goes well
        for _ in range(3 * tasks):
            now += 100
            table.expire(now)
            task = busy[worker]
            if task is None:
                task = table.assign(worker, now)
            busy[worker] = None
            if task is not None and table.accept(task, worker, now):
                accepted.append(task)
    assert sorted(accepted) == list(range(tasks))


# With processes


def square(number, part):
    return number, part * part


def slow_square(number, part):
    time.sleep(0.05)
    return number, part * part


SQUARES = [(n, n * n) for n in range(40)]


@contextmanager
def leaves_nothing():
    """Check that neither a process nor a temporary folder is left by the block."""
    me = psutil.Process()
    before, others = temporary_folders(), me.children(recursive=True)
    yield
    others += [p for p in me.children() if "multiprocessing." in " ".join(p.cmdline())]
    left = [p for p in me.children(recursive=True) if p not in others and p.status() != psutil.STATUS_ZOMBIE]
    assert left == []
    assert temporary_folders() == before


def temporary_folders():
    import tempfile

    return {path.name for path in Path(tempfile.gettempdir()).glob("mapreduce-*")}


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.mark.parametrize("method", METHODS)
def test_results_come_in_order_under_every_start_method(method):
    with leaves_nothing(), Coordinator(3, method) as run_tasks:
        assert list(run_tasks(square, range(40))) == SQUARES


class NobodyIsLate(TaskTable):
    """A table that gives no task to a second worker: on a busy machine, one of a millisecond may take ten."""

    def straggler(self, now):
        return None


def test_each_task_runs_once_when_nothing_fails_or_is_late(tmp_path):
    def mark(number, part):
        (tmp_path / f"{number}-{os.getpid()}-{time.monotonic_ns()}").touch()

    with Coordinator(3, table=NobodyIsLate()) as run_tasks:
        list(run_tasks(mark, range(40)))
    assert len(list(tmp_path.glob("*-*-*"))) == 40


def test_tasks_run_side_by_side(tmp_path):
    def meet(number, part):
        (tmp_path / f"here-{number}").touch()
        while not (tmp_path / f"here-{1 - number}").exists():
            time.sleep(0.01)

    with Coordinator(2) as run_tasks:
        list(run_tasks(meet, range(2)))


def test_parts_are_read_only_when_they_are_needed():
    read: list[int] = []

    def parts():
        for n in range(100):
            read.append(n)
            yield n

    with Coordinator(2) as run_tasks:
        next(run_tasks(square, parts()))
        assert len(read) <= 4


@posix
@pytest.mark.parametrize("method", METHODS)
def test_killed_workers_cost_nothing_but_time(method):
    results = []
    with leaves_nothing(), ExitStack() as stack:
        coordinator = Coordinator(3, method)
        run_tasks = stack.enter_context(coordinator)
        for result in run_tasks(slow_square, range(40)):
            results.append(result)
            if len(results) % 3 == 0:
                os.kill(random.choice(list(coordinator.processes.values())).pid, signal.SIGKILL)
    assert results == SQUARES


@posix
def test_a_stopped_worker_is_replaced_after_the_deadline_and_its_late_result_does_no_harm(tmp_path):
    def stop_once(number, part):
        flag = tmp_path / f"stopped-{os.getpid()}"
        if number == 0 and not list(tmp_path.glob("stopped-*")):
            flag.touch()
            os.kill(os.getpid(), signal.SIGSTOP)
        return number

    with leaves_nothing(), Coordinator(1, table=TaskTable(deadline=0.5)) as run_tasks:
        results = run_tasks(stop_once, range(60))
        assert next(results) == 0
        (stopped,) = tmp_path.glob("stopped-*")
        os.kill(int(stopped.name.partition("-")[2]), signal.SIGCONT)
        assert list(results) == list(range(1, 60))


def test_a_straggler_does_not_hold_up_the_end(tmp_path):
    def slow_once(number, part):
        if number == 3 and not (tmp_path / "slow").exists():
            (tmp_path / "slow").touch()
            time.sleep(60)

    start = time.monotonic()
    with Coordinator(2) as run_tasks:
        list(run_tasks(slow_once, range(4)))
    assert time.monotonic() - start < 30


def test_an_error_of_a_task_is_raised_not_tried_again(tmp_path):
    def fail(number, part):
        (tmp_path / f"tried-{time.monotonic_ns()}").touch()
        raise KeyError("no such mailbox")

    with leaves_nothing(), pytest.raises(KeyError, match="no such mailbox"), Coordinator(2) as run_tasks:
        list(run_tasks(fail, range(1)))
    assert len(list(tmp_path.glob("tried-*"))) == 1


def test_a_task_that_always_kills_its_worker_is_given_up():
    with leaves_nothing(), pytest.raises(BrokenProcessPool, match="does a task end its process"), Coordinator(2) as run:
        list(run(lambda number, part: os._exit(1), range(3)))


def test_who_does_not_know_the_key_gets_no_task():
    coordinator = Coordinator(1)
    address = coordinator.socket.getsockname()
    assert address[0] == "127.0.0.1"
    refused = []

    def intrude():
        with socket.create_connection(address):
            pass  # hangs up at once
        try:
            Client(address, authkey=b"a guess")
        except (multiprocessing.AuthenticationError, EOFError, OSError) as error:
            refused.append(error)

    intruder = threading.Thread(target=intrude)
    with coordinator as run_tasks:
        intruder.start()
        assert list(run_tasks(slow_square, range(10))) == SQUARES[:10]
        intruder.join()
    assert len(refused) == 1


# As a part of the engine


def words(line):
    return [(word, 1) for word in line.split()]


def add(key, values):
    return sum(values)


@pytest.fixture
def deadly(tmp_path):
    """Return a function that kills its process at random, in up to five processes."""

    def deadly(chance):
        if random.SystemRandom().random() < chance and len(list(tmp_path.glob("dead-*"))) < 5:
            (tmp_path / f"dead-{os.getpid()}").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return deadly


@posix
def test_map_and_reduce_tasks_that_die_give_the_same_counts(deadly, tmp_path):
    lines = [f"w{n % 7} w{n % 11}" for n in range(2000)]

    def mapper(line):
        deadly(0.002)
        return words(line)

    def reducer(key, values):
        deadly(0.2)
        return sum(values)

    with leaves_nothing():
        counted = dict(map_reduce(lines, mapper, reducer, workers=2, split_size=100, survive=True))
    assert counted == Counter(word for line in lines for word in line.split())
    assert list(tmp_path.glob("dead-*"))


def test_without_survive_a_worker_that_dies_ends_the_job():
    with pytest.raises(BrokenProcessPool):
        map_reduce(range(10), lambda n: os._exit(1), add, workers=2)


@posix
@settings(deadline=None, max_examples=5)
@given(st.lists(st.text("ab ", max_size=6), max_size=12))
def test_the_counts_are_those_of_one_process(lines):
    survived = map_reduce(lines, words, add, workers=2, survive=True, split_size=2, start_method="fork")
    assert list(survived) == list(map_reduce(lines, words, add))


@posix
@pytest.mark.skipif("ENRON_REAL_MAIL" not in os.environ, reason="ENRON_REAL_MAIL is not set")
def test_real_mail_is_counted_exactly_while_workers_die(deadly):
    mail = Path(os.environ["ENRON_REAL_MAIL"])
    files = [file for mailbox in mailboxes(mail) for file in message_files(mailbox)][:2000]

    def count(path):
        yield from Counter(tokens(plain_text(read_email(path)))).items()

    def deadly_count(path):
        deadly(0.005)
        yield from count(path)

    with leaves_nothing():
        counted = list(map_reduce(files, deadly_count, add, add, workers=2, split_size=100, survive=True))
    assert counted == list(map_reduce(files, count, add, add))
