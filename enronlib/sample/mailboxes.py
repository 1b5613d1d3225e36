"""How a mailbox fills up: threads, announcements and advertisements arrive and are filed in folders, some twice."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import chain

from enronlib.sample.alterations import blank_table
from enronlib.sample.dice import Dice
from enronlib.sample.letters import (
    Letter,
    address,
    angle_quotes,
    body_text,
    forwarded,
    header_block,
    inline_header,
    notes_block,
    original_message,
)
from enronlib.sample.people import (
    ANNOUNCEMENTS,
    BARGAINS,
    CAST,
    EVERYBODY,
    GAS_LAMP,
    NIGHTJAR,
    PLACES,
    WEATHERVANE,
    Person,
    acquaintances,
    mailbox_owners,
)
from enronlib.sample.quirks import ALTERATIONS, CHANCES, COPY_CHANCES, QUIRKS
from enronlib.sample.speech import Voice, patterns

__all__ = ["File", "Place", "Post", "gallery_paths", "mailbox_sizes", "place_of"]

# Messages of eleven real mailboxes by month, from December 1999; five months are measured, the others share their
# year's number.
_MONTHS = (
    38, 60, 80, 110, 140, 190, 230, 260, 330, 380, 450, 536, 894,
    520, 400, 420, 480, 1320, 420, 330, 340, 420, 1687, 1473, 194, 1582, 369, 50,
)  # fmt: skip
_DATES = tuple(
    datetime(1999 + (11 + month) // 12, (11 + month) % 12 + 1, 1)
    for month, messages in enumerate(_MONTHS)
    for _ in range(messages // 10)
)
_NOTES_UNTIL = datetime(2001, 6, 1)  # when the company had moved from Lotus Notes to Outlook
_NOTES_SHARE = 0.46
_NOTES_FOLDERS = ("all_documents", "discussion_threads", "notes_inbox", "sent", "_sent_mail")
_SENT_FOLDERS = ("sent", "_sent_mail", "sent_items", "calendar")

_SENTENCES = (1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 16, 20, 30, 55)  # in a letter
_THREAD = (1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5)  # letters in a thread
_GROUP = (1, 1, 2, 3, 4, 6, 9, 14)  # further recipients
_READERS_OF_NEWS = ("gas", "power", "risk", "rules", "boss")

Place = tuple[str, int]  # a folder ("" is the mailbox itself) and the number of a file in it
Quoting = Callable[[Letter], tuple[str, list[str]]]
File = tuple[Place, bytes, list[str]]  # its place, its bytes, and the text of its body in pieces


class Post:
    """The mail of one sample: who owns the mailboxes, and what they write to each other."""

    def __init__(self, seed: int, mailboxes: int) -> None:
        """Create the people of that number of mailboxes."""
        self.seed = seed
        self.owners = mailbox_owners(mailboxes)
        self._owner_names = {owner.mailbox for owner in self.owners}
        # Cached because they are slow to make, and only so many that memory does not grow with the sample.
        self._voice = lru_cache(maxsize=24)(self._new_voice)
        self._role_voice = cache(lambda role, style: Voice(f"{seed}/voice/{role}/{style}", role, style, CAST))
        self._friends = lru_cache(maxsize=24)(lambda owner: acquaintances(owner, seed))
        self._announcement = lru_cache(maxsize=2000)(self._new_announcement)

    def files(self, owner: Person, size: int) -> Iterator[File]:
        """Yield the `size` files of a mailbox: those of the gallery first."""
        exporter = Exporter(owner, self.owners.index(owner), self.seed)
        gallery = self._gallery(owner)
        for (folder, number), letter in gallery:
            yield (folder, number), exporter.export(letter, folder), letter.pieces
        numbers = Numbers({place for place, _ in gallery})
        dice = Dice(f"{self.seed}/folders/{owner.mailbox}")
        left = size - len(gallery)
        # The risk desk gets position reports, wide tables of spaces. In real mail too, more than half of the pieces
        # between spaces are empty, and most of these are in one mailbox.
        report_dice = Dice(f"{self.seed}/positions/{owner.mailbox}")
        number_of_reports = left // 3 if owner.role == "risk" else 0
        reports = (self._circular(report_dice, WEATHERVANE, owner) for _ in range(number_of_reports))
        for letter in chain(reports, self._letters(owner)):
            pieces = letter.pieces
            body = body_text(letter)
            for folder, copy in _copies(dice, letter, owner):
                if left == 0:
                    return
                left -= 1
                data = exporter.export(letter, folder, body) if copy is None else exporter.export(copy, folder)
                yield (folder, numbers.next(dice, folder)), data, pieces

    def _letters(self, owner: Person) -> Iterator[Letter]:
        """Yield letters that the owner of a mailbox sends or gets, endlessly."""
        dice = Dice(f"{self.seed}/mail/{owner.mailbox}")
        neighbours = self._neighbours(owner)
        threads: Counter[Person] = Counter()
        weights = _weights_of_kinds(owner.role)
        announcements = 0
        while True:
            kind = dice.weighted(weights)
            if kind == 0:
                friend = dice.pick(neighbours) if dice.chance(0.12) else dice.pick_early(self._friends(owner))
                yield from self._thread(owner, friend, threads[friend])
                threads[friend] += 1
            elif kind == 1:
                yield self._announcement(announcements)
                announcements += 1
            else:
                sender = (GAS_LAMP, BARGAINS, NIGHTJAR)[kind - 2]
                yield self._circular(dice, sender, owner)

    def _thread(self, owner: Person, friend: Person, number: int) -> list[Letter]:
        """Return a thread between two people; two owners of mailboxes have the same thread in both."""
        if friend.mailbox in self._owner_names:
            owner, friend = sorted((owner, friend), key=lambda person: person.mailbox)
        dice = Dice(f"{self.seed}/thread/{owner.mailbox}/{friend.address}/{number}")
        one, other = (owner, friend) if dice.chance(0.4) else (friend, owner)
        people = self._friends(owner)
        group = dice.some(people, dice.pick(_GROUP)) if dice.chance(0.2) else []
        cc = dice.some(people, dice.pick(_GROUP[:5])) if dice.chance(0.17) else []
        date = _date(dice)
        notes = date < _NOTES_UNTIL and dice.chance(_NOTES_SHARE)
        subject = dice.pick(self.voice_of(owner if dice.chance(0.7) else one).topics)
        letters: list[Letter] = []
        for turn in range(dice.pick(_THREAD)):
            letter = self._speak(dice, one, other, date, notes)
            letter.to, letter.cc, letter.subject = [other, *group], cc, subject
            if turn > 0 and dice.chance(0.8):
                letter.quote(letters[-1], _style_of_answer(dice, letter))
            elif turn == 0 and dice.chance(0.22):
                self._forward(dice, letter, dice.pick(people))
            if turn == 0:
                subject = f"{'Re' if notes else 'RE'}: {subject}"
            letters.append(letter)
            one, other = other, one
            date += timedelta(minutes=dice.number(5, 1500), seconds=0 if notes else dice.number(0, 59))
        for letter in letters:
            _finish(dice, letter)
        return letters

    def _forward(self, dice: Dice, letter: Letter, author: Person) -> None:
        """Append a letter by a third person, usually without any new text above it."""
        date = letter.date - timedelta(hours=dice.number(1, 30))
        earlier = self._speak(dice, author, letter.sender, date, letter.notes)
        earlier.subject = letter.subject
        if dice.chance(0.6):
            letter.write()
        letter.quote(earlier, forwarded if letter.notes or dice.chance(0.5) else original_message)
        letter.subject = f"{'Fwd' if letter.notes else 'FW'}: {letter.subject}"

    def _speak(self, dice: Dice, author: Person, reader: Person, date: datetime, notes: bool) -> Letter:
        """Return a letter without quotes."""
        voice = self.voice_of(author)
        said = voice.sentences(dice, dice.pick(_SENTENCES))
        paragraphs = []
        start = 0
        while start < len(said):
            end = start + dice.number(1, 5)
            paragraphs.append(" ".join(said[start:end]))
            start = end
        if dice.chance(0.5):
            greeting = dice.pick(voice.greetings).replace("{reader}", reader.first)
            paragraphs.insert(0, greeting)
            said.append(greeting)
        if dice.chance(0.6):
            closing = dice.pick(voice.closings)
            paragraphs.append(f"{closing}\n{author.first}")
            said += closing, author.first
        if dice.chance(0.13):
            paragraphs.append(author.signature)
            said.append(author.signature)
        return Letter(author, [reader], [], date, "", "\n\n".join(paragraphs), said, notes)

    def _circular(self, dice: Dice, sender: Person, reader: Person) -> Letter:
        """Return a letter from a newsletter, an advertiser or a robot: one sentence per line."""
        voice = self.voice_of(sender)
        letter = Letter(sender, [reader], [], _date(dice), dice.pick(voice.topics), "", [], notes=False)
        letter.write(*voice.sentences(dice, dice.number(2, 4 if sender is WEATHERVANE else 12)))
        if sender is WEATHERVANE:
            blank_table(letter, dice)
        elif sender is GAS_LAMP:
            for place in dice.some(PLACES, dice.number(20, 250)):
                letter.text += f"\n{place:24}\t{dice.number(2, 9)}.{dice.number(10, 99)}\t{dice.number(1, 60)},000"
                letter.said.append(place)
        _finish(dice, letter)
        return letter

    def _new_announcement(self, number: int) -> Letter:
        """Return an announcement to all, the same for every mailbox."""
        return self._circular(Dice(f"{self.seed}/announcement/{number}"), ANNOUNCEMENTS, EVERYBODY)

    def _gallery(self, owner: Person) -> list[tuple[Place, Letter]]:
        """Return the letters of the gallery that are in a mailbox, with their places."""
        shown = []
        for name, quirk in QUIRKS.items():
            for path, first in ((quirk.path, True), (quirk.also, False)):
                if path.partition("/")[0] == owner.mailbox:
                    shown.append((place_of(path), self._gallery_letter(name, altered=not first or not quirk.also)))
        return shown

    def _gallery_letter(self, name: str, altered: bool) -> Letter:
        mailbox = QUIRKS[name].path.partition("/")[0]
        folder, _ = place_of(QUIRKS[name].path)
        owner = next(owner for owner in self.owners if owner.mailbox == mailbox)
        dice = Dice(f"{self.seed}/gallery/{name}")
        friend = dice.pick([person for person in self._friends(owner) if person.is_home])
        one, other = (owner, friend) if folder in _SENT_FOLDERS else (friend, owner)
        notes = folder in _NOTES_FOLDERS
        date = _date(dice)
        while (date < _NOTES_UNTIL) != notes:
            date = _date(dice)
        letter = self._speak(dice, one, other, date, notes)
        letter.subject = dice.pick(self.voice_of(owner).topics)
        address(letter)
        if altered:
            ALTERATIONS[name](letter, dice)
        return letter

    def voice_of(self, person: Person) -> Voice:
        """Return how somebody speaks: owners of mailboxes have their own voices, others that of their role."""
        if person.mailbox in self._owner_names:
            return self._voice(person)
        return self._role_voice(person.role, person.style)

    def _new_voice(self, owner: Person) -> Voice:
        return Voice(f"{self.seed}/voice/{owner.mailbox}", owner.role, owner.style, self._friends(owner))

    def _neighbours(self, owner: Person) -> list[Person]:
        """Return the owners of other mailboxes that somebody writes to."""
        place, count = self.owners.index(owner), len(self.owners)
        return [self.owners[(place + step) % count] for step in (-3, -2, -1, 1, 2, 3)]


class Exporter:
    """What the export of a mailbox adds to each message."""

    def __init__(self, owner: Person, index: int, seed: int) -> None:
        """Export the mailbox of `owner`, the one with that index."""
        self._owner = owner
        self._dice = Dice(f"{seed}/export/{owner.mailbox}")
        self._next_id = 1_075_840_000_000 + index * 10_000_000
        self._origins = (f"{owner.last}-{owner.first[0]}", f"{owner.last}-{owner.first[0]}".upper())
        self._stores = cache(self._store)

    def export(self, letter: Letter, folder: str, body: str | None = None) -> bytes:
        """Return the bytes of a letter's file in a folder; every file has its own Message-ID."""
        dice, headers = self._dice, letter.headers
        self._next_id += dice.number(1, 25)
        headers["Message-ID"] = f"<{dice.number(100_000, 33_000_000)}.{self._next_id}.JavaMail.sample@thyme.example>"
        body = body_text(letter) if body is None else body
        unencoded = "7bit" if body.isascii() else "8bit"
        headers["Content-Transfer-Encoding"] = "quoted-printable" if letter.quoted_printable else unencoded
        headers["X-Folder"], headers["X-FileName"] = self._stores(folder, letter.notes)
        headers["X-Origin"] = letter.origin or self._origins[not letter.notes]
        text = f"{letter.first_line}{header_block(headers)}\n{body}{letter.ending}"
        return text.encode("latin-1")

    def _store(self, folder: str, notes: bool) -> tuple[str, str]:
        """Return X-Folder and X-FileName: the path of a folder in the mail program, and the name of its store."""
        owner = self._owner
        shown = {"_sent_mail": "'sent mail", "": "Inbox"}.get(folder, folder.replace("_", " ").replace("/", "\\"))
        if notes:
            return f"\\{owner.first}_{owner.last}_Dec2000\\Notes Folders\\{shown.capitalize()}", f"{owner.login}.nsf"
        if folder in ("inbox", "sent_items"):
            store = f"{owner.login.upper()} (Non-Privileged)"
            return f"\\{store}\\{owner.outlook_name}\\{shown.title()}", f"{store}.pst"
        return f"\\{owner.outlook_name}\\{owner.outlook_name}\\{shown.title()}", f"{owner.outlook_name}.pst"


