"""The real corpus, from Carnegie Mellon University (CMU): the whole of it, or a few mailboxes.

Two things on the way are not to be trusted, and each has its part here: the network, which cuts (`_Remote`), and the
archive, which may hold anything (`_entries`).
"""

import difflib
import gzip
import hashlib
import itertools
import json
import os
import re
import shutil
import tarfile
import time
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast
from urllib.parse import urlsplit

import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError as CutError  # what requests lets through when a connection breaks

from enronlib import UserError

# The version of 7 May 2015, the only one CMU still gives out, and the size its server announces.
# CMU publishes no checksum: this one is pinned by at least eight independent public repositories.
URL = "https://www.cs.cmu.edu/~enron/enron_mail_20150507.tar.gz"
SIZE = 443_254_787  # bytes
SHA256 = "b3da1b3fe0369ec3140bb4fbce94702c33b7da810ec15d718b3fadf5cd748ca7"
ARCHIVE = URL.rpartition("/")[2]

PRIVACY = (
    'Carnegie Mellon asks all who use this mail: "please be sensitive to the privacy of the people involved (and '
    "remember that many of these people were certainly not involved in any of the actions which precipitated the "
    'investigation)". https://www.cs.cmu.edu/~enron/'
)
DELETIONS = "DELETIONS.txt"  # in earlier archives: messages that CMU took out when people asked for it

# What an archive may hold: at least twice the corpus, which is 517,401 messages in 3,500 folders, 1,421,183,736 bytes
# (1.8 GB as a tar file), the longest message 2.0 MB.
MAX_ENTRIES = 1_100_000
MAX_UNPACKED = 4_000_000_000  # bytes of tar file
MAX_MESSAGE = 10_000_000  # bytes
MAX_HEADERS = 1_000_000  # bytes of tar headers for one entry
ON_DISK = 6  # bytes on the disk for a byte of archive: 517,401 files of 4.9 kB with their blocks, measured on 8,019

TIMEOUT = 30.0  # seconds without a byte
WAITS = (1.0, 3.0, 10.0)  # seconds before each new try; they start anew when bytes come
RESTARTS = 3  # times to begin with a file that changes on the server
CHUNK = 1 << 16  # bytes

DAMAGE = (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, ValueError, RecursionError)  # what bad ones raise


