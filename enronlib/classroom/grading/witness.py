"""Asked inside the student's kernel after a check: a word only the grader knows, and what looks odd in there.

Code in the same kernel can lie, this code too. It is here so that a lie takes more than a line or two.
"""

import builtins
import json
import sys
from collections.abc import Iterable
from typing import Any

OURS = "the kit's own {} was handed in"

_BUILTINS = dict(vars(builtins))
_REPLACED_BY_KERNELS = {"_", "__", "___", "input", "exit", "quit", "display", "get_ipython", "__IPYTHON__"}


def testify(word: str, exercise: str, names: Iterable[str]) -> str:
    """Return as JSON the word, the kit's own verdict on the exercise (None if it gave none), and oddities.

    `names` are what the answer was to define.
    """
    session = sys.modules.get("enronlib.classroom.session")
    verdict = session.verdicts.get(exercise) if session else None
    return json.dumps(
        {"word": word, "verdict": verdict and str(verdict.status), "odd": [*oddities(), *handed_in(names)]}
    )


def oddities() -> list[str]:
    """Return what in this kernel could make a wrong check pass, in words; empty in an honest one."""
    from IPython.core.getipython import get_ipython  # only where there is one

    shell: Any = get_ipython()
    found = []
    if shell.ast_transformers or shell.input_transformers_post:
        found.append("cells are changed before they run")
    if shell.custom_exceptions or _students(shell) or _students(type(shell)):
        found.append("the way cells run and errors are shown was replaced")
    ours = [module for name, module in list(sys.modules.items()) if name.startswith("enronlib.")]
    classes = [each for module in ours for each in vars(module).values() if isinstance(each, type)]
    if any(_students(each) for each in [*ours, *classes]):
        found.append("parts of enronlib were replaced")
    if sys.gettrace() is not None or sys.getprofile() is not None:
        found.append("the running code is traced")
    changed = sorted(
        name
        for name, value in _BUILTINS.items()
        if name not in _REPLACED_BY_KERNELS and getattr(builtins, name, None) is not value
    )
    if changed:
        found.append(f"built-ins were replaced: {', '.join(changed)}")
    return found


def handed_in(names: Iterable[str]) -> list[str]:
    """Return which of these names stand for something of the kit's, here or in a module that the student wrote."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    folders = sys.modules.get("enronlib.classroom.folders")
    written = [vars(sys.modules[name]) for name in (folders.loaded if folders else ()) if name in sys.modules]
    found = [(name, place.get(name)) for name in names for place in (shell.user_ns, *written)]
    return [OURS.format(name) for name, value in found if str(getattr(value, "__module__", "")).startswith("enronlib.")]


def _students(thing: Any) -> list[str]:
    """Return the names in a module, class or object that lead to something defined in a cell."""
    return [name for name, value in list(vars(thing).items()) if getattr(value, "__module__", "") == "__main__"]
