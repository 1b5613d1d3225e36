"""What students get back: their notebooks, executed, with verdicts, decisions and remarks in place."""

import json

import pytest

from enronlib.classroom.grading import grade as grading
from enronlib.classroom.grading.decisions import Row, apply
from enronlib.classroom.grading.grade import grade_class
from enronlib.classroom.grading.returned import answer_outputs, complete
from enronlib.classroom.grading.supervisor import Limits
from tests.zoo.assignment import CUBE, NAME, WRONG_CUBE, answered, find, lesson, untouched
from tests.zoo.submissions import with_own

NOTE = {"cell_type": "markdown", "source": "My own note", "metadata": {}, "id": "note"}


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    pristine = lesson(tmp_path_factory.mktemp("lesson"))
    return {pristine.name: pristine}


@pytest.fixture(scope="module")
def inbox(tmp_path_factory):
    book = with_own(answered(cube=f"{WRONG_CUBE}\nprint('cube', cube(2))"), "'my own ' + 'cell'")
    book.cells.insert(1, NOTE)
    find(book, "demo").source = "print(NUMBERS)\n1 / 0"
    folder = tmp_path_factory.mktemp("in")
    for name, each in (("DoeJane", book), ("RoeJan", untouched())):
        (folder / f"assignment04_{name}.ipynb").write_text(json.dumps(each), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(inbox, lessons, tmp_path_factory):
    folder = tmp_path_factory.mktemp("back")
    marks = grade_class([inbox], lessons=lessons, limits=Limits(cell=20), notebooks=folder, progress=False)
    complete(marks, folder)
    return marks, folder


def read(folder, student="DoeJane"):
    return json.loads((folder / student / f"{NAME}.ipynb").read_text(encoding="utf-8"))


def shown(cell) -> str:
    """Return what a cell displays, as one text."""
    found = []
    for output in cell.get("outputs", []):
        found += [output.get("text", ""), output.get("ename", ""), *output.get("data", {}).values()]
    return "".join("".join(each) for each in found)


def test_the_notebook_has_the_students_cells_and_what_they_displayed(run):
    cells = read(run[1])["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    assert "My own note" in sources
    assert "# 01 · Numbers" in sources
    assert "my own cell" in shown(next(cell for cell in cells if "my own" in "".join(cell["source"])))
    assert "cube 4\n" in shown(next(cell for cell in cells if WRONG_CUBE in "".join(cell["source"])))
    assert any("ZeroDivisionError" in shown(cell) for cell in cells)


def test_verdicts_are_at_their_checks_and_remarks_on_top(run):
    cells = read(run[1])["cells"]
    said = [shown(cell) for cell in cells if cell["metadata"].get("enronlib", {}).get("role") == "check"]
    assert len(said) == 3
    assert "Correct." in said[0]
    assert "Not yet: look at cube(2)\n0 of 3 points." in said[1]
    assert "**7 of 10 points in this lesson.**" in "".join(cells[0]["source"])
    assert "Lesson cells that were changed: 1" in "".join(cells[0]["source"])


def test_hidden_tests_and_solutions_do_not_go_back(run):
    text = json.dumps(read(run[1]))
    assert "BEGIN HIDDEN" not in text
    assert "think of numbers below zero" not in text
    assert "return x ** 3" not in text


def test_a_lesson_that_nobody_started_has_nothing_to_go_back(run):
    assert not (run[1] / "RoeJan").exists()


def test_decisions_made_later_are_put_in_place(run):
    marks, folder = run
    for points in (1, 2):
        complete(apply(marks, [Row("DoeJane", "numbers.cube", points, "nearly <right>")]), folder)
    cells = read(folder)["cells"]
    said = [shown(cell) for cell in cells if cell["metadata"].get("enronlib", {}).get("role") == "check"]
    assert "Your instructor: nearly <right>\n2 of 3 points." in said[1]
    assert "nearly &lt;right&gt;" in said[1]
    assert sum("points in this lesson" in "".join(cell["source"]) for cell in cells) == 1


def test_what_an_answer_displayed_can_be_found(run):
    assert [each["text"] for each in answer_outputs(run[1] / "DoeJane", "numbers.cube")] == [["cube 4\n"]]


def test_asking_for_notebooks_later_runs_the_class_again(inbox, lessons, tmp_path, monkeypatch):
    options = {"lessons": lessons, "journal": tmp_path / "j.jsonl", "resume": True, "progress": False}
    ran = []

    def counting(submission, *arguments):
        ran.append(submission.student)
        return original(submission, *arguments)

    original = grading.grade_submission
    monkeypatch.setattr(grading, "grade_submission", counting)
    for notebooks in (None, None, tmp_path / "back", tmp_path / "back"):
        grade_class([inbox], notebooks=notebooks, **options)
    assert sorted(ran) == ["DoeJane", "DoeJane", "RoeJan", "RoeJan"]
    assert CUBE not in (tmp_path / "back" / "DoeJane" / f"{NAME}.ipynb").read_text(encoding="utf-8")