def download(
    folder: Path,
    *,
    first: int | None = None,
    mailboxes: Collection[str] | None = None,
    url: str = URL,
    sha256: str | None = SHA256,
    windows_safe: bool = os.name == "nt",
    progress: bool = True,
) -> Path:
    """Bring the Enron mail into `folder` and return its maildir, `folder/maildir`.

    Without `first` and `mailboxes` the whole archive comes. It is kept in `folder` until it is unpacked (a later call
    goes on where an earlier one was cut), its checksum is verified, and all its mailboxes appear at the end.

    With `first` (so many mailboxes from the start of the archive, whose order is not the alphabet's) or `mailboxes`
    (their names; in one string, parted by commas) the archive is unpacked as it comes, and left as soon as they are
    complete. A mailbox counts as complete when an entry of another one follows, for in CMU's archive a mailbox's
    entries are contiguous. Part of a file has no checksum to verify.

    A mailbox appears whole or not at all. Mailboxes that are there are kept; when none is missing, nothing is
    downloaded. `sha256` is the archive's checksum in hexadecimal, None for no check; CMU's own is left out for an
    address that does not end in the name of CMU's archive. `windows_safe` mends names that Windows does not allow
    (`1.` becomes `1_`). Run one download at a time in a folder.

    Raises UserError for what goes wrong on the way: server, network, archive, disk, or a mailbox that does not exist.
    """
    if isinstance(mailboxes, str):
        mailboxes = [name.strip() for name in mailboxes.split(",") if name.strip()]
    if (first is not None and (first < 1 or mailboxes is not None)) or (mailboxes is not None and not mailboxes):
        raise UserError("give either a number of mailboxes, 1 or more, or their names")
    if sha256 == SHA256 and not url.endswith(f"/{ARCHIVE}"):
        sha256 = None
    maildir, staging = folder / "maildir", folder / ".maildir-part"
    with _plain_errors(folder):
        known = _read_order(maildir)
        _check_names(known, mailboxes)
        if _complete(known, maildir, first, mailboxes):
            return maildir
        print(PRIVACY, flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(staging, ignore_errors=True)  # left by a run that was killed
        try:
            if first is None and mailboxes is None:
                part = _fetch(url, sha256, folder, progress)
                _unpack(part, staging, maildir, windows_safe, progress)
            else:
                with closing(_Remote(url, progress)) as remote:
                    _stream(cast(IO[bytes], remote), first, mailboxes, staging, maildir, windows_safe=windows_safe)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return maildir


def _fetch(url: str, sha256: str | None, folder: Path, progress: bool) -> Path:
    """Bring the archive into `folder`, going on where an earlier run stopped, verify it and return its path."""
    part = folder / f"{ARCHIVE}.part"
    note = _note(part)
    for _ in range(RESTARTS):
        origin = note.read_text(encoding="utf-8").split("\n") if note.exists() and part.exists() else [""]
        position, version = (part.stat().st_size, origin[1]) if origin[0] == url else (0, "")
        with closing(_Remote(url, progress, position, version)) as remote:
            try:
                remote.read(0)  # only connects, and so learns length and version
                _check_length(remote, sha256, folder)
                with part.open("ab" if position else "wb") as file:
                    _write_text(note, f"{url}\n{remote.version}\n")
                    shutil.copyfileobj(remote, file, CHUNK)
                break
            except _ChangedError:
                note.unlink(missing_ok=True)  # so that the next round begins anew
    else:
        raise _ChangedError
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 is not None and digest != sha256.lower():
        _discard(part)
        raise UserError("the archive came with a wrong checksum: run the command again, or use another --url")
    return part


def _note(part: Path) -> Path:
    """Return the file that says where an unfinished archive comes from: the address, the version of the file."""
    return part.with_name(f"{part.name}.from")


def _discard(part: Path) -> None:
    part.unlink()
    _note(part).unlink()


def _check_length(remote: "_Remote", sha256: str | None, folder: Path) -> None:
    """Raise UserError if the server has another file than CMU's, or the disk no room."""
    length = remote.length or 0
    if sha256 == SHA256 and length not in (0, SIZE):
        raise UserError(f"{remote.host} has {length:,} bytes, CMU's archive {SIZE:,}: use another --url")
    needed, free = length - remote.position + ON_DISK * length, shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"the mail needs {needed / 1e9:.1f} GB of disk and {free / 1e9:.1f} GB are free: make room, "
            "name a folder on another disk, or take a few mailboxes with --first"
        )


def _unpack(part: Path, staging: Path, maildir: Path, windows_safe: bool, progress: bool) -> None:
    """Unpack the archive into `staging`, let it appear as `maildir`, and remove the archive."""
    deleted: set[Path] = set()
    order = _Order([], whole=True)
    try:
        with part.open("rb") as file:
            mailboxes = _by_mailbox(_entries(file, deleted, windows_safe))
            for name, entries in tqdm(mailboxes, "unpack", unit=" mailboxes", disable=not progress):
                if name not in order.names:
                    order.names.append(name)
                _write(entries, staging)
    except (UserError, *DAMAGE):
        _discard(part)  # it would be as bad the next time
        raise
    _remove(deleted, staging)
    if maildir.exists():
        _remove(deleted, maildir)
        for entry in staging.iterdir():
            if not (maildir / entry.name).exists():
                entry.replace(maildir / entry.name)
        _write_order(order, maildir)
    else:
        _write_order(order, staging)
        staging.replace(maildir)
    _discard(part)


