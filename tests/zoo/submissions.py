"""The zoo: what students do to notebooks, each with the mark a fair human would give."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.zoo.assignment import (
    CUBE,
    FULL,
    POINTS,
    SQUARE,
    WRONG_CUBE,
    answer,
    answered,
    check,
    find,
    solved,
    untouched,
)

STUB = answer(untouched(), "cube").source
WITHOUT_CUBE = FULL - POINTS["numbers.cube"]
CASES: dict[str, "Case"] = {}
ENDLESS: set[str] = set()
"""The cases that use up a cell's whole time limit, and so are graded with a short one."""


@dataclass(frozen=True)
class Case:
    """A submission: how it is made, its fair mark, and words that must appear in a reason to look or a remark.

    `points` of None means that no mark is fair without a look.
    """

    make: Callable[[], bytes]
    points: int | None
    look: str | None = None
    remark: str | None = None
    status: str | None = None
    """None for a submission that can be graded: then `graded`, or `look` if there is a reason to."""
    or_look: bool = False
    """Whether any reason to look is as good as the mark, since how such a kernel ends depends on chance."""


def cell(name: str, source: str, points: int | None = WITHOUT_CUBE, look: str | None = None) -> None:
    """Add a case in which only the answer to `numbers.cube` is odd."""
    add(name, lambda: answered(cube=source), points, look)


def endless(name: str, source: str, points: int = WITHOUT_CUBE, look: str | None = None) -> None:
    """Add a case in which the answer to `numbers.cube` does not end by itself."""
    ENDLESS.add(name)
    cell(name, source, points, look)


def add(
    name: str, make: Callable[[], Any], points: int | None, look: str | None = None, remark: str | None = None
) -> None:
    """Add a case that is a notebook."""
    CASES[name] = Case(lambda: json.dumps(make()).encode(), points, look, remark)


def file(name: str, data: bytes | Callable[[], bytes], reason: str) -> None:
    """Add a case that is not a notebook."""
    CASES[name] = Case(data if callable(data) else lambda: data, 0, reason, status="unreadable")


def changed(change: Callable[[Any], object], cube: str = CUBE) -> Callable[[], Any]:
    """Return a maker of an answered copy after a change."""

    def make() -> Any:
        book = answered(cube=cube)
        change(book)
        return book

    return make


# Honest work.

add("solved", answered, FULL)
add("solved_with_marks_left_in", solved, FULL)
add("wrong", lambda: answered(cube=WRONG_CUBE), WITHOUT_CUBE)
add("right_for_what_is_seen_only", lambda: answered(square="def square(x):\n    return abs(x) * x"), FULL - 2)
add("untouched", untouched, 0)
cell(
    "hello_everywhere",
    f"print('hello')\nimport sys, warnings\nwarnings.warn('careful')\nsys.stderr.write('x')\n{CUBE}",
    FULL,
)
cell("trailing_semicolon", f"{CUBE}\ncube(2);", FULL)
cell("awaits", f"import asyncio\nawait asyncio.sleep(0)\n{CUBE}", FULL)
cell("line_magic_and_shell", f"%matplotlib inline\n!echo hello\n{CUBE}", FULL)

# Cells that do not end.

STOPPED = "numbers.cube: the answer cell was stopped after 2.5 seconds; what it had defined by then was checked"

