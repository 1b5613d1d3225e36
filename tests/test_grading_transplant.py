"""Reading and transplanting: whatever was done to a notebook, the original checks run, in the original order."""

import contextlib
import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enronlib import UserError
from enronlib.classroom.grading.lessons import choose_lessons, find_lessons, read_lesson
from enronlib.classroom.grading.reading import Cell, Notebook, Unreadable, read_handed_in
from enronlib.classroom.grading.scan import TRICKS, find_tricks
from enronlib.classroom.grading.transplant import LessonPlan, defined_names, plan_lesson
from tests.zoo.assignment import CUBE, SQUARE, answered, check, lesson, solved, untouched


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    return lesson(tmp_path_factory.mktemp("lesson"))


def read(book) -> Notebook:
    return read_handed_in(json.dumps(book).encode())


def checks(planned: LessonPlan) -> list[tuple[str | None, str, int]]:
    return [(step.exercise, step.source, step.points) for step in planned.cells if step.role in ("check", "hidden")]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_notebook_or_a_reason(data):
    with contextlib.suppress(Unreadable):
        assert read_handed_in(data).cells is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "metadata", "enronlib", "source", "cell_type", "id", "role", "exercise", "worksheets"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_a_notebook_or_a_reason_and_can_be_transplanted(pristine, value):
    try:
        book = read(value)
    except Unreadable:
        return
    assert checks(plan_lesson(pristine, book)) == checks(plan_lesson(pristine, Notebook(())))


KINDS = st.sampled_from(["code", "markdown", "raw"])
CELLS = read(answered()).cells


@given(st.lists(st.tuples(st.sampled_from(CELLS), KINDS, st.booleans(), st.booleans()), max_size=20))
def test_whatever_is_done_to_cells_the_original_checks_run(pristine, chosen):
    cells = [
        Cell(
            kind, cell.source, cell.role if named else None, cell.exercise if named else None, cell.id if ids else None
        )
        for cell, kind, named, ids in chosen
    ]
    planned = plan_lesson(pristine, Notebook(tuple(cells)))
    assert checks(planned) == checks(plan_lesson(pristine, Notebook(())))
    assert [cell.id for cell in planned.notebook().cells] == [step.id for step in planned.cells if step.runs]


@given(st.permutations(range(len(CELLS))))
def test_the_order_of_a_students_cells_changes_nothing(pristine, order):
    planned = plan_lesson(pristine, Notebook(tuple(CELLS[number] for number in order)))
    assert planned.cells == plan_lesson(pristine, Notebook(CELLS)).cells
    assert not planned.untouched


def test_only_the_source_of_the_students_cells_is_used(pristine):
    book = answered()
    for cell in book.cells:
        cell["metadata"]["tags"] = ["raises-exception"]
        cell["execution_count"] = 5
    built = plan_lesson(pristine, read(book)).notebook()
    assert all(set(cell.metadata) == {"enronlib"} for cell in built.cells)
    assert all(cell.execution_count is None and not cell.outputs for cell in built.cells)


def test_the_notebook_to_run_holds_no_solution(pristine):
    text = json.dumps(plan_lesson(pristine, read(untouched())).notebook())
    assert "x * x" not in text
    assert "x ** 3" not in text


def test_cells_that_ended_the_kernel_are_left_out_and_keep_their_ids(pristine):
    planned = plan_lesson(pristine, read(answered()))
    killers = {step.id: "ended the kernel" for step in planned.cells if step.exercise == "numbers.cube"}
    kept = {cell.id: cell.source for cell in planned.notebook(killers).cells}
    answer_id, check_id = killers
    assert kept[answer_id] == "raise RuntimeError('ended the kernel')"
    assert check_id not in kept
    assert len(kept) == sum(cell.runs for cell in planned.cells) - 1


def test_a_changed_check_is_a_reason_to_look(pristine):
    book = answered()
    check(book, "cube").source = "assert True"
    said = "numbers.cube: the check cell was changed; the original was used"
    planned = plan_lesson(pristine, read(book))
    assert (planned.look, planned.remarks) == ((said,), (f"{said}.",))
    assert plan_lesson(pristine, read(answered())).look == ()


