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


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Mail with known counts."""
    folder = tmp_path_factory.mktemp("clusters") / "sample"
    write_sample(folder, 3_000)
    return folder


@contextmanager
def running(command, log, **environment):
    """Run a server; at the end, kill it and all that it started."""
    with log.open("wb") as file:
        process = psutil.Popen(
            list(map(str, command)), stdout=file, stderr=file, cwd=log.parent, env=os.environ | environment
        )
        try:
            yield process
        finally:
            kill(process)


def kill(process):
    processes = [*process.children(recursive=True), process] if process.is_running() else []
    for each in processes:
        each.kill()
    psutil.wait_procs(processes, timeout=30)


def wait_for(pattern, log, number=1):
    """Wait until the log has so many matches of the pattern; return the last."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        found = re.findall(pattern, log.read_text(encoding="utf-8", errors="replace"))
        if len(found) >= number:
            return found[-1]
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace"))


@pytest.fixture
def cluster(request, tmp_path):
    """Start a cluster of two workers; return the options of `run`, and the processes of the workers."""
    start = {"dask": dask_cluster, "spark": spark_cluster}[request.param]
    with start(tmp_path, workers=2) as (options, workers):
        yield options, workers


@contextmanager
def dask_cluster(folder, workers):
    dask, log = [sys.executable, "-m", "dask"], folder / "scheduler.log"
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    with ExitStack() as stack:
        stack.enter_context(running([*dask, "scheduler", *local, "--port", "0"], log))
        address = wait_for(r"Scheduler at: +(tcp://\S+)", log)
        command = [*dask, "worker", address, *local, "--no-nanny", "--nthreads", "1", "--local-directory", folder]
        logs = [folder / f"worker{number}.log" for number in range(workers)]
        yield ["--engine", "dask", "--scheduler", address], [stack.enter_context(running(command, log)) for log in logs]


@contextmanager
def spark_cluster(folder, workers):
    spark, log = [SPARK / "bin/spark-class"], folder / "master.log"
    deploy, local = "org.apache.spark.deploy", ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
    home = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(folder / "scratch")}
    with ExitStack() as stack:
        stack.enter_context(running([*spark, f"{deploy}.master.Master", *local], log, **home))
        master = wait_for(r"Starting Spark master at (spark://\S+)", log)
        command = [*spark, f"{deploy}.worker.Worker", master, *local, "--cores", "1", "--memory", "1g", "-d", folder]
        logs = [folder / f"worker{number}.log" for number in range(workers)]
        processes = [stack.enter_context(running(command, log, **home)) for log in logs]
        if workers:
            wait_for("Registering worker", log, workers)
        yield ["--engine", "spark", "--master", master], processes


def expected_counts(sample):
    return sum(map(Counter, read_truth(sample)["words"].values()), Counter())


def start_run(sample, out, options):
    command = [sys.executable, "-m", "enronlib", "run", sample / "maildir", "--out", out, *options]
    return subprocess.Popen(
        list(map(str, command)),
        env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_parts(process, out):
    """Wait until a run writes its first parsed mail, or ends."""
    while process.poll() is None and not any(out.glob("processed/.parts-*/*")):
        time.sleep(0.01)


BOTH = pytest.mark.parametrize("cluster", ["dask", pytest.param("spark", marks=needs_spark)], indirect=True)


@BOTH
def test_a_worker_that_is_killed_costs_no_word(cluster, sample, tmp_path):
    options, workers = cluster
    out = tmp_path / "out"
    with start_run(sample, out, options) as process:
        wait_for_parts(process, out)
        kill(workers[0])
        assert process.poll() is None, process.communicate()
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors
    assert read_counts(out / "results/count.txt") == expected_counts(sample)
    assert not list(out.glob("processed/.parts-*"))


@pytest.mark.parametrize("cluster", ["dask"], indirect=True)
def test_a_cluster_that_loses_all_workers_is_one_clear_line(cluster, sample, tmp_path):
    options, workers = cluster
    out = tmp_path / "out"
    with start_run(sample, out, options) as process:
        wait_for_parts(process, out)
        for worker in workers:
            kill(worker)
        _, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, "has no workers" in errors) == (2, True), errors
    assert "Traceback" not in errors
    assert not list(out.glob("processed/.parts-*"))


@pytest.mark.parametrize(
    "options",
    [
        ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:9"],
        ["--engine", "dask", "--scheduler", "nonsense"],
        pytest.param(["--engine", "spark", "--master", "spark://127.0.0.1:9"], marks=needs_spark),
        pytest.param(["--engine", "spark", "--master", "nonsense"], marks=needs_spark),
    ],
)
def test_an_address_without_a_cluster_is_one_clear_line(options, sample, tmp_path):
    start = time.monotonic()
    with start_run(sample, tmp_path / "out", options) as process:
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    [line] = [line for line in errors.splitlines() if line.startswith("enronlib: ")]
    assert options[-1] in line
    assert "Traceback" not in errors
    assert time.monotonic() - start < 60  # half of it if the computer has nothing else to do
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("start", [dask_cluster, pytest.param(spark_cluster, marks=needs_spark)])
def test_a_cluster_without_workers_is_one_clear_line(start, sample, tmp_path):
    with start(tmp_path, workers=0) as (options, _), start_run(sample, tmp_path / "out", options) as process:
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    [line] = [line for line in errors.splitlines() if line.startswith("enronlib: ")]
    assert "has no workers" in line


@needs_spark
def test_spark_submit_runs_the_packaged_job(sample, tmp_path):
    job = tmp_path / "job.py"
    job.write_text(
        "import enronlib.__main__ as kit\nprint(kit.__file__)\nraise SystemExit(kit.main())", encoding="utf-8"
    )
    package = shutil.make_archive(str(tmp_path / "package"), "zip", Path(__file__).parent.parent, "enronlib")
    with spark_cluster(tmp_path, workers=2) as (options, _):
        submit = [SPARK / "bin/spark-submit", "--master", options[-1], "--py-files", package, job]
        command = [*submit, "run", sample / "maildir", "--out", tmp_path / "out", "--engine", "spark"]
        done = subprocess.run(
            list(map(str, command)),
            env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable},
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "package.zip" in done.stdout
    assert read_counts(tmp_path / "out/results/count.txt") == expected_counts(sample)
