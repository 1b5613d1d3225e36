"""The pristine lessons: checks, points and hidden tests come from here, whatever a student hands in."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from enronlib import UserError
from enronlib.classroom.authoring import stubs
from enronlib.classroom.authoring.notebook import exercise_name, read_notebook, role
from enronlib.classroom.handout import lessons_folder

__all__ = ["DEFINITION", "Lesson", "PristineCell", "choose_lessons", "find_lessons", "read_lesson", "solutions_folder"]

DEFINITION = re.compile(r"^(?:async +)?(?:def|class) +(\w+)", re.MULTILINE)
TITLE = re.compile(r"### Exercise: (.+?) *(?:[★☆]|$)", re.MULTILINE)


@dataclass(frozen=True)
class PristineCell:
    """A cell of the lesson, in the instructor's version and in the one handed out."""

    kind: str
    id: str
    role: str | None
    exercise: str | None
    given: str
    """The source in the student's copy: a stub in an answer cell, a check without its hidden tests."""
    full: str
    """The source in the solved notebook."""
    points: int

    @property
    def is_students(self) -> bool:
        """Whether the student writes here."""
        return self.role in ("answer", "predict")

    @property
    def hidden_tests(self) -> int:
        """The number of hidden regions in a check."""
        return len(stubs.regions(self.full, stubs.BEGIN_HIDDEN, stubs.END_HIDDEN)) if self.role == "check" else 0


@dataclass(frozen=True)
class Lesson:
    """A lesson: its name (the file's, without `.ipynb`) and its cells in the instructor's order."""

    name: str
    cells: tuple[PristineCell, ...]

    @cached_property
    def exercises(self) -> dict[str, int]:
        """The points of each exercise, in order. One without a check is marked by hand if its answer has points."""
        checked = {cell.exercise for cell in self.cells if cell.role == "check"}
        found = [
            cell
            for cell in self.cells
            if cell.role == "check" or (cell.role == "answer" and cell.points and cell.exercise not in checked)
        ]
        return {cell.exercise: cell.points for cell in found if cell.exercise}

    @property
    def by_hand(self) -> list[str]:
        """The exercises that have no check."""
        checked = {cell.exercise for cell in self.cells if cell.role == "check"}
        return [name for name in self.exercises if name not in checked]

    @property
    def points(self) -> int:
        """The points of all exercises."""
        return sum(self.exercises.values())

    @property
    def hidden_tests(self) -> int:
        """The number of hidden regions in its checks."""
        return sum(cell.hidden_tests for cell in self.cells)

    def defined_by(self, exercise: str) -> list[str]:
        """Return the functions and classes that the solution of an exercise defines, also in a module it writes."""
        answers = [cell.full for cell in self.cells if cell.role == "answer" and cell.exercise == exercise]
        return [name for answer in answers for name in DEFINITION.findall(answer)]

    @cached_property
    def titles(self) -> dict[str, str]:
        """The title of each exercise whose task cell has one."""
        tasks = [(cell.exercise, TITLE.match(cell.full)) for cell in self.cells if cell.role == "task"]
        return {exercise: found[1] for exercise, found in tasks if exercise and found}


def solutions_folder() -> Path:
    """Return the folder of the solved lessons (in the checkout or the package), or of the copies if there is none."""
    folder = lessons_folder()
    return folder / "solutions" if next((folder / "solutions").glob("*.ipynb"), None) else folder


def find_lessons(folder: Path | None = None) -> dict[str, Lesson]:
    """Return the lessons with exercises in a folder of solved notebooks (default: the kit's own), by name.

    Raises UserError if there are none, or if a check cell has no exercise of its own.
    """
    folder = solutions_folder() if folder is None else folder
    lessons = {path.stem: read_lesson(path) for path in sorted(folder.glob("*.ipynb")) if path.stem[:1] not in "._"}
    lessons = {name: lesson for name, lesson in lessons.items() if lesson.exercises and name != "template"}
    if not lessons:
        raise UserError(f"there is no lesson with exercises in {folder.name}")
    return lessons


def choose_lessons(lessons: Mapping[str, Lesson], wanted: Iterable[str]) -> dict[str, Lesson]:
    """Return the lessons whose names start with these texts (`02`) or numbers (`2`); raise UserError for others."""
    chosen: dict[str, Lesson] = {}
    for name in (each.strip() for each in wanted):
        start = name.zfill(2) if name.isdecimal() else name
        found = {each: lesson for each, lesson in lessons.items() if start and each.startswith(start)}
        if not found:
            raise UserError(f"there is no lesson {name!r}; the lessons are {', '.join(lessons)}")
        chosen |= found
    return chosen


def read_lesson(path: Path) -> Lesson:
    """Return the lesson in a solved notebook, or in a student's copy, which has no hidden tests."""
    lesson = Lesson(path.stem, tuple(_cells(read_notebook(path))))
    checks = [cell.exercise for cell in lesson.cells if cell.role == "check"]
    if None in checks or len(set(checks)) < len(checks):
        raise UserError(f"{path.stem}: each check cell needs an exercise of its own")
    return lesson


def _cells(book: Any) -> Iterator[PristineCell]:
    for number, cell in enumerate(book.cells):
        yield PristineCell(
            kind=cell.cell_type,
            id=cell.get("id", f"cell-{number}"),
            role=role(cell),
            exercise=exercise_name(cell),
            given=stubs.as_given(role(cell), cell.source).strip("\n"),
            full=cell.source.strip("\n"),
            points=int(cell.metadata.get("enronlib", {}).get("points", 0)),
        )
