"""The notebooks that students get back: executed in grading, with the verdict on each answer in its place."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from enronlib.classroom.authoring.notebook import (
    code_cells,
    exercise_name,
    lesson_notebook,
    read_notebook,
    write_notebook,
)
from enronlib.classroom.grading.formatting import file_names, markdown
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.grading.transplant import IMPORT_CHECK, LessonPlan
from enronlib.classroom.verdict import BLUE, COLOURS, SIGNS, Verdict, box

__all__ = ["answer_outputs", "complete", "returned_folders", "write_executed"]

TOP = "from-your-instructor"  # the id of the first cell


def returned_folders(folder: Path, students: Sequence[str]) -> dict[str, Path]:
    """Return the folder of each student."""
    return {student: folder / name for student, name in zip(students, file_names(students), strict=True)}


def write_executed(plan: LessonPlan, outputs: Mapping[tuple[str, str], list[dict[str, Any]]], folder: Path) -> None:
    """Write a lesson as it was run: its text, the student's cells and what they displayed, without hidden tests."""
    cells = []
    for planned in plan.cells:
        if planned.role == "hidden":
            continue
        ours = {"role": planned.role, "exercise": planned.exercise, "points": planned.points}
        metadata = {"enronlib": {name: value for name, value in ours.items() if value is not None}}
        if not planned.runs:
            cells.append(new_markdown_cell(planned.source, id=planned.id, metadata=metadata))
            continue
        cell = new_code_cell(planned.source.removeprefix(IMPORT_CHECK), id=planned.id, metadata=metadata)
        cell.outputs = [_output(each) for each in outputs.get((plan.lesson.name, planned.id), [])]
        cells.append(cell)
    book = lesson_notebook(cells)
    book.metadata["enronlib"] = {"lesson": plan.lesson.name, "copy": "returned"}
    write_notebook(book, folder / f"{plan.lesson.name}.ipynb")


def complete(marks: ClassMarks, folder: Path) -> dict[str, list[Path]]:
    """Put the verdicts, the instructor's decisions and the remarks into the executed notebooks; return the files."""
    folders = returned_folders(folder, [row.student for row in marks.rows])
    return {row.student: list(_completed(row, marks, folders[row.student])) for row in marks.rows}


def _completed(row: Marks, marks: ClassMarks, folder: Path) -> Iterator[Path]:
    verdicts = {verdict.exercise: verdict for verdict in row.verdicts}
    for name, lesson in marks.lessons.items():
        path = folder / f"{name}.ipynb"
        if not path.is_file():
            continue
        book = read_notebook(path)
        earned = sum(row.earned.get(exercise, 0) for exercise in lesson.exercises)
        lines = [f"**{earned:g} of {lesson.points} points in this lesson.**", ""]
        lines += [f"- {markdown(remark)}" for remark in row.remarks]
        top = new_markdown_cell("\n".join(lines).strip(), id=TOP)
        book.cells = [top, *(cell for cell in book.cells if cell.get("id") != TOP)]
        for cell in code_cells(book, "check"):
            if verdict := verdicts.get(exercise_name(cell) or ""):
                cell.outputs = [_verdict_output(verdict, row)]
        write_notebook(book, path)
        yield path


def _verdict_output(verdict: Verdict, row: Marks) -> Any:
    points = f"{row.earned[verdict.exercise]:g} of {verdict.points} points."
    decision = row.decisions.get(verdict.exercise)
    if verdict.exercise in row.in_doubt:
        text, sign, colour = "Your instructor will look at this.", "?", BLUE
    elif decision:
        text, sign, colour = f"Your instructor: {decision.comment or 'marked by hand.'}\n{points}", "☞", BLUE
    else:
        text, sign, colour = f"{verdict}\n{points}", SIGNS[verdict.status], COLOURS[verdict.status]
    return new_output("display_data", {"text/plain": text, "text/html": box(text, sign, colour)})


def answer_outputs(folder: Path, exercise: str) -> list[dict[str, Any]]:
    """Return what the answer to an exercise displayed, from the executed notebooks in a student's folder."""
    found: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            ours = cell.get("metadata", {}).get("enronlib", {})
            if (ours.get("role"), ours.get("exercise")) == ("answer", exercise):
                found += cell.get("outputs", [])
    return found


def _output(found: Mapping[str, Any]) -> Any:
    """Return an output in the form of a notebook."""
    kind = "display_data" if found["output_type"] == "execute_result" else found["output_type"]
    return new_output(kind, **{name: value for name, value in found.items() if name != "output_type"})
