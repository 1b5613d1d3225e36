"""How fast a class is graded, beside nbgrader's autograde where there is one: a table in Markdown.

    python tests/benchmarks/bench_grading.py [--lesson NAME] [--students 30] [--jobs 1] [--nbgrader PYTHON]

PYTHON is one that has both nbgrader and enronlib (default: this one, if it has). Both grade the same notebooks in one
run, one after the other; the marks must be the same, or the exit status is 1. A third run has one hostile submission
in the class: it may cost no more than its own time.
"""

import argparse
import copy
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import print_table, watch  # type: ignore[import-not-found]  # beside this file

from enronlib import UserError
from enronlib.classroom.authoring.notebook import read_notebook, write_notebook
from enronlib.classroom.grading import CELL_SECONDS
from enronlib.classroom.grading.lessons import Lesson, find_lessons, solutions_folder

LOOP = "while True:\n    pass"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure how fast a class is graded.")
    parser.add_argument("--lesson", default="02_parse_one_email")
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--nbgrader", default=sys.executable, metavar="PYTHON")
    options = parser.parse_args()
    lessons = find_lessons()
    if options.lesson not in lessons:
        raise UserError(f"there is no lesson {options.lesson}")
    lesson = lessons[options.lesson]
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        books = {f"s{number:02}": submission(lesson, number) for number in range(options.students)}
        ours, our_marks = grade_ours(base / "ours", lesson, books, options.jobs)
        rows = [row("enronlib grade", ours, len(books))]
        if not has_nbgrader(options.nbgrader):
            print("nbgrader is not installed here (make bench-extras, or --nbgrader PYTHON): only ours is measured\n")
            their_marks = our_marks
        else:
            theirs, their_marks = grade_with_nbgrader(base / "theirs", lesson, books, options.nbgrader)
            rows.append(row("nbgrader autograde", theirs, len(books)))
        first = next(cell.id for cell in lesson.cells if cell.role == "answer")
        hostile, _ = grade_ours(
            base / "hostile", lesson, {**books, "s00": answered(lesson, {first: LOOP})}, options.jobs
        )
        rows.append(row(f"enronlib grade, one endless loop ({CELL_SECONDS} s a cell)", hostile, len(books)))
    print(f"## A class of {options.students}, lesson {options.lesson}, {options.jobs} at a time\n")
    print_table(["", "seconds", "CPU seconds", "seconds each", "CPU seconds each"], rows)
    if our_marks != their_marks:
        print("the marks differ:", {name: (our_marks[name], their_marks.get(name)) for name in our_marks})
        return 1
    return 0


def row(name: str, seconds: tuple[float, float], students: int) -> tuple[str, ...]:
    wall, cpu = seconds
    return name, f"{wall:.1f}", f"{cpu:.1f}", f"{wall / students:.2f}", f"{cpu / students:.2f}"


def submission(lesson: Lesson, number: int) -> Any:
    """Return a student's notebook: all solved but for some answers, other ones for each student."""
    answers = [cell for cell in lesson.cells if cell.role == "answer"]
    left_out = {cell.id for at, cell in enumerate(answers) if number >> at & 1}
    return answered(lesson, {cell.id: cell.given if cell.id in left_out else cell.full for cell in answers})


def answered(lesson: Lesson, answers: Mapping[str, str]) -> Any:
    """Return the student's copy with these sources in answer cells; the others are solved."""
    book = copy.deepcopy(read_notebook(solutions_folder() / f"{lesson.name}.ipynb"))
    for cell, pristine in zip(book.cells, lesson.cells, strict=True):
        solved = pristine.full if pristine.role == "answer" else pristine.given
        cell.source = answers.get(pristine.id, solved)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return book


def timed(command: list[str], folder: Path, **environment: str) -> tuple[float, float]:
    """Run a command and return its seconds, and the CPU seconds of all its processes."""
    with (folder / "log.txt").open("ab") as log:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env={**os.environ, **environment})
        cpu, _ = watch(process)
        return time.perf_counter() - start, cpu


def grade_ours(
    folder: Path, lesson: Lesson, books: Mapping[str, Any], jobs: int
) -> tuple[tuple[float, float], dict[str, float]]:
    for name, book in books.items():
        write_notebook(book, folder / "in" / name / f"{lesson.name}.ipynb")
    code = (
        "import sys; from pathlib import Path; from enronlib.classroom.grading import grade, report\n"
        "from enronlib.classroom.grading.lessons import find_lessons\n"
        f"lessons = {{{lesson.name!r}: find_lessons()[{lesson.name!r}]}}\n"
        f"marks = grade.grade_class([Path('in')], jobs={jobs}, lessons=lessons, progress=False)\n"
        "report.write_csv(marks, Path('grades.csv'))"
    )
    seconds = timed([sys.executable, "-c", code], folder)
    with (folder / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        return seconds, {line["student"]: float(line["points"]) for line in csv.DictReader(file)}


def has_nbgrader(python: str) -> bool:
    return not subprocess.run([python, "-c", "import nbgrader, enronlib"], capture_output=True, check=False).returncode


def grade_with_nbgrader(
    folder: Path, lesson: Lesson, books: Mapping[str, Any], python: str
) -> tuple[tuple[float, float], dict[str, float]]:
    source = read_notebook(solutions_folder() / f"{lesson.name}.ipynb")
    write_notebook(for_nbgrader(source, lesson), folder / "source" / "ps" / f"{lesson.name}.ipynb")
    (folder / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.course_id = 'c'\nc.ExecutePreprocessor.timeout = {CELL_SECONDS}\n"
        "c.ClearSolutions.code_stub = {'python': 'raise NotImplementedError'}\n",
        encoding="utf-8",
    )
    path = os.pathsep.join([str(Path(python).parent), os.environ["PATH"]])  # nbgrader calls alembic by its bare name
    timed([python, "-m", "nbgrader", "generate_assignment", "ps"], folder, PATH=path)
    for name, book in books.items():
        write_notebook(for_nbgrader(book, lesson), folder / "submitted" / name / "ps" / f"{lesson.name}.ipynb")
    seconds = timed([python, "-m", "nbgrader", "autograde", "ps"], folder, PATH=path, ENRONLIB_STRICT="1")
    timed([python, "-m", "nbgrader", "export"], folder, PATH=path)
    if not (folder / "grades.csv").exists():
        raise UserError(f"nbgrader failed:\n{(folder / 'log.txt').read_text(encoding='utf-8')[-2000:]}")
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        return seconds, {line["student_id"]: float(line["score"] or 0) for line in csv.DictReader(file)}


def for_nbgrader(book: Any, lesson: Lesson) -> Any:
    """Return the notebook with nbgrader's marks on its answers and checks."""
    book = copy.deepcopy(book)
    for cell, pristine in zip(book.cells, lesson.cells, strict=True):
        kind = pristine.role
        cell.metadata = {}
        if kind in ("answer", "check"):
            is_check = kind == "check"
            marks = {"grade_id": pristine.id, "grade": is_check, "solution": not is_check, "locked": is_check}
            cell.metadata["nbgrader"] = {**marks, "task": False, "schema_version": 3, "cell_type": "code"}
            if is_check:
                cell.metadata["nbgrader"]["points"] = pristine.points
    book.metadata = json.loads(json.dumps({"kernelspec": book.metadata.get("kernelspec", {})}))
    return book


if __name__ == "__main__":
    sys.exit(main())
