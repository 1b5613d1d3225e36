"""Marks saved to disk as they come, so that an interrupted grading can continue."""

import contextlib
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
from enronlib.classroom.grading.rounds import RunConfig
from enronlib.classroom.verdict import Status, Verdict

__all__ = ["ResumeJournal"]


class ResumeJournal:
    """Marks of earlier runs, one line of JSON each. They are valid only for the same submission, checks and limits."""

    def __init__(self, path: Path | None, config: RunConfig, lessons: Mapping[str, Lesson], *, resume: bool) -> None:
        """Read the file, or move it aside if this run does not `resume`. With a path of None nothing is saved."""
        self.path = path
        if path is not None and path.is_file() and not resume:
            path.replace(path.with_suffix(".old.jsonl"))  # hours of work, if --resume was only forgotten
        self.context = _digest(
            _package_source(), config.seed, config.sandbox.kind, config.limits, config.keep_outputs, dict(lessons)
        )
        self.found: dict[str, Marks] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path and path.is_file() else ():
            with contextlib.suppress(ValueError, KeyError, TypeError):  # a line cut off by an interruption
                row = json.loads(line)
                self.found[row.pop("key")] = _marks(row)

    def marks_of(self, submission: Submission) -> Marks | None:
        """Return the marks of an earlier run, or None if this very submission was not graded."""
        return self.found.get(self._key(submission))

    def progress(self, submissions: Sequence[Submission]) -> str:
        """Return how many of the submissions have marks: `7 of 18`."""
        return f"{sum(self.marks_of(each) is not None for each in submissions)} of {len(submissions)}"

    def add(self, submission: Submission, marks: Marks) -> None:
        """Append the marks to the file unless they are in it."""
        key = self._key(submission)
        if self.path is None or key in self.found:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps({"key": key, **asdict(marks)}) + "\n")
        self.found[key] = marks

    def _key(self, submission: Submission) -> str:
        what = [submission.student, submission.problem, submission.look, submission.remarks, submission.unreadable]
        return _digest(self.context, *what, sorted(submission.notebooks.items()))


def _marks(row: dict[str, Any]) -> Marks:
    verdicts = tuple(Verdict(**{**each, "status": Status(each["status"])}) for each in row["verdicts"])
    look, remarks, in_doubt = (tuple(row[name]) for name in ("look", "remarks", "in_doubt"))
    return Marks(row["student"], row["status"], verdicts, look, remarks, in_doubt, row["answers"])


def _package_source() -> list[bytes]:
    """Return the source of this package: a changed check may give another verdict."""
    return [source.read_bytes() for source in sorted(Path(enronlib.__file__).parent.rglob("*.py"))]


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
