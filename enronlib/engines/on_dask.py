"""The word count as a Dask bag: https://docs.dask.org/en/stable/bag.html."""

from collections import Counter

import dask.bag

from enronlib.engines import Mail, add_counts, count_words


def word_counts(mail: Mail, workers: int) -> dict[str, Counter[str]]:
    """Return the counts of the words of each mailbox, counted by this many processes."""
    if not mail:
        return {}
    bag = dask.bag.from_sequence(mail, npartitions=4 * workers).map_partitions(lambda part: list(count_words(part)))
    counts: dict[str, Counter[str]] = {}
    for mailbox, some in bag.compute(scheduler="processes", num_workers=workers):
        counts[mailbox] = add_counts(counts.get(mailbox, Counter()), some)
    return counts