endless("endless_loop", "def cube(x):\n    while True:\n        pass")
endless("sleeps", "import time\ntime.sleep(300)")
endless("slow_regex", "import re\nre.match(r'(a+)+$', 'a' * 40 + 'b')")
endless("slow_power", "big = 9 ** 9 ** 9")
endless("prints_for_ever", "while True:\n    print('x' * 100)")
endless("deaf_in_c", "sum(range(10 ** 12))")
endless("deaf_in_c_when_called", "def cube(x):\n    return sum(range(10 ** 12))")
endless("ignores_interrupts", "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(300)")
endless(
    "catches_interrupts_for_ever",
    "import time\nwhile True:\n    try:\n        time.sleep(300)\n    except BaseException:\n        pass",
)
endless(
    "prints_and_catches_interrupts",
    "while True:\n    try:\n        while True:\n            print('x')\n    except BaseException:\n        pass",
)
endless("endless_loop_after_a_right_answer", f"{CUBE}\nwhile True:\n    pass", FULL, look=STOPPED)
CASES["endless_loop_after_a_right_answer"] = replace(CASES["endless_loop_after_a_right_answer"], remark=STOPPED)
endless("swallows_interrupt", "import time\ntry:\n    time.sleep(300)\nexcept BaseException:\n    pass")
endless("shell_sleeps", "!sleep 300")
add("two_endless_loops", lambda: answered(cube="while True: pass", total="while True: pass"), POINTS["numbers.square"])
ENDLESS.update(("two_endless_loops", "own_cell_never_ends", "memory_in_small_blocks"))

# Cells that end the kernel.

cell("system_exit", "raise SystemExit")
cell("sys_exit", "import sys\nsys.exit(0)")
cell("exit", "exit()")
cell("quit", "quit()")
cell("exit_after_a_right_answer", f"{CUBE}\nexit()", FULL)
cell("exit_when_called", "def cube(x):\n    exit()")
cell("ask_exit", "get_ipython().ask_exit()", look="ends the kernel")
cell("os_exit", "import os\nos._exit(0)", look="your code ended the kernel; the likely cause is exit(), os._exit()")
cell("os_exit_when_called", "def cube(x):\n    import os\n    os._exit(0)", look="os._exit")
cell("segfault", "import ctypes\nctypes.string_at(0)", look="ctypes")
cell("kills_itself", "import os\nos.kill(os.getpid(), 9)", look="os.kill")
cell("kills_its_parent", "import os\nos.kill(os.getppid(), 9)", None, look="os.kill")
cell("dies_later", f"import os, threading\nthreading.Timer(0.1, os._exit, [0]).start()\n{CUBE}", None, look="os._exit")
add("dies_twice", lambda: answered(cube="exit()", total="exit()"), POINTS["numbers.square"])

cell("leaves_the_shell_after_a_right_answer", f"{CUBE}\nget_ipython().ask_exit()", None, look="ends the kernel")

# Cells that use too much.

cell("three_gigabytes", f"big = bytearray(3 * 10 ** 9)\n{CUBE}", look="out of memory")
CASES["memory_in_small_blocks"] = Case(
    lambda: json.dumps(answered(cube="kept = []\nwhile True:\n    kept.append(str(len(kept)) * 100)")).encode(),
    WITHOUT_CUBE,
    or_look=True,
)
cell(
    "many_processes",
    f"import subprocess\n[subprocess.Popen(['sleep', '300']) for _ in range(150)]\nimport time\ntime.sleep(2)\n{CUBE}",
    look="processes",
)
cell("large_file", f"with open('big', 'wb') as file:\n    file.write(bytes(10 ** 8))\n{CUBE}")
cell("thirty_megabytes_in_a_line", f"print('x' * 30_000_000)\n{CUBE}", FULL)
cell("thirty_megabytes_as_result", f"{CUBE}\n'x' * 30_000_000", FULL)
cell("many_lines", f"for number in range(200_000):\n    print(number)\n{CUBE}", FULL)
cell("many_flushed_lines", f"for number in range(1_500):\n    print(number, flush=True)\n{CUBE}", FULL)
cell("endless_recursion", "def cube(x):\n    return cube(x)")

# Cells that raise.

cell("asks_for_input", "def cube(x):\n    return int(input()) ** 3")
cell("syntax_error", "def cube(x)\n    return x ** 3")
cell("indent_error", "def cube(x):\nreturn x ** 3")
cell("missing_module", f"import no_such_module\n{CUBE}")
cell("path_of_another_computer", rf"open(r'C:\Users\me\enron\1.').read(){chr(10)}{CUBE}")
cell("path_that_is_not_there", f"open('../data/mail.txt').read()\n{CUBE}")

