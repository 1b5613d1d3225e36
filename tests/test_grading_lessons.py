"""Each lesson, graded: solved it gets all points on any mail, and begun it is nothing to look at.

That unsolved exercises get no points is held by `test_classroom_lessons` and, under nbval, `test_classroom_nbval`.
"""

import json
from pathlib import Path

import nbformat
import pytest

from enronlib import UserError
from enronlib.classroom.extras import missing_extra
from enronlib.classroom.grading.grade import grade_class
from enronlib.classroom.grading.lessons import find_lessons, solutions_folder
from enronlib.classroom.grading.reading import read_handed_in
from enronlib.classroom.grading.transplant import plan_lesson

try:
    LESSONS = find_lessons()
except UserError:
    LESSONS = {}

every_lesson = pytest.mark.parametrize("name", LESSONS)


@every_lesson
def test_a_solved_lesson_gets_all_points_on_any_mail(name: str, tmp_path: Path) -> None:
    if reason := missing_extra(name):
        pytest.skip(reason)
    (tmp_path / f"{name}.ipynb").write_bytes((solutions_folder() / f"{name}.ipynb").read_bytes())
    marks = grade_class([tmp_path], seed=4, progress=False)
    [row] = marks.rows
    said = row.points, [str(each) for each in row.verdicts], row.look
    assert row.points == marks.points, said
    assert not row.look, said


@every_lesson
def test_a_lesson_that_is_only_begun_is_nothing_to_look_at(name: str) -> None:
    book = nbformat.read(solutions_folder() / f"{name}.ipynb", as_version=4)
    for cell, pristine in zip(book.cells, LESSONS[name].cells, strict=True):
        cell.source = f"{pristine.given}\n# to do" if pristine.role == "answer" else pristine.given
    plan = plan_lesson(LESSONS[name], read_handed_in(json.dumps(book).encode()))
    assert plan.was_started
    assert (plan.look, plan.untouched) == ((), frozenset())
