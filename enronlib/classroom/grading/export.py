"""Marks in the format that a course system imports, and feedback in a zip that it takes back.

| system     | file                  | students are known by | filled in                   | feedback goes back as   |
| Moodle     | the grading worksheet | Identifier            | Grade, Feedback comments    | a zip of feedback files |
| Canvas     | the gradebook         | ID                    | the column of an assignment | a zip of submissions    |
| Blackboard | the gradebook         | Username              | the column of an assignment |                         |

The columns are those of the file that was given as roster, so whatever the system wrote there, it gets back. Sources:
Moodle, mod/assign/feedback/offline/importgradeslib.php and mod/assign/feedback/file/importziplib.php; Canvas,
lib/gradebook_importer.rb and lib/content_zipper.rb; Blackboard Help, "Work offline with grade data".
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from enronlib import UserError
from enronlib.classroom.grading.formatting import csv_safe, printable
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.grading.roster import Roster
from enronlib.files import write_bytes

__all__ = ["SYSTEMS", "check_export", "write_feedback_zip", "write_marks"]

SYSTEMS = ("moodle", "canvas", "blackboard")
NEEDED = {"moodle": "Identifier", "canvas": "ID", "blackboard": "Username"}
DOWNLOAD = {"moodle": "grading worksheet", "canvas": "gradebook", "blackboard": "gradebook"}
ASSIGNMENT = re.compile(r"(?i)assignment[ _-]*0?4\b")
ABOUT_STUDENT = {  # the other columns that come before the grade
    "canvas": {
        *("Student", "LastName", "FirstName", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account"),
        "Section",
    },
    "blackboard": {"Last Name", "First Name", "Student ID"},
}


def check_export(system: str, roster: Roster | None, column: str | None) -> None:
    """Raise UserError if the marks cannot be exported with this roster."""
    if system == "moodle" and (roster is None or "Identifier" not in roster.header):
        return  # a worksheet is made of the participant numbers in the names of folders
    if roster is None or NEEDED[system] not in roster.header:
        what = f"{system.capitalize()}'s {DOWNLOAD[system]}, which has a column {NEEDED[system]}"
        raise UserError(f"--export {system} needs --roster FILE: {what}")
    _grade_column(system, roster, column)


def write_marks(marks: ClassMarks, system: str, path: Path, column: str | None = None) -> list[str]:
    """Write the marks as a CSV that the system imports; return notes about what cannot be imported.

    `column` is the column of the assignment (default: the one called Assignment 4). A student without marks keeps
    what the file had.
    """
    if system == "moodle" and (marks.roster is None or "Identifier" not in marks.roster.header):
        header, lines = _own_worksheet(marks)
    else:
        header, lines = _filled_in(marks, system, column)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([line.get(name, "") for name in header] for line in lines.values())
    write_bytes(path, text.getvalue().encode("utf-8"))
    left_out = [row.student for row in marks.rows if row.was_graded and row.student not in lines]
    notes = [f"not in {path.name}, as they have no {NEEDED[system]}: {', '.join(left_out)}"] if left_out else []
    highest = {float(line["Maximum Grade"]) for line in lines.values() if _is_number(line.get("Maximum Grade", ""))}
    if highest - {float(marks.points)}:
        notes.append(
            f"Maximum Grade is {max(highest):g} in Moodle; these marks go up to {marks.points}: change it there"
        )
    return notes


def _filled_in(marks: ClassMarks, system: str, column: str | None) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Return the header and the line of each student: the roster's own columns with the grade filled in."""
    roster = marks.roster
    assert roster is not None
    grade = _grade_column(system, roster, column)
    rows = {row.student: row for row in marks.rows}
    lines = {}
    for student in roster.students:
        line = roster.columns(student.name)
        row = rows[student.name]
        if row.was_graded:
            line[grade] = _grade(row)
            for comments in {"Feedback comments", "Feedback to Learner"} & line.keys():
                line[comments] = csv_safe(_comments(row))
        lines[student.name] = line
    if system == "moodle":
        return list(roster.header), lines
    about = {NEEDED[system], *ABOUT_STUDENT[system]}
    return [name for name in roster.header if name in about or name.startswith("Feedback ")] + [grade], lines


def _own_worksheet(marks: ClassMarks) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Return the columns that Moodle needs, with the participant numbers of its folders."""
    header = ["Identifier", "Full name", "Grade", "Last modified (grade)", "Feedback comments"]
    lines = {}
    for row in marks.rows:
        sender = marks.senders.get(row.student)
        if row.was_graded and sender and sender.account and sender.account.kind == "participant":
            values = [f"Participant {sender.account.id}", csv_safe(row.student), _grade(row), "-"]
            lines[row.student] = dict(zip(header, [*values, csv_safe(_comments(row))], strict=True))
    if not lines:
        raise UserError("--export moodle needs Moodle's grading worksheet as --roster, or its folders unchanged")
    return header, lines


def _grade_column(system: str, roster: Roster, column: str | None) -> str:
    """Return the column of the assignment. Raises UserError if it is not clear which one it is."""
    if system == "moodle":
        if "Grade" not in roster.header:
            raise UserError("the roster has no column Grade: download the grading worksheet from Moodle again")
        return "Grade"
    known = {NEEDED[system], *ABOUT_STUDENT[system], "Last Access", "Availability", *roster.names_in}
    others = [name for name in roster.header if name and name not in known]
    found = [name for name in others if (name.startswith(column) if column else ASSIGNMENT.search(name))]
    if len(found) != 1:
        listed = ", ".join(others) or "none"
        raise UserError(f'which column is this assignment? Add --column "NAME"; the roster has: {listed}')
    return found[0]


def _grade(row: Marks) -> str:
    return f"{row.points:g}"


def _comments(row: Marks) -> str:
    """Return the instructor's comments on a submission in one line, or else where the feedback is."""
    comments = {name: each.comment for name, each in row.decisions.items() if each.comment}
    return printable("; ".join(f"{name}: {text}" if name else text for name, text in comments.items()))


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def write_feedback_zip(marks: ClassMarks, system: str, files: Mapping[str, list[Path]], path: Path) -> int:
    """Write a zip of each student's files, named so that the system gives them back; return the number of students.

    `files` are those of each student: the feedback page, and the returned notebooks.
    """
    number = 0
    with io.BytesIO() as data:
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            for row in marks.rows:
                prefix = _prefix(marks, system, row)
                for file, name in _names(files.get(row.student, [])) if prefix else ():
                    archive.writestr(f"{prefix}{name}", file.read_bytes())
                number += bool(prefix)
        write_bytes(path, data.getvalue())
    return number


def _names(files: list[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each file and what the student sees: the page is `feedback`, whatever it is called here."""
    for file in files:
        yield file, f"feedback{file.suffix}" if file.suffix != ".ipynb" else file.name


def _prefix(marks: ClassMarks, system: str, row: Marks) -> str:
    """Return how the names of a student's files begin for the course system, empty if that is unknown."""
    sender = marks.senders.get(row.student)
    kinds = {"moodle": ("participant",), "canvas": ("canvas", "anonymous")}.get(system, ())
    if sender and sender.account and sender.account.kind in kinds and sender.prefix:
        return sender.prefix if system == "canvas" else f"{sender.prefix}/"
    identifier = marks.roster.columns(row.student).get("Identifier", "") if marks.roster else ""
    if system == "moodle" and identifier and row.was_graded:
        return f"{row.student.replace('_', ' ').replace('/', ' ')}_{identifier.split()[-1]}_assignsubmission_file_/"
    return ""
