"""Read the student's code for what could turn a wrong answer into a right one, or is not the student's own.

Each find is for a human to look at. It proves nothing, and code that hides is not found: this is a sieve for the
usual tricks.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TypeGuard

import enronlib
from enronlib.classroom.grading.lessons import DEFINED
from enronlib.classroom.grading.witness import OURS
from enronlib.classroom.grading.wording import shortened

CELL_MAGIC = re.compile(r"\A%%.*\n")

LONGEST = 1_000  # characters of a line that are looked at
TRICKS = {
    "an object that says what it is equal to": [r"\b__eq__\b"],
    "IPython's inner parts": [
        r"\b(ast_transformers|input_transformers\w*|set_custom_exc|custom_exceptions|_?showtraceback)\b",
        r"\b(run_cell\w*|run_code|run_ast_nodes|user_ns)\b",
    ],
    "the end of the kernel, or of another process": [r"\bos\.(_exit|abort|kill|killpg)\b", r"\bask_exit\b"],
    "the check's own machinery": [
        r"\b(session\.verdicts|CheckFailed|find_exercise|all_exercises|testify|classroom\.grading|ENRONLIB_\w+)\b",
        r"\benronlib\.classroom\.(session|verdict|exercise|answer|mail)\b",
        r"^check\s*=(?!=)|^def check\b",
    ],
    "the text of the checks or solutions": [
        r"\benronlib\.classroom\.exercises\b|\bBEGIN HIDDEN\b|\bsolutions/",
        r"\bopen\([^)]*\.ipynb",
    ],
    "other frames, or the interpreter itself": [
        r"\b(_getframe|settrace|setprofile|get_objects|get_referrers|currentframe|ctypes)\b|\binspect\.stack\b"
    ],
    "built-ins replaced": [r"\bbuiltins\.\w+\s*=(?!=)|\bsetattr\(\s*builtins\b|\b__builtins__\b"],
    "marks for nbval": [r"^#+\s*(NBVAL|PYTEST_VALIDATE)_\w+$"],
}
_TRICKS = {what: re.compile("|".join(patterns)) for what, patterns in TRICKS.items()}


def tricks(source: str) -> list[str]:
    """Return what a human should look at in a cell, each with the first line it stands in."""
    lines = [line.strip()[:LONGEST] for line in source.splitlines()]
    found = []
    for what, pattern in _TRICKS.items():
        line = next((line for line in lines if pattern.search(line)), None)
        if line is not None:
            found.append(f"{what}: {shortened(line, 80)}")
    return found


def borrowed(source: str, names: Iterable[str], aliases: Mapping[str, str] = {}) -> list[str]:
    """Return which of the names that an answer was to define it takes from the kit, imported or as `messages.name`.

    Only what the kit itself has counts: `partition` is also a method of every text. `aliases` are those of all the
    student's cells; what the answer itself gives a value to, an argument for instance, is none.
    """
    nodes = _nodes(source)
    used = {alias.name for node in nodes if _takes_from_the_kit(node) for alias in node.names}
    used |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    used |= {aliases[node.id] for node in nodes if isinstance(node, ast.Name) and node.id in aliases.keys() - own}
    return [OURS.format(name) for name in names if name in used & _of_the_kit()]


def aliases(sources: Iterable[str]) -> dict[str, str]:
    """Return the other names cells give to what the kit has: `read_email as theirs`, `theirs = mail.read_email`."""
    found: dict[str, str] = {}
    for node in (node for source in sources for node in _nodes(source)):
        if _takes_from_the_kit(node):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute | ast.Name):
            value = node.value.attr if isinstance(node.value, ast.Attribute) else found.get(node.value.id, "")
            found |= {target.id: value for target in node.targets if isinstance(target, ast.Name)}
    return {alias: name for alias, name in found.items() if alias != name and name in _of_the_kit()}


def _nodes(source: str) -> list[ast.AST]:
    """Return all of a cell's syntax; nothing if it has none."""
    from IPython.core.inputtransformer2 import TransformerManager  # costly, and only for grading

    try:
        return list(ast.walk(ast.parse(TransformerManager().transform_cell(CELL_MAGIC.sub("", source)))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _takes_from_the_kit(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == enronlib.__name__


@cache
def _of_the_kit() -> frozenset[str]:
    """Return the functions and classes of the subject modules."""
    package = Path(enronlib.__file__).parent
    modules = [path for path in package.rglob("*.py") if package / "classroom" not in path.parents]
    return frozenset(name for path in modules for name in DEFINED.findall(path.read_text(encoding="utf-8")))
