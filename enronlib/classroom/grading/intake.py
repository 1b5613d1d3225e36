"""Submissions as they arrive: zips, folders and single notebooks, each read and given to a student.

Nothing is unpacked. Only notebooks are read, into memory and up to a limit, so that neither the paths in a zip nor its
claimed sizes can do harm.
"""

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from enronlib import UserError
from enronlib.classroom.grading.formatting import printable
from enronlib.classroom.grading.lessons import Lesson
from enronlib.classroom.grading.names import COPY_OF, key
from enronlib.classroom.grading.reading import LARGEST, Notebook, Unreadable, read_handed_in
from enronlib.classroom.grading.roster import Roster
from enronlib.classroom.grading.senders import Sender, is_no_work, sender_of
from enronlib.corpus import natural_key

__all__ = ["FEEDBACK_MARK", "Submission", "assign", "find_submissions", "is_feedback", "lesson_of", "read_submission"]

MOST_NOTEBOOKS = 100
MOST_LOOKS = 20
LARGEST_TOGETHER = 4 * LARGEST
ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
IGNORED = {"__MACOSX", ".ipynb_checkpoints", "site-packages", "node_modules", "solutions"}
FEEDBACK_MARK = "<!-- Written by enronlib: the next grading into this folder replaces this page. -->"

NOBODY = Sender("")

File = tuple[str, Callable[[], Any]]  # its name in the submission, and a function that opens it


@dataclass
class Submission:
    """What one student handed in: the notebook of each lesson, and anything unusual about it."""

    student: str
    """The name in the student's row, which no other row has."""
    path: Path | None
    notebooks: dict[str, Notebook] = field(default_factory=dict)
    problem: str = ""
    """Why there is nothing to grade."""
    remarks: list[str] = field(default_factory=list)
    look: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    """The lessons whose notebook could not be read, with the reason."""
    sender: Sender = NOBODY

    def add_look(self, reason: str) -> None:
        """Add a reason to look, once; a hostile zip cannot fill the table."""
        if reason not in self.look and len(self.look) < MOST_LOOKS:
            self.look.append(reason)


def is_feedback(page: Path) -> bool:
    """Return whether a file is a feedback page, of this grading or an earlier one."""
    return page.is_file() and page.read_bytes().startswith(FEEDBACK_MARK.encode())


def find_submissions(paths: Sequence[Path], lessons: Mapping[str, Lesson]) -> tuple[list[Path], list[Path]]:
    """Return the files and folders that are submissions, and those that are not.

    A folder with lessons in it, but neither zips nor students' folders, is a submission; any other folder holds
    submissions. Raises UserError if a path does not exist or nothing is found.
    """
    found: list[Path] = []
    others: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UserError(f"there is no {path}")
        for each in [path] if path.is_file() or _is_one_students(path, lessons) else _visible(path):
            handed_in = _submissions_at(each)
            found += handed_in
            others += [] if handed_in or is_no_work(each) else [each]
    if not found:
        where = ", ".join(map(str, paths))
        raise UserError(f"no submission in {where}: a submission is a zip, a folder or a notebook")
    return found, others


def read_submission(path: Path, lessons: Mapping[str, Lesson]) -> Submission:
    """Return what a student handed in, whatever the file is."""
    sender = _sender(path, lessons)
    submission = Submission(sender.name, path, sender=sender)
    try:
        entries = list(_notebooks_of(submission, path))
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, EOFError) as error:
        submission.problem = f"{path.name} cannot be read: {_plainly(error)}"
    else:
        _read_into(submission, entries, lessons)
    return submission


def assign(submissions: Iterable[Submission], roster: Roster | None) -> list[Submission]:
    """Return one submission per student: the latest, or an empty one for a student who handed nothing in.

    With a roster, its names and order are used; submissions by others come last, to be looked at. Two accounts are
    never one person, and a guess counts only for a student who handed in nothing else.
    """
    submissions = list(submissions)
    groups: dict[str, list[Submission]] = {student.name: [] for student in roster.students} if roster else {}
    strangers = _match(submissions, roster, groups) if roster else _by_sender(submissions)
    rows = [_latest(name, group) for name, group in groups.items()]
    for group in strangers:
        rows.append(_latest(group[0].student, group))
        rows[-1].student = _unused(rows[-1], {row.student for row in rows[:-1]})
    return rows


