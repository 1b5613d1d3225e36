"""The guesses that a network must beat: always the most frequent author, and naive Bayes, which only counts words."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from enronlib.learning.dataset import Message
from enronlib.mapreduce import map_reduce

__all__ = ["guess", "log_shares", "majority", "words_by_author"]


def majority(messages: Iterable[Message]) -> str:
    """Return who wrote the most messages; of several, the first by name."""
    counts = Counter(message.author for message in messages)
    return min(counts, key=lambda author: (-counts[author], author))


def words_by_author(messages: Iterable[Message]) -> dict[str, Counter[str]]:
    """Count the words of each author with the MapReduce engine. For naive Bayes, that is all there is to learn."""
    counts: dict[str, Counter[str]] = {}
    for (author, word), count in map_reduce(messages, _pairs, _add_up, combiner=_add_up):
        counts.setdefault(author, Counter())[word] = count
    return counts


def _pairs(message: Message) -> Iterable[tuple[tuple[str, str], int]]:
    return (((message.author, word), 1) for word in message.words)


def _add_up(_: tuple[str, str], counts: Iterable[int]) -> int:
    return sum(counts)


def log_shares(counts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, float]]:
    """Return the logarithm of each word's share of the words of each author.

    `counts` are the words of each author. Every word that anybody wrote is counted once more than it occurs, so that no
    share is 0 (Laplace's rule of succession).
    """
    known = set().union(*counts.values())
    shares = {}
    for author, mine in counts.items():
        size = sum(mine.values()) + len(known)
        shares[author] = {word: math.log((mine.get(word, 0) + 1) / size) for word in known}
    return shares


def guess(words: Iterable[str], shares: Mapping[str, Mapping[str, float]]) -> str:
    """Return the author who most probably wrote these words, if all authors are equally likely beforehand.

    `shares` is what `log_shares` returns. Words that nobody wrote before are skipped.
    """
    words = list(words)
    return max(sorted(shares), key=lambda author: sum(shares[author].get(word, 0) for word in words))
