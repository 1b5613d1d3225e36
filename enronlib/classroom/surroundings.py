"""What a student's code runs in: during a check without output and in one time zone; in tests without widgets."""

import contextlib
import io
import logging
import os
import time
from collections.abc import Iterator
from typing import TextIO, cast

from enronlib.processes import environment

__all__ = ["in_houston", "is_still", "silence"]


def is_still() -> bool:
    """Return whether nobody can click: ENRONLIB_STRICT is set in tests, in grading, and where outputs are stored."""
    return os.environ.get("ENRONLIB_STRICT", "0") not in ("", "0")


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Discard all prints and log messages inside the block: they do not belong in a verdict."""
    nowhere = cast(TextIO, _Nowhere())
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            yield
    finally:
        logging.disable(disabled)


@contextlib.contextmanager
def in_houston() -> Iterator[None]:
    """Set the time zone to Houston's, so that mixing up local time and UTC is wrong on every machine.

    It has no effect on Windows.
    """
    try:
        with environment(TZ="CST6CDT"):
            _set_clock()
            yield
    finally:
        _set_clock()


def _set_clock() -> None:
    if hasattr(time, "tzset"):  # not on Windows
        time.tzset()


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)
