"""From a message file to 20 fields, and from those to plain text.

The standard library's `email` does the reading, with its older `compat32` rules. The newer `policy.default` is more
than ten times slower on this corpus, because it parses an address list at every look at it, and it loses values: it
turns the year 0001 into 2001 and some addresses into nothing.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import HeaderParser
from email.utils import parsedate_tz
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from lxml.html import defs

HEADERS = (
    "Message-ID", "Date", "From", "To", "Subject", "Mime-Version", "Content-Type", "Content-Transfer-Encoding",
    "X-From", "X-To", "X-cc", "X-bcc", "X-Folder", "X-Origin", "X-FileName", "Cc", "Bcc",
)  # fmt: skip
FIELDS = ("username", "original_msg", "payload", *HEADERS)

# The export of the corpus wrote this moment, the start of 1980, where a message had lost its date.
PLACEHOLDER_DATE = datetime(1980, 1, 1, tzinfo=UTC)

_EMPTY_LINE = re.compile(r"(?:\A|\n)\r?\n")
_HEADER_LINE = re.compile(r"[!-9;-~]+:|From ")
_STRAY_LINE = re.compile(r"\n(?![!-9;-~]+:|[ \t])")
_FOLD = re.compile(r"(?<![ \t])[ \t]*\n[ \t]+")  # begins at the first blank only: many blanks take no longer
_ENCODINGS = ("quoted-printable", "base64", "x-uuencode", "uuencode", "uue", "x-uue")  # those that email undoes
_EARLY_YEAR = re.compile(r"[A-Za-z]\s+(0\d{3})\s")


def read_email(path: Path, maildir: Path | None = None) -> dict[str, Any]:
    """Return the 20 fields of one message file, in the order of FIELDS.

    `username` is the name of the mailbox: the first folder below `maildir`, or below the folder called "maildir", or
    else the folder two above the file. `Date` is a timezone-aware datetime. All else is text. A header that is absent
    is None, and so is a Date that cannot be read; `problems` tells what was amiss.

    No bytes make it raise. A file that cannot be opened raises OSError; one outside `maildir` raises ValueError.
    """
    text = _text_of(path.read_bytes())
    header_block, payload = split_message(text)
    email: dict[str, Any] = {
        "username": _mailbox_name(path, maildir),
        "original_msg": text,
        "payload": payload,
    }
    email |= read_headers(header_block)
    email["Date"] = read_date(email["Date"])
    return email


def split_message(text: str) -> tuple[str, str]:
    """Return the header block and the body of a message, which the first empty line parts."""
    if not _HEADER_LINE.match(text):
        return "", text
    empty_line = _EMPTY_LINE.search(text)
    if empty_line is None:
        return text, ""
    return text[: empty_line.start() + 1], text[empty_line.end() :]


def read_headers(header_block: str) -> dict[str, str | None]:
    """Return the 17 headers by name: unfolded, decoded (RFC 2047), the first where one is repeated, None where absent.

    A line that is neither a header nor the continuation of one is taken as a continuation. Five files of 68,101 have
    such lines (a subject with a line break in it); `email` on its own would drop every header after them.
    """
    lines = header_block.replace("\r\n", "\n").replace("\r", "\n")
    parsed = HeaderParser().parsestr(_STRAY_LINE.sub("\n ", lines.rstrip("\n")))
    found = {name.lower(): value for name, value in reversed(parsed.items())}
    return {name: _read_value(found.get(name.lower())) for name in HEADERS}


def unfold(value: str) -> str:
    """Return a header's value on one line: each line break in it, with the blanks and tabs around, becomes a blank."""
    return _FOLD.sub(" ", value)


def read_date(value: str | None) -> datetime | None:
    """Return the moment a Date header tells, with its own offset (UTC where it has none), or None if it tells none.

    The year is taken as it is written: `email` reads the year 0001, which seven messages have, as 2001.
    """
    try:
        year, month, day, hour, minute, second, _, _, _, offset = parsedate_tz(value)  # type: ignore[misc]
        early = _EARLY_YEAR.search(value or "")
        zone = timezone(timedelta(seconds=offset or 0))
        date = datetime(int(early[1]) if early else year, month, day, hour, minute, second, tzinfo=zone)
        date.astimezone(UTC)  # a file stores the moment in UTC, where it must exist too
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return date


def problems(email: Mapping[str, Any]) -> list[str]:
    """Return, in plain words, what could not be read as it should; an empty list for a message in good order."""
    text, date = email["original_msg"], email["Date"]
    header_block = split_message(text)[0]
    found = []
    if not header_block:
        found.append("there is no header")
    if _STRAY_LINE.search(header_block.rstrip("\r\n")):
        found.append("a line of the header is no header: it was joined to the one before")
    if not header_block.isascii():
        found.append("the header holds letters of an unknown character set: read as UTF-8 or Latin-1")
    if date is None:
        found.append("there is no date that can be read")
    elif date == PLACEHOLDER_DATE:
        found.append("the date is a placeholder, the start of 1980")
    elif date.year < PLACEHOLDER_DATE.year:
        found.append(f"the date is of the year {date.year}, before there was e-mail like this")
    return found


