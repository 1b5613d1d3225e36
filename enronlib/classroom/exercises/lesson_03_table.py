"""Exercises of lesson 03: missing values, a mailbox as a table, two columns of a file, and who writes to whom."""

import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from enronlib.classroom.answer import Answer, NotYet, sentence
from enronlib.classroom.exercise import Edits, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.messages import FIELDS

exercise = lesson("03_parse_a_mailbox")

MISSING = "column.isna().sum()"


@exercise(
    "table.blanks",
    title="Missing, empty, filled",
    points=1,
    hints=(
        '`column.isna()` and `column == ""` are columns of `True` and `False`. How do you count their `True`s? The '
        "third number is what is left of `len(column)`.",
        '`column.isna().sum()` counts the missing values, `(column == "").sum()` the empty ones. Put them into a dict '
        "with the three names.",
    ),
    wrong=[
        Wrong("uses `not value` for missing", Edits((MISSING, "sum(not value for value in column)")), "finds NaN"),
        Wrong("looks for None", Edits((MISSING, "list(column).count(None)")), "a table may store NaN for None"),
        Wrong("counts instead of adding up", Edits((MISSING, "column.isna().count()")), "count the `True`s"),
        Wrong("adds nothing up", Edits((MISSING, "column.isna()")), "is a Series; an int was expected"),
        Wrong("counts spaces as empty", Edits(('column == ""', 'column.str.strip() == ""')), "nor a space is"),
        Wrong("counts None as empty", Edits(('column == ""', 'column.fillna("") == ""')), "neither a missing value"),
        Wrong("fills the gaps first", Edits((MISSING, 'column.fillna("").isna().sum()')), "a table may store NaN"),
        Wrong("counts empty values as filled", Edits(("- missing - empty", "- missing")), "neither missing nor empty"),
        Wrong("returns a tuple", lambda column: (1, 2, 1), "returned a tuple; a dict was"),
        Wrong("uses other names", Edits(('"missing"', '"None"')), "it has no 'missing'"),
        Wrong("knows only the example", lambda column: {"missing": 1, "empty": 2, "filled": 1}, "it finds NaN"),
    ],
)
def blanks(answer: Answer, mail: Mail) -> str:
    """Small columns, one without values, and columns of unseen mail."""
    import pandas as pd  # slow to import, and other lessons do without

    columns = {
        "the column [None, '', 'Gas', '']": pd.Series([None, "", "Gas", ""]),
        "the column ['Gas', None, None, None]": pd.Series(["Gas", None, None, None]),
        "the column ['Gas', ' ']": pd.Series(["Gas", " "]),
        "a column without any value": pd.Series([None, None], dtype=object),
    }
    missing_is = "count the `True`s of `isna()`: it finds NaN as well as None, and a table may store NaN for None"
    table = pd.DataFrame(mail.emails)
    columns |= {f"the column {name} of unseen mail": table[name] for name in ("To", "Subject", "X-cc", "Cc")}
    for what, column in columns.items():
        got = answer.on(what)(column).is_a(dict)
        missing, empty = int(column.isna().sum()), int((column == "").sum())
        got["missing"].equals(missing, missing_is)
        got["empty"].equals(empty, "neither a missing value nor a space is an empty text")
        got["filled"].equals(
            len(column) - missing - empty, "in this column, filled values are neither missing nor empty"
        )
        got.expect(len(got.plain) == 3, "the dict has three names")
    return "You distinguished two kinds of nothing."


DATE = 'table["Date"] = pd.to_datetime(table["Date"], utc=True)'


