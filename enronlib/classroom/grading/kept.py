"""Marks kept on disk as they come, so that an interrupted run goes on where it was."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import enronlib
from enronlib.classroom.grading.intake import Submission
from enronlib.classroom.grading.lessons import Lesson
from enronlib.classroom.grading.marks import Marks
from enronlib.classroom.grading.run import Setting
from enronlib.classroom.verdict import Status, Verdict


class Kept:
    """Marks of submissions graded before, one line of JSON each; they count for the very same input and checks only."""

    def __init__(self, path: Path | None, setting: Setting, lessons: Mapping[str, Lesson], *, anew: bool) -> None:
        """Read what there is in the file, or begin `anew` and move it aside; with None nothing is kept."""
        self.path = path
        if path is not None and path.is_file() and anew:
            path.replace(path.with_suffix(".old.jsonl"))  # it may be hours of work, and this a slip of the hand
        prints = {name: lesson.fingerprint for name, lesson in lessons.items()}
        self.context = repr([_code(), setting.seed, setting.walls.kind, setting.limits, prints])
        self.found: dict[str, Marks] = {}
        if path is not None and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    row = json.loads(line)
                    self.found[row.pop("key")] = _marks(row)
                except (ValueError, KeyError, TypeError):
                    continue  # torn by an interruption

    def of(self, submission: Submission) -> Marks | None:
        """Return the marks of an earlier run, None if there are none for just this."""
        return self.found.get(self._key(submission))

    def progress(self, submissions: Sequence[Submission]) -> str:
        """Return how many of the submissions have their marks in the file: `7 of 18`."""
        return f"{sum(self.of(each) is not None for each in submissions)} of {len(submissions)}"

    def keep(self, submission: Submission, marks: Marks) -> None:
        """Write the marks down, once."""
        key = self._key(submission)
        if self.path is None or key in self.found:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps({"key": key, **asdict(marks)}) + "\n")
        self.found[key] = marks

    def _key(self, submission: Submission) -> str:
        what = [submission.student, submission.problem, submission.look, submission.remarks, submission.unreadable]
        return _hash(repr([self.context, *what, sorted(submission.notebooks.items())]).encode())


def _marks(row: dict[str, Any]) -> Marks:
    verdicts = tuple(Verdict(**{**each, "status": Status(each["status"])}) for each in row["verdicts"])
    texts = {name: tuple(row[name]) for name in ("look", "remarks", "in_doubt")}
    return Marks(row["student"], row["status"], verdicts, **texts)


def _code() -> str:
    """Return a fingerprint of this package: another check, another verdict."""
    sources = sorted(Path(enronlib.__file__).parent.rglob("*.py"))
    return _hash(b"".join(source.read_bytes() for source in sources))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
