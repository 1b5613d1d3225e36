"""Exercises of lesson 06: a counterexample, a mapper without memory, a stable partitioner, and a job to fix."""

import os
import pickle
import subprocess
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import combinations_with_replacement, permutations, product
from random import Random
from typing import Any

import cloudpickle

from enronlib.classroom.answer import Answer, NotYet
from enronlib.classroom.exercise import Edits, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.mapreduce import map_reduce
from enronlib.mapreduce.badluck import bad_luck
from enronlib.messages import plain_text
from enronlib.words import tokens

exercise = lesson("06_mapreduce_goes_wrong")

Join = Callable[[Any, Any], Any]

# Name, function, values, and whether the brackets matter for some three of the values.
FUNCTIONS: list[tuple[str, Join, list[int], bool]] = [
    ("the first of two, and [3, 1, 2]", lambda a, b: a, [3, 1, 2], False),
    ("a + b, and [10, 20, 90]", lambda a, b: a + b, [10, 20, 90], False),
    ("the average, and [10, 20, 90]", lambda a, b: (a + b) / 2, [10, 20, 90], True),
    ("a - b, and [0, 0, 0, 5]", lambda a, b: a - b, [0, 0, 0, 5], True),
    ("the distance abs(a - b), and [1, 2]", lambda a, b: abs(a - b), [1, 2], True),
    ("a to the power of b, and [1, 2]", lambda a, b: a**b, [1, 2], True),  # only for 2, 1, 2
    ("rock 0, paper 1, scissors 2: the winner", lambda a, b: a if (a - b) % 3 < 2 else b, [0, 1, 2], True),
    ("the larger of two, and [3, 1, 2]", max, [3, 1, 2], False),
]


def _brackets_matter(join: Join, a: Any, b: Any, c: Any) -> bool:
    return bool(join(join(a, b), c) != join(a, join(b, c)))


def _first_of(triples: Callable[[list[Any]], Iterable[Any]]) -> Callable[[Join, list[Any]], Any]:
    """Return an answer that tries some triples only."""
    return lambda join, values: next((triple for triple in triples(values) if _brackets_matter(join, *triple)), None)


def _all_of_them(join: Join, values: list[Any]) -> list[Any]:
    return [triple for triple in product(values, repeat=3) if _brackets_matter(join, *triple)]


THERE_IS = "there is such a triple"
DO_NOT_MATTER = "with these three the brackets do not matter"


@exercise(
    "wrong.counterexample",
    title="Do the brackets matter?",
    points=1,
    stars=1,
    hints=(
        "Three nested loops go through all triples of values: `for a in values:`, then `b`, then `c`. "
        "What do you compare for each triple? When can you be sure that the answer is `None`?",
        "Compare `function(function(a, b), c)` with `function(a, function(b, c))`. If they differ, `return (a, b, c)` "
        "at once; `return None` comes after all loops. (`itertools.product(values, repeat=3)` gives all triples in "
        "one loop.)",
    ),
    wrong=[
        Wrong(
            "compares the order",
            Edits(("function(function(a, b), c) != function(a, function(b, c))", "function(a, b) != function(b, a)")),
            DO_NOT_MATTER,
        ),
        Wrong("begins with a value twice", _first_of(lambda v: [(a, a, b) for a in v for b in v]), THERE_IS),
        Wrong("takes no value twice", _first_of(lambda v: permutations(v, 3)), "more than once"),
        Wrong("tries one order only", _first_of(lambda v: combinations_with_replacement(v, 3)), "in every order"),
        Wrong("returns a list", Edits(("(a, b, c)\n", "[a, b, c]\n")), "return one triple as a tuple"),
        Wrong("returns all of them", _all_of_them, "return one triple as a tuple"),
        Wrong("tries the first three values only", _first_of(lambda v: [tuple(v * 3)[:3]]), THERE_IS),
        Wrong(
            "gives up after the first triple",
            Edits(("(a, b, c)\n", "(a, b, c)\n                return None\n")),
            THERE_IS,
        ),
        Wrong(
            "returns True or False",
            Edits(("return (a, b, c)", "return True"), ("return None", "return False")),
            "return the triple itself",
        ),
        Wrong("never finds one", lambda function, values: None, THERE_IS),
        Wrong("knows only the example", lambda function, values: (10, 10, 20), "three of the values"),
    ],
)
def counterexample(answer: Answer, mail: Mail) -> str:
    """Functions that are associative or not, some of them commutative, others not."""
    for what, join, values, exists in FUNCTIONS:
        found = answer.on(what)(join, values)
        if found.plain is None:
            found.expect(not exists, f"{THERE_IS}: try all of them in every order, also one value more than once")
            continue
        found.expect(not isinstance(found.plain, list), "return one triple as a tuple, or None if there is none")
        found.expect(isinstance(found.plain, tuple), "return the triple itself, or None")
        found.expect(
            len(found.plain) == 3 and all(each in values for each in found.plain), "return three of the values"
        )
        found.expect(_brackets_matter(join, *found.plain), f"{DO_NOT_MATTER}: compare both ways")
    return "You distinguished functions whose brackets matter from those where only the order does."


