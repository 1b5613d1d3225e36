"""Submissions as they come: zips, folders and single notebooks become students and bytes. Nothing is unpacked.

Only notebooks are read, into memory and up to a limit, so that neither the names in a zip nor its size do anything.
"""

import re
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from enronlib import UserError
from enronlib.classroom.grading.lessons import Lesson
from enronlib.classroom.grading.names import COPY_OF, COURSE_SYSTEM, Student, find_student, namesakes, student_of
from enronlib.classroom.grading.reading import LARGEST, Notebook, Unreadable, read_handed_in
from enronlib.classroom.grading.report import made_here
from enronlib.corpus import natural_key

MOST_NOTEBOOKS = 100
MOST_LOOKS = 20
LARGEST_TOGETHER = 4 * LARGEST
ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
ASIDE = {"__MACOSX", ".ipynb_checkpoints", "site-packages", "node_modules", "solutions"}


@dataclass
class Submission:
    """What one student handed in: the notebook of each lesson, and what was odd about it."""

    student: str
    path: Path | None
    notebooks: dict[str, Notebook] = field(default_factory=dict)
    problem: str = ""
    """Why there is nothing to grade."""
    remarks: list[str] = field(default_factory=list)
    look: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    """The lessons whose notebook could not be read, with the reason."""


def find_submissions(paths: Sequence[Path], lessons: Mapping[str, Lesson]) -> tuple[list[Path], list[Path]]:
    """Return the files and folders that are submissions, and the files that are none.

    A folder in which lessons lie, and neither zips nor students' folders, is a submission; any other one holds
    submissions. Raises UserError if a path does not exist or nothing is found.
    """
    found: list[Path] = []
    others: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UserError(f"there is no {path}")
        for each in [path] if path.is_file() or _is_one(path, lessons) else _inside(path):
            handed_in = _handed_in(each)
            found += handed_in
            others += [] if handed_in else [each]
    if not found:
        raise UserError(
            f"no submission in {', '.join(str(path) for path in paths)}: a zip, a folder or a notebook each"
        )
    return found, others


def read_submission(path: Path, lessons: Mapping[str, Lesson]) -> Submission:
    """Return what a student handed in. Whatever the file is, this returns."""
    submission = Submission(_student(path, lessons), path)
    try:
        files = _Files(submission)
        entries = list(files.folder(path) if path.is_dir() else files.single(path))
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, EOFError) as error:
        submission.problem = f"{path.name} cannot be read: {_plainly(error)}"
    else:
        _sort(submission, entries, lessons)
    return submission


def assign(submissions: Iterable[Submission], roster: Sequence[Student] | None) -> list[Submission]:
    """Return one submission a student: the latest, with a remark, and an empty one for who handed nothing in.

    With a roster its names and order count; who is not on it comes behind, to be looked at.
    """
    students = list(roster or ())
    groups: dict[tuple[str, Path | None], list[Submission]] = {(student.name, None): [] for student in students}
    for each in submissions:
        unsure = roster is not None and not _place(each, students)
        alone = each.path if unsure else None  # of two who are called the same neither counts for the other
        groups.setdefault((each.student, alone), []).append(each)
    return [_latest(name, group) for (name, _), group in groups.items()]


def _place(submission: Submission, roster: list[Student]) -> bool:
    """Give a submission the name its student has on the roster; return False if several there are called so."""
    called = submission.student
    student, guessed = find_student(called, roster)
    same = namesakes(called, roster)
    if len(same) > 1:
        who = f"{len(same)} on the roster are called {same[0].name}: cannot tell whose this is"
        submission.look.append(f"{who} ({_file(submission.path)})")
    elif student is None:
        submission.look.append(f"not on the roster ({_file(submission.path)})")
    else:
        if guessed:
            submission.look.append(f"handed in as {called}, taken for {student.name}")
        submission.student = student.name
    return len(same) < 2


def _file(path: Path | None) -> str:
    """Return the file of a submission as its course system would find it: Moodle's folder tells whose it is."""
    parts = path.absolute().parts if path else ()
    return f"file {'/'.join(parts[-2:] if parts and COURSE_SYSTEM.match(parts[-2]) else parts[-1:])}"


def _latest(name: str, group: Sequence[Submission]) -> Submission:
    if not group:
        return Submission(name, None, problem="nothing was handed in")
    *earlier, latest = sorted(
        group, key=lambda each: (_time(each.path), natural_key(each.path.name if each.path else ""))
    )
    if all(each.path and each.path.suffix.lower() == ".ipynb" for each in group):
        return _together([*earlier, latest])
    if earlier:
        count = f"{len(group)} submissions; the latest was graded: {latest.path.name if latest.path else ''}"
        latest.look.append(count)
        latest.remarks.append(f"You handed in {count}.")
    return latest


