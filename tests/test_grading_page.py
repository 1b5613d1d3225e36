"""The page about the class, the answers to mark by hand, and the table of answers that are alike."""

import csv
import json
import re
from pathlib import Path

import pytest

from enronlib.__main__ import main
from enronlib.classroom.grading import report
from enronlib.classroom.grading.by_hand import write_answer_pages
from enronlib.classroom.grading.lessons import Lesson, PristineCell
from enronlib.classroom.grading.likeness import find_alike, fingerprints
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.grading.page import write_page
from enronlib.classroom.verdict import Status, Verdict

LONG = """
def words(text):
    found = {}
    for line in text.splitlines():
        if line.startswith(">"):
            continue
        for word in line.lower().split():
            found[word] = found.get(word, 0) + 1
    return sorted(found.items(), key=lambda pair: -pair[1])[:10]
"""
RENAMED = LONG.replace("found", "n").replace("line", "zeile").replace('">"', '"|"') + "# mine\n"
OTHER = """
def words(text):
    kept = [line for line in text.splitlines() if not line[:1] == ">"]
    counts = Counter(" ".join(kept).casefold().split())
    while len(counts) > 10:
        del counts[min(counts, key=counts.get)]
    return counts.most_common()
"""


def a_class(answers: dict[str, str], *look: str, message: str = "wrong") -> ClassMarks:
    cells = (PristineCell("code", "x", "check", "a.words", "", "", 10),)
    verdict = Verdict("a.words", Status.NOT_YET, message, 10)
    rows = [
        Marks(name, "look" if look else "graded", (verdict,), look, answers={"a.words": source})
        for name, source in answers.items()
    ]
    return ClassMarks({"01_a": Lesson("01_a", cells)}, rows)


def test_names_texts_and_comments_make_no_difference_to_likeness():
    assert fingerprints(LONG) == fingerprints(RENAMED)
    assert len(fingerprints(LONG) & fingerprints(OTHER)) < len(fingerprints(OTHER)) / 2


def test_answers_that_are_alike_are_in_a_table():
    (pair,) = find_alike(a_class({"Al": LONG, "Bo": OTHER, "Cy": RENAMED}))
    assert pair == ("Al", "Cy", {"a.words": 1.0})
    page = report.class_page(a_class({"Al": LONG, "Bo": OTHER, "Cy": RENAMED}))
    assert "| Al, Cy | `a.words` 100% |" in page


@pytest.mark.parametrize("short", ["x = 1", "def f(x):\n    return x + 1", "", "def broken(:", '"unclosed'])
def test_short_answers_are_alike_by_nature(short):
    assert find_alike(a_class({"Al": short, "Bo": short})) == []


def test_what_the_lesson_shows_is_no_likeness():
    marks = a_class({"Al": LONG, "Bo": RENAMED})
    shown = PristineCell("code", "y", "answer", "a.words", "", LONG, 0)
    lessons = {"01_a": Lesson("01_a", (*marks.lessons["01_a"].cells, shown))}
    assert find_alike(ClassMarks(lessons, marks.rows)) == []


def test_what_many_wrote_is_common_knowledge():
    assert find_alike(a_class({f"S{number}": LONG for number in range(9)})) == []


def test_the_page_needs_nothing_else_and_links_to_the_feedback(tmp_path):
    marks = a_class({"Al": LONG, "Bo": OTHER}, "a.words: odd <b>", message="<script>alert(1)</script> \x1b[31m")
    files = {"Al": [tmp_path / "feed back" / "Al.md", tmp_path / "back" / "Al" / "01_a.ipynb"]}
    page = write_page(marks, tmp_path / "class.html", files, [tmp_path / "d_chart.own.html"]).read_text("utf-8")
    assert '<a href="feed%20back/Al.md">Al</a>' in page
    assert '<a href="d_chart.own.html">' in page
    assert "back/Al/01_a.ipynb" in page
    assert "<script" not in page
    assert "odd &lt;b&gt;" in page
    assert "\x1b" not in page
    assert "alert(1)&lt;/script&gt; " in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_the_page_of_an_empty_class_is_a_page(tmp_path):
    marks = ClassMarks({}, [Marks("Al", "missing", ())])
    assert "Nobody: all marks stand." in write_page(marks, tmp_path / "class.html", {}).read_text("utf-8")


