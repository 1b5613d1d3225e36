"""Exercises of lesson 03: missing values, a mailbox as a table, one column of a file, who writes to whom."""

import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from enronlib.classroom.answer import Answer, NotYet
from enronlib.classroom.exercise import Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.corpus import message_files
from enronlib.messages import FIELDS, read_email

exercise = lesson("03_parse_a_mailbox")


def _blanks(column: Any) -> dict[str, int]:
    missing, empty = int(column.isna().sum()), int((column == "").sum())
    return {"missing": missing, "empty": empty, "filled": len(column) - missing - empty}


def _blanks_by_truth(column: Any) -> dict[str, int]:
    missing = sum(not value for value in column)  # NaN, which stands for a missing value, is true
    return {"missing": missing, "empty": 0, "filled": len(column) - missing}


def _blanks_by_none(column: Any) -> dict[str, int]:
    empty, missing = list(column).count(""), list(column).count(None)
    return {"missing": missing, "empty": empty, "filled": len(column) - missing - empty}


def _blanks_and_none(column: Any) -> dict[str, int]:
    return _blanks(column) | {"empty": sum(not value for value in column)}  # None is not true either


def _blanks_filled(column: Any) -> dict[str, int]:
    return _blanks(column.fillna(""))


@exercise(
    "table.blanks",
    title="Missing, empty, filled",
    points=1,
    stars=1,
    hints=(
        "Two of the three numbers are in the cell above the exercise: how was each of them counted? The third is what "
        "is left of `len(column)`.",
        '`column.isna().sum()` counts the missing values, `(column == "").sum()` the empty ones. Put them into a dict '
        "with the three names.",
    ),
    wrong=[
        Wrong("takes `not value` for missing", _blanks_by_truth, "keep missing and empty apart"),
        Wrong("looks for None", _blanks_by_none, "in a table it is no longer `None`"),
        Wrong("takes a blank for nothing", lambda c: _blanks(c.str.strip()), "nor a blank is an empty text"),
        Wrong("takes None for empty", _blanks_and_none, "neither a missing value nor"),
        Wrong("fills the gaps first", _blanks_filled, "keep missing and empty apart"),
        Wrong("counts empty ones as filled", lambda c: _blanks(c) | {"filled": len(c.dropna())}, "neither missing nor"),
        Wrong("returns a tuple", lambda column: tuple(_blanks(column).values()), "returned a tuple; a dict was"),
        Wrong("names them otherwise", lambda column: {"None": 1, "empty": 2, "filled": 1}, "it has no 'missing'"),
        Wrong(
            "knows only the example",
            lambda column: {"missing": 1, "empty": 2, "filled": 1},
            "keep missing and empty apart",
        ),
    ],
)
def blanks(answer: Answer, mail: Mail) -> str:
    """Small columns, one without values, and columns of unseen mail."""
    import pandas as pd  # noqa: PLC0415  costly, and other lessons do without

    columns = {
        "the column [None, '', 'Gas', '']": pd.Series([None, "", "Gas", ""]),
        "the column ['Gas', None, None, None]": pd.Series(["Gas", None, None, None]),
        "the column ['Gas', ' ']": pd.Series(["Gas", " "]),
        "a column without any value": pd.Series([None, None], dtype=object),
    }
    table = pd.DataFrame(mail.emails)
    columns |= {f"the column {name} of unseen mail": table[name] for name in ("To", "Subject", "X-cc", "Cc")}
    for what, column in columns.items():
        got = answer.on(what)(column).is_a(dict)
        expected = _blanks(column)
        got["missing"].equals(
            expected["missing"], "keep missing and empty apart; in a table it is no longer `None` that stands there"
        )
        got["empty"].equals(expected["empty"], "neither a missing value nor a blank is an empty text")
        got["filled"].equals(expected["filled"], "what is filled is neither missing nor empty, in this column", hint=1)
        got.expect(len(got.plain) == 3, "three names are asked for")
    return "You kept two kinds of nothing apart."


def _emails(mailbox: Path) -> list[dict[str, Any]]:
    return [read_email(path, mailbox.parent) for path in message_files(mailbox)]


def _table(emails: Iterable[dict[str, Any]]) -> Any:
    import pandas as pd  # noqa: PLC0415

    table = pd.DataFrame(emails)
    table["Date"] = pd.to_datetime(table["Date"], utc=True)
    return table


def _unconverted(mailbox: Path) -> Any:
    import pandas as pd  # noqa: PLC0415

    return pd.DataFrame(_emails(mailbox))


def _without_zone(mailbox: Path) -> Any:
    table = _table(_emails(mailbox))
    table["Date"] = table["Date"].dt.tz_localize(None)
    return table


def _in_houston(mailbox: Path) -> Any:
    table = _table(_emails(mailbox))
    table["Date"] = table["Date"].dt.tz_convert("America/Chicago")
    return table


