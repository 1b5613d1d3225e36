"""The Spark job: from the records of a topic to one table per type of event, as a batch and as a stream.

    topic -> parse: JSON to columns, and what is wrong with each event
          -> filter: the good events of one type; bad ones have a table of their own
          -> transform: the hour, the thread of a message
          -> Parquet: tables/<table>/day=2001-05-14/batch=7/part-….parquet

`day` is the day of the event, in UTC; for a bad event, the day on which Kafka got it. `batch` makes the tables exact: a
stream that was killed does its last batch again, with the same records, and overwrites what it had written of it.

https://spark.apache.org/docs/latest/streaming/structured-streaming-kafka-integration.html
"""

import argparse
import os
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import StringType

from enronlib import UserError
from enronlib.events import jars
from enronlib.events.schema import BAD, COMMON, DETAILS, TABLES, TIME, columns_of
from enronlib.events.services import end_with_stdin
from enronlib.events.topic import TOPIC

__all__ = [
    "LOCAL", "THREAD", "bad_events", "extract", "parse", "read_stream", "read_topic", "start_spark", "stream",
    "table_of", "thread_udf", "write_tables",
]  # fmt: skip

LOCAL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",  # starts faster
    "spark.driver.host": "127.0.0.1",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
}
"""Settings of any Spark here: it listens on loopback alone."""
PER_BATCH = 20_000  # records of a batch of the stream, so that a batch fits in memory however much waits
# What a reply and a forwarded message put before the subject, also several times.
PREFIX = r"^(?:[ \t]*(?:[Rr][Ee]|[Ff][Ww][Dd]?)[ \t]*:)+[ \t]*"
THREAD = f"regexp_replace(details.subject, r'{PREFIX}', '')"
"""The thread of a message in Spark's SQL: its subject without these."""
_COMMON = ", ".join(f"{name} {kind}" for name, kind in COMMON.items())
_DETAILS = ", ".join(
    f"{name}: {kind}" for name, kind in {name: kind for each in DETAILS.values() for name, kind in each.items()}.items()
)
SCHEMA = f"{_COMMON}, client STRUCT<agent: STRING>, details STRUCT<{_DETAILS}>, wrong STRING"
"""Given, not inferred: an empty topic has no event to infer it from."""


