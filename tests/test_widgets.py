"""The widgets without a browser: what they draw for each value of their controls, and what a notebook stores."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from enronlib.classroom import predict, session
from enronlib.classroom.session import Note
from enronlib.classroom.widgets import show_gallery, shuffle_stepper
from enronlib.classroom.widgets.oddities import page_of
from enronlib.classroom.widgets.panel import Panel
from enronlib.classroom.widgets.picture import Page, Picture
from enronlib.classroom.widgets.stepper import STEPS, picture_of, run_job, said
from enronlib.sample import QUIRKS

WIDGET = "application/vnd.jupyter.widget-view+json"
LINES = ["the data jump", "the jump", "hide the data", "data hide data"]


def mapper(line: str) -> Iterator[tuple[str, int]]:
    for word in line.split():
        yield word, 1


def reducer(key: str, values: Iterator[int]) -> int:
    return sum(values)


def by_first_letter(word: str, partitions: int) -> int:
    return 0 if word[0] <= "h" else 1


@pytest.fixture(autouse=True)
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENRONLIB_STRICT", raising=False)


@pytest.fixture
def stepper() -> Panel:
    widget = shuffle_stepper(LINES, mapper, reducer, partitioner=by_first_letter)
    assert isinstance(widget, Panel)
    return widget


def words_in(html: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(html).iter("{http://www.w3.org/2000/svg}text")]


def at(step: str, split_size: int = 2, partitions: int = 2) -> list[str]:
    job = run_job(LINES, mapper, reducer, split_size=split_size, partitions=partitions)
    return words_in(picture_of(job, STEPS.index(step)).image)


class TestStepper:
    def test_lines_are_in_their_splits(self) -> None:
        words = at("Lines")
        assert words[words.index("Split 0") + 1 : words.index("Split 1")] == LINES[:2]

    def test_the_mapper_makes_one_pair_of_each_word(self) -> None:
        words = at("Map")
        pairs = words[words.index("Map task 0") + 1 : words.index("Map task 1")]
        assert pairs == ["the 1", "data 1", "jump 1", "the 1", "jump 1"]

    def test_runs_and_results_are_those_of_the_engine(self) -> None:
        job = run_job(LINES, mapper, reducer, split_size=2, partitions=2, partitioner=by_first_letter)
        assert job.run(0, 0) == [("data", 1)]
        assert job.run(0, 1) == [("jump", 1), ("jump", 1), ("the", 1), ("the", 1)]
        assert job.groups(0) == [("data", [1, 1, 1, 1]), ("hide", [1, 1])]
        assert [job.results(partition) for partition in (0, 1)] == [
            [("data", 4), ("hide", 2)],
            [("jump", 2), ("the", 3)],
        ]

    def test_a_combiner_lets_fewer_pairs_travel_and_changes_no_result(self) -> None:
        plain = run_job(LINES, mapper, reducer, split_size=2, partitions=2)
        combined = run_job(LINES, mapper, reducer, reducer, split_size=2, partitions=2)
        assert (plain.traveling, combined.traveling) == (11, 6)
        assert "11 pairs travel" in said(plain, STEPS.index("Shuffle"))
        assert [plain.results(partition) for partition in (0, 1)] == [
            combined.results(partition) for partition in (0, 1)
        ]

    @pytest.mark.parametrize("split_size", [1, 2, 3, 4])
    @pytest.mark.parametrize("partitions", [1, 2, 3, 4])
    def test_every_setting_draws_every_step(self, split_size: int, partitions: int) -> None:
        for step in STEPS:
            words = at(step, split_size=split_size, partitions=partitions)
            assert f"Reduce task {partitions - 1}" in words
            assert f"{'Split' if step == 'Lines' else 'Map task'} {-(-4 // split_size) - 1}" in words

    def test_the_pictures_of_all_steps_have_one_size(self) -> None:
        job = run_job(LINES, mapper, reducer, split_size=1, partitions=3)
        assert len({ElementTree.fromstring(picture_of(job, step).image).attrib["height"] for step in range(6)}) == 1

    def test_a_control_changes_the_picture_and_what_a_screen_reader_says(self, stepper: Panel) -> None:
        before = stepper.picture
        assert stepper.says.startswith("Step 1 of 6, Lines.")
        stepper.values = {**stepper.values, "step": 3}
        assert (
            stepper.says == "Step 4 of 6, Shuffle. 11 pairs travel: each run goes to the reduce task of its partition."
        )
        shuffled = stepper.picture
        assert shuffled != before
        stepper.values = {**stepper.values, "combiner": True}
        assert "6 pairs travel" in stepper.says
        assert stepper.picture != shuffled


class TestGallery:
    @pytest.mark.parametrize("name", sorted(QUIRKS.keys() - {"ordinary"}))
    def test_every_oddity_is_marked(self, name: str) -> None:
        page = page_of(QUIRKS[name])
        assert "<mark" in page.html()
        assert "»" in repr(page)
        assert len(page.html()) < 20_000

    @pytest.mark.parametrize(
        ("name", "marked"),
        [
            ("deep_folder", "»quillfeather-m/agreements/harrow_finch/drafts/old/very_old/2.«"),
            ("broken_header", "»Trading on the new screen«"),
            ("empty_subject", "»Subject: «"),
            ("notes_apostrophe", "»=01«,"),
            ("html_fragment", "»<center>«»<b>«Breaking news»</b>«"),
            ("cyrillic_body", "\\xe4"),
        ],
    )
    def test_the_mark_is_where_the_oddity_is(self, name: str, marked: str) -> None:
        assert marked in repr(page_of(QUIRKS[name]))

    def test_an_ordinary_message_has_no_mark(self) -> None:
        assert "»" not in repr(page_of(QUIRKS["ordinary"]))

    def test_controls_go_from_one_to_the_next(self) -> None:
        gallery = show_gallery(first="broken_header")
        assert isinstance(gallery, Panel)
        assert "Trading on the new screen</mark>" in gallery.picture
        gallery.values = {"number": gallery.values["number"] + 1}
        assert "---- message 24 of the archive ----</mark>" in gallery.picture
        assert QUIRKS["line_before_header"].what in gallery.says

    def test_stored_it_is_one_message(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ENRONLIB_STRICT", "1")
        page = show_gallery(first="broken_header")
        assert isinstance(page, Page)
        assert page.bundle() == page_of(QUIRKS["broken_header"]).bundle()


def lazy_arrays() -> tuple[Any, Callable[[Any], Picture]]:
    """Return Dask's arrays and the function that draws them; skip the test without the extra."""
    array = pytest.importorskip("dask.array")
    from enronlib.classroom.widgets import dask_graph

    return array, dask_graph


