"""What packing guarantees: every message, in corpus order, in whole files; what is packed is not packed again."""

import json
import os

import pyarrow.parquet as pq
import pytest

from enronlib import UserError, corpus
from enronlib.engines import MANIFEST, packing
from enronlib.engines.packing import pack
from enronlib.sample import write_sample


@pytest.fixture
def maildir(tmp_path, monkeypatch):
    """A maildir that fills several files and row groups, with an empty mailbox."""
    monkeypatch.setattr(packing, "ROW_GROUP", 20_000)
    monkeypatch.setattr(packing, "FILE", 100_000)
    maildir = write_sample(tmp_path / "sample", 300)
    (maildir / "zz-empty").mkdir()
    return maildir


def states(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}


def test_holds_every_message_in_corpus_order(maildir, tmp_path):
    mailboxes = pack(maildir, str(tmp_path / "packed"))
    rows = [
        row for name in manifest(tmp_path)["files"] for row in pq.read_table(tmp_path / "packed" / name).to_pylist()
    ]
    files = [file for mailbox in corpus.mailboxes(maildir) for file in corpus.message_files(mailbox)]
    assert [maildir / os.fsdecode(row["path"]) for row in rows] == files
    assert [row["message"] for row in rows] == [file.read_bytes() for file in files]
    assert [row["number"] for row in rows] == [n for count in mailboxes.values() for n in range(count)]
    assert mailboxes == {box.name: len(corpus.message_files(box)) for box in corpus.mailboxes(maildir)}


def manifest(folder):
    return json.loads((folder / "packed" / MANIFEST).read_bytes())


def test_a_row_group_holds_one_mailbox_which_the_manifest_names(maildir, tmp_path):
    pack(maildir, str(tmp_path / "packed"))
    files = manifest(tmp_path)["files"]
    assert len(files) > 2
    for name, mailboxes in files.items():
        file = pq.ParquetFile(tmp_path / "packed" / name)
        statistics = [file.metadata.row_group(n).column(0).statistics for n in range(file.num_row_groups)]
        assert [(each.min, each.max) for each in statistics] == [(mailbox, mailbox) for mailbox in mailboxes]


def test_a_run_that_was_stopped_is_continued(maildir, tmp_path, monkeypatch):
    write = packing.write

    def stopped(groups, maildir, file):
        write(groups, maildir, file)
        if states(tmp_path / "packed"):  # in the second file
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(packing, "write", stopped)
        with pytest.raises(KeyboardInterrupt):
            pack(maildir, str(tmp_path / "packed"))
    before = states(tmp_path / "packed")
    assert [path.name for path in (tmp_path / "packed").iterdir()] == list(before), "no manifest, nothing unfinished"
    pack(maildir, str(tmp_path / "packed"))
    assert before.items() < states(tmp_path / "packed").items()


def test_only_files_with_changed_messages_are_packed_again(maildir, tmp_path):
    pack(maildir, str(tmp_path / "packed"))
    before = states(tmp_path / "packed")
    last = corpus.message_files(corpus.mailboxes(maildir)[-2])[-1]
    last.write_bytes(last.read_bytes() + b"more")
    pack(maildir, str(tmp_path / "packed"))
    after = states(tmp_path / "packed")
    assert len(before.items() - after.items()) == 1
    assert sorted(after) == sorted(manifest(tmp_path)["files"]), "the old file is gone"


def test_an_empty_message_is_one_clear_line(maildir, tmp_path):
    message = corpus.message_files(corpus.mailboxes(maildir)[0])[0]
    message.write_bytes(b"")
    with pytest.raises(UserError, match=r"/.* is empty: copy it again$"):
        pack(maildir, str(tmp_path / "packed"))


def test_mail_is_not_packed_into_itself(maildir):
    with pytest.raises(UserError, match="is inside the mail"):
        pack(maildir, str(maildir / "packed"))
