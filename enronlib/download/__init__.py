"""The real corpus, from Carnegie Mellon University (CMU): the whole of it, or a few mailboxes.

Two things on the way are not to be trusted, and each has its part here: the network, which cuts (`remote`), and the
archive, which may hold anything (`archive`).
"""

import difflib
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from tqdm import tqdm

from enronlib import UserError
from enronlib.download.archive import DAMAGE, by_mailbox, read_entries, remove_deleted, write_entries
from enronlib.download.remote import CHUNK, ChangedError, Remote

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

ON_DISK = 6  # bytes on the disk for a byte of archive: 517,401 files of 4.9 kB with their blocks, measured on 8,019
RESTARTS = 3  # times to begin with a file that changes on the server


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
                with closing(Remote(url, progress)) as remote:
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
        with closing(Remote(url, progress, position, version)) as remote:
            try:
                remote.read(0)  # only connects, and so learns length and version
                _check_length(remote, sha256, folder)
                with part.open("ab" if position else "wb") as file:
                    _write_text(note, f"{url}\n{remote.version}\n")
                    shutil.copyfileobj(remote, file, CHUNK)
                break
            except ChangedError:
                note.unlink(missing_ok=True)  # so that the next round begins anew
    else:
        raise ChangedError
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


def _check_length(remote: "Remote", sha256: str | None, folder: Path) -> None:
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
            mailboxes = by_mailbox(read_entries(file, deleted, windows_safe))
            for name, entries in tqdm(mailboxes, "unpack", unit=" mailboxes", disable=not progress):
                if name not in order.names:
                    order.names.append(name)
                write_entries(entries, staging)
    except (UserError, *DAMAGE):
        _discard(part)  # it would be as bad the next time
        raise
    remove_deleted(deleted, staging)
    if maildir.exists():
        remove_deleted(deleted, maildir)
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
    for name, entries in by_mailbox(read_entries(archive, deleted, windows_safe)):
        if name in order.names:
            raise UserError(f"mailbox {name} lies scattered in the archive: download the whole of it instead")
        order.names.append(name)
        if (mailboxes is None or name in mailboxes) and not (maildir / name).exists():
            write_entries(entries, staging)
            remove_deleted(deleted, staging)
            _write_order(order, maildir)
            (staging / name).replace(maildir / name)
        if _complete(order, maildir, first, mailboxes):
            break
    else:
        order = order._replace(whole=True)
    _write_order(order, maildir)
    remove_deleted(deleted, maildir)
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
    except ChangedError:
        raise UserError("the archive on the server changes: run the command again later") from None
    except OSError as error:
        raise UserError(
            f"cannot write into {folder.name or 'this folder'} ({error.strerror or type(error).__name__}): "
            "make room there or name another folder, and run the command again"
        ) from None
