"""The mailboxes of the mail server: a small SQLite database, which may be used by several threads."""

import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["MailStore"]

TABLES = """
CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, sender TEXT, subject TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS mailbox (username TEXT, id TEXT, UNIQUE (username, id));
CREATE INDEX IF NOT EXISTS of_user ON mailbox (username);
"""
NEWEST = 200  # messages of a mailbox that a search looks through


class MailStore:
    """Messages, and the mailboxes that hold them. A mailbox belongs to a user name and exists once it holds one."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the database, which is created if needed; without a path it is in memory."""
        self._database = sqlite3.connect(path or ":memory:", check_same_thread=False)
        self._database.executescript(TABLES)
        self._lock = threading.Lock()

    def add(self, message_id: str, sender: str, recipients: Iterable[str], subject: str, body: str) -> None:
        """Put a message into the mailboxes of its sender and its recipients."""
        boxes = [(username, message_id) for username in {sender, *recipients}]
        with self._lock, self._database as database:
            database.execute("INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?)", (message_id, sender, subject, body))
            database.executemany("INSERT OR REPLACE INTO mailbox VALUES (?, ?)", boxes)

    def find(self, username: str, message_id: str) -> tuple[str, str] | None:
        """Return the sender and the subject of a message in this mailbox, None if it is not there."""
        found = self._ask("SELECT sender, subject FROM message JOIN mailbox USING (id) WHERE username = ? AND id = ?",
                          username, message_id)  # fmt: skip
        return tuple(found[0]) if found else None

    def exists(self, message_id: str) -> bool:
        """Return whether there was ever a message with this id."""
        return bool(self._ask("SELECT 1 FROM message WHERE id = ?", message_id))

    def delete(self, username: str, message_id: str) -> None:
        """Remove a message from a mailbox. The other mailboxes that hold it keep it."""
        with self._lock, self._database as database:
            database.execute("DELETE FROM mailbox WHERE username = ? AND id = ?", (username, message_id))

    def search(self, username: str, query: str) -> list[str]:
        """Return the ids of messages in this mailbox whose subject or body contains the text, newest first.

        Only the newest 200 messages are searched.
        """
        pattern = "%" + query.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        rows = self._ask(
            "SELECT id FROM (SELECT id, rowid AS n FROM mailbox WHERE username = ? ORDER BY n DESC LIMIT ?)"
            r" JOIN message USING (id) WHERE subject LIKE ? ESCAPE '\' OR body LIKE ? ESCAPE '\' ORDER BY n DESC",
            username, NEWEST, pattern, pattern,
        )  # fmt: skip
        return [row[0] for row in rows]

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _ask(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()
