"""A whole MapReduce engine in pure Python, small enough to read in one sitting.

    records -> splits -> map, combine, partition, sort -> shuffle -> merge, reduce -> results sorted by key

A map task turns one split of the records into (key, value) pairs and writes them to disk as sorted runs, one per
partition. A reduce task merges the runs of one partition, which brings all values of a key together, and reduces key
by key. Tasks exchange only files of sorted pairs and read them lazily, so that a task holds a bounded number of pairs.
After Dean and Ghemawat, "MapReduce: Simplified Data Processing on Large Clusters", OSDI 2004.

The algorithm is in this module: change here what a job does. Beside it:

    runs       how sorted pairs are stored and merged
    pool       where tasks run: in this process or in worker processes
    coordinator, table    worker processes that may die: their tasks are given to others
    dataset    the same engine with the methods of a Spark RDD
    badluck    runs a job in random order, to expose a result that is right only by accident
"""

import reprlib
import weakref
import zlib
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from enronlib.mapreduce.coordinator import Coordinator
from enronlib.mapreduce.pool import task_runner
from enronlib.mapreduce.runs import Pair, Run, in_batches, merge, one_kind_of_key, read_run, write_run
from enronlib.mapreduce.table import TaskTable

__all__ = ["Mapper", "Partitioner", "Reducer", "Step", "map_records", "map_reduce", "one_value", "partition_of"]

Mapper = Callable[[Any], Iterable[Pair]]  # record -> pairs
Reducer = Callable[[Any, Iterator[Any]], Any]  # key, values -> value; a combiner has the same signature
Partitioner = Callable[[Any, int], int]  # key, number of partitions -> partition


class Step(NamedTuple):
    """One entry of a trace: a pair that a map task wrote (stage "shuffle"), or a result (stage "reduce")."""

    stage: str
    task: int
    key: Any
    value: Any
    partition: int


@dataclass(frozen=True)
class Job:
    """The settings that every task needs."""

    mapper: Mapper
    reducer: Reducer
    combiner: Reducer | None
    partitioner: Partitioner
    partitions: int
    memory: int
    folder: Path


def partition_of(key: Any, partitions: int) -> int:
    """Return the partition of `key`, from 0 to `partitions` - 1: the same in every process and every Python.

    So it is not made from hash(), which differs between processes, nor from repr(), which differs between versions.
    """
    return zlib.crc32(ascii(key).encode("ascii")) % partitions


def map_reduce(
    records: Iterable[Any],
    mapper: Mapper,
    reducer: Reducer,
    combiner: Reducer | None = None,
    *,
    partitions: int = 4,
    workers: int = 1,
    split_size: int = 1000,
    memory: int = 100_000,
    start_method: str | None = None,
    partitioner: Partitioner = partition_of,
    trace: list[Step] | None = None,
    survive: bool | TaskTable = False,
) -> Iterator[Pair]:
    """Run a job and return an iterator over its results: one (key, value) pair per key, sorted by key.

    `mapper(record)` returns or yields (key, value) pairs; all keys are str, all int, or all tuples of these.
    `reducer(key, values)` returns one value; `values` is an iterator, so it can be read only once. `combiner(key,
    values)` does the same for the values of a key that a map task holds, so that fewer pairs are shuffled. It may run
    any number of times, also on its own results. The job runs during the call; the iterator reads its results from
    temporary files, which are deleted with it.

    The other arguments do not change the results: `partitions` is the number of reduce tasks; `workers` the number of
    processes, and `start_method` how they start (see `pool`); `split_size` the number of records in a split; `memory`
    the number of pairs that a map task holds; `partitioner` replaces `partition_of`. `trace` is a list to which every
    Step is appended. With `survive` (True, or a table
    of your own), tasks run in worker processes that may die (see `coordinator`).

    Raises what the functions raise, with a note that names the record or key; TypeError if something is not a pair or
    not a key; ValueError for a number below 1 or a partition that does not exist; BrokenProcessPool if a worker dies
    (with `survive`: if workers only die).
    """
    if min(partitions, workers, split_size, memory) < 1:
        raise ValueError("partitions, workers, split_size and memory must each be 1 or more")
    folder = TemporaryDirectory(prefix="mapreduce-", ignore_cleanup_errors=True)
    table = survive if isinstance(survive, TaskTable) else None
    runner = Coordinator(workers, start_method, table) if survive else task_runner(workers, start_method)
    job = Job(mapper, reducer, combiner, partitioner, partitions, memory, Path(folder.name))
    try:
        with runner as run_tasks:
            runs = list(chain.from_iterable(run_tasks(partial(map_task, job), in_batches(records, split_size))))
            outputs = list(run_tasks(partial(reduce_task, job), shuffle(runs, partitions)))
        if trace is not None:
            for run in runs + outputs:
                trace += (Step(run.stage, run.task, key, value, run.partition) for key, value in read_run(run))
    except BaseException:
        folder.cleanup()
        raise
    results = read_results(folder, outputs)
    weakref.finalize(results, folder.cleanup)  # for results that are never read
    return results


