"""What a chart shows, read from its Axes, and what a saved chart holds, read from its file."""

import base64
import os
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import ClassVar

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbclient
import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from enronlib import UserError, charts

COUNTS = {"the": 52127, "gas": 900, "and": 29775, "power": 900, "deal": 12}
ODD_WORDS = [
    "$a_b$",
    "$",
    "$x$ and $",
    r"\frac{",
    "_",
    "^",
    "<b>&",
    "",
    " ",
    "\t",
    "日本",
    "हिन्दी",
    "\udc80",
    "x" * 300,
]


def labels(ax: Axes) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def bars(ax: Axes) -> list[Rectangle]:
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def lengths(ax: Axes) -> list[float]:
    return [bar.get_width() for bar in bars(ax)]


def heights(ax: Axes) -> list[float]:
    return [bar.get_height() for bar in bars(ax)]


def marks(ax: Axes) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in np.asarray(ax.lines[0].get_xydata())]


def written(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def subtitle(figure: Figure) -> str:
    (inner,) = figure.subfigs
    return inner.get_suptitle()


def figure_of(chart: Axes | Figure) -> Figure:
    figure = chart if isinstance(chart, Figure) else chart.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def texts(chart: Axes | Figure) -> list[Text]:
    """All texts that are drawn; the ticks beyond the ends of an axis are not."""
    figure = figure_of(chart)
    figure.draw_without_rendering()
    beyond: set[Text] = set()
    for ax in figure.axes:
        for axis, (low, high) in ((ax.xaxis, sorted(ax.get_xlim())), (ax.yaxis, sorted(ax.get_ylim()))):
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            beyond |= {tick.label1 for tick in ticks if not low <= float(tick.get_loc()) <= high}
    found = [text for text in figure.findobj(Text) if isinstance(text, Text) and text not in beyond]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def day(year: int, month: int, day: int = 1) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


LONG = {f"counterparties{i}": 1000 // (i + 1) for i in range(40)}
THIRTEEN = {f"mims-thurston-{i}": {"meeting": 500} | dict.fromkeys(list(LONG)[i : i + 8], 90) for i in range(13)}
CHARTS: dict[str, Callable[[], Axes | Figure]] = {
    "top words": lambda: charts.top_words(LONG),
    "by mailbox": lambda: charts.top_words_by_mailbox({f"mims-thurston-{i}": LONG for i in range(13)}),
    "by month": lambda: charts.mail_per_month([day(1998, 1), day(2002, 3), day(1980, 1)]),
    "distinctive": lambda: charts.distinctive_words(THIRTEEN, stop_words={"the"}, furniture={"com"}),
}


class TestTopWords:
    def test_bars_are_the_counts_largest_first_and_equal_counts_by_word(self) -> None:
        ax = charts.top_words(COUNTS)
        assert labels(ax) == ["the", "and", "gas", "power", "deal"]
        assert lengths(ax) == [52127, 29775, 900, 900, 12]

    def test_the_largest_is_on_top(self) -> None:
        ax = charts.top_words(COUNTS)
        on_screen = [ax.transData.transform((0, bar.get_y()))[1] for bar in bars(ax)]
        assert on_screen == sorted(on_screen, reverse=True)

    def test_each_bar_carries_its_count_with_thousands_separators(self) -> None:
        assert written(charts.top_words(COUNTS, 2)) == ["52,127", "29,775"]

    def test_bars_begin_at_zero(self) -> None:
        assert charts.top_words({"a": 1000, "b": 999}).get_xlim()[0] == 0

    def test_names_the_unit_and_the_number_of_all_words(self) -> None:
        assert charts.top_words(COUNTS, 2).get_xlabel() == "occurrences, of 83,714 words in all"

    def test_title_says_how_many_words(self) -> None:
        assert charts.top_words(COUNTS, 2).get_title() == "The 2 most frequent words"
        assert charts.top_words(COUNTS, 1).get_title() == "The most frequent word"
        assert charts.top_words(COUNTS, 99).get_title() == "The 5 most frequent words"
        assert charts.top_words(COUNTS, title="Words of 2001").get_title() == "Words of 2001"

    def test_words_are_left_out_only_when_asked_and_not_from_the_number_of_all_words(self) -> None:
        ax = charts.top_words(COUNTS, 2, stop_words={"the", "and"}, furniture={"power"})
        assert labels(ax) == ["gas", "deal"]
        assert ax.get_xlabel() == "occurrences, of 83,714 words in all"

    @pytest.mark.parametrize(
        ("stop_words", "furniture", "subtitle"),
        [
            (set(), set(), []),
            ({"the"}, set(), ["left out: stop words"]),
            (set(), {"com"}, ["left out: mail furniture"]),
            ({"the"}, {"com"}, ["left out: stop words, mail furniture"]),
        ],
    )
    def test_the_line_below_the_title_says_what_is_left_out(
        self, stop_words: set[str], furniture: set[str], subtitle: list[str]
    ) -> None:
        for title in (None, "Words of 2001"):
            ax = charts.top_words({"gas": 3}, title=title, stop_words=stop_words, furniture=furniture)
            assert [text for text in written(ax) if text != "3"] == subtitle

    @pytest.mark.parametrize("n", [0, -1])
    def test_fewer_than_one_word_is_refused(self, n: int) -> None:
        with pytest.raises(ValueError, match="1 or more"):
            charts.top_words(COUNTS, n)

    def test_no_counts_gives_a_chart_that_says_so(self) -> None:
        assert written(charts.top_words({})) == ["no words"]
        assert "no words" in written(charts.top_words(COUNTS, stop_words=COUNTS.keys()))

    def test_more_than_20_words_make_the_chart_higher(self) -> None:
        assert figure_of(charts.top_words({str(i): i for i in range(60)}, 60)).get_figheight() > 15

    @given(st.dictionaries(st.text(max_size=8), st.integers(0, 10**9), max_size=30), st.integers(1, 40))
    @settings(max_examples=15, deadline=None)
    def test_any_counts_are_drawn_in_order(self, counts: dict[str, int], n: int) -> None:
        ax = charts.top_words(counts, n, ax=Figure().add_subplot())
        assert lengths(ax) == sorted(counts.values(), reverse=True)[:n]
        ax.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]


class TestOddWords:
    @pytest.mark.parametrize("word", ["$a_b$", "$", "$x$ and $", r"\frac{", "_", "^", "<b>&", "müller", "привет"])
    def test_signs_of_mathematical_notation_and_letters_show_as_they_are(self, word: str) -> None:
        ax = charts.top_words({word: 3})
        assert labels(ax) == [word]
        assert not ax.get_yticklabels()[0].get_parse_math()

    @pytest.mark.parametrize(
        ("word", "shown"), [("", "''"), (" ", "' '"), ("\t", r"'\t'"), ("to\n", r"'to\n'"), ("a\x01", r"'a\x01'")]
    )
    def test_blanks_and_control_characters_are_made_visible(self, word: str, shown: str) -> None:
        assert labels(charts.top_words({word: 3})) == [shown]

    def test_a_letter_the_font_lacks_becomes_a_box(self) -> None:
        assert labels(charts.top_words({"a日本b": 3})) == ["a□□b"]

    def test_a_very_long_word_is_cut(self) -> None:
        (label,) = labels(charts.top_words({"x" * 300: 3}))
        assert label == "x" * 23 + "…"

    def test_drawing_them_warns_of_nothing(self, tmp_path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            charts.save(charts.top_words(dict.fromkeys(ODD_WORDS, 1)), tmp_path / "odd.png")
            charts.save(charts.top_words_by_mailbox({word: {word: 1} for word in ODD_WORDS}), tmp_path / "odd.svg")
            odd = {f"mailbox {word}": {word: 900} for word in ODD_WORDS}
            charts.save(charts.distinctive_words(odd), tmp_path / "odd.png")


class TestTopWordsByMailbox:
    def test_bars_are_occurrences_per_1000_words_of_the_mailbox(self) -> None:
        small, large = charts.top_words_by_mailbox({"small": {"a": 3, "b": 1}, "large": {"a": 100, "b": 300}}).axes
        assert lengths(small) == [750, 250]
        assert lengths(large) == [750, 250]
        assert written(small) == ["750.0", "250.0"]

    def test_all_panels_have_one_scale_and_one_unit(self) -> None:
        figure = charts.top_words_by_mailbox({"even": dict.fromkeys("abcdefgh", 5), "one": {"a": 7}})
        figure.draw_without_rendering()
        even, one = figure.axes
        assert even.get_xlim() == one.get_xlim()
        assert figure.get_supxlabel() == "occurrences per 1,000 words of the mailbox"

    def test_panels_come_in_the_order_given_and_name_mailbox_and_size(self) -> None:
        figure = charts.top_words_by_mailbox({"zipper-a": {"a": 1200}, "$gay_r$": {"b": 2}})
        assert [ax.get_title(loc="right") for ax in figure.axes] == ["zipper-a (1,200 words)", "$gay_r$ (2 words)"]

    def test_stop_words_get_no_bar_but_belong_to_the_mailbox(self) -> None:
        figure = charts.top_words_by_mailbox({"gay-r": {"the": 3, "gas": 1}}, stop_words={"the"})
        assert lengths(figure.axes[0]) == [250]
        assert figure.get_suptitle() == "The 10 most frequent words of each mailbox"
        assert subtitle(figure) == "left out: stop words"

    def test_of_more_than_12_mailboxes_the_largest_12_are_drawn_and_the_title_says_so(self) -> None:
        figure = charts.top_words_by_mailbox({f"m{i}": {"a": i} for i in range(1, 151)})
        assert [ax.get_title(loc="right").split()[0] for ax in figure.axes] == [f"m{i}" for i in range(139, 151)]
        assert subtitle(figure) == "the 12 largest of 150 mailboxes"

    @pytest.mark.parametrize("mailboxes", range(1, 13))
    def test_no_text_touches_another_or_leaves_the_figure(self, mailboxes: int) -> None:
        words = {f"responsibility{i}": 100 - i for i in range(10)}
        figure = charts.top_words_by_mailbox({f"mims-thurston-{i}": words for i in range(mailboxes)})
        assert_nothing_collides(figure)

    def test_an_empty_mailbox_says_so_among_the_others(self) -> None:
        empty, _ = charts.top_words_by_mailbox({"empty": {}, "full": {"a": 1}}).axes
        assert written(empty) == ["no words"]

    def test_no_mailboxes_gives_a_figure_that_says_so(self) -> None:
        assert written(charts.top_words_by_mailbox({}).axes[0]) == ["no mailboxes"]

    def test_fewer_than_one_word_is_refused(self) -> None:
        with pytest.raises(ValueError, match="1 or more"):
            charts.top_words_by_mailbox({"gay-r": COUNTS}, 0)


class TestDistinctiveWords:
    MAILBOXES: ClassVar = {
        "davis-d": {"meeting": 900, "gas": 600, "pipeline": 300, "power": 20},
        "gay-r": {"meeting": 900, "power": 700, "outage": 300, "gas": 20},
    }

    def test_draws_the_words_that_a_mailbox_uses_more_than_the_others(self) -> None:
        davis, gay = charts.distinctive_words(self.MAILBOXES).axes
        assert labels(davis) == ["gas", "pipeline"]
        assert labels(gay) == ["power", "outage"]

    def test_bars_and_marks_are_occurrences_per_1000_words_here_and_in_all_others(self) -> None:
        mailboxes = {"a-x": {"gas": 400, "the": 600}, "b-x": {"gas": 10, "the": 990}, "c-x": {"gas": 50, "the": 2950}}
        a, _, _ = charts.distinctive_words(mailboxes).axes
        assert (labels(a), lengths(a), written(a)) == (["gas"], [400], ["400.0"])
        assert marks(a) == [(15, 0)]

    def test_the_clearest_difference_is_on_top_and_equal_ones_are_in_the_order_of_the_words(self) -> None:
        mailboxes = {"davis-d": {"b": 80, "c": 99, "a": 80, "e": 9}, "gay-r": {"e": 90}}
        assert labels(charts.distinctive_words(mailboxes).axes[0]) == ["c", "a", "b"]
        assert labels(charts.distinctive_words(mailboxes, 2).axes[0]) == ["c", "a"]

    def test_stop_words_and_furniture_and_the_name_of_the_mailbox_are_left_out(self) -> None:
        mailbox = {"the": 900, "com": 900, "davis": 900, "gas": 900}
        figure = charts.distinctive_words(
            {"davis-d": mailbox, "gay-r": {"power": 900}}, stop_words={"the"}, furniture={"com"}
        )
        assert labels(figure.axes[0]) == ["gas"]
        assert subtitle(figure) == "left out: stop words, mail furniture, the mailbox’s own name"
        assert figure.get_suptitle() == "Words each mailbox uses far more than the others"

    def test_a_word_needs_5_occurrences_and_more_than_chance(self) -> None:
        def drawn(gas: int, elsewhere: int) -> list[str]:
            others = {"power": 20000, "gas": elsewhere}
            return labels(charts.distinctive_words({"a-x": {"power": 20000, "gas": gas}, "b-x": others}).axes[0])

        assert drawn(5, 0) == drawn(4, 0) == []
        assert drawn(20, 15) == []
        assert drawn(60, 15) == ["gas"]

    def test_a_word_of_one_mailbox_alone_ranks_below_one_that_others_use_too(self) -> None:
        """What one message repeats, such as a signature or a list, is rarely in another mailbox."""
        rest = {f"m{i}-x": {"filler": 50_000, "gas": 25} for i in range(9)}
        (ax, *_) = charts.distinctive_words({"a-x": {"filler": 9_000, "gas": 200, "telemaque": 250}, **rest}).axes
        assert labels(ax) == ["gas", "telemaque"]

    def test_of_more_than_12_mailboxes_the_largest_12_are_drawn_and_all_are_compared(self) -> None:
        figure = charts.distinctive_words({f"m{i}-x": {"gas": 10 * i, f"deal{i}": 90} for i in range(1, 151)})
        assert [ax.get_title(loc="right").split()[0] for ax in figure.axes] == [f"m{i}-x" for i in range(139, 151)]
        assert subtitle(figure) == "the 12 largest of 150 mailboxes; left out: the mailbox’s own name"

    def test_reads_one_mailbox_at_a_time(self) -> None:
        class Files(Mapping[str, dict[str, int]]):
            read: list[str] = []  # noqa: RUF012

            def __iter__(self) -> Iterator[str]:
                return (f"m{i}-x" for i in range(30))

            def __len__(self) -> int:
                return 30

            def __getitem__(self, mailbox: str) -> dict[str, int]:
                self.read.append(mailbox)
                return {"gas": int(mailbox[1:-2]), mailbox: 90}

        charts.distinctive_words(Files())
        assert len(Files.read) == 30 + 12

    def test_one_mailbox_has_nothing_to_compare_with(self) -> None:
        (ax,) = charts.distinctive_words({"gay-r": COUNTS}).axes
        assert written(ax) == ["no other mailbox to compare with"]

    def test_mailboxes_that_are_empty_alike_or_missing_say_so(self) -> None:
        empty, *alike = charts.distinctive_words({"empty": {}, "a-x": COUNTS, "b-x": COUNTS}).axes
        assert written(empty) == ["no words"]
        assert [written(ax) for ax in alike] == [["no word stands out"]] * 2
        assert [written(ax) for ax in charts.distinctive_words({}).axes] == [["no mailboxes"]]

    @pytest.mark.parametrize("mailboxes", [0, 1, 2, 3, 4, 6, 9, 10, 12])
    def test_no_text_touches_another_or_leaves_the_figure(self, mailboxes: int) -> None:
        figure = charts.distinctive_words(dict(list(THIRTEEN.items())[:mailboxes]), stop_words={"the"})
        assert_nothing_collides(figure)

    def test_the_marks_differ_from_the_bars_in_more_than_colour(self) -> None:
        davis, _ = charts.distinctive_words(self.MAILBOXES).axes
        assert davis.lines[0].get_marker() == "|"

    def test_fewer_than_one_word_is_refused(self) -> None:
        with pytest.raises(ValueError, match="1 or more"):
            charts.distinctive_words(self.MAILBOXES, 0)


class TestMailPerMonth:
    def test_counts_each_month_and_shows_months_without_mail_as_zero(self) -> None:
        ax = charts.mail_per_month([day(2001, 3), day(2000, 12), day(2001, 3), day(2001, 3)])
        assert heights(ax) == [1, 0, 0, 3]
        assert [label.get_text() for label in ax.get_xticklabels()] == ["2000-12", "2001-01", "2001-02", "2001-03"]

    def test_a_month_is_a_month_in_utc(self) -> None:
        new_year_in_houston = datetime(2000, 12, 31, 22, tzinfo=timezone(timedelta(hours=-8)))
        assert heights(charts.mail_per_month([new_year_in_houston, day(2001, 1)])) == [2]

    def test_odd_and_missing_dates_are_left_out_and_their_number_is_said(self) -> None:
        year_one = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9)))
        ax = charts.mail_per_month([day(2001, 5), day(1980, 1), year_one, day(2044, 1), None])
        assert heights(ax) == [1]
        assert ax.get_xlabel() == "month (UTC)\nleft out: 4 without a date in 1997–2002"

    def test_the_years_can_be_chosen(self) -> None:
        ax = charts.mail_per_month([day(1980, 1), day(1980, 2)], years=(1980, 1980))
        assert heights(ax) == [1, 1]
        assert ax.get_xlabel() == "month (UTC)"

    def test_takes_a_column_of_a_table(self) -> None:
        column = pd.Series([day(2001, 5), None, day(2001, 6)], dtype="datetime64[us, UTC]")
        assert heights(charts.mail_per_month(column)) == [1, 1]

    def test_takes_a_generator(self) -> None:
        assert heights(charts.mail_per_month(day(2001, month) for month in (1, 2, 3))) == [1, 1, 1]

    @pytest.mark.parametrize("dates", [[], [None], [day(1980, 1)]])
    def test_no_mail_gives_a_chart_that_says_so(self, dates: list[datetime | None]) -> None:
        assert written(charts.mail_per_month(dates)) == ["no mail"]

    @pytest.mark.parametrize("months", [1, 2, 8, 9, 25, 48, 49, 72, 600])
    def test_at_most_nine_months_are_named_and_none_touches_another(self, months: int) -> None:
        first = pd.Period("1969-02", freq="M")
        dates = [day((first + i).year, (first + i).month) for i in (0, months - 1)]
        ax = charts.mail_per_month(dates, years=(1900, 2100))
        assert len(heights(ax)) == months
        assert 1 <= len(ax.get_xticklabels()) <= 9
        assert_nothing_collides(figure_of(ax))


