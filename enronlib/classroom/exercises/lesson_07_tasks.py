"""Exercises of lesson 07: a task with a parameter, one with a requirement, what will run, and a count that is whole."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from enronlib.classroom.answer import Answer, NotAttempted, NotYet
from enronlib.classroom.exercise import Wrong, changed, lesson
from enronlib.classroom.mail import Mail
from enronlib.corpus import message_files
from enronlib.messages import plain_text, read_email
from enronlib.words import tokens

exercise = lesson("07_luigi_first_tasks")

OUT = Path("out")


@contextmanager
def _new_folder() -> Iterator[None]:
    """Work in a new folder with OUT in it: paths in verdicts are short, and no file of the student's is touched."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        OUT.mkdir()
        yield


def _task(answer: Answer, name: str, what: str, **parameters: Any) -> Answer:
    """Make the student's task and call what Luigi will call, so that a method not written yet is found first."""
    import luigi  # noqa: PLC0415  costly, and most lessons do without

    task = answer.member(name).on(what)(**parameters).is_a(luigi.Task)
    task.member("output")().is_a(luigi.LocalTarget)
    task.member("requires")()
    task.member("complete")()
    return task


def _path(task: Answer) -> Answer:
    return Answer(Path(task.value.output().path).as_posix(), "the path of the output is")


def _text(task: Answer) -> Answer:
    path = Path(task.value.output().path)
    return Answer(path.read_text(encoding="utf-8"), f"{path.name} holds")


def _requires(task: Answer, family: str, **parameters: Any) -> None:
    """Go on if the task requires one task of this name, with these parameters."""
    from luigi.task import flatten  # noqa: PLC0415  as above

    name = type(task.value).__name__
    required = flatten(task.value.requires())
    if [type(each).__name__ for each in required] != [family]:
        raise NotYet(f"{name}.requires() does not return one {family}; it is the task whose output you read.")
    for key, value in parameters.items():
        Answer(getattr(required[0], key, None), f"the {key} of the {family} that {name} requires is").equals(
            value, f"hand the parameter on, from {name} to {family}"
        )


SIZE = """
import luigi
from luigi.format import UTF8
from enronlib.corpus import message_files

class MailboxSize(luigi.Task):
    mailbox_directory = luigi.PathParameter()
    folder = luigi.PathParameter()

    def output(self):
        return luigi.LocalTarget(self.folder / f"{self.mailbox_directory.name}_size.txt", format=UTF8)

    def run(self):
        number = len(message_files(self.mailbox_directory))
        with self.output().open("w") as file:
            file.write(f"{number}\\n")
"""
OWN_FILE = "each mailbox has a file of its own in the folder"
NUMBER = "the number of messages, those that message_files lists, and a line break are asked for"


