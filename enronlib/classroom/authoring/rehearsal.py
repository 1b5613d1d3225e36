"""Work through a lesson's exercises without Jupyter: set up, answer, check. For the tests of lessons."""

import contextlib
import linecache
import re
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from enronlib.classroom import session
from enronlib.classroom.authoring.notebook import code_cells, exercise_name, role
from enronlib.classroom.authoring.sources import LessonSource
from enronlib.classroom.authoring.stubs import python
from enronlib.classroom.exercise import Edits, Exercise, Right, Wrong
from enronlib.classroom.folders import forget
from enronlib.classroom.handout import lessons_folder
from enronlib.classroom.surroundings import silence
from enronlib.classroom.verdict import Verdict
from enronlib.processes import environment

__all__ = ["edited_solution", "inside", "known_answer", "rehearse", "solved_lesson"]

NO_EDITS = Edits()


@cache
def solved_lesson(name: str) -> LessonSource:
    """Return the lesson with its solutions: the only function that knows where the tests find them."""
    path = lessons_folder() / "source" / f"{name}.md"
    return LessonSource(path, path.read_text(encoding="utf-8"))


def rehearse(book: Any, folder: Path) -> dict[str, Verdict]:
    """Run the setup, answer and check cells of a notebook in order and return the verdict on each exercise.

    No other cell is run, because an exercise may depend only on setup cells. `folder` is the current folder meanwhile.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    verdicts = {}
    with inside(folder):
        for cell in code_cells(book, "setup", "answer", "check"):
            _run(cell, names)
            if role(cell) == "check":
                name = exercise_name(cell) or ""
                verdicts[name] = session.verdicts[name]
    return verdicts


def known_answer(exercise: Exercise, known: Right | Wrong) -> Any:
    """Return a known answer as the check gets it."""
    return edited_solution(exercise, known.answer) if isinstance(known.answer, Edits) else known.answer


def edited_solution(exercise: Exercise, edits: Edits) -> Any:
    """Return what the lesson passes to its check after these edits to its solution.

    The answer may use those before it, which are solved. The modules that the lesson writes go to the
    current folder. Raises ValueError if an edit does not fit.
    """
    given: list[Any] = []
    names = _names_after_setup(exercise.lesson) | {"check": lambda name, answer: given.append(answer)}
    for cell in code_cells(solved_lesson(exercise.lesson), "setup", "answer", "check"):
        asked = exercise_name(cell) == exercise.name
        if asked or role(cell) == "answer" or _writes_module(cell) or "your_task(" in cell.source:
            with silence():
                _run(cell, names, edits if asked and role(cell) == "answer" else NO_EDITS)
        if given:
            break
    return given[0]


@cache
def _names_after_setup(lesson: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "__main__"}
    outside = environment(ENRON_MAILDIR=None, MPLBACKEND="agg")
    with tempfile.TemporaryDirectory() as folder, inside(Path(folder)), outside, silence():
        for cell in code_cells(solved_lesson(lesson), "setup"):
            _run(cell, names)
    return names


def _run(cell: Any, names: dict[str, Any], edits: Edits = NO_EDITS) -> None:
    """Run a cell with these names. One that begins with `%%writefile` writes its module to the current folder."""
    source = edits.apply(cell.source)
    if module := _writes_module(cell):
        Path(module[1]).write_text(source[module.end() :] + "\n", encoding="utf-8", newline="\n")
    else:
        file = f"<{role(cell)} {exercise_name(cell) or ''}>"
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file  # as IPython does
        exec(compile(python(source), file, "exec"), names)


def _writes_module(cell: Any) -> re.Match[str] | None:
    return re.match(r"%%writefile (\S+)\n", cell.source)


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Make `folder` the current folder for a while; checks show their verdict instead of raising it.

    Modules that are imported from the folder are forgotten at the end.
    """
    path = sys.path.copy()
    try:
        with contextlib.chdir(folder), environment(ENRONLIB_STRICT=None):
            yield
    finally:
        sys.path[:] = path
        here = folder.resolve()
        for name, module in list(sys.modules.items()):
            if Path(getattr(module, "__file__", None) or "/").parent == here:
                forget(name)
