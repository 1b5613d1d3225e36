"""The browser of this machine."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, Playwright, sync_playwright

QUIET = ["--disable-gpu", "--disable-quic"]  # Playwright itself switches off updates, tours and sync


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this machine; without one the tests are skipped."""
    with sync_playwright() as playwright:
        browser = find_browser(playwright)
        yield browser
        browser.close()


def find_browser(playwright: Playwright) -> Browser:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return playwright.chromium.launch(executable_path=path, args=QUIET)
    for channel in ("chrome", "msedge"):
        try:
            return playwright.chromium.launch(channel=channel, args=QUIET)
        except Error:
            continue
    pytest.skip("no Chromium, Chrome or Edge on this machine")
