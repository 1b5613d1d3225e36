"""Exercises of lesson 05: the engine step by step. Map, deal and sort, group, and all of it."""

import functools
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from enronlib.classroom.answer import Answer
from enronlib.classroom.exercise import Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.mapreduce import partition_of
from enronlib.messages import plain_text
from enronlib.words import tokens

exercise = lesson("05_mapreduce_by_hand")

Pair = tuple[Any, Any]
Run = list[Pair]


def _texts(mail: Mail) -> list[str]:
    return [plain_text(email) for email in mail.emails[:8]]


def _ones(text: str) -> Iterator[Pair]:
    return ((word, 1) for word in tokens(text))


def _flat_map(function: Callable[[Any], Iterable[Any]], items: Iterable[Any]) -> list[Any]:
    return [new for item in items for new in function(item)]


def _only_the_last(function: Callable[[Any], Iterable[Any]], items: Iterable[Any]) -> list[Any]:
    result: list[Any] = []
    for item in items:
        result = list(function(item))
    return result


def _returns_too_early(function: Callable[[Any], Iterable[Any]], items: Iterable[Any]) -> list[Any]:
    for item in items:
        return list(function(item))
    return []


@exercise(
    "mapreduce.flat_map",
    title="Many from one",
    points=1,
    stars=1,
    hints=(
        "Begin with an empty list. For each item, all that `function(item)` gives has to go into that list, one by "
        "one. What is the difference between the methods `append` and `extend`?",
        "Two loops: `for item in items:`, and inside it `for new in function(item):`. What does the inner one append?",
    ),
    wrong=[
        Wrong("is a plain map", lambda function, items: [list(function(item)) for item in items], "in one list"),
        Wrong("keeps the last item's only", _only_the_last, "what every item gives"),
        Wrong("returns inside the loop", _returns_too_early, "what every item gives"),
        Wrong("does without the function", lambda function, items: list(items), "call the function with each item"),
        Wrong(
            "wants lists from the function",
            lambda function, items: functools.reduce(operator.add, map(function, items), []),
            "raised TypeError",
        ),
        Wrong("sorts", lambda function, items: sorted(_flat_map(function, items)), "in the order in which"),
        Wrong("drops doubles", lambda function, items: list(dict.fromkeys(_flat_map(function, items))), "as often as"),
        Wrong("knows only the example", lambda function, items: ["the", "jump", "hide"], "call the function with each"),
    ],
)
def flat_map(answer: Answer, mail: Mail) -> str:
    """Lines split at blanks, numbers, a function that yields, then unseen mail."""
    cases: list[tuple[str, Callable[[Any], Iterable[Any]], list[Any]]] = [
        ('str.split and ["the jump", "", "hide"]', str.split, ["the jump", "", "hide"]),
        ("a function that gives n times n, and [3, 1, 2]", lambda n: [n] * n, [3, 1, 2]),
        ("a mapper that yields pairs, and unseen mail", _ones, _texts(mail)[:3]),
    ]
    for what, function, items in cases:
        expected = _flat_map(function, items)
        got = answer.on(what)(function, items).is_a(list)
        got.expect(
            not any(isinstance(item, list) for item in got.plain), "everything stands in one list, without lists"
        )
        got.expect(
            all(item in expected for item in got.plain), "call the function with each item, and keep what it gives"
        )
        got.expect(all(item in got.plain for item in expected), "what every item gives belongs into the list")
        got.expect(len(got.plain) == len(expected), "a thing stands there as often as the function gave it")
        got.equals(expected, "keep things in the order in which they are given")
    return "You handled functions that give none, one and many, by return and by yield."


def _deal(pairs: Iterable[Pair], partitions: int, partitioner: Callable[[Any, int], int] = partition_of) -> list[Run]:
    runs: list[Run] = [[] for _ in range(partitions)]
    for key, value in sorted(pairs):
        runs[partitioner(key, partitions)].append((key, value))
    return runs


def _without_empty_ones(pairs: Iterable[Pair], partitions: int) -> list[Run]:
    return [run for run in _deal(pairs, partitions) if run]


