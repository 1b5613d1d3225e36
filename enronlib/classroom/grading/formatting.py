"""Text by students, and about them, made safe for the place where it is shown."""

import html
import re
from collections.abc import Iterable

__all__ = ["csv_safe", "file_names", "markdown", "printable", "ranges", "shortened"]

# What acts on a terminal or turns text around: escape sequences, control characters, marks of direction.
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -~])")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# Code on a page: text in backticks, unless it holds characters that would mean something there, and calls of hint.
CODE = re.compile(r"(`[^`<>&|\\]+`|\bhint\(\"[\w.]+\"(?:, \d+)?\))")
# Characters with a meaning in Markdown; a _ inside a word and a \ before a letter have none.
SPECIAL = re.compile(r"[`*\[\]|~#]|(?<!\w)_|_(?!\w)|\\(?![^\W_]|\s)")


def printable(text: str) -> str:
    """Return text in one line, without escape sequences and with a space for each control character."""
    return CONTROL.sub(" ", SEQUENCE.sub("", text))


def shortened(text: str, most: int) -> str:
    """Return text in one line of at most `most` characters; longer text is cut after a word and ends in an ellipsis."""
    line = printable(" ".join(text.splitlines()))
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
    """Return text in one line that no spreadsheet reads as a formula."""
    text = printable(text)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def file_names(students: Iterable[str]) -> list[str]:
    """Return a name for the file of each student, without a suffix; no two are equal on any system."""
    names: list[str] = []
    for student in students:
        name = first = re.sub(r"[^\w. ()-]+", "-", student)[:60].strip("-_. ") or "student"
        number = 1
        while name.casefold() in map(str.casefold, names):
            number += 1
            name = f"{first} ({number})"
        names.append(name)
    return names


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
