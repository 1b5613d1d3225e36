"""The pytest plugin of the lessons: with it, plain `pytest --nbval lesson.ipynb` does the right thing.

It acts only when nbval collected a notebook that uses enronlib; no other run of pytest is touched.
"""

import os
from typing import Any

import pytest

NBVALS_TIMEOUT = 2000  # seconds; nbval's default, half an hour of waiting for an endless loop
TIMEOUT = 60


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Set nbval's options for lessons, and make checks raise.

    The kernel is the one of this environment, whatever the notebook says; a cell may take a minute; outputs are
    those of the built-in sample. What a student's copy holds as output is theirs and is not compared.
    """
    options: Any = config.option
    if not (getattr(options, "nbval", False) or getattr(options, "nbval_lax", False)):
        return
    from nbval.plugin import IPyNbCell  # noqa: PLC0415  an optional package, here for sure

    cells = [item for item in items if isinstance(item, IPyNbCell) and _is_lesson(item.parent.nb)]
    if not cells:
        return
    if options.nbval_kernel_name is None:
        options.nbval_current_env = True
    if options.nbval_cell_timeout == NBVALS_TIMEOUT:
        options.nbval_cell_timeout = TIMEOUT
    os.environ["ENRONLIB_STRICT"] = "1"
    os.environ.pop("ENRON_MAILDIR", None)
    for cell in cells:
        if cell.parent.nb.metadata.get("enronlib", {}).get("copy") == "student":
            cell.options["check"] = False


def _is_lesson(book: Any) -> bool:
    """Tell by the code: metadata get lost on the way through other editors."""
    return any("enronlib" in cell.source for cell in book.cells)
