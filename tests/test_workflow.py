"""The workflow from raw mail to a chart: right counts, only what is missing, and whatever goes wrong on the way.

Every test writes its own small maildir. Counts are compared with `loop`, a plain loop on the standard library.
"""

import ast
import email
import getpass
import importlib
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from io import StringIO
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from textwrap import dedent
from typing import Any

import luigi
import luigi.rpc
import nbformat
import psutil
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from luigi.contrib.external_program import ExternalProgramTask
from nbclient import NotebookClient

from enronlib import UserError, corpus
from enronlib.files import locked
from enronlib.messages import FIELDS, plain_text, read_email
from enronlib.processes import WorkerProcess
from enronlib.words import tokens
from enronlib.workflow import (
    DrawDistinctiveWords,
    DrawTopWords,
    MapMailbox,
    ProcessEnronEmails,
    ProcessMailbox,
    ReduceCounts,
    run_workflow,
)
from enronlib.workflow.runner import PRELOADED, build
from enronlib.workflow.stamps import StampedTarget

MAIL = {
    "ash-a": {
        "inbox/2.": "The gas deal is done.",
        "inbox/10.": "Gas, gas and power: don't wait.",
        "sent/1.": "Caf=C3=A9 at noon=\n?",
    },
    "birch-b": {"inbox/1.": "Power for California", "notes/old/3.": "The pipeline is full. The gas is not."},
    "cedar-c": {"1.": "Nothing new about the pipeline"},
}
METHODS = multiprocessing.get_all_start_methods()


def write_message(path, body, subject="news"):
    path.parent.mkdir(parents=True, exist_ok=True)
    encoding = "quoted-printable" if "=" in body else "7bit"
    path.write_text(
        f"Message-ID: <{path.name}JavaMail.evans@thyme>\nDate: Thu, 7 Jun 2001 11:05:33 -0700 (PDT)\n"
        f"From: ann@enron.example\nTo: bob@enron.example\nSubject: {subject}\nMime-Version: 1.0\n"
        f"Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: {encoding}\n\n{body}",
        encoding="utf-8",
        newline="\n",
    )


def write_maildir(maildir, mail):
    for mailbox, messages in mail.items():
        (maildir / mailbox).mkdir(parents=True)
        for name, body in messages.items():
            write_message(maildir / mailbox / name, body)
    return maildir


@pytest.fixture(scope="session")
def example(tmp_path_factory):
    """Make a maildir and, from it, the four outputs; the tests work on copies, which keep the times of the files."""
    folder = tmp_path_factory.mktemp("example")
    write_maildir(folder / "maildir", MAIL)
    assert run_workflow(folder / "maildir", folder / "out", workers=1, top=3, progress=False).succeeded
    return folder


@pytest.fixture
def maildir(example, tmp_path):
    return Path(shutil.copytree(example / "maildir", tmp_path / "maildir"))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def done(example, maildir, out):
    """Return `out` as a run on `maildir` leaves it."""
    return Path(shutil.copytree(example / "out", out))


@pytest.fixture
def run(maildir, out):
    """Run the workflow on `maildir`, in this process unless told otherwise."""

    def run_it(**options):
        return run_workflow(maildir, out, **{"workers": 1, "top": 3, "progress": False} | options)

    return run_it


def loop(folder):
    counts: Counter[str] = Counter()
    for path in (path for path in folder.rglob("*") if path.is_file()):
        body = email.message_from_bytes(path.read_bytes()).get_payload(decode=True)
        assert isinstance(body, bytes)
        text = body.decode("utf-8")
        counts.update(re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text.casefold()))
    return dict(counts)


