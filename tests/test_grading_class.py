"""A class: rows, files and pages, interruptions and resumed runs."""

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
from enronlib.classroom.grading.formatting import markdown
from enronlib.classroom.grading.grade import grade_class, grade_submission
from enronlib.classroom.grading.intake import Submission, read_submission
from enronlib.classroom.grading.lessons import find_lessons, read_lesson
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.grading.reading import read_handed_in
from enronlib.classroom.grading.roster import read_roster
from enronlib.classroom.grading.rounds import RunConfig
from enronlib.classroom.grading.sandbox import Sandbox
from enronlib.classroom.grading.supervisor import Limits
from enronlib.classroom.verdict import Status, Verdict
from tests.zoo.assignment import CUBE, FULL, NAME, WRONG_CUBE, answered, find, lesson, only, solved, untouched

LIMITS = Limits(cell=3, submission=30)
PLAIN = Sandbox("plain")


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
    return grade_class(
        [inbox], lessons=lessons, limits=LIMITS, jobs=2, roster=read_roster(folder / "names.csv"), progress=False
    )


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


def test_excel_on_windows_can_read_the_csv(tmp_path):
    report.write_csv(made_up("Zoë"), tmp_path / "grades.csv")
    assert (tmp_path / "grades.csv").read_bytes().startswith("\ufeffstudent".encode())


def test_an_earlier_csv_is_kept_when_it_holds_something_else(tmp_path):
    path = tmp_path / "grades.csv"
    path.write_text("weeks of work")
    written, earlier = report.write_csv(made_up("Jo"), path)
    assert (written, earlier) == (path, tmp_path / "grades.csv.bak")
    assert (tmp_path / "grades.csv.bak").read_text() == "weeks of work"
    assert report.write_csv(made_up("Jo"), path) == (path, None)


