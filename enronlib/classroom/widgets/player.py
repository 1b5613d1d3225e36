"""A recorded run of a cluster, played again: workers, their tasks, and deaths."""

from collections.abc import Sequence
from typing import Any

from enronlib.classroom.cluster import Event, spans
from enronlib.classroom.surroundings import is_still
from enronlib.classroom.widgets.panel import Panel
from enronlib.classroom.widgets.picture import BLUE, GREY, ORANGE, RED, Picture, rectangle, svg, text

__all__ = ["play_run"]

NAMES, WIDTH, TOP, ROW = (
    80.0,
    560.0,
    30.0,
    30.0,
)  # pixels: the names of workers, their bars, and what is above and between
SENTENCES = {
    "given": "{worker} gets task {task}.",
    "done": "{worker} has done task {task}.",
    "refused": "{worker} has done task {task}, too late: another worker's result was accepted before.",
    "died": "{worker} dies.",
}


def play_run(history: Sequence[Event]) -> Panel | Picture:
    """Show a history, as `cluster.simulate` returns it, event by event. Where nothing moves, the picture is its end."""

    def draw(values: dict[str, Any]) -> tuple[Picture, str]:
        return picture_of(history, values["step"]), said(history, values["step"])

    last = len(history) - 1
    if is_still():
        return draw({"step": last})[0]
    control = {"name": "step", "kind": "steps", "label": "event", "min": 0, "max": last}
    return Panel("A run, event by event", [control], {"step": 0}, draw)


def said(history: Sequence[Event], step: int) -> str:
    """Return what happens in an event, in a sentence."""
    event = history[step]
    sentence = SENTENCES[event.what].format(worker=event.worker, task=event.task)
    return f"Event {step + 1} of {len(history)}, second {event.second:g}. {sentence}"


def picture_of(history: Sequence[Event], step: int) -> Picture:
    """Draw a row for each worker and a bar for each task, as they are after an event."""
    workers = list(dict.fromkeys(event.worker for event in history))
    end, now = max(event.second for event in history) or 1, history[step].second
    parts = [text(0, 18, f"second {now:g}", bold=True)]
    words = []
    for row, worker in enumerate(workers):
        parts.append(text(0, TOP + ROW * row + 18, worker))
    for span in spans(history[: step + 1], now):
        y, x = TOP + ROW * workers.index(span.worker), NAMES + WIDTH * span.begin / end
        width = max(WIDTH * (span.end - span.begin) / end, 2)
        color = ORANGE if span.what is None else BLUE if span.what == "done" else GREY
        parts.append(rectangle(x, y, width, ROW - 6, color, strength=0.3))
        if width > 20:
            parts.append(text(x + width / 2, y + 17, str(span.task), anchor="middle"))
    for event in history[: step + 1]:
        if event.what == "died":
            y, x = TOP + ROW * workers.index(event.worker), NAMES + WIDTH * event.second / end
            parts.append(text(x + 3, y + 18, "✘ died", color=RED, bold=True))
            words.append(f"{event.worker} dies at second {event.second:g}.")
    what = [event.what for event in history[: step + 1]]
    words.append(f"{what.count('done')} tasks done, {what.count('refused')} results refused, after {now:g} seconds.")
    label = f"{said(history, step)} {words[-1]}"
    return Picture(svg(NAMES + WIDTH + 60, TOP + ROW * len(workers), label, parts), "\n".join(words))
