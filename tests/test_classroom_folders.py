"""Folders and modules that lessons write, and the student's copy of the lessons."""

import sys
from collections.abc import Iterator
from pathlib import Path

import luigi
import pytest
from luigi.task_register import Register

from enronlib import UserError
from enronlib.classroom import handout, load, workspace
from enronlib.classroom.authoring.rehearsal import inside
from enronlib.classroom.handout import copy_lessons, lessons_folder

TASK = "import luigi\n\nclass Plays(luigi.Task):\n    number = {}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path) -> Iterator[Path]:
    """Be in a fresh folder, and leave Python's search path as it was."""
    with inside(tmp_path):
        yield tmp_path


def test_a_workspace_is_a_relative_folder_that_starts_empty() -> None:
    folder = workspace("07_luigi_first_tasks")
    (folder / "old").mkdir()
    (folder / "old" / "count.txt").write_text("a\t1\n", encoding="utf-8")
    assert workspace("07_luigi_first_tasks") == folder == Path("work/07_luigi_first_tasks")
    assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == []


def test_a_folder_that_no_lesson_made_is_never_emptied(here: Path) -> None:
    mine = here / "work" / "07_luigi_first_tasks" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="was not made by a lesson"):
        workspace("07_luigi_first_tasks")
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_module_is_reloaded_even_within_the_same_second() -> None:
    for number in range(10):
        Path("plays.py").write_text(TASK.format(number), encoding="utf-8")
        module = load("plays")
        assert module.Plays.number == number
        assert sys.modules["plays"] is module


def test_luigi_knows_only_the_latest_version_of_a_task() -> None:
    for number in (1, 2):
        Path("plays.py").write_text(TASK.format(number), encoding="utf-8")
        module = load("plays")
    assert Register.get_task_cls("Plays") is module.Plays
    assert luigi.Task in module.Plays.__mro__


def test_a_missing_module_names_the_cell_to_run() -> None:
    with pytest.raises(UserError, match=r"no plays\.py here: run the cell that begins with %%writefile plays\.py"):
        load("plays")


def test_a_standard_module_is_not_replaced(here: Path) -> None:
    import random

    (here / "random.py").write_text("seed = None\n", encoding="utf-8")
    with pytest.raises(UserError, match="there is already a module called random"):
        load("random")
    assert sys.modules["random"] is random


def test_an_error_in_a_module_is_raised_and_can_be_fixed() -> None:
    Path("plays.py").write_text("class Plays(:\n", encoding="utf-8")
    with pytest.raises(SyntaxError):
        load("plays")
    Path("plays.py").write_text(TASK.format(3), encoding="utf-8")
    assert load("plays").Plays.number == 3


@pytest.fixture
def lessons(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for the folder of lessons."""
    folder = here / "lessons"
    folder.mkdir()
    (folder / "images").mkdir()
    for name in ("00_start_here.ipynb", "01_look.ipynb", "images/folders.svg"):
        (folder / name).write_text(f"the lesson {name}", encoding="utf-8")
    monkeypatch.setattr(handout, "lessons_folder", lambda: folder)
    return folder


def test_start_copies_the_lessons(lessons: Path, here: Path) -> None:
    copied, kept = copy_lessons(here / "my" / "lessons")
    assert [path.name for path in copied] == ["00_start_here.ipynb", "01_look.ipynb", "folders.svg"]
    assert kept == []
    assert copied[0].read_bytes() == (lessons / "00_start_here.ipynb").read_bytes()


def test_start_never_overwrites_and_adds_what_is_missing(lessons: Path, here: Path) -> None:
    mine = here / "mine"
    mine.mkdir()
    (mine / "00_start_here.ipynb").write_text("my work", encoding="utf-8")
    copied, kept = copy_lessons(mine)
    assert (copied, kept) == ([mine / "01_look.ipynb", mine / "images/folders.svg"], [mine / "00_start_here.ipynb"])
    assert kept[0].read_text(encoding="utf-8") == "my work"


def test_start_refuses_the_name_of_a_file(lessons: Path, here: Path) -> None:
    (here / "file").touch()
    with pytest.raises(UserError, match="is a file: name a folder"):
        copy_lessons(here / "file")


def test_the_lessons_are_found_from_a_checkout() -> None:
    assert (lessons_folder() / "00_start_here.ipynb").is_file()


def test_modules_of_a_folder_are_forgotten_with_it(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with inside(other):
        Path("plays.py").write_text(TASK.format(1), encoding="utf-8")
        load("plays")
    assert "plays" not in sys.modules
    assert "Plays" not in Register.task_names()
