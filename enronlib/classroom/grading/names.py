"""Students' names: as typed, in file names, and on a roster."""

import csv
import difflib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from enronlib import UserError
from enronlib.classroom.grading.reading import decoded

__all__ = [
    "COPY_OF",
    "COURSE_SYSTEM",
    "Student",
    "file_name",
    "find_student",
    "key",
    "last_first",
    "namesakes",
    "read_roster",
    "split_name",
    "student_of",
]

ASSIGNMENT = "assignment04"
FILE_NAME = re.compile(r"(?i)assignment[ _-]?0?4[ _-]+(.+)")
COPY_OF = re.compile(r"^copy of |[ _-]*\(\d+\)$|[ _-]*copy ?\d*$", re.IGNORECASE)  # added by browsers and JupyterLab
COURSE_SYSTEM = re.compile(r"^(.+?)_\d+_assignsubmission.*$")  # Moodle's folder for a submission
LETTERS = str.maketrans(  # Latin letters that Unicode does not decompose into a letter and a mark
    {"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ı": "i", "þ": "th"}
    | {"Þ": "Th", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe"}
)
FIRST = ("first", "first name", "firstname", "given", "given name", "forename", "vorname")
LAST = ("last", "last name", "lastname", "family", "family name", "surname", "nachname", "familienname")
WHOLE = ("name", "student", "full name", "student name")


@dataclass(frozen=True)
class Student:
    """A student on the roster: the name as written there, and the keys it is matched by."""

    name: str
    keys: frozenset[str]


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


def student_of(path: Path) -> str:
    """Return the student named in a submission's file name: `DoeJane` in `assignment04_DoeJane (1).zip`.

    A Moodle folder holds the student's real name, so it takes precedence. What other course systems put before the name
    and browsers after it is dropped; any other file name is returned as it is.
    """
    stem = path.stem if path.suffix.lower() in (".zip", ".ipynb") else path.name
    stem = COPY_OF.sub("", unicodedata.normalize("NFC", stem)).strip()
    if found := COURSE_SYSTEM.match(stem) or COURSE_SYSTEM.match(path.absolute().parent.name):
        return found[1]
    if found := FILE_NAME.search(stem):
        return re.sub(r"-\d{1,2}$", "", found[1]).strip(" _-") or stem
    return stem


def key(name: str) -> str:
    """Return what spellings of a name have in common: letters and digits, without accents and case."""
    return "".join(_words(name)).casefold()


def read_roster(path: Path) -> list[Student]:
    """Return the students in a CSV file with a header: `name`, or `first` and `last` (`Vorname`, `Nachname`), in order.

    Other columns are ignored. Without such a header, the file may hold names only. Raises UserError if it holds more,
    or none.
    """
    lines = decoded(path.read_bytes()).splitlines()
    delimiter = max(",;\t", key="\n".join(lines[:20]).count)
    rows = [[field.strip() for field in row] for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    header = [re.sub(r"[\s_-]+", " ", field.casefold().removesuffix("(s)")) for field in rows[0]] if rows else []
    first, last, whole = (
        next((header.index(name) for name in names if name in header), None) for names in (FIRST, LAST, WHOLE)
    )
    last = whole if last is None and first is not None else last  # German lists: Name, Vorname
    if first is not None and last is not None:
        names = [f"{row[last]}, {row[first]}" for row in rows[1:] if len(row) > max(first, last)]
    elif whole is not None and len(header) == 1:
        names = [", ".join(filter(None, row)) for row in rows[1:]]  # Doe, Jane  without quotes
    elif whole is not None:
        names = [row[whole] for row in rows[1:] if len(row) > whole]
    elif {first, last} == {None} and not any(any(row[1:]) or re.search(r"[\d@]", row[0]) for row in rows):
        names = [row[0] for row in rows]
    else:
        wanted = "no column `name`, or `first` and `last`, in the first line"
        raise UserError(f"{path.name}: {wanted}; it has {', '.join(rows[0])}")
    seen: Counter[str] = Counter()
    students = []
    for student in [_student(name) for name in names if key(name)]:
        seen[student.name] += 1
        number = f" ({seen[student.name]})" if seen[student.name] > 1 else ""
        students.append(replace(student, name=student.name + number))
    if not students:
        raise UserError(f"{path.name}: no names found; the file needs a column `name`, or `first` and `last`")
    return students


def namesakes(name: str, roster: list[Student]) -> list[Student]:
    """Return the students on the roster with exactly this name."""
    return [student for student in roster if key(name) in student.keys]


def find_student(name: str, roster: list[Student]) -> tuple[Student | None, bool]:
    """Return the student on the roster that a submission's name refers to, if any, and whether that is a guess."""
    wanted = key(name)
    exact = namesakes(name, roster)
    if exact:
        return (exact[0], False) if len(exact) == 1 else (None, False)
    by_key = {each: student for student in roster for each in student.keys}
    near = [each for each in by_key if len(each) > 5 and each in wanted]  # a course system's: janedoe_123_456_…
    near = near or difflib.get_close_matches(wanted, by_key, n=1, cutoff=0.85)
    return (by_key[near[0]], True) if len({by_key[each].name for each in near}) == 1 else (None, False)


def _student(name: str) -> Student:
    """Return the student of this name, known by either order of its parts."""
    family, comma, given = name.partition(",")
    shown = f"{given.strip()} {family.strip()}" if comma else name
    return Student(shown, frozenset({key(shown), key(last_first(name)), key(f"{family} {given}")}))


def _words(text: str) -> list[str]:
    """Return the words of a name, capitalized, in ASCII where possible."""
    plain = unicodedata.normalize("NFKD", text.translate(LETTERS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = re.findall(r"[^\W_]+", re.sub(r"['’.]", "", unicodedata.normalize("NFC", plain)))
    return [word[:1].upper() + word[1:] for word in words]