def _as_dict(pairs: Iterable[Pair], partitions: int) -> dict[int, Run]:
    return dict(enumerate(_deal(pairs, partitions)))


def _in_turn(pairs: Iterable[Pair], partitions: int) -> list[Run]:
    ordered = sorted(pairs)
    return [ordered[number::partitions] for number in range(partitions)]


def _one_list_many_times(pairs: Iterable[Pair], partitions: int) -> list[Run]:
    runs: list[Run] = [[]] * partitions
    for pair in sorted(pairs):
        runs[partition_of(pair[0], partitions)].append(pair)
    return runs


def _keys_alone(pairs: Iterable[Pair], partitions: int) -> list[list[Any]]:
    return [[key for key, _ in run] for run in _deal(pairs, partitions)]


def _unsorted(pairs: Iterable[Pair], partitions: int) -> list[Run]:
    pairs = list(pairs)
    return [[pair for pair in pairs if pair in run] for run in _deal(pairs, partitions)]


def _each_once(pairs: Iterable[Pair], partitions: int) -> list[Run]:
    return _deal(dict.fromkeys(pairs), partitions)


EXAMPLE_RUNS = [[("jump", 1)], [("data", 1), ("the", 1), ("the", 1)], []]


@exercise(
    "mapreduce.deal",
    title="Deal and sort",
    points=2,
    stars=2,
    hints=(
        "Deal pairs as you deal cards: first lay out an empty list for each partition, then put each pair where "
        "`partition_of(key, partitions)` says. When do you sort?",
        "`runs = [[] for _ in range(partitions)]` lays out the lists (`[[]] * partitions` would be one list under many "
        "names). Then `for key, value in sorted(pairs):` and `runs[…].append(…)`.",
    ),
    wrong=[
        Wrong(
            "uses hash()",
            lambda pairs, partitions: _deal(pairs, partitions, lambda key, count: hash(key) % count),
            "ask `partition_of`",
        ),
        Wrong("deals in turn", _in_turn, "ask `partition_of`"),
        Wrong("leaves out empty partitions", _without_empty_ones, "a list for each partition, also where it is empty"),
        Wrong("makes one list under many names", _one_list_many_times, "each pair goes into one list only"),
        Wrong("does not sort", _unsorted, "sorted by key"),
        Wrong("returns a dict", _as_dict, "returned a dict; a list was expected"),
        Wrong("drops the values", _keys_alone, "(key, value) pairs"),
        Wrong("drops a pair that is there twice", _each_once, "each pair goes into one list only"),
        Wrong("knows only the example", lambda pairs, partitions: EXAMPLE_RUNS, "a list for each partition"),
    ],
)
def deal(answer: Answer, mail: Mail) -> str:
    """The example, then another number of partitions and unseen words."""
    words = [*tokens(_texts(mail)[0]), "the", "data", "jump", "hide", "the"]
    cases: list[tuple[str, Run, int]] = [
        ("the four pairs of the example and 3 partitions", [(w, 1) for w in ("the", "jump", "data", "the")], 3),
        ("three pairs and 1 partition", [("the", 2), ("data", 1), ("the", 1)], 1),
        ("the words of an unseen mail and 5 partitions", [(word, 1) for word in words], 5),
    ]
    for what, pairs, partitions in cases:
        runs = answer.on(what)(pairs, partitions).is_a(list)
        runs.expect(len(runs.plain) == partitions, "there is a list for each partition, also where it is empty", hint=2)
        runs.expect(all(isinstance(run, list) for run in runs.plain), "a list of lists is asked for", hint=2)
        runs.expect(
            all(isinstance(pair, tuple) and len(pair) == 2 for run in runs.plain for pair in run),
            "the lists hold (key, value) pairs, as tuples",
        )
        places = [(pair, number) for number, run in enumerate(runs.plain) for pair in run]
        runs.expect(
            sorted((pair for pair, _ in places), key=repr) == sorted(pairs, key=repr),
            "each pair goes into one list only, as often as it is there",
            hint=2,
        )
        runs.expect(
            all(partition_of(key, partitions) == number for (key, _), number in places),
            "a key lies in another partition than it should: ask `partition_of` where it belongs",
        )
        for run in runs.plain:
            keys = [key for key, _ in run]
            runs.expect(keys == sorted(keys), "the pairs of a list are sorted by key")
    return "You made a run for each partition, sorted, and an empty one where there is nothing."


