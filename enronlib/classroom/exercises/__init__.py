"""The exercises, one module per lesson: `lesson_02_parse` holds the exercises whose names begin with `parse.`.

Change a check, its hints or its known wrong answers here, then run `python -m enronlib build`. For a new lesson, copy
`template`.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable

from enronlib import UserError
from enronlib.classroom.exercise import Exercise, registered

__all__ = ["all_exercises", "exercises_of", "find_exercise"]


def find_exercise(name: str) -> Exercise:
    """Return the exercise with this name. Raises UserError, with the most similar name, if there is none."""
    prefix = name.partition(".")[0]
    _import_modules(lambda module: module.split("_", 2)[-1] == prefix)
    if name in registered:
        return registered[name]
    near = difflib.get_close_matches(name, [each.name for each in all_exercises()], n=1)
    raise UserError(f"there is no exercise {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def all_exercises() -> list[Exercise]:
    """Return every exercise, lesson by lesson, in the order in which they are written."""
    _import_modules(lambda module: True)
    return sorted(registered.values(), key=lambda each: each.lesson)


def exercises_of(lesson_name: str) -> list[Exercise]:
    """Return the exercises of one lesson, in order."""
    number = lesson_name.partition("_")[0]
    _import_modules(lambda module: module.removeprefix("lesson_").partition("_")[0] == number)
    return [each for each in registered.values() if each.lesson == lesson_name]


def _import_modules(wanted: Callable[[str], bool]) -> None:
    """Import only these modules of exercises: some of them import Luigi, which takes a second."""
    for module in pkgutil.iter_modules(__path__):
        if wanted(module.name):
            importlib.import_module(f"{__name__}.{module.name}")
