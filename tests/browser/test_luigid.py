"""The web page of Luigi's central scheduler, in a real browser: what it shows of a run in which a mailbox failed.

Skipped where there is no browser, or no GNU make.
"""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from enronlib import corpus
from enronlib.sample import write_sample

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds
LEGEND = {"Failed", "Running", "Batch Running", "Pending", "Done", "Disabled", "Unknown", "Truncated"}
# The text beside each circle of the graph, and its color.
LABELS = """[...document.querySelectorAll("#graphPlaceholder svg circle")]
    .map(circle => [circle.nextElementSibling.textContent.trim(), circle.getAttribute("fill")])"""


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Start `make luigid` on a free port; return its address and its history. Nothing of it is left afterwards."""
    if not shutil.which("make") or os.name == "nt":
        pytest.skip("needs GNU make, and signals to groups of processes")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    out = tmp_path_factory.mktemp("out")
    bin_folder = Path(sys.executable).parent
    command = ["make", "luigid", "--old-file=.venv/installed", f"BIN={bin_folder}", f"OUT={out}", f"PORT={port}"]
    log = out / "log.txt"
    with log.open("wb") as file:
        server = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + PATIENCE
        while not answers(url):
            assert server.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        yield url, out / "luigid/history.db"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=PATIENCE)
    assert not answers(url)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


def run_at(url: str, maildir: Path, out: Path) -> int:
    """Run the workflow with four workers at the scheduler, and return the exit status."""
    command = [sys.executable, "-m", "enronlib", "run", str(maildir), "--out", str(out)]
    options = ["--workers", "4", "--scheduler-url", url]
    return subprocess.run([*command, *options], capture_output=True, timeout=5 * PATIENCE, check=False).returncode


def ask(url: str, question: str, **data: str) -> Any:
    """Return what the scheduler answers."""
    with urllib.request.urlopen(f"{url}/api/{question}?data={quote(json.dumps(data))}", timeout=PATIENCE) as answer:
        return json.load(answer)["response"]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that reaches this machine only, as in a classroom without a network."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    expect.set_options(timeout=PATIENCE * 1000)

    def only_here(route: Route) -> None:
        route.continue_() if route.request.url.startswith("http://127.0.0.1:") else route.abort()

    page.route("**/*", only_here)
    yield page
    page.close()


def picture(page: Page, name: str) -> None:
    """Write a picture of the page to the folder that ENRONLIB_SCREENSHOTS names."""
    if folder := os.environ.get("ENRONLIB_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_the_page_shows_the_failed_mailbox_what_waits_for_it_and_the_history(scheduler, page, tmp_path):
    url, history = scheduler
    maildir = write_sample(tmp_path / "sample", messages=100)
    broken, *others = corpus.mailboxes(maildir)
    message = corpus.message_files(broken)[0]
    whole = message.read_bytes()
    message.write_bytes(b"")
    assert run_at(url, maildir, tmp_path / "out") == 1
    [worker] = ask(url, "worker_list")
    assert worker["workers"] == 4

    page.goto(f"{url}/static/visualiser/index.html#tab=tasks")
    expect(page.locator("#FAILED_info .info-box-number")).to_have_text("1")
    expect(page.locator("#DONE_info .info-box-number")).to_have_text(str(2 * len(others)))
    expect(page.locator("#UPSTREAM_FAILED_info .info-box-number")).to_have_text("5")  # its words, the sum, the charts
    page.locator("#FAILED_info").click()
    rows = page.locator("#taskTable tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(broken.name)
    rows.locator(".showError").click()
    expect(page.locator("#errorModal")).to_contain_text("is empty: copy it again")
    picture(page, "luigid_tasks")

    [last] = [task for task in ask(url, "task_list", status="PENDING", upstream_status="") if "DrawCharts" in task]
    page.goto(f"{url}/static/visualiser/index.html#tab=graph&taskId={last}&visType=svg")
    page.reload()
    expect(page.locator("#graphPlaceholder svg circle").first).to_be_visible()
    labels = page.evaluate(LABELS)
    color = {label: fill for label, fill in labels if label in LEGEND}
    nodes = Counter((label, fill) for label, fill in labels if label not in LEGEND)
    assert nodes["ProcessMailbox", color["Failed"]] == nodes["MapMailbox", color["Pending"]] == 1
    assert nodes["ProcessMailbox", color["Done"]] == nodes["MapMailbox", color["Done"]] == len(others)
    assert nodes["ReduceCounts", color["Pending"]] == nodes["DrawTopWords", color["Pending"]] == 1
    picture(page, "luigid_graph")

    page.goto(f"{url}/history")
    expect(page.locator("tbody > tr:has(> td:text-is('DONE'))")).to_have_count(2 * len(others))
    expect(page.locator("tbody > tr:has(> td:text-is('FAILED'))")).to_contain_text(broken.name)
    picture(page, "luigid_history")

    message.write_bytes(whole)
    assert run_at(url, maildir, tmp_path / "out") == 0
    with closing(sqlite3.connect(history)) as database:
        question = "SELECT event_name, count(*) FROM task_events GROUP BY event_name"
        events = dict(database.execute(question))
    assert (events["FAILED"], events["DONE"]) == (1, 2 * len(others) + 6)  # now the mailbox too, and what waited for it