def test_a_csv_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "grades.csv").mkdir()
    with pytest.raises(OSError):  # noqa: PT011  another message on each system
        report.write_csv(made_up("Jo"), tmp_path / "grades.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["grades.csv"]


def test_a_student_who_wrote_nothing_is_told_just_that(marks):
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


def test_the_class_page_has_pass_rates_and_the_most_common_wrong_answer(marks):
    page = report.class_page(marks)
    assert "6 students, 4 graded, 10 points at most." in page
    assert "points among those graded; not counted: 1 unreadable, 1 missing." in page
    assert f"### {NAME}\n" in page
    assert "| `numbers.cube` | 1 (25%) | 2 | 1 | look at cube(2) (2) |" in page
    assert "- Ef Eff: assignment04" in page.replace("\\_", "_")
    assert "readme.txt" in page


def test_the_table_is_for_the_screen(marks):
    lines = report.table(marks).splitlines()
    assert lines[2].split() == ["Bee", "Bob", "graded", "7/10"]
    assert len(lines) == 7


def test_the_table_cuts_reasons_between_words_and_says_where_the_rest_is():
    short, long = made_up("Jo", "a reason").rows[0], made_up("Al", "reason " * 20).rows[0]
    lines = report.table(ClassMarks({}, [short, long]), Path("out/grades.csv")).splitlines()
    assert lines[0].index("status") == lines[1].index("graded")
    assert lines[2].endswith("reason reason …")
    assert lines[3] == "all reasons in full: column look of grades.csv"
    assert len(report.table(ClassMarks({}, [short])).splitlines()) == 2


def made_up(student: str, message: str = "") -> ClassMarks:
    row = Marks(student, "graded", (Verdict("a.b", Status.NOT_YET, message, 1),), (message,), (message,))
    return ClassMarks({}, [row])


def test_what_students_write_is_escaped(tmp_path):
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


def test_the_class_page_is_not_in_the_folder_for_students(tmp_path):
    assert report.write_class_page(made_up("Jo"), tmp_path / "feedback") == tmp_path / "feedback_class.md"


def test_only_pages_of_an_earlier_grading_are_removed(tmp_path):
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


def test_two_students_with_the_same_name_get_a_page_each(tmp_path):
    marks = ClassMarks({}, [*made_up("Jo").rows, *made_up("jo").rows])
    assert len(report.write_feedback(marks, tmp_path)) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_grading_twice_gives_the_same_marks(tmp_path, lessons):
    inbox = hand_in(
        tmp_path / "in", A=answered(cube="import random\ndef cube(x):\n    return random.choice([x ** 3, 0])")
    )
    first, second = (grade_class([inbox], lessons=lessons, limits=LIMITS, progress=False) for _ in range(2))
    assert first.rows == second.rows


def test_marks_do_not_depend_on_the_sandbox(tmp_path, lessons):
    books = {"good": answered(), "bad": answered(cube="import os\nos._exit(0)"), "untouched": untouched()}
    inbox = hand_in(tmp_path / "in", **books)
    confined, plain = (
        grade_class([inbox], lessons=lessons, limits=LIMITS, sandbox=sandbox, progress=False)
        for sandbox in (None, PLAIN)
    )
    assert confined.rows == plain.rows
    assert any("network" in note for note in plain.notes)


def test_a_killed_grading_process_is_a_reason_to_look(tmp_path, lessons):
    inbox = hand_in(tmp_path / "in", Kay=answered(cube="import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(60)"))
    (row,) = grade_class([inbox], lessons=lessons, limits=LIMITS, sandbox=PLAIN, progress=False).rows
    assert row.status == "look"
    assert row.points <= FULL - 3
    assert any("not all of it was run" in reason for reason in row.look)


def test_a_submission_is_stopped_when_its_time_is_up(tmp_path, lessons):
    inbox = hand_in(tmp_path / "in", Slow=answered(square="import time\ntime.sleep(60)"), Good=answered())
    limits = Limits(cell=60, submission=5)
    good, slow = grade_class([inbox], lessons=lessons, limits=limits, progress=False).rows
    assert good.points == FULL
    assert any("took longer than 5 seconds" in reason for reason in slow.look)
    assert all("not run" in verdict.message for verdict in slow.verdicts)


def count(monkeypatch) -> list[str]:
    """Count the submissions that are really run."""
    ran: list[str] = []

    def counting(submission, *arguments):
        ran.append(submission.student)
        return grade_submission(submission, *arguments)

    monkeypatch.setattr(grading, "grade_submission", counting)
    return ran


def test_resume_runs_only_what_is_new(tmp_path, lessons, monkeypatch):
    inbox = hand_in(tmp_path / "in", A=answered(), B=untouched())
    options = {
        "lessons": lessons,
        "limits": LIMITS,
        "journal": tmp_path / "kept.jsonl",
        "resume": True,
        "progress": False,
    }
    ran = count(monkeypatch)
    first = grade_class([inbox], **options)
    with (tmp_path / "kept.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"key": "torn')
    hand_in(inbox, B=answered(cube=WRONG_CUBE))
    second = grade_class([inbox], **options)
    assert sorted(ran) == ["A", "B", "B"]
    assert second.rows[0] == first.rows[0]
    assert second.rows[1].points == 7
    grade_class([inbox], **{**options, "seed": 5})
    assert sorted(ran) == ["A", "A", "B", "B", "B"]


def test_an_interruption_keeps_what_is_finished(tmp_path, lessons, monkeypatch):
    inbox = hand_in(tmp_path / "in", **{f"S{number}": untouched() for number in range(6)})
    threads = threading.active_count()
    options = {
        "lessons": lessons,
        "limits": LIMITS,
        "journal": tmp_path / "kept.jsonl",
        "resume": True,
        "progress": False,
        "jobs": 1,
    }
    ran = count(monkeypatch)
    original = grading._finished

    def interrupted(waiting):
        for number, future in enumerate(original(waiting)):
            if number == 2:
                raise KeyboardInterrupt
            yield future

    monkeypatch.setattr(grading, "_finished", interrupted)
    with pytest.raises(grading.Stopped, match="2 of 6"):
        grade_class([inbox], **options)
    assert len((tmp_path / "kept.jsonl").read_text().splitlines()) == 2
    assert len(ran) < 6
    monkeypatch.setattr(grading, "_finished", original)
    resumed = grade_class([inbox], **options)
    assert len(resumed.rows) == 6
    assert "2 of 6 taken from the earlier run" in resumed.notes
    assert threading.active_count() <= threads + 3


def test_a_second_ctrl_c_keeps_what_is_finished_as_well(tmp_path, lessons, monkeypatch):
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
        grade_class([inbox], lessons=lessons, progress=False)
    assert pressed == ["once", "twice"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--csv", "g.csv"],
            "stopped; 7 of 18 submissions are graded and saved; to continue, add --resume to the same command",
        ),
        ([], "stopped; nothing was saved, because there is no --csv"),
    ],
)
def test_ctrl_c_says_how_to_continue(monkeypatch, capsys, arguments, message):
    def stopped(*_: object, **__: object) -> None:
        raise grading.Stopped("7 of 18")

    monkeypatch.setattr(grading, "grade_class", stopped)
    assert main(["grade", "in", *arguments]) == 130
    assert capsys.readouterr().err == f"enronlib: {message}\n"


