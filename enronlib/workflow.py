"""The workflow: Luigi tasks from raw mail to a chart of its top words, and `run_workflow`, which runs them.

    ProcessMailbox   maildir/<mailbox>            -> processed/<mailbox>.parquet      one task a mailbox
    MapMailbox       processed/<mailbox>.parquet  -> results/words/<mailbox>.txt      the mapper, one task a mailbox
    ReduceCounts     results/words/*.txt          -> results/count.txt                the reducer
    DrawTopWords     results/count.txt            -> results/top_words.png

Luigi takes a task for done when its output is there. Here an output counts as there only while it is what the task
would make today, from the mail as it is and with the code as it is. So the next run does what is missing or out of
date, and nothing else.
"""
# ruff: noqa: D102  requires, output and run mean what they mean in every Luigi task

import errno
import hashlib
import heapq
import itertools
import json
import operator
import os
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile

import luigi
from luigi.format import UTF8
from luigi.parameter import ParameterVisibility
from luigi.task import flatten
from luigi.util import inherits, requires

from enronlib import UserError, corpus
from enronlib.counts import read_counts, stream_counts, write_counts
from enronlib.processes import get_ready
from enronlib.running import Run, build
from enronlib.words import STOP_WORDS, tokens

STAMPS = ".made"  # the hidden folder beside outputs that holds their stamps
UNFINISHED = "unfinished"  # the folder in that one where outputs are written


class StampedTarget(luigi.LocalTarget):
    """A file that exists, for Luigi, only while it is as it was made, from what it would be made from now.

    A stamp in a hidden folder beside the file, written after it, tells what it was made from, its size and its time. So
    a file made from older mail, one edited by hand and one whose making was cut short all count as missing.
    """

    def __init__(self, path: Path, made_from: str | None = None) -> None:
        """Take the path of the file and what it should be made from: any text, which is compared (None: no matter)."""
        super().__init__(path, format=UTF8)
        self.file = path
        self.stamp = path.parent / STAMPS / f"{path.name}.json"
        self.made_from = made_from

    def exists(self) -> bool:
        """Tell whether the file is as its stamp says, and was made from what it should be made from."""
        try:
            stamp = json.loads(self.stamp_text())
            return size_and_time(self.file) == stamp["size_and_time"] and self.made_from in (None, stamp["made_from"])
        except (OSError, ValueError, LookupError, TypeError):  # no file, no stamp or half of one
            return False

    def stamp_text(self) -> str:
        """Return the stamp, which is another one each time the file is made, or nothing if there is none."""
        try:
            return self.stamp.read_text(encoding="utf-8")
        except OSError:
            return ""

    @contextmanager
    def temporary_path(self) -> Iterator[Path]:
        """Give a path to write to; if the block ends well, what was written becomes the file and gets its stamp.

        If another run has made the same meanwhile, that stays: it may be in use already.
        """
        before = self.stamp_text()
        with self._unfinished(self.file) as unfinished:
            yield unfinished
            if self.stamp_text() != before and self.exists():
                return
            unfinished.replace(self.file)
        stamp = {"made_from": self.made_from, "size_and_time": size_and_time(self.file)}
        with self._unfinished(self.stamp) as unfinished:
            unfinished.write_text(json.dumps(stamp), encoding="utf-8")
            unfinished.replace(self.stamp)

    @contextmanager
    def _unfinished(self, path: Path) -> Iterator[Path]:
        folder = self.stamp.parent / UNFINISHED
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{uuid.uuid4().hex}-{path.name}"
        try:
            yield unfinished
        finally:
            unfinished.unlink(missing_ok=True)


def size_and_time(file: Path) -> list[int]:
    """Return the size in bytes and the time of the last change in nanoseconds."""
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


def digest(*parts: str) -> str:
    """Return 16 hex digits that change when a part does."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def source_of(*modules: str) -> str:
    """Return a digest of the source of these modules of the package."""
    return digest(*(Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8") for module in modules))


class StampedTask(luigi.Task):
    """A task with one StampedTarget, done only while all that it requires is done as well."""

    code = ""  # a digest of the source that makes the output

    def made_from(self) -> str:
        """Return a digest of what the output is made from: the code, and what the required files are made from."""
        return digest(self.code, *(target.made_from for target in flatten(self.input())))

    def complete(self) -> bool:
        """Tell whether the output is there and those that it is made from are, so that a deleted one comes back."""
        return all(task.complete() for task in self.deps()) and super().complete()

    def __str__(self) -> str:
        """Return the task and its mailbox, which is all that a reader of Luigi's summary wants to know."""
        mailbox = getattr(self, "mailbox_directory", None)
        return f"{self.task_family}({mailbox.name if mailbox else ''})"


