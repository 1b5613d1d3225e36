"""A kernel for graders: its own reply counts, its death is noticed at once, and its output is limited.

nbval waits for a dead kernel until the cell's time is up (half an hour by default), accepts a cell that shows no error
message whatever the kernel replied, and keeps all output.
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

__all__ = ["CellState", "KernelLaunch", "LessonKernel"]

POLL = 0.25  # seconds between checks that the kernel is alive
GRACE = 3.0  # seconds for an interrupted cell to stop
DRAIN = 30.0  # seconds in which all output of a cell must arrive after it ended
LARGEST_OUTPUT = 10_000_000  # characters of a cell's output that are kept


@dataclass(frozen=True)
class KernelLaunch:
    """How to start a kernel for grading: the command, the folder for its connection file, how to interrupt it.

    With `own_network` it has a network of its own, which only Unix sockets reach.
    """

    command: tuple[str, ...]
    folder: Path
    interrupt: str = "signal"
    own_network: bool = False


@dataclass
class CellState:
    """The state of the cell that is running or ran last."""

    reply: dict[str, Any] = field(default_factory=dict)
    timed_out: bool = False
    output_size: int = 0
    cut_off: bool = False
    drain_until: float = 0.0

    @property
    def asked_to_exit(self) -> bool:
        """Whether the cell called exit(), which ends the kernel a moment later."""
        return any(item.get("source") == "ask_exit" for item in self.reply.get("payload") or [])

    @property
    def attestation(self) -> dict[str, Any]:
        """The value of the expression that was asked for, empty if it is malformed."""
        try:
            answer = self.reply["user_expressions"]["proof"]["data"]["text/plain"]
            found = json.loads(ast.literal_eval(answer))
        except (KeyError, TypeError, ValueError, SyntaxError):
            return {}
        return found if isinstance(found, dict) else {}


class LessonKernel(RunningKernel):  # type: ignore[misc]
    """A running kernel that remembers its last cell: what it replied, and whether it took too long."""

    def __init__(self, kernel_name: str, cwd: Path, startup_timeout: float, launch: KernelLaunch | None = None) -> None:
        """Start the kernel of this name or, for grading, with this launch command."""
        self.cell = CellState()
        self._outputs: deque[Any] = deque()
        self._question: dict[str, str] = {}
        self.km = _manager(kernel_name, launch)
        self.km.context.setsockopt(zmq.RCVHWM, 0)  # otherwise messages are lost when more than a thousand wait
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
        """Have the kernel evaluate this expression after the next cell, if that runs; see `CellState.attestation`."""
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
        """Wait for the kernel's reply to a request; raise Empty when the time is up or the kernel is dead."""
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
        """Return the next message of a channel; raise Empty when none comes in time or the kernel is dead."""
        if stream != "iopub":
            return super().get_message(stream, timeout)
        # One deadline for all remaining output, or a cell that keeps printing would hold us forever.
        if not self.cell.drain_until:
            self.cell.drain_until = time.monotonic() + (GRACE if self.cell.timed_out else DRAIN)
        end = min(self.cell.drain_until, time.monotonic() + (timeout or GRACE))
        while (left := end - time.monotonic()) > 0:
            if not self._outputs:
                self._take_outputs(min(left, POLL))
            if self._outputs:
                return self._outputs.popleft()
            if not self.is_alive():
                raise Empty
        self.cell.cut_off = True
        raise Empty

    def evaluate(self, question: str, timeout: float) -> dict[str, Any]:
        """Return the kernel's answer to a question without a cell, empty if there is none; `cell` stays as it is."""
        state, self.cell = self.cell, CellState()
        request = self.kc.execute("", silent=True, store_history=False, user_expressions={"proof": question})
        try:
            self.await_reply(request, timeout)
        except Empty:
            return {}
        finally:
            answer, self.cell = self.cell.attestation, state
        return answer

    def rejects_failing_assert(self, nonce: str, timeout: float) -> bool:
        """Return whether `assert False, nonce` fails as it must; if not, no check that passes here means anything."""
        self.ask(None)
        request = self.kc.execute(f"assert False, {nonce!r}", store_history=False, stop_on_error=False)
        state, self.cell = self.cell, CellState()
        try:
            self.await_reply(request, timeout)
        except Empty:
            return False
        finally:
            reply, self.cell = self.cell.reply, state
        return (reply.get("status"), reply.get("ename"), reply.get("evalue")) == ("error", "AssertionError", nonce)

    def stop(self) -> None:
        """End the kernel and everything in its process group; a second call does nothing."""
        if hasattr(self, "km"):
            super().stop()

    def _take_outputs(self, wait: float = 0) -> bool:
        """Take what has arrived on the output channel, waiting for it at most `wait` seconds.

        Return whether there may be more; it may never end. Past the size limit, only messages that show the end of a
        cell are kept.
        """
        for _ in range(1_000):
            try:
                message = self.kc.get_iopub_msg(timeout=wait)
            except Empty:
                return False
            wait = 0
            if message["msg_type"] not in ("status", "error"):
                self.cell.output_size += len(json.dumps(message["content"], default=str))
                if self.cell.output_size > LARGEST_OUTPUT:
                    continue
            self._outputs.append(message)
        return True


class _OneKernelSpec(KernelSpecManager):  # type: ignore[misc]
    """A manager that knows one kernel, whatever its name."""

    spec: KernelSpec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return self.spec


def _manager(kernel_name: str, launch: KernelLaunch | None) -> KernelManager:
    if launch is None:
        return KernelManager(kernel_name=kernel_name, kernel_spec_manager=NbvalKernelspecManager())
    specs = _OneKernelSpec()
    command = [*launch.command, "-f", "{connection_file}"]
    specs.spec = KernelSpec(argv=command, language="python", interrupt_mode=launch.interrupt)
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    if launch.own_network:
        manager.transport, manager.ip = "ipc", str(launch.folder / "k")
    manager.connection_file = str(launch.folder / "kernel.json")
    return manager
