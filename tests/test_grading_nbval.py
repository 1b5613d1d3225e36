"""What `pytest --nbval` does with a lesson: verdicts instead of green, and a scoreboard."""

import inspect
import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

from enronlib.classroom.grading.kernel import LessonKernel
from enronlib.classroom.grading.scoreboard import format_scoreboard
from enronlib.classroom.verdict import Status, Verdict
from tests.zoo.assignment import CUBE, NAME, WRONG_CUBE, answer, answered, check, untouched


def nbval(folder: Path, book: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / f"{NAME}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", f"{NAME}.ipynb", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def line(output: str, exercise: str) -> str:
    """Return the exercise's line of the scoreboard, with runs of spaces collapsed."""
    lines = [" ".join(each.split()) for each in output.splitlines()]
    return next(each for each in reversed(lines) if f" {exercise} " in each and " of " in each)


def test_a_solved_copy_passes_and_ends_with_the_scoreboard(tmp_path):
    run = nbval(tmp_path, answered())
    assert run.returncode == 0, run.stdout
    assert line(run.stdout, "numbers.square") == "✔ numbers.square correct 2 of 2"
    assert "10 of 10 points." in run.stdout


def test_the_scoreboard_separates_wrong_from_not_attempted(tmp_path):
    book = answered(cube=WRONG_CUBE)
    answer(book, "total").source = answer(untouched(), "total").source
    run = nbval(tmp_path, book)
    assert run.returncode == 1
    assert line(run.stdout, "numbers.cube") == "✎ numbers.cube not yet 0 of 3 look at cube(2)"
    assert "2 of 10 points." in run.stdout


def test_an_untouched_copy_fails_in_its_checks(tmp_path):
    run = nbval(tmp_path, untouched())
    assert run.returncode == 1
    assert "0 of 10 points." in run.stdout
    assert (
        line(run.stdout, "numbers.square")
        == "○ numbers.square not attempted 0 of 2 Write your code in the answer cell."
    )


def test_pytest_does_not_repeat_what_the_scoreboard_says(tmp_path):
    run = nbval(tmp_path, answered(cube=WRONG_CUBE))
    assert run.stdout.count("look at cube(2)") == 1
    assert "1 unsolved" in run.stdout
    assert "FAILURES" not in run.stdout


def test_parallel_runs_end_with_the_scoreboard_of_each_lesson_once(tmp_path):
    other = untouched()
    other.metadata["enronlib"]["lesson"] = "02_others"
    (tmp_path / "02_others.ipynb").write_text(json.dumps(other), encoding="utf-8")
    run = nbval(tmp_path, answered(), "02_others.ipynb", "-n", "2", "--dist", "loadfile")
    lines = run.stdout.splitlines()
    titles = [line.strip("= ") for line in lines if line.strip("= ") in (NAME, "02_others")]
    totals = [line.partition(" points.")[0] for line in lines if " points." in line]
    assert (titles, totals) == ([NAME, "02_others"], ["10 of 10", "0 of 10"])


def test_calling_an_unwritten_function_is_not_yet(tmp_path):
    book = untouched()
    answer(book, "cube").source = "def cube(x):\n    return x * square(x)"
    run = nbval(tmp_path, book)
    assert line(run.stdout, "numbers.cube").startswith("✎ numbers.cube not yet 0 of 3 your answer called square()")
    assert line(run.stdout, "numbers.square").startswith("○ numbers.square not attempted")


def test_a_missing_name_is_reported_with_the_next_step(tmp_path):
    run = nbval(tmp_path, answered(total="total ="))
    assert "NameError: name 'total' is not defined; does the answer" in " ".join(run.stdout.split())
    assert "\x1b" not in run.stdout


def test_the_scoreboard_keeps_spaces_and_labels_examples(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    verdicts = [
        Verdict("start.domain", Status.CORRECT, "Good.", 0),
        Verdict("start.user", Status.NOT_YET, "user() returned 'a  b'; look.\nNext step: hint", 12),
    ]
    assert format_scoreboard(verdicts).splitlines() == [
        "✔ start.domain  correct        example  Good.",
        "✎ start.user    not yet        0 of 12  user() returned 'a  b'; look. Next step: hint",
        "0 of 12 points.",
    ]


def test_items_have_names_and_points(tmp_path):
    run = nbval(tmp_path, answered(), "--collect-only", "-q")
    assert "::numbers.cube (3 points)" in run.stdout
    assert "::answer numbers.cube" in run.stdout


def test_markers_that_switch_a_check_off_do_nothing(tmp_path):
    book = answered(cube=WRONG_CUBE)
    check(book, "cube").source = "# NBVAL_SKIP\n" + check(book, "cube").source
    check(book, "cube").metadata["tags"] = ["raises-exception"]
    run = nbval(tmp_path, book)
    assert run.returncode == 1
    assert line(run.stdout, "numbers.cube").startswith("✎ numbers.cube not yet")


def test_a_slow_cell_does_not_hide_what_comes_after(tmp_path):
    book = answered(cube="import time\ntry:\n    time.sleep(300)\nexcept BaseException:\n    pass", total="total = 5")
    run = nbval(tmp_path, book, "--nbval-cell-timeout=2")
    assert run.returncode == 1
    assert "xfail" not in run.stdout
    assert "answer numbers.cube" in run.stdout
    assert line(run.stdout, "numbers.total") == "✎ numbers.total not yet 0 of 5 add them all up"


def test_cells_after_a_dead_kernel_are_not_run(tmp_path):
    run = nbval(tmp_path, answered(cube="import os\nos._exit(0)"))
    assert "2 of 10 points." in run.stdout
    assert "the kernel had ended before" in line(run.stdout, "numbers.total")


def test_a_dead_kernel_is_not_waited_for(tmp_path):
    kernel = LessonKernel(CURRENT_ENV_KERNEL_NAME, tmp_path, startup_timeout=60)
    request = kernel.execute_cell_input("import os\nos._exit(0)")
    while kernel.is_alive():
        time.sleep(0.1)
    try:
        with pytest.raises(Empty):
            kernel.await_reply(request, timeout=5)
        with pytest.raises(Empty):
            all(iter(partial(kernel.get_message, "iopub", timeout=5), None))  # takes what it sent before it died
    finally:
        kernel.stop()
    assert not kernel.cell.timed_out
    assert not kernel.cell.cut_off


def test_a_cell_with_an_unknown_magic_fails(tmp_path):
    run = nbval(tmp_path, answered(cube=f"%nosuchmagic\n{CUBE}"))
    assert run.returncode == 1
    assert "answer numbers.cube" in run.stdout


def test_stored_outputs_of_a_student_are_not_compared(tmp_path):
    book = answered()
    check(book, "cube").update(execution_count=3, outputs=[{"output_type": "stream", "name": "stdout", "text": "x"}])
    assert nbval(tmp_path, book).returncode == 0


def test_an_unreadable_lesson_is_reported_in_one_line(tmp_path):
    (tmp_path / f"{NAME}.ipynb").write_text('{"enronlib": [', encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", f"{NAME}.ipynb"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert f"{NAME}.ipynb cannot be read as a notebook" in run.stdout
    assert "Traceback" not in run.stdout


def test_a_notebook_without_enronlib_is_left_to_nbval(tmp_path):
    book = answered()
    book.metadata.pop("enronlib")
    for cell in book.cells:
        cell.metadata.pop("enronlib", None)
    run = nbval(tmp_path, book, "--nbval-current-env", "-v")
    assert run.returncode == 0, run.stdout
    assert "points" not in run.stdout


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (IPyNbFile.collect, ["self"]),
        (IPyNbFile.setup, ["self"]),
        (IPyNbFile.setup_sanitize_files, ["self"]),
        (IPyNbFile.teardown, ["self"]),
        (IPyNbFile.get_kernel_message, ["self", "timeout", "stream"]),
        (IPyNbCell.setup, ["self"]),
        (IPyNbCell.runtest, ["self"]),
        (IPyNbCell.repr_failure, ["self", "excinfo"]),
        (IPyNbCell.raise_cell_error, ["self", "message", "args", "kwargs"]),
        (RunningKernel.execute_cell_input, ["self", "cell_input", "allow_stdin"]),
        (RunningKernel.await_reply, ["self", "msg_id", "timeout"]),
        (RunningKernel.get_message, ["self", "stream", "timeout"]),
        (RunningKernel.stop, ["self"]),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_nbval_still_has_the_methods_that_the_plugin_overrides(function, parameters):
    assert list(inspect.signature(function).parameters) == parameters


def test_nbval_still_calls_the_methods_that_the_plugin_overrides():
    source = inspect.getsource(IPyNbCell.runtest)
    for part in (
        ".execute_cell_input(",
        ".await_reply(",
        ".get_kernel_message(",
        "kernel.interrupt()",
        "kernel.stop()",
    ):
        assert part in source
