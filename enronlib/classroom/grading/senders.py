"""Who handed in a file: the names and IDs that Moodle, Canvas and Blackboard write into the names of files.

| system     | name of a download                                                    | who              |
| Moodle     | Jane Doe_12345_assignsubmission_file_/work.zip                        | participant ID   |
|            | Participant_12345_assignsubmission_file_/work.zip (blind marking)     |                  |
| Canvas     | doejane_LATE_12345_678910_work.zip, anon_x7Ab2_678910_work.zip        | user ID          |
| Blackboard | Assignment 4_jdoe_attempt_2026-03-01-12-30-45_work.zip                | user name        |

Sources: Moodle, mod/assign/locallib.php (download_submissions) and mod/assign/feedback/file/importziplib.php; Canvas,
lib/content_zipper.rb; Blackboard Help, "Download assignment submissions".
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from enronlib.classroom.grading.formatting import printable
from enronlib.classroom.grading.names import key, typed_name

__all__ = ["Account", "Sender", "is_no_work", "sender_of"]

MOODLE = re.compile(r"^(?P<name>[^_]+)_(?P<id>\d+)_assign(?:submission|feedback)_(?P<kind>[a-z]+)_?(?P<rest>.*)$")
CANVAS = re.compile(r"^(?P<name>\w+?)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<rest>.+)$")
CANVAS_BLIND = re.compile(r"^(?:LATE_)?anon_(?P<id>[A-Za-z0-9]+)_\d+_(?P<rest>.+)$")
BLACKBOARD = re.compile(r"^.+_(?P<id>[^_]+)_attempt_\d{4}(?:-\d\d){5}_?(?P<rest>.*)$")


class Account(NamedTuple):
    """A student's account in a course system: `kind` is participant, canvas, anonymous or user."""

    kind: str
    id: str


@dataclass(frozen=True)
class Sender:
    """Who handed in a file: a name, and the account if a course system named the file."""

    name: str
    account: Account | None = None
    prefix: str = ""
    """The start of the name of every file that the course system delivers for this student, and takes back."""


def sender_of(path: Path) -> Sender:
    """Return who handed in a file or folder; what a course system says takes precedence over what the student typed."""
    stem = path.stem if path.suffix.lower() in (".zip", ".ipynb") else path.name
    stem = printable(unicodedata.normalize("NFC", stem)).strip()
    parent = printable(unicodedata.normalize("NFC", path.absolute().parent.name))
    if found := MOODLE.match(stem) or MOODLE.match(parent):
        blind = key(found["name"]) == "participant"
        name = f"{found['name']} {found['id']}" if blind else found["name"]
        prefix = f"{found['name']}_{found['id']}_assignsubmission_{found['kind']}_"
        return Sender(name, Account("participant", found["id"]), prefix)
    if found := BLACKBOARD.match(stem):
        return Sender(_typed(found["rest"]) or found["id"], Account("user", found["id"].casefold()))
    if found := CANVAS_BLIND.match(stem):
        return Sender(f"anonymous {found['id']}", Account("anonymous", found["id"]), stem[: found.start("rest")])
    if found := CANVAS.match(stem):
        typed = _typed(found["rest"])
        name = typed if key(typed) == key(found["name"]) else found["name"]
        return Sender(name, Account("canvas", found["id"]), stem[: found.start("rest")])
    return Sender(typed_name(stem))


def is_no_work(path: Path) -> bool:
    """Return whether a course system made this beside the work: a text field of Moodle, a receipt of Blackboard."""
    found = MOODLE.match(path.name)
    return (found is not None and found["kind"] != "file") or (
        path.suffix.lower() == ".txt" and BLACKBOARD.match(path.stem) is not None
    )


def _typed(rest: str) -> str:
    """Return the name in what the student called the file, empty if there is none."""
    stem = rest.rsplit(".", 1)[0] if rest.lower().endswith((".zip", ".ipynb")) else rest
    name = typed_name(stem)
    return name if name != stem else ""
