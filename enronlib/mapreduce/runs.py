"""Sorted runs: files of (key, value) pairs in the order of their keys, and how many of them are read as one."""

import heapq
import pickle
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle

Pair = tuple[Any, Any]  # a key and a value

BATCH = 1000  # pairs read or written at once
FAN_IN = 100  # runs merged at once: each is an open file, and macOS lets a process open 256


class Run(NamedTuple):
    """A file of sorted pairs, all of one partition, which a task wrote at some stage of a job."""

    stage: str
    task: int
    partition: int
    path: Path


def write_run(run: Run, pairs: Iterable[Pair]) -> Run:
    """Write sorted pairs; with cloudpickle, since a value may be of a class that was defined in a notebook."""
    with run.path.open("wb") as file:
        for batch in in_batches(pairs, BATCH):
            cloudpickle.dump(batch, file)
    return run


def read_run(run: Run) -> Iterator[Pair]:
    """Yield the pairs of a run."""
    with run.path.open("rb") as file:
        while file.peek(1):
            yield from pickle.load(file)


def merge(runs: list[Run]) -> Generator[Pair, None, None]:
    """Yield the pairs of all runs, sorted by key; those of a key in the order of the runs."""
    while len(runs) > FAN_IN:  # in rounds, so that few files are open at once
        runs = [merge_to_one(some) for some in in_batches(runs, FAN_IN)]
    with one_kind_of_key():
        yield from heapq.merge(*map(read_run, runs), key=itemgetter(0))


def merge_to_one(runs: list[Run]) -> Run:
    """Write the pairs of some runs as one run, beside the first."""
    first = runs[0]
    return write_run(first._replace(path=first.path.with_name(first.path.name + "+")), merge(runs))


@contextmanager
def one_kind_of_key() -> Iterator[None]:
    """Explain the error of comparing keys that have no order."""
    try:
        yield
    except TypeError as error:
        raise TypeError(f"keys must be all of one kind, so that they can be sorted: {error}") from None


def in_batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield the items in lists of `size`; the last may be shorter."""
    items = iter(items)
    while batch := list(islice(items, size)):
        yield batch
