"""Exercises of lesson 07: a task with a parameter, a task with a requirement, what will run, an atomic word count."""

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luigi.task import flatten

from enronlib.classroom.answer import Answer, NotAttempted, NotYet
from enronlib.classroom.exercise import Edits, Wrong, lesson
from enronlib.classroom.luigi_tasks import (
    UNWRITABLE,
    crash,
    make_task,
    new_folder,
    output_path,
    replaces_output,
    run_task,
    stand_in,
    write_message,
)
from enronlib.classroom.mail import Mail
from enronlib.corpus import message_files
from enronlib.messages import plain_text, read_email
from enronlib.words import tokens

exercise = lesson("07_luigi_first_tasks")

MAIL, OUT = Path("mail"), Path("out")


def _path(task: Answer) -> Answer:
    return Answer(output_path(task).as_posix(), "the path of the output is")


def _text(task: Answer) -> Answer:
    path = output_path(task)
    return Answer(path.read_text(encoding="utf-8"), f"{path.name} holds")


def _requires(task: Answer, family: str, **parameters: Any) -> None:
    """Continue if the task requires one task with this class name and these parameters."""
    name = type(task.value).__name__
    required = flatten(task.value.requires())
    if [type(each).__name__ for each in required] != [family]:
        raise NotYet(f"{name}.requires() does not return one {family}, the task whose output you read.")
    for key, value in parameters.items():
        found = Answer(getattr(required[0], key, None), f"the {key} of the {family} that {name} requires is")
        found.equals(value, f"pass the parameter on, from {name} to {family}")


OWN_FILE = "each mailbox needs its own file in the folder"
NUMBER = "write the number of messages, as message_files lists them, and a line break"


@exercise(
    "tasks.size",
    title="A small file for each mailbox",
    points=2,
    stars=1,
    hints=(
        "Two methods, one to three lines each. `output` returns a target. What must be in its path, so that two "
        "mailboxes do not share a file? `run` writes to that same target.",
        'The path is `self.folder / f"{self.mailbox_directory.name}_size.txt"`; pass it to '
        '`luigi.LocalTarget(…, format=UTF8)`. In `run`, write inside `with self.output().open("w") as file:`.',
    ),
    wrong=[
        Wrong("has one file for all", Edits(("{self.mailbox_directory.name}_size", "size")), OWN_FILE),
        Wrong("forgets the folder", Edits(("self.folder / f", "f")), OWN_FILE),
        Wrong(
            "returns a path",
            Edits(("luigi.LocalTarget(", "str("), (", format=UTF8)", ")")),
            "a LocalTarget was expected",
        ),
        Wrong("writes elsewhere", Edits(("self.output().open(", 'open("size.txt", ')), "output is not there"),
        Wrong(
            "counts the entries of the mailbox folder",
            Edits(("message_files(self.mailbox_directory)", "list(self.mailbox_directory.iterdir())")),
            NUMBER,
        ),
        Wrong(
            "counts hidden files as well",
            Edits(
                (
                    "len(message_files(self.mailbox_directory))",
                    "sum(path.is_file() for path in self.mailbox_directory.rglob('*'))",
                )
            ),
            NUMBER,
        ),
        Wrong("forgets the line break", Edits(('}\\n"', '}"')), NUMBER),
        Wrong("writes a number, not text", Edits(('f"{len(', "(len("), (')}\\n"', "))")), "failed with TypeError"),
        Wrong("knows only the example", Edits(("{len(message_files(self.mailbox_directory))}", "4")), NUMBER),
        Wrong("has another class name", Edits(("class MailboxSize", "class Size")), "there is no `MailboxSize`"),
    ],
)
def size(answer: Answer, mail: Mail) -> str:
    """Two small mailboxes, one with a hidden file, and two unseen ones, all into one folder."""
    with new_folder():
        hidden = "quill-a/inbox/.DS_Store"  # macOS writes one into each folder that it displays
        for name in ("quill-a/inbox/1_", "quill-a/inbox/old/2_", "quill-a/3_", "marsh-b/inbox/1_", hidden):
            write_message(MAIL / name, "Call me.")
        for mailbox in mail.mailboxes[:2]:
            shutil.copytree(mailbox, MAIL / mailbox.name)
        for mailbox in sorted(MAIL.iterdir()):
            task = make_task(answer, "MailboxSize", "a mailbox", mailbox_directory=mailbox, folder=OUT)
            _path(task).equals(f"out/{mailbox.name}_size.txt", OWN_FILE)
            run_task(task)
            _text(task).equals(f"{len(message_files(mailbox))}\n", NUMBER, hint=2)
    return "Each mailbox has its own file with the number of its messages, however deep in its folders they are."


