"""Read a notebook that a student handed in: keep the source and role of every cell that can be recovered.

`nbformat` rejects what a merge, an old editor or an edit by hand leaves in a file, or repairs it with random ids. A
grader needs only the cells' source and roles, and must say plainly what it could not read.
"""

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["LARGEST", "Cell", "Notebook", "Unreadable", "decoded", "read_handed_in"]

LARGEST = 50_000_000  # bytes of a notebook file, outputs included
MOST_CELLS = 2_000


class Unreadable(Exception):  # noqa: N818  its text is a reason in the table, not an error message
    """This file has no cells that can be read; the text says why."""


@dataclass(frozen=True)
class Cell:
    """A cell of a student's notebook, as far as it matters for grading."""

    kind: str
    """`code`, `markdown` or `raw`."""
    source: str
    role: str | None = None
    exercise: str | None = None
    id: str | None = None
    was_run: bool = False
    """Whether the saved file has an execution count."""


@dataclass(frozen=True)
class Notebook:
    """A student's notebook: its cells, and the lesson that its metadata name."""

    cells: tuple[Cell, ...]
    lesson: str | None = None


def read_handed_in(data: bytes) -> Notebook:
    """Return the notebook in these bytes, in any nbformat from 3 on; raise Unreadable with the reason."""
    if len(data) > LARGEST:
        raise Unreadable(f"larger than {LARGEST // 1_000_000} MB: clear the outputs and save")
    if not data.strip():
        raise Unreadable("the file is empty")
    document = _document(decoded(data))
    cells = document.get("cells")
    match document.get("worksheets"):
        case [{"cells": list(older)}, *_] if cells is None:  # nbformat 3
            cells = older
    if not isinstance(cells, list):
        raise Unreadable("JSON, but not a notebook: it has no cells")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"more than {MOST_CELLS:,} cells, far more than any lesson has")
    return Notebook(tuple(_cell(cell) for cell in cells if isinstance(cell, dict)), _string(document, "lesson"))


def decoded(data: bytes) -> str:
    """Return the text in these bytes, as written by Jupyter, Windows or a spreadsheet."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except RecursionError:
        raise Unreadable("JSON nested too deeply to be a notebook") from None
    except ValueError:
        if "<<<<<<< " in text:
            raise Unreadable("an unfinished git merge: the file has conflict markers (<<<<<<<)") from None
        if text.lstrip()[:1] == "<":
            raise Unreadable("a web page (HTML), not a notebook") from None
        raise Unreadable("the file is damaged or cut off") from None
    if not isinstance(document, dict):
        raise Unreadable("JSON, but not a notebook")
    return document


def _cell(cell: dict[str, Any]) -> Cell:
    source = cell.get("source", cell.get("input"))  # `input` in nbformat 3
    if isinstance(source, list):
        source = "".join(map(str, source))
    return Cell(
        kind=str(cell.get("cell_type", "code")),
        source=source.replace("\r\n", "\n").strip("\n") if isinstance(source, str) else "",
        role=_string(cell, "role"),
        exercise=_string(cell, "exercise"),
        id=cell["id"] if isinstance(cell.get("id"), str) else None,
        was_run=isinstance(cell.get("execution_count"), int),
    )


def _string(node: dict[str, Any], name: str) -> str | None:
    """Return a text in the kit's metadata of a notebook or cell, or None if there is no such text."""
    match node.get("metadata"):
        case {"enronlib": {**ours}} if isinstance(value := ours.get(name), str):
            return value
    return None
