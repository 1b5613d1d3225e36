"""Exercises of lesson 02: a folded header, a date, a web page, and a message as 20 fields."""

import re
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_string
from email.utils import parsedate_to_datetime
from html import escape, unescape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from enronlib.classroom.answer import Answer
from enronlib.classroom.exercise import Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.messages import FIELDS, HEADERS, read_email
from enronlib.words import tokens

exercise = lesson("02_parse_one_email")


def _unfold(value: str) -> str:
    return re.sub(r"[ \t]*\n[ \t]*", " ", value)


@exercise(
    "parse.unfold",
    title="One header, one line",
    points=1,
    stars=1,
    hints=(
        'Cut the value into lines with `value.split("\\n")`. What has to go from both ends of each line? What '
        "comes between the lines when you put them together again?",
        '`line.strip()` takes blanks and tabs off both ends, and `" ".join(lines)` puts lines together with one blank. '
        "Or in one go: `re.sub` with a pattern for blanks, a line break, and blanks.",
    ),
    wrong=[
        Wrong("leaves the blanks before", lambda value: value.replace("\n\t", " "), "take the blanks before it away"),
        Wrong("leaves the blanks behind", lambda value: re.sub(" *\n", " ", value), "around it become one blank"),
        Wrong("drops the line break only", lambda value: value.replace("\n", ""), "around it become one blank"),
        Wrong(
            "puts nothing between the lines",
            lambda value: "".join(line.strip() for line in value.split("\n")),
            "around it become one blank",
        ),
        Wrong("changes all blanks", lambda value: " ".join(value.split()), "leave the other blanks as they are"),
        Wrong("returns the lines", lambda value: value.split("\n"), "returned a list; a str was expected"),
        Wrong("knows only the example", lambda value: "ada@x.example, bo@x.example", "around it become one blank"),
    ],
)
def unfold(answer: Answer, mail: Mail) -> str:
    advice = "a line break and the blanks and tabs around it become one blank"
    for value in (
        "ada@x.example, \n\tbo@x.example",
        "a long subject\n and its rest",
        "ada@x.example, \n\tbo@x.example, \n\tcy@x.example",
        f"before the meeting,{' ' * 3}\n{' ' * 50}please",
        "Enron\n\t-Prairie Lantern",
    ):
        unfolded, expected = answer(value).is_a(str), _unfold(value)
        left = "  " in unfolded.plain and unfolded.plain.replace("  ", " ") == expected
        unfolded.expect(
            not left, "two blanks are left where the line break was: take the blanks before it away, too", hint=2
        )
        unfolded.equals(expected, advice)
    answer("Gas").equals("Gas", "a value of one line stays as it is")
    answer("two  blanks\tand a tab, \n\tfolded").equals(
        "two  blanks\tand a tab, folded", "leave the other blanks as they are", hint=2
    )
    for email in mail.emails:
        message = message_from_string(email["original_msg"])
        for value in (message["To"], message["Subject"]):
            if value is not None and "\n" in value:
                answer.on("a folded header of a mail you have not seen")(value).equals(_unfold(value), advice)
    return "You handled folds with blanks and tabs, long ones and several in one header."


def _date(value: Any) -> datetime | None:
    """Return a date as the exercise asks for it."""
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if re.search(r"\s0001\s", value):
        date = date.replace(year=1)
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _in_2001(value: Any) -> datetime | None:
    date = _date(value)
    return date.replace(year=2001) if date and date.year == 1 else date


def _without_offset(value: Any) -> datetime | None:
    date = _date(value)
    return date.replace(tzinfo=None) if date else None


def _always_utc(value: Any) -> datetime | None:
    date = _date(value)
    return date.replace(tzinfo=UTC) if date else None


def _moment_in_utc(value: Any) -> datetime | None:
    date = _date(value)
    return date.astimezone(UTC) if date else None


def _of_the_year_1(value: Any) -> datetime | None:
    date = _date(value)
    return date.replace(year=1) if date and date.year == 2001 else date


def _by_the_clock_of_this_machine(value: Any) -> datetime | None:
    date = _date(value)
    naive = date and "-0" not in value and "+0" not in value
    return date.replace(tzinfo=None).astimezone(UTC) if date and naive else date


def _parsed(value: Any) -> datetime:
    date = _date(value)
    if date is None:
        raise ValueError("no date")
    return date


