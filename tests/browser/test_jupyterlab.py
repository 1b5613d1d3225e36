"""The lessons in a real JupyterLab in a real browser, handled as a student handles them.

The students' copies are run. The solved lessons are shown with their stored outputs, which `pytest --nbval` compares
with those of a run.

Skipped where there is no Chromium, Chrome or Edge. If the environment variable ENRONLIB_SCREENSHOTS names a folder, a
picture of each whole lesson is written to it: solved in the light theme, unsolved in the dark one.
"""

import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from enronlib.classroom.authoring.notebook import code_cells, exercise_name, read_notebook, role
from enronlib.classroom.extras import NEEDS
from enronlib.classroom.grading.submit import pack_submission

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
# Without the last lessons, which take long: a browser shows nothing in them that it does not show in the others.
LEFT_OUT = {*NEEDS, "11_luigi_in_depth", "15_events", "16_workers_that_die"}
SOLVED = sorted(path.stem for path in NOTEBOOKS.glob("solutions/*.ipynb") if path.stem not in LEFT_OUT)
HANDLED = ["00_start_here", "02_parse_one_email"]  # those in which cells are duplicated, split, and so on
UNSOLVED = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb") if path.stem not in {*LEFT_OUT, *HANDLED})

Opener = Callable[[str], "Tab"]

