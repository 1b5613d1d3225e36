"""Exercises: each known by its name, with its points, hints, check and known wrong answers in one place.

The exercises of a lesson are in one module of `enronlib.classroom.exercises`, which ends in the first part of their
names: `parse.date` is in `lesson_02_parse.py`.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from enronlib import UserError
from enronlib.classroom.answer import Answer, NotAttempted, NotYet
from enronlib.classroom.mail import Mail
from enronlib.classroom.surroundings import in_houston, silence
from enronlib.classroom.verdict import Status, Verdict

Check = Callable[[Answer, Mail], str]


@dataclass(frozen=True)
class Source:
    """The text of a module, as an answer to an exercise whose answer cell writes a module (`%%writefile`)."""

    text: str


def changed(source: str, *changes: tuple[str, str]) -> Source:
    """Return a module in which texts are replaced: (before, after). Raises ValueError for one that is not there."""
    for before, after in changes:
        if before not in source:
            raise ValueError(f"there is no {before!r} to replace")
        source = source.replace(before, after)
    return Source(source)


@dataclass(frozen=True)
class Wrong:
    """A known wrong answer: what is wrong in it, the answer itself, and words its verdict must contain."""

    what: str
    answer: Any
    message: str


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

    def __post_init__(self) -> None:
        """Refuse an exercise that lacks a part."""
        if len(self.hints) < 2 or not self.wrong or not 1 <= self.stars <= 3 or self.points < 0 or not self.title:
            raise ValueError(f"{self.name}: needs a title, points, one to three stars, two hints and a wrong answer")

    def judge(self, answer: Any, hints_seen: int = 0) -> Verdict:
        """Return the verdict on an answer, with the next hint that was not seen yet as the next step.

        Nothing is printed, whatever the answer does, and no verdict depends on the time zone of the machine.
        """
        try:
            with silence(), in_houston():
                if answer is ...:
                    raise NotAttempted
                praise = self.check(Answer(answer), Mail())
        except NotAttempted:
            how = f'Write your code in the answer cell, run it, and run this check again. hint("{self.name}") helps.'
            return Verdict(self.name, Status.NOT_ATTEMPTED, how, self.points)
        except NotYet as error:
            more = f"\nNext step: {self._next_step(max(error.hint, hints_seen + 1))}" if error.hint else ""
            return Verdict(self.name, Status.NOT_YET, f"{error}{more}", self.points)
        except Exception as error:  # an answer stranger than the check was made for must not stop the lesson
            message = f"the check could not read your answer ({type(error).__name__}). Is it of the right type?"
            return Verdict(self.name, Status.NOT_YET, message, self.points)
        return Verdict(self.name, Status.CORRECT, praise, self.points)

    def _next_step(self, hint: int) -> str:
        if hint <= len(self.hints):
            return f'hint("{self.name}", {hint})'
        return "read the message above again, and try its example in a cell of its own."


def lesson(name: str) -> Callable[..., Callable[[Check], Check]]:
    """Return the decorator that makes exercises of the lesson `name` out of check functions.

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
    ) -> Callable[[Check], Check]:
        def register(check: Check) -> Check:
            if exercise_name in _EXERCISES:
                raise ValueError(f"{exercise_name}: there are two exercises of this name")
            _EXERCISES[exercise_name] = Exercise(
                exercise_name, name, title, points, stars, tuple(hints), check, tuple(wrong)
            )
            return check

        return register

    return exercise


def find_exercise(name: str) -> Exercise:
    """Return the exercise of this name; raise UserError, with the name that was perhaps meant, if there is none."""
    from enronlib.classroom import exercises  # noqa: PLC0415  imports this module in turn

    prefix = name.partition(".")[0]
    for module in pkgutil.iter_modules(exercises.__path__):
        if module.name.split("_", 2)[-1] == prefix:
            importlib.import_module(f"{exercises.__name__}.{module.name}")
    if name in _EXERCISES:
        return _EXERCISES[name]
    near = difflib.get_close_matches(name, [each.name for each in all_exercises()], n=1)
    raise UserError(f"there is no exercise {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def all_exercises() -> list[Exercise]:
    """Return every exercise, lesson by lesson, in the order in which they are written."""
    from enronlib.classroom import exercises  # noqa: PLC0415  imports this module in turn

    for module in pkgutil.iter_modules(exercises.__path__):
        importlib.import_module(f"{exercises.__name__}.{module.name}")
    return sorted(_EXERCISES.values(), key=lambda each: each.lesson)


def exercises_of(lesson_name: str) -> list[Exercise]:
    """Return the exercises of one lesson, in order."""
    return [each for each in all_exercises() if each.lesson == lesson_name]


_EXERCISES: dict[str, Exercise] = {}