def plain_text(email: Mapping[str, Any]) -> str:
    """Return what a reader sees of a message's body: decoded from its transfer encoding, HTML reduced to its text.

    Needs the fields payload, Content-Type and Content-Transfer-Encoding. Many bodies are HTML though their type says
    text/plain, so the body itself is looked at too. Nothing makes it raise.
    """
    content_type = email["Content-Type"] or "text/plain"
    kind = content_type.lower()
    encoding = (email["Content-Transfer-Encoding"] or "7bit").lower()
    payload: str = email["payload"]
    if encoding in ("7bit", "8bit", "binary") and not kind.startswith("multipart/"):
        text = payload
    else:
        text = _decode_body(content_type, encoding, payload)
    if kind.startswith("text/html") or _HTML.search(text):
        return visible_text(text)
    return text


_TAG_NAMES = "|".join(sorted(defs.tags)) + r"|frame|layer|nobr|noframes|spacer|xml|[ovwx]:\w+"
_PART_WORDS = "|".join(sorted(defs.block_tags | {"br"}))
_HTML = re.compile(r"<(?:!doctype html|html|head|body|table|tr|td|div|p|br|font|span|center|img|a href)[\s/>]", re.I)
_NOT_A_TAG = re.compile(rf"<(?!/?(?:{_TAG_NAMES})[\s/>]|[!?])", re.I)
_BLOCK = re.compile(rf"</?(?:{_PART_WORDS})[\s/>]", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def visible_text(html: str) -> str:
    """Return the text a reader of `html` sees; a block, a line break and a table cell each part words.

    Whatever stands in angle brackets and is no HTML tag, such as an address, is text.
    """
    marked = _BLOCK.sub(r"\n\g<0>", _NOT_A_TAG.sub("&lt;", _CONTROL.sub(" ", html)))
    soup = BeautifulSoup(f"<html>{marked}", "lxml")  # the tag says that it is HTML, whatever it looks like
    for unseen in soup.find_all(["head", "iframe", "script", "style", "title"]):
        unseen.decompose()
    return soup.get_text()


def _text_of(data: bytes) -> str:
    """Return the bytes as text: UTF-8, which includes ASCII, or else Latin-1, which keeps every byte."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _mailbox_name(path: Path, maildir: Path | None) -> str:
    if maildir is not None:
        return path.relative_to(maildir).parts[0]
    folders = path.parts[:-1]
    if "maildir" in folders[:-1]:
        return folders[len(folders) - folders[::-1].index("maildir")]
    return path.parent.parent.name


def _read_value(value: str | None) -> str | None:
    if value is None:
        return None
    if "\n" in value:
        value = unfold(value)
    return _decode_words(value.strip()) if "=?" in value else value.strip()


def _decode_words(value: str) -> str:
    """Return a header value with its encoded words (RFC 2047) read, or as it stands where they are damaged."""
    try:
        return "".join(
            part if isinstance(part, str) else _decode(part, charset or "raw-unicode-escape")
            for part, charset in decode_header(value)
        )
    except (HeaderParseError, ValueError):
        return value


def _decode_body(content_type: str, encoding: str, payload: str) -> str:
    """Return the text of a body: of its parts for plain readers, else of those in HTML, else of the whole."""
    header = f"Content-Type: {content_type}\nContent-Transfer-Encoding: {encoding}\n\n"
    try:
        body = message_from_bytes((header + payload).encode("utf-8", "replace"))
        parts = [part for part in body.walk() if part.get_content_type() == "text/plain"]
        parts = parts or [part for part in body.walk() if part.get_content_type() == "text/html"] or [body]
        return "\n".join(map(_part_text, parts))
    except (RecursionError, ValueError):
        return payload


def _part_text(part: Message) -> str:
    """Return the text of a part, which is in its own charset only where it was encoded: the rest is read already."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    encoded = str(part.get("Content-Transfer-Encoding", "")).strip().lower() in _ENCODINGS
    return _decode(data, part.get_content_charset("utf-8")) if encoded else data.decode("utf-8", "replace")


def _decode(data: bytes, charset: str) -> str:
    for name in (charset, "utf-8"):
        try:
            text = data.decode(name)
        except (LookupError, ValueError):
            continue
        return text.encode("utf-8", "replace").decode("utf-8")  # some charsets can spell half a character
    return data.decode("latin-1")
