"""What the generator knows about its own mail: the words it wrote.

Nothing here reads a message file or uses the code that the kit teaches. A body is composed of pieces of text, and the
words of a piece are counted once, before it is wrapped, quoted, encoded or put into HTML.
"""

from collections import Counter
from functools import lru_cache
from itertools import pairwise
from sys import intern
from unicodedata import normalize

__all__ = ["count_words", "words"]

APOSTROPHES = "'’"
INVISIBLE = "\xad\u200b"  # the soft hyphen and the zero-width space


@lru_cache(maxsize=50_000)
def words(piece: str) -> tuple[str, ...]:
    """Return the words of a piece of text, character by character: letters, and apostrophes between two letters."""
    seen = [character for character in normalize("NFC", piece) if character not in INVISIBLE]
    text = "".join(seen).casefold() + "  "
    found = []
    word = ""
    for here, following in pairwise(text):
        if here.isalpha() or (word and here in APOSTROPHES and following.isalpha()):
            word += here
        elif word:
            found.append(intern(word))
            word = ""
    return tuple(found)


def count_words(uses: Counter[str]) -> dict[str, int]:
    """Return how often each word occurs, sorted by word, from how often each piece was used."""
    counts: Counter[str] = Counter()
    for piece, times in uses.items():
        for word in words(piece):
            counts[word] += times
    return dict(sorted(counts.items()))
