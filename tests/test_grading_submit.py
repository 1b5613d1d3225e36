"""What a student hands in, and the two commands."""

import argparse
import dataclasses
import json
import os
import zipfile
from pathlib import Path

import pytest

from enronlib import UserError
from enronlib.classroom.grading import cli
from enronlib.classroom.grading.formatting import ranges
from enronlib.classroom.grading.intake import read_submission
from enronlib.classroom.grading.submit import pack_submission
from tests.zoo.assignment import NAME, answer, answered, check, lesson, untouched


@pytest.fixture
def lessons(tmp_path_factory):
    pristine = lesson(tmp_path_factory.mktemp("lesson"))
    return {pristine.name: pristine}


def folder(path: Path, book=None) -> Path:
    """Make a student's folder, with results, as it is after all cells were run."""
    (path / "results" / "words").mkdir(parents=True)
    (path / "results" / "count.txt").write_text("a\t1\n")
    (path / "results" / "words" / "doe-j.txt").write_text("a\t1\n")
    book = book or answered()
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.setdefault("outputs", [])
            cell["execution_count"] = cell.get("execution_count") or 1
    (path / f"{NAME}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    return path


def test_the_zip_has_the_required_name_and_content(tmp_path, lessons):
    handed = pack_submission(folder(tmp_path), "José María Núñez-Ruiz", lessons)
    assert handed.path == tmp_path / "assignment04_NunezRuizJoseMaria.zip"
    assert handed.warnings == []
    with zipfile.ZipFile(handed.path) as archive:
        assert archive.namelist() == [f"{NAME}.ipynb", "results/count.txt", "results/words/doe-j.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{NAME}.ipynb", handed.path.name, "results"]


def test_what_is_submitted_can_be_graded(tmp_path, lessons):
    handed = pack_submission(folder(tmp_path), "Jane Doe", lessons)
    found = read_submission(handed.path, lessons)
    assert (found.student, list(found.notebooks), found.look) == ("DoeJane", [NAME], [])


def test_submitting_twice_replaces_the_zip_and_gives_the_same_bytes(tmp_path, lessons):
    first = pack_submission(folder(tmp_path), "Jane Doe", lessons).path.read_bytes()
    assert pack_submission(tmp_path, "Jane Doe", lessons).path.read_bytes() == first


def test_unsolved_exercises_give_a_warning(tmp_path, lessons):
    book = answered(cube="def cube(x):\n    raise NotImplementedError('later')")
    answer(book, "total").source = answer(untouched(), "total").source
    warnings = pack_submission(folder(tmp_path, book), "Jane Doe", lessons).warnings
    assert warnings == [
        f"{NAME}.ipynb: not attempted: numbers.total",
        f"{NAME}.ipynb: numbers.cube still raises NotImplementedError",
    ]


def test_lessons_not_started_give_one_warning(tmp_path, lessons):
    folder(tmp_path, untouched())
    (tmp_path / "01_numbers (1).ipynb").write_text(json.dumps(untouched()), encoding="utf-8")
    assert pack_submission(tmp_path, "Jane Doe", lessons).warnings == ["nothing written yet in 01"]


def test_consecutive_lessons_are_shown_as_a_range():
    assert ranges(["07", "00", "06", "01", "08", "03", "extra"]) == "00, 01, 03, 06-08, extra"


def test_checks_not_run_before_saving_give_a_warning(tmp_path, lessons):
    folder(tmp_path)
    book = answered()
    for cell in book.cells:
        if cell.cell_type == "code":
            cell["execution_count"] = None
    check(book, "square")["execution_count"] = 4
    (tmp_path / f"{NAME}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    (warning,) = pack_submission(tmp_path, "Jane Doe", lessons).warnings
    assert warning == (
        f"{NAME}.ipynb: the checks of numbers.cube, numbers.total were not run before saving, "
        "so you may not know your verdict"
    )


def test_an_unreadable_notebook_gives_a_warning_and_is_still_handed_in(tmp_path, lessons):
    folder(tmp_path)
    (tmp_path / "02_broken.ipynb").write_text("{")
    handed = pack_submission(tmp_path, "Jane Doe", lessons)
    assert "02_broken.ipynb" in handed.files
    assert "02_broken.ipynb cannot be read" in handed.warnings[0]


def test_missing_results_give_a_warning_if_a_lesson_that_writes_them_was_started(tmp_path, lessons):
    missing = "the results/ folder is missing or empty"
    writes = {f"08_{NAME}": dataclasses.replace(lessons[NAME], name=f"08_{NAME}")}
    for book, known, said in ((answered(), lessons, False), (untouched(), writes, False), (answered(), writes, True)):
        (tmp_path / f"{NAME}.ipynb").write_text(json.dumps(book), encoding="utf-8")
        assert (missing in pack_submission(tmp_path, "Jane Doe", known).warnings) is said


@pytest.mark.skipif(os.name == "nt", reason="needs the modes of files")
def test_the_zip_has_the_permissions_of_any_new_file(tmp_path, lessons):
    plain = folder(tmp_path) / "plain"
    plain.touch()
    assert pack_submission(tmp_path, "Jane Doe", lessons).path.stat().st_mode == plain.stat().st_mode


def test_a_corpus_among_the_results_is_left_out(tmp_path, lessons, monkeypatch):
    monkeypatch.setattr("enronlib.classroom.grading.submit.LARGEST_RESULT", 3)
    handed = pack_submission(folder(tmp_path), "Jane Doe", lessons)
    assert handed.files == [f"{NAME}.ipynb"]
    assert "was left out" in handed.warnings[0]


def test_a_folder_without_notebooks_is_refused(tmp_path, lessons):
    with pytest.raises(UserError, match="there is no notebook in"):
        pack_submission(tmp_path, "Jane Doe", lessons)


def command(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    cli.add_commands(parser.add_subparsers())
    options = parser.parse_args(arguments)
    return int(options.command(options))


def test_the_command_submits(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(folder(tmp_path))
    assert command("submit", "Jane Doe") == 0
    out = capsys.readouterr().out
    assert out.startswith("your name: last name Doe, first name Jane\n")
    assert out.endswith("assignment04_DoeJane.zip: 3 files. Hand in this one file.\n")
    command("submit", "Jane/Doe")
    assert capsys.readouterr().out.startswith("your name: Jane/Doe, without a first name\n")


def test_a_name_without_quotes_is_refused():
    with pytest.raises(UserError, match='put the name in quotes:  submit "Jane Doe"'):
        command("submit", "Jane", "Doe")


def test_the_command_grades(tmp_path, monkeypatch, capsys, lessons):
    monkeypatch.setattr("enronlib.classroom.grading.grade.find_lessons", lambda: lessons)
    monkeypatch.chdir(tmp_path)
    pack_submission(folder(tmp_path / "work"), "Jane Doe", lessons)
    assert (
        command("grade", "work/assignment04_DoeJane.zip", "--csv", "g.csv", "--feedback", "f", "--lessons", "01") == 0
    )
    assert "DoeJane  graded       10/10" in capsys.readouterr().out
    assert (tmp_path / "g.csv").read_text("utf-8-sig").startswith("student,status,points,max,look,numbers.square")
    assert [path.name for path in (tmp_path / "f").iterdir()] == ["DoeJane.md"]
    assert (tmp_path / "f_class.md").is_file()
    assert command("grade", "work", "--csv", "g.csv", "--resume", "--lessons", "01") == 0
    assert "g.csv (previous version: g.csv.bak)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "path", "message"),
    [
        ("--csv", "folder", "folder is a folder: name a file for --csv"),
        ("--csv", "file/grades.csv", "cannot write file/grades.csv: "),
        ("--feedback", "file", "file is a file: name a folder for --feedback"),
        ("--feedback", "file/pages", "cannot write file/pages: "),
    ],
)
def test_outputs_that_cannot_be_written_are_refused_before_grading(tmp_path, monkeypatch, option, path, message):
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").touch()
    with pytest.raises(UserError, match=message):
        command("grade", "nothing to grade", option, path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "folder"]


def test_wrong_use_of_the_command_is_refused(tmp_path, lessons, monkeypatch):
    monkeypatch.setattr("enronlib.classroom.grading.grade.find_lessons", lambda: lessons)
    with pytest.raises(UserError, match="--resume needs --csv"):
        command("grade", str(tmp_path), "--resume")
    with pytest.raises(UserError, match="there is no lesson '77'"):
        command("grade", str(tmp_path), "--lessons", "77")
    with pytest.raises(SystemExit):
        command("grade", str(tmp_path), "--jobs", "0")
