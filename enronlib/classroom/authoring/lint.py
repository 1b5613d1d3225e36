"""The rules for lessons: how cells and exercises fit together, what a lesson contains, what its outputs may hold."""

import ast
import getpass
import platform
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from enronlib import UserError
from enronlib.classroom.authoring import stubs
from enronlib.classroom.authoring.notebook import code_cells, exercise_name, role
from enronlib.classroom.authoring.sources import CONTENTS, MINUTES, QUESTION, LessonSource, Problem
from enronlib.classroom.exercises import exercises_of, find_exercise

__all__ = ["LARGEST_NOTEBOOK", "anatomy_problems", "output_problems", "structure_problems"]

LARGEST_NOTEBOOK = 800_000  # bytes; charts are stored with twice the pixels that they fill
LARGEST_OUTPUT = 20_000  # characters of one text output
GUIDES = {"glossary"}  # notebooks to look things up in, without exercises
SHORT = {CONTENTS, "template"}  # lessons that may have fewer than three exercises

IN_WORDS = ("*In the picture:* ", "<details><summary>In the picture</summary>")  # a chart for those who cannot see it

# What differs from one run to the next, or between machines.
TRACES = {
    "an absolute path": re.compile(r"(?<![\w/.:])/(home|Users|root|tmp|var|work|mnt|opt|usr)/|\b[A-Z]:\\\w"),
    "a memory address": re.compile(r"\b0x[0-9a-f]{7,}\b"),
    "a process id": re.compile(r"\bpid\W{0,2}\d+"),
    "a measured time": re.compile(r"it/s\b|\b(Wall time|CPU times|per loop)\b"),
}


def structure_problems(source: LessonSource) -> Iterator[Problem]:
    """Yield why no notebooks can be made from a source: roles, exercises and solution regions that do not fit."""
    seen: Counter[tuple[str | None, str | None]] = Counter()
    for cell in source.cells:
        kind, name = role(cell), exercise_name(cell)
        seen[kind, name] += 1
        if name and seen[kind, name] > 1:
            yield Problem(cell.id, f"a second {kind} cell of {name}")
        for option in cell.metadata.keys() - {"enronlib", "tags"}:
            yield Problem(cell.id, f"there is no cell option {option!r}")
        for text in (*_region_problems(cell), *_exercise_problems(cell, source.name)):
            yield Problem(cell.id, text)
    for exercise in exercises_of(source.name):
        for kind in ("task", "answer", "check"):
            if not seen[kind, exercise.name]:
                yield Problem(None, f"there is no {kind} cell of {exercise.name}")


def anatomy_problems(lesson: str, book: Any) -> Iterator[Problem]:
    """Yield what a solved notebook lacks as a lesson."""
    if lesson in GUIDES or not book.cells:
        return
    yield from _opening(lesson, book)
    yield from _sections(lesson, book)
    yield from _order(lesson, book)
    yield from _uses(lesson, book)
    yield from _predictions(book)
    yield from _code(lesson, book)
    yield from _pictures(lesson, book)


def output_problems(book: Any) -> Iterator[Problem]:
    """Yield what the outputs of a solved notebook must not hold: errors, and traces of a machine or of one run."""
    here = {str(Path.home()), str(Path.cwd()), tempfile.gettempdir()}
    here |= {name for name in (platform.node(), getpass.getuser()) if len(name) > 4}
    for cell in code_cells(book):
        for output in cell.outputs:
            if output.output_type == "error":
                yield Problem(cell.id, "stores an error: catch it and print its last line")
            if output.get("name") == "stderr":
                yield Problem(cell.id, "stores text on stderr")
            for text in [output.get("text", ""), *output.get("data", {}).values()]:
                if not isinstance(text, str) or text.startswith("iVBOR"):
                    continue
                if len(text) > LARGEST_OUTPUT:
                    yield Problem(cell.id, f"stores {len(text):,} characters: show less")
                yield from (Problem(cell.id, f"stores {what}") for what, trace in TRACES.items() if trace.search(text))
                yield from (Problem(cell.id, f"stores {word!r}, known only here") for word in here if word in text)