def test_the_time_limit_of_a_cell_is_the_same_in_grading_and_in_a_students_own_run():
    parser = argparse.ArgumentParser()
    cli.add_commands(parser.add_subparsers())
    assert parser.parse_args(["grade", "in"]).cell_seconds == Limits().cell == CELL_SECONDS == 60


def test_without_resume_the_earlier_journal_is_moved_aside(tmp_path, lessons):
    inbox = hand_in(tmp_path / "in", A=untouched())
    journal = tmp_path / "grades.resume.jsonl"
    for text in ("older", "old"):
        journal.write_text(text, encoding="utf-8")
        grade_class([inbox], lessons=lessons, journal=journal, progress=False)
    assert journal.read_text(encoding="utf-8") != "old"
    assert (tmp_path / "grades.resume.old.jsonl").read_text(encoding="utf-8") == "old"


def test_a_mistake_in_the_command_leaves_the_journal_alone(tmp_path, lessons):
    inbox, journal = hand_in(tmp_path / "in", A=untouched()), tmp_path / "grades.resume.jsonl"
    journal.write_text("hours of work", encoding="utf-8")
    mistakes = ({"paths": [tmp_path / "inn"]}, {"wanted": ["77"]})
    for mistake in mistakes:
        with pytest.raises((UserError, OSError)):
            grade_class(**{"paths": [inbox], "lessons": lessons, "journal": journal, "progress": False, **mistake})
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["grades.resume.jsonl"]
    assert journal.read_text(encoding="utf-8") == "hours of work"


def test_without_a_terminal_each_finished_submission_is_a_line(tmp_path, lessons, monkeypatch, capsys):
    inbox = hand_in(tmp_path / "in", A=untouched())
    (inbox / "assignment04_B.zip").write_bytes(b"junk")
    monkeypatch.setattr(grading, "_finished", lambda waiting: reversed([*waiting]))
    grade_class([inbox], lessons=lessons)
    assert capsys.readouterr().err.splitlines() == ["1 of 2  B  unreadable", "2 of 2  A  0/10"]


def test_an_error_of_the_grader_costs_one_row(tmp_path, lessons, monkeypatch):
    inbox = hand_in(tmp_path / "in", A=answered(), B=untouched())

    def failing(submission, *arguments):
        if submission.student == "A":
            raise RuntimeError("a bug")
        return grade_submission(submission, *arguments)

    monkeypatch.setattr(grading, "grade_submission", failing)
    marks = grade_class([inbox], lessons=lessons, limits=LIMITS, progress=False)
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


def test_a_lesson_that_was_not_handed_in_gets_no_points(tmp_path, both):
    inbox = folder_of(tmp_path / "in" / "Ann", answered(), None)
    (row,) = grade_class([inbox], lessons=both, wanted=["01", "02"], limits=LIMITS, progress=False).rows
    assert [verdict.message for verdict in row.verdicts[3:]] == [grading.NOT_HANDED_IN] * 3


