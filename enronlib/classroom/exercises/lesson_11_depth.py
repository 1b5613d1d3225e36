"""Exercises of lesson 11: a task made of parts, an atomic writer, an external program, names with a salt."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import luigi

from enronlib.classroom.answer import Answer, NotAttempted, NotYet
from enronlib.classroom.exercise import Edits, Right, Wrong, lesson
from enronlib.classroom.luigi_tasks import crash, make_task, new_folder, output_path, run_task
from enronlib.classroom.mail import Mail

exercise = lesson("11_luigi_in_depth")


class Delivered(luigi.Task):
    """A task that the checks require."""

    task_namespace = "check"

    mailbox = luigi.Parameter()
    size = luigi.IntParameter(default=1)
    comment = luigi.Parameter(default="", significant=False)
    version = "1"


class Wanted(Delivered):
    """A task that requires others. Its parts are the student's."""

    folder = luigi.Parameter(default="out")


CLASS = "when Luigi asks the class, `task` is None: return self"
CLONE = "pass on the parameters that both tasks have: task.clone(self.task_class, …) does"
CHANGES = "the changes given to Requirement replace parameters of the task"
BY_NAME = "one entry for each Requirement of the class and of its base classes, under its name"
DIR = "dir(owner)"
CLONED = "task.clone(self.task_class, **self.changes)"


@exercise(
    "depth.parts",
    title="A task made of parts",
    points=4,
    stars=3,
    hints=(
        "All three begin like `Loud.__get__` above. `Requirement` then needs one call, of `task.clone`. The other two "
        "stand for methods, so they return a function that Luigi will call: a `lambda`, or a function inside "
        "`__get__`.",
        "`dir(owner)` has the names of all attributes of the class and its base classes. Which of them are a "
        "Requirement? `isinstance(getattr(owner, name), Requirement)` says so, as a Requirement that is asked on the "
        "class returns itself. Then `getattr(task, name)` is the task.",
    ),
    wrong=[
        Wrong("fails when the class is asked", Edits(("if task is None", "if False")), CLASS),
        Wrong("forgets the changes", Edits((", **self.changes", "")), CHANGES),
        Wrong(
            "forgets the task's own parameters",
            Edits((CLONED, "self.task_class(**{'mailbox': 'x'} | self.changes)")),
            CLONE,
        ),
        Wrong("returns the class", Edits((CLONED, "self.task_class")), "a Task was expected"),
        Wrong("leaves out base classes", Edits((DIR, "vars(owner)")), BY_NAME),
        Wrong(
            "returns a list",
            Edits(
                ("{name: getattr(task, name) for name in names}", "[getattr(task, name) for name in names]"),
            ),
            "a dict was expected",
        ),
        Wrong(
            "returns descriptors instead of tasks",
            Edits(("{name: getattr(task, name)", "{name: getattr(owner, name)")),
            "a Task was expected",
        ),
        Wrong("returns the dict itself", Edits(("lambda: {name", "{name")), "a function was expected"),
        Wrong(
            "returns a path",
            Edits(("luigi.LocalTarget(self.pattern.format(task=task), format=UTF8)", "self.pattern.format(task=task)")),
            "a LocalTarget was expected",
        ),
        Wrong("does not fill in the pattern", Edits((".format(task=task)", "")), "fill in the pattern"),
        Wrong("forgets the format", Edits((", format=UTF8", "")), "with format=UTF8"),
        Wrong("returns the target itself", Edits(("lambda: luigi", "luigi")), "a function was expected"),
    ],
)
def parts(answer: Answer, mail: Mail) -> str:
    """Each descriptor alone, asked of a task and of the class; then a class with all of them."""
    requirement, requires, target = (answer.member(name) for name in ("Requirement", "Requires", "TargetOutput"))
    plain = _made(requirement, Delivered)
    changed = _made(requirement, Delivered, mailbox="marsh-b")
    pattern = _made(target, "{task.folder}/{task.mailbox}-{task.__class__.__name__}.txt")
    task = Wanted(mailbox="quill-a", size=5)

    required = _get(plain, task).is_a(luigi.Task)
    Answer(type(required.value).__name__, "the class of the required task is").equals("Delivered", CLONE)
    _parameter(required, "mailbox").equals("quill-a", CLONE)
    _parameter(required, "size").equals(5, CLONE)
    other = _get(changed, task).is_a(luigi.Task)
    _parameter(other, "mailbox").equals("marsh-b", CHANGES)
    _parameter(other, "size").equals(5, CLONE)
    for part in (plain, changed, _made(requires), pattern):
        if _get(part, None).value is not part:
            raise NotYet(f"{type(part).__name__}.__get__ did not return the descriptor; {CLASS}.")

    base = type("Base", (Wanted,), {"own": plain})
    both = type("Both", (base,), {"other": changed, "requires": _made(requires), "output": pattern})
    whole = both(mailbox="quill-a", size=7)
    found = _called(Answer(whole).member("requires"), "requires")
    found.is_a(dict)
    Answer(sorted(found.value), "the names in requires() are").equals(["other", "own"], BY_NAME, hint=2)
    for name, mailbox in (("own", "quill-a"), ("other", "marsh-b")):
        each = Answer(found.value[name], f"requires()[{name!r}] is").is_a(luigi.Task)
        _parameter(each, "mailbox").equals(mailbox, "each name has its own requirement", hint=2)
        _parameter(each, "size").equals(7, CLONE)
    made = _called(Answer(whole).member("output"), "output").is_a(luigi.LocalTarget).value
    Answer(Path(made.path).as_posix(), "the path of the output is").equals(
        "out/quill-a-Both.txt", "fill in the pattern with pattern.format(task=task)"
    )
    if made.format is not luigi.format.UTF8:
        raise NotYet("another computer might write another encoding: make the target with format=UTF8.")
    return "Luigi sees the same four parts; you write them once, and a task may have as many requirements as it needs."