def _group(runs: Iterable[Run]) -> list[tuple[Any, list[Any]]]:
    values_of: dict[Any, list[Any]] = defaultdict(list)
    for run in runs:
        for key, value in run:
            values_of[key].append(value)
    return sorted(values_of.items())


def _group_neighbours(runs: Iterable[Run]) -> list[tuple[Any, list[Any]]]:
    pairs = [pair for run in runs for pair in run]
    return [(key, [value for _, value in group]) for key, group in groupby(pairs, operator.itemgetter(0))]


def _group_pairs(runs: Iterable[Run]) -> list[tuple[Any, list[Pair]]]:
    return [(key, [(key, value) for value in values]) for key, values in _group(runs)]


def _group_unread(runs: Iterable[Run]) -> list[tuple[Any, Any]]:
    pairs = sorted(pair for run in runs for pair in run)
    return [(key, (value for _, value in group)) for key, group in groupby(pairs, operator.itemgetter(0))]


@exercise(
    "mapreduce.group",
    title="Merge and group",
    points=2,
    stars=2,
    hints=(
        "First make one list of all pairs of all runs. How do you get equal keys to stand side by side? Then let "
        "`groupby` go through it, as above. Or without sorting first: what could a dict do for you here?",
        "With `groupby(pairs, itemgetter(0))` a group gives (key, value) pairs: `[value for _, value in group]` takes "
        "the values out of it. With a dict: `values_of.setdefault(key, []).append(value)`, and sort at the end.",
    ),
    wrong=[
        Wrong("groups what is not sorted", _group_neighbours, "each key once"),
        Wrong("looks at the first run only", lambda runs: _group(runs[:1]), "every run"),
        Wrong("keeps whole pairs", _group_pairs, "the values alone, without their key"),
        Wrong("sums already", lambda runs: [(key, sum(values)) for key, values in _group(runs)], "a list of values"),
        Wrong("hands out groups that are used up", _group_unread, "a list of values"),
        Wrong("returns a dict", lambda runs: dict(_group(runs)), "returned a dict; a list was expected"),
        Wrong("does not sort the keys", lambda runs: _group(runs)[::-1], "in the order of the keys"),
        Wrong("keeps each value once", lambda runs: [(k, sorted(set(v))) for k, v in _group(runs)], "all values of"),
        Wrong(
            "knows only the example",
            lambda runs: [("data", [1, 1]), ("hide", [1]), ("the", [1, 1])],
            "every run",
        ),
    ],
)
def group(answer: Answer, mail: Mail) -> str:
    """Two runs that share keys, runs of which some are empty, and runs of unseen words."""
    texts = _texts(mail)[:3]
    cases: list[tuple[str, list[Run]]] = [
        ("the two runs of the example", [[("data", 1), ("the", 1), ("the", 1)], [("data", 1), ("hide", 1)]]),
        ("three runs, one of them empty", [[("jump", 4), ("the", 2)], [], [("hide", 3), ("jump", 5), ("jump", 5)]]),
        ("no run", []),
        ("runs of unseen mail", [sorted((word, len(text)) for word in tokens(text)) for text in texts]),
    ]
    for what, runs in cases:
        expected = _group(runs)
        groups = answer.on(what)(runs).is_a(list)
        groups.expect(
            all(isinstance(each, tuple) and len(each) == 2 for each in groups.plain),
            "a list of (key, values) tuples is asked for",
        )
        keys = [key for key, _ in groups.plain]
        groups.expect(len(keys) == len(dict.fromkeys(keys)), "each key once, with all its values, is asked for")
        groups.expect(set(keys) == {key for key, _ in expected}, "the keys of every run belong there")
        groups.expect(keys == sorted(keys), "the groups come in the order of the keys")
        for key, values in groups.plain:
            groups.expect(isinstance(values, list), "with each key stands a list of values", hint=2)
            groups.expect(
                not any(isinstance(value, tuple) for value in values),
                "give the values alone, without their key",
                hint=2,
            )
            groups.expect(
                sorted(values) == sorted(dict(expected)[key]), "a group holds all values of its key, doubles too"
            )
    return "You brought the values of each key together, from whichever run they came."


