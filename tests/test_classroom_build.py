"""From the Markdown source of a lesson to its notebooks."""

import re
from collections.abc import Callable
from pathlib import Path

import jupytext
import pytest
from nbformat.v4 import new_output

from enronlib import UserError
from enronlib.__main__ import main
from enronlib.classroom.authoring.build import build_lessons
from enronlib.classroom.authoring.notebook import code_cells, read_notebook, role, write_notebook
from enronlib.classroom.authoring.sources import read_sources

SOURCES = sorted((Path(__file__).parent.parent / "notebooks" / "source").glob("*.md"))
SOLVED, COPY = FILES = ("notebooks/solutions/00_start_here.ipynb", "notebooks/00_start_here.ipynb")

LESSON = """\
# 00 · Start here

*1 minutes of reading, 2 minutes of exercises*

**The question:** how?

+++

% lessons

```{code-cell}
:predict: start.parts

predict("start.parts", 3)
```

### Exercise: start.domain

Look.

```{code-cell}
:answer: start.domain

def domain(address):
    return address
```

```{code-cell}
:check: start.domain

check("start.domain", domain)
```

Some text.

+++

### Exercise: start.user

Write.

```{code-cell}
:answer: start.user

def user(address):
    ### BEGIN SOLUTION
    return address
    ### END SOLUTION
```

```{code-cell}
:check: start.user

### BEGIN HIDDEN TESTS
assert user("a@b")
### END HIDDEN TESTS
check("start.user", user)
```

```{code-cell}
:id: sum

1 + 1
```

```{code-cell}
2 + 2
```
"""

Project = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a function that writes lesson 00, with changes (before, after), and returns the project's folder."""

    def write(*changes: tuple[str, str]) -> Path:
        text = LESSON
        for before, after in changes:
            assert before in text
            text = text.replace(before, after, 1)
        add_source(tmp_path, "00_start_here", text)
        return tmp_path

    return write


def add_source(root: Path, name: str, text: str) -> None:
    path = root / "notebooks" / "source" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def run_by_hand(path: Path) -> None:
    """Store an output in every code cell of a notebook, as running it does."""
    book = read_notebook(path)
    for count, cell in enumerate(code_cells(book), 1):
        cell.outputs = [new_output("stream", text=f"ran {cell.id}\n")]
        cell.execution_count = count
    write_notebook(book, path)


@pytest.mark.parametrize("path", SOURCES, ids=[path.stem for path in SOURCES])
def test_saving_a_source_as_a_notebook_changes_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert jupytext.writes(jupytext.reads(text, fmt="md"), fmt="md:myst") == text


def test_the_copy_has_stubs_and_no_outputs(project: Project) -> None:
    root = project()
    build_lessons(root)
    run_by_hand(root / SOLVED)
    build_lessons(root)
    solved, copy = (read_notebook(root / name) for name in FILES)
    assert [cell.execution_count for cell in code_cells(solved)][-1] == 7
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code_cells(copy))
    answers = [cell.source for cell in code_cells(copy, "answer")]
    assert answers[0] == "def domain(address):\n    return address", "an exercise worth nothing is shown solved"
    assert answers[1].endswith('    raise NotImplementedError("your code here")')
    assert [cell.source for cell in code_cells(copy, "predict")] == ['predict("start.parts", ...)']
    assert copy.metadata.enronlib == {"lesson": "00_start_here", "copy": "student"}


def test_answers_cannot_be_deleted_and_checks_not_edited(project: Project) -> None:
    root = project()
    build_lessons(root)
    for cell in code_cells(read_notebook(root / COPY)):
        assert cell.metadata.get("deletable", True) is (role(cell) is None)
        assert cell.metadata.get("editable", True) is (role(cell) != "check")


