"""The pytest plugin of the kit: it makes `pytest --nbval lesson.ipynb` grade a lesson fairly.

It acts only when nbval runs a notebook that uses enronlib; every other run of pytest is untouched.
"""

import pytest

__all__ = ["pytest_configure"]


def pytest_configure(config: pytest.Config) -> None:
    """Load the rest of the plugin if nbval is used."""
    if getattr(config.option, "nbval", False) or getattr(config.option, "nbval_lax", False):
        config.pluginmanager.import_plugin("enronlib.classroom.grading.nbval_plugin")