Splits = list[list[Any]]
Mapper = Callable[[Any], Iterable[Pair]]
Reducer = Callable[[Any, Any], Any]


def _engine(splits: Splits, mapper: Mapper, reducer: Reducer, partitions: int) -> list[Pair]:
    groups = _group([_flat_map(mapper, split) for split in splits])
    return [(key, reducer(key, values)) for key, values in groups]


def _each_split_alone(splits: Splits, mapper: Mapper, reducer: Reducer, partitions: int) -> list[Pair]:
    return sorted(pair for split in splits for pair in _engine([split], mapper, reducer, partitions))


def _last_split_wins(splits: Splits, mapper: Mapper, reducer: Reducer, partitions: int) -> list[Pair]:
    return sorted(dict(_each_split_alone(splits, mapper, reducer, partitions)).items())


def _first_partition_only(splits: Splits, mapper: Mapper, reducer: Reducer, partitions: int) -> list[Pair]:
    return [pair for pair in _engine(splits, mapper, reducer, partitions) if partition_of(pair[0], partitions) == 0]


def _two_partitions_only(splits: Splits, mapper: Mapper, reducer: Reducer, partitions: int) -> list[Pair]:
    dealt = [_deal(_flat_map(mapper, split), 2) for split in splits]
    return sorted((key, reducer(key, values)) for n in range(2) for key, values in _group(runs[n] for runs in dealt))


def _partition_by_partition(splits: Splits, mapper: Mapper, reducer: Reducer, partitions: int) -> list[Pair]:
    return [pair for run in _deal(_engine(splits, mapper, reducer, partitions), partitions) for pair in run]


def _always_sums(splits: Splits, mapper: Mapper, reducer: Reducer, partitions: int) -> list[Pair]:
    return _engine(splits, mapper, lambda key, values: sum(values), partitions)


def _reduces_twice(splits: Splits, mapper: Mapper, reducer: Reducer, partitions: int) -> list[Pair]:
    return _engine([_each_split_alone(splits, mapper, reducer, partitions)], lambda pair: [pair], reducer, partitions)


def _reduces_two_by_two(splits: Splits, mapper: Mapper, reducer: Reducer, partitions: int) -> list[Pair]:
    return _engine(splits, mapper, lambda key, values: reducer(values[0], values[-1]), partitions)


def _loses_the_key(splits: Splits, mapper: Mapper, reducer: Reducer, partitions: int) -> list[Any]:
    return [value for _, value in _engine(splits, mapper, reducer, partitions)]


def _total(key: Any, values: Iterable[int]) -> int:
    return sum(values)


def _listed(key: Any, values: Iterable[int]) -> str:
    return f"{key}: {sorted(values)}"


def _longest(key: Any, values: Iterable[int]) -> int:
    return max(values)


def _counting(reducer: Reducer) -> tuple[list[Any], Reducer]:
    """Return a list, and the reducer so changed that the list gets the key of each call."""
    calls: list[Any] = []

    def counted(key: Any, values: Any) -> Any:
        calls.append(key)
        return reducer(key, values)

    return calls, counted


def _one(line: str) -> list[Pair]:
    return [(word, 1) for word in line.split()]


def _lengths(line: str) -> list[Pair]:
    return [(word[:1], len(word)) for word in line.split()]