class TestLooks:
    @pytest.mark.parametrize("name", CHARTS)
    def test_every_letter_is_a_fiftieth_of_the_height_or_more(self, name: str) -> None:
        chart = CHARTS[name]()
        points_high = figure_of(chart).get_figheight() * 72
        assert min(float(text.get_fontsize()) for text in texts(chart)) >= points_high / 50

    @pytest.mark.parametrize("name", CHARTS)
    def test_no_text_touches_another_or_leaves_the_figure(self, name: str) -> None:
        assert_nothing_collides(figure_of(CHARTS[name]()))

    @pytest.mark.parametrize("n", [1, 20, 30, 60])
    def test_any_number_of_words_has_room(self, n: int) -> None:
        counts = {f"{'responsibilities' * 3}{i}": 10**9 - i for i in range(n)}
        assert_nothing_collides(figure_of(charts.top_words(counts, n)))

    @pytest.mark.parametrize("color", [charts.BLUE, charts.VERMILLION])
    def test_colours_stand_out_from_white(self, color: str) -> None:
        """3:1 is what WCAG 2.1 asks of graphics (success criterion 1.4.11)."""
        assert 1.05 / (luminance(color) + 0.05) >= 3

    def test_no_setting_of_other_charts_changes(self, tmp_path: Path) -> None:
        def style() -> dict[str, object]:
            return {name: value for name, value in mpl.rcParams.items() if name != "backend"}

        before = style()
        charts.save(charts.top_words(COUNTS), tmp_path / "top.svg")
        assert style() == before


