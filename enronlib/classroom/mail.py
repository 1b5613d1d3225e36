"""Mail the student has not seen: an invented corpus of its own for the checks, the same for everyone with one seed."""

import os
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from enronlib.corpus import mailboxes, message_files
from enronlib.files import cache_folder

SEED = 31  # another one than the built-in sample has, so that what is copied from the lesson's output is wrong here
MESSAGES = 120


class Mail:
    """A small invented corpus that checks draw inputs from; it is made when first asked for."""

    @cached_property
    def maildir(self) -> Path:
        """The folder that holds the mailboxes."""
        return maildir_of(int(os.environ.get("ENRONLIB_CORPUS_SEED", SEED)))

    @property
    def mailboxes(self) -> list[Path]:
        """The folders of the mailboxes."""
        return mailboxes(self.maildir)

    @property
    def files(self) -> list[Path]:
        """The files of all messages, in corpus order."""
        return [path for mailbox in self.mailboxes for path in message_files(mailbox)]

    @property
    def emails(self) -> list[dict[str, Any]]:
        """All messages as `enronlib.messages.read_email` gives them, in corpus order."""
        return _emails(self.maildir)

    @staticmethod
    def place(path: Path) -> str:
        """Return where a file or folder is, so that a student can find it and nobody learns of folders above."""
        for name, folder in {"~": Path.home(), "…": cache_folder().parent}.items():
            if path.is_relative_to(folder):
                return f"{name}/{path.relative_to(folder).as_posix()}"
        return path.name

    @property
    def truth(self) -> Mapping[str, Any]:
        """What is known of this corpus without the code under test; see `enronlib.sample.read_truth`."""
        from enronlib.sample import read_truth  # noqa: PLC0415

        return read_truth(self.maildir.parent)


@cache
def maildir_of(seed: int) -> Path:
    """Write the corpus of this seed into the user's cache folder, unless it is there, and return its maildir."""
    from enronlib.sample import FORMAT, write_sample  # noqa: PLC0415  costly, and only some checks need it

    home = cache_folder()
    return write_sample(home / f"checks-{MESSAGES}-{seed}-{FORMAT}", MESSAGES, seed)


@cache
def _emails(maildir: Path) -> list[dict[str, Any]]:
    from enronlib.messages import read_email  # noqa: PLC0415

    return [read_email(path, maildir) for mailbox in mailboxes(maildir) for path in message_files(mailbox)]