def _of_the_lesson(mailbox: Path) -> Any:
    maildir = Path("maildir")  # stands for the `maildir` of the notebook
    return _table(read_email(path, maildir) for path in message_files(mailbox))


def _one_folder(mailbox: Path) -> Any:
    paths = [path for path in message_files(mailbox) if path.parent == message_files(mailbox)[0].parent]
    return _table(read_email(path, mailbox.parent) for path in paths)


def _indexed(mailbox: Path) -> Any:
    return _table(_emails(mailbox)).set_index("Message-ID")


@exercise(
    "table.mailbox",
    title="A mailbox as a table",
    points=2,
    stars=2,
    hints=(
        "All pieces are in this lesson: the list of records, the table made of it, and the line that makes moments of "
        "`Date`. Which folder is the maildir of a mailbox?",
        "`pd.DataFrame([read_email(path, mailbox.parent) for path in message_files(mailbox)])` is the table; then put "
        "its column `Date` right, and return it.",
    ),
    wrong=[
        Wrong("returns the list", _emails, "returned a list; a DataFrame was expected"),
        Wrong("leaves Date as it is", _unconverted, "one clock for the whole column"),
        Wrong("drops the zone", _without_zone, "times in UTC are asked for"),
        Wrong("converts to another zone", _in_houston, "times in UTC are asked for"),
        Wrong("knows the maildir of the lesson only", _of_the_lesson, "lies in another maildir: use `mailbox.parent`"),
        Wrong("reads one folder only", _one_folder, "a row for each message file"),
        Wrong("loses a column", _indexed, "the 20 fields"),
        Wrong("mixes up the order", lambda box: _table(_emails(box)[::-1]), "in the order of `message_files`"),
        Wrong("forgets to return", lambda box: print(_table(_emails(box))), "is a `return` missing?"),
        Wrong("makes an empty table", lambda box: _table(_emails(box)).head(0), "a row for each message file"),
    ],
)
def mailbox(answer: Answer, mail: Mail) -> str:
    """Unseen mailboxes: columns, rows, their order, the type of Date, values."""
    import pandas as pd  # noqa: PLC0415

    for box in mail.mailboxes:
        emails = [email for email in mail.emails if email["username"] == box.name]
        what = f"mailbox_table of {box.name}"
        try:
            table = answer.on(f"the mailbox {box.name}")(box).is_a(pd.DataFrame)
        except NotYet as error:
            called, raised, text = str(error).partition(" raised ValueError: ")
            if raised and "subpath" in text:  # the paths in it are long, and not the student's
                advice = "this mailbox lies in another maildir: use `mailbox.parent`"
                raise NotYet(f"{called} raised ValueError; {advice}.") from None
            raise
        columns = dict(table.plain.columns)
        Answer(list(columns), f"the columns of {what} are").equals(
            list(FIELDS), "the 20 fields are asked for, in their order", hint=2
        )
        Answer(len(table.value), f"the number of rows of {what} is").equals(
            len(emails), "there is a row for each message file, in whatever folder it lies", hint=2
        )
        Answer(columns["Message-ID"], f"the Message-ID column of {what} is").equals(
            [email["Message-ID"] for email in emails], "the rows are in the order of `message_files`", hint=2
        )
        clock = table.value["Date"].dtype
        date = Answer(str(clock), f"the type of Date in {what} is")
        date.expect(pd.api.types.is_datetime64_any_dtype(clock), "one clock for the whole column is asked for", hint=2)
        date.expect(str(getattr(clock, "tz", None)) == "UTC", "times in UTC are asked for", hint=2)
        table.equals(_table(emails), "the values are those of `read_email`, with Date in UTC", hint=2)
    return "Your table holds a whole mailbox, folders in folders and all, and tells the time by one clock."


def _count_from(path: Path, **options: Any) -> dict[str, int]:
    import pandas as pd  # noqa: PLC0415

    return dict(Counter(pd.read_parquet(path, **options)["From"]))


def _count_rows(path: Path) -> dict[str, int]:
    import pandas as pd  # noqa: PLC0415

    return dict.fromkeys(pd.read_parquet(path, columns=["From"])["From"], 1)


def _as_series(path: Path) -> Any:
    import pandas as pd  # noqa: PLC0415

    return pd.read_parquet(path, columns=["From"])["From"].value_counts()


def _count_domains(path: Path) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for sender, count in _count_from(path, columns=["From"]).items():
        counts[sender.partition("@")[2]] += count
    return dict(counts)


