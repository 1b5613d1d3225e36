"""From a solved cell to the student's version of it: a stub replaces each solution region."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from enronlib import UserError

__all__ = ["BEGIN", "BEGIN_HIDDEN", "END", "END_HIDDEN", "as_given", "python", "regions", "without_guess"]
__all__ += ["without_hidden_tests", "without_solution"]

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
_STUB = "# stub: "
_RAISE = 'raise NotImplementedError("your code here")'


class Region(NamedTuple):
    """The lines of a cell from an opening to a closing mark, both included, counted from 0."""

    first: int
    last: int


def regions(source: str, begin: str = BEGIN, end: str = END) -> list[Region]:
    """Return the marked regions of a cell; raise UserError if one is nested, unopened or unclosed."""
    found: list[Region] = []
    opened: int | None = None
    for number, line in enumerate(source.splitlines()):
        if line.strip() == begin:
            if opened is not None:
                raise UserError(f"line {number + 1}: {begin} inside a region that began in line {opened + 1}")
            opened = number
        elif line.strip() == end:
            if opened is None:
                raise UserError(f"line {number + 1}: {end} without {begin}")
            found.append(Region(opened, number))
            opened = None
    if opened is not None:
        raise UserError(f"line {opened + 1}: {begin} is never closed")
    return found


def as_given(cell_role: str | None, source: str) -> str:
    """Return the student's version of a cell; an answer cell without a region does not change."""
    if cell_role == "answer" and BEGIN in source:
        return without_solution(source)
    if cell_role == "check":
        return without_hidden_tests(source)
    if cell_role == "predict":
        return without_guess(source)
    return source


def without_solution(source: str) -> str:
    """Return the student's version of an answer cell.

    Inside a function, the stub raises NotImplementedError. Elsewhere it sets the names that the region sets to `...`,
    so that later cells find them. If lines of the region begin with `# stub: `, these lines are the stub instead.
    Raises UserError if there is no region, or if a region does not contain whole statements.
    """
    found = regions(source)
    if not found:
        raise UserError(f"an answer cell needs {BEGIN} … {END}")
    stubbed = _replace(source, [(region, _stub(source, region)) for region in found])
    _parse(stubbed)
    return stubbed


def without_hidden_tests(source: str) -> str:
    """Return the student's version of a check cell."""
    hidden = regions(source, BEGIN_HIDDEN, END_HIDDEN)
    return _replace(source, [(region, []) for region in hidden]).strip("\n")


def without_guess(source: str) -> str:
    """Return the student's version of a predict cell: the guess in `predict("name", guess)` becomes `...`."""
    for node in ast.walk(_parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="predict"), args=[_, guess]):
                start = _offset(source, guess.lineno, guess.col_offset)
                end = _offset(source, guess.end_lineno or 0, guess.end_col_offset or 0)
                return f"{source[:start]}...{source[end:]}"
    raise UserError('a predict cell needs predict("name", guess)')


def python(source: str) -> str:
    """Return a cell's source as plain Python: a first line such as `%%writefile tasks.py` becomes a comment."""
    return re.sub(r"\A%%", "# %%", source)


def _parse(source: str) -> ast.Module:
    try:
        return ast.parse(python(source))
    except SyntaxError as error:
        raise UserError(f"line {error.lineno}: {error.msg}") from None


def _replace(source: str, changes: list[tuple[Region, list[str]]]) -> str:
    lines = source.splitlines()
    for region, stub in reversed(changes):
        lines[region.first : region.last + 1] = stub
    return "\n".join(lines)


def _stub(source: str, region: Region) -> list[str]:
    lines = source.splitlines()
    indent = lines[region.first][: -len(lines[region.first].lstrip())]
    inside = [line.strip() for line in lines[region.first + 1 : region.last]]
    given = [line.removeprefix(_STUB) for line in inside if line.startswith(_STUB)]
    return [indent + line for line in given or _derived_stub(source, region)]


def _derived_stub(source: str, region: Region) -> list[str]:
    statements, in_function = _statements(_parse(source), region, in_function=False)
    if not statements:
        raise UserError(f"line {region.first + 1}: the region contains no whole statement")
    if in_function:
        return [_RAISE]
    names = dict.fromkeys(name for statement in statements for name in _assigned(statement))
    return [f"{name} = ...  # your code here" for name in names] or ["...  # your code here"]


def _statements(node: ast.AST, region: Region, *, in_function: bool) -> tuple[list[ast.stmt], bool]:
    """Return the outermost statements inside the region, and whether they are in a function."""
    in_function = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    found: list[ast.stmt] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt) and region.first < _first_line(child) and (child.end_lineno or 0) <= region.last:
            found.append(child)
    if found:
        return found, in_function
    for child in ast.iter_child_nodes(node):
        deeper, deeper_in_function = _statements(child, region, in_function=in_function)
        if deeper:
            return deeper, deeper_in_function
    return [], in_function


def _first_line(statement: ast.stmt) -> int:
    """Return the first line of a statement, including its decorators, counted from 0."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)]) - 1


def _assigned(node: ast.AST) -> Iterator[str]:
    """Yield the names that code assigns in its own scope, without the functions, classes and imports it defines."""
    if isinstance(node, _SCOPES):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _assigned(child)


_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


def _offset(source: str, line: int, column: int) -> int:
    """Return the index in `source` of a position from `ast`: a line from 1 and a column in UTF-8 bytes."""
    lines = source.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())
