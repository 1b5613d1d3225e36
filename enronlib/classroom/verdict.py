"""What a check says: correct, not yet, or not attempted."""

import html
import re
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The three verdicts, spelled as they are shown."""

    CORRECT = "Correct"
    NOT_YET = "Not yet"
    NOT_ATTEMPTED = "Not attempted"


@dataclass(frozen=True)
class Verdict:
    """The verdict on one answer to one exercise. As a cell's result it shows as a coloured box, elsewhere as text."""

    exercise: str
    status: Status
    message: str
    points: int
    """What the exercise is worth; `earned` is what the answer gets."""

    @property
    def earned(self) -> int:
        """All points or none."""
        return self.points if self.status is Status.CORRECT else 0

    def __str__(self) -> str:
        """One to three short lines that begin with the verdict."""
        return f"{self.status}{'.' if self.status is Status.CORRECT else ':'} {self.message}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return box(str(self), SIGNS[self.status], COLOURS[self.status])


class CheckFailed(AssertionError):  # noqa: N818  read by students: what happened, not what kind of thing it is
    """Raised instead of shown when a check does not end in "Correct" and ENRONLIB_STRICT is set."""

    def __init__(self, verdict: Verdict) -> None:
        """Hold the verdict; the text of the exception is the exercise and what its check says."""
        super().__init__(f"{verdict.exercise}: {verdict}")
        self.verdict = verdict

    def _render_traceback_(self) -> list[str]:
        """Let IPython show the verdict alone: the stack is ours, not the student's."""
        return [str(self)]


# Colours of the Okabe-Ito palette, told apart with any kind of colour vision; each has its sign as well.
GREEN, ORANGE, GREY, BLUE = "0,158,115", "230,159,0", "128,128,128", "0,114,178"
SIGNS = {Status.CORRECT: "✔", Status.NOT_YET: "✎", Status.NOT_ATTEMPTED: "○"}
COLOURS = {Status.CORRECT: GREEN, Status.NOT_YET: ORANGE, Status.NOT_ATTEMPTED: GREY}


def box(text: str, sign: str, colour: str) -> str:
    """Return HTML for a box in which the opening, up to a full stop or colon, is bold, and `backticks` make code.

    The background is a thin wash of the colour over whatever the theme has, and the letters keep the theme's own
    colour, so that the box reads well on light and on dark ground.
    """
    first, _, rest = text.partition("\n")
    # No quotes and no brackets: a value may hold such signs, too.
    opening = re.match(r"(?:[\w ;,-]|\.(?=\d))+[.:](?=\s|$)", first)
    end = opening.end() if opening else 0
    lines = [f"<b>{html.escape(first[:end])}</b>{_with_code(first[end:])}", *map(_with_code, rest.splitlines())]
    return (
        f'<div style="border-left: 4px solid rgb({colour}); background: rgba({colour},0.12); '
        f"padding: 0.5em 0.8em; margin: 0.3em 0; overflow-wrap: anywhere; "
        f'white-space: pre-wrap">{sign} {"<br>".join(lines)}</div>'
    )


def _with_code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
