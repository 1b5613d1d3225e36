"""A student's submission: notebooks and results in one zip, with warnings about what is unsolved."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from enronlib import UserError
from enronlib.classroom.grading.formatting import ranges
from enronlib.classroom.grading.intake import lesson_of
from enronlib.classroom.grading.lessons import Lesson, find_lessons
from enronlib.classroom.grading.names import file_name
from enronlib.classroom.grading.reading import Notebook, Unreadable, read_handed_in
from enronlib.classroom.grading.transplant import LessonPlan, plan_lesson
from enronlib.corpus import natural_key
from enronlib.files import replacing

__all__ = ["PackedSubmission", "pack_submission"]

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first time a zip can hold; the same for all files, so that it reveals nothing
WITH_RESULTS = ("08", "09")  # the lessons that write results/
LARGEST_RESULT = 20_000_000  # bytes of a file in results/; more is somebody's corpus
STUB = re.compile(r"^\s*raise NotImplementedError\b", re.MULTILINE)


@dataclass(frozen=True)
class PackedSubmission:
    """A submission as written: the zip, the files in it, and what the student should know before handing it in."""

    path: Path
    files: list[str]
    warnings: list[str]


def pack_submission(folder: Path, name: str, lessons: Mapping[str, Lesson] | None = None) -> PackedSubmission:
    """Write `assignment04_LastFirst.zip` with the notebooks and `results/` of a folder into that folder.

    Nothing an instructor could still use is refused: unsaved, unreadable, unsolved or missing work gives a warning.
    Raises UserError if the name has no letters or there is no notebook.
    """
    target = folder / file_name(name)
    notebooks = sorted(_notebooks(folder), key=lambda path: natural_key(path.name))
    if not notebooks:
        raise UserError(f"there is no notebook in {folder.resolve().name}: go to the folder of your lessons")
    known = dict(lessons) if lessons is not None else find_lessons()
    warnings, started = _read(notebooks, known)
    found = [path for path in sorted((folder / "results").rglob("*")) if path.is_file()]
    files = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    for path in [path for path in files if path.stat().st_size > LARGEST_RESULT]:
        warnings.append(f"{path.relative_to(folder).as_posix()} is larger than 20 MB and was left out")
        files.remove(path)
    if not files and any(lesson.startswith(WITH_RESULTS) for lesson in started):
        warnings.append("the results/ folder is missing or empty")
    packed = [*notebooks, *files]
    _pack(target, folder, packed)
    return PackedSubmission(target, [path.relative_to(folder).as_posix() for path in packed], warnings)


def _notebooks(folder: Path) -> list[Path]:
    """Return the notebooks of a folder, or of its `notebooks` folder if it has none itself."""
    for place in (folder, folder / "notebooks"):
        found = [path for path in place.glob("*.ipynb") if path.is_file() and not path.name.startswith(".")]
        if found:
            return found
    return []


def _read(notebooks: Iterable[Path], lessons: Mapping[str, Lesson]) -> tuple[list[str], set[str]]:
    """Return the warnings about the notebooks, and the lessons that were started."""
    warnings, started, untouched = [], set(), set()
    for path in notebooks:
        try:
            notebook = read_handed_in(path.read_bytes())
        except Unreadable as error:
            warnings.append(f"{path.name} cannot be read: {error}. Open it, save it, and submit again")
            continue
        name = lesson_of(path.name, notebook, lessons)
        if name is None:
            continue
        plan = plan_lesson(lessons[name], notebook)
        if plan.was_started:
            started.add(name)
            warnings += [f"{path.name}: {warning}" for warning in _unsolved(notebook, plan)]
        else:
            untouched.add(name)
    if untouched:
        warnings.append(f"nothing written yet in {ranges(map(_number, untouched))}")
    return warnings, started


def _number(lesson: str) -> str:
    """Return the number of a lesson, or its name if it has none."""
    number = lesson.partition("_")[0]
    return number if number.isdecimal() else lesson


def _unsolved(notebook: Notebook, plan: LessonPlan) -> Iterator[str]:
    left = [name for name, points in plan.lesson.exercises.items() if points and name in plan.untouched]
    if left:
        yield f"not attempted: {', '.join(left)}"
    for cell in plan.cells:
        if cell.role == "answer" and cell.exercise not in plan.untouched and STUB.search(cell.source):
            yield f"{cell.exercise} still raises NotImplementedError"
    unchecked = [str(cell.exercise) for cell in notebook.cells if cell.role == "check" and not cell.was_run]
    if unchecked:
        yield f"the checks of {', '.join(unchecked)} were not run before saving, so you may not know your verdict"


def _pack(target: Path, folder: Path, files: list[Path]) -> None:
    """Write the zip, whole or not at all; the same files give the same bytes."""
    with replacing(target) as unfinished, zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EARLIEST)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())
