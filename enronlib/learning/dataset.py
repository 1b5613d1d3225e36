"""Messages with known authors, from the Parquet files of the mailboxes.

An author is the owner of a mailbox. A mailbox says who owns it: most of the mail in its *sent* folders comes from the
owner's addresses. Everything that these addresses wrote counts, in any mailbox.
"""

import hashlib
import heapq
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from enronlib import UserError
from enronlib.messages import plain_text
from enronlib.parquet import TEXT_COLUMNS
from enronlib.words import tokens

__all__ = [
    "BATCH", "Dataset", "Message", "gather", "names_of", "own_text", "owners_of", "vocabulary_of", "without_copies",
    "write_dataset", "written_by",
]  # fmt: skip

MOST_AUTHORS = 20
MOST_MESSAGES = 2_000  # of an author: memory does not grow with the mail
FEWEST_MESSAGES = 20  # of an author: fewer teach a network nothing
FEWEST_WORDS = 5  # of a message: nobody is recognized by "OK, thanks"
MOST_WORDS = 5_000  # in the vocabulary
TEST_SHARE = 0.2
BATCH = 32  # messages in a row group of the file, and in one step of the training

_SENT = re.compile(r"(?:^|[^a-z])sent(?:[^a-z]|$)", re.IGNORECASE)
# Where a quoted or forwarded message begins: Outlook, Lotus Notes (the name and the date are above its header), others.
_QUOTE = re.compile(
    r"^(?:[ \t]*-{3,}.*(?:Original Message|Forwarded by)"
    r"|(?:.{1,80}\n)?.{0,80}?\d\d/\d\d/\d{2,4} \d\d:\d\d(?::\d\d)? [AP]M\s*\n\s*To:"
    r"|[ \t]*(?:From|Sent|To):[ \t]"
    r"|>"
    r"|.{1,80} wrote:[ \t]*$)",
    re.MULTILINE,
)


class Message(NamedTuple):
    """The words that somebody wrote."""

    author: str
    words: tuple[str, ...]


def own_text(text: str) -> str:
    """Return what the sender of a message wrote: everything above the first message that is quoted or forwarded."""
    quote = _QUOTE.search(text)
    return text[: quote.start()] if quote else text


def owners_of(files: Iterable[Path]) -> dict[str, str]:
    """Return the mailbox to whose owner each address belongs, for the MOST_AUTHORS owners who sent the most mail.

    `files` are Parquet files of mailboxes. An address is the owner's if a tenth or more of the mail in the mailbox's
    sent folders comes from it, and hardly any (a tenth at most) of the sent mail of others.
    """
    sent: Counter[tuple[str, str]] = Counter()
    for file in files:
        for row in _rows(file, ["From", "X-Folder"]):
            if row["From"] and _SENT.search((row["X-Folder"] or "").rpartition("\\")[2]):
                sent[file.stem, row["From"]] += 1
    by_mailbox, by_address = Counter[str](), Counter[str]()
    for (mailbox, address), count in sent.items():
        by_mailbox[mailbox] += count
        by_address[address] += count
    largest = sorted(by_mailbox, key=lambda mailbox: (-by_mailbox[mailbox], mailbox))[:MOST_AUTHORS]
    return {
        address: mailbox
        for (mailbox, address), count in sent.items()
        if mailbox in largest and 10 * count >= by_mailbox[mailbox] and 10 * count >= 9 * by_address[address]
    }


def written_by(owners: Mapping[str, str], files: Iterable[Path]) -> Iterator[Message]:
    """Yield the own words of each message that one of the addresses in `owners` wrote, copies included."""
    for file in files:
        for row in _rows(file, ["From", *TEXT_COLUMNS]):
            if author := owners.get(row["From"] or ""):
                words = tuple(tokens(own_text(plain_text(row))))
                if len(words) >= FEWEST_WORDS:
                    yield Message(author, words)


