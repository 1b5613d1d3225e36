"""Every submission in the zoo gets its fair mark or a reason to look, and the class finishes."""

import hashlib
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from enronlib.classroom.grading.grade import grade_class
from enronlib.classroom.grading.marks import Marks
from enronlib.classroom.grading.supervisor import Limits
from tests.zoo.assignment import FULL, lesson
from tests.zoo.submissions import CASES, ENDLESS

LIMITS = Limits(cell=20, submission=90, memory=1_200_000_000, file=50_000_000, processes=100)
HURRIED = replace(LIMITS, cell=2.5)


def digest(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def inbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inbox")
    for name, case in CASES.items():
        path = folder / ("endless" if name in ENDLESS else "others") / f"assignment04_{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(case.make())
    return folder


@pytest.fixture(scope="module")
def before(inbox):
    return digest(inbox)


@pytest.fixture(scope="module")
def rows(inbox, before, tmp_path_factory) -> dict[str, Marks]:
    pristine = lesson(tmp_path_factory.mktemp("lesson"))
    found: dict[str, Marks] = {}
    for name, limits in (("endless", HURRIED), ("others", LIMITS)):
        marks = grade_class([inbox / name], lessons={pristine.name: pristine}, limits=limits, jobs=2, progress=False)
        found |= {row.student: row for row in marks.rows}
    return found


@pytest.mark.parametrize(("name", "case"), CASES.items(), ids=CASES)
def test_the_mark_is_fair_or_the_row_is_to_be_looked_at(rows, name, case):
    row = rows[name]
    said = [str(verdict) for verdict in row.verdicts], row.look, row.remarks
    assert row.status == (case.status or ("look" if row.look else "graded")), said
    if case.points is not None:
        assert row.points == case.points or (case.or_look and row.look), said
    if case.look is not None:
        assert any(case.look in reason for reason in row.look), said
    elif case.points == FULL:
        assert not row.look, said
    if case.remark is not None:
        assert any(case.remark in remark for remark in row.remarks), said


def test_every_submission_has_its_row(rows):
    assert rows.keys() == CASES.keys()


def test_the_inbox_is_as_it_was(rows, inbox, before):
    assert digest(inbox) == before


def test_nothing_is_left_running(rows):
    left = [process.cmdline() for process in psutil.process_iter() if "1234" in _arguments(process)]
    assert left == []


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
