import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from quopri import decodestring

import pytest
from hypothesis import given
from hypothesis import strategies as st

import enronlib.sample
from enronlib import UserError
from enronlib.messages import plain_text, problems, read_email
from enronlib.sample import QUIRKS, broken_message, read_truth, repair_sample, sample_maildir, write_sample
from enronlib.sample.letters import header_date, quoted_printable, wrap
from enronlib.sample.mailboxes import Post, gallery_paths, mailbox_sizes
from enronlib.sample.people import CAST, SURNAMES, mailbox_owners
from enronlib.sample.truth import words
from enronlib.words import tokens

LEAST = len(gallery_paths())

# SHA-256 over the names and bytes of all files of 300 messages, seed 7. It must be the same on every system and
# Python; when the generator is changed on purpose, FORMAT goes up and this is computed anew.
DIGEST_OF_300 = "cdcc9194758216b9b0ee8c85baad64bed24340119fe5714b0947b4e3621d4134"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample of 2,000 messages everybody gets."""
    folder = tmp_path_factory.mktemp("sample") / "sample"
    write_sample(folder)
    return folder


@pytest.fixture(scope="session")
def many() -> list[bytes]:
    """The messages of a sample of 12,000, which are not written to files."""
    sizes = mailbox_sizes(12_000)
    post = Post(5, len(sizes))
    return [data for owner in post.owners for _, data, _ in post.files(owner, sizes[owner.mailbox])]


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for name, data in sorted(tree(folder).items()):
        found.update(f"{name}\0{len(data)}\0".encode() + data)
    return found.hexdigest()


def shown(folder: Path, path: str) -> Path:
    """The file of the gallery, whatever ends its name on this system."""
    return folder / "maildir" / (path.removesuffix(".") + ("_" if read_truth(folder)["windows_safe"] else "."))


# -- files


@pytest.mark.parametrize("messages", [LEAST, LEAST + 1, 333, 1000])
def test_as_many_files_as_asked_for(tmp_path: Path, messages: int) -> None:
    maildir = write_sample(tmp_path / "s", messages)
    assert maildir == tmp_path / "s" / "maildir"
    assert len(tree(maildir)) == messages


def test_two_thousand_by_default(sample: Path) -> None:
    files = tree(sample / "maildir")
    assert len(files) == 2000
    assert Counter(name.partition("/")[0] for name in files) == read_truth(sample)["messages"]


def test_too_few_messages_are_refused_with_the_least_number(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"at least {LEAST}"):
        write_sample(tmp_path / "s", LEAST - 1)
    assert list(tmp_path.iterdir()) == []


def test_same_seed_same_bytes_on_every_system_and_python(tmp_path: Path) -> None:
    write_sample(tmp_path / "s", 300, 7, windows_safe=True)
    assert digest(tmp_path / "s" / "maildir") == DIGEST_OF_300


def test_same_seed_same_truth(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_sample(tmp_path / name, 200, 3)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_another_seed_another_sample(tmp_path: Path) -> None:
    one, two = (tree(write_sample(tmp_path / str(seed), 200, seed)) for seed in (1, 2))
    assert not set(one.values()) & set(two.values())


def test_a_sample_is_not_written_twice(tmp_path: Path) -> None:
    maildir = write_sample(tmp_path / "s", 200)
    before = {path: path.stat().st_mtime_ns for path in maildir.rglob("*")}
    assert write_sample(tmp_path / "s", 200) == maildir
    assert {path: path.stat().st_mtime_ns for path in maildir.rglob("*")} == before


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write a sample to"):
        write_sample(tmp_path / "file" / "sample", 200)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="is not empty"):
        write_sample(tmp_path, 200)
    with pytest.raises(UserError, match="is not empty"):
        write_sample(tmp_path / "letter.txt", 200)
    assert tree(tmp_path) == {"letter.txt": b"mine"}


def test_another_sample_is_not_overwritten(tmp_path: Path) -> None:
    write_sample(tmp_path / "s", 200, 1)
    before = tree(tmp_path / "s")
    with pytest.raises(UserError, match="name a new folder"):
        write_sample(tmp_path / "s", 200, 2)
    assert tree(tmp_path / "s") == before


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    assert len(tree(write_sample(tmp_path, 200))) == 200


def test_a_sample_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(enronlib.sample, "count_words", full_disk)
    with pytest.raises(UserError, match="No space left on device"):
        write_sample(tmp_path / "s", 200)
    assert list(tmp_path.iterdir()) == []


def test_names_are_safe_on_windows_when_asked(tmp_path: Path) -> None:
    with_dots, without = (write_sample(tmp_path / str(safe), 200, windows_safe=safe) for safe in (False, True))
    if os.name != "nt":
        assert {f"{name[:-1]}_": data for name, data in tree(with_dots).items()} == tree(without)
    for name in tree(without):
        assert re.fullmatch(r"([a-z0-9_]+(-[a-z])?/)+\d+_", name)


def test_truth_needs_a_sample(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no sample"):
        read_truth(tmp_path)


# -- a mailbox that is broken and repaired


def test_a_broken_mailbox_has_one_empty_file(tmp_path: Path) -> None:
    maildir = write_sample(tmp_path / "s", 200, broken_mailbox=True)
    assert [path for path in maildir.rglob("*") if path.is_file() and path.stat().st_size == 0] == [
        broken_message(tmp_path / "s")
    ]


def test_repairing_gives_the_sample_that_was_never_broken(tmp_path: Path) -> None:
    broken = write_sample(tmp_path / "broken", 200, 9, broken_mailbox=True)
    whole = write_sample(tmp_path / "whole", 200, 9)
    assert tree(broken) != tree(whole)
    for _ in range(2):
        repair_sample(tmp_path / "broken")
        assert tree(broken) == tree(whole)


def test_the_truth_of_a_broken_sample_is_that_of_the_repaired(tmp_path: Path) -> None:
    write_sample(tmp_path / "broken", 200, 9, broken_mailbox=True)
    write_sample(tmp_path / "whole", 200, 9)
    assert read_truth(tmp_path / "broken")["words"] == read_truth(tmp_path / "whole")["words"]


# -- the built-in sample

FIRST_USE = """
import sys
from pathlib import Path
import enronlib.sample
enronlib.sample.cache_folder = lambda: Path(sys.argv[1])
print(enronlib.sample.sample_maildir())
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(enronlib.sample, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def test_first_use_by_four_processes_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FIRST_USE, str(tmp_path / "cache")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = {process.communicate(timeout=120)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert len(answers) == 1
    assert len(tree(Path(answers.pop().strip()))) == 2000
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_the_built_in_sample_is_written_once(cache: Path) -> None:
    maildir = sample_maildir()
    assert maildir.is_relative_to(cache)
    written = maildir.stat().st_mtime_ns
    assert sample_maildir() == maildir
    assert maildir.stat().st_mtime_ns == written


@pytest.mark.parametrize("damage", ["truth.json", "maildir/tanglewick-d/calendar/3"])
def test_a_damaged_built_in_sample_is_not_used(cache: Path, damage: str) -> None:
    damaged = sample_maildir()
    next(path for path in damaged.parent.glob(f"{damage}*") if path.is_file()).unlink()
    another = sample_maildir()
    assert another != damaged
    assert len(tree(another)) == 2000
    assert sample_maildir() == another


# -- the truth


def test_truth_is_what_the_kit_counts(sample: Path) -> None:
    assert counted(sample) == read_truth(sample)["words"]


@pytest.mark.parametrize("seed", range(3))
def test_truth_is_what_the_kit_counts_for_other_seeds(tmp_path: Path, seed: int) -> None:
    write_sample(tmp_path / "s", 600, seed)
    assert counted(tmp_path / "s") == read_truth(tmp_path / "s")["words"]


def counted(sample: Path) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for path in (sample / "maildir").rglob("*"):
        if path.is_file():
            email = read_email(path, sample / "maildir")
            counts.setdefault(email["username"], Counter()).update(tokens(plain_text(email)))
    return {mailbox: dict(count) for mailbox, count in counts.items()}


def test_truth_is_what_the_standard_library_counts(sample: Path) -> None:
    counts: dict[str, Counter[str]] = {}
    for name, data in tree(sample / "maildir").items():
        counts.setdefault(name.partition("/")[0], Counter()).update(standard_words(data))
    assert counts == read_truth(sample)["words"]


def standard_words(data: bytes) -> list[str]:
    head, _, body = data.partition(b"\n\n")
    if boundary := re.search(rb'boundary="(.*)"', head):
        body = body.split(b"--" + boundary[1])[1].partition(b"\n\n")[2]  # the letter; what is attached comes after it
    if b"quoted-printable" in head:
        body = decodestring(body)
    text = body.decode("koi8-r" if b"koi8-r" in head else "cp1252")
    if re.search("<(?:html|center)[ >]", text, re.IGNORECASE):
        text = Visible(text).text.replace("\xad", "")
    return re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text.casefold())


class Visible(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self._hidden = "", 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden += tag in ("title", "style", "script")
        self.text += "" if tag in ("b", "font") else "\n"

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("title", "style", "script")
        self.text += "" if tag in ("b", "font") else "\n"

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop", ["don't", "stop"]),
        ("who’d've 'quoted' it's'", ["who’d've", "quoted", "it's"]),
        ("2nd_try a1b x''y", ["nd", "try", "a", "b", "x", "y"]),
        ("café Straße", ["café", "strasse"]),
        ("cafe\u0301 co\xadop\u200berate", ["café", "cooperate"]),
        ("don\x01,t =20 =3D", ["don", "t", "d"]),
        ("", []),
    ],
)
def test_words_by_hand(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected == tokens(text)


# -- the gallery

GALLERY: dict[str, Callable[[bytes, bytes], object]] = {
    "ordinary": lambda head, body: b"quite in order" in body,
    "loose_message": lambda head, body: b"decide on a folder" in body,
    "nested_folder": lambda head, body: b"\\2 Trash\\Choir" in head,
    "deep_folder": lambda head, body: b"\\Drafts\\Old\\Very Old" in head,
    "odd_folder_name": lambda head, body: b"auditors" in body,
    "number_gap": lambda head, body: b"truck" in body,
    "folded_to": lambda head, body: re.search(rb"^To: .*, \n\t\S", head, re.M),
    "folded_subject": lambda head, body: re.search(rb"^Subject: .*\n +\S", head, re.M),
    "folded_subject_tab": lambda head, body: re.search(rb"^Subject: .*\n\t-", head, re.M),
    "broken_header": lambda head, body: b"\nTrading on the new screen\nMime-Version: 1.0" in head,
    "missing_to": lambda head, body: b"\nTo:" not in head and re.search(rb"^X-To: .+@ENRON$", head, re.M),
    "missing_to_and_x_to": lambda head, body: b"\nTo:" not in head and b"\nX-To: \n" in head,
    "undisclosed_recipients": lambda head, body: b"undisclosed-recipients:;" in head,
    "empty_subject": lambda head, body: b"\nSubject: \n" in head,
    "cc_is_bcc": lambda head, body: field(head, "Cc") == field(head, "Bcc") is not None,
    "cc_without_to": lambda head, body: b"\nCc: " in head and b"\nTo: " not in head,
    "blind_copy": lambda head, body: field(head, "X-bcc") and field(head, "Bcc") is None,
    "x_cc_alone": lambda head, body: field(head, "X-cc") and field(head, "Cc") is None,
    "latin_1_header": lambda head, body: head.count(b"\xfc") == 4 and body.isascii(),
    "unknown_byte_header": lambda head, body: b"Cl\xffudia" in head and b"Cl?udia" in body,
    "encoded_subject": lambda head, body: b"Subject: =?ANSI_X3.4-1968?Q?" in head and b"=3F" in head,
    "encoded_subject_control": lambda head, body: b"=01%s" in head and b"?=\n =?" in head,
    "old_charset": lambda head, body: b"charset=ANSI_X3.4-1968" in head,
    "crowd_in_to": lambda head, body: (
        field(head, "To").count(b"@") == 933 and max(map(len, head.split(b"\n"))) > 30_000
    ),
    "other_origin": lambda head, body: field(head, "X-Origin").lower() != b"wobbleton-f",
    "no_address": lambda head, body: field(head, "From") == b"no.address@enron.example",
    "coded_at_sign": lambda head, body: field(head, "From") == b"40enron@enron.example",
    "middle_initial": lambda head, body: re.match(rb"[a-z]\.\.[a-z]+@", field(head, "From")),
    "invalid_sender": lambda head, body: field(head, "From").startswith(b"houston <."),
    "odd_to": lambda head, body: b"e-mail <." in field(head, "To"),
    "apostrophe_address": lambda head, body: b"o'toffee@" in field(head, "To"),
    "vanishing_address": lambda head, body: field(head, "Cc").startswith(b'<"otto"@'),
    "gateway_address": lambda head, body: b"IMCEANOTES-" in field(head, "X-From"),
    "quoted_x_to": lambda head, body: re.match(rb"'.+@.+'", field(head, "X-To")),
    "namesake": lambda head, body: re.match(rb"b\w+\.inkpenny@", field(head, "From")) and b"beatrix" not in head,
    "year_0001": lambda head, body: b" 0001 " in field(head, "Date"),
    "placeholder_date": lambda head, body: field(head, "Date") == b"Mon, 31 Dec 1979 16:00:00 -0800 (PST)",
    "future_date": lambda head, body: re.search(rb" 2004 | 2012 ", field(head, "Date")),
    "no_final_newline": lambda head, body: not body.endswith(b"\n"),
    "quoted_printable": lambda head, body: (
        encoded(head) and re.search(rb"=\n", body) and b"=20\n" in body and b"=09" in body
    ),
    "notes_apostrophe": lambda head, body: encoded(head) and b"We=01,re" in body and b"=01)" in body,
    "notes_accent": lambda head, body: encoded(head) and b"Espa=0Fol" in body,
    "notes_bullets": lambda head, body: encoded(head) and b"=01=07" in body,
    "lost_apostrophe": lambda head, body: b"yesterday?s" in body and not encoded(head),
    "looks_encoded": lambda head, body: b"=20\n" in body and b"=3D" in body and not encoded(head),
    "windows_apostrophe": lambda head, body: encoded(head) and b"charset=us-ascii" in head and b"it=92s" in body,
    "cyrillic_body": lambda head, body: b"charset=koi8-r" in head and "Договор".encode("koi8-r") in body,
    "html_with_attachment": lambda head, body: (
        b"multipart/mixed" in head and b"text/html" in body and body.endswith(b"\nattached words\n--=_parts--\n")
    ),
    "line_before_header": lambda head, body: head.startswith(b"---- message 24 of the archive ----\nMessage-ID: <"),
    "rule_of_equals": lambda head, body: b"=====\n" in body and not encoded(head),
    "html": lambda head, body: body.startswith(b"<html>") and b"text/plain" in head,
    "html_script": lambda head, body: b"<script" in body and b"<style" in body and b"<!--" in body,
    "html_table": lambda head, body: b"</td><td>" in body,
    "html_quoted_printable": lambda head, body: encoded(head) and b"<HTML>" in body and b"=3D" in body,
    "html_after_text": lambda head, body: body.find(b"<html>") > 0,
    "html_fragment": lambda head, body: b"<center>" in body and b"<html" not in body,
    "html_entities": lambda head, body: (
        b"&eacute;" in body and b"&#8217;" in body and b"&nbsp;" in body and b"co&shy;op" in body
    ),
    "html_inside_word": lambda head, body: b">W</font>elcome" in body,
    "outlook_quote": lambda head, body: body.count(b"-----Original Message-----") == 1,
    "five_levels": lambda head, body: body.count(b"-----Original Message-----") == 5,
    "notes_quote": lambda head, body: re.search(rb"\d\d [AP]M\nTo: .*\ncc: ", body),
    "forwarded_chain": lambda head, body: body.count(b"- Forwarded by") == 2,
    "forwarded_only": lambda head, body: body.lstrip().startswith(b"---------------------- Forwarded by"),
    "quoted_lines": lambda head, body: b" wrote:\n> " in body,
    "header_in_body": lambda head, body: b"\nFrom: \t" in body and b"Original Message" not in body,
    "inline_attachment": lambda head, body: b"Inline attachment follows" in body,
    "german_header": lambda head, body: b"Von: M?cke\nGesendet: " in body,
    "attachment_line": lambda head, body: re.search(rb"\n - \w+\.\w+", body),
    "attachment_brackets": lambda head, body: re.search(rb"<<\w+\.\w+>>", body),
    "attachment_file": lambda head, body: b"<< File: " in body,
    "see_attached_file": lambda head, body: b"(See attached file: " in body,
    "image_marks": lambda head, body: b"[IMAGE]" in body,
    "mime_remains": lambda head, body: b"\nContent-Transfer-Encoding: 7bit\n" in body,
    "tiny_body": lambda head, body: 0 < len(body) < 20,
    "long_line": lambda head, body: max(map(len, body.split(b"\n"))) > 1000 and not encoded(head),
    "huge_body": lambda head, body: len(body) > 50_000,
    "property_notice": lambda head, body: b"This message belongs to Enron" in body,
    "confidential_notice": lambda head, body: b"CONFIDENTIALITY NOTICE" in body,
    "star_rule": lambda head, body: b"*" * 20 in body,
    "mail_advertisement": lambda head, body: b"free e-mail at" in body,
    "unsubscribe_note": lambda head, body: b"unsubscribe" in body,
    "web_address": lambda head, body: b"http://www." in body,
    "signature": lambda head, body: b"Phone: 713-555-0" in body,
    "tab_table": lambda head, body: b"Point\tVolume\n" in body,
    "blank_table": lambda head, body: re.search(rb"\nMonth {9,}\w+(?: {9,}\w+){5}\n\d\d/\d{4} {20,}", body),
    "robot": lambda head, body: field(head, "From").startswith(b"nightjar") and b"NIGHTJAR" in body,
}
PAIRS = ("folder_copy", "mailbox_copy", "copy_with_seconds", "copy_nine_hours_later", "copy_encoded")


def field(head: bytes, name: str) -> bytes:
    found = re.search(rb"^%s: (.*(?:\n\s.*)*)" % name.encode(), head, re.M)
    return found[1] if found else None  # type: ignore[return-value]


def encoded(head: bytes) -> bool:
    return field(head, "Content-Transfer-Encoding") == b"quoted-printable"


@pytest.mark.parametrize("messages", [LEAST, 2000])
def test_each_quirk_is_in_its_file_for_every_size(tmp_path: Path, messages: int) -> None:
    write_sample(tmp_path / "s", messages, 11)
    for name, holds in GALLERY.items():
        head, _, body = shown(tmp_path / "s", QUIRKS[name].path).read_bytes().partition(b"\n\n")
        assert holds(head, body), name


@pytest.mark.parametrize("seed", range(25))
def test_each_quirk_is_in_its_file_for_every_seed(seed: int) -> None:
    post = Post(seed, 12)
    for owner in post.owners:
        paths = [path for path in gallery_paths() if path.startswith(f"{owner.mailbox}/")]
        for (folder, number), data, _ in post.files(owner, len(paths)):
            path = "/".join(filter(None, (owner.mailbox, folder, f"{number}.")))
            for name in (name for name in GALLERY if QUIRKS[name].path == path):
                head, _, body = data.partition(b"\n\n")
                assert GALLERY[name](head, body), name


def test_every_quirk_is_tested_and_described() -> None:
    assert set(QUIRKS) == {*GALLERY, *PAIRS}
    assert len(set(gallery_paths())) == len(gallery_paths())
    for name, quirk in QUIRKS.items():
        assert quirk.what.endswith("."), name
        assert bool(quirk.also) == (name in PAIRS)


@pytest.mark.parametrize("name", PAIRS)
def test_a_copy_says_the_same_words_and_has_its_own_id(sample: Path, name: str) -> None:
    one, two = (shown(sample, path).read_bytes() for path in (QUIRKS[name].path, QUIRKS[name].also))
    assert standard_words(one) == standard_words(two)
    assert field(one, "From") == field(two, "From")
    assert field(one, "Message-ID") != field(two, "Message-ID")


def test_copies_differ_in_time_as_described(sample: Path) -> None:
    def dates(name: str) -> list[datetime]:
        paths = (QUIRKS[name].path, QUIRKS[name].also)
        return [read_email(shown(sample, path), sample / "maildir")["Date"] for path in paths]

    seconds, hours = dates("copy_with_seconds"), dates("copy_nine_hours_later")
    assert 0 < (seconds[1] - seconds[0]).total_seconds() < 60
    assert abs((hours[1].replace(tzinfo=None) - hours[0].replace(tzinfo=None)).total_seconds()) == 9 * 3600


def test_the_kit_reads_every_quirk(sample: Path) -> None:
    expected = {
        "broken_header",
        "line_before_header",
        "latin_1_header",
        "unknown_byte_header",
        "year_0001",
        "placeholder_date",
    }
    flagged = {n for n, quirk in QUIRKS.items() if problems(read_email(shown(sample, quirk.path), sample / "maildir"))}
    assert flagged == expected


# -- like the real corpus


def header_names(data: bytes) -> list[str]:
    head = data.partition(b"\n\n")[0].decode("latin-1")
    return re.findall(r"^([!-9;-~]+): ", head, re.M)


def test_headers_come_in_the_four_orders_of_the_corpus(many: list[bytes]) -> None:
    start, to, subject, cc = ["Message-ID", "Date", "From"], ["To"], ["Subject"], ["Cc"]
    mime, bcc = ["Mime-Version", "Content-Type", "Content-Transfer-Encoding"], ["Bcc"]
    end = ["X-From", "X-To", "X-cc", "X-bcc", "X-Folder", "X-Origin", "X-FileName"]
    orders = [
        start + to + subject + mime + end,
        start + to + subject + cc + mime + bcc + end,
        start + subject + mime + end,
        start + subject + cc + mime + bcc + end,
    ]
    found = Counter(tuple(header_names(data)) for data in many)
    assert [order for order, _ in found.most_common()] == [tuple(order) for order in orders]


def test_message_ids_are_unique(many: list[bytes]) -> None:
    assert len({field(data, "Message-ID") for data in many}) == len(many)


# What to look for, and the share of real messages that show it (from 13,725 of them).
SHARES = [
    (rb"^To: (?s:.)*?, \n\t", 0.146),
    (rb"^Subject: .*\n ", 0.019),
    (rb"^Subject: $", 0.037),
    (rb"^Cc: ", 0.169),
    (rb"\A(?!(?s:.)*?\nTo: )", 0.062),
    (rb"quoted-printable$", 0.042),
    (rb"ANSI_X3.4-1968$", 0.071),
    (rb"^From: .*\w\.\.\w+@", 0.041),
    (rb"^From: no.address@", 0.027),
    (rb"-----Original Message-----", 0.148),
    (rb"---- Forwarded by", 0.141),
    (rb"^>", 0.042),
    (rb"[^\n]\Z", 0.655),
    (rb"\t(?!.*@)", 0.30),
    (rb"^ - \w+\.\w+$", 0.067),
    (rb"<html", 0.0136),
    (rb"^X-FileName: .*\.nsf$", 0.40),
    (rb"[^\n]{999}", 0.047),
]


@pytest.mark.parametrize(("pattern", "share"), SHARES)
def test_quirks_are_about_as_frequent_as_in_real_mail(many: list[bytes], pattern: bytes, share: float) -> None:
    looked_for = re.compile(pattern, re.M | (re.I if b"html" in pattern else 0))
    found = sum(1 for data in many if looked_for.search(data)) / len(many)
    assert share / 1.7 < found < share * 1.7


def test_a_third_of_all_messages_are_copies(many: list[bytes]) -> None:
    keys = {
        (field(data, "From"), field(data, "Date"), field(data, "Subject"), tuple(data.partition(b"\n\n")[2].split()))
        for data in many
    }
    assert 0.28 < 1 - len(keys) / len(many) < 0.40


def test_sizes_are_like_those_of_real_messages(many: list[bytes]) -> None:
    sizes = sorted(map(len, many))
    assert 1100 < sizes[len(sizes) // 2] < 1800
    assert 1600 < sum(sizes) / len(sizes) < 2900
    assert sizes[-1] > 50_000


def empty_and_all(messages: Iterable[bytes]) -> tuple[int, int]:
    """How many of the tokens are empty, and how many there are, if bodies are cut at every space."""
    pieces = [data.partition(b"\n\n")[2].split(b" ") for data in messages]
    return sum(each.count(b"") for each in pieces), sum(map(len, pieces))


def test_more_than_half_of_the_pieces_between_spaces_are_empty(sample: Path, many: list[bytes]) -> None:
    for messages in (tree(sample / "maildir").values(), many):
        empty, total = empty_and_all(messages)
        assert 0.52 < empty / total < 0.58


def test_most_of_the_empty_pieces_are_in_one_mailbox(sample: Path) -> None:
    found = {name: empty_and_all(tree(sample / "maildir" / name).values()) for name in read_truth(sample)["messages"]}
    emptiest = max(found, key=lambda name: found[name][0])
    assert found[emptiest][0] > 0.8 * sum(empty for empty, _ in found.values())
    assert all(empty < 0.3 * total for name, (empty, total) in found.items() if name != emptiest)


def test_dates_are_those_of_the_busy_years(many: list[bytes]) -> None:
    months = Counter(re.sub(r".*?(\w{3} \d{4}).*", r"\1", (field(data, "Date")).decode()) for data in many)
    busiest = [month for month, _ in months.most_common(5)]
    assert {"Oct 2001", "Nov 2001", "Jan 2002", "May 2001"} <= set(busiest)
    years = Counter(month[-4:] for month in months.elements())
    assert years["2001"] > years["2000"] > years["2002"] > years["1999"]


@pytest.fixture(scope="session")
def counts(sample: Path) -> dict[str, Counter[str]]:
    return {mailbox: Counter(words) for mailbox, words in read_truth(sample)["words"].items()}


def test_word_frequencies_fall_as_zipf_says(counts: dict[str, Counter[str]]) -> None:
    total = sum(counts.values(), Counter())
    ranked = [times for _, times in total.most_common()]
    assert total.most_common(1)[0][0] == "the"
    assert {"to", "and", "of", "a", "is", "i"} <= {word for word, _ in total.most_common(20)}
    assert len(total) > 4000
    assert 3 < ranked[0] / ranked[9] < 15  # Zipf: 10
    assert 4 < ranked[9] / ranked[99] < 25  # 10
    assert 4 < ranked[99] / ranked[999] < 25  # 10
    assert ranked.count(1) > len(ranked) / 4


TOPICS = {
    "brambleby-g": ("bid", "storage"),
    "tanglewick-d": ("pipeline", "contract"),
    "quillfeather-m": ("agreement", "counsel"),
    "merriwhistle-a": ("choir", "committee"),
    "cablestitch-n": ("database", "server"),
    "voltsworth-k": ("megawatts", "peak"),
    "sumwell-r": ("model", "volatility"),
    "peppercrumb-l": ("commission", "tariff"),
    "ledgerby-o": ("invoice", "wire"),
    "inkpenny-b": ("reservation", "lunch"),
    "flangeworth-h": ("valve", "pressure"),
    "wobbleton-f": ("quarterback", "points"),
}


@pytest.mark.parametrize("mailbox", TOPICS)
def test_each_mailbox_has_its_topics(counts: dict[str, Counter[str]], mailbox: str) -> None:
    shares = {name: sum(count[word] for word in TOPICS[mailbox]) / count.total() for name, count in counts.items()}
    others = sorted(shares[name] for name in shares if name != mailbox)
    assert shares[mailbox] > 3 * others[len(others) // 2]
    assert shares[mailbox] > 1.2 * others[-1]


def test_words_in_every_mailbox_differ(counts: dict[str, Counter[str]]) -> None:
    everywhere = set.intersection(*(set(count) for count in counts.values()))
    for count in counts.values():
        own = [word for word, _ in count.most_common(100) if word not in everywhere]
        assert len(own) >= 5


# -- the whole size

SMOKE = """
import sys
from pathlib import Path
from enronlib.sample import write_sample
write_sample(Path(sys.argv[1]), 20_000)
print(Path("/proc/self/status").read_text(encoding="ascii"))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux shows the peak of memory there")
def test_memory_stays_small(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SMOKE, str(tmp_path / "s")]
    status = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    peak = re.search(r"VmHWM:\s*(\d+) kB", status)
    assert peak is not None
    assert int(peak[1]) < 100 * 2**10


def test_sizes_of_mailboxes_at_the_size_of_the_real_corpus() -> None:
    sizes = mailbox_sizes(517_401)
    assert sum(sizes.values()) == 517_401
    assert len(sizes) == 150
    assert max(sizes.values()) < 30_000
    assert sorted(sizes.values())[75] < 3_000


@given(st.integers(LEAST, 2_000_000))
def test_sizes_of_mailboxes_add_up(messages: int) -> None:
    sizes = mailbox_sizes(messages)
    assert sum(sizes.values()) == messages
    assert 12 <= len(sizes) <= 150
    assert min(sizes.values()) > 0


# -- people, dates and encodings


def test_all_mailboxes_have_names_as_in_the_corpus() -> None:
    names = [owner.mailbox for owner in mailbox_owners(150)]
    assert len(set(names)) == 150
    assert all(re.fullmatch(r"[a-z]+-[a-z]", name) for name in names)


def test_all_addresses_are_kept_for_examples(many: list[bytes]) -> None:
    for data in many:
        for domain in re.findall(rb"@([\w.-]+\.[a-z]+)", data):
            assert domain.lower().endswith(b".example"), domain


def test_no_name_is_that_of_a_real_person() -> None:
    real_mail = os.environ.get("ENRON_REAL_MAIL")
    if not real_mail:
        pytest.skip("ENRON_REAL_MAIL does not name a folder of real mail")
    real_words: set[str] = set()
    for path in Path(real_mail).rglob("*"):
        if path.is_file():
            real_words.update(re.findall(r"[a-z]+", path.read_text(encoding="latin-1").lower()))
    assert not real_words & {name.lower() for name in (*SURNAMES, *(person.last for person in CAST))}


@pytest.mark.parametrize(
    ("date", "zone"),
    [
        (datetime(2001, 4, 1, 1, 59), "-0800 (PST)"),
        (datetime(2001, 4, 1, 3), "-0700 (PDT)"),
        (datetime(2000, 4, 2, 3), "-0700 (PDT)"),
        (datetime(2000, 4, 1, 12), "-0800 (PST)"),
        (datetime(2001, 10, 28, 0, 59), "-0700 (PDT)"),
        (datetime(2001, 10, 28, 2), "-0800 (PST)"),
        (datetime(1999, 10, 31, 2), "-0800 (PST)"),
        (datetime(1999, 10, 30, 23), "-0700 (PDT)"),
    ],
)
def test_summer_time_is_that_of_los_angeles(date: datetime, zone: str) -> None:
    assert header_date(date).endswith(zone)


def test_dates_are_written_as_in_the_corpus() -> None:
    assert header_date(datetime(2001, 6, 7, 11, 5, 33)) == "Thu, 7 Jun 2001 11:05:33 -0700 (PDT)"


ascii_text = st.text(st.characters(max_codepoint=127, exclude_characters="\r"))


@given(ascii_text)
def test_quoted_printable_can_be_read_again(text: str) -> None:
    encoded = quoted_printable(text)
    assert decodestring(encoded.encode("ascii")) == text.encode("ascii")
    assert all(len(line) <= 76 and not line.endswith((" ", "\t")) for line in encoded.split("\n"))


@given(st.lists(st.text("ab ", min_size=1, max_size=120)))
def test_wrapping_changes_spaces_only(lines: list[str]) -> None:
    text = "\n".join(lines)
    wrapped = wrap(text, 40)
    assert wrapped.split() == text.split()
    assert all(len(line.rstrip()) <= 40 or " " not in line.strip() for line in wrapped.split("\n"))