# Cells that leave something running.

cell(
    "thread_prints",
    "import threading, time\ndef talk():\n    while True:\n        print('x')\n        time.sleep(0.01)\n"
    f"threading.Thread(target=talk, daemon=True).start()\n{CUBE}",
    FULL,
)
cell("thread_stays", f"import threading, time\nthreading.Thread(target=time.sleep, args=[300]).start()\n{CUBE}", FULL)
cell("slow_at_exit", f"import atexit, time\natexit.register(time.sleep, 300)\n{CUBE}", FULL)
cell(
    "child_in_own_session",
    f"import subprocess\nsubprocess.Popen(['sleep', '1234'], start_new_session=True)\n{CUBE}",
    FULL,
)
cell(
    "pool_of_processes",
    f"import multiprocessing as m\nwith m.get_context('fork').Pool(2) as pool:\n    pool.map(abs, [1, 2])\n{CUBE}",
    FULL,
)
cell("forks", f"import os\nif os.fork() == 0:\n    os._exit(0)\n{CUBE}", FULL, look="os._exit")

# Cells that change the world around them.

cell("changes_folder", f"import os\nos.chdir('/')\n{CUBE}", FULL)
cell(
    "writes_conftest",
    f"open('conftest.py', 'w').write('raise SystemExit')\nopen('pytest.ini', 'w').write('[pytest]')\n{CUBE}",
    FULL,
)
cell("writes_module", f"open('random.py', 'w').write('1 / 0')\nopen('json.py', 'w').write('1 / 0')\n{CUBE}", FULL)
cell("writefile_magic", "%%writefile cubes.py\ndef cube(x):\n    return x ** 3", WITHOUT_CUBE)
add(
    "module_by_writefile",
    lambda: with_own(answered(cube="from cubes import cube"), "%%writefile cubes.py\ndef cube(x):\n    return x ** 3"),
    FULL,
)
cell("rolls_dice", "import random\ndef cube(x):\n    return random.choice([x ** 3, 0])", WITHOUT_CUBE)

# Wrong answers that plain nbval accepts.

cell("unknown_magic", f"%nosuchmagic\n{CUBE}")
cell("unknown_cell_magic", f"%%nosuchmagic\n{CUBE}")
cell("nbval_skip", f"# NBVAL_SKIP\n{WRONG_CUBE}", look="markers for nbval")
cell("nbval_check_output", f"# NBVAL_CHECK_OUTPUT\n{CUBE}", FULL, look="markers for nbval")
cell("nbval_mark_in_docstring", f'"""\n# NBVAL_RAISES_EXCEPTION\n"""\n{WRONG_CUBE}', look="markers for nbval")
cell("hides_tracebacks", f"get_ipython().showtraceback = lambda *a, **k: None\n{WRONG_CUBE}", look="IPython")
cell(
    "hides_tracebacks_unseen",
    f"setattr(get_ipython(), 'show' + 'traceback', lambda *a, **k: None)\n{WRONG_CUBE}",
    look="was replaced",
)
cell(
    "custom_exception_handler",
    f"get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)\n{WRONG_CUBE}",
    look="IPython",
)
STRIPS = "import ast\nclass Strip(ast.NodeTransformer):\n    def visit_Assert(self, node):\n        return ast.Pass()\n"
cell(
    "strips_asserts",
    f"{STRIPS}get_ipython().ast_transformers.append(Strip())\n{WRONG_CUBE}",
    None,
    look="must fail passed",
)
cell(
    "strips_asserts_unseen",
    f"{STRIPS}getattr(get_ipython(), 'ast_' + 'transformers').append(Strip())\n{WRONG_CUBE}",
    None,
    look="changed before they run",
)
cell(
    "rewrites_checks",
    "def change(lines):\n    return ['pass'] if 'cube(2)' in ''.join(lines) else lines\n"
    f"get_ipython().input_transformers_post.append(change)\n{WRONG_CUBE}",
    None,
    look="changed before they run",
)
cell(
    "equals_everything",
    "class Any:\n    def __eq__(self, other):\n        return True\ndef cube(x):\n    return Any()",
    None,
    look="own idea of equality",
)
cell(
    "replaces_builtin",
    f"import builtins\nbuiltins.AssertionError = type('E', (Exception,), {{}})\n{WRONG_CUBE}",
    look="built-ins",
)
cell(
    "changes_the_attestation",
    "import enronlib.classroom.grading.attestation as w\nw.tampering = lambda: []\n" + WRONG_CUBE,
    look="internals of the checks",
)
cell("steals_from_frames", "import sys\ndef cube(x):\n    return sys._getframe(1)", look="stack frames")