SECONDS = 1000  # Playwright counts in milliseconds
PATIENCE = 60 * SECONDS  # for a page or a click
POLLING = SECONDS / 10  # Playwright's default, at every frame, keeps the browser drawing while a lesson runs
LONGEST_RUN = 240 * SECONDS  # for all cells of a lesson, on a busy machine
WIDTH, HEIGHT = 1280, 900  # pixels, as on a small laptop
SMALLEST_CHART = 150  # pixels
READABLE = 4.5  # contrast of text with its background (WCAG 2.2, 1.4.3)
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of all lessons."""
    ignored = shutil.ignore_patterns(".*", "source", "work", "*.py", "__pycache__")
    return Path(shutil.copytree(NOTEBOOKS, tmp_path_factory.mktemp("lab") / "lessons", ignore=ignored))


@pytest.fixture(scope="module")
def address(lessons: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a JupyterLab with its own home, settings and sample mail."""
    home = tmp_path_factory.mktemp("home")
    settings = home / "settings"
    notifications = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    notifications.parent.mkdir(parents=True)
    notifications.write_text('{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8")
    places = {
        "HOME": home,
        "XDG_CACHE_HOME": home / "cache",
        "IPYTHONDIR": home / "ipython",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": settings,
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ENRON", "JUPYTER"))}
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        f"--ServerApp.root_dir={lessons}",
        "--LabApp.expose_app_in_browser=True",  # window.jupyterapp: says when a command has ended
        "--LabApp.extension_manager=readonly",  # asks no registry
    ]
    log = home / "log.txt"
    with log.open("wb") as file:
        environment = inherited | {name: str(place) for name, place in places.items()}
        server = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    try:
        found = wait_for_server(home / "runtime")
        assert found, log.read_text(encoding="utf-8")
        yield f"{found['url']}lab?reset&token={found['token']}"
    finally:
        server.kill()  # asked to end, it may wait forever for one of its threads
        server.wait()


def wait_for_server(runtime: Path) -> dict[str, str]:
    """Return what a Jupyter server writes about itself to a file once it listens; empty if it never does."""
    end = time.monotonic() + PATIENCE / SECONDS
    while time.monotonic() < end:
        for path in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(ValueError):  # the file is being written
                found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
                return found
        time.sleep(0.1)
    return {}


@pytest.fixture(scope="module")
def lab(browser: Browser, address: str) -> Page:
    """JupyterLab in the browser."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page.goto(address)
    page.wait_for_function("window.jupyterapp?.shell.currentWidget", polling=POLLING)
    page.evaluate(WATCH)
    return page


WATCH = """() => {
    window.ended = [];
    window.jupyterapp.commands.commandExecuted.connect((_, command) =>
        command.result.then(() => window.ended.push(command.id)));
}"""
OPEN = "path => { window.jupyterapp.commands.execute('docmanager:open', {path}) }"
IS_READY = """path => {
    const panel = window.jupyterapp.shell.currentWidget;
    return panel?.context?.path === path && panel.sessionContext.session?.kernel?.status === "idle";
}"""
CLOSE = """async () => {
    for (const panel of [...window.jupyterapp.shell.widgets("main")]) {
        await panel.sessionContext?.shutdown();
        panel.dispose();
    }
}"""
WHOLE_HEIGHT = """() => {  // of a window that shows all cells; until they are drawn theirs is a guess
    const cells = [...document.querySelectorAll(".jp-Notebook-cell")];
    cells.forEach(cell => { cell.style.contentVisibility = "visible"; });
    const panel = document.querySelector(".jp-WindowedPanel-outer");
    panel.scrollTo(0, 0);
    const below = window.innerHeight - panel.getBoundingClientRect().bottom;
    return Math.ceil(cells.at(-1).getBoundingClientRect().bottom + below) + 10;
}"""
ALL_IMAGES_SHOW = "() => [...document.querySelectorAll('.jp-Notebook img')].every(image => image.naturalWidth > 0)"
IDS = "() => [...window.jupyterapp.shell.currentWidget.content.model.cells].map(cell => cell.id)"


@pytest.fixture
def open_lesson(lab: Page, lessons: Path) -> Iterator[Opener]:
    """Opens a lesson as it is handed out, by its path from the folder of the lessons. Its kernel ends with the test."""

    def open_(path: str) -> Tab:
        shutil.copyfile(NOTEBOOKS / path, lessons / path)
        lab.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        lab.evaluate(OPEN, path)
        lab.wait_for_function(IS_READY, arg=path, polling=POLLING)
        return Tab(lab, lessons / path)

    yield open_
    lab.keyboard.press("Escape")  # leaves a menu or a dialog, if a test failed in one
    lab.evaluate(CLOSE)


class Tab:
    """A lesson open in JupyterLab; `path` is its file."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.path = path

    def menu(self, name: str, item: str, ends_with: str, timeout: float = PATIENCE) -> None:
        """Choose an item of a menu and wait until this command of JupyterLab has ended."""
        self.page.evaluate("window.ended = []")
        self.page.get_by_role("menuitem", name=name, exact=True).click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()
        if item.endswith("…"):
            self.page.get_by_role("dialog").locator(".jp-mod-accept").click()
        ended = "id => window.ended.includes(id)"
        self.page.wait_for_function(ended, arg=ends_with, timeout=timeout, polling=POLLING)

    def run_all(self) -> None:
        self.menu("Run", "Run All Cells", "notebook:run-all-cells", LONGEST_RUN)

    def restart_and_run_all(self) -> None:
        self.menu("Kernel", "Restart Kernel and Run All Cells…", "notebook:run-all-cells", LONGEST_RUN)

    def save(self) -> Any:
        """Save the lesson and return the notebook that is then on the disk."""
        self.menu("File", "Save Notebook", "docmanager:save")
        return read_notebook(self.path)

    def cell(self, name: str) -> Locator:
        """Return the cell with this id."""
        return self.page.locator(".jp-Notebook-cell").nth(self.page.evaluate(IDS).index(name))

    def output(self, name: str) -> Locator:
        """Return what is shown under the cell with this id."""
        return self.cell(name).locator(".jp-OutputArea")

    def write(self, name: str, text: str) -> None:
        """Replace the text of a cell."""
        self.cell(name).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def press(self, name: str, keys: Iterable[str]) -> None:
        """Select a cell, as by a click beside it, and press keys."""
        self.cell(name).scroll_into_view_if_needed()  # a cell that is off the screen may not be drawn yet
        self.cell(name).locator(".jp-InputArea-prompt").click()
        expect(self.cell(name)).to_have_class(re.compile(r"\bjp-mod-active\b"))  # keys go to the active cell
        expect(self.page.locator(".jp-Notebook.jp-mod-commandMode")).to_have_count(1)
        for key in keys:
            self.page.keyboard.press(key)

    def change_theme(self, theme: str) -> None:
        self.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        self.page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    def photograph(self, path: Path, width: int = WIDTH) -> None:
        """Take a picture of the whole lesson."""
        for _ in range(2):  # a first look draws what had no size yet
            self.page.set_viewport_size({"width": width, "height": self.page.evaluate(WHOLE_HEIGHT)})
        self.page.screenshot(path=path)


@pytest.fixture
def pictures() -> Path | None:
    """The folder for the screenshots, if they are wanted; they take longer than the tests."""
    if not (wanted := os.environ.get("ENRONLIB_SCREENSHOTS")):
        return None
    folder = Path(wanted)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def identity(book: Any) -> list[Any]:
    """Return all that `pytest --nbval`, a grader and `build` know a notebook by: everything but outputs."""
    cells = [(cell.id, cell.cell_type, cell.source, dict(cell.metadata)) for cell in book.cells]
    return [book.metadata["enronlib"], *cells]


def assert_shown(tab: Tab, given: Any) -> None:
    """Hold that a lesson shows all its pictures and no error, and that saving it changed nothing but outputs."""
    saved = tab.save()
    assert [out for cell in code_cells(saved) for out in cell.outputs if out.output_type == "error"] == []
    assert identity(saved) == identity(given)
    expect(tab.page.locator(".jp-RenderedMermaid img")).to_have_count(graphs(saved))
    tab.page.wait_for_function(ALL_IMAGES_SHOW)
    for cell in code_cells(saved):
        if cell.source.rstrip().endswith("plt.show()"):
            size = tab.output(cell.id).locator("img").bounding_box()
            assert size is not None
            assert min(size["width"], size["height"]) >= SMALLEST_CHART


def graphs(book: Any) -> int:
    """Return how many graphs in the language Mermaid a notebook holds, in its text and in its outputs."""
    in_text = sum(cell.source.count("```mermaid") for cell in book.cells if cell.cell_type == "markdown")
    outputs = (output.get("data", {}) for cell in code_cells(book) for output in cell.outputs)
    return int(in_text) + sum("text/vnd.mermaid" in output for output in outputs)


@pytest.mark.parametrize("lesson", SOLVED)
def test_a_solved_lesson_shows_its_results_and_all_its_checks_say_correct(
    lesson: str, open_lesson: Opener, pictures: Path | None
) -> None:
    tab = open_lesson(f"solutions/{lesson}.ipynb")
    given = read_notebook(tab.path)
    assert_shown(tab, given)
    for check in code_cells(given, "check"):
        expect(tab.output(check.id)).to_contain_text("✔ Correct.")
    if pictures:
        tab.change_theme(LIGHT)
        tab.photograph(pictures / f"{lesson}_solved.png")


@pytest.mark.parametrize("lesson", UNSOLVED)
def test_an_unsolved_lesson_runs_and_says_what_is_not_attempted(
    lesson: str, open_lesson: Opener, pictures: Path | None
) -> None:
    assert_runs_unsolved(open_lesson(f"{lesson}.ipynb"), pictures)


def assert_runs_unsolved(tab: Tab, pictures: Path | None) -> None:
    """Run a lesson that nobody has worked on; hold that it shows all that it should, and no answer as right."""
    given = read_notebook(tab.path)
    assert [cell.outputs for cell in code_cells(given) if cell.outputs] == []  # all that is seen is of this run
    tab.run_all()
    assert_shown(tab, given)
    for check in code_cells(given, "check"):
        verdict = "○ Not attempted:" if check.metadata["enronlib"]["points"] else "✔ Correct."
        expect(tab.output(check.id)).to_contain_text(verdict)
    if pictures:
        tab.change_theme(DARK)
        tab.photograph(pictures / f"{tab.path.stem}.png")
        tab.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


WIDGETS = {
    "stepper": """
from enronlib.classroom.widgets import shuffle_stepper

def mapper(line):
    return [(word, 1) for word in line.split()]

def reducer(key, values):
    return sum(values)

shuffle_stepper(["the data jump", "the jump", "hide the data", "data hide data"], mapper, reducer)""",
    "choice": """
from enronlib.classroom import predict

predict("day", ..., choices=["Friday", "Saturday"])""",
    "number": 'predict("messages", ..., between=(0, 1000))',
    "compared": 'predict("day", actual="Saturday"), predict("messages", actual=100)',
    "graph": """
import luigi
from enronlib.classroom.widgets import task_graph

class Sing(luigi.Task):
    verse = luigi.Parameter()

    def output(self):
        return luigi.LocalTarget(f"{self.verse}.txt")

    def run(self):
        assert self.verse != "bad"
        self.output().open("w").close()

class Concert(luigi.WrapperTask):
    def requires(self):
        return Sing("good"), Sing("bad")

task_graph(Concert(), live=True)""",
    "run": 'luigi.build([Concert()], local_scheduler=True, log_level="CRITICAL")',
}


def test_a_click_on_a_widget_changes_its_picture(lab: Page, lessons: Path, pictures: Path | None) -> None:
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    book.cells = [nbformat.v4.new_code_cell(source.strip(), id=name) for name, source in WIDGETS.items()]
    nbformat.write(book, lessons / "widgets.ipynb")
    lab.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    lab.evaluate(OPEN, "widgets.ipynb")
    lab.wait_for_function(IS_READY, arg="widgets.ipynb", polling=POLLING)
    tab = Tab(lab, lessons / "widgets.ipynb")
    tab.run_all()

    stepper = tab.output("stepper")
    expect(stepper.get_by_text("Step 1 of 6, Lines.")).to_be_visible()
    stepper.get_by_role("button", name="Next").click()
    expect(stepper.locator("svg").get_by_text("jump 1").first).to_be_visible()
    stepper.get_by_role("button", name="Next").press("Enter")
    expect(stepper.get_by_text("Step 3 of 6, Runs.")).to_be_visible()
    stepper.get_by_role("slider", name="step").press("ArrowRight")
    expect(stepper.get_by_text("11 pairs travel")).to_be_visible()
    stepper.get_by_role("checkbox", name="combiner").check()
    expect(stepper.get_by_text("6 pairs travel")).to_be_visible()
    stepper.get_by_role("slider", name="lines per split").fill("1")
    expect(stepper.locator("svg").get_by_text("Map task 3", exact=True)).to_be_visible()
    stepper.get_by_role("slider", name="partitions").fill("3")
    expect(stepper.locator("svg").get_by_text("Reduce task 2", exact=True)).to_be_visible()
    stepper.get_by_role("slider", name="step").press("ArrowRight")
    expect(stepper.get_by_text("Step 5 of 6, Merge.")).to_be_visible()
    stepper.get_by_role("button", name="Next").press("Enter")
    expect(stepper.get_by_role("button", name="Next")).to_be_disabled()
    expect(stepper.get_by_role("slider", name="step")).to_be_focused()  # so the keys still reach the widget

    tab.output("choice").get_by_role("button", name="Saturday").click()
    expect(tab.output("choice").get_by_text("Noted: 'Saturday'.")).to_be_visible()
    tab.output("number").get_by_role("spinbutton").fill("99")
    tab.output("number").get_by_role("button", name="This is my guess").click()
    expect(tab.output("number").get_by_text("Noted: 99.")).to_be_visible()
    tab.output("number").get_by_role("spinbutton").fill("2000")
    tab.output("number").get_by_role("spinbutton").press("Enter")
    expect(tab.output("number").get_by_text("Noted: 1000.")).to_be_visible()  # the most that it can be
    tab.press("compared", ["Control+Enter"])
    expect(tab.output("compared")).to_contain_text("You predicted 'Saturday', and you were right.")
    expect(tab.output("compared")).to_contain_text("You predicted 1000; it is 100.")

    expect(tab.output("graph").get_by_role("img")).to_have_attribute(
        "aria-label", re.compile("1 done, 1 waiting, 1 failed")
    )
    if pictures:
        for theme, width in itertools.product((LIGHT, DARK), (620, WIDTH)):
            tab.change_theme(theme)
            tab.photograph(pictures / f"widgets_{theme.split()[-1].lower()}_{width}.png", width)
    lab.evaluate(CLOSE)


def test_the_gallery_and_a_prediction_react_inside_a_lesson(open_lesson: Opener) -> None:
    tab = open_lesson("01_look_at_the_mail.ipynb")
    for cell in ("setup", "predict-look-place_of_2", "gallery-browse"):
        tab.press(cell, ["Control+Enter"])

    prediction = tab.output("predict-look-place_of_2")
    prediction.get_by_role("slider").press("Home")
    prediction.get_by_role("slider").press("ArrowRight")
    prediction.get_by_role("button", name="This is my guess").click()
    expect(prediction.get_by_text("Noted: 2.")).to_be_visible()
    prediction.get_by_role("slider").press("Shift+Enter")  # runs the cell, as it does outside a widget
    expect(tab.cell("predict-look-place_of_2")).not_to_have_class(re.compile(r"\bjp-mod-active\b"))
    expect(prediction.get_by_text("Noted: 2.")).to_be_visible()

    gallery, number = tab.output("gallery-browse"), tab.output("gallery-browse").get_by_role("slider")
    message = gallery.locator(".picture pre")
    expect(message).to_be_attached()
    first = (message.text_content() or "").splitlines()[0]  # its path
    gallery.get_by_role("button", name="Next").click()
    expect(message).not_to_contain_text(first)
    number.press("ArrowLeft")
    expect(message).to_contain_text(first)
    gallery.get_by_role("combobox").select_option(index=0)
    expect(gallery.get_by_text("1 of 91")).to_be_visible()


def test_a_hint_unfolds_with_a_click(open_lesson: Opener) -> None:
    first = open_lesson("00_start_here.ipynb").cell("hints-start-user").locator("details").first
    expect(first.locator("p")).to_be_hidden()
    first.locator("summary").click()
    expect(first.locator("p")).to_be_visible()


def test_the_lesson_before_and_after_are_a_click_away(open_lesson: Opener) -> None:
    tab = open_lesson("01_look_at_the_mail.ipynb")
    tab.page.get_by_role("link", name="02 · Parse one email").click()
    tab.page.wait_for_function(IS_READY, arg="02_parse_one_email.ipynb")


def test_a_student_can_neither_delete_an_answer_cell_nor_change_a_check(open_lesson: Opener) -> None:
    tab = open_lesson("00_start_here.ipynb")
    before = read_notebook(tab.path)
    ordinary = next(cell.id for cell in code_cells(before) if role(cell) is None)
    tab.write("check-start-user", "pass")
    for cell in ("answer-start-user", "check-start-user", ordinary):
        tab.press(cell, "dd")
    before.cells = [cell for cell in before.cells if cell.id != ordinary]
    assert identity(tab.save()) == identity(before)


def test_verdicts_read_well_in_both_themes(open_lesson: Opener) -> None:
    tab = open_lesson("00_start_here.ipynb")
    tab.write("answer-start-user", "def user(address):\n    return address")
    for step in ("setup", "self-test", "predict-start-count", "self-test-run"):
        tab.press(step, ["Control+Enter"])
    for exercise in ("start-domain", "start-user"):
        tab.press(f"answer-{exercise}", ["Control+Enter"])
        tab.press(f"check-{exercise}", ["Control+Enter"])
    for theme in (LIGHT, DARK):
        tab.change_theme(theme)
        for cell in ("check-start-domain", "check-start-user", "self-test-run"):
            assert contrast(tab.output(cell).locator("b")) >= READABLE


def contrast(text: Locator) -> float:
    """Return the contrast of a text with its ground, from 1 to 21 (WCAG 2.2, 1.4.3)."""
    colours = text.evaluate("""text => {
        const found = [getComputedStyle(text).color];
        for (let each = text; each; each = each.parentElement) found.push(getComputedStyle(each).backgroundColor);
        return found;
    }""")
    letters, *grounds = ([float(part) for part in re.findall(r"[\d.]+", colour)] for colour in colours)
    ground = [0.0, 0.0, 0.0]
    for red, green, blue, *alpha in reversed(grounds):
        share = alpha[0] if alpha else 1.0
        ground = [share * over + (1 - share) * under for over, under in zip((red, green, blue), ground, strict=True)]
    bright, dark = sorted((luminance(letters[:3]), luminance(ground)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: list[float]) -> float:
    """Return the relative luminance of red, green and blue from 0 to 255."""
    parts = (part / 255 for part in colour)
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("lesson", HANDLED)
def test_a_lesson_survives_what_a_student_does_to_it(
    lesson: str, open_lesson: Opener, pictures: Path | None, tmp_path: Path
) -> None:
    tab = open_lesson(f"{lesson}.ipynb")
    given = {cell.id: cell.metadata for cell in read_notebook(tab.path).cells}
    assert_runs_unsolved(tab, pictures)
    answers = list(code_cells(read_notebook(NOTEBOOKS / "solutions" / f"{lesson}.ipynb"), "answer"))
    for answer in answers:
        tab.write(answer.id, f"# mine\n{answer.source}")
    duplicated, split = answers[0], answers[-1]
    tab.press(duplicated.id, "cv")
    tab.cell(split.id).locator(".cm-line").nth(1).click(position={"x": 1, "y": 5})
    tab.menu("Edit", "Split Cell", "notebook:split-cell-at-cursor")
    tab.save()
    tab.restart_and_run_all()
    saved = tab.save()

    for check in code_cells(saved, "check"):
        expect(tab.output(check.id)).to_contain_text("✔ Correct.")
    kept = {cell.id: cell.metadata for cell in saved.cells if cell.id in given}
    assert kept == given
    assert len(saved.cells) == len(given) + 2
    owners = Counter(exercise_name(cell) for cell in code_cells(saved, "answer"))
    assert owners == Counter(exercise_name(cell) for cell in [*answers, duplicated, split])

    copy = tmp_path / tab.path.name
    copy.write_bytes(tab.path.read_bytes())
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", copy.name]
    judged = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert judged.returncode == 0, judged.stdout
    assert pack_submission(tmp_path, "Kim Lee").warnings == []
