import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enronlib import UserError
from enronlib.counts import log_odds, read_counts, write_counts
from enronlib.words import TOKEN

WORDS = st.from_regex(TOKEN, fullmatch=True)
COUNTS = st.dictionaries(st.sampled_from(["gas", "tax", "deal", "power"]), st.integers(1, 10**6), min_size=2)


def write_text(folder: Path, text: str) -> Path:
    path = folder / "count.txt"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def test_reads_words_and_counts_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = write_text(tmp_path, "gas\t3\nmüller\t1\nthe\t52127\n")
    assert list(read_counts(path).items()) == [("gas", 3), ("müller", 1), ("the", 52127)]


def test_an_empty_file_has_no_counts(tmp_path: Path) -> None:
    assert read_counts(write_text(tmp_path, "")) == {}


def test_line_ends_of_windows_and_a_missing_last_one_are_read(tmp_path: Path) -> None:
    assert read_counts(write_text(tmp_path, "gas\t3\r\nthe\t4")) == {"gas": 3, "the": 4}


@pytest.mark.parametrize(
    "line",
    ["gas", "gas 3", "gas\t", "gas\tmany", "gas\t-3", "gas\t1.5", "gas\t٣", "", "gas\t3\tx", f"gas\t{'9' * 5000}"],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(UserError, match=r"count\.txt, line 2: expected a word, a tab and a count"):
        read_counts(write_text(tmp_path, f"the\t4\n{line}\nto\t5\n"))


def test_a_file_of_one_empty_line_is_no_file_of_counts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"line 1: expected a word, a tab and a count, not ''"):
        read_counts(write_text(tmp_path, "\n"))


def test_a_word_counted_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="line 2: 'gas' occurs twice"):
        read_counts(write_text(tmp_path, "gas\t3\ngas\t4\n"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no file .*count\.txt"):
        read_counts(tmp_path / "count.txt")


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "count.txt").write_bytes(b"\xff\t3\n")
    with pytest.raises(UserError, match="not UTF-8"):
        read_counts(tmp_path / "count.txt")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first words of a regex take long to draw
@given(counts=st.dictionaries(WORDS, st.integers(min_value=0)))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, counts: dict[str, int]) -> None:
    path = tmp_path_factory.mktemp("counts") / "count.txt"
    write_counts(sorted(counts.items()), path)
    assert list(read_counts(path).items()) == sorted(counts.items())


class TestLogOdds:
    def test_is_the_log_of_the_odds_ratio_over_its_standard_deviation(self) -> None:
        """By hand: with 10 more words on both sides, gas is 7 of 14 here and 5 of 16 elsewhere, so 7/7 over 5/11."""
        scores = log_odds({"gas": 3, "tax": 1}, {"gas": 4, "tax": 6}, prior=10)
        assert scores["gas"] == pytest.approx(math.log(11 / 5) / math.sqrt(1 / 7 + 1 / 5))
        assert scores["tax"] == pytest.approx(-math.log(11 / 5) / math.sqrt(1 / 7 + 1 / 11))

    @given(COUNTS, st.integers(2, 9))
    def test_words_as_frequent_here_as_elsewhere_score_0(self, counts: dict[str, int], times: int) -> None:
        total = {word: times * count for word, count in counts.items()}
        assert list(log_odds(counts, total).values()) == pytest.approx([0] * len(counts), abs=1e-6)

    @given(COUNTS, COUNTS)
    def test_of_two_mailboxes_one_scores_what_the_other_lacks(self, one: dict[str, int], two: dict[str, int]) -> None:
        total = Counter(one) + Counter(two)
        ones, twos = log_odds(one, total), log_odds(two, total)
        assert all(ones[word] == pytest.approx(-twos[word]) for word in one.keys() & two.keys())

    def test_a_corpus_of_one_word_or_of_one_mailbox_or_of_none_has_nothing_to_compare(self) -> None:
        assert log_odds({"gas": 3}, {"gas": 9}) == {}
        assert log_odds({"gas": 3, "tax": 2}, {"gas": 3, "tax": 2}) == pytest.approx({"gas": 0, "tax": 0})
        assert log_odds({}, {}) == log_odds({}, {"gas": 9}) == log_odds({"gas": 0}, {"gas": 0}) == {}

    def test_rare_words_may_be_left_out_and_the_other_scores_stay(self) -> None:
        counts, total = {"gas": 3, "tax": 1, "oil": 2}, {"gas": 4, "tax": 6, "oil": 5}
        scores = log_odds(counts, total)
        assert log_odds(counts, total, least=2) == {"gas": scores["gas"], "oil": scores["oil"]}
