"""Spark's Thrift Server: SQL on the tables of events for any program that speaks the protocol of Hive (JDBC, ODBC).

https://spark.apache.org/docs/latest/sql-distributed-sql-engine.html
"""

import csv
import io
import os
import subprocess
import tempfile
from pathlib import Path

from enronlib import UserError
from enronlib.events import jars, services
from enronlib.events.schema import BAD, TABLES, columns_of
from enronlib.events.services import Service
from enronlib.files import locked

__all__ = ["ask", "start"]

PATIENCE = 180  # seconds until a query must be answered


def start(folder: Path, tables: Path) -> Service:
    """Start Spark's Thrift Server in `folder`, unless it runs; return it once it answers queries of the tables.

    It keeps running when this process ends; `services.stop("thrift", folder)` stops it. The metastore in `folder`
    keeps what clients define, such as views. Raises UserError if there is no Java, or if it does not start.
    """
    jars.check_java()
    folder = folder.resolve()
    with locked(folder):
        service = services.find("thrift", folder) or _launch(folder)
        ask(service.address, *(_declaration(name, tables) for name in (*TABLES.values(), BAD)))
        return service


def ask(address: str, *queries: str) -> list[tuple[str, ...]]:
    """Return the rows, as texts, that the Thrift Server at this address answers to these queries, one after another.

    They go through Beeline, Hive's own client, which PySpark brings; it drops line breaks inside a text. Raises
    UserError if a query fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "queries.sql"  # given on the command line, each would be answered after a prompt
        script.write_text("".join(f"{query};\n" for query in queries), encoding="utf-8")
        command = [
            jars.check_java(), "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-Ddisable.quoting.for.sv=false",
            "-cp", f"{jars.pyspark()}/jars/*", "org.apache.hive.beeline.BeeLine", "-u", f"jdbc:hive2://{address}/default",
            "-n", "enronlib", "--silent=true", "--showHeader=false", "--outputformat=csv2", "-f", str(script),
        ]  # fmt: skip
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE
        )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "Error" in line] or ["no reason given"]
        raise UserError(f"the Thrift Server at {address}: {lines[0][:200]}")
    return [tuple(row) for row in csv.reader(io.StringIO(done.stdout, newline="")) if row]


def _launch(folder: Path) -> Service:
    from enronlib.events import job  # imports PySpark, which takes a second

    port = services.port_for("thrift", folder)
    settings = job.LOCAL | {
        "spark.hadoop.hive.exec.scratchdir": str(folder / "scratch"),
        "spark.hadoop.hive.server2.thrift.bind.host": "127.0.0.1",
        "spark.hadoop.hive.server2.thrift.port": str(port),
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:{folder / 'metastore'};create=true",
        "spark.sql.catalogImplementation": "hive",
        # The metastore knows the tables, but only their files know the rows: every query looks for new ones.
        "spark.sql.filesourceTableRelationCacheSize": "0",
        "spark.sql.hive.manageFilesourcePartitions": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    options = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    submit = jars.pyspark() / "bin" / ("spark-submit.cmd" if os.name == "nt" else "spark-submit")
    program = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
    command = [str(submit), "--master", "local[2]", *options, "--class", program, "spark-internal"]
    environment = {"SPARK_HOME": str(jars.pyspark()), "SPARK_LOCAL_IP": "127.0.0.1"}
    return services.launch(
        "thrift", folder, command, port, lambda server: services.listens(server.port), environment=environment
    )


def _declaration(name: str, tables: Path) -> str:
    """Return the statement that tells Spark where a table is."""
    columns = ", ".join(f"`{column}` {kind}" for column, kind in columns_of(name).items())
    location = (tables / name).resolve().as_uri()
    return (
        f"CREATE TABLE IF NOT EXISTS {name} ({columns}) USING parquet PARTITIONED BY (day, batch) LOCATION '{location}'"
    )