def test_a_damaged_lesson_is_not_called_missing(tmp_path, both):
    inbox = folder_of(tmp_path / "in" / "Ann", answered(), json.dumps(more(answered()))[:2000])
    (row,) = grade_class([inbox], lessons=both, limits=LIMITS, progress=False).rows
    assert (row.status, row.points) == ("look", FULL)
    assert row.look == ("02_more.ipynb: the file is damaged or cut off",)
    assert {verdict.message for verdict in row.verdicts[3:]} == {"could not be read: the file is damaged or cut off"}


def test_only_the_wanted_lessons_are_graded(tmp_path, both):
    inbox = folder_of(tmp_path / "in" / "Ann", answered(), more(solved()))
    one = grade_class([inbox], lessons=both, wanted=["2"], limits=LIMITS, progress=False)
    assert list(one.exercises) == ["more.square", "more.cube", "more.total"]
    assert (one.rows[0].points, one.rows[0].look, one.rows[0].remarks) == (FULL, (), ())
    both_of_them = grade_class([inbox], lessons=both, limits=LIMITS, progress=False)
    assert both_of_them.rows[0].points == both_of_them.points == 2 * FULL
    assert both_of_them.notes == []


def test_lessons_that_nobody_started_are_left_out_with_a_note(tmp_path, both):
    inbox = folder_of(tmp_path / "in" / "Ann", answered(), more(untouched()))
    folder_of(tmp_path / "in" / "Bob", untouched(), more(untouched()))
    marks = grade_class([inbox], lessons=both, limits=LIMITS, progress=False)
    assert list(marks.lessons) == [NAME]
    assert marks.notes == ["graded: 01 (nobody started the others; --lessons grades them too)"]


def test_a_lesson_that_nobody_wrote_in_is_not_run(tmp_path, both, monkeypatch):
    monkeypatch.setattr(nbformat, "write", None)
    inbox = folder_of(tmp_path / "in" / "Bob", untouched(), more(untouched()))
    marks = grade_class([inbox], lessons=both, progress=False)
    assert list(marks.lessons) == [NAME, "02_more"]
    assert {str(verdict) for verdict in marks.rows[0].verdicts} == {"Not attempted: nothing was written"}
    assert marks.rows[0].status == "graded"


def test_reasons_that_a_wrong_answer_may_have_passed_come_first_and_names_last(tmp_path, lessons):
    path = hand_in(tmp_path / "in", A=answered(cube=REPLACES, total="exit()")) / "assignment04_A.ipynb"
    submission = read_submission(path, lessons)
    submission.look.append("not on the roster")
    row = grade_submission(submission, lessons, RunConfig(LIMITS))
    assert row.status == "look"
    assert row.look[0] == "numbers.cube: built-ins were replaced: print"
    assert row.look[-1] == "not on the roster"
    assert row.in_doubt == ("numbers.cube",)
    page = report.student_page(row, ClassMarks(lessons, [row]))
    assert "| `numbers.cube` | 3 of 3 | **Your instructor will look at this** |" in page
    assert "| `numbers.square` | 2 of 2 | **Correct**  |" in page


@pytest.mark.parametrize(
    ("name", "exercise", "answer"),
    [
        ("02_parse_one_email", "parse.email", "read_email = getattr({}, 'read_email')"),
        ("08_luigi_workflow", "workflow.mailbox", "%%writefile process_mailbox.py\nfrom enronlib.workflow import *"),
    ],
)
def test_the_kits_own_function_as_an_answer_is_noticed_in_the_kernel(name, exercise, answer):
    kits = only(find_lessons()[name], exercise)
    source = answer.format("__import__('enron' + 'lib.messages').messages")
    cells = [
        {"id": cell.id, "cell_type": cell.kind, "source": source if cell.exercise == exercise else ""}
        for cell in kits.cells
        if cell.role == "answer"
    ]
    notebook = read_handed_in(json.dumps({"cells": cells}).encode())
    row = grade_submission(Submission("A", Path("A.zip"), {name: notebook}), {name: kits}, RunConfig())
    assert (row.status, row.points) == ("look", kits.exercises[exercise])
    assert any(f"{exercise}: uses the kit's own" in reason for reason in row.look)
    assert row.in_doubt == (exercise,)


