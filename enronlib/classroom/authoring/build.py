"""From `notebooks/source/x.md` to `notebooks/solutions/x.ipynb`, solved, and `notebooks/x.ipynb`, the student's copy.

What is known elsewhere is not in the source but added here: the titles, stars and points of exercises, their hints,
the links between lessons, the meanings of new words, and the table of all lessons.
"""

import copy
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from nbformat.v4 import new_markdown_cell

from enronlib import UserError
from enronlib.classroom.authoring import stubs
from enronlib.classroom.authoring.lint import structure_problems
from enronlib.classroom.authoring.notebook import (
    code_cells,
    exercise_name,
    lesson_notebook,
    read_notebook,
    role,
    write_notebook,
)
from enronlib.classroom.authoring.sources import CONTENTS, LessonSource, choose_sources, read_sources
from enronlib.classroom.exercise import Exercise
from enronlib.classroom.exercises import exercises_of

__all__ = ["build_lessons", "lesson_files", "solved_notebook", "student_copy"]

NEW_WORDS = "## New words"
LINK = re.compile(r"\[([^\]]+)\]\(glossary\.ipynb#[^)]+\)")
ENTRY = re.compile(r"^### (.+)\n\n(.+)$", re.MULTILINE)


def build_lessons(root: Path, lessons: Collection[str] = (), *, execute: bool = False) -> list[Path]:
    """Write the notebooks of the project at `root` and return the files that changed.

    `lessons` are names or the beginnings of names (`02`); none means all. Cells that did not change keep their stored
    outputs; with `execute` the solved notebooks are run and store new ones. Raises UserError, with file and line, for
    a lesson whose cells and exercises do not fit together (then nothing is written) or in which a cell fails.
    """
    sources = read_sources(root)
    chosen = choose_sources(sources, lessons)
    if problems := [source.locate(problem) for source in chosen for problem in structure_problems(source)]:
        raise UserError("the lessons were not built\n" + "\n".join(problems))
    changed = []
    for source in chosen:
        files = lesson_files(source, sources)
        if execute:
            from enronlib.classroom.authoring.execute import execute_notebook  # needs a Jupyter kernel

            solved = solved_path(source)
            if problem := execute_notebook(files[solved], solved.parent):
                raise UserError(source.locate(problem))
        changed += [path for path, book in files.items() if write_notebook(book, path)]
    return changed


def lesson_files(source: LessonSource, sources: Mapping[str, LessonSource]) -> dict[Path, Any]:
    """Return the notebooks made from a source: the solved one and, if students get one, their copy."""
    solved = solved_notebook(source, sources)
    files = {solved_path(source): solved}
    if source.is_handed_out:
        files[source.path.parents[1] / f"{source.name}.ipynb"] = student_copy(solved)
    return files


def solved_path(source: LessonSource) -> Path:
    """Return where the solved notebook of a source is."""
    return source.path.parents[1] / "solutions" / f"{source.name}.ipynb"


def solved_notebook(source: LessonSource, sources: Mapping[str, LessonSource]) -> Any:
    """Return the solved notebook, with the outputs stored so far. `sources` are all lessons, in order."""
    exercises = {exercise.name: exercise for exercise in exercises_of(source.name)}
    cells: list[Any] = []
    for cell in copy.deepcopy(source.cells):
        cells.append(cell)
        exercise = exercises.get(exercise_name(cell) or "")
        cell.metadata = {key: cell.metadata[key] for key in ("enronlib", "tags") if key in cell.metadata}
        if role(cell) == "lessons":
            cell.source = lesson_table(sources)
        elif cell.source.startswith(NEW_WORDS):
            cell.source = _with_meanings(cell.source, sources["glossary"])
        elif role(cell) == "task" and exercise:
            cell.source = _with_title(cell.source, exercise)
        elif role(cell) == "check" and exercise:
            cell.metadata["enronlib"]["points"] = exercise.points
            cells.append(_hints(exercise))
    if cells and source.is_handed_out:
        cells[0].source = f"{cells[0].source}\n\n{links(source.name, sources)}".strip()
    _restore_outputs(cells, solved_path(source))
    book = lesson_notebook(cells)
    book.metadata["enronlib"] = {"lesson": source.name, "copy": "solution"}
    return book


