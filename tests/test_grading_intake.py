"""Zips, folders and files as they are handed in, hostile ones included."""

import json
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from enronlib import UserError
from enronlib.classroom.grading import intake, report
from enronlib.classroom.grading.intake import assign, find_submissions, lesson_of, read_submission
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.grading.reading import read_handed_in
from enronlib.classroom.grading.roster import read_roster
from tests.zoo.assignment import NAME, answered, lesson, untouched

BOOK = json.dumps(answered()).encode()
FILE = f"{NAME}.ipynb"


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    pristine = lesson(tmp_path_factory.mktemp("lesson"))
    return {pristine.name: pristine}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "name",
    [
        *(FILE, f"notebooks/{FILE}", f"assignment04_DoeJane/notebooks/{FILE}", f"C\\work\\{FILE}", "01_NUMBERS.IPYNB"),
        *(
            "01_numbers (1).ipynb",
            "01_numbers-Copy1.ipynb",
            "Copy of 01_numbers.ipynb",
            "01 numbers.ipynb",
            "mine.ipynb",
        ),
    ],
)
def test_the_notebook_is_found_anywhere_in_the_zip(tmp_path, lessons, name):
    found = read_submission(
        zipped(tmp_path / "assignment04_DoeJane.zip", {name: BOOK, "results/count.txt": b"a\t1\n"}), lessons
    )
    assert list(found.notebooks) == [NAME]
    assert (found.student, found.problem, found.look) == ("DoeJane", "", [])


def test_files_that_computers_add_to_zips_are_ignored(tmp_path, lessons):
    extra = (f"__MACOSX/._{FILE}", f".ipynb_checkpoints/{FILE}", f"notebooks/.ipynb_checkpoints/x-{FILE}", ".DS_Store")
    found = read_submission(zipped(tmp_path / "x.zip", {FILE: BOOK, **dict.fromkeys(extra, b"junk")}), lessons)
    assert (list(found.notebooks), found.look) == ([NAME], [])


@pytest.mark.parametrize(
    "name", [f"../{FILE}", f"/etc/{FILE}", f"a/../../{FILE}", f"..\\{FILE}", f"C:\\{FILE}", f"C:/{FILE}"]
)
def test_paths_that_lead_out_of_the_zip_are_ignored_and_looked_at(tmp_path, lessons, name):
    found = read_submission(zipped(tmp_path / "x.zip", {name: BOOK}), lessons)
    assert not found.notebooks
    assert found.problem.startswith("no lesson notebook found")
    assert any("lead out of it" in reason for reason in found.look)
    assert [path.name for path in tmp_path.rglob("*")] == ["x.zip"]


def test_links_are_not_followed(tmp_path, lessons):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo(FILE)
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    found = read_submission(path, lessons)
    assert not found.notebooks
    assert any("links" in reason for reason in found.look)


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
def test_links_in_folders_are_not_followed(tmp_path, lessons):
    (tmp_path / "secret.ipynb").write_bytes(BOOK)
    (tmp_path / "student").mkdir()
    (tmp_path / "student" / FILE).symlink_to(tmp_path / "secret.ipynb")
    assert not read_submission(tmp_path / "student", lessons).notebooks


def test_a_zip_bomb_is_read_up_to_the_limit(tmp_path, lessons, monkeypatch):
    monkeypatch.setattr(intake, "LARGEST", 100_000)
    found = read_submission(
        zipped(tmp_path / "x.zip", {FILE: b" " * 50_000_000, "y.ipynb": b"0" * 50_000_000}), lessons
    )
    assert not found.notebooks
    assert found.problem


def test_a_zip_that_lies_about_sizes_is_a_row(tmp_path, lessons):
    path = zipped(tmp_path / "x.zip", {FILE: BOOK})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 5)
    path.write_bytes(data)
    found = read_submission(path, lessons)
    assert found.problem or found.notebooks


def test_ten_thousand_entries_do_no_harm(tmp_path, lessons):
    files = {f"venv/{number}.txt": b"" for number in range(10_000)}
    found = read_submission(zipped(tmp_path / "x.zip", {**files, FILE: BOOK}), lessons)
    assert list(found.notebooks) == [NAME]


