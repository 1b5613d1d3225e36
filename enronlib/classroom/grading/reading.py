"""Read a notebook as a student may hand it in: whatever can still be made out of it is kept, outputs never are.

`nbformat` refuses, or mends with random ids, what a merge, an old editor or a hand in the file has done; a grader needs
the cells' text and roles only, and says plainly what it could not read.
"""

import json
from dataclasses import dataclass
from typing import Any

LARGEST = 50_000_000  # bytes of a notebook file, outputs included
MOST_CELLS = 2_000


class Unreadable(Exception):  # noqa: N818  what is wrong with a file, in words for the table
    """No cells can be had from this file; the text says why."""


@dataclass(frozen=True)
class Cell:
    """A cell of a student's notebook: what counts of it."""

    kind: str
    """`code`, `markdown` or `raw`."""
    source: str
    role: str | None = None
    exercise: str | None = None
    id: str | None = None
    was_run: bool = False
    """Whether the saved file says that it was run."""


@dataclass(frozen=True)
class Notebook:
    """A student's notebook: its cells, and the lesson it says it is."""

    cells: tuple[Cell, ...]
    lesson: str | None = None


def read_handed_in(data: bytes) -> Notebook:
    """Return the notebook in these bytes, of any nbformat from 3 on; raise Unreadable, with the reason."""
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
        raise Unreadable("JSON, but no notebook: it has no cells")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"more than {MOST_CELLS:,} cells: no lesson has so many")
    lesson = _ours(document).get("lesson")
    return Notebook(
        tuple(_cell(cell) for cell in cells if isinstance(cell, dict)), lesson if isinstance(lesson, str) else None
    )


def decoded(data: bytes) -> str:
    """Return the text in these bytes, as Jupyter, Windows or a spreadsheet may have written it."""
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
            raise Unreadable("git's merge marks (<<<<<<<) stand in the file: the merge was not finished") from None
        if text.lstrip()[:1] == "<":
            raise Unreadable("a web page (HTML), not a notebook") from None
        raise Unreadable("the file is damaged or cut off") from None
    if not isinstance(document, dict):
        raise Unreadable("JSON, but no notebook")
    return document


def _cell(cell: dict[str, Any]) -> Cell:
    source = cell.get("source", cell.get("input"))  # `input` in nbformat 3
    if isinstance(source, list):
        source = "".join(map(str, source))
    ours = _ours(cell)
    return Cell(
        kind=str(cell.get("cell_type", "code")),
        source=source.replace("\r\n", "\n").strip("\n") if isinstance(source, str) else "",
        role=_string(ours.get("role")),
        exercise=_string(ours.get("exercise")),
        id=_string(cell.get("id")),
        was_run=isinstance(cell.get("execution_count"), int),
    )


def _ours(node: dict[str, Any]) -> dict[str, Any]:
    """Return the kit's part of a notebook's or cell's metadata, whatever stands there."""
    metadata = node.get("metadata")
    ours = metadata.get("enronlib") if isinstance(metadata, dict) else None
    return ours if isinstance(ours, dict) else {}


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None
