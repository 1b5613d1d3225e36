"""The result of a check: correct, not yet or not attempted."""

import html
import re
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["BLUE", "COLOURS", "GREEN", "SIGNS", "CheckFailed", "Status", "Verdict", "box"]


class Status(StrEnum):
    """The three verdicts, as they are displayed."""

    CORRECT = "Correct"
    NOT_YET = "Not yet"
    NOT_ATTEMPTED = "Not attempted"


@dataclass(frozen=True)
class Verdict:
    """The verdict on one answer to one exercise: a coloured box in a notebook, text elsewhere."""

    exercise: str
    status: Status
    message: str
    points: int
    """The points of the exercise; `earned` are those of this answer."""
    solution: str = ""
    """One good way to write it, for the reader of a correct verdict."""
    credit: float = 0
    """The share of an answer that is right, from 0 to 1, if it is not right as a whole."""

    @property
    def earned(self) -> float:
        """All points for a correct answer, else the share that is right, rounded down to tenths."""
        return self.points if self.status is Status.CORRECT else int(10 * self.points * self.credit) / 10

    def __str__(self) -> str:
        """One to three short lines, beginning with the verdict."""
        return f"{self.status}{'.' if self.status is Status.CORRECT else ':'} {self.message}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = box(str(self), SIGNS[self.status], COLOURS[self.status])
        if self.solution:
            # Wide code is scrolled: JupyterLab would break its lines in the middle of words.
            code = f'<pre style="white-space: pre; overflow-x: auto">{html.escape(self.solution)}</pre>'
            shown += f"<details><summary>One good way to write it</summary>{code}</details>"
        return shown


class CheckFailed(AssertionError):  # noqa: N818  students read this name
    """Raised for any verdict but "Correct" when ENRONLIB_STRICT is set."""

    def __init__(self, verdict: Verdict) -> None:
        """Store the verdict; the message names the exercise and gives the verdict in full."""
        super().__init__(f"{verdict.exercise}: {verdict}")
        self.verdict = verdict

    def _render_traceback_(self) -> list[str]:
        """Make IPython show only the verdict, because the stack trace is not of the student's code."""
        return [str(self)]


# Colours of the Okabe-Ito palette, which suits all types of colour vision. Each also has its own sign.
GREEN, ORANGE, GREY, BLUE = "0,158,115", "230,159,0", "128,128,128", "0,114,178"
SIGNS = {Status.CORRECT: "✔", Status.NOT_YET: "✎", Status.NOT_ATTEMPTED: "○"}
COLOURS = {Status.CORRECT: GREEN, Status.NOT_YET: ORANGE, Status.NOT_ATTEMPTED: GREY}


def box(text: str, sign: str, colour: str) -> str:
    """Return the HTML of a box: bold up to the first period or colon, with text in `backticks` as code.

    The background is a light tint over that of the theme, and the text keeps the theme's colour, so the box is easy to
    read in light and dark themes.
    """
    first, _, rest = text.partition("\n")
    # A period or colon inside quotes or brackets belongs to a value, not to the sentence.
    opening = re.match(r"""(?:[\w ;,-]|\.(?=\d)|'[^']*'|"[^"]*")+[.:](?=\s|$)""", first)
    end = opening.end() if opening else 0
    lines = [f"<b>{html.escape(first[:end])}</b>{_with_code(first[end:])}", *map(_with_code, rest.splitlines())]
    return (
        f'<div style="border-left: 4px solid rgb({colour}); background: rgba({colour},0.12); '
        f"padding: 0.5em 0.8em; margin: 0.3em 0; overflow-wrap: anywhere; "
        f'white-space: pre-wrap">{sign} {"<br>".join(lines)}</div>'
    )


def _with_code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
