"""A topic of Kafka: make it, see how long its partitions are, and look at its records, as `kcat` does."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from enronlib import UserError

__all__ = ["PARTITIONS", "TOPIC", "Record", "answers", "create_topic", "end_offsets", "read_records", "topic_sizes"]

TOPIC = "mail-events"
PARTITIONS = 3  # events of one user are in one partition, in order
PATIENCE = 30  # seconds until the broker must have answered; a busy machine needs some
_QUIET = {"log_level": 2}


@dataclass(frozen=True)
class Record:
    """A record of a topic: where it is, when it came (milliseconds since 1970), its key and its value."""

    partition: int
    offset: int
    timestamp: int
    key: str
    value: bytes


def answers(address: str) -> bool:
    """Return whether a broker answers at this address within a second."""
    try:
        return bool(AdminClient({"bootstrap.servers": address, **_QUIET}).list_topics(timeout=1).brokers)
    except KafkaException:
        return False


def create_topic(address: str, topic: str = TOPIC, partitions: int = PARTITIONS) -> None:
    """Create a topic that keeps its records for ever; one that is there is left as it is.

    Raises UserError if no broker answers at `address`.
    """
    admin = AdminClient({"bootstrap.servers": address, **_QUIET})
    new = NewTopic(topic, partitions, 1, config={"retention.ms": "-1"})
    try:
        admin.create_topics([new], request_timeout=PATIENCE)[topic].result(PATIENCE + 5)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise UserError(f"no Kafka broker answers at {address}: {error.args[0].str()}") from error


def end_offsets(address: str, topic: str = TOPIC) -> dict[int, int]:
    """Return for each partition of a topic the offset that its next record will get.

    Raises UserError if no broker answers or if there is no such topic.
    """
    consumer = Consumer({"bootstrap.servers": address, "group.id": "enronlib-view", **_QUIET})
    try:
        found = consumer.list_topics(topic, timeout=PATIENCE).topics[topic]
        if found.error:
            raise UserError(f"there is no topic {topic} at {address}")
        return {partition: _end_offset(consumer, topic, partition) for partition in sorted(found.partitions)}
    except KafkaException as error:
        raise UserError(f"no Kafka broker answers at {address}: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _end_offset(consumer: Consumer, topic: str, partition: int) -> int:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return int(consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=PATIENCE)[1])
        except KafkaException as error:  # a partition that was just created may have no leader yet
            if error.args[0].code() != KafkaError.NOT_LEADER_FOR_PARTITION or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def topic_sizes(address: str) -> dict[str, int]:
    """Return the topics at a broker, but for Kafka's own, and how many records each was given."""
    admin = AdminClient({"bootstrap.servers": address, **_QUIET})
    try:
        names = sorted(name for name in admin.list_topics(timeout=PATIENCE).topics if not name.startswith("__"))
    except KafkaException as error:
        raise UserError(f"no Kafka broker answers at {address}: {error.args[0].str()}") from error
    return {name: sum(end_offsets(address, name).values()) for name in names}


def read_records(address: str, topic: str = TOPIC, start: int = 0) -> Iterator[Record]:
    """Yield the records that are in a topic now, from offset `start` of each partition on, partition by partition.

    Raises UserError as end_offsets does.
    """
    ends = end_offsets(address, topic)
    consumer = Consumer(
        {"bootstrap.servers": address, "group.id": "enronlib-view", "enable.auto.commit": False, **_QUIET}
    )
    try:
        for partition, end in ends.items():
            consumer.assign([TopicPartition(topic, partition, start)])
            offset = start
            while offset < end:
                message = consumer.poll(PATIENCE)
                if message is None or message.error():
                    raise UserError(f"the broker at {address} stopped answering: {message and message.error()}")
                offset = message.offset() + 1
                key = (message.key() or b"").decode(errors="replace")
                yield Record(partition, message.offset(), message.timestamp()[1], key, message.value() or b"")
    finally:
        consumer.close()
