"""A small lesson, three exercises for 10 points, that starts fast: every submission in the zoo is a copy of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from enronlib.classroom.authoring.stubs import as_given
from enronlib.classroom.grading.lessons import Lesson, read_lesson

NAME = "01_numbers"
POINTS = {"numbers.square": 2, "numbers.cube": 3, "numbers.total": 5}
FULL = sum(POINTS.values())

SQUARE = "def square(x):\n    return x * x"
CUBE = "def cube(x):\n    return x ** 3"
TOTAL = "total = sum(NUMBERS)"
WRONG_CUBE = "def cube(x):\n    return x * 2"


def solved() -> Any:
    """Return the solved notebook, as an instructor writes it."""
    cells = [
        new_markdown_cell("# 01 · Numbers", id="title"),
        _cell("setup", None, "NUMBERS = [1, 2, 3]", id="setup"),
        new_markdown_cell("### Exercise: squares", id="task-square"),
        _cell("answer", "numbers.square", _solution("def square(x):", "return x * x")),
        _cell(
            "check",
            "numbers.square",
            'assert square(3) == 9, "look at square(3)"\n### BEGIN HIDDEN TESTS\n'
            'assert square(-2) == 4, "think of numbers below zero"\n### END HIDDEN TESTS',
        ),
        new_code_cell("print(NUMBERS)", id="demo"),
        new_markdown_cell("### Exercise: cubes", id="task-cube"),
        _cell("answer", "numbers.cube", _solution("def cube(x):", "return x ** 3")),
        _cell("check", "numbers.cube", 'assert cube(2) == 8, "look at cube(2)"\nassert cube(-1) == -1'),
        new_markdown_cell("### Exercise: a sum", id="task-total"),
        _cell("answer", "numbers.total", "### BEGIN SOLUTION\ntotal = sum(NUMBERS)\n### END SOLUTION"),
        _cell("check", "numbers.total", 'assert total == 6, "add them all up"'),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "enronlib": {"lesson": NAME}})


def lesson(folder: Path) -> Lesson:
    """Write the solved notebook into a folder and return the lesson in it."""
    path = folder / f"{NAME}.ipynb"
    path.write_text(json.dumps(solved()), encoding="utf-8")
    return read_lesson(path)


def untouched() -> Any:
    """Return the copy a student gets."""
    book = solved()
    book.metadata["enronlib"]["copy"] = "student"
    for cell in book.cells:
        cell.source = as_given(cell.metadata.get("enronlib", {}).get("role"), cell.source)
    return book


def answered(square: str = SQUARE, cube: str = CUBE, total: str = TOTAL) -> Any:
    """Return a student's copy with these answers."""
    book = untouched()
    for name, source in (("square", square), ("cube", cube), ("total", total)):
        answer(book, name).source = source
    return book


def answer(book: Any, name: str) -> Any:
    """Return the answer cell of an exercise."""
    return find(book, f"answer-numbers-{name}")


def check(book: Any, name: str) -> Any:
    """Return the check cell of an exercise."""
    return find(book, f"check-numbers-{name}")


def find(book: Any, cell_id: str) -> Any:
    """Return the cell with this id."""
    return next(cell for cell in book.cells if cell.get("id") == cell_id)


def only(lesson: Lesson, exercise: str) -> Lesson:
    """Return a lesson with one of its exercises alone, which takes a fraction of its time."""
    return replace(
        lesson, cells=tuple(cell for cell in lesson.cells if cell.role == "setup" or cell.exercise == exercise)
    )


def _solution(head: str, body: str) -> str:
    return f"{head}\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION"


def _cell(role: str, exercise: str | None, source: str, id: str | None = None) -> Any:
    ours: dict[str, Any] = {"role": role}
    if exercise:
        ours["exercise"] = exercise
    if role == "check":
        ours["points"] = POINTS[exercise or ""]
    name = id or f"{role}-{exercise}".replace(".", "-")
    return new_code_cell(source, id=name, metadata={"enronlib": ours})
