"""Chance that falls the same on every system."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice(random.Random):
    """A stream of chance known by its name: the same name gives the same stream on every system and Python.

    Python promises that for seeding by a text and for `random()`, not for `choice` or `shuffle`. So all here is made
    from `random()` with single additions and multiplications, which IEEE 754 defines to the last bit. (A sum of
    floats would not do: Python 3.12 adds them up more exactly than 3.11.)
    """

    def __init__(self, name: str) -> None:
        """Begin the stream of that name."""
        super().__init__(name)

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.random() < probability

    def number(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included, each as likely."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """Return one of `items`, each as likely."""
        return items[int(self.random() * len(items))]

    def pick_early(self, items: Sequence[T]) -> T:
        """Return one of `items`, the first ones most often: of 100, the first in one throw of ten."""
        chance = self.random()
        return items[int(chance * chance * len(items))]

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """Return up to `count` different items, in a random order."""
        left = list(items)
        return [left.pop(int(self.random() * len(left))) for _ in range(min(count, len(left)))]

    def weighted(self, weights: Sequence[int]) -> int:
        """Return a position in `weights`, as likely as its weight says."""
        point = self.number(1, sum(weights))
        for position, weight in enumerate(weights):
            point -= weight
            if point <= 0:
                return position
        raise ValueError("there are no weights")