class TestStyle:
    @pytest.fixture(autouse=True)
    def styled(self) -> Iterator[None]:
        with mpl.rc_context():
            charts.style()
            yield

    def test_any_chart_is_open_and_large_enough_to_read(self) -> None:
        figure, ax = plt.subplots()
        ax.set(title="Mail", xlabel="month", ylabel="messages")
        assert [name for name, spine in ax.spines.items() if spine.get_visible()] == ["left", "bottom"]
        assert {text.get_fontsize() for text in texts(ax)} == {charts.FONT, charts.TITLE_FONT}
        plt.close(figure)

    def test_a_chart_has_a_white_ground_in_a_dark_theme(self) -> None:
        figure = plt.figure()
        assert to_rgb(figure.get_facecolor()) == (1, 1, 1)
        plt.close(figure)

    def test_the_charts_of_the_kit_look_the_same(self, tmp_path: Path) -> None:
        styled = charts.save(charts.top_words(COUNTS), tmp_path / "styled.png").read_bytes()
        with mpl.rc_context(mpl.rcParamsDefault):
            assert charts.save(charts.top_words(COUNTS), tmp_path / "plain.png").read_bytes() == styled

    def test_large_numbers_get_separators(self) -> None:
        ax = Figure().add_subplot()
        ax.plot([0, 12_000])
        charts.thousands(ax.yaxis)
        figure_of(ax).draw_without_rendering()
        assert {"3,000", "12,000"} <= set(labels(ax))

    def test_lines_carry_their_labels_in_their_colors(self) -> None:
        ax = Figure(figsize=(9, 4.5), layout="constrained").add_subplot()
        for factor in (1, 2):
            ax.plot([0, factor], label=f"times {factor}")
        charts.label_lines(ax)
        assert written(ax) == ["times 1", "times 2"]
        assert [text.get_color() for text in ax.texts] == [line.get_color() for line in ax.lines]
        assert_nothing_collides(figure_of(ax))

    def test_a_notebook_shows_them_sharp_at_the_same_size(self) -> None:
        draw = "plt.subplots()\nplt.show()"
        cells = ["import matplotlib.pyplot as plt\nfrom enronlib import charts\ncharts.style()", draw]
        notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
        nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
        (picture,) = notebook.cells[1].outputs
        width, _ = struct.unpack(">2I", base64.b64decode(picture.data["image/png"])[16:24])
        assert width == pytest.approx(2 * picture.metadata["image/png"]["width"], abs=1)


