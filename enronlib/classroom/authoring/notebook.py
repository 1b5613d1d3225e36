"""Notebooks of lessons: read them, write them, and find their cells by role."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_notebook

from enronlib import UserError
from enronlib.files import write_bytes

__all__ = [
    "code_cells",
    "exercise_name",
    "lesson_notebook",
    "notebook_bytes",
    "read_notebook",
    "role",
    "write_notebook",
]

# The role of a cell is in its metadata: {"enronlib": {"role": "answer", "exercise": "parse.date"}}.
# setup    code that exercises need: imports, paths, helper functions
# task     the text of an exercise
# answer   where the student writes; holds ### BEGIN SOLUTION … ### END SOLUTION
# check    ends in check("name", …)
# hints    the hints of an exercise, folded
# predict  predict("name", guess); the student's copy has no guess
# lessons  the table of all lessons

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def read_notebook(path: Path) -> Any:
    """Return the notebook in the newest format; raise UserError if the file is not a notebook."""
    try:
        return nbformat.v4.upgrade(nbformat.read(path, as_version=4))
    except Exception as error:
        raise UserError(f"{path.name} cannot be read as a notebook ({type(error).__name__})") from error


def write_notebook(notebook: Any, path: Path) -> bool:
    """Write the notebook atomically and return whether the file changed."""
    data = notebook_bytes(notebook)
    if path.is_file() and path.read_bytes() == data:
        return False
    write_bytes(path, data)
    return True


def notebook_bytes(notebook: Any) -> bytes:
    """Return the notebook as the content of a file."""
    text: str = nbformat.writes(notebook, version=4)
    return (text.rstrip("\n") + "\n").encode()


def role(cell: Any) -> str | None:
    """Return the role of a cell, None for a cell without one."""
    found: str | None = cell.metadata.get("enronlib", {}).get("role")
    return found


def exercise_name(cell: Any) -> str | None:
    """Return the name of the exercise (or prediction) that a cell belongs to."""
    found: str | None = cell.metadata.get("enronlib", {}).get("exercise")
    return found


def code_cells(notebook: Any, *roles: str) -> Iterator[Any]:
    """Yield the code cells, or those of the given roles."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and (not roles or role(cell) in roles):
            yield cell


def lesson_notebook(cells: Sequence[Any]) -> Any:
    """Return a new notebook of these cells."""
    return new_notebook(cells=list(cells), metadata={"kernelspec": _KERNEL, "language_info": {"name": "python"}})