def _naive_without_offset(value: Any) -> datetime | None:
    date = _date(value)
    return date.replace(tzinfo=None) if date and "-0" not in value else date


@exercise(
    "parse.date",
    title="When was it sent?",
    points=2,
    stars=2,
    hints=(
        "Two things are left to do. The date may have the wrong year: look at the text itself for the right one. And "
        "it may have no offset: `date.tzinfo` is then `None`. Handle them one by one.",
        'Ask `if " 0001 " in value:` for the year, and `if date.tzinfo is None:` for the offset. `date.replace(…)` '
        "does not change `date`, it returns a new one: `date = date.replace(…)`.",
    ),
    wrong=[
        Wrong("returns the text", lambda value: value, "returned a str; a datetime was expected"),
        Wrong("drops the offset", _without_offset, "keep the offset from UTC"),
        Wrong("calls every offset UTC", _always_utc, "keep the offset from UTC"),
        Wrong("converts to UTC", _moment_in_utc, "the moment is right, but not its offset from UTC"),
        Wrong("turns 2001 into the year 1", _of_the_year_1, "this text says 2001"),
        Wrong("takes local time for UTC", _by_the_clock_of_this_machine, "a text that tells no offset is taken as UTC"),
        Wrong("lets the error out", _parsed, "raised ValueError"),
        Wrong("believes in 2001", _in_2001, "this text says 0001: the year that is written is asked for"),
        Wrong("leaves dates without an offset naive", _naive_without_offset, "tells no offset"),
        Wrong(
            "knows only the example",
            lambda value: datetime(2001, 6, 7, 11, 5, 33, tzinfo=timezone(timedelta(hours=-7))),
            "read the date from the text",
        ),
    ],
)
def date(answer: Answer, mail: Mail) -> str:
    for value, moment, advice in (
        ("Thu, 7 Jun 2001 11:05:33 -0700 (PDT)", "2001-06-07T11:05:33-07:00", "keep the offset from UTC"),
        ("Fri, 30 Nov 2001 09:00:00 -0800 (PST)", "2001-11-30T09:00:00-08:00", "read the date from the text"),
        ("Tue, 20 Dec 0001 21:26:20 -0800 (PST)", "0001-12-20T21:26:20-08:00", "read the date from the text"),
        ("Thu, 7 Jun 2001 11:05:33", "2001-06-07T11:05:33+00:00", "a text that tells no offset is taken as UTC"),
    ):
        _is_dated(answer(value), datetime.fromisoformat(moment), advice)
    for no_date in ("yesterday", "", None, "Sat, 31 Feb 2001 10:00:00 +0000"):
        _is_dated(answer(no_date), None)
    for email in mail.emails:
        _is_dated(answer(message_from_string(email["original_msg"])["Date"]), email["Date"])
    return "You handled offsets, a date without one, the year 1, and texts that are no date."


def _is_dated(date: Answer, expected: datetime | None, advice: str = "read the date from the text") -> None:
    """Go on if the date is the expected one, offset and all."""
    if expected is None:
        date.equals(None, "where there is no date to be read, return nothing")
        return
    date.is_a(datetime)
    said = f"this text says {expected.year:04}: the year that is written is asked for, right or wrong"
    date.expect(date.plain.year == expected.year, said)
    date.equals(expected, advice, hint=2)
    offset = "the moment is right, but not its offset from UTC: keep the one that the text tells"
    date.expect(date.plain.utcoffset() == expected.utcoffset(), offset)


BLOCKS = ["br", "div", "h1", "li", "p", "table", "td", "tr"]


def _text_of(
    separator: str, *unseen: str, blocks: Sequence[str] = (), before: bool = True, after: bool = True
) -> Callable[[str], str]:
    """Return a function from HTML to text: `separator` between its pieces, a line break at `blocks`, no `unseen`."""

    def visible(html: str) -> str:
        soup = BeautifulSoup(html, "lxml")
        for tag in soup.find_all(list(unseen)) if unseen else []:
            tag.decompose()
        for tag in soup.find_all(list(blocks)) if blocks else []:
            if before:
                tag.insert_before("\n")
            if after:
                tag.insert_after("\n")
        return soup.get_text(separator)

    return visible


def _without_tags(html: str) -> str:
    return unescape(re.sub("<[^>]*>", " ", html))


