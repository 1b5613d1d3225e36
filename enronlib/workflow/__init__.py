"""The workflow: Luigi tasks from raw mail to charts of its words, and `run_workflow`, which runs them.

    ProcessMailbox         maildir/<mailbox>            -> processed/<mailbox>.parquet      one task per mailbox
    MapMailbox             processed/<mailbox>.parquet  -> results/words/<mailbox>.txt      the mapper, one per mailbox
    ReduceCounts           results/words/*.txt          -> results/count.txt                the reducer
    DrawTopWords           results/count.txt            -> results/top_words.png
    DrawDistinctiveWords   results/words/*.txt          -> results/distinctive_words.png

Luigi takes a task as done when its output exists. Here an output exists only while it is what the task would make
today, from the mail and with the code as they are now (see `stamps`). So a run makes what is missing or out of date,
and nothing else. What the tasks do is in `enronlib.steps`; `runner` calls Luigi; `graph` says what requires what, and
how far each task is.
"""
# ruff: noqa: D102  requires, output and run mean what they mean in every Luigi task

import errno
import os
import uuid
import warnings
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from enronlib.processes import get_ready, imports_deferred

# Half of the time to import Luigi goes into two modules that our tasks hardly ever use.
with imports_deferred("jsonschema", "requests"), warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # Luigi warns about its own default for autoload_range
    import luigi
from luigi.parameter import ParameterVisibility
from luigi.util import inherits, requires

from enronlib import UserError, corpus, steps
from enronlib.counts import CountFiles
from enronlib.files import locked
from enronlib.words import MAIL_FURNITURE, STOP_WORDS
from enronlib.workflow.runner import PRELOADED, Outcome, build
from enronlib.workflow.stamps import StampedTarget, StampedTask, digest, remove_stale_outputs, source_of

__all__ = [
    "DrawCharts",
    "DrawDistinctiveWords",
    "DrawTopWords",
    "MapMailbox",
    "ProcessEnronEmails",
    "ProcessMailbox",
    "ReduceCounts",
    "fingerprints_of",
    "ready_to_write",
    "run_workflow",
]

_RESULTS = {"count.txt", "top_words.png", "distinctive_words.png"}
_RESULTS |= {"author_messages.parquet", "author_model.keras", "author_report.json", "author_confusion.png"}  # learning


class ProcessMailbox(StampedTask):
    """Parse the messages of one mailbox into `<processed_directory>/<mailbox>.parquet`: one row per message.

    `fingerprint` is corpus.fingerprint of the mailbox, if the caller knows it; otherwise the task looks at the mailbox.
    """

    mailbox_directory = luigi.PathParameter()
    processed_directory = luigi.PathParameter()
    fingerprint = luigi.Parameter(
        default="", significant=False, positional=False, visibility=ParameterVisibility.PRIVATE
    )

    code = source_of("corpus.py", "messages.py", "parquet.py", "steps.py", "workflow/__init__.py")

    @property
    def priority(self) -> int:
        """The size in bytes: the largest mailbox goes first, so that no worker is left alone with it at the end."""
        return int(self.fingerprint.partition("-")[0] or 0)

    def made_from(self) -> str:
        return digest(self.code, self.fingerprint or fingerprint_or_unique(self.mailbox_directory))

    def output(self) -> StampedTarget:
        return StampedTarget(self.processed_directory / f"{self.mailbox_directory.name}.parquet", self.made_from())

    def run(self) -> None:
        with self.output().temporary_path() as path:
            steps.process_mailbox(self.mailbox_directory, path)


@requires(ProcessMailbox)
class MapMailbox(StampedTask):
    """The mapper: count the words of one mailbox into `<words_directory>/<mailbox>.txt`."""

    words_directory = luigi.PathParameter()

    code = source_of("counts.py", "messages.py", "parquet.py", "steps.py", "words.py", "workflow/__init__.py")

    @property
    def priority(self) -> int:
        """That of parsing the mailbox."""
        return int(self.requires().priority)

    def output(self) -> StampedTarget:
        return StampedTarget(self.words_directory / f"{self.mailbox_directory.name}.txt", self.made_from())

    def run(self) -> None:
        with self.output().temporary_path() as path:
            steps.map_mailbox(self.input().file, path)


