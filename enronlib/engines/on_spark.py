"""The word count on Spark: https://spark.apache.org/docs/latest/rdd-programming-guide.html."""

import os
import sys
from collections import Counter

from pyspark import SparkConf, SparkContext

from enronlib import UserError
from enronlib.engines import Mail, add_counts, count_words


def word_counts(mail: Mail, workers: int) -> dict[str, Counter[str]]:
    """Return the counts of the words of each mailbox, counted by this many processes on this machine.

    Raises UserError if there is no Java, on which Spark runs.
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
        counts = context.parallelize(mail, 4 * workers).mapPartitions(count_words).reduceByKey(add_counts)
        return dict(counts.collect())
    finally:
        context.stop()