def without_copies(messages: Iterable[Message]) -> list[Message]:
    """Return the messages without copies, in an order that is random and yet the same everywhere.

    Of an author with more than MOST_MESSAGES messages, a random sample of that size is returned; one with fewer than
    FEWEST_MESSAGES is left out. A message is a copy if the author has written the same words before.
    """
    # Messages are ordered by a digest of their content: copies have the same one, and the smallest are a random sample.
    kept: dict[str, dict[bytes, Message]] = defaultdict(dict)
    largest: dict[str, list[int]] = defaultdict(list)  # heaps of negated digests
    for message in messages:
        content = " ".join([message.author, *message.words])
        digest = hashlib.blake2b(content.encode(), digest_size=16).digest()
        mine = kept[message.author]
        if digest not in mine:
            mine[digest] = message
            heapq.heappush(largest[message.author], -int.from_bytes(digest))
            if len(mine) > MOST_MESSAGES:
                del mine[(-heapq.heappop(largest[message.author])).to_bytes(16)]
    enough = [mine for mine in kept.values() if len(mine) >= FEWEST_MESSAGES]
    return [message for _, message in sorted(item for mine in enough for item in mine.items())]


def names_of(owners: Mapping[str, str]) -> set[str]:
    """Return the names of the authors, from their mailboxes and addresses: a signature must not give them away."""
    parts = [text.partition("@")[0] for item in owners.items() for text in item]
    return {name for part in parts for name in tokens(part) if len(name) > 1}


def vocabulary_of(messages: Iterable[Message], leave_out: Iterable[str] = ()) -> list[str]:
    """Return the words to look for: the MOST_WORDS that are in most messages, each in two or more."""
    found = Counter(word for message in messages for word in set(message.words))
    for word in leave_out:
        del found[word]
    words = sorted((word for word in found if found[word] > 1), key=lambda word: (-found[word], word))
    return words[:MOST_WORDS]


def gather(files: Sequence[Path], path: Path) -> None:
    """Write the dataset of these mailboxes to `path`. Raises UserError if there are fewer than two authors."""
    owners = owners_of(files)
    messages = without_copies(written_by(owners, files))
    authors = sorted({message.author for message in messages})
    if len(authors) < 2:
        raise UserError(f"learning needs {FEWEST_MESSAGES} messages or more by each of two people: add mailboxes")
    write_dataset(messages, authors, names_of(owners), path)


def write_dataset(messages: Sequence[Message], authors: Sequence[str], names: Iterable[str], path: Path) -> None:
    """Write messages to a Parquet file, a batch in each row group: first those to learn from, then the test."""
    test = round(TEST_SHARE * len(messages))
    parts = messages[test:], messages[:test]
    about = {
        "authors": authors,
        "vocabulary": vocabulary_of(parts[0], leave_out=names),
        "sizes": [len(part) for part in parts],
    }
    schema = pa.schema([("author", pa.string()), ("words", pa.list_(pa.string()))], {"about": json.dumps(about)})
    with path.open("wb") as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for part in parts:
            for start in range(0, len(part), BATCH):
                rows = part[start : start + BATCH]
                columns = [[message.author for message in rows], [list(message.words) for message in rows]]
                writer.write_batch(pa.RecordBatch.from_arrays(list(map(pa.array, columns)), schema=schema))


@dataclass(frozen=True)
class Dataset:
    """A file of messages, read a batch at a time."""

    path: Path
    authors: list[str]
    vocabulary: list[str]
    sizes: list[int]  # messages to learn from, messages in the test

    @classmethod
    def open(cls, path: Path) -> "Dataset":
        """Return the dataset in a file that `write_dataset` wrote."""
        return cls(path, **json.loads(pq.read_schema(path).metadata[b"about"]))

    @cached_property
    def known(self) -> frozenset[str]:
        """The vocabulary as a set."""
        return frozenset(self.vocabulary)

    @property
    def batches(self) -> range:
        """The numbers of the batches to learn from."""
        return range(-(-self.sizes[0] // BATCH))

    def batch(self, number: int) -> list[Message]:
        """Return one batch of messages."""
        with self.path.open("rb") as file:
            rows = pq.ParquetFile(file).read_row_group(number, use_threads=False).to_pylist()
        return [Message(row["author"], tuple(row["words"])) for row in rows]

    def training(self) -> Iterator[Message]:
        """Yield the messages to learn from."""
        for number in self.batches:
            yield from self.batch(number)

    def test(self) -> Iterator[Message]:
        """Yield the messages of the test, which nothing may learn from."""
        for number in range(len(self.batches), len(self.batches) + -(-self.sizes[1] // BATCH)):
            yield from self.batch(number)


def _rows(file: Path, columns: list[str]) -> Iterator[dict[str, str | None]]:
    with file.open("rb") as opened:
        for batch in pq.ParquetFile(opened).iter_batches(batch_size=256, columns=columns, use_threads=False):
            yield from batch.to_pylist()
