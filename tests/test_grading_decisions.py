"""The instructor's decisions: applied, shown, kept in the next grading, and questioned when an answer changed."""

import csv
from pathlib import Path

import pytest

from enronlib import UserError
from enronlib.classroom.grading import report
from enronlib.classroom.grading.decisions import Row, apply, read_decisions, write_decisions
from enronlib.classroom.grading.lessons import Lesson, PristineCell
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.verdict import Status, Verdict

POINTS = {"a.one": 4, "a.two": 6}
LOOK = ("a.one: equals everything", "01_a: a.two: the check cell was changed", "not on the roster (file x.zip)")


def graded(*look: str, one: str = "x = 1", student: str = "Jo") -> ClassMarks:
    cells = tuple(PristineCell("code", name, "check", name, "", "", points) for name, points in POINTS.items())
    verdicts = (Verdict("a.one", Status.CORRECT, "", 4), Verdict("a.two", Status.NOT_YET, "look", 6))
    answers = {"a.one": one, "a.two": "y = 2"}
    row = Marks(student, "look" if look else "graded", verdicts, look, in_doubt=("a.one",), answers=answers)
    return ClassMarks({"01_a": Lesson("01_a", cells)}, [row])


def fill_in(path: Path, **values: str) -> None:
    """Fill in every row of the template with these values."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [{**row, **values} for row in csv.DictReader(file)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def regrade(path: Path, marks: ClassMarks, percent: float = 0, by_hand: tuple[str, ...] = ()) -> tuple[ClassMarks, int]:
    """Apply the file and add what is open, as the command does."""
    rows = read_decisions(path, POINTS)
    decided = apply(marks, rows, percent)
    return decided, write_decisions(path, marks, decided, rows, by_hand)


def test_the_template_has_a_row_for_each_exercise_to_look_at_and_one_for_the_rest(tmp_path):
    path = tmp_path / "decisions.csv"
    assert regrade(path, graded(*LOOK))[1] == 3
    rows = read_decisions(path, POINTS)
    assert [(row.student, row.exercise, row.reason) for row in rows] == [
        ("Jo", "a.one", LOOK[0]),
        ("Jo", "a.two", LOOK[1]),
        ("Jo", "", LOOK[2]),
    ]
    assert regrade(path, graded(*LOOK))[1] == 3
    assert read_decisions(path, POINTS) == rows


def test_a_decision_answers_its_look_and_survives_grading_again(tmp_path):
    path = tmp_path / "decisions.csv"
    regrade(path, graded(*LOOK))
    fill_in(path, comment="I have seen it")
    for _ in range(2):
        decided, still_open = regrade(path, graded(*LOOK))
        (row,) = decided.rows
        assert (row.status, row.look, row.in_doubt, row.points, still_open) == ("graded", (), (), 4, 0)


def test_points_and_comments_of_a_decision_are_in_the_marks_and_the_feedback(tmp_path):
    rows = [Row("Jo", "a.one", 2.5, "half of it"), Row("Jo", "a.two", 0), Row("Jo", "", None, "See me.")]
    marks = apply(graded(*LOOK), rows)
    assert marks.rows[0].points == 2.5
    page = report.student_page(marks.rows[0], marks)
    assert "**2.5 of 10 points**" in page
    assert "| ✎ | `a.one` | 2.5 of 4 | **Your instructor:** half of it |" in page
    assert "| ✎ | `a.two` | 0 of 6 | **Marked by your instructor** |" in page
    assert "Your instructor: See me." in page
    text = report.write_csv(marks, tmp_path / "grades.csv")[0].read_text(encoding="utf-8-sig")
    assert text.splitlines()[1] == "Jo,graded,2.5,10,,2.5,0"


def test_an_answer_that_changed_since_is_to_be_decided_again(tmp_path):
    path = tmp_path / "decisions.csv"
    regrade(path, graded(*LOOK[:1]))
    fill_in(path, points="3")
    marks, still_open = regrade(path, graded(one="x = 2"))
    assert marks.rows[0].look == ("a.one: has changed since it was decided on (3 points); decide again",)
    assert (marks.rows[0].points, marks.rows[0].status, still_open) == (4, "look", 1)
    assert regrade(path, graded(*LOOK[:1]))[0].rows[0].points == 3


def test_being_late_costs_a_share_of_all_points_for_each_day_begun(tmp_path):
    marks = apply(graded(), [Row("Jo", late_days=1.5)], percent=10)
    assert (marks.rows[0].points, marks.rows[0].late_days, marks.rows[0].penalty) == (2, 2, 2)
    assert apply(graded(), [Row("Jo", late_days=9)], percent=10).rows[0].points == 0
    assert "(2 points less: 2 days late)" in report.student_page(marks.rows[0], marks)
    text = report.write_csv(marks, tmp_path / "grades.csv")[0].read_text(encoding="utf-8-sig")
    assert text.splitlines() == [
        "student,status,points,max,look,late_days,penalty,a.one,a.two",
        "Jo,graded,2,10,,2,2,4,0",
    ]


def test_exercises_marked_by_hand_are_in_the_template_without_a_look(tmp_path):
    path = tmp_path / "decisions.csv"
    marks, still_open = regrade(path, graded(), by_hand=("a.two",))
    (row,) = read_decisions(path, POINTS)
    assert (marks.rows[0].status, still_open) == ("graded", 1)
    assert (row.exercise, row.reason) == ("a.two", "marked by hand; the check gives 0 of 6")
    fill_in(path, points="5", comment="well put")
    assert regrade(path, graded(), by_hand=("a.two",))[0].rows[0].points == 9


def test_a_file_from_a_german_spreadsheet_is_read(tmp_path):
    (tmp_path / "d.csv").write_bytes("student;exercise;points;comment\nJo;a.one;2,5;schön\n".encode("cp1252"))
    assert read_decisions(tmp_path / "d.csv", POINTS) == [Row("Jo", "a.one", 2.5, "schön")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Jo,a.three,1", "d.csv, line 2: there is no exercise 'a.three'"),
        ("Jo,a.one,5", "line 2: 5 points, but a.one is worth 4"),
        ("Jo,,5", "line 2: 5 points, but points need an exercise"),
        ("Jo,a.one,-1", "line 2: '-1' is not a number"),
        ("Jo,a.one,nan", "line 2: 'nan' is not a number"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused_before_grading(tmp_path, line, message):
    (tmp_path / "d.csv").write_text(f"student,exercise,points\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match=message):
        read_decisions(tmp_path / "d.csv", POINTS)


def test_a_decision_about_somebody_without_a_row_is_noted():
    assert apply(graded(), [Row("Joe", "a.one", 1)]).notes == ["decisions about students without a row: Joe"]


def test_text_that_a_spreadsheet_would_run_comes_back_as_it_was(tmp_path):
    path = tmp_path / "d.csv"
    marks = graded(student="=Jo")
    write_decisions(path, marks, marks, [Row("=Jo", "a.one", 1, "-1 for style")])
    assert read_decisions(path, POINTS) == [Row("=Jo", "a.one", 1, "-1 for style")]
