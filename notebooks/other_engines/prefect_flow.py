"""The words of the Enron mail, counted with Prefect: python prefect_flow.py maildir out"""

import hashlib
import sys
from pathlib import Path
from typing import Any

from prefect import flow, task, unmapped
from prefect.cache_policies import TASK_SOURCE, CacheKeyFnPolicy
from prefect.context import TaskRunContext

from enronlib import corpus, steps


def versions(context: TaskRunContext, inputs: dict[str, Any]) -> str:
    """Return a text that changes when what a task reads does. By itself, Prefect compares only the paths."""
    sources = inputs["source"] if isinstance(inputs["source"], list) else [inputs["source"]]
    return "-".join([str(inputs["out"]), *map(version, sources)])


def version(path: Path) -> str:
    return corpus.fingerprint(path) if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()


UNCHANGED = TASK_SOURCE + CacheKeyFnPolicy(cache_key_fn=versions)


@task(cache_policy=UNCHANGED)
def process(source: Path, out: Path) -> Path:
    output = out / "processed" / f"{source.name}.parquet"
    steps.process_mailbox(source, output)
    return output


@task(cache_policy=UNCHANGED)
def map_words(source: Path, out: Path) -> Path:
    output = out / "results/words" / f"{source.stem}.txt"
    steps.map_mailbox(source, output)
    return output


@task(cache_policy=UNCHANGED)
def reduce(source: list[Path], out: Path) -> Path:
    output = out / "results/count.txt"
    steps.reduce_counts(source, output)
    return output


@task(cache_policy=UNCHANGED)
def draw(source: Path, out: Path) -> Path:
    output = out / "results/top_words.png"
    steps.draw_top_words(source, output)
    return output


@flow
def enron_words(maildir: Path, out: Path) -> None:
    processed = process.map(corpus.mailboxes(maildir), unmapped(out))
    words = map_words.map(processed, unmapped(out))
    draw(reduce(words, out), out)


if __name__ == "__main__":
    enron_words(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