def _made(kind: Answer, *arguments: Any, **changes: Any) -> Any:
    return kind.on("the arguments of the task")(*arguments, **changes).value


def _get(part: Any, task: luigi.Task | None) -> Answer:
    """Return what a descriptor returns for a task, or for the class."""
    name = f"{type(part).__name__}.__get__"
    try:
        return Answer(part.__get__(task, Wanted), f"{name} returned")
    except NotImplementedError:
        raise NotAttempted from None
    except Exception as error:
        advice = f"; {CLASS}" if task is None else ""
        raise NotYet(f"{name} raised {type(error).__name__}: {error}{advice}.") from None


def _called(function: Answer, name: str) -> Answer:
    if not callable(function.value):
        raise NotYet(f"`{name}` is {type(function.value).__name__}; a function was expected, as Luigi calls it.")
    try:
        return Answer(function.value(), f"{name}() returned")
    except Exception as error:
        raise NotYet(f"{name}() raised {type(error).__name__}: {error}.") from None


def _parameter(task: Answer, name: str) -> Answer:
    return Answer(getattr(task.value, name), f"the {name} of the required task is")


SUFFIX = "the temporary name must end in the suffix of the path, as programs judge by it"
AS_IT_WAS = "when the block raises an error, the file must stay as it was"
LEFT = "nothing may be left beside the file"
TEMPORARY = 'path.with_name(f"unfinished-{uuid4().hex}-{path.name}")'
ENDING = """try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)"""


