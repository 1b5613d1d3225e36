"""Answers are called safely and compared as plain built-ins."""

import logging
import sys
from collections import Counter, OrderedDict, UserDict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enronlib.classroom.answer import Answer, NotAttempted, NotYet, Parts, plain, same, short

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=8,
)


def verdict(judge: Callable[[], object]) -> str:
    with pytest.raises(NotYet) as error:
        judge()
    return str(error.value)


@given(VALUES)
def test_a_value_equals_its_own_plain_copy(value: Any) -> None:
    assert same(plain(value), value)


class AlwaysEqual:
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


class LyingText(str):
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


class LyingClass:
    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return str

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


class LyingDict(dict[str, int]):
    def items(self) -> Any:
        return {"a": 1}.items()

    def __iter__(self) -> Iterator[str]:
        return iter("a")

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None


@pytest.mark.parametrize(
    ("trick", "expected"),
    [
        (AlwaysEqual(), "x"),
        (LyingText("y"), "x"),
        (LyingClass(), "x"),
        (LyingDict(b=2), {"a": 1}),
        ([AlwaysEqual()], ["x"]),
        ({"a": AlwaysEqual()}, {"a": 1}),
        ((LyingText("y"),), ("x",)),
    ],
    ids=["object", "text", "class", "dict", "in a list", "in a dict", "in a tuple"],
)
def test_an_object_that_claims_to_equal_everything_does_not_pass(trick: object, expected: object) -> None:
    with pytest.raises(NotYet):
        Answer(trick).equals(expected, "look again")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        (np.int64(3), 3),
        (np.float64(0.5), 0.5),
        (3, 3.0),
        (0.1 + 0.2, 0.3),
        (float("nan"), float("nan")),
        ({"a": 1}.keys(), ["a"]),
        (np.array([1, 2]), [1, 2]),
        (pd.Timestamp("2001-05-14", tz="UTC"), datetime(2001, 5, 14, tzinfo=UTC)),
        (datetime(2001, 5, 14, 9, tzinfo=timezone(timedelta(hours=2))), datetime(2001, 5, 14, 7, tzinfo=UTC)),
        (pd.Series({"a": 1, "b": None}), pd.Series({"a": 1.0, "b": np.nan})),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 2]})),
    ],
)
def test_equal_values_of_related_types_pass(value: object, expected: object) -> None:
    Answer(value).equals(expected, "look again")


@pytest.mark.parametrize(
    ("value", "expected", "message"),
    [
        ("3", 3, "your answer is a str; an int was expected."),
        (True, 1, "your answer is a bool; an int was expected."),
        (3.0, 3, "your answer is a float; an int was expected."),
        ((1, 2), [1, 2], "your answer is a tuple; a list was expected."),
        (None, "x", "your answer is None; give it a value."),
        (..., "x", "your answer is still `...`; put a str there."),
        ("3", np.int64(3), "your answer is a str; an int was expected."),
        ("a", Path("a"), f"your answer is a str; a {type(Path()).__name__} was expected."),
        ({1}, {1: 1}, "your answer is a set; a dict was expected."),
        (pd.Series([1]), [1], "your answer is a Series; a list was expected."),
        ({"a": 1}, pd.Series({"a": 1}), "your answer is a dict; a Series was expected."),
    ],
)
def test_the_type_is_checked_before_the_value(value: object, expected: object, message: str) -> None:
    assert verdict(lambda: Answer(value).equals(expected, "look again")) == message


@pytest.mark.parametrize(
    ("value", "kind"), [(np.int64(3), int), ({"a": 1}.values(), list), (np.array([1]), list), (Counter("a"), dict)]
)
def test_a_value_of_a_related_type_counts_as_that_type(value: object, kind: type) -> None:
    Answer(value).is_a(kind)


@pytest.mark.parametrize("value", [[("a", 1)], {"a": 1}.items()])
def test_pairs_come_as_plain_tuples(value: object) -> None:
    assert Answer(value).pairs("look again") == [("a", 1)]