class ProcessEnronEmails(luigi.WrapperTask):
    """Parse every mailbox: one ProcessMailbox each.

    `fingerprints` holds the fingerprint of each mailbox by name, if the caller knows them.
    """

    emails_directory = luigi.PathParameter()
    processed_directory = luigi.PathParameter()
    fingerprints = luigi.DictParameter(
        default={}, significant=False, positional=False, visibility=ParameterVisibility.PRIVATE
    )

    def requires(self) -> list[ProcessMailbox]:
        fingerprints = self.fingerprints or fingerprints_of(corpus.find_maildir(self.emails_directory))
        return [
            ProcessMailbox(self.emails_directory / name, self.processed_directory, fingerprint=fingerprint)
            for name, fingerprint in fingerprints.items()
        ]


@inherits(ProcessEnronEmails)
class ReduceCounts(StampedTask):
    """The reducer: add up the counts of all mailboxes into `<results_directory>/count.txt`."""

    results_directory = luigi.PathParameter()

    code = source_of("counts.py", "steps.py", "workflow/__init__.py")

    @property
    def settled(self) -> bool:  # type: ignore[override]
        """Without fingerprints, the mailboxes of the moment are required."""
        return bool(self.fingerprints)

    def requires(self) -> list[MapMailbox]:
        words_directory = self.results_directory / "words"
        mailboxes = self.clone(ProcessEnronEmails).requires()
        return [mailbox.clone(MapMailbox, words_directory=words_directory) for mailbox in mailboxes]

    def output(self) -> StampedTarget:
        return StampedTarget(self.results_directory / "count.txt", self.made_from())

    def run(self) -> None:
        with self.output().temporary_path() as path:
            steps.reduce_counts([target.file for target in self.input()], path)


@requires(ReduceCounts)
class DrawTopWords(StampedTask):
    """Draw the `top` most frequent words into `<results_directory>/top_words.png`, without stop words.

    `keep_furniture` draws mail furniture too: words such as "subject", which every quoted message repeats.
    """

    top = luigi.IntParameter(default=20)
    keep_furniture = luigi.BoolParameter(default=False)

    code = source_of("charts.py", "counts.py", "steps.py", "words.py", "workflow/__init__.py")

    def made_from(self) -> str:
        return digest(super().made_from(), str(self.top), str(self.keep_furniture))

    def output(self) -> StampedTarget:
        return StampedTarget(self.results_directory / "top_words.png", self.made_from())

    def run(self) -> None:
        with self.output().temporary_path() as path:
            steps.draw_top_words(self.input().file, path, top=self.top, keep_furniture=self.keep_furniture)


@inherits(ReduceCounts)
class DrawDistinctiveWords(StampedTask):
    """Draw the words that each mailbox uses far more than the others into `<results_directory>/distinctive_words.png`.

    It needs the counts of each mailbox, not their sum, so it can run beside the reducer.
    """

    keep_furniture = luigi.BoolParameter(default=False)

    code = DrawTopWords.code
    settled = ReduceCounts.settled

    def made_from(self) -> str:
        return digest(super().made_from(), str(self.keep_furniture))

    def requires(self) -> list[MapMailbox]:
        return list(self.clone(ReduceCounts).deps())

    def output(self) -> StampedTarget:
        return StampedTarget(self.results_directory / "distinctive_words.png", self.made_from())

    def run(self) -> None:
        from enronlib import charts  # costly, and the other tasks do without

        counts = CountFiles({target.file.stem: target.file for target in self.input()})
        furniture = () if self.keep_furniture else MAIL_FURNITURE
        chart = charts.distinctive_words(counts, stop_words=STOP_WORDS, furniture=furniture)
        with self.output().temporary_path() as path:
            charts.save(chart, path)


@inherits(DrawTopWords, DrawDistinctiveWords)
class DrawCharts(luigi.WrapperTask):
    """The end of the workflow: both charts."""

    def requires(self) -> list[StampedTask]:
        return [self.clone(DrawTopWords), self.clone(DrawDistinctiveWords)]


