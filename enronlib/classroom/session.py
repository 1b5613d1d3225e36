"""What a lesson's cells call: check, yours, hint, predict, progress. What they remember lasts as long as the kernel."""

import html
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from enronlib import UserError
from enronlib.classroom.answer import plain, same, short
from enronlib.classroom.exercises import exercises_of, find_exercise
from enronlib.classroom.solutions import kits_answer, solution_text
from enronlib.classroom.surroundings import is_still
from enronlib.classroom.verdict import BLUE, COLOURS, SIGNS, CheckFailed, Status, Verdict, box

__all__ = ["Note", "Progress", "check", "guesses", "hint", "hints_seen", "predict", "progress", "verdicts", "yours"]

verdicts: dict[str, Verdict] = {}
"""The last verdict on each exercise that was checked in this kernel, by name."""

hints_seen: dict[str, int] = {}
"""The highest hint that was shown for each exercise, by name."""

guesses: dict[str, Any] = {}
"""The plain copy of each prediction, by name."""

failures: dict[str, int] = {}
"""How often the check of each exercise was not correct, by name."""

answers: dict[str, Any] = {}
"""The last answer to each exercise that was checked in this kernel, by name."""

stand_ins: dict[str, Any] = {}
"""The kit's answer to each exercise for which `yours` returned it, by name."""


@dataclass(frozen=True)
class Note:
    """A few lines for the reader, displayed as a blue box in a notebook and as text elsewhere."""

    text: str

    def __repr__(self) -> str:
        """Return the text itself."""
        return self.text

    def _repr_html_(self) -> str:
        return box(self.text, "☞", BLUE)


def check(name: str, answer: Any) -> Verdict:
    """Check the answer to the exercise `name` and return the verdict, which the cell displays as its result.

    Raises UserError for an unknown name and, where the environment variable ENRONLIB_STRICT is set (as under
    `pytest --nbval`), CheckFailed for any verdict but "Correct".
    """
    exercise = find_exercise(name)
    answers[name] = answer
    if name in stand_ins and answer is stand_ins[name]:
        how = "this is the kit's answer, not yours. Run your answer cell, then this check."
        verdict = Verdict(name, Status.NOT_ATTEMPTED, how, exercise.points)
    else:
        verdict = exercise.judge(answer, max(hints_seen.get(name, 0), failures.get(name, 0)))
    strict = is_still()
    if verdict.status is Status.CORRECT:
        failures.pop(name, None)
        if not strict:  # what is stored in a solved lesson must not depend on an older version of it
            verdict = replace(verdict, solution=solution_text(exercise))
    elif verdict.status is Status.NOT_YET:
        failures[name] = failures.get(name, 0) + 1
    verdicts[name] = verdict
    if strict and verdict.status is not Status.CORRECT:
        raise CheckFailed(verdict)
    return verdict


def yours(name: str, answer: Any = None) -> Any:
    """Return the student's answer to the exercise `name` if its check passed in this kernel, else the kit's own.

    Prints which of the two it is. `size_of = yours("look.size")` lets a lesson build on an exercise that is not solved,
    even where the answer cell failed and there is no `size_of`. Where the kit has no solution (as in grading, where
    marks must not depend on it), the student's answer is returned as it is: `answer`, or else the last one that was
    checked. Raises UserError for an unknown name.
    """
    exercise = find_exercise(name)
    if name in verdicts and verdicts[name].status is Status.CORRECT:
        print(f"Using your {_called(answers[name])}.")
        return answers[name]
    try:
        stand_ins[name] = kits_answer(exercise, sys._getframe(1).f_globals)
    except LookupError:
        answer = answers.get(name) if answer is None else answer
        print(f"Using your {_called(answer)}, which is not checked: the kit has none here.")
        return answer
    print(f"Using the kit's {_called(stand_ins[name])} until your check passes.")
    return stand_ins[name]


def _called(answer: Any) -> str:
    return str(getattr(answer, "__name__", "answer"))


def hint(name: str, number: int | None = None) -> Note:
    """Return the next hint for the exercise `name`, or the hint with this number (from 1). Raises UserError if none."""
    hints = find_exercise(name).hints
    if number is None:
        number = min(hints_seen.get(name, 0) + 1, len(hints))
    if not 1 <= number <= len(hints):
        raise UserError(f"{name} has hints 1 to {len(hints)}; there is no hint {number}")
    hints_seen[name] = max(number, hints_seen.get(name, 0))
    more = f'\nThere is another one: hint("{name}")' if number < len(hints) else "\nThis is the last hint."
    return Note(f"Hint {number} of {len(hints)}: {hints[number - 1]}{more}")


