"""Which mailboxes were asked for, and which ones an archive and a maildir hold."""

import difflib
import json
from pathlib import Path
from typing import NamedTuple

from enronlib import UserError
from enronlib.files import write_bytes

__all__ = ["Index", "Wanted", "mailboxes_in", "read_index", "write_index"]

INDEX = ".download.json"  # a hidden file in the maildir


class Index(NamedTuple):
    """The mailboxes of an archive in its order, as far as it has been read."""

    names: list[str]
    whole: bool  # read to the end


class Wanted(NamedTuple):
    """The mailboxes to download: the first few of the archive, those with certain names, or everything (both None)."""

    first: int | None
    names: set[str] | None

    @property
    def everything(self) -> bool:
        """Whether the whole archive is wanted."""
        return self.first is None and self.names is None

    def are_in(self, mailboxes: set[str], index: Index) -> bool:
        """Return whether these mailboxes include all wanted ones; False while too little of the archive is known."""
        if self.names is not None:
            return self.names <= mailboxes
        known = index.whole or (self.first is not None and len(index.names) >= self.first)
        return known and mailboxes.issuperset(index.names[: self.first])

    def check_names(self, index: Index) -> None:
        """Raise UserError for a wanted name that an archive, read to its end, does not contain."""
        unknown = sorted((self.names or set()).difference(index.names))
        if index.whole and unknown:
            [near] = difflib.get_close_matches(unknown[0], index.names, n=1) or index.names[:1]
            raise UserError(f"the archive has no mailbox {', '.join(unknown)}: did you mean {near}?")


def mailboxes_in(maildir: Path) -> set[str]:
    """Return the names of a maildir's mailboxes, none if it does not exist."""
    return {entry.name for entry in maildir.iterdir() if entry.is_dir()} if maildir.is_dir() else set()


def read_index(maildir: Path) -> Index:
    """Return what earlier downloads into a maildir learned. Raises UserError for a maildir from another source."""
    try:
        stored = json.loads((maildir / INDEX).read_text(encoding="utf-8"))
        return Index(stored["mailboxes"], stored["whole"])
    except (FileNotFoundError, ValueError):
        if maildir.is_dir() and any(maildir.iterdir()):
            place = maildir.parent.name or "this folder"
            raise UserError(f"{place} has a maildir from another source: name another folder") from None
        return Index([], whole=False)


def write_index(index: Index, maildir: Path) -> None:
    """Store in a maildir what a download has learned; create the maildir if needed."""
    write_bytes(maildir / INDEX, json.dumps({"whole": index.whole, "mailboxes": index.names}, indent=1).encode())