def _region_problems(cell: Any) -> Iterator[str]:
    """Yield what keeps the student's version of a cell from being made."""
    kind = role(cell)
    if cell.cell_type == "markdown" and "\n### Exercise: " in cell.source:
        yield "an exercise begins inside a text: put a line with +++ before its heading"
    if cell.cell_type == "code" and stubs.BEGIN in cell.source and kind != "answer":
        yield f"{stubs.BEGIN} belongs in an answer cell"
    if stubs.BEGIN_HIDDEN in cell.source and kind != "check":
        yield f"{stubs.BEGIN_HIDDEN} belongs in a check cell"
    try:
        stubs.as_given(kind, cell.source)
    except UserError as error:
        yield f"{kind} cell: {error}"


def _exercise_problems(cell: Any, lesson: str) -> Iterator[str]:
    """Yield what is wrong with the exercise that a cell belongs to."""
    kind, name = role(cell), exercise_name(cell)
    if kind not in ("task", "answer", "check"):
        return
    try:
        exercise = find_exercise(name or "")
    except UserError as error:
        yield str(error)
        return
    if exercise.lesson != lesson:
        yield f"{name} is an exercise of {exercise.lesson}"
    if kind == "check" and f'check("{name}"' not in cell.source:
        yield f'a check cell of {name} must call check("{name}", …)'
    if kind == "answer" and (stubs.BEGIN in cell.source) != (exercise.points > 0):
        needs = f"needs {stubs.BEGIN} … {stubs.END}" if exercise.points else "is worth nothing, so it is shown solved"
        yield f"the answer cell of {name} {needs}"


def _opening(lesson: str, book: Any) -> Iterator[Problem]:
    first = book.cells[0]
    number = f"{lesson[:2]} · " if lesson[:2].isdigit() else ""
    if not first.source.startswith(f"# {number}"):
        yield Problem(first.id, f"the first line is not '# {number}Title'")
    if not MINUTES.search(first.source):
        yield Problem(first.id, "the first cell lacks the line '*20 minutes of reading, 15 minutes of exercises*'")


def _sections(lesson: str, book: Any) -> Iterator[Problem]:
    text = "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    if not QUESTION.search(text):
        yield Problem(None, "there is no line '**The question:** …'")
    if len(re.findall(r"^- ", _section(text, "You will be able to"), re.MULTILINE)) != 3:
        yield Problem(None, "'**You will be able to**' is not followed by three objectives")
    for heading in ("Key points", "New words", "Where you are"):
        if not _section(text, f"## {heading}"):
            yield Problem(None, f"there is no section '## {heading}'")
    for heading in ("Wrong on purpose", "Compare with `enronlib`"):
        if lesson != CONTENTS and not re.search(rf"^##+ {re.escape(heading)}", text, re.MULTILINE):
            yield Problem(None, f"there is no section '## {heading}'")


def _order(lesson: str, book: Any) -> Iterator[Problem]:
    exercises = [exercise.name for exercise in exercises_of(lesson)]
    if not (1 if lesson in SHORT else 3) <= len(exercises) <= 6:
        yield Problem(None, f"it has {len(exercises)} exercises; a lesson has three to six")
    for name in exercises:
        cells = [cell for cell in book.cells if exercise_name(cell) == name and role(cell) != "predict"]
        kinds = [role(cell) for cell in cells]
        if kinds != ["task", "answer", "check", "hints"]:
            yield Problem(
                cells[0].id if cells else None, f"the cells of {name} are {', '.join(map(str, kinds))}, in this order"
            )
    found = [exercise_name(cell) for cell in code_cells(book, "check")]
    if found != exercises:
        yield Problem(None, f"the checks are in the order {found}, the exercises in the order {exercises}")


