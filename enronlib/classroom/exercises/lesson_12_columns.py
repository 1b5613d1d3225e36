"""Exercises of lesson 12: columns and row groups of a Parquet file, a question in SQL, a count with Dask.

The names of the exercises begin with `columns.`. The checks of the last two need DuckDB and Dask.
"""

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from enronlib.classroom.answer import Answer, NotYet, short
from enronlib.classroom.exercise import Edits, Right, Wrong, lesson
from enronlib.classroom.mail import Mail
from enronlib.parquet import SCHEMA, TEXT_COLUMNS, columns_of
from enronlib.words import tokens

exercise = lesson("12_columns_sql_dask")


def _metadata(table: pa.Table, rows: int, **options: Any) -> Any:
    """Return the metadata of a table as a Parquet file with so many rows in a row group."""
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd", row_group_size=rows, **options)
    return pq.ParquetFile(file).metadata


def _table(mail: Mail) -> pa.Table:
    return pa.Table.from_batches([columns_of(mail.emails)])


GROUPS = "add up all row groups"
COMPRESSED = "`total_compressed_size` is the size in the file"
NAMES = "the keys are the names of the columns"
CHUNK_SIZE = "chunk.total_compressed_size"


@exercise(
    "columns.bytes",
    title="Where are the bytes?",
    points=2,
    stars=1,
    hints=(
        "Two loops: over the row groups, and within each over its columns. `metadata.num_row_groups` and "
        "`metadata.num_columns` say how many there are.",
        "`chunk = metadata.row_group(group).column(column)`; then add `chunk.total_compressed_size` to what the dict "
        "has for `chunk.path_in_schema`. A Counter begins with 0.",
    ),
    wrong=[
        Wrong("looks at one row group", Edits(("range(metadata.num_row_groups)", "range(1)")), GROUPS),
        Wrong("keeps the last row group", Edits(("] += ", "] = ")), GROUPS),
        Wrong("adds up before compression", Edits((CHUNK_SIZE, "chunk.total_uncompressed_size")), COMPRESSED),
        Wrong("has numbers as keys", Edits(("sizes[chunk.path_in_schema]", "sizes[column]")), NAMES),
        Wrong("returns nothing", Edits(("return ", "")), "is a `return` missing?"),
        Wrong("returns the sum", Edits(("return sizes", "return sum(sizes.values())")), "a dict was expected"),
    ],
)
def column_bytes(answer: Answer, mail: Mail) -> str:
    """A table of two columns in one row group, then unseen mail in one and in several."""
    numbers = pa.table({"even": list(range(0, 4000, 2)), "same": ["x"] * 2000})
    cases = (
        ("a file of two columns and one row group", numbers, 2000),
        ("unseen mail in one row group", _table(mail), 1000),
        ("unseen mail in three row groups", _table(mail), 40),
    )
    for what, table, rows in cases:
        metadata = _metadata(table, rows)
        expected, before = _sizes(metadata)
        got = answer.on(what)(metadata).is_a(dict)
        got.expect(set(got.plain) == set(expected), NAMES)
        got.equals(dict(expected), COMPRESSED if got.plain == before else GROUPS)
    return "You added up every row group of every column, as they are in the file."


def _sizes(metadata: Any) -> tuple[Counter[str], Counter[str]]:
    """Return the sizes of the columns after and before compression."""
    after, before = Counter[str](), Counter[str]()
    for group in range(metadata.num_row_groups):
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(column)
            after[chunk.path_in_schema] += chunk.total_compressed_size
            before[chunk.path_in_schema] += chunk.total_uncompressed_size
    return after, before


OVERLAP = (
    "a row group can hold a date of the range if its smallest date is before the end and its largest is not before"
)
OVERLAP += " the start"
UNKNOWN = "a row group without statistics can hold anything: keep it"
START, END = datetime(2001, 10, 1, tzinfo=UTC), datetime(2001, 11, 1, tzinfo=UTC)
PLACE = 'metadata.schema.names.index("Date")'


