"""From a message file to 20 fields, and from those to plain text.

The standard library's `email` parses the headers, with its older `compat32` policy. The newer `policy.default` is more
than ten times slower on this corpus, because it parses an address list each time it is read, and it loses values: it
turns the year 0001 into 2001 and some addresses into nothing.

Whatever a message contains, its fields and its text take time proportional to its size. Several limits below are there
for that: what exceeds them is read in a simpler way.
"""

import codecs
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import HeaderParser
from email.utils import parsedate_tz
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Comment
from lxml.html import defs

__all__ = [
    "FIELDS", "HEADERS", "PLACEHOLDER_DATE", "parse_email", "plain_text", "problems", "read_date", "read_email",
    "read_headers", "split_message", "unfold", "visible_text",
]  # fmt: skip

HEADERS = (
    "Message-ID", "Date", "From", "To", "Subject", "Mime-Version", "Content-Type", "Content-Transfer-Encoding",
    "X-From", "X-To", "X-cc", "X-bcc", "X-Folder", "X-Origin", "X-FileName", "Cc", "Bcc",
)  # fmt: skip
FIELDS = ("username", "original_msg", "payload", *HEADERS)

# The export of the corpus wrote this moment, the start of 1980, where a message had lost its date.
PLACEHOLDER_DATE = datetime(1980, 1, 1, tzinfo=UTC)

_EMPTY_LINE = re.compile(r"(?:\A|\n)\r?\n")
_HEADER_LINE = re.compile(r"[!-9;-~]+:|From ")
_KNOWN_HEADER = re.compile(rf"^(?:{'|'.join(HEADERS)}):", re.IGNORECASE | re.MULTILINE)
_STRAY_LINE = re.compile(r"\n(?![!-9;-~]+:|[ \t])")
_FOLD = re.compile(r"(?<![ \t])[ \t]*\n[ \t]+")  # starts at the first space only, so that many spaces stay cheap
_EARLY_YEAR = re.compile(r"[A-Za-z]\s+(0\d{3})\s")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def read_email(path: str | Path, maildir: str | Path | None = None) -> dict[str, Any]:
    """Return the 20 fields of one message file, in the order of FIELDS.

    `username` is the name of the mailbox: the first folder below `maildir`, or below the folder called "maildir", or
    else the folder two above the file. `Date` is a timezone-aware datetime. All other fields are text. A header that is
    absent is None, and so is a Date that cannot be read; `problems` says what was wrong.

    No bytes make it raise. A file that cannot be opened raises OSError; one outside `maildir` raises ValueError.
    """
    path = Path(path)
    return parse_email(path.read_bytes(), _mailbox_name(path, maildir))


def parse_email(data: bytes, username: str) -> dict[str, Any]:
    """Return the 20 fields of one message from its bytes, as `read_email` does. No bytes make it raise."""
    text = _text_of(data)
    header_block, payload = split_message(text)
    email: dict[str, Any] = {"username": username, "original_msg": text, "payload": payload}
    email |= read_headers(_recode(header_block))
    email["Date"] = read_date(email["Date"])
    return email


def split_message(text: str) -> tuple[str, str]:
    """Return the header block and the body of a message, which the first empty line separates.

    A text is all body if its first line is not a header and no line up to the first empty one is one of HEADERS.
    """
    empty_line = _EMPTY_LINE.search(text)
    header_block, body = (text[: empty_line.start() + 1], text[empty_line.end() :]) if empty_line else (text, "")
    if _HEADER_LINE.match(text) or _KNOWN_HEADER.search(header_block):
        return header_block, body
    return "", text


def read_headers(header_block: str) -> dict[str, str | None]:
    """Return the 17 headers by name: unfolded, decoded (RFC 2047), the first where one is repeated, None where absent.

    A line that is neither a header nor the continuation of one is read as a continuation. Five files of 68,101 have
    such lines (a subject with a line break in it); `email` alone would drop every header after them.
    """
    found = _parse_headers(header_block)
    return {name: _read_value(found.get(name.lower())) for name in HEADERS}


def unfold(value: str) -> str:
    """Return a header's value on one line: each line break, with the spaces and tabs around it, becomes a space."""
    return _FOLD.sub(" ", value)