def run_workflow(
    maildir: str | Path | None,
    out: str | Path,
    *,
    workers: int | None = None,
    top: int = 20,
    keep_furniture: bool = False,
    scheduler_url: str | None = None,
    start_method: str | None = None,
    verbose: bool = False,
    progress: bool = True,
) -> Outcome:
    """Make the outputs for the mail in `maildir` that are missing or out of date, and return how it went.

    The outputs are `processed/<mailbox>.parquet`, `results/words/<mailbox>.txt`, `results/count.txt`,
    `results/top_words.png` and `results/distinctive_words.png` in the folder `out`; those of mailboxes that no longer
    exist are removed. `maildir` is as in corpus.find_maildir, `top` the number of words drawn, `keep_furniture` as in
    DrawTopWords, the rest as in runner.build. A mailbox that fails costs only itself and what needs it: the total and
    the charts. A second run in the same folder waits for the first.

    Luigi's scheduler looks at every pending task before it hands out one (spotify/luigi issues 1492 and 1750), so its
    time grows with the square of the number of mailboxes: of little weight up to some 1,500, most of the time at 5,000
    (tests/benchmarks). For more, use larger mailboxes, or an engine that does without it.

    Raises UserError if there is no mail, if `out` is inside `maildir` or cannot be written to, or if the disk is full.
    """
    get_ready(*PRELOADED, workers=workers, start_method=start_method)
    maildir, out = corpus.find_maildir(maildir), Path(out)
    corpus.keep_apart(maildir, out)
    if scheduler_url:
        maildir, out = maildir.resolve(), out.resolve()  # or the tasks of two users look the same to it
    fingerprints = fingerprints_of(maildir)
    task = DrawCharts(
        maildir, out / "processed", out / "results", top=top, keep_furniture=keep_furniture, fingerprints=fingerprints
    )
    finished = not os.access(out, os.W_OK) and task.complete()  # then the folder may be read-only
    with nullcontext() if finished else ready_to_write(out, fingerprints):
        outcome = build(
            task,
            workers=workers,
            scheduler_url=scheduler_url,
            start_method=start_method,
            verbose=verbose,
            progress=progress,
        )
    if any(os.strerror(errno.ENOSPC) in error for error in outcome.failures.values()):
        raise UserError(f"no space left for {out.name}: make room and run again; what was finished is kept")
    failures = {name: without_path(error, maildir, out) for name, error in outcome.failures.items()}
    return replace(outcome, failures=failures)


@contextmanager
def ready_to_write(out: Path, mailboxes: Collection[str]) -> Iterator[None]:
    """Keep other runs out of the folder inside the block; remove what no longer belongs there.

    Raises UserError if the folder cannot be written to.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(out))
            remove_stale_outputs(out / "processed", {f"{name}.parquet" for name in mailboxes})
            remove_stale_outputs(out / "results/words", {f"{name}.txt" for name in mailboxes})
            remove_stale_outputs(out / "results", _RESULTS)
        except OSError as error:
            raise UserError(f"cannot write to {out}: {error.strerror}") from error
        yield


def fingerprints_of(maildir: Path) -> dict[str, str]:
    """Return the fingerprint of each mailbox, by name."""
    return {mailbox.name: fingerprint_or_unique(mailbox) for mailbox in corpus.mailboxes(maildir)}


def fingerprint_or_unique(mailbox: Path) -> str:
    """Return the fingerprint of a mailbox, or, if it cannot be read, a new text, for which every output is stale."""
    try:
        return corpus.fingerprint(mailbox)
    except (OSError, RecursionError):
        return f"0-{uuid.uuid4().hex}"


def without_path(text: str, *folders: Path) -> str:
    """Return the text with each of these folders, if it is an absolute path, called by its name alone."""
    for folder in filter(Path.is_absolute, folders):
        for spelling in (str(folder), repr(str(folder))[1:-1]):
            text = text.replace(spelling, folder.name)
    return text
