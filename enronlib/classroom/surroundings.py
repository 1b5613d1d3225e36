"""What a student's code runs in during a check: no output, and the same time zone everywhere."""

import contextlib
import io
import logging
import time
from collections.abc import Iterator
from typing import TextIO, cast

from enronlib.processes import environment

__all__ = ["in_houston", "silence"]


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
