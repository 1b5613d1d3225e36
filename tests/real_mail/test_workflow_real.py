"""The workflow on real mail: six mailboxes of the Enron corpus, in the folder that ENRON_REAL_MAIL names."""

import os
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from enronlib.messages import plain_text, read_email
from enronlib.words import tokens
from enronlib.workflow import run_workflow

MESSAGES = {
    "davis-d": 2249,
    "gay-r": 1415,
    "mims-thurston-p": 2038,
    "reitmeyer-j": 498,
    "sanchez-m": 256,
    "zipper-a": 1563,
}


@pytest.fixture(scope="module")
def out(maildir, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    run = run_workflow(maildir, out, progress=False)
    assert (run.succeeded, run.failures) == (True, {})
    return out


def counts_in(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return {word: int(count) for word, count in (line.split("\t") for line in lines)}


def test_no_message_is_lost(out):
    assert {path.stem: pq.read_metadata(path).num_rows for path in out.glob("processed/*.parquet")} == MESSAGES
    assert sum(MESSAGES.values()) == 8019


def test_counts_equal_a_plain_loop_word_by_word(maildir, out):
    total: Counter[str] = Counter()
    for mailbox in MESSAGES:
        counts: Counter[str] = Counter()
        for folder, _, names in os.walk(maildir / mailbox):
            for name in names:
                counts.update(tokens(plain_text(read_email(Path(folder, name), maildir))))
        assert counts_in(out / f"results/words/{mailbox}.txt") == counts
        total += counts
    assert counts_in(out / "results/count.txt") == total


def test_the_course_example_is_there(out):
    rows = pq.read_table(out / "processed/zipper-a.parquet").to_pylist()
    (row,) = [row for row in rows if row["Subject"] == "Thanks for the interview" and row["X-Origin"] == "ZIPPER-A"]
    assert (row["username"], row["From"], row["To"]) == (
        "zipper-a",
        "jeffrey.hammad@enron.com",
        "andy.zipper@enron.com",
    )
    assert row["Date"].isoformat() == "2001-06-07T18:05:33+00:00"


def test_a_second_run_does_nothing(maildir, out):
    assert "Did not run any tasks" in run_workflow(maildir, out, progress=False).summary
