"""The same answer everywhere: a loop, MapReduce, the workflow, Dask and Spark count any mail alike."""

import os
import shutil
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enronlib import UserError, corpus
from enronlib.counts import read_counts
from enronlib.engines import Mail, find_engine, run_engine, words_of
from enronlib.engines.packing import pack
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


@pytest.fixture(params=["dask", "spark"])
def engine(request):
    """The name of each engine that is installed."""
    pytest.importorskip({"dask": "dask.bag", "spark": "pyspark"}[request.param])
    if request.param == "spark" and not shutil.which("java"):
        pytest.skip("Spark needs Java")
    return request.param


def test_an_engine_counts_a_corpus_as_a_loop_does(mail, expected, engine, tmp_path):
    run_engine(engine, str(mail), str(tmp_path / "out"), workers=2)
    assert read_counts(tmp_path / "out/results/count.txt") == expected


def test_an_engine_that_is_not_installed_is_a_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.delitem(sys.modules, "enronlib.engines.on_dask", raising=False)
    with pytest.raises(UserError, match=r"dask is not installed: .*enronlib\[dask\]"):
        find_engine("dask")


def test_an_empty_message_is_one_clear_line(tmp_path, engine):
    maildir = tmp_path / "maildir"
    (maildir / "box").mkdir(parents=True)
    (maildir / "box/1.").touch()
    with pytest.raises(UserError, match=r"^(Spark stopped: )?box/1\. is empty: copy it again$"):
        run_engine(engine, str(maildir), str(tmp_path / "out"), workers=2)
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == [".lock"]


def test_a_message_that_cannot_be_read_is_one_clear_line(tmp_path, monkeypatch):
    pytest.importorskip("dask.bag")
    write(tmp_path / "maildir", {"box": [("", "gas")]})
    mail = Mail(f"file://{tmp_path / 'maildir'}", {"box": 1, "gone": 1})
    monkeypatch.setattr("enronlib.engines.find_mail", lambda maildir, engine: mail)
    with pytest.raises(UserError, match=r"^dask stopped: .*No such file or directory: 'maildir/gone'$"):
        run_engine("dask", str(tmp_path / "maildir"), str(tmp_path / "out"), workers=2)


def test_the_sample_has_the_words_it_was_made_of(tmp_path):
    maildir = write_sample(tmp_path / "sample", 300, seed=8)
    for mailbox in corpus.mailboxes(maildir):
        found = Counter(word for file in corpus.message_files(mailbox) for word in words_of(str(file)))
        assert found == read_truth(tmp_path / "sample")["words"][mailbox.name]


def odd_mail(maildir, messages=200, seed=6):
    """Write mail of random pieces of text, in mailboxes of different sizes, one of them empty."""
    random = Random(seed)
    pieces = [
        "gas ",
        "Don't ",
        "don’t\n",
        "<br>",
        "<p>power</p>",
        "=20",
        "\t",
        "é",
        '<a href="x">',
        "=92",
        "e\u0301",
        "\0",
    ]
    headers = ["", "Content-Transfer-Encoding: quoted-printable\n", *(f"Content-Type: {kind}\n" for kind in KINDS)]
    mailboxes: dict[str, list[tuple[str, str]]] = {name: [] for name in ("ada a", "bo=b", "cé-c%41", "zz-empty")}
    for _ in range(messages):
        body = "".join(random.choices(pieces, k=random.randrange(30)))
        mailboxes[random.choice(["ada a", "ada a", "bo=b", "cé-c%41"])].append((random.choice(headers), body))
    write(maildir, mailboxes)
    return maildir


@pytest.mark.parametrize("packed", [False, True])
def test_an_engine_writes_what_the_workflow_writes(tmp_path, engine, packed):
    maildir = odd_mail(tmp_path / "mail")
    assert run_workflow(maildir, tmp_path / "workflow", workers=1, progress=False).succeeded
    if packed:
        pack(maildir, str(tmp_path / "packed"))
    run_engine(engine, str(tmp_path / "packed" if packed else maildir), str(tmp_path / engine), workers=2)
    assert_same_results(tmp_path / engine, tmp_path / "workflow")
    left = [path.name for path in (tmp_path / engine / "processed").iterdir() if path.suffix != ".parquet"]
    assert left == [".made"]
    again = run_workflow(maildir, tmp_path / engine, workers=1, progress=False)
    assert again.succeeded
    assert "ran successfully" in again.summary, "the workflow trusts only what it made itself"


def assert_same_results(ours, theirs):
    for folder in ("results", "results/words"):
        counted, expected = (
            {path.name: path.read_bytes() for path in (out / folder).glob("[!.]*.*")} for out in (ours, theirs)
        )
        assert counted == expected
    for file in (theirs / "processed").glob("*.parquet"):
        assert pq.read_table(ours / "processed" / file.name).equals(pq.read_table(file)), file.name
