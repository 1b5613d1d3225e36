"""Exercises of lesson 06: a counterexample, a mapper that remembers nothing, a stable partitioner, a job mended."""

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
from enronlib.classroom.exercise import Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.mapreduce import map_reduce
from enronlib.mapreduce.badluck import bad_luck
from enronlib.messages import plain_text
from enronlib.words import tokens

exercise = lesson("06_mapreduce_goes_wrong")

Join = Callable[[Any, Any], Any]


def _average(a: float, b: float) -> float:
    return (a + b) / 2


def _add(a: Any, b: Any) -> Any:
    return a + b


def _difference(a: int, b: int) -> int:
    return a - b


def _distance(a: int, b: int) -> int:
    return abs(a - b)


def _power(a: int, b: int) -> int:
    """The brackets matter for 2, 1, 2, and for no other three values of 1 and 2."""
    return int(a**b)


def _first(a: Any, b: Any) -> Any:
    return a


BEATS = {"rock": "scissors", "paper": "rock", "scissors": "paper"}


def _winner(a: str, b: str) -> str:
    """The brackets matter only where all three are different."""
    return b if BEATS[b] == a else a


def _grouping_matters(join: Join, a: Any, b: Any, c: Any) -> bool:
    return bool(join(join(a, b), c) != join(a, join(b, c)))


def _first_found(triples: Iterable[Any], join: Join) -> Any:
    return next((triple for triple in triples if _grouping_matters(join, *triple)), None)


def _order_matters(join: Join, values: list[Any]) -> Any:
    triples = ((a, b, c) for a, b, c in product(values, repeat=3) if join(a, b) != join(b, a))
    return next(triples, None)


def _found_as_list(join: Join, values: list[Any]) -> Any:
    found = _first_found(product(values, repeat=3), join)
    return found and list(found)


def _gives_up_early(join: Join, values: list[Any]) -> Any:
    for triple in product(values, repeat=3):
        return triple if _grouping_matters(join, *triple) else None
    return None


@exercise(
    "wrong.counterexample",
    title="Do the brackets matter?",
    points=1,
    stars=1,
    hints=(
        "Three loops, one inside the other, go through all triples of values: `for a in values:`, then `b`, then `c`. "
        "What do you compare for each triple? When may you say `None`?",
        "Compare `function(function(a, b), c)` with `function(a, function(b, c))`. If they differ, `return (a, b, c)` "
        "at once; `return None` stands after all loops. (`itertools.product(values, repeat=3)` gives all triples in "
        "one loop.)",
    ),
    wrong=[
        Wrong("looks at the order", _order_matters, "with these three the brackets do not matter"),
        Wrong(
            "begins with a value twice",
            lambda f, values: _first_found(((a, a, b) for a, b in product(values, repeat=2)), f),
            "there is such a triple",
        ),
        Wrong("takes no value twice", lambda f, values: _first_found(permutations(values, 3), f), "more than once"),
        Wrong(
            "tries each choice in one order only",
            lambda f, values: _first_found(combinations_with_replacement(values, 3), f),
            "in every order",
        ),
        Wrong("gives a list", _found_as_list, "returned a list; a tuple was expected"),
        Wrong(
            "tries the first three values only",
            lambda f, values: _first_found([tuple(values * 3)[:3]], f),
            "there is such a triple",
        ),
        Wrong("gives up after the first triple", _gives_up_early, "there is such a triple"),
        Wrong(
            "tells yes or no",
            lambda f, values: _first_found(product(values, repeat=3), f) is not None,
            "the triple itself",
        ),
        Wrong("always finds none", lambda f, values: None, "there is such a triple"),
        Wrong("knows only the example", lambda f, values: (10, 10, 20), "with these three the brackets do not matter"),
    ],
)
def counterexample(answer: Answer, mail: Mail) -> str:
    """Functions that are associative or not, some of them commutative, others not."""
    cases: list[tuple[str, Join, list[Any], bool]] = [
        ("a + b, and [10, 20, 90]", _add, [10, 20, 90], False),
        ("a + b, and the texts ['gas', 'power']", _add, ["gas", "power"], False),
        ("the average, and [10, 20, 90]", _average, [10, 20, 90], True),
        ("a - b, and [0, 0, 0, 5]", _difference, [0, 0, 0, 5], True),
        ("the distance abs(a - b), and [1, 2]", _distance, [1, 2], True),
        ("a to the power of b, and [1, 2]", _power, [1, 2], True),
        ("the winner of rock, paper, scissors, and all three", _winner, [*BEATS], True),
        ("the first of two, and [3, 1, 2]", _first, [3, 1, 2], False),
        ("the larger of two, and [3, 1, 2]", max, [3, 1, 2], False),
    ]
    for what, join, values, exists in cases:
        found = answer.on(what)(join, values)
        if found.plain is None:
            found.expect(not exists, "there is such a triple: try all in every order, also one value more than once")
            continue
        found.expect(isinstance(found.plain, tuple | list), "give the triple itself").is_a(tuple)
        found.expect(len(found.plain) == 3 and all(each in values for each in found.plain), "give three of the values")
        matters = _grouping_matters(join, *found.plain)
        found.expect(matters, "with these three the brackets do not matter: compare both ways")
    return "You told apart functions whose brackets matter from those where only the order does."


