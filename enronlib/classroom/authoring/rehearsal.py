"""Go through a lesson's exercises without Jupyter: set up, answer, check. For the tests of lessons, and for graders."""

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from enronlib.classroom import session
from enronlib.classroom.authoring.notebook import code_cells, exercise_name, role
from enronlib.classroom.authoring.stubs import python
from enronlib.classroom.exercise import Source, Wrong
from enronlib.classroom.folders import load
from enronlib.classroom.verdict import Verdict


def rehearse(book: Any, folder: Path) -> dict[str, Verdict]:
    """Run the setup, answer and check cells of a notebook in order and return the verdict on each exercise.

    No other cell is run: an exercise leans on setup cells and nothing else. Modules that cells write go to `folder`,
    which is also the current folder meanwhile.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    verdicts = {}
    with inside(folder):
        for cell in code_cells(book, "setup", "answer", "check"):
            written = re.match(r"%%writefile (\S+)\n", cell.source)
            if written:
                Path(written[1]).write_text(cell.source[written.end() :] + "\n", encoding="utf-8", newline="\n")
                continue
            name = exercise_name(cell) or ""
            exec(compile(python(cell.source), f"<{role(cell)} {name}>", "exec"), names)
            if role(cell) == "check":
                verdicts[name] = session.verdicts[name]
    return verdicts


def wrong_answer(name: str, wrong: Wrong) -> Any:
    """Return a known wrong answer as the check gets it; a module is written to the current folder and loaded."""
    if not isinstance(wrong.answer, Source):
        return wrong.answer
    module = f"wrong_{name.replace('.', '_')}"
    Path(f"{module}.py").write_text(wrong.answer.text, encoding="utf-8", newline="\n")
    return load(module)


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Be in `folder` for a while, with checks that show their verdict instead of raising it."""
    strict = os.environ.pop("ENRONLIB_STRICT", None)
    path = sys.path.copy()
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        sys.path[:] = path
        if strict is not None:
            os.environ["ENRONLIB_STRICT"] = strict
