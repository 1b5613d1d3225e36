"""Lesson 10: charts and shares that are right in another way than the lesson's solution."""

import datetime as dt

import pytest
from matplotlib.dates import ConciseDateFormatter, MonthLocator
from matplotlib.figure import Figure

from enronlib.classroom.authoring.rehearsal import edited_solution
from enronlib.classroom.exercise import Edits
from enronlib.classroom.exercises import find_exercise
from enronlib.classroom.verdict import Status, Verdict

MONTHS = [f"2001-{month:02}" for month in range(1, 13)]
FILLING = (
    "All of it comes from the sample, which was invented on purpose, so this says nothing at all about what real "
    "people wrote then."
)


class Own:
    """An answer to chart.own: a chart, drawn by a function, and an explanation."""

    def __init__(self, draw, explanation, **texts):
        self.ax = Figure().add_subplot()
        draw(self.ax)
        self.ax.set(**{"title": "What the mail says", "ylabel": "occurrences"} | texts)
        self.explanation = f"{explanation} {FILLING}"


def hours(ax):
    ax.bar(range(24), [1 + (hour in (8, 9)) for hour in range(24)])


def lengths(ax):
    ax.hist([20, 40, 60, 90, 150, 190, 400, 900])


def days(ax):
    ax.plot([dt.datetime(2001, month, 1) for month in range(1, 13)], range(12))


def concise(ax):
    days(ax)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(MonthLocator()))


def months(ax):
    ax.plot(MONTHS, range(12))


def wild(ax):
    ax.plot([dt.date(1000, 1, 1), dt.date(9000, 1, 1)], [1, 2])


def thinned(ax):
    months(ax)
    ax.set_xticks(range(0, 12, 4))


def fifty_bins(ax):
    ax.hist([number**0.5 for number in range(900)], bins=50)


def by_pandas(ax):
    import pandas as pd

    pd.Series(range(12), index=pd.to_datetime([f"{month}-01" for month in MONTHS])).plot(ax=ax)


def horizontal(ax):
    ax.barh(["gas", "meter"], [30, 20])
    ax.set_xlabel("times said")


def judge(answer) -> Verdict:
    return find_exercise("chart.own").judge(answer)


@pytest.mark.parametrize(
    ("draw", "explanation"),
    [
        (hours, "Most of it is written at 8 and at 9 in the morning."),
        (hours, "Most of it is written at 11:30, shortly before people eat."),
        (hours, "Most of it is written at eight in the morning."),
        (lengths, "Nearly all have fewer than two hundred words."),
        (lengths, "Nearly all have fewer than 200 words."),
        (lengths, "Few have more than 900."),
        (fifty_bins, "Nearly all have more than 10."),
        (days, "It ends in June 2001."),
        (days, "It grew all through 2001."),
        (concise, "It ends in Sep 2001, all at once."),
        (wild, "It ends in June 2001."),
        (months, "It ends in June 2001."),
        (thinned, "It ends in June 2001."),
        (thinned, "It ends in June."),
        (by_pandas, "It ends in June 2001."),
        (horizontal, "It is gas, far ahead of all the rest."),
        (horizontal, "It is said thirty times, or to be exact 30."),
    ],
)
def test_an_explanation_may_name_numbers_and_months_of_the_axes(draw, explanation):
    verdict = judge(Own(draw, explanation))
    assert verdict.status is Status.CORRECT, verdict.message


@pytest.mark.parametrize(
    ("draw", "explanation"),
    [
        (hours, "Most of it is written early, up to 30 a day."),
        (lengths, "Few have more than 3000."),
        (days, "It ends in 2007, which may be one of the last."),
        (months, "It ends when they march away, in 1999."),
        (by_pandas, "It ends in 1999."),
        (horizontal, "It is this one, at about 300, on the longest bar."),
    ],
)
def test_an_explanation_that_names_nothing_in_the_chart_gets_examples(draw, explanation):
    verdict = judge(Own(draw, explanation))
    assert verdict.status is Status.NOT_YET
    assert "name something that the chart shows, such as: " in verdict.message


def test_the_unit_of_the_axis_is_part_of_the_chart():
    assert (
        judge(Own(hours, "Early in the day there are the most messages.", ylabel="messages")).status is Status.CORRECT
    )


def test_the_examples_are_a_few_labels_of_the_chart():
    chart_of_hours = Own(hours, "Most of it is written early.", ylabel="messages")
    assert judge(chart_of_hours).message.splitlines()[0].endswith("such as: 0, 5, 10, …, messages.")


def test_the_praise_claims_only_what_was_checked():
    praise = judge(Own(horizontal, "It is gas, far ahead of all the rest.", title="a b c")).message
    assert praise == "Your chart has a title, labels and an honest axis, and your explanation refers to it."


@pytest.mark.parametrize("digits", [2, 3, 9])
def test_shares_may_be_rounded_to_two_decimals(digits):
    exercise = find_exercise("chart.months")
    edits = Edits(("1000 * hits[month] / words[month]", f"round(1000 * hits[month] / words[month], {digits})"))
    assert exercise.judge(edited_solution(exercise, edits)).status is Status.CORRECT
