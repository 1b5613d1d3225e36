"""Run inside the student's kernel after a check: returns a nonce only the grader knows, and reports signs of tampering.

Code in the same kernel can lie, this module included. It is here so that a lie takes more than a line or two.
"""

import builtins
import json
import sys
from collections.abc import Iterable
from typing import Any

from enronlib.classroom.grading import watch

__all__ = ["BORROWED", "attest", "remember"]

BORROWED = "uses the kit's own {}"

_BUILTINS = dict(vars(builtins))  # as they are before any code of the student's has run
_REPLACED_BY_KERNELS = {"_", "__", "___", "input", "exit", "quit", "display", "get_ipython", "__IPYTHON__"}


def attest(nonce: str, exercise: str, names: Iterable[str]) -> str:
    """Return as JSON the nonce, the kit's own verdict on the exercise (None if it gave none), its credit, and oddities.

    `names` are what the answer should define.
    """
    session = sys.modules.get("enronlib.classroom.session")
    verdict = session.verdicts.get(exercise) if session else None
    odd = [*tampering(), *borrowed(names)]
    status, credit = (str(verdict.status), verdict.credit) if verdict else (None, 0)
    return json.dumps({"nonce": nonce, "verdict": status, "credit": credit, "odd": odd})


def tampering() -> list[str]:
    """Return what in this kernel could make a wrong answer pass, in words; empty in an honest one."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    found = []
    if shell.ast_transformers or shell.input_transformers_post:
        found.append("cells are changed before they run")
    if shell.custom_exceptions or _shadowed(shell) or _shadowed(shell.kernel):
        found.append("the code that runs cells and shows errors was replaced")
    if watch.changed():
        found.append("the code of enronlib or of the kernel was replaced")
    if watch.seen:
        found.append(f"the code looks at {', '.join(sorted(watch.seen))}")
    if sys.gettrace() is not None or sys.getprofile() is not None:
        found.append("the running code is traced")
    changed = {name for name, value in _BUILTINS.items() if getattr(builtins, name, None) is not value}
    if changed := changed - _REPLACED_BY_KERNELS:
        found.append(f"built-ins were replaced: {', '.join(sorted(changed))}")
    return found


def borrowed(names: Iterable[str]) -> list[str]:
    """Return which of these names are the kit's own objects or rely on them, or were not written in a cell.

    They are looked for here and in the modules that the student wrote.
    """
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    folders = sys.modules.get("enronlib.classroom.folders")
    written = [vars(sys.modules[name]) for name in (folders.loaded if folders else ()) if name in sys.modules]
    objects = [(name, place.get(name)) for name in names for place in (shell.user_ns, *written)]
    kits = {name for name, value in objects if _is_kits(name, value)} | (watch.used & {*names})
    watch.used.clear()
    made = sorted({name for name, value in objects if value is not None and watch.is_generated(value)})
    return [*map(BORROWED.format, sorted(kits)), *(f"{name} was made by exec, not written in a cell" for name in made)]


def _is_kits(name: str, value: Any) -> bool:
    """Return whether this is the kit's own object, or a subclass of the kit's class of the same name."""
    bases = value.__mro__ if isinstance(value, type) else ()
    kits = [each for each in (value, *bases) if str(getattr(each, "__module__", "")).startswith("enronlib.")]
    return any(each is value or each.__name__ == name for each in kits)


def _shadowed(thing: Any) -> list[str]:
    """Return the methods of an object that values of its own hide."""
    inherited = {name for kind in type(thing).__mro__ for name, value in vars(kind).items() if callable(value)}
    return sorted((vars(thing).keys() & inherited) - _SHADOWED.get(id(thing), set()))


_SHADOWED: dict[int, set[str]] = {}  # what was so from the start


def remember(shell: Any) -> None:
    """Note how the kernel is before any of the student's code has run."""
    for thing in (shell, shell.kernel):
        watch.remember(thing)
        _SHADOWED[id(thing)] = set(_shadowed(thing))
