"""What counts as a word."""

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enronlib.words import STOP_WORDS, tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("The gas, the GAS!", ["the", "gas", "the", "gas"]),
        ("don't Don’t 'quoted' rock'n'roll", ["don't", "don’t", "quoted", "rock'n'roll"]),
        ("dogs' '' a'", ["dogs", "a"]),
        ("2nd_try x2y", ["nd", "try", "x", "y"]),
        ("e-mail: bo@enron.example", ["e", "mail", "bo", "enron", "example"]),
        ("café CAFÉ Straße naïve", ["café", "café", "strasse", "naïve"]),
        ("don\x01t tab\there\nline", ["don", "t", "tab", "here", "line"]),
        ("soft\xadhyphen zero\u200bwidth non\xa0breaking", ["softhyphen", "zerowidth", "non", "breaking"]),
        ("nai\u0308ve CAFE\u0301 don’t\xad!", ["naïve", "café", "don’t"]),
    ],
)
def test_words_of_a_text(text, words):
    assert tokens(text) == words


@given(st.text())
def test_a_word_is_letters_with_apostrophes_inside(text):
    for word in tokens(text):
        assert re.fullmatch(r"[^\W\d_]+(?:['’][^\W\d_]+)*", word)


@given(st.text())
def test_the_words_of_any_text_follow_the_rule(text):
    composed = unicodedata.normalize("NFC", text)
    folded = "".join(character for character in composed if character not in "\xad\u200b").casefold()
    assert tokens(text) == re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", folded)


def test_words_are_the_same_however_their_accents_are_written():
    words = ["ångström", "crème", "brûlée", "łódź", "việt"] * 300
    text = "".join(f"{word} " for word in words) + "ф" * 2000
    assert tokens(unicodedata.normalize("NFD", text)) == tokens(text) == [*words, "ф" * 2000]


@pytest.mark.parametrize("text", ["e" + "\u0301\u0327" * 150_000, "\u0301\u0327 " * 100_000, "'a" * 150_000])
def test_no_text_takes_long(text):
    started = time.process_time()
    tokens(text)
    assert time.process_time() - started < 1


@given(st.text())
def test_words_are_words_again(text):
    assert [word for token in tokens(text) for word in tokens(token)] == tokens(text)


@given(st.text("abc'’ \t\n", max_size=20), st.text("abc'’ \t\n", max_size=20))
def test_a_space_separates_words(left, right):
    assert tokens(f"{left} {right}") == tokens(left) + tokens(right)


@given(st.text(), st.characters(categories=["Cc"]))
def test_a_control_character_counts_as_a_space(text, control):
    assert tokens(text.replace("a", control)) == tokens(text.replace("a", " "))


@given(st.text(st.characters(codec="ascii")))
def test_letters_are_never_lost(text):
    letters = [c for c in text.casefold() if unicodedata.category(c).startswith("L")]
    assert [c for word in tokens(text) for c in word if c not in "'’"] == letters


def test_stop_words_are_words_as_tokens_gives_them():
    assert all(tokens(word) == [word] for word in STOP_WORDS)
    assert {"the", "don't", "don’t"} <= STOP_WORDS