@exercise(
    "columns.groups",
    title="Which row groups can it be in?",
    points=3,
    stars=2,
    hints=(
        "First find the number of the column: where is `Date` in `metadata.schema.names`? Then look at each row group. "
        "Draw two bars on paper, the range and the dates of the group: when do they not touch?",
        "`statistics = metadata.row_group(group).column(place).statistics`. Keep the group if `statistics is None`, or "
        "if `statistics.min < end and statistics.max >= start`.",
    ),
    wrong=[
        Wrong(
            "wants all dates inside",
            Edits(
                ("statistics.min < end and statistics.max >= start", "start <= statistics.min and statistics.max < end")
            ),
            OVERLAP,
        ),
        Wrong("looks at the smallest only", Edits((" and statistics.max >= start", "")), OVERLAP),
        Wrong("looks at the largest only", Edits(("statistics.min < end and ", "")), OVERLAP),
        Wrong("includes the end", Edits(("min < end", "min <= end")), "`end` itself is not in the range"),
        Wrong("leaves out the start", Edits(("max >= start", "max > start")), "`start` itself is in the range"),
        Wrong("drops what it does not know", Edits(("statistics is None or", "statistics and")), UNKNOWN),
        Wrong("forgets that statistics may be missing", Edits(("statistics is None or", "")), "AttributeError"),
        Wrong("takes the fifth column", Edits((PLACE, "4")), "find the column by its name"),
        Wrong("counts them", Edits(("return found", "return len(found)")), "a list was expected"),
        Wrong("returns nothing", Edits(("return found", "")), "is a `return` missing?"),
    ],
)
def row_groups_in(answer: Answer, mail: Mail) -> str:
    """Groups before, in, around, at the ends of and after a range; another order of columns; no statistics; mail."""
    day = timedelta(days=1)
    around = [
        (START - 30 * day, END + day),
        (START + day, END - day),
        (START - day, START + day),
        (END - day, END + day),
    ]
    apart = [(START - 9 * day, START - day), (END + day, END + 9 * day)]
    _groups(answer, "row groups around and inside of the range", around, OVERLAP)
    _groups(answer, "row groups before, inside and after the range", [apart[0], around[1], apart[1]], OVERLAP)
    _groups(
        answer, "a row group that ends exactly at `start`", [(START - day, START)], "`start` itself is in the range"
    )
    _groups(answer, "a row group that begins exactly at `end`", [(END, END + day)], "`end` itself is not in the range")
    other = "find the column by its name: it is not always the fifth"
    try:
        _groups(answer, "a file with other columns", [around[1], apart[1]], other, before=6)
    except NotYet as error:
        raise error if "name" in str(error) else NotYet(f"{str(error).removesuffix('.')}; {other}.") from None
    nothing = _metadata(_dates([around[1], apart[0]]), 2, write_statistics=False)
    answer.on("a file without statistics")(nothing, START, END).equals([0, 1], UNKNOWN)
    by_date = _metadata(_table(mail).sort_by("Date"), 20)
    expected = [group for group in range(by_date.num_row_groups) if _may_hold(by_date.row_group(group))]
    answer.on("unseen mail, sorted by date")(by_date, START, END).equals(expected, OVERLAP)
    return "You keep every row group that may hold such a date, and skip the others unread."


def _dates(groups: Sequence[tuple[datetime, datetime]], before: int = 2) -> pa.Table:
    """Return a table whose column Date has two dates per group; `before` columns precede it."""
    dates = [date for pair in groups for date in pair]
    columns: dict[str, Any] = {f"X{number}": ["x"] * len(dates) for number in range(before)}
    return pa.table(columns | {"Date": pa.array(dates, SCHEMA.field("Date").type)})


def _groups(
    answer: Answer, what: str, groups: Sequence[tuple[datetime, datetime]], advice: str, before: int = 4
) -> None:
    expected = [number for number, (first, last) in enumerate(groups) if first < END and last >= START]
    got = answer.on(what)(_metadata(_dates(groups, before), 2), START, END).is_a(list)
    got.equals(expected, advice)


def _may_hold(group: Any) -> bool:
    dates = group.column(SCHEMA.names.index("Date")).statistics
    return bool(dates.min < END and dates.max >= START)


SPLIT = "split `To` at its commas: each part is a recipient"
STRIP = "remove the spaces around each recipient"
NOBODY = "leave out messages without a recipient, and empty recipients"
COLUMNS = ["sender", "recipient", "messages"]
ORDER = "the pairs with the most messages come first; equal ones in the order of sender, then recipient"
TEN = "return the first ten pairs: LIMIT 10"
RECIPIENTS = "unnest(string_split(\"To\", ','))"


