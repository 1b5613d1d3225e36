"""The picture of a Dask graph: a box for each task, an arrow for each result that another task needs.

Dask's own `visualize` needs Graphviz, which is no Python package; this needs nothing else.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import Any

from dask.core import get_deps
from dask.utils import key_split

from enronlib.classroom.widgets.picture import BLUE, CHARACTER, Picture, arrow, rectangle, svg, text

__all__ = ["dask_graph"]

HEIGHT, ROW, BETWEEN = 22, 30, 60  # pixels: a box, a box and the gap below it, between columns
MOST_TASKS = 200


def dask_graph(collection: Any) -> Picture:
    """Show the tasks of a lazy Dask array or table, the first ones on the left. Nothing is computed.

    Raises ValueError if there are more than 200 tasks, which nobody could read.
    """
    needs: Mapping[Any, set[Any]] = get_deps(dict(collection.__dask_graph__()))[0]
    if len(needs) > MOST_TASKS:
        raise ValueError(f"{len(needs):,} tasks are too many to draw: use larger chunks")
    columns = _columns(needs)
    height = ROW * max(map(len, columns))
    places: dict[Any, tuple[float, float, float]] = {}  # left edge, middle, width
    x = 2.0
    for column in columns:
        width = CHARACTER * max(len(_label(key)) for key in column) + 16
        for number, key in enumerate(column):
            places[key] = x, height * (number + 0.5) / len(column), width
        x += width + BETWEEN
    parts = []
    for key, (left, middle, width) in places.items():
        for needed in sorted(needs[key], key=_order):
            start, level, length = places[needed]
            parts.append(arrow(start + length, level, left, middle))
        parts.append(rectangle(left, middle - HEIGHT / 2, width, HEIGHT, BLUE))
        parts.append(text(left + width / 2, middle + 4, _label(key), anchor="middle"))
    words = _in_words(columns)
    return Picture(svg(x - BETWEEN + 2, height, words, parts), words)


def _columns(needs: Mapping[Any, set[Any]]) -> list[list[Any]]:
    """Return the tasks by how many steps come before them, each column in order of its chunks."""
    steps: dict[Any, int] = {}
    columns: dict[int, list[Any]] = defaultdict(list)
    for key in TopologicalSorter(needs).static_order():
        steps[key] = 1 + max((steps[each] for each in needs[key]), default=-1)
        columns[steps[key]].append(key)
    return [sorted(columns[step], key=_order) for step in sorted(columns)]


def _order(key: Any) -> tuple[str, tuple[int, ...]]:
    return key_split(key), key[1:] if isinstance(key, tuple) else ()


def _label(key: Any) -> str:
    """Return the name of a task without its hash, and the number of its chunk: `chunk_min 3`."""
    name, chunk = _order(key)
    return " ".join([name, ", ".join(map(str, chunk))]).strip()


def _in_words(columns: list[list[Any]]) -> str:
    names = [Counter(key_split(key) for key in column) for column in columns]
    steps = [" and ".join(f"{number} {name}" for name, number in column.items()) for column in names]
    return f"{sum(map(len, columns))} tasks: {', then '.join(steps)}"
