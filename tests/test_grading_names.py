"""Names as typed, in file names and on rosters."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enronlib import UserError
from enronlib.classroom.grading.names import (
    file_name,
    find_student,
    key,
    last_first,
    namesakes,
    read_roster,
    split_name,
    student_of,
)

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
    assert student_of(Path(name)) == expected


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
        assert [student.name for student in read_roster(roster(tmp_path, text, encoding))] == ["Jane Doe", "José Núñez"]


def test_a_roster_from_excel_on_windows_is_read(tmp_path):
    students = read_roster(roster(tmp_path, "name\nJosé Núñez\n", "cp1252"))
    assert students[0].name == "José Núñez"


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


@pytest.mark.parametrize(
    ("handed_in", "name", "guessed"),
    [
        ("DoeJane", "Jane Doe", False),
        ("JaneDoe", "Jane Doe", False),
        ("jane doe", "Jane Doe", False),
        ("NunezJose", "José Núñez", False),
        ("NúñezJosé", "José Núñez", False),
        ("doejane_77_88_homework", "Jane Doe", True),
        ("DoeJanet", "Jane Doe", True),
        ("Nobody", None, False),
    ],
)
def test_a_student_is_found_on_the_roster(tmp_path, handed_in, name, guessed):
    students = read_roster(roster(tmp_path, ROSTERS["one column"]))
    found, was_guessed = find_student(handed_in, students)
    assert (found.name if found else None, was_guessed) == (name, guessed)


def test_two_students_with_one_name_are_not_confused(tmp_path):
    students = read_roster(roster(tmp_path, "name\nJane Doe\nJane Doe\n"))
    assert [student.name for student in students] == ["Jane Doe", "Jane Doe (2)"]
    assert find_student("DoeJane", students) == (None, False)
    assert namesakes("DoeJane", students) == students


@given(st.text(alphabet="abcdefé -'", min_size=1, max_size=30))
def test_the_file_name_that_submit_writes_is_found_on_the_roster(name):
    try:
        written = file_name(name)
    except UserError:
        return
    assert key(student_of(Path(written))) == key(last_first(name))
