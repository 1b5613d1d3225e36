"""The mail keeps coming: a mail server logs events, Kafka keeps them, Spark turns them into tables, SQL asks them.

    schema      what an event holds
    store       the mailboxes of the mail server, in SQLite
    mailserver  what a request does: check it, log an event, carry it out
    api         the mail server's HTTP interface (Flask)
    replay      the messages of a maildir as one day of requests
    jars        Kafka and Spark's connector, from Maven Central
    topic       a topic of Kafka: make it, look into it
    broker      a broker of one node: start, find, stop
    producer    the log of events in Kafka
    job         the Spark job, as a batch and as a stream: a topic -> one table per type of event
    queries     SQL on the tables, by DuckDB
    services    servers that outlive the command that starts them
    pipeline    all of it in one command, `enronlib events run`

All of them need the extra `events`; this module only checks that it is installed.
"""

from importlib.util import find_spec

from enronlib import UserError

__all__ = ["LIBRARIES", "require_libraries"]

LIBRARIES = {
    "flask": "flask",
    "confluent_kafka": "confluent-kafka",
    "duckdb": "duckdb",
    "psutil": "psutil",
    "pyspark": "pyspark",
    "rich": "rich",
}
"""The modules of the extra `events`, and the packages they come from."""


def require_libraries(*modules: str) -> None:
    """Raise UserError if one of these modules is not installed (default: all of LIBRARIES). Imports none of them."""
    for module in modules or LIBRARIES:
        if not find_spec(module):
            raise UserError(f"{LIBRARIES[module]} is not installed: python -m pip install 'enronlib[events]'")
