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
    thrift      the same SQL, by Spark's Thrift Server
    presto      the same SQL, by Presto
    services    servers that outlive the command that starts them
    tasks       the batch job as a daily task of Luigi
    pipeline    all of it in one command, `enronlib events run`

All of them need the extra `events`; this module only checks that it is installed.
"""

from enronlib import require

__all__ = ["require_libraries"]


def require_libraries() -> None:
    """Raise UserError if the extra `events` is not installed. Imports nothing of it."""
    require("events", "flask", "confluent_kafka", "duckdb", "psutil", "pyspark", "rich")
