"""The roster: who is in the course, by name and by the IDs that course systems use.

Any CSV with a header will do: a list of names, Moodle's grading worksheet or list of participants, a Canvas gradebook,
a Blackboard gradebook. Its other columns pass through to the marks.
"""

import csv
import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from enronlib import UserError
from enronlib.classroom.grading.formatting import printable
from enronlib.classroom.grading.names import key, last_first, split_name
from enronlib.classroom.grading.reading import decoded
from enronlib.classroom.grading.senders import Account, Sender

__all__ = ["Roster", "Student", "read_roster"]

FIRST = ("first", "first name", "firstname", "given", "given name", "forename", "vorname")
LAST = ("last", "last name", "lastname", "family", "family name", "surname", "nachname", "familienname")
WHOLE = ("name", "student", "full name", "student name")
USER_NAMES = ("username", "user name", "login", "login id", "sis login id")
EMAILS = ("email", "email address", "e mail", "mail")
IDS = ("id", "id number", "student id", "student number", "sis user id", "matriculation number", "matrikelnummer")
NOBODY = ("points possible", "student, test")  # rows of a Canvas gradebook that are no students
CUTOFF = 0.85  # similarity from which a name is a guess; one wrong letter in seven


@dataclass(frozen=True)
class Student:
    """A student on the roster: the name as written there, what the student is matched by, and the row of the file."""

    name: str
    keys: frozenset[str]
    accounts: frozenset[Account] = frozenset()
    row: tuple[str, ...] = ()

    @property
    def typed_ids(self) -> frozenset[str]:
        """The user name, e-mail address and numbers that a student may use in place of a name."""
        return frozenset(account.id for account in self.accounts if account.kind in ("user", "email", "number"))


@dataclass(frozen=True)
class Roster:
    """The students in the order of the file, and its header, empty for a plain list of names."""

    students: tuple[Student, ...]
    header: tuple[str, ...] = ()
    names_in: tuple[str, ...] = ()
    """The columns that hold the names."""

    def columns(self, name: str) -> dict[str, str]:
        """Return the row of the student of this name, by column; empty for anybody else."""
        row = next((student.row for student in self.students if student.name == name), ())
        return dict(zip(self.header, row, strict=False))

    def matches(self, sender: Sender) -> list[Student]:
        """Return the students that a sender certainly is: by account, by a typed ID, or else by the whole name.

        An account of a kind that the roster lists is never matched by name: another ID is another person.
        """
        if sender.account and any(sender.account.kind == kind for each in self.students for kind, _ in each.accounts):
            found = [each for each in self.students if sender.account in each.accounts]
            if found or sender.account.kind != "user":
                return found
        typed = sender.name.casefold()
        return [each for each in self.students if typed in each.typed_ids] or [
            each for each in self.students if key(sender.name) in each.keys
        ]

    def guess(self, sender: Sender) -> Student | None:
        """Return the one student whose name resembles the sender's, if there is one."""
        if sender.account and any(account.kind == sender.account.kind for s in self.students for account in s.accounts):
            return None
        wanted = key(sender.name)
        by_key = {each: student for student in self.students for each in student.keys}
        near = [each for each in by_key if len(each) > 5 and each in wanted]  # groupajanedoe
        near = near or difflib.get_close_matches(wanted, by_key, n=1, cutoff=CUTOFF)
        return by_key[near[0]] if len({by_key[each].name for each in near}) == 1 else None


def read_roster(path: Path) -> Roster:
    """Return the roster in a CSV file, in its order; students of one name are numbered.

    The header has a column `name`, or `first` and `last` (`Vorname`, `Nachname`), or Moodle's `Identifier`. Without
    a header, the file may hold names only. Raises UserError if it holds more, or no names.
    """
    lines = decoded(path.read_bytes()).splitlines()
    delimiter = max(",;\t", key="\n".join(lines[:20]).count)
    rows = [[field.strip() for field in row] for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    header = [_plain(field) for field in rows[0]] if rows else []
    columns = _name_columns(header)
    if not columns:
        if {*FIRST, *LAST} & {*header} or any(any(row[1:]) or re.search(r"[\d@]", row[0]) for row in rows):
            wanted = "no column `name`, or `first` and `last`, in the first line"
            raise UserError(f"{path.name}: {wanted}; it has {', '.join(rows[0])}")
        found = [_student(row[0]) for row in rows if key(row[0])]
    else:
        found = list(_students(rows[1:], header, columns))
    if not found:
        raise UserError(f"{path.name}: no names found; the file needs a column `name`, or `first` and `last`")
    return Roster(
        tuple(_numbered(found)),
        tuple(map(printable, rows[0])) if columns else (),
        tuple(rows[0][column] for column in columns),
    )


def _plain(field: str) -> str:
    """Return the name of a column without case, underscores and a plural: `Last name(s)` is `last name`."""
    return re.sub(r"[\s_-]+", " ", field.casefold().removesuffix("(s)")).strip()


def _name_columns(header: Sequence[str]) -> list[int]:
    """Return the columns of the family name and the given name, or of the whole name; none if there are none."""
    first, last, whole, blind = (
        next((header.index(name) for name in names if name in header), None)
        for names in (FIRST, LAST, WHOLE, ("identifier",))
    )
    last = whole if last is None and first is not None else last  # German lists: Name, Vorname
    if first is not None and last is not None:
        return [last, first]
    whole = blind if whole is None else whole  # Moodle's worksheet under blind marking
    return [] if whole is None else [whole]


def _students(rows: Sequence[list[str]], header: Sequence[str], columns: Sequence[int]) -> Iterator[Student]:
    for row in rows:
        if len(header) == 1:
            name = ", ".join(filter(None, row))  # Doe, Jane  without quotes
        elif len(row) <= max(columns):
            continue
        else:
            name = ", ".join(filter(None, (row[column] for column in columns)))
        if key(name) and name.casefold() not in NOBODY:
            cells = (*row, *[""] * (len(header) - len(row)))[: max(len(header), len(row))]
            yield replace(_student(name), accounts=frozenset(_accounts(header, cells)), row=tuple(cells))


def _accounts(header: Sequence[str], row: Sequence[str]) -> Iterator[Account]:
    """Yield the accounts in a row. The column `ID` of a Canvas gradebook holds what Canvas writes into file names."""
    is_canvas = "section" in header and ("sis login id" in header or "student" in header)
    for name, value in zip(header, map(str.casefold, row), strict=False):
        if not value:
            continue
        if name == "identifier":
            yield Account("participant", value.split()[-1])  # Participant 12345
        elif name == "id" and is_canvas:
            yield Account("canvas", value)
        elif name in USER_NAMES:
            yield Account("user", value)
        elif name in EMAILS:
            yield Account("email", value)
            if not set(USER_NAMES) & set(header):
                yield Account("user", value.partition("@")[0])
        elif name in IDS:
            yield Account("number", value)


def _student(name: str) -> Student:
    """Return the student of this name, known by either order of its parts."""
    name = printable(name)
    family, comma, given = name.partition(",")
    shown = f"{given.strip()} {family.strip()}" if comma else name
    family, given = split_name(name)
    return Student(shown, frozenset({key(shown), key(last_first(name)), key(f"{family} {given}")}))


def _numbered(students: Sequence[Student]) -> Iterator[Student]:
    """Yield the students, the second of one name as `Jane Doe (2)`."""
    seen: Counter[str] = Counter()
    for student in students:
        seen[student.name] += 1
        number = seen[student.name]
        yield replace(student, name=f"{student.name} ({number})") if number > 1 else student
