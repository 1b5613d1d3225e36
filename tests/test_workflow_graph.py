"""The graph of a workflow: what its words and its picture say before, while and after it runs."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import luigi
import pytest

from enronlib import workflow
from enronlib.classroom.widgets import task_graph
from enronlib.classroom.widgets.picture import Picture
from enronlib.classroom.widgets.workflow_graph import LivePicture
from enronlib.sample import write_sample
from enronlib.workflow import graph
from enronlib.workflow.graph import State, TaskGraph
from enronlib.workflow.runner import build

SVG = "{http://www.w3.org/2000/svg}"


class Sing(luigi.Task):
    """Write a file, unless the verse is "bad"."""

    folder = luigi.PathParameter()
    verse = luigi.Parameter()

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(self.folder / f"{self.verse}.txt")

    def run(self) -> None:
        if self.verse == "bad":
            raise ValueError("no voice")
        with self.output().open("w") as file:
            file.write(self.verse)


class Concert(luigi.WrapperTask):
    folder = luigi.PathParameter()
    verses = luigi.ListParameter()

    def requires(self) -> list[Sing]:
        return [Sing(self.folder, verse) for verse in self.verses]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_reported", {})
    monkeypatch.delenv("ENRONLIB_STRICT", raising=False)


@pytest.fixture
def concert(tmp_path: Path) -> Concert:
    return Concert(tmp_path, ["one", "two", "bad"])


def run(task: luigi.Task, workers: int = 1) -> None:
    luigi.build([task], local_scheduler=True, workers=workers, log_level="CRITICAL")


def words_in(image: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(image).iter(f"{SVG}text")]


def states(task: luigi.Task) -> dict[str, State]:
    found = TaskGraph(task)
    return {found.names[each]: state for each, state in found.states.items()}


def test_before_a_run_all_tasks_wait(concert: Concert) -> None:
    assert set(states(concert).values()) == {State.WAITING}


@pytest.mark.parametrize("workers", [1, 2])
def test_after_a_run_a_task_is_done_failed_or_waiting(concert: Concert, workers: int) -> None:
    graph.record_runs()
    run(concert, workers)
    assert states(concert) == {
        "one": State.DONE,
        "two": State.DONE,
        "bad": State.FAILED,
        "Concert": State.WAITING,
    }


def test_what_is_complete_is_done_whatever_happened_in_a_run(concert: Concert, tmp_path: Path) -> None:
    graph.record_runs()
    run(concert)
    (tmp_path / "bad.txt").write_text("sung", encoding="utf-8")
    (tmp_path / "one.txt").unlink()
    assert states(concert)["bad"] is State.DONE
    assert states(concert)["one"] is State.WAITING


def test_a_listener_sees_each_state_of_a_run(concert: Concert) -> None:
    found, seen = TaskGraph(concert), []

    def look() -> None:
        found.follow()
        seen.append(found.count())

    graph.record_runs(look)
    run(concert)
    assert "1 running, 3 waiting" in seen
    assert seen[-1] == "2 done, 1 waiting, 1 failed"


def test_a_users_own_metrics_stay(concert: Concert, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = luigi.configuration.get_config()
    monkeypatch.setattr(settings, "get", lambda *_: "none")
    monkeypatch.setattr(settings, "set", lambda *_: pytest.fail("was changed"))
    graph.record_runs()


def test_words_name_every_family_and_its_tasks_failed_ones_first(concert: Concert) -> None:
    graph.record_runs()
    run(concert)
    assert repr(task_graph(concert)).splitlines() == [
        "4 tasks: 2 done, 1 waiting, 1 failed",
        "Sing: 2 done, 1 failed",
        "    ✘ bad",
        "    ✔ one, two",
        "Concert: 1 waiting",
    ]


def test_words_collapse_150_tasks_but_name_what_failed_or_runs(tmp_path: Path) -> None:
    found = TaskGraph(Concert(tmp_path, [f"verse-{number}" for number in range(150)]))
    found.states |= dict.fromkeys(list(found.states)[1:142], State.DONE)
    found.states |= dict.fromkeys(list(found.states)[80:81], State.FAILED)
    found.states |= dict.fromkeys(list(found.states)[142:144], State.RUNNING)
    assert str(found).splitlines()[1:] == [
        "Sing: 140 done, 2 running, 7 waiting, 1 failed",
        "    ✘ verse-79",
        "    ▶ verse-141, verse-142",
        "    ✔ verse-0, verse-1, verse-2, verse-3, verse-4 and 135 more",
        "    ○ verse-143, verse-144, verse-145, verse-146, verse-147, verse-148, verse-149",
        "Concert: 1 waiting",
    ]


def test_words_name_150_failed_tasks_in_lines_that_fit(tmp_path: Path) -> None:
    found = TaskGraph(Concert(tmp_path, [f"verse-{number}" for number in range(150)]))
    found.states |= dict.fromkeys(list(found.states)[1:], State.FAILED)
    lines = str(found).splitlines()
    assert all(f"verse-{number}" in str(found) for number in range(150))
    assert max(map(len, lines)) <= 100
    assert not any(line.endswith("-") for line in lines)  # no name is broken


def test_the_picture_shows_each_task_with_its_sign(concert: Concert) -> None:
    graph.record_runs()
    run(concert)
    picture = task_graph(concert)
    assert isinstance(picture, Picture)
    words = words_in(picture.image)
    assert float(ElementTree.fromstring(picture.image).attrib["width"]) >= 400  # room for the legend
    assert words[words.index("bad") - 1] == "✘"
    assert words[words.index("one") - 1] == "✔"
    assert words[words.index("Concert") - 1] == "○"


def test_150_tasks_become_squares_that_fit_on_a_page_and_name_what_failed(tmp_path: Path) -> None:
    verses = [f"verse-{number}" for number in range(149)]
    concert = Concert(tmp_path, [*verses, "bad"])
    graph.record_runs()
    run(concert)
    picture = task_graph(concert)
    assert isinstance(picture, Picture)
    root = ElementTree.fromstring(picture.image)
    assert {"Sing × 150", "149 done, 1 failed", "bad"} <= set(words_in(picture.image))
    assert float(root.attrib["height"]) < 400
    assert float(root.attrib["width"]) < 620
    assert len(repr(picture)) < 600


def test_a_real_workflow_has_its_families_in_the_order_of_the_work(tmp_path: Path) -> None:
    maildir = write_sample(tmp_path / "sample", messages=240, broken_mailbox=True)
    task = workflow.DrawCharts(maildir, tmp_path / "processed", tmp_path / "results")
    task_graph(task)
    build(task, workers=2, progress=False)
    found = TaskGraph(task)
    assert [group.family for group in found.groups][:2] == ["ProcessMailbox", "MapMailbox"]
    assert found.groups[-1].family == "DrawCharts"
    failed = [found.names[each] for each, state in found.states.items() if state is State.FAILED]
    assert failed == ["sumwell-r"]
    assert found.count(*found.groups[1].tasks) == "11 done, 1 waiting"


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a notebook is told to show, instead of the notebook: the words of each picture."""
    shown: list[str] = []
    for name in ("display", "update_display"):
        monkeypatch.setattr(
            f"enronlib.classroom.widgets.workflow_graph.{name}", lambda bundle, **_: shown.append(bundle["text/plain"])
        )
    yield shown
    graph.record_runs()


def test_a_live_picture_is_drawn_again_while_luigi_works(concert: Concert, displayed: list[str]) -> None:
    picture = task_graph(concert, live=True)
    assert isinstance(picture, LivePicture)
    picture._ipython_display_()
    run(concert)
    first_lines = [words.splitlines()[0] for words in displayed]
    assert first_lines[0] == "4 tasks: 4 waiting"
    assert "4 tasks: 1 running, 3 waiting" in first_lines
    assert first_lines[-1] == "4 tasks: 2 done, 1 waiting, 1 failed"


def test_a_stored_picture_does_not_move_and_is_an_image(concert: Concert, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENRONLIB_STRICT", "1")
    picture = task_graph(concert, live=True)
    assert isinstance(picture, Picture)
    assert picture.bundle().keys() == {"image/svg+xml", "text/plain"}
    assert picture.bundle() == task_graph(concert).bundle()  # type: ignore[union-attr]
