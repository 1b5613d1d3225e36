"""The grading process of one submission: pytest with nbval on its notebooks, each kernel in its cage."""

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest

from enronlib.classroom.grading import nbval_plugin
from enronlib.classroom.grading.kernel import Cage
from enronlib.classroom.grading.records import Record


@dataclass(frozen=True)
class Job:
    """What to run and how. Paths are absolute; the results are lines of JSON, one a cell, as they come."""

    notebooks: list[str]
    results: str
    command: list[str]
    """That starts a kernel in its cage."""
    folder: str
    interrupt: str
    own_network: bool
    cell_seconds: float


class _Grading:
    """The plugin that tells the one for lessons about the cage and takes its records."""

    def __init__(self, job: Job, results: TextIO) -> None:
        self.job, self.results = job, results

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[nbval_plugin.CAGE] = Cage(
            tuple(self.job.command), Path(self.job.folder), self.job.interrupt, self.job.own_network
        )
        config.stash[nbval_plugin.SINK] = self.write

    def write(self, record: Record) -> None:
        self.results.write(record.to_json() + "\n")
        self.results.flush()


def work(job: Job) -> None:
    """Run the job."""
    here = Path(job.results).parent
    arguments = ["--nbval", f"--nbval-cell-timeout={job.cell_seconds}", "-c", str(here / "pytest.ini")]
    arguments += ["--rootdir", str(here), "--noconftest", "-q", "--tb=no", "--no-header", "-p", "no:cacheprovider"]
    arguments += ["-p", "nbval.plugin", "--continue-on-collection-errors", "--color=no"]
    with Path(job.results).open("a", encoding="utf-8") as results:
        pytest.main([*arguments, *job.notebooks], plugins=[_Grading(job, results), nbval_plugin])
