"""Run inside the student's kernel after a check: returns a nonce only the grader knows, and reports signs of tampering.

Code in the same kernel can lie, this module included. It is here so that a lie takes more than a line or two.
"""

import builtins
import json
import sys
from collections.abc import Iterable
from typing import Any

__all__ = ["BORROWED", "attest"]

BORROWED = "uses the kit's own {}"

_BUILTINS = dict(vars(builtins))  # as they are before any code of the student's has run
_REPLACED_BY_KERNELS = {"_", "__", "___", "input", "exit", "quit", "display", "get_ipython", "__IPYTHON__"}


def attest(nonce: str, exercise: str, names: Iterable[str]) -> str:
    """Return as JSON the nonce, the kit's own verdict on the exercise (None if it gave none), and signs of tampering.

    `names` are what the answer should define.
    """
    session = sys.modules.get("enronlib.classroom.session")
    verdict = session.verdicts.get(exercise) if session else None
    odd = [*tampering(), *borrowed_objects(names)]
    return json.dumps({"nonce": nonce, "verdict": verdict and str(verdict.status), "odd": odd})


def tampering() -> list[str]:
    """Return what in this kernel could make a wrong answer pass, in words; empty in an honest one."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    found = []
    if shell.ast_transformers or shell.input_transformers_post:
        found.append("cells are changed before they run")
    if shell.custom_exceptions or _from_cells(shell) or _from_cells(type(shell)):
        found.append("the code that runs cells and shows errors was replaced")
    ours = [module for name, module in list(sys.modules.items()) if name.startswith("enronlib.")]
    classes = [each for module in ours for each in vars(module).values() if isinstance(each, type)]
    if any(_from_cells(each) for each in [*ours, *classes]):
        found.append("parts of enronlib were replaced")
    if sys.gettrace() is not None or sys.getprofile() is not None:
        found.append("the running code is traced")
    changed = {name for name, value in _BUILTINS.items() if getattr(builtins, name, None) is not value}
    if changed := changed - _REPLACED_BY_KERNELS:
        found.append(f"built-ins were replaced: {', '.join(sorted(changed))}")
    return found


def borrowed_objects(names: Iterable[str]) -> list[str]:
    """Return which of these names refer to the kit's own objects, here or in a module that the student wrote."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    folders = sys.modules.get("enronlib.classroom.folders")
    written = [vars(sys.modules[name]) for name in (folders.loaded if folders else ()) if name in sys.modules]
    found = [(name, place.get(name)) for name in names for place in (shell.user_ns, *written)]
    kits = [name for name, value in found if str(getattr(value, "__module__", "")).startswith("enronlib.")]
    return [BORROWED.format(name) for name in kits]


def _from_cells(thing: Any) -> list[str]:
    """Return the attributes of a module, class or object whose values were defined in a cell."""
    return [name for name, value in list(vars(thing).items()) if getattr(value, "__module__", "") == "__main__"]