@exercise(
    "parse.html",
    title="What a reader sees",
    points=2,
    stars=2,
    hints=(
        "Before you ask for the text, change the soup: take out the title, and put a line break at both ends of each "
        "block. `get_text()` then needs nothing between its pieces.",
        'For each `tag in soup.find_all(["title"])` call `tag.decompose()`. For each `tag in soup.find_all(BLOCKS)` '
        'call `tag.insert_before("\\n")` and `tag.insert_after("\\n")`.',
    ),
    wrong=[
        Wrong("returns the HTML", lambda html: html, "no tags"),
        Wrong("cuts the tags with a pattern", _without_tags, "inside <style>"),
        Wrong("keeps the title", _text_of("", blocks=BLOCKS), "the title is on the window"),
        Wrong("takes headings out, too", _text_of("", "title", "h1", blocks=BLOCKS), "a heading is on the page"),
        Wrong("glues cells together", _text_of("", "title"), "the cells of a table"),
        Wrong("breaks after blocks only", _text_of("", "title", blocks=BLOCKS, before=False), "begins and where it"),
        Wrong("breaks before blocks only", _text_of("", "title", blocks=BLOCKS, after=False), "begins and where it"),
        Wrong(
            "changes letters",
            lambda html: _text_of("", "title", blocks=BLOCKS)(html).upper(),
            "leave capitals and small",
        ),
        Wrong("cuts words at every tag", _text_of(" ", "title"), "a tag that is no block"),
        Wrong("returns words", lambda html: tokens(_text_of("", "title", blocks=BLOCKS)(html)), "a str was expected"),
        Wrong("knows only the example", lambda html: "Call me now.", "all the words that a reader sees"),
    ],
)
def html(answer: Answer, mail: Mail) -> str:
    def words(page: str, seen: str, advice: str, hint: int = 1) -> None:
        text = answer(page).is_a(str)
        text.expect("<" not in text.plain, "the text of the page is asked for, no tags", hint=2)
        got = Answer(text.plain.split(), f"for {page[:80]!r} the words of your text are")
        other_letters = text.plain.split() != seen.split() and text.plain.casefold().split() == seen.casefold().split()
        got.expect(not other_letters, "leave capitals and small letters as they are")
        got.equals(seen.split(), advice, hint=hint)

    every_word = "all the words that a reader sees are asked for, each by itself"
    words("<p>Nomination sheet</p>", "Nomination sheet", every_word)
    words("<style>p {color: red}</style><p>Gas</p>", "Gas", "nobody sees what is inside <style>")
    words("<title>Page</title><p>Gas</p>", "Gas", "the title is on the window, not on the page")
    words("<table><tr><td>Day</td><td>Price</td></tr></table>", "Day Price", "the cells of a table are words apart", 2)
    parts = "a block parts words where it begins and where it ends"
    words("Gas<p>Oil</p>", "Gas Oil", parts, 2)
    words("<p>Dear Ada<br>thanks</p><p>Bo</p>Cy", "Dear Ada thanks Bo Cy", parts, 2)
    words("<h1>Head</h1><p>Gas</p>", "Head Gas", "a heading is on the page, the title alone is not")
    words("<p><b>W</b>elcome</p>", "Welcome", "a tag that is no block may stand inside a word", 2)
    words("<p>Call me <b>now</b>.</p>", "Call me now.", "a tag that is no block puts nothing in", 2)
    words(
        "<p>caf&eacute;&nbsp;&amp;&nbsp;bar</p>", "café & bar", "letters may be written as entities, such as &eacute;"
    )
    for email in mail.emails[:20]:
        cells = [escape(word) for word in email["Subject"].split()]
        page = f"<html><style>td {{x: y}}</style><table><tr><td>{'</td><td>'.join(cells)}</td></tr></table></html>"
        words(page, email["Subject"], every_word)
    return "You left out what nobody sees, parted what stands apart, and kept together what is one word."


