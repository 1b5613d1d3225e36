"""How often guesses are right, how sure that is, and who is taken for whom."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["compare", "confidence_interval", "confusion", "draw_confusion"]

FONT, TITLE_FONT = 13, 16  # points, as in the other charts


def confidence_interval(right: int, messages: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share, `right` of `messages`: Wilson's score interval.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22, 1927, 209-212. Raises ZeroDivisionError without messages.
    """
    z = 1.96
    share, spread = right / messages, z * z / messages
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    return middle - half, middle + half


def compare(actual: Sequence[str], guesses: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Any]]:
    """Return for each way of guessing its accuracy (the share of messages it got right) and the interval of that."""
    compared = {}
    for name, guessed in guesses.items():
        right = sum(map(str.__eq__, actual, guessed))
        interval = confidence_interval(right, len(actual))
        compared[name] = {"accuracy": round(right / len(actual), 3), "interval": [round(end, 3) for end in interval]}
    return compared


def confusion(actual: Sequence[str], guessed: Sequence[str], authors: Sequence[str]) -> list[list[int]]:
    """Return a row for each author, with the number of their messages that were taken for each author's."""
    pairs = Counter(zip(actual, guessed, strict=True))
    return [[pairs[author, other] for other in authors] for author in authors]


def draw_confusion(matrix: Sequence[Sequence[int]], authors: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix: a row for each author, a column for each guess, the darker the more messages."""
    size = 3 + 0.5 * len(authors)
    ax = ax or Figure(figsize=(size + 1, size), layout="constrained").add_subplot()
    shares = [[count / max(sum(row), 1) for count in row] for row in matrix]
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, counts in enumerate(matrix):
        for column, count in enumerate(counts):
            if count:
                color = "white" if shares[row][column] > 0.5 else "black"
                ax.text(column, row, str(count), ha="center", va="center", color=color, fontsize=11)
    places = range(len(authors))
    ax.set_xticks(places, authors, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(places, authors)
    ax.set_xlabel("the guess", fontsize=FONT)
    ax.set_ylabel("the author", fontsize=FONT)
    right, total = sum(matrix[place][place] for place in places), sum(map(sum, matrix))
    ax.set_title(f"Who wrote it? {right} of {total} guesses are right", fontsize=TITLE_FONT)
    return ax