Pairs = Iterator[tuple[str, int]]


def _once(text: str) -> Pairs:
    return ((word, 1) for word in dict.fromkeys(tokens(text)))


def _remembering(text: str, seen: set[str] = set()) -> Pairs:  # noqa: B006  the mistake
    for word in tokens(text):
        if word not in seen:
            seen.add(word)
            yield word, 1


def _every_time(text: str) -> Pairs:
    return ((word, 1) for word in tokens(text))


def _how_often(text: str) -> Pairs:
    yield from Counter(tokens(text)).items()


_everything: set[str] = set()


def _remembering_outside(text: str) -> list[tuple[str, int]]:
    new = [word for word in dict.fromkeys(tokens(text)) if word not in _everything]
    _everything.update(new)
    return [(word, 1) for word in new]


def _by_split(text: str) -> Pairs:
    return ((word, 1) for word in set(text.split()))


@exercise(
    "wrong.once",
    title="A mapper that remembers nothing",
    points=1,
    stars=1,
    hints=(
        "Where must the set of seen words be made, so that each message begins with an empty one?",
        "Make `seen = set()` inside the function. Or do without: what does `set(tokens(text))` leave out?",
    ),
    wrong=[
        Wrong("remembers the words of other messages", _remembering, "remembered between calls"),
        Wrong("remembers them in a global set", _remembering_outside, "remembered between calls"),
        Wrong("gives a word each time", _every_time, "each different word once"),
        Wrong("gives how often a word occurs", _how_often, "with the value 1"),
        Wrong("cuts at blanks", _by_split, "what `tokens` finds"),
        Wrong("gives words, not pairs", lambda text: set(tokens(text)), "(word, 1) tuples"),
        Wrong("gives a dict", lambda text: dict(_once(text)), "returned a dict"),
        Wrong(
            "knows only the example",
            lambda text: [("the", 1), ("data", 1), ("jump", 1)],
            "what `tokens` finds",
        ),
        Wrong("gives the first word only", lambda text: [*_once(text)][:1], "words are missing"),
        Wrong("gives a text", lambda text: " ".join(tokens(text)), "returned a str; a list, a tuple or a set was"),
    ],
)
def once(answer: Answer, mail: Mail) -> str:
    """A message twice, another in between, then unseen mail."""
    unseen = [plain_text(email) for email in mail.emails[:3]]
    texts = ["the data the jump", "the data the jump", "Gas, gas and power. The end.", "", *unseen, *unseen[:1]]
    for number, text in enumerate(texts):
        words = sorted(set(tokens(text)))
        again = ", the same message again" if text in texts[:number] else ""
        what = "an unseen mail" if text in unseen else repr(text)
        got = answer.on(what + again)(text)
        if issubclass(got.kind, dict | str) or not issubclass(got.kind, Iterable):
            got.is_a(list, tuple, set)  # the engine takes whatever it can go through
        got = Answer(list(got.value), got.said)
        pairs = [pair for pair in got.plain if isinstance(pair, tuple) and len(pair) == 2]
        got.expect(len(pairs) == len(got.plain), "a mapper gives pairs: (word, 1) tuples")
        got.expect(all(value == 1 for _, value in pairs), "a word comes with the value 1, however often it occurs")
        got.expect(all(word in words for word, _ in pairs), "a word is what `tokens` finds in the text")
        given = [word for word, _ in pairs]
        got.expect(len(given) == len(set(given)), "give each different word once")
        complete = len(given) == len(words)
        got.expect(
            complete or not again,
            "the second call must give what the first gave: something is remembered between calls",
        )
        got.expect(complete, "words are missing: is something remembered between calls, or does it end too early?")
    return "You gave each word of a message once, whatever other messages came before."


