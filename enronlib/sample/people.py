"""The people of the invented mail: a cast of twelve, further owners of mailboxes, and everybody they write to.

Nobody here has the name of a person in the Enron corpus; a test compares the names with real mail.
"""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from enronlib.sample.dice import Dice

__all__ = ["ANNOUNCEMENTS", "BARGAINS", "CAST", "EVERYBODY", "FIRST_NAMES", "GAS_LAMP", "HOME", "NIGHTJAR", "PLACES"]
__all__ += ["ROLES", "SURNAMES", "WEATHERVANE", "Person", "acquaintances", "crowd", "mailbox_owners"]

HOME = "enron.example"


@dataclass(frozen=True)
class Person:
    """Somebody who writes mail: `role`, a table of speech.toml, is what they do, and `style` how they write."""

    first: str
    last: str
    role: str
    style: str = "plain"
    domain: str = HOME
    initial: str = ""

    @cached_property
    def is_home(self) -> bool:
        """Whether the person works for the company."""
        return self.domain == HOME

    @cached_property
    def mailbox(self) -> str:
        """The folder name of the person's mailbox, as in the corpus: `lastname-f`."""
        return f"{self.last}-{self.first[0]}".lower()

    @cached_property
    def login(self) -> str:
        """The account name: first letter and last name."""
        return f"{self.first[0]}{self.last}".lower()

    @cached_property
    def address(self) -> str:
        """The e-mail address."""
        return f"{self.first}.{self.last}@{HOME}".lower() if self.is_home else f"{self.login}@{self.domain}"

    @cached_property
    def name(self) -> str:
        """First name, middle initial if any, last name."""
        return " ".join(part for part in (self.first, self.initial, self.last) if part)

    @cached_property
    def signature(self) -> str:
        """What the person puts below longer letters; the telephone numbers are reserved for fiction."""
        number = 100 + sum(map(ord, self.login)) % 100
        return f"{self.name}\nPhone: 713-555-0{number}\nFax: (713) 555-0{number}\n{self.address}"

    @cached_property
    def outlook_name(self) -> str:
        """The name as Outlook shows it: last name first, except for outsiders."""
        return f"{self.last}, {self.first}" if self.is_home else self.name

    @cached_property
    def outlook_entry(self) -> str:
        """The X-From and X-To entry of an Outlook export: name and entry in the company directory."""
        if not self.is_home:
            return f'"{self.name}" <{self.address}>@ENRON'
        return f"{self.outlook_name} </O=ENRON/OU=NA/CN=RECIPIENTS/CN={self.login.upper()}>"

    @cached_property
    def notes_name(self) -> str:
        """The name as Lotus Notes shows it in a body."""
        return f"{self.name}/HOU/ECT@ECT" if self.is_home else f"{self.name} <{self.address}>"

    @cached_property
    def notes_entry(self) -> str:
        """The X-From and X-To entry of a Lotus Notes export."""
        return self.name if self.is_home else f'"{self.name}" <{self.address}> @ ENRON'


CAST = (
    Person("Dot", "Tanglewick", "schedule", "hasty"),
    Person("Gus", "Brambleby", "gas", "lower"),
    Person("Marguerite", "Quillfeather", "legal"),
    Person("Augusta", "Merriwhistle", "boss"),
    Person("Nora", "Cablestitch", "data"),
    Person("Kit", "Voltsworth", "power", "hasty"),
    Person("Ravi", "Sumwell", "risk"),
    Person("Lionel", "Peppercrumb", "rules"),
    Person("Olive", "Ledgerby", "settle"),
    Person("Beatrix", "Inkpenny", "office", "loud"),
    Person("Hank", "Flangeworth", "pipeline", "lower"),
    Person("Fitz", "Wobbleton", "football", "loud"),
)
ROLES = (*(person.role for person in CAST), "people")
STYLES = ("plain", "plain", "plain", "lower", "hasty", "loud")

NIGHTJAR = Person("Nightjar", "Loader", "robot", domain=HOME)
WEATHERVANE = Person("Weathervane", "Positions", "positions")
ANNOUNCEMENTS = Person("Enron", "Announcements", "announcement")
EVERYBODY = Person("All", "Worldwide", "common")
GAS_LAMP = Person("Gas", "Lamp", "newsletter", domain="gaslamp.example")
BARGAINS = Person("Bargain", "Barge", "advert", domain="bargainbarge.example")

_NAMES: dict[str, str] = tomllib.loads(files("enronlib.sample").joinpath("names.toml").read_text(encoding="utf-8"))


def _compounds(kind: str) -> list[str]:
    heads, tails = (_NAMES[f"{kind}_{part}"].split() for part in ("heads", "tails"))
    return [head + tail for tail in tails for head in heads]


FIRST_NAMES = _NAMES["first_names"].split()
SURNAMES = [name for name in _compounds("surname") if name not in {person.last for person in CAST}]
PLACES = _compounds("place")
FIRMS = _NAMES["firms"].split()


def mailbox_owners(count: int) -> list[Person]:
    """Return the owners of `count` mailboxes: the cast first, then others with the same roles."""
    others = (
        Person(FIRST_NAMES[7 * i % len(FIRST_NAMES)], SURNAMES[7 * i], ROLES[i % len(ROLES)], STYLES[i % len(STYLES)])
        for i in range(max(0, count - len(CAST)))
    )
    return [*CAST[:count], *others]


def acquaintances(owner: Person, seed: int) -> list[Person]:
    """Return 60 people that the owner of a mailbox writes to; most have the same role."""
    dice = Dice(f"{seed}/people/{owner.mailbox}")
    return [_somebody(dice, owner.role if i % 5 < 3 else dice.pick(ROLES)) for i in range(60)]


def crowd(dice: Dice, count: int) -> list[Person]:
    """Return `count` people of all kinds, for a long list of recipients."""
    return [_somebody(dice, "common") for _ in range(count)]


def _somebody(dice: Dice, role: str) -> Person:
    outside = dice.chance(0.3)
    return Person(
        dice.pick(FIRST_NAMES),
        dice.pick(SURNAMES),
        role,
        dice.pick(STYLES),
        f"{dice.pick(FIRMS)}.example" if outside else HOME,
        dice.pick("ABCDEFGHJKLMPRSTW") + "." if not outside and dice.chance(0.25) else "",
    )
