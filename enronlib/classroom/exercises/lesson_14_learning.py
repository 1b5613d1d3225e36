"""Exercises of lesson 14: copies, naive Bayes, softmax, a network, and how sure a result is.

The names of the exercises begin with `learning.`. Only the check of the network needs Keras.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from enronlib.classroom.answer import Answer, NotYet
from enronlib.classroom.exercise import Edits, Right, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.learning.dataset import Message
from enronlib.words import tokens

exercise = lesson("14_learning")

ONCE = "keep each message once"
ORDER = "keep the order in which they came, and of copies the first"
BOTH = "a copy has the same author and the same words, in the same order"
UNIQUE = "list(dict.fromkeys(messages))"


@exercise(
    "learning.copies",
    title="Remove the copies",
    points=1,
    stars=1,
    hints=(
        "Go through the messages and remember which ones you have seen. A message is a tuple, so a set can hold it.",
        "A dict keeps each key once, in the order in which the keys came: `dict.fromkeys(messages)`.",
    ),
    wrong=[
        Wrong("returns all of them", list, ONCE),
        Wrong("loses the order", Edits((UNIQUE, "sorted(set(messages))")), ORDER),
        Wrong("returns a set", set, "a list was expected"),
        Wrong("looks at the words only", lambda messages: list({m[1]: m for m in reversed(messages)}.values()), BOTH),
        Wrong(
            "ignores the order of words",
            lambda messages: list({(a, *sorted(w)): (a, w) for a, w in messages}.values()),
            BOTH,
        ),
        Wrong("drops all copies", lambda messages: [m for m in messages if messages.count(m) == 1], ONCE),
    ],
    right=[
        Right("names the parts", lambda messages: list({(m.author, m.words): m for m in messages}.values())),
    ],
)
def copies(answer: Answer, mail: Mail) -> str:
    """A few messages, among them the same words by two authors and the same words in another order; unseen mail."""
    gas, deal = ("the", "gas", "flows"), ("the", "deal", "is", "done")
    _copies(answer, "three messages, two of them equal", [("lee-k", gas), ("lee-k", deal), ("lee-k", gas)], ONCE)
    _copies(answer, "the same words by two authors", [("oak-b", gas), ("lee-k", gas)], BOTH)
    turned = [("lee-k", gas), ("lee-k", gas[::-1])]
    _copies(answer, "the same words in another order", turned, BOTH)
    _copies(answer, "messages that are not in alphabetical order", [("oak-b", gas), ("lee-k", deal)], ORDER)
    unseen = [(str(email["From"]), tuple(tokens(text))) for email, text in zip(mail.emails, mail.texts, strict=True)]
    _copies(answer, "unseen mail, twice", unseen * 2, ONCE)
    return "Every message is there once, and two people may say the same."


def _copies(answer: Answer, what: str, pairs: Sequence[tuple[str, tuple[str, ...]]], advice: str) -> None:
    expected = list(dict.fromkeys(pairs))
    got = answer.on(what)([Message(*pair) for pair in pairs]).is_a(list)
    same = len(got.plain) == len(expected) and set(map(repr, got.plain)) == set(map(repr, expected))
    got.equals(expected, ORDER if same else advice)


LAPLACE = "count every word once more than it occurs, and divide by the words of the author plus the size"
LOGARITHM = "add up logarithms: the product of many small numbers becomes 0"
TERM = "math.log((counts.get(word, 0) + 1) / (total + size))"


@exercise(
    "learning.score",
    title="Score an author",
    points=3,
    stars=2,
    hints=(
        "First `total`, the number of all words of the author: `sum(counts.values())`. Then one logarithm for each "
        "word of the message, and their sum. What does `counts` say of a word that the author never wrote?",
        "For one word: `math.log((counts.get(word, 0) + 1) / (total + size))`. Now `sum(… for word in words)`.",
    ),
    wrong=[
        Wrong("adds up shares", Edits((TERM, TERM.removeprefix("math.log(")[:-1])), LOGARITHM),
        Wrong("counts no word once more", Edits((" + 1)", ")")), LAPLACE),
        Wrong("forgets the size", Edits(("(total + size)", "total")), LAPLACE),
        Wrong("adds one to the total only", Edits(("(total + size)", "(total + 1)")), LAPLACE),
        Wrong(
            "takes the logarithm of the product",
            lambda words, counts, size: math.log(
                math.prod((counts.get(word, 0) + 1) / (sum(counts.values()) + size) for word in words)
            ),
            LOGARITHM,
        ),
        Wrong("takes different words", Edits(("for word in words", "for word in set(words)")), "as often as it occurs"),
        Wrong("uses base 10", Edits(("math.log(", "math.log10(")), "natural logarithm"),
        Wrong("returns nothing", Edits(("return ", "")), "is a `return` missing?"),
        Wrong("knows only the example", lambda words, counts, size: -1.6094379124341003, LAPLACE),
    ],
)
def score(answer: Answer, mail: Mail) -> str:
    """Small counts, a word that is not among them, a repeated word, no words; then a long message of unseen mail."""
    counts = {"gas": 3, "deal": 1}
    for words in (["gas"], ["deal"]):
        _scores(answer, words, counts, 6, LAPLACE)
    _scores(answer, ["gas", "deal"], counts, 6, f"{LOGARITHM}; add up one for each word")
    _scores(answer, ["oil"], counts, 6, LAPLACE)
    _scores(answer, ["gas", "gas"], counts, 6, "a word counts as often as it occurs in the message")
    _scores(answer, [], counts, 6, "without words nothing is added up")
    heard = Counter(word for text in mail.texts for word in tokens(text))
    longest = tokens(max(mail.texts, key=len))
    try:
        got = answer.on("a long message of unseen mail")(longest, dict(heard), len(heard))
    except NotYet as error:
        raise NotYet(f"{error} Remember: {LOGARITHM}.", error.hint) from None
    got.equals(_score(longest, heard, len(heard)), LOGARITHM)
    return "You handled words that the author never wrote, and messages of any length."


def _scores(answer: Answer, words: list[str], counts: dict[str, int], size: int, advice: str) -> None:
    expected = _score(words, counts, size)
    got = answer(words, counts, size).is_a(float, int)
    total = sum(counts.values()) + size
    if words and math.isclose(got.plain, expected / math.log(10)):
        advice = "use the natural logarithm, math.log"
    elif words and math.isclose(got.plain, sum((counts.get(word, 0) + 1) / total for word in words)):
        advice = LOGARITHM
    got.equals(expected, advice)


def _score(words: list[str], counts: dict[str, int], size: int) -> float:
    total = sum(counts.values())
    return float(sum(math.log((counts.get(word, 0) + 1) / (total + size)) for word in words))


SUM = "divide each by the sum of all, so that they add up to 1"
LARGE = "subtract the largest score first: exp(1000) is too large for a float"


@exercise(
    "learning.softmax",
    title="From scores to shares",
    points=2,
    stars=2,
    hints=(
        "Two steps: `math.exp` of each score makes it positive; dividing by the sum of these makes them add up to 1. "
        "Then think of large scores: `math.exp(1000)` raises an OverflowError.",
        "Subtracting the same number from all scores changes no share. With `largest = max(scores)`, take "
        "`math.exp(score - largest)`: no exponent is above 0.",
    ),
    wrong=[
        Wrong("overflows", Edits(("score - largest", "score")), "OverflowError"),
        Wrong("does not divide", Edits((" / total", "")), SUM),
        Wrong("divides the scores", lambda scores: [score / sum(scores) for score in scores], "math.exp"),
        Wrong("divides by the largest", Edits(("total = sum(powers)", "total = max(powers)")), SUM),
        Wrong("picks the largest", lambda scores: [float(score == max(scores)) for score in scores], "math.exp"),
        Wrong("returns nothing", Edits(("return ", "")), "is a `return` missing?"),
    ],
)
def softmax(answer: Answer, mail: Mail) -> str:
    """Two scores, equal ones, several, negative ones, and very large and very small ones."""
    for scores in ([0.0, 1.0], [2.0, 2.0], [3.0, -1.0, 0.5]):
        _shares(answer, scores)
    _shares(answer, [1000.0, 1001.0], LARGE)
    _shares(answer, [-2000.0, -2001.0, -2001.0], LARGE)
    return "Positive, adding up to 1, and no score is too large."


def _shares(answer: Answer, scores: list[float], advice: str = "") -> None:
    powers = [math.exp(score - max(scores)) for score in scores]
    expected = [power / sum(powers) for power in powers]
    got = answer(scores).is_a(list)
    numbers = all(isinstance(each, int | float) for each in got.plain)
    adds_up = numbers and math.isclose(sum(got.plain), 1)
    got.equals(expected, advice or ("take math.exp of each score, then divide" if adds_up else SUM))


HIDDEN = "the hidden layer is `keras.layers.Dense(64, activation='relu')`"
LAST = "the last layer has a unit for each author and the activation 'softmax'"


@exercise(
    "learning.network",
    title="Build the network",
    points=3,
    stars=2,
    hints=(
        "`keras.Sequential([…])` takes a list: the input, then the layers in order. The input is "
        "`keras.Input((words,))`: one number for each word.",
        "Two layers follow the input: `keras.layers.Dense(64, activation='relu')`, and another Dense with one unit "
        "for each author and `activation='softmax'`.",
    ),
    wrong=[
        Wrong("has no hidden layer", Edits(('keras.layers.Dense(64, activation="relu"),', "")), "two layers"),
        Wrong("forgets the softmax", Edits((', activation="softmax"', "")), LAST),
        Wrong("forgets the relu", Edits((', activation="relu"', "")), HIDDEN),
        Wrong("has another size", Edits(("Dense(64", "Dense(8")), HIDDEN),
        Wrong("ends in one unit", Edits(("Dense(authors", "Dense(1")), LAST),
        Wrong(
            "has a fixed input", Edits(("keras.Input((words,))", "keras.Input((5000,))")), "one number for each word"
        ),
        Wrong("has no input", Edits(("keras.Input((words,)),", "")), "one number for each word"),
        Wrong("returns the layers", Edits(("keras.Sequential(", "list(")), "a Sequential was expected"),
        Wrong("returns nothing", Edits(("return ", "")), "is a `return` missing?"),
    ],
)
def network(answer: Answer, mail: Mail) -> str:
    """Networks of two sizes: their input, the units and activations of their layers."""
    from enronlib.learning.network import keras  # imports Keras, which takes seconds

    for words, authors in ((30, 4), (200, 7)):
        got = answer.on(f"{words} words and {authors} authors")(words, authors).is_a(keras.Sequential)
        model: Any = got.value
        layers = [(type(layer).__name__, layer.get_config()) for layer in model.layers]
        found = [(kind, config.get("units"), config.get("activation")) for kind, config in layers]
        shown = Answer(found, f"with {words} words and {authors} authors, the layers are")
        shown.expect(len(found) == 2, "after the input there are two layers, the hidden one and the last")
        shown.expect(found[0] == ("Dense", 64, "relu"), HIDDEN, hint=2)
        shown.expect(found[1] == ("Dense", authors, "softmax"), LAST, hint=2)
        if not model.built or tuple(model.input_shape) != (None, words):
            raise NotYet("the input is missing or has another size: it takes one number for each word.", 1)
    return "It takes a bag of words of any size, and ends in a share for each author."


ENDS = "share - half, share + half"
HALF = "1.96 * math.sqrt(share * (1 - share) / messages)"
SPREAD = "the interval reaches 1.96 * sqrt(share * (1 - share) / messages) to either side of the share"


@exercise(
    "learning.interval",
    title="How sure is that?",
    points=2,
    stars=1,
    hints=(
        "First the share: `right / messages`. Then how far the interval reaches to either side, by the formula. "
        "Return both ends as a tuple, the lower one first.",
        f"`half = {HALF}`, then `return share - half, share + half`.",
    ),
    wrong=[
        Wrong(
            "forgets the root",
            Edits(("math.sqrt(share * (1 - share) / messages)", "(share * (1 - share) / messages)")),
            SPREAD,
        ),
        Wrong("forgets 1.96", Edits(("1.96 * ", "")), SPREAD),
        Wrong("divides by the root", Edits(("/ messages)", ") / messages")), SPREAD),
        Wrong(
            "gives the upper end first",
            Edits((ENDS, "share + half, share - half")),
            "lower end first",
        ),
        Wrong(
            "gives percentages",
            Edits((ENDS, "100 * (share - half), 100 * (share + half)")),
            "between 0 and 1",
        ),
        Wrong(
            "rounds",
            Edits((ENDS, "round(share - half, 3), round(share + half, 3)")),
            "do not round",
        ),
        Wrong(
            "gives a list",
            Edits((ENDS, "[share - half, share + half]")),
            "a tuple was expected",
        ),
        Wrong("returns nothing", Edits(("return ", "")), "is a `return` missing?"),
    ],
)
def interval(answer: Answer, mail: Mail) -> str:
    """Several shares and sizes; a test that is four times as large has an interval half as wide."""
    for right, messages in ((50, 100), (80, 100), (200, 400), (900, 1000)):
        share = right / messages
        half = 1.96 * math.sqrt(share * (1 - share) / messages)
        expected = (share - half, share + half)
        got = answer(right, messages).is_a(tuple)
        got.expect(len(got.plain) == 2, "return two numbers, the ends of the interval")
        got.expect(all(isinstance(end, int | float) and end <= 1.2 for end in got.plain), "shares are between 0 and 1")
        got.expect(got.plain[0] <= got.plain[1], "return the lower end first")
        rounded = all(abs(end - exact) < 0.006 for end, exact in zip(got.plain, expected, strict=True))
        got.equals(expected, "do not round the ends" if rounded else SPREAD)
    return "Four times as many messages, half the interval."