Partitioner = Callable[[str, int], int]

ASK = """
import contextlib, io, pickle, sys
partitioner, keys, partitions = pickle.load(sys.stdin.buffer)
with contextlib.redirect_stdout(io.StringIO()):
    found = {key: partitioner(key, partitions) for key in keys}
pickle.dump(found, sys.stdout.buffer)
"""


def _elsewhere(partitioner: Any, keys: list[str], partitions: int, seed: int) -> dict[str, Any] | None:
    """Return the partition of each key in a new Python process with this hash seed, None if it fails there."""
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
ENOUGH = 0.1  # of the words, for the busiest of 16 partitions: crc32, md5 and their like give it 0.08 at most


@exercise(
    "wrong.partition",
    title="A partitioner for many machines",
    points=2,
    stars=2,
    hints=(
        "`hash` was to make a number out of a text. Which function above makes a number out of bytes, the same in "
        "every process? How does a text become bytes, and a large number one from 0 to `partitions - 1`?",
        '`key.encode("utf-8")` gives the bytes, `zlib.crc32(…)` the number, and `… % partitions` what is left over '
        "after a division.",
    ),
    wrong=[
        Wrong("uses hash()", lambda key, partitions: hash(key) % partitions, "in another process"),
        Wrong("deals in turn", _in_turn, "the same key"),
        Wrong("numbers the words as they come", _numbered, "in another process"),
        Wrong("goes by the length", lambda key, n: len(key) % n, "spread"),
        Wrong("goes by the first letter", lambda key, n: ord(key[0]) % n, "spread"),
        Wrong("knows Latin-1 only", lambda key, n: zlib.crc32(key.encode("latin-1")) % n, "raised UnicodeEncodeError"),
        Wrong("sends all to one place", lambda key, partitions: 0, "spread"),
        Wrong("forgets the remainder", lambda key, partitions: zlib.crc32(key.encode()), "from 0 to partitions - 1"),
        Wrong("counts from 1", lambda key, n: zlib.crc32(key.encode()) % n + 1, "from 0 to partitions - 1"),
        Wrong("forgets the bytes", lambda key, n: zlib.crc32(key) % n, "raised TypeError"),
        Wrong("divides", lambda key, n: zlib.crc32(key.encode()) / 2**32 * n, "returned a float; an int was expected"),
        Wrong("knows only the example", lambda key, n: {"the": 1, "data": 1}.get(key, 0), "spread"),
    ],
)
def partition(answer: Answer, mail: Mail) -> str:
    """Range and repetition here, then two other processes that meet unseen words in different orders, and evenness.

    This process never sees those words: what a partitioner remembers of them would go to the others with it.
    """
    words = sorted({word for email in mail.emails for word in tokens(plain_text(email))})
    order = Random(0).sample(words, len(words))
    for partitions in (2, 3, 8):
        for word in ("the", "data", "jump", "hide", "señor"):
            place = answer(word, partitions).is_a(int)
            place.expect(0 <= place.plain < partitions, "a partition is a number from 0 to partitions - 1")
            again = answer(word, partitions)
            again.expect(again.plain == place.plain, "the same key was in another partition before")
    one = _elsewhere(answer.value, words, MANY, seed=3)
    other = _elsewhere(answer.value, order, MANY, seed=5)
    if one is None or other is None:
        for word in words:
            answer(word, MANY).is_a(int)
        raise NotYet("in another process your function fails.")
    for word, place in one.items():
        Answer(place, f"for {word!r} and {MANY} partitions it returned").is_a(int).expect(
            0 <= place < MANY, "a partition is a number from 0 to partitions - 1"
        )
    if one != other:
        raise NotYet(
            "in another process, which met the words in another order, the same words were in other partitions: the "
            "key alone may decide, and nothing that a process draws or remembers."
        )
    busiest = max(Counter(one.values()).values()) / len(words)
    share = Answer(round(100 * busiest), f"your busiest partition of {MANY} gets, in percent of the words,")
    share.expect(busiest <= ENOUGH, "spread the words more evenly", hint=2)
    return "You send each key to the same partition, in whichever process, and share out the work."


