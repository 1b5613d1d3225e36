"""A student's answer, held at arm's length: called with care, copied to plain built-ins, compared only then."""

import contextlib
import copy
import io
import logging
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from functools import cached_property
from itertools import islice
from pathlib import PurePath
from types import UnionType
from typing import Any, NamedTuple, Never, Self, TextIO, cast

LONGEST = 120  # characters of a value that a message shows
MOST_ITEMS = 1_000_000  # items taken from an iterator; an endless one must end somewhere


class NotYet(Exception):  # noqa: N818  a verdict, not a fault
    """The answer is wrong; the text says for which input and in what way, and `hint` is the number of a hint."""

    def __init__(self, message: str, hint: int | None = 1, expected: object = None) -> None:
        """`expected` is kept for the tests, which see to it that it is never shown."""
        super().__init__(message)
        self.hint = hint
        self.expected = expected


class NotAttempted(Exception):  # noqa: N818  a verdict, not a fault
    """There is no answer yet."""


class Answer:
    """What a student made: a function, a module, a value, or what a call of theirs returned.

    Every method either returns an Answer, to go on with, or raises NotYet or NotAttempted with the words the
    student reads: `date('Mon, 14 May 2001') returned a str; a datetime was expected`.
    """

    def __init__(self, value: Any, said: str = "your answer is") -> None:
        """`said` is the sentence that ends in the value: `date('…') returned`."""
        self.value = value
        self.said = said

    @cached_property
    def plain(self) -> Any:
        """The value as plain built-ins (see `plain`), safe to compare."""
        return plain(self.value)

    def on(self, what: str) -> "Call":
        """Name the next input in words, for one that is too long to show: `answer.on("a folded Subject")(text)`."""
        return Call(self, what)

    def __call__(self, *inputs: Any, **options: Any) -> "Answer":
        """Call the student's function with copies of the inputs and return what it returns, as an Answer.

        What it prints is dropped, an iterator it returns is read to a list. Raises NotAttempted when it raises
        NotImplementedError, NotYet when it raises anything else or is no function.
        """
        shown = [short(value) for value in inputs] + [f"{name}={short(value)}" for name, value in options.items()]
        return self._call(f"{_name(self.value)}({', '.join(shown)})", inputs, options)

    def is_a(self, *kinds: type) -> Self:
        """Go on if the value is of one of these types. A subclass will do, but a bool is no int."""
        kind_of_value = type(self.value)  # never value.__class__, which can lie
        if any(issubclass(kind_of_value, kind) and (kind_of_value, kind) != (bool, int) for kind in kinds):
            return self
        if self.value is None:
            self.fail("is a `return` missing?" if "returned" in self.said else "give it a value")
        expected = " or ".join(a_kind(kind) for kind in kinds)
        raise NotYet(f"{self.said} {a_kind(kind_of_value)}; {expected} was expected.")

    def equals(self, expected: Any, because: str, *, hint: int | None = 1) -> Self:
        """Go on if the value is of the kind of `expected` and equal to it; floats may differ in the last digits.

        `because` is the advice for a value that differs: what to look at, never the expected value itself.
        """
        wanted = plain(expected)
        if type(self.plain) is not type(wanted) and (type(self.plain), type(wanted)) != (int, float):
            self.is_a(type(expected) if isinstance(wanted, Table | Column | PurePath) else type(wanted))
        if not same(self.plain, wanted):
            self.fail(because, hint=hint, expected=wanted)
        return self

    def expect(self, holds: bool, advice: str, *, hint: int | None = 1) -> Self:
        """Go on if `holds`; else say what was returned, and the advice."""
        if not holds:
            self.fail(advice, hint=hint)
        return self

    def fail(self, advice: str, *, hint: int | None = 1, expected: object = None) -> Never:
        """Say what was returned, and the advice."""
        raise NotYet(f"{self.said} {short(self.value)}; {advice.removesuffix('.')}.".replace("?.", "?"), hint, expected)

    def __getitem__(self, key: Any) -> "Answer":
        """Return the item of a dict, list or tuple, as an Answer."""
        try:
            return Answer(self.plain[key], f"{self.said.removesuffix(' is')}, and its {key!r} is")
        except (KeyError, IndexError, TypeError):
            self.fail(f"it has no {key!r}")

    def member(self, name: str) -> "Answer":
        """Return what a module or object calls `name`, as an Answer."""
        missing = object()
        value = getattr(self.value, name, missing)
        if value is missing:
            raise NotYet(f"there is no `{name}` in {getattr(self.value, '__name__', 'your answer')}.")
        return Answer(value, f"`{name}` is")

    def _call(self, said: str, inputs: Sequence[Any], options: Mapping[str, Any]) -> "Answer":
        if self.value is ...:
            raise NotAttempted
        if not callable(self.value):
            raise NotYet(f"{self.said} {a_kind(type(self.value))}; a function was expected.")
        try:
            with silence():
                result = self.value(*copy.deepcopy(inputs), **copy.deepcopy(dict(options)))
                if isinstance(result, Iterator):
                    result = list(islice(result, MOST_ITEMS))
        except NotImplementedError:
            raise NotAttempted from None
        except (Exception, SystemExit) as error:
            raise NotYet(f"{said} raised {_error(error)}.") from None
        return Answer(result, f"{said} returned")


