"""The picture of a task graph: a column for each step of the workflow, a box for each family of tasks."""

from collections.abc import Iterator
from statistics import mean
from typing import NamedTuple

import luigi
from IPython.display import display, update_display

from enronlib.classroom.surroundings import is_still
from enronlib.classroom.widgets.picture import (
    BLUE,
    CHARACTER,
    GREEN,
    GREY,
    RED,
    Picture,
    arrow,
    rectangle,
    svg,
    text,
)
from enronlib.workflow.graph import Group, State, TaskGraph, record_runs

__all__ = ["task_graph"]

COLORS = {State.DONE: GREEN, State.RUNNING: BLUE, State.WAITING: GREY, State.FAILED: RED}
MOST_ROWS = 14  # tasks of a family that are listed; of more, each is a small square
ROW, HEAD, GAP, BETWEEN = 20, 26, 16, 70  # pixels: a task, a family's name, between boxes and between columns
SQUARE, PER_LINE = 14, 18
LEGEND, TOP = 420, 34  # the width of the legend, and the height below it
MOST_FAILED = 5  # names below the squares

record_runs()


def task_graph(task: luigi.Task, *, live: bool = False) -> "Picture | LivePicture":
    """Show a task and all that it requires, each with its state: done, running, waiting or failed.

    With `live`, the picture follows what `luigi.build` does afterwards in this notebook, until the next one is drawn
    with `live`. A run in a terminal or at a central scheduler is not followed: draw the graph again after it.
    """
    graph = TaskGraph(task)
    return LivePicture(graph) if live and not is_still() else picture_of(graph)


class LivePicture:
    """A picture of a graph that is drawn again whenever a task starts or ends."""

    def __init__(self, graph: TaskGraph) -> None:
        """Take the graph to draw."""
        self.graph = graph

    def __repr__(self) -> str:
        """Return the graph in words."""
        return str(self.graph)

    def _ipython_display_(self) -> None:
        handle = f"task-graph-{id(self)}"
        display(picture_of(self.graph).bundle(), raw=True, display_id=handle)

        def draw_again() -> None:
            self.graph.follow()
            update_display(picture_of(self.graph).bundle(), raw=True, display_id=handle)

        record_runs(draw_again)


class Box(NamedTuple):
    """Where a group of tasks is drawn."""

    group: Group
    x: float
    y: float
    width: float
    height: float

    @property
    def is_folded(self) -> bool:
        """Whether the tasks are squares, without names."""
        return len(self.group.tasks) > MOST_ROWS

    def row(self, task: luigi.Task) -> float:
        """Return the height at which arrows meet a task."""
        if self.is_folded or len(self.group.tasks) == 1:
            return self.y + self.height / 2
        return self.y + HEAD + ROW * (self.group.tasks.index(task) + 0.5)


def picture_of(graph: TaskGraph) -> Picture:
    """Draw a graph, its first tasks on the left."""
    boxes = list(_boxes(graph))
    width = max(LEGEND, *(box.x + box.width + 2 for box in boxes))
    height = max(box.y + box.height for box in boxes) + 2
    parts = [*_legend(graph), *_arrows(graph, boxes), *(part for box in boxes for part in _drawn(graph, box))]
    words = str(graph)
    return Picture(svg(width, height, words, parts), words)


def _boxes(graph: TaskGraph) -> Iterator[Box]:
    """Place the groups: columns by level, each group at the height of what it requires, or below the one above it."""
    middle: dict[luigi.Task, float] = {}
    x, free, level, widest = 2.0, float(TOP), 0, 0.0
    for group in graph.groups:
        if group.level > level:
            x, free, level, widest = x + widest + BETWEEN, TOP, group.level, 0.0
        width, height = _width(graph, group), _height(graph, group)
        required = [middle[each] for task in group.tasks for each in graph.requirements[task]]
        y = max(free, mean(required) - height / 2) if required else free
        yield Box(group, x, y, width, height)
        middle |= dict.fromkeys(group.tasks, y + height / 2)
        free, widest = y + height + GAP, max(widest, width)


def _width(graph: TaskGraph, group: Group) -> float:
    longest = max(len(graph.names[task]) for task in group.tasks)
    if len(group.tasks) > MOST_ROWS:
        return max(PER_LINE * SQUARE + 16, CHARACTER * len(_title(group)) + 24)
    return CHARACTER * max(longest, len(_title(group))) + 36