COUNTS = {"ada@x": 9, "bo@x": 10, "cy@x": 104, "dan@x": 10, "eve@x": 2, "fay@x": 30, "gus@x": 9}
BY_NUMBER = "the largest number comes first: compare numbers, not text, and order senders with equal numbers by name"
SORT = "rows.sort(key=lambda row: (-int(row[1]), row[0]))"
TOP_FILE = "each mailbox and each n has its own file, top_<n>_<mailbox>.tsv, in the folder"
REQUIRED = "does not return one SenderCounts"


@exercise(
    "tasks.top",
    title="The top senders of a mailbox",
    points=3,
    stars=2,
    hints=(
        "`SenderCounts` has the same structure: compare the three methods. What does each need to know? `requires` "
        "needs the mailbox and the folder, the output's path also the number, and `run` what `self.input()` holds.",
        "Read the lines into a list of `(sender, int(number))`. `sorted(rows, key=lambda row: (-row[1], row[0]))` puts "
        "the largest number first, and equal ones in alphabetical order. Which part of that list do you write?",
    ),
    wrong=[
        Wrong(
            "requires nothing",
            Edits(
                ("return SenderCounts(self.mailbox_directory, self.folder)", "return []"),
                ("self.input().open()", 'open(self.folder / f"{self.mailbox_directory.name}_counts.tsv")'),
            ),
            REQUIRED,
        ),
        Wrong(
            "requires the wrong task",
            Edits(("import SenderCounts", "import Senders"), ("SenderCounts(self", "Senders(self")),
            REQUIRED,
        ),
        Wrong(
            "requires the counts of another mailbox",
            Edits(("SenderCounts(self.mailbox_directory,", "SenderCounts(self.mailbox_directory.parent,")),
            "pass the parameter on",
        ),
        Wrong("leaves n out of the path", Edits(("top_{self.n}_", "top_")), TOP_FILE),
        Wrong(
            "swaps the parts of the name",
            Edits(("top_{self.n}_{self.mailbox_directory.name}", "top_{self.mailbox_directory.name}_{self.n}")),
            TOP_FILE,
        ),
        Wrong("compares numbers as text", Edits(("-int(row[1])", "row[1]")), "compare numbers"),
        Wrong("leaves equal ones as they are", Edits((SORT, "rows.sort(key=lambda row: int(row[1]))")), BY_NUMBER),
        Wrong(
            "sorts equal ones backwards",
            Edits((SORT, "rows.sort(key=lambda row: (int(row[1]), row[0]), reverse=True)")),
            BY_NUMBER,
        ),
        Wrong("writes all senders", Edits(("rows[: self.n]", "rows")), "n senders"),
        Wrong("writes the senders only", Edits(("{sender}\\t{number}\\n", "{sender}\\n")), "a tab"),
        Wrong("always writes three", Edits(("rows[: self.n]", "rows[:3]")), "n senders"),
    ],
)
def top(answer: Answer, mail: Mail) -> str:
    """Counts that are there already, for two mailboxes and four numbers; then the whole chain from raw mail."""
    with new_folder():
        OUT.mkdir()
        for name, n in (("quill-a", 3), ("quill-a", 4), ("marsh-b", 2), ("marsh-b", 50)):
            counts = COUNTS if name == "quill-a" else {sender: 1000 - number for sender, number in COUNTS.items()}
            Path(OUT, f"{name}_counts.tsv").write_text(_lines(counts), encoding="utf-8", newline="\n")
            mailbox = MAIL / name
            task = make_task(answer, "TopSenders", "a mailbox", mailbox_directory=mailbox, folder=OUT, n=n)
            _requires(task, "SenderCounts", mailbox_directory=mailbox, folder=OUT)
            _path(task).equals(f"out/top_{n}_{name}.tsv", TOP_FILE)
            run_task(task)
            text = _text(task)
            rows = [line.split("\t") for line in text.plain.splitlines()]
            text.expect(all(len(row) == 2 for row in rows), "each line needs a sender, a tab and a number")
            text.expect(len(rows) == min(n, len(counts)), f"n senders were expected, here n={n}", hint=2)
            best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:n]
            text.equals(_lines(dict(best)), BY_NUMBER, hint=2)
        chain = {"mailbox_directory": mail.mailboxes[0], "folder": Path("from_nothing"), "n": 1}
        run_task(make_task(answer, "TopSenders", "a mailbox", **chain))
    return "You passed the mailbox on and sorted by number, and Luigi first ran what was missing."