MESSAGE = """\
Message-ID: <1.2.JavaMail.sample@thyme.example>
Date: Thu, 7 Jun 2001 11:05:33 -0700 (PDT)
From: ada.quill@enron.example
To: bo.marsh@enron.example
Subject: Pipeline
Mime-Version: 1.0
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit
X-From: Quill, Ada
X-To: Marsh, Bo
X-cc:
X-bcc:
X-Folder: \\Quill, Ada\\Inbox
X-Origin: Quill-A
X-FileName: quill.pst

The pressure is falling.

Ada
"""
ABSENT = "a header that is not there has no value, not even an empty text"
EMPTY = "a header that is there and empty has an empty text for its value"
ADVICE = {
    "username": "the mailbox is the folder directly below the maildir",
    "original_msg": "the whole text of the message is asked for",
    "payload": "the body is asked for as it stands in the file",
    "Date": "let `read_date` read it, yours or its tested twin",
}

Email = dict[str, Any]


def _wrong_email(change: Callable[[Email, Path], Any]) -> Callable[[Path, Path], Any]:
    """Return a `read_email` that is right but for this change."""
    return lambda path, maildir: change(read_email(path, maildir), path)


def _without_x_bcc(email: Email, path: Path) -> Email:
    return {name: value for name, value in email.items() if name != "X-bcc"}


def _still_folded(email: Email, path: Path) -> Email:
    return email | {"To": message_from_string(email["original_msg"])["To"]}


def _with_date_in_utc(email: Email, path: Path) -> Email:
    return email | {"Date": email["Date"] and email["Date"].astimezone(UTC)}


def _only_latin_1(email: Email, path: Path) -> Email:
    return email | {"original_msg": path.read_text(encoding="latin-1")}


def _only_utf_8(email: Email, path: Path) -> Email:
    path.read_bytes().decode("utf-8")
    return email


def _cut_at_a_stray_line(email: Email, path: Path) -> Email:
    message = message_from_string(email["original_msg"])
    return email | {name: message[name] and _unfold(message[name]) for name in HEADERS if name != "Date"}


@exercise(
    "parse.email",
    title="A message as 20 fields",
    points=4,
    stars=3,
    hints=(
        "Go in the order of the comments: read the text, split it, mend the header, let `message_from_string` read it. "
        "Then fill a dict: three fields of your own first, then a loop over `HEADERS`. Which value cannot be unfolded?",
        'Begin the dict with `email = {"username": …, "original_msg": text, "payload": payload}`. In the loop, '
        "`value = message[name]` is `None` for a header that is not there; unfold it only if it is not. At the end, "
        '`email["Date"] = messages.read_date(email["Date"])`.',
    ),
    wrong=[
        Wrong(
            "loops over FIELDS",
            _wrong_email(lambda e, _: e | {"username": None, "original_msg": None, "payload": None}),
            "`username` is no header: loop over HEADERS, not FIELDS",
        ),
        Wrong("forgets a field", _wrong_email(_without_x_bcc), "there is no 'X-bcc'"),
        Wrong("has a field too many", _wrong_email(lambda e, _: e | {"Reply-To": None}), "not one of the 20"),
        Wrong("sorts the fields", _wrong_email(lambda e, _: dict(sorted(e.items()))), "the order of FIELDS"),
        Wrong(
            "names the mailbox by the folder above",
            _wrong_email(lambda e, path: e | {"username": path.parent.parent.name}),
            "the folder directly below the maildir",
        ),
        Wrong("leaves the date a text", _wrong_email(lambda e, _: e | {"Date": str(e["Date"])}), "a datetime was"),
        Wrong("converts to UTC", _wrong_email(_with_date_in_utc), "not its offset from UTC"),
        Wrong("strips the body", _wrong_email(lambda e, _: e | {"payload": e["payload"].strip()}), "as it stands"),
        Wrong("keeps the body twice", _wrong_email(lambda e, _: e | {"original_msg": e["payload"]}), "the whole text"),
        Wrong("turns absent into empty", _wrong_email(lambda e, _: {k: v or "" for k, v in e.items()}), "not there"),
        Wrong(
            "turns empty into absent", _wrong_email(lambda e, _: {k: v or None for k, v in e.items()}), "is there and"
        ),
        Wrong("does not unfold", _wrong_email(_still_folded), "one line"),
        Wrong("reads everything as Latin-1", _wrong_email(_only_latin_1), "is UTF-8: read it as `read_text` does"),
        Wrong("reads everything as UTF-8", _wrong_email(_only_utf_8), "raised UnicodeDecodeError"),
        Wrong("stops at a stray line", _wrong_email(_cut_at_a_stray_line), "mend the header"),
        Wrong("returns a list", _wrong_email(lambda e, _: list(e.values())), "a dict was expected"),
        Wrong(
            "knows only the example", _wrong_email(lambda e, _: e | {"Subject": "Pipeline"}), "what its Subject says"
        ),
    ],
)
def email(answer: Answer, mail: Mail) -> str:
    with tempfile.TemporaryDirectory() as folder:
        one = _OneMessage(answer, Path(folder, "maildir"))
        one.is_read("a plain message", MESSAGE)
        one.is_read("another plain message", MESSAGE.replace("Pipeline", "Gas"))
        one.is_read("a message in a folder of a folder", MESSAGE, place="quill-a/inbox/old/x/7_")
        one.is_read("a message in no folder", MESSAGE, place="quill-a/7_")
        one.is_read("a message without To", MESSAGE.replace("To: bo.marsh@enron.example\n", ""))
        folded = MESSAGE.replace("bo.marsh@enron.example", "bo.marsh@enron.example, \n\tcy@oxbow.example")
        one.is_read("a message with a folded To", folded, "unfold it to one line")
        one.is_read("a message with an unreadable date", re.sub("Date: .*", "Date: soon", MESSAGE))
        one.is_read("a message of the year 1", MESSAGE.replace(" 2001 ", " 0001 "))
        umlaut = MESSAGE.replace("Marsh", "Mücke")
        one.is_read("a message with an ü in UTF-8", umlaut, "this file is UTF-8: read it as `read_text` does", "utf-8")
        one.is_read("a message with an ü that is no UTF-8", umlaut)
        one.is_read("a message that quotes another one", f"{MESSAGE}\n{MESSAGE}")
        stray = MESSAGE.replace("Pipeline", "Pipeline\nand pressure")
        one.is_read("a message with a line break in the Subject", stray, "mend the header before you read it")
    for path in mail.files:
        expected = read_email(path, mail.maildir)
        got = answer.on(f"the unseen mail `{mail.place(path)}`")(path, mail.maildir).is_a(dict)
        encoded = [name for name in FIELDS if "=?" in _raw(expected, name)]  # the lesson does not ask for these
        for name in FIELDS:
            if name == "Date":
                _is_dated(got[name], expected[name], ADVICE[name])
            elif name not in encoded:
                _field(got, name).equals(expected[name], _advice(name), hint=2)
    return "You read every mail of a corpus that you never saw, oddities and all, and lost none."