def _by_sender(submissions: Iterable[Submission]) -> list[list[Submission]]:
    """Return the submissions of each account, or of each name where there is no account."""
    groups: dict[object, list[Submission]] = {}
    for each in submissions:
        groups.setdefault(each.sender.account or each.student, []).append(each)
    return list(groups.values())


def _match(
    submissions: Sequence[Submission], roster: Roster, groups: dict[str, list[Submission]]
) -> list[list[Submission]]:
    """Add to each student's group what is certainly theirs, then guesses. Return the other submissions, by sender."""
    unclear, maybe = [], []
    for each in submissions:
        found = roster.matches(each.sender)
        if len(found) == 1:
            groups[found[0].name].append(each)
        elif found:
            who = f"{len(found)} students on the roster are called {found[0].name}: unclear whose this is"
            each.look.append(f"{who} ({_location(each.path)})")
            unclear.append(each)
        else:
            maybe.append(each)
    for name, group in groups.items():
        if len({each.sender.account for each in group if each.sender.account}) > 1:
            for each in group:
                each.look.append(f"handed in from several accounts as {name}: unclear whose is whose")
            unclear += group
            groups[name] = []
    others = _guess(maybe, roster, groups)
    return [*([each] for each in unclear), *_by_sender(others)]


def _guess(submissions: Sequence[Submission], roster: Roster, groups: dict[str, list[Submission]]) -> list[Submission]:
    """Add to the group of each student without work what may be theirs; return what is nobody's on the roster."""
    others = []
    guesses: dict[str, list[Submission]] = {}
    for each in submissions:
        guess = roster.guess(each.sender)
        guesses.setdefault(guess.name if guess else "", []).append(each)
    for name, group in guesses.items():
        people = {(key(each.sender.name), each.sender.account) for each in group}
        certain = bool(name) and not groups[name] and len(people) == 1
        for each in group:
            if certain:
                each.look.append(f"handed in as {each.sender.name}, matched to {name}")
            else:
                nearest = f"; the nearest name there is {name}" if name else ""
                each.look.append(f"not on the roster ({_location(each.path)}){nearest}")
        if certain:
            groups[name] = group
        else:
            others += group
    return others


def _unused(submission: Submission, taken: Collection[str]) -> str:
    """Return the name for a row: with the account, or else a number, if another row has the name."""
    name, account = submission.student, submission.sender.account
    if name in taken and account:
        name = f"{name} ({account.id})"
    number = 2
    while name in taken:
        name, number = f"{submission.student} ({number})", number + 1
    return name


def _location(path: Path | None) -> str:
    """Return the file of a submission, with Moodle's folder, which identifies the student there."""
    parts = path.absolute().parts if path else ()
    in_moodles = len(parts) > 1 and "_assignsubmission_" in parts[-2]
    return f"file {printable('/'.join(parts[-2:] if in_moodles else parts[-1:]))}"


def _latest(name: str, group: Sequence[Submission]) -> Submission:
    if not group:
        return Submission(name, None, problem="nothing was handed in")
    group = sorted(group, key=lambda each: (_time(each.path), natural_key(each.path.name if each.path else "")))
    if all(each.path and each.path.suffix.lower() == ".ipynb" for each in group):
        latest = _together(group)
    else:
        latest = group[-1]
        if len(group) > 1:
            count = f"{len(group)} submissions; the latest was graded: {latest.path.name if latest.path else ''}"
            latest.look.append(printable(count))
            latest.remarks.append(f"You handed in {count}.")
    latest.student = name
    return latest


def _together(singles: Sequence[Submission]) -> Submission:
    """Return one submission for notebooks handed in one by one; of two for the same lesson, the later one is kept."""
    whole = singles[-1]
    for earlier in reversed(singles[:-1]):
        twice = sorted(earlier.notebooks.keys() & whole.notebooks.keys())
        whole.look += earlier.look
        whole.look += [f"{lesson} was handed in more than once; the latest was graded" for lesson in twice]
        whole.remarks += earlier.remarks
        whole.notebooks = earlier.notebooks | whole.notebooks
        whole.unreadable = earlier.unreadable | whole.unreadable
        whole.problem = "" if whole.notebooks else whole.problem
    return whole


