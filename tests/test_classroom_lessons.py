"""Every lesson as a product: its anatomy, its outputs, its copy, and each exercise untouched, solved and wrong."""

import re
from pathlib import Path

import pytest

from enronlib.classroom.answer import Answer, NotYet
from enronlib.classroom.authoring.build import HANDED_OUT, build_lessons, complete, student_copy
from enronlib.classroom.authoring.lint import LARGEST, anatomy_problems, output_problems
from enronlib.classroom.authoring.notebook import read_notebook
from enronlib.classroom.authoring.rehearsal import inside, rehearse, wrong_answer
from enronlib.classroom.exercise import Exercise, Wrong, all_exercises
from enronlib.classroom.mail import Mail
from enronlib.classroom.surroundings import in_houston
from enronlib.classroom.verdict import Status

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
SOLVED = sorted((NOTEBOOKS / "solutions").glob("*.ipynb"))
EXERCISES = all_exercises()

every_lesson = pytest.mark.parametrize("solved", SOLVED, ids=[path.stem for path in SOLVED])
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=[each.name for each in EXERCISES])
every_wrong_answer = pytest.mark.parametrize(
    ("exercise", "wrong"),
    [(exercise, wrong) for exercise in EXERCISES for wrong in exercise.wrong],
    ids=[f"{exercise.name}: {wrong.what}" for exercise in EXERCISES for wrong in exercise.wrong],
)


@every_lesson
def test_a_lesson_has_all_its_parts(solved: Path) -> None:
    assert anatomy_problems(solved.stem, read_notebook(solved)) == []


@every_lesson
def test_stored_outputs_tell_nothing_of_the_machine_they_were_made_on(solved: Path) -> None:
    assert output_problems(read_notebook(solved)) == []
    assert solved.stat().st_size <= LARGEST


@every_lesson
def test_the_copy_for_students_is_up_to_date(solved: Path, tmp_path: Path) -> None:
    sources = tmp_path / "notebooks" / "solutions"
    sources.mkdir(parents=True)
    for path in SOLVED:
        (sources / path.name).write_bytes(path.read_bytes())
    build_lessons(tmp_path, [solved.stem])
    assert (sources / solved.name).read_bytes() == solved.read_bytes(), "run python -m enronlib build"
    if HANDED_OUT.fullmatch(solved.stem):
        made = tmp_path / "notebooks" / solved.name
        assert made.read_bytes() == (NOTEBOOKS / solved.name).read_bytes(), "run python -m enronlib build"


@every_lesson
def test_untouched_exercises_are_not_attempted(solved: Path, tmp_path: Path) -> None:
    untouched = student_copy(solved.stem, complete(solved.stem, read_notebook(solved), _books()))
    for name, verdict in rehearse(untouched, tmp_path).items():
        assert verdict.status is (Status.NOT_ATTEMPTED if verdict.points else Status.CORRECT), name
        assert verdict.earned == 0


@every_lesson
@pytest.mark.parametrize("seed", ["31", "47"])
def test_solved_exercises_are_correct_on_any_mail(
    solved: Path, seed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENRONLIB_CORPUS_SEED", seed)
    for name, verdict in rehearse(read_notebook(solved), tmp_path).items():
        assert verdict.status is Status.CORRECT, f"{name}: {verdict}"


@every_exercise
def test_an_exercise_belongs_to_a_lesson(exercise: Exercise) -> None:
    assert exercise.lesson in [path.stem for path in SOLVED]
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", exercise.name)


@every_exercise
def test_an_empty_answer_is_not_attempted(exercise: Exercise) -> None:
    assert exercise.judge(...).status is Status.NOT_ATTEMPTED


@every_exercise
def test_an_answer_of_no_sense_is_not_yet(exercise: Exercise) -> None:
    class AlwaysEqual:
        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 0

    answers: list[object] = [None, 0, "", [], AlwaysEqual(), lambda *inputs, **options: AlwaysEqual(), int]
    for nonsense in answers:
        assert exercise.judge(nonsense).status is Status.NOT_YET


@every_wrong_answer
def test_a_known_wrong_answer_gets_its_message(
    exercise: Exercise, wrong: Wrong, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with inside(tmp_path):
        verdict = exercise.judge(wrong_answer(exercise.name, wrong))
    assert verdict.status is Status.NOT_YET
    assert wrong.message in verdict.message
    assert "could not read your answer" not in verdict.message
    assert len(str(verdict).splitlines()) <= 3
    assert str(tmp_path) not in verdict.message
    assert capfd.readouterr() == ("", "")


@every_wrong_answer
def test_advice_never_holds_the_expected_answer(exercise: Exercise, wrong: Wrong, tmp_path: Path) -> None:
    with inside(tmp_path), in_houston(), pytest.raises(NotYet) as verdict:
        exercise.check(Answer(wrong_answer(exercise.name, wrong)), Mail())
    expected, advice = verdict.value.expected, str(verdict.value).rpartition("; ")[2]
    shown = expected if isinstance(expected, str) else repr(expected)
    assert expected is None or len(shown) < 4 or shown not in advice


def _books() -> dict[str, object]:
    return {path.stem: read_notebook(path) for path in SOLVED}
