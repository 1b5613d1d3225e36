"""Numbers from the real corpus."""

import pytest

from enronlib.classroom import real_corpus


def test_the_counts_of_each_kind_add_up_to_the_messages() -> None:
    for key in ("message_size_at_most_bytes", "messages_per_mailbox"):
        assert real_corpus(key).sum() == real_corpus("messages")
    for key in ("messages_per_month", "messages_per_hour_houston", "messages_per_weekday"):
        assert real_corpus(key).sum() == 55_713  # those whose year can be right
    assert len(real_corpus("messages_per_mailbox")) == real_corpus("mailboxes")


def test_months_hours_sizes_and_words_can_be_looked_up() -> None:
    assert real_corpus("messages_per_month")["2001-10"] == 12_088
    assert real_corpus("messages_per_hour_houston")[10] == 4_891
    assert real_corpus("messages_per_weekday")["Mon"] == 11_551
    assert real_corpus("message_size_at_most_bytes")[2048] == 19_986
    assert real_corpus("top_words").loc[1, "word"] == "com"


def test_no_word_is_a_private_matter() -> None:
    assert real_corpus("top_words")["mailboxes"].min() >= 30


def test_an_unknown_key_is_named_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"'word'; the keys are about, sources, .*top_words"):
        real_corpus("word")
