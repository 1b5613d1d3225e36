"""Files of word counts: UTF-8, one `word<TAB>count` a line, in the order of the words."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from enronlib import UserError

BLOCK = 1 << 16  # bytes read at once


def write_counts(counts: Iterable[tuple[str, int]], path: Path) -> None:
    """Write the words and their counts, which come in the order of the words, one a line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{word}\t{count}\n" for word, count in counts)


def read_counts(path: str | Path) -> dict[str, int]:
    """Return the counts in a file, in its order.

    Raises UserError when there is no such file, a line of it is not a word and its count, or a word comes twice.
    """
    counts: dict[str, int] = {}
    try:
        for number, (word, count) in enumerate(stream_counts(Path(path)), start=1):
            if word in counts:
                raise UserError(f"{path}, line {number}: {word!r} has a count already; write the file anew")
            counts[word] = count
    except FileNotFoundError:
        raise UserError(f"there is no file {path}: name a file of word counts") from None
    return counts


def stream_counts(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the words and counts of a file, which is closed between reads: a merge may take any number of files.

    Raises UserError for a line that is not a word and its count, and what opening a file raises.
    """
    position = number = 0
    while True:
        with path.open("rb") as file:
            file.seek(position)
            lines = file.readlines(BLOCK)
            position = file.tell()
        if not lines:
            return
        for line in lines:
            number += 1
            word, tab, count = line.rstrip(b"\r\n").rpartition(b"\t")
            if not (tab and count.isdigit()):
                shown = line[:60].decode("utf-8", "replace")
                raise UserError(f"{path}, line {number}: expected a word, a tab and a count, not {shown!r}")
            try:
                yield word.decode("utf-8"), int(count)
            except UnicodeDecodeError:
                raise UserError(f"{path}, line {number}: not UTF-8 text; name a file of word counts") from None
