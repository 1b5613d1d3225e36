"""The workflow's job on other engines, on one machine or on a cluster, for more mail than one machine can process.

    addresses   folders on a disk, in HDFS or in S3: read, write, rename
    packing     half a million small files -> a few large Parquet files, which engines read much faster
    on_dask     the job on Dask: one task per mailbox
    on_spark    the job on Spark: parse, shuffle by mailbox, write; then count

Each engine is one context manager, `start(workers, cluster)`, which yields an `Engine`. This module holds what they
share: what happens to a message, and which files are written. For a new engine, add a module `on_<name>` here, and its
name to the options of `enronlib run`.

Workers write the parsed mail to a hidden folder in the output folder. When all are done, this process moves the files
to their places, so that a worker that dies leaves nothing half-written there.
"""

import importlib
import json
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from enronlib import UserError, corpus, steps
from enronlib.counts import write_counts
from enronlib.engines.addresses import Folder, LocalFolder, local_path
from enronlib.messages import parse_email, plain_text, read_email
from enronlib.parquet import write_parquet
from enronlib.processes import default_workers
from enronlib.words import MAIL_FURNITURE, STOP_WORDS, tokens

__all__ = [
    "MANIFEST", "Engine", "Mail", "Processed", "count_words", "find_engine", "read_messages", "run_engine", "words_of",
]  # fmt: skip

MANIFEST = "packed.json"  # what `pack` writes last, beside the packed mail


class Mail(NamedTuple):
    """The mail to process: a maildir, or the files that `pack` made of one."""

    address: str  # of the folder, with its scheme
    mailboxes: Mapping[str, int]  # the number of messages of each, in corpus order
    files: Mapping[str, Sequence[str]] | None = None  # packed files, each with the mailbox of every row group


class Processed(NamedTuple):
    """What an engine made of one mailbox."""

    file: str  # the parsed mail, as a Parquet file
    counts: Counter[str]


class Engine(Protocol):
    """An engine that has been started."""

    def open(self, address: str) -> Folder:
        """Return the folder at an address that is not on a disk of this machine."""

    def process(self, mail: Mail, out: Folder, parts: str) -> Mapping[str, Processed]:
        """Parse each mailbox into a file in the folder `parts` of `out`, and count its words.

        A mailbox without messages may be missing from the result.
        """


Start = Callable[[int, str | None], AbstractContextManager[Engine]]


def words_of(file: str) -> list[str]:
    """Return the words of one message file."""
    return tokens(plain_text(read_email(file)))


def count_words(emails: Iterable[Mapping[str, Any]], counts: Counter[str]) -> Iterator[Any]:
    """Yield the emails unchanged, and add their words to `counts` on the way."""
    for email in emails:
        counts.update(tokens(plain_text(email)))
        yield email


def read_messages(rows: Iterable[Mapping[str, Any]], maildir: Path | None = None) -> Iterator[dict[str, Any]]:
    """Parse messages: yield the 20 fields of each.

    A row has the mailbox, the path relative to `maildir`, and, if there is no maildir, the message itself. Raises
    UserError for an empty message: its copy was cut.
    """
    for row in rows:
        message = row["message"] if maildir is None else (maildir / os.fsdecode(row["path"])).read_bytes()
        if not message:
            raise UserError(f"{corpus.printable(os.fsdecode(row['path']))} is empty: copy it again")
        yield parse_email(message, row["mailbox"])


def find_engine(name: str) -> Start:
    """Return what starts the engine "dask" or "spark"; raise UserError if it is not installed."""
    try:
        start: Start = importlib.import_module(f"enronlib.engines.on_{name}").start
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is not installed: python -m pip install 'enronlib[{name}]'") from error
    return start


