"""Lessons under a real pytest with nbval, and executed as `build` does it."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from enronlib.classroom.authoring.execute import execute_notebook
from enronlib.classroom.authoring.notebook import code_cells, lesson_notebook, read_notebook, role, write_notebook
from enronlib.classroom.authoring.sources import Problem
from enronlib.classroom.exercises import exercises_of
from enronlib.classroom.extras import missing_extra

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
STUDENTS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
    STUDENTS = STUDENTS[:1]  # tests/browser runs all of them, and holds the same of each


def nbval(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in ("ENRONLIB_STRICT", "CI")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def copy(source: Path, folder: Path) -> Path:
    (folder / source.name).write_bytes(source.read_bytes())
    return folder / source.name


def test_a_solved_lesson_passes_twice(tmp_path: Path) -> None:
    lesson = copy(NOTEBOOKS / "solutions" / "template.ipynb", tmp_path)
    for _ in range(2):
        run = nbval(tmp_path, lesson.name)
        assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("lesson", STUDENTS, ids=[path.stem for path in STUDENTS])
def test_an_unsolved_lesson_fails_in_its_checks_and_nowhere_else(lesson: Path, tmp_path: Path) -> None:
    if reason := missing_extra(lesson.stem):
        pytest.skip(reason)
    copy(lesson, tmp_path)
    run = nbval(tmp_path, lesson.name, "--junitxml=report.xml")
    failed = [case.get("name", "") for case in ET.parse(tmp_path / "report.xml").iter("testcase") if len(case)]
    unsolved = [exercise.name for exercise in exercises_of(lesson.stem) if exercise.points]
    assert [name.partition(" (")[0] for name in failed] == unsolved
    assert run.stdout.count("not attempted") == len(unsolved)
    assert run.returncode == (1 if unsolved else 0)


def test_what_a_student_saved_as_output_is_not_compared(tmp_path: Path) -> None:
    book = read_notebook(NOTEBOOKS / "00_start_here.ipynb")
    book.cells = [cell for cell in book.cells if role(cell) == "setup"]
    book.cells.append(new_code_cell("import random\nrandom.random()"))
    book.cells[-1].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "0.5"}, execution_count=1)]
    book.cells[-1].execution_count = 1
    write_notebook(book, tmp_path / "mine.ipynb")
    assert nbval(tmp_path, "mine.ipynb").returncode == 0


def test_another_notebook_is_left_to_nbval(tmp_path: Path) -> None:
    other = lesson_notebook(
        [new_code_cell('import os\nassert "ENRONLIB_STRICT" not in os.environ\nassert os.environ["ENRON_MAILDIR"]')]
    )
    write_notebook(other, tmp_path / "other.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "other.ipynb"]
    run = subprocess.run(command, cwd=tmp_path, env={**os.environ, "ENRON_MAILDIR": "x"}, check=False, timeout=120)
    assert run.returncode == 0


def execute(folder: Path, *sources: str) -> list[Any]:
    """Run cells and return them; the notebook is `lesson.ipynb`."""
    book = lesson_notebook([new_code_cell(source) for source in sources])
    assert execute_notebook(book, folder) is None
    write_notebook(book, folder / "lesson.ipynb")
    return list(code_cells(book))


def test_execution_stores_outputs_that_stay_the_same(tmp_path: Path) -> None:
    sources = (
        "%%writefile x.py\na = 1",
        "1 + 1",
        "print('a')\nprint('b')",
        "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()",
    )
    first, second = execute(tmp_path, *sources), execute(tmp_path, *sources)
    assert [cell.outputs for cell in first] == [cell.outputs for cell in second]
    assert [cell.execution_count for cell in first] == [None, 2, 3, 4]
    assert first[0].outputs == []
    assert first[1].outputs[0].data == {"text/plain": "2"}
    assert len(first[3].outputs[0].data["image/png"]) < 20_000
    assert nbval(tmp_path, "lesson.ipynb", "--nbval-current-env").returncode == 0


def test_execution_stores_no_output_that_is_not_compared(tmp_path: Path) -> None:
    timed = new_code_cell("import time\ntime.time()", metadata={"tags": ["nbval-ignore-output"]})
    book = lesson_notebook([timed])
    assert execute_notebook(book, tmp_path) is None
    assert (book.cells[0].outputs, book.cells[0].execution_count) == ([], 1)


def test_execution_ends_at_the_first_error_and_names_the_cell(tmp_path: Path) -> None:
    book = lesson_notebook([new_code_cell("1 + 1"), new_code_cell("1 / 0", id="division"), new_code_cell("1")])
    assert execute_notebook(book, tmp_path) == Problem("division", "ZeroDivisionError: division by zero")
    assert book.cells[-1].execution_count is None
