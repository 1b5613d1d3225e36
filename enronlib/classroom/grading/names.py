"""Students' names as typed, and the file names made from them."""

import re
import unicodedata

from enronlib import UserError

__all__ = ["COPY_OF", "file_name", "key", "last_first", "split_name", "typed_name"]

ASSIGNMENT = "assignment04"
FILE_NAME = re.compile(r"(?i)assignment[ _-]?0?4[ _-]+(.+)")
COPY_OF = re.compile(r"^copy of |[ _-]*\(\d+\)$|[ _-]*copy ?\d*$", re.IGNORECASE)  # added by browsers and JupyterLab
LETTERS = str.maketrans(  # Latin letters that Unicode does not decompose into a letter and a mark
    {"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ı": "i", "þ": "th"}
    | {"Þ": "Th", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe"}
)


def last_first(name: str) -> str:
    """Return `LastFirst` for a name as typed, in ASCII where the script allows.

    Spaces, hyphens, apostrophes and dots are dropped. Raises UserError if no letter is left.
    """
    family, given = split_name(name)
    joined = "".join(_words(family) + _words(given))
    if not joined:
        raise UserError(f'{name!r} is not a name: write it like this:  submit "First Last"')
    return joined


def split_name(name: str) -> tuple[str, str]:
    """Return the family name and the given names in a name as typed.

    The family name is the last word with any lower-case words before it (`van der Berg`), or whatever stands before a
    comma (`García Márquez, Gabriel`).
    """
    family, comma, given = name.partition(",")
    if comma:
        return family.strip(), given.strip()
    words = name.split()
    first = max(len(words) - 1, 0)
    while first > 1 and words[first - 1].islower():
        first -= 1
    return " ".join(words[first:]), " ".join(words[:first])


def file_name(name: str) -> str:
    """Return the name of a student's submission, such as `assignment04_DoeJane.zip`."""
    return f"{ASSIGNMENT}_{last_first(name)}.zip"


def typed_name(stem: str) -> str:
    """Return the student's name in the name of a file: `DoeJane` in `assignment04_DoeJane (1)`.

    What browsers and JupyterLab add is dropped. A name without `assignment04` is returned as it is.
    """
    stem = COPY_OF.sub("", unicodedata.normalize("NFC", stem)).strip()
    if found := FILE_NAME.search(stem):
        return re.sub(r"-\d{1,2}$", "", found[1]).strip(" _-") or stem
    return stem


def key(name: str) -> str:
    """Return what spellings of a name have in common: letters and digits, without accents and case."""
    return "".join(_words(name)).casefold()


def _words(text: str) -> list[str]:
    """Return the words of a name, capitalized, in ASCII where possible."""
    plain = unicodedata.normalize("NFKD", text.translate(LETTERS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = re.findall(r"[^\W_]+", re.sub(r"['’.]", "", unicodedata.normalize("NFC", plain)))
    return [word[:1].upper() + word[1:] for word in words]
