"""The words of the Enron mail, counted with Apache Airflow.

airflow db migrate
ENRON_MAILDIR=maildir OUT=out airflow dags test enron_words
"""

import os
from pathlib import Path

from airflow.sdk import dag, task, task_group

from enronlib import corpus, steps

MAILDIR = Path(os.environ["ENRON_MAILDIR"])
OUT = Path(os.environ["OUT"])


@dag(schedule=None)
def enron_words():
    @task
    def mailboxes() -> list[str]:
        return [mailbox.name for mailbox in corpus.mailboxes(MAILDIR)]

    @task
    def process(mailbox: str) -> str:
        steps.process_mailbox(MAILDIR / mailbox, OUT / f"processed/{mailbox}.parquet")
        return mailbox

    @task
    def map_words(mailbox: str) -> str:
        output = OUT / f"results/words/{mailbox}.txt"
        steps.map_mailbox(OUT / f"processed/{mailbox}.parquet", output)
        return str(output)

    @task
    def reduce(words: list[str]) -> str:
        output = OUT / "results/count.txt"
        steps.reduce_counts(map(Path, words), output)
        return str(output)

    @task
    def draw(count: str) -> None:
        steps.draw_top_words(Path(count), OUT / "results/top_words.png")

    @task_group
    def count_mailbox(mailbox: str) -> str:
        return map_words(process(mailbox))

    draw(reduce(count_mailbox.expand(mailbox=mailboxes())))


enron_words()
