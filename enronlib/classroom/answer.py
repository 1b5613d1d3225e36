"""A student's answer, held at arm's length: called with care, copied to plain built-ins, compared only then."""

import copy
import math
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from functools import cached_property
from itertools import islice
from pathlib import PurePath
from types import FrameType, UnionType
from typing import Any, NamedTuple, Never, Self

from enronlib.classroom.surroundings import silence

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

    def __init__(self, value: Any, said: str = "your answer is", kind: type | None = None) -> None:
        """`said` is the sentence that ends in the value: `date('…') returned`. `kind` is what a list was read from."""
        self.value = value
        self.said = said
        self.kind = kind or type(value)  # never value.__class__, which can lie

    @cached_property
    def plain(self) -> Any:
        """The value as plain built-ins (see `plain`), safe to compare."""
        return plain(self.value)

    def on(self, what: str) -> "Call":
        """Name the next input in words, for one that is too long to show: `answer.on("a folded Subject")(text)`."""
        return Call(self, what)

    def __call__(self, *inputs: Any, **options: Any) -> "Answer":
        """Call the student's function with copies of the inputs and return what it returns, as an Answer.

        What it prints is dropped, an iterator it returns is read to a list, but is none. Raises NotAttempted when it
        raises NotImplementedError itself, NotYet when a function that it calls does, when it raises anything else, or
        is no function.
        """
        shown = [short(value) for value in inputs] + [f"{name}={short(value)}" for name, value in options.items()]
        return self._call(f"{_name(self.value)}({', '.join(shown)})", inputs, options)

    def is_a(self, *kinds: type) -> Self:
        """Go on if the value is of one of these types. A subclass will do, but a bool is no int."""
        if any(issubclass(self.kind, kind) and (self.kind, kind) != (bool, int) for kind in kinds):
            return self
        *others, last = map(a_kind, kinds)
        expected = f"{', '.join(others)} or {last}" if others else last
        if self.value is None:
            self.fail("is a `return` missing?" if self.said.endswith(" returned") else "give it a value")
        if self.value is ...:
            self.fail(f"put {expected} there")
        raise NotYet(f"{self.said} {a_kind(self.kind)}; {expected} was expected.")

    def equals(self, expected: Any, because: str, *, hint: int | None = 1) -> Self:
        """Go on if the value is of the kind of `expected` and equal to it; floats may differ in the last digits.

        `because` is the advice for a value that differs: what to look at, never the expected value itself.
        """
        wanted = plain(expected)
        other_type = type(self.plain) is not type(wanted) and (type(self.plain), type(wanted)) != (int, float)
        if other_type or issubclass(self.kind, Iterator):
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
        shown = "still `...`" if self.value is ... else short(self.value)
        raise NotYet(sentence(f"{self.said} {shown}; {advice}"), hint, expected)

    def __getitem__(self, key: Any) -> "Answer":
        """Return the item of a dict, list or tuple, as an Answer: `email()['Subject'] is`, `in your answer, 'A' is`."""
        whole = self.said.removesuffix(" returned").removesuffix(" is")
        said = f"in your answer, {key!r} is" if whole == "your answer" else f"{whole}[{key!r}] is"
        try:
            return Answer(self.plain[key], said)
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
    """Return a value as a message shows it: a file by the end of its path, anything long with its middle cut out.

    Blanks stay as they are, since a wrong answer may differ from the right one in nothing else.
    """
    if issubclass(type(value), PurePath):
        return "/".join(value.parts[-3:])
    if issubclass(type(value), datetime):
        return str(_moment(value))
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    if text.startswith("<") and " at 0x" in text:
        text = f"<{getattr(value, '__name__', type(value).__name__)}>"
    text = re.sub(r" at 0x[0-9a-fA-F]{8,}(?=>)", "", text)
    if "\n" in text:  # the layout of a table, and no value that holds a line break
        text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST * 2 // 3]} … {text[-LONGEST // 3 :]}"


def sentence(text: str) -> str:
    """Return a text that ends in one full stop, or in the question mark that it has."""
    return text if text.endswith("?") else f"{text.removesuffix('.')}."


def not_written(caller: str, function: str) -> str:
    """Return what a student is told whose finished answer calls a function that is still to be written."""
    return f"{caller} called {function}(), which is not written yet: write that first."


def a_kind(kind: type) -> str:
    """Return a type as it is spoken of: `a str`, `an int`, `None`."""
    if kind is type(None):
        return "None"
    return f"{'an' if kind.__name__[0] in 'aeioAEIO' else 'a'} {kind.__name__}"


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


def _frames(error: BaseException) -> list[FrameType]:
    """Return where an error came up: the frame of the function that was called first, the one that raised it last."""
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)][1:]


def _unwritten(error: NotImplementedError) -> str:
    """Return the name of the function that is still to be written; empty if it is the one that was called."""
    frames = _frames(error)
    return frames[-1].f_code.co_name if frames and frames[-1].f_code is not frames[0].f_code else ""


def _error(error: BaseException) -> str:
    try:
        text = " ".join(str(error).splitlines())
    except Exception:
        text = ""
    in_a_cell = _frames(error) and _frames(error)[-1].f_globals.get("__name__") == "__main__"
    advice = "; has the cell that defines it been run?" if type(error) is NameError and in_a_cell else ""
    return f"{type(error).__name__}: {text[:LONGEST].rstrip('.')}".removesuffix(": ") + advice
