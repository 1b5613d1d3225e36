"""A student's answer. It is called safely and copied to plain built-ins before anything is compared."""

import copy
import math
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timezone
from functools import cached_property, partial
from itertools import islice
from pathlib import PurePath
from types import FrameType, UnionType
from typing import Any, NamedTuple, Never, Self, cast

from enronlib.classroom.surroundings import silence

__all__ = [
    "Answer", "Column", "NotAttempted", "NotYet", "Parts", "Table",
    "a_kind", "not_written", "plain", "same", "sentence", "short",
]  # fmt: skip

LONGEST = 120  # characters of a value that a message shows
MOST_ITEMS = 1_000_000  # items read from an iterator, which may be endless


class NotYet(Exception):  # noqa: N818  a verdict, not an error
    """The answer is wrong. The message says for which input and how; `hint` is the number of the hint to open."""

    def __init__(self, message: str, hint: int | None = 1, expected: object = None, credit: float = 0) -> None:
        """`expected` is for the tests: no message contains it. `credit` is the share of the answer that is right."""
        super().__init__(message)
        self.hint = hint
        self.expected = expected
        self.credit = credit


class NotAttempted(Exception):  # noqa: N818  a verdict, not an error
    """There is no answer yet."""


class Parts:
    """The parts of an answer, such as the fields of a message. Each that is right for all inputs earns its share.

    Fewer than half of them earn nothing: some are right by chance in an answer that returns nothing.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """All parts are right until a check of one fails."""
        self.names = names
        self.wrong: dict[str, NotYet] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Check one part in the block: a NotYet that it raises is kept for the end."""
        try:
            yield
        except NotYet as error:
            self.wrong.setdefault(name, error)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Check in the block what is not about one part; a part that was wrong before is what the student reads."""
        try:
            yield
        except NotYet as error:
            raise next(iter(self.wrong.values()), error) from None

    def finish(self, what: str) -> None:
        """Raise NotYet if a part is wrong, with the first message and how many are right: `17 of 20 fields are`."""
        if self.wrong:
            first, right, number = next(iter(self.wrong.values())), len(self.names) - len(self.wrong), len(self.names)
            credit = right / number if 2 * right >= number else 0
            raise NotYet(f"{first} {right} of {number} {what} are right.", first.hint, first.expected, credit)


class Answer:
    """What a student made: a function, a module, a value, or the result of a call.

    Every method either returns an Answer to continue with or raises NotYet or NotAttempted. The message is what the
    student reads: `date('Mon, 14 May 2001') returned a str; a datetime was expected`.
    """

    def __init__(self, value: Any, said: str = "your answer is", kind: type | None = None) -> None:
        """`said` introduces the value in a message: `date('…') returned`. `kind` is its type before it was copied."""
        self.value = value
        self.said = said
        self.kind = kind or type(value)  # type() cannot be fooled; value.__class__ can

    @cached_property
    def plain(self) -> Any:
        """The value as plain built-ins (see `plain`), safe to compare."""
        return plain(self.value)

    def on(self, what: str) -> Callable[..., "Answer"]:
        """Describe an input that is too long to show, then call: `answer.on("a folded Subject")(text)`."""
        return partial(self._call, f"for {what}, {_name(self.value)}()")

    def __call__(self, *inputs: Any, **options: Any) -> "Answer":
        """Call the student's function with copies of the inputs and return its result as an Answer.

        Output is discarded. An iterator is read into a list but keeps its type. Raises NotAttempted if the function
        itself raises NotImplementedError. Raises NotYet if a function that it calls does, if it raises anything else,
        or if it is not a function.
        """
        shown = [short(value) for value in inputs] + [f"{name}={short(value)}" for name, value in options.items()]
        return self._call(f"{_name(self.value)}({', '.join(shown)})", *inputs, **options)

    def is_a(self, *kinds: type) -> Self:
        """Require a value of one of these types, or one that `plain` turns into that type, such as a numpy number.

        Subclasses are accepted, except that a bool is not an int and an iterator is not a list.
        """
        if any(issubclass(self.kind, kind) and (self.kind, kind) != (bool, int) for kind in kinds):
            return self
        if type(self.plain) in kinds and not issubclass(self.kind, Iterator):
            return self
        *others, last = map(a_kind, kinds)
        expected = f"{', '.join(others)} or {last}" if others else last
        if self.value is None:
            self.fail("is a `return` missing?" if self.said.endswith(" returned") else "give it a value")
        if self.value is ...:
            self.fail(f"put {expected} there")
        raise NotYet(f"{self.said} {a_kind(self.kind)}; {expected} was expected.")

    def equals(self, expected: Any, advice: str, *, hint: int | None = 1) -> Self:
        """Require a value of the type of `expected` that is equal to it, except for the last digits of a float.

        `advice` says what to change in a value that differs. It must never contain the expected value.
        """
        wanted = plain(expected)
        other_type = type(self.plain) is not type(wanted) and (type(self.plain), type(wanted)) != (int, float)
        if other_type or issubclass(self.kind, Iterator):
            self.is_a(type(expected) if isinstance(wanted, Table | Column | PurePath) else type(wanted))
        if not same(self.plain, wanted):
            self.fail(advice, hint=hint, expected=wanted)
        return self

    def expect(self, holds: bool, advice: str, *, hint: int | None = 1) -> Self:
        """Require that `holds` is true; if it is not, say what was returned and give the advice."""
        if not holds:
            self.fail(advice, hint=hint)
        return self

    def pairs(self, advice: str) -> list[tuple[Any, Any]]:
        """Require a list of tuples of two, and return it as plain built-ins."""
        self.is_a(list)
        self.expect(all(isinstance(each, tuple) and len(each) == 2 for each in self.plain), advice)
        return cast(list[tuple[Any, Any]], self.plain)

    def fail(self, advice: str, *, hint: int | None = 1, expected: object = None) -> Never:
        """Say what was returned and give the advice."""
        shown = "still `...`" if self.value is ... else short(self.value)
        raise NotYet(sentence(f"{self.said} {shown}; {advice}"), hint, expected)

    def __getitem__(self, key: Any) -> "Answer":
        """Return an item of a dict, list or tuple as an Answer: `email()['Subject'] is`, `in your answer, 'A' is`."""
        whole = self.said.removesuffix(" returned").removesuffix(" is")
        said = f"in your answer, {key!r} is" if whole == "your answer" else f"{whole}[{key!r}] is"
        try:
            return Answer(self.plain[key], said)
        except (KeyError, IndexError, TypeError):
            self.fail(f"it has no {key!r}")

    def member(self, name: str) -> "Answer":
        """Return an attribute of a module or object as an Answer."""
        missing = object()
        value = getattr(self.value, name, missing)
        if value is missing:
            raise NotYet(f"there is no `{name}` in {getattr(self.value, '__name__', 'your answer')}.")
        return Answer(value, f"`{name}` is")

    def _call(self, said: str, /, *inputs: Any, **options: Any) -> "Answer":
        if self.value is ...:
            raise NotAttempted
        if not callable(self.value):
            raise NotYet(f"{self.said} {a_kind(type(self.value))}; a function was expected.")
        try:
            with silence():
                result = self.value(*copy.deepcopy(inputs), **copy.deepcopy(options))
                kind = type(result)
                if issubclass(kind, Iterator):
                    result = list(islice(result, MOST_ITEMS))
        except NotImplementedError as error:
            if unwritten := _unwritten(error):
                raise NotYet(not_written(said, unwritten), hint=None) from None
            raise NotAttempted from None
        except (Exception, SystemExit) as error:
            raise NotYet(sentence(f"{said} raised {_error(error)}")) from None
        return Answer(result, f"{said} returned", kind)


class Table(NamedTuple):
    """The plain copy of a pandas DataFrame: each column's name and values, in order. Missing values are None."""

    columns: list[tuple[Any, list[Any]]]