def _together(singles: Sequence[Submission]) -> Submission:
    """Return one submission of notebooks that were handed in one by one; of two for one lesson the later counts."""
    whole = singles[-1]
    for earlier in reversed(singles[:-1]):
        twice = sorted(earlier.notebooks.keys() & whole.notebooks.keys())
        whole.look += [
            *earlier.look,
            *(f"{lesson} was handed in more than once; the latest was graded" for lesson in twice),
        ]
        whole.remarks += earlier.remarks
        whole.notebooks = earlier.notebooks | whole.notebooks
        whole.unreadable = earlier.unreadable | whole.unreadable
        whole.problem = "" if whole.notebooks else whole.problem
    return whole


class _Files:
    """Reads the notebooks of a submission, as pairs of name and bytes (or why there are none)."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.room = LARGEST_TOGETHER

    def single(self, path: Path) -> Iterator[tuple[str, bytes | Unreadable]]:
        if path.suffix.lower() in ARCHIVES:
            raise ValueError(f"a {path.suffix.lower()} file; ask for a zip")
        if path.suffix.lower() == ".ipynb":
            yield path.name, self.read(partial(path.open, "rb"))
            return
        with zipfile.ZipFile(path) as archive:
            yield from self.zip(archive)

    def folder(self, path: Path) -> Iterator[tuple[str, bytes | Unreadable]]:
        number = 0
        for each in sorted(_files(path), key=lambda file: file.relative_to(path).as_posix()):
            number += self._counts(each.name)
            if each.suffix.lower() == ".ipynb" and number <= MOST_NOTEBOOKS:
                yield each.relative_to(path).as_posix(), self.read(partial(each.open, "rb"))

    def zip(self, archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes | Unreadable]]:
        number = 0
        for entry in archive.infolist():
            name = entry.filename.replace("\\", "/")
            parts = PurePosixPath(name).parts
            if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name):
                self._look("the zip holds files with paths that lead out of it; they were left out")
            elif stat.S_ISLNK(entry.external_attr >> 16):
                self._look("the zip holds links; they were left out")
            elif not entry.is_dir() and not _aside(parts):
                number += self._counts(parts[-1] if parts else "")
                if name.lower().endswith(".ipynb") and number <= MOST_NOTEBOOKS:
                    yield name, self.read(partial(archive.open, entry))

    def read(self, opened: Callable[[], Any]) -> bytes | Unreadable:
        """Return a file's bytes, one more than a notebook may have at most, whatever size it claims to have."""
        try:
            with opened() as file:
                data = file.read(min(LARGEST, self.room) + 1)
        except Exception as error:  # a broken or hostile zip may raise almost anything
            return Unreadable(f"damaged or locked ({_plainly(error)})")
        self.room -= len(data)
        return data if self.room >= 0 else Unreadable("too much altogether: clear the outputs")

    def _counts(self, name: str) -> bool:
        """Tell whether a file is a notebook; remark on code that will not run, and have work in a wrapper looked at."""
        if name.lower().endswith(".ipynb"):
            return True
        if name.lower().endswith((".zip", *ARCHIVES)):
            self._look(f"not read: {name}: unpack it and grade again")
        elif ".ipynb." in name.lower():
            self._look(f"not read: {name}: let its name end in .ipynb and grade again")
        if name.endswith((".py", ".ini", ".toml", ".cfg")):
            remark = "Files beside the notebooks (.py, .ini and others) are not used in grading."
            self.submission.remarks += [remark] if remark not in self.submission.remarks else []
        return False

    def _look(self, reason: str) -> None:
        if reason not in self.submission.look and len(self.submission.look) < MOST_LOOKS:
            self.submission.look.append(reason)


def _sort(
    submission: Submission, entries: Sequence[tuple[str, bytes | Unreadable]], lessons: Mapping[str, Lesson]
) -> None:
    """Give each notebook to its lesson. Of two for one lesson that of the right name counts, else the last."""
    by_lesson: dict[str, list[tuple[str, Notebook]]] = {}
    for name, data in entries:
        short = PurePosixPath(name).name
        try:
            if isinstance(data, Unreadable):
                raise data
            notebook = read_handed_in(data)
        except Unreadable as error:
            submission.look.append(f"{short}: {error}")
            submission.remarks.append(f"{short} could not be read: {error}.")
            if lesson := lesson_of(short, Notebook(()), lessons):
                submission.unreadable[lesson] = str(error)
            continue
        lesson = lesson_of(short, notebook, lessons)
        if lesson is None and notebook.lesson is None:
            submission.remarks.append(f"{short} is no lesson.")
        elif lesson is None:
            continue  # the glossary, or a lesson without exercises
        else:
            by_lesson.setdefault(lesson, []).append((name, notebook))
    for lesson, found in by_lesson.items():
        found.sort(key=lambda pair: (PurePosixPath(pair[0]).stem == lesson, -pair[0].count("/"), natural_key(pair[0])))
        submission.notebooks[lesson] = found[-1][1]
        if len(found) > 1:
            submission.look.append(f"{len(found)} notebooks of {lesson}; {found[-1][0]} was graded")
    if not submission.notebooks and not submission.problem:
        unreadable = f" ({'; '.join(submission.look)})" if submission.look else ""
        submission.problem = f"no notebook of a lesson in it{unreadable}"


