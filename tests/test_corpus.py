"""Which folders are mailboxes, which files are messages, and in which order."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enronlib import UserError
from enronlib.corpus import find_maildir, fingerprint, keep_apart, mailboxes, message_files, natural_key, printable


@pytest.fixture
def write(tmp_path):
    """Write message files by name below a maildir, and return the maildir."""

    def write_all(*names):
        for name in names:
            path = tmp_path / "maildir" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"Subject: {name}\n\n", encoding="utf-8")
        return tmp_path / "maildir"

    return write_all


def link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.symlink_to(target)
    except OSError as error:
        pytest.skip(f"this system makes no links: {error}")


def names(mailbox):
    return [path.relative_to(mailbox).as_posix() for path in message_files(mailbox)]


def test_numbers_in_names_count_as_numbers(write):
    maildir = write("box/inbox/10.", "box/inbox/2.", "box/inbox/1.", "box/10_old/1.", "box/2_trash/1.")
    assert names(maildir / "box") == ["2_trash/1.", "10_old/1.", "inbox/1.", "inbox/2.", "inbox/10."]


def test_mailboxes_are_in_natural_order(write):
    assert [box.name for box in mailboxes(write("b10/1", "b9/1", "a/1"))] == ["a", "b9", "b10"]


def test_messages_are_found_however_deep_and_with_or_without_a_dot(write):
    maildir = write("box/1.", "box/2", "box/3_", "box/a/b/c/d/e/4.")
    assert names(maildir / "box") == ["1.", "2", "3_", "a/b/c/d/e/4."]


def test_a_folder_named_like_a_message_is_a_folder(write):
    assert names(write("box/1./2.", "box/3.") / "box") == ["1./2.", "3."]


def test_hidden_files_and_folders_are_left_out(write):
    maildir = write("box/.DS_Store", "box/.git/1.", ".hidden/1.", "box/1.")
    assert names(maildir / "box") == ["1."]
    assert [box.name for box in mailboxes(maildir)] == ["box"]


def test_files_beside_the_mailboxes_are_no_mailboxes(write):
    assert [box.name for box in mailboxes(write("readme.txt", "box/1."))] == ["box"]


def test_an_empty_mailbox_has_no_messages(write):
    maildir = write("box/1.")
    (maildir / "empty").mkdir()
    assert message_files(maildir / "empty") == []


def test_broken_links_are_left_out(write):
    maildir = write("box/1.")
    link(maildir / "box" / "2.", maildir / "box" / "nowhere")
    assert names(maildir / "box") == ["1."]


def test_links_lead_to_files_inside_the_maildir_only(write, tmp_path):
    maildir = write("box/1.")
    (tmp_path / "secret").write_text("Subject: secret\n\n", encoding="utf-8")
    link(maildir / "box" / "2.", maildir / "box" / "1.")
    link(maildir / "box" / "3.", tmp_path / "secret")
    assert names(maildir / "box") == ["1.", "2."]


def test_links_to_folders_are_not_followed(write, tmp_path):
    maildir = write("box/1.")
    link(maildir / "box" / "circle", maildir / "box")
    link(maildir / "outside", tmp_path)
    assert names(maildir / "box") == ["1."]
    assert [box.name for box in mailboxes(maildir)] == ["box"]


def test_links_that_lead_in_circles_are_left_out(write):
    maildir = write("box/1.")
    for circle in (maildir / "box" / "loop", maildir / "loop"):
        link(circle, circle)
    link(maildir / "self", maildir)
    assert [box.name for box in mailboxes(maildir)] == ["box"]
    assert names(maildir / "box") == ["1."]
    assert fingerprint(maildir / "box")


def test_a_maildir_may_itself_be_a_link(write, tmp_path):
    write("box/1.")
    link(tmp_path / "link", tmp_path / "maildir")
    assert [names(box) for box in mailboxes(tmp_path / "link")] == [["1."]]


@given(st.lists(st.text("0123456789ab._", min_size=1), unique=True))
def test_the_natural_order_is_one_order(some_names):
    ordered = sorted(some_names, key=natural_key)
    some_names.reverse()
    assert ordered == sorted(some_names, key=natural_key)
    numbers = [int(name) for name in ordered if name.isdecimal()]
    assert numbers == sorted(numbers)


@pytest.mark.skipif(os.name == "nt", reason="Windows limits paths to 260 characters")
def test_folders_may_be_nested_deeper_than_python_recurses(write):
    maildir = write("box/1.", "box/z/1.")
    deepest = f"{maildir}/box"
    for _ in range(1500):
        deepest += "/d"
        os.mkdir(deepest)  # noqa: PTH102
    message = Path(deepest, "2.")
    message.touch()
    assert names(maildir / "box") == ["1.", "d/" * 1500 + "2.", "z/1."]
    assert fingerprint(maildir / "box")
    message.unlink()
    os.removedirs(deepest)  # pytest would recurse


def test_paths_may_be_text(write):
    maildir = write("box/1.")
    assert mailboxes(str(maildir)) == mailboxes(maildir)
    assert message_files(str(maildir / "box")) == message_files(maildir / "box")
    assert fingerprint(str(maildir / "box")) == fingerprint(maildir / "box")
    with pytest.raises(UserError, match="inside the mail"):
        keep_apart(str(maildir), str(maildir / "out"))


def test_bytes_of_a_name_that_are_no_utf8_are_printed_as_question_marks():
    assert printable(os.fsdecode(b"m\xfcller-a")) == "m?ller-a"


def test_the_fingerprint_stays_while_nothing_changes(write):
    box = write("box/1.", "box/a/2.") / "box"
    assert fingerprint(box) == fingerprint(box)


@pytest.mark.parametrize(
    "change",
    [
        lambda box: (box / "3.").write_bytes(b""),
        lambda box: (box / "1.").unlink(),
        lambda box: (box / "1.").rename(box / "9."),
        lambda box: (box / "1.").write_text("longer than it was before\n", encoding="utf-8"),
        lambda box: os.utime(box / "1.", ns=(0, 0)),
    ],
    ids=["came", "went", "renamed", "grew", "written again"],
)
def test_the_fingerprint_changes_with_the_files(write, change):
    box = write("box/1.", "box/2.") / "box"
    before = fingerprint(box)
    change(box)
    assert fingerprint(box) != before


def test_the_maildir_given_comes_before_the_environment(write, tmp_path, monkeypatch):
    maildir = write("box/1.")
    monkeypatch.setenv("ENRON_MAILDIR", str(tmp_path / "elsewhere"))
    assert find_maildir(maildir) == maildir
    with pytest.raises(UserError, match="elsewhere"):
        find_maildir()
    monkeypatch.setenv("ENRON_MAILDIR", str(maildir))
    assert find_maildir() == maildir


def test_a_maildir_without_mailboxes_is_a_clear_error(tmp_path):
    with pytest.raises(UserError, match="holds no mailbox"):
        find_maildir(tmp_path)
    with pytest.raises(UserError, match="there is no folder"):
        find_maildir(tmp_path / "missing")


def test_without_any_maildir_there_is_the_sample(monkeypatch, tmp_path):
    monkeypatch.delenv("ENRON_MAILDIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert len(mailboxes(find_maildir())) >= 11
