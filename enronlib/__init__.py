"""Batch processing on the Enron mail: parse, schedule, count."""

__version__ = "0.1.0"


class UserError(Exception):
    """A mistake the user can mend; its message is one line that names the thing and the mend."""