def _uses(lesson: str, book: Any) -> Iterator[Problem]:
    """Yield the exercises whose answer no later cell uses."""
    cells = list(code_cells(book))
    for place, cell in enumerate(cells):
        name = exercise_name(cell)
        if role(cell) != "check" or exercise_name(cells[place - 1]) != name:
            continue  # a check in the wrong place is another problem
        taken = _names_from_yours(cells[place + 1 : place + 2], name)
        if not taken:
            yield Problem(cell.id, f'the next code cell does not begin with `… = yours("{name}")`')
        elif not any(_uses_name(each, taken) for each in cells[place + 1 :] if role(each) not in ("answer", "check")):
            yield Problem(cell.id, f"no cell uses the answer to {name}")


def _names_from_yours(cells: Sequence[Any], exercise: str | None) -> set[str]:
    """Return the names that cells set to `yours(exercise, …)` or `your_task(exercise)`."""
    assigned = [node for cell in cells for node in ast.walk(_tree(cell)) if isinstance(node, ast.Assign)]
    calls = (f"yours({exercise!r}", f"your_task({exercise!r}")
    found = [node for node in assigned if any(call in ast.unparse(node.value) for call in calls)]
    return {name.id for node in found for target in node.targets for name in ast.walk(target) if _is_name(name)}


def _uses_name(cell: Any, names: set[str]) -> bool:
    """Return whether a cell uses one of the names, other than as an argument of `yours`."""
    tree = _tree(cell)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and "yours" in ast.unparse(node.func)]
    arguments = {id(node) for call in calls for argument in call.args for node in ast.walk(argument)}
    loaded = [node for node in ast.walk(tree) if _is_name(node) and isinstance(node.ctx, ast.Load)]
    return any(node.id in names and id(node) not in arguments for node in loaded)


def _is_name(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def _tree(cell: Any) -> ast.Module:
    """Return the syntax tree of a cell; an empty one where it is not Python, such as a line that begins with `!`."""
    try:
        return ast.parse(stubs.python(cell.source))
    except SyntaxError:
        return ast.Module([], [])


def _predictions(book: Any) -> Iterator[Problem]:
    code = "\n".join(cell.source for cell in code_cells(book))
    for cell in code_cells(book, "predict"):
        if not re.search(rf'predict\(\s*"{exercise_name(cell)}",\s*actual=', code):
            yield Problem(cell.id, f'no cell calls predict("{exercise_name(cell)}", actual=…)')
    if not any(code_cells(book, "predict")):
        yield Problem(None, "there is no predict cell")


def _code(lesson: str, book: Any) -> Iterator[Problem]:
    cells = list(code_cells(book))
    if not cells or f'progress("{lesson}")' not in cells[-1].source:
        yield Problem(None, f'the last code cell is not progress("{lesson}")')
    for cell in cells:
        if cell.source.rstrip().endswith(";"):
            yield Problem(cell.id, "ends in a semicolon, which nbval does not understand: end charts with plt.show()")
        if cell.execution_count is None and not cell.source.startswith("%%writefile"):
            yield Problem(cell.id, "was not run since it changed: build with --execute")


def _pictures(lesson: str, book: Any) -> Iterator[Problem]:
    pictures = 0
    for cell, following in zip(book.cells, [*book.cells[1:], None], strict=True):
        if cell.cell_type == "markdown":
            pictures += len(re.findall(r"!\[[^\]]+\]\(|^```mermaid", cell.source, re.MULTILINE))
            if "![](" in cell.source:
                yield Problem(cell.id, "a picture lacks its text: ![what it shows](…)")
        elif any("image/png" in output.get("data", {}) for output in cell.outputs):
            pictures += 1
            if following is None or not following.source.startswith(IN_WORDS):
                yield Problem(cell.id, f"the chart is not followed by a cell that begins with one of {IN_WORDS}")
    if not pictures and lesson != CONTENTS:
        yield Problem(None, "there is no picture")


def _section(text: str, opening: str) -> str:
    """Return the text from `opening` to the next heading."""
    _, found, rest = text.partition(opening)
    return re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0] if found else ""