def read_date(value: str | None) -> datetime | None:
    """Return the moment in a Date header, with its own offset (UTC where it has none), or None if there is none.

    The year is read as it is written: `email` reads the year 0001, which seven messages have, as 2001.
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
    """Return what could not be read as it should be, in plain words: an empty list for a message in good order."""
    text, date = email["original_msg"], email["Date"]
    header_block = split_message(text)[0]
    found = []
    if not header_block:
        found.append("there is no header")
    elif not _HEADER_LINE.match(header_block):
        found.append("the first line is not a header: it was skipped")
    if _STRAY_LINE.search(header_block.rstrip("\r\n")):
        found.append("a line of the header is not a header: it was joined to the one before")
    if not header_block.isascii():
        found.append("the header has characters of an unknown character set: read as UTF-8 or Windows-1252")
    if date is None:
        found.append("there is no date that can be read")
    elif date == PLACEHOLDER_DATE:
        found.append("the date is a placeholder, the start of 1980")
    elif date.year < PLACEHOLDER_DATE.year:
        found.append(f"the date is in the year {date.year}, before there was e-mail like this")
    return found


def plain_text(email: Mapping[str, Any]) -> str:
    """Return what a reader sees of a message's body: decoded from its transfer encoding, HTML reduced to its text.

    Needs the fields payload, Content-Type and Content-Transfer-Encoding. Of a multipart body, attachments and other
    parts that are not text are left out, and of several versions of the same text (multipart/alternative) the plain one
    is chosen. Many bodies are HTML although their type is text/plain, so the body itself is examined too. Lines that
    the sender's program broke (format=flowed) stay broken. Nothing makes it raise.
    """
    try:
        return _shown(_mime(email["Content-Type"], email["Content-Transfer-Encoding"]), email["payload"])
    except (LookupError, TypeError, ValueError):  # from `email`, for parameters that make no sense
        return str(email["payload"])


_TAG_NAMES = "|".join(sorted(defs.tags)) + r"|frame|layer|nobr|noframes|spacer|xml|[ovwx]:\w+"
_SEPARATORS = "|".join(sorted(defs.block_tags | {"br"}))
_HTML = re.compile(
    r"<(?:(?:!doctype html|html|head|body|table|tr|td|div|p|br|font|span|center|img)[\s/>]|a\s+href\s*=)", re.IGNORECASE
)
_NOT_A_TAG = re.compile(rf"<(?!/?(?:{_TAG_NAMES})[\s/>]|[!?])", re.IGNORECASE)
_SEPARATOR = re.compile(rf"</?(?:{_SEPARATORS})[\s/>]", re.IGNORECASE)
_CONTROL_IN_HTML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNSEEN = ("head", "iframe", "script", "style", "template", "title")

_MOST_TAGS = 5_000  # parsers are slow, and need much memory, where tags are many and nested
_LONG_TAG = re.compile(r"<[^<>]{5000}")  # and where a tag has many attributes
_ANY_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(iframe|script|style|template|title)\b.*?(?:</\1\s*>|\Z)|<[^<>]*>?", re.IGNORECASE | re.DOTALL
)


def visible_text(html: str) -> str:
    """Return the text that a reader of `html` sees; blocks, line breaks and table cells separate words.

    Whatever is in angle brackets but is not an HTML tag, such as an address, is text.
    """
    marked = _SEPARATOR.sub(r"\n\g<0>", _NOT_A_TAG.sub("&lt;", _CONTROL_IN_HTML.sub(" ", html)))
    if marked.count("<") > _MOST_TAGS or _LONG_TAG.search(marked):
        marked = _ANY_TAG.sub("", marked)
    unseen = dict.fromkeys(_UNSEEN, Comment)  # the strings in these tags are read as comments, which are not text
    return BeautifulSoup(f"<html>{marked}", "lxml", string_containers=unseen).get_text()


def _text_of(data: bytes) -> str:
    """Return the bytes as text: UTF-8, which includes ASCII, or else Latin-1, which keeps every byte."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _mailbox_name(path: Path, maildir: str | Path | None) -> str:
    if maildir is not None:
        return path.relative_to(maildir).parts[0]
    folders = path.parts[:-1]
    if "maildir" in folders[:-1]:
        return folders[len(folders) - folders[::-1].index("maildir")]
    return path.parent.parent.name


# Headers

_LONGEST_ENCODED = 10_000  # characters: `decode_header` takes quadratic time


def _parse_headers(header_block: str) -> dict[str, str]:
    """Return the headers by lower-case name, as they are written; the first where one is repeated."""
    lines = header_block.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    if not _HEADER_LINE.match(lines):
        lines = f" {lines}"  # `email` skips a continuation that comes first, and stops at any other such line
    parsed = HeaderParser().parsestr(_STRAY_LINE.sub("\n ", lines))
    return {name.lower(): value for name, value in reversed(list(parsed.raw_items()))}


def _read_value(value: str | None) -> str | None:
    if value is None:
        return None
    if "\n" in value:
        value = unfold(value)
    value = value.strip()
    return _decode_words(value) if "=?" in value and len(value) <= _LONGEST_ENCODED else value


def _decode_words(value: str) -> str:
    """Return a header value with its encoded words (RFC 2047) decoded, or unchanged if they are damaged."""
    try:
        decoded = "".join(
            part if isinstance(part, str) else _decode(part, charset) if charset else part.decode("raw-unicode-escape")
            for part, charset in decode_header(value)
        )
    except (HeaderParseError, ValueError):
        return value
    return _CONTROL.sub(" ", decoded)


