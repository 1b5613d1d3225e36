"""Exercises of lesson 15: a topic in a file, exactly once, events by type, and windows of event time."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from enronlib.classroom.answer import Answer, NotYet
from enronlib.classroom.exercise import Edits, Right, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.classroom.streaming import Store, day_of_events, hour_of, time_of
from enronlib.events.schema import Event

exercise = lesson("15_events")

# A topic in a file

PAIRS = "return a list of pairs, each an offset and its event"
FROM = "begin with the event at the offset that is asked for, and give each event its own offset"
ADD = "add to the end of the file, and keep what is there"
IN_FILE = "keep everything in files: another process knows nothing of this object"
HALF = "a line without its line break is not finished: somebody is still writing it"
OWN = "each group has its own position"
NEW = "a group that has committed nothing begins at offset 0"
FINISHED = ' and line.endswith("\\n")'


@exercise(
    "events.topic",
    title="A topic in a file",
    points=4,
    stars=2,
    hints=(
        'Open the file with mode `"a"` to append: one line per event, `json.dumps(event)` and a line break. The offset '
        "of an event is the number of its line, from 0, wherever you begin to read.",
        "`for number, line in enumerate(file)` gives each line its offset; keep those with `number >= offset` that "
        'end in `"\\n"`. For a position, write the number as text to `self.position_file(group)`; `committed` '
        "returns 0 if that file does not exist.",
    ),
    wrong=[
        Wrong("overwrites", Edits(('self.path.open("a"', 'self.path.open("w"')), ADD),
        Wrong("writes no line breaks", Edits((' + "\\n"', "")), "one line per event"),
        Wrong("is one event late", Edits(("number >= offset", "number > offset")), FROM),
        Wrong("ignores the offset", Edits(("number >= offset and ", "")), FROM),
        Wrong("numbers from where it begins", Edits(("(number, json", "(number - offset, json")), FROM),
        Wrong("reads half a line", Edits((FINISHED, "")), HALF),
        Wrong("returns the events only", Edits(("(number, json.loads(line))", "json.loads(line)")), PAIRS),
        Wrong("returns text", Edits(("json.loads(line)", "line")), "json.loads"),
        Wrong("has one position for all", Edits(("position_file(group)", 'position_file("all")')), OWN),
        Wrong("has no first position", Edits(("return 0", "return None")), "returned None"),
        Wrong("never moves", Edits(("write_text(str(offset))", "touch()")), "raised ValueError"),
        Wrong("returns text for a position", Edits(("int(file.read_text())", "file.read_text()")), "an int was"),
        Wrong("commits one more", Edits(("str(offset)", "str(offset + 1)")), "the offset that was committed"),
    ],
    right=[
        Right(
            "slices the lines",
            Edits(("enumerate(file)", "list(enumerate(file))[offset:]"), ("number >= offset and ", "")),
        )
    ],
)
def topic(answer: Answer, mail: Mail) -> str:
    """Append, read from any offset, half a line, a second object for the same file, the positions of two groups."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.log")
        made = answer.on("a new file")(path)
        _reads(made, "a new topic", 0, [])
        events = _events(mail)[:6]
        events[2]["details"]["subject"] = "Zwei Zeilen\nund ein Gruß"
        for number, event in enumerate(events):
            made.member("append").on(f"the event at offset {number}")(event)
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            if not text.endswith("\n"):
                raise NotYet("the file does not end in a line break: write one line per event, and end each line.")
            if len(text.splitlines()) != number + 1:
                raise NotYet(f"after {number + 1} events the file has {len(text.splitlines())} lines: {ADD}.")
        pairs = list(enumerate(events))
        for offset in (0, 2, 5, 6, 9):
            _reads(made, "a topic of six events", offset, pairs[offset:])
        again = answer.on("a file of six events")(path)
        _reads(again, "a second Topic for the same file", 0, pairs, IN_FILE)
        _positions(made, again)
        with path.open("ab") as file:
            file.write(b'{"type": "send"}')
        _reads(made, "a topic whose last line has no line break", 4, pairs[4:], HALF)
        with path.open("ab") as file:
            file.write(b'\n{"type": "se')
        _reads(made, "a topic whose last line is half written", 6, [(6, {"type": "send"})], HALF)
    return "Append, read from any offset, and a position for each group that survives a restart."


