"""The instructor's decisions: what to do about a `look`, marks given by hand, comments, and days late.

They are in a CSV that the instructor fills in. A row whose `points` or `comment` is filled in is a decision. It
answers every `look` at that exercise (or, without an exercise, at the submission as a whole) and stays valid for as
long as the answer is the same: `answer` is its fingerprint, and `reason` says why the row is there.
"""

import csv
import hashlib
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from enronlib import UserError
from enronlib.classroom.grading.formatting import csv_safe, printable
from enronlib.classroom.grading.marks import ClassMarks, Decision, Marks
from enronlib.classroom.grading.reading import decoded
from enronlib.files import backup, write_bytes

__all__ = ["Row", "apply", "read_decisions", "write_decisions"]

COLUMNS = ("student", "exercise", "points", "comment", "late_days", "reason", "answer")
BY_HAND = "marked by hand"


@dataclass(frozen=True)
class Row:
    """A line of the file. `exercise` is empty for the submission as a whole; `points` is None if there are none."""

    student: str
    exercise: str = ""
    points: float | None = None
    comment: str = ""
    late_days: float | None = None
    reason: str = ""
    answer: str = ""

    @property
    def is_decided(self) -> bool:
        """Whether the instructor has filled it in."""
        return self.points is not None or bool(self.comment)


def read_decisions(path: Path, exercises: Mapping[str, int]) -> list[Row]:
    """Return the rows of the file, none if there is no file. Raises UserError for a row that makes no sense.

    `exercises` are the points of all exercises there are.
    """
    if not path.exists():
        return []
    lines = decoded(path.read_bytes()).splitlines(keepends=True)
    delimiter = max(",;\t", key="".join(lines[:1]).count)
    table = csv.DictReader(lines, delimiter=delimiter)
    if missing := {"student", "exercise", "points"} - {*(table.fieldnames or ())}:
        raise UserError(f"{path.name} has no column {', '.join(sorted(missing))}")
    return [_row(line, f"{path.name}, line {table.line_num}", exercises) for line in table if any(line.values())]


def _row(line: Mapping[str, str | None], place: str, exercises: Mapping[str, int]) -> Row:
    text = {name: (line.get(name) or "").strip() for name in COLUMNS}
    text = {name: value[1:] if value[:2] in ("'=", "'+", "'-", "'@") else value for name, value in text.items()}
    exercise = text["exercise"]
    points = _number(text["points"], place)
    if exercise and exercise not in exercises:
        raise UserError(f"{place}: there is no exercise {exercise!r}")
    if points is not None and points > exercises.get(exercise, 0):
        most = f"{exercise} is worth {exercises[exercise]}" if exercise else "points need an exercise"
        raise UserError(f"{place}: {points:g} points, but {most}")
    late_days = _number(text["late_days"], place)
    return Row(text["student"], exercise, points, text["comment"], late_days, text["reason"], text["answer"])


def _number(text: str, place: str) -> float | None:
    try:
        number = float(text.replace(",", ".")) if text else None
    except ValueError:
        number = math.nan
    if number is not None and not 0 <= number < math.inf:
        raise UserError(f"{place}: {text!r} is not a number, 0 or more")
    return number


def apply(marks: ClassMarks, rows: Iterable[Row], percent: float = 0) -> ClassMarks:
    """Return the marks after the decisions. Each day late costs `percent` of the points that can be reached.

    (That is also the rule of Canvas's late policy.) A decision about an answer that has changed since is not applied,
    and is a reason to look.
    """
    by_student: dict[str, list[Row]] = {}
    for row in rows:
        by_student.setdefault(row.student, []).append(row)
    unknown = sorted(by_student.keys() - {row.student for row in marks.rows})
    notes = [f"decisions about students without a row: {', '.join(unknown)}"] if unknown else []
    decided = [_decided(row, by_student.get(row.student, ()), marks, percent) for row in marks.rows]
    return replace(marks, rows=decided, notes=[*marks.notes, *notes])


def _decided(student: Marks, rows: Sequence[Row], marks: ClassMarks, percent: float) -> Marks:
    decisions = {row.exercise: row for row in rows if row.is_decided}
    valid = {  # of two about one answer, the later row counts
        row.exercise: row
        for row in rows
        if row.is_decided and row.answer in ("", fingerprint(student, row.exercise, marks.exercises))
    }
    look = [reason for reason in student.look if place(reason, marks.exercises) not in valid]
    for name in decisions.keys() - valid.keys():
        points = decisions[name].points
        earlier = f" ({points:g} points)" if points is not None else ""
        look.append(f"{name or 'the submission'}: has changed since it was decided on{earlier}; decide again")
    late = max((row.late_days for row in rows if row.late_days), default=0)
    status = student.status
    if student.was_graded:
        status = "look" if look else "graded"
    return replace(
        student,
        status=status,
        look=tuple(look),
        in_doubt=tuple(name for name in student.in_doubt if name not in valid),
        decisions={name: Decision(row.points, row.comment) for name, row in valid.items()},
        late_days=math.ceil(late),
        penalty=round(math.ceil(late) * percent / 100 * marks.points, 2),
    )


def place(reason: str, exercises: Mapping[str, int]) -> str:
    """Return the exercise that a reason to look is about, empty if it is about the submission as a whole."""
    return next((part for part in reason.split(": ")[:2] if part in exercises), "")


def fingerprint(student: Marks, exercise: str, exercises: Mapping[str, int]) -> str:
    """Return what stays the same as long as the answer (or what is odd about the whole submission) does."""
    odd = [reason for reason in student.look if not place(reason, exercises)]
    what = student.answers.get(exercise, "") if exercise else repr(odd)
    return hashlib.sha256(what.encode("utf-8", "replace")).hexdigest()[:12]


def write_decisions(
    path: Path, marks: ClassMarks, decided: ClassMarks, rows: Sequence[Row], by_hand: Iterable[str] = ()
) -> int:
    """Add a row for each open `look` and each answer to mark by hand; return how many rows are not filled in.

    `marks` are those before the decisions, `decided` those after. What is in the file stays; an earlier version is kept
    as `.bak`.
    """
    known = {(row.student, row.exercise, row.answer) for row in rows}
    new = [row for row in _open(marks, decided, set(by_hand)) if (row.student, row.exercise, row.answer) not in known]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in (*rows, *new):
        numbers = ("" if each is None else f"{each:g}" for each in (row.points, row.late_days))
        points, late_days = numbers
        texts = map(csv_safe, (row.student, row.exercise, row.comment, row.reason))
        student, exercise, comment, reason = texts
        writer.writerow([student, exercise, points, comment, late_days, reason, row.answer])
    data = text.getvalue().encode("utf-8-sig", "replace")
    backup(path, data)
    write_bytes(path, data)
    return sum(not row.is_decided and row.late_days is None for row in (*rows, *new))


def _open(marks: ClassMarks, decided: ClassMarks, by_hand: set[str]) -> Iterator[Row]:
    for student, after in zip(marks.rows, decided.rows, strict=True):
        if not student.was_graded:
            continue
        reasons: dict[str, list[str]] = {}
        for verdict in student.verdicts:
            if verdict.exercise in by_hand and verdict.exercise in student.answers:
                reasons[verdict.exercise] = [f"{BY_HAND}; the check gives {verdict.earned:g} of {verdict.points}"]
        for reason in after.look:
            reasons.setdefault(place(reason, marks.exercises), []).append(printable(reason))
        for exercise, why in reasons.items():
            answer = fingerprint(student, exercise, marks.exercises)
            yield Row(student.student, exercise, reason="; ".join(why), answer=answer)
