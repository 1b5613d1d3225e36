"""The scoreboard at the end of `pytest --nbval lesson.ipynb`."""

import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import replace

from enronlib.classroom.grading.lessons import Lesson
from enronlib.classroom.verdict import SIGNS, Status, Verdict

__all__ = ["format_scoreboard"]


def format_scoreboard(verdicts: Sequence[Verdict], lesson: Lesson | None = None) -> str:
    """Return a table of exercise, verdict, points and message, then the total and what else grading runs.

    With the pristine `lesson`, its exercises and points are used, and an exercise whose check cell is gone gets a line.
    """
    points = lesson.exercises if lesson else {verdict.exercise: verdict.points for verdict in verdicts}
    said = {verdict.exercise: verdict for verdict in verdicts}
    gone = "its check cell is missing here; grading uses the original"
    rows = [said.get(name, Verdict(name, Status.NOT_ATTEMPTED, gone, worth)) for name, worth in points.items()]
    earned = {row.exercise: replace(row, points=points[row.exercise]).earned for row in rows}
    shown = {name: f"{earned[name]:g} of {worth}" if worth else "example" for name, worth in points.items()}
    name_width, points_width = (max(map(len, texts), default=0) for texts in (shown, shown.values()))
    lines = []
    for row in rows:
        head = f"{SIGNS[row.status]} {row.exercise:{name_width}}  {row.status.lower():13}  "
        head += f"{shown[row.exercise]:{points_width}}  "
        room = max(shutil.get_terminal_size().columns - len(head), 40)
        first, *rest = textwrap.wrap(" ".join(row.message.splitlines()), room) or [""]
        lines += [(head + first).rstrip(), *(" " * len(head) + line for line in rest)]
    return "\n".join(
        [*lines, f"{round(sum(earned.values()), 1):g} of {sum(points.values())} points. {_more(lesson)}".rstrip()]
    )


def _more(lesson: Lesson | None) -> str:
    if lesson is None:
        return ""
    if number := lesson.hidden_tests:
        hidden = f"{number} hidden check{'s' * (number != 1)}"
        return f"Your instructor also runs {hidden}, and may run all checks on mail you have not seen."
    return "Your instructor may run the same checks on mail you have not seen."