@pytest.mark.parametrize("value", [{"a": 1}, [["a", 1]], [("a",)], ["ab"]])
def test_pairs_must_be_a_list_of_tuples_of_two(value: object) -> None:
    with pytest.raises(NotYet):
        Answer(value).pairs("look again")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2001, 5, 14), datetime(2001, 5, 14, tzinfo=UTC)),
        ({"a": 1}, {"a": 1, "b": 2}),
        ([1, True], [1, 1]),
        (pd.DataFrame({"b": [1], "a": [2]}), pd.DataFrame({"a": [2], "b": [1]})),
        (pd.Series([1, 2]), pd.Series([2, 1])),
        (0.3, 0.31),
    ],
)
def test_different_values_do_not_pass(value: object, expected: object) -> None:
    assert verdict(lambda: Answer(value).equals(expected, "look again")).endswith("; look again.")


def test_a_message_gives_the_input_the_result_and_the_advice() -> None:
    def half(number: int) -> int:
        return number // 3

    assert verdict(lambda: Answer(half)(6).equals(3, "divide by two")) == "half(6) returned 2; divide by two."


def test_an_input_can_be_described_in_words() -> None:
    def half(number: int) -> int:
        return number // 3

    said = verdict(lambda: Answer(half).on("an even number")(6).equals(3, "divide by two"))
    assert said == "for an even number, half() returned 2; divide by two."


def test_a_missing_return_is_suggested() -> None:
    assert (
        verdict(lambda: Answer(lambda: None)().equals(3, "")) == "your_function() returned None; is a `return` missing?"
    )


def test_an_exception_is_reported_with_its_input() -> None:
    def first(items: list[int]) -> int:
        return items[0]

    assert verdict(lambda: Answer(first)([])) == "first([]) raised IndexError: list index out of range."


@pytest.mark.parametrize("error", [SystemExit(0), RecursionError(), AssertionError("no")])
def test_nothing_a_function_raises_stops_the_check(error: BaseException) -> None:
    def function() -> None:
        raise error

    assert f"raised {type(error).__name__}" in verdict(Answer(function))


def test_an_interrupt_is_not_caught() -> None:
    def function() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Answer(function)()


def test_not_implemented_means_not_attempted() -> None:
    def function() -> None:
        raise NotImplementedError("your code here")

    with pytest.raises(NotAttempted):
        Answer(function)()
    with pytest.raises(NotAttempted):
        Answer(...)()


def test_an_answer_that_calls_an_unwritten_function_is_not_yet() -> None:
    def unfold(value: str) -> str:
        raise NotImplementedError("your code here")

    def read(text: str) -> list[str]:
        return [unfold(line) for line in text.split()]

    said = verdict(lambda: Answer(read)("a"))
    assert said == "read('a') called unfold(), which is not written yet: write that first."


def test_an_unwritten_branch_of_a_recursive_function_is_not_attempted() -> None:
    def down(number: int) -> int:
        if number:
            return down(number - 1)
        raise NotImplementedError("your code here")

    with pytest.raises(NotAttempted):
        Answer(down)(3)


def test_an_undefined_name_is_reported_with_the_next_step() -> None:
    cell: dict[str, Any] = {"__name__": "__main__"}
    exec("def read():\n    return fix_header()", cell)
    assert verdict(Answer(cell["read"])).endswith(
        "name 'fix_header' is not defined; check its spelling, or run the cell that defines it."
    )


def test_a_forgotten_self_is_named() -> None:
    class Size:
        folder = "out"

        def output(self) -> object:
            return folder  # type: ignore[name-defined]  # noqa: F821

    assert verdict(Answer(Size().output)).endswith("name 'folder' is not defined; did you mean `self.folder`?")


def test_an_error_shows_only_the_end_of_a_path(tmp_path: Path) -> None:
    said = verdict(lambda: Answer(Path.read_text)(tmp_path / "maildir" / "kim-a" / "inbox"))
    assert said.endswith("raised FileNotFoundError: No such file or directory: maildir/kim-a/inbox.")


def test_an_answer_that_is_not_a_function_is_not_yet() -> None:
    assert verdict(Answer("text")) == "your answer is a str; a function was expected."


def test_a_generator_is_read_into_a_list_and_its_exceptions_are_reported() -> None:
    def numbers(end: int) -> Iterator[float]:
        for number in range(end, -1, -1):
            yield 1 / number

    assert "numbers(2) raised ZeroDivisionError" in verdict(lambda: Answer(numbers)(2))
    letters = Answer(lambda: (letter for letter in "ab"))()
    assert letters.is_a(Iterator).plain == ["a", "b"]


