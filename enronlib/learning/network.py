"""A small network in Keras that recognizes who wrote a message, and the same with word embeddings.

Importing this module imports Keras, with the backend that the environment variable KERAS_BACKEND names: "jax" (the
default, extra `learn`) or "tensorflow" (extra `tensorflow`). A message becomes numbers with numpy, because the layer
of Keras that does so, TextVectorization, works only where TensorFlow is installed.
"""

import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from enronlib.learning import find_backend
from enronlib.learning.dataset import Dataset, Message
from enronlib.workflow.runner import in_notebook

os.environ["KERAS_BACKEND"] = find_backend()
os.environ.setdefault("JAX_PLATFORMS", "cpu")  # JAX would look for other processors, and log that it found none
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow would log what it found out about the processor
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # and that it rounds differently from run to run

import keras  # reads the settings above

__all__ = [
    "AuthorModel", "EpochBar", "bag_of_words", "dense_network", "embedding_network", "fit", "keras", "word_numbers",
]  # fmt: skip

UNITS = 64  # of the hidden layer
EPOCHS = 6
SEED = 2001
LONGEST = 200  # words of a message that embeddings use
KNOWLEDGE = "assets/words.json"  # in the model's file, a zip: the vocabulary and the authors

Vectorize = Callable[[Sequence[Message], Sequence[str]], np.ndarray[Any, Any]]


def bag_of_words(messages: Sequence[Message], vocabulary: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return a row for each message with a column for each word: 1 where the message contains it, else 0."""
    column = {word: number for number, word in enumerate(vocabulary)}
    bags = np.zeros((len(messages), len(vocabulary)), dtype="float32")
    for row, message in enumerate(messages):
        bags[row, [column[word] for word in set(message.words) if word in column]] = 1
    return bags


def word_numbers(messages: Sequence[Message], vocabulary: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return a row for each message with the numbers of its first LONGEST words, in order.

    0 fills up short rows, 1 stands for any word outside the vocabulary, 2 for the first word of it.
    """
    number = {word: place for place, word in enumerate(vocabulary, start=2)}
    numbers = np.zeros((len(messages), LONGEST), dtype="int32")
    for row, message in enumerate(messages):
        words = message.words[:LONGEST]
        numbers[row, : len(words)] = [number.get(word, 1) for word in words]
    return numbers


def dense_network(words: int, authors: int, units: int = UNITS) -> Any:
    """Return a network from a bag of words to shares of authors, with a hidden layer of `units` (0: without one)."""
    hidden = [keras.layers.Dense(units, activation="relu")] if units else []
    return _compiled([keras.Input((words,)), *hidden, keras.layers.Dense(authors, activation="softmax")])


def embedding_network(words: int, authors: int, dimensions: int = UNITS) -> Any:
    """Return a network for word numbers: each word becomes a point, and a message the mean of its words' points."""
    embedding = keras.layers.Embedding(words + 2, dimensions, mask_zero=True)
    mean = keras.layers.GlobalAveragePooling1D()
    last = keras.layers.Dense(authors, activation="softmax")
    return _compiled([keras.Input((LONGEST,), dtype="int32"), embedding, mean, last], learning_rate=0.02)


def _compiled(layers: list[Any], learning_rate: float = 0.002) -> Any:
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The training messages of a dataset as Keras takes them: a batch at a time, each read when it is needed."""

    def __init__(self, data: Dataset, vectorize: Vectorize) -> None:
        """Take the dataset, and what turns messages into numbers."""
        super().__init__()
        self.data, self.vectorize = data, vectorize

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self.data.batches)

    def __getitem__(self, number: int) -> tuple[Any, Any]:
        """Return the numbers of one batch, and the number of the author of each message."""
        messages = self.data.batch(number)
        authors = [self.data.authors.index(message.author) for message in messages]
        return self.vectorize(messages, self.data.vocabulary), np.array(authors)


class EpochBar(keras.callbacks.Callback):  # type: ignore[misc]
    """A progress bar with one step per epoch, on a terminal or in a notebook."""

    def on_train_begin(self, logs: Any = None) -> None:
        """Show the bar."""
        # What goes to stderr has a red background in a notebook, like an error. Outside: only on a terminal.
        where: dict[str, Any] = {"file": sys.stdout} if in_notebook() else {"disable": None}
        self.bar = tqdm(total=self.params["epochs"], unit="epoch", **where)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Move the bar."""
        self.bar.set_postfix(loss=f"{(logs or {}).get('loss', 0):.2f}", refresh=False)
        self.bar.update()

    def on_train_end(self, logs: Any = None) -> None:
        """Leave the bar as it is."""
        self.bar.close()


def fit(data: Dataset, *, epochs: int = EPOCHS, seed: int = SEED) -> "AuthorModel":
    """Return a bag-of-words network that has learned from the training messages of `data`."""
    keras.utils.set_random_seed(seed)
    model = dense_network(len(data.vocabulary), len(data.authors))
    model.fit(Batches(data, bag_of_words), epochs=epochs, verbose=0, callbacks=[EpochBar()])
    return AuthorModel(model, data.vocabulary, data.authors)


@dataclass(frozen=True)
class AuthorModel:
    """A trained network, with the words that it looks for and the authors that it knows."""

    network: Any
    vocabulary: list[str]
    authors: list[str]

    def guesses(self, messages: Iterable[Message], batch: int = 256) -> Iterator[str]:
        """Yield who probably wrote each message."""
        waiting: list[Message] = []
        for message in messages:
            waiting.append(message)
            if len(waiting) == batch:
                yield from self._guess(waiting)
                waiting.clear()
        if waiting:
            yield from self._guess(waiting)

    def _guess(self, messages: Sequence[Message]) -> Iterator[str]:
        shares = self.network.predict(bag_of_words(messages, self.vocabulary), verbose=0)
        return (self.authors[number] for number in shares.argmax(axis=1))

    def save(self, path: Path) -> None:
        """Write the network to a `.keras` file, and into it the words and authors that its numbers stand for."""
        self.network.save(path)
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(KNOWLEDGE, json.dumps({"vocabulary": self.vocabulary, "authors": self.authors}))

    @classmethod
    def load(cls, path: Path) -> "AuthorModel":
        """Return the model in a file that `save` wrote."""
        with zipfile.ZipFile(path) as file:
            knowledge = json.loads(file.read(KNOWLEDGE))
        return cls(keras.saving.load_model(path), **knowledge)
