"""A student's own copy of the lessons."""

from pathlib import Path

import enronlib
from enronlib import UserError
from enronlib.files import write_bytes

__all__ = ["copy_lessons", "lessons_folder"]


def copy_lessons(folder: Path) -> tuple[list[Path], list[Path]]:
    """Copy the lessons and their images into `folder`; return the files copied and the files kept.

    The folder is created if necessary. A file that already exists is the student's work and is never overwritten.
    Raises UserError if `folder` is a file, or if the lessons are not installed.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file: name a folder")
    lessons = lessons_folder()
    copied, kept = [], []
    for original in [*sorted(lessons.glob("*.ipynb")), *sorted(lessons.glob("images/*.*"))]:
        target = folder / original.relative_to(lessons)
        if target.exists():
            kept.append(target)
        else:
            copied.append(write_bytes(target, original.read_bytes()))  # atomically: half a copy would be kept for good
    return copied, kept


def lessons_folder() -> Path:
    """Return the folder of the student's notebooks: inside the installed package, or beside it in a checkout."""
    package = Path(enronlib.__file__).parent
    for folder in (package / "_notebooks", package.parent / "notebooks"):
        if next(folder.glob("[0-9][0-9]_*.ipynb"), None):
            return folder
    raise UserError("the lessons are not installed: run this from a checkout of the project, or reinstall enronlib")