@exercise(
    "table.mailbox",
    title="A mailbox as a table",
    points=2,
    stars=2,
    hints=(
        "All the parts are in this lesson: the list of records, the table made from it, and the line that converts "
        "`Date`. Which folder is the maildir of a mailbox?",
        "`pd.DataFrame([read_email(path, mailbox.parent) for path in message_files(mailbox)])` is the table. Then "
        "convert its column `Date`, and return the table.",
    ),
    wrong=[
        Wrong("returns the list", Edits(("return table", 'return table.to_dict("records")')), "a DataFrame was"),
        Wrong("leaves Date as it is", Edits((DATE, "")), "convert the whole column with `pd.to_datetime`"),
        Wrong("drops the zone", Edits((DATE, DATE + ".dt.tz_localize(None)")), "with `utc=True`"),
        Wrong("converts to another zone", Edits((DATE, DATE + '.dt.tz_convert("America/Chicago")')), "with `utc=True`"),
        Wrong(
            "reads the mailbox as a file",
            Edits(("for path in message_files(mailbox)", "for path in [mailbox]")),
            "`read_email` reads a file",
        ),
        Wrong("knows one maildir only", Edits(("mailbox.parent", "maildir")), "use `mailbox.parent`"),
        Wrong(
            "reads one folder only",
            Edits(("message_files(mailbox)", "message_files(next(mailbox.glob('*')))")),
            "one row for each",
        ),
        Wrong(
            "loses a column", Edits(("return table", 'return table.set_index("Message-ID")')), "`Message-ID` is missing"
        ),
        Wrong("reverses the order", Edits(("message_files(mailbox)", "message_files(mailbox)[::-1]")), "in the order"),
        Wrong("labels each row 0", Edits(("return table", "return table.set_index(table.index * 0)")), "ignore_index"),
        Wrong("changes a value", Edits(("return table", 'return table.assign(To="")')), "the To of row 0"),
        Wrong("forgets to return", Edits(("return table", "print(table)")), "is a `return` missing?"),
        Wrong("makes an empty table", Edits(("return table", "return table.head(0)")), "one row for each"),
    ],
)
def mailbox(answer: Answer, mail: Mail) -> str:
    """Unseen mailboxes: columns, rows, their order, the type of Date, values."""
    import pandas as pd

    for box in mail.mailboxes:
        emails = [email for email in mail.emails if email["username"] == box.name]
        what = f"the unseen mailbox `{mail.place(box)}`"
        try:
            table = answer.on(what)(box).is_a(pd.DataFrame)
        except NotYet as error:
            called, raised, text = str(error).partition(" raised ValueError: ")
            if raised and "subpath" in text:  # the message would show long paths that the student does not know
                advice = "this mailbox is in another maildir: use `mailbox.parent`"
                raise NotYet(f"{called} raised ValueError; {advice}.") from None
            if "raised IsADirectoryError" in str(error) or "raised PermissionError" in str(error):  # as on Windows
                advice = "`read_email` reads a file, and `message_files` lists the files of a mailbox"
                raise NotYet(sentence(f"{str(error).rstrip('.')}; {advice}")) from None
            raise
        columns = dict(table.plain.columns)
        names = Answer(list(columns), f"for {what}, the columns of your table are")
        wrong = [f"`{name}` is missing" for name in FIELDS if name not in columns]
        wrong += [f"`{name}` is not one of them" for name in columns if name not in FIELDS]
        advice = "they must be the 20 fields, in the order of FIELDS"
        names.equals(list(FIELDS), "; ".join([advice, *wrong[:3]]))
        rows = Answer(len(table.value), f"for {what}, the number of rows is")
        rows.equals(len(emails), f"there is one row for each of its {len(emails)} message files, in any folder")
        ids = [email["Message-ID"] for email in emails]
        order = Answer(columns["Message-ID"], f"for {what}, the Message-IDs are")
        order.equals(ids, "put the rows in the order of `message_files`")
        labels = "several rows have the same label: number them, for example with `ignore_index=True`"
        table.expect(table.value.index.is_unique, labels)
        clock = table.value["Date"].dtype
        date = Answer(str(clock), f"for {what}, the type of Date is")
        date.expect(pd.api.types.is_datetime64_any_dtype(clock), "convert the whole column with `pd.to_datetime`")
        date.expect(str(getattr(clock, "tz", None)) == "UTC", "convert the column to UTC, with `utc=True`")
        expected = pd.DataFrame(emails)
        expected["Date"] = pd.to_datetime(expected["Date"], utc=True)
        for name, values in Answer(expected).plain.columns:
            for row, (value, wanted) in enumerate(zip(columns[name], values, strict=True)):
                cell = Answer(value, f"for {what}, the {name} of row {row} is")
                if value != wanted:
                    cell.fail("the values are those of `read_email`, with Date in UTC", expected=wanted)
    return "Your table holds a whole mailbox, with all its folders, and all its times are in UTC."


YEAR = 'table["Date"].dt.year'


