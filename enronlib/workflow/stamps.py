"""Targets and tasks that know what they were made from, so that an output of older mail or older code is made again.

Luigi takes a task as done when its output exists. A StampedTarget exists only while it is as it was written, and while
what it was made from has not changed since.
"""

import hashlib
import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

import luigi
from luigi.format import UTF8
from luigi.task import flatten

__all__ = ["StampedTarget", "StampedTask", "digest", "remove_stale_outputs", "source_of"]

PACKAGE = Path(__file__).parent.parent
STAMPS = ".made"  # the hidden folder beside outputs that holds their stamps
UNFINISHED = "unfinished"  # the folder in that one where outputs are written


class StampedTarget(luigi.LocalTarget):
    """A file that exists, for Luigi, only while it is as it was made, from what it would be made from now.

    A stamp in a hidden folder beside the file, written after it, tells what it was made from, its size and its time. So
    a file made from older mail, one edited by hand and one whose making was cut short all count as missing.
    """

    def __init__(self, path: Path, made_from: str | None = None) -> None:
        """Take the path of the file and what it should be made from: any text, which is compared (None: no matter)."""
        super().__init__(path, format=UTF8)
        self.file = path
        self.stamp = path.parent / STAMPS / f"{path.name}.json"
        self.made_from = made_from

    def exists(self) -> bool:
        """Tell whether the file is as its stamp says, and was made from what it should be made from."""
        try:
            stamp = json.loads(self.stamp_text())
            return size_and_time(self.file) == stamp["size_and_time"] and self.made_from in (None, stamp["made_from"])
        except (OSError, ValueError, LookupError, TypeError):  # no file, no stamp or half of one
            return False

    def stamp_text(self) -> str:
        """Return the stamp, which is another one each time the file is made, or nothing if there is none."""
        try:
            return self.stamp.read_text(encoding="utf-8")
        except OSError:
            return ""

    @contextmanager
    def temporary_path(self) -> Iterator[Path]:
        """Give a path to write to; if the block ends well, what was written becomes the file and gets its stamp.

        If another run has made the same meanwhile, that stays: it may be in use already.
        """
        before = self.stamp_text()
        with self._unfinished(self.file) as unfinished:
            yield unfinished
            if self.stamp_text() != before and self.exists():
                return
            unfinished.replace(self.file)
        stamp = {"made_from": self.made_from, "size_and_time": size_and_time(self.file)}
        with self._unfinished(self.stamp) as unfinished:
            unfinished.write_text(json.dumps(stamp), encoding="utf-8")
            unfinished.replace(self.stamp)

    @contextmanager
    def _unfinished(self, path: Path) -> Iterator[Path]:
        folder = self.stamp.parent / UNFINISHED
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{uuid.uuid4().hex}-{path.name}"
        try:
            yield unfinished
        finally:
            unfinished.unlink(missing_ok=True)


def size_and_time(file: Path) -> list[int]:
    """Return the size in bytes and the time of the last change in nanoseconds."""
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


def digest(*parts: str) -> str:
    """Return 16 hex digits that change when a part does."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def source_of(*files: str) -> str:
    """Return a digest of these source files, named relative to the package."""
    return digest(*((PACKAGE / file).read_text(encoding="utf-8") for file in files))


class StampedTask(luigi.Task):
    """A task with one StampedTarget, done only while all that it requires is done as well."""

    code = ""  # a digest of the source that makes the output

    def made_from(self) -> str:
        """Return a digest of what the output is made from: the code, and what the required files are made from."""
        return digest(self.code, *(target.made_from for target in flatten(self.input())))

    def complete(self) -> bool:
        """Tell whether the output is there and those that it is made from are, so that a deleted one comes back."""
        return all(task.complete() for task in self.deps()) and super().complete()

    def __str__(self) -> str:
        """Return the task and its mailbox, which is all that a reader of Luigi's summary wants to know."""
        mailbox = getattr(self, "mailbox_directory", None)
        return f"{self.task_family}({mailbox.name if mailbox else ''})"


def remove_stale_outputs(folder: Path, expected: set[str]) -> None:
    """Prepare a folder of outputs: make it, and remove outputs that are not `expected` and what was left unfinished.

    Only what a StampedTarget wrote is removed, and only while nobody has changed it since. Raises OSError when the
    folder cannot be written to.
    """
    unfinished = folder / STAMPS / UNFINISHED
    unfinished.mkdir(parents=True, exist_ok=True)
    TemporaryFile(dir=unfinished).close()
    for path in unfinished.iterdir():
        with suppress(FileNotFoundError):  # another run may be at work here, and to that one a young file may belong
            if path.stat().st_mtime < time.time() - 3600:
                path.unlink()
    for stamp in unfinished.parent.glob("*.json"):
        output = StampedTarget(folder / stamp.stem)
        if output.file.name not in expected:
            if output.exists():
                output.remove()
            stamp.unlink(missing_ok=True)
