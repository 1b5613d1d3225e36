"""What an event holds: the same fields in every event, and the details of its type.

    {"type": "search", "version": 1, "id": "5f…", "time": "2001-05-14T09:30:00.000Z", "username": "a@enron.example",
     "client": {"agent": "curl/8.5"}, "details": {"query": "gas", "results": 3}}

`id` tells events apart, `time` is when the event happened, in UTC. An event is one line of JSON.
"""

import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = [
    "BAD",
    "COMMON",
    "DETAILS",
    "TABLES",
    "TIME",
    "Event",
    "columns_of",
    "decode",
    "encode",
    "make_event",
    "problem_with",
    "utc_text",
]

Event = dict[str, Any]

COMMON: Mapping[str, str] = {"type": "string", "id": "string", "time": "string", "username": "string"}
"""The required fields of every event, and their SQL types. `version` and `client` may be missing."""

_LETTER = {"message_id": "string", "recipients": "array<string>", "subject": "string", "characters": "bigint"}

DETAILS: Mapping[str, Mapping[str, str]] = {
    "send": _LETTER,
    "reply": {**_LETTER, "in_reply_to": "string"},
    "delete": {"message_id": "string"},
    "search": {"query": "string", "results": "bigint"},
}
"""The details of each type of event, all of them required, and their SQL types. More details do no harm."""

TABLES: Mapping[str, str] = {"send": "sent", "reply": "replies", "delete": "deletions", "search": "searches"}
"""The table of each type of event."""
BAD = "bad_events"
"""The table of what is not an event."""

TIME = r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}([.][0-9]{1,6})?Z"
"""A regular expression for the form of a time, for Python and for Spark. Years end in 2099."""


def make_event(
    kind: str, username: str, details: Mapping[str, Any], *, time: str | None = None, agent: str = ""
) -> Event:
    """Return an event of this type that happened at `time` (default: now)."""
    return {
        "type": kind,
        "version": 1,
        "id": uuid.uuid4().hex,
        "time": time or utc_text(datetime.now(UTC)),
        "username": username,
        "client": {"agent": agent},
        "details": dict(details),
    }


def utc_text(moment: datetime) -> str:
    """Return a timezone-aware moment as events hold it: in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode(event: Event) -> bytes:
    """Return an event as one line of JSON, without the line break."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def decode(line: bytes) -> Any:
    """Return what a line of JSON holds, which need not be an event. Raises ValueError if it is not JSON."""
    return json.loads(line)


def problem_with(line: bytes) -> str:
    """Return the first thing that is wrong with an encoded event; empty if it is good.

    As in Spark, a text may be any value but null: a number is read as its digits.
    """
    try:
        event = decode(line)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        return "not a JSON object"
    missing = _missing(event, COMMON)
    if not missing and event["type"] not in DETAILS:
        return "unknown type"
    if not missing and not is_time(event["time"]):
        return "no time"
    missing = missing or _missing(event.get("details"), DETAILS[event["type"]])
    return f"no {missing}" if missing else ""


def columns_of(table: str) -> dict[str, str]:
    """Return the columns of a table and their SQL types, as Spark names them. `day` and `batch` are its partitions."""
    place = {"kafka_partition": "int", "kafka_offset": "bigint", "day": "date", "batch": "int"}
    if table == BAD:
        return {"value": "string", "problem": "string", **place}
    details = DETAILS[next(kind for kind, name in TABLES.items() if name == table)]
    thread = {"thread": "string"} if "subject" in details else {}
    common = {"id": "string", "time": "timestamp_ntz", "hour": "int", "username": "string", "agent": "string"}
    return {**common, **details, **thread, **place}


def is_time(text: object) -> bool:
    """Return whether this is a time in UTC as events hold it."""
    if not isinstance(text, str) or not re.fullmatch(TIME, text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _missing(found: object, fields: Mapping[str, str]) -> str:
    """Return the first of these fields that is missing or of another type; empty if there is none."""
    values = found if isinstance(found, dict) else {}
    return next((name for name, kind in fields.items() if not _fits(values.get(name), kind)), "")


def _fits(value: object, kind: str) -> bool:
    if kind == "bigint":
        return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return isinstance(value, list) if kind == "array<string>" else value is not None