def test_the_kits_own_function_in_an_own_cell_is_noticed():
    kits = only(find_lessons()["02_parse_one_email"], "parse.unfold")
    own = "from enronlib.messages import unfold as theirs\n"
    wrapped = "def unfold(value):\n    return theirs(value)"
    stub = next(cell for cell in kits.cells if (cell.role, cell.exercise) == ("answer", "parse.unfold"))
    for first, answer in ((own, wrapped), (own + wrapped, stub.given)):
        cells = [{"cell_type": "code", "source": first}, {"cell_type": "code", "id": stub.id, "source": answer}]
        notebook = read_handed_in(json.dumps({"cells": cells}).encode())
        row = grade_submission(Submission("A", Path("A.zip"), {kits.name: notebook}), {kits.name: kits}, RunConfig())
        assert (row.points, row.in_doubt) == (kits.exercises["parse.unfold"], ("parse.unfold",))
        assert row.look == ("parse.unfold: uses the kit's own unfold",)


REPLACES = f"import builtins\nsetattr(vars()['builtins'], 'print', lambda *_: None)\n{CUBE}"


def test_nothing_to_grade_is_refused(tmp_path, lessons):
    with pytest.raises(UserError):
        grade_class([tmp_path], lessons=lessons)


def test_the_kits_check_cannot_be_replaced_unnoticed(tmp_path):
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
        row = grade_submission(
            Submission(name, path, {"template": notebook}), {"template": template}, RunConfig(LIMITS)
        )
        assert row.points == 0 or row.look, (name, row)
        assert name == "own" or row.look, (name, row)


def test_the_table_has_no_points_where_nothing_was_graded(marks):
    lines = report.table(marks).splitlines()
    assert lines[6].split() == ["Gee", "Gus", "missing"]
    assert "points**" not in report.student_page(marks.rows[5], marks)


def test_control_characters_reach_neither_the_terminal_nor_the_pages_nor_the_csv(tmp_path):
    marks = made_up("Jo", "a \x1b]0;title\x07\x1b[31mred\x1b[0m\x07 message\x9b")
    shown = [report.table(marks), report.student_page(marks.rows[0], marks)]
    shown.append(report.write_csv(marks, tmp_path / "x.csv")[0].read_text(encoding="utf-8-sig"))
    assert all("a red" in text and text.replace("\n", " ").isprintable() for text in shown)


def test_pages_of_namesakes_are_numbered_like_their_rows(tmp_path):
    names = ["Min Kim", "Min Kim (2)", "min kim", "Min/Kim", "Min-Kim"]
    pages = report.write_feedback(ClassMarks({}, [row for name in names for row in made_up(name).rows]), tmp_path)
    assert [page.stem for page in pages] == ["Min Kim", "Min Kim (2)", "min kim (3)", "Min-Kim", "Min-Kim (2)"]


def test_an_answer_with_parts_earns_the_share_that_is_right():
    task = "parse.email"
    kits = only(find_lessons()["02_parse_one_email"], task)
    answer = next(cell for cell in kits.cells if (cell.role, cell.exercise) == ("answer", task)).full
    sources = {
        "all": answer,
        "most": answer.replace("return email", 'return email | {"Subject": "Gas", "Date": None}'),
        "none": answer.replace("return email", "return dict.fromkeys(email)"),
        "forged": answer.replace(
            "return email", f"raise AssertionError('{task}: Not yet: 19 of 20 fields are right.')"
        ),
    }
    found = {}
    for name, source in sources.items():
        cells = [{"cell_type": "code", "id": f"answer-{task.replace('.', '-')}", "source": source}]
        notebook = read_handed_in(json.dumps({"cells": cells}).encode())
        row = grade_submission(Submission(name, Path("A.zip"), {kits.name: notebook}), {kits.name: kits}, RunConfig())
        found[name] = row
    assert {name: row.earned[task] for name, row in found.items()} == {"all": 4, "most": 3.6, "none": 0, "forged": 0}
    assert "18 of 20 fields are right" in str({each.exercise: each for each in found["most"].verdicts}[task])
    assert (found["most"].status, found["most"].points) == ("graded", 3.6)
    page = report.student_page(found["most"], ClassMarks({kits.name: kits}, [found["most"]]))
    assert "3.6 of 4" in page
