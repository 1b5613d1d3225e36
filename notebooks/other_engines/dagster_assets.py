"""The words of the Enron mail, counted with Dagster: ENRON_MAILDIR=maildir OUT=out python dagster_assets.py"""

import os
import sys
from pathlib import Path

import dagster as dg

from enronlib import corpus, steps

MAILDIR = Path(os.environ["ENRON_MAILDIR"])
OUT = Path(os.environ["OUT"])

mailboxes = dg.StaticPartitionsDefinition([mailbox.name for mailbox in corpus.mailboxes(MAILDIR)])


@dg.asset(partitions_def=mailboxes)
def processed(context: dg.AssetExecutionContext) -> None:
    steps.process_mailbox(MAILDIR / context.partition_key, OUT / f"processed/{context.partition_key}.parquet")


@dg.asset(partitions_def=mailboxes, deps=[processed])
def words(context: dg.AssetExecutionContext) -> None:
    mailbox = context.partition_key
    steps.map_mailbox(OUT / f"processed/{mailbox}.parquet", OUT / f"results/words/{mailbox}.txt")


@dg.asset(deps=[words])
def count() -> None:
    files = [OUT / f"results/words/{mailbox}.txt" for mailbox in mailboxes.get_partition_keys()]
    steps.reduce_counts(files, OUT / "results/count.txt")


@dg.asset(deps=[count])
def top_words() -> None:
    steps.draw_top_words(OUT / "results/count.txt", OUT / "results/top_words.png")


defs = dg.Definitions(assets=[processed, words, count, top_words])


def materialize_missing(instance: dg.DagsterInstance) -> bool:
    """Do what the button "Materialize missing" does in Dagster's window; return whether all of it succeeded."""
    done = instance.get_materialized_partitions(words.key)
    missing = [mailbox for mailbox in mailboxes.get_partition_keys() if mailbox not in done]
    runs = [
        dg.materialize([processed, words], partition_key=mailbox, instance=instance, raise_on_error=False)
        for mailbox in missing
    ]
    if not all(run.success for run in runs):
        return False
    if not missing and instance.get_latest_materialization_event(top_words.key):
        return True
    return dg.materialize([words, count, top_words], selection=[count, top_words], instance=instance).success


if __name__ == "__main__":
    with dg.DagsterInstance.get() as instance:
        sys.exit(0 if materialize_missing(instance) else 1)
