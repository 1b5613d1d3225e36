"""The look at the machine in lesson 00."""

import shutil
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from enronlib.classroom.machine import Finding, Machine, check_machine


@pytest.fixture(autouse=True)
def small_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the mail be somewhere, without writing the whole sample."""
    (tmp_path / "hill-a").mkdir()
    monkeypatch.setenv("ENRON_MAILDIR", str(tmp_path))


def test_this_machine_is_ready() -> None:
    assert check_machine().ready, str(check_machine())
    assert str(check_machine()).endswith("Your machine is ready.")


def test_what_is_well_is_told_without_versions_and_places(tmp_path: Path) -> None:
    text = str(check_machine())
    assert str(tmp_path) not in text
    assert metadata.version("pandas") not in text


def _no_disk(_: object) -> Any:
    return shutil._ntuple_diskusage(10, 10, 0)


def _old(_: str) -> str:
    return "0.1"


def _missing(name: str) -> str:
    raise metadata.PackageNotFoundError(name)


@pytest.mark.parametrize(
    ("owner", "name", "stand_in", "line"),
    [
        (sys, "version_info", (3, 9), "✘ mend  Python 3.11, 3.12 or 3.13: this is 3.9; make a new environment"),
        (shutil, "disk_usage", _no_disk, "✘ mend  1 GB of free disk: there are 0.0 GB: make room"),
        (metadata, "version", _old, "✘ mend  pandas: version 0.1 does not fit: python -m pip install"),
        (metadata, "version", _missing, "✘ mend  pandas: it is missing: python -m pip install"),
    ],
)
def test_what_is_missing_is_told_with_its_mend(
    owner: object, name: str, stand_in: Callable[..., object], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, stand_in)
    machine = check_machine()
    monkeypatch.undo()
    assert line in str(machine)
    assert not machine.ready


def test_mail_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENRON_MAILDIR", "nowhere")
    assert "✘ mend  the mail of ENRON_MAILDIR: there is no folder nowhere" in str(check_machine())


def test_in_a_notebook_each_line_has_sign_word_and_colour() -> None:
    html = Machine([Finding("disk"), Finding("mail", "<none>")])._repr_html_()
    assert "✔ ok" in html
    assert "✘ mend" in html
    assert "&lt;none&gt;" in html