class Column(NamedTuple):
    """The plain copy of a pandas Series: each label and value, in order. Missing values are None."""

    items: list[tuple[Any, Any]]


_PANDAS_NAMES: dict[type, str] = {Table: "DataFrame", Column: "Series"}  # what students know them as


def plain(value: Any) -> Any:
    """Return a copy made only of built-in types, so that comparing it runs none of the student's code.

    A subclass becomes its base (a Counter becomes a dict), a numpy number a Python number, a DataFrame a `Table` and a
    Series a `Column`. A datetime keeps its moment and offset. Anything else becomes a new `object()`, equal to nothing.
    """
    kind = type(value)  # type() cannot be fooled; value.__class__ can
    if value is None or value is ... or kind is bool:
        return value
    for base, copied in (*_BUILT_INS, *_science()):
        if issubclass(kind, base):
            return copied(value)
    return object()


def same(got: Any, expected: Any) -> bool:
    """Return whether two plain values have equal types and values. Floats agree to nine digits; NaN equals NaN."""
    if isinstance(expected, float) and type(got) in (int, float):
        return math.isclose(got, expected, abs_tol=1e-12) or (math.isnan(got) and math.isnan(expected))
    if type(got) is not type(expected):
        return False
    if isinstance(expected, dict):
        return got.keys() == expected.keys() and all(same(got[key], expected[key]) for key in expected)
    if isinstance(expected, list | tuple):
        return len(got) == len(expected) and all(map(same, got, expected))
    return bool(got == expected)


def short(value: Any) -> str:
    """Return a value as a message shows it: the end of a path, the size of a table, long text without its middle.

    Spaces stay as they are, because they may be the only thing wrong with an answer.
    """
    if issubclass(type(value), PurePath):
        return "/".join(value.parts[-3:])
    if issubclass(type(value), datetime):
        return str(_moment(value))
    if (pandas := sys.modules.get("pandas")) and issubclass(type(value), pandas.DataFrame):
        return f"a table with {_number(len(value), 'row')} and {_number(len(value.columns), 'column')}"
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    if text.startswith("<") and " at 0x" in text:
        text = f"<{getattr(value, '__name__', type(value).__name__)}>"
    text = re.sub(r" at 0x[0-9a-fA-F]{8,}(?=>)", "", text)
    if "\n" in text:  # the layout of a Series or an array; a line break inside a text is written as \\n
        text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST * 2 // 3]} … {text[-LONGEST // 3 :]}"