@exercise(
    "depth.atomic",
    title="A writer that keeps the suffix",
    points=3,
    stars=2,
    hints=(
        "The order is: make the folder, choose a name, `yield` it, then rename. Where in the name can something new "
        "go, if not at the end? `uuid4().hex` is a text that nobody else gets.",
        '`path.with_name(f"…-{path.name}")` is a path beside it, and `temporary.replace(path)` renames. Put the '
        "`yield` and the renaming in a `try`, and `temporary.unlink(missing_ok=True)` in its `finally`.",
    ),
    wrong=[
        Wrong("adds to the end", Edits(('{uuid4().hex}-{path.name}"', '{path.name}-{uuid4().hex}"')), SUFFIX),
        Wrong(
            "keeps only the last suffix",
            Edits((TEMPORARY, "path.with_name(uuid4().hex).with_suffix(path.suffix)")),
            SUFFIX,
        ),
        Wrong("always uses one name", Edits(("{uuid4().hex}", "temporary")), "a name of its own"),
        Wrong(
            "writes in the system's temporary folder",
            Edits((TEMPORARY, 'Path("/", uuid4().hex + path.name)')),
            "the same folder",
        ),
        Wrong("makes no folder", Edits(("path.parent.mkdir(parents=True, exist_ok=True)", "pass")), "the folder"),
        Wrong("never renames", Edits(("temporary.replace(path)", "pass")), "is not there"),
        Wrong("yields the path", Edits(("yield temporary", "yield path")), "before the block ends"),
        Wrong(
            "renames after an error, too",
            Edits((ENDING, "try:\n        yield temporary\n    finally:\n        temporary.replace(path)")),
            AS_IT_WAS,
        ),
        Wrong(
            "leaves the temporary file",
            Edits((ENDING, "yield temporary\n    temporary.replace(path)")),
            LEFT,
        ),
        Wrong(
            "swallows the error",
            Edits(("    finally:\n", "    except Exception:\n        pass\n    finally:\n")),
            "the error must be passed on",
        ),
        Wrong(
            "copies instead of renaming",
            Edits(("temporary.replace(path)", "path.write_bytes(temporary.read_bytes())")),
            "in one step",
        ),
    ],
    right=[
        Right(
            "uses a hidden name",
            Edits(("unfinished-", ".")),
        )
    ],
)
def atomic(answer: Answer, mail: Mail) -> str:
    """A new file, a new version of it, an error in the middle, and two writers at once."""
    with new_folder():
        for path in (Path("out", "counts.csv.gz"), Path("out", "deep", "chart.png")):
            temporary = _written(answer, path, "first")
            if path.read_text(encoding="utf-8") != "first":
                raise NotYet(f"{path.name} does not hold what was written to the temporary path.")
            _is_alone(path)
            _written(answer, path, "second")
            if path.read_text(encoding="utf-8") != "second":
                raise NotYet(f"a second version must replace {path.name}.")
            _failed(answer, path)
        one, other = (_entered(answer, path)[1] for _ in range(2))
        if one in (other, temporary):
            raise NotYet("two writers got the same temporary path: each needs a name of its own.", hint=1)
    return "Programs that judge by the suffix work, two writers do not meet, and an error leaves everything as it was."


def _entered(answer: Answer, path: Path) -> tuple[Any, Path]:
    """Enter the student's context manager; return it and the temporary path."""
    try:
        manager = Answer(answer.member("whole").value(path), f"whole({path.as_posix()!r}) returned")
    except NotImplementedError:
        raise NotAttempted from None
    except TypeError as error:
        raise NotYet(f"whole() raised TypeError: {error}.") from None
    if not hasattr(manager.value, "__enter__"):
        manager.fail("a context manager was expected: keep @contextmanager, and `yield` the temporary path")
    temporary = Path(manager.member("__enter__").on("with whole(…) as temporary")().is_a(str, Path).value)
    if temporary == path:
        raise NotYet("the path itself was yielded: nobody should see it before the block ends.")
    if temporary.parent.resolve() != path.parent.resolve():
        raise NotYet("the temporary path must be in the same folder: renaming is atomic only on one disk.")
    Answer(temporary.name, "the temporary name is").expect(temporary.name.endswith("".join(path.suffixes)), SUFFIX)
    if not path.parent.is_dir():
        raise NotYet(f"there is no folder {path.parent.as_posix()}: create the folder if it is missing.")
    return manager.value, temporary


def _written(answer: Answer, path: Path, text: str) -> Path:
    manager, temporary = _entered(answer, path)
    temporary.write_text(text, encoding="utf-8")
    file = temporary.stat().st_ino
    Answer(manager).member("__exit__").on("the end of the block")(None, None, None)
    if not path.exists():
        raise NotYet(f"after the block, {path.name} is not there: rename the temporary file.")
    if path.stat().st_ino != file:
        raise NotYet(f"{path.name} must be replaced in one step: rename the temporary file, do not copy it.", hint=2)
    return temporary