Pairs = Iterator[tuple[str, int]]


def _remembering(text: str, seen: set[str] = set()) -> Pairs:  # noqa: B006  the mistake
    for word in tokens(text):
        if word not in seen:
            seen.add(word)
            yield word, 1


_everything: set[str] = set()


def _remembering_outside(text: str) -> list[tuple[str, int]]:
    new = [word for word in dict.fromkeys(tokens(text)) if word not in _everything]
    _everything.update(new)
    return [(word, 1) for word in new]


UNIQUE = "set(tokens(text))"
FOUND = "use the words that `tokens` finds in the text"


@exercise(
    "wrong.once",
    title="A mapper that remembers nothing",
    points=1,
    stars=1,
    hints=(
        "Where must you create the set of words already seen, so that each message begins with an empty one?",
        "Create `seen = set()` inside the function. Or do without it: what does `set(tokens(text))` leave out?",
    ),
    wrong=[
        Wrong("remembers the words of other messages", _remembering, "remembered between calls"),
        Wrong("remembers them in a global set", _remembering_outside, "remembered between calls"),
        Wrong("gives a word each time", Edits((UNIQUE, "tokens(text)")), "each different word once"),
        Wrong("gives how often a word occurs", lambda text: Counter(tokens(text)).items(), "with the value 1"),
        Wrong("cuts at spaces", Edits((UNIQUE, "set(text.split())")), FOUND),
        Wrong("gives words, not pairs", lambda text: set(tokens(text)), "(word, 1) tuples"),
        Wrong("gives a dict", lambda text: dict.fromkeys(tokens(text), 1), "returned a dict"),
        Wrong("knows only the example", lambda text: [("the", 1), ("data", 1), ("jump", 1)], FOUND),
        Wrong("gives the first word only", Edits((UNIQUE, "tokens(text)[:1]")), "words are missing"),
        Wrong("gives a text", lambda text: " ".join(tokens(text)), "returned a str; a list, a tuple or a set was"),
    ],
)
def once(answer: Answer, mail: Mail) -> str:
    """A message twice, others in between, then unseen mail."""
    unseen = [plain_text(email) for email in mail.emails[:3]]
    texts = ["the data the jump", "the data the jump", "Gas, gas and power. The end.", "", *unseen, *unseen[:1]]
    for number, text in enumerate(texts):
        words = set(tokens(text))
        again = ", the same message again" if text in texts[:number] else ""
        what = "an unseen message" if text in unseen else repr(text)
        got = answer.on(what + again)(text)
        if issubclass(got.kind, dict | str) or not issubclass(got.kind, Iterable):
            got.is_a(list, tuple, set)  # the engine accepts any other iterable as well
        got = Answer(list(got.value), got.said)
        pairs = [pair for pair in got.plain if isinstance(pair, tuple) and len(pair) == 2]
        got.expect(len(pairs) == len(got.plain), "a mapper gives pairs: (word, 1) tuples")
        got.expect(all(value == 1 for _, value in pairs), "a word comes with the value 1, however often it occurs")
        given = [word for word, _ in pairs]
        got.expect(set(given) <= words, FOUND)
        got.expect(len(given) == len(set(given)), "give each different word once")
        complete = len(given) == len(words)
        got.expect(
            complete or not again,
            "the second call must give the same as the first: something is remembered between calls",
        )
        got.expect(complete, "words are missing: is something remembered between calls, or does it end too early?")
    return "You gave each word of a message once, whatever other messages came before."


ASK = """
import contextlib, io, pickle, sys
partitioner, keys, partitions = pickle.load(sys.stdin.buffer)
with contextlib.redirect_stdout(io.StringIO()):
    found = {key: partitioner(key, partitions) for key in keys}
pickle.dump(found, sys.stdout.buffer)
"""


def _elsewhere(partitioner: Any, keys: list[str], partitions: int, seed: int) -> dict[str, Any] | None:
    """Return the partition of each key in a new Python process with this hash seed; None if it fails there."""
    packed = cloudpickle.dumps((partitioner, keys, partitions))
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=packed,
        env=os.environ | {"PYTHONHASHSEED": str(seed)},
        capture_output=True,
        timeout=30,
        check=False,
    )
    return None if done.returncode else dict(pickle.loads(done.stdout))


_dealt: Counter[str] = Counter()


def _in_turn(key: str, partitions: int) -> int:
    _dealt["keys"] += 1
    return _dealt["keys"] % partitions


