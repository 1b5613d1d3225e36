"""Charts of word counts and of dates, made to be read from the last row of a classroom.

No letter is smaller than FONT points. In a chart of up to 20 words, or of 12 mailboxes with 10 words each, that is at
least a fiftieth of its height: the "8H rule" for projected text (https://www.pptfaq.com/FAQ01263.htm). The colours are
from Okabe and Ito's palette for all kinds of colour vision (https://jfly.uni-koeln.de/color/). Both are set on the
chart itself, so no other chart of yours changes.

In a notebook a chart is shown once, below its cell. Anywhere else (a script, a worker process, a thread) nothing is
shown and pyplot keeps no figure open: hand the chart to `save`. Draw into `blank()` what a notebook should not show.
"""

import heapq
import io
import math
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, NullFormatter, StrMethodFormatter

from enronlib import UserError

BLUE, VERMILLION = "#0072B2", "#D55E00"
FONT, TITLE_FONT = 13, 16  # points
DOTS_PER_INCH = 150
MOST_PANELS = 12

_saving = threading.Lock()


def top_words(
    counts: Mapping[str, int],
    n: int = 20,
    *,
    stop_words: Collection[str] = frozenset(),
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the `n` most frequent words as bars, the largest on top, each with its count; equal counts by word.

    `counts` says how often each word occurs. `stop_words` get no bar, which the title says, but still belong to "all
    words" below the chart. Raises ValueError for n < 1.
    """
    top = _most_frequent(counts, n, stop_words)
    ax = ax or _new_figure(10, _height(len(top))).add_subplot()
    _draw_bars(ax, top, rows=len(top), bar_label="{:,}", longest=24)
    ax.set_xlabel(f"occurrences, of {sum(counts.values()):,} words in all", fontsize=FONT)
    ax.set_title(
        _top_title(len(top) or n, stop_words) if title is None else title, fontsize=TITLE_FONT, parse_math=False
    )
    return ax


def top_words_by_mailbox(
    counts_by_mailbox: Mapping[str, Mapping[str, int]],
    n: int = 10,
    *,
    stop_words: Collection[str] = frozenset(),
) -> Figure:
    """Draw the `n` most frequent words of each mailbox side by side, one panel a mailbox, in the order given.

    Mailboxes differ in size a hundredfold, so bars show occurrences per 1,000 words of the mailbox (stop words
    included), all on one scale: equal bars mean equally frequent words. Of more than 12 mailboxes the 12 with the most
    words are drawn, which the title says. Raises ValueError for n < 1.
    """
    sizes = {mailbox: sum(counts.values()) for mailbox, counts in counts_by_mailbox.items()}
    drawn = dict(_most_frequent(sizes, MOST_PANELS))
    tops = {mailbox: _most_frequent(counts_by_mailbox[mailbox], n, stop_words) for mailbox in sizes if mailbox in drawn}
    rows = max(map(len, tops.values()), default=1)
    columns = 4 if len(tops) > 9 else min(len(tops), 3) or 1
    lines = math.ceil(len(tops) / columns) or 1

    figure = _new_figure(max(10, 3.7 * columns), 1 + lines * (0.55 + 0.212 * rows))
    for place, (mailbox, top) in enumerate(tops.items(), start=1):
        ax = figure.add_subplot(lines, columns, place, sharex=figure.axes[0] if figure.axes else None)
        shares = [(word, 1000 * count / max(sizes[mailbox], 1)) for word, count in top]
        _draw_bars(ax, shares, rows=rows, bar_label="{:,.1f}", longest=13)
        ax.set_xticks([])
        ax.set_title(f"{_shown(mailbox, 16)} ({sizes[mailbox]:,} words)", loc="right", fontsize=FONT, parse_math=False)
    title = _top_title(n, stop_words, whose=" of each mailbox") if tops else "no mailboxes"
    if len(sizes) > MOST_PANELS:
        title += f"\n(the {MOST_PANELS} largest of {len(sizes):,} mailboxes)"
    figure.suptitle(title, fontsize=TITLE_FONT)
    figure.supxlabel("occurrences per 1,000 words of the mailbox", fontsize=FONT)
    plt.close(figure)  # or a notebook would show it twice: as an open figure and as the value of the cell
    return figure


def mail_per_month(
    dates: Iterable[datetime | None], *, years: tuple[int, int] = (1997, 2002), ax: Axes | None = None
) -> Axes:
    """Draw the number of messages in each month (UTC), from the first month with mail to the last.

    `dates` are timezone-aware. Those outside `years` (first and last, both included) come from wrong clocks and
    placeholders; they and missing dates (None) get no bar, and the chart says how many they are.
    """
    import pandas as pd  # noqa: PLC0415  costly, and the other charts do without

    when = pd.to_datetime(pd.Series(dates), utc=True, errors="coerce")
    inside = when[when.dt.year.between(*years)]
    messages = Counter((12 * inside.dt.year + inside.dt.month - 1).astype(int))  # by months since the year 0
    ax = ax or _new_figure(10, 7).add_subplot()
    if messages:
        months = range(min(messages), max(messages) + 1)
        ax.bar(months, [messages[month] for month in months], color=BLUE, width=0.85)
        _name_months(ax, months)
        _count_axis(ax.yaxis)
    else:
        _say(ax, "no mail")
    left_out = len(when) - len(inside)
    note = f"\nleft out: {left_out:,} without a date in {years[0]}–{years[1]}" if left_out else ""
    ax.set_xlabel("month (UTC)" + note, fontsize=FONT)
    ax.set_ylabel("messages a month", fontsize=FONT)
    ax.set_title("Mail per month", fontsize=TITLE_FONT)
    return _plain(ax)


def zipf(counts: Mapping[str, int], *, ax: Axes | None = None) -> Axes:
    """Draw each word's count against its rank, both on logarithmic scales, beside a line of slope -1.

    Zipf's law says that the word of rank r occurs about 1/r times as often as the first. Of a run of words with equal
    counts only the ends are drawn, which gives the same picture.
    """
    frequencies = sorted((count for count in counts.values() if count > 0), reverse=True)
    ax = ax or _new_figure(10, 7).add_subplot()
    if not frequencies:
        _say(ax, "no words")
    else:
        first, last = frequencies[0], len(frequencies)
        ends = [
            rank
            for rank, count in enumerate(frequencies, start=1)
            if rank in (1, last) or frequencies[rank - 2] != count or frequencies[rank] != count
        ]
        ax.plot(ends, [frequencies[rank - 1] for rank in ends], "o-", color=BLUE, markersize=4, label="the words")
        ax.plot(
            [1, first], [first, 1], "--", color=VERMILLION, linewidth=2, label="first word’s count ÷ rank (slope −1)"
        )
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlim(0.8, max(12, 1.5 * last))
        ax.set_ylim(0.8, max(12, 1.5 * first))
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            axis.set_minor_formatter(NullFormatter())
        ax.legend(fontsize=FONT, frameon=False)
    ax.set_xlabel("rank of the word", fontsize=FONT)
    ax.set_ylabel("occurrences of the word", fontsize=FONT)
    ax.set_title(f"Rank and frequency of {len(frequencies):,} different words", fontsize=TITLE_FONT)
    return _plain(ax)


def blank(rows: int = 20) -> Axes:
    """Return empty Axes, high enough for `rows` bars, for a chart that only goes to a file: no notebook shows them."""
    return Figure(figsize=(10, _height(rows)), layout=_airy()).add_subplot()


def save(chart: Axes | Figure, path: str | Path) -> Path:
    """Write the figure of `chart` as PNG or SVG, by the suffix of `path`, and return the path.

    Charts drawn alike give the same bytes: the file holds no date and no version. An SVG keeps its words as text.
    Missing folders are made, and the file appears whole or not at all. Raises UserError for any other suffix.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg"):
        raise UserError(f"cannot write a chart as {path.name}: let the name end in .png or .svg")
    figure = chart if isinstance(chart, Figure) else cast(Figure, chart.get_figure(root=True))
    no_version = {"Software": None} if kind == "png" else {"Creator": None, "Date": None}
    picture = io.BytesIO()
    with _saving, mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "enronlib"}):
        figure.savefig(picture, format=kind, dpi=DOTS_PER_INCH, metadata=no_version)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        unfinished.write_bytes(picture.getvalue())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _most_frequent(counts: Mapping[str, int], n: int, stop_words: Collection[str] = ()) -> list[tuple[str, int]]:
    if n < 1:
        raise ValueError(f"n is the number of words to draw: 1 or more, not {n}")
    wanted = (item for item in counts.items() if item[0] not in stop_words)
    return heapq.nsmallest(n, wanted, key=lambda item: (-item[1], item[0]))