def map_task(job: Job, number: int, split: list[Any]) -> list[Run]:
    """Map the records of a split; after every `memory` pairs, write one sorted run per partition."""
    runs = []
    for spill, pairs in enumerate(in_batches(map_records(job.mapper, split), job.memory)):
        for partition, sorted_pairs in combine_and_partition(job, pairs).items():
            path = job.folder / f"map-{number}-{spill}-{partition}"
            runs.append(write_run(Run("shuffle", number, partition, path), sorted_pairs))
    return runs


def map_records(mapper: Mapper, records: Iterable[Any]) -> Iterator[Pair]:
    """Yield the pairs that the mapper produces for each record."""
    for record in records:
        try:
            pairs = mapper(record)
            if pairs is None:
                raise TypeError("the mapper returned None: let it yield (key, value) pairs, or return a list of them")
            for pair in pairs:
                if not (isinstance(pair, tuple) and len(pair) == 2 and is_key(pair[0])):
                    raise TypeError(f"the mapper gave {reprlib.repr(pair)}, not a key (str, int, tuple) with a value")
                yield pair
        except Exception as error:
            error.add_note(f"in the mapper, at the record {reprlib.repr(record)}")
            raise


def is_key(key: Any) -> bool:
    """Return whether `key` is allowed as a key: equal keys must print alike, which 1, 1.0 and True do not."""
    return type(key) in (str, int) or (type(key) is tuple and all(map(is_key, key)))


def combine_and_partition(job: Job, pairs: list[Pair]) -> dict[int, list[Pair]]:
    """Return the pairs of each partition, sorted by key; with a combiner, one pair per key."""
    values_of = defaultdict(list)
    for key, value in pairs:
        values_of[key].append(value)
    with one_kind_of_key():
        keys = sorted(values_of)
    by_partition: dict[int, list[Pair]] = defaultdict(list)
    for key in keys:
        values = values_of[key]
        if job.combiner:
            values = [one_value("combiner", job.combiner, key, iter(values))]
        partition = job.partitioner(key, job.partitions)
        if partition not in range(job.partitions):
            raise ValueError(f"the partitioner gave {partition} for {key!r}, not one of 0 to {job.partitions - 1}")
        by_partition[partition] += [(key, value) for value in values]
    return by_partition


def shuffle(runs: list[Run], partitions: int) -> list[list[Run]]:
    """Return the runs of each partition, in the order of the map tasks."""
    return [[run for run in runs if run.partition == partition] for partition in range(partitions)]


def reduce_task(job: Job, partition: int, runs: list[Run]) -> Run:
    """Merge the runs of a partition; write each key with the one value that the reducer makes of its values."""
    with closing(merge(runs)) as pairs:
        groups = ((key, (value for _, value in group)) for key, group in groupby(pairs, itemgetter(0)))
        results = ((key, one_value("reducer", job.reducer, key, values)) for key, values in groups)
        return write_run(Run("reduce", partition, partition, job.folder / f"reduce-{partition}"), results)


def one_value(role: str, function: Reducer, key: Any, values: Iterator[Any]) -> Any:
    """Call a reducer or combiner and return its value; an error gets a note that names the key."""
    try:
        value = function(key, values)
        if isinstance(value, Generator):
            raise TypeError(f"the {role} gave a generator: it must return one value")
    except Exception as error:
        error.add_note(f"in the {role}, at the key {key!r}")
        raise
    return value


def read_results(folder: TemporaryDirectory[str], outputs: list[Run]) -> Generator[Pair, None, None]:
    """Yield the results of all partitions, sorted by key, then delete the folder."""
    with folder, closing(merge(outputs)) as pairs:
        yield from pairs
