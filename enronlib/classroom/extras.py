"""Lessons that need an extra of the package: without it they cannot run, and their tests are skipped."""

from collections.abc import Callable

from enronlib import UserError
from enronlib.classroom.spark_cluster import find_spark
from enronlib.learning import find_backend

__all__ = ["NEEDS", "missing_extra"]

NEEDS: dict[str, Callable[[], object]] = {"13_spark": find_spark, "14_learning": find_backend}
"""For each lesson that needs an extra, what raises UserError if it is not installed."""


def missing_extra(lesson: str) -> str:
    """Return why a lesson cannot run here, and how to change that; empty if it can run."""
    try:
        NEEDS.get(lesson, str)()
    except UserError as error:
        return str(error)
    return ""
