"""What Dataset guarantees: the same word count as Spark, and output that appears whole or not at all."""

import operator
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enronlib import UserError
from enronlib.mapreduce import partition_of
from enronlib.mapreduce.dataset import Dataset
from enronlib.words import tokens

cloudpickle.register_pickle_by_value(sys.modules[__name__])

TEXTS = ["the data jump", "jump the hide", "the the été"]
COUNTS = [("data", 1), ("hide", 1), ("jump", 2), ("the", 4), ("été", 1)]


def word_count(texts: Any, **settings: int) -> Dataset:
    return Dataset(texts).flat_map(tokens).map(lambda word: (word, 1)).reduce_by_key(operator.add, **settings)


@pytest.mark.parametrize("workers", [1, 2])
def test_counts_words_as_spark_does(workers: int) -> None:
    assert word_count(TEXTS, workers=workers).collect() == COUNTS


@settings(deadline=None)
@given(texts=st.lists(st.text(alphabet="ab ")), partitions=st.integers(1, 5))
def test_equals_a_plain_loop(texts: list[str], partitions: int) -> None:
    expected = Counter(word for text in texts for word in tokens(text))
    assert dict(word_count(texts, partitions=partitions)) == expected


def test_steps_before_and_after_a_reduce() -> None:
    by_count = (
        word_count(TEXTS)
        .filter(lambda pair: pair[0] != "the")
        .map(lambda pair: (pair[1], pair[0]))
        .reduce_by_key(lambda one, other: f"{one} {other}")
    )
    assert by_count.collect() == [(1, "data hide été"), (2, "jump")]


def test_steps_run_only_when_a_result_is_requested_and_again_for_each_request() -> None:
    read = []

    def records() -> list[str]:
        read.append("once")
        return TEXTS

    counts = word_count(records)
    assert read == []
    assert counts.collect() == counts.collect() == COUNTS
    assert len(read) == 2


def test_adding_a_step_does_not_change_the_dataset() -> None:
    numbers = Dataset([1, 2, 3])
    assert numbers.map(lambda number: -number).collect() == [-1, -2, -3]
    assert numbers.filter(lambda number: number > 1).collect() == [2, 3]
    assert numbers.collect() == [1, 2, 3]


def test_saves_one_file_per_partition(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "counts"
    word_count(TEXTS, partitions=3).save_as_text_file(folder)
    files = {path.name: path.read_bytes().decode() for path in folder.iterdir()}
    assert files == {"_SUCCESS": ""} | {
        f"part-{part:05}": "".join(f"{word}\t{count}\n" for word, count in COUNTS if partition_of(word, 3) == part)
        for part in range(3)
    }
    assert [path.name for path in folder.parent.iterdir()] == ["counts"]


def test_saves_one_file_if_the_last_step_is_not_a_reduce(tmp_path: Path) -> None:
    word_count(TEXTS).map(lambda pair: pair[0]).save_as_text_file(str(tmp_path / "words"))
    assert (tmp_path / "words" / "part-00000").read_bytes().decode() == "data\nhide\njump\nthe\nété\n"
    assert {path.name for path in (tmp_path / "words").iterdir()} == {"part-00000", "_SUCCESS"}


def test_never_overwrites_a_folder(tmp_path: Path) -> None:
    read = []
    with pytest.raises(UserError, match="exists already"):
        word_count(lambda: read.append(1) or TEXTS).save_as_text_file(tmp_path)  # type: ignore[func-returns-value]
    assert not read


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        Dataset([1, 0]).map(lambda number: 1 / number).save_as_text_file(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
