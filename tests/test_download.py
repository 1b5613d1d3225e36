"""The download against a real server on loopback, which behaves as well or as badly as each test asks."""

import errno
import gzip
import hashlib
import io
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from enronlib import UserError, corpus, download
from enronlib.download import ARCHIVE, PRIVACY, download_corpus

Files = dict[str, bytes]  # path below the maildir -> content, in the order of the archive


# --- An archive -------------------------------------------------------------------------------------------------------


def entry(
    name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(content)
    return info, content


def packed(entries: Iterable[tuple[tarfile.TarInfo, bytes]], level: int = 1) -> bytes:
    buffer = io.BytesIO()
    with gzip.open(buffer, "wb", compresslevel=level) as zipped, tarfile.open(fileobj=zipped, mode="w|") as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def archive(files: Files, level: int = 1) -> bytes:
    """Pack files as CMU does: an entry for each folder, then its contents."""
    entries, folders = [], set()
    for name, content in files.items():
        path = PurePosixPath("maildir") / name
        for folder in reversed(path.parents[:-1]):
            if folder not in folders:
                folders.add(folder)
                entries.append(entry(f"{folder}/", kind=tarfile.DIRTYPE))
        entries.append(entry(str(path), content))
    return packed(entries, level)


def invented() -> Files:
    """Return four mailboxes, not in alphabetical order, of 60 kB each, which gzip cannot compress."""
    noise = random.Random(2001)
    names = ["inbox/1.", "inbox/2.", "inbox/10.", "notes/deep/er/1.", "3."]
    mailboxes = ["zeta-z", "alpha-a", "mid-m", "beta-b"]
    return {f"{mailbox}/{name}": noise.randbytes(12_000) for mailbox in mailboxes for name in names}


def real() -> Files:
    """Return the last two of the real mailboxes in ENRON_REAL_MAIL, the last one first."""
    maildir = Path(os.environ["ENRON_REAL_MAIL"])
    return {
        path.relative_to(maildir).as_posix(): path.read_bytes()
        for mailbox in corpus.mailboxes(maildir)[:-3:-1]
        for path in corpus.message_files(mailbox)
    }


FILES = invented()
DATA = archive(FILES)
MAILBOXES = list(dict.fromkeys(name.split("/")[0] for name in FILES))


def only(*mailboxes: str, files: Files = FILES) -> Files:
    return {name: content for name, content in files.items() if name.split("/")[0] in mailboxes}


def found(maildir: Path) -> Files:
    """Return the files in a maildir, without hidden ones; {} if it does not exist."""
    paths = [path for path in maildir.rglob("*") if path.is_file()]
    named = {path.relative_to(maildir).as_posix(): path.read_bytes() for path in paths}
    return {name: content for name, content in named.items() if not name.startswith(".")}


# --- A server ---------------------------------------------------------------------------------------------------------


@dataclass
class Reply:
    """How the server answers one request."""

    data: bytes = DATA
    status: int | None = None  # answer with this status and an error page
    redirect: str | None = None  # redirect to this address
    ranges: bool = True  # honour Range
    etag: str | None = '"1"'
    cut: int | None = None  # close the connection after this many bytes of body
    lie: int = 0  # how many bytes the announced length is off
    lengths: int = 1  # how often to announce a length, each time a different one
    hang: int | None = None  # send nothing more after this many bytes of body


@dataclass
class Site:
    """A server and its plan: a reply for each of the next requests, then `always`."""

    url: str = ""
    plan: list[Reply] = field(default_factory=list)
    always: Reply = field(default_factory=Reply)
    asked: list[int] = field(default_factory=list)  # for each request, the first byte it asked for
    sent: int = 0  # bytes of body
    over: threading.Event = field(default_factory=threading.Event)


def handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            reply = site.plan.pop(0) if site.plan else site.always
            wanted = int(re.sub(r"\D", "", self.headers.get("Range", "0")))
            site.asked.append(wanted)
            if reply.redirect is not None:
                self.send_response(302)
                self.send_header("Location", reply.redirect)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if reply.status is not None:
                self.send_error(reply.status)
                return
            start = wanted if reply.ranges else 0
            total = len(reply.data)
            if start and start >= total:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{total}")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            for extra in range(reply.lengths):
                self.send_header("Content-Length", str(total - start + reply.lie + extra))
            if reply.etag:
                self.send_header("ETag", reply.etag)
            self.end_headers()
            self.send_body(reply, reply.data[start:])

        def send_body(self, reply: Reply, body: bytes) -> None:
            body = body[: reply.cut]
            for start in range(0, len(body), 4096):
                if reply.hang is not None and start >= reply.hang:
                    site.over.wait(10)
                    return
                try:
                    self.wfile.write(body[start : start + 4096])
                except OSError:  # the client has disconnected
                    return
                site.sent += len(body[start : start + 4096])

    return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(site))
    site.url = f"http://127.0.0.1:{server.server_port}/mail.tar.gz"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.remote, "WAITS", (0.01, 0.01))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kit" / "mail"


