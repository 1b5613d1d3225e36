"""The kernel as a grader needs it: its own word is heard, its death is seen at once, its flood of output is cut off.

nbval waits for a dead kernel until the cell's time is over (half an hour as it comes), takes a cell without an error
message for a good one whatever the kernel replied, and keeps all output there is.
"""

import ast
import json
import subprocess
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from nbval.kernel import NbvalKernelspecManager, RunningKernel

POLL = 0.25  # seconds between looks at whether the kernel lives
GRACE = 3.0  # seconds an interrupted cell has to stop
DRAIN = 30.0  # seconds in which all output of a cell must have come after it ended
LARGEST_OUTPUT = 10_000_000  # characters of a cell's output that are kept; nobody reads more


@dataclass(frozen=True)
class Cage:
    """How a kernel is started for grading: the command, the folder for its connection file, how it is interrupted.

    With `own_network` it has a network of its own, into which only Unix sockets reach.
    """

    command: tuple[str, ...]
    folder: Path
    interrupt: str = "signal"
    own_network: bool = False


class LessonKernel(RunningKernel):  # type: ignore[misc]
    """A running kernel with a memory of the last cell: what it replied, whether it took too long."""

    def __init__(self, kernel_name: str, cwd: Path, startup_timeout: float, cage: Cage | None = None) -> None:
        """Start the kernel of this name or, for grading, the one in the cage."""
        self.cell = CellState()
        self._outputs: deque[Any] = deque()
        self._question: dict[str, str] = {}
        self.km = _manager(kernel_name) if cage is None else _caged_manager(cage)
        self.km.context.setsockopt(zmq.RCVHWM, 0)  # else messages are lost when more than some thousand wait
        self.km.start_kernel(
            cwd=str(cwd), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.kc = self.km.client()
        self.kc.start_channels()
        try:
            self.kc.wait_for_ready(timeout=startup_timeout)
            self._ensure_iopub_up()
        except BaseException:
            self.stop()
            raise

    def ask(self, question: str | None) -> None:
        """Have the next cell answered with the value of this expression, if it ran to its end (see `testimony`)."""
        self._question = {"proof": question} if question else {}

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Send a cell to the kernel and return the id of the request."""
        self.cell = CellState()
        self._outputs.clear()
        request: str = self.kc.execute(
            cell_input,
            store_history=False,
            allow_stdin=bool(allow_stdin),
            stop_on_error=False,
            user_expressions=self._question,
        )
        return request

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        """Wait for the kernel's reply to a request; raise Empty when the time is over or the kernel is dead."""
        end = time.monotonic() + (timeout or GRACE)
        while True:
            more = self._take_outputs()
            try:
                message = self.kc.get_shell_msg(timeout=0 if more else POLL)
            except Empty:
                if not self.is_alive():
                    raise
                if time.monotonic() > end:
                    self.cell.timed_out = True
                    raise
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                self.cell.reply = message["content"]
                return

    def get_message(self, stream: str, timeout: float | None = None) -> Any:
        """Return the next message of a channel; raise Empty when there is none in time or the kernel is dead."""
        if stream != "iopub":
            return super().get_message(stream, timeout)
        # A cell that goes on printing must not keep us for ever: there is one stretch of time for all that is left.
        if not self.cell.last_call:
            self.cell.last_call = time.monotonic() + (GRACE if self.cell.timed_out else DRAIN)
        end = min(self.cell.last_call, time.monotonic() + (timeout or GRACE))
        while (left := end - time.monotonic()) > 0:
            if not self._outputs:
                self._take_outputs(min(left, POLL))
            if self._outputs:
                return self._outputs.popleft()
            if not self.is_alive():
                raise Empty
        self.cell.cut_off = True
        raise Empty

    def canary_sings(self, word: str, timeout: float) -> bool:
        """Tell whether a cell that must fail with this word does; if not, what passes in this kernel means nothing."""
        self.ask(None)
        asked, state = self.kc.execute(f"assert False, {word!r}", store_history=False, stop_on_error=False), self.cell
        self.cell = CellState()
        try:
            self.await_reply(asked, timeout)
        except Empty:
            return False
        finally:
            reply, self.cell = self.cell.reply, state
        return (reply.get("status"), reply.get("ename"), reply.get("evalue")) == ("error", "AssertionError", word)

    def stop(self) -> None:
        """End the kernel and everything in its process group; a second call does nothing."""
        if hasattr(self, "km"):
            super().stop()

    def _take_outputs(self, wait: float = 0) -> bool:
        """Take what has come on the output channel and tell whether there may be more; there may be no end of it.

        If nothing has come, `wait` so many seconds for it. Past the limit only what tells that a cell ended is kept.
        """
        for _ in range(1_000):
            try:
                message = self.kc.get_iopub_msg(timeout=wait)
            except Empty:
                return False
            wait = 0
            if message["msg_type"] not in ("status", "error"):
                self.cell.output += len(json.dumps(message["content"], default=str))
                if self.cell.output > LARGEST_OUTPUT:
                    continue
            self._outputs.append(message)
        return True


@dataclass
class CellState:
    """What became of the cell that runs or has just run."""

    reply: dict[str, Any] = field(default_factory=dict)
    timed_out: bool = False
    output: int = 0
    cut_off: bool = False
    last_call: float = 0.0

    @property
    def says_it_ran(self) -> bool:
        """Whether the kernel's own reply says that the cell ran to its end without an error."""
        return self.reply.get("status") == "ok"

    @property
    def asked_to_exit(self) -> bool:
        """Whether the cell called exit(), which ends the kernel a moment later."""
        return any(part.get("source") == "ask_exit" for part in self.reply.get("payload") or [])

    @property
    def testimony(self) -> dict[str, Any]:
        """The value of the expression that was asked for, empty if it is not what it should be."""
        try:
            answer = self.reply["user_expressions"]["proof"]["data"]["text/plain"]
            found = json.loads(ast.literal_eval(answer))
        except (KeyError, TypeError, ValueError, SyntaxError):
            return {}
        return found if isinstance(found, dict) else {}


class _CageSpecs(KernelSpecManager):  # type: ignore[misc]
    """Knows one kernel: the one in the cage."""

    cage: Cage

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(
            argv=[*self.cage.command, "-f", "{connection_file}"],
            display_name=kernel_name,
            language="python",
            interrupt_mode=self.cage.interrupt,
        )


def _manager(kernel_name: str) -> KernelManager:
    return KernelManager(kernel_name=kernel_name, kernel_spec_manager=NbvalKernelspecManager())


def _caged_manager(cage: Cage) -> KernelManager:
    specs = _CageSpecs()
    specs.cage = cage
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    if cage.own_network:
        manager.transport, manager.ip = "ipc", str(cage.folder / "k")
    manager.connection_file = str(cage.folder / "kernel.json")
    return manager
