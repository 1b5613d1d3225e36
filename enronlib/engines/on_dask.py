"""The word count as a Dask bag: https://docs.dask.org/en/stable/bag.html."""

from collections.abc import Sequence

import dask.bag

from enronlib.engines import words_of


def word_counts(files: Sequence[str], workers: int) -> dict[str, int]:
    """Return how often each word occurs in the message files, counted by that many processes."""
    if not files:
        return {}
    bag = dask.bag.from_sequence(files, npartitions=4 * workers)
    counts = bag.map(words_of).flatten().frequencies()
    return dict(counts.compute(scheduler="processes", num_workers=workers))
