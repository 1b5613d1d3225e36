"""`yours`: the student's answer where its check passed, else the kit's; and the kit's solution after Correct."""

from pathlib import Path
from types import ModuleType

import pytest

from enronlib.classroom import check, session, yours
from enronlib.classroom.authoring.rehearsal import edited_solution, inside
from enronlib.classroom.exercise import Edits, Exercise
from enronlib.classroom.exercises import all_exercises
from enronlib.classroom.folders import load
from enronlib.classroom.solutions import solution_text
from enronlib.classroom.verdict import Status


@pytest.fixture(autouse=True)
def fresh_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start with nothing checked, in an empty folder."""
    monkeypatch.delenv("ENRONLIB_STRICT", raising=False)
    monkeypatch.chdir(tmp_path)
    for memory in ("verdicts", "hints_seen", "failures", "answers", "stand_ins"):
        monkeypatch.setattr(session, memory, {})


def longest(words: list[str]) -> str:
    return max(words, key=len, default="")


def unwritten(words: list[str]) -> str:
    raise NotImplementedError("your code here")


def test_an_answer_that_passed_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    check("template.longest", longest)
    assert yours("template.longest", longest) is longest
    assert capsys.readouterr().out == "Using your longest.\n"


def test_without_a_passed_check_the_kits_answer_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    check("template.longest", unwritten)
    twin = yours("template.longest", unwritten)
    assert twin(["mail", "pipeline"]) == "pipeline"
    assert capsys.readouterr().out == "Using the kit's longest until your check passes.\n"


def test_an_answer_that_was_never_defined_is_no_error() -> None:
    assert yours("template.longest")([]) == ""


def test_the_answer_that_passed_is_used_until_a_check_fails(capsys: pytest.CaptureFixture[str]) -> None:
    check("template.longest", longest)
    assert yours("template.longest", unwritten) is longest
    check("template.longest", unwritten)
    assert yours("template.longest", unwritten) is not longest


def test_the_kits_answer_does_not_pass_the_check_as_the_students() -> None:
    verdict = check("template.longest", yours("template.longest"))
    assert verdict.status is Status.NOT_ATTEMPTED
    assert "this is the kit's answer, not yours" in verdict.message


def test_the_kits_module_stands_in_for_one_that_is_missing_or_unfinished(tmp_path: Path) -> None:
    with inside(tmp_path):
        twin = yours("template.greeting")
        assert isinstance(twin, ModuleType)
        assert twin.Greeting(folder="x").output().path == "x/greeting.txt"
        assert not Path("greeting.py").exists()
        Path("greeting.py").write_text("mine = True\n", encoding="utf-8")
        assert load("greeting").mine


def test_grading_never_uses_the_kits_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENRONLIB_SUBMISSION", "x")
    assert yours("template.longest", unwritten) is unwritten
    assert capsys.readouterr().out == "Using your unwritten, which is not checked: the kit has none here.\n"
    assert "One good way" not in check("template.longest", longest)._repr_html_()


def test_a_correct_verdict_offers_one_good_way_to_write_it() -> None:
    html = check("template.longest", longest)._repr_html_()
    assert "<summary>One good way to write it</summary>" in html
    assert "return max(words, key=len, default=&quot;&quot;)" in html
    assert "SOLUTION" not in html


def test_no_solution_is_shown_before_correct_nor_where_outputs_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "One good way" not in check("template.longest", min)._repr_html_()
    monkeypatch.setenv("ENRONLIB_STRICT", "1")
    assert "One good way" not in check("template.longest", longest)._repr_html_()


FUNCTIONS = [each for each in all_exercises() if each.points and solution_text(each).startswith("def ")]


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=[each.name for each in FUNCTIONS])
def test_a_left_over_not_implemented_error_is_named(exercise: Exercise, tmp_path: Path) -> None:
    left_over = Edits(("### BEGIN SOLUTION", 'raise NotImplementedError("your code here")'))
    with inside(tmp_path):
        verdict = exercise.judge(edited_solution(exercise, left_over))
    assert verdict.status is Status.NOT_YET
    assert verdict.message.startswith("you have begun, but a line `raise NotImplementedError` is left.")


def test_grading_takes_the_answer_that_was_checked_whatever_its_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENRONLIB_SUBMISSION", "x")
    check("template.longest", min)
    assert yours("template.longest") is min
