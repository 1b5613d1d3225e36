"""Names as typed, in file names and on rosters."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enronlib import UserError
from enronlib.classroom.grading.names import file_name, key, last_first, split_name
from enronlib.classroom.grading.roster import read_roster
from enronlib.classroom.grading.senders import Account, Sender, is_no_work, sender_of

NAMES = {
    "Jane Doe": "DoeJane",
    "  jane   doe ": "DoeJane",
    "José Núñez": "NunezJose",
    "Anna Maria Rossi": "RossiAnnaMaria",
    "Jean-Luc O'Brien": "OBrienJeanLuc",
    "Jan van der Berg": "VanDerBergJan",
    "García Márquez, Gabriel": "GarciaMarquezGabriel",
    "Łukasz Żółć": "ZolcLukasz",
    "Søren Weiß": "WeissSoren",
    "王 小明": "小明王",
    "Madonna": "Madonna",
    "Martin Luther King Jr.": "JrMartinLutherKing",
}


@pytest.mark.parametrize(("typed", "expected"), NAMES.items())
def test_a_typed_name_becomes_last_first(typed, expected):
    assert last_first(typed) == expected


def test_a_typed_name_is_split_so_that_it_can_be_shown():
    assert split_name("Jan van der Berg") == ("van der Berg", "Jan")
    assert split_name("García Márquez, Gabriel") == ("García Márquez", "Gabriel")
    assert split_name("Cher") == ("Cher", "")


@pytest.mark.parametrize("typed", ["", "  ", "!!", "--", ","])
def test_a_name_without_letters_is_refused(typed):
    with pytest.raises(UserError, match="is not a name"):
        last_first(typed)


@given(st.text(max_size=40))
def test_any_name_gives_a_plain_file_name_or_a_refusal(typed):
    try:
        name = file_name(typed)
    except UserError:
        return
    assert name.startswith("assignment04_")
    assert name.endswith(".zip")
    assert not set(name) & set(r'\/:*?"<>| ')


FILES = {
    "assignment04_DoeJane.zip": "DoeJane",
    "assignment04_DoeJane (1).zip": "DoeJane",
    "assignment04_DoeJane-2.zip": "DoeJane",
    "Assignment4 DoeJane.ZIP": "DoeJane",
    "doejane_123_456_assignment04_DoeJane-1.zip": "DoeJane",
    "assignment04_DoeJane": "DoeJane",
    "Jane Doe_12345_assignsubmission_file_": "Jane Doe",
    "Jane Doe_12345_assignsubmission_file_/notebooks.zip": "Jane Doe",
    "Zoë van Dam_12345_assignsubmission_file_/assignment04_VanDamZoe.zip": "Zoë van Dam",
    "Jane Doe_12345_assignsubmission_file_assignment04_DoeJane.zip": "Jane Doe",
    "janes work.zip": "janes work",
    "student_01": "student_01",
}


@pytest.mark.parametrize(("name", "expected"), FILES.items())
def test_the_student_is_read_from_the_file_name(name, expected):
    assert sender_of(Path(name)).name == expected


ACCOUNTS = {
    "Jane Doe_201_assignsubmission_file_/work.zip": ("Jane Doe", Account("participant", "201")),
    "Jane Doe_201_assignsubmission_file/work.zip": ("Jane Doe", Account("participant", "201")),
    "Participant_101_assignsubmission_file_/work.zip": ("Participant 101", Account("participant", "101")),
    "doejane_12345_678910_assignment04_DoeJane.zip": ("DoeJane", Account("canvas", "12345")),
    "doejane_LATE_12345_678910_work-1.zip": ("doejane", Account("canvas", "12345")),
    "LATE_anon_x7Ab2_678910_assignment04_DoeJane.zip": ("anonymous x7Ab2", Account("anonymous", "x7Ab2")),
    "Assignment 4_jdoe_attempt_2026-03-01-12-30-45_work.zip": ("jdoe", Account("user", "jdoe")),
    "Assignment 4_jdoe_attempt_2026-03-01-12-30-45_assignment04_DoeJane.zip": ("DoeJane", Account("user", "jdoe")),
    "assignment04_DoeJane.zip": ("DoeJane", None),
}


@pytest.mark.parametrize(("name", "expected"), ACCOUNTS.items())
def test_the_account_is_read_from_the_name_that_a_course_system_gives(name, expected):
    sender = sender_of(Path(name))
    assert (sender.name, sender.account) == expected


def test_what_course_systems_make_beside_the_work_is_known():
    beside = ["Jane Doe_201_assignsubmission_onlinetext_", "A4_jdoe_attempt_2026-03-01-12-30-45.txt"]
    assert all(is_no_work(Path(name)) for name in beside)
    assert not any(is_no_work(Path(name)) for name in FILES)


def roster(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "names.csv"
    path.write_bytes(text.encode(encoding))
    return path


ROSTERS = {
    "one column": "name\nJane Doe\nJosé Núñez\n",
    "two columns": "first,last\nJane,Doe\nJosé,Núñez\n",
    "other order and words": "Surname;Given name;id\nDoe;Jane;1\nNúñez;José;2\n",
    "no header": "Jane Doe\nJosé Núñez\n",
    "with a comma": '"name","id"\n"Doe, Jane",1\n"Núñez, José",2\n',
    "with a comma and no quotes": "name\nDoe, Jane\nNúñez, José\n",
    "in German": "Vorname;Nachname\nJane;Doe\nJosé;Núñez\n",
    "in German, family name first": "Name;Vorname\nDoe;Jane\nNúñez;José\n",
    "of Moodle": '"First name(s)","Last name(s)",ID\nJane,Doe,1\nJosé,Núñez,2\n',
    "of another system": "Student_Name,Section\nJane Doe,A\nJosé Núñez,A\n",
    "empty lines": "name\n\nJane Doe\n\nJosé Núñez\n\n",
}


@pytest.mark.parametrize("text", ROSTERS.values(), ids=ROSTERS)
def test_a_roster_is_read_in_any_common_form(tmp_path, text):
    for encoding in ("utf-8", "utf-8-sig"):
        found = read_roster(roster(tmp_path, text, encoding))
        assert [student.name for student in found.students] == ["Jane Doe", "José Núñez"]


def test_a_roster_from_excel_on_windows_is_read(tmp_path):
    found = read_roster(roster(tmp_path, "name\nJosé Núñez\n", "cp1252"))
    assert found.students[0].name == "José Núñez"


def test_an_empty_roster_is_refused(tmp_path):
    with pytest.raises(UserError, match="no names found"):
        read_roster(roster(tmp_path, "name\n"))


@pytest.mark.parametrize(
    "text",
    [
        *("matr,email\n17,jane@x.org\n", "17,Jane Doe\n18,Lee Long\n", "first,email\nJane,x\n"),
        *("prénom,nom\nJane,Doe\n", "Jane Doe,A\nLee Long,B\n", "last\nDoe\n"),
    ],
)
def test_a_roster_without_recognizable_names_is_refused(tmp_path, text):
    with pytest.raises(UserError, match=f"names.csv: no column .* it has {text.splitlines()[0].replace(',', ', ')}$"):
        read_roster(roster(tmp_path, text))


WORKSHEET = (  # Moodle's grading worksheet
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (grade),Feedback comments\n"
    "Participant 201,Jane Doe,jane@x.org,Submitted,,10.00,-,\nParticipant 202,José Núñez,jose@x.org,,,10.00,-,\n"
)
BLIND = "Identifier,Status,Grade,Last modified (grade)\nParticipant 201,Submitted,,-\nParticipant 202,,,-\n"
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Assignment 4 (98765)\n    Points Possible,,,,,10\n"
    '"Doe, Jane",12345,S01,jdoe,A,\n"Núñez, José",12346,S02,jnunez,A,7\n"Student, Test",99,,,A,\n'
)
BLACKBOARD = (
    "Last Name,First Name,Username,Student ID,Availability,Assignment 4 [Total Pts: 10 Score] |1281892\n"
    "Doe,Jane,jdoe,S01,Yes,\nNúñez,José,jnunez,S02,Yes,\n"
)


@pytest.mark.parametrize("text", [WORKSHEET, CANVAS, BLACKBOARD])
def test_the_lists_of_course_systems_are_rosters_of_their_students(tmp_path, text):
    assert [student.name for student in read_roster(roster(tmp_path, text)).students] == ["Jane Doe", "José Núñez"]


def test_under_blind_marking_the_roster_has_numbers(tmp_path):
    found = read_roster(roster(tmp_path, BLIND))
    assert [student.name for student in found.students] == ["Participant 201", "Participant 202"]


@pytest.mark.parametrize(
    ("text", "file", "name"),
    [
        (ROSTERS["one column"], "DoeJane", "Jane Doe"),
        (ROSTERS["one column"], "JaneDoe", "Jane Doe"),
        (ROSTERS["one column"], "jane doe", "Jane Doe"),
        (ROSTERS["one column"], "assignment04_NunezJose.zip", "José Núñez"),
        (ROSTERS["one column"], "assignment04_NúñezJosé.zip", "José Núñez"),
        (ROSTERS["one column"], "doejane_LATE_77_88_homework.zip", "Jane Doe"),
        (ROSTERS["one column"], "DoeJanet", None),
        (WORKSHEET, "J. D._201_assignsubmission_file_/x.zip", "Jane Doe"),
        (WORKSHEET, "Jane Doe_203_assignsubmission_file_/x.zip", None),
        (WORKSHEET, "assignment04_jose@x.org.zip", "José Núñez"),
        (BLIND, "Participant_202_assignsubmission_file_/x.zip", "Participant 202"),
        (CANVAS, "x_12346_5_work.zip", "José Núñez"),
        (CANVAS, "doejane_1_5_work.zip", None),
        (CANVAS, "assignment04_S01.zip", "Jane Doe"),
        (BLACKBOARD, "A_4_jdoe_attempt_2026-03-01-12-30-45_work.zip", "Jane Doe"),
        (BLACKBOARD, "assignment04_jnunez.zip", "José Núñez"),
    ],
)
def test_a_student_is_certain_by_account_or_typed_id_or_name(tmp_path, text, file, name):
    found = read_roster(roster(tmp_path, text)).matches(sender_of(Path(file)))
    assert [student.name for student in found] == ([name] if name else [])


@pytest.mark.parametrize(
    ("typed", "name"), [("DoeJanet", "Jane Doe"), ("Group A-Jane Doe", "Jane Doe"), ("Nobody", None)]
)
def test_a_name_that_resembles_one_on_the_roster_is_a_guess(tmp_path, typed, name):
    guess = read_roster(roster(tmp_path, ROSTERS["one column"])).guess(Sender(typed))
    assert (guess.name if guess else None) == name


def test_another_account_is_another_person_and_no_guess(tmp_path):
    students = read_roster(roster(tmp_path, WORKSHEET))
    assert students.guess(Sender("Jane Doe", Account("participant", "203"))) is None


def test_two_students_with_one_name_are_not_confused(tmp_path):
    found = read_roster(roster(tmp_path, "name\nJane Doe\nJane Doe\n"))
    assert [student.name for student in found.students] == ["Jane Doe", "Jane Doe (2)"]
    assert found.matches(Sender("DoeJane")) == list(found.students)


@given(st.text(alphabet="abcdefé -'", min_size=1, max_size=30))
def test_the_file_name_that_submit_writes_is_found_on_the_roster(name):
    try:
        written = file_name(name)
    except UserError:
        return
    assert key(sender_of(Path(written)).name) == key(last_first(name))
