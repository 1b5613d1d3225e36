"""Words of students, and about them, made fit for the place where they are shown."""

import html
import re
from collections.abc import Iterable

# Code as it is on a page: what stands in backticks, unless it holds signs that would mean something there, and hints.
CODE = re.compile(r"(`[^`<>&|\\]+`|\bhint\(\"[\w.]+\"(?:, \d+)?\))")
# What means something in Markdown; a _ inside a word and a \ before a letter do not.
SPECIAL = re.compile(r"[`*\[\]|~#]|(?<!\w)_|_(?!\w)|\\(?![^\W_]|\s)")


def shortened(text: str, most: int) -> str:
    """Return text in one line of at most `most` letters; what is too long ends after a word, in an ellipsis."""
    line = " ".join(text.splitlines())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    word_end = cut.rfind(" ")  # far from the end there is one word only, longer than is worth leaving out
    return f"{(cut[:word_end] if word_end > most // 2 else cut[:-1]).rstrip()} …"


def markdown(text: str) -> str:
    """Return text that shows as it is in Markdown, in one line: a student's words may hold anything."""
    parts = CODE.split(shortened(text, 600))
    return "".join(_code(part) if number % 2 else _escaped(part) for number, part in enumerate(parts))


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def ranges(numbers: Iterable[str]) -> str:
    """Return numbers in a list, three or more in a row as a range: `00, 01, 06-10`. Other words stay as they are."""
    runs: list[list[str]] = []
    for each in sorted(set(numbers)):
        last = runs[-1][-1] if runs else ""
        if each.isdecimal() and last.isdecimal() and int(each) == int(last) + 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)


def _code(text: str) -> str:
    return text if text.startswith("`") else f"`{text}`"


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\g<0>", html.escape(text, quote=False)).replace("  ", "&nbsp; ")
