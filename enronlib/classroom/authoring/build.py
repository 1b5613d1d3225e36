"""The student's copies of the lessons, made from the solved ones: `notebooks/solutions/x.ipynb` to `notebooks/x.ipynb`.

The solved notebook is the only source. What can be told from elsewhere is written into it as well: the headings and
hints of exercises, the points of their checks, the links between lessons, the map of all lessons.
"""

import copy
import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from enronlib import UserError
from enronlib.classroom.authoring import stubs
from enronlib.classroom.authoring.notebook import (
    KERNEL,
    exercise_name,
    read_notebook,
    role,
    special,
    title,
    write_notebook,
)
from enronlib.classroom.exercise import Exercise, exercises_of, find_exercise

CONTENTS = "00_start_here"
HANDED_OUT = re.compile(r"[0-9]{2}_\w+|glossary")  # other solved notebooks, such as the template, have no copy
MINUTES = re.compile(r"^\*(\d+) minutes of reading, (\d+) minutes of exercises\*$", re.MULTILINE)
QUESTION = re.compile(r"^\*\*The question:?\*\*:? (.+)$", re.MULTILINE)
LINKS = re.compile(r"^(← |\[Contents\]|Next: ).*$\n?", re.MULTILINE)


def build_lessons(root: Path, lessons: Collection[str] = (), *, execute: bool = False) -> list[Path]:
    """Bring the generated parts of the solved notebooks up to date, write the copies, and return the changed files.

    `root` holds `notebooks/solutions`; `lessons` are names or their first letters (`02`), none means all. With
    `execute` the solved notebooks are run, too, and keep their outputs. Raises UserError, with notebook and cell, for
    a lesson that does not hold together; nothing is written then.
    """
    sources = root / "notebooks" / "solutions"
    if not sources.is_dir():
        raise UserError("there is no notebooks/solutions here: go to the folder of the project")
    books = {path.stem: read_notebook(path) for path in sorted(sources.glob("*.ipynb"))}
    wanted = [name for name in books if not lessons or name.startswith(tuple(lessons))]
    made = [(name, complete(name, books[name], books)) for name in wanted]
    copies = [(name, student_copy(name, book)) for name, book in made if HANDED_OUT.fullmatch(name)]
    files = [(sources / f"{name}.ipynb", book) for name, book in made]
    files += [(root / "notebooks" / f"{name}.ipynb", book) for name, book in copies]
    changed = [path for path, book in files if write_notebook(book, path)]
    if execute:
        from enronlib.classroom.authoring.execute import execute_notebook  # noqa: PLC0415  needs a Jupyter kernel

        changed += [path for path, _ in files[: len(made)] if execute_notebook(path) and path not in changed]
    return changed


def complete(lesson: str, source: Any, books: dict[str, Any]) -> Any:
    """Return the solved notebook with its generated parts up to date. `books` are all solved notebooks by name."""
    book = copy.deepcopy(source)
    book.metadata = {
        "enronlib": {"lesson": lesson, "copy": "solution"},
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
    }
    _check_cells(lesson, book)
    cells: list[Any] = []
    for cell in book.cells:
        name = exercise_name(cell)
        if role(cell) == "hints":
            continue
        cells.append(cell)
        if role(cell) == "lessons":
            cell.source = lesson_map(books)
        elif role(cell) == "task":
            cell.source = _with_heading(cell.source, find_exercise(name or ""))
        elif role(cell) == "check":
            exercise = find_exercise(name or "")
            cell.metadata["enronlib"]["points"] = exercise.points
            cells.append(special("hints", hints_text(exercise), name))
    for cell in cells:
        if role(cell) and exercise_name(cell):
            cell["id"] = f"{role(cell)}-{exercise_name(cell)}".replace(".", "-")
        elif role(cell) == "lessons":
            cell["id"] = "lessons"
        cell.metadata = {key: cell.metadata[key] for key in ("enronlib", "tags") if key in cell.metadata}
    book.cells = cells
    if cells and HANDED_OUT.fullmatch(lesson):
        cells[0].source = f"{LINKS.sub('', cells[0].source).rstrip()}\n\n{links(lesson, books)}".strip()
    return book


