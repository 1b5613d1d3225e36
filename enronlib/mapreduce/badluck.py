"""Run a MapReduce job under ill fortune, so that a job which is right only by accident gives itself away.

Nobody promises a job the order of its records, where they are split, how often a combiner runs, or the order of the
values of a key. A right job gives the same answer whatever happens: its combiner is associative and commutative,
its reducer takes values in any order, combined or not, and no function remembers anything from call to call.
"""

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, NamedTuple, TypeVar

import cloudpickle

from enronlib.mapreduce import Mapper, Reducer, map_records, map_reduce, one_value
from enronlib.mapreduce.runs import Pair

T = TypeVar("T")


class BadLuck(NamedTuple):
    """A key with two answers: in a plain run, and in an unlucky one. None stands for no answer."""

    seed: int
    key: Any
    plain: Any
    unlucky: Any


def bad_luck(
    records: Iterable[Any], mapper: Mapper, reducer: Reducer, combiner: Reducer | None = None, *, seed: int = 0
) -> list[Pair]:
    """Return the results of a job, in the order of their keys, after one run as unlucky as `seed` makes it.

    Records are shuffled and split at random; each split has its own copies of the functions, as it has in a worker
    process; the combiner runs 0 to 3 times on random groups of the values of a key; the reducer meets values and
    partitions in random order. Raises what the functions raise.
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
    """Return the first unlucky run, of `seeds`, whose answer differs from a plain run of the job, or None if none does.

    `same(plain, unlucky)` compares the values of a key; for floats, whose sums depend a little on their order, give
    `math.isclose`. Raises what the functions raise: they may fail under bad luck only.
    """
    records = list(records)
    packed = cloudpickle.dumps((mapper, reducer, combiner))  # no run gets what another run left in the functions
    plain = dict(map_reduce(records, *cloudpickle.loads(packed)))
    for seed in range(seeds):
        unlucky = dict(bad_luck(records, *cloudpickle.loads(packed), seed=seed))
        for key in sorted(plain.keys() | unlucky.keys()):
            if key not in plain or key not in unlucky or not same(plain[key], unlucky[key]):
                return BadLuck(seed, key, plain.get(key), unlucky.get(key))
    return None


def random_groups(items: Iterable[T], luck: Random) -> list[list[T]]:
    """Return the items in random order, cut at random places into groups of one or more."""
    shuffled = list(items)
    luck.shuffle(shuffled)
    often = luck.random()
    groups: list[list[T]] = []
    for item in shuffled:
        if not groups or luck.random() < often:
            groups.append([])
        groups[-1].append(item)
    return groups
