"""Pack a maildir into a few large Parquet files, once: engines read those many times faster than half a million files.

    mail-00000-1a2b3c4d.parquet    one row per message: mailbox, number in the mailbox, path in the maildir, the bytes
    packed.json                    the manifest, written last: the files, and the number of messages of each mailbox

The messages are in corpus order. A row group holds messages of one mailbox, and the manifest says of which, so that a
reader finds a mailbox without opening all files. The name of a file ends with a digest of the names, sizes and times
of its messages: a run that was stopped, or that packs changed mail, writes only the files that are not there yet.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from enronlib import UserError, corpus
from enronlib.engines import MANIFEST
from enronlib.engines.addresses import local_path, open_folder

__all__ = ["PACKED", "pack"]

PACKED = pa.schema([("mailbox", pa.string()), ("number", pa.int64()), ("path", pa.binary()), ("message", pa.binary())])
FILE = 2**27  # bytes of mail in a file
ROW_GROUP = 2**22  # bytes of mail in a row group


class Message(NamedTuple):
    """A message file."""

    mailbox: str
    number: int  # in the mailbox, from 0
    path: str  # relative to the maildir
    size: int  # bytes
    time: int  # of the last change, in nanoseconds


def pack(maildir: str | Path, out: str) -> dict[str, int]:
    """Pack a maildir into a folder or an address; return the number of messages of each mailbox.

    Memory use does not grow with the mail. Each file appears whole or not at all, and those of an earlier state of the
    mail disappear once the new ones are complete. Raises UserError if there is no mail, if a message is empty, or if
    `out` is inside the maildir or cannot be opened.
    """
    maildir = corpus.find_maildir(maildir)
    if path := local_path(out):
        corpus.keep_apart(maildir, path)
    folder = open_folder(out)
    old = {name for name in folder.find("") if Path(name).match("mail-*.parquet")}
    mailboxes = {corpus.printable(mailbox.name): 0 for mailbox in corpus.mailboxes(maildir)}
    files: dict[str, list[str]] = {}
    for groups in files_of(row_groups_of(messages_in(maildir))):
        name = f"mail-{len(files):05}-{digest(groups)}.parquet"
        files[name] = [group[0].mailbox for group in groups]
        for group in groups:
            mailboxes[group[0].mailbox] += len(group)
        if name not in old:
            with folder.writing(name) as file:
                write(groups, maildir, file)
    with folder.writing(MANIFEST) as file:
        file.write_text(json.dumps({"mailboxes": mailboxes, "files": files}, indent=1), encoding="utf-8")
    for name in old - files.keys():
        folder.remove(name)
    return mailboxes


def messages_in(maildir: Path) -> Iterator[Message]:
    """Yield every message, in corpus order. Raises UserError if one is empty: its copy was cut."""
    for mailbox in corpus.mailboxes(maildir):
        for number, file in enumerate(corpus.message_files(mailbox)):
            status, path = file.stat(), str(file.relative_to(maildir))
            if not status.st_size:
                raise UserError(f"{corpus.printable(path)} is empty: copy it again")
            yield Message(corpus.printable(mailbox.name), number, path, status.st_size, status.st_mtime_ns)


def row_groups_of(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Yield the messages in lists of about ROW_GROUP bytes, each of one mailbox."""
    for _, mailbox in groupby(messages, key=attrgetter("mailbox")):
        group, size = [], 0
        for message in mailbox:
            group.append(message)
            size += message.size
            if size >= ROW_GROUP:
                yield group
                group, size = [], 0
        if group:
            yield group


def files_of(groups: Iterable[list[Message]]) -> Iterator[list[list[Message]]]:
    """Yield the row groups in lists of about FILE bytes."""
    file, size = [], 0
    for group in groups:
        file.append(group)
        size += sum(message.size for message in group)
        if size >= FILE:
            yield file
            file, size = [], 0
    if file:
        yield file


def digest(groups: list[list[Message]]) -> str:
    """Return 16 hex digits that change when a message of a file is added, removed, renamed or rewritten."""
    return hashlib.sha256(json.dumps(groups).encode()).hexdigest()[:16]


def write(groups: list[list[Message]], maildir: Path, file: Path) -> None:
    """Write the messages to a Parquet file, one row group after another."""
    with pq.ParquetWriter(file, PACKED, compression="zstd") as writer:
        for group in groups:
            mailboxes, numbers, paths, _, _ = zip(*group, strict=True)
            messages = [(maildir / path).read_bytes() for path in paths]
            columns = [mailboxes, numbers, [os.fsencode(path) for path in paths], messages]
            arrays = [pa.array(column, field.type) for column, field in zip(columns, PACKED, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=PACKED))