def _stream(
    archive: IO[bytes],
    first: int | None,
    mailboxes: Collection[str] | None,
    staging: Path,
    maildir: Path,
    *,
    windows_safe: bool,
) -> None:
    """Unpack the wanted mailboxes as the archive comes, let each appear when it is complete, and stop at the last."""
    deleted: set[Path] = set()
    order = _Order([], whole=False)
    maildir.mkdir(exist_ok=True)
    for name, entries in _by_mailbox(_entries(archive, deleted, windows_safe)):
        if name in order.names:
            raise UserError(f"mailbox {name} lies scattered in the archive: download the whole of it instead")
        order.names.append(name)
        if (mailboxes is None or name in mailboxes) and not (maildir / name).exists():
            _write(entries, staging)
            _remove(deleted, staging)
            _write_order(order, maildir)
            (staging / name).replace(maildir / name)
        if _complete(order, maildir, first, mailboxes):
            break
    else:
        order = order._replace(whole=True)
    _write_order(order, maildir)
    _remove(deleted, maildir)
    _check_names(order, mailboxes)


# --- What is there ----------------------------------------------------------------------------------------------------


class _Order(NamedTuple):
    """The mailboxes of an archive in its own order, as far as it was read; kept in the maildir in a hidden file."""

    names: list[str]
    whole: bool  # read to its end


def _read_order(maildir: Path) -> _Order:
    try:
        kept = json.loads((maildir / ".download.json").read_text(encoding="utf-8"))
        return _Order(kept["mailboxes"], kept["whole"])
    except FileNotFoundError:
        if maildir.is_dir() and any(maildir.iterdir()):
            raise UserError(
                f"{maildir.parent.name or 'this folder'} has a maildir from elsewhere, and the two would mix: "
                "name another folder"
            ) from None
        return _Order([], whole=False)


def _write_order(order: _Order, maildir: Path) -> None:
    _write_text(maildir / ".download.json", json.dumps({"whole": order.whole, "mailboxes": order.names}, indent=1))


def _complete(order: _Order, maildir: Path, first: int | None, mailboxes: Collection[str] | None) -> bool:
    """Tell whether all wanted mailboxes are in the maildir; False while too little of the archive's order is known."""
    if mailboxes is not None:
        wanted = set(mailboxes)
    elif order.whole or (first is not None and len(order.names) >= first):
        wanted = set(order.names[:first])
    else:
        return False
    return maildir.is_dir() and wanted <= {entry.name for entry in maildir.iterdir()}


def _check_names(order: _Order, mailboxes: Collection[str] | None) -> None:
    """Raise UserError for a mailbox that an archive, once read to its end, was found not to hold."""
    unknown = sorted(set(mailboxes or ()) - set(order.names))
    if order.whole and unknown:
        near = difflib.get_close_matches(unknown[0], order.names) or sorted(order.names)[:3]
        raise UserError(f"the archive has no mailbox {', '.join(unknown)}: choose from others, as {', '.join(near)}")


# --- The archive, which may hold anything -----------------------------------------------------------------------------


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


class _Entry(NamedTuple):
    """A message or a folder: its path below the maildir, and for a message the file to read, until the next entry."""

    path: Path
    file: IO[bytes] | None


def _entries(archive: IO[bytes], deleted: set[Path], windows_safe: bool) -> Iterator[_Entry]:
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
                yield _Entry(path, file)
        while rest := tar.fileobj.read(CHUNK):  # also verifies gzip's own checksum
            if rest.strip(b"\0"):
                raise tarfile.ReadError
    if empty:
        raise UserError("the archive holds no maildir with mailboxes: use another --url")


def _by_mailbox(entries: Iterator[_Entry]) -> Iterator[tuple[str, Iterator[_Entry]]]:
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


def _remove(deleted: Iterable[Path], maildir: Path) -> None:
    for path in deleted:
        if (maildir / path).is_file():
            (maildir / path).unlink()


def _write(entries: Iterable[_Entry], maildir: Path) -> None:
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


# --- The network, which cuts ------------------------------------------------------------------------------------------


class _ChangedError(Exception):
    """The server no longer has the file that was begun."""


