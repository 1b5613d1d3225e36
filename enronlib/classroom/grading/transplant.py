"""Put a student's answers into the pristine lesson, so that checks, points and order are the instructor's."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nbformat.v4 import new_code_cell

from enronlib.classroom.authoring.notebook import lesson_notebook
from enronlib.classroom.grading.lessons import Lesson, PristineCell
from enronlib.classroom.grading.reading import Cell, Notebook

__all__ = ["IMPORT_CHECK", "LessonPlan", "PlannedCell", "defined_names", "plan_lesson"]

ALIKE = 0.6  # similarity from which a nameless cell counts as a changed version of an answer cell
ASSIGNED_OR_DEFINED = re.compile(
    r"^(?:(?:async +)?def|class) +(\w+)|^(\w+) *(?::[^=\n]+)?=(?!=)|^%%writefile +(\S+)", re.MULTILINE
)
CHECK_CHANGED = "{}: the check cell was changed; the original was used"
IMPORT_CHECK = "from enronlib.classroom import check\n"


@dataclass(frozen=True)
class PlannedCell:
    """One cell, to run if it is code.

    `role` is answer, check, hidden (a check with its hidden tests), own (the student's), text or None.
    """

    id: str
    role: str | None
    exercise: str | None
    points: int
    source: str
    kind: str = "code"

    @property
    def is_students(self) -> bool:
        """Whether the student wrote it."""
        return self.role in ("answer", "predict", "own")

    @property
    def runs(self) -> bool:
        """Whether there is anything to run."""
        return self.kind == "code"


@dataclass(frozen=True)
class LessonPlan:
    """What to run for one lesson of one student, and what had to be repaired for it."""

    lesson: Lesson
    cells: tuple[PlannedCell, ...]
    remarks: tuple[str, ...]
    look: tuple[str, ...]
    """What a human should look at."""
    untouched: frozenset[str]
    """Exercises whose answer is missing or still the stub."""

    @property
    def was_started(self) -> bool:
        """Whether the student wrote anything that could earn points."""
        return any(points and name not in self.untouched for name, points in self.lesson.exercises.items())

    def answers(self) -> dict[str, str]:
        """Return what the student wrote for each exercise, without untouched stubs."""
        found: dict[str, list[str]] = {}
        for cell in self.cells:
            if cell.role == "answer" and cell.exercise and cell.exercise not in self.untouched:
                found.setdefault(cell.exercise, []).append(cell.source)
        return {name: "\n\n".join(sources) for name, sources in found.items()}

    def notebook(self, dropped: Mapping[str, str] = {}) -> Any:
        """Return the notebook to run. `dropped` are the ids of cells that ended the kernel before, with the reason.

        Every cell is new: it has no output, count, tag or metadata from the student.
        """
        cells = []
        for cell in self.cells:
            if not cell.runs or (cell.id in dropped and not cell.is_students):
                continue
            source = f"raise RuntimeError({dropped[cell.id]!r})" if cell.id in dropped else cell.source
            ours: dict[str, Any] = {"role": cell.role, "exercise": cell.exercise, "points": cell.points}
            if cell.exercise in self.untouched:
                ours["untouched"] = True
            if cell.exercise and not cell.is_students:
                ours["defines"] = self.lesson.defined_by(cell.exercise)
            cells.append(new_code_cell(source, id=cell.id, metadata={"enronlib": ours}))
        book = lesson_notebook(cells)
        book.metadata["enronlib"] = {"lesson": self.lesson.name, "copy": "graded"}
        return book


Piece = tuple[str | None, PristineCell | None, str, str]  # role, the lesson's cell it belongs to, source, kind


def plan_lesson(lesson: Lesson, student: Notebook) -> LessonPlan:
    """Return the lesson with the student's answers in it; cells are matched by name, then by id, then by content."""
    match = _Match(lesson, student)
    cells = tuple(
        PlannedCell(f"c{number:04}", role, cell.exercise if cell else None, cell.points if cell else 0, source, kind)
        for number, (role, cell, source, kind) in enumerate(_pieces(lesson, match))
    )
    return LessonPlan(
        lesson, cells, tuple(match.remarks()), tuple(match.changed_checks()), frozenset(match.untouched())
    )


def defined_names(source: str) -> set[str]:
    """Return the names a cell sets at top level and the file it writes; approximate, to work on code with errors."""
    return {name for groups in ASSIGNED_OR_DEFINED.findall(source) for name in groups if name}


def _pieces(lesson: Lesson, match: "_Match") -> Iterator[Piece]:
    """Yield what to run, in the lesson's order; the student's own cells follow the cell they stood behind."""
    kits_check = any("enronlib.classroom" in cell.full for cell in lesson.cells)
    yield from match.extras(-1)
    for place, cell in enumerate(lesson.cells):
        if cell.is_students:
            stub = [] if match.defined_elsewhere(cell) else [cell.given]  # it would undo what another cell defines
            written = match.written(place, cell) or match.written_in_check(cell)
            yield from ((cell.role, cell, source, cell.kind) for source in written or stub)
        elif cell.role == "check":
            for role, source in (("check", cell.given), ("hidden", cell.full))[: 1 + bool(cell.hidden_tests)]:
                # `check` must be the kit's, even if the student gave that name to something else.
                yield role, cell, IMPORT_CHECK + source if kits_check and "check(" in source else source, "code"
        else:
            if cell.kind == "code":
                yield None, None, cell.full, "code"
            else:
                yield "text", None, match.text(place, cell), "markdown"
            yield from (
                ("own", None, source, "code") for source in match.changed(place, cell)
            )  # also text turned into code
        yield from match.extras(place)


class _Match:
    """Which cell of the lesson each cell of the student is."""

    def __init__(self, lesson: Lesson, student: Notebook) -> None:
        self.lesson, self.student = lesson, student
        self.places: list[int | None] = [None] * len(student.cells)
        self.how: Counter[str] = Counter()
        named: dict[tuple[str | None, str | None], int] = {
            (cell.role, cell.exercise): place for place, cell in enumerate(lesson.cells) if cell.exercise
        }
        for number, cell in enumerate(student.cells):
            self._set(number, named.get((cell.role, cell.exercise)), "name")
        ids = {cell.id: place for place, cell in enumerate(lesson.cells)}
        for number, cell in self._unplaced():
            place = ids.get(cell.id or "")
            if place not in self.places:
                self._set(number, place, "id")
        self._match_by_content()

    def _match_by_content(self) -> None:
        """Match the remaining cells: unchanged ones first, then answers by the names they define or by similarity."""
        for place, pristine in self._empty():
            same = (number for number, cell in self._unplaced() if cell.source == pristine.given)
            self._set(next(same, None), place, "content")
        for place, pristine in self._empty():
            if not pristine.is_students:
                continue
            names = defined_names(pristine.given)
            alike = [number for number, cell in self._unplaced() if names & defined_names(cell.source)]
            if not alike:
                ratios = [(_similarity(pristine.given, cell.source), -number) for number, cell in self._unplaced()]
                ratio, number = max(ratios, default=(0.0, 0))
                alike = [-number] if ratio >= ALIKE else []
            for number in alike:
                self._set(number, place, "content")

    def _set(self, number: int | None, place: int | None, how: str) -> None:
        if number is not None and place is not None:
            self.places[number] = place
            self.how[how] += self.lesson.cells[place].role in ("answer", "check")

    def _unplaced(self) -> list[tuple[int, Cell]]:
        return [(number, cell) for number, cell in enumerate(self.student.cells) if self.places[number] is None]

    def _empty(self) -> list[tuple[int, PristineCell]]:
        return [(place, cell) for place, cell in enumerate(self.lesson.cells) if place not in self.places]

    def at(self, place: int) -> list[Cell]:
        """Return the student's versions of a cell of the lesson, in their order."""
        return [cell for cell, at in zip(self.student.cells, self.places, strict=True) if at == place]

    def extras(self, place: int) -> Iterator[Piece]:
        """Yield the student's own cells that stood behind this cell of the lesson; -1: before all of them."""
        last = -1
        for cell, at in zip(self.student.cells, self.places, strict=True):
            last = last if at is None else at
            if at is None and last == place and cell.source:
                is_code = cell.kind == "code"
                yield "own" if is_code else "text", None, cell.source, "code" if is_code else "markdown"

    def written(self, place: int, pristine: PristineCell) -> list[str]:
        """Return what the student wrote in the copies of an answer cell, without untouched stubs."""
        return [cell.source for cell in self.at(place) if cell.source and cell.source != pristine.given]

    def written_in_check(self, pristine: PristineCell) -> list[str]:
        """Return the answer if the student wrote it into the check cell: its lines without those of the check."""
        found = []
        for place, cell in enumerate(self.lesson.cells):
            if cell.role == "check" and cell.exercise == pristine.exercise and pristine.role == "answer":
                given = cell.given.splitlines()
                for source in self.changed(place, cell):
                    rest = "\n".join(line for line in source.splitlines() if line not in given)
                    found += [rest] if defined_names(rest) & defined_names(pristine.given) else []
        return found

    def text(self, place: int, pristine: PristineCell) -> str:
        """Return a text of the lesson as the student left it."""
        return next((cell.source for cell in self.at(place) if cell.kind == "markdown"), pristine.given)

    def changed(self, place: int, pristine: PristineCell) -> list[str]:
        """Return the versions of a cell of the lesson that the student changed."""
        known = (pristine.given, pristine.full)
        return [cell.source for cell in self.at(place) if cell.kind == "code" and cell.source not in known]

    def defined_elsewhere(self, pristine: PristineCell) -> bool:
        """Return whether another cell, the student's own or once text, defines what the untouched stub would undo."""
        names = defined_names(pristine.given)
        own = [cell.source for _, cell in self._unplaced() if cell.kind == "code"]
        for place, cell in enumerate(self.lesson.cells):
            own += self.changed(place, cell) if cell.kind != "code" else []
        return any(names & defined_names(source) for source in own)

    def untouched(self) -> Iterator[str]:
        """Yield the exercises for which the student wrote nothing."""
        for place, cell in enumerate(self.lesson.cells):
            written = self.written(place, cell) or self.written_in_check(cell) or self.defined_elsewhere(cell)
            if cell.role == "answer" and cell.exercise and not written:
                yield cell.exercise

    def remarks(self) -> Iterator[str]:
        """Yield, for the student, what was unusual about the notebook."""
        changed = 0
        for place, pristine in enumerate(self.lesson.cells):
            name, found = pristine.exercise, self.at(place)
            if pristine.role == "answer":
                if not found:
                    yield f"{name}: the answer cell is missing."
                if len(self.written(place, pristine)) > 1:
                    yield f"{name}: there are {len(found)} answer cells; they were run in order; the last one counts."
                if not self.written(place, pristine) and self.written_in_check(pristine):
                    yield f"{name}: the answer was in the check cell; it was run."
                if any(cell.kind != "code" == pristine.kind for cell in found):
                    yield f"{name}: the answer cell is not a code cell; it was run as code."
            elif pristine.role == "check" and not found:
                yield f"{name}: the check cell is missing; the original was used."
            elif pristine.kind == "code" and pristine.role not in ("check", "predict"):
                changed += bool(self.changed(place, pristine))
        yield from (f"{remark}." for remark in self.changed_checks())
        if changed:
            yield f"Lesson cells that were changed: {changed}. Each ran after its original."
        if self.how["id"]:
            yield "Some cells had lost their metadata; they were matched by id."
        if self.how["content"]:
            yield "Some cells had lost their metadata and ids; they were matched by content."
        order = [place for place in self.places if place is not None]
        if order != sorted(order):
            yield "The cells were in a different order; they were run in the lesson's order."

    def changed_checks(self) -> Iterator[str]:
        """Yield, for the instructor, the checks that the student changed."""
        for place, pristine in enumerate(self.lesson.cells):
            changed = self.changed(place, pristine) or any(cell.kind != "code" for cell in self.at(place))
            if pristine.role == "check" and changed:
                yield CHECK_CHANGED.format(pristine.exercise)


def _similarity(one: str, other: str) -> float:
    """Return how similar two cells are, from 0 to 1; only the beginning of long cells is compared."""
    matcher = difflib.SequenceMatcher(None, one[:1000], other[:1000], autojunk=False)
    return matcher.ratio() if one and other and matcher.quick_ratio() >= ALIKE else 0.0