class TestFigures:
    def test_draws_into_the_given_axes(self) -> None:
        ax = Figure().add_subplot()
        assert charts.top_words(COUNTS, ax=ax) is ax
        assert charts.mail_per_month([day(2001, 5)], ax=Figure().add_subplot())

    def test_pyplot_keeps_no_figure_open(self) -> None:
        before = plt.get_fignums()  # other tests of this process may have left some
        for draw in CHARTS.values():
            draw()
        charts.blank()
        assert plt.get_fignums() == before

    def test_threads_draw_and_save_at_the_same_time(self, tmp_path: Path) -> None:
        def draw(number: int) -> bytes:
            return charts.save(charts.top_words(COUNTS), tmp_path / f"{number}.svg").read_bytes()

        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(draw, range(8)))) == 1
        assert mpl.rcParams["svg.fonttype"] == mpl.rcParamsDefault["svg.fonttype"]

    def test_needs_no_display_and_no_setting(self, tmp_path: Path) -> None:
        code = "import sys; from enronlib import charts; charts.save(charts.top_words({'gas': 3}), sys.argv[1])"
        environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "MPLBACKEND")}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, str(tmp_path / "a.png")], env=environment, check=False
        )
        assert done.returncode == 0
        assert (tmp_path / "a.png").stat().st_size > 1000

    def test_a_notebook_shows_each_chart_once(self) -> None:
        cells = [
            "from enronlib import charts",
            "charts.top_words({'gas': 3})",
            "charts.top_words_by_mailbox({'gay-r': {'gas': 3}})",
            "charts.distinctive_words({'gay-r': {'gas': 3}})",
            "charts.top_words({'gas': 3}, ax=charts.blank()).get_title()",
            "import matplotlib.pyplot as plt; plt.get_fignums()",
        ]
        notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
        nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
        pictures = [sum("image/png" in output.get("data", {}) for output in cell.outputs) for cell in notebook.cells]
        assert pictures == [0, 1, 1, 1, 0, 0]
        assert notebook.cells[-1].outputs[0].data["text/plain"] == "[]"


