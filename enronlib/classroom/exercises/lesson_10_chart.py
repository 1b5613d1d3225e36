"""Exercises of lesson 10: four tricks, a chart that compares mailboxes, a word over time, and your own chart."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from math import isclose
from typing import Any

from enronlib.classroom.answer import Answer, NotAttempted, NotYet
from enronlib.classroom.exercise import Edits, Right, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.messages import plain_text
from enronlib.words import STOP_WORDS, tokens

exercise = lesson("10_top_words_chart")

TRICKS = {"A": "area", "B": "chosen months", "C": "cut axis", "D": "unequal groups"}
LOOK = "look at that chart again"


@exercise(
    "chart.tricks",
    title="Four charts, four tricks",
    points=1,
    stars=1,
    hints=(
        "Look at the numbers before you look at the shapes. Where does each axis begin, and where does it end? Which "
        "chart has no axis at all?",
        "Lesson 01 shows all the months: which chart shows only some of them? And for which chart would you "
        "want to know how many words each mailbox has?",
    ),
    wrong=[
        Wrong("takes the cut axis for the area", TRICKS | {"A": "cut axis", "C": "area"}, LOOK),
        Wrong("overlooks the months", TRICKS | {"B": "unequal groups", "D": "chosen months"}, LOOK),
        Wrong("uses another name", TRICKS | {"C": "zoom"}, "put one of the four names there"),
        Wrong("leaves one out", {"A": "area", "B": "chosen months"}, "it has no 'C'"),
        Wrong("has not answered one yet", TRICKS | {"D": ...}, "'D' is still `...`; put one of the four names there"),
        Wrong("gives a list", list(TRICKS.values()), "a dict was expected"),
    ],
)
def tricks(answer: Answer, mail: Mail) -> str:
    """The name of the trick for each of the four charts."""
    answer.is_a(dict)
    if answer.plain and all(name is ... for name in answer.plain.values()):
        raise NotAttempted
    for letter, name in TRICKS.items():
        found = answer[letter]
        found.expect(found.plain in TRICKS.values(), "put one of the four names there")
        found.equals(name, LOOK, hint=2)
    return "You saw through all four."


def _before_return(code: str) -> Edits:
    return Edits(("return ax", f"{code}\n    return ax"))


NAMES = "sorted(shares, key=shares.get)"
SHARE = "draw occurrences per 1,000 words of the mailbox"
EACH = "draw a bar for each mailbox, with its name at the axis"
ORDER = "put the longest bar on top"


@exercise(
    "chart.compare",
    title="Compare mailboxes fairly",
    points=3,
    stars=2,
    hints=(
        "First the numbers: a dict with the share of each mailbox. Then the order: `sorted(shares, key=shares.get)` "
        "returns the names from the smallest share to the largest. Then `ax.barh(names, values)`, which puts the first "
        "name at the bottom.",
        "`1000 * counts[word] / counts.total()` is the share of one mailbox. After `figure, ax = plt.subplots()` and "
        "`ax.barh(…)`, call `ax.set(title=…, xlabel=…)`, and `return ax`.",
    ),
    right=[Right("capitalizes the title", _before_return("ax.set_title(ax.get_title().upper())"))],
    wrong=[
        Wrong("draws counts", Edits(("1000 * counts[word] / counts.total()", "counts[word]")), SHARE),
        Wrong("draws percentages", Edits(("1000 *", "100 *")), SHARE),
        Wrong("puts the longest at the bottom", Edits((NAMES, f"{NAMES}[::-1]")), ORDER),
        Wrong("does not sort", Edits((NAMES, "list(shares)")), ORDER),
        Wrong("cuts the axis", _before_return("ax.set_xlim(left=0.5)"), "begin the axis of bars at 0"),
        Wrong("leaves mailboxes out", Edits((NAMES, f"{NAMES}[:2]")), EACH),
        Wrong("has no title", _before_return('ax.set_title("")'), "the word in the title"),
        Wrong("labels no axis", _before_return('ax.set_xlabel("")'), "say what the numbers are"),
        Wrong("draws upright bars", Edits(("ax.barh(", "ax.bar(")), "horizontal bars"),
        Wrong("returns nothing", Edits(("return ax", "")), "is a `return` missing?"),
        Wrong("knows only the example", Edits(("counts_by_mailbox.items()", "[*counts_by_mailbox.items()][:2]")), EACH),
    ],
)
def compare(answer: Answer, mail: Mail) -> str:
    """Two small mailboxes, three, one of them without the word, and the unseen mail, all read from the Axes."""
    small = {"lee-k": Counter(gas=2, a=8), "oak-b": Counter(gas=3, a=2)}
    _compares(answer, small, "gas")
    _compares(answer, small | {"kim-p": Counter(hub=4)}, "gas")
    counts = {mailbox: Counter(words) for mailbox, words in mail.truth["words"].items()}
    for word in ("the", "please"):
        _compares(answer, counts, word)
    return "Your chart is sorted, begins at 0, says what it shows, and gives large mailboxes no advantage."


def _compares(answer: Answer, counts_by_mailbox: dict[str, Counter[str]], word: str) -> None:
    """Check one chart of the shares of a word."""
    from matplotlib.axes import Axes  # costly

    with figures_closed():
        ax = answer.on(f"{word!r} in {len(counts_by_mailbox)} mailboxes")(counts_by_mailbox, word).is_a(Axes).value
        bars = _horizontal_bars(ax)
        Answer(sorted(name for name, _ in bars), "the chart has the bars").equals(sorted(counts_by_mailbox), EACH)
        for name, length in bars:
            share = 1000 * counts_by_mailbox[name][word] / counts_by_mailbox[name].total()
            Answer(length, f"for {word!r}, the length of the bar of {name} is").equals(share, SHARE)
        lengths = [length for _, length in bars]
        order = Answer([name for name, _ in bars], "from top to bottom the bars are")
        order.expect(lengths == sorted(lengths, reverse=True), ORDER)
        left, _ = ax.get_xlim()
        Answer(round(float(left), 3), "the axis begins at").expect(left <= 0, "begin the axis of bars at 0")
        named = word in ax.get_title().lower()
        Answer(ax.get_title(), "the title is").expect(named, "put the word in the title", hint=2)
        unit = re.search(r"1[,. ]?000", ax.get_xlabel()) is not None
        label = Answer(ax.get_xlabel(), "the label of the axis is")
        label.expect(unit, "say what the numbers are: occurrences per 1,000 words", hint=2)


def _horizontal_bars(ax: Any) -> list[tuple[str, float]]:
    """Return the names and lengths of the horizontal bars in a chart, from top to bottom."""
    bars = [bar for group in ax.containers if getattr(group, "orientation", None) == "horizontal" for bar in group]
    if not bars:
        raise NotYet("the chart has no horizontal bars: draw them with ax.barh.", 1)
    ax.figure.canvas.draw()  # only then are the names at the axis
    ticks = dict(zip(ax.get_yticks(), (label.get_text() for label in ax.get_yticklabels()), strict=False))
    named = []
    for bar in bars:
        middle = bar.get_y() + bar.get_height() / 2
        height = ax.transData.transform((0, middle))[1]
        tick = min(ticks, key=lambda place: abs(place - middle), default=None)
        named.append((height, ticks.get(tick, ""), float(bar.get_width())))
    return [(name, length) for _, name, length in sorted(named, reverse=True)]


@contextmanager
def figures_closed() -> Iterator[None]:
    """Close the figures that are made inside the block, so that a check displays none."""
    import matplotlib.pyplot as plt  # costly

    before = set(plt.get_fignums())
    try:
        yield
    finally:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)


Email = dict[str, Any]

DIVIDE = "1000 * hits[month] / words[month]"
LOOP = "for month in sorted(words) if words[month]"
PER_MONTH = "divide by the words of that month, and give occurrences per 1,000 words"
COUNT = """words[month] += len(found)
            hits[month] += found.count(word)"""
AVERAGE = """if found:
                words[month] += 1
                hits[month] += found.count(word) / len(found)"""
UNDATED = "leave out a message without a date"


@exercise(
    "chart.months",
    title="A word over time",
    points=2,
    stars=2,
    hints=(
        "Two Counters: one for the words of each month, one for the hits of the word. Go through the emails once and "
        "add to both. When do you divide?",
        "`found = tokens(plain_text(email))` has `len(found)` words and `found.count(word)` hits; `email['Date']` "
        "may be `None`. After the loop: `1000 * hits[month] / words[month]` for each month in `sorted(words)`, if it "
        "has words.",
    ),
    wrong=[
        Wrong("counts", Edits((DIVIDE, "hits[month]")), PER_MONTH),
        Wrong("divides by the words of all months", Edits(("/ words[month]", "/ words.total()")), PER_MONTH),
        Wrong(
            "counts parts of words",
            Edits(("found.count(word)", "plain_text(email).lower().count(word)")),
            "whole words",
        ),
        Wrong("averages the shares of messages", Edits((COUNT, AVERAGE)), "add up first"),
        Wrong("leaves out months without a hit", Edits((LOOP, f"{LOOP} and hits[month]")), "does not occur has 0.0"),
        Wrong("rounds to whole numbers", Edits((DIVIDE, f"round({DIVIDE})")), "do not round"),
        Wrong("does not sort", Edits(("in sorted(words)", "in words")), "put the months in order of time"),
        Wrong(
            "keeps messages without a date",
            Edits(
                ('if email["Date"] is not None', "if True"),
                ('email["Date"].strftime("%Y-%m")', 'email["Date"].strftime("%Y-%m") if email["Date"] else "no date"'),
            ),
            UNDATED,
        ),
        Wrong("fails in a month without words", Edits((" if words[month]", "")), "ZeroDivisionError"),
        Wrong("returns the share of all mail", lambda emails, word: 4.2, "a dict was expected"),
        Wrong("knows only the example", lambda emails, word: {"2001-04": 500.0, "2001-05": 0.0}, PER_MONTH),
    ],
)
def months(answer: Answer, mail: Mail) -> str:
    """Small messages: two in a month, months out of order, no date, no words; then the unseen mail."""
    two_months = [_email("Gas, gas!", 4), _email("Call me.", 5)]
    _in_months(answer, "'Gas, gas!' in April and 'Call me.' in May", two_months, PER_MONTH)
    _in_months(answer, "'Gasoline and gas' in April", [_email("Gasoline and gas", 4)], "count whole words only")
    one_month = [_email("gas", 5), _email("a b c", 5), _email("gas a b", 5)]
    in_total = f"{PER_MONTH}: add up first, divide last"
    _in_months(answer, "'gas', 'a b c' and 'gas a b' in one month", one_month, in_total)
    backwards = [_email("gas", 6), _email("gas is up", 2)]
    _in_months(answer, "a later month before an earlier one", backwards, PER_MONTH)
    _in_months(answer, "a message without a date", [_email("gas", None), _email("a gas", 3)], UNDATED)
    no_words = [_email("1 2 3", 3), _email("a gas", 4)]
    _in_months(answer, "a month without words", no_words, "leave out a month without words")
    _in_months(answer, "unseen mail", mail.emails, PER_MONTH, "the")
    return "You added up first and divided last, and kept the months in order."


def _email(text: str, month: int | None) -> Email:
    date = None if month is None else datetime(2001, month, 14, tzinfo=UTC)
    return {"payload": text, "Content-Type": None, "Content-Transfer-Encoding": None, "Date": date}


def _by_month(emails: list[Email], word: str) -> dict[str, float]:
    found: dict[str, list[str]] = {}
    for email in emails:
        if email["Date"] is not None:
            found.setdefault(email["Date"].strftime("%Y-%m"), []).extend(tokens(plain_text(email)))
    return {month: 1000 * words.count(word) / len(words) for month, words in sorted(found.items()) if words}


def _in_months(answer: Answer, what: str, emails: list[Email], advice: str, word: str = "gas") -> None:
    expected = _by_month(emails, word)
    shares = answer.on(what)(emails, word).is_a(dict)
    without = expected.keys() - shares.plain.keys()
    shares.expect(not without or any(map(expected.get, without)), "a month in which the word does not occur has 0.0")
    if not _differ_by_less(shares.plain, expected, 0.01):  # two decimals are enough
        rounded = _differ_by_less(shares.plain, expected, 0.51)
        shares.equals(expected, "do not round the shares, or keep two decimals" if rounded else advice)
    shares.expect(list(shares.plain) == list(expected), "put the months in order of time", hint=2)


def _differ_by_less(got: dict[Any, Any], expected: dict[str, float], limit: float) -> bool:
    """Return whether two dicts of shares have the same months, and numbers that differ by less than `limit`."""
    numbers = all(type(share) in (int, float) for share in got.values())
    return numbers and got.keys() == expected.keys() and all(abs(got[key] - expected[key]) < limit for key in got)


END = "### END SOLUTION"
MOST = 40  # bars that a reader can tell apart


def _finally(code: str) -> Edits:
    """Return the solution with another line at its end."""
    return Edits((END, f"{code}\n{END}"))


@exercise(
    "chart.own",
    title="Your own chart",
    points=4,
    stars=3,
    hints=(
        "Write the question down first, in one sentence. Which numbers answer it? Compute them: a dict of names and "
        "numbers. Only then draw: bars to compare things, a line for what changes over time.",
        "`ax.barh(names, numbers)` or `ax.plot(months, numbers)`, then `ax.set(title=…, xlabel=…, ylabel=…)`. In the "
        "explanation: the question, the answer with a name or a number from the chart, and one thing that the chart "
        "does not show.",
    ),
    wrong=[
        Wrong("draws nothing", _finally("ax.clear()"), "the chart is empty"),
        Wrong("has no title", _finally('ax.set_title("")'), "a title of three words or more"),
        Wrong("labels no axis", _finally('ax.set_xlabel("")'), "Label the axis of the numbers"),
        Wrong("cuts the axis", _finally("ax.set_xlim(left=1)"), "begin the axis of bars at 0"),
        Wrong("draws too many bars", _finally("ax.barh(range(80), range(80))"), "too many to read"),
        Wrong("explains nothing", _finally('explanation = "It shows gas."'), "25 words or more"),
        Wrong(
            "explains another chart",
            _finally('explanation = "Who says it? Nobody knows, and it is silent on all else. " * 4'),
            "name something that the chart shows",
        ),
        Wrong("hands in the figure", _finally("ax = figure"), "an Axes was expected"),
        Wrong("hands in a list of words", _finally("explanation = explanation.split()"), "a str was expected"),
    ],
)
def own(answer: Answer, mail: Mail) -> str:
    """The chart, read from its Axes: drawn, titled, labelled, honest; the explanation: long enough, and about it."""
    from matplotlib.axes import Axes  # costly

    chart, explanation = answer.member("ax"), answer.member("explanation")
    if explanation.value is ... and not (isinstance(chart.value, Axes) and chart.value.has_data()):
        raise NotAttempted
    ax = chart.is_a(Axes).value
    if not ax.has_data():
        raise NotYet("the chart is empty: draw into `ax`, with ax.barh(…) or ax.plot(…).", 1)
    title = Answer(ax.get_title(), "the title is")
    title.expect(len(tokens(title.value)) >= 3, "give the chart a title of three words or more: what does it show?")
    _is_honest(ax)
    if explanation.value is ...:
        raise NotYet("the chart has no explanation yet: write two to four sentences.", 2)
    enough = len(tokens(explanation.is_a(str).plain)) >= 25
    explanation.expect(enough, "write 25 words or more: the question, the answer, and what it does not show", hint=2)
    about = _names_something_in(ax, explanation.plain)
    explanation.expect(about, f"name something that the chart shows, such as: {_examples(ax)}", hint=2)
    return "Your chart has a title, labels and an honest axis, and your explanation refers to it."


def _is_honest(ax: Any) -> None:
    """Continue if the axis of numbers is labelled, and bars are few and begin at 0."""
    groups = [group for group in ax.containers if hasattr(group, "orientation")]
    bars = sum(len(group) for group in groups if not _is_histogram(group))
    if bars > MOST:
        raise NotYet(f"the chart has {bars} bars, too many to read: show the {MOST} that matter most, or fewer.", 1)
    upright = [group.orientation == "vertical" for group in groups] or [True]
    if (all(upright) and not ax.get_ylabel()) or (not any(upright) and not ax.get_xlabel()):
        raise NotYet("what are the numbers? Label the axis of the numbers, with their unit.", 2)
    low, high = sorted(ax.get_ylim() if all(upright) else ax.get_xlim())
    if groups and not low <= 0 <= high:
        raise NotYet("readers compare the lengths of bars: begin the axis of bars at 0.", 1)


def _is_histogram(group: Any) -> bool:
    """Return whether the bars touch: the bins of a histogram show one shape, however many they are."""
    upright = group.orientation == "vertical"
    ends = [(bar.get_x(), bar.get_width()) if upright else (bar.get_y(), bar.get_height()) for bar in group]
    return all(isclose(start + width, after) for (start, width), (after, _) in pairwise(ends))


def _names_something_in(ax: Any, text: str) -> bool:
    """Return whether a text names something that a chart shows: words, a month or a year, a number on an axis."""
    ax.figure.canvas.draw()  # only then are the names at the axes
    phrases, ranges = _written_in(ax), []
    for axis in (ax.xaxis, ax.yaxis):
        months = _months_on(axis)
        if months:
            phrases |= _names_of_months(*months)
        else:
            ranges.append(_numbers_on(axis))
    said = text.casefold()
    if any(re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", said) for phrase in phrases if phrase in said):
        return True
    numbers = [float(digits.replace(",", "")) for digits in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)]
    numbers += [NUMBERS[word] for word in tokens(text) if word in NUMBERS]
    return any(low <= number <= high for low, high in filter(None, ranges) for number in numbers)


def _written_in(ax: Any) -> set[str]:
    """Return what is written in a chart, except its title: whole texts and single words, in lower case."""
    legend = ax.get_legend()
    texts = [label.get_text() for label in [*ax.texts, *(legend.get_texts() if legend else [])]]
    texts += [*_labels(ax.xaxis), *_labels(ax.yaxis)]
    words = set(tokens(" ".join([*texts, ax.get_xlabel(), ax.get_ylabel()]))) - STOP_WORDS - {"per"}
    return {text.casefold() for text in texts} - {""} | {word for word in words if len(word) > 1}


def _examples(ax: Any) -> str:
    """Return a few things that a chart shows: what is at the axis of names, and the labels of the axes."""
    horizontal = any(getattr(group, "orientation", None) == "horizontal" for group in ax.containers)
    labels = _labels(ax.yaxis if horizontal else ax.xaxis)
    more = ["…"] if len(labels) > 3 else []
    return ", ".join(filter(None, [*labels[:3], *more, ax.get_xlabel(), ax.get_ylabel()]))


def _labels(axis: Any) -> list[str]:
    """Return the texts at the visible ticks of an axis that has been drawn."""
    low, high = sorted(axis.get_view_interval())
    ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
    texts = [" ".join(label.get_text().split()) for place, label in ticks if low <= place <= high]
    return [text for text in texts if text]


NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
NUMBERS |= {"eleven": 11, "twelve": 12, "twenty": 20, "fifty": 50, "hundred": 100, "thousand": 1000}


def _numbers_on(axis: Any) -> tuple[float, float] | None:
    """Return the smallest and the largest number on an axis; None if it is not an axis of numbers."""
    labels = _labels(axis)
    numbers = [re.match(r"[-−]?\d+(,\d{3})*(\.\d+)?", label) for label in labels]
    if not labels or not (all(numbers) or axis.get_scale() == "log"):
        return None
    at_ticks = [float(number[0].replace("−", "-").replace(",", "")) for number in numbers if number]
    ends = [*at_ticks, *map(float, axis.get_view_interval())]
    return min(ends), max(ends)


MONTHS = ["january", "february", "march", "april", "may", "june"]
MONTHS += ["july", "august", "september", "october", "november", "december"]


def _months_on(axis: Any) -> tuple[int, int] | None:
    """Return the first and the last month, counted from the year 0; None if it is not an axis of time or months."""
    import pandas as pd  # costly
    from matplotlib import dates  # costly

    labels, converter = _labels(axis), axis.get_converter()
    ends: list[Any] = sorted(axis.get_view_interval())
    if frequency := getattr(axis.axes, "freq", None) if axis is axis.axes.xaxis else None:  # pandas drew it
        ends = [pd.Period(ordinal=round(end), freq=frequency) for end in ends]
    elif isinstance(converter, dates.DateConverter) or type(converter).__module__ == dates.__name__:
        ends = [pd.Period(ordinal=round(end), freq="D") for end in ends]  # days since 1970, as matplotlib counts them
    elif labels and all(re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])(-\d\d)?", label) for label in labels):
        ends = [pd.Period(label[:7]) for label in (min(labels), max(labels))]
    else:
        return None
    first, last = (12 * end.year + end.month - 1 for end in ends)
    return first, last


def _names_of_months(first: int, last: int) -> set[str]:
    """Return names of these months and years, in lower case: june 2001, jun 2001, 2001-06, june, 2001."""
    names = set()
    for year, month in (divmod(number, 12) for number in range(first, last + 1)):
        name = MONTHS[month]
        names |= {f"{name} {year}", f"{name[:3]} {year}", f"{year}-{month + 1:02}", str(year)}
        if name not in ("march", "may"):  # these are also common words
            names.add(name)
    return names