def _top_title(n: int, stop_words: Collection[str], whose: str = "") -> str:
    words = "The most frequent word" if n == 1 else f"The {n:,} most frequent words"
    return words + whose + (", stop words left out" if stop_words else "")


def _height(rows: int) -> float:
    return max(7, 1.8 + 0.26 * rows)


def _airy() -> ConstrainedLayoutEngine:
    return ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.1)


def _new_figure(width: float, height: float) -> Figure:
    """Return a figure of that many inches: pyplot's own where a notebook will show and close it, else one of ours."""
    ipython = sys.modules.get("IPython")
    in_notebook = ipython is not None and ipython.get_ipython() is not None
    make = plt.figure if in_notebook and threading.current_thread() is threading.main_thread() else Figure
    return make(figsize=(width, height), layout=_airy())


def _draw_bars(ax: Axes, top: Sequence[tuple[str, float]], *, rows: int, bar_label: str, longest: int) -> None:
    """Draw (word, value) bars downwards from the first of `rows` places, each value written at its bar."""
    if top:
        words, values = zip(*top, strict=True)
        bars = ax.barh(range(len(top)), values, color=BLUE, height=0.75)
        ax.bar_label(bars, [bar_label.format(value) for value in values], padding=4, fontsize=FONT)
        ax.set_yticks(range(len(top)), [_shown(word, longest) for word in words], parse_math=False)
        ax.set_ylim(rows - 0.5, -0.5)
        ax.margins(x=0.22)  # room for the number at the longest bar
        _count_axis(ax.xaxis)
    else:
        _say(ax, "no words")
    _plain(ax)


def _shown(word: str, longest: int) -> str:
    """Return `word` as a chart can show it: blanks and control characters visible, not too long, no letter lacking."""
    if not word.isprintable() or word != word.strip() or not word:
        word = repr(word)
    if len(word) > longest:
        word = word[: longest - 1] + "…"
    font = font_manager.get_font(font_manager.findfont(font_manager.FontProperties()))
    return "".join(letter if font.get_char_index(ord(letter)) else "□" for letter in word)


def _count_axis(axis: Axis) -> None:
    axis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _name_months(ax: Axes, months: range) -> None:
    """Name at most 9 of the months, at even distances."""
    step = next(step for step in (1, 2, 3, 6, *(12 * 2**power for power in range(9))) if len(months) <= 8 * step)
    named = [month for month in months if month % step == 0]
    ax.set_xticks(named, [f"{month // 12}-{month % 12 + 1:02}" for month in named])


def _say(ax: Axes, text: str) -> None:
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", fontsize=TITLE_FONT)
    ax.set_xticks([])
    ax.set_yticks([])


def _plain(ax: Axes) -> Axes:
    ax.tick_params(labelsize=FONT)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
