"""Random numbers that are the same on every system."""

import random
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

__all__ = ["Dice"]

T = TypeVar("T")


class Dice(random.Random):
    """A named stream of random numbers: the same name gives the same stream on every system and Python version.

    Python guarantees that for seeding with a text and for `random()`, but not for `choice` or `shuffle`. So everything
    here uses `random()` with single additions and multiplications, which IEEE 754 defines to the last bit. (`sum` of
    floats is out: Python 3.12 is more exact than 3.11.)
    """

    def __init__(self, name: str) -> None:
        """Start the stream with that name."""
        super().__init__(name)

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.random() < probability

    def number(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included, equally likely."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """Return one of `items`, equally likely."""
        return items[int(self.random() * len(items))]

    def pick_early(self, items: Sequence[T]) -> T:
        """Return one of `items`, the first ones most often: the first of 100 with a probability of 0.1."""
        chance = self.random()
        return items[int(chance * chance * len(items))]

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """Return up to `count` different items, in a random order."""
        left = list(items)
        return [left.pop(int(self.random() * len(left))) for _ in range(min(count, len(left)))]

    def weighted(self, weights: Sequence[int]) -> int:
        """Return a position in `weights`, with a probability proportional to its weight."""
        point = self.number(1, sum(weights))
        return next(position for position, end in enumerate(accumulate(weights)) if point <= end)