def test_thousands_of_notebooks_are_not_all_read(tmp_path, lessons):
    found = read_submission(zipped(tmp_path / "x.zip", {f"{n}.ipynb": b"{}" for n in range(3_000)}), lessons)
    assert not found.notebooks
    assert len(found.remarks) <= intake.MOST_NOTEBOOKS


def test_names_in_another_encoding_do_no_harm(tmp_path, lessons):
    data = bytearray(zipped(tmp_path / "x.zip", {"Bung/01_numbers.ipynb": BOOK}).read_bytes())
    (tmp_path / "x.zip").write_bytes(bytes(data).replace(b"Bung/", b"\xdcb\xffng/"[:5]))
    assert list(read_submission(tmp_path / "x.zip", lessons).notebooks) == [NAME]


@pytest.mark.parametrize("name", ["x.zip", "x.rar", "x.7z", "x.tar.gz", "x.ipynb"])
@pytest.mark.parametrize("data", [b"", b"junk", b"PK\x03\x04 cut off", b"PK\x05\x06" + b"\0" * 18])
def test_an_unreadable_file_says_why(tmp_path, lessons, name, data):
    (tmp_path / name).write_bytes(data)
    found = read_submission(tmp_path / name, lessons)
    assert not found.notebooks
    assert found.problem
    assert str(tmp_path) not in found.problem


def test_a_locked_zip_says_so(tmp_path, lessons):
    data = bytearray(zipped(tmp_path / "x.zip", {FILE: BOOK}).read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    (tmp_path / "x.zip").write_bytes(data)
    found = read_submission(tmp_path / "x.zip", lessons)
    assert found.problem == f"no lesson notebook found ({FILE}: locked with a password)"


def test_a_damaged_notebook_does_not_hide_the_others(tmp_path, lessons):
    data = zipped(tmp_path / "x.zip", {"broken.ipynb": b"x" * 50, FILE: BOOK}).read_bytes()
    at = data.index(b"broken.ipynb") + len("broken.ipynb")
    (tmp_path / "x.zip").write_bytes(data[:at] + b"\xff" + data[at + 1 :])
    found = read_submission(tmp_path / "x.zip", lessons)
    assert list(found.notebooks) == [NAME]
    assert any("broken.ipynb" in reason for reason in found.look)


def test_no_notebook_is_a_row_with_a_reason(tmp_path, lessons):
    assert read_submission(zipped(tmp_path / "x.zip", {"essay.txt": b""}), lessons).problem.startswith(
        "no lesson notebook found"
    )


@pytest.mark.parametrize("name", ["x.zip", "X.ZIP", "hw/x.zip", "rest.7z", f"{FILE}.json", f"hw/{FILE}.txt"])
def test_work_in_a_nested_archive_or_with_a_wrong_suffix_is_named(tmp_path, lessons, name):
    short = name.rpartition("/")[2]
    read = [read_submission(zipped(tmp_path / "A.zip", {name: b"", **more}), lessons) for more in ({}, {FILE: BOOK})]
    put(tmp_path, f"B/{name}", b"")
    put(tmp_path, "B/results/count.txt", b"")
    read.append(read_submission(tmp_path / "B", lessons))
    put(tmp_path, f"B/{FILE}")
    read.append(read_submission(tmp_path / "B", lessons))
    assert all(len(each.look) == 1 and each.look[0].startswith(f"not read: {short}: ") for each in read)
    assert [list(each.notebooks) for each in read] == [[], [NAME], [], [NAME]]
    assert all(f"not read: {short}" in each.problem for each in read if not each.notebooks)


def test_ten_thousand_nested_archives_do_not_fill_the_table(tmp_path, lessons):
    found = read_submission(zipped(tmp_path / "x.zip", {f"{n}.zip": b"" for n in range(10_000)}), lessons)
    assert len(found.look) == intake.MOST_LOOKS


def test_of_two_notebooks_the_one_with_the_lessons_name_is_graded(tmp_path, lessons):
    other = json.dumps(untouched()).encode()
    found = read_submission(zipped(tmp_path / "x.zip", {FILE: BOOK, "01_numbers-Copy1.ipynb": other}), lessons)
    assert found.notebooks[NAME] == read_handed_in(BOOK)
    assert found.look == [f"2 notebooks of {NAME}; {FILE} was graded"]


def test_files_that_pytest_would_run_are_not_read(tmp_path, lessons):
    files = {FILE: BOOK, "conftest.py": b"1/0", "pytest.ini": b"[pytest]", "random.py": b"1/0"}
    found = read_submission(zipped(tmp_path / "x.zip", files), lessons)
    assert list(found.notebooks) == [NAME]
    assert any("are not used in grading" in remark for remark in found.remarks)


def test_a_notebook_of_another_course_is_not_a_lesson(lessons):
    other = read_handed_in(b'{"cells": [{"cell_type": "code", "source": "1 + 1"}]}')
    assert lesson_of("homework.ipynb", other, lessons) is None


def test_text_shared_by_lessons_does_not_identify_a_lesson(lessons):
    book = untouched()
    book.metadata.pop("enronlib")
    book.cells = [cell for cell in book.cells if cell.id in ("title", "setup", "demo")]
    assert lesson_of("homework.ipynb", read_handed_in(json.dumps(book).encode()), lessons) is None


def put(folder: Path, name: str, data: bytes = BOOK, age: int = 0) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (1_000_000_000 - age, 1_000_000_000 - age))
    return path