def _failed(answer: Answer, path: Path) -> None:
    before = path.read_bytes()
    manager, temporary = _entered(answer, path)
    error = RuntimeError("the disk is full")
    temporary.write_text("half", encoding="utf-8")
    try:
        swallowed = manager.__exit__(RuntimeError, error, None)
    except Exception as raised:
        swallowed = raised is not error
    if path.read_bytes() != before:
        raise NotYet(f"{AS_IT_WAS}: rename only if there was none.", hint=2)
    _is_alone(path)
    if swallowed:
        raise NotYet("when the block raises an error, the error must be passed on: do not catch it.", hint=2)


def _is_alone(path: Path) -> None:
    left = [each.name for each in path.parent.iterdir() if each.is_file() and each != path]
    if left:
        raise NotYet(f"{LEFT}: remove the temporary file, even after an error.", hint=2)


HALF = """import sys
from pathlib import Path
destination = sys.argv[sys.argv.index("-o") + 1]
Path(destination).write_text("half")
sys.exit(3)
"""
ORDER = "-k2,2nr -k1,1 sorts by count, the greatest first, and then by word"
RUN = """with self.output().temporary_path() as self.unfinished:
            super().run()"""


@exercise(
    "depth.program",
    title="Let another program do it",
    points=3,
    stars=2,
    hints=(
        "`program_args` returns a list with one text for each word of the command line; `[*SORT, …]` begins it. Which "
        "path is read, and which is written? `run` is two lines.",
        "`with self.output().temporary_path() as self.unfinished:` keeps the temporary path in the task, so that "
        "`program_args`, which `super().run()` calls, can use `self.unfinished` after `-o`.",
    ),
    wrong=[
        Wrong(
            "writes straight to its output",
            Edits(("self.unfinished, self.input", "self.output().path, self.input"), (RUN, "super().run()")),
            "half a file was left",
        ),
        Wrong("sorts by word", Edits(('"-k2,2nr", "-k1,1", ', "")), ORDER),
        Wrong("compares counts as text", Edits(("-k2,2nr", "-k2,2r")), ORDER),
        Wrong("puts the smallest first", Edits(("-k2,2nr", "-k2,2n")), ORDER),
        Wrong("writes one text", Edits(('"-k2,2nr", "-k1,1"', '"-k2,2nr -k1,1"')), "failed with RuntimeError"),
        Wrong("does not run it", Edits(("super().run()", "pass")), "failed with FileNotFoundError"),
        Wrong(
            "ignores the exit status",
            Edits(
                (
                    RUN,
                    "import subprocess\n        with self.output().temporary_path() as self.unfinished:\n"
                    "            subprocess.run(self.program_args())",
                )
            ),
            "its exit status",
        ),
        Wrong(
            "sorts in Python",
            Edits(
                (
                    RUN,
                    'rows = sorted(open(self.input().path), key=lambda row: (-int(row.split("\\t")[1]), row))\n'
                    "        with self.output().temporary_path() as path:\n"
                    '            open(path, "w").writelines(rows)',
                )
            ),
            "its exit status",
        ),
    ],
)
def program(answer: Answer, mail: Mail) -> str:
    """An unseen mailbox; then a program that writes half a file and fails."""
    with new_folder():
        names = {
            "mailbox_directory": mail.mailboxes[0],
            "processed_directory": Path("processed"),
            "words_directory": Path("words"),
        }
        task = make_task(answer, "SortedWords", "a mailbox", **names)
        run_task(task, hint=1)
        rows = [line.split("\t") for line in output_path(task).read_text(encoding="utf-8").splitlines()]
        counts = sorted(mail.truth["words"][mail.mailboxes[0].name].items(), key=lambda item: (-item[1], item[0]))
        found = [(word, int(count)) for word, count in rows]
        if found != counts:
            Answer(found[:2], "the first lines are").fail(ORDER, expected=counts[:2])
        output_path(task).unlink()
        with _program_is(HALF):
            crash(task, "the program fails", advice="a program says so by its exit status, and super().run() sees it")
    return "The program does the work, its exit status counts, and its output is whole or not there."


@contextmanager
def _program_is(script: str) -> Iterator[None]:
    """Inside the block, have SORT name another program."""
    Path("half.py").write_text(script, encoding="utf-8")
    command = sys.modules["program"].SORT
    before = command.copy()
    command[:] = [sys.executable, str(Path("half.py").resolve())]
    try:
        yield
    finally:
        command[:] = before