Record = tuple[str, int]
Job = tuple[Any, Any, Any]

RECORDS = [("kim-a", 10), ("kim-a", 20), ("kim-a", 90), ("lee-b", 7)]


def _longest_and_shortest(records: Iterable[Record]) -> dict[str, int]:
    lengths = defaultdict(list)
    for mailbox, words in records:
        lengths[mailbox].append(words)
    return {mailbox: max(listed) - min(listed) for mailbox, listed in lengths.items()}


def _as_it_is(record: Record) -> list[Record]:
    return [record]


def _both(record: Record) -> list[tuple[str, tuple[int, int]]]:
    return [(record[0], (record[1], record[1]))]


class _Values(Iterator[Any]):
    """Values that can be gone through once, and notice who begins anew at their end."""

    def __init__(self, values: Iterable[Any], noted: list[bool]) -> None:
        self.values, self.noted, self.ended = iter(values), noted, False

    def __next__(self) -> Any:
        for value in self.values:
            return value
        if self.ended:
            self.noted.append(True)
        self.ended = True
        raise StopIteration


def _noting(function: Any, noted: list[bool]) -> Any:
    """Return a reducer so changed that a list notes when it goes through its values twice."""
    return lambda key, values: function(key, _Values(values, noted))


def _spread(key: str, values: Iterable[int]) -> int:
    values = list(values)
    return max(values) - min(values)


def _extremes(key: str, values: Iterable[tuple[int, int]]) -> tuple[int, int]:
    shortest, longest = zip(*values, strict=True)
    return min(shortest), max(longest)


def _swapped(key: str, values: Iterable[tuple[int, int]]) -> tuple[int, int]:
    return _extremes(key, values)[::-1]


def _span(key: str, values: Iterable[tuple[int, int]]) -> int:
    shortest, longest = _extremes(key, values)
    return longest - shortest


def _in_two_passes(key: str, values: Iterable[int]) -> int:
    return max(values) - min(values)


def _extremes_in_two_passes(key: str, values: Iterable[tuple[int, int]]) -> tuple[int, int]:
    return min(shortest for shortest, _ in values), max(longest for _, longest in values)


def _plain_extremes(key: str, values: Iterable[int]) -> tuple[int, int]:
    values = list(values)
    return min(values), max(values)


def _listed(record: Record) -> list[tuple[str, list[int]]]:
    return [(record[0], [record[1]])]


def _all_of_them(key: str, values: Iterable[list[int]]) -> list[int]:
    return [words for listed in values for words in listed]


def _spread_of_lists(key: str, values: Iterable[list[int]]) -> int:
    return _spread(key, _all_of_them(key, values))