def counts_in(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines == sorted(lines, key=lambda line: line.split("\t")[0])
    return {word: int(count) for word, count in (line.split("\t") for line in lines)}


def outputs(out):
    """Return the files that a user sees, relative to `out`."""
    files = [path.relative_to(out) for path in out.rglob("*") if path.is_file()]
    return {file.as_posix() for file in files if not any(part.startswith(".") for part in file.parts)}


CHARTS = {"results/top_words.png", "results/distinctive_words.png"}


def names_for(mailboxes):
    files = {"results/count.txt", *CHARTS}
    for mailbox in mailboxes:
        files |= {f"processed/{mailbox}.parquet", f"results/words/{mailbox}.txt"}
    return files


def assert_right(maildir, out):
    """Hold that the outputs are those of the maildir as it is now, whole and nothing else."""
    mailboxes = [folder.name for folder in maildir.iterdir()]
    assert outputs(out) == names_for(mailboxes)
    assert counts_in(out / "results/count.txt") == loop(maildir)
    for mailbox in mailboxes:
        assert counts_in(out / f"results/words/{mailbox}.txt") == loop(maildir / mailbox)
        files = [path for path in (maildir / mailbox).rglob("*") if path.is_file()]
        assert pq.read_metadata(out / f"processed/{mailbox}.parquet").num_rows == len(files)
    assert all((out / chart).read_bytes().endswith(b"IEND\xaeB`\x82") for chart in CHARTS)


def made(out):
    """Return when each output was made: no two makings of a file leave the same mark."""
    marks = {name: (out / name).stat() for name in outputs(out)}
    return {name: (mark.st_mtime_ns, mark.st_ino) for name, mark in marks.items()}


def remade(before, out):
    after = made(out)
    return {name for name in after if after[name] != before.get(name)}


# What it makes


@pytest.mark.parametrize(("method", "workers"), [(None, 1), *((method, 2) for method in METHODS), ("forkserver", 8)])
def test_counts_equal_a_plain_loop_by_every_start_method(maildir, out, method, workers):
    if method not in (None, *METHODS):
        pytest.skip(f"this system has no {method}")
    if method == "spawn":  # which takes a second for each task
        shutil.rmtree(maildir / "cedar-c")
    run = run_workflow(maildir, out, workers=workers, start_method=method, progress=False)
    assert (run.succeeded, run.failures) == (True, {})
    assert_right(maildir, out)


def test_every_start_method_makes_the_same_bytes(maildir, tmp_path):
    folders = [tmp_path / "alone", tmp_path / "several"]
    for folder, workers in zip(folders, (1, 3), strict=True):
        run_workflow(maildir, folder, workers=workers, progress=False)
    for name in outputs(folders[0]):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name


def test_a_parquet_file_holds_the_20_fields_of_each_message_in_corpus_order(maildir, run, out):
    run()
    table = pq.read_table(out / "processed/ash-a.parquet")
    assert table.column_names == list(FIELDS)
    assert {str(field.type) for field in table.schema if field.name != "Date"} == {"string"}
    assert str(table.schema.field("Date").type) == "timestamp[us, tz=UTC]"
    paths = [maildir / "ash-a" / name for name in ("inbox/2.", "inbox/10.", "sent/1.")]
    assert table.to_pylist() == [read_email(path, maildir) for path in paths]
    assert table["Date"][0].as_py() == datetime(2001, 6, 7, 18, 5, 33, tzinfo=UTC)
    assert table["X-To"][0].as_py() is None


def test_the_large_mailbox_is_written_in_pieces(maildir, run, out, monkeypatch):
    monkeypatch.setattr("enronlib.parquet.ROW_GROUP", 500)
    for number in range(20):
        write_message(maildir / "ash-a/big" / f"{number}.", "word " * 50)
    run()
    assert pq.read_metadata(out / "processed/ash-a.parquet").num_row_groups > 5
    assert_right(maildir, out)


def test_an_empty_mailbox_gives_an_empty_table(maildir, run, out):
    (maildir / "dill-d" / "inbox").mkdir(parents=True)
    assert run().succeeded
    assert_right(maildir, out)
    assert pq.read_schema(out / "processed/dill-d.parquet") == pq.read_schema(out / "processed/ash-a.parquet")


@pytest.mark.parametrize(
    "damage",
    [
        b"\xff\xfe\x00\x00 no header at all \x80",
        b"Date: Tue, 20 Dec 0001 21:26:20 -0800\n\nthe year 1",
        b"Date: Fri, 31 Dec 9999 23:59:59 -1200\n\nthe last year",
        b"Date: never\nContent-Type: text/plain; charset=utf-7\nContent-Transfer-Encoding: base64\n\nKzJBQS0=",
        b"Subject: =?utf-16?Q?=D8=00?=\nFrom: \xed\xa0\x80\n\nhalf a letter \xed\xa0\x80",
        b"\n",
    ],
)
def test_no_odd_message_fails_a_mailbox(maildir, run, out, damage):
    (maildir / "ash-a/inbox/3.").write_bytes(damage)
    run = run()
    assert (run.succeeded, run.failures) == (True, {})
    rows = pq.read_table(out / "processed/ash-a.parquet").to_pylist()
    assert rows[1] == read_email(maildir / "ash-a/inbox/3.", maildir)


def test_any_name_of_a_mailbox_will_do(tmp_path, out):
    names = ["a b", "x.y-z", "per%cent", "é", "[a]"]
    if sys.platform == "linux":
        names += ["*what?", os.fsdecode(b"caf\xe9")]
    maildir = write_maildir(tmp_path / "maildir", {name: {"1.": "words of the day"} for name in names})
    run = run_workflow(maildir, out, workers=2, progress=False)
    assert (run.succeeded, run.failures) == (True, {})
    assert outputs(out) == names_for(names)
    run.summary.encode("utf-8")


WORDS = st.sampled_from(["gas", "the", "Don’t", "x1y", "<b>bold</b>", "=20", "ÉTÉ", "\x01", ">"])
BODIES = st.one_of(st.lists(WORDS).map(" ".join), st.text(st.characters(codec="utf-8"), max_size=30))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(BODIES, max_size=4), min_size=1, max_size=4))
def test_counts_of_any_corpus_equal_a_plain_loop(tmp_path, corpus):
    maildir, out = tmp_path / "maildir", tmp_path / "out"
    shutil.rmtree(maildir, ignore_errors=True)
    mail = {f"box{box}": {f"{n}.": body for n, body in enumerate(bodies)} for box, bodies in enumerate(corpus)}
    write_maildir(maildir, mail)
    task = ReduceCounts(maildir, out / "processed", out / "results")
    assert build(task, workers=1, progress=False).succeeded
    counts: Counter[str] = Counter()
    for path in (path for path in maildir.rglob("*") if path.is_file()):
        counts.update(tokens(plain_text(read_email(path, maildir))))
    assert counts_in(out / "results/count.txt") == counts


# Only what is missing or out of date


def test_a_second_run_does_nothing(run, done):
    before = made(done)
    again = run()
    assert again.succeeded
    assert "Did not run any tasks" in again.summary
    assert remade(before, done) == set()


def test_a_run_looks_at_the_files_of_a_mailbox_once_and_does_not_plan_again(run, monkeypatch):
    fingerprint, requires, looked, planned = corpus.fingerprint, ReduceCounts.requires, list[str](), list[str]()

    def look(mailbox):
        looked.append(mailbox.name)
        return fingerprint(mailbox)

    def plan(task):
        planned.append(task.task_id)
        return requires(task)

    monkeypatch.setattr(corpus, "fingerprint", look)
    monkeypatch.setattr(ReduceCounts, "requires", plan)
    assert run().succeeded
    assert sorted(looked) == sorted(MAIL)
    assert len(planned) <= 2  # once to plan, and once more for the input of the task


