"""Each lesson, graded: the copy in which nothing is solved gets nothing, the solved one everything."""

import copy
import json
from pathlib import Path

import nbformat
import pytest

from enronlib import UserError
from enronlib.classroom.grading.grade import grade_class
from enronlib.classroom.grading.lessons import find_lessons, solutions_folder

try:
    LESSONS = find_lessons()
except UserError:
    LESSONS = {}


@pytest.fixture
def inbox(tmp_path, request):
    name = request.param
    solved = nbformat.read(solutions_folder() / f"{name}.ipynb", as_version=4)
    begun = copy.deepcopy(solved)
    for cell, pristine in zip(begun.cells, LESSONS[name].cells, strict=True):
        cell.source = f"{pristine.given}\n# to do" if pristine.role == "answer" else pristine.given
    for student, book in (("begun", begun), ("solved", solved)):
        (tmp_path / student).mkdir()
        (tmp_path / student / f"{name}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    return tmp_path


@pytest.mark.skipif(not LESSONS, reason="no lessons here")
@pytest.mark.parametrize("inbox", LESSONS, indirect=True)
def test_stubs_score_nothing_and_solutions_everything_on_any_mail(inbox: Path):
    marks = grade_class([inbox], jobs=2, seed=4, progress=False)
    rows = {row.student: row for row in marks.rows}
    said = {name: (row.points, [str(each) for each in row.verdicts], row.look) for name, row in rows.items()}
    assert rows["begun"].points == 0, said["begun"]
    assert rows["solved"].points == marks.points, said["solved"]
    assert not rows["begun"].look, said["begun"]
    assert not rows["solved"].look, said["solved"]
