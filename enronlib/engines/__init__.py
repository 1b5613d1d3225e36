"""The same word count on other engines, for more mail than one computer holds.

Each engine is one function, `word_counts(files, workers) -> dict[str, int]`, beside which the whole of `mapreduce` can
be held: what map, shuffle and reduce are called there, and how little is left to write.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from enronlib import UserError, corpus
from enronlib.counts import write_counts
from enronlib.files import replacing
from enronlib.messages import plain_text, read_email
from enronlib.processes import default_workers
from enronlib.words import STOP_WORDS, tokens

WordCounts = Callable[[Sequence[str], int], Mapping[str, int]]


def words_of(file: str) -> list[str]:
    """Return the words of one message file: the mapper of every engine."""
    return tokens(plain_text(read_email(Path(file))))


def find_engine(name: str) -> WordCounts:
    """Return the engine "dask" or "spark"; raise UserError where it is not installed."""
    try:
        engine: WordCounts = importlib.import_module(f"enronlib.engines.on_{name}").word_counts
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is not installed: python -m pip install 'enronlib[{name}]'") from error
    return engine


def run_engine(name: str, maildir: Path, out: Path, *, workers: int | None = None, top: int = 20) -> None:
    """Count the mail in `maildir` on an engine, and write `results/count.txt` and `results/top_words.png` in `out`.

    All the work is done at every run: what Luigi remembers, these engines do not. Raises UserError where the engine is
    not installed and when `out` lies inside the maildir.
    """
    from enronlib import charts  # costly, and the processes that count words do without

    corpus.keep_apart(maildir, out)
    word_counts = find_engine(name)
    files = [str(file) for mailbox in corpus.mailboxes(maildir) for file in corpus.message_files(mailbox)]
    counts = word_counts(files, workers or default_workers())
    results = out / "results"
    with replacing(results / "count.txt") as path:
        write_counts(sorted(counts.items()), path)
    chart = charts.top_words(counts, top, stop_words=STOP_WORDS, ax=charts.blank(top))
    charts.save(chart, results / "top_words.png")
