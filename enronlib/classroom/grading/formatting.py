"""Text by students, and about them, made safe for the place where it is shown."""

import html
import re
from collections.abc import Iterable

__all__ = ["csv_safe", "markdown", "ranges", "shortened"]

# Code on a page: text in backticks, unless it holds characters that would mean something there, and calls of hint.
CODE = re.compile(r"(`[^`<>&|\\]+`|\bhint\(\"[\w.]+\"(?:, \d+)?\))")
# Characters with a meaning in Markdown; a _ inside a word and a \ before a letter have none.
SPECIAL = re.compile(r"[`*\[\]|~#]|(?<!\w)_|_(?!\w)|\\(?![^\W_]|\s)")


def shortened(text: str, most: int) -> str:
    """Return text in one line of at most `most` characters; longer text is cut after a word and ends in an ellipsis."""
    line = " ".join(text.splitlines())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    word_end = cut.rfind(" ")  # if it is far from the end, the last word is too long to leave out
    return f"{(cut[:word_end] if word_end > most // 2 else cut[:-1]).rstrip()} …"


def markdown(text: str) -> str:
    """Return text in one line, escaped so that Markdown shows it literally."""
    pieces = CODE.split(shortened(text, 600))  # every second piece is code
    pieces[::2] = [SPECIAL.sub(r"\\\g<0>", html.escape(each, quote=False)) for each in pieces[::2]]
    pieces[::2] = [each.replace("  ", "&nbsp; ") for each in pieces[::2]]
    pieces[1::2] = [each if each.startswith("`") else f"`{each}`" for each in pieces[1::2]]
    return "".join(pieces)


def csv_safe(text: str) -> str:
    """Return text that no spreadsheet reads as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def ranges(numbers: Iterable[str]) -> str:
    """Return numbers as a list, three or more in a row as a range: `00, 01, 06-10`. Other words stay as they are."""
    runs: list[list[str]] = []
    for each in sorted(set(numbers)):
        last = runs[-1][-1] if runs else ""
        if each.isdecimal() and last.isdecimal() and int(each) == int(last) + 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)