@exercise(
    "table.senders",
    title="Only the column you need",
    points=2,
    stars=2,
    hints=(
        "Which argument of `pd.read_parquet` says which columns to read? Which of the 20 tells the sender?",
        '`pd.read_parquet(path, columns=["From"])` reads that one column. `value_counts()` counts, and a Series has a '
        "method `to_dict()`.",
    ),
    wrong=[
        Wrong("reads every column", _count_from, "read no column but the one you need"),
        Wrong(
            "reads two columns",
            lambda path: _count_from(path, columns=["From", "To"]),
            "read no column but the one you need",
        ),
        Wrong("counts each sender once", _count_rows, "how many messages each of them wrote"),
        Wrong("returns a Series", _as_series, "returned a Series; a dict was expected"),
        Wrong("counts domains", _count_domains, "a whole address for each sender"),
        Wrong("knows only the example", lambda path: {"kim@enron.example": 2}, "a whole address for each sender"),
    ],
)
def senders(answer: Answer, mail: Mail) -> str:
    """Small and unseen files, and one in which every other column is damaged."""
    import pandas as pd  # noqa: PLC0415

    fields = ("username", "payload", "From", "To")
    small = [
        dict(zip(fields, ("kim-a", "Hello", f"{name}@enron.example", None), strict=True)) for name in ("lee", "bo")
    ]
    unseen = [{name: email[name] for name in fields} for email in mail.emails]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mail.parquet")
        for what, emails in {"a file of three messages": [*small, small[0]], "a file of unseen mail": unseen}.items():
            pd.DataFrame(emails).to_parquet(path)
            counts = answer.on(what)(path).is_a(dict)
            expected = Counter(email["From"] for email in emails)
            Answer(sorted(counts.plain, key=str), f"for {what}, the senders in your answer are").equals(
                sorted(expected), "a whole address for each sender in the file is asked for"
            )
            counts.equals(dict(expected), "count how many messages each of them wrote", hint=2)
        _damage(path, keep="From")
        try:
            counts = answer.on("a file of which all but one column is damaged")(path)
        except NotYet as error:
            raise NotYet(f"{str(error).rstrip('.')}; read no column but the one you need.") from None
        counts.equals(dict(expected), "count how many messages each of them wrote", hint=2)
    return "You read one column. The others were damaged on the disk, and you never noticed."


