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
import heapq
import itertools
import operator
import os
import uuid
from collections import Counter
from dataclasses import replace
from pathlib import Path

import luigi
from luigi.parameter import ParameterVisibility
from luigi.util import inherits, requires

from enronlib import UserError, corpus
from enronlib.counts import read_counts, stream_counts, write_counts
from enronlib.processes import get_ready
from enronlib.words import STOP_WORDS, tokens
from enronlib.workflow.runner import PRELOADED, Outcome, build
from enronlib.workflow.stamps import StampedTarget, StampedTask, digest, remove_stale_outputs, source_of


class ProcessMailbox(StampedTask):
    """Parse the messages of one mailbox into `<processed_directory>/<mailbox>.parquet`: one row a message.

    `fingerprint` is corpus.fingerprint of the mailbox, for a run that has looked already; without it the task looks.
    """

    mailbox_directory = luigi.PathParameter()
    processed_directory = luigi.PathParameter()
    fingerprint = luigi.Parameter(
        default="", significant=False, positional=False, visibility=ParameterVisibility.PRIVATE
    )

    code = source_of("corpus.py", "messages.py", "parquet.py", "workflow/__init__.py")

    @property
    def priority(self) -> int:
        """The number of files: the largest mailbox goes first, so that it does not keep a single worker to the end."""
        return sum(len(files) for _, _, files in os.walk(self.mailbox_directory))

    def made_from(self) -> str:
        return digest(self.code, self.fingerprint or fingerprint_or_unique(self.mailbox_directory))

    def output(self) -> StampedTarget:
        return StampedTarget(self.processed_directory / f"{self.mailbox_directory.name}.parquet", self.made_from())

    def run(self) -> None:
        from enronlib.parquet import read_mailbox, write_parquet  # costly where tasks are only planned

        with self.output().temporary_path() as path:
            write_parquet(read_mailbox(self.mailbox_directory), path)


@requires(ProcessMailbox)
class MapMailbox(StampedTask):
    """The mapper: count the words of one mailbox into `<words_directory>/<mailbox>.txt`."""

    words_directory = luigi.PathParameter()

    code = source_of("counts.py", "messages.py", "parquet.py", "words.py", "workflow/__init__.py")

    @property
    def priority(self) -> int:
        """That of parsing the mailbox."""
        return int(self.requires().priority)

    def output(self) -> StampedTarget:
        return StampedTarget(self.words_directory / f"{self.mailbox_directory.name}.txt", self.made_from())

    def run(self) -> None:
        from enronlib.parquet import read_texts  # costly where tasks are only planned

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

    code = source_of("counts.py", "workflow/__init__.py")

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

    code = source_of("charts.py", "counts.py", "words.py", "workflow/__init__.py")

    def made_from(self) -> str:
        return digest(super().made_from(), str(self.top))

    def output(self) -> StampedTarget:
        return StampedTarget(self.results_directory / "top_words.png", self.made_from())

    def run(self) -> None:
        from enronlib import charts  # costly, and the other tasks do without

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
) -> Outcome:
    """Make what is missing or out of date of the four outputs for the mail in `maildir`, and tell how it went.

    The outputs are `processed/<mailbox>.parquet`, `results/words/<mailbox>.txt`, `results/count.txt` and
    `results/top_words.png` in the folder `out`; those of a mailbox that is gone are removed. `maildir` is as for
    corpus.find_maildir, `top` the number of words drawn, the rest as for runner.build. A mailbox that fails costs only
    itself and what needs it: count and chart.

    Raises UserError when there is no mail, `out` lies inside the maildir or cannot be written, or its disk is full.
    """
    get_ready(*PRELOADED, workers=workers, start_method=start_method)
    maildir, out = corpus.find_maildir(maildir), Path(out)
    corpus.keep_apart(maildir, out)
    if scheduler_url:
        maildir, out = maildir.resolve(), out.resolve()  # or the tasks of two users look the same to it
    processed, results = out / "processed", out / "results"
    fingerprints = {mailbox.name: fingerprint_or_unique(mailbox) for mailbox in corpus.mailboxes(maildir)}
    try:
        remove_stale_outputs(processed, {f"{name}.parquet" for name in fingerprints})
        remove_stale_outputs(results / "words", {f"{name}.txt" for name in fingerprints})
        remove_stale_outputs(results, {"count.txt", "top_words.png"})
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


def fingerprint_or_unique(mailbox: Path) -> str:
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