@exercise(
    "tasks.size",
    title="A small file for each mailbox",
    points=2,
    stars=1,
    hints=(
        "Two methods, one to three lines each. `output` returns a target; what must be in its path, so that two "
        "mailboxes do not share a file? `run` writes to that very target.",
        'The path is `self.folder / f"{self.mailbox_directory.name}_size.txt"`; give it to '
        '`luigi.LocalTarget(…, format=UTF8)`. In `run`, write inside `with self.output().open("w") as file:`.',
    ),
    wrong=[
        Wrong("has one file for all", changed(SIZE, ("{self.mailbox_directory.name}_size", "size")), OWN_FILE),
        Wrong("forgets the folder", changed(SIZE, ("self.folder / ", "")), OWN_FILE),
        Wrong(
            "returns a path",
            changed(SIZE, ("luigi.LocalTarget(", "str("), (", format=UTF8)", ")")),
            "a LocalTarget was expected",
        ),
        Wrong("writes elsewhere", changed(SIZE, ("self.output().open(", 'open("size.txt", ')), "output is not there"),
        Wrong(
            "counts the entries of the mailbox",
            changed(SIZE, ("message_files(self.mailbox_directory)", "list(self.mailbox_directory.iterdir())")),
            NUMBER,
        ),
        Wrong(
            "counts hidden files, too",
            changed(
                SIZE,
                (
                    "len(message_files(self.mailbox_directory))",
                    "sum(path.is_file() for path in self.mailbox_directory.rglob('*'))",
                ),
            ),
            NUMBER,
        ),
        Wrong("forgets the line break", changed(SIZE, ("{number}\\n", "{number}")), NUMBER),
        Wrong("writes a number", changed(SIZE, ('f"{number}\\n"', "number")), "failed with TypeError"),
        Wrong("knows only the example", changed(SIZE, ("{number}\\n", "4\\n")), NUMBER),
        Wrong("has another name", changed(SIZE, ("class MailboxSize", "class Size")), "there is no `MailboxSize`"),
    ],
)
def size(answer: Answer, mail: Mail) -> str:
    """Two small mailboxes, one with a hidden file, and some unseen ones, into one folder."""
    from enronlib.classroom.luigi_tasks import run_task  # noqa: PLC0415  imports luigi

    with _new_folder():
        hidden = "quill-a/inbox/.DS_Store"  # a Mac writes one into each folder that it shows
        messages = "quill-a/inbox/1_", "quill-a/inbox/old/2_", "quill-a/3_", "quill-a/sent/1_", "marsh-b/inbox/1_"
        for name in (*messages, hidden):
            path = Path("mail", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("Subject: Gas\n\nCall me.\n", encoding="utf-8")
        for mailbox in mail.mailboxes[:2]:
            shutil.copytree(mailbox, Path("mail", mailbox.name))
        for mailbox in sorted(Path("mail").iterdir()):
            task = _task(answer, "MailboxSize", "a mailbox", mailbox_directory=mailbox, folder=OUT)
            _path(task).equals(f"out/{mailbox.name}_size.txt", OWN_FILE)
            run_task(task)
            _text(task).equals(f"{len(message_files(mailbox))}\n", NUMBER, hint=2)
    return "Each mailbox got a file of its own, with the number of its messages, however deep they lie."


MUSIC = """
import luigi
from luigi.format import UTF8

class Plays(luigi.Task):
    folder = luigi.PathParameter()

    def output(self):
        return luigi.LocalTarget(self.folder / "plays.tsv", format=UTF8)

    def run(self):
        with self.output().open("w") as file:
            file.write("SE\\tTin Boat\\nSE\\tAmber\\nSE\\tTin Boat\\n")

class PlaysByCountry(luigi.Task):
    country = luigi.Parameter()
    folder = luigi.PathParameter()

    def requires(self):
        return Plays(self.folder)

    def output(self):
        return luigi.LocalTarget(self.folder / f"plays_{self.country}.tsv", format=UTF8)

    def run(self):
        with self.output().open("w") as file:
            file.write("Amber\\t1\\nTin Boat\\t2\\n")

class TopSongs(luigi.Task):
    country = luigi.Parameter()
    folder = luigi.PathParameter()
    n = luigi.IntParameter(default=3)

    def requires(self):
        return PlaysByCountry(self.country, self.folder)

    def output(self):
        return luigi.LocalTarget(self.folder / f"top_{self.n}_{self.country}.tsv", format=UTF8)

    def run(self):
        with self.input().open() as file:
            rows = [line.rstrip("\\n").split("\\t") for line in file]
        rows.sort(key=lambda row: (-int(row[1]), row[0]))
        with self.output().open("w") as file:
            for song, plays in rows[:self.n]:
                file.write(f"{song}\\t{plays}\\n")
"""
PLANTED = {"Amber": 9, "Bell Tower": 10, "Cold Tea": 104, "Dune": 10, "Ferry": 2, "Gravel Road": 30, "Oxbow": 9}
BY_PLAYS = "most played first: compare the plays as numbers, and songs with equal plays by name"
SORTED = "rows.sort(key=lambda row: (-int(row[1]), row[0]))"


def _top(plays: dict[str, int], n: int) -> str:
    rows = sorted(plays.items(), key=lambda item: (-item[1], item[0]))
    return "".join(f"{song}\t{number}\n" for song, number in rows[:n])


@exercise(
    "tasks.top",
    title="The top songs of one country",
    points=3,
    stars=2,
    hints=(
        "`PlaysByCountry` is built in the same way: compare the three methods. What does each need to know? `requires` "
        "the country and the folder, the path of the output the number as well, and `run` what `self.input()` holds.",
        "Read the lines into a list of `(song, int(plays))`. `sorted(rows, key=lambda row: (-row[1], row[0]))` puts "
        "the most played first, and equal ones by name. Write the first `self.n` of them.",
    ),
    wrong=[
        Wrong(
            "requires nothing",
            changed(
                MUSIC,
                ("return PlaysByCountry(self.country, self.folder)", "return []"),
                ("self.input().open()", 'open(self.folder / f"plays_{self.country}.tsv")'),
            ),
            "does not return one PlaysByCountry",
        ),
        Wrong(
            "requires the wrong task",
            changed(MUSIC, ("return PlaysByCountry(self.country, self.folder)", "return Plays(self.folder)")),
            "does not return one PlaysByCountry",
        ),
        Wrong(
            "requires one country only",
            changed(MUSIC, ("PlaysByCountry(self.country, ", 'PlaysByCountry("SE", ')),
            "hand the parameter on",
        ),
        Wrong("leaves n out of the path", changed(MUSIC, ("top_{self.n}_", "top_")), "number and the country"),
        Wrong("compares plays as text", changed(MUSIC, ("-int(row[1])", "row[1]")), "compare the plays as numbers"),
        Wrong(
            "leaves equal ones as they come",
            changed(MUSIC, (SORTED, "rows.sort(key=lambda row: int(row[1]))")),
            BY_PLAYS,
        ),
        Wrong(
            "sorts equal ones backwards",
            changed(MUSIC, (SORTED, "rows.sort(key=lambda row: (int(row[1]), row[0]), reverse=True)")),
            BY_PLAYS,
        ),
        Wrong("writes all songs", changed(MUSIC, ("rows[:self.n]", "rows")), "n songs"),
        Wrong("writes the songs only", changed(MUSIC, ("{song}\\t{plays}\\n", "{song}\\n")), "a tab"),
        Wrong("knows only three", changed(MUSIC, ("rows[:self.n]", "rows[:3]")), "n songs"),
    ],
)
def top(answer: Answer, mail: Mail) -> str:
    """Plays that are there already, for two countries and three numbers; then the whole chain from nothing."""
    from enronlib.classroom.luigi_tasks import run_task  # noqa: PLC0415  imports luigi

    with _new_folder():
        for country, n in (("PT", 3), ("PT", 4), ("FI", 2), ("FI", 50)):
            plays = PLANTED if country == "PT" else {song: 1000 - number for song, number in PLANTED.items()}
            lines = "".join(f"{song}\t{number}\n" for song, number in plays.items())
            Path(OUT, f"plays_{country}.tsv").write_text(lines, encoding="utf-8")
            task = _task(answer, "TopSongs", "a country", country=country, folder=OUT, n=n)
            _requires(task, "PlaysByCountry", country=country, folder=OUT)
            _path(task).equals(f"out/top_{n}_{country}.tsv", "the number and the country belong in it")
            run_task(task)
            text = _text(task)
            rows = [line.split("\t") for line in text.plain.splitlines()]
            text.expect(all(len(row) == 2 for row in rows), "a line is asked for each: the song, a tab, its plays")
            text.expect(len(rows) == min(n, len(plays)), f"n songs are asked for, here n={n}", hint=2)
            text.equals(_top(plays, n), BY_PLAYS, hint=2)
        run_task(_task(answer, "TopSongs", "a country", country="SE", folder=Path("from_nothing"), n=1))
    return "You handed the country on, sorted by number, and Luigi ran what was missing before."


RUNS = {"A": 1, "B": 0, "C": 2, "D": 1, "E": 3, "F": 0}
RULES = {
    "A": "what the task requires is there",
    "B": "Luigi asks the task that you want first, and goes no further if that one is complete",
    "C": "what is not complete asks what it requires, and so on backwards",
    "D": "what is not complete asks what it requires, and goes no further back where that is complete",
    "E": "a careful task looks at what it requires, and that in turn misses something",
    "F": "a careful task asks what it requires; does that one look any further?",
}


@exercise(
    "tasks.runs",
    title="What will run?",
    points=2,
    stars=2,
    hints=(
        "Play Luigi, from the end to the beginning: ask the task that is wanted whether it is complete. If it is, you "
        "are done. If not, ask what it requires in the same way, and count each one that is not complete.",
        "`CarefulWinner` has a `complete` of its own, `PlaysByCountry` and `Plays` have not: they look at their own "
        "file only. And you can try it: delete the files with `unlink()` and call `run`.",
    ),
    wrong=[
        Wrong("thinks that a missing file in the middle is seen", RUNS | {"B": 2}, RULES["B"]),
        Wrong("thinks that only the last task runs", RUNS | {"C": 1}, RULES["C"]),
        Wrong("goes back to the beginning", RUNS | {"D": 3}, RULES["D"]),
        Wrong("counts missing files", RUNS | {"E": 2}, RULES["E"]),
        Wrong("thinks that care is inherited", RUNS | {"F": 3}, RULES["F"]),
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


COUNT = """
import luigi
from collections import Counter
from luigi.format import UTF8
from enronlib.corpus import message_files
from enronlib.messages import plain_text, read_email
from enronlib.words import tokens

class MailboxText(luigi.Task):
    mailbox_directory = luigi.PathParameter()
    folder = luigi.PathParameter()

    def output(self):
        return luigi.LocalTarget(self.folder / f"{self.mailbox_directory.name}_text.txt", format=UTF8)

    def run(self):
        with self.output().open("w") as file:
            for path in message_files(self.mailbox_directory):
                file.write(plain_text(read_email(path)) + "\\n")

class WordCount(luigi.Task):
    mailbox_directory = luigi.PathParameter()
    folder = luigi.PathParameter()

    def requires(self):
        return MailboxText(self.mailbox_directory, self.folder)

    def output(self):
        return luigi.LocalTarget(self.folder / f"{self.mailbox_directory.name}_words.txt", format=UTF8)

    def run(self):
        with self.input().open() as file:
            counts = Counter(tokens(file.read()))
        with self.output().open("w") as file:
            for word, number in sorted(counts.items()):
                file.write(f"{word}\\t{number}\\n")

    def complete(self):
        return self.requires().complete() and super().complete()
"""
WRITES = """with self.output().open("w") as file:
            for word, number"""
IN_FOLDER = "name it after the mailbox, in the folder"
LINES = "a line is asked for each word: the word, a tab, its number, sorted by word"
WORDS = "count what `tokens` makes of the text"
WHOLE = "half a file was left: write through the target"


def _count_lines(counts: Counter[str]) -> str:
    return "".join(f"{word}\t{number}\n" for word, number in sorted(counts.items()))


@exercise(
    "tasks.count",
    title="A word count that is whole or not there",
    points=4,
    stars=3,
    hints=(
        "Go method by method. `requires`: which task makes the text, and of which mailbox? `output`: what must be in "
        "the path? `run`: read `self.input()`, count, then write. `complete`: what did `CarefulWinner` ask?",
        "`Counter(tokens(text))` counts, and `sorted(counts.items())` brings words and numbers in order. Write only "
        'inside `with self.output().open("w") as file:`; if an error comes in between, no file appears.',
    ),
    wrong=[
        Wrong(
            "requires nothing",
            changed(
                COUNT,
                ("return MailboxText(self.mailbox_directory, self.folder)", "return []"),
                ("self.requires().complete() and ", ""),
            ),
            "does not return one MailboxText",
        ),
        Wrong("has one file for all", changed(COUNT, ("{self.mailbox_directory.name}_words", "words")), IN_FOLDER),
        Wrong("splits at blanks", changed(COUNT, ("tokens(file.read())", "file.read().split()")), WORDS),
        Wrong(
            "writes the most frequent first",
            changed(COUNT, ("sorted(counts.items())", "counts.most_common()")),
            "sorted by word",
        ),
        Wrong("writes the number first", changed(COUNT, ("{word}\\t{number}", "{number}\\t{word}")), "the word, a tab"),
        Wrong(
            "opens the path and not the target",
            changed(COUNT, (WRITES, WRITES.replace('self.output().open("w")', 'open(self.output().path, "w")'))),
            "half a file was left",
        ),
        Wrong("looks only at its own file", changed(COUNT, ("self.requires().complete() and ", "")), "while the text"),
        Wrong(
            "is always complete",
            changed(COUNT, ("self.requires().complete() and super().complete()", "True")),
            "complete() says True before there is a file",
        ),
        Wrong(
            "looks only at what it requires",
            changed(COUNT, ("self.requires().complete() and super()", "self.requires()")),
            "while its own file",
        ),
    ],
)
def count(answer: Answer, mail: Mail) -> str:
    """Unseen mailboxes, in one folder; then a text that goes missing, and a crash in the middle of writing."""
    from enronlib.classroom.luigi_tasks import crash, run_task  # noqa: PLC0415  imports luigi

    with _new_folder():
        for mailbox in mail.mailboxes[:3]:
            shutil.copytree(mailbox, Path("mail", mailbox.name))
        mailboxes = sorted(Path("mail").iterdir())
        for mailbox in mailboxes[:2]:
            task = _task(answer, "WordCount", "a mailbox", mailbox_directory=mailbox, folder=OUT)
            _requires(task, "MailboxText", mailbox_directory=mailbox, folder=OUT)
            _path(task).equals(f"out/{mailbox.name}_words.txt", IN_FOLDER)
            run_task(task)
            text = _text(task)
            rows = [line.split("\t") for line in text.plain.splitlines()]
            shaped = all(len(row) == 2 and row[1].isdecimal() for row in rows) and rows == sorted(rows)
            text.expect(shaped, LINES, hint=2)
            words = Counter(word for path in message_files(mailbox) for word in tokens(plain_text(read_email(path))))
            text.equals(_count_lines(words), WORDS, hint=2)
        own, required = Path(task.value.output().path), Path(task.value.input().path)
        _is_incomplete_without(required, task, "the text that it was made from")
        _is_incomplete_without(own, task, "its own file")
        crashing = _task(answer, "WordCount", "a mailbox", mailbox_directory=mailboxes[2], folder=OUT)
        unwritable = ["pipeline", "\ud800"]  # the second word cannot be written: an error in the middle of the file
        with patch.object(answer.value, "tokens", lambda text: unwritable, create=True):
            crash(crashing)
    return "Your count is right, whole or not there, and done only while the text that it needs is there."


def _is_incomplete_without(path: Path, task: Answer, what: str) -> None:
    aside = path.rename(path.with_suffix(".aside"))
    complete = task.member("complete")()
    complete.is_a(bool).expect(complete.plain is False, f"the task is to be done only while {what} is there")
    aside.rename(path)
