"""Batch processing on the Enron mail: parse, schedule and count.

The modules, in the order in which data flows. A module imports only modules above it:

    files        the one way to write a file; locks and caches
    processes    how worker processes start and stop
    sample       invented mail with known truth
    corpus       where the mail is: mailboxes and message files
    download     the real corpus
    messages     a message file -> 20 fields -> plain text
    parquet      a mailbox -> a Parquet file
    words        text -> words
    counts       files of word counts
    mapreduce    a MapReduce engine in pure Python
    charts       counts -> figures
    steps        the steps from mail to a chart, each from files to a file
    workflow     the Luigi tasks from raw mail to charts
    engines      the same job on Dask and Spark, on one machine or a cluster
    learning     who wrote it? a small network on the processed mail
    events       mail that keeps coming: a mail server, Kafka, Spark and SQL
    classroom    exercises, lessons and grading
"""

from importlib.util import find_spec

__version__ = "0.1.0"


class UserError(Exception):
    """An error the user can fix; its message is one line that names the problem and the fix."""


def require(extra: str, *modules: str) -> None:
    """Raise UserError unless these modules, which an extra of the package installs, can be imported. Imports none."""
    for module in modules:
        if not find_spec(module):
            raise UserError(f"{module} is not installed: python -m pip install 'enronlib[{extra}]'")