def _raw(email: Email, name: str) -> str:
    """Return a header as it stands in the file."""
    return message_from_string(email["original_msg"])[name] or ""


def _field(email: Answer, name: str) -> Answer:
    """Return a field as an Answer; blanks at the ends of a header are neither asked for nor wrong."""
    field = email[name]
    return Answer(field.plain.strip(), field.said) if name in HEADERS and isinstance(field.plain, str) else field


def _advice(name: str) -> str:
    return ADVICE.get(name, f"that is not what its {name} says")


class _OneMessage:
    """A message file made for the check, one after the other, and what must be read from it."""

    def __init__(self, answer: Answer, maildir: Path) -> None:
        self.answer = answer
        self.maildir = maildir

    def is_read(
        self, what: str, text: str, advice: str = "", encoding: str = "latin-1", place: str = "quill-a/inbox/7_"
    ) -> None:
        """Write the message, let the student's function read it, and compare field by field."""
        path = self.maildir / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(encoding))
        expected = read_email(path, self.maildir)
        got = self.answer.on(what)(path, self.maildir).is_a(dict)
        for name in FIELDS:
            got.expect(name in got.plain, f"there is no {name!r} in it")
            value = _field(got, name)
            if name not in HEADERS:
                value.expect(value.plain is not None, f"`{name}` is no header: loop over HEADERS, not FIELDS")
            if isinstance(expected[name], datetime):
                _is_dated(value, expected[name], advice or _advice(name))
            elif expected[name] is None:
                value.expect(value.plain is None, ABSENT if name != "Date" else "there is no date to be read", hint=2)
            elif expected[name] == "":
                value.expect(value.plain == "", EMPTY, hint=2)
            else:
                value.equals(expected[name], advice or _advice(name))
        got.expect(len(got.plain) == len(FIELDS), "there is a key in it that is not one of the 20 fields")
        got.expect(list(got.plain) == list(FIELDS), "the fields are asked for in the order of FIELDS")
