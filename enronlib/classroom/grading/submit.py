"""A student's submission: the notebooks and results in one zip, with a word on what is unsolved."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from enronlib import UserError
from enronlib.classroom.grading.intake import lesson_of
from enronlib.classroom.grading.lessons import Lesson, find_lessons
from enronlib.classroom.grading.names import file_name
from enronlib.classroom.grading.reading import Notebook, Unreadable, read_handed_in
from enronlib.classroom.grading.transplant import Transplant, transplant
from enronlib.classroom.grading.wording import ranges
from enronlib.corpus import natural_key
from enronlib.files import replacing

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first time a zip can hold; one for all files, so that nothing is told by it
WITH_RESULTS = ("08", "09")  # the lessons that write results/
LARGEST_RESULT = 20_000_000  # bytes of a file in results/; more is somebody's corpus


@dataclass(frozen=True)
class Handed:
    """A written submission: the zip, what is in it, and what the student should know before handing it in."""

    path: Path
    files: list[str]
    warnings: list[str]


def submit(folder: Path, name: str, lessons: Mapping[str, Lesson] | None = None) -> Handed:
    """Write `assignment04_LastFirst.zip` with the notebooks and `results/` of a folder into that folder.

    Nothing an instructor could still use is refused: what is unsaved, unreadable, unsolved or missing is a warning.
    Raises UserError if the name has no letters, or if there is no notebook.
    """
    target = folder / file_name(name)
    notebooks = sorted(_notebooks(folder), key=lambda path: natural_key(path.name))
    if not notebooks:
        raise UserError(f"there is no notebook in {folder.resolve().name}: go to the folder of your lessons")
    known = dict(lessons) if lessons is not None else find_lessons()
    warnings, begun = _read(notebooks, known)
    results = folder / "results"
    found = [path for path in sorted(results.rglob("*")) if path.is_file()]
    files = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    for path in [path for path in files if path.stat().st_size > LARGEST_RESULT]:
        warnings.append(f"{path.relative_to(folder).as_posix()} is larger than 20 MB and was left out")
        files.remove(path)
    if not files and any(lesson.startswith(WITH_RESULTS) for lesson in begun):
        warnings.append("there is no results/ folder with files in it")
    packed = [*notebooks, *files]
    _pack(target, folder, packed)
    return Handed(target, [path.relative_to(folder).as_posix() for path in packed], warnings)


def _notebooks(folder: Path) -> Iterator[Path]:
    """Yield the notebooks of a folder, or of its `notebooks` folder if it has none itself."""
    for place in (folder, folder / "notebooks"):
        found = [path for path in place.glob("*.ipynb") if path.is_file() and not path.name.startswith(".")]
        if found:
            yield from found
            return


def _read(notebooks: Iterable[Path], lessons: Mapping[str, Lesson]) -> tuple[list[str], set[str]]:
    """Return the warnings on the notebooks, and the lessons that were begun."""
    warnings, begun, unbegun = [], set(), set()
    for path in notebooks:
        try:
            notebook = read_handed_in(path.read_bytes())
        except Unreadable as error:
            warnings.append(f"{path.name} cannot be read: {error}. Open it, save it, and submit again")
            continue
        name = lesson_of(path.name, notebook, lessons)
        if name is None:
            continue
        planned = transplant(lessons[name], notebook)
        if planned.untouched >= {each for each, points in lessons[name].exercises.items() if points}:
            unbegun.add(name)
        else:
            begun.add(name)
            warnings += [f"{path.name}: {warning}" for warning in _unsolved(notebook, planned)]
    if unbegun:
        warnings.append(f"nothing written yet in {ranges(_number(name) for name in unbegun)}")
    return warnings, begun


def _number(lesson: str) -> str:
    """Return the number of a lesson, or its name if it has none."""
    number = lesson.partition("_")[0]
    return number if number.isdecimal() else lesson


def _unsolved(notebook: Notebook, planned: Transplant) -> Iterator[str]:
    left = [name for name, points in planned.lesson.exercises.items() if points and name in planned.untouched]
    if left:
        yield f"not attempted: {', '.join(left)}"
    for step in planned.steps:
        stub_left = re.search(r"^\s*raise NotImplementedError\b", step.source, re.MULTILINE)
        if step.role == "answer" and stub_left and step.exercise not in planned.untouched:
            yield f"{step.exercise} still raises NotImplementedError"
    unchecked = [cell.exercise for cell in notebook.cells if cell.role == "check" and not cell.was_run]
    if unchecked:
        names = ", ".join(map(str, unchecked))
        yield f"the checks of {names} were not run before saving: you may not know your verdict"


def _pack(target: Path, folder: Path, files: list[Path]) -> None:
    """Write the zip, whole or not at all; the same files give the same bytes."""
    with replacing(target) as unfinished, zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EARLIEST)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())