@dataclass(frozen=True)
class Call:
    """A call that is about to be made, with its input named in words."""

    answer: Answer
    what: str

    def __call__(self, *inputs: Any, **options: Any) -> Answer:
        """Call the student's function; messages name the input in words."""
        return self.answer._call(f"for {self.what}, {_name(self.answer.value)}()", inputs, options)


class Table(NamedTuple):
    """The plain copy of a pandas DataFrame: its columns in order, a list of values each; missing ones are None."""

    columns: list[tuple[Any, list[Any]]]


class Column(NamedTuple):
    """The plain copy of a pandas Series: its labels and values in order; missing values are None."""

    items: list[tuple[Any, Any]]


def plain(value: Any) -> Any:
    """Return a copy made of nothing but built-in types, so that comparing runs no code of the student's.

    Subclasses become their base (a Counter a dict), numpy numbers Python's, a datetime keeps its moment and offset,
    a DataFrame becomes a `Table`, a Series a `Column`. What is none of these becomes a fresh `object()`, equal to
    nothing.
    """
    kind = type(value)  # never value.__class__, which can lie
    if value is None or value is ... or kind is bool:
        return value
    for base, copied in (*_BUILT_INS, *_science()):
        if issubclass(kind, base):
            return copied(value)
    return object()


def same(got: Any, expected: Any) -> bool:
    """Tell whether two plain values are equal: types and all, but floats only to nine digits and NaN equal to NaN."""
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
    """Return a value as a message shows it: a file by the end of its path, anything long with its middle cut out."""
    if issubclass(type(value), PurePath):
        return "/".join(value.parts[-3:])
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    if " object at 0x" in text or text.startswith("<function"):
        text = f"<{getattr(value, '__name__', type(value).__name__)}>"
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST * 2 // 3]} … {text[-LONGEST // 3 :]}"


def a_kind(kind: type) -> str:
    """Return a type as it is spoken of: `a str`, `an int`, `None`."""
    if kind is type(None):
        return "None"
    return f"{'an' if kind.__name__[0] in 'aeioAEIO' else 'a'} {kind.__name__}"


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Drop what is printed and logged: neither a student's prints nor warnings belong into a verdict."""
    nowhere = cast(TextIO, _Nowhere())
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            yield
    finally:
        logging.disable(disabled)


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


# The methods are those of the base types: a subclass may have replaced its own.
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
    """Yield how times and the types of pandas and numpy are copied; neither is imported for it."""
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
    """Return the values of a Series, plain; missing ones (None, NaN, NaT, NA) are None."""
    return [None if missing else plain(value) for value, missing in zip(column, column.isna(), strict=True)]


def _name(function: Any) -> str:
    """Return what a function is called; one without a name of its own is just a function."""
    name = getattr(function, "__name__", "<lambda>")
    return name if isinstance(name, str) and name != "<lambda>" else "your_function"


def _error(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text[:LONGEST].rstrip('.')}".removesuffix(": ")
