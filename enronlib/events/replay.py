"""The messages of a maildir as one day of requests to the mail server.

Every message keeps its time of day on its sender's clock, and all move to the same date, in UTC. In between,
recipients search their mail and delete some. The same maildir and seed give the same requests.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import getaddresses
from pathlib import Path
from random import Random
from typing import Any

import requests

from enronlib import UserError
from enronlib.corpus import find_maildir, mailboxes, message_files
from enronlib.events.mailserver import MailServer
from enronlib.events.schema import utc_text
from enronlib.messages import plain_text, read_email
from enronlib.words import tokens

__all__ = ["DAY", "Request", "day_of_traffic", "paced", "send_over_http", "send_to"]

DAY = date(2001, 5, 14)
"""The default date of the traffic: a Monday."""
SEARCH_EVERY, DELETE_EVERY = 7, 10  # of so many messages, one is searched for, and one deleted
PATIENCE = 60  # seconds until a request that is answered 503 each time is given up


@dataclass(frozen=True)
class Request:
    """One request: its kind, what it holds, and when it happens."""

    kind: str
    body: dict[str, Any]
    moment: datetime


@dataclass(frozen=True)
class _Letter:
    sender: str
    recipients: tuple[str, ...]
    subject: str
    body: str
    seconds: int  # since midnight


def day_of_traffic(
    maildir: Path | None = None, count: int | None = None, day: date = DAY, seed: int = 2001
) -> list[Request]:
    """Return the requests of one day, in the order in which they happen.

    The mail is that of `maildir` (default: the built-in sample). `count` is the number of requests: messages are
    chosen at random, and sent several times if they are too few (default: each message once). Raises UserError if no
    message has a sender, a recipient and a date.
    """
    letters = list(_letters(find_maildir(maildir)))
    if not letters:
        raise UserError("no message has a sender, a recipient and a date: name another folder of mail")
    number = len(letters) if count is None else _letters_for(count)
    copies = -(-number // len(letters))
    chosen = Random(seed).sample(range(copies * len(letters)), number)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    in_order = sorted(chosen, key=lambda n: _second(letters, n))
    return sorted(_requests(letters, in_order, midnight), key=lambda request: request.moment)[:count]


def paced(requests: Iterable[Request], speed: float | None) -> Iterator[Request]:
    """Yield each request when its time has come, with `speed` seconds of the day in one second (None: at once)."""
    started, first = time.monotonic(), None
    for request in requests:
        first = first or request.moment
        if speed:
            due = started + (request.moment - first).total_seconds() / speed
            time.sleep(max(0.0, due - time.monotonic()))
        yield request


def send_to(server: MailServer, requests: Iterable[Request]) -> int:
    """Hand requests to a mail server in this process, and return how many there were."""
    return sum(1 for request in requests if server.handle(request.kind, request.body, agent="replay"))


def send_over_http(address: str, traffic: Iterable[Request]) -> Iterator[Request]:
    """Send requests to the mail server at `address`, such as http://127.0.0.1:5000; yield each once it is answered.

    A request that cannot be logged at the moment (503) is sent again, for a minute. Raises UserError after that, if
    the server cannot be reached, and for any other error.
    """
    with requests.Session() as session:
        for request in traffic:
            give_up = time.monotonic() + PATIENCE
            while (answer := _answer(session, address, request)).status_code == 503 and time.monotonic() < give_up:
                time.sleep(0.2)
            if not answer.ok:
                raise UserError(f"the mail server answered {answer.status_code}: {answer.json().get('error')}")
            yield request


def _answer(session: requests.Session, address: str, request: Request) -> requests.Response:
    try:
        if request.kind == "search":
            return session.get(f"{address}/search", params=request.body, timeout=PATIENCE)
        return session.post(f"{address}/{request.kind}", json=request.body, timeout=PATIENCE)
    except requests.ConnectionError as error:
        raise UserError(f"no mail server answers at {address}") from error


def _letters(maildir: Path) -> Iterator[_Letter]:
    for mailbox in mailboxes(maildir):
        for file in message_files(mailbox):
            email = read_email(file, maildir)
            senders, recipients = (
                [address for _, address in getaddresses([email[field] or ""]) if "@" in address]
                for field in ("From", "To")
            )
            if senders and recipients and email["Date"]:
                moment = email["Date"]
                seconds = 3600 * moment.hour + 60 * moment.minute + moment.second
                yield _Letter(senders[0], tuple(recipients), email["Subject"] or "", plain_text(email), seconds)


def _letters_for(count: int) -> int:
    """Return how many messages give at least `count` requests."""
    number = 0
    while number + number // SEARCH_EVERY + number // DELETE_EVERY < count:
        number += 1
    return number


def _second(letters: list[_Letter], n: int) -> int:
    """Return the second of the day at which copy `n` of a message is sent: each copy a second after the one before."""
    copy, index = divmod(n, len(letters))
    return (letters[index].seconds + copy) % 86_400


def _requests(letters: list[_Letter], chosen: list[int], midnight: datetime) -> Iterator[Request]:
    last: dict[tuple[str, str], str] = {}  # the last message from one address to another that was not deleted
    for position, n in enumerate(chosen, 1):
        letter, message_id = letters[n % len(letters)], f"{n}@replay"
        sender, recipient = letter.sender, letter.recipients[0]
        moment = midnight + timedelta(seconds=_second(letters, n))
        answered = last.get((recipient, sender)) if letter.subject.casefold().startswith("re:") else None
        letter_body: dict[str, Any] = {"username": sender, "new_id": message_id, "body": letter.body}
        if answered:
            yield _request("reply", letter_body | {"message_id": answered}, moment)
        else:
            to = list(letter.recipients)
            yield _request("send", letter_body | {"to": to, "subject": letter.subject}, moment)

        later = moment + timedelta(milliseconds=500)
        if position % SEARCH_EVERY == 0:
            words = tokens(letter.subject) or ["meeting"]
            yield _request("search", {"username": recipient, "query": max(words, key=len)}, later)
        if position % DELETE_EVERY == 0:
            yield _request("delete", {"username": sender, "message_id": message_id}, later)
        else:
            last[sender, recipient] = message_id


def _request(kind: str, body: dict[str, Any], moment: datetime) -> Request:
    return Request(kind, {**body, "time": utc_text(moment)}, moment)
