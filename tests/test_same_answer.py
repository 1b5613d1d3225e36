"""The same answer everywhere: a loop, MapReduce, the workflow, Dask and Spark count any mail alike."""

import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enronlib import UserError, corpus
from enronlib.counts import read_counts
from enronlib.engines import find_engine, list_mail, run_engine, words_of
from enronlib.mapreduce import map_reduce
from enronlib.sample import read_truth, write_sample
from enronlib.workflow import run_workflow

BODIES = st.lists(
    st.one_of(
        st.sampled_from(["gas ", "Don't ", "don’t\n", "<br>", "<p>power</p>", "=20", "\t", "é", "1x2 "]),
        st.sampled_from(['<a href="x">', "=92", "e\u0301", "co\xadop", "--b\n\n", "--b\nContent-Type: text/html\n\n"]),
        st.text(),
    ),
    max_size=8,
).map("".join)
KINDS = ["text/plain", "text/html", "text/plain; charset=koi8-r", "multipart/mixed; boundary=b"]
HEADERS = st.sampled_from(
    ["", "Content-Transfer-Encoding: quoted-printable\n", *(f"Content-Type: {kind}\n" for kind in KINDS)]
)
MAILBOXES = st.dictionaries(st.sampled_from(["a", "b-c", "d"]), st.lists(st.tuples(HEADERS, BODIES)), min_size=1)


def write(maildir, mailboxes):
    shutil.rmtree(maildir, ignore_errors=True)
    for name, messages in mailboxes.items():
        (maildir / name / "inbox").mkdir(parents=True)
        for number, (header, body) in enumerate(messages, start=1):
            text = f"Subject: x\n{header}\n{body}"
            (maildir / name / "inbox" / f"{number}_").write_bytes(text.encode("utf-8", "replace"))


def files_of(maildir):
    return [str(file) for mailbox in corpus.mailboxes(maildir) for file in corpus.message_files(mailbox)]


def count_in_a_loop(maildir):
    counts: Counter[str] = Counter()
    for file in files_of(maildir):
        counts.update(words_of(file))
    return counts


def pairs_of(file):
    return [(word, 1) for word in words_of(file)]


def total(word, counts):
    return sum(counts)


any_settings = st.fixed_dictionaries(
    {
        "partitions": st.integers(1, 5),
        "split_size": st.integers(1, 4),
        "memory": st.integers(1, 20),
        "combiner": st.sampled_from([None, total]),
    }
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MAILBOXES, any_settings)
def test_mapreduce_counts_any_mail_as_a_loop_does(tmp_path, mailboxes, how):
    write(tmp_path / "mail", mailboxes)
    counts = map_reduce(files_of(tmp_path / "mail"), pairs_of, total, **how)
    assert dict(counts) == count_in_a_loop(tmp_path / "mail")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MAILBOXES)
def test_the_workflow_counts_any_mail_as_a_loop_does(tmp_path, mailboxes):
    write(tmp_path / "mail", mailboxes)
    assert run_workflow(tmp_path / "mail", tmp_path / "out", workers=1, progress=False).succeeded
    assert read_counts(tmp_path / "out/results/count.txt") == count_in_a_loop(tmp_path / "mail")


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    """Real mail if there is some, else invented mail."""
    if folder := os.environ.get("ENRON_REAL_MAIL"):
        return Path(folder)
    return write_sample(tmp_path_factory.mktemp("sample") / "sample", 400)


@pytest.fixture(scope="module")
def expected(mail):
    return count_in_a_loop(mail)


@pytest.mark.parametrize("workers", [1, 2])
def test_mapreduce_counts_a_corpus_as_a_loop_does(mail, expected, workers):
    assert dict(map_reduce(files_of(mail), pairs_of, total, total, workers=workers, partitions=3)) == expected


def test_the_workflow_counts_a_corpus_as_a_loop_does(mail, expected, tmp_path):
    assert run_workflow(mail, tmp_path / "out", workers=2, progress=False).succeeded
    assert read_counts(tmp_path / "out/results/count.txt") == expected


@pytest.mark.parametrize("engine", ["dask", "spark"])
def test_an_engine_counts_a_corpus_as_a_loop_does(mail, expected, engine):
    pytest.importorskip({"dask": "dask.bag", "spark": "pyspark"}[engine])
    if engine == "spark" and not shutil.which("java"):
        pytest.skip("Spark needs Java")
    by_mailbox = find_engine(engine)(list_mail(mail), 2)
    assert set(by_mailbox) == {mailbox.name for mailbox in corpus.mailboxes(mail)}
    assert sum(by_mailbox.values(), Counter()) == expected


@pytest.mark.parametrize("engine", ["dask", "spark"])
def test_an_engine_counts_no_mail_as_no_words(engine):
    pytest.importorskip({"dask": "dask.bag", "spark": "pyspark"}[engine])
    if engine == "spark" and not shutil.which("java"):
        pytest.skip("Spark needs Java")
    assert find_engine(engine)([], 2) == {}


def test_an_engine_that_is_not_installed_is_a_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.delitem(sys.modules, "enronlib.engines.on_dask", raising=False)
    with pytest.raises(UserError, match=r"dask is not installed: .*enronlib\[dask\]"):
        find_engine("dask")


def test_a_message_that_vanishes_is_one_clear_line(tmp_path, monkeypatch):
    pytest.importorskip("dask.bag")
    maildir = tmp_path / "maildir"
    monkeypatch.setattr("enronlib.engines.list_mail", lambda maildir: [("box", str(maildir / "box/1."))])
    with pytest.raises(UserError, match=r"^cannot read the mail: .*No such file or directory: 'maildir/box/1\.'$"):
        run_engine("dask", maildir, tmp_path / "out", workers=2)


def test_the_sample_has_the_words_it_was_made_of(tmp_path):
    maildir = write_sample(tmp_path / "sample", 300, seed=8)
    for mailbox in corpus.mailboxes(maildir):
        found = Counter(word for file in corpus.message_files(mailbox) for word in words_of(str(file)))
        assert found == read_truth(tmp_path / "sample")["words"][mailbox.name]


@pytest.mark.parametrize("engine", ["dask", "spark"])
def test_an_engine_writes_the_files_of_the_workflow_byte_for_byte(tmp_path, engine):
    pytest.importorskip({"dask": "dask.bag", "spark": "pyspark"}[engine])
    if engine == "spark" and not shutil.which("java"):
        pytest.skip("Spark needs Java")
    maildir = write_sample(tmp_path / "sample", 200)
    (maildir / "zz-empty/inbox").mkdir(parents=True)
    assert run_workflow(maildir, tmp_path / "workflow", workers=1, progress=False).succeeded
    run_engine(engine, maildir, tmp_path / engine, workers=2)
    for folder in ("results", "results/words"):
        theirs = {path.name: path.read_bytes() for path in (tmp_path / "workflow" / folder).glob("[!.]*.*")}
        ours = {path.name: path.read_bytes() for path in (tmp_path / engine / folder).glob("[!.]*.*")}
        assert ours == theirs
    again = run_workflow(maildir, tmp_path / engine, workers=1, progress=False)
    assert again.succeeded
    assert "ran successfully" in again.summary, "the workflow trusts only what it made itself"
