"""A class: rows, files and pages, interruptions and second runs."""

import argparse
import csv
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest

from enronlib import UserError
from enronlib.__main__ import main
from enronlib.classroom.grading import CELL_SECONDS, cli, report
from enronlib.classroom.grading import grade as grading
from enronlib.classroom.grading.grade import grade, grade_one
from enronlib.classroom.grading.intake import Submission, read_submission
from enronlib.classroom.grading.lessons import find_lessons, read_lesson
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.grading.reading import read_handed_in
from enronlib.classroom.grading.run import Setting
from enronlib.classroom.grading.sandbox import Limits, Walls
from enronlib.classroom.grading.wording import markdown
from enronlib.classroom.verdict import Status, Verdict
from tests.zoo.assignment import CUBE, FULL, NAME, WRONG_CUBE, answered, find, lesson, solved, untouched

LIMITS = Limits(cell=3, submission=30)
PLAIN = Walls("plain")


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    pristine = lesson(tmp_path_factory.mktemp("lesson"))
    return {pristine.name: pristine}


def hand_in(folder: Path, **books) -> Path:
    folder.mkdir(exist_ok=True)
    for name, book in books.items():
        (folder / f"assignment04_{name}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def marks(tmp_path_factory, lessons) -> ClassMarks:
    folder = tmp_path_factory.mktemp("class")
    books = {
        "AnnAy": answered(),
        "BobBee": answered(cube=WRONG_CUBE),
        "CeeCy": answered(cube=WRONG_CUBE),
        "DeeDi": untouched(),
    }
    inbox = hand_in(folder / "in", **books)
    (inbox / "assignment04_EffEf.zip").write_bytes(b"junk")
    (inbox / "readme.txt").write_text("x")
    (folder / "names.csv").write_text("name\nAy Ann\nBee Bob\nCy Cee\nDi Dee\nEf Eff\nGee Gus\n")
    return grade([inbox], lessons=lessons, limits=LIMITS, jobs=2, roster=folder / "names.csv", progress=False)


def test_every_student_has_a_row_in_the_order_of_the_roster(marks):
    assert [(row.student, row.status, row.points) for row in marks.rows] == [
        ("Ay Ann", "graded", 10),
        ("Bee Bob", "graded", 7),
        ("Cy Cee", "graded", 7),
        ("Di Dee", "graded", 0),
        ("Ef Eff", "unreadable", 0),
        ("Gee Gus", "missing", 0),
    ]


def test_the_csv_has_a_column_for_each_exercise(marks, tmp_path):
    report.write_csv(marks, tmp_path / "grades.csv")
    with (tmp_path / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header == ["student", "status", "points", "max", "look", "numbers.square", "numbers.cube", "numbers.total"]
    assert rows[1] == ["Bee Bob", "graded", "7", "10", "", "2", "0", "5"]
    assert rows[4][:4] == ["Ef Eff", "unreadable", "", "10"]
    assert "not a zip" in rows[4][4]
    assert rows[4][5:] == rows[5][5:] == ["", "", ""]


def test_a_spreadsheet_of_windows_reads_the_csv(tmp_path):
    report.write_csv(made_up("Zoë"), tmp_path / "grades.csv")
    assert (tmp_path / "grades.csv").read_bytes().startswith("\ufeffstudent".encode())


def test_an_earlier_csv_is_kept_when_it_holds_something_else(tmp_path):
    path = tmp_path / "grades.csv"
    path.write_text("weeks of work")
    written, earlier = report.write_csv(made_up("Jo"), path)
    assert (written, earlier) == (path, tmp_path / "grades.csv.bak")
    assert (tmp_path / "grades.csv.bak").read_text() == "weeks of work"
    assert report.write_csv(made_up("Jo"), path) == (path, None)


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path):
    (tmp_path / "grades.csv").mkdir()
    with pytest.raises(OSError):  # noqa: PT011  another message on each system
        report.write_csv(made_up("Jo"), tmp_path / "grades.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["grades.csv"]


def test_who_wrote_nothing_is_told_just_that(marks):
    assert {str(verdict) for verdict in marks.rows[3].verdicts} == {"Not attempted: nothing was written"}


def test_feedback_tells_each_student_what_the_checks_say(marks, tmp_path):
    pages = {
        path.name: path.read_text(encoding="utf-8") for path in report.write_feedback(marks, tmp_path / "feedback")
    }
    assert len(pages) == 6
    assert "**7 of 10 points**" in pages["Bee Bob.md"]
    assert "| ✎ | `numbers.cube` | 0 of 3 | **Not yet** look at cube(2) |" in pages["Bee Bob.md"]
    assert "not a zip" in pages["Ef Eff.md"]
    assert "nothing was handed in" in pages["Gee Gus.md"]


def test_the_class_page_has_pass_rates_and_the_commonest_wrong_answer(marks):
    page = report.class_page(marks)
    assert "6 students, 4 graded, 10 points to be had." in page
    assert "points of those graded; not counted: 1 unreadable, 1 missing." in page
    assert f"### {NAME}\n" in page
    assert "| `numbers.cube` | 1 (25%) | 2 | 1 | look at cube(2) (2) |" in page
    assert "- Ef Eff: assignment04" in page.replace("\\_", "_")
    assert "readme.txt" in page


def test_the_table_is_for_the_screen(marks):
    lines = report.table(marks).splitlines()
    assert lines[2].split() == ["Bee", "Bob", "graded", "7/10"]
    assert len(lines) == 7


def test_on_the_screen_reasons_are_cut_between_words_and_it_says_where_the_rest_is():
    short, long = made_up("Jo", "a reason").rows[0], made_up("Al", "reason " * 20).rows[0]
    lines = report.table(ClassMarks({}, [short, long]), Path("out/grades.csv")).splitlines()
    assert lines[0].index("status") == lines[1].index("graded")
    assert lines[2].endswith("reason reason …")
    assert lines[3] == "all of it: grades.csv, column look"
    assert len(report.table(ClassMarks({}, [short])).splitlines()) == 2


def made_up(student: str, message: str = "") -> ClassMarks:
    row = Marks(student, "graded", (Verdict("a.b", Status.NOT_YET, message, 1),), (message,), (message,))
    return ClassMarks({}, [row])


def test_what_students_write_is_shown_and_not_obeyed(tmp_path):
    marks = made_up("=1+1", "<script>alert(1)</script> | # [x](y) `z`\n\n# heading")
    page = report.student_page(marks.rows[0], marks)
    assert "<script>" not in page
    assert "\n# heading" not in page
    text = report.write_csv(marks, tmp_path / "x.csv")[0].read_text(encoding="utf-8")
    assert "\n'=1+1," in text


def test_pages_stay_in_their_folder(tmp_path):
    for name in ("../../evil", "a/b", "..", "", "C:\\x", "x\n.md"):
        for path in report.write_feedback(made_up(name), tmp_path / "feedback"):
            assert path.parent == tmp_path / "feedback"


def test_the_page_on_the_class_does_not_lie_among_those_for_students(tmp_path):
    assert report.write_class_page(made_up("Jo"), tmp_path / "feedback") == tmp_path / "feedback_class.md"


def test_pages_of_an_earlier_grading_go_and_nothing_else(tmp_path):
    report.write_feedback(made_up("FullAda"), tmp_path)
    (tmp_path / "notes.md").write_text("mine")
    (tmp_path / "more.md").mkdir()
    report.write_feedback(made_up("Ada Full"), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Ada Full.md", "more.md", "notes.md"]


def test_code_and_names_on_pages_have_no_backslashes():
    said = 'see `a_b`, hint("mapreduce.flat_map") and flat_map, *not* `<b>`'
    shown = 'see `a_b`, `hint("mapreduce.flat_map")` and flat_map, \\*not\\* \\`&lt;b&gt;\\`'
    assert markdown(said) == shown
    assert markdown(r"'a\n' \* \_") == r"'a\n' \\\* \\\_"


def test_an_exercise_has_its_title_on_pages(tmp_path):
    book = solved()
    find(book, "task-cube")["metadata"] = {"enronlib": {"role": "task", "exercise": "numbers.cube"}}
    find(book, "task-cube").source = "### Exercise: Dice with numbers on ★☆☆ (3 points)\n\nWrite it."
    (tmp_path / f"{NAME}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    one = read_lesson(tmp_path / f"{NAME}.ipynb")
    row = Marks("Jo", "graded", (Verdict("numbers.cube", Status.NOT_YET, "once", 3),))
    marks = ClassMarks({NAME: one}, [row])
    assert "| Dice with numbers on (`numbers.cube`) |" in report.student_page(row, marks)
    assert "| Dice with numbers on (`numbers.cube`) | 0 (0%) | 1 | 0 |  |" in report.class_page(marks)


def test_two_students_of_one_name_have_a_page_each(tmp_path):
    marks = ClassMarks({}, [*made_up("Jo").rows, *made_up("jo").rows])
    assert len(report.write_feedback(marks, tmp_path)) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_graded_twice_the_marks_are_the_same(tmp_path, lessons):
    inbox = hand_in(
        tmp_path / "in", A=answered(cube="import random\ndef cube(x):\n    return random.choice([x ** 3, 0])")
    )
    first, second = (grade([inbox], lessons=lessons, limits=LIMITS, progress=False) for _ in range(2))
    assert first.rows == second.rows


def test_marks_do_not_depend_on_the_walls(tmp_path, lessons):
    books = {"good": answered(), "bad": answered(cube="import os\nos._exit(0)"), "untouched": untouched()}
    inbox = hand_in(tmp_path / "in", **books)
    caged, plain = (
        grade([inbox], lessons=lessons, limits=LIMITS, behind=walls, progress=False) for walls in (None, PLAIN)
    )
    assert caged.rows == plain.rows
    assert any("network" in note for note in plain.notes)


def test_a_killed_grading_process_is_to_be_looked_at(tmp_path, lessons):
    inbox = hand_in(tmp_path / "in", Kay=answered(cube="import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(60)"))
    (row,) = grade([inbox], lessons=lessons, limits=LIMITS, behind=PLAIN, progress=False).rows
    assert row.status == "look"
    assert row.points <= FULL - 3
    assert any("not all of it was run" in reason for reason in row.look)


def test_a_submission_has_its_time_and_no_more(tmp_path, lessons):
    inbox = hand_in(tmp_path / "in", Slow=answered(square="import time\ntime.sleep(60)"), Good=answered())
    limits = Limits(cell=60, submission=5)
    good, slow = grade([inbox], lessons=lessons, limits=limits, progress=False).rows
    assert good.points == FULL
    assert any("took longer than 5 seconds" in reason for reason in slow.look)
    assert all("not run" in verdict.message for verdict in slow.verdicts)


def count(monkeypatch) -> list[str]:
    """Count the submissions that are really run."""
    ran: list[str] = []

    def counting(submission, *arguments):
        ran.append(submission.student)
        return grade_one(submission, *arguments)

    monkeypatch.setattr(grading, "grade_one", counting)
    return ran


def test_resume_runs_only_what_is_new(tmp_path, lessons, monkeypatch):
    inbox = hand_in(tmp_path / "in", A=answered(), B=untouched())
    options = {"lessons": lessons, "limits": LIMITS, "kept": tmp_path / "kept.jsonl", "progress": False}
    ran = count(monkeypatch)
    first = grade([inbox], **options)
    with (tmp_path / "kept.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"key": "torn')
    hand_in(inbox, B=answered(cube=WRONG_CUBE))
    second = grade([inbox], **options)
    assert sorted(ran) == ["A", "B", "B"]
    assert second.rows[0] == first.rows[0]
    assert second.rows[1].points == 7
    grade([inbox], **{**options, "seed": 5})
    assert sorted(ran) == ["A", "A", "B", "B", "B"]


def test_an_interruption_keeps_what_is_finished(tmp_path, lessons, monkeypatch):
    inbox = hand_in(tmp_path / "in", **{f"S{number}": untouched() for number in range(6)})
    options = {"lessons": lessons, "limits": LIMITS, "kept": tmp_path / "kept.jsonl", "progress": False, "jobs": 1}
    ran = count(monkeypatch)
    original = grading._finished

    def interrupted(waiting):
        for number, future in enumerate(original(waiting)):
            if number == 2:
                raise KeyboardInterrupt
            yield future

    monkeypatch.setattr(grading, "_finished", interrupted)
    with pytest.raises(grading.Stopped, match="2 of 6"):
        grade([inbox], **options)
    assert len((tmp_path / "kept.jsonl").read_text().splitlines()) == 2
    assert len(ran) < 6
    monkeypatch.setattr(grading, "_finished", original)
    resumed = grade([inbox], **options)
    assert len(resumed.rows) == 6
    assert "2 of 6 taken from before" in resumed.notes
    assert threading.active_count() < 5


def test_a_second_ctrl_c_keeps_what_is_finished_too(tmp_path, lessons, monkeypatch):
    inbox = hand_in(tmp_path / "in", **{f"S{number}": untouched() for number in range(3)})
    shutdown, pressed = ThreadPoolExecutor.shutdown, []

    def interrupted(*_: object) -> Iterator[Future[Marks]]:
        pressed.append("once")
        raise KeyboardInterrupt

    def interrupted_again(pool: ThreadPoolExecutor, *arguments: bool, **named: bool) -> None:
        shutdown(pool, *arguments, **named)
        if pressed == ["once"]:
            pressed.append("twice")
            raise KeyboardInterrupt

    monkeypatch.setattr(grading, "_finished", interrupted)
    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", interrupted_again)
    with pytest.raises(grading.Stopped, match="0 of 3"):
        grade([inbox], lessons=lessons, progress=False)
    assert pressed == ["once", "twice"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--csv", "g.csv"], "stopped; 7 of 18 are graded and kept. Go on with the same command and --resume"),
        ([], "stopped; nothing was kept, as there is no --csv"),
    ],
)
def test_ctrl_c_tells_how_to_go_on(monkeypatch, capsys, arguments, told):
    def stopped(*_: object, **__: object) -> None:
        raise grading.Stopped("7 of 18")

    monkeypatch.setattr(grading, "grade", stopped)
    assert main(["grade", "in", *arguments]) == 130
    assert capsys.readouterr().err == f"enronlib: {told}\n"


def test_a_cell_has_the_same_time_in_grading_as_in_a_students_own_run():
    parser = argparse.ArgumentParser()
    cli.add_commands(parser.add_subparsers())
    assert parser.parse_args(["grade", "in"]).cell_seconds == Limits().cell == CELL_SECONDS == 60


def test_graded_anew_what_was_kept_is_moved_aside(tmp_path, lessons):
    inbox = hand_in(tmp_path / "in", A=untouched())
    kept = tmp_path / "grades.resume.jsonl"
    for text in ("older", "old"):
        kept.write_text(text, encoding="utf-8")
        grade([inbox], lessons=lessons, kept=kept, anew=True, progress=False)
    assert kept.read_text(encoding="utf-8") != "old"
    assert (tmp_path / "grades.resume.old.jsonl").read_text(encoding="utf-8") == "old"


def test_a_slip_in_the_command_leaves_what_was_kept_alone(tmp_path, lessons):
    inbox, kept = hand_in(tmp_path / "in", A=untouched()), tmp_path / "grades.resume.jsonl"
    kept.write_text("hours of work", encoding="utf-8")
    slips = ({"paths": [tmp_path / "inn"]}, {"wanted": ["77"]}, {"roster": tmp_path / "nams.csv"})
    for slip in slips:
        with pytest.raises((UserError, OSError)):
            grade(**{"paths": [inbox], "lessons": lessons, "kept": kept, "anew": True, "progress": False, **slip})
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["grades.resume.jsonl"]
    assert kept.read_text(encoding="utf-8") == "hours of work"


def test_where_there_is_no_terminal_each_finished_submission_is_a_line(tmp_path, lessons, monkeypatch, capsys):
    inbox = hand_in(tmp_path / "in", A=untouched())
    (inbox / "assignment04_B.zip").write_bytes(b"junk")
    monkeypatch.setattr(grading, "_finished", lambda waiting: reversed([*waiting]))
    grade([inbox], lessons=lessons)
    assert capsys.readouterr().err.splitlines() == ["1 of 2  B  unreadable", "2 of 2  A  0/10"]


def test_an_error_of_the_grader_costs_one_row(tmp_path, lessons, monkeypatch):
    inbox = hand_in(tmp_path / "in", A=answered(), B=untouched())

    def failing(submission, *arguments):
        if submission.student == "A":
            raise RuntimeError("a bug")
        return grade_one(submission, *arguments)

    monkeypatch.setattr(grading, "grade_one", failing)
    marks = grade([inbox], lessons=lessons, limits=LIMITS, progress=False)
    assert [(row.student, row.status) for row in marks.rows] == [("A", "failed"), ("B", "graded")]
    assert "a bug" in marks.rows[0].look[0]
    assert report.write_csv(marks, tmp_path / "x.csv")[0].read_text().count("\n") == 3


@pytest.fixture
def both(tmp_path, lessons):
    (tmp_path / "02_more.ipynb").write_text(json.dumps(more(solved())), encoding="utf-8")
    return {**lessons, "02_more": read_lesson(tmp_path / "02_more.ipynb")}


def more(book: Any) -> Any:
    """Return a notebook of the lesson `02_more`, which is the first one under other names."""
    renamed = json.loads(json.dumps(book).replace("numbers.", "more.").replace("-numbers-", "-more-"))
    renamed["metadata"]["enronlib"]["lesson"] = "02_more"
    return renamed


def folder_of(student: Path, first: Any, second: Any) -> Path:
    student.mkdir(parents=True)
    for name, book in ((NAME, first), ("02_more", second)):
        if book is not None:
            text = book if isinstance(book, str) else json.dumps(book)
            (student / f"{name}.ipynb").write_text(text, encoding="utf-8")
    return student.parent


def test_a_lesson_that_was_not_handed_in_earns_nothing(tmp_path, both):
    inbox = folder_of(tmp_path / "in" / "Ann", answered(), None)
    (row,) = grade([inbox], lessons=both, wanted=["01", "02"], limits=LIMITS, progress=False).rows
    assert [verdict.message for verdict in row.verdicts[3:]] == [grading.NOT_HANDED_IN] * 3


def test_a_damaged_lesson_is_not_called_missing(tmp_path, both):
    inbox = folder_of(tmp_path / "in" / "Ann", answered(), json.dumps(more(answered()))[:2000])
    (row,) = grade([inbox], lessons=both, limits=LIMITS, progress=False).rows
    assert (row.status, row.points) == ("look", FULL)
    assert row.look == ("02_more.ipynb: the file is damaged or cut off",)
    assert {verdict.message for verdict in row.verdicts[3:]} == {"could not be read: the file is damaged or cut off"}


def test_only_the_lessons_that_are_wanted_are_graded(tmp_path, both):
    inbox = folder_of(tmp_path / "in" / "Ann", answered(), more(solved()))
    one = grade([inbox], lessons=both, wanted=["2"], limits=LIMITS, progress=False)
    assert list(one.exercises) == ["more.square", "more.cube", "more.total"]
    assert (one.rows[0].points, one.rows[0].look, one.rows[0].remarks) == (FULL, (), ())
    both_of_them = grade([inbox], lessons=both, limits=LIMITS, progress=False)
    assert both_of_them.rows[0].points == both_of_them.points == 2 * FULL
    assert both_of_them.notes == []


def test_lessons_that_nobody_began_are_left_out_and_that_is_said(tmp_path, both):
    inbox = folder_of(tmp_path / "in" / "Ann", answered(), more(untouched()))
    folder_of(tmp_path / "in" / "Bob", untouched(), more(untouched()))
    marks = grade([inbox], lessons=both, limits=LIMITS, progress=False)
    assert list(marks.lessons) == [NAME]
    assert marks.notes == ["graded: 01 (nobody began the others; --lessons changes that)"]


def test_what_nobody_wrote_in_is_not_run(tmp_path, both, monkeypatch):
    monkeypatch.setattr(nbformat, "write", None)
    inbox = folder_of(tmp_path / "in" / "Bob", untouched(), more(untouched()))
    marks = grade([inbox], lessons=both, progress=False)
    assert list(marks.lessons) == [NAME, "02_more"]
    assert {str(verdict) for verdict in marks.rows[0].verdicts} == {"Not attempted: nothing was written"}
    assert marks.rows[0].status == "graded"


def test_what_could_have_turned_a_wrong_answer_right_is_told_first_and_names_last(tmp_path, lessons):
    path = hand_in(tmp_path / "in", A=answered(cube=REPLACES, total="exit()")) / "assignment04_A.ipynb"
    submission = read_submission(path, lessons)
    submission.look.append("not on the roster")
    row = grade_one(submission, lessons, Setting(LIMITS))
    assert row.status == "look"
    assert row.look[0] == "numbers.cube: built-ins were replaced: print"
    assert row.look[-1] == "not on the roster"
    assert row.in_doubt == ("numbers.cube",)
    page = report.student_page(row, ClassMarks(lessons, [row]))
    assert "| `numbers.cube` | 3 of 3 | **To be looked at by your instructor** |" in page
    assert "| `numbers.square` | 2 of 2 | **Correct**  |" in page


@pytest.mark.parametrize(
    ("name", "exercise", "answer"),
    [
        ("02_parse_one_email", "parse.email", "read_email = getattr({}, 'read_email')"),
        ("08_luigi_workflow", "workflow.mailbox", "%%writefile process_mailbox.py\nfrom enronlib.workflow import *"),
    ],
)
def test_the_kits_own_function_handed_in_is_seen_in_the_kernel(name, exercise, answer):
    kits = find_lessons()[name]
    source = answer.format("__import__('enron' + 'lib.messages').messages")
    cells = [
        {"id": cell.id, "cell_type": cell.kind, "source": source if cell.exercise == exercise else ""}
        for cell in kits.cells
        if cell.role == "answer"
    ]
    notebook = read_handed_in(json.dumps({"cells": cells}).encode())
    row = grade_one(Submission("A", Path("A.zip"), {name: notebook}), {name: kits}, Setting())
    assert (row.status, row.points) == ("look", kits.exercises[exercise])
    assert any(f"{exercise}: the kit's own" in reason for reason in row.look)
    assert row.in_doubt == (exercise,)


def test_the_kits_own_function_in_a_cell_of_the_students_own_is_seen():
    kits = find_lessons()["02_parse_one_email"]
    own = "from enronlib.messages import unfold as theirs\n"
    wrapped = "def unfold(value):\n    return theirs(value)"
    stub = next(cell for cell in kits.cells if (cell.role, cell.exercise) == ("answer", "parse.unfold"))
    for first, answer in ((own, wrapped), (own + wrapped, stub.given)):
        cells = [{"cell_type": "code", "source": first}, {"cell_type": "code", "id": stub.id, "source": answer}]
        notebook = read_handed_in(json.dumps({"cells": cells}).encode())
        row = grade_one(Submission("A", Path("A.zip"), {kits.name: notebook}), {kits.name: kits}, Setting())
        assert (row.points, row.in_doubt) == (kits.exercises["parse.unfold"], ("parse.unfold",))
        assert row.look == ("parse.unfold: the kit's own unfold was handed in",)


REPLACES = f"import builtins\nsetattr(vars()['builtins'], 'print', lambda *_: None)\n{CUBE}"


def test_nothing_to_grade_is_refused(tmp_path, lessons):
    with pytest.raises(UserError):
        grade([tmp_path], lessons=lessons)


def test_the_kits_own_check_cannot_be_replaced_by_one_of_the_same_name(tmp_path):
    from enronlib.classroom.grading.lessons import solutions_folder

    path = solutions_folder() / "template.ipynb"
    if not path.exists():
        pytest.skip("the template lesson is not here")
    template = read_lesson(path)
    book = json.loads(path.read_text(encoding="utf-8"))
    fakes = {
        "own": "def check(name, answer):\n    return 'Correct.'",
        "patched": "import enronlib.classroom\nenronlib.classroom.check = lambda name, answer: 'Correct.'",
        "verdicts": "from enronlib.classroom.exercise import Exercise\nExercise.judge = lambda self, answer: None",
    }
    for name, fake in fakes.items():
        cells = []
        for cell, pristine in zip(book["cells"], template.cells, strict=True):
            source = (
                f"{fake}\n{pristine.given}"
                if pristine.role == "answer" and "%%" not in pristine.given
                else pristine.given
            )
            cells.append({**cell, "source": source})
        notebook = read_handed_in(json.dumps({**book, "cells": cells}).encode())
        row = grade_one(Submission(name, path, {"template": notebook}), {"template": template}, Setting(LIMITS))
        assert row.points == 0 or row.look, (name, row)
        assert name == "own" or row.look, (name, row)
