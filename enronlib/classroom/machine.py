"""Is this machine ready for the lessons?"""

import html
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from enronlib import UserError
from enronlib.classroom.verdict import GREEN
from enronlib.corpus import find_maildir, mailboxes

RED = "213,94,0"  # the Okabe-Ito palette's, told apart from its green with any kind of colour vision
FREE_DISK = 1  # GB: what the lessons write is far less; a full disk makes odd errors


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, and how to mend it; nothing to mend means it is well."""

    what: str
    mend: str = ""

    @property
    def word(self) -> str:
        """The finding in a sign and a word."""
        return "✘ mend" if self.mend else "✔ ok"

    def __str__(self) -> str:
        """The finding in full."""
        return f"{self.what}: {self.mend}" if self.mend else self.what


class Machine:
    """What was found, a line each, with a sign, a word and a colour."""

    def __init__(self, findings: list[Finding]) -> None:
        """Hold the findings."""
        self.findings = findings

    @property
    def ready(self) -> bool:
        """Whether there is nothing to mend."""
        return not any(finding.mend for finding in self.findings)

    def __repr__(self) -> str:
        """The findings in plain text."""
        return "\n".join([f"{each.word:6}  {each}" for each in self.findings] + [self._sum])

    def _repr_html_(self) -> str:
        lines = (
            f'<b style="color: rgb({RED if each.mend else GREEN})">{each.word}</b> {html.escape(str(each))}'
            for each in self.findings
        )
        return f'<p style="line-height: 1.6">{"<br>".join(lines)}</p><p><b>{self._sum}</b></p>'

    @property
    def _sum(self) -> str:
        return "Your machine is ready." if self.ready else "Mend what is marked, restart the kernel, run this again."


def check_machine() -> Machine:
    """Look at Python, the packages, the disk and the mail. What is well is told without versions and places."""
    return Machine([_python(), *_packages(), _disk(), _folder(), _mail()])


def _python() -> Finding:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    mend = "" if fits else f"this is {sys.version_info[0]}.{sys.version_info[1]}; make a new environment"
    return Finding("Python 3.11, 3.12 or 3.13", mend)


def _packages() -> Iterator[Finding]:
    """Compare what is installed with what enronlib asks for; packages of its extras count only for the lab."""
    for text in metadata.requires("enronlib") or []:
        needed = Requirement(text)
        if needed.marker and not needed.marker.evaluate({"extra": "lab"}):
            continue
        yield Finding(needed.name, _mend_package(needed))


def _mend_package(needed: Requirement) -> str:
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
    which = (
        "the mail of ENRON_MAILDIR" if os.environ.get("ENRON_MAILDIR") else "the invented mail that comes with the kit"
    )
    try:
        found = mailboxes(find_maildir())
    except UserError as error:
        return Finding(which, str(error))
    return Finding(which, "" if found else "no mailbox was found")