# What happens to files.

file("empty_file", b"", "empty")
file("spaces_only", b" \n\t", "empty")
file("broken_json", b'{"cells": [', "damaged or cut off")
file("cut_in_half", lambda: json.dumps(answered()).encode()[:2000], "damaged or cut off")
file("a_list", b"[]", "JSON, but not a notebook")
file("no_cells_key", b'{"nbformat": 4}', "no cells")
file("cells_is_null", b'{"cells": null}', "no cells")
file("a_web_page", b"<!DOCTYPE html><html></html>", "HTML")
file("merge_marks", lambda: b"<<<<<<< HEAD\n" + json.dumps(answered()).encode() + b"\n=======\n>>>>>>> x\n", "merge")
file("nested_too_deeply", b'{"cells": ' + b"[" * 200_000, "nested")
file("bytes", bytes(range(256)) * 10, "damaged or cut off")
file("no_cells", b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "no lesson notebook found")
file("too_many_cells", lambda: json.dumps({"cells": [{"cell_type": "code", "source": ""}] * 3_000}).encode(), "cells")
CASES["byte_order_mark"] = Case(lambda: b"\xef\xbb\xbf" + json.dumps(answered()).encode(), FULL)
CASES["utf_16"] = Case(lambda: json.dumps(answered(), ensure_ascii=False).encode("utf-16"), FULL)
CASES["windows_encoding"] = Case(
    lambda: json.dumps(answered(cube=f"# größer\n{CUBE}"), ensure_ascii=False).encode("cp1252"), FULL
)
add("no_metadata_at_all", lambda: {key: value for key, value in answered().items() if key != "metadata"}, FULL)
add("nbformat_5", changed(lambda book: book.update(nbformat=5)), FULL)
add("minor_99", changed(lambda book: book.update(nbformat_minor=99)), FULL)
add("nbformat_4_without_ids", changed(lambda book: [cell.pop("id") for cell in book.cells]), FULL)
add("one_id_for_all", changed(lambda book: [cell.update(id="x") for cell in book.cells]), FULL)
add("source_null", changed(lambda book: answer(book, "cube").update(source=None)), WITHOUT_CUBE)
add("source_as_lines", changed(lambda book: [c.update(source=c.source.splitlines(True)) for c in book.cells]), FULL)
add(
    "carriage_returns",
    changed(lambda book: [c.update(source=c.source.replace("\n", "\r\n")) for c in book.cells]),
    FULL,
)
add("outputs_gone", changed(lambda book: [cell.pop("outputs", None) for cell in book.cells]), FULL)
add("strange_outputs", changed(lambda book: answer(book, "cube").update(outputs=[{"output_type": "alien"}, 5])), FULL)
add("tags_not_a_list", changed(lambda book: answer(book, "cube").metadata.update(tags="raises-exception")), FULL)
add(
    "cell_metadata_null", changed(lambda book: answer(book, "cube").update(metadata=None)), FULL, remark="matched by id"
)
add("cells_that_are_none", changed(lambda book: book.cells.extend([None, 5, []])), FULL)
add("no_kernelspec", changed(lambda book: book.metadata.pop("kernelspec")), FULL)
add("kernelspec_null", changed(lambda book: book.metadata.update(kernelspec=None)), FULL)
add("kernel_of_conda", changed(lambda book: book.metadata.kernelspec.update(name="conda-env-foo-py")), FULL)
add(
    "stored_outputs_lie",
    changed(lambda book: check(book, "cube").update(execution_count=1, outputs=[]), WRONG_CUBE),
    WITHOUT_CUBE,
)
add("only_text", lambda: {**answered(), "cells": [c for c in answered().cells if c.cell_type == "markdown"]}, 0)


