"""A letter: what one person writes to others, and how the export of the corpus put it into a file."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape

from enronlib.sample.people import Person

__all__ = ["Letter", "address", "address_list", "angle_quotes", "body_text", "forwarded", "header_block", "header_date"]
__all__ += ["inline_header", "notes_block", "original_message", "quoted_printable", "wrap"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
# The headers in the order of the corpus: always this one, with or without To and with or without Cc and Bcc.
HEADERS = (
    "Message-ID", "Date", "From", "To", "Subject", "Cc", "Mime-Version", "Content-Type", "Content-Transfer-Encoding",
    "Bcc", "X-From", "X-To", "X-cc", "X-bcc", "X-Folder", "X-Origin", "X-FileName",
)  # fmt: skip

# The export converted the dates in headers to Los Angeles time; dates quoted in bodies are in the company's own time.
_TO_HOUSTON = timedelta(hours=2)


@dataclass(slots=True)
class Letter:
    """One letter, before and while it becomes a message file.

    `text` is what a reader sees of the body. `said` is the same in pieces, each with the words of a passage of `text`,
    so that the words can be counted without reading the file.
    """

    sender: Person
    to: Sequence[Person]
    cc: Sequence[Person]
    date: datetime  # as clocks in Los Angeles show it
    subject: str
    text: str
    said: list[str]
    notes: bool  # exported from Lotus Notes (.nsf), not from Outlook (.pst)
    headers: dict[str, str] = field(default_factory=dict)
    markup: str = ""  # the frame of an HTML body, with {body} for its content
    framed: tuple[str, ...] = ()  # the words of that frame
    charset: str = "latin-1"  # of the body
    quoted_printable: bool = False
    first_line: str = ""  # what comes before the headers
    wrapped: bool = True
    ending: str = "\n"
    origin: str = ""  # X-Origin, if it is not the mailbox

    def add(self, text: str) -> None:
        """Append `text` on new lines."""
        self.text += "\n" + text
        self.said = [*self.said, text]

    def write(self, *pieces: str) -> None:
        """Replace the body with these pieces, one per line."""
        self.text, self.said = "\n".join(pieces), list(pieces)

    def replace(self, old: str, new: str) -> None:
        """Replace `old` with `new` everywhere in the body."""
        self.text = self.text.replace(old, new)
        self.said = [piece.replace(old, new) for piece in self.said]

    @property
    def pieces(self) -> list[str]:
        """Everything that a reader sees of the body, in pieces."""
        return [*self.said, *self.framed]

    def quote(self, earlier: "Letter", style: Callable[["Letter"], tuple[str, list[str]]]) -> None:
        """Append an earlier letter in a style of quoting."""
        text, said = style(earlier)
        self.text += text
        self.said = self.said + said


# -- quoting: the text of a quoted letter, and its pieces


def original_message(letter: Letter) -> tuple[str, list[str]]:
    """Quote as Outlook does."""
    date = letter.date + _TO_HOUSTON
    weekday, month = WEEKDAYS[date.weekday()], MONTHS[date.month - 1]
    to = "; ".join([person.outlook_name for person in letter.to])
    cc = "; ".join([person.outlook_name for person in letter.cc])
    text = (
        f"\n\n -----Original Message-----\nFrom: \t{letter.sender.outlook_name}  \n"
        f"Sent:\t{weekday}, {month} {date.day:02}, {date.year} {clock(date)}\nTo:\t{to}\n"
        + (f"Cc:\t{cc}\n" if cc else "")
        + f"Subject:\t{letter.subject}\n\n{letter.text}"
    )
    frame = ["Original Message From Sent To Subject", weekday, month, clock(date)[-2:], letter.subject]
    return text, [*frame, *(["Cc"] if cc else []), *_names(letter, "outlook_name"), *letter.said]


def notes_block(letter: Letter) -> tuple[str, list[str]]:
    """Quote as Lotus Notes does in a reply: the name, the date, To, cc and Subject."""
    date = letter.date + _TO_HOUSTON
    to = ", ".join([person.notes_name for person in letter.to])
    cc = ", ".join([person.notes_name for person in letter.cc])
    text = (
        f"\n\n\n\n{letter.sender.name}\n{date.month:02}/{date.day:02}/{date.year} {clock(date)}\n"
        f"To: {to}\ncc: {cc} \n\nSubject: {letter.subject}  \n\n{letter.text}"
    )
    frame = ["To cc Subject", clock(date)[-2:], letter.sender.name, letter.subject]
    return text, [*frame, *_names(letter, "notes_name")[1:], *letter.said]


def forwarded(letter: Letter) -> tuple[str, list[str]]:
    """Quote as Lotus Notes does in a forwarded letter; the first addressee forwards it an hour later."""
    by, date = letter.to[0], letter.date + _TO_HOUSTON + timedelta(hours=1)
    block, said = notes_block(letter)
    text = (
        f"\n---------------------- Forwarded by {by.notes_name.removesuffix('@ECT')} on "
        f"{date.month:02}/{date.day:02}/{date.year} {clock(date)} ---------------------------{block[2:]}"
    )
    return text, ["Forwarded by on", by.notes_name.removesuffix("@ECT"), clock(date)[-2:], *said]


def angle_quotes(letter: Letter) -> tuple[str, list[str]]:
    """Quote as Internet mail programs do: with `>` before every line."""
    quoted = wrap(letter.text, 70).replace("\n", "\n> ")
    return f"\n\n{letter.sender.name} wrote:\n> {quoted}", [letter.sender.name, "wrote", *letter.said]


def inline_header(letter: Letter) -> tuple[str, list[str]]:
    """Quote with the header lines only."""
    block, said = original_message(letter)
    return block.replace(" -----Original Message-----\n", "", 1), ["From Sent To Subject", *said[1:]]


def _names(letter: Letter, form: str) -> list[str]:
    """Return the pieces for the people of a letter: the sender first."""
    return [getattr(person, form) for person in (letter.sender, *letter.to, *letter.cc)]


def clock(date: datetime) -> str:
    """Return the time of day as on an American clock: 06:35 PM."""
    return f"{(date.hour + 11) % 12 + 1:02}:{date.minute:02} {'PM' if date.hour >= 12 else 'AM'}"


# -- from a letter to the bytes of a file


def address(letter: Letter) -> None:
    """Fill in the headers that depend on the letter alone."""
    sender, to, cc = letter.sender, letter.to, letter.cc
    entry = "notes_entry" if letter.notes else "outlook_entry"
    headers = letter.headers
    headers["Date"] = header_date(letter.date)
    headers["From"] = sender.address
    headers["To"] = address_list(to)
    headers["Subject"] = letter.subject
    if cc:
        headers["Cc"] = headers["Bcc"] = address_list(cc)  # the export gave every Cc as Bcc too
    headers["Mime-Version"] = "1.0"
    headers["Content-Type"] = "text/plain; charset=us-ascii"
    headers["X-From"] = getattr(sender, entry)
    headers["X-To"] = ", ".join([getattr(person, entry) for person in to])
    headers["X-cc"] = ", ".join([getattr(person, entry) for person in cc])
    headers["X-bcc"] = ""


def header_date(date: datetime) -> str:
    """Return a date as the export wrote it: in Los Angeles time, wherever the sender was."""
    zone = "-0700 (PDT)" if is_summer_time(date) else "-0800 (PST)"
    day = f"{WEEKDAYS[date.weekday()][:3]}, {date.day} {MONTHS[date.month - 1][:3]} {date.year:04}"
    return f"{day} {date.hour:02}:{date.minute:02}:{date.second:02} {zone}"


def is_summer_time(date: datetime) -> bool:
    """Return whether summer time holds: from April's first Sunday to October's last, 2 o'clock (US law until 2006)."""
    begin = datetime(date.year, 4, 7, 2)
    end = datetime(date.year, 10, 31, 2)
    return begin - _since_sunday(begin) <= date < end - _since_sunday(end)


