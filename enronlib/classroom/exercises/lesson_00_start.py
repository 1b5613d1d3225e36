"""Exercises of lesson 00: a first success, and a first small step."""

from enronlib.classroom.answer import Answer
from enronlib.classroom.exercise import Edits, Right, Wrong, lesson
from enronlib.classroom.mail import Mail

exercise = lesson("00_start_here")


def _addresses(mail: Mail) -> list[str]:
    """Return invented addresses, ordinary and odd, and some that the student has not seen."""
    senders = {email["From"] for email in mail.emails if (email["From"] or "").count("@") == 1}
    return ["kim.lee@example.com", "Kim_Lee@Example.com", "o'neil-kim+gas@mail.example.org", *sorted(senders)[:3]]


@exercise(
    "start.domain",
    title="The part after the @",
    points=0,
    hints=(
        'What does `"kim.lee@example.com".split("@")` return? Try it in a new cell.',
        "The last item of a list has index -1.",
    ),
    wrong=[
        Wrong("returns both parts", Edits(("[-1]", "")), "returned a list; a str was expected"),
        Wrong("returns the part before", Edits(("[-1]", "[0]")), "return everything after the @"),
    ],
)
def domain(answer: Answer, mail: Mail) -> str:
    for address in _addresses(mail):
        answer(address).equals(address.partition("@")[2], "return everything after the @, exactly as it is written")
    return "Your function works for addresses that it has never seen."


@exercise(
    "start.user",
    title="The part before the @",
    points=1,
    hints=(
        "Use the same idea as in `domain`, at the other end of the list.",
        'The first item of a list has index 0: `address.split("@")[…]`. Do not forget `return`.',
    ),
    wrong=[
        Wrong("prints instead of returning", print, "is a `return` missing?"),
        Wrong("returns the whole list", Edits(("[0]", "")), "returned a list; a str was expected"),
        Wrong("returns the domain", Edits(("[0]", "[1]")), "everything before the @"),
        Wrong("keeps the @", Edits(("[0]", '[0] + "@"')), "everything before the @, without the @"),
        Wrong("stops at a dot", Edits(('"@"', '"."')), "everything before the @"),
        Wrong("makes it lower case", Edits(("[0]", "[0].lower()")), "exactly as it is written"),
        Wrong(
            "knows letters and dots only",
            Edits(('address.split("@")[0]', '__import__("re").match(r"[\\w.]+", address)[0]')),
            "exactly as it is written",
        ),
        Wrong("knows only the example", lambda address: "kim.lee", "everything before the @"),
        Wrong("is a text, not a function", "kim.lee", "a function was expected"),
    ],
    right=[
        Right("partitions", lambda address: address.partition("@")[0]),
        Right("slices", lambda address: address[: address.index("@")]),
        Right("uses a pattern", Edits(('address.split("@")[0]', '__import__("re").match("[^@]+", address)[0]'))),
    ],
)
def user(answer: Answer, mail: Mail) -> str:
    for address in _addresses(mail):
        advice = "return everything before the @, without the @ and exactly as it is written"
        answer(address).equals(address.partition("@")[0], advice)
    return "You found the user in every address, whatever characters it contained."