def students(paths: list[Path], lessons, roster=None) -> dict[str, intake.Submission]:
    found, _ = find_submissions(paths, lessons)
    return {each.student: each for each in assign([read_submission(path, lessons) for path in found], roster)}


def test_an_inbox_holds_zips_folders_and_notebooks(tmp_path, lessons):
    zipped(tmp_path / "assignment04_DoeJane.zip", {FILE: BOOK})
    put(tmp_path, f"RoeRichard/{FILE}")
    put(tmp_path, f"LongLee/notebooks/{FILE}")
    put(tmp_path, "assignment04_PoeEdgar.ipynb")
    put(
        tmp_path,
        "Mia Moodle_1234_assignsubmission_file_/assignment04_MoodleMia.zip",
        (tmp_path / "assignment04_DoeJane.zip").read_bytes(),
    )
    put(tmp_path, "notes.txt", b"")
    put(tmp_path, ".DS_Store", b"")
    _, others = find_submissions([tmp_path], lessons)
    assert [path.name for path in others] == ["notes.txt"]
    assert sorted(students([tmp_path], lessons)) == ["DoeJane", "LongLee", "Mia Moodle", "PoeEdgar", "RoeRichard"]
    assert all(list(each.notebooks) == [NAME] for each in students([tmp_path], lessons).values())


def test_a_folder_with_a_lesson_in_it_is_one_submission(tmp_path, lessons):
    put(tmp_path / "DoeJane", FILE)
    assert list(students([tmp_path / "DoeJane"], lessons)) == ["DoeJane"]


@pytest.mark.parametrize("change", [str, str.upper])
def test_a_lesson_alone_belongs_to_the_student_its_folder_is_named_after(tmp_path, lessons, change):
    assert list(students([put(tmp_path / "DoeJane", change(FILE))], lessons)) == ["DoeJane"]
    assert list(students([put(tmp_path, change("01_numbers_") + "RoeRichard.ipynb")], lessons)) == ["RoeRichard"]
    assert list(students([tmp_path / "DoeJane"], lessons)) == ["DoeJane"]


def test_an_inbox_with_a_loose_lesson_is_still_an_inbox(tmp_path, lessons):
    for beside in ("zips", "folders"):
        put(tmp_path / beside, FILE)
    zipped(tmp_path / "zips" / "assignment04_DoeJane.zip", {FILE: BOOK})
    put(tmp_path / "folders", f"RoeRichard/{FILE}")
    assert list(students([tmp_path / "zips"], lessons)) == ["zips", "DoeJane"]
    assert list(students([tmp_path / "folders"], lessons)) == ["folders", "RoeRichard"]


