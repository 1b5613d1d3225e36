"""Exercises of the lesson template: the pattern to copy. One asks for a function, one for a Luigi task in a module."""

import tempfile
from pathlib import Path

from enronlib.classroom.answer import Answer
from enronlib.classroom.exercise import Edits, Wrong, lesson
from enronlib.classroom.mail import Mail

exercise = lesson("template")


@exercise(
    "template.longest",
    title="The longest word",
    points=2,
    hints=(
        "What does `max` return for a list of words? What does its argument `key` change?",
        "`max(words, key=…)` returns the first of the greatest. Which built-in function returns the length of a word?",
    ),
    wrong=[
        Wrong("returns the length", lambda words: max(map(len, words), default=0), "a str was expected"),
        Wrong("compares text, not lengths", Edits(("key=len, ", "")), "return the longest word"),
        Wrong("forgets the empty list", Edits((', default=""', "")), "raised ValueError"),
        Wrong("returns the last of equals", Edits(("max(words", "max(reversed(words)")), "return the first of them"),
    ],
)
def longest(answer: Answer, mail: Mail) -> str:
    """Lists with a tie and without words, then subjects of unseen mail."""
    by_length = "return the longest word, not the last one in the alphabet"
    answer(["mail", "pipeline", "zip"]).equals("pipeline", by_length)
    answer(["task", "mail", "job"]).equals("task", "if several words are the longest, return the first of them")
    answer([]).equals("", "return an empty text for an empty list")
    for email in mail.emails[:5]:
        words = (email["Subject"] or "").split()
        answer.on("the words of a subject")(words).equals(max(words, key=len, default=""), by_length)
    return "You handled words of equal length and an empty list."


@exercise(
    "template.greeting",
    title="A task that greets",
    points=2,
    stars=2,
    hints=(
        "What must exist after `run()` for Luigi to consider the task complete?",
        '`with self.output().open("w") as file:` opens the target, and `file.write(…)` fills it.',
    ),
    wrong=[
        Wrong("writes nothing", Edits(('file.write("hello\\n")', "pass")), "the file contains ''"),
        Wrong("writes elsewhere", Edits(("self.output().open(", 'open(self.folder + "/x",')), "not there"),
        Wrong("misspells a name", Edits(("self.output()", "self.outptu()")), "failed with AttributeError"),
        Wrong("has another class name", Edits(("class Greeting", "class Greet")), "there is no `Greeting`"),
    ],
)
def greeting(answer: Answer, mail: Mail) -> str:
    """Run the task in a new folder, and read its output."""
    from enronlib.classroom.luigi_tasks import run_task  # imports luigi

    with tempfile.TemporaryDirectory() as folder:
        task = run_task(answer.member("Greeting")(folder=folder))
        text = Path(task.output().path).read_text(encoding="utf-8")
        Answer(text, "the file contains").equals("hello\n", "write one line that says hello")
    return "Your task leaves its output behind, so Luigi knows that it is done."
