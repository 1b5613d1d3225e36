"""Parquet files of emails: what is written comes back, and pandas is left out of it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from enronlib.messages import FIELDS
from enronlib.parquet import SCHEMA, columns_of, read_parquet, write_parquet

ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
EMAILS = st.fixed_dictionaries(
    {name: st.none() | st.text(max_size=20) for name in FIELDS}
    | {"original_msg": st.text(max_size=20), "Date": st.none() | st.datetimes(timezones=ZONES)}
)


@given(st.lists(EMAILS, min_size=1, max_size=5))
def test_columns_are_those_that_arrow_would_make_of_the_rows(rows):
    assert columns_of(rows).equals(pa.RecordBatch.from_pylist(rows, SCHEMA))


def test_what_is_written_is_read_back_with_dates_in_utc(tmp_path):
    morning = datetime(2001, 6, 7, 11, 5, 33, tzinfo=timezone(timedelta(hours=-7)))
    email = dict.fromkeys(FIELDS) | {"original_msg": "…", "Subject": "", "Date": morning}
    write_parquet([email], tmp_path / "mail.parquet")
    (again,) = read_parquet(tmp_path / "mail.parquet", list(FIELDS))
    assert again == email
    assert again["Date"].tzinfo.utcoffset(None) == UTC.utcoffset(None)


def test_writing_and_reading_load_no_pandas(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from enronlib.parquet import FIELDS, read_parquet, write_parquet\n"
        "path, email = Path('mail.parquet'), dict.fromkeys(FIELDS, 'x') | {'Date': None}\n"
        "write_parquet([email], path)\n"
        "assert list(read_parquet(path, ['To'])) == [{'To': 'x'}]\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
