"""SQL on the tables of events, by DuckDB in this process."""

from pathlib import Path
from typing import Any

import duckdb

from enronlib.events.schema import BAD, TABLES, columns_of

__all__ = ["QUERIES", "ask", "connect"]

QUERIES = {
    "events per type": "SELECT 'sent' AS type, count(*) AS events FROM sent"
    " UNION ALL SELECT 'replies', count(*) FROM replies UNION ALL SELECT 'deletions', count(*) FROM deletions"
    " UNION ALL SELECT 'searches', count(*) FROM searches UNION ALL SELECT 'bad_events', count(*) FROM bad_events",
    "busiest hours": "SELECT hour, count(*) AS messages FROM sent GROUP BY hour ORDER BY messages DESC, hour LIMIT 5",
    "most searched": "SELECT query, count(*) AS searches, sum(results) AS results FROM searches"
    " GROUP BY query ORDER BY searches DESC, query LIMIT 5",
    "longest threads": "SELECT thread, count(*) AS replies FROM replies GROUP BY thread"
    " ORDER BY replies DESC, thread LIMIT 5",
}
"""Questions whose SQL DuckDB, Spark and Presto all understand."""

_TYPES = {"string": "VARCHAR", "array<string>": "VARCHAR[]", "timestamp_ntz": "TIMESTAMP"}


def connect(tables: Path) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection with a view of each table in a folder, as the files are now."""
    connection = duckdb.connect()
    for name in (*TABLES.values(), BAD):
        columns = {column: _TYPES.get(kind, kind) for column, kind in columns_of(name).items()}
        files = f"{tables.as_posix()}/{name}/day=*/batch=*/*.parquet".replace("'", "''")
        if any((tables / name).glob("day=*/batch=*/*.parquet")):
            source = f"FROM read_parquet('{files}', hive_partitioning = true)"
            chosen = ", ".join(f'CAST("{column}" AS {kind}) AS "{column}"' for column, kind in columns.items())
        else:  # nothing of this type yet, and no file that would say which columns there are
            source = "LIMIT 0"
            chosen = ", ".join(f'CAST(NULL AS {kind}) AS "{column}"' for column, kind in columns.items())
        connection.execute(f"CREATE VIEW {name} AS SELECT {chosen} {source}")
    return connection


def ask(tables: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows that DuckDB answers to a query of the tables in a folder."""
    with connect(tables) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
    return rows
