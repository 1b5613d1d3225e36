"""Grade a class: every submission gets a row, whatever is in it, and the class always finishes."""

import contextlib
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

from tqdm import tqdm

from enronlib import UserError
from enronlib.classroom.extras import missing_extra
from enronlib.classroom.grading import pytest_process
from enronlib.classroom.grading.formatting import printable
from enronlib.classroom.grading.intake import Submission, assign, find_submissions, read_submission
from enronlib.classroom.grading.lessons import Lesson, choose_lessons, find_lessons, solutions_folder
from enronlib.classroom.grading.marks import ClassMarks, Marks
from enronlib.classroom.grading.resume import ResumeJournal
from enronlib.classroom.grading.returned import returned_folders, write_executed
from enronlib.classroom.grading.roster import Roster
from enronlib.classroom.grading.rounds import NOTHING_WRITTEN, RunConfig, run_submission
from enronlib.classroom.grading.sandbox import Sandbox, detect_sandbox
from enronlib.classroom.grading.scan import find_tricks
from enronlib.classroom.grading.supervisor import Limits
from enronlib.classroom.grading.transplant import LessonPlan, plan_lesson
from enronlib.classroom.verdict import Status, Verdict
from enronlib.processes import default_start_method, start_fork_server

__all__ = ["NOT_HANDED_IN", "Stopped", "grade_class", "grade_submission"]

NOT_HANDED_IN = "the notebook of this lesson was not handed in"


class Stopped(KeyboardInterrupt):
    """Ctrl-C interrupted the grading; the text says how many submissions are saved: `7 of 18`."""