@exercise(
    "wrong.spread",
    title="Mend a job",
    points=4,
    stars=3,
    hints=(
        "Go back to the twins of the average. Which two numbers about some messages are enough, so that nobody needs "
        "the messages any more? The mapper makes them for one message, the combiner for several, the reducer "
        "subtracts.",
        "The mapper gives `(mailbox, (words, words))`: one message is the shortest and the longest of itself. The "
        "combiner takes such pairs and returns one: `min` of the first numbers, `max` of the second. The reducer does "
        "the same, and then subtracts.",
    ),
    wrong=[
        Wrong("uses the reducer as combiner", (_as_it_is, _spread, _spread), "when the combiner runs"),
        Wrong("combines into something else", (_as_it_is, _plain_extremes, _span), "when the combiner does not run"),
        Wrong("reads plain numbers only", (_as_it_is, _plain_extremes, _spread), "when the combiner runs"),
        Wrong("swaps them", (_both, _swapped, _span), "when the combiner runs"),
        Wrong("reduces in two passes", (_as_it_is, _plain_extremes, _in_two_passes), "can be gone through once"),
        Wrong("combines in two passes", (_both, _extremes_in_two_passes, _span), "can be gone through once"),
        Wrong("combines nothing", (_listed, _all_of_them, _spread_of_lists), "as small as"),
        Wrong("forgets to subtract", (_both, _extremes, _extremes), "longest minus shortest"),
        Wrong("keeps the longest only", (_as_it_is, lambda k, v: max(v), _spread), "when the combiner runs"),
        Wrong("hands in two functions", (_both, _span), "three functions"),
        Wrong(
            "knows only the example",
            (_as_it_is, lambda key, values: 0, lambda key, values: 80),
            "longest minus shortest",
        ),
    ],
)
def spread(answer: Answer, mail: Mail) -> str:
    """The job without its combiner, with it, and under bad luck, by hand and on unseen mail."""
    answer.is_a(tuple, list)
    if len(answer.plain) != 3:
        raise NotYet("three functions are asked for: mapper, combiner, reducer.")
    mapper, combiner, reducer = answer.value
    Answer(mapper)(RECORDS[0])  # so that functions which are not written yet are found first
    unseen = [(email["username"], len(tokens(plain_text(email)))) for email in mail.emails[:60]]

    noted: list[bool] = []  # is changed as long as the functions stay in this process: bad luck copies them

    def your_job(records: list[Record], run: Callable[..., Iterable[Any]], combiner: Any) -> dict[Any, Any]:
        return dict(run(records, mapper, _noting(reducer, noted), combiner and _noting(combiner, noted)))

    def compare(what: str, expected: dict[str, int], advice: str, *job: Any) -> None:
        try:
            Answer(your_job).on(what)(*job).equals(expected, advice)
        except NotYet as error:
            if noted:
                once = "`values` can be gone through once: make a list of it first"
                raise NotYet(f"{str(error).rstrip('.')}; {once}.", expected=error.expected) from None
            raise

    for records, whose in ((RECORDS, "four records"), (unseen, "unseen mail")):
        expected = _longest_and_shortest(records)
        advice = "longest minus shortest is asked for, for each mailbox"
        compare(f"{whose}, when the combiner does not run", expected, advice, records, map_reduce, None)
        advice = "combined values must be such that they can be combined again, and reduced"
        compare(f"{whose}, when the combiner runs once", expected, advice, records, map_reduce, combiner)
        for seed in range(30):
            unlucky = partial(bad_luck, seed=seed)
            what = f"{whose}, when the combiner runs by bad luck"
            compare(what, expected, advice, records, unlucky, combiner)
    values = [value for number in range(100) for _, value in mapper(("kim-a", 100 + number))]
    combined = Answer(combiner)
    few, many = (combined.on(f"the values of {n} messages")("kim-a", iter(values[:n])) for n in (2, 100))
    many.expect(
        len(repr(many.plain)) <= 2 * len(repr(few.plain)), "what comes out should be as small as for two messages"
    )
    return "Your job gives the same answer whenever, wherever and however often its combiner runs."
