"""How the whole suite runs: in parallel, file by file, the slowest files first. What is named runs in this process."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psutil
import pytest

# The files that take longest, in the order in which they start, so that none is left alone at the end.
SLOWEST = (
    "tests/test_events_kafka.py",
    "tests/test_grading_zoo.py",
    "tests/browser/",
    "tests/other_engines/",
    "tests/test_same_answer.py",
    "tests/test_clusters.py",
    "tests/test_addresses.py",
    "tests/test_grading_lessons.py",
    "tests/test_workflow.py",
    "tests/test_main.py",
    "tests/test_classroom_lessons.py",
    "notebooks/solutions/",
    "tests/test_grading_class.py",
    "tests/test_charts.py",
    "tests/test_sample.py",
    "tests/test_classroom_nbval.py",
    "tests/test_grading_nbval.py",
    "tests/test_project.py",
    "tests/real_mail/",
)
# The tests of these files share nothing that is costly to make: each may run in any process.
ONE_BY_ONE = (
    "tests/other_engines/",
    "tests/test_charts.py",
    "tests/test_classroom_nbval.py",
    "tests/test_grading_lessons.py",
    "tests/test_grading_nbval.py",
    "tests/test_main.py",
    "tests/test_project.py",
    "tests/test_workflow.py",
)
BY_FUNCTION = "tests/browser/"  # the lessons run in one process and are shown in another, each with its JupyterLab
# These lessons are one pipeline: they share modules and results in their folder, and never run side by side.
PIPELINE = tuple(f"notebooks/solutions/{number}_" for number in ("08", "09", "10", "11", "12"))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run in parallel where no file is named: one process more than there are cores, as many tests wait."""
    options = config.option
    is_worker = hasattr(config, "workerinput")  # a process of a parallel run has the same command line
    if is_worker or not config.pluginmanager.has_plugin("xdist"):
        return
    if options.numprocesses is None and config.args_source is config.ArgsSource.TESTPATHS and not options.usepdb:
        options.numprocesses = (os.cpu_count() or 1) + 1
    if options.numprocesses:
        options.dist, options.loadscopereorder = "loadfile", False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slowest files first."""
    items.sort(
        key=lambda item: next((n for n, name in enumerate(SLOWEST) if item.nodeid.startswith(name)), len(SLOWEST))
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file together in one process, except for the files above."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith(PIPELINE):
                return PIPELINE[0]
            if nodeid.startswith(ONE_BY_ONE):
                return nodeid
            return nodeid.partition("[" if nodeid.startswith(BY_FUNCTION) else "::")[0]

    return Scheduling(config, log)


@pytest.fixture
def promptly() -> Callable[[], AbstractContextManager[None]]:
    """A context manager: its block takes at most 30 seconds where nothing else runs, and more on a busy computer."""

    @contextmanager
    def promptly() -> Iterator[None]:
        start = time.monotonic()
        yield
        busy = max(1, psutil.getloadavg()[0] / (os.cpu_count() or 1))
        assert time.monotonic() - start < 30 * busy

    return promptly
