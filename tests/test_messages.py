"""What one message file gives: 20 fields, whatever its bytes, and the text that a reader sees."""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enronlib.messages import FIELDS, HEADERS, plain_text, problems, read_date, read_email, visible_text
from enronlib.parquet import columns_of
from enronlib.words import tokens

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
    assert problems(email) == ["a line of the header is not a header: it was joined to the one before"]


def test_encoded_words_are_decoded(read):
    assert read(with_header("Subject", "=?iso-8859-1?Q?caf=E9?= at noon"))["Subject"] == "café at noon"


@pytest.mark.parametrize("damaged", ["=?x-unheard-of?Q?a?=", "=?utf-8?B?a?=", "=?utf-8?Q?=", "C:\\users =?utf-8?Q?x?="])
def test_damaged_encoded_words_leave_text(read, damaged):
    assert read(with_header("Subject", damaged))["Subject"]


@pytest.mark.parametrize(
    ("encoded", "character"), [(b"\xfc", "ü"), (b"\xc3\xbc", "ü"), (b"\xff", "ÿ"), (b"\x92", "’"), (b"\x81", "\x81")]
)
def test_characters_outside_ascii_are_kept_and_flagged(read, encoded, character):
    email = read(with_header("X-cc", "M@ller").encode().replace(b"@ller", encoded + b"ller"))
    assert email["X-cc"] == f"M{character}ller"
    assert problems(email) == ["the header has characters of an unknown character set: read as UTF-8 or Windows-1252"]


def test_a_utf_8_header_is_read_beside_a_body_in_another_charset(read):
    email = read(with_header("Subject", "né").encode("utf-8") + "дом".encode("koi8-r"))
    assert email["Subject"] == "né"


def test_control_characters_in_a_decoded_header_become_spaces(read):
    assert read(with_header("Subject", "=?utf-8?Q?a=0Ab=00c=01d?="))["Subject"] == "a b c d"


def test_the_payload_is_the_body_as_it_stands(read):
    body = "=20 not decoded=\n\n\n  <b>nor</b> changed\t"
    assert read(HEADER + "\n" + body)["payload"] == body


def test_a_message_with_windows_line_ends_reads_the_same(read):
    unix, windows = read(HEADER + "\nBody\n"), read((HEADER + "\nBody\n").replace("\n", "\r\n"))
    assert windows.pop("payload") == "Body\r\n"
    assert {**windows, "original_msg": ""} == {k: v for k, v in unix.items() if k != "payload"} | {"original_msg": ""}


@pytest.mark.parametrize("text", ["", "\n", "no header at all", "no header\n\nTo: two paragraphs\n", "\nSubject: x\n"])
def test_a_file_without_header_is_all_body(read, text):
    email = read(text)
    assert email["payload"] == text
    assert email["Subject"] is None
    assert "there is no header" in problems(email)


@pytest.mark.parametrize("first", ["Forwarded message", " continued", "\ufeff"])
def test_a_first_line_that_is_not_a_header_is_skipped_and_flagged(read, first):
    email = read(f"{first}\n{HEADER}\nBody\n")
    assert {name: email[name] for name in HEADERS} == {name: read(f"{HEADER}\nBody\n")[name] for name in HEADERS}
    assert email["payload"] == "Body\n"
    assert "the first line is not a header: it was skipped" in problems(email)


def test_an_envelope_line_is_not_flagged(read):
    email = read(f"From ada@enron.example Thu Jun  7 11:05:33 2001\n{HEADER}\nBody\n")
    assert email["Subject"] == "Pipeline"
    assert problems(email) == []


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
    assert problems(email) == ["the date is in the year 1, before there was e-mail like this"]


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
def test_a_date_that_is_not_a_moment_is_none(value):
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
def test_characters_of_any_alphabet_are_read_in_a_part(encoding):
    body = MIXED.format("B", "text/plain", encoding, "газ né caf=C3=A9")
    expected = ["газ", "né", "café" if encoding == "quoted-printable" else "caf=C3=A9"]
    assert plain_text(body_of(body, "multipart/mixed; boundary=B")).split() == expected


