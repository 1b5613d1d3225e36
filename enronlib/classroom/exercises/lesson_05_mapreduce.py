"""Exercises of lesson 05: the engine step by step. Map, deal and sort, group, and all of it together."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from enronlib.classroom.answer import Answer
from enronlib.classroom.exercise import Edits, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.mapreduce import partition_of
from enronlib.words import tokens

exercise = lesson("05_mapreduce_by_hand")

Pair = tuple[Any, Any]
Run = list[Pair]


def _ones(text: str) -> Iterator[Pair]:
    return ((word, 1) for word in tokens(text))


FLAT = "[new for item in items for new in function(item)]"


@exercise(
    "mapreduce.flat_map",
    title="Many from one",
    points=1,
    hints=(
        "Begin with an empty list. For each item, everything that `function(item)` returns has to go into that list, "
        "one by one. What is the difference between the methods `append` and `extend`?",
        "Two loops: `for item in items:`, and inside it `for new in function(item):`. What does the inner one append?",
    ),
    wrong=[
        Wrong("is a plain map", Edits((FLAT, "[list(function(item)) for item in items]")), "in one list"),
        Wrong("keeps the last item only", Edits(("for item in items", "for item in items[-1:]")), "from every item"),
        Wrong("keeps the first item only", Edits(("for item in items", "for item in items[:1]")), "from every item"),
        Wrong("ignores the function", lambda function, items: list(items), "call the function with each item"),
        Wrong("needs lists", Edits((FLAT, "reduce(add, map(function, items), [])")), "raised TypeError"),
        Wrong("sorts", Edits((FLAT, f"sorted({FLAT})")), "in the order in which"),
        Wrong("drops duplicates", Edits((FLAT, f"list(dict.fromkeys({FLAT}))")), "as often as"),
        Wrong("knows only the example", lambda function, items: ["the", "jump", "hide"], "call the function with each"),
    ],
)
def flat_map(answer: Answer, mail: Mail) -> str:
    """Lines split at spaces, numbers, a function that yields, then unseen mail."""
    cases: list[tuple[str, Callable[[Any], Iterable[Any]], list[Any]]] = [
        ('str.split and ["the jump", "", "hide"]', str.split, ["the jump", "", "hide"]),
        ("a function that returns n times n, and [3, 1, 2]", lambda n: [n] * n, [3, 1, 2]),
        ("a mapper that yields pairs, and unseen mail", _ones, mail.texts[:3]),
    ]
    for what, function, items in cases:
        expected = [new for item in items for new in function(item)]
        got = answer.on(what)(function, items).is_a(list)
        got.expect(
            not any(isinstance(item, list) for item in got.plain), "put everything in one list, without inner lists"
        )
        known = all(item in expected for item in got.plain)
        got.expect(known, "call the function with each item, and keep what it returns")
        got.expect(all(item in got.plain for item in expected), "the list holds the results from every item")
        got.expect(len(got.plain) == len(expected), "keep a result as often as the function returns it")
        got.equals(expected, "keep results in the order in which the function returns them")
    return "You handled functions that produce zero, one or many results, with return and with yield."


RUNS = "[[] for _ in range(partitions)]"


@exercise(
    "mapreduce.deal",
    title="Deal and sort",
    points=2,
    stars=2,
    hints=(
        "Deal the pairs as you would deal cards: first lay out an empty list for each partition, then put each pair "
        "where `partition_of(key, partitions)` says. When do you sort?",
        "`runs = [[] for _ in range(partitions)]` lays out the lists (`[[]] * partitions` would be the same list "
        "several times). Then `for key, value in sorted(pairs):` and `runs[…].append(…)`.",
    ),
    wrong=[
        Wrong("uses hash()", Edits(("partition_of(key, partitions)", "hash(key) % partitions")), "use `partition_of`"),
        Wrong(
            "deals in turn",
            Edits(
                ("for key, value in sorted(pairs)", "for turn, (key, value) in enumerate(sorted(pairs))"),
                ("partition_of(key, partitions)", "turn % partitions"),
            ),
            "use `partition_of`",
        ),
        Wrong("drops empty lists", Edits(("return runs", "return list(filter(None, runs))")), "one list for each"),
        Wrong("has one list several times", Edits((RUNS, "[[]] * partitions")), "each pair goes into exactly one list"),
        Wrong("does not sort", Edits(("sorted(pairs)", "pairs")), "sort each list by key"),
        Wrong("returns a dict", Edits(("return runs", "return dict(enumerate(runs))")), "a list was expected"),
        Wrong("drops the values", Edits(("append((key, value))", "append(key)")), "(key, value) pairs"),
        Wrong("drops equal pairs", Edits(("sorted(pairs)", "sorted(set(pairs))")), "goes into exactly one list"),
        Wrong("knows only the example", lambda pairs, n: [[("jump", 1)], [], []], "goes into exactly one list"),
    ],
)
def deal(answer: Answer, mail: Mail) -> str:
    """The example, then another number of partitions and unseen words."""
    words = [*tokens(mail.texts[0]), "the", "data", "jump", "hide", "the"]
    cases: list[tuple[str, Run, int]] = [
        ("the four pairs of the example and 3 partitions", [(word, 1) for word in ("the", "jump", "data", "the")], 3),
        ("three pairs and 1 partition", [("the", 2), ("data", 1), ("the", 1)], 1),
        ("the words of an unseen message and 5 partitions", [(word, 1) for word in words], 5),
    ]
    for what, pairs, partitions in cases:
        runs = answer.on(what)(pairs, partitions).is_a(list)
        runs.expect(len(runs.plain) == partitions, "return one list for each partition, even if it is empty")
        runs.expect(all(isinstance(run, list) for run in runs.plain), "return a list of lists")
        dealt = Answer([pair for run in runs.plain for pair in run], runs.said).pairs(
            "the lists hold (key, value) pairs, as tuples"
        )
        same = sorted(dealt, key=repr) == sorted(pairs, key=repr)
        runs.expect(same, "each pair goes into exactly one list, and equal pairs are kept")
        for number, run in enumerate(runs.plain):
            keys = [key for key, _ in run]
            right = all(partition_of(key, partitions) == number for key in keys)
            runs.expect(right, "a key is in the wrong partition: use `partition_of` to find the right one")
            runs.expect(keys == sorted(keys), "sort each list by key")
    return "You made a sorted run for each partition, and an empty one where there are no pairs."


def _group(pairs: Iterable[Pair]) -> dict[Any, list[Any]]:
    values_of: dict[Any, list[Any]] = defaultdict(list)
    for key, value in pairs:
        values_of[key].append(value)
    return dict(sorted(values_of.items()))


VALUES = "[value for _, value in neighbors]"


@exercise(
    "mapreduce.group",
    title="Merge and group",
    points=2,
    stars=2,
    hints=(
        "First make one list of all pairs of all runs. How do you bring equal keys together? Then let `groupby` go "
        "through it, as above. Or without sorting first: how could a dict help?",
        "With `groupby(pairs, itemgetter(0))`, a group yields (key, value) pairs: `[value for _, value in group]` "
        "takes the values from it. With a dict: `values_of.setdefault(key, []).append(value)`, and sort at the end.",
    ),
    wrong=[
        Wrong("does not sort", Edits(("sorted(chain.from_iterable(runs))", "chain(*runs)")), "each key once"),
        Wrong("uses the first run", Edits(("chain.from_iterable(runs)", "runs[0] if runs else []")), "of every run"),
        Wrong("keeps whole pairs", Edits((VALUES, "list(neighbors)")), "the values alone, without their key"),
        Wrong("adds up already", Edits((VALUES, f"sum({VALUES})")), "a list of values"),
        Wrong("returns used-up groups", Edits((VALUES, "neighbors")), "a list of values"),
        Wrong("returns a dict", Edits(("return [", "return dict(["), ("(0))]", "(0))])")), "a list was expected"),
        Wrong("reverses the keys", Edits(("itemgetter(0))]", "itemgetter(0))][::-1]")), "in the order of the keys"),
        Wrong("drops equal values", Edits((VALUES, f"sorted(set({VALUES}))")), "all values of its key"),
        Wrong("knows only the example", lambda runs: [("data", [1, 1]), ("hide", [1]), ("the", [1, 1])], "every run"),
    ],
)
def group(answer: Answer, mail: Mail) -> str:
    """Two runs that share keys, runs of which one is empty, and runs of unseen words."""
    cases: list[tuple[str, list[Run]]] = [
        ("the two runs of the example", [[("data", 1), ("the", 1), ("the", 1)], [("data", 1), ("hide", 1)]]),
        ("three runs, one of them empty", [[("jump", 4), ("the", 2)], [], [("hide", 3), ("jump", 5), ("jump", 5)]]),
        ("no runs", []),
        ("runs of unseen mail", [sorted((word, len(text)) for word in tokens(text)) for text in mail.texts[:3]]),
    ]
    for what, runs in cases:
        expected = _group(pair for run in runs for pair in run)
        got = answer.on(what)(runs)
        groups = got.pairs("return a list of (key, values) tuples")
        keys = [key for key, _ in groups]
        got.expect(len(keys) == len(set(keys)), "list each key once, with all its values")
        got.expect(set(keys) == set(expected), "list the keys of every run")
        got.expect(keys == sorted(keys), "put the groups in the order of the keys")
        for key, values in groups:
            got.expect(isinstance(values, list), "put a list of values beside each key")
            got.expect(
                not any(isinstance(value, tuple) for value in values), "list the values alone, without their key"
            )
            got.expect(sorted(values) == sorted(expected[key]), "a group holds all values of its key, even equal ones")
    return "You collected the values of each key, whichever run they came from."


Splits = list[list[Any]]
Mapper = Callable[[Any], Iterable[Pair]]
Reducer = Callable[[Any, Any], Any]

DEAL = "deal(flat_map(mapper, split), partitions)"
GROUP = "group([runs[partition] for runs in dealt])"
REDUCE = "reducer(key, values)"
SORTED = "return sorted(results)"


@exercise(
    "mapreduce.engine",
    title="The engine",
    points=4,
    stars=3,
    hints=(
        "Two loops, one after the other. The first goes through the splits: what does a map task leave for the reduce "
        "tasks? Keep it for each split. The second goes through the numbers of the partitions: which of all those runs "
        "belong to partition 0?",
        "`dealt = [deal(flat_map(mapper, split), partitions) for split in splits]` runs the map tasks. The reduce task "
        "of a partition gets `[runs[partition] for runs in dealt]`: `group` those, and call the reducer with each key "
        "and its values. Sort the results of all partitions at the end.",
    ),
    wrong=[
        Wrong(
            "reduces each split alone",
            Edits((GROUP, "chain(*(group([runs[partition]]) for runs in dealt))")),
            "a key has one result",
        ),
        Wrong(
            "lets the last split win",
            Edits((GROUP, "dict(chain(*(group([runs[partition]]) for runs in dealt))).items()")),
            "all its values, from every split",
        ),
        Wrong("reduces one partition only", Edits(("range(partitions)", "range(1)")), "keys without a result"),
        Wrong("ignores partitions", Edits(("    dealt", "    partitions = 1\n    dealt")), "keys of one partition"),
        Wrong("makes two partitions", Edits(("    dealt", "    partitions = 2\n    dealt")), "keys of one partition"),
        Wrong("joins the splits", Edits(("in splits]", "in [sum(splits, [])]]")), "one map task for each split"),
        Wrong("does not sort the results", Edits((SORTED, "return results")), "in the order of their keys"),
        Wrong("can only add", Edits((REDUCE, "sum(values)")), "call the reducer that is passed in"),
        Wrong(
            "reduces twice",
            Edits((DEAL, f"[[(key, {REDUCE}) for key, values in group([run])] for run in {DEAL}]")),
            "call the reducer once for each key",
        ),
        Wrong("reduces as functools.reduce does", Edits((REDUCE, "reduce(reducer, values)")), "raised TypeError"),
        Wrong("drops the key", Edits((f"(key, {REDUCE})", REDUCE)), "a list of (key, value) tuples"),
        Wrong("returns a dict", Edits((SORTED, "return dict(results)")), "returned a dict; a list was expected"),
        Wrong(
            "knows only the example",
            lambda *job: [("data", 4), ("hide", 2), ("jump", 2), ("the", 3)],
            "call the reducer that is passed in",
        ),
    ],
)
def engine(answer: Answer, mail: Mail) -> str:
    """Word count, then jobs with another mapper and reducer, and unseen mail in splits."""
    lines = [["the data jump", "the jump"], ["hide the data", "data hide data"]]
    texts = mail.texts[:8]
    cases: list[tuple[str, Splits, Mapper, Reducer, int]] = [
        ("the splits of the example and 2 partitions", lines, _ones, _total, 2),
        ("the same in 3 splits, one of them empty, and 5 partitions", [lines[0], [], lines[1]], _ones, _total, 5),
        (
            "a job that finds the longest word for each first letter",
            lines,
            _lengths,
            lambda key, values: max(values),
            3,
        ),
        ("a job whose reducer returns text", lines, _ones, lambda key, values: f"{key}: {sorted(values)}", 2),
        ("no splits", [], _ones, _total, 2),
        ("unseen mail in 4 splits", [texts[n::4] for n in range(4)], _ones, _total, 3),
    ]
    for what, splits, mapper, reducer, partitions in cases:
        pairs = [pair for split in splits for record in split for pair in mapper(record)]
        expected = [(key, reducer(key, values)) for key, values in _group(pairs).items()]
        reduced, counted = _recording(reducer)
        with _calls_of("deal", answer.value) as deals:
            got = answer.on(what)(splits, mapper, counted, partitions)
        keys = [key for key, _ in got.pairs("return a list of (key, value) tuples")]
        wanted = {key for key, _ in expected}
        got.expect(len(keys) == len(set(keys)), "a key has one result, whichever splits it is in")
        got.expect(set(keys) <= wanted, "the keys are those from the mapper")
        got.expect(set(keys) == wanted, "there are keys without a result: is there a reduce task for each partition?")
        got.expect(keys == sorted(keys), "put the results in the order of their keys")
        got.expect(bool(reduced) or not keys, "call the reducer that is passed in")
        once = len(reduced) == len(keys) or got.plain != expected
        got.expect(once, "call the reducer once for each key, with all its values")
        got.equals(expected, "the reducer gets the key and all its values, from every split")
        tasks = [partition for partition, _ in groupby(partition_of(key, partitions) for key in reduced)]
        mixed = "the keys of one partition were not reduced one after another"
        got.expect(len(tasks) == len(set(tasks)), f"{mixed}: are there {partitions} reduce tasks?")
        one_each = f"run one map task for each split (calls of `deal`: {len(deals)}, splits: {len(splits)})"
        got.expect(not deals or len(deals) >= sum(map(bool, splits)), one_each)
    return "Your engine ran jobs it had never seen, with any number of splits and partitions. That is MapReduce."


def _total(key: Any, values: Iterable[int]) -> int:
    return sum(values)


def _lengths(line: str) -> list[Pair]:
    return [(word[:1], len(word)) for word in line.split()]


def _recording(function: Callable[..., Any]) -> tuple[list[Any], Callable[..., Any]]:
    """Return a list, and the function changed so that it adds its first argument to the list."""
    calls: list[Any] = []

    def recorded(first: Any, *others: Any) -> Any:
        calls.append(first)
        return function(first, *others)

    return calls, recorded


@contextmanager
def _calls_of(name: str, function: Any) -> Iterator[list[Any]]:
    """Yield a list that records the calls of the function `name` in the cells where `function` was defined."""
    names = getattr(function, "__globals__", {})
    before = names.get(name)
    if not callable(before):
        yield []
        return
    calls, names[name] = _recording(before)
    try:
        yield calls
    finally:
        names[name] = before