def test_own_cells_keep_their_place_in_the_lesson(pristine):
    book = answered()
    own = {"cell_type": "code", "source": "mine = 1", "metadata": {}}
    book.cells.insert(0, copy.deepcopy(own))
    book.cells.append(own)
    steps = plan_lesson(pristine, read(book)).cells
    assert (steps[0].role, steps[-1].role) == ("own", "own")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (CUBE, {"cube"}),
        ("async def f(): pass\nclass A: pass", {"f", "A"}),
        ("x = 1\ny: int = 2\n  z = 3\nx == 4\nprint(w=5)", {"x", "y"}),
        ("%%writefile tasks.py\nclass T: pass", {"tasks.py", "T"}),
        ("def broken(:", {"broken"}),
        ("", set()),
    ],
)
def test_the_names_a_cell_defines(source, names):
    assert defined_names(source) == names


def test_hidden_tests_are_those_of_the_solved_notebook(pristine, tmp_path):
    assert pristine.hidden_tests == 1
    (tmp_path / "01_numbers.ipynb").write_text(json.dumps(untouched()), encoding="utf-8")
    handed_out = read_lesson(tmp_path / "01_numbers.ipynb")
    assert handed_out.hidden_tests == 0
    assert handed_out.exercises == pristine.exercises


def test_a_lesson_whose_checks_have_no_names_is_refused(tmp_path):
    book = solved()
    book.cells[4].metadata = {"enronlib": {"role": "check"}}
    (tmp_path / "x.ipynb").write_text(json.dumps(book), encoding="utf-8")
    with pytest.raises(UserError, match="each check cell needs an exercise of its own"):
        read_lesson(tmp_path / "x.ipynb")
    with pytest.raises(UserError):
        find_lessons(tmp_path / "nothing")


def test_lessons_are_chosen_by_their_first_characters(pristine):
    assert list(choose_lessons({"01_numbers": pristine}, ["01"])) == ["01_numbers"]


HONEST = [
    *(SQUARE, CUBE, "from enronlib.classroom import check, hint", 'check("a.b", f)', "kill = abort = user_ns = 0"),
    'def f(value):\n    check = "\\n" in value\n    return check',
    "# os.kill is bad, and so is __eq__\nx = 'os._exit'",
    "process.kill()",
    "builtins = {}\ninspect.getsource(f)",
]


@pytest.mark.parametrize("code", HONEST)
def test_honest_code_is_not_suspicious(code):
    assert find_tricks(code) == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("def __eq__(self, other): return True", "an object with its own idea of equality"),
        ("ip.ast_transformers.append(x)", "IPython internals"),
        ("os._exit(0)", "code that ends the kernel or another process"),
        ("check = lambda *a: None", "internals of the checks"),
        ("open('../02_parse.ipynb')", "the text of the checks or solutions"),
        ("sys._getframe(1)", "stack frames or interpreter internals"),
        ("from os import kill", "code that ends the kernel or another process"),
        ("import enronlib.classroom.session as s", "internals of the checks"),
        ("error.__traceback__.tb_frame.f_back", "stack frames or interpreter internals"),
        ("# NBVAL_SKIP", "markers for nbval"),
    ],
)
def test_a_trick_is_found_and_quoted(line, what):
    assert what in TRICKS
    assert find_tricks(f"x = 1\n{line}") == [f"{what}: {line.strip()}"]


def test_a_long_trick_is_cut_between_words():
    (found,) = find_tricks("import os; os._exit(" + "1 + " * 40 + "0)")
    assert found.endswith("1 + 1 …") or found.endswith("+ 1 + …")
    assert len(found) < 140


def test_code_that_cannot_be_parsed_has_no_tricks():
    assert find_tricks("open(" * 10_000) == find_tricks("def broken(:") == []


def test_a_lesson_knows_what_its_answers_define(tmp_path):
    assert lesson(tmp_path).defined_by("numbers.cube") == ["cube"]