def _damage(path: Path, keep: str) -> None:
    """Overwrite the values of all columns but one with zeros; only reading those fails."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetFile(path) as parquet:
        metadata = parquet.metadata
    with path.open("r+b") as file:
        for row_group in map(metadata.row_group, range(metadata.num_row_groups)):
            for column in map(row_group.column, range(metadata.num_columns)):
                if column.path_in_schema != keep:
                    file.seek(column.dictionary_page_offset or column.data_page_offset)
                    file.write(bytes(column.total_compressed_size))


def _pairs(senders_and_to: Iterable[tuple[str, str | None]]) -> dict[tuple[str, str], int]:
    return _pairs_of(
        (sender, [] if to is None else [recipient.strip() for recipient in to.split(",")])
        for sender, to in senders_and_to
    )


def _pairs_of(senders_and_recipients: Iterable[tuple[str, list[str]]]) -> dict[tuple[str, str], int]:
    counts: Counter[tuple[str, str]] = Counter()
    for sender, recipients in senders_and_recipients:
        counts.update((sender, recipient) for recipient in recipients if recipient != sender)
    return dict(counts)


def _rows(table: Any) -> list[tuple[str, str | None]]:
    return [
        (sender, to if isinstance(to, str) else None) for sender, to in zip(table["From"], table["To"], strict=True)
    ]


def _unstripped(table: Any) -> dict[tuple[str, str], int]:
    counts = Counter((sender, recipient) for sender, to in _rows(table) for recipient in (to or sender).split(","))
    return {pair: count for pair, count in counts.items() if pair[0] != pair[1]}


def _first_only(table: Any) -> dict[tuple[str, str], int]:
    return _pairs((sender, to and to.partition(",")[0]) for sender, to in _rows(table))


def _at_comma_and_blank(table: Any) -> dict[tuple[str, str], int]:
    return _pairs_of((sender, (to or sender).split(", ")) for sender, to in _rows(table))


def _without_messages_to_oneself(table: Any) -> dict[tuple[str, str], int]:
    return _pairs((sender, to) for sender, to in _rows(table) if sender not in (to or ""))


def _unsplit(table: Any) -> dict[tuple[str, str], int]:
    counts = Counter((sender, to) for sender, to in _rows(table) if to is not None and sender != to)
    return dict(counts)


def _with_missing(table: Any) -> dict[tuple[str, str], int]:
    return _pairs((sender, str(to)) for sender, to in zip(table["From"], table["To"], strict=True))


def _by_none(table: Any) -> dict[tuple[str, str], int]:
    return _pairs(zip(table["From"], table["To"], strict=True))


def _to_oneself(table: Any) -> dict[tuple[str, str], int]:
    counts = Counter((sender, each.strip()) for sender, to in _rows(table) if to for each in to.split(","))
    return dict(counts)


def _by_number(table: Any) -> dict[tuple[str, str], int]:
    fields = [(table.loc[row, "From"], table.loc[row, "To"]) for row in range(len(table))]
    return _pairs((sender, to if isinstance(to, str) else None) for sender, to in fields)


def _whichever_way(table: Any) -> dict[tuple[str, ...], int]:
    counts: Counter[tuple[str, ...]] = Counter()
    for pair, count in _pairs(_rows(table)).items():
        counts[tuple(sorted(pair))] += count
    return dict(counts)


@exercise(
    "table.pairs",
    title="Who writes to whom?",
    points=3,
    stars=3,
    hints=(
        'Go through the rows with `for sender, to in zip(table["From"], table["To"]):`. Three things need care: a `To` '
        "that is missing, the blank after a comma, and mail to oneself. How do you recognise a missing value in a "
        "table?",
        'Begin with a `Counter`. For each row: `if pd.isna(to): continue`. Then go through `to.split(",")`, `strip()` '
        "each recipient, and count `(sender, recipient)` if the two differ. At the end, `dict(counter)`. (With "
        "`explode`, `dropna` and `groupby` it works without a loop.)",
    ),
    wrong=[
        Wrong("keeps the blank after a comma", _unstripped, "no blanks around an address"),
        Wrong("cuts at a comma with a blank", _at_comma_and_blank, "without a blank"),
        Wrong(
            "counts each pair once",
            lambda table: dict.fromkeys(_pairs(_rows(table)), 1),
            "a pair counts once for each message",
        ),
        Wrong("leaves out a message to oneself and others", _without_messages_to_oneself, "but the others do"),
        Wrong("takes the first recipient only", _first_only, "each of the recipients"),
        Wrong("does not cut To at commas", _unsplit, "each of the recipients"),
        Wrong("takes a missing To for a person", _with_missing, "nobody is named"),
        Wrong("looks for None", _by_none, "raised AttributeError"),
        Wrong("counts mail to oneself", _to_oneself, "mail to oneself"),
        Wrong("takes rows by number", _by_number, "the names of the rows need not begin with 0"),
        Wrong("forgets who wrote to whom", _whichever_way, "the sender comes first"),
        Wrong(
            "gives a list of pairs", lambda table: list(_pairs(_rows(table))), "returned a list; a dict was expected"
        ),
        Wrong(
            "knows only the example",
            lambda table: {("kim@x", "lee@x"): 1, ("kim@x", "bo@x"): 1, ("lee@x", "kim@x"): 1},
            "each of the recipients",
        ),
    ],
)
def pairs(answer: Answer, mail: Mail) -> str:
    """A row or two for each rule of the task, a table that lost its first row, then unseen mail."""
    import pandas as pd  # noqa: PLC0415

    names = "the names of the rows need not begin with 0"

    cases: list[tuple[str, list[tuple[str, str | None]], str]] = [
        ("a mail to two people", [("ada@x", "bo@x, cy@x")], "each of the recipients gives a pair with the sender"),
        ("a mail to two people", [("ada@x", "bo@x, cy@x")], "there are no blanks around an address"),
        ("a mail to two people", [("ada@x", "bo@x,cy@x")], "a comma may stand without a blank after it"),
        ("mail in both directions", [("bo@x", "ada@x"), ("ada@x", "bo@x")], "the sender comes first"),
        ("two messages", [("bo@x", "ada@x"), ("bo@x", "ada@x")], "a pair counts once for each message"),
        ("a mail without To", [("ada@x", "bo@x"), ("ada@x", None)], "where To is missing nobody is named"),
        ("a copy to oneself", [("ada@x", "bo@x,ada@x")], "mail to oneself does not count, but the others do"),
        ("a table without its first row", [("bo@x", "cy@x"), ("ada@x", "bo@x"), ("cy@x", None)], names),
        ("unseen mail", [(email["From"], email["To"]) for email in mail.emails], "look at the rules of the task again"),
    ]
    for what, rows, advice in cases:
        table = pd.DataFrame(rows, columns=["From", "To"])
        if advice == names:
            table = table[1:]
        expected = _pairs(_rows(table))
        try:
            got = answer.on(what)(table).is_a(dict)
        except NotYet as error:
            if advice == names and " raised KeyError" in str(error):
                raise NotYet(f"{str(error).rstrip('.')}; {names}.") from None
            raise
        if advice.startswith("each"):  # the blanks have their own advice
            tidy = {tuple(str(each).strip() for each in pair) for pair in got.plain if isinstance(pair, tuple)}
            got.expect(tidy == set(expected), advice, hint=1)
        else:
            got.equals(expected, advice, hint=1 if what != "unseen mail" else 2)
    return "You counted every recipient of every mail, and nobody who is not there."
