"""What a lesson's cells call: check, hint, predict, progress. Their memory lasts as long as the kernel."""

import html
import os
from dataclasses import dataclass
from typing import Any

from enronlib import UserError
from enronlib.classroom.answer import plain, same, short
from enronlib.classroom.exercise import all_exercises, exercises_of, find_exercise
from enronlib.classroom.verdict import BLUE, COLOURS, SIGNS, CheckFailed, Status, Verdict, box

verdicts: dict[str, Verdict] = {}
"""The last verdict on each exercise checked in this kernel, by name."""

_hints_seen: dict[str, int] = {}
_guesses: dict[str, Any] = {}


@dataclass(frozen=True)
class Note:
    """A few lines for the reader: a blue box in a notebook, text elsewhere."""

    text: str

    def __repr__(self) -> str:
        """The text as it is."""
        return self.text

    def _repr_html_(self) -> str:
        return box(self.text, "☞", BLUE)


def check(name: str, answer: Any) -> Verdict:
    """Check the answer to the exercise `name` and return the verdict, to be shown as the cell's result.

    Raises UserError for an unknown name and, where the environment variable ENRONLIB_STRICT is set (as under
    `pytest --nbval`), CheckFailed for any verdict but "Correct".
    """
    verdict = find_exercise(name).judge(answer, _hints_seen.get(name, 0))
    verdicts[name] = verdict
    if verdict.status is not Status.CORRECT and os.environ.get("ENRONLIB_STRICT", "0") not in ("", "0"):
        raise CheckFailed(verdict)
    return verdict


def hint(name: str, number: int | None = None) -> Note:
    """Return the next hint to the exercise `name`, or the hint of this number (from 1)."""
    hints = find_exercise(name).hints
    if number is None:
        number = min(_hints_seen.get(name, 0) + 1, len(hints))
    if not 1 <= number <= len(hints):
        raise UserError(f"{name} has hints 1 to {len(hints)}; there is no hint {number}")
    _hints_seen[name] = max(number, _hints_seen.get(name, 0))
    more = f'\nThere is another one: hint("{name}")' if number < len(hints) else "\nThis is the last hint."
    return Note(f"Hint {number} of {len(hints)}: {hints[number - 1]}{more}")


_NOTHING = object()


def predict(name: str, guess: Any = ..., *, actual: Any = _NOTHING) -> Note:
    """Note a guess, or compare it later with what came out: `predict(name, guess)`, then `predict(name, actual=x)`.

    Predictions never touch the marks: they are there to be wrong about.
    """
    if actual is _NOTHING:
        if guess is ...:
            _guesses.pop(name, None)
            return Note("No prediction yet: replace the ... by your guess and run the cell. A wrong one is welcome.")
        _guesses[name] = plain(guess)
        return Note(f"Noted: {short(guess)}. Go on and see.")
    if name not in _guesses:
        return Note(f"It is {short(actual)}. You made no prediction; the next one is yours.")
    if same(_guesses[name], plain(actual)):
        return Note(f"You predicted {short(_guesses[name])}, and so it is.")
    return Note(f"You predicted {short(_guesses[name])}; it is {short(actual)}. What explains the difference?")


def progress(lesson: str | None = None) -> "Progress":
    """Return the table of a lesson's exercises, or of all exercises checked in this kernel, with points and advice."""
    exercises = [each for each in all_exercises() if each.name in verdicts] if lesson is None else exercises_of(lesson)
    if lesson is not None and not exercises:
        raise UserError(f"there is no lesson {lesson!r} with exercises")
    return Progress(tuple((each.name, each.title, each.points, verdicts.get(each.name)) for each in exercises))


@dataclass(frozen=True)
class Progress:
    """Where the exercises stand: rows of name, title, points and the last verdict, None if not checked yet."""

    rows: tuple[tuple[str, str, int, Verdict | None], ...]

    @property
    def earned(self) -> int:
        """The points of all exercises that are correct."""
        return sum(verdict.earned for *_, verdict in self.rows if verdict)

    @property
    def total(self) -> int:
        """The points there are."""
        return sum(points for _, _, points, _ in self.rows)

    @property
    def advice(self) -> str:
        """What to do next."""
        unchecked = [name for name, *_, verdict in self.rows if verdict is None]
        unsolved = [name for name, *_, verdict in self.rows if verdict and verdict.status is not Status.CORRECT]
        solve = [f"solve {', '.join(unsolved)}"] if unsolved else []
        run = [f"run the check of {', '.join(unchecked)}"] if unchecked else []
        if solve or run:
            return f"Before handing in: {'; '.join(solve + run)}.{' A hint costs nothing.' if solve else ''}"
        return "All solved. Before handing in: Kernel > Restart Kernel and Run All Cells, look once more, save."

    def __repr__(self) -> str:
        """The table in plain text."""
        width = max((len(name) for name, *_ in self.rows), default=0)
        lines = [
            f"{_sign(verdict)} {name:{width}}  {_word(verdict):15} {_points(points, verdict)}"
            for name, _, points, verdict in self.rows
        ]
        return "\n".join([*lines, f"{self.earned} of {self.total} points. {self.advice}"])

    def _repr_html_(self) -> str:
        cell = '<td style="text-align: left">'
        rows = "".join(
            f'<tr>{cell}<b style="color: rgb({COLOURS[verdict.status] if verdict else "128,128,128"})">'
            f"{_sign(verdict)}</b> {_word(verdict)}</td>{cell}{html.escape(title)}</td>"
            f"{cell}<code>{html.escape(name)}</code></td>{cell}{_points(points, verdict)}</td></tr>"
            for name, title, points, verdict in self.rows
        )
        head = "".join(f'<th style="text-align: left">{word}</th>' for word in ("", "Exercise", "Name", "Points"))
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p><b>{self.earned} of {self.total} points.</b> {html.escape(self.advice)}</p>"
        )


def _sign(verdict: Verdict | None) -> str:
    return SIGNS[verdict.status] if verdict else "·"


def _word(verdict: Verdict | None) -> str:
    return verdict.status.lower() if verdict else "not checked yet"


def _points(points: int, verdict: Verdict | None) -> str:
    return f"{verdict.earned if verdict else 0} of {points}" if points else "example"