def touch_later(path):
    """Let a file written twice within the clock's tick show that it was."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10_000_000))


def change(box):
    (box / "inbox/1.").write_bytes((box / "inbox/1.").read_bytes() + b" and more")


def change_to_the_same_size(box):
    path = box / "inbox/1."
    path.write_bytes(path.read_bytes().replace(b"Power", b"Water"))
    touch_later(path)


def add(box):
    write_message(box / "notes/new/7.", "one more")


def delete(box):
    (box / "inbox/1.").unlink()


def rename(box):
    (box / "inbox/1.").rename(box / "inbox/99.")


@pytest.mark.parametrize("edit", [change, change_to_the_same_size, add, delete, rename])
def test_a_mailbox_that_changed_is_redone_and_no_other(maildir, run, done, edit):
    before = made(done)
    edit(maildir / "birch-b")
    assert run().succeeded
    assert remade(before, done) == names_for(["birch-b"])
    assert_right(maildir, done)


def test_a_new_mailbox_is_added(maildir, run, done):
    before = made(done)
    write_message(maildir / "dill-d/1.", "something new")
    assert run().succeeded
    assert remade(before, done) == names_for(["dill-d"])
    assert_right(maildir, done)


def test_the_outputs_of_a_mailbox_that_is_gone_are_removed(maildir, run, done):
    shutil.rmtree(maildir / "ash-a")
    assert run().succeeded
    assert_right(maildir, done)
    assert not list(done.rglob("*ash-a*"))


def test_only_files_that_the_workflow_made_are_removed(maildir, run, done):
    (done / "processed/notes.parquet").write_bytes(b"mine")
    (done / "results/words/ash-a.txt").write_text("my own words", encoding="utf-8")
    shutil.rmtree(maildir / "ash-a")
    assert run().succeeded
    assert (done / "processed/notes.parquet").exists()
    assert (done / "results/words/ash-a.txt").exists()
    assert not (done / "processed/ash-a.parquet").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("processed/ash-a.parquet", names_for(["ash-a"])),
        ("results/words/ash-a.txt", names_for(["ash-a"]) - {"processed/ash-a.parquet"}),
        ("results/count.txt", {"results/count.txt", "results/top_words.png"}),
        ("results/top_words.png", {"results/top_words.png"}),
    ],
)
def test_a_file_that_is_deleted_is_made_again_and_so_is_what_follows(maildir, run, done, name, expected):
    before = made(done)
    (done / name).unlink()
    assert run().succeeded
    assert remade(before, done) == expected
    assert_right(maildir, done)


def edit(path):
    path.write_bytes(path.read_bytes()[::-1])
    touch_later(path)


def cut(path):
    path.write_bytes(path.read_bytes()[:10])


@pytest.mark.parametrize("damage", [edit, cut, Path.unlink])
@pytest.mark.parametrize("name", ["words/ash-a.txt", "words/.made/ash-a.txt"])
def test_a_file_that_is_not_as_its_stamp_says_is_made_again(maildir, run, done, name, damage):
    before = made(done)
    damage(done / "results" / name)
    assert run().succeeded
    assert remade(before, done) == names_for(["ash-a"]) - {"processed/ash-a.parquet"}
    assert_right(maildir, done)


def test_another_number_of_words_only_draws_again(run, done):
    before = made(done)
    run(top=4)
    assert remade(before, done) == {"results/top_words.png"}


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (ProcessMailbox, names_for(MAIL)),
        (MapMailbox, names_for(MAIL) - {f"processed/{mailbox}.parquet" for mailbox in MAIL}),
        (ReduceCounts, {"results/count.txt", "results/top_words.png"}),
        (DrawTopWords, {"results/top_words.png"}),
        (DrawDistinctiveWords, {"results/distinctive_words.png"}),
    ],
)
def test_other_code_makes_its_output_and_what_follows_anew(run, done, monkeypatch, task, expected):
    before = made(done)
    monkeypatch.setattr(task, "code", "other code")
    run()
    assert remade(before, done) == expected


def test_other_mail_into_the_same_folder_replaces_what_was_there(maildir, tmp_path, run, done):
    other = write_maildir(tmp_path / "other", {"ash-a": {"1.": "wholly other words"}})
    assert run_workflow(other, done, workers=1, progress=False).succeeded
    assert_right(other, done)


# Tasks run by Luigi directly, as a lesson does


def test_the_tasks_are_plain_luigi_tasks(maildir, out):
    task = ProcessEnronEmails(str(maildir), str(out))
    assert luigi.build([task], local_scheduler=True, log_level="WARNING")
    assert {path.name for path in out.glob("*.parquet")} == {f"{mailbox}.parquet" for mailbox in MAIL}
    assert task.complete()
    add(maildir / "birch-b")
    assert not task.complete()
    mapper = MapMailbox(str(maildir / "birch-b"), str(out), str(out))
    assert build(mapper, workers=1).succeeded
    with mapper.output().open() as file:
        assert "california\t1\n" in file.read()


def test_a_mistyped_mailbox_or_maildir_fails_with_its_name(maildir, out):
    run = build(ProcessMailbox(maildir / "nobody", out), workers=1)
    assert not run.succeeded
    assert "nobody" in run.failures["nobody"]
    run = build(ProcessEnronEmails(maildir / "nowhere", out), workers=1)
    assert not run.succeeded
    assert "there is no folder" in run.failures["ProcessEnronEmails"]


def test_the_luigi_command_runs_a_task(maildir, out):
    command = [sys.executable, "-m", "luigi", "--module", "enronlib.workflow", "ProcessEnronEmails"]
    options = ["--emails-directory", maildir, "--processed-directory", out, "--local-scheduler", "--workers", "2"]
    run = subprocess.run([*command, *options], capture_output=True, text=True, encoding="utf-8", check=False)
    assert "4 ran successfully" in run.stderr
    assert {path.name for path in out.glob("*.parquet")} == {f"{mailbox}.parquet" for mailbox in MAIL}


def test_a_script_may_build_a_task_without_a_main_guard(maildir, out):
    script = out.with_name("script.py")
    script.write_text(
        dedent(f"""
        import luigi
        from enronlib.workflow import ProcessEnronEmails

        task = ProcessEnronEmails(emails_directory={str(maildir)!r}, processed_directory={str(out)!r})
        print(luigi.build([task], workers=8, local_scheduler=True))
        """),
        encoding="utf-8",
    )
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, encoding="utf-8", check=False)
    assert run.stdout == "True\n", run.stderr
    assert {path.name for path in out.glob("*.parquet")} == {f"{mailbox}.parquet" for mailbox in MAIL}


# What goes wrong


def test_a_failing_mailbox_costs_only_itself_and_what_needs_it(maildir, run, out):
    message = maildir / "birch-b/inbox/1."
    whole = message.read_bytes()
    message.write_bytes(b"")
    failed = run(workers=2)
    assert not failed.succeeded
    assert failed.failures == {"birch-b": "birch-b/inbox/1. is empty: copy it again"}
    assert outputs(out) == names_for(["ash-a", "cedar-c"]) - names_for([])

    message.write_bytes(whole)
    before = made(out)
    mended = run(workers=2)
    assert (mended.succeeded, mended.failures) == (True, {})
    assert remade(before, out) == names_for(["birch-b"])
    assert_right(maildir, out)


def test_the_summary_is_luigis_own_and_names_no_folder(maildir, run, out):
    (maildir / "birch-b/inbox/1.").write_bytes(b"")
    assert run().summary == dedent("""\
        ===== Luigi Execution Summary =====

        Scheduled 10 tasks of which:
        * 4 ran successfully:
            - 2 MapMailbox(...)
            - 2 ProcessMailbox(...)
        * 1 failed:
            - 1 ProcessMailbox(birch-b)
        * 5 were left pending, among these:
            * 5 had failed dependencies:
                - 1 DrawCharts(...)
                - 1 DrawDistinctiveWords(...)
                - 1 DrawTopWords(...)
                - 1 MapMailbox(...)
                - 1 ReduceCounts(...)

        This progress looks :( because there were failed tasks

        ===== Luigi Execution Summary =====""")


def test_a_message_that_cannot_be_read_fails_its_mailbox(maildir, run, monkeypatch):
    def deny(path):
        if "birch-b" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return read_email(path)

    monkeypatch.setattr("enronlib.parquet.read_email", deny)
    failures = run().failures
    assert list(failures) == ["birch-b"]
    assert re.search(r"Permission denied: 'maildir.birch-b.+'$", failures["birch-b"])


def test_a_mailbox_that_cannot_be_listed_fails_alone(maildir, run, monkeypatch):
    scan = os.scandir

    def deny(folder):
        if Path(folder).name == "birch-b":
            raise PermissionError(13, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", deny)
    failed = run()
    assert not failed.succeeded
    assert list(failed.failures) == ["birch-b"]
    assert "Permission denied" in failed.failures["birch-b"]


def test_a_mailbox_whose_message_vanishes_while_it_is_read_fails_alone(maildir, run, out, monkeypatch):
    def vanish(path):
        if path.name == "10.":
            path.unlink()
        return read_email(path)

    monkeypatch.setattr("enronlib.parquet.read_email", vanish)
    failures = run().failures
    assert list(failures) == ["ash-a"]
    assert "No such file or directory: 'maildir" in failures["ash-a"]
    assert run().succeeded
    assert_right(maildir, out)


def test_a_message_that_comes_while_its_mailbox_is_read_is_counted_by_the_next_run(maildir, run, out, monkeypatch):
    def add_one(path):
        if path.parent.name == "old":
            monkeypatch.undo()
            write_message(path.with_name("4."), "Late gas")
        return read_email(path)

    monkeypatch.setattr("enronlib.parquet.read_email", add_one)
    assert run().succeeded
    before = made(out)
    assert run().succeeded
    assert remade(before, out) == names_for(["birch-b"])
    assert_right(maildir, out)


ENDINGS = {
    "exit 0": "os._exit(0)",
    "exit 3": "os._exit(3)",
    "killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "sys.exit": "sys.exit(0)",
    "raises": "raise ValueError('two\\nlines')",
    "writes nothing": "pass",
}


@pytest.fixture
def ending(tmp_path, monkeypatch):
    """Return a task, from a module that worker processes can import, whose run ends in this way."""

    def task(how):
        module = f"ending_{uuid_of(tmp_path)}"
        (tmp_path / f"{module}.py").write_text(
            dedent(f"""
            import os, signal, sys
            from enronlib.workflow import ProcessMailbox

            class Ending(ProcessMailbox):
                def run(self):
                    {ENDINGS[how]}
            """),
            encoding="utf-8",
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        return importlib.import_module(module).Ending(tmp_path / "maildir" / "ash-a", tmp_path / "out")

    return task


def uuid_of(path):
    return re.sub(r"\W", "_", path.name)


@pytest.mark.parametrize("method", [method for method in METHODS if method != "spawn"] or METHODS)
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("exit 0", "its process ended without a result, with exit status 0"),
        ("exit 3", "its process ended without a result, with exit status 3"),
        ("killed", "its process ended without a result, with exit status -9 (perhaps out of memory)"),
        ("sys.exit", "SystemExit: 0"),
        ("raises", "lines"),
        (
            "writes nothing",
            "luigi.worker.TaskException: Task finished running, but complete() is still returning false.",
        ),
    ],
)
def test_a_worker_that_ends_without_an_output_has_failed(maildir, ending, method, how, reason):
    if how == "killed" and not hasattr(signal, "SIGKILL"):
        pytest.skip("this system has no SIGKILL")
    run = build(ending(how), workers=2, start_method=method, progress=False)
    assert not run.succeeded
    assert run.failures == {"ash-a": reason}


class FailingProgram(ExternalProgramTask):
    """A program that ends with an error, and gets a secret from its environment."""

    def complete(self):
        return False

    def program_args(self):
        return [sys.executable, "-c", "raise SystemExit('no such mailbox')"]

    def program_environment(self):
        return os.environ | {"PASSWORD": "not-a-real-one"}


def test_the_error_of_an_external_program_is_its_last_line_and_not_its_environment():
    assert build(FailingProgram(), workers=1, progress=False).failures == {"FailingProgram": "no such mailbox"}


def test_no_mail_is_a_clear_error(tmp_path, out):
    with pytest.raises(UserError, match="there is no folder"):
        run_workflow(tmp_path / "nowhere", out)


@pytest.mark.parametrize("inside", [".", "out", "ash-a/out"])
def test_results_among_the_mail_are_refused(maildir, inside):
    with pytest.raises(UserError, match="is inside the mail"):
        run_workflow(maildir, maildir / inside)


@pytest.mark.parametrize("taken", ["out", "out/results", "out/processed/.made"])
def test_a_folder_that_cannot_be_made_is_a_clear_error(maildir, out, tmp_path, taken):
    (tmp_path / taken).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / taken).write_bytes(b"a file in the way")
    with pytest.raises(UserError, match=r"cannot write to .*out: "):
        run_workflow(maildir, out)


def test_no_workers_is_a_clear_error(run):
    with pytest.raises(UserError, match="one or more are needed"):
        run(workers=0)


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        sys.platform != "linux"
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("mounting a file system is not permitted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_one_clear_line_and_what_was_finished_is_kept(maildir, small_disk, workers):
    noise = random.Random(1)
    write_message(maildir / "birch-b/big/1.", "".join(chr(noise.randrange(0x4E00, 0x9000)) for _ in range(1_000_000)))
    with pytest.raises(UserError, match=r"^no space left for .*disk: make room"):
        run_workflow(maildir, small_disk, workers=workers, progress=False)
    assert outputs(small_disk) <= names_for(["ash-a", "cedar-c"]) - names_for([])
    (maildir / "birch-b/big/1.").unlink()
    assert run_workflow(maildir, small_disk, workers=1, progress=False).succeeded
    assert_right(maildir, small_disk)


def test_a_finished_folder_may_be_read_only_but_one_that_lacks_something_may_not(maildir, small_disk):
    run_workflow(maildir, small_disk, workers=1, progress=False)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    again = run_workflow(maildir, small_disk, workers=1, progress=False)
    assert again.succeeded
    assert "Did not run any tasks" in again.summary
    add(maildir / "birch-b")
    with pytest.raises(UserError, match=r"^cannot write to .*disk: Read-only file system"):
        run_workflow(maildir, small_disk, workers=1, progress=False)


def test_an_output_appears_whole_or_not_at_all(out):
    target = StampedTarget(out / "ash-a.txt", "mail")
    with suppress(ZeroDivisionError), target.temporary_path() as path:
        path.write_text("half", encoding="utf-8")
        assert not target.file.exists()
        raise ZeroDivisionError
    assert [path for path in out.rglob("*") if path.is_file()] == []


def test_what_a_killed_run_left_is_removed_by_the_next(maildir, run, done):
    left = [done / folder / ".made/.unfinished-1" for folder in ("processed", "results", "results/words")]
    for path in left:
        path.write_bytes(b"half")
    add(maildir / "birch-b")
    run()
    assert not list(done.rglob(".unfinished-*"))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_system_without_semaphores_will_do(maildir, run, out, monkeypatch, workers):
    def fail(*_, **__):
        raise OSError(38, "Function not implemented")  # as where there is no /dev/shm

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", fail)
    assert run(workers=workers).succeeded
    assert_right(maildir, out)


def test_warnings_may_be_errors(maildir, out, monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    process = in_a_process(maildir, out, workers=2)
    assert process.communicate(timeout=60)[1] == ""
    assert_right(maildir, out)


@pytest.mark.skipif(sys.platform == "win32", reason="a path of Windows is shorter")
def test_a_mailbox_may_have_a_long_name(tmp_path, out):
    name = "x" * 240
    maildir = write_maildir(tmp_path / "maildir", {name: {"1.": "words of the day"}})
    assert run_workflow(maildir, out, workers=1, progress=False).failures == {}
    assert outputs(out) == names_for([name])


# Killed and interrupted


def test_the_fork_server_can_get_ready_before_anything_costly_is_imported():
    code = "import sys, enronlib.processes; sys.exit(bool({'luigi', 'pandas', 'enronlib.workflow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert all(importlib.import_module(name) for name in PRELOADED)


def test_what_luigi_seldom_uses_is_imported_when_it_is_used():
    code = """if True:
        import sys
        from enronlib import workflow
        import luigi.rpc
        print({"jsonschema", "requests"} & set(sys.modules))

        class Numbers(luigi.Task):
            numbers = luigi.ListParameter(schema={"items": {"type": "number"}})

        try:
            Numbers(["one"])
        except Exception as error:
            print(type(error).__name__)
        print(type(luigi.rpc.RequestsFetcher().session).__module__)
        import jsonschema.validators, requests.sessions
        """
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == ["set()", "ValidationError", "requests.sessions"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork server")
def test_the_temporary_folder_of_a_killed_process_is_removed_by_the_next_one(tmp_path):
    code = """if True:
        import os, shutil, sys, tempfile
        from enronlib.processes import use_scratch_folder

        make, made = tempfile.mkdtemp, []

        def make_twice(**options):
            made.append(make(**options))
            if len(made) == 1:
                shutil.rmtree(made[0])  # as another process may do before it is locked
            return made[-1]

        tempfile.mkdtemp = make_twice
        use_scratch_folder()
        print(os.path.basename(made[-1]), flush=True)
        sys.stdin.read()
        os._exit(1)
        """
    command = [sys.executable, "-c", code]
    with ExitStack() as stack:

        def start():
            environment = os.environ | {"TMPDIR": str(tmp_path)}
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
            assert process.stdout is not None
            return stack.enter_context(process), process.stdout.readline().strip()

        (first, left), (_, in_use) = start(), start()
        assert {path.name for path in tmp_path.iterdir()} == {left, in_use}
        first.communicate()
        _, new = start()
        assert {path.name for path in tmp_path.iterdir()} == {in_use, new}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork server")
def test_a_process_starts_though_the_fork_server_is_killed_at_that_moment(monkeypatch):
    from multiprocessing import forkserver

    server: Any = forkserver._forkserver
    ensure_running, killed = server.ensure_running, list[psutil.Process]()

    def kill_it_once():
        ensure_running()
        if not killed:
            killed.append(psutil.Process(server._forkserver_pid))
            killed[0].kill()
            while killed[0].status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)

    monkeypatch.setattr(server, "ensure_running", kill_it_once)
    process = WorkerProcess("forkserver")
    process.call(abs, -1)
    assert process.result() == 1
    assert process.end() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork server")
def test_the_fork_server_ignores_ctrl_c_from_its_first_moment_on():
    code = """if True:
        import os, signal
        from multiprocessing import forkserver
        from enronlib.processes import WorkerProcess, start_fork_server

        start_fork_server()
        server = forkserver._forkserver._forkserver_pid
        os.kill(server, signal.SIGINT)
        process = WorkerProcess("forkserver")
        process.call(os.getppid)
        print(process.result() == server)
        process.end()
        """
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a process")
@pytest.mark.parametrize("method", METHODS)
def test_a_worker_process_ends_silently_on_ctrl_c(method, capfd):
    process = WorkerProcess(method)
    process.call(os.getpid)
    pid = process.result()
    process.call(time.sleep, 60)
    os.kill(pid, signal.SIGINT)
    assert process.end() == -signal.SIGINT
    assert capfd.readouterr().err == ""


def test_ctrl_c_while_a_process_starts_waits_until_it_has_started(monkeypatch):
    start, started = BaseProcess.start, list[BaseProcess]()

    def interrupted_start(process):
        signal.raise_signal(signal.SIGINT)
        start(process)
        started.append(process)

    monkeypatch.setattr(BaseProcess, "start", interrupted_start)
    with pytest.raises(KeyboardInterrupt):
        WorkerProcess(METHODS[0])
    started[0].kill()


@pytest.mark.parametrize(
    ("error", "reason"), [(OSError(12, "Cannot allocate memory"), "Cannot allocate memory"), (EOFError(), "it ended")]
)
def test_a_process_that_cannot_start_is_a_clear_error(run, monkeypatch, error, reason):
    def fail(_):
        raise error

    monkeypatch.setattr(BaseProcess, "start", fail)
    with pytest.raises(UserError, match=rf"^cannot start a worker process \({reason}.*free some memory"):
        run(workers=2)


def test_no_folder_for_temporary_files_is_a_clear_error(run, monkeypatch):
    def fail():
        raise FileNotFoundError

    monkeypatch.setattr(tempfile, "gettempdir", fail)
    with pytest.raises(UserError, match=r"^no folder for temporary files is writable"):
        run()


def test_a_process_that_dies_while_it_is_idle_is_replaced(maildir, run, out, monkeypatch):
    result, died = WorkerProcess.result, list[WorkerProcess]()

    def result_and_death(process):
        received = result(process)
        process._process.kill()
        process._process.join()
        died.append(process)
        return received

    monkeypatch.setattr(WorkerProcess, "result", result_and_death)
    assert run(workers=2).succeeded
    assert len(died) == 10  # as many as there are tasks
    assert_right(maildir, out)


def test_little_is_sent_to_a_process_for_each_task(maildir, run, monkeypatch):
    call, sizes = WorkerProcess.call, list[int]()

    def measured_call(process, function, *arguments):
        sizes.append(len(ForkingPickler.dumps((function, arguments))))
        call(process, function, *arguments)

    monkeypatch.setattr(WorkerProcess, "call", measured_call)
    assert run(workers=2).succeeded
    assert max(sizes) < 4_000


def in_a_process(maildir, out, **options):
    """Start the workflow in a process, and a process group, of its own, from a script without a main guard."""
    script = "from enronlib.workflow import run_workflow\nprint('started', flush=True)\n"
    script += (
        f"run = run_workflow({str(maildir)!r}, {str(out)!r}, **{options!r})\nprint(run.summary)\nprint(run.failures)\n"
    )
    (out.parent / "script.py").write_text(script, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, out.parent / "script.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )


def test_runs_begun_at_once_wait_for_each_other_and_need_no_main_guard(maildir, run, out):
    runs = [in_a_process(maildir, out, workers=2) for _ in range(3)]
    errors = sorted(process.communicate(timeout=60)[1] for process in runs)
    assert [process.returncode for process in runs] == [0, 0, 0]
    assert errors[0] == ""
    assert {*errors[1:]} <= {"", "waiting for another run in out\n"}
    assert run().succeeded
    assert_right(maildir, out)


def test_a_run_waits_for_the_one_at_work_and_says_so(maildir, out):
    with locked(out):
        process = in_a_process(maildir, out, workers=1)
        assert process.stderr.readline() == "waiting for another run in out\n"
        assert outputs(out) == set()
    assert process.communicate(timeout=60)[1] == ""
    assert_right(maildir, out)


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    code = f"""import os, pathlib, enronlib.files
with enronlib.files.locked(pathlib.Path({str(tmp_path)!r})):
    os._exit(1)"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 1
    with locked(tmp_path):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
def test_a_run_that_waits_for_the_lock_ends_on_an_interrupt(maildir, out):
    command = [sys.executable, "-m", "enronlib", "run", maildir, "--out", out, "--workers", "2"]
    with locked(out), subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "waiting for another run in out\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read().startswith("enronlib: stopped; ")
    assert process.returncode == 130


def test_threads_run_one_after_the_other(maildir, tmp_path):
    outs = [tmp_path / "out1", tmp_path / "out2", tmp_path / "out3"]
    main, method = sys.modules["__main__"], multiprocessing.get_start_method(allow_none=True)
    with ThreadPoolExecutor() as threads:
        runs = list(threads.map(lambda out: run_workflow(maildir, out, workers=2, progress=False), outs))
    assert all(run.succeeded for run in runs)
    assert (sys.modules["__main__"], multiprocessing.get_start_method(allow_none=True)) == (main, method)
    for out in outs:
        assert_right(maildir, out)


@pytest.fixture
def long_mail(tmp_path):
    """Return a maildir that keeps the workflow busy for about two seconds."""
    mail = {f"box{box}": {f"{n}.": f"word{box} gas deal " * 40 for n in range(300)} for box in range(8)}
    return write_maildir(tmp_path / "maildir", mail)


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups and SIGKILL")
@pytest.mark.parametrize("whom", ["the parent", "all"])
def test_killed_at_any_moment_and_run_again_results_are_right(long_mail, tmp_path, whom):
    moments = random.Random(whom)
    for out in (tmp_path / "out1", tmp_path / "out2", tmp_path / "out3"):
        process = in_a_process(long_mail, out, workers=2)
        process.stdout.readline()
        time.sleep(moments.uniform(0.2, 1.6))
        if whom == "all":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()  # its worker processes go on with what they are at
        for path in out.glob("processed/*.parquet"):
            assert pq.read_metadata(path).num_rows == 300
        for path in out.glob("results/words/*.txt"):
            assert counts_in(path) == loop(long_mail / path.stem)
        assert run_workflow(long_mail, out, workers=1, progress=False).succeeded
        assert_right(long_mail, out)
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a fork server")
@pytest.mark.parametrize("whom", ["the fork server", "the resource tracker", "a worker"])
def test_a_run_survives_the_death_of_another_process(long_mail, out, whom):
    process = in_a_process(long_mail, out, workers=2)
    while process.poll() is None and not list(out.glob("processed/*.parquet")):
        time.sleep(0.01)
    children = {" ".join(child.cmdline()): child for child in psutil.Process(process.pid).children()}
    server, tracker = (
        next(child for command, child in children.items() if module in command)
        for module in ("multiprocessing.forkserver", "multiprocessing.resource_tracker")
    )
    {"the fork server": server, "the resource tracker": tracker, "a worker": server.children()[0]}[whom].kill()
    printed, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    failures = ast.literal_eval(printed.splitlines()[-1])
    assert len(failures) <= (1 if whom == "a worker" else 0)
    assert all("(perhaps out of memory)" in reason for reason in failures.values())
    assert run_workflow(long_mail, out, workers=2, progress=False).succeeded
    assert_right(long_mail, out)


def test_a_worker_process_whose_parent_is_gone_ends_silently(capfd):
    process = WorkerProcess("spawn")
    process.connection.close()
    assert process.end() == 0
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
def test_an_interrupt_leaves_no_process_and_no_half_file(long_mail, out):
    process = in_a_process(long_mail, out, workers=2)
    process.stdout.readline()
    while process.poll() is None and not list(out.glob("processed/*.parquet")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert errors.strip().endswith("KeyboardInterrupt")
    deadline = time.monotonic() + 10
    while (group := [p for p in psutil.process_iter() if in_group(p, process.pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert group == []
    assert run_workflow(long_mail, out, workers=1, progress=False).succeeded
    assert_right(long_mail, out)


def in_group(process, group):
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.Error):
        return False


# What it shows, and what it leaves alone


def test_nothing_printed_or_stored_names_host_user_or_folder(maildir, out):
    (maildir / "birch-b/inbox/1.").write_bytes(b"")
    process = in_a_process(maildir, out, workers=2)
    printed, errors = process.communicate(timeout=60)
    assert errors == ""
    assert "birch-b/inbox/1. is empty" in printed
    files = [path for path in out.rglob("*") if path.is_file()]
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix in (".txt", ".json")]
    for text in [printed, *texts]:
        for name in (socket.gethostname(), getpass.getuser(), str(out.parent)):
            assert not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    assert not [path for path in files if str(out.parent).encode() in path.read_bytes()]


def test_luigis_log_is_shown_when_asked_for_and_only_then(run, capfd):
    run(workers=2)
    run(verbose=True)
    shown = capfd.readouterr().err
    assert "INFO: Informed scheduler that task" in shown
    run()
    run(workers=2)
    assert capfd.readouterr() == ("", "")


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stderr", "progress", "shown"), [(Terminal, True, True), (Terminal, False, False), (StringIO, True, False)]
)
def test_a_progress_bar_counts_the_tasks_in_a_terminal(run, monkeypatch, stderr, progress, shown):
    screen = stderr()
    monkeypatch.setattr("sys.stderr", screen)
    run(progress=progress)
    assert ("100%" in screen.getvalue() and "10/10" in screen.getvalue()) == shown
    assert shown or screen.getvalue() == ""


def test_nothing_of_this_process_is_changed_for_good(maildir, out, tmp_path):
    code = """
        import logging, multiprocessing, os, signal, sys
        from contextlib import suppress
        from pathlib import Path

        from enronlib import UserError
        from enronlib.workflow import run_workflow
        from luigi.setup_logging import InterfaceLogging

        def state():
            loggers = [logging.getLogger(name) for name in ("luigi", "luigi-interface", "")]
            return (
                multiprocessing.get_start_method(allow_none=True),
                multiprocessing.Queue,
                [(list(logger.handlers), logger.level, logger.propagate) for logger in loggers],
                InterfaceLogging._configured,
                [signal.getsignal(number) for number in signal.valid_signals()],
                sys.modules["__main__"],
                dict(os.environ),
                Path.cwd(),
            )

        maildir, out = map(Path, sys.argv[1:])
        before = state()
        run_workflow(maildir, out, workers=2, progress=False)
        assert state() == before
        (maildir / "birch-b/inbox/1.").write_bytes(b"")
        assert not run_workflow(maildir, out, workers=1, verbose=True, progress=False).succeeded
        assert state() == before
        with suppress(UserError):
            run_workflow(maildir, out, scheduler_url="http://127.0.0.1:9", progress=False)
            raise SystemExit("there is no such scheduler")
        assert state() == before
        """
    (tmp_path / "script.py").write_text(dedent(code), encoding="utf-8")
    subprocess.run([sys.executable, tmp_path / "script.py", maildir, out], check=True)


def test_it_runs_in_a_notebook_by_every_start_method(tmp_path):
    maildir = write_maildir(tmp_path / "maildir", {"ash-a": MAIL["ash-a"]})
    cells = [
        nbformat.v4.new_code_cell(
            "from enronlib.workflow import run_workflow\n"
            f"run = run_workflow('maildir', '{method}', workers=2, start_method='{method}', progress=False)\n"
            "print(run.succeeded, run.failures)"
        )
        for method in METHODS
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert [[output.get("text") for output in cell.outputs] for cell in cells] == [["True {}\n"]] * len(METHODS)
    for method in METHODS:
        assert_right(maildir, tmp_path / method)


def test_a_task_defined_in_a_notebook_is_refused_where_it_could_not_run(tmp_path):
    source = dedent("""\
        import luigi
        from enronlib.workflow.runner import build

        class Hello(luigi.Task):
            def output(self):
                return luigi.LocalTarget("hello.txt")
            def run(self):
                with self.output().open("w") as file:
                    file.write("hello")

        try:
            build(Hello(), workers=2, start_method="spawn")
        except Exception as error:
            print(error)
        print(build(Hello(), workers=1).succeeded)
        """)
    cell = nbformat.v4.new_code_cell(source)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = "".join(output["text"] for output in cell.outputs if output.get("name") == "stdout")
    assert printed == "Hello is defined in a notebook: write it to a module or run it with workers=1\nTrue\n"


# A central scheduler


@pytest.fixture
def scheduler(tmp_path):
    """Start Luigi's central scheduler on a free port and return its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "luigi.cfg"
    config.write_text("[scheduler]\nstable_done_cooldown_secs = 2\n", encoding="utf-8")
    code = "from luigi.cmdline import luigid; luigid()"
    arguments = ["--address", "127.0.0.1", "--port", str(port), "--state-path", str(tmp_path / "state")]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"LUIGI_CONFIG_PATH": str(config)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            break
        except OSError:
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(timeout=20)


def test_a_central_scheduler_sees_the_run_but_neither_host_nor_user(maildir, run, out, scheduler):
    message = maildir / "birch-b/inbox/1."
    whole = message.read_bytes()
    message.write_bytes(b"")
    failed = run(workers=2, scheduler_url=scheduler)
    assert failed.failures == {"birch-b": "birch-b/inbox/1. is empty: copy it again"}
    with urllib.request.urlopen(f"{scheduler}/api/worker_list") as answer:
        (worker,) = json.load(answer)["response"]
    assert worker["workers"] == 2
    assert socket.gethostname() not in worker.values()
    assert getpass.getuser() not in worker.values()

    message.write_bytes(whole)
    assert run(workers=2, scheduler_url=scheduler).succeeded
    assert_right(maildir, out)
    add(maildir / "birch-b")  # the scheduler has just seen these tasks done
    assert run(workers=2, scheduler_url=scheduler).succeeded
    assert_right(maildir, out)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "127.0.0.1:9", "nonsense"])
def test_a_missing_scheduler_is_a_clear_error(run, url):
    with pytest.raises(UserError, match=f"no scheduler answers at {url}: start one with `luigid --address 127.0.0.1`"):
        run(scheduler_url=url)


def test_a_scheduler_that_stops_answering_is_a_clear_error(run, scheduler, monkeypatch):
    def fail(*_, **__):
        raise luigi.rpc.RPCError("no answer")  # after the last of several attempts, a minute later

    monkeypatch.setattr(luigi.rpc.RemoteScheduler, "_request", fail)
    with pytest.raises(UserError, match="no longer answers: start it and run again"):
        run(scheduler_url=scheduler)