class TestSave:
    def test_png_is_1500_pixels_wide(self, tmp_path: Path) -> None:
        data = charts.save(charts.top_words(COUNTS), tmp_path / "top.png").read_bytes()
        assert struct.unpack(">II", data[16:24]) == (1500, 1050)

    @pytest.mark.parametrize("suffix", ["png", "svg"])
    @pytest.mark.parametrize("name", CHARTS)
    def test_charts_drawn_alike_give_the_same_bytes(self, tmp_path: Path, name: str, suffix: str) -> None:
        path = tmp_path / f"chart.{suffix}"
        first, second = (charts.save(CHARTS[name](), path).read_bytes() for _ in range(2))
        assert first == second

    def test_svg_keeps_words_as_text(self, tmp_path: Path) -> None:
        svg = charts.save(charts.top_words({"gas": 1234, "<b>&": 2}), tmp_path / "top.svg").read_text(encoding="utf-8")
        assert all(f">{text}</text>" in svg for text in ("gas", "1,234", "&lt;b&gt;&amp;", "The 2 most frequent words"))

    @pytest.mark.parametrize("suffix", ["png", "svg"])
    def test_holds_no_version_and_no_date(self, tmp_path: Path, suffix: str) -> None:
        data = charts.save(charts.top_words(COUNTS), tmp_path / f"top.{suffix}").read_bytes()
        assert mpl.__version__.encode() not in data
        assert str(datetime.now(UTC).year).encode() not in data

    def test_returns_the_path_and_makes_its_folder(self, tmp_path: Path) -> None:
        path = tmp_path / "results" / "TOP.PNG"
        assert charts.save(charts.top_words(COUNTS), str(path)) == path
        assert [entry.name for entry in path.parent.iterdir()] == ["TOP.PNG"]

    @pytest.mark.parametrize("name", ["top.pdf", "top", "top.png.txt", ".png"])
    def test_other_suffixes_are_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(UserError, match=r"\.png or \.svg"):
            charts.save(charts.top_words(COUNTS), tmp_path / name)
        assert list(tmp_path.iterdir()) == []

    def test_a_failed_save_leaves_nothing_behind(self, tmp_path: Path) -> None:
        (tmp_path / "top.png").mkdir()
        with pytest.raises(OSError, match="top"):
            charts.save(charts.top_words(COUNTS), tmp_path / "top.png")
        assert [entry.name for entry in tmp_path.iterdir()] == ["top.png"]


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def assert_nothing_collides(figure: Figure) -> None:
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    for number, (name, box) in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0, name
        assert box.x1 <= figure.bbox.x1, name
        assert figure.bbox.y0 <= box.y0, name
        assert box.y1 <= figure.bbox.y1, name
        for other, other_box in boxes[number + 1 :]:
            assert not box.overlaps(other_box), (name, other)
