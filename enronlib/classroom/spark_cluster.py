"""Spark on this machine: a session for the lesson, and a small standalone cluster whose workers can be killed.

Everything listens on the loopback address, at ports that are free. Importing this module needs neither PySpark nor
Java; `find_spark` reports which of them is missing.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from enronlib import UserError
from enronlib.processes import environment

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Cluster", "find_spark", "plan_of", "start_session", "stop_session", "tidy", "wait_until"]

HOST = "127.0.0.1"
# Reads the numbers of process groups, and kills them when its input is closed, as it is at the end of this process.
GUARD = """
import contextlib, os, signal, sys
for group in sys.stdin.readlines():
    with contextlib.suppress(OSError):
        os.killpg(int(group), signal.SIGKILL)
"""
PATIENCE = 110  # seconds to wait for a program of Java: some laptops are slow
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData"  # starts with half the work; slower in long jobs
LOCAL = {
    "spark.driver.host": HOST,
    "spark.driver.bindAddress": HOST,
    "spark.driver.memory": "512m",
    "spark.driver.extraJavaOptions": JAVA,
    "spark.ui.showConsoleProgress": "false",
}


def find_spark() -> Path:
    """Return the folder of the PySpark package. Raises UserError if PySpark or Java is not installed."""
    package = find_spec("pyspark")
    if not package or not package.origin:
        raise UserError("pyspark is not installed: python -m pip install 'enronlib[spark]'")
    java = os.environ.get("JAVA_HOME")
    if not shutil.which(Path(java, "bin", "java") if java else "java"):
        raise UserError("Java is not installed, and Spark runs on it: install Java 17 or newer (https://adoptium.net)")
    return Path(package.origin).parent


def start_session(log: Path, *, cores: int = 2) -> "SparkSession":
    """Start Spark in one process of Java with this many threads, and return its session.

    What Java prints goes to the file `log`. Raises UserError if Spark cannot start.
    """
    find_spark()
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)  # at its import
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    settings = {"spark.ui.port": "0", "spark.sql.shuffle.partitions": "4", **LOCAL}
    conf = SparkConf().setMaster(f"local[{cores}]").setAppName("lesson").setAll(list(settings.items()))
    try:
        with environment(**_python()), log.open("ab") as file:
            if SparkContext._gateway is None:
                SparkContext._ensure_initialized(gateway=launch_gateway(conf, {"stderr": file}), conf=conf)
            session: SparkSession = SparkSession.builder.config(conf=conf).getOrCreate()
    except Exception as error:
        raise UserError(f"Spark did not start: the end of {log.name} says why") from error
    return session


def stop_session(session: "SparkSession") -> None:
    """Stop the session and end its process of Java."""
    from pyspark import SparkContext

    session.stop()
    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()  # Java ends when it is closed
        with suppress(subprocess.TimeoutExpired):
            gateway.proc.wait(10)
        SparkContext._gateway = SparkContext._jvm = None


def plan_of(table: "DataFrame") -> str:
    """Return the physical plan of a DataFrame as `explain` prints it, without what differs from run to run."""
    printed = StringIO()
    with redirect_stdout(printed):
        table.explain()
    return tidy(printed.getvalue())


def tidy(text: str) -> str:
    """Remove numbers of columns and plans, places in a program and folders from what Spark says of a job."""
    for pattern, replacement in (
        (r"#\d+L?", ""),
        (r", \[plan_id=\d+\]", ""),
        (r", ENSURE_REQUIREMENTS", ""),
        (r" Batched: .*?(?=PushedFilters|ReadSchema)", " "),
        (r",? ReadSchema: .*| PushedFilters: \[\]", ""),
        (r" at \S+:\d+", ""),
        (r"\[\d+\]( |$)", r"\1"),
        (r" \[\]$", ""),
        (r"== Physical Plan ==\n|AdaptiveSparkPlan isFinalPlan=false\n", ""),
        (r"[ \t]+$", ""),
    ):
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text.strip()


def wait_until(ready: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Return what `ready()` returns as soon as that is true. Raises TimeoutError after these seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError):
            if found := ready():
                return found
        time.sleep(0.05)
    raise TimeoutError(f"waited {seconds:.0f} seconds for {what}")


class Cluster:
    """A standalone cluster of Spark: one master and some workers, each a process of Java with one core.

    `folder` takes the logs, and a folder for each worker (`worker-0` and so on) in which its executors run. `url` is
    the address for jobs, `page` that of the master's web page. Its processes are killed at the end of a `with` block,
    by `close`, or when this process ends, whatever ends it. For Linux and macOS.
    """

    def __init__(self, folder: Path, workers: int = 2) -> None:
        """Start the processes, and return when all workers have registered. Raises UserError, TimeoutError."""
        self.home = find_spark()
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.workers: list[subprocess.Popen[str]] = []
        self._started: list[subprocess.Popen[str]] = []
        self._guard = subprocess.Popen(
            [sys.executable, "-c", GUARD], stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            self._master = self._daemon("master")
            self.url = f"spark://{HOST}:{self._port('sparkMaster')}"
            self.page = f"http://{HOST}:{self._port('MasterUI')}"
            for number in range(workers):
                size = ["--cores", "1", "--memory", "600m", "--work-dir", str(self.folder / f"worker-{number}")]
                self.workers.append(self._daemon("worker", *size, self.url))
            wait_until(lambda: self.states().count("ALIVE") == workers, "the workers to register")
        except BaseException:
            self.close()
            raise

    def states(self) -> list[str]:
        """Return the state of each worker as the master sees it, ALIVE or DEAD, sorted."""
        return sorted(worker["state"] for worker in self._seen_by_master()["workers"])

    def programs(self) -> list[str]:
        """Return the names of the programs that the cluster is running."""
        return [program["name"] for program in self._seen_by_master()["activeapps"]]

    def submit(self, script: Path, *arguments: object) -> "subprocess.Popen[str]":
        """Submit a program to the cluster with `spark-submit` and return the process; its output is in `stdout`.

        Its tasks start when every worker has an executor for it.
        """
        settings = {
            **LOCAL,
            "spark.ui.enabled": "false",
            "spark.executor.memory": "512m",
            "spark.executor.extraJavaOptions": JAVA,
            "spark.cores.max": str(len(self.workers)),
            "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        }
        options = [text for name, value in settings.items() for text in ("--conf", f"{name}={value}")]
        return self._start("submit", "spark-submit", "--master", self.url, *options, str(script), *map(str, arguments))

    def kill(self, worker: int) -> None:
        """Kill a worker and its executors without a warning, as a power cut does."""
        os.killpg(self.workers[worker].pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill all processes."""
        self._guard.communicate()
        for process in self._started:
            process.communicate()

    def __enter__(self) -> Self:
        """Return the cluster."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill all processes."""
        self.close()

    def _seen_by_master(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.page}/json/", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def _daemon(self, kind: str, *options: str) -> "subprocess.Popen[str]":
        """Start a master or worker at free ports."""
        main = f"org.apache.spark.deploy.{kind}.{kind.title()}"
        return self._start(kind, "spark-class", main, "--host", HOST, "--port", "0", "--webui-port", "0", *options)

    def _start(self, name: str, program: str, *options: str) -> "subprocess.Popen[str]":
        """Start a program of Spark in a process group of its own, which the guard knows; append its log to a file."""
        with (self.folder / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                [str(self.home / "bin" / program), *options],
                env=self._environment(),
                stdout=subprocess.PIPE if name == "submit" else log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._started.append(process)
        assert self._guard.stdin
        print(process.pid, file=self._guard.stdin, flush=True)
        return process

    def _port(self, service: str) -> str:
        """Wait for the port at which a service of the master listens, and return it: the master's log has it."""
        log = self.folder / "master.log"

        def found() -> re.Match[str] | None:
            if self._master.poll() is not None:
                raise UserError(f"Spark's master did not start: {log.name} says why")
            return re.search(rf"service '{service}' on port (\d+)", log.read_text(encoding="utf-8", errors="replace"))

        port: str = wait_until(found, "Spark's master")[1]
        return port

    def _environment(self) -> dict[str, str]:
        """Return the environment of the processes: all their files go to the folder of the cluster."""
        own = {
            **_python(),
            "SPARK_LOCAL_DIRS": str(self.folder / "shuffle"),
            "SPARK_DAEMON_MEMORY": "256m",
            "PYTHONWARNINGS": "ignore::FutureWarning",  # of PySpark about pandas 3, in the middle of a job's output
            "SPARK_DAEMON_JAVA_OPTS": f"{JAVA} -Dspark.master.rest.enabled=false",
        }
        return {**os.environ, **own}


def _python() -> dict[str, str]:
    """Return the settings that make Spark use this Python and this PySpark, and stay on this machine."""
    return {
        "SPARK_HOME": str(find_spark()),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LAUNCHER_OPTS": JAVA,
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYTHONHASHSEED": "0",  # which partition a text goes to
    }