def _events(mail: Mail) -> list[Event]:
    return [event for _, event in day_of_events(mail.maildir)]


def _one_of_each(events: Sequence[Event]) -> list[Event]:
    return list({event["type"]: event for event in reversed(events)}.values())


def _reads(made: Answer, what: str, offset: int, pairs: list[tuple[int, Event]], advice: str = FROM) -> None:
    got = made.member("read").on(f"{what} and offset {offset}")(offset)
    found = got.pairs(PAIRS)
    got.expect(all(isinstance(event, dict) for _, event in found), "turn each line into a dict with json.loads")
    got.equals(pairs, advice)


def _positions(made: Answer, again: Answer) -> None:
    """Require that each of two groups has its own position, in a file."""
    made.member("committed").on("a group that has committed nothing")("bills").equals(0, NEW)
    for group, offset in (("bills", 3), ("report", 5), ("bills", 4), ("report", 1)):
        made.member("commit").on(f"the group {group!r}")(group, offset)
        got = made.member("committed").on(f"the group {group!r}")(group)
        got.equals(offset, "return the offset that was committed last")
    again.member("committed").on("a second Topic for the same file")("bills").equals(4, f"{OWN}, in a file")


# Exactly once

TWICE = "some events are counted twice: save the position together with the counts, as one value"
LOST = "some events are never counted: save the position together with the counts, as one value"
CONTINUE = "do not begin again at offset 0, where old events may be gone: continue at the position that you saved"
SAVED = 'store.save({"position": position, "counts": counts})'


class _Killed(BaseException):
    """The process is killed at this moment."""


class _Fate:
    """Kills at a step: a step is a moment before or after a topic or a store does what it is asked for."""

    def __init__(self, last: int | None = None) -> None:
        self.last = last  # None: live for ever
        self.step = 0

    @contextmanager
    def around(self) -> Iterator[None]:
        self._tick()
        yield
        self._tick()

    def _tick(self) -> None:
        self.step += 1
        if self.step == self.last:
            raise _Killed


