"""`build --check` finds what is wrong with a lesson and says where."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from enronlib.__main__ import main
from enronlib.classroom.answer import Answer
from enronlib.classroom.authoring.build import build_lessons
from enronlib.classroom.authoring.check import check_lessons, wrong_answer_problems
from enronlib.classroom.authoring.sources import read_sources
from enronlib.classroom.exercise import Edits, Wrong
from enronlib.classroom.exercises import exercises_of
from enronlib.classroom.mail import Mail

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
LESSON = "notebooks/source/template.md"
LONGEST, GREETING = exercises_of("template")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project with one good lesson, the template, and the glossary that its new words are in."""
    for name in ("source/template.md", "source/glossary.md", "solutions/template.ipynb"):
        (tmp_path / "notebooks" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "notebooks" / name).write_bytes((NOTEBOOKS / name).read_bytes())
    return tmp_path


def rewrite(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def line_of(root: Path, cell: str) -> int:
    return read_sources(root)["template"].lines[cell]


def test_a_good_lesson_has_no_problems(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    assert main(["build", "--check", "template"]) == 0
    assert capsys.readouterr().out == "0 problems\n"


def test_every_problem_is_a_line_and_the_status_is_1(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(root / LESSON, "## Key points", "## Key")
    rewrite(root / LESSON, "return max(words", "return min(words")
    build_lessons(root)
    monkeypatch.chdir(root)
    assert main(["build", "--check", "template"]) == 1
    check = line_of(root, "check-template-longest")
    answer = line_of(root, "answer-template-longest")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{LESSON}:1: there is no section '## Key points'"
    assert lines[1].startswith(f"{LESSON}:{answer}: was not run")
    assert lines[2].startswith(f"{LESSON}:{check}: template.longest: the solution counts as Not yet")
    assert lines[3:] == ["3 problems"]


def edit_the_notebook(root: Path) -> None:
    rewrite(root / "notebooks/solutions/template.ipynb", "Key points", "Key")


def change_the_source(root: Path) -> None:
    rewrite(root / LESSON, "- Three to five lines", "- Three to six lines")


def delete_the_notebook(root: Path) -> None:
    (root / "notebooks/solutions/template.ipynb").unlink()


@pytest.mark.parametrize("change", [edit_the_notebook, change_the_source, delete_the_notebook])
def test_a_notebook_that_differs_from_its_source_is_stale(change: Callable[[Path], None], root: Path) -> None:
    change(root)
    assert f"{LESSON}:1: solutions/template.ipynb is stale: run python -m enronlib build" in check_lessons(root)


def test_a_solution_that_fails_is_a_problem(root: Path) -> None:
    rewrite(root / LESSON, 'sentence = "', 'sentence = undefined = missing + "')
    build_lessons(root)
    found = list(check_lessons(root, ["template"]))
    assert f"{LESSON}:1: the solution fails: NameError: name 'missing' is not defined" in found
    assert f"{LESSON}:1: the copy fails: NameError: name 'missing' is not defined" in found


def test_an_exercise_that_is_handed_out_solved_is_a_problem(root: Path) -> None:
    stub = '    # stub: return max(words, key=len, default="")\n    return max(words'
    rewrite(root / LESSON, "    return max(words", stub)
    build_lessons(root)
    check = line_of(root, "check-template-longest")
    start = f"{LESSON}:{check}: template.longest: the untouched copy counts as Correct"
    assert any(found.startswith(start) for found in check_lessons(root, ["template"]))


def test_a_source_that_cannot_be_read_is_a_problem(root: Path) -> None:
    rewrite(root / LESSON, ":answer: template.longest", ":answer: [")
    [found] = check_lessons(root, ["template"])
    assert found.startswith(f"{LESSON}: Code cell ")


def test_a_notebook_without_a_source_is_a_problem(root: Path) -> None:
    (root / "notebooks/12_gone.ipynb").write_text("{}", encoding="utf-8")
    assert "notebooks/12_gone.ipynb: it has no source; delete it" in check_lessons(root)


def test_an_exercise_without_a_lesson_is_a_problem(root: Path) -> None:
    assert "enronlib/classroom/exercises: start.user: there is no lesson 00_start_here" in check_lessons(root)


def praise(answer: Answer, mail: Mail) -> str:
    return "Anything goes."


def tell(answer: Answer, mail: Mail) -> str:
    answer.fail("it is 'pipeline'", expected="pipeline")


@pytest.mark.parametrize(
    ("check", "message", "problem"),
    [
        (praise, "", "counts as Correct"),
        (LONGEST.check, "xyzzy", "does not get the message 'xyzzy'"),
        (tell, "", "gets a message with the expected answer"),
    ],
)
def test_a_wrong_answer_that_is_not_rejected_well_is_a_problem(
    check: Callable[[Answer, Mail], str], message: str, problem: str
) -> None:
    [found] = wrong_answer_problems(replace(LONGEST, check=check), Wrong("the shortest", min, message))
    assert found.cell == "check-template-longest"
    assert found.text.startswith(f"template.longest: the wrong answer 'the shortest' {problem}")


def test_edits_that_do_not_fit_the_solution_are_a_problem() -> None:
    [found] = wrong_answer_problems(LONGEST, Wrong("an old mistake", Edits(("xyzzy", "")), ""))
    assert found.text.endswith("'an old mistake' cannot be made: the solution does not contain 'xyzzy'")
