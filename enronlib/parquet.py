"""A mailbox as a Parquet file: 20 columns, one row per message, written and read in chunks."""

from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from enronlib import UserError, corpus
from enronlib.messages import FIELDS, plain_text, read_email

__all__ = [
    "ROW_GROUP", "SCHEMA", "TEXT_COLUMNS", "columns_of", "read_mailbox", "read_texts", "row_groups", "write_parquet",
]  # fmt: skip

SCHEMA = pa.schema([(name, pa.timestamp("us", tz="UTC") if name == "Date" else pa.string()) for name in FIELDS])
ROW_GROUP = 2**22  # characters of mail
TEXT_COLUMNS = ["payload", "Content-Type", "Content-Transfer-Encoding"]  # what plain_text needs

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def read_mailbox(mailbox: str | Path) -> Iterator[dict[str, Any]]:
    """Yield the 20 fields of each message, in corpus order. Raises UserError for an empty file: its copy was cut."""
    mailbox = Path(mailbox)
    username = corpus.printable(mailbox.name)
    for path in corpus.message_files(mailbox):
        email = read_email(path)
        email["username"] = username
        if not email["original_msg"]:
            raise UserError(f"{path.relative_to(mailbox.parent).as_posix()} is empty: copy it again")
        yield email


def write_parquet(emails: Iterable[dict[str, Any]], path: str | Path) -> None:
    """Write one row per email, a row group at a time, so that memory use does not grow with the mailbox."""
    with Path(path).open("wb") as file, pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for rows in row_groups(emails):
            writer.write_batch(columns_of(rows))


def row_groups(emails: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the emails in lists of about ROW_GROUP characters of mail each."""
    rows, characters = [], 0
    for email in emails:
        rows.append(email)
        characters += len(email["original_msg"])
        if characters >= ROW_GROUP:
            yield rows
            rows, characters = [], 0
    if rows:
        yield rows


def columns_of(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Return the fields of these emails, column by column.

    RecordBatch.from_pylist would do the same, but it imports pandas (0.3 s and 40 MB in each process), and so does
    pa.array; Array.cast imports pyarrow.compute. Hence the lower-level StringBuilder and Array.from_buffers. Raises
    MemoryError if there is not enough memory.
    """
    columns = []
    for field in SCHEMA:
        values = [row[field.name] for row in rows]
        if field.name == "Date":
            columns.append(_timestamps(values))
        else:
            texts = pa.lib.StringBuilder()
            texts.append_values(values)
            if len(texts) < len(values):  # the builder is silent about it
                raise MemoryError("not enough memory for the texts of a mailbox: run with fewer workers")
            columns.append(texts.finish())
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def read_texts(path: str | Path) -> Iterator[str]:
    """Yield the plain text of each email of a file, reading a few emails at a time."""
    with Path(path).open("rb") as file:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=256, columns=TEXT_COLUMNS, use_threads=False):
            yield from map(plain_text, batch.to_pylist())


def _timestamps(dates: list[datetime | None]) -> pa.Array:
    """Return a column of dates: 64-bit microseconds since 1970, and a bitmap with a 1 for each date that is there."""
    microseconds = array("q", [0 if date is None else (date - _EPOCH) // _MICROSECOND for date in dates])
    bits = "".join("0" if date is None else "1" for date in reversed(dates))  # the first date is the lowest bit
    bitmap = int(bits, base=2).to_bytes((len(bits) + 7) // 8, "little")
    return pa.Array.from_buffers(
        SCHEMA.field("Date").type, len(dates), [pa.py_buffer(bitmap), pa.py_buffer(microseconds)]
    )
