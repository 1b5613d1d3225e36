"""The same word count on other engines, for more mail than one machine can hold.

    on_dask     the word count as a Dask bag
    on_spark    the word count as a Spark RDD

Each is one function, `word_counts(mail, workers)`; compare it with `mapreduce` to see what the engine does for you.
`mail` lists (mailbox, message file) pairs, mailbox by mailbox; the result maps each mailbox to its word counts. This
module holds what they share: change here how a message is counted and which files are written. For a new engine, add a
module `on_<name>` here, and its name to the options of `enronlib run`.
"""

import importlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from enronlib import UserError, corpus
from enronlib.counts import write_counts
from enronlib.messages import plain_text, read_email
from enronlib.processes import default_workers
from enronlib.words import MAIL_FURNITURE, STOP_WORDS, tokens

__all__ = ["Mail", "add_counts", "count_words", "find_engine", "list_mail", "run_engine", "words_of"]

Mail = Sequence[tuple[str, str]]  # mailbox and message file
Counts = Counter[str]
WordCounts = Callable[[Mail, int], Mapping[str, Counts]]


def list_mail(maildir: Path) -> list[tuple[str, str]]:
    """Return the mailbox and the path of every message, in corpus order."""
    return [(box.name, str(file)) for box in corpus.mailboxes(maildir) for file in corpus.message_files(box)]


def words_of(file: str) -> list[str]:
    """Return the words of one message file."""
    return tokens(plain_text(read_email(file)))


def count_words(mail: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Counts]]:
    """Yield each mailbox of a partition with the counts of its words: the mapper and combiner of every engine.

    A partition is counted before anything is shuffled: a pair for each word would take half as much time again.
    """
    for mailbox, files in groupby(mail, key=itemgetter(0)):
        counts: Counts = Counter()
        for _, file in files:
            counts.update(words_of(file))
        yield mailbox, counts


def add_counts(some: Counts, more: Counts) -> Counts:
    """Add `more` to `some`, and return `some`: the reducer of every engine."""
    some.update(more)
    return some


def find_engine(name: str) -> WordCounts:
    """Return the engine "dask" or "spark"; raise UserError if it is not installed."""
    try:
        engine: WordCounts = importlib.import_module(f"enronlib.engines.on_{name}").word_counts
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is not installed: python -m pip install 'enronlib[{name}]'") from error
    return engine


def run_engine(
    name: str,
    maildir: Path,
    out: Path,
    *,
    workers: int | None = None,
    top: int = 20,
    keep_furniture: bool = False,
) -> None:
    """Count the mail in `maildir` on an engine; write `results/words/*.txt`, `results/count.txt` and both charts.

    The files are byte-identical to those of the workflow. Every run does all the work: these engines do not know
    which results exist. Raises UserError if the engine is not installed, if a message cannot be read, and as
    run_workflow does for folders.
    """
    from enronlib import charts  # slow to import, and the processes that count words do not need it
    from enronlib.workflow import ready_to_write, without_path
    from enronlib.workflow.stamps import StampedTarget

    corpus.keep_apart(maildir, out)
    word_counts = find_engine(name)
    try:
        counts = word_counts(list_mail(maildir), workers or default_workers())
    except OSError as error:
        reason = without_path(str(error).split("\n")[0], maildir)  # Dask adds a traceback
        raise UserError(f"cannot read the mail: {reason}") from error
    by_mailbox = {mailbox.name: counts.get(mailbox.name, Counter()) for mailbox in corpus.mailboxes(maildir)}
    total: Counts = Counter()
    for some in by_mailbox.values():
        total.update(some)

    left_out: Any = {"stop_words": STOP_WORDS, "furniture": () if keep_furniture else MAIL_FURNITURE}
    results, made_from = out / "results", f"engine {name}"  # so that the workflow knows that it did not make them
    with ready_to_write(out, by_mailbox):
        for mailbox, some in by_mailbox.items():
            with StampedTarget(results / "words" / f"{mailbox}.txt", made_from).temporary_path() as path:
                write_counts(sorted(some.items()), path)
        with StampedTarget(results / "count.txt", made_from).temporary_path() as path:
            write_counts(sorted(total.items()), path)
        with StampedTarget(results / "top_words.png", made_from).temporary_path() as path:
            charts.save(charts.top_words(total, top, ax=charts.blank(top), **left_out), path)
        with StampedTarget(results / "distinctive_words.png", made_from).temporary_path() as path:
            charts.save(charts.distinctive_words(by_mailbox, **left_out), path)
