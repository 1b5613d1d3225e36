"""What nbval lacks as a grader, for the kit's notebooks; every other notebook is left to nbval alone.

It subclasses three classes of nbval: `IPyNbFile` (collect, setup), `IPyNbCell` (setup, runtest, repr_failure) and
`RunningKernel` (see `kernel`). A cell fails if the kernel says so, whatever it displays; the cells after a slow one are
judged normally; a dead kernel is noticed at once; items have names; the run ends with a scoreboard.
"""

import json
import re
import secrets
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from enronlib import UserError
from enronlib.classroom.answer import not_written
from enronlib.classroom.authoring.notebook import code_cells, exercise_name, role
from enronlib.classroom.extras import missing_extra
from enronlib.classroom.grading import CELL_SECONDS
from enronlib.classroom.grading.kernel import CellState, KernelLaunch, LessonKernel
from enronlib.classroom.grading.lessons import read_lesson, solutions_folder
from enronlib.classroom.grading.marks import DIED, Record
from enronlib.classroom.grading.scoreboard import format_scoreboard
from enronlib.classroom.grading.transplant import IMPORT_CHECK
from enronlib.classroom.verdict import Status
from enronlib.processes import environment

__all__ = ["KEEP_OUTPUTS", "LAUNCH", "ON_RECORD", "LessonCell", "LessonFile"]  # and the hooks that pytest calls

NBVALS_TIMEOUT = 2000  # seconds; nbval's default, half an hour of waiting for an endless loop
LONGEST = 500  # characters of a message
LARGEST_OUTPUT = 1_000_000  # characters of an output that is handed back
ANSI = re.compile(r"\x1b\[[0-9;]*m")
CHECK_FAILED = re.compile(rf"(?s)\S+: ({'|'.join(Status)})[.:] (.*)")  # the text of a CheckFailed exception
CALLED = re.compile(r"(?:line |:)\d+, in (\w+)\(")  # a function, in a traceback from the kernel
NOT_RUN = "not run: the kernel had ended before"

LAUNCH = pytest.StashKey[KernelLaunch]()
"""How to start kernels; set when grading."""
ON_RECORD = pytest.StashKey[Callable[[Record], None]]()
"""Called with the record of each cell; set when grading."""
KEEP_OUTPUTS = pytest.StashKey[bool]()
"""Whether records hold what cells display; set when grading."""
_RECORDS = pytest.StashKey[list[Record]]()
WORKER_RECORDS = "enronlib_records"


