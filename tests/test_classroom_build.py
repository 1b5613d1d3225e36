"""Students' copies from solved notebooks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from enronlib import UserError
from enronlib.__main__ import main
from enronlib.classroom.authoring.build import build_lessons
from enronlib.classroom.authoring.notebook import (
    code,
    code_cells,
    lesson_notebook,
    read_notebook,
    role,
    special,
    text,
    write_notebook,
)

ANSWER = "def user(address):\n    ### BEGIN SOLUTION\n    return address\n    ### END SOLUTION"
FILES = ("notebooks/solutions/00_start_here.ipynb", "notebooks/00_start_here.ipynb")


@pytest.fixture
def cells() -> list[Any]:
    """Return a small lesson with the two exercises of lesson 00."""
    return [
        text("# 00 · Start here\n\n*1 minutes of reading, 2 minutes of exercises*\n\n**The question:** how?"),
        special("lessons", ""),
        special("predict", 'predict("start.parts", 3)', "start.parts"),
        special("task", "Look.", "start.domain"),
        special("answer", "def domain(address):\n    return address", "start.domain"),
        special("check", 'check("start.domain", domain)', "start.domain"),
        special("task", "Write.", "start.user"),
        special("answer", ANSWER, "start.user"),
        special("check", 'check("start.user", user)', "start.user"),
        code("1 + 1"),
    ]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[list[Any]], Path]:
    """Return a function that writes cells as the solved lesson 00 of a project and returns the project."""

    def write(cells: list[Any]) -> Path:
        write_notebook(lesson_notebook(cells), tmp_path / FILES[0])
        return tmp_path

    return write


def test_the_copy_has_stubs_and_no_outputs(cells: list[Any], write: Callable[[list[Any]], Path]) -> None:
    cells[-1].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)]
    cells[-1].execution_count = 1
    root = write(cells)
    build_lessons(root)
    solved, copy = (read_notebook(root / name) for name in FILES)
    assert [cell.execution_count for cell in code_cells(solved)][-1] == 1
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code_cells(copy))
    answers = [cell.source for cell in code_cells(copy, "answer")]
    assert answers[0] == "def domain(address):\n    return address", "an exercise worth nothing is shown solved"
    assert answers[1].endswith('    raise NotImplementedError("your code here")')
    assert [cell.source for cell in code_cells(copy, "predict")] == ['predict("start.parts", ...)']
    assert copy.metadata.enronlib == {"lesson": "00_start_here", "copy": "student"}


def test_answers_cannot_be_deleted_and_checks_not_edited(cells: list[Any], write: Callable[[list[Any]], Path]) -> None:
    root = write(cells)
    build_lessons(root)
    for cell in code_cells(read_notebook(root / FILES[1])):
        assert cell.metadata.get("deletable", True) is (role(cell) is None)
        assert cell.metadata.get("editable", True) is (role(cell) != "check")


def test_special_cells_have_lasting_ids(cells: list[Any], write: Callable[[list[Any]], Path]) -> None:
    root = write(cells)
    build_lessons(root)
    for name in FILES:
        ids = [cell.id for cell in read_notebook(root / name).cells]
        assert {"answer-start-user", "check-start-user", "hints-start-user", "predict-start-parts", "lessons"} <= set(
            ids
        )
        assert len(ids) == len(set(ids))
        assert ids[-1] == cells[-1].id


def test_a_notebook_of_an_old_format_gets_ids_once(cells: list[Any], write: Callable[[list[Any]], Path]) -> None:
    root = write(cells)
    old = json.loads((root / FILES[0]).read_text(encoding="utf-8"))
    old["nbformat_minor"] = 4
    for cell in old["cells"]:
        del cell["id"]
    (root / FILES[0]).write_text(json.dumps(old), encoding="utf-8")
    build_lessons(root)
    assert build_lessons(root) == []


def test_headings_hints_points_and_links_are_written(cells: list[Any], write: Callable[[list[Any]], Path]) -> None:
    root = write(cells)
    write_notebook(lesson_notebook([text("# 01 · Next\n\nx")]), root / "notebooks/solutions/01_next.ipynb")
    build_lessons(root)
    first, second = (read_notebook(root / "notebooks" / name) for name in ("00_start_here.ipynb", "01_next.ipynb"))
    by_id = {cell.id: cell for cell in first.cells}
    assert by_id["task-start-user"].source == "### Exercise: The part before the @ ★☆☆ (1 point)\n\nWrite."
    assert by_id["hints-start-user"].source.count("<details>") == 2
    assert by_id["check-start-user"].metadata.enronlib.points == 1
    assert first.cells[0].source.endswith("\n\nNext: [01 · Next](01_next.ipynb)")
    assert second.cells[0].source.endswith("\n\n← [00 · Start here](00_start_here.ipynb)")
    assert "| [00 · Start here](00_start_here.ipynb) | how? | 1 min | 2 min |" in by_id["lessons"].source


def test_building_twice_changes_nothing(cells: list[Any], write: Callable[[list[Any]], Path]) -> None:
    root = write(cells)
    assert build_lessons(root) == [root / name for name in FILES]
    before = [(root / name).read_bytes() for name in FILES]
    assert build_lessons(root) == []
    assert [(root / name).read_bytes() for name in FILES] == before
    assert all(text.endswith(b"\n") and b"\r" not in text for text in before)


def test_hidden_tests_stay_with_the_solved_lesson(cells: list[Any], write: Callable[[list[Any]], Path]) -> None:
    cells[8].source = "### BEGIN HIDDEN TESTS\nassert user('a@b')\n### END HIDDEN TESTS\n" + cells[8].source
    root = write(cells)
    build_lessons(root)
    assert "HIDDEN" in (root / FILES[0]).read_text(encoding="utf-8")
    assert "HIDDEN" not in (root / FILES[1]).read_text(encoding="utf-8")


def test_a_notebook_that_is_no_lesson_has_no_copy(cells: list[Any], write: Callable[[list[Any]], Path]) -> None:
    root = write(cells)
    write_notebook(lesson_notebook([text("# Draft")]), root / "notebooks/solutions/draft.ipynb")
    build_lessons(root)
    assert not (root / "notebooks/draft.ipynb").exists()


def test_images_are_found_from_the_copy_too(cells: list[Any], write: Callable[[list[Any]], Path]) -> None:
    cells[0].source += "\n\n![folders](../images/folders.svg)"
    root = write(cells)
    build_lessons(root)
    assert "![folders](images/folders.svg)" in read_notebook(root / FILES[1]).cells[0].source


def test_only_the_lessons_asked_for_are_built(cells: list[Any], write: Callable[[list[Any]], Path]) -> None:
    root = write(cells)
    assert build_lessons(root, ["01"]) == []
    assert build_lessons(root, ["00"]) == [root / name for name in FILES]


def _change(number: int, **changes: str) -> Callable[[list[Any]], None]:
    def change(cells: list[Any]) -> None:
        for key, value in changes.items():
            if key == "source":
                cells[number].source = value
            else:
                cells[number].metadata["enronlib"][key] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_change(9, source=ANSWER), "cell 10: ### BEGIN SOLUTION belongs into an answer cell"),
        (_change(9, source="### BEGIN HIDDEN TESTS"), "cell 10: ### BEGIN HIDDEN TESTS belongs into a check cell"),
        (_change(7, source="user = 1"), "answer cell of start.user: an answer cell needs"),
        (_change(8, exercise="start.usr"), "cell 9: there is no exercise 'start.usr'; did you mean 'start.user'"),
        (_change(8, exercise="template.longest"), "cell 9: template.longest is an exercise of template"),
        (_change(8, source="check('start.domain', 1)"), "cell 9: a check cell of start.user must call"),
        (lambda cells: cells.pop(8), "there is no check cell of start.user"),
        (lambda cells: cells.pop(7), "there is no answer cell of start.user"),
        (
            lambda cells: cells.append(special("answer", ANSWER, "start.user")),
            "cell 11: a second answer cell of start.user",
        ),
    ],
)
def test_a_lesson_that_does_not_hold_together_is_not_built(
    change: Callable[[list[Any]], object], message: str, cells: list[Any], write: Callable[[list[Any]], Path]
) -> None:
    change(cells)
    root = write(cells)
    with pytest.raises(UserError, match=f"00_start_here.*{message}"):
        build_lessons(root)
    assert not (root / FILES[1]).exists()


def test_the_command_tells_what_changed(
    cells: list[Any],
    write: Callable[[list[Any]], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(write(cells))
    main(["build"])
    main(["build"])
    assert [Path(line).as_posix() for line in capsys.readouterr().out.splitlines()] == [*FILES, "all up to date"]


def test_the_command_outside_the_project_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 2
    assert "go to the folder of the project" in capsys.readouterr().err