def nbformat_3() -> Any:
    """Return the answered copy as IPython 2 wrote it."""
    cells = []
    for each in answered().cells:
        text = {"source": [each.source]} if each.cell_type == "markdown" else {"input": [each.source], "outputs": []}
        cells.append({"cell_type": each.cell_type, "metadata": {}, **text})
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}


add("nbformat_3", nbformat_3, FULL, remark="matched by content")

# What happens to cells.


def with_own(book: Any, source: str, before: str = "answer-numbers-cube") -> Any:
    """Insert a cell of the student's own before a cell."""
    at = book.cells.index(find(book, before))
    book.cells.insert(at, {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "id": f"own-{at}"})
    return book


def into_text(book: Any, source: str) -> Any:
    """Turn the text of the task into code."""
    find(book, "task-cube").update(cell_type="code", source=source, outputs=[], execution_count=None)
    return book


def drop(book: Any, cell_id: str) -> None:
    """Delete a cell."""
    book.cells.remove(find(book, cell_id))


def double(book: Any, name: str, source: str) -> None:
    """Copy an answer cell, as Jupyter does: with its metadata, under another id."""
    second = copy.deepcopy(answer(book, name))
    second.update(id="copied", source=source)
    book.cells.insert(book.cells.index(answer(book, name)) + 1, second)


def forget(book: Any, *, ids: bool = False) -> None:
    """Lose all metadata of cells, and their ids."""
    for each in book.cells:
        each["metadata"] = {}
        if ids:
            del each["id"]


def only_answers(book: Any) -> None:
    """Lose all names, and delete the checks."""
    forget(book, ids=True)
    book.cells = [each for each in book.cells if not each.source.startswith("assert")]


def answer_in_check(book: Any) -> None:
    """Write the answer into the check cell, above the check."""
    check(book, "cube").source = f"{CUBE}\n\n{check(book, 'cube').source}"


def split(book: Any) -> None:
    """Split the answer to the square into its definition and a second one."""
    double(book, "square", SQUARE)
    answer(book, "square").source = "SQUARES = {}"


def lose_names(book: Any) -> None:
    """Put the answer to the cube into an own cell, and delete the answer cell."""
    drop(book, "answer-numbers-cube")
    with_own(book, CUBE, before="check-numbers-cube")


