"""Reads the archive, a gzipped tar file, without trusting anything in it."""

import gzip
import itertools
import os
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from enronlib.download.remote import BadArchiveError, ResumableDownload

__all__ = ["MailArchive", "write_entries"]

DELETIONS = "DELETIONS.txt"  # in earlier archives: messages that CMU removed when people asked for it

# The real corpus takes 3.9 GB by this measure, its longest message has 2.0 MB, and its paths are far below 100 bytes.
MAX_TOTAL = 8_000_000_000  # bytes of the unpacked archive, and a block on the disk for each file and folder
BLOCK = 4096  # bytes
MAX_ENTRY = 10_000_000  # bytes of a message
MAX_PATH = 200  # bytes; systems allow 255 for a name, and some of our results add to a mailbox's name

DAMAGE = (
    tarfile.TarError,
    zlib.error,
    gzip.BadGzipFile,
    EOFError,
    ValueError,
    RecursionError,
)  # raised by bad archives

Entry = tuple[Path, bytes | None]  # path below the maildir; content of a message, None for a folder


class MailArchive:
    """The mailboxes in a gzipped tar file, read once from start to end."""

    def __init__(self, remote: ResumableDownload, windows_safe: bool) -> None:
        """Take the archive, and whether to change names that Windows does not allow."""
        self._unzipped = _CappedGzip(fileobj=remote, mode="rb")  # type: ignore[call-overload]  # gzip calls only read()
        self._windows_safe = windows_safe
        self._deleted: set[Path] = set()

    def mailboxes(self) -> Iterator[tuple[str, Iterator[Entry]]]:
        """Yield each mailbox's name and its entries. Raises BadArchiveError for a damaged or untrustworthy archive."""
        return itertools.groupby(self._entries(), key=lambda entry: entry[0].parts[0])

    def remove_deleted(self, maildir: Path) -> None:
        """Remove the messages on the archive's list of deletions from a maildir."""
        for path in self._deleted:
            if (maildir / path).is_file():
                (maildir / path).unlink()

    def _entries(self) -> Iterator[Entry]:
        """Yield the messages and folders of all mailboxes, except hidden ones."""
        try:
            with tarfile.open(fileobj=self._unzipped, mode="r|", encoding="utf-8") as tar:
                while member := tar.next():
                    tar.members = []  # type: ignore[attr-defined]  # half a million of them would fill the memory
                    self._unzipped.entry = 0
                    self._unzipped.total += BLOCK
                    parts = _checked_parts(member)
                    path = self._below_maildir(parts)
                    file = tar.extractfile(member)
                    content = None if file is None else file.read()
                    if parts[-1:] == [DELETIONS] and content is not None:
                        self._read_deletions(content.decode("utf-8", "replace"))
                    elif len(path.parts) >= (1 if content is None else 2) and "/." not in f"/{path.as_posix()}":
                        yield path, content
                while rest := tar.fileobj.read(MAX_ENTRY):  # up to the end, where gzip verifies its own checksum
                    if rest.strip(b"\0"):
                        raise tarfile.ReadError
        except DAMAGE:
            fault = "the archive is damaged or not a gzipped tar file"
            raise BadArchiveError(f"{fault}: run the command again, or use another --url") from None

    def _below_maildir(self, parts: list[str]) -> Path:
        """Return the path below `maildir/`, empty outside. In the archive of 2011, `maildir/` is one folder down."""
        below = parts[parts.index("maildir") + 1 :] if "maildir" in parts[:2] else []
        return Path(*map(_windows_name, below)) if self._windows_safe else Path(*below)

    def _read_deletions(self, text: str) -> None:
        """Note every path in a list of deletions, with and without a final dot, which may belong to a sentence."""
        for name in re.findall(r"\S+/\S+", text):
            stem = name.rpartition("maildir/")[2].rstrip(".")
            if not _leads_outside(stem):
                self._deleted |= {self._below_maildir(["maildir", *f"{stem}{dot}".split("/")]) for dot in ("", ".")}


class _CappedGzip(gzip.GzipFile):
    """An unpacked tar file that raises BadArchiveError when it grows larger than the Enron mail could be.

    tarfile could unpack gzip by itself, but would not notice a missing end or a wrong checksum.
    """

    total = 0  # bytes so far
    entry = 0  # bytes since the last entry, which tarfile may keep in memory

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.total += len(data)
        self.entry += len(data)
        if self.total > MAX_TOTAL or self.entry > 2 * MAX_ENTRY:  # twice, for tar's headers and padding
            raise BadArchiveError("the archive unpacks to more than the Enron mail could be: use another --url")
        return data


def write_entries(entries: Iterable[Entry], maildir: Path) -> None:
    """Write messages and folders. A message whose name is taken (on some systems, by case alone) gets one more `_`."""
    for path, content in entries:
        target = maildir / path
        try:
            (target if content is None else target.parent).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise _untrusted(f"maildir/{path.as_posix()}", "has a file where its folder should be") from None
        if content is not None:
            while target.exists():
                target = target.with_name(f"{target.name}_")
            target.write_bytes(content)


def _checked_parts(member: tarfile.TarInfo) -> list[str]:
    """Return the parts of an entry's name. Raises BadArchiveError unless it is a plain, harmless file or folder.

    This is stricter than tarfile.data_filter, which allows links and is missing in Python 3.11.0 to 3.11.3. As no
    link is ever written, the name alone decides where an entry goes.
    """
    if _leads_outside(member.name):
        raise _untrusted(member.name, "could be written outside the folder")
    if not (member.isfile() or member.isdir()):
        raise _untrusted(member.name, "is neither a file nor a folder")
    if not 0 <= member.size <= MAX_ENTRY:
        raise _untrusted(member.name, f"has {member.size:,} bytes, more than a message could have")
    if len(os.fsencode(member.name)) > MAX_PATH:
        raise _untrusted(member.name, f"has a path of more than {MAX_PATH} bytes")
    return [part for part in member.name.split("/") if part not in ("", ".")]


def _leads_outside(name: str) -> bool:
    """Return whether a path could leave its folder on some system: absolute, with a drive, `..`, a backslash, ..."""
    return bool(re.search(r"^/|^[A-Za-z]:|[\\\x00-\x1f\x7f]", name)) or ".." in name.split("/")


def _untrusted(name: str, fault: str) -> BadArchiveError:
    return BadArchiveError(f"this archive cannot be trusted, its entry {name[:80]!a} {fault}: use another --url")


def _windows_name(name: str) -> str:
    """Return a name that Windows allows: `1.` becomes `1_`, `con` becomes `con_`, `a:b` becomes `a_b`.

    The rules are Microsoft's: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
    """
    name = re.sub(r'[<>:"|?*]|[. ]$', "_", name)
    return re.sub(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?= *(\.|$))", r"\1_", name, flags=re.IGNORECASE)