def pytest_configure(config: pytest.Config) -> None:
    """Start with an empty scoreboard."""
    config.stash.setdefault(_RECORDS, [])


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, Any, list[Any]]:
    """Take over the kit's notebooks from nbval."""
    found = yield
    takes_over = bool(found) and b"enronlib" in file_path.read_bytes()
    return [
        LessonFile.from_parent(parent, path=file_path) if takes_over and type(each) is IPyNbFile else each
        for each in found
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each cell of a lesson a minute, unless another limit than nbval's default is set.

    A lesson is skipped if it needs an extra that is not installed.
    """
    options: Any = config.option
    if any(isinstance(item, LessonCell) for item in items) and options.nbval_cell_timeout == NBVALS_TIMEOUT:
        options.nbval_cell_timeout = CELL_SECONDS
    for item in items:
        if isinstance(item, LessonCell) and (reason := missing_extra(item.parent.lesson)):
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """Count unsolved exercises separately from failures; the scoreboard shows them, so pytest need not repeat them."""
    return ("unsolved", "u", "UNSOLVED") if report.failed and ("unsolved", True) in report.user_properties else None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker process of pytest-xdist, send the records to the main process, which prints the scoreboard."""
    config: Any = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput[WORKER_RECORDS] = [record.to_json() for record in config.stash[_RECORDS]]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Receive the records of a worker process of pytest-xdist; one that crashed has sent none."""
    lines = getattr(node, "workeroutput", {}).get(WORKER_RECORDS, [])
    node.config.stash[_RECORDS] += map(Record.from_json, lines)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """End with the scoreboard."""
    records = config.stash[_RECORDS]
    for name in sorted({record.lesson for record in records}):
        checks = [record.verdict for record in records if record.lesson == name and record.role == "check"]
        try:
            pristine = read_lesson(solutions_folder() / f"{name}.ipynb")
        except UserError:
            pristine = None
        if checks or (pristine and pristine.exercises):
            terminalreporter.section(name)
            terminalreporter.write_line(format_scoreboard(checks, pristine))


class LessonFile(IPyNbFile):  # type: ignore[misc]
    """A notebook of the kit."""

    def collect(self) -> Iterator["LessonCell"]:
        """Yield the code cells; a student's stored outputs and markers that switch a check off are ignored."""
        try:
            cells = list(super().collect())
        except Exception as error:
            raise self.CollectError(f"{self.path.name} cannot be read as a notebook: {error}") from None
        ours = _ours(self.nb)
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
        """Start this environment's kernel, whatever the notebook asks for, with checks that raise exceptions."""
        options = self.config.option
        name = options.nbval_kernel_name or CURRENT_ENV_KERNEL_NAME
        launch = self.config.stash.get(LAUNCH, None)
        folder = self.path.parent if launch is None else launch.folder / self.lesson
        try:
            with environment(ENRONLIB_STRICT="1", ENRON_MAILDIR=None, TQDM_DISABLE="1"):
                self.kernel = LessonKernel(name, folder, options.nbval_kernel_startup_timeout, launch)
        except Exception as error:
            pytest.fail(f"the kernel did not start: {type(error).__name__}: {error}", pytrace=False)
        self.setup_sanitize_files()


class LessonCell(IPyNbCell):  # type: ignore[misc]
    """A code cell of a lesson."""

    def setup(self) -> None:
        """Do nothing; nbval would mark the cells after a slow one as expected failures, and so hide their outcome."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the cell is and what it is called."""
        return self.path, 0, self.name

    def runtest(self) -> None:
        """Run the cell, and fail unless the kernel replies that it ran."""
        kernel: LessonKernel = self.parent.kernel
        kernel.cell = CellState()
        if not kernel.is_alive():
            self._record(NOT_RUN)
            self.raise_cell_error(NOT_RUN)
        nonce = secrets.token_hex(8) if LAUNCH in self.config.stash and role(self.cell) in ("check", "hidden") else ""
        kernel.ask(_question(nonce, self.cell) if nonce else None)
        failed: NbCellError | None = None
        try:
            super().runtest()
        except NbCellError as error:
            failed = error
        trouble = self._trouble(kernel)
        credit, odd = self._credit(kernel, nonce)
        if kernel.cell.asked_to_exit:
            kernel.stop()
        if nonce and kernel.is_alive():
            disproof = "" if trouble else self._disproof(kernel, nonce)
            odd += [*filter(None, [disproof]), *map(str, kernel.cell.attestation.get("odd", []))]
            if not kernel.rejects_failing_assert(nonce, self.config.option.nbval_cell_timeout):
                odd.append("a cell that must fail passed in this kernel")
            trouble = trouble or disproof
        self._record(trouble, odd, credit, ended_kernel=not kernel.is_alive())
        if failed is not None:
            raise failed
        if trouble and not (self.options["check_exception"] and kernel.cell.reply.get("status") == "error"):
            self.raise_cell_error(trouble)

    def repr_failure(self, excinfo: Any) -> str:
        """Return what the check says, or for any other cell what nbval says."""
        last = next((each for each in reversed(self.config.stash[_RECORDS]) if each.cell == self.cell.get("id")), None)
        if role(self.cell) == "check" and last is not None and last.status != Status.CORRECT:
            self.user_properties.append(("unsolved", True))
            return f"{last.exercise}: {last.verdict}"
        text = str(super().repr_failure(excinfo))
        return text if self.config.get_terminal_writer().hasmarkup else ANSI.sub("", text)

    def _trouble(self, kernel: LessonKernel) -> str:
        """Return why the cell did not run to its end, empty if it did."""
        if kernel.cell.timed_out:
            return f"was stopped after {self.config.option.nbval_cell_timeout:g} seconds"
        if kernel.cell.cut_off:
            return "kept printing after it had ended"
        if kernel.cell.asked_to_exit:
            return "called exit(), which ends the kernel"
        if not kernel.is_alive():
            return DIED
        reply = kernel.cell.reply
        if reply.get("status") == "error":
            return _shortened(f"{reply.get('ename')}: {reply.get('evalue')}".removesuffix(": "))
        return "" if reply.get("status") == "ok" else "the kernel did not reply"

    def _disproof(self, kernel: LessonKernel, nonce: str) -> str:
        """Return why a check that passed cannot be trusted, empty if it can."""
        if kernel.cell.attestation.get("nonce") != nonce:
            return "the kernel did not confirm that the check ran to its end"
        if self.cell.source.startswith(IMPORT_CHECK) and kernel.cell.attestation.get("verdict") != Status.CORRECT:
            return "the kit's own check did not report this as correct"
        return ""

    def _credit(self, kernel: LessonKernel, nonce: str) -> tuple[float, list[str]]:
        """Return the share that is right of an answer that the kit's check calls wrong, and what is odd about that."""
        if role(self.cell) != "check" or kernel.cell.reply.get("ename") != "CheckFailed" or not kernel.is_alive():
            return 0, []
        nonce = nonce or secrets.token_hex(8)
        said = kernel.evaluate(_question(nonce, self.cell), self.config.option.nbval_cell_timeout)
        credit = said.get("credit", 0)
        if said.get("nonce") != nonce or said.get("verdict") != Status.NOT_YET or type(credit) not in (int, float):
            return 0, []
        return (min(max(credit, 0), 1), [*map(str, said.get("odd", []))]) if credit else (0, [])

    def _record(
        self, trouble: str, odd: list[str] | None = None, credit: float = 0, *, ended_kernel: bool = False
    ) -> None:
        status, message = self._judge(trouble) if role(self.cell) in ("check", "hidden") else (None, trouble)
        record = Record(
            lesson=self.parent.lesson,
            cell=str(self.cell.get("id", self.cell_num)),
            role=role(self.cell),
            exercise=exercise_name(self.cell),
            points=int(_ours(self.cell).get("points", 0)),
            status=status,
            message=message,
            credit=credit,
            ended_kernel=ended_kernel,
            timed_out=self.parent.kernel.cell.timed_out,
            odd=odd or [],
            outputs=self._outputs() if self.config.stash.get(KEEP_OUTPUTS, False) else [],
        )
        self.config.stash[_RECORDS].append(record)
        if ON_RECORD in self.config.stash:
            self.config.stash[ON_RECORD](record)

    def _outputs(self) -> list[dict[str, Any]]:
        """Return what the cell displayed, in the form of a notebook, as far as it is not too large to hand back."""
        found: list[dict[str, Any]] = []
        for output in self.test_outputs or []:
            if len(json.dumps(output)) > LARGEST_OUTPUT:
                output = {"output_type": "stream", "name": "stderr", "text": "(this output is too large)"}  # noqa: PLW2901
            found.append({name: value for name, value in output.items() if name != "execution_count"})
        return found

    def _judge(self, trouble: str) -> tuple[Status, str]:
        """Return the verdict of a check cell: the kit's own, or the meaning of another exception."""
        reply = self.parent.kernel.cell.reply
        if not trouble:
            shown = [output.get("data", {}).get("text/plain", "") for output in self.test_outputs or []]
            praise = next((text for text in reversed(shown) if text.startswith(Status.CORRECT)), "")
            return Status.CORRECT, _shortened(praise.removeprefix(f"{Status.CORRECT}. "))
        kind, said = reply.get("ename"), str(reply.get("evalue", ""))
        if kind == "CheckFailed" and (found := CHECK_FAILED.fullmatch(ANSI.sub("", said))):
            return Status(found[1]), _shortened(found[2])
        unwritten = self._unwritten_function(reply) if kind == "NotImplementedError" else None
        untouched = _ours(self.cell).get("untouched", False) and trouble != NOT_RUN
        if untouched or unwritten == "":
            return Status.NOT_ATTEMPTED, "Write your code in the answer cell."
        if unwritten:
            message = not_written("your answer", unwritten)
        elif kind == "AssertionError":
            message = _shortened(said) or "an assertion in the check failed"
        elif kind == "NameError":
            message = f"{trouble}; does the answer cell define it, and run without an error?"
        else:
            message = f"the check {trouble}" if self.parent.kernel.cell.timed_out else trouble
        return Status.NOT_YET, message

    def _unwritten_function(self, reply: dict[str, Any]) -> str:
        """Return the function that raised NotImplementedError, empty if it is in this exercise's own answer cell."""
        called = CALLED.findall(ANSI.sub("", "\n".join(reply.get("traceback", []))))
        raised_in = str(called[-1]) if called else ""
        own = exercise_name(self.cell)
        answers = [cell.source for cell in code_cells(self.parent.nb, "answer") if exercise_name(cell) == own]
        return "" if any(f"def {raised_in}(" in answer for answer in answers) else raised_in


def _question(nonce: str, cell: Any) -> str:
    """Return an expression with which the kernel attests to a check."""
    arguments = (nonce, exercise_name(cell), _ours(cell).get("defines", []))
    return f"__import__('enronlib.classroom.grading.attestation', fromlist=['_']).attest(*{arguments!r})"


def _item_name(cell: Any, number: int) -> str:
    points = _ours(cell).get("points", 0)
    if role(cell) == "check":
        return f"{exercise_name(cell)} ({points} point{'s' * (points != 1)})"
    return f"{role(cell)} {exercise_name(cell)}" if exercise_name(cell) else f"Cell {number}"


def _ours(node: Any) -> dict[str, Any]:
    """Return the kit's metadata of a notebook or cell."""
    return dict(node.metadata.get("enronlib", {}))


def _shortened(text: str) -> str:
    text = ANSI.sub("", text).strip()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
