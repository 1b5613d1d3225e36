"""A mailbox as a Parquet file: 20 columns, one row a message, written and read a part at a time."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from enronlib import UserError, corpus
from enronlib.messages import FIELDS, plain_text, read_email

SCHEMA = pa.schema([(name, pa.timestamp("us", tz="UTC") if name == "Date" else pa.string()) for name in FIELDS])
ROW_GROUP = 2**22  # characters of mail
TEXT_COLUMNS = ["payload", "Content-Type", "Content-Transfer-Encoding"]  # what plain_text needs


def read_mailbox(mailbox: Path) -> Iterator[dict[str, Any]]:
    """Yield the 20 fields of each message, in corpus order. Raises UserError for an empty file: its copy was cut."""
    username = corpus.printable(mailbox.name)
    for path in corpus.message_files(mailbox):
        email = read_email(path)
        email["username"] = username
        if not email["original_msg"]:
            raise UserError(f"{path.relative_to(mailbox.parent).as_posix()} is empty: copy it again")
        yield email


def write_parquet(emails: Iterable[dict[str, Any]], path: Path) -> None:
    """Write one row an email, a row group at a time: what is held in memory does not grow with the mailbox."""
    with path.open("wb") as file, pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for rows in row_groups(emails):
            writer.write_batch(columns_of(rows))


def row_groups(emails: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the emails in lists that hold about ROW_GROUP characters of mail each."""
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
    """Return the fields of these emails column by column.

    Every column is collected as text and then cast. RecordBatch.from_pylist would do, but it loads pandas, to see
    whether a value is one of its own: 0.3 s and 40 MB in each process.
    """
    columns = []
    for field in SCHEMA:
        values = [row[field.name] for row in rows]
        texts = pa.lib.StringBuilder()
        texts.append_values([value.isoformat() if isinstance(value, datetime) else value for value in values])
        columns.append(texts.finish().cast(field.type))
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def read_texts(path: Path) -> Iterator[str]:
    """Yield the plain text of each email of a file, reading a few emails at a time."""
    with path.open("rb") as file:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=256, columns=TEXT_COLUMNS, use_threads=False):
            yield from map(plain_text, batch.to_pylist())