def find_mail(maildir: str | None, engine: Engine) -> Mail:
    """Return what is at an address or in a folder: a maildir or packed mail. Raises UserError if it is neither."""
    maildir = maildir or os.environ.get("ENRON_MAILDIR")
    path = local_path(maildir) if maildir else corpus.find_maildir()
    if path is not None and not (path / MANIFEST).exists():
        path = corpus.find_maildir(path).resolve()
        return Mail(f"file://{path}", {box.name: len(corpus.message_files(box)) for box in corpus.mailboxes(path)})
    folder = engine.open(str(maildir)) if path is None else LocalFolder(path)
    try:
        manifest = json.loads(folder.read(MANIFEST))
    except FileNotFoundError:
        raise UserError(f"there is no packed mail at {maildir}: make it with enronlib pack") from None
    return Mail(folder.address, manifest["mailboxes"], manifest["files"])


def run_engine(
    name: str,
    maildir: str | None,
    out: str,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    top: int = 20,
    keep_furniture: bool = False,
) -> Mail:
    """Do the job of the workflow on an engine: write `processed/*.parquet`, the counts and both charts.

    `maildir` is a folder as in corpus.find_maildir, or the folder or address of packed mail; `out` is a folder or an
    address. `cluster` is the master of a Spark cluster or the scheduler of a Dask cluster (default: `workers` processes
    on this machine). The counts and the charts are byte-identical to those of the workflow. Every run does all the
    work: engines do not know which results exist. Returns what the mail was.

    Raises UserError if the engine is not installed or cannot be started, if a message cannot be read, and as
    run_workflow does for folders.
    """
    start = find_engine(name)
    source, target = local_path(maildir or ""), local_path(out)
    if maildir and source and target:
        corpus.keep_apart(source, target)
    try:
        with start(workers or default_workers(), cluster) as engine:
            mail = find_mail(maildir, engine)
            folder = engine.open(out) if target is None else LocalFolder(target, made_from=f"engine {name}")
            with folder.ready(mail.mailboxes):
                done = process(mail, folder, engine)
                write_results(done, folder, top=top, keep_furniture=keep_furniture)
    except (OSError, UserError) as error:
        from enronlib.workflow import without_path

        reason = str(error).split("\n")[0]  # Dask adds a traceback
        reason = without_path(reason, *(path for path in (source, target) if path))
        raise UserError(reason if isinstance(error, UserError) else f"{name} stopped: {reason}") from error
    return mail


def process(mail: Mail, out: Folder, engine: Engine) -> dict[str, Counter[str]]:
    """Parse the mail into `processed/*.parquet`, and return the counts of the words of each mailbox."""
    parts = f"processed/.parts-{uuid.uuid4().hex}"
    try:
        done = engine.process(mail, out, parts)
        for mailbox, messages in mail.mailboxes.items():
            result = f"processed/{mailbox}.parquet"
            if messages:
                out.move(done[mailbox].file, result)
            else:
                with out.writing(result) as path:
                    write_parquet([], path)
    finally:
        out.remove(parts)
    return {mailbox: done[mailbox].counts if mailbox in done else Counter() for mailbox in mail.mailboxes}


def write_results(by_mailbox: Mapping[str, Counter[str]], out: Folder, *, top: int, keep_furniture: bool) -> None:
    """Write the counts of each mailbox, their sum, and both charts."""
    from enronlib import charts  # slow to import, and workers do without

    total: Counter[str] = Counter()
    for mailbox, counts in by_mailbox.items():
        total.update(counts)
        with out.writing(f"results/words/{mailbox}.txt") as path:
            write_counts(sorted(counts.items()), path)
    with out.writing("results/count.txt") as path, out.writing("results/top_words.png") as chart:
        write_counts(sorted(total.items()), path)
        steps.draw_top_words(path, chart, top=top, keep_furniture=keep_furniture)
    with out.writing("results/distinctive_words.png") as path:
        furniture = () if keep_furniture else MAIL_FURNITURE
        charts.save(charts.distinctive_words(by_mailbox, stop_words=STOP_WORDS, furniture=furniture), path)