def _notebooks_of(submission: Submission, path: Path) -> Iterator[tuple[str, bytes | Unreadable]]:
    """Yield the name and content of each notebook in a submission; the content may be the reason why there is none."""
    suffix = path.suffix.lower()
    if path.is_dir():
        files = sorted((each.relative_to(path).as_posix(), each) for each in _files(path))
        yield from _read_notebooks(submission, ((name, partial(each.open, "rb")) for name, each in files))
    elif suffix in ARCHIVES:
        raise ValueError(f"a {suffix} file; ask for a zip")
    elif suffix == ".ipynb":
        yield from _read_notebooks(submission, [(path.name, partial(path.open, "rb"))])
    else:
        with zipfile.ZipFile(path) as archive:
            yield from _read_notebooks(submission, _files_in_zip(submission, archive))


def _files_in_zip(submission: Submission, archive: zipfile.ZipFile) -> Iterator[File]:
    for entry in archive.infolist():
        name = entry.filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name):
            submission.add_look("the zip has paths that lead out of it; those files were ignored")
        elif stat.S_ISLNK(entry.external_attr >> 16):
            submission.add_look("the zip has symbolic links; they were ignored")
        elif not entry.is_dir() and not _is_ignored(parts):
            yield name, partial(archive.open, entry)


def _read_notebooks(submission: Submission, files: Iterable[File]) -> Iterator[tuple[str, bytes | Unreadable]]:
    room, number = LARGEST_TOGETHER, 0
    for name, opened in files:
        if not name.lower().endswith(".ipynb"):
            _note_other_file(submission, PurePosixPath(name).name)
            continue
        number += 1
        if number > MOST_NOTEBOOKS:
            continue
        try:
            with opened() as file:
                data = file.read(min(LARGEST, room) + 1)  # one byte too many shows that it is too large
        except Exception as error:  # a broken or hostile zip can raise almost anything
            yield name, Unreadable(_plainly(error))
            continue
        room -= len(data)
        yield name, data if room >= 0 else Unreadable("the notebooks together are too large: clear the outputs")


def _note_other_file(submission: Submission, name: str) -> None:
    """Note code that will not run, and work that could not be read because of its wrapper."""
    if name.lower().endswith((".zip", *ARCHIVES)):
        submission.add_look(f"not read: {name}: unpack it and grade again")
    elif ".ipynb." in name.lower():
        submission.add_look(f"not read: {name}: rename it to end in .ipynb and grade again")
    remark = "Files beside the notebooks (.py, .ini and others) are not used in grading."
    if name.endswith((".py", ".ini", ".toml", ".cfg")) and remark not in submission.remarks:
        submission.remarks.append(remark)


def _read_into(
    submission: Submission, entries: Sequence[tuple[str, bytes | Unreadable]], lessons: Mapping[str, Lesson]
) -> None:
    """Add each notebook under its lesson. Of two for one lesson, the one with the lesson's name wins, else the last."""
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
        if lesson := lesson_of(short, notebook, lessons):
            by_lesson.setdefault(lesson, []).append((name, notebook))
        elif notebook.lesson is None:  # not the glossary either, nor a lesson without exercises
            submission.remarks.append(f"{short} is not a lesson.")
    for lesson, found in by_lesson.items():
        found.sort(key=lambda pair: (PurePosixPath(pair[0]).stem == lesson, -pair[0].count("/"), natural_key(pair[0])))
        submission.notebooks[lesson] = found[-1][1]
        if len(found) > 1:
            submission.look.append(f"{len(found)} notebooks of {lesson}; {found[-1][0]} was graded")
    if not submission.notebooks:
        unreadable = f" ({'; '.join(submission.look)})" if submission.look else ""
        submission.problem = f"no lesson notebook found{unreadable}"


def lesson_of(name: str, notebook: Notebook, lessons: Mapping[str, Lesson]) -> str | None:
    """Return the lesson of a notebook, by its metadata, its file name, or the exercises in it."""
    stem = PurePosixPath(name).stem
    for wanted in (notebook.lesson, stem):
        if wanted in lessons:
            return wanted
    plain = COPY_OF.sub("", stem).strip().casefold().replace(" ", "_")
    for lesson in lessons:
        if lesson.casefold() in plain:
            return lesson
    scores = {name: _in_common(notebook, lesson) for name, lesson in lessons.items()}
    best = max(scores, key=lambda lesson: scores[lesson])
    return best if scores[best] else None


