"""Check whether this machine is ready for the lessons."""

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

__all__ = ["Finding", "Machine", "check_machine"]

RED = "213,94,0"  # of the Okabe-Ito palette, like GREEN
MAIL = "the invented mail that comes with the kit"
FREE_DISK = 1  # GB: far more than the lessons write, because a full disk causes confusing errors


@dataclass(frozen=True)
class Finding:
    """One thing that was checked, and how to fix it if it is not in order."""

    what: str
    fix: str = ""

    @property
    def word(self) -> str:
        """A sign and a word."""
        return "✘ fix" if self.fix else "✔ ok"

    def __str__(self) -> str:
        """What was checked, and the fix if there is one."""
        return f"{self.what}: {self.fix}" if self.fix else self.what


@dataclass(frozen=True, repr=False)
class Machine:
    """All findings: one line each, with a sign, a word and a colour."""

    findings: list[Finding]

    @property
    def ready(self) -> bool:
        """Whether nothing needs fixing."""
        return not any(finding.fix for finding in self.findings)

    def __repr__(self) -> str:
        """The findings as plain text."""
        return "\n".join([f"{each.word:5}  {each}" for each in self.findings] + [self._sum])

    def _repr_html_(self) -> str:
        lines = (
            f'<b style="color: rgb({RED if each.fix else GREEN})">{each.word}</b> {html.escape(str(each))}'
            for each in self.findings
        )
        return f'<p style="line-height: 1.6">{"<br>".join(lines)}</p><p><b>{self._sum}</b></p>'

    @property
    def _sum(self) -> str:
        return "Your machine is ready." if self.ready else "Fix what is marked, restart the kernel and run this again."


def check_machine() -> Machine:
    """Check Python, the packages, the disk and the mail. Versions and paths appear only where something is wrong."""
    return Machine([_python(), *_packages(), _disk(), _folder(), _mail()])


def _python() -> Finding:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    fix = "" if fits else f"this is {sys.version_info[0]}.{sys.version_info[1]}; create a new environment"
    return Finding("Python 3.11, 3.12 or 3.13", fix)


def _packages() -> list[Finding]:
    """Return a finding for each missing or unsuitable package, or a single one if all are in order.

    The packages are those that enronlib and its extra `lab` require.
    """
    needed = [Requirement(text) for text in metadata.requires("enronlib") or []]
    wanted = [each for each in needed if not each.marker or each.marker.evaluate({"extra": "lab"})]
    unfit = [Finding(each.name, fix) for each in wanted if (fix := _fix_package(each))]
    return unfit or [Finding("the packages for the lessons")]


def _fix_package(needed: Requirement) -> str:
    install = f'run python -m pip install "{needed.name}{needed.specifier}"'
    try:
        version = metadata.version(needed.name)
    except metadata.PackageNotFoundError:
        return f"it is missing; {install}"
    return "" if needed.specifier.contains(version, prereleases=True) else f"version {version} does not fit; {install}"


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    fix = "" if free >= FREE_DISK else f"there is only {free:.1f} GB; delete some files"
    return Finding(f"{FREE_DISK} GB of free disk space", fix)


def _folder() -> Finding:
    fix = "" if os.access(Path.cwd(), os.W_OK) else "you may not write here; copy the lessons to another folder"
    return Finding("permission to write to this folder", fix)


def _mail() -> Finding:
    """Write the invented mail unless it exists. The lessons always use it, whatever the value of ENRON_MAILDIR."""
    try:
        sample_maildir()
    except UserError as error:
        return Finding(MAIL, str(error))
    return Finding(MAIL)
