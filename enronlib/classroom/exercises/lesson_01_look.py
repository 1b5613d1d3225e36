"""Exercises of lesson 01: files in order, the two parts of a message, sizes, and odd messages."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from enronlib.classroom.answer import Answer, NotAttempted
from enronlib.classroom.exercise import Edits, Right, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.corpus import message_files, natural_key

exercise = lesson("01_look_at_the_mail")

KEY = 'key=lambda name: int(name.strip("._"))'
BY_NUMBER = Edits(
    (f"sorted(names, {KEY})", '[name for _, name in sorted({int(n.strip("._")): n for n in names}.items())]')
)


@exercise(
    "look.natural",
    title="Files in the order of their numbers",
    points=1,
    stars=1,
    hints=(
        "`sorted` compares what the function `key` returns for each name. What do you want to compare: the text, or "
        "the number in it?",
        '`name.strip("._")` removes dots and underscores from both ends, and `int(…)` turns the rest into a number. '
        "Put both into a small function, and pass it to `sorted(names, key=…)`.",
    ),
    wrong=[
        Wrong("sorts as text", sorted, "2. comes before 10."),
        Wrong("sorts by length", Edits((KEY, "key=len")), "1. before 2."),
        Wrong("returns numbers", lambda names: sorted(int(name.strip("._")) for name in names), "the names themselves"),
        Wrong("removes dots only", Edits(('"._"', '"."')), "raised ValueError"),
        Wrong("sorts in place and returns nothing", Edits(("sorted(names, ", "names.sort(")), "is a `return` missing?"),
        Wrong("pads with zeros", Edits((KEY, "key=lambda n: n.zfill(5)")), "may have any number of digits"),
        Wrong("is a generator", Edits(("return", "yield from")), "a list was expected"),
        Wrong("drops repeated names", Edits(("sorted(names", "sorted(set(names)")), "keep every name"),
        Wrong("uses a dict, which holds each number once", BY_NUMBER, "keep every name"),
        Wrong("knows only the example", lambda names: ["1.", "2.", "10."], "by their numbers"),
    ],
    right=[
        Right("cuts off the last character", Edits((KEY, "key=lambda name: int(name[:-1])"))),
    ],
)
def natural(answer: Answer, mail: Mail) -> str:
    first = answer(["10.", "2.", "1."]).is_a(list)
    first.expect(not any(isinstance(name, int) for name in first.plain), "return the names themselves")
    first.equals(["1.", "2.", "10."], "2. comes before 10., and 1. before 2.")
    advice = "sort the names by their numbers, whatever their length and ending"
    answer(["31.", "13.", "4."]).equals(["4.", "13.", "31."], advice)
    answer(["100000.", "99999."]).equals(["99999.", "100000."], "compare numbers, which may have any number of digits")
    answer(["100_", "20_", "3_"]).equals(["3_", "20_", "100_"], advice)
    answer(["2_", "1_", "2_"]).equals(["1_", "2_", "2_"], "keep every name, even if it occurs more than once")
    names = sorted(path.name for path in mail.files)
    answer.on("the names of many files")(names).equals(sorted(names, key=natural_key), advice)
    return "You sorted by number, with dots and with underscores."


def _cut_at_a_line_of_spaces(text: str) -> tuple[str, str]:
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines) if not line.strip()), len(lines))
    return "\n".join(lines[:end]), "\n".join(lines[end + 1 :])


@exercise(
    "look.split",
    title="Header and body",
    points=1,
    stars=1,
    hints=(
        'An empty line is two line breaks in a row: `"\\n\\n"`. Two text methods can cut there: `split` and '
        "`partition`. Which of them cuts only once?",
        '`"a-b-c".partition("-")` returns `("a", "-", "b-c")`, and `"abc".partition("-")` returns `("abc", "", "")`. '
        "You need the first and the last of the three.",
    ),
    wrong=[
        Wrong("cuts at every empty line", lambda text: text.split("\n\n")[:2], "everything after it belongs to"),
        Wrong("cuts at a line of spaces", _cut_at_a_line_of_spaces, "a line with a space in it is not empty"),
        Wrong("cuts at the last empty line", Edits(("partition", "rpartition")), "the first empty line"),
        Wrong("strips the body", Edits(("header, body", "header, body.strip()")), "do not change the body"),
        Wrong("keeps a line break", Edits(("header, body", 'header + "\\n", body')), "ends with a line break"),
        Wrong("splits once, and may get one part", lambda text: text.split("\n\n", 1), "return two texts"),
        Wrong(
            "cuts at -1 without an empty line",
            lambda text: (text[: text.find("\n\n")], text[text.find("\n\n") + 2 :]),
            "without an empty line",
        ),
        Wrong("returns lines", lambda text: text.splitlines(), "return two texts"),
        Wrong("knows only the example", lambda text: ("From: kim\nTo: lee", "Hello\n"), "the first empty line"),
    ],
    right=[
        Right("returns a list", lambda text: [*text.split("\n\n", 1), ""][:2]),
        Right("slices", lambda text: (text[:at], text[at + 2 :]) if (at := text.find("\n\n")) >= 0 else (text, "")),
    ],
)
def split(answer: Answer, mail: Mail) -> str:
    cut = "cut at the first empty line, and do not change the body"
    cases = [
        ("From: kim\nTo: lee\n\nHello\n", cut),
        ("To: lee\n\nHello\n\nKim\n\n", "cut at the first empty line; everything after it belongs to the body"),
        ("To: lee\n\n\nHello", "do not change the body, even if it begins with an empty line"),
        ("To: lee\n \nCc: kim\n\nHello", "a line with a space in it is not empty"),
        ("To: lee\n\n", "the body may be empty"),
        ("To: lee\nCc: kim", "without an empty line, the whole text is the header"),
        *((email["original_msg"], cut) for email in mail.emails[:20]),
    ]
    for text, advice in cases:
        header, _, body = text.partition("\n\n")
        parts = answer(text).is_a(tuple, list)
        parts.expect(len(parts.plain) == 2, "return two texts, the header and the body")
        parts.expect(
            parts.plain[0] != header + "\n", "the header ends with a line break that belongs to the empty line"
        )
        Answer(tuple(parts.plain), parts.said).equals((header, body), advice)
    return "You handled bodies that contain empty lines, and messages without a body."


IS_FILE = "if path.is_file():\n            total"


@exercise(
    "look.size",
    title="How big is a mailbox?",
    points=2,
    stars=2,
    hints=(
        "Which line of the table finds files at any depth? It finds folders as well: which line tells you whether a "
        "path is a file?",
        'Loop over the mailbox with `for path in mailbox.rglob("*"):`, and add `path.stat().st_size` to `total` '
        "whenever `path.is_file()`.",
    ),
    wrong=[
        Wrong("looks in the mailbox only", Edits(("rglob", "glob")), "in all folders"),
        Wrong("looks in its folders only", Edits(('rglob("*")', 'glob("*/**/*")')), "directly in the mailbox"),
        Wrong(
            "looks one folder deep",
            Edits(('mailbox.rglob("*")', '[*mailbox.glob("*"), *mailbox.glob("*/*")]')),
            "a folder within a folder",
        ),
        Wrong("adds folders, too", Edits((IS_FILE, "if True:\n            total")), "but not of the folders"),
        Wrong("knows dots only", Edits(('rglob("*")', 'rglob("*.")')), "whatever their names"),
        Wrong(
            "counts characters",
            Edits(("path.stat().st_size", 'len(path.read_text("utf-8", "ignore"))')),
            "bytes, not characters",
        ),
        Wrong(
            "counts characters of Latin-1",
            Edits(("path.stat().st_size", 'len(path.read_text("latin-1"))')),
            "count the bytes of the file",
        ),
        Wrong("counts files", Edits(("path.stat().st_size", "1")), "add up the sizes"),
        Wrong("returns a list", lambda box: [p.stat().st_size for p in message_files(box)], "an int was expected"),
        Wrong("knows only the example", lambda box: 8, "bytes, not characters"),
    ],
    right=[
        Right("uses numpy", lambda box: np.sum([path.stat().st_size for path in message_files(box)])),
        Right("uses pandas", lambda box: pd.Series([path.stat().st_size for path in message_files(box)]).sum()),
    ],
)
def size(answer: Answer, mail: Mail) -> str:
    cases = [
        ({"inbox/1_": b"12345", "inbox/2_": b"678"},
         "add up the sizes of the files in all folders, whatever their names, but not of the folders themselves"),
        ({"inbox/1_": "Grüße".encode()}, "count bytes, not characters: ü and ß take two bytes each"),
        ({"inbox/1_": b"1\r\n2\r\n"}, "count the bytes of the file: reading it as text changes its line breaks"),
        ({"1_": b"12"}, "a message may be directly in the mailbox, outside any folder"),
        ({"inbox/old/x/1_": b"12"}, "a message may be in a folder within a folder"),
        ({}, "without messages there is nothing to add up"),
    ]  # fmt: skip
    for files, advice in cases:
        what = " and ".join(f"`{name}` of {len(data)} bytes" for name, data in files.items()) or "an empty folder"
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "inbox").mkdir()
            for name, data in files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            total = sum(map(len, files.values())) or 0.0  # as numpy's sum of nothing is
            answer.on(f"a mailbox with {what}")(Path(folder)).equals(total, advice)
    for mailbox in mail.mailboxes:
        total = sum(path.stat().st_size for path in message_files(mailbox))
        advice = "add up the sizes of all message files, at any depth"
        answer.on(f"the unseen mailbox `{mail.place(mailbox)}`")(mailbox).equals(total, advice)
    return "You found every message, however deep in the folders, and counted its bytes."


FOUND = {"A": "folded", "B": "html", "C": "encoded", "D": "stray line", "E": "no recipient"}


@exercise(
    "look.gallery",
    title="Match each message to its oddity",
    points=2,
    stars=2,
    hints=(
        "First find the end of each header. Two of the five messages are odd below it: what does the body look like? "
        "The other three are odd above it.",
        "In the header, look at how each line begins. Which message has a line with neither a name and a colon nor a "
        "space in front? Two messages have no `To`: which of them has nothing after `X-To:` either?",
    ),
    wrong=[
        Wrong("swaps stray and folded", FOUND | {"A": "stray line", "D": "folded"}, "look at that message again"),
        Wrong("swaps HTML and encoded", FOUND | {"B": "encoded", "C": "html"}, "look at that message again"),
        Wrong("uses other words", FOUND | {"E": "nobody"}, "use one of the five words"),
        Wrong("leaves some out", {"A": "folded", "B": "html"}, "it has no 'C'"),
        Wrong("has not looked at one yet", FOUND | {"C": ...}, "'C' is still `...`; use one of the five words"),
        Wrong("is a list", list(FOUND.values()), "a dict was expected"),
    ],
)
def gallery(answer: Answer, mail: Mail) -> str:
    answer.is_a(dict)
    if answer.plain and all(word is ... for word in answer.plain.values()):
        raise NotAttempted
    for letter, word in FOUND.items():
        found = answer[letter]
        found.expect(found.plain in FOUND.values(), "use one of the five words")
        found.equals(word, "look at that message again")
    return "You saw all five with your own eyes."


def _signs(text: str) -> list[str]:
    header, _, body = text.partition("\n\n")
    lines = header.split("\n")
    signs = {
        "no To": not any(line.startswith("To:") for line in lines),
        "empty Subject": any(line.rstrip() == "Subject:" for line in lines),
        "folded": any(line.startswith((" ", "\t")) for line in lines),
        "HTML": "<html" in body.lower(),
        "forwarded": "Forwarded by" in body,
    }
    return [name for name, shown in signs.items() if shown]


TO = 'not any(line.startswith("To:") for line in lines)'
SUBJECT = 'line.rstrip() == "Subject:"'
FOLD = 'any(line.startswith((" ", "\\t")) for line in lines)'


@exercise(
    "look.find",
    title="Let a program look",
    points=3,
    stars=3,
    hints=(
        "Two of the three missing signs are in the header, one is in the body: look for each in its own part. Test "
        "them one after another, like the sign that is already there: `if …: signs.append(…)`.",
        '`line.rstrip()` removes the spaces at the end of a line, so you can compare the rest with `"Subject:"`. '
        "`body.lower()` turns capitals into small letters, so that one test finds both.",
    ),
    wrong=[
        Wrong("looks for signs everywhere", Edits(("header, _, body =", "header = body = text #")), "its own part"),
        Wrong("takes X-To for To", Edits((TO, '"To:" not in header')), "`X-To:` is not `To:`"),
        Wrong("misses <HTML>", Edits((".lower()", "")), "capitals"),
        Wrong("looks for To after a line break", Edits((TO, '"\\nTo:" not in header')), "on its first line"),
        Wrong("knows 2 empty Subjects", Edits((SUBJECT, 'line in ("Subject:", "Subject: ")')), "any number of spaces"),
        Wrong(
            "splits at every colon",
            Edits((SUBJECT, 'line.startswith("Subject:") and not line.split(":")[1].strip()')),
            "may contain colons",
        ),
        Wrong("knows folds with a tab", Edits((FOLD, '"\\n\\t" in header')), "a space as well as a tab"),
        Wrong("takes any tab for a fold", Edits((FOLD, '"\\t" in header')), "a space as well as a tab"),
        Wrong("knows folds with a space", Edits((FOLD, '"\\n " in header')), "a tab as well as a space"),
        Wrong("needs a bare tag", Edits(("<html", "<html>")), "whatever follows"),
        Wrong("needs no tag", Edits(("<html", "html")), "the name of a file"),
        Wrong("ignores case", Edits(('"Forwarded by" in body', '"forwarded by" in body.lower()')), "capital F"),
        Wrong("searches the Subject, too", Edits(('"Forwarded by" in body', '"Forwarded by" in text')), "its own part"),
        Wrong(
            "lists a sign for each line",
            Edits(
                ("if any(line.startswith", "for line in lines:\n        if line.startswith"),
                ('(" ", "\\t")) for line in lines):\n        ', '(" ", "\\t")):\n            '),
            ),
            "list each sign once",
        ),
        Wrong("finds one sign only", Edits(("return signs", "return signs[:1]")), "may show several signs"),
        Wrong("returns a text", Edits(("return signs", 'return ", ".join(signs)')), "a list was expected"),
        Wrong("sorts its signs", Edits(("return signs", "return sorted(signs)")), "in the order of the table"),
        Wrong("never finds anything", lambda text: [], "its Subject is empty"),
        Wrong("knows only the example", lambda text: ["empty Subject"], "nothing is odd"),
    ],
)
def find(answer: Answer, mail: Mail) -> str:
    ordinary = answer("To: lee\nSubject: Gas\n\nHello\n").is_a(list)
    ordinary.expect("no To" not in ordinary.plain, "this message has a `To:`, on its first line")
    ordinary.equals([], "nothing is odd about this message")
    own_part = "look for each sign in its own part, header or body"
    cases = [
        ("To: lee\nSubject: \n\nHello\n", "its Subject is empty"),
        ("To: lee\nSubject:\n\nHello\n", "a Subject is empty with or without a space after the colon"),
        ("To: lee\nSubject:   \n\nHello\n", "an empty Subject may have any number of spaces after the colon"),
        ("To: lee\nSubject: : new\n\nHello\n", "a Subject may contain colons, and this one is not empty"),
        ("Subject: Gas\nX-To: lee\n\nHello\n", "`X-To:` is not `To:`"),
        ("To: lee,\n kim\nSubject: Gas\n\nHello\n", "a folded line may begin with a space as well as a tab"),
        ("To: lee,\n\tkim\nSubject: Gas\n\nHello\n", "a folded line may begin with a tab as well as a space"),
        ("To: lee,\n kim,\n bo\nSubject: Gas\n\nHello\n", "list each sign once, however many lines show it"),
        ("To: lee\nSubject: Gas\n\n<html>Hello</html>", "its body contains `<html`"),
        ("To: lee\nSubject: Gas\n\n<HTML>Hello</HTML>", "tags may be written in capitals"),
        ('To: lee\nSubject: Gas\n\n<html lang="en">Hello', "`<html` counts, whatever follows it"),
        ("To: lee\nSubject: Gas\n\nSee index.html\n", "look for `<html`: this is only the name of a file"),
        ("To: lee\nSubject: Gas\n\n-- Forwarded by Kim --\n", "its body contains `Forwarded by`"),
        ("To: lee\nSubject: Gas\n\nIt was forwarded by Kim.\n", "`Forwarded by` counts only with a capital F"),
        ("To: lee\nSubject: Forwarded by Kim\n\nHello\n", own_part),
        ("To: lee\nSubject: Gas\n\nFrom: kim\nTo:\nSubject:\n\n\tHello\n", own_part),
        ("Subject: <html>\n\nTo: lee\n", own_part),
        ("To: lee,\n kim\nSubject:\n\n<html>Forwarded by Kim",
         "a message may show several signs; list them in the order of the table"),
    ]  # fmt: skip
    for text, advice in cases:
        answer(text).equals(_signs(text), advice)
    for path, email in zip(mail.files, mail.emails, strict=True):
        text = email["original_msg"]
        answer.on(f"the unseen message `{mail.place(path)}`")(text).equals(_signs(text), own_part)
    return "Your program checked messages that you have never seen."
