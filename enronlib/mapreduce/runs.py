"""Sorted runs: files of (key, value) pairs sorted by key, and the merge that reads many of them as one."""

import heapq
import pickle
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle

from enronlib.files import replacing

__all__ = ["Pair", "Run", "in_batches", "merge", "one_kind_of_key", "read_run", "write_run"]

Pair = tuple[Any, Any]  # a key and a value

BATCH = 1000  # pairs read or written at once
FAN_IN = 100  # runs merged at once: each is an open file, and macOS lets a process open 256


class Run(NamedTuple):
    """A file of sorted pairs, all of one partition: the output of one task of one stage ("shuffle" or "reduce")."""

    stage: str
    task: int
    partition: int
    path: Path


def write_run(run: Run, pairs: Iterable[Pair]) -> Run:
    """Write sorted pairs, whole or not at all, with cloudpickle: a notebook may define the class of a value."""
    with replacing(run.path) as unfinished, unfinished.open("wb") as file:
        for batch in in_batches(pairs, BATCH):
            cloudpickle.dump(batch, file)
    return run


def read_run(run: Run) -> Iterator[Pair]:
    """Yield the pairs of a run."""
    with run.path.open("rb") as file:
        while file.peek(1):
            yield from pickle.load(file)


def merge(runs: list[Run]) -> Generator[Pair, None, None]:
    """Yield the pairs of all runs, sorted by key; pairs with equal keys keep the order of the runs."""
    while len(runs) > FAN_IN:  # in rounds, so that few files are open at once
        runs = [merge_to_one(some) for some in in_batches(runs, FAN_IN)]
    with one_kind_of_key():
        yield from heapq.merge(*map(read_run, runs), key=itemgetter(0))


def merge_to_one(runs: list[Run]) -> Run:
    """Merge some runs into one, stored beside the first."""
    first = runs[0]
    return write_run(first._replace(path=first.path.with_name(first.path.name + "+")), merge(runs))


@contextmanager
def one_kind_of_key() -> Iterator[None]:
    """Explain the TypeError that comes from keys that cannot be compared."""
    try:
        yield
    except TypeError as error:
        raise TypeError(f"keys must be all of one kind, so that they can be sorted: {error}") from None


def in_batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield the items in lists of `size`; the last may be shorter."""
    items = iter(items)
    while batch := list(islice(items, size)):
        yield batch
