"""The one way to write a file, and the folder for caches."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

__all__ = ["UNFINISHED", "backup", "cache_folder", "replacing", "write_bytes"]

UNFINISHED = ".unfinished-"  # how the names of files begin that a killed process may leave behind


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; when the block ends without an error, it replaces `path`.

    So `path` appears whole or not at all. Its folder is created if needed; the temporary name keeps the suffix.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{UNFINISHED}{uuid.uuid4().hex}{path.suffix}")
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


def cache_folder() -> Path:
    """Return the user's cache folder for this package, which may not exist yet."""
    return user_cache_path("enronlib", appauthor=False)