class ProcessMailbox(StampedTask):
    """Parse the messages of one mailbox into `<processed_directory>/<mailbox>.parquet`: one row a message.

    `fingerprint` is corpus.fingerprint of the mailbox, for a run that has looked already; without it the task looks.
    """

    mailbox_directory = luigi.PathParameter()
    processed_directory = luigi.PathParameter()
    fingerprint = luigi.Parameter(
        default="", significant=False, positional=False, visibility=ParameterVisibility.PRIVATE
    )

    code = source_of("corpus", "messages", "parquet", "workflow")

    @property
    def priority(self) -> int:
        """The number of files: the largest mailbox goes first, so that it does not keep a single worker to the end."""
        return sum(len(files) for _, _, files in os.walk(self.mailbox_directory))

    def made_from(self) -> str:
        return digest(self.code, self.fingerprint or look_at(self.mailbox_directory))

    def output(self) -> StampedTarget:
        return StampedTarget(self.processed_directory / f"{self.mailbox_directory.name}.parquet", self.made_from())

    def run(self) -> None:
        from enronlib.parquet import read_mailbox, write_parquet  # noqa: PLC0415  costly where tasks are only planned

        with self.output().temporary_path() as path:
            write_parquet(read_mailbox(self.mailbox_directory), path)


@requires(ProcessMailbox)
class MapMailbox(StampedTask):
    """The mapper: count the words of one mailbox into `<words_directory>/<mailbox>.txt`."""

    words_directory = luigi.PathParameter()

    code = source_of("counts", "messages", "parquet", "words", "workflow")

    @property
    def priority(self) -> int:
        """That of parsing the mailbox."""
        return int(self.requires().priority)

    def output(self) -> StampedTarget:
        return StampedTarget(self.words_directory / f"{self.mailbox_directory.name}.txt", self.made_from())

    def run(self) -> None:
        from enronlib.parquet import read_texts  # noqa: PLC0415  costly where tasks are only planned

        counts: Counter[str] = Counter()
        with self.output().temporary_path() as path:
            for text in read_texts(self.input().file):
                counts.update(tokens(text))
            write_counts(sorted(counts.items()), path)


class ProcessEnronEmails(luigi.WrapperTask):
    """Parse every mailbox: a ProcessMailbox for each.

    `fingerprints` holds a fingerprint for each mailbox, for a run that has looked already.
    """

    emails_directory = luigi.PathParameter()
    processed_directory = luigi.PathParameter()
    fingerprints = luigi.DictParameter(
        default={}, significant=False, positional=False, visibility=ParameterVisibility.PRIVATE
    )

    def requires(self) -> list[ProcessMailbox]:
        if self.fingerprints:
            mailboxes = [self.emails_directory / name for name in self.fingerprints]
        else:
            mailboxes = corpus.mailboxes(corpus.find_maildir(self.emails_directory))
        return [
            ProcessMailbox(mailbox, self.processed_directory, fingerprint=self.fingerprints.get(mailbox.name, ""))
            for mailbox in mailboxes
        ]


@inherits(ProcessEnronEmails)
class ReduceCounts(StampedTask):
    """The reducer: add up the counts of every mailbox into `<results_directory>/count.txt`."""

    results_directory = luigi.PathParameter()

    code = source_of("counts", "workflow")

    def requires(self) -> list[MapMailbox]:
        words_directory = self.results_directory / "words"
        mailboxes = self.clone(ProcessEnronEmails).requires()
        return [mailbox.clone(MapMailbox, words_directory=words_directory) for mailbox in mailboxes]

    def output(self) -> StampedTarget:
        return StampedTarget(self.results_directory / "count.txt", self.made_from())

    def run(self) -> None:
        with self.output().temporary_path() as path:
            counts = heapq.merge(*(stream_counts(target.file) for target in self.input()))
            words = itertools.groupby(counts, key=operator.itemgetter(0))
            write_counts(((word, sum(count for _, count in group)) for word, group in words), path)


