"""The student's version of a cell."""

import pytest

from enronlib import UserError
from enronlib.classroom.authoring.stubs import without_guess, without_hidden_tests, without_solution

FUNCTION = '''
def date(header):
    """Return when."""
    ### BEGIN SOLUTION
    from email.utils import parsedate_to_datetime
    return parsedate_to_datetime(header)
    ### END SOLUTION
'''.strip()


def test_a_region_in_a_function_raises_not_implemented() -> None:
    assert without_solution(FUNCTION) == (
        'def date(header):\n    """Return when."""\n    raise NotImplementedError("your code here")'
    )


def test_a_nested_region_keeps_its_indent() -> None:
    source = "def f(x):\n    for y in x:\n        ### BEGIN SOLUTION\n        print(y)\n        ### END SOLUTION"
    assert without_solution(source).endswith('\n        raise NotImplementedError("your code here")')


def test_a_region_at_module_level_sets_its_names() -> None:
    source = (
        "import re\n### BEGIN SOLUTION\nimport os\ndef helper(): pass\n"
        "a, b = 1, 2\nc: int = max([x for x in (1, 2)])\nwith open('f') as file:\n    d = 1\n### END SOLUTION\nprint(a)"
    )
    names = [line.split(" = ")[0] for line in without_solution(source).splitlines()[1:-1]]
    assert names == ["a", "b", "c", "file", "d"]
    assert "a = ...  # your code here" in without_solution(source)


def test_a_region_that_sets_nothing_leaves_a_place_to_write() -> None:
    assert without_solution("### BEGIN SOLUTION\nprint(1)\n### END SOLUTION") == "...  # your code here"


def test_the_author_can_write_the_stub() -> None:
    source = "### BEGIN SOLUTION\n# stub: counts = {}\n# stub: # count here\ncounts = {1: 2}\n### END SOLUTION"
    assert without_solution(source) == "counts = {}\n# count here"


def test_a_module_that_a_cell_writes_keeps_its_magic_line_and_skeleton() -> None:
    region = "        ### BEGIN SOLUTION\n        pass\n        ### END SOLUTION"
    source = f"%%writefile tasks.py\nclass A:\n    def run(self):\n{region}"
    assert without_solution(source) == (
        '%%writefile tasks.py\nclass A:\n    def run(self):\n        raise NotImplementedError("your code here")'
    )


def test_a_region_in_a_class_sets_its_names() -> None:
    source = "class A:\n    ### BEGIN SOLUTION\n    n = 1\n    ### END SOLUTION"
    assert without_solution(source) == "class A:\n    n = ...  # your code here"


def test_several_regions_each_get_their_stub() -> None:
    source = "### BEGIN SOLUTION\na = 1\n### END SOLUTION\nprint(a)\n### BEGIN SOLUTION\nb = 2\n### END SOLUTION"
    assert without_solution(source) == "a = ...  # your code here\nprint(a)\nb = ...  # your code here"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a = 1", "an answer cell needs"),
        ("### BEGIN SOLUTION\na = 1", "line 1: ### BEGIN SOLUTION is never closed"),
        ("a = 1\n### END SOLUTION", "line 2: ### END SOLUTION without"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\na = 1\n### END SOLUTION", "line 2: ### BEGIN SOLUTION inside"),
        ("### BEGIN SOLUTION\n# nothing\n### END SOLUTION", "contains no whole statement"),
        ("a = [\n### BEGIN SOLUTION\n1,\n### END SOLUTION\n]", "contains no whole statement"),
        (
            "### BEGIN SOLUTION\na = 1\ndef f():\n### END SOLUTION\n    return 1",
            "line 2: unexpected indent",
        ),
        ("### BEGIN SOLUTION\na = = 1\n### END SOLUTION", "line 2: invalid syntax"),
    ],
)
def test_an_invalid_cell_is_reported_with_its_line(source: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        without_solution(source)


def test_hidden_tests_are_removed() -> None:
    source = '### BEGIN HIDDEN TESTS\nassert date("x")\n### END HIDDEN TESTS\ncheck("parse.date", date)'
    assert without_hidden_tests(source) == 'check("parse.date", date)'


@pytest.mark.parametrize(
    ("source", "student"),
    [
        ('predict("a.b", 54)', 'predict("a.b", ...)'),
        ('x = 1\npredict("ä.b", [\n  1,\n])', 'x = 1\npredict("ä.b", ...)'),
        ('predict("a.b", "ü")  # why?', 'predict("a.b", ...)  # why?'),
    ],
)
def test_a_guess_is_removed(source: str, student: str) -> None:
    assert without_guess(source) == student


def test_a_predict_cell_without_a_guess_is_an_error() -> None:
    with pytest.raises(UserError, match="needs predict"):
        without_guess('predict("a.b", actual=3)')
