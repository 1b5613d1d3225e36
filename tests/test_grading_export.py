"""Marks for Moodle, Canvas and Blackboard: read back by the rules of each system's import."""

import csv
import re
import zipfile
from pathlib import Path

import pytest

from enronlib import UserError
from enronlib.classroom.grading.export import check_export, write_feedback_zip, write_marks
from enronlib.classroom.grading.lessons import Lesson, PristineCell
from enronlib.classroom.grading.marks import ClassMarks, Decision, Marks
from enronlib.classroom.grading.roster import Roster, read_roster
from enronlib.classroom.grading.senders import Sender, sender_of
from enronlib.classroom.verdict import Status, Verdict

WORKSHEET = (
    "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    'Participant 201,Jane Doe,jane@x.org,"Submitted",,10.00,Yes,"Monday, 2 March 2026, 9:00 AM",-,\n'
    "Participant 202,José Núñez,jose@x.org,No submission,4.00,10.00,Yes,-,-,earlier\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Assignment 3 (11),Assignment 4 (12),Final Score\n"
    ",,,,,,Manual Posting,\n    Points Possible,,,,,5,10,(read only)\n"
    '"Doe, Jane",12345,S1,jdoe,A,5,,\n"Núñez, José",12346,S2,jnunez,A,1,7,\n"Student, Test",99,,,A,,,\n'
)
BLACKBOARD = (
    '"Last Name","First Name","Username","Student ID","Last Access","Availability",'
    '"Assignment 3 [Total Pts: 5 Score] |281","Assignment 4 [Total Pts: 10 Score] |282"\n'
    '"Doe","Jane","jdoe","S1","","Yes","5",""\n"Núñez","José","jnunez","S2","","Yes","1","7"\n'
)


def a_roster(folder: Path, text: str, encoding: str = "utf-8") -> Roster:
    (folder / "roster.csv").write_bytes(text.encode(encoding))
    return read_roster(folder / "roster.csv")


def graded(roster: Roster | None = None, *files: str) -> ClassMarks:
    """Return the marks of Jane Doe, and of José Núñez, who handed in nothing."""
    cells = (PristineCell("code", "x", "check", "a.one", "", "", 10),)
    verdict = Verdict("a.one", Status.CORRECT, "", 10)
    jane = Marks("Jane Doe", "graded", (verdict,), decisions={"a.one": Decision(7.5, "well, =1+1")})
    jose = Marks("José Núñez", "missing", (verdict,))
    senders: dict[str, Sender] = {"Jane Doe": sender_of(Path(files[0]))} if files else {}
    return ClassMarks({"01_a": Lesson("01_a", cells)}, [jane, jose], roster=roster, senders=senders)


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_moodles_worksheet_goes_back_with_grades_and_comments(tmp_path):
    notes = write_marks(graded(a_roster(tmp_path, WORKSHEET)), "moodle", tmp_path / "m.csv")
    jane, jose = lines(tmp_path / "m.csv")
    assert list(jane) == WORKSHEET.lstrip("\ufeff").splitlines()[0].split(",")
    # The import looks for these three columns, and for the number at the end of the first.
    assert (jane["Identifier"], jane["Grade"], jane["Last modified (grade)"]) == ("Participant 201", "7.5", "-")
    assert (jane["Feedback comments"], jane["Status"]) == ("a.one: well, =1+1", "Submitted")
    assert (jose["Grade"], jose["Feedback comments"]) == ("4.00", "earlier")
    assert notes == []


def test_a_worksheet_with_another_maximum_is_noted(tmp_path):
    roster = a_roster(tmp_path, WORKSHEET.replace("10.00", "100.00"))
    (note,) = write_marks(graded(roster), "moodle", tmp_path / "m.csv")
    assert note == "Maximum Grade is 100 in Moodle; these marks go up to 10: change it there"


def test_without_a_worksheet_moodles_folders_have_the_numbers(tmp_path):
    folder = "Jane Doe_201_assignsubmission_file_"
    write_marks(graded(None, folder), "moodle", tmp_path / "m.csv")
    assert lines(tmp_path / "m.csv") == [
        {
            "Identifier": "Participant 201",
            "Full name": "Jane Doe",
            "Grade": "7.5",
            "Last modified (grade)": "-",
            "Feedback comments": "a.one: well, =1+1",
        }
    ]
    with pytest.raises(UserError, match="needs Moodle's grading worksheet"):
        write_marks(graded(), "moodle", tmp_path / "m.csv")


