"""Check lessons and report everything that is wrong with them: `python -m enronlib build --check`."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from enronlib import UserError
from enronlib.classroom.answer import Answer, NotYet
from enronlib.classroom.authoring.build import lesson_files, solved_notebook, student_copy
from enronlib.classroom.authoring.lint import LARGEST_NOTEBOOK, anatomy_problems, output_problems, structure_problems
from enronlib.classroom.authoring.notebook import notebook_bytes
from enronlib.classroom.authoring.rehearsal import inside, known_answer, rehearse
from enronlib.classroom.authoring.sources import LessonSource, Problem, choose_sources, read_sources
from enronlib.classroom.exercise import Exercise, Right, Wrong
from enronlib.classroom.exercises import all_exercises, exercises_of
from enronlib.classroom.extras import missing_extra
from enronlib.classroom.mail import Mail
from enronlib.classroom.surroundings import silence
from enronlib.classroom.verdict import Status, Verdict
from enronlib.processes import environment

__all__ = [
    "check_lessons",
    "file_problems",
    "project_problems",
    "rehearsal_problems",
    "right_answer_problems",
    "wrong_answer_problems",
]


def check_lessons(root: Path, lessons: Collection[str] = ()) -> Iterator[str]:
    """Yield everything that is wrong with lessons, one line a problem: file, line of the source, what is wrong.

    `lessons` are names or the beginnings of names; none means all, and the project as a whole.
    """
    sources = read_sources(root)
    try:
        all_exercises()
    except ValueError as error:  # an exercise without hints, or two with one name
        yield f"enronlib/classroom/exercises: {error}"
        return
    if not lessons:
        yield from project_problems(root, sources)
    for source in choose_sources(sources, lessons):
        try:
            yield from map(source.locate, lesson_problems(source, sources))
        except UserError as error:  # a source that is not MyST Markdown, a notebook that is not a notebook
            yield str(error)


def lesson_problems(source: LessonSource, sources: Mapping[str, LessonSource]) -> Iterator[Problem]:
    """Yield everything that is wrong with one lesson. `sources` are all lessons, in order.

    The exercises of a lesson that needs an extra are tried only where it is installed.
    """
    structure = list(structure_problems(source))
    yield from structure
    solved = solved_notebook(source, sources)
    yield from anatomy_problems(source.name, solved)
    yield from output_problems(solved)
    if structure:  # no copy can be made
        return
    yield from file_problems(lesson_files(source, sources))
    if missing_extra(source.name):
        return
    yield from rehearsal_problems(solved)
    yield from rehearsal_problems(student_copy(solved))
    for exercise in exercises_of(source.name):
        for wrong in exercise.wrong:
            yield from wrong_answer_problems(exercise, wrong)
        for right in exercise.right:
            yield from right_answer_problems(exercise, right)


def project_problems(root: Path, sources: Mapping[str, LessonSource]) -> Iterator[str]:
    """Yield generated notebooks without a source, and exercises without a lesson."""
    for path in sorted([*(root / "notebooks").glob("*.ipynb"), *(root / "notebooks/solutions").glob("*.ipynb")]):
        if path.stem not in sources:
            yield f"{path.relative_to(root).as_posix()}: it has no source; delete it"
    for exercise in all_exercises():
        if exercise.lesson not in sources:
            yield f"enronlib/classroom/exercises: {exercise.name}: there is no lesson {exercise.lesson}"


def file_problems(files: Mapping[Path, Any]) -> Iterator[Problem]:
    """Yield which notebooks are not what their source gives, or too large. `files` are the notebooks as built."""
    for path, book in files.items():
        shown = f"{path.parent.name}/{path.name}"
        if not path.is_file() or path.read_bytes() != notebook_bytes(book):
            yield Problem(None, f"{shown} is stale: run python -m enronlib build")
        elif path.stat().st_size > LARGEST_NOTEBOOK:
            yield Problem(None, f"{shown} has more than {LARGEST_NOTEBOOK:,} bytes: store smaller outputs")


def rehearsal_problems(book: Any) -> Iterator[Problem]:
    """Yield the exercises whose check is not "Correct" when solved, or not "Not attempted" in the student's copy."""
    solved = book.metadata["enronlib"]["copy"] == "solution"
    try:
        with TemporaryDirectory() as folder, environment(ENRON_MAILDIR=None, MPLBACKEND="agg"), silence():
            verdicts = rehearse(book, Path(folder))
    except Exception as error:  # whatever the author's cells raise
        yield Problem(None, f"{'the solution' if solved else 'the copy'} fails: {type(error).__name__}: {error}")
        return
    for name, verdict in verdicts.items():
        check = f"check-{name}".replace(".", "-")
        said = f"{verdict.status}: {verdict.message.splitlines()[0]}"
        if solved and verdict.status is not Status.CORRECT:
            yield Problem(check, f"{name}: the solution counts as {said}")
        if not solved and verdict.status is not (Status.NOT_ATTEMPTED if verdict.points else Status.CORRECT):
            yield Problem(check, f"{name}: the untouched copy counts as {said}")


def wrong_answer_problems(exercise: Exercise, wrong: Wrong) -> Iterator[Problem]:
    """Yield what is wrong with the verdict on a known wrong answer."""
    expected: list[Any] = []

    def check(answer: Answer, mail: Mail) -> str:
        try:
            return exercise.check(answer, mail)
        except NotYet as not_yet:
            expected.append(not_yet.expected)
            raise

    try:
        with TemporaryDirectory() as folder, inside(Path(folder)):
            verdict = replace(exercise, check=check).judge(known_answer(exercise, wrong))
    except Exception as error:  # such as edits that no longer fit the solution
        fault = f"cannot be made: {error}"
    else:
        fault = _fault(verdict, wrong.message, expected, folder)
    if fault:
        check_cell = f"check-{exercise.name}".replace(".", "-")
        yield Problem(check_cell, f"{exercise.name}: the wrong answer {wrong.what!r} {fault}")


def right_answer_problems(exercise: Exercise, right: Right) -> Iterator[Problem]:
    """Yield that the check refuses a known right answer."""
    try:
        with TemporaryDirectory() as folder, inside(Path(folder)):
            fault = str(exercise.judge(known_answer(exercise, right)))
    except Exception as error:  # such as edits that no longer fit the solution
        fault = f"cannot be made: {error}"
    if not fault.startswith(Status.CORRECT):
        check_cell = f"check-{exercise.name}".replace(".", "-")
        yield Problem(check_cell, f"{exercise.name}: the right answer {right.what!r} counts as {fault!r}")


def _fault(verdict: Verdict, required: str, expected: list[Any], folder: str) -> str:
    """Return what is wrong with the verdict on a wrong answer, empty if nothing is."""
    message = verdict.message
    advice = message.partition("\nNext step: ")[0].rpartition("; ")[2]
    secrets = [each if isinstance(each, str) else repr(each) for each in expected if each is not None]
    if verdict.status is not Status.NOT_YET:
        return f"counts as {verdict.status}"
    if required not in message or "could not read your answer" in message:
        return f"does not get the message {required!r} but {message!r}"
    if len(str(verdict).splitlines()) > 3:
        return f"gets a message of more than three lines: {message!r}"
    if folder in message:
        return f"gets a message with a path of this machine: {message!r}"
    if any(len(secret) >= 4 and secret in advice for secret in secrets):
        return f"gets a message with the expected answer: {message!r}"
    return ""
