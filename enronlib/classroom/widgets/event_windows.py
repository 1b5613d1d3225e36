"""Windows of event time as they fill, close and drop what is too late; and the boxes of a pipeline of events."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from enronlib.classroom.streaming import MIDNIGHT, hour_of, time_of
from enronlib.classroom.surroundings import is_still
from enronlib.classroom.widgets.panel import Panel
from enronlib.classroom.widgets.picture import BLUE, GREEN, GREY, ORANGE, Picture, arrow, rectangle, svg, text
from enronlib.events.schema import Event
from enronlib.words import MAIL_FURNITURE, STOP_WORDS, tokens

__all__ = ["draw_pipeline", "play_windows"]

BOXES = (  # name, what it does, and the tool
    ("API", "takes requests", "Flask"),
    ("topic", "keeps every event", "Kafka"),
    ("job", "filters, flattens", "Spark"),
    ("tables", "one per type", "Parquet"),
    ("queries", "ask questions", "SQL"),
)
BOX, BETWEEN, HEIGHT = 116.0, 24.0, 84.0  # pixels

HOUR = timedelta(hours=1)
COLUMN, TALLEST, LINE, NAME, MOST_WORDS = 26.0, 110.0, 22.0, 100.0, 6  # pixels, and the number of words

CountByHour = Callable[[Sequence[Event], timedelta], tuple[dict[datetime, int], list[Event]]]
Arrivals = Sequence[tuple[datetime, Event]]


def draw_pipeline(*here: str) -> Picture:
    """Draw the boxes that an event passes, from left to right; those named are highlighted."""
    parts = []
    for number, (name, what, tool) in enumerate(BOXES):
        x = 2 + number * (BOX + BETWEEN)
        lit = name in here
        parts.append(rectangle(x, 2, BOX, HEIGHT, BLUE if lit else GREY, strength=0.3 if lit else 0.08))
        for row, words in enumerate((name, what, tool)):
            parts.append(text(x + BOX / 2, 26 + LINE * row, words, bold=not row, anchor="middle"))
        if number:
            parts.append(arrow(x - BETWEEN, 2 + HEIGHT / 2, x, 2 + HEIGHT / 2, width=2))
    words = " -> ".join(f"{name} ({tool}): {what}" for name, what, tool in BOXES)
    return Picture(svg(len(BOXES) * (BOX + BETWEEN) - BETWEEN + 4, HEIGHT + 4, words, parts), words)


def play_windows(count_by_hour: CountByHour, arrivals: Arrivals, delay: timedelta) -> Panel | Picture:
    """Show the windows of a day hour by hour, as `count_by_hour` fills them from what has arrived.

    Where nothing moves, the picture is that of 14:00.
    """

    def draw(values: dict[str, Any]) -> tuple[Picture, str]:
        return picture_of(count_by_hour, arrivals, delay, values["hour"])

    if is_still():
        return draw({"hour": 14})[0]
    control = {"name": "hour", "kind": "steps", "label": "hour", "min": 1, "max": 24}
    return Panel("A day of windows, hour by hour", [control], {"hour": 1}, draw)


def picture_of(count_by_hour: CountByHour, arrivals: Arrivals, delay: timedelta, hour: int) -> tuple[Picture, str]:
    """Draw the windows at an hour, and below them the top words of the last window that is final; and say what is."""
    now = MIDNIGHT + hour * HOUR
    arrived = [event for when, event in arrivals if when <= now]
    counts, late = count_by_hour(arrived, delay)
    watermark = max((time_of(event) for event in arrived), default=MIDNIGHT) - delay
    final = [MIDNIGHT + n * HOUR for n in range(24) if MIDNIGHT + (n + 1) * HOUR <= watermark]
    happened = Counter(hour_of(event) for _, event in arrivals)

    height = TALLEST / max(happened.values(), default=1)
    parts = [text(0, 16, f"{hour}:00, watermark {max(watermark, MIDNIGHT):%H:%M}", bold=True)]
    for n in range(24):
        window, x, foot = MIDNIGHT + n * HOUR, COLUMN * n, 30 + TALLEST
        color = GREEN if window in final else ORANGE
        parts.append(rectangle(x, foot - height * happened[window], COLUMN - 5, height * happened[window], GREY))
        if counted := counts.get(window, 0):
            parts.append(rectangle(x, foot - height * counted, COLUMN - 5, height * counted, color, strength=0.6))
        parts.append(text(x + (COLUMN - 5) / 2, foot + 16, str(n), anchor="middle"))

    shown = final[-1] if final else MIDNIGHT
    top = _top_words(arrived, late, shown)
    state = "final" if final else "not final yet"
    parts.append(text(0, 80 + TALLEST, f"Top words of {shown:%H:%M} to {shown + HOUR:%H:%M}, {state}", bold=True))
    for row, (word, count) in enumerate(top):
        y = 90 + TALLEST + LINE * row
        parts.append(text(NAME - 8, y + 14, word, anchor="end"))
        parts.append(rectangle(NAME, y, 30 * count, LINE - 4, BLUE, strength=0.5))
        parts.append(text(NAME + 30 * count + 6, y + 14, str(count)))
    said = (
        f"At {hour}:00, {len(arrived):,} events have arrived. {len(final)} windows are final, and {len(late)} events "
        f"came too late. Top words of {shown:%H:%M}: {', '.join(f'{word} {count}' for word, count in top)}."
    )
    return Picture(svg(COLUMN * 24, 100 + TALLEST + LINE * MOST_WORDS, said, parts), said), said


def _hour(event: Event) -> datetime:
    return datetime.fromisoformat(event["at"]).replace(minute=0, second=0, microsecond=0)


def _top_words(events: Sequence[Event], late: Sequence[Event], window: datetime) -> list[tuple[str, int]]:
    """Return the words in most subjects of a window, without the events that came too late."""
    left_out = {id(event) for event in late}
    counts: Counter[str] = Counter()
    for event in events:
        if hour_of(event) == window and id(event) not in left_out:
            counts.update(set(tokens(event["details"].get("subject", ""))) - STOP_WORDS - MAIL_FURNITURE)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_WORDS]
