"""What one message file gives: 20 fields, whatever its bytes, and the text that a reader sees."""

import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enronlib.messages import FIELDS, plain_text, problems, read_date, read_email, unfold, visible_text

HEADER = (
    "Message-ID: <1.2.JavaMail.evans@thyme>\n"
    "Date: Thu, 7 Jun 2001 11:05:33 -0700 (PDT)\n"
    "From: ada.quill@enron.example\n"
    "To: bo.marsh@enron.example\n"
    "Subject: Pipeline\n"
    "Mime-Version: 1.0\n"
    "Content-Type: text/plain; charset=us-ascii\n"
    "Content-Transfer-Encoding: 7bit\n"
    "X-From: Quill, Ada\n"
    "X-To: Marsh, Bo\n"
    "X-cc: \n"
    "X-bcc: \n"
    "X-Folder: \\Quill, Ada\\Inbox\n"
    "X-Origin: Quill-A\n"
    "X-FileName: quill.pst\n"
)
PACIFIC_SUMMER = timezone(timedelta(hours=-7))


@pytest.fixture
def read(tmp_path):
    """Read a message given as text or bytes, from a mailbox called quill-a."""

    def read_from(message):
        path = tmp_path / "maildir" / "quill-a" / "inbox" / "1."
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(message if isinstance(message, bytes) else message.encode("utf-8"))
        return read_email(path)

    return read_from


def with_header(name, value):
    lines = [f"{name}: {value}\n" if line.startswith(f"{name}:") else line for line in HEADER.splitlines(True)]
    return "".join(lines) + "\nBody\n"


def body_of(body, content_type="text/plain", encoding="7bit"):
    return {"payload": body, "Content-Type": content_type, "Content-Transfer-Encoding": encoding}


# The fields


def test_a_message_has_the_20_fields_in_order(read):
    email = read(HEADER + "\nBody\n")
    assert tuple(email) == FIELDS
    assert len(FIELDS) == 20


def test_fields_hold_what_the_file_says(read):
    email = read(HEADER + "\nBody\n")
    assert email["username"] == "quill-a"
    assert email["From"] == "ada.quill@enron.example"
    assert email["X-Folder"] == "\\Quill, Ada\\Inbox"
    assert email["Date"] == datetime(2001, 6, 7, 11, 5, 33, tzinfo=PACIFIC_SUMMER)
    assert email["Date"].utcoffset() == timedelta(hours=-7)
    assert email["payload"] == "Body\n"
    assert email["original_msg"] == HEADER + "\nBody\n"


def test_an_absent_header_is_none_and_an_empty_one_is_empty(read):
    email = read(HEADER + "\nBody\n")
    assert email["Cc"] is None
    assert email["X-cc"] == ""


def test_header_names_are_found_in_any_case(read):
    assert read("SUBJECT: hello\nx-CC: a\n\n")["Subject"] == "hello"


def test_the_first_of_a_repeated_header_counts(read):
    assert read("Subject: first\nSubject: second\n\n")["Subject"] == "first"


@pytest.mark.parametrize("fold", ["\n\t", " \n\t", "\n ", "\n" + 50 * " ", "\r\n\t"])
def test_a_folded_header_becomes_one_line(read, fold):
    assert read(with_header("To", f"a@enron.example,{fold}b@enron.example"))["To"] == "a@enron.example, b@enron.example"


def test_a_line_break_inside_a_subject_costs_no_later_header(read):
    email = read(with_header("Subject", "Notes on\nTrading on EOL"))
    assert email["Subject"] == "Notes on Trading on EOL"
    assert email["X-FileName"] == "quill.pst"
    assert email["payload"] == "Body\n"
    assert problems(email) == ["a line of the header is no header: it was joined to the one before"]


def test_encoded_words_are_decoded(read):
    assert read(with_header("Subject", "=?iso-8859-1?Q?caf=E9?= at noon"))["Subject"] == "café at noon"