def start_spark(cores: int = 2) -> SparkSession:
    """Return a Spark session of this machine that can read Kafka. Raises UserError if there is no Java or no connector.

    It listens on loopback alone.
    """
    classpath = os.pathsep.join(map(str, jars.fetch("spark-kafka")))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # otherwise Spark looks for a python3, which may be another
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings = LOCAL | {
        "spark.driver.extraClassPath": classpath,
        "spark.sql.shuffle.partitions": str(cores),
        "spark.sql.sources.partitionOverwriteMode": "dynamic",  # overwrite the partitions that are written, no others
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master(f"local[{cores}]").appName("enronlib events")
    return builder.config(map=settings).getOrCreate()


# Read


def read_topic(spark: SparkSession, address: str, topic: str = TOPIC) -> DataFrame:
    """Return the records that are in a topic now, as a batch."""
    reader = spark.read.format("kafka").options(**_source(address, topic))
    return reader.option("endingOffsets", "latest").load()


def read_stream(spark: SparkSession, address: str, topic: str = TOPIC, per_batch: int = PER_BATCH) -> DataFrame:
    """Return the records of a topic as a stream that reads at most `per_batch` of them at a time."""
    reader = spark.readStream.format("kafka").options(**_source(address, topic))
    return reader.option("maxOffsetsPerTrigger", per_batch).load()


def _source(address: str, topic: str) -> dict[str, str]:
    return {"kafka.bootstrap.servers": address, "subscribe": topic, "startingOffsets": "earliest"}


# Transform


def parse(records: DataFrame) -> DataFrame:
    """Return the records of Kafka with their JSON as columns, `problem` (empty for a good event) and `day`.

    A good event has the same verdict from `schema.problem_with`. The expressions are SQL texts, which Spark parses in
    Java: building them from Column objects would call Java hundreds of times in each batch.
    """
    problem = " ".join(f"WHEN {condition} THEN '{name}'" for condition, name in _problems())
    text = "CAST(value AS STRING)"
    event = f"from_json({text}, '{SCHEMA}', map('columnNameOfCorruptRecord', 'wrong'))"
    columns = {
        "value": f"make_valid_utf8({text})",
        "valid": f"is_valid_utf8({text})",
        "kafka_partition": "partition",
        "kafka_offset": "offset",
        "came": "timestamp",
        "event": event,
    }
    return (
        records.selectExpr(*(f"{source} AS {name}" for name, source in columns.items()))
        .selectExpr("*", "event.*")
        .selectExpr("*", rf"CASE WHEN time RLIKE r'^(?:{TIME})\z' THEN try_to_timestamp(time) END AS moment")
        .selectExpr("*", f"CASE {problem} ELSE '' END AS problem")
        .selectExpr("*", "CAST(if(problem = '', moment, came) AS DATE) AS day")
    )


def _problems() -> Iterator[tuple[str, str]]:
    """Yield what can be wrong with an event: the condition, in SQL, and the name of the problem."""
    nothing = f"coalesce({', '.join(COMMON)}) IS NULL AND wrong IS NOT NULL"
    yield f"event IS NULL OR NOT valid OR ({nothing})", "not a JSON object"
    for name in COMMON:
        yield f"{name} IS NULL", f"no {name}"
    yield f"type NOT IN {tuple(DETAILS)}", "unknown type"
    yield "moment IS NULL", "no time"
    for kind, details in DETAILS.items():
        for name in details:
            yield f"type = '{kind}' AND details.{name} IS NULL", f"no {name}"


def table_of(kind: str, parsed: DataFrame) -> DataFrame:
    """Return the table of one type of event: filtered, flattened and transformed."""
    sources = {
        "time": "CAST(moment AS TIMESTAMP_NTZ)",
        "hour": "hour(moment)",
        "agent": "client.agent",
        "thread": THREAD,
    }
    sources |= {name: f"details.{name}" for name in DETAILS[kind]}
    columns = [f"{sources.get(name, name)} AS {name}" for name in columns_of(TABLES[kind]) if name != "batch"]
    return parsed.filter(f"problem = '' AND type = '{kind}'").selectExpr(*columns)


def bad_events(parsed: DataFrame) -> DataFrame:
    """Return the table of what is not an event: the text of the record, its problem, and where it is in Kafka."""
    return parsed.filter("problem != ''").select("value", "problem", "kafka_partition", "kafka_offset", "day")


def thread(subject: str) -> str:
    """Return the subject without what replies and forwarded messages put before it: `Re: Gas` -> `Gas`."""
    return re.sub(PREFIX, "", subject)


thread_udf = f.udf(thread, StringType(), useArrow=False)
"""The same as THREAD by a Python function: every value goes to a Python process and back."""


# Write


def write_tables(records: DataFrame, batch: int, tables: Path, day: date | None = None) -> None:
    """Write the tables of these records of Kafka, as this batch, in place of what an interrupted try left of it."""
    parsed = parse(records)
    if day:
        parsed = parsed.filter(f.col("day") == day)
    parsed.persist()  # Kafka is read once for all tables
    found = {TABLES[kind]: table_of(kind, parsed) for kind in DETAILS} | {BAD: bad_events(parsed)}
    for name, table in found.items():
        writer = table.withColumn("batch", f.lit(batch)).coalesce(1).write.mode("overwrite")
        writer.partitionBy("day", "batch").parquet(str(tables / name))
    parsed.unpersist()


def extract(spark: SparkSession, address: str, tables: Path, topic: str = TOPIC, day: date | None = None) -> None:
    """Write the tables of all records that are in the topic now, or of one day of them, as one batch."""
    write_tables(read_topic(spark, address, topic), 0, tables, day)


def stream(
    spark: SparkSession,
    address: str,
    tables: Path,
    topic: str = TOPIC,
    *,
    every: float | None = None,
    per_batch: int = PER_BATCH,
) -> None:
    """Write the tables of what came since the last time, and return; or again `every` so many seconds, for ever.

    The checkpoint beside the tables remembers how far it came. One job at a time may write to `tables`. Raises
    StreamingQueryException if the job fails; it can be started again.
    """
    for name in (*TABLES.values(), BAD):  # what a killed job was writing
        for unfinished in (tables / name).glob(".spark-staging-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
    writer = read_stream(spark, address, topic, per_batch).writeStream.foreachBatch(
        partial(write_tables, tables=tables)
    )
    writer = writer.option("checkpointLocation", str(tables / "_checkpoint"))
    writer = writer.trigger(processingTime=f"{every} seconds") if every else writer.trigger(availableNow=True)
    writer.start().awaitTermination()


def main() -> int:
    """Run the stream in a process of its own: `python -m enronlib.events.job ADDRESS TABLES`."""
    parser = argparse.ArgumentParser(prog="python -m enronlib.events.job", description="Write tables of events.")
    parser.add_argument("address", help="the broker, HOST:PORT")
    parser.add_argument("tables", type=Path, help="the folder of the tables")
    parser.add_argument("--topic", default=TOPIC)
    parser.add_argument("--every", type=float, metavar="SECONDS", help="continue for ever (default: until all is done)")
    parser.add_argument("--per-batch", type=int, default=PER_BATCH, metavar="N", help="records per batch, at most")
    parser.add_argument("--attached", action="store_true", help="end when standard input ends")
    options = parser.parse_args()
    if options.attached:
        end_with_stdin()
    try:
        stream(
            start_spark(), options.address, options.tables, options.topic,
            every=options.every, per_batch=options.per_batch,
        )  # fmt: skip
    except (UserError, StreamingQueryException) as error:
        print(f"enronlib: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
