"""The pipeline of lessons 08 to 10: the student's tasks, tested ones where a check has not passed, and how it runs."""

import re
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from enronlib.classroom.exercises import find_exercise
from enronlib.classroom.folders import load
from enronlib.classroom.verdict import Status
from enronlib.workflow.runner import Outcome, build

__all__ = ["show_run", "terminal", "your_task"]

TESTED = {
    "workflow.mailbox": ("process_mailbox", "from enronlib.workflow import ProcessMailbox"),
    "workflow.wrapper": ("process_enron_emails", "from enronlib.workflow import ProcessEnronEmails"),
    "count.mapper": ("count_mailbox", "from enronlib.workflow import MapMailbox as CountMailbox"),
    "count.reducer": ("add_up_counts", "from enronlib.workflow import ReduceCounts as AddUpCounts"),
}
"""The module that the answer to an exercise is written to, and what stands in for it."""

STANDS_IN = "# The tested task stands in until the check of {} passes.{}\n"
SUMMARY = "===== Luigi Execution Summary ====="


def your_task(exercise: str) -> Any:
    """Return the student's task of an exercise if its module is here and passes the check, else the tested task.

    Prints which of the two it is. Either way other modules, worker processes and Luigi's command find it under the
    name of the student's module; an answer that does not pass yet is kept in `<module>_unfinished.py`.
    """
    name, tested = TESTED[exercise]
    class_name = tested.rpartition(" ")[2]
    file = Path(f"{name}.py")
    if _passes(exercise, file):
        print(f"{class_name} is yours, from {file}.")
    else:
        if file.exists() and not _stands_in(file):
            kept = file.replace(f"{name}_unfinished.py")
            tested = STANDS_IN.format(exercise, f" Yours is in {kept}.") + tested
        else:
            tested = STANDS_IN.format(exercise, "") + tested
        file.write_text(f"{tested}\n", encoding="utf-8", newline="\n")
        print(f"{class_name} is the tested one, until your check of {exercise} passes.")
    return getattr(load(name), class_name)


def _passes(exercise: str, file: Path) -> bool:
    """Return whether the module in a file is the student's and passes the check."""
    if not file.exists() or _stands_in(file):
        return False
    with suppress(Exception):  # whatever a student's module raises when it is imported
        return find_exercise(exercise).judge(load(file.stem)).status is Status.CORRECT
    return False


def _stands_in(file: Path) -> bool:
    return file.read_text(encoding="utf-8", errors="replace").startswith(STANDS_IN.partition("{")[0])


def show_run(task: Any, workers: int = 1) -> Outcome:
    """Run a task, after all that it requires; print Luigi's summary without its frame, and why tasks failed."""
    outcome = build(task, workers=workers, progress=False)
    print(shortened("\n".join(outcome.summary.splitlines()[2:-2])))
    for name, reason in outcome.failures.items():
        print(f"{name} failed: {reason}")
    return outcome


def terminal(command: str) -> None:
    """Run a command that begins with `python`, as a terminal in this folder would.

    Prints the command, the summary at the end of Luigi's log (without the log, which differs each time), and what
    `echo $?` prints after it: the exit status.
    """
    arguments = [sys.executable, *shlex.split(command)[1:]]
    done = subprocess.run(arguments, capture_output=True, encoding="utf-8", errors="replace", timeout=300, check=False)
    _, found, summary = done.stderr.partition(SUMMARY)
    print("$ " + command.replace(" --", " \\\n    --"))
    print(shortened(summary.partition(SUMMARY)[0].strip()) if found else done.stderr.strip().rpartition("\n")[2])
    print(f"$ echo $?\n{done.returncode}")


def shortened(summary: str) -> str:
    """Return Luigi's summary with short tasks: of folders only a mailbox's name, `CountMailbox(quill-a)`."""
    return re.sub(r"(?<=\w)\(([^()]*=[^()]*)\)", lambda match: f"({', '.join(_shown(match[1]))})", summary)


def _shown(parameters: str) -> list[str]:
    shown = []
    for parameter in parameters.split(", "):
        name, _, value = parameter.partition("=")
        if name == "mailbox_directory":
            shown.append(Path(value).name)
        elif not name.endswith(("directory", "folder")):
            shown.append(parameter)
    return shown
