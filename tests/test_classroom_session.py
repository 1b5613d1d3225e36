"""What cells call: check, hint, predict, progress."""

import os
import time
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from enronlib import UserError
from enronlib.classroom import check, hint, predict, progress, session
from enronlib.classroom.authoring.rehearsal import inside
from enronlib.classroom.folders import load
from enronlib.classroom.verdict import CheckFailed, Status


@pytest.fixture(autouse=True)
def fresh_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start with nothing checked, hinted or predicted."""
    monkeypatch.delenv("ENRONLIB_STRICT", raising=False)
    for memory in ("verdicts", "hints_seen", "guesses", "failures", "answers", "stand_ins"):
        monkeypatch.setattr(session, memory, {})


def longest(words: list[str]) -> str:
    return max(words, key=len, default="")


def shortest(words: list[str]) -> str:
    return min(words, key=len, default="")


def unwritten(words: list[str]) -> str:
    raise NotImplementedError("your code here")


def test_the_three_verdicts_begin_with_their_names() -> None:
    assert str(check("template.longest", longest)).startswith("Correct. ")
    assert str(check("template.longest", shortest)).startswith("Not yet: shortest(['mail', 'pipeline', 'zip'])")
    assert str(check("template.longest", unwritten)).startswith("Not attempted: ")


def test_not_attempted_says_where_to_write() -> None:
    assert "in place of `raise NotImplementedError`" in str(check("template.longest", unwritten))


def last_line() -> str:
    return str(check("template.longest", shortest)).splitlines()[-1]


def test_the_next_step_moves_on_from_hint_to_hint() -> None:
    assert last_line() == "Next step: open Hint 1 below."
    assert last_line() == "Next step: open Hint 2 below."
    assert last_line() == "Next step: read the message above again, and try its example in a new cell."


def test_a_hint_that_was_called_for_is_not_named_again() -> None:
    hint("template.longest")
    assert last_line() == "Next step: open Hint 2 below."


def test_a_verdict_shows_as_html_with_a_sign_and_escaped_text() -> None:
    html = check("template.longest", lambda words: "<b>")._repr_html_()
    assert "✎ <b>Not yet:</b>" in html
    assert "returned &#x27;&lt;b&gt;&#x27;" in html


def test_the_first_words_are_bold_whatever_value_they_name() -> None:
    predict("day", "Friday: 5 p.m.")
    html = predict("day", actual="Friday: 5 p.m.")._repr_html_()
    assert "<b>You predicted &#x27;Friday: 5 p.m.&#x27;, and you were right.</b>" in html


def test_html_keeps_spaces_and_shows_code_as_code() -> None:
    assert "<code>return</code>" in check("template.longest", lambda words: None)._repr_html_()
    html = check("template.longest", lambda words: "two  spaces")._repr_html_()
    assert "white-space: pre-wrap" in html
    assert "two  spaces" in html
    assert "<code>key</code>" in hint("template.longest", 1)._repr_html_()


def test_a_check_raises_only_when_it_is_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENRONLIB_STRICT", "1")
    assert check("template.longest", longest).status is Status.CORRECT
    with pytest.raises(CheckFailed, match=r"template\.longest: Not yet: shortest"):
        check("template.longest", shortest)
    monkeypatch.setenv("ENRONLIB_STRICT", "0")
    check("template.longest", shortest)


def test_ipython_shows_a_failed_check_without_a_stack(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENRONLIB_STRICT", "1")
    shell = InteractiveShell()
    shell.run_cell('from enronlib.classroom import check\ncheck("template.longest", min)')
    shown = capsys.readouterr().out
    assert "template.longest: Not yet: min(" in shown
    assert "Traceback" not in shown


def test_a_verdict_does_not_depend_on_the_time_zone_and_leaves_it_as_it_was() -> None:
    zones = []

    def look(words: list[str]) -> str:
        zones.append(time.strftime("%Z"))
        return longest(words)

    before = time.strftime("%Z"), os.environ.get("TZ")
    assert check("template.longest", look).status is Status.CORRECT
    assert (time.strftime("%Z"), os.environ.get("TZ")) == before
    if hasattr(time, "tzset"):
        assert set(zones) <= {"CST", "CDT"}


UNWRITTEN = """
import luigi

def greet():
    raise NotImplementedError("your code here")

class Greeting(luigi.Task):
    folder = luigi.Parameter()

    def output(self):
        return luigi.LocalTarget(f"{self.folder}/greeting.txt")

    def run(self):
        greet()
"""


def test_a_task_that_calls_what_is_not_written_is_not_yet(tmp_path: Path) -> None:
    with inside(tmp_path):
        Path("greeting.py").write_text(UNWRITTEN, encoding="utf-8")
        verdict = check("template.greeting", load("greeting"))
    assert verdict.status is Status.NOT_YET
    assert verdict.message == "Greeting.run() called greet(), which is not written yet: write that first."


def test_an_unknown_exercise_is_named_with_the_most_similar_one() -> None:
    with pytest.raises(UserError, match=r"no exercise 'template\.longst'; did you mean 'template\.longest'\?"):
        check("template.longst", longest)
    with pytest.raises(UserError, match=r"no exercise 'nothing at all'$"):
        hint("nothing at all")


def test_each_call_gives_the_next_hint() -> None:
    first, second, again = (str(hint("template.longest")) for _ in range(3))
    assert first.startswith("Hint 1 of 2: ")
    assert "another one" in first
    assert second.startswith("Hint 2 of 2: ")
    assert "last hint" in second
    assert again == second


def test_a_hint_can_be_asked_for_by_number() -> None:
    assert str(hint("template.longest", 2)).startswith("Hint 2 of 2: ")
    with pytest.raises(UserError, match="no hint 3"):
        hint("template.longest", 3)


def test_a_prediction_is_noted_and_compared() -> None:
    assert str(predict("words", 3)) == "Noted: 3. Read on to see whether you are right."
    assert str(predict("words", actual=5)) == "You predicted 3; it is 5. What explains the difference?"
    predict("words", 5)
    assert str(predict("words", actual=5)) == "You predicted 5, and you were right."


def test_a_missing_prediction_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENRONLIB_STRICT", "1")
    assert "No prediction yet" in str(predict("words", ...))
    assert str(predict("words", actual=5)) == "It is 5. You made no prediction; try the next one."


def test_progress_lists_a_lesson_with_points_and_what_to_do() -> None:
    check("template.longest", longest)
    shown = progress("template")
    assert str(shown).splitlines() == [
        "✔ template.longest   correct         2 of 2",
        "· template.greeting  not checked yet 0 of 2",
        "2 of 4 points. Before handing in: run the check of template.greeting.",
    ]
    assert "The longest word" in shown._repr_html_()


def test_the_last_verdict_counts() -> None:
    check("template.longest", longest)
    check("template.longest", shortest)
    assert progress().earned == 0
    assert "solve template.longest" in str(progress())
    check("template.longest", longest)
    assert progress().earned == 2
    assert "All solved" in str(progress())


def test_progress_says_what_to_solve_and_what_to_check() -> None:
    check("template.longest", shortest)
    assert str(progress("template")).endswith(
        "Before handing in: solve template.longest; run the check of template.greeting. A hint costs nothing."
    )


def test_a_solved_example_is_worth_no_points() -> None:
    assert "start.domain  not checked yet example" in str(progress("00_start_here"))


def test_progress_of_an_unknown_lesson_is_an_error() -> None:
    with pytest.raises(UserError, match="no lesson '99'"):
        progress("99")
