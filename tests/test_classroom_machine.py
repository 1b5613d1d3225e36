"""The check of the machine in lesson 00."""

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


def test_findings_in_order_name_no_versions_or_paths() -> None:
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
        (sys, "version_info", (3, 9), "✘ fix  Python 3.11, 3.12 or 3.13: this is 3.9; create a new environment"),
        (shutil, "disk_usage", _no_disk, "✘ fix  1 GB of free disk space: there is only 0.0 GB; delete some files"),
        (metadata, "version", _old, "✘ fix  pandas: version 0.1 does not fit; run python -m pip install"),
        (metadata, "version", _missing, "✘ fix  pandas: it is missing; run python -m pip install"),
    ],
)
def test_a_missing_requirement_is_listed_with_its_fix(
    owner: object, name: str, stand_in: Callable[..., object], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, stand_in)
    machine = check_machine()
    monkeypatch.undo()
    assert line in str(machine)
    assert not machine.ready


def test_suitable_packages_take_one_line() -> None:
    text = str(check_machine())
    assert "✔ ok   the packages for the lessons" in text
    assert "pandas" not in text


def test_the_invented_mail_is_checked_whatever_enron_maildir_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENRON_MAILDIR", "nowhere")
    assert check_machine().ready


def test_mail_that_cannot_be_written_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file is in the way of the folder", encoding="utf-8")
    monkeypatch.setattr("enronlib.files.user_cache_path", lambda *_, **__: tmp_path / "cache")
    assert "✘ fix  the invented mail that comes with the kit: cannot write" in str(check_machine())


def test_in_a_notebook_each_line_has_a_sign_and_a_word() -> None:
    html = Machine([Finding("disk"), Finding("mail", "<none>")])._repr_html_()
    assert "✔ ok" in html
    assert "✘ fix" in html
    assert "&lt;none&gt;" in html
