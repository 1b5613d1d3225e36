"""The word count on Spark: https://spark.apache.org/docs/latest/rdd-programming-guide.html."""

import operator
import os
import sys
from collections.abc import Sequence

from pyspark import SparkConf, SparkContext

from enronlib import UserError
from enronlib.engines import words_of


def word_counts(files: Sequence[str], workers: int) -> dict[str, int]:
    """Return how often each word occurs in the message files, counted by that many processes on this computer.

    Raises UserError where there is no Java, which Spark runs on.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = SparkConf().setMaster(f"local[{workers}]").setAppName("enronlib").set("spark.ui.enabled", "false")
    settings.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
    try:
        context = SparkContext(conf=settings)
    except Exception as error:
        raise UserError("Spark did not start: it needs Java 17 or newer on the PATH") from error
    context.setLogLevel("ERROR")
    try:
        lines = context.parallelize(files, 4 * workers)
        counts = lines.flatMap(words_of).map(lambda word: (word, 1)).reduceByKey(operator.add)
        return dict(counts.collect())
    finally:
        context.stop()
