"""Exercises of lesson 00: a win, and a first small step."""

from enronlib.classroom.answer import Answer
from enronlib.classroom.exercise import Wrong, lesson
from enronlib.classroom.mail import Mail

exercise = lesson("00_start_here")


def _senders(mail: Mail) -> list[str]:
    """Return a few addresses a student has not seen."""
    senders = [email["From"] for email in mail.emails if (email["From"] or "").count("@") == 1]
    return ["kim.lee@example.com", *sorted(set(senders))[:3]]


@exercise(
    "start.domain",
    title="The part after the @",
    points=0,
    hints=(
        'What does `"kim.lee@example.com".split("@")` give? Try it in a cell of its own.',
        "A list has its last item at index -1.",
    ),
    wrong=[
        Wrong("returns both parts", lambda address: address.split("@"), "returned a list; a str was expected"),
        Wrong("returns the part before", lambda address: address.split("@")[0], "the part after the @"),
    ],
)
def domain(answer: Answer, mail: Mail) -> str:
    """One given address and some of unseen mail."""
    for address in _senders(mail):
        answer(address).equals(address.partition("@")[2], "the part after the @ is asked for")
    return "Your function works for addresses that the lesson did not show."


@exercise(
    "start.user",
    title="The part before the @",
    points=1,
    hints=(
        "It is the same idea as `domain`, at the other end of the list.",
        'The first item of a list has index 0: `address.split("@")[…]`. Do not forget `return`.',
    ),
    wrong=[
        Wrong("prints instead of returning", lambda address: print(address.split("@")[0]), "is a `return` missing?"),
        Wrong("returns the whole list", lambda address: address.split("@"), "returned a list; a str was expected"),
        Wrong("returns the domain", lambda address: address.split("@")[1], "the part before the @"),
        Wrong("keeps the @", lambda address: address.split("@")[0] + "@", "the part before the @, without it"),
        Wrong("stops at a dot", lambda address: address.split(".")[0], "the part before the @"),
        Wrong("knows only the example", lambda address: "kim.lee", "the part before the @"),
        Wrong("is the text, not a function", "kim.lee", "a function was expected"),
    ],
)
def user(answer: Answer, mail: Mail) -> str:
    """One given address and some of unseen mail."""
    for address in _senders(mail):
        answer(address).equals(address.partition("@")[0], "the part before the @, without it, is asked for")
    return "You found the user in every address, dots and all."
