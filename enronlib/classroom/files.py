"""Files the classroom writes: whole or not at all, and never over what somebody may still need unseen."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from enronlib import UserError


def check_outputs(csv: Path | None, feedback: Path | None) -> None:
    """Raise UserError if the CSV or the folder of feedback could not be written; nothing is left of the trial."""
    if csv and csv.is_dir():
        raise UserError(f"{csv} is a folder: name a file for --csv")
    if feedback and feedback.exists() and not feedback.is_dir():
        raise UserError(f"{feedback} is a file: name a folder for --feedback")
    for path in filter(None, (csv, feedback)):
        try:
            _try(path)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}") from error


def _try(path: Path) -> None:
    """Write nothing, but where the file or folder will be."""
    if path.is_file():
        path.open("ab").close()  # fails on Windows while a spreadsheet has it open
    places = [path, *path.absolute().parents] if path.is_dir() else path.absolute().parents
    with tempfile.TemporaryFile(dir=next(place for place in places if place.exists())):
        pass


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a path to write to, which becomes `path` at the end; if the writing fails, nothing is left of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".unfinished-{os.getpid()}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write(path: Path, data: bytes) -> Path:
    """Write a file, whole or not at all; return its path."""
    with whole(path) as unfinished:
        unfinished.write_bytes(data)
    return path


def keep_earlier(path: Path, data: bytes) -> Path | None:
    """Copy a file to `.bak` if it holds something else than `data`, and return the copy; None if it does not."""
    if not path.is_file() or path.read_bytes() == data:
        return None
    return Path(shutil.copy2(path, path.with_name(f"{path.name}.bak")))
