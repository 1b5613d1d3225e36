"""The batch job as a daily Luigi task:

luigi --module enronlib.events.tasks ExtractEvents --date 2001-05-14 --kafka 127.0.0.1:9092 --local-scheduler
"""
# ruff: noqa: D102  output and run mean what they mean in every Luigi task

import json
from pathlib import Path

import luigi
from pyspark.sql import SparkSession

from enronlib.events import job, queries
from enronlib.events.topic import TOPIC

__all__ = ["ExtractEvents"]


class ExtractEvents(luigi.Task):
    """Write the tables of one day to `<results_directory>/<date>`, then `rows.json`: how many rows each table has.

    Run it when the day is over: a task that is complete does not run again for an event that comes later.
    """

    date = luigi.DateParameter()
    kafka = luigi.Parameter(description="the broker, HOST:PORT")
    topic = luigi.Parameter(default=TOPIC)
    results_directory = luigi.PathParameter(default=Path("out/events/daily"))

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(self.results_directory / self.date.isoformat() / "rows.json")

    def run(self) -> None:
        tables = Path(self.output().path).parent
        running = SparkSession.getActiveSession()  # a notebook's, for example
        spark = job.start_spark()
        try:
            job.extract(spark, self.kafka, tables, self.topic, self.date)
        finally:
            if not running:
                spark.stop()
        rows = dict(queries.ask(tables, queries.QUERIES["events per type"]))
        with self.output().open("w") as file:
            json.dump(rows, file, indent=1)
