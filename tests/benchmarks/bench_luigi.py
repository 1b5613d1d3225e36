"""What Luigi itself costs: tasks that do nothing, in one process, by plain Luigi and by the runner of enronlib.

    python tests/benchmarks/bench_luigi.py [TASKS …]

Luigi's scheduler looks at every pending task before it hands out one (spotify/luigi issues 1492 and 1750), so its cost
grows with the square of their number. Lesson 11 quotes the table.
"""

import sys
import time

import luigi

from enronlib.workflow.runner import build

SIZES = (100, 1_000, 5_000)

done: set[str] = set()


class Nothing(luigi.Task):
    """A task that is complete once it ran."""

    number = luigi.IntParameter()
    runner = luigi.Parameter()

    def complete(self) -> bool:
        return self.task_id in done

    def run(self) -> None:
        done.add(self.task_id)


class Everything(luigi.WrapperTask):
    """As many of them as given."""

    total = luigi.IntParameter()
    runner = luigi.Parameter()

    def requires(self) -> list[luigi.Task]:
        return [Nothing(number, self.runner) for number in range(self.total)]


def main(sizes: list[int]) -> None:
    print("| tasks | plain Luigi, CPU seconds | each, ms | runner of enronlib, CPU seconds |")
    print("| --: | --: | --: | --: |")
    for total in sizes:
        start = time.process_time()
        luigi.build([Everything(total, "plain")], local_scheduler=True, log_level="CRITICAL")
        plain = time.process_time() - start
        build(Everything(total, "enronlib"), workers=1, progress=False)
        ours = time.process_time() - start - plain
        print(f"| {total:,} | {plain:.2f} | {1000 * plain / total:.1f} | {ours:.2f} |", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