@exercise(
    "table.senders",
    title="Who wrote most in a year?",
    points=2,
    stars=2,
    hints=(
        "Which two of the 20 columns does the question need? `pd.read_parquet` has an argument for them. Then keep "
        "the rows of the year: how do you get the years of a column of dates?",
        '`pd.read_parquet(path, columns=["From", "Date"])` reads the two columns. `table["Date"].dt.year == year` is '
        "`True` for the rows you want, and `table[…]` with it in the brackets keeps them. Then count the senders, as "
        "at the top of the lesson; a Series has a method `to_dict()`.",
    ),
    wrong=[
        Wrong("reads every column", Edits((', columns=["From", "Date"]', "")), "read only the columns you need"),
        Wrong("reads three columns", Edits(('["From", "Date"])', '["From", "Date", "To"])')), "only the columns"),
        Wrong("reads one column", Edits(('["From", "Date"]', '["From"]')), "raised KeyError: 'Date'"),
        Wrong("ignores the year", Edits((f"{YEAR} == year", f"{YEAR} > 0")), "only messages of the year"),
        Wrong("takes later years, too", Edits((f"{YEAR} == year", f"{YEAR} >= year")), "only messages of the year"),
        Wrong("compares with a text", Edits(("== year", "== str(year)")), "only messages of the year"),
        Wrong(
            "takes the year in Houston",
            Edits((YEAR, 'table["Date"].dt.tz_convert("America/Chicago").dt.year')),
            "take the year in UTC",
        ),
        Wrong(
            "has senders without messages",
            Edits(("return of_year", 'return dict.fromkeys(table["From"], 0) | of_year')),
            "only messages of the year",
        ),
        Wrong("counts senders once", Edits((".value_counts()", ".drop_duplicates().value_counts()")), "how many"),
        Wrong("returns a Series", Edits((".to_dict()", "")), "returned a Series; a dict was expected"),
        Wrong("counts domains", Edits((".value_counts", '.str.split("@").str[1].value_counts')), "the whole address"),
        Wrong("knows only the example", lambda path, year: {"kim@x.example": 2}, "the whole address"),
    ],
)
def senders(answer: Answer, mail: Mail) -> str:
    """Small and unseen files, a message at the turn of the year, and a file in which all other columns are damaged."""
    import pandas as pd

    fields = ("username", "payload", "From", "To", "Date")
    in_houston_2000 = "2001-01-01 03:00"
    times = {"lee": "2000-05-01 12:00", "bo": "2001-05-01 12:00", "ada": in_houston_2000, "cy": None}
    small = [
        dict(zip(fields, ("kim-a", "Hello", f"{name}@enron.example", None, time), strict=True))
        for name, time in [*times.items(), ("lee", "2000-06-01 12:00")]
    ]
    unseen = [{name: email[name] for name in fields} for email in mail.emails]
    in_year = "use the whole address of each sender, and count only messages of the year"
    at_midnight = f"{in_year}: take the year in UTC, as the file stores it"
    files = [
        ("a file of two messages", [small[0], small[1]], in_year),
        ("a file of three messages, one without a Date", [small[0], small[3], small[4]], in_year),
        ("a file with a message at the turn of the year", small[:3], at_midnight),
        ("a file of unseen mail", unseen, in_year),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mail.parquet")
        for what, emails, advice in files:
            table = pd.DataFrame(emails)
            table["Date"] = pd.to_datetime(table["Date"], utc=True)
            table.to_parquet(path)
            for year in (2000, 2001):
                counts = answer.on(f"{what} and the year {year}")(path, year).is_a(dict)
                expected = Counter(table["From"][table["Date"].dt.year == year])
                names = Answer(sorted(counts.plain, key=str), f"for {what} and the year {year}, your senders are")
                names.equals(sorted(expected), advice)
                counts.equals(dict(expected), "count how many messages each of them wrote")
        _damage(path, keep=("From", "Date"))
        try:
            counts = answer.on("a file in which all columns but two are damaged")(path, year)
        except NotYet as error:
            raise NotYet(f"{str(error).rstrip('.')}; read only the columns you need.") from None
        counts.equals(dict(expected), "count how many messages each of them wrote")
    return "You read two columns. The others were damaged on disk, and you never noticed."


def _damage(path: Path, keep: Iterable[str]) -> None:
    """Overwrite the values of all columns but some with zeros, so that reading any of them fails."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as parquet:
        metadata = parquet.metadata
    with path.open("r+b") as file:
        for row_group in map(metadata.row_group, range(metadata.num_row_groups)):
            for column in map(row_group.column, range(metadata.num_columns)):
                if column.path_in_schema not in keep:
                    file.seek(column.dictionary_page_offset or column.data_page_offset)
                    file.write(bytes(column.total_compressed_size))


def _pairs(rows: Iterable[tuple[str, Any]]) -> dict[tuple[str, str], int]:
    """Count the pairs of a sender and a recipient, where To is a text unless it is missing."""
    pairs = ((sender, each.strip()) for sender, to in rows if isinstance(to, str) for each in to.split(","))
    return dict(Counter((sender, recipient) for sender, recipient in pairs if sender != recipient))


ROWS = 'zip(table["From"], table["To"], strict=True)'
SKIP = "if pd.isna(to):\n            continue"


@exercise(
    "table.pairs",
    title="Who writes to whom?",
    points=3,
    stars=3,
    hints=(
        'Loop over the rows with `for sender, to in zip(table["From"], table["To"]):`. Three things need care: a '
        "missing `To`, the space after a comma, and mail to oneself. How do you recognize a missing value in a table?",
        'Begin with a `Counter`. For each row: `if pd.isna(to): continue`. Then loop over `to.split(",")`, `strip()` '
        "each recipient, and count `(sender, recipient)` if the two differ. At the end, return `dict(counter)`. (With "
        "`explode`, `dropna` and `groupby` you need no loop.)",
    ),
    wrong=[
        Wrong("keeps the space after a comma", Edits((".strip()", "")), "without the spaces around it"),
        Wrong("splits at comma and space", Edits(('","', '", "')), "need not be followed by a space"),
        Wrong("counts each pair once", Edits(("counts.get(pair, 0) + 1", "1")), "count a pair once for each message"),
        Wrong(
            "drops messages to oneself and others",
            Edits((SKIP, SKIP.replace("(to)", "(to) or sender in to"))),
            "the other recipients do",
        ),
        Wrong("takes the first recipient only", Edits(('split(",")', 'split(",")[:1]')), "each recipient"),
        Wrong("does not split To", Edits(('to.split(",")', "[to]")), "each recipient"),
        Wrong("counts a missing To", Edits((SKIP, "to = str(to)")), "where To is missing"),
        Wrong("looks for None", Edits(("pd.isna(to)", "to is None")), "raised AttributeError"),
        Wrong("counts mail to oneself", Edits(("pair[0] != pair[1]", "True")), "mail to oneself"),
        Wrong(
            "takes rows by number",
            Edits((ROWS, '((table["From"][n], table["To"][n]) for n in range(len(table)))')),
            "row labels need not begin with 0",
        ),
        Wrong(
            "forgets who wrote to whom",
            Edits(("return counts", "return {tuple(sorted(p)): n for p, n in counts.items()}")),
            "the sender comes first",
        ),
        Wrong(
            "has pairs without messages",
            Edits(("return counts", "return {(a, b): counts.get((a, b), 0) for a, _ in counts for _, b in counts}")),
            "at least one message",
        ),
        Wrong("returns a list", Edits(("return counts", "return list(counts)")), "a dict was expected"),
        Wrong("knows only the example", lambda table: {("kim@x", "lee@x"): 1, ("kim@x", "bo@x"): 1}, "each recipient"),
    ],
)
def pairs(answer: Answer, mail: Mail) -> str:
    """A row or two for each rule of the task, a table without its first row, then unseen mail."""
    import pandas as pd

    labels = "row labels need not begin with 0, so do not look rows up by number"
    cases: list[tuple[str, list[tuple[str, str | None]], str]] = [
        (
            "a message to two people",
            [("ada@x", "bo@x, cy@x")],
            "count pairs of two addresses: first the sender, then each recipient",
        ),
        ("a message to two people", [("ada@x", "bo@x, cy@x")], "use each address without the spaces around it"),
        ("a message to two people", [("ada@x", "bo@x,cy@x")], "a comma need not be followed by a space"),
        ("mail in both directions", [("bo@x", "ada@x"), ("ada@x", "bo@x")], "the sender comes first in each pair"),
        ("two messages", [("bo@x", "ada@x"), ("bo@x", "ada@x")], "count a pair once for each message"),
        ("a message without To", [("ada@x", "bo@x"), ("ada@x", None)], "where To is missing, there is no pair"),
        ("a copy to oneself", [("ada@x", "bo@x,ada@x")], "mail to oneself does not count, but the other recipients do"),
        ("a table without its first row", [("bo@x", "cy@x"), ("ada@x", "bo@x"), ("cy@x", None)], labels),
        ("unseen mail", [(email["From"], email["To"]) for email in mail.emails], "read the rules of the task again"),
    ]
    for what, rows, advice in cases:
        table = pd.DataFrame(rows, columns=["From", "To"])
        if advice == labels:
            table = table[1:]
        expected = _pairs(zip(table["From"], table["To"], strict=True))
        try:
            got = answer.on(what)(table).is_a(dict)
        except NotYet as error:
            if advice == labels and " raised KeyError" in str(error):
                raise NotYet(f"{str(error).rstrip('.')}; {labels}.") from None
            raise
        got.expect(0 not in got.plain.values(), "return only pairs with at least one message")
        if advice.endswith("each recipient"):  # spaces get their own advice in the next case
            stripped = {tuple(str(each).strip() for each in pair) for pair in got.plain if isinstance(pair, tuple)}
            got.expect(stripped == set(expected), advice)
        else:
            got.equals(expected, advice)
    return "You counted every recipient of every message, and nobody else."
