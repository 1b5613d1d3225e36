"""The four steps from mail to a chart, each from files to one file: what every workflow engine runs, in its own way.

    process_mailbox   maildir/<mailbox>              -> processed/<mailbox>.parquet
    map_mailbox       processed/<mailbox>.parquet    -> results/words/<mailbox>.txt
    reduce_counts     results/words/*.txt            -> results/count.txt
    draw_top_words    results/count.txt              -> results/top_words.png

Each output appears whole or not at all, even if the process is killed. Engines that start programs rather than Python
functions call `python -m enronlib.steps`.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from enronlib import UserError
from enronlib.counts import read_counts, write_counts
from enronlib.files import replacing
from enronlib.words import MAIL_FURNITURE, STOP_WORDS, tokens

__all__ = ["draw_top_words", "map_mailbox", "process_mailbox", "reduce_counts"]


def process_mailbox(mailbox: Path, output: Path) -> None:
    """Parse the messages of a mailbox into a Parquet file. Raises what `read_mailbox` raises."""
    from enronlib.parquet import read_mailbox, write_parquet  # costly where steps are only planned

    with replacing(output) as path:
        write_parquet(read_mailbox(mailbox), path)


def map_mailbox(processed: Path, output: Path) -> None:
    """The mapper: count the words of one mailbox, given as a Parquet file."""
    from enronlib.parquet import read_texts  # costly where steps are only planned

    counts: Counter[str] = Counter()
    for text in read_texts(processed):
        counts.update(tokens(text))
    with replacing(output) as path:
        write_counts(sorted(counts.items()), path)


def reduce_counts(words: Iterable[Path], output: Path) -> None:
    """The reducer: add up the word counts of all mailboxes."""
    counts: Counter[str] = Counter()
    for path in words:
        counts.update(read_counts(path))
    with replacing(output) as path:
        write_counts(sorted(counts.items()), path)


def draw_top_words(count: Path, output: Path, *, top: int = 20, keep_furniture: bool = False) -> None:
    """Draw the `top` most frequent words without stop words, and without mail furniture unless it is to be kept."""
    from enronlib import charts  # costly, and the other steps do without

    furniture = () if keep_furniture else MAIL_FURNITURE
    chart = charts.top_words(read_counts(count), top, stop_words=STOP_WORDS, furniture=furniture, ax=charts.blank(top))
    with replacing(output) as path:
        charts.save(chart, path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step: `python -m enronlib.steps map processed/a.parquet results/words/a.txt`. Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m enronlib.steps", description="Run one step of the workflow.")
    parser.add_argument("step", choices=["process", "map", "reduce", "draw"])
    parser.add_argument("inputs", nargs="+", type=Path, metavar="INPUT", help="one, except for reduce")
    parser.add_argument("output", type=Path, metavar="OUTPUT")
    options = parser.parse_args(arguments)
    if options.step != "reduce" and len(options.inputs) > 1:
        parser.error(f"{options.step} takes one input")
    try:
        if options.step == "reduce":
            reduce_counts(options.inputs, options.output)
        else:
            step = {"process": process_mailbox, "map": map_mailbox, "draw": draw_top_words}[options.step]
            step(options.inputs[0], options.output)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