def _lines(counts: Mapping[str, int]) -> str:
    return "".join(f"{name}\t{number}\n" for name, number in counts.items())


RUNS = {"A": 1, "B": 0, "C": 2, "D": 1, "E": 3, "F": 0}
RULES = {
    "A": "the task's requirements are complete",
    "B": "Luigi asks the task you want first, and goes no further if that one is complete",
    "C": "a task that is not complete asks its requirements, and so on backwards",
    "D": "a task that is not complete asks its requirements; Luigi does not look behind one that is complete",
    "E": "a careful task also asks its requirements, and here one of them has nothing to read, either",
    "F": "a careful task asks its requirements; do they look any further?",
}


@exercise(
    "tasks.runs",
    title="What will run?",
    points=2,
    stars=2,
    hints=(
        "Play Luigi, from the end to the beginning: ask the task you want whether it is complete. If it is, you "
        "are done. If not, ask its requirements in the same way, and count each task that is not complete.",
        "`CarefulBusiest` has its own `complete`. `SenderCounts` and `Senders` do not: they only look for their own "
        "file. You can also try it: delete the files with `unlink()` and call `show_run`.",
    ),
    wrong=[
        Wrong("thinks that Luigi sees a missing file in the middle", RUNS | {"B": 2}, RULES["B"]),
        Wrong("thinks that only the last task runs", RUNS | {"C": 1}, RULES["C"]),
        Wrong("goes back to the beginning", RUNS | {"D": 3}, RULES["D"]),
        Wrong("counts missing files", RUNS | {"E": 2}, RULES["E"]),
        Wrong("thinks that requirements are careful, too", RUNS | {"F": 3}, RULES["F"]),
        Wrong("runs everything", dict.fromkeys(RUNS, 3), RULES["A"]),
        Wrong("gives texts", {letter: str(number) for letter, number in RUNS.items()}, "an int was expected"),
        Wrong("leaves some out", {"A": 1, "B": 0}, "it has no 'C'"),
        Wrong("gives a list", list(RUNS.values()), "a dict was expected"),
    ],
)
def runs(answer: Answer, mail: Mail) -> str:
    """The number of tasks that run, case by case."""
    answer.is_a(dict)
    if answer.plain and all(number is ... for number in answer.plain.values()):
        raise NotAttempted
    for letter, number in RUNS.items():
        answer[letter].equals(number, RULES[letter], hint=2 if letter in "EF" else 1)
    return "You know what Luigi looks at, and what it does not look at."


IN_FOLDER = "name it after the mailbox, in the folder"
LINES = "each line needs a word, a tab and its number, and the lines are sorted by word"
WORDS = "count the words that `tokens` finds in the text"
WRITE = """with self.output().open("w") as file:
            for word, number in sorted(counts.items()):
                file.write(f"{word}\\t{number}\\n")"""
IN_PLACE = """text = "".join(f"{word}\\t{number}\\n" for word, number in sorted(counts.items()))
        Path(self.output().path).write_bytes(text.encode())"""


