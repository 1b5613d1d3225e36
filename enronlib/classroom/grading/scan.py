"""Search the student's code for what no answer needs, by its syntax tree. What code does is watched in the kernel.

Every hit is for a human to look at. It proves nothing, and code that hides is not found.
"""

import ast
import re
from collections.abc import Iterator

from enronlib.classroom.grading.formatting import shortened

__all__ = ["TRICKS", "find_tricks"]

CELL_MAGIC = re.compile(r"\A%%.*\n")
EQUALITY = "an object with its own idea of equality"
CHECKS = "internals of the checks"
TEXTS = "the text of the checks or solutions"
MARKERS = "markers for nbval"
NAMES = {  # searched in each name: dotted, imported, or as it stands
    "IPython internals": re.compile(
        r"\.(?:ast_transformers|input_transformers\w*|set_custom_exc|custom_exceptions|_?showtraceback|do_execute"
        r"|run_cell\w*|run_code|run_ast_nodes|user_ns)$"
    ),
    "code that ends the kernel or another process": re.compile(r"^os\.(?:_exit|abort|kill|killpg)$|\.ask_exit$"),
    CHECKS: re.compile(
        r"\benronlib\.classroom\.(?:session|verdict|exercise|answer|mail|grading)\b|^session\.verdicts$"
        r"|(?:^|\.)(?:CheckFailed|find_exercise|all_exercises|attest)$"
    ),
    TEXTS: re.compile(r"\benronlib\.classroom\.exercises\b"),
    "stack frames or interpreter internals": re.compile(
        r"^sys\.(?:_getframe|settrace|setprofile)$|^gc\.get_\w+$|\.(?:f_back|tb_frame)$|^inspect\.(?:stack|currentframe)$"
        r"|^ctypes\b|^__builtins__$|^builtins\.__\w+__$"
    ),
}
TRICKS = (*NAMES, EQUALITY, MARKERS)
STRINGS = re.compile(r"\.ipynb$|BEGIN HIDDEN")
MARKER = re.compile(r"^#+\s*(?:NBVAL|PYTEST_VALIDATE)_\w+$")


def find_tricks(source: str) -> list[str]:
    """Return what a human should look at in a cell: each kind, with the first line that has it."""
    lines = source.splitlines()
    found: dict[str, int] = {}
    for what, line in _tricks(CELL_MAGIC.sub("\n", source)):
        found[what] = min(line, found.get(what, line))
    if marked := [number for number, line in enumerate(lines, 1) if MARKER.match(line.strip())]:
        found[MARKERS] = marked[0]
    return [f"{what}: {shortened(lines[line - 1].strip(), 80)}" for what, line in found.items()]


def _tricks(code: str) -> Iterator[tuple[str, int]]:
    """Yield each kind of trick and its line; nothing for code that cannot be parsed, which does not run either."""
    from IPython.core.inputtransformer2 import TransformerManager  # slow, and only for grading

    try:
        tree = ast.parse(TransformerManager().transform_cell(code))
        for node in ast.walk(tree):
            line = min(getattr(node, "lineno", 1), code.count("\n") + 1)
            if isinstance(node, ast.FunctionDef) and node.name == "__eq__":
                yield EQUALITY, line
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and STRINGS.search(node.value):
                yield TEXTS, line
            for name in _names(node):
                yield from ((what, line) for what, pattern in NAMES.items() if pattern.search(name))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in tree.body:  # inside a function, `check` is a name like any other
        match statement:
            case ast.FunctionDef(name="check") | ast.Assign(targets=[ast.Name(id="check")]):
                yield CHECKS, statement.lineno


def _names(node: ast.AST) -> Iterator[str]:
    """Yield what a node names: `os.kill` for an attribute, `os` and `os.kill` for `from os import kill`."""
    match node:
        case ast.Attribute():
            yield ast.unparse(node)
        case ast.Name(id=name):
            yield name
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), names=names):
            yield module
            yield from (f"{module}.{alias.name}" for alias in names)
