"""The kit's answer to an exercise: `yours` falls back on it, and a correct check offers its text for comparison.

It is read from the solved lesson, `notebooks/solutions/NN_name.ipynb`: in the installed package, or beside it in a
checkout. `enronlib start` does not copy it into the student's folder, and grading never uses it.
"""

import ast
import inspect
import json
import os
import re
import textwrap
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enronlib import UserError
from enronlib.classroom.authoring.stubs import as_given
from enronlib.classroom.folders import load
from enronlib.classroom.handout import lessons_folder

if TYPE_CHECKING:
    from enronlib.classroom.exercise import Exercise

__all__ = ["kits_answer", "left_unfinished", "solution_text"]

GRADING = "ENRONLIB_SUBMISSION"  # grading sets this environment variable
KITS_MODULES = Path("work", "kit")  # beside the notebook, like everything that a lesson writes

_MAGIC = re.compile(r"\A%%writefile (\w+)\.py\n")
_MARKS = re.compile(r"(?m)^ *### (BEGIN|END) SOLUTION *\n?|^ *# stub: .*\n?")


def solution_text(exercise: "Exercise") -> str:
    """Return the code of the solution; empty if the kit has none, or while a submission is graded."""
    source = _solved_cells(exercise.lesson).get(("answer", exercise.name), "")
    return _MAGIC.sub("", _MARKS.sub("", source)).strip()


def kits_answer(exercise: "Exercise", names: Mapping[str, Any]) -> Any:
    """Return what the solved lesson passes to its check, made with the names of the student's notebook.

    A module is written to the folder `work/kit` and imported in place of the student's. Raises LookupError if the kit
    has no solution, or while a submission is graded.
    """
    cells = _solved_cells(exercise.lesson)
    answer, check = cells["answer", exercise.name], cells["check", exercise.name]
    if magic := _MAGIC.match(answer):
        KITS_MODULES.mkdir(parents=True, exist_ok=True)
        file = KITS_MODULES / f"{magic[1]}.py"
        file.write_text(answer[magic.end() :] + "\n", encoding="utf-8", newline="\n")
        return load(magic[1], KITS_MODULES)
    names = dict(names)
    exec(compile(answer, f"<the kit's {exercise.name}>", "exec"), names)
    passed = next(node.args[1] for node in ast.walk(ast.parse(check)) if isinstance(node, ast.Call))
    return eval(compile(ast.Expression(passed), "<the check>", "eval"), names)


def left_unfinished(exercise: "Exercise", answer: Any) -> bool:
    """Return whether the student wrote code into the given stub. False if the code of the answer is not known."""
    at = ("answer", exercise.name)
    source = _solved_cells(exercise.lesson).get(at) or _cells(exercise.lesson, ".").get(at, "")
    given = _statements(as_given("answer", source))
    try:
        parts = answer if isinstance(answer, tuple) else (answer,)
        return any(_statements(inspect.getsource(part)) - given for part in parts)
    except (OSError, TypeError, SyntaxError):
        return False


def _statements(source: str) -> set[str]:
    """Return the simple statements of a cell, function or module, without docstrings, comments and layout."""
    nodes = ast.walk(ast.parse(_MAGIC.sub("", textwrap.dedent(source))))
    inner = [node for node in nodes if isinstance(node, ast.stmt) and not hasattr(node, "body")]
    return {
        ast.dump(node) for node in inner if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    }


def _solved_cells(lesson: str) -> dict[tuple[str, str], str]:
    return {} if GRADING in os.environ else _cells(lesson, "solutions")


@cache
def _cells(lesson: str, folder: str) -> dict[tuple[str, str], str]:
    """Return the sources of the cells of exercises, by role and exercise; none if there is no such notebook."""
    try:
        path = lessons_folder() / folder / f"{lesson}.ipynb"
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (UserError, OSError):
        return {}
    ours = [(cell["metadata"].get("enronlib", {}), "".join(cell["source"])) for cell in cells]
    return {(each["role"], each["exercise"]): source for each, source in ours if "exercise" in each}