@exercise(
    "columns.pairs",
    title="Who writes to whom?",
    points=3,
    stars=2,
    hints=(
        "Two steps. The inner SELECT makes one row per message and recipient: `string_split` makes a list of `To`, "
        "`unnest` a row of each item, `trim` removes spaces. The outer one groups these rows by sender and recipient.",
        "The outer one: `SELECT sender, recipient, count(*) AS messages FROM (…) WHERE recipient <> ''`, then `GROUP "
        "BY sender, recipient ORDER BY messages DESC, sender, recipient LIMIT 10`.",
    ),
    wrong=[
        Wrong("does not split", Edits((RECIPIENTS, '"To"')), SPLIT),
        Wrong("does not trim", Edits((f"trim({RECIPIENTS})", RECIPIENTS)), STRIP),
        Wrong("keeps the empty ones", Edits(("WHERE recipient <> ''", "")), NOBODY),
        Wrong("begins with the fewest", Edits(("messages DESC", "messages")), ORDER),
        Wrong("leaves ties to chance", Edits(("messages DESC, sender, recipient", "messages DESC, recipient")), ORDER),
        Wrong("returns all pairs", Edits(("LIMIT 10", "")), TEN),
        Wrong("calls a column otherwise", Edits(("AS messages", "AS n"), ("messages DESC", "n DESC")), "the columns"),
        Wrong("quotes a column like text", Edits(('"From" AS', "'From' AS")), "double quotes"),
        Wrong("does not quote a column", Edits(('"From" AS', "From AS")), "in double quotes"),
        Wrong("is not SQL", "who writes to whom?", "Parser Error"),
        Wrong("queries a missing table", Edits(("FROM mail", "FROM mails")), "Catalog Error"),
        Wrong("is two questions", "SELECT 1; SELECT 2", "the columns"),
    ],
    right=[
        Right("uses numbers for columns", Edits(("GROUP BY sender, recipient", "GROUP BY 1, 2"))),
        Right("groups by all", Edits(("GROUP BY sender, recipient", "GROUP BY ALL"))),
    ],
)
def pairs(answer: Answer, mail: Mail) -> str:
    """A few messages with several recipients, none, and ties; then unseen mail."""
    one, two, three = "ada@x.example", "bo@x.example", "cy@x.example"
    _pairs(answer, "three messages, each to one person", [(one, two), (one, two), (two, one)], ORDER)
    _pairs(answer, "a message to two people", [(one, f"{two},{three}"), (one, three)], SPLIT)
    _pairs(answer, "recipients with spaces around them", [(one, f"{two}, {three}"), (one, f" {three}")], STRIP)
    _pairs(answer, "a message to nobody", [(one, None), (two, ""), (two, f"{one},")], NOBODY)
    _pairs(answer, "pairs with equally many messages", [(two, three), (two, one), (one, three), (three, one)], ORDER)
    _pairs(answer, "twelve pairs", [(one, f"d{number:02}@x.example") for number in range(12)], TEN)
    _pairs(answer, "unseen mail", [(email["From"], email["To"]) for email in mail.emails], ORDER)
    return "Each recipient counts for itself, nobody is missing, and the order is the same each time."


def _pairs(answer: Answer, what: str, headers: Iterable[tuple[str, str | None]], advice: str) -> None:
    """Ask the student's question about messages with these From and To, and compare the answer."""
    headers = list(headers)
    counts: Counter[tuple[str, str]] = Counter()
    for sender, to in headers:
        counts.update((sender, recipient.strip(" ")) for recipient in (to or "").split(",") if recipient.strip(" "))
    expected = [(*pair, number) for pair, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))][:10]
    names, rows = _asked(answer.is_a(str).plain, headers)
    if "From" in {row[0] for row in rows}:
        raise NotYet("'From' is a text; a name with an odd spelling is in double quotes: \"From\".")
    Answer(names, f"for {what}, the columns are").equals(COLUMNS, "call the columns `sender`, `recipient`, `messages`")
    Answer(rows, f"for {what}, the rows are").equals(expected, advice)


def _asked(sql: str, headers: Sequence[tuple[str, str | None]]) -> tuple[list[str], list[Any]]:
    """Return the names of the columns and the rows that DuckDB answers; there is one table, `mail`."""
    import duckdb

    empty = dict.fromkeys(SCHEMA.names)
    rows = [empty | {"From": sender, "To": to} for sender, to in headers]
    with duckdb.connect(config={"enable_external_access": "false"}) as database:
        database.register("mail", pa.Table.from_pylist(rows, SCHEMA))
        try:
            answered = database.execute(sql)
            return [column[0] for column in answered.description or ()], answered.fetchall()
        except duckdb.Error as error:
            quotes = "" if '"From"' in sql else ' FROM is a word of SQL, so the column is "From", in double quotes.'
            raise NotYet(f"DuckDB says: {short(str(error).splitlines()[0])}.{quotes}") from None


