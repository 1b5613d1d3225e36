"""What the invented people say: the patterns of speech.toml with their slots filled, in each person's own style."""

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from math import gcd
from typing import TypeVar

from enronlib.sample.dice import Dice
from enronlib.sample.people import FIRST_NAMES, PLACES, ROLES, SURNAMES, Person

__all__ = ["Voice", "patterns"]

T = TypeVar("T")

_SPEECH = tomllib.loads(files("enronlib.sample").joinpath("speech.toml").read_text(encoding="utf-8"))
_SLOTS: dict[str, list[str]] = {name: fillers.split("|") for name, fillers in _SPEECH["slots"].items()}
_SLOT = re.compile(r"\{(\w+)\}")


def patterns(role: str, kind: str) -> list[str]:
    """Return the lines of one list in speech.toml, such as the "subjects" of "legal"."""
    lines: str = _SPEECH[role][kind]
    return lines.split("|") if kind == "folders" else lines.strip().split("\n")


def _stroll(dice: Dice, stops: Sequence[T]) -> Iterator[T]:
    """Yield items endlessly, in a random order, and none again before all the others."""
    place = dice.number(0, len(stops) - 1)
    step = dice.pick(_steps_around(len(stops)))
    while True:
        yield stops[place]
        place = (place + step) % len(stops)


@cache
def _steps_around(count: int) -> list[int]:
    """Return steps that visit all of `count` places before the first one again."""
    return [step for step in (1, 3, 5, 7, 11, 13, 17, 19, 23) if gcd(step, count) == 1]


class Voice:
    """How somebody speaks: about what, whom and which places, and in which style."""

    def __init__(self, name: str, role: str, style: str, friends: Sequence[Person]) -> None:
        """Prepare sentences; `name` names the random stream, `role` the table of speech.toml."""
        dice = Dice(name)
        self._friends = friends
        self._places = dice.some(PLACES, 20)
        self._style = _STYLES[style]
        self.greetings = dice.some(patterns("common", "greetings"), 2)
        self.closings = dice.some(patterns("common", "closings"), 2)
        self.topics = [self._fill(dice, line) for line in patterns(role, "subjects") for _ in range(4)]
        self._at_work = self._stock(dice, role)
        self._small_talk = self._at_work
        if role in ROLES:
            self.topics += [self._fill(dice, line) for line in patterns("common", "subjects")]
            self._small_talk = self._stock(dice, "common")

    def sentences(self, dice: Dice, count: int) -> list[str]:
        """Return sentences: seven of ten about the person's work, the others small talk."""
        at_work, small_talk = _stroll(dice, self._at_work), _stroll(dice, self._small_talk)
        return [self._say(dice, *next(at_work if dice.random() < 0.7 else small_talk)) for _ in range(count)]

    def _stock(self, dice: Dice, role: str) -> list[tuple[str, list[str]]]:
        """Return the patterns of a role in the person's own order, each with a few ready sentences."""
        lines = dice.some(patterns(role, "sentences"), 999)
        return [(line, [self._new_sentence(dice, line) for _ in range(3)]) for line in lines]

    def _say(self, dice: Dice, pattern: str, stock: list[str]) -> str:
        """Return a sentence of that pattern, usually a ready one, because making a new one is slow."""
        return dice.pick(stock) if dice.random() < 0.65 else self._new_sentence(dice, pattern)

    def _new_sentence(self, dice: Dice, pattern: str) -> str:
        return _misspell(dice, self._style(dice, self._fill(dice, pattern)))

    def _fill(self, dice: Dice, pattern: str) -> str:
        """Return a pattern with every slot filled."""
        parts = _SLOT.split(pattern)
        parts[1::2] = [self._filler(dice, slot) for slot in parts[1::2]]
        text = "".join(parts)
        return text[0].upper() + text[1:]

    def _filler(self, dice: Dice, slot: str) -> str:
        if slot in _NUMBERS:
            return _NUMBERS[slot](dice)
        if slot == "point":
            return dice.pick_early(self._places) if dice.chance(0.7) else dice.pick(PLACES)
        if slot == "company" and dice.chance(0.3):
            return f"{dice.pick(SURNAMES)} {dice.pick(('Energy', 'Gas', 'Power', 'Brothers'))}"
        if slot in _SLOTS:
            return dice.pick_early(_SLOTS[slot])
        friend = dice.pick_early(self._friends)
        if dice.chance(0.3):
            friend = replace(friend, first=dice.pick(FIRST_NAMES), last=dice.pick(SURNAMES))
        return friend.first if slot == "who" else friend.name


_NUMBERS: dict[str, Callable[[Dice], str]] = {
    "n": lambda dice: f"{dice.number(2, 29)}",
    "volume": lambda dice: f"{dice.number(1, 60)},{dice.pick(('000', '000', '500', '250'))}",
    "price": lambda dice: f"{dice.number(2, 9)}.{dice.number(0, 99):02}",
    "money": lambda dice: f"${dice.number(2, 950)},{dice.number(0, 99):02}0",
    "deal": lambda dice: f"{dice.number(100_000, 999_999)}",
    "time": lambda dice: f"{dice.number(1, 12)}:{dice.pick(('00', '00', '30', '15', '45'))}",
    "date": lambda dice: f"{dice.number(1, 12)}/{dice.number(1, 28)}",
}


def _loud(dice: Dice, sentence: str) -> str:
    return sentence[:-1] + "!" * dice.number(1, 3) if sentence.endswith(".") and dice.chance(0.4) else sentence


def _misspell(dice: Dice, sentence: str, probability: float = 0.06) -> str:
    """Drop or double a letter, swap two letters or drop a space, with the given probability."""
    if dice.random() > probability:
        return sentence
    place = dice.number(1, len(sentence) - 2)
    if not sentence[place - 1 : place + 2].isalpha():
        return sentence
    before, here, after = sentence[:place], sentence[place], sentence[place + 1 :]
    kind = dice.number(0, 3)
    if kind == 0:
        return before + after
    if kind == 1:
        return before + here + here + after
    if kind == 2:
        return before + after[0] + here + after[1:]
    return sentence.replace(" ", "", 1)


_STYLES: dict[str, Callable[[Dice, str], str]] = {
    "plain": lambda dice, sentence: sentence,
    "lower": lambda dice, sentence: sentence.lower(),
    "loud": _loud,
    "hasty": lambda dice, sentence: _misspell(dice, sentence, 0.1),
}
