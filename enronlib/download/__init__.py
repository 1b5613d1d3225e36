"""The real corpus, from Carnegie Mellon University (CMU): all of it, or a few mailboxes.

remote       a download that resumes when the network fails: change here how it retries
archive      reads the archive, and rejects what could write outside the folder: change here what is accepted
selection    which mailboxes were asked for, and which the folder already holds
"""

import hashlib
import os
import shutil
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from tqdm import tqdm

from enronlib import UserError
from enronlib.download.archive import MailArchive, write_entries
from enronlib.download.remote import BadArchiveError, ResumableDownload
from enronlib.download.selection import Index, Wanted, mailboxes_in, read_index, write_index

__all__ = ["PRIVACY", "SHA256", "URL", "download_corpus"]

# The version of 7 May 2015, the only one that CMU still distributes. CMU publishes no checksum: this one is pinned by
# at least eight independent public repositories.
URL = "https://www.cs.cmu.edu/~enron/enron_mail_20150507.tar.gz"
SHA256 = "b3da1b3fe0369ec3140bb4fbce94702c33b7da810ec15d718b3fadf5cd748ca7"
ARCHIVE = URL.rpartition("/")[2]

PRIVACY = (
    'Carnegie Mellon asks all who use this mail: "please be sensitive to the privacy of the people involved (and '
    "remember that many of these people were certainly not involved in any of the actions which precipitated the "
    'investigation)". https://www.cs.cmu.edu/~enron/'
)

ROOM = 3_100_000_000  # bytes: the archive, and 517,401 files in blocks of 4 kB, measured on 8,019 of them


def download_corpus(
    folder: Path,
    *,
    first: int | None = None,
    mailboxes: Collection[str] | None = None,
    url: str = URL,
    sha256: str | None = SHA256,
    windows_safe: bool = os.name == "nt",
    progress: bool = True,
) -> Path:
    """Download the Enron mail into `folder` and return its maildir, `folder/maildir`.

    By default, the whole archive is downloaded, verified by its checksum, and unpacked. With `first` (the number of
    mailboxes from the start of the archive, whose order is not alphabetical) or `mailboxes` (their names, or one
    string that separates them with commas), it is unpacked as it arrives and only until these mailboxes are complete:
    until the next one begins, for in CMU's archive the entries of a mailbox are contiguous. A part has no checksum.

    The mailboxes appear together at the end. Existing ones are kept; if none is missing, nothing is downloaded. If a
    download is interrupted, a later call continues it. Run one download at a time in a folder.

    `sha256` is the archive's checksum in hexadecimal, None for no check; CMU's is ignored for a `url` that does not
    end in the name of CMU's archive. `windows_safe` changes names that Windows does not allow: `1.` becomes `1_`.

    Raises UserError for a fault of the server, the network, the archive or the disk, and for an unknown mailbox.
    """
    names = mailboxes.split(",") if isinstance(mailboxes, str) else mailboxes
    wanted = Wanted(first, None if names is None else {name.strip() for name in names} - {""})
    if wanted.names == set() or (first is not None and (first < 1 or names is not None)):
        raise UserError("give either the number of mailboxes, 1 or more, or their names")
    if sha256 == SHA256 and not url.endswith(f"/{ARCHIVE}"):
        sha256 = None
    maildir, copy = folder / "maildir", folder / f"{ARCHIVE}.part"
    try:
        index = read_index(maildir)
        wanted.check_names(index)
        if not wanted.are_in(mailboxes_in(maildir), index):
            print(PRIVACY, flush=True)
            folder.mkdir(parents=True, exist_ok=True)
            with closing(ResumableDownload(url, copy, progress=progress)) as remote:
                if wanted.everything:
                    _verify(remote, sha256, folder)
                index = _unpack(
                    MailArchive(remote, windows_safe), wanted, maildir, progress=progress and wanted.everything
                )
            copy.unlink()
            wanted.check_names(index)
    except OSError as error:
        fault = f"cannot write into {folder.name[:80] or 'this folder'} ({error.strerror or type(error).__name__})"
        raise UserError(f"{fault}: check its free space and permissions, or name another folder") from None
    except BadArchiveError:
        copy.unlink()
        raise
    return maildir


def _verify(remote: ResumableDownload, sha256: str | None, folder: Path) -> None:
    """Download the whole archive. Raises UserError if it is not the right one, or if the disk has no room for it."""
    if sha256 == SHA256 and shutil.disk_usage(folder).free < ROOM:
        raise UserError(
            f"the mail needs {ROOM / 1e9} GB of disk space: make room, name a folder on another disk, "
            "or download a few mailboxes with --first"
        )
    digest = hashlib.sha256()
    while data := remote.read():
        digest.update(data)
    if sha256 is not None and digest.hexdigest() != sha256.lower():
        raise BadArchiveError("the archive has a wrong checksum: run the command again, or use another --url")
    remote.rewind()


def _unpack(archive: MailArchive, wanted: Wanted, maildir: Path, *, progress: bool) -> Index:
    """Unpack the wanted mailboxes that a maildir lacks, move them there together, and return what the archive has."""
    staging = maildir.with_name(".maildir-part")
    shutil.rmtree(staging, ignore_errors=True)  # left by a run that was killed
    index, existing = Index([], whole=False), mailboxes_in(maildir)
    try:
        for name, entries in tqdm(archive.mailboxes(), "unpack", unit=" mailboxes", disable=not progress):
            if name not in index.names:
                index.names.append(name)
            if name not in existing and (wanted.names is None or name in wanted.names):
                write_entries(entries, staging)
            if wanted.are_in(existing.union(index.names), index):
                break
        else:
            index = index._replace(whole=True)
        if not index.names:
            raise BadArchiveError("the archive contains no maildir with mailboxes: use another --url")
        write_index(index, maildir)
        for place in (staging, maildir):
            archive.remove_deleted(place)
        for name in mailboxes_in(staging):
            (staging / name).replace(maildir / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return index
