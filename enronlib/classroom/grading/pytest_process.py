"""The process that runs a submission's notebooks: pytest with nbval, and kernels in the sandbox."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from enronlib.classroom.grading import nbval_plugin
from enronlib.classroom.grading.kernel import KernelLaunch
from enronlib.classroom.grading.marks import Record

__all__ = ["NotebookRun", "run_notebooks"]


@dataclass(frozen=True)
class NotebookRun:
    """Which notebooks to run, and how. The results are records as lines of JSON, written as each cell ends."""

    notebooks: tuple[Path, ...]
    results: Path
    launch: KernelLaunch
    cell_seconds: float
    keep_outputs: bool = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Tell the plugin for lessons how to start kernels and where to send its records."""
        config.stash[nbval_plugin.LAUNCH] = self.launch
        config.stash[nbval_plugin.ON_RECORD] = self._write
        config.stash[nbval_plugin.KEEP_OUTPUTS] = self.keep_outputs

    def _write(self, record: Record) -> None:
        with self.results.open("a", encoding="utf-8") as file:
            file.write(record.to_json() + "\n")


def run_notebooks(run: NotebookRun) -> None:
    """Run the notebooks in this process."""
    folder = run.results.parent
    arguments = ["--nbval", f"--nbval-cell-timeout={run.cell_seconds}", "-c", str(folder / "pytest.ini")]
    arguments += ["--rootdir", str(folder), "--noconftest", "-q", "--tb=no", "--no-header", "-p", "no:cacheprovider"]
    arguments += ["-p", "nbval.plugin", "--continue-on-collection-errors", "--color=no"]
    pytest.main([*arguments, *map(str, run.notebooks)], plugins=[run, nbval_plugin])