def grade_class(
    paths: Sequence[Path],
    *,
    roster: Roster | None = None,
    jobs: int | None = None,
    seed: int | None = None,
    limits: Limits | None = None,
    journal: Path | None = None,
    resume: bool = False,
    lessons: Mapping[str, Lesson] | None = None,
    wanted: Collection[str] | None = None,
    sandbox: Sandbox | None = None,
    notebooks: Path | None = None,
    progress: bool = True,
) -> ClassMarks:
    """Grade the submissions at these paths: zips, folders, notebooks, or folders of them. None of them is changed.

    `jobs` is the number of submissions at a time (default: half the cores); `seed` generates the mail for the checks;
    `lessons` are the pristine ones (default: the kit's), `wanted` the names or first characters of those to grade
    (default: those that somebody started); `sandbox` defaults to the best available. The executed notebooks are written
    into `notebooks`, in a folder for each student. Finished submissions are saved in the file `journal`; with `resume`,
    those already in it are not graded again. With `progress`, each one is shown on the screen. Raises UserError if
    there is nothing to grade, and Stopped at Ctrl-C.
    """
    if default_start_method() == "forkserver":
        start_fork_server(pytest_process.__name__)  # loads pytest once for all, while the submissions are read
    known = find_lessons() if lessons is None else lessons
    chosen = choose_lessons(known, wanted) if wanted else {}
    found, others = find_submissions(paths, known)
    submissions = assign((read_submission(path, known) for path in found), roster)
    if roster is None:
        submissions.sort(key=lambda each: each.student.casefold())
    notes = [f"not submissions, ignored: {', '.join(printable(each.name) for each in others)}"] if others else []
    if not chosen:
        chosen = _started(known, submissions)
        if any(lesson.points and name not in chosen for name, lesson in known.items()):
            numbers = ", ".join(name.partition("_")[0] for name in chosen)
            notes.append(f"graded: {numbers} (nobody started the others; --lessons grades them too)")
    for name in chosen:
        if reason := missing_extra(name):
            raise UserError(f"{name} cannot be graded here: {reason}")
    _fill_caches(seed, chosen)
    hidden = _hidden_folders([*paths, *filter(None, [notebooks])])
    config = RunConfig(limits or Limits(), seed, hidden, sandbox or detect_sandbox(), notebooks is not None)
    folders = returned_folders(notebooks, [each.student for each in submissions]) if notebooks else {}
    saved = ResumeJournal(journal, config, chosen, resume=resume)
    if journal and resume:
        notes.append(f"{saved.progress(submissions)} taken from the earlier run")

    def grade_one(submission: Submission, stop: Event) -> Marks:
        folder = folders.get(submission.student)
        return saved.marks_of(submission) or grade_submission(submission, chosen, config, stop, folder)

    points = sum(lesson.points for lesson in chosen.values())
    jobs = jobs or max((os.cpu_count() or 2) // 2, 1)
    try:
        rows = _grade_all(submissions, grade_one, saved, jobs, points if progress else None)
    except KeyboardInterrupt:  # the first, or a second while the running submissions are being ended
        raise Stopped(saved.progress(submissions)) from None
    notes += filter(None, [config.sandbox.missing])
    return ClassMarks(chosen, rows, notes, roster, {each.student: each.sender for each in submissions})


def grade_submission(
    submission: Submission,
    lessons: Mapping[str, Lesson],
    config: RunConfig,
    stop: Event | None = None,
    returned: Path | None = None,
) -> Marks:
    """Grade one submission; whatever goes wrong in it is in the row. The executed notebooks go to `returned`."""
    books = submission.notebooks
    plans = {name: plan_lesson(lesson, books[name]) for name, lesson in lessons.items() if name in books}
    started = {name: plan for name, plan in plans.items() if plan.was_started}
    result = run_submission(list(started.values()), config, stop)
    if returned:
        for plan in started.values():
            write_executed(plan, result.outputs, returned)
    verdicts: list[Verdict] = []
    remarks = list(submission.remarks)
    for name, lesson in lessons.items():
        if name in started:
            verdicts += [result.verdicts[exercise] for exercise in lesson.exercises]
        else:
            why = _why_not_run(submission, name)
            verdicts += [Verdict(each, Status.NOT_ATTEMPTED, why, points) for each, points in lesson.exercises.items()]
        remarks += [f"{name}: {remark}" for remark in plans[name].remarks] if name in plans else []
    if submission.problem:
        look = (submission.problem, *submission.look) if submission.path else ()
        remarks.insert(0, f"Nothing was graded: {submission.problem}.")
        status = "unreadable" if submission.path else "missing"
        return Marks(submission.student, status, tuple(verdicts), look, tuple(remarks))
    correct = {each.exercise for each in verdicts if each.earned}
    doubts = [*result.odd, *(doubt for plan in started.values() for doubt in _doubts(plan))]
    changed = [f"{name}: {reason}" for name, plan in plans.items() for reason in plan.look]
    # The gravest first: what may have made a wrong answer pass, what was stopped or not read, whose it is.
    reasons = [*(f"{place}: {why}" for place, why in doubts), *changed, *result.look, *submission.look]
    return Marks(
        submission.student,
        "look" if reasons else "graded",
        tuple(verdicts),
        tuple(dict.fromkeys(reasons)),
        (*remarks, *result.remarks),
        tuple(sorted(correct & {place for place, _ in doubts})),
        {name: source for plan in plans.values() for name, source in plan.answers().items()},
    )


def _doubts(plan: LessonPlan) -> Iterator[tuple[str, str]]:
    """Yield what is suspicious in the student's code, each with its exercise, or with the lesson if it has none."""
    for cell in plan.cells:
        if cell.is_students and cell.runs and cell.exercise not in plan.untouched:
            yield from ((cell.exercise or plan.lesson.name, trick) for trick in find_tricks(cell.source))


def _why_not_run(submission: Submission, lesson: str) -> str:
    if lesson in submission.notebooks:
        return NOTHING_WRITTEN
    if lesson in submission.unreadable:
        return f"could not be read: {submission.unreadable[lesson]}"
    return submission.problem or NOT_HANDED_IN


def _grade_all(
    submissions: Sequence[Submission],
    grade_one: Callable[[Submission, Event], Marks],
    saved: ResumeJournal,
    jobs: int,
    points: int | None,
) -> list[Marks]:
    """Grade all submissions, `jobs` at a time; an error of ours costs one row, and Ctrl-C keeps what is finished.

    If the maximum of `points` is given, progress is shown: a bar, or a line for each where there is no terminal.
    """
    stop = Event()
    done: dict[int, Marks] = {}
    with (
        ThreadPoolExecutor(jobs) as pool,
        tqdm(total=len(submissions), unit="submission", disable=True if points is None else None) as bar,
    ):
        waiting = {pool.submit(grade_one, each, stop): number for number, each in enumerate(submissions)}
        try:
            for future in _finished(waiting):
                number = waiting[future]
                try:
                    row = future.result()
                    saved.add(submissions[number], row)
                except Exception as error:
                    reason = f"the grader itself failed ({type(error).__name__}: {error}); please report this"
                    row = Marks(submissions[number].student, "failed", (), (reason,))
                done[number] = row
                bar.update()
                if points is not None and not sys.stderr.isatty():
                    earned = f"{row.points:g}/{points}" if row.was_graded else row.status
                    print(f"{len(done)} of {len(submissions)}  {row.student}  {earned}", file=sys.stderr, flush=True)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [done[number] for number in range(len(submissions))]


def _finished(waiting: Mapping[Future[Marks], int]) -> Iterator[Future[Marks]]:
    """Yield futures as they finish, waking up often, so that Ctrl-C works on every system."""
    left = set(waiting)
    while left:
        finished, left = wait(left, timeout=0.5, return_when=FIRST_COMPLETED)
        yield from finished


def _started(known: Mapping[str, Lesson], submissions: Sequence[Submission]) -> dict[str, Lesson]:
    """Return the lessons that somebody started or whose notebook could not be read; failing that, those handed in."""
    worth = {name: lesson for name, lesson in known.items() if lesson.points}
    books = {name: [each.notebooks[name] for each in submissions if name in each.notebooks] for name in worth}
    unreadable = {name for each in submissions for name in each.unreadable}
    started = {
        name: lesson
        for name, lesson in worth.items()
        if name in unreadable or any(plan_lesson(lesson, book).was_started for book in books[name])
    }
    return started or {name: lesson for name, lesson in worth.items() if books[name]} or dict(known)


def _fill_caches(seed: int | None, lessons: Mapping[str, Lesson]) -> None:
    """Make the sample mail and the list of fonts, which submissions can read but not write."""
    if not any("enronlib" in cell.full for lesson in lessons.values() for cell in lesson.cells):
        return
    import matplotlib.font_manager  # noqa: F401  imported for the file it writes

    from enronlib.classroom.mail import SEED, maildir_of
    from enronlib.sample import sample_maildir

    sample_maildir()
    maildir_of(SEED if seed is None else seed)


def _hidden_folders(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders no submission may see: those of all submissions, and the solved lessons."""
    folders = [path if path.is_dir() or not path.exists() else path.resolve().parent for path in paths]
    with contextlib.suppress(UserError):
        folders.append(solutions_folder())
    return tuple(folder.resolve() for folder in folders)