def test_ids_come_from_options_roles_and_headings(project: Project) -> None:
    root = project()
    build_lessons(root)
    for name in FILES:
        assert [cell.id for cell in read_notebook(root / name).cells] == [
            "00-start-here",
            "lessons",
            "predict-start-parts",
            "task-start-domain",
            "answer-start-domain",
            "check-start-domain",
            "hints-start-domain",
            "check-start-domain-2",
            "task-start-user",
            "answer-start-user",
            "check-start-user",
            "hints-start-user",
            "sum",
            "sum-2",
        ]


def test_titles_hints_points_and_links_are_added(project: Project) -> None:
    root = project()
    add_source(root, "01_next", "# 01 · Next\n\nx\n")
    build_lessons(root)
    first, second = (read_notebook(root / "notebooks" / name) for name in ("00_start_here.ipynb", "01_next.ipynb"))
    by_id = {cell.id: cell for cell in first.cells}
    assert by_id["task-start-user"].source == "### Exercise: The part before the @ ★☆☆ (1 point)\n\nWrite."
    assert by_id["hints-start-user"].source.count("<details>") == 2
    assert by_id["check-start-user"].metadata.enronlib.points == 1
    assert first.cells[0].source.endswith("\n\nNext: [01 · Next](01_next.ipynb)")
    assert second.cells[0].source.endswith("\n\n← [00 · Start here](00_start_here.ipynb)")
    assert "| [00 · Start here](00_start_here.ipynb) | how? | 1 min | 2 min |" in by_id["lessons"].source


def test_building_twice_changes_nothing(project: Project) -> None:
    root = project()
    assert build_lessons(root) == [root / name for name in FILES]
    before = [(root / name).read_bytes() for name in FILES]
    assert build_lessons(root) == []
    assert [(root / name).read_bytes() for name in FILES] == before
    assert all(text.endswith(b"\n") and b"\r" not in text for text in before)


def test_unchanged_cells_keep_their_outputs(project: Project) -> None:
    build_lessons(project())
    root = project()
    run_by_hand(root / SOLVED)
    project(("1 + 1", "1 + 3"), ("Some text.", "```{code-cell}\n:id: new\n\n0\n```"))
    build_lessons(root)
    outputs = {cell.id: cell.outputs for cell in code_cells(read_notebook(root / SOLVED))}
    assert outputs["sum-2"][0].text == "ran sum-2\n"
    assert outputs["sum"] == outputs["new"] == []


def test_hidden_tests_stay_with_the_solved_lesson(project: Project) -> None:
    root = project()
    build_lessons(root)
    assert "HIDDEN" in (root / SOLVED).read_text(encoding="utf-8")
    assert "HIDDEN" not in (root / COPY).read_text(encoding="utf-8")


def test_a_draft_has_no_copy(project: Project) -> None:
    root = project()
    add_source(root, "draft", "# Draft\n")
    build_lessons(root)
    assert (root / "notebooks/solutions/draft.ipynb").exists()
    assert not (root / "notebooks/draft.ipynb").exists()


def test_the_copy_finds_its_images(project: Project) -> None:
    root = project(("Some text.", "![folders](../images/folders.svg)"))
    build_lessons(root)
    assert "![folders](images/folders.svg)" in [cell.source for cell in read_notebook(root / COPY).cells]


def test_only_the_chosen_lessons_are_built(project: Project) -> None:
    root = project()
    add_source(root, "01_next", "# 01 · Next\n")
    assert build_lessons(root, ["00"]) == [root / name for name in FILES]


def test_a_lesson_that_does_not_exist_is_an_error(project: Project) -> None:
    with pytest.raises(UserError, match="there is no lesson '01'; there are 00_start_here"):
        build_lessons(project(), ["00", "01"])


def test_lines_of_cells_are_lines_of_the_file(project: Project) -> None:
    source = read_sources(project())["00_start_here"]
    lines = source.text.splitlines()
    first = {name: lines[line - 1] for name, line in source.lines.items()}
    assert first["task-start-user"] == "### Exercise: start.user"
    assert first["check-start-domain-2"] == "Some text."
    assert first["sum"] == ":id: sum"


