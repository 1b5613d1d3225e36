"""Exercises of lesson 10: four tricks, a chart that compares mailboxes, a word over time, and a chart of one's own."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from enronlib.classroom.answer import Answer, NotAttempted, NotYet
from enronlib.classroom.exercise import Wrong, changed, lesson
from enronlib.classroom.mail import Mail
from enronlib.messages import plain_text
from enronlib.words import STOP_WORDS, tokens

exercise = lesson("10_top_words_chart")

TRICKS = {"A": "area", "B": "chosen months", "C": "cut axis", "D": "unequal groups"}


@exercise(
    "chart.tricks",
    title="Four charts, four tricks",
    points=1,
    stars=1,
    hints=(
        "Look at the numbers before you look at the shapes. Where does each axis begin, and where does it end? Which "
        "chart has no axis at all?",
        "The whole series of months is in lesson 01: which chart shows a piece of it? And for which chart would you "
        "want to know how many words each mailbox has?",
    ),
    wrong=[
        Wrong("takes the cut axis for the area", TRICKS | {"A": "cut axis", "C": "area"}, "look at that chart again"),
        Wrong(
            "overlooks the months", TRICKS | {"B": "unequal groups", "D": "chosen months"}, "look at that chart again"
        ),
        Wrong("uses words of its own", TRICKS | {"C": "zoom"}, "put one of the four names there"),
        Wrong("leaves one out", {"A": "area", "B": "chosen months"}, "it has no 'C'"),
        Wrong("has not looked at one yet", TRICKS | {"D": ...}, "'D' is still `...`; put one of the four names there"),
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
        found.equals(name, "look at that chart again", hint=2)
    return "You saw through all four."


def _shares(counts_by_mailbox: Mapping[str, Mapping[str, int]], word: str) -> dict[str, float]:
    return {mailbox: 1000 * counts.get(word, 0) / sum(counts.values()) for mailbox, counts in counts_by_mailbox.items()}


def _counts(counts_by_mailbox: Mapping[str, Mapping[str, int]], word: str) -> dict[str, float]:
    return {mailbox: counts.get(word, 0) for mailbox, counts in counts_by_mailbox.items()}


def _percent(counts_by_mailbox: Mapping[str, Mapping[str, int]], word: str) -> dict[str, float]:
    return {mailbox: share / 10 for mailbox, share in _shares(counts_by_mailbox, word).items()}


def _compare(
    values: Callable[[Any, str], dict[str, float]] = _shares,
    *,
    longest_last: bool = True,
    sort: bool = True,
    title: str = "How often is '{}' said?",
    label: str = "per 1,000 words",
    begin: float | None = None,
    only: int | None = None,
) -> Callable[[Any, str], Any]:
    """Return a function that draws the chart of chart.compare, right or wrong."""

    def compare(counts_by_mailbox: Any, word: str) -> Any:
        import matplotlib.pyplot as plt  # noqa: PLC0415  costly

        drawn = values(counts_by_mailbox, word)
        names = sorted(drawn, key=lambda name: drawn[name], reverse=not longest_last) if sort else list(drawn)
        _, ax = plt.subplots()
        ax.barh(names[:only], [drawn[name] for name in names[:only]])
        ax.set(title=title.format(word), xlabel=label)
        if begin is not None:
            ax.set_xlim(left=begin)
        return ax

    return compare


def _upright(counts_by_mailbox: Any, word: str) -> Any:
    import matplotlib.pyplot as plt  # noqa: PLC0415  costly

    shares = _shares(counts_by_mailbox, word)
    _, ax = plt.subplots()
    ax.bar(list(shares), list(shares.values()))
    ax.set(title=word, ylabel="per 1,000 words")
    return ax


@exercise(
    "chart.compare",
    title="Compare mailboxes fairly",
    points=3,
    stars=2,
    hints=(
        "First the numbers: a dict with the share of each mailbox. Then the order: `sorted(shares, key=shares.get)` "
        "are the names from the smallest share to the largest. Then `ax.barh(names, values)`, which puts the first "
        "name at the bottom.",
        "`1000 * counts[word] / counts.total()` is the share of one mailbox. After `figure, ax = plt.subplots()` and "
        "`ax.barh(…)` say `ax.set(title=…, xlabel=…)`, and `return ax`.",
    ),
    wrong=[
        Wrong("draws counts", _compare(_counts), "occurrences per 1,000 words of the mailbox"),
        Wrong("draws per cent", _compare(_percent), "occurrences per 1,000 words of the mailbox"),
        Wrong("puts the longest at the bottom", _compare(longest_last=False), "the longest bar comes on top"),
        Wrong("does not sort", _compare(sort=False), "the longest bar comes on top"),
        Wrong("cuts the axis", _compare(begin=0.5), "the axis begins at 0"),
        Wrong("leaves mailboxes out", _compare(only=2), "a bar for each mailbox"),
        Wrong("has no title", _compare(title=""), "the word in the title"),
        Wrong("labels no axis", _compare(label=""), "say what is counted"),
        Wrong("draws upright bars", _upright, "horizontal bars"),
        Wrong("returns nothing", lambda counts_by_mailbox, word: None, "is a `return` missing?"),
        Wrong(
            "knows only the example",
            lambda counts_by_mailbox, word: _compare()(
                {"lee-k": {"gas": 2, "a": 8}, "oak-b": {"gas": 3, "a": 2}}, "gas"
            ),
            "a bar for each mailbox",
        ),
    ],
)
def compare(answer: Answer, mail: Mail) -> str:
    """Two small mailboxes, one without the word, and the unseen mail; all seen through the Axes."""
    small = {"lee-k": Counter(gas=2, a=8), "oak-b": Counter(gas=3, a=2)}
    _compares(answer, small, "gas")
    _compares(answer, small | {"kim-p": Counter(hub=4)}, "gas")
    counts = {mailbox: Counter(words) for mailbox, words in mail.truth["words"].items()}
    for word in ("the", "please"):
        _compares(answer, counts, word)
    return "Your chart is sorted, begins at 0, says what it shows, and a large mailbox has no advantage in it."


def _compares(answer: Answer, counts_by_mailbox: dict[str, Counter[str]], word: str) -> None:
    """Check one chart of the shares of a word."""
    from matplotlib.axes import Axes  # noqa: PLC0415  costly

    with figures_closed():
        drawn = answer.on(f"{word!r} in {len(counts_by_mailbox)} mailboxes")(counts_by_mailbox, word).is_a(Axes)
        ax = drawn.value
        bars = _horizontal_bars(ax)
        names = Answer(sorted(name for name, _ in bars), "the chart has the bars")
        names.equals(sorted(counts_by_mailbox), "a bar for each mailbox is asked for, with its name at the axis")
        shares = _shares(counts_by_mailbox, word)
        for name, length in bars:
            share = Answer(length, f"for {word!r}, the bar of {name} is as long as")
            share.equals(shares[name], "occurrences per 1,000 words of the mailbox are asked for")
        lengths = [length for _, length in bars]
        order = Answer([name for name, _ in bars], "from top to bottom the bars are")
        order.expect(lengths == sorted(lengths, reverse=True), "the longest bar comes on top")
        left, _ = ax.get_xlim()
        Answer(round(float(left), 3), "the axis of the bars begins at").expect(
            left <= 0, "the axis begins at 0 for bars"
        )
        Answer(ax.get_title(), "the title is").expect(word in ax.get_title(), "put the word in the title", hint=2)
        label = Answer(ax.get_xlabel(), "the label of the axis is")
        label.expect(
            bool(re.search(r"1[,. ]?000", label.value)), "say what is counted: occurrences per 1,000 words", hint=2
        )


def _horizontal_bars(ax: Any) -> list[tuple[str, float]]:
    """Return the names and lengths of the horizontal bars in a chart, from top to bottom."""
    bars = [bar for group in ax.containers if getattr(group, "orientation", None) == "horizontal" for bar in group]
    if not bars:
        raise NotYet("there are no horizontal bars in the chart: draw them with ax.barh.", 1)
    ax.figure.canvas.draw()  # or the names are not at the axis yet
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
    """Close the figures that were made within the block, so that a check shows none."""
    import matplotlib.pyplot as plt  # noqa: PLC0415  costly

    before = set(plt.get_fignums())
    try:
        yield
    finally:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)


Email = dict[str, Any]


def _month(email: Email) -> str:
    return str(email["Date"].strftime("%Y-%m"))


def _by_month(emails: list[Email], word: str, *, order: Callable[[Any], Any] = sorted) -> dict[str, float]:
    words: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for email in emails:
        if email["Date"] is not None:
            found = tokens(plain_text(email))
            words[_month(email)] += len(found)
            hits[_month(email)] += found.count(word)
    return {month: 1000 * hits[month] / words[month] for month in order(words) if words[month]}


def _rounded(digits: int) -> Callable[[list[Email], str], dict[str, float]]:
    def by_month(emails: list[Email], word: str) -> dict[str, float]:
        return {month: round(share, digits) for month, share in _by_month(emails, word).items()}

    return by_month


def _months_with_hits(emails: list[Email], word: str) -> dict[str, float]:
    return {month: share for month, share in _by_month(emails, word).items() if share}


def _hits_by_month(emails: list[Email], word: str) -> dict[str, int]:
    hits: Counter[str] = Counter()
    for email in emails:
        if email["Date"] is not None:
            hits[_month(email)] += tokens(plain_text(email)).count(word)
    return dict(sorted(hits.items()))


def _average_of_shares(emails: list[Email], word: str) -> dict[str, float]:
    shares: dict[str, list[float]] = {}
    for email in emails:
        if email["Date"] is not None and (found := tokens(plain_text(email))):
            shares.setdefault(_month(email), []).append(1000 * found.count(word) / len(found))
    return {month: sum(shares[month]) / len(shares[month]) for month in sorted(shares)}


def _per_1000_of_all(emails: list[Email], word: str) -> dict[str, float]:
    hits = _hits_by_month(emails, word)
    total = sum(len(tokens(plain_text(email))) for email in emails)
    return {month: 1000 * count / total for month, count in hits.items()}


def _with_no_date(emails: list[Email], word: str) -> dict[str, float]:
    dated = [email for email in emails if email["Date"]]
    return ({"no date": 0.0} if len(dated) < len(emails) else {}) | _by_month(dated, word)


def _without_care_for_nothing(emails: list[Email], word: str) -> dict[str, float]:
    for email in emails:
        _ = 1 / len(tokens(plain_text(email)))
    return _by_month(emails, word)


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
        Wrong("counts", _hits_by_month, "per 1,000 words of that month"),
        Wrong("divides by the words of all months", _per_1000_of_all, "per 1,000 words of that month"),
        Wrong("averages the shares of messages", _average_of_shares, "add up first"),
        Wrong("leaves out months without a hit", _months_with_hits, "in which the word does not occur has 0.0"),
        Wrong("rounds to whole numbers", _rounded(0), "do not round"),
        Wrong("does not sort", lambda emails, word: _by_month(emails, word, order=list), "in the order of time"),
        Wrong("keeps mail without a date", _with_no_date, "leave out a mail without a date"),
        Wrong("stumbles over a month of no words", _without_care_for_nothing, "ZeroDivisionError"),
        Wrong("returns the share of all mail", lambda emails, word: 4.2, "a dict was expected"),
        Wrong("knows only the example", lambda emails, word: {"2001-04": 500.0, "2001-05": 0.0}, "of that month"),
    ],
)
def months(answer: Answer, mail: Mail) -> str:
    """Small mails by hand: two in a month, months out of order, no date, no words; then the unseen mail."""
    share = "occurrences per 1,000 words of that month are asked for"
    _in_months(
        answer, "'Gas, gas!' in April and 'Call me.' in May", [_email("Gas, gas!", 4), _email("Call me.", 5)], share
    )
    _in_months(
        answer,
        "'gas', 'a b c' and 'gas a b' in one month",
        [_email("gas", 5), _email("a b c", 5), _email("gas a b", 5)],
        f"{share}: add up first, divide last",
    )
    _in_months(answer, "a later month before an earlier one", [_email("gas", 6), _email("gas is up", 2)], share)
    _in_months(
        answer, "a mail without a date", [_email("gas", None), _email("a gas", 3)], "leave out a mail without a date"
    )
    _in_months(
        answer, "a month without words", [_email("1 2 3", 3), _email("a gas", 4)], "leave out a month without words"
    )
    _in_months(answer, "mail you have not seen", mail.emails, share, "the")
    return "You added up first and divided last, and kept the months in order."


def _email(text: str, month: int | None) -> Email:
    date = None if month is None else datetime(2001, month, 14, tzinfo=UTC)
    return {"payload": text, "Content-Type": None, "Content-Transfer-Encoding": None, "Date": date}


def _in_months(answer: Answer, what: str, emails: list[Email], advice: str, word: str = "gas") -> None:
    expected = _by_month(emails, word)
    shares = answer.on(what)(emails, word).is_a(dict)
    without = expected.keys() - shares.plain.keys()
    shares.expect(not without or any(map(expected.get, without)), "a month in which the word does not occur has 0.0")
    if not _differ_by_less(shares.plain, expected, 0.01):  # so that two decimals will do
        rounded = _differ_by_less(shares.plain, expected, 0.51)
        shares.equals(expected, "do not round the shares, or to two decimals" if rounded else advice)
    shares.expect(list(shares.plain) == list(expected), "let the months come in the order of time", hint=2)


def _differ_by_less(got: dict[Any, Any], expected: dict[str, float], limit: float) -> bool:
    """Tell whether two dicts of shares have the same months, and numbers that differ by less than `limit`."""
    numbers = all(type(share) in (int, float) for share in got.values())
    return numbers and got.keys() == expected.keys() and all(abs(got[key] - expected[key]) < limit for key in got)


OWN = """
from matplotlib.figure import Figure

