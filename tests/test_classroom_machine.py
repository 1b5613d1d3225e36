"""The look at the machine in lesson 00."""

import shutil
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from enronlib.classroom.machine import Finding, Machine, check_machine


def test_this_machine_is_ready() -> None:
    assert check_machine().ready, str(check_machine())
    assert str(check_machine()).endswith("Your machine is ready.")


def test_what_is_well_is_told_without_versions_and_places() -> None:
    text = str(check_machine())
    assert str(Path.cwd()) not in text
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
        (sys, "version_info", (3, 9), "✘ fix  Python 3.11, 3.12 or 3.13: this is 3.9; make a new environment"),
        (shutil, "disk_usage", _no_disk, "✘ fix  1 GB of free disk: there are 0.0 GB: make room"),
        (metadata, "version", _old, "✘ fix  pandas: version 0.1 does not fit: python -m pip install"),
        (metadata, "version", _missing, "✘ fix  pandas: it is missing: python -m pip install"),
    ],
)
def test_what_is_missing_is_told_with_its_fix(
    owner: object, name: str, stand_in: Callable[..., object], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, stand_in)
    machine = check_machine()
    monkeypatch.undo()
    assert line in str(machine)
    assert not machine.ready


def test_packages_that_fit_are_told_in_one_line() -> None:
    text = str(check_machine())
    assert "✔ ok   the packages that the lessons need" in text
    assert "pandas" not in text


def test_it_is_the_invented_mail_that_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENRON_MAILDIR", "nowhere")
    assert check_machine().ready


def test_mail_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file is in the way of the folder", encoding="utf-8")
    monkeypatch.setattr("enronlib.sample.user_cache_path", lambda *_, **__: tmp_path / "cache")
    assert "✘ fix  the invented mail that comes with the kit: cannot keep" in str(check_machine())


def test_in_a_notebook_each_line_has_sign_word_and_colour() -> None:
    html = Machine([Finding("disk"), Finding("mail", "<none>")])._repr_html_()
    assert "✔ ok" in html
    assert "✘ fix" in html
    assert "&lt;none&gt;" in html