BODY = "    ### BEGIN SOLUTION\n    return address\n    ### END SOLUTION"
TITLE, ANSWER, CHECK = "# 00 · Start here", ":answer: start.user", ":check: start.user"


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("1 + 1", "### BEGIN SOLUTION", ":id: sum", "### BEGIN SOLUTION belongs in an answer cell"),
        ("1 + 1", "### BEGIN HIDDEN TESTS", ":id: sum", "### BEGIN HIDDEN TESTS belongs in a check cell"),
        (BODY, "    return 1", ANSWER, "the answer cell of start.user needs ### BEGIN SOLUTION … ### END SOLUTION"),
        (
            "    return address\n",
            f"{BODY}\n",
            ":answer: start.domain",
            "the answer cell of start.domain is worth nothing",
        ),
        (BODY, "    ### BEGIN SOLUTION", ANSWER, "answer cell: line 2: ### BEGIN SOLUTION is never closed"),
        ("user)\n```", "user)\n```\n\n```{code-cell}\n:check: start.usr\n```", ":check: start.usr", "'start.user'?"),
        (CHECK, ":check: template.longest", ":check: template.longest", "template.longest is an exercise of template"),
        (CHECK, ":chek: start.user", ":chek: start.user", "there is no cell option 'chek'"),
        ('check("start.user", user)', "1", CHECK, 'a check cell of start.user must call check("start.user", …)'),
        (CHECK, ":id: x", TITLE, "there is no check cell of start.user"),
        (ANSWER, ":id: x", TITLE, "there is no answer cell of start.user"),
        ("1 + 1", 'check("start.user", 1)\n```\n\n```{code-cell}\n:check: start.user\n', CHECK, "a second check cell"),
        ("Some text.\n\n+++\n", "Some text.\n", "Some text.", "put a line with +++ before its heading"),
    ],
)
def test_a_lesson_whose_parts_do_not_fit_is_not_built(
    before: str, after: str, line: str, message: str, project: Project
) -> None:
    root = project((before, after))
    with pytest.raises(UserError) as error:
        build_lessons(root)
    text = read_sources(root)["00_start_here"].text.splitlines()
    number = len(text) - text[::-1].index(line)
    assert re.search(f"^notebooks/source/00_start_here.md:{number}: .*{re.escape(message)}", str(error.value), re.M)
    assert not (root / SOLVED).exists()


def test_cell_options_that_cannot_be_read_are_reported(project: Project) -> None:
    with pytest.raises(UserError, match=r"^notebooks/source/00_start_here.md: Code cell 10 at line 60"):
        build_lessons(project((":id: sum", ":id: [")))


def test_all_problems_are_reported_at_once(project: Project) -> None:
    root = project((":check: start.user", ":id: x"), ("1 + 1", "### BEGIN SOLUTION"))
    with pytest.raises(UserError) as error:
        build_lessons(root)
    assert "start.user" in str(error.value)
    assert "belongs in an answer cell" in str(error.value)


def test_a_cell_that_fails_is_reported_and_the_files_stay(project: Project) -> None:
    root = project(("1 + 1", "1 / 0"), ('predict("start.parts", 3)', 'predict = print\npredict("start.parts", 3)'))
    build_lessons(root)
    before = (root / SOLVED).read_bytes()
    with pytest.raises(UserError, match=r"00_start_here.md:\d+: NameError: name 'check' is not defined"):
        build_lessons(root, execute=True)
    assert (root / SOLVED).read_bytes() == before


def test_the_command_lists_what_changed(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project())
    main(["build"])
    main(["build"])
    assert capsys.readouterr().out.splitlines() == [*FILES, "all up to date"]


def test_the_command_outside_the_project_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 2
    assert "go to the folder of the project" in capsys.readouterr().err
