"""Search the student's code for what could make a wrong answer pass, and for answers borrowed from the kit.

Every hit is for a human to look at. It proves nothing, and code that hides is not found: this catches the usual tricks.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TypeGuard

import enronlib
from enronlib.classroom.grading.attestation import BORROWED
from enronlib.classroom.grading.formatting import shortened
from enronlib.classroom.grading.lessons import DEFINITION

__all__ = ["TRICKS", "find_borrowed", "find_tricks", "kit_aliases"]

CELL_MAGIC = re.compile(r"\A%%.*\n")

LONGEST = 1_000  # characters of a line that are searched
TRICKS = {
    what: re.compile("|".join(patterns))
    for what, patterns in {
        "an object with its own idea of equality": [r"\b__eq__\b"],
        "IPython internals": [
            r"\b(ast_transformers|input_transformers\w*|set_custom_exc|custom_exceptions|_?showtraceback)\b",
            r"\b(run_cell\w*|run_code|run_ast_nodes|user_ns)\b",
        ],
        "code that ends the kernel or another process": [r"\bos\.(_exit|abort|kill|killpg)\b", r"\bask_exit\b"],
        "internals of the checks": [
            r"\b(session\.verdicts|CheckFailed|find_exercise|all_exercises|attest|classroom\.grading|ENRONLIB_\w+)\b",
            r"\benronlib\.classroom\.(session|verdict|exercise|answer|mail)\b",
            r"^check\s*=(?!=)|^def check\b",
        ],
        "the text of the checks or solutions": [
            r"\benronlib\.classroom\.exercises\b|\bBEGIN HIDDEN\b|\bsolutions/",
            r"\bopen\([^)]*\.ipynb",
        ],
        "stack frames or interpreter internals": [
            r"\b(_getframe|settrace|setprofile|get_objects|get_referrers|currentframe|ctypes)\b|\binspect\.stack\b"
        ],
        "replaced built-ins": [r"\bbuiltins\.\w+\s*=(?!=)|\bsetattr\(\s*builtins\b|\b__builtins__\b"],
        "markers for nbval": [r"^#+\s*(NBVAL|PYTEST_VALIDATE)_\w+$"],
    }.items()
}


def find_tricks(source: str) -> list[str]:
    """Return what a human should look at in a cell, each kind with the first line that has it."""
    lines = [line.strip()[:LONGEST] for line in source.splitlines()]
    found = {what: next(filter(pattern.search, lines), None) for what, pattern in TRICKS.items()}
    return [f"{what}: {shortened(line, 80)}" for what, line in found.items() if line is not None]


def find_borrowed(source: str, names: Iterable[str], aliases: Mapping[str, str] = {}) -> list[str]:
    """Return which of the names that an answer should define it takes from the kit: imported, or as `messages.name`.

    Only names that the kit has count: `partition` is also a method of every string. `aliases` are the other names of
    the kit's functions in all the student's cells; a name that the answer itself assigns, an argument for instance, is
    not an alias.
    """
    nodes = _nodes(source)
    used = {alias.name for node in nodes if _imports_from_kit(node) for alias in node.names}
    used |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    used |= {aliases[node.id] for node in nodes if isinstance(node, ast.Name) and node.id in aliases.keys() - own}
    return [BORROWED.format(name) for name in names if name in used & _kit_names()]


def kit_aliases(sources: Iterable[str]) -> dict[str, str]:
    """Return the other names that cells give the kit's objects: `read_email as theirs`, `theirs = mail.read_email`."""
    found: dict[str, str] = {}
    for node in (node for source in sources for node in _nodes(source)):
        if _imports_from_kit(node):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute | ast.Name):
            value = node.value.attr if isinstance(node.value, ast.Attribute) else found.get(node.value.id, "")
            found |= {target.id: value for target in node.targets if isinstance(target, ast.Name)}
    return {alias: name for alias, name in found.items() if alias != name and name in _kit_names()}


def _nodes(source: str) -> list[ast.AST]:
    """Return all syntax nodes of a cell, none if it cannot be parsed."""
    from IPython.core.inputtransformer2 import TransformerManager  # slow, and only for grading

    try:
        return list(ast.walk(ast.parse(TransformerManager().transform_cell(CELL_MAGIC.sub("", source)))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _imports_from_kit(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == enronlib.__name__


@cache
def _kit_names() -> frozenset[str]:
    """Return the functions and classes of the subject modules."""
    package = Path(enronlib.__file__).parent
    modules = [path for path in package.rglob("*.py") if package / "classroom" not in path.parents]
    return frozenset(name for path in modules for name in DEFINITION.findall(path.read_text(encoding="utf-8")))
