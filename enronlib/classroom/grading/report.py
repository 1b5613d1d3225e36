"""What an instructor reads: the table, the CSV, a page for each student and one about the class."""

import csv
import io
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from enronlib import UserError
from enronlib.classroom.grading.formatting import csv_safe, file_names, markdown, shortened
from enronlib.classroom.grading.intake import FEEDBACK_MARK, is_feedback
from enronlib.classroom.grading.lessons import Lesson
from enronlib.classroom.grading.likeness import Pair, find_alike
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.verdict import SIGNS, Status, Verdict
from enronlib.files import backup, write_bytes

__all__ = ["check_outputs", "class_page", "student_page", "table", "write_class_page", "write_csv", "write_feedback"]

SEEN = 70  # characters of a reason in the table on the screen


def check_outputs(files: Mapping[str, Path | None], folders: Mapping[str, Path | None]) -> None:
    """Raise UserError if a file or folder, named by its option, cannot be written; nothing is left behind."""
    for option, file in files.items():
        if file and file.is_dir():
            raise UserError(f"{file} is a folder: name a file for --{option}")
    for option, folder in folders.items():
        if folder and folder.exists() and not folder.is_dir():
            raise UserError(f"{folder} is a file: name a folder for --{option}")
    for path in filter(None, (*files.values(), *folders.values())):
        places = [path, *path.absolute().parents] if path.is_dir() else path.absolute().parents
        try:
            if path.is_file():
                path.open("ab").close()  # fails on Windows while a spreadsheet has it open
            tempfile.TemporaryFile(dir=next(place for place in places if place.exists())).close()
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}") from error


def write_csv(marks: ClassMarks, path: Path) -> tuple[Path, Path | None]:
    """Write a row for each student: student, status, points, max, look, the points of each exercise, the roster's rest.

    If somebody was late, `late_days` and `penalty` follow `look`. Points are empty if nothing could be graded.
    Returns the file, and the backup of an earlier one if there was one.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    exercises = [name for name, points in marks.exercises.items() if points]
    roster = marks.roster
    others = [name for name in roster.header if name not in roster.names_in] if roster else []
    late = ["late_days", "penalty"] if any(row.late_days for row in marks.rows) else []
    writer.writerow(["student", "status", "points", "max", "look", *late, *exercises, *map(csv_safe, others)])
    for row in marks.rows:
        points = f"{row.points:g}" if row.was_graded else ""
        first = [csv_safe(row.student), row.status, points, marks.points, csv_safe("; ".join(row.look))]
        days = [row.late_days, f"{row.penalty:g}"] if late else []
        earned = [f"{row.earned[name]:g}" if row.was_graded else "" for name in exercises]
        known = roster.columns(row.student) if roster else {}
        writer.writerow([*first, *days, *earned, *(csv_safe(known.get(name, "")) for name in others)])
    data = text.getvalue().encode("utf-8-sig", "replace")  # without this mark, Excel does not recognize UTF-8
    earlier = backup(path, data)
    return write_bytes(path, data), earlier


def write_feedback(marks: ClassMarks, folder: Path) -> list[Path]:
    """Write a Markdown page for each student; return the files. Pages of an earlier grading are removed first."""
    for earlier in filter(is_feedback, folder.glob("*.md")):
        earlier.unlink()
    written = []
    for row, name in zip(marks.rows, file_names(row.student for row in marks.rows), strict=True):
        page = f"{FEEDBACK_MARK}\n\n{student_page(row, marks)}"
        written.append(write_bytes(folder / f"{name}.md", page.encode("utf-8", "replace")))
    return written


def write_class_page(marks: ClassMarks, folder: Path) -> Path:
    """Write the page about the class beside the feedback folder, which students may be given; return the file."""
    folder = folder.resolve()
    return write_bytes(folder.with_name(f"{folder.name}_class.md"), class_page(marks).encode("utf-8", "replace"))


def table(marks: ClassMarks, csv_file: Path | None = None) -> str:
    """Return the rows for the screen, and where to read what did not fit."""
    width = max(len("student"), *(len(row.student) for row in marks.rows))
    lines = [f"{'student':{width}}  {'status':10}  points  look"]
    for row in marks.rows:
        look = shortened(row.look[0], SEEN) if row.look else ""
        more = f" (and {len(row.look) - 1} more)" if len(row.look) > 1 else ""
        points = f"{row.points:g}/{marks.points}" if row.was_graded else ""
        lines.append(f"{row.student:{width}}  {row.status:10}  {points:>6}  {look}{more}".rstrip())
    if any(len(row.look) > 1 or len("".join(row.look)) > SEEN for row in marks.rows):
        lines.append(
            f"all reasons in full: column look of {csv_file.name if csv_file else 'the file written by --csv'}"
        )
    return "\n".join(lines)


def student_page(row: Marks, marks: ClassMarks) -> str:
    """Return the feedback for a student: the total, each exercise with what its check says, and remarks."""
    lines = [f"# {markdown(row.student)}", ""]
    late = f" ({row.penalty:g} points less: {row.late_days} days late)" if row.penalty else ""
    lines += [f"**{row.points:g} of {marks.points} points**{late}", ""] if row.was_graded else []
    if "" in row.decisions and row.decisions[""].comment:
        lines += [f"Your instructor: {markdown(row.decisions[''].comment)}", ""]
    said = {verdict.exercise: verdict for verdict in row.verdicts}
    for name, lesson in marks.lessons.items():
        verdicts = [said[each] for each in lesson.exercises if each in said]
        if verdicts:
            lines += [f"## {name}", "", "| | exercise | points | what the check says |", "| --- | --- | --- | --- |"]
            lines += [_exercise_row(verdict, lesson, row) for verdict in verdicts]
            lines.append("")
    if row.remarks:
        lines += ["## How your submission was read", "", *(f"- {markdown(remark)}" for remark in row.remarks), ""]
    return "\n".join(lines)


def class_page(marks: ClassMarks) -> str:
    """Return the report on the class: marks, pass rate and most common wrong answer of each check, whom to look at."""
    graded = [row for row in marks.rows if row.was_graded]
    lines = ["# The class", "", f"{len(marks.rows)} students, {len(graded)} graded, {marks.points} points at most.", ""]
    if graded:
        points = [row.points for row in graded]
        others = Counter(row.status for row in marks.rows if not row.was_graded)
        left_out = ", ".join(f"{number} {status}" for status, number in others.items())
        mean = f"Mean {statistics.fmean(points):.1f}, median {statistics.median(points):g} points"
        lines += [f"{mean} among those graded{f'; not counted: {left_out}' if left_out else ''}.", ""]
    lines += ["## Each check", "", "Among those graded: how many passed, and a wrong answer that several gave.", ""]
    for name, lesson in marks.lessons.items():
        lines += _pass_rates(name, lesson, graded)
    looks = [(row.student, reason) for row in marks.rows for reason in row.look]
    if looks:
        lines += ["## To look at by hand", "", *(f"- {markdown(name)}: {markdown(reason)}" for name, reason in looks)]
    if pairs := find_alike(marks):
        lines += ["", "## Answers that are alike", "", "| students | exercises |", "| --- | --- |"]
        lines += [f"| {markdown(pair.one)}, {markdown(pair.other)} | {_likeness(pair)} |" for pair in pairs]
    if marks.notes:
        lines += ["", "## Notes", "", *(f"- {markdown(note)}" for note in marks.notes)]
    return "\n".join([*lines, ""])


def _likeness(pair: Pair) -> str:
    return ", ".join(f"`{name}` {likeness:.0%}" for name, likeness in pair.exercises.items())


def _pass_rates(name: str, lesson: Lesson, graded: Sequence[Marks]) -> Iterator[str]:
    """Yield the table of a lesson's exercises that are worth points."""
    exercises = [exercise for exercise, points in lesson.exercises.items() if points]
    if exercises:
        yield from (f"### {name}", "")
        yield "| exercise | correct | not yet | not attempted | most common wrong answer |"
        yield "| --- | --- | --- | --- | --- |"
        yield from (_pass_rate(exercise, lesson.titles, graded) for exercise in exercises)
        yield ""