@exercise(
    "tasks.count",
    title="A word count that is whole or not there",
    points=4,
    stars=3,
    hints=(
        "Go method by method. `requires`: which task makes the text, and of which mailbox? `output`: what must be in "
        "the path? `run`: read `self.input()`, count, then write. `complete`: what did `CarefulBusiest` ask?",
        "`Counter(tokens(text))` counts, and `sorted(counts.items())` puts words and numbers in order. Write only "
        'inside `with self.output().open("w") as file:`; if an error occurs there, no file appears.',
    ),
    wrong=[
        Wrong(
            "requires nothing",
            Edits(("return MailboxText(self.mailbox_directory, self.folder)", "return []")),
            "does not return one MailboxText",
        ),
        Wrong("has one file for all", Edits(("{self.mailbox_directory.name}_words", "words")), IN_FOLDER),
        Wrong("splits at spaces", Edits(("tokens(file.read())", "file.read().split()")), WORDS),
        Wrong(
            "writes the most frequent first",
            Edits(("sorted(counts.items())", "counts.most_common()")),
            "sorted by word",
        ),
        Wrong("writes the number first", Edits(("{word}\\t{number}", "{number}\\t{word}")), "a word, a tab"),
        Wrong(
            "reads the mail, not the text",
            Edits(
                ("file.read()", '"\\n".join(plain_text(read_email(m)) for m in message_files(self.mailbox_directory))')
            ),
            "run() does not read its input",
        ),
        Wrong(
            "opens the path and not the target",
            Edits((WRITE, WRITE.replace('self.output().open("w")', 'open(self.output().path, "w")'))),
            "half a file was left",
        ),
        Wrong(
            "writes all at once, but in place",
            Edits((WRITE, IN_PLACE), ("import luigi\n", "from pathlib import Path\nimport luigi\n")),
            "straight to the path of its output",
        ),
        Wrong(
            "swallows the error",
            Edits(
                (WRITE, WRITE.replace("as file", "as file, suppress(Exception)")),
                ("import luigi\n", "from contextlib import suppress\nimport luigi\n"),
            ),
            "swallowed the error",
        ),
        Wrong(
            "looks only at its own file", Edits(("all(task.complete() for task in self.deps()) and ", "")), "the text"
        ),
        Wrong(
            "is always complete",
            Edits(("return all(task.complete() for task in self.deps()) and super().complete()", "return True")),
            "complete() says True before there is a file",
        ),
        Wrong("asks itself", Edits(("super().complete()", "self.complete()")), "complete() raised RecursionError"),
        Wrong("looks only at what it requires", Edits((" and super().complete()", "")), "while its own file"),
    ],
)
def count(answer: Answer, mail: Mail) -> str:
    """Unseen mailboxes into one folder, another text, files that go missing, and an error while it writes."""
    with new_folder():
        for mailbox in mail.mailboxes[:3]:
            shutil.copytree(mailbox, MAIL / mailbox.name)
        *mailboxes, last = sorted(MAIL.iterdir())
        for mailbox in mailboxes:
            task = make_task(answer, "WordCount", "a mailbox", mailbox_directory=mailbox, folder=OUT)
            _requires(task, "MailboxText", mailbox_directory=mailbox, folder=OUT)
            _path(task).equals(f"out/{mailbox.name}_words.txt", IN_FOLDER)
            run_task(task)
            text = _text(task)
            rows = [line.split("\t") for line in text.plain.splitlines()]
            shaped = all(len(row) == 2 and row[1].isdecimal() for row in rows) and rows == sorted(rows)
            text.expect(shaped, LINES, hint=2)
            words = Counter(word for path in message_files(mailbox) for word in tokens(plain_text(read_email(path))))
            text.equals(_lines(dict(sorted(words.items()))), WORDS, hint=2)
        own, required = output_path(task), Path(flatten(task.value.input())[0].path)
        _is_incomplete_without(required, task, "the text that it was made from")
        _is_incomplete_without(own, task, "its own file")
        own.unlink()
        required.write_text("Call me. Call now.\n", encoding="utf-8")
        run_task(task)
        if _text(task).plain != "call\t2\nme\t1\nnow\t1\n":
            raise NotYet("run() does not read its input: count the words of the text, self.input().")
        crashing = make_task(answer, "WordCount", "a mailbox", mailbox_directory=last, folder=OUT)
        with stand_in(tokens, answer.value, return_value=UNWRITABLE) as cause:
            crash(crashing, "a word cannot be written", cause)
        replaces_output(task)
    return "Your count is right, it is whole or not there, and it is done only while the text that it needs is there."


def _is_incomplete_without(path: Path, task: Answer, what: str) -> None:
    aside = path.rename(path.with_suffix(".aside"))
    complete = task.member("complete")()
    complete.is_a(bool).expect(complete.plain is False, f"the task must count as done only while {what} is there")
    aside.rename(path)