class TestLazyGraph:
    def test_every_task_is_a_box_and_every_need_an_arrow(self) -> None:
        array, dask_graph = lazy_arrays()
        picture = dask_graph(array.ones(80, chunks=10).min())
        assert (
            picture.words == "19 tasks: 8 ones_like, then 8 chunk_min, then 2 chunk_min-partial, then 1 min-aggregate"
        )
        assert picture.image.count("<rect") == 19
        assert picture.image.count("<path") == 8 + 8 + 2
        assert re.findall("chunk_min [0-9]", picture.image) == [f"chunk_min {chunk}" for chunk in range(8)]

    def test_nothing_is_computed(self) -> None:
        array, dask_graph = lazy_arrays()
        lazy = array.ones(2, chunks=1).map_blocks(lambda block: 1 / 0, dtype=float)
        assert "then 2 lambda" in dask_graph(lazy).words

    def test_a_graph_that_nobody_could_read_is_refused(self) -> None:
        array, dask_graph = lazy_arrays()
        with pytest.raises(ValueError, match="201 tasks are too many"):
            dask_graph(array.ones(201, chunks=1))


class TestPrediction:
    @pytest.fixture(autouse=True)
    def nothing_predicted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(session, "guesses", {})

    def test_a_click_on_a_choice_is_the_prediction(self) -> None:
        days = ["Friday", "Saturday", 7]
        panel = predict("day", ..., choices=days)
        assert panel.says == "Choose one. It may be wrong."
        assert panel.controls[0]["options"] == ["Friday", "Saturday", "7"]
        panel.values = {"guess": 1}
        assert panel.says == "Noted: 'Saturday'. Read on to see whether you are right."
        panel.values = {"guess": 2}
        assert predict("day", actual=7).text == "You predicted 7, and you were right."

    def test_a_number_is_the_prediction_once_its_button_is_pressed(self) -> None:
        panel = predict("messages", ..., between=(0, 1000))
        assert session.guesses == {}
        panel.values = {"guess": 538}
        assert predict("messages", actual=539).text == "Close! You predicted 538; it is 539."

    @pytest.mark.parametrize(
        ("guess", "form"), [("Saturday", {"choices": ["Friday", "Saturday"]}), (7, {"between": (0, 9)})]
    )
    def test_a_cell_that_runs_again_keeps_the_prediction(self, guess: object, form: dict[str, Any]) -> None:
        predict("thing", guess)
        panel = predict("thing", ..., **form)
        assert panel.says == f"Noted: {guess!r}. Read on to see whether you are right."
        assert predict("thing", actual=guess).text.endswith("you were right.")

    def test_a_prediction_that_is_not_among_the_choices_is_forgotten(self) -> None:
        predict("day", "Sunday")
        assert predict("day", ..., choices=["Friday", "Saturday"]).says == "Choose one. It may be wrong."
        assert session.guesses == {}

    def test_a_guess_in_code_needs_no_widget(self) -> None:
        assert isinstance(predict("day", "Friday", choices=["Friday", "Saturday"]), Note)

    def test_without_a_browser_a_missing_prediction_is_a_note(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ENRONLIB_STRICT", "1")
        assert "A text needs quotes" in predict("day", ..., choices=["Friday", "Saturday"]).text

    @pytest.mark.parametrize(
        ("guess", "actual", "begins"),
        [
            ("saturday ", "Saturday", "You predicted 'saturday ', and you were right."),
            ("True", True, "You predicted 'True', and you were right."),
            (1900, 1361, "You predicted 1900; it is 1361."),
            (11, 12, "You predicted 11; it is 12."),
            (100, 110.0, "Close!"),
            (False, 0.04, "You predicted False; it is 0.04."),
        ],
    )
    def test_it_is_compared_as_a_person_would(self, guess: object, actual: object, begins: str) -> None:
        predict("thing", guess)
        assert predict("thing", actual=actual).text.startswith(begins)


class TestStoredOutput:
    def test_a_live_one_keeps_a_still_picture_beside_the_widget(self, stepper: Panel) -> None:
        data, _ = stepper._repr_mimebundle_()
        assert data.keys() == {WIDGET, "text/html", "text/plain"}
        assert data["text/plain"].startswith("Step 1 of 6, Lines. 2 splits")

    def test_in_tests_and_builds_there_is_only_a_picture_the_same_each_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ENRONLIB_STRICT", "1")
        pictures = [shuffle_stepper(LINES, mapper, reducer) for _ in range(2)]
        bundles = [picture.bundle() for picture in pictures if isinstance(picture, Picture)]
        assert bundles[0] == bundles[1]
        assert bundles[0].keys() == {"image/svg+xml", "text/plain"}
        assert "4 Shuffle" in words_in(bundles[0]["image/svg+xml"])

    def test_a_picture_is_named_for_screen_readers_and_needs_nothing_from_the_network(self, stepper: Panel) -> None:
        root = ElementTree.fromstring(stepper._still.image)
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"].startswith("Step 1 of 6")
        for text in (stepper.picture, str(stepper._esm), str(stepper._css)):
            assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
