"""Exercises of lesson 01: files in order, a message in two parts, sizes, and what is odd about a mail."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from enronlib.classroom.answer import Answer, NotAttempted
from enronlib.classroom.exercise import Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.corpus import message_files

exercise = lesson("01_look_at_the_mail")


def _by_number(name: str) -> int:
    return int(name.strip("._"))


def _in_order(names: list[str]) -> list[str]:
    return sorted(names, key=_by_number)


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
        Wrong("fills up with zeros", lambda names: sorted(names, key=lambda n: n.zfill(5)), "many digits"),
        Wrong("is a generator", lambda names: (name for name in _in_order(names)), "a list was expected"),
        Wrong("knows only the example", lambda names: ["1.", "2.", "10."], "by their numbers"),
    ],
)
def natural(answer: Answer, mail: Mail) -> str:
    in_order = answer(["10.", "2.", "1."]).is_a(list)
    in_order.expect(not any(isinstance(name, int) for name in in_order.plain), "the names themselves are asked for")
    in_order.equals(["1.", "2.", "10."], "2. comes before 10., and 1. before 2.")
    advice = "sort the names by their numbers, whatever their length and ending"
    answer(["31.", "13.", "4."]).equals(["4.", "13.", "31."], advice)
    answer(["100000.", "99999."]).equals(["99999.", "100000."], "compare numbers, which may have many digits", hint=2)
    answer(["100_", "20_", "3_"]).equals(["3_", "20_", "100_"], advice, hint=2)
    names = sorted(path.name for path in mail.files)
    answer.on("the names of many files")(names).equals(_in_order(names), advice)
    return "You sorted by number, with dots and with underscores."


def _first_two_parts(text: str) -> list[str]:
    return text.split("\n\n")[:2]


def _at_the_last_empty_line(text: str) -> tuple[str, str]:
    header, _, body = text.rpartition("\n\n")
    return header, body


def _stripped(text: str) -> tuple[str, str]:
    header, _, body = text.partition("\n\n")
    return header.strip(), body.strip()


def _with_its_line_break(text: str) -> tuple[str, str]:
    header, empty_line, body = text.partition("\n\n")
    return header + empty_line[:1], body


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
        Wrong("keeps a line break in the header", _with_its_line_break, "the header keeps a line break at its end"),
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
        longer = got.plain[0] == text.partition("\n\n")[0] + "\n"
        got.expect(not longer, "the header keeps a line break at its end: neither part keeps the empty line")
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


def _with_folders(mailbox: Path) -> int:
    return sum(4096 if path.is_dir() else path.stat().st_size for path in mailbox.rglob("*"))


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
            "looks into the mailbox only", lambda box: sum(p.stat().st_size for p in box.glob("*_")), "in its folders,"
        ),
        Wrong(
            "looks into its folders only", lambda box: sum(p.stat().st_size for p in box.glob("*/*")), "in no folder"
        ),
        Wrong(
            "looks one folder deep",
            lambda box: sum(p.stat().st_size for p in [*box.glob("*_"), *box.glob("*/*_")]),
            "a folder in a folder",
        ),
        Wrong("counts folders, too", _with_folders, "was a folder counted as well?"),
        Wrong("knows dots only", lambda box: sum(p.stat().st_size for p in box.rglob("*.")), "whatever its ending"),
        Wrong("counts letters", _letters, "bytes, not letters"),
        Wrong("counts files", lambda box: len(message_files(box)), "add up the bytes"),
        Wrong("returns a list", lambda box: [p.stat().st_size for p in message_files(box)], "an int was expected"),
        Wrong("knows only the example", lambda box: 8, "bytes, not letters"),
    ],
)
def size(answer: Answer, mail: Mail) -> str:
    _size(
        answer,
        {"inbox/1_": b"12345", "inbox/2_": b"678"},
        "add up the bytes of each file in its folders, whatever its ending",
        "that is more than the files hold: was a folder counted as well?",
    )
    _size(answer, {"inbox/1_": "Grüße".encode()}, "add up bytes, not letters: ü and ß have two each")
    _size(answer, {"1_": b"12"}, "a message may lie in the mailbox itself, in no folder")
    _size(answer, {"inbox/old/x/1_": b"12"}, "a message may lie in a folder in a folder")
    _size(answer, {}, "without messages there is nothing to add up")
    for mailbox in mail.mailboxes:
        expected = sum(path.stat().st_size for path in message_files(mailbox))
        answer.on(f"the unseen mailbox `{mail.place(mailbox)}`")(mailbox).equals(
            expected, "add up the sizes of all message files, however deep they lie", hint=2
        )
    return "You found every message, however deep it lies, and counted its bytes."


def _size(answer: Answer, files: Mapping[str, bytes], advice: str, too_large: str = "") -> None:
    """Check the size of a mailbox made of these files, and of an empty folder if there are none."""
    what = " and ".join(f"`{name}` of {len(data)} bytes" for name, data in files.items()) or "an empty folder"
    with tempfile.TemporaryDirectory() as folder:
        mailbox = Path(folder, "quill-a")
        for name in ("inbox/1_", *files):
            (mailbox / name).parent.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (mailbox / name).write_bytes(data)
        size, expected = answer.on(f"a mailbox with {what}")(mailbox).is_a(int), sum(map(len, files.values()))
        size.equals(expected, too_large if too_large and size.plain > expected else advice)


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
        Wrong("uses words of its own", FOUND | {"E": "nobody"}, "put one of the five words there"),
        Wrong("leaves one out", {"A": "folded", "B": "html"}, "it has no 'C'"),
        Wrong("has not looked at one yet", FOUND | {"C": ...}, "'C' is still `...`; put one of the five words there"),
        Wrong("gives a list", list(FOUND.values()), "a dict was expected"),
    ],
)
def gallery(answer: Answer, mail: Mail) -> str:
    answer.is_a(dict)
    if answer.plain and all(word is ... for word in answer.plain.values()):
        raise NotAttempted
    for letter, word in FOUND.items():
        found = answer[letter]
        found.expect(found.plain in FOUND.values(), "put one of the five words there")
        found.equals(word, "look at that one again", hint=2)
    return "You saw all five with your own eyes."


Rule = Callable[[str, str], bool]

SIGNS: Mapping[str, Rule] = {
    "no To": lambda header, body: not any(line.startswith("To:") for line in header.split("\n")),
    "empty Subject": lambda header, body: any(line.rstrip() == "Subject:" for line in header.split("\n")),
    "folded": lambda header, body: any(line.startswith((" ", "\t")) for line in header.split("\n")),
    "HTML": lambda header, body: "<html" in body.lower(),
    "forwarded": lambda header, body: "Forwarded by" in body,
}


def _odd(text: str, signs: Mapping[str, Rule] = SIGNS) -> list[str]:
    header, _, body = text.partition("\n\n")
    return [name for name, holds in signs.items() if holds(header, body)]


def _odd_if(sign: str, rule: Rule) -> Callable[[str], list[str]]:
    """Return an answer that is right but for the rule of one sign."""
    return lambda text: _odd(text, {**SIGNS, sign: rule})


def _empty_or_blank(header: str, body: str) -> bool:
    return any(line in ("Subject:", "Subject: ") for line in header.split("\n"))


def _nothing_up_to_a_colon(header: str, body: str) -> bool:
    return any(line.startswith("Subject:") and not line.split(":")[1].strip() for line in header.split("\n"))


def _odd_anywhere(text: str) -> list[str]:
    """Look for every sign in the whole message, as if it had no parts."""
    return [*_odd(text.replace("\n\n", "\n")), *_odd("To: x\n\n" + text)]


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
        Wrong("takes X-To for To", _odd_if("no To", lambda h, b: "To:" not in h), "`X-To:` is another header"),
        Wrong("overlooks <HTML>", _odd_if("HTML", lambda h, b: "<html" in b), "capitals"),
        Wrong("looks for To after a line break", _odd_if("no To", lambda h, b: "\nTo:" not in h), "in its first line"),
        Wrong("knows two empty Subjects", _odd_if("empty Subject", _empty_or_blank), "any number of blanks"),
        Wrong("cuts at every colon", _odd_if("empty Subject", _nothing_up_to_a_colon), "may hold colons"),
        Wrong("knows folds with a tab", _odd_if("folded", lambda h, b: "\n\t" in h), "a blank as well as a tab"),
        Wrong("takes any tab for a fold", _odd_if("folded", lambda h, b: "\t" in h), "a blank as well as a tab"),
        Wrong("knows folds with a blank", _odd_if("folded", lambda h, b: "\n " in h), "a tab as well as a blank"),
        Wrong("wants a bare tag", _odd_if("HTML", lambda h, b: "<html>" in b.lower()), "whatever comes after it"),
        Wrong("reads all in small letters", _odd_if("forwarded", lambda h, b: "forwarded by" in b.lower()), "capital"),
        Wrong("takes a Subject for a body", _odd_if("forwarded", lambda h, b: "Forwarded by" in h + b), "own half"),
        Wrong("finds one sign only", lambda text: _odd(text)[:1], "a mail may show several"),
        Wrong("returns one name", lambda text: ", ".join(_odd(text)), "a list was expected"),
        Wrong("sorts its signs", lambda text: sorted(_odd(text)), "the list's order"),
        Wrong("never finds a thing", lambda text: [], "its Subject is empty"),
        Wrong("knows only the example", lambda text: ["empty Subject"], "nothing is odd"),
    ],
)
def find(answer: Answer, mail: Mail) -> str:
    plain = answer("To: lee\nSubject: Gas\n\nHello\n").is_a(list)
    plain.expect("no To" not in plain.plain, "this mail has a `To:`, in its first line")
    plain.equals([], "nothing is odd about this mail")
    own_half = "look for each sign in its own half, header or body"
    cases = [
        ("To: lee\nSubject: \n\nHello\n", "its Subject is empty"),
        ("To: lee\nSubject:\n\nHello\n", "a Subject is empty with a blank after the colon and without one"),
        ("To: lee\nSubject:   \n\nHello\n", "a Subject is empty with any number of blanks after the colon"),
        ("To: lee\nSubject: : new\n\nHello\n", "a Subject may hold colons, and this one is not empty"),
        ("Subject: Gas\nX-To: lee\n\nHello\n", "`X-To:` is another header than `To:`"),
        ("To: lee,\n kim\nSubject: Gas\n\nHello\n", "a folded line may begin with a blank as well as a tab"),
        ("To: lee,\n\tkim\nSubject: Gas\n\nHello\n", "a folded line may begin with a tab as well as a blank"),
        ("To: lee\nSubject: Gas\n\n<html>Hello</html>", "its body holds `<html`"),
        ("To: lee\nSubject: Gas\n\n<HTML>Hello</HTML>", "tags may be written in capitals"),
        ('To: lee\nSubject: Gas\n\n<html lang="en">Hello', "`<html` counts whatever comes after it"),
        ("To: lee\nSubject: Gas\n\n-- Forwarded by Kim --\n", "its body holds `Forwarded by`"),
        ("To: lee\nSubject: Gas\n\nIt was forwarded by Kim.\n", "`Forwarded by` counts with its capital only"),
        ("To: lee\nSubject: Forwarded by Kim\n\nHello\n", own_half),
        ("To: lee\nSubject: Gas\n\nFrom: kim\nTo:\nSubject:\n\n\tHello\n", own_half),
        ("Subject: <html>\n\nTo: lee\n", own_half),
        ("To: lee,\n kim\nSubject:\n\n<html>Forwarded by Kim", "a mail may show several signs; keep the list's order"),
    ]
    for text, advice in cases:
        answer(text).equals(_odd(text), advice, hint=1 if advice.startswith("its") else 2)
    for path, email in zip(mail.files, mail.emails, strict=True):
        text = email["original_msg"]
        answer.on(f"the unseen mail `{mail.place(path)}`")(text).equals(_odd(text), own_half)
    return "Your program looked at mails that you never saw."
