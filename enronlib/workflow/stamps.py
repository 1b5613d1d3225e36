"""Targets and tasks that know what they were made from, so that an output of older mail or older code is made again.

Luigi takes a task as done when its output exists. Here an output exists only while it is as it was written, and while
what it was made from is still the same. A stamp, a small file in a hidden folder beside the output, says so.
"""

import hashlib
import importlib.resources
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import luigi
from luigi.format import UTF8

from enronlib.files import replacing, write_bytes

__all__ = ["StampedTarget", "StampedTask", "digest", "remove_stale_outputs", "source_of"]

PACKAGE = importlib.resources.files("enronlib")  # which may be a zip file, on a Spark cluster
STAMPS = ".made"  # the hidden folder beside outputs that holds their stamps


class StampedTarget(luigi.LocalTarget):
    """A file that exists, for Luigi, only while it is unchanged and made from what it would be made from today."""

    def __init__(self, path: Path, made_from: str | None = None) -> None:
        """Take the path, and a text that says what the file should be made from (None: anything)."""
        super().__init__(path, format=UTF8)
        self.file = path
        self.stamp = path.parent / STAMPS / path.name
        self.made_from = made_from

    def exists(self) -> bool:
        """Return whether the file is as its stamp says, and was made from what it should be made from."""
        try:
            stamp = json.loads(self.stamp.read_bytes())
            return size_and_time(self.file) == stamp["size_and_time"] and self.made_from in (None, stamp["made_from"])
        except (OSError, ValueError, LookupError, TypeError):  # no file, no stamp or a damaged one
            return False

    @contextmanager
    def temporary_path(self) -> Iterator[Path]:
        """Yield a path to write to; when the block ends without an error, it becomes the file and gets its stamp."""
        with replacing(self.file, self.stamp.parent) as unfinished:  # not where a glob for outputs would find it
            yield unfinished
        stamp = {"made_from": self.made_from, "size_and_time": size_and_time(self.file)}
        write_bytes(self.stamp, json.dumps(stamp).encode())


class StampedTask(luigi.Task):
    """A task with one StampedTarget, complete only while everything that it requires is complete as well."""

    code = ""  # a digest of the source that makes the output
    settled = True  # whether the parameters alone decide what is required

    @classmethod
    @cache
    def get_params(cls) -> Any:
        """Return the parameters. Luigi would search the class for them each time a task is created."""
        return super().get_params()

    def deps(self) -> list["StampedTask"]:
        """Return the required tasks. Luigi asks many times during a run, so they are created once."""
        if not self.settled:
            return list(super().deps())
        if "_deps" not in vars(self):
            self._deps = list(super().deps())
        return self._deps

    def made_from(self) -> str:
        """Return a digest of what the output is made from: the code, and what the required outputs are made from."""
        return digest(self.code, *(task.made_from() for task in self.deps()))

    def complete(self) -> bool:
        """Return whether the output exists and those that it is made from do, so that a deleted one is made again."""
        return bool(super().complete() and all(task.complete() for task in self.deps()))

    def __str__(self) -> str:
        """Return the task with its mailbox, the only parameter that a reader of Luigi's summary wants to see."""
        mailbox = getattr(self, "mailbox_directory", None)
        return f"{self.task_family}({mailbox.name if mailbox else ''})"


def size_and_time(file: Path) -> list[int]:
    """Return the size of a file in bytes and its modification time in nanoseconds."""
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


@cache
def digest(*parts: str) -> str:
    """Return 16 hex digits that change when a part does. Luigi asks for most of them several times."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def source_of(*files: str) -> str:
    """Return a digest of these source files, named relative to the package."""
    return digest(*((PACKAGE / file).read_text(encoding="utf-8") for file in files))


def remove_stale_outputs(folder: Path, expected: set[str]) -> None:
    """Create a folder of outputs if needed; remove outputs that are not `expected`, and what a killed run left there.

    Only unchanged files that a StampedTarget wrote are removed. Raises OSError if the folder cannot be written to.
    """
    stamps = folder / STAMPS
    stamps.mkdir(parents=True, exist_ok=True)
    TemporaryFile(dir=folder).close()
    for stamp in filter(Path.is_file, stamps.iterdir()):  # and unfinished files, which no task expects
        output = StampedTarget(folder / stamp.name)
        if output.file.name not in expected:
            if output.exists():
                output.remove()
            stamp.unlink(missing_ok=True)