def student_copy(solved: Any) -> Any:
    """Return the student's copy of a solved notebook: stubs for solutions, no hidden tests, no outputs."""
    book = copy.deepcopy(solved)
    book.metadata["enronlib"]["copy"] = "student"
    for cell in book.cells:
        cell.source = stubs.as_given(role(cell), cell.source)
        if role(cell) in ("answer", "check", "predict"):
            cell.metadata["deletable"] = False
        if role(cell) == "check":
            cell.metadata["editable"] = False
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.source = cell.source.replace("](../images/", "](images/")
    return book


def links(lesson: str, sources: Mapping[str, LessonSource]) -> str:
    """Return the links to the previous lesson, the contents and the next lesson, in one line."""
    names = [name for name, source in sources.items() if source.is_handed_out]
    at = names.index(lesson)
    found = []
    if at > 0:
        found.append(f"← [{sources[names[at - 1]].title}]({names[at - 1]}.ipynb)")
    if CONTENTS not in (lesson, names[at - 1]):
        found.append(f"[Contents]({CONTENTS}.ipynb)")
    if at + 1 < len(names):
        found.append(f"Next: [{sources[names[at + 1]].title}]({names[at + 1]}.ipynb)")
    return " · ".join(found)


def lesson_table(sources: Mapping[str, LessonSource]) -> str:
    """Return the table of lessons: title, question, minutes of reading and of exercises."""
    lines = ["| lesson | the question it answers | reading | exercises |", "| --- | --- | --- | --- |"]
    for name, source in sources.items():
        if source.is_handed_out:
            reading, exercises = (f"{part} min" for part in source.minutes) if source.minutes else ("", "")
            lines.append(f"| [{source.title}]({name}.ipynb) | {source.question} | {reading} | {exercises} |")
    return "\n".join(lines)


def _with_meanings(text: str, glossary: LessonSource) -> str:
    """Return the list of new words with their one-line meanings, if it is nothing but links to the glossary."""
    heading, _, words = text.partition("\n\n")
    if not re.fullmatch(rf"(?:{LINK.pattern}[ ·\n]*)+", words):
        return text
    meanings = dict(ENTRY.findall(glossary.text))
    lines = [f"- **{word}**: {meanings[word]}" for word in LINK.findall(words) if word in meanings]
    return "\n".join([heading, "", *lines, "", "[All words](glossary.ipynb)"])


def _with_title(text: str, exercise: Exercise) -> str:
    stars = "★" * exercise.stars + "☆" * (3 - exercise.stars)
    worth = f"{exercise.points} point{'s' * (exercise.points != 1)}" if exercise.points else "already solved"
    return text.replace(f"### Exercise: {exercise.name}", f"### Exercise: {exercise.title} {stars} ({worth})", 1)


def _hints(exercise: Exercise) -> Any:
    text = "\n\n".join(
        f"<details><summary>Hint {number}</summary>\n\n{hint}\n\n</details>"
        for number, hint in enumerate(exercise.hints, 1)
    )
    ours = {"enronlib": {"role": "hints", "exercise": exercise.name}}
    return new_markdown_cell(text, id=f"hints-{exercise.name.replace('.', '-')}", metadata=ours)


def _restore_outputs(cells: list[Any], solved: Path) -> None:
    """Give each code cell the output that the cell with the same source has in the notebook `solved`."""
    if not solved.is_file():
        return
    before = defaultdict(list)
    for cell in code_cells(read_notebook(solved)):
        before[cell.source].append(cell)
    for cell in cells:
        if cell.cell_type == "code" and before[cell.source]:
            same = before[cell.source].pop(0)
            cell.outputs, cell.execution_count = same.outputs, same.execution_count
