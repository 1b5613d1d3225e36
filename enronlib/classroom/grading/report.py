"""What an instructor reads: the table, the CSV, a page for each student and one for the class."""

import csv
import html
import io
import re
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.verdict import SIGNS, Status, Verdict

CLASS_PAGE = "_class.md"  # before all names; a student's page begins with a letter or digit


def write_csv(marks: ClassMarks, path: Path) -> Path:
    """Write a row for each student: student, status, points, max, look, then the points of each exercise."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", "status", "points", "max", "look", *marks.exercises])
    for row in marks.rows:
        earned = {verdict.exercise: verdict.earned for verdict in row.verdicts}
        first = [_harmless(row.student), row.status, row.points, marks.points, _harmless("; ".join(row.look))]
        writer.writerow([*first, *(earned.get(name, 0) for name in marks.exercises)])
    return _write(path, text.getvalue())


def write_feedback(marks: ClassMarks, folder: Path) -> list[Path]:
    """Write a Markdown page for each student, and one for the instructor on the class; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write(folder / CLASS_PAGE, class_page(marks))]
    taken: Counter[str] = Counter()
    for row in marks.rows:
        name = re.sub(r"[^\w. -]+", "-", row.student).strip("-_. ") or "student"
        taken[name.casefold()] += 1
        number = f"-{taken[name.casefold()]}" if taken[name.casefold()] > 1 else ""
        written.append(_write(folder / f"{name}{number}.md", student_page(row, marks)))
    return written


def table(marks: ClassMarks) -> str:
    """Return the rows for the screen."""
    width = max((len(row.student) for row in marks.rows), default=7)
    lines = [f"{'student':{width}}  {'status':10}  points  look"]
    for row in marks.rows:
        look = row.look[0] if row.look else ""
        more = f" (and {len(row.look) - 1} more)" if len(row.look) > 1 else ""
        points = f"{row.points}/{marks.points}"
        lines.append(f"{row.student:{width}}  {row.status:10}  {points:>6}  {_one_line(look, 70)}{more}".rstrip())
    return "\n".join(lines)


def student_page(row: Marks, marks: ClassMarks) -> str:
    """Return the feedback for a student: total, each exercise with what its check says, and remarks."""
    lines = [f"# {_text(row.student)}", "", f"**{row.points} of {marks.points} points**", ""]
    said = {verdict.exercise: verdict for verdict in row.verdicts}
    for name, lesson in marks.lessons.items():
        verdicts = [said[each] for each in lesson.exercises if each in said]
        if not verdicts:
            continue
        lines += [f"## {name}", "", "| | exercise | points | what the check says |", "| --- | --- | --- | --- |"]
        lines += [_row(verdict) for verdict in verdicts]
        lines.append("")
    if row.remarks:
        lines += ["## How your submission was read", "", *(f"- {_text(remark)}" for remark in row.remarks), ""]
    return "\n".join(lines)


def class_page(marks: ClassMarks) -> str:
    """Return the report on the class: marks, pass rate and commonest wrong answer of each check, whom to look at."""
    graded = [row for row in marks.rows if row.status == "graded"]
    lines = [
        "# The class",
        "",
        f"{len(marks.rows)} students, {len(graded)} graded, {marks.points} points to be had.",
        "",
    ]
    if graded:
        points = [row.points for row in graded]
        lines += [f"Mean {statistics.fmean(points):.1f}, median {statistics.median(points):g} points.", ""]
    lines += ["## Each check", "", "Of those graded: how many passed, and the commonest wrong answer.", ""]
    lines += [
        "| exercise | correct | not yet | not attempted | commonest wrong answer |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [_pass_rate(name, graded) for name in marks.exercises]
    looks = [(row.student, reason) for row in marks.rows for reason in row.look]
    if looks:
        lines += ["", "## To look at by hand", "", *(f"- {_text(name)}: {_text(reason)}" for name, reason in looks)]
    if marks.notes:
        lines += ["", "## Notes", "", *(f"- {_text(note)}" for note in marks.notes)]
    return "\n".join([*lines, ""])


def _pass_rate(name: str, graded: Sequence[Marks]) -> str:
    verdicts = [verdict for row in graded for verdict in row.verdicts if verdict.exercise == name]
    count = Counter(verdict.status for verdict in verdicts)
    wrong = Counter(verdict.message.partition("\n")[0] for verdict in verdicts if verdict.status is Status.NOT_YET)
    commonest = min(wrong.items(), key=lambda pair: (-pair[1], pair[0]), default=None)
    words = f"{_text(commonest[0])} ({commonest[1]})" if commonest else ""
    rate = f" ({count[Status.CORRECT] / len(verdicts):.0%})" if verdicts else ""
    numbers = [f"{count[Status.CORRECT]}{rate}", count[Status.NOT_YET], count[Status.NOT_ATTEMPTED]]
    return f"| {name} | {' | '.join(map(str, numbers))} | {words} |"


def _row(verdict: Verdict) -> str:
    points = f"{verdict.earned} of {verdict.points}"
    return (
        f"| {SIGNS[verdict.status]} | {verdict.exercise} | {points} | **{verdict.status}** {_text(verdict.message)} |"
    )


def _text(text: str) -> str:
    """Return text that shows as it is in Markdown, in one line: a student's words may hold anything."""
    return "".join(_escaped(html.escape(_one_line(text, 600), quote=False))).replace("  ", "&nbsp; ")


def _escaped(text: str) -> Iterator[str]:
    for letter in text:
        yield f"\\{letter}" if letter in "\\`*_[]|~#" else letter


def _one_line(text: str, most: int) -> str:
    line = " ".join(text.splitlines())
    return line if len(line) <= most else f"{line[:most]} …"


def _harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, suffix=".tmp", encoding="utf-8", newline="\n", delete=False
    ) as file:
        file.write(text)
    Path(file.name).replace(path)
    return path
