"""The words of real mail, compared with a count by the standard library alone, which uses nothing of the kit."""

import email
import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from enronlib.messages import plain_text, problems, read_email
from enronlib.words import tokens

REPAIRED = "zipper-a/calendar/23."  # the kit repairs its header block; `email` alone reads half of it as body
SEPARATORS = {
    *("address", "blockquote", "body", "br", "caption", "center", "dd", "div", "dl", "dt", "form", "h1", "h2", "h3"),
    *("hr", "li", "ol", "p", "pre", "table", "td", "tr"),
}
UNSEEN = {"head", "iframe", "script", "style", "title"}


class VisibleText(HTMLParser):
    """The text between tags, separated where blocks begin and end."""

    def __init__(self):
        super().__init__()
        self.pieces = []
        self.unseen = 0

    def handle_starttag(self, tag, attrs):
        self.unseen += tag in UNSEEN
        self.pieces += "\n" * (tag in SEPARATORS)

    def handle_endtag(self, tag):
        self.unseen = max(0, self.unseen - (tag in UNSEEN))
        self.pieces += "\n" * (tag in SEPARATORS)

    def handle_data(self, data):
        self.pieces += [data] * (not self.unseen)


def words_by_the_standard_library(path):
    decoded = email.message_from_bytes(path.read_bytes()).get_payload(decode=True)
    assert isinstance(decoded, bytes)
    body = decoded.decode("latin-1")
    is_html = re.search(r"<(?:(html|body|table|td|div|br|font|p)\b|a\s+href\s*=)", body, re.IGNORECASE) is not None
    if is_html:
        reader = VisibleText()
        reader.feed(body)
        reader.close()
        body = "".join(reader.pieces)
    body = body.replace("\xad", "")
    return Counter(re.findall(r"[a-z]+(?:['’][a-z]+)*", body.lower())), is_html


@pytest.fixture(scope="module")
def files(maildir):
    return sorted(path for path in maildir.rglob("*") if path.is_file())


def test_words_are_those_that_the_standard_library_finds(maildir, files):
    html_files, differing = 0, []
    for path in files:
        name = path.relative_to(maildir).as_posix()
        expected, is_html = words_by_the_standard_library(path)
        found = Counter(tokens(plain_text(read_email(path, maildir))))
        html_files += is_html
        if name == REPAIRED:
            assert expected - found
        elif is_html:  # the kit keeps text in angle brackets that is not a tag, such as an address
            assert not expected - found, name
            differing += [name] * (found != expected)
        else:
            assert found == expected, name
    assert (len(files), html_files, len(differing)) == (8019, 202, 25)


def test_problems_are_those_the_corpus_is_known_for(maildir, files):
    found = Counter(problem for path in files for problem in problems(read_email(path, maildir)))
    assert found == {
        "the date is a placeholder, the start of 1980": 8,
        "the header has characters of an unknown character set: read as UTF-8 or Windows-1252": 4,
        "the date is in the year 1, before there was e-mail like this": 2,
        "a line of the header is not a header: it was joined to the one before": 1,
    }


def test_the_course_example_has_the_values_of_the_course(maildir):
    message = read_email(maildir / "zipper-a/inbox/114.", maildir)
    assert message["username"] == "zipper-a"
    assert message["From"] == "jeffrey.hammad@enron.com"
    assert message["To"] == "andy.zipper@enron.com"
    assert message["Subject"] == "Thanks for the interview"
    assert message["Date"].isoformat() == "2001-06-07T11:05:33-07:00"
    assert message["X-Origin"] == "ZIPPER-A"