def _pass_rate(name: str, titles: Mapping[str, str], graded: Sequence[Marks]) -> str:
    verdicts = [verdict for row in graded for verdict in row.verdicts if verdict.exercise == name]
    count = Counter(verdict.status for verdict in verdicts)
    wrong = Counter(verdict.message.partition("\n")[0] for verdict in verdicts if verdict.status is Status.NOT_YET)
    message, times = min(wrong.items(), key=lambda pair: (-pair[1], pair[0]), default=("", 0))
    words = f"{markdown(message)} ({times})" if times > 1 else ""  # once is no pattern
    rate = f" ({count[Status.CORRECT] / len(verdicts):.0%})" if verdicts else ""
    numbers = [f"{count[Status.CORRECT]}{rate}", count[Status.NOT_YET], count[Status.NOT_ATTEMPTED]]
    return f"| {_called(name, titles)} | {' | '.join(map(str, numbers))} | {words} |"


def _exercise_row(verdict: Verdict, lesson: Lesson, row: Marks) -> str:
    earned = row.earned[verdict.exercise]
    first = f"{_called(verdict.exercise, lesson.titles)} | {earned:g} of {verdict.points} |"
    if decision := row.decisions.get(verdict.exercise):
        sign = SIGNS[Status.CORRECT if earned == verdict.points else Status.NOT_YET]
        comment = f"**Your instructor:** {markdown(decision.comment)}" if decision.comment else ""
        check = "**Marked by your instructor**" if decision.points is not None else f"**{verdict.status}**"
        return f"| {sign} | {first} {comment or check} |"
    if verdict.exercise in row.in_doubt:
        return f"| ? | {first} **Your instructor will look at this** |"
    return f"| {SIGNS[verdict.status]} | {first} **{verdict.status}** {markdown(verdict.message)} |"


def _called(exercise: str, titles: Mapping[str, str]) -> str:
    """Return the title of an exercise and its name, or its name alone."""
    return f"{markdown(titles[exercise])} (`{exercise}`)" if exercise in titles else f"`{exercise}`"