class Numbers:
    """The numbers of files in folders: they rise from 1, with gaps, and skip those that are taken."""

    def __init__(self, taken: set[Place]) -> None:
        """Start at 1 in every folder."""
        self._taken = taken
        self._last: Counter[str] = Counter()

    def next(self, dice: Dice, folder: str) -> int:
        """Return the next number in a folder."""
        number = self._last[folder] + (dice.number(2, 7) if dice.chance(0.08) else 1)
        while (folder, number) in self._taken:
            number += 1
        self._last[folder] = number
        return number


def mailbox_sizes(messages: int) -> dict[str, int]:
    """Return the number of messages of each mailbox by name: a few mailboxes get very many, most of them few.

    There are 12 mailboxes in a small sample, and 150 at the size of the real corpus (517,401 messages), where the
    largest gets 5 % of all messages.
    """
    owners = mailbox_owners(min(150, max(12, round(messages * 150 / 517_401))))
    sizes = {owner.mailbox: 0 for owner in owners}
    for path in gallery_paths():
        sizes[path.partition("/")[0]] += 1
    rest = messages - sum(sizes.values())
    weights = [1_000_000 // (place + 6) for place in range(len(owners))]
    for mailbox, weight in zip(sizes, weights, strict=True):
        sizes[mailbox] += rest * weight // sum(weights)
    sizes[owners[0].mailbox] += messages - sum(sizes.values())
    return sizes


def gallery_paths() -> list[str]:
    """Return the paths of all files of the gallery."""
    return [path for quirk in QUIRKS.values() for path in (quirk.path, quirk.also) if path]


def place_of(path: str) -> Place:
    """Return the place that a path (`mailbox/folder/12.`) names."""
    *folders, name = path.split("/")[1:]
    return "/".join(folders), int(name.removesuffix("."))


def _weights_of_kinds(role: str) -> tuple[int, ...]:
    """Return the percentages of threads, announcements, newsletters, advertisements and the robot's messages."""
    if role == "data":
        return 25, 4, 0, 2, 69
    return (80, 6, 7, 6, 1) if role in _READERS_OF_NEWS else (86, 6, 1, 6, 1)


def _style_of_answer(dice: Dice, letter: Letter) -> Quoting:
    if not letter.sender.is_home and dice.chance(0.6):
        return angle_quotes
    if letter.notes:
        return notes_block
    return original_message if dice.chance(0.9) else inline_header


def _date(dice: Dice) -> datetime:
    """Return a time during working hours in one of the busy months, rarely at a weekend."""
    first = dice.pick(_DATES)
    date = first + timedelta(days=dice.number(0, 27), hours=dice.number(4, 16), minutes=dice.number(0, 59))
    if date.weekday() > 4 and dice.chance(0.85):
        date += timedelta(days=2 if date.day < 26 else -2)
    return date


def _finish(dice: Dice, letter: Letter) -> None:
    """Address a letter and apply quirks at random."""
    address(letter)
    for probability, alter in CHANCES:
        if dice.random() < probability:
            alter(letter, dice)


def _copies(dice: Dice, letter: Letter, owner: Person) -> Iterator[tuple[str, Letter | None]]:
    """Yield the folders in which the owner of a mailbox has a letter, with the altered copy if it is altered."""
    sent = letter.sender is owner
    if letter.notes:
        yield "all_documents", None
        if sent:
            yield "sent", None
            if dice.chance(0.75):
                yield "_sent_mail", None
        elif dice.chance(0.6):
            yield "notes_inbox" if dice.chance(0.5) else _own_folder(dice, owner), None
        if dice.chance(0.6):
            yield "discussion_threads", None
    elif sent:
        if dice.chance(0.45):  # not everybody keeps what they send
            yield "sent_items", None
    elif letter.sender is WEATHERVANE:
        yield "value_at_risk", None
    elif dice.chance(0.12):
        yield _own_folder(dice, owner), None
    else:
        yield "deleted_items" if dice.chance(0.57) else "inbox", None
    for probability, alter in COPY_CHANCES:
        if dice.chance(probability):
            copy = replace(letter, headers=dict(letter.headers))
            alter(copy, dice)
            yield "inbox", copy


def _own_folder(dice: Dice, owner: Person) -> str:
    folder = dice.pick_early(patterns(owner.role, "folders"))
    return f"{folder}/{dice.pick(('old', 'misc', '2001'))}" if dice.chance(0.1) else folder
