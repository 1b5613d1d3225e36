"""The steps of the workflow, as functions and as commands."""

import subprocess
import sys
from collections import Counter

import pytest

from enronlib import corpus, steps
from enronlib.counts import read_counts
from enronlib.sample import read_truth, write_sample


@pytest.fixture(scope="module")
def maildir(tmp_path_factory):
    return write_sample(tmp_path_factory.mktemp("sample"), messages=100)


def step(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "enronlib.steps", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_steps_lead_from_mail_to_its_words_and_a_chart(maildir, tmp_path):
    words = []
    for mailbox in corpus.mailboxes(maildir):
        steps.process_mailbox(mailbox, tmp_path / f"processed/{mailbox.name}.parquet")
        words.append(tmp_path / f"results/words/{mailbox.name}.txt")
        steps.map_mailbox(tmp_path / f"processed/{mailbox.name}.parquet", words[-1])
    steps.reduce_counts(words, tmp_path / "results/count.txt")
    expected: Counter[str] = Counter()
    for counts in read_truth(maildir.parent)["words"].values():
        expected.update(counts)
    assert read_counts(tmp_path / "results/count.txt") == expected
    steps.draw_top_words(tmp_path / "results/count.txt", tmp_path / "results/top_words.png", top=5)
    assert (tmp_path / "results/top_words.png").read_bytes().startswith(b"\x89PNG")


def test_a_step_is_a_command_too(maildir, tmp_path):
    mailbox = corpus.mailboxes(maildir)[0]
    parquet, words, count = (str(tmp_path / name) for name in ("a.parquet", "a.txt", "count.txt"))
    for arguments in (["process", str(mailbox), parquet], ["map", parquet, words], ["reduce", words, words, count]):
        assert step(*arguments).returncode == 0
    once, twice = read_counts(words), read_counts(count)
    assert twice == {word: 2 * number for word, number in once.items()}


def test_a_command_that_fails_says_why_in_one_line_and_writes_nothing(tmp_path):
    (tmp_path / "ash-a").mkdir()
    (tmp_path / "ash-a/1.").touch()
    done = step("process", str(tmp_path / "ash-a"), str(tmp_path / "out/a.parquet"))
    assert (done.returncode, done.stderr) == (2, "error: ash-a/1. is empty: copy it again\n")
    assert not list((tmp_path / "out").iterdir())


def test_only_reduce_takes_several_inputs(tmp_path):
    done = step("map", "a.parquet", "b.parquet", str(tmp_path / "a.txt"))
    assert done.returncode == 2
    assert done.stderr.endswith("error: map takes one input\n")
