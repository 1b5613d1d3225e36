"""Run one submission in its sandbox, and again without a cell that ended the kernel, until every exercise is judged."""

import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import matplotlib
import nbformat

from enronlib.classroom.grading.kernel import KernelLaunch
from enronlib.classroom.grading.marks import DIED, Record
from enronlib.classroom.grading.pytest_process import NotebookRun, run_notebooks
from enronlib.classroom.grading.sandbox import PYTHON_ITSELF, Sandbox, detect_sandbox
from enronlib.classroom.grading.supervisor import Limits, supervise
from enronlib.classroom.grading.transplant import LessonPlan, PlannedCell
from enronlib.classroom.verdict import Status, Verdict
from enronlib.files import cache_folder

__all__ = ["NOTHING_WRITTEN", "RunConfig", "SubmissionResult", "run_submission"]

NOTHING_WRITTEN = "nothing was written"
ROUNDS = 4  # the first run, and three more without the cells that ended the kernel


@dataclass(frozen=True)
class RunConfig:
    """How to run submissions. `hidden` are folders that no submission may see; outputs are kept for the students."""

    limits: Limits = field(default_factory=Limits)
    seed: int | None = None
    hidden: tuple[Path, ...] = ()
    sandbox: Sandbox = field(default_factory=detect_sandbox)
    keep_outputs: bool = False


@dataclass(frozen=True)
class SubmissionResult:
    """The verdict on each exercise of the lessons that ran, and what people should know about it."""

    verdicts: dict[str, Verdict]
    odd: list[tuple[str, str]]
    """Exercises whose verdict is in doubt, with the reason."""
    look: list[str]
    """What else a human should look at: what was stopped, killed or not run."""
    remarks: list[str]
    """What the student should know."""
    outputs: dict[tuple[str, str], list[dict[str, Any]]]
    """What the cells displayed, by lesson and id."""


def run_submission(plans: Sequence[LessonPlan], config: RunConfig, stop: Event | None = None) -> SubmissionResult:
    """Run the lessons of one submission and return the verdicts."""
    end = time.monotonic() + config.limits.submission
    runs = [_LessonRun(plan) for plan in plans]
    look = []
    with tempfile.TemporaryDirectory(prefix="en-", ignore_cleanup_errors=True) as base:
        for number in range(ROUNDS):
            todo = [run for run in runs if run.to_run]
            if not todo or time.monotonic() > end or (stop and stop.is_set()):
                break
            look.append(_run_round(Path(base).resolve() / str(number), todo, config, end - time.monotonic(), stop))
    return SubmissionResult(
        verdicts={name: verdict for run in runs for name, verdict in run.verdicts().items()},
        odd=[
            (record.exercise or run.name, odd) for run in runs for record in run.records.values() for odd in record.odd
        ],
        look=[*filter(None, look), *(reason for run in runs for reason in run.look())],
        remarks=[remark for run in runs for remark in run.stopped()],
        outputs={(run.name, name): record.outputs for run in runs for name, record in run.records.items()},
    )


