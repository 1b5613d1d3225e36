"""Presto: SQL on the tables of events over HTTP. It is made for many machines; here it is one process.

https://prestodb.io/docs/current/develop/client-protocol.html

0.287 is the newest release whose server was found on Maven Central as one archive. It was made for Java 8 and 11: the
ASM in it, a library that generates classes, cannot read those of Java 17. A newer ASM replaces it here.

It listens on loopback alone. No setting does that for its port for other machines of a cluster: one of its classes is
changed for it (PATCH).
"""

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import requests

from enronlib import UserError
from enronlib.events import jars, services
from enronlib.events.schema import BAD, TABLES, columns_of
from enronlib.events.services import Service
from enronlib.files import cache_folder, locked

__all__ = ["SIZE", "ask", "home", "start"]

SIZE = "2.1 GB"
"""What is fetched, once; 460 MB of it are kept."""
PATIENCE = 180  # seconds until a query must be answered
SETTINGS = """\
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery-server.enabled=true
discovery.uri=http://127.0.0.1:{port}
plugin.dir={plugins}
catalog.config-dir={folder}/catalog
query.max-memory=300MB
query.max-memory-per-node=200MB
query.max-total-memory-per-node=300MB
memory.heap-headroom-per-node=100MB
"""
CATALOG = """\
connector.name=hive-hadoop2
hive.metastore=file
hive.metastore.catalog.dir=file://{folder}/metastore
hive.non-managed-table-writes-enabled=true
"""
# What Presto reaches into; since Java 16 it must be opened.
OPENED = """\
java.base/java.lang java.base/java.io java.base/java.net java.base/java.nio java.base/java.util
java.base/java.util.concurrent java.base/java.text java.base/java.lang.invoke java.base/java.lang.reflect
java.base/java.lang.ref java.base/java.security java.base/javax.security.auth java.base/javax.security.auth.login
java.base/sun.nio.ch java.base/sun.net.www java.management/sun.management
jdk.management/com.sun.management.internal java.security.jgss/sun.security.krb5
"""
# In the class of the server for other machines of a cluster: bind(port) -> bind("127.0.0.1", 0). Its constant 14 is a
# message that is not needed; two bytes before a text hold its length.
PATCH = {
    b"\0\x21native transport is not available": b"\0\x09127.0.0.1",
    b"\0\x23(I)Lio/netty/channel/ChannelFuture;": b"\0\x35(Ljava/lang/String;I)Lio/netty/channel/ChannelFuture;",
    b"\x2a\xb4\0\x0b\xb6\0\x43": b"\x12\x0e\x03\0\xb6\0\x43",  # aload_0, getfield port -> ldc 14, iconst_0, nop
}
_TYPES = {"string": "varchar", "array<string>": "array(varchar)", "timestamp_ntz": "timestamp", "int": "integer"}


def home() -> Path:
    """Return the folder in which Presto is once it was fetched."""
    return cache_folder() / "presto-0.287"


def start(folder: Path, tables: Path) -> Service:
    """Start Presto in `folder`, unless it runs; return it once it answers queries of the tables.

    Presto does not notice new files by itself: call this again after files are added. The server keeps running when
    this process ends; `services.stop("presto", folder)` stops it. The first start fetches 2.1 GB. Raises UserError if
    there is no Java, if Presto cannot be fetched, or if it does not start.
    """
    folder = folder.resolve()
    if not home().exists():
        _fetch()
    with locked(folder):
        service = services.find("presto", folder) or _launch(folder)
        ask(service.address, "CREATE SCHEMA IF NOT EXISTS events", *_declarations(tables))
        return service


def ask(address: str, *queries: str) -> list[tuple[Any, ...]]:
    """Return the rows that Presto at this address answers to these queries. Raises UserError if one fails."""
    rows: list[tuple[Any, ...]] = []
    headers = {"X-Presto-User": "enronlib", "X-Presto-Catalog": "hive", "X-Presto-Schema": "events"}
    with requests.Session() as session:
        session.headers.update(headers)
        for query in queries:
            answer = session.post(f"http://{address}/v1/statement", query.encode(), timeout=PATIENCE).json()
            while "nextUri" in answer:
                answer = session.get(answer["nextUri"], timeout=PATIENCE).json()
                rows += map(tuple, answer.get("data", []))
            if "error" in answer:
                raise UserError(f"Presto at {address}: {answer['error']['message'][:200]}")
    return rows