@pytest.mark.parametrize("damaged", ["=?x-unheard-of?Q?a?=", "=?utf-8?B?a?=", "=?utf-8?Q?=", "C:\\users =?utf-8?Q?x?="])
def test_damaged_encoded_words_leave_text(read, damaged):
    assert read(with_header("Subject", damaged))["Subject"]


@pytest.mark.parametrize(("byte", "letter"), [(b"\xfc", "ü"), (b"\xc3\xbc", "ü"), (b"\xff", "ÿ")])
def test_letters_outside_ascii_are_kept_and_flagged(read, byte, letter):
    email = read(with_header("X-cc", "M@ller").encode().replace(b"@ller", byte + b"ller"))
    assert email["X-cc"] == f"M{letter}ller"
    assert problems(email) == ["the header holds letters of an unknown character set: read as UTF-8 or Latin-1"]


def test_the_payload_is_the_body_as_it_stands(read):
    body = "=20 not decoded=\n\n\n  <b>nor</b> changed\t"
    assert read(HEADER + "\n" + body)["payload"] == body


def test_a_message_with_windows_line_ends_reads_the_same(read):
    unix, windows = read(HEADER + "\nBody\n"), read((HEADER + "\nBody\n").replace("\n", "\r\n"))
    assert windows.pop("payload") == "Body\r\n"
    assert {**windows, "original_msg": ""} == {k: v for k, v in unix.items() if k != "payload"} | {"original_msg": ""}


@pytest.mark.parametrize("text", ["", "\n", "no header at all", "no header\n\nbut two parts\n"])
def test_a_file_without_header_is_all_body(read, text):
    email = read(text)
    assert email["payload"] == text
    assert email["Subject"] is None
    assert "there is no header" in problems(email)


def test_a_header_without_body_has_an_empty_payload(read):
    assert read("Subject: only this")["payload"] == ""
    assert read("Subject: only this")["Subject"] == "only this"


# The mailbox


def test_the_mailbox_is_the_first_folder_below_the_maildir(tmp_path):
    for name in ("box-a/1.", "box-a/inbox/2.", "box-a/trash/old/older/3."):
        path = tmp_path / "mail" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Subject: x\n\n", encoding="utf-8")
        assert read_email(path, tmp_path / "mail")["username"] == "box-a"


def test_a_file_outside_the_maildir_is_refused(tmp_path):
    (tmp_path / "1.").write_text("Subject: x\n\n", encoding="utf-8")
    with pytest.raises(ValueError, match="other"):
        read_email(tmp_path / "1.", tmp_path / "other")


def test_a_missing_file_raises_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_email(tmp_path / "maildir" / "box" / "1.")


# Dates


@pytest.mark.parametrize("month", ["Dec", "December"])
def test_the_year_one_is_not_2001(month):
    date = read_date(f"Tue, 20 {month} 0001 21:26:20 -0800 (PST)")
    assert date == datetime(1, 12, 20, 21, 26, 20, tzinfo=timezone(timedelta(hours=-8)))


def test_the_year_one_is_flagged(read):
    email = read(with_header("Date", "Tue, 20 Dec 0001 21:26:20 -0800 (PST)"))
    assert problems(email) == ["the date is of the year 1, before there was e-mail like this"]


def test_a_placeholder_date_is_kept_and_flagged(read):
    email = read(with_header("Date", "Mon, 31 Dec 1979 16:00:00 -0800 (PST)"))
    assert email["Date"] == datetime(1980, 1, 1, tzinfo=UTC)
    assert problems(email) == ["the date is a placeholder, the start of 1980"]


def test_a_date_without_offset_is_utc():
    assert read_date("7 Jun 2001 11:05:33") == datetime(2001, 6, 7, 11, 5, 33, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "yesterday",
        "31 Feb 2001 10:00:00 +0000",
        "1 Jan 2001 25:00:00 +0000",
        "1 Jan 2001 10:00:00 +9999",
        "1 Jan 0000 10:00:00 +0000",
        "1 Jan 0001 00:00:00 +0800",
        "31 Dec 9999 23:00:00 -0800",
        "1 Jan 99999999999999999999 10:00:00 +0000",
    ],
)
def test_a_date_that_tells_no_moment_is_none(value):
    assert read_date(value) is None


