"""What nbval lacks as a grader, for notebooks of the kit; every other notebook is nbval's alone.

It stands on three classes of nbval, by inheritance: `IPyNbFile` (collect, setup), `IPyNbCell` (setup, runtest,
repr_failure) and `RunningKernel` (see `kernel`). A cell fails if the kernel says so, whatever it displays; after a
cell that took too long the next ones are judged as ever; a dead kernel is seen at once; items have names; the run ends
with a scoreboard.
"""

import re
import secrets
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from enronlib import UserError
from enronlib.classroom.answer import not_written
from enronlib.classroom.authoring.notebook import code_cells, exercise_name, role
from enronlib.classroom.grading import CELL_SECONDS
from enronlib.classroom.grading.kernel import Cage, CellState, LessonKernel
from enronlib.classroom.grading.lessons import read_lesson, solutions_folder
from enronlib.classroom.grading.records import DIED, Record
from enronlib.classroom.grading.scoreboard import scoreboard
from enronlib.classroom.grading.transplant import IMPORT_CHECK
from enronlib.classroom.verdict import Status
from enronlib.processes import environment

NBVALS_TIMEOUT = 2000  # seconds; nbval's default, half an hour of waiting for an endless loop
LONGEST = 500  # characters of a message
ANSI = re.compile(r"\x1b\[[0-9;]*m")
SAYS = re.compile(rf"(?s)\S+: ({'|'.join(Status)})[.:] (.*)")  # the text of CheckFailed
CALLED = re.compile(r"(?:line |:)\d+, in (\w+)\(")  # a function, in the traceback of a kernel
NOT_RUN = "not run: the kernel had ended before"


CAGE = pytest.StashKey[Cage]()
SINK = pytest.StashKey[Callable[[Record], None]]()
RECORDS = pytest.StashKey[list[Record]]()
WORKER_RECORDS = "enronlib_records"