def _numbered(key: str, partitions: int, places: dict[str, int] = {}) -> int:  # noqa: B006  the mistake
    return places.setdefault(key, len(places)) % partitions


MANY = 16
RANGE = "a partition is a number from 0 to partitions - 1"
MOST = 0.1  # of the words may be in the busiest of 16 partitions; with crc32, md5 and the like it is 0.08 at most


@exercise(
    "wrong.partition",
    title="A partitioner for many machines",
    points=2,
    stars=2,
    hints=(
        "`hash` was meant to turn a text into a number. Which function above turns bytes into the same number in "
        "every process? How does a text become bytes, and a large number one from 0 to `partitions - 1`?",
        '`key.encode("utf-8")` gives the bytes, `zlib.crc32(…)` the number, and `… % partitions` the remainder '
        "of a division.",
    ),
    wrong=[
        Wrong("uses hash()", lambda key, n: hash(key) % n, "in another process"),
        Wrong("deals keys out in turn", _in_turn, "the same key"),
        Wrong("numbers the words in order of appearance", _numbered, "in another process"),
        Wrong("uses the length", lambda key, n: len(key) % n, "spread"),
        Wrong("uses the first letter", lambda key, n: ord(key[0]) % n, "spread"),
        Wrong("knows Latin-1 only", lambda key, n: zlib.crc32(key.encode("latin-1")) % n, "raised UnicodeEncodeError"),
        Wrong("sends all to one partition", lambda key, partitions: 0, "spread"),
        Wrong("forgets the remainder", lambda key, partitions: zlib.crc32(key.encode()), RANGE),
        Wrong("counts from 1", lambda key, n: zlib.crc32(key.encode()) % n + 1, RANGE),
        Wrong("forgets the bytes", lambda key, n: zlib.crc32(key) % n, "raised TypeError"),
        Wrong("divides", lambda key, n: zlib.crc32(key.encode()) / 2**32 * n, "returned a float; an int was expected"),
        Wrong("knows only the example", lambda key, n: {"the": 1, "data": 1}.get(key, 0), "spread"),
    ],
)
def partition(answer: Answer, mail: Mail) -> str:
    """Range and repetition here; then unseen words, in two other processes and in different orders; then balance.

    This process never sees those words, because what a partitioner remembers of them would be sent to the others.
    """
    words = sorted({word for email in mail.emails for word in tokens(plain_text(email))})
    order = Random(0).sample(words, len(words))
    for partitions in (2, 3, 8):
        for word in ("the", "data", "jump", "hide", "señor"):
            place = answer(word, partitions).is_a(int)
            place.expect(0 <= place.plain < partitions, RANGE)
            again = answer(word, partitions)
            again.expect(again.plain == place.plain, "the same key was in another partition before")
    one = _elsewhere(answer.value, words, MANY, seed=3)
    other = _elsewhere(answer.value, order, MANY, seed=5)
    if one is None or other is None:
        for word in words:
            answer(word, MANY).is_a(int)
        raise NotYet("your function fails in another process. Does it use something from outside?")
    for word, place in one.items():
        Answer(place, f"for {word!r} and {MANY} partitions it returned").is_a(int).expect(0 <= place < MANY, RANGE)
    if one != other:
        raise NotYet(
            "in another process, which met the words in another order, the same words were in other partitions: only "
            "the key may decide, not what the process remembers or draws at random."
        )
    busiest = max(Counter(one.values()).values()) / len(words)
    if busiest > MOST:
        raise NotYet(f"the busiest of {MANY} partitions gets {busiest:.0%} of all words; spread them more evenly.", 2)
    return "You send each key to the same partition in every process, and you spread the work evenly."


Record = tuple[str, int]

RECORDS = [("kim-a", 10), ("kim-a", 20), ("kim-a", 90), ("lee-b", 7)]


def _longest_minus_shortest(records: Iterable[Record]) -> dict[str, int]:
    lengths = defaultdict(list)
    for mailbox, words in records:
        lengths[mailbox].append(words)
    return {mailbox: max(listed) - min(listed) for mailbox, listed in lengths.items()}


class _OnePass(Iterator[Any]):
    """Values that can be read only once, as in an engine; a second attempt raises an error that says so."""

    def __init__(self, values: Iterable[Any]) -> None:
        self.values, self.ended = iter(values), False

    def __iter__(self) -> "_OnePass":
        if self.ended:
            raise RuntimeError("`values` can be read only once: make a list of it first")
        return self

    def __next__(self) -> Any:
        for value in self.values:
            return value
        self.ended = True
        raise StopIteration


def _in_one_pass(function: Any) -> Any:
    return lambda key, values: function(key, _OnePass(values))


def _spread(key: str, values: Iterable[int]) -> int:
    values = list(values)
    return max(values) - min(values)