LAZY = "return it without `.compute()`: nothing is read before somebody asks for the result"
META = "`count` has the type int64, in META and in what `words_of` returns"
ADD_UP = "add up the counts that a word has in all partitions"
DECODED = "count the words of `plain_text(email)`"
GROUPED = '.groupby("word")["count"].sum()'
MAPPED = "mail.map_partitions(words_of, meta=META)"


@exercise(
    "columns.count",
    title="Count words, partition by partition",
    points=4,
    stars=3,
    hints=(
        "`words_of` counts as you have done since lesson 04, in a Counter; `counts.keys()` and `counts.values()` "
        "become the two columns. `META` is an empty table of the same shape: how do you give a column a type?",
        '`pd.DataFrame({"word": pd.Series(dtype="str"), "count": pd.Series(dtype="int64")})` is META. The count: '
        '`mail.map_partitions(words_of, meta=META)`, then `.groupby("word")["count"].sum()`.',
    ),
    wrong=[
        Wrong("computes", Edits((GROUPED, f"{GROUPED}.compute()")), LAZY),
        Wrong("reads all of it first", Edits((MAPPED, "words_of(mail.compute())")), LAZY),
        Wrong("gives no meta", Edits((", meta=META", "")), "Metadata inference failed"),
        Wrong("promises another type", Edits(('dtype="int64"', 'dtype="float64"')), META),
        Wrong("promises another name", Edits(('"word": pd.Series', '"token": pd.Series')), "raised"),
        Wrong("forgets to add up", Edits((GROUPED, "")), ADD_UP),
        Wrong("takes one of the counts", Edits((".sum()", ".max()")), ADD_UP),
        Wrong("counts messages", Edits(("tokens(plain_text(email))", "set(tokens(plain_text(email)))")), "as often as"),
        Wrong("does not decode", Edits(("tokens(plain_text(email))", 'tokens(email["payload"])')), DECODED),
        Wrong("returns nothing", Edits((f"return {MAPPED}", MAPPED)), "is a `return` missing?"),
    ],
    right=[
        Right("lets pandas choose the types", Edits((".astype(META.dtypes)", ""))),
        Right("gives meta as a dict", Edits(("meta=META", 'meta={"word": "str", "count": "int64"}'))),
    ],
)
def word_counts(answer: Answer, mail: Mail) -> str:
    """Unseen mail in one partition, in four, and in three of which one is empty: lazy, as promised, and right."""
    emails = mail.emails
    for what, parts in (
        ("unseen mail in one partition", [emails]),
        ("unseen mail in four partitions", [emails[:30], emails[30:60], emails[60:90], emails[90:]]),
        ("mail with an empty partition", [emails[:20], [], emails[20:25]]),
    ):
        _counts(answer, what, parts)
    return "Nothing was read before it was needed, the result is what META promised, and every count is right."


def _counts(answer: Answer, what: str, parts: list[list[dict[str, Any]]]) -> None:
    import dask
    import dask.dataframe as dd

    from enronlib.messages import plain_text

    reads = []

    def part(number: int) -> Any:
        reads.append(number)
        table = pa.Table.from_pylist([{name: email[name] for name in TEXT_COLUMNS} for email in parts[number]], schema)
        return table.to_pandas()

    schema = pa.schema([SCHEMA.field(name) for name in TEXT_COLUMNS])
    table = dd.from_map(part, range(len(parts)), meta=schema.empty_table().to_pandas())
    result = answer.on(what)(table)
    result.expect(not reads, LAZY)
    if result.value is None:
        result.is_a(dd.Series)
    if not isinstance(result.value, dd.Series):
        raise NotYet(f"{result.said} {short(result.kind.__name__)}; a Dask Series was expected: {ADD_UP}.", 2)
    promised = result.value.dtype

    def computed() -> Any:
        with dask.config.set(scheduler="synchronous"):
            return result.value.compute()

    computed.__name__ = "compute"
    found = Answer(computed).on(what)()
    if not promised == found.value.dtype == "int64":
        raise NotYet(f"{what}: Dask was promised counts of type {promised} and got {found.value.dtype}; {META}.", 2)
    expected: Counter[str] = Counter(word for some in parts for each in some for word in tokens(plain_text(each)))
    once: Counter[str] = Counter(word for some in parts for each in some for word in set(tokens(plain_text(each))))
    got = dict(found.plain.items)
    if got != expected:
        differing = min(word for word in got.keys() | expected.keys() if got.get(word) != expected[word])
        advice = "a word counts as often as it occurs in a message" if got == once else f"{DECODED}, and {ADD_UP}"
        raise NotYet(f"{what}: the count of {differing!r} is {got.get(differing, 0)}, which is not right; {advice}.")