def pytest_configure(config: pytest.Config) -> None:
    """Begin with an empty scoreboard."""
    config.stash.setdefault(RECORDS, [])


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, Any, list[Any]]:
    """Take the notebooks of the kit over from nbval."""
    found = yield
    return [
        LessonFile.from_parent(parent, path=file_path) if type(each) is IPyNbFile and _is_lesson(file_path) else each
        for each in found
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give a lesson's cell a minute, where nbval gives half an hour."""
    options: Any = config.option
    if any(isinstance(item, LessonCell) for item in items) and options.nbval_cell_timeout == NBVALS_TIMEOUT:
        options.nbval_cell_timeout = CELL_SECONDS


def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """Count what is not solved apart from what fails: the scoreboard tells all of it, so pytest does not repeat it."""
    return ("unsolved", "u", "UNSOLVED") if report.failed and ("unsolved", True) in report.user_properties else None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker process of pytest-xdist, send the records to the main process, which prints the scoreboard."""
    config: Any = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput[WORKER_RECORDS] = [record.to_json() for record in config.stash[RECORDS]]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Receive the records of a worker process of pytest-xdist; one that crashed has sent none."""
    lines = getattr(node, "workeroutput", {}).get(WORKER_RECORDS, [])
    node.config.stash[RECORDS] += map(Record.from_json, lines)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """End with the scoreboard."""
    records = config.stash[RECORDS]
    for name in sorted({record.lesson for record in records}):
        checks = [record.verdict for record in records if record.lesson == name and record.role == "check"]
        try:
            pristine = read_lesson(solutions_folder() / f"{name}.ipynb")
        except UserError:
            pristine = None
        if checks or (pristine and pristine.exercises):
            terminalreporter.section(name)
            terminalreporter.write_line(scoreboard(checks, pristine))


class LessonFile(IPyNbFile):  # type: ignore[misc]
    """A notebook of the kit."""

    def collect(self) -> Iterator["LessonCell"]:
        """Yield the code cells; in a student's copy stored outputs and marks that switch a check off do not count."""
        try:
            cells = list(super().collect())
        except Exception as error:
            raise self.CollectError(f"{self.path.name} cannot be read as a notebook: {error}") from None
        ours = self.nb.metadata.get("enronlib", {})
        self.lesson = str(ours.get("lesson", self.path.stem))
        for found in cells:
            cell, options = found.cell, found.options
            if ours.get("copy") in ("student", "graded"):
                cell.outputs, cell.execution_count = [], None
            if ours.get("copy") == "graded" or role(cell) == "check":
                options = dict.fromkeys(options, False)
            yield LessonCell.from_parent(
                self,
                name=_item_name(cell, found.cell_num),
                cell_num=found.cell_num,
                cell=cell,
                options={"skip": False, "check_exception": False, **options},
            )

    def setup(self) -> None:
        """Start the kernel: that of this environment, whatever the notebook says, and with checks that raise."""
        options = self.config.option
        name = options.nbval_kernel_name or CURRENT_ENV_KERNEL_NAME
        cage = self.config.stash.get(CAGE, None)
        folder = self.path.parent if cage is None else cage.folder / self.lesson
        try:
            with environment(ENRONLIB_STRICT="1", ENRON_MAILDIR=None):
                self.kernel = LessonKernel(name, folder, options.nbval_kernel_startup_timeout, cage)
        except Exception as error:
            pytest.fail(f"the kernel did not start: {type(error).__name__}: {error}", pytrace=False)
        self.setup_sanitize_files()


class LessonCell(IPyNbCell):  # type: ignore[misc]
    """A code cell of a lesson."""

    def setup(self) -> None:
        """Do nothing: nbval expects the cells after a slow one to fail, and so hides what becomes of them."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the cell is and what it is called."""
        return self.path, 0, self.name

    def runtest(self) -> None:
        """Run the cell, and fail if the kernel's reply is not that it ran."""
        kernel: LessonKernel = self.parent.kernel
        before = time.monotonic()
        kernel.cell = CellState()
        if not kernel.is_alive():
            self._record(NOT_RUN, before)
            self.raise_cell_error(NOT_RUN)
        word = secrets.token_hex(8) if self._is_graded_check() else ""
        kernel.ask(_question(word, self.cell) if word else None)
        failed: NbCellError | None = None
        try:
            super().runtest()
        except NbCellError as error:
            failed = error
        trouble = self._trouble(kernel)
        if kernel.cell.asked_to_exit:
            kernel.stop()
        odd: list[str] = []
        if word and kernel.is_alive():
            disproof = "" if trouble else self._disproof(kernel, word)
            odd = [*filter(None, [disproof]), *self._oddities(kernel, word)]
            trouble = trouble or disproof
        self._record(trouble, before, odd, ended_kernel=not kernel.is_alive())
        if failed is not None:
            raise failed
        if trouble and not (self.options["check_exception"] and kernel.cell.reply.get("status") == "error"):
            self.raise_cell_error(trouble)

    def repr_failure(self, excinfo: Any) -> str:
        """Return what the check says; for any other cell what nbval says."""
        last = next((each for each in reversed(self.config.stash[RECORDS]) if each.cell == self.cell.get("id")), None)
        if role(self.cell) == "check" and last is not None and last.status != Status.CORRECT:
            self.user_properties.append(("unsolved", True))
            return f"{last.exercise}: {last.verdict}"
        return self._in_its_colours(str(super().repr_failure(excinfo)))

    def _in_its_colours(self, text: str) -> str:
        return text if self.config.get_terminal_writer().hasmarkup else ANSI.sub("", text)

    def _trouble(self, kernel: LessonKernel) -> str:
        """Return why the kernel did not run the cell to its end, empty if it did."""
        if kernel.cell.timed_out:
            return f"was stopped after {self.config.option.nbval_cell_timeout:g} seconds"
        if kernel.cell.cut_off:
            return "went on printing after its end"
        if kernel.cell.asked_to_exit:
            return "called exit(), which ends the kernel"
        if not kernel.is_alive():
            return DIED
        reply = kernel.cell.reply
        if reply.get("status") == "error":
            return _shortened(f"{reply.get('ename')}: {reply.get('evalue')}".removesuffix(": "))
        return "" if kernel.cell.says_it_ran else "the kernel gave no answer"

    def _is_graded_check(self) -> bool:
        return CAGE in self.config.stash and role(self.cell) in ("check", "hidden")

    def _disproof(self, kernel: LessonKernel, word: str) -> str:
        """Return why a check that passed is not believed, empty if it is."""
        said = kernel.cell.testimony
        if said.get("word") != word:
            return "the kernel could not say that the check ran to its end"
        if self.cell.source.startswith(IMPORT_CHECK) and said.get("verdict") != Status.CORRECT:
            return "the kit's own check did not call this correct"
        return ""

    def _oddities(self, kernel: LessonKernel, word: str) -> list[str]:
        """Return what makes the outcome of this check doubtful."""
        odd = [str(each) for each in kernel.cell.testimony.get("odd", [])]
        if not kernel.canary_sings(word, self.config.option.nbval_cell_timeout):
            odd.append("a cell that must fail passed in this kernel")
        return odd

    def _record(self, trouble: str, since: float, odd: list[str] | None = None, *, ended_kernel: bool = False) -> None:
        status, message = None, trouble
        if role(self.cell) in ("check", "hidden"):
            status, message = self._judge(trouble)
        record = Record(
            lesson=self.parent.lesson,
            cell=str(self.cell.get("id", self.cell_num)),
            role=role(self.cell),
            exercise=exercise_name(self.cell),
            points=int(self.cell.metadata.get("enronlib", {}).get("points", 0)),
            status=status,
            message=message,
            ended_kernel=ended_kernel,
            timed_out=self.parent.kernel.cell.timed_out,
            odd=odd or [],
            seconds=round(time.monotonic() - since, 3),
        )
        self.config.stash[RECORDS].append(record)
        if SINK in self.config.stash:
            self.config.stash[SINK](record)

    def _judge(self, trouble: str) -> tuple[Status, str]:
        """Return the verdict of a check cell: the kit's own, or what the exception of another check means."""
        reply = self.parent.kernel.cell.reply
        if not trouble:
            shown = [output.get("data", {}).get("text/plain", "") for output in self.test_outputs or []]
            praise = next((text for text in reversed(shown) if text.startswith(Status.CORRECT)), "")
            return Status.CORRECT, _shortened(praise.removeprefix(f"{Status.CORRECT}. "))
        kind, said = reply.get("ename"), str(reply.get("evalue", ""))
        if kind == "CheckFailed" and (found := SAYS.fullmatch(ANSI.sub("", said))):
            return Status(found[1]), _shortened(found[2])
        if trouble == NOT_RUN:
            return Status.NOT_YET, trouble
        untouched = self.cell.metadata.get("enronlib", {}).get("untouched", False)
        if untouched or (kind == "NotImplementedError" and not self._unwritten(reply)):
            return Status.NOT_ATTEMPTED, "Write your code in the answer cell."
        return Status.NOT_YET, self._meaning(kind, said, trouble)

    def _meaning(self, kind: str | None, said: str, trouble: str) -> str:
        """Return what the exception of a check that is not the kit's own means."""
        if kind == "NotImplementedError":
            return not_written("your answer", self._unwritten(self.parent.kernel.cell.reply))
        if kind == "AssertionError":
            return _shortened(said) or "what the check asserts does not hold"
        if kind == "NameError":
            return f"{trouble}; does the answer cell define it, and run without an error?"
        return f"the check {trouble}" if self.parent.kernel.cell.timed_out else trouble

    def _unwritten(self, reply: dict[str, Any]) -> str:
        """Return the function that raised NotImplementedError, empty if it stands in this exercise's answer cell."""
        called = CALLED.findall(ANSI.sub("", "\n".join(reply.get("traceback", []))))
        raised_in = str(called[-1]) if called else ""
        answers = (
            cell for cell in code_cells(self.parent.nb, "answer") if exercise_name(cell) == exercise_name(self.cell)
        )
        return "" if any(f"def {raised_in}(" in cell.source for cell in answers) else raised_in


def _question(word: str, cell: Any) -> str:
    """Return an expression for the kernel to answer under the eyes of `witness`."""
    about = (word, exercise_name(cell), cell.metadata["enronlib"].get("defines", []))
    return f"__import__('enronlib.classroom.grading.witness', fromlist=['_']).testify(*{about!r})"


def _item_name(cell: Any, number: int) -> str:
    points = cell.metadata.get("enronlib", {}).get("points", 0)
    if role(cell) == "check":
        return f"{exercise_name(cell)} ({points} point{'s' * (points != 1)})"
    return f"{role(cell)} {exercise_name(cell)}" if exercise_name(cell) else f"Cell {number}"


def _shortened(text: str) -> str:
    text = ANSI.sub("", text).strip()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _is_lesson(path: Path) -> bool:
    return b"enronlib" in path.read_bytes()
