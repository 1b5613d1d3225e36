"""The archive, a gzipped tar file, which may hold anything: nothing in it is trusted."""

import gzip
import itertools
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from enronlib import UserError

DELETIONS = "DELETIONS.txt"  # in earlier archives: messages that CMU took out when people asked for it

# What an archive may hold: at least twice the corpus, which is 517,401 messages in 3,500 folders, 1,421,183,736 bytes
# (1.8 GB as a tar file), the longest message 2.0 MB.
MAX_ENTRIES = 1_100_000
MAX_UNPACKED = 4_000_000_000  # bytes of tar file
MAX_MESSAGE = 10_000_000  # bytes
MAX_HEADERS = 1_000_000  # bytes of tar headers for one entry
CHUNK = 1 << 16  # bytes

DAMAGE = (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, ValueError, RecursionError)  # what bad ones raise


class _Unzipped(gzip.GzipFile):
    """The tar file in the archive; a UserError where it grows beyond what the corpus could be.

    tarfile could undo gzip itself, but then it would not notice when the file is cut off or its checksum is wrong.
    """

    total = 0  # bytes so far
    entry = 0  # bytes since the last entry, which tarfile may hold in memory

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.total += len(data)
        self.entry += len(data)
        if self.total > MAX_UNPACKED or self.entry > MAX_MESSAGE + MAX_HEADERS:
            raise UserError("the archive unpacks to more than the Enron mail could be: use another --url")
        return data


class Entry(NamedTuple):
    """A message or a folder: its path below the maildir, and for a message the file to read, until the next entry."""

    path: Path
    file: IO[bytes] | None


def read_entries(archive: IO[bytes], deleted: set[Path], windows_safe: bool) -> Iterator[Entry]:
    """Yield the messages and folders of all mailboxes in a gzipped tar file, in its order.

    Mailboxes lie in `maildir/`, itself at most one folder down, as in the archive of 2011. What is hidden or outside
    of a mailbox is left out. What a list of deletions names goes into `deleted`.
    Raises UserError for an entry that could land outside, is no plain file or folder, or is too big.
    """
    unzipped = _Unzipped(fileobj=archive, mode="rb")
    empty = True
    with tarfile.open(fileobj=unzipped, mode="r|", encoding="utf-8") as tar:
        for count in itertools.count(1):
            member = tar.next()
            if member is None:
                break
            tar.members = []  # type: ignore[attr-defined]  # half a million of them fill the memory
            unzipped.entry = 0
            parts = _safe_parts(member, count)
            file = tar.extractfile(member)
            if parts[-1:] == [DELETIONS] and file is not None:
                deleted |= _listed(file.read().decode("utf-8", "replace"), windows_safe)
                continue
            path = _path_in_maildir(parts, windows_safe)
            hidden = any(part.startswith(".") for part in path.parts)
            if not hidden and len(path.parts) >= (1 if file is None else 2):
                empty = False
                yield Entry(path, file)
        while rest := tar.fileobj.read(CHUNK):  # also verifies gzip's own checksum
            if rest.strip(b"\0"):
                raise tarfile.ReadError
    if empty:
        raise UserError("the archive holds no maildir with mailboxes: use another --url")


def by_mailbox(entries: Iterator[Entry]) -> Iterator[tuple[str, Iterator[Entry]]]:
    """Yield each mailbox's name with its entries, which are to be read before the next mailbox."""
    return itertools.groupby(entries, key=lambda entry: entry.path.parts[0])


def _safe_parts(member: tarfile.TarInfo, count: int) -> list[str]:
    """Return the parts of an entry's name; UserError if the entry, the archive's `count`th, is not to be trusted."""
    name = member.name
    if count > MAX_ENTRIES:
        fault = "is one more than the Enron mail could have"
    elif _leads_outside(name):
        fault = "could land outside of the folder"
    elif not (member.isfile() or member.isdir()):
        fault = "is neither a file nor a folder"
    elif not 0 <= member.size <= MAX_MESSAGE:
        fault = f"is {member.size:,} bytes long, more than a message could be"
    else:
        return [part for part in name.split("/") if part not in ("", ".")]
    raise _bad_entry(name, fault)


def _leads_outside(name: str) -> bool:
    """Tell whether a path could leave its folder on some system: absolute, with a drive, `..`, a backslash, ..."""
    return bool(re.search(r"^/|^[A-Za-z]:|[\\\x00-\x1f\x7f]", name)) or ".." in name.split("/")


def _bad_entry(name: str, fault: str) -> UserError:
    return UserError(f"this archive is not to be trusted, its entry {name[:80]!a} {fault}: use another --url")


def _path_in_maildir(parts: list[str], windows_safe: bool) -> Path:
    """Return the path below the maildir, empty for what lies outside of it."""
    below = parts[parts.index("maildir") + 1 :] if "maildir" in parts[:2] else []
    return Path(*map(_windows_name, below)) if windows_safe else Path(*below)


def _windows_name(name: str) -> str:
    """Return a name that Windows allows: `1.` becomes `1_`, `con` becomes `con_`, `a:b` becomes `a_b`.

    The rules are Microsoft's: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
    """
    name = re.sub(r'[<>:"|?*]|[. ]$', "_", name)
    return re.sub(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?= *(\.|$))", r"\1_", name, flags=re.IGNORECASE)


def _listed(text: str, windows_safe: bool) -> set[Path]:
    """Return the messages in a list of deletions: every path in it, after `maildir/` if it has that.

    With and without a dot at the end, for a list may end its lines or sentences as it likes.
    """
    names = [name.rpartition("maildir/")[2].rstrip(".") for name in re.findall(r"\S+/\S+", text)]
    inside = [name.split("/") for name in names if not _leads_outside(name)]
    both = [["maildir", *parts[:-1], last] for parts in inside for last in (parts[-1], f"{parts[-1]}.")]
    return {_path_in_maildir(parts, windows_safe) for parts in both}


def remove_deleted(deleted: Iterable[Path], maildir: Path) -> None:
    """Remove the messages of a list of deletions that are there."""
    for path in deleted:
        if (maildir / path).is_file():
            (maildir / path).unlink()


def write_entries(entries: Iterable[Entry], maildir: Path) -> None:
    """Write messages and folders; of two that get one name, as on systems blind to case, the second gets a `_` more."""
    for path, file in entries:
        target = maildir / path
        try:
            (target if file is None else target.parent).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise _bad_entry(f"maildir/{path.as_posix()}", "has a file where its folder should be") from None
        if file is not None:
            while target.exists():
                target = target.with_name(f"{target.name}_")
            target.write_bytes(file.read())
