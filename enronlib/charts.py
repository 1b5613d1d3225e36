"""Charts of word counts and of dates, legible from the last row of a classroom.

No text is smaller than FONT points. In a chart of up to 20 words, or of 12 mailboxes with up to 10 words each, that is
at least a fiftieth of its height: the "8H rule" for projected text (https://www.pptfaq.com/FAQ01263.htm). The colours
are from Okabe and Ito's palette, which is safe for colour-blind readers (https://jfly.uni-koeln.de/color/). Both are
set on the chart itself; your other charts do not change, unless you call `style`, which gives them the same look.

In a notebook a chart is shown once, below its cell. Elsewhere (a script, a worker process, a thread) nothing is shown
and pyplot keeps no figure open: pass the chart to `save`. Draw into `blank()` what a notebook should not show.
"""

import heapq
import io
import math
import sys
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from matplotlib.transforms import ScaledTranslation

from enronlib import UserError
from enronlib.counts import log_odds
from enronlib.files import write_bytes
from enronlib.processes import in_notebook
from enronlib.words import tokens

__all__ = [
    "BLUE",
    "GREY",
    "VERMILLION",
    "blank",
    "distinctive_words",
    "label_lines",
    "mail_per_month",
    "save",
    "style",
    "thousands",
    "top_words",
    "top_words_by_mailbox",
]

BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#595959"
GREEN, PURPLE, SKY, ORANGE = "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
FONT, TITLE_FONT = 13, 16  # points
STYLE: dict[Any, Any] = {
    "figure.figsize": (9, 4.5),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",  # not the notebook's own color: black text stays legible in a dark theme
    "savefig.facecolor": "white",
    "font.size": FONT,
    "axes.titlesize": TITLE_FONT,
    "axes.labelsize": FONT,
    "figure.labelsize": FONT,
    "figure.titlesize": TITLE_FONT,
    "xtick.labelsize": FONT,
    "ytick.labelsize": FONT,
    "legend.fontsize": FONT,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "lines.linewidth": 2.5,
    "lines.markersize": 7,
    "axes.prop_cycle": cycler(color=[BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, GREY]),
}
"""Matplotlib's settings for the look of these charts."""
DOTS_PER_INCH = 150
MOST_PANELS = 12
FEWEST_OCCURRENCES = 5  # of a distinctive word: fewer may be one message
LEAST_SCORE = 2  # of a distinctive word: z-scores below 2 are common by chance alone

_saving = threading.Lock()