def _in_common(notebook: Notebook, lesson: Lesson) -> int:
    """Return how many cells of a notebook belong to exercises of a lesson: by name, id, or text."""
    special = [cell for cell in lesson.cells if cell.exercise in lesson.exercises]
    known = {*lesson.exercises, *(cell.id for cell in special), *(cell.given for cell in special)}
    return sum(not known.isdisjoint((cell.exercise, cell.id, cell.source)) for cell in notebook.cells)


def _is_one_students(folder: Path, lessons: Mapping[str, Lesson]) -> bool:
    """Return whether a folder is one student's work: it has lessons in it, and nobody else's submission.

    One zip beside several lessons is assumed to be what `submit` made of them.
    """
    loose = _lessons_in(folder, lessons)
    beside = [each for each in _visible(folder) if each.suffix.lower() != ".ipynb" and each.name != "notebooks"]
    folders = any(each.is_dir() and _lessons_in(each, lessons) for each in beside)
    zips = sum(not each.is_dir() and _is_submission_file(each) for each in beside)
    return bool(loose) and not folders and zips <= (len(loose) > 1)


def _submissions_at(path: Path) -> list[Path]:
    """Return the submissions in a file or folder of an inbox: none if it is something else, such as feedback."""
    if not path.is_dir():
        return [path] if _is_submission_file(path) else []
    if is_no_work(path):
        return []
    if any(_files(path, ".ipynb")):
        return [path]
    zips = list(filter(_is_submission_file, _visible(path)))  # a course system makes a folder for each student's zip
    return zips or ([] if any(map(is_feedback, path.glob("*.md"))) else [path])


def _lessons_in(folder: Path, lessons: Mapping[str, Lesson]) -> list[Path]:
    known = {lesson.casefold() for lesson in lessons}
    files = [each for place in (folder, folder / "notebooks") if place.is_dir() for each in _visible(place)]
    books = [each for each in files if each.suffix.lower() == ".ipynb"]
    return [each for each in books if COPY_OF.sub("", each.stem).casefold() in known]


def _files(folder: Path, suffix: str = "") -> Iterator[Path]:
    """Return the files anywhere in a folder, except links, hidden files and those that no student writes."""
    found = (each for each in folder.rglob("*") if not _is_ignored(each.relative_to(folder).parts))
    return (each for each in found if each.name.lower().endswith(suffix) and not each.is_symlink() and each.is_file())


def _visible(folder: Path) -> list[Path]:
    """Return the entries of a folder in order, except hidden and temporary ones."""
    shown = [each for each in folder.iterdir() if not each.name.startswith((".", "~$")) and each.name not in IGNORED]
    return sorted(shown, key=lambda each: natural_key(each.name))


def _is_ignored(parts: Sequence[str]) -> bool:
    return any(part in IGNORED or part.startswith(".") for part in parts)


def _is_submission_file(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix in (".ipynb", ".zip", *ARCHIVES):
        return True
    return suffix not in (".csv", ".xlsx", ".docx") and zipfile.is_zipfile(path)


def _plainly(error: Exception) -> str:
    """Return an error in words, without paths of this computer."""
    if isinstance(error, RuntimeError) and "password" in str(error):
        return "locked with a password"
    if isinstance(error, zipfile.BadZipFile | zlib.error | EOFError):
        return "not a zip, or a damaged one"
    return (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__


def _time(path: Path | None) -> float:
    """Return when a submission was last changed: for a folder its newest notebook; 0 if that is unknown."""
    try:
        files = _files(path, ".ipynb") if path and path.is_dir() else filter(None, [path])
        return max((each.stat().st_mtime for each in files), default=0.0)
    except OSError:  # a broken link
        return 0.0


def _sender(path: Path, lessons: Mapping[str, Lesson]) -> Sender:
    """Return whose submission this is; a notebook named like its lesson belongs to the student its folder is for."""
    sender = sender_of(path)
    if path.suffix.lower() == ".ipynb" and not sender.account:
        for lesson in lessons:
            if lesson.casefold() in sender.name.casefold():
                rest = re.sub(re.escape(lesson), "", sender.name, flags=re.IGNORECASE).strip(" _-")
                return Sender(rest) if rest else sender_of(path.resolve().parent)
    return sender
