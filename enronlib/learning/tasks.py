"""The Luigi tasks from processed mail to a model that recognizes authors, and `run_learning`, which runs them.

    GatherMessages         processed/*.parquet        -> results/author_messages.parquet
    TrainAuthorModel       author_messages.parquet    -> results/author_model.keras
    TestAuthorModel        both                       -> results/author_report.json
    DrawAuthorConfusion    author_report.json         -> results/author_confusion.png

They run in this process, one after the other, so that the progress of the training is visible. A new message in any
mailbox makes all four out of date.
"""
# ruff: noqa: D102  requires, output and run mean what they mean in every Luigi task

import json
from contextlib import nullcontext
from pathlib import Path

import luigi
from luigi.util import inherits, requires

from enronlib.learning import baseline, find_backend
from enronlib.learning.dataset import Dataset, Message, gather
from enronlib.workflow import ProcessEnronEmails, ProcessMailbox, fingerprints_of, ready_to_write
from enronlib.workflow.runner import Outcome, build
from enronlib.workflow.stamps import StampedTarget, StampedTask, digest, source_of

__all__ = ["DrawAuthorConfusion", "GatherMessages", "TestAuthorModel", "TrainAuthorModel", "run_learning"]


@inherits(ProcessEnronEmails)
class GatherMessages(StampedTask):
    """Gather messages with known authors into `<results_directory>/author_messages.parquet`."""

    results_directory = luigi.PathParameter()

    code = source_of("learning/dataset.py", "messages.py", "words.py")

    @property
    def settled(self) -> bool:  # type: ignore[override]
        """Without fingerprints, the mailboxes of the moment are required."""
        return bool(self.fingerprints)

    def requires(self) -> list[ProcessMailbox]:
        return list(self.clone(ProcessEnronEmails).requires())

    def output(self) -> StampedTarget:
        return StampedTarget(self.results_directory / "author_messages.parquet", self.made_from())

    def run(self) -> None:
        with self.output().temporary_path() as path:
            gather([target.file for target in self.input()], path)


@requires(GatherMessages)
class TrainAuthorModel(StampedTask):
    """Train a network to recognize the authors, and write it to `<results_directory>/author_model.keras`."""

    code = source_of("learning/network.py", "learning/tasks.py")

    def made_from(self) -> str:
        return digest(super().made_from(), find_backend())

    def output(self) -> StampedTarget:
        return StampedTarget(self.results_directory / "author_model.keras", self.made_from())

    def run(self) -> None:
        from enronlib.learning import network  # imports Keras, which takes seconds

        model = network.fit(Dataset.open(self.input().file))
        with self.output().temporary_path() as path:
            model.save(path)


@requires(GatherMessages, TrainAuthorModel)
class TestAuthorModel(StampedTask):
    """Let the network, and the baselines, guess who wrote the messages of the test: `author_report.json`."""

    __test__ = False  # for pytest, which takes it for a test

    code = source_of("learning/baseline.py", "learning/report.py", "learning/tasks.py")

    def output(self) -> StampedTarget:
        return StampedTarget(self.results_directory / "author_report.json", self.made_from())

    def run(self) -> None:
        from enronlib.learning import network, report  # costly where tasks are only planned

        messages, trained = (target.file for target in self.input())
        data = Dataset.open(messages)
        model = network.AuthorModel.load(trained)
        shares = baseline.log_shares(baseline.words_by_author(in_vocabulary(each, data) for each in data.training()))
        most = baseline.majority(data.training())
        actual = [message.author for message in data.test()]
        guesses = {
            "majority": [most] * len(actual),
            "naive_bayes": [baseline.guess(message.words, shares) for message in data.test()],
            "network": list(model.guesses(data.test())),
        }
        found = {
            "authors": data.authors,
            "messages": dict(zip(("training", "test"), data.sizes, strict=True)),
            "guesses": report.compare(actual, guesses),
            "confusion": report.confusion(actual, guesses["network"], data.authors),
        }
        with self.output().temporary_path() as path:
            path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")


@requires(TestAuthorModel)
class DrawAuthorConfusion(StampedTask):
    """Draw who is taken for whom into `<results_directory>/author_confusion.png`."""

    code = source_of("charts.py", "learning/report.py", "learning/tasks.py")

    def output(self) -> StampedTarget:
        return StampedTarget(self.results_directory / "author_confusion.png", self.made_from())

    def run(self) -> None:
        from enronlib import charts  # costly where tasks are only planned
        from enronlib.learning import report

        found = json.loads(self.input().file.read_bytes())
        with self.output().temporary_path() as path:
            charts.save(report.draw_confusion(found["confusion"], found["authors"]), path)


def in_vocabulary(message: Message, data: Dataset) -> Message:
    """Return the message with only those of its words that the network looks for, for a fair comparison."""
    return Message(message.author, tuple(word for word in message.words if word in data.known))


def run_learning(
    maildir: Path, out: Path, *, scheduler_url: str | None = None, verbose: bool = False, progress: bool = True
) -> Outcome:
    """Make what is missing or out of date of the model and its report, in `out/results`, and return how it went.

    The mail is that of run_workflow, which should have run before: here every task runs in this process. The rest is
    as in runner.build. Raises UserError if Keras is not installed, and as run_workflow does for folders.
    """
    find_backend()
    fingerprints = fingerprints_of(maildir)
    task = DrawAuthorConfusion(maildir, out / "processed", fingerprints=fingerprints, results_directory=out / "results")
    with nullcontext() if task.complete() else ready_to_write(out, fingerprints):
        return build(task, workers=1, scheduler_url=scheduler_url, verbose=verbose, progress=progress)