def _height(graph: TaskGraph, group: Group) -> float:
    number = len(group.tasks)
    if number == 1:
        return HEAD
    if number <= MOST_ROWS:
        return HEAD + ROW * number + 4
    failed = sum(graph.states[task] is State.FAILED for task in group.tasks)
    return HEAD + SQUARE * -(-number // PER_LINE) + ROW * (min(failed, MOST_FAILED) + 1) + 4


def _title(group: Group) -> str:
    return group.family + (f" × {len(group.tasks):,}" if len(group.tasks) > 1 else "")


def _legend(graph: TaskGraph) -> Iterator[str]:
    x = 2.0
    for state in State:
        number = sum(each is state for each in graph.states.values())
        words = f"{state.sign} {number:,} {state}"
        yield text(x, 16, words, color=COLORS[state], bold=True)
        x += CHARACTER * len(words) + 18


def _arrows(graph: TaskGraph, boxes: list[Box]) -> Iterator[str]:
    """Draw an arrow from each task to each that requires it; between folded groups, one for all."""
    box_of = {task: box for box in boxes for task in box.group.tasks}
    ends = {
        (start.x + start.width, start.row(required), end.x, end.row(task)): graph.states[required]
        for task, requirements in graph.requirements.items()
        for required in requirements
        for start, end in [(box_of[required], box_of[task])]
    }
    for (x, y, to_x, to_y), state in ends.items():
        yield arrow(x, y, to_x, to_y, color=RED if state is State.FAILED else GREY)


def _drawn(graph: TaskGraph, box: Box) -> Iterator[str]:
    tasks = box.group.tasks
    if len(tasks) == 1:
        yield from _line(box.x, box.y, box.width, graph.states[tasks[0]], box.group.family, height=HEAD)
        return
    yield rectangle(box.x, box.y, box.width, box.height, GREY, strength=0.08)
    yield text(box.x + 10, box.y + 18, _title(box.group), bold=True)
    if box.is_folded:
        yield from _squares(graph, box)
        yield from _below_squares(graph, box)
        return
    for number, task in enumerate(tasks):
        y = box.y + HEAD + ROW * number
        yield from _line(box.x + 4, y, box.width - 8, graph.states[task], graph.names[task])


def _line(x: float, y: float, width: float, state: State, name: str, *, height: float = ROW - 2) -> Iterator[str]:
    """Draw a task as a box with its name."""
    middle = y + height / 2 + 4
    yield rectangle(x, y, width, height, COLORS[state], strength=0.35 if state is State.FAILED else 0.15)
    yield text(x + 6, middle, state.sign, color=COLORS[state], bold=True)
    yield text(x + 22, middle, name, bold=state is State.FAILED)


def _squares(graph: TaskGraph, box: Box) -> Iterator[str]:
    """Draw each of many tasks; how full a square is says as much as its color."""
    fullness = {State.DONE: 0.9, State.RUNNING: 0.5, State.WAITING: 0, State.FAILED: 1}
    places = {task: divmod(number, PER_LINE) for number, task in enumerate(box.group.tasks)}
    for state in State:
        corners = [
            (box.x + 8 + SQUARE * column, box.y + HEAD + SQUARE * line)
            for task, (line, column) in places.items()
            if graph.states[task] is state
        ]
        outline = "".join(f"M{x:.0f} {y:.0f}h11v11h-11z" for x, y in corners)
        yield f'<path d="{outline}" fill="{COLORS[state]}" fill-opacity="{fullness[state]}" stroke="{COLORS[state]}"/>'
        if state is State.FAILED:
            yield from (text(x + 5.5, y + 9, state.sign, color="#fff", anchor="middle") for x, y in corners)


def _below_squares(graph: TaskGraph, box: Box) -> Iterator[str]:
    """Say how many squares are in which state, and which failed."""
    y = box.y + HEAD + SQUARE * -(-len(box.group.tasks) // PER_LINE)
    yield text(box.x + 10, y + 14, graph.count(*box.group.tasks))
    failed = [task for task in box.group.tasks if graph.states[task] is State.FAILED]
    for number, task in enumerate(failed[:MOST_FAILED], start=1):
        more = f" and {len(failed) - number:,} more" if number == MOST_FAILED < len(failed) else ""
        name = graph.names[task] + more
        yield from _line(box.x + 4, y + ROW * number, box.width - 8, State.FAILED, name)