def _plain_extremes(key: str, values: Iterable[int]) -> tuple[int, int]:
    values = list(values)
    return min(values), max(values)


PAIRS = "return [(mailbox, (words, words))]"
EXTREMES = "return min(shortest), max(longest)"
SUBTRACT = "return longest - shortest"
UNPACK = "shortest, longest = zip(*values, strict=True)\n    "
WITH, WITHOUT = "when the combiner runs", "when the combiner does not run"


@exercise(
    "wrong.spread",
    title="Fix a job",
    points=4,
    stars=3,
    hints=(
        "Go back to the twins of the average. Which two numbers say enough about a group of messages, so that nobody "
        "needs the messages any more? The mapper makes them for one message, the combiner for several, and the "
        "reducer subtracts.",
        "The mapper gives `(mailbox, (words, words))`: a single message is both the shortest and the longest. The "
        "combiner takes such pairs and returns one: `min` of the first numbers, `max` of the second. The reducer does "
        "the same, and then subtracts.",
    ),
    wrong=[
        Wrong("uses the reducer as combiner", (lambda record: [record], _spread, _spread), WITH),
        Wrong("maps to plain numbers, combines pairs", Edits((PAIRS, "return [record]")), WITHOUT),
        Wrong("reads plain numbers only", (lambda record: [record], _plain_extremes, _spread), WITH),
        Wrong(
            "swaps them",
            Edits(
                (EXTREMES, "return max(longest), min(shortest)"),
                ("shortest, longest = spread_combiner", "longest, shortest = spread_combiner"),
            ),
            WITH,
        ),
        Wrong(
            "reduces in two passes",
            (lambda record: [record], _plain_extremes, lambda key, values: max(values) - min(values)),
            "read only once",
        ),
        Wrong(
            "combines in two passes",
            Edits((f"{UNPACK}{EXTREMES}", "return min(low for low, _ in values), max(high for _, high in values)")),
            "read only once",
        ),
        Wrong(
            "combines nothing",
            Edits(
                (PAIRS, "return [(mailbox, [words])]"),
                (f"{UNPACK}{EXTREMES}", "return sum(values, [])"),
                ("shortest, longest = spread_combiner(key, values)", "listed = spread_combiner(key, values)"),
                (SUBTRACT, "return max(listed) - min(listed)"),
            ),
            "as small as",
        ),
        Wrong("forgets to subtract", Edits((SUBTRACT, "return shortest, longest")), "longest minus shortest"),
        Wrong("keeps the longest only", (lambda record: [record], lambda key, values: max(values), _spread), WITH),
        Wrong("hands in two functions", (_plain_extremes, _spread), "three functions"),
        Wrong(
            "knows only the example",
            (lambda record: [record], lambda key, values: 0, lambda key, values: 80),
            "longest minus shortest",
        ),
    ],
)
def spread(answer: Answer, mail: Mail) -> str:
    """The job without its combiner, with it, and under bad luck, on four records and on unseen mail."""
    answer.is_a(tuple, list)
    if len(answer.plain) != 3:
        raise NotYet("three functions were expected: mapper, combiner, reducer.")
    mapper, combiner, reducer = answer.value
    Answer(mapper)(RECORDS[0])  # so that functions which are not written yet are found first
    unseen = [(email["username"], len(tokens(plain_text(email)))) for email in mail.emails[:60]]

    def your_job(run: Callable[..., Iterable[Any]], records: list[Record], combiner: Any) -> dict[Any, Any]:
        return dict(run(records, mapper, _in_one_pass(reducer), combiner and _in_one_pass(combiner)))

    your_job.__name__ = "map_reduce"  # the function that students know; messages name it
    job = Answer(your_job)
    for records, whose in ((RECORDS, "four records"), (unseen, "unseen mail")):
        expected = _longest_minus_shortest(records)
        plain = job.on(f"{whose}, {WITHOUT}")(map_reduce, records, None)
        plain.equals(expected, "return longest minus shortest for each mailbox")
        for run in (map_reduce, *(partial(bad_luck, seed=seed) for seed in range(30))):
            combined = job.on(f"{whose}, {WITH} {'once' if run is map_reduce else 'by bad luck'}")(
                run, records, combiner
            )
            combined.equals(expected, "it must be possible to combine combined values again, and to reduce them")
    values = [value for number in range(100) for _, value in mapper(("kim-a", 100 + number))]
    few, many = (Answer(combiner).on(f"the values of {n} messages")("kim-a", iter(values[:n])) for n in (2, 100))
    small = len(repr(many.plain)) <= 2 * len(repr(few.plain))
    many.expect(small, "the result should be as small as for two messages")
    return "Your job gives the same answer whenever, wherever and however often its combiner runs."
