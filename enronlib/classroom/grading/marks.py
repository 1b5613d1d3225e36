"""The marks of a student and of a class."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from enronlib.classroom.grading.lessons import Lesson
from enronlib.classroom.verdict import Verdict

__all__ = ["ClassMarks", "Marks"]


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

    @property
    def was_graded(self) -> bool:
        """Whether the row has points."""
        return self.status in ("graded", "look")

    @property
    def points(self) -> int:
        """The points earned."""
        return sum(verdict.earned for verdict in self.verdicts)


@dataclass(frozen=True)
class ClassMarks:
    """The marks of a class, in the order of the roster or of names, and notes for the instructor."""

    lessons: Mapping[str, Lesson]
    rows: list[Marks]
    notes: list[str] = field(default_factory=list)

    @property
    def exercises(self) -> dict[str, int]:
        """The points of each exercise, lesson by lesson."""
        return {name: points for lesson in self.lessons.values() for name, points in lesson.exercises.items()}

    @property
    def points(self) -> int:
        """The most points a student can get."""
        return sum(self.exercises.values())
