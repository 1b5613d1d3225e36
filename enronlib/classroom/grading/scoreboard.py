"""The scoreboard at the end of `pytest --nbval lesson.ipynb`."""

import shutil
import textwrap
from collections.abc import Sequence

from enronlib.classroom.grading.lessons import Lesson
from enronlib.classroom.verdict import SIGNS, Status, Verdict


def scoreboard(verdicts: Sequence[Verdict], lesson: Lesson | None = None) -> str:
    """Return a table of exercise, verdict, points and message, the total, and what grading runs besides.

    With the pristine `lesson` its exercises and points count; one whose check cell is gone is shown as that.
    """
    points = lesson.exercises if lesson else {verdict.exercise: verdict.points for verdict in verdicts}
    said = {verdict.exercise: verdict for verdict in verdicts}
    gone = "its check cell is missing here; grading has its own"
    rows = [said.get(name, Verdict(name, Status.NOT_ATTEMPTED, gone, worth)) for name, worth in points.items()]
    earned = sum(points[row.exercise] for row in rows if row.status is Status.CORRECT)
    total = f"{earned} of {sum(points.values())} points."
    name_width = max((len(row.exercise) for row in rows), default=0)
    points_width = max((len(_points(row, points[row.exercise])) for row in rows), default=0)
    lines = []
    for row in rows:
        worth = points[row.exercise]
        head = f"{SIGNS[row.status]} {row.exercise:{name_width}}  {row.status.lower():13}  "
        head += f"{_points(row, worth):{points_width}}  "
        room = max(shutil.get_terminal_size().columns - len(head), 40)
        first, *rest = textwrap.wrap(" ".join(row.message.splitlines()), room) or [""]
        lines += [(head + first).rstrip(), *(" " * len(head) + line for line in rest)]
    return "\n".join([*lines, f"{total} {_more(lesson)}".rstrip()])


def _points(verdict: Verdict, worth: int) -> str:
    return f"{worth if verdict.status is Status.CORRECT else 0} of {worth}" if worth else "example"


def _more(lesson: Lesson | None) -> str:
    if lesson is None:
        return ""
    number = lesson.hidden_tests
    if number:
        hidden = f"{number} hidden check{'s' * (number != 1)}"
        return f"Your teacher also runs {hidden}, and may run all of them on mail you have not seen."
    return "Your teacher may run the same checks on mail you have not seen."
