"""Real clusters on this computer: Dask's scheduler and Spark's master, each with two workers, and an S3 server."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psutil
import pytest

from enronlib.counts import read_counts
from enronlib.sample import read_truth, write_sample

pytest.importorskip("distributed")
needs_spark = pytest.mark.skipif(not (find_spec("pyspark") and shutil.which("java")), reason="Spark needs Java")
FOUND = find_spec("pyspark")
SPARK = Path(FOUND.origin).parent if FOUND and FOUND.origin else Path()
SECONDS = 240  # that anything may take on a busy computer
SETTINGS = {
    "SPARK_LOCAL_IP": "127.0.0.1",
    "PYSPARK_PYTHON": sys.executable,
    "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # short runs start with half the work
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Mail with known counts."""
    folder = tmp_path_factory.mktemp("clusters") / "sample"
    write_sample(folder, 1_500)
    return folder


@contextmanager
def running(command, log):
    """Run a server; at the end, kill it and all that it started."""
    with log.open("wb") as file:
        environment = os.environ | SETTINGS | {"SPARK_LOCAL_DIRS": str(log.parent / "scratch")}
        process = psutil.Popen(list(map(str, command)), stdout=file, stderr=file, cwd=log.parent, env=environment)
        try:
            yield process
        finally:
            kill(process)


def kill(process):
    processes = [*process.children(recursive=True), process] if process.is_running() else []
    for each in processes:
        each.kill()
    psutil.wait_procs(processes, timeout=30)


def wait_for(pattern, log):
    """Wait until the log has a match of the pattern; return its group."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if found := re.search(pattern, log.read_text(encoding="utf-8", errors="replace")):
            return found[found.re.groups]
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace"))


class Cluster:
    """A scheduler whose workers come and go; with `options`, `run` uses it."""

    def __init__(self, stack, folder, options, worker, registered):
        """Take the command that starts a worker, and what its log says once the scheduler knows it."""
        self.options, self.workers = options, []
        self._stack, self._folder, self._worker, self._registered = stack, folder, worker, registered
        self._logs = (folder / f"worker{number}.log" for number in count())

    def scale(self, number):
        """Start or kill workers until there are so many."""
        while len(self.workers) > number:
            self.kill_worker()
        while len(self.workers) < number:
            log = next(self._logs)
            self.workers.append(self._stack.enter_context(running(self._worker, log)))
            wait_for(self._registered, log)

    def kill_worker(self):
        kill(self.workers.pop())


@pytest.fixture(scope="module", params=["dask", pytest.param("spark", marks=needs_spark)])
def cluster(request, tmp_path_factory):
    """Start a cluster, which the tests of this file share."""
    start = {"dask": dask_cluster, "spark": spark_cluster}[request.param]
    with ExitStack() as stack:
        yield start(stack, tmp_path_factory.mktemp(request.param))


def dask_cluster(stack, folder):
    dask, log = [sys.executable, "-m", "dask"], folder / "scheduler.log"
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    stack.enter_context(running([*dask, "scheduler", *local, "--port", "0"], log))
    address = wait_for(r"Scheduler at: +(tcp://\S+)", log)
    worker = [*dask, "worker", address, *local, "--no-nanny", "--nthreads", "1", "--local-directory", folder]
    return Cluster(stack, folder, ["--engine", "dask", "--scheduler", address], worker, "Registered to")


def spark_cluster(stack, folder):
    spark, log = [SPARK / "bin/spark-class"], folder / "master.log"
    deploy, local = "org.apache.spark.deploy", ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
    stack.enter_context(running([*spark, f"{deploy}.master.Master", *local], log))
    master = wait_for(r"Starting Spark master at (spark://\S+)", log)
    worker = [*spark, f"{deploy}.worker.Worker", master, *local, "--cores", "1", "--memory", "1g", "-d", folder]
    return Cluster(stack, folder, ["--engine", "spark", "--master", master], worker, "Successfully registered")


def expected_counts(sample):
    return sum(map(Counter, read_truth(sample)["words"].values()), Counter())


def start_run(sample, out, options):
    command = [sys.executable, "-m", "enronlib", "run", sample / "maildir", "--out", out, *options]
    return subprocess.Popen(
        list(map(str, command)),
        env=os.environ | SETTINGS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_parts(process, out):
    """Wait until a run writes its first parsed mail, or ends."""
    while process.poll() is None and not any(out.glob("processed/.parts-*/*")):
        time.sleep(0.01)


@needs_spark
@pytest.mark.parametrize("cluster", ["spark"], indirect=True)
def test_spark_submit_runs_the_packaged_job(cluster, sample, tmp_path):
    job = tmp_path / "job.py"
    job.write_text(
        "import enronlib.__main__ as kit\nprint(kit.__file__)\nraise SystemExit(kit.main())", encoding="utf-8"
    )
    package = shutil.make_archive(str(tmp_path / "package"), "zip", Path(__file__).parent.parent, "enronlib")
    cluster.scale(2)
    submit = [SPARK / "bin/spark-submit", "--master", cluster.options[-1], "--py-files", package, job]
    command = [*submit, "run", sample / "maildir", "--out", tmp_path / "out", "--engine", "spark"]
    done = subprocess.run(
        list(map(str, command)),
        env=os.environ | SETTINGS,
        capture_output=True,
        text=True,
        timeout=2 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "package.zip" in done.stdout
    assert read_counts(tmp_path / "out/results/count.txt") == expected_counts(sample)


def test_a_worker_that_is_killed_costs_no_word(cluster, sample, tmp_path):
    cluster.scale(2)
    out = tmp_path / "out"
    with start_run(sample, out, cluster.options) as process:
        wait_for_parts(process, out)
        cluster.kill_worker()
        assert process.poll() is None, process.communicate()
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors
    assert read_counts(out / "results/count.txt") == expected_counts(sample)
    assert not list(out.glob("processed/.parts-*"))


def test_a_cluster_that_loses_all_workers_is_one_clear_line(cluster, sample, tmp_path, promptly):
    cluster.scale(2)
    out = tmp_path / "out"
    with start_run(sample, out, cluster.options) as process:
        wait_for_parts(process, out)
        cluster.scale(0)
        with promptly():
            _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert "has no workers" in the_line(errors)
    assert not list(out.glob("processed/.parts-*"))


def test_a_cluster_without_workers_is_one_clear_line(cluster, sample, tmp_path, promptly):
    cluster.scale(0)
    with promptly(), start_run(sample, tmp_path / "out", cluster.options) as process:
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert "has no workers" in the_line(errors)


@pytest.mark.parametrize(
    "options",
    [
        ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:9"],
        ["--engine", "dask", "--scheduler", "nonsense"],
        pytest.param(["--engine", "spark", "--master", "spark://127.0.0.1:9"], marks=needs_spark),
        pytest.param(["--engine", "spark", "--master", "nonsense"], marks=needs_spark),
    ],
)
def test_an_address_without_a_cluster_is_one_clear_line(options, sample, tmp_path, promptly):
    with promptly(), start_run(sample, tmp_path / "out", options) as process:
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert options[-1] in the_line(errors)
    assert not (tmp_path / "out").exists()


def the_line(errors):
    """Return the one line in which a run says what is wrong."""
    assert "Traceback" not in errors
    [line] = [line for line in errors.splitlines() if line.startswith("enronlib: ")]
    return line
