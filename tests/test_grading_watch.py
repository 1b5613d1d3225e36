"""Points without work are noticed by what the code does, whatever it looks like; honest code is not."""

import base64
import json

import pytest

from enronlib.classroom.grading.grade import grade_class
from enronlib.classroom.grading.lessons import find_lessons
from enronlib.classroom.grading.marks import Marks
from tests.zoo.assignment import only

LESSON, EXERCISE = "02_parse_one_email", "parse.unfold"
HONEST = 'def unfold(value):\n    return " ".join(line.strip() for line in value.split("\\n"))'
HIDDEN = base64.b64encode(HONEST.encode()).decode()
LOADED = f'hint("{EXERCISE}")\nimport sys\nchecks = sys.modules["enronlib.classroom.exercises.lesson_02_parse"]\n'
WRONG = "def unfold(value):\n    return 1\n"
TRICKS = {
    "getattr": ('unfold = getattr(messages, "un" + "fold")', "uses the kit's own unfold"),
    "vars": ('def unfold(value):\n    return vars(messages)["unfold"](value)', "uses the kit's own unfold"),
    "star": ("from enronlib.messages import *", "uses the kit's own unfold"),
    "getsource": ("import inspect\nexec(inspect.getsource(messages))", "was made by exec"),
    "base64": (f'import base64\nexec(base64.b64decode("{HIDDEN}"))', "was made by exec"),
    "module": (
        "open('helper.py', 'w').write('from enronlib.messages import unfold as fold')\n"
        "def unfold(value):\n    import helper\n    return helper.fold(value)",
        "uses the kit's own unfold",
    ),
    "frames": (
        "def unfold(value):\n    try:\n        1 / 0\n    except ZeroDivisionError as error:\n"
        '        getattr(error.__traceback__, "tb_" + "frame")\n'
        '    return " ".join(line.strip() for line in value.split("\\n"))',
        "looks at stack frames",
    ),
    "objects": (
        f"{LOADED}import gc\nfor each in getattr(gc, 'get_' + 'objects')():\n"
        f"    if type(each).__name__ == 'Exercise' and each.name == '{EXERCISE}':\n"
        f"        object.__setattr__(each, 'check', lambda *_: 'fine')\n{WRONG}",
        "the code of enronlib or of the kernel was replaced",
    ),
    "code": (
        f"{LOADED}setattr(checks.one_line, '__co' + 'de__', (lambda answer, mail: 'fine').__code__)\n{WRONG}",
        "the code of enronlib or of the kernel was replaced",
    ),
    "registry": (
        f"{LOADED}import dataclasses\nexercises = sys.modules['enronlib.classroom.exercise'].registered\n"
        f"exercises['{EXERCISE}'] = dataclasses.replace(exercises['{EXERCISE}'], check=lambda *_: 'fine')\n{WRONG}",
        "the code of enronlib or of the kernel was replaced",
    ),
    "judge": (
        f"{LOADED}import dataclasses\nkit = sys.modules['enronlib.classroom.exercise'].registered['{EXERCISE}']\n"
        f"object.__setattr__(kit, 'judge', dataclasses.replace(kit, check=lambda *_: 'fine').judge)\n{WRONG}",
        "the code of enronlib or of the kernel was replaced",
    ),
    "kernel": (
        f"kernel = get_ipython().kernel\nsetattr(kernel, 'do_' + 'execute', kernel.do_execute)\n{HONEST}",
        "the code that runs cells and shows errors was replaced",
    ),
}
FINE = {
    "solved": HONEST,
    "compares": f"{HONEST}\nprint(unfold('a\\n b'), messages.unfold('a\\n b'))",
    "inspects": f"import inspect\nprint(inspect.getsource(messages.unfold))\n{HONEST}",
    "named_tuple": f"from collections import namedtuple\nLine = namedtuple('Line', 'text')\n{HONEST}",
    "says_check": f'{HONEST}\ndef f(value):\n    check = "\\n" in value\n    return check  # os.kill is bad',
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> dict[str, Marks]:
    kits = only(find_lessons()[LESSON], EXERCISE)
    inbox = tmp_path_factory.mktemp("in")
    for name, source in {**{name: source for name, (source, _) in TRICKS.items()}, **FINE}.items():
        cells = [
            {"id": cell.id, "cell_type": cell.kind, "source": source if cell.exercise == EXERCISE else ""}
            for cell in kits.cells
            if cell.role == "answer"
        ]
        (inbox / name).mkdir()
        (inbox / name / f"{LESSON}.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    marks = grade_class([inbox], lessons={LESSON: kits}, jobs=2, progress=False)
    return {row.student: row for row in marks.rows}


@pytest.mark.parametrize("name", TRICKS)
def test_points_without_work_are_noticed_in_the_kernel(rows, name):
    said = [str(verdict) for verdict in rows[name].verdicts], rows[name].look
    assert rows[name].points == 1, said
    assert any(TRICKS[name][1] in reason for reason in rows[name].look), said
    assert EXERCISE in rows[name].in_doubt


@pytest.mark.parametrize("name", FINE)
def test_honest_answers_leave_nothing_to_look_at(rows, name):
    said = [str(verdict) for verdict in rows[name].verdicts], rows[name].look
    assert (rows[name].points, rows[name].look) == (1, ()), said
