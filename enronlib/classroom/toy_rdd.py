"""A stand-in for Spark's RDD in plain Python: the checks of lesson 13 need no Java, and see what a job shuffles.

It has partitions, runs each function on a copy as Spark's worker processes do, and counts the records that its wide
steps move. Unlike an RDD, it runs each step at once.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import reduce
from itertools import chain
from operator import itemgetter
from typing import Any, Self

import cloudpickle

from enronlib.mapreduce import partition_of

__all__ = ["ToyRDD"]


class ToyRDD:
    """Records in partitions, with the commonest methods of `pyspark.RDD`; `shuffled` has a number for each shuffle."""

    def __init__(self, partitions: Iterable[Iterable[Any]], shuffled: list[int] | None = None) -> None:
        """Store the partitions. What is made from this RDD shares its list `shuffled`."""
        self.partitions = [list(partition) for partition in partitions]
        self.shuffled: list[int] = [] if shuffled is None else shuffled

    def __getattr__(self, name: str) -> Any:
        """Say that a method is missing."""
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(f"the small RDD of this check has no `{name}`: flatMap, map and reduceByKey will do")

    # Narrow steps: each partition by itself

    def mapPartitions(self, function: Callable[[Any], Iterable[Any]]) -> "ToyRDD":  # noqa: N802
        """Replace each partition with the items of `function(items)`."""
        sent = cloudpickle.dumps(function)  # each task gets a copy: what it changes outside itself is lost
        return ToyRDD([cloudpickle.loads(sent)(iter(items)) for items in self.partitions], self.shuffled)

    def flatMap(self, function: Callable[[Any], Iterable[Any]]) -> "ToyRDD":  # noqa: N802
        """Replace each item with the items of `function(item)`."""
        return self.mapPartitions(lambda items: chain.from_iterable(map(function, items)))

    def map(self, function: Callable[[Any], Any]) -> "ToyRDD":
        """Replace each item with `function(item)`."""
        return self.mapPartitions(lambda items: map(function, items))

    def filter(self, function: Callable[[Any], object]) -> "ToyRDD":
        """Keep the items for which `function(item)` is true."""
        return self.mapPartitions(lambda items: filter(function, items))

    def mapValues(self, function: Callable[[Any], Any]) -> "ToyRDD":  # noqa: N802
        """Replace the value of each pair with `function(value)`."""
        return self.map(lambda pair: (pair[0], function(pair[1])))

    def keyBy(self, function: Callable[[Any], Any]) -> "ToyRDD":  # noqa: N802
        """Replace each item with the pair `(function(item), item)`."""
        return self.map(lambda item: (function(item), item))

    def cache(self) -> Self:
        """Change nothing."""
        return self

    # Wide steps: a shuffle brings equal keys together

    def groupByKey(self) -> "ToyRDD":  # noqa: N802
        """Replace the pairs of each key with one pair of the key and the list of its values."""
        parts = len(self.partitions)
        groups: list[dict[Any, list[Any]]] = [defaultdict(list) for _ in range(parts)]
        for key, value in chain.from_iterable(self.partitions):
            groups[partition_of(key, parts)][key].append(value)
        self.shuffled.append(sum(map(len, self.partitions)))
        return ToyRDD([group.items() for group in groups], self.shuffled)

    def reduceByKey(self, function: Callable[[Any, Any], Any]) -> "ToyRDD":  # noqa: N802
        """Replace the pairs of each key with one pair, combining two values at a time, in each partition first."""

        def combine(pairs: Iterable[tuple[Any, Any]]) -> Iterable[tuple[Any, Any]]:
            combined: dict[Any, Any] = {}
            for key, value in pairs:
                combined[key] = function(combined[key], value) if key in combined else value
            return combined.items()

        return self.mapPartitions(combine).groupByKey().mapValues(lambda values: reduce(function, values))

    def distinct(self) -> "ToyRDD":
        """Keep each item once."""
        return self.map(lambda item: (item, None)).reduceByKey(lambda one, _: one).map(itemgetter(0))

    # Actions: the results go to the program that asked

    def collect(self) -> list[Any]:
        """Return all items."""
        return list(chain.from_iterable(self.partitions))

    def collectAsMap(self) -> dict[Any, Any]:  # noqa: N802
        """Return all pairs as a dict."""
        return dict(self.collect())

    def countByValue(self) -> dict[Any, int]:  # noqa: N802
        """Return how often each item occurs."""
        return dict(Counter(self.collect()))
