"""MapReduce in pure Python: a whole engine, short enough to read aloud.

    records -> splits -> map, combine, partition, sort -> shuffle -> merge, reduce -> results in the order of their keys

A map task turns one split of the records into (key, value) pairs and writes them to disk as sorted runs, one for each
partition. A reduce task merges the runs of one partition, so that all values of a key meet, and reduces key by key.
From task to task go only files of sorted pairs, read as they are wanted: however many pairs there are, a task holds a
fixed number of them. After Dean and Ghemawat, "MapReduce: Simplified Data Processing on Large Clusters", OSDI 2004.
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

from enronlib.mapreduce.pool import task_runner
from enronlib.mapreduce.runs import Pair, Run, in_batches, merge, one_kind_of_key, read_run, write_run

Mapper = Callable[[Any], Iterable[Pair]]  # record -> pairs
Reducer = Callable[[Any, Iterator[Any]], Any]  # key, values -> value; a combiner has this shape too
Partitioner = Callable[[Any, int], int]  # key, number of partitions -> partition


class Step(NamedTuple):
    """A line of a trace: a pair that a map task gave to the shuffle ("shuffle"), or a result ("reduce")."""

    stage: str
    task: int
    key: Any
    value: Any
    partition: int


@dataclass(frozen=True)
class Job:
    """What every task must know."""

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
) -> Iterator[Pair]:
    """Run a job and return its results: one (key, value) pair for each key, in the order of the keys.

    `mapper(record)` gives (key, value) pairs; keys are str, int or tuples of these, all of one kind. `reducer(key,
    values)` returns the value of a key; `values` can be read once. `combiner(key, values)` does so for what a map task
    holds of a key, so that less travels: it may run any number of times, also on its own results. The work is done at
    the call; the results are read from temporary files, which go with the iterator.

    The rest changes how the work is done, not the answer: `partitions`, the number of reduce tasks; `workers`, of
    processes (for several, a script starts below `if __name__ == "__main__":`), and their `start_method`; `split_size`,
    records in a split; `memory`, pairs held by a map task; `partitioner`. A list given as `trace` gets every Step.

    Raises what the functions raise, with a note of where; TypeError for what is no pair or no key; ValueError for a
    number below 1 and a partition that does not exist; BrokenProcessPool when a worker dies.
    """
    if min(partitions, workers, split_size, memory) < 1:
        raise ValueError("partitions, workers, split_size and memory must each be 1 or more")
    folder = TemporaryDirectory(prefix="mapreduce-", ignore_cleanup_errors=True)
    job = Job(mapper, reducer, combiner, partitioner, partitions, memory, Path(folder.name))
    try:
        with task_runner(workers, start_method) as run_tasks:
            runs = list(chain.from_iterable(run_tasks(partial(map_task, job), in_batches(records, split_size))))
            outputs = list(run_tasks(partial(reduce_task, job), shuffle(runs, partitions)))
        if trace is not None:
            for run in runs + outputs:
                trace += (Step(run.stage, run.task, key, value, run.partition) for key, value in read_run(run))
    except BaseException:
        folder.cleanup()
        raise
    results = read_results(folder, outputs)
    weakref.finalize(results, folder.cleanup)  # for results that nobody reads
    return results


def map_task(job: Job, number: int, split: list[Any]) -> list[Run]:
    """Map the records of a split; whenever `memory` pairs have come together, write a sorted run for each partition."""
    runs = []
    for spill, pairs in enumerate(in_batches(map_records(job.mapper, split), job.memory)):
        for partition, sorted_pairs in combine_and_partition(job, pairs).items():
            path = job.folder / f"map-{number}-{spill}-{partition}"
            runs.append(write_run(Run("shuffle", number, partition, path), sorted_pairs))
    return runs


def map_records(mapper: Mapper, records: Iterable[Any]) -> Iterator[Pair]:
    """Yield the pairs that the mapper gives for each record."""
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
    """Tell whether `key` may be a key: keys that are equal must look the same, as 1, 1.0 and True do not."""
    return type(key) in (str, int) or (type(key) is tuple and all(map(is_key, key)))


def combine_and_partition(job: Job, pairs: list[Pair]) -> dict[int, list[Pair]]:
    """Return the pairs for each partition, sorted by key; if there is a combiner, one pair for each key."""
    values_of = defaultdict(list)
    for key, value in pairs:
        values_of[key].append(value)
    with one_kind_of_key():
        keys = sorted(values_of)
    dealt: dict[int, list[Pair]] = defaultdict(list)
    for key in keys:
        values = values_of[key]
        if job.combiner:
            values = [one_value("combiner", job.combiner, key, iter(values))]
        partition = job.partitioner(key, job.partitions)
        if partition not in range(job.partitions):
            raise ValueError(f"the partitioner gave {partition} for {key!r}, not one of 0 to {job.partitions - 1}")
        dealt[partition] += [(key, value) for value in values]
    return dealt


def shuffle(runs: list[Run], partitions: int) -> list[list[Run]]:
    """Return the runs for each partition, in the order of the map tasks."""
    return [[run for run in runs if run.partition == partition] for partition in range(partitions)]


def reduce_task(job: Job, partition: int, runs: list[Run]) -> Run:
    """Merge the runs of a partition; write each key with the one value that the reducer makes of its values."""
    with closing(merge(runs)) as pairs:
        groups = ((key, (value for _, value in group)) for key, group in groupby(pairs, itemgetter(0)))
        results = ((key, one_value("reducer", job.reducer, key, values)) for key, values in groups)
        return write_run(Run("reduce", partition, partition, job.folder / f"reduce-{partition}"), results)


def one_value(role: str, function: Reducer, key: Any, values: Iterator[Any]) -> Any:
    """Return what a reducer or combiner makes of the values of a key."""
    try:
        value = function(key, values)
        if isinstance(value, Generator):
            raise TypeError(f"the {role} gave a generator: it must return one value")
    except Exception as error:
        error.add_note(f"in the {role}, at the key {key!r}")
        raise
    return value


def read_results(folder: TemporaryDirectory[str], outputs: list[Run]) -> Generator[Pair, None, None]:
    """Yield the results of all partitions in the order of their keys, then remove the folder."""
    with folder, closing(merge(outputs)) as pairs:
        yield from pairs
