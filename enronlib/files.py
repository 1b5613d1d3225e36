"""The one way to write a file, the lock of a folder, and the folder for caches."""

import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

__all__ = ["backup", "cache_folder", "locked", "replacing", "write_bytes"]


@contextmanager
def replacing(path: Path, folder: Path | None = None) -> Iterator[Path]:
    """Yield a temporary path in `folder`; when the block ends without an error, the file there replaces `path`.

    So `path` appears whole or not at all. `folder` is on the same disk (default: the folder of `path`) and is
    created if needed. The temporary name keeps the suffix.
    """
    folder = folder or path.parent
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".unfinished-{uuid.uuid4().hex}{path.suffix}"  # a killed process leaves it behind
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> Path:
    """Write a file, whole or not at all, and return its path."""
    with replacing(path) as unfinished:
        unfinished.write_bytes(data)
    return path


def backup(path: Path, data: bytes) -> Path | None:
    """Copy `path` to `path.bak` unless its content is `data`; return the copy, or None if there was nothing to keep."""
    if not path.is_file() or path.read_bytes() == data:
        return None
    return Path(shutil.copy2(path, path.with_name(f"{path.name}.bak")))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time work in `folder`, which is created if needed; others wait, and say so on stderr.

    The lock ends with its process, even if that is killed. Raises OSError if the folder cannot be written to.
    """
    from filelock import FileLock, Timeout  # only a run that writes needs it

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting for another run in {folder.name}", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def cache_folder() -> Path:
    """Return the user's cache folder for this package, which may not exist yet."""
    return user_cache_path("enronlib", appauthor=False)
