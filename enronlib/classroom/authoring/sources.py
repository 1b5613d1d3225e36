"""The source of a lesson: `notebooks/source/NN_name.md`, a notebook as MyST Markdown, written by hand.

What is special in it is written in as few words as jupytext's format allows:

    :setup: true             as the first lines of a code cell: other cells need this one
    :predict: parse.year     … a guess, `predict("parse.year", 2001)`, removed in the student's copy
    :answer: parse.date      … the student writes here
    :check: parse.date       … ends in `check("parse.date", …)`
    :id: by-hand             … a name for the cell, for one without a role; cells without a name get one
    ### Exercise: parse.date     the heading of an exercise; `build` adds its title, stars and points
    % lessons                    the table of all lessons goes here
    +++                          a new text cell begins here
"""

import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from jupytext.myst import MystMetadataParsingError, myst_to_notebook

from enronlib import UserError

__all__ = ["CONTENTS", "MINUTES", "QUESTION", "LessonSource", "Problem", "choose_sources", "read_sources"]

_FOLDER = Path("notebooks", "source")
CONTENTS = "00_start_here"
_ROLES = ("setup", "predict", "answer", "check")  # what an option of a code cell may name

_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
MINUTES = re.compile(r"^\*(\d+) minutes of reading, (\d+) minutes of exercises\*$", re.MULTILINE)
QUESTION = re.compile(r"^\*\*The question:?\*\*:? (.+)$", re.MULTILINE)
_TASK = re.compile(r"### Exercise: ([\w.]+)\n+")
_TABLE = "% lessons"


class Problem(NamedTuple):
    """Something wrong in a lesson. `cell` is the id of the cell, None for the lesson as a whole."""

    cell: str | None
    text: str


@dataclass(frozen=True)
class LessonSource:
    """A lesson as its author writes it."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """The name of the lesson: the file's, without its suffix."""
        return self.path.stem

    @property
    def shown(self) -> str:
        """The path of the source in the project."""
        return (_FOLDER / self.path.name).as_posix()

    @property
    def is_handed_out(self) -> bool:
        """Whether students get a copy: of the lessons and the glossary, not of the template."""
        return re.fullmatch(r"[0-9]{2}_\w+|glossary", self.name) is not None

    @property
    def title(self) -> str:
        """The first heading, such as `02 · Parse one email`; empty if there is none."""
        found = _TITLE.search(self.text)
        return found[1] if found else ""

    @property
    def question(self) -> str:
        """The question the lesson answers; empty if it names none."""
        found = QUESTION.search(self.text)
        return found[1] if found else ""

    @property
    def minutes(self) -> tuple[str, ...]:
        """The minutes of reading and of exercises; empty if it names none."""
        found = MINUTES.search(self.text)
        return found.groups() if found else ()

    @property
    def cells(self) -> list[Any]:
        """The cells, with role and exercise in their metadata and with their final ids."""
        return self._read[0]

    @property
    def lines(self) -> dict[str, int]:
        """The line of the file in which each cell begins, by cell id."""
        return self._read[1]

    def locate(self, problem: Problem) -> str:
        """Return a problem as one line: file, line and what is wrong."""
        line = self.lines.get(problem.cell or "", 1)
        return f"{self.shown}:{line}: {problem.text}"

    @cached_property
    def _read(self) -> tuple[list[Any], dict[str, int]]:
        try:
            book = myst_to_notebook(self.text, add_source_map=True)
        except MystMetadataParsingError as error:
            raise UserError(f"{self.shown}: {str(error).splitlines()[0]}") from None
        lines = self.text.splitlines()
        starts: dict[str, int] = {}
        base = "cell"
        for cell, start in zip(book.cells, book.metadata["source_map"], strict=True):
            options, cell.metadata = cell.metadata, _metadata(cell)
            base = _id(cell, options) or base  # a cell without a name is numbered after the last one that has one
            cell["id"] = next(name for name in _numbered(base) if name not in starts)
            starts[cell.id] = next(at for at in range(start, len(lines)) if lines[at].strip()) + 1
        return book.cells, starts


def read_sources(root: Path) -> dict[str, LessonSource]:
    """Return the sources of all lessons of the project at `root`, by name; raise UserError if there are none."""
    paths = sorted((root / _FOLDER).glob("*.md"))
    if not paths:
        raise UserError(f"there is no {_FOLDER.as_posix()} here: go to the folder of the project")
    return {path.stem: LessonSource(path, path.read_text(encoding="utf-8")) for path in paths}


def choose_sources(sources: Mapping[str, LessonSource], lessons: Collection[str]) -> list[LessonSource]:
    """Return the lessons whose names begin with one of `lessons`, such as `02`; all if it is empty.

    Raises UserError for one that is not the beginning of any name.
    """
    for start in lessons:
        if not any(name.startswith(start) for name in sources):
            raise UserError(f"there is no lesson {start!r}; there are {', '.join(sources)}")
    return [source for name, source in sources.items() if not lessons or name.startswith(tuple(lessons))]


def _metadata(cell: Any) -> dict[str, Any]:
    """Return the metadata of the notebook's cell: role and exercise, and whatever else the source gives."""
    rest = {key: value for key, value in cell.metadata.items() if key not in (*_ROLES, "id")}
    ours: dict[str, Any] = {}
    if cell.cell_type == "markdown":
        if task := _TASK.match(cell.source):
            ours = {"role": "task", "exercise": task[1]}
        elif cell.source == _TABLE:
            ours = {"role": "lessons"}
    for role in _ROLES:
        if role in cell.metadata:
            name = cell.metadata[role]
            ours = {"role": role} if name is True else {"role": role, "exercise": str(name)}
    return rest | ({"enronlib": ours} if ours else {})


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in itertools.count(2))


def _id(cell: Any, options: dict[str, Any]) -> str:
    """Return the id that a cell's option, role or heading gives it; empty if it has none of these."""
    ours = cell.metadata.get("enronlib", {})
    if "id" in options:
        return str(options["id"])
    if "exercise" in ours:
        return f"{ours['role']}-{ours['exercise']}".replace(".", "-")
    if ours:
        return str(ours["role"])
    heading = re.match(r"#+ (.+)", cell.source) if cell.cell_type == "markdown" else None
    return re.sub(r"[^a-z0-9]+", "-", heading[1].lower()).strip("-")[:50] if heading else ""
