"""Exercises of the lesson template: the pattern to copy. One is a function, one a module with a Luigi task."""

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
    stars=1,
    hints=(
        "What does `max` do with a list of words? What can its argument `key` change?",
        "`max(words, key=…)` returns the first of the greatest. Which built-in function gives the length of a word?",
    ),
    wrong=[
        Wrong("returns the length", lambda words: max(map(len, words), default=0), "a str was expected"),
        Wrong("compares letters, not lengths", lambda words: max(words, default=""), "the longest word is asked for"),
        Wrong("does not think of an empty list", lambda words: max(words, key=len), "raised ValueError"),
        Wrong("takes the last of equals", lambda words: max(reversed(words), key=len, default=""), "the first of them"),
    ],
)
def longest(answer: Answer, mail: Mail) -> str:
    """Lists with a tie and without words, then subjects of unseen mail."""
    answer(["mail", "pipeline", "zip"]).equals(
        "pipeline", "the longest word is asked for, not the last in the alphabet"
    )
    answer(["task", "mail", "job"]).equals("task", "where several words are longest, the first of them is asked for")
    answer([]).equals("", "without words the empty text is asked for", hint=2)
    for email in mail.emails[:5]:
        words = (email["Subject"] or "").split()
        answer.on("the words of a subject")(words).equals(
            max(words, key=len, default=""), "the longest word is asked for"
        )
    return "You handled words of equal length and an empty list."


@exercise(
    "template.greeting",
    title="A task that greets",
    points=2,
    stars=2,
    hints=(
        "What must be there after `run()` for Luigi to call the task complete?",
        '`with self.output().open("w") as file:` opens the target, and `file.write(…)` fills it.',
    ),
    wrong=[
        Wrong("writes nothing", Edits(('file.write("hello\\n")', "pass")), "the file holds ''"),
        Wrong("writes elsewhere", Edits(("self.output().open(", 'open(self.folder + "/x",')), "not there"),
        Wrong("misspells a name", Edits(("self.output()", "self.outptu()")), "failed with AttributeError"),
        Wrong("gives the class another name", Edits(("class Greeting", "class Greet")), "there is no `Greeting`"),
    ],
)
def greeting(answer: Answer, mail: Mail) -> str:
    """The task is run in a fresh folder, and its output read."""
    from enronlib.classroom.luigi_tasks import run_task  # noqa: PLC0415  imports luigi

    with tempfile.TemporaryDirectory() as folder:
        task = run_task(answer.member("Greeting")(folder=folder))
        text = Path(task.output().path).read_text(encoding="utf-8")
        Answer(text, "the file holds").equals("hello\n", "one line that says hello is asked for", hint=2)
    return "Your task leaves its output behind, so Luigi knows that it is done."
