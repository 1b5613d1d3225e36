"""Run one submission in its cage and read the verdicts; what a kernel-killing cell took with it is run again."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import matplotlib
import nbformat

from enronlib.classroom.grading.records import DIED, Record
from enronlib.classroom.grading.sandbox import PYTHON_ITSELF, Limits, Walls, supervise, walls
from enronlib.classroom.grading.transplant import Step, Transplant
from enronlib.classroom.grading.worker import Job, work
from enronlib.classroom.verdict import Status, Verdict
from enronlib.files import cache_folder

LIKELY = "exit(), os._exit() or too little memory"
NOTHING_WRITTEN = "nothing was written"
UNFINISHED = "the answer is not finished"
ROUNDS = 4  # the first run, and three more without the cells that ended the kernel


@dataclass(frozen=True)
class Setting:
    """How submissions are run. `hidden` are folders that no submission may see."""

    limits: Limits = field(default_factory=Limits)
    seed: int | None = None
    hidden: tuple[Path, ...] = ()
    walls: Walls = field(default_factory=walls)


@dataclass(frozen=True)
class Outcome:
    """The verdict on each exercise of the lessons that ran, and what is to be said of it."""

    verdicts: dict[str, Verdict]
    odd: list[tuple[str, str]]
    """Exercises whose verdict is in doubt, with what puts it there."""
    look: list[str]
    """What else a human should look at: what was stopped, killed or not run."""
    remarks: list[str]
    """What the student should know of it."""


def run(transplants: Sequence[Transplant], setting: Setting, stop: Event | None = None) -> Outcome:
    """Run the lessons of one submission and return the verdicts."""
    end = time.monotonic() + setting.limits.submission
    lessons = [_Lesson(each) for each in transplants]
    look: list[str] = []
    with tempfile.TemporaryDirectory(prefix="en-", ignore_cleanup_errors=True) as base:
        for number in range(ROUNDS):
            todo = [lesson for lesson in lessons if lesson.to_run]
            if not todo or time.monotonic() > end or (stop and stop.is_set()):
                break
            reason = _round(Path(base).resolve() / str(number), todo, setting, end - time.monotonic(), stop)
            if reason:
                look.append(reason)
    outcome = Outcome({}, [], look, [])
    for lesson in lessons:
        outcome.verdicts.update(lesson.verdicts())
        outcome.odd.extend(lesson.odd())
        outcome.look.extend(lesson.look())
        outcome.remarks.extend(lesson.stopped())
    return outcome


def _round(base: Path, lessons: Iterable["_Lesson"], setting: Setting, seconds: float, stop: Event | None) -> str:
    """Run these lessons once and hand each its records; return what ended it early, or nothing."""
    cage, desk = base / "c", base / "desk"  # sockets have short paths: about 100 characters is the most there is
    desk.mkdir(parents=True)
    _furnish(cage)
    notebooks = []
    for lesson in lessons:
        (cage / lesson.name).mkdir()
        notebooks.append(desk / f"{lesson.name}.ipynb")
        nbformat.write(lesson.transplant.notebook(lesson.dropped), notebooks[-1])
    (desk / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    limits = {name: getattr(setting.limits, name) for name in ("memory", "file", "processes")}
    kernel = [PYTHON_ITSELF, "-m", "enronlib.classroom.grading.launch", json.dumps(limits)]
    job = Job(
        notebooks=[str(path) for path in notebooks],
        results=str(desk / "results.jsonl"),
        command=setting.walls.command(kernel, cage, setting.hidden),
        folder=str(cage),
        interrupt=setting.walls.interrupt,
        own_network=setting.walls.kind != "plain",
        cell_seconds=setting.limits.cell,
    )
    extra = {} if setting.seed is None else {"ENRONLIB_CORPUS_SEED": str(setting.seed)}
    reason = supervise(work, (job,), cage, setting.limits, seconds, log=desk / "log.txt", extra=extra, stop=stop)
    records = list(_read(desk / "results.jsonl"))
    for lesson in lessons:
        lesson.take([record for record in records if record.lesson == lesson.name], reason)
    return reason


def _furnish(cage: Path) -> None:
    """Make the home folder of a submission, with the ready-made sample mail and list of fonts in their places."""
    cage.mkdir()
    cache = cage / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    cache.mkdir(parents=True)
    if cache_folder().is_dir() and sys.platform != "win32":  # Windows finds its cache without HOME
        (cache / "enronlib").symlink_to(cache_folder())
    (cage / "matplotlib").mkdir()
    for fonts in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(fonts, cage / "matplotlib")


def _read(results: Path) -> Iterator[Record]:
    """Yield the records of a run; the last line may be torn."""
    if not results.exists():
        return
    for line in results.read_text(encoding="utf-8").splitlines():
        try:
            yield Record.from_json(line)
        except (ValueError, TypeError):
            continue


class _Lesson:
    """A lesson on its way through the rounds."""

    def __init__(self, transplant: Transplant) -> None:
        self.transplant = transplant
        self.name = transplant.lesson.name
        self.dropped: dict[str, str] = {}
        self.records: dict[str, Record] = {}
        self.deaths: list[str] = []
        self.to_run = True
        self.reason = ""

    def take(self, records: Sequence[Record], reason: str) -> None:
        """Take the records of a round. If a cell ended the kernel the next round is without it."""
        self.records = {name: self.records[name] for name in self.dropped if name in self.records}
        self.records |= {record.cell: record for record in records}
        self.reason = reason or ("" if records else "the kernel did not start")
        killer = next((record for record in records if record.ended_kernel or _starved(record)), None)
        self.to_run = killer is not None or not records
        if killer is not None:
            died = f"{DIED}; the likely cause is {LIKELY}" if killer.message == DIED else killer.message
            what = "ran out of memory" if _starved(killer) else died.removeprefix("the check ")
            self.dropped |= {step.id: what for step in self._blamed(killer.cell)}
            if killer.message == DIED or _starved(killer):
                self.deaths.append(f"{killer.exercise or self.name}: your code {what}")

    def _blamed(self, cell: str) -> list[Step]:
        """Return the steps to leave out after this cell ended the kernel.

        All of its exercise's: that is lost anyway, and what its answer left behind may be what its check died of. For a
        cell of the lesson's own, the student's last one before it.
        """
        steps = self.transplant.steps
        at = next(number for number, step in enumerate(steps) if step.id == cell)
        if steps[at].exercise:
            return [step for step in steps if step.exercise == steps[at].exercise]
        students = [step for step in steps[: at + 1] if step.is_students and step.id not in self.dropped]
        return students[-1:] or [steps[at]]

    def verdicts(self) -> dict[str, Verdict]:
        """Return the verdict on each exercise: correct only if the check and its hidden part are."""
        found = {}
        for name in self.transplant.lesson.exercises:
            steps = [step for step in self.transplant.steps if step.exercise == name]
            checks = [self._verdict(step) for step in steps if step.role in ("check", "hidden")]
            verdict = next((each for each in checks if each.status is not Status.CORRECT), checks[0])
            failed = [self.records[step.id] for step in steps if step.is_students and step.id in self.records]
            trouble = [
                f"{'' if record.timed_out else 'failed: '}{record.message}" for record in failed if record.message
            ]
            killed = [f"your code {self.dropped[step.id]}" for step in steps if step.id in self.dropped]
            if verdict.status is Status.NOT_YET and killed:
                verdict = replace(verdict, message=killed[0])
            elif verdict.status is Status.NOT_YET and trouble and "NameError" in verdict.message:
                verdict = replace(verdict, message=f"the answer cell {trouble[0]}")
            found[name] = verdict
        return found

    def _verdict(self, step: Step) -> Verdict:
        record = self.records.get(step.id)
        name = step.exercise or ""
        if record is None or record.status is None:
            return Verdict(name, Status.NOT_YET, f"not run: {self.reason or 'the kernel ended too often'}", step.points)
        status, message = Status(record.status), record.message
        if step.role == "hidden" and status is not Status.CORRECT:
            return Verdict(name, Status.NOT_YET, f"a hidden check says: {message}", step.points)
        if status is Status.NOT_ATTEMPTED:
            message = NOTHING_WRITTEN if name in self.transplant.untouched else UNFINISHED
        return Verdict(name, status, message, step.points)

    def odd(self) -> Iterator[tuple[str, str]]:
        """Yield each exercise whose verdict is in doubt, with what puts it there."""
        for record in self.records.values():
            yield from ((record.exercise or self.name, odd) for odd in record.odd)

    def stopped(self) -> Iterator[str]:
        """Yield the answers that were cut short: what they had defined by then may well be right."""
        for step in self.transplant.steps:
            record = self.records.get(step.id)
            if step.role == "answer" and step.id not in self.dropped and record and record.timed_out:
                yield f"{step.exercise}: the answer cell {record.message}; what it had defined by then was checked"

    def look(self) -> Iterator[str]:
        """Yield what else a human should look at."""
        yield from dict.fromkeys(self.deaths)
        yield from self.stopped()
        if self.to_run:
            yield f"{self.name}: the kernel ended too often; not all of it was run"
        elif self.reason or len(self.records) < len(self.transplant.steps) - len(self.dropped):
            yield f"{self.name}: not all of it was run"


def _starved(record: Record) -> bool:
    """Tell whether a cell ran out of memory: then the kernel lives, and nothing that it says means anything."""
    return "MemoryError" in record.message
