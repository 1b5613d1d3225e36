"""How alike the answers of two students are: a reason to talk to them, and no proof of anything.

The measure is winnowing (S. Schleimer, D. Wilkerson, A. Aiken: Winnowing, SIGMOD 2003), which MOSS uses. An answer
becomes a sequence of tokens without names, numbers, texts and comments; of every few neighbouring groups of K tokens,
one is kept as a fingerprint. What the lesson itself shows (its code, its solutions, the hints) and what a third of the
class wrote does not count. Likeness is the share of fingerprints in common.
"""

import builtins
import io
import keyword
import re
import token
import tokenize
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from enronlib.classroom.grading.lessons import Lesson
from enronlib.classroom.grading.marks import ClassMarks

__all__ = ["Pair", "find_alike", "fingerprints"]

K = 6  # tokens in a group
WINDOW = 4  # neighbouring groups of which one is kept
FEWEST = 6  # fingerprints of its own that an answer needs to be compared: short answers are alike by nature
ALIKE = 0.8
COMMON = 1 / 3  # share of the class from which a fingerprint is common knowledge
KEPT = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
LEFT_OUT = {token.NL, token.NEWLINE, token.ENDMARKER, tokenize.COMMENT, tokenize.ENCODING}
CODE = re.compile(r"`([^`]+)`")


class Pair(NamedTuple):
    """Two students with answers that are alike: each exercise with the likeness, from 0 to 1."""

    one: str
    other: str
    exercises: dict[str, float]


def find_alike(marks: ClassMarks) -> list[Pair]:
    """Return the pairs of students whose answers are alike, those with the most exercises in common first."""
    pairs: dict[tuple[str, str], dict[str, float]] = {}
    for lesson in marks.lessons.values():
        shown = _shown(lesson)
        for exercise in lesson.exercises:
            prints = {row.student: fingerprints(row.answers[exercise]) for row in marks.rows if exercise in row.answers}
            for one, other, likeness in _alike(prints, shown | _hints(exercise)):
                pairs.setdefault((one, other), {})[exercise] = likeness
    found = [Pair(one, other, exercises) for (one, other), exercises in pairs.items()]
    return sorted(found, key=lambda pair: (-len(pair.exercises), -sum(pair.exercises.values()), pair.one, pair.other))


def fingerprints(source: str) -> frozenset[int]:
    """Return the fingerprints of code; names, numbers, texts and the layout make no difference."""
    tokens = list(_tokens(source))
    groups = [zlib.crc32(" ".join(tokens[at : at + K]).encode()) for at in range(max(len(tokens) - K + 1, 1))]
    windows = (groups[at : at + WINDOW] for at in range(max(len(groups) - WINDOW + 1, 1)))
    return frozenset(map(min, windows)) if tokens else frozenset()


def _alike(prints: Mapping[str, frozenset[int]], known: frozenset[int]) -> Iterator[tuple[str, str, float]]:
    count = Counter(each for found in prints.values() for each in found)
    common = {each for each, times in count.items() if times > max(2, COMMON * len(prints))} | known
    own = {student: found - common for student, found in prints.items()}
    long_enough = {student: found for student, found in own.items() if len(found) >= FEWEST}
    for (one, first), (other, second) in combinations(long_enough.items(), 2):
        likeness = len(first & second) / len(first | second)
        if likeness >= ALIKE:
            yield one, other, likeness


def _shown(lesson: Lesson) -> frozenset[int]:
    """Return the fingerprints of all code in a lesson, solved and as handed out."""
    return _together(source for cell in lesson.cells if cell.kind == "code" for source in (cell.full, cell.given))


def _hints(exercise: str) -> frozenset[int]:
    """Return the fingerprints of the code in the hints; none for an exercise that is not the kit's."""
    from enronlib import UserError
    from enronlib.classroom.exercises import find_exercise

    try:
        hints = find_exercise(exercise).hints
    except UserError:
        return frozenset()
    return _together(code for hint in hints for code in CODE.findall(hint))


def _together(sources: Iterable[str]) -> frozenset[int]:
    return frozenset(each for source in sources for each in fingerprints(source))


def _tokens(source: str) -> Iterator[str]:
    """Yield the tokens of code: keywords, built-ins and signs as they are, all else by its kind; as far as it goes."""
    kinds = {token.NUMBER: "0", token.STRING: "''", token.INDENT: "{", token.DEDENT: "}"}
    try:
        for each in tokenize.generate_tokens(io.StringIO(source).readline):
            if each.type == token.NAME:
                yield each.string if each.string in KEPT else "name"
            elif each.type not in LEFT_OUT:
                yield kinds.get(each.type, each.string)
    except (tokenize.TokenError, SyntaxError):
        return
