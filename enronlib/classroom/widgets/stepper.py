"""A MapReduce job step by step: lines, pairs, runs, the shuffle, groups, results.

The job really runs: runs and results are those of the trace of `enronlib.mapreduce.map_reduce`.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from enronlib.classroom.surroundings import is_still
from enronlib.classroom.widgets.panel import Control, Panel
from enronlib.classroom.widgets.picture import (
    BLUE,
    CHARACTER,
    GREEN,
    GREY,
    ORANGE,
    Picture,
    arrow,
    rectangle,
    svg,
    text,
)
from enronlib.mapreduce import Mapper, Partitioner, Reducer, Step, map_reduce, partition_of
from enronlib.mapreduce.runs import in_batches

__all__ = ["shuffle_stepper"]

STEPS = ("Lines", "Map", "Runs", "Shuffle", "Merge", "Reduce")
COLORS = (BLUE, ORANGE, GREEN, "#CC79A7")  # of the partitions
COLUMN, BETWEEN, TOP, HEAD, LINE, GAP = 290.0, 90.0, 40.0, 26.0, 24.0, 12.0  # pixels

Pair = tuple[Any, Any]


def shuffle_stepper(
    lines: Sequence[str],
    mapper: Mapper,
    reducer: Reducer,
    *,
    split_size: int = 2,
    partitions: int = 2,
    combiner: bool = False,
    partitioner: Partitioner = partition_of,
) -> Panel | Picture:
    """Show how a job turns lines into results, with controls for the step and for the last arguments.

    `split_size` is the number of lines in a split; the combiner is the reducer; `partitioner` returns a partition for
    any number of them. Where nothing moves, the picture is that of the shuffle. Raises what the job raises.
    """

    def draw(values: dict[str, Any]) -> tuple[Picture, str]:
        job = run_job(
            lines,
            mapper,
            reducer,
            reducer if values["combiner"] else None,
            split_size=values["split_size"],
            partitions=values["partitions"],
            partitioner=partitioner,
        )
        return picture_of(job, values["step"]), said(job, values["step"])

    values = {"step": 0, "split_size": split_size, "partitions": partitions, "combiner": combiner}
    if is_still():
        return draw({**values, "step": STEPS.index("Shuffle")})[0]
    controls: list[Control] = [
        {"name": "step", "kind": "steps", "label": "step", "min": 0, "max": len(STEPS) - 1},
        {"name": "split_size", "kind": "number", "label": "lines per split", "min": 1, "max": len(lines)},
        {"name": "partitions", "kind": "number", "label": "partitions", "min": 1, "max": len(COLORS)},
        {"name": "combiner", "kind": "switch", "label": "combiner"},
    ]
    return Panel("MapReduce, step by step", controls, values, draw)


class Job(NamedTuple):
    """A job that has run: its splits, the pairs of each mapper, and the trace of the engine."""

    splits: list[list[str]]
    pairs: list[list[Pair]]
    trace: list[Step]
    partitions: int

    def run(self, task: int, partition: int) -> list[Pair]:
        """Return the pairs that a map task sends to a partition."""
        return [
            (step.key, step.value)
            for step in self.trace
            if step.stage == "shuffle" and step.task == task and step.partition == partition
        ]

    def groups(self, partition: int) -> list[tuple[Any, list[Any]]]:
        """Return each key of a partition with its values, as the reducer gets them."""
        pairs = [pair for task in range(len(self.splits)) for pair in self.run(task, partition)]
        pairs.sort(key=itemgetter(0))
        return [(key, [value for _, value in group]) for key, group in groupby(pairs, itemgetter(0))]

    def results(self, partition: int) -> list[Pair]:
        """Return what a reduce task writes."""
        return [(step.key, step.value) for step in self.trace if step.stage == "reduce" and step.task == partition]

    @property
    def traveling(self) -> int:
        """The number of pairs that are shuffled."""
        return sum(step.stage == "shuffle" for step in self.trace)


def run_job(
    lines: Sequence[str],
    mapper: Mapper,
    reducer: Reducer,
    combiner: Reducer | None = None,
    *,
    split_size: int,
    partitions: int,
    partitioner: Partitioner = partition_of,
) -> Job:
    """Run the job with the engine, and keep its trace."""
    trace: list[Step] = []
    results = map_reduce(
        lines,
        mapper,
        reducer,
        combiner,
        partitions=partitions,
        split_size=split_size,
        partitioner=partitioner,
        trace=trace,
    )
    list(results)  # the job has run; reading its results deletes its files
    splits = list(in_batches(lines, split_size))
    return Job(splits, [[pair for line in split for pair in mapper(line)] for split in splits], trace, partitions)


def said(job: Job, step: int) -> str:
    """Return what happens in a step, in a sentence or two."""
    sentences = (
        f"{_many(len(job.splits), 'split')}: each goes to a map task of its own.",
        f"Each map task calls the mapper with each of its lines: {_many(sum(map(len, job.pairs)), 'pair')}.",
        "Each map task sorts its pairs by key, in one run for each partition. Equal keys have the same partition.",
        f"{_many(job.traveling, 'pair')} travel: each run goes to the reduce task of its partition.",
        "Each reduce task merges its runs. They are sorted, so equal keys now stand side by side.",
        "Each reduce task calls the reducer once for each key, with all its values.",
    )
    return f"Step {step + 1} of {len(STEPS)}, {STEPS[step]}. {sentences[step]}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


class Block(NamedTuple):
    """Some chips that belong together, with a label above them."""

    label: str
    chips: list[str]
    color: str


class Place(NamedTuple):
    """Where a block was drawn."""

    top: float
    bottom: float

    @property
    def middle(self) -> float:
        """The height at which an arrow meets it."""
        return (self.top + self.bottom) / 2


def picture_of(job: Job, step: int) -> Picture:
    """Draw a step; the picture of each step of a job has the same size."""
    height = max(
        _column(blocks, 0)[2] for each in range(len(STEPS)) for blocks in (_left(job, each), _right(job, each))
    )
    left, starts, _ = _column(_left(job, step), 2)
    right, ends, _ = _column(_right(job, step), COLUMN + BETWEEN)
    arrows: list[str] = []
    if STEPS[step] == "Shuffle":
        for task, partition in sorted({(each.task, each.partition) for each in job.trace if each.stage == "shuffle"}):
            start, end = starts[task][partition].middle, ends[partition][task].middle
            arrows.append(arrow(COLUMN + 2, start, COLUMN + BETWEEN, end, color=COLORS[partition], width=2))
    words = "\n".join(said(job, each) for each in range(len(STEPS)))
    parts = [*_headline(step), *left, *right, *arrows]
    return Picture(svg(2 * COLUMN + BETWEEN + 2, height + 2, said(job, step), parts), words)


def _headline(step: int) -> Iterator[str]:
    """Name all steps, and frame this one."""
    width = (2 * COLUMN + BETWEEN) / len(STEPS)
    for number, name in enumerate(STEPS):
        if number == step:
            yield rectangle(2 + width * number, 2, width - 4, 24, BLUE)
        yield text(width * (number + 0.5), 18, f"{number + 1} {name}", bold=number == step, anchor="middle")


def _left(job: Job, step: int) -> dict[str, list[Block]]:
    """Return what is in the box of each map task."""
    boxes = {}
    for task, split in enumerate(job.splits):
        name = f"Map task {task}"
        if step == 0:
            boxes[f"Split {task}"] = [Block("", [line], GREY) for line in split]
        elif step == 1:
            boxes[name] = [Block("", [_shown(pair) for pair in job.pairs[task]], GREY)]
        else:
            boxes[name] = [
                Block(f"run for partition {partition}", [_shown(pair) for pair in job.run(task, partition)], color)
                for partition, color in zip(range(job.partitions), COLORS, strict=False)
            ]
    return boxes


def _right(job: Job, step: int) -> dict[str, list[Block]]:
    """Return what is in the box of each reduce task."""
    boxes: dict[str, list[Block]] = {}
    for partition, color in zip(range(job.partitions), COLORS, strict=False):
        blocks: list[Block] = []
        if STEPS[step] == "Shuffle":
            runs = [[_shown(pair) for pair in job.run(task, partition)] for task in range(len(job.splits))]
            blocks = [Block(f"run from map task {task}", run, color) for task, run in enumerate(runs)]
        elif STEPS[step] == "Merge":
            groups = [f"{key}: {', '.join(map(str, values))}" for key, values in job.groups(partition)]
            blocks = [Block("", [group], color) for group in groups]
        elif STEPS[step] == "Reduce":
            blocks = [Block("", [_shown(pair) for pair in job.results(partition)], color)]
        boxes[f"Reduce task {partition}"] = blocks
    return boxes


def _shown(pair: Pair) -> str:
    return f"{pair[0]} {pair[1]}"


def _column(boxes: dict[str, list[Block]], x: float) -> tuple[list[str], list[list[Place]], float]:
    """Draw boxes below each other; return the parts, where each block of each box is, and the lower end."""
    parts: list[str] = []
    places: list[list[Place]] = []
    y = TOP
    for title, blocks in boxes.items():
        inside: list[str] = []
        found, bottom = [], y + HEAD
        for block in blocks:
            drawn, lower = _block(block, x + 10, bottom)
            inside += drawn
            found.append(Place(bottom, lower))
            bottom = lower
        bottom = max(bottom, y + HEAD + LINE) + 6
        parts += [rectangle(x, y, COLUMN, bottom - y, GREY, strength=0.06), text(x + 10, y + 18, title, bold=True)]
        parts += inside
        places.append(found)
        y = bottom + GAP
    return parts, places, y - GAP


def _block(block: Block, x: float, y: float) -> tuple[list[str], float]:
    """Draw a label and chips, in as many lines as they need; return the parts and the lower end."""
    parts = []
    if block.label:
        parts.append(text(x, y + 14, block.label if block.chips else f"{block.label}: empty"))
        y += 20
    left = x
    for number, chip in enumerate(block.chips):
        width = min(CHARACTER * len(chip) + 12, COLUMN - 20)
        if number and left + width > x + COLUMN - 20:
            left, y = x, y + LINE
        parts.append(rectangle(left, y, width, LINE - 4, block.color, strength=0.2))
        parts.append(text(left + width / 2, y + 14, chip, anchor="middle"))
        left += width + 6
    return parts, y + LINE * bool(block.chips)