def test_a_missing_date_is_flagged(read):
    assert problems(read("Subject: x\n\nBody\n")) == ["there is no date that can be read"]


def test_a_message_in_good_order_has_no_problems(read):
    assert problems(read(HEADER + "\nBody\n")) == []


# Plain text


def test_a_plain_body_is_left_alone():
    assert plain_text(body_of("a =20 b\n> c\n=====\n")) == "a =20 b\n> c\n=====\n"


def test_a_quoted_printable_body_is_decoded():
    assert plain_text(body_of("caf=E9 =\nau lait=20\n", "text/plain; charset=latin-1", "quoted-printable")) == (
        "café au lait \n"
    )


def test_a_base64_body_is_decoded():
    assert plain_text(body_of("Y2Fmw6k=\n", "text/plain; charset=utf-8", "base64")) == "café"


@pytest.mark.parametrize("charset", ["x-unheard-of", "zlib", "a\0b", "utf-7", ""])
def test_an_unknown_charset_still_gives_text(charset):
    assert "abc" in plain_text(body_of("abc=20", f"text/plain; charset={charset}", "quoted-printable"))


MIXED = "--{0}\nContent-Type: {1}; charset=utf-8\nContent-Transfer-Encoding: {2}\n\n{3}\n--{0}--\n"


def test_the_capitals_of_a_boundary_count():
    body = MIXED.format("=_NextPart", "text/plain", "7bit", "gas")
    assert plain_text(body_of(body, 'Multipart/Mixed; boundary="=_NextPart"')).split() == ["gas"]


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable"])
def test_letters_of_any_alphabet_are_read_in_a_part(encoding):
    body = MIXED.format("B", "text/plain", encoding, "газ né caf=C3=A9")
    expected = ["газ", "né", "café" if encoding == "quoted-printable" else "caf=C3=A9"]
    assert plain_text(body_of(body, "multipart/mixed; boundary=B")).split() == expected


def test_a_multipart_body_without_a_plain_part_gives_that_in_html():
    body = MIXED.format("B", "text/html", "7bit", "<p>gas</p><script>no</script>")
    assert plain_text(body_of(body, "multipart/alternative; boundary=B")).split() == ["gas"]


def test_a_charset_that_is_none_leaves_the_body_as_it_is():
    assert (
        plain_text(body_of("gas=20", "text/plain; charset*=a\0b'en'utf-8", "quoted-printable")).split()[0][:3] == "gas"
    )


def test_a_multipart_body_gives_its_plain_part():
    body = (
        "--x\nContent-Type: text/plain\n\nplain words\n"
        "--x\nContent-Type: text/html\n\n<p>html words</p>\n"
        "--x\nContent-Type: application/pdf\n\nnoise\n--x--\n"
    )
    assert plain_text(body_of(body, "multipart/mixed; boundary=x")).split() == ["plain", "words"]


def test_missing_headers_mean_a_plain_body():
    assert plain_text({"payload": "text", "Content-Type": None, "Content-Transfer-Encoding": None}) == "text"


def test_html_is_reduced_to_its_text_though_the_type_says_plain():
    assert plain_text(body_of("<HTML><body>Dear <b>Bo</b></body></HTML>")) == "Dear Bo"


@pytest.mark.parametrize(
    "parted", ["one<br>two", "<p>one</p><p>two</p>", "<td>one</td><td>two</td>", "<div>one</div>two"]
)
def test_blocks_part_words(parted):
    assert visible_text(parted).split() == ["one", "two"]


def test_inline_tags_do_not_part_words():
    assert visible_text("<p>un<b>believ</b>able</p>").strip() == "unbelievable"


def test_what_a_reader_does_not_see_is_left_out():
    html = "<head><title>t</title><style>s</style></head><script>a('<br>')</script><!-- c --><p>seen</p>"
    assert visible_text(html).split() == ["seen"]