# Bodies

_ENCODINGS = ("quoted-printable", "base64", "x-uuencode", "uuencode", "uue", "x-uue")  # those that `email` decodes
_LONGEST_MIME_HEADER = 1_000  # characters: `email` takes quadratic time to parse parameters
_DEEPEST = 20  # multiparts in one another
_MOST_PARTS = 1_000


def _mime(content_type: str | None, encoding: str | None, disposition: str | None = None) -> Message:
    """Return a message that has only the headers that say how to read a body."""
    message = Message()
    message["Content-Type"] = (content_type or "text/plain")[:_LONGEST_MIME_HEADER]
    message["Content-Transfer-Encoding"] = (encoding or "7bit")[:_LONGEST_MIME_HEADER]
    message["Content-Disposition"] = (disposition or "inline")[:_LONGEST_MIME_HEADER]
    return message


def _shown(mime: Message, body: str, depth: int = 0) -> str:
    """Return the text that a mail program shows of a body or of a part of one."""
    kind = mime.get_content_type()
    if kind.startswith("multipart/") and depth < _DEEPEST and body.count("\n--") < _MOST_PARTS:
        parts = _parts(mime.get_boundary(), body)
        if kind == "multipart/alternative":
            parts.sort(key=lambda part: part[0].get_content_type() != "text/plain")
            return next(filter(str.strip, (_shown(*part, depth + 1) for part in parts)), "")
        if parts:
            return "\n".join(_shown(*part, depth + 1) for part in parts)
    if kind == "message/rfc822" and depth < _DEEPEST:
        return _shown(*_part(body), depth + 1)
    if not kind.startswith(("text/", "multipart/")):
        return ""
    text = _decode_body(mime, body)
    return visible_text(text) if kind == "text/html" or _HTML.search(text) else text


def _parts(boundary: str | None, body: str) -> list[tuple[Message, str]]:
    """Return the parts of a multipart body, without attachments and other parts that have a file name."""
    if not boundary:
        return []
    delimiter = re.compile(rf"^--{re.escape(boundary)}(--)?[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
    _, *pieces = delimiter.split(body)
    parts = [_part(piece) for closed, piece in zip(pieces[::2], pieces[1::2], strict=True) if not closed]
    return [
        (mime, text)
        for mime, text in parts
        if mime.get_content_disposition() != "attachment" and not mime.get_filename()
    ]


def _part(piece: str) -> tuple[Message, str]:
    header_block, body = split_message(piece)
    found = {name: unfold(value) for name, value in _parse_headers(header_block).items()}
    names = ("content-type", "content-transfer-encoding", "content-disposition")
    return _mime(*map(found.get, names)), body


def _decode_body(mime: Message, body: str) -> str:
    """Return the text of a body that is not multipart: decoded from its transfer encoding and its charset."""
    charset = mime.get_content_charset("utf-8")
    if str(mime["Content-Transfer-Encoding"]).strip().lower() not in _ENCODINGS:
        return _recode(body, charset)
    one_character_a_byte = body.encode("utf-8").decode("latin-1") if max(body, default="") > "\xff" else body
    mime.set_payload(one_character_a_byte)
    data = mime.get_payload(decode=True)
    return _decode(data, charset) if isinstance(data, bytes) else body


# Character sets

# Browsers read Latin-1 as Windows-1252, which has quotation marks where Latin-1 has control characters. The others are
# not charsets of mail, and decoding them takes quadratic time.
_NO_CHARSETS = ("punycode", "idna", "unicode-escape", "raw-unicode-escape")
_READ_AS = {"iso8859-1": "cp1252"} | dict.fromkeys(_NO_CHARSETS, "utf-8")


def _recode(text: str, charset: str = "utf-8") -> str:
    """Return a text in its charset, if _text_of had to read it as Latin-1 because the file was not UTF-8.

    Whether it had to is a guess: UTF-8 text without a character above U+00FF is treated as such a text, too.
    """
    if (text.isascii() and "\x1b" not in text) or max(text) > "\xff":  # Escape starts the Japanese of ISO-2022-JP
        return text
    return _decode(text.encode("latin-1"), charset)


def _decode(data: bytes, charset: str) -> str:
    """Return the bytes as text in a charset, or else in UTF-8, or else in Windows-1252, or else in Latin-1."""
    for name in (charset, "utf-8", "cp1252"):
        with suppress(LookupError, ValueError):
            codec = codecs.lookup(name).name
            text = data.decode(_READ_AS.get(codec, codec))
            return text.encode("utf-8", "replace").decode("utf-8")  # some charsets can spell half a character
    return data.decode("latin-1")
