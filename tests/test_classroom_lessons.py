"""Every lesson as a product: its parts, its outputs, its notebooks, and each exercise untouched, solved and wrong."""

import re
from pathlib import Path

import pytest

from enronlib.classroom.authoring.build import lesson_files, solved_notebook, student_copy
from enronlib.classroom.authoring.check import (
    file_problems,
    project_problems,
    rehearsal_problems,
    right_answer_problems,
    wrong_answer_problems,
)
from enronlib.classroom.authoring.lint import anatomy_problems, output_problems, structure_problems
from enronlib.classroom.authoring.sources import LessonSource, Problem, read_sources
from enronlib.classroom.exercise import Exercise, Right, Wrong
from enronlib.classroom.exercises import all_exercises
from enronlib.classroom.extras import missing_extra
from enronlib.classroom.verdict import Status

ROOT = Path(__file__).parent.parent
SOURCES = read_sources(ROOT)
EXERCISES = all_exercises()

every_lesson = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=[each.name for each in EXERCISES])
every_wrong_answer = pytest.mark.parametrize(
    ("exercise", "wrong"),
    [(exercise, wrong) for exercise in EXERCISES for wrong in exercise.wrong],
    ids=[f"{exercise.name}: {wrong.what}" for exercise in EXERCISES for wrong in exercise.wrong],
)
every_right_answer = pytest.mark.parametrize(
    ("exercise", "right"),
    [(exercise, right) for exercise in EXERCISES for right in exercise.right],
    ids=[f"{exercise.name}: {right.what}" for exercise in EXERCISES for right in exercise.right],
)


def need(lesson: str) -> None:
    """Skip a test of a lesson that needs an extra which is not installed."""
    if reason := missing_extra(lesson):
        pytest.skip(reason)


def problems(source: LessonSource, *found: Problem) -> list[str]:
    """Return problems of a lesson as an author reads them."""
    return [source.locate(problem) for problem in found]


def test_every_notebook_has_a_source_and_every_exercise_a_lesson() -> None:
    assert list(project_problems(ROOT, SOURCES)) == []


@every_lesson
def test_a_lesson_has_all_its_parts(source: LessonSource) -> None:
    solved = solved_notebook(source, SOURCES)
    assert problems(source, *structure_problems(source), *anatomy_problems(source.name, solved)) == []


@every_lesson
def test_stored_outputs_reveal_nothing_about_the_machine_they_were_made_on(source: LessonSource) -> None:
    solved = solved_notebook(source, SOURCES)
    assert problems(source, *output_problems(solved)) == []


@every_lesson
def test_the_notebooks_are_up_to_date(source: LessonSource) -> None:
    assert problems(source, *file_problems(lesson_files(source, SOURCES))) == []


@every_lesson
def test_untouched_exercises_are_not_attempted(source: LessonSource) -> None:
    need(source.name)
    copy = student_copy(solved_notebook(source, SOURCES))
    assert problems(source, *rehearsal_problems(copy)) == []


@every_lesson
def test_solved_exercises_are_correct_on_other_mail(source: LessonSource, monkeypatch: pytest.MonkeyPatch) -> None:
    need(source.name)
    monkeypatch.setenv("ENRONLIB_CORPUS_SEED", "31")  # the lessons are made with one, and graded with another
    solved = solved_notebook(source, SOURCES)
    assert problems(source, *rehearsal_problems(solved)) == []


@every_exercise
def test_the_name_of_an_exercise_is_two_plain_words(exercise: Exercise) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", exercise.name)


@every_exercise
def test_an_empty_answer_is_not_attempted(exercise: Exercise) -> None:
    assert exercise.judge(...).status is Status.NOT_ATTEMPTED


@every_exercise
def test_a_meaningless_answer_is_not_yet(exercise: Exercise) -> None:
    class AlwaysEqual:
        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 0

    need(exercise.lesson)
    answers: list[object] = [None, 0, "", [], AlwaysEqual(), lambda *inputs, **options: AlwaysEqual(), int]
    for nonsense in answers:
        assert exercise.judge(nonsense).status is Status.NOT_YET


@every_wrong_answer
def test_a_known_wrong_answer_gets_its_message(
    exercise: Exercise, wrong: Wrong, capfd: pytest.CaptureFixture[str]
) -> None:
    need(exercise.lesson)
    assert list(wrong_answer_problems(exercise, wrong)) == []
    assert capfd.readouterr() == ("", "")


@every_right_answer
def test_a_known_right_answer_is_correct(exercise: Exercise, right: Right) -> None:
    need(exercise.lesson)
    assert list(right_answer_problems(exercise, right)) == []
