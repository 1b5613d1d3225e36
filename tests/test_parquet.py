"""Parquet files of emails: what is written comes back, and pandas is left out of it."""

import subprocess
import sys
from datetime import timedelta, timezone

import pyarrow as pa
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


def test_texts_are_read_back_without_their_encoding_and_their_tags(tmp_path):
    bodies = [("a=E9 =\nb", "text/plain; charset=latin-1", "quoted-printable"), ("<b>bold</b>", "text/html", None)]
    emails = [
        dict.fromkeys(FIELDS)
        | {"original_msg": "…", "payload": body, "Content-Type": kind, "Content-Transfer-Encoding": encoding}
        for body, kind, encoding in bodies
    ]
    write_parquet(emails, tmp_path / "mail.parquet")
    assert list(read_texts(tmp_path / "mail.parquet")) == [plain_text(email) for email in emails]


def test_writing_and_reading_load_no_pandas(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from enronlib.parquet import FIELDS, read_texts, write_parquet\n"
        "path, email = Path('mail.parquet'), dict.fromkeys(FIELDS) | {'original_msg': 'x', 'payload': 'x'}\n"
        "write_parquet([email], path)\n"
        "assert list(read_texts(path)) == ['x']\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
