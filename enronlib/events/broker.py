"""A Kafka broker of one node, on this machine alone: https://kafka.apache.org/documentation/#kraft."""

import os
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

from enronlib import UserError
from enronlib.events import jars, services, topic
from enronlib.events.services import Service
from enronlib.files import locked

__all__ = ["find", "start", "stop"]

# A small heap and a compiler that is fast to start: this broker serves a class, not a company.
JVM = ("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""


def start(folder: Path) -> Service:
    """Start the broker whose data are in `folder`, unless it runs; return it once it answers.

    It outlives this process; `stop` ends it. Raises UserError if Kafka is not there and cannot be fetched, or does not
    start.
    """
    classpath = os.pathsep.join(map(str, jars.fetch("kafka")))
    folder = folder.resolve()
    with locked(folder):
        running = find(folder)
        if running:
            return running
        port = services.port_for("kafka", folder)
        java = [jars.check_java(), *JVM, "-cp", classpath]
        settings, data = folder / "server.properties", folder / "data"
        values = {"port": port, "controller": services.free_port(), "data": data.as_posix()}
        settings.write_text(SETTINGS.format(**values), encoding="utf-8")
        if not (data / "meta.properties").exists():
            cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            _format([*java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings)])
        command = [*java, "kafka.Kafka", str(settings)]
        return services.launch("kafka", folder, command, port, lambda broker: topic.answers(broker.address))


def find(folder: Path) -> Service | None:
    """Return the broker that runs on the data in `folder`, None if there is none."""
    return services.find("kafka", folder)


def stop(folder: Path) -> bool:
    """End the broker whose data are in `folder`; return whether one ran."""
    return services.stop("kafka", folder)


def _format(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=services.PATIENCE)
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise UserError(f"Kafka cannot prepare its folder: {lines[-1] if lines else 'no reason given'}")
