"""Run a MapReduce job with random splits, orders and combining, to expose a result that is right only by accident.

MapReduce does not promise the order of the records, where they are split, how often a combiner runs, or the order of
the values of a key. A correct job gives the same result whatever happens: its combiner is associative and commutative,
its reducer accepts values in any order, combined or not, and no function keeps state between calls.
"""

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, NamedTuple, TypeVar

import cloudpickle

from enronlib.mapreduce import Mapper, Reducer, map_records, map_reduce, one_value
from enronlib.mapreduce.runs import Pair

__all__ = ["BadLuck", "bad_luck", "find_bad_luck"]

T = TypeVar("T")


class BadLuck(NamedTuple):
    """A key whose values in a plain run and in the unlucky run of `seed` differ; None if a run has no such key."""

    seed: int
    key: Any
    plain: Any
    unlucky: Any


def bad_luck(
    records: Iterable[Any], mapper: Mapper, reducer: Reducer, combiner: Reducer | None = None, *, seed: int = 0
) -> list[Pair]:
    """Run a job once with the bad luck that `seed` determines; return its results, sorted by key.

    Records are shuffled and split at random; each split has its own copies of the functions, as in a worker process;
    the combiner runs 0 to 3 times on random groups of a key's values; the reducer gets partitions and values in random
    order. Raises what the functions raise.
    """
    luck = Random(seed)
    packed = cloudpickle.dumps((mapper, reducer, combiner))
    values_of: dict[Any, list[Any]] = defaultdict(list)
    for split in random_groups(records, luck):
        mapper, _, combiner = cloudpickle.loads(packed)
        gathered: dict[Any, list[Any]] = defaultdict(list)
        for key, value in map_records(mapper, split):
            gathered[key].append(value)
        for key, values in gathered.items():
            combined = values
            for _ in range(luck.randrange(4) if combiner else 0):
                groups = random_groups(combined, luck)
                combined = [one_value("combiner", combiner, key, iter(group)) for group in groups]
            values_of[key] += combined
    results = []
    for partition in random_groups(sorted(values_of), luck):
        _, reducer, _ = cloudpickle.loads(packed)
        for key in partition:
            values = luck.sample(values_of[key], len(values_of[key]))
            results.append((key, one_value("reducer", reducer, key, iter(values))))
    return sorted(results, key=operator.itemgetter(0))


def find_bad_luck(
    records: Iterable[Any],
    mapper: Mapper,
    reducer: Reducer,
    combiner: Reducer | None = None,
    *,
    seeds: int = 100,
    same: Callable[[Any, Any], bool] = operator.eq,
) -> BadLuck | None:
    """Compare `seeds` unlucky runs with a plain run; return the first difference, or None if there is none.

    `same(plain, unlucky)` compares two values of a key. For sums of floats, which depend slightly on their order, use
    `math.isclose`. Raises what the functions raise, even if they fail only in an unlucky run.
    """
    records = list(records)
    packed = cloudpickle.dumps((mapper, reducer, combiner))  # each run gets fresh copies: no state is carried over
    plain = dict(map_reduce(records, *cloudpickle.loads(packed)))
    for seed in range(seeds):
        unlucky = dict(bad_luck(records, *cloudpickle.loads(packed), seed=seed))
        for key in sorted(plain.keys() | unlucky.keys()):
            if key not in plain or key not in unlucky or not same(plain[key], unlucky[key]):
                return BadLuck(seed, key, plain.get(key), unlucky.get(key))
    return None


def random_groups(items: Iterable[T], luck: Random) -> list[list[T]]:
    """Return the items in random order, split at random into groups of one or more."""
    shuffled = list(items)
    luck.shuffle(shuffled)
    often = luck.random()
    groups: list[list[T]] = []
    for item in shuffled:
        if not groups or luck.random() < often:
            groups.append([])
        groups[-1].append(item)
    return groups
