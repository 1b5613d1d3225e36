"""Where a lesson writes: a folder of its own to begin afresh in, and modules that its cells write and load."""

import importlib
import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

from enronlib import UserError

MARKER = ".made-by-a-lesson"


def workspace(lesson: str) -> Path:
    """Return the folder `work/<lesson>` beside the notebook, empty.

    What the lesson wrote there before is deleted. Raises UserError if the folder was made by someone else.
    """
    folder = Path("work") / lesson
    if folder.exists():
        if not (folder / MARKER).is_file():
            raise UserError(
                f"{folder.as_posix()} was not made by a lesson: rename it, so that nothing of yours is lost"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARKER).write_text("This folder is emptied whenever its lesson runs.\n", encoding="utf-8", newline="\n")
    return folder


def load(name: str) -> ModuleType:
    """Import the module that an answer cell wrote into the current folder (`%%writefile name.py`), always anew.

    Luigi's register forgets the tasks of the earlier version first: two classes of one name would be ambiguous.
    Raises UserError if there is no such file or if another module has the name; else whatever the module raises.
    """
    file = Path(f"{name}.py").resolve()
    if not file.is_file():
        raise UserError(f"there is no {file.name} here: run the cell that begins with %%writefile {file.name}")
    if name in sys.modules and name not in loaded:
        raise UserError(f"another module is called {name}: give {file.name} another name")
    _forget_tasks(name)
    sys.modules.pop(name, None)
    loaded.add(name)
    # Bytecode counts as fresh while its source keeps second and size, which a mended letter does.
    Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)
    importlib.invalidate_caches()
    if sys.path[:1] != [str(file.parent)]:
        sys.path.insert(0, str(file.parent))  # for good: worker processes import the module by its name
    return importlib.import_module(name)


loaded: set[str] = set()


def _forget_tasks(module: str) -> None:
    if "luigi" not in sys.modules:
        return
    from luigi.task_register import Register  # noqa: PLC0415

    Register._reg[:] = [task for task in Register._reg if task.__module__ != module]
    Register.clear_instance_cache()