def lesson_of(name: str, notebook: Notebook, lessons: Mapping[str, Lesson]) -> str | None:
    """Return the lesson a notebook is: by what its metadata say, its file's name, or the exercises in it."""
    stem = PurePosixPath(name).stem
    plain = COPY_OF.sub("", stem).strip().casefold()
    for wanted in (notebook.lesson, stem):
        if wanted in lessons:
            return wanted
    for lesson in lessons:
        if plain.replace(" ", "_") == lesson.casefold() or lesson.casefold() in plain.replace(" ", "_"):
            return lesson
    scores = {lesson: _in_common(notebook, lessons[lesson]) for lesson in lessons}
    best = max(scores, key=lambda lesson: scores[lesson])
    return best if scores[best] else None


def _in_common(notebook: Notebook, lesson: Lesson) -> int:
    """Return how many cells of a notebook belong to exercises of a lesson: by name, id, or text."""
    special = [cell for cell in lesson.cells if cell.exercise in lesson.exercises]
    ids, given = {cell.id for cell in special}, {cell.given for cell in special}
    return sum(cell.exercise in lesson.exercises or cell.id in ids or cell.source in given for cell in notebook.cells)


def _is_one(folder: Path, lessons: Mapping[str, Lesson]) -> bool:
    """Tell whether a folder is what one student handed in: lessons lie in it, and nothing that another handed in.

    One zip beside several lessons is taken for the one that `submit` made of them.
    """
    loose = _lessons_in(folder, lessons)
    beside = [each for each in _inside(folder) if each.suffix.lower() != ".ipynb" and each.name != "notebooks"]
    folders = [each for each in beside if each.is_dir() and _lessons_in(each, lessons)]
    zips = [each for each in beside if not each.is_dir() and _is_submission(each)]
    return bool(loose) and not folders and len(zips) <= (len(loose) > 1)


def _handed_in(path: Path) -> list[Path]:
    """Return the submissions that a file or folder in an inbox is: none if it is something else, such as feedback."""
    if not path.is_dir():
        return [path] if _is_submission(path) else []
    if any(_notebooks(path)):
        return [path]
    zips = list(filter(_is_submission, _inside(path)))  # a course system makes a folder for each student's zip
    return zips or ([] if any(map(made_here, path.glob("*.md"))) else [path])


def _lessons_in(folder: Path, lessons: Mapping[str, Lesson]) -> list[Path]:
    known = {lesson.casefold() for lesson in lessons}
    files = [each for place in (folder, folder / "notebooks") if place.is_dir() for each in _inside(place)]
    books = [each for each in files if each.suffix.lower() == ".ipynb"]
    return [each for each in books if COPY_OF.sub("", each.stem).casefold() in known]


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files anywhere in a folder, but for links, hidden ones and those where no student writes."""
    for each in folder.rglob("*"):
        if not each.is_symlink() and each.is_file() and not _aside(each.relative_to(folder).parts):
            yield each


def _notebooks(folder: Path) -> Iterator[Path]:
    return (each for each in _files(folder) if each.suffix.lower() == ".ipynb")


def _is_submission(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix in (".ipynb", ".zip", *ARCHIVES) or (
        suffix not in (".csv", ".xlsx", ".docx") and zipfile.is_zipfile(path)
    )


def _aside(parts: Sequence[str]) -> bool:
    """Tell whether a file lies where no student writes, or is hidden."""
    return any(part in ASIDE or part.startswith(".") for part in parts)


def _plainly(error: Exception) -> str:
    """Return an error in words, without paths of this computer."""
    if isinstance(error, zipfile.BadZipFile):
        return "not a zip, or a damaged one"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _time(path: Path | None) -> float:
    """Return when a submission was last changed: for a folder its newest notebook; 0 where that cannot be told."""
    if path is None:
        return 0.0
    try:
        return max((each.stat().st_mtime for each in (_notebooks(path) if path.is_dir() else [path])), default=0.0)
    except OSError:  # a link that leads nowhere
        return 0.0


def _inside(folder: Path) -> list[Path]:
    """Return what lies in a folder, in order, but for hidden and temporary things."""
    shown = [each for each in folder.iterdir() if not each.name.startswith((".", "~$")) and each.name not in ASIDE]
    return sorted(shown, key=lambda each: natural_key(each.name))


def _student(path: Path, lessons: Mapping[str, Lesson]) -> str:
    """Return whose submission this is; a notebook called as its lesson belongs to whom its folder is named after."""
    name = student_of(path)
    if path.suffix.lower() == ".ipynb":
        for lesson in lessons:
            if lesson.casefold() in name.casefold():
                rest = re.sub(re.escape(lesson), "", name, flags=re.IGNORECASE)
                return rest.strip(" _-") or student_of(path.resolve().parent)
    return name
