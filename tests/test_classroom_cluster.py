"""A simulated cluster plays any table of tasks, second by second, always the same way."""

import matplotlib.pyplot as plt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enronlib.classroom.cluster import Event, Machine, Recorded, Row, Rows, done_in, simulate, timeline, times_done
from enronlib.classroom.widgets.player import picture_of, play_run, said
from enronlib.mapreduce import map_reduce
from enronlib.mapreduce.table import TaskTable


def test_a_history_says_who_did_what_when():
    history = simulate(TaskTable(), 2, [Machine("ann", pace=2), Machine("bo", pace=3)])
    assert history == [
        Event(0, "given", "ann", 0),
        Event(0, "given", "bo", 1),
        Event(2, "done", "ann", 0),
        Event(3, "done", "bo", 1),
    ]
    assert done_in(history, 2) == 3


def test_a_machine_dies_with_its_task():
    history = simulate(TaskTable(), 1, [Machine("ann", dies=1), Machine("bo", pace=2)])
    assert Event(1, "died", "ann", 0) in history
    assert done_in(history, 1) == 3


def test_a_silent_machine_goes_on_where_it_stopped():
    history = simulate(TaskTable(), 1, [Machine("ann", pace=3, silent=(1, 10))])
    assert done_in(history, 1) == 13


def test_a_job_that_never_ends_is_cut_off():
    history = simulate(Rows(lambda rows, worker, now: None), 1, [Machine("ann")], seconds=50)
    assert (history, done_in(history, 1)) == ([], None)


@pytest.mark.parametrize("task", [7, "first", -1])
def test_a_task_that_does_not_exist_is_not_handed_out(task):
    with pytest.raises(ValueError, match="none of the tasks 0 to 1"):
        simulate(Rows(lambda rows, worker, now: task), 2, [Machine("ann")])


def test_a_task_that_is_done_is_not_handed_out():
    with pytest.raises(ValueError, match="task 0, which is done"):
        simulate(Rows(lambda rows, worker, now: 0), 2, [Machine("ann")])


def test_rows_work_without_expire_and_accept():
    def assign(rows, worker, now):
        waiting = [task for task, row in rows.items() if row.state == "waiting"]
        if not waiting:
            return None
        rows[waiting[0]] = Row("running", worker, now)
        return waiting[0]

    history = simulate(Rows(assign), 5, [Machine("ann"), Machine("bo")])
    assert times_done(history) == dict.fromkeys(range(5), 1)


@settings(deadline=None)
@given(st.lists(st.builds(Machine, st.uuids().map(str), st.integers(1, 9), st.none() | st.integers(0, 30)), max_size=6))
def test_the_kits_table_gets_everything_done_if_one_machine_lives(machines):
    history = simulate(TaskTable(deadline=20), 10, [Machine("ann"), *machines], seconds=400)
    assert done_in(history, 10) is not None


def test_a_real_run_is_recorded():
    table = Recorded(TaskTable())
    assert list(map_reduce([1, 2, 3], lambda n: [(n, n)], lambda k, v: sum(v), workers=2, survive=table))
    assert set(times_done(table.history).values()) == {1}
    assert {event.worker for event in table.history} <= {"worker 1", "worker 2"}


def test_a_real_run_in_which_nothing_happens_is_given_up():
    class Idle(TaskTable):
        def assign(self, worker, now):
            return None

    with pytest.raises(TimeoutError, match="no task was done"):
        map_reduce([1], lambda n: [(n, n)], lambda k, v: sum(v), workers=1, survive=Recorded(Idle(), patience=0.1))


def test_a_timeline_has_a_row_per_worker_and_a_cross_per_death():
    history = simulate(TaskTable(), 6, [Machine("ann"), Machine("bo", dies=4)])
    (ax,) = timeline(history, "Six tasks").axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["ann", "bo"]
    assert len(ax.lines) == 1
    assert ax.get_title() == "Six tasks"
    plt.close("all")


HISTORY = simulate(TaskTable(deadline=4), 6, [Machine("ann"), Machine("bo", dies=4), Machine("cy", silent=(1, 9))], 20)


def test_a_run_is_played_event_by_event():
    first, last = picture_of(HISTORY, 0), picture_of(HISTORY, len(HISTORY) - 1)
    assert said(HISTORY, 0) == f"Event 1 of {len(HISTORY)}, second 0. ann gets task 0."
    assert ("✘ died" in first.image, "✘ died" in last.image) == (False, True)
    assert repr(last).startswith("bo dies at second 4.\n6 tasks done")


def test_where_nothing_moves_the_end_of_the_run_is_shown(monkeypatch):
    monkeypatch.setenv("ENRONLIB_STRICT", "1")
    assert repr(play_run(HISTORY)) == repr(picture_of(HISTORY, len(HISTORY) - 1))
