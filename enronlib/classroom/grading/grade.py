"""Grade a class: every submission becomes a row, whatever it is, and the class always finishes."""

import contextlib
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

from tqdm import tqdm

from enronlib import UserError
from enronlib.classroom.grading import worker
from enronlib.classroom.grading.intake import Submission, assign, find_submissions, read_submission
from enronlib.classroom.grading.kept import Kept
from enronlib.classroom.grading.lessons import Lesson, choose_lessons, find_lessons, solutions_folder
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.grading.names import read_roster
from enronlib.classroom.grading.run import NOTHING_WRITTEN, Setting, run
from enronlib.classroom.grading.sandbox import Limits, Walls, walls
from enronlib.classroom.grading.scan import aliases, borrowed, tricks
from enronlib.classroom.grading.transplant import Transplant, defined, transplant
from enronlib.classroom.verdict import Status, Verdict
from enronlib.processes import default_start_method, start_fork_server

NOT_HANDED_IN = "the notebook of this lesson was not handed in"


class Stopped(KeyboardInterrupt):
    """Ctrl-C came while submissions were graded; the text says how many of them are kept: `7 of 18`."""


def grade(
    paths: Sequence[Path],
    *,
    roster: Path | None = None,
    jobs: int | None = None,
    seed: int | None = None,
    limits: Limits | None = None,
    kept: Path | None = None,
    anew: bool = False,
    lessons: Mapping[str, Lesson] | None = None,
    wanted: Collection[str] | None = None,
    behind: Walls | None = None,
    progress: bool = True,
) -> ClassMarks:
    """Grade the submissions at these paths: zips, folders, notebooks, or folders of them. None of them is changed.

    `roster` is a CSV of names; `jobs` the number of submissions at a time (default: half the cores); `seed` that of the
    mail the checks use; `lessons` the pristine ones (default: the kit's); `wanted` the names or first letters of those
    to grade (default: those in which somebody wrote something); `behind` the walls (default: the best there are).
    Finished submissions are written to the file `kept`, and those that are in it already are not run again, unless the
    class is graded `anew`. With `progress` each one is told on the screen. Raises UserError if there is nothing to
    grade, and Stopped at Ctrl-C.
    """
    if default_start_method() == "forkserver":
        start_fork_server(worker.__name__)  # pytest and all are loaded once, and meanwhile submissions are read
    known = find_lessons() if lessons is None else lessons
    chosen = choose_lessons(known, wanted) if wanted else {}
    students = read_roster(roster) if roster else None
    found, others = find_submissions(paths, known)
    submissions = assign((read_submission(path, known) for path in found), students)
    if students is None:
        submissions.sort(key=lambda each: each.student.casefold())
    notes = [f"Not a submission, left out: {', '.join(each.name for each in others)}."] if others else []
    if not chosen:
        chosen = _begun(known, submissions)
        notes += _left_out(known, chosen)
    _prepare(seed, chosen)
    setting = Setting(limits or Limits(), seed, _hidden(paths), behind or walls())
    store = Kept(kept, setting, chosen, anew=anew)
    if kept and not anew:
        notes.append(f"{store.progress(submissions)} taken from before")

    def one(submission: Submission, stop: Event) -> Marks:
        return store.of(submission) or grade_one(submission, chosen, setting, stop)

    points = sum(lesson.points for lesson in chosen.values())
    jobs = jobs or max((os.cpu_count() or 2) // 2, 1)
    try:
        rows = _all(submissions, one, store, jobs, points if progress else None)
    except KeyboardInterrupt:  # the first, or a second that came while what runs was ended
        raise Stopped(store.progress(submissions)) from None
    return ClassMarks(chosen, rows, [*notes, *filter(None, [setting.walls.missing])])


def grade_one(
    submission: Submission, lessons: Mapping[str, Lesson], setting: Setting, stop: Event | None = None
) -> Marks:
    """Grade one submission; whatever goes wrong in it is in the row."""
    if submission.problem:
        return _unread(submission, lessons)
    books = submission.notebooks
    planned = {name: transplant(lesson, books[name]) for name, lesson in lessons.items() if name in books}
    begun = {name: each for name, each in planned.items() if _wrote(each)}
    outcome = run(list(begun.values()), setting, stop)
    verdicts: list[Verdict] = []
    remarks = list(submission.remarks)
    for name, lesson in lessons.items():
        if name in begun:
            verdicts += [outcome.verdicts[exercise] for exercise in lesson.exercises]
        else:
            verdicts += _nothing(lesson, _why_not(submission, name, NOT_HANDED_IN))
        remarks += [f"{name}: {remark}" for remark in planned[name].remarks] if name in planned else []
    correct = {each.exercise for each in verdicts if each.status is Status.CORRECT}
    doubts = [*outcome.odd, *(doubt for each in begun.values() for doubt in _doubts(each, correct))]
    changed = [f"{name}: {each}" for name, plan in planned.items() for each in plan.look]
    # By gravity: what may have made a wrong answer pass, what was stopped or could not be read, whose it is.
    look = dict.fromkeys([*(f"{place}: {why}" for place, why in doubts), *changed, *outcome.look, *submission.look])
    return Marks(
        submission.student,
        "look" if look else "graded",
        tuple(verdicts),
        tuple(look),
        (*remarks, *outcome.remarks),
        tuple(sorted(correct & {place for place, _ in doubts})),
    )


def _wrote(planned: Transplant) -> bool:
    """Tell whether the student wrote something for points."""
    return any(points and name not in planned.untouched for name, points in planned.lesson.exercises.items())


def _doubts(planned: Transplant, correct: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield what is strange in the student's code, each with its exercise, or else its lesson."""
    known = aliases(step.source for step in planned.steps if step.is_students)
    for step in planned.steps:
        if step.is_students and step.exercise not in planned.untouched:
            places = [step.exercise] if step.exercise else planned.lesson.exercises
            for place in filter(correct.__contains__, places):
                asked = planned.lesson.defined_by(place)
                names = [name for name in asked if step.exercise or name in defined(step.source)]
                if names:
                    yield from ((place, ours) for ours in borrowed(step.source, names, known))
            yield from ((step.exercise or planned.lesson.name, trick) for trick in tricks(step.source))


def _unread(submission: Submission, lessons: Mapping[str, Lesson]) -> Marks:
    verdicts = [
        each
        for name, lesson in lessons.items()
        for each in _nothing(lesson, _why_not(submission, name, submission.problem))
    ]
    look = (submission.problem, *submission.look) if submission.path else ()
    remarks = (f"Nothing was graded: {submission.problem}.", *submission.remarks)
    return Marks(submission.student, "unreadable" if submission.path else "missing", tuple(verdicts), look, remarks)


def _why_not(submission: Submission, lesson: str, otherwise: str) -> str:
    """Return why a lesson was not run."""
    if lesson in submission.notebooks:
        return NOTHING_WRITTEN
    return f"could not be read: {submission.unreadable[lesson]}" if lesson in submission.unreadable else otherwise


def _nothing(lesson: Lesson, why: str) -> list[Verdict]:
    return [Verdict(name, Status.NOT_ATTEMPTED, why, points) for name, points in lesson.exercises.items()]


def _all(
    submissions: Sequence[Submission],
    one: Callable[[Submission, Event], Marks],
    store: Kept,
    jobs: int,
    points: int | None,
) -> list[Marks]:
    """Grade all, some at a time; an error of ours costs one row, and Ctrl-C keeps what is finished.

    Where the points to be had are given, progress is shown: a bar, or a line each where there is no terminal.
    """
    stop = Event()
    done: dict[int, Marks] = {}
    with (
        ThreadPoolExecutor(jobs) as pool,
        tqdm(total=len(submissions), unit="submission", disable=True if points is None else None) as bar,
    ):
        waiting = {pool.submit(one, each, stop): number for number, each in enumerate(submissions)}
        try:
            for future in _finished(waiting):
                number = waiting[future]
                try:
                    done[number] = future.result()
                    store.keep(submissions[number], done[number])
                except Exception as error:
                    reason = f"grading itself failed ({type(error).__name__}: {error}); please report this"
                    done[number] = Marks(submissions[number].student, "failed", (), (reason,))
                bar.update()
                if points is not None and not sys.stderr.isatty():
                    row = done[number]
                    earned = f"{row.points}/{points}" if row.was_graded else row.status
                    print(f"{len(done)} of {len(submissions)}  {row.student}  {earned}", file=sys.stderr, flush=True)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [done[number] for number in range(len(submissions))]


def _finished(waiting: Mapping[Future[Marks], int]) -> Iterator[Future[Marks]]:
    """Yield futures as they finish; woken often, so that Ctrl-C is heard on every system."""
    left = set(waiting)
    while left:
        finished, left = wait(left, timeout=0.5, return_when=FIRST_COMPLETED)
        yield from finished


def _begun(known: Mapping[str, Lesson], submissions: Sequence[Submission]) -> dict[str, Lesson]:
    """Return the lessons in which somebody wrote something; if nobody did, those handed in.

    What could not be read counts as begun: nobody knows.
    """
    worth = {name: lesson for name, lesson in known.items() if lesson.points}
    begun = {
        name: lesson
        for name, lesson in worth.items()
        if any(
            name in each.unreadable or (name in each.notebooks and _wrote(transplant(lesson, each.notebooks[name])))
            for each in submissions
        )
    }
    handed_in = {name: lesson for name, lesson in worth.items() if any(name in each.notebooks for each in submissions)}
    return begun or handed_in or dict(known)


def _left_out(known: Mapping[str, Lesson], chosen: Mapping[str, Lesson]) -> Iterator[str]:
    """Yield which lessons were graded, where nobody began the others."""
    if any(lesson.points and name not in chosen for name, lesson in known.items()):
        numbers = ", ".join(name.partition("_")[0] for name in chosen)
        yield f"graded: {numbers} (nobody began the others; --lessons changes that)"


def _prepare(seed: int | None, lessons: Mapping[str, Lesson]) -> None:
    """Make the sample mail and the list of fonts, which no submission may write but all of the kit's read."""
    if not any("enronlib" in cell.full for lesson in lessons.values() for cell in lesson.cells):
        return
    import matplotlib.font_manager  # noqa: F401  imported for what it writes

    from enronlib.classroom.mail import SEED, maildir_of
    from enronlib.sample import sample_maildir

    sample_maildir()
    maildir_of(SEED if seed is None else seed)


def _hidden(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders no submission may see: those of all submissions, and the solved lessons."""
    folders = [path if path.is_dir() else path.resolve().parent for path in paths]
    with contextlib.suppress(UserError):
        folders.append(solutions_folder())
    return tuple(folder.resolve() for folder in folders)
