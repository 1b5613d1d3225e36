"""Exercises of lesson 04: count words, the top of a count, each message once, and how many people use a word."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from enronlib.classroom.answer import Answer
from enronlib.classroom.exercise import Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.messages import FIELDS, plain_text
from enronlib.words import STOP_WORDS, tokens

exercise = lesson("04_count_words_with_a_loop")

Email = Mapping[str, Any]


def _email(**fields: str) -> dict[str, Any]:
    """Return a small record with these fields; a name with a dash is written with an underscore."""
    given = {name.replace("_", "-"): value for name, value in fields.items()}
    return dict.fromkeys(FIELDS) | {"payload": "", "From": "kim@x.example"} | given


def _count(texts: Iterable[str], split: Callable[[str], Iterable[str]] = tokens) -> dict[str, int]:
    return dict(Counter(word for text in texts for word in split(text)))


def _runs_of_letters(text: str) -> list[str]:
    return re.findall("[a-z]+", text.lower())


def _last_text(texts: list[str]) -> dict[str, int]:
    return _count(texts[-1:])


def _pairs(texts: list[str]) -> list[tuple[str, int]]:
    return list(_count(texts).items())


@exercise(
    "loop.count",
    title="Count all words",
    points=1,
    stars=1,
    hints=(
        "One loop goes through the texts. What does `tokens(text)` give for each of them, and what does a `Counter` do "
        "with it?",
        "Begin with `counts = Counter()` *before* the loop. In the loop, `counts.update(tokens(text))`. After the "
        "loop, return the counts.",
    ),
    wrong=[
        Wrong("cuts at blanks", lambda texts: _count(texts, str.split), "`tokens` cuts a text into words"),
        Wrong("cuts at what is no letter", lambda texts: _count(texts, _runs_of_letters), "`tokens` cuts a text into"),
        Wrong("begins anew at each text", _last_text, "words of all texts"),
        Wrong("counts texts, not words", lambda texts: _count(texts, lambda t: set(tokens(t))), "each time it occurs"),
        Wrong("counts letters", lambda texts: _count(texts, str), "`tokens` cuts a text into words"),
        Wrong("returns pairs", _pairs, "returned a list; a dict was expected"),
        Wrong("leaves out stop words", lambda texts: _without_stop_words(_count(texts)), "leave no word out"),
        Wrong("knows only the example", lambda texts: {"gas": 2, "is": 1, "up": 1}, "`tokens` cuts a text into words"),
    ],
)
def count(answer: Answer, mail: Mail) -> str:
    """Small texts, then unseen mail, against the words its writer counted."""
    cases = [
        (["Gas, gas."], "`tokens` cuts a text into words, and each word counts each time it occurs"),
        (["Enron's gas 24."], "`tokens` cuts a text into words: let it cut this one, too"),
        (["gas falls", "gas rises"], "the words of all texts belong into one count"),
        (["up up", "and up"], "a word counts each time it occurs; leave no word out"),
        ([], "no texts, no words"),
    ]
    for texts, advice in cases:
        answer(texts).equals(_count(texts), advice, hint=2)
    truth = sum((Counter(words) for words in mail.truth["words"].values()), Counter[str]())
    texts = [plain_text(email) for email in mail.emails]
    answer.on("the texts of unseen mail")(texts).equals(dict(truth), "the words of all texts belong into one count")
    return "Your count agrees with that of the program that wrote the mail."


def _without_stop_words(counts: Mapping[str, int]) -> dict[str, int]:
    return {word: number for word, number in counts.items() if word not in STOP_WORDS}


def _sorted(counts: Mapping[str, int], stop_words: Iterable[str] = ()) -> list[tuple[str, int]]:
    left = [(word, number) for word, number in counts.items() if word not in stop_words]
    return sorted(left, key=lambda pair: (-pair[1], pair[0]))


def _top(counts: Mapping[str, int], n: int, stop_words: Iterable[str]) -> list[tuple[str, int]]:
    return _sorted(counts, stop_words)[:n]


def _cut_first(counts: Mapping[str, int], n: int, stop_words: Iterable[str]) -> list[tuple[str, int]]:
    return [pair for pair in _sorted(counts)[:n] if pair[0] not in stop_words]


def _takes_out(counts: dict[str, int], n: int, stop_words: Iterable[str]) -> list[tuple[str, int]]:
    for word in stop_words:
        counts.pop(word, None)
    return _sorted(counts)[:n]


def _ties_as_they_come(counts: Mapping[str, int], n: int, stop_words: Iterable[str]) -> list[tuple[str, int]]:
    return Counter({word: number for word, number in counts.items() if word not in stop_words}).most_common(n)


def _ties_backwards(counts: Mapping[str, int], n: int, stop_words: Iterable[str]) -> list[tuple[str, int]]:
    left = [(number, word) for word, number in counts.items() if word not in stop_words]
    return [(word, number) for number, word in sorted(left, reverse=True)[:n]]


@exercise(
    "loop.top",
    title="The top of the count",
    points=2,
    stars=2,
    hints=(
        "Three steps, in this order: leave out the stop words, sort, cut off after `n`. What goes wrong if you cut "
        "first? By which two things do you sort?",
        "`sorted(pairs, key=…)` compares what the key function returns. With a tuple it looks at the second part only "
        "where the first parts are equal: `(-count, word)` sorts by falling count, then by word.",
    ),
    wrong=[
        Wrong("cuts before it leaves words out", _cut_first, "leave out the stop words before you cut"),
        Wrong("keeps stop words", lambda counts, n, stop_words: _top(counts, n, ()), "stop words do not belong"),
        Wrong(
            "knows its own stop words", lambda counts, n, _: _top(counts, n, STOP_WORDS), "those that are given to it"
        ),
        Wrong("takes words out of the counts", _takes_out, "leave the counts that you were given as they are"),
        Wrong("leaves equal counts as they come", _ties_as_they_come, "the words of equal count"),
        Wrong("sorts equal counts backwards", _ties_backwards, "the words of equal count"),
        Wrong("sorts upwards", lambda counts, n, stop_words: _sorted(counts, stop_words)[::-1][:n], "the largest"),
        Wrong("sorts by word", lambda counts, n, stop_words: sorted(_top(counts, n, stop_words)), "the largest"),
        Wrong("returns a dict", lambda counts, n, stop_words: dict(_top(counts, n, stop_words)), "a list was expected"),
        Wrong("returns words only", lambda *given: [word for word, _ in _top(*given)], "a pair of a word and"),
        Wrong("knows only the example", lambda *given: [("bid", 4), ("gas", 4)], "the largest count comes first"),
    ],
)
def top(answer: Answer, mail: Mail) -> str:
    """Ties, stop words at the top, too few words, the counts after the call, then those of unseen mail."""
    leave_out = "stop words do not belong into it; leave out the stop words before you cut"
    cases: list[tuple[dict[str, int], int, set[str], str]] = [
        ({"hub": 1, "gas": 3, "bid": 2}, 2, set(), "the largest count comes first, and there are n pairs"),
        ({"the": 9, "gas": 3, "bid": 2}, 2, {"the"}, leave_out),
        ({"the": 9, "gas": 3, "bid": 2}, 3, {"gas"}, "the stop words are those that are given to it, no others"),
        ({"gas": 4, "bid": 4, "hub": 4, "ask": 4}, 3, {"the"}, "sort the words of equal count alphabetically"),
        ({"gas": 1}, 5, {"the"}, "there may be fewer words than n"),
        ({"the": 9}, 5, {"the"}, "there may be nothing left"),
    ]
    for counts, n, stop_words, advice in cases:
        got = answer(counts, n, stop_words).is_a(list)
        pairs = all(isinstance(pair, tuple) and len(pair) == 2 for pair in got.plain)
        got.expect(pairs, "each item is a pair of a word and its count, a tuple of two", hint=2)
        got.equals(_top(counts, n, stop_words), advice, hint=2 if "equal" in advice else 1)
    before = {"the": 9, "gas": 3, "bid": 2}
    given = dict(before)
    answer.value(given, 2, {"the"})
    Answer(given, "after the call, the counts that it was given are").equals(
        before, "leave the counts that you were given as they are"
    )
    counts = _count(plain_text(email) for email in mail.emails)
    for n in (1, 20, 500):
        answer.on(f"the counts of unseen mail and n={n}")(counts, n, STOP_WORDS).equals(
            _top(counts, n, STOP_WORDS), "leave out, sort by count and then by word, cut", hint=2
        )
    return "You left words out before you cut, and put equal counts in a fixed order."


def _once(emails: Iterable[Email], key: Callable[[Email], object]) -> list[Email]:
    found: dict[object, Email] = {}
    for email in emails:
        found.setdefault(key(email), email)
    return list(found.values())


def _body(email: Email) -> str:
    return " ".join(plain_text(email).split())


def _sameness(email: Email) -> object:
    return email["From"], email["Date"], email["Subject"], _body(email)


def _last_of_each(emails: list[Email]) -> list[Email]:
    return list({_sameness(email): email for email in emails}.values())


def _whole_records(emails: list[Email]) -> list[Email]:
    return _once(emails, lambda email: tuple(email.values()))


def _neighbours(emails: list[Email]) -> list[Email]:
    before = [None, *map(_sameness, emails)]
    return [email for email, key in zip(emails, before, strict=False) if _sameness(email) != key]


@exercise(
    "loop.duplicates",
    title="Each message once",
    points=2,
    stars=2,
    hints=(
        "By what do you recognise a message that was there before? Make one value of those four things, a tuple, and "
        "remember which of these values you have seen. A `set` can hold tuples.",
        'Begin with `seen = set()` and `kept = []`. For each email: `key = (email["From"], email["Date"], …)`, with '
        '`" ".join(…)`, as in the task, for the body. If the key is not in `seen`, add it there and append the email.',
    ),
    wrong=[
        Wrong(
            "goes by Message-ID", lambda mails: _once(mails, lambda e: e["Message-ID"]), "which differ in Message-ID"
        ),
        Wrong("compares whole records", _whole_records, "of copies, which differ"),
        Wrong("goes by the body alone", lambda mails: _once(mails, _body), "who else may have written the same words"),
        Wrong("forgets the Subject", lambda m: _once(m, lambda e: (e["From"], e["Date"], _body(e))), "the Subjects"),
        Wrong(
            "forgets the Date", lambda m: _once(m, lambda e: (e["From"], e["Subject"], _body(e))), "the Dates differ"
        ),
        Wrong("makes capitals small", lambda m: _once(m, lambda e: str(_sameness(e)).lower()), "a capital"),
        Wrong(
            "goes by the header alone",
            lambda mails: _once(mails, lambda e: (e["From"], e["Date"], e["Subject"])),
            "the bodies differ",
        ),
        Wrong(
            "compares bodies letter by letter",
            lambda mails: _once(mails, lambda e: (e["From"], e["Date"], e["Subject"], plain_text(e))),
            "runs of blanks and line breaks",
        ),
        Wrong(
            "compares bodies as they stand in the file",
            lambda m: _once(m, lambda e: (e["From"], e["Date"], e["Subject"], " ".join(e["payload"].split()))),
            "compare what a reader sees",
        ),
        Wrong(
            "joins all words to one",
            lambda m: _once(m, lambda e: (e["From"], e["Date"], e["Subject"], "".join(plain_text(e).split()))),
            "a blank between two words",
        ),
        Wrong("keeps the last of each", _last_of_each, "the first of them"),
        Wrong("looks at neighbours only", _neighbours, "they need not stand side by side"),
        Wrong("returns keys", lambda mails: list(dict.fromkeys(map(_sameness, mails))), "a list of records"),
        Wrong("returns a number", lambda mails: len(_once(mails, _sameness)), "a list was expected"),
        Wrong("keeps everything", list, "of copies, which differ"),
    ],
)
def duplicates(answer: Answer, mail: Mail) -> str:
    """A pair of messages for each way to be alike or different, then unseen mail."""
    first = _email(Message_ID="<1>", From="kim@x", Subject="Gas", payload="Gas is up.\n", X_Folder="inbox")
    first["Date"], later = mail.emails[0]["Date"], mail.emails[0]["Date"] + timedelta(days=1)
    copy = first | {"Message-ID": "<2>", "X-Folder": "all_documents"}
    other = first | {"Message-ID": "<3>", "From": "lee@x"}
    encoded = {"payload": "Gas is =\nup.\n", "Content-Transfer-Encoding": "quoted-printable"}
    cases = [
        (
            "a message and its copy",
            [first, copy],
            "of copies, which differ in Message-ID and folder, keep the first of them",
        ),
        ("a body by two senders", [first, other], "who else may have written the same words? these are two messages"),
        ("two Dates", [first, copy | {"Date": later}], "the Dates differ: these are two messages"),
        ("two Subjects", [first, copy | {"Subject": "Oil"}], "the Subjects differ: these are two messages"),
        ("two bodies", [first, copy | {"payload": "Gas is down."}], "the bodies differ: these are two messages"),
        ("a body in capitals", [first, copy | {"payload": "GAS IS UP."}], "a capital is a difference, too"),
        (
            "a copy with other line ends",
            [first, copy | {"payload": "Gas  is\nup."}],
            "runs of blanks and line breaks are no difference",
        ),
        (
            "mails that say today and to day",
            [first | {"payload": "Gas is up today."}, copy | {"payload": "Gas is up to day."}],
            "a run of blanks counts as one blank, not as none: a blank between two words is a difference",
        ),
        ("an encoded copy", [first, copy | encoded], "compare what a reader sees, that is the `plain_text`"),
        (
            "a copy further down",
            [first, other, copy],
            "copies count wherever they are; they need not stand side by side",
        ),
        ("unseen mail", mail.emails, "messages are the same if From, Date, Subject and the words of the body are"),
    ]
    for what, emails, advice in cases:
        got = answer.on(what)(emails).is_a(list)
        records = all(isinstance(each, dict) and "Message-ID" in each for each in got.plain)
        got.expect(records, "a list of records is asked for, of those that came in")
        ids = [email["Message-ID"] for email in _once(emails, _sameness)]
        Answer([each["Message-ID"] for each in got.plain], f"for {what}, you kept the Message-IDs").equals(
            ids, advice, hint=2
        )
    return "You kept the first of each, in order, however its copies were filed, spaced or encoded."


def _own_text(text: str) -> str:
    """Return what the writer wrote: the rule of the lesson."""
    own = []
    for line in text.split("\n"):
        if line.strip().startswith("---") and ("Original Message" in line or "Forwarded by" in line):
            break
        if not line.startswith(">"):
            own.append(line)
    return "\n".join(own)


def _speakers(
    emails: Iterable[Email],
    words: Callable[[Email], Iterable[str]] = lambda email: tokens(_own_text(plain_text(email))),
) -> dict[str, int]:
    senders: dict[str, set[str]] = {}
    for email in emails:
        for word in words(email):
            senders.setdefault(word, set()).add(email["From"])
    return {word: len(people) for word, people in senders.items()}


def _mailboxes(emails: Iterable[Email]) -> dict[str, int]:
    return _speakers({**email, "From": email["username"]} for email in emails)


def _messages(emails: Iterable[Email]) -> dict[str, int]:
    return _count(_own_text(plain_text(email)) for email in emails)


def _messages_with(emails: Iterable[Email]) -> dict[str, int]:
    return _count((_own_text(plain_text(email)) for email in emails), lambda text: set(tokens(text)))


@exercise(
    "loop.speakers",
    title="How many people use a word?",
    points=3,
    stars=3,
    hints=(
        "A number is not enough to remember for a word: with the number alone you cannot tell whether this sender has "
        "used it before. What do you have to keep for each word until the end?",
        "Keep a dict from each word to the `set` of its senders: `senders.setdefault(word, set()).add(…)`, for each "
        "word in `tokens(own_text(plain_text(email)))`. At the end, put the length of each set in its place.",
    ),
    wrong=[
        Wrong("counts how often it occurs", _messages, "however often they use it"),
        Wrong("counts messages", _messages_with, "in however many messages"),
        Wrong("counts mailboxes", _mailboxes, "not the mailbox it lies in"),
        Wrong("counts quoted words", lambda m: _speakers(m, lambda e: tokens(plain_text(e))), "somebody else's words"),
        Wrong(
            "takes the payload for the text",
            lambda m: _speakers(m, lambda e: tokens(_own_text(e["payload"]))),
            "tags are no words",
        ),
        Wrong(
            "cuts at blanks",
            lambda m: _speakers(m, lambda e: _own_text(plain_text(e)).split()),
            "`tokens` cuts a text into words",
        ),
        Wrong(
            "returns the senders",
            lambda m: {word: ["kim@x"] * n for word, n in _speakers(m).items()},
            "how many they are",
        ),
        Wrong("returns one number", lambda m: len(_speakers(m)), "a dict was expected"),
        Wrong("knows only the example", lambda m: {"gas": 2, "is": 1, "up": 1}, "`tokens` cuts a text into words"),
    ],
)
def speakers(answer: Answer, mail: Mail) -> str:
    """A mail or two for each thing that must not count, then unseen mail."""
    kim, lee = {"From": "kim@x", "username": "kim-a"}, {"From": "lee@x", "username": "lee-b"}
    answered = lee | {"username": "kim-a"}
    quoting = "Yes.\n -----Original Message-----\nFrom: Lee\n\nGas?"
    cases = [
        ("two people who write Gas. and gas!", [_email(payload="Gas.", **kim), _email(payload="gas!", **lee)],
         "`tokens` cuts a text into words"),
        ("two people's mail in one mailbox", [_email(payload="gas", **kim), _email(payload="gas", **answered)],
         "a sender is the `From` of a mail, not the mailbox it lies in"),
        ("one mail that says gas, gas, gas", [_email(payload="gas, gas, gas", **kim)],
         "people count once for a word, however often they use it"),
        ("one person who writes it twice", [_email(payload="gas", **kim), _email(payload="gas", **kim)],
         "people count once for a word, in however many messages they use it"),
        ("a mail that quotes one", [_email(payload=quoting, **kim)], "do not count somebody else's words as theirs"),
        ("a mail in HTML", [_email(payload="<html><body>Gas<br>\n</body></html>", **kim)],
         "tags are no words: take the `plain_text`"),
        ("no mail", [], "without mail there are no words"),
        ("unseen mail", mail.emails, "for each word, count the different senders in whose own text it occurs"),
    ]  # fmt: skip
    for what, emails, advice in cases:
        got = answer.on(what)(emails).is_a(dict)
        numbers = all(isinstance(number, int) for number in got.plain.values())
        got.expect(numbers, "not who the senders are is asked for, but how many they are", hint=2)
        got.equals(_speakers(emails), advice, hint=2 if what == "unseen mail" else 1)
    return "You counted people: no robot, no copy and no quotation can shout louder than one voice."