_NOTHING = object()
SMALL = 20  # a number below this is known by counting: nothing is close to it


def predict(
    name: str,
    guess: Any = ...,
    *,
    choices: Sequence[Any] | None = None,
    between: tuple[int, int] | None = None,
    actual: Any = _NOTHING,
) -> Any:
    """Store a guess, or compare it later with the result: `predict(name, guess)`, then `predict(name, actual=x)`.

    Where the guess is still `...`, the reader clicks on one of the `choices`, or sets a slider for a whole number
    `between` two others; an earlier guess stays until then. Returns what the cell displays: a Note, or a widget for
    those. Predictions never affect the marks: a wrong one teaches the most.
    """
    if actual is not _NOTHING:
        return _compared(name, plain(actual))
    if guess is not ...:
        return _noted(name, guess)
    earlier = guesses.pop(name, None)
    if (choices or between) and not is_still():
        from enronlib.classroom.widgets.prediction import prediction_panel  # slow to import, and few need it

        return prediction_panel(
            lambda chosen: _noted(name, chosen).text, choices=choices, between=between, guess=earlier
        )
    how = "replace the ... with your guess and run the cell. A text needs quotes, a number none. It may be wrong."
    return Note(f"No prediction yet: {how}")


def _noted(name: str, guess: Any) -> Note:
    guesses[name] = plain(guess)
    return Note(f"Noted: {short(guess)}. Read on to see whether you are right.")


def _compared(name: str, actual: Any) -> Note:
    if name not in guesses:
        return Note(f"It is {short(actual)}. You made no prediction; try the next one.")
    guess = guesses[name]
    if same(guess, actual) or (isinstance(guess, str) and guess.strip().casefold() == str(actual).casefold()):
        return Note(f"You predicted {short(guess)}, and you were right.")
    if _is_close(guess, actual):
        return Note(f"Close! You predicted {short(guess)}; it is {short(actual)}.")
    return Note(f"You predicted {short(guess)}; it is {short(actual)}. What explains the difference?")


def _is_close(guess: Any, actual: Any) -> bool:
    """Return whether both are numbers, not small ones, a tenth or less apart."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (guess, actual))
    return numbers and abs(actual) >= SMALL and abs(guess - actual) <= abs(actual) / 10


def progress(lesson: str | None = None) -> "Progress":
    """Return the table of a lesson's exercises, or of all exercises checked in this kernel, with points and advice."""
    if lesson is None:
        exercises = sorted(map(find_exercise, verdicts), key=lambda each: each.lesson)
    else:
        exercises = exercises_of(lesson)
    if lesson is not None and not exercises:
        raise UserError(f"there is no lesson {lesson!r} with exercises")
    return Progress(tuple((each.name, each.title, each.points, verdicts.get(each.name)) for each in exercises))


@dataclass(frozen=True)
class Progress:
    """The state of some exercises: rows of name, title, points and the last verdict, None if not checked yet."""

    rows: tuple[tuple[str, str, int, Verdict | None], ...]

    @property
    def earned(self) -> float:
        """The points of all exercises so far."""
        return round(sum(verdict.earned for *_, verdict in self.rows if verdict), 1)

    @property
    def total(self) -> int:
        """The points of all exercises."""
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
        return "All solved. Before handing in: Kernel > Restart Kernel and Run All Cells, check the results, and save."

    def __repr__(self) -> str:
        """Return the table as plain text."""
        width = max((len(name) for name, *_ in self.rows), default=0)
        lines = [
            f"{_sign(verdict)} {name:{width}}  {_word(verdict):15} {_points(points, verdict)}"
            for name, _, points, verdict in self.rows
        ]
        return "\n".join([*lines, f"{self.earned:g} of {self.total} points. {self.advice}"])

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
            f"<p><b>{self.earned:g} of {self.total} points.</b> {html.escape(self.advice)}</p>"
        )


def _sign(verdict: Verdict | None) -> str:
    return SIGNS[verdict.status] if verdict else "·"


def _word(verdict: Verdict | None) -> str:
    return verdict.status.lower() if verdict else "not checked yet"


def _points(points: int, verdict: Verdict | None) -> str:
    return f"{verdict.earned if verdict else 0:g} of {points}" if points else "example"
