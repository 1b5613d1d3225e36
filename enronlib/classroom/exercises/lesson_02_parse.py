"""Exercises of lesson 02: a folded header, a date, a web page, and a message as 20 fields."""

import re
import tempfile
from datetime import datetime, timedelta, timezone
from email import message_from_string
from html import escape
from pathlib import Path
from typing import Any

from enronlib.classroom.answer import Answer, Parts
from enronlib.classroom.exercise import Edits, Right, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.messages import FIELDS, HEADERS, read_date, read_email, unfold

exercise = lesson("02_parse_one_email")


@exercise(
    "parse.unfold",
    title="Unfold a header",
    points=1,
    hints=(
        'Split the value into lines with `value.split("\\n")`. What do you have to remove from both ends of each line? '
        "What goes between the lines when you join them again?",
        '`line.strip()` removes spaces and tabs from both ends, and `" ".join(lines)` joins lines with one space. Or '
        "do it in one step: `re.sub` with a pattern for spaces, a line break, and spaces.",
    ),
    wrong=[
        Wrong("keeps the spaces before", lambda value: value.replace("\n\t", " "), "remove those before it, too"),
        Wrong("keeps the spaces after", lambda value: re.sub(" *\n", " ", value), "around it become one space"),
        Wrong("removes the line break only", Edits(('" ".join', '"".join'), (".strip()", "")), "around it become one"),
        Wrong("puts nothing between the lines", Edits(('" ".join', '"".join')), "around it become one space"),
        Wrong("changes all spaces", Edits(('value.split("\\n")', "value.split()")), "leave other spaces as they are"),
        Wrong("returns the lines", lambda value: value.split("\n"), "returned a list; a str was expected"),
        Wrong("knows only the example", lambda value: "ada@x.example, bo@x.example", "around it become one space"),
    ],
    right=[
        Right("uses a pattern", lambda value: re.sub(r"[ \t]*\n[ \t]*", " ", value)),
        Right("uses splitlines", Edits(('value.split("\\n")', "value.splitlines()"))),
    ],
)
def one_line(answer: Answer, mail: Mail) -> str:
    advice = "a line break and all spaces and tabs around it become one space"
    for value in (
        "ada@x.example, \n\tbo@x.example",
        "a long subject\n and its rest",
        "ada@x.example, \n\tbo@x.example, \n\tcy@x.example",
        f"before the meeting,{' ' * 3}\n{' ' * 50}please",
        "Enron\n\t-Prairie Lantern",
    ):
        got = answer(value).is_a(str)
        two = "  " in got.plain and got.plain.replace("  ", " ") == unfold(value)
        got.expect(not two, "there are two spaces where the line break was: remove those before it, too")
        got.equals(unfold(value), advice)
    answer("Gas").equals("Gas", "a value on one line stays as it is")
    inner = "two  spaces\tand a tab, \n\tfolded"
    answer(inner).equals(unfold(inner), "leave other spaces as they are")
    for email in mail.emails:
        message = message_from_string(email["original_msg"])
        for value in (message["To"] or "", message["Subject"] or ""):
            if "\n" in value:
                answer.on("a folded header that you have not seen")(value).equals(unfold(value), advice)
    return "You unfolded headers with spaces and tabs, long folds, and several folds in one header."


