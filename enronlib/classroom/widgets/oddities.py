"""A browser of the sample's odd messages: the source of each, with the oddity marked."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from enronlib.classroom.surroundings import is_still
from enronlib.classroom.widgets.panel import Control, Panel
from enronlib.classroom.widgets.picture import Page
from enronlib.sample import QUIRKS, sample_maildir
from enronlib.sample.quirks import Quirk

__all__ = ["show_gallery"]

BEGINNING, AROUND = 22, 4  # lines that are shown: the first ones, and those around a mark
LONGEST = 160  # characters of a line before and after a mark
MOST_LINES = 45
# A mark is bold, framed and underlined: nobody needs to see its color.
MARK = "font-weight: bold; color: inherit; background: rgba(230,159,0,0.3); border-bottom: 2px solid #E69F00"
FRAME = "white-space: pre-wrap; overflow-wrap: anywhere; border-left: 4px solid rgb(128,128,128); padding-left: 0.8em"
CONTROL_CHARACTERS = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"}  # as ␁, ␂ and so on


def show_gallery(*, names: Sequence[str] = tuple(QUIRKS), first: str = "") -> Panel | Page:
    """Show the odd messages of these names, beginning with `first`, with buttons to go from one to the next.

    Each is shown with what is odd about it, and where: long messages are cut to the lines around that place. Where
    nothing moves, only the first is shown. Raises ValueError if `first` is not among the names.
    """
    places = {"number": names.index(first) if first else 0}

    def draw(values: dict[str, Any]) -> tuple[Page, str]:
        quirk = QUIRKS[names[values["number"]]]
        return page_of(quirk), f"{values['number'] + 1} of {len(names)}: {quirk.what}"

    if is_still():
        return draw(places)[0]
    listed = [f"{number}  {name.replace('_', ' ')}" for number, name in enumerate(names, start=1)]
    controls: list[Control] = [
        {"name": "number", "kind": "list", "label": "oddity", "options": listed},
        {"name": "number", "kind": "steps", "label": "number of the oddity", "min": 0, "max": len(names) - 1},
    ]
    return Panel("Gallery of odd messages", controls, places, draw)


def page_of(quirk: Quirk) -> Page:
    """Return the source of a message as HTML and as text, with marks."""
    path = next(sample_maildir().glob(quirk.path.removesuffix(".") + "[._]"))  # on Windows its name ends in _
    source = f"{quirk.path}\n\n{_read(path)}"
    spans = [match.span() for match in re.finditer(quirk.mark, source, re.MULTILINE)] if quirk.mark else []
    lines = list(_lines(source, spans))
    also = f"\nThe other one is {quirk.also}" if quirk.also else ""
    marked = ["".join(f"»{part}«" if odd else part for part, odd in line) for line in lines]
    words = "\n".join([quirk.what + also, "", *marked])
    html = "\n".join("".join(_html(part, odd) for part, odd in line) for line in lines)
    return Page(f'<p><b>{escape(quirk.what)}</b>{escape(also)}</p><pre style="{FRAME}">{html}</pre>', words)


def _read(path: Path) -> str:
    """Return the text of a file, with bytes that are not UTF-8 as \\xfc, and control characters visible."""
    return path.read_bytes().decode("utf-8", "backslashreplace").replace("\r\n", "\n").translate(CONTROL_CHARACTERS)


def _lines(source: str, spans: list[tuple[int, int]]) -> Iterator[list[tuple[str, bool]]]:
    """Yield the lines worth showing, each in parts, odd or not; a line with an ellipsis stands for others."""
    lines, start = [], 0
    for line in source.split("\n"):
        lines.append(list(_parts(line, start, spans)))
        start += len(line) + 1
    near = {
        number + offset
        for number, parts in enumerate(lines)
        for offset in range(-AROUND, AROUND + 1)
        if any(odd for _, odd in parts)
    }
    wanted = [number for number in range(len(lines)) if number < BEGINNING or number in near][:MOST_LINES]
    for before, number in pairwise([-1, *wanted]):
        if number > before + 1:
            yield [("…", False)]
        yield lines[number]
    if wanted[-1] < len(lines) - 1:
        yield [("…", False)]


def _parts(line: str, start: int, spans: list[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    """Cut a line, which begins at `start`, at the ends of its marks; shorten long parts."""
    position = 0
    for low, high in spans:
        left, right = max(low - start, 0), min(high - start, len(line))
        if left < right:
            yield _short(line[position:left]), False
            yield _short(line[left:right]), True
            position = right
    yield _short(line[position:]), False


def _short(text: str) -> str:
    if len(text) <= 2 * LONGEST:
        return text
    return f"{text[:LONGEST]} … {len(text) - 2 * LONGEST:,} more characters … {text[-LONGEST:]}"


def _html(part: str, odd: bool) -> str:
    return f'<mark style="{MARK}">{escape(part)}</mark>' if odd else escape(part)
