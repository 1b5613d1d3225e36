"""What the bad-luck runner guarantees: a correct job is never blamed, an incorrect one is found."""

import math
import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import cloudpickle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enronlib.mapreduce import Reducer, map_reduce
from enronlib.mapreduce.badluck import BadLuck, bad_luck, find_bad_luck

# Functions in this file are pickled by value, like those in a notebook.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

Record = list[tuple[str, int]]
RECORDS: list[Record] = [[("a", 1), ("b", 5)], [("a", 2)], [("a", 6), ("b", 7), ("b", 4)], [("c", 9)]]

records = st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-9, 9)), max_size=6), max_size=8)


def pairs(record: Record) -> Record:
    return record


def total(_key: str, values: Iterator[int]) -> int:
    return sum(values)


def mean(_key: str, values: Iterator[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def sums_and_counts(record: Record) -> list[tuple[str, tuple[int, int]]]:
    return [(key, (value, 1)) for key, value in record]


def add_up(_key: str, values: Iterator[tuple[int, int]]) -> tuple[int, int]:
    sums, counts = zip(*values, strict=True)
    return sum(sums), sum(counts)


def mean_of_sums_and_counts(key: str, values: Iterator[tuple[int, int]]) -> float:
    numerator, denominator = add_up(key, values)
    return numerator / denominator


RIGHT: dict[str, tuple[Callable[[Any], Any], Reducer, Reducer | None]] = {
    "sum": (pairs, total, None),
    "sum with combiner": (pairs, total, total),
    "maximum": (pairs, lambda _key, values: max(values), lambda _key, values: max(values)),
    "distinct values": (
        lambda record: [(key, frozenset([value])) for key, value in record],
        lambda _key, values: len(frozenset().union(*values)),
        lambda _key, values: frozenset().union(*values),
    ),
    "mean": (sums_and_counts, mean_of_sums_and_counts, add_up),
    "sorted list": (pairs, lambda _key, values: sorted(values), None),
}


@pytest.mark.parametrize("job", RIGHT)
@settings(deadline=None, max_examples=200)
@given(records=records, seed=st.integers(0, 2**32))
def test_a_correct_job_gives_the_plain_result_in_the_same_order(job: str, records: list[Record], seed: int) -> None:
    mapper, reducer, combiner = RIGHT[job]
    plain = list(map_reduce(records, mapper, reducer, combiner))
    assert bad_luck(records, mapper, reducer, combiner, seed=seed) == plain


@pytest.mark.parametrize("job", RIGHT)
def test_a_correct_job_is_never_blamed(job: str) -> None:
    assert find_bad_luck(iter(RECORDS), *RIGHT[job], seeds=200) is None


def mutable_default(record: Record, seen: list[str] = []) -> Iterator[tuple[str, int]]:  # noqa: B006  the mistake
    for key, _ in record:
        if key not in seen:
            seen.append(key)
            yield key, 1


def remembers(_key: str, values: Iterator[int], sums: list[int] = []) -> int:  # noqa: B006  the mistake
    sums.append(sum(values))
    return sum(sums)


WRONG: dict[str, tuple[Callable[[Any], Any], Reducer, Reducer | None]] = {
    "mean of means": (pairs, mean, mean),
    "subtraction": (pairs, total, lambda _key, values: next(values) - sum(values)),
    "combiner that counts, correct only if it runs once": (
        lambda record: [(key, 1) for key, _ in record],
        total,
        lambda _key, values: sum(1 for _ in values),
    ),
    "first value": (pairs, lambda _key, values: next(values), None),
    "order of values": (pairs, lambda _key, values: list(values), None),
    "mapper with a mutable default": (mutable_default, total, None),
    "reducer with a mutable default": (pairs, remembers, None),
}


@pytest.mark.parametrize("job", WRONG)
def test_an_incorrect_job_is_found_within_50_seeds(job: str) -> None:
    found = find_bad_luck(RECORDS, *WRONG[job], seeds=50)
    assert found is not None
    assert found.plain != found.unlucky
    unlucky = dict(bad_luck(RECORDS, *WRONG[job], seed=found.seed))
    assert unlucky.get(found.key) == found.unlucky


def test_the_values_of_a_single_record_are_shuffled_too() -> None:
    assert find_bad_luck([[("a", 1), ("a", 2)]], pairs, lambda _key, values: next(values), seeds=50) is not None


def test_a_combiner_that_returns_another_type_of_value_fails() -> None:
    def fold(_key: str, values: Iterator[int]) -> tuple[int, int]:
        listed = list(values)
        return sum(listed), len(listed)

    assert dict(map_reduce(RECORDS, pairs, mean_of_sums_and_counts, fold))["a"] == 3
    with pytest.raises(TypeError) as caught:
        find_bad_luck(RECORDS, pairs, mean_of_sums_and_counts, fold)
    assert ", at the key" in caught.value.__notes__[0]


def test_the_results_of_both_runs_are_reported() -> None:
    messages = [[("a", 1), ("a", 3)], [("a", 8)]]
    found = find_bad_luck(messages, pairs, mean, mean)
    assert found is not None
    assert found == BadLuck(seed=found.seed, key="a", plain=4, unlucky=found.unlucky)
    assert found.unlucky in (5, 3.25, 5.75)  # 1, 3 and 8, two of them combined first


def test_same_decides_whether_two_values_are_equal() -> None:
    tenths = [[("a", 0.1)], [("a", 0.2)], [("a", 0.3)]]
    assert find_bad_luck(tenths, pairs, lambda _key, values: sum(values), same=math.isclose) is None
    assert find_bad_luck(RECORDS, pairs, total, same=operator.ne) is not None


def test_the_same_seed_gives_the_same_result() -> None:
    runs = [bad_luck(RECORDS, pairs, lambda _key, values: list(values), seed=7) for _ in range(2)]
    assert runs[0] == runs[1]


def test_no_records_mean_no_bad_luck() -> None:
    assert bad_luck([], pairs, total) == []
    assert find_bad_luck([], pairs, total) is None


def test_functions_are_not_modified() -> None:
    find_bad_luck(RECORDS, mutable_default, remembers)
    assert mutable_default.__defaults__ == remembers.__defaults__ == ([],)
