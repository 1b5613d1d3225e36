"""Put a student's answers into the pristine lesson, so that checks, points and order are the instructor's."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbformat.v4 import new_code_cell

from enronlib.classroom.authoring.notebook import lesson_notebook
from enronlib.classroom.grading.lessons import Lesson, PristineCell
from enronlib.classroom.grading.reading import Cell, Notebook

ALIKE = 0.6  # ratio from which a nameless cell is taken for a changed version of an answer cell
DEFINED = re.compile(r"^(?:(?:async +)?def|class) +(\w+)|^(\w+) *(?::[^=\n]+)?=(?!=)|^%%writefile +(\S+)", re.MULTILINE)
CHECK_CHANGED = "{}: the check cell was changed; the lesson's own was used"
IMPORT_CHECK = "from enronlib.classroom import check\n"


@dataclass(frozen=True)
class Step:
    """One cell to run. `role` is answer, check, hidden (a check with its hidden tests), own (the student's) or None."""

    id: str
    role: str | None
    exercise: str | None
    points: int
    source: str

    @property
    def is_students(self) -> bool:
        """Whether the student wrote it."""
        return self.role in ("answer", "predict", "own")


@dataclass(frozen=True)
class Transplant:
    """What is to be run for one lesson of one student, and what had to be done for it."""

    lesson: Lesson
    steps: tuple[Step, ...]
    remarks: tuple[str, ...]
    look: tuple[str, ...]
    """What a human should look at."""
    untouched: frozenset[str]
    """Exercises whose answer is missing or still the stub."""

    def notebook(self, dropped: Mapping[str, str] = {}) -> Any:
        """Return the notebook to run. `dropped` are the ids of cells that ended the kernel before, with the reason.

        Every cell is new: no output, count, tag or metadata of the student's is in it.
        """
        cells = []
        for step in self.steps:
            if step.id in dropped and not step.is_students:
                continue
            source = f"raise RuntimeError({dropped[step.id]!r})" if step.id in dropped else step.source
            note: dict[str, Any] = {"role": step.role, "exercise": step.exercise, "points": step.points}
            if step.exercise in self.untouched:
                note["untouched"] = True
            if step.exercise and not step.is_students:
                note["defines"] = self.lesson.defined_by(step.exercise)
            cells.append(new_code_cell(source, id=step.id, metadata={"enronlib": note}))
        book = lesson_notebook(cells)
        book.metadata["enronlib"] = {"lesson": self.lesson.name, "copy": "graded"}
        return book


Piece = tuple[str | None, PristineCell | None, str]  # role, the lesson's cell it belongs to, source


def transplant(lesson: Lesson, student: Notebook) -> Transplant:
    """Return the lesson with the student's answers in it; cells find their place by name, then id, then text."""
    match = _Match(lesson, student)
    steps = tuple(
        Step(f"c{number:04}", role, cell.exercise if cell else None, cell.points if cell else 0, source)
        for number, (role, cell, source) in enumerate(_pieces(lesson, match))
    )
    return Transplant(lesson, steps, tuple(match.remarks()), tuple(match.look()), frozenset(match.untouched()))


def _pieces(lesson: Lesson, match: "_Match") -> Iterator[Piece]:
    """Yield what is to be run, in the lesson's order; the student's own cells follow the cell they stood behind."""
    yield from match.extras(-1)
    for place, cell in enumerate(lesson.cells):
        if cell.is_students:
            yield from _answer(match, place, cell)
        elif cell.role == "check":
            yield "check", cell, _own_check(lesson, cell.given)
            if cell.hidden_tests:
                yield "hidden", cell, _own_check(lesson, cell.full)
        else:
            if cell.kind == "code":
                yield None, None, cell.full
            own = match.changed(place, cell)  # a text turned into code, too
            yield from (("own", None, source) for source in own)
        yield from match.extras(place)


def _answer(match: "_Match", place: int, cell: PristineCell) -> Iterator[Piece]:
    """Yield what the student wrote; else the stub, unless a cell of the student's own defines what it would undo."""
    written = match.written(place, cell)
    if not written and not match.defined_elsewhere(cell):
        written = [cell.given]
    yield from ((cell.role, cell, source) for source in written)


def defined(source: str) -> set[str]:
    """Return the names a cell sets at its outermost level, and the file it writes; rough, so that any text will do."""
    return {name for groups in DEFINED.findall(source) for name in groups if name}


def _own_check(lesson: Lesson, source: str) -> str:
    """Return a check cell's source in which `check` is the kit's, even if the student called something else so."""
    is_kits = "check(" in source and any("enronlib.classroom" in cell.full for cell in lesson.cells)
    return IMPORT_CHECK + source if is_kits else source


@dataclass
class _Match:
    """Which cell of the lesson each of the student's cells is."""

    lesson: Lesson
    student: Notebook
    places: list[int | None] = field(init=False)
    how: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        self.places = [None] * len(self.student.cells)
        self.how = Counter()
        named = {_name(cell): at for at, cell in enumerate(self.lesson.cells) if cell.exercise}
        for number, cell in enumerate(self.student.cells):
            self._set(number, named.get(_name(cell)), "name")
        ids = {cell.id: at for at, cell in enumerate(self.lesson.cells)}
        for number, cell in self._unplaced():
            place = ids.get(cell.id or "")
            if place is not None and not self.at(place):
                self._set(number, place, "id")
        self._by_text()

    def _by_text(self) -> None:
        """Place what is left: cells that were not changed, then answers by the names they define, then by likeness."""
        for place, pristine in self._empty():
            same = (number for number, cell in self._unplaced() if cell.source == pristine.given)
            self._set(next(same, None), place, "text")
        for place, pristine in self._empty():
            if not pristine.is_students:
                continue
            names = defined(pristine.given)
            alike = [number for number, cell in self._unplaced() if names & defined(cell.source)]
            if not alike:
                ratios = [(_ratio(pristine.given, cell.source), number) for number, cell in self._unplaced()]
                ratio, number = max(ratios, default=(0.0, 0), key=lambda pair: (pair[0], -pair[1]))
                alike = [number] if ratio >= ALIKE else []
            for number in alike:
                self._set(number, place, "text")

    def _set(self, number: int | None, place: int | None, how: str) -> None:
        if number is not None and place is not None:
            self.places[number] = place
            self.how[how] += self.lesson.cells[place].role in ("answer", "check")

    def _unplaced(self) -> list[tuple[int, Cell]]:
        return [(number, cell) for number, cell in enumerate(self.student.cells) if self.places[number] is None]

    def _empty(self) -> Iterator[tuple[int, PristineCell]]:
        taken = set(self.places)
        return ((place, cell) for place, cell in enumerate(self.lesson.cells) if place not in taken)

    def at(self, place: int) -> list[Cell]:
        """Return the student's versions of a cell of the lesson, in their order."""
        return [cell for cell, at in zip(self.student.cells, self.places, strict=True) if at == place]

    def extras(self, place: int) -> Iterator[Piece]:
        """Yield the student's own code cells that stood behind this cell of the lesson; -1: before all of them."""
        last = -1
        for cell, at in zip(self.student.cells, self.places, strict=True):
            last = last if at is None else at
            if at is None and last == place and cell.kind == "code" and cell.source:
                yield "own", None, cell.source

    def written(self, place: int, pristine: PristineCell) -> list[str]:
        """Return what the student wrote in the copies of an answer cell; untouched stubs are left out."""
        return [cell.source for cell in self.at(place) if cell.source and cell.source != pristine.given]

    def changed(self, place: int, pristine: PristineCell) -> list[str]:
        """Return the versions of a cell of the lesson's that the student changed."""
        known = (pristine.given, pristine.full)
        return [cell.source for cell in self.at(place) if cell.kind == "code" and cell.source not in known]

    def defined_elsewhere(self, pristine: PristineCell) -> bool:
        """Tell whether a cell of the student's own, or once a text, defines what an untouched stub would overwrite."""
        names = defined(pristine.given)
        own = [cell.source for _, cell in self._unplaced() if cell.kind == "code"]
        for place, cell in enumerate(self.lesson.cells):
            own += self.changed(place, cell) if cell.kind != "code" else []
        return any(names & defined(source) for source in own)

    def untouched(self) -> Iterator[str]:
        """Yield the exercises for which the student wrote nothing."""
        for place, cell in enumerate(self.lesson.cells):
            written = self.written(place, cell) or self.defined_elsewhere(cell)
            if cell.role == "answer" and cell.exercise and not written:
                yield cell.exercise

    def remarks(self) -> Iterator[str]:
        """Yield what was odd about the notebook, for the student to read."""
        changed = 0
        for place, pristine in enumerate(self.lesson.cells):
            if pristine.role == "answer":
                yield from self._answer_remarks(place, pristine)
            elif pristine.role == "check":
                found = self.at(place)
                if not found:
                    yield f"{pristine.exercise}: the check cell is missing; the lesson's own was used."
                elif self._tampered(place, pristine):
                    yield f"{CHECK_CHANGED.format(pristine.exercise)}."
            elif pristine.kind == "code" and not pristine.is_students:
                changed += bool(self.changed(place, pristine))
        if changed:
            yield f"Cells of the lesson that were changed: {changed}; each ran after the lesson's own version."
        if self.how["id"]:
            yield "Some cells had lost their names (metadata); they were found by their id."
        if self.how["text"]:
            yield "Some cells had lost their names (metadata) and ids; they were found by what stands in them."
        order = [place for place in self.places if place is not None]
        if order != sorted(order):
            yield "The cells stood in another order; they were run in the lesson's."

    def look(self) -> Iterator[str]:
        """Yield what the instructor should look at."""
        for place, pristine in enumerate(self.lesson.cells):
            if pristine.role == "check" and self._tampered(place, pristine):
                yield CHECK_CHANGED.format(pristine.exercise)

    def _tampered(self, place: int, pristine: PristineCell) -> bool:
        return bool(self.changed(place, pristine)) or any(cell.kind != "code" for cell in self.at(place))

    def _answer_remarks(self, place: int, pristine: PristineCell) -> Iterator[str]:
        name, found = pristine.exercise, self.at(place)
        if not found:
            yield f"{name}: the answer cell is missing."
        if len(self.written(place, pristine)) > 1:
            yield f"{name}: there are {len(found)} answer cells; they were run in order, the last one counts."
        if any(cell.kind != "code" for cell in found):
            yield f"{name}: the answer cell is not a code cell; it was run as code."


def _name(cell: Cell | PristineCell) -> tuple[str | None, str | None]:
    """Return what a special cell is known by."""
    return cell.role, cell.exercise


def _ratio(one: str, other: str) -> float:
    """Return how alike two cells are, from 0 to 1; of long ones only the beginning is compared."""
    matcher = difflib.SequenceMatcher(None, one[:1000], other[:1000], autojunk=False)
    return matcher.ratio() if one and other and matcher.quick_ratio() >= ALIKE else 0.0
