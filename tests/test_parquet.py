"""Parquet files of emails: what is written is read back, without costly imports."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enronlib.messages import FIELDS, plain_text
from enronlib.parquet import SCHEMA, columns_of, read_texts, write_parquet

ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
EMAILS = st.fixed_dictionaries(
    {name: st.none() | st.text(max_size=20) for name in FIELDS}
    | {"original_msg": st.text(max_size=20), "Date": st.none() | st.datetimes(timezones=ZONES)}
)


@settings(deadline=None)  # the first example loads pandas
@given(st.lists(EMAILS, min_size=1, max_size=5))
def test_columns_are_those_that_arrow_would_make_of_the_rows(rows):
    assert columns_of(rows).equals(pa.RecordBatch.from_pylist(rows, SCHEMA))


def test_texts_that_do_not_fit_into_memory_are_an_error_and_no_row_is_lost(monkeypatch):
    class ForgetfulBuilder(pa.lib.StringBuilder):  # as the real one is where memory is limited
        def append_values(self, values):
            super().append_values(values[:-1])

    monkeypatch.setattr(pa.lib, "StringBuilder", ForgetfulBuilder)
    with pytest.raises(MemoryError, match="not enough memory"):
        columns_of([dict.fromkeys(FIELDS)] * 3)


@pytest.mark.parametrize(
    "date",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2001, 6, 7, 11, 5, 33, 1, tzinfo=timezone(timedelta(hours=-7))),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_a_date_is_the_same_moment_to_the_microsecond_between_absent_ones(tmp_path, date):
    emails = [dict.fromkeys(FIELDS) | {"original_msg": "x", "Date": value} for value in [None, date] * 9]
    write_parquet(emails, str(tmp_path / "mail.parquet"))
    assert pq.read_table(tmp_path / "mail.parquet")["Date"].to_pylist() == [None, date] * 9


def test_texts_are_read_back_without_their_encoding_and_their_tags(tmp_path):
    bodies = [("a=E9 =\nb", "text/plain; charset=latin-1", "quoted-printable"), ("<b>bold</b>", "text/html", None)]
    emails = [
        dict.fromkeys(FIELDS)
        | {"original_msg": "…", "payload": body, "Content-Type": kind, "Content-Transfer-Encoding": encoding}
        for body, kind, encoding in bodies
    ]
    write_parquet(emails, tmp_path / "mail.parquet")
    assert list(read_texts(str(tmp_path / "mail.parquet"))) == [plain_text(email) for email in emails]


@pytest.mark.parametrize("module", ["pandas", "pyarrow.compute", "pyarrow.dataset"])
def test_reading_and_writing_a_mailbox_imports_only_what_it_needs(tmp_path, module):
    (tmp_path / "box" / "inbox").mkdir(parents=True)
    (tmp_path / "box" / "inbox" / "1.").write_text("Date: 7 Jun 2001 11:05:33 -0700\n\nx", encoding="utf-8")
    (tmp_path / "box" / "inbox" / "2.").write_text("Subject: no date\n\ny", encoding="utf-8")
    code = (
        "import sys\n"
        "from enronlib.parquet import read_mailbox, read_texts, write_parquet\n"
        "write_parquet(read_mailbox('box'), 'mail.parquet')\n"
        "assert list(read_texts('mail.parquet')) == ['x', 'y']\n"
        f"assert '{module}' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
