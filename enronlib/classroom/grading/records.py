"""The outcome of one cell: a line of JSON from the pytest process to the grader."""

import json
from dataclasses import asdict, dataclass, field

from enronlib.classroom.verdict import Status, Verdict

__all__ = ["DIED", "Record"]

DIED = "ended the kernel"  # the message of a cell that left no kernel and gave no reason


@dataclass(frozen=True)
class Record:
    """The outcome of one cell. `status` is the verdict of a check cell, `odd` lists why a human should look at it."""

    lesson: str
    cell: str
    role: str | None
    exercise: str | None
    points: int
    status: str | None = None
    message: str = ""
    ended_kernel: bool = False
    timed_out: bool = False
    odd: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """The verdict of a check cell."""
        return Verdict(self.exercise or "", Status(self.status or Status.NOT_YET), self.message, self.points)

    def to_json(self) -> str:
        """Return the record as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "Record":
        """Return the record in a line; raise ValueError or TypeError if there is none."""
        return cls(**json.loads(line))
