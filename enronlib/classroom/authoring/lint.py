"""The rules every solved lesson keeps: its anatomy, and what its stored outputs may hold."""

import getpass
import platform
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from enronlib.classroom.authoring.build import CONTENTS, MINUTES, QUESTION
from enronlib.classroom.authoring.notebook import code_cells, exercise_name, role
from enronlib.classroom.exercise import exercises_of

LARGEST = 400_000  # bytes of a notebook file
LARGEST_OUTPUT = 20_000  # characters of one text output
GUIDES = {"glossary"}  # notebooks that are read, not worked through
SHORT = {CONTENTS, "template"}  # lessons that may have fewer than three exercises

# What one run does not share with the next, or one machine with another.
TRACES = {
    "an absolute path": re.compile(r"(?<![\w/.:])/(home|Users|root|tmp|var|work|mnt|opt|usr)/|\b[A-Z]:\\\w"),
    "a memory address": re.compile(r"\b0x[0-9a-f]{7,}\b"),
    "a process id": re.compile(r"\bpid\W{0,2}\d+"),
    "a measured time": re.compile(r"it/s\b|\b(Wall time|CPU times|per loop)\b"),
}


def anatomy_problems(lesson: str, book: Any) -> list[str]:
    """Return what the lesson lacks, one line each."""
    return [] if lesson in GUIDES else list(_anatomy(lesson, book))


def output_problems(book: Any) -> list[str]:
    """Return what the stored outputs must not hold, one line each."""
    return list(_outputs(book))


def _anatomy(lesson: str, book: Any) -> Iterator[str]:
    text = "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    first = book.cells[0].source
    number = lesson[:2] if lesson[:2].isdigit() else ""
    if not first.startswith(f"# {number} · " if number else "# "):
        yield f"the first line is not '# {number} · Title'"
    if not MINUTES.search(first):
        yield "the first cell lacks the line '*20 minutes of reading, 15 minutes of exercises*'"
    if not QUESTION.search(text):
        yield "there is no line '**The question:** …'"
    if len(re.findall(r"^- ", _section(text, "You will be able to"), re.MULTILINE)) != 3:
        yield "'**You will be able to**' is not followed by three objectives"
    for heading in ("Key points", "New words", "Where you are"):
        if not _section(text, f"## {heading}"):
            yield f"there is no section '## {heading}'"
    if lesson != CONTENTS:
        for heading in ("Wrong on purpose", "Compare with `enronlib`"):
            if not re.search(rf"^##+ {re.escape(heading)}", text, re.MULTILINE):
                yield f"there is no section '## {heading}'"
    exercises = exercises_of(lesson)
    if not (1 if lesson in SHORT else 3) <= len(exercises) <= 6:
        yield f"it has {len(exercises)} exercises; three to six are asked for"
    yield from _order(book, [exercise.name for exercise in exercises])
    yield from _predictions(book)
    yield from _code(lesson, book)
    yield from _pictures(lesson, book)


def _order(book: Any, exercises: list[str]) -> Iterator[str]:
    roles = [(role(cell), exercise_name(cell)) for cell in book.cells]
    for name in exercises:
        kinds = [kind for kind, exercise in roles if exercise == name and kind in ("task", "answer", "check", "hints")]
        if kinds != ["task", "answer", "check", "hints"]:
            yield f"{name}: the cells come as {', '.join(map(str, kinds))}, not as task, answer, check, hints"
    found = [exercise for kind, exercise in roles if kind == "check"]
    if found != exercises:
        yield f"the checks come in the order {found}, the exercises in the order {exercises}"


def _predictions(book: Any) -> Iterator[str]:
    names = [exercise_name(cell) for cell in code_cells(book, "predict")]
    if not names:
        yield "there is no predict cell"
    code = "\n".join(cell.source for cell in code_cells(book))
    for name in names:
        if not re.search(rf'predict\(\s*"{name}",\s*actual=', code):
            yield f'no later cell calls predict("{name}", actual=…)'


def _code(lesson: str, book: Any) -> Iterator[str]:
    cells = list(code_cells(book))
    if not cells or f'progress("{lesson}")' not in cells[-1].source:
        yield f'the last code cell is not progress("{lesson}")'
    for number, cell in enumerate(book.cells, 1):
        if cell.cell_type == "code" and cell.source.rstrip().endswith(";"):
            yield f"cell {number} ends in a semicolon, which nbval does not understand: end charts with plt.show()"
        if cell.cell_type == "code" and cell.execution_count is None and not cell.source.startswith("%%writefile"):
            yield f"cell {number} was not run: build with --execute"


def _pictures(lesson: str, book: Any) -> Iterator[str]:
    pictures = 0
    for cell, after in zip(book.cells, [*book.cells[1:], None], strict=True):
        if cell.cell_type == "markdown":
            pictures += len(re.findall(r"!\[[^\]]+\]\(|^```mermaid", cell.source, re.MULTILINE))
            if "![](" in cell.source:
                yield "a picture lacks its text: ![what is to be seen](…)"
        elif any("image/png" in output.get("data", {}) for output in cell.outputs):
            pictures += 1
            if after is None or not after.source.startswith("*In the picture:* "):
                yield f"the chart of cell {cell.id} is not followed by a cell that begins '*In the picture:* …'"
    if not pictures and lesson != CONTENTS:
        yield "there is no picture"


def _outputs(book: Any) -> Iterator[str]:
    here = {str(Path.home()), str(Path.cwd()), tempfile.gettempdir()}
    here |= {name for name in (platform.node(), getpass.getuser()) if len(name) > 4}
    for number, cell in enumerate(book.cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield f"cell {number} stores an error: catch it and print its last line"
            if output.get("name") == "stderr":
                yield f"cell {number} stores text on stderr"
            for text in [output.get("text", ""), *output.get("data", {}).values()]:
                if not isinstance(text, str) or text.startswith("iVBOR"):
                    continue
                if len(text) > LARGEST_OUTPUT:
                    yield f"cell {number} stores {len(text):,} characters: show less"
                yield from (f"cell {number} stores {what}" for what, trace in TRACES.items() if trace.search(text))
                yield from (f"cell {number} stores {word!r}, known here only" for word in here if word in text)


def _section(text: str, opening: str) -> str:
    """Return the text from `opening` to the next heading."""
    _, found, rest = text.partition(opening)
    return re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0] if found else ""