def test_a_generator_is_not_a_list() -> None:
    letters = Answer(lambda: (letter for letter in "ab"))()
    message = "your_function() returned a generator; a list was expected."
    assert verdict(lambda: letters.is_a(list)) == message
    assert verdict(lambda: letters.equals(["a", "b"], "")) == message


def test_a_function_cannot_change_the_inputs_of_the_check() -> None:
    items = [2, 1]
    Answer(lambda items: items.sort())(items)
    assert items == [2, 1]


def test_prints_and_logs_are_discarded(capfd: pytest.CaptureFixture[str]) -> None:
    def noisy() -> int:
        print("hello")
        print("oh", file=sys.stderr)
        logging.getLogger("noisy").error("careful")
        return 1

    Answer(noisy)().equals(1, "")
    assert capfd.readouterr() == ("", "")


def test_items_and_members_are_answers_too() -> None:
    email = Answer({"Subject": "gas", "Cc": None})
    assert verdict(lambda: email["Subject"].equals("power", "look")) == "in your answer, 'Subject' is 'gas'; look."
    returned = Answer(lambda text: {"a": [1]})("x")
    assert verdict(lambda: returned["a"][0].equals(2, "look")) == "your_function('x')['a'][0] is 1; look."
    assert verdict(lambda: email["To"]).endswith("it has no 'To'.")
    assert verdict(lambda: Answer(UserDict).member("Greeting")) == "there is no `Greeting` in UserDict."


def test_long_values_lose_their_middle() -> None:
    shown = short("a" * 10_000 + "z")
    assert len(shown) < 130
    assert shown.endswith("z'")


def test_values_that_differ_in_spaces_look_different() -> None:
    assert short("a  b") == "'a  b'"
    assert "look?." in verdict(lambda: Answer("look?.").equals("x", "is it?"))


def test_a_table_is_shown_by_its_size() -> None:
    assert short(pd.DataFrame({"a": [1], "b": [2]})) == "a table with 1 row and 2 columns"


def test_a_series_is_shown_in_one_line() -> None:
    assert short(pd.Series([1, 2])) == "0 1 1 2 dtype: int64"


def test_a_date_is_shown_in_iso_format() -> None:
    pacific = timezone(timedelta(hours=-8))
    assert short(datetime(2001, 12, 20, 21, 26, 20, tzinfo=pacific)) == "2001-12-20 21:26:20-08:00"


def test_full_paths_and_memory_addresses_are_not_shown() -> None:
    assert short(Path("/home/someone/maildir/hill-a/inbox/3.")) == "hill-a/inbox/3."
    assert short(object()) == "<object>"
    assert short(verdict) == "<verdict>"


def test_a_repr_that_raises_is_replaced() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise ValueError

    assert short(Broken()) == "<Broken>"


def test_parts_of_an_answer_earn_their_share():
    parts = Parts(("a", "b", "c", "d"))
    for case in ({"a": 1, "b": 2, "c": 3, "d": 4}, {"a": 0, "b": 2, "c": 0, "d": 4}):
        for name, wanted in zip("abcd", (1, 2, 3, 4), strict=True):
            with parts.part(name):
                Answer(case[name], f"{name} is").equals(wanted, "count")
    with pytest.raises(NotYet, match=r"a is 0; count\. 2 of 4 parts are right\.") as raised:
        parts.finish("parts")
    assert raised.value.credit == 0.5


def test_a_minority_of_parts_earns_nothing_and_all_of_them_everything():
    parts = Parts(("a", "b", "c"))
    parts.finish("parts")
    for name in "ab":
        with parts.part(name):
            raise NotYet(f"{name} is wrong.")
    with pytest.raises(NotYet, match="1 of 3") as raised:
        parts.finish("parts")
    assert raised.value.credit == 0


def test_of_an_error_and_a_part_that_was_wrong_before_the_part_is_named():
    def fails() -> None:
        raise NotYet("it raised an error.")

    parts = Parts(("a", "b"))
    with parts.part("a"):
        Answer(1, "a is").equals(2, "count")
    with pytest.raises(NotYet, match="a is 1; count"), parts.whole():
        fails()