def test_entities_are_characters():
    assert visible_text("<p>caf&eacute;&nbsp;&amp; bar &lt;x&gt;</p>").split() == ["café", "&", "bar", "<x>"]


def test_an_address_in_angle_brackets_is_text():
    assert "bo@enron.example" in visible_text("From: Bo <bo@enron.example><br>")


def test_deeply_nested_html_loses_no_text():
    assert "core" in visible_text("<div>" * 5000 + "core" + "</div>" * 5000)


def test_control_characters_do_not_cut_the_text():
    assert visible_text("<p>before\0after\x01end</p>").split() == ["before", "after", "end"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("body", ["<?xml version='1.0'?><p>seen</p>", "seen.html", "http://seen.example/"])
def test_odd_html_is_read_without_a_warning(body):
    assert "seen" in plain_text(body_of(body, "text/html"))


# Any bytes

FRAGMENTS = [
    b"Subject: ", b"Date: ", b"To: ", b"Content-Type: text/html; charset=",
    b"Content-Type: multipart/mixed; boundary=x", b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: quoted-printable", b"=?utf-8?B?", b"?=", b"=?x?Q?", b"\n\n", b"\n", b"\r\n", b"\r",
    b"\n\t", b"\0", b"\xff", b"\xe2\x80\x99", b"\x0b\x0c\x1c\x85", b"--x\n", b"--x--", b"<html>", b"<!--",
    b"<![CDATA[", b"<br", b"&#xD800;", b"&#0;", b"=E", b"=\n", b" 0001 ", b"31 Dec 9999 23:59:60 -9999", b"utf-7",
    b"unicode_escape", b"\\ud800", b"begin 644 x\n", b":", b"From ", b"a" * 2000,
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=30))).map(b"".join))
def test_any_bytes_give_20_fields_and_storable_text(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "maildir" / "box" / "inbox" / "1."
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    email = read_email(path)
    assert tuple(email) == FIELDS
    texts = [value for name, value in email.items() if name != "Date" and value is not None]
    for text in [*texts, plain_text(email), *problems(email)]:
        text.encode("utf-8")
    assert email["Date"] is None or email["Date"].utcoffset() is not None


@given(st.binary())
def test_no_byte_of_a_message_is_lost(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "maildir" / "box" / "inbox" / "1."
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    text = read_email(path)["original_msg"]
    assert data in (text.encode("utf-8"), text.encode("latin-1", "replace"))


def test_a_thousand_damaged_copies_of_a_message_can_be_read(read):
    luck = random.Random(1)
    message = (HEADER + "\n<p>Body</p> =E9\n").encode()
    for _ in range(1000):
        damaged = bytearray(message)
        for _ in range(luck.randrange(1, 12)):
            place = luck.randrange(len(damaged))
            damaged[place : place + luck.randrange(3)] = luck.randbytes(luck.randrange(4))
        email = read(bytes(damaged))
        plain_text(email)
        problems(email)


def test_paths_may_be_relative(tmp_path, monkeypatch):
    (tmp_path / "maildir" / "box-b" / "sent").mkdir(parents=True)
    (tmp_path / "maildir" / "box-b" / "sent" / "1.").write_text("Subject: x\n\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert read_email(Path("maildir/box-b/sent/1."))["username"] == "box-b"


@pytest.mark.parametrize("unseen", ["<!NOISE>", "<![if !x]>", "<iframe>no</iframe>", "<spacer width=1>", "<o:p></o:p>"])
def test_marks_that_no_reader_sees_are_no_text(unseen):
    assert visible_text(f"<p>seen{unseen} text</p>").split() == ["seen", "text"]


def test_a_megabyte_of_blanks_in_a_header_is_read_like_any_other():
    assert (
        unfold("a" + " " * 1_000_000 + "b \t\n \t c") == "a" + " " * 1_000_000 + "b c"
    )  # once, it took a quarter of an hour
