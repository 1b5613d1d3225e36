"""The first cell of the first lesson: the whole workflow at once, before a student knows how any of it is done."""

import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stderr
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from enronlib import UserError
from enronlib.charts import top_words
from enronlib.classroom.aggregates import real_corpus
from enronlib.corpus import mailboxes, message_files
from enronlib.counts import read_counts
from enronlib.sample import sample_maildir
from enronlib.words import STOP_WORDS
from enronlib.workflow import run_workflow

__all__ = ["first_look"]


def first_look() -> None:
    """Run the workflow on the sample, print how much it did, and draw its top words beside the real corpus's.

    It takes 10 to 30 seconds and leaves no file behind. Stop words are left out of both charts, and nothing else: the
    words on top are those that lesson 10 asks about. Raises UserError if the workflow fails.
    """
    maildir = sample_maildir()
    # A notebook shows stderr, and so the progress bar, on red: in the very first cell that looks like an error.
    with tempfile.TemporaryDirectory() as out, redirect_stderr(sys.stdout):
        outcome = run_workflow(maildir, out, progress="ENRONLIB_STRICT" not in os.environ)  # lessons store no bar
        if not outcome.succeeded:
            raise UserError(f"the workflow failed ({outcome.summary}): run check_machine()")
        counts = read_counts(Path(out, "results", "count.txt"))
    boxes = mailboxes(maildir)
    messages, words = sum(len(message_files(box)) for box in boxes), sum(counts.values())
    print(f"Parsed {messages:,} messages, processed {len(boxes)} mailboxes in parallel, counted {words:,} words.")

    top = real_corpus("top_words")
    real = dict(zip(top["word"], top["occurrences"], strict=True))
    _, (left, right) = plt.subplots(1, 2, figsize=(13, 7), layout="constrained")
    _draw(left, counts, f"Practice mail: {messages:,} messages", words)
    _draw(right, real, f"Real Enron mail: {real_corpus('messages'):,} messages", real_corpus("words"))
    plt.show()


def _draw(ax: Axes, counts: Mapping[str, int], title: str, words: int) -> None:
    """Draw the top words. `words` is how many there are in all, since `counts` may hold only the most frequent."""
    top_words(counts, 15, stop_words=STOP_WORDS, title=title, ax=ax)
    ax.set_xlabel(f"occurrences, of {words:,} words in all")
