"""Exercises of lesson 04: count words, the top of a count, each message once, and how many people use a word."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from enronlib.classroom.answer import Answer
from enronlib.classroom.exercise import Edits, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.messages import FIELDS, plain_text
from enronlib.words import STOP_WORDS, tokens

exercise = lesson("04_count_words_with_a_loop")

Email = dict[str, Any]


def _email(payload: str, sender: str = "kim@x", **others: str) -> Email:
    return dict.fromkeys(FIELDS) | {"payload": payload, "From": sender} | others


USE_TOKENS = "`tokens` splits a text into words"


@exercise(
    "loop.count",
    title="Count all words",
    points=1,
    hints=(
        "One loop goes through the texts. What does `tokens(text)` return for each of them, and what can a `Counter` "
        "do with it?",
        "Create `counts = Counter()` *before* the loop. In the loop, call `counts.update(tokens(text))`. After the "
        "loop, return the counts.",
    ),
    wrong=[
        Wrong("splits at spaces", Edits(("tokens(text)", "text.split()")), USE_TOKENS),
        Wrong("knows a to z only", Edits(("tokens(text)", 're.findall("[a-z]+", text.lower())')), USE_TOKENS),
        Wrong(
            "starts again with each text",
            Edits(("counts.update(tokens(text))", "counts = Counter(tokens(text))")),
            "words of all texts",
        ),
        Wrong("counts texts, not words", Edits(("tokens(text)", "set(tokens(text))")), "each time it occurs"),
        Wrong("counts characters", Edits(("tokens(text)", "text")), USE_TOKENS),
        Wrong("returns pairs", Edits(("return counts", "return list(counts.items())")), "a dict was expected"),
        Wrong(
            "drops stop words",
            Edits(("tokens(text)", "[word for word in tokens(text) if word not in STOP_WORDS]")),
            "do not leave any word out",
        ),
        Wrong(
            "drops short words",
            Edits(("tokens(text)", "[word for word in tokens(text) if len(word) > 1]")),
            "do not leave any word out",
        ),
        Wrong("knows only the example", lambda texts: {"gas": 2, "is": 1, "up": 1}, USE_TOKENS),
    ],
)
def count(answer: Answer, mail: Mail) -> str:
    """Small texts, then unseen mail, against the words that its generator recorded."""
    cases = [
        (["Gas, gas."], f"{USE_TOKENS}, and each word counts each time it occurs"),
        (["Enron's gas 24."], f"{USE_TOKENS}: use it for this text, too"),
        (["gas falls", "gas rises"], "the words of all texts go into one count"),
        (["up up", "and I up"], "a word counts each time it occurs; do not leave any word out"),
        ([], "no texts, no words"),
    ]
    for texts, advice in cases:
        answer(texts).equals(dict(Counter(word for text in texts for word in tokens(text))), advice)
    truth = sum((Counter(words) for words in mail.truth["words"].values()), Counter[str]())
    answer.on("the texts of unseen mail")(mail.texts).equals(dict(truth), "the words of all texts go into one count")
    return "Your count agrees with that of the program that wrote the mail."


def _top(counts: Mapping[str, int], n: int, stop_words: Iterable[str]) -> list[tuple[str, int]]:
    kept = [(word, number) for word, number in counts.items() if word not in stop_words]
    return sorted(kept, key=lambda pair: (-pair[1], pair[0]))[:n]


SORT = "sorted(pairs, key=lambda pair: (-pair[1], pair[0]))"
TAKE_OUT = "for word in stop_words:\n        counts.pop(word, None)\n    pairs = list(counts.items())"


@exercise(
    "loop.top",
    title="The top of the count",
    points=2,
    stars=2,
    hints=(
        "Three steps, in this order: leave out the stop words, sort, keep the first `n`. What goes wrong if you cut "
        "first? Which two things do you sort by?",
        "`sorted(pairs, key=…)` compares what the key function returns. Tuples are compared by their first item, and "
        "by their second where the first is equal: `(-count, word)` sorts by falling count, then by word.",
    ),
    wrong=[
        Wrong("cuts first", Edits(("counts.items()", "Counter(counts).most_common(n)")), "before you cut"),
        Wrong("keeps stop words", Edits((" if word not in stop_words", "")), "leave out the stop words"),
        Wrong("uses its own stop words", Edits(("in stop_words", "in STOP_WORDS")), "the stop words are the argument"),
        Wrong(
            "changes the counts",
            Edits(("pairs = [(word, count) for word, count in counts.items() if word not in stop_words]", TAKE_OUT)),
            "do not change the counts",
        ),
        Wrong("ignores ties", Edits((SORT, "sorted(pairs, key=lambda pair: -pair[1])")), "equal count"),
        Wrong("reverses ties", Edits((SORT, "sorted(pairs, key=lambda pair: pair[::-1])[::-1]")), "equal count"),
        Wrong("sorts upwards", Edits(("-pair[1]", "pair[1]")), "the largest"),
        Wrong("sorts by word", Edits((SORT, "sorted(pairs)")), "the largest"),
        Wrong("returns a dict", Edits((f"{SORT}[:n]", f"dict({SORT}[:n])")), "a list was expected"),
        Wrong(
            "puts the count first", Edits((f"{SORT}[:n]", f"[pair[::-1] for pair in {SORT}][:n]")), "put the word first"
        ),
        Wrong("returns words only", Edits((SORT, f"[word for word, _ in {SORT}]")), "each item is a pair"),
        Wrong("knows only the example", lambda *given: [("bid", 4), ("gas", 4)], "the largest count comes first"),
    ],
)
def top(answer: Answer, mail: Mail) -> str:
    """Ties, stop words at the top, too few words, the counts after the call, then those of unseen mail."""
    leave_out = "leave out the stop words, and do so before you cut"
    cases: list[tuple[dict[str, int], int, set[str], str]] = [
        ({"hub": 1, "gas": 3, "bid": 2}, 2, set(), "the largest count comes first, and there are n pairs"),
        ({"the": 9, "gas": 3, "bid": 2}, 2, {"the"}, leave_out),
        ({"the": 9, "gas": 3, "bid": 2}, 3, {"gas"}, "the stop words are the argument `stop_words`, no others"),
        ({"gas": 4, "bid": 4, "hub": 4, "ask": 4}, 3, {"the"}, "sort words of equal count alphabetically"),
        ({"gas": 1}, 5, {"the"}, "there may be fewer words than n"),
        ({"the": 9}, 5, {"the"}, "there may be no words left"),
    ]
    for counts, n, stop_words, advice in cases:
        got = answer(counts, n, stop_words)
        pairs = got.pairs("each item is a pair of a word and its count, as a tuple")
        got.expect(all(isinstance(word, str) for word, _ in pairs), "put the word first in each pair")
        got.equals(_top(counts, n, stop_words), advice)
    before = {"the": 9, "gas": 3, "bid": 2}
    given = dict(before)
    answer.value(given, 2, {"the"})
    Answer(given, "after the call, the argument `counts` is").equals(before, "do not change the counts")
    counts = dict(Counter(word for text in mail.texts for word in tokens(text)))
    for n in (1, 20, 500):
        got = answer.on(f"the counts of unseen mail and n={n}")(counts, n, STOP_WORDS)
        got.equals(_top(counts, n, STOP_WORDS), "leave out the stop words, sort by count and then by word, then cut")
    return "You left out words before you cut, and put equal counts in a fixed order."


def _without_copies(emails: list[Email]) -> list[Email]:
    first: dict[object, Email] = {}
    for email in emails:
        body = " ".join(plain_text(email).split())
        first.setdefault((email["From"], email["Date"], email["Subject"], body), email)
    return list(first.values())


KEY = '(email["From"], email["Date"], email["Subject"], body)'
BODY = '" ".join(plain_text(email).split())'


@exercise(
    "loop.duplicates",
    title="Each message once",
    points=2,
    stars=2,
    hints=(
        "How do you recognize a message that you have seen before? Combine those four values into one, a tuple, and "
        "remember which tuples you have seen. A `set` can hold tuples.",
        'Begin with `seen = set()` and `kept = []`. For each email: `key = (email["From"], email["Date"], …)`, with '
        '`" ".join(…)` from the task for the body. If the key is not in `seen`, add it there and append the email.',
    ),
    wrong=[
        Wrong("compares Message-IDs", Edits((KEY, 'email["Message-ID"]')), "which differ in Message-ID"),
        Wrong("compares whole records", Edits((KEY, "tuple(email.values())")), "which differ in Message-ID"),
        Wrong("compares the body alone", Edits((KEY, "body")), "two people may write the same words"),
        Wrong("forgets the Subject", Edits(('email["Subject"], ', "")), "the Subjects differ"),
        Wrong("forgets the Date", Edits(('email["Date"], ', "")), "the Dates differ"),
        Wrong("ignores case", Edits((KEY, f"str({KEY}).lower()")), "a capital makes a difference"),
        Wrong("compares headers alone", Edits((", body)", ")")), "the bodies differ"),
        Wrong("compares To as well", Edits(("body)", 'body, email["To"])')), "To does not matter"),
        Wrong("compares spaces as well", Edits((BODY, "plain_text(email)")), "runs of spaces and line breaks"),
        Wrong("compares encoded bodies", Edits((BODY, '" ".join(email["payload"].split())')), "what a reader sees"),
        Wrong("removes all spaces", Edits(('" ".join', '"".join')), "counts as one space"),
        Wrong("compares word sets", Edits((BODY, "frozenset(plain_text(email).split())")), "the order of the words"),
        Wrong("compares own text", Edits(("plain_text(email)", "own_text(plain_text(email))")), "quoted lines, too"),
        Wrong(
            "joins the four values",
            Edits((KEY, 'email["From"] + str(email["Date"]) + email["Subject"] + body')),
            "keep the four values apart",
        ),
        Wrong("keeps the last", Edits(("in emails", "in emails[::-1]"), ("kept\n", "kept[::-1]\n")), "the first"),
        Wrong("compares neighbours only", Edits(("seen.add(key)", "seen = {key}")), "need not be side by side"),
        Wrong("changes the records", Edits((BODY, f'{BODY}; email["payload"] = body')), "do not change the records"),
        Wrong("returns keys", Edits(("append(email)", "append(key)")), "return a list of records"),
        Wrong("returns a number", Edits(("return kept", "return len(kept)")), "a list was expected"),
        Wrong("keeps everything", list, "which differ in Message-ID"),
    ],
)
def duplicates(answer: Answer, mail: Mail) -> str:
    """A pair of messages for each way to be alike or different, then unseen mail."""
    date = mail.emails[0]["Date"]
    first = _email("Gas is up.\n", **{"Message-ID": "<1>", "Date": date, "Subject": "Gas", "X-Folder": "inbox"})
    copy = first | {"Message-ID": "<2>", "X-Folder": "all_documents"}
    other = first | {"Message-ID": "<3>", "From": "lee@x"}
    encoded = {"payload": "Gas is =\nup.\n", "Content-Transfer-Encoding": "quoted-printable"}
    two = "these are two messages"
    cases = [
        ("a message and its copy", [first, copy], "keep the first of copies, which differ in Message-ID and folder"),
        ("a body by two senders", [first, other], f"two people may write the same words: {two}"),
        ("two Dates", [first, copy | {"Date": date + timedelta(days=1)}], f"the Dates differ: {two}"),
        ("two Subjects", [first, copy | {"Subject": "Oil"}], f"the Subjects differ: {two}"),
        ("two bodies", [first, copy | {"payload": "Gas is down."}], f"the bodies differ: {two}"),
        ("a body in capitals", [first, copy | {"payload": "GAS IS UP."}], f"a capital makes a difference: {two}"),
        ("the same words in another order", [first, copy | {"payload": "is Gas up."}],
         f"the order of the words makes a difference: {two}"),
        ("two quotations", [first, copy | {"payload": "Gas is up.\n> Really?"}], f"compare quoted lines, too: {two}"),
        ("a Subject that takes a letter from the body", [first, copy | {"Subject": "GasG", "payload": "as is up."}],
         f"keep the four values apart, for example in a tuple: {two}"),
        ("a copy with another To", [first, copy | {"To": "bo@x"}], "To does not matter: keep only the first"),
        ("a copy with other line breaks", [first, copy | {"payload": "Gas  is\nup."}],
         "runs of spaces and line breaks make no difference: keep only the first"),
        ("messages that say today and to day", [first | {"payload": "Up today."}, copy | {"payload": "Up to day."}],
         f"a run of spaces counts as one space, not as none: {two}"),
        ("an encoded copy", [first, copy | encoded], "compare what a reader sees, that is, the `plain_text`"),
        ("a copy further down", [first, other, copy], "a message and its copy need not be side by side"),
        ("unseen mail", mail.emails, "messages are copies if From, Date, Subject and the words of the body are equal"),
    ]  # fmt: skip
    for what, emails, advice in cases:
        got = answer.on(what)(emails).is_a(list)
        records = all(isinstance(each, dict) and each.keys() >= set(FIELDS) for each in got.plain)
        got.expect(records, "return a list of records, chosen from those that came in")
        expected = _without_copies(emails)
        kept = Answer([each["Message-ID"] for each in got.plain], f"for {what}, you kept the Message-IDs")
        kept.equals([each["Message-ID"] for each in expected], advice)
        bodies = Answer([each["payload"] for each in got.plain], f"for {what}, the bodies that you returned are")
        bodies.equals([each["payload"] for each in expected], "do not change the records")
    return "You kept the first of each, in order, however its copies were filed, spaced or encoded."


def _own_text(text: str) -> str:
    """Return what the sender wrote, by the rule of the lesson."""
    own = []
    for line in text.split("\n"):
        if line.strip().startswith("---") and ("Original Message" in line or "Forwarded by" in line):
            break
        if not line.startswith(">"):
            own.append(line)
    return "\n".join(own)


def _speakers(emails: list[Email]) -> dict[str, int]:
    words = {(word, email["From"]) for email in emails for word in tokens(_own_text(plain_text(email)))}
    return dict(Counter(word for word, _ in words))


ADD = 'senders.setdefault(word, set()).add(email["From"])'


@exercise(
    "loop.speakers",
    title="How many people use a word?",
    points=3,
    stars=3,
    hints=(
        "It is not enough to remember a number for each word: a number does not tell you whether this sender has used "
        "the word before. What do you have to remember for each word?",
        "Keep a dict from each word to the `set` of its senders: `senders.setdefault(word, set()).add(…)`, for each "
        "word in `tokens(own_text(plain_text(email)))`. At the end, replace each set with its length.",
    ),
    wrong=[
        Wrong("counts how often it occurs", Edits((ADD, "senders.setdefault(word, []).append(1)")), "however often"),
        Wrong(
            "counts messages",
            Edits((ADD, "senders.setdefault(word, set()).add(id(email))")),
            "however many messages",
        ),
        Wrong("counts mailboxes", Edits(('"From"', '"username"')), "not its mailbox"),
        Wrong("counts names", Edits(('"From"', '"X-From"')), "the `From` address of a message"),
        Wrong("drops the domain", Edits(('email["From"]', 'email["From"].split("@")[0]')), "the whole address"),
        Wrong("counts quotations", Edits(("own_text(plain_text(email))", "plain_text(email)")), "words that they"),
        Wrong("uses the payload", Edits(("plain_text(email)", 'email["payload"]')), "tags are not words"),
        Wrong(
            "splits at spaces",
            Edits(("tokens(own_text(plain_text(email)))", "own_text(plain_text(email)).split()")),
            USE_TOKENS,
        ),
        Wrong("returns the senders", Edits(("len(people)", "sorted(people)")), "how many they are"),
        Wrong("returns one number", lambda emails: 3, "a dict was expected"),
        Wrong("knows only the example", lambda emails: {"gas": 2, "is": 1, "up": 1}, USE_TOKENS),
    ],
)
def speakers(answer: Answer, mail: Mail) -> str:
    """A message or two for each thing that must not count, then unseen mail."""
    kim = _email("gas", "kim@x", username="kim-a")
    quoting = "Yes.\n -----Original Message-----\nFrom: Lee\n\nGas?"
    sender = "a sender is the `From` address of a message, not its mailbox or a name"
    cases = [
        ("a message that says Gas!", [kim | {"payload": "Gas!"}], USE_TOKENS),
        ("messages from two people in one mailbox", [kim, kim | {"From": "lee@x"}], sender),
        ("messages from kim@x and kim@y", [kim, kim | {"From": "kim@y"}],
         "two addresses are two senders: use the whole address"),
        ("one message that says gas, gas, gas", [kim | {"payload": "gas, gas, gas"}],
         "a sender counts once for a word, however often they use it"),
        ("one sender who writes it twice", [kim, dict(kim)],
         "a sender counts once for a word, in however many messages they use it"),
        ("a message that quotes another", [kim | {"payload": quoting}], "do not count words that they quote"),
        ("a message in HTML", [kim | {"payload": "<html><body>Gas<br>\n</body></html>"}],
         "tags are not words: use the `plain_text`"),
        ("no messages", [], "without messages there are no words"),
        ("unseen mail", mail.emails, "for each word, count the different senders whose own text contains it"),
    ]  # fmt: skip
    for what, emails, advice in cases:
        got = answer.on(what)(emails).is_a(dict)
        numbers = all(isinstance(number, int) for number in got.plain.values())
        got.expect(numbers, "return not who the senders are, but how many they are")
        got.equals(_speakers(emails), advice)
    return "You counted people: no robot, copy or quotation counts for more than one voice."