add(
    "check_deleted",
    changed(lambda book: drop(book, "check-numbers-cube"), WRONG_CUBE),
    WITHOUT_CUBE,
    remark="check cell is missing",
)
add(
    "answer_in_the_check_cell",
    changed(answer_in_check, STUB),
    FULL,
    look="check cell was changed",
    remark="numbers.cube: the answer was in the check cell; it was run.",
)
add(
    "check_edited",
    changed(lambda book: check(book, "cube").update(source="assert True"), WRONG_CUBE),
    WITHOUT_CUBE,
    look="check cell was changed",
    remark="check cell was changed",
)
add(
    "check_as_text",
    changed(lambda book: check(book, "cube").update(cell_type="markdown"), WRONG_CUBE),
    WITHOUT_CUBE,
    remark="check cell was changed",
)
add(
    "check_raw",
    changed(lambda book: check(book, "cube").update(cell_type="raw"), WRONG_CUBE),
    WITHOUT_CUBE,
    remark="check cell was changed",
)
add(
    "check_skipped",
    changed(lambda book: check(book, "cube").update(source="# NBVAL_SKIP\nassert cube(2) == 8"), WRONG_CUBE),
    WITHOUT_CUBE,
    remark="check cell was changed",
)
add(
    "check_tagged",
    changed(lambda book: check(book, "cube").metadata.update(tags=["raises-exception", "nbval-skip"]), WRONG_CUBE),
    WITHOUT_CUBE,
)
add(
    "more_points",
    changed(lambda book: check(book, "square").metadata["enronlib"].update(points=100), WRONG_CUBE),
    WITHOUT_CUBE,
)
add(
    "answer_deleted",
    changed(lambda book: drop(book, "answer-numbers-cube")),
    WITHOUT_CUBE,
    remark="answer cell is missing",
)
add("answer_copied", changed(lambda book: double(book, "cube", CUBE)), FULL, remark="2 answer cells")
add(
    "answer_copied_and_spoiled",
    changed(lambda book: double(book, "cube", WRONG_CUBE)),
    WITHOUT_CUBE,
    remark="the last one counts",
)
add("stub_copied_behind", changed(lambda book: double(book, "cube", answer(untouched(), "cube").source)), FULL)
add("answer_split", changed(split), FULL, remark="2 answer cells")
add(
    "answer_as_text",
    changed(lambda book: answer(book, "cube").update(cell_type="markdown")),
    FULL,
    remark="run as code",
)
add("answer_raw", changed(lambda book: answer(book, "cube").update(cell_type="raw")), FULL, remark="run as code")
add("answer_in_own_cell", changed(lose_names), FULL, remark="matched by content")
add("answer_above_the_stub", lambda: with_own(answered(cube=answer(untouched(), "cube").source), CUBE), FULL)
add("answer_renamed", lambda: answered(cube=CUBE.replace("cube", "my_cube")), WITHOUT_CUBE)
add("cells_reversed", changed(lambda book: book.cells.reverse()), FULL, remark="different order")
add("metadata_lost", changed(forget), FULL, remark="matched by id")
add("metadata_and_ids_lost", changed(lambda book: forget(book, ids=True)), FULL, remark="matched by content")
add(
    "names_lost_and_checks_deleted",
    changed(only_answers),
    FULL,
)
add("answer_in_the_text_of_the_task", lambda: into_text(answered(cube=STUB), CUBE), FULL)
add("text_of_the_task_made_code", lambda: into_text(answered(), "### Exercise: cubes"), FULL)
add("own_helper", lambda: with_own(answered(cube="def cube(x):\n    return power(x, 3)"), "power = pow"), FULL)
add(
    "own_cell_sets_the_total",
    lambda: with_own(answered(total="total = 0"), "total = 6", before="check-numbers-total"),
    FULL,
)
add("own_cell_deletes_a_name", lambda: with_own(answered(), "del cube", before="check-numbers-cube"), WITHOUT_CUBE)
add("own_cell_ends_the_kernel", lambda: with_own(answered(), "exit()"), FULL)
add("own_cell_never_ends", lambda: with_own(answered(), "while True: pass"), FULL)
add(
    "setup_changed",
    changed(
        lambda book: find(book, "setup").update(source="import math\nNUMBERS = [1, 2, 3]"),
        "def cube(x):\n    return int(math.pow(x, 3))",
    ),
    FULL,
    remark="were changed: 1",
)
add("setup_deleted", changed(lambda book: drop(book, "setup")), FULL)
add(
    "setup_spoiled",
    changed(lambda book: find(book, "setup").update(source="NUMBERS = []")),
    POINTS["numbers.square"] + POINTS["numbers.cube"],
    remark="were changed: 1",
)
add("demo_raises", changed(lambda book: find(book, "demo").update(source="1 / 0")), FULL)