def _since_sunday(date: datetime) -> timedelta:
    return timedelta(days=date.isoweekday() % 7)


def address_list(people: Sequence[Person]) -> str:
    """Return addresses separated by commas, folded as in the corpus: a space, a line break, a tab."""
    lines = [""]
    for person in people:
        if lines[-1] and len(lines[-1]) + len(person.address) > 70:
            lines.append("")
        lines[-1] += f"{person.address}, "
    return "\n\t".join(lines)[:-2]


def header_block(headers: dict[str, str]) -> str:
    """Return the lines of the headers, in the order of the corpus."""
    return "".join([f"{name}: {headers[name]}\n" for name in HEADERS if name in headers])


def body_text(letter: Letter) -> str:
    """Return the body as it is in the file, with one character for each byte."""
    text = letter.text
    if letter.markup:
        lines = escape(text, quote=False).encode("ascii", "xmlcharrefreplace").decode("ascii").replace("\n", "<br>\n")
        text = letter.markup.replace("{body}", lines.replace("<br>\n<br>\n", "\n<p>\n"))
    elif letter.notes and letter.wrapped:
        text = wrap(text, 77)
    text = text.encode(letter.charset).decode("latin-1")  # one character for each byte
    return quoted_printable(text) if letter.quoted_printable else text


def wrap(text: str, width: int) -> str:
    """Break lines longer than `width` at spaces; the space stays at the end of the line, as in Lotus Notes."""
    return re.sub(rf"(?m)^(?=.{{{width + 1}}}).+$", lambda line: _wrap_line(line[0], width), text)


def _wrap_line(line: str, width: int) -> str:
    return re.sub(rf"(?=.{{{width + 1}}})(.{{1,{width}}}) (?=\S)", "\\1 \n", line)


def quoted_printable(text: str) -> str:
    """Encode bytes, given as Latin-1 (RFC 2045): no line over 76 characters, no space or tab at the end of a line."""
    return "\n".join([_quoted_printable_line(line) for line in text.split("\n")])


def _quoted_printable_line(line: str) -> str:
    rest = re.sub("[^ -<>-~]", lambda char: f"={ord(char[0]):02X}", line)
    if rest.endswith(" "):
        rest = rest[:-1] + "=20"
    pieces = []
    while len(rest) > 76:
        escape_start = rest.rfind("=", 73, 75)
        cut = 75 if escape_start < 0 else escape_start
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return "=\n".join([*pieces, rest])
