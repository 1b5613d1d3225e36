"""What is around a student's code while a check runs it: silence, and a clock that is the same everywhere."""

import contextlib
import io
import logging
import time
from collections.abc import Iterator
from typing import TextIO, cast

from enronlib.processes import environment


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Drop what is printed and logged: neither a student's prints nor warnings belong into a verdict."""
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
    """Set the clock to Houston, where the system can: who takes local time for UTC is wrong on any machine then."""
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
