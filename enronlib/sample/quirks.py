"""The gallery of quirks.toml: each oddity is an alteration of a letter.

An alteration always applies to the letter of the gallery, and to others at random, as often as in real mail.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

from enronlib.sample import alterations, letters
from enronlib.sample.alterations import earlier_letter, file_name
from enronlib.sample.dice import Dice
from enronlib.sample.letters import Letter

__all__ = ["ALTERATIONS", "CHANCES", "COPY_CHANCES", "QUIRKS", "Alteration", "Quirk"]

MEASURED = 13_725  # messages

Alteration = Callable[[Letter, Dice], None]


@dataclass(frozen=True)
class Quirk:
    """An oddity of the corpus: what it is, and the file that shows it, relative to the maildir.

    Where it takes two files, `also` is the second. Paths are as on systems that allow a name to end in a dot.
    """

    what: str
    path: str
    also: str = ""
    mark: str = ""
    """A regular expression, with re.MULTILINE, for what is odd in the path, an empty line and the text of the file."""


def _alter(entry: Mapping[str, Any], letter: Letter, dice: Dice) -> None:
    """Change a letter as an entry of quirks.toml says."""
    for header in entry.get("without", ()):
        letter.headers.pop(header, None)
    letter.headers.update(entry.get("headers", {}))
    if "to" in entry:
        letter.headers["To"] = ", ".join(filter(None, [letter.headers.get("To"), entry["to"]]))
    if "body" in entry:
        letter.write(*entry["body"])
    if "add" in entry:
        letter.add(entry["add"].replace("{file}", file_name(dice)) if "{file}" in entry["add"] else entry["add"])
    if "quotes" in entry:
        letter.quote(earlier_letter(letter, entry["quotes"]["text"]), getattr(letters, entry["quotes"]["style"]))
    for old, new in entry.get("replace", ()):
        letter.replace(old, new)
    if "page" in entry and not letter.markup:  # otherwise the letter is in an HTML page already
        letter.markup, letter.framed = entry["page"], tuple(entry.get("framed", ()))
    for name, value in entry.get("letter", {}).items():
        setattr(letter, name, value)


_GALLERY = tomllib.loads(files("enronlib.sample").joinpath("quirks.toml").read_text(encoding="utf-8"))


def _mark(entry: Mapping[str, Any]) -> str:
    headers = "|".join(entry.get("headers", ()))
    tags = r"<(?!/O=)/?[A-Za-z!][^>]*>" if "page" in entry else ""  # not an address: </O=ENRON/…>
    return str(entry.get("mark", tags or (rf"^({headers}):.*(\n[ \t].*)*" if headers else "")))


QUIRKS = {
    name: Quirk(entry["what"], entry["path"], entry.get("also", ""), _mark(entry)) for name, entry in _GALLERY.items()
}
ALTERATIONS: dict[str, Alteration] = {
    name: getattr(alterations, name, None) or partial(_alter, entry) for name, entry in _GALLERY.items()
}
_often = [(name, entry["messages"] / MEASURED) for name, entry in _GALLERY.items() if "messages" in entry]
CHANCES = [(chance, ALTERATIONS[name]) for name, chance in _often if not QUIRKS[name].also]
"""How often a letter gets an alteration."""
COPY_CHANCES = [(chance, ALTERATIONS[name]) for name, chance in _often if QUIRKS[name].also]
"""How often an altered second copy of a letter is made."""