def test_a_students_own_zip_beside_the_lessons_is_not_a_second_submission(tmp_path, lessons):
    for name in (FILE, "01_numbers-Copy1.ipynb"):
        put(tmp_path / "my-lessons", name)
    zipped(tmp_path / "my-lessons" / "assignment04_DoeJane.zip", {FILE: BOOK})
    (found,) = students([tmp_path / "my-lessons"], lessons).values()
    assert found.student == "my-lessons"
    assert "not read: assignment04_DoeJane.zip: unpack it and grade again" in found.look


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
def test_broken_links_do_not_stop_the_grading(tmp_path, lessons):
    put(tmp_path, f"DoeJane/{FILE}")
    for link in (f"DoeJane/.#{FILE}", "DoeJane/gone.ipynb", "assignment04_Link.zip"):
        (tmp_path / link).symlink_to("nowhere")
    zipped(tmp_path / "assignment04_DoeJane.zip", {FILE: BOOK})
    found = students([tmp_path], lessons)
    assert (list(found["DoeJane"].notebooks), len(found["DoeJane"].look)) == ([NAME], 1)
    assert found["Link"].problem == "assignment04_Link.zip cannot be read: No such file or directory"


def test_feedback_pages_in_the_inbox_are_not_a_submission(tmp_path, lessons):
    put(tmp_path, f"DoeJane/{FILE}")
    report.write_feedback(ClassMarks({}, [Marks("Jane Doe", "graded", (), ())]), tmp_path / "feedback")
    assert find_submissions([tmp_path], lessons) == ([tmp_path / "DoeJane"], [tmp_path / "feedback"])


def test_nothing_to_grade_is_refused(tmp_path, lessons):
    with pytest.raises(UserError, match="no submission in"):
        find_submissions([tmp_path], lessons)
    with pytest.raises(UserError, match="there is no"):
        find_submissions([tmp_path / "x"], lessons)


def test_the_latest_of_several_submissions_counts(tmp_path, lessons):
    put(tmp_path, "a/assignment04_DoeJane.zip", zipped(tmp_path / "x", {FILE: BOOK}).read_bytes(), age=5)
    put(tmp_path, "b/assignment04_DoeJane.zip", b"junk", age=50)
    found = students([tmp_path / "a", tmp_path / "b"], lessons)["DoeJane"]
    assert list(found.notebooks) == [NAME]
    assert found.look == ["2 submissions; the latest was graded: assignment04_DoeJane.zip"]


def test_nobody_on_the_roster_is_dropped(tmp_path, lessons):
    put(tmp_path / "in", "assignment04_DoeJane.ipynb")
    put(tmp_path / "in", "assignment04_RoeRichrd.ipynb")
    put(tmp_path / "in", "assignment04_Stranger.ipynb")
    names = put(tmp_path, "names.csv", b"name\nRichard Roe\nLee Long\nJane Doe\n")
    found = students([tmp_path / "in"], lessons, read_roster(names))
    assert list(found) == ["Richard Roe", "Lee Long", "Jane Doe", "Stranger"]
    assert found["Lee Long"].problem == "nothing was handed in"
    assert found["Richard Roe"].look == ["handed in as RoeRichrd, matched to Richard Roe"]
    assert found["Stranger"].look == ["not on the roster (file assignment04_Stranger.ipynb)"]
    assert found["Jane Doe"].look == []


def test_of_two_students_with_one_name_neither_gets_the_others_work(tmp_path, lessons):
    folders = [f"Ada Full_{number}_assignsubmission_file_" for number in (17, 18)]
    for folder in folders:
        put(tmp_path / "in", f"{folder}/notebooks.zip", zipped(tmp_path / "x", {FILE: BOOK}).read_bytes())
    roster = read_roster(put(tmp_path, "names.csv", b"name\nAda Full\nAda Full\n"))
    found, _ = find_submissions([tmp_path / "in"], lessons)
    rows = assign([read_submission(path, lessons) for path in found], roster)
    assert [row.problem for row in rows] == ["nothing was handed in"] * 2 + [""] * 2
    assert [row.look for row in rows[2:]] == [
        [f"2 students on the roster are called Ada Full: unclear whose this is (file {folder}/notebooks.zip)"]
        for folder in folders
    ]