@exercise(
    "parse.date",
    title="When was it sent?",
    points=2,
    stars=2,
    hints=(
        "Two things are left to do. The date may have the wrong year: look for the right one in the text itself. And "
        "it may have no offset, in which case `date.tzinfo` is `None`. Handle them one after the other.",
        'Test for the year with `if " 0001 " in value:` and for the offset with `if date.tzinfo is None:`. '
        "`date.replace(…)` does not change `date` but returns a new one: `date = date.replace(…)`.",
    ),
    wrong=[
        Wrong("returns the text", lambda value: value, "returned a str; a datetime was expected"),
        Wrong("drops the offset", Edits(("return date", "return date.replace(tzinfo=None)")), "keep the offset"),
        Wrong("treats every offset as UTC", Edits(("date.tzinfo is None", "True")), "keep the offset from UTC"),
        Wrong("converts to UTC", Edits(("return date", "return date.astimezone(UTC)")), "but not its offset from UTC"),
        Wrong("turns 2001 into the year 1", Edits(('" 0001 "', '" "')), "the text says 2001"),
        Wrong("takes local time for UTC", Edits(("replace(tzinfo=UTC)", "astimezone(UTC)")), "without an offset"),
        Wrong("does not catch the error", Edits(("ValueError", "KeyError")), "raised ValueError"),
        Wrong("believes in 2001", Edits(('" 0001 "', '" 9999 "')), "the text says 0001: keep the year"),
        Wrong("leaves dates naive", Edits(("date.replace(tzinfo=UTC)", "date")), "without an offset"),
        Wrong(
            "knows only the example",
            lambda value: datetime(2001, 6, 7, 11, 5, 33, tzinfo=timezone(timedelta(hours=-7))),
            "read the date from the text",
        ),
    ],
    right=[
        Right("looks for the year as a word", Edits(('" 0001 " in value', '"0001" in value.split()'))),
        Right(
            "combines",
            Edits(
                ("date.replace(tzinfo=UTC)", "datetime.combine(date.date(), date.time(), UTC)"),
                ("if date.tz", "from datetime import datetime\n    if date.tz"),
            ),
        ),
    ],
)
def date(answer: Answer, mail: Mail) -> str:
    for value, moment, advice in (
        ("Thu, 7 Jun 2001 11:05:33 -0700 (PDT)", "2001-06-07T11:05:33-07:00", "keep the offset from UTC"),
        ("Fri, 30 Nov 2001 09:00:00 -0800 (PST)", "2001-11-30T09:00:00-08:00", FROM_TEXT),
        ("Tue, 20 Dec 0001 21:26:20 -0800 (PST)", "0001-12-20T21:26:20-08:00", FROM_TEXT),
        ("Thu, 7 Jun 2001 11:05:33", "2001-06-07T11:05:33+00:00", "a date without an offset counts as UTC"),
    ):
        _is_dated(answer(value), datetime.fromisoformat(moment), advice)
    for no_date in ("yesterday", "", None, "Sat, 31 Feb 2001 10:00:00 +0000"):
        answer(no_date).equals(None, "return None for a text that is not a date")
    for email in mail.emails:
        value = message_from_string(email["original_msg"])["Date"]
        _is_dated(answer(value), read_date(value))
    return "You handled offsets, a missing offset, the year 1, and texts that are not dates."


FROM_TEXT = "read the date from the text"


def _is_dated(date: Answer, expected: datetime | None, advice: str = FROM_TEXT) -> None:
    """Require the expected date, with the same offset."""
    if expected is None:
        date.equals(None, "there is no date that can be read, so return None")
        return
    date.is_a(datetime)
    year = f"the text says {expected.year:04}: keep the year as it is written, right or wrong"
    date.expect(date.plain.year == expected.year, year)
    date.equals(expected, advice)
    offset = "the moment is right, but not its offset from UTC: keep the offset of the text"
    date.expect(date.plain.utcoffset() == expected.utcoffset(), offset)


BREAK = 'insert_{}("\\n")'