def test_answers_to_one_question_are_side_by_side_with_their_pictures(tmp_path):
    marks = a_class({"Al": "explanation = '<i>'", "Bo": "show()"})
    outputs = [
        {"output_type": "display_data", "data": {"image/png": ["iVBOR", "w0KG\n"], "text/plain": ["<Figure>"]}},
        {"output_type": "display_data", "data": {"text/html": ["<script>"], "text/plain": ["a <table>"]}},
    ]
    cell = {"metadata": {"enronlib": {"role": "answer", "exercise": "a.words"}}, "outputs": outputs}
    (tmp_path / "Bo").mkdir()
    (tmp_path / "Bo" / "01_a.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    folders = {name: tmp_path / name for name in ("Al", "Bo")}
    (path,) = write_answer_pages(marks, ["a.words", "a.nobody"], tmp_path / "decisions.csv", folders)
    page = path.read_text(encoding="utf-8")
    assert path.name == "decisions_a.words.html"
    assert page.index("Al</h3>") < page.index("explanation = &#x27;&lt;i&gt;&#x27;") < page.index("Bo</h3>")
    assert 'src="data:image/png;base64,iVBORw0KG"' in page
    assert "a &lt;table&gt;" in page
    assert "<script" not in page


LESSON = "10_top_words_chart"
OWN = "ax.barh(['gas'], [3])\nexplanation = 'Short.'"


def test_one_command_writes_everything_and_settles_a_look(tmp_path, capsys):
    book = {
        "cells": [
            {"cell_type": "code", "id": "answer-chart-own", "source": OWN},
            {"cell_type": "code", "id": "check-chart-own", "source": "assert True"},
        ]
    }
    folder = tmp_path / "in" / "Jane Doe_201_assignsubmission_file_"
    folder.mkdir(parents=True)
    (folder / f"{LESSON}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    before = sorted(path.relative_to(tmp_path) for path in (tmp_path / "in").rglob("*"))
    out = tmp_path / "out"
    arguments = ["grade", str(tmp_path / "in"), "--lessons", "10", "--export", "moodle", "--late-penalty", "10%"]
    for option, name in {
        **{"csv": "grades.csv", "feedback": "feedback", "decisions": "decisions.csv"},
        **{"notebooks": "notebooks", "page": "class.html"},
    }.items():
        arguments += [f"--{option}", str(out / name)]
    assert main(arguments) == 0
    assert "rows to fill in: 1" in capsys.readouterr().out
    with (out / "decisions.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["student"], row["exercise"]) == ("Jane Doe", "chart.own")
    assert "marked by hand" in row["reason"]
    assert "the check cell was changed" in row["reason"]
    with (out / "decisions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow({**row, "points": "3", "comment": "a good start", "late_days": "1"})
    assert main([*arguments, "--resume"]) == 0
    assert "1 of 1 taken from the earlier run" in capsys.readouterr().err
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        (marks,) = csv.DictReader(file)
    assert (marks["status"], marks["look"], marks["chart.own"]) == ("graded", "", "3")
    assert "a good start" in (out / "feedback" / "Jane Doe.md").read_text(encoding="utf-8")
    assert "a good start" in (out / "notebooks" / "Jane Doe" / f"{LESSON}.ipynb").read_text(encoding="utf-8")
    assert "a good start" in (out / "decisions_chart.own.html").read_text(encoding="utf-8")
    assert "Participant 201" in (out / "grades_moodle.csv").read_text(encoding="utf-8")
    assert Path(out / "grades_moodle_feedback.zip").is_file()
    assert "feedback/Jane%20Doe.md" in (out / "class.html").read_text(encoding="utf-8")
    assert sorted(path.relative_to(tmp_path) for path in (tmp_path / "in").rglob("*")) == before
