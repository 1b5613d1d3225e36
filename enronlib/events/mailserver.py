"""What a request to the mail server does: check it, log an event, carry it out. HTTP is added by `api`."""

import re
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from enronlib.events.schema import Event, encode, is_time, make_event
from enronlib.events.store import MailStore

__all__ = ["REQUESTS", "EventLog", "MailServer", "MemoryLog", "NotLoggedError", "RequestError"]

REQUESTS: Mapping[str, Mapping[str, type]] = {
    "send": {"to": list, "subject": str, "body": str},
    "reply": {"message_id": str, "body": str},
    "delete": {"message_id": str},
    "search": {"query": str},
}
"""What each request must hold, besides `username`. It may hold a `time`; send and reply also take a `new_id`."""

LONGEST = 1_000_000  # characters of a text; Kafka takes 1 MB
_HALF = re.compile("[\ud800-\udfff]")
_KINDS: dict[type, str] = {str: "a text", list: "a list of one or more texts"}


class RequestError(Exception):
    """A request that is not carried out."""

    def __init__(self, status: int, problem: str) -> None:
        """Take the HTTP status, and why."""
        super().__init__(problem)
        self.status = status


class NotLoggedError(Exception):
    """An event that the log did not confirm in time. It may still be there, so the answer must not be yes."""


class EventLog(Protocol):
    """Where events go: `producer.KafkaLog`, or a list in memory."""

    def append(self, key: str, value: bytes) -> None:
        """Return once the event is safe. Raises NotLoggedError if it is not."""


class MemoryLog:
    """A log in memory, for tests: `records` holds the keys and values."""

    def __init__(self) -> None:
        """Begin empty."""
        self.records: list[tuple[str, bytes]] = []

    def append(self, key: str, value: bytes) -> None:
        """Add a record at the end."""
        self.records.append((key, value))


class MailServer:
    """A mail server that logs an event for each request before it carries it out.

    A crash in between leaves an event without its effect, never an effect without its event.
    """

    def __init__(self, store: MailStore, log: EventLog) -> None:
        """Take the mailboxes, and the log for the events."""
        self.store, self.log = store, log

    def handle(self, kind: str, request: object, agent: str = "") -> dict[str, Any]:
        """Carry out one of REQUESTS and return the answer.

        Raises RequestError if the request is wrong, and NotLoggedError if its event is not safe; then nothing is done.
        """
        wanted = check_request(kind, request)
        username = wanted["username"]
        details, answer = getattr(self, f"_{kind}")(username, wanted)
        event: Event = make_event(kind, username, details, time=wanted.get("time"), agent=agent)
        self.log.append(username, encode(event))
        if kind == "delete":
            self.store.delete(username, details["message_id"])
        elif kind in ("send", "reply"):
            letter = details["message_id"], username, details["recipients"], details["subject"], wanted["body"]
            self.store.add(*letter)
        return {"event": event["id"], **answer}

    def _send(self, _: str, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        return self._letter(wanted, wanted["to"], wanted["subject"])

    def _reply(self, username: str, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        sender, subject = self._message(username, wanted["message_id"])
        subject = subject if subject.casefold().startswith("re:") else f"Re: {subject}"
        details, answer = self._letter(wanted, [sender], subject)
        return {**details, "in_reply_to": wanted["message_id"]}, answer

    def _delete(self, username: str, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        self._message(username, wanted["message_id"])
        return {"message_id": wanted["message_id"]}, {"message_id": wanted["message_id"]}

    def _search(self, username: str, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        found = self.store.search(username, wanted["query"])
        return {"query": wanted["query"], "results": len(found)}, {"messages": found}

    def _letter(
        self, wanted: Mapping[str, Any], recipients: list[str], subject: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        message_id = wanted.get("new_id") or uuid.uuid4().hex
        if self.store.exists(message_id):
            raise RequestError(409, "new_id: there is a message with this id")
        details = {
            "message_id": message_id,
            "recipients": recipients,
            "subject": subject,
            "characters": len(wanted["body"]),
        }
        return details, {"message_id": message_id}

    def _message(self, username: str, message_id: str) -> tuple[str, str]:
        found = self.store.find(username, message_id)
        if not found:
            raise RequestError(404, "message_id: no such message in this mailbox")
        return found


def check_request(kind: str, request: object) -> Mapping[str, Any]:
    """Return the request if it holds what it must, each field of its type. Raises RequestError (400) if not."""
    if not isinstance(request, dict):
        raise RequestError(400, "the request must be a JSON object")
    for name, needed in {"username": str, **REQUESTS[kind]}.items():
        if name not in request:
            raise RequestError(400, f"{name}: missing")
        texts = request[name] if needed is list else [request[name]]
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise RequestError(400, f"{name}: must be {_KINDS[needed]}")
        if name not in ("subject", "body") and not all(texts):
            raise RequestError(400, f"{name}: must not be empty")
        if sum(map(len, texts)) > LONGEST:
            raise RequestError(400, f"{name}: longer than {LONGEST:,} characters")
        if any(_HALF.search(text) for text in texts):
            raise RequestError(400, f"{name}: half a character, a lone surrogate")
    if not isinstance(request.get("new_id", ""), str):
        raise RequestError(400, "new_id: must be a text")
    if "time" in request and not is_time(request["time"]):
        raise RequestError(400, "time: must be in UTC, such as 2001-05-14T09:30:00Z")
    return request
