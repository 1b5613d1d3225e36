"""The same word count in several ways: `python contenders.py NAME MAILDIR FOLDER` writes FOLDER/count.txt.

Each way gets the same files, cuts words with the same functions, and has two processes on two cores (mrjob's inline
runner has one). `bench.py` runs them, each in a separate process, which imports only what that way needs.
"""

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import add
from pathlib import Path

from enronlib import corpus
from enronlib.counts import write_counts
from enronlib.processes import get_ready

CORES = 2
Counts = Mapping[str, int]


def workflow(maildir: Path, folder: Path) -> Path:
    """Everything the kit does: look for changes, parse all fields into Parquet, count, add up, draw."""
    from enronlib.__main__ import main

    assert main(["run", str(maildir), "--out", str(folder / "out"), "--workers", str(CORES)]) == 0
    return folder / "out" / "results" / "count.txt"


def workflow_again(maildir: Path, folder: Path) -> Counts:
    """The whole workflow, in a folder where it may have run before."""
    from enronlib.__main__ import main

    assert main(["run", str(maildir), "--out", str(folder / "out"), "--workers", str(CORES)]) == 0
    return {}


def luigi_alone(maildir: Path, folder: Path) -> Counts:
    """Luigi's own cost: as many tasks as the workflow has for these mailboxes, which do nothing, in one process."""
    import luigi

    done = set()

    class Nothing(luigi.Task):
        number = luigi.IntParameter()

        def run(self) -> None:
            done.add(self.task_id)

        def complete(self) -> bool:
            return self.task_id in done

    class After(Nothing):
        def requires(self) -> luigi.Task:
            return Nothing(self.number)

    class Everything(luigi.WrapperTask):
        def requires(self) -> list[luigi.Task]:
            return [After(number) for number, _ in enumerate(corpus.mailboxes(maildir))]

    assert luigi.build([Everything()], local_scheduler=True, log_level="CRITICAL")
    return {}


def workflow_without_chart(maildir: Path, folder: Path) -> Path:
    """The same up to the count, which is where all the others end."""
    get_ready("enronlib.workflow", "enronlib.parquet", workers=CORES)
    from enronlib.workflow import ReduceCounts
    from enronlib.workflow.runner import build

    fingerprints = {mailbox.name: corpus.fingerprint(mailbox) for mailbox in corpus.mailboxes(maildir)}
    out = folder / "out"
    task = ReduceCounts(maildir, out / "processed", fingerprints=fingerprints, results_directory=out)
    assert build(task, workers=CORES).succeeded
    return out / "count.txt"


def loop(maildir: Path, folder: Path) -> Counts:
    """The least that counts: two processes, half of the files each."""
    return count_in_two_processes(maildir)


def loop_with_policy_default(maildir: Path, folder: Path) -> Counts:
    """The same, with headers read by the newer rules of `email`."""
    return count_in_two_processes(maildir, read_headers_by_policy_default)


def own_engine(maildir: Path, folder: Path) -> Counts:
    """The kit's MapReduce engine, with a message as a record."""
    get_ready("enronlib.engines", workers=CORES)
    from enronlib.mapreduce import map_reduce

    return dict(map_reduce(files(maildir), counted, total, total, workers=CORES))


def counted(file: str) -> list[tuple[str, int]]:
    return list(count_words([file]).items())


def total(word: str, counts: Iterator[int]) -> int:
    return sum(counts)


def dask(maildir: Path, folder: Path) -> Path:
    """Everything the workflow does, on Dask."""
    from enronlib.engines import run_engine

    run_engine("dask", str(maildir), str(folder / "out"), workers=CORES)
    return folder / "out" / "results" / "count.txt"


def pyspark(maildir: Path, folder: Path) -> Path:
    """Everything the workflow does, on Spark."""
    from enronlib.engines import run_engine

    run_engine("spark", str(maildir), str(folder / "out"), workers=CORES)
    return folder / "out" / "results" / "count.txt"


def dask_counts(maildir: Path, folder: Path) -> Counts:
    """The counts alone, on Dask."""
    import dask.bag

    bag = dask.bag.from_sequence(files(maildir), npartitions=4 * CORES).map_partitions(lambda part: [count_words(part)])
    return sum(bag.compute(scheduler="processes", num_workers=CORES), Counter())


def spark_counts(maildir: Path, folder: Path) -> Counts:
    """The counts alone, on Spark."""
    from pyspark import SparkContext

    os.environ |= {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    with SparkContext(f"local[{CORES}]") as context:
        paths = context.parallelize(files(maildir), 4 * CORES)
        return dict(paths.mapPartitions(lambda part: [count_words(part)]).reduce(add))


def mrjob(maildir: Path, folder: Path) -> Counts:
    from mrjob_word_count import WordCount

    listing = folder / "files.txt"
    listing.write_text("\n".join(files(maildir)), encoding="utf-8")
    job = WordCount(["--runner", "inline", "--no-conf", str(listing)])
    with job.make_runner() as runner:
        runner.run()
        return dict(job.parse_output(runner.cat_output()))


CONTENDERS: dict[str, Callable[[Path, Path], Counts | Path]] = {  # a path: of the counts, written already
    function.__name__: function
    for function in (
        loop,
        workflow,
        workflow_without_chart,
        own_engine,
        dask,
        pyspark,
        dask_counts,
        spark_counts,
        mrjob,
        loop_with_policy_default,
    )
}


def files(maildir: Path) -> list[str]:
    return [str(path) for mailbox in corpus.mailboxes(maildir) for path in corpus.message_files(mailbox)]


def count_in_two_processes(maildir: Path, prepare: Callable[[], None] | None = None) -> Counts:
    everything = files(maildir)
    with multiprocessing.Pool(CORES, initializer=prepare) as pool:
        halves = pool.map(count_words, [everything[part::CORES] for part in range(CORES)], chunksize=1)
    return sum(halves, Counter())


def count_words(some_files: Iterable[str]) -> Counter[str]:
    from enronlib.engines import words_of

    counts: Counter[str] = Counter()
    for file in some_files:
        counts.update(words_of(file))
    return counts


def read_headers_by_policy_default() -> None:
    from email.parser import HeaderParser
    from email.policy import default
    from functools import partial

    from enronlib import messages

    messages.HeaderParser = partial(HeaderParser, policy=default)  # type: ignore[attr-defined, assignment]


def main(name: str, maildir: str, folder: str) -> None:
    if hasattr(os, "sched_setaffinity"):  # on Linux; elsewhere only the number of processes says how many cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    others = {"workflow_again": workflow_again, "luigi_alone": luigi_alone}
    counts = (CONTENDERS | others)[name](Path(maildir), Path(folder))
    if isinstance(counts, Path):
        counts.replace(Path(folder, "count.txt"))
    else:
        write_counts(sorted(counts.items()), Path(folder, "count.txt"))


if __name__ == "__main__":
    main(*sys.argv[1:])