@requires(ReduceCounts)
class DrawTopWords(StampedTask):
    """Draw the `top` most frequent words, stop words left out, into `<results_directory>/top_words.png`."""

    top = luigi.IntParameter(default=20)

    code = source_of("charts", "counts", "words", "workflow")

    def made_from(self) -> str:
        return digest(super().made_from(), str(self.top))

    def output(self) -> StampedTarget:
        return StampedTarget(self.results_directory / "top_words.png", self.made_from())

    def run(self) -> None:
        from enronlib import charts  # noqa: PLC0415  costly, and the other tasks do without

        with self.output().temporary_path() as path:
            counts = read_counts(self.input().file)
            chart = charts.top_words(counts, self.top, stop_words=STOP_WORDS, ax=charts.blank(self.top))
            charts.save(chart, path)


def run_workflow(
    maildir: str | Path | None,
    out: str | Path,
    *,
    workers: int | None = None,
    top: int = 20,
    scheduler_url: str | None = None,
    start_method: str | None = None,
    verbose: bool = False,
    progress: bool = True,
) -> Run:
    """Make what is missing or out of date of the four outputs for the mail in `maildir`, and tell how it went.

    The outputs are `processed/<mailbox>.parquet`, `results/words/<mailbox>.txt`, `results/count.txt` and
    `results/top_words.png` in the folder `out`; those of a mailbox that is gone are removed. `maildir` is as for
    corpus.find_maildir, `top` the number of words drawn, the rest as for running.build. A mailbox that fails costs only
    itself and what needs it: count and chart.

    Raises UserError when there is no mail, `out` lies inside the maildir or cannot be written, or its disk is full.
    """
    get_ready(workers, start_method)
    maildir, out = corpus.find_maildir(maildir), Path(out)
    corpus.keep_apart(maildir, out)
    if scheduler_url:
        maildir, out = maildir.resolve(), out.resolve()  # or the tasks of two users look the same to it
    processed, results = out / "processed", out / "results"
    fingerprints = {mailbox.name: look_at(mailbox) for mailbox in corpus.mailboxes(maildir)}
    try:
        tidy(processed, {f"{name}.parquet" for name in fingerprints})
        tidy(results / "words", {f"{name}.txt" for name in fingerprints})
        tidy(results, {"count.txt", "top_words.png"})
    except OSError as error:
        raise UserError(f"cannot write to {out}: {error.strerror}") from error
    task = DrawTopWords(maildir, processed, results, top, fingerprints=fingerprints)
    run = build(
        task,
        workers=workers,
        scheduler_url=scheduler_url,
        start_method=start_method,
        verbose=verbose,
        progress=progress,
    )
    if any(os.strerror(errno.ENOSPC) in error for error in run.failures.values()):
        raise UserError(f"no space left for {out}: make room and run again; what was finished is kept")
    return replace(run, failures={name: without_path(error, maildir, out) for name, error in run.failures.items()})


def look_at(mailbox: Path) -> str:
    """Return the fingerprint of a mailbox, or if it cannot be read, a text that no output was ever made from."""
    try:
        return corpus.fingerprint(mailbox)
    except (OSError, RecursionError):
        return uuid.uuid4().hex


def without_path(text: str, *folders: Path) -> str:
    """Return the text with each of these folders, if it is an absolute path, called by its name alone."""
    for folder in filter(Path.is_absolute, folders):
        for spelling in (str(folder), repr(str(folder))[1:-1]):
            text = text.replace(spelling, folder.name)
    return text


def tidy(folder: Path, expected: set[str]) -> None:
    """Prepare a folder of outputs: make it, and remove outputs that are not `expected` and what was left unfinished.

    Only what a StampedTarget wrote is removed, and only while nobody has changed it since. Raises OSError when the
    folder cannot be written to.
    """
    unfinished = folder / STAMPS / UNFINISHED
    unfinished.mkdir(parents=True, exist_ok=True)
    TemporaryFile(dir=unfinished).close()
    for path in unfinished.iterdir():
        with suppress(FileNotFoundError):  # another run may be at work here, and to that one a young file may belong
            if path.stat().st_mtime < time.time() - 3600:
                path.unlink()
    for stamp in unfinished.parent.glob("*.json"):
        output = StampedTarget(folder / stamp.stem)
        if output.file.name not in expected:
            if output.exists():
                output.remove()
            stamp.unlink(missing_ok=True)
