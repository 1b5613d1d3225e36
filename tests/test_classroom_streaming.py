"""What lesson 15 works with: its day of events is the same each time, and a killed process is noticed."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import dropwhile, takewhile
from pathlib import Path

import pytest

from enronlib.classroom.authoring.sources import read_sources
from enronlib.classroom.streaming import MIDNIGHT, OFFLINE, OFFLINE_TO, day_of_events, die, in_a_process, time_of
from enronlib.classroom.widgets.event_windows import draw_pipeline, picture_of
from enronlib.events.schema import Event, encode, problem_with

ARRIVALS = day_of_events()


def count_nothing(events: Sequence[Event], delay: timedelta) -> tuple[dict[datetime, int], list[Event]]:
    return {}, []


def test_the_day_is_the_same_each_time_and_in_order_of_arrival() -> None:
    assert day_of_events() == ARRIVALS
    assert sorted(ARRIVALS, key=lambda arrival: arrival[0]) == ARRIVALS


def test_every_event_is_good_and_has_an_id_of_its_own() -> None:
    assert {problem_with(encode(event)) for _, event in ARRIVALS} == {""}
    assert len({event["id"] for _, event in ARRIVALS}) == len(ARRIVALS)


def test_only_events_from_the_plane_arrive_hours_late_all_at_once() -> None:
    late = [(when, event) for when, event in ARRIVALS if when - time_of(event) > timedelta(minutes=5)]
    assert {event["username"] for _, event in late} == OFFLINE
    assert {when.replace(minute=0, second=0) for when, _ in late} == {OFFLINE_TO}


def test_a_killed_process_is_noticed_and_an_error_is_raised_here() -> None:
    assert in_a_process(print)
    assert not in_a_process(die)
    with pytest.raises(ValueError, match="invalid literal"):
        in_a_process(int, "x")


@pytest.mark.parametrize("hour", [1, 12, 24])
def test_windows_that_count_nothing_are_drawn_too(hour: int) -> None:
    picture, said = picture_of(count_nothing, ARRIVALS, timedelta(0), hour)
    arrived = sum(when <= MIDNIGHT + timedelta(hours=hour) for when, _ in ARRIVALS)
    assert said.startswith(f"At {hour}:00, {arrived:,} events have arrived.")
    assert picture.image.count("<rect") >= 24


def test_the_boxes_of_the_pipeline_are_in_order_and_one_is_highlighted() -> None:
    words = repr(draw_pipeline())
    assert [box.split(" ")[0] for box in words.split(" -> ")] == ["API", "topic", "job", "tables", "queries"]
    assert draw_pipeline("topic").image != draw_pipeline("job").image != draw_pipeline().image


def test_without_java_one_line_says_so() -> None:
    code = "from enronlib.classroom.streaming import missing_tools; print(missing_tools())"
    shown = subprocess.run(
        [sys.executable, "-c", code], env={"PATH": ""}, capture_output=True, text=True, check=True
    ).stdout
    assert "is not installed" in shown
    assert shown.count("\n") == 1


def test_without_kafka_the_cells_of_the_lesson_that_need_it_do_nothing() -> None:
    cells = read_sources(Path(__file__).parent.parent)["15_events"].cells
    after = dropwhile(lambda cell: not cell.source.startswith("missing = "), cells)
    guarded = list(takewhile(lambda cell: "## Compare with" not in cell.source, after))[1:]
    code = [cell.source for cell in guarded if cell.cell_type == "code"]
    assert len(code) > 10
    names = {"missing": "Java is not installed", "draw_pipeline": draw_pipeline}
    for source in code:
        exec(source, names)
