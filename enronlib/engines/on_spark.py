"""The job on Spark, with its DataFrames: https://spark.apache.org/docs/latest/sql-programming-guide.html."""

import os
import re
import shutil
import socket
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark import SparkConf
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from enronlib import UserError, corpus
from enronlib.engines import Mail, Processed, read_messages
from enronlib.engines.addresses import Folder, RemoteFolder, local_path
from enronlib.messages import FIELDS, plain_text
from enronlib.parquet import TEXT_COLUMNS, columns_of, row_groups
from enronlib.words import tokens

__all__ = ["start"]

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.maxConcurrentOutputFileWriters": "100",  # or the rows would be sorted by mailbox once more
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.executorEnv.PYTHONWARNINGS": "ignore::FutureWarning",
}
LOCAL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # a third faster
}
SECONDS = 20  # that a cluster may take to answer, and to start a process
LISTED = pa.schema([("mailbox", pa.string()), ("number", pa.int64()), ("path", pa.binary())])
PARSED = "mailbox string"
for field in FIELDS:
    PARSED += f", `{field}` {'timestamp' if field == 'Date' else 'string'}"
PACKED = "mailbox string, number long, path binary, message binary"
COUNTED = "mailbox string, words array<string>, counts array<long>"
PARQUET = {  # row groups as small as those of the workflow, so that reading needs little memory
    "parquet.block.size": 2**23,
    "parquet.compression.codec.zstd.level": 1,
}


@contextmanager
def start(workers: int, master: str | None = None) -> Iterator["Spark"]:
    """Yield Spark, with this many processes on this machine, or on the cluster of a master.

    Started by spark-submit, it takes the master from there. Raises UserError if Spark does not start or the job fails.
    """
    # Spark imports pandas, of which we use nothing.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = SparkConf().setAppName("enronlib")
    if master:
        settings.setMaster(master)
    settings.setIfMissing("spark.master", f"local[{workers}]")
    master = settings.get("spark.master") or ""
    on_this_machine = LOCAL if master.startswith("local") else {}
    for name, value in (SETTINGS | on_this_machine).items():
        settings.setIfMissing(name, value)
    check_master(master)
    try:
        session = SparkSession.builder.config(conf=settings).getOrCreate()
    except Exception as error:
        advice = "it needs Java 17 or newer on the PATH" if shutil.which("java") is None else reason(error)
        raise UserError(f"Spark did not start with the master {master}: {advice}") from error
    try:
        with watched(session, master):
            yield Spark(session)
    except (Py4JError, PySparkException) as error:
        raise UserError(f"Spark stopped: {reason(error)}") from error
    finally:
        session.stop()


def check_master(master: str) -> None:
    """Raise UserError if a standalone master does not answer, which Spark would notice after a minute."""
    if not master.startswith("spark://"):
        return
    for host, port in re.findall(r"([^/,:]+):([0-9]+)", master):
        with suppress(OSError), socket.create_connection((host, int(port)), timeout=SECONDS):
            return
    raise UserError(f"there is no Spark master at {master}: start one, or leave out --master to use this machine")


@contextmanager
def watched(session: SparkSession, master: str) -> Iterator[None]:
    """Stop the job when a standalone cluster has had no worker process for some time: Spark would wait forever.

    Raises UserError then.
    """
    done, lost = Event(), Event()

    def watch() -> None:
        executors = session.sparkContext._jsc.sc().statusTracker().getExecutorInfos
        seen = session.sparkContext.startTime / 1000  # since then, Spark has been asking for worker processes
        while not done.wait(0.5):
            if len(executors()) > 1:  # this process is one
                seen = time.time()
            elif time.time() - seen > SECONDS:
                lost.set()
                session.sparkContext.cancelAllJobs()

    thread = Thread(target=watch, daemon=True)
    if master.startswith("spark://"):
        thread.start()
    try:
        yield
    except (Py4JError, PySparkException):
        if lost.is_set():
            raise UserError(f"the Spark master at {master} has no workers to spare: start some") from None
        raise
    finally:
        done.set()