def test_canvas_gets_its_students_and_the_column_of_the_assignment(tmp_path):
    write_marks(graded(a_roster(tmp_path, CANVAS)), "canvas", tmp_path / "c.csv")
    jane, jose = lines(tmp_path / "c.csv")
    # The import takes the columns up to Section for the student, and `Name (ID)` for the assignment.
    assert list(jane) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Assignment 4 (12)"]
    assert list(jane.values()) == ["Doe, Jane", "12345", "S1", "jdoe", "A", "7.5"]
    assert jose["Assignment 4 (12)"] == "7"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_blackboard_gets_user_names_and_the_column_with_its_number(tmp_path, encoding):
    tabs = BLACKBOARD.replace(",", "\t") if encoding == "utf-16" else BLACKBOARD
    write_marks(graded(a_roster(tmp_path, tabs, encoding)), "blackboard", tmp_path / "b.csv")
    jane, jose = lines(tmp_path / "b.csv")
    column = "Assignment 4 [Total Pts: 10 Score] |282"
    assert list(jane) == ["Last Name", "First Name", "Username", "Student ID", column]
    assert (jane["Username"], jane[column], jose[column]) == ("jdoe", "7.5", "7")


def test_the_column_can_be_named_and_must_be_clear(tmp_path):
    roster = a_roster(tmp_path, CANVAS.replace("Assignment 4", "Batch"))
    with pytest.raises(
        UserError, match=r'Add --column "NAME"; the roster has: Assignment 3 \(11\), Batch \(12\), Final'
    ):
        check_export("canvas", roster, None)
    check_export("canvas", roster, "Batch")
    write_marks(graded(roster), "canvas", tmp_path / "c.csv", "Batch")
    assert lines(tmp_path / "c.csv")[0]["Batch (12)"] == "7.5"


@pytest.mark.parametrize("system", ["canvas", "blackboard"])
def test_without_the_systems_own_list_there_is_no_export(tmp_path, system):
    for roster in (None, a_roster(tmp_path, "name\nJane Doe\n")):
        with pytest.raises(UserError, match=f"--export {system} needs --roster"):
            check_export(system, roster, None)


def test_who_is_not_on_the_list_is_noted(tmp_path):
    roster = a_roster(tmp_path, CANVAS.replace("Doe, Jane", "Roe, Jan"))
    marks = graded(roster)
    marks.rows.append(Marks("Jan Roe", "missing", ()))
    assert write_marks(marks, "canvas", tmp_path / "c.csv") == ["not in c.csv, as they have no ID: Jane Doe"]


def moodles_user(name: str) -> tuple[str, str] | None:
    """Return the participant number and the file's name that Moodle's import finds in a path of a zip."""
    parts = name.split("/")
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) >= 4 and info[1].isdigit() and info[2:4] == ["assignsubmission", "file"]:
            return info[1], "/".join(filter(None, [*info[4:], *parts]))
    return None


@pytest.mark.parametrize("given", ["folder", "worksheet"])
def test_moodle_takes_the_feedback_back_as_one_zip(tmp_path, given):
    files = ["Jane Doe_201_assignsubmission_file_"] if given == "folder" else []
    marks = graded(a_roster(tmp_path, WORKSHEET) if given == "worksheet" else None, *files)
    (tmp_path / "Jane Doe.md").write_text("page")
    (tmp_path / "02_parse.ipynb").write_text("{}")
    pages = {"Jane Doe": [tmp_path / "Jane Doe.md", tmp_path / "02_parse.ipynb"]}
    assert write_feedback_zip(marks, "moodle", pages, tmp_path / "f.zip") == 1
    with zipfile.ZipFile(tmp_path / "f.zip") as archive:
        found = [moodles_user(name) for name in archive.namelist()]
    assert found == [("201", "feedback.md"), ("201", "02_parse.ipynb")]


def test_canvas_takes_the_feedback_back_as_one_zip(tmp_path):
    marks = graded(None, "doejane_LATE_12345_678910_assignment04_DoeJane.zip")
    (tmp_path / "Jane Doe.md").write_text("page")
    write_feedback_zip(marks, "canvas", {"Jane Doe": [tmp_path / "Jane Doe.md"]}, tmp_path / "f.zip")
    with zipfile.ZipFile(tmp_path / "f.zip") as archive:
        assert archive.namelist() == ["doejane_LATE_12345_678910_feedback.md"]
        found = re.search(r"_(\d+)_(\d+)_", archive.namelist()[0])
    assert found is not None
    assert found.groups() == ("12345", "678910")