def get(site: Site, folder: Path, **options: Any) -> Files:
    return found(download_corpus(folder, **{"url": site.url, "progress": False, **options}))


def fault(site: Site, folder: Path, **options: Any) -> str:
    """Return the message of a download that fails: one line, without a path on this computer."""
    with pytest.raises(UserError) as caught:
        get(site, folder, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder.parent) not in message
    return message


def copy(folder: Path) -> Path:
    """Return the path of what has arrived of an unfinished archive."""
    return folder / f"{ARCHIVE}.part"


def copied(folder: Path) -> int:
    """Return how many bytes of the archive have arrived: those after the line that says where they come from."""
    return len(copy(folder).read_bytes().partition(b"\n")[2])


# --- The whole archive ------------------------------------------------------------------------------------------------


def test_whole_archive_becomes_a_maildir_and_leaves_nothing_else(site: Site, folder: Path) -> None:
    assert get(site, folder) == FILES
    assert [path.name for path in folder.iterdir()] == ["maildir"]
    assert [mailbox.name for mailbox in corpus.mailboxes(folder / "maildir")] == sorted(MAILBOXES)


@pytest.mark.skipif("ENRON_REAL_MAIL" not in os.environ, reason="ENRON_REAL_MAIL names no folder of real mail")
def test_real_mail_arrives_unchanged_in_full_over_broken_connections_and_in_part(site: Site, tmp_path: Path) -> None:
    files = real()
    data = archive(files)
    first, second, *_ = dict.fromkeys(name.split("/")[0] for name in files)
    site.always = Reply(data)
    site.plan = [Reply(data, cut=len(data) // 3), Reply(data, cut=len(data) // 3)]
    assert get(site, tmp_path / "whole") == files
    assert get(site, tmp_path / "first", first=1) == only(first, files=files)
    assert get(site, tmp_path / "named", mailboxes=[second]) == only(second, files=files)


def test_second_download_does_not_connect(site: Site, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    get(site, folder)
    assert PRIVACY in capsys.readouterr().out
    assert get(site, folder) == get(site, folder, first=2) == get(site, folder, mailboxes="mid-m") == FILES
    assert len(site.asked) == 1
    assert capsys.readouterr().out == ""


def test_progress_is_shown(site: Site, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    get(site, folder, progress=True)
    shown = capsys.readouterr().err
    assert "download: 100%" in shown
    assert "unpack: 4 mailboxes" in shown


@pytest.mark.parametrize("options", [{}, {"first": 2}])
def test_finished_folder_needs_no_right_to_write(site: Site, folder: Path, options: dict[str, Any]) -> None:
    mail = get(site, folder, **options)
    changed = [path.stat().st_mtime_ns for path in (folder, folder / "maildir")]
    assert get(site, folder, **options) == mail
    assert [path.stat().st_mtime_ns for path in (folder, folder / "maildir")] == changed


def test_right_checksum_is_accepted(site: Site, folder: Path) -> None:
    assert get(site, folder, sha256=hashlib.sha256(DATA).hexdigest().upper()) == FILES


def test_wrong_checksum_is_refused_before_unpacking_and_the_next_run_starts_again(site: Site, folder: Path) -> None:
    right = hashlib.sha256(DATA).hexdigest()
    site.plan = [Reply(archive(NEW))]
    assert "checksum" in fault(site, folder, sha256=right)
    assert not (folder / "maildir").exists()
    assert get(site, folder, sha256=right) == FILES
    assert site.asked == [0, 0]


def test_file_with_the_official_name_must_be_the_official_file(site: Site, folder: Path) -> None:
    url = site.url.replace("mail.tar.gz", ARCHIVE)
    assert "checksum" in fault(site, folder, url=url)
    assert get(site, folder, url=url, sha256=None) == FILES


def test_disk_space_is_checked_first(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "ROOM", 10**18)
    assert "GB of disk space" in fault(site, folder, url=site.url.replace("mail.tar.gz", ARCHIVE))
    assert site.asked == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit for the size of files")
def test_disk_that_takes_no_more_is_reported_and_what_has_arrived_is_kept(site: Site, folder: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        assert "cannot write into mail (File too large): check its free space" in fault(site, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert get(site, folder) == FILES
    assert site.asked[1] > 0


def test_disk_full_while_unpacking_keeps_the_archive(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_entries(_entries: Any, _maildir: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(download, "write_entries", write_entries)
        assert "cannot write into mail (No space left on device)" in fault(site, folder)
    assert found(folder / "maildir") == {}
    assert get(site, folder) == FILES
    assert len(site.asked) == 1


@pytest.mark.parametrize("options", [{}, {"first": 1}])
def test_folder_that_cannot_be_written_is_reported(site: Site, folder: Path, options: dict[str, Any]) -> None:
    folder.parent.mkdir()
    folder.write_text("a file", encoding="utf-8")
    assert "cannot write into mail (" in fault(site, folder, **options)


def test_folder_with_too_long_a_name_is_reported(site: Site, folder: Path) -> None:
    message = fault(site, folder.with_name("x" * 300))
    assert "File name too long" in message
    assert "name another folder" in message
    assert len(message) < 300


@pytest.mark.parametrize("options", [{}, {"first": 1}])
def test_mail_from_another_source_is_not_mixed_with(site: Site, folder: Path, options: dict[str, Any]) -> None:
    (folder / "maildir/mine/inbox").mkdir(parents=True)
    (folder / "maildir/mine/inbox/1.").write_bytes(b"mine")
    assert "name another folder" in fault(site, folder, **options)
    assert found(folder / "maildir") == {"mine/inbox/1.": b"mine"}
    assert site.asked == []


# --- A connection that breaks -----------------------------------------------------------------------------------------


def interrupt(site: Site, folder: Path, **options: Any) -> None:
    """Run a download that the server breaks off for good, and make the server well again."""
    site.plan, site.always = [Reply(**{"cut": 150_000, **options})], Reply(status=503)
    assert "answers 503" in fault(site, folder)
    assert 0 < copied(folder) <= 150_000
    assert not (folder / "maildir").exists()
    site.always, site.asked, site.sent = Reply(), [], 0


def test_broken_connection_is_continued_where_it_broke(site: Site, folder: Path) -> None:
    site.plan = [Reply(cut=90_000), Reply(cut=70_000)]
    assert get(site, folder) == FILES
    assert len(site.asked) == 3
    assert 0 < site.asked[1] < site.asked[2]
    assert site.sent < len(DATA) + 2 * download.remote.CHUNK


@pytest.mark.parametrize("options", [{}, {"first": 3}])
@pytest.mark.parametrize("etag", ['"1"', 'W/"1"', None])
def test_later_run_continues_where_the_last_one_stopped(
    site: Site, folder: Path, etag: str | None, options: dict[str, int]
) -> None:
    interrupt(site, folder, etag=etag)
    arrived = copied(folder)
    site.always = Reply(etag=etag)
    assert get(site, folder, **options) == (only(*MAILBOXES[:3]) if options else FILES)
    assert site.asked == [arrived]
    assert [path.name for path in folder.iterdir()] == ["maildir"]


def test_early_end_without_a_length_is_not_taken_for_the_end(site: Site, folder: Path) -> None:
    site.plan = [Reply(cut=90_000), Reply(cut=50_000, lengths=0)]
    assert get(site, folder) == FILES
    assert len(site.asked) == 3


def test_server_that_ignores_range_is_read_from_the_start_again(site: Site, folder: Path) -> None:
    interrupt(site, folder)
    site.always = Reply(ranges=False)
    assert get(site, folder) == FILES
    assert len(site.asked) == 1


def test_server_that_ends_before_what_has_arrived_is_given_up(site: Site, folder: Path) -> None:
    folder.mkdir(parents=True)
    copy(folder).write_bytes(f'{site.url}\t"1" None\n'.encode() + DATA[:50_000])
    site.always = Reply(ranges=False, lengths=0, cut=10_000)
    assert "keeps closing the connection" in fault(site, folder)


NEW = only("mid-m", "beta-b")


@pytest.mark.parametrize(
    "changed",
    [
        Reply(archive(NEW), etag='"2"'),
        Reply(archive(NEW), etag='"2"', ranges=False),
        Reply(archive(NEW), etag=None, ranges=False),  # recognized by its length
    ],
)
def test_changed_file_is_not_mixed_with_the_old_one(site: Site, folder: Path, changed: Reply) -> None:
    site.plan, site.always = [Reply(cut=90_000)], changed
    assert "has changed" in fault(site, folder)
    assert get(site, folder) == NEW


@pytest.mark.parametrize("options", [{}, {"first": 4}])
def test_file_changed_between_two_runs_is_not_mixed_with_the_old_one(
    site: Site, folder: Path, options: dict[str, int]
) -> None:
    interrupt(site, folder)
    site.always = Reply(archive(NEW), etag='"2"')
    assert "has changed" in fault(site, folder, **options)
    assert get(site, folder, **options) == NEW


def test_file_from_another_address_is_not_mixed_with_the_old_one(site: Site, folder: Path) -> None:
    interrupt(site, folder, etag=None)
    site.always = Reply(archive(NEW), etag=None)
    assert get(site, folder, url=f"{site.url}?other") == NEW


def test_mistyped_address_does_not_lose_what_has_arrived(site: Site, folder: Path) -> None:
    interrupt(site, folder)
    arrived = copied(folder)
    fault(site, folder, url="nonsense")
    assert get(site, folder) == FILES
    assert site.asked == [arrived]


def test_longer_copy_than_the_file_is_downloaded_again(site: Site, folder: Path) -> None:
    interrupt(site, folder)
    with copy(folder).open("ab") as file:
        file.write(bytes(len(DATA)))
    assert "has changed" in fault(site, folder)
    assert get(site, folder) == FILES


@pytest.mark.parametrize("content", [b"", b"\n", b"\n\n", b"\x1f\x8b" * 10_000, b"http://127.0.0.1/\t1"])
def test_copy_of_unknown_origin_is_overwritten(site: Site, folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    copy(folder).write_bytes(content)
    assert get(site, folder) == FILES


@pytest.mark.parametrize(("lie", "message"), [(5_000, "has changed"), (-5_000, "damaged")])
def test_wrong_length_is_reported_and_the_next_run_starts_again(
    site: Site, folder: Path, lie: int, message: str
) -> None:
    site.plan = [Reply(lie=lie)]
    assert message in fault(site, folder)
    assert not copy(folder).exists()
    assert get(site, folder) == FILES


def test_length_need_not_be_announced(site: Site, folder: Path) -> None:
    site.always = Reply(lengths=0)
    assert get(site, folder) == FILES


@pytest.mark.parametrize(("status", "times"), [(404, 1), (403, 1), (204, 1), (500, 3), (503, 3), (429, 3)])
def test_server_error_is_reported(site: Site, folder: Path, status: int, times: int) -> None:
    site.always = Reply(status=status)
    assert f"127.0.0.1 answers {status}" in fault(site, folder)
    assert len(site.asked) == times


def test_temporary_error_is_retried(site: Site, folder: Path) -> None:
    site.plan = [Reply(status=503), Reply(status=429)]
    assert get(site, folder) == FILES


def test_silent_server_is_given_up_and_what_has_arrived_is_kept(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download.remote, "TIMEOUT", 0.2)
    site.plan, site.always = [Reply(hang=150_000)], Reply(hang=0)
    assert "keeps closing the connection" in fault(site, folder)
    assert copied(folder) > 0


@pytest.mark.parametrize("redirected", [False, True])
def test_unreachable_server_is_reported_at_once(site: Site, folder: Path, redirected: bool) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        url = f"http://127.0.0.2:{free.getsockname()[1]}/mail.tar.gz"
        site.always = Reply(redirect=url)
        assert "cannot reach 127.0.0.2" in fault(site, folder, **({} if redirected else {"url": url}))
        assert len(site.asked) == redirected


@pytest.mark.parametrize("url", ["mail.tar.gz", "ftp://127.0.0.1/mail.tar.gz", "http://", "http://[/mail.tar.gz"])
def test_invalid_address_is_reported(site: Site, folder: Path, url: str) -> None:
    message = fault(site, folder, url=url)
    assert message.startswith(f"{url} is not a web address")


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/mail.tar.gz", "http://[", "http://\x1b[0m["])
def test_redirect_to_an_invalid_address_names_that_address(site: Site, folder: Path, url: str) -> None:
    site.always = Reply(redirect=url)
    assert f"127.0.0.1 redirects to {url!a}, which is not a web address" in fault(site, folder)


def test_redirect_is_followed(site: Site, folder: Path) -> None:
    site.plan = [Reply(redirect="/moved")]
    assert get(site, folder) == FILES


def test_endless_redirects_are_reported(site: Site, folder: Path) -> None:
    site.always = Reply(redirect="/again")
    assert "127.0.0.1 sends an invalid answer (TooManyRedirects)" in fault(site, folder)


def test_two_different_lengths_are_reported(site: Site, folder: Path) -> None:
    site.always = Reply(lengths=2)
    assert "127.0.0.1 sends an invalid answer (InvalidHeader)" in fault(site, folder)


def test_web_page_instead_of_the_archive_is_reported(site: Site, folder: Path) -> None:
    site.always = Reply(b"<html>Please log in</html>" * 100)
    for options in ({}, {"first": 1}):
        assert "damaged or not a gzipped tar file" in fault(site, folder, **options)


RUN = """
import sys
from pathlib import Path
from enronlib.download import download_corpus
download_corpus(Path(sys.argv[1]), url={!r}, {})
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("options", [{}, {"first": 2}])
def test_interrupted_download_continues_in_the_next_run(
    site: Site, folder: Path, number: signal.Signals, options: dict[str, int]
) -> None:
    site.plan = [Reply(hang=100_000)]
    code = RUN.format(site.url, ", ".join(f"{name}={value}" for name, value in options.items()))
    with subprocess.Popen(
        [sys.executable, "-c", code, folder], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as run:
        for _ in range(1000):
            if copy(folder).exists() and copied(folder) > 60_000:
                break
            time.sleep(0.02)
        run.send_signal(number)
        run.communicate(timeout=20)
    assert run.returncode != 0
    assert found(folder / "maildir") == {}
    assert get(site, folder, **options) == (only(*MAILBOXES[:2]) if options else FILES)
    assert site.asked[1] > 60_000
    assert [path.name for path in folder.iterdir()] == ["maildir"]


# --- A few mailboxes --------------------------------------------------------------------------------------------------


def test_first_mailboxes_are_those_at_the_start_of_the_archive(site: Site, folder: Path) -> None:
    assert get(site, folder, first=2) == only("zeta-z", "alpha-a")


def test_more_mailboxes_than_there_are_means_all_of_them(site: Site, folder: Path) -> None:
    assert get(site, folder, first=100) == get(site, folder, first=200) == FILES
    assert len(site.asked) == 1


@pytest.mark.parametrize("names", [["beta-b", "alpha-a"], "beta-b, alpha-a", {"alpha-a": 1, "beta-b": 2}])
def test_mailboxes_are_selected_by_name(site: Site, folder: Path, names: Any) -> None:
    assert get(site, folder, mailboxes=names) == only("alpha-a", "beta-b")


@pytest.mark.parametrize("options", [{"first": 2}, {"mailboxes": ["alpha-a"]}])
def test_download_stops_as_soon_as_the_wanted_mailboxes_are_complete(
    site: Site, folder: Path, options: dict[str, Any]
) -> None:
    big = random.Random(1).randbytes(4_000_000)
    data = archive({**only("zeta-z", "alpha-a"), **{f"mid-m/inbox/{n}.": big for n in range(12)}}, level=0)
    site.always = Reply(data)
    assert get(site, folder, **options) == only(*options.get("mailboxes", ["zeta-z", "alpha-a"]))
    assert site.sent < len(data) / 2


def test_few_mailboxes_survive_broken_connections(site: Site, folder: Path) -> None:
    site.plan = [Reply(cut=70_000), Reply(cut=40_000), Reply(ranges=False, cut=170_000)]
    assert get(site, folder, mailboxes=["beta-b"]) == only("beta-b")
    assert len(site.asked) == 4


def test_mailboxes_appear_together_or_not_at_all(site: Site, folder: Path) -> None:
    site.plan, site.always = [Reply(cut=100_000)], Reply(status=503)
    assert "answers 503" in fault(site, folder, first=3)
    assert [path.name for path in folder.iterdir()] == [copy(folder).name]
    site.always, site.asked = Reply(), []
    assert get(site, folder, first=3) == only("zeta-z", "alpha-a", "mid-m")
    assert site.asked[0] > 0


def test_next_download_fetches_only_what_is_missing(site: Site, folder: Path) -> None:
    get(site, folder, mailboxes=["mid-m"])
    kept = (folder / "maildir/mid-m/inbox/1.").stat().st_ino
    assert get(site, folder, mailboxes=["mid-m", "zeta-z"]) == only("mid-m", "zeta-z")
    assert (folder / "maildir/mid-m/inbox/1.").stat().st_ino == kept
    assert len(site.asked) == 2
    get(site, folder, mailboxes=["zeta-z"])
    assert len(site.asked) == 2


def test_other_mailboxes_do_not_count_as_the_first(site: Site, folder: Path) -> None:
    get(site, folder, mailboxes=["beta-b"])
    assert get(site, folder, first=1) == only("zeta-z", "beta-b")


def test_whole_download_completes_a_few_mailboxes(site: Site, folder: Path) -> None:
    get(site, folder, first=1)
    kept = (folder / "maildir/zeta-z/3.").stat().st_ino
    assert get(site, folder) == FILES
    assert (folder / "maildir/zeta-z/3.").stat().st_ino == kept
    assert [path.name for path in folder.iterdir()] == ["maildir"]


def test_mailbox_that_was_removed_is_downloaded_again(site: Site, folder: Path) -> None:
    get(site, folder)
    (folder / "maildir/mid-m").rename(folder.parent / "elsewhere")
    assert get(site, folder) == FILES


def test_unknown_mailboxes_are_named_and_the_known_ones_kept(site: Site, folder: Path) -> None:
    message = fault(site, folder, mailboxes=["alpha-a", "zeta-y", "../zeta-z"])
    assert "no mailbox ../zeta-z, zeta-y: did you mean zeta-z?" in message
    assert found(folder / "maildir") == only("alpha-a")
    assert "no mailbox nobody-n" in fault(site, folder, mailboxes=["nobody-n"])  # known by now
    assert len(site.asked) == 1
    assert [path.name for path in folder.iterdir()] == ["maildir"]


def test_mailbox_whose_entries_are_not_contiguous_is_complete(site: Site, folder: Path) -> None:
    files = {"a/inbox/1.": b"1", "b/inbox/1.": b"2", "a/inbox/2.": b"3", "c/1.": b"4"}
    site.always = Reply(archive(files))
    assert get(site, folder, first=3) == get(site, folder.with_name("whole")) == files


@pytest.mark.parametrize("options", [{"first": 0}, {"first": -1}, {"mailboxes": []}, {"mailboxes": ","}])
def test_no_mailboxes_at_all_is_a_mistake(site: Site, folder: Path, options: dict[str, Any]) -> None:
    assert "1 or more" in fault(site, folder, **options)


def test_number_and_names_exclude_each_other(site: Site, folder: Path) -> None:
    assert "either" in fault(site, folder, first=1, mailboxes=["mid-m"])


# --- Archives that cannot be trusted ----------------------------------------------------------------------------------

GOOD = [entry("maildir/", kind=tarfile.DIRTYPE), entry("maildir/a/inbox/1.", b"good")]


def oversized() -> tuple[tarfile.TarInfo, bytes]:
    info, _ = entry("maildir/a/inbox/2.", b"x" * 20_000_000)
    return info, b"\0" * 20_000_000


HOSTILE = {
    "../evil": [entry("../evil", b"x")],
    "maildir/../../evil": [entry("maildir/../../evil", b"x")],
    "maildir/a/..": [entry("maildir/a/..", kind=tarfile.DIRTYPE)],
    "/evil": [entry("/evil", b"x")],
    "//host/evil": [entry("//host/evil", b"x")],
    "C:/evil": [entry("C:/evil", b"x")],
    "..\\evil": [entry("..\\evil", b"x")],
    "maildir/a\\..\\..\\evil": [entry("maildir/a\\..\\..\\evil", b"x")],
    "line\nbreak": [entry("maildir/a/line\nbreak", b"x")],
    "symlink": [entry("maildir/a/symlink", kind=tarfile.SYMTYPE, link="../../../evil")],
    "symlink to write through": [
        entry("maildir/a/link", kind=tarfile.SYMTYPE, link="../../.."),
        entry("maildir/a/link/evil", b"x"),
    ],
    "hard link": [entry("maildir/a/hard", kind=tarfile.LNKTYPE, link="/etc/hostname")],
    "hard link inside": [entry("maildir/a/hard", kind=tarfile.LNKTYPE, link="maildir/a/inbox/1.")],
    "device": [entry("maildir/a/device", kind=tarfile.CHRTYPE)],
    "block device": [entry("maildir/a/device", kind=tarfile.BLKTYPE)],
    "fifo": [entry("maildir/a/fifo", kind=tarfile.FIFOTYPE)],
    "link outside of the maildir": [entry("README", kind=tarfile.SYMTYPE, link="/etc/hostname")],
    "file as a folder": [entry("maildir/a/inbox/1./2.", b"x")],
    "name too long": [entry("maildir/" + "a" * 230 + "/1.", b"x")],
    "name too long for a disk": [entry("maildir/a/" + "1" * 300, b"x")],
    "path too long": [entry("maildir/a/" + "inbox/" * 1000 + "1.", b"x")],
    "message too long": [oversized()],
}


@pytest.mark.parametrize("options", [{}, {"mailboxes": ["a"]}])
@pytest.mark.parametrize("bad", HOSTILE.values(), ids=map(ascii, HOSTILE))
def test_hostile_entry_is_named_and_nothing_is_written(
    site: Site, folder: Path, bad: list[tuple[tarfile.TarInfo, bytes]], options: dict[str, Any]
) -> None:
    site.always = Reply(packed([*GOOD, *bad]))
    message = fault(site, folder, **options)
    assert "cannot be trusted" in message
    assert any(ascii(info.name[:80]) in message for info, _ in bad)
    assert {path.name for path in folder.parent.rglob("*")} == {"mail"}


def test_size_that_is_only_declared_is_refused(site: Site, folder: Path) -> None:
    info, _ = entry("maildir/a/inbox/2.")
    info.size = 10**12
    tar = b"".join([GOOD[0][0].tobuf(), info.tobuf(), b"\0" * 10240])
    site.always = Reply(gzip.compress(tar))
    assert "1,000,000,000,000 bytes" in fault(site, folder)


def test_archive_that_unpacks_to_too_much_is_refused(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.archive, "MAX_TOTAL", 3_000_000)
    site.always = Reply(packed([entry(f"maildir/a/{n}.", b"\0" * 1_000_000) for n in range(4)]))
    assert len(site.always.data) < 50_000
    assert "unpacks to more" in fault(site, folder)
    assert not (folder / "maildir").exists()


def test_header_that_would_fill_memory_is_refused(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.archive, "MAX_ENTRY", 1_000_000)
    info, content = entry("maildir/a/1.", b"x")
    info.pax_headers = {"comment": "x" * 3_000_000}
    site.always = Reply(packed([(info, content)]))
    assert "unpacks to more" in fault(site, folder)


def test_limit_for_a_message_applies_to_each_alone(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.archive, "MAX_ENTRY", 20_000)
    assert get(site, folder) == FILES


def test_endless_headers_are_refused(site: Site, folder: Path) -> None:
    info, _ = entry("././@LongLink", b"x" * 10, kind=tarfile.GNUTYPE_LONGNAME)
    site.always = Reply(gzip.compress((info.tobuf() + b"x" * 10 + b"\0" * 502) * 2_000))
    assert "damaged" in fault(site, folder)


def test_too_many_entries_are_refused(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.archive, "MAX_TOTAL", 3_000_000)
    site.always = Reply(packed([entry(f"maildir/a/{n}.") for n in range(700)]))
    assert "unpacks to more" in fault(site, folder)


def broken_tar() -> bytes:
    """Return an archive whose gzip is intact, but whose tar file has a broken header in the middle."""
    tar = bytearray(gzip.decompress(DATA))
    header = tar.index(b"maildir/mid-m/inbox/1.")
    tar[header : header + 5] = b"wrong"
    return gzip.compress(tar, 1)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x1f\x8b", DATA[:-1], DATA[: len(DATA) // 2], DATA[:-8] + bytes(8), gzip.compress(b""), broken_tar()],
    ids=["nothing", "two bytes", "last byte missing", "half", "wrong gzip checksum", "empty tar", "broken header"],
)
def test_damaged_archive_is_reported_and_gives_no_maildir(site: Site, folder: Path, data: bytes) -> None:
    site.plan = [Reply(data)]
    assert "damaged" in fault(site, folder)
    assert not (folder / "maildir").exists()
    assert get(site, folder) == FILES


@pytest.mark.parametrize(
    "entries", [[], [entry("README", b"x")], [entry("maildir/1.", b"x")], [entry("a/inbox/1.", b"x")]]
)
def test_archive_without_mailboxes_is_reported(
    site: Site, folder: Path, entries: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    site.always = Reply(packed(entries))
    assert "no maildir with mailboxes" in fault(site, folder)


# --- What an archive may contain --------------------------------------------------------------------------------------


@pytest.mark.parametrize("top", ["", "./", "enron_mail_20110402/", "./enron_mail_20110402/"])
def test_maildir_may_be_one_folder_down(site: Site, folder: Path, top: str) -> None:
    site.always = Reply(packed([entry(f"{top}maildir/{name}", content) for name, content in FILES.items()]))
    assert get(site, folder) == FILES


def test_hidden_files_and_files_outside_mailboxes_are_left_out(site: Site, folder: Path) -> None:
    names = ["._maildir", "maildir/._a", "maildir/.b/1.", "maildir/a/._1.", "maildir/a/1.", "maildir/loose", "README"]
    site.always = Reply(packed([entry(name, b"x") for name in names]))
    assert get(site, folder) == {"a/1.": b"x"}


def test_empty_folders_are_kept(site: Site, folder: Path) -> None:
    site.always = Reply(packed([*GOOD, entry("maildir/b/empty", kind=tarfile.DIRTYPE)]))
    get(site, folder)
    assert (folder / "maildir/b/empty").is_dir()


def test_names_are_made_safe_for_windows(site: Site, folder: Path) -> None:
    names = {
        "a/1.": "a/1_",
        "a/con": "a/con_",
        "a/AUX.txt": "a/AUX_.txt",
        "a/nul.": "a/nul_",
        "a/com1/2.": "a/com1_/2_",
        "a/c:d": "a/c_d",
        'a/<q>"|?*': "a/_q_____",
        "a/end ": "a/end_",
        "a/console": "a/console",
        "a/x./y./3.": "a/x_/y_/3_",
    }
    site.always = Reply(packed([entry(f"maildir/{name}", name.encode()) for name in names]))
    assert get(site, folder, windows_safe=True) == {safe: name.encode() for name, safe in names.items()}


def test_two_messages_with_the_same_name_are_both_kept(site: Site, folder: Path) -> None:
    site.always = Reply(packed([entry("maildir/a/1.", b"first"), entry("maildir/a/1.", b"second")]))
    assert get(site, folder, windows_safe=True) == {"a/1_": b"first", "a/1__": b"second"}


# --- The list of deletions --------------------------------------------------------------------------------------------

LIST = b"""Removed on request, see http://example.org/why:
maildir/zeta-z/inbox/1.
enron_mail/maildir/alpha-a/notes/deep/er/1
  mid-m/3.

../kit/precious  maildir/../../precious  /kit/precious  maildir/.  maildir/zeta-z/..  maildir/  zeta-z/
"""
LISTED = {"zeta-z/inbox/1.", "alpha-a/notes/deep/er/1.", "mid-m/3."}
KEPT = {name: content for name, content in FILES.items() if name not in LISTED}
MAIL = [entry(f"maildir/{name}", content) for name, content in FILES.items()]


@pytest.mark.parametrize("options", [{}, {"first": 4}])
@pytest.mark.parametrize("name", ["DELETIONS.txt", "enron_mail/DELETIONS.txt", "maildir/DELETIONS.txt"])
@pytest.mark.parametrize("at", [0, 7, len(MAIL)], ids=["before", "between", "after"])
def test_listed_deletions_are_honoured_and_nothing_else_is_deleted(
    site: Site, folder: Path, at: int, name: str, options: dict[str, Any]
) -> None:
    (folder.parent).mkdir()
    (folder.parent / "precious").write_text("mine", encoding="utf-8")
    site.always = Reply(packed([*MAIL[:at], entry(name, LIST), *MAIL[at:]]))
    assert get(site, folder, **options) == KEPT
    assert (folder.parent / "precious").exists()


def test_deletions_are_honoured_under_names_safe_for_windows(site: Site, folder: Path) -> None:
    site.always = Reply(packed([entry("DELETIONS.txt", b"maildir/a/inbox/1.\n"), *GOOD, entry("maildir/a/2.", b"2")]))
    assert get(site, folder, windows_safe=True) == {"a/2_": b"2"}


def test_deletions_apply_to_mailboxes_downloaded_earlier(site: Site, folder: Path) -> None:
    get(site, folder, first=1)
    site.always = Reply(packed([*MAIL, entry("DELETIONS.txt", LIST)]))
    assert get(site, folder) == KEPT


def test_deletions_are_honoured_when_the_download_is_interrupted(site: Site, folder: Path) -> None:
    data = packed([entry("DELETIONS.txt", LIST), *MAIL])
    site.plan, site.always = [Reply(data, cut=100_000)], Reply(status=503)
    fault(site, folder, first=4)
    site.always = Reply(data)
    assert get(site, folder, first=4) == KEPT
    assert site.asked[-1] > 0
