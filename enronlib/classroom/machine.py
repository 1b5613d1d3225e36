"""Is this machine ready for the lessons?"""

import html
import os
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from enronlib import UserError
from enronlib.classroom.verdict import GREEN
from enronlib.sample import sample_maildir

RED = "213,94,0"  # the Okabe-Ito palette's, told apart from its green with any kind of colour vision
MAIL = "the invented mail that comes with the kit"
FREE_DISK = 1  # GB: what the lessons write is far less; a full disk makes odd errors


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, and how to fix it; nothing to fix means it is well."""

    what: str
    fix: str = ""

    @property
    def word(self) -> str:
        """The finding in a sign and a word."""
        return "✘ fix" if self.fix else "✔ ok"

    def __str__(self) -> str:
        """The finding in full."""
        return f"{self.what}: {self.fix}" if self.fix else self.what


class Machine:
    """What was found, a line each, with a sign, a word and a colour."""

    def __init__(self, findings: list[Finding]) -> None:
        """Hold the findings."""
        self.findings = findings

    @property
    def ready(self) -> bool:
        """Whether there is nothing to fix."""
        return not any(finding.fix for finding in self.findings)

    def __repr__(self) -> str:
        """The findings in plain text."""
        return "\n".join([f"{each.word:5}  {each}" for each in self.findings] + [self._sum])

    def _repr_html_(self) -> str:
        lines = (
            f'<b style="color: rgb({RED if each.fix else GREEN})">{each.word}</b> {html.escape(str(each))}'
            for each in self.findings
        )
        return f'<p style="line-height: 1.6">{"<br>".join(lines)}</p><p><b>{self._sum}</b></p>'

    @property
    def _sum(self) -> str:
        return "Your machine is ready." if self.ready else "Fix what is marked, restart the kernel, run this again."


def check_machine() -> Machine:
    """Look at Python, the packages, the disk and the mail. What is well is told without versions and places."""
    return Machine([_python(), *_packages(), _disk(), _folder(), _mail()])


def _python() -> Finding:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    fix = "" if fits else f"this is {sys.version_info[0]}.{sys.version_info[1]}; make a new environment"
    return Finding("Python 3.11, 3.12 or 3.13", fix)


def _packages() -> list[Finding]:
    """Compare what is installed with what enronlib asks for: a line for each package that does not fit, one if all do.

    Packages of its extras count only for the lab.
    """
    needed = [Requirement(text) for text in metadata.requires("enronlib") or []]
    wanted = [each for each in needed if not each.marker or each.marker.evaluate({"extra": "lab"})]
    unfit = [Finding(each.name, fix) for each in wanted if (fix := _fix_package(each))]
    return unfit or [Finding("the packages that the lessons need")]


def _fix_package(needed: Requirement) -> str:
    try:
        there = metadata.version(needed.name)
    except metadata.PackageNotFoundError:
        return f'it is missing: python -m pip install "{needed.name}{needed.specifier}"'
    if needed.specifier.contains(there, prereleases=True):
        return ""
    return f'version {there} does not fit: python -m pip install "{needed.name}{needed.specifier}"'


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return Finding(f"{FREE_DISK} GB of free disk", "" if free >= FREE_DISK else f"there are {free:.1f} GB: make room")


def _folder() -> Finding:
    return Finding(
        "this folder can be written to", "" if os.access(Path.cwd(), os.W_OK) else "copy the lessons elsewhere"
    )


def _mail() -> Finding:
    """Write the invented mail, unless it is there. The lessons use it whatever ENRON_MAILDIR says."""
    try:
        sample_maildir()
    except UserError as error:
        return Finding(MAIL, str(error))
    return Finding(MAIL)
