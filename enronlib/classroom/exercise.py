"""Exercises: each has a name, points, hints, a check and known wrong and right answers, all in one place.

The exercises of a lesson are in one module of `enronlib.classroom.exercises`. The module's name ends in the first
part of their names: `parse.date` is in `lesson_02_parse.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from enronlib.classroom.answer import Answer, NotAttempted, NotYet
from enronlib.classroom.mail import Mail
from enronlib.classroom.solutions import left_unfinished
from enronlib.classroom.surroundings import in_houston, silence
from enronlib.classroom.verdict import Status, Verdict

__all__ = ["Check", "Edits", "Exercise", "Right", "Wrong", "lesson", "registered"]

Check = Callable[[Answer, Mail], str]


class Edits:
    """An answer, given as edits to the solution in the lesson: pairs of a text and its replacement.

    Only the tests apply them (`authoring.rehearsal`): a student's kernel neither has nor needs the solution.
    """

    def __init__(self, *pairs: tuple[str, str]) -> None:
        """Store the pairs, to be applied in this order."""
        self.pairs = pairs

    def apply(self, solution: str) -> str:
        """Return the edited solution. Raises ValueError if it does not contain one of the texts."""
        for before, after in self.pairs:
            if before not in solution:
                raise ValueError(f"the solution does not contain {before!r}")
            solution = solution.replace(before, after)
        return solution


@dataclass(frozen=True)
class Wrong:
    """A known wrong answer: what is wrong with it, the answer (or Edits), and text that its verdict must contain."""

    what: str
    answer: Any
    message: str


@dataclass(frozen=True)
class Right:
    """A right answer that differs from the solution: how, and the answer (or Edits). The check must accept it."""

    what: str
    answer: Any


@dataclass(frozen=True)
class Exercise:
    """One exercise. `check` returns the praise (what the answer handled) or raises NotYet or NotAttempted.

    An exercise worth no points is handed out solved.
    """

    name: str
    lesson: str
    title: str
    points: int
    stars: int
    hints: tuple[str, ...]
    check: Check
    wrong: tuple[Wrong, ...]
    right: tuple[Right, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError if a part of the exercise is missing."""
        if len(self.hints) < 2 or not self.wrong or not 1 <= self.stars <= 3 or self.points < 0 or not self.title:
            raise ValueError(f"{self.name}: needs a title, points, one to three stars, two hints and a wrong answer")

    def judge(self, answer: Any, hints_seen: int = 0) -> Verdict:
        """Return the verdict on an answer. Its next step is the first hint after those the student has seen.

        Nothing is printed, whatever the answer does, and the verdict does not depend on the machine's time zone.
        """
        try:
            with silence(), in_houston():
                if answer is ...:
                    raise NotAttempted
                praise = self.check(Answer(answer), Mail())
        except NotAttempted:
            if left_unfinished(self, answer):
                how = (
                    "you have begun, but a line `raise NotImplementedError` is left. Write your code in its place, or "
                    "delete it if your code is already there. Run the answer cell, then this check."
                )
                return Verdict(self.name, Status.NOT_YET, how, self.points)
            how = (
                "write your code in the answer cell, in place of `raise NotImplementedError` or `...`. Run that cell, "
                "then this check."
            )
            return Verdict(self.name, Status.NOT_ATTEMPTED, how, self.points)
        except NotYet as error:
            more = f"\nNext step: {self._next_step(hints_seen + 1)}" if error.hint else ""
            return Verdict(self.name, Status.NOT_YET, f"{error}{more}", self.points, credit=error.credit)
        except Exception as error:  # an answer that the check did not foresee must not stop the lesson
            message = f"the check could not read your answer ({type(error).__name__}). Does it have the right type?"
            return Verdict(self.name, Status.NOT_YET, message, self.points)
        return Verdict(self.name, Status.CORRECT, praise, self.points)

    def _next_step(self, hint: int) -> str:
        if hint <= len(self.hints):
            return f"open Hint {hint} below."
        return "read the message above again, and try its example in a new cell."


registered: dict[str, Exercise] = {}
"""Every exercise whose module was imported, by name; `enronlib.classroom.exercises` finds the others."""


def lesson(name: str) -> Callable[..., Callable[[Check], Check]]:
    """Return the decorator that turns check functions into exercises of the lesson `name`.

    exercise = lesson("02_parse_one_email")

    @exercise("parse.date", title="When was it sent?", points=2, stars=1, hints=(…), wrong=[Wrong(…), …])
    def date(answer: Answer, mail: Mail) -> str: ...
    """

    def exercise(
        exercise_name: str,
        *,
        title: str,
        points: int,
        stars: int = 1,
        hints: Sequence[str],
        wrong: Sequence[Wrong],
        right: Sequence[Right] = (),
    ) -> Callable[[Check], Check]:
        def register(check: Check) -> Check:
            if exercise_name in registered:
                raise ValueError(f"{exercise_name}: there are two exercises with this name")
            registered[exercise_name] = Exercise(
                exercise_name, name, title, points, stars, tuple(hints), check, tuple(wrong), tuple(right)
            )
            return check

        return register

    return exercise
