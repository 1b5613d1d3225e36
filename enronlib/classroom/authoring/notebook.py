"""Lessons as notebooks: the roles their cells play, and how they are read, made and written."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from enronlib import UserError
from enronlib.files import write_bytes

# The role of a cell stands in its metadata: {"enronlib": {"role": "answer", "exercise": "parse.date"}}.
# setup    code that exercises lean on: imports, paths, helper functions
# task     text of an exercise; its heading is written by `build`
# answer   where the student writes; holds ### BEGIN SOLUTION … ### END SOLUTION
# check    ends in check("name", …)
# hints    text, written by `build`
# predict  predict("name", guess); the guess is blanked in the student's copy
# lessons  the map of all lessons, written by `build`
ROLES = {"setup", "task", "answer", "check", "hints", "predict", "lessons"}
TEXT_ROLES = {"task", "hints", "lessons"}

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def read_notebook(path: Path) -> Any:
    """Return the notebook in the newest format; raise UserError if the file is none."""
    try:
        return nbformat.v4.upgrade(nbformat.read(path, as_version=4))
    except Exception as error:
        raise UserError(f"{path.name} is not a notebook that can be read ({type(error).__name__})") from error


def write_notebook(notebook: Any, path: Path) -> bool:
    """Write the notebook, whole or not at all, and return whether the file changed."""
    data = (nbformat.writes(notebook, version=4).rstrip("\n") + "\n").encode()
    if path.is_file() and path.read_bytes() == data:
        return False
    write_bytes(path, data)
    return True


def role(cell: Any) -> str | None:
    """Return the role of a cell, None for a cell without one."""
    found: str | None = cell.metadata.get("enronlib", {}).get("role")
    return found


def exercise_name(cell: Any) -> str | None:
    """Return the name of the exercise (or prediction) a cell belongs to."""
    found: str | None = cell.metadata.get("enronlib", {}).get("exercise")
    return found


def code_cells(notebook: Any, *roles: str) -> Iterator[Any]:
    """Yield the code cells, or those of these roles."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and (not roles or role(cell) in roles):
            yield cell


def title(notebook: Any) -> str:
    """Return the lesson's title: the first line of its first cell without the number sign."""
    first = notebook.cells[0].source if notebook.cells else ""
    return str(first.partition("\n")[0]).removeprefix("# ").strip()


# Cells for authors who write a lesson as a script.


def text(source: str) -> Any:
    """Make a cell of Markdown."""
    return new_markdown_cell(source.strip())


def code(source: str) -> Any:
    """Make a cell of code."""
    return new_code_cell(source.strip())


def special(role_name: str, source: str, exercise: str | None = None) -> Any:
    """Make a cell with a role, of the kind the role asks for."""
    cell = text(source) if role_name in TEXT_ROLES else code(source)
    cell.metadata["enronlib"] = {"role": role_name} | ({"exercise": exercise} if exercise else {})
    return cell


def lesson_notebook(cells: Sequence[Any]) -> Any:
    """Make a notebook of cells."""
    return new_notebook(cells=list(cells), metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})