class _Topic:
    """A topic in memory, like the one of the first exercise."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.positions: dict[str, int] = {}
        self.fate = _Fate()
        self.read_from: list[int] = []

    def read(self, offset: int) -> list[tuple[int, Event]]:
        with self.fate.around():
            self.read_from.append(offset)
            return list(enumerate(self.events))[offset:]

    def committed(self, group: str) -> int:
        with self.fate.around():
            return self.positions.get(group, 0)

    def commit(self, group: str, offset: int) -> None:
        with self.fate.around():
            self.positions[group] = offset


class _MortalStore(Store):
    """A store whose process may be killed before and after each save."""

    fate = _Fate()

    def load(self) -> Any:
        with self.fate.around():
            return super().load()

    def save(self, value: Any) -> None:
        with self.fate.around():
            super().save(value)


def _two_steps(topic: Any, store: Any, *, commit_first: bool) -> dict[str, int]:
    """Save counts and commit the position separately: a wrong answer."""
    counts: dict[str, int] = store.load() or {}
    for offset, event in topic.read(topic.committed("types")):
        counts[event["type"]] = counts.get(event["type"], 0) + 1
        if commit_first:
            topic.commit("types", offset + 1)
        store.save(counts)
        if not commit_first:
            topic.commit("types", offset + 1)
    return counts


def _at_the_end(topic: Any, store: Any) -> dict[str, int]:
    """Count all new events, and save once: a right answer."""
    position, saved = store.load() or (0, {})
    counts = Counter(saved)
    for offset, event in topic.read(position):
        counts[event["type"]] += 1
        position = offset + 1
    store.save([position, counts])
    return dict(counts)


@exercise(
    "events.once",
    title="Exactly once",
    points=4,
    stars=3,
    hints=(
        "What must never be on disk: counts that include an event, beside a position that does not. How can one "
        "`save` write both? What do you do with what `store.load()` returns, and what if it is `None`?",
        'Save a dict: `store.save({"position": …, "counts": …})`. Begin with '
        '`saved = store.load() or {"position": 0, "counts": {}}`, then go through `topic.read(saved["position"])`; the '
        "position after an event is its offset + 1.",
    ),
    wrong=[
        Wrong("commits after it saves", lambda topic, store: _two_steps(topic, store, commit_first=False), TWICE),
        Wrong("commits before it saves", lambda topic, store: _two_steps(topic, store, commit_first=True), LOST),
        Wrong("saves nothing", Edits((SAVED, "pass")), CONTINUE),
        Wrong("saves only the counts", Edits(('"position": position', '"position": 0')), TWICE),
        Wrong("is one behind", Edits(("offset + 1", "offset")), TWICE),
        Wrong("is one ahead", Edits(("offset + 1", "offset + 2")), LOST),
        Wrong("forgets the first time", Edits((' or {"position": 0, "counts": {}}', "")), "raised TypeError"),
        Wrong("forgets what it counted", Edits(('counts = saved["counts"]', "counts = {}")), LOST),
        Wrong("counts all as one type", Edits(('kind = event["type"]', 'kind = "send"')), "under its own type"),
        Wrong("returns nothing", Edits(("return counts", "return None")), "is a `return` missing"),
    ],
    right=[
        Right("saves once", _at_the_end),
        Right("returns a Counter", lambda topic, store: Counter(_at_the_end(topic, store))),
    ],
)
def once(answer: Answer, mail: Mail) -> str:
    """Killed at every step, started again; killed twice; new events afterwards."""
    unseen = _events(mail)
    events = [*_one_of_each(unseen), unseen[0]]
    _counts(answer, "a topic without events", _Topic([]), None)
    quiet = _Topic(events)
    _counts(answer, "a few events, and nobody is killed", quiet, None)
    killed, step = True, 0
    while killed and step < 200:
        step += 1
        topic = _Topic(events)
        killed = _counts(answer, f"a few events, killed at step {step} and started again", topic, step)
    _counts(answer, "a few events, killed at step 6 and at step 4", _Topic(events), 6, 4)
    return "Killed at any step, your consumer counts every event once, and continues where it was."


def _counts(answer: Answer, what: str, topic: _Topic, *steps: int | None) -> bool:
    """Run the answer until it is killed, then to its end, then with new events; return whether it was killed."""
    killed = False
    with tempfile.TemporaryDirectory() as folder:
        store = _MortalStore(Path(folder, "counts.json"))
        for step in steps:
            topic.fate = store.fate = _Fate(step)
            try:
                answer.on(what)(_Handle(topic), _Handle(store))
            except _Killed:
                killed = True
        topic.fate = store.fate = _Fate()
        _right(answer.on(what)(_Handle(topic), _Handle(store)), topic)
        if topic.events:
            topic.read_from.clear()
            topic.events = topic.events + topic.events[:2]
            got = answer.on(f"{what}; then two more events")(_Handle(topic), _Handle(store))
            if 0 in topic.read_from:
                raise NotYet(f"for {what}; then two more events, the topic is read from offset 0: {CONTINUE}.")
            _right(got, topic)
    return killed


class _Handle:
    """Passes calls on to a topic or store that all copies of this handle share: `Answer` copies what it passes."""

    def __init__(self, shared: Any) -> None:
        self._shared = shared

    def __deepcopy__(self, memo: object) -> "_Handle":
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._shared, name)


def _right(got: Answer, topic: _Topic) -> None:
    got.is_a(dict)
    numbers = all(isinstance(number, int) for number in got.plain.values())
    got.expect(numbers, "return a dict of types and numbers")
    total = sum(got.plain.values())
    if total != len(topic.events):
        raise NotYet(f"{got.said.removesuffix(' returned')}: {TWICE if total > len(topic.events) else LOST}.", hint=1)
    got.equals(dict(Counter(event["type"] for event in topic.events)), "count each event under its own type")


# Events by type

COLUMNS = {
    "send": ("message_id", "subject", "characters"),
    "reply": ("message_id", "subject", "characters", "in_reply_to"),
    "delete": ("message_id",),
    "search": ("query", "results"),
}
BAD = "it belongs into the table of bad events"
WHOLE = "a bad row has the whole line and why it is bad, so that nothing is lost"
FLAT = "its row has exactly the columns of its type"


def _looks_up(line: str) -> tuple[str, dict[str, Any]]:
    """Look a type up that may be a list: a wrong answer."""
    try:
        event = json.loads(line)
    except ValueError:
        return "bad", {"line": line, "why": "not JSON"}
    if not isinstance(event, dict) or event.get("type") not in COLUMNS:
        return "bad", {"line": line, "why": "unknown type"}
    try:
        row = {name: event["details"][name] for name in COLUMNS[event["type"]]}
        return event["type"], {
            "time": event["time"],
            "username": event["username"],
            "version": event.get("version", 1),
            **row,
        }
    except (KeyError, TypeError) as error:
        return "bad", {"line": line, "why": repr(error)}


@exercise(
    "events.route",
    title="A table for each type",
    points=4,
    stars=2,
    hints=(
        "Begin with a good line: `json.loads(line)`, the type, then a dict with `time`, `username`, `version` and the "
        "columns of that type. Then ask of each step what it raises for a bad line: not JSON, not a dict, no such key.",
        "Put all of it into `try:` … `except (ValueError, KeyError, TypeError) as error:`. `json.loads` raises a "
        "ValueError, a missing key is a KeyError, and a number that is treated as a dict is a TypeError. In the except "
        'branch, return `"bad", {"line": line, "why": repr(error)}`.',
    ),
    wrong=[
        Wrong("knows JSON errors only", Edits(("(ValueError, KeyError, TypeError)", "ValueError")), "raised KeyError"),
        Wrong("looks up any type", _looks_up, "raised TypeError: unhashable"),
        Wrong("forgets TypeError", Edits(("(ValueError, KeyError, TypeError)", "(ValueError, KeyError)")), "TypeError"),
        Wrong(
            "drops bad events",
            Edits(('return "bad", {"line": line, "why": repr(error)}', "return None")),
            "is a `return` missing",
        ),
        Wrong("loses the line", Edits(('"line": line', '"line": ""')), WHOLE),
        Wrong("gives no reason", Edits(("repr(error)", "None")), WHOLE),
        Wrong("keeps the details nested", Edits(("row[column] = details[column]", 'row["details"] = details')), FLAT),
        Wrong("fills in what is missing", Edits(("= details[column]", "= details.get(column)")), BAD),
        Wrong(
            "takes everything", Edits(("for column in COLUMNS[kind]", "for column in details")), "columns of its type"
        ),
        Wrong("needs a version", Edits(('event.get("version", 1)', 'event["version"]')), "an old event has no"),
        Wrong("has one table", Edits(("return kind, row", 'return "events", row')), "named after its type"),
        Wrong("returns a list", Edits(("return kind, row", "return [kind, row]")), "a tuple was expected"),
    ],
)
def route(answer: Answer, mail: Mail) -> str:
    """A line of each type; unknown fields, old events; nine kinds of bad lines; unseen traffic."""
    for event in _one_of_each(_events(mail)):
        _routed(answer, event, f"a line of type {event['type']!r}")
    event = _one_of_each(_events(mail))[0]
    _routed(answer, {**event, "version": 2}, "an event of version 2")
    _routed(answer, {name: event[name] for name in event if name != "version"}, "an event without a version")
    more = {**event, "trace": 17, "details": {**event["details"], "size": 3}}
    _routed(answer, more, "an event with fields that you do not know")
    for what, line in _bad_lines(event):
        got = _pair(answer.on(what)(line))
        if got.plain[0] != "bad":
            raise NotYet(f"{what} goes into the table {got.plain[0]!r}: {BAD}.", hint=2)
        row = got.plain[1]
        got.expect(isinstance(row, dict) and row.get("line") == line and bool(row.get("why")), WHOLE, hint=2)
        got.expect(row.keys() == {"line", "why"}, "a bad row has the columns `line` and `why`")
    for event in _events(mail)[:200]:
        _routed(answer, event, "a line of unseen traffic")
    return "Every line ends in exactly one table, flat if it is good, whole if it is bad."


def _bad_lines(event: Event) -> list[tuple[str, str]]:
    without = {**event, "details": {}}
    return [
        ("a line that is not JSON", json.dumps(event)[:-9]),
        ("an empty line", ""),
        ("a line without a type", json.dumps({name: event[name] for name in event if name != "type"})),
        ("a line of an unknown type", json.dumps({**event, "type": "forward"})),
        ("a line whose type is a list", json.dumps({**event, "type": [event["type"]]})),
        ("a line whose details lack a column", json.dumps(without)),
        ("a line without a user name", json.dumps({name: event[name] for name in event if name != "username"})),
        ("a line that is the number 5", "5"),
        ("a line whose details are null", json.dumps({**event, "details": None})),
    ]


def _pair(got: Answer) -> Answer:
    got.is_a(tuple)
    return got.expect(len(got.plain) == 2, "return two things: the name of the table, and the row")


def _routed(answer: Answer, event: Event, what: str) -> None:
    got = _pair(answer.on(what)(json.dumps(event)))
    table = got.plain[0]
    if "version" not in event:
        got.expect(table != "bad", "an old event has no version, and is good: it counts as version 1", hint=2)
    got.expect(table == event["type"], "the table is named after its type")
    details = {name: event["details"][name] for name in COLUMNS[event["type"]]}
    common = {"time": event["time"], "username": event["username"], "version": event.get("version", 1)}
    got[1].equals({**common, **details}, f"{FLAT}, each with its value")


# Windows of event time

HOUR = timedelta(hours=1)
BY_EVENT = "count an event in the hour in which it happened, by its time"
STILL_OPEN = "an event is too late only when its whole hour is at or before the watermark"
CLOSED = "an hour is closed once the watermark has reached its end, and the watermark never goes back"
MINUS = "the watermark is the latest time so far minus the delay"
IN_LATE = "return the events that came too late as a list, as they are"


@exercise(
    "events.window",
    title="Too late?",
    points=4,
    stars=3,
    hints=(
        "Keep the latest time that you have seen; the watermark is that minus `delay`. Update it first, then ask "
        "whether the hour of this event is closed.",
        "`hour_of(event)` is the beginning of its hour. That is closed if `hour_of(event) + timedelta(hours=1) <= "
        "latest - delay`. Then the event goes into the list `late`, otherwise it is counted.",
    ),
    wrong=[
        Wrong("drops nothing", Edits(("if hour + timedelta(hours=1) <= latest - delay", "if False")), CLOSED),
        Wrong("goes back", Edits(("latest = max(latest, time_of(event))", "latest = time_of(event)")), CLOSED),
        Wrong(
            "looks at the event, not its hour",
            Edits(("if hour + timedelta(hours=1) <=", "if time_of(event) <=")),
            STILL_OPEN,
        ),
        Wrong("closes at the beginning", Edits(("if hour + timedelta(hours=1) <=", "if hour <=")), STILL_OPEN),
        Wrong("closes a moment late", Edits(("<= latest", "< latest")), CLOSED),
        Wrong("does not wait", Edits(("latest - delay", "latest")), MINUS),
        Wrong(
            "counts by arrival",
            Edits(("counts[hour]", "counts[latest.replace(minute=0, second=0, microsecond=0)]")),
            BY_EVENT,
        ),
        Wrong("keeps the minutes", Edits(("hour = hour_of(event)", "hour = time_of(event)")), BY_EVENT),
        Wrong(
            "counts late ones, too",
            Edits(("        else:\n            counts", "        if True:\n            counts")),
            "too late, it is not",
        ),
        Wrong("forgets which were late", Edits(("late.append(event)", "pass")), IN_LATE),
        Wrong("returns the counts only", Edits(("return counts, late", "return counts")), "a tuple was expected"),
    ],
)
def window(answer: Answer, mail: Mail) -> str:
    """In order, out of order, late in an open hour, at the very end of one, after it; then unseen traffic."""
    minutes = timedelta(minutes=1)
    _windows(answer, "no events", [], 10 * minutes, CLOSED)
    _windows(answer, "events in order", ["09:05", "09:50", "10:10"], 0 * minutes, STILL_OPEN)
    for what, clock, delay, advice in (
        ("an event that is late, but in an hour that is open", ["10:50", "10:10", "11:05", "10:59"], 20, MINUS),
        ("an event a second before its hour is closed", ["09:00", "10:09:59", "09:30"], 10, MINUS),
        ("an event when its hour has just been closed", ["09:00", "10:10", "09:30"], 10, CLOSED),
        ("two late events", ["09:00", "11:00", "09:30", "09:40", "10:59"], 5, CLOSED),
    ):
        _windows(answer, what, clock, delay * minutes, advice)
    traffic = _events(mail)
    for delay in (0, 30, 240):
        _windows(answer, f"unseen traffic and a delay of {delay} minutes", traffic, delay * minutes, CLOSED)
    return "You count by the time of the event, wait as long as you said, and keep what came too late."


def _windows(answer: Answer, what: str, events: Sequence[Any], delay: timedelta, advice: str) -> None:
    events = [_at(event) if isinstance(event, str) else event for event in events]
    counts, late = _by_hour(events, delay)
    got = answer.on(what)(events, delay).is_a(tuple)
    got.expect(len(got.plain) == 2, "return two things: the counts, and the late events")
    got[0].is_a(dict)
    got[1].is_a(list)
    total = sum(number for number in got.plain[0].values() if isinstance(number, int))
    if set(got.plain[0]) - {hour_of(event) for event in events}:
        raise NotYet(
            f"for {what}, your counts have a key that is not the beginning of an hour of an event: {BY_EVENT}."
        )
    if total + len(got.plain[1]) > len(events):
        raise NotYet(f"for {what}, some events are in both: if an event is too late, it is not counted.")
    if total + len(got.plain[1]) < len(events):
        raise NotYet(f"for {what}, some events are in neither: {IN_LATE}.")
    if len(got.plain[1]) != len(late):
        more = len(got.plain[1]) > len(late)
        raise NotYet(f"for {what}, too {'many' if more else 'few'} events are late: {advice}.")
    got[1].equals(late, IN_LATE)
    got[0].equals(counts, BY_EVENT)


def _at(clock: str) -> Event:
    return {"type": "send", "time": f"2001-05-14T{clock}Z", "username": "lee-k", "details": {}}


def _hour(event: Event) -> datetime:
    return time_of(event).replace(minute=0, second=0, microsecond=0)


def _by_hour(events: Sequence[Event], delay: timedelta) -> tuple[dict[datetime, int], list[Event]]:
    counts: Counter[datetime] = Counter()
    late = []
    latest = datetime.min + delay
    for event in events:
        latest = max(latest, time_of(event))
        if hour_of(event) + HOUR <= latest - delay:
            late.append(event)
        else:
            counts[hour_of(event)] += 1
    return dict(counts), late
