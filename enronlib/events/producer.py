"""The log of events in Kafka: written by `confluent-kafka`, each event once, and confirmed before it counts.

Settings: https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
"""

import threading
from types import TracebackType
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from enronlib.events.mailserver import NotLoggedError

__all__ = ["KafkaLog"]


class KafkaLog:
    """A topic as an EventLog. Several threads may append to it. Use it in a `with` block, which ends with a flush.

    The producer is idempotent: a record that it sends again, because the broker's confirmation was lost, is stored
    once. A record counts as safe only when all replicas have it.
    """

    def __init__(self, address: str, topic: str, *, patience: float = 10, wait: bool = True) -> None:
        """Take the broker's address and the topic; nothing is sent yet.

        `patience` is the time in seconds after which a record without confirmation has failed. Without `wait`, append
        returns at once, and `flush` raises if any record failed: faster, for one who needs no answer per event.
        """
        settings: dict[str, Any] = {
            "bootstrap.servers": address,
            "enable.idempotence": True,  # implies acks=all; said again for the reader
            "acks": "all",
            "message.timeout.ms": int(patience * 1000),
            "reconnect.backoff.max.ms": 1000,  # a broker that is back is found within a second
            "linger.ms": 2 if wait else 50,  # a batch waits this long for more records
            "log_level": 2,  # no lines on stderr while the broker is away: append reports that
        }
        self._topic, self._patience, self._wait = topic, patience, wait
        self._failure = ""
        self._producer = Producer(settings)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve_reports, daemon=True)
        self._thread.start()

    def append(self, key: str, value: bytes) -> None:
        """Add a record; return once the broker has confirmed it. Raises NotLoggedError if it does not in time."""
        if not self._wait:
            self._produce(key, value, self._note)
            return
        reported, problems = threading.Event(), []

        def note(error: KafkaError | None, _: Message) -> None:
            problems.append(error)
            reported.set()

        self._produce(key, value, note)
        if not reported.wait(self._patience + 5):
            raise NotLoggedError("no confirmation from the broker")
        if problems[0] is not None:
            raise NotLoggedError(problems[0].str())

    def flush(self) -> None:
        """Wait until every record is confirmed. Raises NotLoggedError if one is not, in this log's lifetime."""
        missing = self._producer.flush(self._patience + 5)
        if missing or self._failure:
            raise NotLoggedError(self._failure or f"{missing} records without confirmation from the broker")

    def close(self) -> None:
        """Flush, and end the thread that hands out the broker's confirmations."""
        try:
            self.flush()
        finally:
            self._closing.set()
            self._thread.join()

    def __enter__(self) -> "KafkaLog":
        """Return the log."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Close the log."""
        self.close()

    def _produce(self, key: str, value: bytes, report: Any) -> None:
        while True:
            try:
                self._producer.produce(self._topic, key=key, value=value, on_delivery=report)
                return
            except BufferError as error:  # 100,000 records wait
                if self._wait:
                    raise NotLoggedError("too many events wait for the broker") from error
                self._producer.poll(0.1)
            except KafkaException as error:
                raise NotLoggedError(str(error)) from error

    def _note(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failure = error.str()

    def _serve_reports(self) -> None:
        """Have the producer call the `on_delivery` functions, which it does only inside `poll` and `flush`."""
        while not self._closing.is_set():
            self._producer.poll(0.1)