def sentence(text: str) -> str:
    """Return the text with exactly one period at its end, unless it ends with a question mark or was cut short."""
    return text if text.endswith(("?", " …")) else f"{text.removesuffix('.')}."


def not_written(caller: str, function: str) -> str:
    """Return the message for an answer that calls a function the student has not written yet."""
    return f"{caller} called {function}(), which is not written yet: write that first."


def a_kind(kind: type) -> str:
    """Return the name of a type with its article: `a str`, `an int`, `None`."""
    if kind is type(None):
        return "None"
    name = _PANDAS_NAMES.get(kind, kind.__name__)
    return f"{'an' if name[0] in 'aeioAEIO' else 'a'} {name}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


# These call the methods of the base types, because a subclass may override its own.
_BUILT_INS: tuple[tuple[type | UnionType, Callable[[Any], Any]], ...] = (
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    (bytes, lambda value: bytes.__getitem__(value, slice(None))),
    (dict, lambda value: {plain(key): plain(item) for key, item in dict.items(value)}),
    (list, lambda value: [plain(item) for item in list.__iter__(value)]),
    (Table, lambda value: Table(plain(value.columns))),
    (Column, lambda value: Column(plain(value.items))),
    (tuple, lambda value: tuple(plain(item) for item in tuple.__iter__(value))),
    (set, lambda value: {plain(item) for item in set.__iter__(value)}),
    (frozenset, lambda value: frozenset(plain(item) for item in frozenset.__iter__(value))),
    (type({}.keys()) | type({}.values()) | type({}.items()), lambda value: [plain(item) for item in value]),
    (PurePath, PurePath),
)


def _science() -> Iterator[tuple[type, Callable[[Any], Any]]]:
    """Yield how to copy times and the types of pandas and numpy, without importing either library."""
    if pandas := sys.modules.get("pandas"):
        yield type(pandas.NaT), lambda _: None
        yield type(pandas.NA), lambda _: None
        yield pandas.DataFrame, lambda value: Table([(plain(name), _values(column)) for name, column in value.items()])
        yield pandas.Series, lambda value: Column(list(zip(map(plain, value.index), _values(value), strict=True)))
        yield pandas.Index, lambda value: [plain(label) for label in value]
    if numpy := sys.modules.get("numpy"):
        yield numpy.number, lambda value: plain(value.item())
        yield numpy.bool_, bool
        yield numpy.ndarray, lambda value: [plain(item) for item in value.tolist()]
    yield datetime, _moment
    yield date, lambda value: date(value.year, value.month, value.day)


def _moment(value: datetime) -> datetime:
    offset = value.utcoffset()
    clock = (value.hour, value.minute, value.second, value.microsecond)
    return datetime(value.year, value.month, value.day, *clock, tzinfo=None if offset is None else timezone(offset))


def _values(column: Any) -> list[Any]:
    """Return the plain values of a Series, with None for each missing one (None, NaN, NaT, NA)."""
    return [None if missing else plain(value) for value, missing in zip(column, column.isna(), strict=True)]


def _name(function: Any) -> str:
    """Return the name of a function, or a placeholder for a lambda."""
    name = getattr(function, "__name__", "<lambda>")
    return name if isinstance(name, str) and name != "<lambda>" else "your_function"


def _frames(error: BaseException) -> list[FrameType]:
    """Return the frames that an error passed through: first the function we called, last the one that raised."""
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)][1:]


def _unwritten(error: NotImplementedError) -> str:
    """Return the name of the function that is not written yet, or "" if it is the one we called."""
    frames = _frames(error)
    return frames[-1].f_code.co_name if frames and frames[-1].f_code is not frames[0].f_code else ""


def _error(error: BaseException) -> str:
    try:
        text = " ".join(str(error).splitlines())
    except Exception:
        text = ""
    if isinstance(error, OSError) and isinstance(error.filename, str | PurePath):
        text = f"{error.strerror}: {short(PurePath(error.filename))}"
    advice = _where_the_name_is(error) if type(error) is NameError else ""
    text = text.rstrip(".") if len(text) <= LONGEST else f"{text[:LONGEST]} …"
    return f"{type(error).__name__}: {text}".removesuffix(": ") + advice


def _where_the_name_is(error: NameError) -> str:
    """Return what to add to a NameError: the name is an attribute of `self`, or another cell defines it."""
    if not (frames := _frames(error)):
        return ""
    if error.name in dir(frames[-1].f_locals.get("self")):
        return f"; did you mean `self.{error.name}`?"
    in_a_cell = frames[-1].f_globals.get("__name__") == "__main__"
    return "; check its spelling, or run the cell that defines it" if in_a_cell else ""