def top_words(
    counts: Mapping[str, int],
    n: int = 20,
    *,
    stop_words: Collection[str] = (),
    furniture: Collection[str] = (),
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the `n` most frequent words as bars, the largest on top, each with its count; equal counts by word.

    `counts` are the occurrences of each word. The words in `stop_words` and `furniture` get no bar, as the line below
    the title says, but they are included in "all words" below the chart. Raises ValueError for n < 1.
    """
    top = _highest(counts, n, {*stop_words, *furniture})
    ax = ax or _new_figure(10, _height(len(top))).add_subplot()
    _draw_bars(ax, top, rows=len(top), bar_label="{:,}", longest=24, empty="no words")
    ax.set_xlabel(f"occurrences, of {sum(counts.values()):,} words in all", fontsize=FONT)
    _set_title(ax, title or _top_title(len(top) or n), _left_out(stop_words, furniture))
    return ax


def top_words_by_mailbox(
    counts_by_mailbox: Mapping[str, Mapping[str, int]],
    n: int = 10,
    *,
    stop_words: Collection[str] = (),
    furniture: Collection[str] = (),
) -> Figure:
    """Draw the `n` most frequent words of each mailbox, one panel per mailbox, in the order given.

    Mailboxes differ in size by a factor of a hundred, so the bars show occurrences per 1,000 words of the mailbox (all
    words, also those left out), on one scale: equal bars mean equally frequent words. Of more than 12 mailboxes, the 12
    with the most words are drawn, as the line below the title says. Raises ValueError for n < 1.
    """
    sizes = {mailbox: sum(counts.values()) for mailbox, counts in counts_by_mailbox.items()}
    tops = {
        mailbox: _per_1000(_highest(counts_by_mailbox[mailbox], n, {*stop_words, *furniture}), sizes[mailbox])
        for mailbox in _largest(sizes)
    }
    figure = _panels(tops, sizes, _top_title(n, " of each mailbox"), _left_out(stop_words, furniture), "no words")
    figure.supxlabel("occurrences per 1,000 words of the mailbox", fontsize=FONT)
    return figure


def distinctive_words(
    counts_by_mailbox: Mapping[str, Mapping[str, int]],
    n: int = 8,
    *,
    stop_words: Collection[str] = (),
    furniture: Collection[str] = (),
) -> Figure:
    """Draw the `n` words that each mailbox uses most clearly more often than all others, one panel per mailbox.

    The words are in the order of their `counts.log_odds`, the clearest difference on top; the words in `stop_words` and
    `furniture`, and a mailbox's own name, are not compared. A bar shows occurrences per 1,000 words of the mailbox, the
    mark on it the same for all other mailboxes together. Of more than 12 mailboxes, the 12 with the most words are
    drawn, and all are compared. A word needs 5 occurrences in the mailbox and a score of 2.

    Counts do not show how many messages a word is in: what one long message repeats may be drawn if other mailboxes
    contain it too. `counts_by_mailbox` is read at most twice, one mailbox at a time: its values may be read from files
    on demand. Raises ValueError for n < 1.
    """
    total: Counter[str] = Counter()
    sizes = {}
    for mailbox, counts in counts_by_mailbox.items():
        total.update(counts)
        sizes[mailbox] = sum(counts.values())
    leave_out = {*stop_words, *furniture}
    compared = {word: count for word, count in total.items() if word not in leave_out}

    bars, marks = {}, {}
    for mailbox in _largest(sizes):
        counts = counts_by_mailbox[mailbox]
        here = {word: count for word, count in counts.items() if word in compared}
        scores = log_odds(here, compared, least=FEWEST_OCCURRENCES)
        clear = {word: z for word, z in scores.items() if z >= LEAST_SCORE}
        words = [word for word, _ in _highest(clear, n, tokens(mailbox))]
        bars[mailbox] = _per_1000([(word, counts[word]) for word in words], sizes[mailbox])
        others = [(word, total[word] - counts[word]) for word in words]
        marks[mailbox] = _per_1000(others, sum(sizes.values()) - sizes[mailbox])

    title = "Words each mailbox uses far more than the others"
    empty = "no word stands out" if len(sizes) > 1 else "no other mailbox to compare with"
    figure = _panels(bars, sizes, title, _left_out(stop_words, furniture, "the mailbox’s own name"), empty)
    for ax, rates in zip(figure.axes, marks.values(), strict=False):
        ax.plot([rate for _, rate in rates], range(len(rates)), "|", color=VERMILLION, markersize=11, markeredgewidth=4)
    figure.supxlabel(
        "bar: occurrences per 1,000 words of the mailbox; mark: the same in all other mailboxes\n"
        "clearest difference first: log-odds with a prior (Monroe, Colaresi and Quinn 2008)",
        fontsize=FONT,
    )
    return figure


def mail_per_month(
    dates: Iterable[datetime | None], *, years: tuple[int, int] = (1997, 2002), ax: Axes | None = None
) -> Axes:
    """Draw the number of messages in each month (UTC), from the first month with mail to the last.

    `dates` are timezone-aware. Those outside `years` (first and last, both included) come from wrong clocks and
    placeholders; they and missing dates (None) get no bar, and the chart gives their number.
    """
    import pandas as pd  # costly, and the other charts do without

    when = pd.to_datetime(pd.Series(dates), utc=True, errors="coerce")
    inside = when[when.dt.year.between(*years)]
    messages = Counter((12 * inside.dt.year + inside.dt.month - 1).astype(int))  # by months since the year 0
    ax = ax or _new_figure(10, 7).add_subplot()
    if messages:
        months = range(min(messages), max(messages) + 1)
        ax.bar(months, [messages[month] for month in months], color=BLUE, width=0.85)
        _label_months(ax, months)
        thousands(ax.yaxis)
    else:
        _say(ax, "no mail")
    left_out = len(when) - len(inside)
    note = f"\nleft out: {left_out:,} without a date in {years[0]}–{years[1]}" if left_out else ""
    ax.set_xlabel("month (UTC)" + note, fontsize=FONT)
    ax.set_ylabel("messages per month", fontsize=FONT)
    ax.set_title("Mail per month", fontsize=TITLE_FONT)
    ax.tick_params(labelsize=FONT)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def style() -> None:
    """Give every chart that is drawn from now on the look of the charts here: legible from the last row.

    In a notebook, charts also get twice as many pixels, for a sharp picture on a high-resolution screen.
    """
    mpl.rcParams.update(STYLE)
    if in_notebook():
        from matplotlib_inline.backend_inline import set_matplotlib_formats  # part of every IPython

        set_matplotlib_formats("retina")  # type: ignore[no-untyped-call]


def thousands(axis: Axis) -> None:
    """Label an axis, `ax.xaxis` or `ax.yaxis`, with whole numbers with separators: 12,000."""
    axis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def label_lines(ax: Axes) -> None:
    """Write the label of each line beside its right end, in its color: easier to read than a legend."""
    for line in ax.lines:
        end: tuple[float, float] = line.get_xydata()[-1]  # type: ignore[index, assignment]
        text = ax.annotate(str(line.get_label()), end, (8, 0), textcoords="offset points", annotation_clip=False)
        text.set(color=line.get_color(), weight="bold", va="center")


def blank(rows: int = 20) -> Axes:
    """Return empty Axes with room for `rows` bars, for a chart that only goes to a file: no notebook shows them."""
    return Figure(figsize=(10, _height(rows)), layout=_layout()).add_subplot()


def save(chart: Axes | Figure, path: str | Path) -> Path:
    """Write the figure of `chart` as PNG or SVG, by the suffix of `path`, and return the path.

    Equal charts give equal bytes: the file contains no date and no version. An SVG keeps its words as text. Missing
    folders are created, and the file appears whole or not at all. Raises UserError for any other suffix.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg"):
        raise UserError(f"cannot write a chart as {path.name}: use a name that ends in .png or .svg")
    figure = chart if isinstance(chart, Figure) else cast(Figure, chart.get_figure(root=True))
    no_version = {"Software": None} if kind == "png" else {"Creator": None, "Date": None}
    picture = io.BytesIO()
    with _saving, mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "enronlib"}):
        figure.savefig(picture, format=kind, dpi=DOTS_PER_INCH, metadata=no_version)
    return write_bytes(path, picture.getvalue())


