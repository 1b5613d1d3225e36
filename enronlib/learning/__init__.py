"""A workflow that learns: its last step is a small network that recognizes who wrote a message.

    dataset     processed mail -> messages with known authors: own text, no copies, some set aside for the test
    baseline    the guesses that a network must beat: the majority, and naive Bayes
    network     the same in Keras, on JAX or TensorFlow
    report      how often a model is right, and how sure that is
    tasks       all of it as Luigi tasks, and `run_learning`, which runs them

Only `network` imports Keras, so everything else works without the extra `learn`.
"""

import os
from importlib.util import find_spec

from enronlib import require

__all__ = ["find_backend"]


def find_backend() -> str:
    """Return what Keras is to run on: what KERAS_BACKEND names, else JAX, else TensorFlow.

    Raises UserError if Keras or that backend is not installed. Imports neither.
    """
    installed = [name for name in ("jax", "tensorflow") if find_spec(name)]
    backend = os.environ.get("KERAS_BACKEND") or (installed or ["jax"])[0]
    require("tensorflow" if backend == "tensorflow" else "learn", "keras", backend)
    return backend