SAME = "equal tasks must have equal salts"


class Chained(Delivered):
    """A task that requires another one, which may require a third."""

    depth = luigi.IntParameter(default=2)
    version = "1"

    def requires(self) -> list[luigi.Task]:
        """Return the next task of the chain."""
        return [self.clone(Chained, depth=self.depth - 1) if self.depth else self.clone(Delivered)]


@exercise(
    "depth.salt",
    title="A name that says what is inside",
    points=3,
    stars=2,
    hints=(
        "Put everything that counts into one text: `task.task_id`, `task.version`, and the salts of `task.deps()`. How "
        "do you get the salt of a required task? You are just writing the function for that.",
        '`"\\n".join([task.task_id, task.version, *(salt(each) for each in task.deps())])` is the text, and '
        "`hashlib.sha256(text.encode()).hexdigest()[:8]` its digits.",
    ),
    wrong=[
        Wrong(
            "uses hash",
            Edits(
                ('hashlib.sha256("\\n".join(made_from).encode()).hexdigest()', 'f"{abs(hash(tuple(made_from))):08x}"')
            ),
            "another process",
        ),
        Wrong("forgets the version", Edits(("task.version, ", "")), "the version"),
        Wrong(
            "forgets the requirements", Edits((", *(salt(required) for required in task.deps())", "")), "it requires"
        ),
        Wrong(
            "looks at its direct requirements only",
            Edits(("salt(required) for", "required.task_id + required.version for")),
            "and so on",
        ),
        Wrong("forgets the task itself", Edits(("task.task_id, ", "")), "task_id"),
        Wrong("counts insignificant parameters", Edits(("task.task_id,", "str(task.param_kwargs),")), "significant"),
        Wrong("returns all digits", Edits(("[:8]", "")), "eight hex digits"),
        Wrong("returns bytes", Edits((".hexdigest()", ".digest()")), "a str was expected"),
        Wrong("is random", Edits(("[task.task_id,", '[__import__("uuid").uuid4().hex,')), SAME),
    ],
    right=[Right("hashes with another function", Edits(("sha256", "blake2b")))],
)
def salt(answer: Answer, mail: Mail) -> str:
    """Tasks that differ in one thing, a chain of them, and hashes as another process would have them."""
    task = Delivered(mailbox="quill-a")
    first = _salt(answer, task)
    if _salt(answer, Delivered(mailbox="quill-a", comment="")) != first:
        raise NotYet(f"{SAME}.")
    if _salt(answer, Delivered(mailbox="quill-a", comment="Bo asked for it")) != first:
        raise NotYet("a parameter that is not significant changed the salt: task_id has only those that are.")
    if _salt(answer, Delivered(mailbox="marsh-b")) == first:
        raise NotYet("tasks with other parameters have the same salt: use task_id.")
    chain = Chained(mailbox="quill-a")
    before = _salt(answer, chain)
    for changed, advice in (
        (Chained, "when the version of the task changes, the salt must change: use task.version"),
        (
            Delivered,
            "when a version further up changes, the salt must change: use the salts of what it requires, and so on",
        ),
    ):
        with _version(changed):
            if _salt(answer, chain) == before:
                raise NotYet(f"{advice}.", hint=2)
    with patch("builtins.hash", _other_hash):  # as in another process
        if _salt(answer, task) != first:
            raise NotYet("in another process the salt is different: make it with hashlib, as hash() changes each time.")
    return "The name changes with the code, the parameters and everything upstream, and is the same in every process."


def _other_hash(value: object, here: Callable[[object], int] = hash) -> int:
    """Return what hash() may return for the value in another process."""
    return here(("another process", value))


def _salt(answer: Answer, task: luigi.Task) -> str:
    got = answer.member("salt").on("a task")(task).is_a(str)
    digits = isinstance(got.plain, str) and len(got.plain) == 8 and set(got.plain) <= set("0123456789abcdef")
    return str(got.expect(digits, "eight hex digits were expected").plain)


@contextmanager
def _version(task_class: Any) -> Iterator[None]:
    before = task_class.version
    task_class.version = "2"
    try:
        yield
    finally:
        task_class.version = before