def _highest(counts: Mapping[str, float], n: int, leave_out: Collection[str] = ()) -> list[tuple[str, float]]:
    if n < 1:
        raise ValueError(f"n is the number of words to draw: 1 or more, not {n}")
    wanted = (item for item in counts.items() if item[0] not in leave_out)
    return heapq.nsmallest(n, wanted, key=lambda item: (-item[1], item[0]))


def _largest(sizes: Mapping[str, int]) -> list[str]:
    """Return the mailboxes that are drawn, in the order given."""
    drawn = dict(_highest(sizes, MOST_PANELS))
    return [mailbox for mailbox in sizes if mailbox in drawn]


def _per_1000(counts: Iterable[tuple[str, float]], size: int) -> list[tuple[str, float]]:
    return [(word, 1000 * count / max(size, 1)) for word, count in counts]


def _top_title(n: int, whose: str = "") -> str:
    return ("The most frequent word" if n == 1 else f"The {n:,} most frequent words") + whose


def _left_out(stop_words: Collection[str], furniture: Collection[str], *others: str) -> str:
    names = [*["stop words"] * bool(stop_words), *["mail furniture"] * bool(furniture), *others]
    return f"left out: {', '.join(names)}" if names else ""


def _set_title(ax: Axes, title: str, subtitle: str) -> None:
    ax.set_title(title, fontsize=TITLE_FONT, pad=24 if subtitle else 6, parse_math=False)
    if subtitle:
        above = ax.transAxes + ScaledTranslation(0, 5 / 72, ax.figure.dpi_scale_trans)
        ax.text(0.5, 1, subtitle, transform=above, ha="center", fontsize=FONT, color=GREY)


def _height(rows: int) -> float:
    return max(7, 1.8 + 0.26 * rows)


def _layout() -> ConstrainedLayoutEngine:
    return ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.06)


