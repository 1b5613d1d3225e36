"""The pytest plugin of the lessons: with it, plain `pytest --nbval lesson.ipynb` does the right thing.

It acts only where nbval runs a notebook that uses enronlib; no other run of pytest is touched.
"""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Bring in what makes nbval a fair judge, where nbval is asked for."""
    if getattr(config.option, "nbval", False) or getattr(config.option, "nbval_lax", False):
        config.pluginmanager.import_plugin("enronlib.classroom.grading.nbval_plugin")
