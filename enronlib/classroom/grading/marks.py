"""The outcome of a cell, the marks of a student and of a class."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from enronlib.classroom.grading.lessons import Lesson
from enronlib.classroom.grading.roster import Roster
from enronlib.classroom.grading.senders import Sender
from enronlib.classroom.verdict import Status, Verdict

__all__ = ["DIED", "ClassMarks", "Decision", "Marks", "Record"]

DIED = "ended the kernel"  # the message of a cell that left no kernel and gave no reason


@dataclass(frozen=True)
class Record:
    """The outcome of one cell: a line of JSON from the pytest process to the grader.

    `status` is the verdict of a check cell, `odd` lists why a human should look at it.
    """

    lesson: str
    cell: str
    role: str | None
    exercise: str | None
    points: int
    status: str | None = None
    message: str = ""
    credit: float = 0
    ended_kernel: bool = False
    timed_out: bool = False
    odd: list[str] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    """What the cell displayed, if notebooks are returned."""

    @property
    def verdict(self) -> Verdict:
        """The verdict of a check cell."""
        status = Status(self.status or Status.NOT_YET)
        return Verdict(self.exercise or "", status, self.message, self.points, credit=self.credit)

    def to_json(self) -> str:
        """Return the record as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "Record":
        """Return the record in a line; raise ValueError or TypeError if there is none."""
        return cls(**json.loads(line))


@dataclass(frozen=True)
class Decision:
    """What the instructor decided about an answer: points (None keeps those of the check) and a comment."""

    points: float | None
    comment: str = ""


@dataclass(frozen=True)
class Marks:
    """A student's row."""

    student: str
    status: str
    """`graded` (the points stand), `look` (they stand if the reasons in `look` are harmless), `unreadable`, `missing`
    (nothing handed in) or `failed` (an error in the grader itself)."""
    verdicts: tuple[Verdict, ...]
    look: tuple[str, ...] = ()
    """Why a human should look."""
    remarks: tuple[str, ...] = ()
    """What the student should know about how the submission was read."""
    in_doubt: tuple[str, ...] = ()
    """The exercises whose verdict a human should confirm."""

    answers: Mapping[str, str] = field(default_factory=dict)
    """What the student wrote for each exercise."""
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    """The instructor's decisions, by exercise."""
    late_days: int = 0
    penalty: float = 0
    """The points that being late costs."""

    @property
    def was_graded(self) -> bool:
        """Whether the row has points."""
        return self.status in ("graded", "look")

    @property
    def earned(self) -> dict[str, float]:
        """The points for each exercise: those the instructor gave, or else the check."""
        given = {name: each.points for name, each in self.decisions.items() if each.points is not None}
        return {verdict.exercise: given.get(verdict.exercise, verdict.earned) for verdict in self.verdicts}

    @property
    def points(self) -> float:
        """The points earned, less the penalty for being late."""
        return max(round(sum(self.earned.values()) - self.penalty, 2), 0)


@dataclass(frozen=True)
class ClassMarks:
    """The marks of a class, in the order of the roster or of names, and notes for the instructor."""

    lessons: Mapping[str, Lesson]
    rows: list[Marks]
    notes: list[str] = field(default_factory=list)
    roster: Roster | None = None
    senders: Mapping[str, Sender] = field(default_factory=dict)
    """Who handed in, by the name in the row."""

    @property
    def exercises(self) -> dict[str, int]:
        """The points of each exercise, lesson by lesson."""
        return {name: points for lesson in self.lessons.values() for name, points in lesson.exercises.items()}

    @property
    def points(self) -> int:
        """The most points a student can get."""
        return sum(self.exercises.values())