def _new_figure(width: float, height: float) -> Figure:
    """Return a figure of that many inches: pyplot's own where a notebook will show and close it, else one of ours."""
    if in_notebook() and threading.current_thread() is threading.main_thread():
        import matplotlib.pyplot as plt  # only a notebook needs it

        return plt.figure(figsize=(width, height), layout=_layout())
    return Figure(figsize=(width, height), layout=_layout())


def _panels(
    bars: Mapping[str, Sequence[tuple[str, float]]],
    sizes: Mapping[str, int],
    title: str,
    left_out: str,
    empty: str,
) -> Figure:
    """Draw the (word, value) bars of each mailbox in a panel, all on one scale; `sizes` are in words."""
    rows = max(4, max(map(len, bars.values()), default=0))
    columns = 4 if len(bars) > 9 else min(len(bars), 3) or 1
    lines = math.ceil(len(bars) / columns) or 1
    figure = _new_figure(max(10, 3.7 * columns), 1 + lines * (0.55 + 0.212 * rows))
    inner = cast(SubFigure, figure.subfigures())  # the title of a figure within the figure is the subtitle
    first = None
    for place, (mailbox, top) in enumerate(bars.items(), start=1):
        ax = inner.add_subplot(lines, columns, place, sharex=first)
        first = first or ax
        _draw_bars(ax, top, rows=rows, bar_label="{:,.1f}", longest=14, empty=empty if sizes[mailbox] else "no words")
        label = f"{_shown(mailbox, 16)} ({sizes[mailbox]:,} words)"
        # Without y, matplotlib looks for a free place each time it draws, which takes a sixth of the time.
        ax.set_title(label, loc="right", y=1, fontsize=FONT, parse_math=False)
    largest = f"the {len(bars)} largest of {len(sizes):,} mailboxes" if len(sizes) > len(bars) else ""
    if not bars:
        _say(inner.add_subplot(), "no mailboxes")
    figure.suptitle(title, fontsize=TITLE_FONT)
    inner.suptitle("; ".join(filter(None, (largest, left_out))), fontsize=FONT, color=GREY)
    if plt := sys.modules.get("matplotlib.pyplot"):
        plt.close(figure)  # or a notebook would show it twice: as an open figure and as the value of the cell
    return figure


def _draw_bars(
    ax: Axes, top: Sequence[tuple[str, float]], *, rows: int, bar_label: str, longest: int, empty: str
) -> None:
    """Draw (word, value) bars downwards from the first of `rows` places, each with its value; say `empty` if none."""
    if not top:
        _say(ax, empty)
        return
    words, values = zip(*top, strict=True)
    bars = ax.barh(range(len(top)), values, color=BLUE, height=0.75)
    ax.bar_label(bars, [bar_label.format(value) for value in values], padding=4, fontsize=FONT)
    ax.set_yticks(range(len(top)), [_shown(word, longest) for word in words], parse_math=False)
    ax.set_ylim(rows - 0.5, -0.5)
    ax.margins(x=0.22)  # room for the number at the longest bar
    ax.tick_params(labelsize=FONT, left=False)
    ax.set_xticks([])
    ax.spines[["top", "right", "bottom"]].set_visible(False)


def _shown(word: str, longest: int) -> str:
    """Return `word` as a chart can show it: spaces and control characters visible, not too long, no missing glyphs."""
    if not word.isprintable() or word != word.strip() or not word:
        word = repr(word)
    if len(word) > longest:
        word = word[: longest - 1] + "…"
    font = font_manager.get_font(font_manager.findfont(font_manager.FontProperties()))
    return "".join(character if font.get_char_index(ord(character)) else "□" for character in word)


def _label_months(ax: Axes, months: range) -> None:
    """Label at most 9 of the months, at equal distances."""
    step = next(step for step in (1, 2, 3, 6, *(12 * 2**power for power in range(9))) if len(months) <= 8 * step)
    labelled = [month for month in months if month % step == 0]
    ax.set_xticks(labelled, [f"{month // 12}-{month % 12 + 1:02}" for month in labelled])


def _say(ax: Axes, text: str) -> None:
    """Write `text` where the bars would be."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", fontsize=TITLE_FONT)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
