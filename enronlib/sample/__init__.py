"""Invented mail in the format of the Enron corpus, with all the oddities of the real mail, and its true word counts.

The people are invented, no message was ever sent, and all addresses are in a domain reserved for examples (`.example`).
The same seed gives the same bytes on every system.
"""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from tqdm import tqdm

from enronlib import UserError
from enronlib.files import cache_folder, write_bytes
from enronlib.sample.mailboxes import File, Place, Post, gallery_paths, mailbox_sizes, place_of
from enronlib.sample.quirks import QUIRKS, Quirk
from enronlib.sample.truth import count_words

__all__ = ["QUIRKS", "Quirk", "broken_message", "read_truth", "repair_sample", "sample_maildir", "write_sample"]

FORMAT = 3  # raised whenever the same seed gives other bytes than before
BROKEN = QUIRKS["ordinary"].path


def write_sample(
    folder: Path,
    messages: int = 2000,
    seed: int = 2001,
    *,
    broken_mailbox: bool = False,
    windows_safe: bool = os.name == "nt",
    progress: bool = False,
) -> Path:
    """Write `messages` invented message files below `folder`/maildir, and their true word counts beside it.

    With `broken_mailbox` one message is an empty file, as after an interrupted copy (`broken_message` returns which,
    `repair_sample` restores it). With `windows_safe` names end in `_` instead of a dot, which Windows drops.

    Returns the maildir. A folder that already holds this sample is left unchanged. Raises UserError if it holds
    anything else, or if the messages are too few to show every quirk. The sample appears whole or not at all.
    """
    folder = Path(folder)
    least = len(gallery_paths())
    if messages < least:
        raise UserError(f"{messages} messages are too few to show every quirk: ask for at least {least}")
    settings = {
        "format": FORMAT,
        "seed": seed,
        "total": messages,
        "broken_mailbox": broken_mailbox,
        "windows_safe": windows_safe,
    }
    if _holds(folder, settings):
        return folder / "maildir"
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise UserError(f"{folder} is not empty: name a new folder for the sample")
    try:
        _write_whole(folder, settings, progress)
    except OSError as error:
        if not _holds(folder, settings):  # otherwise another process was faster
            raise UserError(f"cannot write a sample to {folder}: {_reason(error)}") from error
    return folder / "maildir"


def sample_maildir() -> Path:
    """Return the maildir of the built-in sample: 2,000 messages, written to the user's cache folder on first use.

    Any number of processes may call it at once. A damaged sample is left unchanged and another one is written. Raises
    UserError if the cache folder cannot be written.
    """
    cache = cache_folder()
    for attempt in count():
        folder = cache / f"sample-2000-2001-{FORMAT}{f'-{attempt}' if attempt else ''}"
        if not folder.exists() or _is_whole(folder):
            break
    try:
        return write_sample(folder)
    except UserError as error:
        reason = _reason(error.__cause__ or error)
        raise UserError(f"cannot write the built-in sample to your cache folder ({reason}): name a maildir") from error


def read_truth(folder: Path) -> dict[str, Any]:
    """Return the truth about a sample: "messages" by mailbox, and "words", the count of each word by mailbox.

    The words were counted while the letters were composed, without reading any file. They are those of the intact
    sample, even if a mailbox is broken. Raises UserError if the folder holds no sample.
    """
    path = Path(folder) / "truth.json"
    try:
        truth: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError(f"{folder} holds no sample: write one with `enronlib sample {folder}`") from None
    return truth


def broken_message(folder: Path) -> Path:
    """Return the message file that is empty in a sample with a broken mailbox."""
    suffix = "_" if read_truth(folder)["windows_safe"] else "."
    return Path(folder, "maildir", BROKEN.removesuffix(".") + suffix)


def repair_sample(folder: Path) -> None:
    """Restore the empty message file of a broken sample."""
    truth = read_truth(folder)
    post = Post(truth["seed"], len(truth["messages"]))
    mailbox = BROKEN.partition("/")[0]
    owner = next(owner for owner in post.owners if owner.mailbox == mailbox)
    data = next(data for place, data, _ in post.files(owner, truth["messages"][mailbox]) if place == place_of(BROKEN))
    write_bytes(broken_message(folder), data)


def _write_whole(folder: Path, settings: dict[str, Any], progress: bool) -> None:
    """Write the sample next to its folder and move it there; an existing empty folder is kept."""
    parent = folder.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=parent, ignore_cleanup_errors=True) as temporary:
        sample = Path(temporary, "sample")
        _write(sample, settings, progress)
        if folder.is_dir():
            for name in ("maildir", "truth.json"):
                (sample / name).rename(folder / name)
        else:
            sample.rename(folder)


def _write(folder: Path, settings: dict[str, Any], progress: bool) -> None:
    """Write the sample into a new folder, mailbox by mailbox, so that memory does not grow with the sample."""
    sizes = mailbox_sizes(settings["total"])
    post = Post(settings["seed"], len(sizes))
    folder.mkdir()
    heading = json.dumps({**settings, "messages": dict(sorted(sizes.items()))}, indent=1).removesuffix("\n}")
    with (
        (folder / "truth.json").open("w", encoding="utf-8", newline="\n") as truth,
        tqdm(total=settings["total"], unit=" messages", disable=not progress) as bar,
    ):
        truth.write(f'{heading},\n "words": {{')
        for index, owner in enumerate(sorted(post.owners, key=lambda owner: owner.mailbox)):
            counts = _write_mailbox(
                folder / "maildir" / owner.mailbox,
                post.files(owner, sizes[owner.mailbox]),
                ending="_" if settings["windows_safe"] else ".",
                empty=place_of(BROKEN) if settings["broken_mailbox"] and BROKEN.startswith(owner.mailbox) else None,
                bar=bar,
            )
            truth.write(f'{"," if index else ""}\n  "{owner.mailbox}": {json.dumps(counts, ensure_ascii=False)}')
        truth.write("\n }\n}\n")


def _write_mailbox(
    mailbox: Path, files: Iterator[File], *, ending: str, empty: Place | None, bar: "tqdm[Any]"
) -> dict[str, int]:
    """Write the files of a mailbox and return its counts of words; the message at `empty` is written empty."""
    uses: Counter[str] = Counter()
    folders: set[str] = set()
    for place, data, pieces in files:
        folder, number = place
        if folder not in folders:
            (mailbox / folder).mkdir(parents=True, exist_ok=True)
            folders.add(folder)
        # One of up to half a million: a path object for each would cost more than the file.
        with open(os.path.join(mailbox, folder, f"{number}{ending}"), "wb", 0) as file:  # noqa: PTH118, PTH123
            file.write(b"" if place == empty else data)
        uses.update(pieces)
        bar.update()
    return count_words(uses)


def _holds(folder: Path, settings: dict[str, Any]) -> bool:
    """Return whether a folder holds the sample with these settings."""
    try:
        truth = read_truth(folder)
    except UserError:
        return False
    return settings.items() <= truth.items()


def _is_whole(folder: Path) -> bool:
    """Return whether a sample's mailboxes have as many files as they should."""
    try:
        messages = read_truth(folder)["messages"]
    except UserError:
        return False
    maildir = folder / "maildir"
    return all(sum(len(files) for _, _, files in os.walk(maildir / name)) == size for name, size in messages.items())


def _reason(error: BaseException) -> str:
    """Return the system's reason without the path, which may contain the name of the user."""
    return getattr(error, "strerror", None) or str(error)
