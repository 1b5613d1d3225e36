"""Grade a class: every submission becomes a row, whatever it is, and the class always finishes."""

import contextlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

from tqdm import tqdm

from enronlib import UserError
from enronlib.classroom.grading.intake import Submission, assign, find_submissions, read_submission
from enronlib.classroom.grading.kept import Kept
from enronlib.classroom.grading.lessons import Lesson, choose_lessons, find_lessons, solutions_folder
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.grading.names import read_roster
from enronlib.classroom.grading.run import Setting, run
from enronlib.classroom.grading.sandbox import Limits, Walls, walls
from enronlib.classroom.grading.scan import tricks
from enronlib.classroom.grading.transplant import transplant
from enronlib.classroom.verdict import Status, Verdict

NOT_HANDED_IN = "the notebook of this lesson was not handed in"


def grade(
    paths: Sequence[Path],
    *,
    roster: Path | None = None,
    jobs: int | None = None,
    seed: int | None = None,
    limits: Limits | None = None,
    kept: Path | None = None,
    lessons: Mapping[str, Lesson] | None = None,
    wanted: Collection[str] | None = None,
    behind: Walls | None = None,
    progress: bool = True,
) -> ClassMarks:
    """Grade the submissions at these paths: zips, folders, notebooks, or folders of them. None of them is changed.

    `roster` is a CSV of names; `jobs` the number of submissions at a time (default: half the cores); `seed` that of the
    mail the checks use; `lessons` the pristine ones (default: the kit's); `wanted` the names or first letters of those
    to grade (default: those that somebody handed in); `behind` the walls (default: the best there are). Finished
    submissions are written to the file `kept`, and those that are in it already are not run again. Raises UserError if
    there is nothing to grade.
    """
    known = find_lessons() if lessons is None else lessons
    chosen = choose_lessons(known, wanted) if wanted else {}
    students = read_roster(roster) if roster else None
    found, others = find_submissions(paths, known)
    submissions = assign((read_submission(path, known) for path in found), students)
    if students is None:
        submissions.sort(key=lambda each: each.student.casefold())
    if not chosen:
        handed_in = {name for each in submissions for name in each.notebooks}
        chosen = {name: lesson for name, lesson in known.items() if name in handed_in and lesson.points} or dict(known)
    _prepare(seed, chosen)
    setting = Setting(limits or Limits(), seed, _hidden(paths), behind or walls())
    store = Kept(kept, setting, chosen)

    def one(submission: Submission, stop: Event) -> Marks:
        return store.of(submission) or grade_one(submission, chosen, setting, stop)

    rows = _all(submissions, one, store, jobs or max((os.cpu_count() or 2) // 2, 1), progress)
    notes = [f"Not a submission, left out: {', '.join(each.name for each in others)}."] if others else []
    return ClassMarks(chosen, rows, [*notes, *filter(None, [setting.walls.missing])])


def grade_one(
    submission: Submission, lessons: Mapping[str, Lesson], setting: Setting, stop: Event | None = None
) -> Marks:
    """Grade one submission; whatever goes wrong in it is in the row."""
    if submission.problem:
        return _unread(submission, lessons)
    books = submission.notebooks
    planned = {name: transplant(lesson, books[name]) for name, lesson in lessons.items() if name in books}
    outcome = run(list(planned.values()), setting, stop)
    verdicts: list[Verdict] = []
    look, remarks = list(submission.look), list(submission.remarks)
    for name, lesson in lessons.items():
        if name not in planned:
            verdicts += _nothing(lesson, NOT_HANDED_IN)
            continue
        verdicts += [outcome.verdicts[exercise] for exercise in lesson.exercises]
        remarks += [f"{name}: {remark}" for remark in planned[name].remarks]
        look += [f"{name}: {trick}" for trick in (*planned[name].look, *tricks(planned[name].written))]
    return Marks(submission.student, "graded", tuple(verdicts), (*look, *outcome.look), tuple(remarks))


def _unread(submission: Submission, lessons: Mapping[str, Lesson]) -> Marks:
    verdicts = [each for lesson in lessons.values() for each in _nothing(lesson, submission.problem)]
    look = (submission.problem, *submission.look) if submission.path else ()
    remarks = (f"Nothing was graded: {submission.problem}.", *submission.remarks)
    return Marks(submission.student, "unreadable" if submission.path else "missing", tuple(verdicts), look, remarks)


def _nothing(lesson: Lesson, why: str) -> list[Verdict]:
    return [Verdict(name, Status.NOT_ATTEMPTED, why, points) for name, points in lesson.exercises.items()]


def _all(
    submissions: Sequence[Submission], one: Callable[[Submission, Event], Marks], store: Kept, jobs: int, progress: bool
) -> list[Marks]:
    """Grade all, some at a time; an error of ours costs one row, and Ctrl-C keeps what is finished."""
    stop = Event()
    done: dict[int, Marks] = {}
    with (
        ThreadPoolExecutor(jobs) as pool,
        tqdm(total=len(submissions), unit="submission", disable=None if progress else True) as bar,
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


def _prepare(seed: int | None, lessons: Mapping[str, Lesson]) -> None:
    """Make the sample mail and the list of fonts, which no submission may write but all of the kit's read."""
    if not any("enronlib" in cell.full for lesson in lessons.values() for cell in lesson.cells):
        return
    import matplotlib.font_manager  # noqa: F401, PLC0415  imported for what it writes

    from enronlib.classroom.mail import SEED, _maildir  # noqa: PLC0415
    from enronlib.sample import sample_maildir  # noqa: PLC0415

    sample_maildir()
    _maildir(SEED if seed is None else seed)


def _hidden(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders no submission may see: those of all submissions, and the solved lessons."""
    folders = [path if path.is_dir() else path.resolve().parent for path in paths]
    with contextlib.suppress(UserError):
        folders.append(solutions_folder())
    return tuple(folder.resolve() for folder in folders)
