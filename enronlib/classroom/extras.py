"""Lessons that need an extra of the package: without it they cannot run, and their tests are skipped."""

from collections.abc import Callable
from functools import partial

from enronlib import UserError, require
from enronlib.classroom.spark_cluster import find_spark
from enronlib.learning import find_backend

__all__ = ["NEEDS", "missing_extra", "need_extra"]


NEEDS: dict[str, Callable[[], object]] = {
    "12_columns_sql_dask": partial(require, "columns", "duckdb", "dask", "distributed", "bokeh"),
    "13_spark": find_spark,
    "14_learning": find_backend,
}
"""For each lesson that needs an extra, what raises UserError if it is not installed."""


def need_extra(lesson: str) -> None:
    """Raise UserError, which says what is missing and how to get it, if a lesson cannot run here."""
    NEEDS.get(lesson, str)()


def missing_extra(lesson: str) -> str:
    """Return why a lesson cannot run here, and how to change that; empty if it can run."""
    try:
        need_extra(lesson)
    except UserError as error:
        return str(error)
    return ""