class Spark:
    """Spark, started."""

    def __init__(self, session: SparkSession) -> None:
        """Take the session."""
        self._session = session

    def open(self, address: str) -> Folder:
        """Return the folder at an address that is not on a disk of this machine."""
        return HadoopFolder(self._session, address)

    def process(self, mail: Mail, out: Folder, parts: str) -> dict[str, Processed]:
        """Shuffle the messages by mailbox, parse them, write each mailbox to a file; then count the words.

        A message is shuffled before it is parsed, as parsing doubles its size.
        """
        if not any(mail.mailboxes.values()):
            return {}
        where = f"{out.address}/{parts}"
        maildir = local_path(mail.address) if mail.files is None else None
        table = self.list_files(mail, maildir) if maildir else self.read_packed(mail)
        partitions = 4 * self._session.sparkContext.defaultParallelism
        in_order = table.repartition(partitions, "mailbox").sortWithinPartitions("mailbox", "number")
        parsed = in_order.mapInArrow(partial(parse_batches, maildir=maildir), PARSED)
        parsed.write.options(**PARQUET).partitionBy("mailbox").parquet(where)

        texts = self._session.read.schema(parsed.schema).parquet(where).select("mailbox", *TEXT_COLUMNS)
        counted = texts.mapInArrow(count_batches, COUNTED).toArrow()
        counts: dict[str, Counter[str]] = {}
        for row in counted.to_pylist():
            counts.setdefault(row["mailbox"], Counter()).update(dict(zip(row["words"], row["counts"], strict=True)))
        done = {}
        for file in out.find(parts):
            if file.endswith(".parquet"):  # <parts>/mailbox=ada-a/part-….parquet
                mailbox = unquote(file.split("/")[-2]).removeprefix("mailbox=")
                assert mailbox not in done, "a mailbox is one file"
                done[mailbox] = Processed(file, counts.get(mailbox, Counter()))
        return {name: done[corpus.printable(name)] for name, messages in mail.mailboxes.items() if messages}

    def read_packed(self, mail: Mail) -> DataFrame:
        """Return a table of the messages, as read_messages takes them."""
        files = [f"{mail.address}/{name}" for name in mail.files or ()]
        return self._session.read.schema(PACKED).parquet(*files)

    def list_files(self, mail: Mail, maildir: Path) -> DataFrame:
        """Return a table of the message files, as read_messages takes them."""
        rows = [
            {"mailbox": corpus.printable(name), "number": number, "path": os.fsencode(file.relative_to(maildir))}
            for name in mail.mailboxes
            for number, file in enumerate(corpus.message_files(maildir / name))
        ]
        return self._session.createDataFrame(pa.Table.from_pylist(rows, LISTED))


class HadoopFolder(RemoteFolder):
    """A folder in any file system that Spark can read and write, by means of the Hadoop library inside Spark."""

    def __init__(self, session: SparkSession, address: str) -> None:
        """Take the address. Raises UserError if Spark cannot open it."""
        context = session.sparkContext
        self.address = address.rstrip("/")
        self._session, self._path = session, context._jvm.org.apache.hadoop.fs.Path
        try:
            self._files = self._path(self.address).getFileSystem(context._jsc.hadoopConfiguration())
            self._files.exists(self._path(self.address))
        except Py4JError as error:
            version = context._jvm.org.apache.hadoop.util.VersionInfo.getVersion()
            advice = f"; for s3a:, Spark needs the package org.apache.hadoop:hadoop-aws:{version}"
            advice = advice if "S3AFileSystem" in str(error) else ""
            raise UserError(f"Spark cannot open {address}: {reason(error)}{advice}") from error

    def read(self, name: str) -> bytes:
        if not self._files.exists(self._at(name)):
            raise FileNotFoundError(name)
        [row] = self._session.read.text(f"{self.address}/{name}", wholetext=True).collect()
        return str(row.value).encode()

    def find(self, name: str) -> list[str]:
        files, found = self._files.listFiles(self._at(name), True), []
        root = self._files.makeQualified(self._path(self.address)).toString()
        while files.hasNext():
            found.append(files.next().getPath().toString().removeprefix(f"{root}/"))
        return found

    def upload(self, path: Path, name: str) -> None:
        unfinished = f"{Path(name).parent}/.unfinished-{Path(name).name}"
        context = self._session.sparkContext
        source, target = context._jvm.java.io.FileInputStream(str(path)), self._files.create(self._at(unfinished))
        # As Spark writes its own files: for copyFromLocalFile, s3a: uses another client, which moto cannot answer.
        context._jvm.org.apache.hadoop.io.IOUtils.copyBytes(source, target, context._jsc.hadoopConfiguration(), True)
        self.move(unfinished, name)

    def move(self, old: str, new: str) -> None:
        self._files.mkdirs(self._at(new).getParent())
        self._files.delete(self._at(new), False)
        if not self._files.rename(self._at(old), self._at(new)):
            raise OSError(f"cannot rename {old} to {new}")

    def remove(self, name: str) -> None:
        self._files.delete(self._at(name), True)

    def _at(self, name: str) -> Any:
        return self._path(f"{self.address}/{name}")


def parse_batches(batches: Iterable[pa.RecordBatch], maildir: Path | None) -> Iterator[pa.RecordBatch]:
    """Parse the messages of a partition: the columns of read_messages go in, the mailbox and the 20 fields come out."""
    for rows in row_groups(read_messages((row for batch in batches for row in batch.to_pylist()), maildir)):
        columns = columns_of(rows)
        yield pa.RecordBatch.from_arrays([columns["username"], *columns.columns], names=["mailbox", *FIELDS])


def count_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Count the words of a partition: mailbox and TEXT_COLUMNS go in, a row for each mailbox comes out.

    A partition has one mailbox, or a few, so this process has little left to add; a shuffle of words would cost more.
    """
    counts: dict[str, Counter[str]] = {}
    for batch in batches:
        for row in batch.to_pylist():
            counts.setdefault(row["mailbox"], Counter()).update(tokens(plain_text(row)))
    for mailbox, some in counts.items():
        columns = {"mailbox": [mailbox], "words": [list(some)], "counts": [list(some.values())]}
        yield pa.RecordBatch.from_pydict(columns)


def reason(error: Exception) -> str:
    """Return why a job failed, on one line: the error of Python on a worker, or else that of Spark."""
    for pattern in (r"^\S*Error: (.+)$", r"^: \S+: (.+)$", r"^(.+)$"):
        if found := re.search(pattern, str(error), re.MULTILINE):
            return found[1]
    return type(error).__name__
