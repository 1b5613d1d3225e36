"""Exercises of lesson 01: files in order, a message in two parts, sizes, and what is odd about a mail."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from enronlib.classroom.answer import Answer, NotAttempted
from enronlib.classroom.exercise import Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.corpus import message_files

exercise = lesson("01_look_at_the_mail")


def _by_number(name: str) -> int:
    return int(name.strip("._"))


@exercise(
    "look.natural",
    title="Files in the order of their numbers",
    points=1,
    stars=1,
    hints=(
        "`sorted` compares what the function `key` returns for each name. What do you want to compare, the text or the "
        "number in it?",
        '`name.strip("._")` takes dots and underscores off both ends, and `int(…)` makes a number of the rest. '
        "Put both into a small function and give that to `sorted(names, key=…)`.",
    ),
    wrong=[
        Wrong("sorts by letters", sorted, "2. comes before 10."),
        Wrong("sorts by length", lambda names: sorted(names, key=len), "1. before 2."),
        Wrong("returns numbers", lambda names: sorted(map(_by_number, names)), "the names themselves"),
        Wrong("takes off dots only", lambda names: sorted(names, key=lambda n: int(n.strip("."))), "raised ValueError"),
        Wrong("sorts in place and returns nothing", lambda names: names.sort(key=_by_number), "is a `return` missing?"),
        Wrong("knows only the example", lambda names: ["1.", "2.", "10."], "by their numbers"),
    ],
)
def natural(answer: Answer, mail: Mail) -> str:
    in_order = answer(["10.", "2.", "1."]).is_a(list)
    in_order.expect(not any(isinstance(name, int) for name in in_order.plain), "the names themselves are asked for")
    in_order.equals(["1.", "2.", "10."], "2. comes before 10., and 1. before 2.")
    advice = "sort the names by their numbers, whatever their length and ending"
    answer(["31.", "13.", "4."]).equals(["4.", "13.", "31."], advice)
    answer(["100_", "20_", "3_"]).equals(["3_", "20_", "100_"], advice, hint=2)
    names = sorted(path.name for path in mail.files)
    answer.on("the names of a whole mailbox")(names).equals(sorted(names, key=_by_number), advice)
    return "You sorted by number, with dots and with underscores."


def _first_two_parts(text: str) -> list[str]:
    return text.split("\n\n")[:2]


def _at_the_last_empty_line(text: str) -> tuple[str, str]:
    header, _, body = text.rpartition("\n\n")
    return header, body


def _stripped(text: str) -> tuple[str, str]:
    header, _, body = text.partition("\n\n")
    return header.strip(), body.strip()


def _by_find(text: str) -> tuple[str, str]:
    place = text.find("\n\n")
    return text[:place], text[place + 2 :]


@exercise(
    "look.split",
    title="Header and body",
    points=1,
    stars=1,
    hints=(
        'An empty line means two line breaks in a row: `"\\n\\n"`. A text has methods that cut it at a place: '
        "`split`, `partition`. Which of them cuts at the first place only?",
        '`"a-b-c".partition("-")` gives `("a", "-", "b-c")`, and `"abc".partition("-")` gives `("abc", "", "")`. '
        "You want the first and the last of the three.",
    ),
    wrong=[
        Wrong("cuts at every empty line", _first_two_parts, "everything after it belongs to the body"),
        Wrong("cuts at the last empty line", _at_the_last_empty_line, "the first empty line"),
        Wrong("strips the body", _stripped, "leave the body as it stands"),
        Wrong("splits once, and gets one part", lambda text: text.split("\n\n", 1), "two texts are asked for"),
        Wrong("finds no empty line at -1", _by_find, "without an empty line"),
        Wrong("returns lines", lambda text: text.splitlines(), "two texts are asked for"),
        Wrong("knows only the example", lambda text: ("From: kim\nTo: lee", "Hello\n"), "the first empty line"),
    ],
)
def split(answer: Answer, mail: Mail) -> str:
    def parts(text: str) -> Answer:
        got = answer(text).is_a(tuple, list)
        got.expect(len(got.plain) == 2, "two texts are asked for, header and body", hint=2)
        return Answer(tuple(got.plain), got.said)

    advice = "cut at the first empty line and leave the body as it stands"
    parts("From: kim\nTo: lee\n\nHello\n").equals(("From: kim\nTo: lee", "Hello\n"), advice)
    parts("To: lee\n\nHello\n\nKim\n\n").equals(
        ("To: lee", "Hello\n\nKim\n\n"), "cut at the first empty line: everything after it belongs to the body"
    )
    parts("To: lee\n\n\nHello").equals(("To: lee", "\nHello"), "leave the body as it stands, even if it begins oddly")
    parts("To: lee\n\n").equals(("To: lee", ""), "the body may be empty")
    parts("To: lee\nCc: kim").equals(("To: lee\nCc: kim", ""), "without an empty line all is header", hint=2)
    for email in mail.emails[:20]:
        header, _, body = email["original_msg"].partition("\n\n")
        parts(email["original_msg"]).equals((header, body), advice)
    return "You handled bodies with empty lines of their own, and messages without a body."


def _size_of_all(mailbox: Path) -> int:
    return sum(path.stat().st_size for path in mailbox.rglob("*") if path.is_file())


def _letters(mailbox: Path) -> int:
    texts = [path.read_bytes().decode("utf-8", "ignore") for path in mailbox.rglob("*") if path.is_file()]
    return sum(map(len, texts))


@exercise(
    "look.size",
    title="How big is a mailbox?",
    points=2,
    stars=2,
    hints=(
        "Which line of the table finds files however deep they lie? It finds folders as well: which line tells the two "
        "apart?",
        'Go through the mailbox with `for path in mailbox.rglob("*"):`, and add `path.stat().st_size` to `total` '
        "whenever `path.is_file()`.",
    ),
    wrong=[
        Wrong(
            "looks into the mailbox only", lambda box: sum(p.stat().st_size for p in box.glob("*_")), "in its folders"
        ),
        Wrong(
            "looks into its folders only", lambda box: sum(p.stat().st_size for p in box.glob("*/*")), "in no folder"
        ),
        Wrong(
            "looks one folder deep",
            lambda box: sum(p.stat().st_size for p in [*box.glob("*_"), *box.glob("*/*_")]),
            "a folder in a folder",
        ),
        Wrong("counts letters", _letters, "bytes, not letters"),
        Wrong("counts files", lambda box: len(message_files(box)), "the number of bytes"),
        Wrong("returns a list", lambda box: [p.stat().st_size for p in message_files(box)], "an int was expected"),
        Wrong("knows only the example", lambda box: 8, "add up"),
    ],
)
def size(answer: Answer, mail: Mail) -> str:
    two_files = {"inbox/1_": b"12345", "inbox/2_": b"678"}
    _size(answer, "a mailbox with files of 5 and 3 bytes", two_files, "the number of bytes in its folders is asked for")
    _size(answer, "a mailbox with an ü in it", {"inbox/1_": "Grüße".encode()}, "add up bytes, not letters")
    _size(
        answer,
        "a message that lies in no folder",
        {"1_": b"12"},
        "a message may lie in the mailbox itself, in no folder",
    )
    _size(answer, "a folder in a folder", {"inbox/old/x/1_": b"12"}, "a message may lie in a folder in a folder")
    _size(answer, "a mailbox without mail", {}, "without messages there is nothing to add up")
    for mailbox in mail.mailboxes:
        expected = sum(path.stat().st_size for path in message_files(mailbox))
        answer(mailbox).equals(expected, "add up the sizes of all message files, however deep they lie", hint=2)
    return "You found every message, however deep it lies, and counted its bytes."


def _size(answer: Answer, what: str, files: Mapping[str, bytes], advice: str) -> None:
    """Check the size of a mailbox made of these files."""
    with tempfile.TemporaryDirectory() as folder:
        mailbox = Path(folder, "quill-a")
        for name in ("inbox/1_", *files):
            (mailbox / name).parent.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (mailbox / name).write_bytes(data)
        answer.on(what)(mailbox).equals(sum(map(len, files.values())), advice)


FOUND = {"A": "folded", "B": "html", "C": "encoded", "D": "stray line", "E": "no recipient"}


@exercise(
    "look.gallery",
    title="Which mail is odd in which way?",
    points=2,
    stars=2,
    hints=(
        "First look where the header ends. Two of the five are odd below that line: what does the body look like? "
        "Three are odd above it.",
        "In the header, go down the first letters of the lines. Which mail has a line with neither a name and a "
        "colon nor a blank before it? Two mails have no `To`: which of them has nothing after `X-To:` either?",
    ),
    wrong=[
        Wrong(
            "takes a stray line for a folded one", FOUND | {"A": "stray line", "D": "folded"}, "look at that one again"
        ),
        Wrong("takes HTML for an encoding", FOUND | {"B": "encoded", "C": "html"}, "look at that one again"),
        Wrong("uses words of its own", FOUND | {"E": "nobody"}, "use one of the five words"),
        Wrong("leaves one out", {"A": "folded", "B": "html"}, "it has no 'C'"),
        Wrong("has not looked at one yet", FOUND | {"C": ...}, "one of the five words"),
        Wrong("gives a list", list(FOUND.values()), "a dict was expected"),
    ],
)
def gallery(answer: Answer, mail: Mail) -> str:
    answer.is_a(dict)
    if answer.plain and all(word is ... for word in answer.plain.values()):
        raise NotAttempted
    for letter, word in FOUND.items():
        found = answer[letter]
        found.expect(found.plain in FOUND.values(), "use one of the five words")
        found.equals(word, "look at that one again", hint=2)
    return "You saw all five with your own eyes."


def _odd(text: str) -> list[str]:
    header, _, body = text.partition("\n\n")
    lines = header.split("\n")
    signs = {
        "no To": not any(line.startswith("To:") for line in lines),
        "empty Subject": any(line.rstrip() == "Subject:" for line in lines),
        "folded": any(line.startswith((" ", "\t")) for line in lines),
        "HTML": "<html" in body.lower(),
        "forwarded": "Forwarded by" in body,
    }
    return [name for name, holds in signs.items() if holds]


def _odd_anywhere(text: str) -> list[str]:
    """Look for every sign in the whole message, as if it had no parts."""
    return [*_odd(text.replace("\n\n", "\n")), *_odd("To: x\n\n" + text)]


def _odd_with_any_to(text: str) -> list[str]:
    header = text.partition("\n\n")[0]
    return [sign for sign in _odd(text) if sign != "no To"] if "To:" in header else _odd(text)


def _odd_without_capitals(text: str) -> list[str]:
    return [sign for sign in _odd(text) if sign != "HTML" or "<html" in text]


@exercise(
    "look.find",
    title="Let a program look",
    points=3,
    stars=3,
    hints=(
        "Two of the three signs that are left are in the header, one is in the body: look for each in its own half. Go "
        "through them in turn, as with the sign that is there: `if …: signs.append(…)`.",
        '`line.rstrip()` takes the blanks off the end of a line, so that it can be compared with `"Subject:"`. '
        "`body.lower()` makes capitals small, so that one question finds both kinds.",
    ),
    wrong=[
        Wrong("looks for all signs everywhere", _odd_anywhere, "each sign in its own half"),
        Wrong("takes X-To for To", _odd_with_any_to, "`X-To:` is another header"),
        Wrong("overlooks <HTML>", _odd_without_capitals, "capitals"),
        Wrong("finds one sign only", lambda text: _odd(text)[:1], "a mail may show several"),
        Wrong("returns one name", lambda text: ", ".join(_odd(text)), "a list was expected"),
        Wrong("sorts its signs", lambda text: sorted(_odd(text)), "in the order of the list"),
        Wrong("never finds a thing", lambda text: [], "there is something odd"),
        Wrong("knows only the example", lambda text: ["empty Subject"], "nothing is odd"),
    ],
)
def find(answer: Answer, mail: Mail) -> str:
    answer("To: lee\nSubject: \n\nHello\n").equals(["empty Subject"], "there is something odd in it")
    answer("To: lee\nSubject:\n\nHello\n").equals(
        ["empty Subject"], "a Subject is empty with a blank after the colon and without one", hint=2
    )
    answer("To: lee\nSubject: Gas\n\nHello\n").equals([], "nothing is odd about it")
    answer("Subject: Gas\nX-To: lee\n\nHello\n").equals(["no To"], "`X-To:` is another header than `To:`", hint=2)
    answer("To: lee,\n\tkim\nSubject: Gas\n\nHello\n").equals(
        ["folded"], "a line of the header goes on from the one before"
    )
    answer("To: lee\nSubject: Gas\n\n<HTML>Hello</HTML>").equals(["HTML"], "tags may be written in capitals", hint=2)
    answer("To: lee\nSubject: Gas\n\n-- Forwarded by Kim --\n").equals(
        ["forwarded"], "there is something odd in the body"
    )
    answer("To: lee\nSubject: Gas\n\nFrom: kim\nTo:\nSubject:\n\n\tHello\n").equals(
        [], "look for each sign in its own half, header or body"
    )
    answer("Subject: <html>\n\nTo: lee\n").equals(["no To"], "look for each sign in its own half, header or body")
    answer("To: lee,\n kim\nSubject:\n\n<html>Forwarded by Kim").equals(
        ["empty Subject", "folded", "HTML", "forwarded"],
        "a mail may show several signs; give them in the order of the list",
    )
    for email in mail.emails:
        text = email["original_msg"]
        answer.on("a mail you have not seen")(text).equals(_odd(text), "look for each sign in its own half")
    return "Your program looked at mails that you never saw."