def student_copy(lesson: str, solved: Any) -> Any:
    """Return the student's copy of a solved notebook: stubs for solutions, no hidden tests, no outputs."""
    book = copy.deepcopy(solved)
    book.metadata["enronlib"]["copy"] = "student"
    for cell in book.cells:
        kind, name = role(cell), exercise_name(cell)
        try:
            cell.source = _for_students(kind, name, cell.source)
        except UserError as error:
            raise UserError(f"{lesson}, {kind} cell of {name}: {error}") from None
        if kind in ("answer", "check", "predict"):
            cell.metadata["deletable"] = False
        if kind == "check":
            cell.metadata["editable"] = False
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
        else:
            cell.source = cell.source.replace("](../images/", "](images/")
    return book


def _for_students(kind: str | None, name: str | None, source: str) -> str:
    """Return a cell's source as students get it. An exercise worth nothing is shown solved: a win to begin with."""
    if kind == "answer":
        return stubs.without_solution(source) if find_exercise(name or "").points else source
    return stubs.as_given(kind, source)


def hints_text(exercise: Exercise) -> str:
    """Return the hints of an exercise as Markdown, each folded."""
    return "\n\n".join(
        f"<details><summary>Hint {number}</summary>\n\n{hint}\n\n</details>"
        for number, hint in enumerate(exercise.hints, 1)
    )


def links(lesson: str, books: dict[str, Any]) -> str:
    """Return the line of links to the lesson before, the contents and the lesson after."""
    names = [name for name in books if HANDED_OUT.fullmatch(name)]
    at = names.index(lesson)
    parts = []
    if at > 0:
        parts.append(f"← [{title(books[names[at - 1]])}]({names[at - 1]}.ipynb)")
    if CONTENTS not in (lesson, names[at - 1]):
        parts.append(f"[Contents]({CONTENTS}.ipynb)")
    if at + 1 < len(names):
        parts.append(f"Next: [{title(books[names[at + 1]])}]({names[at + 1]}.ipynb)")
    return " · ".join(parts)


def lesson_map(books: dict[str, Any]) -> str:
    """Return the table of lessons: title, question, minutes of reading and of exercises."""
    lines = ["| lesson | the question it answers | reading | exercises |", "| --- | --- | --- | --- |"]
    for name, book in books.items():
        if not HANDED_OUT.fullmatch(name):
            continue
        text = "\n".join(cell.source for cell in book.cells[:3])
        question, minutes = QUESTION.search(text), MINUTES.search(text)
        reading, exercises = (f"{part} min" for part in minutes.groups()) if minutes else ("", "")
        lines.append(f"| [{title(book)}]({name}.ipynb) | {question[1] if question else ''} | {reading} | {exercises} |")
    return "\n".join(lines)


def _with_heading(text: str, exercise: Exercise) -> str:
    stars = "★" * exercise.stars + "☆" * (3 - exercise.stars)
    worth = f"{exercise.points} point{'s' * (exercise.points != 1)}" if exercise.points else "already solved"
    heading = f"### Exercise: {exercise.title} {stars} ({worth})"
    return heading + "\n\n" + re.sub(r"\A### Exercise.*\n*", "", text)


def _check_cells(lesson: str, book: Any) -> None:
    """Raise UserError if the lesson's special cells and its exercises do not fit together."""
    seen: Counter[tuple[str | None, str | None]] = Counter()
    for number, cell in enumerate(book.cells, 1):
        place = f"{lesson}, cell {number}"
        kind, name = role(cell), exercise_name(cell)
        has_region = cell.cell_type == "code" and (stubs.BEGIN in cell.source or stubs.END in cell.source)
        if has_region and kind != "answer":
            raise UserError(f"{place}: {stubs.BEGIN} belongs into an answer cell")
        if stubs.BEGIN_HIDDEN in cell.source and kind != "check":
            raise UserError(f"{place}: {stubs.BEGIN_HIDDEN} belongs into a check cell")
        if kind in ("task", "answer", "check"):
            try:
                exercise = find_exercise(name or "")
            except UserError as error:
                raise UserError(f"{place}: {error}") from None
            if exercise.lesson != lesson:
                raise UserError(f"{place}: {name} is an exercise of {exercise.lesson}")
            if kind == "check" and f'check("{name}"' not in cell.source:
                raise UserError(f'{place}: a check cell of {name} must call check("{name}", …)')
        if name and kind != "hints":
            seen[kind, name] += 1
            if seen[kind, name] > 1:
                raise UserError(f"{place}: a second {kind} cell of {name}")
    for exercise in exercises_of(lesson):
        for kind in ("task", "answer", "check"):
            if not seen[kind, exercise.name]:
                raise UserError(f"{lesson}: there is no {kind} cell of {exercise.name}")
