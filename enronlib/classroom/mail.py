"""Mail that students have not seen: a separate invented corpus for the checks, the same for everyone with one seed."""

import os
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from enronlib.corpus import mailboxes, message_files
from enronlib.files import cache_folder

__all__ = ["SEED", "Mail", "maildir_of"]

SEED = 31  # not the seed of the built-in sample, so that values copied from a lesson's output are wrong here
MESSAGES = 120


class Mail:
    """A small invented corpus that the checks take inputs from. It is written on first use."""

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
        """All message files, in corpus order."""
        return [path for mailbox in self.mailboxes for path in message_files(mailbox)]

    @property
    def emails(self) -> list[dict[str, Any]]:
        """All messages as `enronlib.messages.read_email` returns them, in corpus order."""
        return _emails(self.maildir)

    @property
    def texts(self) -> list[str]:
        """The plain text of each message, in corpus order."""
        from enronlib.messages import plain_text

        return [plain_text(email) for email in self.emails]

    @staticmethod
    def place(path: Path) -> str:
        """Return a path that lets a student find a file or folder, without the folders above the home or cache."""
        for name, folder in {"~": Path.home(), "…": cache_folder().parent}.items():
            if path.is_relative_to(folder):
                return f"{name}/{path.relative_to(folder).as_posix()}"
        return path.name

    @property
    def truth(self) -> Mapping[str, Any]:
        """What the generator recorded about this corpus; see `enronlib.sample.read_truth`."""
        from enronlib.sample import read_truth

        return read_truth(self.maildir.parent)


@cache
def maildir_of(seed: int) -> Path:
    """Write the corpus of this seed to the user's cache folder unless it exists, and return its maildir."""
    from enronlib.sample import FORMAT, write_sample  # slow to import, and only some checks need it

    home = cache_folder()
    return write_sample(home / f"checks-{MESSAGES}-{seed}-{FORMAT}", MESSAGES, seed)


@cache
def _emails(maildir: Path) -> list[dict[str, Any]]:
    from enronlib.messages import read_email

    return [read_email(path, maildir) for mailbox in mailboxes(maildir) for path in message_files(mailbox)]