ax = Figure().add_subplot()
ax.barh(["gas", "meter", "price"], [30, 20, 10])
ax.set(title="Gas before meters before prices", xlabel="occurrences")
explanation = (
    "Which word do the traders use most? It is gas, three times as often as price. The mail is that of one mailbox "
    "only, so the chart says nothing about the others."
)
"""
LONGEST = 40  # bars that can be read


@exercise(
    "chart.own",
    title="A chart of your own",
    points=4,
    stars=3,
    hints=(
        "Write the question down first, in one sentence. Which numbers answer it? Make them: a dict of names and "
        "numbers. Only then draw: bars to compare things, a line for what changes with time.",
        "`ax.barh(names, numbers)` or `ax.plot(months, numbers)`, then `ax.set(title=…, xlabel=…, ylabel=…)`. In the "
        "explanation: the question, the answer, with a name or a number that stands in the chart, and one thing that "
        "it does not show.",
    ),
    wrong=[
        Wrong("draws nothing", changed(OWN, ("ax.barh(", "dict.fromkeys(")), "there is nothing in the chart"),
        Wrong(
            "has no title",
            changed(OWN, ('title="Gas before meters before prices", ', "")),
            "a title of three words or more",
        ),
        Wrong("labels no axis", changed(OWN, (', xlabel="occurrences"', "")), "Label the axis of the numbers"),
        Wrong("cuts the axis", changed(OWN, ("ax.set(", "ax.set(xlim=(8, 31), ")), "the axis of bars begins at 0"),
        Wrong(
            "draws too many bars",
            changed(OWN, ('["gas", "meter", "price"], [30, 20, 10]', "[f'word {n}' for n in range(80)], range(80)")),
            "nobody reads so many",
        ),
        Wrong(
            "explains nothing",
            changed(OWN, ("explanation = (", 'explanation = "It shows gas." or (')),
            "25 words or more",
        ),
        Wrong(
            "explains another chart",
            changed(
                OWN,
                ("gas, three times as often as price", "this one"),
                ("traders", "people"),
                ("says nothing", "is silent"),
            ),
            "name something that stands in the chart",
        ),
        Wrong(
            "hands in the figure",
            changed(OWN, ("explanation = (", "ax = ax.figure\nexplanation = (")),
            "an Axes was expected",
        ),
        Wrong(
            "hands in a list of words",
            changed(OWN, ("explanation = (", "explanation = str.split(")),
            "a str was expected",
        ),
    ],
)
def own(answer: Answer, mail: Mail) -> str:
    """The chart through its Axes: drawn, titled, labelled, honest; the explanation: long enough, and about it."""
    from matplotlib.axes import Axes  # noqa: PLC0415  costly

    chart, explanation = answer.member("ax"), answer.member("explanation")
    if explanation.value is ... and not (isinstance(chart.value, Axes) and chart.value.has_data()):
        raise NotAttempted
    ax = chart.is_a(Axes).value
    if not ax.has_data():
        raise NotYet("there is nothing in the chart: draw into `ax`, with ax.barh(…) or ax.plot(…).", 1)
    title = Answer(ax.get_title(), "the title is")
    title.expect(len(tokens(title.value)) >= 3, "give the chart a title of three words or more: what is to be seen?")
    _is_honest(ax)
    if explanation.value is ...:
        raise NotYet("the chart has no explanation yet: write two to four sentences.", 2)
    said = tokens(explanation.is_a(str).plain)
    explanation.expect(
        len(said) >= 25, "write 25 words or more: the question, the answer, and what it does not show", hint=2
    )
    explanation.expect(
        _names_something_in(ax, explanation.plain),
        f"name something that stands in the chart, such as: {_examples(ax)}",
        hint=2,
    )
    return "Your chart answers a question, is honest about its numbers, and comes with an explanation."


def _is_honest(ax: Any) -> None:
    """Go on if the axes of numbers are labelled and bars are few and begin at 0."""
    groups = [group for group in ax.containers if hasattr(group, "orientation")]
    bars = [bar for group in groups for bar in group]
    if len(bars) > LONGEST:
        raise NotYet(
            f"the chart has {len(bars)} bars; nobody reads so many: show the {LONGEST} that matter, or fewer.", 1
        )
    upright = [group.orientation == "vertical" for group in groups] or [True]
    if (all(upright) and not ax.get_ylabel()) or (not any(upright) and not ax.get_xlabel()):
        raise NotYet("what are the numbers? Label the axis of the numbers, with their unit.", 2)
    low, high = sorted(ax.get_ylim() if all(upright) else ax.get_xlim())
    if bars and not low <= 0 <= high:
        raise NotYet("the lengths of bars are compared: see to it that the axis of bars begins at 0.", 1)


def _names_something_in(ax: Any, text: str) -> bool:
    """Tell whether a text names something that stands in a chart: words, a month or a year, a number of an axis."""
    ax.figure.canvas.draw()  # or the names are not at the axes yet
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
    """Return what is written in a chart, but for its title: whole and word by word, in small letters."""
    legend = ax.get_legend()
    texts = [label.get_text() for label in [*ax.texts, *(legend.get_texts() if legend else [])]]
    texts += [*_labels(ax.xaxis), *_labels(ax.yaxis)]
    words = set(tokens(" ".join([*texts, ax.get_xlabel(), ax.get_ylabel()]))) - STOP_WORDS - {"per"}
    return {text.casefold() for text in texts} - {""} | {word for word in words if len(word) > 1}


def _examples(ax: Any) -> str:
    """Return a few of the things that stand in a chart: what is at the axis of names, and what the axes are called."""
    lying = any(getattr(group, "orientation", None) == "horizontal" for group in ax.containers)
    labels = _labels(ax.yaxis if lying else ax.xaxis)
    more = ["…"] if len(labels) > 3 else []
    return ", ".join(filter(None, [*labels[:3], *more, ax.get_xlabel(), ax.get_ylabel()]))


def _labels(axis: Any) -> list[str]:
    """Return what can be read at the ticks of an axis that was drawn."""
    low, high = sorted(axis.get_view_interval())
    ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
    texts = [" ".join(label.get_text().split()) for place, label in ticks if low <= place <= high]
    return [text for text in texts if text]


NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
NUMBERS |= {"eleven": 11, "twelve": 12, "twenty": 20, "fifty": 50, "hundred": 100, "thousand": 1000}


def _numbers_on(axis: Any) -> tuple[float, float] | None:
    """Return the smallest and the largest number on an axis of numbers."""
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
    """Return the first and the last month on an axis of time, or of months as text, counted from the year 0."""
    import pandas as pd  # noqa: PLC0415  costly
    from matplotlib import dates  # noqa: PLC0415  costly

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
    """Return how months and their years may be called, in small letters: june 2001, jun 2001, 2001-06, june, 2001."""
    names = set()
    for year, month in (divmod(number, 12) for number in range(first, last + 1)):
        name = MONTHS[month]
        names |= {f"{name} {year}", f"{name[:3]} {year}", f"{year}-{month + 1:02}", str(year)}
        if name not in ("march", "may"):  # these are common words as well
            names.add(name)
    return names