def test_a_charset_that_is_none_leaves_the_body_as_it_is():
    assert (
        plain_text(body_of("gas=20", "text/plain; charset*=a\0b'en'utf-8", "quoted-printable")).split()[0][:3] == "gas"
    )


PLAIN = "--B\nContent-Type: text/plain\n\nplain words\n"
HTML = "--B\nContent-Type: text/html\n\n<p>html words</p><script>no</script>\n"
NOTHING = "--B\nContent-Type: text/plain\n\n \n"
ATTACHED = "--B\nContent-Type: text/plain\nContent-Disposition: attachment\n\nattached words\n"
NAMED = '--B\nContent-Type: text/plain;\n name="notes.txt"\n\nnamed words\n'
ZIP = "--B\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\nemlwIGJ5dGVz\n"
FORWARDED = "--B\nContent-Type: message/rfc822\n\nSubject: old\nContent-Transfer-Encoding: base64\n\nb2xkIHdvcmRz\n"
NESTED = "--B\nContent-Type: multipart/alternative; boundary=C\n\n" + (PLAIN + HTML).replace("--B", "--C") + "--C--\n"


@pytest.mark.parametrize(
    ("kind", "parts", "words"),
    [
        ("alternative", [PLAIN, HTML], "plain words"),
        ("alternative", [HTML, PLAIN], "plain words"),
        ("alternative", [HTML], "html words"),
        ("alternative", [NOTHING, HTML], "html words"),
        ("alternative", [NOTHING], ""),
        ("mixed", [PLAIN, HTML], "plain words html words"),
        ("mixed", [HTML, ATTACHED], "html words"),
        ("mixed", [HTML, NAMED], "html words"),
        ("mixed", [NESTED, ATTACHED, ZIP], "plain words"),
        ("related", [HTML, ZIP], "html words"),
        ("mixed", [PLAIN, FORWARDED], "plain words old words"),
        ("mixed", [ZIP], ""),
        ("mixed", ["--B\n\na part without headers\n"], "a part without headers"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_multipart_body_gives_the_text_that_is_shown(kind, parts, words, line_end):
    body = f"For old mail programs.\n{''.join(parts)}--B--\nAfter the end.\n".replace("\n", line_end)
    assert plain_text(body_of(body, f'multipart/{kind}; boundary="B"')).split() == words.split()


@pytest.mark.parametrize(
    "content_type", ["multipart/mixed", "multipart/mixed; boundary=B", "multipart/mixed; boundary="]
)
def test_a_multipart_body_without_parts_is_text(content_type):
    assert plain_text(body_of("no parts here", content_type)) == "no parts here"


def test_a_body_that_is_not_text_has_no_words():
    assert plain_text(body_of("emlwIGJ5dGVz", "application/zip", "base64")) == ""


@pytest.mark.parametrize("charset", ["koi8-r", "windows-1251", "utf-8", "utf-8; format=flowed"])
def test_an_8bit_body_is_read_in_its_charset(read, charset):
    header = f"Subject: x\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    email = read(header.encode() + "дом у моря".encode(charset.partition(";")[0]))
    assert plain_text(email) == "дом у моря"


def test_an_8bit_part_is_read_in_its_charset(read):
    header = b"Subject: x\nContent-Type: multipart/mixed; boundary=B\n\n"
    email = read(header + b"--B\nContent-Type: text/plain; charset=koi8-r\n\n" + "дом".encode("koi8-r") + b"\n--B--\n")
    assert plain_text(email).strip() == "дом"


def test_a_japanese_body_of_7_bits_is_read_in_its_charset(read):
    header = b"Subject: x\nContent-Type: text/plain; charset=iso-2022-jp\nContent-Transfer-Encoding: 7bit\n\n"
    assert plain_text(read(header + "日本".encode("iso-2022-jp"))) == "日本"


@pytest.mark.parametrize("charset", ["us-ascii", "iso-8859-1", "latin-1", "windows-1252", "x-unheard-of"])
def test_quotation_marks_of_windows_are_read_as_browsers_read_them(charset):
    assert plain_text(body_of("don=92t", f"text/plain; charset={charset}", "quoted-printable")) == "don’t"


def test_quotation_marks_of_windows_are_read_in_8bit_bodies(read):
    assert plain_text(read(b"Subject: x\n\ndon\x92t")) == "don’t"


def test_a_line_break_in_a_decoded_content_type_does_not_end_the_headers(read):
    email = read("Content-Type: =?utf-8?Q?text/plain=0A=0A?=\nContent-Transfer-Encoding: base64\n\nZ2Fz\n")
    assert plain_text(email) == "gas"


@pytest.mark.parametrize("parameter", ["a*0*=x; a*=y", "charset*=a\0b'en'utf-8", "boundary", "=;=", "charset=idna"])
def test_parameters_that_make_no_sense_leave_text(parameter):
    assert "gas" in plain_text(body_of("gas", f"text/plain; {parameter}"))
    assert "gas" in plain_text(body_of("--B\n\ngas\n--B--", f"multipart/mixed; {parameter}; boundary=B"))


def test_missing_headers_mean_a_plain_body():
    assert plain_text({"payload": "text", "Content-Type": None, "Content-Transfer-Encoding": None}) == "text"


def test_html_is_reduced_to_its_text_though_the_type_says_plain():
    assert plain_text(body_of("<HTML><body>Dear <b>Bo</b></body></HTML>")) == "Dear Bo"


def test_a_link_alone_is_html():
    assert plain_text(body_of('See <A HREF="http://enron.example/news">the news</A>')) == "See the news"


@pytest.mark.parametrize(
    "html", ["one<br>two", "<p>one</p><p>two</p>", "<td>one</td><td>two</td>", "<div>one</div>two"]
)
def test_blocks_separate_words(html):
    assert visible_text(html).split() == ["one", "two"]


def test_inline_tags_do_not_separate_words():
    assert visible_text("<p>un<b>believ</b>able</p>").strip() == "unbelievable"


def test_what_a_reader_does_not_see_is_left_out():
    html = "<head><title>t</title><style>s</style></head><script>a('<br>')</script><!-- c --><p>seen</p>"
    assert visible_text(html).split() == ["seen"]


def test_entities_are_characters():
    assert visible_text("<p>caf&eacute;&nbsp;&amp; bar &lt;x&gt;</p>").split() == ["café", "&", "bar", "<x>"]


def test_an_address_in_angle_brackets_is_text():
    assert "bo@enron.example" in visible_text("From: Bo <bo@enron.example><br>")


@pytest.mark.parametrize("depth", [2000, 50_000])
def test_deeply_nested_html_loses_no_text(depth):
    assert visible_text("<div>" * depth + "core" + "</div>" * depth).strip() == "core"


def test_html_of_many_tags_gives_the_same_text():
    html = (
        "<head><title>t</title><style>p {}</style></head><p>one<td>two</td><b>th</b>ree<!-- <p>no -->"
        '<script>if (a < b) alert("</p>")</script><a href="x">caf&eacute;</a> <bo@enron.example> 1 < 2 &lt;b&gt;'
    )
    words = visible_text(html).split()
    assert words[:2] == ["one", "two"]
    assert visible_text(html * 1000).split() == words * 1000


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


def test_paths_may_be_text(tmp_path):
    path = tmp_path / "box-a" / "inbox" / "1."
    path.parent.mkdir(parents=True)
    path.write_text("Subject: x\n\n", encoding="utf-8")
    assert read_email(str(path), str(tmp_path)) == read_email(path, tmp_path)


def test_paths_may_be_relative(tmp_path, monkeypatch):
    (tmp_path / "maildir" / "box-b" / "sent").mkdir(parents=True)
    (tmp_path / "maildir" / "box-b" / "sent" / "1.").write_text("Subject: x\n\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert read_email(Path("maildir/box-b/sent/1."))["username"] == "box-b"


@pytest.mark.parametrize("unseen", ["<!NOISE>", "<![if !x]>", "<iframe>no</iframe>", "<spacer width=1>", "<o:p></o:p>"])
def test_markup_that_no_reader_sees_is_not_text(unseen):
    assert visible_text(f"<p>seen{unseen} text</p>").split() == ["seen", "text"]


# Time

SIZE = 300_000  # characters


def fill(unit):
    return unit * (SIZE // len(unit))


def message(body, content_type="text/plain", encoding="7bit", subject="x"):
    return f"Subject: {subject}\nContent-Type: {content_type}\nContent-Transfer-Encoding: {encoding}\n\n{body}"


def parts_of(headers):
    return message(fill(f"--B\n{headers}\n\nx\n"), "multipart/mixed; boundary=B")


LONG_MESSAGES = {
    "starts of encoded words": lambda: message("", subject=fill("=?a?q?") * 3),
    "unclosed encoded words": lambda: message("", subject="=?a?q?x" * 7000),
    "encoded words": lambda: message("", subject=fill("=?utf-8?q?a?= ") * 3),
    "a punycode subject": lambda: message("", subject=f"=?punycode?q?{'a' * 9_000}?="),
    "spaces in a subject": lambda: message("", subject=fill(" ")),
    "lines that are not headers": lambda: "Subject: x\n" + fill("a\n"),
    "a punycode body": lambda: message(fill("a"), "text/plain; charset=punycode", "quoted-printable"),
    "an idna body": lambda: message("xn--" + fill("a"), "text/plain; charset=idna", "quoted-printable"),
    "parameters": lambda: message("", "text/plain;" + fill("a=b;") * 5, "quoted-printable"),
    "quoted parameters": lambda: message("", "text/plain" + fill(';"') * 5, "quoted-printable"),
    "continued parameters": lambda: message(
        "", "text/plain;" + "".join(f"a*{i}*=b;" for i in range(SIZE // 2)), "quoted-printable"
    ),
    "parameters of parts": lambda: parts_of("Content-Type: text/plain" + ';"' * 1000),
    "short parts": lambda: parts_of("A:"),
    "short parts in HTML": lambda: message("--B\n\n<br >gas\n" * 9999 + fill("x "), "multipart/mixed; boundary=B"),
    "nested parts": lambda: parts_of("Content-Type: multipart/mixed; boundary=B"),
    "nested messages": lambda: message(fill("Content-Type: message/rfc822\n\n"), "message/rfc822"),
    "titles": lambda: message(fill("<title>a</title>x"), "text/html"),
    "unmatched tags": lambda: message("<i>" * (SIZE // 8) + "</b>x" * (SIZE // 8), "text/html"),
    "unclosed lists": lambda: message(fill("<dl><dt>x<dd>"), "text/html"),
    "nested blocks": lambda: message(fill("<div>"), "text/html"),
    "nested blocks and text": lambda: message("<div>" * 4000 + fill("x "), "text/html"),
    "accents": lambda: message("e" + "\u0301\u0327" * (SIZE // 4)),
}


@pytest.mark.parametrize("kind", LONG_MESSAGES)
def test_a_long_message_takes_a_second_whatever_is_in_it(read, kind):
    long_message = LONG_MESSAGES[kind]()
    started = time.process_time()
    email = read(long_message)
    problems(email)
    tokens(plain_text(email))
    columns_of([email])
    assert time.process_time() - started < 1


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux reports the peak of memory so")
def test_deep_html_takes_little_memory():
    code = "import enronlib.messages; enronlib.messages.visible_text('<div>' * 100_000)\n"
    code += "print(open('/proc/self/status', encoding='ascii').read())"
    status = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    kilobytes = int(status.partition("VmHWM:")[2].split()[0])
    assert kilobytes < 200_000