class _Remote:
    """A file on a server, read from `position` to its end as if nothing ever cut the connection.

    After a cut the rest is asked for (RFC 9110, section 14). A server that sends everything again is read up to
    where it broke; one that has another file by now (by ETag or Last-Modified, and length) raises _ChangedError.
    """

    def __init__(self, url: str, progress: bool, position: int = 0, version: str = "") -> None:
        self.url = url
        self.position = position  # bytes
        self.version = version  # as the server calls it, "" if it does not
        self.length: int | None = None  # bytes of the whole file, None if the server does not say
        self._response: requests.Response | None = None
        self._reached = False
        self._bar = tqdm(desc="download", initial=position, unit="B", unit_scale=True, disable=not progress)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or "the server"

    def read(self, size: int = CHUNK, /) -> bytes:
        """Return up to `size` bytes more, b"" at the end. Raises UserError when the server does not get that far."""
        for wait in (*WAITS, None):
            try:
                if self._response is None:
                    self._connect()
                data = b"" if self.position == self.length else self._receive(size)
                self.position += len(data)
                self._bar.update(len(data))
                return data
            except (requests.RequestException, CutError) as error:
                self._disconnect()
                if isinstance(error, ValueError):
                    raise UserError(f"{self.url} is no address to download from: use one with https://") from None
                if not self._reached and isinstance(error, requests.ConnectionError):
                    raise UserError(
                        f"cannot reach {self.host}: check the network and --url, and run the command again"
                    ) from None
                fault = str(error) if isinstance(error, requests.HTTPError) else "keeps breaking off"
            if wait is not None:
                time.sleep(wait)
        raise UserError(f"{self.host} {fault}: run the command again later, what has come is kept")

    def close(self) -> None:
        self._bar.close()
        self._disconnect()

    def _disconnect(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    def _connect(self) -> None:
        """Ask for the file from `position` on."""
        headers = {"Accept-Encoding": "identity"}  # the archive as it is, not packed once more for the way
        if self.position:
            headers["Range"] = f"bytes={self.position}-"
        response = self._response = requests.get(self.url, headers=headers, stream=True, timeout=TIMEOUT)
        self._reached = True
        status = response.status_code
        if status == 429 or status >= 500:
            raise requests.HTTPError(f"answers {status}")  # which may pass
        if status not in (200, 206, 416):
            raise UserError(f"{self.host} answers {status}, and gives no archive: check --url")
        span = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+)", response.headers.get("Content-Range", ""))
        if status == 416 and span and int(span[2]) == self.position:
            self.length = self.position  # there is no more
        elif status == 200:
            length = response.headers.get("Content-Length", "")
            self._check_same(response, int(length) if length.isdecimal() else None)
            self._skip(self.position)
        elif status == 206 and span and span[1] == str(self.position):
            self._check_same(response, int(span[2]))
        else:
            raise _ChangedError

    def _check_same(self, response: requests.Response, length: int | None) -> None:
        version = response.headers.get("ETag") or response.headers.get("Last-Modified", "")
        other_version = version and self.version and version != self.version
        other_length = self.length is not None and length != self.length
        if self.position and (other_version or other_length):
            raise _ChangedError
        self.version, self.length = version, length
        self._bar.total = length

    def _skip(self, size: int) -> None:
        while size:
            data = self._receive(min(size, CHUNK))
            if not data:
                raise _ChangedError
            size -= len(data)

    def _receive(self, size: int) -> bytes:
        assert self._response is not None
        data: bytes = self._response.raw.read(size, decode_content=False)
        if size and not data and self.length is not None:
            raise requests.ConnectionError  # before the end
        return data


# --- Small help -------------------------------------------------------------------------------------------------------


def _write_text(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


@contextmanager
def _plain_errors(folder: Path) -> Iterator[None]:
    """Say in one line for the user what a bad archive or the disk raises."""
    try:
        yield
    except DAMAGE:
        raise UserError(
            "the archive is damaged, or is none (a gzipped tar file): run the command again, or use another --url"
        ) from None
    except _ChangedError:
        raise UserError("the archive on the server changes: run the command again later") from None
    except OSError as error:
        raise UserError(
            f"cannot write into {folder.name or 'this folder'} ({error.strerror or type(error).__name__}): "
            "make room there or name another folder, and run the command again"
        ) from None