def names(rows: list[intake.Submission]) -> dict[str, str]:
    """Return the rows that have work, each with the folder or file it came from."""
    return {row.student: (row.path.name if row.path else "") for row in rows}


def rows_of(inbox: Path, lessons, roster: str | None = None) -> list[intake.Submission]:
    found, _ = find_submissions([inbox], lessons)
    students = read_roster(put(inbox.parent, "roster.csv", roster.encode())) if roster else None
    return assign([read_submission(path, lessons) for path in found], students)


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (
            [f"Participant_{number}_assignsubmission_file_" for number in (101, 102, 103)],
            ["Participant 101", "Participant 102", "Participant 103"],
        ),
        ([f"Jane Doe_{number}_assignsubmission_file_" for number in (201, 202)], ["Jane Doe", "Jane Doe (202)"]),
    ],
)
def test_different_accounts_are_never_one_person(tmp_path, lessons, folders, expected):
    for folder in folders:
        put(tmp_path / "in", f"{folder}/{FILE}")
    assert list(names(rows_of(tmp_path / "in", lessons))) == expected
    rows = rows_of(tmp_path / "in", lessons, "name\nJane Doe\n")
    assert [row.student for row in rows if not row.path] == ["Jane Doe"]
    assert len([row for row in rows if row.path and row.look]) == len(folders)


def test_a_guess_never_displaces_certain_work(tmp_path, lessons):
    for name, age in (("LeeAnn", 50), ("LeeJoAnn", 0), ("LiuWei", 50), ("WeiLi", 0)):
        put(tmp_path / "in", f"assignment04_{name}.ipynb", age=age)
    found = {row.student: row for row in rows_of(tmp_path / "in", lessons, "name\nAnn Lee\nWei Liu\n")}
    assert names(list(found.values())) == {
        "Ann Lee": "assignment04_LeeAnn.ipynb",
        "Wei Liu": "assignment04_LiuWei.ipynb",
        "LeeJoAnn": "assignment04_LeeJoAnn.ipynb",
        "WeiLi": "assignment04_WeiLi.ipynb",
    }
    assert found["Ann Lee"].look == found["Wei Liu"].look == []
    assert found["LeeJoAnn"].look == [
        "not on the roster (file assignment04_LeeJoAnn.ipynb); the nearest name there is Ann Lee"
    ]


def test_two_people_whose_names_resemble_one_are_both_looked_at(tmp_path, lessons):
    for name in ("DoeJanet", "DoeJanes"):
        put(tmp_path / "in", f"assignment04_{name}.ipynb")
    rows = rows_of(tmp_path / "in", lessons, "name\nJane Doe\n")
    assert [row.student for row in rows] == ["Jane Doe", "DoeJanes", "DoeJanet"]
    assert rows[0].problem == "nothing was handed in"


@pytest.mark.parametrize("late", ["", "LATE_"])
def test_a_match_by_account_leaves_nothing_to_look_at(tmp_path, lessons, late):
    gradebook = 'Student,ID,SIS Login ID,Section,A4 (9)\n  Points Possible,,,,10\n"Doe, Jane",12345,jdoe,A,\n'
    (tmp_path / "in").mkdir()
    zipped(tmp_path / "in" / f"doejane_{late}12345_678910_assignment04_DoeJane.zip", {FILE: BOOK})
    (row,) = rows_of(tmp_path / "in", lessons, gradebook)
    assert (row.student, row.look) == ("Jane Doe", [])


def test_the_text_that_moodle_puts_beside_the_files_is_not_the_latest_submission(tmp_path, lessons):
    put(tmp_path / "in", f"Jane Doe_201_assignsubmission_file_/{FILE}", age=5)
    put(tmp_path / "in", "Jane Doe_201_assignsubmission_onlinetext_/onlinetext.html", b"")
    (row,) = rows_of(tmp_path / "in", lessons)
    assert (list(row.notebooks), row.look) == ([NAME], [])


def test_a_name_with_control_characters_is_one_line_without_them(tmp_path, lessons):
    put(tmp_path / "in", f"Eve\x1b]0;title\x07\nMallory  graded/{FILE}")
    (row,) = rows_of(tmp_path / "in", lessons)
    assert row.student == "Eve Mallory  graded"
