"""Parquet files of emails: 20 columns, one row a message, written and read a part at a time."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from enronlib.messages import FIELDS

SCHEMA = pa.schema([(name, pa.timestamp("us", tz="UTC") if name == "Date" else pa.string()) for name in FIELDS])
ROW_GROUP = 2**22  # characters of mail


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


def read_parquet(path: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    """Yield these fields of each email, a few emails at a time."""
    with path.open("rb") as file:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=256, columns=columns, use_threads=False):
            yield from batch.to_pylist()
