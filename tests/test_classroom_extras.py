"""Lessons that need an extra: without it they are skipped, and grading says what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from enronlib import UserError
from enronlib.classroom.authoring.build import solved_notebook
from enronlib.classroom.authoring.sources import read_sources
from enronlib.classroom.exercises import all_exercises
from enronlib.classroom.extras import NEEDS, missing_extra
from enronlib.classroom.grading.grade import grade_class
from enronlib.classroom.grading.lessons import solutions_folder

ROOT = Path(__file__).parent.parent
LESSON = "14_learning"
EXTRAS = {"12_columns_sql_dask": "columns", LESSON: "learn"}

every_extra = pytest.mark.parametrize(("lesson", "extra"), EXTRAS.items(), ids=EXTRAS)


@pytest.fixture(autouse=True)
def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "nothing_like_it")
    monkeypatch.setitem(sys.modules, "duckdb", None)  # type: ignore[arg-type]


@every_extra
def test_a_lesson_says_which_extra_is_missing(lesson: str, extra: str) -> None:
    assert missing_extra(lesson).endswith(f"is not installed: python -m pip install 'enronlib[{extra}]'")
    assert missing_extra("02_parse_one_email") == ""


def test_every_lesson_that_needs_an_extra_exists() -> None:
    assert set(NEEDS) <= {exercise.lesson for exercise in all_exercises()}


def test_nbval_skips_the_lesson_with_the_reason(tmp_path: Path) -> None:
    solved = solutions_folder() / f"{LESSON}.ipynb"
    (tmp_path / solved.name).write_bytes(solved.read_bytes())
    command = [sys.executable, "-m", "pytest", "--nbval", "-rs", "-q", "-p", "no:cacheprovider", solved.name]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert "is not installed: python -m pip install" in run.stdout
    assert "passed" not in run.stdout


def test_grading_says_what_is_missing(tmp_path: Path) -> None:
    solved = solutions_folder() / f"{LESSON}.ipynb"
    (tmp_path / solved.name).write_bytes(solved.read_bytes())
    with pytest.raises(UserError, match=r"14_learning cannot be graded here: .* is not installed"):
        grade_class([tmp_path], progress=False)


@every_extra
def test_the_first_code_cell_says_so_in_its_last_line(lesson: str, extra: str) -> None:
    sources = read_sources(ROOT)
    setup = next(cell for cell in solved_notebook(sources[lesson], sources).cells if cell.cell_type == "code")
    code = f"import sys\nsys.modules['duckdb'] = None\n{setup.source}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1].endswith(f"is not installed: python -m pip install 'enronlib[{extra}]'")
