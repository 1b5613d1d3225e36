"""Read the student's code for what could turn a wrong answer into a right one; each find is for a human to look at.

A find proves nothing, and code that hides is not found: this is a sieve for the usual tricks.
"""

import re
from collections.abc import Iterable

from enronlib.classroom.grading.wording import shortened

LONGEST = 1_000  # characters of a line that are looked at
TRICKS = {
    "an object that says what it is equal to": [r"\b__eq__\b"],
    "IPython's inner parts": [
        r"\b(ast_transformers|input_transformers\w*|set_custom_exc|custom_exceptions|_?showtraceback)\b",
        r"\b(run_cell\w*|run_code|run_ast_nodes|user_ns)\b",
    ],
    "the end of the kernel, or of another process": [r"\bos\.(_exit|abort|kill|killpg)\b", r"\bask_exit\b"],
    "the check's own machinery": [
        r"\b(_verdicts|CheckFailed|find_exercise|all_exercises|testify|classroom\.grading|ENRONLIB_\w+)\b",
        r"\benronlib\.classroom\.(session|verdict|exercise|answer|mail)\b",
        r"^check\s*=(?!=)|^def check\b",
    ],
    "the text of the checks or solutions": [
        r"\benronlib\.classroom\.exercises\b|\bBEGIN HIDDEN\b|\bsolutions/",
        r"\bopen\([^)]*\.ipynb",
    ],
    "other frames, or the interpreter itself": [
        r"\b(_getframe|settrace|setprofile|get_objects|get_referrers|currentframe|ctypes)\b|\binspect\.stack\b"
    ],
    "built-ins replaced": [r"\bbuiltins\.\w+\s*=(?!=)|\bsetattr\(\s*builtins\b|\b__builtins__\b"],
    "marks for nbval": [r"^#+\s*(NBVAL|PYTEST_VALIDATE)_\w+$"],
}
_TRICKS = {what: re.compile("|".join(patterns)) for what, patterns in TRICKS.items()}


def tricks(sources: Iterable[str]) -> list[str]:
    """Return what a human should look at in these cells, each with the first line it stands in."""
    lines = [line.strip()[:LONGEST] for source in sources for line in source.splitlines()]
    found = []
    for what, pattern in _TRICKS.items():
        line = next((line for line in lines if pattern.search(line)), None)
        if line is not None:
            found.append(f"{what}: {shortened(line, 80)}")
    return found
