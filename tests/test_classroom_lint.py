"""The rules for lessons report a lesson that breaks them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from enronlib.classroom.authoring.lint import anatomy_problems, output_problems
from enronlib.classroom.authoring.notebook import code_cells, read_notebook, role
from enronlib.classroom.authoring.sources import Problem

TEMPLATE = Path(__file__).parent.parent / "notebooks" / "solutions" / "template.ipynb"


@pytest.fixture
def book() -> Any:
    """Return the template, which keeps all rules."""
    return read_notebook(TEMPLATE)


def replace(old: str, new: str) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        assert any(old in cell.source for cell in book.cells)
        for cell in book.cells:
            cell.source = cell.source.replace(old, new)

    return change


def swap_answer_and_check(book: Any) -> None:
    places = [at for at, cell in enumerate(book.cells) if role(cell) in ("answer", "check")]
    first, second = places[:2]
    book.cells[first], book.cells[second] = book.cells[second], book.cells[first]


def forget_to_run(book: Any) -> None:
    next(code_cells(book, "setup")).execution_count = None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (replace("# Template for a lesson", "Template"), "the first line is not"),
        (replace("*10 minutes of reading", "*10 min of reading"), "the first cell lacks the line"),
        (replace("**The question:**", "Question:"), "there is no line '**The question:** …'"),
        (replace("- write an exercise with its check\n", ""), "is not followed by three objectives"),
        (replace("## Key points", "## Key"), "no section '## Key points'"),
        (replace("## Wrong on purpose", "## Wrong"), "no section '## Wrong on purpose'"),
        (swap_answer_and_check, "the cells of template.longest are task, check, answer, hints, in this order"),
        (replace('longest = yours("template.longest")', "1"), "the next code cell does not begin with"),
        (replace("print(longest(", "print(max("), "no cell uses the answer to template.longest"),
        (replace('predict("template.long_words", actual=len(long_words))', "1"), "no cell calls predict("),
        (replace('progress("template")', "1"), "the last code cell is not progress"),
        (replace("plt.show()", "plt.show();"), "ends in a semicolon"),
        (forget_to_run, "was not run"),
        (
            replace("*In the picture:* two", "Two"),
            "is not followed by a cell that begins with one of ('*In the picture:* '",
        ),
        (replace("Show a version", "![](a.png) Show a version"), "a picture lacks its text"),
    ],
)
def test_a_missing_part_is_named(change: Callable[[Any], None], problem: str, book: Any) -> None:
    change(book)
    found = list(anatomy_problems("template", book))
    [only] = found
    assert problem in only.text


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        ("stdout", "/home/someone/mail", "an absolute path"),
        ("stdout", r"C:\Users", "an absolute path"),
        ("stdout", "<object at 0x7f052b0f6200>", "a memory address"),
        ("stdout", "worker pid=1234", "a process id"),
        ("stdout", "12 messages [00:00, 3.1it/s]", "a measured time"),
        ("stdout", f"here: {Path.cwd()}", "known only here"),
        ("stdout", "x" * 30_000, "stores 30,000 characters"),
        ("stderr", "careful", "text on stderr"),
    ],
)
def test_an_output_that_must_not_be_stored_is_named(kind: str, text: str, problem: str, book: Any) -> None:
    cell = next(code_cells(book))
    cell.outputs = [nbformat.v4.new_output("stream", name=kind, text=text)]
    assert any((cell.id, problem in found.text) == (found.cell, True) for found in output_problems(book))


def test_an_error_must_not_be_stored(book: Any) -> None:
    cell = next(code_cells(book))
    cell.outputs = [nbformat.v4.new_output("error", ename="KeyError", evalue="'x'", traceback=[])]
    assert list(output_problems(book)) == [Problem(cell.id, "stores an error: catch it and print its last line")]