def _fetch() -> None:
    """Put Presto into the cache folder: of its archive only what is needed, with the newer ASM."""
    archive, *asm = jars.fetch("presto")
    with locked(home().parent), tempfile.TemporaryDirectory(dir=home().parent) as name, tarfile.open(archive) as packed:
        unpacked = Path(name) / archive.name.removesuffix(".tar.gz")
        needed = tuple(f"{unpacked.name}/{part}/" for part in ("lib", "plugin/hive-hadoop2"))
        packed.extractall(name, (member for member in packed if member.name.startswith(needed)), filter="data")
        for old in unpacked.rglob("asm*-9.0.jar"):
            shutil.copy(next(new for new in asm if new.name.startswith(old.name.removesuffix("9.0.jar"))), old.parent)
            old.unlink()
        if not home().exists():  # another process may have been faster
            unpacked.rename(home())
    archive.unlink(missing_ok=True)


def _launch(folder: Path) -> Service:
    port = services.port_for("presto", folder)
    (folder / "catalog").mkdir(exist_ok=True)
    values = {"port": port, "plugins": (home() / "plugin").as_posix(), "folder": folder.as_posix()}
    for file, text in {"config.properties": SETTINGS, "catalog/hive.properties": CATALOG}.items():
        (folder / file).write_text(text.format(**values), encoding="utf-8")
    node = {"environment": "enronlib", "id": "enronlib", "data-dir": folder / "data"}
    node |= {"bind-ip": "127.0.0.1", "internal-address": "127.0.0.1"}
    command = [
        jars.check_java(), "-Xmx1g", "-XX:+UseSerialGC", "-Djdk.attach.allowAttachSelf=true",
        *(f"--add-opens={package}=ALL-UNNAMED" for package in OPENED.split()),
        # Presto starts a JMX server for everybody unless there is one; this says so, and starts none.
        "-Dcom.sun.management.jmxremote.port=1", "-XX:-ManagementServer",
        *(f"-Dnode.{name}={value}" for name, value in node.items()), f"-Dconfig={folder / 'config.properties'}",
        "-cp", f"{_patch(folder)}{os.pathsep}{home() / 'lib'}/*", "com.facebook.presto.server.PrestoServer",
    ]  # fmt: skip
    return services.launch("presto", folder, command, port, _has_a_worker)


def _patch(folder: Path) -> Path:
    """Return a folder for the class path with the class that PATCH changes."""
    name = "com/facebook/drift/transport/netty/server/DriftNettyServerTransport.class"
    with ZipFile(home() / "lib" / "drift-transport-netty-1.37.jar") as jar:
        code = jar.read(name)
    for old, new in PATCH.items():
        code = code.replace(old, new)
    patched = folder / "patch" / name
    patched.parent.mkdir(parents=True, exist_ok=True)
    patched.write_bytes(code)
    return folder / "patch"


def _declarations(tables: Path) -> Iterator[str]:
    """Yield the statements that tell Presto where the tables are, and which partitions they have by now."""
    for name in (*TABLES.values(), BAD):
        (tables / name).mkdir(parents=True, exist_ok=True)
        columns = ", ".join(f'"{column}" {_TYPES.get(kind, kind)}' for column, kind in columns_of(name).items())
        location = (tables / name).resolve().as_uri()
        yield (
            f"CREATE TABLE IF NOT EXISTS {name} ({columns})"
            f" WITH (format = 'PARQUET', external_location = '{location}', partitioned_by = ARRAY['day', 'batch'])"
        )
        yield f"CALL system.sync_partition_metadata('events', '{name}', 'FULL')"


def _has_a_worker(server: Service) -> bool:
    with suppress(requests.RequestException, ValueError, UserError):
        return ask(server.address, "SELECT count(*) FROM system.runtime.nodes WHERE state = 'active'") == [(1,)]
    return False