def _run_round(base: Path, runs: Sequence["_LessonRun"], config: RunConfig, seconds: float, stop: Event | None) -> str:
    """Run these lessons once and give each its records; return what ended the round early, or nothing."""
    home, work_dir = base / "h", base / "work"  # sockets need short paths: about 100 characters at most
    work_dir.mkdir(parents=True)
    _prepare_home(home)
    notebooks = []
    for run in runs:
        (home / run.name).mkdir()
        notebooks.append(work_dir / f"{run.name}.ipynb")
        nbformat.write(run.plan.notebook(run.dropped), notebooks[-1])
    (work_dir / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    limits: dict[str, Any] = {name: getattr(config.limits, name) for name in ("memory", "file", "processes")}
    lessons = [run.plan.lesson for run in runs]
    limits["watch"] = sorted({name for each in lessons for task in each.exercises for name in each.defined_by(task)})
    kernel = [PYTHON_ITSELF, "-m", "enronlib.classroom.grading.launch", json.dumps(limits)]
    sandbox = config.sandbox
    command = tuple(sandbox.command(kernel, home, config.hidden))
    launch = KernelLaunch(command, home, sandbox.interrupt, own_network=sandbox.kind != "plain")
    task = NotebookRun(tuple(notebooks), work_dir / "results.jsonl", launch, config.limits.cell, config.keep_outputs)
    extra = {} if config.seed is None else {"ENRONLIB_CORPUS_SEED": str(config.seed)}
    log = work_dir / "log.txt"
    reason = supervise(run_notebooks, (task,), home, config.limits, seconds, log=log, extra=extra, stop=stop)
    records = list(_read_records(task.results))
    for run in runs:
        run.take([record for record in records if record.lesson == run.name], reason)
    return reason


def _prepare_home(home: Path) -> None:
    """Make the home folder of a submission, with the cached sample mail and list of fonts in place."""
    home.mkdir()
    cache = home / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    cache.mkdir(parents=True)
    if cache_folder().is_dir() and sys.platform != "win32":  # Windows finds its cache without HOME
        (cache / "enronlib").symlink_to(cache_folder())
    (home / "matplotlib").mkdir()
    for fonts in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(fonts, home / "matplotlib")


def _read_records(results: Path) -> Iterator[Record]:
    """Yield the records of a run; the last line may be cut off."""
    for line in results.read_text(encoding="utf-8").splitlines() if results.exists() else ():
        with contextlib.suppress(ValueError, TypeError):
            yield Record.from_json(line)


def _by_hand(exercise: str, plan: LessonPlan) -> Verdict:
    """Return the verdict on an answer that only a person can mark."""
    points = plan.lesson.exercises[exercise]
    if exercise in plan.untouched:
        return Verdict(exercise, Status.NOT_ATTEMPTED, NOTHING_WRITTEN, points)
    return Verdict(exercise, Status.NOT_YET, "your instructor marks this", points)


class _LessonRun:
    """One lesson through all rounds."""

    def __init__(self, plan: LessonPlan) -> None:
        self.plan = plan
        self.name = plan.lesson.name
        self.dropped: dict[str, str] = {}  # ids of cells left out, with the reason
        self.records: dict[str, Record] = {}
        self.deaths: list[str] = []
        self.to_run = True
        self.reason = ""

    def take(self, records: Sequence[Record], reason: str) -> None:
        """Take the records of a round. A cell that ended the kernel is left out of the next round."""
        self.records = {name: self.records[name] for name in self.dropped if name in self.records}
        self.records |= {record.cell: record for record in records}
        self.reason = reason or ("" if records else "the kernel did not start")
        # The kernel survives a lack of memory, but nothing it says after that can be trusted.
        causes = {each.cell: "ran out of memory" for each in records if "MemoryError" in each.message}
        killer = next((each for each in records if each.ended_kernel or each.cell in causes), None)
        self.to_run = killer is not None or not records
        if killer is not None:
            if killer.message == DIED:
                causes[killer.cell] = f"{DIED}; the likely cause is exit(), os._exit() or too little memory"
            what = causes.get(killer.cell, killer.message.removeprefix("the check "))
            self.dropped |= {cell.id: what for cell in self._to_drop(killer.cell)}
            if killer.cell in causes:
                self.deaths.append(f"{killer.exercise or self.name}: your code {what}")

    def _to_drop(self, killer: str) -> list[PlannedCell]:
        """Return the cells to leave out after this one ended the kernel.

        If it belongs to an exercise, all cells of that exercise: the check may have died of what the answer left
        behind. For a cell of the lesson itself, the last cell of the student's before it.
        """
        cells = self.plan.cells
        at = next(number for number, cell in enumerate(cells) if cell.id == killer)
        if cells[at].exercise:
            return [cell for cell in cells if cell.exercise == cells[at].exercise]
        students = [cell for cell in cells[: at + 1] if cell.is_students and cell.id not in self.dropped]
        return students[-1:] or [cells[at]]

    def verdicts(self) -> dict[str, Verdict]:
        """Return the verdict on each exercise: correct only if the check and its hidden tests passed."""
        found = {}
        for name in self.plan.lesson.exercises:
            cells = [cell for cell in self.plan.cells if cell.exercise == name]
            checks = [self._verdict(cell) for cell in cells if cell.role in ("check", "hidden")]
            if not checks:
                found[name] = _by_hand(name, self.plan)
                continue
            verdict = next((each for each in checks if each.status is not Status.CORRECT), checks[0])
            answers = [self.records[cell.id] for cell in cells if cell.is_students and cell.id in self.records]
            failed = next((answer for answer in answers if answer.message), None)
            dropped = next((self.dropped[cell.id] for cell in cells if cell.id in self.dropped), None)
            if verdict.status is Status.NOT_YET and dropped:
                verdict = replace(verdict, message=f"your code {dropped}")
            elif verdict.status is Status.NOT_YET and failed and "NameError" in verdict.message:
                how = "" if failed.timed_out else "failed: "
                verdict = replace(verdict, message=f"the answer cell {how}{failed.message}")
            found[name] = verdict
        return found

    def _verdict(self, cell: PlannedCell) -> Verdict:
        record = self.records.get(cell.id)
        name = cell.exercise or ""
        if record is None or record.status is None:
            reason = self.reason or "the kernel ended too many times"
            return Verdict(name, Status.NOT_YET, f"not run: {reason}", cell.points)
        status, message = Status(record.status), record.message
        if cell.role == "hidden" and status is not Status.CORRECT:
            return Verdict(name, Status.NOT_YET, f"a hidden check says: {message}", cell.points)
        if status is Status.NOT_ATTEMPTED:
            message = NOTHING_WRITTEN if name in self.plan.untouched else "the answer is not finished"
        return Verdict(name, status, message, cell.points, credit=record.credit)

    def stopped(self) -> Iterator[str]:
        """Yield the answers that were stopped: what they had defined by then may well be right."""
        for cell in self.plan.cells:
            record = self.records.get(cell.id)
            if cell.role == "answer" and cell.id not in self.dropped and record and record.timed_out:
                yield f"{cell.exercise}: the answer cell {record.message}; what it had defined by then was checked"

    def look(self) -> Iterator[str]:
        """Yield what else a human should look at."""
        yield from dict.fromkeys(self.deaths)
        yield from self.stopped()
        if self.to_run:
            yield f"{self.name}: the kernel ended too many times; not all of it was run"
        elif self.reason or len(self.records) < sum(cell.runs for cell in self.plan.cells) - len(self.dropped):
            yield f"{self.name}: not all of it was run"