@exercise(
    "parse.html",
    title="What a reader sees",
    points=2,
    stars=2,
    hints=(
        "Edit the soup before you extract its text: remove the title, and put a line break before and after each "
        "block. `get_text()` then needs no separator.",
        'For each `tag in soup.find_all(["title"])`, call `tag.decompose()`. For each `tag in soup.find_all(BLOCKS)`, '
        'call `tag.insert_before("\\n")` and `tag.insert_after("\\n")`.',
    ),
    wrong=[
        Wrong("returns the HTML", lambda html: html, "without tags"),
        Wrong("removes tags with a pattern", lambda html: re.sub("<[^>]*>", "\n", html), "inside <style>"),
        Wrong("keeps the title", Edits(('["title"]', "[]")), "the title belongs to the window"),
        Wrong("removes headings, too", Edits(('["title"]', '["title", "h1"]')), "a heading belongs to the page"),
        Wrong("joins cells", Edits(("find_all(BLOCKS)", "find_all([])")), "the cells of a table"),
        Wrong("breaks after blocks only", Edits((BREAK.format("before"), "name")), "before and after each block"),
        Wrong("breaks before blocks only", Edits((BREAK.format("after"), "name")), "before and after each block"),
        Wrong("makes capitals", Edits(("get_text()", "get_text().upper()")), "leave capitals and small letters"),
        Wrong("cuts at every tag", Edits(("get_text()", 'get_text("\\n")')), "a tag that is not in BLOCKS"),
        Wrong("misses blocks", Edits(("(BLOCKS)", '(["br", "h1", "p", "table", "td", "tr"])')), "every tag in BLOCKS"),
        Wrong("puts spaces around blocks", Edits(('"\\n"', '" "')), "line breaks, not spaces"),
        Wrong("has one line", Edits(("soup.get_text()", '" ".join(soup.get_text().split())')), "line breaks, not"),
        Wrong("returns words", Edits(("get_text()", "get_text().split()")), "a str was expected"),
        Wrong("knows only the example", lambda html: "Call me now.", "all the words that a reader sees"),
    ],
    right=[
        Right("puts spaces beside the line breaks", Edits(('"\\n"', '" \\n "'))),
        Right("removes the title with its parent", Edits(('["title"]', '["title", "head"]'))),
        Right("tidies its lines", Edits(("soup.get_text()", '"\\n".join(soup.get_text().split("\\n"))'))),
    ],
)
def html(answer: Answer, mail: Mail) -> str:
    every_word = "return all the words that a reader sees"
    breaks = "there is a line break before and after each block"
    inline = "nothing separates words at a tag that is not in BLOCKS"
    cases = [
        ("<p>Nomination sheet</p>", "Nomination sheet", every_word),
        ("<style>p {color: red}</style><p>Gas</p>", "Gas", "nobody sees what is inside <style>"),
        ("<title>Page</title><p>Gas</p>", "Gas", "the title belongs to the window, not to the page"),
        ("<table><tr><td>Day</td><td>Price</td></tr></table>", "Day\nPrice", "the cells of a table are separate words"),
        ("Gas<p>Oil</p>", "Gas\nOil", breaks),
        ("<p>Dear Ada<br>thanks</p><p>Bo</p>Cy", "Dear Ada\nthanks\nBo\nCy", breaks),
        ("<h1>Head</h1><p>Gas</p>", "Head\nGas", "a heading belongs to the page, unlike the title"),
        ("<p><b>W</b>elcome</p>", "Welcome", inline),
        ("<p>Call me <b>now</b>.</p>", "Call me now.", inline),
        ("<p>caf&eacute;&nbsp;&amp;&nbsp;bar</p>", "café & bar", "entities such as &eacute; stand for characters"),
        *(
            (f"Gas<{tag}>Oil</{tag}>Hub", "Gas\nOil\nHub", f"{breaks}, that is, every tag in BLOCKS")
            for tag in ("center", "div", "h2", "h3", "li")
        ),
        ("Gas<hr>Oil", "Gas\nOil", f"{breaks}, that is, every tag in BLOCKS"),
        ("<table><tr><th>Day</th><th>Price</th></tr></table>", "Day\nPrice", f"{breaks}, that is, every tag in BLOCKS"),
    ]
    for email in mail.emails[:20]:
        cells = [escape(word) for word in email["Subject"].split()]
        page = f"<html><style>td {{x: y}}</style><table><tr><td>{'</td><td>'.join(cells)}</td></tr></table></html>"
        cases.append((page, "\n".join(email["Subject"].split()), every_word))
    for page, seen, advice in cases:
        text = answer(page).is_a(str)
        text.expect("<" not in text.plain, "return the text of the page without tags")
        words = Answer(text.plain.split(), f"for {page[:80]!r} the words of your text are")
        same_letters = text.plain.casefold().split() == seen.casefold().split()
        words.expect(words.plain == seen.split() or not same_letters, "leave capitals and small letters as they are")
        words.equals(seen.split(), advice)
        lines = [line.split() for line in text.plain.splitlines() if line.strip()]
        text.expect(lines == [line.split() for line in seen.splitlines()], "put line breaks, not spaces, around blocks")
    return "You left out what nobody sees, separated the blocks, and kept words together that are one word."


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
ADVICE = {
    "username": "the mailbox is the folder directly below the maildir",
    "original_msg": "this field holds the whole text of the message",
    "payload": "the body must be exactly as it is in the file",
    "Date": "read it with `read_date`, yours or its tested twin",
}
VALUE = "None if value is None else messages.unfold(value)"
READ_DATE = 'email["Date"] = messages.read_date(email["Date"])'


