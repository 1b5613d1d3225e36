"""What lesson 13 stands on: a session of Spark, a cluster whose workers can be killed, and an RDD in plain Python."""

import os
import subprocess
import sys
from collections import Counter
from importlib import util
from operator import add
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enronlib import UserError
from enronlib.classroom import spark_cluster
from enronlib.classroom.authoring.build import solved_notebook
from enronlib.classroom.authoring.sources import read_sources
from enronlib.classroom.extras import missing_extra
from enronlib.classroom.spark_cluster import Cluster, find_spark, tidy, wait_until
from enronlib.classroom.toy_rdd import ToyRDD

ROOT = Path(__file__).parent.parent
LESSON = "13_spark"
JAVA = "Java is not installed, and Spark runs on it: install Java 17 or newer"

needs_spark = pytest.mark.skipif(bool(missing_extra(LESSON)), reason=missing_extra(LESSON))

JOB = """
import time
from pathlib import Path
from pyspark.sql import SparkSession

context = SparkSession.builder.getOrCreate().sparkContext
assert context.parallelize(range(100), 4).map(lambda number: 2 * number).sum() == 9900
Path(__file__).with_name("counted").touch()
time.sleep(600)
"""


@needs_spark
def test_a_cluster_runs_a_job_and_loses_a_worker_and_leaves_no_process_behind(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(JOB, encoding="utf-8")
    before = descendants()
    with Cluster(tmp_path / "cluster") as cluster:
        job = cluster.submit(tmp_path / "job.py")
        wait_until((tmp_path / "counted").exists, "the job")
        assert cluster.programs() == ["job.py"]
        cluster.kill(0)
        wait_until(lambda: cluster.states() == ["ALIVE", "DEAD"], "the master to notice")
        started = descendants() - before
        assert len(started) >= 5  # master, worker, executor, job, guard
    assert job.returncode
    _, left = psutil.wait_procs(started, timeout=20)
    assert left == []


def descendants() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def test_without_pyspark_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_cluster, "find_spec", lambda name: None)
    assert missing_extra(LESSON) == "pyspark is not installed: python -m pip install 'enronlib[spark]'"


@pytest.mark.skipif(not util.find_spec("pyspark"), reason="needs PySpark")
def test_without_java_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=JAVA):
        find_spark()


def test_the_first_code_cell_says_so_in_its_last_line(tmp_path: Path) -> None:
    sources = read_sources(ROOT)
    setup = next(cell for cell in solved_notebook(sources[LESSON], sources).cells if cell.cell_type == "code")
    nowhere = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"} | {"PATH": str(tmp_path)}
    command = [sys.executable, "-c", setup.source]
    run = subprocess.run(command, env=nowhere, capture_output=True, text=True, check=False)
    last = run.stderr.splitlines()[-1]
    assert JAVA in last or "pip install 'enronlib[spark]'" in last


def test_a_wait_ends() -> None:
    with pytest.raises(TimeoutError, match="waited 0 seconds for Godot"):
        wait_until(lambda: False, "Godot", seconds=0)


def test_a_plan_is_shown_without_what_differs_from_run_to_run() -> None:
    plan = (
        "== Physical Plan ==\nAdaptiveSparkPlan isFinalPlan=false\n"
        "+- HashAggregate(keys=[word#12], functions=[count(1)])\n"
        "   +- Exchange hashpartitioning(word#12, 4), ENSURE_REQUIREMENTS, [plan_id=81]\n"
        "      +- FileScan parquet [From#3,To#41L] Batched: true, DataFilters: [], Format: Parquet, "
        "Location: InMemoryFileIndex(1 paths)[file:/home/kim/x.parquet], ReadSchema: struct<a:b>\n"
    )
    assert tidy(plan) == (
        "+- HashAggregate(keys=[word], functions=[count(1)])\n"
        "   +- Exchange hashpartitioning(word, 4)\n"
        "      +- FileScan parquet [From,To]"
    )


words = st.lists(st.lists(st.sampled_from("abcde"), max_size=8), min_size=1, max_size=4)


@given(words)
def test_the_toy_rdd_reduces_each_key_once_whatever_the_partitions(partitions: list[list[str]]) -> None:
    counted = ToyRDD(partitions).map(lambda word: (word, 1)).reduceByKey(add)
    pairs = counted.collect()
    assert dict(pairs) == Counter(word for partition in partitions for word in partition)
    assert len(pairs) == len(dict(pairs))
    assert counted.shuffled == [sum(len(set(partition)) for partition in partitions)]


@given(words)
def test_the_toy_rdd_shuffles_every_pair_that_is_grouped(partitions: list[list[str]]) -> None:
    grouped = ToyRDD(partitions).keyBy(str.upper).groupByKey()
    assert grouped.shuffled == [sum(map(len, partitions))]
    assert sorted(grouped.mapValues(len).collect()) == sorted(
        Counter(word.upper() for partition in partitions for word in partition).items()
    )


def test_functions_of_the_toy_rdd_run_on_copies_as_in_spark() -> None:
    seen: list[int] = []

    def count(number: int) -> int:
        seen.append(number)
        return len(seen)

    assert ToyRDD([[1, 2], [3]]).map(count).collect() == [1, 2, 1]
    assert seen == []


def test_the_toy_rdd_names_a_method_that_it_lacks() -> None:
    with pytest.raises(AttributeError, match="no `aggregate`"):
        ToyRDD([[1]]).aggregate()
