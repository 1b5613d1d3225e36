"""Where a lesson writes: its own folder, emptied for each run, and the modules that its cells write and load."""

import importlib
import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

from enronlib import UserError

__all__ = ["forget", "load", "loaded", "workspace"]

MARKER = ".made-by-a-lesson"

loaded: set[str] = set()
"""The names of the modules that `load` has imported."""


def workspace(lesson: str) -> Path:
    """Return the folder `work/<lesson>` beside the notebook, empty.

    Deletes what the lesson wrote there before. Raises UserError if the folder was not made by a lesson.
    """
    folder = Path("work") / lesson
    if folder.exists():
        if not (folder / MARKER).is_file():
            raise UserError(
                f"{folder.as_posix()} was not made by a lesson: rename it, so that you do not lose your files"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARKER).write_text("This folder is emptied whenever its lesson runs.\n", encoding="utf-8", newline="\n")
    return folder


def load(name: str, folder: Path = Path()) -> ModuleType:
    """Import the current version of the module that an answer cell wrote to `folder` (`%%writefile name.py`).

    Raises UserError if there is no such file or another module has that name, and whatever the module itself raises.
    """
    file = Path(folder, f"{name}.py").resolve()
    if not file.is_file():
        raise UserError(f"there is no {file.name} here: run the cell that begins with %%writefile {file.name}")
    if name in sys.modules and name not in loaded:
        raise UserError(f"there is already a module called {name}: give {file.name} another name")
    forget(name)
    loaded.add(name)
    # Python trusts bytecode while its source keeps its size and second, and fixing one character can keep both.
    Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)
    importlib.invalidate_caches()
    if sys.path[:1] != [str(file.parent)]:
        sys.path.insert(0, str(file.parent))  # it stays there: worker processes import the module by its name
    return importlib.import_module(name)


def forget(name: str) -> None:
    """Remove a module from Python and its tasks from Luigi, to whom two classes with one name are ambiguous."""
    sys.modules.pop(name, None)
    if "luigi" not in sys.modules:
        return
    from luigi.task_register import Register  # most lessons do not need Luigi

    Register._reg[:] = [task for task in Register._reg if task.__module__ != name]
    Register.clear_instance_cache()