@exercise(
    "parse.email",
    title="A message as 20 fields",
    points=4,
    stars=3,
    hints=(
        "Follow the order of the comments: read the text, split it, fix the header, and let `message_from_string` read "
        "it. Then fill a dict: first the three fields that are not headers, then a loop over `HEADERS`. Which value "
        "cannot be unfolded?",
        'Begin the dict with `email = {"username": …, "original_msg": text, "payload": payload}`. In the loop, '
        "`value = message[name]` is `None` for a header that is absent; unfold it only if it is not. At the end, "
        '`email["Date"] = messages.read_date(email["Date"])`.',
    ),
    wrong=[
        Wrong("loops over FIELDS", Edits(("in HEADERS", "in FIELDS")), "loop over HEADERS, not FIELDS"),
        Wrong("forgets a field", Edits(("in HEADERS", "in HEADERS[:-1]")), "there is no 'Bcc'"),
        Wrong("has a field too many", Edits(("in HEADERS", 'in [*HEADERS, "Reply-To"]')), "not one of the 20"),
        Wrong("sorts the fields", Edits(("return email", "return dict(sorted(email.items()))")), "the order of FIELDS"),
        Wrong(
            "takes the folder above",
            Edits(("path.relative_to(maildir).parts[0]", "path.parent.parent.name")),
            "the folder directly below the maildir",
        ),
        Wrong("leaves the date as text", Edits((READ_DATE, "")), "a datetime was"),
        Wrong("converts to UTC", Edits((READ_DATE, f"{READ_DATE}.astimezone(UTC)")), "not its offset from UTC"),
        Wrong("strips the body", Edits(('"payload": payload', '"payload": payload.strip()')), "exactly as it is"),
        Wrong("keeps the body twice", Edits(('"original_msg": text', '"original_msg": payload')), "the whole text"),
        Wrong("turns absent into empty", Edits((VALUE, 'messages.unfold(value or "")')), "a header that is absent"),
        Wrong("turns empty into absent", Edits(("value is None", "not value")), "a header that is present"),
        Wrong("does not unfold", Edits((VALUE, "value")), "one line"),
        Wrong("reads Latin-1", Edits(("read_text(path)", 'path.read_text("latin-1")')), "this file is UTF-8"),
        Wrong("reads UTF-8", Edits(("read_text(path)", 'path.read_text("utf-8")')), "raised UnicodeDecodeError"),
        Wrong(
            "replaces bytes",
            Edits(("read_text(path)", 'path.read_text("utf-8", "replace")')),
            "`�` stands for a character that was lost: read the file with `read_text`",
        ),
        Wrong("stops at a stray line", Edits(("fix_header(header)", "header")), "repair the header"),
        Wrong("returns a list", Edits(("return email", "return list(email.values())")), "a dict was expected"),
        Wrong(
            "knows only the example",
            Edits(("return email", 'return email | {"Subject": "Pipeline"}')),
            "its Subject says something else",
        ),
    ],
    right=[
        Right("strips the values", Edits((VALUE, "None if value is None else messages.unfold(value).strip()"))),
        Right("uses the names above", Edits((VALUE, "None if value is None else unfold(value)"))),
    ],
)
def email(answer: Answer, mail: Mail) -> str:
    folded = MESSAGE.replace("bo.marsh@enron.example", "bo.marsh@enron.example, \n\tcy@oxbow.example")
    umlaut = MESSAGE.replace("Marsh", "Mücke")
    stray = MESSAGE.replace("Pipeline", "Pipeline\nand pressure")
    inbox = "quill-a/inbox/7_"
    cases: list[tuple[str, str | bytes, str, str]] = [
        ("a plain message", MESSAGE, inbox, ""),
        ("another plain message", MESSAGE.replace("Pipeline", "Gas"), inbox, ""),
        ("a message in a folder within a folder", MESSAGE, "quill-a/inbox/old/x/7_", ""),
        ("a message outside any folder", MESSAGE, "quill-a/7_", ""),
        ("a message without To", MESSAGE.replace("To: bo.marsh@enron.example\n", ""), inbox, ""),
        ("a message with a folded To", folded, inbox, "unfold it to one line"),
        ("a message with an unreadable date", re.sub("Date: .*", "Date: soon", MESSAGE), inbox, ""),
        ("a message from the year 1", MESSAGE.replace(" 2001 ", " 0001 "), inbox, ""),
        ("a message with ü in UTF-8", umlaut.encode(), inbox, "this file is UTF-8: read it with `read_text`"),
        ("a message with ü in Latin-1", umlaut.encode("latin-1"), inbox, ""),
        ("a message that quotes another one", f"{MESSAGE}\n{MESSAGE}", inbox, ""),
        ("a message with a line break in the Subject", stray, inbox, "repair the header before you read it"),
    ]
    fields = Parts(FIELDS)
    for what, text, place, advice in cases:
        with tempfile.TemporaryDirectory() as maildir:
            path = Path(maildir, place)
            path.parent.mkdir(parents=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            with fields.whole():
                _is_read(fields, answer.on(what)(path, Path(maildir)), read_email(path, Path(maildir)), advice)
    for path, expected in zip(mail.files, mail.emails, strict=True):
        with fields.whole():
            _is_read(fields, answer.on(f"the unseen message `{mail.place(path)}`")(path, mail.maildir), expected, "")
    fields.finish("fields")
    return "You read every message of a corpus that you had never seen, oddities and all, and lost none."


def _is_read(fields: Parts, got: Answer, expected: dict[str, Any], advice: str) -> None:
    """Require the 20 fields of a message, each a part of the answer."""
    got.is_a(dict)
    message = message_from_string(expected["original_msg"])
    for name in FIELDS:
        if "=?" in (message[name] or ""):  # an encoded header, which the lesson does not teach
            continue
        with fields.part(name):
            got.expect(name in got.plain, f"there is no {name!r} in it")
            _is_field(name, got[name], expected[name], advice)
    got.expect(got.plain.keys() <= {*FIELDS}, "it has a key that is not one of the 20 fields")
    got.expect(
        list(got.plain) == [name for name in FIELDS if name in got.plain], "put the fields in the order of FIELDS"
    )


def _is_field(name: str, field: Answer, wanted: Any, advice: str) -> None:
    """Require the value of one field. Spaces around the value of a header do not matter."""
    if name in HEADERS and isinstance(field.plain, str):
        field = Answer(field.plain.strip(), field.said)
    if name not in HEADERS:
        field.expect(field.plain is not None, f"`{name}` is not a header: loop over HEADERS, not FIELDS")
        lost = "`�` stands for a character that was lost: read the file with `read_text`"
        field.expect("�" in wanted or "�" not in str(field.plain), lost)
    if name == "Date":
        _is_dated(field, wanted, advice or ADVICE[name])
    elif wanted is None:
        field.expect(field.plain is None, "a header that is absent has the value None, not an empty text")
    elif wanted == "":
        field.expect(field.plain == "", "a header that is present but empty has an empty text as its value")
    else:
        field.equals(wanted, advice or ADVICE.get(name, f"its {name} says something else"))