@exercise(
    "mapreduce.engine",
    title="The engine",
    points=4,
    stars=3,
    hints=(
        "Two loops, one after the other. The first goes through the splits: what does a map task leave for the reduce "
        "tasks? Keep it for each of them. The second goes through the numbers of the partitions: which of all those "
        "runs belong to partition 0?",
        "`dealt = [deal(flat_map(mapper, split), partitions) for split in splits]` are the map tasks. The reduce task "
        "of a partition gets `[runs[partition] for runs in dealt]`; `group` those, and call the reducer with each key "
        "and its values. Sort the results of all partitions at the end.",
    ),
    wrong=[
        Wrong("reduces each split alone", _each_split_alone, "a key has one result"),
        Wrong("lets the last split win", _last_split_wins, "all values of a key, from every split"),
        Wrong("forgets all partitions but the first", _first_partition_only, "keys without a result"),
        Wrong("knows no partitions", _engine, "the keys of one partition"),
        Wrong("always makes two partitions", _two_partitions_only, "the keys of one partition"),
        Wrong("gives the results partition by partition", _partition_by_partition, "in the order of their keys"),
        Wrong("can do nothing but add", _always_sums, "call the reducer that is given"),
        Wrong("reduces what was reduced", _reduces_twice, "the reducer is called once for each key"),
        Wrong("reduces as functools.reduce does", _reduces_two_by_two, "raised TypeError"),
        Wrong("loses the key", _loses_the_key, "a list of (key, value) tuples"),
        Wrong("returns a dict", lambda *job: dict(_engine(*job)), "returned a dict; a list was expected"),
        Wrong(
            "knows only the example",
            lambda *job: [("data", 4), ("hide", 2), ("jump", 2), ("the", 3)],
            "call the reducer that is given",
        ),
    ],
)
def engine(answer: Answer, mail: Mail) -> str:
    """Word count, then jobs with another mapper and reducer, and unseen mail in splits."""
    lines = [["the data jump", "the jump"], ["hide the data", "data hide data"]]
    texts = _texts(mail)
    cases: list[tuple[str, Splits, Mapper, Reducer, int]] = [
        ("the splits of the example and 2 partitions", lines, _one, _total, 2),
        ("the same in 3 splits, one of them empty, and 5 partitions", [lines[0], [], lines[1]], _one, _total, 5),
        ("a job that finds the longest word for each first letter", lines, _lengths, _longest, 3),
        ("a job whose reducer makes text of its values", lines, _one, _listed, 2),
        ("no split", [], _one, _total, 2),
        ("unseen mail in 4 splits", [texts[n::4] for n in range(4)], _ones, _total, 3),
    ]
    for what, splits, mapper, reducer, partitions in cases:
        expected = dict(_engine(splits, mapper, reducer, partitions))
        calls, counted = _counting(reducer)
        results = answer.on(what)(splits, mapper, counted, partitions).is_a(list)
        results.expect(
            all(isinstance(each, tuple) and len(each) == 2 for each in results.plain),
            "a list of (key, value) tuples is asked for",
        )
        keys = [key for key, _ in results.plain]
        results.expect(len(keys) == len(dict.fromkeys(keys)), "a key has one result, whichever splits it stood in")
        results.expect(set(keys) <= set(expected), "the keys are those that the mapper gives")
        results.expect(set(keys) == set(expected), "keys without a result: is there a reduce task for each partition?")
        results.expect(keys == sorted(keys), "the results come in the order of their keys", hint=2)
        results.expect(bool(calls) or not keys, "call the reducer that is given")
        results.expect(
            len(calls) == len(keys) or results.plain != sorted(expected.items()),
            "the reducer is called once for each key, with all its values",
        )
        results.equals(
            sorted(expected.items()), "the reducer gets the key and all values of a key, from every split", hint=2
        )
        reduced = [partition for partition, _ in groupby(partition_of(key, partitions) for key in calls)]
        results.expect(
            len(reduced) == len(set(reduced)),
            f"the keys of one partition were not reduced one after the other: are there {partitions} reduce tasks?",
            hint=2,
        )
    return "Your engine ran jobs it had never seen, in any number of splits and partitions. That is MapReduce."
