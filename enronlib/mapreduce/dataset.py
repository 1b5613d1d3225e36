"""MapReduce with the methods of a Spark RDD in snake_case: steps are recorded, and run when a result is requested.

Dataset(texts).flat_map(tokens).map(lambda word: (word, 1)).reduce_by_key(operator.add).save_as_text_file("counts")
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from enronlib import UserError
from enronlib.mapreduce import map_reduce, partition_of

__all__ = ["Dataset"]


class Dataset:
    """Records and the steps to apply to them.

    `records` is an iterable, or a function that returns a new one each time the records are read.
    """

    def __init__(self, records: Iterable[Any] | Callable[[], Iterable[Any]]) -> None:
        """Store the records; nothing is read yet."""
        self._read: Callable[[], Iterable[Any]] = records if callable(records) else lambda: records
        self._steps: Callable[[Any], Iterable[Any]] = lambda record: [record]  # record -> items
        self._parts = 1

    def __iter__(self) -> Iterator[Any]:
        """Run the steps and yield the items."""
        return (item for record in self._read() for item in self._steps(record))

    def flat_map(self, function: Callable[[Any], Iterable[Any]]) -> "Dataset":
        """Replace each item with the items of `function(item)`: none, one or many."""
        steps = self._steps
        longer = Dataset(self._read)
        longer._steps = lambda record: (new for item in steps(record) for new in function(item))
        return longer

    def map(self, function: Callable[[Any], Any]) -> "Dataset":
        """Replace each item with `function(item)`."""
        return self.flat_map(lambda item: [function(item)])

    def filter(self, function: Callable[[Any], object]) -> "Dataset":
        """Keep the items for which `function(item)` is true."""
        return self.flat_map(lambda item: [item] if function(item) else [])

    def reduce_by_key(self, function: Callable[[Any, Any], Any], *, partitions: int = 4, workers: int = 1) -> "Dataset":
        """Replace the (key, value) pairs of each key with one pair, combining two values at a time with `function`.

        `function(value, value)` must be associative and commutative. The results are sorted by key. The steps so far
        become the mapper of `map_reduce`, which documents `partitions`, `workers` and what is raised.
        """
        read, steps = self._read, self._steps

        def fold(_key: Any, values: Iterator[Any]) -> Any:
            return reduce(function, values)

        reduced = Dataset(lambda: map_reduce(read(), steps, fold, fold, partitions=partitions, workers=workers))
        reduced._parts = partitions
        return reduced

    def collect(self) -> list[Any]:
        """Run the steps and return the items as a list."""
        return list(self)

    def save_as_text_file(self, folder: str | Path) -> None:
        r"""Run the steps and write the items into a new folder, one per line, a pair as `key<TAB>value`.

        If the last step was `reduce_by_key`, there is one file per partition, `part-00000` and so on; otherwise there
        is one file. An empty file `_SUCCESS` comes with them. The folder appears whole or not at all. Text is UTF-8
        with `\n` at the end of each line. Raises UserError if the folder exists.
        """
        folder = Path(folder)
        if folder.exists():
            raise UserError(f"{folder} exists already: choose another folder, or delete this one first")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".unfinished-", dir=folder.parent) as scratch:
            unfinished = Path(scratch, folder.name)
            unfinished.mkdir()
            with ExitStack() as stack:
                paths = [unfinished / f"part-{part:05}" for part in range(self._parts)]
                files = [stack.enter_context(path.open("w", encoding="utf-8", newline="\n")) for path in paths]
                for item in self:
                    key, line = (item[0], f"{item[0]}\t{item[1]}") if is_pair(item) else (item, str(item))
                    files[partition_of(key, self._parts)].write(line + "\n")
            (unfinished / "_SUCCESS").touch()
            unfinished.rename(folder)


def is_pair(item: Any) -> bool:
    """Return whether `item` is a tuple of two."""
    return isinstance(item, tuple) and len(item) == 2
